/*
 * ledger_names.c - the names that have totals, without looking at the totals.
 *
 * The rows of one name stand together, so each next name is one step down the tree, whatever
 * number of days the last one has. Each step is a transaction of its own: a walk over millions of
 * names holds no snapshot that would keep the write-ahead log from being emptied.
 */
#include "keys.h"
#include "ledger_reader.h"

/* The first subject behind *last, which is replaced by it. False in *found: there is none. */
static enum status
next_name(sqlite3_stmt *st, unsigned partition, struct buf *last, bool *found, struct error *err)
{
    enum status result;

    sqlite3_bind_int(st, 1, (int)partition);
    sql_bind_blob(st, 2, last->p ? last->p : "", last->n);
    result = sql_step(st, found, err);
    if (result == ST_OK && *found) {
        buf_reset(last);
        buf_span(last, sql_column(st, 0));
    }
    sqlite3_reset(st);
    return result;
}

enum status
ledger_scan_names(struct ledger_reader *r, name_visit *visit, void *arg, struct error *err)
{
    sqlite3_stmt *st;
    struct buf last = {0};
    enum status result = sql_prepare(r->db, &st,
                                     "SELECT subject FROM total WHERE partition = ?1"
                                     " AND subject > ?2 ORDER BY subject LIMIT 1",
                                     err);

    if (result != ST_OK)
        return result;
    for (unsigned p = 0; p < KEY_PARTITIONS && result == ST_OK; p++) {
        bool found = true;

        buf_reset(&last);
        while (result == ST_OK && found) {
            result = next_name(st, p, &last, &found, err);
            if (result == ST_OK && found && last.n > 2)
                result =
                    visit(arg, (enum cell_kind)last.p[0], span_of(last.p + 2, last.n - 2), err);
        }
    }
    sqlite3_finalize(st);
    buf_clear(&last);
    return result;
}
