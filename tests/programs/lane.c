/* lane: prints the names that stand in this program's fast lane (shim/lane.h), or "none" where there is none.
 *
 *     lane            as it is
 *     lane thread     from a program that a thread has executed
 *     lane vfork      from a child of vfork
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../shim/lane.h"

static void print(void)
{
    const char *lane = (const char *)(uintptr_t)LANE_AT;
    const struct lane_head *head = (const void *)lane;
    unsigned char state;
    if (mincore((void *)(uintptr_t)LANE_AT, 1, &state)) {
        puts("none");
        return;
    }
    printf("lane %s\n", head->magic == LANE_MAGIC ? "sound" : "unsound");
    for (unsigned slot = 0; slot < head->used; slot++)
        puts(lane + LANE_NAMES_AT + slot * LANE_SLOT);
}

static void *execute(void *self)
{
    execl(self, self, (char *)NULL);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "thread")) {
        pthread_t thread;
        if (!pthread_create(&thread, NULL, execute, argv[0])) pthread_join(thread, NULL);
        return 1;
    }
    if (argc > 1 && !strcmp(argv[1], "vfork")) {
        pid_t child = vfork();
        if (!child) {
            execl(argv[0], argv[0], (char *)NULL);
            _exit(1);
        }
        return waitpid(child, NULL, 0) != child;
    }
    print();
    return 0;
}
