/*
 * why_gather.h - totals of the ledger as daily series along dimensions, for why_answer.c.
 */
#ifndef WHY_GATHER_H
#define WHY_GATHER_H

#include "why_answer.h"

/* Series of one dimension, found by name; everything is in the answer's arena. */
struct why_list {
    const char *name;
    struct why_series {
        const char *name;
        size_t name_n;
        int64_t *daily;
        bool earlier; /* a customer: it was there before the first day */
        bool rest;    /* what is not known: no reason */
    } * at;
    size_t count, cap, last; /* last: the one asked for last */
};

/* Two dimensions that are counted together. */
enum why_two { REGION_PEOPLE, REGION_OUTCOME, PEOPLE_OUTCOME, HOURS_OUTCOME, WHY_TWOS };

enum {
    LIST_OUTCOME,
    LIST_HOURS,
    LIST_REGION,
    LIST_PEOPLE,
    LIST_FEATURE,
    LIST_CUSTOMER,
    LIST_SIZE,
    LIST_SIZE_LATER, /* of these, those of conferences that went on past midnight */
    LIST_PAIR,       /* one for each enum why_two; names are both, the second behind a NUL */
    LIST_PAIR_LAST = LIST_PAIR + WHY_TWOS - 1,
    LIST_HOUR_LEGS,
    LIST_HOUR_SECONDS,
    LIST_CUSTOMER_SECONDS,
    LIST_CUSTOMER_LEGS,
    LIST_COUNT
};

struct why_gather {
    struct why_answer *a;
    const struct zone *zone;
    int32_t first, end; /* all days from the first to the last, compared or not */
    int32_t *place;     /* of each of them in a series; -1: it is not compared */
    size_t days;        /* that are compared: the length of a series */
    uint8_t *hours;     /* of their quarter hours: part of the day on the wall */
    struct why_list list[LIST_COUNT];
    int64_t *whole, *ok, *seconds, *parts; /* by day */
    int64_t *people, *conferences, *uses;  /* estimated people a day and customer, summed */
    bool customers;                        /* a series for each */
    struct span feature;                   /* only its uses, by customer */
    bool anything;
};

/* Then come place and days, then the beginning. */
void why_gather_init(struct why_gather *g, struct why_answer *a, const struct zone *zone);
void why_gather_begin(struct why_gather *g);
/* Adds a cell of a customer, a service or a feature. ST_BAD_INPUT: too much for WHY_MAX_BYTES. */
#define WHY_MAX_BYTES ((size_t)512 << 20)
enum status why_gather_add(void *gather, const struct cell_view *c, struct error *err);

struct why_series *why_series_of(struct why_gather *g, int list, struct span name);

/* A question on its way to an answer. */
struct why_asking {
    struct why_answer *a;
    struct ledger_reader *reader;
    struct store *store;
    const struct zone *zone;
    struct why_gather g;
    bool *in;
    struct why_days days;
};

/* What was usual for the period, and what came in it. */
void why_amounts(const struct why_asking *k, const int64_t *daily, double out[2]);
void why_note(struct why_answer *a, const char *text);

void why_add_chains(struct why_asking *k);
void why_add_rate(struct why_asking *k); /* minutes of one: by customer, or by hours */
enum status why_add_population(struct why_asking *k, struct error *err);

/* why_sizes.c: attempts by how large their conferences were, of a customer or (empty) all. False:
 * that is not known of most of them. */
enum status why_gather_sizes(struct why_asking *k, struct span customer, bool *known,
                             struct error *err);

#endif
