/* bytes.h: strings and memory, for code that has no C library. */
#ifndef ASKFIRST_BYTES_H
#define ASKFIRST_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The compiler calls the first four by itself. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *string);

bool bytes_same(const char *a, const char *b);
bool bytes_begin(const char *string, const char *beginning);
/* The value in an entry NAME=VALUE of an environment, or NULL when it is another name's. */
const char *bytes_value(const char *entry, const char *name);
/* Writes the number and a NUL; where the NUL is comes back. 21 bytes are enough. */
char *bytes_number(char *to, uint64_t number);

#define FD_PATH 48 /* bytes that bytes_fd_path() may write */
/* "/proc/thread-self/fd/FD", or the same by a shorter way: a name for a descriptor of the calling thread.
 * Where its NUL is comes back. */
char *bytes_fd_path(char *to, int fd);

/* A text that begins on the stack, and moves to private memory when it grows beyond that. */
#define TEXT_SMALL 208
#define TEXT_LARGE 12288 /* longer than two paths: nothing that the kernel takes is longer */
struct text {
    char *bytes; /* ends in NUL, which `length` does not count */
    size_t length;
    size_t room;
    char small[TEXT_SMALL];
};
void text_begin(struct text *text);
bool text_widen(struct text *text);                                 /* to TEXT_LARGE; false: no memory */
bool text_add(struct text *text, const char *bytes, size_t length); /* false: it does not fit or no memory */
void text_end(struct text *text);

#endif
