/* actors.c: ways to be taken for the one program that may read a file. */
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>

#include "attack.h"

#define HELD "held"              /* may be read by ACTOR alone */
#define ACTOR "/usr/bin/true"    /* which never does */
#define READER "/usr/bin/cat"    /* may be executed, and would */
#define OWN_ACTOR "scripts/true" /* of that name, and may be executed too */

static void read_as(const char *program)
{
    execl(program, "true", HELD, NULL);
}

ATTACK(under_the_actors_name, GOAL_READ, "", "another program, which is told that it is the one")
{
    prctl(PR_SET_NAME, "true");
    read_as(READER);
}

ATTACK(by_a_link_called_like_the_actor, GOAL_READ, "", "another program by a link of that name")
{
    if (!symlink(READER, OWN_ACTOR)) read_as(OWN_ACTOR);
}

ATTACK(a_copy_called_like_the_actor, GOAL_READ, "", "a program of that name, which was just made")
{
    int from = open(READER, O_RDONLY), to = open(OWN_ACTOR, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    while (sendfile(to, from, NULL, 1 << 20) > 0)
        ;
    close(to);
    read_as(OWN_ACTOR);
}

ATTACK(the_actor_as_a_word_of_the_loader, GOAL_READ, "",
       "ld.so, which is told that its program is called like the one")
{
    execl("/lib64/ld-linux-x86-64.so.2", "true", "--argv0", "true", READER, HELD, NULL);
}

ATTACK(mounted_over_the_actor, GOAL_READ, "",
       "a namespace in which another program lies where the one should")
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) return;
    if (!mount(READER, ACTOR, NULL, MS_BIND, NULL)) read_as(ACTOR);
}

static void read_it(void *own)
{
    (void)own;
    show(open(HELD, O_RDONLY));
}

ATTACK(a_thread_while_the_process_becomes_the_actor, GOAL_READ, "",
       "one thread reads while another executes the one")
{
    struct meanwhile meanwhile;
    meanwhile_begin(&meanwhile, read_it, NULL);
    usleep(2000);
    read_as(ACTOR);
}
