/* shown.h: the words and places of a policy on standard output, as every command prints them that shows
 * rules. */
#ifndef ASKFIRST_SHOWN_H
#define ASKFIRST_SHOWN_H

#include "../../policy/policy.h"
#include "../plain/json.h"

enum { SHOWN_PLACE = 24 }; /* how wide a column of places is */

/* Harmless, and cut beyond `limit` bytes (0: never). */
void shown_print(const char *text, size_t limit);

void shown_place(const struct place *place);

/* What is no UTF-8 stands there as a person would see it. */
void shown_json(struct json *json, const char *key, const char *text);

#endif
