/*
 * erlang_expected.c - staffing for a load that is only forecast.
 *
 * The mean of an interval is Gamma distributed about its forecast. Every call of a busy interval
 * meets the busy interval, so expectations weigh a mean M by itself, and M times a Gamma(k) density
 * is a Gamma(k + 1) density.
 */
#include <math.h>

#include "erlang.h"
#include "erlang_private.h"
#include "numeric.h"

#define DROP       30.0 /* exp(-30) of the highest density counts for nothing */
#define MOST_NODES 200
#define PHI_LEAST  1e-9 /* below, a forecast is sure */
/* Whole people come of it: fewer nodes say the same. */
#define PLAN_NODES 20

struct loads { /* what may come, and how likely each is */
    double load[MOST_NODES], weight[MOST_NODES];
    unsigned count;
};

/* Log of the density of a call's interval, up to a constant. */
static double
log_density(double x, double shape, double scale)
{
    return shape * log(x) - x / scale;
}

static void
spread(struct loads *l, unsigned count, double offered, double phi)
{
    double node[MOST_NODES], weight[MOST_NODES], shape = 1 / phi, scale = phi * offered;
    double peak = shape * scale, low = peak, high = peak, most = log_density(peak, shape, scale);
    double total = 0;

    while (low > 1e-12 * peak && log_density(low, shape, scale) > most - DROP)
        low *= 0.98;
    while (log_density(high, shape, scale) > most - DROP)
        high *= 1.02;
    numeric_legendre(count, node, weight);
    for (unsigned i = 0; i < count; i++) {
        l->load[i] = (low + high + (high - low) * node[i]) / 2;
        l->weight[i] = weight[i] * exp(log_density(l->load[i], shape, scale) - most);
        total += l->weight[i];
    }
    for (unsigned i = 0; i < count; i++)
        l->weight[i] /= total;
    l->count = count;
}

/* phi not above 0: nothing but the forecast itself. */
static void
loads_init(struct loads *l, unsigned count, double offered, double phi)
{
    if (phi > PHI_LEAST && offered > 0) {
        spread(l, count, offered, phi);
        return;
    }
    l->load[0] = offered;
    l->weight[0] = 1;
    l->count = 1;
}

static struct erlang_expected
expect(const struct loads *l, const struct erlang_demand *d, bool impatient, unsigned agents)
{
    struct erlang_expected e = {0};

    for (unsigned i = 0; i < l->count; i++) {
        struct erlang_expected one;

        if (d->per_agent > 0) /* enough for this peak, or not */
            one = (struct erlang_expected){l->load[i] <= agents * d->per_agent, 0};
        else if (impatient)
            one = erlang_a_level(l->load[i], d->aht_s, d->patience_s, agents, d->answer_within_s);
        else
            one = (struct erlang_expected){
                erlang_c_load(l->load[i], d->aht_s, agents, d->answer_within_s).service_level, 0};
        e.service_level += l->weight[i] * one.service_level;
        e.prob_abandon += l->weight[i] * one.prob_abandon;
    }
    return e;
}

struct erlang_expected
erlang_a_expected(double offered, double phi, double aht_s, double patience_s, unsigned agents,
                  double target_s)
{
    struct erlang_demand d = {
        .aht_s = aht_s, .patience_s = patience_s, .answer_within_s = target_s};
    struct loads l;

    loads_init(&l, MOST_NODES, offered, phi);
    return expect(&l, &d, true, agents);
}

struct erlang_expected
erlang_expected(const struct erlang_demand *d, double phi, unsigned agents)
{
    double offered = erlang_demanded(d);
    struct loads l;

    loads_init(&l, MOST_NODES, offered, phi);
    return expect(&l, d, erlang_is_impatient(d, offered), agents);
}

struct erlang_plan
erlang_required_expected(const struct erlang_demand *d, double phi)
{
    struct erlang_plan p = erlang_required(d);
    double offered = erlang_demanded(d);
    bool impatient = erlang_is_impatient(d, offered);
    unsigned low = p.agents, high = p.agents, step = 1;
    struct loads l;

    if (!(offered > 0) || !(phi > PHI_LEAST) || p.capped)
        return p;
    loads_init(&l, PLAN_NODES, offered, phi);
    /* It improves with every agent: away from what the forecast alone asks for, then halving. */
    while (expect(&l, d, impatient, high).service_level < d->service_level) {
        low = high + 1;
        if (high == ERLANG_MAX_AGENTS) {
            p.capped = true;
            break;
        }
        high = step < ERLANG_MAX_AGENTS - high ? high + step : ERLANG_MAX_AGENTS;
        step *= 2;
    }
    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (expect(&l, d, impatient, middle).service_level < d->service_level)
            low = middle + 1;
        else
            high = middle;
    }
    if (high > p.agents) {
        bool capped = p.capped;

        p = erlang_achieved(d, high);
        p.capped = capped;
    }
    return p;
}
