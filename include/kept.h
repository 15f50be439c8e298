/*
 * kept.h - what a record added to the counters, kept for as long as it may be corrected.
 *
 * A version or a void of a record does not bring its old content: what is to be taken out must be
 * known here. Of every record with an id that counts a worker keeps an item: some 11 bytes that
 * name customer, region and features by their places in the part's set of cells. With the names
 * of those places (kept_names) items can be read without the set. People and conferences are not
 * kept: nothing can be taken out of a distinct count.
 */
#ifndef KEPT_H
#define KEPT_H

#include "aggregate.h"
#include "cell.h"
#include "record.h"

#define KEPT_FINAL INT64_MAX /* the version of a void that has none: nothing is above it */

struct contribution {
    enum record_kind kind; /* leg, feature, contact; void: nothing counts, up to its version */
    enum outcome outcome;
    int64_t version, start;
    uint32_t duration, wait, handle;
    struct span customer, service, region; /* n 0: it counted in none */
    const struct span *features;
    uint32_t feature_count;
    struct span part;           /* its name, PART_MARK in cell.h; n 0: it counted in none */
    struct workload_rule *work; /* those that made work of its features */
    size_t work_count;
};

/* Appends the item of a void. */
void kept_void(struct buf *items, int64_t version);
/* Appends the names of the places in a set that items point to. Nothing may have been removed. */
void kept_names(const struct cells *set, struct buf *out);

/* Reads items. Both texts are borrowed until it is closed. ST_CORRUPT: not what was written. */
struct kept_reader;
enum status kept_open(struct kept_reader **out, struct span names, struct span items,
                      struct error *err);
void kept_close(struct kept_reader *r); /* accepts NULL */
/* The item of a number, from 0; never one before that which was read last. Everything is copied to
 * mem. */
enum status kept_read(struct kept_reader *r, size_t number, struct arena *mem,
                      struct contribution *out, struct error *err);

/* Of the first `count` items, before any was read, those of somebody that began in [from, to), UTC:
 * added to *found. Texts are compared once for each name, not for each item. */
struct kept_question {
    enum cell_kind kind; /* customer, service or feature */
    struct span name;
    int64_t from, to;
};
enum status kept_count(struct kept_reader *r, size_t count, const struct kept_question *q,
                       uint64_t *found, struct error *err);

/* Adds to an empty set what the record added, but for people and conferences. */
void contribution_count(const struct contribution *c, struct cells *out);
/* Takes the counters of `out` out of `from`, but those of days before `floor`. */
void cells_subtract(struct cells *from, const struct cells *out, int32_t floor);

#endif
