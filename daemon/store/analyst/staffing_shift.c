/*
 * staffing_shift.c - has the demand for a service shifted since yesterday? Soon rather than surely.
 *
 * What came yesterday and today is held against what was forecast before either: a CUSUM of each
 * direction over the intervals (chart.h), with the dispersion that the forecast showed in the past.
 * Its threshold follows from how seldom it may be wrong. A surge of customers takes a week to be
 * told; this takes some hours and stands for two days at most.
 */
#include <math.h>
#include <stdlib.h>

#include "chart.h"
#include "civil.h"
#include "config.h"
#include "json_write.h"
#include "signals.h"
#include "staffing_plan.h"

#define TIMES       1.5  /* the shift that is looked for, up or down */
#define LATE        1800 /* seconds until an interval's contacts have come */
#define FEW         5    /* contacts more or less are no news */
#define CRITICAL    20   /* contacts more */
#define MOST_SLOTS  (2 * 96)
#define NEEDED_DAYS (FORECAST_MIN_CYCLES * 7 + 1)

struct shift {
    const struct staffing_service *service;
    double mean[MOST_SLOTS],
        seen[MOST_SLOTS]; /* yesterday's intervals, then today's that are over */
    size_t count;
    double phi;
};

/* The UTC time at which an interval begins. */
static int64_t
begin_of(const struct staffing_work *w, const struct shift *s, size_t i)
{
    size_t slots = (size_t)s->service->history.slots;
    int64_t day = w->local_today - 1 + (int64_t)(i / slots);

    return zone_to_utc(w->pass->a->zone,
                       day * DAY_SECONDS + (int64_t)(i % slots) * s->service->history.minutes * 60);
}

/* False: too little is known. */
static bool
expect(const struct staffing_work *w, struct shift *s)
{
    const struct history *h = &s->service->history;
    const int32_t *today = history_today(h);
    size_t slots = (size_t)h->slots;
    unsigned days;
    double *past = staffing_calendar(w, s->service, &days), *cycle;
    struct forecast *f;

    if (days < NEEDED_DAYS) {
        free(past);
        return false;
    }
    f = forecast_new((struct forecast_shape){7, (unsigned)slots});
    cycle = xcalloc(7 * slots, sizeof *cycle);
    for (unsigned d = 0; d + 1 < days; d++)
        forecast_feed(f, past + d * slots);
    forecast_cycle(f, cycle);
    s->phi = forecast_phi(f);
    s->count = 2 * slots;
    for (size_t i = 0; i < s->count; i++) {
        int32_t day = w->local_today - 1 + (int32_t)(i / slots);
        bool over = begin_of(w, s, i) + h->minutes * 60 + LATE <= w->pass->now;

        s->mean[i] = cycle[(days - 1 + i / slots) % 7 * slots + i % slots] *
                     day_factor(w->days, s->service->name, day, NULL);
        s->seen[i] = i < slots ? past[(days - 1) * slots + i] : today[i - slots];
        if (!over)
            s->mean[i] = NAN;
    }
    free(cycle);
    forecast_free(f);
    free(past);
    return true;
}

static void
write_reason(const struct staffing_work *w, const struct shift *s, const struct chart_found *f,
             struct buf *out)
{
    int64_t local = begin_of(w, s, f->since);
    char day[CIVIL_TEXT];

    local += zone_offset_at(w->pass->a->zone, local);
    buf_printf(out, "%.0f contacts since %s %02d:%02d where %.0f were forecast", f->seen,
               format_day(day, day_of(local)), second_of_day(local) / 3600,
               second_of_day(local) / 60 % 60, f->expected);
    if (f->seen > f->expected)
        buf_printf(out, ": %.1f times", f->seen / f->expected);
    else
        buf_printf(out, ": %.0f %% less", 100 * (1 - f->seen / f->expected));
    buf_printf(out, "; by chance as far off once in %.0f days",
               (double)w->pass->a->config->why_service_alarm / DAY_SECONDS);
}

static void
write_evidence(const struct staffing_work *w, const struct shift *s, const struct chart_found *f,
               double threshold, struct buf *out)
{
    struct json_writer j;

    json_begin(&j, out);
    json_object(&j, NULL);
    json_time(&j, "since", begin_of(w, s, f->since));
    json_time(&j, "until", begin_of(w, s, f->at) + s->service->history.minutes * 60);
    json_i64(&j, "interval_minutes", s->service->history.minutes);
    json_real(&j, "contacts", f->seen);
    json_real(&j, "forecast", f->expected);
    json_real(&j, "shift_looked_for", f->seen > f->expected ? TIMES : 1 / TIMES);
    json_real(&j, "sum", f->sum);
    json_real(&j, "threshold", threshold);
    json_real(&j, "dispersion", s->phi);
    json_i64(&j, "false_alarm_every_seconds", w->pass->a->config->why_service_alarm);
    json_array(&j, "forecast_of_intervals");
    for (size_t i = f->since; i <= f->at; i++)
        json_real(&j, NULL, s->mean[i]);
    json_close(&j);
    json_array(&j, "contacts_of_intervals");
    for (size_t i = f->since; i <= f->at; i++)
        json_real(&j, NULL, s->seen[i]);
    json_close(&j);
    json_close(&j);
}

static enum status
raise_shift(struct signals *sg, const struct staffing_work *w, const struct shift *s,
            const struct chart_found *f, double threshold, struct error *err)
{
    struct buf reason = {0}, evidence = {0};
    double spread = s->phi / (double)(f->at - f->since + 1);
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    struct signal_row row = {
        .subject = span_str(s->service->name),
        .subject_type = "service",
        .severity = f->seen >= 2 * f->expected && f->seen - f->expected >= CRITICAL ? "critical"
                                                                                    : "warning",
        .value = f->seen,
        .baseline = f->expected,
        .delta = f->seen - f->expected,
        .p_value = NAN,
        .completeness = pass_completeness(w->pass, w->pass->today - 28, w->pass->today),
        .window_start = format_utc(start, begin_of(w, s, f->since)),
        .window_end = format_utc(end, begin_of(w, s, f->at) + s->service->history.minutes * 60),
    };
    enum status st;

    forecast_interval(f->expected, spread, 0.95, &row.low, &row.high);
    write_reason(w, s, f, &reason);
    write_evidence(w, s, f, threshold, &evidence);
    row.reason = reason.p;
    row.evidence = evidence.p;
    st = signals_raise(sg, &row, err);
    buf_clear(&reason);
    buf_clear(&evidence);
    return st;
}

/* Intervals with demand between two false alarms of one direction. */
static double
run_length(const struct staffing_work *w, const struct shift *s)
{
    size_t slots = (size_t)s->service->history.slots, open = 0;

    for (size_t i = 0; i < slots; i++)
        open += s->mean[i] > 0;
    return fmax((double)open, 1) * (double)w->pass->a->config->why_service_alarm / DAY_SECONDS;
}

/* What has come since, as long as it is still as far off: the shift goes on. */
static void
follow(const struct shift *s, struct chart_found *f)
{
    struct chart_found on = *f;
    double times;

    for (size_t i = f->at + 1; i < s->count; i++) {
        if (!(s->mean[i] > 0) || isnan(s->seen[i]))
            continue;
        on.at = i;
        on.seen += s->seen[i];
        on.expected += s->mean[i];
    }
    times = on.seen / on.expected;
    if (f->seen > f->expected ? times >= sqrt(TIMES) : times <= sqrt(1 / TIMES))
        *f = on;
}

static enum status
look(struct signals *sg, const struct staffing_work *w, struct shift *s, struct error *err)
{
    static const double ways[] = {TIMES, 1 / TIMES};
    enum status st = ST_OK;

    if (!expect(w, s))
        return ST_OK;
    for (size_t i = 0; st == ST_OK && i < sizeof ways / sizeof ways[0]; i++) {
        struct chart_shift chart = {s->phi, ways[i]};
        double threshold = chart_shift_threshold(&chart, s->mean, s->count, run_length(w, s));
        struct chart_found f;

        chart_shift_run(&chart, s->mean, s->seen, s->count, threshold, &f);
        if (f.at < s->count && fabs(f.seen - f.expected) >= FEW) {
            follow(s, &f);
            st = raise_shift(sg, w, s, &f, threshold, err);
            break; /* one direction at a time */
        }
    }
    return st;
}

enum status
staffing_shifts(struct staffing_work *w, struct error *err)
{
    struct shift *s = xcalloc(1, sizeof *s);
    struct signals *sg = NULL;
    char end[CIVIL_TEXT];
    enum status st = signals_begin(&sg, w->pass, "service_shift", err);

    for (size_t i = 0; st == ST_OK && i < w->count; i++) {
        *s = (struct shift){.service = &w->services[i]};
        st = look(sg, w, s, err);
    }
    free(s);
    return signals_end(sg, st, format_day(end, w->local_today), err);
}
