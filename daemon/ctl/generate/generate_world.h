/*
 * generate_world.h - the company behind generated records: who they are and what they do.
 *
 * All of it follows from the options alone. Only whole numbers are computed with, so that the
 * same seed gives the same bytes on every machine.
 */
#ifndef GENERATE_WORLD_H
#define GENERATE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

/* xoshiro256** (Blackman and Vigna 2018), seeded through splitmix64 (Steele et al. 2014). */
struct dice {
    uint64_t s[4];
};

uint64_t dice_mix(uint64_t x); /* splitmix64's finaliser: a bijection on 64 bits */
void dice_seed(struct dice *d, uint64_t seed);
uint64_t dice_next(struct dice *d);
uint64_t dice_below(struct dice *d, uint64_t n); /* 0..n-1; 0 for n = 0 */
bool dice_permille(struct dice *d, unsigned permille);
uint32_t dice_exponential(struct dice *d, uint32_t mean); /* at most five times the mean */
int32_t dice_normal(struct dice *d);                      /* 65536 is one standard deviation */

enum { WORLD_ZONES = 8, WORLD_PERSONAS = 4, WORLD_GROUPS = WORLD_ZONES * WORLD_PERSONAS };
enum { WORLD_FEATURES = 13, WORLD_SERVICES = 4, WORLD_REGION_NONE = 255, WORLD_SLOT = 900 };
enum { FEATURE_TRANSLATION = 10, FEATURE_CAPTIONS = 3, FEATURE_RECORDING = 0 };
enum planned_kind { PLAN_LEG, PLAN_FEATURE, PLAN_CONTACT };
enum planned_outcome { PLAN_OK, PLAN_FAILED, PLAN_REJECTED, PLAN_ABANDONED };

extern const char *const world_features[WORLD_FEATURES];
extern const char *const world_services[WORLD_SERVICES];
extern const char *const world_regions[WORLD_ZONES];
extern const int world_zone_minutes[WORLD_ZONES]; /* east of UTC */

#define PERSON_NONE  UINT32_MAX
#define PERSON_GUEST UINT32_C(0x80000000) /* with this bit a telephone number of nobody's */

/* One record before it has a text. */
struct planned {
    int64_t start;   /* UTC seconds */
    uint64_t serial; /* gives the id; unique but for exact duplicates */
    uint64_t conference;
    uint32_t duration, wait, handle;
    uint32_t customer, person;
    uint32_t features; /* bit per feature */
    uint32_t looks;    /* dice for how it is written, not what it says */
    uint16_t ms, agent;
    uint8_t kind, outcome, region, service, zone;
};

enum trend { TREND_NONE, TREND_GROWING, TREND_SHRINKING, TREND_CHURNED, TREND_NEW };

struct world_customer {
    uint32_t base;               /* weight */
    uint32_t people;             /* how many of them */
    uint16_t turn;               /* day on which it leaves or comes */
    uint8_t group, trend, surge; /* surge: 1 + index, 0 is none */
};

/* A change with exactly one cause: extra (or missing) conferences of one customer that all
 * have one feature, one region or one outcome in common. */
enum surge_cause { SURGE_FEATURE, SURGE_REGION, SURGE_OUTCOME, SURGE_DECLINE, SURGE_CAUSES };

struct world_surge {
    uint32_t customer;
    uint8_t cause, element;      /* index of the feature, region or outcome */
    int32_t first_day, last_day; /* of the period */
    uint32_t permille;           /* of the usual weight on top; below 1000 what is left of it */
};

struct world_options {
    uint64_t seed, records; /* records: usage and contacts, without broken and repeated ones */
    uint32_t customers, days, contact_permille;
    int64_t until; /* UTC seconds, end of the period (not in it) */
};

struct world;

struct world *world_new(const struct world_options *opt);
void world_free(struct world *w);

/* Plans the next quarter hour's records; false when the period is over. Records come out
 * sorted by start in *out, which is borrowed until the next call. */
bool world_next(struct world *w, const struct planned **out, size_t *count);

int32_t world_first_day(const struct world *w); /* civil day number */
const char *world_trend_name(enum trend t);
/* "feature", "captions": what a surge is made of. */
const char *world_cause_name(const struct world_surge *s);
const char *world_cause_element(const struct world_surge *s);

/* Appends ,"surges":[...],"trends":{...} of a JSON object. */
void world_planted(const struct world *w, struct buf *out);

/* Names as they stand in records. */
void world_customer_name(struct buf *out, uint32_t customer);
void world_person_name(struct buf *out, uint32_t customer, uint32_t person);

#endif
