/* filter.h: the seccomp filter of the watch, made from the one table of calls (calls.def).
 *
 * It knows the processor's own calls only: those of another ABI are refused audibly (they trap as `foreign`),
 * and numbers beyond the table with ENOSYS.
 */
#ifndef ASKFIRST_FILTER_FILTER_H
#define ASKFIRST_FILTER_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who answers a call that traps: the room of the watch it belongs to. */
enum call_handler {
    CALL_NONE,
    CALL_open,
    CALL_change,
    CALL_queue,
    CALL_object,
    CALL_exec,
    CALL_connect,
    CALL_bind,
    CALL_socket,
    CALL_send,
    CALL_group,
    CALL_identity,
    CALL_debug,
    CALL_signal,
    CALL_rank,
    CALL_refuse, /* filter.c decides it alone; never traps */
    CALL_foreign /* a call of another ABI, which is recorded and refused */
};

struct filter_options {
    bool lane;                /* openat2 passes where its name and demands lie in the lane (lane.h) */
    int lane_segment;         /* the shared memory that it is */
    bool udp, unix_datagrams; /* such sockets are made freely: each is judged by where it sends */
    bool signals_scoped;      /* the floor holds signals back by itself: they trap for words alone */
};

/* The program is malloc'd in `filter`. False when it would be too long for the kernel. */
bool filter_make(const struct filter_options *options, struct sock_fprog *filter);

/* Which handler a notification with this number and architecture belongs to. */
enum call_handler filter_handler(uint32_t architecture, int number);

/* The name of a call, for people; "?" when it is none of ours. */
const char *filter_call_name(int number);

#endif
