/* tty.c: `--approve tty`: a prompt on the controlling terminal, one question after another. This is the
 * launcher's side: it starts a prompter for each question, and gives the terminal back where a prompter has
 * not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../plain/memory.h"
#include "kinds.h"
#include "tty_prompter.h"

/* A prompter that was told to go does so within this. */
enum { FAREWELL_MS = 1000 };

struct tty {
    struct approver approver;
    struct loop *loop;
    struct approve_events events;
    int fd; /* the terminal, not blocking: an open file of our own, so that this concerns nobody else */
    bool plain, colour;
    struct tty_hold *hold;

    const struct question **waiting; /* as they were asked; the one that is shown is not in it */
    size_t waiting_count, waiting_room;
    const struct question *shown; /* NULL: its answer is known, or not wanted any more */

    pid_t pid; /* of the prompter; 0: there is none */
    int link, pidfd;
    struct loop_source *link_source, *pid_source;
    struct loop_timer *next, *patience;
    bool busy, destroyed; /* as in link.c: the session may destroy it from within an event */
};

static void show_next(void *context);

/* What the prompter may have left undone. From the background, a terminal's settings are changed with SIGTTOU
 * blocked. */
static void recover(struct tty *tty)
{
    sigset_t terminal, before;

    sigemptyset(&terminal);
    sigaddset(&terminal, SIGTTOU);
    sigprocmask(SIG_BLOCK, &terminal, &before);
    tty_give_back(tty->fd, tty->hold);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The prompter has ended, or has been killed. */
static void collect(struct tty *tty)
{
    loop_cancel(tty->patience);
    tty->patience = NULL;
    loop_close(&tty->link_source, &tty->link);
    loop_close(&tty->pid_source, &tty->pidfd);
    waitpid(tty->pid, NULL, 0);
    tty->pid = 0;
    recover(tty);
}

static void report_prompting(struct tty *tty, bool begins)
{
    if (tty->events.prompting && !tty->destroyed) tty->events.prompting(tty->events.context, begins);
}

static void tty_free(struct tty *tty)
{
    loop_cancel(tty->next);
    loop_cancel(tty->patience);
    munmap(tty->hold, sizeof *tty->hold);
    close(tty->fd);
    free(tty->waiting);
    free(tty);
}

static void schedule(struct tty *tty)
{
    if (!tty->next && !tty->pid && tty->waiting_count && !tty->destroyed)
        tty->next = loop_after(tty->loop, 0, show_next, tty);
}

/* Takes the note over. The session may have destroyed the approver when this returns false. */
static bool give(struct tty *tty, struct answer answer)
{
    uint64_t id = tty->shown->id;

    tty->shown = NULL;
    answer.by = xstrdup("tty");
    tty->busy = true;
    tty->events.answered(tty->events.context, id, &answer);
    tty->busy = false;
    return !tty->destroyed;
}

static bool fail(struct tty *tty, char *why)
{
    return give(tty, (struct answer){.outcome = OUTCOME_FAILED, .note = why});
}

/* The run ends before the refusal arrives: what would come of that is of no interest to anybody. */
static bool interrupt(struct tty *tty)
{
    tty->busy = true;
    tty->events.interrupted(tty->events.context);
    tty->busy = false;
    return !tty->destroyed;
}

static bool take(struct tty *tty, const struct tty_says *says)
{
    static const enum outcome outcomes[] = {OUTCOME_APPROVED, OUTCOME_REFUSED, OUTCOME_REFUSED,
                                            OUTCOME_FAILED};

    if (says->decision == TTY_INTERRUPT && !interrupt(tty)) return false;
    if (!tty->shown) return true;
    return give(tty, (struct answer){.outcome = outcomes[says->decision],
                                     .scope = says->scope,
                                     .note = *says->note ? xstrdup(says->note) : NULL});
}

/* What it says, once. False: the session has destroyed the approver, which is to be freed. */
static bool hear(struct tty *tty)
{
    struct tty_says says;

    if (tty->link < 0) return true;
    ssize_t length = recv(tty->link, &says, sizeof says, MSG_DONTWAIT);
    loop_close(&tty->link_source, &tty->link);
    if (length != (ssize_t)sizeof says || !tty->shown) return true;
    says.note[sizeof says.note - 1] = '\0';
    return take(tty, &says);
}

static void out_of_patience(void *context)
{
    struct tty *tty = context;

    tty->patience = NULL;
    kill(tty->pid, SIGKILL);
}

/* Once it has spoken, it ends; until it has, the next question waits. */
static void lose_patience_soon(struct tty *tty)
{
    if (!tty->patience) tty->patience = loop_after(tty->loop, FAREWELL_MS, out_of_patience, tty);
}

static void tell(struct tty *tty, const struct tty_told *told)
{
    if (tty->link >= 0) send(tty->link, told, sizeof *told, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* At once, whatever it is doing. */
static void end_prompter(struct tty *tty)
{
    struct pollfd ended = {.fd = tty->pidfd, .events = POLLIN};

    tell(tty, &(struct tty_told){.news = TTY_WITHDRAWN, .outcome = OUTCOME_CANCELLED});
    if (poll(&ended, 1, FAREWELL_MS) <= 0) kill(tty->pid, SIGKILL);
    collect(tty);
    report_prompting(tty, false);
}

static void end_all(struct tty *tty)
{
    if (tty->pid) end_prompter(tty);
    tty_free(tty);
}

static void on_end(void *context, int fd, uint32_t events)
{
    struct tty *tty = context;

    (void)fd, (void)events;
    bool alive = hear(tty);
    collect(tty);
    report_prompting(tty, false);
    if (alive && tty->shown) alive = fail(tty, xstrdup("the prompt ended without an answer"));
    if (alive)
        schedule(tty);
    else
        tty_free(tty);
}

static void on_link(void *context, int fd, uint32_t events)
{
    struct tty *tty = context;

    (void)fd, (void)events;
    lose_patience_soon(tty);
    if (!hear(tty)) end_all(tty);
}

static void tell_more(struct tty *tty)
{
    tell(tty, &(struct tty_told){.news = TTY_MORE, .more = tty->waiting_count});
}

/* Starts the prompter for what is shown; what is wrong, or NULL. */
static char *start(struct tty *tty)
{
    int link[2];
    struct tty_prompt prompt = {
        .question = tty->shown,
        .hold = tty->hold,
        .tty = tty->fd,
        .more = tty->waiting_count,
        .plain = tty->plain,
        .colour = tty->colour,
    };

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) < 0)
        return xasprintf("no prompt: %s", strerror(errno));
    prompt.link = link[1];
    tty->hold->launcher = getpid();
    tty->hold->launcher_group = getpgrp();
    pid_t pid = fork();
    if (pid == 0) tty_prompter(&prompt);
    int error = errno;
    close(link[1]);
    if (pid < 0) {
        close(link[0]);
        return xasprintf("no prompt: %s", strerror(error));
    }
    tty->pid = pid;
    tty->link = link[0];
    tty->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    tty->link_source = loop_add(tty->loop, tty->link, EPOLLIN, on_link, tty);
    tty->pid_source = tty->pidfd < 0 ? NULL : loop_add(tty->loop, tty->pidfd, EPOLLIN, on_end, tty);
    if (tty->link_source && tty->pid_source) return NULL;
    error = errno;
    kill(pid, SIGKILL);
    collect(tty);
    return xasprintf("no prompt: %s", strerror(error));
}

static void show_next(void *context)
{
    struct tty *tty = context;

    tty->next = NULL;
    if (!tty->waiting_count || tty->pid) return;
    tty->shown = tty->waiting[0];
    memmove(tty->waiting, tty->waiting + 1, --tty->waiting_count * sizeof(const struct question *));
    report_prompting(tty, true);
    char *why = start(tty);
    if (!why) return;
    report_prompting(tty, false);
    if (fail(tty, why))
        schedule(tty);
    else
        tty_free(tty);
}

static void tty_ask(struct approver *approver, const struct question *question)
{
    struct tty *tty = (struct tty *)approver;

    if (tty->waiting_count == tty->waiting_room) {
        tty->waiting_room = tty->waiting_room ? 2 * tty->waiting_room : 8;
        tty->waiting = xrealloc(tty->waiting, tty->waiting_room, sizeof(const struct question *));
    }
    tty->waiting[tty->waiting_count++] = question;
    tell_more(tty);
    schedule(tty);
}

static void tty_withdraw(struct approver *approver, uint64_t id, enum outcome outcome)
{
    struct tty *tty = (struct tty *)approver;

    if (tty->shown && tty->shown->id == id) {
        tty->shown = NULL;
        tell(tty, &(struct tty_told){.news = TTY_WITHDRAWN, .outcome = outcome});
        lose_patience_soon(tty);
        return;
    }
    for (size_t i = 0; i < tty->waiting_count; i++) {
        if (tty->waiting[i]->id == id) {
            memmove(tty->waiting + i, tty->waiting + i + 1,
                    (--tty->waiting_count - i) * sizeof(const struct question *));
            tell_more(tty);
            return;
        }
    }
}

static void tty_destroy(struct approver *approver)
{
    struct tty *tty = (struct tty *)approver;

    if (tty->busy)
        tty->destroyed = true;
    else
        end_all(tty);
}

static const struct approver_operations operations = {
    .ask = tty_ask,
    .withdraw = tty_withdraw,
    .settled = approve_no_settled,
    .waiting = approve_no_waiting,
    .bye = approve_no_bye,
    .destroy = tty_destroy,
};

static bool knows_no_sequences(const char *term)
{
    return !term || !*term || strcmp(term, "dumb") == 0 || strcmp(term, "unknown") == 0;
}

struct approver *tty_open(const char *argument, struct loop *loop, const struct approve_session *session,
                          const struct approve_events *events, char **why)
{
    const char *no_color = approve_variable(session, "NO_COLOR");
    struct termios settings;

    (void)argument;
    cleanup_fd int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &settings) < 0) {
        *why = errno == ENXIO ? xstrdup("there is no terminal")
                              : xasprintf("there is no terminal: %s", strerror(errno));
        return NULL;
    }
    struct tty_hold *hold =
        mmap(NULL, sizeof *hold, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (hold == MAP_FAILED) {
        *why = xasprintf("no memory for the prompt: %s", strerror(errno));
        return NULL;
    }
    struct tty *tty = xcalloc(1, sizeof *tty);
    *tty = (struct tty){.approver = {&operations, "tty"},
                        .loop = loop,
                        .events = *events,
                        .fd = steal_fd(&fd),
                        .hold = hold,
                        .link = -1,
                        .pidfd = -1};
    tty->plain = knows_no_sequences(approve_variable(session, "TERM"));
    tty->colour = !tty->plain && !(no_color && *no_color);
    return &tty->approver;
}
