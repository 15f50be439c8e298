/*
 * pass_events.c - single records in the store: activities, orders, bookings, quarantine, feeds.
 */
#include "pass.h"

#include <stdlib.h>

#include "engine.h"
#include "record.h"

/* The newest of the quarantine; all of it is in the ledger. */
#define QUARANTINE_ROWS 10000
#define RAW_MAX         2048

enum family { ACTIVITY, ORDERS, BOOKING, FAMILIES };

/* Columns of their own come out of the record as it was given. */
static const char *const event_sql[FAMILIES] = {
    [ACTIVITY] = "INSERT OR REPLACE INTO activity(seq, n, kind, id, customer, start, record,"
                 " service, agent, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
                 " json_extract(?7, '$.service'), json_extract(?7, '$.agent'),"
                 " json_extract(?7, '$.reason'))",
    [ORDERS] = "INSERT OR REPLACE INTO orders(seq, n, kind, id, customer, start, record,"
               " product, quantity, amount, currency) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
               " json_extract(?7, '$.product'),"
               " CAST(json_extract(?7, '$.quantity') AS REAL),"
               " CAST(json_extract(?7, '$.amount') AS REAL), json_extract(?7, '$.currency'))",
    [BOOKING] = "INSERT OR REPLACE INTO booking(seq, n, id, customer, start, record, resource,"
                " state) VALUES(?1, ?2, ?4, ?5, ?6, ?7, json_extract(?7, '$.resource'),"
                " json_extract(?7, '$.state'))",
};

static const uint8_t family_of[KIND_COUNT] = {
    [KIND_INQUIRY] = ACTIVITY + 1, [KIND_RESPONSE] = ACTIVITY + 1, [KIND_VISIT] = ACTIVITY + 1,
    [KIND_ORDER] = ORDERS + 1,     [KIND_RETURN] = ORDERS + 1,     [KIND_BOOKING] = BOOKING + 1,
};

struct event_work {
    struct pass *pass;
    struct query *put[FAMILIES];
    uint64_t last;
    int64_t n; /* place within the batch: the ledger's order is fixed */
};

static enum status
visit_event(void *arg, uint64_t seq, const struct event_row *e, struct error *err)
{
    struct event_work *w = arg;
    char start[CIVIL_TEXT];
    struct query *q;
    enum status st;

    w->n = seq == w->last ? w->n + 1 : 0;
    w->last = seq;
    if (e->kind >= KIND_COUNT || family_of[e->kind] == 0)
        return ST_OK;
    q = w->put[family_of[e->kind] - 1];
    st = store_tick(w->pass->store, err);
    if (st != ST_OK)
        return st;
    query_set_int(q, 1, (int64_t)seq);
    query_set_int(q, 2, w->n);
    if (family_of[e->kind] - 1 != BOOKING)
        query_set_str(q, 3, kind_name(e->kind));
    query_set_text(q, 4, e->id);
    query_set_text(q, 5, e->customer);
    query_set_str(q, 6, format_utc(start, e->start));
    query_set_text(q, 7, e->json);
    return query_run(q, err);
}

enum status
pass_events(struct pass *p, uint64_t after, uint64_t *last, struct error *err)
{
    struct event_work w = {.pass = p, .last = after, .n = -1};
    enum status st = ST_OK;

    for (int i = 0; st == ST_OK && i < FAMILIES; i++)
        st = store_query(p->store, &w.put[i], event_sql[i], err);
    if (st == ST_OK)
        st = ledger_scan_events(p->a->reader, after, visit_event, &w, err);
    for (int i = 0; i < FAMILIES; i++)
        query_free(w.put[i]);
    *last = w.last;
    return st;
}

struct quarantine_work {
    struct pass *pass;
    int64_t *have; /* ids in the store, newest first */
    size_t count, at;
    struct query *put, *drop;
};

/* What people and other programs can read as text, whatever the bytes were. */
static void
printable(struct buf *out, struct span raw)
{
    size_t n = raw.n < RAW_MAX ? raw.n : RAW_MAX;

    if (span_is_utf8(raw) && !span_has_control(raw) && raw.n <= RAW_MAX) {
        buf_span(out, raw);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)raw.p[i];

        if (c >= 0x20 && c < 0x7f && c != '\\')
            buf_char(out, (char)c);
        else
            buf_printf(out, "\\x%02X", c);
    }
    buf_str(out, raw.n > n ? "..." : "");
}

static enum status
drop_one(struct quarantine_work *w, int64_t id, struct error *err)
{
    enum status st = store_tick(w->pass->store, err);

    query_set_int(w->drop, 1, id);
    return st == ST_OK ? query_run(w->drop, err) : st;
}

static enum status
put_one(struct quarantine_work *w, const struct quarantine_row *r, struct error *err)
{
    char arrived[CIVIL_TEXT];
    struct buf raw = {0};
    enum status st = store_tick(w->pass->store, err);

    if (st != ST_OK)
        return st;
    buf_reserve(&raw, 1);
    printable(&raw, r->raw);
    query_set_int(w->put, 1, (int64_t)r->id);
    query_set_text(w->put, 2, r->input);
    query_set_text(w->put, 3, r->stream);
    query_set_int(w->put, 4, (int64_t)r->offset);
    query_set_int(w->put, 5, r->length);
    query_set_text(w->put, 6, r->reason);
    query_set_text(w->put, 7, span_of(raw.p, raw.n));
    query_set_str(w->put, 8, format_utc(arrived, r->arrived));
    st = query_run(w->put, err);
    buf_clear(&raw);
    return st;
}

/* Both lists go from new to old: what only the store has was released or dropped. */
static enum status
visit_quarantine(void *arg, const struct quarantine_row *r, struct error *err)
{
    struct quarantine_work *w = arg;
    enum status st = ST_OK;

    while (st == ST_OK && w->at < w->count && w->have[w->at] > (int64_t)r->id)
        st = drop_one(w, w->have[w->at++], err);
    if (st != ST_OK)
        return st;
    if (w->at < w->count && w->have[w->at] == (int64_t)r->id) {
        w->at++;
        return ST_OK;
    }
    return put_one(w, r, err);
}

static enum status
load_quarantine(struct quarantine_work *w, struct error *err)
{
    struct query *q = NULL;
    size_t cap = 0;
    enum status st =
        store_query(w->pass->store, &q, "SELECT id FROM quarantine ORDER BY id DESC", err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        if (w->count == cap) {
            cap = cap ? cap * 2 : 256;
            w->have = xrealloc(w->have, cap * sizeof *w->have);
        }
        w->have[w->count++] = query_int(q, 0);
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
pass_quarantine(struct pass *p, struct error *err)
{
    struct quarantine_work w = {.pass = p};
    enum status st = load_quarantine(&w, err);

    if (st == ST_OK)
        st = store_query(p->store, &w.put,
                         "INSERT OR REPLACE INTO quarantine(id, input, stream, position, length,"
                         " reason, raw, arrived) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                         err);
    if (st == ST_OK)
        st = store_query(p->store, &w.drop, "DELETE FROM quarantine WHERE id = ?1", err);
    if (st == ST_OK)
        st = ledger_scan_quarantine(p->a->reader, NULL, 0, QUARANTINE_ROWS, visit_quarantine, &w,
                                    err);
    while (st == ST_OK && w.at < w.count)
        st = drop_one(&w, w.have[w.at++], err);
    query_free(w.put);
    query_free(w.drop);
    free(w.have);
    return st;
}

/* Texts are borrowed until the query has run. */
static enum status
put_feed(struct query *q, const struct feed *f, const char *as_of, struct error *err)
{
    char record[CIVIL_TEXT], arrival[CIVIL_TEXT];
    const uint64_t counts[] = {f->records,     f->accepted, f->duplicates,
                               f->quarantined, f->ignored,  f->lost};

    query_set_str(q, 1, f->input);
    query_set_str(q, 2, f->type);
    query_set_int(q, 3, f->exact);
    for (int i = 0; i < 6; i++)
        query_set_int(q, 4 + i, (int64_t)counts[i]);
    query_set_str(q, 10, f->last_record ? format_utc(record, f->last_record) : NULL);
    query_set_str(q, 11, f->last_arrival ? format_utc(arrival, f->last_arrival) : NULL);
    query_set_int(q, 12, (int64_t)f->behind);
    query_set_str(q, 13, f->problem[0] ? f->problem : NULL);
    query_set_str(q, 14, as_of);
    return query_run(q, err);
}

enum status
analyst_feeds(struct analyst *a, const struct feed *feeds, size_t count, int64_t now,
              struct error *err)
{
    struct query *q = NULL;
    char as_of[CIVIL_TEXT];
    enum status st = store_query(
        a->store, &q,
        "INSERT OR REPLACE INTO feed_health(input, type, exact, records, accepted, duplicates,"
        " quarantined, ignored, lost, last_record, last_arrival, behind_bytes, problem, as_of)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        err);

    if (st == ST_OK)
        st = store_begin(a->store, err);
    for (size_t i = 0; st == ST_OK && i < count; i++)
        st = put_feed(q, &feeds[i], format_utc(as_of, now), err);
    query_free(q);
    if (st == ST_OK)
        return store_commit(a->store, err);
    store_rollback(a->store);
    return st;
}
