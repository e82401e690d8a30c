/* Any argument vector, before rules of every form: nothing may be read beyond, nothing takes for ever, and a
 * trace changes no verdict. Words are separated by newlines; the first two are the program and the name it is
 * called by. */
#include <stdint.h>
#include <string.h>

#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_same(const struct image *image, const struct act *act)
{
    struct decision decision, traced;
    struct trace trace = {.steps = calloc(32, sizeof *trace.steps), .capacity = 32};
    policy_decide(image, act, &decision, NULL);
    policy_decide(image, act, &traced, &trace);
    if (decision.verdict != traced.verdict || decision.rule != traced.rule || decision.needs != traced.needs)
        abort();
    free(trace.steps);
}

static void assert_within(const struct image *image, const struct act *act)
{
    struct runs runs;
    command_runs(image, act, &runs);
    size_t script = command_script(image, act);
    const char *text = command_shell_text(image, act);
    if (runs.kind != RUNS_PLAIN && runs.shift >= act->argc) abort();
    if (script < SCRIPT_STDIN && script >= act->argc) abort();
    bool inside = !text;
    for (size_t i = 0; i < act->argc && !inside; i++)
        inside = text >= act->argv[i] && text <= act->argv[i] + strlen(act->argv[i]);
    if (!inside) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct image *image;
    size_t image_size, count = 0;
    if (!image) image = sample_image(&image_size);
    char **words = calloc(size + 2, sizeof *words);
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = end ? (size_t)(end - data) - at : size - at;
        words[count++] = strndup((const char *)data + at, length);
        at += length + 1;
    }
    char path[64] = "/usr/bin/";
    strncat(path, count ? words[0] : "x", 40);
    struct act act = {.kind = ACT_EXEC,
                      .path = path,
                      .path_length = strlen(path),
                      .name = count > 1 ? words[1] : NULL,
                      .argv = (const char *const *)words + (count > 1),
                      .argc = count - (count > 1),
                      .stdin_kind = (enum stdin_kind)(size % 5)};
    assert_same(image, &act);
    assert_within(image, &act);
    for (size_t i = 0; i < count; i++)
        free(words[i]);
    free(words);
    return 0;
}
