/*
 * why.h - the reason for a change, from daily counts of what it is made of.
 *
 * Pure arithmetic. A whole and its parts along several dimensions are known day by day, for a
 * period and for the days it is held against. What changed by more than chance is attributed
 * (attribution.h); what is said of a part has been tested as a customer's change is (change.h).
 */
#ifndef WHY_H
#define WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribution.h"

/* The days that are compared, in any order; others are not there. */
struct why_days {
    size_t count;
    const bool *in;         /* the period; the others are before it */
    const double *usual;    /* weight of a day before it in what is usual for the period */
    const uint8_t *weekday; /* 0..6 */
};

/* Weights by weekday: each day of the period is held against the mean of the same weekdays. Where
 * one of its weekdays does not occur before, all days count alike, and the answer is false. */
bool why_weigh(const bool *in, const uint8_t *weekday, size_t count, double *usual);

struct why_part {
    const char *name;     /* borrowed */
    const int64_t *daily; /* borrowed */
    bool rest;            /* what is not known to be of any other part: never a cause */
    /* found: */
    double before, after; /* what was usual, what came */
    double power, surprise;
    double q;     /* false discovery rate of its own change, among its dimension's */
    bool changed; /* beyond chance, by five or more: its figures may be stated */
    bool shifted; /* and other than the whole did: it may be a cause */
};

struct why_dimension {
    const char *name;
    struct why_part *part;
    size_t count;
    /* found: parts are sorted, those that explain the change first */
    size_t named;
    double power, surprise;
    bool cause; /* the whole left its interval, and what is named moved otherwise than it */
};

/* Days of both names of two dimensions. */
struct why_pair {
    const char *dimension[2];
    const char *name[2];
    const int64_t *daily;
    /* found: */
    double before, after, power, surprise;
    bool preferred; /* to either name alone */
};

struct why {
    struct why_part whole;
    double low, high; /* 80 % interval of what was to be expected */
    double phi;       /* dispersion of its days about the shape of the week */
    bool inside;      /* of that interval: nothing is to be explained */
};

/* whole.name and .daily are set. Sorts dimensions, causes first, the most surprising before; sorts
 * pairs, the preferred first. */
void why_conclude(struct why *w, const struct why_days *days, struct why_dimension *d, size_t count,
                  struct why_pair *pairs, size_t pair_count);

#endif
