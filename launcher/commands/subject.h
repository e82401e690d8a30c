/* subject.h: what `askfirst check` is asked about, made into acts as a run would see them: programs found in
 * PATH, links followed, names looked up. Judges nothing.
 */
#ifndef ASKFIRST_SUBJECT_H
#define ASKFIRST_SUBJECT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "../../policy/decide.h"
#include "../../policy/image.h"
#include "../look/chain.h"

/* What is known of the world around an act. */
struct surroundings {
    char cwd[PATH_MAX];      /* real path */
    const char *search_path; /* PATH */
    enum stdin_kind stdin_kind;
    char parent[PATH_MAX];  /* EXEC: real path of the program that starts it; "": not known */
    char program[PATH_MAX]; /* READ, WRITE: of the program that does it; "": not known */
};

/* As they were written; NULL: not known, and the directory is this one. */
struct said_around {
    const char *cwd, *parent, *program;
};

enum { SUBJECT_ADDRESSES = 16, SUBJECT_NAME = 1025 };

struct subject {
    struct act act; /* points into what follows, and into the argv that it was made of */
    char path[PATH_MAX];
    char name[NAME_MAX + 1];
    char parent[PATH_MAX];
    char host[SUBJECT_NAME];
    const char *names[1];
    unsigned char sha256[32];
    const char *cwd;

    /* CONNECT: where a name leads; each of them is judged. None: act is judged as it is. */
    unsigned char addresses[SUBJECT_ADDRESSES][16];
    size_t address_count;

    struct coming coming; /* EXEC: what comes after the program */
    bool is_guess;        /* EXEC: there is no such program here; it is judged as if it lay in /usr/bin */
};

/* Fills it but for stdin_kind. False: `*why` (malloc'd). */
bool surroundings_find(struct surroundings *around, const struct said_around *said, const char *search_path,
                       char **why);

/* EXEC of argv[0] with all of argv, which has to outlive the subject. False: `*why` (malloc'd). */
bool subject_command(struct subject *subject, const struct surroundings *around, const char *const *argv,
                     size_t argc, char **why);

/* EXEC: a multi-call program becomes the applet that it is told to be. False: `*why` (malloc'd). */
bool subject_become_applet(struct subject *subject, const struct image *image, char **why);

/* EXEC: the command line that it comes to in turn: what a run would judge with it (chain.h), or a wrapper's
 * program. malloc'd; its words are the subject's. NULL: there is none. */
const char **subject_next(struct subject *subject, const struct image *image, size_t *argc);

/* READ, WRITE, DEBUG of a path. `around` has to outlive the subject. */
bool subject_path(struct subject *subject, const struct surroundings *around, enum act_kind act,
                  const char *path, char **why);

/* CONNECT to "HOST[:PORT]", "unix:PATH", "unix:@NAME", a kind of socket ("udp"), or "udp:HOST[:PORT]". */
bool subject_address(struct subject *subject, const struct surroundings *around, const char *text,
                     char **why);

/* The digest of an EXEC's program, for an act that needs it. False: it cannot be read. */
bool subject_digest(struct subject *subject);

#endif
