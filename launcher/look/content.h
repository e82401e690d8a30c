/* content.h: what the file of a program holds, as far as it tells how the program would be run. It is read
 * once, as long as the file stays what it is.
 */
#ifndef ASKFIRST_CONTENT_H
#define ASKFIRST_CONTENT_H

#include "elf.h"
#include "facts.h"

struct content {
    struct elf elf;
    bool loader; /* one of the system's own, by itself */
    bool raises; /* executing it would raise privileges */
    bool script; /* and `hashbang` is its first line */
    struct hashbang hashbang;
};

/* Of a readable descriptor. */
void content_read(int fd, struct content *content);

struct contents;
struct contents *contents_new(void);
void contents_free(struct contents *contents); /* NULL is fine */

/* Of a file that was found just now; false: it cannot be read. `contents` (NULL: nobody's) remembers it by
 * the file's identity, its mode and owner, its size, and when it was last changed. */
bool content_of(struct contents *contents, const struct found *found, struct content *content);

#endif
