/* attack.h: what attacks share. An attack is one function that tries one way out; it knows the names of what
 * it is after, and nothing of who looks whether it got there: that is test_escape.py, from outside.
 */
#ifndef ESCAPE_ATTACK_H
#define ESCAPE_ATTACK_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What it is after: GOAL_READ a word that lies in what may not be read, to be printed; GOAL_CHANGE what may
 * not be changed; GOAL_RUN the file `marker`, which only a program that may not run would make; GOAL_CONNECT
 * a listener that may not be reached; GOAL_KILL a process outside; GOAL_RECORD nothing: this machine has no
 * such call, but it must be on record. */
#define GOAL_READ "read"
#define GOAL_CHANGE "change"
#define GOAL_RUN "run"
#define GOAL_CONNECT "connect"
#define GOAL_KILL "kill"
#define GOAL_RECORD "record"

struct attack {
    const char *name, *goal, *needs, *what;
    void (*run)(void);
    struct attack *next;
};
void attack_add(struct attack *attack);

/* `needs`: "" or "root". */
#define ATTACK(id, goal_, needs_, what_)                                                                     \
    static void id(void);                                                                                    \
    static struct attack attack_##id = {                                                                     \
        .name = #id, .goal = goal_, .needs = needs_, .what = what_, .run = id};                              \
    __attribute__((constructor)) static void add_##id(void)                                                  \
    {                                                                                                        \
        attack_add(&attack_##id);                                                                            \
    }                                                                                                        \
    static void id(void)

/* Where things are, from the working directory of an attack. */
#define SECRET "secret"           /* may not be read, under whatever name */
#define PRECIOUS "kept/precious"  /* may be read and not changed */
#define OLD_LINK "boxes/keepsake" /* from before, to a file elsewhere that may not be read */
#define OLD_WRITABLE "jotting"    /* the same, to one that may be read and not changed */
#define FORBIDDEN "./forbidden"   /* may not be executed; makes the marker */
#define HELPER "./helper" /* may be executed, but not with the word "evil"; then it makes the marker */
#define ROUNDS 2000

/* Prints what a descriptor holds; does nothing for one that is not open. */
void show(int fd);
const char *absolute(const char *name);
const char *of_environment(const char *name); /* "" where it is not set */
int number_of(const char *name);
void put_file(const char *name, const char *text);

/* A thread that calls `work` until stopped. */
struct meanwhile {
    pthread_t thread;
    volatile bool begun, over;
    void (*work)(void *own);
    void *own;
};
void meanwhile_begin(struct meanwhile *meanwhile, void (*work)(void *own), void *own);
void meanwhile_end(struct meanwhile *meanwhile);

#endif
