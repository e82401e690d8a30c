/* protocol.c: what goes out: hello, ask, waiting, settled, bye. Every value is bounded, so that every line
 * is. */
#include "protocol.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../plain/json.h"
#include "../plain/memory.h"
#include "../plain/show.h"

/* Bytes of a value that are sent whole; a longer one is cut in the middle. With these, and at six bytes for a
 * control character, what is not the argument vector takes at most 700 KiB of a line. */
enum { LONG_VALUE = 8192, SHORT_VALUE = 4096, CHAIN_VALUE = 1024, CHAIN_LENGTH = 32 };

static void key_twin(struct text *name, const char *key, const char *suffix)
{
    text_clear(name);
    text_format(name, "%s_%s", key, suffix);
}

/* Bytes as they are where they are text; else the shown form, and the bytes in base64 where they are not too
 * many. */
static void add_bytes(struct json *json, const char *key, const char *data, size_t length, size_t limit)
{
    struct text name = {0};
    bool text = show_is_utf8(data, length);

    if (text && length <= limit) {
        json_bytes(json, key, data, length);
        return;
    }
    char *shown = show_bytes(data, length, limit);
    json_string(json, key, shown);
    free(shown);
    if (length > limit) {
        key_twin(&name, key, "cut");
        json_number(json, name.data, length);
    } else {
        char *base64 = show_base64(data, length);
        key_twin(&name, key, "base64");
        json_string(json, name.data, base64);
        free(base64);
    }
    text_free(&name);
}

/* Nothing where there is nothing to say. */
static void add_string(struct json *json, const char *key, const char *string, size_t limit)
{
    if (string) add_bytes(json, key, string, strlen(string), limit);
}

static void add_time(struct json *json, const char *key, int64_t milliseconds)
{
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm parts;
    struct text text = {0};
    char date[64];

    if (!gmtime_r(&seconds, &parts) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts)) return;
    text_format(&text, "%s.%03dZ", date, (int)(milliseconds % 1000));
    json_string(json, key, text.data);
    text_free(&text);
}

/* The words of a command as they are sent: whole, or each cut at `limit` bytes. */
static size_t word_size(const struct bytes *word, size_t limit)
{
    if (word->length <= limit && show_is_utf8(word->data, word->length))
        return json_size(word->data, word->length) + 1;
    char *shown = show_bytes(word->data, word->length, limit);
    size_t size = json_size(shown, strlen(shown)) + 1;
    free(shown);
    return size;
}

static void add_words(struct json *json, const char *key, const struct bytes *words, size_t count,
                      size_t limit)
{
    json_open(json, key, '[');
    for (size_t i = 0; i < count; i++) {
        if (words[i].length <= limit && show_is_utf8(words[i].data, words[i].length)) {
            json_bytes(json, NULL, words[i].data, words[i].length);
        } else {
            char *shown = show_bytes(words[i].data, words[i].length, limit);
            json_string(json, NULL, shown);
            free(shown);
        }
    }
    json_close(json, ']');
}

static void add_words_base64(struct json *json, const char *key, const struct bytes *words, size_t count)
{
    json_open(json, key, '[');
    for (size_t i = 0; i < count; i++) {
        char *base64 = show_base64(words[i].data, words[i].length);
        json_string(json, NULL, base64);
        free(base64);
    }
    json_close(json, ']');
}

/* What all words take, and their twins in base64 where one of them is no text. */
static size_t whole_size(const struct bytes *words, size_t count, bool *text)
{
    size_t size = 0, base64 = 0;

    *text = true;
    for (size_t i = 0; i < count && size <= PROTOCOL_LINE; i++) {
        *text = *text && show_is_utf8(words[i].data, words[i].length);
        size += word_size(&words[i], SIZE_MAX);
        base64 += (words[i].length + 2) / 3 * 4 + 3;
    }
    return *text ? size : size + base64;
}

/* How many words, each cut at `limit`, fit in the room. */
static size_t words_that_fit(const struct bytes *words, size_t count, size_t limit, size_t room)
{
    size_t fitting = 0;

    for (; fitting < count; fitting++) {
        size_t size = word_size(&words[fitting], limit);
        if (size > room) break;
        room -= size;
    }
    return fitting;
}

/* The argument vector in the room that the rest of the line leaves: all of it; or with its longest words cut;
 * or its first words. Where it is not all of it, `…_cut` says how many words there are. */
static void add_argv(struct json *json, const char *key, const struct bytes *words, size_t count, size_t room)
{
    static const size_t limits[] = {65536, SHORT_VALUE, 256};
    struct text name = {0};
    size_t limit = 0, fitting = 0;
    bool text;

    if (whole_size(words, count, &text) <= room) {
        add_words(json, key, words, count, SIZE_MAX);
        if (!text) {
            key_twin(&name, key, "base64");
            add_words_base64(json, name.data, words, count);
        }
    } else {
        for (size_t i = 0; i < sizeof limits / sizeof *limits && (i == 0 || fitting < count); i++) {
            limit = limits[i];
            fitting = words_that_fit(words, count, limit, room);
        }
        add_words(json, key, words, fitting, limit);
        key_twin(&name, key, "cut");
        json_number(json, name.data, count);
    }
    text_free(&name);
}

/* Joins what was written before and after the argument vector around it, and ends the line. */
static char *finish(struct json *before, const struct json *after, const char *key, const struct bytes *words,
                    size_t count)
{
    enum { PUNCTUATION = 128 }; /* the keys around the vector, commas, the newline */

    if (count)
        add_argv(before, key, words, count,
                 PROTOCOL_LINE - before->text.length - after->text.length - PUNCTUATION);
    if (after->text.length) {
        text_char(&before->text, ',');
        text_add(&before->text, after->text.data, after->text.length);
    }
    json_close(before, '}');
    text_char(&before->text, '\n');
    return text_take(&before->text);
}

static char *finish_plain(struct json *json)
{
    return finish(json, &(struct json){0}, NULL, NULL, 0);
}

static void start(struct json *json, const char *type)
{
    json_open(json, NULL, '{');
    json_string(json, "type", type);
}

char *protocol_hello(const struct approve_session *session)
{
    struct json before = {0}, after = {0};
    size_t count = 0;

    while (session->command[count])
        count++;
    struct bytes *words = xcalloc(count + 1, sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = (struct bytes){session->command[i], strlen(session->command[i])};
    start(&before, "hello");
    json_number(&before, "askfirst", PROTOCOL_VERSION);
    json_string(&before, "session", session->session);
    add_string(&after, "cwd", session->cwd, LONG_VALUE);
    add_string(&after, "guard", session->guard, SHORT_VALUE);
    add_string(&after, "policy", session->policy, LONG_VALUE);
    char *line = finish(&before, &after, "command", words, count);
    text_free(&after.text);
    free(words);
    return line;
}

static void add_chain(struct json *json, const struct question *question)
{
    size_t count = question->chain_length < CHAIN_LENGTH ? question->chain_length : CHAIN_LENGTH;

    json_open(json, "chain", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        json_number(json, "pid", (uint64_t)question->chain[i].pid);
        add_string(json, "program", question->chain[i].program, CHAIN_VALUE);
        json_close(json, '}');
    }
    json_close(json, ']');
    if (count < question->chain_length) json_number(json, "chain_cut", question->chain_length);
}

static void add_python(struct json *json, const struct question *question)
{
    if (!question->python_file) return;
    json_open(json, "python", '{');
    add_string(json, "file", question->python_file, SHORT_VALUE);
    json_number(json, "line", question->python_line);
    add_string(json, "function", question->python_function, CHAIN_VALUE);
    if (question->python_started) json_number(json, "started", (uint64_t)question->python_started);
    json_close(json, '}');
}

static void add_rule(struct json *json, const struct question *question)
{
    json_open(json, "rule", '{');
    json_string(json, "verdict", verdict_name(question->verdict));
    add_string(json, "place", question->rule_place, SHORT_VALUE);
    add_string(json, "text", question->rule_text, SHORT_VALUE);
    add_string(json, "because", question->because, SHORT_VALUE);
    json_close(json, '}');
}

static void add_choices(struct json *json, const struct question *question)
{
    json_open(json, "choices", '[');
    for (size_t i = 0; i < question->choice_count; i++) {
        const struct choice *choice = &question->choices[i];
        json_open(json, NULL, '{');
        json_string(json, "scope", scope_name(choice->scope));
        add_string(json, "covers", choice->covers, SHORT_VALUE);
        if (choice->scope == SCOPE_ALWAYS) add_string(json, "rule", question->always_rule, LONG_VALUE);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void add_file(struct json *json, const struct question *question)
{
    if (!question->inode) return;
    json_open(json, "file", '{');
    json_number(json, "device", question->device);
    json_number(json, "inode", question->inode);
    json_close(json, '}');
}

char *protocol_ask(const struct question *question)
{
    struct json before = {0}, after = {0};

    start(&before, "ask");
    json_number(&before, "id", question->id);
    add_time(&before, "time", question->asked_at);
    if (question->expires_at) add_time(&before, "expires", question->expires_at);
    json_string(&before, "act", act_name(question->act));
    add_string(&before, "detail", question->listing ? "list" : question->act_detail, CHAIN_VALUE);
    add_string(&before, "program", question->program, LONG_VALUE);

    add_string(&after, "path", question->path, LONG_VALUE);
    add_string(&after, "address", question->address, SHORT_VALUE);
    add_string(&after, "cwd", question->cwd, LONG_VALUE);
    add_string(&after, "via", question->via, CHAIN_VALUE);
    add_string(&after, "input", question->input, LONG_VALUE);
    json_number(&after, "pid", (uint64_t)question->pid);
    add_chain(&after, question);
    add_python(&after, question);
    add_rule(&after, question);
    add_file(&after, question);
    add_choices(&after, question);
    char *line = finish(&before, &after, "argv", question->argv, question->argc);
    text_free(&after.text);
    return line;
}

char *protocol_waiting(uint64_t id, unsigned seconds)
{
    struct json json = {0};

    start(&json, "waiting");
    json_number(&json, "id", id);
    json_number(&json, "waited_s", seconds);
    return finish_plain(&json);
}

char *protocol_settled(uint64_t id, enum outcome outcome)
{
    struct json json = {0};

    start(&json, "settled");
    json_number(&json, "id", id);
    json_string(&json, "outcome", outcome_name(outcome));
    return finish_plain(&json);
}

char *protocol_bye(int status, uint64_t asked, uint64_t denied)
{
    struct json json = {0};

    start(&json, "bye");
    json_number(&json, "exit", (uint64_t)status);
    json_number(&json, "asked", asked);
    json_number(&json, "denied", denied);
    return finish_plain(&json);
}
