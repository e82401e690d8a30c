/* others.c: what a process does to others: signals, limits, debuggers (parts.h). The run's processes may
 * signal one another; beyond it nobody is reached, which is no question. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/memory.h"
#include "parts.h"

#define MOST_MEMBERS 256

static pid_t keeper_of(const struct connection *connection)
{
    return connection->door->session->keeper;
}

static void refuse(struct connection *connection, const char *subject)
{
    struct door *door = connection->door;
    if (door->session->options->mode == MODE_OBSERVE) {
        door_event(door, "process", connection->caller.pid, subject);
        door_go(connection);
    } else if (connection->head.flags & WIRE_LOOKS) {
        door_no(connection, EPERM, NULL);
    } else {
        matter_refuse_unjudged(matter_new(connection), "process", subject, EPERM,
                               "it does not belong to the run");
    }
}

static void reach_one(struct connection *connection, pid_t pid)
{
    struct process process;
    if (!process_look(pid, &process) || process_is_below(pid, keeper_of(connection))) {
        door_go(connection);
        return;
    }
    char *program cleanup_free = process_program(pid);
    char *subject cleanup_free =
        xasprintf("reaching process %d%s%s", (int)pid, program ? ": " : "", program ? program : "");
    refuse(connection, subject);
}

/* Who of a group, or of all, belongs to the run; the caller comes last. Where that is everybody, the kernel
 * may do it. */
static void reach_several(struct connection *connection, pid_t group)
{
    pid_t caller = connection->caller.pid, *all, members[MOST_MEMBERS];
    size_t found = 0, others = 0, count = process_of_group(group, &all);
    bool own = false;
    for (size_t i = 0; i < count; i++) {
        bool of_run = process_is_below(all[i], keeper_of(connection));
        others += !of_run;
        if (all[i] == caller)
            own = group != 0;
        else if (of_run && found + 1 < MOST_MEMBERS)
            members[found++] = all[i];
    }
    free(all);
    if (own) members[found++] = caller;
    if (!others && group) {
        door_go(connection);
    } else if (!found) {
        refuse(connection, "reaching a group of processes");
    } else {
        struct wire_answer answer = {.verdict = WIRE_GO, .error = 1};
        door_answer(connection, &answer, members, found * sizeof *members);
    }
}

void door_process(struct connection *connection)
{
    pid_t pid = (pid_t)connection->head.detail;
    if (pid > 0)
        reach_one(connection, pid);
    else if (pid == -1)
        reach_several(connection, 0);
    else
        reach_several(connection, pid ? -pid : getpgid(connection->caller.pid));
}

void debug_judge(struct matter *matter, const char *program, const char *call)
{
    struct act act = {.kind = ACT_DEBUG, .path = program, .path_length = strlen(program)};
    struct decision decision;
    policy_decide(matter->door->session->image, &act, &decision, NULL);
    uint64_t python = matter->connection ? matter->connection->head.python : 0;
    matter_question(matter, ACT_DEBUG, python);
    matter->question->program = process_program(matter->caller.pid);
    matter->question->path = xstrdup(program);
    matter->question->act_detail = call;
    matter_rule(matter, &decision);
    matter_decide(matter, &act, &decision);
}

/* One of those that look into a process: the name comes from outside. */
static const char *debugging_call(const char *name)
{
    static const char *const names[] = {"ptrace", "process_vm_readv", "process_vm_writev"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return names[i];
    return names[0];
}

void door_debug(struct connection *connection)
{
    pid_t target = (pid_t)connection->head.detail;
    char *program cleanup_free = target > 0 ? process_program(target) : NULL;
    if (!program) {
        door_no(connection, ESRCH, NULL);
    } else if (!process_is_below(target, keeper_of(connection))) {
        char *subject cleanup_free = xasprintf("looking into process %d: %s", (int)target, program);
        refuse(connection, subject);
    } else {
        debug_judge(matter_new(connection), program, debugging_call(connection->strings[0]));
    }
}
