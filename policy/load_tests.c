/* load_tests.c: `tests:`, what a policy says of itself. They are run by selftest.c. */
#include <string.h>

#include "address.h"
#include "load.h"

/* One test while it is read. */
struct written_test {
    struct policy_test test;
    size_t acts; /* how many of read, write, exec, connect, debug it has */
    bool has_expect;
    const struct node *program;
    bool is_nothing; /* it is about something that is not there (${session} outside of a run) */
};

/* The one text that `text` stands for; NULL: none, which was said or is noted. */
static char *one_value(struct reader *reader, const struct node *at, const char *text, enum tilde tilde,
                       struct written_test *into)
{
    struct strings values;
    if (!expand(reader, at, text, EXPAND_PLAIN, tilde, &values)) return NULL;
    if (values.count == 0) into->is_nothing = true;
    if (values.count <= 1) return values.count == 1 ? values.items[0] : NULL;
    complain(reader, at, "\"%.200s\" stands for a list: a test is about one of them", text);
    return NULL;
}

/* The path as it is compared: with its links followed. */
static char *real(struct reader *reader, char *path)
{
    char out[PATH_MAX];
    if (reader->options->no_links || !find_real(reader, path, LAST_FOLLOW, out)) return path;
    return arena_string(reader->arena, out);
}

static char *one_path(struct reader *reader, const struct node *at, const char *what,
                      struct written_test *into)
{
    const char *text = read_text(reader, at, what);
    char *path = text ? one_value(reader, at, text, TILDE_IS_HOME, into) : NULL;
    if (!path) return NULL;
    if (path[0] == '/') return real(reader, path);
    complain(reader, at, "%s of a test has to be a whole path, not \"%.200s\": begin it with /, ~ or ${name}",
             what, text);
    return NULL;
}

static void test_path(struct reader *reader, const struct node *value, struct written_test *into,
                      enum act_kind act)
{
    into->acts++;
    into->test.act = act;
    into->test.subject = one_path(reader, value, "the path", into);
}

static void test_read(struct reader *reader, const struct node *value, void *into)
{
    test_path(reader, value, into, ACT_READ);
}

static void test_write(struct reader *reader, const struct node *value, void *into)
{
    test_path(reader, value, into, ACT_WRITE);
}

static void test_debug(struct reader *reader, const struct node *value, void *into)
{
    test_path(reader, value, into, ACT_DEBUG);
}

/* Whether it is one address, not a pattern for many. */
static bool check_address(struct reader *reader, const struct node *at, const char *text)
{
    struct address_pattern pattern;
    const char *wrong = NULL;
    if (address_pattern_parse(text, &pattern, &wrong) != 0)
        wrong = wrong ? wrong : "it is no address";
    else if (pattern.kind == ADDRESS_ANY || pattern.kind == ADDRESS_BELOW ||
             (pattern.kind == ADDRESS_RANGE && pattern.prefix != 128))
        wrong = "a test is about one address, not about many";
    if (wrong) complain(reader, at, "the address \"%.200s\" cannot be used: %s", text, wrong);
    return !wrong;
}

static void test_connect(struct reader *reader, const struct node *value, void *into)
{
    struct written_test *test = into;
    const char *text = read_text(reader, value, "\"connect\"");
    test->acts++;
    test->test.act = ACT_CONNECT;
    if (!text) return;
    if (strncmp(text, "unix:", 5) == 0 && text[5] != '@') {
        char *path = one_value(reader, value, text + 5, TILDE_IS_HOME, test);
        if (path) test->test.subject = arena_format(reader->arena, "unix:%s", real(reader, path));
    } else {
        test->test.subject = one_value(reader, value, text, TILDE_IS_TEXT, test);
    }
    if (test->test.subject && !check_address(reader, value, test->test.subject)) test->test.subject = NULL;
}

static void add_word(struct reader *reader, const struct node *at, const char *text,
                     struct written_test *into)
{
    char *word = one_value(reader, at, text, TILDE_IS_HOME, into);
    if (word) add_string(reader->arena, &into->test.argv, word);
}

static void test_exec(struct reader *reader, const struct node *value, void *into)
{
    struct written_test *test = into;
    struct strings words = {0};
    test->acts++;
    test->test.act = ACT_EXEC;
    if (value->kind == NODE_LIST) {
        size_t count = item_count(reader, value, "\"exec\"");
        for (size_t i = 0; i < count; i++) {
            /* A word of a command may be empty. */
            if (value->items[i]->kind != NODE_SCALAR)
                complain(reader, value->items[i],
                         "a word of a command has to be text: put it in quotes, or split it");
            else
                add_word(reader, value->items[i], value->items[i]->text, test);
        }
    } else {
        const char *text = read_text(reader, value, "\"exec\"");
        if (!text || !split_words(reader, value, text, &words)) return;
        for (size_t i = 0; i < words.count; i++)
            add_word(reader, value, words.items[i], test);
    }
    if (test->test.argv.count > 0) test->test.subject = test->test.argv.items[0];
}

static void test_expect(struct reader *reader, const struct node *value, void *into)
{
    struct written_test *test = into;
    int verdict = read_choice(reader, value, "\"expect\"", VERDICT_NAMES, VERDICTS);
    test->has_expect = true;
    if (verdict >= 0) test->test.expect = (enum verdict)verdict;
}

static void test_stdin(struct reader *reader, const struct node *value, void *into)
{
    ((struct written_test *)into)->test.stdin_kind = read_stdin(reader, value);
}

static void test_cwd(struct reader *reader, const struct node *value, void *into)
{
    struct written_test *test = into;
    test->test.cwd = one_path(reader, value, "\"cwd\"", test);
}

static void test_parent(struct reader *reader, const struct node *value, void *into)
{
    struct written_test *test = into;
    test->test.parent = one_path(reader, value, "\"parent\"", test);
}

/* A name, which is looked for when the test is run, or a whole path. */
static void test_program(struct reader *reader, const struct node *value, void *into)
{
    struct written_test *test = into;
    const char *text = read_text(reader, value, "\"program\"");
    test->program = value;
    if (text && strchr(text, '/'))
        test->test.program = one_path(reader, value, "\"program\"", test);
    else if (text)
        test->test.program = one_value(reader, value, text, TILDE_IS_HOME, test);
}

static const struct key TEST_KEYS[] = {
    {"read", test_read},     {"write", test_write},     {"exec", test_exec},   {"connect", test_connect},
    {"debug", test_debug},   {"expect", test_expect},   {"stdin", test_stdin}, {"cwd", test_cwd},
    {"parent", test_parent}, {"program", test_program},
};

static bool is_whole(struct reader *reader, const struct node *map, const struct written_test *test)
{
    if (map->kind != NODE_MAP) return false;
    if (test->acts != 1)
        complain(reader, map,
                 "a test is about one act: write exactly one of read, write, exec, connect or debug");
    else if (!test->has_expect)
        complain(reader, map,
                 "the test expects nothing: write \"expect: allow\", \"expect: ask\" or \"expect: deny\"");
    bool of_file = test->test.act == ACT_READ || test->test.act == ACT_WRITE;
    if (test->program && !of_file)
        complain(reader, test->program,
                 "only a test of read or write says which program acts: remove \"program\"");
    return test->acts == 1 && test->has_expect && !test->is_nothing && test->test.subject &&
           (!test->program || (of_file && test->test.program));
}

void read_tests(struct reader *reader, const struct node *list, void *into)
{
    struct loaded *file = reader->file;
    (void)into;
    if (list->kind != NODE_LIST) {
        complain(reader, list, "\"tests\" has to be a list: write \"- {exec: git push, expect: ask}\"");
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct written_test test = {.test = {.place = list->items[i]->place}};
        READ_MAP(reader, list->items[i], "a test", TEST_KEYS, &test);
        if (!is_whole(reader, list->items[i], &test)) continue;
        file->tests = arena_grow(reader->arena, file->tests, file->test_count, sizeof test.test);
        file->tests[file->test_count++] = test.test;
    }
}
