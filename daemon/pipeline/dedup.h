/*
 * dedup.h - has this record been counted already? An exact set of 64-bit fingerprints.
 *
 * Shared by all worker threads; the one thing they share. Every committed fingerprint of the
 * duplicate window is in it, and every one in flight, so of several threads that offer the
 * same fingerprint exactly one is told that it is fresh. One lock, taken once per group. Eight
 * bytes a place, between 35 and 70 % of the places in use; fewer only after many were removed.
 *
 * A false duplicate needs two records with one 64-bit fingerprint: about n / 2^64 per record
 * with n in the window. Fingerprint 0 stands for an empty place and is treated as 1.
 */
#ifndef DEDUP_H
#define DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dedup;

struct dedup *dedup_new(void);
void dedup_free(struct dedup *d); /* accepts NULL */

#define DEDUP_GROUP 64 /* fingerprints that are fetched and tested together */

/* For each of n fingerprints: fresh[i] says that it was not there, and now it is. Equal ones
 * within fp count as well: the first is fresh, the others are not. Any thread. */
void dedup_test_and_add(struct dedup *d, const uint64_t *fp, size_t n, bool *fresh);

/* Is it there? Any thread. */
bool dedup_has(struct dedup *d, uint64_t fp);

/* About so many more fresh ones are to come, 0: who knows. What has to grow makes room for all of
 * them at once. Any thread; the last word counts. */
void dedup_expect(struct dedup *d, size_t n);

/* For start-up: adds what is known to have been counted. */
void dedup_add_known(struct dedup *d, const uint64_t *fp, size_t n);

/* Takes fingerprints out again: those of a batch that failed, or that left the window. Those
 * that are not there are passed over. Any thread. */
void dedup_remove(struct dedup *d, const uint64_t *fp, size_t n);

size_t dedup_count(const struct dedup *d);
size_t dedup_bytes(const struct dedup *d);
size_t dedup_bytes_of(uint64_t n); /* what so many fingerprints take */

#endif
