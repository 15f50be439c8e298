/*
 * pass_understaffed.c - a signal for each service whose roster falls short in the coming week.
 */
#include "pass.h"

#include <math.h>
#include <stdio.h>

#include "json_write.h"
#include "signals.h"

static const char sql[] =
    "SELECT s.service, count(*), sum(-s.gap * s.minutes) / 60.0, w.start, w.rostered,"
    " w.scheduled, w.required, w.forecast, w.low, w.high, min(s.start), max(s.start),"
    " s.completeness, (SELECT json_group_object(day, hours) FROM (SELECT substr(start, 1, 10)"
    " AS day, sum(-gap * minutes) / 60.0 AS hours FROM staffing WHERE service = s.service AND"
    " start >= ?1 AND gap < 0 GROUP BY 1 ORDER BY 1))"
    " FROM staffing s JOIN staffing w ON w.service = s.service AND w.start ="
    " (SELECT start FROM staffing WHERE service = s.service AND start >= ?1 AND gap < 0"
    "  ORDER BY gap, start LIMIT 1)"
    " WHERE s.start >= ?1 AND s.gap < 0 GROUP BY s.service ORDER BY s.service";

/* People read it in the configured zone; rows and evidence stay in UTC. */
static void
local_text(char out[64], const struct pass *p, struct span utc)
{
    bool has_offset;
    struct civil c;
    int64_t at = 0;

    parse_rfc3339(utc, &at, &has_offset);
    c = civil_from_utc(at + zone_offset_at(p->a->zone, at));
    snprintf(out, 64, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

static enum status
raise_service(struct signals *s, const struct pass *p, const struct query *q, struct error *err)
{
    struct buf reason = {0}, evidence = {0}, from = {0}, to = {0};
    double have = query_real(q, 4), wanted = query_real(q, 5);
    char worst[64];
    struct json_writer j;
    struct signal_row row = {
        .subject = query_text(q, 0),
        .subject_type = "service",
        /* Fewer than even everybody at their desk would need: callers will wait. */
        .severity = have < query_real(q, 6) ? "critical" : "warning",
        .value = have,
        .baseline = wanted,
        .delta = have - wanted,
        .low = NAN,
        .high = NAN,
        .p_value = NAN,
        .completeness = query_real(q, 12),
    };
    enum status st;

    buf_span(&from, query_text(q, 10));
    buf_span(&to, query_text(q, 11));
    row.window_start = from.p;
    row.window_end = to.p;
    local_text(worst, p, query_text(q, 3));
    buf_printf(&reason,
               "%lld intervals of the coming week are short, %.0f hours of work in all; worst at "
               "%s: %.0f on the roster where %.0f are needed",
               (long long)query_int(q, 1), query_real(q, 2), worst, have, wanted);
    json_begin(&j, &evidence);
    json_object(&j, NULL);
    json_i64(&j, "intervals", query_int(q, 1));
    json_real(&j, "hours", query_real(q, 2));
    json_span(&j, "worst_start", query_text(q, 3));
    json_real(&j, "rostered", have);
    json_real(&j, "scheduled", wanted);
    json_real(&j, "agents", query_real(q, 6));
    json_real(&j, "forecast", query_real(q, 7));
    json_real(&j, "forecast_low", query_real(q, 8));
    json_real(&j, "forecast_high", query_real(q, 9));
    json_raw(&j, "daily_hours_short", query_text(q, 13));
    json_close(&j);
    row.reason = reason.p;
    row.evidence = evidence.p;
    st = signals_raise(s, &row, err);
    buf_clear(&reason);
    buf_clear(&evidence);
    buf_clear(&from);
    buf_clear(&to);
    return st;
}

enum status
pass_understaffed(struct pass *p, struct error *err)
{
    struct signals *s = NULL;
    struct query *q = NULL;
    char now[CIVIL_TEXT];
    enum status st = signals_begin(&s, p, "understaffed", err);

    if (st == ST_OK)
        st = store_query(p->store, &q, sql, err);
    if (st == ST_OK) {
        query_set_str(q, 1, format_utc(now, p->now - 3600));
        while ((st = query_next(q, err)) == ST_OK) {
            st = raise_service(s, p, q, err);
            if (st != ST_OK)
                break;
        }
        st = st == ST_NOT_FOUND ? ST_OK : st;
    }
    query_free(q);
    return signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
}
