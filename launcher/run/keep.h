/* keep.h: what the keeper does, and what passes between it and the launcher. Only keeper.c needs this. */
#ifndef ASKFIRST_KEEP_H
#define ASKFIRST_KEEP_H

#include "child.h"

struct keep_news {
    enum keep_news_kind { KEEP_STOPPED, KEEP_ENDED, KEEP_EMPTY } kind;
    int value; /* STOPPED: the signal. ENDED: the status */
};

struct keep_order {
    enum keep_order_kind { KEEP_SIGNAL, KEEP_SIGNAL_ALL, KEEP_END } kind;
    int value; /* the signal; END: how many milliseconds everything has to end by itself */
};

/* Starts the command and keeps it. Never returns. */
void keep(const struct child_plan *plan, pid_t launcher, int link, int birth, int lock)
    __attribute__((noreturn));

#endif
