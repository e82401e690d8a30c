/* names.c: files that have several names, of which the policy protects one that the program did not use:
 * under guard shim (parts.h). They are looked for while the run goes on, and the page before the policy,
 * which every guarded program maps, says for which files there is something to ask. Until all was seen
 * that is every file of several names. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../names/protected.h"
#include "../plain/memory.h"
#include "acts.h"

_Static_assert(sizeof(struct wire_names) == WIRE_NAMES_SIZE, "the page is full");

struct names {
    struct door *door;
    struct protected *protected;
    int file; /* that begins with the page */
    struct wire_names page;
    struct loop_timer *looking; /* for more */
    size_t told;                /* of those that were found */
    bool some;
};

static void gather(struct names *names)
{
    size_t count;
    const struct protected_file *files = protected_files(names->protected, &count);
    for (; names->told < count; names->told++) {
        size_t bit = files[names->told].inode % WIRE_NAMES_BITS;
        if (!files[names->told].several) continue;
        names->page.bits[bit / 8] |= (unsigned char)(1u << bit % 8);
        names->some = true;
    }
}

static bool put(const struct names *names, size_t at, const void *bytes, size_t size)
{
    return pwrite(names->file, bytes, size, (off_t)at) == (ssize_t)size;
}

/* The bits first: who sees the state goes by them. Should there be no room on the disk, everybody goes on
 * asking. */
static void tell(struct names *names)
{
    struct wire_names *page = &names->page;
    page->state = names->some ? WIRE_NAMES_SOME : WIRE_NAMES_NONE;
    if (!names->some || put(names, offsetof(struct wire_names, bits), page->bits, sizeof page->bits))
        put(names, offsetof(struct wire_names, state), &page->state, sizeof page->state);
}

static void end_look(struct names *names)
{
    const char *unseen = protected_unseen(names->protected);
    gather(names);
    tell(names);
    if (unseen) door_event(names->door, "not-seen", 0, unseen);
}

static void look_on(void *context)
{
    struct names *names = context;
    names->looking = NULL;
    if (protected_look(names->protected, PROTECTED_AT_ONCE) ||
        protected_settle(names->protected, PROTECTED_AT_ONCE))
        names->looking = loop_after(names->door->session->loop, PROTECTED_EVERY_MS, look_on, names);
    else
        end_look(names);
}

struct names *names_new(struct door *door, int policy)
{
    const struct session *session = door->session;
    struct names *names = xcalloc(1, sizeof *names);
    names->door = door;
    names->file = policy;
    names->protected = protected_new(session->policy, session->image, &session->places, PROTECTED_AT_MOST);
    names->looking = loop_after(session->loop, PROTECTED_BEGINS_MS, look_on, names);
    return names;
}

void names_free(struct names *names)
{
    if (!names) return;
    loop_cancel(names->looking);
    protected_free(names->protected);
    close(names->file);
    free(names);
}

static void add_act(struct connection *connection, struct acts *acts, enum act_kind kind,
                    const struct found *found)
{
    const char *detail = kind == ACT_WRITE ? change_name(connection->head.detail) : NULL;
    struct protected *protected = connection->door->names->protected;
    const struct protected_file *file;
    for (size_t at = 0; (file = protected_next(protected, found->fd, &found->status, &at));)
        if (strcmp(file->path, found->path) != 0) acts_add(acts, kind, file->path, detail, &found->status);
}

void door_names(struct connection *connection)
{
    const struct wire_request *head = &connection->head;
    struct names *names = connection->door->names;
    struct found found;
    struct acts *acts = move_begin(connection);
    if (!found_open(&found, &connection->caller, connection->strings[0], O_NOFOLLOW)) {
        door_no(connection, errno, NULL);
        return;
    }
    bool same = found.status.st_dev == head->device && found.status.st_ino == head->inode;
    if (same) {
        protected_look_for(names->protected, found.path, &found.status);
        if (head->flags & WIRE_READS) add_act(connection, acts, ACT_READ, &found);
        if (head->flags & WIRE_WRITES) add_act(connection, acts, ACT_WRITE, &found);
    }
    found_close(&found);
    if (same)
        move_judge(connection);
    else
        door_no(connection, EACCES, NULL);
}
