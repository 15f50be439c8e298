/*
 * ledger_reader.h - what the files of the ledger's readers share.
 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "cell.h"
#include "keys.h"
#include "ledger.h"
#include "sql.h"

struct ledger_reader {
    sqlite3 *db;
    struct cells *scratch;
    struct cell_view view;
    sqlite3_stmt *by_subject;            /* asked for each of thousands of customers */
    sqlite3_stmt *lanes[KEY_PARTITIONS]; /* of walks in the order of names, one at a time */
    bool walking;
    sqlite3_stmt *key; /* asked for each request that carries one */
};

#endif
