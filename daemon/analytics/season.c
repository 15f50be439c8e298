/*
 * season.c - which part of the cycle is the season?
 *
 * Classical decomposition by ratio to moving average (Macaulay 1931), as R's decompose() does it.
 */
#include "season.h"

#include <math.h>
#include <string.h>

#include "numeric.h"

/* The mean of one cycle about i: an even one takes half of both its ends. NAN at the edges. */
static double
centred(const double *value, size_t count, size_t i, unsigned cycle)
{
    size_t half = cycle / 2;
    double sum = 0;

    if (i < half || i + half >= count)
        return NAN;
    for (size_t k = i - half; k <= i + half; k++) {
        bool end = cycle % 2 == 0 && (k == i - half || k == i + half);

        sum += end ? value[k] / 2 : value[k];
    }
    return sum / cycle;
}

/* The t with so many degrees of freedom that 95 % lie within -t and t. */
static double
student_quantile(double degrees)
{
    double x = numeric_beta_quantile(0.05, degrees / 2, 0.5);

    return sqrt(degrees * (1 - x) / x);
}

static double
ratio_at(const double *value, size_t count, size_t i, unsigned cycle)
{
    double level = centred(value, count, i, cycle);

    return level > 0 ? value[i] / level : NAN;
}

/* Of each place the mean and its interval, by the mean of all places; `all` is that mean. */
static void
index_of(const double *sum, const double *squares, const unsigned *n, unsigned cycle, double all,
         struct season_index *out)
{
    for (unsigned k = 0; k < cycle; k++) {
        double mean = sum[k] / n[k], off = INFINITY;

        if (n[k] > 1) {
            double variance = fmax(squares[k] - n[k] * mean * mean, 0) / (n[k] - 1);

            off = student_quantile(n[k] - 1) * sqrt(variance / n[k]);
        }
        out[k] = (struct season_index){mean / all, (mean - off) / all, (mean + off) / all, n[k]};
    }
}

bool
season_indices(const double *value, size_t count, unsigned cycle, struct season_index *out)
{
    double sum[SEASON_MAX_CYCLE] = {0}, squares[SEASON_MAX_CYCLE] = {0}, all = 0;
    unsigned n[SEASON_MAX_CYCLE] = {0};

    if (cycle < 2 || cycle > SEASON_MAX_CYCLE)
        return false;
    for (size_t i = 0; i < count; i++) {
        double ratio = ratio_at(value, count, i, cycle);

        if (isnan(ratio))
            continue;
        sum[i % cycle] += ratio;
        squares[i % cycle] += ratio * ratio;
        n[i % cycle]++;
    }
    for (unsigned k = 0; k < cycle; k++) {
        if (n[k] == 0)
            return false;
        all += sum[k] / n[k] / cycle;
    }
    index_of(sum, squares, n, cycle, all, out);
    return true;
}

bool
season_shares(const double *value, size_t count, unsigned cycle, struct season_index *out)
{
    double sum[SEASON_MAX_CYCLE] = {0}, squares[SEASON_MAX_CYCLE] = {0}, all = 0, known = 0;
    unsigned n[SEASON_MAX_CYCLE] = {0};

    if (cycle < 2 || cycle > SEASON_MAX_CYCLE)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (isnan(value[i]))
            continue;
        sum[i % cycle] += value[i];
        squares[i % cycle] += value[i] * value[i];
        n[i % cycle]++;
        all += value[i];
        known++;
    }
    for (unsigned k = 0; k < cycle; k++)
        if (n[k] == 0)
            return false;
    if (!(all > 0))
        return false;
    index_of(sum, squares, n, cycle, all / known, out);
    return true;
}
