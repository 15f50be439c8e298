/*
 * pass_customers.c - customer_day and customer_stat from the customers' cells.
 *
 * A full pass streams all cells once, grouped by customer. Otherwise the changed cells give
 * the rows of their days and the names, and each of those customers is then read alone. When
 * very many changed, streaming all is quicker than asking for each.
 */
#include "pass.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "customer_rows.h"
#include "feature_spread.h"
#include "log.h"
#include "profile.h"
#include "usage_groups.h"

/* From so many changed customers on, all are streamed instead. */
#define STREAM_FROM 20000

struct work {
    struct pass *p;
    struct customer_rows *rows;
    struct query *delete_day, *delete_stat, *put_old, *fade;
    struct profile profile;
    struct buf name; /* of the customer being read */
    bool reading;
    bool write_days;       /* changed cells become rows on the way */
    bool old_only;         /* the others are in the stream */
    struct cells *changed; /* names, as empty cells of day 0 */
    struct sketch active;  /* people of the last 90 days */
    struct spread *spread; /* of features, while all customers are read */
    bool active_changed;
};

/* Customers without any cell in the days that count: the windows move on without them. */
#define FADE_SQL                                                                                   \
    "UPDATE customer_stat SET as_of = ?1, legs_1d = 0, legs_7d = 0, legs_28d = 0, legs_30d = 0,"   \
    " legs_90d = 0, seconds_1d = 0, seconds_7d = 0, seconds_28d = 0, seconds_30d = 0,"             \
    " seconds_90d = 0, failed_1d = 0, failed_7d = 0, failed_28d = 0, failed_30d = 0,"              \
    " failed_90d = 0, active_days_30d = 0, active_days_90d = 0, participants_30d = 0,"             \
    " conferences_30d = 0, features_30d = 0, features_90d = 0, dominant_feature = NULL,"           \
    " dominant_feature_share = NULL, dominant_quarter = NULL, dominant_quarter_share = NULL,"      \
    " office_share = NULL, evening_share = NULL, night_share = NULL, weekend_share = NULL,"        \
    " persona = NULL, trend = NULL, recent_legs = NULL,"                                           \
    " days_since_last = CAST(julianday(date(?1)) - julianday(last_day) AS INTEGER) WHERE "

/* Use before the days that are read: only its first and last day are kept here. */
static const char put_old_sql[] =
    "INSERT INTO customer_stat(customer, as_of, first_day, last_day) VALUES(?1, '', ?2, ?3)"
    " ON CONFLICT(customer) DO UPDATE SET first_day = min(ifnull(first_day, ?2), ?2),"
    " last_day = max(ifnull(last_day, ?3), ?3)";

static enum status
put_day(struct work *w, const struct cell_view *c, struct error *err)
{
    int64_t v[5] = {c->sum[CUSTOMER_LEGS], c->sum[CUSTOMER_SECONDS], c->sum[CUSTOMER_FAILED],
                    llround(sketch_estimate(&c->sketch[SKETCH_PEOPLE])),
                    llround(sketch_estimate(&c->sketch[SKETCH_SECOND]))};
    char day[CIVIL_TEXT];
    enum status st;

    w->p->customers_changed = true;
    w->p->closed_days_changed |= c->day < w->p->today;
    if (v[0] || v[1] || v[2] || v[3] || v[4])
        return customer_rows_day(w->rows, c, v, err);
    /* All zero is what a merge leaves of the customer that went. */
    st = store_tick(w->p->store, err);
    query_set_text(w->delete_day, 1, c->name);
    query_set_str(w->delete_day, 2, format_day(day, c->day));
    return st == ST_OK ? query_run(w->delete_day, err) : st;
}

static void
note_active(struct work *w, const struct cell_view *c)
{
    int32_t age = w->p->today - c->day;

    if (age >= 0 && age < 90)
        w->active_changed |= sketch_merge(&w->active, &c->sketch[SKETCH_PEOPLE]);
}

/* The customer that was being read is complete. */
static enum status
finish_customer(struct work *w, struct error *err)
{
    struct span id = span_of(w->name.p, w->name.n);
    enum status st;

    if (!w->reading)
        return ST_OK;
    w->reading = false;
    if (w->write_days) /* many of a customer's days have the same people */
        w->active_changed |= sketch_merge_union(&w->active, w->profile.people);
    if (!w->profile.anything) {
        struct query *q = w->profile.cells ? w->delete_stat : w->fade;

        st = store_tick(w->p->store, err);
        if (st != ST_OK)
            return st;
        query_set_text(q, w->profile.cells ? 1 : 2, id);
        if (!w->profile.cells)
            query_set_str(q, 1, w->p->now_text);
        return query_run(q, err);
    }
    if (w->spread)
        spread_add(w->spread, id, &w->profile);
    if (w->p->usage)
        usage_gather_add(w->p->usage, id, &w->profile);
    st = customer_rows_seen(w->rows, id, &w->profile, err);
    return st == ST_OK ? customer_rows_stat(w->rows, id, &w->profile, err) : st;
}

static void
start_customer(struct work *w, struct span name)
{
    buf_reset(&w->name);
    buf_span(&w->name, name);
    profile_start(&w->profile, w->p->today);
    w->reading = true;
}

static enum status
visit_grouped(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;
    enum status st = ST_OK;

    if (!w->reading || !span_eq(c->name, span_of(w->name.p, w->name.n))) {
        st = finish_customer(w, err);
        start_customer(w, c->name);
    }
    if (st == ST_OK && w->write_days) {
        pass_note_input(w->p, c->day);
        if (c->day <= w->p->today - PROFILE_PEOPLE) /* the others come with the profile */
            note_active(w, c);
        if (c->seq > w->p->since || w->p->first)
            st = put_day(w, c, err);
    }
    profile_add(&w->profile, c);
    return st;
}

static enum status
put_old(struct work *w, const struct cell_view *c, struct error *err)
{
    char day[CIVIL_TEXT];
    enum status st;

    profile_start(&w->profile, w->p->today);
    profile_add(&w->profile, c);
    if (!w->profile.anything)
        return ST_OK;
    st = customer_rows_seen(w->rows, c->name, &w->profile, err);
    if (st != ST_OK || w->profile.first_day == INT32_MIN)
        return st;
    st = store_tick(w->p->store, err);
    if (st != ST_OK)
        return st;
    query_set_text(w->put_old, 1, c->name);
    query_set_str(w->put_old, 2, format_day(day, c->day));
    query_set_str(w->put_old, 3, day);
    return query_run(w->put_old, err);
}

static enum status
visit_changed_customer(struct work *w, const struct cell_view *c, struct error *err)
{
    enum status st = put_day(w, c, err);

    pass_note_input(w->p, c->day);
    note_active(w, c);
    cells_get(w->changed, CELL_CUSTOMER, c->name, 0);
    /* Too old for the profile that is read next, which would never hear of it. */
    if (st == ST_OK && c->day <= w->p->today - PROFILE_DAYS)
        st = put_old(w, c, err);
    return st;
}

static enum status
visit_changed(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;

    switch ((enum cell_kind)c->kind) {
    case CELL_CUSTOMER:
        if (w->old_only && c->day > w->p->today - PROFILE_DAYS)
            return ST_OK;
        return visit_changed_customer(w, c, err);
    case CELL_SERVICE:
        return pass_service_cell(w->p, c, err);
    case CELL_WORKLOAD:
        w->p->services_changed = true;
        return ST_OK;
    case CELL_FEATURE:
        w->p->features_changed = true;
        return ST_OK;
    case CELL_REGION:
        break;
    }
    return ST_OK;
}

enum status
pass_fade(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q, FADE_SQL "as_of <> ?1", err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, p->now_text);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

static enum status
stream_all(struct work *w, struct error *err)
{
    struct pass *p = w->p;
    int32_t from = p->first ? p->ledger->floor : p->today - PROFILE_DAYS + 1;
    enum status st;

    w->write_days = true;
    /* People of days that have left the window must go: the sketch is made anew. */
    sketch_clear(&w->active);
    sketch_init(&w->active);
    w->active_changed = true;
    w->spread = spread_new();
    st = usage_gather_new(&p->usage, p, err);
    if (st == ST_OK)
        st = ledger_scan_kind(p->a->reader, CELL_CUSTOMER, from, visit_grouped, w, err);
    if (st == ST_OK)
        st = finish_customer(w, err);
    if (st == ST_OK)
        st = spread_save(w->spread, p, err);
    if (st == ST_OK)
        st = customer_rows_flush(w->rows, err);
    return st == ST_OK ? pass_fade(p, err) : st;
}

static enum status
read_changed(struct work *w, struct error *err)
{
    struct pass *p = w->p;
    struct cell *c;
    enum status st = ST_OK;

    w->write_days = false;
    CELLS_EACH (w->changed, c) {
        st = ledger_scan_subject(p->a->reader, CELL_CUSTOMER, c->name, p->today - PROFILE_DAYS + 1,
                                 visit_grouped, w, err);
        if (st == ST_OK)
            st = finish_customer(w, err);
        if (st != ST_OK)
            break;
    }
    return st == ST_OK ? customer_rows_flush(w->rows, err) : st;
}

static enum status
save_active(struct work *w, struct error *err)
{
    struct query *q = NULL;
    struct buf b = {0};
    enum status st = store_tick(w->p->store, err);

    if (!w->active_changed || st != ST_OK)
        return st;
    st = store_query(w->p->store, &q,
                     "INSERT INTO active_people(one, sketch) VALUES(1, ?1)"
                     " ON CONFLICT(one) DO UPDATE SET sketch = ?1",
                     err);
    if (st != ST_OK)
        return st;
    sketch_encode(&w->active, &b);
    query_set_blob(q, 1, span_of(b.p, b.n));
    st = query_run(q, err);
    query_free(q);
    buf_clear(&b);
    return st;
}

enum status
pass_active_people(struct pass *p, struct sketch *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q, "SELECT sketch FROM active_people", err);

    sketch_init(out);
    if (st != ST_OK)
        return st;
    st = query_next(q, err);
    if (st == ST_OK) {
        struct span s = query_text(q, 0);
        const uint8_t *at = (const uint8_t *)s.p;

        st = sketch_decode(out, &at, at + s.n, err);
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
prepare(struct work *w, struct error *err)
{
    struct {
        struct query **q;
        const char *sql;
    } const all[] = {
        {&w->delete_day, "DELETE FROM customer_day WHERE customer = ?1 AND day = ?2"},
        {&w->delete_stat, "DELETE FROM customer_stat WHERE customer = ?1"},
        {&w->put_old, put_old_sql},
        {&w->fade, FADE_SQL "customer = ?2"},
    };
    enum status st = customer_rows_new(&w->rows, w->p, err);

    for (size_t i = 0; st == ST_OK && i < sizeof all / sizeof all[0]; i++)
        st = store_query(w->p->store, all[i].q, all[i].sql, err);
    return st;
}

static void
clear(struct work *w)
{
    customer_rows_free(w->rows);
    query_free(w->delete_day);
    query_free(w->delete_stat);
    query_free(w->put_old);
    query_free(w->fade);
    profile_clear(&w->profile);
    sketch_clear(&w->active);
    spread_free(w->spread);
    cells_free(w->changed);
    buf_clear(&w->name);
}

enum status
pass_customers(struct pass *p, struct error *err)
{
    struct work w = {.p = p, .changed = cells_new(), .old_only = p->full};
    enum status st;

    profile_init(&w.profile, p->a->zone, p->a->weekend);
    st = pass_active_people(p, &w.active, err);
    if (st == ST_OK)
        st = prepare(&w, err);
    if (st == ST_OK && !p->first)
        st = ledger_scan_changed(p->a->reader, p->since, visit_changed, &w, err);
    if (st == ST_OK && !p->full && cells_count(w.changed) >= STREAM_FROM)
        p->full = true;
    if (st == ST_OK)
        st = p->full ? stream_all(&w, err) : read_changed(&w, err);
    if (st == ST_OK)
        st = save_active(&w, err);
    if (st == ST_OK && p->first) { /* pass_rfm scores and writes what they have kept */
        p->rows = w.rows;
        w.rows = NULL;
    }
    clear(&w);
    return st;
}
