/* door.c: what the shim asks under guard kernel, by a call that is trapped for it (wire.h): to look up
 * a name. Whoever makes this call without the shim gains nothing by it: the name is judged, and it is the
 * launcher that looks it up (parts.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../callers/memory_of.h"
#include "../plain/memory.h"
#include "parts.h"

#define LONGEST_BODY 2048

struct asked {
    struct wire_request head;
    char body[LONGEST_BODY + 1];
    struct name name;
    struct act act;
    struct decision decision;
    struct lookup *lookup; /* while it is under way */
};

static void free_asked(void *own)
{
    struct asked *asked = own;
    lookup_cancel(asked->lookup);
    free(asked);
}

/* The caller's memory is held by a descriptor before the call is known to wait still, so that it is nobody
 * else's. */
static int64_t write_answer(const struct call *call, const struct wire_answer *answer, const char *body,
                            size_t length)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    char path[32];
    if (args[4] < sizeof *answer || length > args[4] - sizeof *answer) return -E2BIG;
    snprintf(path, sizeof path, "/proc/%d/mem", call->tid);
    cleanup_fd int memory = open(path, O_RDWR | O_CLOEXEC);
    if (memory < 0) return -EACCES;
    if (!notify_valid(&call->watch->notify, call->notification.id)) return -ESRCH;
    off_t at = (off_t)args[3];
    if (pwrite(memory, answer, sizeof *answer, at) != (ssize_t)sizeof *answer) return -EFAULT;
    if (pwrite(memory, body, length, at + (off_t)sizeof *answer) != (ssize_t)length) return -EFAULT;
    return (int64_t)(sizeof *answer + length);
}

static void looked_up(void *context, int error, const struct wire_address *addresses, size_t count,
                      const char *canonical)
{
    struct call *call = context;
    struct asked *asked = call->own;
    size_t size;
    asked->lookup = NULL;
    cleanup_free char *body = name_found(&asked->name, error, addresses, count, canonical, &size);
    const struct wire_answer answer = {.magic = WIRE_MAGIC,
                                       .id = asked->head.id,
                                       .verdict = WIRE_GO,
                                       .error = error,
                                       .body_length = (uint32_t)size};
    call_return(call, write_answer(call, &answer, body, size));
}

static void begin(struct call *call)
{
    struct asked *asked = call->own;
    call->matter = NULL;
    call_wait(call);
    asked->lookup = name_look_up(call->watch->session->door, &asked->name, looked_up, call);
    if (!asked->lookup) looked_up(call, EAI_AGAIN, NULL, 0, "");
}

/* Two strings, and nothing after them. */
static bool read_name(struct asked *asked)
{
    const size_t length = asked->head.body_length, node = strnlen(asked->body, length);
    if (node == length) return false;
    const char *service = asked->body + node + 1;
    asked->name = (struct name){asked->body, service, asked->head.detail};
    return strnlen(service, length - node - 1) == length - node - 2;
}

static int read_request(const struct call *call, struct asked *asked)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    struct wire_request *head = &asked->head;
    int error = memory_copy(call->tid, args[2], head, sizeof *head);
    if (error) return error;
    if (head->magic != WIRE_MAGIC || head->kind != WIRE_LOOKUP || head->strings != 2) return EINVAL;
    if (head->body_length < 2 || head->body_length > LONGEST_BODY) return EINVAL;
    error = memory_copy(call->tid, args[2] + sizeof *head, asked->body, head->body_length);
    return error ? error : read_name(asked) ? 0 : EINVAL;
}

void watch_door(struct call *call)
{
    struct asked *asked = xcalloc(1, sizeof *asked);
    call->own = asked;
    call->free_own = free_asked;
    if (!call_is_own(call, EACCES)) return;
    int error = call->notification.data.args[1] == WIRE_CALL_ASK ? read_request(call, asked) : EINVAL;
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (error) {
        call_return(call, -error);
        return;
    }
    if (name_decide(call->watch->session->door, &asked->name, &asked->act, &asked->decision) ==
        VERDICT_ALLOW) {
        begin(call);
        return;
    }
    struct matter *matter = call_matter(call, begin);
    if (matter) name_judge(matter, &asked->name, &asked->act, &asked->decision, asked->head.python);
}
