/* policy.h: what the launcher may ask of policy/: read it, compile it, look at it.
 *
 * Nothing here prints, exits or keeps global state. What is wrong is said in a struct diagnostics.
 */
#ifndef ASKFIRST_POLICY_H
#define ASKFIRST_POLICY_H

#include <stddef.h>
#include <stdio.h>

#include "decide.h"
#include "rules.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

#define DIAGNOSTICS_A_FILE 20

struct diagnostic {
    enum severity severity;
    struct place place; /* line 0: the file as a whole */
    char *message;      /* "what: what to do", without the place */
};

/* At most 20 errors a file are kept. Owned: free with diagnostics_free(). */
struct diagnostics {
    struct diagnostic *items;
    size_t count;
    size_t errors;
};

void diagnostics_add(struct diagnostics *all, enum severity severity, struct place place, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
void diagnostics_print(const struct diagnostics *all, FILE *to); /* FILE:LINE:COLUMN: [warning: ]message */
void diagnostics_sort(struct diagnostics *all); /* by place, files in the order in which they were met */
void diagnostics_free(struct diagnostics *all);

/* What the names in a policy stand for on this machine: real paths, without a slash at the end. */
struct places {
    const char *home;
    const char *user;
    const char *workspace;
    /* Of a workspace whose history is kept elsewhere (repository.h); NULL: it is not. */
    const char *repository;
    const char *tmp;
    const char *runtime_dir; /* XDG_RUNTIME_DIR, or NULL */
    const char *config_dir;  /* ~/.config */
    const char *cache_dir;
    const char *data_dir;
    const char *state_dir;
    const char *session_dir; /* askfirst's own directory of this run; NULL outside a run */
    const char *install_dir; /* where askfirst and its shim lie; NULL when unknown */
    const char *search_path; /* PATH, to find what a bare name stands for */
};

/* Fills it from the environment and the password file; workspace NULL: git's top level above the working
 * directory, else the working directory. Freed with places_free(). session_dir and install_dir are left NULL:
 * who sets them owns them. 0, or -1 with errno. */
int places_find(struct places *places, const char *workspace);
const char *places_search_path(void); /* what PATH says, or the usual one */
void places_free(struct places *places);

struct scout; /* scout.h */

struct policy_options {
    const struct places *places;
    const char *policy_file;    /* --policy: a file, or "default", "strict"; NULL: the user's, else default */
    const char *system_file;    /* NULL: /etc/askfirst/policy.yaml if there */
    const char *project_file;   /* NULL: ${workspace}/.askfirst.yaml if there */
    const char *approvals_file; /* NULL: ~/.config/askfirst/approvals.yaml if there */
    bool no_files;  /* only what is named above: nothing is looked for (tests, check --policy-only) */
    bool no_links;  /* links in patterns are not followed, PATH is not searched (tests) */
    bool no_tests;  /* the policy's own tests are not run (policy test runs them itself) */
    bool all_tests; /* those of the built-in files are part of the policy too: askfirst's own tests have run
                       them */
    struct scout *scout; /* who looks for programs ahead; NULL: nobody does */
};

/* Reads, checks and combines all layers; NULL when anything is wrong, with the reasons in `diagnostics`
 * (which may hold warnings on success too). */
struct policy *policy_load(const struct policy_options *options, struct diagnostics *diagnostics);
/* The same, and its image as policy_compile() makes it, for those who need both. */
struct policy *policy_load_image(const struct policy_options *options, struct image **image, size_t *size,
                                 struct diagnostics *diagnostics);
void policy_free(struct policy *policy);

/* The image of a policy: flat, position independent, checksummed; malloc'd, for the caller to free. 0, or -1
 * with a reason in `diagnostics`. */
int policy_compile(const struct policy *policy, struct image **image, size_t *size,
                   struct diagnostics *diagnostics);

/* Warnings of `policy lint`: rules that can never match, allows for programs that the guarded code may write.
 */
void policy_lint(const struct policy *policy, const struct image *image, struct diagnostics *diagnostics);

/* Runs the policy's own tests; each that fails is an error with its place, or a warning if it is a built-in
 * file's: an odd machine (a home in /tmp) must not stop every run. Returns how many failed. */
size_t policy_run_tests(const struct policy *policy, const struct image *image, const struct places *places,
                        struct diagnostics *diagnostics);

/* Whether a guarded program gets to see the variable NAME. */
bool policy_env_keeps(const struct policy *policy, const char *name);

/* The entries NAME=VALUE for programs that have nothing of that name, one after another, NULL after the last;
 * `*at` begins at 0. */
const char *policy_env_next(const struct policy *policy, size_t *at);

#endif
