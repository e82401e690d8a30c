/* Commands against the words and options of rules: an allow is exact, an ask or a deny is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"

/* Whether a rule fits a command. */
struct row {
    const char *rule;
    const char *line;
    bool fits;
};

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char rules[512];
        bool allow = !strncmp(rows[i].rule, "allow", 5), fits;
        snprintf(rules, sizeof rules, "otherwise exec %s\n%s", allow ? "ask" : "allow", rows[i].rule);
        fits = hand_exec(rules, rows[i].line) != (allow ? VERDICT_ASK : VERDICT_ALLOW);
        if (fits != rows[i].fits)
            fail_msg("\"%s\" %s \"%s\"", rows[i].rule, fits ? "fits" : "does not fit", rows[i].line);
    }
}

#define ROWS(...)                                                                                            \
    static const struct row rows[] = {__VA_ARGS__};                                                          \
    assert_rows(rows, sizeof rows / sizeof *rows)

static void a_deny_finds_its_words_in_order(void **state)
{
    (void)state;
    ROWS({"deny make install", "make install", true}, {"deny make install", "make -C d all install", true},
         {"deny make a b", "make a x b", true}, {"deny make a b", "make b a", false},
         {"deny make a b", "make a", false}, {"deny make install", "cmake install", false},
         {"deny make inst*", "make install", true}, {"deny make *", "make", false},
         {"deny make *", "make x", true}, {"deny make", "make x", true});
}

static void an_allow_wants_the_first_words(void **state)
{
    (void)state;
    ROWS({"allow make test", "make test", true}, {"allow make test", "make test more", true},
         {"allow make test", "make x test", false}, {"allow make a b", "make a b c", true},
         {"allow make a b", "make a x b", false}, {"allow make a b", "make a -v b", true},
         {"allow make", "make anything -x", true}, {"allow make test", "make", false});
}

static void options_before_the_first_word_must_be_known_to_an_allow(void **state)
{
    (void)state;
    ROWS({"allow git status", "git -C dir status", true}, {"allow git status", "git -Cdir status", true},
         {"allow git status", "git --no-pager status", true},
         {"allow git status", "git --git-dir=x status", true},
         {"allow git status", "git --git-dir x status", true},
         {"allow git status", "git -c alias.status=!sh status", false},
         {"allow git status", "git --unknown status", false},
         {"allow git status", "git --no-pag status", false}, {"allow git status", "git -pC dir status", true},
         {"allow git status", "git -pz status", false}, {"allow git", "git -c a=b status", true},
         {"allow git status", "git status --unknown", true}, {"allow make test", "make -j test", false},
         {"allow git -c a=b status", "git -c a=b status", true},
         {"allow git -c a=b status", "git -c alias.status=!sh status", false},
         {"allow git status", "git -pc status", false});
}

static void a_known_value_is_no_word(void **state)
{
    (void)state;
    ROWS({"deny kubectl delete", "kubectl -n prod delete pod x", true},
         {"deny kubectl prod", "kubectl -n prod get", false}, {"deny git push", "git -C push status", false},
         {"deny git push", "git -C d push origin", true}, {"allow git status", "git -C status push", false},
         {"deny kubectl delete", "kubectl -nprod delete", true},
         {"deny kubectl delete", "kubectl --namespace=prod delete", true});
}

static void an_option_that_is_two_things_is_looked_for_where_the_rule_has_it(void **state)
{
    (void)state;
    ROWS({"deny git switch -C", "git switch -C topic", true},
         {"deny git switch -C", "git -C d switch topic", false},
         {"deny git switch -C", "git -C d switch -qC topic", true},
         {"deny git -C d", "git -C d switch", true});
}

static void a_value_after_the_subcommand_may_be_an_option_to_a_deny(void **state)
{
    (void)state;
    ROWS({"deny git branch --force", "git branch -C --force x", true},
         {"deny git branch --force", "git -C --force branch x", false},
         {"allow git branch --force", "git branch -C --force x", false},
         {"deny rm x; options=-z", "rm x", false});
}

static void a_subcommand_is_the_first_word_where_all_before_it_is_known(void **state)
{
    (void)state;
    ROWS({"deny git push", "git stash push", false}, {"deny git push", "git push", true},
         {"deny git push", "git -C d stash push", false}, {"deny git push", "git --strange x push", true},
         {"deny git push", "git --strange stash push", true},
         {"deny git stash drop", "git stash x drop", true}, {"deny foo push", "foo stash push", true});
}

static void a_value_that_a_rule_names_is_wanted(void **state)
{
    (void)state;
    ROWS({"ask kubectl -n prod delete", "kubectl -n prod delete x", true},
         {"ask kubectl -n prod delete", "kubectl delete x -n prod", true},
         {"ask kubectl -n prod delete", "kubectl --namespace=prod delete x", true},
         {"ask kubectl -n prod delete", "kubectl -nprod delete x", true},
         {"ask kubectl -n prod delete", "kubectl -n test delete prod", false},
         {"ask kubectl -n prod* delete", "kubectl -n prod-eu delete x", true},
         {"ask docker run --net=host", "docker run --net host x", true},
         {"ask docker run --net=host", "docker run --net=host x", true},
         {"ask docker run --net=host", "docker run --net=none x", false},
         {"ask docker run --net=h*", "docker run --net host x", true});
}

static void an_option_is_found_in_every_shape(void **state)
{
    (void)state;
    ROWS({"deny git push --force", "git push --force", true},
         {"deny git push --force", "git push origin --force main", true},
         {"deny git push --force", "git --force push", true}, {"deny git push --force", "git push -f", true},
         {"deny git push --force", "git push -vf", true}, {"deny git push -f", "git push --force", true},
         {"deny git push --force", "git push --force=x", true},
         {"deny git push --force", "git push --fo", true}, {"deny git push --force", "git push --f", true},
         {"deny git push --force", "git push --", false},
         {"deny git push --force", "git push --force-with-lease", false},
         {"deny git push --force", "git push -- --force", false},
         {"deny git push --force", "git push", false}, {"deny git push --force", "git push force", false},
         {"deny git push --force*", "git push --force-with-lease=x", true},
         {"deny tar -x", "tar -zxf a", true}, {"deny tar --ext", "tar --extra", false},
         {"deny cp -f", "cp -f/x", true}, {"deny curl -o", "curl -ofile", true});
}

static void a_bundle_ends_at_a_letter_that_takes_a_value(void **state)
{
    (void)state;
    ROWS({"deny git x -f", "git x -Cf", false}, {"deny git x -f", "git x -fC d", true},
         {"deny kubectl x -f", "kubectl x -nf", false});
}

static void bundled_options_of_a_rule_are_each_wanted(void **state)
{
    (void)state;
    ROWS({"deny rm -rf", "rm -rf x", true}, {"deny rm -rf", "rm -fr x", true},
         {"deny rm -rf", "rm -r -f x", true}, {"deny rm -rf", "rm -r x --force", false},
         {"deny rm -rf", "rm -r x", false}, {"deny rm -rf", "rm -f --rec x", true},
         {"deny find -exec", "find . -exec rm", true}, {"allow rm -rf", "rm -vrf x", true},
         {"allow rm -rf", "rm -r x", false});
}

static void an_allow_takes_options_at_their_word(void **state)
{
    (void)state;
    ROWS({"allow git push --dry-run", "git push --dry-run", true},
         {"allow git push --dry-run", "git push --dry", false},
         {"allow git push --dry-run", "git push", false},
         {"allow git push --dry-run", "git push -- --dry-run", false}, {"allow rm -i", "rm -vi x", true},
         {"allow rm -i", "rm -zi x", false}, {"allow rm --recursive", "rm -r x", true},
         {"allow git --version", "git --version", true}, {"allow git --version", "git push --version", false},
         {"allow ls -l", "ls x -l", true});
}

static void options_want_any_and_without_wants_none(void **state)
{
    (void)state;
    ROWS({"ask rm; options=-r,-R,--recursive", "rm -r x", true},
         {"ask rm; options=-r,-R,--recursive", "rm -fR x", true},
         {"ask rm; options=-r,-R,--recursive", "rm --recur x", true},
         {"ask rm; options=-r,-R,--recursive", "rm -f x", false}, {"ask rm; options=-r", "rm -- -r", false},
         {"allow rm; without=-r,--force", "rm x", true}, {"allow rm; without=-r,--force", "rm --fo x", false},
         {"allow rm; without=-r,--force", "rm -zr x", false}, {"ask rm; without=--force", "rm x", true},
         {"ask rm; without=--force", "rm --force x", false}, {"ask rm; without=--force", "rm --fo x", true},
         {"ask rm; without=-i", "rm -zi x", true}, {"ask rm; without=-i", "rm -vi x", false},
         {"allow rm; options=-i", "rm -iv x", true});
}

static void one_dash_is_two_for_commands_that_say_so(void **state)
{
    (void)state;
    ROWS({"deny terraform apply -auto-approve", "terraform apply --auto-approve", true},
         {"deny terraform apply --auto-approve", "terraform apply -auto-approve=true", true},
         {"deny terraform apply -a", "terraform apply -auto-approve", false},
         {"allow terraform plan", "terraform --chdir=x plan", true},
         {"allow terraform plan", "terraform -chdir x plan", true},
         {"allow terraform plan", "terraform -nope plan", false});
}

static void what_follows_a_double_dash_is_a_word(void **state)
{
    (void)state;
    ROWS({"deny rm -x", "rm -- -x", false}, {"deny rm x", "rm -- x", true},
         {"deny git checkout --", "git checkout -- f", true},
         {"deny git checkout --", "git checkout f", false}, {"allow make test", "make -- test", true},
         {"deny cat -", "cat -", true});
}

static void the_options_of_a_shell_end_at_its_first_word(void **state)
{
    (void)state;
    ROWS({"ask sh; options=-x", "sh -x script", true}, {"ask sh; options=-x", "sh script -x", false},
         {"deny sudo rm -rf", "sudo rm -rf /", true}, {"deny sudo rm -rf", "sudo -u x rm -r -f /", true},
         {"deny sudo rm -rf", "sudo -- rm -rf /", true}, {"deny sudo rm -rf", "sudo rm x", false},
         {"deny sudo -i", "sudo ls -i", false});
}

static void what_follows_a_script_is_no_option_of_its_interpreter_to_an_allow(void **state)
{
    (void)state;
    ROWS({"allow python3; options=-I", "python3 -I x.py", true},
         {"allow python3; options=-I", "python3 x.py -I", false},
         {"ask python3; options=-I", "python3 x.py -I", true},
         {"ask python3; without=-I", "python3 x.py -I", true},
         {"allow python3 x.py --safe", "python3 x.py --safe", true},
         {"allow python3 x.py", "python3 -c evil x.py", false},
         {"allow python3 x.py", "python3 -cevil x.py", false},
         {"allow python3 x.py", "python3 -u x.py", true}, {"allow python3 x.py", "python3 -Wd x.py", true},
         {"allow python3 x.py", "python3 -uc x x.py", false});
}

static void a_module_is_a_word(void **state)
{
    (void)state;
    ROWS({"ask python3 -m pip install", "python3 -m pip install x", true},
         {"ask python3 -m pip install", "python3 -mpip install x", true},
         {"ask python3 -m pip install", "python3 -Im pip install x", true},
         {"ask python3 -m pip install", "python3 -Impip install x", true},
         {"ask python3 -m pip install", "python3 pip install x", false},
         {"allow python3 -m pytest", "python3 -m pytest -x", true},
         {"allow python3 -m pytest", "python3 -I -m pytest", true},
         {"allow python3 -m pytest", "python3 -Im pytest", true},
         {"allow python3 -m pytest", "python3 -c x -m pytest", false},
         {"allow python3 -m pytest -x", "python3 -m pytest -x", true},
         {"allow python3 -m pytest", "python3 -mpytest", true},
         {"ask python3.11 -m x", "python3.11 -m x", true});
}

static void a_shells_text_is_matched_whole(void **state)
{
    (void)state;
    ROWS({"ask -; shell=*curl*|*sh*", "sh -c curl_x_|_sh", true},
         {"ask -; shell=*curl*|*sh*", "sh -ec curl_x_|_sh", true},
         {"ask -; shell=*curl*|*sh*", "sh -e -c -- curl_x_|_sh", true},
         {"ask -; shell=*curl*|*sh*", "sh -c -e curl_x_|_sh", true},
         {"ask -; shell=*curl*|*sh*", "sh -oc pipefail curl_x_|_sh", true},
         {"ask -; shell=*curl*|*sh*", "sh +x -c curl_x_|_sh", true},
         {"ask -; shell=*curl*|*sh*", "sh -o pipefail -c curl_x_|_sh", true},
         {"ask -; shell=*curl*|*sh*", "sh -c echo", false},
         {"ask -; shell=*curl*|*sh*", "sh script curl_x_|_sh", false},
         {"ask -; shell=*curl*|*sh*", "echo -c curl_x_|_sh", false},
         {"ask -; shell=curl", "sh -c curl", true}, {"ask -; shell=curl", "sh -c curl_x", false},
         {"ask -; shell=*", "sh -s", false}, {"ask -; shell=*", "sh - -c x", false},
         {"allow sh; shell=ls,echo", "sh -c ls", true}, {"allow sh; shell=ls,echo", "sh -c ls_x", false});
}

static void an_empty_word_and_a_lone_dash_are_words(void **state)
{
    (void)state;
    ROWS({"deny make ?*", "make ''", false}, {"deny make *", "make ''", true},
         {"deny make -", "make -", true});
}

static void a_command_without_arguments_has_no_words(void **state)
{
    (void)state;
    struct hand hand;
    struct decision decision;
    struct act act = {.kind = ACT_EXEC, .path = "/bin/make", .path_length = 9};
    hand_make(&hand, "deny make x\nallow make");
    policy_decide(hand.image, &act, &decision, NULL);
    assert_int_equal(decision.verdict, VERDICT_ALLOW);
    hand_free(&hand);
}

static void arguments_beyond_what_is_remembered_are_read_too(void **state)
{
    (void)state;
    for (size_t before = 55; before < 75; before++) {
        char line[4096] = "git";
        for (size_t i = 0; i < before; i++)
            strcat(line, " -C d");
        strcat(line, " push x -vf");
        assert_int_equal(hand_exec("otherwise allow\ndeny git push --force", line), VERDICT_DENY);
        assert_int_equal(hand_exec("allow git push", line), VERDICT_ALLOW);
    }
}

/* Every order of some options around and after the words of an allow. */
static void options_that_do_not_matter_may_stand_in_any_order(void **state)
{
    (void)state;
    static const char *const options[] = {"-v", "--dry-run", "--set-upstream=x", "-u"};
    struct hand hand;
    hand_make(&hand, "allow git push origin; options=--dry-run; without=--force");
    for (unsigned order = 0; order < 256; order++) {
        char text[256] = "git -C d push";
        struct command_line line;
        struct decision decision;
        bool used[4] = {false};
        unsigned digits = order, placed = 0;
        for (unsigned i = 0; i < 4; i++, digits /= 4) {
            unsigned option = digits % 4;
            if (used[option]) continue;
            used[option] = true;
            if (placed++ == order % 3) strcat(text, " origin");
            strcat(strcat(text, " "), options[option]);
        }
        if (!strstr(text, " origin")) strcat(text, " origin");
        policy_decide(hand.image, command_line(&line, text), &decision, NULL);
        if (decision.verdict != (used[1] ? VERDICT_ALLOW : VERDICT_ASK)) fail_msg("%s", text);
    }
    hand_free(&hand);
}

static void a_word_repeated_costs_no_more_than_its_length(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    static const char *argv[COUNT];
    struct hand hand;
    struct decision decision;
    for (size_t i = 0; i < COUNT; i++)
        argv[i] = i ? "push" : "tool";
    struct act act = {.kind = ACT_EXEC, .path = "/bin/tool", .path_length = 9, .argv = argv, .argc = COUNT};
    hand_make(&hand, "otherwise allow\ndeny tool push never --at-all\nask tool push");
    policy_decide(hand.image, &act, &decision, NULL);
    assert_int_equal(decision.verdict, VERDICT_ASK);
    hand_free(&hand);
}

/* ---- What a line runs, and where its program comes from ---- */

static struct runs runs_of(const char *text, const char *path, const char *name)
{
    struct hand hand;
    struct command_line line;
    struct runs runs;
    hand_make(&hand, "");
    command_line(&line, text);
    if (path) line.act.path = path, line.act.path_length = strlen(path);
    if (name) line.act.name = name;
    command_runs(hand.image, &line.act, &runs);
    hand_free(&hand);
    return runs;
}

static void assert_runs(const char *text, int kind, size_t shift)
{
    struct runs runs = runs_of(text, NULL, NULL);
    if ((int)runs.kind != kind || runs.shift != shift)
        fail_msg("%s: %d at %zu", text, (int)runs.kind, runs.shift);
}

static void wrappers_loaders_and_applets_are_seen_through(void **state)
{
    (void)state;
    assert_runs("ls -l", RUNS_PLAIN, 0);
    assert_runs("env A=b -i ls", RUNS_WRAPPER, 2);
    assert_runs("env -i A=b B=c ls -l", RUNS_WRAPPER, 4);
    assert_runs("env A=b", RUNS_PLAIN, 0);
    assert_runs("sudo -u root ls", RUNS_WRAPPER, 3);
    assert_runs("timeout -k 5 10 ls", RUNS_WRAPPER, 4);
    assert_runs("timeout 10", RUNS_PLAIN, 0);
    assert_runs("/lib/ld.so --library-path /x /bin/ls", RUNS_LOADER, 3);
    assert_runs("ld-linux-x86-64.so.2 /bin/ls -l", RUNS_LOADER, 1);
    assert_runs("/lib/ld.so --version", RUNS_PLAIN, 0);
    assert_runs("busybox rm -rf x", RUNS_APPLET, 1);
    assert_runs("busybox --list", RUNS_PLAIN, 0);
    assert_runs("busybox", RUNS_PLAIN, 0);
}

static void an_applet_goes_by_the_name_it_is_called_by(void **state)
{
    (void)state;
    struct runs runs = runs_of("sh -c x", "/bin/busybox", "sh");
    assert_int_equal(runs.kind, RUNS_APPLET);
    assert_int_equal(runs.shift, 0);
    runs = runs_of("-sh", "/bin/busybox", "busybox");
    assert_int_equal(runs.kind, RUNS_APPLET);
    assert_int_equal(runs.shift, 0);
    runs = runs_of("/bin/busybox sh", "/bin/busybox", "busybox");
    assert_int_equal(runs.shift, 1);
}

static size_t script_of(const char *text)
{
    struct hand hand;
    struct command_line line;
    hand_make(&hand, "");
    size_t script = command_script(hand.image, command_line(&line, text));
    hand_free(&hand);
    return script;
}

static void the_script_of_an_interpreter_is_found(void **state)
{
    (void)state;
    assert_int_equal(script_of("python3 x.py -c"), 1);
    assert_int_equal(script_of("python3 -u -W d x.py"), 4);
    assert_int_equal(script_of("sh -e x.sh"), 2);
    assert_int_equal(script_of("python3 /dev/fd/63"), 1);
    assert_true(script_of("python3 -c x y") == SCRIPT_NONE);
    assert_true(script_of("python3 -m x y") == SCRIPT_NONE);
    assert_true(script_of("python3 --version") == SCRIPT_NONE);
    assert_true(script_of("python3 -V") == SCRIPT_NONE);
    assert_true(script_of("ls x.py") == SCRIPT_NONE);
    assert_true(script_of("python3") == SCRIPT_STDIN);
    assert_true(script_of("python3 -") == SCRIPT_STDIN);
    assert_true(script_of("python3 -u /dev/stdin") == SCRIPT_STDIN);
    assert_true(script_of("python3 /proc/self/fd/0") == SCRIPT_STDIN);
    assert_true(script_of("sh -s -- x") == SCRIPT_STDIN);
    assert_true(script_of("sh -es x") == SCRIPT_STDIN);
    assert_true(script_of("sh -") == SCRIPT_STDIN);
    assert_true(script_of("sh") == SCRIPT_STDIN);
    assert_true(script_of("sh -sc x") == SCRIPT_NONE);
}

static void the_text_of_a_shell_is_handed_out(void **state)
{
    (void)state;
    struct hand hand;
    struct command_line line;
    hand_make(&hand, "");
    assert_string_equal(command_shell_text(hand.image, command_line(&line, "sh -lc echo_hello name")),
                        "echo hello");
    assert_null(command_shell_text(hand.image, command_line(&line, "sh x.sh")));
    assert_null(command_shell_text(hand.image, command_line(&line, "sh -c")));
    assert_null(command_shell_text(hand.image, command_line(&line, "python3 -c x")));
    hand_free(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deny_finds_its_words_in_order),
        cmocka_unit_test(an_allow_wants_the_first_words),
        cmocka_unit_test(options_before_the_first_word_must_be_known_to_an_allow),
        cmocka_unit_test(a_known_value_is_no_word),
        cmocka_unit_test(an_option_that_is_two_things_is_looked_for_where_the_rule_has_it),
        cmocka_unit_test(a_value_after_the_subcommand_may_be_an_option_to_a_deny),
        cmocka_unit_test(a_subcommand_is_the_first_word_where_all_before_it_is_known),
        cmocka_unit_test(a_value_that_a_rule_names_is_wanted),
        cmocka_unit_test(an_option_is_found_in_every_shape),
        cmocka_unit_test(a_bundle_ends_at_a_letter_that_takes_a_value),
        cmocka_unit_test(bundled_options_of_a_rule_are_each_wanted),
        cmocka_unit_test(an_allow_takes_options_at_their_word),
        cmocka_unit_test(options_want_any_and_without_wants_none),
        cmocka_unit_test(one_dash_is_two_for_commands_that_say_so),
        cmocka_unit_test(what_follows_a_double_dash_is_a_word),
        cmocka_unit_test(the_options_of_a_shell_end_at_its_first_word),
        cmocka_unit_test(what_follows_a_script_is_no_option_of_its_interpreter_to_an_allow),
        cmocka_unit_test(a_module_is_a_word),
        cmocka_unit_test(a_shells_text_is_matched_whole),
        cmocka_unit_test(an_empty_word_and_a_lone_dash_are_words),
        cmocka_unit_test(a_command_without_arguments_has_no_words),
        cmocka_unit_test(arguments_beyond_what_is_remembered_are_read_too),
        cmocka_unit_test(options_that_do_not_matter_may_stand_in_any_order),
        cmocka_unit_test(a_word_repeated_costs_no_more_than_its_length),
        cmocka_unit_test(wrappers_loaders_and_applets_are_seen_through),
        cmocka_unit_test(an_applet_goes_by_the_name_it_is_called_by),
        cmocka_unit_test(the_script_of_an_interpreter_is_found),
        cmocka_unit_test(the_text_of_a_shell_is_handed_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
