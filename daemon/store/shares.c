/*
 * shares.c - parts of what comes.
 */
#include "shares.h"

#include <stdlib.h>

#include "memory.h"

/* sql is a condition on ?1. */
static enum status
share_of_legs(struct store *s, const char *sql, struct span name, double *share, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q, sql, err);

    if (st != ST_OK)
        return st;
    query_set_text(q, 1, name);
    st = query_next(q, err);
    if (st == ST_OK) {
        double own = query_real(q, 0), all = query_real(q, 1);

        *share = own > 0 && all > 0 ? own / all : 0;
    }
    query_free(q);
    return st;
}

#define SHARE_SQL(condition)                                                                       \
    "SELECT sum(legs) FILTER (WHERE " condition "), sum(legs) FROM customer_day"                   \
    " WHERE day >= (SELECT date(max(as_of), '-28 days') FROM analyst)"

enum status
share_of_customer(struct store *s, struct span customer, double *share, struct error *err)
{
    return share_of_legs(s, SHARE_SQL("customer = ?1"), customer, share, err);
}

static enum status
share_of_segment(struct store *s, const char *segment, double *share, struct error *err)
{
    enum status st = share_of_legs(
        s, SHARE_SQL("customer IN (SELECT customer FROM segment_member WHERE segment = ?1)"),
        span_str(segment), share, err);

    if (st == ST_OK && (!(*share > 0) || !(*share < 1)))
        return fail(err, ST_NOT_FOUND, "split: segment \"%.60s\" has %s of the legs of four weeks",
                    segment, *share > 0 ? "all" : "none");
    return st;
}

static void
add(struct skills *out, struct span name, double share)
{
    out->at[out->count++] = (struct skill){xstrndup(name.p, name.n), share};
}

static enum status
find(struct store *s, const char *const *texts, bool lenient, struct skills *out, struct error *err)
{
    double left = 1;

    for (size_t i = 0; texts[i]; i++) {
        struct skill_text t;
        enum status st = ST_OK;

        if (i == SKILLS_MOST || !skill_read(texts[i], &t))
            return fail(err, ST_BAD_INPUT,
                        "split: \"%.60s\": expected SKILL=SHARE such as french=20%%, or"
                        " SKILL=segment:NAME, at most %d of them",
                        texts[i], SKILLS_MOST);
        if (t.segment)
            st = share_of_segment(s, t.segment, &t.share, err);
        if (st == ST_NOT_FOUND && lenient)
            continue;
        if (st != ST_OK)
            return st;
        left -= t.share;
        if (left < -1e-9)
            return fail(err, ST_BAD_INPUT,
                        "split: \"%.60s\": expected shares that are one together at most",
                        texts[i]);
        add(out, t.name, t.share);
    }
    if (out->count > 0 && left > 1e-9)
        add(out, span_str(SKILLS_OTHERS), left);
    return ST_OK;
}

enum status
skills_find(struct store *s, const char *const *texts, bool lenient, struct skills *out,
            struct error *err)
{
    enum status st = ST_OK;

    *out = (struct skills){0};
    if (texts)
        st = find(s, texts, lenient, out, err);
    if (st != ST_OK)
        skills_clear(out);
    return st;
}

void
skills_clear(struct skills *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->at[i].name);
    s->count = 0;
}
