/*
 * signal_explain.c - from a signal back to the numbers, the rule, the inputs, the files.
 */
#include "signal_explain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "share_text.h"
#include "signal_rules.h"

#define BASE_DAYS 28
#define MOST_KEPT 30000000 /* records that are looked at: some seconds */

/* --- the signal --- */

static struct span
keep(struct arena *mem, const struct query *q, int column)
{
    return query_is_null(q, column) ? (struct span){0} : arena_copy(mem, query_text(q, column));
}

static void
read_row(const struct query *q, struct arena *mem, struct explanation *e)
{
    struct span *const texts[] = {
        &e->id,         &e->kind,         &e->subject_type, &e->subject,    &e->severity,
        &e->state,      &e->owner,        &e->reason,       &e->held,       &e->rule,
        &e->closed_for, &e->window_start, &e->window_end,   &e->first_seen, &e->last_seen,
        &e->expires,    &e->evidence};
    double *const reals[] = {&e->value, &e->baseline, &e->delta,       &e->low,
                             &e->high,  &e->p_value,  &e->completeness};
    int texts_n = (int)(sizeof texts / sizeof texts[0]);

    for (int i = 0; i < texts_n; i++)
        *texts[i] = keep(mem, q, i);
    for (int i = 0; i < 7; i++)
        *reals[i] = query_real(q, texts_n + i);
    e->version = query_int(q, texts_n + 7);
}

static enum status
load_signal(struct store *s, const char *id, struct arena *mem, struct explanation *e,
            struct error *err)
{
    char current[64];
    struct query *q = NULL;
    enum status st = store_query(
        s, &q,
        "SELECT id, kind, subject_type, subject, severity, state, owner, reason, held, rule,"
        " closed_for, window_start, window_end, first_seen, last_seen, expires, evidence, value,"
        " baseline, delta, low, high, p_value, completeness, version FROM signal WHERE id = ?1",
        err);

    if (st == ST_OK) {
        query_set_str(q, 1, id);
        st = query_next(q, err);
    }
    if (st == ST_NOT_FOUND)
        fail(err, st, "there is no signal %s", id);
    if (st == ST_OK) {
        read_row(q, mem, e);
        e->says = signal_rule_find(e->kind.p);
        signal_rule_name(e->kind.p, current, sizeof current);
        e->rule_is_current = e->says && span_is(e->rule, current);
    }
    query_free(q);
    return st;
}

static int64_t
moment(struct span text, int64_t otherwise)
{
    bool has_offset;
    int64_t at;
    int32_t day;

    if (text.n && parse_day(text, &day))
        return (int64_t)day * DAY_SECONDS;
    return text.n && parse_rfc3339(text, &at, &has_offset) ? at : otherwise;
}

/* What was looked at. Of a window that is still to come: the weeks that the forecast is made of. */
static void
find_window(struct explanation *e)
{
    int64_t seen = moment(e->last_seen, 0);

    e->from = moment(e->window_start, seen);
    e->to = moment(e->window_end, seen) + (e->window_end.n == 10 ? DAY_SECONDS : 1);
    if (e->from >= seen) {
        e->to = seen;
        e->from = seen - (int64_t)BASE_DAYS * DAY_SECONDS;
    }
    if (span_is(e->subject_type, "input"))
        e->from -= DAY_SECONDS; /* what came last before it fell silent */
}

/* A skill is a part of a service: its numbers and its inputs are those of the service. */
static struct span
counted_type(const struct explanation *e)
{
    return span_is(e->subject_type, "skill") ? SPAN("service") : e->subject_type;
}

static struct span
counted_subject(const struct explanation *e)
{
    return span_is(e->subject_type, "skill") ? skill_service(e->subject) : e->subject;
}

/* --- numbers --- */

static const struct {
    const char *type, *sql, *names[3];
} days_of[] = {
    {"customer",
     "SELECT day, legs, seconds, failed, completeness FROM customer_day_completeness"
     " WHERE customer = ?1 AND day >= ?2 AND day < ?3 ORDER BY day",
     {"legs", "seconds", "failed"}},
    {"service",
     "SELECT substr(start, 1, 10), sum(offered), sum(handled), sum(abandoned), avg(completeness)"
     " FROM service_interval_completeness WHERE service = ?1 AND start >= ?2 AND start < ?3"
     " GROUP BY 1 ORDER BY 1",
     {"offered", "handled", "abandoned"}},
};

static struct explain_day *
one_more_day(struct explanation *e)
{
    e->days = xrealloc(e->days, (e->day_count + 1) * sizeof *e->days);
    return &e->days[e->day_count++];
}

static enum status
load_days(struct store *s, struct arena *mem, struct explanation *e, struct error *err)
{
    char from[CIVIL_TEXT], to[CIVIL_TEXT], begins[CIVIL_TEXT];
    struct query *q = NULL;
    enum status st = ST_OK;

    format_day(begins, day_of(e->from));
    for (size_t i = 0; i < sizeof days_of / sizeof days_of[0] && st == ST_OK; i++) {
        if (!span_is(counted_type(e), days_of[i].type))
            continue;
        st = store_query(s, &q, days_of[i].sql, err);
        if (st != ST_OK)
            break;
        memcpy(e->value_names, days_of[i].names, sizeof e->value_names);
        query_set_text(q, 1, counted_subject(e));
        query_set_str(q, 2, format_day(from, day_of(e->from) - BASE_DAYS));
        query_set_str(q, 3, format_day(to, day_of(e->to - 1) + 1));
        while ((st = query_next(q, err)) == ST_OK) {
            struct explain_day *d = one_more_day(e);

            *d = (struct explain_day){.day = keep(mem, q, 0), .completeness = query_real(q, 4)};
            for (int v = 0; v < 3; v++)
                d->value[v] = query_real(q, v + 1);
            d->in_window = span_cmp(d->day, span_str(begins)) >= 0;
        }
        st = st == ST_NOT_FOUND ? ST_OK : st;
        query_free(q);
    }
    return st;
}

/* --- inputs --- */

static const char feeds_sql[] =
    "SELECT i.input, CASE WHEN sum(i.usual) > 0 THEN sum(i.usual * i.completeness) / sum(i.usual)"
    " WHEN count(*) > 0 THEN 1.0 END, sum(i.records), sum(i.usual), sum(i.still_expected),"
    " (SELECT silent_since FROM feed_health h WHERE h.input = i.input)"
    " FROM feed_interval i WHERE i.start >= ?1 AND i.start < ?2"
    " AND CASE WHEN ?3 = 'input' THEN i.input = ?4 ELSE i.input IN (SELECT input FROM way WHERE"
    " kind = ?3 AND name = ?4) OR NOT EXISTS(SELECT 1 FROM way WHERE kind = ?3 AND name = ?4) END"
    " GROUP BY i.input ORDER BY i.input";

static enum status
load_feeds(struct store *s, struct arena *mem, struct explanation *e, struct error *err)
{
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    struct query *q = NULL;
    enum status st = store_query(s, &q, feeds_sql, err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, format_utc(from, e->from));
    query_set_str(q, 2, format_utc(to, e->to));
    query_set_text(q, 3, counted_type(e));
    query_set_text(q, 4, counted_subject(e));
    while ((st = query_next(q, err)) == ST_OK) {
        e->feeds = xrealloc(e->feeds, (e->feed_count + 1) * sizeof *e->feeds);
        e->feeds[e->feed_count++] = (struct explain_feed){.input = keep(mem, q, 0),
                                                          .completeness = query_real(q, 1),
                                                          .records = query_real(q, 2),
                                                          .usual = query_real(q, 3),
                                                          .still_expected = query_real(q, 4),
                                                          .silent_since = keep(mem, q, 5)};
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* --- files and ranges --- */

struct searching {
    struct explanation *e;
    struct arena *mem;
};

static enum status
take_range(void *arg, const struct intake_row *row, struct error *err)
{
    struct searching *k = arg;
    struct explanation *e = k->e;
    struct explain_range *r;

    (void)err;
    if (span_is(e->subject_type, "input") && !span_eq(row->of.input, e->subject))
        return ST_OK;
    if (e->range_count == EXPLAIN_RANGES) {
        e->ranges_more++;
        return ST_OK;
    }
    e->ranges = xrealloc(e->ranges, (e->range_count + 1) * sizeof *e->ranges);
    r = &e->ranges[e->range_count++];
    *r = (struct explain_range){.row = *row};
    r->row.of.input = arena_copy(k->mem, row->of.input);
    r->row.of.stream = arena_copy(k->mem, row->of.stream);
    r->row.of.identity = arena_copy(k->mem, row->of.identity);
    return ST_OK;
}

static enum cell_kind
kind_of(struct span subject_type)
{
    return span_is(subject_type, "customer")  ? CELL_CUSTOMER
           : span_is(subject_type, "service") ? CELL_SERVICE
                                              : CELL_FEATURE;
}

/* By an input that it never came by, nothing of the subject did. */
static bool
came_by(const struct explanation *e, struct span input)
{
    for (size_t i = 0; i < e->feed_count; i++)
        if (span_eq(e->feeds[i].input, input))
            return true;
    return e->feed_count == 0;
}

/* Batches of several streams are told apart by nothing: what is found in them may be of each. */
static enum status
look_into(struct ledger_reader *r, struct explanation *e, struct error *err)
{
    struct kept_question q = {kind_of(counted_type(e)), counted_subject(e), e->from, e->to};
    uint64_t looked = 0, last = 0;
    enum status st = ST_OK;
    size_t n = 0;

    for (size_t i = 0; i < e->range_count && st == ST_OK; i++) {
        struct explain_range *x = &e->ranges[i];
        struct kept_answer a = {0};

        if (looked + x->row.of.accepted <= MOST_KEPT) {
            st = ledger_count_kept(r, &q, x->row.first_seq, x->row.last_seq, &a, err);
            looked += a.kept;
            x->known = a.kept >= x->row.of.accepted;
            x->records = a.records;
        }
        if (x->known ? x->records == 0 : !came_by(e, x->row.of.input))
            continue;
        if (x->known && x->row.first_seq > last)
            e->certain += x->records;
        last = x->row.last_seq;
        e->ranges[n++] = *x;
    }
    e->range_count = n;
    return st;
}

static enum status
load_ranges(struct ledger_reader *r, struct arena *mem, struct explanation *e, struct error *err)
{
    struct searching k = {e, mem};
    bool about_input = span_is(e->subject_type, "input");
    struct span type = counted_type(e);
    bool about_data =
        span_is(type, "customer") || span_is(type, "service") || span_is(type, "feature");
    enum status st;

    if (!r || (!about_input && !about_data))
        return ST_OK;
    st = ledger_scan_intake(r, (int32_t)(e->from / INTAKE_QUARTER),
                            (int32_t)((e->to + INTAKE_QUARTER - 1) / INTAKE_QUARTER), take_range,
                            &k, err);
    return st == ST_OK && about_data ? look_into(r, e, err) : st;
}

/* Arrays grow on the heap and end in mem: whoever asked has one thing to free. */
static void *
move(struct arena *mem, void *p, size_t n)
{
    void *copy = n ? arena_alloc(mem, n) : NULL;

    if (n)
        memcpy(copy, p, n);
    free(p);
    return copy;
}

enum status
signal_explain(struct store *s, struct ledger_reader *r, const char *id, struct arena *mem,
               struct explanation *out, struct error *err)
{
    enum status st;

    *out = (struct explanation){0};
    st = load_signal(s, id, mem, out, err);
    if (st == ST_OK) {
        find_window(out);
        st = load_days(s, mem, out, err);
    }
    if (st == ST_OK)
        st = load_feeds(s, mem, out, err);
    if (st == ST_OK)
        st = load_ranges(r, mem, out, err);
    out->days = move(mem, out->days, out->day_count * sizeof *out->days);
    out->feeds = move(mem, out->feeds, out->feed_count * sizeof *out->feeds);
    out->ranges = move(mem, out->ranges, out->range_count * sizeof *out->ranges);
    return st;
}
