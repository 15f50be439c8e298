/*
 * pass_rfm.c - customers by recency, frequency and value: segments named "rfm:champion".
 *
 * A customer is in one of them at most. What changes is written to segment_member and
 * stage_history together with the score, so that a pass that is cut off finds all of it or none.
 */
#include "customer_rows.h"
#include "pass.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "segment.h"

/* Customers without use for longer than this are not scored. */
#define RFM_DAYS 365
/* Customers who change their segment are written so many at a time; in a first pass, which keeps
 * the scores back as well, all of them at its end. */
#define MOVERS 512

#define RULE "'fifths of recency and active days, rules " AS_TEXT(RFM_RULES) "'"

struct scored {
    struct span customer; /* in the work's memory, or in the kept rows' */
    struct stat_row *kept;
    int old_r, old_f, old_m;
    char old[24];
};

struct mover {
    const struct scored *customer;
    const char *segment; /* the new one */
    struct span evidence, back;
};

struct work {
    struct pass *pass;
    struct arena names;
    struct scored *customers;
    struct rfm_input *inputs;
    struct rfm_score *scores;
    size_t count, cap;
    struct query *stat, *leave, *join, *history;
    struct mover *movers;
    size_t mover_count, mover_cap;
    const struct mover **listed; /* the same in the order in which a statement takes them */
    struct arena evidence;       /* of the movers */
    struct buf text;
};

static struct scored *
add_customer(struct work *w, const struct rfm_input *in)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 1024;
        w->customers = xrealloc(w->customers, w->cap * sizeof *w->customers);
        w->inputs = xrealloc(w->inputs, w->cap * sizeof *w->inputs);
    }
    w->inputs[w->count] = *in;
    w->customers[w->count] = (struct scored){.kept = NULL};
    return &w->customers[w->count++];
}

static enum status
load_stored(struct work *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(w->pass->store, &q,
                                 "SELECT customer, days_since_last, active_days_90d, seconds_90d,"
                                 " ifnull(rfm_r, 0), ifnull(rfm_f, 0), ifnull(rfm_m, 0),"
                                 " ifnull(rfm_segment, '') FROM customer_stat"
                                 " WHERE days_since_last <= ?1 ORDER BY customer",
                                 err);

    if (st != ST_OK)
        return st;
    query_set_int(q, 1, RFM_DAYS);
    while ((st = query_next(q, err)) == ST_OK) {
        struct rfm_input in = {query_real(q, 1), query_real(q, 2), query_real(q, 3)};
        struct scored *s = add_customer(w, &in);

        s->customer = arena_copy(&w->names, query_text(q, 0));
        s->old_r = (int)query_int(q, 4);
        s->old_f = (int)query_int(q, 5);
        s->old_m = (int)query_int(q, 6);
        snprintf(s->old, sizeof s->old, "%.*s", SPAN_ARG(query_text(q, 7)));
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* In the same order: that of names. */
static void
load_kept(struct work *w)
{
    size_t n;
    struct stat_row *kept = customer_rows_kept(w->pass->rows, &n);

    for (size_t i = 0; i < n; i++) {
        struct rfm_input in = {
            .recency_days = (double)kept[i].days_since_last,
            .frequency = kept[i].active_90d,
            .value = (double)kept[i].sums[WINDOW_90D][CUSTOMER_SECONDS],
        };
        struct scored *s;

        if (kept[i].last_day == INT32_MIN || kept[i].days_since_last > RFM_DAYS)
            continue;
        s = add_customer(w, &in);
        s->customer = kept[i].customer;
        s->kept = &kept[i];
    }
}

/* Whole numbers, but for what is not known. */
static void
put_whole(struct buf *b, const char *name, double v)
{
    buf_str(b, name);
    if (isfinite(v))
        buf_i64(b, llround(v));
    else
        buf_printf(b, "%.0f", v);
}

static struct span
describe(struct work *w, size_t i)
{
    const struct rfm_score *s = &w->scores[i];
    struct buf *b = &w->text;

    buf_reset(b);
    put_whole(b, "{\"r\":", s->r);
    put_whole(b, ",\"f\":", s->f);
    put_whole(b, ",\"m\":", s->m);
    put_whole(b, ",\"days_since_last\":", w->inputs[i].recency_days);
    put_whole(b, ",\"active_days_90d\":", w->inputs[i].frequency);
    put_whole(b, ",\"seconds_90d\":", w->inputs[i].value);
    buf_str(b, s->worth_a_call ? ",\"worth_a_call\":true}" : ",\"worth_a_call\":false}");
    return arena_copy(&w->evidence, span_of(b->p, b->n));
}

/* What would make it what it was, or something else. */
static struct span
describe_back(struct work *w, size_t i)
{
    const char *was = w->customers[i].old, *rule = rfm_segment_rule(was);
    struct buf *b = &w->text;

    buf_reset(b);
    if (rule)
        buf_printf(b, "%s again in fifths of %s", was, rule);
    else
        buf_printf(b, "another one out of the fifths of %s",
                   rfm_segment_rule(rfm_segment_name(w->scores[i].segment)));
    return arena_copy(&w->evidence, span_of(b->p, b->n));
}

static void
add_mover(struct work *w, size_t i)
{
    if (w->mover_count == w->mover_cap) {
        w->mover_cap = w->mover_cap ? w->mover_cap * 2 : MOVERS;
        w->movers = xrealloc(w->movers, w->mover_cap * sizeof *w->movers);
        w->listed = xrealloc(w->listed, w->mover_cap * sizeof(struct mover *));
    }
    w->movers[w->mover_count++] = (struct mover){
        .customer = &w->customers[i],
        .segment = rfm_segment_name(w->scores[i].segment),
        .evidence = describe(w, i),
        .back = describe_back(w, i),
    };
}

static void
mover_row(void *arg, size_t row, struct row_value *out)
{
    struct work *w = arg;
    const struct mover *m = w->listed[row];

    value_text(out++, m->customer->customer);
    value_str(out++, m->customer->old[0] ? m->customer->old : NULL);
    value_str(out++, m->segment);
    value_str(out++, w->pass->now_text);
    value_text(out++, m->evidence);
    value_text(out, m->back);
}

/* A score that is written already shares its transaction with the move. */
static enum status
write_listed(struct work *w, struct query *q, struct error *err)
{
    struct row_source rows = {mover_row, w};
    struct store *s = w->pass->store;

    return w->pass->rows ? query_tick_rows(s, q, &rows, w->mover_count, err)
                         : query_run_rows(s, q, &rows, w->mover_count, err);
}

static int
by_segment(const void *a, const void *b)
{
    const struct mover *x = *(const struct mover *const *)a, *y = *(const struct mover *const *)b;
    int cmp = strcmp(x->segment, y->segment);

    return cmp ? cmp : (x > y) - (x < y);
}

/* To each table in the order of its key. */
static enum status
write_movers(struct work *w, struct error *err)
{
    enum status st;

    for (size_t i = 0; i < w->mover_count; i++)
        w->listed[i] = &w->movers[i];
    qsort(w->listed, w->mover_count, sizeof(struct mover *), by_segment);
    st = write_listed(w, w->join, err);
    for (size_t i = 0; i < w->mover_count; i++)
        w->listed[i] = &w->movers[i];
    if (st == ST_OK)
        st = write_listed(w, w->history, err);
    w->mover_count = 0;
    arena_reset(&w->evidence);
    return st;
}

static enum status
update_score(struct work *w, size_t i, struct error *err)
{
    const struct scored *c = &w->customers[i];
    const struct rfm_score *s = &w->scores[i];

    query_set_text(w->stat, 1, c->customer);
    query_set_int(w->stat, 2, s->r);
    query_set_int(w->stat, 3, s->f);
    query_set_int(w->stat, 4, s->m);
    query_set_str(w->stat, 5, rfm_segment_name(s->segment));
    return query_run(w->stat, err);
}

static enum status
write_score(struct work *w, size_t i, struct error *err)
{
    const struct scored *c = &w->customers[i];
    const struct rfm_score *s = &w->scores[i];
    const char *name = rfm_segment_name(s->segment);
    bool moved = strcmp(c->old, name) != 0;
    enum status st = ST_OK;

    if (!moved && c->old_r == s->r && c->old_f == s->f && c->old_m == s->m)
        return ST_OK;
    /* Not between a score and the move that comes of it. */
    if (w->mover_count == 0)
        st = store_tick_rows(w->pass->store, MOVERS, err);
    if (st != ST_OK)
        return st;
    if (c->kept) {
        c->kept->r = s->r;
        c->kept->f = s->f;
        c->kept->m = s->m;
        c->kept->rfm_segment = name;
    } else {
        st = update_score(w, i, err);
    }
    if (!moved || st != ST_OK)
        return st;
    if (c->old[0]) {
        query_set_text(w->leave, 1, c->customer);
        st = query_run(w->leave, err);
    }
    add_mover(w, i);
    return st == ST_OK && w->mover_count >= MOVERS && !w->pass->rows ? write_movers(w, err) : st;
}

/* Customers that are no longer scored (too long away, merged) leave their segment. */
static enum status
leave_rfm(struct pass *p, struct error *err)
{
    static const char *const steps[] = {
        "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule, back)"
        " SELECT m.customer, 'rfm', substr(m.segment, 5), NULL, ?1,"
        " 'no use for more than 365 days', 'scored again from its next use on'"
        " FROM segment_member m"
        " LEFT JOIN customer_stat s ON s.customer = m.customer WHERE m.segment GLOB 'rfm:*'"
        " AND (s.customer IS NULL OR s.days_since_last IS NULL OR s.days_since_last > 365)",
        "DELETE FROM segment_member WHERE segment GLOB 'rfm:*' AND ?1 = ?1 AND customer NOT IN"
        " (SELECT customer FROM customer_stat WHERE days_since_last <= 365)",
        "UPDATE customer_stat SET rfm_r = NULL, rfm_f = NULL, rfm_m = NULL, rfm_segment = NULL"
        " WHERE rfm_segment IS NOT NULL AND ?1 = ?1 AND ifnull(days_since_last, 9999) > 365",
    };
    enum status st = store_commit_open(p->store, err);

    if (st == ST_OK)
        st = store_begin(p->store, err);
    for (size_t i = 0; st == ST_OK && i < sizeof steps / sizeof steps[0]; i++) {
        struct query *q = NULL;

        st = store_query(p->store, &q, steps[i], err);
        if (st != ST_OK)
            break;
        query_set_str(q, 1, p->now_text);
        st = query_run(q, err);
        query_free(q);
    }
    return st == ST_OK ? store_commit(p->store, err) : st;
}

#define JOIN_SQL                                                                                   \
    "INTO segment_member(segment, customer, since, evidence) SELECT 'rfm:' || c2, c0, c3, c4"      \
    " FROM offered"

static enum status
write_scores(struct work *w, struct error *err)
{
    /* A first pass begins without members. */
    static const char join_first[] = "INSERT " JOIN_SQL, join[] = "INSERT OR REPLACE " JOIN_SQL;
    struct {
        struct query **q;
        const char *sql;
    } const all[] = {
        {&w->stat, "UPDATE customer_stat SET rfm_r = ?2, rfm_f = ?3, rfm_m = ?4, rfm_segment = ?5"
                   " WHERE customer = ?1"},
        {&w->leave, "DELETE FROM segment_member WHERE customer = ?1 AND segment GLOB 'rfm:*'"},
        {&w->join, w->pass->rows ? join_first : join},
        {&w->history, "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at,"
                      " rule, evidence, back) SELECT c0, 'rfm', c1, c2, c3, " RULE ", c4, c5"
                      " FROM offered"},
    };
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < sizeof all / sizeof all[0]; i++)
        st = store_query(w->pass->store, all[i].q, all[i].sql, err);
    for (size_t i = 0; st == ST_OK && i < w->count; i++)
        st = write_score(w, i, err);
    return st == ST_OK && w->mover_count ? write_movers(w, err) : st;
}

static void
clear(struct work *w)
{
    query_free(w->stat);
    query_free(w->leave);
    query_free(w->join);
    query_free(w->history);
    arena_clear(&w->names);
    arena_clear(&w->evidence);
    buf_clear(&w->text);
    free(w->movers);
    free(w->listed);
    free(w->customers);
    free(w->inputs);
    free(w->scores);
}

enum status
pass_rfm(struct pass *p, struct error *err)
{
    struct work w = {.pass = p};
    enum status st = ST_OK;

    if (!p->customers_changed && !p->full)
        return ST_OK;
    arena_init(&w.names);
    arena_init(&w.evidence);
    if (p->rows)
        load_kept(&w);
    else
        st = load_stored(&w, err);
    if (st == ST_OK) {
        w.scores = xcalloc(w.count + 1, sizeof *w.scores);
        rfm_scores(w.inputs, w.count, w.scores);
        st = write_scores(&w, err);
    }
    if (st == ST_OK)
        st = p->rows ? customer_rows_write_stats(p->rows, err) : leave_rfm(p, err);
    clear(&w);
    customer_rows_free(p->rows);
    p->rows = NULL;
    return st;
}
