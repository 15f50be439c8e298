/*
 * rhythm.h - how a feed usually comes: its busy and its quiet hours, and how late its records are.
 *
 * A quiet feed is not a dead one: nights, weekends and feeds that bring one file a day are silent
 * for long and well. What is usual is learned per hour of the week from the feed's own past, in
 * quarter hours. Pure: arrays in, numbers out; the hour of the week of every quarter is given, so
 * that time zones stay with the caller.
 *
 * A silence of n quarters is unusual
 *   when by the shares of empty quarters at those hours it had a chance of less than
 *     RHYTHM_CHANCE, and it is longer than every other silence that touched the same hours; or
 *   when it is a quarter longer than every one there ever was, and, where at least RHYTHM_SPELLS
 *     were half as long as the longest, longer than these are on average by six times their
 *     standard deviation: silences between files that come once a day are all alike, those of a
 *     feed of few records are not.
 * With little past little is unusual: the share of empty quarters of an hour seen n times, e of
 * them empty, is taken as (e + 1) / (n + 1).
 */
#ifndef RHYTHM_H
#define RHYTHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RHYTHM_HOURS   168
#define RHYTHM_QUARTER 900  /* seconds */
#define RHYTHM_LATE    1344 /* quarters: what comes later than two weeks teaches nothing */
#define RHYTHM_CHANCE  1e-5
#define RHYTHM_SPELLS  5

/* Records per quarter. The first quarter has some; what comes after the last that has some is not
 * part of it. */
struct rhythm_series {
    const uint32_t *count;
    const uint8_t *hour; /* of the week, 0..167 */
    size_t n;
};

struct rhythm {
    double usual[RHYTHM_HOURS];  /* records a quarter, empty ones and all but gaps included */
    double empty[RHYTHM_HOURS];  /* share of quarters without any; 1: nothing is known */
    uint32_t seen[RHYTHM_HOURS]; /* quarters */
    struct rhythm_longest {      /* silences that touched this hour, in quarters */
        uint32_t n, spell;       /* spell: a number of its own, from 1 */
    } longest[RHYTHM_HOURS][2];
    uint32_t spells, long_spells; /* silences; of at least half the longest, */
    uint32_t longest_ever;        /* which is this, in quarters */
    double long_mean, long_sd;    /* of the long ones */
};

/* Learns from the series, and marks the quarters of it that lie in unusual silences: what would
 * have come then was lost, or never sent. gap has n places. Gaps do not count as usual. */
void rhythm_learn(const struct rhythm_series *s, struct rhythm *out, bool *gap);

struct silence {
    bool unusual;
    double chance;    /* of one as long, were quarters independent */
    uint32_t longest; /* that was usual here so far, in quarters; 0: there was none */
    double missed;    /* records that usually come in such a time */
};
/* Judges a silence that is not part of what was learned; hour has n places. */
void rhythm_judge(const struct rhythm *r, const uint8_t *hour, size_t n, struct silence *out);

/* Share of a quarter's records that have come after so many quarters, from its beginning: cdf[k]
 * by the end of the k-th after it. `late` counts records by how many quarters after their own they
 * came; none: all come at once. Both have RHYTHM_LATE places. */
void rhythm_lateness(const uint64_t *late, double *cdf);
double rhythm_arrived(const double *cdf, double quarters);

#endif
