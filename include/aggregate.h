/*
 * aggregate.h - from a record to deltas in every key family: the counting rules.
 *
 * Pure: a record, already matched and classified, goes into a set of cells. The rules are
 * those of callswell-redis(7):
 * - a leg counts in the quarter hour and on the day of its start: legs if ok, else failed;
 *   only ok legs have seconds, participants, conferences and region concurrency
 * - seconds are spread over every quarter hour of [start, start+duration)
 * - features count on the day of the start, used if ok, wanted otherwise; their people and
 *   customers whatever the outcome
 * - a contact counts in its service only
 * A list that names a feature twice counts it twice.
 */
#ifndef AGGREGATE_H
#define AGGREGATE_H

#include "cell.h"
#include "record.h"

/* A feature that is work for a service: each leg or feature record with it counts as offered
 * in workload cell `service`, in the quarter hour of its start; as handled with its duration
 * if ok, as abandoned otherwise; with its wait always. */
struct workload_rule {
    struct span feature, service;
};

struct aggregate_options {
    const struct workload_rule *workload;
    size_t workload_count;
    bool parts; /* legs count by region and kind of people, too: PART_MARK in cell.h */
};

/* out holds what aggregate_record and aggregate_batch put there and nothing else.
 * Kinds leg, feature and contact only, legs and features with a customer, contacts with a
 * service: anything else is the caller's mistake (asserted). opt may be NULL. */
void aggregate_record(struct cells *out, const struct aggregate_options *opt,
                      const struct record *r);

/* The same for many records, by pointers, faster once the cells are larger than the
 * processor's caches: what the next records will touch is fetched ahead. items, unless it is NULL,
 * takes an item for each of them (kept.h). */
void aggregate_batch(struct cells *out, const struct aggregate_options *opt,
                     const struct record *const *r, size_t n, struct buf *items);

#endif
