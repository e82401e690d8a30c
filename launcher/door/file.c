/* file.c: a file is to be read or changed, and the shim was unsure, or has refused it (parts.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../look/process.h"
#include "../plain/memory.h"
#include "parts.h"

/* What lies at a path, or that nothing does. */
struct spot {
    char *path; /* real */
    bool exists;
    struct stat status;
};

/* Nothing lies there yet: what counts is the directory that it would lie in. */
static bool look_at_parent(struct spot *spot, const struct caller *caller, const char *path)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *directory = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
    struct found parent;
    if (!slash[1] || !found_open(&parent, caller, directory, O_DIRECTORY)) return false;
    spot->path = xasprintf("%s/%s", strcmp(parent.path, "/") == 0 ? "" : parent.path, slash + 1);
    found_close(&parent);
    return true;
}

/* `path` is real, so that its last part is not followed: what was a link when the shim looked is one still.
 */
static bool look(struct spot *spot, const struct caller *caller, const char *path)
{
    struct found found;
    *spot = (struct spot){0};
    if (path[0] != '/') {
        errno = EINVAL;
        return false;
    }
    if (!found_open(&found, caller, path, O_NOFOLLOW))
        return errno == ENOENT && look_at_parent(spot, caller, path);
    *spot = (struct spot){.path = xstrdup(found.path), .exists = true, .status = found.status};
    found_close(&found);
    return true;
}

/* NULL, or what is different from what the shim has found. */
static const char *difference(const struct spot *spot, const char *path, uint64_t device, uint64_t inode)
{
    if (strcmp(spot->path, path) != 0) return "the path leads elsewhere now";
    if (!inode) return NULL;
    if (!spot->exists) return "the file is gone";
    bool same = spot->status.st_dev == device && spot->status.st_ino == inode;
    return same ? NULL : "another file lies there now";
}

static bool file_unchanged(struct matter *matter, const char **why)
{
    const struct question *question = matter->question;
    struct spot spot;
    *why = NULL;
    if (!caller_alive(&matter->caller))
        *why = "the process that asked has ended";
    else if (!look(&spot, &matter->caller, question->path))
        *why = "the path leads nowhere now";
    else {
        *why = difference(&spot, question->path, question->device, question->inode);
        free(spot.path);
    }
    return !*why;
}

static void describe(struct matter *matter, enum act_kind act, const struct spot *spot)
{
    const struct wire_request *head = &matter->connection->head;
    matter_question(matter, act, head->python);
    struct question *question = matter->question;
    question->program = process_program(question->pid);
    question->path = xstrdup(spot->path);
    question->listing = head->flags & WIRE_DIRECTORY;
    if (head->inode) {
        question->device = head->device;
        question->inode = head->inode;
    }
    if (act == ACT_WRITE) question->act_detail = change_name(head->detail);
    if (question->listing) question->act_detail = "list";
}

void door_file(struct connection *connection)
{
    const struct wire_request *head = &connection->head;
    const char *path = connection->strings[0];
    struct matter *matter = matter_new(connection);
    struct spot spot;
    bool refused = head->flags & WIRE_REFUSED; /* then it is recorded as the shim saw it */
    bool found = look(&spot, &matter->caller, path);
    if (!found && !refused) {
        matter_refuse(matter, errno, NULL);
        return;
    }
    const char *changed = refused ? NULL : difference(&spot, path, head->device, head->inode);
    if (changed) {
        free(spot.path);
        matter_refuse_unjudged(matter, "changed", path, EACCES, changed);
        return;
    }
    if (!found) spot.path = xstrdup(path);
    enum act_kind kind = head->kind == WIRE_READ ? ACT_READ : ACT_WRITE;
    struct act act = {.kind = kind, .path = path, .path_length = strlen(path)};
    struct needs needs = {.caller = &matter->caller};
    struct decision decision;
    matter_judge(connection->door->session, &act, &needs, &decision);
    needs_free(&needs);
    describe(matter, kind, &spot);
    free(spot.path);
    matter->unchanged = file_unchanged;
    matter_refused_or_decided(matter, &act, &decision);
}
