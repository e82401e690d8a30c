/* pack_reading.h: what the two parts of the build's program share. */
#ifndef ASKFIRST_PACK_READING_H
#define ASKFIRST_PACK_READING_H

#include "load.h"

struct bytes {
    unsigned char *items;
    size_t count;
};

void bytes_add(struct bytes *to, const void *from, size_t count);
void bytes_number(struct bytes *to, size_t number);

/* The file of this name as it is read, with marks for built-in names. */
void put_reading(struct bytes *to, struct arena *arena, const char *name, struct diagnostics *diagnostics);

/* Adds the programs that it names, those that are not there yet (packed_programs()). */
void put_programs(struct bytes *to, struct arena *arena, const char *name, struct diagnostics *diagnostics);

/* A policy of nothing but the usual commands. */
struct policy usual_commands(struct arena *arena, struct diagnostics *diagnostics);

#endif
