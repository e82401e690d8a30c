/* rows.h: reads the tables of tests/policy: policies, acts and what is expected of them. See
 * tests/policy/README. */
#ifndef ASKFIRST_ROWS_H
#define ASKFIRST_ROWS_H

#include "../../policy/image.h"
#include "../../policy/policy.h"

enum row_kind { ROW_ACT, ROW_SCRIPT, ROW_SHELL, ROW_RUNS };

struct row {
    const char *file;
    unsigned line;
    const char *text; /* as written */
    enum row_kind kind;
    struct act act;

    /* ROW_ACT */
    enum verdict verdict;
    const char *label; /* of the deciding rule: "1", "project.1", "otherwise" */
    unsigned needs;
    /* the others: what is expected, in the table's words */
    const char *expected;

    /* what the act points to */
    char text_buffer[4096];
    char word_buffer[8192];
    const char *argv[256];
    const char *names[16];
    char path[1024];
    unsigned char sha256[32];
};

struct row_policy {
    char name[128];
    struct policy *policy;
    struct image *image;
    char text[3][16384]; /* main, project, approvals: the files' contents; "" where there is none */
};

typedef void row_visit(void *context, const struct row_policy *policy, struct row *row);

/* Calls `visit` for every row of a file. Returns how many there were; a table that cannot be read fails the
 * test. */
size_t rows_read(const char *path, row_visit *visit, void *context);

/* The tables, sorted by name: the *.txt of tests/policy. Returns how many; each is for the caller to free. */
size_t rows_files(char *paths[], size_t most);

/* Whether the rule at `index` (or RULE_NONE) is the one that carries the label. */
bool rows_is_labelled(const struct row_policy *policy, uint32_t index, const char *label);

/* As the launcher presents a command line: what ld.so or a multi-call program is asked to run is what it
 * runs. */
void rows_present(const struct image *image, struct act *act, char path[1024]);

#endif
