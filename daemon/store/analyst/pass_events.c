/*
 * pass_events.c - single records in the store: activities, orders, bookings; and the feeds.
 */
#include "pass.h"

#include "engine.h"
#include "record.h"

enum family { ACTIVITY, ORDERS, BOOKING, CONFERENCE, FAMILIES };

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
    /* The newest says all of it. */
    [CONFERENCE] = "INSERT OR REPLACE INTO conference(source, conference, first_seen, customer,"
                   " name, start, until, joins, legs, people, estimated)"
                   " VALUES(json_extract(?7, '$.source'), ?4, json_extract(?7, '$.first_seen'), ?5,"
                   " nullif(json_extract(?7, '$.conference_name'), ''), ?6,"
                   " json_extract(?7, '$.until'), json_extract(?7, '$.joins'),"
                   " json_extract(?7, '$.legs'), json_extract(?7, '$.people'),"
                   " json_extract(?7, '$.estimated'))",
};

static const uint8_t family_of[KIND_COUNT] = {
    [KIND_INQUIRY] = ACTIVITY + 1,
    [KIND_RESPONSE] = ACTIVITY + 1,
    [KIND_VISIT] = ACTIVITY + 1,
    [KIND_ORDER] = ORDERS + 1,
    [KIND_RETURN] = ORDERS + 1,
    [KIND_BOOKING] = BOOKING + 1,
    [KIND_CONFERENCE_END] = CONFERENCE + 1,
};

/* Whoever asks is somebody, used or not. */
static const char known_sql[] = "INSERT OR IGNORE INTO customer(id) VALUES(?1)";

struct event_work {
    struct pass *pass;
    struct query *put[FAMILIES], *known;
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
    if (family_of[e->kind] - 1 != CONFERENCE) {
        query_set_int(q, 1, (int64_t)seq);
        query_set_int(q, 2, w->n);
    }
    if (family_of[e->kind] - 1 < BOOKING)
        query_set_str(q, 3, kind_name(e->kind));
    query_set_text(q, 4, e->id);
    query_set_text(q, 5, e->customer);
    query_set_str(q, 6, format_utc(start, e->start));
    query_set_text(q, 7, e->json);
    st = query_run(q, err);
    query_set_text(w->known, 1, e->customer);
    return st == ST_OK ? query_run(w->known, err) : st;
}

enum status
pass_events(struct pass *p, uint64_t after, uint64_t *last, struct error *err)
{
    struct event_work w = {.pass = p, .last = after, .n = -1};
    enum status st = ST_OK;

    for (int i = 0; st == ST_OK && i < FAMILIES; i++)
        st = store_query(p->store, &w.put[i], event_sql[i], err);
    if (st == ST_OK)
        st = store_query(p->store, &w.known, known_sql, err);
    if (st == ST_OK)
        st = ledger_scan_events(p->a->reader, after, visit_event, &w, err);
    for (int i = 0; i < FAMILIES; i++)
        query_free(w.put[i]);
    query_free(w.known);
    *last = w.last;
    return st;
}
