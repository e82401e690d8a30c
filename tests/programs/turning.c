/* turning PATH: connects to a listener that has no room, by a socket that another thread makes wait and not
 * wait in turn; then opens PATH, and says what came of that. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct sockaddr_un address = {AF_UNIX, "open.sock"};
static int turning;
enum { CONNECTING = 100 };

static void *turn(void *own)
{
    for (;;) {
        fcntl(turning, F_SETFL, O_NONBLOCK);
        fcntl(turning, F_SETFL, 0);
    }
    return own;
}

static void *connect_on(void *own)
{
    for (;;) {
        fcntl(turning, F_SETFL, O_NONBLOCK);
        connect(turning, (const struct sockaddr *)&address, sizeof address);
    }
    return own;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int full = socket(AF_UNIX, SOCK_STREAM, 0), first = socket(AF_UNIX, SOCK_STREAM, 0);
    turning = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc != 2 || bind(full, (const struct sockaddr *)&address, sizeof address) || listen(full, 0))
        return 1;
    if (connect(first, (const struct sockaddr *)&address, sizeof address)) return 1;
    if (pthread_create(&thread, NULL, turn, NULL)) return 1;
    for (int i = 0; i < CONNECTING; i++) /* who is made to wait is lost for this */
        if (pthread_create(&thread, NULL, connect_on, NULL)) return 1;
    sleep(1);
    puts(open(argv[1], O_RDONLY) < 0 ? strerror(errno) : "opened");
    fflush(stdout);
    _exit(0);
}
