/* door.c: the connections, and reading requests: what may be said, how much, and how long (door.h,
 * wire.h). */
#include "door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../plain/memory.h"
#include "../records/audit.h"
#include "hidden.h"
#include "parts.h"

#define MOST_KNOWN 64u
#define MOST_BODIES (64u << 20) /* bytes, of all requests that are being read or judged */
#define MOST_STRINGS 1000000u
#define MOST_EVENTS 1000u
#define READ_MS 10000   /* for a request to be complete */
#define LINGER_MS 10000 /* for the end of a connection that was answered */

/* What may be asked, and in what form. */
static const struct kind {
    void (*handle)(struct connection *connection);
    uint32_t fewest_strings;
    uint32_t most_strings;
    uint32_t most_bytes;
} kinds[] = {
    [WIRE_EXEC] = {door_exec, 2, MOST_STRINGS, WIRE_BODY},
    [WIRE_SHELL] = {door_exec, 3, MOST_STRINGS, WIRE_BODY},
    [WIRE_READ] = {door_file, 2, 2, 2 * 4096},
    [WIRE_WRITE] = {door_file, 2, 2, 2 * 4096},
    [WIRE_CONNECT] = {door_connect, 0, 0, sizeof(struct sockaddr_storage)},
    [WIRE_SEND] = {door_connect, 0, 0, sizeof(struct sockaddr_storage)},
    [WIRE_SOCKET] = {door_socket, 0, 0, 0},
    [WIRE_MOVE] = {door_move, 2, 2, 2 * 4096},
    [WIRE_PROCESS] = {door_process, 0, 0, 0},
    [WIRE_DEBUG] = {door_debug, 1, 1, 32},
    [WIRE_LOOKUP] = {door_lookup, 2, 2, 2048},
    [WIRE_NAMES] = {door_names, 2, 2, 2 * 4096},
};

static const struct kind *kind_of(const struct wire_request *head)
{
    if (head->kind >= sizeof kinds / sizeof *kinds || !kinds[head->kind].handle) return NULL;
    return &kinds[head->kind];
}

void door_event(struct door *door, const char *event, pid_t pid, const char *text)
{
    if (door->events++ < MOST_EVENTS) audit_event(door->session->audit, event, pid, text);
}

/* ---- the end of a connection ---- */

static void watch_listener(struct door *door)
{
    bool full = door->count >= door->most;
    if (full == door->full) return;
    door->full = full;
    loop_change(door->source, full ? 0 : EPOLLIN);
}

static void free_connection(struct connection *connection)
{
    struct door *door = connection->door;
    if (connection->matter) matter_cancel(connection->matter);
    lookup_cancel(connection->lookup);
    move_free(connection->move);
    hellos_closed(connection);
    *connection->at = connection->next;
    if (connection->next) connection->next->at = connection->at;
    if (door->read == connection) door->read = NULL;
    door->count--;
    door->body_bytes -= connection->length;
    loop_remove(connection->source);
    loop_cancel(connection->timer);
    close(connection->fd);
    if (connection->pidfd >= 0) close(connection->pidfd);
    free(connection->body);
    free(connection->strings);
    free(connection);
    watch_listener(door);
}

void door_drop(struct connection *connection, const char *why)
{
    if (why) {
        door_event(connection->door, "malformed", connection->caller.pid, why);
        connection->door->session->denied++;
    }
    free_connection(connection);
}

static void took_too_long(void *context)
{
    struct connection *connection = context;
    connection->timer = NULL;
    door_drop(connection,
              connection->state == CONNECTION_READING ? "a request that did not come to its end" : NULL);
}

static void set_timer(struct connection *connection, int64_t milliseconds)
{
    loop_cancel(connection->timer);
    connection->timer = NULL;
    if (milliseconds)
        connection->timer =
            loop_after(connection->door->session->loop, milliseconds, took_too_long, connection);
}

/* ---- answers ---- */

static void forget_body(struct connection *connection)
{
    connection->door->body_bytes -= connection->length;
    connection->length = 0;
    free(connection->body);
    free(connection->strings);
    connection->body = NULL;
    connection->strings = NULL;
}

static void connection_ready(void *context, int fd, uint32_t events);

/* From now on the loop says when there is something to read. False: it cannot, and the connection is gone. */
static bool watch_connection(struct connection *connection)
{
    struct loop *loop = connection->door->session->loop;
    if (!connection->source)
        connection->source =
            loop_add(loop, connection->fd, EPOLLIN | EPOLLRDHUP, connection_ready, connection);
    if (connection->source) return true;
    free_connection(connection);
    return false;
}

/* The first packet on a connection always fits: if it does not go, nobody is there to take it. */
void door_answer(struct connection *connection, const struct wire_answer *answer, const void *body,
                 size_t length)
{
    struct wire_answer head = *answer;
    char *packet = connection->door->packet;
    if (length > WIRE_PACKET - 1 - sizeof head) length = WIRE_PACKET - 1 - sizeof head;
    head.magic = WIRE_MAGIC;
    head.id = connection->head.id;
    head.body_length = (uint32_t)length;
    memcpy(packet, &head, sizeof head);
    if (length) memcpy(packet + sizeof head, body, length);
    ssize_t sent = send(connection->fd, packet, sizeof head + length, MSG_DONTWAIT | MSG_NOSIGNAL);
    connection->state = CONNECTION_ANSWERED;
    connection->answered = loop_now();
    forget_body(connection);
    set_timer(connection, 0);
    if (sent < 0 || !connection->expected)
        free_connection(connection);
    else if (connection->door->count < connection->door->most / 4)
        loop_remove(steal_pointer(&connection->source));
    else
        watch_connection(connection); /* there is no room to let it lie */
}

void door_go(struct connection *connection)
{
    struct wire_answer answer = {.verdict = WIRE_GO};
    door_answer(connection, &answer, NULL, 0);
}

void door_no(struct connection *connection, int error, const char *message)
{
    struct wire_answer answer = {.verdict = WIRE_NO, .error = error};
    if (connection->door->session->options->quiet || !message) message = "";
    door_answer(connection, &answer, message, strlen(message));
}

/* ---- requests ---- */

/* Finds the strings in the body: as many as were announced, and nothing after them. */
static bool find_strings(struct connection *connection)
{
    uint32_t count = connection->head.strings;
    /* Ends with NULL, as argv does. */
    connection->strings = xcalloc((size_t)count + 1, sizeof *connection->strings);
    if (!count) return true;
    const char *at = connection->body, *end = connection->body + connection->length;
    for (uint32_t i = 0; i < count; i++) {
        const char *nul = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        if (!nul) return false;
        connection->strings[i] = at;
        at = nul + 1;
    }
    return at == end;
}

static const char *wrong_with_head(const struct wire_request *head)
{
    const struct kind *kind = kind_of(head);
    if (head->magic != WIRE_MAGIC) return "a request without its mark";
    if (!kind) return "a request of no known kind";
    if (head->body_length > kind->most_bytes) return "a request larger than its kind may be";
    if (head->strings < kind->fewest_strings || head->strings > kind->most_strings)
        return "a request with too few or too many strings";
    if (head->strings > head->body_length) return "a request with more strings than bytes";
    return NULL;
}

/* The request is whole. */
static void handle(struct connection *connection)
{
    if (!find_strings(connection)) {
        door_drop(connection, "a request whose strings are not as many as it says");
        return;
    }
    const char *who = visitor_find(connection);
    if (who) {
        bool ended = visitor_ended(connection);
        if (!ended) door_event(connection->door, "foreign", connection->caller.pid, who);
        door_drop(connection, ended ? "a request of a process that is gone" : NULL);
        return;
    }
    if (connection->pidfd >= 0) close(connection->pidfd);
    connection->pidfd = -1;
    set_timer(connection, 0);
    /* A process says hello before it asks: what it is now must be known before it may become another. */
    if (hellos_awaited(connection->door->hellos)) entrance_hear(connection->door);
    connection->state = CONNECTION_JUDGING;
    kind_of(&connection->head)->handle(connection);
}

/* NULL, or what is wrong with what came. */
static const char *take_packet(struct connection *connection, const char *data, size_t length)
{
    if (!connection->has_head) {
        if (length < sizeof connection->head) return "a packet that is no request";
        memcpy(&connection->head, data, sizeof connection->head);
        const char *wrong = wrong_with_head(&connection->head);
        if (wrong) return wrong;
        connection->has_head = true;
        data += sizeof connection->head;
        length -= sizeof connection->head;
    }
    if (length > connection->head.body_length - connection->length) return "a request longer than it says";
    if (connection->door->body_bytes + length > MOST_BODIES) return "too many large requests at once";
    if (!length) return NULL;
    connection->body = xrealloc(connection->body, connection->length + length, 1);
    memcpy(connection->body + connection->length, data, length);
    connection->length += length;
    connection->door->body_bytes += length;
    return NULL;
}

static void read_request(struct connection *connection)
{
    for (;;) {
        char *packet = connection->door->packet;
        ssize_t got = recv(connection->fd, packet, WIRE_PACKET, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            door_drop(connection, connection->has_head ? "a request that was broken off" : NULL);
            return;
        }
        const char *wrong = (size_t)got > WIRE_PACKET ? "a packet larger than any may be"
                                                      : take_packet(connection, packet, (size_t)got);
        if (wrong) {
            door_drop(connection, wrong);
            return;
        }
        if (connection->length < connection->head.body_length) continue;
        handle(connection);
        return;
    }
}

/* After the answer only one thing may come: that what was approved has failed. */
void door_hear(struct connection *connection)
{
    struct wire_request head;
    ssize_t got = recv(connection->fd, &head, sizeof head, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (loop_now() - connection->answered >= LINGER_MS) door_drop(connection, NULL);
        return;
    }
    bool failed = got == (ssize_t)sizeof head && head.magic == WIRE_MAGIC && head.kind == WIRE_FAILED;
    if (failed) hellos_failed(connection);
    door_drop(connection, failed || got <= 0 ? NULL : "a second request on one connection");
}

void door_sweep(struct door *door)
{
    for (struct connection *connection = door->connections, *next; connection; connection = next) {
        next = connection->next;
        if (connection->state == CONNECTION_ANSWERED) door_hear(connection);
    }
}

static void connection_ready(void *context, int fd, uint32_t events)
{
    struct connection *connection = context;
    (void)fd;
    if (connection->state == CONNECTION_READING)
        read_request(connection);
    else if (connection->state == CONNECTION_ANSWERED)
        door_hear(connection);
    else /* Whoever waits has nothing to say. It has gone, or is no shim of ours. */
        door_drop(connection, events & (EPOLLHUP | EPOLLRDHUP) ? NULL : "words while an answer was awaited");
}

/* ---- the beginning of a connection ---- */

/* Reads what may be there already, and waits for the rest, or for the one who has to answer it. */
static void attend(struct connection *connection)
{
    struct door *door = connection->door;
    door->read = connection;
    read_request(connection);
    bool gone = !door->read;
    door->read = NULL;
    if (gone || connection->state == CONNECTION_ANSWERED) return;
    if (watch_connection(connection) && connection->state == CONNECTION_READING)
        set_timer(connection, READ_MS);
}

void door_welcome(struct door *door, int fd, pid_t pid, uint64_t since, int pidfd)
{
    struct connection *connection = xcalloc(1, sizeof *connection);
    *connection = (struct connection){.known_since = since,
                                      .pidfd = pidfd,
                                      .door = door,
                                      .next = door->connections,
                                      .at = &door->connections,
                                      .fd = fd,
                                      .caller = {.pid = pid}};
    if (door->connections) door->connections->at = &connection->next;
    door->connections = connection;
    door->count++;
    watch_listener(door);
    attend(connection);
}

/* ---- opening and closing ---- */

struct door *door_open(struct session *session, char **why)
{
    struct door *door = xcalloc(1, sizeof *door);
    door->session = session;
    door->most = entrance_room();
    if (!entrance_open(door, why)) {
        names_free(door->names);
        free(door);
        return NULL;
    }
    door->known = known_new(door->most < MOST_KNOWN ? door->most : MOST_KNOWN);
    door->origins = origins_new();
    door->documents = documents_new();
    door->contents = contents_new();
    door->lookups = lookups_new(session->loop);
    door->hellos = hellos_new(door);
    door->hidden = hidden_new();
    return door;
}

void door_started(struct door *door, pid_t pid)
{
    hellos_started(door->hellos, pid);
}

static void say_what_was_left_out(struct door *door)
{
    if (door->events <= MOST_EVENTS) return;
    cleanup_free char *text = xasprintf("%u more events at the door", door->events - MOST_EVENTS);
    audit_event(door->session->audit, "left-out", 0, text);
}

void door_close(struct door *door)
{
    if (!door) return;
    while (door->connections)
        free_connection(door->connections);
    say_what_was_left_out(door);
    hellos_free(door->hellos);
    if (!door->session->options->quiet) hidden_tell(door->hidden);
    hidden_free(door->hidden);
    names_free(door->names);
    lookups_free(door->lookups);
    origins_free(door->origins);
    documents_free(door->documents);
    known_free(door->known);
    contents_free(door->contents);
    tree_free(door->command_tree);
    entrance_close(door);
    free(door);
}
