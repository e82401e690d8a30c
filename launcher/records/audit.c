/* audit.c: see audit.h. */
#include "audit.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../policy/sha256.h"
#include "../look/facts.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/write.h"

#define MOST_ARGUMENT_BYTES (128u << 10) /* more is cut: a record is to be read */
#define SHOWN_BYTES 4096u                /* of a value that is no UTF-8; its twin has the whole */

struct audit {
    struct session *session;
    int fd;
    off_t size; /* up to the end of the last whole line */
    uint64_t sequence;
    uint64_t acts;
    int64_t began;
    char previous[65]; /* of the line before, in hex; "" for the first */
};

/* ---- values ---- */

static void put_bytes(cJSON *object, const char *name, const char *data, size_t length)
{
    if (!data) return;
    if (show_is_utf8(data, length)) {
        cleanup_free char *copy = xstrndup(data, length);
        cJSON_AddStringToObject(object, name, copy);
        return;
    }
    cleanup_free char *shown = show_bytes(data, length, SHOWN_BYTES), *twin = show_base64(data, length);
    cleanup_free char *twin_name = xasprintf("%s_base64", name);
    cJSON_AddStringToObject(object, name, shown);
    cJSON_AddStringToObject(object, twin_name, twin);
}

static void put_string(cJSON *object, const char *name, const char *string)
{
    if (string) put_bytes(object, name, string, strlen(string));
}

static void put_number(cJSON *object, const char *name, int64_t number)
{
    cJSON_AddNumberToObject(object, name, (double)number);
}

static void put_time(cJSON *object, const char *name, int64_t milliseconds)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(milliseconds / 1000);
    gmtime_r(&seconds, &parts);
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, sizeof text - length, ".%03dZ", (int)(milliseconds % 1000));
    cJSON_AddStringToObject(object, name, text);
}

/* Words that are no UTF-8 stand in `NAME_base64` too, whose other entries are null. */
static void put_words(cJSON *object, const char *name, const struct bytes *words, size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(object, name), *twins = NULL;
    size_t bytes = 0, i;
    for (i = 0; i < count && bytes + words[i].length <= MOST_ARGUMENT_BYTES; i++) {
        bool clean = show_is_utf8(words[i].data, words[i].length);
        bytes += words[i].length + 8;
        cleanup_free char *shown = clean ? xstrndup(words[i].data, words[i].length)
                                         : show_bytes(words[i].data, words[i].length, SHOWN_BYTES);
        cJSON_AddItemToArray(list, cJSON_CreateString(shown));
        if (!clean && !twins) {
            twins = cJSON_CreateArray();
            for (size_t j = 0; j < i; j++)
                cJSON_AddItemToArray(twins, cJSON_CreateNull());
        }
        if (!twins) continue;
        cleanup_free char *twin = clean ? NULL : show_base64(words[i].data, words[i].length);
        cJSON_AddItemToArray(twins, twin ? cJSON_CreateString(twin) : cJSON_CreateNull());
    }
    if (i < count) {
        cleanup_free char *count_name = xasprintf("%s_count", name);
        put_number(object, count_name, (int64_t)count);
    }
    if (!twins) return;
    cleanup_free char *twins_name = xasprintf("%s_base64", name);
    cJSON_AddItemToObject(object, twins_name, twins);
}

/* ---- lines ---- */

static void remember_line(struct audit *audit, const char *line, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[32];
    sha256(line, length, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        audit->previous[2 * i] = digits[sum[i] >> 4];
        audit->previous[2 * i + 1] = digits[sum[i] & 15];
    }
}

/* A whole line or nothing: what was half written is cut off again. */
static bool write_line(struct audit *audit, char *line, size_t length)
{
    line[length] = '\n'; /* in the place of the NUL */
    if (write_whole(audit->fd, line, length + 1)) {
        audit->size += (off_t)length + 1;
        remember_line(audit, line, length);
        return true;
    }
    int error = errno;
    if (ftruncate(audit->fd, audit->size) != 0) {
        /* The half line stays, and the next one would be glued to it: nothing is written any more. */
        close(audit->fd);
        audit->fd = -1;
    }
    errno = error;
    return false;
}

static cJSON *new_record(struct audit *audit, const char *type)
{
    cJSON *record = cJSON_CreateObject();
    cJSON_AddStringToObject(record, "type", type);
    put_number(record, "sequence", (int64_t)audit->sequence);
    cJSON_AddStringToObject(record, "session", audit->session->id);
    put_time(record, "time", facts_wall_clock());
    return record;
}

/* Takes the record over. */
static bool put_record(struct audit *audit, cJSON *record)
{
    if (*audit->previous)
        cJSON_AddStringToObject(record, "previous", audit->previous);
    else
        cJSON_AddNullToObject(record, "previous");
    char *line = cJSON_PrintUnformatted(record);
    cJSON_Delete(record);
    bool written = line && audit->fd >= 0 && write_line(audit, line, strlen(line));
    free(line);
    if (written) audit->sequence++;
    return written;
}

/* ---- the session ---- */

static void put_files(cJSON *record, const struct policy *policy)
{
    cJSON *files = cJSON_AddArrayToObject(record, "policy_files");
    for (size_t i = 0; policy && i < policy->file_count; i++) {
        cJSON *file = cJSON_CreateObject();
        put_string(file, "name", policy->files[i].name);
        char hex[65];
        for (size_t j = 0; j < 32; j++)
            snprintf(hex + 2 * j, 3, "%02x", policy->files[i].sha256[j]);
        cJSON_AddStringToObject(file, "sha256", hex);
        cJSON_AddItemToArray(files, file);
    }
}

static void put_whereabouts(cJSON *record)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    put_string(record, "host", host);
    const struct passwd *user = getpwuid(getuid());
    put_string(record, "user", user ? user->pw_name : NULL);
    put_number(record, "uid", (int64_t)getuid());
    put_number(record, "pid", getpid());
}

/* What the guard has to do without stands in the record, not only what it is called. */
static void put_guard(cJSON *record, const struct run_options *options)
{
    put_string(record, "guard", guard_name(options->guard));
    if (options->guard_missing) put_string(record, "guard_missing", options->guard_missing);
    if (!options->guard_without) return;
    cJSON *without = cJSON_AddArrayToObject(record, "guard_without");
    for (size_t i = 0; options->guard_without[i]; i++)
        cJSON_AddItemToArray(without, cJSON_CreateString(options->guard_without[i]));
}

static cJSON *first_record(struct audit *audit)
{
    static const char *const modes[] = {"enforce", "observe"};
    const struct session *session = audit->session;
    cJSON *record = new_record(audit, "session");
    struct bytes *words = NULL;
    size_t count = 0;
    for (; session->options->command && session->options->command[count]; count++) {
        const char *word = session->options->command[count];
        words = xrealloc(words, count + 1, sizeof *words);
        words[count] = (struct bytes){word, strlen(word)};
    }
    put_words(record, "command", words, count);
    free(words);
    put_string(record, "cwd", session->cwd);
    put_string(record, "workspace", session->places.workspace);
    put_string(record, "policy", session->policy_digest);
    put_files(record, session->policy);
    put_guard(record, session->options);
    put_string(record, "mode", modes[session->options->mode]);
    put_whereabouts(record);
    put_string(record, "askfirst", VERSION);
    return record;
}

/* ---- opening ---- */

static bool make_directories(char *path, char **why)
{
    for (char *slash = path + 1;; slash++) {
        char kept = *slash;
        if (kept != '/' && kept != '\0') continue;
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        if (!made) *why = xasprintf("%s: %s", path, strerror(errno));
        *slash = kept;
        if (!made) return false;
        if (!kept) return true;
    }
}

static char *directory_of(const struct session *session)
{
    if (session->options->audit) return xstrdup(session->options->audit);
    return xasprintf("%s/askfirst/audit", session->places.state_dir);
}

static int create_file(const struct session *session, char **why)
{
    cleanup_free char *directory = directory_of(session);
    if (!*directory) {
        *why = xstrdup("the audit directory has no name");
        return -1;
    }
    if (!make_directories(directory, why)) return -1;
    cleanup_free char *path = xasprintf("%s/%s.jsonl", directory, session->id);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) *why = xasprintf("%s: %s", path, strerror(errno));
    return fd;
}

struct audit *audit_open(struct session *session, char **why)
{
    int fd = create_file(session, why);
    if (fd < 0) return NULL;
    struct audit *audit = xcalloc(1, sizeof *audit);
    *audit = (struct audit){.session = session, .fd = fd, .began = loop_now()};
    if (put_record(audit, first_record(audit))) return audit;
    *why = xasprintf("the audit file cannot be written: %s", strerror(errno));
    close(audit->fd);
    free(audit);
    return NULL;
}

/* ---- acts ---- */

static void put_rule(cJSON *record, const struct question *question)
{
    cJSON *rule = cJSON_AddObjectToObject(record, "rule");
    put_string(rule, "place", question->rule_place);
    put_string(rule, "text", question->rule_text);
    put_string(rule, "because", question->because);
}

static void put_chain(cJSON *record, const struct question *question)
{
    cJSON *chain = cJSON_AddArrayToObject(record, "chain");
    for (size_t i = 0; i < question->chain_length; i++) {
        cJSON *process = cJSON_CreateObject();
        put_number(process, "pid", question->chain[i].pid);
        put_string(process, "program", question->chain[i].program);
        cJSON_AddItemToArray(chain, process);
    }
}

static void put_python(cJSON *record, const struct question *question)
{
    if (!question->python_file) return;
    cJSON *python = cJSON_AddObjectToObject(record, "python");
    put_string(python, "file", question->python_file);
    put_number(python, "line", question->python_line);
    put_string(python, "function", question->python_function);
}

static void put_answer(cJSON *record, const struct answer *answer, int64_t waited_ms)
{
    if (!answer) return;
    cJSON_AddStringToObject(record, "outcome", outcome_name(answer->outcome));
    if (answer->outcome == OUTCOME_APPROVED)
        cJSON_AddStringToObject(record, "scope", scope_name(answer->scope));
    if (answer->outcome == OUTCOME_APPROVED && answer->for_s)
        put_number(record, "for_s", (int64_t)answer->for_s);
    put_string(record, "by", answer->by);
    put_string(record, "note", answer->note);
    if (answer->before) cJSON_AddTrueToObject(record, "before");
    put_number(record, "waited_ms", waited_ms);
}

bool audit_act(struct audit *audit, const struct question *question, enum verdict verdict,
               const struct answer *answer, int64_t waited_ms)
{
    cJSON *record = new_record(audit, "act");
    put_number(record, "id", (int64_t)question->id);
    cJSON_AddStringToObject(record, "act", act_name(question->act));
    put_string(record, "detail", question->act_detail);
    cJSON_AddStringToObject(record, "verdict", verdict_name(verdict));
    put_answer(record, answer, waited_ms);
    put_rule(record, question);
    put_number(record, "pid", question->pid);
    put_string(record, "program", question->program);
    if (question->act == ACT_EXEC) put_words(record, "argv", question->argv, question->argc);
    put_string(record, "path", question->path);
    put_string(record, "address", question->address);
    put_string(record, "cwd", question->cwd);
    put_string(record, "via", question->via);
    put_string(record, "input", question->input);
    put_chain(record, question);
    put_python(record, question);
    audit->acts++;
    return put_record(audit, record);
}

bool audit_event(struct audit *audit, const char *event, pid_t pid, const char *text)
{
    cJSON *record = new_record(audit, "event");
    cJSON_AddStringToObject(record, "event", event);
    if (pid) put_number(record, "pid", pid);
    put_string(record, "text", text);
    return put_record(audit, record);
}

void audit_close(struct audit *audit, int exit_status)
{
    if (!audit) return;
    const struct session *session = audit->session;
    cJSON *record = new_record(audit, "end");
    put_number(record, "exit", exit_status);
    put_number(record, "acts", (int64_t)audit->acts);
    put_number(record, "asked", (int64_t)session->asked);
    put_number(record, "denied", (int64_t)session->denied);
    put_number(record, "waited_ms", session->waited_ms);
    put_number(record, "lasted_ms", loop_now() - audit->began);
    put_record(audit, record);
    if (audit->fd >= 0) close(audit->fd);
    free(audit);
}
