/*
 * ledger_sums.h - the checksum that every row of ledger.db carries.
 *
 * A row's `checksum` is of all its other columns, in the table's order: the SQL function
 * row_checksum, which each connection to a ledger has. Who writes a row writes LEDGER_ROW, who
 * reads one also asks whether it holds. Rows of `total` are made in bulk and have theirs from
 * ledger_total_checksum; the state row has two, for what it is and for where it stands: the first
 * never changes, and may hold where the second does not.
 *
 * Sums over many rows (how much is in quarantine, and why) are asked too often to read all of
 * them: they are figures for people. Records are checked where they are read as records.
 */
#ifndef LEDGER_SUMS_H
#define LEDGER_SUMS_H

#include "sql.h"
#include "status.h"

#define LEDGER_HISTORY    "incarnation, last_seq"
#define LEDGER_BATCH      "seq, created, size, deltas"
#define LEDGER_SEEN       "seq, created, fingerprints"
#define LEDGER_DAY        "kind, period"
#define LEDGER_CHECKPOINT "source, identity, position, fingerprint, seq, epoch"
#define LEDGER_IDEM       "source, key, body_hash, answer, seq"
#define LEDGER_OPEN_LEG   "source, key, begun, \"values\""
#define LEDGER_QUARANTINE                                                                          \
    "id, seq, input, source, format, stream, timezone, identity, reason, position, length, hash,"  \
    " head, header, arrived"
#define LEDGER_AUDIT                                                                               \
    "seq, batches, records, accepted, duplicates, quarantined, ignored, late, expired, created"
#define LEDGER_EVENT      "seq, n, kind, start, customer, id, json"
#define LEDGER_KEPT       "number, count, names, items"
#define LEDGER_CORRECTION "fingerprint, origin, seq, names, item"
#define LEDGER_MERGED     "seq, customer, target"
#define LEDGER_CORRECTED  "one, corrections, voids"
#define LEDGER_INTAKE                                                                              \
    "first_seq, input, stream, identity, unit, at, until, last_seq, records, accepted,"            \
    " first_quarter, last_quarter, begun, ended"
#define LEDGER_FEED_QUARTER "arrived, input, quarter, records"
#define LEDGER_WAY          "kind, name, input"
#define LEDGER_IDENTITY     "id, node"
#define LEDGER_STATE                                                                               \
    "incarnation, last_batch, folded_batch, records, accepted, duplicates, quarantined, ignored,"  \
    " late, expired, newest, floor, last_refused"
#define LEDGER_STATE_VALUES "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13"

#define LEDGER_ROW(values) "VALUES(" values ", row_checksum(" values "))"

#define LEDGER_AUDIT_CHECKSUM    "row_checksum(" LEDGER_AUDIT ")"
#define LEDGER_IDENTITY_CHECKSUM "row_checksum(" LEDGER_IDENTITY ")"
#define LEDGER_STATE_CHECKSUM    "row_checksum(" LEDGER_STATE ")"

#define LEDGER_IDENTITY_HOLDS     "(id_checksum IS " LEDGER_IDENTITY_CHECKSUM ")"
#define LEDGER_STATE_HOLDS        "(checksum IS " LEDGER_STATE_CHECKSUM ")"
#define LEDGER_AUDIT_HOLDS        "(checksum IS " LEDGER_AUDIT_CHECKSUM ")"
#define LEDGER_HISTORY_HOLDS      "(checksum IS row_checksum(" LEDGER_HISTORY "))"
#define LEDGER_BATCH_HOLDS        "(checksum IS row_checksum(" LEDGER_BATCH "))"
#define LEDGER_SEEN_HOLDS         "(checksum IS row_checksum(" LEDGER_SEEN "))"
#define LEDGER_DAY_HOLDS          "(checksum IS row_checksum(" LEDGER_DAY "))"
#define LEDGER_CHECKPOINT_HOLDS   "(checksum IS row_checksum(" LEDGER_CHECKPOINT "))"
#define LEDGER_IDEM_HOLDS         "(checksum IS row_checksum(" LEDGER_IDEM "))"
#define LEDGER_OPEN_LEG_HOLDS     "(checksum IS row_checksum(" LEDGER_OPEN_LEG "))"
#define LEDGER_QUARANTINE_HOLDS   "(checksum IS row_checksum(" LEDGER_QUARANTINE "))"
#define LEDGER_EVENT_HOLDS        "(checksum IS row_checksum(" LEDGER_EVENT "))"
#define LEDGER_KEPT_HOLDS         "(checksum IS row_checksum(" LEDGER_KEPT "))"
#define LEDGER_CORRECTION_HOLDS   "(checksum IS row_checksum(" LEDGER_CORRECTION "))"
#define LEDGER_MERGED_HOLDS       "(checksum IS row_checksum(" LEDGER_MERGED "))"
#define LEDGER_CORRECTED_HOLDS    "(checksum IS row_checksum(" LEDGER_CORRECTED "))"
#define LEDGER_INTAKE_HOLDS       "(checksum IS row_checksum(" LEDGER_INTAKE "))"
#define LEDGER_FEED_QUARTER_HOLDS "(checksum IS row_checksum(" LEDGER_FEED_QUARTER "))"
#define LEDGER_WAY_HOLDS          "(checksum IS row_checksum(" LEDGER_WAY "))"

/* Gives the connection row_checksum. */
enum status ledger_offer_sums(sqlite3 *db, struct error *err);

#endif
