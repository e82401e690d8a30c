/* characters.h: reading UTF-8 and knowing which characters a screen shows, and how wide. Independent of the
 * locale. */
#ifndef ASKFIRST_CHARACTERS_H
#define ASKFIRST_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed UTF-8 sequence at `data` and its character in `*character`; 0 when there is
 * none (a stray or missing byte, an overlong form, a surrogate, beyond U+10FFFF). */
size_t character_read(const char *data, size_t length, uint32_t *character);

/* Controls, marks of direction, characters that show nothing or an unusual blank, private use,
 * non-characters. */
bool character_hidden(uint32_t character);

/* It is drawn over the character before it. */
bool character_combining(uint32_t character);

/* Columns on a terminal: 0, 1 or 2. */
unsigned character_width(uint32_t character);

#endif
