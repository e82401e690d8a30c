/* What an answer covers besides the act it was given for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/look/process.h"
#include "../../launcher/questions/grants.h"
#include "../../launcher/questions/likeness.h"

static char *list(const char *item)
{
    return (char *)(uintptr_t)item;
}

/* A policy that knows git's and sh's command lines. */
static const struct policy *policy(bool sticky)
{
    static char *git[1], *git_values[1], *git_unsafe[1], *sh[1], *sh_text[1], *env[1];
    static struct command commands[3];
    static struct policy policies[2];
    git[0] = list("git"), git_values[0] = list("-C"), git_unsafe[0] = list("-c");
    sh[0] = list("sh"), sh_text[0] = list("-c"), env[0] = list("env");
    commands[0] = (struct command){
        .names = {git, 1}, .values = {git_values, 1}, .unsafe = {git_unsafe, 1}, .subcommands = true};
    commands[1] = (struct command){.names = {sh, 1}, .kind = COMMAND_SHELL, .text = {sh_text, 1}};
    commands[2] = (struct command){.names = {env, 1}, .kind = COMMAND_WRAPPER};
    policies[sticky] = (struct policy){.commands = commands, .command_count = 3, .refusals_sticky = sticky};
    return &policies[sticky];
}

static struct question command(const char *program, const char *words)
{
    static struct bytes argv[8][16];
    static char text[8][256];
    static unsigned next;
    unsigned at = next++ % 8;
    struct question question = {
        .act = ACT_EXEC, .program = list(program), .cwd = list("/work"), .argv = argv[at]};
    snprintf(text[at], sizeof text[at], "%s", words);
    for (char *word = strtok(text[at], " "); word; word = strtok(NULL, " "))
        argv[at][question.argc++] = (struct bytes){word, strlen(word)};
    return question;
}

static struct question file(enum act_kind act, const char *path)
{
    return (struct question){.act = act, .path = list(path)};
}

static struct question address(const char *text)
{
    return (struct question){.act = ACT_CONNECT, .address = list(text)};
}

static struct grants *granted(enum scope scope, struct question question)
{
    struct grants *grants = grants_new(policy(true), "/home/ada");
    struct answer answer = {.outcome = OUTCOME_APPROVED, .scope = scope, .by = list("ada")};
    grants_remember(grants, &question, &answer);
    return grants;
}

static bool covers(struct grants *grants, struct question question)
{
    struct answer answer = {0};
    bool found = grants_find(grants, &question, &answer);
    bool approved = found && answer.outcome == OUTCOME_APPROVED;
    if (found) assert_true(answer.before);
    free(answer.by);
    free(answer.note);
    return approved;
}

static void once_covers_nothing(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_ONCE, command("/usr/bin/rm", "rm a"));
    assert_false(covers(grants, command("/usr/bin/rm", "rm a")));
    grants_free(grants);
}

static void exact_covers_the_very_same(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_EXACT, command("/usr/bin/rm", "rm a b"));
    assert_true(covers(grants, command("/usr/bin/rm", "rm a b")));
    assert_false(covers(grants, command("/usr/bin/rm", "rm ab")));
    assert_false(covers(grants, command("/usr/bin/rm", "rm a b c")));
    assert_false(covers(grants, command("/bin/rm", "rm a b")));
    struct question elsewhere = command("/usr/bin/rm", "rm a b");
    elsewhere.cwd = list("/");
    assert_false(covers(grants, elsewhere));
    grants_free(grants);
}

static void exact_is_the_same_files_and_the_same_input(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_EXACT, command("/work/x.sh", "x.sh a"));
    struct question question = command("/work/x.sh", "x.sh a");
    question.stdin_kind = STDIN_PIPE;
    assert_false(covers(grants, question));
    question.stdin_kind = STDIN_UNKNOWN;
    assert_true(covers(grants, question));
    question.identity[0] = 1; /* it was written to */
    assert_false(covers(grants, question));
    grants_free(grants);
    grants = granted(SCOPE_LIKE, command("/work/x.sh", "x.sh a"));
    assert_true(covers(grants, command("/work/x.sh", "x.sh b")));
    assert_false(covers(grants, question));
    grants_free(grants);
}

static void exact_is_the_same_kind_of_change(void **state)
{
    (void)state;
    struct question create = file(ACT_WRITE, "/a"), removal = create;
    create.act_detail = "create", removal.act_detail = "remove";
    struct grants *grants = granted(SCOPE_EXACT, create);
    assert_true(covers(grants, create));
    assert_false(covers(grants, removal));
    grants_free(grants);
}

static void exact_files_and_addresses(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_EXACT, file(ACT_READ, "/a/b"));
    assert_true(covers(grants, file(ACT_READ, "/a/b")));
    assert_false(covers(grants, file(ACT_WRITE, "/a/b")));
    assert_false(covers(grants, file(ACT_READ, "/a/b/c")));
    grants_free(grants);
    grants = granted(SCOPE_EXACT, address("api.example.com (192.0.2.1):443"));
    assert_true(covers(grants, address("api.example.com (192.0.2.2):443")));
    assert_false(covers(grants, address("api.example.com (192.0.2.1):80")));
    assert_false(covers(grants, address("192.0.2.1:443")));
    grants_free(grants);
}

static void like_takes_bundles_apart(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_LIKE, command("/usr/bin/rm", "rm -rf a"));
    assert_true(covers(grants, command("/usr/bin/rm", "rm -f x -r")));
    assert_true(covers(grants, command("/usr/bin/rm", "rm -rf -- -v"))); /* after -- all are words */
    assert_false(covers(grants, command("/usr/bin/rm", "rm -rf -v")));
    assert_false(covers(grants, command("/usr/bin/rm", "rm a")));
    grants_free(grants);
}

static void like_keeps_the_subcommand(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_LIKE, command("/usr/bin/git", "git -C dir push origin main"));
    assert_true(covers(grants, command("/usr/bin/git", "git -C other push origin")));
    assert_false(covers(grants, command("/usr/bin/git", "git -C push pull")));
    assert_false(covers(grants, command("/usr/bin/git", "git push origin")));
    grants_free(grants);
}

static void nothing_is_like_text_that_is_run(void **state)
{
    (void)state;
    struct likeness likeness;
    static const struct {
        const char *program, *words;
    } cases[] = {
        {"/bin/sh", "sh -c x"},
        {"/bin/sh", "sh -ec x"},
        {"/bin/sh", "sh"},
        {"/usr/bin/env", "env rm a"},
        {"/usr/bin/git", "git -c a=b push"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct question question = command(cases[i].program, cases[i].words);
        assert_false(likeness_like(&question, policy(true), &likeness, NULL));
    }
    struct question script = command("/bin/sh", "sh job.sh -x y");
    assert_true(likeness_like(&script, policy(true), &likeness, NULL));
}

static void like_a_file_is_its_directory(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_LIKE, file(ACT_READ, "/data/a/b"));
    assert_true(covers(grants, file(ACT_READ, "/data/a/c")));
    assert_true(covers(grants, file(ACT_READ, "/data/a/deep/er/c")));
    assert_true(covers(grants, file(ACT_READ, "/data/a")));
    assert_false(covers(grants, file(ACT_READ, "/data/ab")));
    assert_false(covers(grants, file(ACT_READ, "/data")));
    grants_free(grants);
    static const char *const too_much[] = {"/x", "/home/x", "/home/ada/x", "/"};
    for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) {
        struct question question = file(ACT_READ, too_much[i]);
        assert_null(likeness_directory_of(&question, "/home/ada"));
    }
}

static void tree_covers_the_process_and_what_it_starts(void **state)
{
    (void)state;
    struct grants *grants = grants_new(policy(true), NULL);
    struct answer answer = {.outcome = OUTCOME_APPROVED, .scope = SCOPE_TREE};
    struct question question = file(ACT_READ, "/a");
    struct ancestor chain[] = {{.pid = 1}, {.pid = getpid()}}, other[] = {{.pid = 1}};
    struct process self;
    assert_true(process_look(getpid(), &self));
    question.pid = getpid();
    grants_remember(grants, &question, &answer);
    question = command("/usr/bin/mv", "mv a b");
    question.chain = chain, question.chain_length = 2;
    assert_true(covers(grants, question));
    question.chain = other, question.chain_length = 1;
    assert_false(covers(grants, question));
    grants_free(grants);

    grants = grants_new(policy(true), NULL); /* another process once had this number */
    grants_tree(grants, getpid(), self.started - 1, &answer);
    question.chain = chain, question.chain_length = 2;
    assert_false(covers(grants, question));
    grants_free(grants);
}

static void a_tree_of_a_program_begins_when_it_is_there(void **state)
{
    (void)state;
    struct grants *grants = grants_new(policy(true), NULL);
    struct answer answer = {.outcome = OUTCOME_APPROVED, .scope = SCOPE_TREE};
    struct question question = command("/usr/bin/rm", "rm a");
    struct ancestor chain[] = {{.pid = getpid()}};
    struct process self;
    assert_true(process_look(getpid(), &self));
    question.pid = getpid();
    question.chain = chain, question.chain_length = 1;
    grants_remember(grants, &question, &answer);
    struct tree *tree = tree_of(&answer);
    assert_false(covers(grants, question)); /* the exec may fail */
    tree_begin(tree, grants, self.pid, self.started);
    assert_true(covers(grants, question));
    answer.before = true; /* an earlier answer covered it: no tree of its own begins */
    assert_null(tree_of(&answer));
    assert_null(tree_of(NULL));
    grants_free(grants);
}

static void a_grant_ends_with_its_time(void **state)
{
    (void)state;
    struct grants *grants = grants_new(policy(true), NULL);
    struct answer answer = {.outcome = OUTCOME_APPROVED, .scope = SCOPE_EXACT, .for_s = 1};
    struct question question = file(ACT_READ, "/a");
    grants_remember(grants, &question, &answer);
    assert_true(covers(grants, question));
    usleep(1050000);
    assert_false(covers(grants, question));
    answer.for_s = UINT64_MAX; /* longer than any clock */
    grants_remember(grants, &question, &answer);
    assert_true(covers(grants, question));
    grants_free(grants);
}

static void a_refusal_sticks_and_counts_before_a_wider_yes(void **state)
{
    (void)state;
    struct grants *grants = granted(SCOPE_LIKE, file(ACT_READ, "/data/a"));
    struct answer no = {.outcome = OUTCOME_REFUSED, .note = list("not this one")}, found = {0};
    struct question question = file(ACT_READ, "/data/secret");
    grants_remember(grants, &question, &no);
    assert_true(grants_find(grants, &question, &found));
    assert_int_equal(found.outcome, OUTCOME_REFUSED);
    assert_string_equal(found.note, "not this one");
    free(found.note);
    assert_true(covers(grants, file(ACT_READ, "/data/b")));
    grants_free(grants);
}

static void a_refusal_may_cover_what_is_like_it(void **state)
{
    (void)state;
    for (int sticky = 0; sticky < 2; sticky++) {
        struct grants *grants = grants_new(policy(sticky), NULL);
        struct answer no = {.outcome = OUTCOME_REFUSED, .scope = SCOPE_LIKE}, found = {0};
        struct question question = file(ACT_WRITE, "/data/a"), other = file(ACT_WRITE, "/data/deep/b");
        grants_remember(grants, &question, &no);
        assert_true(grants_find(grants, &other, &found));
        assert_int_equal(found.outcome, OUTCOME_REFUSED);
        assert_true(found.before);
        other = file(ACT_READ, "/data/a");
        assert_false(grants_find(grants, &other, &found));
        other = file(ACT_WRITE, "/elsewhere/a");
        assert_false(grants_find(grants, &other, &found));
        grants_free(grants);
    }
}

static void other_endings_are_not_kept(void **state)
{
    (void)state;
    static const enum outcome outcomes[] = {OUTCOME_TIMEOUT, OUTCOME_UNDELIVERED, OUTCOME_CANCELLED,
                                            OUTCOME_FAILED, OUTCOME_FLOOD};
    struct grants *grants = grants_new(policy(true), NULL);
    struct question question = file(ACT_READ, "/a");
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct answer answer = {.outcome = outcomes[i], .scope = SCOPE_EXACT}, found;
        grants_remember(grants, &question, &answer);
        assert_false(grants_find(grants, &question, &found));
    }
    grants_free(grants);
    grants = grants_new(policy(false), NULL);
    struct answer no = {.outcome = OUTCOME_REFUSED}, found;
    grants_remember(grants, &question, &no);
    assert_false(grants_find(grants, &question, &found));
    grants_free(grants);
}

static void hosts_are_found_in_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address, *host;
    } cases[] = {
        {"192.0.2.1:80", "192.0.2.1"}, {"[::1]:80", "[::1]"},   {"a.b (192.0.2.1):80", "a.b"},
        {"a.b (::1):80", "a.b"},       {"unix:/run/x:1", NULL}, {"udp", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *host = likeness_host(cases[i].address);
        if (cases[i].host)
            assert_string_equal(host, cases[i].host);
        else
            assert_null(host);
        free(host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_covers_nothing),
        cmocka_unit_test(exact_covers_the_very_same),
        cmocka_unit_test(exact_is_the_same_files_and_the_same_input),
        cmocka_unit_test(exact_is_the_same_kind_of_change),
        cmocka_unit_test(exact_files_and_addresses),
        cmocka_unit_test(like_takes_bundles_apart),
        cmocka_unit_test(like_keeps_the_subcommand),
        cmocka_unit_test(nothing_is_like_text_that_is_run),
        cmocka_unit_test(like_a_file_is_its_directory),
        cmocka_unit_test(tree_covers_the_process_and_what_it_starts),
        cmocka_unit_test(a_tree_of_a_program_begins_when_it_is_there),
        cmocka_unit_test(a_grant_ends_with_its_time),
        cmocka_unit_test(a_refusal_sticks_and_counts_before_a_wider_yes),
        cmocka_unit_test(a_refusal_may_cover_what_is_like_it),
        cmocka_unit_test(other_endings_are_not_kept),
        cmocka_unit_test(hosts_are_found_in_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
