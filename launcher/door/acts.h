/* acts.h: the acts that one call comes to, judged one after the other: an open for reading and writing is
 * two, a rename is one for each name and for what lies below; a socket that gets another name can be
 * connected to by it. What is denied is found first, so that nobody is asked in vain.
 */
#ifndef ASKFIRST_DOOR_ACTS_H
#define ASKFIRST_DOOR_ACTS_H

#include "../look/actor.h"
#include "parts.h"

#define MOST_ACTS 32

struct file_act {
    enum act_kind kind; /* CONNECT: to the socket at `path` */
    char *path;
    const char *detail;  /* a constant: what a person is told */
    struct stat *status; /* of what lies there; NULL: nothing does, or it does not matter */
    bool done;
};

/* Begins as {0}, with the actor's pid. */
struct acts {
    struct actor actor;
    struct file_act items[MOST_ACTS];
    size_t count;
    bool too_many; /* it cannot be judged */
    bool asked;    /* the policy alone did not allow all of them */
};

/* `path` and `status` are copied; `status` may be NULL. */
void acts_add(struct acts *acts, enum act_kind kind, const char *path, const char *detail,
              const struct stat *status);
bool acts_have(const struct acts *acts, enum act_kind kind, const char *path);
void acts_free(struct acts *acts);

/* The next that the policy does not plainly allow; NULL: there is none. */
const struct file_act *acts_next(struct acts *acts, const struct image *image, struct decision *decision);

/* Asks about it, or denies it. */
void acts_put(struct matter *matter, const struct file_act *act, const struct decision *decision,
              uint64_t python);

/* What is said where there are too many, and where something else lies there than when somebody was asked. */
extern const char acts_too_many[];
extern const char acts_changed[];

#endif
