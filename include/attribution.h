/*
 * attribution.h - why did it change: which parts, whose, and by which factors?
 *
 * Pure arithmetic on amounts before and after. "Before" is what was expected of the later period:
 * a forecast, or an earlier period scaled to its length. Every decomposition is exact: its parts
 * add up to the change.
 */
#ifndef ATTRIBUTION_H
#define ATTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

/* --- where: Adtributor (Bhagwan et al., NSDI 2014) --- */

struct attribution_element {
    const char *name; /* borrowed */
    double before, after;
    double power;    /* share of the whole change; negative for what moved against it */
    double surprise; /* by how much its share of the whole shifted: Jensen-Shannon, base 2 */
    size_t number;   /* the caller's */
};

/* Fills in power and surprise against totals, which need not be the elements' sums: elements may
 * overlap. Totals of 0 and no change at all give power 0. */
void attribution_score(struct attribution_element *e, size_t count, double before, double after);

/* The same for a ratio of two amounts, such as minutes a leg: powers add up to 1 (unless all are
 * 0), surprise is that of both amounts together. */
struct attribution_ratio {
    double before[2], after[2]; /* above the line, below it */
};
void attribution_score_ratio(struct attribution_element *e, const struct attribution_ratio *parts,
                             size_t count);

#define ATTRIBUTION_POWER 0.1  /* an element explains at least so much */
#define ATTRIBUTION_WHOLE 0.67 /* and those of a dimension together */
#define ATTRIBUTION_PAIR  0.9  /* of its parents' power, in a pair that is preferred to both */

struct attribution_dimension {
    const char *name;
    struct attribution_element *element; /* scored */
    size_t count;
    /* found: */
    size_t named;           /* the first so many elements explain it; 0: they do not */
    double power, surprise; /* of these */
};

/* Sorts each dimension's elements, the most surprising first (then by name), names as few as
 * explain the change, and sorts the dimensions, those that explain it first, the most surprising
 * before. */
void attribution_explain(struct attribution_dimension *d, size_t count);

/* Does a cell of two dimensions say as much as either element, and so more? */
bool attribution_pair_says_it(double pair, double first, double second);

/* --- who: the population --- */

struct attribution_population {
    double fresh, resurrected, lost, expansion, contraction; /* none is negative */
    size_t fresh_count, resurrected_count, lost_count, expansion_count, contraction_count;
};
/* One more member of the population; earlier: it had been there before the period before. The
 * change is fresh + resurrected - lost + expansion - contraction. */
void attribution_population_add(struct attribution_population *p, double before, double after,
                                bool earlier);

/* --- how: factors and rates --- */

#define ATTRIBUTION_FACTORS 4

/* An amount is the product of its factors: additive effects of each by LMDI-I (Ang 2005). Where
 * one of them is 0 in either period all of the change is `whole`, entered or left, and the
 * effects are 0. */
struct attribution_chain {
    double before[ATTRIBUTION_FACTORS], after[ATTRIBUTION_FACTORS];
    size_t count;
    double effect[ATTRIBUTION_FACTORS], whole; /* found */
};
void attribution_factors(struct attribution_chain *c);

/* R = amount / weight over all segments: how much of its change comes from segments' shares of the
 * weight (mix), and how much from their own rates. */
struct attribution_segment {
    double weight0, amount0, weight1, amount1;
    double mix, rate; /* found */
};
struct attribution_mix {
    double before, after; /* R; NAN without any weight, and then nothing is found */
    double mix, rate;     /* sums: together the change */
    bool only_mix;        /* every segment of weight moved one way, the whole the other */
};
void attribution_mix(struct attribution_segment *s, size_t count, struct attribution_mix *out);

#endif
