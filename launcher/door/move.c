/* move.c: a directory or a link gets another name, or a link is made (parts.h): what that does to rules about
 * what lies below only the launcher can tell. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../names/above.h"
#include "../plain/memory.h"
#include "acts.h"

/* The files that it is about. */
struct ends {
    struct found from, to;
    bool is_made;   /* a link, where nothing is yet: `from` was not looked for */
    bool exchanges; /* else `to` is only a name */
    bool has_to;    /* something is there */
};

struct move {
    struct acts acts;
    const char *detail;
    bool moves; /* else somebody else knows what it comes to (names.c) */
    struct stat from, to;
};

void move_free(struct move *move)
{
    if (!move) return;
    acts_free(&move->acts);
    free(move);
}

struct acts *move_begin(struct connection *connection)
{
    struct move *move = connection->move = xcalloc(1, sizeof *move);
    move->detail = change_name(connection->head.detail);
    move->acts.actor.pid = connection->caller.pid;
    return &move->acts;
}

/* False: what the shim saw is not what is there. */
static bool find(struct found *found, const struct connection *connection, const char *path)
{
    bool opened = path[0] == '/' && found_open(found, &connection->caller, path, O_NOFOLLOW);
    if (opened && strcmp(found->path, path) == 0) return true;
    if (opened) found_close(found);
    *found = (struct found){.fd = -1};
    return false;
}

static bool ends_find(struct ends *ends, const struct connection *connection)
{
    const struct wire_request *head = &connection->head;
    const char *from = connection->strings[0], *to = connection->strings[1];
    *ends = (struct ends){.is_made = head->detail == WIRE_CHANGE_LINK && strcmp(from, to) == 0,
                          .exchanges = head->flags & WIRE_EXCHANGES};
    if (!ends->is_made && !find(&ends->from, connection, from)) return false;
    ends->has_to = find(&ends->to, connection, to);
    if (!ends->exchanges || ends->has_to) return true;
    found_close(&ends->from);
    return false;
}

static void ends_close(struct ends *ends)
{
    if (!ends->is_made) found_close(&ends->from);
    if (ends->has_to) found_close(&ends->to);
}

static void found_above(void *context, enum act_kind kind, char *path)
{
    struct move *move = context;
    if (!acts_have(&move->acts, kind, path)) acts_add(&move->acts, kind, path, move->detail, NULL);
    free(path);
}

static void add_moved(const struct above *above, const struct found *from, const char *to)
{
    if (S_ISDIR(from->status.st_mode)) above_moved(above, from->fd, from->path, to);
    if (S_ISLNK(from->status.st_mode)) above_linked(above, to);
}

/* What rules say about what lies below, or about where a link leads. */
static void add_above(struct connection *connection, const struct ends *ends)
{
    const struct session *session = connection->door->session;
    struct move *move = connection->move;
    struct above above = {session->policy, session->image, &move->acts.actor, found_above, move};
    if (ends->is_made)
        above_linked(&above, connection->strings[1]);
    else
        add_moved(&above, &ends->from, connection->strings[1]);
    if (ends->exchanges) add_moved(&above, &ends->to, ends->from.path);
}

static void add_devices(struct move *move, const struct connection *connection)
{
    for (unsigned i = 0; i < 2; i++)
        if (wire_changes_devices(connection->strings[i], connection->head.detail))
            acts_add(&move->acts, ACT_WRITE, WIRE_DEVICES, move->detail, NULL);
}

/* Everything that one of the names stands for, which is to be found by another. */
static void add_whole(struct move *move, const struct found *what)
{
    acts_add(&move->acts, ACT_READ, what->path, move->detail, &what->status);
    acts_add(&move->acts, ACT_WRITE, what->path, move->detail, &what->status);
    if (S_ISSOCK(what->status.st_mode)) acts_add(&move->acts, ACT_CONNECT, what->path, NULL, NULL);
}

static void add_named(struct connection *connection, const struct ends *ends)
{
    struct move *move = connection->move;
    if (!ends->is_made) add_whole(move, &ends->from);
    if (ends->exchanges)
        add_whole(move, &ends->to);
    else
        acts_add(&move->acts, ACT_WRITE, connection->strings[1], move->detail, NULL);
}

static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

static bool is_as_found(const struct move *move, const struct ends *ends)
{
    return is_same(&move->from, &ends->from.status) && is_same(&move->to, &ends->to.status);
}

static void refuse_changed(struct connection *connection)
{
    struct door *door = connection->door;
    door_event(door, "changed", connection->caller.pid, connection->strings[0]);
    door->session->denied++;
    door_no(connection, EPERM, acts_changed);
}

/* Others of the run went on while somebody was asked. False: what lies below by now has to be judged
 * first, or it has been refused. */
static bool is_still_judged(struct connection *connection)
{
    struct move *move = connection->move;
    size_t judged = move->acts.count;
    struct ends ends;
    if (!move->moves || !move->acts.asked) return true;
    bool found = ends_find(&ends, connection), same = found && is_as_found(move, &ends);
    if (same) add_above(connection, &ends);
    if (found) ends_close(&ends);
    if (!same)
        refuse_changed(connection);
    else if (move->acts.count == judged && !move->acts.too_many)
        return true;
    else
        move_judge(connection);
    return false;
}

static void judged(void *context, int error, const char *message)
{
    struct connection *connection = context;
    connection->matter = NULL;
    bool opens = connection->head.kind == WIRE_NAMES;
    if (error)
        door_no(connection, error == WIRE_HIDDEN && !opens ? EACCES : error, message);
    else
        move_judge(connection);
}

void move_judge(struct connection *connection)
{
    struct door *door = connection->door;
    struct decision decision;
    struct acts *acts = &connection->move->acts;
    if (acts->too_many) {
        door_event(door, "too-many", connection->caller.pid, connection->strings[0]);
        door->session->denied++;
        door_no(connection, EACCES, acts_too_many);
        return;
    }
    const struct file_act *next = acts_next(acts, door->session->image, &decision);
    if (!next) {
        if (is_still_judged(connection)) door_go(connection);
        return;
    }
    connection->matter = matter_replying(door, &connection->caller, judged, connection);
    acts_put(connection->matter, next, &decision, connection->head.python);
}

void door_move(struct connection *connection)
{
    struct ends ends;
    move_begin(connection);
    struct move *move = connection->move;
    if (!ends_find(&ends, connection)) {
        door_no(connection, ENOENT, NULL);
        return;
    }
    *move = (struct move){.acts = move->acts,
                          .detail = move->detail,
                          .moves = true,
                          .from = ends.from.status,
                          .to = ends.to.status};
    add_named(connection, &ends);
    add_devices(move, connection);
    add_above(connection, &ends);
    ends_close(&ends);
    move_judge(connection);
}
