/*
 * pass_gaps.c - where the roster of the coming week does not fit: who could go where, and signals
 * for each service that is short or has people to spare.
 *
 * Everything is read from the rows of staffing that the same pass wrote. People of one service
 * help in those that its can_serve names, or in all. What a gap costs is told where rates are
 * configured.
 */
#include "pass.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "gaps_week.h"
#include "json_write.h"
#include "signals.h"

#define TOLD_WINDOWS 4
/* People to spare are worth a word from so many hours, and so much of the roster. */
#define OVER_HOURS 8.0
#define OVER_SHARE 0.15

static double
rate_of(const struct pass *p, const struct gaps_service *s)
{
    const struct config *c = p->a->config;
    struct span service = gaps_service_of(s);

    for (size_t i = 0; i < c->service_count; i++)
        if (span_is(service, c->services[i].name))
            return c->services[i].rate;
    return 0;
}

/* --- words --- */

/* "Tue 24 Nov 09:30-12:00" in the configured zone. */
static void
window_text(const struct pass *p, struct buf *out, int64_t start, int64_t end)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t from = start + zone_offset_at(p->a->zone, start);
    int64_t to = end + zone_offset_at(p->a->zone, end);
    struct civil a = civil_from_utc(from), b = civil_from_utc(to);

    buf_printf(out, "%s %d %s %02d:%02d-", days[weekday_from_days(day_of(from))], a.day,
               months[a.month - 1], a.hour, a.minute);
    if (day_of(to) == day_of(from) + 1 && second_of_day(to) == 0)
        buf_str(out, "24:00");
    else if (day_of(to) != day_of(from))
        buf_printf(out, "%s %02d:%02d", days[weekday_from_days(day_of(to))], b.hour, b.minute);
    else
        buf_printf(out, "%02d:%02d", b.hour, b.minute);
}

static int
by_hours(const void *a, const void *b)
{
    const struct gap_window *x = a, *y = b;

    if (x->hours != y->hours)
        return (x->hours < y->hours) - (x->hours > y->hours);
    return (x->start > y->start) - (x->start < y->start);
}

static int
by_start(const void *a, const void *b)
{
    const struct gap_window *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

/* The windows that weigh most, in order of time. */
static void
tell_windows(const struct pass *p, struct buf *out, const struct gap_window *w, size_t n,
             const char *word)
{
    size_t told = n < TOLD_WINDOWS ? n : TOLD_WINDOWS;
    struct gap_window *most = xcalloc(n + 1, sizeof *most);

    memcpy(most, w, n * sizeof *most);
    qsort(most, n, sizeof *most, by_hours);
    qsort(most, told, sizeof *most, by_start);
    for (size_t i = 0; i < told; i++) {
        buf_str(out, i ? ", " : "");
        window_text(p, out, most[i].start, most[i].end);
        buf_printf(out, " %.0f %s", most[i].people, word);
    }
    if (n > told)
        buf_printf(out, " and %zu more", n - told);
    free(most);
}

static void
write_windows(struct json_writer *j, const struct gap_window *w, size_t n)
{
    json_array(j, "windows");
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_time(j, "start", w[i].start);
        json_time(j, "end", w[i].end);
        json_real(j, "people", w[i].people);
        json_real(j, "hours", w[i].hours);
        json_close(j);
    }
    json_close(j);
}

static double
sum_hours(const struct gap_window *w, size_t n)
{
    double hours = 0;

    for (size_t i = 0; i < n; i++)
        hours += w[i].hours;
    return hours;
}

/* Who could come, and for how many hours. */
static void
tell_moves(const struct gaps_week *week, size_t service, struct buf *out, struct json_writer *j)
{
    double hours = 0, most = 0;
    const char *from = NULL;
    bool others = false;

    json_array(j, "from_others");
    for (size_t i = 0; i < week->move_count; i++) {
        const struct gaps_move *m = &week->moves[i];

        if (m->to != service)
            continue;
        hours += m->people * (double)(m->end - m->start) / 3600;
        others |= from && from != week->services[m->from].name;
        if (m->people > most) {
            most = m->people;
            from = week->services[m->from].name;
        }
        json_object(j, NULL);
        json_text(j, "service", week->services[m->from].name);
        json_time(j, "start", m->start);
        json_time(j, "end", m->end);
        json_real(j, "people", m->people);
        json_close(j);
    }
    json_close(j);
    json_real(j, "hours_from_others", hours);
    if (from)
        buf_printf(out, "; people to spare in %s%s could work %.1f of them", from,
                   others ? " and elsewhere" : "", hours);
}

/* --- signals --- */

struct telling {
    struct pass *pass;
    const struct gaps_week *week;
    size_t service;
    enum gap_side side;
    struct gap_window *windows;
    size_t count;
    const struct gaps_interval *worst; /* most missing, or most to spare */
};

static void
find_worst(struct telling *t)
{
    const struct gaps_service *s = &t->week->services[t->service];
    double sign = t->side == GAP_SHORT ? -1 : 1;

    t->worst = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (!isnan(s->at[i].gap) && sign * s->at[i].gap > 0 &&
            (!t->worst || sign * s->at[i].gap > sign * t->worst->gap))
            t->worst = &s->at[i];
}

static void
tell(const struct telling *t, struct buf *reason, struct buf *evidence)
{
    const struct gaps_service *s = &t->week->services[t->service];
    double hours = sum_hours(t->windows, t->count), rate = rate_of(t->pass, s);
    struct json_writer j;
    struct buf moves = {0}, at = {0};
    char start[CIVIL_TEXT];

    buf_printf(reason, "%s: ", s->name);
    tell_windows(t->pass, reason, t->windows, t->count,
                 t->side == GAP_SHORT ? "short" : "to spare");
    buf_printf(reason, "; %.1f hours %s in the coming week", hours,
               t->side == GAP_SHORT ? "of work" : "to spare");
    if (rate > 0)
        buf_printf(reason, " (%.0f in cost)", hours * rate);
    json_begin(&j, evidence);
    json_object(&j, NULL);
    json_real(&j, "hours", hours);
    if (rate > 0)
        json_real(&j, "cost", hours * rate);
    write_windows(&j, t->windows, t->count);
    if (t->side == GAP_SHORT)
        tell_moves(t->week, t->service, &moves, &j);
    buf_span(reason, span_of(moves.p, moves.n));
    window_text(t->pass, &at, t->worst->start, t->worst->end);
    buf_printf(reason, "; worst %s: %.0f on the roster where %.0f are needed", at.p,
               t->worst->rostered, t->worst->scheduled);
    json_text(&j, "worst_start", format_utc(start, t->worst->start));
    json_real(&j, "rostered", t->worst->rostered);
    json_real(&j, "scheduled", t->worst->scheduled);
    json_real(&j, "agents", t->worst->required);
    json_real(&j, "forecast", t->worst->forecast);
    json_real(&j, "forecast_low", t->worst->low);
    json_real(&j, "forecast_high", t->worst->high);
    json_close(&j);
    buf_clear(&moves);
    buf_clear(&at);
}

static enum status
raise_signal(struct signals *s, struct telling *t, struct error *err)
{
    const struct gaps_service *service = &t->week->services[t->service];
    struct buf reason = {0}, evidence = {0};
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    struct signal_row row = {
        .subject = span_str(service->name),
        .subject_type = service->skill ? "skill" : "service",
        .value = t->worst->rostered,
        .baseline = t->worst->scheduled,
        .delta = t->worst->gap,
        .low = NAN,
        .high = NAN,
        .p_value = NAN,
        .completeness = service->completeness,
        .window_start = format_utc(from, t->windows[0].start),
        .window_end = format_utc(to, t->windows[t->count - 1].end),
    };
    enum status st;

    /* Fewer than even everybody at their desk would need: callers will wait. */
    row.severity = t->side == GAP_OVER                       ? "info"
                   : t->worst->rostered < t->worst->required ? "critical"
                                                             : "warning";
    tell(t, &reason, &evidence);
    row.reason = reason.p;
    row.evidence = evidence.p;
    st = signals_raise(s, &row, err);
    buf_clear(&reason);
    buf_clear(&evidence);
    return st;
}

/* Enough to be worth a word? */
static bool
matters(const struct telling *t)
{
    const struct gaps_service *s = &t->week->services[t->service];
    double rostered = 0, hours = sum_hours(t->windows, t->count);

    /* What is missing or to spare in a service that is divided, is so in its parts. */
    if (s->divided || t->count == 0 || !t->worst)
        return false;
    if (t->side == GAP_SHORT)
        return true;
    for (size_t i = 0; i < s->count; i++)
        if (!isnan(s->at[i].rostered))
            rostered += s->at[i].rostered * (double)(s->at[i].end - s->at[i].start) / 3600;
    return hours >= OVER_HOURS && hours >= OVER_SHARE * rostered;
}

static enum status
raise_side(struct pass *p, const struct gaps_week *week, enum gap_side side, const char *kind,
           struct error *err)
{
    struct signals *s = NULL;
    enum status st = signals_begin(&s, p, kind, err);

    for (size_t i = 0; st == ST_OK && i < week->count; i++) {
        const struct gaps_service *v = &week->services[i];
        struct gap_interval *at = xcalloc(v->count + 1, sizeof *at);
        struct telling t = {.pass = p, .week = week, .service = i, .side = side};

        t.windows = xcalloc(v->count + 1, sizeof *t.windows);
        for (size_t k = 0; k < v->count; k++)
            at[k] = (struct gap_interval){v->at[k].start, v->at[k].end, v->at[k].gap};
        t.count = gap_windows(at, v->count, side, t.windows);
        find_worst(&t);
        if (matters(&t))
            st = raise_signal(s, &t, err);
        free(t.windows);
        free(at);
    }
    return signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
}

enum status
pass_gaps(struct pass *p, struct error *err)
{
    struct gaps_week *week = NULL;
    enum status st = gaps_week_load(&week, p, err);

    if (st == ST_OK)
        st = gaps_week_move(week, p, err);
    if (st == ST_OK)
        st = raise_side(p, week, GAP_SHORT, "understaffed", err);
    if (st == ST_OK)
        st = raise_side(p, week, GAP_OVER, "overstaffed", err);
    gaps_week_free(week);
    return st;
}
