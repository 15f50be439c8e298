/*
 * ledger_schema.h - tables of ledger.db, shared by its writer and its readers.
 */
#ifndef LEDGER_SCHEMA_H
#define LEDGER_SCHEMA_H

#include <stdint.h>

#include "ledger.h"
#include "span.h"
#include "sql.h"

/* Of the layout. The columns of the state row tell it, too, so that a damaged version is not taken
 * for another one: each layout must have others there than all before it. */
#define LEDGER_VERSION 2

#define LEDGER_PAGE_BYTES 8192
#define LEDGER_PAGES      "PRAGMA page_size = 8192;"

/*
 * meta        one row: who the ledger is and where it stands; floor: totals of the days before it
 *             are no longer kept; last_refused: the highest number that a refused record was ever
 *             given
 * history     where each incarnation ended: which (incarnation, seq) are our own past
 * batch       the log since the last fold: one blob of deltas a batch, and its size. It may be
 *             packed with zstd, as it always was before
 * seen        fingerprints of a batch's records, kept for the duplicate window; a row without any
 *             says when the newest were that are forgotten
 * total       one row per subject and day: everything Redis holds about it, packed.
 *             subject is the kind's letter, ':' and the name; period is the day's number
 * total_day   which days have rows at all, so that a first sight of a day costs no look-up
 * checkpoint  where every input stands; epoch orders owners of one source, 0 as long as there
 *             is one
 * idem        HTTP Idempotency-Key, and what was answered: a JSON object of counts, and when
 *             (created, UTC microseconds); kept for the duplicate window
 * open_leg    legs that have begun and not ended: part of the layout from the start, so that a
 *             ledger need not be converted when inputs begin to use it
 * quarantine  refused records, raw; a number is never given twice, for people note them down
 *             (the state row says which is next; AUTOINCREMENT is left of layout 1)
 * audit       records = accepted + duplicates + quarantined + ignored, a row a batch; folded
 *             batches are added up into one row
 * event       inquiries, visits, orders ...: single records for the CRM store
 * kept        what the first records of a row of `seen` added to the counters, in the same order,
 *             a row for each worker that had any: number is seq * 256 + the worker's index. Items
 *             and names as in kept.h
 * correction  of a record that was corrected: the item that holds now, since batch seq. origin is
 *             the batch that the fingerprint came in, with which it is forgotten
 * merged      a customer's totals were moved to another's in that batch: what was kept of it
 *             before was added there
 * corrected   one row: how many records corrected others, and how many of them were voids
 * intake      which ranges of which streams a batch, or several small ones of an hour, came from
 *             (intake.h); first_quarter > last_quarter: nothing of it was accepted
 * feed_quarter  how many accepted records of an input began in a quarter hour, by the quarter hour
 *             in which they arrived. Both are numbered from 1970
 * way         by which inputs a customer or service has come: kind is the kind's letter
 *
 * Every row has a checksum (ledger_sums.h). Layout 1 had some; ledger_layout.c takes it over.
 */
#define LEDGER_LATER_TABLES                                                                        \
    "CREATE TABLE IF NOT EXISTS kept(number INTEGER PRIMARY KEY, count INTEGER NOT NULL,"          \
    " names BLOB NOT NULL, items BLOB NOT NULL, checksum INTEGER NOT NULL);"                       \
    "CREATE TABLE IF NOT EXISTS correction(fingerprint INTEGER PRIMARY KEY,"                       \
    " origin INTEGER NOT NULL, seq INTEGER NOT NULL, names BLOB NOT NULL, item BLOB NOT NULL,"     \
    " checksum INTEGER NOT NULL);"                                                                 \
    "CREATE INDEX IF NOT EXISTS correction_origin ON correction(origin);"                          \
    "CREATE TABLE IF NOT EXISTS merged(seq INTEGER PRIMARY KEY, customer TEXT NOT NULL,"           \
    " target TEXT NOT NULL, checksum INTEGER NOT NULL);"                                           \
    "CREATE TABLE IF NOT EXISTS corrected(one INTEGER PRIMARY KEY CHECK(one = 1),"                 \
    " corrections INTEGER NOT NULL, voids INTEGER NOT NULL, checksum INTEGER NOT NULL);"           \
    "CREATE TABLE IF NOT EXISTS intake(first_seq INTEGER NOT NULL, input TEXT NOT NULL,"           \
    " stream TEXT NOT NULL, identity TEXT NOT NULL, unit INTEGER NOT NULL, at INTEGER NOT NULL,"   \
    " until INTEGER NOT NULL, last_seq INTEGER NOT NULL, records INTEGER NOT NULL,"                \
    " accepted INTEGER NOT NULL, first_quarter INTEGER NOT NULL, last_quarter INTEGER NOT NULL,"   \
    " begun INTEGER NOT NULL, ended INTEGER NOT NULL, checksum INTEGER NOT NULL,"                  \
    " PRIMARY KEY(first_seq, input, stream, identity)) WITHOUT ROWID;"                             \
    "CREATE TABLE IF NOT EXISTS feed_quarter(arrived INTEGER NOT NULL, input TEXT NOT NULL,"       \
    " quarter INTEGER NOT NULL, records INTEGER NOT NULL, checksum INTEGER NOT NULL,"              \
    " PRIMARY KEY(arrived, input, quarter)) WITHOUT ROWID;"                                        \
    "CREATE TABLE IF NOT EXISTS way(kind INTEGER NOT NULL, name TEXT NOT NULL,"                    \
    " input TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY(kind, name, input))"             \
    " WITHOUT ROWID;"
#define LEDGER_SCHEMA                                                                              \
    "CREATE TABLE meta("                                                                           \
    " one INTEGER PRIMARY KEY CHECK(one = 1), version INTEGER NOT NULL, id TEXT NOT NULL,"         \
    " node TEXT NOT NULL, incarnation INTEGER NOT NULL, last_batch INTEGER NOT NULL,"              \
    " folded_batch INTEGER NOT NULL, records INTEGER NOT NULL, accepted INTEGER NOT NULL,"         \
    " duplicates INTEGER NOT NULL, quarantined INTEGER NOT NULL, ignored INTEGER NOT NULL,"        \
    " late INTEGER NOT NULL, expired INTEGER NOT NULL, newest INTEGER NOT NULL,"                   \
    " floor INTEGER NOT NULL DEFAULT 0, last_refused INTEGER NOT NULL,"                            \
    " id_checksum INTEGER NOT NULL, checksum INTEGER NOT NULL);"                                   \
    "CREATE TABLE history(incarnation INTEGER PRIMARY KEY, last_seq INTEGER,"                      \
    " checksum INTEGER NOT NULL);"                                                                 \
    "CREATE TABLE batch(seq INTEGER PRIMARY KEY, created INTEGER NOT NULL,"                        \
    " size INTEGER NOT NULL, deltas BLOB NOT NULL, checksum INTEGER NOT NULL);"                    \
    "CREATE TABLE seen(seq INTEGER PRIMARY KEY, created INTEGER NOT NULL,"                         \
    " fingerprints BLOB NOT NULL, checksum INTEGER NOT NULL);"                                     \
    "CREATE TABLE total(partition INTEGER NOT NULL, subject BLOB NOT NULL,"                        \
    " period INTEGER NOT NULL, seq INTEGER NOT NULL, \"values\" BLOB NOT NULL,"                    \
    " checksum INTEGER NOT NULL, PRIMARY KEY(partition, subject, period)) WITHOUT ROWID;"          \
    "CREATE INDEX total_seq ON total(partition, seq);"                                             \
    "CREATE TABLE total_day(kind INTEGER NOT NULL, period INTEGER NOT NULL,"                       \
    " checksum INTEGER NOT NULL, PRIMARY KEY(kind, period)) WITHOUT ROWID;"                        \
    "CREATE TABLE checkpoint(source TEXT NOT NULL, identity TEXT NOT NULL,"                        \
    " position INTEGER NOT NULL, fingerprint INTEGER NOT NULL, seq INTEGER NOT NULL,"              \
    " epoch INTEGER NOT NULL DEFAULT 0, checksum INTEGER NOT NULL,"                                \
    " PRIMARY KEY(source, identity)) WITHOUT ROWID;"                                               \
    "CREATE TABLE idem(source TEXT NOT NULL, key TEXT NOT NULL, body_hash INTEGER NOT NULL,"       \
    " answer TEXT NOT NULL, seq INTEGER NOT NULL, checksum INTEGER NOT NULL,"                      \
    " PRIMARY KEY(source, key)) WITHOUT ROWID;"                                                    \
    "CREATE TABLE open_leg(source TEXT NOT NULL, key TEXT NOT NULL, begun INTEGER NOT NULL,"       \
    " \"values\" BLOB NOT NULL, checksum INTEGER NOT NULL,"                                        \
    " PRIMARY KEY(source, key)) WITHOUT ROWID;"                                                    \
    "CREATE TABLE quarantine(id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL,"          \
    " input TEXT NOT NULL, source TEXT NOT NULL, format TEXT NOT NULL, stream TEXT NOT NULL,"      \
    " timezone TEXT NOT NULL, identity INTEGER NOT NULL, reason TEXT NOT NULL,"                    \
    " position INTEGER NOT NULL, length INTEGER NOT NULL, hash INTEGER NOT NULL,"                  \
    " head BLOB NOT NULL, header BLOB, arrived INTEGER NOT NULL, checksum INTEGER NOT NULL);"      \
    "CREATE INDEX quarantine_input ON quarantine(input);"                                          \
    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, batches INTEGER NOT NULL,"                        \
    " records INTEGER NOT NULL, accepted INTEGER NOT NULL, duplicates INTEGER NOT NULL,"           \
    " quarantined INTEGER NOT NULL, ignored INTEGER NOT NULL, late INTEGER NOT NULL,"              \
    " expired INTEGER NOT NULL, created INTEGER NOT NULL, checksum INTEGER NOT NULL);"             \
    "CREATE TABLE event(seq INTEGER NOT NULL, n INTEGER NOT NULL, kind INTEGER NOT NULL,"          \
    " start INTEGER NOT NULL, customer TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL,"       \
    " checksum INTEGER NOT NULL, PRIMARY KEY(seq, n)) WITHOUT ROWID;" LEDGER_LATER_TABLES

/* What a ledger of this version may have been made without. */
#define LEDGER_LATER LEDGER_LATER_TABLES "CREATE INDEX IF NOT EXISTS idem_seq ON idem(seq)"

/* Checksum of a total row: its values seeded with everything else that the row says. */
uint64_t ledger_total_checksum(struct span subject, int32_t period, uint64_t seq,
                               struct span values);

/* The deltas of a batch row, whose checksum holds or not, into raw. */
enum status ledger_read_deltas(struct buf *raw, uint64_t seq, struct span packed, size_t size,
                               bool holds, struct error *err);
/* Each part of what the above gave: a set of cells. */
typedef enum status ledger_part_visit(void *arg, uint64_t seq, struct span part, struct error *err);
enum status ledger_visit_parts(uint64_t seq, struct span blob, ledger_part_visit *visit, void *arg,
                               struct error *err);

/* The state row. ST_BAD_CONFIG: the ledger is of another version. ST_CORRUPT: it is missing, a
 * checksum of it fails, or its version is damaged. */
enum status ledger_read_state(sqlite3 *db, struct ledger_state *s, char *node, size_t node_size,
                              struct error *err);
/* The same, with a word about each checksum instead, of id and node, and of all the rest; and about
 * the version. */
struct ledger_identity {
    char node[64];
    bool holds, state_holds, version_holds;
};
enum status ledger_look_at_state(sqlite3 *db, struct ledger_state *s, struct ledger_identity *id,
                                 struct error *err);
/* The state row of a new ledger. */
enum status ledger_make_state(sqlite3 *db, const struct ledger_state *s, const char *node,
                              struct error *err);
void ledger_random_id(char out[40]); /* of a new ledger: 32 hexadecimal digits */

/* Fills in how much is in quarantine: a walk over its rows, not for every batch. */
enum status ledger_count_quarantine(sqlite3 *db, struct ledger_state *s, struct error *err);

#endif
