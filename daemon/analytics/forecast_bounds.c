/*
 * forecast_bounds.c - intervals drawn from the errors that forecasts made.
 *
 * Negative binomial intervals are right at 80 % and too narrow at 95 %, where errors of other
 * kinds than chance count: there the quantiles of past errors, by the deviation that the negative
 * binomial gives them and by class of volume, take over (conformal prediction).
 */
#include <math.h>
#include <stdlib.h>

#include "forecast_internal.h"
#include "memory.h"

#define TRIMMED   0.02
#define OUTER_LOW 0.025

struct error_of { /* one interval of the past */
    double came, said, weight;
};

static int
by_weight(const void *a, const void *b)
{
    double x = ((const struct error_of *)a)->weight, y = ((const struct error_of *)b)->weight;

    return (x > y) - (x < y);
}

static int
by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
quantile(const double *sorted, size_t n, double q)
{
    double at = (double)(n - 1) * q;
    size_t k = (size_t)at;

    return k + 1 < n ? sorted[k] + (at - (double)k) * (sorted[k + 1] - sorted[k]) : sorted[n - 1];
}

static size_t
gather(const struct forecast *f, struct error_of *out)
{
    size_t n = forecast_cells(f) * FORECAST_KEPT, m = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(f->came[i]))
            out[m++] = (struct error_of){
                .came = f->came[i],
                .said = f->said[i],
                .weight = fabs(f->came[i] - f->said[i]) / sqrt(fmax(f->said[i], 0.25)),
            };
    return m;
}

static double
usual_phi(const struct error_of *e, size_t n, double otherwise)
{
    double over = 0, square = 0;

    for (size_t i = 0; i < n; i++) {
        over += (e[i].came - e[i].said) * (e[i].came - e[i].said) - e[i].said;
        square += e[i].said * e[i].said;
    }
    return square > 0 ? fmax(over / square, 1e-9) : otherwise;
}

static double
deviation(double mean, double phi)
{
    return sqrt(mean + phi * mean * mean + 0.25);
}

/* e in the order of what was said. */
static bool
draw_classes(struct forecast_spread *s, const struct error_of *e, size_t n)
{
    double *scaled = xcalloc(n, sizeof *scaled);
    bool enough = n >= FORECAST_CLASSES;

    for (unsigned c = 0; enough && c < FORECAST_CLASSES; c++) {
        size_t from = c * n / FORECAST_CLASSES, to = (c + 1) * n / FORECAST_CLASSES;

        s->least[c] = c == 0 ? 0 : e[from].said;
        for (size_t i = from; i < to; i++)
            scaled[i - from] = (e[i].came - e[i].said) / deviation(e[i].said, s->phi_usual);
        qsort(scaled, to - from, sizeof *scaled, by_number);
        s->low95[c] = quantile(scaled, to - from, OUTER_LOW);
        s->high95[c] = quantile(scaled, to - from, 1 - OUTER_LOW);
    }
    free(scaled);
    return enough;
}

void
forecast_spread(const struct forecast *f, struct forecast_spread *out)
{
    struct error_of *e = xcalloc(forecast_cells(f) * FORECAST_KEPT, sizeof *e);
    size_t n = gather(f, e);

    *out = (struct forecast_spread){.phi = forecast_phi(f)};
    qsort(e, n, sizeof *e, by_weight);
    out->phi_usual = usual_phi(e, (size_t)((double)n * (1 - TRIMMED)), out->phi);
    for (size_t i = 0; i < n; i++)
        e[i].weight = e[i].said;
    qsort(e, n, sizeof *e, by_weight);
    out->conformal = f->cycles >= FORECAST_CONFORMAL_CYCLES && draw_classes(out, e, n);
    free(e);
}

void
forecast_low_high(const struct forecast_spread *s, double mean, double *low, double *high)
{
    forecast_interval(mean, s->phi_usual, 0.8, low, high);
}

void
forecast_extremes(const struct forecast_spread *s, double mean, double *low, double *high)
{
    double sd = deviation(mean, s->phi_usual);
    unsigned c = FORECAST_CLASSES - 1;

    if (!s->conformal || !(mean > 0)) {
        forecast_interval(mean, s->phi, 0.95, low, high);
        return;
    }
    while (c > 0 && mean < s->least[c])
        c--;
    forecast_low_high(s, mean, low, high); /* what holds 95 % holds 80 % */
    *low = fmin(*low, fmax(0, round(mean + s->low95[c] * sd)));
    *high = fmax(*high, round(mean + s->high95[c] * sd));
}
