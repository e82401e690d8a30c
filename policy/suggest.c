/* suggest.c: the distance between two words (optimal string alignment). */
#include "suggest.h"

#include <string.h>

#define LETTERS_MAX 63

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

size_t edit_distance(const char *a, const char *b)
{
    size_t n = strnlen(a, LETTERS_MAX), m = strnlen(b, LETTERS_MAX);
    size_t rows[3][LETTERS_MAX + 1]; /* of the table: row i % 3 is the i-th */
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(before[j] + 1, now[j - 1] + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && earlier[j - 2] + 1 < now[j])
                now[j] = earlier[j - 2] + 1;
        }
    }
    return rows[n % 3][m];
}

const char *suggest(const char *word, const char *best, const char *candidate)
{
    size_t near = strlen(word) <= 3 ? 1 : 2;
    size_t distance = edit_distance(word, candidate);
    if (distance > near || distance >= strlen(candidate)) return best;
    return best && edit_distance(word, best) <= distance ? best : candidate;
}
