/* seen.c: see seen.h. Two tables of names, each found by its hash; and of directories that were listed, which
 * names they may hold. */
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

/* Names, each two bits by its hash: one whose bits are not set is not among them. */
struct bits {
    uint64_t words[64];
};

/* What is in a directory: of a name that is not, or is no link, nobody need be asked. */
struct listing {
    struct bits names;
    struct bits links;
};

struct program {
    const char *found; /* its path */
    bool is_link;
};

/* A name below another, or a program. */
struct entry {
    const char *name;
    uint32_t length;
    uint32_t hash;
    uint32_t above;
    uint16_t missed; /* how many names below it were not there */
    union {
        struct sight sight;
        struct program program;
    };
    const struct listing *listing; /* of what is below it; NULL: unknown */
};

struct table {
    struct entry *entries; /* [0] is none; half as many as there are places */
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
    const struct listing *listing; /* NULL: unknown */
    bool executes;                 /* what is marked as executable in it can be executed */
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
#define MISSED_FIRST 16  /* names in a directory before it is listed: in a home, say */

static void table_new(struct arena *arena, struct table *table)
{
    table->room = FIRST_ROOM;
    table->places = arena_take(arena, table->room, sizeof *table->places);
    table->entries = arena_take(arena, table->room / 2, sizeof *table->entries);
    table->count = 1;
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
    struct entry *entries = arena_take(arena, table->room / 2, sizeof *entries);
    table->entries = memcpy(entries, table->entries, table->count * sizeof *entries);
    for (uint32_t i = 1; i < table->count; i++)
        *place_of(table, &table->entries[i]) = i;
}

static uint32_t hash_above(uint32_t above)
{
    return above * UINT32_C(2654435761);
}

/* The index of the entry; where there was none before, it is new, and *is_new is set. */
static uint32_t find(struct arena *arena, struct table *table, uint32_t above, const char *name,
                     size_t length, bool *is_new)
{
    struct entry entry = {.name = name, .length = (uint32_t)length, .above = above};
    entry.hash = hash_bytes(name, length) ^ hash_above(above);
    uint32_t *place = place_of(table, &entry);
    *is_new = *place == 0;
    if (*place) return *place;
    if ((table->count + 1) * 2 > table->room) {
        widen(arena, table);
        place = place_of(table, &entry);
    }
    entry.name = arena_copy(arena, name, length);
    table->entries[table->count] = entry;
    return *place = (uint32_t)table->count++;
}

static void add_bits(struct bits *bits, uint32_t hash)
{
    bits->words[hash >> 6 & 63] |= UINT64_C(1) << (hash & 63);
    bits->words[hash >> 18 & 63] |= UINT64_C(1) << (hash >> 12 & 63);
}

static bool may_be_in(const struct bits *bits, uint32_t hash)
{
    return bits->words[hash >> 6 & 63] >> (hash & 63) & bits->words[hash >> 18 & 63] >> (hash >> 12 & 63) & 1;
}

static bool may_hold(const struct listing *listing, uint32_t hash)
{
    return !listing || may_be_in(&listing->names, hash);
}

static struct sight look(struct arena *arena, const char *path)
{
    char target[PATH_MAX];
    ssize_t got = readlink(path, target, sizeof target);
    if (got > 0)
        return (struct sight){.target = arena_copy(arena, target, (size_t)got), .target_length = (size_t)got};
    return (struct sight){.missing = got < 0 && (errno == ENOENT || errno == ENOTDIR)};
}

static const struct listing *list(struct arena *arena, const char *path);

/* What there is to see of a name that was not asked for before. */
static struct sight first_sight(struct seen *seen, uint32_t above, const char *path, uint32_t at)
{
    const struct entry *own = &seen->names.entries[at];
    struct entry *directory = &seen->names.entries[above];
    uint32_t hash = own->hash ^ hash_above(above);
    if (directory->sight.missing || !may_hold(directory->listing, hash))
        return (struct sight){.missing = true};
    if (directory->listing && !may_be_in(&directory->listing->links, hash))
        return (struct sight){.missing = false};
    struct sight sight = look(seen->arena, path);
    if (sight.missing && ++directory->missed == MISSED_FIRST) {
        size_t size = strlen(path) - own->length - 1;
        directory->listing = list(seen->arena, size ? arena_copy(seen->arena, path, size) : "/");
    }
    return sight;
}

uint32_t seen_below(struct seen *seen, uint32_t above, const char *name, size_t length, const char *path)
{
    bool is_new;
    uint32_t at = find(seen->arena, &seen->names, above, name, length, &is_new);
    if (!is_new) return at;
    struct sight sight = first_sight(seen, above, path, at);
    seen->names.entries[at].sight = sight;
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

/* Nothing is taken from the arena while it is open. */
static bool read_names(const char *path, char *bytes, size_t room, size_t *size)
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

/* Of a small directory: to list it costs less than to miss twenty names. NULL: it is not small, or cannot be
 * listed. */
static const struct listing *list(struct arena *arena, const char *path)
{
    max_align_t bytes[LISTED_MAX / sizeof(max_align_t)];
    size_t size;
    if (!read_names(path, (char *)bytes, sizeof bytes, &size)) return NULL;
    struct listing *listing = arena_take(arena, 1, sizeof *listing);
    for (size_t at = 0; at < size;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)((const char *)bytes + at);
        uint32_t hash = hash_bytes(entry->d_name, strlen(entry->d_name));
        add_bits(&listing->names, hash);
        if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) add_bits(&listing->links, hash);
        at += entry->d_reclen;
    }
    return listing;
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
        (struct directory){whole, length, status.st_dev, status.st_ino, list(seen->arena, whole), executes};
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

static const char *search(struct seen *seen, const char *name, size_t length, uint32_t hash, bool *is_link)
{
    for (size_t i = 0; i < seen->directory_count; i++) {
        const struct directory *directory = &seen->directories[i];
        char path[PATH_MAX];
        if (!may_hold(directory->listing, hash)) continue;
        if (directory->length + 1 + length >= sizeof path) continue;
        memcpy(path, directory->path, directory->length);
        path[directory->length] = '/';
        memcpy(path + directory->length + 1, name, length + 1);
        if (is_program(directory, path, is_link)) return arena_string(seen->arena, path);
    }
    return NULL;
}

const char *seen_program(struct seen *seen, const char *name, const char *search_path, bool *is_link)
{
    bool is_new;
    if (!seen->searched) find_directories(seen, search_path);
    size_t length = strlen(name);
    uint32_t at = find(seen->arena, &seen->programs, 0, name, length, &is_new);
    struct entry *entry = &seen->programs.entries[at];
    struct program *program = &entry->program;
    if (is_new) program->found = search(seen, name, length, entry->hash, &program->is_link);
    if (is_link) *is_link = program->is_link;
    return program->found;
}
