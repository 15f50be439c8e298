/*
 * pass_outlook.c - what is to be expected of each customer, and at which stage of its life it is.
 *
 * A full pass looks at all customers and fits the model of their activity anew; between such passes
 * those that something happened to are looked at by the last model.
 */
#include "outlook.h"

#include <math.h>
#include <stdlib.h>

/* After a year everybody is lost. */
#define MAX_GAP (OUTLOOK_DAYS / 2)
/* Twice the gap is lost, but nobody is so soon. */
#define MIN_LOST 56
/* Without a model: so many times the mean gap. */
#define GAPS_WITHOUT_MODEL 4
#define MIN_GAP_WITHOUT    28

/* Days after the last use from which on somebody is dormant. */
static int32_t
usual_gap(const struct outlooks *all, const struct outlook *o)
{
    double days;

    if (o->habit.repeats == 0)
        days = all->pace.longest;
    else if (all->fitted)
        days = 7 * bgnbd_silent_after(&all->model, &o->habit, OUTLOOK_SILENT);
    else
        days = fmax(MIN_GAP_WITHOUT, GAPS_WITHOUT_MODEL * 7 * o->habit.last / o->habit.repeats);
    return (int32_t)fmin(fmax(ceil(days), LIFE_MIN_GAP), MAX_GAP);
}

static void
judge(const struct outlooks *all, struct outlook *o)
{
    struct life_facts *f = &o->facts;

    if (f->last != LIFE_NEVER) {
        int32_t gap = usual_gap(all, o);
        /* Days without any input push the limits on. */
        int32_t blind = f->today - f->last - 1 - o->gap;

        blind = blind > 0 && f->today - f->last <= OUTLOOK_DAYS ? blind : 0;
        f->silent = f->last + gap + blind + 1;
        f->lost = f->last + (2 * gap > MIN_LOST ? 2 * gap : MIN_LOST) + blind + 1;
    }
    if (all->fitted && o->active_days > 0) {
        o->expected_4w = bgnbd_expected(&all->model, &o->habit, 4);
        o->expected_13w = bgnbd_expected(&all->model, &o->habit, 13);
        o->silence = bgnbd_silence(&all->model, &o->habit, o->gap / 7.0);
    }
    o->now = life_next(o->before, f);
}

/* Customers whose figures this pass has written, and those that single records came for. */
static enum status
find_touched(struct pass *p, uint64_t events, struct error *err)
{
    static const char *const sql[] = {
        "INSERT OR IGNORE INTO temp.touched SELECT customer FROM customer_stat"
        " WHERE as_of = ?1 AND ?2 = ?2",
        "INSERT OR IGNORE INTO temp.touched SELECT customer FROM activity"
        " WHERE seq > ?2 AND ?1 = ?1",
        "INSERT OR IGNORE INTO temp.touched SELECT customer FROM orders"
        " WHERE seq > ?2 AND ?1 = ?1",
        "INSERT OR IGNORE INTO temp.touched SELECT customer FROM booking"
        " WHERE seq > ?2 AND ?1 = ?1",
    };
    enum status st = store_run(p->store,
                               "CREATE TEMP TABLE IF NOT EXISTS touched(customer TEXT PRIMARY KEY)"
                               " WITHOUT ROWID; DELETE FROM temp.touched",
                               err);

    for (size_t i = 0; st == ST_OK && i < sizeof sql / sizeof sql[0]; i++) {
        struct query *q = NULL;

        st = store_query(p->store, &q, sql[i], err);
        if (st == ST_OK) {
            query_set_str(q, 1, p->now_text);
            query_set_int(q, 2, (int64_t)events);
            st = query_run(q, err);
        }
        query_free(q);
    }
    return st;
}

/* Who was merged away, or is gone, has no outlook. */
static enum status
forget_gone(struct pass *p, struct error *err)
{
    enum status st = store_tick(p->store, err);

    return st == ST_OK ? store_run(p->store,
                                   "DELETE FROM customer_outlook WHERE customer NOT IN"
                                   " (SELECT id FROM customer WHERE merged_into IS NULL)",
                                   err)
                       : st;
}

enum status
pass_outlook(struct pass *p, uint64_t events, struct error *err)
{
    struct outlooks o = {.pass = p};
    enum status st = ST_OK;

    arena_init(&o.mem);
    if (!p->full)
        st = find_touched(p, events, err);
    else
        st = store_commit_open(p->store, err);
    if (st == ST_OK)
        st = outlooks_load(&o, p->full, err);
    if (st == ST_OK)
        st = p->full ? outlooks_fit(&o, err) : outlooks_read_fit(&o, err);
    for (size_t i = 0; st == ST_OK && i < o.count; i++)
        judge(&o, &o.rows[i]);
    if (st == ST_OK)
        st = outlooks_write(&o, err);
    if (st == ST_OK && p->full)
        st = outlooks_signal(&o, err);
    if (st == ST_OK && p->full)
        st = forget_gone(p, err);
    arena_clear(&o.mem);
    free(o.rows);
    return st;
}
