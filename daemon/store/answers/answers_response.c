/*
 * answers_response.c - does it pay to answer soon?
 */
#include "answers.h"

static const struct answer_column columns[] = {
    {"place", ANSWER_INT, NULL, "from the soonest on", .must = true},
    {"answered", ANSWER_TEXT, NULL, "how long after the inquiry", .must = true},
    {"leads", ANSWER_INT, "inquiries", "that were answered so, and a month ago", .must = true},
    {"ordered", ANSWER_INT, "inquiries", "of them, that an order came of in 30 days", .must = true},
    {"rate", ANSWER_REAL, NULL, "their share"},
    {"low", ANSWER_REAL, NULL, "the share is between this (Wilson, 95 %)"},
    {"high", ANSWER_REAL, NULL, "and this"},
    {"ratio", ANSWER_REAL, NULL, "of the share to that of answers after more than a day"},
    {"ratio_low", ANSWER_REAL, NULL, "the ratio is between this (Katz, 95 %)"},
    {"ratio_high", ANSWER_REAL, NULL, "and this"},
    {"within", ANSWER_REAL, NULL,
     "the ratio within sources (Mantel and Haenszel): who asks in"
     " different ways is not held against each other"},
    {"within_low", ANSWER_REAL, NULL, "it is between this"},
    {"within_high", ANSWER_REAL, NULL, "and this"},
    {"expected", ANSWER_REAL, NULL,
     "share in 30 days when those who may still order are counted"
     " for as long as they are known (Kaplan and Meier)"},
    {"late_p", ANSWER_REAL, NULL,
     "chance of such a difference to late answers where there is none"
     " (log-rank)"},
    {"trend_p", ANSWER_REAL, NULL,
     "chance of such a trend where there is none (Cochran and"
     " Armitage)"},
};

const struct answer answer_responses = {
    .name = "responses",
    .title =
        "Orders by how soon inquiries were answered: seen, not proved; who is answered soon may"
        " differ",
    ANSWER_COLUMNS(columns),
    .from = "response",
    .order = {{"place", false}},
    .key = {"place"},
    .own = "1",
    .as_of = "SELECT max(as_of) FROM response",
};
