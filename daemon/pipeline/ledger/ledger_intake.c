/*
 * ledger_intake.c - which ranges of which streams a batch came from, and when its records began.
 *
 * A part of each commit: a few rows, for a file's small batches the same ones for an hour. The
 * store reads them to know how complete a quarter hour is; people, to follow a figure back.
 */
#include "ledger_internal.h"

#include "hash.h"
#include "ledger_reader.h"
#include "ledger_sums.h"

#define ROW_BYTES (8u << 20) /* of a stream: more than that begins another row */
#define HOUR_US   (INT64_C(3600) * 1000000)

/* --- writing --- */

static uint64_t
hash_stream(const struct intake *in)
{
    uint64_t h = hash_bytes(in->input.p, in->input.n, in->unit);

    h = hash_bytes(in->stream.p, in->stream.n, h + 1);
    return hash_bytes(in->identity.p, in->identity.n, h + 1) | 1;
}

/* The batch with which the row began that this goes into. */
static uint64_t
row_for(struct ledger *l, const struct intake *in, uint64_t seq, int64_t hour)
{
    uint64_t stream = hash_stream(in);
    uint64_t bytes = in->unit == INTAKE_BYTES ? in->until - in->at : 0;
    struct open_intake *o = NULL;

    for (size_t i = 0; i < OPEN_INTAKES && !o; i++)
        if (l->intakes[i].stream == stream)
            o = &l->intakes[i];
    if (!o) {
        o = &l->intakes[l->next_intake++ % OPEN_INTAKES];
        *o = (struct open_intake){.stream = stream};
    }
    if (o->hour != hour || o->first_seq == 0 || o->bytes + bytes > ROW_BYTES ||
        (in->unit == INTAKE_BYTES && in->at > o->until)) {
        o->first_seq = seq;
        o->bytes = 0;
        o->hour = hour;
    }
    o->bytes += bytes;
    o->until = in->until;
    return o->first_seq;
}

static enum status
put_range(struct ledger *l, const struct intake *in, uint64_t seq, int64_t created,
          struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_INTAKE];
    int32_t first, last;

    quarters_range(&in->quarters, &first, &last);
    sqlite3_bind_int64(st, 1, (int64_t)row_for(l, in, seq, created / HOUR_US));
    sql_bind_text(st, 2, in->input);
    sql_bind_text(st, 3, in->stream);
    sql_bind_text(st, 4, in->identity);
    sqlite3_bind_int(st, 5, (int)in->unit);
    sqlite3_bind_int64(st, 6, (int64_t)in->at);
    sqlite3_bind_int64(st, 7, (int64_t)in->until);
    sqlite3_bind_int64(st, 8, (int64_t)seq);
    sqlite3_bind_int64(st, 9, (int64_t)in->records);
    sqlite3_bind_int64(st, 10, (int64_t)in->accepted);
    sqlite3_bind_int(st, 11, first);
    sqlite3_bind_int(st, 12, last);
    sqlite3_bind_int64(st, 13, created / 1000000);
    sqlite3_bind_int64(st, 14, created / 1000000);
    return sql_run(st, err);
}

static enum status
put_quarters(struct ledger *l, const struct intake *in, int64_t created, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_FEED_QUARTER];
    enum status result = ST_OK;

    for (size_t i = 0; i < in->quarters.size && result == ST_OK; i++) {
        const struct quarter_count *q = &in->quarters.place[i];

        if (q->records == 0)
            continue;
        sqlite3_bind_int64(st, 1, created / 1000000 / INTAKE_QUARTER);
        sql_bind_text(st, 2, in->input);
        sqlite3_bind_int(st, 3, q->quarter);
        sqlite3_bind_int64(st, 4, q->records);
        result = sql_run(st, err);
    }
    return result;
}

static enum status
put_ways(struct ledger *l, const struct ledger_batch *b, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_WAY];
    enum status result = ST_OK;

    for (size_t i = 0; i < b->way_arrays; i++)
        for (size_t j = 0; j < b->way_counts[i] && result == ST_OK; j++) {
            sqlite3_bind_int(st, 1, b->ways[i][j].kind);
            sql_bind_text(st, 2, b->ways[i][j].name);
            sql_bind_text(st, 3, b->ways[i][j].input);
            result = sql_run(st, err);
        }
    return result;
}

enum status
ledger_put_intake(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    enum status result = put_ways(l, b, err);

    for (size_t i = 0; i < b->intake_count && result == ST_OK; i++) {
        const struct intake *in = &b->intakes[i];

        if (in->records == 0)
            continue;
        result = put_range(l, in, seq, b->created, err);
        if (result == ST_OK)
            result = put_quarters(l, in, b->created, err);
    }
    return result;
}

enum status
ledger_expire_intake(struct ledger *l, int64_t before, struct error *err)
{
    static const char *const sql[] = {"DELETE FROM intake WHERE ended < ?1 / 1000000",
                                      "DELETE FROM feed_quarter WHERE arrived < ?1 / 900000000"};
    enum status result = ST_OK;

    for (size_t i = 0; i < sizeof sql / sizeof sql[0] && result == ST_OK; i++) {
        sqlite3_stmt *st;

        result = sql_prepare(l->db, &st, sql[i], err);
        if (result != ST_OK)
            break;
        sqlite3_bind_int64(st, 1, before);
        result = sql_run(st, err);
        sqlite3_finalize(st);
    }
    return result;
}

/* --- reading --- */

enum status
ledger_scan_feed_quarters(struct ledger_reader *r, int32_t from, feed_quarter_visit *visit,
                          void *arg, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result =
        sql_prepare(r->db, &st,
                    "SELECT arrived, input, quarter, records, " LEDGER_FEED_QUARTER_HOLDS
                    " FROM feed_quarter WHERE arrived >= ?1 AND quarter >= ?1"
                    " ORDER BY arrived, input, quarter",
                    err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int(st, 1, from);
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        struct feed_quarter q = {
            .arrived = sqlite3_column_int(st, 0),
            .input = sql_column(st, 1),
            .quarter = sqlite3_column_int(st, 2),
            .records = (uint64_t)sqlite3_column_int64(st, 3),
        };

        result = sqlite3_column_int(st, 4)
                     ? visit(arg, &q, err)
                     : fail(err, ST_CORRUPT,
                            "ledger.db: a quarter hour of input %.*s fails its"
                            " checksum",
                            SPAN_ARG(q.input));
        if (result != ST_OK)
            break;
    }
    sqlite3_finalize(st);
    return result;
}

static struct intake_row
intake_from_row(sqlite3_stmt *st)
{
    return (struct intake_row){
        .first_seq = (uint64_t)sqlite3_column_int64(st, 0),
        .of.input = sql_column(st, 1),
        .of.stream = sql_column(st, 2),
        .of.identity = sql_column(st, 3),
        .of.unit = (enum intake_unit)sqlite3_column_int(st, 4),
        .of.at = (uint64_t)sqlite3_column_int64(st, 5),
        .of.until = (uint64_t)sqlite3_column_int64(st, 6),
        .last_seq = (uint64_t)sqlite3_column_int64(st, 7),
        .of.records = (uint64_t)sqlite3_column_int64(st, 8),
        .of.accepted = (uint64_t)sqlite3_column_int64(st, 9),
        .first_quarter = sqlite3_column_int(st, 10),
        .last_quarter = sqlite3_column_int(st, 11),
        .begun = sqlite3_column_int64(st, 12),
        .ended = sqlite3_column_int64(st, 13),
    };
}

enum status
ledger_scan_intake(struct ledger_reader *r, int32_t from, int32_t to, intake_visit *visit,
                   void *arg, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(r->db, &st,
                                     "SELECT " LEDGER_INTAKE ", " LEDGER_INTAKE_HOLDS
                                     " FROM intake WHERE first_quarter < ?2 AND last_quarter >= ?1"
                                     " ORDER BY first_seq, input, stream, identity",
                                     err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int(st, 1, from);
    sqlite3_bind_int(st, 2, to);
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        struct intake_row in = intake_from_row(st);

        result = sqlite3_column_int(st, 14)
                     ? visit(arg, &in, err)
                     : fail(err, ST_CORRUPT, "ledger.db: a range of batch %llu fails its checksum",
                            (unsigned long long)in.first_seq);
        if (result != ST_OK)
            break;
    }
    sqlite3_finalize(st);
    return result == ST_SKIP ? ST_OK : result;
}

enum status
ledger_scan_ways(struct ledger_reader *r, way_visit *visit, void *arg, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(
        r->db, &st, "SELECT kind, name, input, " LEDGER_WAY_HOLDS " FROM way ORDER BY kind, name",
        err);

    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row) {
        struct way w = {
            .kind = (enum cell_kind)sqlite3_column_int(st, 0),
            .name = sql_column(st, 1),
            .input = sql_column(st, 2),
        };

        result = sqlite3_column_int(st, 3)
                     ? visit(arg, &w, err)
                     : fail(err, ST_CORRUPT, "ledger.db: the way of %.*s fails its checksum",
                            SPAN_ARG(w.name));
    }
    sqlite3_finalize(st);
    return result;
}

/* --- which batches hold records of somebody --- */

static enum status
count_items(sqlite3_stmt *st, const struct kept_question *q, uint64_t *found, struct error *err)
{
    struct kept_reader *k = NULL;
    enum status result = kept_open(&k, sql_column(st, 2), sql_column(st, 3), err);

    if (result == ST_OK)
        result = kept_count(k, (size_t)sqlite3_column_int64(st, 1), q, found, err);
    kept_close(k);
    return result;
}

enum status
ledger_count_kept(struct ledger_reader *r, const struct kept_question *q, uint64_t first_seq,
                  uint64_t last_seq, struct kept_answer *out, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(r->db, &st,
                                     "SELECT number, count, names, items, " LEDGER_KEPT_HOLDS
                                     " FROM kept WHERE number BETWEEN ?1 * 256 AND ?2 * 256 + 255"
                                     " ORDER BY number",
                                     err);

    *out = (struct kept_answer){0};
    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(st, 1, (int64_t)first_seq);
    sqlite3_bind_int64(st, 2, (int64_t)last_seq);
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        uint64_t before = out->records, seq = (uint64_t)sqlite3_column_int64(st, 0) / 256;

        result = sqlite3_column_int(st, 4) ? count_items(st, q, &out->records, err)
                                           : fail(err, ST_CORRUPT,
                                                  "ledger.db: what is kept of batch %llu fails its"
                                                  " checksum",
                                                  (unsigned long long)seq);
        if (result != ST_OK)
            break;
        out->kept += (uint64_t)sqlite3_column_int64(st, 1);
        if (out->records > before && out->first_seq == 0)
            out->first_seq = seq;
        if (out->records > before)
            out->last_seq = seq;
    }
    sqlite3_finalize(st);
    return result;
}
