/*
 * usage_gather.c - how near each customer's hours are to the groups, and a sample for finding them.
 */
#include "usage_groups.h"

#include <stdio.h>
#include <stdlib.h>

#include "hash.h"

/* So many customers are fitted, whatever their number: the time is bounded, and the groups of
 * some hundreds are those of all. */
#define SAMPLE   400
#define FIT_DAYS 7
#define FEATURES 512

static enum status
read_groups(struct usage_gather *g, struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q, "SELECT name, base, centroid FROM usage_group ORDER BY customers DESC, name",
        err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        struct known_group *k = &g->group[g->groups];
        struct span centroid = query_text(q, 2);

        if (g->groups == KMEANS_MOST || centroid.n != sizeof k->centroid)
            continue;
        snprintf(k->name, sizeof k->name, "%.*s", SPAN_ARG(query_text(q, 0)));
        snprintf(k->base, sizeof k->base, "%.*s", SPAN_ARG(query_text(q, 1)));
        memcpy(k->centroid, centroid.p, sizeof k->centroid);
        g->groups++;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* A new zone or an old fit: look again. */
static enum status
is_due(struct usage_gather *g, struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q, "SELECT substr(as_of, 1, 10) FROM model WHERE name = 'usage'", err);

    g->fitting = true;
    g->fitted = p->today;
    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK && parse_day(query_text(q, 0), &g->fitted))
        g->fitting = p->first || p->settings_changed || p->today - g->fitted >= FIT_DAYS ||
                     p->today < g->fitted;
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
usage_gather_new(struct usage_gather **out, struct pass *p, struct error *err)
{
    struct usage_gather *g = xcalloc(1, sizeof *g);
    enum status st = read_groups(g, p, err);

    arena_init(&g->mem);
    g->features = xcalloc(FEATURES, sizeof *g->features);
    g->feature_count = 1;
    if (st == ST_OK)
        st = is_due(g, p, err);
    if (st == ST_OK && g->fitting) {
        g->sample = xmalloc((size_t)SAMPLE * USAGE_HOURS * sizeof *g->sample);
        g->keys = xcalloc(SAMPLE, sizeof *g->keys);
    }
    if (st != ST_OK) {
        usage_gather_free(g);
        g = NULL;
    }
    *out = g;
    return st;
}

void
usage_gather_free(struct usage_gather *g)
{
    if (!g)
        return;
    arena_clear(&g->mem);
    free(g->rows);
    free(g->features);
    free(g->sample);
    free(g->keys);
    free(g);
}

void
usage_gather_restart(struct usage_gather *g)
{
    g->count = 0;
    g->feature_count = 1;
    g->fitting = false;
    arena_reset(&g->mem);
}

static uint16_t
feature_number(struct usage_gather *g, const struct profile *p)
{
    double share;
    const struct profile_feature *best = profile_dominant(p, &share);
    size_t i = 1;

    if (!best)
        return 0;
    while (i < g->feature_count && !span_eq(g->features[i], best->name))
        i++;
    if (i == FEATURES)
        return 0;
    if (i == g->feature_count)
        g->features[g->feature_count++] = arena_copy(&g->mem, best->name);
    return (uint16_t)i;
}

/* The lowest keys of all stay; the order of customers does not matter. */
static void
offer_sample(struct usage_gather *g, uint64_t key, const double *point)
{
    size_t at = g->sampled;

    if (at == SAMPLE) {
        at = 0;
        for (size_t i = 1; i < SAMPLE; i++)
            at = g->keys[i] > g->keys[at] ? i : at;
        if (key >= g->keys[at])
            return;
    } else {
        g->sampled++;
    }
    g->keys[at] = key;
    memcpy(g->sample + at * USAGE_HOURS, point, USAGE_HOURS * sizeof *point);
}

void
usage_gather_add(struct usage_gather *g, struct span customer, const struct profile *p)
{
    double point[USAGE_HOURS];
    struct usage_row *r;

    if (p->timed < USAGE_MIN_LEGS)
        return;
    usage_point(p->hours, point);
    if (g->fitting)
        offer_sample(g, hash_bytes(customer.p, customer.n, 2), point);
    if (g->groups == 0)
        return;
    if (g->count == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 1024;
        g->rows = xrealloc(g->rows, g->cap * sizeof *g->rows);
    }
    r = &g->rows[g->count++];
    *r = (struct usage_row){.customer = arena_copy(&g->mem, customer),
                            .feature = feature_number(g, p)};
    for (unsigned j = 0; j < g->groups; j++) {
        r->distance[j] = (float)kmeans_distance(point, g->group[j].centroid, USAGE_HOURS);
        r->nearest = r->distance[j] < r->distance[r->nearest] ? (uint8_t)j : r->nearest;
    }
}
