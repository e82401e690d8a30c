/* guard.c: see guard.h. */
#include "guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../filter/filter.h"
#include "../filter/notify.h"
#include "../plain/memory.h"
#include "capabilities.h"

/* What is only looked on must all come by. */
static void make_lane(struct guard_setup *guard, const struct run_options *options)
{
    if (options->no_lane)
        guard->lane_why = "--no-lane";
    else if (options->mode == MODE_OBSERVE)
        guard->lane_why = "everything is recorded";
    else
        guard->lane = lane_new(&guard->lane_why);
}

bool guard_prepare(struct guard_setup *guard, const struct session *session, char **why)
{
    int abi = floor_abi(), pair[2];
    *guard = (struct guard_setup){.ruleset = -1, .ours = -1, .theirs = -1};
    make_lane(guard, session->options);
    const struct filter_options options = {.lane = guard->lane != NULL,
                                           .lane_segment = guard->lane ? lane_segment(guard->lane) : -1,
                                           .udp = policy_makes(session->image, SOCKET_UDP),
                                           .unix_datagrams =
                                               policy_makes(session->image, SOCKET_UNIX_DATAGRAM),
                                           .signals_scoped = abi >= FLOOR_HOLDS_SIGNALS};
    guard->plan = floor_plan(session->policy, session->image, FLOOR_BUDGET);
    guard->ruleset = floor_build(guard->plan, abi);
    if (guard->ruleset < 0) {
        *why = xasprintf("the floor (Landlock) cannot be laid: %s", strerror(errno));
    } else if (!filter_make(&options, &guard->filter)) {
        *why = xstrdup("the filter cannot be made");
    } else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        *why = xasprintf("a pair of sockets: %s", strerror(errno));
    } else {
        guard->ours = pair[0];
        guard->theirs = pair[1];
        return true;
    }
    guard_release(guard);
    return false;
}

void guard_release(struct guard_setup *guard)
{
    if (guard->ruleset >= 0) close(guard->ruleset);
    if (guard->ours >= 0) close(guard->ours);
    if (guard->theirs >= 0) close(guard->theirs);
    free(guard->filter.filter);
    floor_plan_free(guard->plan);
    lane_free(guard->lane);
    *guard = (struct guard_setup){.ruleset = -1, .ours = -1, .theirs = -1};
}

int guard_enter(const struct guard_setup *guard)
{
    if (capabilities_drop() || floor_enter(guard->ruleset)) return -1;
    int listener = notify_install(&guard->filter);
    return listener < 0 ? -1 : notify_send_listener(guard->theirs, listener);
}
