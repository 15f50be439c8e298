/*
 * sql.h - SQLite with our error codes: one place that knows which failure means what.
 */
#ifndef SQL_H
#define SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"
#include "status.h"

/* Once, before anything else of SQLite: its memory is counted in an account instead of its own
 * statistics, which cost a lock at every allocation. */
void sql_configure(void);

/* Maps a result code: FULL -> ST_FULL, BUSY/LOCKED -> ST_RETRY, CORRUPT/NOTADB -> ST_CORRUPT,
 * all else -> ST_IO; what is the thing attempted ("commit of a batch"). */
enum status sql_fail(sqlite3 *db, const char *what, struct error *err);

enum status sql_exec(sqlite3 *db, const char *sql, struct error *err);
enum status sql_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql, struct error *err);

/* Runs a statement that answers no rows, and resets it. */
enum status sql_run(sqlite3_stmt *st, struct error *err);
/* One step: *row tells whether there is one; at the end (or on failure) it is reset. */
enum status sql_step(sqlite3_stmt *st, bool *row, struct error *err);
/* First column of the first row of a query, `otherwise` if there is none. */
enum status sql_value(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out,
                      struct error *err);

/* Bound values are borrowed until the statement is reset. */
void sql_bind_text(sqlite3_stmt *st, int i, struct span s);
void sql_bind_blob(sqlite3_stmt *st, int i, const void *p, size_t n);
struct span sql_column(sqlite3_stmt *st, int i); /* text or blob; valid until the next step */

/*
 * Rows of the program's own, offered as a table: "INSERT INTO t SELECT ... FROM name" moves
 * hundreds of them. A row that comes with a statement of its own pays for that statement, and for
 * a way down every tree from its root; this keeps its cursors where they are, which for rows in
 * the order of the key is where the next one goes.
 */
#define SQL_ROWS_AT_ONCE 1024 /* a statement that may fail keeps the old pages until it ends */
struct sql_rows {
    size_t from, to; /* shown now: from <= row < to. Zero both before and after use */
    /* Called before a row's columns are asked for, and with `to` at the end. NULL allowed. */
    void (*reach)(void *arg, size_t row);
    void (*column)(void *arg, size_t row, int column, sqlite3_context *out);
    void *arg;
};
/* declaration: "CREATE TABLE x(...)", copied. rows is borrowed until the connection closes. */
enum status sql_offer_rows(sqlite3 *db, const char *name, const char *declaration,
                           struct sql_rows *rows, struct error *err);
/* Shows the next of `count` rows; false when all have been shown. */
bool sql_show_more(struct sql_rows *rows, size_t count);

#endif
