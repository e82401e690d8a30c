/* policies.c: policies from text (policies.h). */
#include "policies.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATHS 32

static const char *below(struct policies *policies, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", policies->directory, name) > 0);
    return path;
}

void policies_begin(struct policies *policies)
{
    *policies = (struct policies){.directory = "/tmp/askfirst-policies.XXXXXX"};
    assert_non_null(mkdtemp(policies->directory));
    policies->places = (struct places){
        .home = below(policies, "home"),
        .user = strdup("ada"),
        .workspace = below(policies, "work"),
        .tmp = strdup("/tmp"),
        .runtime_dir = strdup("/run/user/1000"),
        .config_dir = below(policies, "home/.config"),
        .cache_dir = below(policies, "home/.cache"),
        .data_dir = below(policies, "home/.local/share"),
        .state_dir = below(policies, "home/.local/state"),
        .search_path = strdup("/nowhere"),
    };
    assert_int_equal(mkdir(policies->places.home, 0700), 0);
    assert_int_equal(mkdir(policies->places.workspace, 0700), 0);
    policies->options =
        (struct policy_options){.places = &policies->places, .no_files = true, .no_links = true};
}

static void forget(struct policies *policies)
{
    free(policies->image);
    policies->image = NULL;
    policy_free(policies->policy);
    policies->policy = NULL;
    diagnostics_free(&policies->diagnostics);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void policies_end(struct policies *policies)
{
    forget(policies);
    nftw(policies->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    places_free(&policies->places);
}

const char *policies_write(struct policies *policies, const char *name, const char *text)
{
    static char paths[PATHS][256];
    static size_t next;
    char *path = paths[next++ % PATHS];
    snprintf(path, sizeof paths[0], "%s/%s", policies->directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

bool policies_load_options(struct policies *policies)
{
    forget(policies);
    policies->policy = policy_load(&policies->options, &policies->diagnostics);
    assert_true((policies->policy == NULL) == (policies->diagnostics.errors > 0));
    return policies->policy != NULL;
}

bool policies_load(struct policies *policies, const char *text)
{
    policies->options.policy_file = policies_write(policies, "p.yaml", text);
    return policies_load_options(policies);
}

void policies_compile(struct policies *policies)
{
    assert_non_null(policies->policy);
    assert_int_equal(
        policy_compile(policies->policy, &policies->image, &policies->image_size, &policies->diagnostics), 0);
}

const struct rule *policies_rule(const struct policies *policies, enum layer layer, size_t index)
{
    for (size_t i = 0; policies->policy && i < policies->policy->rule_count; i++)
        if (policies->policy->rules[i].layer == layer && index-- == 0) return &policies->policy->rules[i];
    fail_msg("there is no such rule");
    return NULL;
}

const char *policies_message(const struct policies *policies, size_t index)
{
    static char shown[2048];
    shown[0] = '\0';
    if (index >= policies->diagnostics.count) return shown;
    const struct diagnostic *item = &policies->diagnostics.items[index];
    size_t size = (size_t)snprintf(shown, sizeof shown, "%u:%u: %s", item->place.line, item->place.column,
                                   item->severity == SEVERITY_WARNING ? "warning: " : "");
    const char *at = item->message;
    for (const char *next; (next = strstr(at, policies->directory)); at = next + strlen(policies->directory))
        size += (size_t)snprintf(shown + size, sizeof shown - size, "%.*sDIR", (int)(next - at), at);
    snprintf(shown + size, sizeof shown - size, "%s", at);
    return shown;
}

static char joined[4096];

const char *policies_join(const struct strings *strings)
{
    joined[0] = '\0';
    for (size_t i = 0; i < strings->count; i++) {
        strncat(joined, i ? " " : "", sizeof joined - strlen(joined) - 1);
        strncat(joined, strings->items[i], sizeof joined - strlen(joined) - 1);
    }
    return joined;
}

const char *policies_join_patterns(const struct patterns *patterns)
{
    size_t size = 0;
    joined[0] = '\0';
    for (size_t i = 0; i < patterns->count && size < sizeof joined; i++)
        size +=
            (size_t)snprintf(joined + size, sizeof joined - size, patterns->items[i].bare ? "%s<%s>" : "%s%s",
                             i ? " " : "", patterns->items[i].text);
    return joined;
}
