/*
 * availability.c - how many of those who are planned are really there?
 */
#include "availability.h"

#include <math.h>
#include <stdbool.h>

#include "erlang_private.h"

struct pool {
    const struct availability_interval *in;
    size_t n;
    double interval_s, patience_s;
};

static double
wait_with(const struct pool *p, double offered, double aht_s, unsigned agents)
{
    /* Whoever waits hangs up at an even rate: the mean wait is that share of the patience. */
    return p->patience_s * erlang_a_level(offered, aht_s, p->patience_s, agents, 0).prob_abandon;
}

/* Between whole numbers of agents, so that the factor has no steps. */
static double
wait_between(const struct pool *p, const struct availability_interval *in, double agents)
{
    double offered = erlang_offered(in->calls, p->interval_s, in->aht_s);
    double low = floor(agents), part = agents - low;
    double wait = wait_with(p, offered, in->aht_s, (unsigned)low);

    if (part > 0)
        wait += part * (wait_with(p, offered, in->aht_s, (unsigned)low + 1) - wait);
    return wait;
}

static bool
tells(const struct availability_interval *in)
{
    return in->calls > 0 && in->aht_s > 0 && in->heads > 0 && in->heads < ERLANG_MAX_AGENTS / 2;
}

/* Seconds that all callers together would wait. */
static double
waits(const struct pool *p, double factor)
{
    double sum = 0;

    for (size_t i = 0; i < p->n; i++)
        if (tells(&p->in[i]))
            sum += p->in[i].calls * wait_between(p, &p->in[i], p->in[i].heads * factor);
    return sum;
}

struct availability
availability_fit(const struct availability_interval *in, size_t n, double interval_s,
                 double patience_s)
{
    struct pool p = {.in = in, .n = n, .interval_s = interval_s, .patience_s = patience_s};
    double low = AVAILABILITY_LEAST, high = AVAILABILITY_MOST, waited = 0;
    struct availability a = {.factor = NAN};

    for (size_t i = 0; i < n; i++)
        if (tells(&in[i])) {
            a.calls += in[i].calls;
            waited += in[i].waited_s;
        }
    if (!(a.calls > 0) || !(patience_s > 0) || !(interval_s > 0))
        return a;
    a.waited_s = waited / a.calls;
    a.planned_wait_s = waits(&p, 1) / a.calls;
    if (waits(&p, low) < waited || waits(&p, high) > waited)
        return a;
    for (int i = 0; i < 24; i++) { /* more people, shorter waits */
        double middle = (low + high) / 2;

        if (waits(&p, middle) > waited)
            low = middle;
        else
            high = middle;
    }
    a.factor = (low + high) / 2;
    return a;
}
