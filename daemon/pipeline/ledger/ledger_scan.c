/*
 * ledger_scan.c - walks over the ledger's totals.
 *
 * Names are spread over the partitions, each of which is a range of the table. A walk in the order
 * of names merges the partitions: a cursor each, the one with the lowest name next.
 */
#include "ledger_reader.h"

#include <stdlib.h>

#include "keys.h"
#include "ledger_parts.h"

/* A snapshot that is held keeps the writer from using its log's space again. */
#define SNAPSHOT_ROWS 20000

/* The row as a cell of the reader's own set, which the next row empties. */
static enum status
visit_cell(struct ledger_reader *r, sqlite3_stmt *st, cell_visit *visit, void *arg,
           struct error *err)
{
    struct total_row row;
    struct cell *c;
    enum status result = ledger_total_row(st, &row, err);

    if (result != ST_OK)
        return result;
    cells_reset(r->scratch);
    c = cells_get(r->scratch, row.kind, row.name, row.day);
    result = cell_decode_add(c, row.values, err);
    c->seq = row.seq;
    return result == ST_OK ? visit(arg, c, err) : result;
}

static enum status
visit_view(struct ledger_reader *r, sqlite3_stmt *st, view_visit *visit, void *arg,
           struct error *err)
{
    struct total_row row;
    enum status result = ledger_total_row(st, &row, err);

    if (result != ST_OK)
        return result;
    r->view.kind = (uint8_t)row.kind;
    r->view.name = row.name;
    r->view.day = row.day;
    r->view.seq = row.seq;
    result = cell_view_read(&r->view, row.values, err);
    return result == ST_OK ? visit(arg, &r->view, err) : result;
}

static enum status
prepare_partition(struct ledger_reader *r, sqlite3_stmt **st, unsigned partition, uint64_t after,
                  struct error *err)
{
    enum status result = sql_prepare(
        r->db, st,
        after ? LEDGER_TOTAL_COLUMNS "INDEXED BY total_seq WHERE partition = ?1 AND seq > ?2"
                                     " ORDER BY seq"
              : LEDGER_TOTAL_COLUMNS "WHERE partition = ?1 AND seq > ?2",
        err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int(*st, 1, (int)partition);
    sqlite3_bind_int64(*st, 2, (int64_t)after);
    return ST_OK;
}

enum status
ledger_scan_partition(struct ledger_reader *r, unsigned partition, uint64_t after,
                      cell_visit *visit, void *arg, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = prepare_partition(r, &st, partition, after, err);

    if (result != ST_OK)
        return result;
    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row)
        result = visit_cell(r, st, visit, arg, err);
    sqlite3_finalize(st);
    return result;
}

/* Visits all rows of a statement. */
static enum status
visit_views(struct ledger_reader *r, sqlite3_stmt *st, view_visit *visit, void *arg,
            struct error *err)
{
    enum status result = ST_OK;
    bool row = false;

    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row)
        result = visit_view(r, st, visit, arg, err);
    return result;
}

enum status
ledger_scan_changed(struct ledger_reader *r, uint64_t after, view_visit *visit, void *arg,
                    struct error *err)
{
    enum status result = ST_OK;

    for (unsigned p = 0; p < KEY_PARTITIONS && result == ST_OK; p++) {
        sqlite3_stmt *st;

        result = prepare_partition(r, &st, p, after, err);
        if (result != ST_OK)
            return result;
        result = visit_views(r, st, visit, arg, err);
        sqlite3_finalize(st);
    }
    return result;
}

enum status
ledger_scan_subject(struct ledger_reader *r, enum cell_kind kind, struct span name,
                    int32_t from_day, view_visit *visit, void *arg, struct error *err)
{
    struct buf subject = {0};
    enum status result = ST_OK;
    sqlite3_stmt *st;

    if (!r->by_subject)
        result = sql_prepare(r->db, &r->by_subject,
                             LEDGER_TOTAL_COLUMNS
                             "WHERE partition = ?1 AND subject = ?2 AND period >= ?3"
                             " ORDER BY period",
                             err);
    if (result != ST_OK)
        return result;
    st = r->by_subject;
    buf_char(&subject, (char)kind);
    buf_char(&subject, ':');
    buf_span(&subject, name);
    sqlite3_bind_int(st, 1, (int)keys_partition(name));
    sql_bind_blob(st, 2, subject.p, subject.n);
    sqlite3_bind_int(st, 3, from_day);
    result = visit_views(r, st, visit, arg, err);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    buf_clear(&subject);
    return result;
}

/* --- in the order of names --- */

struct lane {
    sqlite3_stmt *st;
    struct span subject; /* of the row it stands on; SQLite's until the next step */
};

struct merge {
    struct lane lanes[KEY_PARTITIONS];
    struct lane *heap[KEY_PARTITIONS]; /* those that stand on a row, lowest subject first */
    unsigned live;
    struct buf last; /* subject: all up to it have been visited */
    unsigned rows;   /* since the cursors were placed */
};

static void
sink(struct merge *m, unsigned i)
{
    struct lane *moving = m->heap[i];

    for (unsigned child = 2 * i + 1; child < m->live; i = child, child = 2 * i + 1) {
        if (child + 1 < m->live &&
            span_cmp(m->heap[child + 1]->subject, m->heap[child]->subject) < 0)
            child++;
        if (span_cmp(moving->subject, m->heap[child]->subject) <= 0)
            break;
        m->heap[i] = m->heap[child];
        m->heap[child] = moving;
    }
}

static enum status
step_lane(struct lane *l, bool *row, struct error *err)
{
    enum status result = sql_step(l->st, row, err);

    if (result == ST_OK && *row)
        l->subject = sql_column(l->st, 1);
    return result;
}

/* All cursors anew, behind m->last: this ends the snapshot and begins one. */
static enum status
place_lanes(struct merge *m, struct error *err)
{
    enum status result = ST_OK;

    m->live = m->rows = 0;
    for (unsigned p = 0; p < KEY_PARTITIONS; p++)
        sqlite3_reset(m->lanes[p].st);
    for (unsigned p = 0; p < KEY_PARTITIONS && result == ST_OK; p++) {
        struct lane *l = &m->lanes[p];
        bool row = false;

        /* A copy: m->last moves on while the cursor is open. */
        sqlite3_bind_blob64(l->st, 2, m->last.p, m->last.n, SQLITE_TRANSIENT);
        result = step_lane(l, &row, err);
        if (result == ST_OK && row)
            m->heap[m->live++] = l;
    }
    for (unsigned i = m->live / 2; i-- > 0;)
        sink(m, i);
    return result;
}

static enum status
open_lanes(struct ledger_reader *r, struct merge *m, enum cell_kind kind, int32_t from_day,
           struct error *err)
{
    char above[2] = {(char)kind, ':' + 1};
    enum status result = ST_OK;

    if (r->walking)
        abort(); /* who visits a row does not begin another walk */
    r->walking = true;
    buf_char(&m->last, (char)kind);
    for (int p = 0; p < KEY_PARTITIONS && result == ST_OK; p++) {
        sqlite3_stmt *st;

        if (!r->lanes[p])
            result = sql_prepare(r->db, &r->lanes[p],
                                 LEDGER_TOTAL_COLUMNS
                                 "WHERE partition = ?1 AND subject > ?2 AND subject < ?3"
                                 " AND period >= ?4 ORDER BY subject, period",
                                 err);
        if (result != ST_OK)
            break;
        m->lanes[p].st = st = r->lanes[p];
        sqlite3_bind_int(st, 1, p);
        sqlite3_bind_blob(st, 3, above, sizeof above, SQLITE_TRANSIENT);
        sqlite3_bind_int(st, 4, from_day);
    }
    return result == ST_OK ? place_lanes(m, err) : result;
}

/* The rows of the lowest subject; a name is in one partition only. */
static enum status
visit_lowest(struct ledger_reader *r, struct merge *m, view_visit *visit, void *arg,
             struct error *err)
{
    struct lane *l = m->heap[0];
    bool row = true;
    enum status result = ST_OK;

    buf_reset(&m->last);
    buf_span(&m->last, l->subject);
    while (result == ST_OK && row && span_eq(l->subject, span_of(m->last.p, m->last.n))) {
        result = visit_view(r, l->st, visit, arg, err);
        m->rows++;
        if (result == ST_OK)
            result = step_lane(l, &row, err);
    }
    if (!row)
        m->heap[0] = m->heap[--m->live];
    if (m->live)
        sink(m, 0);
    return result;
}

enum status
ledger_scan_kind(struct ledger_reader *r, enum cell_kind kind, int32_t from_day, view_visit *visit,
                 void *arg, struct error *err)
{
    struct merge m = {0};
    enum status result = open_lanes(r, &m, kind, from_day, err);

    while (result == ST_OK && m.live) {
        result = visit_lowest(r, &m, visit, arg, err);
        if (result == ST_OK && m.rows >= SNAPSHOT_ROWS)
            result = place_lanes(&m, err);
    }
    for (unsigned p = 0; p < KEY_PARTITIONS; p++)
        sqlite3_reset(m.lanes[p].st);
    r->walking = false;
    buf_clear(&m.last);
    return result;
}
