/* memory.c: allocation that ends the program rather than fail, and the bodies of the cleanups. */
#include "memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *checked(void *pointer)
{
    if (!pointer) {
        static const char text[] = "askfirst: out of memory\n";
        ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
        (void)written;
        _exit(125);
    }
    return pointer;
}

void *xmalloc(size_t size)
{
    return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *pointer, size_t count, size_t size)
{
    return checked(reallocarray(pointer, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *string)
{
    return checked(strdup(string));
}

char *xstrndup(const char *string, size_t limit)
{
    return checked(strndup(string, limit));
}

void *xmemdup(const void *data, size_t size)
{
    void *copy = xmalloc(size);
    if (size) memcpy(copy, data, size);
    return copy;
}

char *xvasprintf(const char *format, va_list arguments)
{
    char *text = NULL;
    return checked(vasprintf(&text, format, arguments) < 0 ? NULL : text);
}

char *xasprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = xvasprintf(format, arguments);
    va_end(arguments);
    return text;
}

#define ROOM ((uintptr_t)1 << 21)  /* a huge page */
#define EARLY ((uintptr_t)1 << 16) /* what the heap begins with before it */

/* Nothing has been allocated yet, so that the break can be moved to where the heap shall begin. */
void memory_settle(void)
{
#ifdef __GLIBC__
    mallopt(M_TOP_PAD, ROOM + EARLY);
    mallopt(M_TRIM_THRESHOLD, 16 * ROOM);
    mallopt(M_MMAP_THRESHOLD, ROOM);
    sbrk((intptr_t)(-((uintptr_t)sbrk(0) + EARLY) % ROOM));
#endif
}

/* Where there is no huge page to be had, half of the room comes in small ones, but all at once. */
void memory_prepare(void)
{
#if defined(__GLIBC__) && defined(MADV_POPULATE_WRITE)
    void *room = (void *)((uintptr_t)sbrk(0) / ROOM * ROOM - ROOM); /* NOLINT(performance-no-int-to-ptr) */
    if (!madvise(room, ROOM, MADV_HUGEPAGE)) madvise(room, ROOM / 2, MADV_POPULATE_WRITE);
#endif
}

void memory_free_pointer(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

void memory_close_fd(const int *fd)
{
    if (*fd < 0) return;
    int saved = errno;
    close(*fd);
    errno = saved;
}

void memory_close_file(FILE **file)
{
    if (!*file) return;
    int saved = errno;
    fclose(*file);
    errno = saved;
}
