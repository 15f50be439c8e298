/*
 * ledger_parts.h - rows of ledger.db as its check and its recovery see them.
 */
#ifndef LEDGER_PARTS_H
#define LEDGER_PARTS_H

#include "ledger.h"
#include "ledger_schema.h"
#include "sql.h"

#define LEDGER_TOTAL_COLUMNS                                                                       \
    "SELECT partition, subject, period, seq, \"values\", checksum FROM total "

/* A connection that can change nothing; a ledger of the former layout looks like one of this. The
 * caller closes *out, also after a failure. */
enum status ledger_open_readonly(sqlite3 **out, const char *path, struct error *err);
/* The same, but for the file as it is: for copying it. */
enum status ledger_open_file(sqlite3 **out, const char *path, struct error *err);

/* A row of LEDGER_TOTAL_COLUMNS, compared with its checksum; borrowed until the next step. */
struct total_row {
    enum cell_kind kind;
    struct span name, values;
    int32_t day;
    uint64_t seq;
};
enum status ledger_total_row(sqlite3_stmt *row, struct total_row *out, struct error *err);

/* The same as the only cell of a set, which is
 * emptied first. ST_CORRUPT. */
enum status ledger_read_total(sqlite3_stmt *row, struct cells *into, struct error *err);

/* Appends "customer ACME on 2026-11-22". */
void ledger_name_total(struct buf *out, struct span subject, int32_t day);

/* Columns `first` and the four after it: records = accepted + duplicates + ... */
bool ledger_audit_is_good(sqlite3_stmt *row, int first);

/* ST_CORRUPT, with the name of an event: a row that begins with seq and n. */
enum status ledger_event_damaged(sqlite3_stmt *row, struct error *err);

#endif
