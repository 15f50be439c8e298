/*
 * feature_spread.c - a feature's uses in all, and those of its largest customer.
 */
#include "feature_spread.h"

#include <math.h>
#include <stdlib.h>

/* Names are what records say; so many get a figure, the rest is not known. */
#define MAX_FEATURES 4096

struct spread_row {
    char *name;
    int64_t uses, largest;
};

struct spread {
    struct spread_row *rows; /* sorted by name */
    size_t count, cap;
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
    for (size_t i = 0; i < s->count; i++)
        free(s->rows[i].name);
    free(s->rows);
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
        int cmp = span_cmp(span_str(s->rows[mid].name), name);

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
        return &s->rows[at];
    if (s->count == MAX_FEATURES)
        return NULL;
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->rows = xrealloc(s->rows, s->cap * sizeof *s->rows);
    }
    memmove(&s->rows[at + 1], &s->rows[at], (s->count - at) * sizeof *s->rows);
    s->count++;
    s->rows[at] = (struct spread_row){.name = xstrndup(name.p, name.n)};
    return &s->rows[at];
}

void
spread_add(struct spread *s, const struct profile *p)
{
    for (size_t i = 0; i < p->feature_count; i++) {
        const struct profile_feature *f = &p->features[i];
        struct spread_row *r = row_for(s, f->name);
        int64_t n = f->used_90d + f->wanted_90d;

        if (!r)
            continue;
        r->uses += n;
        r->largest = n > r->largest ? n : r->largest;
    }
}

enum status
spread_save(const struct spread *s, struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q,
                                 "INSERT INTO feature_spread(feature, uses, largest, as_of)"
                                 " VALUES(?1, ?2, ?3, ?4)",
                                 err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM feature_spread", err);
    for (size_t i = 0; st == ST_OK && i < s->count; i++) {
        query_set_str(q, 1, s->rows[i].name);
        query_set_int(q, 2, s->rows[i].uses);
        query_set_int(q, 3, s->rows[i].largest);
        query_set_str(q, 4, p->now_text);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

struct measuring {
    struct spread *spread;
    struct profile profile;
    struct buf name;
    bool reading;
};

static void
finish(struct measuring *m)
{
    if (m->reading)
        spread_add(m->spread, &m->profile);
    m->reading = false;
}

static enum status
visit(void *arg, const struct cell_view *c, struct error *err)
{
    struct measuring *m = arg;

    (void)err;
    if (!m->reading || !span_eq(c->name, span_of(m->name.p, m->name.n))) {
        finish(m);
        buf_reset(&m->name);
        buf_span(&m->name, c->name);
        profile_start(&m->profile, m->profile.today);
        m->reading = true;
    }
    profile_add_features(&m->profile, c);
    return ST_OK;
}

enum status
spread_measure(struct pass *p, struct error *err)
{
    struct measuring m = {.spread = spread_new()};
    enum status st;

    profile_init(&m.profile, p->a->zone);
    m.profile.today = p->today;
    st = ledger_scan_kind(p->a->reader, CELL_CUSTOMER, p->today - PROFILE_DAYS + 1, visit, &m, err);
    finish(&m);
    if (st == ST_OK)
        st = spread_save(m.spread, p, err);
    spread_free(m.spread);
    profile_clear(&m.profile);
    buf_clear(&m.name);
    return st;
}

enum status
spread_largest(struct pass *p, const char *feature, double *share, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q,
        "SELECT CAST(largest AS REAL) / uses FROM feature_spread WHERE feature = ?1 AND uses > 0",
        err);

    *share = NAN;
    if (st != ST_OK)
        return st;
    query_set_str(q, 1, feature);
    st = query_next(q, err);
    if (st == ST_OK)
        *share = query_real(q, 0);
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
