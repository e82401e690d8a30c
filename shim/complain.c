/* complain.c: see complain.h. */
#include "complain.h"

#include <asm/poll.h>
#include <linux/time_types.h>

#include "bytes.h"
#include "raw/raw.h"

/* Whether a line may be written there: it is open, no data file that happens to have the number, and would
 * not block or raise SIGPIPE. */
static bool takes_words(int fd)
{
    struct stat status;
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    struct __kernel_timespec soon = {.tv_nsec = 200 * 1000 * 1000};
    long flags = raw_fcntl(fd, F_GETFL, 0);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || raw_fstat(fd, &status)) return false;
    if ((status.st_mode & S_IFMT) == S_IFREG) return (flags & O_ACCMODE) != O_RDWR;
    return raw_call(__NR_ppoll, &ready, 1, &soon, 0, 0) == 1 &&
           !(ready.revents & (POLLERR | POLLHUP | POLLNVAL));
}

void complain_say(const char *words, size_t length)
{
    if (!length || !takes_words(2)) return;
    while (length) {
        long written = raw_call(__NR_write, 2, words, length);
        if (written == -EINTR) continue;
        if (written <= 0) return;
        words += written;
        length -= (size_t)written;
    }
}

#define LONGEST_WORD 200
#define LONGEST_DEED 500

/* A few lines, put together on the stack. */
struct lines {
    char bytes[800];
    size_t length;
};

static void add(struct lines *lines, const char *text)
{
    while (*text && lines->length < sizeof lines->bytes)
        lines->bytes[lines->length++] = *text++;
}

/* Something that the program wrote: what could draw on a screen is left out, and so is the end of what is
 * long. */
static void add_foreign(struct lines *lines, const char *text)
{
    size_t end = lines->length + LONGEST_WORD < LONGEST_DEED ? lines->length + LONGEST_WORD : LONGEST_DEED;
    if (lines->length >= LONGEST_DEED) return;
    add(lines, " ");
    for (; *text && lines->length < end; text++)
        lines->bytes[lines->length++] = *text < ' ' || *text > '~' ? '?' : *text;
    if (*text) add(lines, "...");
}

static const char *deed_of(const struct request *request)
{
    static const char *const deeds[] = {
        [WIRE_EXEC] = "run",        [WIRE_SHELL] = "run by a shell",
        [WIRE_READ] = "read",       [WIRE_WRITE] = "write",
        [WIRE_CONNECT] = "connect", [WIRE_SEND] = "send a datagram",
        [WIRE_LOOKUP] = "look up",  [WIRE_SOCKET] = "make a socket",
        [WIRE_MOVE] = "rename",     [WIRE_PROCESS] = "reach a process",
        [WIRE_DEBUG] = "debug",
    };
    return request->kind < sizeof deeds / sizeof *deeds && deeds[request->kind] ? deeds[request->kind]
                                                                                : "act";
}

static const struct reason {
    long error;
    const char *why, *next;
} reasons[] = {
    {-EPERM, "the program's own sandbox keeps it from the launcher, which has to be asked",
     "run it without its sandbox"},
    {-EACCES, "the program's own sandbox keeps it from the launcher, which has to be asked",
     "run it without its sandbox"},
    {-ENOSYS, "the program's own sandbox keeps it from the launcher, which has to be asked",
     "run it without its sandbox"},
    {-EMFILE, "no descriptor is left to ask the launcher with", "close some, or raise the limit"},
    {-ENFILE, "no descriptor is left to ask the launcher with", "close some, or raise the limit"},
    {-ENOMEM, "no memory is left to ask the launcher with", "use less, or raise the limit"},
    {-E2BIG, "it is too long to ask about", "do it in pieces"},
    {0, "nobody could be asked: the launcher does not answer", "begin the run again"},
};

long complain_unanswered(const struct request *request, long error)
{
    struct lines lines = {.length = 0};
    const struct reason *reason = reasons;
    while (reason->error && reason->error != error)
        reason++;
    add(&lines, "askfirst: denied: ");
    add(&lines, deed_of(request));
    if (request->string_count) add_foreign(&lines, request->strings[0]);
    for (size_t i = 1; i < request->argc && i < 8; i++)
        add_foreign(&lines, request->argv[i]);
    add(&lines, "\naskfirst:   why: ");
    add(&lines, reason->why);
    add(&lines, "\naskfirst:   next: ");
    add(&lines, reason->next);
    add(&lines, "\n");
    complain_say(lines.bytes, lines.length);
    return error == -EMFILE || error == -ENFILE || error == -E2BIG || error == -ENOMEM ? error : -EACCES;
}
