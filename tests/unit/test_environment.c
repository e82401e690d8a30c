/* test_environment.c: what of the launcher's environment a command gets to see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../launcher/run/environment.h"

#define SHIM "/opt/askfirst/libaskfirst.so"

static char *drops[] = {"*SECRET*", "GONE"}, *keeps[] = {"MY_SECRET"};
static struct env_rules rules = {.layer = LAYER_USER, .drop = {drops, 2}, .keep = {keeps, 1}};
static const struct policy policy = {.env = &rules, .env_count = 1};

/* The environment that comes of `from` and what --env says; NULL and the reason in `why`. */
static char **make(char **from, const char *const *wanted, const char *shim, char **why)
{
    struct environment_options options = {
        .policy = &policy, .wanted = wanted, .shim = shim, .shim_needed = true, .session = "/run/x"};
    while (wanted && wanted[options.wanted_count])
        options.wanted_count++;
    *why = NULL;
    return environment_make(&options, from, why);
}

#define LIST(type, ...) ((type[]){__VA_ARGS__, NULL})
#define FROM(...) LIST(char *, __VA_ARGS__)
#define WANTED(...) LIST(const char *, __VA_ARGS__)

static void has(char **environment, const char *name, const char *value)
{
    size_t found = 0;
    for (size_t i = 0; environment[i]; i++) {
        if (strncmp(environment[i], name, strlen(name)) || environment[i][strlen(name)] != '=') continue;
        found++;
        assert_non_null(value);
        assert_string_equal(environment[i] + strlen(name) + 1, value);
    }
    assert_int_equal(found, value ? 1 : 0);
    environment_free(environment);
}

static void the_policy_drops_and_keeps(void **state)
{
    (void)state;
    char *why;
    has(make(FROM("A_SECRET=x"), NULL, SHIM, &why), "A_SECRET", NULL);
    has(make(FROM("MY_SECRET=x"), NULL, SHIM, &why), "MY_SECRET", "x");
    has(make(FROM("OTHER=x=y"), NULL, SHIM, &why), "OTHER", "x=y");
}

static void what_was_wanted_comes_through(void **state)
{
    (void)state;
    char *why;
    has(make(FROM("A_SECRET=x"), WANTED("A_SECRET"), SHIM, &why), "A_SECRET", "x");
    has(make(FROM("A_SECRET=x"), WANTED("A_SECRET=new"), SHIM, &why), "A_SECRET", "new");
    has(make(FROM("A=x"), WANTED("A=1", "A=2"), SHIM, &why), "A", "2");
    has(make(FROM("A=x"), WANTED("A=1", "A"), SHIM, &why), "A", "x");
    has(make(FROM("A=x"), WANTED("B"), SHIM, &why), "B", NULL);
    has(make(FROM("AB=x"), WANTED("A=1"), SHIM, &why), "AB", "x");
}

static void the_shim_is_the_first_preload_and_the_only_shim(void **state)
{
    (void)state;
    char *why;
    has(make(FROM("A=x"), NULL, SHIM, &why), "LD_PRELOAD", SHIM);
    has(make(FROM("LD_PRELOAD="), NULL, SHIM, &why), "LD_PRELOAD", SHIM);
    has(make(FROM("LD_PRELOAD=a.so b.so::c.so "), NULL, SHIM, &why), "LD_PRELOAD", SHIM ":a.so:b.so:c.so");
    has(make(FROM("LD_PRELOAD=/x/libaskfirst.so:a.so:libaskfirst.so"), NULL, SHIM, &why), "LD_PRELOAD",
        SHIM ":a.so");
    has(make(FROM("LD_PRELOAD=notlibaskfirst.so"), NULL, SHIM, &why), "LD_PRELOAD",
        SHIM ":notlibaskfirst.so");
    has(make(FROM("LD_PRELOAD=a.so", "LD_PRELOAD=b.so"), NULL, SHIM, &why), "LD_PRELOAD", SHIM ":a.so");
    has(make(FROM("LD_PRELOAD=a.so"), WANTED("LD_PRELOAD=b.so"), SHIM, &why), "LD_PRELOAD", SHIM ":b.so");
}

static void the_session_is_ours(void **state)
{
    (void)state;
    char *why;
    has(make(FROM("ASKFIRST_SESSION=/other", "ASKFIRST_SESSION=/third"), NULL, SHIM, &why),
        "ASKFIRST_SESSION", "/run/x");
}

static void what_leads_around_the_door_is_not_there(void **state)
{
    (void)state;
    char *why;
    has(make(FROM("LD_AUDIT=a.so"), NULL, SHIM, &why), "LD_AUDIT", NULL);
    has(make(FROM("LD_PROFILE=a.so"), NULL, SHIM, &why), "LD_PROFILE", NULL);
    has(make(FROM("LD_LIBRARY_PATH=/x"), NULL, SHIM, &why), "LD_LIBRARY_PATH", "/x");
}

static void refused(const char *wanted, const char *shim, const char *saying)
{
    char *why;
    assert_null(make(FROM("A=x"), WANTED(wanted), shim, &why));
    assert_non_null(strstr(why, saying));
    free(why);
}

static void what_cannot_be_is_refused_with_its_reason(void **state)
{
    (void)state;
    refused("LD_AUDIT=a.so", SHIM, "LD_AUDIT");
    refused("ASKFIRST_SESSION", SHIM, "ASKFIRST_SESSION");
    refused("=x", SHIM, "name");
    refused("", SHIM, "name");
    refused("A=1", "/opt/with blank/libaskfirst.so", "blank");
    refused("A=1", "/opt/a:b/libaskfirst.so", "colon");
    refused("A=1", "/opt/$LIB/libaskfirst.so", "dollar");
}

static void a_shim_that_is_not_needed_is_left_out_where_it_cannot_be_told_of(void **state)
{
    (void)state;
    struct environment_options options = {
        .policy = &policy, .session = "/run/x", .shim = "/a b/libaskfirst.so"};
    char *why = NULL;
    has(environment_make(&options, FROM("LD_PRELOAD=a.so:b.so"), &why), "LD_PRELOAD", "a.so:b.so");
    has(environment_make(&options, FROM("A=x"), &why), "LD_PRELOAD", NULL);
    has(environment_make(&options, FROM("ASKFIRST_SESSION=/other"), &why), "ASKFIRST_SESSION", NULL);
    options.shim = SHIM;
    has(environment_make(&options, FROM("LD_PRELOAD=a.so"), &why), "LD_PRELOAD", SHIM ":a.so");
    has(environment_make(&options, FROM("A=x"), &why), "ASKFIRST_SESSION", "/run/x/"); /* guard kernel */
    assert_null(why);
}

static void man_leaves_its_helpers_a_way_to_the_door(void **state)
{
    (void)state;
    struct environment_options options = {.policy = &policy, .session = "/run/x", .shim = SHIM};
    char *why = NULL;
    has(environment_make(&options, FROM("A=x"), &why), "MAN_DISABLE_SECCOMP", NULL);
    has(make(FROM("A=x"), NULL, SHIM, &why), "MAN_DISABLE_SECCOMP", "1");
    has(make(FROM("MAN_DISABLE_SECCOMP="), NULL, SHIM, &why), "MAN_DISABLE_SECCOMP", "");
}

static void an_entry_without_a_value_stays(void **state)
{
    (void)state;
    char *why;
    char **environment = make(FROM("odd", "A=x"), NULL, SHIM, &why);
    assert_string_equal(environment[2], "odd");
    assert_string_equal(environment[3], "A=x");
    assert_string_equal(environment[4], "MAN_DISABLE_SECCOMP=1");
    assert_null(environment[5]);
    assert_string_equal(environment_get(environment, "A"), "x");
    assert_null(environment_get(environment, "odd"));
    environment_free(environment);
}

static char *sets[] = {"TOLD=no", "PATHS=a=b"};
static struct env_rules setting = {.layer = LAYER_USER, .set = {sets, 2}};

static char **made(char **from, const char *const *wanted, struct env_rules *env, char **why)
{
    const struct policy says = {.env = env, .env_count = 1};
    struct environment_options options = {
        .policy = &says, .wanted = wanted, .shim = SHIM, .shim_needed = true, .session = "/run/x"};
    while (wanted && wanted[options.wanted_count])
        options.wanted_count++;
    *why = NULL;
    return environment_make(&options, from, why);
}

static void what_the_policy_sets_is_there_where_nothing_else_was_said(void **state)
{
    (void)state;
    char *why;
    has(made(FROM("A=x"), NULL, &setting, &why), "TOLD", "no");
    has(made(FROM("A=x"), NULL, &setting, &why), "PATHS", "a=b");
    has(made(FROM("TOLD=yes"), NULL, &setting, &why), "TOLD", "yes");
    has(made(FROM("A=x"), WANTED("TOLD=maybe"), &setting, &why), "TOLD", "maybe");
}

static void a_policy_cannot_set_what_leads_around_the_door(void **state)
{
    (void)state;
    char *hazards[] = {"LD_PRELOAD=/x.so", "LD_AUDIT=/x.so", "ASKFIRST_SESSION=/x"};
    for (size_t i = 0; i < sizeof hazards / sizeof *hazards; i++) {
        struct env_rules bad = {.layer = LAYER_USER, .set = {&hazards[i], 1}};
        char *why;
        assert_null(made(FROM("A=x"), NULL, &bad, &why));
        assert_non_null(strstr(why, "cannot be set for a guarded program"));
        free(why);
    }
}

static void keeps_back(char **from, const char *names)
{
    static char *all[] = {"*"};
    static struct env_rules everything = {.layer = LAYER_USER, .drop = {all, 1}};
    const struct policy strict = {.env = &everything, .env_count = 1};
    const struct environment_options options = {.policy = &strict, .shim = SHIM, .shim_needed = true};
    char *said = environment_kept_back(&options, from);
    assert_string_equal(said, names);
    free(said);
}

static void of_what_is_kept_back_the_keys_are_named(void **state)
{
    (void)state;
    keeps_back(FROM("TMUX=x", "SSH_AUTH_SOCK=x", "DBUS_SESSION_BUS_ADDRESS=x"), "");
    keeps_back(FROM("TMUX=x", "GITHUB_TOKEN=x", "DATABASE_URL=x"), "GITHUB_TOKEN, DATABASE_URL");
    keeps_back(FROM("KEY_1=x", "KEY_2=x", "KEY_3=x", "KEY_4=x", "KEY_5=x", "KEY_6=x", "KEY_7=x"),
               "KEY_1, KEY_2, KEY_3, KEY_4, KEY_5 and 2 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_drops_and_keeps),
        cmocka_unit_test(what_was_wanted_comes_through),
        cmocka_unit_test(the_shim_is_the_first_preload_and_the_only_shim),
        cmocka_unit_test(the_session_is_ours),
        cmocka_unit_test(what_leads_around_the_door_is_not_there),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_reason),
        cmocka_unit_test(a_shim_that_is_not_needed_is_left_out_where_it_cannot_be_told_of),
        cmocka_unit_test(man_leaves_its_helpers_a_way_to_the_door),
        cmocka_unit_test(an_entry_without_a_value_stays),
        cmocka_unit_test(what_the_policy_sets_is_there_where_nothing_else_was_said),
        cmocka_unit_test(a_policy_cannot_set_what_leads_around_the_door),
        cmocka_unit_test(of_what_is_kept_back_the_keys_are_named),
    };
    return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
