/* net.c: connections, datagrams, sockets that are judged when they are made, and names (parts.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../policy/address.h"
#include "../../policy/plain.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "../plain/text.h"
#include "../questions/grants.h"
#include "parts.h"

#define MOST_NAMES 8
#define HOLDS_S 60 /* how long a yes to a look-up holds for connecting, and one to a datagram for the next */

/* Where something is to be sent, as the policy and a person see it. */
struct target {
    struct act act;
    const char *names[MOST_NAMES];
    char *unix_path;
    bool several; /* it is a socket's path, and the socket has other names */
    char *shown;
};

static const char *kind_name(enum socket_kind kind)
{
    const char *name = socket_kind_name(kind);
    return name ? name : "stream"; /* of which policies need not speak */
}

static void show_inet(struct target *target, const struct act *act)
{
    char number[INET6_ADDRSTRLEN] = "";
    struct text text = {0};
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool four = memcmp(act->address, mapped, sizeof mapped) == 0;
    if (four)
        inet_ntop(AF_INET, act->address + 12, number, sizeof number);
    else
        inet_ntop(AF_INET6, act->address, number, sizeof number);
    if (act->name_count)
        text_format(&text, "%s (%s)", act->names[0], number);
    else
        text_format(&text, four ? "%s" : "[%s]", number);
    text_format(&text, ":%u", act->port);
    target->shown = text_take(&text);
}

static void fill_inet(struct target *target, const struct door *door)
{
    struct act *act = &target->act;
    act->has_address = act->has_port = true;
    act->name_count = lookup_names(door->lookups, act->address, target->names, MOST_NAMES);
    act->names = target->names;
    show_inet(target, act);
}

static bool read_inet(struct target *target, const struct door *door, const struct sockaddr_in *address,
                      size_t size)
{
    if (size < sizeof *address) return false;
    target->act.address[10] = target->act.address[11] = 0xff;
    memcpy(target->act.address + 12, &address->sin_addr, 4);
    target->act.port = ntohs(address->sin_port);
    fill_inet(target, door);
    return true;
}

static bool read_inet6(struct target *target, const struct door *door, const struct sockaddr_in6 *address,
                       size_t size)
{
    if (size < offsetof(struct sockaddr_in6, sin6_scope_id)) return false;
    memcpy(target->act.address, &address->sin6_addr, 16);
    target->act.port = ntohs(address->sin6_port);
    fill_inet(target, door);
    return true;
}

/* A socket's path as the caller means it; one that is not there is taken as it was written. */
static char *real_socket_path(const struct caller *caller, const char *path, bool *several)
{
    struct found found;
    if (found_open(&found, caller, path, 0)) {
        char *real = steal_pointer(&found.path);
        *several = S_ISSOCK(found.status.st_mode) && found.status.st_nlink > 1;
        found_close(&found);
        return real;
    }
    if (path[0] == '/') return xstrdup(path);
    cleanup_free char *cwd = facts_cwd(caller);
    return xasprintf("%s/%s", cwd ? cwd : "", path);
}

static bool read_unix(struct target *target, const struct caller *caller, const struct sockaddr_un *address,
                      size_t size)
{
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    if (size <= offset) return false;
    struct act *act = &target->act;
    size_t length = size - offset;
    if (length > sizeof address->sun_path) length = sizeof address->sun_path;
    act->unix_abstract = address->sun_path[0] == '\0';
    if (act->unix_abstract) {
        target->unix_path = xmemdup(address->sun_path + 1, length);
        target->unix_path[length - 1] = '\0';
        act->unix_length = length - 1;
    } else {
        cleanup_free char *written = xstrndup(address->sun_path, strnlen(address->sun_path, length));
        target->unix_path = real_socket_path(caller, written, &target->several);
        act->unix_length = strlen(target->unix_path);
    }
    act->unix_path = target->unix_path;
    /* An abstract name may hold NULs: it is shown up to the first. */
    target->shown = xasprintf("unix:%s%s", act->unix_abstract ? "@" : "", target->unix_path);
    return true;
}

/* False: no such address makes sense. `sends`: to a datagram's socket of IPv4 "no family" is IPv4. */
static bool read_target(struct target *target, const struct door *door, const struct caller *caller, int type,
                        bool sends, const void *address, size_t size)
{
    struct sockaddr_storage storage = {0};
    if (size < sizeof storage.ss_family || size > sizeof storage) return false;
    memcpy(&storage, address, size);
    int family = storage.ss_family;
    if (family == AF_UNSPEC && sends) family = AF_INET;
    *target = (struct target){.act = {.kind = ACT_CONNECT, .socket = socket_kind_of(family, type)}};
    switch (family) {
    case AF_INET: return read_inet(target, door, (const struct sockaddr_in *)&storage, size);
    case AF_INET6: return read_inet6(target, door, (const struct sockaddr_in6 *)&storage, size);
    case AF_UNIX: return read_unix(target, caller, (const struct sockaddr_un *)&storage, size);
    default: target->shown = xstrdup(kind_name(target->act.socket)); return true;
    }
}

static bool caller_still_there(struct matter *matter, const char **why)
{
    *why = caller_alive(&matter->caller) ? NULL : "the process that asked has ended";
    return !*why;
}

/* A person has allowed it for good. */
static bool is_approved(const struct matter *matter, const struct decision *decision)
{
    const struct policy *policy = matter->door->session->policy;
    return decision->rule != RULE_NONE && policy->rules[decision->rule].set == SET_APPROVALS;
}

/* Nobody keeps a socket under several names: it is one of somebody else's, by another name. */
static void ask_of_several(struct matter *matter, const struct act *act, const struct decision *decision)
{
    const struct decision asked = {.verdict = VERDICT_ASK, .rule = decision->rule};
    matter_rule(matter, &asked);
    free(matter->question->because);
    matter->question->because = xstrdup("this socket has several names, and may be a protected one");
    matter_decide(matter, act, &asked);
}

static void judge(struct matter *matter, struct target *target, const struct decision *decision,
                  uint64_t python)
{
    matter_question(matter, ACT_CONNECT, python);
    matter->question->program = process_program(matter->caller.pid);
    matter->question->address = steal_pointer(&target->shown);
    matter->unchanged = caller_still_there;
    if (target->several && decision->verdict == VERDICT_ALLOW && !is_approved(matter, decision))
        ask_of_several(matter, &target->act, decision);
    else
        matter_refused_or_decided(matter, &target->act, decision);
    free(target->unix_path);
}

void datagram_went(struct matter *matter, const struct answer *answer)
{
    if (!answer || answer->before || answer->scope != SCOPE_ONCE) return;
    const struct answer next = {.outcome = OUTCOME_APPROVED, .scope = SCOPE_EXACT, .for_s = HOLDS_S};
    grants_remember(matter->door->session->grants, matter->question, &next);
}

static struct decision decide(const struct matter *matter, const struct target *target)
{
    struct decision decision;
    policy_decide(matter->door->session->image, &target->act, &decision, NULL);
    return decision;
}

void door_connect(struct connection *connection)
{
    const struct wire_request *head = &connection->head;
    bool sends = head->kind == WIRE_SEND;
    int type = head->detail ? (int)(head->detail & 0xffff) : sends ? SOCK_DGRAM : SOCK_STREAM;
    struct target target;
    if (!read_target(&target, connection->door, &connection->caller, type, sends, connection->body,
                     connection->length)) {
        door_no(connection, EINVAL, NULL);
        return;
    }
    struct matter *matter = matter_new(connection);
    if (sends) matter->went = datagram_went;
    const struct decision decision = decide(matter, &target);
    judge(matter, &target, &decision, head->python);
}

bool address_judge(struct matter *matter, int domain, int type, const struct sockaddr *address, size_t size)
{
    struct target target;
    if (!read_target(&target, matter->door, &matter->caller, type,
                     domain == AF_INET && (type & 0xf) == SOCK_DGRAM, address, size))
        return false;
    const struct decision decision = decide(matter, &target);
    judge(matter, &target, &decision, 0);
    return true;
}

static struct target target_of_kind(enum socket_kind kind)
{
    return (struct target){.act = {.kind = ACT_CONNECT, .socket = kind}, .shown = xstrdup(kind_name(kind))};
}

static bool is_kind(const char *pattern)
{
    for (int kind = 0; kind <= SOCKET_OTHER; kind++) {
        const char *name = socket_kind_name((enum socket_kind)kind);
        if (name && !strcmp(name, pattern)) return true;
    }
    return false;
}

/* Whether a rule holds back addresses to which such a socket could send. Nothing of the launcher's own takes
 * datagrams. */
static bool holds_addresses(const struct rule *rule, enum socket_kind kind)
{
    if (rule->act != ACT_CONNECT || rule->verdict == VERDICT_ALLOW || rule->layer == LAYER_CORE) return false;
    for (size_t i = 0; i < rule->patterns.count; i++) {
        const char *pattern = rule->patterns.items[i].text;
        bool path = !strncmp(pattern, "unix:", 5);
        if (path == (kind == SOCKET_UNIX_DATAGRAM) && !is_kind(pattern)) return true;
    }
    return false;
}

/* What it sends is not seen any more. Where a stronger rule than the one that allows the kind holds back some
 * addresses, somebody is asked. */
static struct decision decide_for_all(const struct matter *matter, const struct target *target)
{
    const struct policy *policy = matter->door->session->policy;
    const enum socket_kind kind = target->act.socket;
    struct decision decision = decide(matter, target);
    bool sends = kind == SOCKET_UDP || kind == SOCKET_RAW || kind == SOCKET_UNIX_DATAGRAM;
    if (decision.verdict != VERDICT_ALLOW || !sends || is_approved(matter, &decision)) return decision;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        bool stronger = rule->set == SET_PROJECT || (rule->set == SET_MAIN && i < decision.rule);
        if (stronger && holds_addresses(rule, kind))
            return (struct decision){.verdict = VERDICT_ASK, .rule = (uint32_t)i};
    }
    return decision;
}

void socket_judge(struct matter *matter, int domain, int type)
{
    struct target target = target_of_kind(socket_kind_of(domain, type));
    const struct decision decision = decide_for_all(matter, &target);
    judge(matter, &target, &decision, 0);
}

void door_socket(struct connection *connection)
{
    uint32_t detail = connection->head.detail;
    enum socket_kind kind = socket_kind_of((int)(detail >> 16), (int)(detail & 0xffff));
    if (kind == SOCKET_STREAM) {
        door_go(connection); /* its connect will be judged */
        return;
    }
    struct target target = target_of_kind(kind);
    struct matter *matter = matter_new(connection);
    const struct decision decision = decide(matter, &target);
    judge(matter, &target, &decision, connection->head.python);
}

/* ---- names ---- */

char *name_found(const struct name *name, int error, const struct wire_address *addresses, size_t count,
                 const char *canonical, size_t *size)
{
    struct text body = {0};
    if (name->hints & WIRE_LOOKUP_CANON && !error) {
        text_add(&body, canonical, strlen(canonical) + 1);
        while (body.length % 8)
            text_char(&body, '\0');
    }
    if (count) text_add(&body, (const char *)addresses, count * sizeof *addresses);
    *size = body.length;
    return text_take(&body);
}

static void decide_by_port(const struct door *door, const struct name *name, struct act *act,
                           struct decision *decision)
{
    static const uint16_t usual[] = {443, 80, 22, 1};
    char *end;
    unsigned long port = strtoul(name->service, &end, 10);
    bool known = *name->service && !*end && port <= UINT16_MAX;
    for (size_t i = 0; i < (known ? 1 : sizeof usual / sizeof *usual); i++) {
        struct decision one;
        act->port = known ? (uint16_t)port : usual[i];
        policy_decide(door->session->image, act, &one, NULL);
        if (i == 0 || one.verdict < decision->verdict) *decision = one;
    }
}

static bool is_own_name(const char *node)
{
    char own[HOST_NAME_MAX + 1] = "";
    return gethostname(own, sizeof own - 1) == 0 && strcasecmp(node, own) == 0;
}

/* A look-up by itself tells the outside what is in the name, so it is judged as the connection that it is
 * for: by name, and where nobody says which port, by the port that the policy is most lenient with. This
 * machine's own name, of which no rule speaks, tells nothing: it is judged as localhost, and what it leads to
 * by its address. */
enum verdict name_decide(const struct door *door, const struct name *name, struct act *act,
                         struct decision *decision)
{
    static const char *const localhost[] = {"localhost"};
    *act = (struct act){.kind = ACT_CONNECT,
                        .socket = SOCKET_STREAM,
                        .names = (const char **)(uintptr_t)&name->node, /* only read */
                        .name_count = 1,
                        .has_port = true};
    decide_by_port(door, name, act, decision);
    if (decision->rule == RULE_NONE && is_own_name(name->node)) {
        act->names = localhost;
        decide_by_port(door, name, act, decision);
    }
    return name->hints & WIRE_LOOKUP_NUMERIC ? VERDICT_ALLOW : decision->verdict; /* which stays here */
}

/* Who said yes to a look-up has said yes to what it is for, and is not asked again a moment later. */
static void remember_lookup(struct matter *matter, const struct answer *answer)
{
    if (!answer || answer->before || answer->scope != SCOPE_ONCE) return;
    bool any_port = strrchr(matter->question->address, ':')[1] == '*';
    const struct answer connection = {
        .outcome = OUTCOME_APPROVED, .scope = any_port ? SCOPE_LIKE : SCOPE_EXACT, .for_s = HOLDS_S};
    grants_remember(matter->door->session->grants, matter->question, &connection);
}

void name_judge(struct matter *matter, const struct name *name, const struct act *act,
                const struct decision *decision, uint64_t python)
{
    const char *service = name->service;
    matter_question(matter, ACT_CONNECT, python);
    matter->question->program = process_program(matter->caller.pid);
    matter->question->address =
        xasprintf("%s:%s", name->node, strspn(service, "0123456789") && *service ? service : "*");
    matter->question->act_detail = "look up";
    matter->unchanged = caller_still_there;
    matter->went = remember_lookup;
    matter_rule(matter, decision);
    matter_decide(matter, act, decision);
}

struct lookup *name_look_up(const struct door *door, const struct name *name, lookup_done *done,
                            void *context)
{
    return lookup_begin(door->lookups, name->node, name->hints, done, context);
}

/* The service is the shim's own affair, but for the port that it names. */
static struct name name_of(const struct connection *connection)
{
    return (struct name){connection->strings[0], connection->strings[1], connection->head.detail};
}

static void looked_up(void *context, int error, const struct wire_address *addresses, size_t count,
                      const char *canonical)
{
    struct connection *connection = context;
    struct wire_answer answer = {.verdict = WIRE_GO, .error = error};
    const struct name name = name_of(connection);
    size_t size;
    cleanup_free char *body = name_found(&name, error, addresses, count, canonical, &size);
    connection->lookup = NULL;
    door_answer(connection, &answer, body, size);
}

static void begin_lookup(struct connection *connection)
{
    const struct name name = name_of(connection);
    connection->lookup = name_look_up(connection->door, &name, looked_up, connection);
    if (!connection->lookup) looked_up(connection, EAI_AGAIN, NULL, 0, "");
}

static void lookup_judged(void *context, int error, const char *message)
{
    struct connection *connection = context;
    connection->matter = NULL;
    if (error)
        door_no(connection, error, message);
    else
        begin_lookup(connection);
}

void door_lookup(struct connection *connection)
{
    const struct name name = name_of(connection);
    struct act act;
    struct decision decision;
    if (name_decide(connection->door, &name, &act, &decision) == VERDICT_ALLOW) {
        begin_lookup(connection);
        return;
    }
    connection->matter = matter_replying(connection->door, &connection->caller, lookup_judged, connection);
    name_judge(connection->matter, &name, &act, &decision, connection->head.python);
}
