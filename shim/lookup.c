/* lookup.c: names of hosts. The launcher resolves them, so that it knows by itself what an address stands
 * for.
 *
 * Its addresses are turned into the C library's own list by asking that for each of them in numbers: it is
 * the C library that frees the list. musl frees a list as one block, so there the launcher is only told; and
 * where the C library could not look up anything by itself, which is guard kernel, the list has the first
 * address alone.
 */
#include <linux/in6.h>

#include "../policy/plain.h"
#include "bytes.h"
#include "door.h"
#include "wire.h"
#include "wrap.h"

struct addrinfo {
    int flags, family, type, protocol;
    unsigned address_length;
    void *address;
    char *canonical;
    struct addrinfo *next;
};

/* The same numbers in glibc and musl. */
enum { NUMERIC_HOST = 0x0004, CANONICAL = 0x0002, ADDRESS_CONFIGURED = 0x0020, PASSIVE = 0x0001 };
enum { NO_NAME = -2, NO_MEMORY = -10, SYSTEM_ERROR = -11 };

#define ADDRESSES 24 /* how many are taken of those that a name stands for */
#define NAME_SIZE 256
#define ANSWER_SIZE (ADDRESSES * sizeof(struct wire_address) + NAME_SIZE)
#define NUMBER_SIZE 64

typedef int real_getaddrinfo(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef void real_freeaddrinfo(struct addrinfo *);

extern char *strdup(const char *string) __attribute__((weak));
extern void free(void *memory) __attribute__((weak));

struct resolved {
    size_t count;
    struct wire_address addresses[ADDRESSES];
    char canonical[NAME_SIZE];
};

static char *write_inet(char *to, const unsigned char *address)
{
    for (int i = 0; i < 4; i++) {
        to = bytes_number(to, address[i]);
        *to++ = i < 3 ? '.' : 0;
    }
    return to - 1;
}

static char *write_inet6(char *to, const struct wire_address *address)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        *to++ = digits[address->address[i] >> 4];
        *to++ = digits[address->address[i] & 15];
        if (i % 2 && i < 15) *to++ = ':';
    }
    *to = 0;
    if (address->scope) {
        *to++ = '%';
        to = bytes_number(to, address->scope);
    }
    return to;
}

static void write_number(char *to, const struct wire_address *address)
{
    if (address->family == FAMILY_INET)
        write_inet(to, address->address);
    else
        write_inet6(to, address);
}

/* Asks the launcher. 0, or the code for the caller. */
static int ask(const struct session *session, const char *node, const char *service, uint32_t detail,
               struct resolved *resolved)
{
    char body[ANSWER_SIZE] __attribute__((aligned(8)));
    size_t size = sizeof body, at = 0;
    int code = 0;
    struct request request = {
        .kind = WIRE_LOOKUP,
        .detail = detail,
        .strings = {node, service ? service : ""},
        .string_count = 2,
    };
    long result = door_lookup(session, &request, body, &size, &code);
    if (result) {
        give_error((int)-result);
        return SYSTEM_ERROR;
    }
    if (code) return code;
    resolved->canonical[0] = 0;
    if (detail & WIRE_LOOKUP_CANON) {
        while (at < size && body[at])
            at++;
        if (at < sizeof resolved->canonical) memcpy(resolved->canonical, body, at + 1);
        at = (at + 8) & ~(size_t)7;
    }
    resolved->count = at < size ? (size - at) / sizeof(struct wire_address) : 0;
    if (resolved->count > ADDRESSES) resolved->count = ADDRESSES;
    memcpy(resolved->addresses, body + at, resolved->count * sizeof(struct wire_address));
    return 0;
}

/* The C library's own list for one address. */
static struct addrinfo *own_list(real_getaddrinfo *real, const struct wire_address *address,
                                 const char *service, const struct addrinfo *hints, int *code)
{
    struct addrinfo *list = NULL, numeric = {0};
    char number[NUMBER_SIZE];
    if (hints) numeric = *hints;
    numeric.flags = (numeric.flags & ~(ADDRESS_CONFIGURED | PASSIVE)) | NUMERIC_HOST;
    write_number(number, address);
    *code = real(number, service, &numeric, &list);
    return *code ? NULL : list;
}

static int build_list(const struct session *session, real_getaddrinfo *real, const struct resolved *resolved,
                      const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    struct addrinfo **end = list;
    int code = 0;
    *list = NULL;
    for (size_t i = 0; i < resolved->count && (i == 0 || libc_is_glibc()); i++) {
        *end = own_list(real, &resolved->addresses[i], service, hints, &code);
        while (*end)
            end = &(*end)->next;
    }
    if (!*list) return code ? code : NO_NAME;
    if (resolved->canonical[0] && (*list)->canonical && strdup && free) {
        char *canonical = strdup(resolved->canonical);
        if (!canonical) {
            ((real_freeaddrinfo *)libc_function(&session->libc, "freeaddrinfo"))(*list);
            return NO_MEMORY;
        }
        free((*list)->canonical);
        (*list)->canonical = canonical;
    }
    return 0;
}

static uint32_t details(const struct addrinfo *hints)
{
    int family = hints ? hints->family : FAMILY_UNSPEC;
    return (family != FAMILY_INET6 ? WIRE_LOOKUP_INET : 0) | (family != FAMILY_INET ? WIRE_LOOKUP_INET6 : 0) |
           (hints && hints->flags & CANONICAL ? WIRE_LOOKUP_CANON : 0);
}

static APART int look_up(const struct session *session, real_getaddrinfo *real, const char *node,
                         const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    size_t size = sizeof(struct resolved);
    struct resolved *resolved = raw_map(size);
    if (!resolved) return NO_MEMORY;
    int code = ask(session, node, service, details(hints), resolved);
    if (!code)
        code = libc_is_glibc() || !session->judges ? build_list(session, real, resolved, service, hints, list)
                                                   : real(node, service, hints, list);
    raw_unmap(resolved, size);
    return code;
}

/* What makes the C library look at what is configured, or sort, is kept from it under guard kernel: it would
 * make sockets for that, which the watch sees. */
static struct addrinfo quiet_hints(const struct session *session, const struct addrinfo *hints)
{
    struct addrinfo quiet = {0};
    if (hints) quiet = *hints;
    if (!session->judges) quiet.flags &= ~ADDRESS_CONFIGURED;
    return quiet;
}

/* No name is this host, or all of it: first what glibc sorts first. */
static int own_host(const struct session *session, real_getaddrinfo *real, const char *service,
                    const struct addrinfo *hints, struct addrinfo **list)
{
    struct addrinfo one = quiet_hints(session, hints), **end = list;
    const int families[] = {FAMILY_INET6, FAMILY_INET}, first = one.flags & PASSIVE ? 1 : 0;
    int code = 0;
    if (!libc_is_glibc() || one.family != FAMILY_UNSPEC) return real(NULL, service, &one, list);
    *list = NULL;
    for (int i = 0; i < 2; i++) {
        one.family = families[i ^ first];
        code = real(NULL, service, &one, end);
        while (*end)
            end = &(*end)->next;
    }
    return *list ? 0 : code;
}

WRAP(int, getaddrinfo, const char *node, const char *service, const struct addrinfo *hints,
     struct addrinfo **list)
{
    const struct session *session = session_any();
    real_getaddrinfo *real = session_function("getaddrinfo");
    if (!real) return SYSTEM_ERROR;
    if (session && !session->judges && !node) return own_host(session, real, service, hints, list);
    if (!session || !node) return real(node, service, hints, list);
    /* An address in numbers needs nobody. */
    struct addrinfo numeric = quiet_hints(session, hints);
    if (numeric.flags & NUMERIC_HOST) return real(node, service, &numeric, list);
    numeric.flags |= NUMERIC_HOST;
    int code = real(node, service, &numeric, list);
    return code == NO_NAME ? look_up(session, real, node, service, hints, list) : code;
}

/* ---- the older forms ---- */

struct host { /* struct hostent */
    char *name;
    char **aliases;
    int family, length;
    char **addresses;
};

/* What h_errno says. */
enum { HOST_FOUND, HOST_NOT_FOUND_CODE, HOST_TRY_AGAIN, HOST_NO_RECOVERY, HOST_NO_DATA };
enum { NO_ANSWER_YET = -3, NO_ADDRESS = -5 };

extern int *__h_errno_location(void) __attribute__((weak));

static int host_code(int code)
{
    switch (code) {
    case 0: return HOST_FOUND;
    case NO_NAME:
    case SYSTEM_ERROR: return HOST_NOT_FOUND_CODE; /* refused, as errno says */
    case NO_ANSWER_YET: return HOST_TRY_AGAIN;
    case NO_ADDRESS: return HOST_NO_DATA;
    default: return HOST_NO_RECOVERY;
    }
}

/* An address in numbers needs nobody, and the C library knows by itself what it comes to. */
static bool is_number(const char *name)
{
    bool digits = true;
    for (const char *at = name; *at; at++) {
        if (*at == ':') return true;
        digits = digits && (*at == '.' || (*at >= '0' && *at <= '9'));
    }
    return digits;
}

/* Puts the addresses of that family into `host`, and all that it points to into the buffer. 0, ERANGE, or
 * HOST_NO_DATA. */
static int fill_host(struct host *host, char *buffer, size_t size, const char *name, int family,
                     const struct resolved *resolved)
{
    const size_t length = family == FAMILY_INET6 ? 16 : 4, to_edge = -(uintptr_t)buffer % sizeof(char *);
    const char *canonical = resolved->canonical[0] ? resolved->canonical : name;
    size_t count = 0;
    for (size_t i = 0; i < resolved->count; i++)
        count += resolved->addresses[i].family == (uint32_t)family;
    if (!count) return HOST_NO_DATA;
    size_t pointers = (count + 2) * sizeof(char *), name_size = strlen(canonical) + 1;
    if (size < to_edge || size - to_edge < pointers + count * length + name_size) return ERANGE;
    char **list = (void *)(buffer + to_edge), *at = buffer + to_edge + pointers;
    *host = (struct host){.aliases = list, .family = family, .length = (int)length, .addresses = list + 1};
    *list++ = NULL;
    for (size_t i = 0; i < resolved->count; i++) {
        if (resolved->addresses[i].family != (uint32_t)family) continue;
        memcpy(at, resolved->addresses[i].address, length);
        *list++ = at;
        at += length;
    }
    *list = NULL;
    host->name = memcpy(at, canonical, name_size);
    return 0;
}

/* As gethostbyname2_r: 0 or an errno; `*error` as h_errno. */
static APART int look_up_host(const struct session *session, const char *name, int family, struct host *host,
                              char *buffer, size_t size, int *error)
{
    struct resolved *resolved = raw_map(sizeof *resolved);
    if (!resolved) return *error = HOST_NO_RECOVERY, ENOMEM;
    uint32_t detail = (family == FAMILY_INET6 ? WIRE_LOOKUP_INET6 : WIRE_LOOKUP_INET) | WIRE_LOOKUP_CANON;
    int code = ask(session, name, NULL, detail, resolved), filled = 0;
    *error = host_code(code);
    if (!code) filled = fill_host(host, buffer, size, name, family, resolved);
    raw_unmap(resolved, sizeof *resolved);
    if (filled == ERANGE) return *error = HOST_TRY_AGAIN, ERANGE;
    if (filled) *error = HOST_NO_DATA;
    if (code == SYSTEM_ERROR) return EACCES;
    return *error == HOST_TRY_AGAIN ? EAGAIN : *error == HOST_NO_RECOVERY ? EBADMSG : 0;
}

static bool is_looked_up(const struct session *session, const char *name, int family)
{
    return session && name && (family == FAMILY_INET || family == FAMILY_INET6) && !is_number(name);
}

/* The one place that these two have for their answer, as in the C library. */
static struct {
    struct host host;
    char bytes[ANSWER_SIZE + ADDRESSES * sizeof(char *)];
} last_host;

static void *look_up_last(const struct session *session, const char *name, int family)
{
    int error;
    look_up_host(session, name, family, &last_host.host, last_host.bytes, sizeof last_host.bytes, &error);
    if (!error) return &last_host.host;
    if (__h_errno_location) *__h_errno_location() = error;
    return NULL;
}

WRAP(void *, gethostbyname, const char *name)
{
    const struct session *session = session_any();
    void *(*real)(const char *) = session_function("gethostbyname");
    if (is_looked_up(session, name, FAMILY_INET)) return look_up_last(session, name, FAMILY_INET);
    return real ? real(name) : NULL;
}

WRAP(void *, gethostbyname2, const char *name, int family)
{
    const struct session *session = session_any();
    void *(*real)(const char *, int) = session_function("gethostbyname2");
    if (is_looked_up(session, name, family)) return look_up_last(session, name, family);
    return real ? real(name, family) : NULL;
}

WRAP(int, gethostbyname_r, const char *name, void *host, char *buffer, size_t size, void **result, int *error)
{
    const struct session *session = session_any();
    int (*real)(const char *, void *, char *, size_t, void **, int *) = session_function("gethostbyname_r");
    *result = NULL;
    if (!is_looked_up(session, name, FAMILY_INET))
        return real ? real(name, host, buffer, size, result, error) : ENOSYS;
    int failed = look_up_host(session, name, FAMILY_INET, host, buffer, size, error);
    if (!*error) *result = host;
    return failed;
}

WRAP(int, gethostbyname2_r, const char *name, int family, void *host, char *buffer, size_t size,
     void **result, int *error)
{
    const struct session *session = session_any();
    int (*real)(const char *, int, void *, char *, size_t, void **, int *) =
        session_function("gethostbyname2_r");
    *result = NULL;
    if (!is_looked_up(session, name, family))
        return real ? real(name, family, host, buffer, size, result, error) : ENOSYS;
    int failed = look_up_host(session, name, family, host, buffer, size, error);
    if (!*error) *result = host;
    return failed;
}
