/* likeness.h: when two questions are the same, and when one is like another: what an answer covers besides
 * the act it was given for.
 *
 * A likeness is a digest, so that it costs the same however long a command is.
 */
#ifndef ASKFIRST_LIKENESS_H
#define ASKFIRST_LIKENESS_H

#include "../../policy/policy.h"
#include "question.h"

struct likeness {
    unsigned char sum[32];
};

/* The same act on the same thing: every word of the command, its directory, its standard input and its files
 * as they are; the path and the kind of change; the address. */
void likeness_exact(const struct question *question, struct likeness *likeness);

/* A command like it: the same program and script as they are, its subcommand, and the same options, with any
 * other words. A connection: the same host, any port. False: there is nothing like it (a path, a shell's
 * text, an option of which the command's safety hangs). `covers`, if wanted, is malloc'd: what a person is
 * told. */
bool likeness_like(const struct question *question, const struct policy *policy, struct likeness *likeness,
                   char **covers);

/* A path below this directory. */
void likeness_directory(enum act_kind act, const char *directory, size_t length, struct likeness *likeness);

/* The directory that a path's likes lie in, without a slash at the end; malloc'd. NULL: that would be too
 * much. */
char *likeness_directory_of(const struct question *question, const char *home);

/* The host in question->address, without its port; malloc'd. NULL: it has none. */
char *likeness_host(const char *address);

/* What the policy knows of a program's own language; NULL: nothing. */
const struct command *likeness_command(const struct policy *policy, const char *program);

/* The words of a command as a person would type them; raw bytes, malloc'd. */
char *likeness_words(const struct question *question);

#endif
