/* fuzz_protocol.c: an approver that may send anything. What is taken for an answer must be one that cJSON
 * understands in the same way; what is made of the bytes as a question must be a line of JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "../../launcher/approve/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be(const cJSON *json, const char *name, const char *expected)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

    if (!value || strcmp(value, expected) != 0) abort();
}

static void read_one(const char *line, size_t length)
{
    struct answer answer;
    uint64_t id;
    char *wrong = protocol_read(line, length, &id, &answer);

    if (wrong) {
        free(wrong);
        return;
    }
    cJSON *json = cJSON_ParseWithLength(line, length);
    if (!json) abort();
    must_be(json, "type", "answer");
    must_be(json, "decision", answer.outcome == OUTCOME_APPROVED ? "allow" : "deny");
    if (answer.note) must_be(json, "note", answer.note);
    if (answer.by) must_be(json, "by", answer.by);
    if (answer.scope != SCOPE_ONCE) must_be(json, "scope", scope_name(answer.scope));
    cJSON_Delete(json);
    free(answer.note);
    free(answer.by);
}

static void ask_one(char *value, size_t length)
{
    struct bytes argv[] = {{value, length}, {value, length / 2}};
    struct question question = {.id = length,
                                .act = ACT_EXEC,
                                .program = value,
                                .argv = argv,
                                .argc = 2,
                                .cwd = value,
                                .rule_place = value,
                                .because = value,
                                .choices = {{SCOPE_EXACT, value}},
                                .choice_count = 1};
    char *line = protocol_ask(&question);
    cJSON *json = cJSON_ParseWithOpts(line, NULL, 1);

    if (!json || strlen(line) > PROTOCOL_LINE) abort();
    must_be(json, "type", "ask");
    cJSON_Delete(json);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);

    if (!copy) abort();
    memcpy(copy, data, size);
    copy[size] = '\0';
    read_one(copy, size);
    ask_one(copy, size);
    free(copy);
    return 0;
}
