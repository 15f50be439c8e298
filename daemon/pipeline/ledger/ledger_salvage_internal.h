/*
 * ledger_salvage_internal.h - a recovery under way.
 */
#ifndef LEDGER_SALVAGE_INTERNAL_H
#define LEDGER_SALVAGE_INTERNAL_H

#include "ledger_care.h"
#include "sql.h"

struct salvage {
    sqlite3 *from, *to;
    char *copy; /* NULL, or the transplanted one that is read in the ledger's place */
    ledger_say *say;
    void *arg;
    struct ledger_recovery *out;
    struct cells *scratch;
    struct buf raw;
    sqlite3_stmt *remember; /* puts a sentence into a table of those said */
    sqlite3_stmt *put_day;
    sqlite3_stmt *insert; /* into insert_table */
    const char *insert_table;
    int insert_columns;
    int probes;
};

/* Says once that something is lost. */
void salvage_lost(struct salvage *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ledger_salvage.c: every table but the state row. ST_IO, ST_FULL: the new ledger cannot be
 * written. */
enum status salvage_rows(struct salvage *s, struct error *err);

/* ledger_transplant.c: a copy of the ledger at `from` with the first page of a new one; and away
 * with the copy and all that belongs to it. */
enum status salvage_transplant(const char *from, const char *copy, struct error *err);
void salvage_remove(const char *copy);

#endif
