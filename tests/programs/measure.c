/* measure.c: how long a thing takes, in nanoseconds, the median of rounds: `measure open PATH`, `measure
 * spawn PROGRAM`. `measure answer R W` is an approver that says yes as soon as it is asked. */
#include <dirent.h>
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

static char files[1500][300];
static int file_count, file_next;

static void list_files(const char *directory)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;
    while (stream && file_count < 1500 && (entry = readdir(stream)))
        if (entry->d_type == DT_REG)
            snprintf(files[file_count++], sizeof *files, "%s/%.200s", directory, entry->d_name);
    if (stream) closedir(stream);
}

/* More of them in turn than anybody would remember. */
static void open_the_next(const char *directory)
{
    (void)directory;
    open_and_close(files[file_next]);
    file_next = (file_next + 1) % file_count;
}

static void spawn_and_wait(const char *path)
{
    char *const argv[] = {(char *)path, NULL};
    pid_t pid;
    int status;
    if (posix_spawn(&pid, path, NULL, NULL, argv, environ) || waitpid(pid, &status, 0) != pid || status)
        exit(1);
}

static int answer_at_once(int questions, int answers)
{
    char *line = NULL;
    size_t room = 0;
    FILE *from = fdopen(questions, "r");
    while (from && getline(&line, &room, from) > 0) {
        const char *id = strstr(line, "\"id\":");
        if (strstr(line, "\"type\":\"ask\"") && id)
            dprintf(answers, "{\"type\":\"answer\",\"id\":%ld,\"decision\":\"allow\",\"scope\":\"once\"}\n",
                    strtol(id + 5, NULL, 10));
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const struct thing {
    const char *name;
    void (*once)(const char *);
    int times;
} things[] = {{"open", open_and_close, 20000},
              {"files", open_the_next, 20000},
              {"ask", open_and_close, 100},
              {"spawn", spawn_and_wait, 60}};
#define THINGS (sizeof things / sizeof *things)

int main(int argc, char **argv)
{
    double took[ROUNDS];
    const struct thing *thing = things;
    if (argc == 4 && !strcmp(argv[1], "answer")) return answer_at_once(atoi(argv[2]), atoi(argv[3]));
    if (argc != 3) return 2;
    while (thing < things + THINGS && strcmp(thing->name, argv[1]))
        thing++;
    if (thing == things + THINGS) return 2;
    list_files(argv[2]);
    for (int round = 0; round < ROUNDS; round++) {
        double before = now();
        for (int i = 0; i < thing->times; i++)
            thing->once(argv[2]);
        took[round] = (now() - before) / thing->times;
    }
    qsort(took, ROUNDS, sizeof *took, by_value);
    printf("%.0f\n", took[ROUNDS / 2]);
    return 0;
}
