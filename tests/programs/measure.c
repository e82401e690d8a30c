/* measure.c: how long a thing takes, in nanoseconds, the median of rounds: `measure open PATH`, `measure
 * spawn PROGRAM`. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 15

extern char **environ;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void open_and_close(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) perror(path), exit(1);
    close(fd);
}

static void spawn_and_wait(const char *path)
{
    char *const argv[] = {(char *)path, NULL};
    pid_t pid;
    int status;
    if (posix_spawn(&pid, path, NULL, NULL, argv, environ) || waitpid(pid, &status, 0) != pid || status)
        exit(1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    double took[ROUNDS];
    if (argc != 3) return 2;
    int opens = !strcmp(argv[1], "open"), times = opens ? 20000 : 60;
    void (*thing)(const char *) = opens ? open_and_close : spawn_and_wait;
    for (int round = 0; round < ROUNDS; round++) {
        double before = now();
        for (int i = 0; i < times; i++)
            thing(argv[2]);
        took[round] = (now() - before) / times;
    }
    qsort(took, ROUNDS, sizeof *took, by_value);
    printf("%.0f\n", took[ROUNDS / 2]);
    return 0;
}
