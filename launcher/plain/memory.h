/* memory.h: allocation that does not fail (it ends the program instead), and cleanups that happen by
 * themselves.
 *
 * Only for launcher/. A launcher without memory is of no use to anybody: it says so and exits with 125, and
 * the keeper (keeper.h) takes the run down with it.
 */
#ifndef ASKFIRST_MEMORY_H
#define ASKFIRST_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *pointer, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *string) __attribute__((malloc, returns_nonnull, nonnull));
char *xstrndup(const char *string, size_t limit) __attribute__((malloc, returns_nonnull, nonnull));
void *xmemdup(const void *data, size_t size) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...) __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list arguments)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 0)));

/* Before anything else: the heap grows in large steps, and keeps what it has: reading a policy takes and
 * frees small pieces by the thousand. */
void memory_settle(void);
/* Before a policy is read, which takes most of the first step: that comes at once, as one page of 2 MiB where
 * the kernel has it to give, for a fifth of what its pages cost one by one. Whoever is forked does so before:
 * pages that are shared are copied one by one. */
void memory_prepare(void);

/* char *name cleanup_free = ...: freed when the name goes out of scope. */
#define cleanup_free __attribute__((cleanup(memory_free_pointer)))
#define cleanup_fd __attribute__((cleanup(memory_close_fd)))
#define cleanup_file __attribute__((cleanup(memory_close_file)))

void memory_free_pointer(void *pointer_to_pointer);
void memory_close_fd(const int *fd); /* negative is fine; errno is kept */
void memory_close_file(FILE **file); /* NULL is fine; errno is kept */

/* return steal_pointer(&name): hands it on, so that its cleanup finds nothing. */
#define steal_pointer(pointer)                                                                               \
    ({                                                                                                       \
        __typeof__(*(pointer)) stolen_ = *(pointer);                                                         \
        *(pointer) = NULL;                                                                                   \
        stolen_;                                                                                             \
    })

static inline int steal_fd(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

#endif
