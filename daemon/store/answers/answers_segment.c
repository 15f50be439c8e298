/*
 * answers_segment.c - segments, who is in them, and who came and went.
 */
#include "answers.h"
#include "segment_members.h"

#define OF_OWNER(column)  column " IN (SELECT id FROM customer WHERE owner = ?9)"
#define OF_VIEWER(column) column " IN (SELECT id FROM customer WHERE owner = ?13)"

#define MEMBERS SEGMENT_MEMBERS_SQL " m LEFT JOIN customer_stat s ON s.customer = m.customer"

static const struct answer_column segment_columns[] = {
    {"segment", ANSWER_TEXT, NULL, "rfm:champion, stage:repeat, or a name of the configuration",
     "m.segment", true},
    {"customers", ANSWER_INT, "customers", "in it", "count(*)", true},
    {"new_7_days", ANSWER_INT, "customers", "who came in within 7 days",
     "sum(m.since >= (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', as_of, '-7 days') FROM analyst)"
     " AND m.since > (SELECT min(at) FROM stage_history))"},
    {"legs_30_days", ANSWER_INT, "legs", "of 30 days, all together", "ifnull(sum(s.legs_30d), 0)",
     true},
    {"hours_30_days", ANSWER_INT, "h", "in conferences in 30 days, all together",
     "CAST(round(ifnull(sum(s.seconds_30d), 0) / 3600.0) AS INTEGER)", true},
    {"history_since", ANSWER_TIME, NULL, "when changes began to be noted; members then are no news",
     "(SELECT min(at) FROM stage_history)"},
};

static const struct answer_filter segment_filters[] = {
    {ANSWER_SEGMENT, "m.segment = ?4", NULL},
    {ANSWER_OWNER, OF_OWNER("m.customer"), NULL},
};

const struct answer answer_segments = {
    .name = "segments",
    .title = "Segments and their sizes",
    ANSWER_COLUMNS(segment_columns),
    ANSWER_FILTERS(segment_filters),
    .from = MEMBERS,
    .group = "m.segment",
    .order =
        {{"(segment GLOB 'stage:*') + 2 * (segment GLOB 'usage:*') + 3 * (segment GLOB 'rfm:*')",
          false},
         {"customers", true}},
    .key = {"segment"},
    .own = OF_VIEWER("m.customer"),
};

static const struct answer_column member_columns[] = {
    {"segment", ANSWER_TEXT, NULL, "the segment", "m.segment", true},
    {"customer", ANSWER_TEXT, NULL, "id", "m.customer", true},
    {"name", ANSWER_TEXT, NULL, "of the customer", "c.name"},
    {"owner", ANSWER_TEXT, NULL, "of the customer", "c.owner"},
    {"since", ANSWER_TEXT, NULL, "day or time when the customer came in", "m.since", true},
    {"legs_30d", ANSWER_INT, "legs", "of 30 days", "s.legs_30d"},
    {"evidence", ANSWER_JSON, NULL, "the figures that decided", "m.evidence"},
};

static const struct answer_filter member_filters[] = {
    {ANSWER_SEGMENT, "m.segment = ?4", NULL},
    {ANSWER_CUSTOMER, "m.customer = ?5", NULL},
    {ANSWER_OWNER, "c.owner = ?9", NULL},
    {ANSWER_SEARCH, "instr(lower(m.customer), lower(?12)) OR instr(lower(c.name), lower(?12))",
     NULL},
};

const struct answer answer_segment_members = {
    .name = "segment_members",
    .title = "Customers in segments, the busiest first",
    ANSWER_COLUMNS(member_columns),
    ANSWER_FILTERS(member_filters),
    .from = MEMBERS " LEFT JOIN customer c ON c.id = m.customer",
    .order = {{"legs_30d", true}},
    .key = {"customer", "segment"},
    .own = "c.owner = ?13",
};

static const struct answer_column history_columns[] = {
    {"id", ANSWER_INT, NULL, "grows with every change", "h.id", true},
    {"customer", ANSWER_TEXT, NULL, "id", "h.customer", true},
    {"dimension", ANSWER_TEXT, NULL, "rfm, segment, merged, ...", "h.dimension", true},
    {"from_stage", ANSWER_TEXT, NULL, "NULL: outside", "h.from_stage"},
    {"to_stage", ANSWER_TEXT, NULL, "NULL: outside", "h.to_stage"},
    {"at", ANSWER_TIME, NULL, "when", "h.at", true},
    {"rule", ANSWER_TEXT, NULL, "what decided", "h.rule"},
    {"evidence", ANSWER_JSON, NULL, "the figures that did", "h.evidence"},
    {"back", ANSWER_TEXT, NULL, "what would have moved the customer back, or on, as of then",
     "h.back"},
};

static const struct answer_filter history_filters[] = {
    {ANSWER_FROM, "h.at >= ?1", NULL},
    {ANSWER_TO, "h.at < ?2", NULL},
    {ANSWER_SEGMENT, "?4 IN (h.from_stage, h.to_stage)", NULL},
    {ANSWER_CUSTOMER, "h.customer = ?5", NULL},
    {ANSWER_KIND, "h.dimension = ?7", NULL},
    {ANSWER_OWNER, OF_OWNER("h.customer"), NULL},
};

const struct answer answer_stage_history = {
    .name = "stage_history",
    .title = "Changes of customers between segments and stages, newest first; kind: the dimension",
    ANSWER_COLUMNS(history_columns),
    ANSWER_FILTERS(history_filters),
    .from = "stage_history h",
    .order = {{"id", true}},
    .key = {"id"},
    .own = OF_VIEWER("h.customer"),
};

/* --- over time --- */

/* Each change counts where the customer came to and where it left; segments as segment_member has
 * them. */
#define NAMED(stage)                                                                               \
    "CASE dimension WHEN 'segment' THEN " stage " ELSE dimension || ':' || " stage " END"
#define BOTH_SIDES                                                                                 \
    "(SELECT at, customer, dimension, " NAMED(                                                     \
        "to_stage") " AS segment, 1 AS came, 0 AS went"                                            \
                    " FROM stage_history WHERE to_stage IS NOT NULL UNION ALL"                     \
                    " SELECT at, customer, dimension, " NAMED(                                     \
                        "from_stage") ", 0, 1"                                                     \
                                      " FROM stage_history WHERE from_stage IS NOT NULL)"

static const struct answer_column change_columns[] = {
    {"day", ANSWER_DAY, NULL, "UTC", "substr(at, 1, 10)", true},
    {"dimension", ANSWER_TEXT, NULL, "rfm, segment, ...", .must = true},
    {"segment", ANSWER_TEXT, NULL, "the segment", .must = true},
    {"came", ANSWER_INT, "customers", "who came in", "sum(came)", true},
    {"went", ANSWER_INT, "customers", "who left", "sum(went)", true},
};

static const struct answer_filter change_filters[] = {
    {ANSWER_FROM, "at >= ?1", NULL},
    {ANSWER_TO, "at < ?2", NULL},
    {ANSWER_SEGMENT, "segment = ?4", NULL},
    {ANSWER_KIND, "dimension = ?7", NULL},
    {ANSWER_OWNER, OF_OWNER("customer"), NULL},
};

const struct answer answer_segment_changes = {
    .name = "segment_changes",
    .title = "Customers who came into segments and left them, by UTC day; kind: the dimension",
    ANSWER_COLUMNS(change_columns),
    ANSWER_FILTERS(change_filters),
    .from = BOTH_SIDES,
    .group = "1, dimension, segment",
    .order = {{"day", false}},
    .key = {"day", "dimension", "segment"},
    .own = OF_VIEWER("customer"),
    .utc_days = true,
};

static const struct answer_column flow_columns[] = {
    {"dimension", ANSWER_TEXT, NULL, "rfm, segment, ...", .must = true},
    {"from_stage", ANSWER_TEXT, NULL, "empty: outside", "ifnull(from_stage, '')", true},
    {"to_stage", ANSWER_TEXT, NULL, "empty: outside", "ifnull(to_stage, '')", true},
    {"changes", ANSWER_INT, "changes", "from one to the other", "count(*)", true},
    {"customers", ANSWER_INT, "customers", "who made them", "count(DISTINCT customer)", true},
};

static const struct answer_filter flow_filters[] = {
    {ANSWER_FROM, "at >= ?1", NULL},
    {ANSWER_TO, "at < ?2", NULL},
    {ANSWER_KIND, "dimension = ?7", NULL},
    {ANSWER_OWNER, OF_OWNER("customer"), NULL},
};

const struct answer answer_segment_flows = {
    .name = "segment_flows",
    .title = "How many customers went from which stage to which in a period; kind: the dimension",
    ANSWER_COLUMNS(flow_columns),
    ANSWER_FILTERS(flow_filters),
    .from = "stage_history",
    .group = "dimension, 2, 3",
    .order = {{"changes", true}},
    .key = {"dimension", "from_stage", "to_stage"},
    .own = OF_VIEWER("customer"),
};
