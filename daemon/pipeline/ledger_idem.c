/*
 * ledger_idem.c - keys of requests that may be sent again, and what was answered to them.
 *
 * A key's row is written by the transaction that counts its request's records: after a crash both
 * are there or neither is. Its batch is `seq`, when that was is inside the answer.
 */
#include "clock.h"
#include "ledger_internal.h"
#include "ledger_reader.h"

#define EXPIRE_KEYS 500

enum status
ledger_put_idem(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_IDEM];
    enum status result = ST_OK;

    for (size_t i = 0; i < b->idem_count && result == ST_OK; i++) {
        const struct idem_row *k = &b->idem[i];

        sql_bind_text(st, 1, k->input);
        sql_bind_text(st, 2, k->key);
        sqlite3_bind_int64(st, 3, (int64_t)k->body_hash);
        sqlite3_bind_int64(st, 4, (int64_t)k->count.records);
        sqlite3_bind_int64(st, 5, (int64_t)k->count.accepted);
        sqlite3_bind_int64(st, 6, (int64_t)k->count.duplicates);
        sqlite3_bind_int64(st, 7, (int64_t)k->count.quarantined);
        sqlite3_bind_int64(st, 8, (int64_t)k->count.ignored);
        sqlite3_bind_int64(st, 9, b->created);
        sqlite3_bind_int64(st, 10, (int64_t)seq);
        result = sql_run(st, err);
    }
    return result;
}

/* The batches are in order of time, but for a clock that was set back: then keys are kept a
 * little longer than they had to be. */
enum status
ledger_expire_idem(struct ledger *l, int64_t before, bool *more, struct error *err)
{
    sqlite3_stmt *st = l->st[OLDEST_IDEM];
    enum status result;
    int64_t last = -1;
    bool row = false;
    int n = 0;

    sqlite3_bind_int(st, 1, EXPIRE_KEYS);
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        if (sqlite3_column_int64(st, 1) >= before)
            break;
        last = sqlite3_column_int64(st, 0);
        n++;
    }
    sqlite3_reset(st);
    *more = result == ST_OK && n == EXPIRE_KEYS;
    if (result != ST_OK || last < 0)
        return result;
    sqlite3_bind_int64(l->st[DELETE_IDEM], 1, last);
    return sql_run(l->st[DELETE_IDEM], err);
}

enum status
ledger_find_idem(struct ledger_reader *r, struct span input, struct span key, struct idem_row *out,
                 uint64_t *seq, struct error *err)
{
    enum status result = ST_OK;
    sqlite3_stmt *st;
    bool row = false;

    if (!r->key)
        result = sql_prepare(r->db, &r->key,
                             "SELECT body_hash, seq, json_extract(answer, '$.records'),"
                             " json_extract(answer, '$.accepted'),"
                             " json_extract(answer, '$.duplicates'),"
                             " json_extract(answer, '$.quarantined'),"
                             " json_extract(answer, '$.ignored')"
                             " FROM idem WHERE source = ?1 AND key = ?2",
                             err);
    if (result != ST_OK)
        return result;
    st = r->key;
    sql_bind_text(st, 1, input);
    sql_bind_text(st, 2, key);
    result = sql_step(st, &row, err);
    if (result == ST_OK && !row)
        result = fail(err, ST_NOT_FOUND, "the key is new");
    if (result == ST_OK) {
        out->body_hash = (uint64_t)sqlite3_column_int64(st, 0);
        *seq = (uint64_t)sqlite3_column_int64(st, 1);
        out->count = (struct outcome_count){
            .records = (uint64_t)sqlite3_column_int64(st, 2),
            .accepted = (uint64_t)sqlite3_column_int64(st, 3),
            .duplicates = (uint64_t)sqlite3_column_int64(st, 4),
            .quarantined = (uint64_t)sqlite3_column_int64(st, 5),
            .ignored = (uint64_t)sqlite3_column_int64(st, 6),
        };
    }
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return result;
}
