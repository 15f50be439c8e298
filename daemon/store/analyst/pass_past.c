/*
 * pass_past.c - what the store keeps of the past, and for how long.
 *
 * The store outlives the ledger's totals: rows of days that the ledger no longer knows stay until
 * they are older than the retention of the store's history, and cannot be made again. Tables that
 * only ever get longer lose what is older than that. Both go by the newest record: a clock that
 * runs ahead of all records is no reason to forget them.
 */
#include "pass.h"

#include "config.h"

/* --- a store that starts over beside a ledger that it knew --- */

/* The days that the ledger no longer has count for first and last days as well. */
static const char join_sql[] =
    "INSERT INTO customer_stat(customer, as_of, first_day, last_day)"
    " SELECT customer, '', min(day), max(day) FROM customer_day WHERE legs > 0 AND day < ?1"
    " GROUP BY customer ON CONFLICT(customer) DO UPDATE SET"
    " first_day = min(ifnull(first_day, excluded.first_day), excluded.first_day),"
    " last_day = max(ifnull(last_day, excluded.last_day), excluded.last_day)";

static enum status
join(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    char floor[CIVIL_TEXT];
    enum status st = store_query(p->store, &q, join_sql, err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, format_day(floor, p->ledger->floor));
        st = query_run(q, err);
    }
    query_free(q);
    return st == ST_OK ? pass_fade(p, err) : st;
}

/* --- what is too old --- */

/* A table with an index on (subject, time). Rows that copy the ledger go when it no longer has
 * them either. */
struct history_table {
    const char *next; /* ?1: the subject after that one, and its oldest time */
    const char *drop; /* ?1: the subject, ?2: before that time */
    bool copy;
};

#define HISTORY(table, subject, time, is_copy)                                                     \
    {                                                                                              \
        "SELECT " subject ", " time " FROM " table " WHERE " subject " > ?1 ORDER BY " subject     \
        ", " time " LIMIT 1",                                                                      \
            "DELETE FROM " table " WHERE " subject " = ?1 AND " time " < ?2", is_copy              \
    }

static const struct history_table tables[] = {
    HISTORY("customer_day", "customer", "day", true),
    HISTORY("service_interval", "service", "start", true),
    HISTORY("stage_history", "customer", "at", false),
    HISTORY("activity", "customer", "start", false),
    HISTORY("orders", "customer", "start", false),
    HISTORY("booking", "customer", "start", false),
    HISTORY("conference", "customer", "start", false),
    HISTORY("roster", "service", "start", false),
    HISTORY("staffing", "service", "start", false), /* of services that are gone */
};

struct dropping {
    struct pass *pass;
    struct query *next, *drop;
    const char *before;
    struct buf subject; /* all up to this one are done */
};

/* ST_NOT_FOUND: that was the last subject. */
static enum status
drop_next(struct dropping *d, struct error *err)
{
    enum status st;
    bool old;

    query_set_text(d->next, 1, span_of(d->subject.p, d->subject.n));
    st = query_next(d->next, err);
    if (st != ST_OK)
        return st;
    buf_reset(&d->subject);
    buf_span(&d->subject, query_text(d->next, 0));
    old = span_cmp(query_text(d->next, 1), span_str(d->before)) < 0;
    query_reset(d->next);
    if (!old)
        return ST_OK;
    st = store_tick(d->pass->store, err);
    if (st != ST_OK)
        return st;
    query_set_text(d->drop, 1, span_of(d->subject.p, d->subject.n));
    query_set_str(d->drop, 2, d->before);
    return query_run(d->drop, err);
}

/* Subject by subject: those that have nothing so old cost one look, and transactions are short. */
static enum status
drop_history(struct pass *p, const struct history_table *t, const char *before, struct error *err)
{
    struct dropping d = {.pass = p, .before = before};
    enum status st = store_query(p->store, &d.next, t->next, err);

    if (st == ST_OK)
        st = store_query(p->store, &d.drop, t->drop, err);
    while (st == ST_OK)
        st = drop_next(&d, err);
    query_free(d.next);
    query_free(d.drop);
    buf_clear(&d.subject);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* The next one after ?1 of the customers that were merely seen, before ?2, and of whom nothing is
 * left. */
static const char next_gone_sql[] =
    "SELECT id FROM customer c WHERE id > ?1 AND imported = 0 AND merged_into IS NULL"
    " AND ifnull(last_seen, '') < ?2"
    " AND NOT EXISTS(SELECT 1 FROM customer_day WHERE customer = c.id)"
    " AND NOT EXISTS(SELECT 1 FROM stage_history WHERE customer = c.id)"
    " AND NOT EXISTS(SELECT 1 FROM activity WHERE customer = c.id)"
    " AND NOT EXISTS(SELECT 1 FROM orders WHERE customer = c.id)"
    " AND NOT EXISTS(SELECT 1 FROM booking WHERE customer = c.id)"
    " AND NOT EXISTS(SELECT 1 FROM conference WHERE customer = c.id)"
    " AND NOT EXISTS(SELECT 1 FROM customer_alias WHERE customer = c.id)"
    " AND NOT EXISTS(SELECT 1 FROM signal WHERE subject_type = 'customer' AND subject = c.id"
    " AND state <> 'closed') ORDER BY id LIMIT 1";

static const char *const drop_gone_sql[] = {
    "DELETE FROM customer_stat WHERE customer = ?1",
    "DELETE FROM segment_member WHERE customer = ?1",
    "DELETE FROM customer_outlook WHERE customer = ?1",
    "DELETE FROM customer WHERE id = ?1",
};
#define GONE_TABLES (sizeof drop_gone_sql / sizeof drop_gone_sql[0])

/* ST_NOT_FOUND: there is none. */
static enum status
drop_next_gone(struct dropping *d, struct query **drop, struct error *err)
{
    enum status st;

    query_set_text(d->next, 1, span_of(d->subject.p, d->subject.n));
    query_set_str(d->next, 2, d->before);
    st = query_next(d->next, err);
    if (st != ST_OK)
        return st;
    buf_reset(&d->subject);
    buf_span(&d->subject, query_text(d->next, 0));
    query_reset(d->next);
    st = store_tick(d->pass->store, err);
    for (size_t i = 0; st == ST_OK && i < GONE_TABLES; i++) {
        query_set_text(drop[i], 1, span_of(d->subject.p, d->subject.n));
        st = query_run(drop[i], err);
    }
    return st;
}

static enum status
drop_gone(struct pass *p, const char *before, struct error *err)
{
    struct dropping d = {.pass = p, .before = before};
    struct query *drop[GONE_TABLES] = {NULL};
    enum status st = store_query(p->store, &d.next, next_gone_sql, err);

    for (size_t i = 0; st == ST_OK && i < GONE_TABLES; i++)
        st = store_query(p->store, &drop[i], drop_gone_sql[i], err);
    while (st == ST_OK)
        st = drop_next_gone(&d, drop, err);
    query_free(d.next);
    for (size_t i = 0; i < GONE_TABLES; i++)
        query_free(drop[i]);
    buf_clear(&d.subject);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
drop_before(struct pass *p, const char *sql, const char *before, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q, sql, err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, before);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

static enum status
drop_old(struct pass *p, int32_t day, struct error *err)
{
    int32_t copies = day < p->ledger->floor ? day : p->ledger->floor;
    char before[CIVIL_TEXT], copies_before[CIVIL_TEXT];
    enum status st = ST_OK;

    format_day(before, day);
    format_day(copies_before, copies);
    for (size_t i = 0; st == ST_OK && i < sizeof tables / sizeof tables[0]; i++)
        st = drop_history(p, &tables[i], tables[i].copy ? copies_before : before, err);
    if (st == ST_OK)
        st = drop_gone(p, copies_before, err);
    if (st == ST_OK)
        st = drop_before(
            p, "DELETE FROM signal WHERE state = 'closed' AND ifnull(closed_at, last_seen) < ?1",
            before, err);
    return st;
}

enum status
pass_past(struct pass *p, struct error *err)
{
    int64_t keep = p->a->config->retention.history;
    int64_t newest = p->ledger->newest_record < p->now ? p->ledger->newest_record : p->now;

    if (!p->full || p->a->config->clock_data)
        return ST_OK;
    if (p->first) /* what is too old of it has time until the next full pass */
        return p->ledger->floor > 0 ? join(p, err) : ST_OK;
    return keep > 0 && newest > keep ? drop_old(p, day_of(newest - keep), err) : ST_OK;
}
