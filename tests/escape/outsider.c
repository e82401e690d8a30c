/* outsider.c: a process outside the run, for attacks to aim at: says where it can be found, and ends as soon
 * as anything about it has changed. Its one argument lies in a pipe that nobody reads, in shared memory and
 * in a message queue. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "message.h"

static volatile char word[] = "calm";

/* System V's, which outlive who made them: kept by a child that removes them when this one has ended. */
static struct {
    key_t key;
    int memory, semaphores, queue;
    volatile char *text;
} objects;

static int make_objects(const char *text)
{
    struct message message = {.type = 1};
    do {
        objects.key = (key_t)(getpid() ^ rand() << 8);
        objects.memory = shmget(objects.key, 4096, IPC_CREAT | IPC_EXCL | 0600);
    } while (objects.memory < 0);
    objects.semaphores = semget(objects.key, 1, IPC_CREAT | IPC_EXCL | 0600);
    objects.queue = msgget(objects.key, IPC_CREAT | IPC_EXCL | 0600);
    objects.text = shmat(objects.memory, NULL, 0);
    if (objects.semaphores < 0 || objects.queue < 0 || (intptr_t)objects.text == -1) return -1;
    strcpy((char *)objects.text, text);
    strcpy(message.text, text);
    return msgsnd(objects.queue, &message, sizeof message.text, 0);
}

static void keep_objects(void)
{
    int pair[2];
    char byte;
    if (pipe(pair) || fork()) return;
    setsid();
    close(STDOUT_FILENO);
    close(pair[1]);
    while (read(pair[0], &byte, 1) > 0) {
    }
    shmctl(objects.memory, IPC_RMID, NULL);
    semctl(objects.semaphores, 0, IPC_RMID);
    msgctl(objects.queue, IPC_RMID, NULL);
    _exit(0);
}

static int are_as_they_were(char first)
{
    struct shmid_ds memory;
    struct msqid_ds queue;
    return objects.text[0] == first && !shmctl(objects.memory, IPC_STAT, &memory) &&
           !(memory.shm_perm.mode & SHM_DEST) && (memory.shm_perm.mode & 0777) == 0600 &&
           !semctl(objects.semaphores, 0, GETVAL) && !msgctl(objects.queue, IPC_STAT, &queue) &&
           queue.msg_qnum == 1;
}

int main(int argc, char **argv)
{
    int pair[2];
    struct rlimit first, now;
    if (argc < 2 || pipe(pair) || write(pair[1], argv[1], strlen(argv[1])) < 0) return 1;
    srand((unsigned)getpid());
    if (make_objects(argv[1])) return 1;
    keep_objects();
    getrlimit(RLIMIT_NOFILE, &first);
    printf("%d %d %p %d %d %d %d\n", getpid(), pair[0], (void *)word, (int)objects.key, objects.memory,
           objects.semaphores, objects.queue);
    fflush(stdout);
    do {
        usleep(2000);
        getrlimit(RLIMIT_NOFILE, &now);
    } while (word[0] == 'c' && sched_getscheduler(0) == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) < 10 &&
             now.rlim_cur == first.rlim_cur && are_as_they_were(argv[1][0]));
    return 0;
}
