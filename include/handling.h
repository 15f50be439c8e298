/*
 * handling.h - how long contacts will take, by weekday and interval, and how good that is.
 *
 * Pure arithmetic on days of counts and seconds. The mean of an interval is drawn towards that of
 * all where few contacts were handled; newer weeks weigh more. Errors are counted by contact: an
 * interval of twenty contacts that each take ten seconds longer weighs as much as one of ten with
 * twenty.
 */
#ifndef HANDLING_H
#define HANDLING_H

#include <stdbool.h>
#include <stdint.h>

#include "backtest.h"

struct handling_past {      /* borrowed */
    const int32_t *handled; /* contacts: days * slots */
    const int64_t *seconds; /* that they took together */
    unsigned days, slots;
    unsigned weekday; /* of day 0: 0 is Monday */
};

/* The mean of each interval of a week, from Monday on (7 * slots), in seconds. False: too few
 * contacts for that, all are the mean; *mean is NAN when none was ever handled. */
bool handling_forecast(const struct handling_past *p, double *out, double *mean);

enum { HANDLING_DAY1, HANDLING_WEEK1, HANDLING_WEEK2, HANDLING_HORIZONS };

struct handling_score {              /* NAN where nothing can be said */
    unsigned origins;                /* Mondays */
    double wape[HANDLING_HORIZONS];  /* sum n |seen - said| / sum n seen, seen being means of n */
    double naive[HANDLING_HORIZONS]; /* saying the mean of the same interval a week before, or that
                                        of the whole week where it had none */
    double floor[HANDLING_HORIZONS]; /* even who knew the true means would be off by so much, were
                                        contacts gamma distributed with the deviation seen about
                                        the means of their intervals */
};

/* range counts weeks from the one of the first contact on. */
void handling_backtest(const struct handling_past *p, struct backtest_range range,
                       struct handling_score *out);

#endif
