/* question.c: see question.h. */
#include "question.h"

#include <stdlib.h>

const char *act_name(enum act_kind act)
{
    static const char *const names[ACT_KINDS] = {"read", "write", "exec", "connect", "debug"};
    return names[act];
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"allow", "ask", "deny"};
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

void question_free(struct question *question)
{
    if (!question) return;
    for (size_t i = 0; i < question->argc; i++)
        free((char *)question->argv[i].data);
    for (size_t i = 0; i < question->chain_length; i++)
        free(question->chain[i].program);
    for (size_t i = 0; i < question->choice_count; i++)
        free(question->choices[i].covers);
    free(question->argv);
    free(question->chain);
    free(question->program);
    free(question->path);
    free(question->address);
    free(question->cwd);
    free(question->via);
    free(question->python_file);
    free(question->python_function);
    free(question->rule_place);
    free(question->rule_text);
    free(question->because);
    free(question->always_rule);
    free(question);
}
