/* approval.h: what the tests of approvers share: a question to put, and a session that writes down what it is
 * told. */
#ifndef ASKFIRST_TEST_APPROVAL_H
#define ASKFIRST_TEST_APPROVAL_H

#include "../../launcher/approve/approve.h"
#include "../../launcher/plain/loop.h"

enum { TOLD = 64 };

struct approval {
    struct loop *loop;
    struct approve_events events;
    struct approve_session session;
    struct approver *approver;

    struct answer answers[TOLD]; /* in the order in which they came */
    uint64_t ids[TOLD];
    size_t answered;
    char *broken; /* why; NULL: it has not broken */
    size_t interrupted;
    bool unknown;               /* answered() says that no such question is open */
    bool destroy_when_answered; /* as a session does that ends with this answer */
};

void approval_open(struct approval *approval, const char *spec); /* fails the test when it cannot be opened */
void approval_close(struct approval *approval);

/* Runs the loop until `approval->answered` has reached `count`, the approver is broken, or the time is over.
 */
void approval_run(struct approval *approval, size_t count, int64_t milliseconds);
void approval_idle(struct approval *approval, int64_t milliseconds); /* for the whole of that time */

void approval_ask(struct approval *approval, const struct question *question);
void approval_withdraw(struct approval *approval, uint64_t id, enum outcome outcome);

/* `rm -rf out` from line 12 of job.py, with all choices. Nothing in it may be freed. */
struct question approval_question(uint64_t id);

#endif
