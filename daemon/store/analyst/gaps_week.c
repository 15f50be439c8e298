/*
 * gaps_week.c - the coming week of the services that have a roster, and who could go where in it.
 *
 * Services have intervals of different lengths; people move for a quarter hour or more. What is the
 * same from one quarter to the next is one move.
 */
#include "gaps_week.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "share_text.h"

/* More than these are not compared with each other: the first of them by name are. */
#define MOST_SERVICES 100

static const char load_sql[] =
    "SELECT service, start, minutes, rostered, scheduled, required, gap, forecast, low, high,"
    " completeness, 0 FROM staffing WHERE start >= ?1 AND service IN (SELECT service FROM staffing"
    " WHERE start >= ?1 AND rostered IS NOT NULL) UNION ALL"
    " SELECT k.service || '/' || k.skill, k.start, k.minutes, k.rostered, k.scheduled, k.required,"
    " k.gap, k.forecast, k.low, k.high, s.completeness, 1 FROM staffing_skill k JOIN staffing s"
    " USING (service, start) WHERE k.start >= ?1 AND k.service IN (SELECT service FROM"
    " staffing_skill WHERE start >= ?1 AND rostered IS NOT NULL) ORDER BY 1, 2";

static struct gaps_service *
service_for(struct gaps_week *w, const struct query *q)
{
    struct span name = query_text(q, 0);
    struct gaps_service *s = w->count ? &w->services[w->count - 1] : NULL;

    if (s && span_is(name, s->name))
        return s;
    w->services = xrealloc(w->services, (w->count + 1) * sizeof *w->services);
    s = &w->services[w->count++];
    *s = (struct gaps_service){.name = xstrndup(name.p, name.n),
                               .completeness = query_real(q, 10),
                               .skill = query_int(q, 11) != 0};
    return s;
}

static void
add_interval(struct gaps_week *w, const struct query *q)
{
    struct gaps_service *s = service_for(w, q);
    bool has_offset;
    int64_t start;

    if (!parse_rfc3339(query_text(q, 1), &start, &has_offset))
        return;
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 512;
        s->at = xrealloc(s->at, s->cap * sizeof *s->at);
    }
    s->at[s->count++] = (struct gaps_interval){
        .start = start,
        .end = start + query_int(q, 2) * 60,
        .rostered = query_real(q, 3),
        .scheduled = query_real(q, 4),
        .required = query_real(q, 5),
        .gap = query_real(q, 6),
        .forecast = query_real(q, 7),
        .low = query_real(q, 8),
        .high = query_real(q, 9),
    };
}

struct span
gaps_service_of(const struct gaps_service *s)
{
    return s->skill ? skill_service(span_str(s->name)) : span_str(s->name);
}

static void
find_divided(struct gaps_week *w)
{
    for (size_t i = 0; i < w->count; i++)
        for (size_t k = 0; k < w->count; k++)
            w->services[i].divided |=
                !w->services[i].skill && w->services[k].skill &&
                span_is(gaps_service_of(&w->services[k]), w->services[i].name);
}

enum status
gaps_week_load(struct gaps_week **out, struct pass *p, struct error *err)
{
    struct gaps_week *w = xcalloc(1, sizeof *w);
    struct query *q = NULL;
    char now[CIVIL_TEXT];
    enum status st = store_query(p->store, &q, load_sql, err);

    if (st == ST_OK) {
        query_set_str(q, 1, format_utc(now, p->now - 3600));
        while ((st = query_next(q, err)) == ST_OK)
            add_interval(w, q);
        st = st == ST_NOT_FOUND ? ST_OK : st;
    }
    query_free(q);
    find_divided(w);
    *out = w;
    return st;
}

void
gaps_week_free(struct gaps_week *w)
{
    for (size_t i = 0; w && i < w->count; i++) {
        free(w->services[i].name);
        free(w->services[i].at);
    }
    if (w) {
        free(w->services);
        free(w->moves);
    }
    free(w);
}

/* --- moves --- */

static bool
is_others(const struct gaps_service *s)
{
    size_t n = strlen(s->name), others = strlen(SKILLS_OTHERS);

    return s->skill && n > others && strcmp(s->name + n - others, SKILLS_OTHERS) == 0 &&
           s->name[n - others - 1] == '/';
}

/* May people of one be lent to another? Who has a skill serves those who need none as well; the
 * people of a service that is divided are those of its parts. */
static bool
may_serve(const struct pass *p, const struct gaps_service *from, const struct gaps_service *to)
{
    const struct config *c = p->a->config;
    struct span home = gaps_service_of(from), there = gaps_service_of(to);

    if (from->divided || to->divided || (to->skill && !is_others(to)))
        return false;
    if (span_eq(home, there))
        return true;
    for (size_t i = 0; i < c->service_count; i++) {
        if (!span_is(home, c->services[i].name) || !c->services[i].can_serve)
            continue;
        for (char **other = c->services[i].can_serve; *other; other++)
            if (span_is(there, *other))
                return true;
        return false;
    }
    return true;
}

static bool *
who_may(const struct gaps_week *w, const struct pass *p, size_t n)
{
    bool *may = xcalloc(n * n + 1, sizeof *may);

    for (size_t from = 0; from < n; from++)
        for (size_t to = 0; to < n; to++)
            may[from * n + to] = from != to && may_serve(p, &w->services[from], &w->services[to]);
    return may;
}

/* Longer, where the same people stay where they went; or a new one. */
static void
add_move(struct gaps_week *w, const struct gap_move *m, int64_t start)
{
    for (size_t i = 0; i < w->move_count; i++) {
        struct gaps_move *old = &w->moves[i];

        if (old->end == start && old->from == m->from && old->to == m->to &&
            old->people == m->people) {
            old->end = start + QUARTER_SECONDS;
            return;
        }
    }
    if (w->move_count == w->move_cap) {
        w->move_cap = w->move_cap ? w->move_cap * 2 : 64;
        w->moves = xrealloc(w->moves, w->move_cap * sizeof *w->moves);
    }
    w->moves[w->move_count++] =
        (struct gaps_move){m->from, m->to, start, start + QUARTER_SECONDS, m->people};
}

static void
find_moves(struct gaps_week *w, const bool *may, size_t n, int64_t begin, int64_t end)
{
    size_t *at = xcalloc(n + 1, sizeof *at);
    double *gap = xcalloc(n + 1, sizeof *gap);
    struct gap_move *m = xcalloc(2 * n + 1, sizeof *m);

    for (int64_t t = begin; t < end; t += QUARTER_SECONDS) {
        size_t moves;

        for (size_t i = 0; i < n; i++) {
            const struct gaps_service *s = &w->services[i];

            while (at[i] < s->count && s->at[at[i]].end <= t)
                at[i]++;
            gap[i] = at[i] < s->count && s->at[at[i]].start <= t ? s->at[at[i]].gap : NAN;
        }
        moves = gap_moves(gap, may, n, m);
        for (size_t k = 0; k < moves; k++)
            add_move(w, &m[k], t);
    }
    free(at);
    free(gap);
    free(m);
}

static enum status
write_moves(const struct gaps_week *w, struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q,
        "INSERT INTO staffing_move(from_service, to_service, start, minutes, people, as_of)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        err);

    if (st == ST_OK)
        st = store_begin(p->store, err);
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM staffing_move", err);
    for (size_t i = 0; st == ST_OK && i < w->move_count; i++) {
        const struct gaps_move *m = &w->moves[i];
        char start[CIVIL_TEXT];

        query_set_str(q, 1, w->services[m->from].name);
        query_set_str(q, 2, w->services[m->to].name);
        query_set_str(q, 3, format_utc(start, m->start));
        query_set_int(q, 4, (m->end - m->start) / 60);
        query_set_int(q, 5, (int64_t)m->people);
        query_set_str(q, 6, p->now_text);
        st = query_run(q, err);
    }
    query_free(q);
    return store_end(p->store, st, err);
}

enum status
gaps_week_move(struct gaps_week *w, struct pass *p, struct error *err)
{
    size_t n = w->count < MOST_SERVICES ? w->count : MOST_SERVICES;
    int64_t begin = INT64_MAX, end = 0;
    bool *may = who_may(w, p, n);

    for (size_t i = 0; i < n; i++)
        if (w->services[i].count) {
            const struct gaps_service *s = &w->services[i];

            begin = s->at[0].start < begin ? s->at[0].start : begin;
            end = s->at[s->count - 1].end > end ? s->at[s->count - 1].end : end;
        }
    if (n > 1)
        find_moves(w, may, n, begin, end);
    free(may);
    return write_moves(w, p, err);
}
