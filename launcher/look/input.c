/* input.c: see input.h. Looks under /proc, and only where somebody is to be asked. */
#include "input.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policy/image.h"
#include "../plain/memory.h"
#include "../plain/text.h"
#include "../questions/likeness.h"
#include "process.h"

enum { LONGEST_LINE = 65536 };

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* A name that stands for whatever the process has open under a number. */
static bool names_descriptor(const char *path)
{
    return begins_with(path, "/dev/fd/") || begins_with(path, "/proc/self/fd/") ||
           strcmp(path, "/dev/stdin") == 0;
}

bool input_is_program(const struct image *image, const struct act *act, const struct caller *caller,
                      struct documents *documents)
{
    size_t script = command_script(image, act);
    if (script == SCRIPT_NONE) return false;
    if (script != SCRIPT_STDIN) return script < act->argc && names_descriptor(act->argv[script]);
    return facts_stdin(caller, documents) != STDIN_TTY;
}

/* /proc/PID/cmdline: words, each with its NUL. */
static bool read_line(pid_t pid, struct text *line)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    int fd cleanup_fd = open(path, O_RDONLY | O_CLOEXEC);
    char *buffer cleanup_free = xmalloc(LONGEST_LINE);
    ssize_t length = fd < 0 ? -1 : read(fd, buffer, LONGEST_LINE);
    if (length > 0) text_add(line, buffer, (size_t)length);
    return length > 0;
}

static const char *next_word(const struct text *line, const char *word)
{
    const char *next = word + strlen(word) + 1;
    return next < line->data + line->length ? next : NULL;
}

/* What follows -c, or a bundle that ends with it. */
static char *text_of_shell(const struct text *line)
{
    for (const char *word = next_word(line, line->data); word && *word == '-'; word = next_word(line, word)) {
        const char *text = next_word(line, word);
        if (word[1] != '-' && word[strlen(word) - 1] == 'c') return text ? xstrdup(text) : NULL;
    }
    return NULL;
}

static char *join_words(const struct text *line)
{
    struct text words = {0};
    for (const char *word = line->data; word; word = next_word(line, word))
        text_format(&words, "%s%s", words.length ? " " : "", word);
    return text_take(&words);
}

/* A shell forks before it executes, so that whoever asks still has the shell's own words. */
static char *text_of_asker(const struct session *session, const struct caller *caller)
{
    struct text line = {0};
    char *program cleanup_free = process_program(caller->pid), *text = NULL;
    const struct command *command = program ? likeness_command(session->policy, program) : NULL;
    if (command && command->kind == COMMAND_SHELL && read_line(caller->pid, &line))
        text = text_of_shell(&line);
    text_free(&line);
    return text;
}

static bool link_of(pid_t pid, int number, char target[static PATH_MAX])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, number);
    ssize_t length = readlink(path, target, PATH_MAX - 1);
    if (length <= 0) return false;
    target[length] = '\0';
    return true;
}

static char *words_of_writer(const struct session *session, const struct caller *caller)
{
    char pipe[PATH_MAX], other[PATH_MAX], *words = NULL;
    if (!session->keeper || !link_of(caller->tid, 0, pipe) || !begins_with(pipe, "pipe:")) return NULL;
    pid_t *pids cleanup_free = NULL;
    size_t count = process_descendants(session->keeper, &pids);
    for (size_t i = 0; !words && i < count; i++) {
        struct text line = {0};
        bool writes = pids[i] != caller->pid && link_of(pids[i], 1, other) && strcmp(pipe, other) == 0;
        if (writes && read_line(pids[i], &line)) words = join_words(&line);
        text_free(&line);
    }
    return words;
}

char *input_source(const struct session *session, const struct caller *caller)
{
    char *text = text_of_asker(session, caller);
    return text ? text : words_of_writer(session, caller);
}
