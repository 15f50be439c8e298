/*
 * profile.c - a customer's days added up.
 */
#include "profile.h"

#include <math.h>
#include <stdlib.h>

#include "civil.h"

/* Fewer legs than this say nothing about when somebody calls. */
#define MIN_TIMED 30

static const int32_t window_days[WINDOW_COUNT] = {1, 7, 28, 30, 90};

void
profile_init(struct profile *p, const struct zone *zone, unsigned rest_days)
{
    *p = (struct profile){.zone = zone, .rest_days = rest_days};
    arena_init(&p->mem);
    p->people = sketch_union_new();
    p->conferences = sketch_union_new();
}

void
profile_clear(struct profile *p)
{
    arena_clear(&p->mem);
    sketch_union_free(p->people);
    sketch_union_free(p->conferences);
    free(p->features);
}

void
profile_start(struct profile *p, int32_t today)
{
    struct profile fresh = {
        .zone = p->zone,
        .rest_days = p->rest_days,
        .today = today,
        .mem = p->mem,
        .features = p->features,
        .feature_cap = p->feature_cap,
        .people = p->people,
        .conferences = p->conferences,
        .first_day = INT32_MIN,
        .last_day = INT32_MIN,
        .first_90d = INT32_MIN,
        .first_seen = PROFILE_NEVER,
        .last_seen = PROFILE_NEVER,
    };

    *p = fresh;
    arena_reset(&p->mem);
    sketch_union_reset(p->people);
    sketch_union_reset(p->conferences);
}

static struct profile_feature *
feature_slot(struct profile *p, struct span name)
{
    for (size_t i = 0; i < p->feature_count; i++)
        if (span_eq(p->features[i].name, name))
            return &p->features[i];
    if (p->feature_count == p->feature_cap) {
        p->feature_cap = p->feature_cap ? p->feature_cap * 2 : 16;
        p->features = xrealloc(p->features, p->feature_cap * sizeof *p->features);
    }
    p->features[p->feature_count] = (struct profile_feature){.name = arena_copy(&p->mem, name)};
    return &p->features[p->feature_count++];
}

static void
add_features(struct profile *p, const struct cell_view *c)
{
    int32_t age = p->today - c->day;

    if (age < 0 || age >= PROFILE_DAYS)
        return;
    for (unsigned i = 0; i < c->feature_count; i++) {
        const struct cell_feature *used = &c->features[i];
        struct profile_feature *f;

        if (used->used == 0 && used->wanted == 0)
            continue;
        f = feature_slot(p, used->name);
        f->used_90d += used->used;
        f->wanted_90d += used->wanted;
        f->last_day = c->day;
        if (age < 30) {
            f->used_30d += used->used;
            f->wanted_30d += used->wanted;
        }
    }
}

/* Office is 08-18 on working days, evening 18-23, night 23-06, weekend all days of rest;
 * the four overlap on purpose: somebody may be a night caller at weekends. */
static void
add_legs(struct profile *p, int64_t legs, int32_t second, int weekday)
{
    int32_t hour = second / 3600;
    bool rest = p->rest_days >> weekday & 1;

    p->timed += legs;
    p->hours[weekday * 24 + hour] += legs;
    p->quarters[second / QUARTER_SECONDS] += legs;
    p->office += !rest && hour >= 8 && hour < 18 ? legs : 0;
    p->evening += hour >= 18 && hour < 23 ? legs : 0;
    p->night += hour >= 23 || hour < 6 ? legs : 0;
    p->weekend += rest ? legs : 0;
}

/* A UTC day lies in two local ones, and its slots are all as far from UTC, but on two days of the
 * year. */
static void
add_times(struct profile *p, const struct cell_view *c)
{
    int64_t begin = (int64_t)c->day * DAY_SECONDS;
    int32_t offset = zone_offset_at(p->zone, begin), from = second_of_day(begin + offset);
    int32_t day = day_of(begin + offset);
    bool change = zone_offset_at(p->zone, begin + DAY_SECONDS - 1) != offset;
    int weekday[] = {weekday_from_days(day), weekday_from_days(day + 1)};

    for (unsigned i = 0; i < c->slot_count; i++) {
        int64_t legs = c->slots[i].v[CUSTOMER_LEGS];
        int32_t after = c->slots[i].slot * QUARTER_SECONDS, second = from + after;

        if (legs == 0)
            continue;
        if (change) {
            int64_t local = begin + after + zone_offset_at(p->zone, begin + after);

            add_legs(p, legs, second_of_day(local), weekday_from_days(day_of(local)));
        } else {
            bool next = second >= DAY_SECONDS;

            add_legs(p, legs, next ? second - DAY_SECONDS : second, weekday[next]);
        }
    }
}

static bool
was_there(const struct cell_slot *s)
{
    return s->v[CUSTOMER_LEGS] || s->v[CUSTOMER_FAILED];
}

static void
note_seen(struct profile *p, const struct cell_view *c)
{
    int64_t begin = (int64_t)c->day * DAY_SECONDS, first, last;
    unsigned from = 0, to = c->slot_count;

    while (from < to && !was_there(&c->slots[from]))
        from++;
    while (to > from && !was_there(&c->slots[to - 1]))
        to--;
    if (from == to)
        return;
    first = begin + c->slots[from].slot * QUARTER_SECONDS;
    last = begin + c->slots[to - 1].slot * QUARTER_SECONDS;
    if (p->first_seen == PROFILE_NEVER || first < p->first_seen)
        p->first_seen = first;
    if (last > p->last_seen)
        p->last_seen = last;
}

void
profile_add(struct profile *p, const struct cell_view *c)
{
    const int64_t *v = c->sum;
    int32_t age = p->today - c->day;

    p->cells++;
    if (v[CUSTOMER_LEGS] || v[CUSTOMER_SECONDS] || v[CUSTOMER_FAILED] ||
        !sketch_empty(&c->sketch[SKETCH_PEOPLE]))
        p->anything = true;
    for (unsigned i = 0; i < c->feature_count; i++)
        p->anything |= c->features[i].used || c->features[i].wanted;
    note_seen(p, c);
    if (v[CUSTOMER_LEGS] > 0) {
        if (p->first_day == INT32_MIN)
            p->first_day = c->day;
        p->last_day = c->day;
    }
    if (age < 0 || age >= PROFILE_DAYS)
        return;
    for (int w = 0; w < WINDOW_COUNT; w++)
        for (int k = 0; k < CUSTOMER_COLUMNS && age < window_days[w]; k++)
            p->sums[w][k] += v[k];
    if (v[CUSTOMER_LEGS] > 0 && p->first_90d == INT32_MIN)
        p->first_90d = c->day;
    p->active_90d += v[CUSTOMER_LEGS] > 0;
    p->active_30d += v[CUSTOMER_LEGS] > 0 && age < 30;
    if (age < PROFILE_RECENT)
        p->recent[PROFILE_RECENT - 1 - age] += v[CUSTOMER_LEGS];
    if (age < PROFILE_PEOPLE) {
        sketch_union_add(p->people, &c->sketch[SKETCH_PEOPLE]);
        sketch_union_add(p->conferences, &c->sketch[SKETCH_SECOND]);
    }
    add_features(p, c);
    add_times(p, c);
}

unsigned
profile_features(const struct profile *p, bool within_30d)
{
    unsigned n = 0;

    for (size_t i = 0; i < p->feature_count; i++)
        n += (within_30d ? p->features[i].used_30d : p->features[i].used_90d) > 0;
    return n;
}

const struct profile_feature *
profile_dominant(const struct profile *p, double *share)
{
    const struct profile_feature *best = NULL;
    int64_t all = 0;

    for (size_t i = 0; i < p->feature_count; i++) {
        const struct profile_feature *f = &p->features[i];

        if (f->used_90d == 0)
            continue;
        all += f->used_90d;
        /* Ties by name, so that the answer does not depend on the order of records. */
        if (!best || f->used_90d > best->used_90d ||
            (f->used_90d == best->used_90d && span_cmp(f->name, best->name) < 0))
            best = f;
    }
    *share = best && all > 0 ? (double)best->used_90d / (double)all : NAN;
    return best;
}

double
profile_share(const struct profile *p, int64_t part)
{
    return p->timed >= MIN_TIMED ? (double)part / (double)p->timed : NAN;
}

const char *
profile_persona(const struct profile *p)
{
    if (p->timed < MIN_TIMED)
        return NULL;
    if (profile_share(p, p->office) >= 0.60)
        return "office";
    if (profile_share(p, p->evening) >= 0.40)
        return "evening";
    if (profile_share(p, p->night) >= 0.25)
        return "night";
    return profile_share(p, p->weekend) >= 0.45 ? "weekend" : "mixed";
}

double
profile_trend(const struct profile *p)
{
    int64_t before = 0, lately = 0;
    int32_t begin = p->today - 35, days = 28;

    /* Days before somebody's first leg were not days without any. */
    if (p->first_90d > begin)
        days -= p->first_90d - begin;
    for (int i = 0; i < 28; i++)
        before += p->recent[i];
    for (int i = 28; i < 35; i++)
        lately += p->recent[i];
    return before > 0 && days >= 7 ? (double)lately / 7 / ((double)before / days) : NAN;
}

void
profile_recent_json(const struct profile *p, struct buf *out)
{
    for (int i = 0; i < PROFILE_RECENT; i++) {
        int64_t legs = p->recent[i];

        buf_char(out, i ? ',' : '[');
        if (legs >= 0 && legs < 10) /* nearly all are */
            buf_char(out, (char)('0' + legs));
        else
            buf_i64(out, legs);
    }
    buf_char(out, ']');
}
