/* seen.c: paths that the policy was found to allow (seen.h). */
#include "seen.h"

#include "raw/raw.h"

#define WORDS 256 /* a power of two */

static uint64_t words[WORDS];

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t seen_word(const struct session *session, unsigned deeds, const char *path, size_t length)
{
    uint64_t hash = session->key[0] ^ deeds, part, factor = session->key[1] | 1;
    if (!session->key[0]) return 0;
    for (; length >= sizeof part; length -= sizeof part, path += sizeof part) {
        __builtin_memcpy(&part, path, sizeof part);
        hash = mix(hash ^ part, factor);
    }
    for (part = length; length; length--)
        part = part << 8 | (unsigned char)*path++;
    hash = mix(hash ^ part, factor);
    return mix(hash, factor) | 1;
}

bool seen_allowed(uint64_t word)
{
    return word && __atomic_load_n(&words[word / 2 % WORDS], __ATOMIC_RELAXED) == word;
}

void seen_allow(uint64_t word)
{
    if (word) __atomic_store_n(&words[word / 2 % WORDS], word, __ATOMIC_RELAXED);
}

void seen_forget(uint64_t word)
{
    if (seen_allowed(word)) __atomic_store_n(&words[word / 2 % WORDS], 0, __ATOMIC_RELAXED);
}
