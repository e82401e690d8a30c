/* runtime.h: the private directory of a run, where the door's socket and the compiled policy lie.
 *
 * It is $XDG_RUNTIME_DIR/askfirst/ID, or /tmp/askfirst-UID/ID where there is no runtime directory: 0700,
 * owned by this user, with no link on the way. As long as the launcher or the keeper lives, the directory is
 * locked (flock on the directory itself); one that is not locked is what a dead session left, and the next
 * session removes it.
 */
#ifndef ASKFIRST_RUNTIME_H
#define ASKFIRST_RUNTIME_H

struct runtime;

/* Makes the directory and removes what dead sessions left beside it. `xdg` is XDG_RUNTIME_DIR or NULL, `tmp`
 * is
 * "/tmp". NULL with `*why` (malloc'd). */
struct runtime *runtime_make(const char *xdg, const char *tmp, char **why);

const char *runtime_id(const struct runtime *runtime);   /* the session's name: 20261120-103549-4f2a9c */
const char *runtime_path(const struct runtime *runtime); /* of this run's directory */
const char *runtime_base(const struct runtime *runtime); /* of the directory that holds all of them */
int runtime_lock(const struct runtime *runtime);         /* the descriptor that keeps it from being removed */

void runtime_remove(struct runtime *runtime); /* with all that is in it; NULL is fine */

#endif
