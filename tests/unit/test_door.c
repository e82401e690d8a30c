/* The door in a process of its own: what lies in the session's directory, who is let in, and the command
 * itself. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/door/door.h"
#include "../../launcher/questions/questions.h"
#include "../../launcher/records/audit.h"
#include "../../shim/wire.h"

static char directory[64];
static struct run_options options;
static struct session session;
static char *why;

void session_interrupt(struct session *interrupted)
{
    interrupted->ending = true;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void load_policy(void)
{
    char path[96];
    struct diagnostics said = {0};
    snprintf(path, sizeof path, "%s/policy.yaml", directory);
    write_file(path, "askfirst: 1\nexec:\n  - deny: rm\n  - ask: mv\n  - allow: '/**'\n");
    session.places = (struct places){
        .home = "/home/ada", .user = "ada", .workspace = "/work", .tmp = "/tmp", .search_path = "/usr/bin"};
    struct policy_options from = {.places = &session.places, .policy_file = path, .no_files = true};
    session.policy = policy_load(&from, &said);
    if (!session.policy) diagnostics_print(&said, stderr);
    assert_non_null(session.policy);
    assert_int_equal(policy_compile(session.policy, &session.image, &session.image_size, &said), 0);
    diagnostics_free(&said);
    unlink(path);
}

static void begin(void)
{
    static const char *const nobody[] = {"deny"};
    strcpy(directory, "/tmp/door-XXXXXX");
    assert_non_null(mkdtemp(directory));
    options = (struct run_options){.approve = nobody,
                                   .approve_count = 1,
                                   .ask_timeout_ms = -1,
                                   .audit = directory,
                                   .quiet = true,
                                   .guard = GUARD_SHIM};
    session = (struct session){.options = &options, .id = "s", .dir = directory, .loop = loop_new()};
    load_policy();
    session.audit = audit_open(&session, &why);
    assert_non_null(session.audit);
    session.questions = questions_new(&session, &why);
    assert_non_null(session.questions);
}

static void finish(void)
{
    static const char *const files[] = {"door", "hello", "policy", "s.jsonl"};
    char path[96];
    questions_close(session.questions, 0);
    door_close(session.door);
    audit_close(session.audit, 0);
    policy_free(session.policy);
    free(session.image);
    loop_free(session.loop);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(directory), 0);
}

static void open_door(void)
{
    session.door = door_open(&session, &why);
    assert_non_null(session.door);
}

static void stop(void *context)
{
    loop_stop(context);
}

static void run_for(int64_t milliseconds)
{
    loop_after(session.loop, milliseconds, stop, session.loop);
    loop_run(session.loop);
}

static mode_t mode_of(const char *name, off_t *size)
{
    char path[96];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(lstat(path, &status), 0);
    if (size) *size = status.st_size;
    return status.st_mode;
}

static void policy_and_socket_lie_in_the_sessions_directory(void **state)
{
    (void)state;
    off_t size;
    begin();
    open_door();
    assert_int_equal(mode_of("policy", &size), S_IFREG | 0400);
    assert_int_equal((size_t)size, WIRE_NAMES_SIZE + session.image_size);
    assert_int_equal(mode_of("door", NULL), S_IFSOCK | 0600);
    assert_int_equal(mode_of("hello", NULL), S_IFSOCK | 0600);
    finish();
}

static void a_directory_that_cannot_be_used_is_an_error(void **state)
{
    (void)state;
    char deep[160];
    begin();
    session.dir = "/proc/nowhere";
    assert_null(door_open(&session, &why));
    free(why);
    memset(deep, 'x', sizeof deep); /* longer than the address of a socket may be */
    deep[0] = '/';
    memcpy(deep, directory, strlen(directory));
    deep[strlen(directory)] = '/';
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(mkdir(deep, 0700), 0);
    session.dir = deep;
    assert_null(door_open(&session, &why));
    assert_non_null(strstr(why, "File name too long"));
    free(why);
    char policy[200];
    snprintf(policy, sizeof policy, "%s/policy", deep);
    unlink(policy);
    rmdir(deep);
    session.dir = directory;
    open_door();
    finish();
}

/* ---- who speaks ---- */

/* In a child: asks whether it may execute PROGRAM. Exits with the verdict, or 9 where none came. */
static void ask(const char *program)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct {
        struct wire_request head;
        char body[200];
    } request = {.head = {.magic = WIRE_MAGIC, .kind = WIRE_EXEC, .id = 5, .strings = 3, .tid = getpid()}};
    struct wire_answer answer = {0};
    int length =
        snprintf(request.body, sizeof request.body, "%s%c%s%c%s", program, 0, program, 0, program) + 1;
    request.head.body_length = (uint32_t)length;
    snprintf(address.sun_path, sizeof address.sun_path, "%s/door", directory);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) _exit(8);
    if (send(fd, &request, sizeof request.head + (size_t)length, MSG_NOSIGNAL) < 0) _exit(9);
    if (recv(fd, &answer, sizeof answer, 0) < (ssize_t)sizeof answer) _exit(9);
    struct wire_request failed = {.magic = WIRE_MAGIC, .kind = WIRE_FAILED};
    send(fd, &failed, sizeof failed, MSG_NOSIGNAL);
    _exit(answer.id == 5 && answer.magic == WIRE_MAGIC ? (int)answer.verdict : 7);
}

static int end_of(pid_t pid)
{
    int status;
    for (int tries = 0; tries < 100; tries++) {
        run_for(20);
        if (waitpid(pid, &status, WNOHANG) == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    fail_msg("no answer came");
    return -1;
}

static pid_t asker(const char *program)
{
    pid_t pid = fork();
    if (pid == 0) ask(program);
    return pid;
}

static void a_child_is_answered(void **state)
{
    (void)state;
    begin();
    open_door();
    assert_int_equal(end_of(asker("/usr/bin/true")), WIRE_GO);
    assert_int_equal(end_of(asker("/usr/bin/rm")), WIRE_NO);
    assert_int_equal(end_of(asker("/usr/bin/mv")), WIRE_NO); /* nobody is there who would say yes */
    assert_int_equal((int)session.asked, 1);
    assert_int_equal((int)session.denied, 2);
    finish();
}

static void an_orphan_that_was_adopted_is_answered(void **state)
{
    (void)state;
    begin();
    open_door();
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    int out[2];
    pid_t pid, grandchild = 0;
    assert_int_equal(pipe(out), 0);
    if ((pid = fork()) == 0) {
        grandchild = fork();
        if (grandchild == 0) {
            while (getppid() == pid)
                usleep(1000);
            usleep(20000);
            ask("/usr/bin/true");
        }
        _exit(write(out[1], &grandchild, sizeof grandchild) == sizeof grandchild ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(read(out[0], &grandchild, sizeof grandchild), sizeof grandchild);
    assert_int_equal(end_of(grandchild), WIRE_GO);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    close(out[0]);
    close(out[1]);
    finish();
}

static void who_is_not_below_the_keeper_is_not_answered(void **state)
{
    (void)state;
    begin();
    open_door();
    pid_t keeper = fork();
    if (keeper == 0) _exit(pause());
    session.keeper = keeper;
    assert_int_equal(end_of(asker("/usr/bin/true")), 9);
    kill(keeper, SIGKILL);
    waitpid(keeper, NULL, 0);
    finish();
}

/* ---- the command itself ---- */

struct decision_heard {
    int count;
    bool go;
    char message[512];
};

static void heard(void *context, bool go, const char *message)
{
    struct decision_heard *decision = context;
    decision->count++;
    decision->go = go;
    snprintf(decision->message, sizeof decision->message, "%s", message ? message : "");
}

static struct decision_heard judged(const char *program)
{
    struct decision_heard decision = {0};
    char *argv[] = {(char *)(uintptr_t)program, NULL};
    door_judge_command(session.door, program, argv, heard, &decision);
    if (!decision.count) run_for(20); /* somebody had to be asked */
    assert_int_equal(decision.count, 1);
    return decision;
}

static void the_command_is_judged_as_any_other(void **state)
{
    (void)state;
    begin();
    open_door();
    assert_true(judged("/usr/bin/true").go);
    struct decision_heard refused = judged("/usr/bin/rm");
    assert_false(refused.go);
    assert_non_null(strstr(refused.message, "askfirst: denied: /usr/bin/rm\n"));
    assert_false(judged("/usr/bin/mv").go);
    assert_non_null(strstr(judged("/nowhere").message, "No such file"));
    assert_non_null(strstr(judged("/bin/busybox").message, "static program"));
    session.ending = true;
    assert_non_null(strstr(judged("/usr/bin/mv").message, "the run is ending"));
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_and_socket_lie_in_the_sessions_directory),
        cmocka_unit_test(a_directory_that_cannot_be_used_is_an_error),
        cmocka_unit_test(a_child_is_answered),
        cmocka_unit_test(an_orphan_that_was_adopted_is_answered),
        cmocka_unit_test(who_is_not_below_the_keeper_is_not_answered),
        cmocka_unit_test(the_command_is_judged_as_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
