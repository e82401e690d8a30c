/* objects.c: System V's shared memory, semaphores and message queues (parts.h). They have numbers, and no
 * names that a policy could speak of: what the run has made is its own affair, and what others have made is
 * not reached. The launcher makes them, so that it knows which are the run's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../filter/numbers.h"
#include "../lane/lane.h"
#include "../plain/memory.h"
#include "parts.h"

enum kind { MEMORY, SEMAPHORES, QUEUE, KINDS };

/* Sorted. Memory is not among them: of that the kernel itself says who made it, and it is there for a while
 * after it was removed. */
struct numbers {
    int *of;
    size_t count;
};

struct objects {
    time_t began;
    struct numbers made[KINDS];
};

/* What semctl's last argument is. */
union semun {
    int value;
    struct semid_ds *status;
};

union status {
    struct shmid_ds memory;
    struct semid_ds semaphores;
    struct msqid_ds queue;
};

struct objects *objects_new(void)
{
    struct objects *objects = xcalloc(1, sizeof *objects);
    objects->began = time(NULL);
    return objects;
}

void objects_free(struct objects *objects)
{
    if (!objects) return;
    for (size_t i = 0; i < KINDS; i++)
        free(objects->made[i].of);
    free(objects);
}

/* ---- which are the run's ---- */

/* Where the first is that is not below. */
static size_t place_of(const struct numbers *numbers, int id)
{
    size_t from = 0, to = numbers->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (numbers->of[middle] < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool has(const struct numbers *numbers, int id)
{
    size_t at = place_of(numbers, id);
    return at < numbers->count && numbers->of[at] == id;
}

static void note(struct numbers *numbers, int id)
{
    size_t at = place_of(numbers, id);
    if (has(numbers, id)) return;
    numbers->of = xrealloc(numbers->of, numbers->count + 1, sizeof *numbers->of);
    memmove(numbers->of + at + 1, numbers->of + at, (numbers->count++ - at) * sizeof *numbers->of);
    numbers->of[at] = id;
}

static void forget(struct numbers *numbers, int id)
{
    size_t at = place_of(numbers, id);
    if (!has(numbers, id)) return;
    memmove(numbers->of + at, numbers->of + at + 1, (--numbers->count - at) * sizeof *numbers->of);
}

static int control(enum kind kind, int id, int command, union status *status)
{
    switch (kind) {
    case MEMORY: return shmctl(id, command, &status->memory);
    case SEMAPHORES: return semctl(id, 0, command, (union semun){.status = &status->semaphores});
    default: return msgctl(id, command, &status->queue);
    }
}

/* Why it is not the run's: EACCES: it is another's, or what the kernel says. 0: it is. */
static int why_foreign(const struct call *call, enum kind kind, int id)
{
    const struct watch *watch = call->watch;
    union status status;
    if (kind != MEMORY && has(&watch->objects->made[kind], id)) return 0;
    if (control(kind, id, IPC_STAT, &status)) return errno;
    bool own = kind == MEMORY && status.memory.shm_cpid == getpid() &&
               status.memory.shm_ctime >= watch->objects->began &&
               !(watch->lane && id == lane_segment(watch->lane));
    return own ? 0 : EACCES;
}

static void tell_foreign(struct call *call)
{
    struct watch *watch = call->watch;
    const char *name = filter_call_name(call->notification.data.nr);
    cleanup_free char *message =
        xasprintf("askfirst: denied: %s: somebody outside of the run has made what it is about\n"
                  "askfirst:   next: start the program that has made it within the run\n",
                  name);
    if (!call_find_caller(call)) return;
    watch_event(watch, "foreign-object", call->caller.pid, name);
    if (watch->told != call->caller.pid) call_tell(call, message); /* once: it may be tried again and again */
    watch->told = call->caller.pid;
    call_return(call, -EACCES);
}

/* ---- making ---- */

static int get(enum kind kind, const uint64_t *args, int flags)
{
    switch (kind) {
    case MEMORY: return shmget((key_t)args[0], args[1], flags);
    case SEMAPHORES: return semget((key_t)args[0], (int)args[1], flags);
    default: return msgget((key_t)args[0], flags);
    }
}

static struct ipc_perm *owner_in(enum kind kind, union status *status)
{
    switch (kind) {
    case MEMORY: return &status->memory.shm_perm;
    case SEMAPHORES: return &status->semaphores.sem_perm;
    default: return &status->queue.msg_perm;
    }
}

/* Who asked for it owns it. */
static int give_away(enum kind kind, int id, const struct ids *ids)
{
    union status status;
    struct ipc_perm *owner = owner_in(kind, &status);
    if (control(kind, id, IPC_STAT, &status)) return -1;
    owner->uid = ids->users[ID_EFFECTIVE];
    owner->gid = ids->groups[ID_EFFECTIVE];
    return control(kind, id, IPC_SET, &status);
}

/* Its number; negative: -errno. `*made`: there was none before. */
static int make_or_find(enum kind kind, const uint64_t *args, int flags, bool *made)
{
    bool unnamed = (key_t)args[0] == IPC_PRIVATE;
    int id = -1;
    *made = false;
    if (unnamed || flags & IPC_CREAT) {
        id = get(kind, args, flags | (unnamed ? 0 : IPC_EXCL));
        *made = id >= 0;
        if (*made || unnamed || errno != EEXIST || flags & IPC_EXCL) return *made ? id : -errno;
    }
    id = get(kind, args, flags & ~(IPC_CREAT | IPC_EXCL));
    return id < 0 ? -errno : id;
}

static void make(struct call *call, enum kind kind)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    struct watch *watch = call->watch;
    struct identity caller;
    bool made, others = watch->strangers;
    int flags = (int)args[kind == QUEUE ? 1 : 2];
    if (others && !identity_of(call->tid, &caller)) {
        call_return(call, -EPERM);
        return;
    }
    /* What it takes to have large pages the caller may have given up. */
    if (others && kind == MEMORY && flags & SHM_HUGETLB) {
        call_return(call, -EPERM);
        return;
    }
    int id = make_or_find(kind, args, flags, &made);
    if (made && kind != MEMORY) note(&watch->objects->made[kind], id);
    if (made && others) give_away(kind, id, &caller.ids);
    if (id >= 0 && !made && why_foreign(call, kind, id) && watch_stops(watch))
        tell_foreign(call);
    else
        call_return(call, id);
}

/* ---- using ---- */

static bool removes(const struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    switch (call->notification.data.nr) {
    case __NR_semctl: return (int)args[2] == IPC_RMID;
    case __NR_msgctl: return (int)args[1] == IPC_RMID;
    default: return false;
    }
}

/* The launcher has made it, and may: whoever asks has to own it. */
static bool may_remove(const struct call *call, enum kind kind, int id)
{
    union status status;
    struct identity caller;
    if (!call->watch->strangers) return true;
    return identity_of(call->tid, &caller) && !control(kind, id, IPC_STAT, &status) &&
           owner_in(kind, &status)->uid == caller.ids.users[ID_EFFECTIVE];
}

/* By the launcher, so that it knows: the number may be given to another's. */
static void remove_it(struct call *call, enum kind kind, int id)
{
    union status unused;
    if (!may_remove(call, kind, id)) {
        call_return(call, -EPERM);
        return;
    }
    int error = control(kind, id, IPC_RMID, &unused) ? errno : 0;
    if (!error || error == EINVAL || error == EIDRM) forget(&call->watch->objects->made[kind], id);
    call_return(call, -error);
}

static enum kind kind_of(int number)
{
    switch (number) {
    case __NR_shmget:
    case __NR_shmat:
    case __NR_shmctl: return MEMORY;
    case __NR_semget:
    case __NR_semop:
    case __NR_semtimedop:
    case __NR_semctl: return SEMAPHORES;
    default: return QUEUE;
    }
}

/* All that counts lies in registers. */
void watch_object(struct call *call)
{
    int number = call->notification.data.nr, id = (int)call->notification.data.args[0];
    enum kind kind = kind_of(number);
    if (call->watch->strangers && !call_shares_objects(call)) {
        call_continue(call); /* in a namespace of the run's own */
        return;
    }
    if (number == __NR_shmget || number == __NR_semget || number == __NR_msgget) {
        make(call, kind);
        return;
    }
    int error = why_foreign(call, kind, id);
    if (error == EACCES && watch_stops(call->watch))
        tell_foreign(call);
    else if (!error && removes(call))
        remove_it(call, kind, id);
    else if (error && error != EACCES)
        call_return(call, -error); /* it is not there: in a moment it may be, and another's */
    else
        call_continue(call);
}
