/* fuzz_show.c: whatever bytes come in, one line of printable UTF-8 comes out, and a quoted word keeps its
 * quotes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../launcher/plain/characters.h"
#include "../../launcher/plain/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(char *shown, size_t limit)
{
    size_t length = strlen(shown);
    uint32_t c;

    for (size_t at = 0, step; at < length; at += step) {
        step = character_read(shown + at, length - at, &c);
        if (!step || character_hidden(c)) abort();
    }
    if (limit && length > limit + 64) abort();
    free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    size_t limit = data[0];
    const char *value = (const char *)data + 1;

    check(show_bytes(value, size - 1, 0), 0);
    check(show_bytes(value, size - 1, limit), limit);
    check(show_word(value, size - 1, limit), limit);
    check(show_base64(value, size - 1), 0);
    if (show_is_utf8(value, size - 1) && memchr(value, 0, size - 1)) abort();
    return 0;
}
