/* examine_places.c: the policy and the directories that a run of this user would have (examine.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../commands/loaded.h"
#include "../plain/memory.h"
#include "../run/runtime.h"
#include "examine.h"

static void add_runtime(struct findings *all)
{
    char *why = NULL;
    struct runtime *runtime = runtime_make(getenv("XDG_RUNTIME_DIR"), "/tmp", &why);
    findings_add(all, SECTION_PLACES, "runtime directory", NULL, runtime ? STATE_HOLDS : STATE_LACKS,
                 runtime ? xstrdup(runtime_base(runtime)) : why, "do as it says");
    runtime_remove(runtime);
}

/* A file is made in the directory and removed; a directory that is not there yet must be one that can be
 * made. */
static char *why_not_recorded(const char *directory)
{
    cleanup_free char *path = xstrdup(directory);
    for (;;) {
        struct stat status;
        char *slash = strrchr(path, '/');
        if (!stat(path, &status) || errno != ENOENT || !slash || slash == path) break;
        *slash = 0;
    }
    cleanup_free char *file = xasprintf("%s/.doctor.XXXXXX", path);
    int fd = mkstemp(file);
    if (fd < 0) return xasprintf("%s: %s", path, strerror(errno));
    close(fd);
    unlink(file);
    return NULL;
}

static void add_audit(struct findings *all, const struct places *places)
{
    cleanup_free char *directory = xasprintf("%s/askfirst/audit", places->state_dir);
    char *why = why_not_recorded(directory);
    findings_add(all, SECTION_PLACES, "audit directory", NULL, why ? STATE_LACKS : STATE_HOLDS,
                 why ? why : steal_pointer(&directory),
                 "make it a directory that you may write, or name another with --audit=DIR");
}

static void add_policy(struct findings *all, struct loaded *loaded, bool opened,
                       const struct diagnostics *said)
{
    static const char name[] = "the policy loads";
    if (opened)
        findings_add(
            all, SECTION_PLACES, name, NULL, STATE_HOLDS,
            xasprintf("%zu rules from %zu files", loaded->policy->rule_count, loaded->policy->file_count),
            NULL);
    else
        findings_add(all, SECTION_PLACES, name, NULL, STATE_LACKS,
                     xasprintf("%zu errors, listed above", said->errors),
                     "mend what askfirst policy lint says");
}

void examine_places(struct findings *all)
{
    struct loaded loaded;
    struct diagnostics said = {0};
    bool opened = loaded_open(&loaded, &(struct loaded_options){0}, &said);
    if (!opened) diagnostics_print(&said, stderr);
    add_policy(all, &loaded, opened, &said);
    diagnostics_free(&said);
    add_runtime(all);
    if (loaded.places.state_dir) add_audit(all, &loaded.places);
    loaded_close(&loaded);
}
