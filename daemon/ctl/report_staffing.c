/*
 * report_staffing.c - the people needed in the coming days, as a service manager asks for them.
 *
 * First the services, one line each: how much is coming, when it is busiest, how many people
 * that takes. Then the week of the busiest ones in a few windows: intervals in a row that need
 * about the same number of people. One service alone is shown hour by hour, and in more windows.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "report.h"
#include "staffing_windows.h"
#include "words.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define DETAILED     2  /* services shown in windows */
#define SUMMARY      12 /* services in the summary */
#define DAYS         7  /* columns of the grid */
#define WINDOWS      12 /* of each */
#define WINDOWS_MANY 28 /* of a service alone */

struct service {
    char *name, *model;
    bool concurrent; /* contacts are peaks of what goes on at once */
    double completeness;
    struct staffing_interval *at;
    size_t count, cap;
};

struct week {
    const struct report *r;
    struct service *services;
    size_t count;
    bool roster; /* anybody is on one */
    char as_of[32];
};

static const char sql[] =
    "SELECT service, start, minutes, forecast, low, high, handle_seconds, required, scheduled,"
    " rostered, completeness, model, as_of, scheduled_expected FROM staffing WHERE" REPORT_PLANNED
    " ORDER BY service, start";

/* --- loading --- */

static struct service *
service_for(struct week *w, const struct query *q)
{
    struct span name = query_text(q, 0);
    struct service *s = w->count ? &w->services[w->count - 1] : NULL;

    if (s && span_is(name, s->name))
        return s;
    w->services = xrealloc(w->services, (w->count + 1) * sizeof *w->services);
    s = &w->services[w->count++];
    *s = (struct service){
        .name = xstrndup(name.p, name.n),
        .model = xstrndup(query_text(q, 11).p, query_text(q, 11).n),
        .completeness = query_real(q, 10),
    };
    for (size_t i = 0; i < w->r->config->service_count; i++)
        if (span_is(name, w->r->config->services[i].name))
            s->concurrent = w->r->config->services[i].concurrent != NULL;
    return s;
}

static enum status
load(struct week *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = report_query(w->r, &q, sql, err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        struct service *s = service_for(w, q);
        bool has_offset;
        int64_t start;

        if (!parse_rfc3339(query_text(q, 1), &start, &has_offset))
            continue;
        if (s->count == s->cap) {
            s->cap = s->cap ? s->cap * 2 : 512;
            s->at = xrealloc(s->at, s->cap * sizeof *s->at);
        }
        s->at[s->count++] = (struct staffing_interval){
            .start = start,
            .minutes = (int)query_int(q, 2),
            .contacts = query_real(q, 3),
            .low = query_real(q, 4),
            .high = query_real(q, 5),
            .handling = query_real(q, 6),
            .agents = (int)query_int(q, 7),
            .scheduled = (int)query_int(q, 8),
            .safe = (int)query_int(q, 13),
            .rostered = query_real(q, 9),
        };
        w->roster |= !query_is_null(q, 9);
        snprintf(w->as_of, sizeof w->as_of, "%.*s", SPAN_ARG(query_text(q, 12)));
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* --- all services --- */

struct sums {
    double contacts, hours, short_hours;
    const struct staffing_interval *peak;
    bool roster;
};

static struct sums
sum(const struct service *s)
{
    struct sums t = {0};

    for (size_t i = 0; i < s->count; i++) {
        const struct staffing_interval *v = &s->at[i];

        t.contacts = s->concurrent ? fmax(t.contacts, v->contacts) : t.contacts + v->contacts;
        t.hours += v->scheduled * v->minutes / 60.0;
        if (!t.peak || v->scheduled > t.peak->scheduled ||
            (v->scheduled == t.peak->scheduled && v->contacts > t.peak->contacts))
            t.peak = v;
        if (isnan(v->rostered))
            continue;
        t.roster = true;
        t.short_hours += fmax(0, v->scheduled - v->rostered) * v->minutes / 60.0;
    }
    return t;
}

static int
by_contacts(const void *a, const void *b)
{
    double x = sum(a).contacts, y = sum(b).contacts;

    return (x < y) - (x > y);
}

static void
summary_row(const struct week *w, struct table *t, const struct service *s, const struct sums *n)
{
    char when[32];

    table_row(t);
    table_text(t, s->name);
    table_real(t, n->contacts, n->contacts < 100 ? 1 : 0);
    table_text(t, report_short_time(w->r, when, n->peak->start));
    table_i64(t, n->peak->agents);
    table_i64(t, n->peak->scheduled);
    table_i64(t, n->peak->safe);
    table_real(t, n->hours, 0);
    if (w->roster)
        table_real(t, n->roster ? n->short_hours : NAN, 0);
}

static void
print_summary(const struct week *w)
{
    static const struct table_column columns[] = {
        {"service", TABLE_TEXT}, {"contacts", TABLE_NUMBER},  {"busiest", TABLE_TEXT},
        {"desks", TABLE_NUMBER}, {"scheduled", TABLE_NUMBER}, {"safe", TABLE_NUMBER},
        {"hours", TABLE_NUMBER}, {"short", TABLE_NUMBER},
    };
    struct table *t = table_new(columns, COUNT(columns) - !w->roster);
    size_t idle = 0, smaller = 0;

    for (size_t i = 0; i < w->count; i++) {
        struct sums n = sum(&w->services[i]);

        if (n.peak->scheduled == 0)
            idle++;
        else if (table_rows(t) == SUMMARY)
            smaller++;
        else
            summary_row(w, t, &w->services[i], &n);
    }
    if (table_rows(t))
        table_print(t, TABLE_ALIGNED, w->r->out);
    if (smaller)
        fprintf(w->r->out, "and %zu smaller: --json or --csv\n", smaller);
    if (idle)
        fprintf(w->r->out, "%s%zu %s nobody\n", table_rows(t) ? "and " : "", idle,
                idle == 1 ? "service needs" : "services need");
    table_free(t);
}

/* The most people wanted in an hour of a day; -1: not forecast. */
static int
most(const struct week *w, const struct service *s, int32_t day, int hour)
{
    int n = -1;

    for (size_t i = 0; i < s->count; i++) {
        int64_t at = report_local(w->r, s->at[i].start);

        if (day_of(at) == day && second_of_day(at) / 3600 == hour && s->at[i].scheduled > n)
            n = s->at[i].scheduled;
    }
    return n;
}

static void
print_grid(const struct week *w, const struct service *s)
{
    int32_t first = day_of(report_local(w->r, s->at[0].start));
    int begin = 24, end = 0;
    char text[32];

    for (int h = 0; h < 24; h++)
        for (int d = 0; d <= DAYS; d++)
            if (most(w, s, first + d, h) > 0) {
                begin = h < begin ? h : begin;
                end = h + 1;
            }
    if (end == 0)
        return;
    fputs("\nPeople to schedule, most in each hour\n      ", w->r->out);
    for (int d = 0; d <= DAYS; d++) {
        /* Noon, so that the day is the same in every zone. */
        int64_t noon = zone_to_utc(w->r->zone, (int64_t)(first + d) * DAY_SECONDS + 43200);

        fprintf(w->r->out, "%8.6s", report_short_time(w->r, text, noon));
    }
    fputc('\n', w->r->out);
    for (int h = begin; h < end; h++) {
        fprintf(w->r->out, "%02d:00 ", h);
        for (int d = 0; d <= DAYS; d++) {
            int n = most(w, s, first + d, h);

            if (n > 0)
                fprintf(w->r->out, "%8d", n);
            else
                fprintf(w->r->out, "%8s", n < 0 ? "" : ".");
        }
        fputc('\n', w->r->out);
    }
}

/* --- windows --- */

static void
add_window(const struct week *w, struct table *t, const struct staffing_window *v)
{
    char when[80];

    report_window(w->r, when, v->start, v->end);
    table_row(t);
    table_text(t, when);
    table_real(t, v->contacts, v->contacts < 100 ? 1 : 0);
    if (!w->roster)
        table_real(t, v->handling, 0);
    table_i64(t, v->agents);
    table_i64(t, v->scheduled);
    table_i64(t, v->safe);
    if (w->roster) {
        table_real(t, v->rostered, 0);
        table_real(t, v->missing, 1);
    }
}

static void
print_windows(const struct week *w, const struct service *s, size_t limit)
{
    static const struct table_column with_roster[] = {
        {"when", TABLE_TEXT},        {"contacts", TABLE_NUMBER}, {"at desks", TABLE_NUMBER},
        {"scheduled", TABLE_NUMBER}, {"safe", TABLE_NUMBER},     {"roster", TABLE_NUMBER},
        {"short", TABLE_NUMBER},
    };
    static const struct table_column without[] = {
        {"when", TABLE_TEXT},       {"contacts", TABLE_NUMBER},  {"handling s", TABLE_NUMBER},
        {"at desks", TABLE_NUMBER}, {"scheduled", TABLE_NUMBER}, {"safe", TABLE_NUMBER},
    };
    struct table *t =
        w->roster ? table_new(with_roster, COUNT(with_roster)) : table_new(without, COUNT(without));
    struct staffing_window *v = xcalloc(s->count + 1, sizeof *v);
    size_t n = staffing_windows(s->at, s->count, limit, v);

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; s->concurrent && k < s->count; k++) {
            if (s->at[k].start == v[i].start)
                v[i].contacts = 0;
            if (s->at[k].start >= v[i].start && s->at[k].start < v[i].end)
                v[i].contacts = fmax(v[i].contacts, s->at[k].contacts);
        }
        if (v[i].scheduled > 0)
            add_window(w, t, &v[i]);
    }
    if (table_rows(t) == 0)
        fputs("Nobody is needed.\n", w->r->out);
    else
        table_print(t, TABLE_ALIGNED, w->r->out);
    table_free(t);
    free(v);
}

static void
print_busiest(const struct week *w)
{
    size_t most = w->r->query.limit ? (size_t)w->r->query.limit : DETAILED;

    for (size_t i = 0; i < w->count && i < most; i++) {
        const struct service *s = &w->services[i];

        if (sum(s).peak->scheduled == 0)
            break;
        fprintf(w->r->out, "\n%s\n", s->name);
        print_windows(w, s, WINDOWS);
    }
}

/* --- the report --- */

static void
print_model(FILE *out, const char *model)
{
    struct buf text = {0};

    buf_str(&text, "forecast: ");
    words_flow(&text, 10, span_str(model));
    fprintf(out, "%s\n", text.p);
    buf_clear(&text);
}

static void
print_head(const struct week *w)
{
    const struct service *s = &w->services[0];
    char at[REPORT_TIME];

    fprintf(w->r->out, "Staffing%s%s, times in %s, as of %s\n",
            w->r->query.param[ANSWER_SERVICE] ? ": " : "",
            w->r->query.param[ANSWER_SERVICE] ? w->r->query.param[ANSWER_SERVICE]
                                              : " for the coming days",
            zone_name(w->r->zone), report_time(w->r, at, span_str(w->as_of)));
    if (w->r->query.param[ANSWER_SERVICE])
        print_model(w->r->out, s->model);
    if (isnan(s->completeness))
        fputs("no input in the last 28 days to forecast from\n", w->r->out);
    else
        fprintf(w->r->out, "input on %.0f %% of the 28 days before\n", 100 * s->completeness);
    fputc('\n', w->r->out);
}

static void
print_foot(const struct week *w)
{
    fputs("\ncontacts: forecast for the days that are planned, or for the window. desks:\n"
          "agents taking contacts. scheduled: with shrinkage; in a window, those of its\n"
          "busiest interval. safe: scheduled so that the target is met although forecasts\n"
          "err.\n",
          w->r->out);
    for (size_t i = 0; i < w->count; i++)
        if (w->services[i].concurrent) {
            fputs("contacts of services of what goes on at once: the peak.\n", w->r->out);
            break;
        }
    if (!w->r->query.param[ANSWER_SERVICE])
        fputs("hours: of scheduled people.\n", w->r->out);
    if (w->roster)
        fputs("short: hours that the roster lacks, its people taken as one pool.\n", w->r->out);
    fputs(w->r->query.param[ANSWER_SERVICE]
              ? "Every interval, with its range: --json or --csv\n"
              : "One service hour by hour: callswell report staffing --service NAME\n",
          w->r->out);
}

static void
clear(struct week *w)
{
    for (size_t i = 0; i < w->count; i++) {
        free(w->services[i].name);
        free(w->services[i].model);
        free(w->services[i].at);
    }
    free(w->services);
}

enum status
report_staffing(const struct report *r, struct error *err)
{
    struct week w = {.r = r};
    enum status st = load(&w, err);

    if (st == ST_OK && w.count == 0)
        fprintf(r->out, "Nothing is forecast%s%s: a whole day of contacts is needed first.\n",
                r->query.param[ANSWER_SERVICE] ? " for service " : "",
                r->query.param[ANSWER_SERVICE] ? r->query.param[ANSWER_SERVICE] : "");
    if (st == ST_OK && w.count > 0) {
        qsort(w.services, w.count, sizeof *w.services, by_contacts);
        print_head(&w);
        if (r->query.param[ANSWER_SERVICE]) {
            print_windows(&w, &w.services[0], WINDOWS_MANY);
            print_grid(&w, &w.services[0]);
        } else {
            print_summary(&w);
            print_busiest(&w);
        }
        print_foot(&w);
        st = report_fit(r, err);
    }
    clear(&w);
    return st;
}
