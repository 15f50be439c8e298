/*
 * cmd_erlang.c - the calculator: the people that so many calls need, or what so many achieve.
 *
 * Every input and output of erlang.h. Calls are a steady state unless --in-progress says what the
 * interval begins with.
 */
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "erlang.h"
#include "json_write.h"
#include "options.h"
#include "table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OUTPUTS  32

struct question {
    struct erlang_demand d;
    double in_progress;   /* calls that the interval begins with; NAN: steady state */
    double phi, blocking; /* NAN: not asked */
    long agents;          /* -1: how many? */
    long minimum;
};

/* What it comes to, in the order in which it is shown. */
struct answer {
    struct output {
        const char *name;
        double value; /* not finite: without an end, or not known */
        int digits;   /* for people */
        const char *note;
    } at[OUTPUTS];
    size_t count;
    bool overload, capped;
};

static void
put(struct answer *a, const char *name, double value, int digits, const char *note)
{
    a->at[a->count++] = (struct output){name, value, digits, note};
}

/* --- what is asked --- */

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
answer_waits(const struct question *q, const struct erlang_plan *p, struct answer *a)
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
answer_error(const struct question *q, const struct erlang_plan *p, struct answer *a)
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

static void
answer(struct question *q, struct answer *a)
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

/* --- telling --- */

static const char *
state_of(const struct answer *a)
{
    return a->overload ? "OVERLOAD" : a->capped ? "CAPPED" : "OK";
}

static void
print_json(const struct answer *a)
{
    struct json_writer w;
    struct buf b = {0};

    json_begin(&w, &b);
    json_object(&w, NULL);
    for (size_t i = 0; i < a->count; i++)
        json_real(&w, a->at[i].name, a->at[i].value);
    json_text(&w, "state", state_of(a));
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

static void
print_csv(const struct answer *a)
{
    struct table_column columns[OUTPUTS + 1];
    struct table *t;

    for (size_t i = 0; i < a->count; i++)
        columns[i] = (struct table_column){a->at[i].name, TABLE_NUMBER};
    columns[a->count] = (struct table_column){"state", TABLE_TEXT};
    t = table_new(columns, a->count + 1);
    table_row(t);
    for (size_t i = 0; i < a->count; i++)
        table_real(t, a->at[i].value, 10);
    table_text(t, state_of(a));
    table_print(t, TABLE_CSV, stdout);
    table_free(t);
}

static void
print_people(const struct answer *a)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct output *o = &a->at[i];
        char value[32];

        snprintf(value, sizeof value, "%.*f", o->digits, o->value);
        printf("%-23s%14s  %s\n", o->name, isfinite(o->value) ? value : "endless", o->note);
    }
    if (a->overload)
        puts("OVERLOAD: more comes than these can answer, and who waits does not hang up.");
    if (a->capped)
        printf("CAPPED: not met by %u.\n", ERLANG_MAX_AGENTS);
}

/* --- the command --- */

/* What is wrong with a number, or NULL. */
static const char *
check(const struct question *q)
{
    const struct erlang_demand *d = &q->d;
    const struct {
        bool good;
        const char *rule;
    } rules[] = {
        {d->calls >= 0 && isfinite(d->calls), "--calls is needed, 0 or more"},
        {d->aht_s > 0 && isfinite(d->aht_s), "--aht is needed, above 0 seconds"},
        {d->interval_s > 0 && isfinite(d->interval_s), "--interval lies above 0 seconds"},
        {d->service_level >= 0 && d->service_level < 1, "--sl lies in 0..1, below 1 (0.8)"},
        {d->answer_within_s >= 0, "--within is 0 seconds or more"},
        {d->max_occupancy > 0 && d->max_occupancy <= 1, "--occupancy lies above 0, up to 1"},
        {d->shrinkage >= 0 && d->shrinkage < 1, "--shrinkage lies in 0..1, below 1 (0.3)"},
        {d->patience_s >= 0, "--patience is 0 seconds or more"},
        {d->max_abandon > 0 && d->max_abandon <= 1, "--abandon lies above 0, up to 1"},
        {q->minimum >= 0 && q->minimum <= (long)ERLANG_MAX_AGENTS, "--minimum lies in 0..1000000"},
        {q->agents >= -1 && q->agents <= (long)ERLANG_MAX_AGENTS, "--agents lies in 0..1000000"},
        {isnan(q->in_progress) || (q->in_progress >= 0 && isfinite(q->in_progress)),
         "--in-progress is 0 or more"},
        {isnan(q->phi) || (q->phi >= 0 && q->phi <= 10), "--phi lies in 0..10"},
        {isnan(q->blocking) || (q->blocking > 0 && q->blocking < 1),
         "--blocking lies between 0 and 1"},
    };

    for (size_t i = 0; i < COUNT(rules); i++)
        if (!rules[i].good)
            return rules[i].rule;
    return NULL;
}

static const struct question usual = {.d = {.calls = -1,
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

static void
reply(struct question *q, bool json, bool csv)
{
    struct answer a = {0};

    q->d.minimum = (unsigned)q->minimum;
    answer(q, &a);
    if (json)
        print_json(&a);
    else if (csv)
        print_csv(&a);
    else
        print_people(&a);
}

int
command_erlang(int argc, char **argv)
{
    struct question q = usual;
    struct erlang_demand *d = &q.d;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"calls", OPTION_REAL, &d->calls, "N", "calls in the interval"},
        {"interval", OPTION_REAL, &d->interval_s, "S", "its length in seconds (1800)"},
        {"aht", OPTION_REAL, &d->aht_s, "S", "average handling time in seconds"},
        {"sl", OPTION_REAL, &d->service_level, "SHARE", "wanted service level (0.8)"},
        {"within", OPTION_REAL, &d->answer_within_s, "S", "answered within (20)"},
        {"occupancy", OPTION_REAL, &d->max_occupancy, "SHARE", "highest occupancy (0.85)"},
        {"shrinkage", OPTION_REAL, &d->shrinkage, "SHARE", "paid time away from calls (0.3)"},
        {"patience", OPTION_REAL, &d->patience_s, "S", "callers hang up after so long on average"},
        {"abandon", OPTION_REAL, &d->max_abandon, "SHARE", "so many may, with --patience (1)"},
        {"minimum", OPTION_INT, &q.minimum, "N", "people wanted even when nobody calls (0)"},
        {"agents", OPTION_INT, &q.agents, "N", "what so many at their desks achieve"},
        {"in-progress", OPTION_REAL, &q.in_progress, "N",
         "calls when the interval begins (a steady state)"},
        {"phi", OPTION_REAL, &q.phi, "X", "forecast error: variance of the mean by its square"},
        {"blocking", OPTION_REAL, &q.blocking, "SHARE", "lines (Erlang B) that block so many"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "as CSV"},
    };
    const struct option_use use = {
        "callswell erlang --calls N --aht S [OPTION...]",
        "Required agents by Erlang C: callers wait for as long as it takes; by Erlang A\n"
        "with --patience. Or, with --agents, what so many achieve.",
        rows, COUNT(rows),
        "  callswell erlang --calls 100 --aht 180\n"
        "  callswell erlang --calls 100 --aht 180 --patience 300 --abandon 0.05\n"
        "  callswell erlang --calls 0 --aht 3600 --in-progress 89.8 --agents 80"};
    const char *wrong;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    wrong = check(&q);
    if (wrong || first != argc || (json && csv)) {
        fprintf(stderr, "callswell erlang: %s\n",
                wrong         ? wrong
                : json && csv ? "--json or --csv, not both"
                              : "it takes options only");
        return EXIT_USAGE;
    }
    reply(&q, json, csv);
    return 0;
}
