/* places.c: what ${home}, ${workspace} and the like stand for on this machine. */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"
#include "repository.h"
#include "resolve.h"

/* The real path, owned by the caller; NULL with errno. */
static char *real(const char *path)
{
    char out[PATH_MAX];
    if (!resolve_path(path, LAST_FOLLOW, out)) {
        errno = ENOENT;
        return NULL;
    }
    return strdup(out);
}

/* A directory from the variable NAME, else `usual` below `base`. */
static char *from_variable(const char *name, const char *base, const char *usual)
{
    const char *value = getenv(name);
    if (value && value[0] == '/') return real(value);
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s%s", base, usual) >= sizeof path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return real(path);
}

static bool is_within(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 &&
           (path[length] == '/' || path[length] == '\0' || length == 1);
}

/* git's top level above `cwd`. Not the home directory or what holds it: a repository of somebody's settings
 * there must not make all that they own a workspace. Nor a repository that another user put in a common
 * directory. */
static char *find_workspace(const char *cwd, const char *home)
{
    char at[PATH_MAX];
    snprintf(at, sizeof at, "%s", cwd);
    while (at[1] != '\0' && !is_within(home, at)) {
        char git[PATH_MAX + 8];
        struct stat status;
        snprintf(git, sizeof git, "%s/.git", at);
        if (lstat(git, &status) == 0 && status.st_uid == geteuid()) return strdup(at);
        *strrchr(at, '/') = '\0';
        if (at[0] == '\0') break;
    }
    return strdup(cwd);
}

static char *choose_workspace(const char *workspace, const char *home)
{
    char cwd[PATH_MAX];
    if (workspace && workspace[0] == '/') return real(workspace);
    if (!getcwd(cwd, sizeof cwd)) return NULL;
    if (!workspace) return find_workspace(cwd, home);
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", cwd, workspace);
    return real(path);
}

static char *find_home(const struct passwd *person)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/') return real(home);
    if (person) return real(person->pw_dir);
    errno = ENOENT;
    return NULL;
}

static char *user_name(const struct passwd *person)
{
    if (person) return strdup(person->pw_name);
    char number[32];
    snprintf(number, sizeof number, "%u", (unsigned)geteuid());
    return strdup(number);
}

const char *places_search_path(void)
{
    const char *search_path = getenv("PATH");
    return search_path ? search_path : "/usr/local/bin:/usr/bin:/bin";
}

int places_find(struct places *places, const char *workspace)
{
    *places = (struct places){0};
    const struct passwd *person = getpwuid(geteuid());
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    places->home = find_home(person);
    if (!places->home) return -1;
    places->user = user_name(person);
    places->workspace = choose_workspace(workspace, places->home);
    if (places->workspace) places->repository = repository_find(places->workspace);
    places->tmp = from_variable("TMPDIR", "", "/tmp");
    places->runtime_dir = runtime && runtime[0] == '/' ? real(runtime) : NULL;
    places->config_dir = from_variable("XDG_CONFIG_HOME", places->home, "/.config");
    places->cache_dir = from_variable("XDG_CACHE_HOME", places->home, "/.cache");
    places->data_dir = from_variable("XDG_DATA_HOME", places->home, "/.local/share");
    places->state_dir = from_variable("XDG_STATE_HOME", places->home, "/.local/state");
    places->search_path = strdup(places_search_path());
    if (places->user && places->workspace && places->tmp && places->config_dir && places->cache_dir &&
        places->data_dir && places->state_dir && places->search_path)
        return 0;
    int error = errno ? errno : ENOENT;
    places_free(places);
    errno = error;
    return -1;
}

/* session_dir and install_dir are not found here: whoever sets them owns them. */
void places_free(struct places *places)
{
    const char *const owned[] = {
        places->home,        places->user,        places->workspace,  places->tmp,
        places->runtime_dir, places->config_dir,  places->cache_dir,  places->data_dir,
        places->state_dir,   places->search_path, places->repository,
    };
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free((char *)owned[i]);
    *places = (struct places){0};
}
