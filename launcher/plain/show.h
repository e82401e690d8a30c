/* show.h: making harmless what a guarded program wrote, before a person sees it.
 *
 * Control characters, bidirectional and invisible characters, and bytes that are no UTF-8 come out as visible
 * escapes (\n, \e, \x9b, \u{202e}); a backslash as \\ ; long values are cut in the middle, with their length.
 * What comes out is one line of valid, printable UTF-8.
 */
#ifndef ASKFIRST_SHOW_H
#define ASKFIRST_SHOW_H

#include <stdbool.h>
#include <stddef.h>

/* malloc'd; never NULL (it ends the program when memory is out). `limit`: at most about this many bytes; 0:
 * no limit. */
char *show_bytes(const char *data, size_t length, size_t limit);
char *show_string(const char *string, size_t limit);

/* The same, but a backslash stands for itself where nothing had to be escaped: for a line of a script, and
 * for what is harmless already. */
char *show_line(const char *data, size_t length, size_t limit);

/* A word of a command line as a shell would have to be given it, harmless as above: plain words stay as they
 * are, others are quoted. */
char *show_word(const char *data, size_t length, size_t limit);

/* Whether `data` is valid UTF-8 without NUL: what may stand in JSON as it is. */
bool show_is_utf8(const char *data, size_t length);

/* base64 of the bytes, malloc'd: the `…_base64` twin in JSON. */
char *show_base64(const char *data, size_t length);

#endif
