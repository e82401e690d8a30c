/* errand.h: what the doctor's throw-away programs go and do: a few system calls, each once where the policy
 * allows it and once where it does not, and then a report of how they went. The same list is gone through by
 * the C library's functions, by bare system calls of a dynamic program, and by a static program of a few
 * hundred bytes that the doctor writes itself, since a machine need not have a compiler.
 */
#ifndef ASKFIRST_DOCTOR_ERRAND_H
#define ASKFIRST_DOCTOR_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In this order: the sockets come first, so that their descriptors are known. */
enum {
    STEP_SOCKET,
    STEP_OTHER_SOCKET,
    STEP_READ,
    STEP_READ_DENIED,
    STEP_WRITE,
    STEP_WRITE_DENIED,
    STEP_CONNECT,
    STEP_CONNECT_DENIED,
    STEP_CAPABILITIES,
    STEP_REPORT,
    STEP_EXEC_DENIED,
    STEP_REPORT_AGAIN, /* only who is still there can do it */
    STEP_EXIT,
    STEPS
};

/* The processor's registers for one call. The result takes the number's place. */
struct step {
    int64_t number;
    int64_t args[6];
};

#define ERRAND_PATH 108 /* what a socket's address has room for */

struct errand_address {
    uint16_t family;
    char path[ERRAND_PATH];
};

struct errand {
    struct step steps[STEPS];
    uint64_t argv[2];
    uint32_t capability_header[2];
    uint32_t capability_sets[2][3]; /* effective, permitted, inheritable: the lower half and the upper */
    char read[ERRAND_PATH], read_denied[ERRAND_PATH];
    char write[ERRAND_PATH], write_denied[ERRAND_PATH];
    char exec_denied[ERRAND_PATH];
    struct errand_address connect, connect_denied;
    uint32_t shim_is_loaded, policy_is_mapped; /* filled by the dynamic program */
};

/* In the directory that the doctor made; what is not there, it makes. */
#define ERRAND_OPEN "open"      /* where everything is allowed */
#define ERRAND_DENIED "denied"  /* where nothing is */
#define ERRAND_SAYS "through\n" /* what the denied program writes when it runs after all */

/* For whoever will have it at address `at`. False: the directory's name is too long. */
bool errand_make(struct errand *errand, uint64_t at, const char *directory);

/* A static program that goes on the errand; malloc'd. NULL: for this processor there is none, or the name is
 * too long. */
unsigned char *errand_program(const char *directory, size_t *size);

/* Goes on it in this process, by the C library or by bare system calls. They do not return. */
void errand_by_libc(struct errand *errand) __attribute__((noreturn));
void errand_by_raw_calls(struct errand *errand) __attribute__((noreturn));

#endif
