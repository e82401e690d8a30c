/* image.c: whether bytes are an image, and what it says of its rules (image.h). */
#include "image.h"

#include "layout.h"

/* Bytes of a record, by section. */
static const uint8_t record_sizes[SECTIONS] = {
    [SECTION_STRINGS] = 1,
    [SECTION_RULES] = sizeof(struct rule_record),
    [SECTION_DEMANDS] = sizeof(struct demand),
    [SECTION_TERMS] = sizeof(struct term),
    [SECTION_DIGESTS] = 32,
    [SECTION_HOSTS] = sizeof(struct host),
    [SECTION_TOOLS] = sizeof(struct tool),
    [SECTION_KNOBS] = sizeof(struct knob),
};

static const char *head_error(const void *bytes, size_t size)
{
    const struct image *image = bytes;
    if ((uintptr_t)bytes % 8) return "it does not begin at a multiple of 8";
    if (size < sizeof *image) return "it is shorter than its head";
    if (image->magic != IMAGE_MAGIC) return "it is no compiled policy";
    if (image->version != IMAGE_VERSION) return "it was made by another version";
    if (image->size != size || size > IMAGE_MAX || size % 8) return "its size is not what it says";
    if (image_checksum(image) != image->checksum) return "its checksum is wrong";
    return NULL;
}

bool image_check_seal(const void *bytes, size_t size)
{
    return !head_error(bytes, size);
}

static const char *extents_error(const struct image *image)
{
    uint64_t at = sizeof *image;
    for (unsigned i = 0; i < SECTIONS; i++) {
        const struct extent *extent = &image->sections[i];
        if (extent->offset != at) return "a section is not where it belongs";
        at += ((uint64_t)extent->count * record_sizes[i] + 7) & ~UINT64_C(7);
        if (at > image->size) return "a section reaches beyond the end";
    }
    return at == image->size ? NULL : "something follows the last section";
}

bool image_check(const void *bytes, size_t size, const char **why)
{
    *why = head_error(bytes, size);
    if (!*why) *why = extents_error(bytes);
    return !*why;
}

uint32_t image_rule_count(const struct image *image)
{
    return image->sections[SECTION_RULES].count;
}

bool image_rule(const struct image *image, uint32_t index, struct image_rule *rule)
{
    if (index >= image_rule_count(image)) return false;
    const struct rule_record *record = &image_rules(image)[index];
    rule->act = (enum act_kind)record->act;
    rule->verdict = (enum verdict)record->verdict;
    rule->set = record->set;
    rule->layer = record->layer;
    rule->file = image_string(image, record->file);
    rule->line = record->line;
    rule->column = record->column;
    rule->because = image_string(image, record->because);
    rule->text = image_string(image, record->text);
    return true;
}

void image_otherwise(const struct image *image, enum act_kind act, enum verdict *verdict, const char **file,
                     uint32_t *line)
{
    const struct otherwise *own = &image->sets[SET_MAIN].otherwise[act];
    const struct otherwise *project = &image->sets[SET_PROJECT].otherwise[act];
    if (project->said && project->verdict > own->verdict) own = project;
    *verdict = (enum verdict)own->verdict;
    *file = image_string(image, own->file);
    *line = own->line;
}
