/* index.h: finds in an image's trees (layout.h) what a path or a name leads to; freestanding. */
#ifndef ASKFIRST_INDEX_H
#define ASKFIRST_INDEX_H

#include "layout.h"

/* Told of each node at which a pattern that fits ends. */
typedef void index_arrive(void *context, const struct node *node);

struct index_search {
    const struct image *image;
    const uint32_t *limit; /* may fall meanwhile: where no earlier rule is, nobody goes */
    index_arrive *arrive;
    void *context;
};

/* By a path: absolute, or nothing is found. */
void index_path(const struct index_search *search, uint32_t root, const char *path, size_t length);

/* By a single name, in a tree of single names. */
void index_name(const struct index_search *search, uint32_t root, const char *name, size_t length);

/* The list in a table that a hash leads to, and its slot in *place; 0: none. */
uint32_t index_slot(const struct image *image, struct range table, uint32_t hash, uint32_t *place);

#endif
