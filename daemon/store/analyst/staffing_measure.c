/*
 * staffing_measure.c - once a day: how good were forecasts, how many of the planned are there?
 *
 * Both are of whole days, so what is said at a day's first pass holds until its end. The newest
 * weeks count: a service is judged by what it has become.
 */
#include <math.h>
#include <stdlib.h>

#include "availability.h"
#include "backtest.h"
#include "roster.h"
#include "staffing_plan.h"

#define FIRST_ORIGIN 4
#define MOST_ORIGINS 12
/* Fewer contacts with a roster say nothing of who is there. */
#define ENOUGH_CONTACTS 500

/* --- what is kept --- */

static enum status
read_score(struct staffing_work *w, const char *service, const char *today, bool *fresh,
           struct staffing_score *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        w->pass->store, &q,
        "SELECT f.wape, f.floor, f.naive_wape, (SELECT factor FROM availability WHERE service ="
        " ?1), h.wape, h.floor, h.naive_wape, f.as_of FROM forecast_score f LEFT JOIN"
        " forecast_score h ON h.service = f.service AND h.method = 'handling' AND h.horizon ="
        " f.horizon WHERE f.service = ?1 AND f.method = 'forecast' AND f.horizon = 'week1'",
        err);

    *out = (struct staffing_score){{NAN, NAN, NAN}, {NAN, NAN, NAN}, 0};
    *fresh = false;
    if (st == ST_OK) {
        query_set_str(q, 1, service);
        st = query_next(q, err);
    }
    if (st == ST_OK) {
        *out = (struct staffing_score){{query_real(q, 0), query_real(q, 1), query_real(q, 2)},
                                       {query_real(q, 4), query_real(q, 5), query_real(q, 6)},
                                       query_is_null(q, 3) ? 0 : query_real(q, 3)};
        *fresh = span_is(query_text(q, 7), today) && !w->pass->settings_changed;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* --- forecasts of the past --- */

static const char put_score[] =
    "INSERT OR REPLACE INTO forecast_score(service, method, horizon, wape, floor, naive_wape, mase,"
    " pinball, coverage80, coverage95, origins, as_of)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

static double
wape_at(const struct backtest_score *s, int horizon)
{
    return horizon == 0 ? s->wape_day1 : horizon == 1 ? s->wape_week1 : s->wape_week2;
}

static const char *const horizons[] = {"day1", "week1", "week2"};

/* Of one method and horizon; what is NAN is left open. */
struct score_row {
    const char *method;
    int horizon;
    double wape, floor, naive, mase, pinball, coverage80, coverage95;
    unsigned origins;
};

static enum status
write_score(struct query *q, const char *service, const char *today, const struct score_row *r,
            struct error *err)
{
    query_set_str(q, 1, service);
    query_set_str(q, 2, r->method);
    query_set_str(q, 3, horizons[r->horizon]);
    query_set_real(q, 4, r->wape);
    query_set_real(q, 5, r->floor);
    query_set_real(q, 6, r->naive);
    query_set_real(q, 7, r->mase);
    query_set_real(q, 8, r->pinball);
    query_set_real(q, 9, r->coverage80);
    query_set_real(q, 10, r->coverage95);
    query_set_int(q, 11, r->origins);
    query_set_str(q, 12, today);
    return query_run(q, err);
}

static enum status
write_scores(struct staffing_work *w, const char *service, const struct backtest *b,
             const struct handling_score *handling, const char *today, struct error *err)
{
    static const char *const methods[] = {"forecast", "naive", "mean4"};
    const double floors[] = {b->floor_day1, b->floor_week1, b->floor_week2};
    struct query *q = NULL;
    enum status st = store_query(w->pass->store, &q, put_score, err);

    for (int i = 0; st == ST_OK && i < BACKTEST_METHODS * 3; i++) {
        int m = i / 3, h = i % 3;
        bool own = m == BACKTEST_FORECAST && h == 1;

        st = write_score(q, service, today,
                         &(struct score_row){methods[m], h, wape_at(&b->method[m], h), floors[h],
                                             wape_at(&b->method[BACKTEST_NAIVE], h),
                                             b->method[m].mase, own ? b->pinball : NAN,
                                             own ? b->coverage80 : NAN, own ? b->coverage95 : NAN,
                                             b->origins},
                         err);
    }
    for (int h = 0; st == ST_OK && h < HANDLING_HORIZONS && handling->origins; h++)
        st = write_score(q, service, today,
                         &(struct score_row){"handling", h, handling->wape[h], handling->floor[h],
                                             handling->naive[h], NAN, NAN, NAN, NAN,
                                             handling->origins},
                         err);
    query_free(q);
    return st;
}

/* --- who is there --- */

struct heads {
    struct availability_interval *at;
    size_t count;
};

/* Heads on the roster in each interval of the last weeks. */
static enum status
read_heads(struct staffing_work *w, const struct staffing_service *s, struct heads *out,
           struct error *err)
{
    const struct history *h = &s->history;
    const struct zone *z = w->pass->a->zone;
    size_t slots = (size_t)h->slots, first = (HISTORY_DAYS - HISTORY_WAIT_DAYS) * slots;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < HISTORY_WAIT_DAYS * slots; i++) {
        int32_t day = w->local_today - HISTORY_WAIT_DAYS + (int32_t)(i / slots);
        int64_t from =
            zone_to_utc(z, (int64_t)day * DAY_SECONDS) + (int64_t)(i % slots) * h->minutes * 60;
        double offered = h->offered[first + i], handled = h->handled[first + i], rostered = NAN;
        char begin[CIVIL_TEXT], end[CIVIL_TEXT];

        if (!(offered > 0) || !(handled > 0))
            continue;
        st = staffing_rostered(w, s->name, format_utc(begin, from),
                               format_utc(end, from + h->minutes * 60), &rostered, err);
        if (st != ST_OK || !(rostered > 0))
            continue;
        out->at[out->count++] = (struct availability_interval){
            .calls = offered,
            .aht_s = (double)h->seconds[first + i] / handled,
            .heads = rostered * (1 - s->config->shrinkage),
            .waited_s = (double)h->wait[i],
        };
    }
    return st;
}

static enum status
write_availability(struct staffing_work *w, const char *service, const struct availability *a,
                   const char *today, struct error *err)
{
    struct query *q = NULL;
    enum status st =
        store_query(w->pass->store, &q,
                    "INSERT OR REPLACE INTO availability(service, factor, contacts, wait_seconds,"
                    " planned_wait_seconds, window_days, as_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, service);
    query_set_real(q, 2, a->factor);
    query_set_real(q, 3, a->calls);
    query_set_real(q, 4, a->waited_s);
    query_set_real(q, 5, a->planned_wait_s);
    query_set_int(q, 6, HISTORY_WAIT_DAYS);
    query_set_str(q, 7, today);
    st = query_run(q, err);
    query_free(q);
    return st;
}

static enum status
measure_heads(struct staffing_work *w, const struct staffing_service *s, const char *today,
              double *factor, struct error *err)
{
    size_t most = HISTORY_WAIT_DAYS * (size_t)s->history.slots;
    struct heads heads = {.at = xcalloc(most, sizeof *heads.at)};
    double patience =
        staffing_rule(s->config, (struct staffing_learned){history_patience(&s->history), 0})
            .patience_s;
    struct availability a = {.factor = NAN};
    enum status st = ST_OK;

    *factor = 0;
    if (patience > 0 && !s->config->concurrent)
        st = read_heads(w, s, &heads, err);
    if (st == ST_OK && heads.count > 0)
        a = availability_fit(heads.at, heads.count, s->history.minutes * 60, patience);
    free(heads.at);
    if (st != ST_OK || !(a.calls > 0))
        return st;
    if (a.calls < ENOUGH_CONTACTS)
        a.factor = NAN;
    *factor = isnan(a.factor) ? 0 : a.factor;
    return write_availability(w, s->name, &a, today, err);
}

/* --- */

enum status
staffing_measure(struct staffing_work *w, const struct staffing_service *s,
                 struct staffing_score *out, struct error *err)
{
    char today[CIVIL_TEXT];
    const struct backtest_range range = {FIRST_ORIGIN, MOST_ORIGINS};
    struct handling_score handling;
    struct handling_past past;
    struct backtest b;
    bool fresh;
    unsigned days;
    double *counts;
    enum status st = read_score(w, s->name, format_day(today, w->local_today), &fresh, out, err);

    if (st != ST_OK || fresh)
        return st;
    counts = staffing_calendar(w, s, &days);
    if (!counts)
        return ST_OK;
    backtest_run(counts, days, (struct forecast_shape){7, (unsigned)s->history.slots}, range, &b);
    free(counts);
    past = history_handling(&s->history);
    handling_backtest(&past, range, &handling);
    out->contacts = (struct staffing_wape){b.method[BACKTEST_FORECAST].wape_week1, b.floor_week1,
                                           b.method[BACKTEST_NAIVE].wape_week1};
    out->handling = (struct staffing_wape){NAN, NAN, NAN};
    if (handling.origins)
        out->handling =
            (struct staffing_wape){handling.wape[HANDLING_WEEK1], handling.floor[HANDLING_WEEK1],
                                   handling.naive[HANDLING_WEEK1]};
    st = write_scores(w, s->name, &b, &handling, today, err);
    return st == ST_OK ? measure_heads(w, s, today, &out->availability, err) : st;
}
