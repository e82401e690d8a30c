/* chain.h: what a command really runs: the applet of a multi-call program, the program of a loader, the
 * interpreter of a script or of an ELF file. Opens and looks, and judges nothing: each program of the chain
 * is judged by whoever follows it (door/exec.c for what is about to run, subject.c for what is only asked
 * about).
 */
#ifndef ASKFIRST_CHAIN_H
#define ASKFIRST_CHAIN_H

#include "../../policy/decide.h"
#include "../../policy/image.h"
#include "content.h"
#include "facts.h"

/* ---- one step ---- */

/* What comes after a program. */
struct coming {
    enum { COMES_NOTHING, COMES_BY_LOADER, COMES_FOR_SCRIPT, COMES_FOR_ELF } how;
    /* Its command line; argv[0] is its path. malloc'd; the words are the act's, and those of what follows. */
    const char **argv;
    size_t argc;
    struct content content; /* of the program itself, where it could be read */
};

/* `content`: of the act's program, or NULL. `called`: by which path the kernel would name it to a script's
 * interpreter. `loaded`: a loader has it, not the kernel. An ELF interpreter that is one of the system's own
 * loaders is not part of any chain. */
void chain_next(const struct image *image, const struct caller *caller, const struct act *act,
                const char *called, const struct content *content, bool loaded, struct coming *coming);

/* A multi-call program is judged as the applet that it is told to be, which lies, as it were, where the
 * program does: that path (malloc'd), and how many words come before it. NULL: it is none. */
char *chain_applet(const struct image *image, const struct act *act, size_t *shift);

/* ---- the whole ---- */

/* As deep as scripts may name scripts, and a loader or two besides. */
#define CHAIN_DEEPEST 8

struct program {
    struct found found;
    char *called; /* the path it is called by */
    char *judged; /* the path it is judged by, where that is not found.path: an applet's */
    char *name;   /* the last part of `called`, or the applet's */
    const char **argv;
    size_t argc;
    size_t shown_shift; /* words before argv that are shown with it: "busybox" */
    struct act act;
    struct coming coming;
};

struct chain {
    struct program programs[CHAIN_DEEPEST];
    size_t count;
    size_t kernel;     /* the one that /proc/PID/exe will be, with its vector */
    const char *unfit; /* why the shim would not be at work in it; NULL: it would */
    bool unknown;      /* its file cannot be read, so that nobody knows what it would run */
    bool silent;       /* a loader by itself: no program will say hello */
    int error;         /* what the kernel would say without running anything; 0: nothing */
};

/* Follows what was called, as the caller finds it, to the programs that it comes to. The words, and `called`,
 * have to outlive the chain. `contents` (or NULL) remembers what was read. `opened`: the file that lies
 * there, which becomes the chain's; or NULL. */
void chain_follow(struct chain *chain, const struct image *image, const struct caller *caller,
                  struct contents *contents, const char *called, const char **argv, size_t argc,
                  const struct found *opened);

/* Whether everything in it is still what it was; `*why` is a constant. */
bool chain_unchanged(const struct chain *chain, const struct caller *caller, const char **why);

/* A digest of the files that it consists of, and of the scripts that are handed to its interpreters: which
 * they are, and what tells that they were written to. */
void chain_identity(const struct chain *chain, const struct image *image, const struct caller *caller,
                    unsigned char identity[32]);

void chain_close(struct chain *chain);

#endif
