/*
 * projection_write.h - cells as Redis commands: absolute values, one command per key.
 *
 * Only memory is touched, so a cell may be written while the ledger holds a lock for it.
 */
#ifndef PROJECTION_WRITE_H
#define PROJECTION_WRITE_H

#include <stdint.h>

#include "key_image.h"
#include "months.h"
#include "redis_link.h"
#include "start_files.h"

struct trend_writer {
    struct key_imager imager;
    struct redis_batch batch;
    struct months months; /* what is still to be written of keys that hold several cells */
    struct buf members;   /* of the dirty set: for each, its length in 2 bytes, then itself */
    struct buf value;     /* a sketch, or a hash's entries */
    size_t member_count;
    size_t last_member; /* where the newest begins in members */
    unsigned partition;
    int64_t now;               /* UTC seconds */
    bool fresh;                /* keys are not there yet, most likely: RESTORE them */
    bool watch;                /* let it be seen when nothing of ours was in a month's key */
    bool guarded;              /* look at a hash's version before writing it */
    bool set_with_time;        /* SET knows PXAT (Redis 6.2) */
    struct start_files *files; /* borrowed; keys go there, and only what is no new key goes into the
                                * batch, which is for its log. NULL: commands are sent */
    struct buf version;        /* two entries: @NODE, incarnation:batch */
    size_t restores;           /* in the batch */
    uint64_t keys, fields;     /* written so far, ever */
    uint64_t expired;          /* keys left out because their time is over */
};

void trend_writer_init(struct trend_writer *w, const char *node,
                       const struct config_retention *retention, bool never_expire);
void trend_writer_clear(struct trend_writer *w);
void trend_writer_reset(struct trend_writer *w);        /* forgets what has been written */
size_t trend_writer_held(const struct trend_writer *w); /* memory */

/* What follows belongs to this partition and brings it to this batch. */
void trend_writer_begin(struct trend_writer *w, unsigned partition, uint64_t incarnation,
                        uint64_t batch, int64_t now);
/* Adds a cell's commands, apart from fields of a month's key, which are kept until
 * trend_writer_months. Each key is one HSET that carries its version, or one SET. A key whose
 * period is over gets its lifetime with it; one past its retention is not written. */
void trend_writer_cell(struct trend_writer *w, const struct cell *c);
/* Adds the commands for months kept so far. */
void trend_writer_months(struct trend_writer *w);
/* RESTORE found that its key exists, or is not to be had: adds the same as HSET. */
void trend_writer_plain(const struct trend_writer *w, struct redis_batch *to,
                        const struct redis_batch *from, size_t i);
/* A guarded write found a version that is newer, and the ledger says otherwise: adds the same
 * without the guard. */
void trend_writer_unguarded(struct redis_batch *to, const struct redis_batch *from, size_t i);
/* Adds SADD cs:{P}:dirty for the cells since the last one, unless a part of them is still kept as
 * months: behind the data, so that whoever is told finds it there. */
void trend_writer_dirty(struct trend_writer *w);

/* Adds EXPIREAT for each key of the cell whose period closed on a day in (after, to]; with
 * `persist` also PERSIST for keys that now live for ever. */
void trend_writer_lifetime(struct trend_writer *w, const struct cell *c, int32_t after, int32_t to,
                           bool persist);

#endif
