/* What the launcher finds out about whoever asks: from the caller's directory and root, in its own name. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/look/facts.h"
#include "../../shim/wire.h"

static struct wire_notes notes;
#define note (notes.of[0]) /* of the only thread */

/* A child that has done `prepare`, and then waits to be looked at. */
static pid_t child_that(void (*prepare)(void))
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ready[0]);
        prepare();
        _exit(write(ready[1], "x", 1) == 1 ? pause() : 1);
    }
    close(ready[1]); /* so that a child that has failed is heard of */
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static struct caller caller_of(pid_t pid)
{
    struct caller caller;
    assert_true(caller_find(&caller, pid, pid));
    return caller;
}

static char *path_of(const struct caller *caller, const char *path)
{
    struct found found;
    if (!found_open(&found, caller, path, 0)) return NULL;
    char *real = strdup(found.path);
    found_close(&found);
    return real;
}

static void assert_leads_to(const struct caller *caller, const char *path, const char *real)
{
    char *found = path_of(caller, path);
    assert_non_null(found);
    assert_string_equal(found, real);
    free(found);
}

static void in_etc(void)
{
    if (chdir("/etc") != 0) _exit(1);
    close(0);
    if (open("/etc/hosts", O_RDONLY | O_CLOEXEC) != 0) _exit(1);
}

static void paths_are_the_callers(void **state)
{
    (void)state;
    pid_t pid = child_that(in_etc);
    struct caller caller = caller_of(pid);
    char self[32];
    snprintf(self, sizeof self, "/proc/%d", (int)pid);
    assert_leads_to(&caller, "hosts", "/etc/hosts");
    assert_leads_to(&caller, "../etc/hosts", "/etc/hosts");
    assert_leads_to(&caller, "/proc/self", self);
    assert_leads_to(&caller, "/proc/self/fd/0", "/etc/hosts");
    assert_leads_to(&caller, "/proc/thread-self/fd/0", "/etc/hosts");
    assert_leads_to(&caller, "/dev/fd/0", "/etc/hosts");
    assert_leads_to(&caller, "/dev/stdin", "/etc/hosts");
    assert_null(path_of(&caller, "/proc/selfish"));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(facts_stdin(&caller, NULL), STDIN_FILE);
    char *cwd = facts_cwd(&caller);
    assert_string_equal(cwd, "/etc");
    free(cwd);
    end(pid);
}

static char jail[] = "/tmp/jail-XXXXXX";

/* Whoever may not change the root does so in a user namespace of their own. */
static void in_jail(void)
{
    if (geteuid() != 0 && unshare(CLONE_NEWUSER) != 0) _exit(1);
    if (chroot(jail) != 0 || chdir("/inner") != 0) _exit(1);
}

/* An absolute path begins at the caller's root, and a link there does not lead out of it. */
static void another_root_is_the_callers(void **state)
{
    (void)state;
    char path[64], real[64];
    assert_non_null(mkdtemp(jail));
    snprintf(path, sizeof path, "%s/inner", jail);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(real, sizeof real, "%s/inner/file", jail);
    close(open(real, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    snprintf(path, sizeof path, "%s/link", jail);
    assert_int_equal(symlink("/inner/file", path), 0);
    pid_t pid = child_that(in_jail);
    struct caller caller = caller_of(pid);
    assert_true(caller.elsewhere);
    assert_leads_to(&caller, "/inner/file", real);
    assert_leads_to(&caller, "/link", real);
    assert_leads_to(&caller, "file", real);
    assert_leads_to(&caller, "/../../../inner/file", real);
    assert_null(path_of(&caller, "/etc/hosts"));
    end(pid);
    unlink(path);
    unlink(real);
    snprintf(path, sizeof path, "%s/inner", jail);
    rmdir(path);
    rmdir(jail);
}

static void nothing(void) {}

static void a_process_that_has_ended_is_not_taken_for_another(void **state)
{
    (void)state;
    pid_t pid = child_that(nothing);
    struct caller caller = caller_of(pid), other = caller;
    assert_true(caller_alive(&caller));
    other.started++;
    assert_false(caller_alive(&other));
    kill(pid, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(caller_alive(&caller)); /* nobody has waited for it yet */
    waitpid(pid, NULL, 0);
    assert_false(caller_alive(&caller));
    assert_false(caller_find(&caller, pid, pid));
}

static void a_thread_that_is_not_its_own_is_not_believed(void **state)
{
    (void)state;
    pid_t pid = child_that(nothing);
    struct caller caller;
    assert_true(caller_find(&caller, pid, getpid()));
    assert_int_equal(caller.tid, pid);
    assert_true(caller_find(&caller, pid, -5));
    assert_int_equal(caller.tid, pid);
    end(pid);
}

static void a_fork_is_told_from_an_exec(void **state)
{
    (void)state;
    pid_t pid = child_that(nothing);
    assert_false(facts_executed(pid));
    assert_true(facts_executed(getpid()));
    end(pid);
}

static void note_a_line(void)
{
    note = (struct wire_python){.magic = WIRE_MAGIC,
                                .sequence = 2,
                                .line = 12,
                                .tid = (uint32_t)getpid(),
                                .file = "job.py",
                                .function = "tidy"};
}

static void note_half(void)
{
    note_a_line();
    note.sequence = 3;
}

static void note_of_another(void)
{
    note_a_line();
    note.tid = 1;
}

static void note_without_end(void)
{
    note_a_line();
    memset(note.file, 'x', sizeof note.file);
    memset(note.function, 'y', sizeof note.function);
}

static struct question *line_of(void (*prepare)(void), uint64_t address)
{
    pid_t pid = child_that(prepare);
    struct caller caller = caller_of(pid);
    struct question *question = calloc(1, sizeof *question);
    assert_non_null(question);
    struct python_note noted;
    facts_python(question, &caller, address, &noted);
    end(pid);
    return question;
}

static void the_line_of_python_is_read_where_it_makes_sense(void **state)
{
    (void)state;
    uint64_t address = (uint64_t)(uintptr_t)&note;
    struct question *question = line_of(note_a_line, address);
    assert_string_equal(question->python_file, "job.py");
    assert_string_equal(question->python_function, "tidy");
    assert_int_equal(question->python_line, 12);
    question_free(question);

    question = line_of(note_without_end, address);
    assert_int_equal(strlen(question->python_file), sizeof note.file);
    assert_int_equal(strlen(question->python_function), sizeof note.function);
    question_free(question);

    const struct {
        void (*prepare)(void);
        uint64_t address;
    } senseless[] = {{note_half, address}, {note_of_another, address}, {nothing, address},
                     {note_a_line, 0},     {note_a_line, 1},           {note_a_line, UINT64_MAX - 8}};
    for (size_t i = 0; i < sizeof senseless / sizeof *senseless; i++) {
        question = line_of(senseless[i].prepare, senseless[i].address);
        assert_null(question->python_file);
        question_free(question);
    }
}

static void a_file_that_was_touched_is_another(void **state)
{
    (void)state;
    char path[] = "/tmp/found-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct caller caller = caller_of(getpid());
    struct found found;
    struct stat now;
    assert_true(found_open(&found, &caller, path, 0));
    assert_int_equal(stat(path, &now), 0);
    assert_true(found_same(&found, &now));
    usleep(20000); /* a file system's clock has its own pace */
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(stat(path, &now), 0);
    assert_false(found_same(&found, &now));
    unsigned char sum[32];
    static const unsigned char of_x[4] = {0x2d, 0x71, 0x16, 0x42};
    assert_true(found_sha256(&found, sum));
    assert_memory_equal(sum, of_x, sizeof of_x);
    found_close(&found);
    assert_int_equal(ftruncate(fd, FILE_SUMMED + 1), 0); /* nobody waits for that */
    assert_true(found_open(&found, &caller, path, 0));
    assert_false(found_sha256(&found, sum));
    lseek(fd, 0, SEEK_SET);
    assert_false(file_sha256(fd, sum));
    found_close(&found);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_the_callers),
        cmocka_unit_test(another_root_is_the_callers),
        cmocka_unit_test(a_process_that_has_ended_is_not_taken_for_another),
        cmocka_unit_test(a_thread_that_is_not_its_own_is_not_believed),
        cmocka_unit_test(a_fork_is_told_from_an_exec),
        cmocka_unit_test(the_line_of_python_is_read_where_it_makes_sense),
        cmocka_unit_test(a_file_that_was_touched_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
