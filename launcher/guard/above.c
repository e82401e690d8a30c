/* above.c: see above.h. How much of a pattern a path has used up is a set of positions in the pattern; two names are alike to a rule
 * when they leave the same positions. */
#include "above.h"

#include <string.h>

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

static uint64_t advance(const struct names *names, uint64_t positions, const char *name, size_t length)
{
    uint64_t next = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (!(positions >> i & 1)) continue;
        if (is_any_depth(names, i))
            next |= (uint64_t)1 << i;
        else if (i + 1 < names->count &&
                 glob_match(names->items[i].text, names->items[i].length, name, length))
            next |= (uint64_t)1 << (i + 1);
    }
    return with_skipped(names, next);
}

/* Where in the pattern something below `path` would go on. */
static uint64_t positions_at(const struct names *names, const char *path)
{
    uint64_t positions = with_skipped(names, names->count ? 1 : 0);
    for (const char *at = path + strspn(path, "/"); *at; at += strspn(at, "/")) {
        size_t length = strcspn(at, "/");
        positions = advance(names, positions, at, length);
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
    text_add(&text, directory, strlen(directory));
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

/* Where rules of this act hold something back below `directory` that they would not hold back below `other`. */
static void compare(const struct policy *policy, enum act_kind act, const char *directory, const char *other,
                    above_found *found, void *context)
{
    struct names names;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->act != act || rule->verdict == VERDICT_ALLOW) continue;
        for (size_t j = 0; j < rule->patterns.count; j++) {
            split(&names, rule->patterns.items[j].text);
            uint64_t more = positions_at(&names, directory) & ~positions_at(&names, other);
            for (size_t k = 0; k < names.count; k++) {
                char *path = more >> k & 1 ? example(&names, k, directory) : NULL;
                if (path) found(context, act, path);
            }
        }
    }
}

void above_moved(const struct policy *policy, const char *from, const char *to, above_found *found,
                 void *context)
{
    compare(policy, ACT_READ, from, to, found, context);
    compare(policy, ACT_WRITE, from, to, found, context);
    compare(policy, ACT_WRITE, to, from, found, context);
    found(context, ACT_READ, xasprintf("%s/*", from)); /* whatever else is in it */
}

void above_linked(const struct policy *policy, const char *path, above_found *found, void *context)
{
    const char *slash = strrchr(path, '/');
    char *neutral cleanup_free = xasprintf("%.*s/" NEUTRAL, (int)(slash ? slash - path : 0), path);
    compare(policy, ACT_WRITE, path, neutral, found, context);
}
