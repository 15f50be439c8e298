/*
 * change.h - has the rate of something changed, or is it chance?
 *
 * Pure arithmetic. A recent window of t1 days with x1 events stands against a baseline of t0
 * days with x0 events. Given the total of both, the split between them does not depend on
 * the unknown rate: binomial for events that come independently, beta-binomial for daily
 * counts that vary more than that (negative binomial). The second is the one to use for
 * customers; the first calls most noise a change.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct change_counts {
    double x1, t1; /* recent: events, days */
    double x0, t0; /* baseline */
};

struct change_test {
    double ratio;              /* of the two rates; NAN without any event, else may be INFINITY */
    double p_more, p_less;     /* exact one-sided p values: as many or more, as few or fewer */
    double mid_more, mid_less; /* mid-p: half of what was seen counted; use these */
};

/* Windows must be longer than 0 days; counts whole and not negative. Without events every p
 * value is 1: nothing can be said. */
struct change_test change_poisson(const struct change_counts *c);

/* kappa: size of the negative binomial a day (variance = m + m^2 / kappa); INFINITY or a
 * value not above 0 is the Poisson test. */
struct change_test change_negbin(const struct change_counts *c, double kappa);

/* Clopper-Pearson interval of the rate ratio under the Poisson test; confidence 0.95. */
void change_ratio_interval(const struct change_counts *c, double confidence, double *low,
                           double *high);

/* Twice the smaller tail, at most 1. */
double change_two_sided(const struct change_test *t);

/* What a customer's baseline days look like. */
struct change_baseline {
    double days, total, mean, variance; /* of the daily counts; variance over days - 1 */
};

struct change_baseline change_baseline(const int64_t *daily, size_t days);

/* Common dispersion phi = 1 / kappa of all customers with ten events or more in the
 * baseline; 0 when the counts vary no more than chance. */
double change_pooled_phi(const struct change_baseline *b, size_t count);

/* One customer's phi, drawn towards the pooled one as its own evidence is thin. */
double change_phi(const struct change_baseline *b, double pooled);

/* Worth telling a person: enough events, a baseline of 14 days, a rate at least half as
 * much again (or a third less), and at least 5 events away from what was to be expected. */
bool change_is_large(const struct change_counts *c);

/* Benjamini-Hochberg: q[i] is the smallest false discovery rate at which p[i] stands.
 * p in any order; q may not be p. */
void change_fdr(const double *p, double *q, size_t count);

#endif
