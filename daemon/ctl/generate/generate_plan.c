/*
 * generate_plan.c - what happens in a quarter hour: conferences, wishes, service contacts.
 */
#include "generate_plan.h"

#include <stdlib.h>
#include <string.h>

#include "civil.h"

#define MAX_LEGS       48
#define LATEST         (2 * WORLD_SLOT) /* a record of a slot starts before the end of the next */
#define GUEST_PERMILLE 60

static const uint8_t conference_minutes[] = {4,  8,  12, 15, 20, 25, 25, 28, 30,  30, 40,
                                             45, 50, 55, 58, 60, 60, 75, 90, 110, 150};
static const uint8_t conference_legs[] = {1, 2, 2, 2, 2, 2, 3, 3, 3,  3,
                                          4, 4, 4, 5, 5, 6, 7, 8, 11, 24};

/* How often a conference has a feature, and then a leg of it; in a thousand. The last column
 * counts uses that come as records of their own. */
static const struct {
    uint16_t conference, leg, record;
} feature_use[WORLD_FEATURES] = {
    {220, 400, 0}, {450, 500, 0}, {350, 450, 0}, {80, 350, 0},  {60, 700, 0},
    {70, 300, 0},  {50, 500, 20}, {45, 150, 0},  {120, 300, 0}, {15, 200, 0},
    {0, 0, 0},     {0, 0, 60},    {25, 900, 0},
};

static const struct {
    uint8_t hours[24], days[7];
    uint16_t weight, handle_s, wait_s, patience_s, agents;
} services[WORLD_SERVICES] = {
    {{4, 3, 2, 2, 3, 6, 15, 40, 80, 100, 95, 85, 60, 75, 90, 85, 70, 45, 25, 18, 14, 10, 8, 6},
     {100, 102, 100, 97, 85, 20, 15},
     45,
     95,
     18,
     120,
     14},
    {{10, 8, 8, 8, 8, 10, 20, 45, 85, 100, 98, 90, 70, 80, 92, 90, 80, 60, 40, 30, 25, 20, 15, 12},
     {110, 100, 98, 95, 90, 35, 30},
     30,
     540,
     55,
     300,
     22},
    {{0, 0, 0, 0, 0, 0, 5, 25, 80, 100, 95, 80, 50, 75, 85, 75, 50, 15, 3, 0, 0, 0, 0, 0},
     {125, 105, 95, 90, 85, 2, 0},
     15,
     310,
     70,
     240,
     9},
    {{0, 0, 0, 0, 0, 0, 3, 20, 70, 100, 95, 85, 55, 75, 90, 85, 65, 30, 10, 4, 1, 0, 0, 0},
     {90, 105, 108, 105, 92, 8, 4},
     10,
     420,
     30,
     150,
     8},
};
#define SERVICE_ZONE_SECONDS 3600 /* they sit in central Europe */

static int64_t
service_local(int64_t utc)
{
    return utc + SERVICE_ZONE_SECONDS;
}

uint64_t
world_service_weight(const struct world *w, int service, int64_t utc)
{
    int64_t local = service_local(utc);
    uint64_t day = (uint64_t)(day_of(utc) - world_first_day(w));
    uint64_t growth = 1000 + 150 * day / w->opt.days; /* business is growing */

    return growth * services[service].weight *
           services[service].hours[second_of_day(local) / 3600] *
           services[service].days[weekday_from_days(day_of(local))];
}

static struct planned *
add_planned(struct world *w)
{
    struct planned *p;

    if (w->pending_count == w->pending_cap) {
        w->pending_cap = w->pending_cap ? 2 * w->pending_cap : 1024;
        w->pending = xrealloc(w->pending, w->pending_cap * sizeof *w->pending);
    }
    p = &w->pending[w->pending_count++];
    memset(p, 0, sizeof *p);
    p->serial = w->serial++;
    p->looks = (uint32_t)dice_next(&w->dice);
    p->ms = (uint16_t)(p->looks >> 20 & 511);
    p->person = PERSON_NONE;
    return p;
}

/* First place of running[from..to) above v. */
static uint32_t
search(const uint64_t *running, uint32_t from, uint32_t to, uint64_t v)
{
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (running[middle] > v)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

static uint32_t
pick_customer(struct world *w, const uint64_t *group_running)
{
    uint64_t v = dice_below(&w->dice, group_running[WORLD_GROUPS - 1]);
    uint32_t g = search(group_running, 0, WORLD_GROUPS, v);

    v = dice_below(&w->dice, w->group_sum[g]);
    return w->members[search(w->running, w->group_from[g], w->group_from[g + 1], v)];
}

/* What all legs of a conference share. */
struct meeting {
    uint32_t customer, length, features, first_person, stride;
    int64_t start;
    const struct world_surge *surge; /* NULL unless this one belongs to it */
};

static const struct world_surge *
surge_of(struct world *w, uint32_t customer, int32_t day)
{
    uint8_t surge = w->customers[customer].surge;
    uint64_t extra, weight;

    if (!surge)
        return NULL;
    weight = world_weight(w, customer, day, &extra);
    return dice_below(&w->dice, weight) < extra ? &w->surges[surge - 1] : NULL;
}

static struct meeting
make_meeting(struct world *w, int64_t slot_start)
{
    struct meeting m = {.customer = pick_customer(w, w->slot_sum)};
    uint32_t people = w->customers[m.customer].people;
    unsigned minutes = conference_minutes[dice_below(&w->dice, sizeof conference_minutes)];
    uint64_t r = dice_next(&w->dice);

    m.start = slot_start + dice_exponential(&w->dice, 110); /* a little after the quarter */
    m.length = minutes * 60 + (uint32_t)(r & 255);
    if ((r >> 8) % 400 == 0)
        m.length *= 6; /* somebody forgot to hang up */
    m.first_person = (uint32_t)dice_below(&w->dice, people);
    m.stride = 1 + (uint32_t)dice_below(&w->dice, 3);
    m.surge = surge_of(w, m.customer, day_of(slot_start) - world_first_day(w));
    for (int f = 0; f < WORLD_FEATURES; f++)
        if (feature_use[f].conference && dice_permille(&w->dice, feature_use[f].conference))
            m.features |= 1u << f;
    return m;
}

static uint32_t
person_of(struct world *w, const struct meeting *m, uint32_t i)
{
    uint32_t people = w->customers[m->customer].people;

    if (dice_permille(&w->dice, GUEST_PERMILLE))
        return PERSON_GUEST | (uint32_t)dice_below(&w->dice, w->guests);
    return (uint32_t)((m->first_person + (uint64_t)i * m->stride) % people);
}

static uint8_t
leg_outcome(struct world *w, const struct meeting *m)
{
    uint64_t p = dice_below(&w->dice, 1000);

    if (m->surge && m->surge->cause == SURGE_OUTCOME)
        return p < 900 ? m->surge->element : PLAN_OK;
    return p < 955 ? PLAN_OK : p < 970 ? PLAN_FAILED : p < 990 ? PLAN_REJECTED : PLAN_ABANDONED;
}

static uint8_t
leg_region(struct world *w, const struct meeting *m)
{
    uint64_t p = dice_below(&w->dice, 1000);

    if (m->surge && m->surge->cause == SURGE_REGION)
        return m->surge->element;
    if (p < 120)
        return WORLD_REGION_NONE;
    if (p < 200)
        return (uint8_t)dice_below(&w->dice, WORLD_ZONES);
    return w->customers[m->customer].group % WORLD_ZONES;
}

/* Keeps a record within the period: nothing may lie in the future. */
static void
clip_to_period(const struct world *w, struct planned *p)
{
    int64_t end = w->opt.until;

    if (p->start >= end)
        p->start = end - 1;
    if (p->start + p->duration > end)
        p->duration = (uint32_t)(end - p->start);
}

static void
add_leg(struct world *w, const struct meeting *m, uint32_t i)
{
    struct planned *p = add_planned(w);
    uint32_t join = i == 0 ? 0 : dice_exponential(&w->dice, 80);
    uint32_t stay = m->length > join ? m->length - join : 30;

    p->kind = PLAN_LEG;
    p->customer = m->customer;
    p->zone = w->customers[m->customer].group % WORLD_ZONES;
    p->conference = w->conferences;
    p->person = person_of(w, m, i);
    p->start = m->start + join;
    if (dice_permille(&w->dice, 150)) /* leaves early */
        stay = 1 + (uint32_t)dice_below(&w->dice, stay);
    p->duration = stay + (uint32_t)dice_below(&w->dice, 40);
    p->outcome = leg_outcome(w, m);
    if (p->outcome != PLAN_OK)
        p->duration = (uint32_t)dice_below(&w->dice, 45);
    p->region = leg_region(w, m);
    for (int f = 0; f < WORLD_FEATURES; f++)
        if (m->features >> f & 1 && dice_permille(&w->dice, feature_use[f].leg))
            p->features |= 1u << f;
    if (m->surge && m->surge->cause == SURGE_FEATURE)
        p->features |= 1u << m->surge->element;
    clip_to_period(w, p);
}

static void
add_feature_record(struct world *w, const struct meeting *m, int feature, uint8_t outcome)
{
    struct planned *p = add_planned(w);

    p->kind = PLAN_FEATURE;
    p->customer = m->customer;
    p->zone = w->customers[m->customer].group % WORLD_ZONES;
    p->conference = w->conferences;
    p->person = person_of(w, m, (uint32_t)dice_below(&w->dice, 8));
    p->start = m->start + (int64_t)dice_below(&w->dice, m->length < 600 ? m->length : 600);
    p->outcome = outcome;
    p->region = WORLD_REGION_NONE;
    p->features = 1u << feature;
    clip_to_period(w, p);
}

/* Nobody sells live translation yet; ever more people ask for it. */
static bool
wants_translation(struct world *w, int32_t day)
{
    return dice_permille(&w->dice, 40 + (unsigned)(120 * (uint64_t)day / w->opt.days));
}

static void
add_conference(struct world *w, int64_t slot_start)
{
    struct meeting m = make_meeting(w, slot_start);
    uint64_t left = w->usage.records - w->usage.made, before = w->pending_count;
    uint32_t legs = conference_legs[dice_below(&w->dice, sizeof conference_legs)];
    int32_t day = day_of(slot_start) - world_first_day(w);

    w->conferences++;
    legs += legs > 10 ? (uint32_t)dice_below(&w->dice, MAX_LEGS - legs) / 2 : 0;
    for (uint32_t i = 0; i < legs && i < left; i++)
        add_leg(w, &m, i);
    if (wants_translation(w, day) && w->pending_count - before < left)
        add_feature_record(w, &m, FEATURE_TRANSLATION,
                           dice_permille(&w->dice, 700) ? PLAN_REJECTED : PLAN_FAILED);
    for (int f = 0; f < WORLD_FEATURES; f++)
        if (feature_use[f].record && w->pending_count - before < left &&
            dice_permille(&w->dice, feature_use[f].record))
            add_feature_record(w, &m, f, dice_permille(&w->dice, 985) ? PLAN_OK : PLAN_FAILED);
    w->usage.made += w->pending_count - before;
}

static int
pick_service(struct world *w, int64_t utc)
{
    uint64_t running[WORLD_SERVICES], sum = 0;

    for (int s = 0; s < WORLD_SERVICES; s++)
        running[s] = sum += world_service_weight(w, s, utc);
    return (int)search(running, 0, WORLD_SERVICES - 1, dice_below(&w->dice, sum));
}

static void
add_contact(struct world *w, int64_t slot_start, const uint64_t *day_running)
{
    struct planned *p = add_planned(w);
    int s = pick_service(w, slot_start), hour = second_of_day(service_local(slot_start)) / 3600;
    uint32_t patience = dice_exponential(&w->dice, services[s].patience_s);

    p->kind = PLAN_CONTACT;
    p->service = (uint8_t)s;
    p->customer = pick_customer(w, day_running);
    p->zone = w->customers[p->customer].group % WORLD_ZONES;
    p->start = slot_start + (int64_t)dice_below(&w->dice, WORLD_SLOT);
    p->region = WORLD_REGION_NONE;
    /* The fuller the hour, the likelier a wait, and the longer. */
    if (dice_below(&w->dice, 160) < services[s].hours[hour])
        p->wait = dice_exponential(&w->dice, services[s].wait_s * services[s].hours[hour] / 50u);
    if (p->wait > patience) {
        p->wait = patience;
        p->outcome = PLAN_ABANDONED;
    } else {
        p->handle = 10 + dice_exponential(&w->dice, services[s].handle_s);
        p->agent = (uint16_t)(1 + dice_below(&w->dice, services[s].agents));
    }
    w->contacts.made++;
    clip_to_period(w, p);
}

/* How many records of a quota must be out once this slot is done. */
static uint64_t
quota_due(struct quota *q, uint32_t slot, bool last)
{
    uint64_t high, low;

    q->done += q->weight[slot];
    if (last || q->total == 0)
        return last ? q->records : 0;
    /* records * done / total in two steps that stay within 128 bits. */
    high = (uint64_t)((q->done << 32) / q->total);
    low = (uint64_t)(((unsigned __int128)q->records * high) >> 32);
    return low;
}

static void
plan_slot(struct world *w, int64_t slot_start, bool last)
{
    uint64_t usage = quota_due(&w->usage, w->slot, last), sum = 0, day_sum = 0;
    uint64_t contacts = quota_due(&w->contacts, w->slot, last);
    uint64_t day_running[WORLD_GROUPS];

    for (int g = 0; g < WORLD_GROUPS; g++) {
        sum += world_group_weight(w, g, slot_start);
        w->slot_sum[g] = sum;
        day_running[g] = day_sum += w->group_sum[g];
    }
    if (sum == 0)
        memcpy(w->slot_sum, day_running, sizeof day_running);
    while (w->usage.made < usage)
        add_conference(w, slot_start);
    while (w->contacts.made < contacts)
        add_contact(w, slot_start, day_running);
}

/* Moves what starts before `until` from pending to sorted, in order of start; records that
 * start in the same second keep the order in which they were planned. */
static size_t
give_out(struct world *w, int64_t slot_start, int64_t until)
{
    uint32_t place[LATEST + 1] = {0};
    size_t n = 0, kept = 0;

    if (w->sorted_cap < w->pending_count) {
        w->sorted_cap = w->pending_cap;
        free(w->sorted);
        w->sorted = xmalloc(w->sorted_cap * sizeof *w->sorted);
    }
    for (size_t i = 0; i < w->pending_count; i++)
        if (w->pending[i].start < until) {
            place[w->pending[i].start - slot_start + 1]++;
            n++;
        }
    for (int i = 0; i < LATEST; i++)
        place[i + 1] += place[i];
    for (size_t i = 0; i < w->pending_count; i++) {
        if (w->pending[i].start < until)
            w->sorted[place[w->pending[i].start - slot_start]++] = w->pending[i];
        else
            w->pending[kept++] = w->pending[i];
    }
    w->pending_count = kept;
    return n;
}

bool
world_next(struct world *w, const struct planned **out, size_t *count)
{
    int64_t slot_start = w->begin + (int64_t)w->slot * WORLD_SLOT;
    bool last = w->slot + 1 == w->slots;

    if (w->slot == w->slots)
        return false;
    if (w->slot % QUARTERS_PER_DAY == 0)
        world_begin_day(w, (int32_t)(w->slot / QUARTERS_PER_DAY));
    plan_slot(w, slot_start, last);
    *count = give_out(w, slot_start, last ? slot_start + LATEST : slot_start + WORLD_SLOT);
    *out = w->sorted;
    w->slot++;
    return true;
}
