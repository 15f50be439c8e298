/*
 * answers_feed.c - where records come from, and which of them were refused.
 */
#include "answers.h"

static const struct answer_column feed_columns[] = {
    {"input", ANSWER_TEXT, NULL, "its name in the configuration", .must = true},
    {"type", ANSWER_TEXT, NULL, "tail, tcp, http, ...", .must = true},
    {"exact", ANSWER_INT, NULL, "1: nothing is lost or counted twice; 0: at most once",
     .must = true},
    {"records", ANSWER_INT, "records", "seen", .must = true},
    {"accepted", ANSWER_INT, "records", "that count", .must = true},
    {"duplicates", ANSWER_INT, "records", "that had been seen before", .must = true},
    {"quarantined", ANSWER_INT, "records", "that were refused", .must = true},
    {"ignored", ANSWER_INT, "records", "that are no usage", .must = true},
    {"lost", ANSWER_INT, "records", "that a sender could not be made to send again", .must = true},
    {"last_record", ANSWER_TIME, NULL, "time of the newest record"},
    {"last_arrival", ANSWER_TIME, NULL, "when something last came"},
    {"behind_bytes", ANSWER_INT, "bytes", "that wait to be read", .must = true},
    {"problem", ANSWER_TEXT, NULL, "what is wrong"},
    {"silent_since", ANSWER_TIME, NULL, "for longer than usual; NULL: it is not"},
    {"usual_silence", ANSWER_INT, "s", "the longest usual one at these hours of the week"},
    {"as_of", ANSWER_TIME, NULL, "when this was so", .must = true},
};

static const struct answer_filter feed_filters[] = {
    {ANSWER_INPUT, "input = ?11", NULL},
};

const struct answer answer_feeds = {
    .name = "feeds",
    .title = "Inputs and how they are",
    ANSWER_COLUMNS(feed_columns),
    ANSWER_FILTERS(feed_filters),
    .from = "feed_health",
    .order = {{"input", false}},
    .key = {"input"},
    .own = "1",
    .as_of = "SELECT max(as_of) FROM feed_health",
};

static const struct answer_column completeness_columns[] = {
    {"input", ANSWER_TEXT, NULL, "its name in the configuration", .must = true},
    {"start", ANSWER_TIME, NULL, "of the quarter hour", .must = true},
    {"records", ANSWER_INT, "records", "that began in it", .must = true},
    {"usual", ANSWER_REAL, "records", "at this hour of the week", .must = true},
    {"completeness", ANSWER_REAL, "share", "of what usually comes that has come by now"},
    {"still_expected", ANSWER_REAL, "records", "that are late, or wait until the input is back"},
};

static const struct answer_filter completeness_filters[] = {
    {ANSWER_FROM, "start >= ?1", NULL},
    {ANSWER_TO, "start < ?2", NULL},
    {ANSWER_INPUT, "input = ?11", NULL},
};

const struct answer answer_completeness = {
    .name = "completeness",
    .title = "How complete each quarter hour of each input is, the newest first",
    ANSWER_COLUMNS(completeness_columns),
    ANSWER_FILTERS(completeness_filters),
    .from = "feed_interval",
    .order = {{"start", true}, {"input", false}},
    .key = {"input", "start"},
    .own = "1",
};

static const struct answer_column quarantine_columns[] = {
    {"id", ANSWER_INT, NULL, "for `callswell quarantine`", .must = true},
    {"input", ANSWER_TEXT, NULL, "where it came from", .must = true},
    {"stream", ANSWER_TEXT, NULL, "file, or connection"},
    {"position", ANSWER_INT, "bytes", "where it began there", .must = true},
    {"length", ANSWER_INT, "bytes", "of the record", .must = true},
    {"reason", ANSWER_TEXT, NULL, "why it was refused", .must = true},
    {"raw", ANSWER_TEXT, NULL, "its first 2048 bytes; what is no text as \\xHH"},
    {"arrived", ANSWER_TIME, NULL, "when", .must = true},
};

static const struct answer_filter quarantine_filters[] = {
    {ANSWER_FROM, "arrived >= ?1", NULL},
    {ANSWER_TO, "arrived < ?2", NULL},
    {ANSWER_INPUT, "input = ?11", NULL},
    {ANSWER_SEARCH, "instr(lower(reason), lower(?12))", NULL},
};

const struct answer answer_quarantine = {
    .name = "quarantine",
    .title = "Refused records, the newest 10,000",
    ANSWER_COLUMNS(quarantine_columns),
    ANSWER_FILTERS(quarantine_filters),
    .from = "quarantine",
    .order = {{"id", true}},
    .key = {"id"},
};

static const struct answer_column reason_columns[] = {
    {"input", ANSWER_TEXT, NULL, "where they came from", .must = true},
    {"reason", ANSWER_TEXT, NULL, "why they were refused", .must = true},
    {"records", ANSWER_INT, "records", "that wait to be decided on", .must = true},
    {"first_arrived", ANSWER_TIME, NULL, "the oldest", .must = true},
    {"last_arrived", ANSWER_TIME, NULL, "the newest", .must = true},
};

static const struct answer_filter reason_filters[] = {
    {ANSWER_INPUT, "input = ?11", NULL},
};

const struct answer answer_quarantine_reasons = {
    .name = "quarantine_reasons",
    .title = "Refused records by input and reason, all of them",
    ANSWER_COLUMNS(reason_columns),
    ANSWER_FILTERS(reason_filters),
    .from = "quarantine_count",
    .order = {{"records", true}},
    .key = {"input", "reason"},
};
