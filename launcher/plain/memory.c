/* memory.c: allocation that ends the program rather than fail, and the bodies of the cleanups. */
#include "memory.h"

#include <errno.h>
#include <string.h>
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
