/* judged.h: an act, what the policy says to it, and why: for `askfirst check`. */
#ifndef ASKFIRST_JUDGED_H
#define ASKFIRST_JUDGED_H

#include <stdio.h>

#include "../plain/json.h"
#include "subject.h"

/* A rule that was looked at. */
struct considered {
    uint32_t rule;
    enum fit fit;
};

struct judged {
    struct subject subject;
    struct decision decision;
    struct considered *considered; /* by the order in which they count; NULL unless they were wanted */
    size_t considered_count;
    const unsigned char *address; /* CONNECT: the one of the subject's addresses that the decision is about */
};

/* Decides, and where facts are missing that can be had (a digest), gets them first. With several addresses
 * the tightest verdict counts. */
void judge(struct judged *judged, const struct image *image, bool want_considered);
void judged_free(struct judged *judged);

struct show_options {
    bool why;
    bool colour;
};

/* For a person. */
void judged_print(const struct judged *judged, const struct image *image, const struct show_options *options);

/* The same as an object in `json`. */
void judged_json(const struct judged *judged, const struct image *image, struct json *json);

#endif
