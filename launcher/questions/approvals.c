/* approvals.c: see approvals.h.
 *
 * The file is edited as text, so that what a person wrote in it stays: a new item goes to the head of its
 * section, in that section's own indentation. Whether the outcome is a policy is asked of the policy's own
 * reader before it takes the place of the old one.
 */
#include "approvals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../door/message.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"
#include "../plain/write.h"

#define LONGEST_FILE (4u << 20)

static const char beginning[] =
    "# What you said \"always\" to. Each rule lets through what the policy would ask about;\n"
    "# take one out, and it is asked about again.\n"
    "askfirst: 1\n";

static bool fail(char **why, const char *name)
{
    *why = xasprintf("%s: %s", name, strerror(errno));
    return false;
}

/* Directories down to the user's own; what is made anew is the user's alone. */
static bool make_directory(const char *config, const char *directory, char **why)
{
    if (mkdir(config, 0700) != 0 && errno != EEXIST) return fail(why, config);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) return fail(why, directory);
    return true;
}

/* The old file; one that is not there yet is begun. */
static bool read_old(const char *path, struct text *text, char **why)
{
    int fd cleanup_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char block[4096];
    ssize_t got;
    if (fd < 0 && errno == ENOENT) {
        text_string(text, beginning);
        return true;
    }
    if (fd < 0) return fail(why, path);
    while ((got = read(fd, block, sizeof block)) > 0 && text->length <= LONGEST_FILE)
        text_add(text, block, (size_t)got);
    if (got < 0) return fail(why, path);
    if (text->length > LONGEST_FILE) errno = EFBIG;
    return text->length <= LONGEST_FILE ? true : fail(why, path);
}

static const char *next_line(const char *line)
{
    const char *newline = strchr(line, '\n');
    return newline ? newline + 1 : line + strlen(line);
}

/* The line after "exec:"; NULL: there is no such section. */
static const char *find_section(const char *text, const char *act)
{
    size_t length = strlen(act);
    for (const char *line = text; *line; line = next_line(line)) {
        if (strncmp(line, act, length) != 0 || line[length] != ':') continue;
        const char *rest = line + length + 1;
        rest += strspn(rest, " \t\r");
        if (*rest == '\0' || *rest == '\n' || *rest == '#') return next_line(line);
    }
    return NULL;
}

/* How far its items are indented: as the first one is. */
static int indentation(const char *section)
{
    for (const char *line = section; *line; line = next_line(line)) {
        size_t blanks = strspn(line, " ");
        if (line[blanks] == '-') return (int)blanks;
        if (line[blanks] != '#' && line[blanks] != '\n' && line[blanks] != '\r') break;
    }
    return 2;
}

static char *comment(const struct session *session, const struct question *question,
                     const struct answer *answer)
{
    char date[32];
    struct tm parts;
    time_t now = time(NULL);
    localtime_r(&now, &parts);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
    cleanup_free char *subject = message_subject(question),
                      *by = show_string(answer->by ? answer->by : "?", 60);
    return xasprintf("%s, by %s, session %s, for: %s", date, by, session->id, subject);
}

static void put_item(struct text *text, const char *section, const char *remark, const char *rule)
{
    int indent = section ? indentation(section) : 2;
    text_format(text, "%*s# %s\n%*s- %s\n", indent, "", remark, indent, "", rule);
}

static void insert(struct text *text, const char *old, const char *act, const char *remark, const char *rule)
{
    const char *section = find_section(old, act);
    size_t before = section ? (size_t)(section - old) : strlen(old);
    text_add(text, old, before);
    if (text->length && text->data[text->length - 1] != '\n') text_char(text, '\n');
    if (!section) text_format(text, "%s:\n", act);
    put_item(text, section, remark, rule);
    text_string(text, old + before);
}

/* Read as the next run will read it. */
static bool is_policy(const struct session *session, const char *path, char **why)
{
    struct diagnostics said = {0};
    const struct policy_options options = {.places = &session->places,
                                           .policy_file = "default",
                                           .approvals_file = path,
                                           .no_files = true,
                                           .no_tests = true};
    struct policy *policy = policy_load(&options, &said);
    bool sound = policy != NULL;
    for (size_t i = 0; !sound && !*why && i < said.count; i++)
        if (said.items[i].severity == SEVERITY_ERROR)
            *why = xasprintf("approvals.yaml:%u: %s", said.items[i].place.line, said.items[i].message);
    if (!sound && !*why) *why = xstrdup("approvals.yaml cannot be read as a policy");
    policy_free(policy);
    diagnostics_free(&said);
    return sound;
}

static bool write_draft(const char *path, const struct text *text, char **why)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return fail(why, path);
    bool written = write_whole(fd, text->data, text->length) && fsync(fd) == 0;
    if (!written) fail(why, path);
    close(fd);
    return written;
}

static bool replace(const struct session *session, const char *path, const struct text *text, char **why)
{
    cleanup_free char *draft = xasprintf("%s.new", path);
    bool replaced = write_draft(draft, text, why) && is_policy(session, draft, why);
    if (replaced && rename(draft, path) != 0) replaced = fail(why, path);
    if (!replaced) unlink(draft);
    return replaced;
}

/* Two runs may write at the same time: the directory itself is the lock. */
static int lock(const char *directory, char **why)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    for (int tries = 0; fd >= 0 && errno == EWOULDBLOCK && tries < 20; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    }
    fail(why, directory);
    if (fd >= 0) close(fd);
    return -1;
}

bool approvals_add(const struct session *session, const struct question *question,
                   const struct answer *answer, char **why)
{
    const char *config = session->places.config_dir;
    cleanup_free char *directory = xasprintf("%s/askfirst", config),
                      *path = xasprintf("%s/approvals.yaml", directory);
    if (!make_directory(config, directory, why)) return false;
    int guard cleanup_fd = lock(directory, why);
    if (guard < 0) return false;
    struct text old = {0}, text = {0};
    bool added = read_old(path, &old, why);
    if (added) {
        cleanup_free char *remark = comment(session, question, answer);
        insert(&text, old.data ? old.data : "", act_name(question->act), remark, question->always_rule);
        added = replace(session, path, &text, why);
    }
    text_free(&old);
    text_free(&text);
    return added;
}
