/* lookup.c: names of hosts. The launcher resolves them, so that it knows by itself what an address stands
 * for.
 *
 * Its addresses are turned into the C library's own list by asking that for each of them in numbers: it is
 * the C library that frees the list. musl frees a list as one block, so there the launcher is only told.
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
    for (size_t i = 0; i < resolved->count; i++) {
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
        code = libc_is_glibc() ? build_list(session, real, resolved, service, hints, list)
                               : real(node, service, hints, list);
    raw_unmap(resolved, size);
    return code;
}

WRAP(int, getaddrinfo, const char *node, const char *service, const struct addrinfo *hints,
     struct addrinfo **list)
{
    const struct session *session = session_get();
    real_getaddrinfo *real = session_function("getaddrinfo");
    if (!real) return SYSTEM_ERROR;
    if (!session || !node || (hints && hints->flags & NUMERIC_HOST)) return real(node, service, hints, list);
    /* An address in numbers needs nobody. */
    struct addrinfo numeric = {0};
    if (hints) numeric = *hints;
    numeric.flags |= NUMERIC_HOST;
    int code = real(node, service, &numeric, list);
    return code == NO_NAME ? look_up(session, real, node, service, hints, list) : code;
}

/* The older forms: the launcher is told, and may refuse. */
#define HOST_NOT_FOUND_CODE 1
static bool host_may(const char *name)
{
    const struct session *session = session_get();
    struct request request = {
        .kind = WIRE_LOOKUP,
        .detail = WIRE_LOOKUP_INET | WIRE_LOOKUP_INET6,
        .strings = {name, ""},
        .string_count = 2,
    };
    size_t size = 0;
    char none[8];
    int code = 0;
    if (!session || !name) return true;
    long result = door_lookup(session, &request, none, &size, &code);
    give_result(result);
    return !result;
}

extern int *__h_errno_location(void) __attribute__((weak));

static void *host_refused(void)
{
    if (__h_errno_location) *__h_errno_location() = HOST_NOT_FOUND_CODE;
    return NULL;
}

WRAP(void *, gethostbyname, const char *name)
{
    void *(*real)(const char *) = session_function("gethostbyname");
    return real && host_may(name) ? real(name) : host_refused();
}

WRAP(void *, gethostbyname2, const char *name, int family)
{
    void *(*real)(const char *, int) = session_function("gethostbyname2");
    return real && host_may(name) ? real(name, family) : host_refused();
}

WRAP(int, gethostbyname_r, const char *name, void *host, char *buffer, size_t size, void **result, int *error)
{
    int (*real)(const char *, void *, char *, size_t, void **, int *) = session_function("gethostbyname_r");
    if (real && host_may(name)) return real(name, host, buffer, size, result, error);
    *result = NULL;
    *error = HOST_NOT_FOUND_CODE;
    return EACCES;
}

WRAP(int, gethostbyname2_r, const char *name, int family, void *host, char *buffer, size_t size,
     void **result, int *error)
{
    int (*real)(const char *, int, void *, char *, size_t, void **, int *) =
        session_function("gethostbyname2_r");
    if (real && host_may(name)) return real(name, family, host, buffer, size, result, error);
    *result = NULL;
    *error = HOST_NOT_FOUND_CODE;
    return EACCES;
}
