/* test_leads.c: where names led is remembered as long as nothing else has their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../launcher/carry/leads.h"

static void it_is_known_until_it_is_forgotten(void **state)
{
    (void)state;
    struct leads leads = {0};
    assert_null(leads_recall(&leads, "/lib/a"));
    leads_remember(&leads, "/lib/a", "/usr/lib/a");
    assert_string_equal(leads_recall(&leads, "/lib/a"), "/usr/lib/a");
    assert_null(leads_recall(&leads, "/lib/"));
    assert_null(leads_recall(&leads, ""));
    leads_remember(&leads, "/lib/a", "/opt/a");
    assert_string_equal(leads_recall(&leads, "/lib/a"), "/opt/a");
    leads_forget(&leads);
    assert_null(leads_recall(&leads, "/lib/a"));
}

static void of_many_each_is_right_or_not_known(void **state)
{
    (void)state;
    struct leads leads = {0};
    char name[32], real[32];
    int known = 0;
    for (int i = 0; i < 2 * LEADS; i++) {
        snprintf(name, sizeof name, "/lib/%d", i);
        snprintf(real, sizeof real, "/usr/lib/%d", i);
        leads_remember(&leads, name, real);
        assert_string_equal(leads_recall(&leads, name), real);
    }
    for (int i = 0; i < 2 * LEADS; i++) {
        snprintf(name, sizeof name, "/lib/%d", i);
        snprintf(real, sizeof real, "/usr/lib/%d", i);
        const char *leads_there = leads_recall(&leads, name);
        if (!leads_there) continue;
        assert_string_equal(leads_there, real);
        known++;
    }
    assert_in_range(known, 2, LEADS);
}

static void what_is_too_long_is_not_remembered(void **state)
{
    (void)state;
    struct leads leads = {0};
    char longest[LEAD_LENGTH + 1];
    memset(longest, 'x', sizeof longest);
    longest[LEAD_LENGTH] = 0;
    leads_remember(&leads, longest, "/a");
    leads_remember(&leads, "/a", longest);
    assert_null(leads_recall(&leads, longest));
    assert_null(leads_recall(&leads, "/a"));
    longest[LEAD_LENGTH - 1] = 0;
    leads_remember(&leads, longest, longest);
    assert_string_equal(leads_recall(&leads, longest), longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_known_until_it_is_forgotten),
        cmocka_unit_test(of_many_each_is_right_or_not_known),
        cmocka_unit_test(what_is_too_long_is_not_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
