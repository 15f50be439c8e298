/*
 * staffing_outlook.c - what a service's past says about its coming week.
 *
 * Days that the calendar names are no days to learn from. Services with little of a past take the
 * shape of all others (forecast_pool), and what today has brought corrects the rest of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "staffing_plan.h"
#include "trust.h"

/* Nothing was ever handled: a guess that the model column owns up to. */
#define ASSUMED_HANDLING 180
/* A forecast below this is nobody: profiles of closed hours decay and never reach zero. */
#define NOBODY        0.01
#define UPDATE_DAYS   60
#define MOST_FACTOR   3.0
#define COMPLETE_DAYS 28

double *
staffing_calendar(const struct staffing_work *w, const struct staffing_service *s, unsigned *days)
{
    const struct history *h = &s->history;
    int32_t begun = h->begun < w->local_today ? h->begun : w->local_today;
    int32_t monday = begun - weekday_from_days(begun);
    size_t slots = (size_t)h->slots;
    double *counts;

    *days = (unsigned)(w->local_today - monday);
    if (begun == w->local_today)
        *days = 0;
    if (*days == 0)
        return NULL;
    counts = xcalloc(*days * slots, sizeof *counts);
    for (int32_t d = monday; d < w->local_today; d++) {
        double *day = counts + (size_t)(d - monday) * slots;

        if (d >= begun && day_factor(w->days, s->name, d, NULL) == 1)
            history_day(h, w->pass, d, day);
        else
            for (size_t i = 0; i < slots; i++)
                day[i] = NAN;
    }
    return counts;
}

static struct forecast *
make_forecast(const struct staffing_work *w, const struct staffing_service *s)
{
    struct forecast *f = forecast_new((struct forecast_shape){7, (unsigned)s->history.slots});
    unsigned days;
    double *counts = staffing_calendar(w, s, &days);

    for (unsigned d = 0; d < days; d++)
        forecast_feed(f, counts + (size_t)d * (size_t)s->history.slots);
    free(counts);
    return f;
}

/* --- like services --- */

static struct staffing_pool *
pool_of(struct staffing_work *w, const struct staffing_service *s)
{
    return &w->pool[s->history.slots == 96 ? 0 : s->history.slots == 48 ? 1 : 2];
}

void
staffing_fill_pools(struct staffing_work *w)
{
    double ahead[STAFFING_WEEK];

    for (size_t i = 0; w->count > 1 && i < w->count; i++) {
        const struct staffing_service *s = &w->services[i];
        struct staffing_pool *pool = pool_of(w, s);
        struct forecast *f;

        if (s->config->concurrent)
            continue;
        f = make_forecast(w, s);
        if (f->cycles >= FORECAST_MIN_CYCLES) {
            forecast_cycle(f, ahead);
            for (int k = 0; k < 7 * s->history.slots; k++)
                pool->sum[k] += ahead[k];
            pool->services++;
        }
        forecast_free(f);
    }
}

/* The others' sum; false: there are no others. */
static bool
others(const struct staffing_work *w, const struct staffing_service *s, const struct forecast *f,
       const double *own, double *out)
{
    const struct staffing_pool *pool = pool_of((struct staffing_work *)w, s);
    bool in = f->cycles >= FORECAST_MIN_CYCLES;

    if (s->config->concurrent || pool->services <= (in ? 1u : 0u))
        return false;
    for (int k = 0; k < 7 * s->history.slots; k++)
        out[k] = fmax(0, pool->sum[k] - (in ? own[k] : 0));
    return true;
}

/* --- today --- */

/* Intervals of today that are over, as far as any service has heard of them: what comes late is no
 * sign that nobody called. */
static unsigned
cut_of_today(const struct staffing_work *w, const struct staffing_service *s)
{
    const struct zone *z = w->pass->a->zone;
    int64_t length = s->history.minutes * 60, newest = 0, midnight, over;

    for (size_t i = 0; i < w->count; i++)
        if (w->services[i].history.newest > newest)
            newest = w->services[i].history.newest;
    midnight = zone_to_utc(z, (int64_t)w->local_today * DAY_SECONDS);
    over = (w->pass->now - midnight) / length;
    if (newest < midnight + (over - 1) * length)
        over = newest < midnight ? 0 : (newest - midnight) / length;
    return over < 0 ? 0 : over > s->history.slots ? (unsigned)s->history.slots : (unsigned)over;
}

static double
factor_of_today(const struct staffing_work *w, const struct staffing_service *s,
                const struct forecast *f, const double *contacts)
{
    size_t slots = (size_t)s->history.slots;
    double factor = day_factor(w->days, s->name, w->local_today, NULL);
    const double *usual = contacts + (size_t)weekday_from_days(w->local_today) * slots;
    double *said, *came, ahead[96], today[96];
    unsigned cut = cut_of_today(w, s), n;
    struct forecast_update u = {.factor = 1};

    if (f->cycles < FORECAST_MIN_CYCLES || cut == 0 || factor == 0)
        return 1;
    said = xcalloc(UPDATE_DAYS * slots, sizeof *said);
    came = xcalloc(UPDATE_DAYS * slots, sizeof *came);
    n = forecast_recent(f, UPDATE_DAYS, said, came);
    for (size_t i = 0; i < slots; i++) {
        ahead[i] = usual[i] * factor;
        today[i] = history_today(&s->history)[i];
    }
    u = forecast_intraday(said, came, n, (unsigned)slots, cut, today, ahead);
    free(said);
    free(came);
    /* A morning without telephones is no reason to send everybody home. */
    return fmin(MOST_FACTOR, fmax(1 / MOST_FACTOR, u.factor));
}

/* --- all of it --- */

/* Of what the forecast is made of. Before the first day ever there was none, which is no less of a
 * gap to forecast from. */
static double
past_completeness(const struct pass *p, const char *service)
{
    double there = 0;

    for (int age = 1; age <= COMPLETE_DAYS; age++) {
        int64_t day = (int64_t)(p->today - age) * DAY_SECONDS;
        struct trust_answer a;

        if (pass_had_input(p, p->today - age))
            there += pass_trust_in(p, "service", span_str(service), day, day + DAY_SECONDS, &a)
                         ? a.completeness
                         : 1;
    }
    return there / COMPLETE_DAYS;
}

/* Handling time of what is to come. */
static double
mean_by_call(const double *contacts, const double *handling, int n)
{
    double calls = 0, seconds = 0;

    for (int i = 0; i < n; i++) {
        calls += contacts[i];
        seconds += contacts[i] * handling[i];
    }
    return calls > 0 ? seconds / calls : 0;
}

static void
describe(const struct staffing_service *s, const struct forecast *f, bool pooled,
         const char *handling, struct outlook *o)
{
    double present = staffing_availability(s->config, o->learned);
    char patience[64] = "Erlang C", today[48] = "", there[48] = "";

    if (o->learned.patience_s > 0)
        snprintf(patience, sizeof patience, "Erlang A with patience %.0f s", o->learned.patience_s);
    if (fabs(o->today - 1) >= 0.005)
        snprintf(today, sizeof today, "; rest of today times %.2f", o->today);
    if (present < 1 || present > 1)
        snprintf(there, sizeof there, "; %.0f %% of the planned are there", present * 100);
    if (s->config->concurrent) {
        snprintf(o->model, sizeof o->model, "%s%s; peaks of %.60s, %g for each person%s",
                 forecast_model(f), today, s->config->concurrent, s->config->per, there);
        return;
    }
    snprintf(o->model, sizeof o->model, "%s%s%s; handling time %s; %s%s%s", forecast_model(f),
             pooled ? " with the shape of other services" : "", today, handling, patience,
             o->carry ? " on load carried over" : "", there);
}

static void
pool_contacts(const struct staffing_work *w, const struct staffing_service *s,
              const struct forecast *f, struct outlook *o, bool *pooled)
{
    double pool[STAFFING_WEEK], before[STAFFING_WEEK];
    bool any = others(w, s, f, o->contacts, pool);
    size_t bytes = 7 * (size_t)s->history.slots * sizeof *before;

    memcpy(before, o->contacts, bytes);
    forecast_pool(f, any ? pool : NULL, o->contacts);
    *pooled = any && memcmp(before, o->contacts, bytes) != 0;
}

void
staffing_look_ahead(const struct staffing_work *w, const struct staffing_service *s,
                    const struct staffing_score *score, struct outlook *o)
{
    struct forecast *f = make_forecast(w, s);
    struct handling_past past;
    bool weekly, pooled;
    double mean;

    past = history_handling(&s->history);
    weekly = handling_forecast(&past, o->handling, &mean);
    forecast_cycle(f, o->contacts);
    pool_contacts(w, s, f, o, &pooled);
    forecast_spread(f, &o->spread);
    o->score = *score;
    o->today = factor_of_today(w, s, f, o->contacts);
    o->load = 0;
    for (int i = 0; i < 7 * s->history.slots; i++) {
        if (!(o->contacts[i] >= NOBODY))
            o->contacts[i] = 0;
        if (isnan(mean))
            o->handling[i] = ASSUMED_HANDLING;
    }
    o->carry = !s->config->concurrent &&
               erlang_carries(s->config->interval * 60,
                              mean_by_call(o->contacts, o->handling, 7 * s->history.slots));
    o->learned.patience_s = history_patience(&s->history);
    o->learned.availability = score->availability;
    o->learned.patience_s = staffing_rule(s->config, o->learned).patience_s;
    describe(s, f, pooled,
             isnan(mean) ? "assumed"
             : weekly    ? "by weekday and interval"
                         : "mean",
             o);
    o->completeness = past_completeness(w->pass, s->name);
    forecast_free(f);
}
