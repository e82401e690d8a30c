/* image.h: the compiled policy: one flat, position-independent, checksummed block that the decider reads in
 * place.
 *
 * Offsets count bytes from the start of the image; 0 stands for "none". Nothing in it is a pointer. The
 * launcher writes it once; every guarded process maps it read-only.
 */
#ifndef ASKFIRST_IMAGE_H
#define ASKFIRST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decide.h"

struct image; /* its layout is the affair of compile.c and decide.c */

/* Whether `size` bytes at `bytes` (8-byte aligned) are a whole and sound image: magic, version, size,
 * checksum and every offset. On false `*why` says what is wrong. */
bool image_check(const void *bytes, size_t size, const char **why);

/* The same without walking every offset, for a process that maps what the launcher has checked and sealed. */
bool image_check_seal(const void *bytes, size_t size);

/* Only what its head says: magic, version and size. Nothing may be decided by it before its seal was looked
 * at, for which all of it is read. */
bool image_check_head(const void *bytes, size_t size);

/* What a person is told of a rule. Strings lie in the image. */
struct image_rule {
    enum act_kind act;
    enum verdict verdict;
    unsigned set;   /* enum rule_set */
    unsigned layer; /* enum layer */
    const char *file;
    uint32_t line;
    uint32_t column;
    const char *because; /* "" when none was given */
    const char *text;
};

uint32_t image_rule_count(const struct image *image);
bool image_rule(const struct image *image, uint32_t index, struct image_rule *rule);

/* Where `otherwise` for this kind of act was written; "" and 0 when nobody wrote it. `index` is RULE_NONE
 * then. */
void image_otherwise(const struct image *image, enum act_kind act, enum verdict *verdict, const char **file,
                     uint32_t *line);

/* Whether some pattern speaks of what lies below a directory of this name in particular: false means that a
 * link of this name leads to nothing that it would not lead to by any other. It may be true for nothing. */
bool image_turns_on(const struct image *image, const char *name, size_t length);

/* What a command line really runs, before it is decided (runs.c; freestanding as the decider is).
 * PLAIN: what it says. APPLET: `argv + shift` is a multi-call program's applet, its name in argv[shift].
 * LOADER: argv[shift] is the path of the program that ld.so will run, its vector begins there.
 * WRAPPER: argv[shift] is a program that this one will execute in turn: judged then, shown by `check`. */
struct runs {
    enum { RUNS_PLAIN, RUNS_APPLET, RUNS_LOADER, RUNS_WRAPPER } kind;
    size_t shift;
};
void command_runs(const struct image *image, const struct act *act, struct runs *runs);

/* For an interpreter's command line: the index of the script in argv, or one of these. */
#define SCRIPT_NONE SIZE_MAX        /* not an interpreter, or it needs none (-c, -m, --version) */
#define SCRIPT_STDIN (SIZE_MAX - 1) /* it will read its program from standard input */
size_t command_script(const struct image *image, const struct act *act);

/* The text of a shell's -c, or NULL. */
const char *command_shell_text(const struct image *image, const struct act *act);

#endif
