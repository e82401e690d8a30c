/* audit.c: see audit.h. */
#include "audit.h"

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
#include "../plain/json.h"
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
    struct json record; /* being put together; or the last one, as long as its sum has to be taken */
    size_t unsummed;    /* its length then */
    char previous[65];  /* of the line before, in hex; "" for the first */
};

/* ---- values ---- */

/* The key of what goes with a value. */
struct key {
    char text[64];
};

static struct key key_of(const char *name, const char *suffix)
{
    struct key key;
    snprintf(key.text, sizeof key.text, "%s_%s", name, suffix);
    return key;
}

static void put_bytes(struct json *record, const char *name, const char *data, size_t length)
{
    if (!data) return;
    if (show_is_utf8(data, length)) {
        json_bytes(record, name, data, length);
        return;
    }
    cleanup_free char *shown = show_bytes(data, length, SHOWN_BYTES), *twin = show_base64(data, length);
    json_string(record, name, shown);
    json_string(record, key_of(name, "base64").text, twin);
}

static void put_string(struct json *record, const char *name, const char *string)
{
    if (string) put_bytes(record, name, string, strlen(string));
}

static void put_number(struct json *record, const char *name, int64_t number)
{
    json_number(record, name, number < 0 ? 0 : (uint64_t)number);
}

static void put_digits(char *to, int number, int count)
{
    for (; count; number /= 10)
        to[--count] = (char)('0' + number % 10);
}

static void put_time(struct json *record, const char *name, int64_t milliseconds)
{
    char text[] = "YYYY-MM-DDTHH:MM:SS.mmmZ";
    struct tm parts;
    time_t seconds = (time_t)(milliseconds / 1000);
    gmtime_r(&seconds, &parts);
    put_digits(text, parts.tm_year + 1900, 4);
    put_digits(text + 5, parts.tm_mon + 1, 2);
    put_digits(text + 8, parts.tm_mday, 2);
    put_digits(text + 11, parts.tm_hour, 2);
    put_digits(text + 14, parts.tm_min, 2);
    put_digits(text + 17, parts.tm_sec, 2);
    put_digits(text + 20, (int)(milliseconds % 1000), 3);
    json_string(record, name, text);
}

/* The exact bytes of those words that are no UTF-8. */
static void put_twins(struct json *record, const char *name, const struct bytes *words, size_t count)
{
    json_open(record, key_of(name, "base64").text, '[');
    for (size_t i = 0; i < count; i++) {
        bool clean = show_is_utf8(words[i].data, words[i].length);
        cleanup_free char *twin = clean ? NULL : show_base64(words[i].data, words[i].length);
        if (twin)
            json_string(record, NULL, twin);
        else
            json_null(record, NULL);
    }
    json_close(record, ']');
}

/* Words that are no UTF-8 stand in `NAME_base64` too, whose other entries are null. */
static void put_words(struct json *record, const char *name, const struct bytes *words, size_t count)
{
    size_t bytes = 0, i;
    bool all_clean = true;
    json_open(record, name, '[');
    for (i = 0; i < count && bytes + words[i].length <= MOST_ARGUMENT_BYTES; i++) {
        bool clean = show_is_utf8(words[i].data, words[i].length);
        bytes += words[i].length + 8;
        all_clean = all_clean && clean;
        cleanup_free char *shown = clean ? NULL : show_bytes(words[i].data, words[i].length, SHOWN_BYTES);
        if (shown)
            json_string(record, NULL, shown);
        else
            json_bytes(record, NULL, words[i].data, words[i].length);
    }
    json_close(record, ']');
    if (i < count) json_number(record, key_of(name, "count").text, count);
    if (!all_clean) put_twins(record, name, words, i);
}

/* ---- lines ---- */

void audit_rest(struct audit *audit)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[32];
    if (!audit->unsummed) return;
    sha256(audit->record.text.data, audit->unsummed, sum);
    audit->unsummed = 0;
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
        audit->unsummed = length;
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

/* The one that is being put together; put_record() ends it. */
static struct json *new_record(struct audit *audit, const char *type)
{
    struct json *record = &audit->record;
    audit_rest(audit);
    text_clear(&record->text);
    record->comma = false;
    json_open(record, NULL, '{');
    json_string(record, "type", type);
    json_number(record, "sequence", audit->sequence);
    json_string(record, "session", audit->session->id);
    put_time(record, "time", facts_wall_clock());
    return record;
}

static bool put_record(struct audit *audit, struct json *record)
{
    if (*audit->previous)
        json_string(record, "previous", audit->previous);
    else
        json_null(record, "previous");
    json_close(record, '}');
    bool written = audit->fd >= 0 && write_line(audit, record->text.data, record->text.length);
    if (written) audit->sequence++;
    return written;
}

/* ---- the session ---- */

static void put_files(struct json *record, const struct policy *policy)
{
    json_open(record, "policy_files", '[');
    for (size_t i = 0; policy && i < policy->file_count; i++) {
        json_open(record, NULL, '{');
        put_string(record, "name", policy->files[i].name);
        char hex[65];
        for (size_t j = 0; j < 32; j++)
            snprintf(hex + 2 * j, 3, "%02x", policy->files[i].sha256[j]);
        json_string(record, "sha256", hex);
        json_close(record, '}');
    }
    json_close(record, ']');
}

static void put_whereabouts(struct json *record)
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
static void put_guard(struct json *record, const struct run_options *options)
{
    put_string(record, "guard", guard_name(options->guard));
    if (options->guard_missing) put_string(record, "guard_missing", options->guard_missing);
    if (!options->guard_without) return;
    json_open(record, "guard_without", '[');
    for (size_t i = 0; options->guard_without[i]; i++)
        json_string(record, NULL, options->guard_without[i]);
    json_close(record, ']');
}

static struct json *first_record(struct audit *audit)
{
    static const char *const modes[] = {"enforce", "observe"};
    const struct session *session = audit->session;
    struct json *record = new_record(audit, "session");
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

/* A home that is not there is a mistake, and not for the records to make. */
static bool has_home(const struct session *session, char **why)
{
    const char *home = session->places.home, *state = session->places.state_dir;
    if (session->options->audit) return true;
    bool within = strncmp(state, home, strlen(home)) == 0;
    if (!within || access(home, F_OK) == 0) return true;
    *why = xasprintf("%s: %s: set HOME to a directory that is there, or say --audit=DIRECTORY", home,
                     strerror(errno));
    return false;
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

/* Whoever did not ask for a record must be told that there is one, and where it can go instead. */
static void name_the_record(const struct session *session, char **why)
{
    cleanup_free char *reason = *why;
    const char *named = session->options->audit ? "--audit" : "the record of the run cannot be kept";
    *why =
        xasprintf("%s: %s: nothing was run: name a directory that you may write with --audit", named, reason);
}

struct audit *audit_open(struct session *session, char **why)
{
    if (!has_home(session, why)) return NULL;
    int fd = create_file(session, why);
    if (fd < 0) {
        name_the_record(session, why);
        return NULL;
    }
    struct audit *audit = xcalloc(1, sizeof *audit);
    *audit = (struct audit){.session = session, .fd = fd, .began = loop_now()};
    if (put_record(audit, first_record(audit))) return audit;
    *why = xasprintf("the audit file cannot be written: %s", strerror(errno));
    close(audit->fd);
    text_free(&audit->record.text);
    free(audit);
    return NULL;
}

/* ---- acts ---- */

static void put_rule(struct json *record, const struct question *question)
{
    json_open(record, "rule", '{');
    put_string(record, "place", question->rule_place);
    put_string(record, "text", question->rule_text);
    put_string(record, "because", question->because);
    json_close(record, '}');
}

static void put_chain(struct json *record, const struct question *question)
{
    json_open(record, "chain", '[');
    for (size_t i = 0; i < question->chain_length; i++) {
        json_open(record, NULL, '{');
        put_number(record, "pid", question->chain[i].pid);
        put_string(record, "program", question->chain[i].program);
        json_close(record, '}');
    }
    json_close(record, ']');
}

static void put_python(struct json *record, const struct question *question)
{
    if (!question->python_file) return;
    json_open(record, "python", '{');
    put_string(record, "file", question->python_file);
    put_number(record, "line", question->python_line);
    put_string(record, "function", question->python_function);
    if (question->python_started) put_number(record, "started", question->python_started);
    json_close(record, '}');
}

static void put_answer(struct json *record, const struct answer *answer, int64_t waited_ms)
{
    if (!answer) return;
    json_string(record, "outcome", outcome_name(answer->outcome));
    if (answer->outcome == OUTCOME_APPROVED) json_string(record, "scope", scope_name(answer->scope));
    if (answer->outcome == OUTCOME_APPROVED && answer->for_s)
        put_number(record, "for_s", (int64_t)answer->for_s);
    put_string(record, "by", answer->by);
    put_string(record, "note", answer->note);
    if (answer->before) json_true(record, "before");
    put_number(record, "waited_ms", waited_ms);
}

bool audit_act(struct audit *audit, const struct question *question, enum verdict verdict,
               const struct answer *answer, int64_t waited_ms)
{
    struct json *record = new_record(audit, "act");
    put_number(record, "id", (int64_t)question->id);
    json_string(record, "act", act_name(question->act));
    put_string(record, "detail", question->act_detail);
    json_string(record, "verdict", verdict_name(verdict));
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
    struct json *record = new_record(audit, "event");
    json_string(record, "event", event);
    if (pid) put_number(record, "pid", pid);
    put_string(record, "text", text);
    return put_record(audit, record);
}

void audit_close(struct audit *audit, int exit_status)
{
    if (!audit) return;
    const struct session *session = audit->session;
    struct json *record = new_record(audit, "end");
    put_number(record, "exit", exit_status);
    put_number(record, "acts", (int64_t)audit->acts);
    put_number(record, "asked", (int64_t)session->asked);
    put_number(record, "denied", (int64_t)session->denied);
    put_number(record, "hidden", (int64_t)session->hidden);
    put_number(record, "waited_ms", session->waited_ms);
    put_number(record, "lasted_ms", loop_now() - audit->began);
    put_record(audit, record);
    if (audit->fd >= 0) close(audit->fd);
    text_free(&audit->record.text);
    free(audit);
}
