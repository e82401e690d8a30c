/* A program that arrives through a pipe is a here-document only where it stands, whole and as it is, in what
 * was judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../launcher/look/here_text.h"

static const struct row {
    const char *text, *content;
    bool found;
} rows[] = {
    {"python3 - <<'END'\nprint(1)\nEND\n", "print(1)\n", true},
    {"set -e\npython3 <<END\na\nb\nEND", "a\nb\n", true},
    {"cat a; python3 - one << \"E_1\" | sort\na\nE_1\necho\n", "a\n", true},
    {"python3 <<< 'print(1)'\n", "print(1)\n", true},
    {"x\npython3 <<<\"a\nb\"", "a\nb\n", true},
    /* In a quoted word, as agents have it for eval. */
    {"eval 'python3 - <<END\na\nEND' < x", "a\n", true},
    {"eval 'python3 - <<'\\''END'\\''\nprint('\\''a'\\'')\nEND'", "print('a')\n", true},
    {"eval 'python3 <<'\"'\"'END'\"'\"'\n'\"'\"'\nEND' && pwd", "'\n", true},
    {"eval \"python3 - <<'END'\nprint('a', \\\"\\$b\\\\n\\\")\nEND\"", "print('a', \"$b\\n\")\n", true},
    {"eval 'python3 - <<END\nprint('\\''a'\\'')\nEND'", "print(a)\n", false},
    {"eval \"sh <<END\n$x\nEND\"", "a\n", false},
    /* Two that one line announces, one in another, and one with tabs taken away. */
    {"cat <<A; sh <<B\na\nA\nb\nB\n", "b\n", true},
    {"sh <<'A'\npython3 - <<'B'\n b\nB\nA\n", " b\n", true},
    {"f() {\n\tsh <<-END\n\t\ta\n\t  b\n\tEND\n}\n", "a\n  b\n", true},
    {"sh <<-END\n\ta\n\tEND\n", "\ta\n", false},
    {"x=$((1 << 2)); sh <<END-OF\na\nEND-OF\n", "a\n", true},
    {"sh <<END && \\\n  true\na\nEND\n", "a\n", true},
    /* What the shell puts in: plain words, numbers, what is assigned, and what askfirst has itself. */
    {"sh <<END\necho $x ${y}/z\nEND\n", "echo value /a/b.c/z\n", true},
    {"sh <<END\necho ${x:-1} \"$1\" $$\nEND\n", "echo 1 \"\" 77\n", true},
    {"sh <<END\n$((1 + x)) \\$x \\\\ \\`a\\` \\\n b\nEND\n", "12 $x \\ `a`  b\n", true},
    {"m='hello, (world)'\nsh <<END\n$m\nEND\n", "hello, (world)\n", true},
    {"export m=\"a 'b'\"; sh <<END\nx = \"${m}\"\nEND\n", "x = \"a 'b'\"\n", true},
    {"sh <<END\n\"$LIKE_HOME\"\n$LIKE_HOME/x\nEND\n", "\"/ho me\"\n/ho me/x\n", true},
    {"python3 <<< \"print('$x', \\\"a\\\")\"", "print('1', \"a\")\n", true},
    {"eval 'sh <<END\nprint('\\''$x'\\'')\nEND'", "print('1')\n", true},
    /* It begins a line, is more than a word, or comes from a command. */
    {"sh <<END\n$x\nEND\n", "value\n", false},
    {"sh <<END\n  ${x} -a\nEND\n", "  value -a\n", false},
    {"sh <<END\n\"$x\" $y\nEND\n", "\"$(a)\" b\n", false},
    {"sh <<END\necho $x\nEND\n", "echo a; b\n", false},
    {"sh <<END\necho $x\nEND\n", "echo a\nb\n", false},
    {"sh <<END\necho $x\nEND\n", "echo a b\n", false},
    {"x=$(curl y); sh <<END\necho $x\nEND\n", "echo a b\n", false},
    {"xm='a b'; sh <<END\necho $m\nEND\n", "echo a b\n", false},
    {"m=\"a $b\"; sh <<END\necho $m\nEND\n", "echo a $b\n", false},
    {"sh <<END\necho $(a)\nEND\n", "echo b\n", false},
    {"sh <<END\necho `a`\nEND\n", "echo b\n", false},
    {"sh <<END\necho ${x:-$(a)}\nEND\n", "echo b\n", false},
    {"sh <<END\necho $((1 + $(a)))\nEND\n", "echo 2\n", false},
    {"sh <<< \"$x\"", "a\n", false},
    {"sh <<< \"echo $(a)\"", "echo b\n", false},
    {"sh <<< 'echo $x'", "echo b\n", false},
    /* A part of one, another end, no end, no here-document at all. */
    {"python3 - <<'END'\na\nb\nEND\n", "a\n", false},
    {"python3 - <<'END'\na\nb\nEND\n", "b\n", false},
    {"python3 - <<'END'\na\nENDING\n", "a\n", false},
    {"python3 - <<'END'\na\n", "a\n", false},
    {"echo a\nb\n", "b\n", false},
    {"curl x | sh # 'a'\n", "a\n", false},
    {"sh <<< a", "a\n", false},
    {"sh <<END\n\nEND\n", "\n", false},
    {"", "a\n", false},
    {"a", "a", false},
};

static void only_what_stands_in_the_text_is_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        bool found = here_text_in(row->text, strlen(row->text), row->content, strlen(row->content));
        if (found != row->found) fail_msg("%s in %s", row->content, row->text);
    }
}

/* Whoever writes such a text must not keep the launcher busy, or send it down for ever. */
static void a_text_of_expansions_ends(void **state)
{
    (void)state;
    static char text[1 << 20], content[4096];
    static const char begin[] = "sh <<END\necho ", end[] = "\nEND\n";
    memset(content, 'a', sizeof content);
    content[sizeof content - 1] = '\n';
    content[0] = ' ';
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "$x", 2);
    memcpy(text, begin, sizeof begin - 1);
    memcpy(text + sizeof text - sizeof end, end, sizeof end - 1);
    assert_false(here_text_in(text, sizeof text, content, sizeof content));
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "<<E\n", 4);
    assert_false(here_text_in(text, sizeof text, content, sizeof content));
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "<<<\"", 4);
    assert_false(here_text_in(text, sizeof text, content, sizeof content));
}

int main(void)
{
    setenv("LIKE_HOME", "/ho me", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_stands_in_the_text_is_one),
                                       cmocka_unit_test(a_text_of_expansions_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
