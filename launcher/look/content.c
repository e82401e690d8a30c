/* content.c: see content.h. */
#include "content.h"

#include <stdlib.h>
#include <unistd.h>

#include "../plain/memory.h"

#define KEPT 64u /* a power of two */

/* A file that is changed twice within one tick of the file system's clock says of both changes that they were
 * at the same time: what was changed just now is not remembered. */
#define SETTLED_MS 2000

struct contents {
    struct kept {
        bool used;
        struct stat status;
        struct content content;
    } of[KEPT];
};

void content_read(int fd, struct content *content)
{
    *content = (struct content){0};
    elf_look(fd, &content->elf);
    content->loader = content->elf.kind == ELF_STATIC && elf_is_loader(fd);
    content->raises = elf_raises(fd);
    content->script = content->elf.kind == ELF_NONE && elf_hashbang(fd, &content->hashbang);
}

struct contents *contents_new(void)
{
    return xcalloc(1, sizeof(struct contents));
}

void contents_free(struct contents *contents)
{
    free(contents);
}

static bool is_settled(const struct timespec *time, int64_t now)
{
    return (int64_t)time->tv_sec * 1000 + time->tv_nsec / 1000000 + SETTLED_MS < now;
}

static bool is_unchanged(const struct kept *kept, const struct found *found)
{
    return kept->used && found_same(found, &kept->status) && kept->status.st_uid == found->status.st_uid &&
           kept->status.st_gid == found->status.st_gid;
}

bool content_of(struct contents *contents, const struct found *found, struct content *content)
{
    struct kept *kept = contents ? &contents->of[found->status.st_ino % KEPT] : NULL;
    if (kept && is_unchanged(kept, found)) {
        *content = kept->content;
        return true;
    }
    int64_t now = facts_wall_clock();
    int fd = found_read(found);
    if (fd < 0) return false;
    content_read(fd, content);
    close(fd);
    if (kept && is_settled(&found->status.st_ctim, now) && is_settled(&found->status.st_mtim, now))
        *kept = (struct kept){.used = true, .status = found->status, .content = *content};
    return true;
}
