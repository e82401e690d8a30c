/* test_show.c: whatever bytes come in, one harmless line comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../launcher/plain/characters.h"
#include "../../launcher/plain/show.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

static void shows(const char *data, size_t length, const char *expected)
{
    char *shown = show_bytes(data, length, 0);
    assert_string_equal(shown, expected);
    free(shown);
}

static void word_is(const char *data, size_t length, const char *expected)
{
    char *shown = show_word(data, length, 0);
    assert_string_equal(shown, expected);
    free(shown);
}

/* Printable, valid UTF-8 on one line. */
static void assert_harmless(const char *shown)
{
    size_t length = strlen(shown);
    uint32_t c;

    for (size_t at = 0, step; at < length; at += step) {
        step = character_read(shown + at, length - at, &c);
        assert_true(step > 0);
        assert_false(character_hidden(c));
    }
}

static void plain_text_stays(void **state)
{
    (void)state;
    shows(BYTES("rm -rf out"), "rm -rf out");
    shows(BYTES("Füße 日本語 🎉 e\xcc\x81"), "Füße 日本語 🎉 e\xcc\x81");
    shows(BYTES(""), "");
}

static void controls_are_escaped(void **state)
{
    (void)state;
    shows(BYTES("a\nb\tc\rd\033[2Je\007\b\v\f"), "a\\nb\\tc\\rd\\e[2Je\\a\\b\\v\\f");
    shows(BYTES("\0\001\177"), "\\x00\\x01\\x7f");
    shows(BYTES("\xc2\x9b"
                "31m"),
          "\\u{9b}31m");
    shows(BYTES("a\\n"), "a\\\\n");
}

static void bytes_that_are_no_utf8_are_escaped(void **state)
{
    (void)state;
    shows(BYTES("\x9b\xff"), "\\x9b\\xff");
    shows(BYTES("\xc0\xaf"), "\\xc0\\xaf");                   /* overlong slash */
    shows(BYTES("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");          /* overlong */
    shows(BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* surrogate */
    shows(BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
    shows(BYTES("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80");
    shows(BYTES("a\xe2\x82"), "a\\xe2\\x82"); /* cut short */
}

static void hidden_characters_are_escaped(void **state)
{
    static const uint32_t points[] = {0x00a0,  0x00ad,  0x034f,  0x061c,  0x115f, 0x180e,  0x200b,  0x200d,
                                      0x200e,  0x200f,  0x2028,  0x2029,  0x202a, 0x202e,  0x202f,  0x2060,
                                      0x2064,  0x2066,  0x2069,  0x2800,  0x3000, 0x3164,  0xe000,  0xfdd0,
                                      0xfe0f,  0xfeff,  0xffa0,  0xfff9,  0xffff, 0x1d173, 0x1fffe, 0xe0001,
                                      0xe0041, 0xe007f, 0xe0100, 0x10fffd};
    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        assert_true(character_hidden(points[i]));
    shows(BYTES("a\xe2\x80\xae"
                "b"),
          "a\\u{202e}b");
    shows(BYTES("\xf3\xa0\x81\x81"), "\\u{e0041}");
}

static void a_flood_of_marks_is_escaped(void **state)
{
    (void)state;
    shows(BYTES("e\xcc\x81\xcc\x81\xcc\x81"), "e\xcc\x81\xcc\x81\\u{301}");
    shows(BYTES("\xcc\x81"), "\\u{301}"); /* would sit on what stands before the value */
    shows(BYTES(" \xcc\x81"), " \\u{301}");
    shows(BYTES("\n\xcc\x81"), "\\n\\u{301}"); /* or on an escape, to make another of it */
    shows(BYTES("\\\xcc\x81"), "\\\\\\u{301}");
}

static void long_values_are_cut_in_the_middle(void **state)
{
    size_t length = 1 << 20;
    char *value = malloc(length);
    (void)state;

    memset(value, 'a', length);
    memcpy(value, "begin", 5);
    memcpy(value + length - 3, "end", 3);
    char *shown = show_bytes(value, length, 100);
    assert_true(strlen(shown) <= 100);
    assert_non_null(strstr(shown, "a… 1048576 bytes …a"));
    assert_memory_equal(shown, "begin", 5);
    assert_string_equal(shown + strlen(shown) - 3, "end");
    free(shown);
    free(value);
}

static void a_value_as_long_as_the_limit_is_whole(void **state)
{
    (void)state;
    char *shown = show_bytes(BYTES("0123456789"), 10);
    assert_string_equal(shown, "0123456789");
    free(shown);
}

static void a_value_whose_escapes_are_too_long_is_cut(void **state)
{
    char value[60];
    (void)state;

    memset(value, 1, sizeof value);
    char *shown = show_bytes(value, sizeof value, 60);
    assert_true(strlen(shown) <= 60);
    assert_non_null(strstr(shown, "\\x01… 60 bytes …\\x01"));
    free(shown);
}

static void no_cut_splits_a_character_or_an_escape(void **state)
{
    static const char *const parts[] = {"\xf0\x9f\x8e\x89", "\xe2\x80\xae", "\xff", "e\xcc\x81",
                                        "\xe6\x97\xa5",     "\n",           "x"};
    char value[700];
    size_t length = 0;
    (void)state;

    for (size_t i = 0; length + 4 < sizeof value; i++) {
        const char *part = parts[(i * 5 + i / 7) % 7];
        memcpy(value + length, part, strlen(part));
        length += strlen(part);
    }
    for (size_t limit = 1; limit < 300; limit++) {
        char *shown = show_bytes(value, length, limit);
        assert_harmless(shown);
        assert_true(strlen(shown) <= limit + 24 || limit < 24);
        for (char *escape = strchr(shown, '\\'); escape; escape = strchr(escape + 1, '\\')) {
            if (escape[1] == 'x')
                assert_int_equal(strspn(escape + 2, "0123456789abcdef") >= 2, 1);
            else if (escape[1] == 'u')
                assert_true(escape[2] == '{' && strchr(escape, '}'));
            else
                assert_int_equal(escape[1], 'n');
        }
        free(shown);
    }
}

static void words_are_quoted_as_for_a_shell(void **state)
{
    (void)state;
    word_is(BYTES("--opt=value"), "--opt=value");
    word_is(BYTES("日本"), "日本");
    word_is(BYTES(""), "''");
    word_is(BYTES("a b"), "'a b'");
    word_is(BYTES("$HOME"), "'$HOME'");
    word_is(BYTES("a\\nb"), "'a\\nb'");
    word_is(BYTES("it's"), "\"it's\"");
    word_is(BYTES("it's $5"), "$'it\\'s $5'");
    word_is(BYTES("a\nb's \\"), "$'a\\nb\\'s \\\\'");
    word_is(BYTES("\xff"
                  "1"),
            "$'\\xff1'");
    word_is(BYTES("\xe2\x80\xae"), "$'\\u202e'");
    word_is(BYTES("\xf3\xa0\x81\x81"), "$'\\U000e0041'");
    word_is(BYTES("~"), "'~'");
    word_is(BYTES("file~"), "file~");
    word_is(BYTES("#x"), "'#x'");
}

static void a_cut_word_keeps_its_quotes(void **state)
{
    char value[500];
    (void)state;

    memset(value, ' ', sizeof value);
    char *shown = show_word(value, sizeof value, 60);
    assert_int_equal(shown[0], '\'');
    assert_int_equal(shown[strlen(shown) - 1], '\'');
    assert_non_null(strstr(shown, "… 500 bytes …"));
    free(shown);
}

static void utf8_is_told_from_bytes(void **state)
{
    (void)state;
    assert_true(show_is_utf8(BYTES("Füße\n\033")));
    assert_false(show_is_utf8(BYTES("a\0b")));
    assert_false(show_is_utf8(BYTES("\xc0\x80")));
    assert_false(show_is_utf8(BYTES("\xed\xa0\x80")));
}

static void base64_is(const char *data, size_t length, const char *expected)
{
    char *encoded = show_base64(data, length);
    assert_string_equal(encoded, expected);
    free(encoded);
}

static void base64_is_that_of_the_standard(void **state)
{
    (void)state;
    base64_is(BYTES(""), "");
    base64_is(BYTES("f"), "Zg==");
    base64_is(BYTES("fo"), "Zm8=");
    base64_is(BYTES("foo"), "Zm9v");
    base64_is(BYTES("foobar"), "Zm9vYmFy");
    base64_is(BYTES("\xff\xfe\x00"), "//4A");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(bytes_that_are_no_utf8_are_escaped),
        cmocka_unit_test(hidden_characters_are_escaped),
        cmocka_unit_test(a_flood_of_marks_is_escaped),
        cmocka_unit_test(long_values_are_cut_in_the_middle),
        cmocka_unit_test(a_value_as_long_as_the_limit_is_whole),
        cmocka_unit_test(a_value_whose_escapes_are_too_long_is_cut),
        cmocka_unit_test(no_cut_splits_a_character_or_an_escape),
        cmocka_unit_test(words_are_quoted_as_for_a_shell),
        cmocka_unit_test(a_cut_word_keeps_its_quotes),
        cmocka_unit_test(utf8_is_told_from_bytes),
        cmocka_unit_test(base64_is_that_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
