/*
 * ledger_read.c - the read-only connection, and what it reads but totals (ledger_scan.c).
 *
 * A reader sees one snapshot per call and holds it no longer than the call, so that the
 * writer's checkpoints get through.
 */
#include "ledger_reader.h"

#include <stdlib.h>

#include "ledger_parts.h"
#include "ledger_sums.h"

enum status
ledger_reader_open(struct ledger_reader **out, const char *path, struct error *err)
{
    struct ledger_reader *r = xcalloc(1, sizeof *r);
    enum status result = ledger_open_readonly(&r->db, path, err);

    if (result != ST_OK) {
        ledger_reader_close(r);
        return result;
    }
    /* Walks see every page once: more would be more memory to touch, and no fewer reads. */
    sqlite3_exec(r->db, "PRAGMA cache_size = -2048", NULL, NULL, NULL);
    r->scratch = cells_new();
    *out = r;
    return ST_OK;
}

void
ledger_reader_close(struct ledger_reader *r)
{
    if (!r)
        return;
    sqlite3_finalize(r->by_subject);
    sqlite3_finalize(r->key);
    for (unsigned p = 0; p < KEY_PARTITIONS; p++)
        sqlite3_finalize(r->lanes[p]);
    sqlite3_close(r->db);
    cells_free(r->scratch);
    cell_view_clear(&r->view);
    free(r);
}

enum status
ledger_reader_state(struct ledger_reader *r, struct ledger_state *out, struct error *err)
{
    char node[64];

    return ledger_read_state(r->db, out, node, sizeof node, err);
}

enum status
ledger_reader_in_history(struct ledger_reader *r, uint64_t incarnation, uint64_t seq, bool *out,
                         struct error *err)
{
    sqlite3_stmt *st;
    enum status result = sql_prepare(r->db, &st,
                                     "SELECT " LEDGER_STATE_HOLDS " FROM meta"
                                     " WHERE incarnation = ?1 AND last_batch >= ?2 UNION ALL"
                                     " SELECT " LEDGER_HISTORY_HOLDS " FROM history"
                                     " WHERE incarnation = ?1 AND last_seq >= ?2",
                                     err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(st, 1, (int64_t)incarnation);
    sqlite3_bind_int64(st, 2, (int64_t)seq);
    result = sql_step(st, out, err);
    if (result == ST_OK && *out && !sqlite3_column_int(st, 0))
        result = fail(err, ST_CORRUPT, "ledger.db: the incarnation %llu fails its checksum",
                      (unsigned long long)incarnation);
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_scan_events(struct ledger_reader *r, uint64_t after, event_visit *visit, void *arg,
                   struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result =
        sql_prepare(r->db, &st,
                    "SELECT seq, n, kind, start, customer, id, json, " LEDGER_EVENT_HOLDS
                    " FROM event WHERE seq > ?1 ORDER BY seq, n",
                    err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(st, 1, (int64_t)after);
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        struct event_row e = {
            .kind = (uint8_t)sqlite3_column_int(st, 2),
            .start = sqlite3_column_int64(st, 3),
            .customer = sql_column(st, 4),
            .id = sql_column(st, 5),
            .json = sql_column(st, 6),
        };

        result = sqlite3_column_int(st, 7)
                     ? visit(arg, (uint64_t)sqlite3_column_int64(st, 0), &e, err)
                     : ledger_event_damaged(st, err);
        if (result != ST_OK)
            break;
    }
    sqlite3_finalize(st);
    return result;
}

static struct quarantine_row
quarantine_from_row(sqlite3_stmt *st)
{
    return (struct quarantine_row){
        .id = (uint64_t)sqlite3_column_int64(st, 0),
        .input = sql_column(st, 1),
        .source = sql_column(st, 2),
        .format = sql_column(st, 3),
        .stream = sql_column(st, 4),
        .timezone = sql_column(st, 5),
        .identity = (uint8_t)sqlite3_column_int(st, 6),
        .reason = sql_column(st, 7),
        .offset = (uint64_t)sqlite3_column_int64(st, 8),
        .length = (uint32_t)sqlite3_column_int64(st, 9),
        .raw = sql_column(st, 10),
        .has_header = sqlite3_column_type(st, 11) != SQLITE_NULL,
        .header = sql_column(st, 11),
        .arrived = sqlite3_column_int64(st, 12),
    };
}

#define QUARANTINE_COLUMNS                                                                         \
    "SELECT id, input, source, format, stream, timezone, identity, reason, position, length,"      \
    " head, header, arrived, " LEDGER_QUARANTINE_HOLDS " FROM quarantine"                          \
    " WHERE (?1 = 0 OR id = ?1) AND (?2 = '' OR input = ?2)"

/* Runs a statement over QUARANTINE_COLUMNS and finalizes it. limit 0 is all. */
static enum status
visit_quarantine(sqlite3_stmt *st, const char *input, uint64_t id, uint64_t limit,
                 quarantine_visit *visit, void *arg, struct error *err)
{
    enum status result;
    bool row = false;

    sqlite3_bind_int64(st, 1, (int64_t)id);
    sql_bind_text(st, 2, span_str(input ? input : ""));
    sqlite3_bind_int64(st, 3, limit ? (int64_t)limit : -1);
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        struct quarantine_row q = quarantine_from_row(st);

        result = sqlite3_column_int(st, 13)
                     ? visit(arg, &q, err)
                     : fail(err, ST_CORRUPT, "ledger.db: refused record %llu fails its checksum",
                            (unsigned long long)q.id);
        if (result != ST_OK)
            break;
    }
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_scan_quarantine(struct ledger_reader *r, const char *input, uint64_t id, uint64_t limit,
                       quarantine_visit *visit, void *arg, struct error *err)
{
    sqlite3_stmt *st;
    enum status result =
        sql_prepare(r->db, &st, QUARANTINE_COLUMNS " ORDER BY id DESC LIMIT ?3", err);

    return result == ST_OK ? visit_quarantine(st, input, id, limit, visit, arg, err) : result;
}

enum status
ledger_scan_quarantine_from(struct ledger_reader *r, const struct quarantine_range *range,
                            quarantine_visit *visit, void *arg, struct error *err)
{
    sqlite3_stmt *st;
    enum status result = sql_prepare(
        r->db, &st, QUARANTINE_COLUMNS " AND id BETWEEN ?4 AND ?5 ORDER BY id LIMIT ?3", err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(st, 4, (int64_t)range->first);
    sqlite3_bind_int64(st, 5, (int64_t)range->last);
    return visit_quarantine(st, range->input, range->id, range->limit, visit, arg, err);
}

enum status
ledger_newest_quarantine(struct ledger_reader *r, uint64_t *id, struct error *err)
{
    int64_t max = 0;
    enum status result =
        sql_value(r->db, "SELECT coalesce(max(id), 0) FROM quarantine", 0, &max, err);

    *id = (uint64_t)max;
    return result;
}

enum status
ledger_scan_reasons(struct ledger_reader *r, const char *input, reason_visit *visit, void *arg,
                    struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(r->db, &st,
                                     "SELECT reason, count(*) FROM quarantine"
                                     " WHERE (?1 = '' OR input = ?1) GROUP BY 1 ORDER BY 2 DESC, 1",
                                     err);

    if (result != ST_OK)
        return result;
    sql_bind_text(st, 1, span_str(input ? input : ""));
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        result = visit(arg, sql_column(st, 0), (uint64_t)sqlite3_column_int64(st, 1), err);
        if (result != ST_OK)
            break;
    }
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_quarantine_rows(struct ledger_reader *r, uint64_t *out, struct error *err)
{
    int64_t n = 0;
    enum status result = sql_value(r->db, "SELECT count(*) FROM quarantine", 0, &n, err);

    *out = (uint64_t)n;
    return result;
}

enum status
ledger_tally_quarantine(struct ledger_reader *r, tally_visit *visit, void *arg, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result =
        sql_prepare(r->db, &st,
                    "SELECT input, reason, count(*), min(arrived), max(arrived) FROM quarantine"
                    " GROUP BY input, reason",
                    err);

    if (result != ST_OK)
        return result;
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        struct quarantine_tally q = {
            .input = sql_column(st, 0),
            .reason = sql_column(st, 1),
            .records = (uint64_t)sqlite3_column_int64(st, 2),
            .first_arrived = sqlite3_column_int64(st, 3),
            .last_arrived = sqlite3_column_int64(st, 4),
        };

        result = visit(arg, &q, err);
        if (result != ST_OK)
            break;
    }
    sqlite3_finalize(st);
    return result;
}
