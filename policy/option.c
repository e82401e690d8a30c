/* option.c: finds an option of a rule among the arguments of a command line (option.h). */
#include "option.h"

#include "glob.h"

/* Where an option of a rule may stand. What comes after the first word of a command whose options end there
 * is another's: a script's, or that of a program which is started. */
enum where {
    AMONG_OPTIONS, /* of the command */
    BEFORE_WORDS,
    OF_SUBCOMMAND, /* of the command; but what is two things, only behind its first word */
    OR_ANOTHERS,
    ANOTHERS
};

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
    for (size_t at = 0; arg_next_piece(grammar, arg, &at, &piece);) {
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
    size_t length = arg_name_length(arg);
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
        unsigned kind = line_next_arg(line, &at);
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
    for (unsigned kind; (kind = line_next_arg(line, &cursor));) {
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
        if (where == ANOTHERS && cursor.i > line->prelude.word && string_is(line->argv[cursor.i], "--", 2))
            break;
    }
    return found;
}

/* How many letters of a rule's option each stand for one, wherever they stand: -rf is -r and -f, -n5 is -n
 * with a value, where n takes one. 0: it is one option, as it is written. */
static size_t letters_of(const struct grammar *grammar, const struct term *term)
{
    const char *text = image_string(grammar->image, term->text);
    bool shell = tool_kind_is(grammar, COMMAND_SHELL);
    if (term->length < 3 || text[1] == '-' || text[2] == '=' ||
        !arg_is_bundle(grammar, text, term->name_length))
        return 0;
    for (size_t i = 1; i < term->length; i++) {
        unsigned bits = knob_letter_bits(grammar, text[i]);
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
        if (takes_value(knob_letter_bits(reader, text[i])) && !tool_kind_is(reader, COMMAND_SHELL))
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

bool option_any_present(const struct line *line, struct range options, enum reading_mode mode)
{
    const struct term *terms = image_terms(line->grammar.image) + options.first;
    for (uint32_t i = 0; i < options.count; i++)
        if (option_present(line, &line->grammar, &terms[i], NULL, mode, where_listed(line, mode)))
            return true;
    return false;
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

bool option_worded_present(const struct line *line, const struct term *term, const struct term *value,
                           bool leading, enum reading_mode mode)
{
    const struct grammar unknown = {.image = line->grammar.image};
    const struct grammar *reader =
        !leading && options_end_at_word(&line->grammar) ? &unknown : &line->grammar;
    return option_present(line, reader, term, value, mode, where_worded(line, leading, mode));
}

bool option_takes_next(const struct grammar *grammar, const struct term *term)
{
    const char *text = image_string(grammar->image, term->text);
    if (term->name_length != term->length) return false;
    if (takes_value(knob_bits(grammar, text, term->length))) return true;
    size_t letters = tool_kind_is(grammar, COMMAND_SHELL) ? 0 : letters_of(grammar, term);
    return letters && letters + 1 == term->length && takes_value(knob_letter_bits(grammar, text[letters]));
}

bool option_names_piece(const struct grammar *grammar, const struct term *term, const struct piece *piece)
{
    const char *text = image_string(grammar->image, term->text);
    bool same = term->name_length == piece->length && bytes_equal(text, piece->name, piece->length);
    if (same && !names_by_glob(grammar, term)) return true;
    if (piece->name != piece->letter) return false;
    for (size_t i = letters_of(grammar, term); i > 0; i--)
        if (text[i] == piece->letter[1]) return true;
    return false;
}

bool option_is_anothers(const struct grammar *grammar, const struct term *term, const char *arg)
{
    const struct grammar unknown = {.image = grammar->image};
    struct spelling want = spelling_of(grammar, term);
    const char *attached;
    return is_option(&unknown, arg, &want, STRICT, &attached);
}
