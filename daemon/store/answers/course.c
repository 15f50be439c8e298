/*
 * course.c - one subject over time, from the ledger's cells.
 */
#include "course.h"

#include <stdlib.h>

#include "cell.h"
#include "civil.h"
#include "ledger.h"
#include "sketch_union.h"
#include "zone.h"

/* --- a feature --- */

struct feature_work {
    struct feature_course *out;
    struct sketch people, customers; /* of the step being read */
    size_t at;                       /* that step */
};

static void
finish_step(struct feature_work *w)
{
    struct feature_step *step = &w->out->steps[w->at];

    step->people = sketch_estimate(&w->people);
    step->customers = sketch_estimate(&w->customers);
    sketch_clear(&w->people);
    sketch_clear(&w->customers);
}

static enum status
visit_feature(void *arg, const struct cell_view *c, struct error *err)
{
    struct feature_work *w = arg;
    struct feature_course *out = w->out;
    struct feature_step *step;
    size_t at;

    (void)err;
    if (out->count == 0 || c->day < out->steps[0].day || c->day >= out->to)
        return ST_OK;
    at = (size_t)((c->day - out->steps[0].day) / out->days);
    if (at != w->at)
        finish_step(w);
    w->at = at;
    step = &out->steps[at];
    step->used += c->sum[FEATURE_OK];
    step->failed += c->sum[FEATURE_FAILED] + c->sum[FEATURE_REJECTED];
    sketch_merge(&w->people, &c->sketch[SKETCH_PEOPLE]);
    sketch_merge(&w->customers, &c->sketch[SKETCH_SECOND]);
    return ST_OK;
}

enum status
feature_course_read(struct feature_course *c, const char *ledger_path, struct span feature,
                    struct error *err)
{
    struct feature_work w = {.out = c};
    struct ledger_reader *reader = NULL;
    enum status st = ledger_reader_open(&reader, ledger_path, err);

    c->count = c->to > c->from ? (size_t)((c->to - c->from) / c->days) : 0;
    c->steps = xcalloc(c->count + 1, sizeof *c->steps);
    for (size_t i = 0; i < c->count; i++)
        c->steps[i].day = c->to - (int32_t)(c->count - i) * c->days;
    sketch_init(&w.people);
    sketch_init(&w.customers);
    if (st == ST_OK)
        st = ledger_scan_subject(reader, CELL_FEATURE, feature, c->from, visit_feature, &w, err);
    finish_step(&w); /* with no steps there is room for one that nobody sees */
    ledger_reader_close(reader);
    if (st != ST_OK)
        feature_course_clear(c);
    return st;
}

void
feature_course_clear(struct feature_course *c)
{
    free(c->steps);
    c->steps = NULL;
    c->count = 0;
}

/* --- a customer --- */

static struct habit_feature *
feature_named(struct customer_habits *h, struct span name)
{
    for (size_t i = 0; i < h->feature_count; i++)
        if (span_is(name, h->features[i].name))
            return &h->features[i];
    h->features = xrealloc(h->features, (h->feature_count + 1) * sizeof *h->features);
    h->features[h->feature_count] = (struct habit_feature){.name = xstrndup(name.p, name.n)};
    return &h->features[h->feature_count++];
}

static size_t
hour_of(const struct zone *zone, int64_t utc)
{
    int64_t local = utc + zone_offset_at(zone, utc);

    return (size_t)weekday_from_days(day_of(local)) * 24 + (size_t)(second_of_day(local) / 3600);
}

static enum status
visit_customer(void *arg, const struct cell_view *c, struct error *err)
{
    struct customer_habits *h = arg;

    (void)err;
    if (c->day < h->from || c->day >= h->to)
        return ST_OK;
    for (unsigned i = 0; i < c->slot_count; i++) {
        const struct cell_slot *s = &c->slots[i];
        struct habit_hour *hour =
            &h->hour[hour_of(h->zone, (int64_t)c->day * DAY_SECONDS + s->slot * 900)];

        hour->legs += s->v[CUSTOMER_LEGS];
        hour->seconds += s->v[CUSTOMER_SECONDS];
        hour->failed += s->v[CUSTOMER_FAILED];
    }
    for (unsigned i = 0; i < c->feature_count; i++) {
        const struct cell_feature *f = &c->features[i];
        struct habit_feature *sum;

        if (f->used <= 0 && f->wanted <= 0) /* taken back by corrections */
            continue;
        sum = feature_named(h, f->name);
        sum->used += f->used;
        sum->wanted += f->wanted;
        sum->days++;
        sum->last = c->day;
    }
    return ST_OK;
}

static int
by_use(const void *a, const void *b)
{
    const struct habit_feature *x = a, *y = b;
    int64_t m = x->used + x->wanted, n = y->used + y->wanted;

    return m != n ? (m < n ? 1 : -1) : strcmp(x->name, y->name);
}

enum status
customer_habits_read(struct customer_habits *h, const char *ledger_path, struct span customer,
                     struct error *err)
{
    struct ledger_reader *reader = NULL;
    enum status st = ledger_reader_open(&reader, ledger_path, err);

    memset(h->hour, 0, sizeof h->hour);
    h->features = NULL;
    h->feature_count = 0;
    if (st == ST_OK)
        st = ledger_scan_subject(reader, CELL_CUSTOMER, customer, h->from, visit_customer, h, err);
    if (h->feature_count > 1)
        qsort(h->features, h->feature_count, sizeof *h->features, by_use);
    ledger_reader_close(reader);
    if (st != ST_OK)
        customer_habits_clear(h);
    return st;
}

void
customer_habits_clear(struct customer_habits *h)
{
    for (size_t i = 0; i < h->feature_count; i++)
        free(h->features[i].name);
    free(h->features);
    h->features = NULL;
    h->feature_count = 0;
}
