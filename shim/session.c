/* session.c: finding out at the start whether this program is guarded, and by whom (session.h).
 *
 * Another library's constructor may have called a wrapper before ours runs: whoever comes first starts the
 * session.
 */
#include "session.h"

#include <linux/auxvec.h>

#include "bytes.h"
#include "door.h"
#include "environ.h"
#include "lane.h"
#include "python.h"
#include "raw/raw.h"
#include "wire.h"

extern char **environ __attribute__((weak));
extern unsigned long getauxval(unsigned long type) __attribute__((weak));

#define ENVIRON_SIZE (1u << 20)
#define MAPS_SIZE (256u << 10)

/* NULL: nobody has looked yet. &unguarded: there is no session. */
static const void *published;
static const struct session unguarded;

/* Room for the session of whoever begins it first. A thread that begins it at the same time, and one whose
 * names are long, take memory of their own. */
#define ROOM_TEXT 512
static char room[sizeof(struct session) + ROOM_TEXT] __attribute__((aligned(16)));
static const void *room_taken;

/* What the environment says of the session. */
struct found_environment {
    const char *directory;
    const char *preload; /* the shim's path, not ended by NUL */
    size_t preload_length;
};

/* The entry of a list of preloads that is the shim. */
static void find_in_preload(struct found_environment *found, const char *list)
{
    while (*list) {
        size_t length = 0;
        while (list[length] && list[length] != ':' && list[length] != ' ')
            length++;
        const size_t name = sizeof WIRE_SHIM - 1;
        if (length > name && list[length - name - 1] == '/' &&
            !memcmp(list + length - name, WIRE_SHIM, name)) {
            found->preload = list;
            found->preload_length = length;
            return;
        }
        list += length + (list[length] != 0);
    }
}

static void find_in_entry(struct found_environment *found, const char *entry)
{
    const char *value;
    if ((value = bytes_value(entry, WIRE_ENV)) && !found->directory)
        found->directory = value;
    else if ((value = bytes_value(entry, "LD_PRELOAD")) && !found->preload)
        find_in_preload(found, value);
}

/* The environment that the kernel gave. */
static const char *const *initial_environment(void)
{
    const char *const *at = environ_words();
    while (at && *at)
        at++;
    return at ? at + 1 : NULL;
}

/* Reads as much as fits of a file in /proc into memory of `size` bytes, with a NUL at its end. */
static size_t read_file(const char *path, char *memory, size_t size)
{
    long fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    size_t have = 0;
    if (fd < 0) return 0;
    for (;;) {
        long got = raw_read((int)fd, memory + have, size - 1 - have);
        if (got <= 0 && got != -EINTR) break;
        have += got > 0 ? (size_t)got : 0;
    }
    memory[have] = 0;
    raw_close((int)fd);
    return have;
}

/* `memory` keeps what is found where it had to be read from /proc, and stays mapped then. */
static void find_environment(struct found_environment *found)
{
    const char *const *entries = initial_environment();
    if (!entries && &environ) entries = (const char *const *)environ;
    for (; entries && *entries; entries++)
        find_in_entry(found, *entries);
    if (entries) return;
    char *memory = raw_map(ENVIRON_SIZE);
    if (!memory) return;
    size_t size = read_file("/proc/self/environ", memory, ENVIRON_SIZE);
    for (size_t at = 0; at < size; at += strlen(memory + at) + 1)
        find_in_entry(found, memory + at);
    if (!found->directory) raw_unmap(memory, ENVIRON_SIZE);
}

/* Preloaded by other means than the variable: where the loader found us. */
static void find_own_path(struct found_environment *found)
{
    char *memory = raw_map(MAPS_SIZE);
    if (!memory) return;
    read_file("/proc/self/maps", memory, MAPS_SIZE);
    const size_t name = sizeof "/" WIRE_SHIM - 1;
    for (char *at = memory, *line = at; *at; at++) {
        if (*at != '\n') continue;
        char *path = line;
        while (path < at && *path != '/')
            path++;
        if ((size_t)(at - path) > name && !memcmp(at - name, "/" WIRE_SHIM, name)) {
            found->preload = path;
            found->preload_length = (size_t)(at - path);
            return; /* it stays mapped: the path lies there */
        }
        line = at + 1;
    }
    raw_unmap(memory, MAPS_SIZE);
}

static const char not_sound[] = "its policy is not sound";

/* The policy, mapped; or NULL with the reason. */
static const struct image *map_policy(struct session *session)
{
    char path[sizeof session->door.sun_path + sizeof WIRE_POLICY];
    size_t length = strlen(session->directory);
    memcpy(path, session->directory, length);
    memcpy(path + length, "/" WIRE_POLICY, sizeof "/" WIRE_POLICY);
    struct stat status;
    const struct image *image = NULL;
    session->fault = "its policy cannot be opened";
    long fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0) return NULL;
    session->fault = not_sound;
    if (!raw_fstat((int)fd, &status) && status.st_size > WIRE_NAMES_SIZE) {
        size_t size = (size_t)status.st_size;
        long map = raw_call(__NR_mmap, 0, size, PROT_READ, MAP_SHARED, fd, 0);
        const void *behind = (const void *)(map + WIRE_NAMES_SIZE);
        if (RAW_FAILED(map)) {
            session->fault = "its policy cannot be mapped";
        } else {
            session->names = (const void *)map;
            session->mapped_size = size - WIRE_NAMES_SIZE;
            image = behind;
        }
    }
    raw_close((int)fd);
    return image;
}

static char *keep(char **to, const char *bytes, size_t length)
{
    char *kept = *to;
    memcpy(kept, bytes, length);
    kept[length] = 0;
    *to += length + 1;
    return kept;
}

/* Strings are copied: programs write over their environment. */
static void keep_strings(struct session *session, const struct found_environment *found)
{
    char *to = session->text;
    size_t length = strlen(found->directory);
    session->entry = keep(&to, WIRE_ENV "=", sizeof WIRE_ENV);
    to--;
    session->directory = keep(&to, found->directory, length);
    session->preload = keep(&to, found->preload, found->preload_length);
    session->door.sun_family = 1 /* AF_UNIX */;
    if (length + sizeof "/" WIRE_HELLO > sizeof session->door.sun_path) return; /* the longer of the two */
    memcpy(session->door.sun_path, session->directory, length);
    memcpy(session->door.sun_path + length, "/" WIRE_DOOR, sizeof "/" WIRE_DOOR);
    session->door_length = (unsigned)(offsetof(struct sockaddr_un, sun_path) + length + sizeof "/" WIRE_DOOR);
}

/* What the kernel tells a program about itself: it lies behind the environment. */
static unsigned long told_by_kernel(unsigned long type)
{
    const char *const *entries = initial_environment();
    if (!entries) return getauxval ? getauxval(type) : 0;
    while (*entries)
        entries++;
    for (const unsigned long *pair = (const void *)(entries + 1); pair[0] != AT_NULL; pair += 2)
        if (pair[0] == type) return pair[1];
    return 0;
}

/* It gives every program random bytes. */
static void find_key(struct session *session)
{
    const void *random = (const void *)told_by_kernel(AT_RANDOM);
    if (random) memcpy(session->key, random, sizeof session->key);
}

/* `*mapped` is its size where it is to be unmapped if it is not needed. */
static struct session *make_room(size_t text, size_t *mapped)
{
    if (text <= ROOM_TEXT && !raw_publish(&room_taken, room)) return (void *)room;
    *mapped = sizeof(struct session) + text;
    return raw_map(*mapped);
}

/* Puts the session together aside. NULL: no memory, or there is none. */
static const struct session *make_session(size_t *mapped)
{
    struct found_environment found = {0};
    find_environment(&found);
    if (!found.directory) return &unguarded;
    if (!found.preload) find_own_path(&found);
    if (!found.preload) found.preload = "";
    size_t text = sizeof WIRE_ENV + 2 + strlen(found.directory) + found.preload_length + 2;
    struct session *session = make_room(text, mapped);
    if (!session) return NULL;
    keep_strings(session, &found);
    find_key(session);
    libc_find(&session->libc);
    session->judges = !door_is_a_call(session->directory);
    if (!session->judges) return session;
    if (!session->door_length || session->directory[0] != '/')
        session->fault = "its directory has no usable name";
    else if (!session->preload[0])
        session->fault = "the shim cannot find itself";
    else
        session->mapped = map_policy(session);
    if (session->mapped && door_hello(session) < 0) {
        session->mapped = NULL;
        session->fault = "its launcher is gone";
    }
    if (!session->mapped) door_complain(session->fault);
    return session;
}

/* Without memory for the session everything is denied. */
static const struct session no_memory = {.judges = true, .fault = "no memory was left at the start"};

static const struct session *start(void)
{
    size_t mapped = 0;
    const struct session *mine = make_session(&mapped);
    if (!mine) mine = &no_memory;
    const struct session *before = raw_publish(&published, mine);
    if (!before) return mine;
    if (mapped) raw_unmap((void *)(uintptr_t)mine, mapped); /* another thread was first */
    return before;
}

static const struct session *session_found(void)
{
    const struct session *session = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
    return __builtin_expect(!session, 0) ? start() : session;
}

const struct session *session_get(void)
{
    const struct session *session = session_found();
    return session->judges ? session : NULL;
}

const struct session *session_any(void)
{
    const struct session *session = session_found();
    return session == &unguarded ? NULL : session;
}

/* How far the policy was looked at. Whoever looks, and when, will find the same. */
enum look { NOT_LOOKED_AT, HEAD_SOUND, SOUND, UNSOUND };
static unsigned char looked;

static APART enum look look(const struct session *session, enum look how)
{
    bool sound = how == SOUND ? image_check_seal(session->mapped, session->mapped_size)
                              : image_check_head(session->mapped, session->mapped_size);
    enum look found = sound ? how : UNSOUND;
    __atomic_store_n(&looked, (unsigned char)found, __ATOMIC_RELAXED);
    if (!sound) door_complain(not_sound);
    return found;
}

static inline bool is_sound(const struct session *session, enum look how)
{
    enum look found = __atomic_load_n(&looked, __ATOMIC_RELAXED);
    if (!session->mapped) return false;
    return (__builtin_expect(found < how, 0) ? look(session, how) : found) != UNSOUND;
}

bool session_has_image(const struct session *session)
{
    return is_sound(session, HEAD_SOUND);
}

const struct image *session_image(const struct session *session)
{
    return is_sound(session, SOUND) ? session->mapped : NULL;
}

/* Looked for by whoever opens something first, who would touch its memory anyway. */
static unsigned char lane;
enum { LANE_NOT_LOOKED_FOR, LANE_THERE, LANE_NONE };

bool session_has_lane(const struct session *session)
{
    unsigned char found = __atomic_load_n(&lane, __ATOMIC_RELAXED);
    if (session->judges) return false;
    if (__builtin_expect(found == LANE_NOT_LOOKED_FOR, 0)) {
        found = lane_is_there() ? LANE_THERE : LANE_NONE;
        __atomic_store_n(&lane, found, __ATOMIC_RELAXED);
    }
    return found == LANE_THERE;
}

void *session_function(const char *name)
{
    const struct session *session = session_any();
    struct libc unguarded_libc;
    void *function;
    if (session) {
        function = libc_function(&session->libc, name);
    } else {
        libc_find(&unguarded_libc);
        function = libc_function(&unguarded_libc, name);
    }
    if (!function) give_error(ENOSYS);
    return function;
}

static void __attribute__((constructor)) begin(void)
{
    if (session_any()) python_begin();
}
