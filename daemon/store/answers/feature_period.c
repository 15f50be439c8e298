/*
 * feature_period.c - the use of features in any period, from the ledger's cells.
 */
#include "feature_period.h"

#include <math.h>
#include <stdlib.h>

#include "cell.h"
#include "demand.h"
#include "ledger.h"
#include "sketch_union.h"

/* One customer's part of a feature. */
struct own {
    int64_t used, wanted;
};

struct use {
    struct feature_use sum;
    struct own own; /* of the customer being read */
    int64_t largest;
};

struct work {
    struct feature_period *out;
    struct use *uses; /* sorted by name */
    size_t count, cap;
    struct sketch people; /* of the feature, or of all customers, being read */
    struct buf name;      /* of the customer or the feature being read */
    bool active;          /* the customer was there in the period */
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
    w->uses[at] = (struct use){
        .sum = {.name = xstrndup(name.p, name.n), .people = NAN, .low = NAN, .high = NAN}};
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
    if (w->name.n && !sketch_empty(&w->people))
        use_of(w, span_of(w->name.p, w->name.n))->sum.people =
            (double)llround(sketch_estimate(&w->people));
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
finish_customer(struct work *w)
{
    w->out->active_customers += w->active;
    w->active = false;
    for (size_t i = 0; w->name.n && i < w->count; i++) {
        struct use *u = &w->uses[i];
        int64_t n = u->own.used + u->own.wanted;

        if (n > 0) {
            u->sum.customers++;
            u->sum.used += u->own.used;
            u->sum.wanted += u->own.wanted;
            u->sum.wanting += u->own.wanted > 0;
            u->sum.denied += u->own.wanted > 0 && u->own.used <= 0;
            u->largest = n > u->largest ? n : u->largest;
        }
        u->own = (struct own){0};
    }
}

static bool
is_member(const struct feature_period *p, struct span name)
{
    size_t low = 0, high = p->member_count;

    if (!p->members)
        return true;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int cmp = span_cmp(p->members[mid], name);

        if (cmp == 0)
            return true;
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
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
        if (!is_member(w->out, c->name)) {
            buf_reset(&w->name);
            return ST_OK;
        }
        begin(w, c->name);
    }
    w->active |= c->sum[CUSTOMER_LEGS] > 0 || c->sum[CUSTOMER_FAILED] > 0 || c->feature_count > 0;
    if (!w->out->members)
        sketch_merge(&w->people, &c->sketch[SKETCH_PEOPLE]);
    for (unsigned i = 0; i < c->feature_count; i++) {
        struct use *u = use_of(w, c->features[i].name);

        u->own.used += c->features[i].used;
        u->own.wanted += c->features[i].wanted;
    }
    return ST_OK;
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
answer(struct work *w)
{
    struct feature_period *p = w->out;

    p->uses = xcalloc(w->count + 1, sizeof *p->uses);
    p->active_people = p->members ? NAN : (double)llround(sketch_estimate(&w->people));
    for (size_t i = 0; i < w->count; i++) {
        struct use *u = &w->uses[i];
        int64_t all = u->sum.used + u->sum.wanted;

        u->sum.largest_share = all > 0 ? (double)u->largest / (double)all : NAN;
        if (!isnan(u->sum.people) && !isnan(p->active_people))
            demand_wilson(u->sum.people, fmax(p->active_people, u->sum.people), &u->sum.low,
                          &u->sum.high);
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
    struct work w = {.out = p};
    struct ledger_reader *reader = NULL;
    enum status st = ledger_reader_open(&reader, ledger_path, err);

    p->uses = NULL;
    p->count = 0;
    p->active_customers = 0;
    sketch_init(&w.people);
    if (st == ST_OK && !p->members)
        st = ledger_scan_kind(reader, CELL_FEATURE, p->from, visit_feature, &w, err);
    finish_feature(&w);
    buf_reset(&w.name);
    if (st == ST_OK)
        st = ledger_scan_kind(reader, CELL_CUSTOMER, p->from, visit_customer, &w, err);
    finish_customer(&w);
    if (st == ST_OK)
        answer(&w);
    for (size_t i = 0; st != ST_OK && i < w.count; i++)
        free(w.uses[i].sum.name);
    free(w.uses);
    sketch_clear(&w.people);
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
