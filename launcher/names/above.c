/* above.c: see above.h. How much of a pattern a path has used up is a set of positions in the pattern; two
 * names are alike to a rule when they leave the same positions. */
#include "above.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/glob.h"
#include "../plain/memory.h"
#include "../plain/text.h"

#define MOST_NAMES 64  /* of a pattern: policy/ takes no longer ones */
#define NEUTRAL "\x01" /* a name that no rule is about */

struct names {
    struct {
        const char *text;
        size_t length;
    } items[MOST_NAMES];
    size_t count;
};

static void split(struct names *names, const char *pattern)
{
    names->count = 0;
    for (const char *at = pattern + strspn(pattern, "/"); *at && names->count < MOST_NAMES;
         at += strspn(at, "/")) {
        size_t length = strcspn(at, "/");
        names->items[names->count].text = at;
        names->items[names->count++].length = length;
        at += length;
    }
}

static bool is_any_depth(const struct names *names, size_t at)
{
    return names->items[at].length == 2 && !memcmp(names->items[at].text, "**", 2);
}

/* A double star may also stand for nothing. */
static uint64_t with_skipped(const struct names *names, uint64_t positions)
{
    for (size_t i = 0; i + 1 < names->count; i++)
        if (positions >> i & 1 && is_any_depth(names, i)) positions |= (uint64_t)1 << (i + 1);
    return positions;
}

/* What a name leaves of the positions; `*whole`: with it the pattern has been used up. */
static uint64_t advance(const struct names *names, uint64_t positions, const char *name, size_t length,
                        bool *whole)
{
    uint64_t next = 0;
    *whole = false;
    for (size_t i = 0; i < names->count; i++) {
        if (!(positions >> i & 1)) continue;
        bool last = i + 1 == names->count, any_depth = is_any_depth(names, i);
        if (any_depth)
            next |= (uint64_t)1 << i;
        else if (!glob_match(names->items[i].text, names->items[i].length, name, length))
            continue;
        else if (!last)
            next |= (uint64_t)1 << (i + 1);
        if (last) *whole = true;
    }
    next = with_skipped(names, next);
    size_t end = names->count - 1; /* a double star there may be nothing as well */
    if (names->count && is_any_depth(names, end) && next >> end & 1) *whole = true;
    return next;
}

/* Where in the pattern something below `path` would go on. */
static uint64_t positions_at(const struct names *names, const char *path)
{
    uint64_t positions = with_skipped(names, names->count ? 1 : 0);
    bool whole;
    for (const char *at = path + strspn(path, "/"); *at; at += strspn(at, "/")) {
        size_t length = strcspn(at, "/");
        positions = advance(names, positions, at, length, &whole);
        at += length;
    }
    return positions;
}

/* Some name that the glob matches. */
static void put_name(struct text *text, const char *glob, size_t length)
{
    size_t before = text->length;
    const char *end = glob + length;
    for (const char *at = glob; at < end;) {
        bool hit = false;
        const char *after = *at == '[' ? glob_class(at + 1, end, 0, &hit) : NULL;
        if (after) {
            int byte = 'a';
            for (; byte < 'a' + 256 && !hit; byte++)
                if (byte % 256 > ' ' && byte % 256 != '/') glob_class(at + 1, end, (unsigned char)byte, &hit);
            text_char(text, (char)(byte - 1));
            at = after;
        } else {
            if (*at == '\\' && at + 1 < end) at++;
            if (*at == '?')
                text_char(text, 'x');
            else if (*at != '*')
                text_char(text, *at);
            at++;
        }
    }
    if (text->length == before) text_char(text, 'x');
}

/* A path below `directory` that the rest of the pattern matches; NULL when that is the directory itself. */
static char *example(const struct names *names, size_t from, const char *directory)
{
    struct text text = {0};
    text_string(&text, directory);
    size_t before = text.length;
    for (size_t i = from; i < names->count; i++) {
        if (is_any_depth(names, i)) continue;
        text_char(&text, '/');
        put_name(&text, names->items[i].text, names->items[i].length);
    }
    bool same = text.length == before;
    char *path = text_take(&text);
    if (!same) return path;
    free(path);
    return NULL;
}

char *above_example(const char *pattern, const char *directory)
{
    struct names names;
    split(&names, pattern);
    uint64_t positions = positions_at(&names, directory);
    char *path = NULL;
    for (size_t i = 0; i < names.count && !path; i++)
        if (positions >> i & 1) path = example(&names, i, directory);
    return path;
}

/* ---- judging ---- */

/* What has two names: the one that may be protected, and the one that it is compared with. */
struct naming {
    const struct above *above;
    enum act_kind act;
    const char *name, *other;
    int directory; /* that is looked into; -1: there is none */
    int entries;   /* that may yet be looked at */
};

static enum verdict verdict_on(const struct naming *naming, const char *path)
{
    struct act act = {.kind = naming->act};
    if (act.kind == ACT_CONNECT) {
        act.unix_path = path;
        act.unix_length = strlen(path);
    } else {
        act.path = path;
        act.path_length = strlen(path);
    }
    struct decision decision;
    actor_decide(naming->above->actor, naming->above->image, &act, &decision);
    return decision.verdict;
}

/* Tells of the path where its protection hangs on the name. `below` is what follows the name in it. The
 * verdict on it, or allow. */
static enum verdict tell(const struct naming *naming, char *path, const char *below)
{
    enum verdict verdict = verdict_on(naming, path);
    if (verdict != VERDICT_ALLOW) {
        char *cleanup_free other = xasprintf("%s%s", naming->other, below);
        if (verdict_on(naming, other) < verdict) {
            naming->above->found(naming->above->context, naming->act, path);
            return verdict;
        }
    }
    free(path);
    return VERDICT_ALLOW;
}

/* ---- looking ---- */

#define MOST_ENTRIES 20000
#define DEEPEST 64

/* A rule, while what it speaks of is looked for. */
struct search {
    struct naming *naming;
    const struct names *names;
    enum verdict verdict; /* the rule's: what is held back as tightly ends the search */
    bool over;
};

static void search_tell(struct search *search, char *path)
{
    const char *below = path + strlen(search->naming->name);
    if (tell(search->naming, path, below) >= search->verdict) search->over = true;
}

/* What cannot be looked at may hold anything that the rest of the pattern matches. */
static void imagine(struct search *search, uint64_t positions, const char *at)
{
    for (size_t i = 0; i < search->names->count && !search->over; i++) {
        char *path = positions >> i & 1 ? example(search->names, i, at) : NULL;
        if (path) search_tell(search, path);
    }
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static unsigned char type_of(int directory, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN) return entry->d_type;
    return fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) ? DT_UNKNOWN
                                                                           : IFTODT(status.st_mode);
}

static void look_into(struct search *search, int parent, const char *name, const char *at, uint64_t ours,
                      uint64_t theirs, int depth);

/* One entry: is it what the rule speaks of, and may something below it be? A link leads where other names
 * count; what is put in its place is found by the link's name, though, unless any name would do. */
static void look_at_entry(struct search *search, int directory, const struct dirent *entry, const char *at,
                          uint64_t ours, uint64_t theirs, int depth)
{
    bool whole, other_whole, any_whole;
    size_t length = strlen(entry->d_name);
    uint64_t any = advance(search->names, ours, NEUTRAL, 1, &any_whole);
    ours = advance(search->names, ours, entry->d_name, length, &whole);
    theirs = advance(search->names, theirs, entry->d_name, length, &other_whole);
    if (whole && !other_whole) search_tell(search, xasprintf("%s/%s", at, entry->d_name));
    if (search->over || !(ours & ~theirs)) return;
    char *cleanup_free path = xasprintf("%s/%s", at, entry->d_name);
    unsigned char type = type_of(directory, entry);
    if (type == DT_DIR)
        look_into(search, directory, entry->d_name, path, ours, theirs, depth + 1);
    else if (type == DT_UNKNOWN)
        imagine(search, ours & ~theirs, path);
    else if (type == DT_LNK && search->naming->act == ACT_WRITE)
        imagine(search, ours & ~theirs & ~any, path);
}

/* `ours` are the positions that the directory leaves by its name, `theirs` those by the other. */
static void look_into(struct search *search, int parent, const char *name, const char *at, uint64_t ours,
                      uint64_t theirs, int depth)
{
    struct naming *naming = search->naming;
    int fd = depth > DEEPEST || naming->entries <= 0
                 ? -1
                 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry = NULL;
    while (directory && !search->over && naming->entries > 0 && (entry = readdir(directory)))
        if (!is_dots(entry->d_name)) {
            naming->entries--;
            look_at_entry(search, fd, entry, at, ours, theirs, depth);
        }
    if (!search->over && (!directory || entry)) imagine(search, ours & ~theirs, at);
    if (directory)
        closedir(directory);
    else if (fd >= 0)
        close(fd);
}

/* ---- the rules ---- */

/* The pattern for paths; of addresses, only those of sockets with a path are some. NULL: it is none. */
static const char *path_pattern(const struct rule *rule, size_t index)
{
    static const char socket[] = "unix:";
    const char *text = rule->patterns.items[index].text;
    if (rule->act != ACT_CONNECT) return text;
    if (strncmp(text, socket, sizeof socket - 1) != 0) return NULL;
    text += sizeof socket - 1;
    return *text == '@' ? NULL : text;
}

static bool allows_more(const struct rule *rule, const struct naming *naming)
{
    struct names names;
    for (size_t i = 0; i < rule->patterns.count; i++) {
        const char *pattern = path_pattern(rule, i);
        if (!pattern) continue;
        split(&names, pattern);
        if (positions_at(&names, naming->other) & ~positions_at(&names, naming->name)) return true;
    }
    return false;
}

static void search_for(struct naming *naming, const struct rule *rule, bool all)
{
    struct names names;
    struct search search = {.naming = naming, .names = &names, .verdict = rule->verdict};
    for (size_t i = 0; i < rule->patterns.count && !search.over; i++) {
        const char *pattern = path_pattern(rule, i);
        if (!pattern) continue;
        split(&names, pattern);
        uint64_t ours = positions_at(&names, naming->name);
        uint64_t theirs = all ? 0 : positions_at(&names, naming->other);
        if (!(ours & ~theirs)) continue;
        if (naming->directory < 0)
            imagine(&search, ours & ~theirs, naming->name);
        else
            look_into(&search, naming->directory, ".", naming->name, ours, theirs, 0);
    }
}

/* Where rules of this act hold something back by the name that they would not by the other. An earlier allow
 * that only the other name meets lifts what every later rule says; what a person has approved lifts what any
 * says. */
static void compare(struct naming *naming)
{
    const struct policy *policy = naming->above->policy;
    bool lifted = false;
    for (size_t i = 0; i < policy->rule_count && !lifted; i++) {
        const struct rule *rule = &policy->rules[i];
        lifted = rule->set == SET_APPROVALS && rule->act == naming->act && allows_more(rule, naming);
    }
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->act != naming->act) continue;
        if (rule->verdict == VERDICT_ALLOW)
            lifted = lifted || allows_more(rule, naming);
        else
            search_for(naming, rule, lifted);
    }
}

static void compare_names(const struct above *above, enum act_kind act, int directory, const char *name,
                          const char *other)
{
    struct naming naming = {above, act, name, other, directory, MOST_ENTRIES};
    compare(&naming);
}

void above_moved(const struct above *above, int directory, const char *from, const char *to)
{
    struct naming rest = {above, ACT_READ, from, to, directory, 0};
    compare_names(above, ACT_READ, directory, from, to);
    compare_names(above, ACT_WRITE, directory, from, to);
    compare_names(above, ACT_WRITE, directory, to, from);
    compare_names(above, ACT_CONNECT, directory, from, to);
    tell(&rest, xasprintf("%s/*", from), "/*"); /* whatever else is in it */
}

void above_linked(const struct above *above, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *neutral cleanup_free = xasprintf("%.*s/" NEUTRAL, (int)(slash ? slash - path : 0), path);
    compare_names(above, ACT_WRITE, -1, path, neutral);
}
