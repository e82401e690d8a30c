/* rows.c: reads the tables of tests/policy. See rows.h and tests/policy/README.
 *
 * A table that is badly written stops the test at once: a row that nobody understood must not count as one
 * that holds.
 */
#include "rows.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLES "tests/policy"

static const char *const part_names[] = {"policy", "project", "approvals"};

__attribute__((noreturn, format(printf, 3, 4))) static void bad_table(const char *file, unsigned line,
                                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%u: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

/* ---- Words of a row ---- */

struct token {
    const char *text;
    bool quoted;
};

static char escaped(const char **at)
{
    char letter = *(*at)++;
    if (letter == 'n') return '\n';
    if (letter != 'x') return letter;
    char digits[3] = {(*at)[0], (*at)[1], '\0'};
    *at += 2;
    return (char)strtol(digits, NULL, 16);
}

/* Cuts at blanks; '…' is taken as it stands, in "…" there are \n, \\, \" and \xHH. */
static size_t cut_words(const char *text, char *buffer, struct token *tokens, size_t most)
{
    size_t count = 0;
    while (*(text += strspn(text, " \t")) && count < most) {
        tokens[count] = (struct token){buffer, false};
        char quote = '\0';
        while (*text && (quote || !isspace((unsigned char)*text))) {
            if (quote ? *text == quote : *text == '\'' || *text == '"') {
                quote = quote ? '\0' : *text;
                tokens[count].quoted = true;
                text++;
            } else if (quote == '"' && *text == '\\') {
                text++;
                *buffer++ = escaped(&text);
            } else {
                *buffer++ = *text++;
            }
        }
        *buffer++ = '\0';
        count++;
    }
    return count;
}

static size_t find_token(const struct token *tokens, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (!tokens[i].quoted && strcmp(tokens[i].text, text) == 0) return i;
    return count;
}

static size_t index_of(const char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names[i] && strcmp(names[i], text) == 0) return i;
    return count;
}

/* ---- Acts ---- */

static const char *last_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void set_path(struct act *act, const char *path)
{
    act->path = path;
    act->path_length = strlen(path);
}

static void set_command(struct row *row, const struct token *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        row->argv[i] = words[i].text;
    bool is_path = strchr(row->argv[0], '/') != NULL;
    snprintf(row->path, sizeof row->path, "%s%s", is_path ? "" : "/usr/bin/", row->argv[0]);
    set_path(&row->act, row->path);
    row->act.name = last_of(row->argv[0]);
    row->act.argv = row->argv;
    row->act.argc = count;
}

static bool read_address(const char *text, unsigned char address[16])
{
    static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(address, prefix, sizeof prefix);
    return inet_pton(AF_INET, text, address + 12) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* "10.0.0.1:80", "[::1]:80", "example.com:80", "example.com", "unix:/path", "unix:@name", "-" */
static void set_target(struct row *row, const char *target)
{
    struct act *act = &row->act;
    if (strcmp(target, "-") == 0) return;
    if (strncmp(target, "unix:", 5) == 0) {
        act->unix_abstract = target[5] == '@';
        act->unix_path = target + 5 + act->unix_abstract;
        act->unix_length = strlen(act->unix_path);
        return;
    }
    snprintf(row->path, sizeof row->path, "%s", target[0] == '[' ? target + 1 : target);
    char *end = target[0] == '[' ? strchr(row->path, ']') : strchr(row->path, ':');
    const char *port = end ? strchr(end, ':') : NULL;
    act->has_port = port != NULL;
    act->port = (uint16_t)(port ? atoi(port + 1) : 0);
    if (end) *end = '\0';
    act->has_address = read_address(row->path, act->address);
    if (!act->has_address) {
        row->names[0] = row->path;
        act->names = row->names;
        act->name_count = 1;
    }
}

static void read_sha256(const char *text, unsigned char sha256[32])
{
    for (size_t i = 0; i < 32; i++)
        sha256[i] = (unsigned char)strtol((char[]){text[2 * i], text[2 * i + 1], '\0'}, NULL, 16);
}

static void set_names(struct row *row, char *list)
{
    row->act.names = row->names;
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ","))
        row->names[row->act.name_count++] = name;
}

static bool set_fact(struct row *row, const char *key, char *value)
{
    static const char *const stdins[] = {"unknown", "pipe", "file", "tty", "other"};
    static const char *const kinds[] = {"stream",        "udp",     "raw",   "packet",
                                        "unix-datagram", "netlink", "vsock", "other"};
    struct act *act = &row->act;
    if (strcmp(key, "path") == 0)
        set_path(act, value);
    else if (strcmp(key, "name") == 0)
        act->name = value;
    else if (strcmp(key, "argv0") == 0)
        row->argv[0] = value;
    else if (strcmp(key, "cwd") == 0)
        act->cwd = value;
    else if (strcmp(key, "parent") == 0)
        act->parent = value;
    else if (strcmp(key, "program") == 0)
        act->program = value;
    else if (strcmp(key, "by") == 0)
        act->by_any = strcmp(value, "any") == 0;
    else if (strcmp(key, "stdin") == 0)
        act->stdin_kind = (enum stdin_kind)index_of(value, stdins, 5);
    else if (strcmp(key, "kind") == 0)
        act->socket = (enum socket_kind)index_of(value, kinds, SOCKET_KINDS);
    else if (strcmp(key, "names") == 0)
        set_names(row, value);
    else if (strcmp(key, "sha256") == 0) {
        read_sha256(value, row->sha256);
        act->sha256 = row->sha256;
    } else
        return false;
    return true;
}

/* ---- What is expected ---- */

static unsigned read_needs(const struct row *row, char *list)
{
    static const char *const names[] = {"stdin", "sha256", "cwd", "parent", "program"};
    unsigned needs = 0;
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
        size_t bit = index_of(name, names, NEED_KINDS);
        if (bit == NEED_KINDS) bad_table(row->file, row->line, "no such need: %s", name);
        needs |= 1u << bit;
    }
    return needs;
}

static void read_expected(struct row *row, const struct token *tokens, size_t count)
{
    static const char *const verdicts[VERDICTS] = {"allow", "ask", "hide", "deny"};
    if (row->kind != ROW_ACT) {
        row->expected = count == 1 ? tokens[0].text : "";
        if (count != 1) bad_table(row->file, row->line, "one word is expected behind =>");
        return;
    }
    size_t verdict = count >= 2 ? index_of(tokens[0].text, verdicts, VERDICTS) : VERDICTS;
    if (verdict == VERDICTS || (count != 2 && count != 4))
        bad_table(row->file, row->line, "expected: => VERDICT RULE [needs FACTS]");
    row->verdict = (enum verdict)verdict;
    row->label = tokens[1].text;
    row->needs = count == 4 ? read_needs(row, (char *)tokens[3].text) : 0;
}

static void read_act(struct row *row, const struct token *tokens, size_t count)
{
    static const char *const acts[] = {"read",  "write",  "exec",  "connect",
                                       "debug", "script", "shell", "runs"};
    size_t act = count >= 2 ? index_of(tokens[0].text, acts, 8) : 8;
    if (act == 8) bad_table(row->file, row->line, "no such act");
    row->kind = act < ACT_KINDS ? ROW_ACT : (enum row_kind)(act - ACT_KINDS + ROW_SCRIPT);
    row->act.kind = row->kind == ROW_ACT ? (enum act_kind)act : ACT_EXEC;
    if (row->act.kind == ACT_EXEC)
        set_command(row, tokens + 1, count - 1);
    else if (row->act.kind == ACT_CONNECT)
        set_target(row, tokens[1].text);
    else
        set_path(&row->act, tokens[1].text);
    if (row->act.kind != ACT_EXEC && count != 2)
        bad_table(row->file, row->line, "one path or address is expected");
}

static void read_row(struct row *row, const char *text)
{
    struct token tokens[256];
    snprintf(row->text_buffer, sizeof row->text_buffer, "%s", text);
    row->text = row->text_buffer;
    size_t count = cut_words(text, row->word_buffer, tokens, 256);
    size_t arrow = find_token(tokens, count, "=>");
    if (arrow == count) bad_table(row->file, row->line, "a row needs =>");
    size_t bar = find_token(tokens, arrow, "|");
    read_act(row, tokens, bar);
    for (size_t i = bar + 1; i < arrow; i++) {
        char *value = strchr(tokens[i].text, '=');
        if (!value) bad_table(row->file, row->line, "a fact is KEY=VALUE: %s", tokens[i].text);
        *value++ = '\0';
        if (!set_fact(row, tokens[i].text, value))
            bad_table(row->file, row->line, "no such fact: %s", tokens[i].text);
    }
    read_expected(row, tokens + arrow + 1, count - arrow - 1);
}

/* ---- Policies ---- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0 || chmod(path, 0600) != 0)
        bad_table(path, 0, "cannot be written");
}

static const struct places places = {.home = "/home/ada",
                                     .user = "ada",
                                     .workspace = "/home/ada/project",
                                     .tmp = "/tmp",
                                     .config_dir = "/home/ada/.config",
                                     .cache_dir = "/home/ada/.cache",
                                     .data_dir = "/home/ada/.local/share",
                                     .state_dir = "/home/ada/.local/state",
                                     .search_path = ""};

static void load_policy(struct row_policy *all, const char *file, unsigned line)
{
    char folder[] = "/tmp/askfirst-rows-XXXXXX";
    char paths[3][64];
    size_t size;
    struct diagnostics diagnostics = {0};
    if (!mkdtemp(folder)) bad_table(file, line, "no temporary directory");
    for (size_t i = 0; i < 3; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s.yaml", folder, part_names[i]);
        if (all->text[i][0]) write_file(paths[i], all->text[i]);
    }
    struct policy_options options = {.places = &places,
                                     .policy_file = paths[0],
                                     .project_file = all->text[1][0] ? paths[1] : NULL,
                                     .approvals_file = all->text[2][0] ? paths[2] : NULL,
                                     .no_files = true,
                                     .no_links = true,
                                     .no_tests = true};
    all->policy = policy_load(&options, &diagnostics);
    if (!all->policy || policy_compile(all->policy, &all->image, &size, &diagnostics) != 0) {
        diagnostics_print(&diagnostics, stderr);
        bad_table(file, line, "the policy %s cannot be read", all->name);
    }
    const char *why = "";
    if (!image_check(all->image, size, &why))
        bad_table(file, line, "the image of the policy %s is not sound: %s", all->name, why);
    diagnostics_free(&diagnostics);
    for (size_t i = 0; i < 3; i++)
        unlink(paths[i]);
    rmdir(folder);
}

static void forget_policy(struct row_policy *all)
{
    policy_free(all->policy);
    free(all->image);
    memset(all, 0, sizeof *all);
}

static void add_line(struct row_policy *all, size_t part, const char *line)
{
    size_t used = strlen(all->text[part]);
    if (used == 0) used = (size_t)sprintf(all->text[part], "askfirst: 1\n");
    snprintf(all->text[part] + used, sizeof all->text[part] - used, "%s\n", line);
}

/* The line of a file on which the comment "#label" stands, or 0. */
static unsigned labelled_line(const char *text, const char *label)
{
    unsigned number = 1;
    for (const char *line = text; *line; number++) {
        size_t length = strcspn(line, "\n");
        size_t label_length = strlen(label);
        if (length > label_length && line[length - label_length - 1] == '#' &&
            strncmp(line + length - label_length, label, label_length) == 0)
            return number;
        line += length + (line[length] == '\n');
    }
    return 0;
}

bool rows_is_labelled(const struct row_policy *policy, uint32_t index, const char *label)
{
    if (strcmp(label, "otherwise") == 0 || index == RULE_NONE)
        return strcmp(label, "otherwise") == 0 && index == RULE_NONE;
    const char *dot = strchr(label, '.');
    size_t part = 0;
    for (size_t i = 1; dot && i < 3; i++)
        if (strncmp(label, part_names[i], (size_t)(dot - label)) == 0) part = i;
    struct image_rule rule;
    char file[32];
    snprintf(file, sizeof file, "%s.yaml", part_names[part]);
    return image_rule(policy->image, index, &rule) && strcmp(last_of(rule.file), file) == 0 &&
           rule.line == labelled_line(policy->text[part], dot ? dot + 1 : label);
}

/* ---- Files ---- */

static char *trimmed(char *line)
{
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    return line;
}

/* "policy: NAME", "project:", "approvals:", "rows:"; -1 for any other line. */
static int section_of(const char *line)
{
    if (strncmp(line, "policy: ", 8) == 0) return 0;
    if (strcmp(line, "project:") == 0) return 1;
    if (strcmp(line, "approvals:") == 0) return 2;
    return strcmp(line, "rows:") == 0 ? 3 : -1;
}

size_t rows_read(const char *path, row_visit *visit, void *context)
{
    static struct row_policy policy;
    static struct row row;
    char line[4096];
    size_t count = 0;
    int part = 0;
    FILE *file = fopen(path, "re");
    if (!file) bad_table(path, 0, "cannot be opened (run from the top of the project)");
    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        int section = section_of(trimmed(line));
        if (section == 0) {
            forget_policy(&policy);
            snprintf(policy.name, sizeof policy.name, "%.100s", line + 8);
        }
        if (section == 3) load_policy(&policy, path, number);
        if (section >= 0)
            part = section;
        else if (part < 3 && line[0] == ' ')
            add_line(&policy, (size_t)part, line + 2);
        else if (part == 3 && line[0] && line[0] != '#') {
            memset(&row, 0, sizeof row);
            row.file = path;
            row.line = number;
            read_row(&row, line);
            visit(context, &policy, &row);
            count++;
        } else if (line[0] && line[0] != '#')
            bad_table(path, number, "a line of a policy is indented by two blanks");
    }
    fclose(file);
    forget_policy(&policy);
    return count;
}

static int is_table(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

size_t rows_files(char *paths[], size_t most)
{
    struct dirent **entries;
    int found = scandir(TABLES, &entries, is_table, alphasort);
    if (found <= 0) bad_table(TABLES, 0, "no tables (run from the top of the project)");
    for (size_t i = 0; i < (size_t)found; i++) {
        if (i < most && asprintf(&paths[i], TABLES "/%s", entries[i]->d_name) < 0) abort();
        free(entries[i]);
    }
    free(entries);
    return (size_t)found < most ? (size_t)found : most;
}

/* ---- As the launcher presents it ---- */

void rows_present(const struct image *image, struct act *act, char path[1024])
{
    struct runs runs;
    for (int turn = 0; turn < 4; turn++) {
        command_runs(image, act, &runs);
        if (runs.kind != RUNS_APPLET && runs.kind != RUNS_LOADER) return;
        const char *program = act->argv[runs.shift];
        char next[1024];
        if (runs.kind == RUNS_APPLET)
            snprintf(next, sizeof next, "%.*s%s", (int)(last_of(act->path) - act->path), act->path,
                     last_of(program));
        else
            snprintf(next, sizeof next, "%s", program);
        memcpy(path, next, sizeof next);
        set_path(act, path);
        act->name = last_of(path);
        act->argv += runs.shift;
        act->argc -= runs.shift;
        if (runs.kind == RUNS_APPLET && runs.shift == 0) return;
    }
}
