/*
 * bgnbd.c - the BG/NBD model: likelihood, expectation, silence.
 *
 * Numbers of active days are whole, so that the gamma and beta functions of the likelihood are
 * products: one table over the days of the busiest customer serves all.
 */
#include "bgnbd.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "optimise.h"

#define MIN_CUSTOMERS 50
/* Parameters that differ from 1 by more than e to this are no longer told apart by any data. */
#define FAR 12.0
/* The series of 2F1 ends when a term no longer matters. */
#define SERIES_END   1e-14
#define SERIES_TERMS 100000
/* Where a formula divides by something near 0, its neighbour answers. */
#define NUDGE 1e-7

struct tables {
    double *gamma; /* log of gamma(r + x) / gamma(r) */
    double *beta;  /* log of B(a, b + x) / B(a, b) */
    double *left;  /* log of a / (b + x - 1); from x = 1 on */
};

static uint32_t
most_repeats(const struct bgnbd_customer *c, size_t count)
{
    uint32_t most = 0;

    for (size_t i = 0; i < count; i++)
        most = c[i].repeats > most ? c[i].repeats : most;
    return most;
}

static void
fill_tables(struct tables *t, const struct bgnbd *m, uint32_t most)
{
    t->gamma[0] = t->beta[0] = t->left[0] = 0;
    for (uint32_t x = 1; x <= most; x++) {
        t->gamma[x] = t->gamma[x - 1] + log(m->r + x - 1);
        t->beta[x] = t->beta[x - 1] + log((m->b + x - 1) / (m->a + m->b + x - 1));
        t->left[x] = log(m->a / (m->b + x - 1));
    }
}

static double
one_loglik(const struct bgnbd *m, const struct tables *t, const struct bgnbd_customer *c)
{
    uint32_t x = c->repeats;
    double power = m->r + x, stayed = -power * log(m->alpha + c->age), left, high;

    if (x == 0)
        return stayed;
    left = t->left[x] - power * log(m->alpha + c->last);
    high = fmax(stayed, left);
    return t->gamma[x] + t->beta[x] + high + log1p(exp(fmin(stayed, left) - high));
}

struct likelihood {
    const struct bgnbd_customer *customers;
    size_t count;
    uint32_t most;
    struct tables tables;
};

static void
open_likelihood(struct likelihood *l, const struct bgnbd_customer *c, size_t count)
{
    *l = (struct likelihood){.customers = c, .count = count, .most = most_repeats(c, count)};
    l->tables.gamma = xcalloc(3 * ((size_t)l->most + 1), sizeof *l->tables.gamma);
    l->tables.beta = l->tables.gamma + l->most + 1;
    l->tables.left = l->tables.beta + l->most + 1;
}

static double
sum_loglik(struct likelihood *l, const struct bgnbd *m)
{
    double sum = (double)l->count * m->r * log(m->alpha);

    fill_tables(&l->tables, m, l->most);
    for (size_t i = 0; i < l->count; i++)
        sum += one_loglik(m, &l->tables, &l->customers[i]);
    return sum;
}

static bool
is_model(const struct bgnbd *m)
{
    return m->r > 0 && m->alpha > 0 && m->a > 0 && m->b > 0;
}

double
bgnbd_loglik(const struct bgnbd *m, const struct bgnbd_customer *c, size_t count)
{
    struct likelihood l;
    double sum;

    if (!is_model(m))
        return -INFINITY;
    open_likelihood(&l, c, count);
    sum = sum_loglik(&l, m);
    free(l.tables.gamma);
    return sum;
}

static struct bgnbd
from_logs(const double *v)
{
    return (struct bgnbd){exp(v[0]), exp(v[1]), exp(v[2]), exp(v[3])};
}

/* To be made small: the mean, so that its size does not depend on how many customers there are. */
static double
cost(void *arg, const double *v)
{
    struct likelihood *l = arg;
    struct bgnbd m = from_logs(v);

    for (int i = 0; i < 4; i++)
        if (fabs(v[i]) > FAR)
            return INFINITY;
    return -sum_loglik(l, &m) / (double)l->count;
}

bool
bgnbd_fit(struct bgnbd *out, double *loglik, const struct bgnbd_customer *c, size_t count)
{
    double v[4] = {0}, least;
    struct likelihood l;

    if (count < MIN_CUSTOMERS || most_repeats(c, count) == 0)
        return false;
    open_likelihood(&l, c, count);
    least = optimise(cost, &l, v, 4);
    *out = from_logs(v);
    *loglik = -least * (double)count;
    free(l.tables.gamma);
    return isfinite(least);
}

double
bgnbd_alive(const struct bgnbd *m, const struct bgnbd_customer *c)
{
    double x = c->repeats;

    if (c->repeats == 0)
        return 1;
    return 1 / (1 + m->a / (m->b + x - 1) *
                        exp((m->r + x) * log((m->alpha + c->age) / (m->alpha + c->last))));
}

/* Gauss' hypergeometric function by its power series; 0 <= z < 1. */
static double
hypergeometric(double a, double b, double c, double z)
{
    double term = 1, sum = 1;

    for (int k = 0; k < SERIES_TERMS; k++) {
        term *= (a + k) * (b + k) / ((c + k) * (k + 1)) * z;
        sum += term;
        if (fabs(term) <= SERIES_END * fabs(sum))
            break;
    }
    return sum;
}

static double
away_from(double v, double pole)
{
    return fabs(v - pole) < NUDGE ? pole + NUDGE : v;
}

double
bgnbd_expected(const struct bgnbd *m, const struct bgnbd_customer *c, double span)
{
    double a = away_from(m->a, 1), x = c->repeats, power = m->r + x;
    double third = away_from(a + m->b + x - 1, 0), z = span / (m->alpha + c->age + span);
    double spent;

    if (!(span > 0))
        return 0;
    spent = exp(power * log1p(-z)) * hypergeometric(power, m->b + x, third, z);
    return fmax(0, third / (a - 1) * (1 - spent) * bgnbd_alive(m, c));
}

double
bgnbd_silence(const struct bgnbd *m, const struct bgnbd_customer *c, double gap)
{
    double until = m->alpha + c->last;

    return exp((m->r + c->repeats) * log(until / (until + fmax(0, gap))));
}

double
bgnbd_silent_after(const struct bgnbd *m, const struct bgnbd_customer *c, double p)
{
    return (m->alpha + c->last) * expm1(-log(p) / (m->r + c->repeats));
}
