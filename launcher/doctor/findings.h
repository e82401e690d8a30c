/* findings.h: what the doctor found, one line each, and how it is told. */
#ifndef ASKFIRST_DOCTOR_FINDINGS_H
#define ASKFIRST_DOCTOR_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

enum state {
    STATE_HOLDS,
    STATE_LESS,   /* it is missing, and all holds without it: slower, or by another ring */
    STATE_OPEN,   /* does not hold, and is not said to: the door alone is no boundary */
    STATE_LACKS,  /* does not hold, and should */
    STATE_UNTRIED /* could not be tried, so nobody knows */
};

struct finding {
    const char *section; /* "kernel guard", "guard shim" */
    const char *name;
    const char *way; /* of an act that was tried in several ways: "libc"; NULL: of anything else */
    enum state state;
    char *detail;     /* what was seen; NULL when there is nothing to say */
    const char *next; /* what to do where it does not hold; NULL: nothing */
};

struct findings {
    struct finding *items;
    size_t count;
};

/* `detail` is taken over. */
void findings_add(struct findings *all, const char *section, const char *name, const char *way,
                  enum state state, char *detail, const char *next);
void findings_free(struct findings *all);

/* Whether everything holds that should. */
bool findings_hold(const struct findings *all);

/* On standard output. */
void findings_print(const struct findings *all);
void findings_print_json(const struct findings *all);

#endif
