/*
 * aggregate.c - the counting rules.
 *
 * Records come in groups. A first pass over the group hashes each record's names once and asks
 * for the table's place, a second for the cell found there, a third for what the cell points to;
 * the last one counts, when all of it has arrived.
 */
#include "aggregate.h"

#include <assert.h>
#include <stdlib.h>

#include "cell_private.h"
#include "civil.h"
#include "hash.h"

#define GROUP 32

/* One record on its way. */
struct plan {
    const struct record *r;
    struct cell *cell;           /* the customer's on the day of the start; at first only a guess */
    uint64_t name, hash;         /* of the customer; of the cell */
    uint64_t person, conference; /* elements of distinct counts */
    struct span person_text, conference_text; /* empty: unknown */
    int32_t day;
};

static struct span
text_of(const struct record *r, enum field f, enum field otherwise)
{
    if ((r->has & FIELD_BIT(f)) && r->text[f].n > 0)
        return r->text[f];
    return r->has & FIELD_BIT(otherwise) ? r->text[otherwise] : (struct span){0};
}

static void
plan_hashes(struct plan *p, const struct record *r)
{
    p->r = r;
    p->cell = NULL;
    p->day = day_of(r->start);
    if (r->kind == KIND_CONTACT)
        return;
    p->name = name_hash(r->text[FIELD_CUSTOMER]);
    p->hash = name_hash_mix(p->name, CELL_CUSTOMER, p->day);
    p->person_text = text_of(r, FIELD_PARTICIPANT, FIELD_PARTICIPANT_NAME);
    p->conference_text = text_of(r, FIELD_CONFERENCE, FIELD_CONFERENCE_NAME);
    if (p->person_text.n > 0)
        p->person = hash_sketch(p->person_text);
    if (p->conference_text.n > 0)
        p->conference = hash_sketch(p->conference_text);
}

static void
plan_contents(const struct plan *p)
{
    const struct cell *c = p->cell;

    if (!c)
        return;
    sketch_prefetch(&c->sketch[SKETCH_PEOPLE], p->person);
    sketch_prefetch(&c->sketch[SKETCH_SECOND], p->conference);
    if (c->slots) {
        __builtin_prefetch((char *)c->slots + c->slot_last * CUSTOMER_COLUMNS * cell_width(c), 1);
        __builtin_prefetch(cell_slot_keys(c) + c->slot_last);
    }
    if (c->features)
        __builtin_prefetch(c->features, 1);
}

/* --- legs --- */

static struct cell *
customer_cell(struct cells *out, const struct plan *p, int32_t day)
{
    return cells_get_hashed(out, CELL_CUSTOMER, p->r->text[FIELD_CUSTOMER], day,
                            name_hash_mix(p->name, CELL_CUSTOMER, day));
}

/* Quarter by quarter: the first takes the leg itself along. */
static void
add_seconds(struct cells *out, const struct plan *p)
{
    int64_t v[CUSTOMER_COLUMNS] = {[CUSTOMER_LEGS] = 1}, left = p->r->duration;
    int second = second_of_day(p->r->start);
    struct cell *c = p->cell;
    int32_t day = p->day;

    do {
        int64_t room = QUARTER_SECONDS - second % QUARTER_SECONDS;

        v[CUSTOMER_SECONDS] = left < room ? left : room;
        cell_add(c, (unsigned)(second / QUARTER_SECONDS), v);
        v[CUSTOMER_LEGS] = 0;
        left -= room;
        second += (int)room;
        if (second == DAY_SECONDS && left > 0) {
            second = 0;
            c = customer_cell(out, p, ++day);
        }
    } while (left > 0);
}

static void
add_region_minute(struct cells *out, struct span region, int64_t at, unsigned column)
{
    int64_t v[REGION_COLUMNS] = {0};

    v[column] = 1;
    cell_add(cells_get(out, CELL_REGION, region, day_of(at)), (unsigned)second_of_day(at) / 60, v);
}

static void
add_leg(struct cells *out, const struct plan *p)
{
    static const int64_t failed[CUSTOMER_COLUMNS] = {[CUSTOMER_FAILED] = 1};
    const struct record *r = p->r;

    if (r->outcome != OUTCOME_OK) {
        cell_add(p->cell, (unsigned)second_of_day(r->start) / QUARTER_SECONDS, failed);
        return;
    }
    add_seconds(out, p);
    if (p->person_text.n > 0)
        cell_add_distinct(p->cell, SKETCH_PEOPLE, p->person);
    if (p->conference_text.n > 0)
        cell_add_distinct(p->cell, SKETCH_SECOND, p->conference);
    if ((r->has & FIELD_BIT(FIELD_REGION)) && r->text[FIELD_REGION].n > 0) {
        add_region_minute(out, r->text[FIELD_REGION], r->start, REGION_BEGUN);
        add_region_minute(out, r->text[FIELD_REGION], r->start + r->duration, REGION_ENDED);
    }
}

/* --- features --- */

static void
add_workload(struct cells *out, const struct workload_rule *rule, const struct plan *p)
{
    const struct record *r = p->r;
    bool ok = r->outcome == OUTCOME_OK;
    const int64_t v[SERVICE_COLUMNS] = {
        [SERVICE_OFFERED] = 1,      [SERVICE_HANDLED] = ok,
        [SERVICE_ABANDONED] = !ok,  [SERVICE_HANDLE_S] = ok ? r->duration : 0,
        [SERVICE_WAIT_S] = r->wait,
    };

    cell_add(cells_get(out, CELL_WORKLOAD, rule->service, p->day),
             (unsigned)second_of_day(r->start) / QUARTER_SECONDS, v);
}

static void
add_features(struct cells *out, const struct aggregate_options *opt, const struct plan *p)
{
    static const uint8_t column_of[] = {
        [OUTCOME_OK] = FEATURE_OK,
        [OUTCOME_FAILED] = FEATURE_FAILED,
        [OUTCOME_REJECTED] = FEATURE_REJECTED,
        [OUTCOME_ABANDONED] = FEATURE_FAILED,
    };
    const struct record *r = p->r;
    bool ok = r->outcome == OUTCOME_OK;
    uint64_t customer = hash_sketch(r->text[FIELD_CUSTOMER]);
    int64_t v[FEATURE_COLUMNS] = {0};

    v[column_of[r->outcome]] = 1;
    for (uint32_t i = 0; i < r->feature_count; i++) {
        struct span name = r->features[i];
        uint64_t hash = name_hash(name);
        struct cell *f = cells_get_hashed(out, CELL_FEATURE, name, p->day,
                                          name_hash_mix(hash, CELL_FEATURE, p->day));

        cell_add(f, 0, v);
        if (p->person_text.n > 0)
            cell_add_distinct(f, SKETCH_PEOPLE, p->person);
        cell_add_distinct(f, SKETCH_SECOND, customer);
        if (!cell_try_add_feature(p->cell, names_intern(out, name, hash), ok, !ok))
            abort();
        for (size_t k = 0; opt && k < opt->workload_count; k++)
            if (span_eq(opt->workload[k].feature, name))
                add_workload(out, &opt->workload[k], p);
    }
}

/* --- contacts --- */

static void
add_contact(struct cells *out, const struct plan *p)
{
    const struct record *r = p->r;
    bool handled = r->outcome == OUTCOME_OK;
    const int64_t v[SERVICE_COLUMNS] = {
        [SERVICE_OFFERED] = 1,          [SERVICE_HANDLED] = handled,
        [SERVICE_ABANDONED] = !handled, [SERVICE_HANDLE_S] = handled ? r->handle : 0,
        [SERVICE_WAIT_S] = r->wait,
    };

    assert((r->has & FIELD_BIT(FIELD_SERVICE)) && r->text[FIELD_SERVICE].n > 0);
    cell_add(cells_get(out, CELL_SERVICE, r->text[FIELD_SERVICE], p->day),
             (unsigned)second_of_day(r->start) / QUARTER_SECONDS, v);
}

/* --- records --- */

static bool
is_guess_right(const struct plan *p)
{
    const struct cell *c = p->cell;

    return c && c->hash == p->hash && c->day == p->day && c->kind == CELL_CUSTOMER &&
           span_eq(c->name, p->r->text[FIELD_CUSTOMER]);
}

static void
count(struct cells *out, const struct aggregate_options *opt, struct plan *p)
{
    const struct record *r = p->r;

    assert(r->kind == KIND_LEG || r->kind == KIND_FEATURE || r->kind == KIND_CONTACT);
    if (r->kind == KIND_CONTACT) {
        add_contact(out, p);
        return;
    }
    assert(r->has & FIELD_BIT(FIELD_CUSTOMER));
    if (!is_guess_right(p))
        p->cell = cells_get_hashed(out, CELL_CUSTOMER, r->text[FIELD_CUSTOMER], p->day, p->hash);
    if (r->kind == KIND_LEG)
        add_leg(out, p);
    if (r->feature_count > 0)
        add_features(out, opt, p);
}

void
aggregate_record(struct cells *out, const struct aggregate_options *opt, const struct record *r)
{
    struct plan p;

    plan_hashes(&p, r);
    count(out, opt, &p);
}

void
aggregate_batch(struct cells *out, const struct aggregate_options *opt, const struct record *r,
                size_t n)
{
    struct plan group[GROUP];

    for (size_t done = 0; done < n; done += GROUP) {
        size_t m = n - done < GROUP ? n - done : GROUP;

        for (size_t i = 0; i < m; i++) {
            plan_hashes(&group[i], r + done + i);
            if (group[i].r->kind != KIND_CONTACT)
                cells_prefetch(out, group[i].hash);
        }
        for (size_t i = 0; i < m; i++)
            if (group[i].r->kind != KIND_CONTACT)
                group[i].cell = cells_guess(out, group[i].hash);
        for (size_t i = 0; i < m; i++)
            plan_contents(&group[i]);
        for (size_t i = 0; i < m; i++)
            count(out, opt, &group[i]);
    }
}
