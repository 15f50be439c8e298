/*
 * backtest_file.h - how good forecasts of a calendar of the past would have been.
 *
 *   date,s00,s01,...        a row a day, a column an interval of the day; an empty cell is a time
 *   2026-03-02,12,31,...    that was closed, or of which nothing is known
 *
 * Weekdays that never occur are no days of the week: a calendar of working days has weeks of five.
 */
#ifndef BACKTEST_FILE_H
#define BACKTEST_FILE_H

#include "backtest.h"
#include "json_write.h"
#include "status.h"

#define BACKTEST_FIRST_WEEKS 10 /* known before the first forecast, where nobody says otherwise */

struct backtest_wish {
    long first_weeks; /* known before the first forecast */
    long cycle_days;  /* of a week; 0: the weekdays that occur */
};
/* What is wrong with it, or NULL. */
const char *backtest_wrong(const struct backtest_wish *w);

struct backtest_found {
    struct backtest scores;
    unsigned weeks, days_a_week, intervals_a_day;
};

/* ST_BAD_INPUT: err says which line is none of a calendar, or that it has too few weeks. */
enum status backtest_file(struct span csv, const struct backtest_wish *wish,
                          struct backtest_found *out, struct error *err);
void backtest_write(struct json_writer *w, const struct backtest_found *f); /* an object */

#endif
