/*
 * change_judge.c - all customers at once: who has changed, so that few of those told have not.
 *
 * Every eligible customer is tested with a dispersion drawn towards the common one. Those for whom
 * that leaves a doubt are tested again by change_mixed, which is dearer and does not call too
 * many of them changed. The rest have p values far above any that could stand.
 */
#include <math.h>
#include <stdlib.h>

#include "change.h"
#include "memory.h"

#define DOUBT 0.05 /* p values above it never stand: Benjamini and Hochberg's line ends there */

static void
fit(const struct change_case *all, size_t count, struct change_prior *prior, double *pooled)
{
    struct change_baseline *b = xcalloc(count + 1, sizeof *b);
    struct change_days *days = xcalloc(count + 1, sizeof *days);
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        b[i] = all[i].baseline;
        if (b[i].total >= CHANGE_MIN_EVENTS)
            days[n++] = all[i].days;
    }
    *pooled = change_pooled_phi(b, count);
    change_prior_fit(prior, days, n);
    free(days);
    free(b);
}

static void
test_case(struct change_case *c, const struct change_prior *prior, double pooled)
{
    struct change_test t;

    c->phi = change_phi(&c->baseline, pooled);
    t = change_negbin(&c->counts, c->phi > 0 ? 1 / c->phi : INFINITY);
    if (fmin(t.mid_more, t.mid_less) <= DOUBT)
        t = change_mixed(&c->counts, &c->days, prior);
    c->p[0] = t.mid_more;
    c->p[1] = t.mid_less;
}

void
change_judge(struct change_case *all, size_t count)
{
    double *p = xcalloc(count + 1, sizeof *p), *q = xcalloc(count + 1, sizeof *q), pooled;
    size_t *index = xcalloc(count + 1, sizeof *index), n = 0;
    struct change_prior prior;

    fit(all, count, &prior, &pooled);
    for (size_t i = 0; i < count; i++) {
        struct change_case *c = &all[i];

        for (int way = 0; way < 2; way++) {
            c->p[way] = c->q[way] = 1;
            c->stands[way] = false;
        }
        if (c->counts.x0 + c->counts.x1 < CHANGE_MIN_EVENTS)
            continue;
        test_case(c, &prior, pooled);
        index[n++] = i;
    }
    for (int way = 0; way < 2; way++) {
        for (size_t i = 0; i < n; i++)
            p[i] = all[index[i]].p[way];
        change_fdr(p, q, n);
        for (size_t i = 0; i < n; i++) {
            struct change_case *c = &all[index[i]];
            bool more = c->counts.x1 * c->counts.t0 > c->counts.x0 * c->counts.t1;

            c->q[way] = q[i];
            c->stands[way] = q[i] <= CHANGE_Q && more == (way == 0) && change_is_large(&c->counts);
        }
    }
    free(p);
    free(q);
    free(index);
}
