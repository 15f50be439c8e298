/*
 * backtest.h - how good would the forecast have been: rolling origins over a calendar of the past.
 *
 * Pure arithmetic. From every boundary of two cycles on, when `first` whole cycles are known, the
 * next two are forecast from what lies before and compared with what came. Beside the method of
 * forecast.h stand two that anybody could use instead: the same slot a cycle ago, and its mean over
 * the last four.
 *
 * WAPE: sum |y - f| / sum y, both over all origins. MASE (Hyndman and Koehler 2006): mean |y - f|
 * over both cycles, by the mean absolute difference between one cycle and the next in what was
 * known at the origin; the mean over all origins.
 */
#ifndef BACKTEST_H
#define BACKTEST_H

#include "forecast.h"

enum backtest_method { BACKTEST_FORECAST, BACKTEST_NAIVE, BACKTEST_MEAN4, BACKTEST_METHODS };

struct backtest_score { /* NAN where nothing came that could be scored */
    double wape_day1;   /* first day of the cycle ahead */
    double wape_week1, wape_week2;
    double mase;
};

struct backtest {
    unsigned origins;
    struct backtest_score method[BACKTEST_METHODS];
    /* The mean absolute deviation of Poisson counts about the forecast, by what came: not even the
     * true mean would do better. */
    double floor_day1, floor_week1, floor_week2;
    double coverage80, coverage95; /* share of the first cycle's counts inside the intervals */
    /* What the quantiles at 0.1, 0.5 and 0.9 lost in the first cycle, on average, by what came: 2 q
     * for each that came above, 2 (1 - q) for each below; at 0.5 that is the WAPE. */
    double pinball;
};

const char *backtest_method_name(enum backtest_method m); /* "forecast" */

/* From the `first` cycle on, at most the newest `most` origins; 0: all. */
struct backtest_range {
    unsigned first, most;
};

/* days * shape.slots counts in the order of the calendar, the first day being day 0 of the cycle;
 * NAN: closed or not known, which is neither learned nor scored. */
void backtest_run(const double *counts, unsigned days, struct forecast_shape shape,
                  struct backtest_range range, struct backtest *out);

#endif
