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

#define ROOM ((size_t)1 << 20)

void memory_settle(void)
{
#ifdef __GLIBC__
    mallopt(M_TOP_PAD, ROOM);
    mallopt(M_TRIM_THRESHOLD, 32 * ROOM);
#endif
}

void memory_prepare(void)
{
#ifdef MADV_POPULATE_WRITE
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *first = xmalloc(1), *top = sbrk(0);
    char *from = first + (page - (uintptr_t)first % page);
    if (top > from && (size_t)(top - from) <= 2 * ROOM)
        madvise(from, (size_t)(top - from) / page * page, MADV_POPULATE_WRITE);
    free(first);
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
