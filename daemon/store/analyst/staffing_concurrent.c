/*
 * staffing_concurrent.c - the pasts of services whose work is what goes on at once: a supervisor
 * for every so many legs or conferences.
 *
 * Legs come from the regions' minutes (begun, ended), conferences from their rows in the store.
 * What had begun before the first day that is read is not known, and never counts below zero.
 */
#include <stdlib.h>

#include "ledger.h"
#include "staffing_plan.h"

#define MINUTES 1440
#define DAYS    (HISTORY_DAYS + 2) /* local days begin and end within UTC days */

struct minutes {
    int32_t first;          /* UTC day */
    int32_t *begun, *ended; /* DAYS * MINUTES */
    struct span region;     /* empty: all */
};

static void
put(struct minutes *m, int64_t utc, int32_t *counts)
{
    int64_t at = (utc - (int64_t)m->first * DAY_SECONDS) / 60;

    if (utc >= (int64_t)m->first * DAY_SECONDS && at < (int64_t)DAYS * MINUTES)
        counts[at]++;
}

static enum status
add_region(void *arg, const struct cell_view *c, struct error *err)
{
    struct minutes *m = arg;
    int64_t day = c->day - m->first;

    (void)err;
    if ((m->region.n && !span_eq(m->region, c->name)) || day < 0 || day >= DAYS)
        return ST_OK;
    for (unsigned i = 0; i < c->slot_count; i++) {
        size_t at = (size_t)day * MINUTES + c->slots[i].slot;

        m->begun[at] += (int32_t)c->slots[i].v[REGION_BEGUN];
        m->ended[at] += (int32_t)c->slots[i].v[REGION_ENDED];
    }
    return ST_OK;
}

static enum status
add_conferences(struct minutes *m, struct pass *p, struct error *err)
{
    struct query *q = NULL;
    char from[CIVIL_TEXT];
    enum status st =
        store_query(p->store, &q, "SELECT start, until FROM conference WHERE until >= ?1", err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, format_utc(from, (int64_t)m->first * DAY_SECONDS));
    while ((st = query_next(q, err)) == ST_OK) {
        int64_t start, until;
        bool has_offset;

        if (!parse_rfc3339(query_text(q, 0), &start, &has_offset) ||
            !parse_rfc3339(query_text(q, 1), &until, &has_offset))
            continue;
        if (start < (int64_t)m->first * DAY_SECONDS)
            start = (int64_t)m->first * DAY_SECONDS;
        put(m, start, m->begun);
        put(m, until, m->ended);
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* What begins in a minute is there beside what ends in it. */
static void
fill_history(const struct minutes *m, struct history *h, int64_t now)
{
    int64_t begin = (int64_t)m->first * DAY_SECONDS, running = 0;

    for (size_t i = 0; i < (size_t)DAYS * MINUTES; i++) {
        int64_t utc = begin + (int64_t)i * 60;

        if (utc > now)
            break;
        running += m->begun[i];
        history_peak(h, utc, running > INT32_MAX ? INT32_MAX : (int32_t)running);
        running -= m->ended[i];
        running = running < 0 ? 0 : running;
    }
}

static enum status
count_service(struct staffing_work *w, struct staffing_service *s, struct error *err)
{
    const char *what = s->config->concurrent;
    struct minutes m = {.first = w->pass->today - HISTORY_DAYS - 1};
    enum status st;

    if (strncmp(what, "legs:", 5) == 0)
        m.region = span_str(what + 5);
    m.begun = xcalloc((size_t)DAYS * MINUTES, sizeof *m.begun);
    m.ended = xcalloc((size_t)DAYS * MINUTES, sizeof *m.ended);
    if (strcmp(what, "conferences") == 0)
        st = add_conferences(&m, w->pass, err);
    else
        st = ledger_scan_kind(w->pass->a->reader, CELL_REGION, m.first, add_region, &m, err);
    if (st == ST_OK)
        fill_history(&m, &s->history, w->pass->now);
    free(m.begun);
    free(m.ended);
    return st;
}

enum status
staffing_count_concurrent(struct staffing_work *w, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < w->count; i++)
        if (w->services[i].config->concurrent)
            st = count_service(w, &w->services[i], err);
    return st;
}
