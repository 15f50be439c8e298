/*
 * staffing_windows.h - a week of intervals as a shift plan that a person can read.
 */
#ifndef STAFFING_WINDOWS_H
#define STAFFING_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

struct staffing_interval {
    int64_t start;                                  /* UTC */
    int minutes, agents, scheduled, safe;           /* safe: scheduled for a forecast that errs */
    double contacts, low, high, handling, rostered; /* rostered: NAN without a roster */
};

struct staffing_window {
    int64_t start, end;
    int agents, scheduled, safe; /* of its busiest interval */
    double contacts, handling;
    double need;     /* hours of scheduled people, interval by interval */
    double rostered; /* the fewest; NAN: no roster */
    double missing;  /* hours that the roster lacks; NAN: no roster */
};

/* Joins intervals in a row at the least cost in idle hours, until there are at most `limit`
 * windows, and on while that costs next to nothing. Nobody wants a plan that changes by one
 * every half hour. Gaps between intervals stay gaps. `out` has room for `count`. */
size_t staffing_windows(const struct staffing_interval *at, size_t count, size_t limit,
                        struct staffing_window *out);

#endif
