/*
 * pass_usage.c - groups of customers that use it at the same hours: usage_group, and who moved.
 *
 * Groups are found anew once a week and keep their names as long as they hold the same customers at
 * the same hours; in between, customers are assigned to those that there are. Who lies between two
 * groups stays where they are until another one is clearly nearer.
 */
#include "usage_groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_write.h"

#define STARTS     50
#define SEED       1
#define MIN_SAMPLE 100
/* Another group must be so much nearer (squared distance) to move anybody. */
#define CLEARLY 0.9
/* A feature names a group when it is the dominant one of so many of its customers, and so much more
 * often than of all. */
#define TELLING       1.5
#define TELLING_SHARE 0.25
#define FEATURE_BYTES 40

/* --- finding groups --- */

static void
gather(void *arg, struct span customer, const struct profile *p)
{
    usage_gather_add(arg, customer, p);
}

static void
take_groups(struct usage_work *w, const struct kmeans *m)
{
    w->g->groups = m->k;
    for (unsigned j = 0; j < m->k; j++) {
        struct known_group *k = &w->g->group[j];
        struct usage_shape shape;

        memcpy(k->centroid, m->centroid + j * USAGE_HOURS, sizeof k->centroid);
        shape = usage_shape(k->centroid, w->pass->a->weekend);
        snprintf(k->base, sizeof k->base, "%s", usage_base(&shape));
        k->name[0] = '\0';
    }
}

struct keyed {
    uint64_t key;
    size_t at;
};

static int
by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

/* In the order of keys: the fit must not depend on how the sample was gathered. */
static double *
sorted_sample(const struct usage_gather *g)
{
    struct keyed *order = xcalloc(g->sampled + 1, sizeof *order);
    double *v = xmalloc((g->sampled * USAGE_HOURS + 1) * sizeof *v);

    for (size_t i = 0; i < g->sampled; i++)
        order[i] = (struct keyed){g->keys[i], i};
    qsort(order, g->sampled, sizeof *order, by_key);
    for (size_t i = 0; i < g->sampled; i++)
        memcpy(v + i * USAGE_HOURS, g->sample + order[i].at * USAGE_HOURS, USAGE_HOURS * sizeof *v);
    free(order);
    return v;
}

static enum status
find_groups(struct usage_work *w, struct error *err)
{
    struct usage_gather *g = w->g;
    double *v = sorted_sample(g);
    struct kmeans_points points = {v, g->sampled, USAGE_HOURS};
    struct kmeans m = {0};

    w->fitted = true;
    memcpy(w->old, g->group, sizeof w->old);
    w->olds = g->groups;
    g->groups = 0;
    if (g->sampled >= MIN_SAMPLE && kmeans_choose(&m, &points, STARTS, SEED, &w->stability)) {
        take_groups(w, &m);
        w->inertia = m.inertia;
        kmeans_clear(&m);
    }
    free(v);
    usage_gather_restart(g);
    return g->groups ? profile_each(w->pass, gather, g, err) : ST_OK;
}

/* --- names --- */

static int
old_number(const struct usage_work *w, struct span name)
{
    for (unsigned o = 0; o < w->olds; o++)
        if (span_is(name, w->old[o].name))
            return (int)o;
    return -1;
}

/* Visits the members as they were, beside the rows as they are; both in the order of names. */
typedef void member_visit(struct usage_work *w, const struct usage_row *row, struct span customer,
                          struct span group);

static enum status
each_member(struct usage_work *w, member_visit *visit, struct error *err)
{
    size_t at = 0;
    enum status st;

    while ((st = query_next(w->members, err)) == ST_OK) {
        struct span customer = query_text(w->members, 0);

        for (; at < w->g->count && span_cmp(w->g->rows[at].customer, customer) < 0; at++)
            visit(w, &w->g->rows[at], w->g->rows[at].customer, span_str(""));
        if (at < w->g->count && span_eq(w->g->rows[at].customer, customer))
            visit(w, &w->g->rows[at++], customer, query_text(w->members, 1));
        else
            visit(w, NULL, customer, query_text(w->members, 1));
    }
    query_reset(w->members);
    for (; at < w->g->count; at++)
        visit(w, &w->g->rows[at], w->g->rows[at].customer, span_str(""));
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static void
count_overlap(struct usage_work *w, const struct usage_row *row, struct span customer,
              struct span group)
{
    int o = old_number(w, group);

    (void)customer;
    if (row && o >= 0)
        w->overlap[row->nearest * w->olds + (unsigned)o]++;
}

/* The feature that tells this group from the others; empty: none. */
static struct span
telling_feature(const struct usage_work *w, unsigned group)
{
    size_t *in = xcalloc(w->g->feature_count, sizeof *in);
    size_t *all = xcalloc(w->g->feature_count, sizeof *all), members = 0, best = 0;
    struct span name = {"", 0};

    for (size_t i = 0; i < w->g->count; i++) {
        const struct usage_row *r = &w->g->rows[i];

        members += r->nearest == group;
        in[r->feature] += r->nearest == group;
        all[r->feature]++;
    }
    for (size_t f = 1; f < w->g->feature_count; f++)
        if (in[f] > in[best] || best == 0)
            best = f;
    if (best && members && (double)in[best] >= TELLING_SHARE * (double)members &&
        (double)in[best] * (double)w->g->count >= TELLING * (double)all[best] * (double)members)
        name = w->g->features[best];
    free(in);
    free(all);
    return name;
}

static bool
is_taken(const struct usage_work *w, unsigned but, const char *name)
{
    for (unsigned j = 0; j < w->g->groups; j++)
        if (j != but && strcmp(w->g->group[j].name, name) == 0)
            return true;
    return false;
}

/* "office", "office + recording", "office + recording, peak 14:00", ", group 2". */
static void
make_name(struct usage_work *w, unsigned j)
{
    struct known_group *k = &w->g->group[j];
    struct usage_shape shape = usage_shape(k->centroid, w->pass->a->weekend);
    struct span feature = telling_feature(w, j);
    char name[USAGE_NAME];
    int n;

    while (feature.n > FEATURE_BYTES || (feature.n && (feature.p[feature.n] & 0xC0) == 0x80))
        feature.n--;
    n = snprintf(name, sizeof name, "%s%s%.*s", k->base, feature.n ? " + " : "", SPAN_ARG(feature));

    if (is_taken(w, j, name))
        n += snprintf(name + n, sizeof name - (size_t)n, ", peak %02d:00", shape.peak);
    for (int i = 2; is_taken(w, j, name) && i <= KMEANS_MOST; i++)
        snprintf(name + n, sizeof name - (size_t)n, ", group %d", i);
    snprintf(k->name, sizeof k->name, "%s", name);
}

static enum status
name_groups(struct usage_work *w, struct error *err)
{
    uint8_t may[KMEANS_MOST * KMEANS_MOST];
    int same[KMEANS_MOST];
    enum status st;

    st = each_member(w, count_overlap, err);
    for (unsigned n = 0; n < w->g->groups; n++)
        for (unsigned o = 0; o < w->olds; o++)
            may[n * w->olds + o] = strcmp(w->g->group[n].base, w->old[o].base) == 0;
    usage_match(w->overlap, may, w->g->groups, w->olds, same);
    for (unsigned n = 0; n < w->g->groups; n++)
        if (same[n] >= 0)
            memcpy(w->g->group[n].name, w->old[same[n]].name, USAGE_NAME);
    for (unsigned n = 0; n < w->g->groups; n++)
        if (same[n] < 0)
            make_name(w, n);
    return st;
}

/* --- who moved --- */

static int
group_number(const struct usage_work *w, struct span name)
{
    for (unsigned j = 0; j < w->g->groups; j++)
        if (span_is(name, w->g->group[j].name))
            return (int)j;
    return -1;
}

static void
describe(struct usage_work *w, struct usage_move *m, unsigned now)
{
    struct buf b = {0};
    struct json_writer j;

    json_begin(&j, &b);
    json_object(&j, NULL);
    if (m->row)
        json_real(&j, "distance", m->row->distance[now]);
    if (m->row && m->was >= 0)
        json_real(&j, "distance_to_former", m->row->distance[m->was]);
    json_close(&j);
    m->evidence = arena_copy(&w->mem, span_of(b.p, b.n));
    buf_reset(&b);
    if (!m->row)
        buf_printf(&b, "in a group again from %d legs in %d days on, while there are groups",
                   USAGE_MIN_LEGS, PROFILE_DAYS);
    else if (m->was >= 0)
        buf_printf(&b,
                   "%s again when its hours lie clearly nearer there: below %.1f of the squared"
                   " distance to %s",
                   m->from, CLEARLY, m->to);
    else
        buf_printf(&b,
                   "another group when its hours lie clearly nearer there: below %.1f of the"
                   " squared distance to %s",
                   CLEARLY, m->to);
    m->back = arena_copy(&w->mem, span_of(b.p, b.n));
    buf_clear(&b);
}

static void
judge(struct usage_work *w, const struct usage_row *row, struct span customer, struct span group)
{
    int was = group_number(w, group);
    unsigned now = row ? row->nearest : 0;
    struct usage_move *m;

    if (row && was >= 0 && !(row->distance[now] < CLEARLY * row->distance[was]))
        now = (unsigned)was;
    if (row) {
        w->size[now]++;
        w->compared += group.n > 0;
        w->changed += group.n > 0 && was != (int)now;
    }
    if (row ? was == (int)now : group.n == 0)
        return;
    if (w->move_count == w->move_cap) {
        w->move_cap = w->move_cap ? w->move_cap * 2 : 256;
        w->moves = xrealloc(w->moves, w->move_cap * sizeof *w->moves);
    }
    m = &w->moves[w->move_count++];
    *m = (struct usage_move){.customer = arena_copy(&w->mem, customer),
                             .to = row ? w->g->group[now].name : NULL,
                             .row = row,
                             .was = was};
    if (group.n) {
        char *from = arena_alloc(&w->mem, group.n + 1);

        memcpy(from, group.p, group.n);
        from[group.n] = '\0';
        m->from = from;
    }
    describe(w, m, now);
}

/* The rule that a move was made by: the fit is part of it. */
static void
describe_rule(struct usage_work *w)
{
    char day[CIVIL_TEXT];

    snprintf(w->rule, sizeof w->rule, "nearest group of hours of the week, rules %d, fitted %s",
             USAGE_RULES, format_day(day, w->fitted ? w->pass->today : w->g->fitted));
}

static enum status
run(struct usage_work *w, struct error *err)
{
    enum status st = store_query(w->pass->store, &w->members,
                                 "SELECT customer, usage_group FROM customer_outlook"
                                 " WHERE usage_group IS NOT NULL ORDER BY customer",
                                 err);

    if (st == ST_OK && w->g->fitting)
        st = find_groups(w, err);
    if (st == ST_OK && w->fitted)
        st = name_groups(w, err);
    describe_rule(w);
    if (st == ST_OK)
        st = each_member(w, judge, err);
    if (st == ST_OK)
        st = usage_write_moves(w, err);
    if (st == ST_OK)
        st = usage_write_groups(w, err);
    return st == ST_OK && w->fitted ? usage_write_model(w, err) : st;
}

enum status
pass_usage(struct pass *p, struct error *err)
{
    struct usage_work *w;
    enum status st;

    if (!p->usage)
        return ST_OK;
    w = xcalloc(1, sizeof *w);
    w->pass = p;
    w->g = p->usage;
    arena_init(&w->mem);
    st = store_commit_open(p->store, err);
    if (st == ST_OK)
        st = run(w, err);
    query_free(w->members);
    arena_clear(&w->mem);
    free(w->moves);
    free(w);
    return st;
}
