/*
 * pass_features.h - what a pass finds out about each feature: for its row and its signal.
 */
#ifndef PASS_FEATURES_H
#define PASS_FEATURES_H

#include "demand.h"
#include "feature_spread.h"
#include "pass.h"

#define FEATURE_WINDOW 90 /* days, with today */
/* Relative standard error of a distinct count: 1.04 / sqrt(2^14). */
#define FEATURE_ERROR (1.04 / 128)

/* What one day brought. */
struct feature_day {
    int64_t people, ok, failed;
};

struct feature {
    char *name;
    struct feature_day *daily; /* oldest first; only where a decision may be near */
    struct feature_spread spread;
    int64_t ok, failed;
    double people, customers, votes;
    double recent, before;               /* people of the last 28 whole days and the 28 before */
    double recent_new, before_new;       /* those of them who were new to it */
    double lost;                         /* in the window 28 days ago and no longer */
    double total;                        /* people of all the days that told new from known */
    double p, q, growth, score, days_to; /* NAN where it cannot be said */
    unsigned rank;
    struct demand_interval interval; /* of the rank; 0: not known */
};

/* Is the spread good enough to decide, or is the feature newer than it? */
bool feature_decided(const struct feature *f, bool was_decided);
/* What it would be if no customer had too much of it. */
bool feature_near(const struct feature *f);

/* "feature_demand" signals of all features. */
enum status pass_feature_signals(struct pass *p, const struct feature *features, size_t count,
                                 struct error *err);

#endif
