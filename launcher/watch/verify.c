/* verify.c: see verify.h.
 *
 * After PTRACE_SEIZE and the answer, an interrupt is asked for, so that the thread stops once in any case: at
 * the exec when that succeeds, on its way back to the program when it fails.
 */
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lane/lane.h"
#include "../lane/map.h"
#include "../look/begin.h"
#include "../look/elf.h"
#include "../look/facts.h"
#include "../look/maps.h"
#include "../look/process.h"
#include "../plain/memory.h"

/* What a process runs. */
struct image_of {
    uint64_t started; /* the process, for its number may be given to another */
    dev_t device;
    ino_t inode;
    size_t length;
    char words[4096]; /* the beginning of its arguments */
};

struct pending {
    struct pending *next;
    pid_t pid, tid;
    struct lane_map *mapping; /* what was judged is there, and the lane comes into it */
    struct expected expected;
    struct image_of *before; /* traced by somebody else: what it was, and is again if the exec fails */
};

struct verifier {
    struct loop *loop;
    verify_done *done;
    void *context;
    const struct lane *lane; /* NULL: none */
    uint64_t room;           /* for what maps it (lane_map_room()) */
    int children;            /* signalfd: SIGCHLD is how the kernel says that a traced thread stopped */
    struct loop_source *source;
    struct pending *pending;
    size_t expected; /* of them, those that somebody else traces */
    bool meddlers;   /* programs may have filters of their own, or be traced by others */
};

/* A newline stands as \012 in a mapping, and so does what is written like that: then the file must be the one
 * that lies there. */
static bool is_of(const struct mapping *mapping, const char *path)
{
    const char *file = mapping->file, *at = path;
    struct stat status;
    bool escaped = false;
    for (; *at; at++) {
        bool newline = *at == '\n';
        if (strncmp(file, newline ? "\\012" : at, newline ? 4 : 1) != 0) return false;
        file += newline ? 4 : 1;
        escaped = escaped || newline;
    }
    return !*file && (!escaped || (!stat(path, &status) && status.st_ino == mapping->inode));
}

static bool is_among(const char *paths, const struct mapping *mapping)
{
    for (; *paths; paths += strlen(paths) + 1)
        if (is_of(mapping, paths)) return true;
    return false;
}

/* Some file systems have other numbers for their files here than elsewhere. */
static bool is_own(pid_t pid, const struct mapping *mapping)
{
    char path[64], own[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t length = readlink(path, own, sizeof own - 1);
    if (length < 0) return false;
    own[length] = 0;
    return is_of(mapping, own);
}

/* At its exec a program consists of its own file, and of its ELF interpreter's, which has been looked up by
 * name. Each is mapped several times in a row. */
static bool is_made_of(pid_t pid, const struct maps *maps, const struct expected *expected)
{
    const char *before = "";
    for (size_t i = 0; i < maps->count; i++) {
        const struct mapping *mapping = &maps->of[i];
        if (!mapping->inode || !strcmp(mapping->file, before)) continue;
        if (mapping->device == expected->device && mapping->inode == expected->inode) continue;
        if (!elf_is_loaders(mapping->device, mapping->inode) && !is_among(expected->paths, mapping) &&
            !elf_loader_lies_at(mapping->file) && !is_own(pid, mapping))
            return false;
        before = mapping->file;
    }
    return true;
}

static const char *const other_words = "other arguments than those that were judged";

/* Its words are those that were judged, and no more. As many bytes as there are come at once, so that fewer
 * than were asked for are all. */
static const char *difference_in_words(pid_t pid, const struct expected *expected, const struct begin *begin)
{
    if (begin && begin_has_words(begin, pid, expected->argv, expected->argv_length)) return NULL;
    char path[64], few[4096];
    size_t size = expected->argv_length + 1, have = 0;
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *many cleanup_free = size > sizeof few ? xmalloc(size) : NULL, *words = many ? many : few;
    ssize_t got = fd < 0 ? -1 : read(fd, words, size);
    for (; got > 0 && (have += (size_t)got) < expected->argv_length;)
        got = read(fd, words + have, size - have);
    if (got < 0) return "its arguments cannot be looked at";
    return have == expected->argv_length && !memcmp(words, expected->argv, have) ? NULL : other_words;
}

/* NULL: it is the program that was judged. `begin`: NULL where it may have gone on since its exec. */
static const char *difference(pid_t pid, const struct expected *expected, const struct begin *begin,
                              const struct maps *maps)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    if (stat(path, &status)) return "the program cannot be looked at";
    if (status.st_dev != expected->device || status.st_ino != expected->inode)
        return "another program than the one that was judged";
    if (!maps->count || !is_made_of(pid, maps, expected))
        return "another ELF interpreter than the one that was judged";
    if (expected->sum && !facts_runs_sum(pid, expected->sum))
        return "another content than the one that was judged";
    return difference_in_words(pid, expected, begin);
}

static void forget(struct pending **at)
{
    struct pending *gone = *at;
    *at = gone->next;
    if (gone->mapping) lane_map_end(gone->mapping, 0);
    free(gone->expected.argv);
    free(gone->expected.paths);
    free(gone->expected.sum);
    if (gone->expected.own) gone->expected.free_own(gone->expected.own);
    free(gone->before);
    free(gone);
}

static bool image_look(pid_t pid, struct image_of *image)
{
    char path[64];
    struct stat status;
    struct process process;
    memset(image, 0, sizeof *image);
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    if (!process_look(pid, &process) || stat(path, &status)) return false;
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, image->words, sizeof image->words);
    if (length < 0) return false;
    image->started = process.started;
    image->device = status.st_dev;
    image->inode = status.st_ino;
    image->length = (size_t)length;
    return true;
}

/* Whoever was killed meanwhile cannot be let go, only waited for: until then its parent would not hear of its
 * end. */
static void let_go(struct pending **at, pid_t id)
{
    if (!ptrace(PTRACE_DETACH, id, 0, 0)) forget(at);
}

static void conclude(struct verifier *verifier, struct pending **at, const char *why)
{
    struct pending *pending = *at;
    pid_t pid = pending->pid;
    void *own = why ? NULL : steal_pointer(&pending->expected.own);
    if (why) kill(pid, SIGKILL);
    if (pending->before)
        forget(at);
    else if (!why)
        let_go(at, pid);
    verifier->done(verifier->context, pid, !why, why, own);
}

/* Somebody kills it while it is looked at: nothing but that ends a stop, and what was seen of it says
 * nothing. Its end is heard of later. */
static bool is_ending(pid_t pid)
{
    unsigned long message;
    if (!ptrace(PTRACE_GETEVENTMSG, pid, 0, &message) || errno != ESRCH) return false;
    kill(pid, SIGKILL);
    return true;
}

/* NULL: it has the lane, will have it before its own first instruction, or is on its way to have it. */
static const char *give_lane(struct verifier *verifier, struct pending *pending, const struct begin *begin,
                             const struct maps *maps)
{
    int segment = lane_segment(verifier->lane);
    if (!verifier->meddlers && lane_map_lay(pending->pid, segment, begin, maps, verifier->room)) return NULL;
    pending->mapping = lane_map_begin(pending->pid, segment, maps);
    return pending->mapping ? NULL : VERIFY_NO_LANE;
}

static void check(struct verifier *verifier, struct pending **at)
{
    struct pending *pending = *at;
    struct begin begin;
    struct maps maps;
    begin_look(&begin, pending->pid);
    maps_look(&maps, pending->pid);
    const char *why = difference(pending->pid, &pending->expected, &begin, &maps);
    if (!why && verifier->lane) why = give_lane(verifier, pending, &begin, &maps);
    maps_free(&maps);
    if (!pending->mapping && !(why && is_ending(pending->pid))) conclude(verifier, at, why);
}

/* Only the trap at the end of what it was given to do counts: it may be stopped meanwhile. */
static void check_lane(struct verifier *verifier, struct pending **at, int event, int signal)
{
    struct pending *pending = *at;
    if (event || signal != SIGTRAP) {
        ptrace(PTRACE_CONT, pending->pid, 0,
               event ? 0 : signal); /* who is stopped stays so when it is let go */
        return;
    }
    bool mapped = lane_map_end(steal_pointer(&pending->mapping), pending->pid) &&
                  (!verifier->meddlers || lane_is_sealed(pending->pid));
    if (mapped || !is_ending(pending->pid)) conclude(verifier, at, mapped ? NULL : VERIFY_NO_LANE);
}

/* A traced thread has stopped, or is gone. False: it was neither. */
static bool look_at(struct verifier *verifier, struct pending **at)
{
    struct pending *pending = *at;
    int status;
    if (pending->before) return false;
    /* A thread that executes takes the id of its process's first one; until then it is there under its
     * own. */
    pid_t id = waitpid(pending->tid, &status, __WALL | WNOHANG);
    if (id < 0 && pending->tid != pending->pid) id = waitpid(pending->pid, &status, __WALL | WNOHANG);
    if (!id) return false;
    if (id < 0 || !WIFSTOPPED(status)) { /* it has ended */
        forget(at);
        return true;
    }
    int event = status >> 16;
    if (pending->mapping) {
        check_lane(verifier, at, event, WSTOPSIG(status));
    } else if (event == PTRACE_EVENT_EXEC) {
        check(verifier, at);
    } else if (event == PTRACE_EVENT_STOP) { /* the exec has failed */
        let_go(at, id);
    } else { /* a signal, which is not ours to keep */
        ptrace(PTRACE_CONT, id, 0, WSTOPSIG(status));
    }
    return true;
}

/* All that has happened to one. */
static void follow(struct verifier *verifier, struct pending **at)
{
    const struct pending *here = *at;
    while (*at == here && look_at(verifier, at)) {
    }
}

static void stopped(void *context, int fd, uint32_t events)
{
    struct verifier *verifier = context;
    struct signalfd_siginfo infos[4]; /* of one signal no more than two can wait */
    (void)events;
    while (read(fd, infos, sizeof infos) == sizeof infos) {
    }
    for (struct pending **at = &verifier->pending; *at;) {
        struct pending *here = *at;
        follow(verifier, at);
        if (*at == here) at = &here->next;
    }
}

struct verifier *verifier_new(struct loop *loop, const struct lane *lane, verify_done *done, void *context)
{
    struct verifier *verifier = xcalloc(1, sizeof *verifier);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    *verifier = (struct verifier){.loop = loop, .lane = lane, .done = done, .context = context};
    if (lane) verifier->room = lane_map_room();
    verifier->children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (verifier->children >= 0)
        verifier->source = loop_add(loop, verifier->children, EPOLLIN, stopped, verifier);
    if (!verifier->source) {
        if (verifier->children >= 0) close(verifier->children);
        free(verifier);
        return NULL;
    }
    return verifier;
}

/* What is still seized is killed: it would run on unverified when the launcher ends. */
void verifier_free(struct verifier *verifier)
{
    if (!verifier) return;
    while (verifier->pending) {
        kill(verifier->pending->pid, SIGKILL);
        forget(&verifier->pending);
    }
    loop_remove(verifier->source);
    close(verifier->children);
    free(verifier);
}

bool verifier_is_busy(struct verifier *verifier, pid_t pid)
{
    for (struct pending **at = &verifier->pending; *at;) {
        struct pending *here = *at;
        if (here->pid == pid) follow(verifier, at);
        if (*at != here) continue;
        if (here->pid == pid) return true;
        at = &here->next;
    }
    return false;
}

void verifier_beware(struct verifier *verifier)
{
    verifier->meddlers = true;
}

bool verifier_seize(struct verifier *verifier, pid_t pid, pid_t tid, const struct expected *expected)
{
    if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)) return false;
    struct pending *pending = xmalloc(sizeof *pending);
    *pending = (struct pending){.next = verifier->pending, .pid = pid, .tid = tid, .expected = *expected};
    verifier->pending = pending;
    return true;
}

bool verifier_expect(struct verifier *verifier, pid_t pid, pid_t tid, const struct expected *expected)
{
    struct image_of *before = xmalloc(sizeof *before);
    bool traced = process_number(tid, "TracerPid", 10, 0) > 0;
    if (verifier->lane || !traced || !image_look(pid, before)) {
        free(before);
        return false;
    }
    struct pending *pending = xmalloc(sizeof *pending);
    *pending = (struct pending){
        .next = verifier->pending, .pid = pid, .tid = tid, .expected = *expected, .before = before};
    verifier->pending = pending;
    verifier->expected++;
    return true;
}

/* Its exec has happened, or failed, or it has ended. */
static bool look_again(struct verifier *verifier, struct pending **at)
{
    struct pending *pending = *at;
    struct image_of now;
    struct maps maps;
    verifier->expected--;
    bool there = image_look(pending->pid, &now) && now.started == pending->before->started;
    maps_look(&maps, pending->pid);
    const char *why = there ? difference(pending->pid, &pending->expected, NULL, &maps) : NULL;
    maps_free(&maps);
    if (!there || (why && !memcmp(&now, pending->before, sizeof now))) {
        forget(at);
        return true;
    }
    conclude(verifier, at, why);
    return !why;
}

bool verifier_called(struct verifier *verifier, pid_t tid)
{
    if (!verifier->expected) return true;
    pid_t pid = (pid_t)process_number(tid, "Tgid", 10, (unsigned)tid);
    for (struct pending **at = &verifier->pending; *at; at = &(*at)->next)
        if ((*at)->before && (*at)->pid == pid) return look_again(verifier, at);
    return true;
}

void verifier_let(pid_t tid)
{
    ptrace(PTRACE_INTERRUPT, tid, 0, 0);
}
