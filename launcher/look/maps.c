/* maps.c: see maps.h. */
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../plain/memory.h"

static bool read_text(struct text *text, pid_t pid)
{
    char path[64], part[4096];
    ssize_t got = -1;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && ((got = read(fd, part, sizeof part)) > 0 || (got < 0 && errno == EINTR)))
        if (got > 0) text_add(text, part, (size_t)got);
    return !got && text->length;
}

/* A number, and the character after it. */
static uint64_t take_number(const char **at, unsigned base)
{
    uint64_t number = 0;
    for (;; ++*at) {
        unsigned char c = (unsigned char)**at;
        unsigned digit = c >= 'a' ? c - 'a' + 10u : c <= '9' ? c - (unsigned)'0' : base;
        if (digit >= base) break;
        number = number * base + digit;
    }
    if (**at) ++*at;
    return number;
}

/* "FROM-TO rwxp OFFSET MAJOR:MINOR INODE      PATH". */
static void take_line(struct mapping *mapping, const char *line)
{
    mapping->from = take_number(&line, 16);
    mapping->to = take_number(&line, 16);
    line += strcspn(line, " "); /* what may be done there */
    line += *line == ' ';
    mapping->offset = take_number(&line, 16);
    unsigned major = (unsigned)take_number(&line, 16);
    mapping->device = makedev(major, (unsigned)take_number(&line, 16));
    mapping->inode = take_number(&line, 10);
    mapping->file = line + strspn(line, " ");
}

/* No line has another in it: the kernel escapes what ends one. */
bool maps_look(struct maps *maps, pid_t pid)
{
    size_t room = 0;
    *maps = (struct maps){0};
    if (!read_text(&maps->text, pid)) return false;
    for (char *line = maps->text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (maps->count == room) maps->of = xrealloc(maps->of, room = room ? 2 * room : 16, sizeof *maps->of);
        take_line(&maps->of[maps->count++], line);
    }
    return true;
}

void maps_free(struct maps *maps)
{
    text_free(&maps->text);
    free(maps->of);
    *maps = (struct maps){0};
}
