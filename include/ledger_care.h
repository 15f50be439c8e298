/*
 * ledger_care.h - looking after ledger.db: checks, copies, and what to do when it is damaged.
 *
 * A damaged ledger is never written over. Whoever meets damage leaves a note beside the file
 * (ledger.db.trouble); as long as the note stands no daemon starts on that ledger. `callswell
 * ledger recover` sets the file aside whole and saves what can be saved into a new one.
 */
#ifndef LEDGER_CARE_H
#define LEDGER_CARE_H

#include <stdint.h>

#include "ledger.h"
#include "status.h"

/* Told one sentence about each thing that is wrong. */
typedef void ledger_say(void *arg, const char *sentence);

struct ledger_check {
    char node[64];
    struct ledger_state state;
    uint64_t totals, batches, fingerprints, checkpoints, quarantine, audits, events; /* read */
    uint64_t wrong; /* things said to be wrong; 0: the ledger is whole */
};

/* Reads all of the ledger at path in one snapshot: its structure, every checksum, and whether
 * the sums agree. A daemon may go on meanwhile. ST_OK whatever is wrong with it;
 * ST_NOT_FOUND: no such file; ST_BAD_CONFIG: of another version. */
enum status ledger_check(const char *path, ledger_say *say, void *arg, struct ledger_check *out,
                         struct error *err);

/* A consistent copy of the ledger at path as the new file `to`, checked and synced; a daemon
 * may go on meanwhile. Nothing is left at `to` on failure. ST_BAD_INPUT: `to` exists.
 * ST_CORRUPT: the copy (so the ledger) fails its checks. */
enum status ledger_backup(const char *path, const char *to, struct ledger_check *out,
                          struct error *err);

struct ledger_recovery {
    char aside[256];          /* where the damaged file stands now */
    uint64_t saved, lost;     /* rows */
    bool identity_lost;       /* a new ledger id: its fingerprints could not be kept */
    struct ledger_check made; /* of the new ledger */
};

/* Sets the ledger at path aside whole and puts in its place a new one with all rows that can
 * still be read and pass their checks; `say` names each that is lost. The caller owns the state
 * folder. When it is cut off it can be begun again. `node` is used if the ledger's own cannot be
 * read. On failure the note stands, so nothing starts on the rest. */
enum status ledger_recover(const char *path, const char *node, ledger_say *say, void *arg,
                           struct ledger_recovery *out, struct error *err);

/* --- the note --- */

enum ledger_trouble {
    TROUBLE_NONE,
    TROUBLE_IO,      /* the disk refused: the file may be whole, a check tells */
    TROUBLE_DAMAGED, /* something in it is wrong */
};

/* Leaves a note, unless one of damage stands there. As far as the disk lets us. */
void ledger_trouble_note(const char *path, enum ledger_trouble kind, const char *text);
/* text (may be NULL): why, as noted. */
enum ledger_trouble ledger_trouble_read(const char *path, char *text, size_t size);
void ledger_trouble_clear(const char *path);

/* For a start: ST_OK if there is no note, or one of an I/O error and the ledger proves whole
 * now. ST_CORRUPT otherwise; err says which command to run. */
enum status ledger_trouble_resolve(const char *path, struct error *err);

#endif
