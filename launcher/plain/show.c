/* show.c: making harmless what a guarded program wrote. It knows bytes and characters, nothing of questions.
 */
#include "show.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "text.h"

/* How a hidden character is spelt. */
enum spelling {
    SPELL_ESCAPES, /* \n, \x9b, \u{202e}; a backslash is doubled */
    SPELL_RAW,     /* nothing to escape, and a backslash stands for itself: inside '…' and "…" */
    SPELL_SHELL    /* as in a shell's $'…': \u202e, and \' too */
};

enum { UNIT_SIZE = 16, MARKS_IN_A_ROW = 2 };

/* One character or stray byte of the value, as it is shown. */
struct unit {
    size_t from;   /* bytes of the value */
    size_t length; /* bytes shown */
    char text[UNIT_SIZE];
};

struct reader {
    enum spelling spelling;
    unsigned marks; /* combining marks since the last character that can carry them */
    bool carrier;   /* the character before can carry one */
};

static const char *short_escape(uint32_t c)
{
    switch (c) {
    case '\a': return "\\a";
    case '\b': return "\\b";
    case '\t': return "\\t";
    case '\n': return "\\n";
    case '\v': return "\\v";
    case '\f': return "\\f";
    case '\r': return "\\r";
    case 0x1b: return "\\e";
    default: return NULL;
    }
}

static void spell_character(struct unit *unit, enum spelling spelling, uint32_t c)
{
    const char *known = short_escape(c);
    int length;

    if (known)
        length = snprintf(unit->text, UNIT_SIZE, "%s", known);
    else if (c < 0x80)
        length = snprintf(unit->text, UNIT_SIZE, "\\x%02x", (unsigned)c);
    else if (spelling != SPELL_SHELL)
        length = snprintf(unit->text, UNIT_SIZE, "\\u{%x}", (unsigned)c);
    else
        length = snprintf(unit->text, UNIT_SIZE, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    unit->length = (size_t)length;
}

/* A mark is shown as it is where it has a letter to sit on, and not too many are piled up there. */
static bool mark_is_harmless(struct reader *reader)
{
    return reader->carrier && ++reader->marks <= MARKS_IN_A_ROW;
}

static bool needs_backslash(const struct reader *reader, uint32_t c)
{
    return (c == '\\' && reader->spelling != SPELL_RAW) || (c == '\'' && reader->spelling == SPELL_SHELL);
}

static void read_unit(struct reader *reader, struct unit *unit, const char *data, size_t length)
{
    uint32_t c;

    unit->from = character_read(data, length, &c);
    if (!unit->from) {
        unit->from = 1;
        unit->length = (size_t)snprintf(unit->text, UNIT_SIZE, "\\x%02x", (unsigned)(unsigned char)*data);
        reader->carrier = false;
    } else if (character_hidden(c) || (character_combining(c) && !mark_is_harmless(reader))) {
        spell_character(unit, reader->spelling, c);
        reader->carrier = false;
    } else {
        bool backslash = needs_backslash(reader, c);
        unit->text[0] = '\\';
        memcpy(unit->text + backslash, data, unit->from);
        unit->length = backslash + unit->from;
        if (!character_combining(c)) {
            reader->carrier = c > ' ' && !backslash;
            reader->marks = 0;
        }
    }
}

/* Adds units from the beginning of the value until it or the room is used up; returns how much of it was
 * read. */
static size_t show_head(struct text *out, enum spelling spelling, const char *data, size_t length,
                        size_t room)
{
    struct reader reader = {.spelling = spelling};
    struct unit unit;
    size_t done = 0;

    while (done < length) {
        read_unit(&reader, &unit, data + done, length - done);
        if (unit.length > room) break;
        text_add(out, unit.text, unit.length);
        room -= unit.length;
        done += unit.from;
    }
    return done;
}

/* How much of the value's end fits in the room: it is read forwards from a character's beginning, and units
 * are given up from the front while what follows is too long. No unit is shorter than the bytes that it
 * shows. (A mark whose letter was given up is escaped afterwards, so the end may come out a few bytes longer
 * than its room.) */
static size_t tail_start(enum spelling spelling, const char *data, size_t length, size_t room)
{
    size_t start = length > room ? length - room : 0, shown = 0;

    for (int i = 0; start > 0 && i < 3 && start < length && ((unsigned char)data[start] & 0xc0) == 0x80; i++)
        start++;
    struct reader reader = {.spelling = spelling};
    struct unit unit;
    for (size_t at = start; at < length; at += unit.from) {
        read_unit(&reader, &unit, data + at, length - at);
        shown += unit.length;
    }
    reader = (struct reader){.spelling = spelling};
    while (shown > room && start < length) {
        read_unit(&reader, &unit, data + start, length - start);
        shown -= unit.length;
        start += unit.from;
    }
    return start;
}

static void show_cut(struct text *out, enum spelling spelling, const char *data, size_t length, size_t limit)
{
    char middle[48];
    size_t taken = (size_t)snprintf(middle, sizeof middle, "… %zu bytes …", length);
    size_t room = limit > taken ? limit - taken : 0;
    size_t tail = room / 3;

    size_t head = show_head(out, spelling, data, length, room - tail);
    text_add(out, middle, taken);
    size_t start = head + tail_start(spelling, data + head, length - head, tail);
    show_head(out, spelling, data + start, length - start, SIZE_MAX);
}

static void show_value(struct text *out, enum spelling spelling, const char *data, size_t length,
                       size_t limit)
{
    size_t before = out->length;

    if (limit && length > limit) {
        show_cut(out, spelling, data, length, limit);
        return;
    }
    if (show_head(out, spelling, data, length, limit ? limit : SIZE_MAX) == length) return;
    out->length = before;
    show_cut(out, spelling, data, length, limit);
}

char *show_bytes(const char *data, size_t length, size_t limit)
{
    struct text out = {0};

    show_value(&out, SPELL_ESCAPES, data, length, limit);
    return text_take(&out);
}

char *show_string(const char *string, size_t limit)
{
    return show_bytes(string, strlen(string), limit);
}

/* What a word holds, as far as quoting goes. */
struct word {
    bool plain; /* nothing that a shell would take for its own */
    bool single_quote;
    bool escapes;    /* something that only $'…' can spell */
    bool unquotable; /* what "…" would not keep as it is */
};

static bool is_plain(uint32_t c, bool first)
{
    if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    return strchr(first ? "_-+./:,@%" : "_-+./:,@%=^~#", (int)c) != NULL;
}

static struct word examine(const char *data, size_t length)
{
    struct word word = {.plain = length > 0};
    struct reader reader = {.spelling = SPELL_RAW};
    struct unit unit;
    uint32_t c;

    for (size_t at = 0; at < length; at += unit.from) {
        read_unit(&reader, &unit, data + at, length - at);
        if (unit.length != unit.from || memcmp(unit.text, data + at, unit.from) != 0) {
            word.escapes = true;
            return word;
        }
        if (unit.from == 1) {
            c = (unsigned char)data[at];
            word.plain = word.plain && is_plain(c, at == 0);
            word.single_quote = word.single_quote || c == '\'';
            word.unquotable = word.unquotable || strchr("$`\"\\!", (int)c);
        }
    }
    return word;
}

char *show_line(const char *data, size_t length, size_t limit)
{
    struct text out = {0};

    show_value(&out, examine(data, length).escapes ? SPELL_ESCAPES : SPELL_RAW, data, length, limit);
    return text_take(&out);
}

char *show_word(const char *data, size_t length, size_t limit)
{
    struct text out = {0};
    struct word word = examine(data, length);

    if (word.escapes || (word.single_quote && word.unquotable)) {
        text_string(&out, "$'");
        show_value(&out, SPELL_SHELL, data, length, limit);
        text_char(&out, '\'');
    } else if (word.plain) {
        show_value(&out, SPELL_RAW, data, length, limit);
    } else {
        char quote = word.single_quote ? '"' : '\'';
        text_char(&out, quote);
        show_value(&out, SPELL_RAW, data, length, limit);
        text_char(&out, quote);
    }
    return text_take(&out);
}

bool show_is_utf8(const char *data, size_t length)
{
    uint32_t c;

    for (size_t at = 0, step; at < length; at += step) {
        step = 1;
        if ((signed char)data[at] > 0) continue; /* ASCII, as nearly all is */
        step = character_read(data + at, length - at, &c);
        if (!step || !c) return false;
    }
    return true;
}

char *show_base64(const char *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct text out = {0};

    for (size_t at = 0; at < length; at += 3) {
        size_t have = length - at < 3 ? length - at : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < have ? (unsigned char)data[at + i] : 0);
        char group[4] = {digits[bits >> 18], digits[bits >> 12 & 63], '=', '='};
        if (have > 1) group[2] = digits[bits >> 6 & 63];
        if (have > 2) group[3] = digits[bits & 63];
        text_add(&out, group, 4);
    }
    return text_take(&out);
}
