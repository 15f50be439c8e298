/*
 * kept_private.h - how an item is written: aggregate.c writes them, kept.c reads them.
 *
 *   4 bytes  second of the day, kind, outcome, number of features, what else follows
 *   duration, 2 bytes, and the place of the customer's cell, or of a contact's service, 3 bytes:
 *   absent in a void
 *   then, each if the head says so: id of the region's name (1), version (8), wait and handle
 *   (4 + 4); features, and the part if it has one, the id of each name (1); last the number of
 *   workloads (4), and of each the place in the list of its feature and of its cell (4 + 4)
 *
 * Durations, places and ids that do not fit have all bits set there, and 4 bytes behind. The first
 * layout, which ledgers may still hold, had 8 bytes of head with the duration in it, places of 4,
 * the region's place for the id of its name, and ids of 2; its names do not begin with KEPT_MARK.
 *
 * In the byte order of the machine, as fingerprints are.
 */
#ifndef KEPT_PRIVATE_H
#define KEPT_PRIVATE_H

#include "kept.h"

/* Numbers of places and of names, which none of the first layout can begin with: what had no
 * places had no names. */
#define KEPT_MARK "\0\1"

enum {
    KEPT_SECOND_BITS = 17,
    KEPT_KIND_AT = 17,     /* 2: leg, feature, contact, void */
    KEPT_OUTCOME_AT = 19,  /* 2 */
    KEPT_FEATURES_AT = 21, /* 7 */
    KEPT_DURATION_BYTES = 2,
    KEPT_PLACE_BYTES = 3,
    KEPT_NAME_BYTES = 1,
};

#define KEPT_HAS_REGION  (UINT32_C(1) << 28)
#define KEPT_HAS_VERSION (UINT32_C(1) << 29)
#define KEPT_HAS_TIMES   (UINT32_C(1) << 30)
#define KEPT_HAS_WORK    (UINT32_C(1) << 31)

enum kept_kind { KEPT_LEG, KEPT_FEATURE, KEPT_CONTACT, KEPT_VOID };

_Static_assert(RECORD_MAX_FEATURES < 1 << 7, "their number has 7 bits");

/* Room that the item of a record may need. */
static inline size_t
kept_room(const struct record *r, const struct aggregate_options *opt)
{
    return 48 + (r->feature_count + 1) * 5 + (opt ? opt->workload_count * 8 : 0);
}

static inline char *
kept_put32(char *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline char *
kept_put64(char *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

/* In few bytes, of which not all bits may be set. There is room for one number more. */
static inline char *
kept_put_short(char *p, uint32_t v, unsigned bytes)
{
    uint32_t wide = (UINT32_C(1) << 8 * bytes) - 1;

    kept_put32(p, v < wide ? v : wide);
    p += bytes;
    return v < wide ? p : kept_put32(p, v);
}

#endif
