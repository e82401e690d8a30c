/* The image: the same policy makes the same bytes, and what is not whole and sound is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../policy/layout.h"
#include "hand.h"

/* Something of everything. */
static const char everything[] =
    "read deny **/.env,**/*.pem,/home/u/.ssh/**\n"
    "read allow /w/**/src/[a-z]*,/w/*x*\n"
    "write allow /w/**\n"
    "deny git push --force\n"
    "ask git push\n"
    "ask kubectl delete; without=--dry-run; cwd=/w/**; sha256=3\n"
    "ask -; shell=*curl*|*sh*\n"
    "ask sh,dash; stdin=pipe\n"
    "allow git,/usr/bin/*; parent=make\n"
    "connect allow localhost,*.example.org:443,10.0.0.0/8,udp,unix:/run/x,unix:@x\n"
    "write ask /w/.git/config; program=git\n"
    "otherwise debug deny\n"
    "project otherwise write ask\n"
    "project read deny /w/private/**\n"
    "approved connect allow api.example.com:443\n";

static void assert_refused(const void *bytes, size_t size)
{
    const char *why = NULL;
    assert_false(image_check(bytes, size, &why));
    assert_non_null(why);
    assert_true(strlen(why) > 5);
}

static void the_same_policy_makes_the_same_bytes(void **state)
{
    (void)state;
    struct hand one, other;
    hand_make(&one, everything);
    hand_make(&other, everything);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.image, other.image, one.size);
    hand_free(&one);
    hand_free(&other);
}

static void an_image_works_wherever_it_lies(void **state)
{
    (void)state;
    struct hand hand;
    struct decision decision;
    const char *why;
    hand_make(&hand, everything);
    uint64_t *elsewhere = malloc(hand.size + 8);
    memcpy(elsewhere + 1, hand.image, hand.size);
    const struct image *image = (const struct image *)(void *)(elsewhere + 1);
    assert_true(image_check(image, hand.size, &why));
    assert_true(image_check_seal(image, hand.size));
    assert_true(image_check_head(image, hand.size));
    struct act act = {.kind = ACT_READ, .path = "/w/a/.env", .path_length = 9};
    policy_decide(image, &act, &decision, NULL);
    assert_int_equal(decision.verdict, VERDICT_DENY);
    free(elsewhere);
    hand_free(&hand);
}

static void an_image_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct hand hand;
    hand_make(&hand, everything);
    for (size_t size = 0; size < hand.size; size += size < 2048 ? 1 : 97) {
        void *cut = malloc(size ? size : 1);
        memcpy(cut, hand.image, size);
        assert_refused(cut, size);
        assert_false(image_check_seal(cut, size));
        assert_false(image_check_head(cut, size));
        free(cut);
    }
    hand_free(&hand);
}

static void bytes_after_the_end_are_refused(void **state)
{
    (void)state;
    struct hand hand;
    hand_make(&hand, everything);
    unsigned char *longer = calloc(1, hand.size + 8);
    memcpy(longer, hand.image, hand.size);
    assert_refused(longer, hand.size + 8);
    free(longer);
    hand_free(&hand);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct hand hand;
    hand_make(&hand, "read deny **/*.pem\ndeny git push");
    hand_free(&hand);
    hand_read(&hand, "read deny **/*.pem\ndeny git push");
    hand.policy.command_count = 1; /* small, so that all of it can be tried */
    assert_int_equal(policy_compile(&hand.policy, &hand.image, &hand.size, &hand.diagnostics), 0);
    unsigned char *bytes = (unsigned char *)hand.image;
    for (size_t bit = 0; bit < hand.size * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_refused(bytes, hand.size);
        assert_false(image_check_seal(bytes, hand.size));
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    hand_free(&hand);
}

static void an_image_at_an_odd_address_is_refused(void **state)
{
    (void)state;
    struct hand hand;
    hand_make(&hand, everything);
    unsigned char *odd = malloc(hand.size + 1);
    memcpy(odd + 1, hand.image, hand.size);
    assert_refused(odd + 1, hand.size);
    free(odd);
    hand_free(&hand);
}

/* Breaks something and seals it again, so that only the walk through the structure can find it. */
#define BREAK(change)                                                                                        \
    do {                                                                                                     \
        struct image *image = malloc(hand.size);                                                             \
        memcpy(image, hand.image, hand.size);                                                                \
        change;                                                                                              \
        image->checksum = image_checksum(image);                                                             \
        if (!image_check_seal(image, hand.size)) fail_msg("%s broke the seal", #change);                     \
        assert_refused(image, hand.size);                                                                    \
        free(image);                                                                                         \
    } while (0)

#define RECORD(type, section, index)                                                                         \
    (&((struct type *)(void *)((char *)image + image->sections[section].offset))[index])

static void a_structure_that_leads_astray_is_refused(void **state)
{
    (void)state;
    struct hand hand;
    hand_make(&hand, everything);
    BREAK(image->sections[SECTION_RULES].count++);
    BREAK(image->sections[SECTION_TERMS].offset += 8);
    BREAK(image->sections[SECTION_LISTS].count = UINT32_MAX);
    BREAK(image->sets[0].paths[ACT_READ] = image->sets[0].names);
    BREAK(image->sets[0].paths[ACT_READ] = UINT32_MAX);
    BREAK(image->sets[1].any = UINT32_MAX);
    BREAK(image->sets[0].hosts.count = UINT32_MAX);
    BREAK(image->sets[2].otherwise[ACT_EXEC].verdict = VERDICTS);
    BREAK(image->tool_names = image->sets[0].names);
    BREAK(RECORD(rule_record, SECTION_RULES, 0)->verdict = VERDICTS);
    BREAK(RECORD(rule_record, SECTION_RULES, 0)->text = UINT32_MAX);
    BREAK(RECORD(rule_record, SECTION_RULES, 0)->demand = image->sections[SECTION_DEMANDS].count);
    BREAK(RECORD(demand, SECTION_DEMANDS, 1)->words.count = UINT32_MAX);
    BREAK(RECORD(demand, SECTION_DEMANDS, 1)->options = RECORD(demand, SECTION_DEMANDS, 1)->words);
    BREAK(RECORD(demand, SECTION_DEMANDS, 1)->program.count = UINT32_MAX);
    BREAK(RECORD(term, SECTION_TERMS, 0)->length++);
    BREAK(RECORD(term, SECTION_TERMS, 0)->name_length = 99);
    BREAK(RECORD(host, SECTION_HOSTS, 0)->rule = image->sections[SECTION_RULES].count);
    BREAK(RECORD(host, SECTION_HOSTS, 2)->prefix = 129);
    BREAK(RECORD(tool, SECTION_TOOLS, 0)->kind = 9);
    BREAK(RECORD(tool, SECTION_TOOLS, 0)->knobs.count = 3);
    BREAK(RECORD(tool, SECTION_TOOLS, 0)->same.count = 1);
    BREAK(RECORD(node, SECTION_NODES, 1)->literals.count = 3);
    BREAK(RECORD(node, SECTION_NODES, image->sets[0].paths[ACT_READ])->star = image->sets[0].paths[ACT_READ]);
    BREAK(RECORD(node, SECTION_NODES, image->sets[0].paths[ACT_READ])->depth = 65);
    BREAK(RECORD(node, SECTION_NODES, 2)->mark = INDEX_MARKS + 1);
    BREAK(RECORD(node, SECTION_NODES, 2)->here = UINT32_MAX - 1);
    BREAK(RECORD(node, SECTION_NODES, 2)->fan = UINT32_MAX);
    BREAK(RECORD(fan, SECTION_FANS, 1)->others = UINT32_MAX);
    BREAK(RECORD(fan, SECTION_FANS, 1)->by_end.first = UINT32_MAX);
    BREAK(RECORD(group, SECTION_GROUPS, 1)->all = UINT32_MAX);
    BREAK(((uint32_t *)(void *)((char *)image + image->sections[SECTION_LISTS].offset))[0] = 1);
    BREAK(((char *)image + image->sections[SECTION_STRINGS].offset)[0] = 'x');
    hand_free(&hand);
}

static void a_table_without_an_empty_place_is_refused(void **state)
{
    (void)state;
    struct hand hand;
    hand_make(&hand, everything);
    BREAK({
        const struct tool *tool = RECORD(tool, SECTION_TOOLS, 0);
        for (uint32_t i = 0; i < tool->knobs.count; i++)
            RECORD(knob, SECTION_KNOBS, tool->knobs.first + i)->bits = 1;
    });
    BREAK({
        const struct node *node = RECORD(node, SECTION_NODES, image->tool_names);
        uint32_t child = 0;
        for (uint32_t i = 0; i < node->literals.count; i++)
            if (RECORD(slot, SECTION_SLOTS, node->literals.first + i)->value)
                child = RECORD(slot, SECTION_SLOTS, node->literals.first + i)->value;
        for (uint32_t i = 0; i < node->literals.count; i++)
            RECORD(slot, SECTION_SLOTS, node->literals.first + i)->value = child;
    });
    hand_free(&hand);
}

static void a_rule_is_told_as_it_was_written(void **state)
{
    (void)state;
    struct hand hand;
    struct image_rule rule;
    hand_read(&hand, everything);
    hand.policy.rules[3].because = (char *)"history is shared";
    assert_int_equal(policy_compile(&hand.policy, &hand.image, &hand.size, &hand.diagnostics), 0);
    assert_int_equal(image_rule_count(hand.image), hand.policy.rule_count);
    assert_true(image_rule(hand.image, 3, &rule));
    assert_int_equal(rule.act, ACT_EXEC);
    assert_int_equal(rule.verdict, VERDICT_DENY);
    assert_int_equal(rule.set, SET_MAIN);
    assert_int_equal(rule.layer, LAYER_USER);
    assert_string_equal(rule.file, "hand.yaml");
    assert_int_equal(rule.line, 4);
    assert_int_equal(rule.column, 3);
    assert_string_equal(rule.because, "history is shared");
    assert_string_equal(rule.text, "deny git push --force");
    assert_true(image_rule(hand.image, 0, &rule));
    assert_string_equal(rule.because, "");
    assert_false(image_rule(hand.image, image_rule_count(hand.image), &rule));
    assert_false(image_rule(hand.image, RULE_NONE, &rule));
    hand_free(&hand);
}

static void otherwise_is_told_with_its_place(void **state)
{
    (void)state;
    struct hand hand;
    enum verdict verdict;
    const char *file;
    uint32_t line;
    hand_make(&hand, "otherwise debug deny\notherwise write allow\nproject otherwise write ask");
    image_otherwise(hand.image, ACT_DEBUG, &verdict, &file, &line);
    assert_int_equal(verdict, VERDICT_DENY);
    assert_string_equal(file, "hand.yaml");
    assert_int_equal(line, 1);
    image_otherwise(hand.image, ACT_WRITE, &verdict, &file, &line);
    assert_int_equal(verdict, VERDICT_ASK);
    assert_int_equal(line, 3);
    image_otherwise(hand.image, ACT_READ, &verdict, &file, &line);
    assert_int_equal(verdict, VERDICT_ASK);
    assert_string_equal(file, "");
    assert_int_equal(line, 0);
    hand_free(&hand);
}

static void assert_not_compiled(const char *rules, const char *message)
{
    struct hand hand;
    hand_read(&hand, rules);
    assert_int_equal(policy_compile(&hand.policy, &hand.image, &hand.size, &hand.diagnostics), -1);
    assert_null(hand.image);
    assert_int_equal(hand.diagnostics.errors, 1);
    assert_int_equal(hand.diagnostics.items[0].place.line, 2);
    if (!strstr(hand.diagnostics.items[0].message, message))
        fail_msg("%s", hand.diagnostics.items[0].message);
    hand_free(&hand);
}

static void what_does_not_parse_is_told_with_its_place(void **state)
{
    (void)state;
    assert_not_compiled("read ask /a\nconnect ask a_b..c", "empty label");
    assert_not_compiled("read ask /a\nread ask /a//b", "empty name");
    assert_not_compiled("read ask /a\nask g[it", "[...]");
    assert_not_compiled("read ask /a\nask git; shell=[", "[...]");
    assert_not_compiled("read ask /a\nask git; options=force", "no option");
    assert_not_compiled("read ask /a\nask git; cwd=/a/", "dir/**");
    assert_not_compiled("project read ask /a\nread ask /a", "not sorted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_policy_makes_the_same_bytes),
        cmocka_unit_test(an_image_works_wherever_it_lies),
        cmocka_unit_test(an_image_that_is_cut_is_refused),
        cmocka_unit_test(bytes_after_the_end_are_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(an_image_at_an_odd_address_is_refused),
        cmocka_unit_test(a_structure_that_leads_astray_is_refused),
        cmocka_unit_test(a_table_without_an_empty_place_is_refused),
        cmocka_unit_test(a_rule_is_told_as_it_was_written),
        cmocka_unit_test(otherwise_is_told_with_its_place),
        cmocka_unit_test(what_does_not_parse_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
