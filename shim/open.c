/* open.c: opening a file after it was judged (open.h).
 *
 * The fast way: the path's own text is judged, and opened with the demand that no link lie on the way: if
 * that succeeds the text was the real path. Everything else goes the slow way: the file is found first, what
 * was found is judged, and what was found is opened.
 */
#include "open.h"

#include "door.h"
#include "judge.h"
#include "lane.h"
#include "leads.h"
#include "python.h"
#include "seen.h"
#include "wrap.h"

/* What open() takes and openat2() does not choke on. */
#define KNOWN_FLAGS                                                                                          \
    (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | FASYNC |           \
     O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | __O_TMPFILE)
#define MEMORY_CLOEXEC 1u /* MFD_CLOEXEC */
#define AGAIN (-ERESTART) /* it changed meanwhile: look once more */
#define MAX_LINKS 40      /* as the kernel */

enum purpose { TO_OPEN, TO_FIND, TO_JUDGE };

struct opening {
    const struct session *session;
    int dirfd;
    const char *path;
    int flags;
    unsigned mode;
    uint64_t resolve;
    enum purpose purpose;
    uint64_t
        word; /* of the path, if there are links or double dots on its way (seen.h); 0: none, or unknown */
};

static unsigned deeds(int flags)
{
    static const unsigned by_access[] = {DEED_READ, DEED_WRITE, DEED_READ | DEED_WRITE,
                                         DEED_READ | DEED_WRITE};
    if (flags & O_PATH) return 0;
    return by_access[flags & O_ACCMODE] | (flags & (O_TRUNC | O_CREAT | __O_TMPFILE) ? DEED_WRITE : 0u);
}

static struct open_how how_to(int flags, unsigned mode, uint64_t resolve)
{
    return (struct open_how){
        .flags = (uint64_t)(unsigned)(flags & KNOWN_FLAGS) | O_LARGEFILE,
        .mode = flags & (O_CREAT | __O_TMPFILE) ? mode & 07777 : 0,
        .resolve = resolve,
    };
}

/* Opening a FIFO or a device may wait for long. */
static long open_waiting(int dirfd, const char *path, const struct open_how *how)
{
    int before = cancel_begin();
    long fd = how->resolve ? raw_openat2(dirfd, path, how)
                           : raw_openat(dirfd, path, (int)how->flags, (unsigned)how->mode);
    cancel_end(before);
    return fd;
}

/* Whether the fast way's result is what the slow way would have come to. */
static bool conclusive(const struct opening *opening, long result)
{
    switch (result) {
    case -ELOOP:
    case -ENOSYS:
    case -EINVAL:
    case -EPERM: /* a filter that does not know the call */ return false;
    case -EACCES: /* the way from the root may be barred where the way from here is not */
        return opening->path[0] == '/';
    default: return true;
    }
}

/* Whether the file that was opened may be a protected one by another name. */
static bool needs_names(const struct opening *opening, const struct stat *status)
{
    return where_has_several_names(status) &&
           judge_needs_names(opening->session, deeds(opening->flags), status->st_ino);
}

/* Whether what was opened may be, and is emptied now if that was left for later. */
static APART bool may_be(const struct opening *opening, int fd, bool empty)
{
    struct stat status;
    if (raw_fstat(fd, &status) || needs_names(opening, &status)) return false;
    return !empty || (status.st_mode & S_IFMT) != S_IFREG || !raw_call(__NR_ftruncate, fd, 0);
}

/* By the path's own text. False: not conclusive. A truncation cannot be taken back: where names count it is
 * made after the look. */
static bool open_text(const struct opening *opening, const struct text *text, uint64_t word, long *result)
{
    int flags = opening->flags;
    bool has = judge_has_names(opening->session, deeds(flags)),
         later = has && flags & O_TRUNC && !(flags & O_EXCL);
    if ((later && (flags & O_ACCMODE) == O_RDONLY) ||
        judge_word(opening->session, word, deeds(flags), text->bytes, text->length) != VERDICT_ALLOW)
        return false;
    struct open_how how = how_to(later ? flags & ~O_TRUNC : flags, opening->mode, RESOLVE_NO_SYMLINKS);
    *result = open_waiting(AT_FDCWD, text->bytes, &how);
    if (has && *result >= 0 && !may_be(opening, (int)*result, later)) {
        raw_close((int)*result);
        return false;
    }
    return conclusive(opening, *result);
}

/* By the real path to which it led before, if it still leads there. Where that is refused, or another file,
 * the slow way tells. */
static APART bool open_lead(const struct opening *opening, uint64_t word, long *result)
{
    struct lead lead;
    struct stat meant, opened;
    int itself = opening->flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
    if (!leads_recall(word, &lead) || raw_stat(opening->dirfd, opening->path, &meant, itself) ||
        meant.st_dev != lead.device || meant.st_ino != lead.inode ||
        judge_path(opening->session, deeds(opening->flags), lead.path, strlen(lead.path)) != VERDICT_ALLOW)
        return false;
    struct open_how how = how_to(opening->flags, opening->mode, RESOLVE_NO_SYMLINKS);
    *result = open_waiting(AT_FDCWD, lead.path, &how);
    if (*result < 0) return false;
    if (!raw_fstat((int)*result, &opened) && opened.st_dev == meant.st_dev && opened.st_ino == meant.st_ino &&
        !needs_names(opening, &opened))
        return true;
    raw_close((int)*result);
    return false;
}

/* A slash at the end, beyond what is judged: it demands a directory. */
static bool end_in_slash(struct text *text)
{
    if (!text->length || text->length + 2 > text->room) return false;
    memcpy(text->bytes + text->length, "/", 2);
    return true;
}

static APART bool open_fast(struct opening *opening, long *result)
{
    struct text text;
    int flags = opening->flags;
    bool done = false, leaves = !(flags & (O_CREAT | O_TRUNC | __O_TMPFILE)); /* everything as it was */
    text_begin(&text);
    long plain = where_plainly(&text, opening->dirfd, opening->path);
    uint64_t word = plain < 0 ? 0 : seen_word(opening->session, deeds(flags), text.bytes, text.length);
    *result = 0;
    if (leaves && !seen_allowed(word)) done = open_lead(opening, word, result);
    if (!done && (!plain || (plain == WHERE_ONLY_DIRECTORY && leaves && end_in_slash(&text))))
        done = open_text(opening, &text, word, result);
    if (!done && leaves && (plain == WHERE_GOES_UP || *result == -ELOOP)) opening->word = word;
    text_end(&text);
    return done;
}

/* By its real path, which costs less than by its descriptor's name. It keeps the kernel's care for other
 * people's files in /tmp, too, which O_CREAT brings. Not conclusive: another file lies there, or the path
 * is no way to it. */
static APART bool open_by_real_path(const struct opening *opening, const struct place *place, long *result)
{
    struct open_how how = how_to(opening->flags & ~O_NOFOLLOW, opening->mode, RESOLVE_NO_SYMLINKS);
    struct stat status;
    *result = open_waiting(AT_FDCWD, place->path.bytes, &how);
    if (*result < 0) return *result == -EACCES && opening->flags & O_CREAT;
    if (!raw_fstat((int)*result, &status) && status.st_dev == place->device && status.st_ino == place->inode)
        return true;
    raw_close((int)*result);
    return false;
}

/* A program gets the lowest number that was free when it called, which is what finding the file took. */
static long lowest(struct place *place, long fd, int flags)
{
    if (fd < place->fd || raw_call(__NR_dup3, fd, place->fd, flags & O_CLOEXEC) < 0) return fd;
    raw_close((int)fd);
    fd = place->fd;
    place->fd = -1;
    return fd;
}

static long open_place(const struct opening *opening, const struct place *place)
{
    long result;
    if (opening->purpose == TO_JUDGE) return 0;
    if (opening->purpose == TO_FIND) return raw_fcntl(place->fd, F_DUPFD_CLOEXEC, 0);
    /* Without O_CREAT a truncation hits only what was found. */
    bool by_path = !place->nameless && (opening->flags & O_CREAT || !(opening->flags & O_TRUNC));
    if (by_path && open_by_real_path(opening, place, &result)) return result;
    char path[FD_PATH];
    bytes_fd_path(path, place->fd);
    struct open_how how = how_to(opening->flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW), opening->mode, 0);
    return open_waiting(AT_FDCWD, path, &how);
}

/* A file with nothing in it, for reading only, and for nobody else, as some programs demand it. */
static APART long open_empty(int flags)
{
    char path[FD_PATH];
    struct open_how how = how_to(flags & (O_CLOEXEC | O_NONBLOCK), 0, 0);
    long memory = raw_call(__NR_memfd_create, "hidden", MEMORY_CLOEXEC);
    if (memory < 0) return -EACCES;
    raw_call(__NR_fchmod, memory, 0600);
    bytes_fd_path(path, (int)memory);
    long fd = open_waiting(AT_FDCWD, path, &how);
    raw_close((int)memory);
    return fd;
}

static bool may_be_empty(const struct opening *opening, unsigned wanted, const struct place *place)
{
    return opening->purpose != TO_JUDGE && wanted == DEED_READ && (place->mode & S_IFMT) == S_IFREG;
}

/* Where a path led that is more than the file's own; from now on it is not tried as if it were. Others than
 * these may have to be waited for, and then it had better be the right one. */
static void remember(const struct opening *opening, const struct place *place)
{
    unsigned type = place->mode & S_IFMT;
    if (!opening->word || place->nameless || (type != S_IFREG && type != S_IFDIR)) return;
    seen_forget(opening->word);
    leads_remember(opening->word, place->device, place->inode, place->path.bytes, place->length);
}

/* The file that is there. */
static APART long open_existing(const struct opening *opening)
{
    struct place place;
    int flags = opening->flags;
    bool exclusive = flags & O_CREAT && flags & O_EXCL;
    unsigned wanted = flags & O_CREAT ? deeds(flags & ~O_CREAT) : deeds(flags);
    long result =
        where_file(&place, opening->dirfd, opening->path,
                   (flags & (O_NOFOLLOW | O_DIRECTORY)) | (exclusive ? O_NOFOLLOW : 0), opening->resolve);
    unsigned type = place.mode & S_IFMT;
    if (!result && exclusive) result = -EEXIST;
    if (!result && type == S_IFLNK) result = -ELOOP;
    if (!result && type == S_IFDIR && flags & O_CREAT) result = -EISDIR;
    if (!result)
        result = judge_opening(opening->session, wanted,
                               flags & __O_TMPFILE ? WIRE_CHANGE_CREATE
                               : flags & O_TRUNC   ? WIRE_CHANGE_TRUNCATE
                                                   : WIRE_CHANGE_OPEN,
                               &place, opening->path);
    if (!result)
        result = open_place(opening, &place);
    else if (result == -WIRE_HIDDEN)
        result = may_be_empty(opening, wanted, &place) ? open_empty(flags) : -EACCES;
    if (result >= 0 && opening->purpose == TO_OPEN) {
        result = lowest(&place, result, flags);
        remember(opening, &place);
    }
    where_end(&place);
    return result;
}

/* Where the link of that name leads; false: it is none. */
static bool read_link(const struct place *place, struct text *target)
{
    long size = raw_readlinkat(place->fd, place->name, target->bytes, target->room - 1);
    if (size == (long)target->room - 1 && text_widen(target)) /* perhaps cut */
        size = raw_readlinkat(place->fd, place->name, target->bytes, target->room - 1);
    if (size <= 0) return false;
    target->bytes[size] = 0;
    return true;
}

/* Goes on where a link leads that leads nowhere yet: what it names is to be made. */
static long follow(struct place *place, const struct text *target)
{
    int directory = place->fd;
    place->fd = -1;
    where_end(place);
    long result = where_name(place, directory, target->bytes, 0);
    raw_close(directory);
    return result;
}

/* Whether the place is a link, which only matters where links are followed: then its target stands in
 * `target`. */
static APART long end_of_links(const struct opening *opening, struct place *place)
{
    struct text target;
    long result = 0;
    text_begin(&target);
    for (int links = 0; !result && read_link(place, &target); links++) {
        if (opening->flags & O_EXCL)
            result = -EEXIST;
        else if (opening->flags & O_NOFOLLOW || opening->resolve || links == MAX_LINKS)
            result = -ELOOP;
        else
            result = follow(place, &target);
    }
    text_end(&target);
    return result;
}

/* A file that has to be made. */
static APART long open_new(const struct opening *opening)
{
    struct place place;
    int flags = opening->flags;
    long result = where_name(&place, opening->dirfd, opening->path, opening->resolve);
    if (!result) result = end_of_links(opening, &place);
    if (result == WHERE_NO_NAME || (!result && place.name[place.path.bytes + place.length - place.name]))
        result = -EISDIR;
    if (!result)
        result = judge_place(opening->session, deeds(flags), WIRE_CHANGE_CREATE, &place, opening->path);
    if (!result && opening->purpose != TO_JUDGE) {
        struct open_how how = how_to(flags | O_NOFOLLOW, opening->mode, 0);
        result = open_waiting(place.fd, place.name, &how);
        if (result == -ELOOP && !(flags & O_NOFOLLOW)) result = AGAIN;
        if (result >= 0) result = lowest(&place, result, flags);
    }
    where_end(&place);
    return result;
}

static long open_slowly(const struct opening *opening)
{
    for (int tries = 0; tries < MAX_LINKS; tries++) {
        long result = open_existing(opening);
        if (result == -ENOENT && opening->flags & O_CREAT) result = open_new(opening);
        if (result != AGAIN) return result;
    }
    return -ELOOP;
}

/* ---- under guard kernel, where the launcher judges ---- */

/* From a slot of the lane, for which there is no trap. False: the ordinary way. A link on the way, or a floor
 * that does not let it be read, is seen there. */
static bool open_slot(const char *slot, const void *how, long *result)
{
    int before = cancel_begin();
    *result = raw_call(__NR_openat2, AT_FDCWD, slot, how, LANE_HOW_SIZE);
    cancel_end(before);
    bool missing = *result == -ENOENT && __atomic_load_n(slot, __ATOMIC_ACQUIRE); /* or it was taken away */
    return *result >= 0 || missing || *result == -EINTR || *result == -EMFILE;
}

/* By an alias, if the path still leads to what it led to then. */
static bool open_alias(const struct opening *opening, const char *slot, const void *how, long *result)
{
    struct stat opened, meant;
    if (!open_slot(slot, how, result) || *result < 0) return false;
    if (!raw_fstat((int)*result, &opened) &&
        !raw_stat(opening->dirfd, opening->path, &meant,
                  opening->flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) &&
        opened.st_dev == meant.st_dev && opened.st_ino == meant.st_ino)
        return true;
    raw_close((int)*result);
    return false;
}

/* A call leaves the registers of what is not passed as they are: whoever opens next with fewer arguments,
 * here or in the C library itself, would say the same again. */
static void say_no_more(void)
{
    raw_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
}

/* The call itself, which traps. `name`: what the path comes to where no link is on the way, if there may be a
 * slot for it; else NULL. */
static long open_trapped(const struct opening *opening, const char *name)
{
    uint64_t more = name ? WIRE_OPENING_BY_SLOT : 0;
    bool again = !(opening->flags & O_EXCL); /* can be made twice */
    if (again && raw_fcntl(0, F_GETFD, 0) >= 0) more |= WIRE_OPENING_NEVER_ZERO;
    if (more) more |= WIRE_OPENING;
    int before = cancel_begin();
    long result =
        raw_call(__NR_openat, opening->dirfd, opening->path, opening->flags, opening->mode, name, more);
    if (more) say_no_more();
    if (!result && more & WIRE_OPENING_NEVER_ZERO)
        result = raw_openat(opening->dirfd, opening->path, opening->flags, opening->mode);
    cancel_end(before);
    return result;
}

static APART long open_by_lane(const struct opening *opening, const void *how)
{
    struct text text;
    long result;
    text_begin(&text);
    long plain = where_plainly(&text, opening->dirfd, opening->path);
    if (plain == WHERE_ONLY_DIRECTORY && opening->flags & O_DIRECTORY) plain = 0;
    const char *slot = plain ? NULL : lane_find(text.bytes, text.length);
    const char *alias = plain || slot ? NULL : lane_find_alias(text.bytes, text.length);
    bool done = slot    ? open_slot(slot, how, &result)
                : alias ? open_alias(opening, alias, how, &result)
                        : false;
    if (!done) {
        bool told = !plain && !slot && text.length < LANE_SLOT;
        result = open_trapped(opening, told ? text.bytes : NULL);
        slot = result <= -WIRE_SLOT ? lane_slot((unsigned)(-result - WIRE_SLOT)) : NULL;
        done = !slot || open_slot(slot, how, &result);
    }
    text_end(&text);
    return done ? result : open_trapped(opening, NULL);
}

static long open_unjudged(const struct opening *opening)
{
    const struct session *session = session_any();
    if (!session) {
        struct open_how how = {.flags = (uint64_t)(unsigned)opening->flags, .mode = opening->mode};
        return open_waiting(opening->dirfd, opening->path, &how);
    }
    const void *how =
        session_has_lane(session) && opening->path && *opening->path ? lane_how(opening->flags) : NULL;
    return how ? open_by_lane(opening, how) : open_trapped(opening, NULL);
}

long open_judged(int dirfd, const char *path, int flags, unsigned mode)
{
    struct opening opening = {session_get(), dirfd, path, flags, mode, 0, TO_OPEN, 0};
    long result;
    if (!opening.session) return open_unjudged(&opening);
    if (!path || !deeds(flags)) {
        struct open_how how = {.flags = (uint64_t)(unsigned)flags, .mode = mode};
        return open_waiting(dirfd, path, &how);
    }
    return open_fast(&opening, &result) ? result : open_slowly(&opening);
}

long open_found(int dirfd, const char *path, int flags, unsigned mode)
{
    struct opening opening = {session_get(), dirfd, path, flags, mode, 0, TO_FIND, 0};
    if (!opening.session || !path) return raw_openat(dirfd, path, O_PATH | O_CLOEXEC, 0);
    long found = open_slowly(&opening);
    if (found < 0) return found;
    /* Out of the way of the number that the C library is going to get. */
    long high = raw_fcntl((int)found, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
    if (high < 0) return found;
    raw_close((int)found);
    return high;
}

long open_may(int dirfd, const char *path, int flags)
{
    struct opening opening = {session_get(), dirfd, path, flags, 0, 0, TO_JUDGE, 0};
    return opening.session && path ? open_slowly(&opening) : 0;
}

long open_resolved(int dirfd, const char *path, int flags, unsigned mode, uint64_t resolve)
{
    if (!resolve && !(flags & ~KNOWN_FLAGS)) return open_judged(dirfd, path, flags, mode);
    struct opening opening = {session_get(), dirfd, path, flags, mode, resolve, TO_OPEN, 0};
    if (!opening.session || !path || !deeds(flags)) {
        struct open_how how = {.flags = (uint64_t)(unsigned)flags, .mode = mode, .resolve = resolve};
        return raw_openat2(dirfd, path, &how);
    }
    return open_slowly(&opening);
}

long open_handle(int mount, void *handle, int flags)
{
    const struct session *session = session_get();
    struct opening opening = {.session = session, .flags = flags, .purpose = TO_OPEN};
    struct place place;
    long result,
        found = raw_call(__NR_open_by_handle_at, mount, handle, session ? O_PATH | O_CLOEXEC : flags);
    if (!session || found < 0) return found;
    result = where_descriptor(&place, (int)found);
    raw_close((int)found);
    if (!result) result = judge_place(session, deeds(flags), WIRE_CHANGE_OPEN, &place, place.path.bytes);
    if (!result) result = open_place(&opening, &place);
    where_end(&place);
    return result;
}

WRAP(int, openat, int dirfd, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    unsigned mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, unsigned) : 0;
    va_end(list);
    return (int)give_result(open_judged(dirfd, path, flags, mode));
}
SAME(openat64, openat);

WRAP(int, open, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    unsigned mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, unsigned) : 0;
    va_end(list);
    if (__builtin_expect(python_waits, 0)) python_attend();
    return (int)give_result(open_judged(AT_FDCWD, path, flags, mode));
}
SAME(open64, open);
SAME(__open, open);
SAME(__open64, open);
SAME(__open_nocancel, open);
SAME(__open64_nocancel, open);

WRAP(int, __open_2, const char *path, int flags)
{
    return (int)give_result(open_judged(AT_FDCWD, path, flags, 0));
}
SAME(__open64_2, __open_2);

WRAP(int, __openat_2, int dirfd, const char *path, int flags)
{
    return (int)give_result(open_judged(dirfd, path, flags, 0));
}
SAME(__openat64_2, __openat_2);

WRAP(int, creat, const char *path, unsigned mode)
{
    return (int)give_result(open_judged(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
}
SAME(creat64, creat);

WRAP(int, openat2, int dirfd, const char *path, const struct open_how *how, size_t size)
{
    if (!how || size < sizeof *how) return (int)give_result(raw_call(__NR_openat2, dirfd, path, how, size));
    if (size > sizeof *how) return (int)give_result(-E2BIG);
    return (int)give_result(open_resolved(dirfd, path, (int)how->flags, (unsigned)how->mode, how->resolve));
}

WRAP(int, open_by_handle_at, int mount, void *handle, int flags)
{
    return (int)give_result(open_handle(mount, handle, flags));
}
