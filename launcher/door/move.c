/* move.c: a directory or a link gets another name, or a link is made (parts.h): what that does to rules about
 * what lies below only the launcher can tell. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../names/above.h"
#include "../plain/memory.h"
#include "acts.h"

struct move {
    struct acts acts;
    const char *detail;
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
        door_go(connection);
        return;
    }
    connection->matter = matter_replying(door, &connection->caller, judged, connection);
    acts_put(connection->matter, next, &decision, connection->head.python);
}

static void found_above(void *context, enum act_kind kind, char *path)
{
    struct move *move = context;
    acts_add(&move->acts, kind, path, move->detail, NULL);
    free(path);
}

static void add_above(struct connection *connection, const struct found *from, const char *to)
{
    const struct session *session = connection->door->session;
    struct move *move = connection->move;
    struct above above = {session->policy, session->image, &move->acts.actor, found_above, move};
    if (S_ISDIR(from->status.st_mode)) above_moved(&above, from->fd, from->path, to);
    if (S_ISLNK(from->status.st_mode)) above_linked(&above, to);
}

/* False: what the shim saw is not what is there. */
static bool find(struct found *found, const struct connection *connection, const char *path)
{
    if (path[0] != '/' || !found_open(found, &connection->caller, path, O_NOFOLLOW)) return false;
    if (strcmp(found->path, path) == 0) return true;
    found_close(found);
    return false;
}

/* Everything that one of the names stands for, which is to be found by another. */
static void add_whole(struct move *move, const struct found *what)
{
    acts_add(&move->acts, ACT_READ, what->path, move->detail, &what->status);
    acts_add(&move->acts, ACT_WRITE, what->path, move->detail, &what->status);
    if (S_ISSOCK(what->status.st_mode)) acts_add(&move->acts, ACT_CONNECT, what->path, NULL, NULL);
}

static void add_all(struct connection *connection, const struct found *from, const struct found *to)
{
    struct move *move = connection->move;
    const char *path = connection->strings[1];
    add_whole(move, from);
    if (to)
        add_whole(move, to);
    else
        acts_add(&move->acts, ACT_WRITE, path, move->detail, NULL);
    add_above(connection, from, path);
    if (to) add_above(connection, to, from->path);
}

/* Nothing is there before a link is made. */
static void add_link(struct connection *connection)
{
    const struct session *session = connection->door->session;
    struct move *move = connection->move;
    struct above above = {session->policy, session->image, &move->acts.actor, found_above, move};
    acts_add(&move->acts, ACT_WRITE, connection->strings[1], move->detail, NULL);
    above_linked(&above, connection->strings[1]);
}

void door_move(struct connection *connection)
{
    unsigned flags = connection->head.flags;
    struct found from, to;
    move_begin(connection);
    bool made = strcmp(connection->strings[0], connection->strings[1]) == 0;
    if (connection->head.detail == WIRE_CHANGE_LINK && made) {
        add_link(connection);
        move_judge(connection);
        return;
    }
    bool found = find(&from, connection, connection->strings[0]);
    bool both = found && (!(flags & WIRE_EXCHANGES) || find(&to, connection, connection->strings[1]));
    if (both) add_all(connection, &from, flags & WIRE_EXCHANGES ? &to : NULL);
    if (both && flags & WIRE_EXCHANGES) found_close(&to);
    if (found) found_close(&from);
    if (both)
        move_judge(connection);
    else
        door_no(connection, ENOENT, NULL);
}
