/*
 * kept.c - items of what records added: their names, reading them, and undoing what they say.
 */
#include "kept.h"

#include <stdlib.h>

#include "cell_private.h"
#include "civil.h"
#include "kept_private.h"

static const enum record_kind record_kinds[] = {
    [KEPT_LEG] = KIND_LEG,
    [KEPT_FEATURE] = KIND_FEATURE,
    [KEPT_CONTACT] = KIND_CONTACT,
    [KEPT_VOID] = KIND_VOID,
};

void
kept_void(struct buf *items, int64_t version)
{
    const uint32_t head = (uint32_t)KEPT_VOID << KEPT_KIND_AT | KEPT_HAS_VERSION;

    buf_add(items, &head, sizeof head);
    buf_add(items, &version, sizeof version);
}

/* --- names --- */

static void
put_name(struct buf *out, struct span name)
{
    buf_varint(out, name.n);
    buf_span(out, name);
}

void
kept_names(const struct cells *set, struct buf *out)
{
    buf_add(out, KEPT_MARK, sizeof KEPT_MARK - 1);
    buf_varint(out, cells_slots(set));
    for (size_t i = 0; i < cells_slots(set); i++) {
        const struct cell *c = cells_place(set, i);

        buf_varint(out, (uint32_t)c->day);
        put_name(out, c->name);
    }
    buf_varint(out, set->names.count);
    for (uint32_t i = 0; i < set->names.count; i++)
        put_name(out, set->names.entry[i].name);
}

/* --- reading --- */

struct place_name {
    struct span name;
    int32_t day;
};

struct kept_reader {
    const uint8_t *at, *end; /* of the items */
    size_t number;           /* of the one at `at` */
    struct place_name *place;
    struct span *name; /* of features and regions, by id */
    size_t place_count, name_count;
    bool first_layout;
};

static bool
read_name(const uint8_t **p, const uint8_t *end, struct span *out)
{
    uint64_t n;

    if (!varint_read(p, end, &n) || n > (uint64_t)(end - *p))
        return false;
    *out = span_of((const char *)*p, n);
    *p += n;
    return true;
}

/* A count of things that take `least` bytes each. */
static bool
read_count(const uint8_t **p, const uint8_t *end, size_t least, size_t *out)
{
    uint64_t n;

    if (!varint_read(p, end, &n) || n > (uint64_t)(end - *p) / least)
        return false;
    *out = n;
    return true;
}

static bool
read_names(struct kept_reader *r, struct span names)
{
    const uint8_t *p = (const uint8_t *)names.p, *end = p + names.n;
    const size_t mark = sizeof KEPT_MARK - 1;
    uint64_t day;

    r->first_layout = names.n < mark || memcmp(p, KEPT_MARK, mark) != 0;
    p += r->first_layout ? 0 : mark;
    if (!read_count(&p, end, 2, &r->place_count))
        return false;
    r->place = xcalloc(r->place_count + 1, sizeof *r->place);
    for (size_t i = 0; i < r->place_count; i++) {
        if (!varint_read(&p, end, &day) || !read_name(&p, end, &r->place[i].name))
            return false;
        r->place[i].day = (int32_t)(uint32_t)day;
    }
    if (!read_count(&p, end, 1, &r->name_count))
        return false;
    r->name = xcalloc(r->name_count + 1, sizeof *r->name);
    for (size_t i = 0; i < r->name_count; i++)
        if (!read_name(&p, end, &r->name[i]))
            return false;
    return p == end;
}

enum status
kept_open(struct kept_reader **out, struct span names, struct span items, struct error *err)
{
    struct kept_reader *r = xcalloc(1, sizeof *r);

    r->at = (const uint8_t *)items.p;
    r->end = r->at + items.n;
    if (!read_names(r, names)) {
        kept_close(r);
        return fail(err, ST_CORRUPT, "the names of what may be corrected are damaged");
    }
    *out = r;
    return ST_OK;
}

void
kept_close(struct kept_reader *r)
{
    if (!r)
        return;
    free(r->place);
    free(r->name);
    free(r);
}

/* Numbers of the item at hand; past its end all are 0, and it is damaged. */
struct item {
    const uint8_t *at, *end;
    bool damaged;
};

static uint64_t
number(struct item *it, size_t bytes)
{
    uint64_t v = 0;

    if ((size_t)(it->end - it->at) < bytes) {
        it->damaged = true;
        it->at = it->end;
        return 0;
    }
    memcpy(&v, it->at, bytes);
    it->at += bytes;
    return v;
}

/* One that may stand behind, if all bits are set. */
static uint64_t
short_number(struct item *it, size_t bytes)
{
    uint64_t v = number(it, bytes);

    return v + 1 == UINT64_C(1) << 8 * bytes ? number(it, 4) : v;
}

/* What every item begins with. */
struct head {
    unsigned second, kind, outcome, features;
    bool region, version, times, work;
    uint64_t duration, place; /* 0 in a void */
};

static struct head
flags_of(unsigned flags)
{
    return (struct head){
        .region = flags & 1, .version = flags & 2, .times = flags & 4, .work = flags & 8};
}

static struct head
read_first_head(struct item *it)
{
    uint64_t bits = number(it, 8);
    struct head h = flags_of((unsigned)(bits >> 60));

    h.second = bits & ((1u << KEPT_SECOND_BITS) - 1);
    h.duration = (uint32_t)(bits >> 17);
    h.kind = bits >> 49 & 3;
    h.outcome = bits >> 51 & 3;
    h.features = bits >> 53 & 0x7F;
    h.place = h.kind == KEPT_VOID ? 0 : number(it, 4);
    return h;
}

static struct head
read_head(const struct kept_reader *r, struct item *it)
{
    struct head h;
    uint64_t bits;

    if (r->first_layout)
        return read_first_head(it);
    bits = number(it, 4);
    h = flags_of((unsigned)(bits >> 28));
    h.second = bits & ((1u << KEPT_SECOND_BITS) - 1);
    h.kind = bits >> KEPT_KIND_AT & 3;
    h.outcome = bits >> KEPT_OUTCOME_AT & 3;
    h.features = bits >> KEPT_FEATURES_AT & 0x7F;
    if (h.kind == KEPT_VOID)
        return h;
    h.duration = short_number(it, KEPT_DURATION_BYTES);
    h.place = short_number(it, KEPT_PLACE_BYTES);
    return h;
}

static uint64_t
read_id(const struct kept_reader *r, struct item *it)
{
    return short_number(it, r->first_layout ? 2 : KEPT_NAME_BYTES);
}

/* To the end of the item. With the ids of some names: whether a feature has one of them. */
static bool
skip_rest(const struct kept_reader *r, struct item *it, const struct head *h, const bool *ids)
{
    bool met = false;

    if (h->region)
        r->first_layout ? number(it, 4) : read_id(r, it);
    if (h->version)
        number(it, 8);
    if (h->times)
        number(it, 8);
    for (unsigned i = 0; i < h->features; i++) {
        uint64_t id = read_id(r, it);

        it->damaged |= id >= r->name_count;
        met |= ids && !it->damaged && ids[id];
    }
    if (h->work)
        for (uint64_t n = number(it, 4); n > 0 && !it->damaged; n--)
            number(it, 8);
    return met;
}

static void
skip_item(const struct kept_reader *r, struct item *it)
{
    struct head h = read_head(r, it);

    skip_rest(r, it, &h, NULL);
}

static struct place_name
place_at(const struct kept_reader *r, struct item *it, uint64_t place)
{
    if (place < r->place_count)
        return r->place[place];
    it->damaged = true;
    return (struct place_name){0};
}

static struct span
name_at(const struct kept_reader *r, struct item *it, uint64_t id)
{
    if (id < r->name_count)
        return r->name[id];
    it->damaged = true;
    return SPAN("");
}

static struct span
read_region(const struct kept_reader *r, struct item *it)
{
    return r->first_layout ? place_at(r, it, number(it, 4)).name : name_at(r, it, read_id(r, it));
}

static void
read_features(const struct kept_reader *r, struct item *it, struct arena *mem,
              struct contribution *out)
{
    struct span *name = arena_alloc(mem, (out->feature_count + 1) * sizeof *name);

    for (uint32_t i = 0; i < out->feature_count; i++)
        name[i] = arena_copy(mem, name_at(r, it, read_id(r, it)));
    out->features = name;
    if (out->feature_count && is_part(name[out->feature_count - 1]))
        out->part = name[--out->feature_count];
}

static void
read_work(const struct kept_reader *r, struct item *it, struct arena *mem, struct contribution *out)
{
    uint64_t n = number(it, 4);

    if (n > (uint64_t)(it->end - it->at) / 8) {
        it->damaged = true;
        return;
    }
    out->work = arena_alloc(mem, n * sizeof *out->work);
    out->work_count = n;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t feature = number(it, 4);
        struct span service = place_at(r, it, number(it, 4)).name;

        it->damaged |= feature >= out->feature_count;
        if (!it->damaged)
            out->work[i] = (struct workload_rule){out->features[feature], arena_copy(mem, service)};
    }
}

static void
read_item(const struct kept_reader *r, struct item *it, struct arena *mem, struct contribution *out)
{
    struct head h = read_head(r, it);

    *out = (struct contribution){
        .kind = record_kinds[h.kind],
        .outcome = (enum outcome)h.outcome,
        .duration = (uint32_t)h.duration,
        .feature_count = h.features,
    };
    if (h.kind != KEPT_VOID) {
        struct place_name subject = place_at(r, it, h.place);
        struct span name = arena_copy(mem, subject.name);

        out->start = (int64_t)subject.day * DAY_SECONDS + h.second;
        *(h.kind == KEPT_CONTACT ? &out->service : &out->customer) = name;
    }
    if (h.region)
        out->region = arena_copy(mem, read_region(r, it));
    if (h.version)
        out->version = (int64_t)number(it, 8);
    if (h.times) {
        out->wait = (uint32_t)number(it, 4);
        out->handle = (uint32_t)number(it, 4);
    }
    read_features(r, it, mem, out);
    if (h.work)
        read_work(r, it, mem, out);
}

enum status
kept_read(struct kept_reader *r, size_t wanted, struct arena *mem, struct contribution *out,
          struct error *err)
{
    struct item it = {r->at, r->end, wanted < r->number};

    for (; r->number < wanted && !it.damaged; r->number++)
        skip_item(r, &it);
    r->at = it.at;
    if (!it.damaged)
        read_item(r, &it, mem, out);
    return it.damaged ? fail(err, ST_CORRUPT, "what may be corrected is damaged") : ST_OK;
}

/* --- counting --- */

/* Which ids, or which places, bear the name. */
static bool *
bearing(const struct kept_reader *r, enum cell_kind kind, struct span name)
{
    size_t n = kind == CELL_FEATURE ? r->name_count : r->place_count;
    bool *is = xcalloc(n + 1, sizeof *is);

    for (size_t i = 0; i < n; i++)
        is[i] = span_eq(kind == CELL_FEATURE ? r->name[i] : r->place[i].name, name);
    return is;
}

/* Customers have legs and features, services contacts. */
static bool
is_meant(const struct kept_reader *r, struct item *it, const struct kept_question *q,
         const bool *names)
{
    struct head h = read_head(r, it);
    int32_t day = h.kind == KEPT_VOID ? 0 : place_at(r, it, h.place).day;
    int64_t start = (int64_t)day * DAY_SECONDS + h.second;
    bool met = skip_rest(r, it, &h, q->kind == CELL_FEATURE ? names : NULL);

    if (it->damaged || h.kind == KEPT_VOID || start < q->from || start >= q->to)
        return false;
    return q->kind == CELL_FEATURE
               ? met
               : (h.kind == KEPT_CONTACT) == (q->kind == CELL_SERVICE) && names[h.place];
}

enum status
kept_count(struct kept_reader *r, size_t count, const struct kept_question *q, uint64_t *found,
           struct error *err)
{
    struct item it = {r->at, r->end, false};
    bool *names = bearing(r, q->kind, q->name);

    for (; r->number < count && !it.damaged; r->number++)
        *found += is_meant(r, &it, q, names);
    r->at = it.at;
    free(names);
    return it.damaged ? fail(err, ST_CORRUPT, "what may be corrected is damaged") : ST_OK;
}

/* --- undoing --- */

void
contribution_count(const struct contribution *c, struct cells *out)
{
    const struct aggregate_options opt = {c->work, c->work_count, false};
    struct record r = {
        .has = FIELD_BIT(FIELD_CUSTOMER) | FIELD_BIT(FIELD_SERVICE),
        .kind = c->kind,
        .outcome = c->outcome,
        .start = c->start,
        .duration = c->duration,
        .wait = c->wait,
        .handle = c->handle,
        .features = c->features,
        .feature_count = c->feature_count,
    };

    if (c->kind == KIND_VOID)
        return;
    r.text[FIELD_CUSTOMER] = c->customer;
    r.text[FIELD_SERVICE] = c->service;
    if (c->region.n) {
        r.has |= FIELD_BIT(FIELD_REGION);
        r.text[FIELD_REGION] = c->region;
    }
    aggregate_record(out, &opt, &r);
    if (c->part.n)
        cell_add_feature(cells_get(out, CELL_CUSTOMER, c->customer, day_of(c->start)), c->part,
                         c->outcome == OUTCOME_OK, c->outcome != OUTCOME_OK);
}

static void
subtract(struct cell *from, const struct cell *c)
{
    for (unsigned i = 0; i < c->slot_count; i++) {
        struct cell_slot s = cell_slot_at(c, i);

        for (unsigned k = 0; k < SERVICE_COLUMNS; k++)
            s.v[k] = -s.v[k];
        cell_add(from, s.slot, s.v);
    }
    for (unsigned i = 0; i < c->feature_count; i++) {
        struct cell_feature f = cell_feature_at(c, i);

        cell_add_feature(from, f.name, -f.used, -f.wanted);
    }
}

void
cells_subtract(struct cells *from, const struct cells *out, int32_t floor)
{
    const struct cell *c;

    CELLS_EACH (out, c)
        if (c->day >= floor)
            subtract(cells_get(from, (enum cell_kind)c->kind, c->name, c->day), c);
}
