/* test_policy_parts.c: the small parts below the loader: sums, arenas, resolved paths, places, suggestions.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../policy/arena.h"
#include "../../policy/plain.h"
#include "../../policy/repository.h"
#include "../../policy/resolve.h"
#include "../../policy/sha256.h"
#include "../../policy/suggest.h"
#include "policies.h"

static void sum_is(const void *data, size_t size, const char *expected)
{
    unsigned char sum[32];
    char hex[65];
    sha256(data, size, sum);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    assert_string_equal(hex, expected);
}

/* From FIPS 180-4's examples, and the lengths around a block's end. */
static void sums_are_those_of_the_standard(void **state)
{
    static char a[1000000];
    (void)state;
    memset(a, 'a', sizeof a);
    sum_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sum_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sum_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    sum_is(a, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    sum_is(a, 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
    sum_is(a, 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
    sum_is(a, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    sum_is(a, sizeof a, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_sum_of_pieces_is_the_sum_of_the_whole(void **state)
{
    unsigned char data[300], whole[32], pieces[32];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7);
    sha256(data, sizeof data, whole);
    for (size_t step = 1; step < 130; step++) {
        struct sha256 sum;
        sha256_init(&sum);
        for (size_t at = 0; at < sizeof data; at += step)
            sha256_update(&sum, data + at, sizeof data - at < step ? sizeof data - at : step);
        sha256_final(&sum, pieces);
        assert_memory_equal(whole, pieces, sizeof whole);
    }
}

static void count_up(void *what)
{
    ++*(int *)what;
}

static void an_arena_gives_zeroed_memory_and_frees_it_whole(void **state)
{
    (void)state;
    int cleaned = 0;
    jmp_buf no_memory;
    struct arena *arena = arena_new();
    assert_non_null(arena);
    if (setjmp(no_memory) != 0) fail_msg("there is no memory");
    arena_on_failure(arena, &no_memory);
    arena_defer(arena, count_up, &cleaned);
    for (size_t size = 1; size < 70000; size = size * 3 + 1) {
        unsigned char *taken = arena_take(arena, size, 1);
        assert_int_equal((uintptr_t)taken % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(taken[i], 0);
        memset(taken, 0xff, size);
    }
    int *numbers = NULL;
    for (int i = 0; i < 1000; i++) {
        numbers = arena_grow(arena, numbers, (size_t)i, sizeof *numbers);
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    assert_string_equal(arena_format(arena, "%s-%d", "a", 5), "a-5");
    assert_string_equal(arena_copy(arena, "abcdef", 3), "abc");
    assert_int_equal(cleaned, 0);
    arena_free(arena);
    assert_int_equal(cleaned, 1);
}

static void an_arena_without_memory_takes_the_jump(void **state)
{
    (void)state;
    jmp_buf no_memory;
    struct arena *arena = arena_new();
    assert_non_null(arena);
    int jumped = setjmp(no_memory);
    if (jumped == 0) {
        arena_on_failure(arena, &no_memory);
        arena_take(arena, SIZE_MAX / 4, 8);
        fail_msg("that much memory cannot be");
    }
    assert_int_equal(jumped, 1);
    arena_free(arena);
}

static int begin(void **state)
{
    static struct policies policies;
    policies_begin(&policies);
    *state = &policies;
    return 0;
}

static int end(void **state)
{
    policies_end(*state);
    return 0;
}

static void link_to(const struct policies *policies, const char *target, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", policies->directory, name);
    assert_int_equal(symlink(target, path), 0);
}

static void leads_to(const struct policies *policies, const char *path, enum last_name last,
                     const char *expected)
{
    char whole[PATH_MAX], out[PATH_MAX], wanted[PATH_MAX];
    snprintf(whole, sizeof whole, "%s%s", policies->directory, path);
    snprintf(wanted, sizeof wanted, "%s%s", policies->directory, expected);
    assert_true(resolve_path(whole, last, out));
    assert_string_equal(out, wanted);
}

static void paths_are_followed_as_far_as_they_lead(void **state)
{
    const struct policies *policies = *state;
    link_to(policies, "home", "link");
    link_to(policies, "link", "second");
    link_to(policies, "nowhere/x", "dangling");
    link_to(policies, "../home", "work/up");
    leads_to(policies, "/home", LAST_FOLLOW, "/home");
    leads_to(policies, "/link", LAST_FOLLOW, "/home");
    leads_to(policies, "/link", LAST_AS_WRITTEN, "/link");
    leads_to(policies, "/link/", LAST_AS_WRITTEN, "/link");
    leads_to(policies, "/link/a/b", LAST_AS_WRITTEN, "/home/a/b");
    leads_to(policies, "/second/a/b", LAST_FOLLOW, "/home/a/b");
    leads_to(policies, "/second/../work", LAST_FOLLOW, "/work");
    leads_to(policies, "/dangling/y", LAST_FOLLOW, "/nowhere/x/y");
    leads_to(policies, "/dangling", LAST_FOLLOW, "/nowhere/x");
    leads_to(policies, "/work/up/./z//", LAST_FOLLOW, "/home/z");
    leads_to(policies, "/link/../work/up", LAST_AS_WRITTEN, "/work/up");
}

static void paths_that_lead_nowhere(void **state)
{
    const struct policies *policies = *state;
    char path[300], out[PATH_MAX], longer[PATH_MAX + 10];
    link_to(policies, "b", "a");
    link_to(policies, "a", "b");
    snprintf(path, sizeof path, "%s/a/x", policies->directory);
    assert_false(resolve_path(path, LAST_FOLLOW, out));
    assert_false(resolve_path("relative", LAST_FOLLOW, out));
    assert_false(resolve_path("", LAST_FOLLOW, out));
    memset(longer, 'x', sizeof longer);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    assert_false(resolve_path(longer, LAST_FOLLOW, out));
    assert_true(resolve_path("/", LAST_AS_WRITTEN, out));
    assert_string_equal(out, "/");
    assert_true(resolve_path("/../..", LAST_FOLLOW, out));
    assert_string_equal(out, "/");
}

static void programs_are_found_in_a_path(void **state)
{
    struct policies *policies = *state;
    char search[700], out[PATH_MAX];
    policies_write(policies, "home/tool", "no program: it may not be executed");
    assert_int_equal(chmod(policies_write(policies, "work/tool", "x"), 0755), 0);
    snprintf(search, sizeof search, "%s/nothing:relative::%s/home:%s/work", policies->directory,
             policies->directory, policies->directory);
    assert_true(resolve_program("tool", search, out));
    assert_string_equal(out + strlen(policies->directory), "/work/tool");
    assert_false(resolve_program("other", search, out));
    assert_false(resolve_program("tool", "", out));
    assert_false(resolve_program("home", policies->directory, out)); /* a directory */
}

/* Where the test runs is put back by the caller. */
static void workspace_is(const struct policies *policies, const char *directory, const char *named,
                         const char *expected)
{
    struct places places;
    char path[300];
    snprintf(path, sizeof path, "%s%s", policies->directory, directory);
    assert_int_equal(chdir(path), 0);
    assert_int_equal(places_find(&places, named), 0);
    assert_memory_equal(places.workspace, policies->directory, strlen(policies->directory));
    assert_string_equal(places.workspace + strlen(policies->directory), expected);
    places_free(&places);
}

static void make_directory(const struct policies *policies, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", policies->directory, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void the_workspace_is_the_repository_that_one_is_in(void **state)
{
    struct policies *policies = *state;
    char before[PATH_MAX], *home = strdup(getenv("HOME") ? getenv("HOME") : "/");
    assert_non_null(getcwd(before, sizeof before));
    setenv("HOME", policies->places.home, 1);
    make_directory(policies, "work/.git");
    make_directory(policies, "work/a");
    make_directory(policies, "home/b");
    make_directory(policies, "home/.git");
    link_to(policies, "work", "link");
    workspace_is(policies, "/work", NULL, "/work");
    workspace_is(policies, "/work/a", NULL, "/work");
    workspace_is(policies, "/link/a", NULL, "/work");
    workspace_is(policies, "/work/a", ".", "/work/a");
    workspace_is(policies, "/work", "../link/a", "/work/a");
    /* A repository of the home directory itself does not make everything in it a workspace. */
    workspace_is(policies, "/home/b", NULL, "/home/b");
    workspace_is(policies, "/home", NULL, "/home");
    if (geteuid() == 0) {
        char git[300];
        snprintf(git, sizeof git, "%s/work/.git", policies->directory);
        assert_int_equal(chown(git, 12345, 12345), 0);
        workspace_is(policies, "/work/a", NULL, "/work/a");
    }
    assert_int_equal(chdir(before), 0);
    setenv("HOME", home, 1);
    free(home);
}

static void repository_is(const struct policies *policies, const char *workspace, const char *expected)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", policies->directory, workspace);
    char *found = repository_find(path);
    if (expected) {
        snprintf(path, sizeof path, "%s/%s", policies->directory, expected);
        assert_non_null(found);
        assert_string_equal(found, path);
    } else {
        assert_null(found);
    }
    free(found);
}

static void make_worktree(struct policies *policies, const char *said, const char *told)
{
    policies_write(policies, "side/.git", said);
    policies_write(policies, "work/.git/worktrees/side/gitdir", told);
}

static void the_repository_of_a_worktree_knows_it(void **state)
{
    struct policies *policies = *state;
    char said[300], told[300];
    make_directory(policies, "side");
    make_directory(policies, "work/.git");
    make_directory(policies, "work/.git/worktrees");
    make_directory(policies, "work/.git/worktrees/side");
    policies_write(policies, "work/.git/worktrees/side/commondir", "../..\n");
    snprintf(said, sizeof said, "gitdir: %s/work/.git/worktrees/side\n", policies->directory);
    snprintf(told, sizeof told, "%s/side/.git\n", policies->directory);
    make_worktree(policies, said, told);
    repository_is(policies, "side", "work/.git");
    make_worktree(policies, "gitdir: ../work/.git/worktrees/side", "../../../../side/.git");
    repository_is(policies, "side", "work/.git");
    repository_is(policies, "work", NULL); /* it has its own */
    repository_is(policies, "home", NULL);
    make_worktree(policies, said, "/else/.git\n"); /* another's */
    repository_is(policies, "side", NULL);
    make_worktree(policies, "gitdir: ../home\n", told);
    repository_is(policies, "side", NULL);
    make_worktree(policies, "gitdir: ../work/.git\n", told);
    repository_is(policies, "side", NULL);
    make_worktree(policies, "gitdir: \n", told);
    repository_is(policies, "side", NULL);
}

static void the_repository_of_a_submodule_lies_above_it(void **state)
{
    struct policies *policies = *state;
    make_directory(policies, "work/.git");
    make_directory(policies, "work/.git/modules");
    make_directory(policies, "work/.git/modules/part");
    make_directory(policies, "work/part");
    make_directory(policies, "side");
    policies_write(policies, "work/part/.git", "gitdir: ../.git/modules/part\n");
    policies_write(policies, "side/.git", "gitdir: ../work/.git/modules/part\n");
    repository_is(policies, "work/part", "work/.git/modules/part");
    repository_is(policies, "side", NULL);
}

static void places_come_from_the_environment(void **state)
{
    struct policies *policies = *state;
    struct places places;
    char *home = strdup(getenv("HOME") ? getenv("HOME") : "/");
    link_to(policies, "home", "mine");
    char link[300];
    snprintf(link, sizeof link, "%s/mine", policies->directory);
    setenv("HOME", link, 1);
    setenv("XDG_CACHE_HOME", "/var/cache/mine", 1);
    setenv("XDG_CONFIG_HOME", "not/absolute", 1);
    assert_int_equal(places_find(&places, "/"), 0);
    assert_string_equal(places.home, policies->places.home);
    assert_string_equal(places.cache_dir, "/var/cache/mine");
    assert_string_equal(places.config_dir, policies->places.config_dir);
    assert_string_equal(places.workspace, "/");
    assert_non_null(places.user);
    assert_null(places.session_dir);
    assert_null(places.install_dir);
    places_free(&places);
    setenv("HOME", home, 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("XDG_CONFIG_HOME");
    free(home);
}

static void how_far_words_are_apart(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {{"", "", 0},
                {"", "abc", 3},
                {"abc", "abc", 0},
                {"abc", "acb", 1},
                {"abc", "ab", 1},
                {"abc", "abxc", 1},
                {"abc", "axc", 1},
                {"kitten", "sitting", 3},
                {"becuase", "because", 1},
                {"extnds", "extends", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(edit_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(edit_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
}

static void only_what_is_near_is_suggested(void **state)
{
    (void)state;
    assert_string_equal(suggest("alow", NULL, "allow"), "allow");
    assert_string_equal(suggest("alow", "allow", "slow"), "allow");
    assert_string_equal(suggest("slowe", "allow", "slow"), "slow");
    assert_null(suggest("something", NULL, "read"));
    assert_null(suggest("xy", NULL, "ab"));
    assert_null(suggest("", NULL, "ab"));
}

static void kinds_of_sockets_are_those_of_the_c_library(void **state)
{
    (void)state;
    static const struct {
        int family, type;
        enum socket_kind kind;
    } cases[] = {
        {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, SOCKET_STREAM},
        {AF_UNIX, SOCK_SEQPACKET, SOCKET_STREAM},
        {AF_INET6, SOCK_DGRAM, SOCKET_UDP},
        {AF_INET, SOCK_RAW, SOCKET_RAW},
        {AF_UNIX, SOCK_DGRAM, SOCKET_UNIX_DATAGRAM},
        {AF_PACKET, SOCK_RAW, SOCKET_PACKET},
        {AF_NETLINK, SOCK_RAW, SOCKET_NETLINK},
        {AF_VSOCK, SOCK_STREAM, SOCKET_VSOCK},
        {AF_INET, SOCK_SEQPACKET, SOCKET_OTHER},
        {AF_UNIX, 4, SOCKET_OTHER},
        {AF_ALG, SOCK_SEQPACKET, SOCKET_OTHER},
        {-1, -1, SOCKET_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(socket_kind_of(cases[i].family, cases[i].type), cases[i].kind);
}

static void the_last_part_comes_after_the_last_slash(void **state)
{
    (void)state;
    size_t length;
    assert_string_equal(last_name("/usr/bin/git"), "git");
    assert_string_equal(last_name("git"), "git");
    assert_string_equal(last_part("/usr/bin/git", 12, &length), "git");
    assert_int_equal(length, 3);
    assert_string_equal(last_part("/usr/bin/git", 8, &length), "bin/git");
    assert_int_equal(length, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_standard),
        cmocka_unit_test(a_sum_of_pieces_is_the_sum_of_the_whole),
        cmocka_unit_test(an_arena_gives_zeroed_memory_and_frees_it_whole),
        cmocka_unit_test(an_arena_without_memory_takes_the_jump),
        TEST(paths_are_followed_as_far_as_they_lead),
        TEST(paths_that_lead_nowhere),
        TEST(programs_are_found_in_a_path),
        TEST(the_workspace_is_the_repository_that_one_is_in),
        TEST(the_repository_of_a_worktree_knows_it),
        TEST(the_repository_of_a_submodule_lies_above_it),
        TEST(places_come_from_the_environment),
        cmocka_unit_test(how_far_words_are_apart),
        cmocka_unit_test(only_what_is_near_is_suggested),
        cmocka_unit_test(kinds_of_sockets_are_those_of_the_c_library),
        cmocka_unit_test(the_last_part_comes_after_the_last_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
