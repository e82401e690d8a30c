/* The record of a run, line by line. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "../../launcher/records/audit.h"
#include "../../policy/sha256.h"

static char directory[64], file[128];
static struct run_options options;
static struct session session;
static char *why;

static char *word(const char *text)
{
    return (char *)(uintptr_t)text;
}

static struct audit *opened(void)
{
    strcpy(directory, "/tmp/audit-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(file, sizeof file, "%s/a/b/s.jsonl", directory);
    static char place[80];
    snprintf(place, sizeof place, "%s/a/b", directory);
    static char *command[] = {NULL, NULL};
    command[0] = word("job\xff");
    options = (struct run_options){.audit = place, .command = command, .guard = GUARD_SHIM};
    session = (struct session){.options = &options, .id = "s", .asked = 3, .denied = 2};
    return audit_open(&session, &why);
}

static char *text_of_file(size_t *size)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    *size = (size_t)status.st_size;
    char *text = calloc(1, *size + 1);
    assert_non_null(text);
    assert_int_equal(read(fd, text, *size), (ssize_t)*size);
    close(fd);
    return text;
}

static void removed(void)
{
    char path[128];
    unlink(file);
    snprintf(path, sizeof path, "%s/a/b", directory);
    rmdir(path);
    snprintf(path, sizeof path, "%s/a", directory);
    rmdir(path);
    assert_int_equal(rmdir(directory), 0);
}

/* Line `number`, parsed. */
static cJSON *record(size_t number)
{
    size_t size;
    char *text = text_of_file(&size), *line = text;
    while (number--)
        line = strchr(line, '\n') + 1;
    *strchr(line, '\n') = '\0';
    cJSON *parsed = cJSON_Parse(line);
    assert_non_null(parsed);
    free(text);
    return parsed;
}

static const char *string(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static struct question removal(void)
{
    static struct bytes argv[] = {{"rm", 2}, {"\xff", 1}, {"a\nb", 3}};
    return (struct question){.id = 7,
                             .act = ACT_EXEC,
                             .program = word("/usr/bin/rm"),
                             .argv = argv,
                             .argc = 3,
                             .cwd = word("/w\xfe"),
                             .pid = 12,
                             .verdict = VERDICT_ASK,
                             .rule_place = word("p:1"),
                             .rule_text = word("rm"),
                             .because = word("x")};
}

static void a_line_is_one_object_and_bytes_have_twins(void **state)
{
    (void)state;
    struct audit *audit = opened();
    struct question question = removal();
    struct answer answer = {.outcome = OUTCOME_REFUSED, .by = word("ada"), .note = word("no\xff")};
    assert_true(audit_act(audit, &question, VERDICT_ASK, &answer, 40));
    cJSON *line = record(1);
    assert_string_equal(string(line, "outcome"), "refused");
    assert_string_equal(string(line, "cwd"), "/w\\xfe");
    assert_string_equal(string(line, "cwd_base64"), "L3f+");
    assert_string_equal(string(line, "note_base64"), "bm//");
    const cJSON *argv = cJSON_GetObjectItem(line, "argv"), *twins = cJSON_GetObjectItem(line, "argv_base64");
    assert_int_equal(cJSON_GetArraySize(argv), 3);
    assert_int_equal(cJSON_GetArraySize(twins), 3);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(argv, 2)), "a\nb");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(twins, 1)), "/w==");
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(twins, 2)));
    cJSON_Delete(line);
    audit_close(audit, 0);
    removed();
}

static void the_chain_holds_from_the_first_line_to_the_last(void **state)
{
    (void)state;
    struct audit *audit = opened();
    struct question question = removal();
    for (int i = 0; i < 10; i++) {
        assert_true(audit_act(audit, &question, VERDICT_DENY, NULL, 0));
        assert_true(audit_event(audit, "forged", 9, "x\xff"));
    }
    audit_close(audit, 3);
    size_t size, lines = 0;
    char *text = text_of_file(&size), expected[65] = "";
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
        *end = '\0';
        cJSON *parsed = cJSON_Parse(line);
        const char *previous = string(parsed, "previous");
        if (lines)
            assert_string_equal(previous, expected);
        else
            assert_null(previous);
        cJSON_Delete(parsed);
        unsigned char sum[32];
        sha256(line, strlen(line), sum);
        for (size_t i = 0; i < sizeof sum; i++)
            snprintf(expected + 2 * i, 3, "%02x", sum[i]);
    }
    free(text);
    assert_int_equal(lines, 22);
    cJSON *last = record(21);
    assert_int_equal(cJSON_GetObjectItem(last, "acts")->valueint, 10);
    assert_int_equal(cJSON_GetObjectItem(last, "exit")->valueint, 3);
    cJSON_Delete(last);
    removed();
}

static void an_earlier_record_is_never_written_into(void **state)
{
    (void)state;
    struct audit *audit = opened();
    audit_close(audit, 0);
    assert_null(audit_open(&session, &why));
    assert_non_null(strstr(why, "File exists"));
    free(why);
    removed();
}

/* What does not fit leaves the file as it was, and its chain whole. */
static void half_a_line_is_taken_back(void **state)
{
    (void)state;
    struct audit *audit = opened();
    struct question question = removal();
    struct stat status;
    struct rlimit before, small;
    assert_int_equal(stat(file, &status), 0);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){(rlim_t)status.st_size + 100, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    assert_false(audit_act(audit, &question, VERDICT_ALLOW, NULL, 0));
    assert_false(audit_act(audit, &question, VERDICT_ALLOW, NULL, 0));
    setrlimit(RLIMIT_FSIZE, &before);
    off_t size = status.st_size;
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_size, size);
    assert_true(audit_act(audit, &question, VERDICT_ALLOW, NULL, 0));
    cJSON *line = record(1);
    assert_int_equal(cJSON_GetObjectItem(line, "sequence")->valueint, 1);
    cJSON_Delete(line);
    audit_close(audit, 0);
    removed();
}

static void a_command_that_is_too_long_is_cut_and_counted(void **state)
{
    (void)state;
    struct audit *audit = opened();
    struct question question = removal();
    question.argc = 200000;
    question.argv = calloc(question.argc, sizeof *question.argv);
    assert_non_null(question.argv);
    for (size_t i = 0; i < question.argc; i++)
        question.argv[i] = (struct bytes){"word", 4};
    assert_true(audit_act(audit, &question, VERDICT_ALLOW, NULL, 0));
    cJSON *line = record(1);
    assert_int_equal(cJSON_GetObjectItem(line, "argv_count")->valueint, 200000);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(line, "argv")) < 20000);
    cJSON_Delete(line);
    free(question.argv);
    audit_close(audit, 0);
    removed();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_object_and_bytes_have_twins),
        cmocka_unit_test(the_chain_holds_from_the_first_line_to_the_last),
        cmocka_unit_test(an_earlier_record_is_never_written_into),
        cmocka_unit_test(half_a_line_is_taken_back),
        cmocka_unit_test(a_command_that_is_too_long_is_cut_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
