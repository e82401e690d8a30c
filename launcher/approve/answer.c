/* answer.c: reading an answer, strictly: one flat object of strings and whole numbers, every field known,
 * none twice.
 *
 * A reader of its own, because a yes must not hang on what a lenient one makes of a doubtful line: of two
 * fields of the same name, of 1e9999, of text behind the object.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"
#include "protocol.h"

enum field { FIELD_TYPE, FIELD_ID, FIELD_DECISION, FIELD_SCOPE, FIELD_FOR_S, FIELD_NOTE, FIELD_BY, FIELDS };

static const struct {
    const char *name;
    bool number;
    bool required;
} fields[FIELDS] = {
    [FIELD_TYPE] = {"type", false, true},
    [FIELD_ID] = {"id", true, true},
    [FIELD_DECISION] = {"decision", false, true},
    [FIELD_SCOPE] = {"scope", false, false},
    [FIELD_FOR_S] = {"for_s", true, false},
    [FIELD_NOTE] = {"note", false, false},
    [FIELD_BY] = {"by", false, false},
};

/* What was read: `text[i].data` or, of a number, `number[i]`, where `seen[i]`. */
struct reading {
    const char *at, *end;
    bool seen[FIELDS];
    struct text text[FIELDS];
    uint64_t number[FIELDS];
    char *wrong; /* the first thing that is wrong */
};

static bool fail(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct reading *reading, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (!reading->wrong) reading->wrong = xvasprintf(format, arguments);
    va_end(arguments);
    return false;
}

static void skip_blanks(struct reading *reading)
{
    while (reading->at < reading->end && strchr(" \t\r", *reading->at))
        reading->at++;
}

static bool take(struct reading *reading, char c)
{
    skip_blanks(reading);
    if (reading->at == reading->end || *reading->at != c) return false;
    reading->at++;
    return true;
}

static bool expect(struct reading *reading, char c)
{
    return take(reading, c) || fail(reading, "the answer is no JSON object: expected %c", c);
}

/* Four hexadecimal digits. */
static bool read_hex(struct reading *reading, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, reading->at++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = reading->at < reading->end && *reading->at ? strchr(digits, *reading->at) : NULL;
        if (!digit) return fail(reading, "the answer is no JSON: \\u wants four hexadecimal digits");
        *value = *value << 4 | (uint32_t)((digit - digits) % 16);
    }
    return true;
}

static void add_character(struct text *text, uint32_t c)
{
    if (c < 0x80) {
        text_char(text, (char)c);
        return;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned leads[] = {0, 0xc0, 0xe0, 0xf0};
    text_char(text, (char)(leads[more] | c >> 6 * more));
    while (more--)
        text_char(text, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

/* \uXXXX, where one half of a pair asks for the other. */
static bool read_unicode(struct reading *reading, struct text *text)
{
    uint32_t c, low;

    if (!read_hex(reading, &c)) return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (reading->end - reading->at < 2 || memcmp(reading->at, "\\u", 2) != 0)
            return fail(reading, "the answer is no JSON: half a surrogate pair");
        reading->at += 2;
        if (!read_hex(reading, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(reading, "the answer is no JSON: half a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
    } else if (c >= 0xdc00 && c <= 0xdfff) {
        return fail(reading, "the answer is no JSON: half a surrogate pair");
    }
    if (!c) return fail(reading, "the answer has a NUL in a string");
    add_character(text, c);
    return true;
}

static bool read_escape(struct reading *reading, struct text *text)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    if (reading->at == reading->end) return fail(reading, "the answer is no JSON: it ends within a string");
    char c = *reading->at++;
    if (c == 'u') return read_unicode(reading, text);
    const char *known = strchr(from, c);
    if (!known) return fail(reading, "the answer is no JSON: an escape that it does not know");
    text_char(text, to[known - from]);
    return true;
}

static bool read_string(struct reading *reading, struct text *text)
{
    if (!expect(reading, '"')) return false;
    text_clear(text);
    text_add(text, "", 0);
    while (reading->at < reading->end && *reading->at != '"') {
        char c = *reading->at++;
        if ((unsigned char)c < 0x20)
            return fail(reading, "the answer is no JSON: a control character in a string");
        if (c != '\\')
            text_char(text, c);
        else if (!read_escape(reading, text))
            return false;
    }
    return take(reading, '"') || fail(reading, "the answer is no JSON: it ends within a string");
}

/* Digits alone: neither a sign, nor a fraction, nor an exponent, nor a zero in front. */
static bool read_number(struct reading *reading, const char *name, uint64_t *number)
{
    const char *start;

    skip_blanks(reading);
    start = reading->at;
    *number = 0;
    for (; reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9'; reading->at++)
        if (__builtin_mul_overflow(*number, 10u, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*reading->at - '0'), number))
            return fail(reading, "the answer's \"%s\" is out of range", name);
    bool ended = reading->at == reading->end || strchr(" \t\r,}", *reading->at);
    if (reading->at == start || !ended || (*start == '0' && reading->at - start > 1))
        return fail(reading, "the answer's \"%s\" must be a whole number", name);
    return true;
}

static enum field find_field(const char *name)
{
    enum field field = 0;

    while (field < FIELDS && strcmp(fields[field].name, name) != 0)
        field++;
    return field;
}

static bool read_field(struct reading *reading)
{
    struct text name = {0};
    bool good = read_string(reading, &name) && expect(reading, ':');

    if (good) {
        enum field field = find_field(name.data);
        char *shown = show_string(name.data, 60);
        if (field == FIELDS)
            good = fail(reading, "the answer has a field \"%s\" that the protocol does not know", shown);
        else if (reading->seen[field])
            good = fail(reading, "the answer has the field \"%s\" twice", shown);
        else if (fields[field].number)
            good = read_number(reading, shown, &reading->number[field]);
        else if (!take(reading, '"'))
            good = fail(reading, "the answer's \"%s\" must be a string", shown);
        else {
            reading->at--;
            good = read_string(reading, &reading->text[field]);
        }
        if (good) reading->seen[field] = true;
        free(shown);
    }
    text_free(&name);
    return good;
}

static bool read_object(struct reading *reading)
{
    if (!expect(reading, '{')) return false;
    if (!take(reading, '}')) {
        do {
            if (!read_field(reading)) return false;
        } while (take(reading, ','));
        if (!expect(reading, '}')) return false;
    }
    skip_blanks(reading);
    return reading->at == reading->end || fail(reading, "the answer has something behind its closing }");
}

static bool is(const struct reading *reading, enum field field, const char *word)
{
    return reading->seen[field] && strcmp(reading->text[field].data, word) == 0 &&
           strlen(word) == reading->text[field].length;
}

static bool check_fields(struct reading *reading)
{
    for (enum field field = 0; field < FIELDS; field++)
        if (fields[field].required && !reading->seen[field])
            return fail(reading, "the answer has no \"%s\"", fields[field].name);
    if (!is(reading, FIELD_TYPE, "answer"))
        return fail(reading,
                    "a line of a type that the protocol does not know: an approver sends \"answer\"");
    if (reading->text[FIELD_NOTE].length > PROTOCOL_NOTE)
        return fail(reading, "the answer's \"note\" is longer than %u bytes", PROTOCOL_NOTE);
    if (reading->text[FIELD_BY].length > PROTOCOL_BY)
        return fail(reading, "the answer's \"by\" is longer than %u bytes", PROTOCOL_BY);
    return true;
}

static bool read_scope(struct reading *reading, struct answer *answer)
{
    answer->scope = SCOPE_ONCE;
    if (!reading->seen[FIELD_SCOPE]) return true;
    for (enum scope scope = 0; scope < SCOPES; scope++) {
        if (is(reading, FIELD_SCOPE, scope_name(scope))) {
            answer->scope = scope;
            return true;
        }
    }
    return fail(reading, "the answer's \"scope\" is none of once, exact, like, tree, always");
}

/* A limit in time is for a grant that lasts: `once` has none, and `always` must not be taken for one that
 * ends. */
static bool read_for_s(struct reading *reading, struct answer *answer)
{
    if (!reading->seen[FIELD_FOR_S]) return true;
    if (answer->scope == SCOPE_ONCE || answer->scope == SCOPE_ALWAYS)
        return fail(reading, "the answer's \"for_s\" goes with exact, like and tree, not with %s",
                    scope_name(answer->scope));
    answer->for_s = reading->number[FIELD_FOR_S];
    if (answer->for_s < 1 || answer->for_s > PROTOCOL_FOR_S)
        return fail(reading, "the answer's \"for_s\" must be 1 to %u seconds", PROTOCOL_FOR_S);
    return true;
}

static bool read_decision(struct reading *reading, struct answer *answer)
{
    if (is(reading, FIELD_DECISION, "allow")) {
        answer->outcome = OUTCOME_APPROVED;
        return read_scope(reading, answer) && read_for_s(reading, answer);
    }
    answer->outcome = OUTCOME_REFUSED;
    if (!is(reading, FIELD_DECISION, "deny"))
        return fail(reading, "the answer's \"decision\" is neither allow nor deny");
    if (reading->seen[FIELD_FOR_S])
        return fail(reading, "the answer denies, and has a \"for_s\", which belongs to an allow");
    if (reading->seen[FIELD_SCOPE] && !is(reading, FIELD_SCOPE, scope_name(SCOPE_LIKE)))
        return fail(reading, "the answer denies, and its \"scope\" is not like");
    return read_scope(reading, answer);
}

static char *take_text(struct reading *reading, enum field field)
{
    return reading->text[field].length ? text_take(&reading->text[field]) : NULL;
}

char *protocol_read(const char *line, size_t length, uint64_t *id, struct answer *answer)
{
    struct reading reading = {.at = line, .end = line + length};
    struct answer result = {0};

    if (length >= PROTOCOL_LINE)
        fail(&reading, "a line is longer than %u bytes", PROTOCOL_LINE);
    else if (!show_is_utf8(line, length))
        fail(&reading, "a line is no UTF-8");
    else if (read_object(&reading) && check_fields(&reading) && read_decision(&reading, &result)) {
        *id = reading.number[FIELD_ID];
        *answer = result;
        answer->note = take_text(&reading, FIELD_NOTE);
        answer->by = take_text(&reading, FIELD_BY);
    }
    for (enum field field = 0; field < FIELDS; field++)
        text_free(&reading.text[field]);
    return reading.wrong;
}
