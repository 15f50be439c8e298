/*
 * erlang.c - waiting and staffing by Erlang's formulas.
 *
 * A.K. Erlang's loss and delay formulas; the recurrence B(n) = A B(n-1) / (n + A B(n-1)) never
 * overflows and underflows quietly to 0, unlike the closed form with its factorials.
 */
#include "erlang.h"

#include <math.h>

#include "erlang_private.h"

/* Keeps quotients such as 21 / (1 - 0.3), which is 30.000000000000004 in doubles, from
 * costing one person too many. */
#define CEIL_GUARD 1e-9

/* Fewer calls in progress than this are none: what is left of a day decays and never ends. */
#define NOBODY 0.01

static double
next_b(double b, double offered, unsigned n)
{
    double ab = offered * b;

    return ab / (n + ab);
}

double
erlang_b(double offered, unsigned servers)
{
    double b = 1;

    if (!(offered > 0))
        return servers == 0 ? 1 : 0;
    for (unsigned n = 1; n <= servers && b > 0; n++)
        b = next_b(b, offered, n);
    return b;
}

double
erlang_b_capacity(double blocking, unsigned servers)
{
    double low = 0, high = 1;

    if (servers == 0 || !(blocking > 0))
        return 0;
    if (blocking >= 1)
        return INFINITY;
    while (erlang_b(high, servers) < blocking)
        high *= 2;
    /* Blocking rises with the load, so bisection ends at neighbouring doubles. */
    for (int i = 0; i < 200 && high - low > 1e-15 * high; i++) {
        double middle = (low + high) / 2;

        if (erlang_b(middle, servers) < blocking)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Erlang C from the blocking probability of the same load and agents. */
static struct erlang_queue
queue_from_b(double offered, double aht, unsigned agents, double target, double b)
{
    struct erlang_queue q = {.offered = offered, .service_level = 1};
    double free_agents = agents - offered;

    if (!(offered > 0))
        return q;
    if (free_agents <= 0) {
        q.overload = true;
        q.prob_wait = 1;
        q.occupancy = 1;
        q.service_level = 0;
        q.asa_s = q.queue = INFINITY;
        return q;
    }
    q.occupancy = offered / agents;
    q.prob_wait = b / (1 - q.occupancy * (1 - b));
    q.service_level = 1 - q.prob_wait * exp(-free_agents * target / aht);
    q.asa_s = q.prob_wait * aht / free_agents;
    q.queue = offered / aht * q.asa_s; /* Little: arrivals a second times the mean wait */
    return q;
}

struct erlang_queue
erlang_c_load(double offered, double aht_s, unsigned agents, double target_s)
{
    if (!(aht_s > 0))
        offered = 0;
    return queue_from_b(offered, aht_s, agents, target_s, erlang_b(offered, agents));
}

double
erlang_offered(double calls, double interval_s, double aht_s)
{
    /* This order of operations is exact for whole numbers that divide. */
    return calls > 0 && interval_s > 0 && aht_s > 0 ? calls * aht_s / interval_s : 0;
}

double
erlang_cap(double share)
{
    return share > 0 && share < 1 ? share : 1;
}

struct erlang_queue
erlang_c(double calls, double interval_s, double aht_s, unsigned agents, double target_s)
{
    return erlang_c_load(erlang_offered(calls, interval_s, aht_s), aht_s, agents, target_s);
}

unsigned
erlang_scheduled(unsigned agents, double shrinkage)
{
    double want;

    if (!(shrinkage > 0))
        return agents;
    want = ceil(agents / (1 - fmin(shrinkage, 0.99)) - CEIL_GUARD);
    return (unsigned)want;
}

/* The fewest agents that the load and the cap on occupancy allow. */
static double
fewest_agents(const struct erlang_demand *d, double offered)
{
    double n = fmax(floor(offered) + 1, ceil(offered / erlang_cap(d->max_occupancy) - CEIL_GUARD));

    return fmax(n, d->minimum);
}

/* The search never starts the recurrence again: one step an agent. */
static void
plan_for_patient(const struct erlang_demand *d, double offered, struct erlang_plan *plan)
{
    double first = fewest_agents(d, offered), b;

    plan->capped = !(first < ERLANG_MAX_AGENTS);
    plan->agents = plan->capped ? ERLANG_MAX_AGENTS : (unsigned)first;
    b = erlang_b(offered, plan->agents);
    plan->queue = queue_from_b(offered, d->aht_s, plan->agents, d->answer_within_s, b);
    while (plan->queue.service_level < d->service_level) {
        if (plan->agents == ERLANG_MAX_AGENTS) {
            plan->capped = true;
            break;
        }
        b = next_b(b, offered, ++plan->agents);
        plan->queue = queue_from_b(offered, d->aht_s, plan->agents, d->answer_within_s, b);
    }
}

static void
achieve_with_impatient(const struct erlang_demand *d, double offered, struct erlang_plan *plan)
{
    struct erlang_impatient q =
        erlang_a_load(offered, d->aht_s, d->patience_s, plan->agents, d->answer_within_s);

    plan->prob_abandon = q.prob_abandon;
    plan->queue = (struct erlang_queue){.offered = offered,
                                        .occupancy = q.occupancy,
                                        .prob_wait = q.prob_wait,
                                        .service_level = q.service_level,
                                        .asa_s = q.asa_s,
                                        .queue = q.queue};
}

double
erlang_demanded(const struct erlang_demand *d)
{
    if (d->per_agent > 0)
        return d->calls;
    if (!(d->aht_s > 0))
        return 0;
    return d->offered > 0 ? d->offered : erlang_offered(d->calls, d->interval_s, d->aht_s);
}

bool
erlang_is_impatient(const struct erlang_demand *d, double offered)
{
    return offered > 0 && offered < ERLANG_MAX_AGENTS && d->patience_s > 0 &&
           isfinite(d->patience_s) && !(d->per_agent > 0);
}

/* What so many do who look after things going on at once. */
static struct erlang_plan
plan_for_peak(const struct erlang_demand *d, unsigned agents)
{
    double room = agents * d->per_agent;
    struct erlang_plan plan = {.agents = agents, .queue = {.offered = d->calls}};

    plan.queue.service_level = d->calls > room ? room / d->calls : 1;
    plan.queue.occupancy = room > 0 ? fmin(1, d->calls / room) : d->calls > 0;
    plan.queue.overload = d->calls > room;
    plan.scheduled = erlang_scheduled(agents, d->shrinkage);
    return plan;
}

static struct erlang_plan
required_for_peak(const struct erlang_demand *d)
{
    double want = ceil(fmax(0, d->calls) / d->per_agent - CEIL_GUARD);
    bool capped = !(want < ERLANG_MAX_AGENTS);
    struct erlang_plan plan =
        plan_for_peak(d, capped ? ERLANG_MAX_AGENTS : (unsigned)fmax(want, d->minimum));

    plan.capped = capped;
    return plan;
}

struct erlang_plan
erlang_required(const struct erlang_demand *d)
{
    struct erlang_plan plan = {.agents = d->minimum, .queue.service_level = 1};
    double offered = erlang_demanded(d);

    if (d->per_agent > 0)
        return required_for_peak(d);
    if (erlang_is_impatient(d, offered)) {
        plan.agents = erlang_a_agents(d, offered);
        plan.capped = plan.agents == ERLANG_MAX_AGENTS;
        achieve_with_impatient(d, offered, &plan);
    } else if (d->calls > 0 || d->offered > 0) {
        plan_for_patient(d, offered, &plan);
    }
    plan.scheduled = erlang_scheduled(plan.agents, d->shrinkage);
    return plan;
}

struct erlang_plan
erlang_achieved(const struct erlang_demand *d, unsigned agents)
{
    struct erlang_plan plan = {.agents = agents};
    double offered = erlang_demanded(d);

    if (d->per_agent > 0)
        return plan_for_peak(d, agents);
    if (erlang_is_impatient(d, offered))
        achieve_with_impatient(d, offered, &plan);
    else
        plan.queue = erlang_c_load(offered, d->aht_s, agents, d->answer_within_s);
    plan.scheduled = erlang_scheduled(agents, d->shrinkage);
    return plan;
}

void
erlang_carry(struct erlang_demand *d, double *load)
{
    struct erlang_load l = erlang_load_step(*load, d->calls, d->interval_s, d->aht_s);

    if (!(d->calls > 0) && l.mean < NOBODY)
        l = (struct erlang_load){0, 0};
    d->offered = l.mean;
    *load = l.end;
}

struct erlang_load
erlang_load_step(double start, double calls, double interval_s, double aht_s)
{
    double a = erlang_offered(calls, interval_s, aht_s);
    struct erlang_load load = {a, 0};
    double gone;

    if (!(aht_s > 0) || !(interval_s > 0))
        return load;
    gone = -expm1(-interval_s / aht_s); /* share of the calls in progress that end within it */
    load.end = start + (a - start) * gone;
    load.mean = a + (start - a) * gone * aht_s / interval_s;
    return load;
}
