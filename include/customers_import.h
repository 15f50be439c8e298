/*
 * customers_import.h - who the customers are: the list that people keep.
 *
 * A CSV file with a header; columns in any order: id (needed), name, aliases, numbers,
 * domains, owner, timezone. Lists are separated by ';'. Each row says all there is to say
 * about its customer: what it does not list any more is forgotten, columns that the file does
 * not have are left alone. The whole file is taken, or none of it.
 */
#ifndef CUSTOMERS_IMPORT_H
#define CUSTOMERS_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"
#include "status.h"
#include "store.h"

struct customers_imported {
    uint64_t rows, added, changed; /* changed: was there and is different now */
};

/* ST_BAD_INPUT: err->text begins with "line N: ". The store is open for STORE_EDIT. */
enum status customers_import(struct store *s, struct span csv, struct customers_imported *out,
                             struct error *err);

struct customer_row {
    struct span id, name, owner, timezone, first_seen, last_seen, merged_into;
    struct span aliases, numbers, domains; /* joined by ';' */
    bool imported;                         /* else merely seen in records */
    int64_t legs_30d, seconds_30d;         /* -1: not analysed yet */
    struct span rfm_segment, segments;     /* joined by ';' */
};

/* By id. match: part of an id, name or alias, without regard to case; NULL is all. limit 0 is
 * all. Spans are borrowed for the visit. */
enum status customers_list(struct store *s, const char *match, uint64_t limit,
                           enum status (*visit)(void *arg, const struct customer_row *row,
                                                struct error *err),
                           void *arg, struct error *err);
/* One, by id or by exact alias; ST_NOT_FOUND. */
enum status customers_show(struct store *s, const char *id,
                           enum status (*visit)(void *arg, const struct customer_row *row,
                                                struct error *err),
                           void *arg, struct error *err);

/* May `from` be merged into `into`? ST_BAD_INPUT says why not. Changes nothing. */
enum status customers_merge_check(struct store *s, struct span from, struct span into,
                                  struct error *err);
/* Books a merge whose history has been moved in the ledger: `from` becomes an alias of `into`
 * with all its rules, its activities, orders and bookings move, and so do its rows of days that the
 * ledger no longer has (people and conferences are added up). Doing it again changes nothing. */
enum status customers_merged(struct store *s, struct span from, struct span into, int64_t now,
                             struct error *err);

/* What a merge needs of whoever has the ledger. */
struct merge_hands {
    enum status (*move)(void *arg, struct span from, struct span into, uint64_t *cells,
                        struct error *err);                  /* the history, in the ledger */
    enum status (*match_anew)(void *arg, struct error *err); /* by the list as it is now */
    void *arg;
};
/* The whole of a merge: checked, moved, booked. Whenever it is cut off, doing it again finishes it.
 * *cells: days of history that moved. ST_BAD_INPUT: customers_merge_check. */
enum status customers_merge(struct store *s, struct span from, struct span into,
                            const struct merge_hands *hands, uint64_t *cells, struct error *err);

#endif
