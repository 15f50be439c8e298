/*
 * customers_list.c - the customer list, read; and the bookkeeping of merges.
 */
#include "customers_import.h"

#include <stdio.h>

#include "civil.h"
#include "clock.h"

#define LIST_COLUMNS                                                                               \
    "SELECT c.id, ifnull(c.name, ''), ifnull(c.owner, ''), ifnull(c.timezone, ''),"                \
    " ifnull(c.first_seen, ''), ifnull(c.last_seen, ''), ifnull(c.merged_into, ''), c.imported,"   \
    " ifnull(s.legs_30d, -1), ifnull(s.seconds_30d, -1), ifnull(s.rfm_segment, ''),"               \
    " (SELECT ifnull(group_concat(value, ';'), '') FROM customer_alias WHERE customer = c.id AND"  \
    " kind = 'alias'), (SELECT ifnull(group_concat(value, ';'), '') FROM customer_alias WHERE"     \
    " customer = c.id AND kind = 'number'), (SELECT ifnull(group_concat(value, ';'), '') FROM"     \
    " customer_alias WHERE customer = c.id AND kind = 'domain'), (SELECT"                          \
    " ifnull(group_concat(segment, ';'), '') FROM segment_member WHERE customer = c.id)"           \
    " FROM customer c LEFT JOIN customer_stat s ON s.customer = c.id "

static enum status
visit_rows(struct query *q,
           enum status (*visit)(void *arg, const struct customer_row *row, struct error *err),
           void *arg, struct error *err)
{
    enum status st;

    while ((st = query_next(q, err)) == ST_OK) {
        struct customer_row row = {
            .id = query_text(q, 0),
            .name = query_text(q, 1),
            .owner = query_text(q, 2),
            .timezone = query_text(q, 3),
            .first_seen = query_text(q, 4),
            .last_seen = query_text(q, 5),
            .merged_into = query_text(q, 6),
            .imported = query_int(q, 7) != 0,
            .legs_30d = query_int(q, 8),
            .seconds_30d = query_int(q, 9),
            .rfm_segment = query_text(q, 10),
            .aliases = query_text(q, 11),
            .numbers = query_text(q, 12),
            .domains = query_text(q, 13),
            .segments = query_text(q, 14),
        };

        st = visit(arg, &row, err);
        if (st != ST_OK)
            return st;
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
customers_list(struct store *s, const char *match, uint64_t limit,
               enum status (*visit)(void *arg, const struct customer_row *row, struct error *err),
               void *arg, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        s, &q,
        LIST_COLUMNS "WHERE ?1 IS NULL OR instr(lower(c.id), lower(?1)) OR"
                     " instr(lower(c.name), lower(?1)) OR EXISTS (SELECT 1 FROM customer_alias a"
                     " WHERE a.customer = c.id AND instr(lower(a.value), lower(?1)))"
                     " ORDER BY c.id LIMIT ?2",
        err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, match);
    query_set_int(q, 2, limit ? (int64_t)limit : -1);
    st = visit_rows(q, visit, arg, err);
    query_free(q);
    return st;
}

struct seen {
    enum status (*visit)(void *arg, const struct customer_row *row, struct error *err);
    void *arg;
    uint64_t count;
};

static enum status
count_row(void *arg, const struct customer_row *row, struct error *err)
{
    struct seen *s = arg;

    s->count++;
    return s->visit(s->arg, row, err);
}

enum status
customers_show(struct store *s, const char *id,
               enum status (*visit)(void *arg, const struct customer_row *row, struct error *err),
               void *arg, struct error *err)
{
    struct seen seen = {visit, arg, 0};
    struct query *q = NULL;
    enum status st = store_query(
        s, &q,
        LIST_COLUMNS "WHERE c.id = ?1 OR (NOT EXISTS (SELECT 1 FROM customer WHERE id = ?1) AND"
                     " c.id IN (SELECT customer FROM customer_alias WHERE lower(value) ="
                     " lower(?1)))",
        err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, id);
    st = visit_rows(q, count_row, &seen, err);
    query_free(q);
    if (st == ST_OK && seen.count == 0)
        return fail(err, ST_NOT_FOUND, "there is no customer \"%.128s\"", id);
    return st;
}

enum status
customers_merge_check(struct store *s, struct span from, struct span into, struct error *err)
{
    struct query *q = NULL;
    bool found = false, merged = false;
    enum status st = store_query(
        s, &q, "SELECT id = ?1, merged_into IS NOT NULL FROM customer WHERE id IN (?1, ?2)", err);

    if (st != ST_OK)
        return st;
    query_set_text(q, 1, from);
    query_set_text(q, 2, into);
    while ((st = query_next(q, err)) == ST_OK) {
        found |= query_int(q, 0) != 0;
        merged |= query_int(q, 0) == 0 && query_int(q, 1) != 0;
    }
    query_free(q);
    if (st != ST_NOT_FOUND)
        return st;
    if (span_eq(from, into))
        return fail(err, ST_BAD_INPUT, "a customer cannot be merged into itself");
    if (!found)
        return fail(err, ST_NOT_FOUND, "there is no customer \"%.*s\"", SPAN_ARG(from));
    if (merged)
        return fail(err, ST_BAD_INPUT, "\"%.*s\" has itself been merged into another",
                    SPAN_ARG(into));
    return ST_OK;
}

/* ?1 from, ?2 into, ?3 now. */
static const char *const merge_sql[] = {
    "INSERT INTO customer(id, imported) VALUES(?2, 1) ON CONFLICT(id) DO UPDATE SET imported = 1",
    "UPDATE customer SET merged_into = ?2, imported = 0 WHERE id = ?1",
    "UPDATE customer SET merged_into = ?2 WHERE merged_into = ?1",
    "UPDATE customer_alias SET customer = ?2 WHERE customer = ?1",
    "INSERT INTO customer_alias(kind, value, customer) VALUES('alias', ?1, ?2)"
    " ON CONFLICT(kind, value) DO UPDATE SET customer = ?2",
    /* Their cells have moved: what is still here are days that the ledger no longer has, and such
     * as arrived just now, which a pass writes anew. */
    "INSERT INTO customer_day(customer, day, legs, seconds, failed, participants, conferences)"
    " SELECT ?2, day, legs, seconds, failed, participants, conferences FROM customer_day"
    " WHERE customer = ?1 ON CONFLICT(customer, day) DO UPDATE SET legs = legs + excluded.legs,"
    " seconds = seconds + excluded.seconds, failed = failed + excluded.failed,"
    " participants = participants + excluded.participants,"
    " conferences = conferences + excluded.conferences",
    "DELETE FROM customer_day WHERE customer = ?1",
    "UPDATE customer SET first_seen = (SELECT min(first_seen) FROM customer WHERE id IN (?1, ?2))"
    " WHERE id = ?2",
    "INSERT INTO customer_stat(customer, as_of, first_day, last_day)"
    " SELECT ?2, as_of, first_day, last_day FROM customer_stat WHERE customer = ?1"
    " AND first_day IS NOT NULL ON CONFLICT(customer) DO UPDATE SET"
    " first_day = min(ifnull(first_day, excluded.first_day), excluded.first_day)",
    "DELETE FROM customer_stat WHERE customer = ?1",
    "DELETE FROM segment_member WHERE customer = ?1",
    "UPDATE activity SET customer = ?2 WHERE customer = ?1",
    "UPDATE orders SET customer = ?2 WHERE customer = ?1",
    "UPDATE booking SET customer = ?2 WHERE customer = ?1",
    "UPDATE conference SET customer = ?2 WHERE customer = ?1",
    "UPDATE signal SET state = 'closed', closed_at = ?3, version = version + 1"
    " WHERE subject_type = 'customer' AND subject = ?1 AND state <> 'closed'",
    "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule)"
    " SELECT ?1, 'merged', NULL, ?2, ?3, 'merged by a person' WHERE NOT EXISTS"
    " (SELECT 1 FROM stage_history WHERE customer = ?1 AND dimension = 'merged' AND"
    " to_stage = ?2)",
};

enum status
customers_merged(struct store *s, struct span from, struct span into, int64_t now,
                 struct error *err)
{
    char at[CIVIL_TEXT];
    enum status st = store_begin(s, err);

    format_utc(at, now);
    for (size_t i = 0; st == ST_OK && i < sizeof merge_sql / sizeof merge_sql[0]; i++) {
        struct query *q = NULL;

        st = store_query(s, &q, merge_sql[i], err);
        if (st != ST_OK)
            break;
        /* Not every step has all three; setting one that is not there does nothing. */
        query_set_text(q, 1, from);
        query_set_text(q, 2, into);
        query_set_str(q, 3, at);
        st = query_run(q, err);
        query_free(q);
    }
    return store_end(s, st, err);
}

/* History moves, then the name becomes an alias, then what arrived in between moves as well. */
enum status
customers_merge(struct store *s, struct span from, struct span into,
                const struct merge_hands *hands, uint64_t *cells, struct error *err)
{
    uint64_t late = 0;
    enum status st = customers_merge_check(s, from, into, err);

    *cells = 0;
    if (st == ST_OK)
        st = hands->move(hands->arg, from, into, cells, err);
    if (st == ST_OK)
        st = customers_merged(s, from, into, clock_now(), err);
    if (st == ST_OK)
        st = hands->match_anew(hands->arg, err);
    if (st == ST_OK)
        st = hands->move(hands->arg, from, into, &late, err);
    *cells += late;
    return st;
}
