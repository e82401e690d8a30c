/* words.c: the words that a rule names, and the whole of what it asks of a command line (words.h). */
#include "words.h"

#include "glob.h"
#include "option.h"

static bool term_matches(const struct image *image, const struct term *term, const char *text)
{
    const char *want = image_string(image, term->text);
    if (term->flags & TERM_GLOB) return glob_match(want, term->length, text, string_length(text));
    return string_is(text, want, term->length);
}

/* Goes through the words of a rule; begins at 0. */
struct terms {
    uint32_t i;
    bool option; /* the term is one */
    bool behind; /* a word came by */
    bool ended;  /* a "--" did: what follows are words, as in a line */
};

/* Of a command whose options end at its first word, a "--" before that ends nothing for what it starts. */
static bool ends_terms(const struct grammar *grammar, const struct term *term, const struct terms *at)
{
    const char *text = image_string(grammar->image, term->text);
    return term->length == 2 && text[1] == '-' && (at->behind || !options_end_at_word(grammar));
}

/* The next term; *value is the one that is its value, or NULL. */
static const struct term *next_term(const struct grammar *grammar, struct range words, struct terms *at,
                                    const struct term **value)
{
    const struct term *term = image_terms(grammar->image) + words.first + at->i;
    *value = NULL;
    if (at->i == words.count) return NULL;
    at->i++;
    at->option = (term->flags & TERM_OPTION) && !at->ended;
    if (!at->option) {
        at->behind = true;
        return term;
    }
    at->ended = ends_terms(grammar, term, at);
    bool of_another = at->behind && options_end_at_word(grammar);
    if (at->i < words.count && !(term[1].flags & TERM_OPTION) && !of_another &&
        option_takes_next(grammar, term)) {
        *value = term + 1;
        at->i++;
    }
    return term;
}

/* The next that is a word. */
static const struct term *next_word_term(const struct grammar *grammar, struct range words, struct terms *at)
{
    const struct term *term, *value;
    while ((term = next_term(grammar, words, at, &value)) && at->option)
        ;
    return term;
}

static bool option_words_present(const struct line *line, struct range words, enum reading_mode mode)
{
    struct terms at = {0};
    for (const struct term *term, *value; (term = next_term(&line->grammar, words, &at, &value));)
        if (at.option && !option_worded_present(line, term, value, !at.behind, mode)) return false;
    return true;
}

static bool words_found(const struct line *line, struct range words)
{
    struct line_words cursor = {0};
    struct terms at = {0};
    bool anchored = tool_has(&line->grammar, TOOL_SUBCOMMANDS) && line->prelude.known;
    for (const struct term *term; (term = next_word_term(&line->grammar, words, &at)); anchored = false) {
        const char *word = line_next_word(line, &cursor);
        while (word && !anchored && !term_matches(line->grammar.image, term, word))
            word = line_next_word(line, &cursor);
        if (!word || (anchored && !term_matches(line->grammar.image, term, word))) return false;
    }
    return true;
}

/* Whether an argument that is handed on is an option that the rule itself has among what is handed on. */
static bool is_rules_option(const struct line *line, struct range words, size_t i)
{
    const char *arg = line->argv[i];
    struct terms at = {0};
    if (*arg != '-' || !arg[1] || i <= line->prelude.word || !options_end_at_word(&line->grammar))
        return false;
    for (const struct term *term, *value; (term = next_term(&line->grammar, words, &at, &value));) {
        bool behind = at.option && at.behind;
        if (behind && option_is_anothers(&line->grammar, term, arg)) return true;
    }
    return false;
}

static bool words_are_first(const struct line *line, struct range words)
{
    struct line_words cursor = {0};
    struct terms at = {0};
    bool ended = false; /* its options are, by a "--" that was handed on */
    for (const struct term *term; (term = next_word_term(&line->grammar, words, &at));) {
        const char *word = line_next_word(line, &cursor);
        for (; word && !ended && is_rules_option(line, words, cursor.i); word = line_next_word(line, &cursor))
            ended = string_is(word, "--", 2);
        if (!word || !term_matches(line->grammar.image, term, word)) return false;
    }
    return true;
}

/* Whether an allow itself names this option: among its words, before those that are another's. */
static bool is_named(const struct line *line, const struct demand *demand, const struct piece *piece)
{
    const struct term *options = image_terms(line->grammar.image) + demand->options.first;
    struct terms at = {0};
    for (const struct term *term, *value; (term = next_term(&line->grammar, demand->words, &at, &value));) {
        if (at.behind && options_end_at_word(&line->grammar)) break;
        if (at.option && option_names_piece(&line->grammar, term, piece)) return true;
    }
    for (uint32_t i = 0; i < demand->options.count; i++)
        if (option_names_piece(&line->grammar, &options[i], piece)) return true;
    return false;
}

/* Whether an allow may look past an argument of options: it names it, or each that it holds, or they are
 * safe. */
static bool is_trusted(const struct line *line, const struct demand *demand, const char *arg)
{
    struct piece piece = {.name = arg, .length = arg_name_length(arg)};
    if (is_named(line, demand, &piece)) return true;
    for (size_t at = 0; arg_next_piece(&line->grammar, arg, &at, &piece);)
        if (!is_safe(piece.bits) && !is_named(line, demand, &piece)) return false;
    return true;
}

static bool prelude_fits(const struct line *line, const struct demand *demand)
{
    struct line_words cursor = {0};
    if (line->prelude.safe) return true;
    for (unsigned kind; (kind = line_next_arg(line, &cursor));) {
        if ((kind & ARG_OPTION) && !is_trusted(line, demand, line->argv[cursor.i])) return false;
        if (kind & ARG_WORD) break;
    }
    return true;
}

static bool has_word_terms(const struct grammar *grammar, struct range words)
{
    struct terms at = {0};
    return next_word_term(grammar, words, &at) != NULL;
}

/* Word for word, options and "--" among them: nothing is read into it. */
static bool is_whole_command(const struct line *line, struct range words)
{
    const struct term *terms = image_terms(line->grammar.image) + words.first;
    if ((line->argc ? line->argc - 1 : 0) != words.count) return false;
    for (uint32_t i = 0; i < words.count; i++) {
        const char *want = image_string(line->grammar.image, terms[i].text), *have = line->argv[i + 1];
        size_t length = string_length(have);
        bool same = terms[i].flags & TERM_GLOB ? glob_match(want, terms[i].length, have, length)
                                               : length == terms[i].length && bytes_equal(want, have, length);
        if (!same) return false;
    }
    return true;
}

static bool words_exact(const struct line *line, const struct demand *demand)
{
    if (!has_word_terms(&line->grammar, demand->words)) return true;
    return words_are_first(line, demand->words) && prelude_fits(line, demand);
}

static bool shell_text_matches(const struct line *line, struct range globs)
{
    const char *text = line_shell_text(line);
    if (!text) return false;
    const struct term *terms = image_terms(line->grammar.image) + globs.first;
    size_t length = string_length(text);
    struct glob_bytes bytes;
    glob_bytes_of(&bytes, text, length);
    for (uint32_t i = 0; i < globs.count; i++) {
        const char *want = image_string(line->grammar.image, terms[i].text);
        if (terms[i].flags & TERM_GLOB ? !glob_lacks(&bytes, want, terms[i].length) &&
                                             glob_match(want, terms[i].length, text, length)
                                       : length == terms[i].length && bytes_equal(want, text, length))
            return true;
    }
    return false;
}

enum fit line_fits(const struct line *line, const struct demand *demand, enum verdict verdict)
{
    enum reading_mode mode = verdict == VERDICT_ALLOW ? STRICT : LOOSE;
    enum reading_mode other = verdict == VERDICT_ALLOW ? LOOSE : STRICT;
    if (demand->exact) return is_whole_command(line, demand->words) ? FIT_YES : FIT_WORDS;
    if (demand->shell.count && !line_shell_text(line)) return FIT_SHELL;
    if (demand->words.count) {
        bool words = mode == STRICT ? words_exact(line, demand) : words_found(line, demand->words);
        if (!words || !option_words_present(line, demand->words, mode)) return FIT_WORDS;
    }
    if (demand->options.count && !option_any_present(line, demand->options, mode)) return FIT_OPTIONS;
    if (option_any_present(line, demand->without, other)) return FIT_WITHOUT;
    if (demand->shell.count && !shell_text_matches(line, demand->shell)) return FIT_SHELL;
    return FIT_YES;
}
