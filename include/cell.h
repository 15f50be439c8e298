/*
 * cell.h - the counters of one subject on one UTC day, and sets of such cells.
 *
 * A cell is used twice: as a delta (what one batch adds) and as a total (what stands). Both
 * have the same shape, so folding is adding. All counters are non-negative int64 in totals.
 *
 *   kind          slots                 columns                                sketches
 *   customer 'c'  quarter hour 0..95    legs seconds failed                    people, conferences
 *   feature  'f'  0                     ok failed rejected                     people, customers
 *   service  's'  quarter hour 0..95    offered handled abandoned handle_s wait_s
 *   region   'l'  minute 0..1439        begun ended
 *   workload 'w'  quarter hour 0..95    as service; demand that a rule derives from features
 *                                       (staffing only, never sent to Redis)
 *
 * A customer's cell also lists the features used and wanted that day. A day's legs, seconds
 * and failed are the sums of its quarters.
 */
#ifndef CELL_H
#define CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "sketch.h"
#include "span.h"
#include "status.h"

enum cell_kind {
    CELL_CUSTOMER = 'c',
    CELL_FEATURE = 'f',
    CELL_SERVICE = 's',
    CELL_REGION = 'l',
    CELL_WORKLOAD = 'w',
};

enum { CUSTOMER_LEGS, CUSTOMER_SECONDS, CUSTOMER_FAILED, CUSTOMER_COLUMNS };
enum { FEATURE_OK, FEATURE_FAILED, FEATURE_REJECTED, FEATURE_COLUMNS };
enum {
    SERVICE_OFFERED,
    SERVICE_HANDLED,
    SERVICE_ABANDONED,
    SERVICE_HANDLE_S,
    SERVICE_WAIT_S,
    SERVICE_COLUMNS
};
enum { REGION_BEGUN, REGION_ENDED, REGION_COLUMNS };

/* A customer's attempts of a day also count by where they came from and what its people are known
 * by. Such a part stands among the features of its cell, under a name that no feature has: a mark,
 * a digit for the people, the region (empty: none given); used are those that were ok, wanted the
 * others. Only what reads cells to explain them sees parts (cell_view); they are not in Redis. */
#define PART_MARK   '\x01'
#define PART_REGION 2 /* where it begins in the name */
enum part_people {
    PEOPLE_NONE,      /* no participant */
    PEOPLE_OWN,       /* address or number that is the customer's */
    PEOPLE_ADDRESS,   /* another address: user@domain */
    PEOPLE_TELEPHONE, /* another number */
    PEOPLE_NAME,      /* a mere word */
    PEOPLE_COUNT
};

static inline bool
is_part(struct span name)
{
    return name.n >= PART_REGION && name.p[0] == PART_MARK;
}

enum { SKETCH_PEOPLE, SKETCH_SECOND }; /* second: conferences, or customers of a feature */

unsigned cell_columns(enum cell_kind kind);
unsigned cell_slots(enum cell_kind kind); /* 96, 1, 96, 1440, 96 */

/* One slot's counters; the first cell_columns(kind) of v are used, the others zero. */
struct cell_slot {
    uint16_t slot;
    int64_t v[SERVICE_COLUMNS];
};

struct cell_feature {
    struct span name; /* owned by the cell's set */
    int64_t used, wanted;
};

struct cells;

/* Cells live in a set (below) and nowhere else. Slots and features are stored packed, 16 bits
 * a counter until one of them needs 32 or 64: read them with cell_slot_at and
 * cell_feature_at. */
struct cell {
    uint64_t hash;          /* of kind, name and day */
    struct span name;       /* the subject as recorded, unencoded; owned by the set */
    void *slots, *features; /* packed, see cell.c */
    int32_t day;            /* civil day number, UTC */
    uint8_t kind;           /* enum cell_kind */
    uint8_t partition;      /* 0..63, keys_partition(name) */
    uint8_t flags;          /* the owner's (totals.c); 0 in a new cell */
    uint8_t width;          /* bytes a counter: 2, 4 or 8 */
    uint16_t slot_count, slot_cap, slot_last;
    bool dense; /* there is a row for every slot, at its own place */
    uint32_t feature_count, feature_cap;
    struct sketch sketch[2];
    struct cells *set;
    uint64_t seq;               /* last batch in it (totals only) */
    struct cell *newer, *older; /* the owner's list (totals.c) */
};

/* Adds v[0..columns) to a slot. Sums saturate never: overflow of int64 aborts (limits on
 * input make it unreachable). */
void cell_add(struct cell *c, unsigned slot, const int64_t *v);
/* Slots in ascending order: i < c->slot_count. */
struct cell_slot cell_slot_at(const struct cell *c, unsigned i);
/* Copies a slot to *out (NULL allowed). False, and *out all zero, if it has nothing. */
bool cell_find_slot(const struct cell *c, unsigned slot, struct cell_slot *out);
void cell_add_feature(struct cell *c, struct span name, int64_t used, int64_t wanted);
/* Features in order of first use: i < c->feature_count. */
struct cell_feature cell_feature_at(const struct cell *c, unsigned i);
/* Adds an element by its hash_sketch to sketch[which]. Use this, not sketch_add, so that
 * cells_bytes stays right. */
void cell_add_distinct(struct cell *c, unsigned which, uint64_t hash);
/* Adds all of from to into (same kind, another set or the same). */
void cell_merge(struct cell *into, const struct cell *from);
/* Sums over slots into v[0..columns). */
void cell_sum(const struct cell *c, int64_t *v);
/* Sets every counter to zero and empties the sketches, keeping slots and features in place
 * (so that a projection overwrites what it once wrote). */
void cell_zero(struct cell *c);

/* A cell for reading once, in plain arrays: no set, no look-ups. Zero it before its first use. */
struct cell_view {
    struct span name; /* name to seq are whoever's who has the cell; not of the values */
    int32_t day;
    uint8_t kind;
    uint64_t seq;
    unsigned slot_count, feature_count, part_count;
    struct cell_slot *slots;       /* ascending */
    int64_t sum[SERVICE_COLUMNS];  /* over slots, of each column */
    struct cell_feature *features; /* names borrowed from the bytes that were read */
    struct cell_feature *parts;    /* behind them in the same array */
    struct sketch sketch[2];       /* peeked: sketch.h */
    unsigned slot_cap, feature_cap;
    uint32_t *room;
};

/* Reads encoded values of v->kind, overwriting what was read before. ST_CORRUPT: not values. */
enum status cell_view_read(struct cell_view *v, struct span values, struct error *err);
void cell_view_clear(struct cell_view *v); /* frees */

/* Asks the processor to fetch what cell_encode is about to read of a cell. */
void cell_prefetch(const struct cell *c);
/* The values without kind, name, day and seq: varints, see cell_codec.c. Appends. */
void cell_encode(const struct cell *c, struct buf *out);
/* Adds encoded values to a cell (decoding into an empty cell gives them back). ST_CORRUPT:
 * nothing was added (sums that overflow apart: then some may have been). */
enum status cell_decode_add(struct cell *c, struct span values, struct error *err);

/* A set of cells, keyed by kind, name and day. One thread at a time. */

struct cells *cells_new(void);
void cells_free(struct cells *s); /* accepts NULL */
/* Empties. Keeps as much memory for the next batch as the last one needed. */
void cells_reset(struct cells *s);

/* Finds or creates. Borrowed until reset, remove or free; addresses are stable. */
struct cell *cells_get(struct cells *s, enum cell_kind kind, struct span name, int32_t day);
struct cell *cells_find(const struct cells *s, enum cell_kind kind, struct span name, int32_t day);
void cells_remove(struct cells *s, struct cell *c);
size_t cells_count(const struct cells *s);
size_t cells_bytes(const struct cells *s); /* memory held, for budgets */
/* The i-th cell, 0 <= i < cells_slots(s); NULL for an empty place. Places keep their cells
 * while others come and go, so removing the current cell in CELLS_EACH is allowed; with nothing
 * removed the order is that of creation. */
struct cell *cells_at(const struct cells *s, size_t i);
size_t cells_slots(const struct cells *s);
#define CELLS_EACH(set, c)                                                                         \
    for (size_t c##_i = 0; c##_i < cells_slots(set); c##_i++)                                      \
        if (((c) = cells_at(set, c##_i)) != NULL)

/* Whole set as one blob for the ledger's log, and adding such a blob to another set. */
void cells_encode(const struct cells *s, struct buf *out);
typedef enum status cell_blob_visit(void *arg, enum cell_kind kind, struct span name, int32_t day,
                                    struct span values, struct error *err);
enum status cells_blob_each(struct span blob, cell_blob_visit *visit, void *arg, struct error *err);

#endif
