/* loop.h: the launcher's one event loop: descriptors and timers, over epoll. No threads, no signals of its
 * own (they come through a signalfd like anything else).
 */
#ifndef ASKFIRST_LOOP_H
#define ASKFIRST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_source; /* a watched descriptor */
struct loop_timer;

typedef void loop_ready(void *context, int fd, uint32_t events); /* events: EPOLLIN, EPOLLOUT, EPOLLHUP… */
typedef void loop_expired(void *context);

struct loop *loop_new(void); /* NULL with errno */
void loop_free(struct loop *loop);

/* Watches `fd` (the caller keeps owning it and removes the source before closing it). NULL with errno. A
 * source may be removed from within any callback, its own included. */
struct loop_source *loop_add(struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *context);
int loop_change(struct loop_source *source, uint32_t events);

/* The same for the one whose callers hand their processor to the launcher while they wait for it: the kernel
 * lets the launcher run there where it waits in poll, but not in epoll, which wakes it on whichever is idle.
 * NULL with errno, too where there is one already. */
struct loop_source *loop_add_near(struct loop *loop, int fd, loop_ready *ready, void *context);

void loop_remove(struct loop_source *source); /* NULL is fine */
/* The same with its descriptor, which is closed (-1: there is none). */
void loop_close(struct loop_source **source, int *fd);

/* Calls once after `milliseconds` of the monotonic clock. loop_cancel() may be called from any callback, but
 * not after the timer has fired. */
struct loop_timer *loop_after(struct loop *loop, int64_t milliseconds, loop_expired *expired, void *context);
void loop_cancel(struct loop_timer *timer); /* NULL is fine */

int64_t loop_now(void); /* monotonic, milliseconds */

int loop_run(struct loop *loop); /* until loop_stop(); -1 with errno when epoll itself fails */
void loop_stop(struct loop *loop);

#endif
