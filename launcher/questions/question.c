/* question.c: see question.h. */
#include "question.h"

#include <stdlib.h>

#include "../../shim/wire.h"

const char *act_name(enum act_kind act)
{
    static const char *const names[ACT_KINDS] = {"read", "write", "exec", "connect", "debug"};
    return names[act];
}

const char *change_name(unsigned change)
{
    static const char *const names[] = {
        [WIRE_CHANGE_OPEN] = "write",
        [WIRE_CHANGE_CREATE] = "create",
        [WIRE_CHANGE_TRUNCATE] = "truncate",
        [WIRE_CHANGE_REMOVE] = "remove",
        [WIRE_CHANGE_RENAME] = "rename",
        [WIRE_CHANGE_LINK] = "link",
        [WIRE_CHANGE_MKDIR] = "make directory",
        [WIRE_CHANGE_RMDIR] = "remove directory",
        [WIRE_CHANGE_MODE] = "change mode of",
        [WIRE_CHANGE_OWNER] = "change owner of",
        [WIRE_CHANGE_TIMES] = "change times of",
        [WIRE_CHANGE_XATTR] = "change attributes of",
        [WIRE_CHANGE_NODE] = "make node",
        [WIRE_CHANGE_MOUNT] = "mount",
        [WIRE_CHANGE_FLAGS] = "change flags of",
        [WIRE_CHANGE_SOCKET] = "make a socket",
    };
    return change < sizeof names / sizeof *names ? names[change] : NULL;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICTS] = {"allow", "ask", "hide", "deny"};
    return names[verdict];
}

const char *scope_name(enum scope scope)
{
    static const char *const names[SCOPES] = {"once", "exact", "like", "tree", "always"};
    return names[scope];
}

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOMES] = {"approved",  "refused", "timeout", "undelivered",
                                                "cancelled", "failed",  "flood"};
    return names[outcome];
}

bool question_offers(const struct question *question, enum scope scope)
{
    for (size_t i = 0; i < question->choice_count; i++)
        if (question->choices[i].scope == scope) return true;
    return false;
}

void ancestors_free(struct ancestor *chain, size_t length)
{
    for (size_t i = 0; i < length; i++)
        free(chain[i].program);
    free(chain);
}

void question_free(struct question *question)
{
    if (!question) return;
    for (size_t i = 0; i < question->argc; i++)
        free((char *)question->argv[i].data);
    for (size_t i = 0; i < question->choice_count; i++)
        free(question->choices[i].covers);
    free(question->argv);
    ancestors_free(question->chain, question->chain_length);
    free(question->program);
    free(question->path);
    free(question->address);
    free(question->cwd);
    free(question->via);
    free(question->input);
    free(question->python_file);
    free(question->python_function);
    free(question->rule_place);
    free(question->rule_text);
    free(question->because);
    free(question->always_rule);
    free(question);
}
