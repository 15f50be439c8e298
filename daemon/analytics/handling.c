/*
 * handling.c - how long contacts will take.
 */
#include "handling.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "numeric.h"

/* Handling times change slowly; a quarter of a year is enough and not too much. */
#define DAYS_BACK 91
#define DECAY     0.9 /* a week */
/* So many contacts of an interval weigh as much as the overall mean. */
#define PRIOR 20
/* Below so many an interval a weekly profile would be noise. */
#define ENOUGH 6

static unsigned
cell_of(const struct handling_past *p, unsigned day, unsigned slot)
{
    return (p->weekday + day) % 7 * p->slots + slot;
}

static unsigned
first_day(const struct handling_past *p)
{
    return p->days > DAYS_BACK ? p->days - DAYS_BACK : 0;
}

bool
handling_forecast(const struct handling_past *p, double *out, double *mean)
{
    unsigned cells = 7 * p->slots;
    double *n = xcalloc(cells, sizeof *n), *s = xcalloc(cells, sizeof *s);
    double handled = 0, seconds = 0, busy = 0;
    bool weekly;

    for (unsigned d = first_day(p); d < p->days; d++) {
        double weight = pow(DECAY, (p->days - 1 - d) / 7);

        for (unsigned i = 0; i < p->slots; i++) {
            size_t at = (size_t)d * p->slots + i;

            n[cell_of(p, d, i)] += weight * p->handled[at];
            s[cell_of(p, d, i)] += weight * (double)p->seconds[at];
        }
    }
    for (unsigned k = 0; k < cells; k++) {
        handled += n[k];
        seconds += s[k];
        busy += n[k] > 0;
    }
    *mean = handled > 0 ? seconds / handled : NAN;
    weekly = handled >= ENOUGH * busy && busy > 0;
    for (unsigned k = 0; k < cells; k++)
        out[k] = weekly ? (s[k] + PRIOR * *mean) / (n[k] + PRIOR) : *mean;
    free(n);
    free(s);
    return weekly;
}

/* --- of the past --- */

/* The deviation of single contacts about the mean of their interval; NAN: not known. */
static double
sigma_of(const struct handling_past *p)
{
    unsigned cells = 7 * p->slots;
    double *n = xcalloc(cells, sizeof *n), *s = xcalloc(cells, sizeof *s);
    double squares = 0, freedom = 0;

    for (int pass = 0; pass < 2; pass++)
        for (unsigned d = first_day(p); d < p->days; d++)
            for (unsigned i = 0; i < p->slots; i++) {
                size_t at = (size_t)d * p->slots + i;
                unsigned k = cell_of(p, d, i);
                double handled = p->handled[at], seconds = (double)p->seconds[at];

                if (!(handled > 0))
                    continue;
                if (pass == 0) {
                    freedom += n[k] > 0; /* each mean takes one */
                    n[k] += handled;
                    s[k] += seconds;
                } else {
                    double off = seconds / handled - s[k] / n[k];

                    squares += handled * off * off;
                }
            }
    free(n);
    free(s);
    return freedom > 0 ? sqrt(squares / freedom) : NAN;
}

struct sums {
    double error[HANDLING_HORIZONS], naive[HANDLING_HORIZONS], scatter[HANDLING_HORIZONS],
        seconds[HANDLING_HORIZONS];
};

/* What the week before the origin says: each interval's mean, or its own. */
static void
week_before(const struct handling_past *p, unsigned origin, double otherwise, double *out)
{
    double n = 0, s = 0;
    size_t cells = (size_t)7 * p->slots, from = ((size_t)origin - 7) * p->slots;

    for (size_t k = 0; k < cells; k++) {
        n += p->handled[from + k];
        s += (double)p->seconds[from + k];
    }
    for (size_t k = 0; k < cells; k++)
        out[k] = p->handled[from + k] > 0 ? (double)p->seconds[from + k] / p->handled[from + k]
                 : n > 0                  ? s / n
                                          : otherwise;
}

/* E|X - m| / m of the mean X of n gamma variables whose mean is `steady` times their deviation: of
 * shape k = n steady^2, 2 k^(k-1) exp(-k) / Gamma(k). */
static double
scatter_of(double n, double steady)
{
    double k = n * steady * steady;

    return k < 1e12 ? 2 * exp((k - 1) * log(k) - k - numeric_lgamma(k)) : 0;
}

static void
score_origin(const struct handling_past *p, unsigned origin, double sigma, double *said,
             double *naive, struct sums *t)
{
    struct handling_past known = *p;
    size_t cells = (size_t)7 * p->slots;
    double mean;

    known.days = origin;
    handling_forecast(&known, said, &mean);
    if (isnan(mean))
        return;
    week_before(p, origin, mean, naive);
    for (size_t i = 0; i < 2 * cells; i++) {
        size_t at = (size_t)origin * p->slots + i, k = i % cells;
        double n = p->handled[at], seconds = (double)p->seconds[at];

        for (int h = 0; h < HANDLING_HORIZONS; h++) {
            bool in = h == HANDLING_DAY1    ? i < p->slots
                      : h == HANDLING_WEEK1 ? i < cells
                                            : i >= cells;

            if (!in || !(n > 0))
                continue;
            t->error[h] += fabs(seconds - n * said[k]);
            t->naive[h] += fabs(seconds - n * naive[k]);
            t->scatter[h] += n * said[k] * scatter_of(n, said[k] / sigma);
            t->seconds[h] += seconds;
        }
    }
}

static unsigned
first_contact(const struct handling_past *p)
{
    for (size_t i = 0; i < (size_t)p->days * p->slots; i++)
        if (p->handled[i] > 0)
            return (unsigned)(i / p->slots);
    return p->days;
}

void
handling_backtest(const struct handling_past *p, struct backtest_range range,
                  struct handling_score *out)
{
    double *said = xcalloc((size_t)7 * p->slots, sizeof *said);
    double *naive = xcalloc((size_t)7 * p->slots, sizeof *naive);
    /* Mondays lie at monday + 7 k. */
    unsigned monday = (7 - p->weekday) % 7, begun = first_contact(p), weeks, first;
    struct sums t = {0};
    double sigma = sigma_of(p);

    *out = (struct handling_score){0};
    begun = begun < monday ? 0 : (begun - monday) / 7;
    weeks = p->days < monday + 14 ? 0 : (p->days - monday) / 7 - 1; /* with two whole ones ahead */
    first = begun + (range.first ? range.first : 1);                /* a week lies before each */
    if (range.most && weeks > range.most && first < weeks - range.most)
        first = weeks - range.most;
    for (unsigned k = first; k < weeks; k++) {
        score_origin(p, monday + 7 * k, sigma, said, naive, &t);
        out->origins++;
    }
    for (int h = 0; h < HANDLING_HORIZONS; h++) {
        bool any = t.seconds[h] > 0;

        out->wape[h] = any ? t.error[h] / t.seconds[h] : NAN;
        out->naive[h] = any ? t.naive[h] / t.seconds[h] : NAN;
        out->floor[h] = any ? t.scatter[h] / t.seconds[h] : NAN;
    }
    free(said);
    free(naive);
}
