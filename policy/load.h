/* load.h: what the files of the loader (load*.c, commands.c, layers.c) share: one file of a policy while it
 * is read, and the small readers of values. Nobody outside of the loader includes it.
 *
 * A reader that meets an error says it with its place and goes on with the next item, so that one run shows
 * all.
 */
#ifndef ASKFIRST_LOAD_H
#define ASKFIRST_LOAD_H

#include <stdbool.h>

#include "arena.h"
#include "expand.h"
#include "packed.h"
#include "policy.h"
#include "resolve.h"
#include "tree.h"

#define RULES_MAX 10000

/* What may stand in a file. */
enum file_kind { FILE_POLICY, FILE_PROJECT, FILE_APPROVALS };

enum limit {
    LIMIT_MEMORY,
    LIMIT_PROCESSES,
    LIMIT_FILE_SIZE,
    LIMIT_OPEN_FILES,
    LIMIT_TIME,
    LIMIT_CPU,
    LIMITS
};

/* A number that a layer may or may not have said. */
struct said {
    bool is_said;
    uint64_t value;
    struct place place;
};

/* One file as read. Its layer is known when the layers are put together. */
struct loaded {
    const char *name;      /* as in struct place */
    const char *directory; /* what `extends: FILE` is relative to; NULL: built in */
    const char *identity;  /* what tells it from other files: its real path, or a built-in one's name */
    enum file_kind kind;
    size_t size;
    unsigned char sha256[32];
    bool finished; /* false while it is being read: what extends it now would never end */
    size_t errors; /* that were complained of: what is beyond those that are shown is not worth a thought */

    struct loaded *extends;
    struct variables variables;
    struct rule *rules;
    size_t rule_count;
    bool has_otherwise[ACT_KINDS];
    enum verdict otherwise[ACT_KINDS];
    struct place otherwise_place[ACT_KINDS];
    struct command *commands;
    size_t command_count;
    struct env_rules env;
    struct said limits[LIMITS];
    struct said ask_timeout;
    struct said refusals_sticky;
    struct policy_test *tests;
    size_t test_count;
};

/* What is at hand while a file is read. */
struct reader {
    struct arena *arena;
    struct diagnostics *diagnostics;
    const struct policy_options *options;
    struct loaded *file;
    struct so_far *so_far;
};

/* What has been met in all files. */
struct so_far {
    struct loaded **files;
    size_t file_count;
    size_t expanded;   /* bytes that variables made */
    struct seen *seen; /* what the file system said (seen.h); NULL where links are not followed */
};

/* Whether another error of this file would not be shown: then nothing is looked for to say with it, so that a
 * file of mistakes costs no more than one without. */
bool is_beyond(const struct reader *reader);
void complain(struct reader *reader, const struct node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void warn(struct reader *reader, const struct node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A table of the keys that a map may have. Values are read in the order of the table, whatever the order they
 * were written in. */
struct key {
    const char *name;
    void (*read)(struct reader *reader, const struct node *value, void *into);
};
void read_map(struct reader *reader, const struct node *map, const char *what, const struct key *keys,
              size_t count, void *into);
#define READ_MAP(reader, map, what, keys, into)                                                              \
    read_map(reader, map, what, keys, sizeof(keys) / sizeof *(keys), into)

/* The text of a scalar; NULL where it is none or is empty, which was said. `what` names it in messages. */
const char *read_text(struct reader *reader, const struct node *node, const char *what);

/* One item or a list of them: how many, and each. An empty list is an error, and no items. */
size_t item_count(struct reader *reader, const struct node *node, const char *what);
const struct node *item_at(const struct node *node, size_t index);

/* One of the words in `words`: its index, or -1 after an error. */
int read_choice(struct reader *reader, const struct node *node, const char *what, const char *const *words,
                size_t count);
bool read_bool(struct reader *reader, const struct node *node, const char *what, bool *value);
bool read_number(struct reader *reader, const struct node *node, const char *what, uint64_t *value);
bool read_size(struct reader *reader, const struct node *node, const char *what, uint64_t *bytes);
bool read_duration(struct reader *reader, const struct node *node, const char *what, uint64_t *seconds);

/* Texts as they are written; globs are checked. Appends. */
enum text_kind { TEXT_PLAIN, TEXT_GLOB };
void read_texts(struct reader *reader, const struct node *node, const char *what, enum text_kind kind,
                struct strings *into);

void add_string(struct arena *arena, struct strings *strings, char *text);
void add_pattern(struct arena *arena, struct patterns *patterns, char *text, bool bare);

/* Where a path leads, and where a program lies in PATH (NULL: nowhere), as it is seen from this policy. */
bool find_real(const struct reader *reader, const char *path, enum last_name last, char out[PATH_MAX]);
const char *find_program(const struct reader *reader, const char *name, bool *is_link); /* as in seen.h */

/* Splits a command in short form at its blanks. False: an error was said. */
bool split_words(struct reader *reader, const struct node *at, const char *text, struct strings *words);

/* Patterns with variables and links followed. NOTHING: well written, but stands for nothing here (${session}
 * outside of a run). */
enum reading { READING_ERROR, READING_NOTHING, READING_DONE };
enum reading read_path_pattern(struct reader *reader, const struct node *at, const char *text,
                               struct patterns *into);
enum reading read_program_pattern(struct reader *reader, const struct node *at, const char *text,
                                  struct patterns *into);
enum reading read_address_pattern(struct reader *reader, const struct node *at, const char *text,
                                  struct patterns *into);
enum reading read_globs(struct reader *reader, const struct node *at, const char *text, enum tilde tilde,
                        struct strings *into);

/* Adds what such a pattern comes to, with variables filled in and nothing wrong with it: links are
 * followed. */
void add_path_pattern(struct reader *reader, char *pattern, struct patterns *into);
void add_program_pattern(struct reader *reader, char *pattern, struct patterns *into);

/* One item or a list of them, any of which may fit: a list stands for nothing if each of its items does. */
typedef enum reading pattern_reader(struct reader *reader, const struct node *at, const char *text,
                                    struct patterns *into);
enum reading read_pattern_list(struct reader *reader, const struct node *value, const char *what,
                               pattern_reader *read, struct patterns *into);
/* The same of programs, among which `*` is any: then the others add nothing, and there is no pattern at
 * all. */
enum reading read_programs(struct reader *reader, const struct node *value, struct patterns *into);
void drop_if_any(struct patterns *programs);

/* The sections. */
void read_rules(struct reader *reader, const struct node *list, enum act_kind act);
enum reading read_command_rule(struct reader *reader, const struct node *item, struct rule *rule); /* exec */
void keep_versions(struct rule *rule); /* of the programs that bare names in an ask or a deny are links to */
void read_otherwise(struct reader *reader, const struct node *map, void *into);
void read_env(struct reader *reader, const struct node *map, void *into);
void read_limits(struct reader *reader, const struct node *map, void *into);
void read_ask(struct reader *reader, const struct node *map, void *into);
void read_commands(struct reader *reader, const struct node *list, void *into);
void read_tests(struct reader *reader, const struct node *list, void *into);

extern const char *const ACT_NAMES[ACT_KINDS];
extern const char *const VERDICT_NAMES[VERDICTS];
extern const char *const STDIN_NAMES[3]; /* pipe, file, tty */
enum stdin_kind read_stdin(struct reader *reader, const struct node *node);

/* load.c: reads a whole file from text into `reader->file`, and what it extends. */
void read_file(struct reader *reader, const char *bytes, size_t size);
void read_packed(struct reader *reader, const struct packed *packed); /* the same, from a built-in one */

/* reading.c: takes a built-in file as it was read when it was packed. */
void take_reading(struct reader *reader, const struct packed *packed);

/* files.c: finds, checks and reads files; each once. NULL after an error, or where a file that may be missing
 * is. */
enum missing { MISSING_IS_ERROR, MISSING_IS_FINE };
struct loaded *load_path(struct reader *reader, const char *path, enum file_kind kind, enum missing missing);
struct loaded *load_builtin(struct reader *reader, const char *name);
/* What `extends: name` in `reader->file` means. */
struct loaded *load_extended(struct reader *reader, const struct node *at, const char *name);

#endif
