/*
 * ledger_rows.c - cells as rows of `total`, many to a statement.
 *
 * The cells are put in the order of the key and offered to SQLite as a table of their own
 * (sql_offer_rows says why).
 */
#include "ledger_internal.h"

#include <stdlib.h>

#include "fault.h"
#include "keys.h"

#define PREFIX_BYTES 14 /* of a name, in the sort key */

/* --- order --- */

/* What orders nearly all cells without a look at them: partition, kind and the beginning of the
 * name, as numbers that compare as the bytes do. */
struct ledger_row {
    uint64_t high, low;
    const struct cell *cell;
    int32_t day;
    uint32_t name_bytes;
};

static struct ledger_row
row_of(const struct cell *c)
{
    uint8_t key[16] = {c->partition, c->kind};
    uint64_t half[2];

    if (c->name.n)
        memcpy(key + 2, c->name.p, c->name.n < PREFIX_BYTES ? c->name.n : PREFIX_BYTES);
    memcpy(half, key, sizeof half);
    return (struct ledger_row){
        .high = __builtin_bswap64(half[0]),
        .low = __builtin_bswap64(half[1]),
        .cell = c,
        .day = c->day,
        .name_bytes = c->name.n < UINT32_MAX ? (uint32_t)c->name.n : UINT32_MAX,
    };
}

static unsigned
partition_of(const struct ledger_row *r)
{
    return (unsigned)(r->high >> 56);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "row_of turns bytes around");

static bool
row_before(const struct ledger_row *x, const struct ledger_row *y)
{
    int c;

    if (x->high != y->high)
        return x->high < y->high;
    if (x->low != y->low)
        return x->low < y->low;
    if (x->name_bytes <= PREFIX_BYTES && y->name_bytes <= PREFIX_BYTES)
        c = (x->name_bytes > y->name_bytes) - (x->name_bytes < y->name_bytes);
    else
        c = span_cmp(x->cell->name, y->cell->name);
    return c ? c < 0 : x->day < y->day;
}

#define SORTED_BY_INSERTION 8

/* Merge sort; a row is copied in two moves, where qsort has a call for each. */
static void
sort_rows(struct ledger_row *rows, size_t n, struct ledger_row *scratch)
{
    size_t half = n / 2, left = 0, right = half, out = 0;

    if (n <= SORTED_BY_INSERTION) {
        for (size_t i = 1; i < n; i++) {
            struct ledger_row r = rows[i];
            size_t k = i;

            for (; k > 0 && row_before(&r, &rows[k - 1]); k--)
                rows[k] = rows[k - 1];
            rows[k] = r;
        }
        return;
    }
    sort_rows(rows, half, scratch);
    sort_rows(rows + half, n - half, scratch);
    memcpy(scratch, rows, half * sizeof *rows);
    while (left < half && right < n)
        rows[out++] = row_before(&rows[right], &scratch[left]) ? rows[right++] : scratch[left++];
    while (left < half)
        rows[out++] = scratch[left++];
}

/* A partition at a time: it comes first in the key, and all of them are known beforehand. */
static struct ledger_row *
sorted_rows(struct cell *const *cells, size_t count, uint64_t seq)
{
    struct ledger_row *rows = xmalloc((count + 1) * sizeof *rows);
    struct ledger_row *scratch = xmalloc((count + 1) * sizeof *rows);
    size_t end[KEY_PARTITIONS] = {0}, begin = 0;

    for (size_t i = 0; i < count; i++) {
        if (cells[i]->seq > seq)
            abort(); /* I4: a total never runs ahead of the batches it stands for */
        scratch[i] = row_of(cells[i]);
        end[partition_of(&scratch[i])]++;
    }
    for (size_t p = 0, sum = 0; p < KEY_PARTITIONS; p++) {
        size_t n = end[p];

        end[p] = sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++)
        rows[end[partition_of(&scratch[i])]++] = scratch[i];
    for (unsigned p = 0; p < KEY_PARTITIONS; begin = end[p++])
        sort_rows(rows + begin, end[p] - begin, scratch);
    free(scratch);
    return rows;
}

/* --- the cells as a table that SQLite can read --- */

enum {
    COLUMN_PARTITION,
    COLUMN_SUBJECT,
    COLUMN_PERIOD,
    COLUMN_SEQ,
    COLUMN_VALUES,
    COLUMN_CHECKSUM
};

#define FETCH_CELLS  8 /* so many rows ahead, */
#define FETCH_BLOCKS 4 /* and what the cell points to */

/* In the order of the key every cell is somewhere else in memory. */
static void
fetch_rows(const struct ledger *l, size_t at)
{
    if (l->offer.to - at > FETCH_CELLS) {
        const char *c = (const char *)l->rows[at + FETCH_CELLS].cell;

        __builtin_prefetch(c);
        __builtin_prefetch(c + 64);
    }
    if (l->offer.to - at > FETCH_BLOCKS)
        cell_prefetch(l->rows[at + FETCH_BLOCKS].cell);
}

/* The row as bytes, in the ledger's scratch buffers: good until the next one. */
static void
reach_row(void *arg, size_t at)
{
    struct ledger *l = arg;

    if (at > l->offer.from)
        fault_point("row_written");
    if (at == l->offer.to)
        return;
    fetch_rows(l, at);
    ledger_subject(l->rows[at].cell, &l->packed);
    buf_reset(&l->raw);
    cell_encode(l->rows[at].cell, &l->raw);
}

static void
show_column(void *arg, size_t at, int column, sqlite3_context *out)
{
    const struct ledger *l = arg;
    const struct cell *cell = l->rows[at].cell;
    struct span subject = span_of(l->packed.p, l->packed.n), values = span_of(l->raw.p, l->raw.n);

    switch (column) {
    case COLUMN_PARTITION:
        sqlite3_result_int(out, cell->partition);
        break;
    case COLUMN_SUBJECT:
        sqlite3_result_blob64(out, subject.p, subject.n, SQLITE_STATIC);
        break;
    case COLUMN_PERIOD:
        sqlite3_result_int(out, cell->day);
        break;
    case COLUMN_SEQ:
        sqlite3_result_int64(out, (int64_t)cell->seq);
        break;
    case COLUMN_VALUES:
        sqlite3_result_blob64(out, values.p, values.n, SQLITE_STATIC);
        break;
    case COLUMN_CHECKSUM:
        sqlite3_result_int64(out,
                             (int64_t)ledger_total_checksum(subject, cell->day, cell->seq, values));
        break;
    }
}

enum status
ledger_offer_rows(struct ledger *l, struct error *err)
{
    l->offer = (struct sql_rows){.reach = reach_row, .column = show_column, .arg = l};
    return sql_offer_rows(l->db, "changed",
                          "CREATE TABLE changed(partition, subject, period, seq, \"values\","
                          " checksum)",
                          &l->offer, err);
}

/* --- writing --- */

/* Days that have no row yet get theirs in total_day; ledger_end_transaction forgets them again
 * if the transaction fails. */
static enum status
put_days(struct ledger *l, const struct ledger_row *rows, size_t count, struct error *err)
{
    sqlite3_stmt *st = l->st[PUT_TOTAL_DAY];
    enum status result = ST_OK;

    for (size_t i = 0; i < count && result == ST_OK; i++) {
        const struct cell *c = rows[i].cell;

        if (ledger_day_is_listed(l, c->kind, c->day))
            continue;
        sqlite3_bind_int(st, 1, c->kind);
        sqlite3_bind_int(st, 2, c->day);
        result = sql_run(st, err);
        ledger_know_day(l, c->kind, c->day);
        buf_add(&l->fresh_days, &(struct fresh_day){c->kind, c->day}, sizeof(struct fresh_day));
    }
    return result;
}

enum status
ledger_put_totals(struct ledger *l, struct cell *const *cells, size_t count, uint64_t seq,
                  struct error *err)
{
    struct ledger_row *rows = sorted_rows(cells, count, seq);
    enum status result = put_days(l, rows, count, err);

    l->rows = rows;
    while (result == ST_OK && sql_show_more(&l->offer, count))
        result = sql_run(l->st[PUT_TOTALS], err);
    l->offer.from = l->offer.to = 0;
    fault_point("totals_written");
    l->rows = NULL;
    free(rows);
    return result;
}
