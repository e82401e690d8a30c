/* objects.c: ways to what another process shares by number: System V's memory, semaphores and queues. */
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "attack.h"
#include "message.h"

static void show_memory(int id)
{
    const char *memory = shmat(id, NULL, SHM_RDONLY);
    if ((intptr_t)memory != -1) puts(memory);
}

static void show_message(int id)
{
    struct message message;
    if (msgrcv(id, &message, sizeof message.text, 0, IPC_NOWAIT) > 0) puts(message.text);
}

ATTACK(memory_by_its_key, GOAL_READ, "", "shmget and shmat of an outsider's memory")
{
    show_memory(shmget(number_of("OUTSIDER_KEY"), 0, 0));
}

ATTACK(memory_by_its_key_as_if_made, GOAL_READ, "", "the same with IPC_CREAT")
{
    show_memory(shmget(number_of("OUTSIDER_KEY"), 4096, IPC_CREAT | 0600));
}

ATTACK(memory_by_its_number, GOAL_READ, "", "shmat by a number that was guessed")
{
    show_memory(number_of("OUTSIDER_MEMORY"));
}

ATTACK(memory_by_more_than_its_number, GOAL_READ, "", "the same, with more bits than the kernel looks at")
{
    long at = syscall(SYS_shmat, number_of("OUTSIDER_MEMORY") | 1l << 32, NULL, SHM_RDONLY);
    if (at != -1) puts((const char *)at); /* NOLINT(performance-no-int-to-ptr) */
}

ATTACK(memory_written, GOAL_KILL, "", "an outsider's memory is written to")
{
    char *memory = shmat(number_of("OUTSIDER_MEMORY"), NULL, 0);
    if ((intptr_t)memory != -1) memory[0] = '!';
}

ATTACK(memory_removed, GOAL_KILL, "", "an outsider's memory is removed")
{
    shmctl(number_of("OUTSIDER_MEMORY"), IPC_RMID, NULL);
}

ATTACK(memory_opened_up, GOAL_KILL, "", "an outsider's memory becomes everybody's")
{
    struct shmid_ds memory;
    if (shmctl(number_of("OUTSIDER_MEMORY"), IPC_STAT, &memory)) return;
    memory.shm_perm.mode = 0666;
    shmctl(number_of("OUTSIDER_MEMORY"), IPC_SET, &memory);
}

ATTACK(semaphores_by_their_key, GOAL_KILL, "", "semop on an outsider's semaphores")
{
    struct sembuf up = {0, 1, 0};
    semop(semget(number_of("OUTSIDER_KEY"), 0, 0), &up, 1);
}

ATTACK(semaphores_by_their_number, GOAL_KILL, "", "the same by a number that was guessed")
{
    struct sembuf up = {0, 1, 0};
    struct timespec now = {0};
    semtimedop(number_of("OUTSIDER_SEMAPHORES"), &up, 1, &now);
}

ATTACK(semaphores_set, GOAL_KILL, "", "semctl on an outsider's semaphores")
{
    semctl(number_of("OUTSIDER_SEMAPHORES"), 0, SETVAL, 7);
}

ATTACK(semaphores_removed, GOAL_KILL, "", "an outsider's semaphores are removed")
{
    semctl(number_of("OUTSIDER_SEMAPHORES"), 0, IPC_RMID);
}

ATTACK(a_message_by_its_queues_key, GOAL_READ, "", "msgget and msgrcv of an outsider's queue")
{
    show_message(msgget(number_of("OUTSIDER_KEY"), 0));
}

ATTACK(a_message_by_its_queues_number, GOAL_READ, "", "msgrcv by a number that was guessed")
{
    show_message(number_of("OUTSIDER_QUEUE"));
}

ATTACK(a_message_sent, GOAL_KILL, "", "msgsnd to an outsider's queue")
{
    const struct message message = {1, "x"};
    msgsnd(number_of("OUTSIDER_QUEUE"), &message, sizeof message.text, IPC_NOWAIT);
}

ATTACK(a_queue_removed, GOAL_KILL, "", "an outsider's queue is removed")
{
    msgctl(number_of("OUTSIDER_QUEUE"), IPC_RMID, NULL);
}
