/*
 * pass_staffing.c - the coming week by service: contacts, people needed, gap to the roster.
 *
 * The past comes from service cells (contacts) and workload cells (features whose legs are
 * work for a service), in local time; the forecast is a weekly one (forecast.h), the people
 * come from Erlang A (erlang.h) with the patience that callers showed or that is configured, and
 * from Erlang C where nothing is known of it, which assumes that callers wait: it asks for
 * slightly too many rather than too few. What is said about an interval is for its mean
 * contacts; low and high hold 80 % of the weeks.
 */
#include "pass.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "classify.h"
#include "config.h"
#include "erlang.h"
#include "forecast.h"
#include "history.h"
#include "log.h"
#include "profile.h"
#include "roster.h"
#include "staffing_rule.h"
#include "trust.h"

/* Names that nobody configured are taken up to this number: each needs memory. */
#define MAX_SERVICES 500
#define HORIZON_DAYS 7
_Static_assert(HISTORY_DAYS + 1 < ANALYST_DAYS && PROFILE_DAYS < ANALYST_DAYS,
               "the ledger keeps what passes read");
/* Old forecasts stay for a while, so that they can be compared with what came. */
#define KEEP_DAYS 60
/* Nothing was ever handled: a guess that the model column owns up to. */
#define ASSUMED_HANDLING 180
#define COMPLETE_DAYS    28
/* A forecast below this is nobody: profiles of closed hours decay and never reach zero. */
#define NOBODY 0.01

struct service {
    char *name;
    const struct config_service *config; /* or the defaults */
    struct history history;
};

struct work {
    struct pass *pass;
    struct service *services;
    size_t count;
    struct rules *rules;
    struct classifier *classifier;
    int32_t local_today;
    struct query *insert, *roster;
};

static struct service *
service_find(struct work *w, struct span name)
{
    const struct config *c = w->pass->a->config;
    struct service *s;

    for (size_t i = 0; i < w->count; i++)
        if (span_is(name, w->services[i].name))
            return &w->services[i];
    if (w->count == MAX_SERVICES + c->service_count)
        return NULL;
    w->services = xrealloc(w->services, (w->count + 1) * sizeof *w->services);
    s = &w->services[w->count++];
    *s = (struct service){.name = xstrndup(name.p, name.n), .config = &config_service_defaults};
    for (size_t i = 0; i < c->service_count; i++)
        if (span_is(name, c->services[i].name))
            s->config = &c->services[i];
    history_init(&s->history, w->pass->a->zone, w->local_today, s->config->interval);
    return s;
}

static enum status
visit(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;
    struct span name = c->kind == CELL_SERVICE ? classify(w->classifier, c->name, NULL) : c->name;
    struct service *s = service_find(w, name);

    (void)err;
    if (s)
        history_add(&s->history, c);
    return ST_OK;
}

/* Names of services as contacts write them to the configured ones. */
static enum status
make_rules(struct work *w, struct error *err)
{
    const struct config *c = w->pass->a->config;
    struct rule_option *opt = xcalloc(c->service_count + 1, sizeof *opt);
    size_t n = 0;
    enum status st;

    for (size_t i = 0; i < c->service_count; i++)
        if (!c->services[i].match || strncmp(c->services[i].match, "feature:", 8) != 0)
            opt[n++] = (struct rule_option){c->services[i].name, c->services[i].match};
    st = rules_new(&w->rules, opt, n, err);
    free(opt);
    if (st == ST_OK)
        w->classifier = classifier_new(w->rules);
    return st;
}

static struct forecast *
make_forecast(const struct work *w, const struct history *h)
{
    struct forecast *f = forecast_new((struct forecast_shape){7, (unsigned)h->slots});
    double day[96];
    int32_t d = h->begun < w->local_today ? h->begun : w->local_today;

    for (int32_t pad = d - weekday_from_days(d); pad < d; pad++) {
        for (int i = 0; i < h->slots; i++)
            day[i] = NAN;
        forecast_feed(f, day);
    }
    for (; d < w->local_today; d++) {
        history_day(h, w->pass, d, day);
        forecast_feed(f, day);
    }
    return f;
}

/* What is known about a service's week, by weekday and interval. */
struct outlook {
    double contacts[7 * 96], handling[7 * 96];
    double phi, load; /* load in progress, when calls outlast intervals */
    double patience;  /* seconds; 0: not known */
    char model[128];
    double completeness;
    bool carry;
};

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
look_ahead(const struct work *w, const struct service *s, struct outlook *o)
{
    struct forecast *f = make_forecast(w, &s->history);
    char patience[48];
    double mean;
    bool weekly = history_handling(&s->history, o->handling, &mean);

    forecast_cycle(f, o->contacts);
    o->phi = forecast_phi(f);
    o->load = 0;
    for (int i = 0; i < 7 * s->history.slots; i++) {
        if (!(o->contacts[i] >= NOBODY))
            o->contacts[i] = 0;
        if (isnan(mean))
            o->handling[i] = ASSUMED_HANDLING;
    }
    o->carry = erlang_carries(s->config->interval * 60,
                              mean_by_call(o->contacts, o->handling, 7 * s->history.slots));
    o->patience = staffing_rule(s->config, history_patience(&s->history)).patience_s;
    snprintf(patience, sizeof patience, "Erlang A with patience %.0f s", o->patience);
    snprintf(o->model, sizeof o->model, "%s; handling time %s; %s%s", forecast_model(f),
             isnan(mean) ? "assumed"
             : weekly    ? "by weekday and interval"
                         : "mean",
             o->patience > 0 ? patience : "Erlang C", o->carry ? " on load carried over" : "");
    o->completeness = past_completeness(w->pass, s->name);
    forecast_free(f);
}

static int
place(const struct work *w, const struct service *s, int64_t utc)
{
    int64_t local = utc + zone_offset_at(w->pass->a->zone, utc);

    return weekday_from_days(day_of(local)) * s->history.slots +
           second_of_day(local) / (s->history.minutes * 60);
}

static struct erlang_plan
plan(const struct service *s, struct outlook *o, int at)
{
    struct erlang_demand d = staffing_rule(s->config, o->patience);

    d.calls = o->contacts[at];
    d.aht_s = o->handling[at];
    if (o->carry)
        erlang_carry(&d, &o->load);
    return erlang_required(&d);
}

/* Heads on the roster during an interval: the fewest of what overlaps it; NAN: no roster. */
static enum status
rostered(struct work *w, const struct service *s, const char *from, const char *to, double *out,
         struct error *err)
{
    enum status st;

    query_set_str(w->roster, 1, s->name);
    query_set_str(w->roster, 2, from);
    query_set_str(w->roster, 3, to);
    st = query_next(w->roster, err);
    if (st == ST_OK)
        *out = query_real(w->roster, 0);
    query_reset(w->roster);
    return st;
}

static enum status
write_interval(struct work *w, const struct service *s, struct outlook *o, int64_t utc,
               struct error *err)
{
    struct query *q = w->insert;
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    int at = place(w, s, utc);
    struct erlang_plan e = plan(s, o, at);
    double have = NAN, low, high;
    enum status st;

    format_utc(from, utc);
    format_utc(to, utc + s->config->interval * 60);
    st = rostered(w, s, from, to, &have, err);
    if (st != ST_OK)
        return st;
    forecast_interval(o->contacts[at], o->phi, 0.8, &low, &high);
    query_set_str(q, 1, s->name);
    query_set_str(q, 2, from);
    query_set_int(q, 3, s->config->interval);
    query_set_real(q, 4, o->contacts[at]);
    query_set_real(q, 5, low);
    query_set_real(q, 6, high);
    query_set_real(q, 7, o->handling[at]);
    query_set_int(q, 8, e.agents);
    query_set_int(q, 9, e.scheduled);
    query_set_real(q, 10, have);
    query_set_real(q, 11, have - e.scheduled);
    query_set_real(q, 12, e.queue.service_level);
    query_set_real(q, 13, e.queue.occupancy);
    query_set_real(q, 14, o->completeness);
    query_set_str(q, 15, o->model);
    query_set_str(q, 16, w->pass->now_text);
    query_set_real(q, 17, o->patience > 0 ? o->patience : NAN);
    return query_run(q, err);
}

static enum status
forget(struct work *w, const struct service *s, const char *before, const char *from,
       struct error *err)
{
    struct query *q = NULL;
    enum status st =
        store_query(w->pass->store, &q,
                    "DELETE FROM staffing WHERE service = ?1 AND (start < ?2 OR start >= ?3)", err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, s->name);
    query_set_str(q, 2, before);
    query_set_str(q, 3, from);
    st = query_run(q, err);
    query_free(q);
    return st;
}

static enum status
write_service(struct work *w, const struct service *s, struct error *err)
{
    struct pass *p = w->pass;
    struct outlook *o = xcalloc(1, sizeof *o);
    int64_t length = s->config->interval * 60;
    int64_t local = p->now + zone_offset_at(p->a->zone, p->now);
    int64_t begin = p->now - (local % length + length) % length;
    char before[CIVIL_TEXT], from[CIVIL_TEXT];
    bool known;
    enum status st;

    /* Without one whole day there is nothing to say, and that is not that nobody is needed. */
    known = s->history.begun < w->local_today || s->config->minimum_staff > 0;
    look_ahead(w, s, o);
    /* Calls that began before the first interval are still there: run in for a day. */
    for (int64_t t = begin - DAY_SECONDS; o->carry && t < begin; t += length)
        plan(s, o, place(w, s, t));
    st = store_begin(p->store, err);
    if (st == ST_OK)
        st = forget(w, s, format_utc(before, begin - (int64_t)KEEP_DAYS * DAY_SECONDS),
                    format_utc(from, begin), err);
    for (int64_t t = begin; st == ST_OK && known && t < begin + HORIZON_DAYS * (int64_t)DAY_SECONDS;
         t += length)
        st = write_interval(w, s, o, t, err);
    free(o);
    if (st == ST_OK)
        return store_commit(p->store, err);
    store_rollback(p->store);
    return st;
}

static enum status
prepare(struct work *w, struct error *err)
{
    enum status st = store_query(
        w->pass->store, &w->insert,
        "INSERT OR REPLACE INTO staffing(service, start, minutes, forecast, low, high,"
        " handle_seconds, required, scheduled, rostered, gap, service_level, occupancy,"
        " completeness, model, as_of, patience_seconds)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        err);

    if (st == ST_OK)
        st = store_query(w->pass->store, &w->roster, ROSTER_FEWEST_SQL("?1", "?2", "?3"), err);
    return st;
}

/* Services that are gone from ledger and configuration; what was forecast for them stays. */
static enum status
write_all(struct work *w, struct error *err)
{
    const struct config *c = w->pass->a->config;
    enum status st = prepare(w, err);

    for (size_t i = 0; i < c->service_count; i++)
        service_find(w, span_str(c->services[i].name));
    if (w->count > MAX_SERVICES)
        log_warn("staffing_services", "services=%zu limit=%d", w->count, MAX_SERVICES);
    if (st == ST_OK)
        st = store_commit_open(w->pass->store, err);
    for (size_t i = 0; st == ST_OK && i < w->count; i++)
        st = write_service(w, &w->services[i], err);
    return st;
}

enum status
pass_staffing(struct pass *p, struct error *err)
{
    struct work w = {.pass = p};
    int32_t from = p->today - HISTORY_DAYS - 1; /* a day more than the past in local time */
    enum status st;

    if (!p->services_changed && !p->slot_changed && !p->full && !p->edited)
        return ST_OK;
    w.local_today = day_of(p->now + zone_offset_at(p->a->zone, p->now));
    st = make_rules(&w, err);
    if (st == ST_OK)
        st = ledger_scan_kind(p->a->reader, CELL_SERVICE, from, visit, &w, err);
    if (st == ST_OK)
        st = ledger_scan_kind(p->a->reader, CELL_WORKLOAD, from, visit, &w, err);
    if (st == ST_OK)
        st = write_all(&w, err);
    if (st == ST_OK)
        st = pass_understaffed(p, err);
    for (size_t i = 0; i < w.count; i++) {
        history_clear(&w.services[i].history);
        free(w.services[i].name);
    }
    free(w.services);
    query_free(w.insert);
    query_free(w.roster);
    classifier_free(w.classifier);
    rules_free(w.rules);
    return st;
}
