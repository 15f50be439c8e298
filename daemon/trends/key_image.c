/*
 * key_image.c - the contract of callswell-redis(7), read from left to right: cell to keys.
 */
#include "key_image.h"

#include <stdio.h>
#include <stdlib.h>

#include "civil.h"

/* Longest possible parts, so that text never moves while an image is made: 20 digits and a
 * sign per value, names of at most 256 bytes of which each may become %XX. */
#define VALUE_ROOM (SERVICE_COLUMNS * 22)
#define NODE_ROOM  40

void
key_imager_init(struct key_imager *k, const char *node, const struct config_retention *retention,
                bool never_expire)
{
    *k = (struct key_imager){.node = node};
    k->at_node_n = (size_t)snprintf(k->at_node, sizeof k->at_node, "@%.32s", node);
    if (!never_expire)
        k->retention = *retention;
}

void
key_imager_clear(struct key_imager *k)
{
    key_stem_clear(&k->stem);
    buf_clear(&k->text);
    free(k->fields);
    *k = (struct key_imager){0};
}

static void
make_room(struct key_imager *k, const struct cell *c)
{
    size_t fields = (size_t)c->slot_count + c->feature_count + 1, names = 0;
    size_t key = 3 * c->name.n + NODE_ROOM + 64;

    for (size_t i = 0; i < c->feature_count; i++)
        names += 3 * cell_feature_at(c, (unsigned)i).name.n;
    buf_reset(&k->text);
    buf_reserve(&k->text, fields * (VALUE_ROOM + NODE_ROOM + 16) + names + KEY_IMAGES_MAX * key);
    if (k->field_cap < fields) {
        k->field_cap = fields * 2;
        k->fields = xrealloc(k->fields, k->field_cap * sizeof *k->fields);
    }
}

/* Most cells come day by day, or many of one day. */
static void
know_day(struct key_imager *k, int32_t day)
{
    int year, month, dd;

    if (k->day_known && k->day == day)
        return;
    civil_from_days(day, &year, &month, &dd);
    k->day = day;
    k->dd = (uint8_t)dd;
    k->month_closed =
        month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
    k->day_known = true;
}

static void
put_number(struct buf *b, unsigned v, int digits)
{
    for (int i = digits; i-- > 0; v /= 10)
        b->p[b->n + (size_t)i] = (char)('0' + v % 10);
    b->n += (size_t)digits;
}

/* Ends a field's name with @NODE and writes its values; start is where the name began. There is
 * room for all of it. */
static struct key_field
end_field(struct key_imager *k, size_t start, const int64_t *v, unsigned columns)
{
    struct buf *b = &k->text;
    struct key_field f;

    memcpy(b->p + b->n, k->at_node, sizeof k->at_node); /* a fixed size is a few instructions */
    b->n += k->at_node_n;
    f.name = span_of(b->p + start, b->n - start);
    start = b->n;
    for (unsigned i = 0; i < columns; i++) {
        if (i)
            b->p[b->n++] = ':';
        if (v[i] >= 0 && v[i] < 10)
            b->p[b->n++] = (char)('0' + v[i]);
        else
            buf_i64(b, v[i]);
    }
    f.value = span_of(b->p + start, b->n - start);
    return f;
}

static size_t
slot_fields(struct key_imager *k, const struct cell *c, int digits)
{
    unsigned columns = cell_columns(c->kind);

    for (unsigned i = 0; i < c->slot_count; i++) {
        struct cell_slot slot = cell_slot_at(c, i);
        size_t start = k->text.n;

        put_number(&k->text, slot.slot, digits);
        k->fields[i] = end_field(k, start, slot.v, columns);
    }
    return c->slot_count;
}

/* dd@NODE with the day's sums, where the day has any; dd.x.FEATURE@NODE for each feature. */
static size_t
day_fields(struct key_imager *k, const struct cell *c, struct key_field *out)
{
    int64_t v[SERVICE_COLUMNS] = {0};
    size_t n = 0, start;

    if (c->slot_count > 0) {
        cell_sum(c, v);
        start = k->text.n;
        put_number(&k->text, k->dd, 2);
        out[n++] = end_field(k, start, v, cell_columns(c->kind));
    }
    for (unsigned i = 0; i < c->feature_count; i++) {
        struct cell_feature feature = cell_feature_at(c, i);

        if (is_part(feature.name))
            continue; /* what explains a change is asked of the ledger */
        start = k->text.n;
        put_number(&k->text, k->dd, 2);
        buf_add(&k->text, ".x.", 3);
        keys_encode_name(&k->text, feature.name);
        v[0] = feature.used;
        v[1] = feature.wanted;
        out[n++] = end_field(k, start, v, 2);
    }
    return n;
}

static void
set_life(const struct key_imager *k, struct key_image *image, int64_t retention)
{
    image->dd = k->dd;
    image->closed_day = image->month ? k->month_closed : k->day + 1;
    image->expire_at = KEY_FOR_EVER;
    if (retention > 0)
        image->expire_at = (int64_t)image->closed_day * DAY_SECONDS + retention;
}

static bool
is_zero(const struct cell *c)
{
    int64_t v[SERVICE_COLUMNS] = {0};
    int64_t any = 0;

    cell_sum(c, v);
    for (unsigned i = 0; i < cell_columns(c->kind); i++)
        any |= v[i];
    return any == 0;
}

static bool
sketch_image(const struct key_imager *k, struct key_image *image, const struct cell *c, int which,
             int64_t retention)
{
    *image = (struct key_image){.sketch = &c->sketch[which], .type = KEY_SKETCH};
    if (sketch_empty(image->sketch)) {
        /* Empty is usual for a day of failed legs, and then there is no key. Only counters
         * that were set back to zero leave one behind. */
        if (c->slot_count == 0 || !is_zero(c))
            return false;
        image->type = KEY_GONE;
    }
    set_life(k, image, retention);
    return true;
}

/* Where the key that `write` appends has been put. */
#define KEY_TEXT(k, write)                                                                         \
    ({                                                                                             \
        size_t start_ = (k)->text.n;                                                               \
        write;                                                                                     \
        span_of((k)->text.p + start_, (k)->text.n - start_);                                       \
    })

static size_t
customer_images(struct key_imager *k, const struct cell *c, struct key_image *out)
{
    const struct config_retention *r = &k->retention;
    size_t n = 0, slots = slot_fields(k, c, 2);
    size_t days = day_fields(k, c, k->fields + slots);
    struct span key;

    if (slots > 0) {
        key = KEY_TEXT(k, keys_customer_quarters(&k->text, &k->stem));
        out[n] = (struct key_image){.key = key, .fields = k->fields, .field_count = slots};
        set_life(k, &out[n++], r->quarter);
    }
    if (days > 0) {
        key = KEY_TEXT(k, keys_customer_month(&k->text, &k->stem));
        out[n] = (struct key_image){
            .key = key, .fields = k->fields + slots, .field_count = days, .month = true};
        set_life(k, &out[n++], r->day);
    }
    if (sketch_image(k, &out[n], c, SKETCH_PEOPLE, r->people))
        out[n++].key = KEY_TEXT(k, keys_customer_people(&k->text, &k->stem, k->node));
    if (sketch_image(k, &out[n], c, SKETCH_SECOND, r->people))
        out[n++].key = KEY_TEXT(k, keys_customer_conferences(&k->text, &k->stem, k->node));
    return n;
}

static size_t
feature_images(struct key_imager *k, const struct cell *c, struct key_image *out)
{
    const struct config_retention *r = &k->retention;
    size_t n = 0, days = day_fields(k, c, k->fields);
    struct span key;

    if (days > 0) {
        key = KEY_TEXT(k, keys_feature_month(&k->text, &k->stem));
        out[n] =
            (struct key_image){.key = key, .fields = k->fields, .field_count = days, .month = true};
        set_life(k, &out[n++], r->day);
    }
    if (sketch_image(k, &out[n], c, SKETCH_PEOPLE, r->feature_people))
        out[n++].key = KEY_TEXT(k, keys_feature_people(&k->text, &k->stem, k->node));
    if (sketch_image(k, &out[n], c, SKETCH_SECOND, r->feature_people))
        out[n++].key = KEY_TEXT(k, keys_feature_customers(&k->text, &k->stem, k->node));
    return n;
}

static size_t
slot_image(struct key_imager *k, const struct cell *c, struct key_image *out)
{
    bool service = c->kind == CELL_SERVICE;
    size_t slots = slot_fields(k, c, service ? 2 : 4);
    struct span key;

    if (slots == 0)
        return 0;
    if (service)
        key = KEY_TEXT(k, keys_service_day(&k->text, &k->stem));
    else
        key = KEY_TEXT(k, keys_region_day(&k->text, &k->stem));
    *out = (struct key_image){.key = key, .fields = k->fields, .field_count = slots};
    set_life(k, out, service ? k->retention.service : k->retention.load);
    return 1;
}

size_t
key_images(struct key_imager *k, const struct cell *c, struct key_image out[KEY_IMAGES_MAX])
{
    make_room(k, c);
    know_day(k, c->day);
    key_stem_set(&k->stem, c->name, c->partition, c->day);
    switch ((enum cell_kind)c->kind) {
    case CELL_CUSTOMER:
        return customer_images(k, c, out);
    case CELL_FEATURE:
        return feature_images(k, c, out);
    case CELL_SERVICE:
    case CELL_REGION:
        return slot_image(k, c, out);
    case CELL_WORKLOAD:
        break; /* derived from features by a rule of this node: staffing's own affair */
    }
    return 0;
}

bool
key_dirty_member(struct buf *out, const struct cell *c)
{
    if (c->kind == CELL_WORKLOAD)
        return false;
    buf_char(out, (char)c->kind);
    buf_char(out, ':');
    keys_encode_name(out, c->name);
    return true;
}
