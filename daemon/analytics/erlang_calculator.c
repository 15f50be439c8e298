/*
 * erlang_calculator.c - what is asked of Erlang's formulas, checked, answered and named.
 */
#include "erlang_calculator.h"

#include <math.h>

#define INPUT(name, whole, field, unit, what)                                                      \
    {                                                                                              \
        name, whole, offsetof(struct erlang_question, field), unit, what                           \
    }

static const struct erlang_input inputs[] = {
    INPUT("calls", false, d.calls, "N", "calls in the interval"),
    INPUT("interval", false, d.interval_s, "S", "its length in seconds (1800)"),
    INPUT("aht", false, d.aht_s, "S", "average handling time in seconds"),
    INPUT("sl", false, d.service_level, "SHARE", "wanted service level (0.8)"),
    INPUT("within", false, d.answer_within_s, "S", "answered within (20)"),
    INPUT("occupancy", false, d.max_occupancy, "SHARE", "highest occupancy (0.85)"),
    INPUT("shrinkage", false, d.shrinkage, "SHARE", "paid time away from calls (0.3)"),
    INPUT("patience", false, d.patience_s, "S", "callers hang up after so long on average"),
    INPUT("abandon", false, d.max_abandon, "SHARE", "so many may, with patience (1)"),
    INPUT("minimum", true, minimum, "N", "people wanted even when nobody calls (0)"),
    INPUT("agents", true, agents, "N", "what so many at their desks achieve"),
    INPUT("in-progress", false, in_progress, "N",
          "calls when the interval begins (a steady state)"),
    INPUT("phi", false, phi, "X", "forecast error: variance of the mean by its square"),
    INPUT("blocking", false, blocking, "SHARE", "lines (Erlang B) that block so many"),
};

const struct erlang_input *
erlang_input(size_t i)
{
    return i < sizeof inputs / sizeof *inputs ? &inputs[i] : NULL;
}

static const struct erlang_question usual = {.d = {.calls = -1,
                                                   .interval_s = 1800,
                                                   .aht_s = -1,
                                                   .service_level = 0.8,
                                                   .answer_within_s = 20,
                                                   .max_occupancy = 0.85,
                                                   .shrinkage = 0.3,
                                                   .max_abandon = 1},
                                             .in_progress = NAN,
                                             .phi = NAN,
                                             .blocking = NAN,
                                             .agents = -1};

struct erlang_question
erlang_usual(void)
{
    return usual;
}

const char *
erlang_wrong(const struct erlang_question *q)
{
    const struct erlang_demand *d = &q->d;
    const struct {
        bool good;
        const char *rule;
    } rules[] = {
        {d->calls >= 0 && isfinite(d->calls), "calls is needed, 0 or more"},
        {d->aht_s > 0 && isfinite(d->aht_s), "aht is needed, above 0 seconds"},
        {d->interval_s > 0 && isfinite(d->interval_s), "interval lies above 0 seconds"},
        {d->service_level >= 0 && d->service_level < 1, "sl lies in 0..1, below 1 (0.8)"},
        {d->answer_within_s >= 0, "within is 0 seconds or more"},
        {d->max_occupancy > 0 && d->max_occupancy <= 1, "occupancy lies above 0, up to 1"},
        {d->shrinkage >= 0 && d->shrinkage < 1, "shrinkage lies in 0..1, below 1 (0.3)"},
        {d->patience_s >= 0, "patience is 0 seconds or more"},
        {d->max_abandon > 0 && d->max_abandon <= 1, "abandon lies above 0, up to 1"},
        {q->minimum >= 0 && q->minimum <= (long)ERLANG_MAX_AGENTS, "minimum lies in 0..1000000"},
        {q->agents >= -1 && q->agents <= (long)ERLANG_MAX_AGENTS, "agents lies in 0..1000000"},
        {isnan(q->in_progress) || (q->in_progress >= 0 && isfinite(q->in_progress)),
         "in-progress is 0 or more"},
        {isnan(q->phi) || (q->phi >= 0 && q->phi <= 10), "phi lies in 0..10"},
        {isnan(q->blocking) || (q->blocking > 0 && q->blocking < 1),
         "blocking lies between 0 and 1"},
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!rules[i].good)
            return rules[i].rule;
    return NULL;
}

/* --- the answer --- */

static void
put(struct erlang_answer *a, const char *name, double value, int digits, const char *note)
{
    a->at[a->count++] = (struct erlang_output){name, value, digits, note};
}

/* The fewest lines that block at most so many calls when blocked calls are lost. */
static unsigned
lines_for(double offered, double blocking)
{
    double b = 1;
    unsigned n = 0;

    while (b > blocking && n < ERLANG_MAX_AGENTS) {
        n++;
        b = offered * b / (n + offered * b);
    }
    return n;
}

static void
answer_waits(const struct erlang_question *q, const struct erlang_plan *p, struct erlang_answer *a)
{
    const struct erlang_demand *d = &q->d;
    struct erlang_impatient i;

    if (!(d->patience_s > 0) || !(p->queue.offered > 0)) {
        put(a, "mean_wait_s", p->queue.asa_s, 2, "of all callers");
        return;
    }
    i = erlang_a_load(p->queue.offered, d->aht_s, d->patience_s, p->agents, d->answer_within_s);
    put(a, "mean_wait_s", i.mean_wait_s, 2, "of all callers, answered or not");
    put(a, "service_level_answered", i.service_level_answered, 4, "of those who were answered");
    put(a, "service_level_virtual", i.service_level_virtual, 4, "of who would never hang up");
}

static void
answer_error(const struct erlang_question *q, const struct erlang_plan *p, struct erlang_answer *a)
{
    struct erlang_expected e;
    struct erlang_plan safe;

    if (isnan(q->phi))
        return;
    e = erlang_expected(&q->d, q->phi, p->agents);
    put(a, "expected_service_level", e.service_level, 4, "with that forecast error");
    put(a, "expected_prob_abandon", e.prob_abandon, 4, "with that forecast error");
    if (q->agents >= 0)
        return;
    safe = erlang_required_expected(&q->d, q->phi);
    a->capped |= safe.capped;
    put(a, "agents_expected", safe.agents, 0, "so that what is expected meets the target");
    put(a, "scheduled_expected", safe.scheduled, 0, "those on the roster");
}

/* With the load that the interval really has. */
static void
answer(struct erlang_question *q, struct erlang_answer *a)
{
    struct erlang_load load = {NAN, NAN};
    struct erlang_plan p;

    if (!isnan(q->in_progress)) {
        load = erlang_load_step(q->in_progress, q->d.calls, q->d.interval_s, q->d.aht_s);
        q->d.offered = load.mean;
        if (!(load.mean > 0))
            q->d.calls = 0;
    }
    p = q->agents >= 0 ? erlang_achieved(&q->d, (unsigned)q->agents) : erlang_required(&q->d);
    a->capped = p.capped;
    a->overload = p.queue.overload;
    put(a, "agents", p.agents, 0, "at their desks");
    put(a, "scheduled", p.scheduled, 0, "on the roster, with shrinkage");
    put(a, "service_level", p.queue.service_level, 4, "answered in time, of all who called");
    put(a, "occupancy", p.queue.occupancy, 4, "of an agent's time");
    put(a, "prob_wait", p.queue.prob_wait, 4, "find nobody free");
    put(a, "asa_s", p.queue.asa_s, 2, "average speed of answer");
    put(a, "offered_erlangs", p.queue.offered, 3, "calls in progress if all are answered");
    put(a, "prob_abandon", p.prob_abandon, 4, "hang up");
    put(a, "queue", p.queue.queue, 3, "waiting on average");
    answer_waits(q, &p, a);
    put(a, "erlang_b", erlang_b(p.queue.offered, p.agents), 6, "lost if nobody could wait");
    if (!isnan(q->in_progress))
        put(a, "in_progress_at_end", load.end, 3, "which the next interval begins with");
    answer_error(q, &p, a);
    if (isnan(q->blocking))
        return;
    put(a, "lines", lines_for(p.queue.offered, q->blocking), 0, "that block no more than that");
    put(a, "lines_carry_erlangs", erlang_b_capacity(q->blocking, p.agents), 6,
        "as many lines as agents, at that blocking");
}

void
erlang_answer(const struct erlang_question *asked, struct erlang_answer *out)
{
    struct erlang_question q = *asked;

    *out = (struct erlang_answer){.count = 0};
    q.d.minimum = (unsigned)q.minimum;
    answer(&q, out);
}

const char *
erlang_state(const struct erlang_answer *a)
{
    return a->overload ? "OVERLOAD" : a->capped ? "CAPPED" : "OK";
}

void
erlang_write(struct json_writer *w, const struct erlang_answer *a)
{
    json_object(w, NULL);
    for (size_t i = 0; i < a->count; i++)
        json_real(w, a->at[i].name, a->at[i].value);
    json_text(w, "state", erlang_state(a));
    json_close(w);
}
