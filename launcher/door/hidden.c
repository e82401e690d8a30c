/* hidden.c: see hidden.h. */
#include "hidden.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../command.h"
#include "../plain/memory.h"
#include "../plain/show.h"

#define MOST_FILES 20
#define MOST_APPROVED 64
#define LONGEST 400u

struct hidden {
    struct {
        char *path, *program, *place;
    } files[MOST_FILES];
    size_t file_count;
    bool more; /* than there is room for */
    pid_t approved[MOST_APPROVED];
    size_t approved_count; /* the oldest give way */
};

struct hidden *hidden_new(void)
{
    return xcalloc(1, sizeof(struct hidden));
}

void hidden_free(struct hidden *hidden)
{
    if (!hidden) return;
    for (size_t i = 0; i < hidden->file_count; i++) {
        free(hidden->files[i].path);
        free(hidden->files[i].program);
        free(hidden->files[i].place);
    }
    free(hidden);
}

void hidden_approved(struct hidden *hidden, pid_t pid)
{
    hidden->approved[hidden->approved_count++ % MOST_APPROVED] = pid;
}

/* A number that has become another process's costs a question. */
bool hidden_is_asked(const struct hidden *hidden, const struct question *question)
{
    size_t count = hidden->approved_count < MOST_APPROVED ? hidden->approved_count : MOST_APPROVED;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < question->chain_length; j++)
            if (question->chain[j].pid == hidden->approved[i]) return true;
    return false;
}

void hidden_note(struct hidden *hidden, const struct question *question)
{
    const char *program = question->program ? question->program : "?";
    for (size_t i = 0; i < hidden->file_count; i++)
        if (!strcmp(hidden->files[i].path, question->path) && !strcmp(hidden->files[i].program, program))
            return;
    if (hidden->file_count == MOST_FILES) {
        hidden->more = true;
        return;
    }
    hidden->files[hidden->file_count].path = xstrdup(question->path);
    hidden->files[hidden->file_count].program = xstrdup(program);
    hidden->files[hidden->file_count++].place = xstrdup(question->rule_place);
}

/* A built-in rule is overridden; one in a file is changed there: that file may be a stronger one than whoever
 * reads this could write. */
static const char *how_to_show(const char *place)
{
    return strchr(place, '/') ? "change that rule" : "allow it under \"read\" in a policy of your own";
}

void hidden_tell(const struct hidden *hidden)
{
    for (size_t i = 0; i < hidden->file_count; i++) {
        const char *slash = strrchr(hidden->files[i].program, '/');
        char *path cleanup_free = show_string(hidden->files[i].path, LONGEST);
        char *name cleanup_free = show_string(slash ? slash + 1 : hidden->files[i].program, LONGEST);
        char *place cleanup_free = show_string(hidden->files[i].place, LONGEST);
        complain("hidden: %s was empty for %s (%s); to show it: %s", path, name, place, how_to_show(place));
    }
    if (hidden->more) complain("hidden: and more; the record has them all");
}

/* Of the kind that a file of settings is, and for nobody else, as some programs demand it. */
int hidden_open(void)
{
    char link[32];
    cleanup_fd int fd = memfd_create("hidden", MFD_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0600)) return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return open(link, O_RDONLY | O_CLOEXEC);
}
