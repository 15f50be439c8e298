/*
 * kept_private.h - how an item is written: aggregate.c writes them, kept.c reads them.
 *
 *   8 bytes  second of the day, duration, kind, outcome, number of features, what else follows
 *   4 bytes  place of the customer's cell, or of a contact's service; absent in a void
 *   then, each if the head says so: region's place (4), version (8), wait and handle (4 + 4);
 *   features, 2 bytes each: id of the name, KEPT_WIDE if it stands in 4 bytes behind; last the
 *   number of workloads (4), and of each the place in the list of its feature and of its cell (4 +
 *   4)
 *
 * In the byte order of the machine, as fingerprints are.
 */
#ifndef KEPT_PRIVATE_H
#define KEPT_PRIVATE_H

#include "kept.h"

enum {
    KEPT_SECOND_BITS = 17,
    KEPT_DURATION_AT = 17, /* 32 bits */
    KEPT_KIND_AT = 49,     /* 2: leg, feature, contact, void */
    KEPT_OUTCOME_AT = 51,  /* 2 */
    KEPT_FEATURES_AT = 53, /* 7 */
};

#define KEPT_HAS_REGION  (UINT64_C(1) << 60)
#define KEPT_HAS_VERSION (UINT64_C(1) << 61)
#define KEPT_HAS_TIMES   (UINT64_C(1) << 62)
#define KEPT_HAS_WORK    (UINT64_C(1) << 63)
#define KEPT_WIDE        0xFFFF

enum kept_kind { KEPT_LEG, KEPT_FEATURE, KEPT_CONTACT, KEPT_VOID };

_Static_assert(RECORD_MAX_FEATURES < 1 << 7, "their number has 7 bits");

/* Room that the item of a record may need. */
static inline size_t
kept_room(const struct record *r, const struct aggregate_options *opt)
{
    return 40 + r->feature_count * 6 + (opt ? opt->workload_count * 8 : 0);
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

static inline char *
kept_put_name(char *p, uint32_t id)
{
    uint16_t narrow = id < KEPT_WIDE ? (uint16_t)id : KEPT_WIDE;

    memcpy(p, &narrow, sizeof narrow);
    p += sizeof narrow;
    return narrow == KEPT_WIDE ? kept_put32(p, id) : p;
}

#endif
