/*
 * intake.h - what came by which feed: ranges of its streams, and how many records of which quarter.
 *
 * For every batch the ledger notes of each stream which bytes (or entries of a Redis stream) it
 * was made of, how many records that gave, and when those began. So a figure can be followed back
 * to files and ranges, and so it is known how complete each quarter hour of each feed is, how long
 * the feed's silences usually are, and how late its records come. Small batches of one stream and
 * hour share a row. Workers count per quarter hour and block; all else happens once a batch.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "memory.h"
#include "span.h"

#define INTAKE_QUARTER 900 /* seconds; quarters are numbered from 1970, UTC */

/* Records per quarter hour: a set that grows. All zero is an empty one. */
struct quarters {
    struct quarter_count {
        int32_t quarter;
        uint32_t records; /* 0: the place is free */
    } * place;
    size_t count, size; /* size: a power of two, or 0 */
};

void quarters_add(struct quarters *q, int32_t quarter, uint32_t records);
void quarters_merge(struct quarters *into, const struct quarters *from);
/* The first and the last there is; false: there is none. */
bool quarters_range(const struct quarters *q, int32_t *first, int32_t *last);
void quarters_clear(struct quarters *q); /* frees and empties */

/* In what positions are counted. */
enum intake_unit { INTAKE_NO_PLACE, INTAKE_BYTES, INTAKE_ENTRIES };

struct intake {
    struct span input;
    struct span stream, identity; /* path and content of a file, name of a Redis stream; or "" */
    enum intake_unit unit;
    uint64_t at, until; /* bytes [at, until), or the first parts of the ids from `at` to `until` */
    uint64_t records, accepted; /* accepted: before later corrections */
    struct quarters quarters;   /* of those accepted, by when they began */
};

/* As the ledger keeps it, for one or several batches. */
struct intake_row {
    struct intake of; /* without quarters */
    uint64_t first_seq, last_seq;
    int32_t first_quarter, last_quarter; /* first > last: nothing was accepted */
    int64_t begun, ended;                /* arrival, UTC seconds */
};

/* A customer or service whose records came by this input for the first time, or again for the
 * first time since a start. */
struct way {
    enum cell_kind kind;
    struct span name, input;
};

#endif
