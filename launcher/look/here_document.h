/* here_document.h: whether a program that arrives through a pipe is a here-document of the shell that starts
 * it: text that was there when the shell's own script or command was judged, not something from elsewhere. */
#ifndef ASKFIRST_HERE_DOCUMENT_H
#define ASKFIRST_HERE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"

/* Of a caller that is about to execute, what its standard input will be. True only where the pipe has no
 * writer left, and all that is in it stands in the caller's command line or in a file that the caller has
 * open, as a here-document or here-string in which nothing is expanded. */
bool here_document_is_stdin(const struct caller *caller);

/* Whether `content` stands in `text` in that way. */
bool here_document_in(const char *text, size_t text_length, const char *content, size_t length);

#endif
