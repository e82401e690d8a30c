/* bytes.c: strings and memory, for code that has no C library (bytes.h). */
#include "bytes.h"

#include "raw/raw.h"

/* Keeps the compiler from seeing memcpy's loop for a memcpy. */
#define OPAQUE(pointer) __asm__ volatile("" : "+r"(pointer)::"memory")

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    char *t = to;
    const char *f = from;
    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t)) {
        __builtin_memcpy(t, f, sizeof(uint64_t));
        t += sizeof(uint64_t);
        f += sizeof(uint64_t);
        OPAQUE(t);
    }
    while (size--) {
        *t++ = *f++;
        OPAQUE(t);
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    char *t = to;
    const char *f = from;
    if (t <= f || t >= f + size) return memcpy(to, from, size);
    while (size--) {
        t[size] = f[size];
        OPAQUE(t);
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    char *t = to;
    while (size--) {
        *t++ = (char)byte;
        OPAQUE(t);
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;
    for (; size; size--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}

size_t strlen(const char *string)
{
    const char *end = string;
    while (*end) {
        end++;
        OPAQUE(end);
    }
    return (size_t)(end - string);
}

bool bytes_same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

bool bytes_begin(const char *string, const char *beginning)
{
    while (*beginning && *string == *beginning)
        string++, beginning++;
    return !*beginning;
}

const char *bytes_value(const char *entry, const char *name)
{
    while (*name && *entry == *name)
        entry++, name++;
    return !*name && *entry == '=' ? entry + 1 : NULL;
}

char *bytes_number(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
    } while (number /= 10);
    while (count)
        *to++ = digits[--count];
    *to = 0;
    return to;
}

char *bytes_fd_path(char *to, int fd)
{
    /* The first thread's are the process's: a folder that the kernel need not make for the purpose. */
    static const char first[] = "/proc/self/fd/", other[] = "/proc/thread-self/fd/";
    bool is_first = raw_gettid() == raw_getpid();
    size_t length = is_first ? sizeof first - 1 : sizeof other - 1;
    memcpy(to, is_first ? first : other, length);
    return bytes_number(to + length, (uint64_t)(unsigned)fd);
}

void text_begin(struct text *text)
{
    text->bytes = text->small;
    text->length = 0;
    text->room = sizeof text->small;
    text->small[0] = 0;
}

bool text_widen(struct text *text)
{
    if (text->bytes != text->small) return true;
    char *memory = raw_map(TEXT_LARGE);
    if (!memory) return false;
    memcpy(memory, text->small, text->length + 1);
    text->bytes = memory;
    text->room = TEXT_LARGE;
    return true;
}

bool text_add(struct text *text, const char *bytes, size_t length)
{
    if (length >= text->room - text->length) {
        if (length >= TEXT_LARGE - text->length || !text_widen(text)) return false;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
    return true;
}

void text_end(struct text *text)
{
    if (text->bytes != text->small) raw_unmap(text->bytes, TEXT_LARGE);
    text->bytes = text->small;
}
