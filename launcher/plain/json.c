/* json.c: writing one line of JSON in pure ASCII. */
#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "characters.h"

enum { SPELT = 16 };

/* One character as it stands in a JSON string; returns how many bytes of it were written. */
static size_t spell(uint32_t c, char out[SPELT])
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    int length;

    for (size_t i = 0; i + 1 < sizeof named; i += 2) {
        if (c == (unsigned char)named[i]) {
            out[0] = '\\';
            out[1] = named[i + 1];
            return 2;
        }
    }
    if (c >= 0x20 && c < 0x7f) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x10000)
        length = snprintf(out, SPELT, "\\u%04x", (unsigned)c);
    else
        length = snprintf(out, SPELT, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
                          (unsigned)(0xdc00 + (c & 0x3ff)));
    return (size_t)length;
}

/* What is no UTF-8 after all becomes U+FFFD, so that the line stays JSON. */
static size_t next(const char *data, size_t length, uint32_t *c)
{
    size_t step = character_read(data, length, c);

    if (step) return step;
    *c = 0xfffd;
    return 1;
}

size_t json_size(const char *data, size_t length)
{
    size_t size = 2;
    char spelt[SPELT];
    uint32_t c;

    for (size_t at = 0; at < length;) {
        at += next(data + at, length - at, &c);
        size += spell(c, spelt);
    }
    return size;
}

/* How many bytes of the beginning stand for themselves. */
static size_t plain(const char *data, size_t length)
{
    size_t count = 0;
    while (count < length && data[count] >= 0x20 && data[count] < 0x7f && data[count] != '"' &&
           data[count] != '\\')
        count++;
    return count;
}

static void value(struct text *text, const char *data, size_t length)
{
    char spelt[SPELT];
    uint32_t c;

    text_char(text, '"');
    for (size_t at = 0; at < length;) {
        size_t same = plain(data + at, length - at);
        text_add(text, data + at, same);
        if ((at += same) == length) break;
        at += next(data + at, length - at, &c);
        size_t size = spell(c, spelt);
        text_add(text, spelt, size);
    }
    text_char(text, '"');
}

static void begin(struct json *json, const char *key)
{
    if (json->comma) text_char(&json->text, ',');
    json->comma = true;
    if (!key) return;
    text_char(&json->text, '"');
    text_string(&json->text, key); /* our own words */
    text_add(&json->text, "\":", 2);
}

void json_open(struct json *json, const char *key, char bracket)
{
    begin(json, key);
    text_char(&json->text, bracket);
    json->comma = false;
}

void json_close(struct json *json, char bracket)
{
    text_char(&json->text, bracket);
    json->comma = true;
}

void json_bytes(struct json *json, const char *key, const char *data, size_t length)
{
    begin(json, key);
    value(&json->text, data, length);
}

void json_string(struct json *json, const char *key, const char *string)
{
    json_bytes(json, key, string, strlen(string));
}

void json_number(struct json *json, const char *key, uint64_t number)
{
    char digits[20], *at = digits + sizeof digits;
    begin(json, key);
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    text_add(&json->text, at, (size_t)(digits + sizeof digits - at));
}

void json_true(struct json *json, const char *key)
{
    begin(json, key);
    text_string(&json->text, "true");
}

void json_null(struct json *json, const char *key)
{
    begin(json, key);
    text_string(&json->text, "null");
}
