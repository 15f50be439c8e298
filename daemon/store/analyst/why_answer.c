/*
 * why_answer.c - which days are compared, what is read of them, and what is made of that.
 */
#include "why_answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "why_gather.h"

#define USUAL_PERIOD  7
#define USUAL_AGAINST 28
#define UNKNOWN_MOST  0.01 /* share of the whole that may lack a region in a period */

/* --- which days --- */

static enum status
choose_days(struct why_ask *ask, struct error *err)
{
    if (ask->to == WHY_USUAL)
        ask->to = ask->from == WHY_USUAL ? ask->today : ask->from + USUAL_PERIOD;
    if (ask->to > ask->today)
        ask->to = ask->today;
    if (ask->from == WHY_USUAL)
        ask->from = ask->to - USUAL_PERIOD;
    if (ask->against_to == WHY_USUAL)
        ask->against_to = ask->against == WHY_USUAL || ask->against < ask->from
                              ? ask->from
                              : ask->against + USUAL_AGAINST;
    if (ask->against == WHY_USUAL)
        ask->against = ask->against_to - USUAL_AGAINST;
    if (ask->from >= ask->to)
        return fail(err, ST_BAD_INPUT, "the period has no whole day that is over (UTC)");
    if (ask->against >= ask->against_to)
        return fail(err, ST_BAD_INPUT, "what it is held against has no day in it");
    if (ask->against < ask->to && ask->from < ask->against_to)
        return fail(err, ST_BAD_INPUT, "the period and what it is held against overlap");
    if (ask->to - ask->against > WHY_MAX_DAYS || ask->against_to - ask->from > WHY_MAX_DAYS)
        return fail(err, ST_BAD_INPUT, "at most %d days from the first to the last", WHY_MAX_DAYS);
    return ST_OK;
}

/* The days on which nothing came from anybody; all of them are false without a store. */
static enum status
days_without_input(struct why_asking *k, bool *missing, struct error *err)
{
    struct query *q = NULL;
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    enum status st;

    memset(missing, k->store != NULL, (size_t)(k->g.end - k->g.first));
    if (!k->store)
        return ST_OK;
    st = store_query(k->store, &q, "SELECT day FROM input_day WHERE day >= ?1 AND day < ?2", err);
    if (st != ST_OK)
        return st;
    query_set_str(q, 1, format_day(from, k->g.first));
    query_set_str(q, 2, format_day(to, k->g.end));
    while ((st = query_next(q, err)) == ST_OK) {
        int32_t day;

        if (parse_day(query_text(q, 0), &day))
            missing[day - k->g.first] = false;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
compare_days(struct why_asking *k, struct error *err)
{
    struct why_answer *a = k->a;
    const struct why_ask *ask = &a->ask;
    size_t all = (size_t)(k->g.end - k->g.first), n = 0;
    bool *missing = arena_alloc(&a->mem, all);
    uint8_t *weekday = arena_alloc(&a->mem, all);
    double *usual = arena_alloc(&a->mem, all * sizeof *usual);
    enum status st = days_without_input(k, missing, err);

    k->in = arena_alloc(&a->mem, all);
    k->g.place = arena_alloc(&a->mem, all * sizeof *k->g.place);
    for (size_t i = 0; st == ST_OK && i < all; i++) {
        int32_t day = k->g.first + (int32_t)i;
        bool in = day >= ask->from && day < ask->to;

        k->g.place[i] = -1;
        if (!in && !(day >= ask->against && day < ask->against_to))
            continue;
        if (missing[i]) {
            *(in ? &a->days_missing : &a->against_missing) += 1;
            continue;
        }
        *(in ? &a->days : &a->against_days) += 1;
        k->in[n] = in;
        weekday[n] = (uint8_t)weekday_from_days(day);
        k->g.place[i] = (int32_t)n++;
    }
    if (st != ST_OK)
        return st;
    if (a->days == 0 || a->against_days == 0)
        return fail(err, ST_BAD_INPUT, "there was no input at all %s",
                    a->days ? "in what the period is held against" : "in the period");
    a->by_weekday = why_weigh(k->in, weekday, n, usual);
    k->g.days = n;
    why_gather_begin(&k->g);
    k->days = (struct why_days){n, k->in, usual, weekday};
    return ST_OK;
}

/* --- what is read --- */

static enum status
read_subject(struct why_asking *k, enum cell_kind kind, struct error *err)
{
    return ledger_scan_subject(k->reader, kind, k->a->ask.name, k->g.first, why_gather_add, &k->g,
                               err);
}

/* Finds out what the name is by looking for it. */
static enum status
read_named(struct why_asking *k, struct error *err)
{
    static const struct {
        enum why_kind why;
        enum cell_kind cell;
    } kinds[] = {{WHY_CUSTOMER, CELL_CUSTOMER},
                 {WHY_SERVICE, CELL_SERVICE},
                 {WHY_SERVICE, CELL_WORKLOAD},
                 {WHY_FEATURE, CELL_FEATURE}};
    struct why_ask *ask = &k->a->ask;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        enum status st;

        if (ask->kind != WHY_ANY && ask->kind != kinds[i].why)
            continue;
        st = read_subject(k, kinds[i].cell, err);
        if (st != ST_OK)
            return st;
        if (k->g.anything) {
            ask->kind = kinds[i].why;
            return ST_OK;
        }
    }
    return fail(err, ST_NOT_FOUND,
                "nothing is counted of \"%.*s\" in these days: no %s of that name",
                SPAN_ARG(ask->name),
                ask->kind == WHY_CUSTOMER  ? "customer"
                : ask->kind == WHY_SERVICE ? "service"
                : ask->kind == WHY_FEATURE ? "feature"
                                           : "customer, service or feature");
}

static enum status
read_all(struct why_asking *k, struct error *err)
{
    struct why_ask *ask = &k->a->ask;
    enum status st = ask->kind == WHY_ALL ? ST_OK : read_named(k, err);

    k->g.customers = ask->kind == WHY_ALL;
    if (ask->kind == WHY_FEATURE)
        k->g.feature = ask->name;
    if (st == ST_OK && (ask->kind == WHY_ALL || ask->kind == WHY_FEATURE))
        st = ledger_scan_kind(k->reader, CELL_CUSTOMER, k->g.first, why_gather_add, &k->g, err);
    if (st == ST_OK && ask->kind == WHY_ALL && !k->g.anything)
        return fail(err, ST_NOT_FOUND, "nothing is counted in these days");
    return st;
}

/* --- what is made of it --- */

static void
add_dimension(struct why_asking *k, int list)
{
    struct why_answer *a = k->a;
    const struct why_list *l = &k->g.list[list];
    struct why_dimension *d = &a->dimension[a->dimension_count];

    if (l->count == 0)
        return;
    *d = (struct why_dimension){.name = l->name, .count = l->count};
    d->part = arena_alloc(&a->mem, l->count * sizeof *d->part);
    for (size_t i = 0; i < l->count; i++)
        d->part[i] = (struct why_part){
            .name = l->at[i].name, .daily = l->at[i].daily, .rest = l->at[i].rest};
    a->dimension_count++;
}

/* Regions and people are known of days since they are kept; what lacks them on such a day is a part
 * of its own. */
static bool
parts_are_known(struct why_asking *k)
{
    double whole[2], parts[2];

    why_amounts(k, k->g.whole, whole);
    why_amounts(k, k->g.parts, parts);
    for (int i = 0; i < 2; i++)
        if (whole[i] - parts[i] > UNKNOWN_MOST * whole[i])
            return false;
    for (size_t i = 0; i < k->days.count; i++) {
        int64_t rest = k->g.whole[i] - k->g.parts[i];

        if (rest == 0)
            continue;
        why_series_of(&k->g, LIST_REGION, SPAN("not known"))->daily[i] += rest;
        why_series_of(&k->g, LIST_PEOPLE, SPAN("not known"))->daily[i] += rest;
    }
    return true;
}

/* Those of dimensions that are known. */
static void
add_pairs(struct why_asking *k, bool parts)
{
    static const struct {
        int first, second;
        bool parts;
    } twos[WHY_TWOS] = {[REGION_PEOPLE] = {LIST_REGION, LIST_PEOPLE, true},
                        [REGION_OUTCOME] = {LIST_REGION, LIST_OUTCOME, true},
                        [PEOPLE_OUTCOME] = {LIST_PEOPLE, LIST_OUTCOME, true},
                        [HOURS_OUTCOME] = {LIST_HOURS, LIST_OUTCOME, false}};
    struct why_answer *a = k->a;
    const struct why_list *l = &k->g.list[LIST_PAIR];
    size_t most = 0;

    for (int two = 0; two < WHY_TWOS; two++)
        most += l[two].count;
    a->pair = arena_alloc(&a->mem, (most + 1) * sizeof *a->pair);
    for (int two = 0; two < WHY_TWOS; two++)
        for (size_t i = 0; i < l[two].count && (parts || !twos[two].parts); i++) {
            const char *name = l[two].at[i].name;

            a->pair[a->pair_count++] = (struct why_pair){
                .dimension = {k->g.list[twos[two].first].name, k->g.list[twos[two].second].name},
                .name = {name, name + strlen(name) + 1},
                .daily = l[two].at[i].daily};
        }
}

static enum status
add_sizes(struct why_asking *k, struct error *err)
{
    bool known;
    enum status st = why_gather_sizes(k, k->a->ask.name, &known, err);

    if (known)
        add_dimension(k, LIST_SIZE);
    else if (k->g.list[LIST_SIZE].count)
        why_note(k->a, "How large conferences were is known of too few of these legs: of those that"
                       " join and leave, or whose format has conferences = yes.");
    return st;
}

static enum status
add_dimensions(struct why_asking *k, struct error *err)
{
    struct why_answer *a = k->a;
    enum status st;
    bool parts;

    add_dimension(k, LIST_OUTCOME);
    add_dimension(k, LIST_HOURS);
    add_dimension(k, LIST_CUSTOMER);
    if (a->ask.kind == WHY_SERVICE || a->ask.kind == WHY_FEATURE) {
        add_pairs(k, false);
        return ST_OK;
    }
    add_dimension(k, LIST_FEATURE);
    st = add_sizes(k, err);
    parts = parts_are_known(k);
    add_pairs(k, parts);
    if (parts) {
        add_dimension(k, LIST_REGION);
        add_dimension(k, LIST_PEOPLE);
    } else {
        why_note(a,
                 "Regions and kinds of people are not known of all these days: they are kept from"
                 " the day on which why { dimensions } was switched on.");
    }
    if (k->g.list[LIST_FEATURE].count) {
        why_note(a, "Attempts may use several features, so theirs overlap and do not add up.");
        why_note(a, "Features are not counted by region, people or hours: pairs of these are not"
                    " known.");
    }
    return st;
}

/* The customer that is the reason has reasons of its own: its cells, held against the whole. */
static enum status
ask_customer(struct why_asking *k, const char *name, struct error *err)
{
    struct why_asking one = {.a = k->a, .reader = k->reader, .store = k->store, .zone = k->zone};
    struct why_answer *a = k->a;
    static const int lists[] = {LIST_OUTCOME, LIST_HOURS,  LIST_FEATURE,
                                LIST_REGION,  LIST_PEOPLE, LIST_SIZE};
    bool sized = false;
    enum status st;
    size_t more = 0;
    struct why_pair *pairs;

    why_gather_init(&one.g, a, k->zone);
    one.g.place = k->g.place;
    one.g.days = k->g.days;
    why_gather_begin(&one.g);
    one.days = k->days;
    one.in = k->in;
    st = ledger_scan_subject(k->reader, CELL_CUSTOMER, span_str(name), one.g.first, why_gather_add,
                             &one.g, err);
    if (st == ST_OK)
        st = why_gather_sizes(&one, span_str(name), &sized, err);
    if (!sized)
        one.g.list[LIST_SIZE].count = 0;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        more += one.g.list[lists[i]].count;
    pairs = arena_alloc(&a->mem, (a->pair_count + more + 1) * sizeof *pairs);
    if (a->pair_count)
        memcpy(pairs, a->pair, a->pair_count * sizeof *pairs);
    a->pair = pairs;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (size_t j = 0; j < one.g.list[lists[i]].count; j++)
            a->pair[a->pair_count++] = (struct why_pair){
                .dimension = {k->g.list[LIST_CUSTOMER].name, one.g.list[lists[i]].name},
                .name = {name, one.g.list[lists[i]].at[j].name},
                .daily = one.g.list[lists[i]].at[j].daily};
    return st;
}

static int
by_change(const void *a, const void *b)
{
    const struct why_part *x = a, *y = b;
    double p = fabs(x->after - x->before), q = fabs(y->after - y->before);

    return p != q ? (p > q ? -1 : 1) : strcmp(x->name, y->name);
}

/* What explains nothing stands in the order of its size. */
static void
sort_rest(struct why_dimension *d)
{
    size_t named = d->cause ? d->named : 0;

    qsort(d->part + named, d->count - named, sizeof *d->part, by_change);
}

static enum status
conclude(struct why_asking *k, struct error *err)
{
    struct why_answer *a = k->a;
    enum status st = ST_OK;

    a->why.whole = (struct why_part){.name = a->unit, .daily = k->g.whole};
    why_conclude(&a->why, &k->days, a->dimension, a->dimension_count, a->pair, a->pair_count);
    for (size_t i = 0; i < a->dimension_count; i++) {
        const struct why_dimension *d = &a->dimension[i];

        if (strcmp(d->name, "customer") != 0 || !d->cause || d->named != 1)
            continue;
        if (a->ask.kind == WHY_ALL)
            st = ask_customer(k, d->part[0].name, err);
        if (st == ST_OK && a->ask.kind == WHY_ALL)
            why_conclude(&a->why, &k->days, a->dimension, a->dimension_count, a->pair,
                         a->pair_count);
        break;
    }
    for (size_t i = 0; i < a->dimension_count; i++)
        sort_rest(&a->dimension[i]);
    if (a->why.inside) /* notes say what an explanation cannot: there is none */
        a->note_count = 0;
    return st;
}

static enum status
make(struct why_asking *k, struct error *err)
{
    struct why_answer *a = k->a;
    double seconds[2];
    enum status st;

    a->unit = a->ask.kind == WHY_SERVICE   ? "contacts"
              : a->ask.kind == WHY_FEATURE ? "uses and attempts"
                                           : "attempts";
    st = add_dimensions(k, err);
    why_amounts(k, k->g.seconds, seconds);
    a->minutes[0] = seconds[0] / 60;
    a->minutes[1] = seconds[1] / 60;
    why_add_chains(k);
    a->rate = (struct attribution_mix){NAN, NAN, 0, 0, false};
    if (a->ask.kind == WHY_CUSTOMER || a->ask.kind == WHY_ALL)
        why_add_rate(k);
    if (st == ST_OK && (a->ask.kind == WHY_FEATURE || a->ask.kind == WHY_ALL))
        st = why_add_population(k, err);
    if (a->ask.kind == WHY_SERVICE)
        why_note(a, "Of a service's contacts it is not kept whose they are, nor where from.");
    if (a->ask.kind == WHY_FEATURE)
        why_note(a, "Of a feature's uses hours and regions are not kept.");
    return st == ST_OK ? conclude(k, err) : st;
}

enum status
why_answer(struct why_answer *out, struct ledger_reader *r, struct store *store,
           const struct zone *zone, const struct why_ask *ask, struct error *err)
{
    struct why_asking k = {.a = out, .reader = r, .store = store, .zone = zone};
    enum status st;

    memset(out, 0, sizeof *out);
    out->ask = *ask;
    arena_init(&out->mem);
    out->ask.name = arena_copy(&out->mem, ask->name);
    st = choose_days(&out->ask, err);
    if (st == ST_OK) {
        why_gather_init(&k.g, out, zone);
        st = compare_days(&k, err);
    }
    if (st == ST_OK)
        st = read_all(&k, err);
    if (st == ST_OK)
        st = make(&k, err);
    if (st != ST_OK)
        why_answer_clear(out);
    return st;
}

void
why_answer_clear(struct why_answer *a)
{
    arena_clear(&a->mem);
    memset(a, 0, sizeof *a);
}
