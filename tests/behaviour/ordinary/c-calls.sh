# C: threads, fork, pipes, epoll, timers, shared memory, semaphores, inotify, sockets on localhost, its own /proc, as one program
# needs: gcc

set -e
cat > calls.c <<'END'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>
static void *thread(void *fd) { return (void *)(long)write(*(int *)fd, "t", 1); }
int main(void) {
    int p[2]; pthread_t t; char c, name[64]; if (pipe(p)) return 1;
    pthread_create(&t, NULL, thread, &p[1]); pthread_join(t, NULL); printf("%zd\n", read(p[0], &c, 1));
    int e = epoll_create1(0), v = eventfd(1, 0), n = inotify_init1(0), w = inotify_add_watch(n, ".", IN_CREATE);
    struct epoll_event ev = {.events = EPOLLIN}; epoll_ctl(e, EPOLL_CTL_ADD, v, &ev); printf("%d %d\n", epoll_wait(e, &ev, 1, 100), w);
    close(open("watched", O_CREAT | O_WRONLY, 0600)); char event[400]; printf("%d\n", read(n, event, sizeof event) > 0); unlink("watched");
    snprintf(name, sizeof name, "/calls-%d", getpid()); int m = shm_open(name, O_CREAT | O_RDWR, 0600); if (ftruncate(m, 4096)) return 2;
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0); sem_t *s = sem_open(name, O_CREAT, 0600, 0);
    if (!fork()) { strcpy(memory, "from the child"); sem_post(s); _exit(0); }
    sem_wait(s); wait(NULL); puts(memory); shm_unlink(name); sem_unlink(name);
    int l = socket(AF_INET, SOCK_STREAM, 0), k = socket(AF_INET, SOCK_STREAM, 0); struct sockaddr_in a = {.sin_family = AF_INET}; socklen_t z = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK); bind(l, (void *)&a, z); listen(l, 1); getsockname(l, (void *)&a, &z); printf("%d\n", connect(k, (void *)&a, z));
    FILE *f = popen("echo popen", "r"); if (fgets(event, 99, f)) fputs(event, stdout); pclose(f); fflush(stdout); if (system("echo system")) return 3;
    f = tmpfile(); fputs("x", f); fclose(f); char t1[] = "/tmp/calls-XXXXXX"; close(mkstemp(t1)); unlink(t1); int td = timerfd_create(CLOCK_MONOTONIC, 0); close(td);
    f = fopen("/proc/self/status", "r"); printf("%d %d\n", f != NULL, access("/etc/passwd", R_OK)); execlp("echo", "echo", "execlp", NULL); return 4;
}
END
gcc -o calls calls.c -pthread && ./calls && rm calls
