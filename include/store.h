/*
 * store.h - the CRM store: one SQLite file that people and other programs read.
 *
 * WAL mode: readers never block the writer and are never blocked by it. All of it can be made
 * again from the ledger except what people wrote (customers, rosters, acknowledgements), so
 * the analyst's connection syncs at checkpoints only and the others at every commit. Tables:
 * callswell-store(7); their history: daemon/store/migrations.c.
 *
 * Statements map SQLite's answers to enum status once, here: ST_RETRY locked by another
 * process, ST_FULL disk full, ST_CORRUPT the file fails its checks, ST_IO the rest.
 */
#ifndef STORE_H
#define STORE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "span.h"
#include "status.h"

/* A number's constant within the text of a statement: "-" AS_TEXT(DAYS) " days". */
#define AS_TEXT_(n) #n
#define AS_TEXT(n)  AS_TEXT_(n)

struct store;
struct query;

enum store_mode {
    STORE_READ,    /* must exist with a schema this program knows; never writes */
    STORE_ANALYST, /* creates and migrates; the connection that does the checkpoints */
    STORE_EDIT,    /* as ANALYST, but every commit is synced: what people wrote */
};

/* ":memory:" is allowed. ST_BAD_CONFIG: written by a newer version. ST_NOT_FOUND (STORE_READ
 * only): no store there yet. */
enum status store_open(struct store **out, const char *path, enum store_mode mode,
                       struct error *err);
void store_close(struct store *s); /* accepts NULL; ends open statements made by store_query */

/* The file that `store { url = ... }` means: "sqlite:crm.db" is relative to state_dir. The
 * caller frees. ST_BAD_CONFIG: another kind of store. */
enum status store_path(char **out, const char *url, const char *state_dir, struct error *err);

/* One or more statements without parameters or rows. */
enum status store_run(struct store *s, const char *sql, struct error *err);

/* Transactions: begin is BEGIN IMMEDIATE, because a deferred one that reads first is refused
 * at its first write without waiting. Rolling back needs no transaction to be open. */
enum status store_begin(struct store *s, struct error *err);
enum status store_commit(struct store *s, struct error *err);
void store_rollback(struct store *s);
/* Called by each commit from now on, in its transaction, which it undoes by failing. NULL: none. */
typedef enum status store_hook(void *arg, struct error *err);
void store_before_commit(struct store *s, store_hook *hook, void *arg);
void store_interrupt(struct store *s); /* what runs now fails; any thread */
/* What still runs so many milliseconds from now fails. 0: no limit any more. */
void store_limit_time(struct store *s, int64_t ms);
bool store_out_of_time(const struct store *s); /* the limit has passed */
/* Begins if none is open; commits and begins anew after enough rows: long work in short
 * transactions. Call before each row; end with store_commit_open. */
enum status store_tick(struct store *s, struct error *err);
enum status store_tick_rows(struct store *s, uint32_t rows, struct error *err); /* before so many */
enum status store_commit_open(struct store *s, struct error *err); /* nothing open is fine */
int64_t store_changes(const struct store *s); /* rows that the statement before has changed */
/* What every writer ends with: commits what is open if all went well (st), else takes it back and
 * answers st. */
enum status store_end(struct store *s, enum status st, struct error *err);

/* A prepared statement. The text must outlive the query (messages name it). */
enum status store_query(struct store *s, struct query **out, const char *sql, struct error *err);
void query_free(struct query *q); /* accepts NULL */

/* Parameters by number from 1. Text is borrowed until the next reset. */
void query_set_int(struct query *q, int n, int64_t v);
void query_set_real(struct query *q, int n, double v); /* NaN and infinity become NULL */
void query_set_text(struct query *q, int n, struct span v);
void query_set_str(struct query *q, int n, const char *v); /* NULL becomes NULL */
void query_set_blob(struct query *q, int n, struct span v);
void query_set_null(struct query *q, int n);

/* Next row: ST_OK, or ST_NOT_FOUND after the last (the query is then reset). */
enum status query_next(struct query *q, struct error *err);
/* Runs to the end and resets, parameters kept: for statements without rows. */
enum status query_run(struct query *q, struct error *err);
void query_reset(struct query *q); /* rows and parameters */

/* Rows in bulk. The statement takes them out of a table `offered`, whose columns are c0 to c47:
 * "INSERT INTO t(a, b) SELECT c0, c1 FROM offered WHERE true ON CONFLICT ...". Columns in the order
 * that t has them in spare a copy of each. */
#define STORE_ROW_COLUMNS  48
#define STORE_ROWS_AT_ONCE 1024 /* of a statement */
struct row_value {
    enum { ROW_NULL, ROW_INT, ROW_REAL, ROW_TEXT } type;
    union {
        int64_t number;
        double real;
        struct span text;
    };
};
struct row_source {
    /* Fills in the row's values from c0 on, of every row as many. They are all NULL before the
     * first; texts are good until the next row is asked for. */
    void (*row)(void *arg, size_t row, struct row_value *values);
    void *arg;
};
enum status query_run_rows(struct store *s, struct query *q, const struct row_source *rows,
                           size_t count, struct error *err);
/* The same with store_tick_rows before each statement: long work in short transactions. */
enum status query_tick_rows(struct store *s, struct query *q, const struct row_source *rows,
                            size_t count, struct error *err);

static inline void
value_null(struct row_value *out)
{
    out->type = ROW_NULL;
}

static inline void
value_int(struct row_value *out, int64_t v)
{
    out->type = ROW_INT;
    out->number = v;
}

static inline void
value_real(struct row_value *out, double v) /* NaN and infinity become NULL */
{
    out->type = isfinite(v) ? ROW_REAL : ROW_NULL;
    out->real = v;
}

static inline void
value_text(struct row_value *out, struct span v)
{
    out->type = ROW_TEXT;
    out->text = v;
}

static inline void
value_str(struct row_value *out, const char *v) /* NULL becomes NULL */
{
    if (v)
        value_text(out, span_str(v));
    else
        value_null(out);
}

/* Columns of the row from 0; text is borrowed until the next step. */
int query_columns(const struct query *q);
bool query_is_null(const struct query *q, int column);
int64_t query_int(const struct query *q, int column);
double query_real(const struct query *q, int column); /* NULL is NaN */
struct span query_text(const struct query *q, int column);
void query_value(const struct query *q, int column, struct row_value *out); /* as it is stored */

/* One value of the first row, or `otherwise` when there is none. */
enum status store_int(struct store *s, const char *sql, int64_t otherwise, int64_t *out,
                      struct error *err);

#endif
