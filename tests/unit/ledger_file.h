/*
 * ledger_file.h - the file ledger.db in a test's folder, looked at and changed past the ledger.
 */
#ifndef LEDGER_FILE_H
#define LEDGER_FILE_H

#include <sqlite3.h>

#include "../../daemon/pipeline/ledger/ledger_sums.h"
#include "ledger.h"
#include "ledger_care.h"
#include "memory.h"
#include "test.h"

/* The ledger of this folder, made if it is missing. */
static inline struct ledger *
ledger_here(void)
{
    struct ledger *l = NULL;
    struct error err = {0};

    if (ledger_open(&l, "ledger.db", "1", &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return l;
}

static inline sqlite3 *
ledger_file_open(void)
{
    struct error err;
    sqlite3 *db;

    CHECK(sqlite3_open("ledger.db", &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK);
    CHECK_INT(ledger_offer_sums(db, &err), ST_OK);
    return db;
}

/* Runs statements, with row_checksum() at hand. */
static inline void
ledger_file_run(const char *sql)
{
    sqlite3 *db = ledger_file_open();
    char *why = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", sql, why);
    sqlite3_close(db);
}

/* The first column of the first row as text, "" if there is none; good until the next call. */
static inline const char *
ledger_file_text(const char *sql)
{
    static char text[400];
    sqlite3 *db = ledger_file_open();
    sqlite3_stmt *st;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", sql, sqlite3_errmsg(db));
    snprintf(text, sizeof text, "%s",
             sqlite3_step(st) == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : "");
    sqlite3_finalize(st);
    sqlite3_close(db);
    return text;
}

static inline int64_t
ledger_file_ask(const char *sql)
{
    return strtoll(ledger_file_text(sql), NULL, 10);
}

/* ledger.db as a program of layout 1 left it: five batches, the first of them folded. */
static inline void
ledger_file_of_layout_1(void)
{
    FILE *f = fopen(test_path("tests/data/ledger/layout-1.sql"), "r");
    struct buf sql = {0};
    char line[1024];

    CHECK(f != NULL);
    while (fgets(line, sizeof line, f))
        buf_str(&sql, line);
    fclose(f);
    ledger_file_run(sql.p);
    buf_clear(&sql);
}

static inline void
ledger_file_note(void *arg, const char *sentence)
{
    buf_printf(arg, "%s\n", sentence);
}

/* What `callswell ledger check` finds wrong; "" if it is whole. Good until the next call. */
static inline const char *
ledger_file_check(void)
{
    static struct buf said;
    struct ledger_check check;
    struct error err;

    buf_reset(&said);
    buf_str(&said, "");
    if (ledger_check("ledger.db", ledger_file_note, &said, &check, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(check.wrong > 0, said.n > 0);
    return said.p;
}

/* Recovers it, which must succeed and leave a whole one; what is said to be lost, as above. */
static inline const char *
ledger_file_recover(struct ledger_recovery *out)
{
    static struct buf said;
    struct error err;

    buf_reset(&said);
    buf_str(&said, "");
    if (ledger_recover("ledger.db", "1", ledger_file_note, &said, out, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_STR(ledger_file_check(), "");
    return said.p;
}

#endif
