/* question.h: one question, from the door (or the watch) to whoever answers, and one answer back.
 *
 * A question is filled once, when it is asked, and does not change while it waits. Strings that a guarded
 * program wrote are raw bytes here: whoever shows them makes them harmless first (show.h).
 */
#ifndef ASKFIRST_QUESTION_H
#define ASKFIRST_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../policy/decide.h"

enum scope { SCOPE_ONCE, SCOPE_EXACT, SCOPE_LIKE, SCOPE_TREE, SCOPE_ALWAYS, SCOPES };

/* How a question ended. All but APPROVED deny. */
enum outcome {
    OUTCOME_APPROVED,
    OUTCOME_REFUSED,     /* somebody said no */
    OUTCOME_TIMEOUT,     /* nobody answered in time */
    OUTCOME_UNDELIVERED, /* there was nobody to ask */
    OUTCOME_CANCELLED,   /* the run, or the caller, ended while it waited */
    OUTCOME_FAILED,      /* the approver died, or answered nonsense */
    OUTCOME_FLOOD,       /* too many were waiting */
    OUTCOMES
};

struct bytes {
    const char *data;
    size_t length;
};

struct ancestor {
    pid_t pid;
    char *program; /* real path */
};

struct choice {
    enum scope scope;
    char *covers; /* raw bytes of what saying yes would cover; NULL for once */
};

struct question {
    uint64_t id;
    uint64_t number;    /* among those that somebody was asked, for people; 0: nobody was */
    int64_t asked_at;   /* wall clock, milliseconds since 1970 */
    int64_t expires_at; /* the same; 0: never */
    enum act_kind act;
    const char *act_detail; /* "create", "remove"…; NULL when the act says it all */

    char *program; /* EXEC: what is to be executed, real path. Else: the program that acts */
    struct bytes *argv;
    size_t argc;   /* EXEC: of the new program; else 0 */
    char *path;    /* READ, WRITE, DEBUG: real path */
    char *address; /* CONNECT: "host (address):port", "unix:/path" */
    char *cwd;
    char *via;                  /* "system", "popen": the call that a shell's text came through; or NULL */
    enum stdin_kind stdin_kind; /* EXEC: what the new program's standard input is, where that is known */
    unsigned char identity
        [32];    /* EXEC: of the files that it comes to, scripts too (chain.h): written to, they are others */
    bool spawns; /* EXEC: the new program will be a child of the asker, not take its place */
    /* EXEC: it reads its program from what is no terminal: its words do not say what it does. */
    bool from_input;
    char *input;  /* EXEC from_input: the command that the input comes from; or NULL */
    bool listing; /* READ: the path is a directory that is listed */

    pid_t pid;
    struct ancestor *chain; /* nearest first; the first is the process that asks, its program as it is now */
    size_t chain_length;

    char *python_file; /* NULL: not Python, or not known */
    uint32_t python_line;
    char *python_function;
    pid_t python_started; /* of the chain: what that line started; 0: it is the asker's own line */

    enum verdict verdict;
    bool unfit;       /* the guard itself says no: the shim would not be at work in the program */
    char *rule_place; /* "default.yaml:41", "otherwise" */
    char *rule_text;  /* the rule in short form; "" for otherwise */
    char *because;    /* "" when none was given */

    uint64_t device, inode; /* of the file, where there is one; else 0 */

    struct choice choices[SCOPES];
    size_t choice_count;
    char *always_rule; /* the YAML line that `always` would write */
};

struct answer {
    enum outcome outcome;
    enum scope scope; /* APPROVED */
    uint64_t for_s;   /* APPROVED: how long a grant holds; 0: the whole run */
    char *note;       /* words of whoever answered, or the reason of a failure; NULL, or malloc'd */
    char *by;         /* who answered: "ada", "tty", "exec:…"; NULL, or malloc'd */
    bool before;      /* nobody was asked now: an earlier answer of this run covers it */
};

/* The words for them, in the protocol, in records and in messages. */
const char *act_name(enum act_kind act);
const char *change_name(unsigned change); /* of enum wire_change, for act_detail; NULL: none of them */
const char *verdict_name(enum verdict verdict);
const char *scope_name(enum scope scope);
const char *outcome_name(enum outcome outcome);

/* Whether somebody who answers may choose this. */
bool question_offers(const struct question *question, enum scope scope);

/* Frees the question and everything that it owns; NULL is fine. */
void question_free(struct question *question);
void ancestors_free(struct ancestor *chain, size_t length); /* a chain that no question has */

#endif
