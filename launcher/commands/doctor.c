/* doctor.c: askfirst doctor: what of askfirst holds on this machine. Every part is tried, none is looked
 * up. */
#include <stdint.h>
#include <string.h>

#include "../command.h"
#include "../doctor/errand.h"
#include "../doctor/examine.h"
#include "../options.h"
#include "../plain/memory.h"
#include "../run/nested.h"

enum { JSON };

static const struct option table[] = {
    {JSON, "json", NULL, "one JSON object, for programs"},
};

/* What is started in a guarded run is held by the guard around it, and what the doctor does would be recorded
 * there. */
static void add_nested(struct findings *all)
{
    static const char *const sections[] = {SECTION_PARTS, SECTION_KERNEL, SECTION_SHIM, SECTION_PLACES};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        findings_add(
            all, sections[i], "its trials", NULL, STATE_UNTRIED,
            xstrdup("this is a guarded run already, whose guard holds for all that is started in it"),
            "start askfirst doctor outside of the run");
}

/* What the doctor's own runs execute: askfirst doctor --errand=libc DIRECTORY. */
static int go_on_errand(const char *hand, const char *directory)
{
    static struct errand errand;
    if (!errand_make(&errand, (uint64_t)(uintptr_t)&errand, directory)) return STATUS_FAILED;
    if (!strcmp(hand, "libc")) errand_by_libc(&errand);
    errand_by_raw_calls(&errand);
}

static int find_all(bool json)
{
    struct findings all = {0};
    if (nested_in_run()) {
        add_nested(&all);
    } else {
        examine_parts(&all);
        examine_guards(&all);
        examine_places(&all);
    }
    if (json)
        findings_print_json(&all);
    else
        findings_print(&all);
    int status = findings_hold(&all) ? 0 : STATUS_WARNINGS;
    findings_free(&all);
    return status;
}

int command_doctor(int argc, char **argv)
{
    static const char errand[] = "--errand=";
    struct options options = {
        .usage = "askfirst doctor [OPTION...]",
        .about = "Tries out what this machine can enforce: each part of the guards, and a denied read, "
                 "write, program and\n"
                 "connection, by the C library, by raw system calls, and from a static program.\n"
                 "Exit status: 0 when all holds that should, 1 when something does not.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .argc = argc,
        .argv = argv,
        .next = 1,
    };
    bool json = false;
    if (argc == 3 && !strncmp(argv[1], errand, sizeof errand - 1))
        return go_on_errand(argv[1] + sizeof errand - 1, argv[2]);
    int id;
    while ((id = options_next(&options)) >= 0)
        json = true;
    if (id != OPTION_END) return options_status(id);
    if (options.next < argc) {
        complain("doctor: it takes no arguments");
        return STATUS_FAILED;
    }
    return find_all(json);
}
