/*
 * report_tables.c - the reports that are one table: customers, signals.
 */
#include <stdio.h>
#include <string.h>

#include "report.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- customers --- */

static const struct table_column customer_human[] = {
    {"customer", TABLE_TEXT}, {"legs", TABLE_NUMBER},   {"hours", TABLE_NUMBER},
    {"failed", TABLE_NUMBER}, {"people", TABLE_NUMBER}, {"trend", TABLE_NUMBER},
    {"idle", TABLE_NUMBER},   {"segment", TABLE_TEXT},  {"calls", TABLE_TEXT},
};
static const char customer_human_sql[] =
    "SELECT customer, legs_30d, printf('%.1f', seconds_30d / 3600.0), failed_30d,"
    " participants_30d, CASE WHEN trend IS NULL THEN '' ELSE printf('%.2f', trend) END,"
    " days_since_last, rfm_segment, persona"
    " FROM customer_profile WHERE legs_30d IS NOT NULL AND"
    " (?4 IS NULL OR customer IN (SELECT customer FROM segment_member WHERE segment = ?4))"
    " ORDER BY legs_30d DESC, customer LIMIT ?20";
static const struct table_column range_columns[] = {
    {"customer", TABLE_TEXT},  {"days", TABLE_NUMBER},   {"legs", TABLE_NUMBER},
    {"seconds", TABLE_NUMBER}, {"failed", TABLE_NUMBER},
};
static const char range_sql[] =
    "SELECT customer, sum(legs > 0) AS days, sum(legs) AS legs, sum(seconds) AS seconds,"
    " sum(failed) AS failed FROM customer_day WHERE (?1 IS NULL OR day >= substr(?1, 1, 10))"
    " AND (?2 IS NULL OR day < substr(?2, 1, 10)) AND (?4 IS NULL OR customer IN"
    " (SELECT customer FROM segment_member WHERE segment = ?4))"
    " GROUP BY customer ORDER BY 3 DESC, customer LIMIT ?20";
enum status
report_customers(const struct report *r, struct error *err)
{
    bool range = r->query.param[ANSWER_FROM] || r->query.param[ANSWER_TO];
    struct report limited = *r;
    size_t rows;
    enum status st;

    limited.query.limit = r->query.limit ? r->query.limit : 25;
    st = report_as_of(r, "SELECT as_of FROM analyst",
                      range ? "Customers by legs, UTC days" : "Customers by legs, the last 30 days",
                      err);
    if (st == ST_OK && range)
        st = report_table(&limited, range_sql, range_columns, COUNT(range_columns), &rows, err);
    else if (st == ST_OK)
        st = report_table(&limited, customer_human_sql, customer_human, COUNT(customer_human),
                          &rows, err);
    if (st != ST_OK)
        return st;
    if (rows == 0)
        fputs("No customer.\n", r->out);
    else if (!range)
        fputs("\ntrend: legs a day of the last 7 whole days over those of the 28 before.\n"
              "idle: days since the last use. calls: when, by share of legs in 90 days.\n",
              r->out);
    return st;
}

/* --- signals --- */

#define SIGNAL_FILTER                                                                              \
    " FROM signal WHERE ((?1 IS NULL AND ?2 IS NULL AND state <> 'closed') OR"                     \
    " ((?1 IS NOT NULL OR ?2 IS NOT NULL) AND (?1 IS NULL OR last_seen >= ?1) AND"                 \
    " (?2 IS NULL OR first_seen < ?2)))"                                                           \
    " ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,"             \
    " abs(ifnull(delta, 0)) DESC, id LIMIT ?20"

/* Two lines or three: the reason is what people read, so it is never cut. */
static void
print_signal(const struct report *r, const struct query *q)
{
    char since[REPORT_TIME];
    struct span reason = query_text(q, 4);
    bool first = true;

    fprintf(r->out, "%-8.*s  %.*s: %.*s\n", SPAN_ARG(query_text(q, 0)), SPAN_ARG(query_text(q, 1)),
            SPAN_ARG(query_text(q, 2)));
    while (reason.n || first) {
        size_t n = reason.n;

        if (n > 70) {
            for (n = 70; n > 0 && reason.p[n] != ' '; n--)
                ;
            n = n ? n : reason.n;
        }
        fprintf(r->out, "          %.*s\n", (int)n, reason.p);
        reason = span_trim(span_of(reason.p + n, reason.n - n));
        first = false;
    }
    fprintf(r->out, "          since %s, %.*s%s%.*s, id %.*s\n",
            report_time(r, since, query_text(q, 5)), SPAN_ARG(query_text(q, 6)),
            query_is_null(q, 7) ? "" : ", for ", SPAN_ARG(query_text(q, 7)),
            SPAN_ARG(query_text(q, 3)));
}

enum status
report_signals(const struct report *r, struct error *err)
{
    struct report limited = *r;
    struct query *q = NULL;
    size_t rows = 0;
    enum status st;

    limited.query.limit = r->query.limit ? r->query.limit : 20;
    st = report_as_of(
        r, "SELECT as_of FROM analyst",
        r->query.param[ANSWER_FROM] || r->query.param[ANSWER_TO] ? "Signals" : "Open signals", err);
    if (st == ST_OK)
        st = report_query(&limited, &q,
                          "SELECT severity, kind, subject, id, reason, first_seen, state,"
                          " owner" SIGNAL_FILTER,
                          err);
    for (; st == ST_OK && (st = query_next(q, err)) == ST_OK; rows++)
        print_signal(r, q);
    query_free(q);
    if (st == ST_NOT_FOUND && rows == 0)
        fputs("Nothing is out of the ordinary.\n", r->out);
    else if (st == ST_NOT_FOUND)
        fputs("\nOf surges and declines one in ten to twenty is chance. All columns and the\n"
              "evidence: --json\n",
              r->out);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
