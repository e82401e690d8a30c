/* judge.c: whether a file may be read or written (judge.h).
 *
 * Where a rule wants to know which program acts, nothing is decided here: the launcher looks for itself. */
#include "judge.h"

#include "door.h"
#include "raw/raw.h"
#include "seen.h"

static enum verdict decide(const struct session *session, enum act_kind kind, const char *path, size_t length)
{
    struct act act = {.kind = kind, .path = path, .path_length = length};
    struct decision decision;
    const struct image *image = session_image(session);
    if (!image) return VERDICT_DENY;
    policy_decide(image, &act, &decision, NULL);
    return decision.needs & NEED_PROGRAM ? VERDICT_ASK : decision.verdict;
}

enum verdict judge_word(const struct session *session, uint64_t word, unsigned deeds, const char *path,
                        size_t length)
{
    if (seen_allowed(word)) return VERDICT_ALLOW;
    enum verdict verdict = deeds & DEED_WRITE ? decide(session, ACT_WRITE, path, length) : VERDICT_ALLOW;
    if (deeds & DEED_READ) {
        enum verdict reading = decide(session, ACT_READ, path, length);
        if (reading > verdict) verdict = reading;
    }
    if (verdict == VERDICT_ALLOW) seen_allow(word);
    return verdict;
}

enum verdict judge_path(const struct session *session, unsigned deeds, const char *path, size_t length)
{
    return judge_word(session, seen_word(session, deeds, path, length), deeds, path, length);
}

/* One deed of whose verdict the launcher has to be told. */
static APART long ask(const struct session *session, enum deed deed, enum verdict verdict,
                      enum wire_change change, const struct place *place, const char *written)
{
    bool write = deed == DEED_WRITE;
    /* The launcher is not told of a slash at its end. */
    char *end = place->path.bytes + place->length, slash = *end;
    struct request request = {
        .kind = write ? WIRE_WRITE : WIRE_READ,
        .flags = (verdict == VERDICT_DENY ? WIRE_REFUSED : 0u) |
                 (!write && (place->mode & S_IFMT) == S_IFDIR ? WIRE_DIRECTORY : 0u),
        .detail = write ? change : 0,
        .device = place->device,
        .inode = place->inode,
        .strings = {place->path.bytes, written},
        .string_count = 2,
    };
    *end = 0;
    long result = door_ask(session, &request);
    *end = slash;
    return result;
}

/* Each deed that is not plainly allowed, the reading first; but nobody is asked about the one where the other
 * is denied. */
static APART long ask_each(const struct session *session, unsigned deeds, enum wire_change change,
                           const struct place *place, const char *written)
{
    const char *path = place->path.bytes;
    enum deed order[2] = {DEED_READ, DEED_WRITE};
    enum verdict verdicts[2];
    long result = 0;
    for (int i = 0; i < 2; i++)
        verdicts[i] = deeds & order[i] ? judge_path(session, order[i], path, place->length) : VERDICT_ALLOW;
    bool write_first = verdicts[1] == VERDICT_DENY && verdicts[0] != VERDICT_DENY;
    for (int i = 0; i < 2 && !result; i++) {
        int next = write_first ? 1 - i : i;
        if (verdicts[next] != VERDICT_ALLOW)
            result = ask(session, order[next], verdicts[next], change, place, written);
    }
    return result;
}

/* Whether the caller itself holds what has no path, and not only its name (O_PATH): another process's pipe
 * can be reached through /proc as well, and one of the launcher's is where answers arrive. Descriptors beyond
 * these are few, and refused. */
static APART bool holds(const struct place *place)
{
    enum { LOOKED_AT = 1024 };
    struct stat status;
    for (int fd = 0; fd < LOOKED_AT; fd++) {
        if (fd == place->fd || raw_fstat(fd, &status)) continue;
        if (status.st_dev != place->device || status.st_ino != place->inode) continue;
        if (!(raw_fcntl(fd, F_GETFL, 0) & O_PATH)) return true;
    }
    return false;
}

static APART long ask_of_devices(const struct session *session, enum wire_change change, const char *written)
{
    struct place devices = {.fd = -1, .length = sizeof WIRE_DEVICES - 1, .mode = S_IFDIR};
    text_begin(&devices.path);
    long result = text_add(&devices.path, WIRE_DEVICES, devices.length) ? 0 : -ENOMEM;
    if (!result && judge_path(session, DEED_WRITE, devices.path.bytes, devices.length) != VERDICT_ALLOW)
        result = ask_each(session, DEED_WRITE, change, &devices, written);
    text_end(&devices.path);
    return result;
}

static bool has_names(const struct wire_names_of *names)
{
    return __atomic_load_n(&names->state, __ATOMIC_ACQUIRE) != WIRE_NAMES_NONE;
}

static bool needs_names(const struct wire_names_of *names, uint64_t inode)
{
    uint32_t state = __atomic_load_n(&names->state, __ATOMIC_ACQUIRE);
    uint64_t bit = inode % WIRE_NAMES_BITS;
    return state == WIRE_NAMES_SOUGHT || (state == WIRE_NAMES_SOME && names->bits[bit / 8] >> bit % 8 & 1);
}

bool judge_has_names(const struct session *session, unsigned deeds)
{
    const struct wire_names *names = session->names;
    return names && ((deeds & DEED_READ && has_names(&names->reading)) ||
                     (deeds & DEED_WRITE && has_names(&names->writing)));
}

bool judge_needs_names(const struct session *session, unsigned deeds, uint64_t inode)
{
    const struct wire_names *names = session->names;
    return names && ((deeds & DEED_READ && needs_names(&names->reading, inode)) ||
                     (deeds & DEED_WRITE && needs_names(&names->writing, inode)));
}

static APART long ask_of_names(const struct session *session, unsigned deeds, enum wire_change change,
                               const struct place *place, const char *written)
{
    struct request request = {
        .kind = WIRE_NAMES,
        .flags = (deeds & DEED_READ ? WIRE_READS : 0u) | (deeds & DEED_WRITE ? WIRE_WRITES : 0u),
        .detail = change,
        .device = place->device,
        .inode = place->inode,
        .strings = {place->path.bytes, written},
        .string_count = 2,
    };
    return door_ask(session, &request);
}

long judge_opening(const struct session *session, unsigned deeds, enum wire_change change,
                   const struct place *place, const char *written)
{
    if (place->nameless) return holds(place) ? 0 : -EACCES;
    if (wire_changes_devices(place->path.bytes, change)) {
        long result = ask_of_devices(session, change, written);
        if (result) return result;
    }
    bool allowed = judge_path(session, deeds, place->path.bytes, place->length) == VERDICT_ALLOW;
    long result = allowed ? 0 : ask_each(session, deeds, change, place, written);
    if (!wire_changes_file(change)) deeds &= DEED_READ;
    if (!result && place->several && judge_needs_names(session, deeds, place->inode))
        result = ask_of_names(session, deeds, change, place, written);
    return result;
}

long judge_place(const struct session *session, unsigned deeds, enum wire_change change,
                 const struct place *place, const char *written)
{
    long result = judge_opening(session, deeds, change, place, written);
    return result == -WIRE_HIDDEN ? -EACCES : result;
}

long judge_move(const struct session *session, enum wire_change change, const struct place *old,
                const struct place *new, unsigned flags)
{
    char *old_end = old->path.bytes + old->length, old_slash = *old_end;
    char *new_end = new->path.bytes + new->length, new_slash = *new_end;
    struct request request = {
        .kind = WIRE_MOVE,
        .flags = flags,
        .detail = change,
        .device = old->device,
        .inode = old->inode,
        .strings = {old->path.bytes, new->path.bytes},
        .string_count = 2,
    };
    *old_end = *new_end = 0;
    long result = door_ask(session, &request);
    *old_end = old_slash;
    *new_end = new_slash;
    return result;
}

long judge_text(const struct session *session, unsigned deeds, enum wire_change change, const char *path)
{
    struct place place = {.fd = -1};
    text_begin(&place.path);
    if (!text_add(&place.path, path, strlen(path))) return -ENAMETOOLONG;
    place.length = place.path.length;
    long result = judge_place(session, deeds, change, &place, path);
    text_end(&place.path);
    return result;
}
