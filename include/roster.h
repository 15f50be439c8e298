/*
 * roster.h - who is planned to be at work: the table that people fill.
 *
 * A CSV file with a header; columns in any order: service, start, minutes, scheduled. A start
 * without an offset is local time. The file says all there is to say about each day of a
 * service that it names: rows of that day that it does not have are forgotten. The whole file
 * is taken, or none of it. People with a skill of a service are those of the service
 * "SERVICE/SKILL", and none of those of "SERVICE".
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <stdint.h>

#include "span.h"
#include "status.h"
#include "store.h"
#include "zone.h"

#define ROSTER_MAX_MINUTES 1440 /* of one row */

struct roster_imported {
    uint64_t rows;
};

/* ST_BAD_INPUT: err->text begins with "line N: ". The store is open for STORE_EDIT. What is
 * forecast already gets its roster and gap at once. */
enum status roster_import(struct store *s, struct span csv, const struct zone *zone,
                          struct roster_imported *out, struct error *err);

/* The fewest people on the roster of service ?1 between ?2 and ?3 (UTC texts); NULL: none is
 * planned. */
#define ROSTER_FEWEST_SQL(service, from, to)                                                       \
    "SELECT min(scheduled) FROM roster WHERE service = " service " AND start < " to                \
    " AND start > strftime('%Y-%m-%dT%H:%M:%SZ', " from ", '-1440 minutes')"                       \
    " AND strftime('%Y-%m-%dT%H:%M:%SZ', start, '+' || minutes || ' minutes') > " from

/* Those of the service and of all its skills, each the fewest; NULL: none is planned. */
#define ROSTER_TOGETHER_SQL(service, from, to)                                                     \
    "SELECT sum(people) FROM (SELECT (" ROSTER_FEWEST_SQL(                                         \
        service, from, to) ") AS people UNION"                                                     \
                           " ALL SELECT (" ROSTER_FEWEST_SQL(                                      \
                               "k.service || '/' || k.skill", from,                                \
                               to) ") FROM"                                                        \
                                   " service_skill k WHERE k.service = " service ")"

#endif
