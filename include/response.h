/*
 * response.h - does answering soon pay? Groups that were answered sooner or later, and what became
 * of them.
 *
 * Pure arithmetic. What is seen here is seen, not proved: who is answered soon may differ from who
 * is not, so ask within sources of leads as well (response_within).
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

struct response_bucket {
    double n, converted;
    /* found: */
    double rate, low, high;              /* Wilson, 95 % */
    double ratio, ratio_low, ratio_high; /* of the rate to that of the last bucket: Katz, 95 %;
                                            NAN for the last, and where either has none */
};

struct response_trend {
    double trend, trend_p; /* Cochran-Armitage chi squared, scores are places; one degree */
    double homogeneity;    /* Pearson's chi squared over all buckets; count - 1 degrees */
};

/* Buckets by time to the answer, the soonest first; the last is what the others are held against.
 * All are NAN where nobody, or everybody, converted. */
void response_judge(struct response_bucket *b, size_t count, struct response_trend *out);

/* One source of leads: soon against late. */
struct response_source {
    double soon_n, soon_converted, late_n, late_converted;
};
/* The relative risk within sources (Mantel and Haenszel; interval of Greenland and Robins 1985). */
void response_within(const struct response_source *s, size_t count, double *ratio, double *low,
                     double *high);

/* --- time until it happens, for those too for whom it has not happened yet --- */

struct survival {
    double time;
    bool event;     /* false: not yet, at that time */
    unsigned group; /* 0 or 1 */
};

/* The Kaplan-Meier estimate of one group at its events' times; out has room for count. Sorts s.
 * Answers how many steps there are. */
struct survival_step {
    double time, at_risk, events, share; /* share: that is still without, after this time */
};
size_t survival_curve(struct survival *s, size_t count, unsigned group, struct survival_step *out);

struct survival_test {
    double observed[2], expected[2], variance, chi_squared, p; /* log-rank, one degree */
};
void survival_compare(struct survival *s, size_t count, struct survival_test *out); /* sorts s */

#endif
