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
#include <stdlib.h>

#include "classify.h"
#include "log.h"
#include "profile.h"
#include "roster.h"
#include "staffing_plan.h"

/* Names that nobody configured are taken up to this number: each needs memory. */
#define MAX_SERVICES 500
#define HORIZON_DAYS 7
_Static_assert(HISTORY_DAYS + 1 < ANALYST_DAYS && PROFILE_DAYS < ANALYST_DAYS,
               "the ledger keeps what passes read");
/* Old forecasts stay for a while, so that they can be compared with what came. */
#define KEEP_DAYS 60

static struct staffing_service *
service_find(struct staffing_work *w, struct span name)
{
    const struct config *c = w->pass->a->config;
    struct staffing_service *s;

    for (size_t i = 0; i < w->count; i++)
        if (span_is(name, w->services[i].name))
            return &w->services[i];
    if (w->count == MAX_SERVICES + c->service_count)
        return NULL;
    w->services = xrealloc(w->services, (w->count + 1) * sizeof *w->services);
    s = &w->services[w->count++];
    *s = (struct staffing_service){.name = xstrndup(name.p, name.n),
                                   .config = &config_service_defaults};
    for (size_t i = 0; i < c->service_count; i++)
        if (span_is(name, c->services[i].name))
            s->config = &c->services[i];
    history_init(&s->history, w->pass->a->zone, w->local_today, s->config->interval);
    return s;
}

static enum status
visit(void *arg, const struct cell_view *c, struct error *err)
{
    struct staffing_work *w = arg;
    struct span name = c->kind == CELL_SERVICE ? classify(w->classifier, c->name, NULL) : c->name;
    struct staffing_service *s = service_find(w, name);

    (void)err;
    if (s && !s->config->concurrent)
        history_add(&s->history, c);
    return ST_OK;
}

/* Names of services as contacts write them to the configured ones. */
static enum status
make_rules(struct staffing_work *w, struct error *err)
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

static int
place(const struct staffing_work *w, const struct staffing_service *s, int64_t utc)
{
    int64_t local = utc + zone_offset_at(w->pass->a->zone, utc);

    return weekday_from_days(day_of(local)) * s->history.slots +
           second_of_day(local) / (s->history.minutes * 60);
}

/* The people that an interval needs: for its mean, and so that what is to be expected of a forecast
 * that may be wrong meets the target. */
struct need {
    double contacts, factor;
    const char *day_name;
    struct erlang_plan mean, expected;
};

/* What the interval asks: the demand is without what is still in progress. */
static struct erlang_demand
ask(const struct staffing_work *w, const struct staffing_service *s, const struct outlook *o,
    int64_t utc, struct need *out)
{
    struct erlang_demand d = staffing_rule(s->config, o->learned);
    int at = place(w, s, utc);
    int32_t day = day_of(utc + zone_offset_at(w->pass->a->zone, utc));

    out->factor = day_factor(w->days, s->name, day, &out->day_name);
    out->contacts = o->contacts[at] * out->factor * (day == w->local_today ? o->today : 1);
    d.calls = out->contacts;
    d.aht_s = o->handling[at];
    if (out->factor == 0) /* closed */
        d.minimum = 0;
    return d;
}

static void
plan(const struct staffing_work *w, struct erlang_demand d, struct outlook *o, struct need *out)
{
    if (o->carry)
        erlang_carry(&d, &o->load);
    staffing_plan(&w->pass->a->plans, &d, o->spread.phi_usual, &out->mean, &out->expected);
}

enum status
staffing_rostered(struct staffing_work *w, const char *service, const char *from, const char *to,
                  double *out, struct error *err)
{
    enum status st;

    query_set_str(w->roster, 1, service);
    query_set_str(w->roster, 2, from);
    query_set_str(w->roster, 3, to);
    st = query_next(w->roster, err);
    if (st == ST_OK)
        *out = query_real(w->roster, 0);
    query_reset(w->roster);
    return st;
}

static void
set_forecast(struct query *q, const struct outlook *o, const struct need *n)
{
    double low, high;

    query_set_real(q, 4, n->contacts);
    forecast_low_high(&o->spread, n->contacts, &low, &high);
    query_set_real(q, 5, low);
    query_set_real(q, 6, high);
    forecast_extremes(&o->spread, n->contacts, &low, &high);
    query_set_real(q, 7, low);
    query_set_real(q, 8, high);
    query_set_real(q, 9, n->factor);
    query_set_str(q, 10, n->day_name);
    query_set_real(q, 11, o->score.contacts.own);
    query_set_real(q, 12, o->score.contacts.floor);
    query_set_real(q, 13, o->score.contacts.naive);
    query_set_real(q, 28, o->score.handling.own);
    query_set_real(q, 29, o->score.handling.floor);
    query_set_real(q, 30, o->score.handling.naive);
}

static void
set_people(struct query *q, const struct staffing_service *s, const struct outlook *o,
           const struct need *n, double have)
{
    query_set_int(q, 14, n->mean.agents);
    query_set_int(q, 15, n->mean.scheduled);
    query_set_int(q, 16, n->expected.agents);
    query_set_int(q, 17, n->expected.scheduled);
    query_set_real(q, 18, have);
    query_set_real(q, 19, have - n->mean.scheduled);
    query_set_real(q, 20, n->mean.queue.service_level);
    query_set_real(q, 21, n->mean.queue.occupancy);
    query_set_real(q, 22, o->learned.patience_s > 0 ? o->learned.patience_s : NAN);
    query_set_real(q, 23, staffing_availability(s->config, o->learned));
}

static enum status
write_interval(struct staffing_work *w, const struct staffing_service *s, struct outlook *o,
               int64_t utc, struct error *err)
{
    struct query *q = w->insert;
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    double have = NAN;
    struct need n;
    struct erlang_demand d = ask(w, s, o, utc, &n);
    struct staffing_interval interval = {from, to, d, n.contacts};
    enum status st;

    plan(w, d, o, &n);
    format_utc(from, utc);
    format_utc(to, utc + s->config->interval * 60);
    st = staffing_rostered(w, s->name, from, to, &have, err);
    if (st != ST_OK)
        return st;
    query_set_str(q, 1, s->name);
    query_set_str(q, 2, from);
    query_set_int(q, 3, s->config->interval);
    set_forecast(q, o, &n);
    set_people(q, s, o, &n, have);
    query_set_real(q, 24, o->handling[place(w, s, utc)]);
    query_set_real(q, 25, o->completeness);
    query_set_str(q, 26, o->model);
    query_set_str(q, 27, w->pass->now_text);
    st = query_run(q, err);
    return st == ST_OK ? staffing_skills_write(w, s, o, &interval, err) : st;
}

/* Takes out the intervals of a service, and of its skills, from before a moment and from another
 * one on. */
static enum status
forget(struct staffing_work *w, const struct staffing_service *s, const char *before,
       const char *from, struct error *err)
{
    static const char *const statements[] = {
        "DELETE FROM staffing WHERE service = ?1 AND (start < ?2 OR start >= ?3)",
        "DELETE FROM staffing_skill WHERE service = ?1 AND (start < ?2 OR start >= ?3)",
    };
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < sizeof statements / sizeof *statements; i++) {
        struct query *q = NULL;

        st = store_query(w->pass->store, &q, statements[i], err);
        if (st != ST_OK)
            break;
        query_set_str(q, 1, s->name);
        query_set_str(q, 2, before);
        query_set_str(q, 3, from);
        st = query_run(q, err);
        query_free(q);
    }
    return st;
}

static enum status
write_week(struct staffing_work *w, const struct staffing_service *s, struct outlook *o,
           struct error *err)
{
    struct pass *p = w->pass;
    int64_t length = s->config->interval * 60;
    int64_t local = p->now + zone_offset_at(p->a->zone, p->now);
    int64_t begin = p->now - (local % length + length) % length;
    char before[CIVIL_TEXT], from[CIVIL_TEXT];
    bool known;
    enum status st;

    /* Without one whole day there is nothing to say, and that is not that nobody is needed. */
    known = s->history.begun < w->local_today || s->config->minimum_staff > 0;
    /* Calls that began before the first interval are still there: run in for a day. */
    for (int64_t t = begin - DAY_SECONDS; o->carry && t < begin; t += length) {
        struct need n;
        struct erlang_demand d = ask(w, s, o, t, &n);

        plan(w, d, o, &n);
        staffing_skills_carry(s, o, &(struct staffing_interval){NULL, NULL, d, n.contacts});
    }
    format_utc(before, begin - (int64_t)KEEP_DAYS * DAY_SECONDS);
    st = forget(w, s, before, format_utc(from, begin), err);
    for (int64_t t = begin; st == ST_OK && known && t < begin + HORIZON_DAYS * (int64_t)DAY_SECONDS;
         t += length)
        st = write_interval(w, s, o, t, err);
    return st;
}

static enum status
write_service(struct staffing_work *w, struct staffing_service *s, struct error *err)
{
    struct pass *p = w->pass;
    struct outlook *o = xcalloc(1, sizeof *o);
    struct staffing_score score;
    enum status st = store_begin(p->store, err);

    if (st == ST_OK)
        st = staffing_skills(w, s, err);
    if (st == ST_OK)
        st = staffing_measure(w, s, &score, err);
    if (st == ST_OK) {
        staffing_look_ahead(w, s, &score, o);
        st = write_week(w, s, o, err);
    }
    free(o);
    return store_end(p->store, st, err);
}

static enum status
prepare(struct staffing_work *w, struct error *err)
{
    enum status st = store_query(
        w->pass->store, &w->insert,
        "INSERT OR REPLACE INTO staffing(service, start, minutes, forecast, low, high, low95,"
        " high95, day_factor, day_name, wape, wape_floor, wape_naive, required, scheduled,"
        " required_expected, scheduled_expected, rostered, gap, service_level, occupancy,"
        " patience_seconds, availability, handle_seconds, completeness, model, as_of, handle_wape,"
        " handle_wape_floor, handle_wape_naive)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)",
        err);

    if (st == ST_OK)
        st = store_query(w->pass->store, &w->roster, ROSTER_TOGETHER_SQL("?1", "?2", "?3"), err);
    return st;
}

/* Services that are gone from ledger and configuration; what was forecast for them stays. */
static enum status
write_all(struct staffing_work *w, struct error *err)
{
    const struct config *c = w->pass->a->config;
    enum status st = prepare(w, err);

    for (size_t i = 0; i < c->service_count; i++)
        service_find(w, span_str(c->services[i].name));
    if (st == ST_OK)
        st = staffing_count_concurrent(w, err);
    if (w->count > MAX_SERVICES)
        log_warn("staffing_services", "services=%zu limit=%d", w->count, MAX_SERVICES);
    if (st == ST_OK)
        st = store_commit_open(w->pass->store, err);
    if (st == ST_OK)
        st = day_factors_load(&w->days, w->pass->store, err);
    if (st == ST_OK)
        staffing_fill_pools(w);
    for (size_t i = 0; st == ST_OK && i < w->count; i++)
        st = write_service(w, &w->services[i], err);
    return st;
}

enum status
pass_staffing(struct pass *p, struct error *err)
{
    struct staffing_work w = {.pass = p};
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
        st = pass_gaps(p, err);
    if (st == ST_OK && (p->slot_changed || p->full))
        st = staffing_shifts(&w, err);
    for (size_t i = 0; i < w.count; i++) {
        history_clear(&w.services[i].history);
        skills_clear(&w.services[i].skills);
        free(w.services[i].name);
    }
    free(w.services);
    day_factors_free(w.days);
    query_free(w.insert);
    query_free(w.roster);
    query_free(w.skill_insert);
    query_free(w.skill_own);
    classifier_free(w.classifier);
    rules_free(w.rules);
    return st;
}
