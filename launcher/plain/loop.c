/* loop.c: epoll for descriptors, and poll for it and one more; a binary heap for timers, and the kernel's own
 * for the first of them.
 *
 * It is a descriptor, and no time limit of each wait: where something is due soon the kernel sets its clock
 * anew at the beginning and at the end of every wait with a limit, which takes 10 us each on a virtual
 * machine. */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"

#define BATCH 64

struct loop_source {
    struct loop *loop;
    struct loop_source *next_removed;
    loop_ready *ready; /* NULL: removed */
    void *context;
    int fd;
};

struct loop_timer {
    struct loop *loop;
    int64_t when;
    uint64_t number; /* of two for the same moment, the older comes first */
    size_t place;    /* in the heap */
    loop_expired *expired;
    void *context;
};

struct loop {
    int epoll;
    struct loop_source *near; /* not in the epoll; or NULL */
    bool stopped;
    struct loop_source *removed; /* freed when no event that is at hand can still name them */
    struct loop_timer **timers;  /* heap: the soonest first */
    struct loop_source *clock;   /* in the epoll: the kernel's timer */
    int64_t set_for;             /* what that is set for: the first of them, or one that was */
    size_t timer_count, timer_room;
    uint64_t timers_made;
};

int64_t loop_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void rang(void *context, int fd, uint32_t events)
{
    struct loop *loop = context;
    uint64_t times;
    (void)events;
    if (read(fd, &times, sizeof times) == (ssize_t)sizeof times) loop->set_for = INT64_MAX;
}

struct loop *loop_new(void)
{
    struct loop *loop = xcalloc(1, sizeof *loop);
    loop->set_for = INT64_MAX;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    int clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->epoll >= 0 && clock >= 0) loop->clock = loop_add(loop, clock, EPOLLIN, rang, loop);
    if (loop->clock) return loop;
    int failure = errno;
    if (loop->epoll >= 0) close(loop->epoll);
    if (clock >= 0) close(clock);
    free(loop);
    errno = failure;
    return NULL;
}

static void free_removed(struct loop *loop)
{
    while (loop->removed) {
        struct loop_source *source = loop->removed;
        loop->removed = source->next_removed;
        free(source);
    }
}

void loop_free(struct loop *loop)
{
    if (!loop) return;
    int clock = loop->clock->fd;
    loop_close(&loop->clock, &clock);
    free_removed(loop);
    free(loop->near);
    for (size_t i = 0; i < loop->timer_count; i++)
        free(loop->timers[i]);
    free(loop->timers);
    close(loop->epoll);
    free(loop);
}

struct loop_source *loop_add(struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *context)
{
    struct loop_source *source = xcalloc(1, sizeof *source);
    *source = (struct loop_source){.loop = loop, .ready = ready, .context = context, .fd = fd};
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        int failure = errno;
        free(source);
        errno = failure;
        return NULL;
    }
    return source;
}

struct loop_source *loop_add_near(struct loop *loop, int fd, loop_ready *ready, void *context)
{
    if (loop->near) {
        errno = EBUSY;
        return NULL;
    }
    loop->near = xcalloc(1, sizeof *loop->near);
    *loop->near = (struct loop_source){.loop = loop, .ready = ready, .context = context, .fd = fd};
    return loop->near;
}

int loop_change(struct loop_source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(source->loop->epoll, EPOLL_CTL_MOD, source->fd, &event);
}

void loop_remove(struct loop_source *source)
{
    if (!source) return;
    if (source == source->loop->near)
        source->loop->near = NULL;
    else
        epoll_ctl(source->loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
    source->ready = NULL;
    source->next_removed = source->loop->removed;
    source->loop->removed = source;
}

void loop_close(struct loop_source **source, int *fd)
{
    loop_remove(*source);
    *source = NULL;
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static bool sooner(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->when != b->when ? a->when < b->when : a->number < b->number;
}

static void put(struct loop *loop, struct loop_timer *timer, size_t place)
{
    loop->timers[place] = timer;
    timer->place = place;
}

/* Finds the place for `timer`, from an empty place up or down the heap. */
static void settle(struct loop *loop, struct loop_timer *timer, size_t place)
{
    while (place > 0 && sooner(timer, loop->timers[(place - 1) / 2])) {
        put(loop, loop->timers[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    for (size_t child; (child = 2 * place + 1) < loop->timer_count; place = child) {
        if (child + 1 < loop->timer_count && sooner(loop->timers[child + 1], loop->timers[child])) child++;
        if (!sooner(loop->timers[child], timer)) break;
        put(loop, loop->timers[child], place);
    }
    put(loop, timer, place);
}

struct loop_timer *loop_after(struct loop *loop, int64_t milliseconds, loop_expired *expired, void *context)
{
    struct loop_timer *timer = xcalloc(1, sizeof *timer);
    /* One more, because part of the present millisecond has passed: a timer may be late, never early. */
    int64_t now = loop_now(), wait = milliseconds > 0 ? milliseconds + (milliseconds < INT64_MAX) : 0;
    *timer = (struct loop_timer){.loop = loop,
                                 .when = wait > INT64_MAX - now ? INT64_MAX : now + wait,
                                 .number = loop->timers_made++,
                                 .expired = expired,
                                 .context = context};
    if (loop->timer_count == loop->timer_room) {
        loop->timer_room = loop->timer_room ? 2 * loop->timer_room : 16;
        loop->timers = xrealloc(loop->timers, loop->timer_room, sizeof *loop->timers);
    }
    settle(loop, timer, loop->timer_count++);
    return timer;
}

static void take_out(struct loop_timer *timer)
{
    struct loop *loop = timer->loop;
    struct loop_timer *last = loop->timers[--loop->timer_count];
    if (last != timer) settle(loop, last, timer->place);
}

void loop_cancel(struct loop_timer *timer)
{
    if (!timer) return;
    take_out(timer);
    free(timer);
}

#define LONGEST_MS (1000 * 60 * 60 * 24) /* there is no harm in looking once a day */

/* How long to wait: not at all, or until the kernel's timer. */
static int set_clock(struct loop *loop)
{
    if (loop->timer_count == 0) return -1;
    int64_t when = loop->timers[0]->when, now = loop_now();
    if (when <= now) return 0;
    if (when - now > LONGEST_MS) when = now + LONGEST_MS;
    if (when >= loop->set_for) return -1;
    const struct itimerspec at = {.it_value = {.tv_sec = when / 1000, .tv_nsec = when % 1000 * 1000000}};
    if (timerfd_settime(loop->clock->fd, TFD_TIMER_ABSTIME, &at, NULL)) return (int)(when - now);
    loop->set_for = when;
    return -1;
}

static void fire_timers(struct loop *loop)
{
    /* A timer that is set for now by one of these belongs to the next round, so that descriptors get their
     * turn. */
    uint64_t made = loop->timers_made;
    int64_t now = loop_now();
    while (!loop->stopped && loop->timer_count > 0) {
        struct loop_timer *timer = loop->timers[0];
        if (timer->when > now || timer->number >= made) return;
        loop_expired *expired = timer->expired;
        void *context = timer->context;
        take_out(timer);
        free(timer);
        expired(context);
    }
}

static void dispatch(struct loop_source *source, uint32_t events)
{
    if (source->ready) source->ready(source->context, source->fd, events);
}

static int dispatch_all(struct loop *loop, int timeout)
{
    struct epoll_event events[BATCH];
    int count = epoll_wait(loop->epoll, events, BATCH, timeout);
    for (int i = 0; i < count && !loop->stopped; i++)
        dispatch(events[i].data.ptr, events[i].events);
    return count;
}

/* What poll says of a descriptor is what epoll says of it: the numbers are the same. */
static int dispatch_near(struct loop *loop, int timeout)
{
    struct pollfd both[] = {{.fd = loop->epoll, .events = POLLIN}, {.fd = loop->near->fd, .events = POLLIN}};
    int count = poll(both, 2, timeout);
    if (count <= 0) return count;
    if (both[1].revents) dispatch(loop->near, (uint32_t)both[1].revents);
    return both[0].revents && !loop->stopped ? dispatch_all(loop, 0) : count;
}

int loop_run(struct loop *loop)
{
    loop->stopped = false;
    while (!loop->stopped) {
        int timeout = set_clock(loop);
        int count = loop->near ? dispatch_near(loop, timeout) : dispatch_all(loop, timeout);
        if (count < 0 && errno != EINTR) return -1;
        fire_timers(loop);
        free_removed(loop);
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
