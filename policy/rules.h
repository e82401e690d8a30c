/* rules.h: a policy in memory, between the loader (which makes it) and the compiler (which reads it).
 *
 * It says what was written, with places, after variables, `~` and links in it have been followed. Everything
 * in it belongs to the struct policy, which is freed as a whole (policy.h).
 */
#ifndef ASKFIRST_RULES_H
#define ASKFIRST_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decide.h"

/* Where something was written. `file` is what a person is shown ("default.yaml",
 * "/etc/askfirst/policy.yaml"). */
struct place {
    const char *file;
    uint32_t line;
    uint32_t column;
};

/* A list of strings. */
struct strings {
    char **items;
    size_t count;
};

/* Which body of rules: the three are decided one by one and then combined (policy_decide):
 * MAIN the layers that may say anything, strongest first; PROJECT can only tighten what MAIN says;
 * APPROVALS is looked up only where both leave an ask, and can only make it an allow. */
enum rule_set { SET_MAIN, SET_PROJECT, SET_APPROVALS, RULE_SETS };

/* Whose file a rule stands in, strongest first. */
enum layer { LAYER_CORE, LAYER_SYSTEM, LAYER_USER, LAYER_EXTENDED, LAYER_PROJECT, LAYER_APPROVALS };

/* A pattern for a path, a program or an address.
 * Path: absolute, or beginning with a double star and a slash; links in its literal beginning are followed.
 * Program: that, or a bare name ("git", "python3*"), compared by the last part of a program's path.
 * `bare`: an allow through it also demands that the guarded code may not write the program. It is set for a
 * bare name, and for the real path that a bare name was found to stand for. */
struct pattern {
    char *text;
    bool bare;
    bool sound; /* whoever read it has seen that its form is right: it need not be judged again */
};

struct patterns {
    struct pattern *items;
    size_t count;
};

/* One rule: one item of a list under allow, ask or deny. Empty lists do not restrict. */
struct rule {
    enum act_kind act;
    enum verdict verdict;
    enum rule_set set;
    enum layer layer;
    struct place place;
    char *because; /* NULL when none was given */
    char *text;    /* as a person would write it in short form, for show: "git push --force" */

    /* READ, WRITE, DEBUG: paths. EXEC: programs (none: any). CONNECT: addresses as written. Any of them fits.
     */
    struct patterns patterns;

    struct patterns program; /* READ, WRITE: who acts, as program patterns; none: whoever does */

    /* EXEC only */
    struct strings words;   /* all of them, in order; those that begin with "-" are options, in any order */
    struct strings options; /* at least one of them is present */
    struct strings without; /* none of them is present */
    bool exact; /* an allow: `words` are the whole command, options included; nothing may be added */
    struct strings shell;        /* the -c text of a shell matches one of these globs */
    enum stdin_kind stdin_kind;  /* STDIN_UNKNOWN: any */
    unsigned char (*sha256)[32]; /* the program's content is one of these */
    size_t sha256_count;
    struct patterns cwd;    /* path patterns */
    struct patterns parent; /* program patterns */
};

/* What is known of a command's own language, from commands.yaml and a policy's `commands:`. */
enum command_kind {
    COMMAND_PLAIN,       /* options, then words */
    COMMAND_SHELL,       /* reads shell text from the option in `text`, else a script, else standard input */
    COMMAND_INTERPRETER, /* the same, of another language */
    COMMAND_MULTICALL,   /* busybox: its first word is the program that it is */
    COMMAND_LOADER,      /* ld.so: its first word is the path of the program that it runs */
    COMMAND_WRAPPER      /* env, nice, timeout: its first word is a program that it will execute */
};

struct command {
    struct strings names; /* bare names or name globs: git; python3* */
    enum command_kind kind;
    struct place place;
    struct strings flags;  /* options known to take no value, before the first word */
    struct strings values; /* options known to take their value from the next word (or =, or the same word) */
    struct strings unsafe; /* options that an allow must not look past (git -c, --exec-path) */
    struct strings text;   /* options whose value is program text: -c, -e */
    struct strings module; /* options whose value names a program of its own: python -m */
    struct strings same;   /* "-f=--force": the one spelling and the other, anywhere in its words */
    size_t skip_words;     /* WRAPPER: words before the program (timeout: 1) */
    bool subcommands;      /* its first word is a subcommand: git, kubectl */
    bool single_dash;      /* -option and --option are the same: terraform, Go's flag package */
};

/* `env:` of one layer, strongest layer first. Within a layer keep beats drop; the strongest layer that names
 * a variable decides. A project layer has neither keep nor set. */
struct env_rules {
    enum layer layer;
    struct strings drop;
    struct strings keep;
    struct strings set; /* NAME=VALUE, for a program that has nothing of that name */
};

/* `limits:`; 0: none. A project layer can only lower them. */
struct limits {
    uint64_t memory;
    uint64_t processes;
    uint64_t file_size;
    uint64_t open_files;
    uint64_t seconds;
    uint64_t cpu_seconds;
};

struct policy_test {
    struct place place;
    enum layer layer;
    enum act_kind act;
    char *subject;       /* the path or address; for exec its argv[0] */
    struct strings argv; /* EXEC */
    enum stdin_kind stdin_kind;
    char *cwd;     /* or NULL */
    char *parent;  /* or NULL */
    char *program; /* READ, WRITE: who acts: a name or a path; or NULL */
    enum verdict expect;
    bool built_in; /* of a file that is part of askfirst: true on an ordinary machine, so a warning where it
                      fails */
};

/* A file that the policy was read from. */
struct policy_file {
    char *name; /* as in struct place */
    enum layer layer;
    bool built_in; /* it is part of askfirst */
    size_t size;
    unsigned char sha256[32];
};

struct policy {
    struct rule *rules; /* set by set, and within a set in the order in which they are read */
    size_t rule_count;

    bool has_otherwise[RULE_SETS][ACT_KINDS];
    enum verdict otherwise[RULE_SETS]
                          [ACT_KINDS]; /* MAIN is always complete: ask where nobody said anything */
    struct place otherwise_place[RULE_SETS][ACT_KINDS];

    struct command *commands; /* a policy's own before the built-in ones: the first of a name counts */
    size_t command_count;
    bool usual_commands; /* they are the built-in ones alone */

    struct env_rules *env;
    size_t env_count;
    struct limits limits;
    uint64_t ask_timeout_seconds; /* 0: never */
    bool refusals_sticky;

    struct policy_test *tests;
    size_t test_count;

    struct policy_file *files;
    size_t file_count;

    void *memory; /* the arena that owns all of the above */
};

#endif
