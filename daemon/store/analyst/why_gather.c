/*
 * why_gather.c - totals of the ledger as daily series along dimensions.
 */
#include "why_gather.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"

#define HOURS_EACH 3 /* of a part of the day */

static int64_t *
new_series(struct why_gather *g)
{
    int64_t *daily = arena_alloc(&g->a->mem, g->days * sizeof *daily);

    memset(daily, 0, g->days * sizeof *daily);
    return daily;
}

void
why_gather_init(struct why_gather *g, struct why_answer *a, const struct zone *zone)
{
    static const char *const names[LIST_COUNT] = {"outcome", "hours",    "region",         "people",
                                                  "feature", "customer", "conference size"};

    *g = (struct why_gather){.a = a, .zone = zone};
    g->first = a->ask.from < a->ask.against ? a->ask.from : a->ask.against;
    g->end = a->ask.to > a->ask.against_to ? a->ask.to : a->ask.against_to;
    for (int i = 0; i < LIST_COUNT; i++)
        g->list[i].name = names[i];
}

/* Once for each quarter hour, not for each customer's. */
static void
find_hours(struct why_gather *g)
{
    g->hours = arena_alloc(&g->a->mem, g->days * QUARTERS_PER_DAY);
    for (int32_t d = g->first; d < g->end; d++)
        for (unsigned slot = 0; g->place[d - g->first] >= 0 && slot < QUARTERS_PER_DAY; slot++) {
            int64_t utc = (int64_t)d * DAY_SECONDS + (int64_t)slot * QUARTER_SECONDS;
            int hour = second_of_day(utc + zone_offset_at(g->zone, utc)) / 3600;

            g->hours[(size_t)g->place[d - g->first] * QUARTERS_PER_DAY + slot] =
                (uint8_t)(hour / HOURS_EACH);
        }
}

void
why_gather_begin(struct why_gather *g)
{
    g->whole = new_series(g);
    g->ok = new_series(g);
    g->seconds = new_series(g);
    g->parts = new_series(g);
    g->people = new_series(g);
    g->conferences = new_series(g);
    g->uses = new_series(g);
    find_hours(g);
}

static bool
is_series(const struct why_series *s, struct span name)
{
    return s->name_n == name.n && memcmp(s->name, name.p, name.n) == 0;
}

/* Cells come in the order of names, and names of other kinds are few: mostly the last one is it. */
struct why_series *
why_series_of(struct why_gather *g, int list, struct span name)
{
    struct why_list *l = &g->list[list];
    bool sorted =
        list == LIST_CUSTOMER || list == LIST_CUSTOMER_LEGS || list == LIST_CUSTOMER_SECONDS;
    char *copy;

    if (l->last < l->count && is_series(&l->at[l->last], name))
        return &l->at[l->last];
    for (size_t i = 0; i < l->count && !sorted; i++)
        if (is_series(&l->at[i], name))
            return &l->at[l->last = i];
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct why_series *more = arena_alloc(&g->a->mem, cap * sizeof *more);

        if (l->count)
            memcpy(more, l->at, l->count * sizeof *more);
        l->at = more;
        l->cap = cap;
    }
    copy = arena_alloc(&g->a->mem, name.n + 1);
    if (name.n)
        memcpy(copy, name.p, name.n);
    copy[name.n] = '\0';
    l->last = l->count++;
    l->at[l->last] = (struct why_series){.name = copy, .name_n = name.n, .daily = new_series(g)};
    return &l->at[l->last];
}

static void
add(struct why_gather *g, int list, const char *name, size_t day, int64_t n)
{
    if (n != 0)
        why_series_of(g, list, span_str(name))->daily[day] += n;
}

/* "09-12" of the quarter hour on the wall. */
static const char *
hours_of(const struct why_gather *g, size_t day, unsigned slot)
{
    static const char *const names[] = {"00-03", "03-06", "06-09", "09-12",
                                        "12-15", "15-18", "18-21", "21-24"};

    _Static_assert(sizeof names / sizeof *names * HOURS_EACH == 24, "all parts of a day");
    return names[g->hours[day * QUARTERS_PER_DAY + slot]];
}

/* --- customers --- */

static const char *
people_word(char digit)
{
    switch ((enum part_people)(digit - '0')) {
    case PEOPLE_OWN:
        return "its own";
    case PEOPLE_ADDRESS:
        return "other address";
    case PEOPLE_TELEPHONE:
        return "telephone";
    case PEOPLE_NAME:
        return "name only";
    case PEOPLE_NONE:
    case PEOPLE_COUNT:
        break;
    }
    return "not given";
}

static void
add_two(struct why_gather *g, enum why_two two, struct span first, const char *second, size_t day,
        int64_t n)
{
    char both[512];
    size_t length, more = strlen(second);

    if (n == 0)
        return;
    first.n = first.n < 400 ? first.n : 400;
    memcpy(both, first.p, first.n);
    length = first.n;
    both[length++] = '\0';
    memcpy(both + length, second, more);
    why_series_of(g, LIST_PAIR + (int)two, span_of(both, length + more))->daily[day] += n;
}

static void
add_part(struct why_gather *g, const struct cell_feature *p, size_t day)
{
    struct span region = span_of(p->name.p + PART_REGION, p->name.n - PART_REGION);
    const char *people = people_word(p->name.p[1]);
    int64_t n = p->used + p->wanted;

    if (region.n == 0)
        region = SPAN("not given");
    g->parts[day] += n;
    why_series_of(g, LIST_REGION, region)->daily[day] += n;
    add(g, LIST_PEOPLE, people, day, n);
    add_two(g, REGION_PEOPLE, region, people, day, n);
    add_two(g, REGION_OUTCOME, region, "ok", day, p->used);
    add_two(g, REGION_OUTCOME, region, "failed", day, p->wanted);
    add_two(g, PEOPLE_OUTCOME, span_str(people), "ok", day, p->used);
    add_two(g, PEOPLE_OUTCOME, span_str(people), "failed", day, p->wanted);
}

static void
add_quarters(struct why_gather *g, const struct cell_view *c, size_t day)
{
    for (unsigned i = 0; i < c->slot_count; i++) {
        const struct cell_slot *s = &c->slots[i];
        const char *hours = hours_of(g, day, s->slot);

        add(g, LIST_HOURS, hours, day, s->v[CUSTOMER_LEGS] + s->v[CUSTOMER_FAILED]);
        add_two(g, HOURS_OUTCOME, span_str(hours), "ok", day, s->v[CUSTOMER_LEGS]);
        add_two(g, HOURS_OUTCOME, span_str(hours), "failed", day, s->v[CUSTOMER_FAILED]);
        add(g, LIST_HOUR_LEGS, hours, day, s->v[CUSTOMER_LEGS]);
        add(g, LIST_HOUR_SECONDS, hours, day, s->v[CUSTOMER_SECONDS]);
    }
}

static void
add_customer(struct why_gather *g, const struct cell_view *c, size_t day)
{
    int64_t legs = c->sum[CUSTOMER_LEGS], failed = c->sum[CUSTOMER_FAILED];

    if (c->slot_count || c->feature_count)
        g->anything = true;
    g->whole[day] += legs + failed;
    g->ok[day] += legs;
    g->seconds[day] += c->sum[CUSTOMER_SECONDS];
    g->people[day] += llround(sketch_estimate(&c->sketch[SKETCH_PEOPLE]));
    g->conferences[day] += llround(sketch_estimate(&c->sketch[SKETCH_SECOND]));
    add(g, LIST_OUTCOME, "ok", day, legs);
    add(g, LIST_OUTCOME, "failed", day, failed);
    add_quarters(g, c, day);
    for (unsigned i = 0; i < c->feature_count; i++) {
        const struct cell_feature *f = &c->features[i];

        why_series_of(g, LIST_FEATURE, f->name)->daily[day] += f->used + f->wanted;
        g->uses[day] += f->used + f->wanted;
    }
    for (unsigned i = 0; i < c->part_count; i++)
        add_part(g, &c->parts[i], day);
    if (!g->customers)
        return;
    why_series_of(g, LIST_CUSTOMER, c->name)->daily[day] += legs + failed;
    why_series_of(g, LIST_CUSTOMER_LEGS, c->name)->daily[day] += legs;
    why_series_of(g, LIST_CUSTOMER_SECONDS, c->name)->daily[day] += c->sum[CUSTOMER_SECONDS];
}

/* Of a feature's users. */
static void
add_user(struct why_gather *g, const struct cell_view *c, size_t day)
{
    for (unsigned i = 0; i < c->feature_count; i++)
        if (span_eq(c->features[i].name, g->feature))
            why_series_of(g, LIST_CUSTOMER, c->name)->daily[day] +=
                c->features[i].used + c->features[i].wanted;
}

/* --- services and features --- */

static void
add_service(struct why_gather *g, const struct cell_view *c, size_t day)
{
    g->anything = true;
    g->whole[day] += c->sum[SERVICE_OFFERED];
    g->ok[day] += c->sum[SERVICE_HANDLED];
    g->seconds[day] += c->sum[SERVICE_HANDLE_S];
    add(g, LIST_OUTCOME, "handled", day, c->sum[SERVICE_HANDLED]);
    add(g, LIST_OUTCOME, "abandoned", day, c->sum[SERVICE_ABANDONED]);
    for (unsigned i = 0; i < c->slot_count; i++) {
        const int64_t *v = c->slots[i].v;
        const char *hours = hours_of(g, day, c->slots[i].slot);

        add(g, LIST_HOURS, hours, day, v[SERVICE_OFFERED]);
        add_two(g, HOURS_OUTCOME, span_str(hours), "handled", day, v[SERVICE_HANDLED]);
        add_two(g, HOURS_OUTCOME, span_str(hours), "abandoned", day, v[SERVICE_ABANDONED]);
    }
}

static void
add_feature(struct why_gather *g, const struct cell_view *c, size_t day)
{
    int64_t ok = c->sum[FEATURE_OK], failed = c->sum[FEATURE_FAILED];
    int64_t rejected = c->sum[FEATURE_REJECTED];

    g->anything = true;
    g->whole[day] += ok + failed + rejected;
    add(g, LIST_OUTCOME, "ok", day, ok);
    add(g, LIST_OUTCOME, "failed", day, failed);
    add(g, LIST_OUTCOME, "rejected", day, rejected);
}

enum status
why_gather_add(void *gather, const struct cell_view *c, struct error *err)
{
    struct why_gather *g = gather;
    size_t day;

    if (c->day < g->first || c->day >= g->end || g->place[c->day - g->first] < 0)
        return ST_OK;
    if (g->a->mem.total > WHY_MAX_BYTES)
        return fail(err, ST_BAD_INPUT,
                    "so many customers and days do not fit in %zu MiB: ask for fewer days, or for "
                    "one customer",
                    WHY_MAX_BYTES >> 20);
    day = (size_t)g->place[c->day - g->first];
    switch ((enum cell_kind)c->kind) {
    case CELL_CUSTOMER:
        if (g->feature.n)
            add_user(g, c, day);
        else
            add_customer(g, c, day);
        break;
    case CELL_SERVICE:
    case CELL_WORKLOAD:
        add_service(g, c, day);
        break;
    case CELL_FEATURE:
        add_feature(g, c, day);
        break;
    case CELL_REGION:
        break;
    }
    return ST_OK;
}
