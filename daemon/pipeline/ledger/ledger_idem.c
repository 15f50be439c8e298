/*
 * ledger_idem.c - keys of requests that may be sent again, and what was answered to them.
 *
 * A key's row is written by the transaction that counts its request's records: after a crash both
 * are there or neither is. Its batch is `seq`, when that was is inside the answer.
 */
#include <stdio.h>

#include "ledger_internal.h"
#include "ledger_reader.h"
#include "ledger_sums.h"

#define EXPIRE_KEYS 500
#define ANSWER                                                                                     \
    "{\"records\":%llu,\"accepted\":%llu,\"duplicates\":%llu,\"quarantined\":%llu,"                \
    "\"ignored\":%llu,\"created\":%lld}"
#define ANSWER_FIELDS 6

enum status
ledger_put_idem(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_IDEM];
    enum status result = ST_OK;

    for (size_t i = 0; i < b->idem_count && result == ST_OK; i++) {
        const struct idem_row *k = &b->idem[i];
        const struct outcome_count *c = &k->count;

        buf_reset(&l->raw);
        buf_printf(&l->raw, ANSWER, (unsigned long long)c->records, (unsigned long long)c->accepted,
                   (unsigned long long)c->duplicates, (unsigned long long)c->quarantined,
                   (unsigned long long)c->ignored, (long long)b->created);
        sql_bind_text(st, 1, k->input);
        sql_bind_text(st, 2, k->key);
        sqlite3_bind_int64(st, 3, (int64_t)k->body_hash);
        sql_bind_text(st, 4, span_of(l->raw.p, l->raw.n));
        sqlite3_bind_int64(st, 5, (int64_t)seq);
        result = sql_run(st, err);
    }
    return result;
}

/* Of a row that begins with seq, body_hash, answer and whether its checksum holds. */
static enum status
read_answer(sqlite3_stmt *row, struct outcome_count *count, int64_t *created, struct error *err)
{
    unsigned long long n[5];
    long long when;
    const char *answer = (const char *)sqlite3_column_text(row, 2);

    if (!sqlite3_column_int(row, 3) || !answer ||
        sscanf(answer, ANSWER, &n[0], &n[1], &n[2], &n[3], &n[4], &when) != ANSWER_FIELDS)
        return fail(err, ST_CORRUPT, "ledger.db: a request's key of batch %lld fails its checksum",
                    (long long)sqlite3_column_int64(row, 0));
    *count = (struct outcome_count){.records = n[0],
                                    .accepted = n[1],
                                    .duplicates = n[2],
                                    .quarantined = n[3],
                                    .ignored = n[4]};
    *created = when;
    return ST_OK;
}

/* The batches are in order of time, but for a clock that was set back: then keys are kept a
 * little longer than they had to be. */
enum status
ledger_expire_idem(struct ledger *l, int64_t before, bool *more, struct error *err)
{
    sqlite3_stmt *st = l->st[OLDEST_IDEM];
    struct outcome_count count;
    enum status result;
    int64_t last = -1, created;
    bool row = false;
    int n = 0;

    sqlite3_bind_int(st, 1, EXPIRE_KEYS);
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        result = read_answer(st, &count, &created, err);
        if (result != ST_OK || created >= before)
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
    int64_t created;
    bool row = false;

    if (!r->key)
        result = sql_prepare(r->db, &r->key,
                             "SELECT seq, body_hash, answer, " LEDGER_IDEM_HOLDS
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
    if (result == ST_OK)
        result = read_answer(st, &out->count, &created, err);
    if (result == ST_OK) {
        *seq = (uint64_t)sqlite3_column_int64(st, 0);
        out->body_hash = (uint64_t)sqlite3_column_int64(st, 1);
    }
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return result;
}
