/* memory_of.h: copying from a guarded thread's memory: once, before anything is decided. What was copied is
 * what counts from then on; whoever changes the original changes nothing.
 */
#ifndef ASKFIRST_CALLERS_MEMORY_OF_H
#define ASKFIRST_CALLERS_MEMORY_OF_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 0, or EFAULT (or EPERM when the launcher may not look). */
int memory_copy(pid_t tid, uint64_t address, void *to, size_t size);

/* A string with its NUL, at most `size` bytes with it. 0, EFAULT, or ENAMETOOLONG. */
int memory_string(pid_t tid, uint64_t address, char *to, size_t size);

/* A vector of strings that ends with NULL, as execve takes them; address 0 is an empty one. malloc'd in one
 * block: free(*vector). 0, EFAULT, or E2BIG beyond `limit` bytes. */
int memory_vector(pid_t tid, uint64_t address, size_t limit, char ***vector, size_t *count);

#endif
