/* executing ROUNDS: threads, and processes beside them, execute true(1) at the same time; says which never
 * got there. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BESIDE = 6, PATIENCE_MS = 5000 };

static void *execute(void *own)
{
    execl("/bin/true", "true", NULL);
    return own;
}

static bool has_ended(pid_t child)
{
    for (int i = 0; i < PATIENCE_MS; i++) {
        int status;
        if (waitpid(child, &status, WNOHANG) == child) return !status;
        usleep(1000);
    }
    kill(child, SIGKILL);
    return false;
}

static int go_on(int rounds, bool by_a_thread)
{
    for (int i = 0; i < rounds; i++) {
        pthread_t thread;
        pid_t child = fork();
        if (!child && by_a_thread && !pthread_create(&thread, NULL, execute, NULL)) pause();
        if (!child) execute(NULL);
        if (!child) _exit(1);
        if (!has_ended(child)) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int bad = argc != 2, status;
    for (int i = 0; i < BESIDE && !bad; i++)
        if (!fork()) _exit(go_on(atoi(argv[1]), i % 2));
    while (wait(&status) > 0)
        bad |= status;
    puts(bad ? "some never got there" : "all executed it");
    return 0;
}
