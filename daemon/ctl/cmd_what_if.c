/*
 * cmd_what_if.c - staffing: the people that the coming week would need if things were otherwise.
 *
 * The week is the one that the analyst wrote into the store. Both sides of the comparison are made
 * here by the same rule (what_if.h), so that they differ by what was asked and nothing else.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "commands.h"
#include "options.h"
#include "scenario.h"
#include "staffing_rule.h"
#include "table.h"
#include "what_if.h"
#include "work.h"

#define MAX_INTERVALS 1024 /* of a service's week */

struct service {
    char *name;
    const struct config_service *config;
    struct staffing_learned learned;
    struct what_if_interval *in;
    char first[CIVIL_TEXT];
    int64_t *start;
    size_t count;
    struct what_if_totals now, then;
};

struct what_if {
    const struct config *config;
    const struct zone *zone;
    struct store *store;
    struct scenario scenario;
    const char *only;
    struct service *services;
    size_t count;
};

/* --- what was asked --- */

/* The share of all legs of four weeks that a customer has. */
static enum status
customer_share(struct what_if *w, struct span name, double *share, struct error *err)
{
    struct query *q = NULL;
    enum status st =
        store_query(w->store, &q,
                    "SELECT sum(legs) FILTER (WHERE customer = ?1), sum(legs) FROM customer_day"
                    " WHERE day >= (SELECT date(max(as_of), '-28 days') FROM analyst)",
                    err);

    if (st != ST_OK)
        return st;
    query_set_text(q, 1, name);
    st = query_next(q, err);
    if (st == ST_OK) {
        double own = query_real(q, 0), all = query_real(q, 1);

        *share = own > 0 && all > 0 ? own / all : 0;
    }
    query_free(q);
    return st;
}

/* --customer: so much more or less of what that customer brings. */
static int
apply_customers(struct what_if *w)
{
    struct scenario *s = &w->scenario;

    for (size_t i = 0; i < s->customers.count; i++) {
        double factor, share = 0;
        const char *change;
        struct span name;
        struct error err;

        if (!scenario_split(s->customers.at[i], &name, &change) ||
            !scenario_percent(change, &factor))
            return scenario_wrong("customer", s->customers.at[i], "NAME=CHANGE such as ACME=+50%");
        if (customer_share(w, name, &share, &err) != ST_OK)
            return work_failed(&err);
        if (!(share > 0)) {
            fprintf(stderr, "callswell what-if: customer %.*s had no legs in four weeks\n",
                    SPAN_ARG(name));
            return 1;
        }
        s->calls_factor += share * (factor - 1);
    }
    return 0;
}

/* --feature: uses of it that are contacts of this service. */
static int
apply_features(const struct scenario *s, const struct service *service,
               struct what_if_change *change, size_t *applied)
{
    const char *match = service->config->match;

    for (size_t i = 0; i < s->features.count; i++) {
        const char *text, *end;
        double factor;
        struct span name;

        if (!scenario_split(s->features.at[i], &name, &text))
            return scenario_wrong("feature", s->features.at[i],
                                  "NAME=CHANGE such as recording=+2000");
        if (!match || strncmp(match, "feature:", 8) != 0 || !span_is(name, match + 8))
            continue;
        if (scenario_percent(text, &factor)) {
            change->calls_factor *= factor;
        } else {
            change->extra_calls += strtod(text, (char **)&end);
            if (end == text || *end)
                return scenario_wrong("feature", s->features.at[i],
                                      "a change such as +2000 or +20%");
        }
        ++*applied;
    }
    return 0;
}

/* --- the week --- */

static struct service *
service_for(struct what_if *w, struct span name)
{
    struct service *s = w->count ? &w->services[w->count - 1] : NULL;

    if (s && span_is(name, s->name))
        return s;
    w->services = xrealloc(w->services, (w->count + 1) * sizeof *w->services);
    s = &w->services[w->count++];
    *s = (struct service){.name = xstrndup(name.p, name.n), .config = &config_service_defaults};
    s->in = xcalloc(MAX_INTERVALS, sizeof *s->in);
    s->start = xcalloc(MAX_INTERVALS, sizeof *s->start);
    for (size_t i = 0; i < w->config->service_count; i++)
        if (span_is(name, w->config->services[i].name))
            s->config = &w->config->services[i];
    return s;
}

static enum status
load(struct what_if *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        w->store, &q,
        "SELECT service, start, forecast, handle_seconds, rostered, patience_seconds, availability"
        " FROM staffing"
        " WHERE as_of = (SELECT max(as_of) FROM staffing) AND (?1 IS NULL OR service = ?1)"
        " ORDER BY service, start",
        err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, w->only);
    while ((st = query_next(q, err)) == ST_OK) {
        struct service *s = service_for(w, query_text(q, 0));
        bool has_offset;

        if (s->count == MAX_INTERVALS ||
            !parse_rfc3339(query_text(q, 1), &s->start[s->count], &has_offset))
            continue;
        s->in[s->count++] = (struct what_if_interval){
            .calls = query_real(q, 2),
            .aht_s = query_real(q, 3),
            .rostered = query_is_null(q, 4) ? NAN : query_real(q, 4),
        };
        if (!query_is_null(q, 5))
            s->learned.patience_s = query_real(q, 5);
        if (!query_is_null(q, 6))
            s->learned.availability = query_real(q, 6);
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static double
either(double asked, double configured)
{
    return isnan(asked) ? configured : asked;
}

static struct erlang_demand
asked_rule(const struct scenario *asked, struct erlang_demand d)
{
    d.service_level = either(asked->service_level, d.service_level);
    d.answer_within_s = either(asked->within, d.answer_within_s);
    d.max_occupancy = either(asked->occupancy, d.max_occupancy);
    d.shrinkage = either(asked->shrinkage, d.shrinkage);
    d.patience_s = either(asked->patience, d.patience_s);
    return d;
}

static int
compute(struct what_if *w)
{
    static const struct what_if_change none = {.calls_factor = 1, .aht_factor = 1};
    const struct scenario *asked = &w->scenario;
    size_t applied = 0;

    for (size_t i = 0; i < w->count; i++) {
        struct service *s = &w->services[i];
        struct erlang_demand now = staffing_rule(s->config, s->learned);
        struct erlang_demand then = asked_rule(asked, now);
        struct what_if_change change = {.calls_factor = asked->calls_factor,
                                        .aht_factor = asked->aht_factor,
                                        .aht_s = asked->aht_s};
        int code = apply_features(asked, s, &change, &applied);

        if (code != 0)
            return code;
        if (change.calls_factor < 0)
            change.calls_factor = 0;
        what_if_plan(&now, &none, s->in, s->count, NULL, &s->now);
        what_if_plan(&then, &change, s->in, s->count, NULL, &s->then);
    }
    if (applied < asked->features.count) {
        fprintf(stderr, "callswell what-if: --feature: uses of one of them are no contacts of any"
                        " service (service { match = \"feature:NAME\" })\n");
        return 1;
    }
    return 0;
}

/* --- telling --- */

static void
busiest(const struct what_if *w, const struct service *s, const struct what_if_totals *t,
        char out[CIVIL_TEXT])
{
    int64_t at = s->count ? s->start[t->peak] : 0;

    at += zone_offset_at(w->zone, at);
    format_utc(out, at);
    out[16] = '\0'; /* without the seconds */
    out[10] = ' ';
}

static void
line(const char *what, double now, double then, int digits)
{
    if (isnan(now) && isnan(then))
        return;
    printf("  %-32s %12.*f %12.*f %+12.*f\n", what, digits, now, digits, then, digits, then - now);
}

static void
print_service(const struct what_if *w, const struct service *s)
{
    const struct what_if_totals *a = &s->now, *b = &s->then;
    double rate = s->config->rate > 0 ? s->config->rate : NAN;
    char at[CIVIL_TEXT];

    busiest(w, s, b, at);
    printf("%s\n  %-32s %12s %12s %12s\n", s->name, "", "as it is", "then", "change");
    line("contacts in the week", a->calls, b->calls, 0);
    line("handling time, s", a->aht_s, b->aht_s, 0);
    line("at desks when busiest", a->peak_agents, b->peak_agents, 0);
    line("hours on the roster needed", a->scheduled_hours, b->scheduled_hours, 0);
    line("cost of those", a->scheduled_hours * rate, b->scheduled_hours * rate, 0);
    line("hours that the roster lacks", a->short_hours, b->short_hours, 0);
    line("service level with the roster, %", a->rostered_level * 100, b->rostered_level * 100, 1);
    printf("  busiest then: %s\n\n", at);
}

static void
print_table(const struct what_if *w, enum table_style style)
{
    static const struct table_column columns[] = {
        {"service", TABLE_TEXT},          {"scenario", TABLE_TEXT},
        {"contacts", TABLE_NUMBER},       {"handle_seconds", TABLE_NUMBER},
        {"peak_agents", TABLE_NUMBER},    {"scheduled_hours", TABLE_NUMBER},
        {"service_level", TABLE_NUMBER},  {"short_hours", TABLE_NUMBER},
        {"rostered_level", TABLE_NUMBER}, {"cost", TABLE_NUMBER},
    };
    struct table *t = table_new(columns, sizeof columns / sizeof *columns);

    for (size_t i = 0; i < 2 * w->count; i++) {
        const struct service *s = &w->services[i / 2];
        const struct what_if_totals *x = i % 2 ? &s->then : &s->now;

        table_row(t);
        table_text(t, s->name);
        table_text(t, i % 2 ? "then" : "now");
        table_real(t, x->calls, 10);
        table_real(t, x->aht_s, 10);
        table_u64(t, x->peak_agents);
        table_real(t, x->scheduled_hours, 10);
        table_real(t, x->service_level, 10);
        table_real(t, x->short_hours, 10);
        table_real(t, x->rostered_level, 10);
        table_real(t, s->config->rate > 0 ? x->scheduled_hours * s->config->rate : NAN, 10);
    }
    table_print(t, style, stdout);
    table_free(t);
}

static int
answer(struct what_if *w, bool json, bool csv)
{
    struct error err;
    int code;

    if (zone_load(&w->zone, w->config->timezone, &err) != ST_OK ||
        work_store(&w->store, w->config, STORE_READ, &err) != ST_OK || load(w, &err) != ST_OK)
        return work_failed(&err);
    if (w->count == 0) {
        fprintf(stderr, "callswell: there is no forecast%s%s yet\n", w->only ? " for " : "",
                w->only ? w->only : "");
        return 1;
    }
    code = apply_customers(w);
    if (code == 0)
        code = compute(w);
    if (code != 0)
        return code;
    if (json || csv)
        print_table(w, json ? TABLE_JSON : TABLE_CSV);
    for (size_t i = 0; !json && !csv && i < w->count; i++)
        print_service(w, &w->services[i]);
    return 0;
}

static void
clear(struct what_if *w)
{
    for (size_t i = 0; i < w->count; i++) {
        free(w->services[i].name);
        free(w->services[i].in);
        free(w->services[i].start);
    }
    free(w->services);
    store_close(w->store);
}

int
command_what_if(int argc, char **argv)
{
    struct what_if w = {.scenario = {.service_level = NAN,
                                     .within = NAN,
                                     .occupancy = NAN,
                                     .shrinkage = NAN,
                                     .patience = NAN}};
    struct scenario *s = &w.scenario;
    const char *path = NULL;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"service", OPTION_TEXT, &w.only, "NAME", "this one alone"},
        {"volume", OPTION_TEXT, &s->volume, "CHANGE", "so many more contacts: +20%"},
        {"aht", OPTION_TEXT, &s->aht, "TIME", "handling time: 240, 4m; or a change: -10%"},
        {"customer", OPTION_LIST, &s->customers, "NAME=CHANGE",
         "this one's part of them: ACME=+50%"},
        {"feature", OPTION_LIST, &s->features, "NAME=CHANGE",
         "its uses: recording=+2000, video=-5%"},
        {"sl", OPTION_REAL, &s->service_level, "SHARE", "wanted service level"},
        {"within", OPTION_REAL, &s->within, "S", "answered within"},
        {"occupancy", OPTION_REAL, &s->occupancy, "SHARE", "highest occupancy"},
        {"shrinkage", OPTION_REAL, &s->shrinkage, "SHARE", "paid time away from contacts"},
        {"patience", OPTION_REAL, &s->patience, "S", "callers hang up after so long on average"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "as CSV"},
    };
    const struct option_use use = {
        "callswell what-if staffing [OPTION...]",
        "The people that the coming week would need if things were otherwise.", rows,
        sizeof rows / sizeof rows[0],
        "  callswell what-if staffing --volume +20% --aht 4m\n"
        "  callswell what-if staffing --customer ACME=+50% --shrinkage 0.32"};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (first + 1 != argc || strcmp(argv[first], "staffing") != 0) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    if (s->service_level >= 1 || s->service_level < 0 || s->shrinkage < 0 || s->shrinkage >= 1 ||
        s->occupancy <= 0 || s->occupancy > 1 || s->within < 0 || s->patience < 0) {
        fprintf(stderr, "callswell what-if: --sl and --shrinkage lie in 0..1, below 1; --occupancy"
                        " above 0, up to 1; times are not negative\n");
        return EXIT_USAGE;
    }
    code = scenario_read(s);
    if (code != 0)
        return code;
    c = options_config(path, &code);
    if (!c)
        return code;
    w.config = c;
    code = answer(&w, json, csv);
    clear(&w);
    config_free(c);
    return code;
}
