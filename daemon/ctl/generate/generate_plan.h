/*
 * generate_plan.h - between generate_world.c (who and when) and generate_plan.c (what).
 */
#ifndef GENERATE_PLAN_H
#define GENERATE_PLAN_H

#include "generate_world.h"

/* So many records dealt out to quarter hours by weight. */
struct quota {
    uint64_t records, made;
    uint64_t *weight;
    unsigned __int128 total, done;
};

struct world {
    struct world_options opt;
    struct dice dice;
    int64_t begin;        /* midnight of the first day */
    uint32_t slots, slot; /* quarter hours of the period; the next one */
    uint64_t rank_step;
    struct world_customer *customers;
    uint32_t *members; /* customers, group by group */
    uint64_t *running; /* their weights today, summed up within the group */
    uint32_t group_from[WORLD_GROUPS + 1];
    uint64_t group_sum[WORLD_GROUPS];
    uint64_t slot_sum[WORLD_GROUPS]; /* groups' weights in this quarter hour, summed up */
    uint32_t guests;
    struct world_surge surges[8];
    size_t surge_count;
    struct quota usage, contacts;
    uint64_t conferences, serial;
    struct planned *pending, *sorted; /* planned, not yet given out; given out */
    size_t pending_count, pending_cap, sorted_cap;
};

uint64_t world_weight(const struct world *w, uint32_t i, int32_t day, uint64_t *extra);
void world_begin_day(struct world *w, int32_t day);
uint64_t world_group_weight(const struct world *w, int group, int64_t utc);
uint64_t world_service_weight(const struct world *w, int service, int64_t utc);

#endif
