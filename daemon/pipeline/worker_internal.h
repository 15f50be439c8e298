/*
 * worker_internal.h - a block being worked on, as the files of the worker share it.
 */
#ifndef WORKER_INTERNAL_H
#define WORKER_INTERNAL_H

#include "engine_internal.h"

#define GROUP 64 /* records that are looked up together */

struct pending { /* a record that waits for the rest of its group */
    struct record record;
    struct span raw;
    uint64_t fingerprint;
    bool identified;
    size_t number;   /* within its block */
    struct place at; /* of one that may correct another, and what tells it apart if refused, or 0 */
    uint64_t place;
};

struct run { /* one block being worked on */
    struct engine *engine;
    struct worker *worker;
    struct source *source;
    struct part *part;
    struct directory *directory;
    const struct block *block;
    struct mapping_context mapping;
    struct mapping_memo *memo; /* of this worker, from block to block */
    int64_t window_start;      /* event times before this are late */
    bool refuse_late;
    int64_t oldest;    /* nothing is known any more of event times before this */
    size_t first_cell; /* of those whose names were not taken note of */
    bool tight;        /* there could be too many names: each is looked at */
    struct names_answer names;
    struct outcome_count count;
    uint64_t unmatched; /* refused, or documents with nothing in them */
    int64_t newest_record;
    int32_t quarter;           /* of the record before, */
    uint32_t quarter_records;  /* and how many in a row were of it */
    struct quarters *quarters; /* of the block's stream */
    struct pending group[GROUP];
    size_t pending;
    bool replay;
    bool conferences;                  /* legs make up conferences in the store */
    bool repeats_joins;                /* see parser.h */
    bool leg_features;                 /* features may name a leg and no customer */
    bool keep;                         /* what records add, so that they can be corrected */
    size_t ticket;                     /* of the block: job.ticket */
    const struct frame_origin *origin; /* of the frame at hand, or NULL */
    const char *frame;                 /* where it begins */
};

/* worker.c. What became of the record that is numbered so. */
void note_result(const struct run *run, size_t number, enum result result, const char *reason);
/* worker_count.c. Identity of what has no id and stands at `at` in a frame that has one. */
uint64_t place_fingerprint(const struct run *run, const char *at);
/* Sets the fingerprint of a record that is complete, if it has an identity. */
void identify(const struct run *run, struct pending *p);
bool is_counted(enum record_kind kind); /* goes into cells */
bool is_event(enum record_kind kind);   /* is kept as a row of its own */
bool is_of_leg(const struct run *run,
               const struct record *r); /* a feature that looks for its leg */
/* NULL, or why a record that corrects another, or a void, cannot do that. */
const char *correction_objection(const struct run *run, const struct pending *p);
/* NULL, or why one of the record's names is not known, or has no room. */
const char *name_things(struct run *run, struct record *r);
/* Ids that arrived before may be forgotten. Asked again once a group was looked up: what was not
 * found then may have been forgotten just now. */
void note_window(struct run *run);
/* So far so many records in a row began in one quarter hour. */
void note_quarter(struct run *run);
/* Tells new records from repeated ones, and counts them. */
void flush_group(struct run *run);

#endif
