/* protected.c: see protected.h. First what the rules point to, one pattern after the other; then the
 * workspace. A directory there is walked if a rule can reach below it, also one that is protected itself. */
#include "protected.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../floor/floor.h"
#include "../plain/memory.h"
#include "above.h"
#include "mounts.h"
#include "resolve.h"

enum {
    ROOMS = 256,            /* of the table by inode */
    CANDIDATE_ROOMS = 4096, /* the same of those that may be protected */
    IMAGINED = 2,           /* for reading and for writing */
};

/* Still to be walked. */
struct tree {
    char *path;
    bool whole; /* whatever its directories are called */
};

/* A name that counts if it is one of several, and the inode that its directory says it has. It is looked at
 * when a file with other names has this inode. */
struct candidate {
    ino_t inode;
    bool readable;
    char *path; /* NULL: it was looked at */
    size_t next;
};

enum stage { WHERE_RULES_POINT, WORKSPACE, OVER };

struct protected
{
    const struct policy *policy;
    const struct image *image;
    const struct places *places;
    enum stage stage;
    size_t rule, pattern; /* the next to be looked at */
    char **beginnings;    /* directories that were, sorted by nothing: there are few */
    size_t beginning_count;
    struct tree *trees;
    size_t tree_count;
    struct tree tree;      /* that is being walked; no path: none is */
    bool has_mounts;       /* somewhere below it */
    struct mounts *mounts; /* NULL: not looked at yet */
    DIR *stream;
    size_t at_most, entries_left; /* of a pattern's place, or of the workspace */
    char *unseen;
    struct protected_file imagined[IMAGINED];
    size_t imagined_count;
    struct protected_file *files; /* [0] is none */
    size_t file_count;
    size_t rooms[ROOMS];
    struct candidate *candidates; /* [0] is none */
    size_t candidate_count, settled, settled_readable;
    size_t candidate_rooms[CANDIDATE_ROOMS];
};

/* ---- the table ---- */

static void *grow(void *items, size_t count, size_t size)
{
    return count & (count - 1) ? items : xrealloc(items, 2 * count, size);
}

static bool is_noted(const struct protected *protected, const char *path, size_t room)
{
    for (size_t at = room; at; at = protected->files[at].next)
        if (!strcmp(protected->files[at].path, path)) return true;
    return false;
}

static void note(struct protected *protected, char *path, bool readable, const struct statx *status)
{
    size_t *room = &protected->rooms[status->stx_ino % ROOMS];
    if (is_noted(protected, path, *room)) {
        free(path);
        return;
    }
    protected->files = grow(protected->files, protected->file_count, sizeof *protected->files);
    protected->files[protected->file_count] =
        (struct protected_file){.device = makedev(status->stx_dev_major, status->stx_dev_minor),
                                .inode = status->stx_ino,
                                .born = status->stx_btime,
                                .readable = readable,
                                .several = status->stx_nlink > 1,
                                .path = path,
                                .next = *room};
    *room = protected->file_count++;
}

/* An inode that has become free is another file's soon. */
static bool is_born(int fd, const struct statx_timestamp *born)
{
    struct statx status;
    if (!born->tv_sec || statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status)) return true;
    return !(status.stx_mask & STATX_BTIME) ||
           (status.stx_btime.tv_sec == born->tv_sec && status.stx_btime.tv_nsec == born->tv_nsec);
}

const struct protected_file *protected_files(const struct protected *protected, size_t *count)
{
    *count = protected->file_count - 1;
    return protected->files + 1;
}

static void note_candidate(struct protected *protected, char *path, bool readable, ino_t inode)
{
    size_t *room = &protected->candidate_rooms[inode % CANDIDATE_ROOMS];
    protected->candidates =
        grow(protected->candidates, protected->candidate_count, sizeof *protected->candidates);
    protected->candidates[protected->candidate_count] = (struct candidate){inode, readable, path, *room};
    *room = protected->candidate_count++;
}

/* ---- paths ---- */

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return length == 1 || (!strncmp(path, directory, length) && path[length] == '/');
}

static bool is_in(const char *path, const char *directory)
{
    return !strcmp(path, directory) || is_below(path, directory);
}

static bool is_in_one_of(const char *path, const char *const *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_in(path, places[i])) return true;
    return false;
}

/* Programs and libraries have several names where a machine was made from layers of links; nobody keeps names
 * of a workspace's files among them. */
static bool is_the_systems(const char *path)
{
    static const char *const places[] = {"/usr", "/lib", "/lib64", "/bin", "/sbin", "/nix", "/gnu"};
    return is_in_one_of(path, places, sizeof places / sizeof *places);
}

/* Files that the kernel makes up have no other names. */
static bool is_the_kernels(const char *path)
{
    static const char *const places[] = {"/proc", "/sys", "/dev"};
    return is_in_one_of(path, places, sizeof places / sizeof *places);
}

static struct decision decide(const struct protected *protected, enum act_kind kind, const char *path)
{
    struct act act = {.kind = kind, .path = path, .path_length = strlen(path)};
    struct decision decision;
    policy_decide(protected->image, &act, &decision, NULL);
    return decision;
}

/* What no rule speaks of is asked about under the name that it is called by, unless it lies in the workspace
 * and may not be read. `*readable`: it may. */
static bool is_held(const struct protected *protected, const char *path, bool *readable)
{
    struct decision reading = decide(protected, ACT_READ, path);
    *readable = reading.verdict == VERDICT_ALLOW;
    if (!*readable && (reading.rule != RULE_NONE || is_in(path, protected->places->workspace))) return true;
    struct decision writing = decide(protected, ACT_WRITE, path);
    return writing.verdict != VERDICT_ALLOW && writing.rule != RULE_NONE;
}

/* ---- the rules ---- */

static bool speaks_of_files(const struct rule *rule)
{
    return (rule->act == ACT_READ || rule->act == ACT_WRITE) && rule->verdict != VERDICT_ALLOW;
}

/* Up to the first name with a star or the like in it. */
static size_t literal_length(const char *pattern)
{
    size_t length = strcspn(pattern, "*?[\\");
    if (!pattern[length]) return length;
    while (length && pattern[length] != '/')
        length--;
    return length;
}

static bool begins_with_any_depth(const char *rest)
{
    return !strncmp(rest, "**", 2) && (!rest[2] || rest[2] == '/');
}

static bool ends_with_any_depth(const char *rest)
{
    size_t length = strlen(rest);
    return length >= 3 && !strcmp(rest + length - 3, "/**");
}

/* Whether it can be found without a walk through whatever there is: its first double star comes after nothing
 * but plain names, or ends it. No home is walked as a whole, nor what the workspace lies in. */
static bool leads_somewhere(const struct protected *protected, const char *pattern)
{
    size_t length = literal_length(pattern);
    const char *rest = pattern + length, *any_depth = strstr(rest, "/**");
    if (!length) return false;
    if (any_depth != rest) return !any_depth || ends_with_any_depth(any_depth);
    cleanup_free char *directory = xstrndup(pattern, length);
    return !is_in(protected->places->home, directory) && !is_in(protected->places->workspace, directory);
}

/* Up to the pattern's first star, which comes before the directory's end. */
static bool begins_like(const char *pattern, const char *directory)
{
    while (*pattern && *pattern == *directory) {
        pattern++;
        directory++;
    }
    return *pattern && strchr("*?[\\", *pattern);
}

/* In a directory elsewhere, by the names with stars in a pattern: where it names all directories, the walk
 * begins there. */
static bool leads_to(const struct protected *protected, const char *pattern, const char *directory)
{
    if (protected->stage == WORKSPACE) return floor_pattern_reaches(pattern, directory);
    return begins_like(pattern, directory) && floor_pattern_reaches(pattern, directory) &&
           leads_somewhere(protected, pattern);
}

static bool is_reached(const struct protected *protected, const char *directory)
{
    for (size_t i = 0; i < protected->policy->rule_count; i++) {
        const struct rule *rule = &protected->policy->rules[i];
        for (size_t j = 0; speaks_of_files(rule) && j < rule->patterns.count; j++)
            if (leads_to(protected, rule->patterns.items[j].text, directory)) return true;
    }
    return false;
}

/* ---- walking ---- */

/* The workspace's turn comes later, unless it may be too large. */
static bool is_seen_later(const struct protected *protected, const char *path)
{
    const struct places *places = protected->places;
    return protected->stage == WHERE_RULES_POINT && is_in(path, places->workspace) &&
           !is_in(places->home, places->workspace);
}

static void put_off(struct protected *protected, char *directory, bool whole)
{
    size_t count = protected->tree_count++;
    protected->trees = xrealloc(protected->trees, protected->tree_count, sizeof *protected->trees);
    protected->trees[count] = (struct tree){directory, whole};
}

static void put_off_where_reached(struct protected *protected, char *directory)
{
    bool whole = protected->tree.whole,
         known = is_seen_later(protected, directory) || is_the_kernels(directory);
    if (!known && (whole || is_reached(protected, directory)))
        put_off(protected, directory, whole);
    else
        free(directory);
}

static void leave_directory(struct protected *protected)
{
    if (protected->stream) closedir(protected->stream);
    protected->stream = NULL;
    free(steal_pointer(&protected->tree.path));
}

static bool enter_directory(struct protected *protected)
{
    protected->tree = protected->trees[--protected->tree_count];
    if (!protected->mounts) mounts_read(protected->mounts = xcalloc(1, sizeof *protected->mounts));
    protected->has_mounts = mounts_are_below(protected->mounts, protected->tree.path);
    int fd = open(protected->tree.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    protected->stream = fd < 0 ? NULL : fdopendir(fd);
    if (!protected->stream && fd >= 0) close(fd);
    return protected->stream != NULL;
}

static bool look_at_status(int directory, const char *name, struct statx *status)
{
    return !statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, status);
}

/* In the workspace a file that may not be read may get another name meanwhile, from outside. */
static bool counts_alone(const struct protected *protected, bool readable)
{
    return !readable && protected->stage == WORKSPACE;
}

/* File systems of other makers need not say it; and of a file that is mounted on another, as containers get
 * theirs, a directory says the other's. */
static bool says_inode(const struct protected *protected, const struct dirent *entry)
{
    return !protected->has_mounts && entry->d_type != DT_UNKNOWN && entry->d_ino &&
           (uint32_t)entry->d_ino != UINT32_MAX;
}

static void look_at(struct protected *protected, const struct dirent *entry)
{
    struct statx status;
    const char *directory = protected->tree.path;
    cleanup_free char *path = xasprintf("%s/%s", strcmp(directory, "/") ? directory : "", entry->d_name);
    if (entry->d_type == DT_DIR) {
        put_off_where_reached(protected, steal_pointer(&path));
        return;
    }
    bool readable, held = is_held(protected, path, &readable), alone = counts_alone(protected, readable);
    if (!held && entry->d_type != DT_UNKNOWN) return;
    if (!alone && says_inode(protected, entry)) {
        note_candidate(protected, steal_pointer(&path), readable, entry->d_ino);
        return;
    }
    if (!look_at_status(dirfd(protected->stream), entry->d_name, &status)) return;
    if (S_ISDIR(status.stx_mode))
        put_off_where_reached(protected, steal_pointer(&path));
    else if (held && (alone || status.stx_nlink > 1))
        note(protected, steal_pointer(&path), readable, &status);
}

/* ---- where the rules point to ---- */

static bool was_begun(const struct protected *protected, const char *directory)
{
    for (size_t i = 0; i < protected->beginning_count; i++)
        if (!strcmp(protected->beginnings[i], directory)) return true;
    return false;
}

static void begin_at(struct protected *protected, const char *directory, bool whole)
{
    if (was_begun(protected, directory)) return;
    size_t count = protected->beginning_count++;
    protected->beginnings =
        xrealloc(protected->beginnings, protected->beginning_count, sizeof *protected->beginnings);
    protected->beginnings[count] = xstrdup(directory);
    put_off(protected, xstrdup(directory), whole);
}

/* A file elsewhere. */
static void look_at_file(struct protected *protected, const char *path, const struct statx *status)
{
    bool readable;
    if (status->stx_nlink > 1 && is_held(protected, path, &readable))
        note(protected, xstrdup(path), readable, status);
}

static void look_at_candidate(struct protected *protected, struct candidate *candidate)
{
    struct statx status;
    cleanup_free char *path = steal_pointer(&candidate->path);
    if (path && look_at_status(AT_FDCWD, path, &status) && !S_ISDIR(status.stx_mode) && status.stx_nlink > 1)
        note(protected, steal_pointer(&path), candidate->readable, &status);
}

bool protected_settle(struct protected *protected, enum act_kind kind, size_t entries)
{
    bool readable = kind != ACT_READ;
    size_t *settled = readable ? &protected->settled_readable : &protected->settled;
    for (; *settled < protected->candidate_count; ++*settled) {
        struct candidate *candidate = &protected->candidates[*settled];
        if (candidate->readable != readable) continue;
        if (!entries--) return true;
        look_at_candidate(protected, candidate);
    }
    return false;
}

static void look_at_candidates(struct protected *protected, ino_t inode)
{
    size_t at = protected->candidate_rooms[inode % CANDIDATE_ROOMS];
    for (; at; at = protected->candidates[at].next)
        if (protected->candidates[at].inode == inode)
            look_at_candidate(protected, &protected->candidates[at]);
}

/* Whether it may be another name of a file that was not seen. */
static bool may_be_any(const struct protected *protected, int fd, const struct stat *status)
{
    cleanup_free char *path = NULL;
    if (S_ISDIR(status->st_mode) || status->st_nlink < 2 || resolve_path_of(fd, &path)) return false;
    return !path || is_below(path, protected->places->workspace) || !is_the_systems(path);
}

/* They are counted down from the largest number. */
static const struct protected_file *next_imagined(const struct protected *protected, int fd,
                                                  const struct stat *status, size_t *at)
{
    size_t next = *at ? SIZE_MAX - *at + 1 : 0;
    if (next >= protected->imagined_count || (!next && !may_be_any(protected, fd, status))) return NULL;
    *at = SIZE_MAX - next;
    return &protected->imagined[next];
}

const struct protected_file *protected_next(struct protected *protected, int fd, const struct stat *status,
                                            size_t *at)
{
    if (*at > SIZE_MAX - IMAGINED) return next_imagined(protected, fd, status, at);
    if (!*at && status->st_nlink > 1) look_at_candidates(protected, status->st_ino);
    *at = *at ? protected->files[*at].next : protected->rooms[status->st_ino % ROOMS];
    for (; *at; *at = protected->files[*at].next) {
        const struct protected_file *file = &protected->files[*at];
        if (file->inode == status->st_ino && file->device == status->st_dev && is_born(fd, &file->born))
            return file;
    }
    return next_imagined(protected, fd, status, at);
}

const struct protected_file *protected_imagined(const struct protected *protected, size_t *count)
{
    *count = protected->imagined_count;
    return protected->imagined;
}

/* The path without links on the way, but for the last name: that one is judged by another pattern where it is
 * a link. */
static bool resolve_parent(const char *path, char real[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *parent = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
    if (!realpath(parent, real)) return false;
    size_t length = strlen(real);
    return (size_t)snprintf(real + (length > 1 ? length : 0), PATH_MAX - length, "%s", slash) <
           PATH_MAX - length;
}

static void look_at_pattern(struct protected *protected, const char *pattern)
{
    size_t length = literal_length(pattern);
    struct statx status;
    char real[PATH_MAX];
    if (!leads_somewhere(protected, pattern) || length >= PATH_MAX) return;
    const char *rest = pattern + length + (pattern[length] == '/');
    cleanup_free char *path = xstrndup(pattern, length);
    if (is_the_kernels(path) || !look_at_status(AT_FDCWD, path, &status)) return;
    if (!resolve_parent(path, real) || is_seen_later(protected, real)) return;
    if (!S_ISDIR(status.stx_mode))
        look_at_file(protected, real, &status);
    else if (*rest)
        begin_at(protected, real, begins_with_any_depth(rest));
}

/* False: there is no other pattern. */
static bool look_at_next_pattern(struct protected *protected)
{
    const struct policy *policy = protected->policy;
    for (; protected->rule < policy->rule_count; protected->rule++, protected->pattern = 0) {
        const struct rule *rule = &policy->rules[protected->rule];
        if (!speaks_of_files(rule) || protected->pattern >= rule->patterns.count) continue;
        look_at_pattern(protected, rule->patterns.items[protected->pattern++].text);
        return true;
    }
    return false;
}

/* ---- a step at a time ---- */

static void next_stage(struct protected *protected)
{
    protected->stage++;
    if (protected->stage == WORKSPACE) put_off(protected, xstrdup(protected->places->workspace), false);
}

/* What a rule holds back below the directory, if it is there, and be it only by a question: an answer is
 * better than a no that no answer lifts. NULL: no rule does. */
static char *imagine(const struct protected *protected, enum act_kind kind, const char *directory)
{
    cleanup_free char *deep = xasprintf("%s/**", directory);
    const char *const places[] = {deep, directory};
    char *found = NULL;
    for (size_t i = 0; i < protected->policy->rule_count; i++) {
        const struct rule *rule = &protected->policy->rules[i];
        if (rule->act != kind || rule->verdict == VERDICT_ALLOW) continue;
        for (size_t j = 0; j < 2 * rule->patterns.count; j++) {
            char *path = above_example(rule->patterns.items[j / 2].text, places[j % 2]);
            enum verdict verdict = path ? decide(protected, kind, path).verdict : VERDICT_ALLOW;
            bool better = verdict == VERDICT_ASK || (verdict == VERDICT_DENY && !found);
            free(better ? found : path);
            if (better) found = path;
            if (verdict == VERDICT_ASK) return found;
        }
    }
    return found;
}

static void imagine_in(struct protected *protected, const char *directory)
{
    static const enum act_kind kinds[] = {ACT_READ, ACT_WRITE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *path = imagine(protected, kinds[i], directory);
        if (!path) continue;
        bool readable = decide(protected, ACT_READ, path).verdict == VERDICT_ALLOW;
        protected->imagined[protected->imagined_count++] =
            (struct protected_file){.readable = readable, .several = true, .path = path};
    }
}

/* There is more than is looked at. Guarded code can see to that where it may write; what other patterns lead
 * to is looked at all the same. */
static void give_up(struct protected *protected)
{
    const char *first = protected->tree_count ? protected->trees[0].path : protected->tree.path;
    if (!protected->unseen && first) protected->unseen = xstrdup(first);
    if (protected->stage == WORKSPACE) imagine_in(protected, protected->places->workspace);
    leave_directory(protected);
    while (protected->tree_count)
        free(protected->trees[--protected->tree_count].path);
}

static void look_into_directory(struct protected *protected)
{
    const struct dirent *entry = NULL;
    if (protected->stream || enter_directory(protected)) entry = readdir(protected->stream);
    if (!entry)
        leave_directory(protected);
    else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
        look_at(protected, entry);
}

/* One entry, one directory that is entered or left, or one pattern. */
static void look_on(struct protected *protected)
{
    bool walks = protected->stream || protected->tree_count;
    if (walks && !protected->entries_left--)
        give_up(protected);
    else if (walks)
        look_into_directory(protected);
    else {
        protected->entries_left = protected->at_most;
        if (protected->stage != WHERE_RULES_POINT || !look_at_next_pattern(protected)) next_stage(protected);
    }
}

bool protected_look(struct protected *protected, size_t entries)
{
    while (protected->stage != OVER) {
        if (!entries--) return true;
        look_on(protected);
    }
    return false;
}

const char *protected_unseen(const struct protected *protected)
{
    return protected->unseen;
}

bool protected_may_miss(const struct protected *protected, const char *path, const struct stat *status)
{
    if (S_ISDIR(status->st_mode) || status->st_nlink < 2 || protected->stage == OVER) return false;
    return is_below(path, protected->places->workspace) || !is_the_systems(path);
}

void protected_look_for(struct protected *protected, const char *path, const struct stat *status)
{
    if (protected_may_miss(protected, path, status)) protected_look(protected, SIZE_MAX);
}

struct protected *protected_new(const struct policy *policy, const struct image *image,
                                const struct places *places, size_t at_most)
{
    struct protected *protected = xcalloc(1, sizeof *protected);
    protected->policy = policy;
    protected->image = image;
    protected->places = places;
    protected->at_most = protected->entries_left = at_most;
    protected->file_count = protected->candidate_count = 1;
    protected->settled = protected->settled_readable = 1;
    protected->files = xcalloc(1, sizeof *protected->files);
    protected->candidates = xcalloc(1, sizeof *protected->candidates);
    return protected;
}

void protected_free(struct protected *protected)
{
    if (!protected) return;
    leave_directory(protected);
    for (size_t i = 0; i < protected->tree_count; i++)
        free(protected->trees[i].path);
    for (size_t i = 0; i < protected->beginning_count; i++)
        free(protected->beginnings[i]);
    for (size_t i = 1; i < protected->file_count; i++)
        free(protected->files[i].path);
    for (size_t i = 0; i < protected->imagined_count; i++)
        free(protected->imagined[i].path);
    for (size_t i = 1; i < protected->candidate_count; i++)
        free(protected->candidates[i].path);
    if (protected->mounts) mounts_free(protected->mounts);
    free(protected->mounts);
    free(protected->candidates);
    free(protected->trees);
    free(protected->beginnings);
    free(protected->files);
    free(protected->unseen);
    free(protected);
}
