/* judge.h: whether a file may be read or written: from the mapped policy, and where that is unsure from the
 * launcher. */
#ifndef ASKFIRST_SHIM_JUDGE_H
#define ASKFIRST_SHIM_JUDGE_H

#include "../policy/decide.h"
#include "session.h"
#include "where.h"
#include "wire.h"

enum deed { DEED_READ = 1, DEED_WRITE = 2 };

/* What the policy says by itself of the deeds (enum deed, or'd): the tightest of its verdicts. */
enum verdict judge_path(const struct session *session, unsigned deeds, const char *path, size_t length);
/* The same with the word that stands for all of it (seen.h). */
enum verdict judge_word(const struct session *session, uint64_t word, unsigned deeds, const char *path,
                        size_t length);

/* 0: the deeds may be done to what stands in `place`; else a negative errno. `written` is the path as the
 * program wrote it. Where the policy is unsure this waits for the answer. */
long judge_place(const struct session *session, unsigned deeds, enum wire_change change,
                 const struct place *place, const char *written);

/* The same where a file can be shown empty: -WIRE_HIDDEN says that it is to be. */
long judge_opening(const struct session *session, unsigned deeds, enum wire_change change,
                   const struct place *place, const char *written);

/* Whether there may be files that are protected from one of these deeds by another of their names; and
 * whether this is one of them, if it has several. */
bool judge_has_names(const struct session *session, unsigned deeds);
bool judge_needs_names(const struct session *session, unsigned deeds, uint64_t inode);

/* What it names is a directory or a link, and `new` is to be its name (`flags`: WIRE_EXCHANGES), or a link is
 * to be made at `new` (`change` says so, and `old` is `new` as well): what that does to rules about what lies
 * below the launcher looks up. */
long judge_move(const struct session *session, enum wire_change change, const struct place *old,
                const struct place *new, unsigned flags);

/* The same for what has a name of its own and is no file that could be found first: a message queue. */
long judge_text(const struct session *session, unsigned deeds, enum wire_change change, const char *path);

#endif
