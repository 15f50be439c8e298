/*
 * season.h - which part of the cycle is the season? Indices that multiply a level of 1.
 *
 * Pure arithmetic: each value against the centred moving average of one cycle about it, then the
 * mean of these ratios by place in the cycle. It needs two whole cycles.
 */
#ifndef SEASON_H
#define SEASON_H

#include <stdbool.h>
#include <stddef.h>

#define SEASON_MAX_CYCLE 366
#define SEASON_HIGH      1.05 /* an index that is surely above is the season, */
#define SEASON_LOW       0.95 /* one that is surely below is out of season */

struct season_index {
    double index;     /* 1 on average over the cycle */
    double low, high; /* 95 %, over the cycles; infinite with one value */
    unsigned values;  /* ratios behind it */
};

/* Values in order from place 0 of a cycle on; NAN: not known. Answers false, and nothing is
 * written, where a place has no ratio: with less than two cycles, mostly. */
bool season_indices(const double *value, size_t count, unsigned cycle, struct season_index *out);
/* The same without the moving average: each place's mean by that of all values. For weekdays and
 * hours: a level that changes slowly makes no difference there. False: a place has no value, or
 * nothing came. */
bool season_shares(const double *value, size_t count, unsigned cycle, struct season_index *out);

#endif
