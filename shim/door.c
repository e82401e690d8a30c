/* door.c: asking the launcher (door.h, wire.h).
 *
 * A connection is made for each request: inherited descriptors do not survive programs that close everything,
 * and what is not shared needs no lock and no care after fork. Signals are left alone: the handlers run while
 * this waits.
 */
#include "door.h"

#include <linux/uio.h>

#include "bytes.h"
#include "complain.h"
#include "python.h"
#include "raw/raw.h"

#define DATAGRAM 2                 /* SOCK_DGRAM */
#define SEQPACKET 5                /* SOCK_SEQPACKET */
#define SOCKET_CLOEXEC O_CLOEXEC   /* SOCK_CLOEXEC */
#define SEND_QUIETLY 0x4000        /* MSG_NOSIGNAL */
#define RECEIVE_LOOK (0x02 | 0x20) /* MSG_PEEK, and MSG_TRUNC: its whole length comes back */
#define LETTER_SMALL 320

/* A buffer for packets: on the stack, or in private memory where more is to be carried. The connection is
 * made when the first packet is full or whole: the launcher, which a connection wakes, finds it there. */
struct letter {
    const struct session *unreached; /* NULL: it is connected */
    int tid;                         /* whose it is */
    char *bytes;
    size_t length;
    size_t room;
    char small[LETTER_SMALL] __attribute__((aligned(8)));
};

static void letter_begin(struct letter *letter, const struct session *unreached)
{
    letter->unreached = unreached;
    letter->tid = raw_gettid();
    letter->bytes = letter->small;
    letter->length = 0;
    letter->room = LETTER_SMALL;
}

static bool letter_widen(struct letter *letter)
{
    char *memory;
    if (letter->bytes != letter->small) return true;
    if (!(memory = raw_map(WIRE_PACKET))) return false;
    letter->bytes = memory;
    letter->room = WIRE_PACKET;
    return true;
}

static void letter_end(struct letter *letter)
{
    if (letter->bytes != letter->small) raw_unmap(letter->bytes, WIRE_PACKET);
}

static long reach(int fd, const struct session *session)
{
    long done;
    do
        done = raw_call(__NR_connect, fd, &session->door, session->door_length);
    while (done == -EINTR);
    return done;
}

static long letter_send(struct letter *letter, int fd)
{
    long sent = letter->unreached ? reach(fd, letter->unreached) : 0;
    if (sent < 0) return sent;
    letter->unreached = NULL;
    do
        sent = raw_call(__NR_sendto, fd, letter->bytes, letter->length, SEND_QUIETLY, 0, 0);
    while (sent == -EINTR);
    letter->length = 0;
    return sent < 0 ? sent : 0;
}

/* Adds bytes, and sends each packet that is full. */
static long letter_add(struct letter *letter, int fd, const void *bytes, size_t size)
{
    const char *from = bytes;
    while (size) {
        size_t part = letter->room - letter->length;
        if (part > size) part = size;
        memcpy(letter->bytes + letter->length, from, part);
        letter->length += part;
        from += part;
        size -= part;
        if (letter->length == letter->room) {
            long sent = letter_send(letter, fd);
            if (sent) return sent;
        }
    }
    return 0;
}

static long new_socket(int type)
{
    return raw_call(__NR_socket, 1 /* AF_UNIX */, type | SOCKET_CLOEXEC, 0);
}

/* Out of the way of a program that counts on the lowest number being free. */
static int move_up(int fd)
{
    long high = raw_fcntl(fd, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
    if (high < 0) return fd;
    raw_close(fd);
    return (int)high;
}

static size_t string_at(const struct request *request, size_t index, const char **string)
{
    *string = index < request->string_count ? request->strings[index]
                                            : request->argv[index - request->string_count];
    return strlen(*string) + 1;
}

static size_t body_size(const struct request *request)
{
    size_t size = request->size;
    const char *string;
    for (size_t i = 0; i < request->string_count + request->argc; i++)
        size += string_at(request, i, &string);
    return size;
}

/* Its last packet stays in the letter. A body that has changed since it was measured is none. */
static long write_request(int fd, struct letter *letter, const struct request *request, size_t size,
                          uint32_t id)
{
    size_t count = request->string_count + request->argc;
    const char *string;
    if (size > WIRE_BODY) return -E2BIG;
    struct wire_request head = {
        .magic = WIRE_MAGIC,
        .kind = request->kind,
        .id = id,
        .flags = request->flags,
        .detail = request->detail,
        .strings = (uint32_t)count,
        .body_length = (uint32_t)size,
        .tid = letter->tid,
        .python = python_note(),
        .device = request->device,
        .inode = request->inode,
    };
    if (sizeof head + size > letter->room && !letter_widen(letter)) return -ENOMEM;
    long sent = letter_add(letter, fd, &head, sizeof head);
    if (!sent && request->size) sent = letter_add(letter, fd, request->bytes, request->size);
    size -= request->size;
    for (size_t i = 0; i < count && !sent; i++) {
        size_t length = string_at(request, i, &string);
        if (length > size) return -E2BIG; /* another thread writes on it meanwhile */
        size -= length;
        sent = letter_add(letter, fd, string, length);
    }
    return sent || !size ? sent : -EINVAL;
}

static long send_request(int fd, struct letter *letter, const struct request *request, uint32_t id)
{
    long sent = write_request(fd, letter, request, body_size(request), id);
    return !sent && letter->length ? letter_send(letter, fd) : sent;
}

/* `size` bytes have come as an answer. What follows its head is ended by a NUL. */
static bool read_answer(struct letter *letter, long size, uint32_t id, struct wire_answer *answer)
{
    if (size < (long)sizeof *answer || (size_t)size >= letter->room) return false;
    memcpy(answer, letter->bytes, sizeof *answer);
    letter->bytes[size] = 0;
    return answer->magic == WIRE_MAGIC && answer->id == id &&
           answer->body_length == (size_t)size - sizeof *answer &&
           (answer->verdict == WIRE_GO || answer->verdict == WIRE_NO);
}

/* The answer as it came, checked; false: it is none. */
static bool receive_answer(int fd, struct letter *letter, uint32_t id, struct wire_answer *answer)
{
    long size;
    do
        size = raw_call(__NR_recvfrom, fd, letter->bytes, letter->room, RECEIVE_LOOK, 0, 0);
    while (size == -EINTR);
    if (size < (long)sizeof *answer || size >= (long)WIRE_PACKET) return false;
    if ((size_t)size >= letter->room && !letter_widen(letter)) return false;
    do
        size = raw_call(__NR_recvfrom, fd, letter->bytes, letter->room, 0, 0, 0);
    while (size == -EINTR);
    return read_answer(letter, size, id, answer);
}

void door_complain(const char *why)
{
    char line[160] = "askfirst: denied: ";
    size_t length = strlen(line), size = strlen(why);
    if (size > sizeof line - length - 1) size = sizeof line - length - 1;
    memcpy(line + length, why, size);
    line[length + size] = '\n';
    complain_say(line, length + size + 1);
}

static long no_error(const struct wire_answer *answer)
{
    return answer->error > 0 && answer->error < 4096 ? -(long)answer->error : -EACCES;
}

/* The door's neighbour. */
static unsigned hello_address(struct sockaddr_un *hello, const struct session *session)
{
    unsigned length = session->door_length - (unsigned)sizeof WIRE_DOOR;
    *hello = session->door;
    memcpy((char *)hello + length, WIRE_HELLO, sizeof WIRE_HELLO);
    return length + (unsigned)sizeof WIRE_HELLO;
}

/* A datagram wakes the launcher once. A connection would do so when it is made, and again by what it says. */
long door_hello(const struct session *session)
{
    struct sockaddr_un hello;
    unsigned length = hello_address(&hello, session);
    long fd = new_socket(DATAGRAM), sent;
    if (fd < 0) return fd;
    do
        sent = raw_call(__NR_sendto, fd, "", 0, SEND_QUIETLY, &hello, length);
    while (sent == -EINTR);
    raw_close((int)fd);
    return sent;
}

static uint32_t new_id(const struct letter *letter)
{
    return (uint32_t)letter->tid ^ (uint32_t)(uintptr_t)letter << 12;
}

/* One exchange. The connection comes back in `*door`, the answer in `answer` and what followed it in
 * `letter`. */
static long exchange(const struct session *session, const struct request *request, struct letter *letter,
                     struct wire_answer *answer, int *door)
{
    if (!session_has_image(session)) return -EACCES; /* it was said why */
    long fd = new_socket(SEQPACKET);
    if (fd < 0) return complain_unanswered(request, fd);
    fd = move_up((int)fd);
    uint32_t id = new_id(letter);
    long sent = send_request((int)fd, letter, request, id);
    if (sent || !receive_answer((int)fd, letter, id, answer)) {
        raw_close((int)fd);
        return complain_unanswered(request, sent);
    }
    *door = (int)fd;
    return 0;
}

long door_ask_open(const struct session *session, const struct request *request, int *door)
{
    struct letter letter;
    struct wire_answer answer;
    letter_begin(&letter, session);
    long result = exchange(session, request, &letter, &answer, door);
    if (!result && answer.verdict == WIRE_NO) {
        raw_close(*door);
        complain_say(letter.bytes + sizeof answer, answer.body_length);
        result = no_error(&answer);
    }
    letter_end(&letter);
    return result;
}

long door_ask(const struct session *session, const struct request *request)
{
    int door = -1;
    long result = door_ask_open(session, request, &door);
    if (!result) raw_close(door);
    return result;
}

void door_done(int door, long result)
{
    struct letter letter;
    struct request failed = {.kind = WIRE_FAILED, .detail = (uint32_t)-result};
    if (result < 0) {
        letter_begin(&letter, NULL);
        send_request(door, &letter, &failed, 0);
    }
    raw_close(door);
}

/* Where a program's own sandbox answers in the kernel's stead, the session's name tells. */
bool door_is_a_call(const char *directory)
{
    const size_t length = strlen(directory);
    long there = raw_call(__NR_prctl, WIRE_CALL, WIRE_CALL_THERE);
    return !there || (there != -EINVAL && length && directory[length - 1] == '/');
}

/* The same by a call. The answer takes the request's place. */
static long exchange_by_call(const struct request *request, struct letter *letter, struct wire_answer *answer)
{
    uint32_t id = new_id(letter);
    size_t size = body_size(request);
    if (!letter_widen(letter)) return -ENOMEM;
    if (size >= letter->room - sizeof(struct wire_request)) return -E2BIG;
    long result = write_request(-1, letter, request, size, id);
    if (!result)
        result = raw_call(__NR_prctl, WIRE_CALL, WIRE_CALL_ASK, letter->bytes, letter->bytes, letter->room);
    if (result < 0) return result;
    return read_answer(letter, result, id, answer) ? 0 : -EACCES;
}

long door_lookup(const struct session *session, const struct request *request, void *body, size_t *size,
                 int *code)
{
    struct letter letter;
    struct wire_answer answer;
    int door = -1;
    letter_begin(&letter, session);
    long result = session->judges ? exchange(session, request, &letter, &answer, &door)
                                  : exchange_by_call(request, &letter, &answer);
    if (!result) {
        if (door >= 0) raw_close(door);
        if (answer.verdict == WIRE_NO) {
            complain_say(letter.bytes + sizeof answer, answer.body_length);
            result = no_error(&answer);
        } else {
            if (*size > answer.body_length) *size = answer.body_length;
            memcpy(body, letter.bytes + sizeof answer, *size);
            *code = answer.error;
        }
    }
    letter_end(&letter);
    return result;
}
