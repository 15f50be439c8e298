/*
 * generate_world.c - customers, their rhythm, and the quarter hours of the period.
 *
 * A customer belongs to a group: a persona (when in the week it confers) in a time zone. Each
 * quarter hour has a weight per group; the total of records is dealt out to the quarter hours
 * by these weights with some noise, so that the number asked for comes out exactly.
 */
#include "generate_world.h"

#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "generate_plan.h"

static const uint8_t persona_hours[WORLD_PERSONAS][24] = {
    /* office */
    {0, 0, 0, 0, 0, 1, 3, 12, 55, 95, 100, 90, 45, 70, 95, 90, 75, 40, 12, 4, 2, 1, 0, 0},
    /* evening */
    {2, 1, 0, 0, 0, 0, 1, 4, 10, 12, 12, 12, 15, 15, 15, 20, 30, 60, 90, 100, 95, 70, 35, 10},
    /* night */
    {90, 95, 100, 90, 70, 40, 20, 10, 5, 5, 5, 5, 5, 5, 5, 5, 8, 10, 15, 25, 40, 60, 75, 85},
    /* weekend */
    {2, 1, 0, 0, 0, 1, 4, 15, 40, 80, 100, 95, 80, 80, 85, 80, 70, 60, 50, 40, 30, 18, 8, 4}};
static const uint8_t persona_days[WORLD_PERSONAS][7] = {{100, 105, 100, 98, 80, 3, 2},
                                                        {80, 85, 90, 90, 100, 70, 60},
                                                        {95, 100, 100, 95, 95, 85, 80},
                                                        {5, 5, 5, 6, 20, 100, 95}};
/* Of a hundred customers: 72 office, 14 evening, 6 night, 8 weekend. */
static const uint8_t persona_upto[WORLD_PERSONAS] = {72, 86, 92, 100};
static const uint8_t zone_upto[WORLD_ZONES] = {9, 30, 37, 55, 80, 86, 94, 100};
/* Conferences begin at the full hour, less often at the half. */
static const uint8_t quarter_weight[4] = {40, 14, 32, 14};

static uint8_t
pick_percent(struct dice *d, const uint8_t *upto)
{
    uint8_t i = 0, p = (uint8_t)dice_below(d, 100);

    while (p >= upto[i])
        i++;
    return i;
}

static void
make_customer(struct world *w, struct dice *d, uint32_t i)
{
    struct world_customer *c = &w->customers[i];
    uint64_t rank = (uint64_t)i * w->rank_step % w->opt.customers, p;

    c->base = (uint32_t)((UINT64_C(1) << 24) / (rank + 3)) + 1;
    c->group = (uint8_t)(pick_percent(d, persona_upto) * WORLD_ZONES);
    c->group += pick_percent(d, zone_upto);
    p = dice_below(d, 100);
    c->turn = (uint16_t)(w->opt.days / 4 + dice_below(d, w->opt.days / 2 + 1));
    if (p < 5)
        c->trend = TREND_GROWING;
    else if (p < 10)
        c->trend = TREND_SHRINKING;
    else if (p < 16)
        c->trend = TREND_CHURNED;
    else if (p < 22)
        c->trend = TREND_NEW;
}

/* Which customer has this place in the order of sizes. */
static uint32_t
customer_of_rank(const struct world *w, uint32_t rank)
{
    for (uint32_t i = 0; i < w->opt.customers; i++)
        if ((uint64_t)i * w->rank_step % w->opt.customers == rank)
            return i;
    return 0;
}

static void
plant(struct world *w, uint32_t rank, struct world_surge s)
{
    struct world_customer *c;

    s.customer = customer_of_rank(w, rank);
    c = &w->customers[s.customer];
    c->trend = TREND_NONE;
    w->surges[w->surge_count++] = s;
    c->surge = (uint8_t)w->surge_count;
}

/* Four changes that are still going on and one that is long over. */
static void
plant_surges(struct world *w)
{
    int32_t last = (int32_t)w->opt.days - 1;

    if (w->opt.days < 35 || w->opt.customers < 40)
        return;
    plant(w, 12, (struct world_surge){0, SURGE_FEATURE, FEATURE_CAPTIONS, last - 6, last, 4000});
    plant(w, 15, (struct world_surge){0, SURGE_REGION, 6, last - 6, last, 3500});
    plant(w, 18, (struct world_surge){0, SURGE_OUTCOME, PLAN_FAILED, last - 5, last, 3000});
    plant(w, 21, (struct world_surge){0, SURGE_DECLINE, 0, last - 8, last, 150});
    plant(w, 9,
          (struct world_surge){0, SURGE_FEATURE, FEATURE_RECORDING, last / 3, last / 3 + 6, 3000});
}

uint64_t
world_weight(const struct world *w, uint32_t i, int32_t day, uint64_t *extra)
{
    const struct world_customer *c = &w->customers[i];
    uint64_t weight = c->base, d = (uint64_t)day, days = w->opt.days;

    *extra = 0;
    if (c->trend == TREND_GROWING)
        weight = weight * (1000 + 2000 * d / days) / 1000;
    else if (c->trend == TREND_SHRINKING)
        weight = weight * (1000 - 750 * d / days) / 1000;
    else if ((c->trend == TREND_CHURNED && day >= c->turn) ||
             (c->trend == TREND_NEW && day < c->turn))
        return 0;
    if (c->surge) {
        const struct world_surge *s = &w->surges[c->surge - 1];

        if (day < s->first_day || day > s->last_day)
            return weight;
        if (s->cause == SURGE_DECLINE)
            return weight * s->permille / 1000;
        *extra = weight * s->permille / 1000;
    }
    return weight + *extra;
}

/* Running sums of the customers' weights on a day, group by group. */
void
world_begin_day(struct world *w, int32_t day)
{
    for (int g = 0; g < WORLD_GROUPS; g++) {
        uint64_t sum = 0, extra;

        for (uint32_t k = w->group_from[g]; k < w->group_from[g + 1]; k++) {
            sum += world_weight(w, w->members[k], day, &extra);
            w->running[k] = sum;
        }
        w->group_sum[g] = sum;
    }
}

uint64_t
world_group_weight(const struct world *w, int group, int64_t utc)
{
    int64_t local = utc + world_zone_minutes[group % WORLD_ZONES] * 60;
    const int persona = group / WORLD_ZONES, hour = second_of_day(local) / 3600;

    return w->group_sum[group] * persona_days[persona][weekday_from_days(day_of(local))] *
           persona_hours[persona][hour] * quarter_weight[second_of_day(local) / 900 % 4];
}

static uint64_t
square_root(uint64_t v)
{
    uint64_t r = 0;

    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
        if ((r + bit) * (r + bit) <= v)
            r += bit;
    return r;
}

/* Makes weights uneven as counts are: the chance of independent events, each of `size`
 * records, and a tenth on top. */
static void
add_noise(struct dice *d, uint64_t *weight, uint32_t slots, uint64_t records, unsigned size)
{
    unsigned __int128 total = 0;

    for (uint32_t i = 0; i < slots; i++)
        total += weight[i];
    for (uint32_t i = 0; i < slots && total > 0; i++) {
        uint64_t events = (uint64_t)((unsigned __int128)records * weight[i] / total) / size + 1;
        int64_t sd = (int64_t)square_root((1 << 24) / events + (1 << 24) / 100);
        int64_t factor = 4096 + sd * dice_normal(d) / 65536;

        weight[i] =
            factor > 0 ? (uint64_t)((unsigned __int128)weight[i] * (uint64_t)factor >> 12) : 0;
    }
}

static void
make_slots(struct world *w, struct dice *d)
{
    for (uint32_t i = 0; i < w->slots; i++) {
        int64_t utc = w->begin + (int64_t)i * WORLD_SLOT;

        if (i % QUARTERS_PER_DAY == 0)
            world_begin_day(w, (int32_t)(i / QUARTERS_PER_DAY));
        for (int g = 0; g < WORLD_GROUPS; g++)
            w->usage.weight[i] += world_group_weight(w, g, utc);
        for (int s = 0; s < WORLD_SERVICES; s++)
            w->contacts.weight[i] += world_service_weight(w, s, utc);
    }
    add_noise(d, w->usage.weight, w->slots, w->usage.records, 5);
    add_noise(d, w->contacts.weight, w->slots, w->contacts.records, 1);
    for (uint32_t i = 0; i < w->slots; i++) {
        w->usage.total += w->usage.weight[i];
        w->contacts.total += w->contacts.weight[i];
    }
}

/* Members of a group side by side. */
static void
sort_members(struct world *w)
{
    uint32_t at[WORLD_GROUPS], n = w->opt.customers;

    for (uint32_t i = 0; i < n; i++)
        w->group_from[w->customers[i].group + 1]++;
    for (int g = 0; g < WORLD_GROUPS; g++) {
        w->group_from[g + 1] += w->group_from[g];
        at[g] = w->group_from[g];
    }
    for (uint32_t i = 0; i < n; i++)
        w->members[at[w->customers[i].group]++] = i;
}

static void
make_customers(struct world *w, struct dice *d)
{
    uint64_t sum = 0, people = w->opt.records / 32 + 2000;

    w->rank_step = w->opt.customers % 7919 ? 7919 : 1;
    for (uint32_t i = 0; i < w->opt.customers; i++) {
        make_customer(w, d, i);
        sum += w->customers[i].base;
    }
    plant_surges(w);
    for (uint32_t i = 0; i < w->opt.customers; i++) {
        uint64_t share = (uint64_t)((unsigned __int128)people * w->customers[i].base / sum);

        w->customers[i].people = (uint32_t)(share < 4 ? 4 : share > 1000000 ? 1000000 : share);
    }
    w->guests = (uint32_t)(people / 2 < 8000000 ? people / 2 : 8000000);
    sort_members(w);
}

struct world *
world_new(const struct world_options *opt)
{
    struct world *w = xcalloc(1, sizeof *w);
    struct dice d;
    uint32_t n = opt->customers;

    dice_seed(&d, opt->seed);
    dice_seed(&w->dice, dice_mix(opt->seed + 0x5EED));
    w->opt = *opt;
    w->begin = ((int64_t)day_of(opt->until - 1) - (opt->days - 1)) * DAY_SECONDS;
    w->slots = (uint32_t)((opt->until - w->begin) / WORLD_SLOT);
    if (w->slots == 0)
        w->slots = 1;
    w->contacts.records =
        (uint64_t)((unsigned __int128)opt->records * opt->contact_permille / 1000);
    w->usage.records = opt->records - w->contacts.records;
    w->customers = xcalloc(n, sizeof *w->customers);
    w->members = xcalloc(n, sizeof *w->members);
    w->running = xcalloc(n, sizeof *w->running);
    w->usage.weight = xcalloc(w->slots, sizeof *w->usage.weight);
    w->contacts.weight = xcalloc(w->slots, sizeof *w->contacts.weight);
    make_customers(w, &d);
    make_slots(w, &d);
    return w;
}

void
world_free(struct world *w)
{
    if (!w)
        return;
    free(w->customers);
    free(w->members);
    free(w->running);
    free(w->usage.weight);
    free(w->contacts.weight);
    free(w->pending);
    free(w->sorted);
    free(w);
}

int32_t
world_first_day(const struct world *w)
{
    return day_of(w->begin);
}
