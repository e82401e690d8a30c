/* races.c: what was looked at is changed before it is used, some thousand times. */
#include <arpa/inet.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include "attack.h"

/* One of two values, in turn, in memory that the call reads. */
struct flip {
    void *at;
    const void *good, *bad;
    size_t size;
};

static void flip(void *own)
{
    struct flip *two = own;
    memcpy(two->at, two->bad, two->size);
    memcpy(two->at, two->good, two->size);
}

/* Prints what is behind a descriptor when it is longer than what lies in `plain`. */
static void show_if_secret(int fd)
{
    char text[256];
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (got > 10 && write(STDOUT_FILENO, text, (size_t)got) < 0) perror("write");
    if (fd >= 0) close(fd);
}

ATTACK(a_path_that_changes, GOAL_READ, "", "the string of a path is changed by another thread")
{
    static char path[8] = "plain\0";
    struct meanwhile meanwhile;
    struct flip two = {path, "plain\0", SECRET, 7};
    meanwhile_begin(&meanwhile, flip, &two);
    for (int i = 0; i < ROUNDS; i++)
        show_if_secret(open(path, O_RDONLY));
    meanwhile_end(&meanwhile);
}

static void turn_link(void *unused)
{
    (void)unused;
    symlink("plain", "one");
    rename("one", "link");
    symlink(SECRET, "two");
    rename("two", "link");
}

ATTACK(a_link_that_turns, GOAL_READ, "", "a symbolic link turns between two files")
{
    struct meanwhile meanwhile;
    meanwhile_begin(&meanwhile, turn_link, NULL);
    for (int i = 0; i < ROUNDS; i++)
        show_if_secret(open("link", O_RDONLY));
    meanwhile_end(&meanwhile);
}

static void turn_directory(void *unused)
{
    (void)unused;
    symlink("public", "one");
    rename("one", "way");
    symlink("private", "two");
    rename("two", "way");
}

ATTACK(a_directory_that_turns, GOAL_READ, "", "a directory of the path is a link that turns")
{
    struct meanwhile meanwhile;
    meanwhile_begin(&meanwhile, turn_directory, NULL);
    for (int i = 0; i < ROUNDS; i++)
        show_if_secret(open("way/key", O_RDONLY));
    meanwhile_end(&meanwhile);
}

struct places {
    int at, good, bad;
};

static void turn_descriptor(void *own)
{
    const struct places *places = own;
    dup2(places->bad, places->at);
    dup2(places->good, places->at);
}

ATTACK(a_base_that_changes, GOAL_READ, "", "dup2 changes the directory that openat begins from")
{
    struct meanwhile meanwhile;
    struct places places = {100, open("public", O_PATH), open("private", O_PATH)};
    dup2(places.good, places.at);
    meanwhile_begin(&meanwhile, turn_descriptor, &places);
    for (int i = 0; i < ROUNDS; i++)
        show_if_secret(openat(places.at, "key", O_RDONLY));
    meanwhile_end(&meanwhile);
}

ATTACK(flags_that_change, GOAL_CHANGE, "", "the flags of openat2 are changed by another thread")
{
    static struct open_how how, good = {.flags = O_RDONLY}, bad = {.flags = O_RDWR | O_TRUNC};
    struct meanwhile meanwhile;
    struct flip two = {&how, &good, &bad, sizeof how};
    how = good;
    meanwhile_begin(&meanwhile, flip, &two);
    for (int i = 0; i < ROUNDS; i++)
        close((int)syscall(SYS_openat2, AT_FDCWD, PRECIOUS, &how, sizeof how));
    meanwhile_end(&meanwhile);
}

ATTACK(a_mode_for_another, GOAL_CHANGE, "", "dup2 against fchmod")
{
    struct meanwhile meanwhile;
    struct places places = {100, open("plain", O_RDONLY), open(PRECIOUS, O_RDONLY)};
    dup2(places.good, places.at);
    meanwhile_begin(&meanwhile, turn_descriptor, &places);
    for (int i = 0; i < ROUNDS; i++)
        fchmod(places.at, 0700);
    meanwhile_end(&meanwhile);
}

ATTACK(flags_for_another, GOAL_CHANGE, "", "dup2 against FS_IOC_SETFLAGS")
{
    struct meanwhile meanwhile;
    struct places places = {100, open("plain", O_RDONLY), open(PRECIOUS, O_RDONLY)};
    int flags = 0;
    ioctl(places.good, FS_IOC_GETFLAGS, &flags);
    flags |= FS_NODUMP_FL;
    dup2(places.good, places.at);
    meanwhile_begin(&meanwhile, turn_descriptor, &places);
    for (int i = 0; i < ROUNDS; i++)
        ioctl(places.at, FS_IOC_SETFLAGS, &flags);
    meanwhile_end(&meanwhile);
}

static void turn_victim(void *unused)
{
    (void)unused;
    symlink("scratch", "one");
    rename("one", "way");
    symlink("kept", "two");
    rename("two", "way");
}

ATTACK(removed_by_a_link_that_turns, GOAL_CHANGE, "", "unlink through a directory that turns")
{
    struct meanwhile meanwhile;
    mkdir("scratch", 0700);
    meanwhile_begin(&meanwhile, turn_victim, NULL);
    for (int i = 0; i < ROUNDS; i++)
        unlink("way/precious");
    meanwhile_end(&meanwhile);
}

ATTACK(made_by_a_link_that_turns, GOAL_CHANGE, "", "O_CREAT through a directory that turns")
{
    struct meanwhile meanwhile;
    mkdir("scratch", 0700);
    meanwhile_begin(&meanwhile, turn_victim, NULL);
    for (int i = 0; i < ROUNDS; i++)
        close(open("way/new", O_CREAT | O_WRONLY, 0600));
    meanwhile_end(&meanwhile);
}

ATTACK(bound_by_a_link_that_turns, GOAL_CHANGE, "", "bind through a directory that turns")
{
    struct meanwhile meanwhile;
    struct sockaddr_un address = {AF_UNIX, "way/new.sock"};
    mkdir("scratch", 0700);
    meanwhile_begin(&meanwhile, turn_victim, NULL);
    for (int i = 0; i < ROUNDS / 4; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (!bind(fd, (struct sockaddr *)&address, sizeof address)) unlink("scratch/new.sock");
        close(fd);
    }
    meanwhile_end(&meanwhile);
}

static void turn_downwards(void *unused)
{
    (void)unused;
    symlink(".", "one");
    rename("one", "way");
    symlink("kept", "two");
    rename("two", "way");
}

ATTACK(bound_by_a_link_that_turns_downwards, GOAL_CHANGE, "", "the same, where it lies below the good one")
{
    struct meanwhile meanwhile;
    struct sockaddr_un address = {AF_UNIX, "way/new.sock"};
    meanwhile_begin(&meanwhile, turn_downwards, NULL);
    for (int i = 0; i < 2 * ROUNDS; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (!bind(fd, (struct sockaddr *)&address, sizeof address)) unlink("new.sock");
        close(fd);
    }
    meanwhile_end(&meanwhile);
}

ATTACK(bound_where_the_string_says, GOAL_CHANGE, "", "the address of a bind is changed by another thread")
{
    static struct sockaddr_un address = {AF_UNIX, "scratch/"}, good = {AF_UNIX, "scratch/new.sock"},
                              bad = {AF_UNIX, "kept/new.sock"};
    struct meanwhile meanwhile;
    struct flip two = {&address, &good, &bad, sizeof address};
    mkdir("scratch", 0700);
    meanwhile_begin(&meanwhile, flip, &two);
    for (int i = 0; i < ROUNDS / 4; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (!bind(fd, (struct sockaddr *)&address, sizeof address)) unlink("scratch/new.sock");
        close(fd);
    }
    meanwhile_end(&meanwhile);
}

ATTACK(an_address_that_changes, GOAL_CONNECT, "", "the address of a connect is changed by another thread")
{
    static struct sockaddr_in address, good, bad;
    struct meanwhile meanwhile;
    good =
        (struct sockaddr_in){AF_INET, htons((uint16_t)number_of("OPEN_PORT")), {htonl(INADDR_LOOPBACK)}, {0}};
    address = bad = good;
    bad.sin_port = htons((uint16_t)number_of("CLOSED_PORT"));
    struct flip two = {&address, &good, &bad, sizeof address};
    meanwhile_begin(&meanwhile, flip, &two);
    for (int i = 0; i < ROUNDS / 3; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        connect(fd, (struct sockaddr *)&address, sizeof address);
        close(fd);
    }
    meanwhile_end(&meanwhile);
}

ATTACK(a_socket_for_another, GOAL_CONNECT, "",
       "the socket of a connect is another one by the time it is made")
{
    static struct sockaddr_un address = {AF_UNIX, "way/listener"};
    struct meanwhile meanwhile;
    extern void turn_listener(void *unused);
    meanwhile_begin(&meanwhile, turn_listener, NULL);
    for (int i = 0; i < ROUNDS / 3; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&address, sizeof address);
        close(fd);
    }
    meanwhile_end(&meanwhile);
}

void turn_listener(void *unused)
{
    (void)unused;
    symlink("listeners/open", "one");
    rename("one", "way");
    symlink("listeners/closed", "two");
    rename("two", "way");
}

/* ---- programs ---- */

#define EXECS 300

/* Each round in a child that shares memory with whoever changes it. */
static void execute_often(const char *path, char *const *words)
{
    for (int i = 0; i < EXECS && access("marker", F_OK); i++) {
        pid_t child = vfork();
        if (!child) {
            syscall(SYS_execve, path, words, NULL);
            _exit(1);
        }
        waitpid(child, NULL, 0);
    }
}

ATTACK(words_that_change, GOAL_RUN, "", "the words of an exec are changed by another thread")
{
    static char text[8] = "good";
    static char *words[] = {"helper", text, NULL};
    struct meanwhile meanwhile;
    struct flip two = {text, "good", "evil", 4};
    meanwhile_begin(&meanwhile, flip, &two);
    execute_often(HELPER, words);
    meanwhile_end(&meanwhile);
}

ATTACK(a_vector_that_changes, GOAL_RUN, "", "the vector of an exec is changed by another thread")
{
    static char *words[] = {"helper", "good", NULL}, *good = "good", *bad = "evil";
    struct meanwhile meanwhile;
    struct flip two = {&words[1], &good, &bad, sizeof good};
    meanwhile_begin(&meanwhile, flip, &two);
    execute_often(HELPER, words);
    meanwhile_end(&meanwhile);
}

ATTACK(a_program_path_that_changes, GOAL_RUN, "", "the path of an exec is changed by another thread")
{
    static char path[16] = "./helper\0\0";
    static char *words[] = {"helper", "good", NULL};
    struct meanwhile meanwhile;
    struct flip two = {path, "./helper\0\0", "./forbidden", 11};
    meanwhile_begin(&meanwhile, flip, &two);
    execute_often(path, words);
    meanwhile_end(&meanwhile);
}

static void turn_program(void *unused)
{
    (void)unused;
    symlink("helper", "one");
    rename("one", "program");
    symlink("forbidden", "two");
    rename("two", "program");
}

ATTACK(a_program_that_turns, GOAL_RUN, "", "the program of an exec is a link that turns")
{
    static char *words[] = {"helper", "good", NULL};
    struct meanwhile meanwhile;
    meanwhile_begin(&meanwhile, turn_program, NULL);
    execute_often("./program", words);
    meanwhile_end(&meanwhile);
}

ATTACK(an_interpreter_that_turns, GOAL_RUN, "", "the interpreter of a script is a link that turns")
{
    char text[PATH_MAX + 8];
    static char *words[] = {"script", NULL};
    struct meanwhile meanwhile;
    snprintf(text, sizeof text, "#!%s\n", absolute("program"));
    put_file("scripts/turning", text);
    meanwhile_begin(&meanwhile, turn_program, NULL);
    execute_often("scripts/turning", words);
    meanwhile_end(&meanwhile);
}

ATTACK(an_elf_interpreter_that_turns, GOAL_RUN, "", "the ELF interpreter of a program is a link that turns")
{
    static char *words[] = {"odd", NULL};
    struct meanwhile meanwhile;
    meanwhile_begin(&meanwhile, turn_program, NULL);
    execute_often("scripts/odd-turning", words);
    meanwhile_end(&meanwhile);
}

ATTACK(a_program_descriptor_that_changes, GOAL_RUN, "", "dup2 against execveat of a descriptor")
{
    static char *words[] = {"helper", "good", NULL};
    struct meanwhile meanwhile;
    struct places places = {100, open(HELPER, O_PATH), open(FORBIDDEN, O_PATH)};
    dup2(places.good, places.at);
    meanwhile_begin(&meanwhile, turn_descriptor, &places);
    for (int i = 0; i < EXECS && access("marker", F_OK); i++) {
        pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
        if (!child) {
            syscall(SYS_execveat, places.at, "", words, NULL, AT_EMPTY_PATH);
            _exit(1);
        }
        waitpid(child, NULL, 0);
    }
    meanwhile_end(&meanwhile);
}
