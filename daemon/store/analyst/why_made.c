/*
 * why_made.c - what made a change beyond its parts: factors, rates, who came and went.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "why_gather.h"

void
why_note(struct why_answer *a, const char *text)
{
    if (a->note_count < sizeof a->note / sizeof a->note[0])
        a->note[a->note_count++] = text;
}

void
why_amounts(const struct why_asking *k, const int64_t *daily, double out[2])
{
    out[0] = out[1] = 0;
    for (size_t i = 0; i < k->days.count; i++)
        out[k->in[i]] += (double)daily[i] * (k->in[i] ? 1 : k->days.usual[i]);
}

/* a, b/a, c/b: people, legs of each, minutes of each of those. */
static void
add_chain(struct why_asking *k, const char *const factors[3], const int64_t *first,
          const int64_t *second)
{
    struct why_chain *c = &k->a->chain[k->a->chain_count];
    double a[2], b[2], seconds[2];

    why_amounts(k, first, a);
    why_amounts(k, second, b);
    why_amounts(k, k->g.seconds, seconds);
    if ((a[0] == 0 && a[1] == 0) || (seconds[0] == 0 && seconds[1] == 0))
        return;
    *c = (struct why_chain){.sums.count = 3};
    for (int i = 0; i < 3; i++)
        c->factor[i] = factors[i];
    for (int t = 0; t < 2; t++) {
        double *f = t ? c->sums.after : c->sums.before;

        f[0] = a[t];
        f[1] = a[t] > 0 ? b[t] / a[t] : 0;
        f[2] = b[t] > 0 ? seconds[t] / 60 / b[t] : 0;
    }
    attribution_factors(&c->sums);
    k->a->chain_count++;
}

void
why_add_chains(struct why_asking *k)
{
    static const char *const people[] = {"people a day", "legs a person", "minutes a leg"};
    static const char *const size[] = {"conferences", "legs a conference", "minutes a leg"};
    static const char *const service[] = {"contacts", "share handled", "minutes a contact"};

    if (k->a->ask.kind == WHY_FEATURE)
        return;
    if (k->a->ask.kind == WHY_SERVICE) {
        add_chain(k, service, k->g.whole, k->g.ok);
        return;
    }
    add_chain(k, people, k->g.people, k->g.ok);
    add_chain(k, size, k->g.conferences, k->g.ok);
    why_note(k->a,
             "People and conferences are counted once a day, in estimates good to about 1 %.");
}

/* Minutes a leg by customer, or by the hours in which they passed. */
void
why_add_rate(struct why_asking *k)
{
    bool all = k->a->ask.kind == WHY_ALL;
    const struct why_list *weight = &k->g.list[all ? LIST_CUSTOMER_LEGS : LIST_HOUR_LEGS];
    const struct why_list *amount = &k->g.list[all ? LIST_CUSTOMER_SECONDS : LIST_HOUR_SECONDS];
    struct attribution_segment *s = xcalloc(weight->count + amount->count + 1, sizeof *s);
    size_t n = 0;

    for (size_t i = 0; i < weight->count; i++) {
        const struct why_series *w = &weight->at[i], *m = NULL;
        double legs[2], seconds[2] = {0, 0};

        if (all)
            m = &amount->at[i];
        for (size_t j = 0; !all && j < amount->count; j++)
            if (strcmp(amount->at[j].name, w->name) == 0)
                m = &amount->at[j];
        why_amounts(k, w->daily, legs);
        if (m)
            why_amounts(k, m->daily, seconds);
        s[n++] =
            (struct attribution_segment){legs[0], seconds[0] / 60, legs[1], seconds[1] / 60, 0, 0};
    }
    attribution_mix(s, n, &k->a->rate);
    k->a->rate_by = isnan(k->a->rate.before) ? NULL : all ? "customer" : "hours";
    free(s);
}

/* Customers' first days, from the store. */
static enum status
know_earlier(struct why_asking *k, struct error *err)
{
    struct query *q = NULL;
    char first[CIVIL_TEXT];
    struct why_list *l = &k->g.list[LIST_CUSTOMER];
    enum status st;

    if (!k->store)
        return ST_OK;
    st = store_query(k->store, &q, "SELECT first_day FROM customer_stat WHERE customer = ?1", err);
    format_day(first, k->g.first);
    for (size_t i = 0; st == ST_OK && i < l->count; i++) {
        double amount[2];

        why_amounts(k, l->at[i].daily, amount);
        if (amount[0] > 0 || amount[1] == 0)
            continue;
        query_set_text(q, 1, span_of(l->at[i].name, l->at[i].name_n));
        st = query_next(q, err);
        if (st == ST_OK) {
            struct span day = query_text(q, 0);

            l->at[i].earlier = day.n == strlen(first) && memcmp(day.p, first, day.n) < 0;
        }
        query_reset(q);
        st = st == ST_NOT_FOUND ? ST_OK : st;
    }
    query_free(q);
    return st;
}

enum status
why_add_population(struct why_asking *k, struct error *err)
{
    const struct why_list *l = &k->g.list[LIST_CUSTOMER];
    enum status st = know_earlier(k, err);

    for (size_t i = 0; st == ST_OK && i < l->count; i++) {
        double amount[2];

        why_amounts(k, l->at[i].daily, amount);
        attribution_population_add(&k->a->population, amount[0], amount[1], l->at[i].earlier);
    }
    k->a->has_population = l->count > 0;
    return st;
}
