/*
 * answers_signal.c - what is out of the ordinary.
 */
#include "answers.h"

static const struct answer_column signal_columns[] = {
    {"id", ANSWER_TEXT, NULL, "stable: of kind, subject and first window", .must = true},
    {"version", ANSWER_INT, NULL, "grows when what it says changes", .must = true},
    {"kind", ANSWER_TEXT, NULL, "surge, decline, feature_demand, understaffed, ...", .must = true},
    {"subject_type", ANSWER_TEXT, NULL, "customer, feature, service, node, input", .must = true},
    {"subject", ANSWER_TEXT, NULL, "whose id or name", .must = true},
    {"severity", ANSWER_TEXT, NULL, "info, warning, critical", .must = true},
    {"value", ANSWER_REAL, NULL, "what was seen"},
    {"baseline", ANSWER_REAL, NULL, "what was usual"},
    {"delta", ANSWER_REAL, NULL, "the difference"},
    {"low", ANSWER_REAL, NULL, "lower end of the usual range (95 %)"},
    {"high", ANSWER_REAL, NULL, "upper end of the usual range"},
    {"p_value", ANSWER_REAL, "share", "one-sided"},
    {"completeness", ANSWER_REAL, "share", "of the usual data, in the window or the weeks before"},
    {"window_start", ANSWER_TEXT, NULL, "day or time from which on was looked at"},
    {"window_end", ANSWER_TEXT, NULL, "... and until which"},
    {"reason", ANSWER_TEXT, NULL, "one sentence with the figures", .must = true},
    {"evidence", ANSWER_JSON, NULL, "the daily counts and what the test was made with"},
    {"state", ANSWER_TEXT, NULL, "open, acked, closed", .must = true},
    {"owner", ANSWER_TEXT, NULL, "of the customer"},
    {"first_seen", ANSWER_TIME, NULL, "when it came up", .must = true},
    {"last_seen", ANSWER_TIME, NULL, "when it was last so", .must = true},
    {"expires", ANSWER_TIME, NULL, "without a pass until then it says nothing any more"},
    {"acked_by", ANSWER_TEXT, NULL, "who acknowledged it"},
    {"acked_at", ANSWER_TIME, NULL, "when"},
    {"closed_by", ANSWER_TEXT, NULL, "who closed it; NULL: its cause went away"},
    {"closed_at", ANSWER_TIME, NULL, "when"},
    {"closed_for", ANSWER_TEXT, NULL, "calm, expired, or that a held one was nothing"},
    {"held", ANSWER_TEXT, NULL, "why it is not certain: data are missing; NULL: it is certain"},
    {"rule", ANSWER_TEXT, NULL, "name and version of the rule that raised it"},
    {"note", ANSWER_TEXT, NULL, "of whoever acknowledged or closed it"},
};

/* Without a period or a state: those that are not closed. */
static const struct answer_filter signal_filters[] = {
    {ANSWER_FROM, "last_seen >= ?1", NULL},
    {ANSWER_TO, "first_seen < ?2", NULL},
    {ANSWER_CUSTOMER, "subject_type = 'customer' AND subject = ?5", NULL},
    {ANSWER_SERVICE, "subject_type = 'service' AND subject = ?3", NULL},
    {ANSWER_FEATURE, "subject_type = 'feature' AND subject = ?6", NULL},
    {ANSWER_KIND, "kind = ?7", NULL},
    {ANSWER_SEVERITY, "severity = ?8", NULL},
    {ANSWER_OWNER, "owner = ?9", NULL},
    {ANSWER_STATE,
     "?10 = 'all' OR state = ?10 OR (?10 = 'active' AND state <> 'closed')"
     " OR (?10 = 'held' AND state <> 'closed' AND held IS NOT NULL)",
     "?1 IS NOT NULL OR ?2 IS NOT NULL OR ?14 IS NOT NULL OR state <> 'closed'"},
    {ANSWER_ID, "id = ?14", NULL},
    {ANSWER_SUBJECT, "subject = ?15", NULL},
    {ANSWER_SEARCH, "instr(lower(subject), lower(?12)) OR instr(lower(reason), lower(?12))", NULL},
};

const struct answer answer_signals = {
    .name = "signals",
    .title = "Signals, the most severe first; those that are not closed if no period,"
             " state or id is given",
    ANSWER_COLUMNS(signal_columns),
    ANSWER_FILTERS(signal_filters),
    .from = "signal",
    .order = {{"CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END", false},
              {"abs(ifnull(delta, 0))", true}},
    .key = {"id"},
    /* The customer's owner now, whatever it was when the signal came up. */
    .own = "subject_type = 'customer' AND subject IN (SELECT id FROM customer WHERE owner = ?13)",
};

static const struct answer_column rest_columns[] = {
    {"kind", ANSWER_TEXT, NULL, "as of a signal", .must = true},
    {"subject_type", ANSWER_TEXT, NULL, "customer, feature, service, node, input", .must = true},
    {"subject", ANSWER_TEXT, NULL, "whose id or name", .must = true},
    {"severity", ANSWER_TEXT, NULL, "info, warning, critical", .must = true},
    {"value", ANSWER_REAL, NULL, "what was seen"},
    {"baseline", ANSWER_REAL, NULL, "what was usual"},
    {"delta", ANSWER_REAL, NULL, "the difference"},
    {"window_start", ANSWER_TIME, NULL, "from then was looked at"},
    {"window_end", ANSWER_TIME, NULL, "until then"},
    {"reason", ANSWER_TEXT, NULL, "one sentence with the figures", .must = true},
    {"owner", ANSWER_TEXT, NULL, "of the customer"},
    {"as_of", ANSWER_TIME, NULL, "when it was found", .must = true},
};

static const struct answer_filter rest_filters[] = {
    {ANSWER_CUSTOMER, "subject_type = 'customer' AND subject = ?5", NULL},
    {ANSWER_SERVICE, "subject_type = 'service' AND subject = ?3", NULL},
    {ANSWER_FEATURE, "subject_type = 'feature' AND subject = ?6", NULL},
    {ANSWER_KIND, "kind = ?7", NULL},
    {ANSWER_SEVERITY, "severity = ?8", NULL},
    {ANSWER_OWNER, "owner = ?9", NULL},
    {ANSWER_SUBJECT, "subject = ?15", NULL},
    {ANSWER_SEARCH, "instr(lower(subject), lower(?12)) OR instr(lower(reason), lower(?12))", NULL},
};

const struct answer answer_signals_rest = {
    .name = "signals_rest",
    .title = "What would be signals, had there been room: more than signals.most of a kind",
    ANSWER_COLUMNS(rest_columns),
    ANSWER_FILTERS(rest_filters),
    .from = "signal_rest",
    .order = {{"CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END", false},
              {"abs(ifnull(delta, 0))", true}},
    .key = {"kind", "subject"},
    .own = "subject_type = 'customer' AND subject IN (SELECT id FROM customer WHERE owner = ?13)",
};
