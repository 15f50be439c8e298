/*
 * pass_season.c - when are a service's high times? By hour of the day, weekday and, after two
 * years, month (season.h); once a day. Local days that are over count.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pass.h"
#include "season.h"

#define MOST_DAYS 4000
#define MONTHS    (MOST_DAYS / 28)

/* Contacts of a service by local hour, from the Monday before its first contact on. */
struct past {
    char *service;
    int32_t first; /* day */
    size_t days;   /* up to yesterday */
    double *hour;  /* 24 for each */
};

static int32_t
local_day(const struct pass *p, int64_t at)
{
    return day_of(at + zone_offset_at(p->a->zone, at));
}

static bool
is_known(const struct pass *p, int32_t day)
{
    return p->today - day >= INPUT_DAYS || pass_had_input(p, day);
}

/* What is before the first contact, and days without any input, are not known; but on weekdays that
 * never have any nobody works. */
static void
forget_unknown(const struct pass *p, struct past *past, int32_t began)
{
    bool works[7] = {false};

    for (size_t d = 0; d < past->days; d++)
        works[d % 7] = works[d % 7] || is_known(p, past->first + (int32_t)d);
    for (size_t d = 0; d < past->days; d++) {
        int32_t day = past->first + (int32_t)d;

        if (day > began && (is_known(p, day) || !works[d % 7]))
            continue;
        for (int h = 0; h < 24; h++)
            past->hour[d * 24 + (size_t)h] = NAN;
    }
}

/* The mean of a day in each month, from a January on; NAN where no day is known. Answers how many
 * months there are. */
static size_t
by_month(const struct past *past, double *out)
{
    double sum[MONTHS] = {0}, days[MONTHS] = {0};
    struct civil first = civil_from_utc((int64_t)past->first * DAY_SECONDS);
    size_t count = 0;

    for (size_t d = 0; d < past->days; d++) {
        struct civil c = civil_from_utc((int64_t)(past->first + (int32_t)d) * DAY_SECONDS);
        size_t at = (size_t)((c.year - first.year) * 12 + c.month - 1);
        double whole = 0;

        for (int h = 0; h < 24; h++)
            whole += past->hour[d * 24 + (size_t)h];
        if (at >= MONTHS || isnan(whole))
            continue;
        sum[at] += whole;
        days[at]++;
        count = at + 1;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = days[i] > 0 ? sum[i] / days[i] : NAN;
    return count;
}

static enum status
write_cycle(struct pass *p, struct query *q, const char *service, const char *cycle,
            const struct season_index *index, unsigned places, struct error *err)
{
    enum status st = ST_OK;

    for (unsigned i = 0; st == ST_OK && i < places; i++) {
        const char *season = index[i].low > SEASON_HIGH   ? "high"
                             : index[i].high < SEASON_LOW ? "low"
                                                          : NULL;

        query_set_str(q, 1, service);
        query_set_str(q, 2, cycle);
        query_set_int(q, 3, strcmp(cycle, "month") == 0 ? i + 1 : i);
        query_set_real(q, 4, index[i].index);
        query_set_real(q, 5, index[i].low);
        query_set_real(q, 6, index[i].high);
        query_set_int(q, 7, index[i].values);
        query_set_str(q, 8, season);
        query_set_str(q, 9, p->now_text);
        st = store_tick(p->store, err);
        if (st == ST_OK)
            st = query_run(q, err);
    }
    return st;
}

static enum status
write_past(struct pass *p, struct query *q, const struct past *past, struct error *err)
{
    double *day = xcalloc(past->days + 1, sizeof *day), month[MONTHS];
    struct season_index index[24];
    size_t months = by_month(past, month);
    enum status st = ST_OK;

    for (size_t d = 0; d < past->days; d++)
        for (int h = 0; h < 24; h++)
            day[d] += past->hour[d * 24 + (size_t)h];
    if (season_shares(past->hour, past->days * 24, 24, index))
        st = write_cycle(p, q, past->service, "hour", index, 24, err);
    if (st == ST_OK && season_shares(day, past->days, 7, index))
        st = write_cycle(p, q, past->service, "weekday", index, 7, err);
    if (st == ST_OK && season_indices(month, months, 12, index))
        st = write_cycle(p, q, past->service, "month", index, 12, err);
    free(day);
    return st;
}

/* --- reading --- */

static void
past_clear(struct past *past)
{
    free(past->service);
    free(past->hour);
    memset(past, 0, sizeof *past);
}

/* A service's first row decides where its past begins. */
static void
past_begin(const struct pass *p, struct past *past, struct span service, int64_t start)
{
    int32_t began = local_day(p, start), end = local_day(p, p->now);

    past->service = xstrndup(service.p, service.n);
    if (end - began > MOST_DAYS - 7)
        began = end - (MOST_DAYS - 7);
    past->first = began - weekday_from_days(began);
    past->days = end > past->first ? (size_t)(end - past->first) : 0;
    past->hour = xcalloc(past->days * 24 + 1, sizeof *past->hour);
    forget_unknown(p, past, began);
}

static void
past_add(const struct pass *p, struct past *past, int64_t start, double offered)
{
    int64_t local = start + zone_offset_at(p->a->zone, start);
    int32_t day = day_of(local);
    size_t at;

    if (day < past->first || day >= past->first + (int32_t)past->days)
        return;
    at = (size_t)(day - past->first) * 24 + (size_t)(second_of_day(local) / 3600);
    past->hour[at] += offered; /* what is not known stays so */
}

static enum status
read_pasts(struct pass *p, struct query *rows, struct query *put, struct error *err)
{
    struct past past = {0};
    enum status st;

    while ((st = query_next(rows, err)) == ST_OK) {
        struct span service = query_text(rows, 0);
        int64_t start;
        bool has_offset;

        if (!parse_rfc3339(query_text(rows, 1), &start, &has_offset))
            continue;
        if (past.service && !span_is(service, past.service)) {
            st = write_past(p, put, &past, err);
            past_clear(&past);
        }
        if (st != ST_OK)
            break;
        if (!past.service)
            past_begin(p, &past, service, start);
        past_add(p, &past, start, query_real(rows, 2));
    }
    if (st == ST_NOT_FOUND)
        st = past.service ? write_past(p, put, &past, err) : ST_OK;
    past_clear(&past);
    return st;
}

enum status
pass_season(struct pass *p, struct error *err)
{
    struct query *rows = NULL, *put = NULL;
    enum status st;

    if (!p->full)
        return ST_OK;
    st = store_tick(p->store, err);
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM season", err);
    if (st == ST_OK)
        st = store_query(p->store, &rows,
                         "SELECT service, start, offered FROM service_interval"
                         " ORDER BY service, start",
                         err);
    if (st == ST_OK)
        st = store_query(p->store, &put,
                         "INSERT INTO season(service, cycle, place, factor, low, high, cycles,"
                         " season, as_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                         err);
    if (st == ST_OK)
        st = read_pasts(p, rows, put, err);
    query_free(rows);
    query_free(put);
    return st;
}
