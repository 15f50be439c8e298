/*
 * staffing_plans.c - plans that were made already.
 *
 * A service's week is the same from one pass to the next but for what today brings, and a plan for
 * a forecast that may be wrong asks Erlang's formulas some hundred times. So they are remembered by
 * what was asked: each has one place in a table, where the newest comer stays.
 */
#include <stdlib.h>

#include "hash.h"
#include "staffing_plan.h"

#define PLACES 65536u

struct staffing_plans {
    struct known {
        uint64_t hash; /* of all that was asked; 0: nothing here */
        double calls, aht_s;
        struct erlang_plan mean, expected;
    } at[PLACES];
};

void
staffing_plans_free(struct staffing_plans *p)
{
    free(p);
}

static uint64_t
hash_of(const struct erlang_demand *d, double phi)
{
    const double asked[] = {
        d->calls,           d->interval_s,    d->aht_s,     d->offered, d->service_level,
        d->answer_within_s, d->max_occupancy, d->shrinkage, d->minimum, d->patience_s,
        d->per_agent,       d->max_abandon,   phi};
    uint64_t hash = hash_bytes(asked, sizeof asked, 0);

    return hash ? hash : 1;
}

void
staffing_plan(struct staffing_plans **plans, const struct erlang_demand *d, double phi,
              struct erlang_plan *mean, struct erlang_plan *expected)
{
    uint64_t hash = hash_of(d, phi);
    struct known *k;

    if (!*plans)
        *plans = xcalloc(1, sizeof **plans);
    k = &(*plans)->at[hash % PLACES];
    if (k->hash != hash || k->calls != d->calls || k->aht_s != d->aht_s)
        *k = (struct known){hash, d->calls, d->aht_s, erlang_required(d),
                            erlang_required_expected(d, phi)};
    *mean = k->mean;
    *expected = k->expected;
}
