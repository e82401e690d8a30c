/* audit.h: the record of a run: one JSON object a line, written before the act goes through. */
#ifndef ASKFIRST_AUDIT_H
#define ASKFIRST_AUDIT_H

#include "../questions/question.h"
#include "../run/session.h"

struct audit;

/* Opens the file and writes its first line. NULL with `*why` (malloc'd): the run must not start. */
struct audit *audit_open(struct session *session, char **why);

/* One act. `outcome` NULL: nobody was asked. False: it could not be written, so what it records must be
 * denied. The fields that matter are taken from the question, which need not have been put to anybody. */
bool audit_act(struct audit *audit, const struct question *question, enum verdict verdict,
               const struct answer *answer, int64_t waited_ms);

/* Anything else worth a line: event "preload-missing", "forged", "approver-lost"... with a plain sentence. */
bool audit_event(struct audit *audit, const char *event, pid_t pid, const char *text);

/* What remains to be done of the last record, when nobody waits for it; else the next one does it. */
void audit_rest(struct audit *audit);

void audit_close(struct audit *audit, int exit_status); /* writes the totals */

#endif
