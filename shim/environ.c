/* environ.c: the preload entry and the session's, put back where a program left them out (environ.h).
 *
 * Other preloads are kept, behind ours. Where nothing is missing nothing is copied, which is nearly always
 * so.
 */
#include "environ.h"

#include "bytes.h"
#include "raw/raw.h"
#include "wire.h"

extern char **environ __attribute__((weak));
extern void *__libc_stack_end __attribute__((weak));
extern int setenv(const char *name, const char *value, int overwrite) __attribute__((weak));
extern int unsetenv(const char *name) __attribute__((weak));

#define PRELOAD "LD_PRELOAD"

/* What stands in an environment now. */
struct state {
    size_t count;
    size_t preloads, sessions;
    const char *preload; /* the value of the one that the loader takes: the last */
    bool session_right;
};

static bool is_separator(char c)
{
    return c == ':' || c == ' ';
}

static struct state look(const struct session *session, const char *const *envp)
{
    struct state state = {0};
    const char *value;
    for (; envp && envp[state.count]; state.count++) {
        const char *entry = envp[state.count];
        if ((value = bytes_value(entry, PRELOAD))) {
            state.preloads++;
            state.preload = value;
        } else if (bytes_value(entry, WIRE_ENV)) {
            state.sessions++;
            state.session_right = bytes_same(entry, session->entry);
        }
    }
    return state;
}

static bool preload_right(const struct session *session, const struct state *state)
{
    size_t length = strlen(session->preload);
    return state->preloads == 1 && bytes_begin(state->preload, session->preload) &&
           (!state->preload[length] || is_separator(state->preload[length]));
}

/* "LD_PRELOAD=" with ours first and the others after it. Returns its length; with `to` NULL it only counts.
 */
static size_t write_preload(char *to, const struct session *session, const char *others)
{
    size_t own = strlen(session->preload), length = sizeof PRELOAD; /* the NUL's place is the sign's */
    if (to) {
        memcpy(to, PRELOAD "=", length);
        memcpy(to + length, session->preload, own);
    }
    length += own;
    while (others && *others) {
        size_t part = 0;
        while (others[part] && !is_separator(others[part]))
            part++;
        bool ours = part == own && !memcmp(others, session->preload, own);
        if (part && !ours) {
            if (to) {
                to[length] = ':';
                memcpy(to + length + 1, others, part);
            }
            length += part + 1;
        }
        others += part + (others[part] != 0);
    }
    if (to) to[length] = 0;
    return length;
}

const char *const *environ_keep(struct environ_kept *kept, const struct session *session,
                                const char *const *envp)
{
    struct state state = look(session, envp);
    kept->memory = NULL;
    if (!session->preload[0] ||
        (preload_right(session, &state) && state.sessions == 1 && state.session_right))
        return envp;
    size_t preload_size = write_preload(NULL, session, state.preload) + 1, entries = state.count + 3;
    char *preload = kept->small_preload;
    kept->entries = kept->small;
    if (preload_size > PRELOAD_SMALL || entries > ENVIRON_SMALL) {
        kept->memory_size = entries * sizeof *kept->entries + preload_size;
        kept->memory = raw_map(kept->memory_size);
        if (!kept->memory) return NULL;
        kept->entries = kept->memory;
        preload = (char *)(kept->entries + entries);
    }
    write_preload(preload, session, state.preload);
    size_t count = 0;
    kept->entries[count++] = preload;
    kept->entries[count++] = session->entry;
    for (; envp && *envp; envp++)
        if (!bytes_value(*envp, PRELOAD) && !bytes_value(*envp, WIRE_ENV)) kept->entries[count++] = *envp;
    kept->entries[count] = NULL;
    return kept->entries;
}

void environ_end(struct environ_kept *kept)
{
    if (kept->memory) raw_unmap(kept->memory, kept->memory_size);
}

const char *const *environ_own(void)
{
    return &environ ? (const char *const *)environ : NULL;
}

/* glibc's loader remembers what the kernel gave: their count, then they. */
const char *const *environ_words(void)
{
    if (!&__libc_stack_end || !__libc_stack_end) return NULL;
    const long *stack = __libc_stack_end;
    long argc = *stack;
    const char *const *argv = (const void *)(stack + 1);
    return argc < 0 || argc > (1 << 24) || argv[argc] ? NULL : argv;
}

void environ_repair(const struct session *session)
{
    struct environ_kept kept;
    const char *const *own = environ_own(), *const *right = environ_keep(&kept, session, own);
    if (right && right != own && setenv && unsetenv) {
        unsetenv(PRELOAD); /* it may be there more than once */
        unsetenv(WIRE_ENV);
        setenv(PRELOAD, right[0] + sizeof PRELOAD, 1);
        setenv(WIRE_ENV, session->directory, 1);
    }
    environ_end(&kept);
}
