/* json.h: writing one line of JSON in pure ASCII, exact numbers, its size known as it grows.
 *
 * ASCII, because what is written may hold characters that a terminal obeys and that some readers of lines
 * take for the end of one. (Answers are read by protocol.h, strictly; tests read what is written here with
 * cJSON.)
 */
#ifndef ASKFIRST_JSON_H
#define ASKFIRST_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* Begins as {0}. `key` is NULL inside arrays, else plain ASCII words. */
struct json {
    struct text text;
    bool comma; /* the next value needs one before it */
};

void json_open(struct json *json, const char *key, char bracket);                     /* '{' or '[' */
void json_close(struct json *json, char bracket);                                     /* '}' or ']' */
void json_bytes(struct json *json, const char *key, const char *data, size_t length); /* must be UTF-8 */
void json_string(struct json *json, const char *key, const char *string);
void json_number(struct json *json, const char *key, uint64_t number);
void json_true(struct json *json, const char *key);
void json_null(struct json *json, const char *key);

/* How many bytes json_bytes() would add for the value itself. */
size_t json_size(const char *data, size_t length);

#endif
