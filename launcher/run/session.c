/* session.c: sets a run up, part by part, and takes it down again. What each part does is its own affair. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/sha256.h"
#include "../command.h"
#include "../door/door.h"
#include "../install.h"
#include "../plain/memory.h"
#include "../questions/questions.h"
#include "../records/audit.h"
#include "runtime.h"
#include "supervise.h"

static bool open_runtime(struct session *session)
{
    char *why cleanup_free = NULL;
    session->runtime = runtime_make(getenv("XDG_RUNTIME_DIR"), "/tmp", &why);
    if (!session->runtime) {
        complain("%s", why);
        return false;
    }
    session->dir = runtime_path(session->runtime);
    snprintf(session->id, sizeof session->id, "%s", runtime_id(session->runtime));
    return true;
}

static bool find_places(struct session *session)
{
    const char *workspace = session->options->workspace;
    struct stat status;
    if (workspace && stat(workspace, &status) == 0 && !S_ISDIR(status.st_mode)) {
        complain("--workspace: %s: it is no directory", workspace);
        return false;
    }
    if (workspace && access(workspace, X_OK) < 0) {
        complain("--workspace: %s: %s", workspace, strerror(errno));
        return false;
    }
    if (places_find(&session->places, workspace) < 0) {
        complain("%s: %s: name the directory that is worked in with --workspace=DIR",
                 workspace ? workspace : "the working directory", strerror(errno));
        return false;
    }
    session->install = install_dir();
    session->places.install_dir = session->install;
    session->places.session_dir = session->dir;
    return true;
}

static bool find_shim(struct session *session)
{
    session->shim = install_find_shim();
    if (!session->shim)
        complain("libaskfirst.so: %s: it belongs beside askfirst, or in ../lib/askfirst", strerror(errno));
    return session->shim != NULL;
}

/* One for all the files that it was read from, whose digests are known already: the image itself is large. */
static void digest(struct session *session)
{
    struct sha256 sum;
    unsigned char out[32];
    sha256_init(&sum);
    for (size_t i = 0; i < session->policy->file_count; i++)
        sha256_update(&sum, session->policy->files[i].sha256, sizeof session->policy->files[i].sha256);
    sha256_final(&sum, out);
    for (size_t i = 0; i < sizeof out; i++)
        snprintf(session->policy_digest + 2 * i, 3, "%02x", out[i]);
}

static bool read_policy(struct session *session, struct scout *scout)
{
    struct diagnostics said = {0};
    const struct policy_options options = {
        .places = &session->places, .policy_file = session->options->policy, .scout = scout};
    memory_prepare();
    session->policy = policy_load_image(&options, &session->image, &session->image_size, &said);
    bool read = session->policy != NULL;
    if (!read || !session->options->quiet) diagnostics_print(&said, stderr);
    if (read) digest(session);
    if (!read) complain("nothing was run: the policy must be mended first");
    diagnostics_free(&said);
    return read;
}

static bool open_loop(struct session *session)
{
    session->cwd = getcwd(NULL, 0);
    if (!session->cwd) session->cwd = xstrdup("(removed)");
    session->loop = loop_new();
    if (!session->loop) complain("epoll: %s", strerror(errno));
    return session->loop != NULL;
}

/* Each of them complains of itself in the same way. */
static bool say(bool opened, const char *why)
{
    if (!opened) complain("%s", why ? why : strerror(errno));
    return opened;
}

static bool open_parts(struct session *session)
{
    char *why cleanup_free = NULL;
    session->audit = audit_open(session, &why);
    if (!say(session->audit, why)) return false;
    session->questions = questions_new(session, &why);
    if (!say(session->questions, why)) return false;
    session->door = door_open(session, &why);
    return say(session->door, why);
}

int session_open(struct session *session, const struct run_options *options)
{
    *session = (struct session){.options = options};
    bool opened = open_runtime(session) && find_places(session) && find_shim(session) && open_loop(session);
    return opened ? 0 : STATUS_FAILED;
}

int session_read(struct session *session, struct scout *scout)
{
    return read_policy(session, scout) ? 0 : STATUS_FAILED;
}

int session_begin(struct session *session)
{
    return open_parts(session) ? 0 : STATUS_FAILED;
}

void session_close(struct session *session, int exit_status)
{
    session->ending = true;
    if (session->questions) questions_close(session->questions, exit_status);
    if (session->door) door_close(session->door);
    if (session->audit) audit_close(session->audit, exit_status);
    runtime_remove(session->runtime);
    supervisor_free(session->supervisor);
    loop_free(session->loop);
    free(session->cwd);
    free(session->image);
    policy_free(session->policy);
    free(session->shim);
    free(session->install);
    places_free(&session->places);
}
