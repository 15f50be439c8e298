/*
 * aggregate.c - the counting rules.
 *
 * Records come in groups. A first pass over the group hashes each record's names once, finds its
 * features and region, and fetches the customer's place in the table; a second fetches the cell
 * found there, a third what the cell points to; the last one counts, when all of it has arrived.
 */
#include "aggregate.h"

#include <assert.h>
#include <stdlib.h>

#include "cell_private.h"
#include "civil.h"
#include "hash.h"
#include "kept_private.h"
#include "sketch_private.h"

#define GROUP 16

/* One record on its way. */
struct plan {
    const struct record *r;
    struct cell *cell;           /* the customer's on the day of the start; at first a guess */
    struct cell *region;         /* on that day, or NULL */
    uint32_t region_id;          /* of its name in the set */
    uint64_t name, hash;         /* of the customer, also an element; of the cell */
    uint64_t person, conference; /* elements of distinct counts */
    bool has_person, has_conference;
    uint32_t part; /* id of its name in the set, + 1; 0: none */
    int32_t day;
    unsigned second; /* of that day */
    struct planned_feature feature[PLANNED_FEATURES];
};

static struct span
text_of(const struct record *r, enum field f, enum field otherwise)
{
    if ((r->has & FIELD_BIT(f)) && r->text[f].n > 0)
        return r->text[f];
    return r->has & FIELD_BIT(otherwise) ? r->text[otherwise] : (struct span){0};
}

static struct recent *
recent_named(struct cells *out, enum cell_kind kind, struct span name, int32_t day)
{
    struct recent *found = cells_recent(out, kind, name, day);

    if (found->name_id == 0)
        found->name_id = names_intern(out, name, cells_name_hash(name)) + 1;
    return found;
}

static struct planned_feature
find_feature(struct cells *out, struct span name, int32_t day)
{
    const struct recent *found = recent_named(out, CELL_FEATURE, name, day);

    return (struct planned_feature){found->cell, found->name_id - 1};
}

static void
plan_features(struct cells *out, struct plan *p)
{
    const struct record *r = p->r;
    struct recent_list *known = &out->recent_list[r->feature_list % RECENT];
    bool is_known = known->number == r->feature_list && known->day == p->day && known->number != 0;

    for (uint32_t i = 0; i < r->feature_count && i < PLANNED_FEATURES; i++) {
        if (!is_known)
            known->feature[i] = find_feature(out, r->features[i], p->day);
        p->feature[i] = known->feature[i];
        sketch_prefetch(&p->feature[i].cell->sketch[SKETCH_PEOPLE], p->person);
    }
    known->number = r->feature_list;
    known->day = p->day;
}

/* Where the record's part is remembered: with its region, or that it has none. */
static void
plan_part(struct cells *out, struct plan *p, struct span region, uint32_t *known)
{
    if (*known == 0)
        *known = cells_part(out, p->r->people, region) + 1;
    p->part = *known;
}

static void
plan_region(struct cells *out, struct plan *p, bool parts)
{
    const struct record *r = p->r;
    struct span region = r->has & FIELD_BIT(FIELD_REGION) ? r->text[FIELD_REGION] : SPAN("");
    uint32_t forgotten = 0;
    struct recent *found;

    p->region = NULL;
    if (r->kind != KIND_LEG)
        return;
    if (region.n == 0 || r->outcome != OUTCOME_OK) {
        if (parts)
            plan_part(out, p, region, region.n ? &forgotten : &out->part_nowhere[r->people]);
        return;
    }
    found = recent_named(out, CELL_REGION, region, p->day);
    if (parts)
        plan_part(out, p, region, &found->part_id[r->people]);
    p->region = found->cell;
    p->region_id = found->name_id - 1;
    cell_prefetch_slot(p->region, p->second / 60);
    cell_prefetch_slot(p->region, (p->second + r->duration) % DAY_SECONDS / 60);
}

static void
plan_record(struct cells *out, struct plan *p, const struct record *r, bool parts)
{
    struct span person, conference;

    p->r = r;
    p->cell = NULL;
    p->part = 0;
    p->day = day_of(r->start);
    p->second = (unsigned)(r->start - (int64_t)p->day * DAY_SECONDS);
    if (r->kind == KIND_CONTACT)
        return;
    p->name = cells_name_hash(r->text[FIELD_CUSTOMER]);
    p->hash = name_hash_mix(p->name, CELL_CUSTOMER, p->day);
    cells_prefetch(out, p->hash);
    person = text_of(r, FIELD_PARTICIPANT, FIELD_PARTICIPANT_NAME);
    conference = text_of(r, FIELD_CONFERENCE, FIELD_CONFERENCE_NAME);
    if (r->has & FIELD_BIT(FIELD_ROOM)) /* in one of the meetings there, which pairing counts */
        conference.n = 0;
    p->has_person = person.n > 0;
    p->has_conference = conference.n > 0;
    p->person = p->has_person ? hash_sketch(person) : 0;
    p->conference = p->has_conference ? hash_sketch(conference) : 0;
    plan_region(out, p, parts);
    if (r->feature_count > 0)
        plan_features(out, p);
}

static void
plan_contents(const struct plan *p)
{
    const struct cell *c = p->cell;

    if (!c)
        return;
    __builtin_prefetch(c->name.p);
    sketch_prefetch(&c->sketch[SKETCH_PEOPLE], p->person);
    sketch_prefetch(&c->sketch[SKETCH_SECOND], p->conference);
    if (c->slots) {
        size_t row = c->dense ? p->second / QUARTER_SECONDS : c->slot_last;

        __builtin_prefetch((char *)c->slots + row * CUSTOMER_COLUMNS * c->width, 1);
        if (!c->dense)
            __builtin_prefetch(cell_slot_keys(c) + c->slot_last);
    }
    if (c->features) {
        __builtin_prefetch(c->features, 1);
        __builtin_prefetch(cell_feature_keys(c));
    }
}

static inline void
add_distinct(struct cell *c, unsigned which, uint64_t hash)
{
    sketch_add_in(&c->sketch[which], hash, &c->set->pool);
}

/* --- legs --- */

static struct cell *
customer_cell(struct cells *out, const struct plan *p, int32_t day)
{
    return cells_get_hashed(out, CELL_CUSTOMER, p->r->text[FIELD_CUSTOMER], day,
                            name_hash_mix(p->name, CELL_CUSTOMER, day));
}

static void
add_seconds(struct cells *out, const struct plan *p)
{
    unsigned room = DAY_SECONDS - p->second, left = p->r->duration;
    int32_t day = p->day;

    cell_add_leg(p->cell, p->second, left < room ? left : room);
    for (; left > room; room = DAY_SECONDS) {
        left -= room;
        cell_add_seconds(customer_cell(out, p, ++day), left < DAY_SECONDS ? left : DAY_SECONDS);
    }
}

static void
add_region(struct cells *out, const struct plan *p)
{
    struct span region = p->r->text[FIELD_REGION];
    uint64_t end = (uint64_t)p->second + p->r->duration;
    struct cell *c = p->region;

    cell_add_one(c, p->second / 60, REGION_BEGUN);
    if (end >= DAY_SECONDS)
        c = cells_recent(out, CELL_REGION, region, p->day + (int32_t)(end / DAY_SECONDS))->cell;
    cell_add_one(c, (unsigned)(end % DAY_SECONDS / 60), REGION_ENDED);
}

static void
add_leg(struct cells *out, const struct plan *p)
{
    const struct record *r = p->r;

    if (p->part)
        cell_add_use(p->cell, p->part - 1, r->outcome != OUTCOME_OK);
    if (r->outcome != OUTCOME_OK) {
        cell_add_one(p->cell, p->second / QUARTER_SECONDS, CUSTOMER_FAILED);
        return;
    }
    add_seconds(out, p);
    if (p->has_person)
        add_distinct(p->cell, SKETCH_PEOPLE, p->person);
    if (p->has_conference)
        add_distinct(p->cell, SKETCH_SECOND, p->conference);
    if (p->region)
        add_region(out, p);
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

    cell_add(cells_get(out, CELL_WORKLOAD, rule->service, p->day), p->second / QUARTER_SECONDS, v);
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
    for (uint32_t i = 0; i < r->feature_count; i++) {
        struct span name = r->features[i];
        struct planned_feature f =
            i < PLANNED_FEATURES ? p->feature[i] : find_feature(out, name, p->day);

        cell_add_one(f.cell, 0, column_of[r->outcome]);
        if (p->has_person)
            add_distinct(f.cell, SKETCH_PEOPLE, p->person);
        /* Whose day lists the feature has been counted among its customers of that day. */
        if (cell_add_use(p->cell, f.id, !ok))
            add_distinct(f.cell, SKETCH_SECOND, p->name);
        for (size_t k = 0; opt && k < opt->workload_count; k++)
            if (span_eq(opt->workload[k].feature, name))
                add_workload(out, &opt->workload[k], p);
    }
}

/* --- contacts --- */

static void
add_contact(struct cells *out, struct plan *p)
{
    const struct record *r = p->r;
    bool handled = r->outcome == OUTCOME_OK;
    const int64_t v[SERVICE_COLUMNS] = {
        [SERVICE_OFFERED] = 1,          [SERVICE_HANDLED] = handled,
        [SERVICE_ABANDONED] = !handled, [SERVICE_HANDLE_S] = handled ? r->handle : 0,
        [SERVICE_WAIT_S] = r->wait,
    };

    assert((r->has & FIELD_BIT(FIELD_SERVICE)) && r->text[FIELD_SERVICE].n > 0);
    p->cell = cells_get(out, CELL_SERVICE, r->text[FIELD_SERVICE], p->day);
    cell_add(p->cell, p->second / QUARTER_SECONDS, v);
}

/* --- what may be taken out again --- */

/* The services that the record's features were work for. */
static char *
keep_work(struct cells *out, const struct aggregate_options *opt, const struct plan *p, char *at)
{
    char *count = at;
    uint32_t n = 0;

    at += sizeof n;
    for (size_t k = 0; k < opt->workload_count; k++) {
        const struct workload_rule *rule = &opt->workload[k];
        uint32_t i = 0;

        while (i < p->r->feature_count && !span_eq(p->r->features[i], rule->feature))
            i++;
        if (i == p->r->feature_count)
            continue;
        at = kept_put32(at, i);
        at = kept_put32(at,
                        cells_place_of(out, cells_get(out, CELL_WORKLOAD, rule->service, p->day)));
        n++;
    }
    kept_put32(count, n);
    return at;
}

/* Appends the record's item (kept_private.h), once it is counted. */
static void
keep(struct cells *out, const struct aggregate_options *opt, const struct plan *p,
     struct buf *items)
{
    static const uint8_t kind_of[] = {
        [KIND_LEG] = KEPT_LEG, [KIND_FEATURE] = KEPT_FEATURE, [KIND_CONTACT] = KEPT_CONTACT};
    const struct record *r = p->r;
    bool contact = r->kind == KIND_CONTACT, work = opt && opt->workload_count && r->feature_count;
    uint32_t features = contact ? 0 : r->feature_count;
    uint32_t head = p->second | (uint32_t)kind_of[r->kind] << KEPT_KIND_AT |
                    (uint32_t)r->outcome << KEPT_OUTCOME_AT |
                    (features + (p->part != 0)) << KEPT_FEATURES_AT;
    char *at;

    buf_reserve(items, kept_room(r, opt));
    at = items->p + items->n + sizeof head;
    at = kept_put_short(at, r->duration, KEPT_DURATION_BYTES);
    at = kept_put_short(at, cells_place_of(out, p->cell), KEPT_PLACE_BYTES);
    if (!contact && p->region) {
        head |= KEPT_HAS_REGION;
        at = kept_put_short(at, p->region_id, KEPT_NAME_BYTES);
    }
    if (r->version) {
        head |= KEPT_HAS_VERSION;
        at = kept_put64(at, (uint64_t)r->version);
    }
    if (r->wait | r->handle) {
        head |= KEPT_HAS_TIMES;
        at = kept_put32(kept_put32(at, r->wait), r->handle);
    }
    for (uint32_t i = 0; i < features; i++)
        at = kept_put_short(at,
                            i < PLANNED_FEATURES ? p->feature[i].id
                                                 : find_feature(out, r->features[i], p->day).id,
                            KEPT_NAME_BYTES);
    if (p->part)
        at = kept_put_short(at, p->part - 1, KEPT_NAME_BYTES);
    if (work && !contact) {
        head |= KEPT_HAS_WORK;
        at = keep_work(out, opt, p, at);
    }
    kept_put32(items->p + items->n, head);
    items->n = (size_t)(at - items->p);
}

/* --- records --- */

static bool
is_guess_right(const struct plan *p)
{
    const struct cell *c = p->cell;

    return c && c->hash == p->hash && c->day == p->day && c->kind == CELL_CUSTOMER &&
           name_eq(c->name, p->r->text[FIELD_CUSTOMER]);
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

    plan_record(out, &p, r, opt && opt->parts);
    count(out, opt, &p);
}

/* A group of at most GROUP. */
static void
count_group(struct cells *out, const struct aggregate_options *opt, const struct record *const *r,
            size_t n, struct buf *items)
{
    struct plan group[GROUP];

    for (size_t i = 0; i < n; i++)
        plan_record(out, &group[i], r[i], opt && opt->parts);
    for (size_t i = 0; i < n; i++)
        if (group[i].r->kind != KIND_CONTACT)
            group[i].cell = cells_guess(out, group[i].hash);
    for (size_t i = 0; i < n; i++)
        plan_contents(&group[i]);
    for (size_t i = 0; i < n; i++) {
        count(out, opt, &group[i]);
        if (items)
            keep(out, opt, &group[i], items);
    }
}

void
aggregate_batch(struct cells *out, const struct aggregate_options *opt,
                const struct record *const *r, size_t n, struct buf *items)
{
    for (size_t done = 0; done < n; done += GROUP)
        count_group(out, opt, r + done, n - done < GROUP ? n - done : GROUP, items);
}
