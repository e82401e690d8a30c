/* link.c: an approver at the other end of a pair of descriptors.
 *
 * It keeps the questions that are open, so that every answer can be held against one of them. Any breach of
 * the protocol closes the link for good: whoever sends one line that means nothing may have meant anything by
 * the others.
 */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../plain/memory.h"
#include "../plain/text.h"
#include "../plain/write.h"
#include "protocol.h"

enum { READ_AT_ONCE = 65536, LATE_IDS = 256, FAREWELL_MS = 200 };

struct link {
    struct approver approver;
    struct loop *loop;
    struct approve_events events;
    int in, out; /* -1: closed */
    struct loop_source *in_source, *out_source;
    struct text received; /* the beginning of a line */
    struct text queued;
    size_t sent; /* of what is queued */

    const struct question **open;
    size_t open_count, open_room;
    uint64_t late[LATE_IDS]; /* ended without an answer, which may be on its way: 0 where there is none */
    size_t late_next;

    char *lost;   /* why nothing can be written any more; what it has said before is still read */
    char *broken; /* why; reported by the timer */
    struct loop_timer *timer;
    bool busy;      /* within the reading of lines */
    bool destroyed; /* freed when that is over */
};

static void hang_up(struct link *link)
{
    loop_remove(link->in_source);
    loop_remove(link->out_source);
    link->in_source = link->out_source = NULL;
    if (link->in >= 0) close(link->in);
    if (link->out >= 0) close(link->out);
    link->in = link->out = -1;
}

static void report(void *context)
{
    struct link *link = context;

    link->timer = NULL;
    link->events.broken(link->events.context, link->broken);
}

/* The event is reported from the loop, never from within a call of the session's own. */
static void break_off(struct link *link, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void break_off(struct link *link, const char *format, ...)
{
    va_list arguments;

    if (link->broken) return;
    va_start(arguments, format);
    link->broken = xvasprintf(format, arguments);
    va_end(arguments);
    hang_up(link);
    loop_cancel(link->timer);
    link->timer = loop_after(link->loop, 0, report, link);
}

static void read_last_words(void *context);

/* Somebody may answer and go at once: what they said before is heard first. */
static void lose_output(struct link *link, const char *why)
{
    if (link->lost || link->broken) return;
    link->lost = xasprintf("cannot write to it: %s", why);
    loop_remove(link->out_source);
    link->out_source = NULL;
    link->timer = loop_after(link->loop, 0, read_last_words, link);
}

/* Writes what is queued as far as the other side takes it. */
static void flush(struct link *link)
{
    while (link->sent < link->queued.length) {
        ssize_t written =
            write_quietly(link->out, link->queued.data + link->sent, link->queued.length - link->sent);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) break;
        if (written < 0) {
            lose_output(link, strerror(errno));
            return;
        }
        link->sent += (size_t)written;
    }
    if (link->sent == link->queued.length) {
        text_clear(&link->queued);
        link->sent = 0;
    } else if (link->sent > link->queued.length / 2) {
        text_drop(&link->queued, link->sent);
        link->sent = 0;
    }
    loop_change(link->out_source, link->queued.length ? EPOLLOUT : 0);
}

/* Takes the line over. */
static void send_line(struct link *link, char *line)
{
    size_t length = strlen(line);

    if (link->broken || link->lost) {
        free(line);
        return;
    }
    if (link->queued.length - link->sent + length > LINK_QUEUE) {
        break_off(link, "it does not read what it is sent");
    } else {
        text_add(&link->queued, line, length);
        flush(link);
    }
    free(line);
}

static const struct question *forget_open(struct link *link, uint64_t id)
{
    for (size_t i = 0; i < link->open_count; i++) {
        if (link->open[i]->id == id) {
            const struct question *question = link->open[i];
            link->open[i] = link->open[--link->open_count];
            return question;
        }
    }
    return NULL;
}

/* An answer may cross the news that its question has ended. It is dropped, once. */
static bool is_late(struct link *link, uint64_t id)
{
    for (size_t i = 0; i < LATE_IDS; i++) {
        if (link->late[i] == id && id) {
            link->late[i] = 0;
            return true;
        }
    }
    return false;
}

static const struct question *find_open(const struct link *link, uint64_t id)
{
    for (size_t i = 0; i < link->open_count; i++)
        if (link->open[i]->id == id) return link->open[i];
    return NULL;
}

static void take_answer(struct link *link, uint64_t id, struct answer *answer)
{
    const struct question *question = find_open(link, id);

    if (!question) {
        if (!is_late(link, id)) break_off(link, "it answered question %" PRIu64 ", which is not open", id);
    } else if (answer->outcome == OUTCOME_APPROVED && !question_offers(question, answer->scope)) {
        break_off(link,
                  "it answered question %" PRIu64 " with the scope \"%s\", which was not among its choices",
                  id, scope_name(answer->scope));
    } else {
        struct answer given = *answer;
        answer->note = answer->by = NULL;
        if (!given.by) given.by = xstrdup(link->approver.name);
        forget_open(link, id);
        if (!link->events.answered(link->events.context, id, &given))
            break_off(link, "it answered question %" PRIu64 ", which is not open", id);
    }
    free(answer->note);
    free(answer->by);
}

static void take_line(struct link *link, const char *line, size_t length)
{
    uint64_t id;
    struct answer answer;

    cleanup_free char *wrong = protocol_read(line, length, &id, &answer);
    if (wrong)
        break_off(link, "%s", wrong);
    else
        take_answer(link, id, &answer);
}

/* The lines that have come in whole. The session may destroy the link from within. */
static void take_lines(struct link *link)
{
    size_t done = 0;

    link->busy = true;
    while (!link->broken && !link->destroyed) {
        char *line = link->received.data + done;
        char *end = memchr(line, '\n', link->received.length - done);
        if (!end) break;
        take_line(link, line, (size_t)(end - line));
        done = (size_t)(end - link->received.data) + 1;
    }
    link->busy = false;
    text_drop(&link->received, done);
}

static void link_free(struct link *link)
{
    hang_up(link);
    loop_cancel(link->timer);
    text_free(&link->received);
    text_free(&link->queued);
    free(link->open);
    free(link->lost);
    free(link->broken);
    free(link);
}

/* Reads once. False: there is nothing more to read for now, or for ever. */
static bool read_some(struct link *link)
{
    char buffer[READ_AT_ONCE];

    ssize_t got = read(link->in, buffer, sizeof buffer);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got < 0) {
        break_off(link, "cannot read from it: %s", strerror(errno));
    } else if (got == 0) {
        break_off(link, link->received.length ? "it hung up within a line" : "it hung up");
    } else {
        text_add(&link->received, buffer, (size_t)got);
        take_lines(link);
        if (link->received.length >= PROTOCOL_LINE)
            break_off(link, "a line is longer than %u bytes", PROTOCOL_LINE);
    }
    return !link->broken && !link->destroyed;
}

static void receive(void *context, int fd, uint32_t events)
{
    struct link *link = context;

    (void)fd, (void)events;
    read_some(link);
    if (link->destroyed) link_free(link);
}

static void read_last_words(void *context)
{
    struct link *link = context;

    link->timer = NULL;
    while (read_some(link))
        ;
    if (link->destroyed)
        link_free(link);
    else
        break_off(link, "%s", link->lost);
}

static void writable(void *context, int fd, uint32_t events)
{
    struct link *link = context;

    (void)fd;
    if (link->queued.length)
        flush(link);
    else if (events & (EPOLLERR | EPOLLHUP))
        lose_output(link, "it hung up");
}

static void link_ask(struct approver *approver, const struct question *question)
{
    struct link *link = (struct link *)approver;

    if (link->broken) return;
    if (link->open_count == link->open_room) {
        link->open_room = link->open_room ? 2 * link->open_room : 8;
        link->open = xrealloc(link->open, link->open_room, sizeof *link->open);
    }
    link->open[link->open_count++] = question;
    send_line(link, protocol_ask(question));
}

static void link_withdraw(struct approver *approver, uint64_t id, enum outcome outcome)
{
    struct link *link = (struct link *)approver;

    if (!forget_open(link, id)) return;
    link->late[link->late_next] = id;
    link->late_next = (link->late_next + 1) % LATE_IDS;
    send_line(link, protocol_settled(id, outcome));
}

static void link_settled(struct approver *approver, uint64_t id, enum outcome outcome)
{
    send_line((struct link *)approver, protocol_settled(id, outcome));
}

static void link_waiting(struct approver *approver, uint64_t id, unsigned seconds)
{
    send_line((struct link *)approver, protocol_waiting(id, seconds));
}

/* The last words: the other side gets a moment to take them, and is not waited for. */
static void link_bye(struct approver *approver, int status, uint64_t asked, uint64_t denied)
{
    struct link *link = (struct link *)approver;

    send_line(link, protocol_bye(status, asked, denied));
    int64_t until = loop_now() + FAREWELL_MS;
    while (!link->broken && !link->lost && link->queued.length && loop_now() < until) {
        struct pollfd ready = {.fd = link->out, .events = POLLOUT};
        poll(&ready, 1, (int)(until - loop_now()));
        flush(link);
    }
    loop_cancel(link->timer);
    link->timer = NULL;
    hang_up(link);
    if (!link->broken) link->broken = xstrdup("the run has ended");
}

static void link_destroy(struct approver *approver)
{
    struct link *link = (struct link *)approver;

    if (link->busy)
        link->destroyed = true;
    else
        link_free(link);
}

static const struct approver_operations operations = {
    .ask = link_ask,
    .withdraw = link_withdraw,
    .settled = link_settled,
    .waiting = link_waiting,
    .bye = link_bye,
    .destroy = link_destroy,
};

static bool prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

struct approver *link_open(const char *name, int in, int out, struct loop *loop,
                           const struct approve_session *session, const struct approve_events *events,
                           char **why)
{
    struct link *link = xcalloc(1, sizeof *link);

    *link =
        (struct link){.approver = {&operations, name}, .loop = loop, .events = *events, .in = in, .out = out};
    /* One descriptor cannot be watched twice. */
    if (in == out) link->out = fcntl(in, F_DUPFD_CLOEXEC, 3);
    if (!prepare(link->in) || !prepare(link->out) ||
        !(link->in_source = loop_add(loop, link->in, EPOLLIN, receive, link)) ||
        !(link->out_source = loop_add(loop, link->out, 0, writable, link))) {
        *why = xasprintf("cannot use its descriptors: %s", strerror(errno));
        link_free(link);
        return NULL;
    }
    send_line(link, protocol_hello(session));
    return &link->approver;
}
