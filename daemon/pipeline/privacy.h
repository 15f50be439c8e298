/*
 * privacy.h - people are counted and not named: privacy { participants = "hash" }.
 *
 * What names a person in a record (participant, participant_name, agent, and leg, which systems
 * make of numbers and devices) is replaced by a keyed hash: the same text is the same hash, so
 * people stay countable, and without the key nobody can try names out. It happens after the
 * customer was found and before anything is kept: ledger, Redis and store never see the names.
 * Refused records are kept as they came, because they are to be read again; they are masked where
 * they are shown.
 *
 * The key is made at first use, in state_dir, for its owner alone. Who loses it counts everybody
 * anew; who has it can test whether somebody was there.
 */
#ifndef PRIVACY_H
#define PRIVACY_H

#include "memory.h"
#include "record.h"
#include "status.h"

struct privacy;

/* state_dir exists and is locked. make: a key that is missing is made and kept, else it is one for
 * this run only. ST_IO, ST_CORRUPT (there is a file that is no key): err says why. */
enum status privacy_open(struct privacy **out, const char *state_dir, bool make, struct error *err);
void privacy_close(struct privacy *p); /* accepts NULL; forgets the key */

/* Replaces names in place, in mem. p NULL: nothing is to be hidden. Any thread. */
void privacy_hide(const struct privacy *p, struct record *r, struct arena *mem);

#endif
