/* message.c: see message.h. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"
#include "../questions/likeness.h"

#define LONGEST_WORD 160u
#define LONGEST_SUBJECT 400u
#define LONGEST_NOTE 1000u

static void add_shown(struct text *text, const char *string, size_t limit)
{
    cleanup_free char *shown = show_string(string ? string : "?", limit);
    text_string(text, shown);
}

static void add_words(struct text *text, const struct question *question)
{
    for (size_t i = 0; i < question->argc; i++) {
        if (text->length > LONGEST_SUBJECT) {
            text_format(text, " … (%zu words)", question->argc);
            return;
        }
        cleanup_free char *word = show_word(question->argv[i].data, question->argv[i].length, LONGEST_WORD);
        text_format(text, "%s%s", i ? " " : "", word);
    }
    if (!question->argc) add_shown(text, question->program, LONGEST_SUBJECT);
}

char *message_subject(const struct question *question)
{
    struct text text = {0};
    if (question->act == ACT_EXEC) {
        add_words(&text, question);
        return text_take(&text);
    }
    text_format(&text, "%s ", question->act_detail ? question->act_detail : act_name(question->act));
    add_shown(&text, question->act == ACT_CONNECT ? question->address : question->path, LONGEST_SUBJECT);
    return text_take(&text);
}

static void add_duration(struct text *text, int64_t milliseconds)
{
    int64_t seconds = (milliseconds + 500) / 1000;
    if (milliseconds < 1000)
        text_format(text, "%lldms", (long long)milliseconds);
    else if (seconds % 60 || seconds < 60)
        text_format(text, "%llds", (long long)seconds);
    else
        text_format(text, "%lldm", (long long)(seconds / 60));
}

/* Who, or what, said no. */
static void add_reason(struct text *text, const struct question *question, const struct answer *answer)
{
    switch (answer->outcome) {
    case OUTCOME_APPROVED: text_string(text, "approved, and then denied"); break;
    case OUTCOME_REFUSED:
        text_string(text, answer->before ? "refused earlier in this run by " : "refused by ");
        add_shown(text, answer->by ? answer->by : "the approver", LONGEST_WORD);
        break;
    case OUTCOME_TIMEOUT:
        text_string(text, "no answer in ");
        add_duration(text, question->expires_at - question->asked_at);
        break;
    case OUTCOME_UNDELIVERED: text_string(text, "nobody could be asked"); break;
    case OUTCOME_CANCELLED: text_string(text, "the run is ending"); break;
    case OUTCOME_FAILED: text_string(text, "the approver failed"); break;
    default: text_string(text, "too many questions"); break;
    }
    if (!answer->note || !*answer->note) return;
    text_string(text, ": ");
    add_shown(text, answer->note, LONGEST_NOTE);
}

static void add_rule(struct text *text, const struct question *question)
{
    text_string(text, "askfirst:   rule: ");
    add_shown(text, question->rule_place, 0);
    const char *reason = question->because && *question->because ? question->because : question->rule_text;
    if (reason && *reason) {
        text_string(text, ": ");
        add_shown(text, reason, LONGEST_NOTE);
    }
    text_char(text, '\n');
}

/* What to do next, by how it ended. NULL: nobody was asked. */
static const char *advice(const struct answer *answer)
{
    static const char *const by_outcome[OUTCOMES] = {
        [OUTCOME_APPROVED] = "try again",
        [OUTCOME_REFUSED] = "find another way, or say why it is needed",
        [OUTCOME_TIMEOUT] = "try again when somebody is there to answer",
        [OUTCOME_UNDELIVERED] = "name an approver (askfirst run --approve), or allow it in the policy",
        [OUTCOME_CANCELLED] = "nothing: the run is over",
        [OUTCOME_FAILED] = "try again once the approver is back",
        [OUTCOME_FLOOD] = "ask for less at a time",
    };
    return answer ? by_outcome[answer->outcome] : NULL;
}

/* Not where the denied file lies in it already. */
static bool workspace_helps(const struct question *question, const char *workspace)
{
    if (!workspace || question->act == ACT_CONNECT || question->act == ACT_DEBUG) return false;
    if (question->act == ACT_EXEC || !question->path) return true;
    size_t length = strlen(workspace);
    return strncmp(question->path, workspace, length) != 0 ||
           (question->path[length] != '/' && question->path[length] != '\0');
}

static void add_next(struct text *text, const struct question *question, const struct answer *answer,
                     const struct session *session)
{
    const char *next = advice(answer);
    text_string(text, "askfirst:   next: ");
    if (question->unfit) {
        text_string(text, "run with --guard=kernel, which needs nothing in the program itself");
    } else if (next) {
        text_string(text, next);
    } else {
        text_string(text, "ask for the rule to be changed");
        if (workspace_helps(question, session->places.workspace)) {
            text_string(text, ", or work inside ");
            add_shown(text, session->places.workspace, LONGEST_SUBJECT);
        }
    }
    text_char(text, '\n');
}

char *message_denied(const struct question *question, const struct answer *answer,
                     const struct session *session)
{
    struct text text = {0};
    cleanup_free char *subject = message_subject(question);
    text_format(&text, "askfirst: denied: %s", subject);
    if (question->python_file) {
        text_string(&text, question->python_started ? " (started by " : " (");
        add_shown(&text, question->python_file, LONGEST_WORD);
        text_format(&text, ":%u)", question->python_line);
    }
    text_char(&text, '\n');
    if (answer) {
        text_string(&text, "askfirst:   why: ");
        add_reason(&text, question, answer);
        text_char(&text, '\n');
    }
    add_rule(&text, question);
    add_next(&text, question, answer, session);
    return text_take(&text);
}
