/* here_text.c: see here_text.h. A shell's text is not parsed: whatever looks like a here-document is tried,
 * also one in a here-document. */
#include "here_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../plain/memory.h"

enum {
    LONGEST_WORD = 255,
    MOST_EXPANSIONS = 64 /* in a line */,
    MOST_STEPS = 1 << 20,
    STEP = 64 /* bytes */
};

/* What is compared: a shell's text, and what came of a part of it. */
struct text_match {
    const char *text, *text_end; /* where something may be assigned */
    const char *content_end;
    bool expands;        /* not so where the delimiter is quoted */
    bool tabs;           /* <<-: those at the beginning of a line are taken away */
    const char *escapes; /* what a backslash takes its meaning from */
    unsigned expansions; /* that are being tried in a line */
    size_t steps_left;   /* somebody might write a text that takes for ever */
};

static bool spend(struct text_match *match, size_t steps)
{
    match->steps_left -= steps < match->steps_left ? steps : match->steps_left;
    return match->steps_left > 0;
}

/* ---- what a shell puts in ---- */

struct expansion {
    const char *end;  /* in the template */
    const char *name; /* of a plain variable */
    size_t name_length;
    bool number; /* $((…)) */
};

static size_t span_of_name(const char *at, const char *end)
{
    size_t length = 0;
    while (at + length < end && (isalnum((unsigned char)at[length]) || at[length] == '_'))
        length++;
    return length;
}

static bool has_any(const char *from, const char *end, const char *characters)
{
    for (; from < end; from++)
        if (strchr(characters, *from)) return true;
    return false;
}

/* $((…)), with no other expansion but plain variables in it. */
static bool arithmetic_at(const char *at, const char *end, struct expansion *found)
{
    const char *close = memmem(at, (size_t)(end - at), "))", 2);
    if (!close || has_any(at + 3, close, "`\n{") || memmem(at + 3, (size_t)(close - at - 3), "$(", 2))
        return false;
    *found = (struct expansion){.end = close + 2, .number = true};
    return true;
}

static bool braces_at(const char *at, const char *end, struct expansion *found)
{
    const char *close = memchr(at, '}', (size_t)(end - at));
    if (!close || has_any(at + 2, close, "`\n({$")) return false;
    size_t length = span_of_name(at + 2, close);
    bool plain = length && at + 2 + length == close;
    *found = (struct expansion){.end = close + 1, .name = plain ? at + 2 : NULL, .name_length = length};
    return true;
}

/* False: nothing that may be put in begins at this `$`. */
static bool expansion_at(const char *at, const char *end, struct expansion *found)
{
    if (end - at < 2) return false;
    if (end - at > 4 && !memcmp(at, "$((", 3)) return arithmetic_at(at, end, found);
    if (at[1] == '{') return braces_at(at, end, found);
    if (strchr("@*#?$!-", at[1]) || isdigit((unsigned char)at[1])) {
        *found = (struct expansion){.end = at + 2};
        return true;
    }
    size_t length = span_of_name(at + 1, end);
    *found = (struct expansion){.end = at + 1 + length, .name = at + 1, .name_length = length};
    return length > 0;
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_@%+=:,./~-", c));
}

static bool begins_with(const char *content, const char *end, const char *value, size_t length)
{
    return (size_t)(end - content) >= length && !memcmp(content, value, length) &&
           !memchr(value, '\n', length);
}

/* How much of what is there is what the launcher itself has under that name. */
static size_t from_environment(const struct text_match *match, const struct expansion *what,
                               const char *content)
{
    cleanup_free char *name = xstrndup(what->name, what->name_length);
    const char *value = getenv(name);
    size_t length = value ? strlen(value) : 0;
    return length && begins_with(content, match->content_end, value, length) ? length : 0;
}

/* How much of it is what the text itself assigns: name='value', name="value" or name=value. */
static size_t from_assignment(struct text_match *match, const struct expansion *what, const char *content)
{
    if (!spend(match, (size_t)(match->text_end - match->text) / STEP)) return 0;
    for (const char *at = match->text;
         (at = memmem(at, (size_t)(match->text_end - at), what->name, what->name_length)); at++) {
        const char *value = at + what->name_length;
        bool whole = at == match->text || (!isalnum((unsigned char)at[-1]) && !strchr("_${", at[-1]));
        if (!whole || value + 1 >= match->text_end || *value++ != '=') continue;
        char quote = *value == '\'' || *value == '"' ? *value++ : 0;
        const char *end = value;
        while (end < match->text_end && (quote ? *end != quote : is_plain(*end)))
            end++;
        size_t length = (size_t)(end - value);
        if (!length || end == match->text_end || has_any(value, end, quote == '"' ? "$`\\\n" : "\n"))
            continue;
        if (begins_with(content, match->content_end, value, length)) return length;
    }
    return 0;
}

/* ---- a line of a template, and a line of what came of it ---- */

/* Both from where they are; `end` is that of the template's line. */
struct line {
    const char *at, *end;
    const char *beginning, *content;
};

static bool line_fits(struct text_match *match, struct line line);

static bool only_blanks(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    return from == to;
}

static bool rest_fits(struct text_match *match, const struct expansion *what, struct line line, size_t taken)
{
    line.at = what->end;
    line.content += taken;
    return line_fits(match, line);
}

static size_t most_of(const struct text_match *match, const struct expansion *what, const struct line *line)
{
    size_t most = 0;
    if (!what->number && only_blanks(line->beginning, line->content)) return 0;
    for (const char *at = line->content; most < LONGEST_WORD && at < match->content_end; at++, most++)
        if (what->number ? !isdigit((unsigned char)*at) && *at != '-' : !is_plain(*at)) break;
    return most;
}

static bool expanded_fits(struct text_match *match, const struct expansion *what, struct line line)
{
    if (what->name) {
        size_t known = from_environment(match, what, line.content);
        if (known && rest_fits(match, what, line, known)) return true;
        known = from_assignment(match, what, line.content);
        if (known && rest_fits(match, what, line, known)) return true;
    }
    for (size_t length = most_of(match, what, &line) + 1; length-- > 0;)
        if (rest_fits(match, what, line, length)) return true;
    return false;
}

/* A `$` or a backtick with a meaning. */
static bool is_special(const struct text_match *match, const struct line *line)
{
    if (!match->expands) return false;
    return *line->at == '`' || (*line->at == '$' && line->end - line->at > 1 && strchr("({", line->at[1]));
}

static bool line_fits(struct text_match *match, struct line line)
{
    struct expansion what;
    while (line.at < line.end) {
        if (!spend(match, 1)) return false;
        if (match->expands && *line.at == '$' && expansion_at(line.at, line.end, &what)) {
            if (match->expansions == MOST_EXPANSIONS) return false;
            match->expansions++;
            bool fits = expanded_fits(match, &what, line);
            match->expansions--;
            return fits;
        }
        if (is_special(match, &line)) return false;
        if (match->expands && *line.at == '\\' && line.end - line.at > 1 &&
            strchr(match->escapes, line.at[1])) {
            line.at++;
            if (*line.at == '\n') {
                line.at++;
                continue;
            }
        }
        if (line.content == match->content_end || *line.content++ != *line.at++) return false;
    }
    return line.content == match->content_end || *line.content == '\n';
}

/* The end of a line of the template: where lines are joined, of the last. */
static const char *line_end(const struct text_match *match, const char *at, const char *end)
{
    for (; at < end && *at != '\n'; at++)
        if (match->expands && *at == '\\' && at + 1 < end) at++;
    return at;
}

static bool lines_fit(struct text_match *match, const char *at, const char *end, const char *content)
{
    while (at < end || content < match->content_end) {
        while (match->tabs && at < end && *at == '\t')
            at++;
        const char *line = line_end(match, at, end);
        if (!line_fits(match, (struct line){at, line, content, content})) return false;
        const char *next = memchr(content, '\n', (size_t)(match->content_end - content));
        content = next ? next + 1 : match->content_end;
        at = line < end ? line + 1 : end;
        if (!next != (line == end)) return false;
    }
    return true;
}

static bool either_fits(struct text_match *match, const char *at, const char *end, const char *content)
{
    match->expands = false;
    if (lines_fit(match, at, end, content)) return true;
    match->expands = true;
    return lines_fit(match, at, end, content);
}

/* ---- where something of that kind stands ---- */

/* <<WORD, <<'WORD', << "WORD", <<\WORD, <<-WORD. */
struct mark {
    const char *word, *after;
    size_t length;
    bool tabs;
};

static bool is_of_word(char c)
{
    return is_plain(c) || c == '!' || c == '#' || c == '^';
}

static bool mark_at(const char *at, const char *end, struct mark *mark)
{
    const char *word = at + 2;
    *mark = (struct mark){.tabs = word < end && *word == '-'};
    word += mark->tabs;
    while (word < end && *word && strchr(" \t'\"\\", *word))
        word++;
    mark->word = word;
    while (word < end && is_of_word(*word))
        word++;
    mark->after = word;
    mark->length = (size_t)(word - mark->word);
    return mark->length > 0;
}

/* The line that ends a document, `quote` may follow on its word. NULL: there is none. */
static const char *terminator(struct text_match *match, const struct mark *mark, const char *body, char quote)
{
    const char *end = match->text_end;
    for (const char *line = body; line && line < end && spend(match, 1);) {
        const char *word = line;
        while (mark->tabs && word < end && *word == '\t')
            word++;
        if ((size_t)(end - word) >= mark->length && !memcmp(word, mark->word, mark->length)) {
            const char *after = word + mark->length;
            if (after == end || *after == '\n' || !*after || (quote && *after == quote)) return line;
        }
        line = memchr(line, '\n', (size_t)(end - line));
        if (line) line++;
    }
    return NULL;
}

/* The here-documents that one line announces stand behind each other. */
static bool in_documents(struct text_match *match, const char *line, const char *end, const char *content,
                         char quote)
{
    const char *body = end + 1;
    struct mark mark;
    for (const char *at = line; (at = memmem(at, (size_t)(end - at), "<<", 2)); at = mark.after) {
        bool is_string = at + 2 < end && at[2] == '<';
        const char *last = NULL;
        mark.after = at + (is_string ? 3 : 2);
        if (!is_string && mark_at(at, end, &mark)) last = terminator(match, &mark, body, quote);
        if (!last) continue;
        match->tabs = mark.tabs;
        if (either_fits(match, body, last, content)) return true;
        body = memchr(last, '\n', (size_t)(match->text_end - last));
        if (!body) return false;
        body++;
    }
    return false;
}

/* <<< 'content' or "content": a here-string has a newline of its own at its end. */
static bool in_string(struct text_match *match, const char *at, const char *content)
{
    while (at < match->text_end && (*at == ' ' || *at == '\t'))
        at++;
    if (at >= match->text_end || (*at != '\'' && *at != '"')) return false;
    char quote = *at++;
    const char *end = at;
    match->tabs = false;
    match->expands = quote == '"';
    for (; end < match->text_end && *end != quote && spend(match, 1); end++)
        if (quote == '"' && *end == '\\' && end + 1 < match->text_end) end++;
    if (end >= match->text_end) return false;
    const char *whole = match->content_end--;
    bool fits = lines_fit(match, at, end, content);
    match->content_end = whole;
    return fits;
}

static bool in_plain(const char *text, const char *end, const char *content, size_t length, char quote)
{
    struct text_match match = {
        .text = text, .text_end = end, .content_end = content + length, .steps_left = MOST_STEPS};
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), "<<<", 3)); at += 3) {
        match.escapes = "$`\\\"\n";
        if (in_string(&match, at + 3, content)) return true;
    }
    match.escapes = "$`\\\n";
    for (const char *line = text; line < end;) {
        const char *last = line;
        while (last < end && *last && *last != '\n')
            last += *last == '\\' && last + 1 < end ? 2 : 1;
        if (last >= end) return false;
        if (*last && in_documents(&match, line, last, content, quote)) return true;
        line = last + 1;
    }
    return false;
}

/* How a character is written inside a quoted word, where that takes more than itself. */
static const struct escape {
    char quote, stands_for;
    const char *text;
} escapes[] = {
    {'\'', '\'', "'\\''"}, {'\'', '\'', "'\"'\"'"}, {'"', '"', "\\\""},
    {'"', '\\', "\\\\"},   {'"', '$', "\\$"},       {'"', '`', "\\`"},
};

static const struct escape *escape_at(const char *at, const char *end, char quote)
{
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        size_t length = strlen(escapes[i].text);
        if (escapes[i].quote == quote && (size_t)(end - at) >= length && !memcmp(at, escapes[i].text, length))
            return &escapes[i];
    }
    return NULL;
}

/* Agents have a shell eval a command that stands in its own command line as one quoted word. */
static bool in_quoted(const char *text, const char *end, const char *content, size_t length, char quote)
{
    cleanup_free char *inside = xmalloc((size_t)(end - text) + 1);
    char *to = inside;
    for (const char *at = text; at < end;) {
        const struct escape *escape = escape_at(at, end, quote);
        *to++ = escape ? escape->stands_for : *at;
        at += escape ? strlen(escape->text) : 1;
    }
    return in_plain(inside, to, content, length, quote);
}

bool here_text_in(const char *text, size_t text_length, const char *content, size_t length)
{
    const char *end = text + text_length;
    if (length < 2 || content[length - 1] != '\n') return false;
    return in_plain(text, end, content, length, 0) || in_quoted(text, end, content, length, '\'') ||
           in_quoted(text, end, content, length, '"');
}
