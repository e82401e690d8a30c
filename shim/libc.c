/* libc.c: the C library's own functions behind the ones that the shim puts before them (libc.h). */
#include "libc.h"

#include "../policy/plain.h"
#include "bytes.h"
#include "raw/raw.h"

/* What the shim may call by name: all of it may be missing. */
extern int *__errno_location(void) __attribute__((weak));
extern int pthread_setcanceltype(int type, int *before) __attribute__((weak));
extern char __libc_single_threaded __attribute__((weak));
extern const char *gnu_get_libc_version(void) __attribute__((weak));

struct object_info { /* the beginning of struct dl_phdr_info */
    Elf64_Addr base;
    const char *name;
    const Elf64_Phdr *headers;
    Elf64_Half header_count;
};
extern int dl_iterate_phdr(int (*each)(struct object_info *, size_t, void *), void *context)
    __attribute__((weak));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* glibc's loader shows what it has loaded to whoever debugs the program: struct r_debug and struct link_map
 * of <link.h>. */
struct loaded {
    Elf64_Addr base;
    const char *name;
    const Elf64_Dyn *dynamic;
    const struct loaded *next;
};
extern const struct {
    int version;
    const struct loaded *first;
} _r_debug __attribute__((weak));

/* What an object says of its symbols. */
struct tables {
    uintptr_t base;
    const Elf64_Sym *symbols;
    const char *names;
    const uint16_t *versions; /* or NULL */
    const uint32_t *gnu_hash; /* one of the two */
    const uint32_t *sysv_hash;
};

struct search {
    struct libc *libc;
    bool after_shim;
};

static uint32_t hash_gnu(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

static uint32_t hash_sysv(const char *name)
{
    uint32_t hash = 0;
    for (; *name; name++) {
        hash = (hash << 4) + (unsigned char)*name;
        hash ^= (hash >> 24) & 0xf0;
    }
    return hash & 0x0fffffff;
}

/* Whether it is that name, defined here, and its default version. */
static bool symbol_fits(const struct tables *object, uint32_t index, const char *name)
{
    const Elf64_Sym *symbol = &object->symbols[index];
    return symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
           !(object->versions && object->versions[index] & 0x8000) &&
           bytes_same(object->names + symbol->st_name, name);
}

static uint32_t find_gnu(const struct tables *object, const char *name)
{
    const uint32_t *table = object->gnu_hash;
    uint32_t buckets = table[0], first = table[1], bloom_size = table[2], shift = table[3];
    const uint64_t *bloom = (const void *)&table[4];
    const uint32_t *bucket = (const uint32_t *)(const void *)&bloom[bloom_size];
    const uint32_t *chain = &bucket[buckets];
    uint32_t hash = hash_gnu(name);
    uint64_t word = bloom[hash / 64 % bloom_size];
    if (!(word >> hash % 64 & word >> (hash >> shift) % 64 & 1) || !buckets) return 0;
    uint32_t index = bucket[hash % buckets];
    if (index < first) return 0;
    for (;; index++) {
        uint32_t other = chain[index - first];
        if ((other | 1) == (hash | 1) && symbol_fits(object, index, name)) return index;
        if (other & 1) return 0;
    }
}

static uint32_t find_sysv(const struct tables *object, const char *name)
{
    const uint32_t *table = object->sysv_hash;
    uint32_t buckets = table[0];
    if (!buckets) return 0;
    for (uint32_t index = table[2 + hash_sysv(name) % buckets]; index; index = table[2 + buckets + index])
        if (symbol_fits(object, index, name)) return index;
    return 0;
}

/* glibc has made the addresses in it absolute, musl has not. */
static const void *dynamic_address(uintptr_t base, Elf64_Addr value)
{
    return (const void *)(value < base ? base + value : value);
}

static bool read_tables(struct tables *tables, const struct libc_object *object)
{
    *tables = (struct tables){.base = object->base};
    for (const Elf64_Dyn *dynamic = object->dynamic; dynamic->d_tag != DT_NULL; dynamic++) {
        const void *address = dynamic_address(object->base, dynamic->d_un.d_ptr);
        switch (dynamic->d_tag) {
        case DT_SYMTAB: tables->symbols = address; break;
        case DT_STRTAB: tables->names = address; break;
        case DT_VERSYM: tables->versions = address; break;
        case DT_GNU_HASH: tables->gnu_hash = address; break;
        case DT_HASH: tables->sysv_hash = address; break;
        default: break;
        }
    }
    return tables->symbols && tables->names && (tables->gnu_hash || tables->sysv_hash);
}

static void *object_function(const struct libc_object *object, const char *name)
{
    struct tables tables;
    if (!read_tables(&tables, object)) return NULL;
    uint32_t index = tables.gnu_hash ? find_gnu(&tables, name) : find_sysv(&tables, name);
    return index ? (void *)(tables.base + tables.symbols[index].st_value) : NULL;
}

/* Too many objects before the C library: the first ones are kept, and the library itself always is. */
static void add_object(struct libc *libc, uintptr_t base, const Elf64_Dyn *dynamic)
{
    size_t place = libc->count < LIBC_OBJECTS ? libc->count : LIBC_OBJECTS - 1;
    libc->objects[place] = (struct libc_object){base, dynamic};
    libc->count = place + 1;
}

static bool is_glibc_object(const char *name)
{
    return bytes_same(last_name(name), "libc.so.6");
}

/* By the list that is there to be read: no function of the C library need be called, whose pages the program
 * has not touched yet. What is on it up to the C library was there when the program began and stays. */
static bool find_shown(struct libc *libc)
{
    bool after_shim = false;
    for (const struct loaded *one = &_r_debug ? _r_debug.first : NULL; one; one = one->next) {
        if (after_shim && one->dynamic) add_object(libc, one->base, one->dynamic);
        if (after_shim && one->name && is_glibc_object(one->name)) return true;
        after_shim = after_shim || one->base == (Elf64_Addr)__ehdr_start;
    }
    libc->count = 0;
    return false;
}

static int take_object(struct object_info *info, size_t size, void *context)
{
    struct search *search = context;
    struct libc *libc = search->libc;
    const Elf64_Dyn *dynamic = NULL;
    (void)size;
    if (!search->after_shim) {
        search->after_shim = info->base == (Elf64_Addr)__ehdr_start;
        return 0;
    }
    for (size_t i = 0; i < info->header_count; i++)
        if (info->headers[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)(info->base + info->headers[i].p_vaddr);
    if (!dynamic) return 0;
    add_object(libc, info->base, dynamic);
    return object_function(&libc->objects[libc->count - 1], "fdopendir") != NULL;
}

void libc_find(struct libc *libc)
{
    struct search search = {.libc = libc};
    libc->count = 0;
    if (!find_shown(libc) && dl_iterate_phdr) dl_iterate_phdr(take_object, &search);
}

void *libc_function(const struct libc *libc, const char *name)
{
    for (size_t i = 0; i < libc->count; i++) {
        void *function = object_function(&libc->objects[i], name);
        if (function) return function;
    }
    return NULL;
}

bool libc_is_glibc(void)
{
    return gnu_get_libc_version != NULL;
}

void give_error(int error)
{
    if (__errno_location) *__errno_location() = error;
}

int last_error(void)
{
    return __errno_location ? *__errno_location() : 0;
}

long give_result(long result)
{
    if (!RAW_FAILED(result)) return result;
    give_error((int)-result);
    return -1;
}

#define CANCEL_ASYNCHRONOUS 1 /* PTHREAD_CANCEL_ASYNCHRONOUS in glibc and musl */

int cancel_begin(void)
{
    int before = -1;
    if (pthread_setcanceltype && !(&__libc_single_threaded && __libc_single_threaded))
        pthread_setcanceltype(CANCEL_ASYNCHRONOUS, &before);
    return before;
}

void cancel_end(int before)
{
    if (before >= 0) pthread_setcanceltype(before, &before);
}
