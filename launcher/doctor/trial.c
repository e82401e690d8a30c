/* trial.c: see trial.h. What is run is askfirst itself, as anybody would run it. */
#include "trial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../plain/loop.h"
#include "../plain/memory.h"
#include "../plain/text.h"
#include "../plain/write.h"

#define LIMIT_MS 20000 /* for one run, on a slow machine that has other things to do */
#define NAME "/askfirst-doctor.XXXXXX"

/* ---- the site ---- */

static const char policy_text[] = "askfirst: 1\n"
                                  "read:\n"
                                  "  - deny: \"%1$s/" ERRAND_DENIED "/**\"\n"
                                  "  - allow: \"/**\"\n"
                                  "write:\n"
                                  "  - deny: \"%1$s/" ERRAND_DENIED "/**\"\n"
                                  "  - allow: [\"%1$s/**\", \"/dev/**\"]\n"
                                  "exec:\n"
                                  "  - deny: \"%1$s/" ERRAND_DENIED "/**\"\n"
                                  "  - allow: \"/**\"\n"
                                  "connect:\n"
                                  "  - deny: \"unix:%1$s/" ERRAND_DENIED "/**\"\n"
                                  "  - allow: \"unix:/**\"\n";

/* A link at `name`, which only we can have made, is not followed. */
static bool put_file(const struct site *site, const char *name, const void *data, size_t size, mode_t mode)
{
    cleanup_free char *path = xasprintf("%s/%s", site->directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return false;
    bool written = write_whole(fd, data, size);
    return close(fd) == 0 && written;
}

static bool put_directory(const struct site *site, const char *name)
{
    cleanup_free char *path = xasprintf("%s/%s", site->directory, name);
    return mkdir(path, 0700) == 0;
}

static int listen_at(const struct site *site, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s/socket", site->directory, name);
    if (length < 0 || (size_t)length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !bind(fd, (const struct sockaddr *)&address, sizeof address) && !listen(fd, 64)) return fd;
    int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

static bool put_program(struct site *site)
{
    size_t size;
    cleanup_free unsigned char *program = errand_program(site->directory, &size);
    site->has_static = program && put_file(site, ERRAND_OPEN "/static", program, size, 0700);
    return site->has_static || !program;
}

static bool furnish(struct site *site)
{
    static const char denied_program[] = "#!/bin/sh\nprintf '" ERRAND_SAYS "'\n";
    cleanup_free char *policy = xasprintf(policy_text, site->directory);
    if (!put_directory(site, ERRAND_OPEN) || !put_directory(site, ERRAND_DENIED) ||
        !put_directory(site, "audit") || !put_file(site, "policy.yaml", policy, strlen(policy), 0600) ||
        !put_file(site, ERRAND_OPEN "/read", "x", 1, 0600) ||
        !put_file(site, ERRAND_DENIED "/read", "x", 1, 0600) ||
        !put_file(site, ERRAND_DENIED "/program", denied_program, strlen(denied_program), 0700) ||
        !put_program(site))
        return false;
    site->sockets[0] = listen_at(site, ERRAND_OPEN);
    site->sockets[1] = listen_at(site, ERRAND_DENIED);
    return site->sockets[0] >= 0 && site->sockets[1] >= 0;
}

/* Where programs may lie and a socket's name has room. */
static char *choose_base(void)
{
    const char *tmp = getenv("TMPDIR"), *home = getenv("HOME");
    const char *const bases[] = {tmp && *tmp ? tmp : "/tmp", "/tmp", "/var/tmp", home ? home : "/tmp"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        struct statvfs system;
        char *real = realpath(bases[i], NULL);
        if (real && strlen(real) + sizeof NAME "/" ERRAND_DENIED "/program" <= ERRAND_PATH &&
            !access(real, W_OK) && !statvfs(real, &system) && !(system.f_flag & ST_NOEXEC))
            return real;
        free(real);
    }
    return NULL;
}

static char *own_program(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return access(path, X_OK) ? NULL : xstrdup(path);
}

bool site_make(struct site *site, char **why)
{
    *site = (struct site){.sockets = {-1, -1}};
    cleanup_free char *base = choose_base();
    site->askfirst = own_program();
    if (!base || !site->askfirst) {
        *why = xstrdup(base ? "askfirst itself cannot be found: start it by its path"
                            : "neither TMPDIR, /tmp, /var/tmp nor HOME is a directory that programs may be "
                              "started in: set TMPDIR to one");
        return false;
    }
    site->directory = xasprintf("%s" NAME, base);
    if (!mkdtemp(site->directory)) {
        *why = xasprintf("%s: %s: set TMPDIR to a directory of your own", base, strerror(errno));
        free(steal_pointer(&site->directory));
        return false;
    }
    if (furnish(site)) return true;
    *why = xasprintf("%s: %s", site->directory, strerror(errno));
    return false;
}

/* Directories in it hold files only. */
static void remove_all(const char *directory, int depth)
{
    DIR *stream = opendir(directory);
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        cleanup_free char *path = xasprintf("%s/%s", directory, entry->d_name);
        if (unlink(path) && depth) remove_all(path, depth - 1);
    }
    if (stream) closedir(stream);
    rmdir(directory);
}

void site_remove(struct site *site)
{
    for (int i = 0; i < 2; i++)
        if (site->sockets[i] >= 0) close(site->sockets[i]);
    if (site->directory) remove_all(site->directory, 1);
    free(site->directory);
    free(site->askfirst);
}

/* ---- a run ---- */

static void become(const struct site *site, const char *guard, enum hand hand, int out, int err)
{
    static const char *const hands[] = {[HAND_LIBC] = "--errand=libc", [HAND_RAW] = "--errand=raw"};
    cleanup_free char *policy = xasprintf("--policy=%s/policy.yaml", site->directory);
    cleanup_free char *audit = xasprintf("--audit=%s/audit", site->directory);
    cleanup_free char *workspace = xasprintf("%s/" ERRAND_OPEN, site->directory);
    cleanup_free char *which = guard ? xasprintf("--guard=%s", guard) : NULL;
    cleanup_free char *program = xasprintf("%s/" ERRAND_OPEN "/static", site->directory);
    const char *argv[16];
    int count = 0, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (guard) {
        const char *const run[] = {site->askfirst,   "run",     which, policy, audit,
                                   "--approve=deny", "--quiet", "--"};
        for (size_t i = 0; i < sizeof run / sizeof *run; i++)
            argv[count++] = run[i];
    }
    argv[count++] = hand == HAND_STATIC ? program : site->askfirst;
    if (hand != HAND_STATIC) {
        argv[count++] = "doctor";
        argv[count++] = hands[hand];
        argv[count++] = site->directory;
    }
    argv[count] = NULL;
    setsid(); /* no terminal, and all of it can be ended together */
    setenv("HOME", site->directory, 1);
    if (chdir(workspace) || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(125);
    if (close_range(3, ~0u, 0)) _exit(125);
    execv(argv[0], (char **)argv);
    _exit(125);
}

/* Until both have ended. False: the time was over before. */
static bool gather(struct pollfd ends[2], struct text *texts[2])
{
    int64_t until = loop_now() + LIMIT_MS;
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        int64_t left = until - loop_now();
        if (left <= 0 || poll(ends, 2, (int)left) <= 0) return false;
        for (int i = 0; i < 2; i++) {
            char part[4096];
            if (ends[i].fd < 0 || !ends[i].revents) continue;
            ssize_t got = read(ends[i].fd, part, sizeof part);
            if (got > 0) text_add(texts[i], part, (size_t)got);
            if (got <= 0) {
                close(ends[i].fd);
                ends[i].fd = -1;
            }
        }
    }
    return true;
}

static int status_of(pid_t child, bool in_time)
{
    int status;
    if (!in_time) kill(-child, SIGKILL);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    if (!in_time) return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Of a run that did not start the first line is the reason. */
static void keep_first_line(struct outcome *outcome, const char *text)
{
    static const char prefix[] = "askfirst: ";
    if (!text) return;
    if (!strncmp(text, prefix, sizeof prefix - 1)) text += sizeof prefix - 1;
    snprintf(outcome->said, sizeof outcome->said, "%.*s", (int)strcspn(text, "\n"), text);
}

static void read_report(struct outcome *outcome, const struct text *out)
{
    const size_t whole = sizeof outcome->errand;
    if (!out->data || out->length < whole) return;
    outcome->reported = true;
    outcome->came_back = out->length == 2 * whole;
    memcpy(&outcome->errand, out->data + (outcome->came_back ? whole : 0), whole);
    outcome->ran_denied = !outcome->came_back && !strcmp(out->data + whole, ERRAND_SAYS);
}

static unsigned count_denials(const char *text)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, "\"verdict\":\"deny\"")); at++)
        count++;
    return count;
}

/* Reads the run's record, and removes it with what the run wrote, so that the next one finds the site as it
 * was. */
static void tidy(const struct site *site, struct outcome *outcome)
{
    static const char *const written[] = {ERRAND_OPEN "/write", ERRAND_DENIED "/write"};
    cleanup_free char *audit = xasprintf("%s/audit", site->directory);
    DIR *stream = opendir(audit);
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        cleanup_free char *path = xasprintf("%s/%s", audit, entry->d_name);
        cleanup_file FILE *file = fopen(path, "re");
        char *line cleanup_free = NULL;
        size_t size = 0;
        while (file && getline(&line, &size, file) > 0)
            outcome->denials += count_denials(line);
        unlink(path);
    }
    if (stream) closedir(stream);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        cleanup_free char *path = xasprintf("%s/%s", site->directory, written[i]);
        unlink(path);
    }
}

void trial_run(const struct site *site, const char *guard, enum hand hand, struct outcome *outcome)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    struct text texts[2] = {{0}, {0}};
    *outcome = (struct outcome){.status = -1};
    if (hand == HAND_STATIC && !site->has_static) return;
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return;
    fflush(NULL);
    pid_t child = fork();
    if (!child) become(site, guard, hand, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    struct pollfd ends[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    bool in_time = child > 0 && gather(ends, (struct text *[]){&texts[0], &texts[1]});
    for (int i = 0; i < 2; i++)
        if (ends[i].fd >= 0) close(ends[i].fd);
    if (child > 0) outcome->status = status_of(child, in_time);
    read_report(outcome, &texts[0]);
    keep_first_line(outcome, texts[1].data);
    tidy(site, outcome);
    text_free(&texts[0]);
    text_free(&texts[1]);
}
