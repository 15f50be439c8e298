/*
 * feature_period.c - the use of features in any period, from the ledger's cells.
 */
#include "feature_period.h"

#include <math.h>
#include <stdlib.h>

#include "cell.h"
#include "demand.h"
#include "ledger.h"
#include "sketch.h"

#define SKETCH_ERROR_95 (2 * 0.0081) /* two standard errors of 2^14 registers */

/* One customer's part of a feature. Whether it is mostly from a region is known when all of it has
 * been read. */
struct own {
    int64_t used, wanted;
    struct sketch people; /* of it, on the days on which it used the feature; of a region only */
};

struct use {
    struct feature_use sum;
    struct own own; /* of the customer being read */
    int64_t largest;
    int64_t wanted_outside;        /* by customers that were not asked for */
    struct sketch people;          /* of the feature; these three only where some were asked for */
    struct sketch inside, outside; /* of customers on the days on which they used the feature */
};

struct work {
    struct feature_period *out;
    struct use *uses; /* sorted by name */
    size_t count, cap;
    struct sketch people; /* of the feature being read, or of all that are asked for */
    struct sketch own;    /* of the customer being read, where a region is asked for */
    struct buf name;      /* of the customer or the feature being read */
    bool some;            /* not all customers are asked for */
    bool active;          /* the customer was there in the period */
    bool member;          /* it was asked for, wherever from */
};

static bool
find(const struct work *w, struct span name, size_t *at)
{
    size_t low = 0, high = w->count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        int cmp = span_cmp(span_str(w->uses[mid].sum.name), name);

        if (cmp == 0) {
            *at = mid;
            return true;
        }
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *at = low;
    return false;
}

static struct use *
use_of(struct work *w, struct span name)
{
    size_t at;

    if (find(w, name, &at))
        return &w->uses[at];
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        w->uses = xrealloc(w->uses, w->cap * sizeof *w->uses);
    }
    memmove(&w->uses[at + 1], &w->uses[at], (w->count - at) * sizeof *w->uses);
    w->count++;
    w->uses[at] = (struct use){.sum = {.name = xstrndup(name.p, name.n),
                                       .people = NAN,
                                       .people_low = NAN,
                                       .people_high = NAN,
                                       .low = NAN,
                                       .high = NAN}};
    return &w->uses[at];
}

/* --- people, by feature --- */

static bool
is_reading(const struct work *w, struct span name)
{
    return w->name.n && span_eq(name, span_of(w->name.p, w->name.n));
}

static void
begin(struct work *w, struct span name)
{
    buf_reset(&w->name);
    buf_span(&w->name, name);
}

static void
finish_feature(struct work *w)
{
    struct use *u;

    if (w->name.n && !sketch_empty(&w->people)) {
        u = use_of(w, span_of(w->name.p, w->name.n));
        if (w->some) {
            u->people = w->people;
            sketch_init(&w->people);
        } else {
            u->sum.people = (double)llround(sketch_estimate(&w->people));
            u->sum.people_low = floor(u->sum.people * (1 - SKETCH_ERROR_95));
            u->sum.people_high = ceil(u->sum.people * (1 + SKETCH_ERROR_95));
        }
    }
    sketch_clear(&w->people);
}

static enum status
visit_feature(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;

    (void)err;
    if (c->day >= w->out->to)
        return ST_OK;
    if (!is_reading(w, c->name)) {
        finish_feature(w);
        begin(w, c->name);
    }
    sketch_merge(&w->people, &c->sketch[SKETCH_PEOPLE]);
    return ST_OK;
}

/* --- uses, by customer --- */

static void
finish_people(struct work *w, bool member)
{
    for (size_t i = 0; i < w->count; i++) {
        struct use *u = &w->uses[i];

        sketch_merge(member ? &u->inside : &u->outside, &u->own.people);
        sketch_clear(&u->own.people);
    }
    if (member)
        sketch_merge(&w->people, &w->own);
    sketch_clear(&w->own);
}

static void
finish_customer(struct work *w)
{
    bool here = !w->out->region || region_use_finish_customer(w->out->region);
    bool member = w->member && here;

    if (w->out->region)
        finish_people(w, member);
    w->out->active_customers += w->active && member;
    w->active = false;
    for (size_t i = 0; w->name.n && i < w->count; i++) {
        struct use *u = &w->uses[i];
        int64_t n = u->own.used + u->own.wanted;

        if (n > 0 && member) {
            u->sum.customers++;
            u->sum.used += u->own.used;
            u->sum.wanted += u->own.wanted;
            u->sum.wanting += u->own.wanted > 0;
            u->sum.denied += u->own.wanted > 0 && u->own.used <= 0;
            u->largest = n > u->largest ? n : u->largest;
        } else if (n > 0) {
            u->wanted_outside += u->own.wanted;
        }
        u->own.used = u->own.wanted = 0;
    }
}

/* Where the people go with whom the customer that is being read used it. */
static struct sketch *
people_of(const struct work *w, struct use *u)
{
    if (!w->member)
        return &u->outside;
    return w->out->region ? &u->own.people : &u->inside;
}

static enum status
visit_customer(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;

    (void)err;
    if (c->day >= w->out->to)
        return ST_OK;
    if (!is_reading(w, c->name)) {
        finish_customer(w);
        begin(w, c->name);
        w->member = !w->out->members || span_among(w->out->members, w->out->member_count, c->name);
    }
    if (w->member) {
        w->active |=
            c->sum[CUSTOMER_LEGS] > 0 || c->sum[CUSTOMER_FAILED] > 0 || c->feature_count > 0;
        sketch_merge(w->out->region ? &w->own : &w->people, &c->sketch[SKETCH_PEOPLE]);
        if (w->out->region)
            region_use_add(w->out->region, c);
    }
    for (unsigned i = 0; i < c->feature_count; i++) {
        struct use *u = use_of(w, c->features[i].name);

        u->own.used += c->features[i].used;
        u->own.wanted += c->features[i].wanted;
        if (w->some)
            sketch_merge(people_of(w, u), &c->sketch[SKETCH_PEOPLE]);
    }
    return ST_OK;
}

/* --- people of some customers --- */

/* How many of a feature's people are not in a set, which takes them in; and two standard
 * deviations of that. */
static double
count_new(struct sketch *set, const struct sketch *people, double *doubt)
{
    double before = sketch_estimate(set), added;

    sketch_merge(set, people);
    added = fmax(sketch_estimate(set) - before, 0);
    *doubt = SKETCH_ERROR_95 * sqrt((before + added) * added);
    return added;
}

/* Who used the feature is among the people of a customer on a day of such use: of one of those
 * asked for (inside), of another (outside), or of both. Not so who only failed, and who was named
 * by the use alone: of them nobody knows whose they are. So people of others only are not theirs,
 * but for as many as failures here may account for, and people of theirs only are, but for failures
 * there. */
static void
bound_people(struct use *u)
{
    double all = sketch_estimate(&u->people), doubt[3], others, own, nowhere;
    double failed_in = fmax((double)u->sum.wanted, 0),
           failed_out = fmax((double)u->wanted_outside, 0);
    struct sketch anywhere;

    sketch_init(&anywhere);
    sketch_merge(&anywhere, &u->inside);
    sketch_merge(&anywhere, &u->outside);
    others = count_new(&u->inside, &u->people, &doubt[0]);
    own = count_new(&u->outside, &u->people, &doubt[1]);
    nowhere = count_new(&anywhere, &u->people, &doubt[2]);
    sketch_clear(&anywhere);
    others = fmax(others - nowhere - hypot(doubt[0], doubt[2]) - failed_in, 0);
    own = fmax(own - nowhere - hypot(doubt[1], doubt[2]) - failed_out, 0);
    u->sum.people_high =
        fmin(ceil(all * (1 + SKETCH_ERROR_95) - others), (double)(u->sum.used + u->sum.wanted));
    u->sum.people_low = fmin(floor(own * (1 - SKETCH_ERROR_95)), u->sum.people_high);
}

/* --- the answer --- */

static double
first_key(const struct feature_use *u)
{
    return isnan(u->people) ? (double)u->customers : u->people;
}

static int
by_demand(const void *a, const void *b)
{
    const struct feature_use *x = a, *y = b;
    double p = first_key(x), q = first_key(y);

    if (p != q)
        return p > q ? -1 : 1;
    if (x->customers != y->customers)
        return x->customers > y->customers ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void
find_reach(struct feature_use *u, double active)
{
    double least = isnan(u->people) ? u->people_low : u->people;
    double most = isnan(u->people) ? u->people_high : u->people, unused;

    active = fmax(active, most);
    demand_wilson(least, active, &u->low, &unused);
    demand_wilson(most, active, &unused, &u->high);
}

static void
answer(struct work *w)
{
    struct feature_period *p = w->out;

    p->uses = xcalloc(w->count + 1, sizeof *p->uses);
    p->active_people = (double)llround(sketch_estimate(&w->people));
    for (size_t i = 0; i < w->count; i++) {
        struct use *u = &w->uses[i];
        int64_t all = u->sum.used + u->sum.wanted;

        u->sum.largest_share = all > 0 ? (double)u->largest / (double)all : NAN;
        if (w->some && all > 0 && !sketch_empty(&u->people))
            bound_people(u);
        if (!isnan(u->sum.people_high))
            find_reach(&u->sum, p->active_people);
        if (all > 0 || u->sum.people > 0)
            p->uses[p->count++] = u->sum;
        else
            free(u->sum.name);
    }
    if (p->count > 1)
        qsort(p->uses, p->count, sizeof *p->uses, by_demand);
}

enum status
feature_period_read(struct feature_period *p, const char *ledger_path, struct error *err)
{
    struct work w = {.out = p, .some = p->members || p->region};
    struct ledger_reader *reader = NULL;
    enum status st = ledger_reader_open(&reader, ledger_path, err);

    p->uses = NULL;
    p->count = 0;
    p->active_customers = 0;
    sketch_init(&w.people);
    if (st == ST_OK)
        st = ledger_scan_kind(reader, CELL_FEATURE, p->from, visit_feature, &w, err);
    finish_feature(&w);
    buf_reset(&w.name);
    if (st == ST_OK)
        st = ledger_scan_kind(reader, CELL_CUSTOMER, p->from, visit_customer, &w, err);
    finish_customer(&w);
    if (p->region)
        region_use_end(p->region);
    if (st == ST_OK)
        answer(&w);
    for (size_t i = 0; i < w.count; i++) {
        sketch_clear(&w.uses[i].own.people);
        sketch_clear(&w.uses[i].people);
        sketch_clear(&w.uses[i].inside);
        sketch_clear(&w.uses[i].outside);
        if (st != ST_OK)
            free(w.uses[i].sum.name);
    }
    free(w.uses);
    sketch_clear(&w.people);
    sketch_clear(&w.own);
    buf_clear(&w.name);
    ledger_reader_close(reader);
    return st;
}

void
feature_period_clear(struct feature_period *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->uses[i].name);
    free(p->uses);
    p->uses = NULL;
    p->count = 0;
}
