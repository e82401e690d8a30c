/* address.h: the patterns of `connect`, from text to a form that can be compared. */
#ifndef ASKFIRST_ADDRESS_H
#define ASKFIRST_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "decide.h"

enum address_kind {
    ADDRESS_ANY,      /* *: whatever has an address or a name */
    ADDRESS_NAME,     /* a host name */
    ADDRESS_BELOW,    /* *.domain; `text` is the domain */
    ADDRESS_LOCAL,    /* localhost: the name, and the addresses that are this host */
    ADDRESS_RANGE,    /* an address or a CIDR range */
    ADDRESS_UNIX,     /* `text` is a path pattern */
    ADDRESS_ABSTRACT, /* `text` is a glob */
    ADDRESS_SOCKET    /* a kind of socket */
};

struct address_pattern {
    enum address_kind kind;
    uint16_t low, high;        /* ports; 0 to 65535 when none was given */
    unsigned char address[16]; /* RANGE: IPv6 form, IPv4 as ::ffff:a.b.c.d */
    unsigned prefix;           /* RANGE: bits of it that count */
    enum socket_kind socket;   /* SOCKET */
    char text[4097];           /* NAME, BELOW: lower case, without a dot at the end */
};

/* 0, or -1 with what is wrong in `*why` (constant). */
int address_pattern_parse(const char *text, struct address_pattern *pattern, const char **why);
int address_pattern_check(const char *text, const char **why);

/* The word for a kind of socket as policies write it ("udp"); NULL for SOCKET_STREAM. */
const char *socket_kind_name(enum socket_kind kind);

#endif
