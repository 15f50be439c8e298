/*
 * answers_staffing.c - what stands behind staffing: rosters, days unlike others, how good forecasts
 * were, who is there, who could go where, which times are high.
 */
#include "answers.h"

static const struct answer_filter of_service[] = {
    {ANSWER_FROM, "start >= ?1", NULL},
    {ANSWER_TO, "start < ?2", NULL},
    {ANSWER_SERVICE, "service = ?3", NULL},
};

static const struct answer_filter by_service[] = {{ANSWER_SERVICE, "service = ?3", NULL}};

static const struct answer_column roster_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"start", ANSWER_TIME, NULL, "when they begin", .must = true},
    {"minutes", ANSWER_INT, "min", "how long they stay", .must = true},
    {"scheduled", ANSWER_INT, "people", "planned", .must = true},
};

const struct answer answer_roster = {
    .name = "roster",
    .title = "Who is planned to be at work",
    ANSWER_COLUMNS(roster_columns),
    ANSWER_FILTERS(of_service),
    .from = "roster",
    .order = {{"service", false}, {"start", false}},
    .key = {"service", "start"},
    .own = "1",
};

static const struct answer_column calendar_columns[] = {
    {"day", ANSWER_TEXT, NULL, "the day, local", .must = true},
    {"service", ANSWER_TEXT, NULL, "the service; empty: all", .must = true},
    {"factor", ANSWER_REAL, NULL, "by which forecasts are multiplied; 0: closed", .must = true},
    {"name", ANSWER_TEXT, NULL, "what it is"},
};

static const struct answer_filter calendar_filters[] = {
    {ANSWER_FROM, "day >= substr(?1, 1, 10)", NULL},
    {ANSWER_TO, "day < substr(?2, 1, 10)", NULL},
    {ANSWER_SERVICE, "service IN (?3, '')", NULL},
};

const struct answer answer_calendar = {
    .name = "calendar",
    .title = "Days that are unlike others: holidays, closed days, campaigns",
    ANSWER_COLUMNS(calendar_columns),
    ANSWER_FILTERS(calendar_filters),
    .from = "calendar",
    .order = {{"day", false}, {"service", false}},
    .key = {"day", "service"},
    .own = "1",
    .utc_days = true,
};

static const struct answer_column score_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"method", ANSWER_TEXT, NULL,
     "forecast; naive: as a week before; mean4: of four weeks; handling: of handling time", NULL,
     true},
    {"horizon", ANSWER_TEXT, NULL, "day1, week1 or week2 after the forecast was made", NULL, true},
    {"wape", ANSWER_REAL, "share", "of what came, by which it was off"},
    {"floor", ANSWER_REAL, "share", "below which nobody comes: counts scatter"},
    {"naive_wape", ANSWER_REAL, "share", "wape of saying what came the week before"},
    {"mase", ANSWER_REAL, NULL, "error by that of one week to the next, both weeks"},
    {"pinball", ANSWER_REAL, "share", "lost by the quantiles at 10, 50, 90 %, of what came"},
    {"coverage80", ANSWER_REAL, "share", "of counts inside the interval for 80 %"},
    {"coverage95", ANSWER_REAL, "share", "of counts inside the interval for 95 %"},
    {"origins", ANSWER_INT, "weeks", "at whose beginning a forecast was made", .must = true},
    {"as_of", ANSWER_TEXT, NULL, "the local day on which it was reckoned", .must = true},
};

const struct answer answer_forecast_scores = {
    .name = "forecast_scores",
    .title = "How good forecasts of the last weeks were, beside what nobody can do better",
    ANSWER_COLUMNS(score_columns),
    ANSWER_FILTERS(by_service),
    .from = "forecast_score",
    .order = {{"service", false}, {"method", false}, {"horizon", false}},
    .key = {"service", "method", "horizon"},
    .own = "1",
};

static const struct answer_column availability_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"factor", ANSWER_REAL, NULL, "planned people, after shrinkage, who seem to be there"},
    {"contacts", ANSWER_REAL, "contacts", "that it was learnt from", .must = true},
    {"wait_seconds", ANSWER_REAL, "s", "mean wait as it was"},
    {"planned_wait_seconds", ANSWER_REAL, "s", "mean wait if all the planned had been there"},
    {"window_days", ANSWER_INT, "days", "that were looked at", .must = true},
    {"as_of", ANSWER_TEXT, NULL, "the local day on which it was reckoned", .must = true},
};

const struct answer answer_availability = {
    .name = "availability",
    .title = "How many of those who are planned are really there, by how long callers waited",
    ANSWER_COLUMNS(availability_columns),
    ANSWER_FILTERS(by_service),
    .from = "availability",
    .order = {{"service", false}},
    .key = {"service"},
    .own = "1",
};

static const struct answer_column move_columns[] = {
    {"start", ANSWER_TIME, NULL, "from then on", .must = true},
    {"minutes", ANSWER_INT, "min", "for so long", .must = true},
    {"people", ANSWER_INT, "people", "who could go", .must = true},
    {"from_service", ANSWER_TEXT, NULL, "where they are to spare", .must = true},
    {"to_service", ANSWER_TEXT, NULL, "where they are missing", .must = true},
    {"as_of", ANSWER_TIME, NULL, "when that was found", .must = true},
};

static const struct answer_filter move_filters[] = {
    {ANSWER_FROM, "start >= ?1", NULL},
    {ANSWER_TO, "start < ?2", NULL},
    {ANSWER_SERVICE, "?3 IN (from_service, to_service)", NULL},
};

const struct answer answer_staffing_moves = {
    .name = "staffing_moves",
    .title = "People to spare in one service who could close gaps in another, in the coming week",
    ANSWER_COLUMNS(move_columns),
    ANSWER_FILTERS(move_filters),
    .from = "staffing_move",
    .order = {{"start", false}, {"to_service", false}},
    .key = {"start", "to_service", "from_service"},
    .own = "1",
    .as_of = "SELECT max(as_of) FROM staffing",
};

/* --- skills --- */

static const struct answer_column skill_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"skill", ANSWER_TEXT, NULL, "a part that only some can serve; others: what is left",
     .must = true},
    {"start", ANSWER_TIME, NULL, "the interval's beginning", .must = true},
    {"minutes", ANSWER_INT, "min", "the interval's length", .must = true},
    {"share", ANSWER_REAL, "share", "of the service's contacts", .must = true},
    {"forecast", ANSWER_REAL, "contacts", "expected to come (mean)", .must = true},
    {"low", ANSWER_INT, "contacts", "80 % of the time as many or more come"},
    {"high", ANSWER_INT, "contacts", "80 % of the time as many or fewer come"},
    {"required", ANSWER_INT, "people", "agents at their desks", .must = true},
    {"scheduled", ANSWER_INT, "people", "required with shrinkage", .must = true},
    {"required_expected", ANSWER_INT, "people",
     "so many that, forecasts erring, the target is met"},
    {"scheduled_expected", ANSWER_INT, "people", "those with shrinkage"},
    {"rostered", ANSWER_INT, "people", "on the roster as SERVICE/SKILL, the fewest"},
    {"gap", ANSWER_INT, "people", "rostered less scheduled: negative is too few"},
    {"service_level", ANSWER_REAL, "share", "answered in time by as many as required"},
    {"occupancy", ANSWER_REAL, "share", "of their time that they are busy"},
    {"as_of", ANSWER_TIME, NULL, "when the forecast was made", .must = true},
};

static const struct answer_filter skill_filters[] = {
    {ANSWER_FROM, "start >= ?1",
     "strftime('%Y-%m-%dT%H:%M:%SZ', start, '+' || minutes || ' minutes') >"
     " (SELECT max(as_of) FROM staffing)"},
    {ANSWER_TO, "start < ?2", NULL},
    {ANSWER_SERVICE, "service = ?3", NULL},
};

const struct answer answer_staffing_skills = {
    .name = "staffing_skills",
    .title = "People needed by interval and skill, where a service is split into skills",
    ANSWER_COLUMNS(skill_columns),
    ANSWER_FILTERS(skill_filters),
    .from = "staffing_skill",
    .order = {{"service", false}, {"skill", false}, {"start", false}},
    .key = {"service", "skill", "start"},
    .own = "1",
    .as_of = "SELECT max(as_of) FROM staffing",
};

/* --- high times --- */

static const struct answer_column season_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"cycle", ANSWER_TEXT, NULL, "hour of the day, weekday, or month", .must = true},
    {"place", ANSWER_INT, NULL, "hour 0 to 23; weekday 0 (Monday) to 6; month 1 to 12; local",
     .must = true},
    {"factor", ANSWER_REAL, NULL, "contacts then; 1: as many as on average", .must = true},
    {"low", ANSWER_REAL, NULL, "the factor is above it with a chance of 97.5 %"},
    {"high", ANSWER_REAL, NULL, "the factor is below it with a chance of 97.5 %"},
    {"cycles", ANSWER_INT, NULL, "days, weeks or years behind it", .must = true},
    {"season", ANSWER_TEXT, NULL, "high: surely above 1.05; low: surely below 0.95"},
};

const struct answer answer_seasons = {
    .name = "seasons",
    .title = "High and low times of services: by hour, weekday and, after two years, month",
    ANSWER_COLUMNS(season_columns),
    ANSWER_FILTERS(by_service),
    .from = "season",
    .order = {{"service", false}, {"cycle", false}, {"place", false}},
    .key = {"service", "cycle", "place"},
    .own = "1",
    .as_of = "SELECT max(as_of) FROM season",
};
