/* lane.c: names of one's own for the fast lane (shim/lane.h). Unguarded its address is as good as any
 * other. */
#include <elf.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <time.h>

#include "../../shim/lane.h"
#include "../../shim/wire.h"
#include "attack.h"

#define LANE ((char *)(uintptr_t)LANE_AT)
#define NAMES (LANE + LANE_NAMES_AT)
#define HOWS (LANE + LANE_HOWS_AT)

/* Memory that looks like the lane, with `name` in every slot that is tried, and demands to do as `flags`
 * say. */
static void fill(char *memory, const char *name, int flags)
{
    struct open_how how = {.flags = (uint64_t)flags};
    snprintf(memory + LANE_NAMES_AT, LANE_SLOT, "%s", name);
    memcpy(memory + LANE_HOWS_AT, &how, sizeof how);
}

static int open_by(const char *name, const void *how)
{
    return (int)syscall(SYS_openat2, AT_FDCWD, name, how, LANE_HOW_SIZE);
}

static bool is_there(void)
{
    unsigned char state;
    return !mincore(LANE, 1, &state);
}

static void *anywhere(void)
{
    return mmap(NULL, LANE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool lay(void)
{
    return mmap(LANE, LANE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
           LANE;
}

static void open_secret(void)
{
    fill(LANE, absolute(SECRET), O_RDONLY);
    show(open_by(NAMES, HOWS));
}

ATTACK(lane_laid_over, GOAL_READ, "", "memory of one's own where the lane is")
{
    if (lay()) open_secret();
}

ATTACK(lane_taken_away, GOAL_READ, "", "munmap of the lane and of all around it, then memory of one's own")
{
    munmap(LANE, LANE_SIZE);
    munmap(LANE - 4096, LANE_SIZE + 8192);
    shmdt(LANE);
    if (mmap(LANE, LANE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) == LANE)
        open_secret();
}

ATTACK(lane_moved_in, GOAL_READ, "", "mremap of one's own memory to where the lane is")
{
    mremap(LANE, LANE_SIZE, LANE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, LANE + (1u << 30));
    if (mremap(anywhere(), LANE_SIZE, LANE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, LANE) == LANE) open_secret();
}

ATTACK(lane_made_writable, GOAL_READ, "", "mprotect of the lane")
{
    if (!is_there() && !lay()) return;
    if (!mprotect(LANE, LANE_SIZE, PROT_READ | PROT_WRITE)) open_secret();
}

ATTACK(lane_written_by_file, GOAL_READ, "", "/proc/self/mem and map_files at the lane")
{
    char path[128], *own = anywhere();
    if (!is_there() && !lay()) return;
    fill(own, absolute(SECRET), O_RDONLY);
    int fd = open("/proc/self/mem", O_RDWR);
    if (pwrite(fd, own, LANE_SIZE, (off_t)LANE_AT) < 0) perror("mem");
    snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", (long)LANE_AT, (long)(LANE_AT + LANE_SIZE));
    fd = open(path, O_RDWR);
    if (fd >= 0 && pwrite(fd, own, LANE_SIZE, 0) < 0) {
        char *shared = mmap(NULL, LANE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (shared != MAP_FAILED) fill(shared, absolute(SECRET), O_RDONLY);
    }
    show(open_by(NAMES, HOWS));
}

/* Its number is the inode that the maps show. */
static int segment(void)
{
    char line[512];
    unsigned long from, inode = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%*x %*s %*x %*x:%*x %lu", &from, &inode) == 2 && from == LANE_AT)
            return (int)inode;
    return -1;
}

ATTACK(lane_attached_again, GOAL_READ, "", "the lane's shared memory, attached to write")
{
    int id = segment();
    if (id < 0) {
        id = shmget(IPC_PRIVATE, LANE_SIZE, IPC_CREAT | 0600);
        if (shmat(id, LANE, SHM_RDONLY) != LANE) return;
    }
    char *memory = shmat(id, NULL, 0);
    if (memory == (char *)-1) memory = shmat(id, LANE + (1u << 30), SHM_REMAP);
    if (memory == (char *)-1) return;
    fill(memory, absolute(SECRET), O_RDONLY);
    show(open_by(NAMES, HOWS));
    shmctl(id, IPC_RMID, NULL);
}

static void open_in_child(void)
{
    pid_t child = fork();
    if (!child) {
        if (mmap(LANE, LANE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                 -1, 0) == LANE)
            open_secret();
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

ATTACK(lane_kept_from_a_child, GOAL_READ, "",
       "madvise says that a child gets no lane: from wherever it begins")
{
    static const struct {
        uint64_t from, size;
    } ranges[] = {{LANE_AT, LANE_SIZE},
                  {LANE_AT - 4096, LANE_SIZE + 4096},
                  {LANE_AT - (1ull << 33), 1ull << 34},
                  {LANE_AT - (1ull << 36), 1ull << 37},
                  {LANE_AT + 4096, 4096},
                  {LANE_AT | 1ull << 57, LANE_SIZE},
                  {LANE_AT | 1ull << 63, LANE_SIZE}};
    syscall(SYS_arch_prctl, 0x4002, 6); /* ARCH_ENABLE_TAGGED_ADDR */
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        syscall(SYS_madvise, ranges[i].from, ranges[i].size, MADV_DONTFORK);
        syscall(SYS_madvise, ranges[i].from, ranges[i].size, MADV_WIPEONFORK);
    }
    open_in_child();
}

ATTACK(lane_of_a_program, GOAL_READ, "", "a program that is linked to lie where the lane is")
{
    execl("scripts/laid", "laid", absolute(SECRET), NULL);
}

/* An allowed name whose end is another name. */
ATTACK(lane_end_of_a_name, GOAL_READ, "", "a pointer into the middle of a name that may be read")
{
    char name[3 * PATH_MAX], here[PATH_MAX];
    snprintf(name, sizeof name, "%s/public%s", getcwd(here, sizeof here), here);
    for (char *at = name + strlen(here) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = 0;
        mkdir(name, 0755);
    }
    mkdir(name, 0755);
    strcat(name, "/private");
    mkdir(name, 0755);
    strcat(name, "/key");
    put_file(name, "plain\n");
    if (!is_there() && lay()) fill(LANE, name, O_RDONLY);
    close(open(name, O_RDONLY));
    for (unsigned slot = 0; slot < LANE_SLOTS; slot++)
        if (!strcmp(NAMES + slot * LANE_SLOT, name))
            show(open_by(NAMES + slot * LANE_SLOT + strlen(here) + strlen("/public"), HOWS));
}

/* The slot of a name that has been opened, or a name of one's own. */
static const char *slot_of(const char *name)
{
    if (!is_there() && lay()) fill(LANE, name, O_RDONLY);
    close(open(name, O_RDONLY));
    for (unsigned slot = 0; slot < LANE_SLOTS; slot++)
        if (!strcmp(NAMES + slot * LANE_SLOT, name)) return NAMES + slot * LANE_SLOT;
    return NULL;
}

ATTACK(lane_own_demands, GOAL_CHANGE, "", "a name of the lane, with demands of one's own: to write")
{
    struct open_how how = {.flags = O_WRONLY | O_TRUNC};
    const char *slot = slot_of(absolute(PRECIOUS));
    if (slot) open_by(slot, &how);
}

ATTACK(lane_shifted_demands, GOAL_CHANGE, "",
       "a name of the lane, with demands read from beside where they are")
{
    const char *slot = slot_of(absolute(PRECIOUS));
    struct open_how how = {.flags = O_WRONLY | O_TRUNC};
    if (!slot) return;
    for (int at = -64; at < (int)(LANE_HOWS * LANE_HOW) + 64; at += 8) {
        const char *demands = HOWS + at;
        long flags = *(const long *)(const void *)demands;
        if (at % LANE_HOW && flags & (O_WRONLY | O_RDWR | O_TRUNC | O_CREAT)) open_by(slot, demands);
    }
    memcpy(is_there() && !mprotect(LANE, LANE_SIZE, PROT_READ | PROT_WRITE) ? HOWS + 8 : (char *)&how, &how,
           sizeof how);
    open_by(slot, HOWS + 8);
}

ATTACK(lane_of_links, GOAL_READ, "", "a name of the lane that becomes a link, and a directory that does")
{
    char *name = strdup(absolute("public/key"));
    const char *slot = slot_of(name);
    const char *how = HOWS;
    if (!slot) return;
    unlink("public/key");
    if (symlink(absolute(SECRET), "public/key")) return;
    show(open_by(slot, how));
    unlink("public/key");
    rmdir("public/inner");
    rename("public", "was-public");
    if (!symlink("private", "public")) show(open_by(slot, how));
}

ATTACK(lane_of_hard_links, GOAL_READ, "", "a name of the lane that is given to a protected file")
{
    char *name = strdup(absolute("public/key"));
    const char *slot = slot_of(name);
    if (!slot) return;
    unlink("public/key");
    if (link(SECRET, "public/key") && rename(SECRET, "public/key")) return;
    show(open_by(slot, HOWS));
}

static void exchange(void *own)
{
    (void)own;
    unlink("public/key");
    if (symlink("../secret", "public/key")) return;
    unlink("public/key");
    put_file("public/key", "plain\n");
}

ATTACK(lane_raced_with_a_link, GOAL_READ, "", "a name of the lane that is a link half of the time")
{
    struct meanwhile meanwhile;
    const char *slot = slot_of(strdup(absolute("public/key")));
    if (!slot) return;
    meanwhile_begin(&meanwhile, exchange, NULL);
    for (int i = 0; i < 20 * ROUNDS; i++)
        show(open_by(slot, HOWS));
    meanwhile_end(&meanwhile);
}

ATTACK(lane_in_another_root, GOAL_READ, "root",
       "a name of the lane, in another root where it is a protected file")
{
    char name[3 * PATH_MAX], here[PATH_MAX];
    const char *slot = slot_of(strdup(absolute("public/key")));
    if (!slot) return;
    /* Below the new root, what is private bears the name that was public. */
    snprintf(name, sizeof name, "other%s", getcwd(here, sizeof here));
    for (char *at = name; (at = strchr(at + 1, '/')); *at = '/') {
        *at = 0;
        mkdir(name, 0755);
    }
    mkdir("other", 0755);
    snprintf(name, sizeof name, "mkdir -p other%s && mv private other%s/public", here, here);
    if (system(name) || chroot("other")) return;
    show(open_by(slot, HOWS));
}

/* In a namespace of its own the number may mean a segment of its own. */
ATTACK(lane_of_another_namespace, GOAL_READ, "", "another IPC namespace, whose memory has the lane's number")
{
    int id = segment(), made = -1;
    if (getenv("LANE_AGAIN")) {
        if (!is_there() && shmat(0, LANE, SHM_RDONLY) != LANE) return;
        show(open_by(NAMES, HOWS));
        return;
    }
    const char *name = strdup(absolute(SECRET));
    if (unshare(CLONE_NEWUSER | CLONE_NEWIPC)) return;
    for (int i = 0; i < 200 && made != (id < 0 ? 0 : id); i++) {
        made = shmget(IPC_PRIVATE, LANE_SIZE, IPC_CREAT | 0600);
        if (made < 0) return;
        char *memory = shmat(made, NULL, 0);
        if (memory == (char *)-1) return;
        fill(memory, name, O_RDONLY);
        shmdt(memory);
    }
    setenv("LANE_AGAIN", "1", 1);
    execl("/proc/self/exe", "attacks", "lane_of_another_namespace", NULL);
}

/* A filter of one's own may answer what the launcher makes a program do at its exec. */
static void pretend(unsigned call)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof *code, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

static void lay_after_exec(const char *name, unsigned call)
{
    if (!getenv("LANE_AGAIN")) {
        pretend(call);
        setenv("LANE_AGAIN", "1", 1);
        execl("/proc/self/exe", "attacks", name, NULL);
        return;
    }
    munmap(LANE, LANE_SIZE);
    if (mmap(LANE, LANE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) == LANE)
        open_secret();
}

ATTACK(lane_seal_pretended, GOAL_READ, "", "a filter of one's own says of mseal that it was done")
{
    lay_after_exec("lane_seal_pretended", 462 /* mseal */);
}

ATTACK(lane_attaching_pretended, GOAL_READ, "", "a filter of one's own says of shmat that it was done")
{
    lay_after_exec("lane_attaching_pretended", SYS_shmat);
}

/* `path` leads to nothing, and yet means `name` once its dots are taken out. */
static void open_as_missing(const char *path, const char *name)
{
    char missing[2 * PATH_MAX];
    snprintf(missing, sizeof missing, "%s", absolute(path));
    close(open(missing, O_RDONLY));
    const char *slot = slot_of(strdup(absolute(name)));
    if (slot) show(open_by(slot, HOWS));
}

ATTACK(lane_of_a_missing_name, GOAL_READ, "",
       "a protected file's hard link, as what is in a directory that is not there")
{
    open_as_missing("nothing/../innocent", "innocent");
}

ATTACK(lane_of_no_directory, GOAL_READ, "", "a protected file's hard link, as a directory that it is not")
{
    open_as_missing("innocent/", "innocent");
}

/* As the shim asks for a slot, for a path that it says is called `name`. */
static int open_told(const char *path, const char *name)
{
    const uint64_t more = WIRE_OPENING | WIRE_OPENING_BY_SLOT | WIRE_OPENING_NEVER_ZERO;
    long result = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0, name, more);
    return result > -WIRE_SLOT ? (int)result : open_by(NAMES + (-result - WIRE_SLOT) * LANE_SLOT, HOWS);
}

ATTACK(lane_slot_of_another, GOAL_READ, "", "a slot is asked for, under names that are not the path's")
{
    const char *names[] = {strdup(absolute(SECRET)), strdup(absolute("innocent")),
                           strdup(absolute("nothing/../innocent")), strdup(absolute("innocent/")),
                           "/etc/passwd"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        show(open_told(SECRET, names[i]));
        show(open_told("/etc/passwd", names[i]));
    }
}

ATTACK(lane_of_a_directory_that_moves, GOAL_READ, "",
       "a protected file's hard link, in a directory that gets the name of another")
{
    const char *slot = slot_of(strdup(absolute("crate/innocent")));
    if (!slot || rename("boxes", "crate")) return;
    show(open_by(slot, HOWS));
}

static void open_slot(void *own)
{
    const char *slot = __atomic_load_n((const char **)own, __ATOMIC_ACQUIRE);
    int fd = slot ? open_by(slot, HOWS) : -1;
    if (fd < 0) return;
    show(fd);
    close(fd);
}

ATTACK(lane_of_a_directory_that_moves_meanwhile, GOAL_READ, "",
       "the same, while another thread is just about to open by that name")
{
    char place[PATH_MAX] = "";
    const char *slot = NULL;
    struct meanwhile meanwhile;
    for (int i = 0; i < 50; i++) { /* a long way */
        strcat(place, "a/");
        mkdir(place, 0755);
    }
    char *boxes, *crate, *name;
    if (asprintf(&boxes, "%sboxes", place) < 0 || asprintf(&crate, "%scrate", place) < 0 ||
        asprintf(&name, "%s/%s/innocent", getcwd(NULL, 0), crate) < 0 || rename("boxes", boxes))
        return;
    meanwhile_begin(&meanwhile, open_slot, (void *)&slot);
    for (int i = 0; i < ROUNDS / 4; i++) {
        __atomic_store_n(&slot, slot_of(name), __ATOMIC_RELEASE);
        usleep((unsigned)i % 20);
        if (rename(boxes, crate)) break;
        __atomic_store_n(&slot, NULL, __ATOMIC_RELEASE);
        rename(crate, boxes);
    }
    meanwhile_end(&meanwhile);
}

ATTACK(lane_of_directories_exchanged, GOAL_READ, "",
       "a protected file's hard link, in a directory that is exchanged with another")
{
    mkdir("crate", 0755);
    put_file("crate/innocent", "plain\n");
    const char *slot = slot_of(strdup(absolute("crate/innocent")));
    if (!slot || syscall(SYS_renameat2, AT_FDCWD, "boxes", AT_FDCWD, "crate", 2 /* RENAME_EXCHANGE */))
        return;
    show(open_by(slot, HOWS));
}

/* An ELF interpreter whose only page of code ends in a slide down to its beginning. It can be opened for
 * writing as soon as a program has it, and to shorten it takes that page away, also what others have
 * written into it. */
enum { CODE_AT = 0x1000, CODE_END = 0x2000, SLIDE = 200 };

static char loader[1 << 16];
static size_t loader_size;
static int loader_fd = -1; /* for writing */
static bool loader_wanted;

static void make_loader(void)
{
    int fd = open("scripts/shrinking", O_RDONLY);
    ssize_t size = read(fd, loader, sizeof loader);
    const Elf64_Ehdr *header = (const void *)loader;
    char *jump = loader + CODE_END - 5;
    int32_t on = CODE_AT + (int32_t)(header->e_entry % CODE_AT) - CODE_END;
    close(fd);
    loader_size = (size_t)size;
    memset(jump - SLIDE, 0x90, SLIDE);
    *jump = (char)0xe9;
    memcpy(jump + 1, &on, sizeof on);
    fd = open("scripts/loader", O_WRONLY | O_CREAT, 0755);
    if (write(fd, loader, loader_size) != size) abort();
    close(fd);
}

static void open_loader(void *own)
{
    (void)own;
    if (!__atomic_load_n(&loader_wanted, __ATOMIC_ACQUIRE)) return;
    int fd = open("scripts/loader", O_RDWR), none = -1;
    if (fd >= 0 &&
        !__atomic_compare_exchange_n(&loader_fd, &none, fd, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        close(fd);
}

/* Until the program has ended. */
static void shrink_loader(pid_t pid)
{
    int fd = -1;
    __atomic_store_n(&loader_wanted, true, __ATOMIC_RELEASE);
    while (waitpid(pid, NULL, WNOHANG) != pid) {
        if (fd < 0) fd = __atomic_load_n(&loader_fd, __ATOMIC_ACQUIRE);
        for (int i = 0; fd >= 0 && i < 4; i++)
            if (ftruncate(fd, CODE_AT) || pwrite(fd, loader + CODE_AT, loader_size - CODE_AT, CODE_AT) < 0)
                return;
    }
    __atomic_store_n(&loader_wanted, false, __ATOMIC_RELEASE);
    fd = __atomic_exchange_n(&loader_fd, -1, __ATOMIC_ACQ_REL);
    if (fd >= 0) close(fd);
}

ATTACK(lane_of_a_loader_that_shrinks, GOAL_READ, "",
       "an ELF interpreter that is shortened and filled again at its start")
{
    struct meanwhile meanwhile[2];
    const time_t end = time(NULL) + 3;
    make_loader();
    for (int i = 0; i < 2; i++)
        meanwhile_begin(&meanwhile[i], open_loader, NULL);
    while (time(NULL) < end) {
        pid_t pid = vfork();
        if (!pid) {
            execl("scripts/odd-shrinking", "odd", absolute(SECRET), NULL);
            _exit(1);
        }
        shrink_loader(pid);
    }
    for (int i = 0; i < 2; i++)
        meanwhile_end(&meanwhile[i]);
}
