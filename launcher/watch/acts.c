/* acts.c: a call that comes to several acts: they are judged one after the other, and the first that is
 * not allowed ends it (parts.h).
 */
#include <errno.h>

#include "parts.h"

static void judge_next(struct call *call);

static void judged(struct call *call)
{
    call->matter = NULL;
    judge_next(call);
}

static void judge_next(struct call *call)
{
    struct decision decision;
    if (call->acts->too_many) {
        if (!call_find_caller(call)) return;
        call_tell(call, acts_too_many);
        watch_event(call->watch, "too-many", call->caller.pid, filter_call_name(call->notification.data.nr));
        call_return(call, -EACCES);
        return;
    }
    const struct file_act *next = acts_next(call->acts, call->watch->session->image, &decision);
    if (!next) {
        call->all_allowed(call);
        return;
    }
    struct matter *matter = call_matter(call, judged);
    if (matter) acts_put(matter, next, &decision, 0);
}

void call_acts(struct call *call, struct acts *acts, void (*allowed)(struct call *call))
{
    call->acts = acts;
    call->all_allowed = allowed;
    judge_next(call);
}
