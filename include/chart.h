/*
 * chart.h - control charts: has a rate shifted for good, as soon as that can be said?
 *
 * Pure arithmetic. A CUSUM adds up what each count speaks for the shift and forgets what speaks
 * against it (Page 1954); it signals at a threshold, which is found from the mean number of
 * counts until a false alarm, the average run length, by the exact Markov chain (Brook and Evans
 * 1972). Counts are negative binomial: variance m + phi m^2; phi 0 is Poisson.
 */
#ifndef CHART_H
#define CHART_H

#include <stddef.h>

/* --- one mean --- */

#define CHART_LATTICE 4 /* sums are multiples of 1 / 4, so k and h have to be */

/* What a count has to be above to speak for the higher mean. Not rounded. */
double chart_reference(double from, double to, double phi);

/* S = max(0, S + y - k), signal when S >= h: mean number of counts until then from S = 0, when
 * they have this mean. INFINITY when it practically never does. */
double chart_arl(double mean, double phi, double k, double h);

/* The smallest h with at least this average run length. */
double chart_threshold(double mean, double phi, double k, double arl);

/* --- means that go up and down: a service's intervals --- */

/* Each count adds the log of its likelihood ratio, rounded to multiples of 1 / 16. */
struct chart_shift {
    double phi;   /* of the counts about their means */
    double ratio; /* of the shift to be found: 1.5, or 1 / 1.5 */
};

/* Threshold for counts with these means in any order; arl is in counts, too. Means of 0 and NAN
 * are passed over. INFINITY: no means at all. */
double chart_shift_threshold(const struct chart_shift *s, const double *mean, size_t count,
                             double arl);

struct chart_found {
    size_t at;             /* index of the count that reached the threshold; count: none did */
    size_t since;          /* where the sum left 0 for the last time before */
    double sum;            /* at the end, or where it reached the threshold */
    double seen, expected; /* from `since` to `at` */
};
void chart_shift_run(const struct chart_shift *s, const double *mean, const double *seen,
                     size_t count, double threshold, struct chart_found *out);

/* --- exponentially weighted mean --- */

#define CHART_EWMA_WEIGHT 0.2

struct chart_ewma {
    double mean, phi; /* of the counts, in control */
    double z;         /* starts as mean */
    unsigned steps;
};
/* Takes one more count; answers z and its limits of three standard errors. */
void chart_ewma_add(struct chart_ewma *e, double count, double *low, double *high);

#endif
