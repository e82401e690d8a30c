/* text.h: a string that grows. It ends the program when memory is out, so that nobody who builds a line has
 * to ask. */
#ifndef ASKFIRST_TEXT_H
#define ASKFIRST_TEXT_H

#include <stddef.h>

/* Begins as {0}. `data` is NULL until something was added, and ends with a NUL from then on. */
struct text {
    char *data;
    size_t length;
    size_t capacity;
};

void text_add(struct text *text, const char *data, size_t length);
void text_string(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void text_drop(struct text *text, size_t length); /* from its beginning */
void text_clear(struct text *text);               /* keeps its memory */
void text_free(struct text *text);
char *text_take(struct text *text); /* the string, malloc'd, never NULL; the text is empty afterwards */

#endif
