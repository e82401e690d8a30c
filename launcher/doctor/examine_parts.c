/* examine_parts.c: what the kernel guard needs, part by part (examine.h). */
#include "../floor/floor.h"
#include "../plain/memory.h"
#include "../plain/text.h"
#include "../probe/probe.h"
#include "examine.h"

/* What the versions of Landlock up to `last` were the first to know. */
static char *name_known(int last)
{
    struct text names = {0};
    for (int version = 1; version <= last && version <= FLOOR_VERSIONS; version++)
        text_format(&names, "%s%s", names.length ? ", " : "", floor_version_knows(version));
    return text_take(&names);
}

/* What those from `first` on were the first to know, and who holds it without them. */
static char *name_unknown(int first)
{
    struct text names = {0};
    for (int version = first; version <= FLOOR_VERSIONS; version++)
        text_format(&names, "%s%s: %s", names.length ? "; " : "", floor_version_knows(version),
                    floor_version_without(version));
    return text_take(&names);
}

static void add_landlock(struct findings *all, const struct probe *probe)
{
    int abi = floor_abi();
    cleanup_free char *known = name_known(abi), *unknown = name_unknown(abi + 1);
    const char *name = probe_name(PROBE_LANDLOCK);
    if (probe->state == PROBE_LACKS) {
        findings_add(all, SECTION_PARTS, name, NULL, STATE_LACKS, xstrdup(probe->detail),
                     probe_next(PROBE_LANDLOCK));
        return;
    }
    findings_add(all, SECTION_PARTS, name, NULL, STATE_HOLDS, xasprintf("version %d: %s", abi, known), NULL);
    if (*unknown)
        findings_add(all, SECTION_PARTS, "Landlock's later versions", NULL, STATE_LESS,
                     steal_pointer(&unknown),
                     "nothing has to be done; Linux 6.12 or newer has one ring more for them");
}

void examine_parts(struct findings *all)
{
    struct probe parts[PROBE_PARTS];
    probe(parts);
    add_landlock(all, &parts[PROBE_LANDLOCK]);
    for (int i = PROBE_LANDLOCK + 1; i < PROBE_PARTS; i++) {
        enum probe_part part = (enum probe_part)i;
        const struct probe *one = &parts[i];
        char *detail = *one->detail ? xstrdup(one->detail) : NULL;
        if (one->state == PROBE_HOLDS)
            findings_add(all, SECTION_PARTS, probe_name(part), NULL, STATE_HOLDS, detail, NULL);
        else if (one->state == PROBE_LACKS)
            findings_add(all, SECTION_PARTS, probe_name(part), NULL,
                         probe_is_needed(part) ? STATE_LACKS : STATE_LESS, detail, probe_next(part));
        else
            findings_add(all, SECTION_PARTS, probe_name(part), NULL, STATE_UNTRIED,
                         xstrdup("a part that it needs is missing"), "mend that part first");
    }
}
