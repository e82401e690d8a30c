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
#define IMAGE_VERSION 3u
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
    SECTION_NODES,   /* struct node: the trees that patterns are found by */
    SECTION_FANS,    /* struct fan */
    SECTION_SLOTS,   /* struct slot: hash tables of nodes and fans */
    SECTION_GROUPS,  /* struct group */
    SECTION_LISTS,   /* uint32_t: lists, each behind its count */
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
    uint32_t paths[ACT_KINDS]; /* nodes: the trees of the path patterns */
    uint32_t names;            /* node: the tree of the programs that are bare names */
    uint32_t any;              /* group: rules for whatever program */
    uint32_t zero;
    struct range hosts;
};

struct image {
    uint64_t magic;
    uint32_t version;
    uint32_t size;
    uint64_t checksum; /* of everything after it */
    struct extent sections[SECTIONS];
    struct set_record sets[RULE_SETS];
    uint32_t tool_names;    /* node: the tree of the names of tools */
    uint32_t bare_parents;  /* 1: some allow names the parent by a bare name */
    uint32_t bare_programs; /* 1: some allow of a file names the program by a bare name */
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
};

enum term_flags {
    TERM_OPTION = 1, /* begins with "-" */
    TERM_GLOB = 2,   /* else literal, with its quoting undone */
    TERM_BARE = 4,   /* see struct pattern */
    TERM_NAME = 8    /* holds no slash: compared with the last part of a path */
};

/* A word, an option, a glob or a path pattern. */
struct term {
    uint32_t text;
    uint32_t length;
    uint32_t name_length; /* OPTION: up to its "=", or `length` */
    uint32_t flags;
};

/* What a rule asks beside its patterns: of a command all but the last, of a file only that. */
struct demand {
    struct range words;
    struct range options;
    struct range without;
    struct range shell;
    struct range digests;
    struct range cwd;
    struct range parent;
    struct range program;
    uint32_t stdin_kind;
    uint32_t exact; /* 1: the words are the whole command */
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
    uint32_t text;
    uint16_t length;
    uint16_t bits; /* 0: an empty place */
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

/* The patterns of a set are a tree of names: a literal, a glob, or a double star, which stands for any number
 * of names. A search for the first rule goes down wherever the path fits, but never where no rule is earlier
 * than the one it has. */
#define INDEX_DEPTH 64 /* of a node below its root */
#define INDEX_MARKS 256
#define INDEX_GLOBS 60000 /* children of a node that are globs */
#define PATH_BYTES 65535  /* no path is longer */

enum node_flags {
    NODE_STAR = 1,          /* it stands for any number of names */
    NODE_ONWARD = 2,        /* a node below it stands for a name */
    NODE_LITERALS_LAST = 4, /* none of its literal children has anything below it */
    NODE_GLOBS_LAST = 8,    /* nor its globs */
    NODE_GROUP = 16,        /* `list` is a group: what ends here are exec rules */
    NODE_TOOL = 32          /* `here` is a tool */
};

struct node {
    uint32_t least; /* the earliest rule that ends here or below; RULE_NONE: none */
    uint32_t here;  /* the earliest rule that ends here; RULE_NONE: none */
    uint32_t list;  /* the entries of all that end here, in their order; or a group */
    uint32_t label; /* string: the literal or the glob */
    uint32_t label_length;
    /* Slots: a table of 2^n, at least one of them empty, by hash of a child's label; or none. */
    struct range literals;
    uint32_t fan;  /* the children that are globs */
    uint32_t star; /* the child that is a double star */
    uint16_t
        mark; /* a double star below another: which bit remembers that the search came by; 0: none does */
    uint8_t depth;
    uint8_t flags;
    uint32_t zero;
};

/* Globs by a literal that names begin or end with, at most FAN_KEY bytes of it. */
#define FAN_KEY 64

struct fan {
    uint64_t ends;       /* bit n: some end with n + 1 bytes of literal */
    uint64_t begins;     /* bit n: some begin with them */
    struct range by_end; /* slots: nodes (SLOT_SINGLE) or lists of nodes, the earliest rule's first */
    struct range by_begin;
    uint32_t others; /* a list of nodes, likewise */
    uint32_t zero;
};

struct slot {
    uint32_t hash;
    uint32_t value; /* 0: empty */
};

/* In a fan's table: the node itself, where a list would have but one. */
#define SLOT_SINGLE UINT32_C(0x80000000)

/* The exec rules of one program pattern. */
struct group {
    uint32_t all;       /* list of entries */
    uint32_t plain;     /* those that are not found by their first word */
    struct range words; /* slots: lists of entries by hash of their first word */
    uint32_t longest;   /* of those words */
    uint32_t zero;
};

/* An entry is a rule, and whether its pattern is bare (struct pattern). */
static inline uint32_t entry_rule(uint32_t entry)
{
    return entry >> 1;
}

static inline bool entry_bare(uint32_t entry)
{
    return entry & 1;
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

static inline const struct node *image_nodes(const struct image *image)
{
    return image_section(image, SECTION_NODES);
}

static inline const struct fan *image_fans(const struct image *image)
{
    return image_section(image, SECTION_FANS);
}

static inline const struct slot *image_slots(const struct image *image)
{
    return image_section(image, SECTION_SLOTS);
}

static inline const struct group *image_groups(const struct image *image)
{
    return image_section(image, SECTION_GROUPS);
}

/* A list: its length, and then what is in it. */
static inline const uint32_t *image_list(const struct image *image, uint32_t list)
{
    return (const uint32_t *)image_section(image, SECTION_LISTS) + list;
}

static inline uint64_t checksum_mix(uint64_t sum, uint64_t word)
{
    uint64_t mixed = (sum ^ word) * UINT64_C(0xff51afd7ed558ccd);
    return mixed ^ mixed >> 32;
}

/* Of bytes that are a multiple of 8. Every step can be undone, so a change to a single word always shows.
 * Four sums at once, because every program that starts has to wait for it. */
static inline uint64_t image_checksum(const struct image *image)
{
    const uint64_t *word = (const uint64_t *)(const void *)image, *end = word + image->size / 8;
    uint64_t a = 1, b = 2, c = 3, d = 4;
    for (word += 3; end - word >= 4; word += 4) {
        a = checksum_mix(a, word[0]);
        b = checksum_mix(b, word[1]);
        c = checksum_mix(c, word[2]);
        d = checksum_mix(d, word[3]);
    }
    for (; word < end; word++)
        a = checksum_mix(a, *word);
    return checksum_mix(checksum_mix(checksum_mix(checksum_mix(image->size, a), b), c), d);
}

/* Bytes of a record of a section. */
static inline size_t record_size(enum section section)
{
    static const uint8_t sizes[SECTIONS] = {
        [SECTION_STRINGS] = 1,
        [SECTION_RULES] = sizeof(struct rule_record),
        [SECTION_DEMANDS] = sizeof(struct demand),
        [SECTION_TERMS] = sizeof(struct term),
        [SECTION_DIGESTS] = 32,
        [SECTION_HOSTS] = sizeof(struct host),
        [SECTION_TOOLS] = sizeof(struct tool),
        [SECTION_KNOBS] = sizeof(struct knob),
        [SECTION_NODES] = sizeof(struct node),
        [SECTION_FANS] = sizeof(struct fan),
        [SECTION_SLOTS] = sizeof(struct slot),
        [SECTION_GROUPS] = sizeof(struct group),
        [SECTION_LISTS] = sizeof(uint32_t),
    };
    return sizes[section];
}

#endif
