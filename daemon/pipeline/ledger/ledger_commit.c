/*
 * ledger_commit.c - one batch, one transaction.
 */
#include "ledger_internal.h"

#include <stdlib.h>

#include "clock.h"
#include "fault.h"
#include "hash.h"

#define PASSIVE_CHECKPOINT_PAGES 1000
#define INSIST_EVERY_MS          2000
#define INSIST_MS                250

/* The deltas of every part, one after the other, each behind its length: adding is all that is
 * ever done with them. They are not packed: the log lives for half a minute, and packing it costs
 * more than writing it. */
static enum status
put_deltas(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_BATCH];

    buf_reset(&l->raw);
    for (size_t i = 0; i < b->delta_count; i++) {
        if (!b->deltas[i] || cells_count(b->deltas[i]) == 0)
            continue;
        buf_reset(&l->packed);
        cells_encode(b->deltas[i], &l->packed);
        buf_varint(&l->raw, l->packed.n);
        buf_add(&l->raw, l->packed.p, l->packed.n);
    }
    if (l->raw.n == 0)
        return ST_OK;
    sqlite3_bind_int64(st, 1, (int64_t)seq);
    sqlite3_bind_int64(st, 2, b->created);
    sqlite3_bind_int64(st, 3, (int64_t)l->raw.n);
    sql_bind_blob(st, 4, l->raw.p, l->raw.n);
    return sql_run(st, err);
}

static enum status
put_seen(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_SEEN];
    struct span all = {0};

    buf_reset(&l->raw);
    for (size_t i = 0; i < b->fingerprint_arrays; i++) {
        size_t n = b->fingerprint_counts[i] * sizeof(uint64_t);

        if (n == 0)
            continue;
        if (all.n == 0) { /* one worker's as they are: an import's are megabytes */
            all = span_of((const char *)b->fingerprints[i], n);
            continue;
        }
        if (l->raw.n == 0)
            buf_span(&l->raw, all);
        buf_add(&l->raw, b->fingerprints[i], n);
        all = span_of(l->raw.p, l->raw.n);
    }
    if (all.n == 0)
        return ST_OK;
    sqlite3_bind_int64(st, 1, (int64_t)seq);
    sqlite3_bind_int64(st, 2, b->created);
    sql_bind_blob(st, 3, all.p, all.n);
    return sql_run(st, err);
}

static enum status
put_identities(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    enum status result = put_seen(l, b, seq, err);

    return result == ST_OK ? ledger_put_kept(l, b, seq, err) : result;
}

static enum status
put_quarantine(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_QUARANTINE];
    enum status result = ST_OK;

    for (size_t i = 0; i < b->quarantine_count && result == ST_OK; i++) {
        const struct quarantine_row *q = &b->quarantine[i];

        sqlite3_bind_int64(st, 1, (int64_t)(l->state.last_refused + 1 + i));
        sqlite3_bind_int64(st, 2, (int64_t)seq);
        sql_bind_text(st, 3, q->input);
        sql_bind_text(st, 4, q->source);
        sql_bind_text(st, 5, q->format);
        sql_bind_text(st, 6, q->stream);
        sql_bind_text(st, 7, q->timezone);
        sqlite3_bind_int(st, 8, q->identity);
        sql_bind_text(st, 9, q->reason);
        sqlite3_bind_int64(st, 10, (int64_t)q->offset);
        sqlite3_bind_int64(st, 11, q->length);
        sqlite3_bind_int64(st, 12, (int64_t)hash_checksum(q->raw.p, q->raw.n));
        sql_bind_blob(st, 13, q->raw.p, q->raw.n);
        if (q->has_header)
            sql_bind_blob(st, 14, q->header.p, q->header.n);
        else
            sqlite3_bind_null(st, 14);
        sqlite3_bind_int64(st, 15, q->arrived);
        result = sql_run(st, err);
    }
    for (size_t i = 0; i < b->released_count && result == ST_OK; i++) {
        sqlite3_bind_int64(l->st[DROP_QUARANTINE], 1, (int64_t)b->released[i]);
        result = sql_run(l->st[DROP_QUARANTINE], err);
    }
    return result;
}

static enum status
put_events(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_EVENT];
    enum status result = ST_OK;

    for (size_t i = 0; i < b->event_count && result == ST_OK; i++) {
        sqlite3_bind_int64(st, 1, (int64_t)seq);
        sqlite3_bind_int64(st, 2, (int64_t)i);
        sqlite3_bind_int(st, 3, b->events[i].kind);
        sqlite3_bind_int64(st, 4, b->events[i].start);
        sql_bind_text(st, 5, b->events[i].customer);
        sql_bind_text(st, 6, b->events[i].id);
        sql_bind_text(st, 7, b->events[i].json);
        result = sql_run(st, err);
    }
    return result;
}

/* I2: a batch leads on from where its input stood and from nowhere else. Anything else would pass
 * over records, or count them again. The process ends; its successor begins from what stands. */
static enum status
moved_away(const struct cursor_row *c, struct error *err)
{
    if (!c->known)
        return fail(err, ST_IO, "ledger.db: input %s: %s has a position already", c->input,
                    c->cursor.identity);
    return fail(err, ST_IO, "ledger.db: input %s: %s does not stand at %llu", c->input,
                c->cursor.identity, (unsigned long long)c->before);
}

static enum status
put_cursors(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    enum status result = ST_OK;

    for (size_t i = 0; i < b->cursor_count && result == ST_OK; i++) {
        const struct cursor_row *c = &b->cursors[i];
        sqlite3_stmt *st = l->st[c->known ? MOVE_CHECKPOINT : PUT_CHECKPOINT];

        sql_bind_text(st, 1, span_str(c->input));
        sql_bind_text(st, 2, span_str(c->cursor.identity));
        sqlite3_bind_int64(st, 3, (int64_t)c->cursor.position);
        sqlite3_bind_int64(st, 4, (int64_t)c->cursor.fingerprint);
        sqlite3_bind_int64(st, 5, (int64_t)seq);
        if (c->known)
            sqlite3_bind_int64(st, 6, (int64_t)c->before);
        result = sql_run(st, err);
        if (result == ST_OK && sqlite3_changes(l->db) != 1)
            result = moved_away(c, err);
    }
    return result;
}

static enum status
put_audit(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_AUDIT];
    const struct outcome_count *c = &b->count;

    sqlite3_bind_int64(st, 1, (int64_t)seq);
    sqlite3_bind_int64(st, 2, (int64_t)c->records);
    sqlite3_bind_int64(st, 3, (int64_t)c->accepted);
    sqlite3_bind_int64(st, 4, (int64_t)c->duplicates);
    sqlite3_bind_int64(st, 5, (int64_t)c->quarantined);
    sqlite3_bind_int64(st, 6, (int64_t)c->ignored);
    sqlite3_bind_int64(st, 7, (int64_t)b->late);
    sqlite3_bind_int64(st, 8, (int64_t)b->expired);
    sqlite3_bind_int64(st, 9, b->created);
    return sql_run(st, err);
}

static struct ledger_state
state_after(const struct ledger *l, const struct ledger_batch *b)
{
    struct ledger_state s = l->state;

    s.last_batch++;
    if (b->folds)
        s.folded_batch = s.last_batch;
    s.ever.records += b->count.records;
    s.ever.accepted += b->count.accepted;
    s.ever.duplicates += b->count.duplicates;
    s.ever.quarantined += b->count.quarantined;
    s.ever.ignored += b->count.ignored;
    s.late += b->late;
    s.expired += b->expired;
    s.corrections += b->corrected;
    s.voids += b->voided;
    if (b->newest_record > s.newest_record)
        s.newest_record = b->newest_record;
    s.last_refused += b->quarantine_count;
    s.quarantine_open += b->quarantine_count;
    for (size_t i = 0; i < b->quarantine_count; i++)
        s.quarantine_bytes += b->quarantine[i].raw.n;
    return s;
}

static bool
wal_is_long(const struct ledger *l)
{
    return l->wal_pages >= PASSIVE_CHECKPOINT_PAGES || ledger_wal_bytes(l) > l->max_wal / 16;
}

/* Checkpoints of the WAL grow more insistent with its size: those wait for readers, a little and
 * now and then, because answers wait meanwhile. */
static void
checkpoint_wal(struct ledger *l)
{
    uint64_t bytes = ledger_wal_bytes(l);
    int64_t now = clock_mono_ms();
    int mode = SQLITE_CHECKPOINT_PASSIVE, pages = -1;

    l->wal_waits = false;
    if (!wal_is_long(l))
        return;
    if (bytes > l->max_wal / 16 && now - l->insisted_ms >= INSIST_EVERY_MS) {
        mode = bytes > l->max_wal / 4 ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
        l->insisted_ms = now;
        sqlite3_busy_timeout(l->db, INSIST_MS);
    }
    if (sqlite3_wal_checkpoint_v2(l->db, NULL, mode, &pages, NULL) == SQLITE_OK && pages == 0)
        l->wal_pages = 0; /* the log was cut */
    fault_point("wal_checkpointed");
    if (mode != SQLITE_CHECKPOINT_PASSIVE)
        sqlite3_busy_timeout(l->db, LEDGER_BUSY_MS);
}

void
ledger_limit_wal(struct ledger *l, uint64_t bytes)
{
    l->max_wal = bytes;
}

uint64_t
ledger_wal_bytes(const struct ledger *l)
{
    return (uint64_t)l->wal_pages * LEDGER_PAGE_BYTES;
}

bool
ledger_wal_waits(const struct ledger *l)
{
    return l->wal_waits;
}

void
ledger_tend_wal(struct ledger *l)
{
    checkpoint_wal(l);
}

void
ledger_shorten_wal(struct ledger *l)
{
    uint64_t bytes = ledger_wal_bytes(l);

    if (bytes > l->max_wal / 16 && (!l->wal_waits || bytes > l->max_wal / 4))
        checkpoint_wal(l);
}

static enum status
close_transaction(struct ledger *l, enum status result, struct error *err)
{
    fault_point("transaction_open");
    if (result == ST_OK)
        result = sql_run(l->st[COMMIT], err);
    fault_point("transaction_ended");
    if (result != ST_OK && !sqlite3_get_autocommit(l->db))
        sql_run(l->st[ROLLBACK], NULL);
    ledger_settle_days(l, result == ST_OK);
    return result;
}

enum status
ledger_end_transaction(struct ledger *l, enum status result, struct error *err)
{
    result = close_transaction(l, result, err);
    if (result == ST_OK)
        checkpoint_wal(l);
    return result;
}

enum status
ledger_keep_together(struct ledger *l, const char *guard, struct error *err)
{
    enum status result;

    if (guard_stands(guard))
        return ST_OK;
    result = sql_run(l->st[COMMIT], err);
    fault_point(guard);
    return result == ST_OK ? sql_run(l->st[BEGIN], err) : result;
}

/* Memory says what the disk does. */
static void
note_committed(struct ledger *l, const struct ledger_batch *b, const struct ledger_state *next)
{
    l->wal_waits = wal_is_long(l);
    __atomic_store_n(&l->state.last_batch, next->last_batch, __ATOMIC_RELEASE);
    if (b->folds)
        __atomic_store_n(&l->state.folded_batch, next->last_batch, __ATOMIC_RELEASE);
    l->state.ever = next->ever;
    l->state.late = next->late;
    l->state.expired = next->expired;
    l->state.corrections = next->corrections;
    l->state.voids = next->voids;
    l->state.newest_record = next->newest_record;
    l->state.last_refused = next->last_refused;
    l->state.quarantine_open = next->quarantine_open;
    l->state.quarantine_bytes = next->quarantine_bytes;
    if (b->released_count) /* what left is known to the rows alone; a failure shows old figures */
        ledger_count_quarantine(l->db, &l->state, NULL);
}

enum status
ledger_commit(struct ledger *l, const struct ledger_batch *b, uint64_t *seq, struct error *err)
{
    const struct outcome_count *c = &b->count;
    struct ledger_state next = state_after(l, b);
    enum status result;

    /* I3: nothing that came in is unaccounted for. */
    if (c->records != c->accepted + c->duplicates + c->quarantined + c->ignored)
        abort();
    result = sql_run(l->st[BEGIN], err);
    if (result != ST_OK)
        return result;
    fault_point("batch_begun");
    if (b->folds)
        result = ledger_put_totals(l, b->totals, b->total_count, next.last_batch, err);
    else
        result = put_deltas(l, b, next.last_batch, err);
    if (result == ST_OK)
        result = put_events(l, b, next.last_batch, err);
    if (result == ST_OK)
        result = ledger_put_open_legs(l, b, err);
    if (result == ST_OK)
        result = ledger_put_idem(l, b, next.last_batch, err);
    if (result == ST_OK)
        result = put_audit(l, b, next.last_batch, err);
    if (result == ST_OK)
        result = ledger_put_intake(l, b, next.last_batch, err);
    if (result == ST_OK)
        result = ledger_put_state(l, &next, err);
    if (result == ST_OK)
        result = ledger_keep_together(l, "seen_in_batch", err);
    if (result == ST_OK)
        result = put_identities(l, b, next.last_batch, err);
    if (result == ST_OK)
        result = ledger_keep_together(l, "cursors_in_batch", err);
    if (result == ST_OK)
        result = put_cursors(l, b, next.last_batch, err);
    if (result == ST_OK)
        result = ledger_keep_together(l, "quarantine_in_batch", err);
    if (result == ST_OK)
        result = put_quarantine(l, b, next.last_batch, err);
    if (result == ST_OK && b->folds)
        result = ledger_finish_fold(l, next.last_batch, err);
    result = close_transaction(l, result, err);
    if (result != ST_OK)
        return result;
    *seq = next.last_batch;
    note_committed(l, b, &next);
    return ST_OK;
}
