/* names.c: files that have several names, of which the policy protects one that the program did not use:
 * under guard shim (parts.h). They are looked for while the run goes on, and the page before the policy,
 * which every guarded program maps, says for which files there is something to ask. Until all was seen
 * that is every file of several names. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../names/page.h"
#include "../plain/memory.h"
#include "acts.h"

_Static_assert(sizeof(struct wire_names) == WIRE_NAMES_SIZE, "the page is full");

/* Whoever opens a file meanwhile pays a little for it each time. So where another processor is there for the
 * command, the look begins sooner and takes no rest, but gives others their turn in between. */
enum { SOON_MS = 10 };

struct names {
    struct door *door;
    struct protected *protected;
    int file; /* that begins with the page */
    struct wire_names page;
    struct loop_timer *looking; /* for more */
    int64_t rest_ms;            /* between two turns of it */
    size_t told;                /* of those that were found */
    bool reading_known;
};

static bool put(const struct names *names, const void *part, size_t size)
{
    off_t at = (const char *)part - (const char *)&names->page;
    return pwrite(names->file, part, size, at) == (ssize_t)size;
}

/* The bits first: who sees the state goes by them. Should there be no room on the disk, everybody goes on
 * asking. */
static void tell(struct names *names, struct wire_names_of *of)
{
    page_mark(&names->page, names->protected, &names->told);
    bool some = page_has(of);
    of->state = some ? WIRE_NAMES_SOME : WIRE_NAMES_NONE;
    if (!some || put(names, of->bits, sizeof of->bits)) put(names, &of->state, sizeof of->state);
}

static void tell_readers(struct names *names)
{
    names->reading_known = true;
    tell(names, &names->page.reading);
}

static void end_look(struct names *names)
{
    const char *unseen = protected_unseen(names->protected);
    tell(names, &names->page.writing);
    if (unseen) door_event(names->door, "not-seen", 0, unseen);
}

/* What is kept from being read comes first: programs read more than they write. */
static bool look_a_little(struct names *names)
{
    struct protected *protected = names->protected;
    if (names->reading_known) return protected_settle(protected, ACT_WRITE, PROTECTED_AT_ONCE);
    if (!protected_look(protected, PROTECTED_AT_ONCE) &&
        !protected_settle(protected, ACT_READ, PROTECTED_AT_ONCE))
        tell_readers(names);
    return true;
}

static void look_on(void *context)
{
    struct names *names = context;
    names->looking = NULL;
    if (look_a_little(names))
        names->looking = loop_after(names->door->session->loop, names->rest_ms, look_on, names);
    else
        end_look(names);
}

static bool has_one_processor(void)
{
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) || CPU_COUNT(&processors) < 2;
}

struct names *names_new(struct door *door, int policy)
{
    const struct session *session = door->session;
    struct names *names = xcalloc(1, sizeof *names);
    names->door = door;
    names->file = policy;
    names->protected = protected_new(session->policy, session->image, &session->places, PROTECTED_AT_MOST);
    bool one = has_one_processor();
    names->rest_ms = one ? PROTECTED_EVERY_MS : 0;
    names->looking = loop_after(session->loop, one ? PROTECTED_BEGINS_MS : SOON_MS, look_on, names);
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
