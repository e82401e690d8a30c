/* change.h: calls that change a path or what belongs to it: understood once, judged by the watch, then done
 * by the launcher on exactly what was looked at.
 */
#ifndef ASKFIRST_CARRY_CHANGE_H
#define ASKFIRST_CARRY_CHANGE_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "../names/resolve.h"

struct change_kind;

struct change {
    const struct change_kind *kind;
    unsigned what;      /* enum wire_change */
    const char *detail; /* the same as a person is told: "remove", "rename"… (question.h) */
    struct spot spots[2];
    size_t spot_count;
    uint64_t args[6];
    char *text;  /* symlink's text, an attribute's name */
    void *value; /* an attribute's value, times, attributes */
    size_t value_size;
};

/* Reads the call's arguments and finds what they lead to. 0, or the errno for the caller.
 * `top` is its run's (resolve.h). */
int change_read(const struct seccomp_notif *call, pid_t top, struct change *change);

/* What becomes of names: for the rules that hold below them (above.h). */
enum change_names { CHANGE_NAMES_NOTHING, CHANGE_MOVES, CHANGE_EXCHANGES, CHANGE_LINKS };
enum change_names change_names(const struct change *change);

/* Whether a file is made, so that the umask counts. */
bool change_makes(const struct change *change);

/* Whether the names that it takes away, gives or makes are still those that were found: others went on while
 * somebody was asked. */
bool change_is_as_found(const struct change *change);

/* Does it. 0 or a positive value, or -errno. `mask` is the caller's umask. EWOULDBLOCK: somebody has a lease
 * on the file, and change_wait() would wait for its end. */
int64_t change_do(const struct change *change, mode_t mask);
int64_t change_wait(const struct change *change);

void change_free(struct change *change);

#endif
