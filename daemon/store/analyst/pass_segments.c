/*
 * pass_segments.c - who belongs to which segment, since when and why.
 *
 * The configured conditions; RFM names ("rfm:champion") are pass_rfm.c's. What changes is written
 * to segment_member and stage_history in one transaction for each segment; who stays keeps the
 * date they came.
 */
#include "pass.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "log.h"

/* Customers and their evidence, into a table of these. */
static enum status
fill(struct pass *p, struct query *from, const char *into, struct error *err)
{
    struct query *to = NULL;
    enum status st = store_query(p->store, &to, into, err);

    segment_limit(p->store, true);
    while (st == ST_OK && (st = query_next(from, err)) == ST_OK) {
        query_set_text(to, 1, query_text(from, 0));
        query_set_text(to, 2, query_text(from, 1));
        st = query_run(to, err);
    }
    segment_limit(p->store, false);
    query_free(to);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Who belongs to it now, and what the same condition looks at in those who no longer do. */
static enum status
fill_now(struct pass *p, const struct config_segment *s, struct error *err)
{
    struct query *now = NULL, *left = NULL;
    enum status st = segment_query(p->store, &now, s->where, err);

    if (st == ST_OK)
        st = fill(p, now, "INSERT OR IGNORE INTO temp.member_now VALUES(?1, ?2)", err);
    if (st == ST_OK)
        st = segment_left_query(p->store, &left, s->where, err);
    if (st == ST_OK) {
        query_set_str(left, 1, s->name);
        st = fill(p, left, "INSERT OR IGNORE INTO temp.member_left VALUES(?1, ?2)", err);
    }
    query_free(now);
    query_free(left);
    if (st == ST_IO || st == ST_BAD_CONFIG) {
        struct error cause = *err;

        return fail(err, ST_BAD_CONFIG, "segment \"%s\": %.180s", s->name, cause.text);
    }
    return st;
}

#define NOT_CONFIGURED "no longer configured"

/* ?1 segment, ?2 now, ?3 the condition, which is its own version. */
static const char *const segment_steps[] = {
    "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule, evidence,"
    " back) SELECT m.customer, 'segment', ?1, NULL, ?2, ?3, l.evidence, CASE ?3 WHEN "
    "'" NOT_CONFIGURED
    "' THEN 'in one again when it is configured' ELSE 'in it again when ' || ?3 END"
    " FROM segment_member m LEFT JOIN temp.member_left l ON l.customer = m.customer"
    " WHERE m.segment = ?1 AND m.customer NOT IN (SELECT customer FROM temp.member_now)",
    "DELETE FROM segment_member WHERE segment = ?1 AND ?2 = ?2 AND ?3 = ?3"
    " AND customer NOT IN (SELECT customer FROM temp.member_now)",
    "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule, evidence,"
    " back) SELECT customer, 'segment', NULL, ?1, ?2, ?3, evidence,"
    " 'out of it when this no longer holds: ' || ?3 FROM temp.member_now"
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
        st = store_run(p->store, "DELETE FROM temp.member_now; DELETE FROM temp.member_left", err);
    if (st == ST_OK && s->where)
        st = fill_now(p, s, err);
    if (st == ST_OK)
        st = apply_segment(p, s->name, s->where ? s->where : NOT_CONFIGURED, err);
    return store_end(p->store, st, err);
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
                       " customer TEXT PRIMARY KEY, evidence TEXT) WITHOUT ROWID;"
                       "CREATE TEMP TABLE IF NOT EXISTS member_left("
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
