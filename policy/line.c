/* line.c: reads command lines (line.h). */
#include "line.h"

#include "index.h"

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

bool string_is(const char *string, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != string[i]) return false;
    return !string[length];
}

/* ---- What is known of a command ---- */

unsigned knob_bits(const struct grammar *grammar, const char *name, size_t length)
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

unsigned knob_letter_bits(const struct grammar *grammar, char letter)
{
    int bit = letter_bit(letter);
    unsigned bits = 0;
    if (!grammar->tool || bit < 0) return 0;
    for (unsigned kind = 0; kind < KNOB_KINDS; kind++)
        bits |= (unsigned)(grammar->tool->letters[kind] >> bit & 1) << kind;
    return bits;
}

/* ---- Arguments ---- */

size_t arg_name_length(const char *arg)
{
    size_t length = 0;
    while (arg[length] && arg[length] != '=')
        length++;
    return length;
}

bool arg_is_bundle(const struct grammar *grammar, const char *arg, size_t length)
{
    return arg[1] != '-' && !tool_has(grammar, TOOL_SINGLE_DASH) &&
           (length == 2 || !knob_bits(grammar, arg, length));
}

bool arg_next_piece(const struct grammar *grammar, const char *arg, size_t *at, struct piece *piece)
{
    piece->attached = NULL;
    if (!*at) {
        size_t length = arg_name_length(arg);
        if (!arg_is_bundle(grammar, arg, length)) {
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
    piece->bits = knob_letter_bits(grammar, letter);
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
    for (size_t at = 0; arg_next_piece(grammar, arg, &at, &piece);) {
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

unsigned arg_classify(const struct grammar *grammar, const char *arg, struct reading *state)
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

const char *line_next_word(const struct line *line, struct line_words *cursor)
{
    unsigned kind;
    while ((kind = line_next_arg(line, cursor))) {
        const char *arg = line->argv[cursor->i];
        if (kind & ARG_WORD) return kind & ARG_OPTION ? option_tail(&line->grammar, arg).word : arg;
    }
    return NULL;
}

/* ---- The line as a whole ---- */

static void read_prelude_option(const struct line *line, const char *arg, struct prelude *prelude)
{
    struct piece piece;
    if (string_is(arg, "--version", 9) || string_is(arg, "--help", 6)) prelude->informs = true;
    for (size_t at = 0; arg_next_piece(&line->grammar, arg, &at, &piece);) {
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
    while ((kind = line_next_arg(line, &cursor))) {
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

static const struct tool *tool_of(const struct image *image, const char *name, size_t length)
{
    uint32_t tool = RULE_NONE;
    struct index_search search = {image, &tool, arrive_tool, &tool};
    index_name(&search, image->tool_names, name, length);
    return tool == RULE_NONE ? NULL : &image_tools(image)[tool];
}

const struct tool *tool_named(const struct image *image, const char *name)
{
    return tool_of(image, name, string_length(name));
}

/* By the last part of its path; by the name it was called by only where that says nothing: a link's name must
 * not choose how its words are read. */
static const struct tool *find_tool(const struct image *image, const struct act *act)
{
    const struct tool *tool = NULL;
    size_t length;
    if (act->path) {
        const char *last = last_part(act->path, act->path_length, &length);
        tool = tool_of(image, last, length);
    }
    return act->name && !tool ? tool_named(image, act->name) : tool;
}

void line_read(struct line *line, const struct image *image, const struct act *act)
{
    line->grammar.image = image;
    line->grammar.tool = find_tool(image, act);
    line->argv = act->argv;
    line->argc = act->argv ? act->argc : 0;
    line->beyond = (struct reading){0};
    for (size_t i = 1; i < line->argc && i < LINE_KEPT; i++)
        line->kinds[i] = (uint8_t)arg_classify(&line->grammar, line->argv[i], &line->beyond);
    read_prelude(line);
}

const char *line_shell_text(const struct line *line)
{
    bool has_text = tool_kind_is(&line->grammar, COMMAND_SHELL) && (line->prelude.bits & KNOB_TEXT);
    return has_text ? line->prelude.text : NULL;
}
