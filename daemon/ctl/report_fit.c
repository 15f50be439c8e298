/*
 * report_fit.c - where the roster does not fit, and what the numbers are worth: what report
 * staffing says below its plan.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "gaps.h"
#include "report.h"
#include "share_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SHOWN    12

/* --- gaps --- */

struct told {
    const char *service; /* in names */
    struct gap_window window;
    enum gap_side side;
};

struct gaps {
    const struct report *r;
    struct arena names;
    struct gap_interval *at; /* of one service */
    size_t count, cap;
    struct told *told;
    size_t told_count;
};

/* Specialists may be missing where the service as one pool has people enough: each skill stands
 * beside its service, by its name on the roster. */
static const char gap_sql[] =
    "SELECT name, start, minutes, gap FROM (SELECT service AS name, service, start, minutes, gap"
    " FROM staffing UNION ALL SELECT service || '/' || skill, service, start, minutes, gap FROM"
    " staffing_skill WHERE skill <> '" SKILLS_OTHERS "') WHERE" REPORT_PLANNED
    " AND gap IS NOT NULL"
    " ORDER BY name, start";

/* Of a service, or of one of its skills. */
static double
rate_of(const struct report *r, const char *service)
{
    for (size_t i = 0; i < r->config->service_count; i++) {
        const char *name = r->config->services[i].name;
        size_t n = strlen(name);

        if (strncmp(name, service, n) == 0 && (service[n] == '\0' || service[n] == '/'))
            return r->config->services[i].rate;
    }
    return 0;
}

static void
end_service(struct gaps *g, struct span service)
{
    struct span name = g->count ? arena_copy(&g->names, service) : SPAN("");
    struct gap_window *w = xcalloc(g->count + 1, sizeof *w);
    char *text = g->count ? arena_alloc(&g->names, name.n + 1) : NULL;

    if (text) {
        memcpy(text, name.p, name.n);
        text[name.n] = '\0';
    }
    for (int side = GAP_SHORT; side <= GAP_OVER; side++) {
        size_t n = gap_windows(g->at, g->count, (enum gap_side)side, w);

        g->told = xrealloc(g->told, (g->told_count + n + 1) * sizeof *g->told);
        for (size_t i = 0; i < n; i++)
            g->told[g->told_count++] = (struct told){text, w[i], (enum gap_side)side};
    }
    g->count = 0;
    free(w);
}

static enum status
load_gaps(struct gaps *g, struct error *err)
{
    struct query *q = NULL;
    struct buf service = {0};
    enum status st = report_query(g->r, &q, gap_sql, err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        bool has_offset;
        int64_t start;

        if (!span_eq(query_text(q, 0), span_of(service.p, service.n))) {
            end_service(g, span_of(service.p, service.n));
            buf_reset(&service);
            buf_span(&service, query_text(q, 0));
        }
        if (!parse_rfc3339(query_text(q, 1), &start, &has_offset))
            continue;
        if (g->count == g->cap) {
            g->cap = g->cap ? g->cap * 2 : 512;
            g->at = xrealloc(g->at, g->cap * sizeof *g->at);
        }
        g->at[g->count++] =
            (struct gap_interval){start, start + query_int(q, 2) * 60, query_real(q, 3)};
    }
    if (st == ST_NOT_FOUND)
        end_service(g, span_of(service.p, service.n));
    query_free(q);
    buf_clear(&service);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Missing people come before people to spare. */
static int
by_weight(const void *a, const void *b)
{
    const struct told *x = a, *y = b;

    if (x->side != y->side)
        return x->side - y->side;
    return (x->window.hours < y->window.hours) - (x->window.hours > y->window.hours);
}

static int
by_time(const void *a, const void *b)
{
    const struct told *x = a, *y = b;

    if (x->window.start != y->window.start)
        return (x->window.start > y->window.start) - (x->window.start < y->window.start);
    return strcmp(x->service, y->service);
}

static void
print_gaps(const struct gaps *g)
{
    static const struct table_column columns[] = {
        {"when", TABLE_TEXT},    {"service", TABLE_TEXT}, {"people", TABLE_TEXT},
        {"hours", TABLE_NUMBER}, {"cost", TABLE_NUMBER},
    };
    size_t n = g->told_count < SHOWN ? g->told_count : SHOWN, rates = 0;
    struct table *t;

    for (size_t i = 0; i < n; i++)
        rates += rate_of(g->r, g->told[i].service) > 0;
    t = table_new(columns, COUNT(columns) - !rates);
    qsort(g->told, n, sizeof *g->told, by_time);
    for (size_t i = 0; i < n; i++) {
        const struct told *v = &g->told[i];
        double rate = rate_of(g->r, v->service);
        char when[80], people[48];

        snprintf(people, sizeof people, "%.0f %s", v->window.people,
                 v->side == GAP_SHORT ? "short" : "to spare");
        table_row(t);
        table_text(t, report_window(g->r, when, v->window.start, v->window.end));
        table_text(t, v->service);
        table_text(t, people);
        table_real(t, v->window.hours, 1);
        if (rates)
            table_real(t, rate > 0 ? rate * v->window.hours : NAN, 0);
    }
    fputs("\nWhere the roster does not fit\n", g->r->out);
    table_print(t, TABLE_ALIGNED, g->r->out);
    if (g->told_count > n)
        fprintf(g->r->out, "and %zu that weigh less\n", g->told_count - n);
    fprintf(g->r->out,
            "people: the most who are short at once, the fewest who are to spare. hours: of\n"
            "people who are short or to spare.%s\n"
            "Times without a roster are not compared\n",
            rates ? " cost: of these hours, by its rate." : "");
    table_free(t);
}

static enum status
report_gaps(const struct report *r, struct error *err)
{
    struct gaps g = {.r = r};
    enum status st;

    arena_init(&g.names);
    st = load_gaps(&g, err);
    if (st == ST_OK && g.told_count > 0) {
        qsort(g.told, g.told_count, sizeof *g.told, by_weight);
        print_gaps(&g);
    }
    free(g.told);
    free(g.at);
    arena_clear(&g.names);
    return st;
}

/* --- moves --- */

/* How much of what is missing they close. */
static enum status
report_closed(const struct report *r, struct error *err)
{
    struct query *q = NULL;
    enum status st = report_query(
        r, &q,
        "SELECT (SELECT sum(people * minutes) / 60.0 FROM staffing_move WHERE (?1 IS NULL OR"
        " start >= ?1) AND (?2 IS NULL OR start < ?2) AND (?3 IS NULL OR to_service = ?3)),"
        " (SELECT -sum(min(gap, 0) * minutes) / 60.0 FROM staffing WHERE" REPORT_PLANNED ")",
        err);

    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK && query_real(q, 0) > 0)
        fprintf(r->out,
                "All moves together close %.1f of the %.1f hours that are short (skills apart);\n"
                "nobody works for longer\n",
                query_real(q, 0), query_real(q, 1));
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
report_moves(const struct report *r, struct error *err)
{
    static const struct table_column columns[] = {{"when", TABLE_TEXT},
                                                  {"people", TABLE_NUMBER},
                                                  {"from", TABLE_TEXT},
                                                  {"to", TABLE_TEXT},
                                                  {"hours", TABLE_NUMBER}};
    struct table *t = table_new(columns, COUNT(columns));
    struct query *q = NULL;
    enum status st = report_query(
        r, &q,
        "SELECT start, minutes, people, from_service, to_service FROM (SELECT * FROM staffing_move"
        " WHERE (?1 IS NULL OR start >= ?1) AND (?2 IS NULL OR start < ?2) AND"
        " (?3 IS NULL OR ?3 IN (from_service, to_service)) ORDER BY people * minutes DESC LIMIT 12)"
        " ORDER BY start, to_service",
        err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        bool has_offset;
        int64_t start;
        char when[80];

        if (!parse_rfc3339(query_text(q, 0), &start, &has_offset))
            continue;
        table_row(t);
        table_text(t, report_window(r, when, start, start + query_int(q, 1) * 60));
        table_i64(t, query_int(q, 2));
        table_span(t, query_text(q, 3));
        table_span(t, query_text(q, 4));
        table_real(t, (double)(query_int(q, 2) * query_int(q, 1)) / 60, 1);
    }
    query_free(q);
    st = st == ST_NOT_FOUND ? ST_OK : st;
    if (st == ST_OK && table_rows(t)) {
        fputs("\nWho could go where: people to spare in one service, short in another\n", r->out);
        table_print(t, TABLE_ALIGNED, r->out);
        st = report_closed(r, err);
    }
    table_free(t);
    return st;
}

/* --- what stands behind it --- */

/* A titled table, where there is anything in it. */
static enum status
titled(const struct report *r, const char *title, const char *sql,
       const struct table_column *columns, size_t count, struct error *err)
{
    struct table *t = table_new(columns, count);
    struct query *q = NULL;
    enum status st = report_query(r, &q, sql, err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        table_row(t);
        for (int i = 0; i < (int)count; i++)
            table_span(t, query_text(q, i));
    }
    query_free(q);
    if (st == ST_NOT_FOUND && table_rows(t)) {
        fprintf(r->out, "\n%s\n", title);
        table_print(t, TABLE_ALIGNED, r->out);
    }
    table_free(t);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
report_days(const struct report *r, struct error *err)
{
    static const struct table_column columns[] = {{"day", TABLE_TEXT},
                                                  {"service", TABLE_TEXT},
                                                  {"factor", TABLE_NUMBER},
                                                  {"name", TABLE_TEXT}};

    return titled(r, "Days unlike others (callswell calendar): contacts times the factor",
                  "SELECT day, iif(service = '', '(all)', service), factor, ifnull(name, '')"
                  " FROM calendar WHERE day >= substr(ifnull(?1, (SELECT as_of FROM analyst)), 1,"
                  " 10) AND day < substr(ifnull(?2, (SELECT date(as_of, '+8 days') FROM analyst)),"
                  " 1, 10) AND (?3 IS NULL OR service IN ('', ?3)) ORDER BY day, service LIMIT 12",
                  columns, COUNT(columns), err);
}

static enum status
report_scores(const struct report *r, struct error *err)
{
    static const struct table_column columns[] = {
        {"service", TABLE_TEXT},   {"off", TABLE_NUMBER},   {"at best", TABLE_NUMBER},
        {"naive", TABLE_NUMBER},   {"MASE", TABLE_NUMBER},  {"in 80 %", TABLE_NUMBER},
        {"in 95 %", TABLE_NUMBER}, {"weeks", TABLE_NUMBER},
    };

    return titled(
        r,
        "What forecasts were worth: off by so much of a week's contacts, made at its\n"
        "beginning; nobody comes below \"at best\"; naive: the same as a week before; MASE:\n"
        "off by so many times what one week differs from the next (below 1 is better); in\n"
        "80 %, 95 %: intervals whose contacts came as the ranges said; weeks: looked at",
        "SELECT service, printf('%.1f %%', 100 * wape), printf('%.1f %%', 100 * floor),"
        " printf('%.1f %%', 100 * naive_wape), printf('%.2f', mase),"
        " printf('%.0f %%', 100 * coverage80), printf('%.0f %%', 100 * coverage95), origins"
        " FROM forecast_score WHERE method = 'forecast' AND horizon = 'week1' AND wape IS NOT NULL"
        " AND (?3 IS NULL OR service = ?3) AND service IN (SELECT service FROM staffing WHERE as_of"
        " = (SELECT max(as_of) FROM staffing)) ORDER BY (SELECT sum(forecast) FROM staffing s WHERE"
        " s.service = forecast_score.service AND as_of = (SELECT max(as_of) FROM staffing)) DESC"
        " LIMIT 12",
        columns, COUNT(columns), err);
}

static enum status
report_handling_scores(const struct report *r, struct error *err)
{
    static const struct table_column columns[] = {
        {"service", TABLE_TEXT}, {"handling off", TABLE_NUMBER}, {"at best", TABLE_NUMBER},
        {"naive", TABLE_NUMBER}, {"weeks", TABLE_NUMBER},
    };

    return titled(
        r,
        "What forecasts of handling time were worth: off by so much of a week's work;\n"
        "at best: means of few contacts scatter by so much about the true ones",
        "SELECT service, printf('%.1f %%', 100 * wape), ifnull(printf('%.1f %%', 100 * floor), ''),"
        " printf('%.1f %%', 100 * naive_wape), origins FROM forecast_score WHERE method ="
        " 'handling' AND horizon = 'week1' AND wape IS NOT NULL AND (?3 IS NULL OR service = ?3)"
        " AND service IN (SELECT service FROM staffing WHERE as_of = (SELECT max(as_of) FROM"
        " staffing)) ORDER BY (SELECT sum(forecast) FROM staffing s WHERE s.service ="
        " forecast_score.service AND as_of = (SELECT max(as_of) FROM staffing)) DESC LIMIT 12",
        columns, COUNT(columns), err);
}

/* Parts, the service as one pool, and what is between: what the split costs. */
static enum status
report_skills(const struct report *r, struct error *err)
{
    static const struct table_column columns[] = {
        {"service", TABLE_TEXT},   {"skill", TABLE_TEXT},   {"share", TABLE_NUMBER},
        {"most", TABLE_NUMBER},    {"hours", TABLE_NUMBER}, {"roster h", TABLE_NUMBER},
        {"short h", TABLE_NUMBER},
    };

    return titled(
        r,
        "Skills, each planned for itself. share: of the contacts; most: people scheduled\n"
        "in the busiest interval; hours: of scheduled people; roster h, short h: hours\n"
        "that the roster has and lacks as SERVICE/SKILL. What the split costs: hours more\n"
        "than for people who can do all of it",
        "WITH part AS (SELECT service, 0 AS place, skill, share, start, minutes, scheduled,"
        " rostered FROM staffing_skill UNION ALL SELECT service, 1, 'all as one pool', 1, start,"
        " minutes, scheduled, rostered FROM staffing WHERE service IN (SELECT service FROM"
        " service_skill)), told AS (SELECT *, minutes / 60.0 AS h FROM part WHERE" REPORT_PLANNED
        ") "
        "SELECT service, skill, share, most, hours, roster, short FROM (SELECT service, place,"
        " skill, printf('%.0f %%', 100 * max(share)) AS share, max(scheduled) AS most,"
        " printf('%.0f', sum(scheduled * h)) AS hours, iif(count(rostered), printf('%.0f',"
        " sum(rostered * h)), '-') AS roster, iif(count(rostered), printf('%.0f', sum(iif(rostered"
        " IS NULL, NULL, max(0, scheduled - rostered)) * h)), '-') AS short FROM told GROUP BY"
        " service, place, skill UNION ALL"
        " SELECT service, 2, 'what the split costs', '', '', printf('%+.0f', sum(iif(place = 0, 1,"
        " -1) * scheduled * h)), '', '' FROM told GROUP BY service HAVING max(place) = 1 AND"
        " min(place) = 0) ORDER BY service, place, skill = '" SKILLS_OTHERS "', skill LIMIT 40",
        columns, COUNT(columns), err);
}

static enum status
report_presence(const struct report *r, struct error *err)
{
    static const struct table_column columns[] = {{"service", TABLE_TEXT},
                                                  {"there", TABLE_NUMBER},
                                                  {"waited s", TABLE_NUMBER},
                                                  {"planned wait s", TABLE_NUMBER},
                                                  {"contacts", TABLE_NUMBER}};

    return titled(r,
                  "Of those planned so many are there (after shrinkage): callers of four weeks\n"
                  "waited so long on average, where the plan alone would have let them wait less",
                  "SELECT service, printf('%.0f %%', 100 * factor), printf('%.1f', wait_seconds),"
                  " printf('%.1f', planned_wait_seconds), printf('%.0f', contacts) FROM"
                  " availability WHERE factor IS NOT NULL AND (?3 IS NULL OR service = ?3)"
                  " ORDER BY contacts DESC LIMIT 12",
                  columns, COUNT(columns), err);
}

enum status
report_fit(const struct report *r, struct error *err)
{
    enum status st = report_gaps(r, err);

    if (st == ST_OK)
        st = report_moves(r, err);
    if (st == ST_OK)
        st = report_skills(r, err);
    if (st == ST_OK)
        st = report_days(r, err);
    if (st == ST_OK)
        st = report_scores(r, err);
    if (st == ST_OK)
        st = report_handling_scores(r, err);
    return st == ST_OK ? report_presence(r, err) : st;
}
