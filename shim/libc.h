/* libc.h: the C library's own functions behind the ones that the shim puts before them.
 *
 * They are looked up by hand in the objects that come after the shim in the order of search. dlsym() would
 * take a lock, would allocate and leave an error message behind where a name does not exist, and cannot be
 * called everywhere.
 */
#ifndef ASKFIRST_SHIM_LIBC_H
#define ASKFIRST_SHIM_LIBC_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIBC_OBJECTS 24

struct libc_object {
    uintptr_t base;
    const Elf64_Dyn *dynamic;
};

struct libc {
    size_t count;
    struct libc_object objects[LIBC_OBJECTS]; /* the last is the C library itself */
};

/* Fills it with the objects that were loaded after the shim, up to the C library. */
void libc_find(struct libc *libc);

/* The function NAME as the program would have got it without the shim; NULL: this library has none. */
void *libc_function(const struct libc *libc, const char *name);

/* Or musl: where the two differ in what they do, a wrapper does as its program's own. */
bool libc_is_glibc(void);

/* A wrapper's way out: the value itself, or -1 with errno set when it is a negative errno. */
long give_result(long result);
void give_error(int error);
int last_error(void);

/* Around a call that may wait for long: a thread that is cancelled meanwhile ends, as in the C library's own.
 */
int cancel_begin(void);
void cancel_end(int before);

#endif
