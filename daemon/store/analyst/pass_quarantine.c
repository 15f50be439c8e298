/*
 * pass_quarantine.c - the quarantine in the store: the newest rows, and counts of all.
 *
 * Rows that were replayed or dropped vanish here as well. Nothing is read when the ledger's own
 * counts say that nothing came and nothing went since this process last looked.
 */
#include "mask.h"
#include "pass.h"

#include <stdlib.h>

/* The newest of the quarantine; all of it is in the ledger. */
#define QUARANTINE_ROWS 10000
#define RAW_MAX         2048

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
    mask_people(raw.p, raw.n); /* many may read the store; the ledger has it as it came */
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

static enum status
copy_rows(struct pass *p, struct error *err)
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

static enum status
visit_reason(void *arg, const struct quarantine_tally *r, struct error *err)
{
    struct query *q = arg;
    char first[CIVIL_TEXT], last[CIVIL_TEXT];

    query_set_text(q, 1, r->input);
    query_set_text(q, 2, r->reason);
    query_set_int(q, 3, (int64_t)r->records);
    query_set_str(q, 4, format_utc(first, r->first_arrived));
    query_set_str(q, 5, format_utc(last, r->last_arrived));
    return query_run(q, err);
}

/* Few rows, and all of them at once: a count without its neighbours would not add up. */
static enum status
count_reasons(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q,
                                 "INSERT INTO quarantine_count(input, reason, records,"
                                 " first_arrived, last_arrived) VALUES(?1, ?2, ?3, ?4, ?5)",
                                 err);

    if (st == ST_OK)
        st = store_commit_open(p->store, err);
    if (st == ST_OK)
        st = store_begin(p->store, err);
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM quarantine_count", err);
    if (st == ST_OK)
        st = ledger_tally_quarantine(p->a->reader, visit_reason, q, err);
    query_free(q);
    return st == ST_OK ? store_commit(p->store, err) : st;
}

enum status
pass_quarantine(struct pass *p, struct error *err)
{
    const struct quarantine_mark *have = &p->a->quarantine;
    struct quarantine_mark now = {.known = true, .ever = p->ledger->ever.quarantined};
    /* Asked before the rows are read: what comes in between is looked at twice. */
    enum status st = ledger_quarantine_rows(p->a->reader, &now.rows, err);

    if (st != ST_OK ||
        (!p->first && have->known && have->ever == now.ever && have->rows == now.rows))
        return st;
    st = copy_rows(p, err);
    if (st == ST_OK)
        st = count_reasons(p, err);
    if (st == ST_OK)
        p->a->quarantine = now;
    return st;
}
