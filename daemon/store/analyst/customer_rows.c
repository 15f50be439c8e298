/*
 * customer_rows.c - gathering the rows about customers and writing them in bulk.
 */
#include "customer_rows.h"

#include <math.h>
#include <stdlib.h>

struct day_row {
    struct span customer;
    int32_t day;
    int64_t values[5]; /* legs seconds failed participants conferences */
};

struct seen_row {
    struct span customer;
    int64_t first, last; /* or PROFILE_NEVER */
};

/* The same few days come again and again. */
#define DAY_NAMES 512
struct day_name {
    int32_t day;
    char text[CIVIL_TEXT];
};

struct customer_rows {
    struct pass *pass;
    struct query *put_day, *put_seen, *put_stat;
    struct arena names; /* of days and seen */
    struct day_row days[STORE_ROWS_AT_ONCE];
    struct seen_row seen[STORE_ROWS_AT_ONCE];
    size_t day_count, seen_count;
    struct arena texts; /* of stats */
    struct stat_row *stats;
    size_t stat_count, stat_cap;
    char text[2][CIVIL_TEXT];
    struct day_name day_names[DAY_NAMES];
    struct buf recent;
};

/* A first pass begins with empty tables: then the plain forms are enough, and cheaper. */
#define ADD_DAY_SQL                                                                                \
    "INSERT INTO customer_day(customer, day, legs, seconds, failed, participants, conferences)"    \
    " SELECT c0, c1, c2, c3, c4, c5, c6 FROM offered"
static const char put_day_sql[] =
    ADD_DAY_SQL " WHERE true ON CONFLICT(customer, day) DO UPDATE SET legs = excluded.legs,"
                " seconds = excluded.seconds, failed = excluded.failed,"
                " participants = excluded.participants, conferences = excluded.conferences";
static const char put_seen_sql[] =
    "INSERT INTO customer(id, first_seen, last_seen) SELECT c0, c1, c2 FROM offered WHERE true"
    " ON CONFLICT(id) DO UPDATE SET"
    " first_seen = min(ifnull(first_seen, excluded.first_seen), excluded.first_seen),"
    " last_seen = max(ifnull(last_seen, excluded.last_seen), excluded.last_seen)"
    " WHERE first_seen IS NULL OR first_seen > excluded.first_seen"
    " OR last_seen < excluded.last_seen";
/* In the order of the table. */
#define ADD_STAT_SQL                                                                               \
    "INSERT INTO customer_stat(customer, as_of, first_day, last_day, days_since_last,"             \
    " active_days_30d, active_days_90d, legs_1d, legs_7d, legs_28d, legs_30d, legs_90d,"           \
    " seconds_1d, seconds_7d, seconds_28d, seconds_30d, seconds_90d, failed_1d, failed_7d,"        \
    " failed_28d, failed_30d, failed_90d, participants_30d, conferences_30d, features_30d,"        \
    " features_90d, dominant_feature, dominant_feature_share, dominant_quarter,"                   \
    " dominant_quarter_share, office_share, evening_share, night_share, weekend_share, persona,"   \
    " trend, rfm_r, rfm_f, rfm_m, rfm_segment, recent_legs) SELECT c0, c1, c2, c3, c4, c5, c6,"    \
    " c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25," \
    " c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, c37, c38, c39, c40 FROM offered"
/* Scores belong to another step and the first day may lie before what is read now. */
static const char put_stat_sql[] = ADD_STAT_SQL
    " WHERE true ON CONFLICT(customer) DO UPDATE SET as_of = excluded.as_of,"
    " first_day = min(ifnull(first_day, excluded.first_day), ifnull(excluded.first_day, "
    "first_day)),"
    " last_day = max(ifnull(last_day, excluded.last_day), ifnull(excluded.last_day, last_day)),"
    " days_since_last = ifnull(excluded.days_since_last, CAST(julianday(date(excluded.as_of))"
    " - julianday(last_day) AS INTEGER)),"
    " active_days_30d = excluded.active_days_30d, active_days_90d = excluded.active_days_90d,"
    " legs_1d = excluded.legs_1d, seconds_1d = excluded.seconds_1d,"
    " failed_1d = excluded.failed_1d, legs_7d = excluded.legs_7d,"
    " seconds_7d = excluded.seconds_7d, failed_7d = excluded.failed_7d,"
    " legs_28d = excluded.legs_28d, seconds_28d = excluded.seconds_28d,"
    " failed_28d = excluded.failed_28d, legs_30d = excluded.legs_30d,"
    " seconds_30d = excluded.seconds_30d, failed_30d = excluded.failed_30d,"
    " legs_90d = excluded.legs_90d, seconds_90d = excluded.seconds_90d,"
    " failed_90d = excluded.failed_90d, participants_30d = excluded.participants_30d,"
    " conferences_30d = excluded.conferences_30d, features_30d = excluded.features_30d,"
    " features_90d = excluded.features_90d, dominant_feature = excluded.dominant_feature,"
    " dominant_feature_share = excluded.dominant_feature_share,"
    " dominant_quarter = excluded.dominant_quarter,"
    " dominant_quarter_share = excluded.dominant_quarter_share,"
    " office_share = excluded.office_share, evening_share = excluded.evening_share,"
    " night_share = excluded.night_share, weekend_share = excluded.weekend_share,"
    " persona = excluded.persona, trend = excluded.trend, recent_legs = excluded.recent_legs";

enum status
customer_rows_new(struct customer_rows **out, struct pass *p, struct error *err)
{
    struct customer_rows *r = xcalloc(1, sizeof *r);
    enum status st;

    r->pass = p;
    arena_init(&r->names);
    arena_init(&r->texts);
    st = store_query(p->store, &r->put_day, p->first ? ADD_DAY_SQL : put_day_sql, err);
    if (st == ST_OK)
        st = store_query(p->store, &r->put_seen, put_seen_sql, err);
    if (st == ST_OK)
        st = store_query(p->store, &r->put_stat, p->first ? ADD_STAT_SQL : put_stat_sql, err);
    if (st == ST_OK)
        *out = r;
    else
        customer_rows_free(r);
    return st;
}

void
customer_rows_free(struct customer_rows *r)
{
    if (!r)
        return;
    query_free(r->put_day);
    query_free(r->put_seen);
    query_free(r->put_stat);
    arena_clear(&r->names);
    arena_clear(&r->texts);
    buf_clear(&r->recent);
    free(r->stats);
    free(r);
}

/* --- as values --- */

static void
day_row(void *arg, size_t row, struct row_value *out)
{
    struct customer_rows *r = arg;
    const struct day_row *d = &r->days[row];
    struct day_name *name = &r->day_names[(uint32_t)d->day % DAY_NAMES];

    if (!name->text[0] || name->day != d->day) {
        name->day = d->day;
        format_day(name->text, d->day);
    }
    value_text(out++, d->customer);
    value_str(out++, name->text);
    for (size_t i = 0; i < sizeof d->values / sizeof d->values[0]; i++)
        value_int(out++, d->values[i]);
}

static void
moment(struct row_value *out, char *text, int64_t at)
{
    value_str(out, at == PROFILE_NEVER ? NULL : format_utc(text, at));
}

static void
seen_row(void *arg, size_t row, struct row_value *out)
{
    struct customer_rows *r = arg;
    const struct seen_row *s = &r->seen[row];

    value_text(out++, s->customer);
    moment(out++, r->text[0], s->first);
    moment(out++, r->text[1], s->last);
}

static struct row_value *
habit_values(const struct stat_row *s, struct row_value *out)
{
    if (s->dominant.p)
        value_text(out++, s->dominant);
    else
        value_null(out++);
    value_real(out++, s->dominant_share);
    if (s->quarter >= 0)
        value_int(out++, s->quarter);
    else
        value_null(out++);
    value_real(out++, s->quarter_share);
    value_real(out++, s->office);
    value_real(out++, s->evening);
    value_real(out++, s->night);
    value_real(out++, s->weekend);
    value_str(out++, s->persona);
    value_real(out++, s->trend);
    return out;
}

static struct row_value *
count_values(const struct stat_row *s, struct row_value *out)
{
    value_int(out++, s->active_30d);
    value_int(out++, s->active_90d);
    for (int k = 0; k < CUSTOMER_COLUMNS; k++)
        for (int w = 0; w < WINDOW_COUNT; w++)
            value_int(out++, s->sums[w][k]);
    value_int(out++, s->people);
    value_int(out++, s->conferences);
    value_int(out++, s->features_30d);
    value_int(out++, s->features_90d);
    return out;
}

static struct row_value *
score_values(const struct stat_row *s, struct row_value *out)
{
    const unsigned scores[] = {s->r, s->f, s->m};

    for (int i = 0; i < 3; i++, out++)
        if (s->rfm_segment)
            value_int(out, scores[i]);
        else
            value_null(out);
    value_str(out++, s->rfm_segment);
    return out;
}

static void
stat_row(void *arg, size_t row, struct row_value *out)
{
    struct customer_rows *r = arg;
    const struct stat_row *s = &r->stats[row];
    const int32_t days[] = {s->first_day, s->last_day};

    value_text(out++, s->customer);
    value_str(out++, r->pass->now_text);
    for (int i = 0; i < 2; i++)
        value_str(out++, days[i] == INT32_MIN ? NULL : format_day(r->text[i], days[i]));
    if (s->last_day == INT32_MIN)
        value_null(out++);
    else
        value_int(out++, s->days_since_last);
    out = habit_values(s, count_values(s, out));
    out = score_values(s, out);
    value_text(out, s->recent);
}

/* --- writing --- */

static enum status
write_rows(struct customer_rows *r, struct query *q,
           void (*row)(void *arg, size_t row, struct row_value *out), size_t count,
           struct error *err)
{
    struct row_source rows = {row, r};

    return query_tick_rows(r->pass->store, q, &rows, count, err);
}

enum status
customer_rows_write_stats(struct customer_rows *r, struct error *err)
{
    enum status st = write_rows(r, r->put_stat, stat_row, r->stat_count, err);

    r->stat_count = 0;
    arena_reset(&r->texts);
    return st;
}

enum status
customer_rows_flush(struct customer_rows *r, struct error *err)
{
    enum status st = write_rows(r, r->put_day, day_row, r->day_count, err);

    if (st == ST_OK)
        st = write_rows(r, r->put_seen, seen_row, r->seen_count, err);
    r->day_count = r->seen_count = 0;
    arena_reset(&r->names);
    return st == ST_OK && !r->pass->first ? customer_rows_write_stats(r, err) : st;
}

struct stat_row *
customer_rows_kept(struct customer_rows *r, size_t *count)
{
    *count = r->stat_count;
    return r->stats;
}

/* --- gathering --- */

enum status
customer_rows_day(struct customer_rows *r, const struct cell_view *c, const int64_t values[5],
                  struct error *err)
{
    const struct day_row *last = r->day_count ? &r->days[r->day_count - 1] : NULL;
    struct day_row *d = &r->days[r->day_count++];

    d->customer =
        last && span_eq(last->customer, c->name) ? last->customer : arena_copy(&r->names, c->name);
    d->day = c->day;
    memcpy(d->values, values, sizeof d->values);
    return r->day_count == STORE_ROWS_AT_ONCE ? customer_rows_flush(r, err) : ST_OK;
}

enum status
customer_rows_seen(struct customer_rows *r, struct span id, const struct profile *f,
                   struct error *err)
{
    r->seen[r->seen_count++] =
        (struct seen_row){arena_copy(&r->names, id), f->first_seen, f->last_seen};
    return r->seen_count == STORE_ROWS_AT_ONCE ? customer_rows_flush(r, err) : ST_OK;
}

static void
fill_habits(struct customer_rows *r, struct stat_row *s, const struct profile *f)
{
    const struct profile_feature *best = profile_dominant(f, &s->dominant_share);
    int quarter = 0;

    if (best)
        s->dominant = arena_copy(&r->texts, best->name);
    for (int i = 1; i < 96; i++)
        quarter = f->quarters[i] > f->quarters[quarter] ? i : quarter;
    s->quarter_share = profile_share(f, f->quarters[quarter]);
    s->quarter = isnan(s->quarter_share) ? -1 : quarter;
    s->office = profile_share(f, f->office);
    s->evening = profile_share(f, f->evening);
    s->night = profile_share(f, f->night);
    s->weekend = profile_share(f, f->weekend);
    s->persona = profile_persona(f);
    s->trend = profile_trend(f);
}

enum status
customer_rows_stat(struct customer_rows *r, struct span id, const struct profile *f,
                   struct error *err)
{
    struct stat_row *s;

    if (r->stat_count == r->stat_cap) {
        r->stat_cap = r->stat_cap ? r->stat_cap * 2 : STORE_ROWS_AT_ONCE;
        r->stats = xrealloc(r->stats, r->stat_cap * sizeof *r->stats);
    }
    buf_reset(&r->recent);
    profile_recent_json(f, &r->recent);
    s = &r->stats[r->stat_count++];
    *s = (struct stat_row){
        .customer = arena_copy(&r->texts, id),
        .recent = arena_copy(&r->texts, span_of(r->recent.p, r->recent.n)),
        .first_day = f->first_day,
        .last_day = f->last_day,
        .days_since_last = f->last_day > f->today ? 0 : (int64_t)f->today - f->last_day,
        .people = llround(sketch_union_estimate(f->people)),
        .conferences = llround(sketch_union_estimate(f->conferences)),
        .active_30d = f->active_30d,
        .active_90d = f->active_90d,
        .features_30d = profile_features(f, true),
        .features_90d = profile_features(f, false),
    };
    memcpy(s->sums, f->sums, sizeof s->sums);
    fill_habits(r, s, f);
    return r->stat_count == STORE_ROWS_AT_ONCE && !r->pass->first ? customer_rows_flush(r, err)
                                                                  : ST_OK;
}
