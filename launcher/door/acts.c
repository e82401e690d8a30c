/* acts.c: see acts.h. */
#include "acts.h"

#include <string.h>

#include "../look/process.h"
#include "../plain/memory.h"

const char acts_too_many[] =
    "askfirst: denied: more rules than can be asked about hold below it, or under its other names\n"
    "askfirst:   next: rename what is in it, piece by piece\n";
const char acts_changed[] = "askfirst: denied: what it is about has changed since the question was put\n"
                            "askfirst:   next: do it again\n";

void acts_add(struct acts *acts, enum act_kind kind, const char *path, const char *detail,
              const struct stat *status)
{
    if (acts->count == MOST_ACTS) {
        acts->too_many = true;
        return;
    }
    acts->items[acts->count++] = (struct file_act){kind, xstrdup(path), detail,
                                                   status ? xmemdup(status, sizeof *status) : NULL, false};
}

bool acts_have(const struct acts *acts, enum act_kind kind, const char *path)
{
    for (size_t i = 0; i < acts->count; i++)
        if (acts->items[i].kind == kind && !strcmp(acts->items[i].path, path)) return true;
    return false;
}

void acts_free(struct acts *acts)
{
    for (size_t i = 0; i < acts->count; i++) {
        free(acts->items[i].path);
        free(acts->items[i].status);
    }
    actor_free(&acts->actor);
}

static struct act as_act(const struct file_act *act)
{
    if (act->kind == ACT_CONNECT)
        return (struct act){.kind = ACT_CONNECT, .unix_path = act->path, .unix_length = strlen(act->path)};
    return (struct act){.kind = act->kind, .path = act->path, .path_length = strlen(act->path)};
}

const struct file_act *acts_next(struct acts *acts, const struct image *image, struct decision *decision)
{
    struct file_act *next = NULL;
    for (size_t i = 0; i < acts->count && !(next && decision->verdict == VERDICT_DENY); i++) {
        struct decision one;
        struct act act = as_act(&acts->items[i]);
        if (acts->items[i].done) continue;
        actor_decide(&acts->actor, image, &act, &one);
        if (one.verdict == VERDICT_ALLOW) acts->items[i].done = true;
        if (one.verdict == VERDICT_ALLOW || (next && one.verdict != VERDICT_DENY)) continue;
        next = &acts->items[i];
        *decision = one;
    }
    if (next) next->done = acts->asked = true;
    return next;
}

void acts_put(struct matter *matter, const struct file_act *file_act, const struct decision *decision,
              uint64_t python)
{
    struct act act = as_act(file_act);
    matter_question(matter, act.kind, python);
    struct question *question = matter->question;
    question->program = process_program(question->pid);
    if (act.kind == ACT_CONNECT)
        question->address = xasprintf("unix:%s", file_act->path);
    else
        question->path = xstrdup(file_act->path);
    question->act_detail = act.kind == ACT_WRITE ? file_act->detail : NULL;
    if (file_act->status) {
        question->device = file_act->status->st_dev;
        question->inode = file_act->status->st_ino;
        question->listing = act.kind == ACT_READ && S_ISDIR(file_act->status->st_mode);
    }
    if (question->listing) question->act_detail = "list";
    matter_rule(matter, decision);
    matter_decide(matter, &act, decision);
}
