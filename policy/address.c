/* address.c: reads the patterns of `connect` (address.h). */
#include "address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "pattern.h"

static const char *const socket_names[SOCKET_KINDS] = {
    [SOCKET_UDP] = "udp",         [SOCKET_RAW] = "raw",
    [SOCKET_PACKET] = "packet",   [SOCKET_UNIX_DATAGRAM] = "unix-datagram",
    [SOCKET_NETLINK] = "netlink", [SOCKET_VSOCK] = "vsock",
    [SOCKET_OTHER] = "other",
};

const char *socket_kind_name(enum socket_kind kind)
{
    return kind < SOCKET_KINDS ? socket_names[kind] : NULL;
}

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number without sign or leading zero, at most `limit`; -1 when it is none. */
static long number(const char *text, size_t length, long limit)
{
    long value = 0;
    if (!length || (length > 1 && text[0] == '0')) return -1;
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i])) return -1;
        value = value * 10 + (text[i] - '0');
        if (value > limit) return -1;
    }
    return value;
}

static const char *parse_port(const char *text, struct address_pattern *pattern)
{
    if (!strcmp(text, "*")) return NULL;
    size_t dash = strcspn(text, "-");
    long low = number(text, dash, 65535);
    long high = text[dash] ? number(text + dash + 1, strlen(text + dash + 1), 65535) : low;
    if (low < 1 || high < 1) return "a port is a number from 1 to 65535, a range N-M, or *";
    if (high < low) return "the range of ports runs backwards";
    pattern->low = (uint16_t)low;
    pattern->high = (uint16_t)high;
    return NULL;
}

static bool bits_beyond(const unsigned char *address, unsigned prefix)
{
    for (unsigned bit = prefix; bit < 128; bit++)
        if (address[bit / 8] & (0x80 >> bit % 8)) return true;
    return false;
}

/* `0.0.0.0` and `::` are how one writes "this host" to connect(2). */
static void name_this_host(unsigned char *address)
{
    static const unsigned char zero[16];
    if (!memcmp(address, mapped, 12) && !memcmp(address + 12, zero, 4)) {
        address[12] = 127;
        address[15] = 1;
    } else if (!memcmp(address, zero, 16)) {
        address[15] = 1;
    }
}

/* An address, perhaps with /n. *is_address is false when the text is none at all. */
static const char *parse_range(const char *text, size_t length, struct address_pattern *pattern,
                               bool *is_address)
{
    char copy[INET6_ADDRSTRLEN + 1];
    size_t slash = 0;
    while (slash < length && text[slash] != '/')
        slash++;
    *is_address = false;
    if (slash >= sizeof copy) return NULL;
    memcpy(copy, text, slash);
    copy[slash] = '\0';

    unsigned base;
    if (inet_pton(AF_INET, copy, pattern->address + 12) == 1) {
        memcpy(pattern->address, mapped, 12);
        base = 96;
    } else if (inet_pton(AF_INET6, copy, pattern->address) == 1) {
        base = 0;
    } else {
        return NULL;
    }
    *is_address = true;
    pattern->kind = ADDRESS_RANGE;
    pattern->prefix = 128;
    if (slash == length) {
        name_this_host(pattern->address);
        return NULL;
    }
    long bits = number(text + slash + 1, length - slash - 1, 128 - (long)base);
    if (bits < 0)
        return base ? "the prefix of an IPv4 range is a number from 0 to 32"
                    : "the prefix of an IPv6 range is a number from 0 to 128";
    pattern->prefix = base + (unsigned)bits;
    if (bits_beyond(pattern->address, pattern->prefix))
        return "the address has bits beyond its prefix: make them 0";
    return NULL;
}

static const char *label_error(const char *label, size_t length)
{
    if (!length) return "empty label in a host name";
    if (length > 63) return "label of a host name longer than 63 bytes";
    for (size_t i = 0; i < length; i++) {
        char c = label[i];
        bool letter = (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
        if (c == '*') return "a * in a host name stands only alone or as *. before a domain";
        if ((unsigned char)c >= 0x80) return "host names are compared in ASCII: write the xn-- form";
        if (!letter) return "no host name, address, unix:PATH or kind of socket";
    }
    return NULL;
}

/* A last label that is a number is somebody's shorthand for an address (127.1, 0x7f000001). */
static bool is_shorthand(const char *label)
{
    if (label[0] == '0' && label[1] == 'x') return true;
    return label[strspn(label, "0123456789")] == '\0';
}

static const char *parse_name(const char *text, size_t length, struct address_pattern *pattern)
{
    pattern->kind = ADDRESS_NAME;
    if (length > 2 && text[0] == '*' && text[1] == '.') {
        pattern->kind = ADDRESS_BELOW;
        text += 2;
        length -= 2;
    }
    if (length > 1 && text[length - 1] == '.') length--;
    if (!length) return "empty host name";
    if (length > 253) return "host name longer than 253 bytes";
    for (size_t i = 0; i < length; i++)
        pattern->text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    pattern->text[length] = '\0';

    const char *label = pattern->text;
    for (;;) {
        size_t size = strcspn(label, ".");
        const char *error = label_error(label, size);
        if (error) return error;
        if (!label[size]) break;
        label += size + 1;
    }
    if (is_shorthand(label)) return "an address is written in full: a.b.c.d";
    if (pattern->kind == ADDRESS_NAME && !strcmp(pattern->text, "localhost")) pattern->kind = ADDRESS_LOCAL;
    return NULL;
}

static const char *parse_host(const char *text, size_t length, struct address_pattern *pattern)
{
    bool is_address;
    if (length == 1 && *text == '*') {
        pattern->kind = ADDRESS_ANY;
        return NULL;
    }
    const char *error = parse_range(text, length, pattern, &is_address);
    return error || is_address ? error : parse_name(text, length, pattern);
}

static const char *parse_bracketed(const char *text, struct address_pattern *pattern)
{
    bool is_address;
    size_t close = strcspn(text, "]");
    if (!text[close]) return "a [ that is never closed";
    const char *error = parse_range(text, close, pattern, &is_address);
    if (error) return error;
    if (!is_address || !memchr(text, ':', close)) return "between [ and ] stands an IPv6 address";
    const char *after = text + close + 1;
    if (!*after) return NULL;
    return *after == ':' ? parse_port(after + 1, pattern) : "after the ] stands :PORT or nothing";
}

static const char *parse_unix(const char *text, struct address_pattern *pattern)
{
    bool abstract = *text == '@';
    pattern->kind = abstract ? ADDRESS_ABSTRACT : ADDRESS_UNIX;
    text += abstract;
    const char *error = abstract ? glob_error(text) : path_pattern_error(text);
    if (!error) memcpy(pattern->text, text, strlen(text) + 1);
    return error;
}

static const char *parse(const char *text, struct address_pattern *pattern)
{
    for (unsigned kind = 0; kind < SOCKET_KINDS; kind++) {
        if (!socket_names[kind] || strcmp(text, socket_names[kind])) continue;
        pattern->kind = ADDRESS_SOCKET;
        pattern->socket = (enum socket_kind)kind;
        return NULL;
    }
    if (!strncmp(text, "unix:", 5)) return parse_unix(text + 5, pattern);
    if (strstr(text, "://")) return "a host, not a URL: leave the scheme and the path out";
    if (*text == '[') return parse_bracketed(text + 1, pattern);
    if (!*text) return "empty pattern";
    const char *colon = strchr(text, ':');
    if (!colon || strchr(colon + 1, ':')) return parse_host(text, strlen(text), pattern);
    const char *error = parse_host(text, (size_t)(colon - text), pattern);
    return error ? error : parse_port(colon + 1, pattern);
}

int address_pattern_parse(const char *text, struct address_pattern *pattern, const char **why)
{
    memset(pattern, 0, sizeof *pattern);
    pattern->high = UINT16_MAX;
    *why = parse(text, pattern);
    return *why ? -1 : 0;
}

int address_pattern_check(const char *text, const char **why)
{
    struct address_pattern pattern;
    return address_pattern_parse(text, &pattern, why);
}
