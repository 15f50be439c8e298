/*
 * region_use.c - attempts by region and customer, out of the parts of customers' cells (cell.h).
 */
#include "region_use.h"

#include <math.h>
#include <stdlib.h>

#include "ledger.h"

static size_t
find_region(struct region_use *u, struct span name)
{
    if (u->last < u->count && span_eq(u->regions[u->last].name, name))
        return u->last;
    for (u->last = 0; u->last < u->count; u->last++)
        if (span_eq(u->regions[u->last].name, name))
            return u->last;
    if (u->count == u->cap) {
        u->cap = u->cap ? u->cap * 2 : 16;
        u->regions = xrealloc(u->regions, u->cap * sizeof *u->regions);
        u->own = xrealloc(u->own, u->cap * sizeof *u->own);
    }
    u->regions[u->count] = (struct region_count){.name = arena_copy(&u->mem, name)};
    u->own[u->count] = 0;
    return u->last = u->count++;
}

void
region_use_begin(struct region_use *u)
{
    arena_init(&u->mem);
}

void
region_use_add(struct region_use *u, const struct cell_view *c)
{
    u->all += c->sum[CUSTOMER_LEGS] + c->sum[CUSTOMER_FAILED];
    for (unsigned i = 0; i < c->part_count; i++) {
        const struct cell_feature *p = &c->parts[i];
        size_t at = find_region(u, span_of(p->name.p + PART_REGION, p->name.n - PART_REGION));

        u->own[at] += p->used + p->wanted;
    }
}

bool
region_use_finish_customer(struct region_use *u)
{
    bool member = false;

    for (size_t i = 0; i < u->count; i++) {
        struct region_count *r = &u->regions[i];
        bool mostly = u->own[i] > u->all - u->own[i];

        r->attempts += u->own[i];
        r->customers += u->own[i] > 0;
        r->mostly += mostly;
        if (mostly && u->wanted.n && span_eq(r->name, u->wanted)) {
            member = true;
            u->member_count++;
            u->member_all += u->all;
            u->member_here += u->own[i];
        }
        u->own[i] = 0;
    }
    u->attempts += u->all;
    u->all = 0;
    return member;
}

static int
by_attempts(const void *a, const void *b)
{
    const struct region_count *x = a, *y = b;

    if (x->attempts != y->attempts)
        return x->attempts > y->attempts ? -1 : 1;
    return span_cmp(x->name, y->name);
}

void
region_use_end(struct region_use *u)
{
    if (u->count > 1)
        qsort(u->regions, u->count, sizeof *u->regions, by_attempts);
    while (u->count && u->regions[u->count - 1].attempts <= 0) /* all of it was taken back */
        u->count--;
}

/* --- read for themselves --- */

struct work {
    struct region_use *out;
    struct buf name; /* of the customer being read */
    bool among;      /* it is one of those asked for */
};

static enum status
visit_customer(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;

    (void)err;
    if (c->day >= w->out->to)
        return ST_OK;
    if (!w->name.n || !span_eq(c->name, span_of(w->name.p, w->name.n))) {
        region_use_finish_customer(w->out);
        buf_reset(&w->name);
        buf_span(&w->name, c->name);
        w->among = !w->out->among || span_among(w->out->among, w->out->among_count, c->name);
    }
    if (w->among)
        region_use_add(w->out, c);
    return ST_OK;
}

enum status
region_use_read(struct region_use *u, const char *ledger_path, struct error *err)
{
    struct work w = {.out = u};
    struct ledger_reader *reader = NULL;
    enum status st;

    region_use_begin(u);
    st = ledger_reader_open(&reader, ledger_path, err);
    if (st == ST_OK)
        st = ledger_scan_kind(reader, CELL_CUSTOMER, u->from, visit_customer, &w, err);
    region_use_finish_customer(u);
    region_use_end(u);
    ledger_reader_close(reader);
    buf_clear(&w.name);
    return st;
}

void
region_use_clear(struct region_use *u)
{
    free(u->regions);
    free(u->own);
    arena_clear(&u->mem);
    u->regions = NULL;
    u->own = NULL;
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
