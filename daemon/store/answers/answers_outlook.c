/*
 * answers_outlook.c - stages of life, who came and went between them, groups by hours, models.
 */
#include "answers.h"

#define OF_OWNER(column)  column " IN (SELECT id FROM customer WHERE owner = ?9)"
#define OF_VIEWER(column) column " IN (SELECT id FROM customer WHERE owner = ?13)"

/* --- stages --- */

static const struct answer_column stage_columns[] = {
    {"stage", ANSWER_TEXT, NULL, "prospect, intent, first, repeat, ... lost, resurrected", "stage",
     true},
    {"customers", ANSWER_INT, "customers", "at it", "count(*)", true},
    {"new_7_days", ANSWER_INT, "customers", "at it since an event of the last 7 days",
     "sum(ifnull(stage_since, '') > (SELECT date(as_of, '-7 days') FROM analyst))", true},
    {"legs_30_days", ANSWER_INT, "legs", "of 30 days, all together", "ifnull(sum(legs_30d), 0)",
     true},
    {"expected_days_4w", ANSWER_REAL, "days",
     "with a leg, to be expected in the next 28, all together", "total(expected_days_4w)", true},
    {"overdue", ANSWER_INT, "customers", "of whom such a signal is open",
     "sum(EXISTS (SELECT 1 FROM signal WHERE kind = 'overdue' AND subject = customer"
     " AND state <> 'closed'))",
     true},
    {"stuck", ANSWER_INT, "customers", "of whom such a signal is open",
     "sum(EXISTS (SELECT 1 FROM signal WHERE kind = 'stuck' AND subject = customer"
     " AND state <> 'closed'))",
     true},
};

static const struct answer_filter stage_filters[] = {
    {ANSWER_OWNER, "owner = ?9", NULL},
};

const struct answer answer_stages = {
    .name = "stages",
    .title = "Stages of customers' lives and how many are at each",
    ANSWER_COLUMNS(stage_columns),
    ANSWER_FILTERS(stage_filters),
    .from = "customer_profile",
    .where = "stage IS NOT NULL",
    .group = "stage",
    .order = {{"customers", true}},
    .key = {"stage"},
    .own = "owner = ?13",
};

/* --- the account of growth --- */

static const struct answer_column growth_columns[] = {
    {"day", ANSWER_DAY, NULL, "UTC, on which it was found out", "substr(at, 1, 10)", true},
    {"new", ANSWER_INT, "customers", "used or bought for the first time",
     "sum(to_stage IN ('first', 'repeat') AND ifnull(from_stage, 'prospect') IN ('prospect',"
     " 'intent'))",
     true},
    {"resurrected", ANSWER_INT, "customers", "back after they were dormant or lost",
     "sum(to_stage = 'resurrected')", true},
    {"dormant", ANSWER_INT, "customers", "silent beyond their habit",
     "sum(to_stage = 'dormant' OR (to_stage = 'lost' AND ifnull(from_stage, '') <> 'dormant'))",
     true},
    {"net", ANSWER_INT, "customers", "new and resurrected less dormant",
     "sum(to_stage IN ('first', 'repeat') AND ifnull(from_stage, 'prospect') IN ('prospect',"
     " 'intent')) + sum(to_stage = 'resurrected') - sum(to_stage = 'dormant' OR"
     " (to_stage = 'lost' AND ifnull(from_stage, '') <> 'dormant'))",
     true},
    {"lost", ANSWER_INT, "customers", "silent for twice as long, or cancelled",
     "sum(to_stage = 'lost')", true},
};

static const struct answer_filter growth_filters[] = {
    {ANSWER_FROM, "at >= ?1", NULL},
    {ANSWER_TO, "at < ?2", NULL},
    {ANSWER_OWNER, OF_OWNER("customer"), NULL},
};

/* What a new store finds is no change. */
const struct answer answer_customer_growth = {
    .name = "customer_growth",
    .title = "Customers won, won back and gone silent, by UTC day",
    ANSWER_COLUMNS(growth_columns),
    ANSWER_FILTERS(growth_filters),
    .from = "stage_history",
    .where = "dimension = 'stage' AND at > (SELECT min(at) FROM stage_history WHERE dimension ="
             " 'stage')",
    .group = "1",
    .order = {{"day", false}},
    .key = {"day"},
    .own = OF_VIEWER("customer"),
    .utc_days = true,
};

/* --- groups by hours --- */

static const struct answer_column group_columns[] = {
    {"name", ANSWER_TEXT, NULL, "the group; it keeps it as long as it is the same", .must = true},
    {"base", ANSWER_TEXT, NULL, "office, evening, night, weekend or mixed", .must = true},
    {"customers", ANSWER_INT, "customers", "in it", .must = true},
    {"share", ANSWER_REAL, "share", "of those with 30 legs in 90 days", .must = true},
    {"office_share", ANSWER_REAL, "share", "of legs, 08 to 18 on Monday to Friday", .must = true},
    {"evening_share", ANSWER_REAL, "share", "of legs, 18 to 23", .must = true},
    {"night_share", ANSWER_REAL, "share", "of legs, 23 to 06", .must = true},
    {"weekend_share", ANSWER_REAL, "share", "of legs, on the days of weekend", .must = true},
    {"peak_hour", ANSWER_INT, "hour", "busiest of the local day, 0 to 23", .must = true},
    {"as_of", ANSWER_TIME, NULL, "when the row was made", .must = true},
};

const struct answer answer_usage_groups = {
    .name = "usage_groups",
    .title = "Groups of customers with the same hours of the week, the largest first",
    ANSWER_COLUMNS(group_columns),
    .from = "usage_group",
    .order = {{"customers", true}},
    .key = {"name"},
    .own = "1",
};

static const struct answer_column model_columns[] = {
    {"name", ANSWER_TEXT, NULL, "activity: what is expected of customers; usage: the groups",
     .must = true},
    {"as_of", ANSWER_TIME, NULL, "when it was fitted", .must = true},
    {"parameters", ANSWER_JSON, NULL, "what was found, and of how many", .must = true},
};

const struct answer answer_models = {
    .name = "models",
    .title = "Models that figures about customers come from",
    ANSWER_COLUMNS(model_columns),
    .from = "model",
    .order = {{"name", false}},
    .key = {"name"},
    .own = "1",
};
