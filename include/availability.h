/*
 * availability.h - how many of those who are planned are really there?
 *
 * People on the roster are on the telephone for less than they are planned for, and formulas know
 * nothing of pauses between calls. One factor for a pool makes good for that: the one with which
 * the planned heads would have let callers wait, on average, as long as they did wait (Erlang A).
 * On a real bank's calls it is 0.90.
 */
#ifndef AVAILABILITY_H
#define AVAILABILITY_H

#include <stddef.h>

/* Beyond these the heads are not those who answered. */
#define AVAILABILITY_LEAST 0.3
#define AVAILABILITY_MOST  1.5

struct availability_interval {
    double calls, aht_s;
    double heads;    /* planned to be at their desks; need not be whole */
    double waited_s; /* by all callers together */
};

struct availability {
    double factor;                          /* NAN: none within the bounds explains the waits */
    double calls, waited_s, planned_wait_s; /* means by call: as it was, and by factor 1 */
};

/* Intervals without calls or heads say nothing. */
struct availability availability_fit(const struct availability_interval *in, size_t n,
                                     double interval_s, double patience_s);

#endif
