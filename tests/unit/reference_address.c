/* reference_address.c: what an address in a rule fits, slowly and plainly. See reference.h. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reference_parts.h"

static const char *const kind_names[SOCKET_KINDS] = {NULL,      "udp",   "raw",  "packet", "unix-datagram",
                                                     "netlink", "vsock", "other"};

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_ipv4(const unsigned char address[16])
{
    return memcmp(address, mapped, sizeof mapped) == 0;
}

/* The address that says "this host" is the loopback address of its family. */
static void to_one_form(unsigned char address[16])
{
    static const unsigned char nothing[16];
    if (memcmp(address, nothing, 16) == 0) address[15] = 1;
    if (is_ipv4(address) && memcmp(address + 12, nothing, 4) == 0)
        memcpy(address + 12, (unsigned char[]){127, 0, 0, 1}, 4);
}

static bool bits_equal(const unsigned char *one, const unsigned char *other, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++)
        if ((one[i / 8] ^ other[i / 8]) & (0x80 >> i % 8)) return false;
    return true;
}

/* "10.0.0.0/8", "::1": whether that is an address at all; *fits then says whether it holds `address`. */
static bool read_network(const char *text, const unsigned char address[16], bool *fits)
{
    char host[64];
    unsigned char network[16];
    size_t length = strcspn(text, "/");
    if (length >= sizeof host) return false;
    memcpy(host, text, length);
    host[length] = '\0';
    memcpy(network, mapped, sizeof mapped);
    unsigned offset = 96;
    if (inet_pton(AF_INET, host, network + 12) != 1) {
        offset = 0;
        if (inet_pton(AF_INET6, host, network) != 1) return false;
    }
    unsigned bits = text[length] == '/' ? offset + (unsigned)atoi(text + length + 1) : 128;
    if (bits == 128) to_one_form(network);
    bool families_agree = is_ipv4(address) == (is_ipv4(network) && bits >= 96);
    *fits = families_agree && bits_equal(network, address, bits);
    return true;
}

static bool names_equal(const char *one, size_t one_length, const char *other, size_t other_length)
{
    one_length -= one_length > 0 && one[one_length - 1] == '.';
    other_length -= other_length > 0 && other[other_length - 1] == '.';
    return one_length == other_length && strncasecmp(one, other, one_length) == 0;
}

/* `pattern` is a host name, or "*.domain". */
static bool name_fits(const char *pattern, const char *name)
{
    size_t length = strlen(name);
    if (pattern[0] != '*') return names_equal(pattern, strlen(pattern), name, length);
    const char *tail = pattern + 1; /* ".domain" */
    size_t tail_length = strlen(tail);
    for (size_t i = 1; i < length; i++)
        if (name[i] == '.' && names_equal(tail, tail_length, name + i, length - i)) return true;
    return false;
}

static bool is_loopback(const struct act *act, const unsigned char address[16])
{
    bool four;
    bool six;
    if (!act->has_address) return false;
    read_network("127.0.0.0/8", address, &four);
    read_network("::1", address, &six);
    return four || six;
}

static bool host_fits(const char *host, const struct act *act)
{
    unsigned char address[16];
    bool fits = false;
    memcpy(address, act->address, 16);
    to_one_form(address);
    if (strcmp(host, "*") == 0) return true;
    if (read_network(host, address, &fits)) return act->has_address && fits;
    if (names_equal(host, strlen(host), "localhost", 9) && is_loopback(act, address)) return true;
    for (size_t i = 0; i < act->name_count; i++)
        if (name_fits(host, act->names[i])) return true;
    return false;
}

/* `port` is "443", "8000-8999", "*" or "" where none was written. What is not known binds an allow only. */
static bool port_fits(const char *port, const struct rule *rule, const struct act *act)
{
    if (*port == '\0' || *port == '*') return true;
    if (!act->has_address && !act->has_port) return rule->verdict != VERDICT_ALLOW;
    const char *dash = strchr(port, '-');
    int low = atoi(port);
    int high = dash ? atoi(dash + 1) : low;
    return low <= act->port && act->port <= high;
}

/* "[v6/n]:port", "v6", "host:port" */
static void cut_port(const char *pattern, char *host, size_t size, const char **port)
{
    const char *colon = strchr(pattern, ':');
    const char *begin = pattern;
    const char *end = pattern + strlen(pattern);
    *port = "";
    if (*pattern == '[') {
        begin++;
        end = strchr(pattern, ']');
        *port = end[1] == ':' ? end + 2 : "";
    } else if (colon && !strchr(colon + 1, ':')) {
        end = colon;
        *port = colon + 1;
    }
    size_t length = (size_t)(end - begin) < size ? (size_t)(end - begin) : size - 1;
    memcpy(host, begin, length);
    host[length] = '\0';
}

static bool unix_fits(const char *pattern, const struct act *act)
{
    if (!act->unix_path) return false;
    const char *end = act->unix_path + act->unix_length;
    if (*pattern == '@')
        return act->unix_abstract &&
               reference_glob(pattern + 1, pattern + strlen(pattern), act->unix_path, end);
    return !act->unix_abstract && reference_path(pattern, act->unix_path);
}

bool reference_address(const char *pattern, const struct rule *rule, const struct act *act)
{
    char host[512];
    const char *port;
    for (int kind = SOCKET_UDP; kind < SOCKET_KINDS; kind++)
        if (strcmp(pattern, kind_names[kind]) == 0) return (int)act->socket == kind;
    if (strncmp(pattern, "unix:", 5) == 0) return unix_fits(pattern + 5, act);
    if (act->unix_path || (act->socket != SOCKET_STREAM && !act->has_address)) return false;
    cut_port(pattern, host, sizeof host, &port);
    return host_fits(host, act) && port_fits(port, rule, act);
}
