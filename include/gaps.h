/*
 * gaps.h - where a roster does not fit the need, said so that a person can act on it.
 *
 * Pure arithmetic. A gap is people on the roster less people needed there: negative is too few.
 */
#ifndef GAPS_H
#define GAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gap_interval { /* in order of time */
    int64_t start, end;
    double gap; /* NAN: no roster */
};

struct gap_window {
    int64_t start, end;
    double people; /* too few: the most who are missing; too many: the fewest to spare */
    double hours;  /* of people missing or to spare, interval by interval */
};

enum gap_side { GAP_SHORT, GAP_OVER };

/* "09:30-12:00, 3 short": intervals in a row that say about the same become one window, which
 * costs at most a quarter of its hours, or half an hour, in people that it says too many or too
 * few. In order of time; `out` has room for n. */
size_t gap_windows(const struct gap_interval *at, size_t n, enum gap_side side,
                   struct gap_window *out);

struct gap_move {
    size_t from, to; /* places in gap */
    double people;
};

/* Who is to spare and where they are missing, at one time. may[from * n + to]: people of one may
 * go to the other. Whole people; whoever can go to fewest goes first. `out` has room for 2 n. */
size_t gap_moves(const double *gap, const bool *may, size_t n, struct gap_move *out);

#endif
