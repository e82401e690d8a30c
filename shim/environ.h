/* environ.h: the environment of a new program: whatever the program made of it, the shim and its session are
 * in it. */
#ifndef ASKFIRST_SHIM_ENVIRON_H
#define ASKFIRST_SHIM_ENVIRON_H

#include "session.h"

#define ENVIRON_SMALL 64
#define PRELOAD_SMALL 192

/* An environment with the two entries put back. It may lie on the stack, and has to live until the program is
 * executed. */
struct environ_kept {
    const char **entries;
    void *memory; /* private, or NULL */
    size_t memory_size;
    const char *small[ENVIRON_SMALL];
    char small_preload[PRELOAD_SMALL];
};

/* `envp` itself where nothing is missing in it, else a new vector. NULL: no memory. */
const char *const *environ_keep(struct environ_kept *kept, const struct session *session,
                                const char *const *envp);
void environ_end(struct environ_kept *kept);

/* The same for the program's own environment, which the C library hands on by itself in system(). */
void environ_repair(const struct session *session);

/* The program's own environment. */
const char *const *environ_own(void);

/* The words that the program was started with, as long as nobody has written over them: at the start. NULL:
 * the C library does not say where they are. */
const char *const *environ_words(void);

#endif
