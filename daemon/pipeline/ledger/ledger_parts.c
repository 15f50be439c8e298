/*
 * ledger_parts.c - single rows of ledger.db, read with suspicion.
 */
#include "ledger_parts.h"

#include "civil.h"
#include "keys.h"
#include "ledger_layout.h"
#include "ledger_sums.h"

#define READER_BUSY_MS 5000

enum status
ledger_open_file(sqlite3 **out, const char *path, struct error *err)
{
    if (sqlite3_open_v2(path, out, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        enum status st = sql_fail(*out, path, err);

        sqlite3_close(*out);
        *out = NULL;
        return st;
    }
    sqlite3_extended_result_codes(*out, 1);
    sqlite3_busy_timeout(*out, READER_BUSY_MS);
    return ST_OK;
}

enum status
ledger_open_readonly(sqlite3 **out, const char *path, struct error *err)
{
    enum status st = ledger_open_file(out, path, err);

    if (st == ST_OK)
        st = ledger_offer_sums(*out, err);
    if (st == ST_OK && ledger_is_former(*out))
        st = ledger_show_former(*out, err);
    return st == ST_OK ? ledger_show_later(*out, err) : st;
}

enum status
ledger_total_row(sqlite3_stmt *row, struct total_row *out, struct error *err)
{
    struct span subject = sql_column(row, 1);

    out->values = sql_column(row, 4);
    out->day = sqlite3_column_int(row, 2);
    out->seq = (uint64_t)sqlite3_column_int64(row, 3);
    if (subject.n < 3 || subject.p[1] != ':' || !memchr("cfslw", subject.p[0], 5) ||
        (uint64_t)sqlite3_column_int64(row, 5) !=
            ledger_total_checksum(subject, out->day, out->seq, out->values))
        return fail(err, ST_CORRUPT, "ledger.db: the total of %.*s fails its checksum",
                    SPAN_ARG(subject));
    out->kind = (enum cell_kind)subject.p[0];
    out->name = span_of(subject.p + 2, subject.n - 2);
    return ST_OK;
}

enum status
ledger_read_total(sqlite3_stmt *row, struct cells *into, struct error *err)
{
    struct total_row r;
    struct cell *c;
    enum status result = ledger_total_row(row, &r, err);

    if (result == ST_OK && (unsigned)sqlite3_column_int(row, 0) != keys_partition(r.name))
        result = fail(err, ST_CORRUPT, "ledger.db: the total of %.*s is in another's partition",
                      SPAN_ARG(r.name));
    if (result != ST_OK)
        return result;
    cells_reset(into);
    c = cells_get(into, r.kind, r.name, r.day);
    c->seq = r.seq;
    return cell_decode_add(c, r.values, err);
}

void
ledger_name_total(struct buf *out, struct span subject, int32_t day)
{
    static const struct {
        char letter;
        const char *word;
    } kinds[] = {{CELL_CUSTOMER, "customer"},
                 {CELL_FEATURE, "feature"},
                 {CELL_SERVICE, "service"},
                 {CELL_REGION, "region"},
                 {CELL_WORKLOAD, "workload"}};
    const char *word = "subject";
    char text[CIVIL_TEXT];

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (subject.n > 2 && subject.p[0] == kinds[i].letter)
            word = kinds[i].word;
    buf_printf(out, "%s %.*s on %s", word, (int)(subject.n > 2 ? subject.n - 2 : 0), subject.p + 2,
               format_day(text, day));
}

bool
ledger_audit_is_good(sqlite3_stmt *row, int first)
{
    int64_t sum = 0;

    for (int i = 0; i < 5; i++)
        if (sqlite3_column_int64(row, first + i) < 0)
            return false;
    for (int i = 1; i < 5; i++)
        sum += sqlite3_column_int64(row, first + i);
    return sum == sqlite3_column_int64(row, first);
}

enum status
ledger_event_damaged(sqlite3_stmt *row, struct error *err)
{
    return fail(err, ST_CORRUPT, "ledger.db: event %lld of batch %lld fails its checksum",
                (long long)sqlite3_column_int64(row, 1), (long long)sqlite3_column_int64(row, 0));
}
