/* leads.h: where names led through links the last time, as that of every library does that is looked for in
 * /lib and lies in /usr/lib. It is a guess: whoever uses it makes sure that it still is so.
 */
#ifndef ASKFIRST_CARRY_LEADS_H
#define ASKFIRST_CARRY_LEADS_H

enum { LEADS = 64, LEAD_LENGTH = 256 }; /* longer names are not remembered */

/* All zero in the beginning. */
struct leads {
    struct lead {
        char name[LEAD_LENGTH], real[LEAD_LENGTH];
    } known[LEADS];
};

/* NULL: it is not known. */
const char *leads_recall(const struct leads *leads, const char *name);
void leads_remember(struct leads *leads, const char *name, const char *real);

/* All of them: something is linked or renamed. */
void leads_forget(struct leads *leads);

#endif
