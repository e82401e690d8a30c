/* What is remembered of a program's file, and when it is read anew (launcher/look/content.h). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/look/content.h"

static char path[] = "/tmp/test_content.XXXXXX";
static const struct caller here = {0};

static int make_file(void **state)
{
    int fd = mkstemp(path);
    (void)state;
    return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_script(const char *interpreter)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!%s\n", interpreter);
    assert_int_equal(fclose(file), 0);
}

static struct found find(void)
{
    struct found found;
    assert_true(found_open(&found, &here, path, 0));
    return found;
}

/* Whether it is known without its being read: there is nothing to read. */
static bool is_remembered(struct contents *contents)
{
    struct content content;
    struct found found = find(), unreadable = found;
    unreadable.fd = -1;
    bool remembered = content_of(contents, &unreadable, &content);
    found_close(&found);
    return remembered;
}

static void look(struct contents *contents, const char *interpreter)
{
    struct content content;
    struct found found = find();
    assert_true(content_of(contents, &found, &content));
    found_close(&found);
    assert_int_equal(content.elf.kind, ELF_NONE);
    assert_true(content.script);
    assert_string_equal(content.hashbang.interpreter, interpreter);
}

static void what_was_changed_just_now_is_not_remembered(void **state)
{
    struct contents *contents = contents_new();
    (void)state;
    write_script("/bin/sh");
    look(contents, "/bin/sh");
    assert_false(is_remembered(contents));
    contents_free(contents);
}

static void what_is_left_alone_is_read_once_and_again_when_it_is_changed(void **state)
{
    struct contents *contents = contents_new();
    (void)state;
    write_script("/bin/sh");
    usleep(2100000);
    look(contents, "/bin/sh");
    assert_true(is_remembered(contents));
    write_script("/bin/ed");
    assert_false(is_remembered(contents));
    look(contents, "/bin/ed");
    contents_free(contents);
}

static void another_mode_is_another_content(void **state)
{
    struct contents *contents = contents_new();
    (void)state;
    write_script("/bin/sh");
    usleep(2100000);
    look(contents, "/bin/sh");
    assert_true(is_remembered(contents));
    assert_int_equal(chmod(path, 04755), 0);
    assert_false(is_remembered(contents));
    contents_free(contents);
}

static void nobody_remembers_for_nobody(void **state)
{
    (void)state;
    write_script("/bin/sh");
    look(NULL, "/bin/sh");
    assert_false(is_remembered(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_changed_just_now_is_not_remembered),
        cmocka_unit_test(what_is_left_alone_is_read_once_and_again_when_it_is_changed),
        cmocka_unit_test(another_mode_is_another_content),
        cmocka_unit_test(nobody_remembers_for_nobody),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
