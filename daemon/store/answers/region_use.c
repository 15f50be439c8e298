/*
 * region_use.c - attempts by region and customer, out of the parts of customers' cells (cell.h).
 */
#include "region_use.h"

#include <math.h>
#include <stdlib.h>

#include "cell.h"
#include "ledger.h"

struct work {
    struct region_use *out;
    struct buf name; /* of the customer being read */
    bool among;      /* it is one of those asked for */
    int64_t *own;    /* its attempts, by place in out->regions */
    int64_t all;     /* wherever they came from */
    size_t last;     /* region that was met last: mostly the next one's, too */
};

static size_t
find_region(struct work *w, struct span name)
{
    struct region_use *u = w->out;

    if (w->last < u->count && span_eq(u->regions[w->last].name, name))
        return w->last;
    for (w->last = 0; w->last < u->count; w->last++)
        if (span_eq(u->regions[w->last].name, name))
            return w->last;
    if (u->count == u->cap) {
        u->cap = u->cap ? u->cap * 2 : 16;
        u->regions = xrealloc(u->regions, u->cap * sizeof *u->regions);
        w->own = xrealloc(w->own, u->cap * sizeof *w->own);
    }
    u->regions[u->count] = (struct region_count){.name = arena_copy(&u->mem, name)};
    w->own[u->count] = 0;
    return w->last = u->count++;
}

static void
add_member(struct work *w, int64_t here)
{
    struct region_use *u = w->out;

    if (u->member_count == u->member_cap) {
        u->member_cap = u->member_cap ? u->member_cap * 2 : 256;
        u->members = xrealloc(u->members, u->member_cap * sizeof *u->members);
    }
    u->members[u->member_count++] = arena_copy(&u->mem, span_of(w->name.p, w->name.n));
    u->member_all += w->all;
    u->member_here += here;
}

static void
finish_customer(struct work *w)
{
    struct region_use *u = w->out;

    for (size_t i = 0; i < u->count; i++) {
        struct region_count *r = &u->regions[i];
        bool mostly = w->own[i] > w->all - w->own[i];

        r->attempts += w->own[i];
        r->customers += w->own[i] > 0;
        r->mostly += mostly;
        if (mostly && u->wanted.n && span_eq(r->name, u->wanted))
            add_member(w, w->own[i]);
        w->own[i] = 0;
    }
    u->attempts += w->all;
    w->all = 0;
}

static enum status
visit_customer(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;

    (void)err;
    if (c->day >= w->out->to)
        return ST_OK;
    if (!w->name.n || !span_eq(c->name, span_of(w->name.p, w->name.n))) {
        finish_customer(w);
        buf_reset(&w->name);
        buf_span(&w->name, c->name);
        w->among = !w->out->among || span_among(w->out->among, w->out->among_count, c->name);
    }
    if (!w->among)
        return ST_OK;
    w->all += c->sum[CUSTOMER_LEGS] + c->sum[CUSTOMER_FAILED];
    for (unsigned i = 0; i < c->part_count; i++) {
        const struct cell_feature *p = &c->parts[i];
        size_t at = find_region(w, span_of(p->name.p + PART_REGION, p->name.n - PART_REGION));

        w->own[at] += p->used + p->wanted;
    }
    return ST_OK;
}

static int
by_attempts(const void *a, const void *b)
{
    const struct region_count *x = a, *y = b;

    if (x->attempts != y->attempts)
        return x->attempts > y->attempts ? -1 : 1;
    return span_cmp(x->name, y->name);
}

enum status
region_use_read(struct region_use *u, const char *ledger_path, struct error *err)
{
    struct work w = {.out = u};
    struct ledger_reader *reader = NULL;
    enum status st;

    arena_init(&u->mem);
    st = ledger_reader_open(&reader, ledger_path, err);
    if (st == ST_OK)
        st = ledger_scan_kind(reader, CELL_CUSTOMER, u->from, visit_customer, &w, err);
    finish_customer(&w);
    if (u->count > 1)
        qsort(u->regions, u->count, sizeof *u->regions, by_attempts);
    while (u->count && u->regions[u->count - 1].attempts <= 0) /* all of it was taken back */
        u->count--;
    ledger_reader_close(reader);
    buf_clear(&w.name);
    free(w.own);
    return st;
}

void
region_use_clear(struct region_use *u)
{
    free(u->regions);
    free(u->members);
    arena_clear(&u->mem);
    u->regions = NULL;
    u->members = NULL;
    u->count = u->member_count = 0;
}

static double
share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

double
region_use_here(const struct region_use *u)
{
    return share(u->member_here, u->member_all);
}

double
region_use_covered(const struct region_use *u)
{
    for (size_t i = 0; i < u->count; i++)
        if (u->wanted.n && span_eq(u->regions[i].name, u->wanted))
            return share(u->member_here, u->regions[i].attempts);
    return NAN;
}

double
region_use_known(const struct region_use *u)
{
    int64_t known = 0;

    for (size_t i = 0; i < u->count; i++)
        known += u->regions[i].name.n ? u->regions[i].attempts : 0;
    return share(known, u->attempts);
}
