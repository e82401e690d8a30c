/* here_document.h: whether a program that arrives through a pipe is a here-document of the shell that
 * starts it: text that was there when the shell's own script or command was judged, not something from
 * elsewhere. What timeout(1) or a shim of pyenv then starts gets the same pipe, where the shell's text is
 * out of sight: so it is kept in mind which pipes hold one. */
#ifndef ASKFIRST_HERE_DOCUMENT_H
#define ASKFIRST_HERE_DOCUMENT_H

#include <stdbool.h>

#include "facts.h"

/* The pipes of a run that held a here-document when a program was judged, the last few. */
struct documents;
struct documents *documents_new(void);
void documents_free(struct documents *documents);

/* Of a caller that is about to execute, what its standard input will be. True only where the pipe has no
 * writer left, and all that is in it is what a shell makes (here_text.h) of a here-document or here-string
 * that stands in the text of the shell that starts it, or of one above that: in its command line, in a file
 * that it has open or that such a text sources, in the history that it keeps for a terminal; or was found
 * there at an earlier call, and is in that pipe still, whole and as it was. */
bool here_document_is_stdin(struct documents *documents, const struct caller *caller);

/* Of a caller that is about to execute whatever it be: keeps in mind what its standard input is, if that is a
 * here-document. */
void here_document_keep(struct documents *documents, const struct caller *caller);

#endif
