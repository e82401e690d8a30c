/* choices.c: see choices.h. */
#include "choices.h"

#include <stdlib.h>
#include <string.h>

#include "../../policy/plain.h"
#include "../plain/memory.h"
#include "always.h"
#include "likeness.h"

static void offer(struct question *question, enum scope scope, char *covers)
{
    question->choices[question->choice_count++] = (struct choice){.scope = scope, .covers = covers};
}

static char *exactly(const struct question *question)
{
    if (question->act == ACT_EXEC) return likeness_words(question);
    return xstrdup(question->act == ACT_CONNECT ? question->address : question->path);
}

static char *likes(const struct question *question, const struct session *session)
{
    struct likeness likeness;
    char *covers;
    if (likeness_like(question, session->policy, &likeness, &covers)) return covers;
    cleanup_free char *directory = likeness_directory_of(question, session->places.home);
    return directory ? xasprintf("%s/**", directory) : NULL;
}

/* The process whose doings a yes to "everything it starts" covers: the one that asks, or, where that one
 * starts another, the new one. */
static char *tree(const struct question *question)
{
    const char *name = question->program ? last_name(question->program) : "?";
    if (question->spawns) return xasprintf("everything that this %s does and starts", name);
    return xasprintf("everything that %s (process %d) does and starts", name, (int)question->pid);
}

void choices_fill(struct question *question, const struct session *session, const struct act *act, bool core)
{
    offer(question, SCOPE_ONCE, NULL);
    if (!question->from_input) {
        offer(question, SCOPE_EXACT, exactly(question));
        char *covers = likes(question, session);
        if (covers) offer(question, SCOPE_LIKE, covers);
    }
    offer(question, SCOPE_TREE, tree(question));
    if (core || question->from_input) return;
    question->always_rule = always_rule(question, session, act);
    if (question->always_rule)
        offer(question, SCOPE_ALWAYS, xasprintf("%s: %s", act_name(question->act), question->always_rule));
}
