/*
 * feature_spread.c - the demand for each feature, customer by customer.
 */
#include "feature_spread.h"

#include <math.h>
#include <stdlib.h>

#include "hash.h"

/* Names are what records say; so many get a figure, the rest is not known. */
#define MAX_FEATURES 4096

struct spread_row {
    char *name;
    uint32_t number;                  /* what parts call it */
    double people, largest, votes;    /* of customers: their sum, the most of one, faded */
    int64_t wanting, denied;          /* customers */
    double root, draws[DEMAND_DRAWS]; /* when all customers are there */
};

struct spread_part {
    uint32_t customer, feature;
    float votes;
};

struct spread_customer {
    uint64_t key;
    double value;
};

struct spread {
    struct spread_row **rows; /* sorted by name */
    size_t count, cap;
    struct spread_customer *customers;
    size_t customer_count, customer_cap;
    struct spread_part *parts; /* by customer */
    size_t part_count, part_cap;
};

struct spread *
spread_new(void)
{
    return xcalloc(1, sizeof(struct spread));
}

void
spread_free(struct spread *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        free(s->rows[i]->name);
        free(s->rows[i]);
    }
    free(s->rows);
    free(s->customers);
    free(s->parts);
    free(s);
}

/* The place of a name, or where it would have to be. */
static size_t
find(const struct spread *s, struct span name, bool *found)
{
    size_t low = 0, high = s->count;

    *found = false;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int cmp = span_cmp(span_str(s->rows[mid]->name), name);

        if (cmp == 0) {
            *found = true;
            return mid;
        }
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct spread_row *
row_for(struct spread *s, struct span name)
{
    bool found;
    size_t at = find(s, name, &found);

    if (found)
        return s->rows[at];
    if (s->count == MAX_FEATURES)
        return NULL;
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->rows = xrealloc(s->rows, s->cap * sizeof(struct spread_row *));
    }
    memmove(&s->rows[at + 1], &s->rows[at], (s->count - at) * sizeof(struct spread_row *));
    s->rows[at] = xcalloc(1, sizeof *s->rows[at]);
    s->rows[at]->name = xstrndup(name.p, name.n);
    s->rows[at]->number = (uint32_t)s->count++;
    return s->rows[at];
}

static void
add_part(struct spread *s, const struct spread_row *r, double votes)
{
    if (s->part_count == s->part_cap) {
        s->part_cap = s->part_cap ? s->part_cap * 2 : 4096;
        s->parts = xrealloc(s->parts, s->part_cap * sizeof *s->parts);
    }
    s->parts[s->part_count++] =
        (struct spread_part){(uint32_t)s->customer_count, r->number, (float)votes};
}

void
spread_add(struct spread *s, struct span customer, const struct profile *p)
{
    double most = p->feature_count ? round(sketch_union_estimate(p->people)) : 0;

    if (s->customer_count == s->customer_cap) {
        s->customer_cap = s->customer_cap ? s->customer_cap * 2 : 1024;
        s->customers = xrealloc(s->customers, s->customer_cap * sizeof *s->customers);
    }
    s->customers[s->customer_count] = (struct spread_customer){
        hash_bytes(customer.p, customer.n, 0), (double)p->sums[WINDOW_90D][CUSTOMER_SECONDS]};
    for (size_t i = 0; i < p->feature_count; i++) {
        const struct profile_feature *f = &p->features[i];
        struct spread_row *r = row_for(s, f->name);
        double people = (double)(f->used_90d + f->wanted_90d);
        double lately = (double)(f->used_30d + f->wanted_30d);

        if (!r || !(people > 0)) /* corrections take uses back */
            continue;
        /* Who was in no meeting that went well may still have tried. */
        if (most > 0 && lately > most)
            people *= most / lately;
        r->people += people;
        r->largest = fmax(r->largest, people);
        r->wanting += f->wanted_90d > 0;
        r->denied += f->wanted_90d > 0 && f->used_90d <= 0;
        r->votes += people * demand_vote(p->today - f->last_day, 1);
        add_part(s, r, people * demand_vote(p->today - f->last_day, 1));
    }
    s->customer_count++;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median_value(const struct spread *s)
{
    double *v = xcalloc(s->customer_count + 1, sizeof *v), median;

    for (size_t i = 0; i < s->customer_count; i++)
        v[i] = s->customers[i].value;
    qsort(v, s->customer_count, sizeof *v, by_value);
    median = (v[s->customer_count / 2] + v[(s->customer_count - !!s->customer_count) / 2]) / 2;
    free(v);
    return median;
}

/* Every customer's part of every feature, and of the features as drawn. */
static void
add_up(struct spread *s)
{
    struct spread_row **by_number = xcalloc(s->count + 1, sizeof(struct spread_row *));
    double median = median_value(s);
    uint8_t drawn[DEMAND_DRAWS];
    size_t of = SIZE_MAX;

    for (size_t i = 0; i < s->count; i++) {
        by_number[s->rows[i]->number] = s->rows[i];
        s->rows[i]->root = 0;
        memset(s->rows[i]->draws, 0, sizeof s->rows[i]->draws);
    }
    for (size_t i = 0; i < s->part_count; i++) {
        const struct spread_part *part = &s->parts[i];
        const struct spread_customer *c = &s->customers[part->customer];
        struct spread_row *r = by_number[part->feature];
        double value =
            demand_value(demand_customer_weight(c->value, median), (double)part->votes / r->votes);

        for (unsigned b = 0; of != part->customer && b < DEMAND_DRAWS; b++)
            drawn[b] = (uint8_t)demand_drawn(b, c->key);
        of = part->customer;
        r->root += value;
        demand_draw(drawn, value, r->draws);
    }
    free(by_number);
}

enum status
spread_save(struct spread *s, struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q,
                                 "INSERT INTO feature_spread(feature, as_of, largest_share,"
                                 " wanting, denied, root, draws)"
                                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                                 err);

    add_up(s);
    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM feature_spread", err);
    for (size_t i = 0; st == ST_OK && i < s->count; i++) {
        const struct spread_row *r = s->rows[i];

        if (!(r->people > 0))
            continue;
        query_set_str(q, 1, r->name);
        query_set_str(q, 2, p->now_text);
        query_set_real(q, 3, r->largest / r->people);
        query_set_int(q, 4, r->wanting);
        query_set_int(q, 5, r->denied);
        query_set_real(q, 6, r->root);
        query_set_blob(q, 7, span_of((const char *)r->draws, sizeof r->draws));
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

static void
add_customer(void *arg, struct span customer, const struct profile *p)
{
    spread_add(arg, customer, p);
}

enum status
spread_measure(struct pass *p, struct error *err)
{
    struct spread *s = spread_new();
    enum status st = profile_each(p, add_customer, s, err);

    if (st == ST_OK)
        st = spread_save(s, p, err);
    spread_free(s);
    return st;
}

enum status
spread_load(struct pass *p, const char *feature, struct feature_spread *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q,
        "SELECT largest_share, wanting, denied, root, draws FROM feature_spread WHERE feature = ?1",
        err);

    *out = (struct feature_spread){.largest_share = NAN};
    if (st != ST_OK)
        return st;
    query_set_str(q, 1, feature);
    st = query_next(q, err);
    if (st == ST_OK && query_text(q, 4).n == sizeof out->draws) {
        out->known = true;
        out->largest_share = query_real(q, 0);
        out->wanting = query_int(q, 1);
        out->denied = query_int(q, 2);
        out->root = query_real(q, 3);
        memcpy(out->draws, query_text(q, 4).p, sizeof out->draws);
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
