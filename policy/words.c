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

const char *last_part(const char *path, size_t length, size_t *part_length)
{
    size_t start = length;
    while (start && path[start - 1] != '/')
        start--;
    *part_length = length - start;
    return path + start;
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

static bool tool_kind_is(const struct line *line, enum command_kind kind)
{
    return line->tool && line->tool->kind == kind;
}

static bool tool_has(const struct line *line, enum tool_flags flag)
{
    return line->tool && (line->tool->flags & flag);
}

/* After the first word of these comes another program's command line. */
static bool options_end_at_word(const struct line *line)
{
    return line->tool && line->tool->kind != COMMAND_PLAIN && line->tool->kind != COMMAND_INTERPRETER;
}

static unsigned knob_bits(const struct line *line, const char *name, size_t length)
{
    if (!line->tool || !line->tool->knobs.count) return 0;
    const struct knob *knobs = image_knobs(line->image) + line->tool->knobs.first;
    uint32_t mask = line->tool->knobs.count - 1;
    for (uint32_t i = hash_bytes(name, length) & mask; knobs[i].bits; i = (i + 1) & mask) {
        if (knobs[i].length == length && bytes_equal(image_string(line->image, knobs[i].text), name, length))
            return knobs[i].bits;
    }
    return 0;
}

static unsigned letter_bits(const struct line *line, char letter)
{
    int bit = letter_bit(letter);
    unsigned bits = 0;
    if (!line->tool || bit < 0) return 0;
    for (unsigned kind = 0; kind < KNOB_KINDS; kind++)
        bits |= (unsigned)(line->tool->letters[kind] >> bit & 1) << kind;
    return bits;
}

/* ---- Arguments ---- */

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

static bool is_bundle(const struct line *line, const char *arg, size_t length)
{
    return arg[1] != '-' && !tool_has(line, TOOL_SINGLE_DASH) &&
           (length == 2 || !knob_bits(line, arg, length));
}

/* Takes the next option out of an argument; `*at` begins as 0. */
static bool next_piece(const struct line *line, const char *arg, size_t *at, struct piece *piece)
{
    piece->attached = NULL;
    if (!*at) {
        size_t length = name_length(arg);
        if (!is_bundle(line, arg, length)) {
            *piece = (struct piece){.name = arg, .length = length, .bits = knob_bits(line, arg, length)};
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
    piece->bits = letter_bits(line, letter);
    const char *rest = arg + *at;
    bool takes_rest = (piece->bits & (KNOB_VALUE | NAMES_PROGRAM)) && !tool_kind_is(line, COMMAND_SHELL);
    if (takes_rest || *rest == '=') piece->attached = *rest == '=' ? rest + 1 : *rest ? rest : NULL;
    if (takes_rest || *rest == '=' || !piece->length) *at = SIZE_MAX;
    return true;
}

/* What an option does to what follows it: how many arguments are its values, and the word that hangs on it.
 */
static uint32_t option_tail(const struct line *line, const char *arg, const char **word)
{
    struct piece piece;
    uint32_t eat = 0;
    *word = NULL;
    for (size_t at = 0; next_piece(line, arg, &at, &piece);) {
        if (piece.bits & NAMES_PROGRAM) {
            if (piece.attached) *word = piece.attached;
        } else if ((piece.bits & KNOB_VALUE) && !piece.attached) {
            eat++;
        }
    }
    return eat;
}

static bool looks_like_option(const struct line *line, const char *arg)
{
    return (*arg == '-' || (*arg == '+' && tool_kind_is(line, COMMAND_SHELL))) && arg[1];
}

static bool ends_options(const struct line *line, const char *arg)
{
    return string_is(arg, "--", 2) || (tool_kind_is(line, COMMAND_SHELL) && string_is(arg, "-", 1));
}

static unsigned classify(const struct line *line, const char *arg, struct reading *state)
{
    const char *word;
    if (state->eat) {
        state->eat--;
        return ARG_VALUE;
    }
    if (state->ended || state->operands) return ARG_WORD;
    if (ends_options(line, arg)) {
        state->ended = true;
        return ARG_END;
    }
    if (looks_like_option(line, arg)) {
        state->eat = option_tail(line, arg, &word);
        return word ? ARG_OPTION | ARG_WORD : ARG_OPTION;
    }
    state->operands = options_end_at_word(line);
    return ARG_WORD;
}

/* Goes on to the next argument and says what it is; 0 after the last. */
static unsigned next_arg(const struct line *line, struct line_words *cursor)
{
    if (cursor->i + 1 >= line->argc) return 0;
    cursor->i++;
    if (cursor->i < LINE_KEPT) return line->kinds[cursor->i];
    if (cursor->i == LINE_KEPT) cursor->state = line->beyond;
    return classify(line, line->argv[cursor->i], &cursor->state);
}

const char *line_next_word(const struct line *line, struct line_words *cursor)
{
    unsigned kind;
    const char *arg, *word;
    while ((kind = next_arg(line, cursor))) {
        if (!(kind & ARG_WORD)) continue;
        arg = line->argv[cursor->i];
        if (!(kind & ARG_OPTION)) return arg;
        option_tail(line, arg, &word);
        return word;
    }
    return NULL;
}

/* ---- Options that a rule names ---- */

/* Where an option of a rule may stand. */
enum where { AMONG_OPTIONS, BEFORE_WORDS, AND_AFTER_WORDS };

/* LOOSE finds what may be meant, STRICT only what must be (semantics of ask and deny, and of allow). */
enum reading_mode { LOOSE, STRICT };

struct spelling {
    const char *text; /* as a rule writes it */
    size_t length;    /* of the whole */
    size_t name;      /* of the part before "=" */
    bool glob;
};

static struct spelling spelling_of(const struct line *line, const struct term *term)
{
    return (struct spelling){image_string(line->image, term->text), term->length, term->name_length,
                             (term->flags & TERM_GLOB) != 0};
}

static bool bundle_has(const struct line *line, const char *arg, char letter, enum reading_mode mode,
                       const char **attached)
{
    struct piece piece;
    bool hit = false;
    for (size_t at = 0; next_piece(line, arg, &at, &piece);) {
        if (mode == STRICT && !piece.bits) return false;
        if (piece.name != piece.letter || !piece.length) break;
        if (piece.letter[1] != letter) continue;
        hit = true;
        *attached = piece.attached;
    }
    return hit;
}

/* Whether an argument is this option; *attached is the value that it carries, or NULL. */
static bool is_option(const struct line *line, const char *arg, const struct spelling *want,
                      enum reading_mode mode, const char **attached)
{
    size_t length = name_length(arg);
    *attached = arg[length] ? arg + length + 1 : NULL;
    if (want->glob) return glob_match(want->text, want->name, arg, length);
    if (length == want->name && bytes_equal(arg, want->text, length)) return true;
    bool want_long = want->text[1] == '-', arg_long = arg[1] == '-';
    if (tool_has(line, TOOL_SINGLE_DASH)) {
        const char *a = arg + arg_long, *b = want->text + want_long;
        size_t size = length - arg_long;
        return size == want->name - want_long && bytes_equal(a, b, size);
    }
    if (arg_long)
        return mode == LOOSE && length > 2 && length < want->name && bytes_equal(arg, want->text, length);
    return want->name == 2 && *arg == '-' && bundle_has(line, arg, want->text[1], mode, attached);
}

static bool text_matches(const char *want, size_t length, bool glob, const char *text)
{
    return glob ? glob_match(want, length, text, string_length(text)) : string_is(text, want, length);
}

/* Whether the option at `i` has the value that the rule wants, if it wants one: after "=", or as its next
 * term. */
static bool has_value(const struct line *line, size_t i, const char *attached, const struct spelling *want,
                      const struct term *value)
{
    if (want->name == want->length && !value) return true;
    const char *text = attached ? attached : i + 1 < line->argc ? line->argv[i + 1] : NULL;
    if (!text) return false;
    if (value) return term_matches(line->image, value, text);
    return text_matches(want->text + want->name + 1, want->length - want->name - 1, want->glob, text);
}

/* Whether an argument counts as an option of this command, to a rule that looks `where` and how. */
static bool may_be_option(const struct line *line, size_t i, unsigned kind, enum reading_mode mode,
                          enum where where)
{
    const char *arg = line->argv[i];
    if (kind & ARG_OPTION) return true;
    if (*arg != '-' || !arg[1] || i <= line->prelude.word) return false;
    if (kind == ARG_WORD) return where == AND_AFTER_WORDS && options_end_at_word(line);
    /* An option that takes a value before the subcommand may take none after it: `git branch -C --force`. */
    return kind == ARG_VALUE && mode == LOOSE && tool_has(line, TOOL_SUBCOMMANDS);
}

static bool spelling_present(const struct line *line, const struct spelling *want, const struct term *value,
                             enum reading_mode mode, enum where where)
{
    struct line_words cursor = {0};
    const char *attached;
    unsigned kind;
    while ((kind = next_arg(line, &cursor))) {
        if (may_be_option(line, cursor.i, kind, mode, where)) {
            if (is_option(line, line->argv[cursor.i], want, mode, &attached) &&
                has_value(line, cursor.i, attached, want, value))
                return true;
        } else if (kind == ARG_END && want->length == 2 && want->text[1] == '-') {
            return true;
        }
        if (where == BEFORE_WORDS && (kind & ARG_WORD)) return false;
    }
    return false;
}

static bool same_text(const struct spelling *a, const struct spelling *b)
{
    return a->name == b->name && bytes_equal(a->text, b->text, a->name);
}

/* In one of its spellings (`same`). */
static bool any_spelling_present(const struct line *line, const struct spelling *want,
                                 const struct term *value, enum reading_mode mode, enum where where)
{
    if (spelling_present(line, want, value, mode, where)) return true;
    if (!line->tool) return false;
    const struct term *same = image_terms(line->image) + line->tool->same.first;
    for (uint32_t i = 0; i < line->tool->same.count; i++) {
        struct spelling one = spelling_of(line, &same[i]), other = spelling_of(line, &same[i ^ 1]);
        if (same_text(&one, want) && spelling_present(line, &other, value, mode, where)) return true;
    }
    return false;
}

/* A rule's -rf is -r and -f, wherever they stand. */
static bool letters_present(const struct line *line, const struct spelling *want, enum reading_mode mode,
                            enum where where)
{
    if (want->glob || want->length < 3 || want->text[1] == '-' || !is_bundle(line, want->text, want->length))
        return false;
    for (size_t i = 1; i < want->length; i++) {
        char letter[2] = {'-', want->text[i]};
        struct spelling one = {letter, 2, 2, false};
        if (letter_bit(letter[1]) < 0 || !any_spelling_present(line, &one, NULL, mode, where)) return false;
    }
    return true;
}

static bool option_present(const struct line *line, const struct term *term, const struct term *value,
                           enum reading_mode mode, enum where where)
{
    struct spelling want = spelling_of(line, term);
    return any_spelling_present(line, &want, value, mode, where) ||
           (!value && letters_present(line, &want, mode, where));
}

/* What comes after an interpreter's script is the script's. */
static enum where where_listed(const struct line *line, enum reading_mode mode)
{
    return mode == STRICT && tool_kind_is(line, COMMAND_INTERPRETER) ? BEFORE_WORDS : AMONG_OPTIONS;
}

static enum where where_worded(const struct line *line, const struct term *term, enum reading_mode mode)
{
    if (!(term->flags & TERM_LEADING)) return AND_AFTER_WORDS;
    return mode == STRICT && tool_has(line, TOOL_SUBCOMMANDS) ? BEFORE_WORDS : where_listed(line, mode);
}

static bool any_present(const struct line *line, struct range options, enum reading_mode mode)
{
    const struct term *terms = image_terms(line->image) + options.first;
    for (uint32_t i = 0; i < options.count; i++)
        if (option_present(line, &terms[i], NULL, mode, where_listed(line, mode))) return true;
    return false;
}

/* ---- Words that a rule names ---- */

/* The value of the option term before it, for this command: "-n prod" in "kubectl -n prod delete". */
static const struct term *value_of(const struct line *line, const struct term *terms, uint32_t i,
                                   uint32_t count)
{
    if (i + 1 >= count || (terms[i + 1].flags & TERM_OPTION) || terms[i].name_length != terms[i].length)
        return NULL;
    unsigned bits = knob_bits(line, image_string(line->image, terms[i].text), terms[i].length);
    return (bits & KNOB_VALUE) && !(bits & NAMES_PROGRAM) ? &terms[i + 1] : NULL;
}

static bool option_words_present(const struct line *line, struct range words, enum reading_mode mode)
{
    const struct term *terms = image_terms(line->image) + words.first;
    for (uint32_t i = 0; i < words.count; i++) {
        if (!(terms[i].flags & TERM_OPTION)) continue;
        const struct term *value = value_of(line, terms, i, words.count);
        if (!option_present(line, &terms[i], value, mode, where_worded(line, &terms[i], mode))) return false;
        if (value) i++;
    }
    return true;
}

/* The next term that is a word, from `*i` on; NULL after the last. */
static const struct term *next_word_term(const struct line *line, struct range words, uint32_t *i)
{
    const struct term *terms = image_terms(line->image) + words.first;
    while (*i < words.count) {
        const struct term *term = &terms[(*i)++];
        if (!(term->flags & TERM_OPTION)) return term;
        if (value_of(line, terms, *i - 1, words.count)) ++*i;
    }
    return NULL;
}

static bool words_found(const struct line *line, struct range words)
{
    struct line_words cursor = {0};
    uint32_t i = 0;
    bool anchored = tool_has(line, TOOL_SUBCOMMANDS) && line->prelude.known;
    for (const struct term *term; (term = next_word_term(line, words, &i)); anchored = false) {
        const char *word = line_next_word(line, &cursor);
        while (word && !anchored && !term_matches(line->image, term, word))
            word = line_next_word(line, &cursor);
        if (!word || (anchored && !term_matches(line->image, term, word))) return false;
    }
    return true;
}

static bool words_are_first(const struct line *line, struct range words)
{
    struct line_words cursor = {0};
    uint32_t i = 0;
    for (const struct term *term; (term = next_word_term(line, words, &i));) {
        const char *word = line_next_word(line, &cursor);
        if (!word || !term_matches(line->image, term, word)) return false;
    }
    return true;
}

/* Whether a rule itself names this option. */
static bool named_in(const struct line *line, struct range range, const struct piece *piece)
{
    const struct term *terms = image_terms(line->image) + range.first;
    for (uint32_t i = 0; i < range.count; i++) {
        const char *text = image_string(line->image, terms[i].text);
        if (!(terms[i].flags & TERM_OPTION) || (terms[i].flags & TERM_GLOB)) continue;
        if (terms[i].name_length == piece->length && bytes_equal(text, piece->name, piece->length))
            return true;
        if (piece->name != piece->letter || text[1] == '-' || !is_bundle(line, text, terms[i].length))
            continue;
        for (uint32_t k = 1; k < terms[i].length; k++)
            if (text[k] == piece->letter[1]) return true;
    }
    return false;
}

static bool is_safe(unsigned bits)
{
    return (bits & (KNOB_FLAG | KNOB_VALUE)) && !(bits & (KNOB_UNSAFE | NAMES_PROGRAM));
}

/* Whether the options before the first word may be looked past by an allow: safe, or named by the rule. */
static bool prelude_fits(const struct line *line, const struct demand *demand)
{
    struct line_words cursor = {0};
    struct piece piece;
    unsigned kind;
    if (line->prelude.safe) return true;
    while ((kind = next_arg(line, &cursor))) {
        if (kind & ARG_OPTION) {
            for (size_t at = 0; next_piece(line, line->argv[cursor.i], &at, &piece);) {
                if (!is_safe(piece.bits) && !named_in(line, demand->words, &piece) &&
                    !named_in(line, demand->options, &piece))
                    return false;
            }
        }
        if (kind & ARG_WORD) break;
    }
    return true;
}

static bool has_word_terms(const struct line *line, struct range words)
{
    uint32_t i = 0;
    return next_word_term(line, words, &i) != NULL;
}

static bool words_exact(const struct line *line, const struct demand *demand)
{
    if (!has_word_terms(line, demand->words)) return true;
    return words_are_first(line, demand->words) && prelude_fits(line, demand);
}

/* ---- The line as a whole ---- */

static void read_prelude_option(const struct line *line, const char *arg, struct prelude *prelude)
{
    struct piece piece;
    if (string_is(arg, "--version", 9) || string_is(arg, "--help", 6)) prelude->informs = true;
    for (size_t at = 0; next_piece(line, arg, &at, &piece);) {
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
        prelude->text = arg;
        if (kind & ARG_OPTION) option_tail(line, arg, &prelude->text);
        break;
    }
}

static void arrive_tool(void *context, const struct node *node)
{
    uint32_t *tool = context;
    *tool = node->here;
}

/* By the last part of its path, or by the name it was called by: the first that has either. */
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
    if (name) index_name(&search, image->tool_names, name, string_length(name));
    return tool == RULE_NONE ? NULL : &image_tools(image)[tool];
}

static void read_as(struct line *line, const struct image *image, const struct act *act,
                    const struct tool *tool)
{
    line->image = image;
    line->tool = tool;
    line->argv = act->argv;
    line->argc = act->argv ? act->argc : 0;
    line->beyond = (struct reading){0};
    for (size_t i = 1; i < line->argc && i < LINE_KEPT; i++)
        line->kinds[i] = (uint8_t)classify(line, line->argv[i], &line->beyond);
    read_prelude(line);
}

void line_read(struct line *line, const struct image *image, const struct act *act)
{
    read_as(line, image, act, find_tool(image, act->path, act->path_length, act->name));
}

static const char *shell_text(const struct line *line)
{
    bool has_text = tool_kind_is(line, COMMAND_SHELL) && (line->prelude.bits & KNOB_TEXT);
    return has_text ? line->prelude.text : NULL;
}

static bool shell_text_matches(const struct line *line, struct range globs)
{
    const char *text = shell_text(line);
    if (!text) return false;
    const struct term *terms = image_terms(line->image) + globs.first;
    size_t length = string_length(text);
    for (uint32_t i = 0; i < globs.count; i++) {
        const char *want = image_string(line->image, terms[i].text);
        if (terms[i].flags & TERM_GLOB ? glob_match(want, terms[i].length, text, length)
                                       : length == terms[i].length && bytes_equal(want, text, length))
            return true;
    }
    return false;
}

enum fit line_fits(const struct line *line, const struct demand *demand, enum verdict verdict)
{
    enum reading_mode mode = verdict == VERDICT_ALLOW ? STRICT : LOOSE;
    enum reading_mode other = verdict == VERDICT_ALLOW ? LOOSE : STRICT;
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

size_t line_script(const struct line *line)
{
    bool shell = tool_kind_is(line, COMMAND_SHELL);
    if (!shell && !tool_kind_is(line, COMMAND_INTERPRETER)) return SCRIPT_NONE;
    const struct prelude *prelude = &line->prelude;
    if (prelude->informs || (prelude->bits & NAMES_PROGRAM)) return SCRIPT_NONE;
    if (shell && prelude->reads_stdin) return SCRIPT_STDIN;
    if (!shell && line->argc == 2 && (string_is(line->argv[1], "-V", 2) || string_is(line->argv[1], "-h", 2)))
        return SCRIPT_NONE;
    if (prelude->word == line->argc || descriptor_of(prelude->text) == 0) return SCRIPT_STDIN;
    return prelude->word;
}

bool line_stdin(const struct line *line, enum stdin_kind wanted, enum stdin_kind given, bool *unknown)
{
    bool reads_program = tool_kind_is(line, COMMAND_SHELL) || tool_kind_is(line, COMMAND_INTERPRETER);
    *unknown = false;
    if (reads_program) {
        size_t script = line_script(line);
        if (script == SCRIPT_NONE) return false;
        if (script != SCRIPT_STDIN) return wanted == STDIN_PIPE && descriptor_of(line->argv[script]) > 0;
    }
    *unknown = given == STDIN_UNKNOWN;
    return given == wanted;
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
    uint32_t skip = line->tool->skip_words;
    for (const char *word; (word = line_next_word(line, &cursor));) {
        if (line->tool->kind == COMMAND_WRAPPER && is_assignment(word)) continue;
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
    if (tool != line->tool) return 0;
    return line->argc > 1 && *line->argv[1] != '-' && *line->argv[1] ? 1 : line->argc;
}

void command_runs(const struct image *image, const struct act *act, struct runs *runs)
{
    struct line line;
    *runs = (struct runs){RUNS_PLAIN, 0};
    if (!act->argv || !act->argc) return;
    read_as(&line, image, act, find_tool(image, act->path, act->path_length, NULL));
    if (!tool_kind_is(&line, COMMAND_MULTICALL)) line_read(&line, image, act);
    size_t shift;
    if (tool_kind_is(&line, COMMAND_MULTICALL)) {
        shift = applet(&line, image);
        runs->kind = RUNS_APPLET;
    } else if (tool_kind_is(&line, COMMAND_LOADER) || tool_kind_is(&line, COMMAND_WRAPPER)) {
        shift = wrapped_program(&line);
        runs->kind = line.tool->kind == COMMAND_LOADER ? RUNS_LOADER : RUNS_WRAPPER;
    } else {
        return;
    }
    runs->shift = shift;
    if (shift >= line.argc) *runs = (struct runs){RUNS_PLAIN, 0};
}
