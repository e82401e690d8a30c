/* resolve.c: realpath(3) for paths that need not exist. */
#include "resolve.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pattern.h"
#include "seen.h"

#define LINKS_MAX 40

/* `rest` is what is still to be walked; `out` is where we are: "" is the root. */
struct walk {
    char rest[2 * PATH_MAX];
    char *out;
    size_t length;
    unsigned links;
    struct seen *seen; /* or NULL */
    uint32_t at;       /* where we are among what was seen */
};

static void step_up(struct walk *walk)
{
    while (walk->length > 0 && walk->out[--walk->length] != '/')
        continue;
    walk->out[walk->length] = '\0';
    if (walk->seen) walk->at = seen_above(walk->seen, walk->at);
}

static bool step_into(struct walk *walk, const char *name, size_t size)
{
    if (walk->length + 1 + size >= PATH_MAX) return false;
    walk->out[walk->length] = '/';
    memcpy(walk->out + walk->length + 1, name, size);
    walk->length += 1 + size;
    walk->out[walk->length] = '\0';
    return true;
}

/* Puts a link's target before what is left to walk. */
static bool follow(struct walk *walk, const char *target, size_t size, const char *left)
{
    size_t left_size = strlen(left);
    if (++walk->links > LINKS_MAX || size + 1 + left_size >= sizeof walk->rest) return false;
    memmove(walk->rest + size + 1, left, left_size + 1);
    memcpy(walk->rest, target, size);
    walk->rest[size] = '/';
    if (target[0] == '/') {
        walk->length = 0;
        walk->out[0] = '\0';
        walk->at = SEEN_ROOT;
    } else {
        step_up(walk);
    }
    return true;
}

/* Where the name that was stepped into leads if it is a link: how long that is, else 0. */
static size_t read_link(struct walk *walk, const char *name, size_t size, char target[PATH_MAX])
{
    if (!walk->seen) {
        ssize_t got = readlink(walk->out, target, PATH_MAX);
        return got > 0 ? (size_t)got : 0;
    }
    walk->at = seen_below(walk->seen, walk->at, name, size, walk->out);
    const struct sight *sight = seen_sight(walk->seen, walk->at);
    if (sight->target) memcpy(target, sight->target, sight->target_length);
    return sight->target_length;
}

/* Walks all of walk->rest. */
static bool walk_on(struct walk *walk)
{
    const char *at = walk->rest;
    for (;;) {
        while (*at == '/')
            at++;
        size_t size = name_length(at);
        if (size == 0) return true;
        const char *left = at + size;
        if (size == 2 && memcmp(at, "..", 2) == 0) {
            step_up(walk);
        } else if (size != 1 || at[0] != '.') {
            char target[PATH_MAX];
            if (!step_into(walk, at, size)) return false;
            size_t got = read_link(walk, at, size, target);
            if (got > 0) {
                if (!follow(walk, target, got, left)) return false;
                left = walk->rest;
            }
        }
        at = left;
    }
}

/* Begins at the root with the first `size` bytes of the path. */
static bool walk_from_root(struct walk *walk, struct seen *seen, const char *path, size_t size,
                           char out[PATH_MAX])
{
    walk->out = out;
    walk->length = 0;
    walk->links = 0;
    walk->seen = seen;
    walk->at = SEEN_ROOT;
    memcpy(walk->rest, path, size);
    walk->rest[size] = '\0';
    out[0] = '\0';
    return walk_on(walk);
}

/* How long a path is without slashes at its end; 0: it is none that is absolute, or too long. */
static size_t path_length(const char *path)
{
    size_t length = strlen(path);
    if (path[0] != '/' || length >= PATH_MAX) return 0;
    while (length > 1 && path[length - 1] == '/')
        length--;
    return length;
}

static size_t parent_length(const char *path, size_t length)
{
    while (length > 1 && path[length - 1] != '/')
        length--;
    return length;
}

bool resolve_path_seen(struct seen *seen, const char *path, enum last_name last, char out[PATH_MAX])
{
    struct walk walk;
    size_t length = path_length(path);
    size_t size = last == LAST_AS_WRITTEN ? parent_length(path, length) : length;
    if (!length || !walk_from_root(&walk, seen, path, size, out)) return false;
    if (size < length && !step_into(&walk, path + size, length - size)) return false;
    if (walk.length == 0) strcpy(out, "/");
    return true;
}

bool resolve_path_look(struct seen *seen, const char *path, char out[PATH_MAX], bool *last_is_link)
{
    struct walk walk;
    char target[PATH_MAX];
    size_t length = path_length(path), parent = parent_length(path, length);
    if (!length || parent == length || !walk_from_root(&walk, seen, path, parent, out)) return false;
    if (!step_into(&walk, path + parent, length - parent)) return false;
    *last_is_link = read_link(&walk, path + parent, length - parent, target) > 0;
    return true;
}

bool resolve_path(const char *path, enum last_name last, char out[PATH_MAX])
{
    return resolve_path_seen(NULL, path, last, out);
}

bool resolve_is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

bool resolve_program(const char *name, const char *search_path, char out[PATH_MAX])
{
    for (const char *at = search_path; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        int size = (int)strcspn(at, ":");
        /* A relative directory in PATH means another program in each working directory: it stands for none.
         */
        if (at[0] != '/') continue;
        int wrote = snprintf(out, PATH_MAX, "%.*s/%s", size, at, name);
        if (wrote > 0 && wrote < PATH_MAX && resolve_is_program(out)) return true;
    }
    return false;
}
