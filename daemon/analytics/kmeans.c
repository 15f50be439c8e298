/*
 * kmeans.c - groups of points that lie together, and whether they would be found again.
 */
#include "kmeans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numeric.h"
#include "wide.h"

#define ROUNDS 100
/* Of a stability: fits, starts of each, the share of the points, how alike they must be. */
#define REFITS       30
#define REFIT_STARTS 4
#define REFIT_SHARE  0.8
#define ALIKE        0.95
#define SMALLEST     0.03

struct dice {
    uint64_t state;
};

static double
roll(struct dice *d)
{
    return (double)(numeric_mix64(d->state++) >> 11) * 0x1p-53;
}

/* Eight sums at a time, which a processor adds side by side, in the same order on all of them. */
#define SUM_SQUARES(a, b, dim)                                                                     \
    do {                                                                                           \
        double sum[8] = {0};                                                                       \
        size_t i = 0;                                                                              \
                                                                                                   \
        for (; i + 8 <= (dim); i += 8)                                                             \
            for (size_t s = 0; s < 8; s++) {                                                       \
                double d = (a)[i + s] - (b)[i + s];                                                \
                                                                                                   \
                sum[s] += d * d;                                                                   \
            }                                                                                      \
        for (; i < (dim); i++)                                                                     \
            sum[0] += ((a)[i] - (b)[i]) * ((a)[i] - (b)[i]);                                       \
        return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));  \
    } while (0)

#ifdef HAVE_WIDE
WIDE static double
wide_distance(const double *a, const double *b, size_t dim)
{
    SUM_SQUARES(a, b, dim);
}
#endif

double
kmeans_distance(const double *a, const double *b, size_t dim)
{
#ifdef HAVE_WIDE
    if (wide_works())
        return wide_distance(a, b, dim);
#endif
    SUM_SQUARES(a, b, dim);
}

static const double *
point(const struct kmeans_points *p, size_t i)
{
    return p->v + i * p->dim;
}

/* What one start works with. */
struct start {
    const struct kmeans_points *p;
    unsigned k;
    double *centroid;
    uint8_t *label;
    double *nearest; /* of each point */
    size_t size[KMEANS_MOST];
};

static void
take(struct start *s, unsigned j, size_t i)
{
    memcpy(s->centroid + j * s->p->dim, point(s->p, i), s->p->dim * sizeof *s->centroid);
}

/* Each first centroid is a point, the likelier the farther it is from those before it. */
static void
seed(struct start *s, struct dice *dice)
{
    size_t n = s->p->count;

    take(s, 0, (size_t)(roll(dice) * (double)n));
    for (size_t i = 0; i < n; i++)
        s->nearest[i] = INFINITY;
    for (unsigned j = 1; j < s->k; j++) {
        double all = 0, at;
        size_t chosen = n - 1;

        for (size_t i = 0; i < n; i++) {
            double d =
                kmeans_distance(point(s->p, i), s->centroid + (j - 1) * s->p->dim, s->p->dim);

            s->nearest[i] = fmin(s->nearest[i], d);
            all += s->nearest[i];
        }
        at = roll(dice) * all;
        for (size_t i = 0; i < n; i++) {
            at -= s->nearest[i];
            if (at < 0) {
                chosen = i;
                break;
            }
        }
        take(s, j, chosen);
    }
}

/* True if any point went to another group; *inertia is the sum before the centroids move. */
static int
assign(struct start *s, double *inertia)
{
    int moved = 0;

    memset(s->size, 0, sizeof s->size);
    *inertia = 0;
    for (size_t i = 0; i < s->p->count; i++) {
        double least = INFINITY;
        uint8_t best = 0;

        for (unsigned j = 0; j < s->k; j++) {
            double d = kmeans_distance(point(s->p, i), s->centroid + j * s->p->dim, s->p->dim);

            if (d < least) {
                least = d;
                best = (uint8_t)j;
            }
        }
        moved |= s->label[i] != best;
        s->label[i] = best;
        s->nearest[i] = least;
        s->size[best]++;
        *inertia += least;
    }
    return moved;
}

static size_t
farthest(const struct start *s)
{
    size_t at = 0;

    for (size_t i = 1; i < s->p->count; i++)
        at = s->nearest[i] > s->nearest[at] ? i : at;
    return at;
}

static void
move(struct start *s)
{
    size_t dim = s->p->dim;

    memset(s->centroid, 0, s->k * dim * sizeof *s->centroid);
    for (size_t i = 0; i < s->p->count; i++) {
        double *c = s->centroid + s->label[i] * dim;
        const double *v = point(s->p, i);

        for (size_t d = 0; d < dim; d++)
            c[d] += v[d];
    }
    for (unsigned j = 0; j < s->k; j++) {
        double n = (double)s->size[j];

        if (s->size[j] == 0) { /* nobody is left: it begins again where the fit is worst */
            size_t i = farthest(s);

            take(s, j, i);
            s->nearest[i] = 0;
            continue;
        }
        for (size_t d = 0; d < dim; d++)
            s->centroid[j * dim + d] /= n;
    }
}

/* From the centroids as they are. */
static double
settle(struct start *s)
{
    double inertia;

    memset(s->label, UINT8_MAX, s->p->count);
    for (int i = 0; i < ROUNDS && assign(s, &inertia); i++)
        move(s);
    assign(s, &inertia);
    return inertia;
}

/* Largest group first, so that numbers mean something. */
static void
order(struct kmeans *m, size_t count, size_t dim)
{
    unsigned rank[KMEANS_MOST], place[KMEANS_MOST];
    double *moved = xmalloc(m->k * dim * sizeof *moved);
    size_t size[KMEANS_MOST];

    for (unsigned j = 0; j < m->k; j++)
        rank[j] = j;
    for (unsigned j = 1; j < m->k; j++) {
        unsigned x = rank[j], at = j;

        for (; at > 0 && m->size[rank[at - 1]] < m->size[x]; at--)
            rank[at] = rank[at - 1];
        rank[at] = x;
    }
    for (unsigned j = 0; j < m->k; j++) {
        place[rank[j]] = j;
        size[j] = m->size[rank[j]];
        memcpy(moved + j * dim, m->centroid + rank[j] * dim, dim * sizeof *moved);
    }
    for (size_t i = 0; i < count; i++)
        m->label[i] = (uint8_t)place[m->label[i]];
    memcpy(m->size, size, m->k * sizeof *size);
    free(m->centroid);
    m->centroid = moved;
}

static void
keep_best(struct kmeans *best, const struct start *s, double inertia)
{
    if (!(inertia < best->inertia))
        return;
    best->inertia = inertia;
    memcpy(best->centroid, s->centroid, s->k * s->p->dim * sizeof *s->centroid);
    memcpy(best->label, s->label, s->p->count);
    memcpy(best->size, s->size, sizeof s->size);
}

/* known: centroids to begin with as well, or NULL. */
static void
fit(struct kmeans *out, const struct kmeans_points *p, unsigned k, unsigned starts, uint64_t with,
    const double *known)
{
    struct start s = {.p = p, .k = k};
    struct dice dice = {numeric_mix64(with)};

    s.centroid = xcalloc(k * p->dim + 1, sizeof *s.centroid);
    s.label = xmalloc(p->count + 1);
    s.nearest = xcalloc(p->count + 1, sizeof *s.nearest);
    *out = (struct kmeans){.k = k, .inertia = INFINITY};
    out->centroid = xcalloc(k * p->dim + 1, sizeof *out->centroid);
    out->label = xcalloc(p->count + 1, 1);
    if (known) {
        memcpy(s.centroid, known, k * p->dim * sizeof *known);
        keep_best(out, &s, settle(&s));
    }
    for (unsigned i = 0; i < starts; i++) {
        seed(&s, &dice);
        keep_best(out, &s, settle(&s));
    }
    free(s.centroid);
    free(s.label);
    free(s.nearest);
    order(out, p->count, p->dim);
}

void
kmeans_fit(struct kmeans *out, const struct kmeans_points *p, unsigned k, unsigned starts,
           uint64_t with)
{
    fit(out, p, k, starts, with, NULL);
}

void
kmeans_clear(struct kmeans *m)
{
    free(m->centroid);
    free(m->label);
    *m = (struct kmeans){0};
}

static double
pairs(double n)
{
    return n * (n - 1) / 2;
}

double
kmeans_agreement(const uint8_t *a, const uint8_t *b, size_t count)
{
    double both[KMEANS_MOST][KMEANS_MOST] = {{0}}, of_a[KMEANS_MOST] = {0};
    double of_b[KMEANS_MOST] = {0}, same = 0, in_a = 0, in_b = 0, chance, most;

    for (size_t i = 0; i < count; i++) {
        both[a[i]][b[i]]++;
        of_a[a[i]]++;
        of_b[b[i]]++;
    }
    for (int i = 0; i < KMEANS_MOST; i++) {
        in_a += pairs(of_a[i]);
        in_b += pairs(of_b[i]);
        for (int k = 0; k < KMEANS_MOST; k++)
            same += pairs(both[i][k]);
    }
    if (count < 2)
        return 1;
    chance = in_a * in_b / pairs((double)count);
    most = (in_a + in_b) / 2;
    return most > chance ? (same - chance) / (most - chance) : 1; /* both are one group */
}

double
kmeans_stability(const struct kmeans *m, const struct kmeans_points *p, uint64_t with)
{
    double *v = xmalloc((p->count * p->dim + 1) * sizeof *v), sum = 0;
    uint8_t *was = xmalloc(p->count + 1);
    struct dice dice = {numeric_mix64(~with)};
    unsigned fits = 0;

    for (unsigned r = 0; r < REFITS; r++) {
        struct kmeans_points part = {v, 0, p->dim};
        struct kmeans again;

        for (size_t i = 0; i < p->count; i++) {
            if (roll(&dice) >= REFIT_SHARE)
                continue;
            memcpy(v + part.count * p->dim, point(p, i), p->dim * sizeof *v);
            was[part.count++] = m->label[i];
        }
        if (part.count < m->k)
            continue;
        fit(&again, &part, m->k, REFIT_STARTS, with + r + 1, m->centroid);
        sum += kmeans_agreement(was, again.label, part.count);
        fits++;
        kmeans_clear(&again);
        if (sum + (REFITS - r - 1) < ALIKE * REFITS) /* whatever the rest says, it is too little */
            break;
    }
    free(v);
    free(was);
    return fits ? sum / fits : 0;
}

unsigned
kmeans_choose(struct kmeans *out, const struct kmeans_points *p, unsigned starts, uint64_t with,
              double *stability)
{
    for (unsigned k = KMEANS_MOST; k >= 2; k--) {
        if (p->count < k)
            continue;
        kmeans_fit(out, p, k, starts, with);
        if ((double)out->size[k - 1] >= SMALLEST * (double)p->count) {
            *stability = kmeans_stability(out, p, with);
            if (*stability >= ALIKE)
                return k;
        }
        kmeans_clear(out);
    }
    return 0;
}
