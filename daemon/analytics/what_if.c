/*
 * what_if.c - the people that a week would need if things were otherwise.
 */
#include "what_if.h"

#include <math.h>

static double
sum_calls(const struct what_if_interval *in, size_t n, double *mean_aht)
{
    double calls = 0, seconds = 0;

    for (size_t i = 0; i < n; i++) {
        calls += in[i].calls;
        seconds += in[i].calls * in[i].aht_s;
    }
    *mean_aht = calls > 0 ? seconds / calls : 0;
    return calls;
}

static struct erlang_demand
changed(const struct erlang_demand *rule, const struct what_if_change *c, double spread,
        const struct what_if_interval *in)
{
    struct erlang_demand d = *rule;

    d.calls = in->calls * (c->calls_factor + spread);
    d.aht_s = (c->aht_s > 0 ? c->aht_s : in->aht_s) * c->aht_factor;
    d.offered = 0;
    return d;
}

static unsigned
at_desks(double rostered, double shrinkage)
{
    /* The guard is that of erlang_scheduled: 20 of 0.7 are 14, whatever doubles say. */
    return (unsigned)floor(rostered * (1 - shrinkage) + 1e-9);
}

static void
add_interval(const struct erlang_demand *d, const struct erlang_plan *p,
             const struct what_if_interval *in, size_t at, struct what_if_totals *out)
{
    double hours = d->interval_s / 3600;

    out->calls += d->calls;
    out->aht_s += d->calls * d->aht_s;
    out->scheduled_hours += p->scheduled * hours;
    out->service_level += d->calls * p->queue.service_level;
    if (p->agents > out->peak_agents) {
        out->peak_agents = p->agents;
        out->peak = at;
    }
    if (isnan(in->rostered))
        return;
    if (isnan(out->short_hours))
        out->short_hours = out->rostered_level = 0;
    out->short_hours += fmax(0, p->scheduled - in->rostered) * hours;
    out->rostered_level +=
        d->calls * erlang_achieved(d, at_desks(in->rostered, d->shrinkage)).queue.service_level;
}

void
what_if_plan(const struct erlang_demand *rule, const struct what_if_change *change,
             const struct what_if_interval *in, size_t n, struct erlang_plan *plans,
             struct what_if_totals *out)
{
    double mean, calls = sum_calls(in, n, &mean), load = 0, rostered_calls = 0;
    double spread = calls > 0 ? change->extra_calls / calls : 0;
    size_t day = (size_t)(86400 / rule->interval_s);
    bool carry;

    *out = (struct what_if_totals){.short_hours = NAN, .rostered_level = NAN};
    mean = (change->aht_s > 0 ? change->aht_s : mean) * change->aht_factor;
    carry = !(rule->per_agent > 0) && erlang_carries(rule->interval_s, mean);
    /* The week goes on: what its last day leaves in progress, its first one begins with. */
    for (size_t i = n > day ? n - day : 0; carry && i < n; i++) {
        struct erlang_demand d = changed(rule, change, spread, &in[i]);

        erlang_carry(&d, &load);
    }
    for (size_t i = 0; i < n; i++) {
        struct erlang_demand d = changed(rule, change, spread, &in[i]);
        struct erlang_plan p;

        if (carry)
            erlang_carry(&d, &load);
        p = erlang_required(&d);
        add_interval(&d, &p, &in[i], i, out);
        if (!isnan(in[i].rostered))
            rostered_calls += d.calls;
        if (plans)
            plans[i] = p;
    }
    out->aht_s = out->calls > 0 ? out->aht_s / out->calls : 0;
    out->service_level = out->calls > 0 ? out->service_level / out->calls : 1;
    if (!isnan(out->rostered_level))
        out->rostered_level = rostered_calls > 0 ? out->rostered_level / rostered_calls : 1;
}
