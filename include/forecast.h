/*
 * forecast.h - how many contacts will come in each interval of the coming week.
 *
 * Pure arithmetic on a calendar: a history is days times slots in order, NAN where nothing is
 * known (closed, not yet, feed down), 0 where it is known that nobody came. Day 0 of a history
 * is day 0 of the cycle (Monday of a week of 7 days, say); callers pad with NAN to get there.
 *
 * The method runs two models side by side, a weekly profile times a level that forgives
 * outliers and follows level shifts, and an exponentially weighted mean of each slot, and
 * trusts each by how well it did lately. It needs three whole cycles; below that the forecast
 * is the mean of what is there, and says so.
 */
#ifndef FORECAST_H
#define FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORECAST_MIN_CYCLES 3

struct forecast_shape {
    unsigned cycle; /* days in a cycle: 7 */
    unsigned slots; /* intervals in a day */
};

/* The state, readable by tests and by whoever explains a forecast. */
struct forecast {
    struct forecast_shape shape;
    unsigned days;   /* fed so far */
    unsigned cycles; /* whole cycles fed */
    /* weekly profile times level */
    double *profile; /* cycle * slots, calls at level 1 */
    double level;
    unsigned *day_count; /* cycle: evidence behind each day's profile */
    double run[8];       /* relative levels of the outlier days in a row */
    unsigned run_length;
    int run_direction;
    /* exponentially weighted mean */
    double *num, *den; /* cycle * slots */
    double error[2];   /* decayed absolute error of either model */
    /* what is needed to score a cycle when it is over */
    double *current;  /* the cycle being fed: cycle * slots */
    double *ahead[2]; /* what either model said at its start */
    double *history;  /* the first three cycles, until there are three */
    /* Forecasts made a cycle ahead, of the last FORECAST_KEPT cycles, and what came: one cycle
     * after the other, cycle c of those scored at place c % FORECAST_KEPT. */
    double *said, *came; /* FORECAST_KEPT * cycle * slots */
    unsigned scored;     /* cycles, ever */
};

#define FORECAST_KEPT 20

struct forecast *forecast_new(struct forecast_shape shape);
void forecast_free(struct forecast *f); /* accepts NULL */

/* Adds the next day's `slots` counts. */
void forecast_feed(struct forecast *f, const double *day);

/* The expected count of every slot of a cycle (cycle * slots values, by day of the cycle):
 * days of the cycle not yet fed belong to the current one, the rest to the next. */
void forecast_cycle(const struct forecast *f, double *out);

/* Dispersion: the variance of a count with mean m is m + phi m^2. Learnt from forecasts made
 * a cycle ahead, from leave-one-out means while there is none, and FORECAST_PHI_UNKNOWN
 * before two cycles are there. */
#define FORECAST_PHI_UNKNOWN 0.25
double forecast_phi(const struct forecast *f);

/* Name of the model in use: "none", "mean" (short history) or "profile". */
const char *forecast_model(const struct forecast *f);

/* The k at which a negative binomial with this mean and dispersion first reaches q (0..1). */
double forecast_quantile(double mean, double phi, double q);

/* Central interval: coverage 0.8 gives the quantiles at 0.1 and 0.9. */
void forecast_interval(double mean, double phi, double coverage, double *low, double *high);

/* --- how far off a forecast may be --- */

#define FORECAST_CONFORMAL_CYCLES 10 /* of history, for intervals that errors themselves drew */
#define FORECAST_CLASSES          3  /* of volume: a third of the intervals each */

struct forecast_spread {
    double phi;       /* forecast_phi: all errors */
    double phi_usual; /* the same without the largest fiftieth of them: outages, feasts */
    bool conformal;
    double least[FORECAST_CLASSES];                           /* mean from which a class counts */
    double low95[FORECAST_CLASSES], high95[FORECAST_CLASSES]; /* errors by their deviation */
};

void forecast_spread(const struct forecast *f, struct forecast_spread *out);

/* The interval that holds 80 % of what comes: negative binomial with phi_usual. */
void forecast_low_high(const struct forecast_spread *s, double mean, double *low, double *high);
/* 95 %: as wide as errors were, once there are enough of them; else negative binomial with phi. */
void forecast_extremes(const struct forecast_spread *s, double mean, double *low, double *high);

/* --- during the day --- */

/* What is left of a day, from what came of it until now: `ahead` are its slots as forecast, of
 * which those from `cut` on are changed; `today` what came of the first `cut`, NAN where unknown.
 * said and came: `days` days before, slots each, as forecast before they began and as they were.
 * How much a day that began so much above its forecast ends above it is learnt from them. */
struct forecast_update {
    double factor; /* by which the rest of the day is multiplied; 1: nothing to be learnt from */
    unsigned days; /* that it was learnt from */
};
struct forecast_update forecast_intraday(const double *said, const double *came, unsigned days,
                                         unsigned slots, unsigned cut, const double *today,
                                         double *ahead);

/* The days of the last cycles for that, newest last, at most `most`: said and came have room for
 * most * slots. Returns how many. */
unsigned forecast_recent(const struct forecast *f, unsigned most, double *said, double *came);

/* --- pooling --- */

/* Draws the forecast of a cycle towards the shape of a pool of like services, the more the fewer
 * counts stand behind it: `pool` holds cycle * slots means of any level; NULL: the service's own
 * mean by time of day, over all days. Nothing happens where nothing is known. */
void forecast_pool(const struct forecast *f, const double *pool, double *ahead);

#endif
