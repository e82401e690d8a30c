/* tty_page.c: see tty_page.h. */
#include "tty_page.h"

#include <inttypes.h>
#include <string.h>

#include "../plain/characters.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"

enum {
    MARGIN = 2,
    LABEL = 11,      /* columns of "directory  " */
    WORDS_SHOWN = 8, /* of a command that is shown one word a line */
    CHAIN_SHOWN = 4,
    LINES_SHOWN = 12, /* of a script that stands in a word */
    CUT_MARK = 18,    /* columns of ": " and of the mark where something was cut out */
    RULE_ROWS = 8,    /* that a screen needs besides the rule that it shows */
};

/* What may be left out first where the screen is small. */
enum rank { RANK_ALWAYS, RANK_HINT, RANK_REASON, RANK_PLACE, RANK_RULE, RANK_CHAIN, RANK_WORD };

/* How a page is being laid out: how many lines a value may take. */
struct layout {
    struct tty_page *page;
    unsigned columns;
    unsigned value_lines;
};

unsigned tty_width(const char *text)
{
    size_t length = strlen(text);
    unsigned width = 0;
    uint32_t c;

    for (size_t at = 0, step; at < length; at += step) {
        step = character_read(text + at, length - at, &c);
        if (!step) step = c = 1;
        width += character_width(c);
    }
    return width;
}

size_t tty_fitting(const char *text, unsigned columns)
{
    size_t length = strlen(text), at = 0;
    unsigned width = 0;
    uint32_t c;

    while (at < length) {
        size_t step = character_read(text + at, length - at, &c);
        if (!step) step = c = 1;
        width += character_width(c);
        if (width > columns) break;
        at += step;
    }
    return at;
}

void tty_page_free(struct tty_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        free(page->lines[i].text);
    free(page->lines);
    *page = (struct tty_page){0};
}

/* Takes the text over. */
static void add_line(struct tty_page *page, struct tty_line line)
{
    page->lines = xrealloc(page->lines, page->count + 1, sizeof *page->lines);
    page->lines[page->count++] = line;
}

/* As much as fits on a line, broken between words where that does not leave most of the line empty. */
static size_t fitting_words(const char *text, unsigned columns)
{
    size_t fitting = tty_fitting(text, columns);

    if (!text[fitting]) return fitting;
    for (size_t at = fitting; at > fitting / 2; at--)
        if (text[at] == ' ') return at;
    return fitting ? fitting : 1; /* a wide character on a screen of one column */
}

/* The text in lines of its own, the first behind `lead`, the others under it. */
static void add_wrapped(struct layout *layout, const char *lead, const char *text, enum tty_style style,
                        unsigned rank)
{
    unsigned indent = tty_width(lead), left = layout->columns;
    bool first = true;

    if (left && indent + 8 > left) indent = MARGIN;
    do {
        struct text line = {0};
        if (first)
            text_string(&line, lead);
        else
            text_format(&line, "%*s", (int)indent, "");
        size_t fitting = left ? fitting_words(text, left > indent ? left - indent : 1) : strlen(text);
        text_add(&line, text, fitting);
        text += fitting;
        text += fitting && *text == ' ';
        add_line(layout->page, (struct tty_line){text_take(&line), style, first ? indent : 0, rank});
        first = false;
    } while (*text);
}

/* How many bytes of a value are shown behind `indent` columns. */
static size_t room(const struct layout *layout, unsigned indent)
{
    if (!layout->columns) return 0;
    unsigned width = layout->columns > indent + 8 ? layout->columns - indent : 8;
    return (size_t)width * layout->value_lines;
}

/* The same, of what is not worth more than a line: `v` shows it whole. */
static size_t line_room(const struct layout *layout, unsigned indent)
{
    if (!layout->columns) return 0;
    return layout->columns > indent + 8 ? layout->columns - indent : 8;
}

static void add_shown(struct layout *layout, const char *label, const char *shown, unsigned rank)
{
    cleanup_free char *lead = xasprintf("%*s%-*s", MARGIN, "", LABEL, label);

    add_wrapped(layout, lead, shown, TTY_LABEL, rank);
}

static void add_value(struct layout *layout, const char *label, const char *value, unsigned rank)
{
    if (!value || !*value) return;
    cleanup_free char *shown = show_string(value, room(layout, MARGIN + LABEL));
    add_shown(layout, label, shown, rank);
}

/* How a change is asked about, by its name in the protocol. */
static const struct {
    const char *name, *asked;
} changes[] = {
    {"write", "write to a file"},
    {"create", "create a file"},
    {"truncate", "truncate a file"},
    {"remove", "remove a file"},
    {"rename", "rename a file"},
    {"link", "link a file"},
    {"make directory", "make a directory"},
    {"remove directory", "remove a directory"},
    {"change mode of", "change the mode of a file"},
    {"change owner of", "change the owner of a file"},
    {"change times of", "change the times of a file"},
    {"change attributes of", "change the attributes of a file"},
    {"change flags of", "change the flags of a file"},
    {"make node", "make a special file"},
    {"make a socket", "make a socket"},
};

static const char *describe_change(const char *name)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (strcmp(changes[i].name, name) == 0) return changes[i].asked;
    return NULL;
}

/* What the act is in words: "run a program", "remove a file". */
static char *describe_act(const struct question *question)
{
    static const char *const acts[ACT_KINDS] = {"read a file", "change a file", "run a program",
                                                "make a connection", "look into another process"};
    const char *act = question->listing ? "list a directory" : acts[question->act];
    const char *detail = question->via ? question->via : question->act_detail;
    const char *change = question->act == ACT_WRITE && detail ? describe_change(detail) : NULL;

    if (change || !detail) return xstrdup(change ? change : act);
    cleanup_free char *shown = show_string(detail, 40);
    return xasprintf(question->via ? "%s through %s" : "%s (%s)", act, shown);
}

static void add_title(struct layout *layout, const struct question *question)
{
    cleanup_free char *act = describe_act(question);
    cleanup_free char *title =
        xasprintf("askfirst: may it %s? (question %" PRIu64 ")", act, question->number);

    add_wrapped(layout, "", title, TTY_TITLE, RANK_ALWAYS);
}

/* The command on one line as one would type it; NULL when it is too long for that. */
static char *join_words(const struct question *question, size_t limit)
{
    struct text text = {0};

    for (size_t i = 0; i < question->argc; i++) {
        cleanup_free char *word = show_word(question->argv[i].data, question->argv[i].length, limit);
        text_format(&text, "%s%s", i ? " " : "", word);
        if (limit && (text.length > limit || question->argv[i].length > limit)) {
            text_free(&text);
            return NULL;
        }
    }
    return text_take(&text);
}

static void add_word(struct layout *layout, const struct question *question, size_t index)
{
    const struct bytes *bytes = &question->argv[index];
    cleanup_free char *word = show_word(bytes->data, bytes->length, room(layout, 2 * MARGIN));

    add_wrapped(layout, "    ", word, TTY_SUBJECT, index < 3 ? RANK_ALWAYS : RANK_WORD);
}

static const char *newline_in(const struct bytes *word)
{
    return word->length ? memchr(word->data, '\n', word->length) : NULL;
}

static bool has_lines(const struct question *question)
{
    for (size_t i = 0; i < question->argc; i++)
        if (newline_in(&question->argv[i])) return true;
    return false;
}

/* A script as it is read: its lines, each made harmless by itself. */
static void add_lines(struct layout *layout, const struct bytes *word)
{
    const char *at = word->data, *end = word->data + word->length;
    size_t count = 0, shown = layout->columns ? LINES_SHOWN : SIZE_MAX;

    for (; at < end; count++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        if (count < shown) {
            cleanup_free char *line = show_line(at, length, room(layout, 2 * MARGIN + 2));
            add_wrapped(layout, "    | ", line, TTY_SUBJECT, count < 3 ? RANK_ALWAYS : RANK_WORD);
        }
        at += length + 1;
    }
    if (count > shown) {
        cleanup_free char *more = xasprintf("... %zu lines in all: v shows them", count);
        add_wrapped(layout, "    ", more, TTY_PLAIN, RANK_ALWAYS);
    }
}

/* Words on a line as far as they have none themselves. */
static void add_script(struct layout *layout, const struct question *question)
{
    struct text line = {0};

    for (size_t i = 0; i < question->argc; i++) {
        const struct bytes *bytes = &question->argv[i];
        if (!newline_in(bytes)) {
            cleanup_free char *word = show_word(bytes->data, bytes->length, room(layout, 2 * MARGIN));
            text_format(&line, "%s%s", line.length ? " " : "", word);
            continue;
        }
        if (line.length) add_wrapped(layout, "    ", line.data, TTY_SUBJECT, RANK_ALWAYS);
        text_clear(&line);
        add_lines(layout, bytes);
    }
    if (line.length) add_wrapped(layout, "    ", line.data, TTY_SUBJECT, RANK_ALWAYS);
    text_free(&line);
}

static void add_command(struct layout *layout, const struct question *question)
{
    if (has_lines(question)) {
        add_script(layout, question);
        return;
    }
    cleanup_free char *joined = join_words(question, layout->columns > 4 ? layout->columns - 4 : 1);
    size_t last = question->argc < WORDS_SHOWN ? question->argc : WORDS_SHOWN;

    if (joined) {
        add_wrapped(layout, "    ", joined, TTY_SUBJECT, RANK_ALWAYS);
        return;
    }
    for (size_t i = 0; i < last; i++)
        add_word(layout, question, i);
    if (last < question->argc) {
        cleanup_free char *more = xasprintf("... %zu words in all: v shows them", question->argc);
        add_wrapped(layout, "    ", more, TTY_PLAIN, RANK_ALWAYS);
    }
}

static void add_subject(struct layout *layout, const struct question *question)
{
    if (question->act == ACT_EXEC) {
        add_command(layout, question);
        return;
    }
    const char *subject = question->act == ACT_CONNECT ? question->address : question->path;
    cleanup_free char *shown = show_string(subject ? subject : "?", room(layout, 2 * MARGIN));
    add_wrapped(layout, "    ", shown, TTY_SUBJECT, RANK_ALWAYS);
}

static void add_python(struct layout *layout, const struct question *question)
{
    if (!question->python_file) return;
    cleanup_free char *file = show_string(question->python_file, room(layout, MARGIN + LABEL));
    cleanup_free char *function = show_string(question->python_function ? question->python_function : "", 60);
    cleanup_free char *started =
        question->python_started ? xasprintf(", which started %d", (int)question->python_started) : NULL;
    cleanup_free char *line = xasprintf("%s:%" PRIu32 "%s%s%s, as it says", file, question->python_line,
                                        *function ? " in " : "", function, started ? started : "");
    add_shown(layout, "line", line, RANK_PLACE);
}

static void add_chain(struct layout *layout, const struct question *question, size_t most)
{
    struct text text = {0};
    size_t count = question->chain_length < most ? question->chain_length : most;

    for (size_t i = 0; i < count; i++) {
        const char *program = question->chain[i].program ? question->chain[i].program : "?";
        const char *slash = strrchr(program, '/');
        cleanup_free char *name =
            show_string(slash && slash[1] && layout->columns ? slash + 1 : program, 200);
        text_format(&text, "%s%s (%d)", i ? " < " : "", name, (int)question->chain[i].pid);
    }
    if (count < question->chain_length) text_format(&text, " < ... %zu in all", question->chain_length);
    if (text.length) add_shown(layout, "asked by", text.data, RANK_CHAIN);
    text_free(&text);
}

static void add_rule(struct layout *layout, const struct question *question)
{
    cleanup_free char *place = show_string(question->rule_place ? question->rule_place : "?", 200);
    cleanup_free char *words = show_string(question->rule_text ? question->rule_text : "",
                                           line_room(layout, MARGIN + LABEL + tty_width(place) + CUT_MARK));
    cleanup_free char *rule = xasprintf("%s%s%s", place, *words ? ": " : "", words);

    add_value(layout, "because", question->because, RANK_REASON);
    add_shown(layout, "rule", rule, RANK_RULE);
}

static void add_facts(struct layout *layout, const struct question *question, size_t chain)
{
    add_subject(layout, question);
    add_value(layout, "reads from", question->input, RANK_REASON);
    add_value(layout, "program", question->program, RANK_PLACE);
    add_value(layout, "directory", question->cwd, RANK_PLACE);
    add_python(layout, question);
    add_chain(layout, question, chain);
    add_rule(layout, question);
}

static const struct {
    char key;
    const char *text;
} answers[SCOPES] = {
    [SCOPE_ONCE] = {'y', "yes, once"},          [SCOPE_EXACT] = {'e', "yes, in this run: exactly "},
    [SCOPE_LIKE] = {'l', "yes, in this run: "}, [SCOPE_TREE] = {'t', "yes, in this run: "},
    [SCOPE_ALWAYS] = {'a', "always: "},
};

char tty_key(enum scope scope)
{
    return answers[scope].key;
}

bool tty_choice(const struct question *question, char key, enum scope *scope)
{
    for (size_t i = 0; i < question->choice_count; i++) {
        *scope = question->choices[i].scope;
        if (answers[*scope].key == key) return true;
    }
    return false;
}

/* A script is not shown once more; a rule is harmless as it was written. */
static char *show_covers(const struct choice *choice, size_t limit)
{
    const char *covers = choice->covers ? choice->covers : "";

    if (choice->scope == SCOPE_EXACT && limit && strchr(covers, '\n')) return xstrdup("this");
    return show_line(covers, strlen(covers), limit);
}

static void add_choices(struct layout *layout, const struct question *question)
{
    for (size_t i = 0; i < question->choice_count; i++) {
        const struct choice *choice = &question->choices[i];
        const char *text = answers[choice->scope].text;
        unsigned indent = MARGIN + 3 + tty_width(text);
        size_t limit = room(layout, indent + 24 < layout->columns ? indent : MARGIN);
        cleanup_free char *covers = show_covers(choice, limit);
        cleanup_free char *lead = xasprintf("  %c  ", answers[choice->scope].key);
        cleanup_free char *line = xasprintf("%s%s", text, covers);
        add_wrapped(layout, lead, line, TTY_KEY, RANK_ALWAYS);
    }
}

/* The keys that are always there, as many on a line as fit. */
static void add_keys(struct layout *layout, const struct question *question)
{
    static const char *const keys[] = {
        "n  no",   "L  no, to all of l",         "N  no, with a reason", "v  show it whole",
        "?  help", "Ctrl-C  no, and end the run"};
    struct text line = {0};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i][0] == TTY_NO_LIKE && !question_offers(question, SCOPE_LIKE)) continue;
        if (line.length && layout->columns && line.length + 3 + strlen(keys[i]) > layout->columns) {
            add_line(layout->page, (struct tty_line){text_take(&line), TTY_KEY, 3, RANK_ALWAYS});
            text_clear(&line);
        }
        text_format(&line, "%s%s", line.length ? "   " : "  ", keys[i]);
    }
    add_line(layout->page, (struct tty_line){text_take(&line), TTY_KEY, 3, RANK_ALWAYS});
}

static void lay_out(struct tty_page *page, const struct question *question, unsigned columns,
                    unsigned value_lines)
{
    struct layout layout = {page, columns, value_lines};

    add_title(&layout, question);
    add_facts(&layout, question, CHAIN_SHOWN);
    add_choices(&layout, question);
    add_keys(&layout, question);
}

static void drop_line(struct tty_page *page, size_t at)
{
    free(page->lines[at].text);
    memmove(page->lines + at, page->lines + at + 1, (--page->count - at) * sizeof *page->lines);
}

/* Of the lines that matter least, the last; false when only what must be shown is left. */
static bool drop_least(struct tty_page *page)
{
    size_t least = 0;

    for (size_t i = 0; i < page->count; i++)
        if (page->lines[i].rank >= page->lines[least].rank) least = i;
    if (page->lines[least].rank == RANK_ALWAYS) return false;
    drop_line(page, least);
    return true;
}

/* As much of the command as there is room for. */
static char *begin_words(const struct question *question, size_t limit)
{
    struct text text = {0};

    for (size_t i = 0; i < question->argc; i++) {
        size_t left = i ? (limit > text.length + 20 ? limit - text.length - 20 : 0) : limit;
        if (i && !left) {
            text_format(&text, " ... %zu words", question->argc);
            break;
        }
        cleanup_free char *word = show_word(question->argv[i].data, question->argv[i].length, left);
        text_format(&text, "%s%s", i ? " " : "", word);
    }
    return text_take(&text);
}

/* What it is about, and the keys: on a screen that has no room for more. */
static void lay_out_small(struct tty_page *page, const struct question *question, struct tty_size size)
{
    unsigned lines = size.rows > 4 ? size.rows - 4 : 1; /* without the title, two of keys, and the answer's */
    struct layout layout = {page, size.columns, lines < 3 ? lines : 3};
    struct text keys = {0};

    add_title(&layout, question);
    if (question->act == ACT_EXEC) {
        cleanup_free char *begun = begin_words(question, room(&layout, 2 * MARGIN));
        add_wrapped(&layout, "    ", begun, TTY_SUBJECT, RANK_ALWAYS);
    } else {
        add_subject(&layout, question);
    }
    text_string(&keys, " ");
    for (size_t i = 0; i < question->choice_count; i++)
        text_format(&keys, " %c", answers[question->choices[i].scope].key);
    text_string(&keys, ": yes   n: no   v: whole   ?: help");
    add_wrapped(&layout, "", keys.data, TTY_KEY, RANK_HINT);
    text_free(&keys);
}

void tty_page_question(struct tty_page *page, const struct question *question, struct tty_size size)
{
    *page = (struct tty_page){0};
    for (unsigned value_lines = 3; value_lines > 0; value_lines--) {
        tty_page_free(page);
        lay_out(page, question, size.columns, value_lines);
        if (page->count < size.rows) return;
    }
    while (page->count >= size.rows && drop_least(page))
        ;
    if (page->count < size.rows) return;
    tty_page_free(page);
    lay_out_small(page, question, size);
    while (page->count >= size.rows && drop_least(page))
        ;
}

/* What the rule covers, for who does not read rules. */
static char *describe_always(const struct question *question, size_t limit)
{
    static const char *const acts[ACT_KINDS] = {"reading this file", "changing this file", NULL,
                                                "connections to this address", "looking into this program"};

    if (question->act != ACT_EXEC) return xasprintf("It covers %s, in every later run.", acts[question->act]);
    if (question->argc < 2)
        return xstrdup("It covers this program without any words, anywhere, in every later run.");
    cleanup_free char *directory = show_string(question->cwd ? question->cwd : "?", limit);
    return xasprintf("It covers this command, word for word, in this directory (%s), in every later run.",
                     directory);
}

void tty_page_rule(struct tty_page *page, const struct question *question, struct tty_size size)
{
    struct layout layout = {page, size.columns, size.rows > RULE_ROWS ? size.rows - RULE_ROWS : 1};

    *page = (struct tty_page){0};
    const char *shown = question->always_rule ? question->always_rule : "?";
    cleanup_free char *rule = show_line(shown, strlen(shown), room(&layout, MARGIN));
    add_wrapped(&layout, "", "This rule would be written to your approvals:", TTY_TITLE, RANK_REASON);
    add_wrapped(&layout, "    ", rule, TTY_SUBJECT, RANK_ALWAYS);
    cleanup_free char *covers = describe_always(question, room(&layout, MARGIN));
    add_wrapped(&layout, "  ", covers, TTY_PLAIN, RANK_REASON);
    add_wrapped(&layout, "  a  ", "write it, and yes", TTY_KEY, RANK_ALWAYS);
    add_wrapped(&layout, "     ", "any other key: back to the question", TTY_PLAIN, RANK_HINT);
    while (page->count >= size.rows && drop_least(page))
        ;
}

static void add_plain(struct layout *layout, const char *text)
{
    add_wrapped(layout, "", text, TTY_PLAIN, RANK_ALWAYS);
}

static void add_whole_words(struct layout *layout, const struct question *question)
{
    add_plain(layout, "");
    for (size_t i = 0; i < question->argc; i++) {
        cleanup_free char *word = show_word(question->argv[i].data, question->argv[i].length, 0);
        cleanup_free char *lead = xasprintf("  word %-5zu ", i);
        add_wrapped(layout, lead, word, TTY_LABEL, RANK_ALWAYS);
    }
}

void tty_page_whole(struct tty_page *page, const struct question *question)
{
    struct layout layout = {page, 0, 0};

    *page = (struct tty_page){0};
    add_title(&layout, question);
    if (question->act == ACT_EXEC && !has_lines(question)) {
        cleanup_free char *joined = join_words(question, 0);
        add_wrapped(&layout, "    ", joined, TTY_SUBJECT, RANK_ALWAYS);
    } else {
        add_subject(&layout, question);
    }
    add_value(&layout, "reads from", question->input, RANK_ALWAYS);
    add_value(&layout, "program", question->program, RANK_ALWAYS);
    add_value(&layout, "directory", question->cwd, RANK_ALWAYS);
    add_python(&layout, question);
    add_chain(&layout, question, SIZE_MAX);
    add_rule(&layout, question);
    if (question->always_rule) {
        cleanup_free char *rule = show_line(question->always_rule, strlen(question->always_rule), 0);
        add_shown(&layout, "always", rule, RANK_ALWAYS);
    }
    add_plain(&layout, "");
    add_choices(&layout, question);
    if (question->act == ACT_EXEC) add_whole_words(&layout, question);
}

void tty_page_help(struct tty_page *page)
{
    static const char *const lines[] = {
        "A guarded program wants to do what its policy does not decide: it waits until you have answered. "
        "The rest of the run on this terminal stands still while the question is shown.",
        "",
        "y  yes, once. If it does the same again, you are asked again.",
        "e  yes, and to exactly the same for the rest of this run.",
        "l  yes, and to what the line behind it covers, for the rest of this run.",
        "t  yes, and to everything that this process and what it starts will do, for the rest of this run.",
        "a  yes, and in every later run: shows the rule that would be written, and asks for a second key.",
        "n  no. The call fails, and the program is told that you refused.",
        "L  no, in this run, to all that l would have covered. Nobody is asked about it again.",
        "N  no, with words of yours that the program is told: what to do instead.",
        "v  everything about the question, uncut.",
        "",
        "Ctrl-C  no, and end the run.        Ctrl-Z  put the run in the background of your shell.",
        "",
        "What the program wrote is shown harmlessly: \\n is a new line in it, \\e an escape, \\u{202e} a "
        "character that is not shown, \\xff a byte that is no text, \\\\ a backslash; what a shell would not "
        "take as it is stands in quotes.",
        "Keys count only after a moment without any, so that nothing typed for the program answers a "
        "question.",
    };
    struct layout layout = {page, 0, 0};

    *page = (struct tty_page){0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        add_plain(&layout, lines[i]);
}

void tty_page_wrap(struct tty_page *page, unsigned columns)
{
    struct tty_page wrapped = {0};

    for (size_t i = 0; i < page->count; i++) {
        const struct tty_line *line = &page->lines[i];
        const char *rest = line->text;
        unsigned lead = line->lead;
        do {
            size_t fitting = fitting_words(rest, columns);
            add_line(&wrapped, (struct tty_line){xstrndup(rest, fitting), line->style, lead, line->rank});
            rest += fitting;
            rest += fitting && *rest == ' ';
            lead = 0;
        } while (*rest);
    }
    tty_page_free(page);
    *page = wrapped;
}
