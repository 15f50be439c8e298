/*
 * ledger_open_legs.c - legs that have begun and not ended: with the batch that changed them.
 *
 * What an event opened is written by the transaction that keeps the event's fingerprint, and goes
 * with the one that counts the leg: after a crash a stay is open or counted, never both.
 */
#include "ledger_internal.h"
#include "ledger_sums.h"

enum status
ledger_put_open_legs(struct ledger *l, const struct ledger_batch *b, struct error *err)
{
    enum status result = ST_OK;

    for (size_t i = 0; i < b->open_leg_count && result == ST_OK; i++) {
        const struct open_leg_row *row = &b->open_legs[i];
        sqlite3_stmt *st = l->st[row->gone ? DELETE_OPEN_LEG : PUT_OPEN_LEG];

        sql_bind_text(st, 1, row->source);
        sql_bind_text(st, 2, row->key);
        if (!row->gone) {
            sqlite3_bind_int64(st, 3, row->begun);
            sql_bind_blob(st, 4, row->values.p, row->values.n);
        }
        result = sql_run(st, err);
    }
    return result;
}

enum status
ledger_load_open_legs(struct ledger *l,
                      enum status (*visit)(void *arg, const struct open_leg_row *row,
                                           struct error *err),
                      void *arg, struct error *err)
{
    sqlite3_stmt *st;
    enum status result = sql_prepare(l->db, &st,
                                     "SELECT " LEDGER_OPEN_LEG ", " LEDGER_OPEN_LEG_HOLDS
                                     " FROM open_leg ORDER BY source, key",
                                     err);
    bool row = false;

    if (result != ST_OK)
        return result;
    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row) {
        struct open_leg_row leg = {
            .source = sql_column(st, 0),
            .key = sql_column(st, 1),
            .begun = sqlite3_column_int64(st, 2),
            .values = sql_column(st, 3),
        };

        result = sqlite3_column_int(st, 4)
                     ? visit(arg, &leg, err)
                     : fail(err, ST_CORRUPT, "ledger.db: an open leg fails its checksum");
    }
    sqlite3_finalize(st);
    return result;
}
