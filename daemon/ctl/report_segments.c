/*
 * report_segments.c - `callswell report segments`: who belongs where, at which stage of life, by
 * which hours, and who went from where to where.
 */
#include <stdio.h>

#include "report.h"
#include "segment_members.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Asked of the analyst's one row: the newest of fifty thousand takes as long as the rest. */
#define WEEK_AGO "(SELECT strftime('%Y-%m-%dT%H:%M:%SZ', as_of, '-7 days') FROM analyst)"

static const struct table_column segment_columns[] = {
    {"segment", TABLE_TEXT},        {"customers", TABLE_NUMBER},     {"new 7 days", TABLE_NUMBER},
    {"legs 30 days", TABLE_NUMBER}, {"hours 30 days", TABLE_NUMBER},
};
static const char segment_sql[] =
    "SELECT m.segment, count(*), sum(m.since >= " WEEK_AGO " AND m.since > (SELECT min(at) FROM"
    " stage_history)), ifnull(sum(s.legs_30d), 0),"
    " CAST(round(ifnull(sum(s.seconds_30d), 0) / 3600.0) AS INTEGER)"
    " FROM segment_member m LEFT JOIN customer_stat s ON s.customer = m.customer"
    " GROUP BY m.segment ORDER BY m.segment GLOB 'rfm:*', 2 DESC, 1 LIMIT ?20";

static const struct table_column stage_columns[] = {
    {"stage", TABLE_TEXT},           {"customers", TABLE_NUMBER}, {"new 7 days", TABLE_NUMBER},
    {"days expected", TABLE_NUMBER}, {"overdue", TABLE_NUMBER},   {"stuck", TABLE_NUMBER},
};
#define OPEN(kind)                                                                                 \
    "(SELECT count(*) FROM signal g JOIN customer_outlook x ON x.customer = g.subject"             \
    " WHERE g.kind = '" kind "' AND g.state <> 'closed' AND x.stage = o.stage)"
static const char stage_sql[] =
    "SELECT o.stage, count(*), sum(ifnull(o.stage_since, '') > (SELECT date(as_of, '-7 days')"
    " FROM analyst)), CAST(round(total(o.expected_days_4w)) AS INTEGER), " OPEN(
        "overdue") ", " OPEN("stuck") " FROM customer_outlook o WHERE o.stage IS NOT NULL"
                                      " GROUP BY o.stage ORDER BY"
                                      " instr('prospect intent first repeat surge decline dormant"
                                      " lost resurrected', o.stage)";

static const struct table_column group_columns[] = {
    {"usage group", TABLE_TEXT}, {"customers", TABLE_NUMBER}, {"share %", TABLE_NUMBER},
    {"office %", TABLE_NUMBER},  {"eve %", TABLE_NUMBER},     {"night %", TABLE_NUMBER},
    {"rest %", TABLE_NUMBER},    {"peak", TABLE_TEXT},
};
static const char group_sql[] =
    "SELECT name, customers, printf('%.0f', 100 * share), printf('%.0f', 100 * office_share),"
    " printf('%.0f', 100 * evening_share), printf('%.0f', 100 * night_share),"
    " printf('%.0f', 100 * weekend_share), printf('%02d:00', peak_hour)"
    " FROM usage_group ORDER BY customers DESC, name";

/* What a new store finds is no change. */
#define FLOWS                                                                                      \
    " FROM stage_history h WHERE from_stage IS NOT NULL AND to_stage IS NOT NULL AND"              \
    " at >= ifnull(?1, " WEEK_AGO ") AND (?2 IS NULL OR at < ?2)"
static const struct table_column flow_columns[] = {
    {"of", TABLE_TEXT}, {"from", TABLE_TEXT}, {"to", TABLE_TEXT}, {"customers", TABLE_NUMBER}};
static const char flow_sql[] =
    "SELECT dimension, from_stage, to_stage, count(DISTINCT customer)" FLOWS
    " GROUP BY 1, 2, 3 ORDER BY dimension <> 'stage', dimension, 4 DESC, 2, 3 LIMIT ?20";

/* When the history begins, if that is not before the period. */
static const char begun_sql[] =
    "SELECT begun FROM (SELECT min(at) AS begun FROM stage_history) WHERE begun IS NOT NULL AND"
    " begun >= ifnull(?1, " WEEK_AGO ")";

/* New and resurrected less dormant, as the stages' flows have it. */
static const char account_sql[] =
    "SELECT sum(to_stage IN ('first', 'repeat') AND ifnull(from_stage, 'prospect') IN ('prospect',"
    " 'intent')), sum(to_stage = 'resurrected'),"
    " sum(to_stage = 'dormant' OR (to_stage = 'lost' AND ifnull(from_stage, '') <> 'dormant'))"
    " FROM stage_history WHERE dimension = 'stage' AND at > (SELECT min(at) FROM stage_history"
    " WHERE dimension = 'stage') AND at >= ifnull(?1, " WEEK_AGO ") AND (?2 IS NULL OR at < ?2)";

static const struct table_column member_human[] = {
    {"customer", TABLE_TEXT},       {"name", TABLE_TEXT},     {"since", TABLE_TEXT},
    {"legs 30 days", TABLE_NUMBER}, {"evidence", TABLE_TEXT},
};
static const char member_human_sql[] =
    "SELECT m.customer, c.name, substr(m.since, 1, 10), s.legs_30d, m.evidence"
    " FROM " SEGMENT_MEMBERS_SQL " m LEFT JOIN customer_stat s ON s.customer = m.customer"
    " LEFT JOIN customer c ON c.id = m.customer WHERE m.segment = ?4"
    " ORDER BY s.legs_30d DESC, m.customer LIMIT ?20";

static enum status
report_members(const struct report *r, struct error *err)
{
    struct report limited = *r;
    char title[160];
    size_t rows;
    enum status st;

    limited.query.limit = r->query.limit ? r->query.limit : 30;
    snprintf(title, sizeof title, "Segment %.120s", r->query.param[ANSWER_SEGMENT]);
    st = report_as_of(r, "SELECT as_of FROM analyst", title, err);
    if (st == ST_OK)
        st =
            report_table(&limited, member_human_sql, member_human, COUNT(member_human), &rows, err);
    if (st == ST_OK && rows == 0)
        fputs("Nobody belongs to it. Segments that have members: callswell report segments\n",
              r->out);
    return st;
}

/* A table under a blank line, if there is anything in it. */
static enum status
section(const struct report *r, const char *any, const char *sql,
        const struct table_column *columns, size_t count, struct error *err)
{
    int64_t some = 0;
    size_t rows;
    enum status st = store_int(r->store, any, 0, &some, err);

    if (st != ST_OK || !some)
        return st;
    fputc('\n', r->out);
    return report_table(r, sql, columns, count, &rows, err);
}

/* How well the groups hold. */
static enum status
print_model(const struct report *r, struct error *err)
{
    struct query *q = NULL;
    enum status st =
        store_query(r->store, &q,
                    "SELECT substr(as_of, 1, 10), json_extract(parameters, '$.stability'),"
                    " json_extract(parameters, '$.changed_share') FROM model WHERE name = 'usage'"
                    " AND json_extract(parameters, '$.groups') > 0",
                    err);

    if (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        fprintf(r->out, "found %.*s (UTC), found again in parts of the data: %.3f of 1",
                SPAN_ARG(query_text(q, 0)), query_real(q, 1));
        if (!query_is_null(q, 2))
            fprintf(r->out, "; %.1f %% changed\ngroup then", 100 * query_real(q, 2));
        fputs("\n", r->out);
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static void
print_period(const struct report *r)
{
    const char *from = r->query.param[ANSWER_FROM], *to = r->query.param[ANSWER_TO];
    char a[REPORT_TIME], b[REPORT_TIME];

    if (!from && !to)
        fputs("\nWho went from where to where in the last 7 days:\n\n", r->out);
    else
        fprintf(r->out, "\nWho went from where to where, %s%s%s%s (%s):\n\n",
                from ? "from " : "the 7 days and later",
                from ? report_time(r, a, span_str(from)) : "", to ? " to before " : "",
                to ? report_time(r, b, span_str(to)) : "", zone_name(r->zone));
}

/* Nobody moved; or nobody can have been seen to, because what is known begins in the period. */
static enum status
print_nobody(const struct report *r, struct error *err)
{
    struct query *q = NULL;
    char begun[REPORT_TIME];
    enum status st = report_query(r, &q, begun_sql, err);

    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK)
        fprintf(r->out, "Nobody yet: what is known of this begins %s (%s).\n",
                report_time(r, begun, query_text(q, 0)), zone_name(r->zone));
    else if (st == ST_NOT_FOUND)
        fputs("Nobody.\n", r->out);
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
print_flows(const struct report *r, struct error *err)
{
    struct query *q = NULL;
    size_t rows;
    enum status st;

    print_period(r);
    st = report_table(r, flow_sql, flow_columns, COUNT(flow_columns), &rows, err);
    if (st == ST_OK && rows == 0)
        st = print_nobody(r, err);
    if (st == ST_OK)
        st = report_query(r, &q, account_sql, err);
    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK && !query_is_null(q, 0))
        fprintf(r->out, "\nGrowth: %lld new + %lld resurrected - %lld dormant = %lld customers.\n",
                (long long)query_int(q, 0), (long long)query_int(q, 1), (long long)query_int(q, 2),
                (long long)(query_int(q, 0) + query_int(q, 1) - query_int(q, 2)));
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
report_segments(const struct report *r, struct error *err)
{
    size_t rows;
    enum status st;

    if (r->query.param[ANSWER_SEGMENT])
        return report_members(r, err);
    st = report_as_of(r, "SELECT as_of FROM analyst", "Segments", err);
    if (st == ST_OK)
        st = report_table(r, segment_sql, segment_columns, COUNT(segment_columns), &rows, err);
    if (st == ST_OK && rows == 0)
        fputs("No segments yet.\n", r->out);
    if (st == ST_OK)
        st = section(r, "SELECT count(*) FROM customer_outlook", stage_sql, stage_columns,
                     COUNT(stage_columns), err);
    if (st == ST_OK)
        st = section(r, "SELECT count(*) FROM usage_group", group_sql, group_columns,
                     COUNT(group_columns), err);
    if (st == ST_OK)
        st = print_model(r, err);
    if (st == ST_OK)
        st = print_flows(r, err);
    if (st == ST_OK)
        fputs("\nrfm: by fifths of all customers in recency and active days, so somebody always\n"
              "is the least; who is silent beyond their own habit is at the stage dormant.\n"
              "days expected: active days of all of them in the next 4 weeks. Members and why:\n"
              "callswell report segments --segment NAME; one customer: callswell customer show\n",
              r->out);
    return st;
}
