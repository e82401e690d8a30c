/* glob.c: the matchers (glob.h). They know nothing of rules. */
#include "glob.h"

static bool between(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

static bool is_alpha(unsigned char byte)
{
    return between(byte | 0x20, 'a', 'z');
}

static bool is_digit(unsigned char byte)
{
    return between(byte, '0', '9');
}

static bool is_graph(unsigned char byte)
{
    return between(byte, '!', '~');
}

enum named { ALNUM, ALPHA, BLANK, CNTRL, DIGIT, GRAPH, LOWER, PRINT, PUNCT, SPACE, UPPER, XDIGIT, NAMED };

/* Fixed width instead of pointers: the shim's copy needs no relocation. */
static const char class_names[NAMED][8] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                           "lower", "print", "punct", "space", "upper", "xdigit"};

static bool in_named(enum named name, unsigned char byte)
{
    switch (name) {
    case ALNUM: return is_alpha(byte) || is_digit(byte);
    case ALPHA: return is_alpha(byte);
    case BLANK: return byte == ' ' || byte == '\t';
    case CNTRL: return byte < ' ' || byte == 127;
    case DIGIT: return is_digit(byte);
    case GRAPH: return is_graph(byte);
    case LOWER: return between(byte, 'a', 'z');
    case PRINT: return is_graph(byte) || byte == ' ';
    case PUNCT: return is_graph(byte) && !is_alpha(byte) && !is_digit(byte);
    case SPACE: return byte == ' ' || between(byte, '\t', '\r');
    case UPPER: return between(byte, 'A', 'Z');
    case XDIGIT: return is_digit(byte) || between(byte | 0x20, 'a', 'f');
    case NAMED: break;
    }
    return false;
}

/* `at` stands after "[:". Returns what follows ":]", or NULL. */
static const char *named_class(const char *at, const char *end, unsigned char byte, bool *hit)
{
    for (unsigned name = 0; name < NAMED; name++) {
        size_t i = 0;
        while (class_names[name][i] && i < (size_t)(end - at) && at[i] == class_names[name][i])
            i++;
        if (class_names[name][i] || (size_t)(end - at) < i + 2 || at[i] != ':' || at[i + 1] != ']') continue;
        if (in_named((enum named)name, byte)) *hit = true;
        return at + i + 2;
    }
    return NULL;
}

/* One byte of a class, which may be quoted. Returns what follows, or NULL at the end. */
static const char *class_byte(const char *at, const char *end, unsigned char *byte)
{
    if (at < end && *at == '\\') at++;
    if (at >= end) return NULL;
    *byte = (unsigned char)*at;
    return at + 1;
}

const char *glob_class(const char *at, const char *end, unsigned char byte, bool *hit)
{
    bool negated = at < end && (*at == '!' || *at == '^'), found = false, first = true;
    if (negated) at++;
    for (;; first = false) {
        if (at >= end) return NULL;
        if (*at == ']' && !first) break;
        if (*at == '[' && end - at > 1 && at[1] == ':') {
            at = named_class(at + 2, end, byte, &found);
            if (!at) return NULL;
            continue;
        }
        unsigned char low, high;
        at = class_byte(at, end, &low);
        if (!at) return NULL;
        high = low;
        if (end - at > 1 && *at == '-' && at[1] != ']') {
            at = class_byte(at + 1, end, &high);
            if (!at || high < low) return NULL;
        }
        if (between(byte, low, high)) found = true;
    }
    *hit = found != negated;
    return at + 1;
}

/* One byte of text against what stands at `at`, which is no star. Returns what follows in the glob, or NULL.
 */
static const char *match_one(const char *at, const char *end, unsigned char byte)
{
    if (*at == '?') return at + 1;
    if (*at == '[') {
        bool hit = false;
        const char *next = glob_class(at + 1, end, byte, &hit);
        if (next) return hit ? next : NULL;
    } else if (*at == '\\' && end - at > 1) {
        at++;
    }
    return (unsigned char)*at == byte ? at + 1 : NULL;
}

static bool is_plain(char c)
{
    return c != '*' && c != '?' && c != '[' && c != '\\';
}

/* Where what follows a star can begin: not before its first byte, if that is a plain one. */
static size_t skip_to(const char *at, const char *end, const char *text, size_t i, size_t length)
{
    if (at < end && is_plain(*at))
        while (i < length && text[i] != *at)
            i++;
    return i;
}

/* A star takes as little as it can; only the last one met ever has to take more. */
bool glob_match(const char *glob, size_t glob_length, const char *text, size_t length)
{
    const char *at = glob, *end = glob + glob_length, *star = NULL;
    size_t i = 0, resume = 0;
    while (i < length) {
        if (at < end && *at == '*') {
            star = ++at;
            if (at == end) return true;
            i = resume = skip_to(at, end, text, i, length);
            continue;
        }
        const char *next = at < end ? match_one(at, end, (unsigned char)text[i]) : NULL;
        if (next) {
            at = next;
            i++;
        } else if (star) {
            at = star;
            i = resume = skip_to(at, end, text, resume + 1, length);
        } else {
            return false;
        }
    }
    while (at < end && *at == '*')
        at++;
    return at == end;
}

void glob_bytes_of(struct glob_bytes *bytes, const char *text, size_t length)
{
    *bytes = (struct glob_bytes){{0, 0, 0, 0}};
    for (size_t i = 0; i < length; i++)
        bytes->bits[(unsigned char)text[i] / 64] |= UINT64_C(1) << (unsigned char)text[i] % 64;
}

bool glob_lacks(const struct glob_bytes *bytes, const char *glob, size_t glob_length)
{
    const char *at = glob, *end = glob + glob_length;
    for (; at < end; at++) {
        if (*at == '*' || *at == '?') continue;
        if (*at == '[') return false; /* what a class takes is not looked into */
        if (*at == '\\' && end - at > 1) at++;
        if (!(bytes->bits[(unsigned char)*at / 64] >> (unsigned char)*at % 64 & 1)) return true;
    }
    return false;
}

struct name {
    const char *text;
    size_t length;
};

/* Takes the next name off the front of `rest`; false when there is none. */
static bool next_name(struct name *rest, struct name *name)
{
    while (rest->length && *rest->text == '/') {
        rest->text++;
        rest->length--;
    }
    if (!rest->length) return false;
    name->text = rest->text;
    while (rest->length && *rest->text != '/') {
        rest->text++;
        rest->length--;
    }
    name->length = (size_t)(rest->text - name->text);
    return true;
}

static bool is_double_star(const struct name *name)
{
    return name->length == 2 && name->text[0] == '*' && name->text[1] == '*';
}

bool path_match(const char *pattern, size_t pattern_length, const char *path, size_t length)
{
    struct name left = {pattern, pattern_length}, rest = {path, length};
    struct name star = {NULL, 0}, resume = {NULL, 0}, want, name;
    if (!length || *path != '/') return false;
    for (;;) {
        struct name before = rest;
        bool have = next_name(&rest, &name), wants = next_name(&left, &want);
        if (wants && is_double_star(&want)) {
            star = left;
            rest = resume = before;
            continue;
        }
        if (!have && !wants) return true;
        if (have && wants && glob_match(want.text, want.length, name.text, name.length)) continue;
        if (!star.text || !next_name(&resume, &name)) return false;
        left = star;
        rest = resume;
    }
}
