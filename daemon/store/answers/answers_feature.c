/*
 * answers_feature.c - which features people want.
 */
#include "answers.h"

static const struct answer_column feature_columns[] = {
    {"feature", ANSWER_TEXT, NULL, "the feature", .must = true},
    {"as_of", ANSWER_TIME, NULL, "when the row was made", .must = true},
    {"window_days", ANSWER_INT, "days", "looked at, with today", .must = true},
    {"people", ANSWER_INT, "people", "who used or wanted it (distinct, within 2 %)", .must = true},
    {"customers", ANSWER_INT, "customers", "who did (within 2 %)", .must = true},
    {"uses", ANSWER_INT, "uses", "that went well", .must = true},
    {"failed", ANSWER_INT, "uses", "that failed, were rejected or abandoned", .must = true},
    {"growth", ANSWER_REAL, "factor", "0.5 to 2, only where it is more than chance"},
    {"people_28d", ANSWER_INT, "people", "of the last 28 whole days"},
    {"people_before_28d", ANSWER_INT, "people", "of the 28 days before"},
    {"growth_q", ANSWER_REAL, "share", "false discovery rate at which the growth stands"},
    {"reach_low", ANSWER_REAL, "share", "of all active people, lower end of the 95 % interval"},
    {"reach_high", ANSWER_REAL, "share", "of all active people, upper end"},
    {"score", ANSWER_REAL, NULL, "by which they are ranked", .must = true},
    {"rank", ANSWER_INT, NULL, "1 is first", .must = true},
    {"largest_share", ANSWER_REAL, "share", "of the people in the largest customer"},
    {"new_28d", ANSWER_INT, "people", "new in the last 28 days"},
    {"new_before_28d", ANSWER_INT, "people", "new in the 28 days before"},
    {"lost_28d", ANSWER_INT, "people", "lost in the last 28 days"},
    {"votes", ANSWER_REAL, "votes", "one a person, halved every 30 days since their last use"},
    {"customers_wanting", ANSWER_INT, "customers", "who wanted it in vain"},
    {"customers_denied", ANSWER_INT, "customers", "of these, who never had it once"},
    {"rank_low", ANSWER_INT, NULL, "best rank in 90 % of draws of the customers"},
    {"rank_high", ANSWER_INT, NULL, "worst rank in 90 % of draws of the customers"},
    {"crosses_on", ANSWER_DAY, NULL, "when 10,000 people are reached, if it goes on so"},
};

static const struct answer_filter feature_filters[] = {
    {ANSWER_FEATURE, "feature = ?6", NULL},
    {ANSWER_SEARCH, "instr(lower(feature), lower(?12))", NULL},
};

const struct answer answer_features = {
    .name = "features",
    .title = "Features by demand",
    ANSWER_COLUMNS(feature_columns),
    ANSWER_FILTERS(feature_filters),
    .from = "feature_demand",
    .order = {{"rank", false}},
    .key = {"feature"},
    .own = "1",
    .as_of = "SELECT max(as_of) FROM feature_demand",
    .utc_days = true,
};
