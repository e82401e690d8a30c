/* here_text.h: whether a text is what a shell makes of a here-document or here-string that stands in another
 * text, the shell's own. Opens nothing and looks at no process.
 *
 * What the shell puts in for `$x` counts as the shell's own text where it says nothing by itself: a plain
 * word that does not begin its line, what the launcher has in its own environment under that name, or what is
 * assigned to it, as it stands, in the same text. What a command substitution puts in never does. */
#ifndef ASKFIRST_HERE_TEXT_H
#define ASKFIRST_HERE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool here_text_in(const char *text, size_t text_length, const char *content, size_t length);

#endif
