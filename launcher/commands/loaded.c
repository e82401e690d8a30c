/* loaded.c: see loaded.h. */
#include "loaded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../command.h"
#include "../install.h"
#include "../plain/memory.h"
#include "../plain/show.h"

/* A workspace that is not there would quietly be one that nothing lies in. */
static bool is_directory(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) return false;
    errno = ENOTDIR;
    return S_ISDIR(status.st_mode);
}

bool loaded_open(struct loaded *loaded, const struct loaded_options *options, struct diagnostics *said)
{
    *loaded = (struct loaded){0};
    if (places_find(&loaded->places, options->workspace) < 0 || !is_directory(loaded->places.workspace)) {
        const char *what = options->workspace ? options->workspace : "the working directory";
        char *shown cleanup_free = show_string(what, 200);
        complain("%s: %s: name the directory that is worked in with --workspace=DIR", shown, strerror(errno));
        return false;
    }
    loaded->install = install_dir();
    loaded->places.install_dir = loaded->install;
    const struct policy_options wanted = {.places = &loaded->places,
                                          .policy_file = options->policy_file,
                                          .no_tests = options->no_tests,
                                          .all_tests = options->all_tests};
    memory_prepare();
    loaded->policy = policy_load_image(&wanted, &loaded->image, &loaded->size, said);
    return loaded->policy != NULL;
}

void loaded_close(struct loaded *loaded)
{
    free(loaded->image);
    policy_free(loaded->policy);
    loaded->places.install_dir = NULL;
    free(loaded->install);
    places_free(&loaded->places);
}
