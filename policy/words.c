/* words.c: reads command lines (words.h, and the questions about them in image.h). */
#include "words.h"

#include "glob.h"
#include "index.h"

enum arg_kind { ARG_WORD = 1, ARG_OPTION = 2, ARG_VALUE = 4, ARG_END = 8 };

#define NAMES_PROGRAM ((unsigned)KNOB_TEXT | (unsigned)KNOB_MODULE)

size_t string_length(const char *string)
{
    size_t length = 0;
    while (string[length])
        length++;
    return length;
}

bool bytes_equal(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i]) return false;
    return true;
}

static bool starts_with(const char *text, const char *prefix, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != prefix[i]) return false;
    return true;
}

static bool string_is(const char *string, const char *text, size_t length)
{
    return starts_with(string, text, length) && !string[length];
}

static bool term_matches(const struct image *image, const struct term *term, const char *text)
{
    const char *want = image_string(image, term->text);
    if (term->flags & TERM_GLOB) return glob_match(want, term->length, text, string_length(text));
    return string_is(text, want, term->length);
}

/* ---- What is known of a command ---- */

static bool tool_kind_is(const struct grammar *grammar, enum command_kind kind)
{
    return grammar->tool && grammar->tool->kind == kind;
}

static bool tool_has(const struct grammar *grammar, enum tool_flags flag)
{
    return grammar->tool && (grammar->tool->flags & flag);
}

/* What comes after the first word of these is a script's, or another program's command line. */
static bool options_end_at_word(const struct grammar *grammar)
{
    return grammar->tool && grammar->tool->kind != COMMAND_PLAIN;
}

static unsigned knob_bits(const struct grammar *grammar, const char *name, size_t length)
{
    if (!grammar->tool || !grammar->tool->knobs.count) return 0;
    const struct knob *knobs = image_knobs(grammar->image) + grammar->tool->knobs.first;
    uint32_t mask = grammar->tool->knobs.count - 1;
    for (uint32_t i = hash_bytes(name, length) & mask; knobs[i].bits; i = (i + 1) & mask) {
        if (knobs[i].length == length &&
            bytes_equal(image_string(grammar->image, knobs[i].text), name, length))
            return knobs[i].bits;
    }
    return 0;
}

static unsigned letter_bits(const struct grammar *grammar, char letter)
{
    int bit = letter_bit(letter);
    unsigned bits = 0;
    if (!grammar->tool || bit < 0) return 0;
    for (unsigned kind = 0; kind < KNOB_KINDS; kind++)
        bits |= (unsigned)(grammar->tool->letters[kind] >> bit & 1) << kind;
    return bits;
}

/* ---- Arguments ---- */

static bool takes_value(unsigned bits)
{
    return (bits & KNOB_VALUE) && !(bits & NAMES_PROGRAM);
}

/* In a bundle, what stands behind it is its own (but in a shell, where nothing is attached). */
static bool takes_rest(unsigned bits)
{
    return bits & (KNOB_VALUE | NAMES_PROGRAM);
}

/* One option of an argument: -abc holds three. */
struct piece {
    const char *name;
    size_t length; /* 0: something that is no option, and ends the bundle */
    unsigned bits;
    const char *attached; /* its value, where that is part of the argument */
    char letter[2];
};

static size_t name_length(const char *arg)
{
    size_t length = 0;
    while (arg[length] && arg[length] != '=')
        length++;
    return length;
}

static bool is_bundle(const struct grammar *grammar, const char *arg, size_t length)
{
    return arg[1] != '-' && !tool_has(grammar, TOOL_SINGLE_DASH) &&
           (length == 2 || !knob_bits(grammar, arg, length));
}

/* Takes the next option out of an argument; `*at` begins as 0. */
static bool next_piece(const struct grammar *grammar, const char *arg, size_t *at, struct piece *piece)
{
    piece->attached = NULL;
    if (!*at) {
        size_t length = name_length(arg);
        if (!is_bundle(grammar, arg, length)) {
            *piece = (struct piece){.name = arg, .length = length, .bits = knob_bits(grammar, arg, length)};
            if (arg[length]) piece->attached = arg + length + 1;
            *at = SIZE_MAX;
            return true;
        }
        *at = 1;
    }
    if (*at == SIZE_MAX || !arg[*at]) return false;

    char letter = arg[(*at)++];
    piece->letter[0] = '-';
    piece->letter[1] = letter;
    piece->name = piece->letter;
    piece->length = letter_bit(letter) < 0 ? 0 : 2;
    piece->bits = letter_bits(grammar, letter);
    const char *rest = arg + *at;
    bool has_rest = takes_rest(piece->bits) && !tool_kind_is(grammar, COMMAND_SHELL);
    if (has_rest || *rest == '=') piece->attached = *rest == '=' ? rest + 1 : *rest ? rest : NULL;
    if (has_rest || (*rest == '=' && rest == arg + 2) || !piece->length) *at = SIZE_MAX;
    return true;
}

/* What an option does to what follows it. */
struct tail {
    uint32_t eat;     /* so many arguments are its values */
    const char *word; /* the program text or module that hangs on it, or NULL */
    bool program;     /* or that comes next, however it looks */
};

static struct tail option_tail(const struct grammar *grammar, const char *arg)
{
    struct piece piece;
    struct tail tail = {0};
    for (size_t at = 0; next_piece(grammar, arg, &at, &piece);) {
        if (piece.bits & NAMES_PROGRAM) {
            if (piece.attached) tail.word = piece.attached;
            tail.program = !piece.attached && !tool_kind_is(grammar, COMMAND_SHELL);
        } else if ((piece.bits & KNOB_VALUE) && !piece.attached) {
            tail.eat++;
        }
    }
    return tail;
}

static bool looks_like_option(const struct grammar *grammar, const char *arg)
{
    return (*arg == '-' || (*arg == '+' && tool_kind_is(grammar, COMMAND_SHELL))) && arg[1];
}

static bool ends_options(const struct grammar *grammar, const char *arg)
{
    return string_is(arg, "--", 2) || (tool_kind_is(grammar, COMMAND_SHELL) && string_is(arg, "-", 1));
}

static unsigned classify_option(const struct grammar *grammar, const char *arg, struct reading *state)
{
    struct tail tail = option_tail(grammar, arg);
    state->eat = tail.eat;
    state->program = tail.program;
    if (!tail.word) return ARG_OPTION;
    state->operands = options_end_at_word(grammar);
    return ARG_OPTION | ARG_WORD;
}

static unsigned classify(const struct grammar *grammar, const char *arg, struct reading *state)
{
    if (state->eat) {
        state->eat--;
        return ARG_VALUE;
    }
    if (state->ended || state->operands) return ARG_WORD;
    if (!state->program && ends_options(grammar, arg)) {
        state->ended = true;
        return ARG_END;
    }
    if (!state->program && looks_like_option(grammar, arg)) return classify_option(grammar, arg, state);
    state->program = false;
    state->operands = options_end_at_word(grammar);
    return ARG_WORD;
}

/* Goes on to the next argument and says what it is; 0 after the last. */
static unsigned next_arg(const struct line *line, struct line_words *cursor)
{
    if (cursor->i + 1 >= line->argc) return 0;
    cursor->i++;
    if (cursor->i < LINE_KEPT) return line->kinds[cursor->i];
    if (cursor->i == LINE_KEPT) cursor->state = line->beyond;
    return classify(&line->grammar, line->argv[cursor->i], &cursor->state);
}

const char *line_next_word(const struct line *line, struct line_words *cursor)
{
    unsigned kind;
    while ((kind = next_arg(line, cursor))) {
        const char *arg = line->argv[cursor->i];
        if (kind & ARG_WORD) return kind & ARG_OPTION ? option_tail(&line->grammar, arg).word : arg;
    }
    return NULL;
}

/* ---- Options that a rule names ---- */

/* Where an option of a rule may stand. What comes after the first word of a command whose options end there
 * is another's: a script's, or that of a program which is started. */
enum where {
    AMONG_OPTIONS, /* of the command */
    BEFORE_WORDS,
    OF_SUBCOMMAND, /* of the command; but what is two things, only behind its first word */
    OR_ANOTHERS,
    ANOTHERS
};

/* LOOSE finds what may be meant, STRICT only what must be (semantics of ask and deny, and of allow). */
enum reading_mode { LOOSE, STRICT };

struct spelling {
    const char *text; /* without its value */
    size_t length;
    bool glob;
};

/* The value that a rule wants of an option; no text: any. */
struct value {
    const char *text;
    size_t length;
    bool glob;
};

/* Up to the first sign of a glob. */
static size_t literal_length(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '*' || text[i] == '?' || text[i] == '[' || text[i] == '\\') return i;
    return length;
}

/* "--dir=a*": the value is a glob, the name is none. */
static bool names_by_glob(const struct grammar *grammar, const struct term *term)
{
    const char *text = image_string(grammar->image, term->text);
    return (term->flags & TERM_GLOB) && literal_length(text, term->name_length) < term->name_length;
}

static struct spelling spelling_of(const struct grammar *grammar, const struct term *term)
{
    const char *text = image_string(grammar->image, term->text);
    return (struct spelling){text, term->name_length, names_by_glob(grammar, term)};
}

static bool is_spelt(const struct spelling *want, const char *name, size_t length)
{
    if (want->glob) return glob_match(want->text, want->length, name, length);
    return length == want->length && bytes_equal(name, want->text, length);
}

static bool bundle_has(const struct grammar *grammar, const char *arg, const struct spelling *want,
                       enum reading_mode mode, const char **attached)
{
    struct piece piece;
    bool hit = false;
    for (size_t at = 0; next_piece(grammar, arg, &at, &piece);) {
        if (mode == STRICT && !piece.bits) return false;
        if (piece.name != piece.letter || !piece.length) break;
        if (!is_spelt(want, piece.letter, 2)) continue;
        hit = true;
        *attached = piece.attached;
    }
    return hit;
}

/* Whether an argument may be short for it. */
static bool begins(const struct spelling *want, const char *name, size_t length)
{
    size_t literal = want->glob ? literal_length(want->text, want->length) : want->length;
    return length < want->length && length <= literal && bytes_equal(name, want->text, length);
}

/* -option and --option are one; what is abbreviated has two dashes. */
static bool is_single_dash_option(const char *arg, size_t length, const struct spelling *want,
                                  enum reading_mode mode)
{
    bool want_long = want->text[1] == '-', arg_long = arg[1] == '-';
    struct spelling one = {want->text + want_long, want->length - want_long, want->glob};
    size_t size = length - arg_long;
    return is_spelt(&one, arg + arg_long, size) ||
           (mode == LOOSE && arg_long && size > 1 && begins(&one, arg + arg_long, size));
}

/* Whether an argument is this option; *attached is the value that it carries, or NULL. */
static bool is_option(const struct grammar *grammar, const char *arg, const struct spelling *want,
                      enum reading_mode mode, const char **attached)
{
    size_t length = name_length(arg);
    *attached = arg[length] ? arg + length + 1 : NULL;
    if (is_spelt(want, arg, length)) return true;
    if (tool_has(grammar, TOOL_SINGLE_DASH)) return is_single_dash_option(arg, length, want, mode);
    if (arg[1] == '-') return mode == LOOSE && length > 2 && begins(want, arg, length);
    return (want->glob || want->length == 2) && *arg == '-' && bundle_has(grammar, arg, want, mode, attached);
}

/* Whether the option that `at` stands on has the value that is wanted. Strictly, the next argument is one
 * only if it is known to be. */
static bool has_value(const struct line *line, struct line_words at, const char *attached,
                      const struct value *value, enum reading_mode mode)
{
    if (!value->text) return true;
    const char *text = attached;
    if (!text) {
        unsigned kind = next_arg(line, &at);
        if (kind == ARG_VALUE || (kind && mode == LOOSE)) text = line->argv[at.i];
    }
    if (!text) return false;
    return value->glob ? glob_match(value->text, value->length, text, string_length(text))
                       : string_is(text, value->text, value->length);
}

/* In one of its spellings (`same`). */
static bool is_option_somehow(const struct grammar *grammar, const char *arg, const struct spelling *want,
                              enum reading_mode mode, const char **attached)
{
    if (is_option(grammar, arg, want, mode, attached)) return true;
    if (!grammar->tool) return false;
    bool single_dash = tool_has(grammar, TOOL_SINGLE_DASH);
    const struct term *same = image_terms(grammar->image) + grammar->tool->same.first;
    for (uint32_t i = 0; i < grammar->tool->same.count; i++) {
        struct spelling one = spelling_of(grammar, &same[i]), other = spelling_of(grammar, &same[i ^ 1]);
        bool is = single_dash ? is_single_dash_option(one.text, one.length, want, STRICT)
                              : is_spelt(want, one.text, one.length);
        if (is && is_option(grammar, arg, &other, mode, attached)) return true;
    }
    return false;
}

/* Whether an argument counts as an option, to a rule that looks `where` and how. */
static bool may_be_option(const struct line *line, size_t i, unsigned kind, enum reading_mode mode,
                          enum where where)
{
    const char *arg = line->argv[i];
    if (kind & ARG_OPTION) return where != ANOTHERS;
    if (*arg != '-' || !arg[1] || i <= line->prelude.word) return false;
    if (kind == ARG_WORD) return where >= OR_ANOTHERS && options_end_at_word(&line->grammar);
    /* An option that takes a value before the subcommand may take none after it: `git branch -C --force`. */
    return kind == ARG_VALUE && mode == LOOSE && tool_has(&line->grammar, TOOL_SUBCOMMANDS);
}

/* Whether what the cursor stands on is the option, with its value, to who reads it by `grammar`. */
static bool is_read_as(const struct line *line, const struct grammar *grammar, struct line_words at,
                       const struct spelling *want, const struct value *value, enum reading_mode mode)
{
    const char *attached;
    return is_option_somehow(grammar, line->argv[at.i], want, mode, &attached) &&
           has_value(line, at, attached, value, mode);
}

/* Of another's options nothing is known; loosely, what stands there may yet be the command's own. */
static bool is_wanted(const struct line *line, struct line_words at, unsigned kind,
                      const struct spelling *want, const struct value *value, enum reading_mode mode,
                      enum where where)
{
    const struct grammar unknown = {.image = line->grammar.image};
    if (kind == ARG_WORD && is_read_as(line, &unknown, at, want, value, mode)) return true;
    return where != ANOTHERS && is_read_as(line, &line->grammar, at, want, value, mode);
}

static const struct value any_value;

/* Known for both, it is one thing before the subcommand and another behind it: `git -C DIR switch -C
 * BRANCH`. */
static bool is_two_things(const struct grammar *grammar, const struct spelling *want)
{
    unsigned bits = knob_bits(grammar, want->text, want->length);
    return (bits & KNOB_FLAG) && (bits & KNOB_VALUE);
}

/* Loosely, one that has the value is enough. Strictly, all that may be this option must have it: of two, it
 * is the program that chooses. */
static bool spelling_present(const struct line *line, const struct spelling *want, const struct value *value,
                             enum reading_mode mode, enum where where)
{
    struct line_words cursor = {0};
    bool found = false, behind = where == OF_SUBCOMMAND && is_two_things(&line->grammar, want);
    for (unsigned kind; (kind = next_arg(line, &cursor));) {
        if (behind && cursor.i < line->prelude.word) continue;
        if (may_be_option(line, cursor.i, kind, mode, where)) {
            bool is = is_wanted(line, cursor, kind, want, value, mode, where);
            if (is && (mode == LOOSE || !value->text)) return true;
            if (!is && mode == STRICT && value->text &&
                is_wanted(line, cursor, kind, want, &any_value, LOOSE, where))
                return false;
            found |= is;
        } else if (kind == ARG_END && where != ANOTHERS && want->length == 2 && want->text[1] == '-') {
            return true;
        }
        if (where == BEFORE_WORDS && (kind & ARG_WORD)) break;
    }
    return found;
}

/* How many letters of a rule's option each stand for one, wherever they stand: -rf is -r and -f, -n5 is -n
 * with a value, where n takes one. 0: it is one option, as it is written. */
static size_t letters_of(const struct grammar *grammar, const struct term *term)
{
    const char *text = image_string(grammar->image, term->text);
    bool shell = tool_kind_is(grammar, COMMAND_SHELL);
    if (term->length < 3 || text[1] == '-' || text[2] == '=' || !is_bundle(grammar, text, term->name_length))
        return 0;
    for (size_t i = 1; i < term->length; i++) {
        unsigned bits = letter_bits(grammar, text[i]);
        bool names_program = !shell && (bits & NAMES_PROGRAM);
        if (letter_bit(text[i]) < 0 || (names_program && i + 1 < term->length)) return 0;
        if (takes_value(bits) && !shell) return i;
    }
    return term->length - 1;
}

/* `reader` is as the line, or knows nothing: for an option of what a wrapper starts. */
static bool letters_present(const struct line *line, const struct grammar *reader, const struct term *term,
                            const struct value *next, enum reading_mode mode, enum where where)
{
    const char *text = image_string(line->grammar.image, term->text);
    size_t letters = letters_of(reader, term);
    for (size_t i = 1; i <= letters; i++) {
        char letter[2] = {'-', text[i]};
        struct spelling one = {letter, 2, false};
        struct value value = {0};
        if (takes_value(letter_bits(reader, text[i])) && !tool_kind_is(reader, COMMAND_SHELL))
            value = i + 1 < term->length
                        ? (struct value){text + i + 1, term->length - i - 1, (term->flags & TERM_GLOB) != 0}
                        : *next;
        if (!spelling_present(line, &one, &value, mode, where)) return false;
    }
    return letters > 0;
}

/* A rule's option; `next` is the rule's next word where that is its value. */
static bool option_present(const struct line *line, const struct grammar *reader, const struct term *term,
                           const struct term *next, enum reading_mode mode, enum where where)
{
    struct spelling want = spelling_of(&line->grammar, term);
    struct value value = {0};
    if (term->name_length < term->length)
        value = (struct value){want.text + want.length + 1, term->length - want.length - 1,
                               (term->flags & TERM_GLOB) != 0};
    else if (next)
        value = (struct value){image_string(line->grammar.image, next->text), next->length,
                               (next->flags & TERM_GLOB) != 0};
    return spelling_present(line, &want, &value, mode, where) ||
           letters_present(line, reader, term, &value, mode, where);
}

/* Where something before the first word is not understood, that word may be a value, and an ask or a deny
 * looks on; so it does behind an interpreter's script. */
static enum where where_listed(const struct line *line, enum reading_mode mode)
{
    bool looks_on = !line->prelude.known || tool_kind_is(&line->grammar, COMMAND_INTERPRETER);
    return mode == LOOSE && looks_on ? OR_ANOTHERS : AMONG_OPTIONS;
}

/* `leading`: before any word of the rule. "sudo ls -i" means the -i of ls, and an allow takes no other for
 * it. */
static enum where where_worded(const struct line *line, bool leading, enum reading_mode mode)
{
    bool subcommands = tool_has(&line->grammar, TOOL_SUBCOMMANDS);
    if (leading) return mode == STRICT && subcommands ? BEFORE_WORDS : where_listed(line, mode);
    if (options_end_at_word(&line->grammar)) return mode == STRICT ? ANOTHERS : OR_ANOTHERS;
    return subcommands ? OF_SUBCOMMAND : AMONG_OPTIONS;
}

static bool any_present(const struct line *line, struct range options, enum reading_mode mode)
{
    const struct term *terms = image_terms(line->grammar.image) + options.first;
    for (uint32_t i = 0; i < options.count; i++)
        if (option_present(line, &line->grammar, &terms[i], NULL, mode, where_listed(line, mode)))
            return true;
    return false;
}

/* ---- Words that a rule names ---- */

/* Whether a rule's option takes the rule's next word for its value: "-n prod" in "kubectl -n prod delete". */
static bool takes_next(const struct grammar *grammar, const struct term *term)
{
    const char *text = image_string(grammar->image, term->text);
    if (term->name_length != term->length) return false;
    if (takes_value(knob_bits(grammar, text, term->length))) return true;
    size_t letters = tool_kind_is(grammar, COMMAND_SHELL) ? 0 : letters_of(grammar, term);
    return letters && letters + 1 == term->length && takes_value(letter_bits(grammar, text[letters]));
}

/* Goes through the words of a rule; begins at 0. */
struct terms {
    uint32_t i;
    bool behind; /* a word came by */
};

/* The next term; *value is the one that is its value, or NULL. */
static const struct term *next_term(const struct grammar *grammar, struct range words, struct terms *at,
                                    const struct term **value)
{
    const struct term *term = image_terms(grammar->image) + words.first + at->i;
    *value = NULL;
    if (at->i == words.count) return NULL;
    at->i++;
    if (!(term->flags & TERM_OPTION)) {
        at->behind = true;
        return term;
    }
    bool of_another = at->behind && options_end_at_word(grammar);
    if (at->i < words.count && !(term[1].flags & TERM_OPTION) && !of_another && takes_next(grammar, term)) {
        *value = term + 1;
        at->i++;
    }
    return term;
}

/* The next that is a word. */
static const struct term *next_word_term(const struct grammar *grammar, struct range words, struct terms *at)
{
    const struct term *term, *value;
    while ((term = next_term(grammar, words, at, &value)) && (term->flags & TERM_OPTION))
        ;
    return term;
}

static bool option_words_present(const struct line *line, struct range words, enum reading_mode mode)
{
    struct terms at = {0};
    const struct grammar unknown = {.image = line->grammar.image};
    for (const struct term *term, *value; (term = next_term(&line->grammar, words, &at, &value));) {
        if (!(term->flags & TERM_OPTION)) continue;
        const struct grammar *reader =
            at.behind && options_end_at_word(&line->grammar) ? &unknown : &line->grammar;
        if (!option_present(line, reader, term, value, mode, where_worded(line, !at.behind, mode)))
            return false;
    }
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
    const struct grammar unknown = {.image = line->grammar.image};
    const char *arg = line->argv[i], *attached;
    struct terms at = {0};
    if (*arg != '-' || !arg[1] || i <= line->prelude.word || !options_end_at_word(&line->grammar))
        return false;
    for (const struct term *term, *value; (term = next_term(&line->grammar, words, &at, &value));) {
        struct spelling want = spelling_of(&line->grammar, term);
        if ((term->flags & TERM_OPTION) && at.behind && is_option(&unknown, arg, &want, STRICT, &attached))
            return true;
    }
    return false;
}

static bool words_are_first(const struct line *line, struct range words)
{
    struct line_words cursor = {0};
    struct terms at = {0};
    for (const struct term *term; (term = next_word_term(&line->grammar, words, &at));) {
        const char *word = line_next_word(line, &cursor);
        while (word && is_rules_option(line, words, cursor.i))
            word = line_next_word(line, &cursor);
        if (!word || !term_matches(line->grammar.image, term, word)) return false;
    }
    return true;
}

/* Whether an option of a rule, or a letter of it, is this one. */
static bool names_piece(const struct grammar *grammar, const struct term *term, const struct piece *piece)
{
    const char *text = image_string(grammar->image, term->text);
    bool same = term->name_length == piece->length && bytes_equal(text, piece->name, piece->length);
    if (same && !names_by_glob(grammar, term)) return true;
    if (piece->name != piece->letter) return false;
    for (size_t i = letters_of(grammar, term); i > 0; i--)
        if (text[i] == piece->letter[1]) return true;
    return false;
}

/* Whether an allow itself names this option: among its words, before those that are another's. */
static bool is_named(const struct line *line, const struct demand *demand, const struct piece *piece)
{
    const struct term *options = image_terms(line->grammar.image) + demand->options.first;
    struct terms at = {0};
    for (const struct term *term, *value; (term = next_term(&line->grammar, demand->words, &at, &value));) {
        if (at.behind && options_end_at_word(&line->grammar)) break;
        if ((term->flags & TERM_OPTION) && names_piece(&line->grammar, term, piece)) return true;
    }
    for (uint32_t i = 0; i < demand->options.count; i++)
        if (names_piece(&line->grammar, &options[i], piece)) return true;
    return false;
}

static bool is_safe(unsigned bits)
{
    return (bits & (KNOB_FLAG | KNOB_VALUE)) && !(bits & (KNOB_UNSAFE | NAMES_PROGRAM));
}

/* Whether an allow may look past an argument of options: it names it, or each that it holds, or they are
 * safe. */
static bool is_trusted(const struct line *line, const struct demand *demand, const char *arg)
{
    struct piece piece = {.name = arg, .length = name_length(arg)};
    if (is_named(line, demand, &piece)) return true;
    for (size_t at = 0; next_piece(&line->grammar, arg, &at, &piece);)
        if (!is_safe(piece.bits) && !is_named(line, demand, &piece)) return false;
    return true;
}

static bool prelude_fits(const struct line *line, const struct demand *demand)
{
    struct line_words cursor = {0};
    if (line->prelude.safe) return true;
    for (unsigned kind; (kind = next_arg(line, &cursor));) {
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

/* ---- The line as a whole ---- */

static void read_prelude_option(const struct line *line, const char *arg, struct prelude *prelude)
{
    struct piece piece;
    if (string_is(arg, "--version", 9) || string_is(arg, "--help", 6)) prelude->informs = true;
    for (size_t at = 0; next_piece(&line->grammar, arg, &at, &piece);) {
        prelude->bits |= piece.bits;
        if (!piece.bits) prelude->known = false;
        if (!is_safe(piece.bits)) prelude->safe = false;
        if (piece.name == piece.letter && piece.letter[1] == 's' && *arg == '-') prelude->reads_stdin = true;
    }
}

static void read_prelude(struct line *line)
{
    struct prelude *prelude = &line->prelude;
    struct line_words cursor = {0};
    unsigned kind;
    *prelude = (struct prelude){.word = line->argc, .known = true, .safe = true};
    while ((kind = next_arg(line, &cursor))) {
        const char *arg = line->argv[cursor.i];
        if (kind & ARG_OPTION) read_prelude_option(line, arg, prelude);
        if (!(kind & ARG_WORD)) continue;
        prelude->word = cursor.i;
        prelude->text = kind & ARG_OPTION ? option_tail(&line->grammar, arg).word : arg;
        break;
    }
}

static void arrive_tool(void *context, const struct node *node)
{
    uint32_t *tool = context;
    *tool = node->here;
}

/* By the last part of its path; by the name it was called by only where that says nothing: a link's name must
 * not choose how its words are read. */
static const struct tool *find_tool(const struct image *image, const char *path, size_t path_length,
                                    const char *name)
{
    uint32_t tool = RULE_NONE;
    struct index_search search = {image, &tool, arrive_tool, &tool};
    if (path) {
        size_t length;
        const char *last = last_part(path, path_length, &length);
        index_name(&search, image->tool_names, last, length);
    }
    if (name && tool == RULE_NONE) index_name(&search, image->tool_names, name, string_length(name));
    return tool == RULE_NONE ? NULL : &image_tools(image)[tool];
}

void line_read(struct line *line, const struct image *image, const struct act *act)
{
    line->grammar.image = image;
    line->grammar.tool = find_tool(image, act->path, act->path_length, act->name);
    line->argv = act->argv;
    line->argc = act->argv ? act->argc : 0;
    line->beyond = (struct reading){0};
    for (size_t i = 1; i < line->argc && i < LINE_KEPT; i++)
        line->kinds[i] = (uint8_t)classify(&line->grammar, line->argv[i], &line->beyond);
    read_prelude(line);
}

static const char *shell_text(const struct line *line)
{
    bool has_text = tool_kind_is(&line->grammar, COMMAND_SHELL) && (line->prelude.bits & KNOB_TEXT);
    return has_text ? line->prelude.text : NULL;
}

static bool shell_text_matches(const struct line *line, struct range globs)
{
    const char *text = shell_text(line);
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
    if (demand->shell.count && !shell_text(line)) return FIT_SHELL;
    if (demand->words.count) {
        bool words = mode == STRICT ? words_exact(line, demand) : words_found(line, demand->words);
        if (!words || !option_words_present(line, demand->words, mode)) return FIT_WORDS;
    }
    if (demand->options.count && !any_present(line, demand->options, mode)) return FIT_OPTIONS;
    if (any_present(line, demand->without, other)) return FIT_WITHOUT;
    if (demand->shell.count && !shell_text_matches(line, demand->shell)) return FIT_SHELL;
    return FIT_YES;
}

/* ---- Where a program's text comes from ---- */

/* Which descriptor a path stands for, or -1. */
static int descriptor_of(const char *path)
{
    static const char prefixes[3][24] = {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"};
    if (string_is(path, "/dev/stdin", 10) || string_is(path, "-", 1)) return 0;
    for (unsigned i = 0; i < 3; i++) {
        size_t length = string_length(prefixes[i]);
        if (!starts_with(path, prefixes[i], length)) continue;
        const char *digits = path + length;
        if (*digits == '0' && !digits[1]) return 0;
        return *digits >= '0' && *digits <= '9' ? 1 : -1;
    }
    return -1;
}

/* By itself, -v says a version and ends, but where it is known for a flag: python goes on, and only tells
 * more. */
static bool asks_what_it_is(const struct line *line)
{
    if (line->argc != 2 || *line->argv[1] != '-') return false;
    const char *option = line->argv[1];
    return option[1] == 'V' || string_is(option, "-h", 2) ||
           (string_is(option, "-v", 2) && !(letter_bits(&line->grammar, 'v') & KNOB_FLAG));
}

size_t line_script(const struct line *line)
{
    bool shell = tool_kind_is(&line->grammar, COMMAND_SHELL);
    if (!shell && !tool_kind_is(&line->grammar, COMMAND_INTERPRETER)) return SCRIPT_NONE;
    const struct prelude *prelude = &line->prelude;
    if (prelude->informs || (prelude->bits & NAMES_PROGRAM)) return SCRIPT_NONE;
    if (shell && prelude->reads_stdin) return SCRIPT_STDIN;
    if (!shell && asks_what_it_is(line)) return SCRIPT_NONE;
    if (prelude->word == line->argc || descriptor_of(prelude->text) == 0) return SCRIPT_STDIN;
    return prelude->word;
}

bool line_stdin(const struct line *line, enum stdin_kind wanted, const struct act *act, bool *unknown)
{
    bool reads_program =
        tool_kind_is(&line->grammar, COMMAND_SHELL) || tool_kind_is(&line->grammar, COMMAND_INTERPRETER);
    *unknown = false;
    if (reads_program) {
        size_t script = line_script(line);
        if (script == SCRIPT_NONE) return false;
        if (script != SCRIPT_STDIN)
            return wanted == STDIN_PIPE && (act->script_is_pipe || descriptor_of(line->argv[script]) > 0);
    }
    *unknown = act->stdin_kind == STDIN_UNKNOWN;
    return act->stdin_kind == wanted;
}

size_t command_script(const struct image *image, const struct act *act)
{
    struct line line;
    line_read(&line, image, act);
    return line_script(&line);
}

const char *command_shell_text(const struct image *image, const struct act *act)
{
    struct line line;
    line_read(&line, image, act);
    return shell_text(&line);
}

/* ---- What it really runs ---- */

/* NAME=value, as env and sudo take it before the program. */
static bool is_assignment(const char *word)
{
    size_t length = name_length(word);
    if (!word[length] || !length) return false;
    for (size_t i = 0; i < length; i++)
        if (word[i] == '/') return false;
    return true;
}

static size_t wrapped_program(const struct line *line)
{
    struct line_words cursor = {0};
    uint32_t skip = line->grammar.tool->skip_words;
    for (const char *word; (word = line_next_word(line, &cursor));) {
        if (line->grammar.tool->kind == COMMAND_WRAPPER && is_assignment(word)) continue;
        if (!skip--) return cursor.i;
    }
    return line->argc;
}

/* A multi-call program goes by argv[0], whatever its file is called. */
static size_t applet(const struct line *line, const struct image *image)
{
    const char *zero = line->argv[0];
    size_t length;
    const char *name = last_part(zero, string_length(zero), &length);
    if (*name == '-' && zero[0] == '-') name++;
    const struct tool *tool = find_tool(image, NULL, 0, name);
    if (tool != line->grammar.tool) return 0;
    return line->argc > 1 && *line->argv[1] != '-' && *line->argv[1] ? 1 : line->argc;
}

void command_runs(const struct image *image, const struct act *act, struct runs *runs)
{
    struct line line;
    *runs = (struct runs){RUNS_PLAIN, 0};
    if (!act->argv || !act->argc) return;
    line_read(&line, image, act);
    size_t shift;
    if (tool_kind_is(&line.grammar, COMMAND_MULTICALL)) {
        shift = applet(&line, image);
        runs->kind = RUNS_APPLET;
    } else if (tool_kind_is(&line.grammar, COMMAND_LOADER) || tool_kind_is(&line.grammar, COMMAND_WRAPPER)) {
        shift = wrapped_program(&line);
        runs->kind = line.grammar.tool->kind == COMMAND_LOADER ? RUNS_LOADER : RUNS_WRAPPER;
    } else {
        return;
    }
    runs->shift = shift;
    if (shift >= line.argc) *runs = (struct runs){RUNS_PLAIN, 0};
}
