/* queue.c: message queues with names (mq_overview(7)): files of a file system that need not be mounted
 * anywhere. They are judged under the names that they have where it is (parts.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../callers/memory_of.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"
#include "../questions/question.h"
#include "parts.h"

#define FOLDER "/dev/mqueue/"

struct queue {
    struct acts acts;
    char name[NAME_MAX + 2];
    uint64_t flags, mode;
    bool has_attributes;
    struct mq_attr attributes;
};

static void free_queue(void *own)
{
    struct queue *queue = own;
    acts_free(&queue->acts);
    free(queue);
}

static int read_queue(const struct call *call, struct queue *queue)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    bool opens = call->notification.data.nr == __NR_mq_open;
    int error = memory_string(call->tid, args[0], queue->name, sizeof queue->name);
    if (error || !opens) return error;
    queue->flags = (uint32_t)args[1];
    queue->mode = (mode_t)args[2];
    queue->has_attributes = args[3]; /* which the kernel reads in any case */
    return queue->has_attributes
               ? memory_copy(call->tid, args[3], &queue->attributes, sizeof queue->attributes)
               : 0;
}

static void add_acts(struct call *call, struct queue *queue)
{
    char path[sizeof FOLDER + sizeof queue->name];
    bool opens = call->notification.data.nr == __NR_mq_open;
    uint64_t access = queue->flags & O_ACCMODE;
    snprintf(path, sizeof path, FOLDER "%s", queue->name);
    if (opens && access != O_WRONLY) acts_add(&queue->acts, ACT_READ, path, NULL, NULL);
    if (!opens || access != O_RDONLY || queue->flags & O_CREAT)
        acts_add(&queue->acts, ACT_WRITE, path, change_name(opens ? WIRE_CHANGE_OPEN : WIRE_CHANGE_REMOVE),
                 NULL);
}

static void carry_out(struct call *call)
{
    struct queue *queue = call->own;
    bool opens = call->notification.data.nr == __NR_mq_open;
    mode_t mask = call_umask(call);
    if (!call_shares_objects(call)) {
        call_return(call, -EACCES);
        return;
    }
    if (!call_act(call, EACCES)) return;
    mode_t own = umask(mask);
    long result = opens ? syscall(__NR_mq_open, queue->name, (int)queue->flags | O_CLOEXEC, queue->mode,
                                  queue->has_attributes ? &queue->attributes : NULL)
                        : syscall(__NR_mq_unlink, queue->name);
    int error = errno;
    umask(own);
    call_acted(call);
    if (result < 0)
        call_return(call, -error);
    else if (opens)
        call_give(call, (int)result, queue->flags & O_CLOEXEC);
    else
        call_return(call, result);
}

void watch_queue(struct call *call)
{
    struct queue *queue = xcalloc(1, sizeof *queue);
    call->own = queue;
    call->free_own = free_queue;
    queue->acts.actor.pid = call->tid;
    int error = read_queue(call, queue);
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (!error && strchr(queue->name, '/')) error = EACCES; /* as the kernel says */
    if (error) {
        call_return(call, -error);
        return;
    }
    add_acts(call, queue);
    call_acts(call, &queue->acts, carry_out);
}
