/*
 * ledger_layout.h - a ledger of the layout before this one.
 *
 * In layout 1 only totals and blobs had checksums. A program that reads such a ledger sees it
 * through views as if it were of this layout; the first one that writes converts it.
 */
#ifndef LEDGER_LAYOUT_H
#define LEDGER_LAYOUT_H

#include <stdbool.h>

#include "sql.h"
#include "status.h"

/* Is the ledger of the layout before? False also where that cannot be read. */
bool ledger_is_former(sqlite3 *db);

/* For a connection that only reads: views in front of the tables. */
enum status ledger_show_former(sqlite3 *db, struct error *err);

/* Within a transaction: gives every row its checksum. What was damaged and had one fails it
 * afterwards as well. */
enum status ledger_take_over(sqlite3 *db, struct error *err);

/* A ledger may have been made before there were corrections: it then shows none. */
enum status ledger_show_later(sqlite3 *db, struct error *err);

#endif
