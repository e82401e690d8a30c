/* test_approve_link.c: fd: and unix: with another side that answers, dies, hangs, and talks nonsense. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/approve/link.h"
#include "../../launcher/approve/protocol.h"
#include "../../launcher/plain/text.h"
#include "approval.h"

#define ALLOW_7 "{\"type\":\"answer\",\"id\":7,\"decision\":\"allow\"}\n"

/* The other side: what it reads and what it writes. */
struct peer {
    struct approval approval;
    int in, out;
};

static void peer_open(struct peer *peer)
{
    int questions[2], answers[2];
    char spec[40];

    assert_int_equal(pipe2(questions, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
    snprintf(spec, sizeof spec, "fd:%d,%d", answers[0], questions[1]);
    approval_open(&peer->approval, spec);
    peer->in = questions[0];
    peer->out = answers[1];
    fcntl(peer->in, F_SETFL, O_NONBLOCK);
}

static void hang_up(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void peer_close(struct peer *peer)
{
    approval_close(&peer->approval);
    hang_up(&peer->in);
    hang_up(&peer->out);
}

static void say(struct peer *peer, const char *text)
{
    assert_int_equal(write(peer->out, text, strlen(text)), strlen(text));
}

static char *hear(struct peer *peer)
{
    struct text text = {0};
    char buffer[65536];

    approval_idle(&peer->approval, 5);
    for (ssize_t got; (got = read(peer->in, buffer, sizeof buffer)) > 0;) {
        text_add(&text, buffer, (size_t)got);
        approval_idle(&peer->approval, 1);
    }
    return text_take(&text);
}

static void hears(struct peer *peer, const char *expected)
{
    char *heard = hear(peer);
    if (!strstr(heard, expected)) fail_msg("%s expected in %s", expected, heard);
    free(heard);
}

static void breaks(struct peer *peer, const char *reason)
{
    approval_run(&peer->approval, SIZE_MAX, 2000);
    assert_non_null(peer->approval.broken);
    if (!strstr(peer->approval.broken, reason))
        fail_msg("%s, where \"%s\" was expected", peer->approval.broken, reason);
}

static void an_answer_arrives(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    hears(
        &peer,
        "{\"type\":\"hello\",\"askfirst\":1,\"session\":\"20261120-1\",\"command\":[\"python3\",\"job.py\"]");
    approval_ask(&peer.approval, &question);
    hears(&peer, "{\"type\":\"ask\",\"id\":7,");
    say(&peer, "{\"type\":\"answer\",\"id\":7,\"decision\":\"deny\",\"note\":\"no\",\"by\":\"ada\"}\n");
    approval_run(&peer.approval, 1, 2000);
    assert_int_equal(peer.approval.answered, 1);
    assert_int_equal(peer.approval.ids[0], 7);
    assert_int_equal(peer.approval.answers[0].outcome, OUTCOME_REFUSED);
    assert_string_equal(peer.approval.answers[0].note, "no");
    assert_string_equal(peer.approval.answers[0].by, "ada");
    peer.approval.approver->operations->settled(peer.approval.approver, 7, OUTCOME_REFUSED);
    peer.approval.approver->operations->waiting(peer.approval.approver, 8, 10);
    hears(&peer, "{\"type\":\"settled\",\"id\":7,\"outcome\":\"refused\"}\n{\"type\":\"waiting\",\"id\":8,"
                 "\"waited_s\":10}");
    peer.approval.approver->operations->bye(peer.approval.approver, 3, 1, 1);
    hears(&peer, "{\"type\":\"bye\",\"exit\":3,\"asked\":1,\"denied\":1}\n");
    assert_null(peer.approval.broken);
    peer_close(&peer);
}

static void an_answer_in_pieces_and_two_in_one(void **state)
{
    struct peer peer;
    struct question first = approval_question(7), second = approval_question(8);
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &first);
    approval_ask(&peer.approval, &second);
    say(&peer, "{\"type\":\"answer\",\"id\":8,");
    approval_idle(&peer.approval, 5);
    assert_int_equal(peer.approval.answered, 0);
    say(&peer, "\"decision\":\"allow\",\"scope\":\"like\",\"for_s\":60}\n" ALLOW_7);
    approval_run(&peer.approval, 2, 2000);
    assert_int_equal(peer.approval.answered, 2);
    assert_int_equal(peer.approval.ids[0], 8);
    assert_int_equal(peer.approval.answers[0].scope, SCOPE_LIKE);
    assert_int_equal(peer.approval.answers[0].for_s, 60);
    assert_int_equal(peer.approval.answers[1].outcome, OUTCOME_APPROVED);
    assert_string_equal(peer.approval.answers[1].by, "fd");
    assert_null(peer.approval.broken);
    peer_close(&peer);
}

static void said(const char *text, const char *reason)
{
    struct peer peer;
    struct question question = approval_question(7);

    question.choice_count = 2;
    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    say(&peer, text);
    breaks(&peer, reason);
    peer_close(&peer);
}

static void nonsense_breaks_it(void **state)
{
    (void)state;
    said("yes\n", "no JSON");
    said("\n", "no JSON");
    said("{\"type\":\"answer\",\"id\":9,\"decision\":\"allow\"}\n", "question 9, which is not open");
    said(ALLOW_7 ALLOW_7, "question 7, which is not open");
    said("{\"type\":\"answer\",\"id\":7,\"decision\":\"allow\",\"scope\":\"tree\"}\n",
         "not among its choices");
}

static void what_comes_before_the_nonsense_counts(void **state)
{
    struct peer peer;
    struct question first = approval_question(7), second = approval_question(8);
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &first);
    approval_ask(&peer.approval, &second);
    say(&peer, ALLOW_7 "?\n{\"type\":\"answer\",\"id\":8,\"decision\":\"allow\"}\n");
    breaks(&peer, "no JSON");
    assert_int_equal(peer.approval.answered, 1);
    approval_ask(&peer.approval, &first); /* is told to nobody, and harms nothing */
    approval_withdraw(&peer.approval, 7, OUTCOME_FAILED);
    approval_idle(&peer.approval, 5);
    peer_close(&peer);
}

static void an_answer_that_the_session_does_not_know_breaks_it(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    peer.approval.unknown = true;
    approval_ask(&peer.approval, &question);
    say(&peer, ALLOW_7);
    approval_run(&peer.approval, SIZE_MAX, 2000);
    assert_non_null(peer.approval.broken);
    peer_close(&peer);
}

static void a_line_without_end_breaks_it(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    static char chunk[32768];
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    memset(chunk, ' ', sizeof chunk);
    fcntl(peer.out, F_SETFL, O_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);
    for (size_t sent = 0; sent < 2 << 20 && !peer.approval.broken;) {
        ssize_t wrote = write(peer.out, chunk, sizeof chunk);
        if (wrote > 0) sent += (size_t)wrote;
        approval_idle(&peer.approval, 0);
    }
    signal(SIGPIPE, SIG_DFL);
    breaks(&peer, "a line is longer than 1048576 bytes");
    assert_int_equal(peer.approval.answered, 0);
    peer_close(&peer);
}

static void one_that_dies_breaks_it(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    hang_up(&peer.in);
    hang_up(&peer.out);
    breaks(&peer, "hung up");
    peer_close(&peer);
}

static void one_that_dies_within_a_line_has_not_answered(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    say(&peer, "{\"type\":\"answer\",\"id\":7,\"decision\":\"allow\"}");
    hang_up(&peer.out);
    breaks(&peer, "within a line");
    assert_int_equal(peer.approval.answered, 0);
    peer_close(&peer);
}

static void an_answer_counts_whose_giver_has_gone(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    say(&peer, ALLOW_7);
    hang_up(&peer.in);
    hang_up(&peer.out);
    approval_run(&peer.approval, 1, 2000);
    assert_int_equal(peer.approval.answered, 1);
    breaks(&peer, "hung up");
    peer_close(&peer);
}

static void one_that_does_not_listen_breaks_it(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    hang_up(&peer.in);
    approval_ask(&peer.approval, &question); /* and no signal ends us */
    breaks(&peer, "cannot write to it");
    peer_close(&peer);
}

static void one_that_never_reads_breaks_it(void **state)
{
    struct peer peer;
    static char word[900000];
    struct bytes argv[] = {{word, sizeof word}};
    (void)state;

    memset(word, 'x', sizeof word);
    peer_open(&peer);
    for (uint64_t id = 1; id <= 50 && !peer.approval.broken; id++) {
        struct question question = approval_question(id);
        question.argv = argv;
        question.argc = 1;
        approval_ask(&peer.approval, &question);
        approval_withdraw(&peer.approval, id, OUTCOME_TIMEOUT);
    }
    breaks(&peer, "does not read");
    peer_close(&peer);
}

static void a_slow_reader_gets_everything(void **state)
{
    struct peer peer;
    static char word[900000];
    struct bytes argv[] = {{word, sizeof word}};
    struct question question = approval_question(7);
    (void)state;

    memset(word, 'x', sizeof word);
    question.argv = argv;
    question.argc = 1;
    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    char *heard = hear(&peer);
    assert_true(strlen(heard) > sizeof word);
    assert_int_equal(heard[strlen(heard) - 1], '\n');
    free(heard);
    say(&peer, ALLOW_7);
    approval_run(&peer.approval, 1, 2000);
    assert_int_equal(peer.approval.answered, 1);
    peer_close(&peer);
}

static void an_answer_that_comes_too_late_is_dropped_once(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    approval_withdraw(&peer.approval, 7, OUTCOME_TIMEOUT);
    hears(&peer, "{\"type\":\"settled\",\"id\":7,\"outcome\":\"timeout\"}\n");
    say(&peer, ALLOW_7);
    approval_idle(&peer.approval, 10);
    assert_int_equal(peer.approval.answered, 0);
    assert_null(peer.approval.broken);
    say(&peer, ALLOW_7);
    breaks(&peer, "which is not open");
    peer_close(&peer);
}

static void the_session_may_end_with_an_answer(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    (void)state;

    peer_open(&peer);
    approval_ask(&peer.approval, &question);
    peer.approval.destroy_when_answered = true;
    say(&peer, ALLOW_7 ALLOW_7);
    approval_run(&peer.approval, 1, 2000);
    approval_idle(&peer.approval, 5);
    assert_int_equal(peer.approval.answered, 1);
    peer_close(&peer);
}

static void both_ends_are_closed_to_programs(void **state)
{
    int questions[2], answers[2];
    char spec[40];
    struct approval approval;
    (void)state;

    assert_int_equal(pipe(questions), 0);
    assert_int_equal(pipe(answers), 0);
    snprintf(spec, sizeof spec, "fd:%d,%d", answers[0], questions[1]);
    approval_open(&approval, spec);
    assert_int_equal(fcntl(answers[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(questions[1], F_GETFD), FD_CLOEXEC);
    approval_close(&approval);
    assert_int_equal(fcntl(answers[0], F_GETFD), -1);
    close(questions[0]);
    close(answers[1]);
}

static void one_socket_serves_both_ways(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    int ends[2];
    char spec[40];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    snprintf(spec, sizeof spec, "fd:%d,%d", ends[0], ends[0]);
    approval_open(&peer.approval, spec);
    peer.in = ends[1];
    peer.out = dup(ends[1]);
    fcntl(peer.in, F_SETFL, O_NONBLOCK);
    approval_ask(&peer.approval, &question);
    hears(&peer, "\"ask\"");
    say(&peer, ALLOW_7);
    approval_run(&peer.approval, 1, 2000);
    assert_int_equal(peer.approval.answered, 1);
    peer_close(&peer);
}

static void not_opened(const char *spec, bool expected_malformed, const char *reason)
{
    struct loop *loop = loop_new();
    char *command[] = {(char *)"true", NULL}, *why = NULL;
    struct approve_session session = {
        .session = "s", .command = command, .cwd = "/", .guard = "shim", .policy = "p"};
    bool malformed = !expected_malformed;

    assert_null(approve_open(spec, loop, &session, &(struct approve_events){0}, &malformed, &why));
    assert_int_equal(malformed, expected_malformed);
    if (!strstr(why, reason)) fail_msg("%s, where \"%s\" was expected", why, reason);
    free(why);
    loop_free(loop);
}

static void what_means_nothing_is_said_to(void **state)
{
    (void)state;
    not_opened("", true, "no such way of answering");
    not_opened("pipe", true, "fd:R,W, unix:PATH");
    not_opened("f\033d", true, "f\\ed");
    not_opened("deny:now", true, "stands alone");
    not_opened("fd", true, "fd:R,W is wanted");
    not_opened("fd:", true, "two descriptors");
    not_opened("fd:3", true, "two descriptors");
    not_opened("fd:3,", true, "two descriptors");
    not_opened("fd:3,4,5", true, "two descriptors");
    not_opened("fd: 3,4", true, "two descriptors");
    not_opened("fd:-3,4", true, "two descriptors");
    not_opened("fd:99999999999,4", true, "two descriptors");
    not_opened("fd:0,1", true, "belong to the command");
    not_opened("unix:", true, "path is wanted");
    not_opened("unix:/tmp/"
               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
               "xxxxxxxxxx",
               true, "longer than 107");
}

static void what_cannot_be_reached_is_said_why(void **state)
{
    int ends[2];
    char spec[40];
    (void)state;

    not_opened("fd:998,999", false, "descriptor 998 is not open");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(spec, sizeof spec, "fd:%d,%d", ends[1], ends[0]);
    not_opened(spec, false, "not open for reading");
    int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    snprintf(spec, sizeof spec, "fd:%d,%d", ends[0], file);
    not_opened(spec, false, "neither a pipe nor a socket");
    close(file);
    close(ends[0]);
    close(ends[1]);
    not_opened("unix:/nonexistent/socket", false, "No such file");
}

static void whoever_listens_at_a_socket_answers(void **state)
{
    struct peer peer;
    struct question question = approval_question(7);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/askfirst-test-XXXXXX", spec[150];
    (void)state;

    assert_non_null(mkdtemp(directory));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    snprintf(spec, sizeof spec, "unix:%s", address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    not_opened(spec, false, "Connection refused");
    assert_int_equal(listen(listener, 0), 0);
    approval_open(&peer.approval, spec);
    peer.in = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    peer.out = dup(peer.in);
    approval_ask(&peer.approval, &question);
    hears(&peer, "\"ask\"");
    say(&peer, ALLOW_7);
    approval_run(&peer.approval, 1, 2000);
    assert_int_equal(peer.approval.answered, 1);
    assert_string_equal(peer.approval.answers[0].by, "unix");
    hang_up(&peer.in);
    hang_up(&peer.out);
    breaks(&peer, "hung up");
    peer_close(&peer);
    close(listener);
    unlink(address.sun_path);
    rmdir(directory);
}

static void a_listener_that_is_overrun_is_not_waited_for(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/askfirst-test-XXXXXX", spec[150];
    int clients[3];
    (void)state;

    assert_non_null(mkdtemp(directory));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    snprintf(spec, sizeof spec, "unix:%s", address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 0), 0);
    for (int i = 0; i < 3; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(clients[i], (struct sockaddr *)&address, sizeof address);
    }
    int64_t start = loop_now();
    not_opened(spec, false, "cannot connect");
    assert_true(loop_now() - start < 2000);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    close(listener);
    unlink(address.sun_path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_arrives),
        cmocka_unit_test(an_answer_in_pieces_and_two_in_one),
        cmocka_unit_test(nonsense_breaks_it),
        cmocka_unit_test(what_comes_before_the_nonsense_counts),
        cmocka_unit_test(an_answer_that_the_session_does_not_know_breaks_it),
        cmocka_unit_test(a_line_without_end_breaks_it),
        cmocka_unit_test(one_that_dies_breaks_it),
        cmocka_unit_test(one_that_dies_within_a_line_has_not_answered),
        cmocka_unit_test(an_answer_counts_whose_giver_has_gone),
        cmocka_unit_test(one_that_does_not_listen_breaks_it),
        cmocka_unit_test(one_that_never_reads_breaks_it),
        cmocka_unit_test(a_slow_reader_gets_everything),
        cmocka_unit_test(an_answer_that_comes_too_late_is_dropped_once),
        cmocka_unit_test(the_session_may_end_with_an_answer),
        cmocka_unit_test(both_ends_are_closed_to_programs),
        cmocka_unit_test(one_socket_serves_both_ways),
        cmocka_unit_test(what_means_nothing_is_said_to),
        cmocka_unit_test(what_cannot_be_reached_is_said_why),
        cmocka_unit_test(whoever_listens_at_a_socket_answers),
        cmocka_unit_test(a_listener_that_is_overrun_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
