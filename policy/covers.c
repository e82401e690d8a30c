/* covers.c: which patterns and rules are wholly within others. */
#include "covers.h"

#include <string.h>
#include <strings.h>

#include "address.h"
#include "glob.h"
#include "pattern.h"

/* What a literal stands for: its quoting undone. 0: it is too long to look at. */
static size_t unquote(const char *text, size_t length, char *to, size_t room)
{
    size_t size = 0;
    if (length > room) return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\' && i + 1 < length) i++;
        to[size++] = text[i];
    }
    return size;
}

static bool part_covers(const char *glob, size_t glob_length, const char *other, size_t length)
{
    char plain[4096];
    if (glob_length == length && memcmp(glob, other, length) == 0) return true;
    if (glob_length == 1 && glob[0] == '*') return true;
    if (pattern_has_glob(other, length)) return false;
    size_t size = unquote(other, length, plain, sizeof plain);
    return size > 0 && glob_match(glob, glob_length, plain, size);
}

bool name_covers(const char *glob, const char *other)
{
    return part_covers(glob, strlen(glob), other, strlen(other));
}

/* The name that a path pattern begins with, and what comes after its slash. */
static size_t first_name(const char *pattern, const char **rest)
{
    size_t length = strcspn(pattern, "/");
    *rest = pattern + length + (pattern[length] == '/');
    return length;
}

static bool is_stars(const char *name, size_t length)
{
    return length == 2 && name[0] == '*' && name[1] == '*';
}

static bool names_cover(const char *pattern, const char *other)
{
    for (;;) {
        const char *rest, *other_rest;
        size_t length = first_name(pattern, &rest), other_length = first_name(other, &other_rest);
        if (length == 0) return other_length == 0;
        if (is_stars(pattern, length)) {
            /* It takes in any of the other's names, its stars too. */
            if (names_cover(rest, other)) return true;
            if (other_length == 0) return false;
            other = other_rest;
            continue;
        }
        if (other_length == 0 || is_stars(other, other_length)) return false;
        if (!part_covers(pattern, length, other, other_length)) return false;
        pattern = rest;
        other = other_rest;
    }
}

bool path_covers(const char *pattern, const char *other)
{
    return names_cover(pattern + (pattern[0] == '/'), other + (other[0] == '/'));
}

static bool range_covers(const struct address_pattern *range, const struct address_pattern *other)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (other->kind != ADDRESS_RANGE || range->prefix > other->prefix) return false;
    /* A wide IPv6 range holds no IPv4 address. */
    if (range->prefix < 96 && memcmp(other->address, mapped, sizeof mapped) == 0) return false;
    size_t bytes = range->prefix / 8, bits = range->prefix % 8;
    if (memcmp(range->address, other->address, bytes) != 0) return false;
    return bits == 0 || (range->address[bytes] ^ other->address[bytes]) >> (8 - bits) == 0;
}

static bool domain_covers(const char *domain, const struct address_pattern *other)
{
    size_t length = strlen(domain), other_length = strlen(other->text);
    if (other->kind == ADDRESS_BELOW && strcmp(domain, other->text) == 0) return true;
    return (other->kind == ADDRESS_NAME || other->kind == ADDRESS_BELOW) && other_length > length + 1 &&
           other->text[other_length - length - 1] == '.' &&
           strcmp(domain, other->text + other_length - length) == 0;
}

static bool host_covers(const struct address_pattern *pattern, const struct address_pattern *other)
{
    switch (pattern->kind) {
    case ADDRESS_ANY:
        return other->kind == ADDRESS_ANY || other->kind == ADDRESS_NAME || other->kind == ADDRESS_BELOW ||
               other->kind == ADDRESS_LOCAL || other->kind == ADDRESS_RANGE;
    case ADDRESS_NAME: return other->kind == ADDRESS_NAME && strcmp(pattern->text, other->text) == 0;
    case ADDRESS_BELOW: return domain_covers(pattern->text, other);
    case ADDRESS_LOCAL: return other->kind == ADDRESS_LOCAL;
    case ADDRESS_RANGE: return range_covers(pattern, other);
    case ADDRESS_UNIX: return other->kind == ADDRESS_UNIX && path_covers(pattern->text, other->text);
    case ADDRESS_ABSTRACT: return other->kind == ADDRESS_ABSTRACT && name_covers(pattern->text, other->text);
    case ADDRESS_SOCKET: return other->kind == ADDRESS_SOCKET && pattern->socket == other->socket;
    }
    return false;
}

bool address_covers(const char *pattern, const char *other)
{
    struct address_pattern a, b;
    const char *why;
    if (strcmp(pattern, other) == 0) return true;
    /* Lists of hosts can be long: what is one host is told from others without parsing both. */
    if (!strpbrk(pattern, "*/[") && strncasecmp(pattern, other, strcspn(pattern, ":")) != 0) return false;
    if (address_pattern_parse(pattern, &a, &why) != 0 || address_pattern_parse(other, &b, &why) != 0)
        return false;
    return a.low <= b.low && b.high <= a.high && host_covers(&a, &b);
}

static bool is_name(const struct pattern *pattern)
{
    return strchr(pattern->text, '/') == NULL;
}

/* Every program that the one stands for, the other stands for too. */
static bool stands_for(const struct pattern *pattern, const struct pattern *other)
{
    if (!is_name(pattern)) return !is_name(other) && path_covers(pattern->text, other->text);
    if (is_name(other)) return name_covers(pattern->text, other->text);
    const char *last = strrchr(other->text, '/') + 1;
    return strcmp(last, "**") != 0 && name_covers(pattern->text, last);
}

/* An allow by a bare name fits only a program that cannot be written, so it leaves the others to what comes
 * later, unless that asks for the same. And it looks only at the real path, where an ask and a deny look at
 * the name that the program was called by as well. */
static bool program_covers(const struct rule *earlier, const struct pattern *pattern,
                           const struct rule *later, const struct pattern *other)
{
    bool leaves_some = earlier->verdict == VERDICT_ALLOW && pattern->bare;
    if (leaves_some && !(later->verdict == VERDICT_ALLOW && other->bare)) return false;
    return stands_for(pattern, other);
}

static bool programs_cover(const struct rule *earlier, const struct patterns *patterns,
                           const struct rule *later, const struct patterns *others)
{
    if (patterns->count == 0) return true;
    for (size_t i = 0; i < others->count; i++) {
        size_t k = 0;
        while (k < patterns->count && !program_covers(earlier, &patterns->items[k], later, &others->items[i]))
            k++;
        if (k == patterns->count) return false;
    }
    return others->count > 0;
}

static bool patterns_cover(const struct patterns *patterns, const struct patterns *others,
                           bool covers(const char *, const char *))
{
    for (size_t i = 0; i < others->count; i++) {
        size_t k = 0;
        while (k < patterns->count && !covers(patterns->items[k].text, others->items[i].text))
            k++;
        if (k == patterns->count) return false;
    }
    return others->count > 0;
}

static bool holds(const struct strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->count; i++)
        if (strcmp(strings->items[i], text) == 0) return true;
    return false;
}

static bool holds_all(const struct strings *strings, const struct strings *wanted)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (!holds(strings, wanted->items[i])) return false;
    return true;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* What follows it are words. */
static bool is_end(const char *word)
{
    return strcmp(word, "--") == 0;
}

static bool has_options(const struct strings *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (is_option(words->items[i])) return true;
    return false;
}

static bool begins_with(const struct strings *words, const struct strings *beginning)
{
    if (words->count < beginning->count) return false;
    for (size_t i = 0; i < beginning->count; i++)
        if (strcmp(words->items[i], beginning->items[i]) != 0) return false;
    return true;
}

/* Whether it is a word for every command: what comes after an option may be that option's value. */
static bool is_surely_word(const struct strings *words, size_t i)
{
    return !is_option(words->items[i]) && (i == 0 || !is_option(words->items[i - 1]));
}

static bool holds_options(const struct strings *words, const struct strings *others)
{
    for (size_t i = 0; i < others->count; i++)
        if (is_option(others->items[i]) && !holds(words, others->items[i])) return false;
    return true;
}

/* An allow does not look past options that are not known, and those that it names itself are. */
static bool knows_as_much(const struct rule *earlier, const struct rule *later)
{
    return holds_options(&earlier->words, &later->words) && holds_all(&earlier->options, &later->options);
}

/* The first words must be the same ones: where a command has subcommands, a rule's first word means the
 * command's. After it, the words of an ask or deny need only be found; those of an allow follow each other.
 * Options among words have places and values of their own, so there only the same beginning is sure. */
static bool words_cover(const struct rule *earlier, const struct rule *later)
{
    const struct strings *words = &earlier->words, *others = &later->words;
    if (words->count == 0) return true;
    if (earlier->verdict == VERDICT_ALLOW && !knows_as_much(earlier, later)) return false;
    if (has_options(words)) return begins_with(others, words);
    size_t at = 0;
    for (size_t i = 0; i < words->count; i++, at++) {
        bool must_be_here = i == 0 || earlier->verdict == VERDICT_ALLOW;
        while (at < others->count &&
               !(is_surely_word(others, at) && name_covers(words->items[i], others->items[at]))) {
            if (must_be_here) return false;
            at++;
        }
        if (at == others->count) return false;
    }
    return true;
}

/* One of the earlier's options is there whenever the later fits: the later demands one of them. Only those of
 * its words that stand before its first are looked for where those of `options` are. */
static bool options_cover(const struct rule *earlier, const struct rule *later)
{
    if (earlier->options.count == 0) return true;
    for (size_t i = 0;
         i < later->words.count && is_option(later->words.items[i]) && !is_end(later->words.items[i]); i++)
        if (holds(&earlier->options, later->words.items[i])) return true;
    return later->options.count > 0 && holds_all(&earlier->options, &later->options);
}

static bool shell_covers(const struct rule *earlier, const struct rule *later)
{
    if (earlier->shell.count == 0) return true;
    for (size_t i = 0; i < later->shell.count; i++) {
        size_t k = 0;
        while (k < earlier->shell.count && !name_covers(earlier->shell.items[k], later->shell.items[i]))
            k++;
        if (k == earlier->shell.count) return false;
    }
    return later->shell.count > 0;
}

static bool digests_cover(const struct rule *earlier, const struct rule *later)
{
    if (earlier->sha256_count == 0) return true;
    for (size_t i = 0; i < later->sha256_count; i++) {
        size_t k = 0;
        while (k < earlier->sha256_count && memcmp(earlier->sha256[k], later->sha256[i], 32) != 0)
            k++;
        if (k == earlier->sha256_count) return false;
    }
    return later->sha256_count > 0;
}

static bool has_conditions(const struct rule *rule)
{
    return rule->exact || rule->words.count || rule->options.count || rule->without.count ||
           rule->shell.count || rule->stdin_kind != STDIN_UNKNOWN || rule->sha256_count || rule->cwd.count ||
           rule->parent.count;
}

/* An exact rule leaves out everything but its own words; what else it demands has to be the same, to be
 * sure. */
static bool is_same_command(const struct rule *earlier, const struct rule *later)
{
    if (earlier->words.count != later->words.count || earlier->sha256_count || earlier->cwd.count ||
        earlier->parent.count || earlier->stdin_kind != STDIN_UNKNOWN)
        return false;
    for (size_t i = 0; i < earlier->words.count; i++)
        if (strcmp(earlier->words.items[i], later->words.items[i]) != 0) return false;
    return true;
}

static bool command_covers(const struct rule *earlier, const struct rule *later)
{
    if (!programs_cover(earlier, &earlier->patterns, later, &later->patterns)) return false;
    if (!has_conditions(earlier)) return true;
    /* An allow reads its conditions more narrowly than an ask or a deny reads the same ones. */
    if (earlier->verdict == VERDICT_ALLOW && later->verdict != VERDICT_ALLOW) return false;
    if (earlier->exact) return later->exact && is_same_command(earlier, later);
    return words_cover(earlier, later) && options_cover(earlier, later) &&
           holds_all(&later->without, &earlier->without) && shell_covers(earlier, later) &&
           (earlier->stdin_kind == STDIN_UNKNOWN || earlier->stdin_kind == later->stdin_kind) &&
           digests_cover(earlier, later) &&
           (earlier->cwd.count == 0 || patterns_cover(&earlier->cwd, &later->cwd, path_covers)) &&
           programs_cover(earlier, &earlier->parent, later, &later->parent);
}

/* What an allow asks of the program it asks more narrowly than an ask or a deny does. */
static bool file_covers(const struct rule *earlier, const struct rule *later)
{
    bool narrow =
        earlier->program.count && earlier->verdict == VERDICT_ALLOW && later->verdict != VERDICT_ALLOW;
    return !narrow && patterns_cover(&earlier->patterns, &later->patterns, path_covers) &&
           programs_cover(earlier, &earlier->program, later, &later->program);
}

bool rule_covers_installed(const struct rule *earlier, const struct rule *later)
{
    if (later->act != ACT_EXEC || earlier->verdict != VERDICT_ALLOW || has_conditions(earlier)) return false;
    for (size_t i = 0; i < later->patterns.count; i++) {
        size_t k = 0;
        while (k < earlier->patterns.count &&
               !stands_for(&earlier->patterns.items[k], &later->patterns.items[i]))
            k++;
        if (k == earlier->patterns.count) return false;
    }
    return later->patterns.count > 0;
}

bool rule_lifts(const struct rule *earlier, const struct rule *later)
{
    if (earlier->verdict != VERDICT_ALLOW || later->verdict == VERDICT_ALLOW || later->act == ACT_CONNECT)
        return false;
    bool command = later->act == ACT_EXEC;
    if (earlier->program.count) return false; /* it says who */
    if (command ? has_conditions(earlier) || !has_conditions(later) : later->verdict != VERDICT_DENY)
        return false;
    for (size_t i = 0; i < later->patterns.count; i++)
        for (size_t k = 0; k < earlier->patterns.count; k++) {
            const struct pattern *one = &earlier->patterns.items[k], *other = &later->patterns.items[i];
            if (command ? stands_for(one, other) : path_covers(one->text, other->text)) return true;
        }
    return false;
}

/* Where the port is not known, an ask or a deny fits whatever port it names, and an allow does not. */
static bool connect_covers(const struct rule *earlier, const struct rule *later)
{
    if (earlier->verdict != VERDICT_ALLOW || later->verdict == VERDICT_ALLOW)
        return patterns_cover(&earlier->patterns, &later->patterns, address_covers);
    for (size_t i = 0; i < earlier->patterns.count; i++) {
        struct address_pattern pattern;
        const char *why;
        if (address_pattern_parse(earlier->patterns.items[i].text, &pattern, &why) != 0 || pattern.low > 0 ||
            pattern.high < UINT16_MAX)
            return false;
    }
    return patterns_cover(&earlier->patterns, &later->patterns, address_covers);
}

bool rule_covers(const struct rule *earlier, const struct rule *later)
{
    switch (later->act) {
    case ACT_EXEC: return command_covers(earlier, later);
    case ACT_CONNECT: return connect_covers(earlier, later);
    default: return file_covers(earlier, later);
    }
}
