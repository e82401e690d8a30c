/* text.c: a string that grows. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void reserve(struct text *text, size_t more)
{
    size_t need, capacity = text->capacity ? text->capacity : 64;

    if (__builtin_add_overflow(text->length, more + 1, &need)) abort();
    if (need <= text->capacity) return;
    while (capacity < need)
        capacity += capacity / 2 + 1;
    text->data = xrealloc(text->data, capacity, 1);
    text->capacity = capacity;
}

void text_add(struct text *text, const char *data, size_t length)
{
    reserve(text, length);
    if (length) memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
    if (text->capacity - text->length < 2) reserve(text, 1);
    text->data[text->length++] = c;
    text->data[text->length] = '\0';
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        reserve(text, (size_t)length);
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void text_drop(struct text *text, size_t length)
{
    if (!length) return;
    memmove(text->data, text->data + length, text->length - length + 1);
    text->length -= length;
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->data) text->data[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

char *text_take(struct text *text)
{
    reserve(text, 0);
    char *data = text->data;
    data[text->length] = '\0';
    *text = (struct text){0};
    return data;
}
