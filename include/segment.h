/*
 * segment.h - customers by recency, frequency and value (RFM).
 *
 * Scores 1..5 are mid-rank fifths of all customers given: equal values get equal scores, and
 * they are relative to that population.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rfm_segment {
    RFM_CHAMPION,
    RFM_LOYAL,
    RFM_PROMISING,
    RFM_RECENT_LOW,
    RFM_STEADY_LOW,
    RFM_AT_RISK,
    RFM_CANT_LOSE,
    RFM_COOLING,
    RFM_DORMANT,
    RFM_SEGMENTS
};

struct rfm_input {
    double recency_days; /* since the last use */
    double frequency;    /* distinct active days */
    double value;        /* money, or seconds where there is no money */
};

struct rfm_score {
    uint8_t r, f, m; /* 1..5, 5 is best: most recent, most frequent, most valuable */
    enum rfm_segment segment;
    bool worth_a_call; /* at risk or not to be lost, in absolute terms too: five active days
                          and at least the median value */
};

/* out[i] is the score of in[i]. */
void rfm_scores(const struct rfm_input *in, size_t count, struct rfm_score *out);

/* "champion"; never NULL for a value of the enum. */
const char *rfm_segment_name(enum rfm_segment s);
/* The fifths that make it, in words; NULL: no such name. */
const char *rfm_segment_rule(const char *name);

/* Grows when the rules change. */
#define RFM_RULES 1

#endif
