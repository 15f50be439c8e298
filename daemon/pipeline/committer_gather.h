/*
 * committer_gather.h - a batch's parts in arrays, as ledger_commit wants them.
 */
#ifndef COMMITTER_GATHER_H
#define COMMITTER_GATHER_H

#include "engine_internal.h"

struct gathered {
    struct cells **deltas;
    const uint64_t **fingerprints;
    size_t *fingerprint_counts; /* first the workers' kept ones, then their others */
    struct kept_row *kept;
    struct buf *kept_names;
    size_t parts;
    struct quarantine_row *quarantine;
    struct event_row *events;
    uint64_t *released;
    struct idem_row *idem;
    struct intake_list intake;
    const struct way **ways; /* of the parts */
    size_t *way_counts;
    struct totals_stage stage; /* set: these totals are written instead of the deltas */
};

/* Fills *lb in; it borrows from g and from the batch. */
void gathered_fill(struct gathered *g, struct ledger_batch *lb, struct engine *e, struct batch *b);
void gathered_clear(struct gathered *g);

/* Nothing of the quarantine row that this block replayed was refused again. */
bool ticket_released(const struct ticket *t);

#endif
