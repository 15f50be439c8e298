/*
 * pass_past.c - what the store keeps of the past.
 *
 * The store outlives the ledger's totals: rows of days that the ledger no longer knows stay, and
 * cannot be made again.
 */
#include "pass.h"

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

enum status
pass_past(struct pass *p, struct error *err)
{
    return p->first && p->ledger->floor > 0 ? join(p, err) : ST_OK;
}
