/*
 * ledger_kept.c - what records added, kept beside their fingerprints, and what corrected it.
 *
 * A record that was corrected before has a row of its own. Any other is found by its fingerprint
 * among those of all batches, the newest first, because corrections mostly come soon: where it
 * stands there, its item stands in the batch's rows of `kept`.
 */
#include "ledger_internal.h"

#include <stdlib.h>

#include "fault.h"
#include "ledger_sums.h"
#include "wanted.h"

#define PARTS 256 /* of a batch: as many as there may be workers */

/* --- writing --- */

static enum status
put_items(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_KEPT];
    enum status result = ST_OK;

    for (size_t i = 0; i < b->kept_count && result == ST_OK; i++) {
        const struct kept_row *k = &b->kept[i];

        if (k->count == 0)
            continue;
        sqlite3_bind_int64(st, 1, (int64_t)(seq * PARTS + i));
        sqlite3_bind_int64(st, 2, (int64_t)k->count);
        sql_bind_blob(st, 3, k->names.p, k->names.n);
        sql_bind_blob(st, 4, k->items.p, k->items.n);
        result = sql_run(st, err);
    }
    return result;
}

static enum status
put_corrections(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_CORRECTION];
    enum status result = ST_OK;

    for (size_t i = 0; i < b->correction_count && result == ST_OK; i++) {
        const struct correction_row *c = &b->corrections[i];

        sqlite3_bind_int64(st, 1, (int64_t)c->fingerprint);
        sqlite3_bind_int64(st, 2, (int64_t)(c->origin ? c->origin : seq));
        sqlite3_bind_int64(st, 3, (int64_t)seq);
        sql_bind_blob(st, 4, c->names.p, c->names.n);
        sql_bind_blob(st, 5, c->item.p, c->item.n);
        result = sql_run(st, err);
    }
    return result;
}

enum status
ledger_put_kept(struct ledger *l, const struct ledger_batch *b, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_CORRECTED];
    enum status result = put_items(l, b, seq, err);

    if (result == ST_OK)
        result = put_corrections(l, b, seq, err);
    if (b->correction_count)
        fault_point("corrections_written");
    if (result != ST_OK || b->corrected + b->voided == 0)
        return result;
    sqlite3_bind_int64(st, 1, (int64_t)(l->state.corrections + b->corrected));
    sqlite3_bind_int64(st, 2, (int64_t)(l->state.voids + b->voided));
    return sql_run(st, err);
}

void
ledger_merges(struct ledger *l, struct span from, struct span to)
{
    l->merge_from = from;
    l->merge_to = to;
}

enum status
ledger_put_merged(struct ledger *l, uint64_t seq, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_MERGED];

    if (l->merge_from.n == 0)
        return ST_OK;
    sqlite3_bind_int64(st, 1, (int64_t)seq);
    sql_bind_text(st, 2, l->merge_from);
    sql_bind_text(st, 3, l->merge_to);
    return sql_run(st, err);
}

enum status
ledger_drop_kept(struct ledger *l, uint64_t upto, struct error *err)
{
    enum status result;

    sqlite3_bind_int64(l->st[DELETE_KEPT], 1, (int64_t)((upto + 1) * PARTS));
    sqlite3_bind_int64(l->st[DELETE_CORRECTIONS], 1, (int64_t)upto);
    sqlite3_bind_int64(l->st[DELETE_MERGED], 1, (int64_t)upto);
    result = sql_run(l->st[DELETE_KEPT], err);
    if (result == ST_OK)
        result = sql_run(l->st[DELETE_CORRECTIONS], err);
    return result == ST_OK ? sql_run(l->st[DELETE_MERGED], err) : result;
}

enum status
ledger_load_corrected(struct ledger *l, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(
        l->db, &st, "SELECT corrections, voids, " LEDGER_CORRECTED_HOLDS " FROM corrected", err);

    if (result == ST_OK)
        result = sql_step(st, &row, err);
    if (row && !sqlite3_column_int(st, 2))
        result = fail(err, ST_CORRUPT, "ledger.db: the number of corrections fails its checksum");
    if (row && result == ST_OK) {
        l->state.corrections = (uint64_t)sqlite3_column_int64(st, 0);
        l->state.voids = (uint64_t)sqlite3_column_int64(st, 1);
    }
    sqlite3_finalize(st);
    return result;
}

/* --- finding --- */

struct merged {
    uint64_t seq;
    struct span from, to;
};

struct hit { /* a wanted fingerprint among those of a batch */
    size_t wanted, number;
};

struct search {
    struct ledger *l;
    struct wanted wanted;
    bool *found;
    size_t left;
    kept_visit *visit;
    void *arg;
    struct merged *merged; /* in the order in which it happened */
    size_t merged_count;
    struct hit *hits;
    size_t hit_count;
    struct arena mem;
};

static enum status
load_merged(struct search *s, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(
        s->l->db, &st, "SELECT " LEDGER_MERGED ", " LEDGER_MERGED_HOLDS " FROM merged ORDER BY seq",
        err);

    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row) {
        s->merged = xrealloc(s->merged, (s->merged_count + 1) * sizeof *s->merged);
        s->merged[s->merged_count++] = (struct merged){
            .seq = (uint64_t)sqlite3_column_int64(st, 0),
            .from = arena_copy(&s->mem, sql_column(st, 1)),
            .to = arena_copy(&s->mem, sql_column(st, 2)),
        };
        if (!sqlite3_column_int(st, 3))
            result = fail(err, ST_CORRUPT, "ledger.db: merge of batch %lld fails its checksum",
                          (long long)sqlite3_column_int64(st, 0));
    }
    sqlite3_finalize(st);
    return result;
}

/* An item of batch seq is found. */
static void
tell(struct search *s, size_t i, uint64_t origin, uint64_t seq, struct contribution *c)
{
    for (size_t k = 0; k < s->merged_count; k++)
        if (s->merged[k].seq > seq && span_eq(s->merged[k].from, c->customer))
            c->customer = s->merged[k].to;
    s->visit(s->arg, i, origin, c);
}

static enum status
find_corrected(struct search *s, struct error *err)
{
    sqlite3_stmt *st = s->l->st[GET_CORRECTION];
    enum status result = ST_OK;

    for (size_t i = 0; i < s->wanted.count && result == ST_OK; i++) {
        struct kept_reader *r = NULL;
        struct contribution c;
        bool row = false;

        sqlite3_bind_int64(st, 1, (int64_t)s->wanted.fp[i]);
        result = sql_step(st, &row, err);
        if (result != ST_OK || !row)
            continue;
        if (!sqlite3_column_int(st, 4))
            result = fail(err, ST_CORRUPT, "ledger.db: a correction fails its checksum");
        if (result == ST_OK)
            result = kept_open(&r, sql_column(st, 2), sql_column(st, 3), err);
        if (result == ST_OK)
            result = kept_read(r, 0, &s->mem, &c, err);
        if (result == ST_OK) {
            tell(s, i, (uint64_t)sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1),
                 &c);
            s->found[i] = true;
            s->left--;
        }
        kept_close(r);
        sqlite3_reset(st);
    }
    return result;
}

/* The hits from `first` on that one worker's row holds, whose items begin at number `base`. */
static enum status
read_part(struct search *s, uint64_t seq, sqlite3_stmt *part, size_t base, size_t *first,
          struct error *err)
{
    size_t end = base + (size_t)sqlite3_column_int64(part, 1);
    struct kept_reader *r = NULL;
    enum status result;

    if (!sqlite3_column_int(part, 4))
        return fail(err, ST_CORRUPT, "ledger.db: what is kept of batch %llu fails its checksum",
                    (unsigned long long)seq);
    if (*first == s->hit_count || s->hits[*first].number >= end)
        return ST_OK;
    result = kept_open(&r, sql_column(part, 2), sql_column(part, 3), err);
    for (; result == ST_OK && *first < s->hit_count && s->hits[*first].number < end; ++*first) {
        struct contribution c;

        result = kept_read(r, s->hits[*first].number - base, &s->mem, &c, err);
        if (result == ST_OK)
            tell(s, s->hits[*first].wanted, seq, seq, &c);
    }
    kept_close(r);
    return result;
}

static enum status
read_hits(struct search *s, uint64_t seq, sqlite3_stmt *parts, struct error *err)
{
    enum status result = ST_OK;
    size_t base = 0, first = 0;
    bool row = false;

    sqlite3_bind_int64(parts, 1, (int64_t)(seq * PARTS));
    sqlite3_bind_int64(parts, 2, (int64_t)((seq + 1) * PARTS));
    while (result == ST_OK && (result = sql_step(parts, &row, err)) == ST_OK && row) {
        result = read_part(s, seq, parts, base, &first, err);
        base += (size_t)sqlite3_column_int64(parts, 1);
    }
    sqlite3_reset(parts);
    return result;
}

static void
look_through(struct search *s, const uint64_t *fp, size_t n)
{
    s->hit_count = 0;
    for (size_t k = 0; k < n && s->left > 0; k++) {
        size_t i = wanted_find(&s->wanted, fp[k]);

        if (i == s->wanted.count || s->found[i])
            continue;
        s->found[i] = true;
        s->left--;
        s->hits[s->hit_count++] = (struct hit){i, k};
    }
}

static enum status
find_first(struct search *s, struct error *err)
{
    struct buf aligned = {0};
    sqlite3_stmt *rows = NULL, *parts = NULL;
    bool row = false;
    enum status result = sql_prepare(s->l->db, &rows, LEDGER_SEEN_ROWS " ORDER BY seq DESC", err);

    if (result == ST_OK)
        result = sql_prepare(s->l->db, &parts,
                             "SELECT " LEDGER_KEPT ", " LEDGER_KEPT_HOLDS " FROM kept"
                             " WHERE number >= ?1 AND number < ?2 ORDER BY number",
                             err);
    while (result == ST_OK && s->left > 0 && (result = sql_step(rows, &row, err)) == ST_OK && row) {
        const uint64_t *fp = NULL;
        size_t n = 0;

        result = ledger_read_seen(rows, &fp, &n, &aligned, err);
        if (result == ST_OK)
            look_through(s, fp, n);
        if (result == ST_OK && s->hit_count > 0)
            result = read_hits(s, (uint64_t)sqlite3_column_int64(rows, 0), parts, err);
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(parts);
    buf_clear(&aligned);
    return result;
}

enum status
ledger_find_kept(struct ledger *l, const uint64_t *wanted, size_t count, kept_visit *visit,
                 void *arg, struct error *err)
{
    struct search s = {
        .l = l,
        .wanted = wanted_of(wanted, count),
        .found = xcalloc(count + 1, sizeof(bool)),
        .left = count,
        .visit = visit,
        .arg = arg,
        .hits = xcalloc(count + 1, sizeof(struct hit)),
    };
    enum status result;

    arena_init(&s.mem);
    result = load_merged(&s, err);
    if (result == ST_OK)
        result = find_corrected(&s, err);
    if (result == ST_OK)
        result = find_first(&s, err);
    free(s.wanted.bits);
    free(s.found);
    free(s.hits);
    free(s.merged);
    arena_clear(&s.mem);
    return result;
}
