/*
 * nearest.c - of the names that there are, the one that was probably meant.
 */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

#include "span.h"

#define NEAR_PART 3 /* one letter in so many may differ, */
#define NEAR_MIN  1 /* one in a short name */

struct nearest
nearest_to(const char *given)
{
    size_t far = strlen(given) / NEAR_PART;

    return (struct nearest){.given = given, .least = (far > NEAR_MIN ? far : NEAR_MIN) + 1};
}

static size_t
least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Row by row of the table of distances between beginnings of a and of b; a swap looks two back. */
static size_t
distance(struct span a, struct span b)
{
    size_t rows[3][NEAREST_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b.n; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *oldest = before;
        char c = ascii_lower(a.p[i - 1]);

        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            char d = ascii_lower(b.p[j - 1]);

            row[j] = least_of(last[j - 1] + (c != d), least_of(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && c == ascii_lower(b.p[j - 2]) && d == ascii_lower(a.p[i - 2]))
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = oldest;
    }
    return last[b.n];
}

void
nearest_offer(struct nearest *n, const char *name)
{
    struct span a = span_str(n->given), b = span_str(name);
    size_t d;

    if (a.n > NEAREST_MAX || b.n > NEAREST_MAX || a.n == 0)
        return;
    d = distance(a, b);
    if (d >= n->least)
        return;
    n->least = d;
    n->best = name;
}

const char *
nearest_hint(struct nearest *n)
{
    n->hint[0] = '\0';
    if (n->best)
        snprintf(n->hint, sizeof n->hint, " (did you mean \"%s\"?)", n->best);
    return n->hint;
}
