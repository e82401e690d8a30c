/* seen.c: see seen.h. Two tables of names, each found by its hash. */
#include "seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "layout.h"
#include "resolve.h"

struct program {
    const char *found; /* its path */
    uint64_t listed;   /* which of the directories that were listed have it */
    bool is_link;
    bool searched;
};

/* A name below another, or a program. */
struct entry {
    const char *name;
    uint32_t length;
    uint32_t hash;
    uint32_t above;
    uint16_t asked; /* how many names below it were asked for */
    bool is_listed; /* what is below it is known: a name that is not is not there */
    bool is_unread; /* a link, of which the target is not known yet */
    union {
        struct sight sight;
        struct program program;
    };
};

struct table {
    struct entry *entries; /* [0] is none */
    size_t count;
    uint32_t *places; /* a hash table of indexes */
    size_t room;
};

/* A directory of PATH that is there. */
struct directory {
    const char *path;
    size_t length;
    dev_t device;
    ino_t inode;
    bool is_listed; /* what is in it is known: a name that is not need not be asked for */
    bool executes;  /* what is marked as executable in it can be executed */
};

struct seen {
    struct arena *arena;
    struct table names;
    struct table programs;
    struct directory *directories;
    size_t directory_count;
    bool searched; /* the directories are known */
};

#define FIRST_ROOM 1024
#define LISTED_MAX 16384 /* bytes of a directory, as it lies on the disk or as it is listed */
#define ASKED_FIRST 8    /* names in a directory before it is listed */

static void table_new(struct arena *arena, struct table *table)
{
    table->entries = arena_grow(arena, table->entries, 0, sizeof *table->entries);
    table->entries[table->count++] = (struct entry){0};
    table->room = FIRST_ROOM;
    table->places = arena_take(arena, table->room, sizeof *table->places);
}

struct seen *seen_new(struct arena *arena)
{
    struct seen *seen = arena_take(arena, 1, sizeof *seen);
    seen->arena = arena;
    table_new(arena, &seen->names);
    table_new(arena, &seen->programs);
    return seen;
}

static uint32_t *place_of(const struct table *table, const struct entry *wanted)
{
    size_t mask = table->room - 1, at = wanted->hash & mask;
    for (; table->places[at]; at = (at + 1) & mask) {
        const struct entry *have = &table->entries[table->places[at]];
        if (have->hash == wanted->hash && have->above == wanted->above && have->length == wanted->length &&
            memcmp(have->name, wanted->name, wanted->length) == 0)
            break;
    }
    return &table->places[at];
}

static void widen(struct arena *arena, struct table *table)
{
    table->room *= 2;
    table->places = arena_take(arena, table->room, sizeof *table->places);
    for (uint32_t i = 1; i < table->count; i++)
        *place_of(table, &table->entries[i]) = i;
}

/* The index of the entry; where there was none before, it is new, and *is_new is set. */
static uint32_t find(struct arena *arena, struct table *table, uint32_t above, const char *name,
                     size_t length, bool *is_new)
{
    struct entry entry = {.name = name, .length = (uint32_t)length, .above = above};
    entry.hash = hash_bytes(name, length) ^ (above * UINT32_C(2654435761));
    uint32_t *place = place_of(table, &entry);
    *is_new = *place == 0;
    if (*place) return *place;
    if ((table->count + 1) * 2 > table->room) {
        widen(arena, table);
        place = place_of(table, &entry);
    }
    entry.name = arena_copy(arena, name, length);
    table->entries = arena_grow(arena, table->entries, table->count, sizeof entry);
    table->entries[table->count] = entry;
    return *place = (uint32_t)table->count++;
}

static struct sight look(struct arena *arena, const char *path)
{
    char target[PATH_MAX];
    ssize_t got = readlink(path, target, sizeof target);
    if (got > 0)
        return (struct sight){.target = arena_copy(arena, target, (size_t)got), .target_length = (size_t)got};
    return (struct sight){.missing = got < 0 && (errno == ENOENT || errno == ENOTDIR)};
}

static void list_names(struct seen *seen, uint32_t above, const char *path, size_t length);

/* What there is to see of a name that was not asked for before. */
static struct sight first_sight(struct seen *seen, uint32_t above, const char *path, size_t length)
{
    const struct entry *directory = &seen->names.entries[above];
    if (directory->sight.missing || directory->is_listed) return (struct sight){.missing = true};
    if (++seen->names.entries[above].asked == ASKED_FIRST)
        list_names(seen, above, path, strlen(path) - length - 1);
    return look(seen->arena, path);
}

uint32_t seen_below(struct seen *seen, uint32_t above, const char *name, size_t length, const char *path)
{
    bool is_new;
    uint32_t at = find(seen->arena, &seen->names, above, name, length, &is_new);
    if (!is_new && !seen->names.entries[at].is_unread) return at;
    struct sight sight = is_new ? first_sight(seen, above, path, length) : look(seen->arena, path);
    seen->names.entries[at].sight = sight;
    seen->names.entries[at].is_unread = false;
    return at;
}

uint32_t seen_above(const struct seen *seen, uint32_t at)
{
    return seen->names.entries[at].above;
}

const struct sight *seen_sight(const struct seen *seen, uint32_t at)
{
    return &seen->names.entries[at].sight;
}

/* ---- Programs ---- */

/* Whether a name that is not listed is not there: so it is where names are compared byte by byte, and nothing
 * is mounted by being asked for. */
static bool lists_all(const struct statfs *status)
{
    switch ((unsigned long)status->f_type) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC: return true;
    default: return false;
    }
}

/* The names in a small directory; false: it is not small, or cannot be listed. Nothing is taken from the
 * arena while it is open. */
static bool list(const char *path, char *bytes, size_t room, size_t *size)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    char more[sizeof(struct dirent64)];
    struct statfs status;
    struct stat own;
    bool small = fstat(fd, &own) == 0 && own.st_size <= LISTED_MAX;
    ssize_t got = small && fstatfs(fd, &status) == 0 && lists_all(&status) ? getdents64(fd, bytes, room) : -1;
    bool whole = got >= 0 && getdents64(fd, more, sizeof more) == 0;
    close(fd);
    *size = whole ? (size_t)got : 0;
    return whole;
}

/* Hundreds of names are looked for in each directory of PATH, most of which are small: to list one costs less
 * than to miss twenty. */
static void list_directory(struct seen *seen, size_t index)
{
    struct directory *directory = &seen->directories[index];
    max_align_t bytes[LISTED_MAX / sizeof(max_align_t)];
    size_t size;
    if (index >= 64 || !list(directory->path, (char *)bytes, sizeof bytes, &size)) return;
    directory->is_listed = true;
    for (size_t at = 0; at < size;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)((const char *)bytes + at);
        bool is_new;
        uint32_t name = find(seen->arena, &seen->programs, 0, entry->d_name, strlen(entry->d_name), &is_new);
        seen->programs.entries[name].program.listed |= UINT64_C(1) << index;
        at += entry->d_reclen;
    }
}

/* The names in a small directory from which many are wanted: in a home, say. */
static void list_names(struct seen *seen, uint32_t above, const char *path, size_t length)
{
    max_align_t bytes[LISTED_MAX / sizeof(max_align_t)];
    size_t size;
    const struct dirent64 *entry;
    const char *directory = length ? arena_copy(seen->arena, path, length) : "/";
    if (!list(directory, (char *)bytes, sizeof bytes, &size)) return;
    for (size_t at = 0; at < size; at += entry->d_reclen) {
        entry = (const struct dirent64 *)(const void *)((const char *)bytes + at);
        if (entry->d_type == DT_UNKNOWN) return;
        bool is_new;
        uint32_t name = find(seen->arena, &seen->names, above, entry->d_name, strlen(entry->d_name), &is_new);
        if (is_new) seen->names.entries[name].is_unread = entry->d_type == DT_LNK;
    }
    seen->names.entries[above].is_listed = true;
}

/* One that is there, and is not met a second time (/bin is /usr/bin by another name). */
static void add_directory(struct seen *seen, const char *path, size_t length)
{
    struct stat status;
    const char *whole = arena_copy(seen->arena, path, length);
    if (stat(whole, &status) != 0 || !S_ISDIR(status.st_mode)) return;
    for (size_t i = 0; i < seen->directory_count; i++)
        if (seen->directories[i].device == status.st_dev && seen->directories[i].inode == status.st_ino)
            return;
    seen->directories =
        arena_grow(seen->arena, seen->directories, seen->directory_count, sizeof *seen->directories);
    struct statfs system;
    bool executes = statfs(whole, &system) == 0 && !(system.f_flags & ST_NOEXEC);
    seen->directories[seen->directory_count++] =
        (struct directory){whole, length, status.st_dev, status.st_ino, false, executes};
    if (status.st_size <= LISTED_MAX) list_directory(seen, seen->directory_count - 1);
}

static void find_directories(struct seen *seen, const char *search_path)
{
    seen->searched = true;
    for (const char *at = search_path; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL)
        /* A relative one stands for none (resolve.c). */
        if (at[0] == '/') add_directory(seen, at, strcspn(at, ":"));
}

/* Most are files that everybody may execute, and no links: that is seen at once. */
static bool is_program(const struct directory *directory, const char *path, bool *is_link)
{
    const mode_t all = S_IXUSR | S_IXGRP | S_IXOTH;
    struct stat status;
    if (lstat(path, &status) != 0) return false;
    *is_link = S_ISLNK(status.st_mode);
    if (S_ISREG(status.st_mode) && (status.st_mode & all) == all && directory->executes) return true;
    return resolve_is_program(path);
}

static const char *search(struct seen *seen, const char *name, size_t length, struct program *program)
{
    for (size_t i = 0; i < seen->directory_count; i++) {
        const struct directory *directory = &seen->directories[i];
        char path[PATH_MAX];
        if (directory->is_listed && !(program->listed >> i & 1)) continue;
        if (directory->length + 1 + length >= sizeof path) continue;
        memcpy(path, directory->path, directory->length);
        path[directory->length] = '/';
        memcpy(path + directory->length + 1, name, length + 1);
        if (is_program(directory, path, &program->is_link)) return arena_string(seen->arena, path);
    }
    return NULL;
}

const char *seen_program(struct seen *seen, const char *name, const char *search_path, bool *is_link)
{
    bool is_new;
    if (!seen->searched) find_directories(seen, search_path);
    uint32_t at = find(seen->arena, &seen->programs, 0, name, strlen(name), &is_new);
    struct program *program = &seen->programs.entries[at].program;
    if (!program->searched) program->found = search(seen, name, strlen(name), program);
    program->searched = true;
    if (is_link) *is_link = program->is_link;
    return program->found;
}
