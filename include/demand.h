/*
 * demand.h - how badly is a feature wanted, and how sure is that?
 *
 * Pure arithmetic over counts. One person is one vote that fades with age; a customer's
 * votes count by their square root, so that one large customer does not outvote sixty
 * small ones.
 */
#ifndef DEMAND_H
#define DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wilson's 95 % interval of x out of n. n = 0: 0..1. */
void demand_wilson(double x, double n, double *low, double *high);

/* Weight of one signal of an age in days: halves every 30 days. strength is 1 for use, a
 * failed attempt or a request, 0.3 for mere interest. */
double demand_vote(double age_days, double strength);

/* Weight of a customer by its value against the median customer's: 0.25 .. 4; 1 when values
 * are not known (median 0). */
double demand_customer_weight(double value, double median);

/* One customer's part of a feature's value: its weight times the root of its votes. */
double demand_value(double weight, double votes);

/* New people in the last window against the window of the same length before: two-sided
 * mid-p of the conditional Poisson test. Put all features' values through change_fdr. */
double demand_growth_p(double recent, double before);

/* Factor on the score: 0.5 .. 2 if the growth holds at q <= 0.05, else 1. */
double demand_growth_factor(double recent, double before, double q);

#define DEMAND_LINE       10000.0 /* so many people make a need a decision */
#define DEMAND_CLEAR_LINE 8000.0  /* below this an open decision is closed again */

struct demand_reach {
    double people;        /* distinct, exact or estimated */
    bool estimated;       /* from a HyperLogLog of 2^14 registers */
    double customers;     /* distinct */
    double largest_share; /* of the people, in one customer: 0..1 */
};

/* The "build it" line with hysteresis: from 10,000 people (for estimates, only when two
 * standard errors below still reach it), at least 25 customers, none with more than half. */
bool demand_decided(const struct demand_reach *r, bool was_decided);

struct demand_rank {
    double score, people;
    const char *name;
    unsigned rank; /* set by demand_rank: 1 is first */
};

/* Sorts by score, then people, then name, and numbers. */
void demand_rank(struct demand_rank *features, size_t count);

/* How sure is a rank? The customers are drawn again DEMAND_DRAWS times, each as often as chance
 * has it (Poisson bootstrap), and the features ranked anew. What is drawn depends on the
 * customer's key alone, so the same customers give the same answer. */
#define DEMAND_DRAWS 200

/* How often a draw (0 .. DEMAND_DRAWS - 1) takes a customer: Poisson of mean 1. */
unsigned demand_drawn(unsigned draw, uint64_t customer);

/* Adds one customer's part of a feature to that feature's sums over the draws. */
void demand_draw(const uint8_t drawn[DEMAND_DRAWS], double part, double sums[DEMAND_DRAWS]);

/* Ranks that 90 % of the draws agree on: scores[f * DEMAND_DRAWS + draw]; features in the order of
 * their rank, which also breaks ties. */
struct demand_interval {
    unsigned low, high;
};
void demand_rank_intervals(const double *scores, size_t features, struct demand_interval *out);

/* Days until `line` people are reached if the last 28 days go on: so many were new, so many were
 * lost. NAN: it is reached already, or never. */
double demand_days_to(double line, double people, double recent, double lost);

#endif
