/* Globs and path patterns, the judgement on their form, and the patterns of connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../policy/address.h"
#include "../../policy/glob.h"
#include "../../policy/pattern.h"

struct row {
    const char *pattern;
    const char *text;
    bool matches;
};

static void assert_globs(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct glob_bytes bytes;
        glob_bytes_of(&bytes, row->text, strlen(row->text));
        if (row->matches && glob_lacks(&bytes, row->pattern, strlen(row->pattern)))
            fail_msg("%s lacks nothing of %s", row->text, row->pattern);
        if (glob_match(row->pattern, strlen(row->pattern), row->text, strlen(row->text)) != row->matches)
            fail_msg("%s against %s", row->pattern, row->text);
    }
}

static void assert_paths(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        if (path_match(row->pattern, strlen(row->pattern), row->text, strlen(row->text)) != row->matches)
            fail_msg("%s against %s", row->pattern, row->text);
    }
}

#define GLOBS(...)                                                                                           \
    static const struct row rows[] = {__VA_ARGS__};                                                          \
    assert_globs(rows, sizeof rows / sizeof *rows)
#define PATHS(...)                                                                                           \
    static const struct row rows[] = {__VA_ARGS__};                                                          \
    assert_paths(rows, sizeof rows / sizeof *rows)

static void a_literal_matches_itself_only(void **state)
{
    (void)state;
    GLOBS({"git", "git", true}, {"git", "gi", false}, {"git", "gitk", false}, {"git", "Git", false},
          {"", "", true}, {"", "a", false}, {"\xff", "\xff", true});
}

static void a_star_takes_any_bytes(void **state)
{
    (void)state;
    GLOBS({"*", "", true}, {"*", "a/b\nc", true}, {"*.pem", "x.pem", true}, {"*.pem", ".pem", true},
          {"*.pem", "x.pem.bak", false}, {"a*b*c", "aXbXbc", true}, {"a*b*c", "aXbXb", false},
          {"*curl*|*sh*", "curl x | bash", true}, {"*curl*|*sh*", "curl x; bash", false}, {"**", "abc", true},
          {".*", ".env", true}, {"*env", ".env", true}, {"a*", "b", false}, {"*a", "", false});
}

static void a_question_mark_takes_one_byte(void **state)
{
    (void)state;
    GLOBS({"?", "a", true}, {"?", "", false}, {"?", "ab", false}, {"a?c", "abc", true}, {"*?", "", false},
          {"*?", "a", true});
}

static void a_class_takes_one_byte_of_it(void **state)
{
    (void)state;
    GLOBS({"[abc]", "b", true}, {"[abc]", "d", false}, {"[a-c]x", "bx", true}, {"[!a-c]", "d", true},
          {"[!a-c]", "b", false}, {"[^a-c]", "d", true}, {"[]]", "]", true}, {"[!]]", "]", false},
          {"[a-]", "-", true}, {"[-a]", "-", true}, {"[\\]]", "]", true}, {"[\\a-c]", "b", true},
          {"[[:digit:]]x", "7x", true}, {"[[:digit:]a-c]", "b", true}, {"[![:digit:]]", "7", false},
          {"[[:upper:]]", "q", false}, {"[a-c]", "", false}, {"*[0-9]", "lib7", true},
          {"*[0-9]", "lib", false}, {"[*]", "*", true}, {"[*]", "x", false});
}

static void every_named_class_is_what_it_says(void **state)
{
    (void)state;
    GLOBS({"[[:alnum:]]", "z", true}, {"[[:alpha:]]", "0", false}, {"[[:blank:]]", "\t", true},
          {"[[:cntrl:]]", "\x7f", true}, {"[[:graph:]]", " ", false}, {"[[:lower:]]", "a", true},
          {"[[:print:]]", " ", true}, {"[[:punct:]]", "!", true}, {"[[:punct:]]", "a", false},
          {"[[:space:]]", "\n", true}, {"[[:xdigit:]]", "F", true}, {"[[:xdigit:]]", "g", false});
}

static void a_backslash_quotes(void **state)
{
    (void)state;
    GLOBS({"\\*", "*", true}, {"\\*", "a", false}, {"a\\?b", "a?b", true}, {"\\[a]", "[a]", true},
          {"\\\\", "\\", true});
}

static void many_stars_take_no_exponential_time(void **state)
{
    (void)state;
    static char text[100001];
    memset(text, 'a', sizeof text - 1);
    const char *glob = "*a*a*a*a*a*a*a*a*a*a*a*a*b";
    assert_false(glob_match(glob, strlen(glob), text, sizeof text - 1));
}

static void a_path_is_compared_name_by_name(void **state)
{
    (void)state;
    PATHS({"/a/b", "/a/b", true}, {"/a/b", "/a/bc", false}, {"/a/*", "/a/b", true}, {"/a/*", "/a/b/c", false},
          {"/a/*", "/a", false}, {"/a/?/c", "/a/b/c", true}, {"/a/[!x]", "/a/b", true},
          {"/*/b", "/a/b", true}, {"/", "/", true}, {"/", "/a", false}, {"/a", "a", false}, {"/a", "", false},
          {"/a/*", "/a/.hidden", true});
}

static void a_double_star_takes_any_number_of_names(void **state)
{
    (void)state;
    PATHS({"/a/**", "/a", true}, {"/a/**", "/a/b", true}, {"/a/**", "/a/b/c", true}, {"/a/**", "/ab", false},
          {"**/x", "/x", true}, {"**/x", "/a/b/x", true}, {"**/x", "/a/x/b", false}, {"/**", "/", true},
          {"/**", "/a/b", true}, {"/a/**/b", "/a/b", true}, {"/a/**/b", "/a/x/y/b", true},
          {"/a/**/b", "/a/x/y/c", false}, {"**/.git/hooks/**", "/w/.git/hooks/pre-push", true},
          {"**/.git/hooks/**", "/w/.git/hooks", true}, {"**/.git/hooks/**", "/w/.git/config", false},
          {"**/a/**/b/**/c", "/a/a/b/b/x/c", true}, {"**/a/**/b/**/c", "/b/a/c/b", false},
          {"**/*.pem", "/k/x.pem", true}, {"**/a/b", "/a/a/b", true});
}

static void stray_slashes_in_a_path_do_not_matter(void **state)
{
    (void)state;
    PATHS({"/a/b", "//a//b", true}, {"/a/b", "/a/b/", true}, {"/a/**", "/a/", true});
}

static void good_patterns_are_found_good(void **state)
{
    (void)state;
    static const char *const good[] = {"/",         "/a",     "/**",    "**/x",   "/a/**/b",
                                       "/a/*.[ch]", "/a/\\*", "/a b/c", "/a/[]]", "/**/a/**/b/**/c/**"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(path_pattern_error(good[i]));
    assert_null(glob_error("*curl*|*sh*"));
    assert_null(glob_error("**"));
    assert_null(glob_error("python3.[0-9]*"));
}

static void assert_says(const char *error, const char *part)
{
    assert_non_null(error);
    if (!strstr(error, part)) fail_msg("%s (expected: %s)", error, part);
}

static void bad_patterns_are_told_why(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "empty"},         {"a/b", "begins with"},      {"*/b", "begins with"},
        {"**", "begins with"}, {"/a/", "dir/**"},           {"/a//b", "empty name"},
        {"/a/./b", "`.`"},     {"/a/../b", "`..`"},         {"/a/b**", "alone"},
        {"/a/**b", "alone"},   {"/a/[b", "[...]"},          {"/a/[b/c]", "[...]"},
        {"/a/[]", "[...]"},    {"/a/[z-a]", "[...]"},       {"/a/[[:nope:]]", "[...]"},
        {"/a\\", "\\"},        {"/**/**/**/**/**", "four"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_says(path_pattern_error(rows[i][0]), rows[i][1]);
    assert_says(glob_error(""), "empty");
    assert_says(glob_error("a["), "[...]");
    assert_says(glob_error("a\\"), "\\");
}

static void long_patterns_are_refused(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'a', sizeof text);
    text[0] = '/';
    text[4096] = '\0';
    assert_null(path_pattern_error(text));
    text[4096] = 'a';
    text[4097] = '\0';
    assert_says(path_pattern_error(text), "4096");
    assert_says(glob_error(text), "4096");
    for (size_t i = 0; i < 65; i++)
        memcpy(text + i * 2, "/a", 3);
    assert_says(path_pattern_error(text), "64 names");
    text[128] = '\0';
    assert_null(path_pattern_error(text));
}

static struct address_pattern parsed(const char *text)
{
    struct address_pattern pattern;
    const char *why;
    if (address_pattern_parse(text, &pattern, &why)) fail_msg("%s: %s", text, why);
    return pattern;
}

static void addresses_are_parsed(void **state)
{
    (void)state;
    assert_int_equal(parsed("*").kind, ADDRESS_ANY);
    assert_int_equal(parsed("*:443").low, 443);
    assert_string_equal(parsed("API.Example.com.:443").text, "api.example.com");
    assert_int_equal(parsed("api.example.com:8000-8100").high, 8100);
    assert_int_equal(parsed("api.example.com:*").high, 65535);
    assert_int_equal(parsed("*.example.org").kind, ADDRESS_BELOW);
    assert_string_equal(parsed("*.example.org:443").text, "example.org");
    assert_int_equal(parsed("localhost:80").kind, ADDRESS_LOCAL);
    assert_int_equal(parsed("10.0.0.0/8").prefix, 104);
    assert_int_equal(parsed("10.0.0.0/8:22").low, 22);
    assert_int_equal(parsed("10.1.2.3").prefix, 128);
    assert_int_equal(parsed("0.0.0.0").address[12], 127);
    assert_int_equal(parsed("0.0.0.0/0").prefix, 96);
    assert_int_equal(parsed("::").address[15], 1);
    assert_int_equal(parsed("::ffff:10.0.0.1").address[12], 10);
    assert_int_equal(parsed("fe80::/10").prefix, 10);
    assert_int_equal(parsed("[fe80::/10]:22").low, 22);
    assert_int_equal(parsed("[::1]:80").low, 80);
    assert_int_equal(parsed("[::1]").high, 65535);
    assert_int_equal(parsed("udp").socket, SOCKET_UDP);
    assert_int_equal(parsed("unix-datagram").socket, SOCKET_UNIX_DATAGRAM);
    assert_int_equal(parsed("unix:/run/docker.sock").kind, ADDRESS_UNIX);
    assert_string_equal(parsed("unix:@/tmp/.X11-unix/*").text, "/tmp/.X11-unix/*");
}

static void bad_addresses_are_told_why(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "empty"},
        {"a b", "no host"},
        {"http://x", "scheme"},
        {"x:http", "port"},
        {"x:0", "port"},
        {"x:65536", "port"},
        {"x:9-8", "backwards"},
        {"x:", "port"},
        {"10.0.0.1/8", "bits"},
        {"10.0.0.0/33", "0 to 32"},
        {"::/129", "0 to 128"},
        {"127.1", "in full"},
        {"2130706433", "in full"},
        {"0x7f000001", "in full"},
        {"a..b", "empty label"},
        {"*.*.b", "stands only"},
        {"a*.b", "stands only"},
        {"unix:run", "begins with"},
        {"unix:@", "empty"},
        {"[::1", "never closed"},
        {"[a.b]:1", "IPv6"},
        {"[::1]x", "after the ]"},
        {"m\xc3\xbcller.de", "xn--"},
        {":80", "empty host"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = NULL;
        assert_int_equal(address_pattern_check(rows[i][0], &why), -1);
        assert_says(why, rows[i][1]);
    }
}

static void a_text_may_lack_what_a_glob_needs(void **state)
{
    static const struct {
        const char *glob;
        bool lacks;
    } rows[] = {{"*curl *|sh*", true}, {"*curl *", false}, {"*|*", true}, {"\\|", true},
                {"c\\url*", false},    {"*", false},       {"", false},   {"?????", false},
                {"[|]*", false},       {"|[", true}};
    struct glob_bytes bytes;
    (void)state;
    glob_bytes_of(&bytes, "curl x", 6);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (glob_lacks(&bytes, rows[i].glob, strlen(rows[i].glob)) != rows[i].lacks)
            fail_msg("%s", rows[i].glob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_may_lack_what_a_glob_needs),
        cmocka_unit_test(a_literal_matches_itself_only),
        cmocka_unit_test(a_star_takes_any_bytes),
        cmocka_unit_test(a_question_mark_takes_one_byte),
        cmocka_unit_test(a_class_takes_one_byte_of_it),
        cmocka_unit_test(every_named_class_is_what_it_says),
        cmocka_unit_test(a_backslash_quotes),
        cmocka_unit_test(many_stars_take_no_exponential_time),
        cmocka_unit_test(a_path_is_compared_name_by_name),
        cmocka_unit_test(a_double_star_takes_any_number_of_names),
        cmocka_unit_test(stray_slashes_in_a_path_do_not_matter),
        cmocka_unit_test(good_patterns_are_found_good),
        cmocka_unit_test(bad_patterns_are_told_why),
        cmocka_unit_test(long_patterns_are_refused),
        cmocka_unit_test(addresses_are_parsed),
        cmocka_unit_test(bad_addresses_are_told_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
