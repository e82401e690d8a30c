/* runs.c: where a program's text comes from, and what a command line really runs (runs.h, and image.h). */
#include "runs.h"

#include "index.h"

static bool starts_with(const char *text, const char *prefix, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != prefix[i]) return false;
    return true;
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
           (string_is(option, "-v", 2) && !(knob_letter_bits(&line->grammar, 'v') & KNOB_FLAG));
}

static size_t line_script(const struct line *line)
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
    return line_shell_text(&line);
}

/* ---- What it really runs ---- */

/* NAME=value, as env and sudo take it before the program. */
static bool is_assignment(const char *word)
{
    size_t length = arg_name_length(word);
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
    const struct tool *tool = tool_named(image, name);
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
