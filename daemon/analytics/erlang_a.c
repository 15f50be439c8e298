/*
 * erlang_a.c - waiting lines of callers who hang up: Erlang A.
 *
 * C. Palm's model, as by S. Zeltyn and A. Mandelbaum, "Call centers with impatient customers"
 * (2005): M/M/N+M, patience exponential. State weights are relative to state N, so that nothing
 * overflows that is not negligible; waits are integrals over the density of the offered wait, with
 * the exponent put together in logarithms.
 */
#include <math.h>

#include "erlang.h"
#include "erlang_private.h"
#include "numeric.h"

#define NODES      ERLANG_NODES
#define TERM_SMALL 1e-18
#define NEGLIGIBLE 1e290 /* the states below N weigh so much: nobody waits */
#define DROP       60.0  /* exp(-60) of the highest density counts for nothing */

struct model {
    double lambda, mu, theta, n;
    double log_before; /* of the probability of state N - 1 */
    double prob_wait, queue;
};

/* --- the states --- */

static double
weight_below(const struct model *m)
{
    double sum = 0, d = 1;

    for (double j = m->n - 1; j >= 0; j--) {
        double ratio = (j + 1) * m->mu / m->lambda;

        d *= ratio;
        sum += d;
        if (sum > NEGLIGIBLE || (ratio < 1 && d < TERM_SMALL * sum))
            break;
    }
    return sum;
}

/* States N, N + 1, ..., divided by exp(*scale); *waiting: those weights times how many wait. */
static double
weight_above(const struct model *m, double *waiting, double *scale)
{
    double sum = 1, u = 1;

    *waiting = *scale = 0;
    for (double k = 1; k < 1e9; k++) {
        double ratio = m->lambda / (m->n * m->mu + k * m->theta);

        u *= ratio;
        sum += u;
        *waiting += k * u;
        if (ratio < 1 && u * k < TERM_SMALL * (sum + *waiting))
            break;
        if (sum > NEGLIGIBLE) {
            sum /= NEGLIGIBLE;
            u /= NEGLIGIBLE;
            *waiting /= NEGLIGIBLE;
            *scale += log(NEGLIGIBLE);
        }
    }
    return sum;
}

static void
solve_states(struct model *m)
{
    double waiting, scale, below = weight_below(m), above = weight_above(m, &waiting, &scale);

    if (below > NEGLIGIBLE) {
        m->prob_wait = m->queue = 0;
        m->log_before = -INFINITY;
        return;
    }
    below *= exp(-scale);
    m->prob_wait = above / (below + above);
    m->queue = waiting / (below + above);
    m->log_before = log(m->n * m->mu / m->lambda) - log(below + above) - scale;
}

/* --- the waits --- */

/* Logarithm of the density of the offered wait, for those who would still be there if `survive`. */
static double
log_density(const struct model *m, double x, bool survive)
{
    return m->log_before + log(m->lambda) + m->lambda * -expm1(-m->theta * x) / m->theta -
           m->n * m->mu * x - (survive ? m->theta * x : 0);
}

/* Where the density has dropped to nothing. */
static double
last_wait(const struct model *m, bool survive)
{
    double rate = m->n * m->mu + (survive ? m->theta : 0);
    double peak = m->lambda > rate ? log(m->lambda / rate) / m->theta : 0;
    double high = log_density(m, peak, survive), step = 1 / rate;

    while (log_density(m, peak + step, survive) > high - DROP)
        step *= 2;
    return peak + step;
}

/* Reckoned once for each thread: it costs more than an integral. */
const struct erlang_quadrature *
erlang_nodes(void)
{
    static _Thread_local struct erlang_quadrature rule;
    static _Thread_local bool known;

    if (!known)
        numeric_legendre(NODES, rule.node, rule.weight);
    known = true;
    return &rule;
}

/* The integral of the density, or of x times it, from 0 to `end`. */
static double
integrate(const struct model *m, const struct erlang_quadrature *rule, double end, bool survive,
          bool times_x)
{
    double panels = 1 + floor(fabs(m->n * m->mu - m->lambda) * end / 20), sum = 0;

    for (double i = 0; i < panels; i++) {
        double half = end / panels / 2, middle = (2 * i + 1) * half;

        for (int k = 0; k < NODES; k++) {
            double x = middle + half * rule->node[k];

            sum += half * rule->weight[k] * (times_x ? x : 1) * exp(log_density(m, x, survive));
        }
    }
    return sum;
}

/* Answered within the target, or who would never hang up would be. */
static double
share_within(const struct model *m, const struct erlang_quadrature *rule, double target,
             bool survive)
{
    double end = fmin(target, last_wait(m, survive));

    if (!(m->prob_wait > 0))
        return 1;
    return fmin(1, fmax(0, 1 - m->prob_wait + integrate(m, rule, end, survive, false)));
}

/* All but what depends on a target. false: there is no load, or nobody to serve it. */
static bool
solve(double offered, double aht_s, double patience_s, unsigned agents, struct model *m,
      struct erlang_impatient *q)
{
    *m = (struct model){.n = agents};
    *q = (struct erlang_impatient){
        .service_level = 1, .service_level_answered = 1, .service_level_virtual = 1};
    if (!(offered > 0) || !(aht_s > 0) || !(patience_s > 0))
        return false;
    q->offered = offered;
    m->mu = 1 / aht_s;
    m->theta = 1 / patience_s;
    m->lambda = offered * m->mu;
    if (agents == 0) { /* everybody waits, nobody is answered */
        q->prob_wait = q->prob_abandon = 1;
        q->service_level = q->service_level_answered = q->service_level_virtual = 0;
        q->mean_wait_s = patience_s;
        q->queue = m->lambda * patience_s;
        return false;
    }
    solve_states(m);
    q->prob_wait = m->prob_wait;
    q->queue = m->queue;
    q->prob_abandon = m->theta * m->queue / m->lambda;
    q->mean_wait_s = m->queue / m->lambda;
    q->occupancy = m->lambda * (1 - q->prob_abandon) / (m->n * m->mu);
    return true;
}

/* --- */

struct erlang_impatient
erlang_a_load(double offered, double aht_s, double patience_s, unsigned agents, double target_s)
{
    struct erlang_impatient q;
    const struct erlang_quadrature *rule = erlang_nodes();
    struct model m;
    double answered;

    if (!solve(offered, aht_s, patience_s, agents, &m, &q))
        return q;
    answered = 1 - q.prob_abandon;
    q.service_level = share_within(&m, rule, target_s, true);
    q.service_level_virtual = share_within(&m, rule, target_s, false);
    q.service_level_answered = answered > 0 ? fmin(1, q.service_level / answered) : 0;
    if (m.prob_wait > 0 && answered > 0)
        q.asa_s = integrate(&m, rule, last_wait(&m, true), true, true) / answered;
    return q;
}

struct erlang_impatient
erlang_a(double calls, double interval_s, double aht_s, double patience_s, unsigned agents,
         double target_s)
{
    return erlang_a_load(erlang_offered(calls, interval_s, aht_s), aht_s, patience_s, agents,
                         target_s);
}

struct erlang_expected
erlang_a_level(double offered, double aht_s, double patience_s, unsigned agents, double target_s)
{
    struct erlang_impatient q;
    struct model m;

    if (solve(offered, aht_s, patience_s, agents, &m, &q))
        q.service_level = share_within(&m, erlang_nodes(), target_s, true);
    return (struct erlang_expected){q.service_level, q.prob_abandon};
}

/* --- how many people --- */

static bool
suffices(const struct erlang_demand *d, const struct erlang_quadrature *rule, double offered,
         unsigned agents)
{
    struct erlang_impatient q;
    struct model m;

    if (!solve(offered, d->aht_s, d->patience_s, agents, &m, &q))
        return q.service_level >= d->service_level;
    /* A share of 1 may be a little more in doubles. */
    return q.occupancy <= erlang_cap(d->max_occupancy) + 1e-9 &&
           q.prob_abandon <= erlang_cap(d->max_abandon) &&
           share_within(&m, rule, d->answer_within_s, true) >= d->service_level;
}

/* All three improve with every agent, so the fewest are found by halving. */
unsigned
erlang_a_agents(const struct erlang_demand *d, double offered)
{
    double start = floor(offered - 5 * sqrt(offered)) - 3;
    const struct erlang_quadrature *rule = erlang_nodes();
    unsigned least = d->minimum > 1 ? d->minimum : 1, low, high, step = 1;

    low = start > least ? start < ERLANG_MAX_AGENTS ? (unsigned)start : ERLANG_MAX_AGENTS : least;
    high = low;
    /* Large centres answer in time although overloaded: some hang up, nobody waits long. */
    for (; low > least && suffices(d, rule, offered, low); step *= 2) {
        high = low;
        low = low - least > step ? low - step : least;
    }
    if (suffices(d, rule, offered, low))
        return low;
    for (step = 1; !suffices(d, rule, offered, high); step *= 2) {
        low = high;
        if (high >= ERLANG_MAX_AGENTS)
            return ERLANG_MAX_AGENTS;
        high = step < ERLANG_MAX_AGENTS - high ? high + step : ERLANG_MAX_AGENTS;
    }
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;

        if (suffices(d, rule, offered, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

double
erlang_patience(double waited_s, double abandoned)
{
    return abandoned > 0 ? waited_s / abandoned : INFINITY;
}
