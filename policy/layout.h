/* layout.h: what lies where in an image. For compile.c, which writes it, image.c, which checks it, and the
 * decider, which reads it; for nobody else.
 *
 * After the head come sections, each an array of one kind of record. Records name one another by their index
 * in a section; index 0 of a section that is referred to this way is an empty record and means "none".
 * Strings are named by their offset in SECTION_STRINGS, where each is followed by a NUL; offset 0 is the
 * empty string. */
#ifndef ASKFIRST_LAYOUT_H
#define ASKFIRST_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decide.h"
#include "rules.h"

#define IMAGE_MAGIC UINT64_C(0x3165676d69667361) /* "asfimge1" */
#define IMAGE_VERSION 1u
#define IMAGE_MAX (UINT32_C(1) << 30)

enum section {
    SECTION_STRINGS, /* bytes */
    SECTION_RULES,   /* struct rule_record, in the order of struct policy */
    SECTION_DEMANDS, /* struct demand */
    SECTION_TERMS,   /* struct term */
    SECTION_DIGESTS, /* 32 bytes each */
    SECTION_HOSTS,   /* struct host */
    SECTION_TOOLS,   /* struct tool */
    SECTION_KNOBS,   /* struct knob: hash tables of the tools' options */
    SECTIONS
};

struct extent {
    uint32_t offset; /* bytes from the start of the image; a multiple of 8 */
    uint32_t count;  /* records */
};

/* Some records in a section. */
struct range {
    uint32_t first;
    uint32_t count;
};

struct otherwise {
    uint8_t said; /* somebody wrote it; for MAIN it holds either way */
    uint8_t verdict;
    uint16_t zero;
    uint32_t line;
    uint32_t file;
};

struct set_record {
    struct otherwise otherwise[ACT_KINDS];
    struct range rules;
    struct range hosts;
};

struct image {
    uint64_t magic;
    uint32_t version;
    uint32_t size;
    uint64_t checksum; /* of everything after it */
    struct extent sections[SECTIONS];
    struct set_record sets[RULE_SETS];
    uint32_t bare_parents; /* 1: some allow names the parent by a bare name */
    uint32_t zero;
};

struct rule_record {
    uint8_t act;
    uint8_t verdict;
    uint8_t set;
    uint8_t layer;
    uint32_t demand; /* what it asks beside its patterns; 0: nothing */
    uint32_t file;
    uint32_t line;
    uint32_t column;
    uint32_t because;
    uint32_t text;
    struct range patterns;
};

enum term_flags {
    TERM_OPTION = 1,  /* begins with "-" */
    TERM_GLOB = 2,    /* else literal, with its quoting undone */
    TERM_BARE = 4,    /* see struct pattern */
    TERM_NAME = 8,    /* holds no slash: compared with the last part of a path */
    TERM_LEADING = 16 /* an option that no word precedes in its rule */
};

/* A word, an option, a glob or a path pattern. */
struct term {
    uint32_t text;
    uint32_t length;
    uint32_t name_length; /* OPTION: up to its "=", or `length` */
    uint32_t flags;
};

/* What an exec rule asks of a command beside its program. */
struct demand {
    struct range words;
    struct range options;
    struct range without;
    struct range shell;
    struct range digests;
    struct range cwd;
    struct range parent;
    uint32_t stdin_kind;
    uint32_t zero;
};

struct host {
    uint32_t rule;
    uint8_t kind;   /* enum address_kind */
    uint8_t prefix; /* RANGE */
    uint8_t socket; /* SOCKET */
    uint8_t zero;
    uint16_t low;
    uint16_t high;
    uint32_t text;
    uint32_t length;
    unsigned char address[16];
};

/* What is known of an option; several may hold. */
enum knob_bits { KNOB_FLAG = 1, KNOB_VALUE = 2, KNOB_UNSAFE = 4, KNOB_TEXT = 8, KNOB_MODULE = 16 };
#define KNOB_KINDS 5

struct knob {
    uint32_t hash;
    uint32_t text;
    uint32_t length;
    uint32_t bits; /* 0: an empty place */
};

enum tool_flags { TOOL_SUBCOMMANDS = 1, TOOL_SINGLE_DASH = 2 };

struct tool {
    uint32_t kind; /* enum command_kind */
    uint32_t flags;
    uint32_t skip_words;
    struct range names; /* terms */
    struct range knobs; /* a table of 2^n places, at least one of them empty, or none at all */
    struct range same;  /* terms, in pairs */
    uint32_t zero;
    uint64_t letters[KNOB_KINDS]; /* bit letter_bit(c) of [n]: -c is a (1 << n) */
};

/* -1, or which bit stands for a letter or digit. */
static inline int letter_bit(char c)
{
    if (c >= 'a' && c <= 'z') return c - 'a';
    if (c >= 'A' && c <= 'Z') return 26 + c - 'A';
    if (c >= '0' && c <= '9') return 52 + c - '0';
    return -1;
}

#define HASH_START UINT32_C(0x811c9dc5)

static inline uint32_t hash_byte(uint32_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * UINT32_C(0x01000193);
}

static inline uint32_t hash_end(uint32_t hash)
{
    return hash ^ hash >> 15;
}

static inline uint32_t hash_bytes(const char *bytes, size_t length)
{
    uint32_t hash = HASH_START;
    for (size_t i = 0; i < length; i++)
        hash = hash_byte(hash, bytes[i]);
    return hash_end(hash);
}

static inline const void *image_section(const struct image *image, enum section section)
{
    return (const char *)image + image->sections[section].offset;
}

static inline const char *image_string(const struct image *image, uint32_t offset)
{
    return (const char *)image_section(image, SECTION_STRINGS) + offset;
}

static inline const struct rule_record *image_rules(const struct image *image)
{
    return image_section(image, SECTION_RULES);
}

static inline const struct demand *image_demands(const struct image *image)
{
    return image_section(image, SECTION_DEMANDS);
}

static inline const struct term *image_terms(const struct image *image)
{
    return image_section(image, SECTION_TERMS);
}

static inline const struct host *image_hosts(const struct image *image)
{
    return image_section(image, SECTION_HOSTS);
}

static inline const struct tool *image_tools(const struct image *image)
{
    return image_section(image, SECTION_TOOLS);
}

static inline const struct knob *image_knobs(const struct image *image)
{
    return image_section(image, SECTION_KNOBS);
}

/* Of bytes that are a multiple of 8. Every step can be undone, so a change to a single word always shows. */
static inline uint64_t image_checksum(const struct image *image)
{
    const uint64_t *word = (const uint64_t *)(const void *)image, *end = word + image->size / 8;
    uint64_t lanes[2] = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xc2b2ae3d27d4eb4f)};
    size_t lane = 0;
    for (word += 3; word < end; word++, lane ^= 1) {
        uint64_t mixed = (lanes[lane] ^ *word) * UINT64_C(0xff51afd7ed558ccd);
        lanes[lane] = mixed ^ mixed >> 32;
    }
    return (lanes[0] * UINT64_C(0x9e3779b97f4a7c15)) ^ (lanes[1] + image->size);
}

#endif
