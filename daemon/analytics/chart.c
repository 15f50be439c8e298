/*
 * chart.c - control charts, and how long they keep quiet.
 *
 * The sum of a CUSUM lives on a lattice of states 0 .. h - 1 steps; from each it goes on by the
 * law of one count, and is absorbed at h. Run lengths solve (I - Q) x = 1, Q being the chances
 * to go from state to state.
 */
#include "chart.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memory.h"
#include "numeric.h"

#define SHIFT_LATTICE 16
#define STATES_MAX    512   /* of a chain; beyond it alarms are too rare to be waited for */
#define TAIL          1e-13 /* of a law that is left out */

/* The law of one count's effect: probability of `first` + i steps. */
struct steps {
    double *p;
    long first;
    size_t count;
};

/* Chances of counts 0, 1, ... until nothing is left to speak of. The first of many are too small
 * for a double: their logarithms go from one to the next. */
struct law {
    double size, mean; /* size: 1 / phi */
    double p, log_p, left;
    double count, last;
};

static void
law_begin(struct law *l, double mean, double phi)
{
    *l = (struct law){.size = phi > 0 ? 1 / phi : INFINITY, .mean = mean, .left = 1};
    l->log_p = phi > 0 ? -l->size * log1p(mean * phi) : -mean;
    l->p = exp(l->log_p);
    /* Rounding may keep a little of the whole left for ever. */
    l->last = mean + 40 * sqrt(mean + phi * mean * mean) + 200;
}

/* The probability of l->count has been used. */
static bool
law_next(struct law *l)
{
    l->left -= l->p;
    l->count++;
    if (isinf(l->size))
        l->log_p += log(l->mean / l->count);
    else
        l->log_p += log((l->size + l->count - 1) / l->count * l->mean / (l->mean + l->size));
    l->p = exp(l->log_p);
    return l->count < l->mean || (l->left > TAIL && l->count < l->last);
}

/* --- the chain --- */

/* Solves in place: a is n rows of n, b the right side and then the answer. */
static bool
solve(double *a, double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* Rows of I - Q are dominated by their diagonal: no pivoting is needed. */
        if (!(a[i * n + i] > 1e-14))
            return false;
        for (size_t r = i + 1; r < n; r++) {
            double f = a[r * n + i] / a[i * n + i];

            if (f == 0)
                continue;
            for (size_t c = i; c < n; c++)
                a[r * n + c] -= f * a[i * n + c];
            b[r] -= f * b[i];
        }
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t c = i + 1; c < n; c++)
            b[i] -= a[i * n + c] * b[c];
        b[i] /= a[i * n + i];
    }
    return true;
}

static double
run_length(const struct steps *s, size_t states)
{
    double *a = xcalloc(states * states, sizeof *a), *b = xcalloc(states, sizeof *b), arl;

    for (size_t from = 0; from < states; from++) {
        b[from] = 1;
        a[from * states + from] = 1;
        for (size_t i = 0; i < s->count; i++) {
            long to = (long)from + s->first + (long)i;

            if (to < (long)states)
                a[from * states + (size_t)(to > 0 ? to : 0)] -= s->p[i];
        }
    }
    arl = solve(a, b, states) ? b[0] : INFINITY;
    free(a);
    free(b);
    return arl;
}

/* Fewest states with at least this run length, which grows with them. */
static size_t
states_for(const struct steps *s, double arl)
{
    size_t low = 1, high = 8;

    while (high < STATES_MAX && run_length(s, high) < arl) {
        low = high + 1;
        high *= 2;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (run_length(s, middle) < arl)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- one mean --- */

double
chart_reference(double from, double to, double phi)
{
    if (phi > 0)
        return log((1 + phi * to) / (1 + phi * from)) / phi /
               log(to * (1 + phi * from) / (from * (1 + phi * to)));
    return (to - from) / log(to / from);
}

static struct steps
steps_of_counts(double mean, double phi, double k)
{
    struct steps s = {NULL, -lround(k * CHART_LATTICE), 0};
    struct law l;
    size_t cap = 0;

    law_begin(&l, mean, phi);
    do {
        size_t at = (size_t)l.count * CHART_LATTICE;

        if (at >= cap) {
            size_t want = at * 2 + 256;

            s.p = xrealloc(s.p, want * sizeof *s.p);
            for (; cap < want; cap++)
                s.p[cap] = 0;
        }
        s.p[at] = l.p;
        s.count = at + 1;
    } while (law_next(&l));
    return s;
}

double
chart_arl(double mean, double phi, double k, double h)
{
    struct steps s = steps_of_counts(mean, phi, k);
    double arl = run_length(&s, (size_t)ceil(h * CHART_LATTICE - 1e-9));

    free(s.p);
    return arl;
}

double
chart_threshold(double mean, double phi, double k, double arl)
{
    struct steps s = steps_of_counts(mean, phi, k);
    double h = (double)states_for(&s, arl) / CHART_LATTICE;

    free(s.p);
    return h;
}

/* --- means that go up and down --- */

/* What a count adds: a y - b, in steps. */
static long
shift_steps(const struct chart_shift *s, double mean, double count)
{
    double to = mean * s->ratio, slope, base;

    if (s->phi > 0) {
        slope = log(to * (1 + s->phi * mean) / (mean * (1 + s->phi * to)));
        base = log((1 + s->phi * to) / (1 + s->phi * mean)) / s->phi;
    } else {
        slope = log(s->ratio);
        base = to - mean;
    }
    return lround((count * slope - base) * SHIFT_LATTICE);
}

#define REACH (4 * STATES_MAX) /* farther than from any state to any other */

static void
mix_steps(const struct chart_shift *s, double mean, double weight, double *p)
{
    struct law l;

    law_begin(&l, mean, s->phi);
    do {
        long step = shift_steps(s, mean, l.count);

        step = step < -REACH ? -REACH : step > REACH ? REACH : step;
        p[step + REACH] += weight * l.p;
    } while (law_next(&l));
}

double
chart_shift_threshold(const struct chart_shift *s, const double *mean, size_t count, double arl)
{
    double *p = xcalloc(2 * REACH + 1, sizeof *p);
    struct steps steps = {p, -REACH, 2 * REACH + 1};
    size_t n = 0, states;

    for (size_t i = 0; i < count; i++)
        n += mean[i] > 0;
    for (size_t i = 0; i < count; i++)
        if (mean[i] > 0)
            mix_steps(s, mean[i], 1.0 / (double)n, p);
    for (; steps.count > 1 && steps.p[0] == 0; steps.count--, steps.p++)
        steps.first++;
    while (steps.count > 1 && steps.p[steps.count - 1] == 0)
        steps.count--;
    states = n ? states_for(&steps, arl) : 0;
    free(p);
    return n ? (double)states / SHIFT_LATTICE : INFINITY;
}

void
chart_shift_run(const struct chart_shift *s, const double *mean, const double *seen, size_t count,
                double threshold, struct chart_found *out)
{
    long sum = 0;

    *out = (struct chart_found){.at = count};
    for (size_t i = 0; i < count; i++) {
        if (!(mean[i] > 0) || isnan(seen[i]))
            continue;
        if (sum == 0) {
            out->since = i;
            out->seen = out->expected = 0;
        }
        sum += shift_steps(s, mean[i], seen[i]);
        sum = sum > 0 ? sum : 0;
        out->seen += seen[i];
        out->expected += mean[i];
        out->sum = (double)sum / SHIFT_LATTICE;
        if (out->sum >= threshold) {
            out->at = i;
            return;
        }
    }
}

/* --- exponentially weighted mean --- */

void
chart_ewma_add(struct chart_ewma *e, double count, double *low, double *high)
{
    const double w = CHART_EWMA_WEIGHT;
    double variance = e->mean + e->phi * e->mean * e->mean, limit;

    e->z = w * count + (1 - w) * e->z;
    e->steps++;
    limit = 3 * sqrt(w / (2 - w) * (1 - pow(1 - w, 2.0 * e->steps)) * variance);
    *low = e->mean - limit;
    *high = e->mean + limit;
}
