/* hand.h: policies by hand, for tests of what comes after the loader; a language of its own, a rule a line:
 *
 *   [core|project|approved] [read|write|debug|connect] VERDICT PATTERN[,PATTERN...] [WORD...] [;
 * KEY=VALUE[,VALUE...]]... [project] otherwise [read|write|debug|connect|exec] VERDICT
 *
 * A rule is an exec rule unless it says otherwise; `-` as its pattern is any program. Keys: options, without,
 * shell, stdin, cwd, parent, sha256 (a byte in decimal, thirty-two times that). A few commands are known to
 * it: git, kubectl, terraform, rm, sh, python3, env, timeout, busybox, ld.so. */
#ifndef ASKFIRST_TEST_HAND_H
#define ASKFIRST_TEST_HAND_H

#include "../../policy/image.h"
#include "../../policy/policy.h"

struct hand {
    struct policy policy;
    struct diagnostics diagnostics;
    struct image *image;
    size_t size;
    void **taken; /* all memory of the policy */
    size_t taken_count;
};

/* Reads and compiles; fails the test if it cannot. */
void hand_make(struct hand *hand, const char *rules);
/* Reads only. */
void hand_read(struct hand *hand, const char *rules);
void hand_free(struct hand *hand);

/* A command line as an act: split at blanks, where _ stands for a blank in a word and two single quotes for
 * an empty word; a bare program lies in /usr/bin. Storage is the caller's. */
struct command_line {
    char text[4096];
    char path[4096];
    const char *argv[512];
    struct act act;
};
const struct act *command_line(struct command_line *line, const char *text);

/* The verdict on a command line, and on a path or a connection. */
enum verdict hand_exec(const char *rules, const char *line);
enum verdict hand_path(const char *rules, enum act_kind kind, const char *path);

#endif
