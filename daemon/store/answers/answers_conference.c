/*
 * answers_conference.c - meetings that are over, and how large they were.
 *
 * These are the meetings that the pairing of joins and leaves saw end, or that an end was reported
 * of: of legs that come one by one, without a join, nobody says when the meeting is complete.
 */
#include "answers.h"
#include "conference_size.h"

#define OF_OWNER(column)  column " IN (SELECT id FROM customer WHERE owner = ?9)"
#define OF_VIEWER(column) column " IN (SELECT id FROM customer WHERE owner = ?13)"

static const struct answer_column conference_columns[] = {
    {"source", ANSWER_TEXT, NULL, "where it was held", .must = true},
    {"conference", ANSWER_TEXT, NULL, "its id there", .must = true},
    {"customer", ANSWER_TEXT, NULL, "whose it was", .must = true},
    {"name", ANSWER_TEXT, NULL, "as it was called"},
    {"start", ANSWER_TIME, NULL, "when it began", .must = true},
    {"until", ANSWER_TIME, NULL, "when it was over", .must = true},
    {"legs", ANSWER_INT, "legs", "of all who took part", .must = true},
    {"people", ANSWER_INT, "people", "who took part", .must = true},
    {"estimated", ANSWER_INT, "legs", "whose length is estimated: a join or a leave is missing",
     .must = true},
    {"size", ANSWER_TEXT, "people", "class of its size: 1-2, 3-5, 6-10, 11-25, 26+",
     CONFERENCE_SIZE_SQL, true},
    {"first_seen", ANSWER_TIME, NULL, "tells meetings in a room apart that is used again",
     .must = true},
};

static const struct answer_filter filters[] = {
    {ANSWER_FROM, "start >= ?1", NULL},
    {ANSWER_TO, "start < ?2", NULL},
    {ANSWER_CUSTOMER, "customer = ?5", NULL},
    {ANSWER_OWNER, OF_OWNER("customer"), NULL},
};

const struct answer answer_conferences = {
    .name = "conferences",
    .title =
        "Meetings that are over, the newest first, where joins and leaves or ends are reported",
    ANSWER_COLUMNS(conference_columns),
    ANSWER_FILTERS(filters),
    .from = "conference",
    .order = {{"start", true}},
    .key = {"source", "conference", "first_seen"},
    .own = OF_VIEWER("customer"),
};

static const struct answer_column size_columns[] = {
    {"size", ANSWER_TEXT, "people", "1-2, 3-5, 6-10, 11-25, 26+", CONFERENCE_SIZE_SQL, true},
    {"smallest", ANSWER_INT, "people", "in the smallest of them", "min(people)", true},
    {"conferences", ANSWER_INT, "conferences", "of that size", "count(*)", true},
    {"customers", ANSWER_INT, "customers", "who held them", "count(DISTINCT customer)", true},
    {"legs", ANSWER_INT, "legs", "in all of them", "sum(legs)", true},
    {"minutes", ANSWER_REAL, "min", "from beginning to end, on average",
     "round(avg(julianday(until) - julianday(start)) * 1440, 1)", true},
};

const struct answer answer_conference_sizes = {
    .name = "conference_sizes",
    .title = "How large meetings were, where joins and leaves or ends are reported",
    ANSWER_COLUMNS(size_columns),
    ANSWER_FILTERS(filters),
    .from = "conference",
    .group = "1",
    .order = {{"smallest", false}},
    .key = {"size"},
    .own = OF_VIEWER("customer"),
};
