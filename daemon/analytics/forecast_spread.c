/*
 * forecast_spread.c - how far off a forecast may be, and forecasts from next to nothing.
 *
 * Counts spread more than Poisson's: negative binomial with variance m + phi m^2.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "forecast_internal.h"
#include "numeric.h"

#define PHI_LEAST 1e-9

/* Sum and count of what was seen in the same slot of the cycle, in the first three. */
unsigned
forecast_slot_sum(const struct forecast *f, size_t place, double *sum)
{
    size_t n = (size_t)f->shape.cycle * f->shape.slots;
    unsigned seen = 0;

    *sum = 0;
    for (unsigned w = 0; w < FORECAST_MIN_CYCLES; w++) {
        double y = f->history[w * n + place];

        if (!isnan(y)) {
            *sum += y;
            seen++;
        }
    }
    return seen;
}

/* Mean over all days for a time of day, for days of the cycle not seen yet. */
static double
time_of_day_mean(const struct forecast *f, unsigned slot)
{
    double all = 0, sum;
    unsigned seen = 0;

    for (unsigned j = 0; j < f->shape.cycle; j++) {
        seen += forecast_slot_sum(f, (size_t)j * f->shape.slots + slot, &sum);
        all += sum;
    }
    return seen > 0 ? all / seen : 0;
}

void
forecast_short_mean(const struct forecast *f, double *out)
{
    for (unsigned j = 0; j < f->shape.cycle; j++)
        for (unsigned i = 0; i < f->shape.slots; i++) {
            size_t place = (size_t)j * f->shape.slots + i;
            double sum;
            unsigned seen = forecast_slot_sum(f, place, &sum);

            out[place] = seen > 0 ? sum / seen : time_of_day_mean(f, i);
        }
}

/* Each slot against the mean of the same slot in the other cycles. Such a mean of k errs
 * itself with 1 / k of the variance, which is taken out. */
static double
phi_leave_one_out(const struct forecast *f)
{
    size_t n = (size_t)f->shape.cycle * f->shape.slots;
    double over = 0, square = 0;

    for (size_t place = 0; place < n; place++) {
        double sum;
        unsigned seen = forecast_slot_sum(f, place, &sum);

        if (seen < 2)
            continue;
        for (unsigned w = 0; w < FORECAST_MIN_CYCLES; w++) {
            double y = f->history[w * n + place], m = (sum - y) / (seen - 1);

            if (isnan(y))
                continue;
            over += (y - m) * (y - m) * (seen - 1) / seen - m;
            square += m * m;
        }
    }
    return square > 0 ? fmax(over / square, PHI_LEAST) : FORECAST_PHI_UNKNOWN;
}

double
forecast_phi(const struct forecast *f)
{
    size_t n = forecast_cells(f) * FORECAST_KEPT;
    double over = 0, square = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(f->came[i])) {
            over += (f->came[i] - f->said[i]) * (f->came[i] - f->said[i]) - f->said[i];
            square += f->said[i] * f->said[i];
        }
    if (square > 0)
        return fmax(over / square, PHI_LEAST);
    return phi_leave_one_out(f);
}

/* Third-order expansion of the quantile about the normal one, for means so large that the
 * probability of 0 is no number in doubles. */
static double
quantile_expansion(double mean, double phi, double q)
{
    double sd = sqrt(mean + phi * mean * mean), z = numeric_normal_quantile(q);
    double skew = (1 + 2 * phi * mean) / sd;

    return fmax(0, floor(mean + sd * (z + skew * (z * z - 1) / 6) + 0.5));
}

double
forecast_quantile(double mean, double phi, double q)
{
    double p, sum, x = 0;

    if (!(mean > 0) || !(q > 0))
        return 0;
    if (q >= 1)
        return INFINITY;
    phi = fmax(phi, PHI_LEAST);
    p = exp(-log1p(phi * mean) / phi);
    if (p < 1e-280)
        return quantile_expansion(mean, phi, q);
    sum = p;
    while (sum < q) {
        x++;
        p *= (x - 1 + 1 / phi) / x * (phi * mean / (1 + phi * mean));
        /* Rounding may leave the sum just short of q for ever. */
        if (p < 1e-18 && x > mean)
            break;
        sum += p;
    }
    return x;
}

void
forecast_interval(double mean, double phi, double coverage, double *low, double *high)
{
    *low = forecast_quantile(mean, phi, (1 - coverage) / 2);
    *high = forecast_quantile(mean, phi, (1 + coverage) / 2);
}
