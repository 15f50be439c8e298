/*
 * store_private.h - what the files of the store share about its connection.
 */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include <sqlite3.h>

#include "sql.h"
#include "store.h"

struct audit_entry;

struct store {
    sqlite3 *db;
    bool open_tx;
    uint32_t tx_rows;
    int64_t tx_began_ms;
    int64_t deadline_ms; /* of what runs, by the monotonic clock; 0: none */
    store_hook *before_commit;
    void *hook_arg;
    struct audit_entry *audit; /* audit_log.c: of the commits to come; borrowed */
    int limit_calls;           /* segment_where.c */
    struct sql_rows rows;      /* store_rows.c: the table `offered` */
    struct row_source source;  /* of what it shows now */
    struct row_value values[STORE_ROW_COLUMNS];
};

/* Makes the table `offered` known to the connection. */
enum status store_offer_rows(struct store *s, struct error *err);
struct query *query_wrap(sqlite3_stmt *st); /* takes the statement */

/* Steps of migrations.c that are files of their own; NULL-ended. */
extern const char *const migration_outbox[], *const migration_stage[], *const migration_talk[];

/* Brings the schema up to date, one transaction per step. ST_BAD_CONFIG: a newer schema. */
enum status migrations_run(struct store *s, struct error *err);
/* For readers: the schema must be one this program knows, complete. */
enum status migrations_check(struct store *s, struct error *err);

#endif
