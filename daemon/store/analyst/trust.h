/*
 * trust.h - how complete the data are: per feed and quarter hour, and for whatever depends on them.
 *
 * Of each feed the rhythm is learned (rhythm.h) from what the ledger notes of the last nine weeks
 * (intake.h): how much comes at which hour of the week, how long silences usually are, how late
 * records come. A quarter hour of a feed is as complete as the share of its records that has
 * usually come by now, or had come when the feed fell silent; it is empty when it lies in a gap.
 * Several feeds weigh as much as they usually bring at that hour. A customer or service depends on
 * the feeds that it has come by; whoever has come by none that is known, on all.
 */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "calendar.h"
#include "ledger.h"
#include "rhythm.h"
#include "span.h"
#include "zone.h"

#define TRUST_WEEKS    9
#define TRUST_QUARTERS (TRUST_WEEKS * 7 * 96)
#define TRUST_FEEDS    64   /* that can be told apart; more count as one */
#define TRUST_GRACE    1800 /* seconds after a start in which nothing new is called silent */

struct trust_feed {
    char *input;
    bool expected;       /* it is configured and not an import: it should go on */
    int32_t first, last; /* quarters with records, in the window; first > last: none */
    int32_t first_arrival, last_arrival; /* quarters */
    int64_t heard;                       /* UTC: of the last sign of life */
    uint32_t *count, *arrivals;          /* per quarter of the window */
    uint64_t *late;                      /* RHYTHM_LATE */
    double *arrived;                     /* RHYTHM_LATE: share by so many quarters later */
    struct rhythm events, coming;        /* by when records began; by when they arrived */
    bool *gap;
    bool silent; /* for longer than usual, since `heard` */
    struct silence silence;
    struct trust_first {       /* of the silence, when it became unusual; as learned by then */
        int64_t since;         /* `heard` then; 0: there was none */
        double chance, missed; /* missed: records that usually come in its first hour */
        uint32_t longest;
    } first_noticed;
};

struct trust_way { /* sorted by kind and name */
    uint8_t kind;
    char *name;
    uint64_t feeds; /* bit i: has come by feed i */
};

struct trust {
    int32_t base; /* first quarter of the window */
    int64_t now;
    uint8_t hour[TRUST_QUARTERS + 96];  /* of the week, of the quarters from base on */
    double factor[TRUST_QUARTERS + 96]; /* of its day in the calendar: 1 is like others */
    struct trust_feed feed[TRUST_FEEDS];
    size_t feeds;
    struct trust_way *way;
    size_t ways, way_cap;
};

/* Reads and learns; days that the calendar names teach nothing, and those it closes are no
 * silence. `expected` says whether an input should go on. What is known of silences from signs of
 * life goes in afterwards, by trust_hear. */
enum status trust_learn(struct trust **out, struct ledger_reader *r, const struct zone *zone,
                        const struct day_factors *days, int64_t now,
                        bool (*expected)(void *arg, struct span input), void *arg,
                        struct error *err);
void trust_free(struct trust *t); /* accepts NULL */

/* The feed was heard of at `at` (UTC; 0: not), and it is `now`: is it silent? */
void trust_hear(struct trust *t, struct trust_feed *f, int64_t at, int64_t now);
struct trust_feed *trust_feed(struct trust *t, struct span input); /* or NULL */

/* Of a quarter in the window: NAN where nothing is known of it, or nothing could come. */
double trust_quarter(const struct trust *t, const struct trust_feed *f, int32_t quarter);
double trust_usual(const struct trust *t, const struct trust_feed *f, int32_t quarter);

/* By which feeds a customer or service (cell kinds) comes; all that are known if by none. */
uint64_t trust_feeds_of(const struct trust *t, enum cell_kind kind, struct span name);

struct trust_answer {
    double completeness;            /* NAN: nothing is known */
    const struct trust_feed *worst; /* of which most is missing; NULL: nothing is */
    double missing;                 /* records of it that usually come and have not */
};
/* Over quarters [from, to) of these feeds; those that are not over count not. */
void trust_over(const struct trust *t, uint64_t feeds, int32_t from, int32_t to,
                struct trust_answer *out);

#endif
