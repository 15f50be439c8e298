/*
 * gaps.c - where a roster does not fit the need.
 */
#include "gaps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define FREE_HOURS 0.5
#define FREE_SHARE 0.25

static double
length(const struct gap_window *w)
{
    return (double)(w->end - w->start) / 3600;
}

static struct gap_window
window_of(const struct gap_interval *i, enum gap_side side)
{
    double people = isnan(i->gap) ? 0 : fmax(0, side == GAP_SHORT ? -i->gap : i->gap);
    struct gap_window w = {i->start, i->end, people, 0};

    w.hours = people * length(&w);
    return w;
}

static struct gap_window
join(const struct gap_window *a, const struct gap_window *b, enum gap_side side)
{
    return (struct gap_window){
        .start = a->start,
        .end = b->end,
        .people = side == GAP_SHORT ? fmax(a->people, b->people) : fmin(a->people, b->people),
        .hours = a->hours + b->hours,
    };
}

/* Hours that a window says too many or too few. */
static double
waste(const struct gap_window *w)
{
    return fabs(w->people * length(w) - w->hours);
}

/* What it costs to make one of a few windows from `w` on: of two, or of two and the rest of nobody
 * between them. INFINITY: they are not to be one. */
static double
cost(const struct gap_window *w, size_t n, enum gap_side side, struct gap_window *joined,
     size_t *taken)
{
    double before = waste(&w[0]) + waste(&w[1]);

    if (w[0].end != w[1].start)
        return INFINITY;
    *taken = 2;
    *joined = join(&w[0], &w[1], side);
    if (n > 2 && !(w[1].people > 0) && w[1].end == w[2].start) {
        *taken = 3;
        *joined = join(joined, &w[2], side);
        before += waste(&w[2]);
    }
    if (!(w[0].people > 0) || !(w[*taken - 1].people > 0) || !(joined->people > 0) ||
        waste(joined) > fmax(FREE_HOURS, FREE_SHARE * joined->hours))
        return INFINITY;
    return waste(joined) - before;
}

size_t
gap_windows(const struct gap_interval *at, size_t n, enum gap_side side, struct gap_window *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        out[i] = window_of(&at[i], side);
    while (n > 1) {
        struct gap_window joined = {0}, best_joined = {0};
        size_t best = 0, taken = 2, best_taken = 2;
        double least = INFINITY;

        for (size_t i = 0; i + 1 < n; i++) {
            double c = cost(&out[i], n - i, side, &joined, &taken);

            if (c < least) {
                least = c;
                best = i;
                best_taken = taken;
                best_joined = joined;
            }
        }
        if (isinf(least))
            break;
        out[best] = best_joined;
        memmove(&out[best + 1], &out[best + best_taken], (n - best - best_taken) * sizeof *out);
        n -= best_taken - 1;
    }
    for (size_t i = 0; i < n; i++)
        if (out[i].people > 0)
            out[kept++] = out[i];
    return kept;
}

/* --- moves --- */

struct left { /* of the gaps, as moves close them */
    double over, missing;
};

static size_t
places_for(const struct left *l, const bool *may, size_t n, size_t from)
{
    size_t k = 0;

    for (size_t to = 0; to < n; to++)
        k += l[to].missing >= 1 && may[from * n + to];
    return k;
}

/* Who is to spare and can go to fewest; of those with the most to spare. n: nobody. */
static size_t
next_giver(const struct left *l, const bool *may, size_t n)
{
    size_t best = n, fewest = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = l[i].over >= 1 ? places_for(l, may, n, i) : 0;

        if (k > 0 && (best == n || k < fewest || (k == fewest && l[i].over > l[best].over))) {
            best = i;
            fewest = k;
        }
    }
    return best;
}

static size_t
neediest(const struct left *l, const bool *may, size_t n, size_t from)
{
    size_t best = n;

    for (size_t to = 0; to < n; to++)
        if (may[from * n + to] && l[to].missing >= 1 &&
            (best == n || l[to].missing > l[best].missing))
            best = to;
    return best;
}

/* Each step empties a giver or fills a place, so there are fewer than 2 n. */
static size_t
move_all(struct left *l, const bool *may, size_t n, struct gap_move *out)
{
    size_t count = 0, from;

    while ((from = next_giver(l, may, n)) < n && count < 2 * n) {
        size_t to = neediest(l, may, n, from);
        double people = floor(fmin(l[from].over, l[to].missing));

        out[count++] = (struct gap_move){from, to, people};
        l[from].over -= people;
        l[to].missing -= people;
    }
    return count;
}

size_t
gap_moves(const double *gap, const bool *may, size_t n, struct gap_move *out)
{
    struct left *l = xcalloc(n + 1, sizeof *l);
    size_t count;

    for (size_t i = 0; i < n; i++)
        l[i] = (struct left){fmax(0, isnan(gap[i]) ? 0 : gap[i]),
                             fmax(0, isnan(gap[i]) ? 0 : -gap[i])};
    count = move_all(l, may, n, out);
    free(l);
    return count;
}
