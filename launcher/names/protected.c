/* protected.c: see protected.h. A directory is walked if a rule can reach below it, also one that is
 * protected itself. */
#include "protected.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../floor/floor.h"
#include "../plain/memory.h"

enum {
    ROOMS = 256,      /* of the table by inode */
    AT_MOST = 200000, /* entries that are looked at in a run: some hundred milliseconds */
};

struct protected
{
    const struct policy *policy;
    const struct image *image;
    const char *top;
    char **directories; /* still to be walked */
    size_t directory_count;
    char *directory; /* that is being walked; NULL: none is */
    DIR *stream;
    size_t entries_left;
    struct protected_file *files; /* [0] is none */
    size_t file_count;
    size_t rooms[ROOMS];
};

static size_t *room_of(struct protected *protected, ino_t inode)
{
    return &protected->rooms[inode % ROOMS];
}

static void note(struct protected *protected, char *path, const struct stat *status)
{
    size_t *room = room_of(protected, status->st_ino);
    protected->files = xrealloc(protected->files, protected->file_count + 1, sizeof *protected->files);
    protected->files[protected->file_count] =
        (struct protected_file){status->st_dev, status->st_ino, path, *room};
    *room = protected->file_count++;
}

static bool is_allowed(const struct protected *protected, const char *path)
{
    struct act act = {.kind = ACT_READ, .path = path, .path_length = strlen(path)};
    struct decision decision;
    policy_decide(protected->image, &act, &decision, NULL);
    return decision.verdict == VERDICT_ALLOW;
}

static bool is_reached(const struct protected *protected, const char *directory)
{
    for (size_t i = 0; i < protected->policy->rule_count; i++) {
        const struct rule *rule = &protected->policy->rules[i];
        if (rule->act != ACT_READ || rule->verdict == VERDICT_ALLOW) continue;
        for (size_t j = 0; j < rule->patterns.count; j++)
            if (floor_pattern_reaches(rule->patterns.items[j].text, directory)) return true;
    }
    return false;
}

static void put_off(struct protected *protected, char *directory)
{
    if (!is_reached(protected, directory)) {
        free(directory);
        return;
    }
    size_t count = protected->directory_count++;
    protected->directories =
        xrealloc(protected->directories, protected->directory_count, sizeof *protected->directories);
    protected->directories[count] = directory;
}

struct protected *protected_new(const struct policy *policy, const struct image *image, const char *directory)
{
    struct protected *protected = xcalloc(1, sizeof *protected);
    protected->policy = policy;
    protected->image = image;
    protected->top = directory;
    protected->entries_left = AT_MOST;
    protected->file_count = 1;
    protected->files = xcalloc(1, sizeof *protected->files);
    put_off(protected, xstrdup(directory));
    return protected;
}

static void leave_directory(struct protected *protected)
{
    if (protected->stream) closedir(protected->stream);
    protected->stream = NULL;
    free(steal_pointer(&protected->directory));
}

void protected_free(struct protected *protected)
{
    if (!protected) return;
    leave_directory(protected);
    for (size_t i = 0; i < protected->directory_count; i++)
        free(protected->directories[i]);
    for (size_t i = 1; i < protected->file_count; i++)
        free(protected->files[i].path);
    free(protected->directories);
    free(protected->files);
    free(protected);
}

static bool enter_directory(struct protected *protected)
{
    protected->directory = protected->directories[--protected->directory_count];
    int fd = open(protected->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    protected->stream = fd < 0 ? NULL : fdopendir(fd);
    if (!protected->stream && fd >= 0) close(fd);
    return protected->stream != NULL;
}

static void look_at(struct protected *protected, const struct dirent *entry)
{
    struct stat status;
    const char *directory = protected->directory;
    cleanup_free char *path = xasprintf("%s/%s", strcmp(directory, "/") ? directory : "", entry->d_name);
    bool is_directory = entry->d_type == DT_DIR, is_free = is_allowed(protected, path);
    if (is_free && !is_directory && entry->d_type != DT_UNKNOWN) return;
    if (!is_directory) {
        if (fstatat(dirfd(protected->stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) return;
        is_directory = S_ISDIR(status.st_mode);
    }
    if (is_directory)
        put_off(protected, steal_pointer(&path));
    else if (!is_free)
        note(protected, steal_pointer(&path), &status);
}

/* One entry, or one directory that is entered or left. */
static void look_on(struct protected *protected)
{
    const struct dirent *entry = NULL;
    if (protected->stream || enter_directory(protected)) entry = readdir(protected->stream);
    if (!entry)
        leave_directory(protected);
    else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
        look_at(protected, entry);
}

static bool has_more(const struct protected *protected)
{
    return (protected->stream || protected->directory_count) && protected->entries_left;
}

bool protected_look(struct protected *protected, size_t entries)
{
    while (has_more(protected)) {
        if (!entries--) return true;
        protected->entries_left--;
        look_on(protected);
    }
    leave_directory(protected);
    return false;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return length == 1 || (!strncmp(path, directory, length) && path[length] == '/');
}

/* Programs and libraries have several names where a machine was made from layers of links; nobody keeps names
 * of a workspace's files among them. */
static bool is_the_systems(const char *path)
{
    static const char *const places[] = {"/usr", "/lib", "/lib64", "/bin", "/sbin"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (is_below(path, places[i])) return true;
    return false;
}

bool protected_may_miss(const struct protected *protected, const char *path, const struct stat *status)
{
    if (S_ISDIR(status->st_mode) || status->st_nlink < 2 || !has_more(protected)) return false;
    return is_below(path, protected->top) || !is_the_systems(path);
}

void protected_look_for(struct protected *protected, const char *path, const struct stat *status)
{
    if (protected_may_miss(protected, path, status)) protected_look(protected, AT_MOST);
}

const char *protected_path(const struct protected *protected, const struct stat *status, size_t *at)
{
    *at = *at ? protected->files[*at].next : protected->rooms[status->st_ino % ROOMS];
    for (; *at; *at = protected->files[*at].next) {
        const struct protected_file *file = &protected->files[*at];
        if (file->inode == status->st_ino && file->device == status->st_dev) return file->path;
    }
    return NULL;
}

const struct protected_file *protected_files(const struct protected *protected, size_t *count)
{
    *count = protected->file_count - 1;
    return protected->files + 1;
}
