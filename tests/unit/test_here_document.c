/* A program that arrives through a pipe is a here-document only where it stands, whole and as it is, in what
 * was judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../launcher/look/here_document.h"

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
    /* A part of one, another end, no end, expanded, with tabs taken away, no here-document at all. */
    {"python3 - <<'END'\na\nb\nEND\n", "a\n", false},
    {"python3 - <<'END'\na\nb\nEND\n", "b\n", false},
    {"python3 - <<'END'\na\nENDING\n", "a\n", false},
    {"python3 - <<'END'\na\n", "a\n", false},
    {"python3 - <<END\n$x\nEND\n", "value\n", false},
    {"sh <<-END\n\ta\n\tEND\n", "a\n", false},
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
        bool found = here_document_in(row->text, strlen(row->text), row->content, strlen(row->content));
        if (found != row->found) fail_msg("%s in %s", row->content, row->text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_stands_in_the_text_is_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
