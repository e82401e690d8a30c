/* test_protocol.c: the lines of the approval protocol: what goes out fits and is JSON, what comes in is read
 * strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "../../launcher/approve/protocol.h"
#include "approval.h"

/* The line as another reader of JSON understands it; it must be one line, in ASCII, not too long. */
static cJSON *parse(char *line)
{
    size_t length = strlen(line);

    assert_true(length <= PROTOCOL_LINE);
    assert_int_equal(line[length - 1], '\n');
    for (size_t i = 0; i + 1 < length; i++)
        assert_true(line[i] >= 0x20 && line[i] < 0x7f);
    cJSON *json = cJSON_ParseWithOpts(line, NULL, 1);
    assert_non_null(json);
    free(line);
    return json;
}

static const char *text(const cJSON *json, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return value ? value : "(none)";
}

static double number(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static const cJSON *item(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

static void an_ask_line_has_all_that_is_known(void **state)
{
    struct question question = approval_question(7);
    (void)state;

    char *line = protocol_ask(&question);
    assert_string_equal(
        line,
        "{\"type\":\"ask\",\"id\":7,\"time\":\"2025-11-20T10:50:49.123Z\",\"expires\":\"2025-11-20T10:55:49."
        "123Z\","
        "\"act\":\"exec\",\"program\":\"/usr/bin/rm\",\"argv\":[\"rm\",\"-rf\",\"out\"],\"cwd\":\"/home/ada/"
        "work\","
        "\"pid\":812,\"chain\":[{\"pid\":811,\"program\":\"/usr/bin/python3.11\"}],"
        "\"python\":{\"file\":\"job.py\",\"line\":12,\"function\":\"tidy\"},"
        "\"rule\":{\"verdict\":\"ask\",\"place\":\"default.yaml:41\",\"text\":\"rm -r\","
        "\"because\":\"deletes recursively\"},\"file\":{\"device\":2049,\"inode\":18446744073709551615},"
        "\"choices\":[{\"scope\":\"once\"},{\"scope\":\"exact\",\"covers\":\"rm -rf out\"},"
        "{\"scope\":\"like\",\"covers\":\"rm -r ...\"},"
        "{\"scope\":\"tree\",\"covers\":\"all that python3.11 (811) starts\"},"
        "{\"scope\":\"always\",\"covers\":\"rm -rf out, in every run\",\"rule\":\"- allow: rm -rf "
        "out\"}]}\n");
    cJSON_Delete(parse(line));
}

static void what_is_not_known_is_left_out(void **state)
{
    struct question question = {.id = 8,
                                .act = ACT_CONNECT,
                                .program = (char *)"/usr/bin/curl",
                                .address = (char *)"a.example (10.0.0.1):443"};
    (void)state;

    cJSON *json = parse(protocol_ask(&question));
    assert_string_equal(text(json, "act"), "connect");
    assert_string_equal(text(json, "address"), "a.example (10.0.0.1):443");
    static const char *const absent[] = {"argv", "path", "python", "expires", "via", "detail", "file", "cwd"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_null(item(json, absent[i]));
    cJSON_Delete(json);
}

static void bytes_that_are_no_text_have_a_twin(void **state)
{
    struct bytes argv[] = {{"cat", 3}, {"\xff\033", 2}};
    struct question question = {.id = 1,
                                .act = ACT_EXEC,
                                .program = (char *)"/bin/cat",
                                .argv = argv,
                                .argc = 2,
                                .cwd = (char *)"/tmp/\xfe"};
    (void)state;

    cJSON *json = parse(protocol_ask(&question));
    assert_string_equal(text(json, "cwd"), "/tmp/\\xfe");
    assert_string_equal(text(json, "cwd_base64"), "L3RtcC/+");
    assert_string_equal(cJSON_GetArrayItem(item(json, "argv"), 1)->valuestring, "\\xff\\e");
    assert_string_equal(cJSON_GetArrayItem(item(json, "argv_base64"), 0)->valuestring, "Y2F0");
    assert_string_equal(cJSON_GetArrayItem(item(json, "argv_base64"), 1)->valuestring, "/xs=");
    cJSON_Delete(json);
}

static void text_goes_as_it_is_and_in_ascii(void **state)
{
    struct bytes argv[] = {{"e\033[2J\xe2\x80\xae\xf0\x9f\x8e\x89", 12}};
    struct question question = {
        .id = 1, .act = ACT_EXEC, .program = (char *)"/bin/e", .argv = argv, .argc = 1};
    (void)state;

    cJSON *json = parse(protocol_ask(&question));
    assert_string_equal(cJSON_GetArrayItem(item(json, "argv"), 0)->valuestring, argv[0].data);
    assert_null(item(json, "argv_base64"));
    cJSON_Delete(json);
}

static void a_huge_word_is_cut_and_the_count_is_told(void **state)
{
    size_t length = 2 << 20;
    char *word = malloc(length);
    struct bytes argv[] = {{"python3", 7}, {"-c", 2}, {word, length}, {"last", 4}};
    struct question question = {
        .id = 1, .act = ACT_EXEC, .program = (char *)"/bin/python3", .argv = argv, .argc = 4};
    (void)state;

    memset(word, '\001', length);
    cJSON *json = parse(protocol_ask(&question));
    assert_int_equal(cJSON_GetArraySize(item(json, "argv")), 4);
    assert_non_null(strstr(cJSON_GetArrayItem(item(json, "argv"), 2)->valuestring, "… 2097152 bytes …"));
    assert_string_equal(cJSON_GetArrayItem(item(json, "argv"), 3)->valuestring, "last");
    assert_true(number(json, "argv_cut") == 4);
    cJSON_Delete(json);
    free(word);
}

static void too_many_words_are_cut_and_the_count_is_told(void **state)
{
    size_t count = 300000;
    struct bytes *argv = calloc(count, sizeof *argv);
    struct question question = {
        .id = 1, .act = ACT_EXEC, .program = (char *)"/bin/ls", .argv = argv, .argc = count};
    (void)state;

    for (size_t i = 0; i < count; i++)
        argv[i] = (struct bytes){"a\xff", 2};
    cJSON *json = parse(protocol_ask(&question));
    assert_true(cJSON_GetArraySize(item(json, "argv")) > 50000);
    assert_true(number(json, "argv_cut") == 300000);
    assert_null(item(json, "argv_base64"));
    cJSON_Delete(json);
    free(argv);
}

static void words_of_text_are_cut_like_others(void **state)
{
    enum { WORD = 64 };
    static const size_t counts[] = {7000, 13000, 15400, 15500, 15600, 15700, 16000, 20000, 60000};
    static char word[WORD];
    (void)state;

    memset(word, 'x', WORD);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct bytes *argv = calloc(counts[i], sizeof *argv);
        struct question question = {
            .id = 1, .act = ACT_EXEC, .program = (char *)"/bin/ls", .argv = argv, .argc = counts[i]};
        for (size_t j = 0; j < counts[i]; j++)
            argv[j] = (struct bytes){word, WORD};
        cJSON *json = parse(protocol_ask(&question));
        bool whole = (size_t)cJSON_GetArraySize(item(json, "argv")) == counts[i];
        assert_true(whole == (counts[i] < 15640));
        assert_true(whole == !item(json, "argv_cut"));
        cJSON_Delete(json);
        free(argv);
    }
}

static void the_worst_of_questions_fits_in_a_line(void **state)
{
    enum { LONG = 100000, CHAIN = 5000 };
    static const char fills[] = {'\001', '\xff', '\\', '\177'};
    struct ancestor *chain = calloc(CHAIN, sizeof *chain);
    char *value = malloc(LONG + 1);
    struct bytes argv[] = {{value, LONG}, {value, LONG}, {value, LONG}, {value, LONG}};
    (void)state;

    for (size_t fill = 0; fill < sizeof fills; fill++) {
        for (size_t length = 1000; length <= LONG; length += 7100) {
            memset(value, fills[fill], length);
            value[length] = '\0';
            struct question question = {.id = UINT64_MAX,
                                        .asked_at = 1763635849123,
                                        .act = ACT_EXEC,
                                        .act_detail = value,
                                        .program = value,
                                        .argv = argv,
                                        .argc = 4,
                                        .path = value,
                                        .address = value,
                                        .cwd = value,
                                        .via = value,
                                        .chain = chain,
                                        .chain_length = CHAIN,
                                        .python_file = value,
                                        .python_function = value,
                                        .rule_place = value,
                                        .rule_text = value,
                                        .because = value,
                                        .inode = 1,
                                        .always_rule = value,
                                        .choice_count = SCOPES};
            for (size_t i = 0; i < CHAIN; i++)
                chain[i] = (struct ancestor){4194304, value};
            for (size_t i = 0; i < SCOPES; i++)
                question.choices[i] = (struct choice){(enum scope)i, value};
            cJSON *json = parse(protocol_ask(&question));
            assert_true(number(json, "chain_cut") == CHAIN);
            assert_true(cJSON_GetArraySize(item(json, "argv")) == 4);
            cJSON_Delete(json);
        }
    }
    free(value);
    free(chain);
}

static void the_other_lines(void **state)
{
    char *command[] = {(char *)"python3", (char *)"job.py", NULL};
    struct approve_session session = {
        .session = "s1", .command = command, .cwd = "/w", .guard = "kernel", .policy = "default"};
    const struct {
        char *line;
        const char *expected;
    } lines[] = {
        {protocol_hello(&session),
         "{\"type\":\"hello\",\"askfirst\":1,\"session\":\"s1\",\"command\":[\"python3\","
         "\"job.py\"],\"cwd\":\"/w\",\"guard\":\"kernel\",\"policy\":\"default\"}\n"},
        {protocol_waiting(7, 10), "{\"type\":\"waiting\",\"id\":7,\"waited_s\":10}\n"},
        {protocol_settled(7, OUTCOME_REFUSED), "{\"type\":\"settled\",\"id\":7,\"outcome\":\"refused\"}\n"},
        {protocol_bye(0, 2, 1), "{\"type\":\"bye\",\"exit\":0,\"asked\":2,\"denied\":1}\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_string_equal(lines[i].line, lines[i].expected);
        cJSON_Delete(parse(lines[i].line));
    }
}

static void reads(const char *line, enum outcome outcome, enum scope scope, uint64_t for_s, const char *note,
                  const char *by)
{
    struct answer answer;
    uint64_t id = 0;

    char *wrong = protocol_read(line, strlen(line), &id, &answer);
    if (wrong) fail_msg("%s: %s", line, wrong);
    assert_int_equal(id, 7);
    assert_int_equal(answer.outcome, outcome);
    assert_int_equal(answer.scope, scope);
    assert_true(answer.for_s == for_s);
    assert_string_equal(answer.note ? answer.note : "", note);
    assert_string_equal(answer.by ? answer.by : "", by);
    free(answer.note);
    free(answer.by);
}

static void good_answers(void **state)
{
    (void)state;
    reads("{\"type\":\"answer\",\"id\":7,\"decision\":\"deny\",\"note\":\"keep the results\",\"by\":\"ada\"}",
          OUTCOME_REFUSED, SCOPE_ONCE, 0, "keep the results", "ada");
    reads("{\"type\":\"answer\",\"id\":7,\"decision\":\"allow\"}", OUTCOME_APPROVED, SCOPE_ONCE, 0, "", "");
    reads(" { \"id\" : 7 , \"decision\" : \"allow\" , \"scope\" : \"exact\" , \"for_s\" : 600, "
          "\"type\":\"answer\" }\r",
          OUTCOME_APPROVED, SCOPE_EXACT, 600, "", "");
    reads("{\"type\":\"answer\",\"id\":7,\"decision\":\"deny\",\"scope\":\"like\"}", OUTCOME_REFUSED,
          SCOPE_LIKE, 0, "", "");
    reads("{\"type\":\"answer\",\"id\":7,\"decision\":\"allow\",\"scope\":\"always\",\"by\":\"\"}",
          OUTCOME_APPROVED, SCOPE_ALWAYS, 0, "", "");
    reads("{\"type\":\"answer\",\"id\":7,\"decision\":\"deny\",\"note\":\"\\u00e9\\uD83C\\uDF89\\n\\\"\\/ "
          "\xc3\xa9\"}",
          OUTCOME_REFUSED, SCOPE_ONCE, 0, "\xc3\xa9\xf0\x9f\x8e\x89\n\"/ \xc3\xa9", "");
}

static void doubtful_answers_are_refused(void **state)
{
#define ANSWER(rest) "{\"type\":\"answer\",\"id\":7,\"decision\":\"allow\"" rest
    static const struct {
        const char *line, *reason;
    } cases[] = {
        {"", "no JSON"},
        {"yes", "no JSON"},
        {"null", "no JSON"},
        {"[]", "no JSON"},
        {"{}", "no \"type\""},
        {ANSWER(""), "expected }"},
        {ANSWER(",}"), "no JSON"},
        {ANSWER("} x"), "behind its closing"},
        {ANSWER("}{}"), "behind its closing"},
        {ANSWER(",\"id\":7}"), "twice"},
        {ANSWER(",\"decision\":\"deny\"}"), "twice"},
        {ANSWER(",\"\\u0069d\":7}"), "twice"},
        {ANSWER(",\"reason\":\"x\"}"), "does not know"},
        {ANSWER(",\"Scope\":\"once\"}"), "does not know"},
        {ANSWER(",\"scope\":\"everything\"}"), "none of once"},
        {ANSWER(",\"scope\":\"\"}"), "none of once"},
        {ANSWER(",\"scope\":null}"), "must be a string"},
        {ANSWER(",\"note\":[[[[[[\"x\"]]]]]]}"), "must be a string"},
        {ANSWER(",\"note\":{\"a\":1}}"), "must be a string"},
        {ANSWER(",\"note\":\"a\\u0000b\"}"), "NUL"},
        {ANSWER(",\"note\":\"\\ud800\"}"), "surrogate"},
        {ANSWER(",\"note\":\"\\ud800\\u0041\"}"), "surrogate"},
        {ANSWER(",\"note\":\"\\udc00\"}"), "surrogate"},
        {ANSWER(",\"note\":\"\\x41\"}"), "escape"},
        {ANSWER(",\"note\":\"\\u00g1\"}"), "hexadecimal"},
        {ANSWER(",\"note\":\"\\u00"), "hexadecimal"},
        {ANSWER(",\"note\":\"a\tb\"}"), "control character"},
        {ANSWER(",\"note\":\"\xff\"}"), "no UTF-8"},
        {ANSWER(",\"note\":\"\xed\xa0\x80\"}"), "no UTF-8"},
        {ANSWER(",\"note\":\"a"), "within a string"},
        {ANSWER(",\"note\":\"a\\"), "within a string"},
        {ANSWER(",\"for_s\":60}"), "not with once"},
        {ANSWER(",\"scope\":\"always\",\"for_s\":60}"), "not with always"},
        {ANSWER(",\"scope\":\"exact\",\"for_s\":0}"), "1 to"},
        {ANSWER(",\"scope\":\"exact\",\"for_s\":-1}"), "whole number"},
        {ANSWER(",\"scope\":\"exact\",\"for_s\":1.5}"), "whole number"},
        {ANSWER(",\"scope\":\"exact\",\"for_s\":1e3}"), "whole number"},
        {ANSWER(",\"scope\":\"exact\",\"for_s\":\"60\"}"), "whole number"},
        {ANSWER(",\"scope\":\"exact\",\"for_s\":31536001}"), "1 to"},
        {ANSWER(",\"scope\":\"exact\",\"for_s\":99999999999999999999999}"), "out of range"},
        {"{\"type\":\"answer\",\"id\":\"7\",\"decision\":\"allow\"}", "whole number"},
        {"{\"type\":\"answer\",\"id\":7.0,\"decision\":\"allow\"}", "whole number"},
        {"{\"type\":\"answer\",\"id\":07,\"decision\":\"allow\"}", "whole number"},
        {"{\"type\":\"answer\",\"id\":+7,\"decision\":\"allow\"}", "whole number"},
        {"{\"type\":\"answer\",\"id\":true,\"decision\":\"allow\"}", "whole number"},
        {"{\"type\":\"answer\",\"id\":,\"decision\":\"allow\"}", "whole number"},
        {"{\"type\":\"answer\",\"decision\":\"allow\"}", "no \"id\""},
        {"{\"type\":\"answer\",\"id\":7}", "no \"decision\""},
        {"{\"id\":7,\"decision\":\"allow\"}", "no \"type\""},
        {"{\"type\":\"settled\",\"id\":7,\"decision\":\"allow\"}", "of a type"},
        {"{\"type\":\"answer\",\"id\":7,\"decision\":\"yes\"}", "neither allow nor deny"},
        {"{\"type\":\"answer\",\"id\":7,\"decision\":\"ALLOW\"}", "neither allow nor deny"},
        {"{\"type\":\"answer\",\"id\":7,\"decision\":\"deny\",\"scope\":\"once\"}", "not like"},
        {"{\"type\":\"answer\",\"id\":7,\"decision\":\"deny\",\"scope\":\"tree\"}", "not like"},
        {"{\"type\":\"answer\",\"id\":7,\"decision\":\"deny\",\"for_s\":1}", "belongs to an allow"},
        {"{'type':'answer','id':7,'decision':'allow'}", "no JSON"},
        {"{type:\"answer\",\"id\":7,\"decision\":\"allow\"}", "no JSON"},
        {"\xef\xbb\xbf" ANSWER("}"), "no JSON"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer;
        uint64_t id;
        char *wrong = protocol_read(cases[i].line, strlen(cases[i].line), &id, &answer);
        if (!wrong) fail_msg("%s was taken for an answer", cases[i].line);
        if (!strstr(wrong, cases[i].reason))
            fail_msg("%s: %s, where \"%s\" was expected", cases[i].line, wrong, cases[i].reason);
        free(wrong);
    }
}

static void refused(const char *line, size_t length, const char *reason)
{
    struct answer answer;
    uint64_t id;

    char *wrong = protocol_read(line, length, &id, &answer);
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, reason));
    free(wrong);
}

static void large_answers_are_refused(void **state)
{
    size_t room = PROTOCOL_LINE + 100;
    char *line = malloc(room);
    static const char start[] = ANSWER(",\"note\":\"");
    (void)state;

    memset(line, 'x', room);
    memcpy(line, start, sizeof start - 1);
    refused(line, room, "longer than 1048576 bytes");
    memcpy(line + 17000, "\"}", 2);
    refused(line, 17002, "\"note\" is longer");
    memset(line, '[', 500000); /* deep */
    refused(line, 500000, "no JSON");
    free(line);
}

static void a_nul_in_a_line_is_refused(void **state)
{
    static const char line[] = ANSWER("}\0");
    (void)state;
    refused(line, sizeof line - 1, "no UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ask_line_has_all_that_is_known),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(bytes_that_are_no_text_have_a_twin),
        cmocka_unit_test(text_goes_as_it_is_and_in_ascii),
        cmocka_unit_test(a_huge_word_is_cut_and_the_count_is_told),
        cmocka_unit_test(too_many_words_are_cut_and_the_count_is_told),
        cmocka_unit_test(words_of_text_are_cut_like_others),
        cmocka_unit_test(the_worst_of_questions_fits_in_a_line),
        cmocka_unit_test(the_other_lines),
        cmocka_unit_test(good_answers),
        cmocka_unit_test(doubtful_answers_are_refused),
        cmocka_unit_test(large_answers_are_refused),
        cmocka_unit_test(a_nul_in_a_line_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
