/* parts.c: what each part of the kernel guard is called, and what to do where it is lacking
 * (probe.h). */
#include <stddef.h>

#include "probe.h"

static const struct {
    const char *name;
    const char *next;
    bool needed;
} table[PROBE_PARTS] = {
    [PROBE_LANDLOCK] =
        {"Landlock",
         "take Linux 5.13 or newer with landlock among its lsm= modules, or a container whose seccomp "
         "profile lets landlock_create_ruleset through",
         true},
    [PROBE_FLOOR] = {"Landlock's fence",
                     "take a container whose seccomp profile lets landlock_restrict_self through", true},
    [PROBE_FILTER] = {"seccomp filter",
                      "take a kernel with CONFIG_SECCOMP_FILTER, or a container whose seccomp profile lets "
                      "seccomp through",
                      true},
    [PROBE_ALONE] = {"no other seccomp listener",
                     "start askfirst outside of what listens already (a sandbox, a container's agent, "
                     "another guard): the kernel lets only one listen",
                     true},
    [PROBE_LISTENER] =
        {"seccomp listener",
         "take Linux 5.9 or newer, or a container whose seccomp profile lets filters with a listener through",
         true},
    [PROBE_RECEIVE] = {"trapped calls arrive",
                       "take a container whose seccomp profile lets the ioctls of seccomp's listener through",
                       true},
    [PROBE_MEMORY] = {"reading a caller's memory",
                      "let processes look at their children: kernel.yama.ptrace_scope at most 1, and "
                      "process_vm_readv in the container's seccomp profile",
                      true},
    [PROBE_DUPLICATE] =
        {"duplicating a caller's descriptors",
         "take Linux 5.6 or newer, and a container whose seccomp profile lets pidfd_open and pidfd_getfd "
         "through",
         true},
    [PROBE_TRACE] = {"stopping at an exec",
                     "let processes trace their children: kernel.yama.ptrace_scope at most 1, and ptrace in "
                     "the container's seccomp profile",
                     true},
    [PROBE_GIVE] = {"handing an opened file over",
                    "take Linux 5.9 or newer, or a container whose seccomp profile lets the ioctls of "
                    "seccomp's listener through",
                    true},
    [PROBE_KILLABLE] =
        {"calls that signals do not undo",
         "nothing has to be done: a program that gets a signal while it waits is asked anew; Linux 5.19 or "
         "newer spares it that",
         false},
    [PROBE_SYNCHRONOUS] =
        {"synchronous wake-up",
         "nothing has to be done: trapped calls cost more; Linux 6.6 or newer makes them cheap", false},
    [PROBE_LANE] =
        {"fast lane",
         "nothing has to be done: files that may be read are opened more slowly; Linux 6.11 or newer "
         "opens them fast",
         false},
};

bool probe_is_needed(enum probe_part part)
{
    return table[part].needed;
}

const char *probe_name(enum probe_part part)
{
    return table[part].name;
}

const char *probe_next(enum probe_part part)
{
    return table[part].next;
}
