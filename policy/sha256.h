/* sha256.h: SHA-256 (FIPS 180-4), for digests of files, programs and records. */
#ifndef ASKFIRST_SHA256_H
#define ASKFIRST_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t size; /* bytes taken in so far */
    unsigned char block[64];
};

void sha256_init(struct sha256 *sum);
void sha256_update(struct sha256 *sum, const void *data, size_t size);
void sha256_final(struct sha256 *sum, unsigned char out[32]);

/* All three in one. */
void sha256(const void *data, size_t size, unsigned char out[32]);

#endif
