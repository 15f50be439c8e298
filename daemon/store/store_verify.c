/*
 * store_verify.c - the store's copies against the ledger, row by row.
 */
#include "store_verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "ledger.h"
#include "sql.h"

struct comparison {
    sqlite3 *db;
    sqlite3_stmt *day, *interval;
    struct store_verify_result *out;
    const struct verify_watch *watch;
    uint64_t found_days, found_intervals;
    int32_t floor; /* the ledger's: what it no longer has the store may still have */
};

static void tell(struct comparison *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
tell(struct comparison *c, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (!c->watch->report)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    c->watch->report(c->watch->arg, line);
}

/* Compares the n integers of a row with what they should be. */
static enum status
compare_row(struct comparison *c, sqlite3_stmt *st, const char *what, struct span name,
            const char *when, const int64_t *want, int n, uint64_t *found, struct error *err)
{
    bool row, same = true;
    enum status result;

    if (c->watch->stopped && c->watch->stopped(c->watch->arg))
        return fail(err, ST_RETRY, "the comparison was stopped");
    sql_bind_text(st, 1, name);
    sql_bind_text(st, 2, span_str(when));
    result = sql_step(st, &row, err);
    if (result != ST_OK)
        return result;
    c->out->rows++;
    if (!row) {
        c->out->missing++;
        tell(c, "store: %s %.*s %s is missing", what, SPAN_ARG(name), when);
        return ST_OK;
    }
    (*found)++;
    for (int i = 0; i < n; i++) {
        int64_t got = sqlite3_column_int64(st, i);

        if (got != want[i] && same) {
            same = false;
            tell(c, "store: %s %.*s %s: %s is %lld, the ledger says %lld", what, SPAN_ARG(name),
                 when, sqlite3_column_name(st, i), (long long)got, (long long)want[i]);
        }
    }
    c->out->different += !same;
    sqlite3_reset(st);
    return ST_OK;
}

static bool
all_zero(const int64_t *v, int n)
{
    for (int i = 0; i < n; i++)
        if (v[i])
            return false;
    return true;
}

static enum status
visit_customer(void *arg, const struct cell_view *cell, struct error *err)
{
    struct comparison *c = arg;
    char day[CIVIL_TEXT];

    if (all_zero(cell->sum, CUSTOMER_COLUMNS)) /* features only, or merged into another */
        return ST_OK;
    return compare_row(c, c->day, "customer_day", cell->name, format_day(day, cell->day), cell->sum,
                       CUSTOMER_COLUMNS, &c->found_days, err);
}

static enum status
visit_service(void *arg, const struct cell_view *cell, struct error *err)
{
    struct comparison *c = arg;
    enum status result = ST_OK;

    for (unsigned i = 0; i < cell->slot_count && result == ST_OK; i++) {
        struct cell_slot s = cell->slots[i];
        char start[CIVIL_TEXT];

        format_utc(start, (int64_t)cell->day * DAY_SECONDS + s.slot * QUARTER_SECONDS);
        result = compare_row(c, c->interval, "service_interval", cell->name, start, s.v,
                             SERVICE_COLUMNS, &c->found_intervals, err);
    }
    return result;
}

/* Rows of the days that the ledger knows. */
static enum status
count_extra(struct comparison *c, const char *sql, const char *table, uint64_t found,
            struct error *err)
{
    char floor[CIVIL_TEXT];
    sqlite3_stmt *st;
    bool row = false;
    int64_t rows = 0;
    enum status result = sql_prepare(c->db, &st, sql, err);

    if (result != ST_OK)
        return result;
    sql_bind_text(st, 1, span_str(format_day(floor, c->floor)));
    result = sql_step(st, &row, err);
    if (row)
        rows = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    if (result == ST_OK && (uint64_t)rows > found) {
        c->out->extra += (uint64_t)rows - found;
        tell(c, "store: %s has %llu rows that the ledger does not know", table,
             (unsigned long long)((uint64_t)rows - found));
    }
    return result;
}

static enum status
open_store(struct comparison *c, const char *path, struct error *err)
{
    enum status result;

    if (sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return sql_fail(c->db, path, err);
    sqlite3_busy_timeout(c->db, 5000);
    result = sql_prepare(c->db, &c->day,
                         "SELECT legs, seconds, failed FROM customer_day"
                         " WHERE customer = ?1 AND day = ?2",
                         err);
    if (result == ST_OK)
        result = sql_prepare(c->db, &c->interval,
                             "SELECT offered, handled, abandoned, handle_seconds, wait_seconds"
                             " FROM service_interval WHERE service = ?1 AND start = ?2",
                             err);
    return result;
}

enum status
store_verify(const char *ledger_path, const char *store_path, const struct verify_watch *watch,
             struct store_verify_result *out, struct error *err)
{
    struct comparison c = {.out = out, .watch = watch};
    struct ledger_state ledger = {0};
    struct ledger_reader *r = NULL;
    enum status result;

    memset(out, 0, sizeof *out);
    result = ledger_reader_open(&r, ledger_path, err);
    if (result == ST_OK)
        result = ledger_reader_state(r, &ledger, err);
    c.floor = ledger.floor;
    if (result == ST_OK)
        result = open_store(&c, store_path, err);
    if (result == ST_OK)
        result = ledger_scan_kind(r, CELL_CUSTOMER, c.floor, visit_customer, &c, err);
    if (result == ST_OK)
        result = ledger_scan_kind(r, CELL_SERVICE, c.floor, visit_service, &c, err);
    if (result == ST_OK)
        result = count_extra(&c,
                             "SELECT count(*) FROM customer_day WHERE day >= ?1"
                             " AND legs + failed + seconds > 0",
                             "customer_day", c.found_days, err);
    if (result == ST_OK)
        result = count_extra(&c, "SELECT count(*) FROM service_interval WHERE start >= ?1",
                             "service_interval", c.found_intervals, err);
    sqlite3_finalize(c.day);
    sqlite3_finalize(c.interval);
    sqlite3_close(c.db);
    ledger_reader_close(r);
    return result;
}
