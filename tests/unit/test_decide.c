/* The verdict on an act: which rule is the first that fits, in which set, and what the sets come to together.
 * What the words of a command are is for test_words.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../policy/glob.h"
#include "hand.h"

/* The line of the rule that decides on a path; 0: no rule. */
static uint32_t line_of(const struct hand *hand, const struct act *act)
{
    struct decision decision;
    struct image_rule rule;
    policy_decide(hand->image, act, &decision, NULL);
    return image_rule(hand->image, decision.rule, &rule) ? rule.line : 0;
}

static uint32_t path_line(const char *rules, const char *path)
{
    struct hand hand;
    struct act act = {.kind = ACT_READ, .path = path, .path_length = strlen(path)};
    hand_make(&hand, rules);
    uint32_t line = line_of(&hand, &act);
    hand_free(&hand);
    return line;
}

/* ---- Paths ---- */

static void the_first_rule_that_fits_decides(void **state)
{
    (void)state;
    const char *rules =
        "read deny /w/secret\nread allow /w/**\nread deny /w/late\nread ask **/*.pem\nread allow /**";
    assert_int_equal(path_line(rules, "/w/secret"), 1);
    assert_int_equal(path_line(rules, "/w/late"), 2);
    assert_int_equal(path_line(rules, "/w/x.pem"), 2);
    assert_int_equal(path_line(rules, "/k/x.pem"), 4);
    assert_int_equal(path_line(rules, "/k/x"), 5);
    assert_int_equal(path_line(rules, "/"), 5);
}

static void a_rule_with_several_patterns_fits_by_any(void **state)
{
    (void)state;
    assert_int_equal(path_line("read deny /a,/b/**,**/c", "/b/x"), 1);
    assert_int_equal(path_line("read deny /a,/b/**,**/c", "/z/c"), 1);
    assert_int_equal(path_line("read deny /a,/b/**,**/c", "/z"), 0);
}

static void otherwise_decides_the_rest(void **state)
{
    (void)state;
    assert_int_equal(hand_path("read allow /w/**", ACT_READ, "/x"), VERDICT_ASK);
    assert_int_equal(hand_path("otherwise deny\nread allow /w/**", ACT_READ, "/x"), VERDICT_DENY);
    assert_int_equal(hand_path("otherwise read allow\nread deny /w/**", ACT_READ, "/x"), VERDICT_ALLOW);
    assert_int_equal(hand_path("otherwise read allow\nread deny /w/**", ACT_WRITE, "/w/x"), VERDICT_ASK);
}

static void acts_are_told_apart(void **state)
{
    (void)state;
    const char *rules = "read allow /w/**\nwrite deny /w/**\ndebug allow **/gdb";
    assert_int_equal(hand_path(rules, ACT_READ, "/w/x"), VERDICT_ALLOW);
    assert_int_equal(hand_path(rules, ACT_WRITE, "/w/x"), VERDICT_DENY);
    assert_int_equal(hand_path(rules, ACT_DEBUG, "/usr/bin/gdb"), VERDICT_ALLOW);
    assert_int_equal(hand_path(rules, ACT_DEBUG, "/w/x"), VERDICT_ASK);
}

static void a_path_that_is_none_is_denied(void **state)
{
    (void)state;
    struct hand hand;
    struct decision decision;
    hand_make(&hand, "otherwise allow\nread allow /**");
    for (unsigned i = 0; i < 3; i++) {
        static const char *const paths[] = {NULL, "", "w/x"};
        struct act act = {.kind = ACT_READ, .path = paths[i], .path_length = paths[i] ? strlen(paths[i]) : 0};
        policy_decide(hand.image, &act, &decision, NULL);
        assert_int_equal(decision.verdict, VERDICT_DENY);
        assert_int_equal(decision.rule, RULE_NONE);
    }
    hand_free(&hand);
}

static void a_path_counts_only_up_to_its_length(void **state)
{
    (void)state;
    struct hand hand;
    struct act act = {.kind = ACT_READ, .path = "/a/bcd", .path_length = 4};
    hand_make(&hand, "read deny /a/bcd\nread allow /a/b");
    assert_int_equal(line_of(&hand, &act), 2);
    hand_free(&hand);
}

static void names_are_bytes(void **state)
{
    (void)state;
    assert_int_equal(path_line("read deny /a/\xff\x01\n", "/a/\xff\x01"), 1);
    assert_int_equal(path_line("read deny /a/\\*", "/a/*"), 1);
    assert_int_equal(path_line("read deny /a/\\*", "/a/b"), 0);
}

static void deep_patterns_and_paths_are_gone_down(void **state)
{
    (void)state;
    char rules[1024] = "read deny ", path[1024] = "";
    for (unsigned i = 0; i < 64; i++)
        strcat(rules, i % 2 ? "/[a-c]" : "/?"), strcat(path, "/a");
    assert_int_equal(path_line(rules, path), 1);
    strcat(path, "/a");
    assert_int_equal(path_line(rules, path), 0);
}

static void double_stars_upon_double_stars_take_no_forever(void **state)
{
    (void)state;
    struct hand hand;
    static char path[8192];
    hand_make(
        &hand,
        "read deny /**/a/**/a/**/a/**/b\nread deny /**/a/**/a/**/c/**/b\nread deny /**/*a/**/a*/**/a/b");
    while (strlen(path) < 6000)
        strcat(path, "/a");
    struct act act = {.kind = ACT_READ, .path = path, .path_length = strlen(path)};
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(line_of(&hand, &act), 0);
    strcat(path, "/c/b");
    act.path_length = strlen(path);
    assert_int_equal(line_of(&hand, &act), 1);
    hand_free(&hand);
}

/* ---- Sets ---- */

static void a_project_can_only_tighten(void **state)
{
    (void)state;
    const char *rules =
        "read allow /w/**\nread deny /k/**\nproject read deny /w/x\nproject read allow /k/**\n"
        "project read ask /w/y\nproject read allow /w/z/open\nproject read ask /w/z/**";
    assert_int_equal(hand_path(rules, ACT_READ, "/w/a"), VERDICT_ALLOW);
    assert_int_equal(hand_path(rules, ACT_READ, "/w/x"), VERDICT_DENY);
    assert_int_equal(hand_path(rules, ACT_READ, "/w/y"), VERDICT_ASK);
    assert_int_equal(hand_path(rules, ACT_READ, "/k/x"), VERDICT_DENY);
    assert_int_equal(hand_path(rules, ACT_READ, "/w/z/open"), VERDICT_ALLOW);
    assert_int_equal(hand_path(rules, ACT_READ, "/w/z/x"), VERDICT_ASK);
    assert_int_equal(hand_path(rules, ACT_READ, "/other"), VERDICT_ASK);
}

static void a_projects_otherwise_counts_where_it_said_one(void **state)
{
    (void)state;
    const char *rules =
        "read allow /w/**\nwrite allow /w/**\nproject otherwise read deny\nproject read allow /w/a";
    assert_int_equal(hand_path(rules, ACT_READ, "/w/a"), VERDICT_ALLOW);
    assert_int_equal(hand_path(rules, ACT_READ, "/w/b"), VERDICT_DENY);
    assert_int_equal(hand_path(rules, ACT_WRITE, "/w/b"), VERDICT_ALLOW);
    assert_int_equal(hand_path("project otherwise allow", ACT_READ, "/w/b"), VERDICT_ASK);
}

static void of_two_equal_verdicts_the_main_rule_is_told(void **state)
{
    (void)state;
    assert_int_equal(path_line("read deny /a\nproject read deny /a", "/a"), 1);
    assert_int_equal(path_line("read ask /a\nproject read deny /a", "/a"), 2);
}

static void an_approval_lifts_an_ask_and_nothing_else(void **state)
{
    (void)state;
    const char *rules = "core read ask /core\nread ask /a\nread deny /b\napproved read allow /a,/b,/c,/core";
    assert_int_equal(path_line(rules, "/a"), 4);
    assert_int_equal(path_line(rules, "/b"), 3);
    assert_int_equal(path_line(rules, "/c"), 4); /* asked by `otherwise` */
    assert_int_equal(path_line(rules, "/core"), 1);
    assert_int_equal(hand_path("read allow /a\nproject read ask /a\napproved read allow /a", ACT_READ, "/a"),
                     VERDICT_ALLOW);
    assert_int_equal(hand_path("read allow /a\nproject read deny /a\napproved read allow /a", ACT_READ, "/a"),
                     VERDICT_DENY);
}

/* ---- Programs ---- */

static void a_bare_name_is_the_last_part_of_a_program(void **state)
{
    (void)state;
    assert_int_equal(hand_exec("deny git", "/opt/x/git"), VERDICT_DENY);
    assert_int_equal(hand_exec("deny git", "/opt/git/x"), VERDICT_ASK);
    assert_int_equal(hand_exec("deny pyt*", "/opt/python3"), VERDICT_DENY);
    assert_int_equal(hand_exec("deny *", "/opt/x"), VERDICT_DENY);
    assert_int_equal(hand_exec("deny -", "/opt/x"), VERDICT_DENY);
    assert_int_equal(hand_exec("deny /usr/bin/*", "ls"), VERDICT_DENY);
    assert_int_equal(hand_exec("deny **/bin/ls", "ls"), VERDICT_DENY);
    assert_int_equal(hand_exec("deny /bin/ls", "ls"), VERDICT_ASK);
}

static enum verdict called(const char *rules, const char *path, const char *name)
{
    struct hand hand;
    struct decision decision;
    struct act act = {.kind = ACT_EXEC, .path = path, .path_length = strlen(path), .name = name};
    hand_make(&hand, rules);
    policy_decide(hand.image, &act, &decision, NULL);
    hand_free(&hand);
    return decision.verdict;
}

static void the_name_it_was_called_by_counts_for_ask_and_deny(void **state)
{
    (void)state;
    assert_int_equal(called("deny vi", "/usr/bin/vim.basic", "vi"), VERDICT_DENY);
    assert_int_equal(called("deny vi*", "/usr/bin/basic", "view"), VERDICT_DENY);
    assert_int_equal(called("allow vi", "/usr/bin/vim.basic", "vi"), VERDICT_ASK);
    assert_int_equal(called("allow vim.basic", "/usr/bin/vim.basic", "vi"), VERDICT_ALLOW);
    assert_int_equal(called("allow basic\ndeny vi", "/usr/bin/basic", "vi"), VERDICT_ALLOW);
    assert_int_equal(called("deny vi\nallow basic", "/usr/bin/basic", "vi"), VERDICT_DENY);
}

static void an_allow_by_name_needs_a_program_that_cannot_be_written(void **state)
{
    (void)state;
    assert_int_equal(hand_exec("write allow /w/**\nallow git", "/usr/bin/git"), VERDICT_ALLOW);
    assert_int_equal(hand_exec("write allow /w/**\nallow git", "/w/bin/git"), VERDICT_ASK);
    assert_int_equal(hand_exec("write allow /w/**\nallow /w/**", "/w/bin/git"), VERDICT_ALLOW);
    assert_int_equal(hand_exec("write allow /w/**\nallow !/w/bin/git", "/w/bin/git"), VERDICT_ASK);
    assert_int_equal(hand_exec("write allow /w/**\nallow !/w/bin/git,/w/**", "/w/bin/git"), VERDICT_ALLOW);
    assert_int_equal(hand_exec("write allow /w/**\nallow *", "/w/bin/git"), VERDICT_ASK);
    assert_int_equal(hand_exec("write allow /w/**\nallow -", "/w/bin/git"), VERDICT_ALLOW);
    assert_int_equal(hand_exec("write allow /w/**\ndeny git", "/w/bin/git"), VERDICT_DENY);
    assert_int_equal(hand_exec("otherwise write allow\nallow git", "/usr/bin/git"), VERDICT_ASK);
    assert_int_equal(hand_exec("write ask /w/**\nallow git\napproved write allow /w/**", "/w/git"),
                     VERDICT_ASK);
    assert_int_equal(hand_exec("write allow /w/**\nallow git\nproject write ask /w/bin/**", "/w/bin/git"),
                     VERDICT_ASK);
}

/* ---- What surrounds a command ---- */

static struct decision decide_with(const char *rules, const struct act *change)
{
    struct hand hand;
    struct command_line line;
    struct decision decision;
    hand_make(&hand, rules);
    command_line(&line, "tool");
    line.act.stdin_kind = change->stdin_kind;
    line.act.sha256 = change->sha256;
    line.act.cwd = change->cwd;
    line.act.parent = change->parent;
    policy_decide(hand.image, &line.act, &decision, NULL);
    hand_free(&hand);
    return decision;
}

static void what_is_unknown_is_needed_and_taken_for_the_worse(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        unsigned need;
    } rows[] = {{"stdin=pipe", NEED_STDIN},
                {"sha256=7", NEED_SHA256},
                {"cwd=/w/**", NEED_CWD},
                {"parent=/bin/x", NEED_PARENT}};
    const struct act unknown = {.stdin_kind = STDIN_UNKNOWN};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char rules[256];
        snprintf(rules, sizeof rules, "deny tool; %s", rows[i].condition);
        struct decision decision = decide_with(rules, &unknown);
        assert_int_equal(decision.verdict, VERDICT_DENY);
        assert_int_equal(decision.needs, rows[i].need);
        snprintf(rules, sizeof rules, "allow tool; %s", rows[i].condition);
        decision = decide_with(rules, &unknown);
        assert_int_equal(decision.verdict, VERDICT_ASK);
        assert_int_equal(decision.needs, rows[i].need);
    }
}

static void only_rules_that_were_met_need_anything(void **state)
{
    (void)state;
    const struct act unknown = {.stdin_kind = STDIN_UNKNOWN};
    assert_int_equal(decide_with("ask tool\ndeny tool; sha256=7", &unknown).needs, 0);
    assert_int_equal(decide_with("allow tool; sha256=7\nask tool\ndeny tool; cwd=/w", &unknown).needs,
                     NEED_SHA256);
    assert_int_equal(decide_with("ask tool x; cwd=/w", &unknown).needs, 0);
    assert_int_equal(decide_with("ask other; cwd=/w", &unknown).needs, 0);
    assert_int_equal(decide_with("allow tool; cwd=/w; sha256=7", &(struct act){.cwd = "/x"}).needs, 0);
    assert_int_equal(
        decide_with("allow /usr/bin/*; cwd=/w\ndeny tool; sha256=1\ndeny *; parent=x", &unknown).needs,
        NEED_CWD | NEED_SHA256);
}

static void what_is_known_is_compared(void **state)
{
    (void)state;
    unsigned char seven[32], eight[32];
    memset(seven, 7, 32);
    memset(eight, 8, 32);
    assert_int_equal(decide_with("allow tool; sha256=7", &(struct act){.sha256 = seven}).verdict,
                     VERDICT_ALLOW);
    assert_int_equal(decide_with("allow tool; sha256=7", &(struct act){.sha256 = eight}).verdict,
                     VERDICT_ASK);
    assert_int_equal(decide_with("allow tool; cwd=/w/**", &(struct act){.cwd = "/w/x"}).verdict,
                     VERDICT_ALLOW);
    assert_int_equal(decide_with("deny tool; cwd=/w/**", &(struct act){.cwd = "/v"}).verdict, VERDICT_ASK);
    assert_int_equal(decide_with("deny tool; stdin=pipe", &(struct act){.stdin_kind = STDIN_PIPE}).verdict,
                     VERDICT_DENY);
    assert_int_equal(decide_with("deny tool; stdin=pipe", &(struct act){.stdin_kind = STDIN_TTY}).verdict,
                     VERDICT_ASK);
    assert_int_equal(decide_with("deny tool; parent=git", &(struct act){.parent = "/usr/bin/git"}).verdict,
                     VERDICT_DENY);
    assert_int_equal(decide_with("deny tool; parent=git", &(struct act){.parent = "/git/x"}).verdict,
                     VERDICT_ASK);
    assert_int_equal(
        decide_with("deny tool; parent=/usr/bin/*", &(struct act){.parent = "/usr/bin/git"}).verdict,
        VERDICT_DENY);
}

static void a_bare_parent_of_an_allow_must_not_be_writable(void **state)
{
    (void)state;
    const struct act in_w = {.parent = "/w/git"}, in_usr = {.parent = "/usr/bin/git"};
    assert_int_equal(decide_with("write allow /w/**\nallow tool; parent=git", &in_w).verdict, VERDICT_ASK);
    assert_int_equal(decide_with("write allow /w/**\nallow tool; parent=git", &in_usr).verdict,
                     VERDICT_ALLOW);
    assert_int_equal(decide_with("write allow /w/**\nallow tool; parent=/w/git", &in_w).verdict,
                     VERDICT_ALLOW);
    assert_int_equal(decide_with("write allow /w/**\ndeny tool; parent=git", &in_w).verdict, VERDICT_DENY);
}

static enum verdict piped(const char *text, enum stdin_kind kind)
{
    struct hand hand;
    struct command_line line;
    struct decision decision;
    hand_make(&hand, "otherwise allow\ndeny *; stdin=pipe");
    command_line(&line, text);
    line.act.stdin_kind = kind;
    policy_decide(hand.image, &line.act, &decision, NULL);
    hand_free(&hand);
    return decision.verdict;
}

static void an_interpreter_counts_as_piped_when_its_program_comes_that_way(void **state)
{
    (void)state;
    static const char *const piped_in[] = {
        "sh", "sh -s -- --yes", "python3 -", "python3 /dev/stdin", "sh /proc/self/fd/0", "cat"};
    static const char *const others[] = {"sh x.sh", "sh -c x", "python3 -m x", "python3 x.py",
                                         "python3 --version"};
    for (size_t i = 0; i < sizeof piped_in / sizeof *piped_in; i++) {
        assert_int_equal(piped(piped_in[i], STDIN_PIPE), VERDICT_DENY);
        assert_int_equal(piped(piped_in[i], STDIN_UNKNOWN), VERDICT_DENY);
        assert_int_equal(piped(piped_in[i], STDIN_FILE), VERDICT_ALLOW);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(piped(others[i], STDIN_PIPE), VERDICT_ALLOW);
    assert_int_equal(piped("sh /dev/fd/63", STDIN_TTY), VERDICT_DENY);
}

/* ---- Connections ---- */

static struct act to_ipv4(unsigned a, unsigned b, unsigned c, unsigned d, uint16_t port)
{
    struct act act = {.kind = ACT_CONNECT, .has_address = true, .has_port = true, .port = port};
    act.address[10] = act.address[11] = 0xff;
    act.address[12] = (unsigned char)a;
    act.address[13] = (unsigned char)b;
    act.address[14] = (unsigned char)c;
    act.address[15] = (unsigned char)d;
    return act;
}

static struct act to_ipv6(unsigned first, unsigned last, uint16_t port)
{
    struct act act = {.kind = ACT_CONNECT, .has_address = true, .has_port = true, .port = port};
    act.address[0] = (unsigned char)(first >> 8);
    act.address[1] = (unsigned char)first;
    act.address[15] = (unsigned char)last;
    return act;
}

static bool connects(const char *patterns, struct act act)
{
    struct hand hand;
    struct decision decision;
    char rules[256];
    snprintf(rules, sizeof rules, "connect allow %s", patterns);
    hand_make(&hand, rules);
    policy_decide(hand.image, &act, &decision, NULL);
    hand_free(&hand);
    return decision.verdict == VERDICT_ALLOW;
}

static void addresses_are_compared_in_one_form(void **state)
{
    (void)state;
    assert_true(connects("10.0.0.0/8", to_ipv4(10, 1, 2, 3, 80)));
    assert_false(connects("10.0.0.0/8", to_ipv4(11, 1, 2, 3, 80)));
    assert_true(connects("10.1.2.0/23", to_ipv4(10, 1, 3, 3, 80)));
    assert_false(connects("10.1.2.0/23", to_ipv4(10, 1, 4, 3, 80)));
    assert_true(connects("::ffff:10.0.0.1", to_ipv4(10, 0, 0, 1, 80)));
    assert_true(connects("127.0.0.1", to_ipv4(0, 0, 0, 0, 80)));
    assert_true(connects("0.0.0.0", to_ipv4(127, 0, 0, 1, 80)));
    assert_true(connects("::1", to_ipv6(0, 0, 80)));
    assert_true(connects("fe80::/10", to_ipv6(0xfe80, 1, 80)));
    assert_false(connects("fe80::/10", to_ipv6(0xfd80, 1, 80)));
    assert_true(connects("0.0.0.0/0", to_ipv4(8, 8, 8, 8, 80)));
    assert_false(connects("::/0", to_ipv4(8, 8, 8, 8, 80)));
    assert_false(connects("0.0.0.0/0", to_ipv6(0x2001, 1, 80)));
    assert_true(connects("::/0", to_ipv6(0x2001, 1, 80)));
    assert_true(connects("*", to_ipv6(0x2001, 1, 80)));
}

static void localhost_is_this_host_in_every_form(void **state)
{
    (void)state;
    assert_true(connects("localhost", to_ipv4(127, 0, 0, 1, 80)));
    assert_true(connects("localhost", to_ipv4(127, 9, 9, 9, 80)));
    assert_true(connects("localhost", to_ipv4(0, 0, 0, 0, 80)));
    assert_true(connects("localhost", to_ipv6(0, 1, 80)));
    assert_true(connects("localhost", to_ipv6(0, 0, 80)));
    assert_false(connects("localhost", to_ipv6(0, 2, 80)));
    assert_false(connects("localhost", to_ipv4(128, 0, 0, 1, 80)));
}

static void ports_are_compared(void **state)
{
    (void)state;
    assert_true(connects("10.0.0.1:80", to_ipv4(10, 0, 0, 1, 80)));
    assert_false(connects("10.0.0.1:80", to_ipv4(10, 0, 0, 1, 81)));
    assert_true(connects("10.0.0.1:80-90", to_ipv4(10, 0, 0, 1, 90)));
    assert_false(connects("*:80-90", to_ipv4(10, 0, 0, 1, 91)));
    assert_true(connects("[::1]:443", to_ipv6(0, 1, 443)));
}

static bool named(const char *patterns, const char *name, bool has_port, uint16_t port)
{
    const char *names[] = {"other.example", name};
    return connects(
        patterns,
        (struct act){
            .kind = ACT_CONNECT, .names = names, .name_count = 2, .has_port = has_port, .port = port});
}

static void names_are_compared_without_case_or_a_last_dot(void **state)
{
    (void)state;
    assert_true(named("api.example.com", "API.Example.com.", false, 0));
    assert_false(named("api.example.com", "xapi.example.com", false, 0));
    assert_true(named("*.example.com", "a.b.example.com", false, 0));
    assert_false(named("*.example.com", "example.com", false, 0));
    assert_false(named("*.example.com", "badexample.com", false, 0));
    assert_false(named("*.example.com", ".example.com", false, 0));
    assert_true(named("api.example.com:443", "api.example.com", true, 443));
    assert_false(named("api.example.com:443", "api.example.com", true, 80));
    assert_true(named("localhost", "localhost", false, 0));
    assert_true(named("*", "x", false, 0));
}

static void a_port_that_is_not_known_fits_no_allow_but_a_deny(void **state)
{
    (void)state;
    const char *names[] = {"x.example"};
    struct act act = {.kind = ACT_CONNECT, .names = names, .name_count = 1};
    struct hand hand;
    struct decision decision;
    assert_false(connects("x.example:443", act));
    hand_make(&hand, "connect deny x.example:443");
    policy_decide(hand.image, &act, &decision, NULL);
    assert_int_equal(decision.verdict, VERDICT_DENY);
    hand_free(&hand);
}

static void unix_sockets_go_by_path_or_abstract_name(void **state)
{
    (void)state;
    struct act path = {.kind = ACT_CONNECT, .unix_path = "/run/docker.sock", .unix_length = 16};
    struct act abstract = {
        .kind = ACT_CONNECT, .unix_path = "/tmp/x", .unix_length = 6, .unix_abstract = true};
    assert_true(connects("unix:/run/docker.sock", path));
    assert_true(connects("unix:/run/**", path));
    assert_false(connects("unix:@*", path));
    assert_true(connects("unix:@/tmp/*", abstract));
    assert_false(connects("unix:/tmp/*", abstract));
    assert_false(connects("*", path));
    assert_false(connects("unix-datagram", path));
}

static void kinds_fit_where_there_is_no_stream(void **state)
{
    (void)state;
    struct act udp = {.kind = ACT_CONNECT, .socket = SOCKET_UDP},
               raw = {.kind = ACT_CONNECT, .socket = SOCKET_RAW};
    struct act sent = to_ipv4(10, 0, 0, 1, 53), stream = to_ipv4(10, 0, 0, 1, 53);
    sent.socket = SOCKET_UDP;
    assert_true(connects("udp", udp));
    assert_false(connects("udp", raw));
    assert_false(connects("*,10.0.0.0/8", udp));
    assert_true(connects("udp", sent));
    assert_true(connects("10.0.0.1:53", sent));
    assert_false(connects("udp,raw,other", stream));
}

/* ---- The trace ---- */

static const char *fit_name(const struct trace *trace, uint32_t rule)
{
    static const char *const names[] = {"yes", "words",  "options", "without",  "shell", "stdin", "sha256",
                                        "cwd", "parent", "program", "writable", "port",  "later"};
    for (size_t i = 0; i < trace->count; i++)
        if (trace->steps[i].rule == rule) return names[trace->steps[i].fit];
    return "";
}

static void the_trace_has_every_rule_whose_program_fits(void **state)
{
    (void)state;
    struct hand hand;
    struct command_line line;
    struct decision decision;
    struct trace trace = {.steps = calloc(16, sizeof *trace.steps), .capacity = 16};
    hand_make(&hand,
              "write allow /usr/**\n"
              "allow git\ndeny git pull\nask git; options=--force\ndeny git push; without=--now\ndeny hg\n"
              "allow git push; parent=/x\ndeny -; shell=x\nask git push\ndeny /usr/bin/git\nproject allow "
              "git push");
    command_line(&line, "git push --now");
    line.act.parent = "/y";
    policy_decide(hand.image, &line.act, &decision, &trace);
    assert_int_equal(decision.rule, 8);
    static const char *const fits[] = {"",       "writable", "words", "options", "without", "",
                                       "parent", "shell",    "yes",   "later",   "writable"};
    for (uint32_t i = 0; i < 11; i++)
        if (strcmp(fit_name(&trace, i), fits[i]))
            fail_msg("rule %u: %s, not %s", i, fit_name(&trace, i), fits[i]);
    assert_int_equal(trace.count, 9);
    free(trace.steps);
    hand_free(&hand);
}

static void the_trace_of_a_path_says_who_else_might_act(void **state)
{
    (void)state;
    struct hand hand;
    struct decision decision;
    struct trace trace = {.steps = calloc(8, sizeof *trace.steps), .capacity = 8};
    struct act act = {.kind = ACT_WRITE, .path = "/w/a", .path_length = 4, .program = "/w/git"};
    hand_make(&hand, "write allow /w/a; program=git\nwrite deny /w/*; program=hg\nwrite allow /w/**");
    policy_decide(hand.image, &act, &decision, &trace);
    assert_int_equal(trace.count, 3);
    assert_string_equal(fit_name(&trace, 0), "writable");
    assert_string_equal(fit_name(&trace, 1), "program");
    assert_string_equal(fit_name(&trace, 2), "yes");
    free(trace.steps);
    hand_free(&hand);
}

static void the_trace_of_a_path_has_all_that_fit_once(void **state)
{
    (void)state;
    struct hand hand;
    struct decision decision;
    struct trace trace = {.steps = calloc(8, sizeof *trace.steps), .capacity = 8};
    struct act act = {.kind = ACT_READ, .path = "/w/a/a", .path_length = 6};
    hand_make(
        &hand,
        "read deny /v/**\nread ask **/a,/w/**\nread allow /w/**/a\nread allow /w/a/a\nwrite deny /w/**");
    policy_decide(hand.image, &act, &decision, &trace);
    assert_int_equal(trace.count, 3);
    assert_string_equal(fit_name(&trace, 1), "yes");
    assert_string_equal(fit_name(&trace, 2), "later");
    assert_string_equal(fit_name(&trace, 3), "later");
    trace.count = 0;
    trace.capacity = 1;
    policy_decide(hand.image, &act, &decision, &trace);
    assert_int_equal(trace.count, 3);
    free(trace.steps);
    hand_free(&hand);
}

/* ---- The index against a plain loop ---- */

static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % limit;
}

static const char *const names[] = {"a", "b", "ab", "abc", "a.c", "b.c", "x.pem", "abc.pem", ".git", "hooks"};
static const char *const globs[] = {"*",    "?",     "a*",  "*c",  "*.pem", "*.c", "a*c",
                                    "[ab]", "[!a]*", "*b*", "?b*", "**",    "**"};

static void random_pattern(char *to, bool glob)
{
    unsigned count = 1 + random_below(4), stars = 0;
    strcpy(to, glob && !random_below(3) ? "**" : "");
    stars += *to != '\0';
    for (unsigned i = 0; i < count; i++) {
        bool literal = !glob || random_below(3);
        const char *name = literal ? names[random_below(sizeof names / sizeof *names)]
                                   : globs[random_below(sizeof globs / sizeof *globs)];
        if (!strcmp(name, "**") && ++stars > 4) name = "*";
        strcat(strcat(to, "/"), name);
    }
}

/* Which rule of the act's kind a loop comes to. */
static uint32_t plain_path(const struct policy *policy, const struct act *act, enum rule_set set)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->set != set || rule->act != act->kind) continue;
        for (size_t k = 0; k < rule->patterns.count; k++) {
            const char *pattern = rule->patterns.items[k].text;
            if (path_match(pattern, strlen(pattern), act->path, act->path_length)) return (uint32_t)i;
        }
    }
    return RULE_NONE;
}

static void paths_come_out_as_a_plain_loop_says(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        static char rules[65536];
        char pattern[256], path[256];
        struct hand hand;
        struct decision decision;
        random_state = round;
        *rules = '\0';
        unsigned count = 1 + random_below(round % 3 ? 12 : 200);
        for (unsigned i = 0; i < count; i++) {
            strcat(rules, random_below(4) ? "read ask " : "write ask ");
            for (unsigned k = 0; k <= random_below(2); k++) {
                random_pattern(pattern, true);
                strcat(strcat(rules, k ? "," : ""), pattern);
            }
            strcat(rules, "\n");
        }
        hand_make(&hand, rules);
        for (unsigned i = 0; i < 100; i++) {
            random_pattern(path, false);
            struct act act = {
                .kind = random_below(4) ? ACT_READ : ACT_WRITE, .path = path, .path_length = strlen(path)};
            policy_decide(hand.image, &act, &decision, NULL);
            uint32_t expected = plain_path(&hand.policy, &act, SET_MAIN);
            if (decision.rule != expected)
                fail_msg("%s: rule %u, not %u of\n%s", path, decision.rule, expected, rules);
        }
        hand_free(&hand);
    }
}

/* The first that fits, of all that a trace has: it goes no way by first words, and passes nothing by. */
static uint32_t first_of(const struct trace *trace)
{
    uint32_t first = RULE_NONE;
    for (size_t i = 0; i < trace->count; i++)
        if (trace->steps[i].fit == FIT_YES && trace->steps[i].rule < first) first = trace->steps[i].rule;
    return first;
}

static size_t programs_fitting(const struct policy *policy, const struct act *act)
{
    size_t count = 0;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        bool fits = rule->act == ACT_EXEC && !rule->patterns.count;
        const char *last = strrchr(act->path, '/') + 1;
        for (size_t k = 0; rule->act == ACT_EXEC && k < rule->patterns.count && !fits; k++) {
            const char *pattern = rule->patterns.items[k].text;
            size_t length = strlen(pattern);
            if (strchr(pattern, '/'))
                fits = path_match(pattern, length, act->path, act->path_length);
            else
                fits = glob_match(pattern, length, last, strlen(last)) ||
                       (rule->verdict != VERDICT_ALLOW &&
                        glob_match(pattern, length, act->name, strlen(act->name)));
        }
        count += fits;
    }
    return count;
}

static void random_exec_rule(char *rules)
{
    static const char *const programs[] = {"git",     "kubectl", "g*",           "*", "-", "/usr/bin/git",
                                           "/usr/**", "rm,git",  "!/usr/bin/git"};
    static const char *const words[] = {"push", "pull", "stash", "p*", "-f", "--force", "-n", "prod", "-C"};
    static const char *const ends[] = {
        "", "", "", "; options=-f,--all", "; without=-f", "; cwd=/w/**", "; stdin=pipe"};
    static const char *const verdicts[] = {"allow ", "ask ", "deny "};
    strcat(strcat(rules, verdicts[random_below(3)]), programs[random_below(9)]);
    for (unsigned i = random_below(4); i; i--)
        strcat(strcat(rules, " "), words[random_below(9)]);
    strcat(strcat(rules, ends[random_below(7)]), "\n");
}

static void random_command(char *text)
{
    static const char *const programs[] = {"git", "kubectl", "rm", "/w/git", "/usr/lib/git"};
    static const char *const words[] = {"push", "pull", "stash", "prod", "-f",   "--force",
                                        "-n",   "-C",   "--",    "-vf",  "--fo", "-nprod"};
    strcpy(text, programs[random_below(5)]);
    for (unsigned i = random_below(7); i; i--)
        strcat(strcat(text, " "), words[random_below(12)]);
}

static void commands_come_out_as_a_plain_loop_says(void **state)
{
    (void)state;
    struct trace trace = {.steps = calloc(256, sizeof *trace.steps), .capacity = 256};
    for (unsigned round = 0; round < 400; round++) {
        static char rules[65536];
        struct hand hand;
        random_state = round;
        strcpy(rules, "write allow /w/**\n");
        for (unsigned i = random_below(round % 4 ? 10 : 150); i; i--)
            random_exec_rule(rules);
        hand_make(&hand, rules);
        for (unsigned i = 0; i < 60; i++) {
            char text[256];
            struct command_line line;
            struct decision decision, traced;
            random_command(text);
            command_line(&line, text);
            if (random_below(2)) line.act.name = "git";
            if (random_below(2)) line.act.cwd = "/w/x";
            policy_decide(hand.image, &line.act, &decision, NULL);
            trace.count = 0;
            policy_decide(hand.image, &line.act, &traced, &trace);
            if (decision.rule != first_of(&trace) || decision.verdict != traced.verdict ||
                decision.needs != traced.needs)
                fail_msg("%s: rule %u, traced %u, first %u of\n%s", text, decision.rule, traced.rule,
                         first_of(&trace), rules);
            assert_int_equal(trace.count, programs_fitting(&hand.policy, &line.act));
        }
        hand_free(&hand);
    }
    free(trace.steps);
}

static void no_project_rule_ever_loosens(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        static char rules[8192], tightened[16384];
        struct hand without, with;
        random_state = round;
        strcpy(rules, "write allow /w/**\n");
        for (unsigned i = random_below(10); i; i--)
            random_exec_rule(rules);
        strcpy(tightened, rules);
        if (random_below(3) == 0) strcat(tightened, "project otherwise exec allow\n");
        for (unsigned i = 1 + random_below(8); i; i--) {
            strcat(tightened, "project ");
            if (random_below(4))
                random_exec_rule(tightened);
            else
                strcat(tightened, "write deny /w/**\n");
        }
        hand_make(&without, rules);
        hand_make(&with, tightened);
        for (unsigned i = 0; i < 40; i++) {
            char text[256];
            struct command_line line;
            struct decision loose, tight;
            random_command(text);
            command_line(&line, text);
            policy_decide(without.image, &line.act, &loose, NULL);
            policy_decide(with.image, &line.act, &tight, NULL);
            if (tight.verdict < loose.verdict) fail_msg("%s: loosened by\n%s", text, tightened);
        }
        hand_free(&without);
        hand_free(&with);
    }
}

static void ten_thousand_rules_come_out_in_order(void **state)
{
    (void)state;
    enum { RULES = 10000 };
    struct hand hand;
    char *rules = calloc(RULES, 64), *at = rules;
    for (unsigned i = 0; i < RULES; i++) {
        static const char *const forms[] = {"read deny **/*.ext%u\n", "read deny /srv/d%u/**\n",
                                            "deny git w%u\n", "deny tool%u\n"};
        at += sprintf(at, forms[i % 4], i);
    }
    hand_make(&hand, rules);
    for (unsigned i = 0; i < RULES; i += 97) {
        static const char *const forms[] = {"/w/x.ext%u", "/srv/d%u/x/y", "git w%u", "tool%u"};
        char text[64];
        struct command_line line;
        snprintf(text, sizeof text, forms[i % 4], i);
        command_line(&line, text);
        struct act act = {.kind = ACT_READ, .path = text, .path_length = strlen(text)};
        assert_int_equal(line_of(&hand, i % 4 < 2 ? &act : &line.act), i + 1);
    }
    hand_free(&hand);
    free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_fits_decides),
        cmocka_unit_test(a_rule_with_several_patterns_fits_by_any),
        cmocka_unit_test(otherwise_decides_the_rest),
        cmocka_unit_test(acts_are_told_apart),
        cmocka_unit_test(a_path_that_is_none_is_denied),
        cmocka_unit_test(a_path_counts_only_up_to_its_length),
        cmocka_unit_test(names_are_bytes),
        cmocka_unit_test(deep_patterns_and_paths_are_gone_down),
        cmocka_unit_test(double_stars_upon_double_stars_take_no_forever),
        cmocka_unit_test(a_project_can_only_tighten),
        cmocka_unit_test(a_projects_otherwise_counts_where_it_said_one),
        cmocka_unit_test(of_two_equal_verdicts_the_main_rule_is_told),
        cmocka_unit_test(an_approval_lifts_an_ask_and_nothing_else),
        cmocka_unit_test(a_bare_name_is_the_last_part_of_a_program),
        cmocka_unit_test(the_name_it_was_called_by_counts_for_ask_and_deny),
        cmocka_unit_test(an_allow_by_name_needs_a_program_that_cannot_be_written),
        cmocka_unit_test(what_is_unknown_is_needed_and_taken_for_the_worse),
        cmocka_unit_test(only_rules_that_were_met_need_anything),
        cmocka_unit_test(what_is_known_is_compared),
        cmocka_unit_test(a_bare_parent_of_an_allow_must_not_be_writable),
        cmocka_unit_test(an_interpreter_counts_as_piped_when_its_program_comes_that_way),
        cmocka_unit_test(addresses_are_compared_in_one_form),
        cmocka_unit_test(localhost_is_this_host_in_every_form),
        cmocka_unit_test(ports_are_compared),
        cmocka_unit_test(names_are_compared_without_case_or_a_last_dot),
        cmocka_unit_test(a_port_that_is_not_known_fits_no_allow_but_a_deny),
        cmocka_unit_test(unix_sockets_go_by_path_or_abstract_name),
        cmocka_unit_test(kinds_fit_where_there_is_no_stream),
        cmocka_unit_test(the_trace_has_every_rule_whose_program_fits),
        cmocka_unit_test(the_trace_of_a_path_says_who_else_might_act),
        cmocka_unit_test(the_trace_of_a_path_has_all_that_fit_once),
        cmocka_unit_test(paths_come_out_as_a_plain_loop_says),
        cmocka_unit_test(commands_come_out_as_a_plain_loop_says),
        cmocka_unit_test(no_project_rule_ever_loosens),
        cmocka_unit_test(ten_thousand_rules_come_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
