/* subject.c: see subject.h. */
#include "subject.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/address.h"
#include "../../policy/plain.h"
#include "../../policy/resolve.h"
#include "../plain/memory.h"
#include "../plain/show.h"

/* ---- Paths ---- */

/* The real path of `path`, which may be relative to `cwd`. */
static bool real_path(const char *cwd, const char *path, char out[PATH_MAX], char **why)
{
    char whole[2 * PATH_MAX];
    if (strlen(path) >= PATH_MAX) {
        *why = xstrdup("the path is too long");
        return false;
    }
    if (path[0] == '/')
        snprintf(whole, sizeof whole, "%s", path);
    else
        snprintf(whole, sizeof whole, "%s/%s", cwd, path);
    if (path[0] && resolve_path(whole, LAST_FOLLOW, out)) return true;
    char *shown cleanup_free = show_string(path, 200);
    *why = xasprintf("%s: %s", shown, path[0] ? "its links lead nowhere" : "an empty path names nothing");
    return false;
}

/* A program as execvp(3) finds it. `*found`: it is there. What is not there is taken to lie in /usr/bin. */
static bool find_program(const struct surroundings *around, const char *name, char out[PATH_MAX], bool *found,
                         char **why)
{
    char path[PATH_MAX];
    *found = true;
    if (strchr(name, '/') || !*name) {
        if (!real_path(around->cwd, name, out, why)) return false;
        *found = access(out, F_OK) == 0;
        return true;
    }
    if (resolve_program(name, around->search_path, path)) return real_path("/", path, out, why);
    *found = false;
    if (snprintf(path, sizeof path, "/usr/bin/%s", name) < PATH_MAX) return real_path("/", path, out, why);
    *why = xstrdup("the program's name is too long");
    return false;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool surroundings_find(struct surroundings *around, const struct said_around *said, const char *search_path,
                       char **why)
{
    const char *cwd = said->cwd;
    *around = (struct surroundings){.search_path = search_path};
    char here[PATH_MAX];
    bool found;
    if (!getcwd(here, sizeof here)) {
        *why = xasprintf("the working directory: %s: name one with --cwd=DIR", strerror(errno));
        if (!cwd || cwd[0] != '/') return false;
        free(steal_pointer(why));
    }
    if (!real_path(here, cwd ? cwd : here, around->cwd, why)) return false;
    if (cwd && !is_directory(around->cwd)) {
        char *shown cleanup_free = show_string(cwd, 200);
        *why = xasprintf("--cwd: %s: there is no such directory", shown);
        return false;
    }
    return (!said->parent || find_program(around, said->parent, around->parent, &found, why)) &&
           (!said->program || find_program(around, said->program, around->program, &found, why));
}

bool subject_path(struct subject *subject, const struct surroundings *around, enum act_kind act,
                  const char *path, char **why)
{
    *subject = (struct subject){.act = {.kind = act}};
    if (around->program[0]) subject->act.program = around->program;
    if (!real_path(around->cwd, path, subject->path, why)) return false;
    subject->act.path = subject->path;
    subject->act.path_length = strlen(subject->path);
    return true;
}

/* ---- Commands ---- */

static void set_name(struct subject *subject, const char *called)
{
    snprintf(subject->name, sizeof subject->name, "%s", last_name(called));
    subject->act.name = subject->name;
}

bool subject_command(struct subject *subject, const struct surroundings *around, const char *const *argv,
                     size_t argc, char **why)
{
    bool found;
    *subject = (struct subject){.act = {.kind = ACT_EXEC,
                                        .argv = argv,
                                        .argc = argc,
                                        .stdin_kind = around->stdin_kind,
                                        .cwd = around->cwd}};
    if (!find_program(around, argv[0], subject->path, &found, why)) return false;
    subject->is_guess = !found;
    subject->act.path = subject->path;
    subject->act.path_length = strlen(subject->path);
    set_name(subject, argv[0]);
    if (around->parent[0]) {
        memcpy(subject->parent, around->parent, sizeof subject->parent);
        subject->act.parent = subject->parent;
    }
    return true;
}

bool subject_become_applet(struct subject *subject, const struct image *image, char **why)
{
    size_t shift;
    char *path cleanup_free = chain_applet(image, &subject->act, &shift);
    if (!path) return true;
    subject->act.argv += shift;
    subject->act.argc -= shift;
    set_name(subject, subject->act.argv[0]);
    subject->act.path_length = strlen(path);
    if (subject->act.path_length < sizeof subject->path) {
        memcpy(subject->path, path, subject->act.path_length + 1);
        return true;
    }
    *why = xstrdup("the applet's name is too long");
    return false;
}

/* `env -S "WORDS"` makes a command line of its own of them, which is judged when it starts, and not from
 * here. */
static bool splits_words(const struct act *act, size_t before)
{
    for (size_t i = 1; i < before; i++)
        if (!strncmp(act->argv[i], "-S", 2) || !strncmp(act->argv[i], "--split-string", 14)) return true;
    return false;
}

static const char **wrapped(const struct subject *subject, size_t shift, size_t *argc)
{
    if (!strcmp(subject->name, "env") && splits_words(&subject->act, shift)) return NULL;
    *argc = subject->act.argc - shift;
    return xmemdup(subject->act.argv + shift, *argc * sizeof *subject->act.argv);
}

const char **subject_next(struct subject *subject, const struct image *image, size_t *argc)
{
    struct runs runs;
    struct caller here;
    command_runs(image, &subject->act, &runs);
    if (runs.kind == RUNS_WRAPPER) return wrapped(subject, runs.shift, argc);
    struct content content;
    int fd cleanup_fd = open(subject->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) content_read(fd, &content);
    if (!caller_find(&here, getpid(), getpid())) return NULL;
    chain_next(image, &here, &subject->act, subject->path, fd < 0 ? NULL : &content, false, &subject->coming);
    *argc = subject->coming.argc;
    return subject->coming.argv;
}

bool subject_digest(struct subject *subject)
{
    int fd cleanup_fd = open(subject->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || !file_sha256(fd, subject->sha256)) return false;
    subject->act.sha256 = subject->sha256;
    return true;
}

/* ---- Connections ---- */

static bool bad_address(const char *text, const char *because, char **why)
{
    char *shown cleanup_free = show_string(text, 200);
    *why =
        xasprintf("%s: %s: write HOST, HOST:PORT, [ADDRESS]:PORT, unix:PATH, unix:@NAME or a kind of socket",
                  shown, because);
    return false;
}

static bool unix_socket(struct subject *subject, const struct surroundings *around, const char *text,
                        char **why)
{
    if (!*text || !strcmp(text, "@")) return bad_address(text, "the socket has no name", why);
    subject->act.unix_abstract = *text == '@';
    if (*text == '@') {
        subject->act.unix_path = text + 1;
    } else {
        if (!real_path(around->cwd, text, subject->path, why)) return false;
        subject->act.unix_path = subject->path;
    }
    subject->act.unix_length = strlen(subject->act.unix_path);
    return true;
}

static void add_address(struct subject *subject, const struct sockaddr *address)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (subject->address_count == SUBJECT_ADDRESSES) return;
    unsigned char *to = subject->addresses[subject->address_count];
    if (address->sa_family == AF_INET) {
        memcpy(to, mapped, sizeof mapped);
        memcpy(to + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(to, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    } else {
        return;
    }
    subject->address_count++;
}

/* Where the name leads, as far as can be known here: rules about names hold also when it leads nowhere. */
static void look_up(struct subject *subject)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *list;
    int failed = getaddrinfo(subject->host, NULL, &hints, &list);
    if (failed) {
        subject->names[0] = subject->host;
        subject->act.names = subject->names;
        subject->act.name_count = 1;
        setenv("RES_OPTIONS", "timeout:2 attempts:1", 0);
        hints.ai_flags = 0;
        failed = getaddrinfo(subject->host, NULL, &hints, &list);
    }
    if (failed) return;
    for (const struct addrinfo *one = list; one; one = one->ai_next)
        add_address(subject, one->ai_addr);
    freeaddrinfo(list);
}

/* Splits "host:port", "[v6]:port", "v6" or "host" at the colon before the port; the port may be left out. */
static bool split_port(const char *text, size_t *host, const char **port)
{
    const char *colon = strrchr(text, ':');
    *port = NULL;
    *host = strlen(text);
    if (*text == '[') {
        const char *end = strchr(text, ']');
        if (!end || (end[1] && end[1] != ':')) return false;
        *host = (size_t)(end + 1 - text);
        if (end[1]) *port = end + 2;
    } else if (colon && strchr(text, ':') == colon) {
        *host = (size_t)(colon - text);
        *port = colon + 1;
    }
    return *host > 0;
}

static bool read_port(struct subject *subject, const char *text)
{
    char *end;
    errno = 0;
    unsigned long port = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || port > 65535) return false;
    subject->act.port = (uint16_t)port;
    subject->act.has_port = true;
    return true;
}

static bool host_and_port(struct subject *subject, const char *text, char **why)
{
    const char *port;
    size_t length;
    if (!split_port(text, &length, &port)) return bad_address(text, "this is no address", why);
    bool bracketed = *text == '[';
    const char *host = text + bracketed;
    if (bracketed) length -= 2;
    if (length == 0 || length >= sizeof subject->host)
        return bad_address(text, "the host has no proper name", why);
    if (memchr(host, '/', length))
        return bad_address(text, "a network is for rules, and a connection is to one address", why);
    memcpy(subject->host, host, length);
    if (port && !read_port(subject, port)) return bad_address(text, "the port is no number up to 65535", why);
    look_up(subject);
    return true;
}

/* The kind of socket that `text` begins with; STREAM when it begins with none. */
static enum socket_kind kind_of(const char **text)
{
    for (int kind = SOCKET_STREAM + 1; kind < SOCKET_KINDS; kind++) {
        const char *name = socket_kind_name((enum socket_kind)kind);
        size_t length = strlen(name);
        if (strncmp(*text, name, length) != 0 || ((*text)[length] && (*text)[length] != ':')) continue;
        *text += length;
        if (**text == ':') ++*text;
        return (enum socket_kind)kind;
    }
    return SOCKET_STREAM;
}

bool subject_address(struct subject *subject, const struct surroundings *around, const char *text, char **why)
{
    const char *rest = text;
    *subject = (struct subject){.act = {.kind = ACT_CONNECT}};
    subject->act.socket = kind_of(&rest);
    if (subject->act.socket != SOCKET_STREAM && !*rest) return true;
    if (!strncmp(rest, "unix:", 5)) return unix_socket(subject, around, rest + 5, why);
    if (subject->act.socket == SOCKET_UNIX_DATAGRAM) return unix_socket(subject, around, rest, why);
    return host_and_port(subject, rest, why);
}
