/*
 * answers_service.c - what services were asked for, and the people that the coming week takes.
 */
#include "answers.h"

/* --- staffing --- */

static const struct answer_column staffing_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"start", ANSWER_TIME, NULL, "the interval's beginning", .must = true},
    {"minutes", ANSWER_INT, "min", "the interval's length", .must = true},
    {"forecast", ANSWER_REAL, "contacts", "expected to come (mean)", .must = true},
    {"low", ANSWER_INT, "contacts", "80 % of the time as many or more come"},
    {"high", ANSWER_INT, "contacts", "80 % of the time as many or fewer come"},
    {"low95", ANSWER_INT, "contacts", "95 % of the time as many or more come"},
    {"high95", ANSWER_INT, "contacts", "95 % of the time as many or fewer come"},
    {"handle_seconds", ANSWER_REAL, "s", "expected handling time of a contact"},
    {"required", ANSWER_INT, "people", "agents at their desks", .must = true},
    {"scheduled", ANSWER_INT, "people", "required with shrinkage", .must = true},
    {"required_expected", ANSWER_INT, "people",
     "so many that, forecasts erring, the target is met"},
    {"scheduled_expected", ANSWER_INT, "people", "those with shrinkage"},
    {"availability", ANSWER_REAL, NULL, "planned people, after shrinkage, who are there"},
    {"rostered", ANSWER_INT, "people", "on the roster, the fewest in the interval"},
    {"gap", ANSWER_INT, "people", "rostered less scheduled: negative is too few"},
    {"service_level", ANSWER_REAL, "share", "answered in time by as many as required"},
    {"occupancy", ANSWER_REAL, "share", "of their time that they are busy"},
    {"day_factor", ANSWER_REAL, NULL, "of the day in the calendar: 1 is like others"},
    {"day_name", ANSWER_TEXT, NULL, "its name there"},
    {"wape", ANSWER_REAL, "share", "by which forecasts a week ahead were off of late"},
    {"wape_floor", ANSWER_REAL, "share", "below which nobody comes: counts scatter"},
    {"wape_naive", ANSWER_REAL, "share", "wape of saying what came the week before"},
    {"handle_wape", ANSWER_REAL, "share", "by which handling times said a week ahead were off"},
    {"handle_wape_floor", ANSWER_REAL, "share", "below which nobody comes: contacts differ"},
    {"handle_wape_naive", ANSWER_REAL, "share", "handle_wape of the week before"},
    {"completeness", ANSWER_REAL, "share", "of the 28 days before with any input"},
    {"model", ANSWER_TEXT, NULL, "how the forecast was made", .must = true},
    {"as_of", ANSWER_TIME, NULL, "when the forecast was made", .must = true},
};

/* Without a period: what is not over yet. */
static const struct answer_filter staffing_filters[] = {
    {ANSWER_FROM, "start >= ?1",
     "strftime('%Y-%m-%dT%H:%M:%SZ', start, '+' || minutes || ' minutes') >"
     " (SELECT max(as_of) FROM staffing)"},
    {ANSWER_TO, "start < ?2", NULL},
    {ANSWER_SERVICE, "service = ?3", NULL},
};

const struct answer answer_staffing = {
    .name = "staffing",
    .title = "People needed by interval and service, from now on if no period is given",
    ANSWER_COLUMNS(staffing_columns),
    ANSWER_FILTERS(staffing_filters),
    .from = "staffing",
    .order = {{"service", false}, {"start", false}},
    .key = {"service", "start"},
    .own = "1",
    .as_of = "SELECT max(as_of) FROM staffing",
    .completeness = "SELECT min(completeness) FROM staffing WHERE as_of = (SELECT max(as_of) FROM"
                    " staffing)",
};

/* --- services --- */

static const struct answer_column service_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"first", ANSWER_TIME, NULL, "first quarter hour with a contact in the period", "min(start)",
     true},
    {"last", ANSWER_TIME, NULL, "last quarter hour with a contact in the period", "max(start)",
     true},
    {"offered", ANSWER_INT, "contacts", "that came", "sum(offered)", true},
    {"handled", ANSWER_INT, "contacts", "that were answered", "sum(handled)", true},
    {"abandoned", ANSWER_INT, "contacts", "that were not", "sum(abandoned)", true},
    {"abandoned_share", ANSWER_REAL, "share", "of the offered that were not answered",
     "sum(abandoned) * 1.0 / nullif(sum(offered), 0)"},
    {"handle_seconds", ANSWER_INT, "s", "handling, all contacts together", "sum(handle_seconds)",
     true},
    {"wait_seconds", ANSWER_INT, "s", "waiting, all contacts together", "sum(wait_seconds)", true},
    {"mean_handle_seconds", ANSWER_REAL, "s", "handling of one that was answered",
     "sum(handle_seconds) * 1.0 / nullif(sum(handled), 0)"},
    {"mean_wait_seconds", ANSWER_REAL, "s", "waiting of one",
     "sum(wait_seconds) * 1.0 / nullif(sum(offered), 0)"},
    {"peak_offered", ANSWER_INT, "contacts", "in the busiest quarter hour", "max(offered)", true},
};

#define INTERVAL_PERIOD                                                                            \
    {ANSWER_FROM, "start >= ?1", NULL},                                                            \
    {                                                                                              \
        ANSWER_TO, "start < ?2", NULL                                                              \
    }

static const struct answer_filter service_filters[] = {
    {ANSWER_FROM, "start >= ?1",
     "?2 IS NOT NULL OR start >= (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', as_of, '-28 days')"
     " FROM analyst)"},
    {ANSWER_TO, "start < ?2", NULL},
    {ANSWER_SERVICE, "service = ?3", NULL},
    {ANSWER_SEARCH, "instr(lower(service), lower(?12))", NULL},
};

const struct answer answer_services = {
    .name = "services",
    .title = "Services and what came to them, in the last 28 days if no period is given",
    ANSWER_COLUMNS(service_columns),
    ANSWER_FILTERS(service_filters),
    .from = "service_interval",
    .group = "service",
    .order = {{"offered", true}},
    .key = {"service"},
    .own = "1",
};

static const struct answer_column interval_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"start", ANSWER_TIME, NULL, "the quarter hour in which the contacts began", .must = true},
    {"offered", ANSWER_INT, "contacts", "that came", .must = true},
    {"handled", ANSWER_INT, "contacts", "that were answered", .must = true},
    {"abandoned", ANSWER_INT, "contacts", "that were not", .must = true},
    {"handle_seconds", ANSWER_INT, "s", "handling of those that were answered", .must = true},
    {"wait_seconds", ANSWER_INT, "s", "waiting of all", .must = true},
};

static const struct answer_filter interval_filters[] = {
    INTERVAL_PERIOD,
    {ANSWER_SERVICE, "service = ?3", NULL},
};

const struct answer answer_service_intervals = {
    .name = "service_intervals",
    .title = "Contacts of services by quarter hour",
    ANSWER_COLUMNS(interval_columns),
    ANSWER_FILTERS(interval_filters),
    .from = "service_interval",
    .order = {{"service", false}, {"start", false}},
    .key = {"service", "start"},
    .own = "1",
};
