/* outsider.c: a process outside the run, for attacks to aim at: says where it can be found, and ends as soon
 * as anything about it has changed. Its one argument lies in a pipe that nobody reads. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static volatile char word[] = "calm";

int main(int argc, char **argv)
{
    int pair[2];
    struct rlimit first, now;
    if (argc < 2 || pipe(pair) || write(pair[1], argv[1], strlen(argv[1])) < 0) return 1;
    getrlimit(RLIMIT_NOFILE, &first);
    printf("%d %d %p\n", getpid(), pair[0], (void *)word);
    fflush(stdout);
    do {
        usleep(2000);
        getrlimit(RLIMIT_NOFILE, &now);
    } while (word[0] == 'c' && sched_getscheduler(0) == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) < 10 &&
             now.rlim_cur == first.rlim_cur);
    return 0;
}
