/*
 * answers_customer.c - customers, what is known about them, and their days.
 */
#include "answers.h"

#define IN_SEGMENT                                                                                 \
    "customer IN (SELECT customer FROM segment_member WHERE segment = ?4 UNION ALL"                \
    " SELECT customer FROM customer_outlook WHERE 'stage:' || stage = ?4 OR 'usage:' || "          \
    "usage_group = ?4)"
#define OF_OWNER  "customer IN (SELECT id FROM customer WHERE owner = ?9)"
#define OF_VIEWER "customer IN (SELECT id FROM customer WHERE owner = ?13)"

/* --- customers --- */

static const struct answer_column customer_columns[] = {
    {"customer", ANSWER_TEXT, NULL, "id, the key everywhere else", .must = true},
    {"name", ANSWER_TEXT, NULL, "as imported"},
    {"owner", ANSWER_TEXT, NULL, "who looks after the customer"},
    {"timezone", ANSWER_TEXT, NULL, "as imported"},
    {"first_seen", ANSWER_TIME, NULL, "quarter hour of the first leg"},
    {"last_seen", ANSWER_TIME, NULL, "quarter hour of the last leg"},
    {"as_of", ANSWER_TIME, NULL, "when the row was made"},
    {"first_day", ANSWER_DAY, NULL, "first day with a leg"},
    {"last_day", ANSWER_DAY, NULL, "last day with a leg"},
    {"days_since_last", ANSWER_INT, "days", "since the last leg; 0 is today"},
    {"active_days_30d", ANSWER_INT, "days", "with a leg, of the last 30"},
    {"active_days_90d", ANSWER_INT, "days", "with a leg, of the last 90"},
    {"legs_1d", ANSWER_INT, "legs", "today"},
    {"legs_7d", ANSWER_INT, "legs", "of the last 7 days, with today"},
    {"legs_28d", ANSWER_INT, "legs", "of 28 days"},
    {"legs_30d", ANSWER_INT, "legs", "of 30 days"},
    {"legs_90d", ANSWER_INT, "legs", "of 90 days"},
    {"seconds_1d", ANSWER_INT, "s", "in conferences today, all people together"},
    {"seconds_7d", ANSWER_INT, "s", "of 7 days"},
    {"seconds_28d", ANSWER_INT, "s", "of 28 days"},
    {"seconds_30d", ANSWER_INT, "s", "of 30 days"},
    {"seconds_90d", ANSWER_INT, "s", "of 90 days"},
    {"failed_1d", ANSWER_INT, "legs", "that failed today"},
    {"failed_7d", ANSWER_INT, "legs", "that failed in 7 days"},
    {"failed_28d", ANSWER_INT, "legs", "that failed in 28 days"},
    {"failed_30d", ANSWER_INT, "legs", "that failed in 30 days"},
    {"failed_90d", ANSWER_INT, "legs", "that failed in 90 days"},
    {"participants_30d", ANSWER_INT, "people", "distinct (within 2 %)"},
    {"conferences_30d", ANSWER_INT, "conferences", "distinct (within 2 %)"},
    {"features_30d", ANSWER_INT, "features", "distinct, used in 30 days"},
    {"features_90d", ANSWER_INT, "features", "distinct, used in 90 days"},
    {"dominant_feature", ANSWER_TEXT, NULL, "the most used in 90 days"},
    {"dominant_feature_share", ANSWER_REAL, "share", "of all uses of features"},
    {"dominant_quarter", ANSWER_INT, "quarter hour", "busiest of the local day, 0 to 95"},
    {"dominant_quarter_share", ANSWER_REAL, "share", "of legs of 90 days"},
    {"office_share", ANSWER_REAL, "share", "of legs, 08 to 18 on Monday to Friday"},
    {"evening_share", ANSWER_REAL, "share", "of legs, 18 to 23"},
    {"night_share", ANSWER_REAL, "share", "of legs, 23 to 06"},
    {"weekend_share", ANSWER_REAL, "share", "of legs, on the days of weekend"},
    {"persona", ANSWER_TEXT, NULL, "office, evening, night, weekend or mixed"},
    {"trend", ANSWER_REAL, "factor", "legs a day of the last 7 whole days over those of 28 before"},
    {"rfm_r", ANSWER_INT, "fifth", "1 to 5, of recency"},
    {"rfm_f", ANSWER_INT, "fifth", "1 to 5, of active days in 90"},
    {"rfm_m", ANSWER_INT, "fifth", "1 to 5, of seconds in 90 days"},
    {"rfm_segment", ANSWER_TEXT, NULL, "champion, loyal, ... dormant"},
    {"active_days_52w", ANSWER_INT, "days", "with a leg, of the last 364"},
    {"expected_days_4w", ANSWER_REAL, "days", "with a leg, to be expected in the next 28"},
    {"expected_days_13w", ANSWER_REAL, "days", "the same in the next 91"},
    {"silence_p", ANSWER_REAL, "share", "chance of a silence as long as the present one"},
    {"due_by", ANSWER_DAY, NULL, "without use until then it is dormant"},
    {"stage", ANSWER_TEXT, NULL, "prospect, intent, first, repeat, ... lost, resurrected"},
    {"stage_since", ANSWER_DAY, NULL, "of the event that led there"},
    {"stage_back", ANSWER_TEXT, NULL, "what would move it back, or on, as of now"},
    {"usage_group", ANSWER_TEXT, NULL, "customers with the same hours of the week"},
    {"last_contact", ANSWER_TIME, NULL, "of the last inquiry, response, visit or booking"},
    {"last_contact_kind", ANSWER_TEXT, NULL, "which of these it was"},
    {"last_contact_by", ANSWER_TEXT, NULL, "agent of it"},
    {"days_since_contact", ANSWER_INT, "days", "since then, UTC"},
    {"asked_since", ANSWER_TIME, NULL, "of the first inquiry that nobody has answered"},
    {"days_unanswered", ANSWER_INT, "days", "since then, UTC"},
};

#define IS_FOUND                                                                                   \
    "instr(lower(customer), lower(?12)) OR instr(lower(name), lower(?12)) OR EXISTS (SELECT 1"     \
    " FROM customer_alias k WHERE k.customer = customer_profile.customer AND"                      \
    " instr(lower(k.value), lower(?12)))"

static const struct answer_filter customer_filters[] = {
    {ANSWER_SEGMENT, IN_SEGMENT, NULL},
    {ANSWER_CUSTOMER, "customer = ?5", NULL},
    {ANSWER_OWNER, "owner = ?9", NULL},
    {ANSWER_SEARCH, IS_FOUND, NULL},
};

const struct answer answer_customers = {
    .name = "customers",
    .title = "Customers and what is known about them, the busiest of 30 days first",
    ANSWER_COLUMNS(customer_columns),
    ANSWER_FILTERS(customer_filters),
    .from = "customer_profile",
    .order = {{"legs_30d", true}},
    .key = {"customer"},
    .own = "owner = ?13",
};

/* --- whom nobody has spoken to --- */

static const struct answer_column stale_columns[] = {
    {"customer", ANSWER_TEXT, NULL, "id", .must = true},
    {"name", ANSWER_TEXT, NULL, "as in the customer list"},
    {"owner", ANSWER_TEXT, NULL, "who looks after it"},
    {"days_unanswered", ANSWER_INT, "days", "it has waited for an answer, of 90 at most"},
    {"days_since_contact", ANSWER_INT, "days", "since the last contact; none: not known"},
    {"last_contact_kind", ANSWER_TEXT, NULL, "inquiry, response, visit or booking"},
    {"last_contact_by", ANSWER_TEXT, NULL, "agent of it"},
    {"stage", ANSWER_TEXT, NULL, "of its life"},
    {"legs_30d", ANSWER_INT, "legs", "of 30 days"},
    {"expected_days_4w", ANSWER_REAL, "days", "with a leg, to be expected in the next 28"},
    {"last_contact", ANSWER_TIME, NULL, "of the last inquiry, response, visit or booking"},
    {"asked_since", ANSWER_TIME, NULL, "of the first inquiry that nobody has answered"},
};

#define WAITING "days_unanswered >= 1 OR (ifnull(stage, '') <> 'lost' AND "

static const struct answer_filter stale_filters[] = {
    {ANSWER_TO, WAITING "ifnull(last_contact, '') < ?2)",
     WAITING "ifnull(days_since_contact, 60) >= 60)"},
    {ANSWER_SEGMENT, IN_SEGMENT, NULL},
    {ANSWER_CUSTOMER, "customer = ?5", NULL},
    {ANSWER_OWNER, "owner = ?9", NULL},
    {ANSWER_SEARCH, IS_FOUND, NULL},
};

/* Where no contacts are recorded at all nobody can be missed. */
const struct answer answer_stale = {
    .name = "stale",
    .title = "Customers that wait for an answer, or that nobody has spoken to for 60 days (or since"
             " the moment `to`): the longest wait first, then the busiest of 30 days",
    ANSWER_COLUMNS(stale_columns),
    ANSWER_FILTERS(stale_filters),
    .from = "customer_profile",
    .where = "(owner IS NOT NULL OR last_contact IS NOT NULL)"
             " AND EXISTS (SELECT 1 FROM activity)",
    .order = {{"days_unanswered", true}, {"legs_30d", true}},
    .key = {"customer"},
    .own = "owner = ?13",
};

/* --- their usage in a period --- */

static const struct answer_column usage_columns[] = {
    {"customer", ANSWER_TEXT, NULL, "id", .must = true},
    {"days", ANSWER_INT, "days", "with a leg", "sum(legs > 0)", true},
    {"legs", ANSWER_INT, "legs", "that went well", "sum(legs)", true},
    {"seconds", ANSWER_INT, "s", "of those legs", "sum(seconds)", true},
    {"failed", ANSWER_INT, "legs", "that failed, were rejected or abandoned", "sum(failed)", true},
};

#define DAY_PERIOD                                                                                 \
    {ANSWER_FROM, "day >= substr(?1, 1, 10)", NULL},                                               \
    {                                                                                              \
        ANSWER_TO, "day < substr(?2, 1, 10)", NULL                                                 \
    }

static const struct answer_filter usage_filters[] = {
    DAY_PERIOD,
    {ANSWER_SEGMENT, IN_SEGMENT, NULL},
    {ANSWER_OWNER, OF_OWNER, NULL},
};

const struct answer answer_customer_usage = {
    .name = "customer_usage",
    .title = "Customers by their legs in a period of UTC days",
    ANSWER_COLUMNS(usage_columns),
    ANSWER_FILTERS(usage_filters),
    .from = "customer_day",
    .group = "customer",
    .order = {{"legs", true}},
    .key = {"customer"},
    .own = OF_VIEWER,
    .utc_days = true,
};

/* --- day by day --- */

static const struct answer_column day_columns[] = {
    {"customer", ANSWER_TEXT, NULL, "id", .must = true},
    {"day", ANSWER_DAY, NULL, "on which the legs began", .must = true},
    {"legs", ANSWER_INT, "legs", "that went well", .must = true},
    {"seconds", ANSWER_INT, "s", "of legs, spread over the days that they touch", .must = true},
    {"failed", ANSWER_INT, "legs", "that failed, were rejected or abandoned", .must = true},
    {"participants", ANSWER_INT, "people", "distinct (within 2 %)", .must = true},
    {"conferences", ANSWER_INT, "conferences", "distinct (within 2 %)", .must = true},
};

static const struct answer_filter day_filters[] = {
    DAY_PERIOD,
    {ANSWER_CUSTOMER, "customer = ?5", NULL},
    {ANSWER_SEGMENT, IN_SEGMENT, NULL},
    {ANSWER_OWNER, OF_OWNER, NULL},
};

const struct answer answer_customer_days = {
    .name = "customer_days",
    .title = "Usage of customers by UTC day; days without any are left out",
    ANSWER_COLUMNS(day_columns),
    ANSWER_FILTERS(day_filters),
    .from = "customer_day",
    .order = {{"customer", false}, {"day", false}},
    .key = {"customer", "day"},
    .own = OF_VIEWER,
    .utc_days = true,
};
