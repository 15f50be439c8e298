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

/* A customer's days, and how much of a usual day each of them was (1: one; weekdays and holidays
 * differ). */
struct change_days {
    const int64_t *count;
    const double *exposure; /* above 0; NULL: all are 1 */
    size_t days;
};

/* What the days of a baseline look like. */
struct change_baseline {
    double days, total, mean, variance; /* of the daily counts; variance over days - 1 */
};

struct change_baseline change_baseline(const struct change_days *daily);

/* Common dispersion phi = 1 / kappa of all customers with ten events or more in the
 * baseline; 0 when the counts vary no more than chance. */
double change_pooled_phi(const struct change_baseline *b, size_t count);

/* One customer's phi, drawn towards the pooled one as its own evidence is thin. */
double change_phi(const struct change_baseline *b, double pooled);

/* How dispersions are spread over all customers: the weights of a few values of phi, fitted to
 * the daily counts of as many as there are (at most CHANGE_PRIOR_SAMPLE, evenly chosen) by
 * maximum likelihood: given its total a customer's counts are Dirichlet-multinomial, whatever
 * its mean (Kiefer and Wolfowitz 1956; weights by EM). */
#define CHANGE_PRIOR_VALUES 18
#define CHANGE_PRIOR_SAMPLE 8000
struct change_prior {
    double phi[CHANGE_PRIOR_VALUES], weight[CHANGE_PRIOR_VALUES];
};
void change_prior_fit(struct change_prior *out, const struct change_days *customers, size_t count);

/* change_negbin, but with phi not known: each of the prior's values counts as much as the
 * customer's own days speak for it. One estimate of phi from four weeks is too low for some, and
 * just those would be called changed. */
struct change_test change_mixed(const struct change_counts *c, const struct change_days *days,
                                const struct change_prior *prior);

/* One of all customers. The first three are what is known of it, the rest is found out. */
struct change_case {
    struct change_counts counts;
    struct change_baseline baseline;
    struct change_days days;
    double phi;        /* its dispersion, drawn towards that of all */
    double p[2], q[2]; /* more, less: mid-p, and the false discovery rate at which it stands */
    bool stands[2];    /* q at most CHANGE_Q, and large enough to be told */
};
#define CHANGE_MIN_EVENTS 10    /* in both windows; with fewer there is no test, p and q are 1 */
#define CHANGE_FALSE      0.05  /* of those that stand, on average, at most */
#define CHANGE_Q          0.045 /* leaves room for dispersions being estimates */

/* Tests all customers together: more and less are families of their own. */
void change_judge(struct change_case *all, size_t count);

/* Worth telling a person: enough events, a baseline of 14 days, a rate at least half as
 * much again (or a third less), and at least 5 events away from what was to be expected. */
bool change_is_large(const struct change_counts *c);

/* Benjamini-Hochberg: q[i] is the smallest false discovery rate at which p[i] stands.
 * p in any order; q may not be p. */
void change_fdr(const double *p, double *q, size_t count);

#endif
