/*
 * generate_truth.c - what a right count of generated records must come to.
 *
 * Every counter is an entry of one table under a number made of family, subject, day and
 * slot; sorting these numbers at the end puts the output in order.
 */
#include "generate_truth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "generate_text.h"

enum family { FAMILY_CUSTOMER, FAMILY_FEATURE, FAMILY_SERVICE, FAMILY_REGION, FAMILIES };

/* Slots of a customer's day beside the quarter hours 0..95. */
#define SLOT_DISTINCT 100
#define SLOT_FEATURE  128
#define VALUES        5

/* key: family 4 bits, subject 24, day of the period + 64 in 16, slot 16; 0 is no entry */
struct entry {
    uint64_t key;
    int64_t v[VALUES];
};

struct truth {
    const struct world *world;
    struct world_options opt;
    uint64_t records, accepted, duplicates, quarantined;
    struct entry *entries; /* open addressing */
    size_t count, size;
    uint64_t *seen; /* members of distinct sets, as hashes of key and member */
    size_t seen_count, seen_size;
    struct buf out;
};

#define FIRST_SIZE 4096
#define DAY_SHIFT  64

struct truth *
truth_new(const struct world *w, const struct world_options *opt)
{
    struct truth *t = xcalloc(1, sizeof *t);

    t->world = w;
    t->opt = *opt;
    t->size = t->seen_size = FIRST_SIZE;
    t->entries = xcalloc(t->size, sizeof *t->entries);
    t->seen = xcalloc(t->seen_size, sizeof *t->seen);
    return t;
}

void
truth_free(struct truth *t)
{
    if (!t)
        return;
    free(t->entries);
    free(t->seen);
    buf_clear(&t->out);
    free(t);
}

static struct entry *
place_of(struct entry *entries, size_t size, uint64_t key)
{
    size_t i = dice_mix(key) & (size - 1);

    while (entries[i].key != 0 && entries[i].key != key)
        i = (i + 1) & (size - 1);
    return &entries[i];
}

static void
grow_entries(struct truth *t)
{
    size_t size = 2 * t->size;
    struct entry *bigger = xcalloc(size, sizeof *bigger);

    for (size_t i = 0; i < t->size; i++)
        if (t->entries[i].key != 0)
            *place_of(bigger, size, t->entries[i].key) = t->entries[i];
    free(t->entries);
    t->entries = bigger;
    t->size = size;
}

static uint64_t
key_of(const struct truth *t, enum family family, uint32_t subject, int32_t day, unsigned slot)
{
    uint64_t d = (uint64_t)(day - world_first_day(t->world) + DAY_SHIFT);

    return (uint64_t)(family + 1) << 56 | (uint64_t)subject << 32 | d << 16 | slot;
}

static struct entry *
entry_of(struct truth *t, enum family family, uint32_t subject, int32_t day, unsigned slot)
{
    uint64_t key = key_of(t, family, subject, day, slot);
    struct entry *e = place_of(t->entries, t->size, key);

    if (e->key != 0)
        return e;
    if (++t->count > t->size / 2) {
        grow_entries(t);
        e = place_of(t->entries, t->size, key);
    }
    e->key = key;
    return e;
}

static bool
add_seen(uint64_t *seen, size_t size, uint64_t h)
{
    size_t i = h & (size - 1);

    while (seen[i] != 0 && seen[i] != h)
        i = (i + 1) & (size - 1);
    if (seen[i] == h)
        return false;
    seen[i] = h;
    return true;
}

/* Counts a member once in the distinct set that v counts. */
static void
count_distinct(struct truth *t, struct entry *e, int column, uint64_t member)
{
    uint64_t h = dice_mix(dice_mix(e->key * 8 + (uint64_t)column) ^ dice_mix(member + 1));

    if (!add_seen(t->seen, t->seen_size, h ? h : 1))
        return;
    e->v[column]++;
    if (++t->seen_count > t->seen_size / 2) {
        size_t size = 2 * t->seen_size;
        uint64_t *bigger = xcalloc(size, sizeof *bigger);

        for (size_t i = 0; i < t->seen_size; i++)
            if (t->seen[i] != 0)
                add_seen(bigger, size, t->seen[i]);
        free(t->seen);
        t->seen = bigger;
        t->seen_size = size;
    }
}

/* A guest is the same person whomever she calls; others belong to their customer. */
static uint64_t
member_of(const struct planned *p)
{
    return p->person & PERSON_GUEST ? p->person : (uint64_t)(p->customer + 1) << 32 | p->person;
}

static void
count_features(struct truth *t, const struct planned *p, int32_t day)
{
    static const int column[] = {
        [PLAN_OK] = 0, [PLAN_FAILED] = 1, [PLAN_REJECTED] = 2, [PLAN_ABANDONED] = 1};

    for (unsigned f = 0; f < WORLD_FEATURES; f++) {
        struct entry *e;

        if (!(p->features >> f & 1))
            continue;
        e = entry_of(t, FAMILY_CUSTOMER, p->customer, day, SLOT_FEATURE + f);
        e->v[p->outcome == PLAN_OK ? 0 : 1]++;
        e = entry_of(t, FAMILY_FEATURE, f, day, 0);
        e->v[column[p->outcome]]++;
        if (p->person != PERSON_NONE)
            count_distinct(t, e, 3, member_of(p));
        count_distinct(t, e, 4, p->customer);
    }
}

static void
count_leg(struct truth *t, const struct planned *p, int32_t day)
{
    unsigned quarter = (unsigned)second_of_day(p->start) / QUARTER_SECONDS;
    struct entry *e = entry_of(t, FAMILY_CUSTOMER, p->customer, day, quarter);
    int64_t end = p->start + p->duration;

    if (p->outcome != PLAN_OK) {
        e->v[2]++;
        return;
    }
    e->v[0]++;
    for (int64_t at = p->start; at < end;) {
        int64_t next = (at / QUARTER_SECONDS + 1) * QUARTER_SECONDS;

        if (next > end)
            next = end;
        e = entry_of(t, FAMILY_CUSTOMER, p->customer, day_of(at),
                     (unsigned)second_of_day(at) / QUARTER_SECONDS);
        e->v[1] += next - at;
        at = next;
    }
    e = entry_of(t, FAMILY_CUSTOMER, p->customer, day, SLOT_DISTINCT);
    count_distinct(t, e, 0, member_of(p));
    count_distinct(t, e, 1, p->conference);
    if (p->region == WORLD_REGION_NONE)
        return;
    entry_of(t, FAMILY_REGION, p->region, day, (unsigned)second_of_day(p->start) / 60)->v[0]++;
    entry_of(t, FAMILY_REGION, p->region, day_of(end), (unsigned)second_of_day(end) / 60)->v[1]++;
}

static void
count_contact(struct truth *t, const struct planned *p, int32_t day)
{
    unsigned quarter = (unsigned)second_of_day(p->start) / QUARTER_SECONDS;
    struct entry *e = entry_of(t, FAMILY_SERVICE, p->service, day, quarter);
    bool handled = p->outcome == PLAN_OK;

    e->v[0]++;
    e->v[handled ? 1 : 2]++;
    e->v[3] += handled ? p->handle : 0;
    e->v[4] += p->wait;
}

void
truth_record(struct truth *t, const struct planned *p)
{
    int32_t day = day_of(p->start);

    t->records++;
    t->accepted++;
    if (p->kind == PLAN_CONTACT) {
        count_contact(t, p, day);
        return;
    }
    if (p->kind == PLAN_LEG)
        count_leg(t, p, day);
    count_features(t, p, day);
}

void
truth_duplicate(struct truth *t)
{
    t->records++;
    t->duplicates++;
}

void
truth_broken(struct truth *t)
{
    t->records++;
    t->quarantined++;
}

/* --- writing --- */

static int
by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static enum family
family_of(const struct entry *e)
{
    return (enum family)((e->key >> 56) - 1);
}

static uint32_t
subject_of(const struct entry *e)
{
    return e->key >> 32 & 0xFFFFFF;
}

static int32_t
entry_day(const struct truth *t, const struct entry *e)
{
    return world_first_day(t->world) + (int32_t)(e->key >> 16 & 0xFFFF) - DAY_SHIFT;
}

static unsigned
slot_of(const struct entry *e)
{
    return e->key & 0xFFFF;
}

static void
write_subject(struct truth *t, const struct entry *e)
{
    struct buf name = {0};

    switch (family_of(e)) {
    case FAMILY_CUSTOMER:
        world_customer_name(&name, subject_of(e));
        break;
    case FAMILY_FEATURE:
        buf_str(&name, world_features[subject_of(e)]);
        break;
    case FAMILY_SERVICE:
        buf_str(&name, world_services[subject_of(e)]);
        break;
    default:
        buf_str(&name, world_regions[subject_of(e)]);
    }
    text_json_string(&t->out, name.p, name.n, false);
    buf_clear(&name);
}

/* [v0,v1,...] */
static void
write_values(struct truth *t, const struct entry *e, int columns)
{
    for (int i = 0; i < columns; i++) {
        buf_char(&t->out, i ? ',' : '[');
        buf_i64(&t->out, e->v[i]);
    }
    buf_char(&t->out, ']');
}

static void
write_slots(struct truth *t, const struct entry *from, const struct entry *to, int columns,
            int digits)
{
    for (const struct entry *e = from; e < to; e++) {
        buf_printf(&t->out, "%s\"%0*u\":", e > from ? "," : "", digits, slot_of(e));
        write_values(t, e, columns);
    }
}

/* A customer's day: quarter hours come first, then distinct counts, then features. */
static void
write_customer_day(struct truth *t, const struct entry *from, const struct entry *to)
{
    const struct entry *quarters_end = from, *e;
    int64_t legs = 0, seconds = 0, failed = 0, people = 0, conferences = 0;

    for (; quarters_end < to && slot_of(quarters_end) < SLOT_DISTINCT; quarters_end++) {
        legs += quarters_end->v[0];
        seconds += quarters_end->v[1];
        failed += quarters_end->v[2];
    }
    e = quarters_end;
    if (e < to && slot_of(e) == SLOT_DISTINCT) {
        people = e->v[0];
        conferences = e->v[1];
        e++;
    }
    buf_printf(&t->out,
               "{\"legs\":%lld,\"seconds\":%lld,\"failed\":%lld,\"participants\":%lld,"
               "\"conferences\":%lld,\"quarters\":{",
               (long long)legs, (long long)seconds, (long long)failed, (long long)people,
               (long long)conferences);
    write_slots(t, from, quarters_end, 3, 2);
    buf_str(&t->out, "},\"features\":{");
    for (const struct entry *f = e; f < to; f++) {
        buf_printf(&t->out, "%s\"%s\":", f > e ? "," : "",
                   world_features[slot_of(f) - SLOT_FEATURE]);
        write_values(t, f, 2);
    }
    buf_str(&t->out, "}}");
}

static void
write_day(struct truth *t, const struct entry *from, const struct entry *to)
{
    char day[CIVIL_TEXT];

    buf_printf(&t->out, "\"%s\":", format_day_compact(day, entry_day(t, from)));
    switch (family_of(from)) {
    case FAMILY_CUSTOMER:
        write_customer_day(t, from, to);
        return;
    case FAMILY_FEATURE:
        write_values(t, from, 5);
        return;
    case FAMILY_SERVICE:
        buf_str(&t->out, "{\"quarters\":{");
        write_slots(t, from, to, 5, 2);
        buf_str(&t->out, "}}");
        return;
    default:
        buf_char(&t->out, '{');
        write_slots(t, from, to, 2, 4);
        buf_char(&t->out, '}');
    }
}

static bool
flush_out(struct truth *t, FILE *f, size_t from_size)
{
    if (t->out.n < from_size)
        return true;
    if (fwrite(t->out.p, 1, t->out.n, f) != t->out.n)
        return false;
    buf_reset(&t->out);
    return true;
}

/* Entries of one family, sorted, as {subject: {day: ...}}. */
static bool
write_family(struct truth *t, FILE *f, const struct entry **at, const struct entry *end,
             enum family family)
{
    static const char *const names[FAMILIES] = {"customer_day", "feature_day", "service_day",
                                                "region_minute"};
    const struct entry *e = *at, *last = NULL;
    bool written = true;

    buf_printf(&t->out, ",\n\"%s\":{", names[family]);
    while (e < end && family_of(e) == family) {
        const struct entry *to = e;

        while (to < end && to->key >> 16 == e->key >> 16)
            to++;
        if (!last || subject_of(last) != subject_of(e)) {
            buf_str(&t->out, last ? "},\n" : "\n");
            write_subject(t, e);
            buf_str(&t->out, ":{");
        } else {
            buf_char(&t->out, ',');
        }
        write_day(t, e, to);
        last = e;
        e = to;
        written = written && flush_out(t, f, 1 << 16);
    }
    buf_str(&t->out, last ? "}}" : "}");
    *at = e;
    return written;
}

static void
write_head(struct truth *t)
{
    buf_printf(&t->out,
               "{\"seed\":%llu,\"days\":%u,\"customers\":%u,\n\"records\":%llu,"
               "\"accepted\":%llu,\"duplicates\":%llu,\"quarantined\":%llu,\"ignored\":0",
               (unsigned long long)t->opt.seed, t->opt.days, t->opt.customers,
               (unsigned long long)t->records, (unsigned long long)t->accepted,
               (unsigned long long)t->duplicates, (unsigned long long)t->quarantined);
}

enum status
truth_write(struct truth *t, const char *path, struct error *err)
{
    FILE *f = fopen(path, "w");
    const struct entry *at;
    size_t n = 0;
    bool written = true;

    if (!f)
        return fail(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    /* The table is no longer needed as one: its entries move together and are sorted. */
    for (size_t i = 0; i < t->size; i++)
        if (t->entries[i].key != 0)
            t->entries[n++] = t->entries[i];
    qsort(t->entries, n, sizeof *t->entries, by_key);
    at = t->entries;
    write_head(t);
    world_planted(t->world, &t->out);
    for (int family = 0; family < FAMILIES; family++)
        written = write_family(t, f, &at, t->entries + n, (enum family)family) && written;
    buf_str(&t->out, "}\n");
    written = flush_out(t, f, 1) && written;
    if (fclose(f) != 0 || !written)
        return fail(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    return ST_OK;
}
