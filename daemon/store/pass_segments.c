/*
 * pass_segments.c - who belongs to which segment, since when and why.
 *
 * Two kinds: RFM names ("rfm:champion"), of which a customer has at most one, and the
 * configured conditions. What changes is written to segment_member and stage_history in one
 * transaction for each segment; who stays keeps the date they came.
 */
#include "pass.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "log.h"
#include "segment.h"

/* Customers without use for longer than this are not scored. */
#define RFM_DAYS 365

struct scored {
    char *customer;
    int old_r, old_f, old_m;
    char old[24];
};

struct rfm_work {
    struct scored *customers;
    struct rfm_input *inputs;
    struct rfm_score *scores;
    size_t count, cap;
};

static enum status
load_rfm(struct pass *p, struct rfm_work *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q,
                                 "SELECT customer, days_since_last, active_days_90d, seconds_90d,"
                                 " ifnull(rfm_r, 0), ifnull(rfm_f, 0), ifnull(rfm_m, 0),"
                                 " ifnull(rfm_segment, '') FROM customer_stat"
                                 " WHERE days_since_last <= ?1 ORDER BY customer",
                                 err);

    if (st != ST_OK)
        return st;
    query_set_int(q, 1, RFM_DAYS);
    while ((st = query_next(q, err)) == ST_OK) {
        struct span name = query_text(q, 0), old;
        struct scored *s;

        if (w->count == w->cap) {
            w->cap = w->cap ? w->cap * 2 : 1024;
            w->customers = xrealloc(w->customers, w->cap * sizeof *w->customers);
            w->inputs = xrealloc(w->inputs, w->cap * sizeof *w->inputs);
        }
        w->inputs[w->count] = (struct rfm_input){
            .recency_days = query_real(q, 1),
            .frequency = query_real(q, 2),
            .value = query_real(q, 3),
        };
        s = &w->customers[w->count++];
        *s = (struct scored){
            .customer = xstrndup(name.p, name.n),
            .old_r = (int)query_int(q, 4),
            .old_f = (int)query_int(q, 5),
            .old_m = (int)query_int(q, 6),
        };
        old = query_text(q, 7);
        snprintf(s->old, sizeof s->old, "%.*s", SPAN_ARG(old));
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

struct rfm_queries {
    struct query *stat, *leave, *join, *history;
};

static enum status
change_rfm(struct pass *p, struct rfm_queries *q, const struct scored *c, const char *to,
           const char *evidence, struct error *err)
{
    char segment[40];
    enum status st = ST_OK;

    if (c->old[0]) {
        query_set_str(q->leave, 1, c->customer);
        st = query_run(q->leave, err);
    }
    snprintf(segment, sizeof segment, "rfm:%s", to);
    query_set_str(q->join, 1, segment);
    query_set_str(q->join, 2, c->customer);
    query_set_str(q->join, 3, p->now_text);
    query_set_str(q->join, 4, evidence);
    if (st == ST_OK)
        st = query_run(q->join, err);
    query_set_str(q->history, 1, c->customer);
    query_set_str(q->history, 2, c->old[0] ? c->old : NULL);
    query_set_str(q->history, 3, to);
    query_set_str(q->history, 4, p->now_text);
    query_set_str(q->history, 5, evidence);
    return st == ST_OK ? query_run(q->history, err) : st;
}

static enum status
write_score(struct pass *p, struct rfm_queries *q, const struct rfm_work *w, size_t i,
            struct error *err)
{
    const struct scored *c = &w->customers[i];
    const struct rfm_score *s = &w->scores[i];
    const char *name = rfm_segment_name(s->segment);
    bool moved = strcmp(c->old, name) != 0;
    char evidence[256];
    enum status st;

    if (!moved && c->old_r == s->r && c->old_f == s->f && c->old_m == s->m)
        return ST_OK;
    st = store_tick(p->store, err);
    if (st != ST_OK)
        return st;
    query_set_str(q->stat, 1, c->customer);
    query_set_int(q->stat, 2, s->r);
    query_set_int(q->stat, 3, s->f);
    query_set_int(q->stat, 4, s->m);
    query_set_str(q->stat, 5, name);
    st = query_run(q->stat, err);
    if (st != ST_OK || !moved)
        return st;
    snprintf(evidence, sizeof evidence,
             "{\"r\":%d,\"f\":%d,\"m\":%d,\"days_since_last\":%.0f,\"active_days_90d\":%.0f,"
             "\"seconds_90d\":%.0f,\"worth_a_call\":%s}",
             s->r, s->f, s->m, w->inputs[i].recency_days, w->inputs[i].frequency,
             w->inputs[i].value, s->worth_a_call ? "true" : "false");
    return change_rfm(p, q, c, name, evidence, err);
}

/* Customers that are no longer scored (too long away, merged) leave their segment. */
static enum status
leave_rfm(struct pass *p, struct error *err)
{
    static const char *const steps[] = {
        "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule)"
        " SELECT m.customer, 'rfm', substr(m.segment, 5), NULL, ?1,"
        " 'no use for more than 365 days' FROM segment_member m"
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

static enum status
write_scores(struct pass *p, struct rfm_work *w, struct error *err)
{
    struct rfm_queries q = {0};
    enum status st = store_query(p->store, &q.stat,
                                 "UPDATE customer_stat SET rfm_r = ?2, rfm_f = ?3, rfm_m = ?4,"
                                 " rfm_segment = ?5 WHERE customer = ?1",
                                 err);

    if (st == ST_OK)
        st = store_query(p->store, &q.leave,
                         "DELETE FROM segment_member WHERE customer = ?1 AND segment GLOB"
                         " 'rfm:*'",
                         err);
    if (st == ST_OK)
        st = store_query(p->store, &q.join,
                         "INSERT OR REPLACE INTO segment_member(segment, customer, since,"
                         " evidence) VALUES(?1, ?2, ?3, ?4)",
                         err);
    if (st == ST_OK)
        st = store_query(p->store, &q.history,
                         "INSERT INTO stage_history(customer, dimension, from_stage, to_stage,"
                         " at, rule, evidence) VALUES(?1, 'rfm', ?2, ?3, ?4,"
                         " 'fifths of recency and active days', ?5)",
                         err);
    for (size_t i = 0; st == ST_OK && i < w->count; i++)
        st = write_score(p, &q, w, i, err);
    query_free(q.stat);
    query_free(q.leave);
    query_free(q.join);
    query_free(q.history);
    return st;
}

enum status
pass_rfm(struct pass *p, struct error *err)
{
    struct rfm_work w = {0};
    enum status st;

    if (!p->customers_changed && !p->full)
        return ST_OK;
    st = load_rfm(p, &w, err);
    if (st == ST_OK) {
        w.scores = xcalloc(w.count + 1, sizeof *w.scores);
        rfm_scores(w.inputs, w.count, w.scores);
        st = write_scores(p, &w, err);
    }
    if (st == ST_OK)
        st = leave_rfm(p, err);
    for (size_t i = 0; i < w.count; i++)
        free(w.customers[i].customer);
    free(w.customers);
    free(w.inputs);
    free(w.scores);
    return st;
}

static enum status
fill_now(struct pass *p, const struct config_segment *s, struct error *err)
{
    struct query *from = NULL, *to = NULL;
    enum status st = segment_query(p->store, &from, s->where, err);

    if (st == ST_OK)
        st =
            store_query(p->store, &to, "INSERT OR IGNORE INTO temp.member_now VALUES(?1, ?2)", err);
    segment_limit(p->store, true);
    while (st == ST_OK && (st = query_next(from, err)) == ST_OK) {
        query_set_text(to, 1, query_text(from, 0));
        query_set_text(to, 2, query_text(from, 1));
        st = query_run(to, err);
    }
    segment_limit(p->store, false);
    query_free(from);
    query_free(to);
    if (st == ST_IO || st == ST_BAD_CONFIG) {
        struct error cause = *err;

        return fail(err, ST_BAD_CONFIG, "segment \"%s\": %.180s", s->name, cause.text);
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* ?1 segment, ?2 now, ?3 the condition. */
static const char *const segment_steps[] = {
    "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule)"
    " SELECT customer, 'segment', ?1, NULL, ?2, ?3 FROM segment_member WHERE segment = ?1"
    " AND customer NOT IN (SELECT customer FROM temp.member_now)",
    "DELETE FROM segment_member WHERE segment = ?1 AND ?2 = ?2 AND ?3 = ?3"
    " AND customer NOT IN (SELECT customer FROM temp.member_now)",
    "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule, evidence)"
    " SELECT customer, 'segment', NULL, ?1, ?2, ?3, evidence FROM temp.member_now"
    " WHERE customer NOT IN (SELECT customer FROM segment_member WHERE segment = ?1)",
    "INSERT OR IGNORE INTO segment_member(segment, customer, since, evidence)"
    " SELECT ?1, customer, ?2, evidence FROM temp.member_now WHERE ?3 = ?3",
};

static enum status
apply_segment(struct pass *p, const char *name, const char *where, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < sizeof segment_steps / sizeof segment_steps[0]; i++) {
        struct query *q = NULL;

        st = store_query(p->store, &q, segment_steps[i], err);
        if (st != ST_OK)
            return st;
        query_set_str(q, 1, name);
        query_set_str(q, 2, p->now_text);
        query_set_str(q, 3, where);
        st = query_run(q, err);
        query_free(q);
    }
    return st;
}

static enum status
one_segment(struct pass *p, const struct config_segment *s, struct error *err)
{
    enum status st = store_begin(p->store, err);

    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM temp.member_now", err);
    if (st == ST_OK && s->where)
        st = fill_now(p, s, err);
    if (st == ST_OK)
        st = apply_segment(p, s->name, s->where ? s->where : "no longer configured", err);
    if (st == ST_OK)
        return store_commit(p->store, err);
    store_rollback(p->store);
    return st;
}

/* Segments that the configuration no longer has lose all their members. */
static enum status
drop_unknown(struct pass *p, struct error *err)
{
    const struct config *c = p->a->config;
    struct query *q = NULL;
    char **gone = NULL;
    size_t n = 0;
    enum status st = store_query(p->store, &q,
                                 "SELECT DISTINCT segment FROM segment_member"
                                 " WHERE segment NOT GLOB 'rfm:*'",
                                 err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        struct span name = query_text(q, 0);
        bool known = false;

        for (size_t i = 0; i < c->segment_count; i++)
            known |= span_is(name, c->segments[i].name);
        if (known)
            continue;
        gone = xrealloc(gone, (n + 1) * sizeof *gone);
        gone[n++] = xstrndup(name.p, name.n);
    }
    query_free(q);
    st = st == ST_NOT_FOUND ? ST_OK : st;
    for (size_t i = 0; i < n; i++) {
        struct config_segment empty = {.name = gone[i]};

        if (st == ST_OK)
            st = one_segment(p, &empty, err);
        free(gone[i]);
    }
    free(gone);
    return st;
}

enum status
pass_segments(struct pass *p, struct error *err)
{
    const struct config *c = p->a->config;
    struct error local;
    enum status st;

    if (!p->customers_changed && !p->full)
        return ST_OK;
    err = err ? err : &local;
    st = store_commit_open(p->store, err);
    if (st == ST_OK)
        st = store_run(p->store,
                       "CREATE TEMP TABLE IF NOT EXISTS member_now("
                       " customer TEXT PRIMARY KEY, evidence TEXT) WITHOUT ROWID",
                       err);
    for (size_t i = 0; st == ST_OK && i < c->segment_count; i++) {
        st = one_segment(p, &c->segments[i], err);
        /* A condition that fails on real customers (too slow, say) keeps its old members; it
         * must not keep all other figures from being written. */
        if (st == ST_BAD_CONFIG) {
            log_warn("segment_failed", "problem=\"%s\"", err->text);
            st = ST_OK;
        }
    }
    return st == ST_OK ? drop_unknown(p, err) : st;
}
