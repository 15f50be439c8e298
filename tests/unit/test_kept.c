/*
 * test_kept.c - items of what records added: written, read back, in both layouts, damaged.
 */
#include "test.h"

#include "aggregate.h"
#include "civil.h"
#include "kept.h"

#define DAY 20000

static void
put(struct record *r, enum field f, const char *text)
{
    r->text[f] = span_str(text);
    r->has |= FIELD_BIT(f);
}

static struct record
record_of(enum record_kind kind, const char *name, unsigned second, uint32_t duration)
{
    struct record r = {
        .kind = kind, .start = (int64_t)DAY * DAY_SECONDS + second, .duration = duration};

    put(&r, kind == KIND_CONTACT ? FIELD_SERVICE : FIELD_CUSTOMER, name);
    return r;
}

/* The items of records, and the names that they point to. */
struct kept {
    struct buf names, items;
};

static struct kept
keep(struct cells *set, const struct aggregate_options *opt, const struct record *r, size_t n)
{
    struct kept k = {0};

    for (size_t i = 0; i < n; i++) {
        const struct record *one = &r[i];

        aggregate_batch(set, opt, &one, 1, &k.items);
    }
    kept_names(set, &k.names);
    return k;
}

static void
clear(struct kept *k)
{
    buf_clear(&k->names);
    buf_clear(&k->items);
}

static struct kept_reader *
reader_of(const struct kept *k)
{
    struct kept_reader *r;
    struct error err;

    CHECK_INT(kept_open(&r, span_of(k->names.p, k->names.n), span_of(k->items.p, k->items.n), &err),
              ST_OK);
    return r;
}

static void
check_same(const struct contribution *got, const struct record *want)
{
    bool contact = want->kind == KIND_CONTACT;
    struct span region =
        want->kind == KIND_LEG && want->outcome == OUTCOME_OK && want->has & FIELD_BIT(FIELD_REGION)
            ? want->text[FIELD_REGION]
            : SPAN("");

    CHECK_INT(got->kind, want->kind);
    CHECK_INT(got->outcome, want->outcome);
    CHECK_INT(got->start, want->start);
    CHECK_INT(got->duration, want->duration);
    CHECK_INT(got->version, want->version);
    CHECK_INT(got->wait, want->wait);
    CHECK_INT(got->handle, want->handle);
    CHECK(span_eq(contact ? got->service : got->customer,
                  want->text[contact ? FIELD_SERVICE : FIELD_CUSTOMER]));
    CHECK(span_eq(got->region, region));
    CHECK_INT(got->feature_count, contact ? 0 : want->feature_count);
    for (uint32_t i = 0; i < got->feature_count; i++)
        CHECK(span_eq(got->features[i], want->features[i]));
}

#define MANY 300 /* names: more than there are ids of one byte */

/* Each thing that an item may hold, small and so large that it takes more room. */
static size_t
make_records(struct record *r, const struct span *name)
{
    static const uint32_t durations[] = {0, 1, 65534, 65535, 65536, 31 * 86400};
    size_t n = 0;

    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        r[n++] = record_of(KIND_LEG, "a", (unsigned)i * 17279, durations[i]);
    for (size_t i = 0; i < MANY; i++, n++) { /* each brings a feature, and a region */
        r[n] = record_of(KIND_LEG, "b", 86399, 60);
        put(&r[n], FIELD_REGION, name[i].p);
        r[n].features = &name[i];
        r[n].feature_count = 1;
    }
    r[n] = record_of(KIND_FEATURE, "c", 5, 7);
    r[n].outcome = OUTCOME_REJECTED;
    r[n].features = name;
    r[n++].feature_count = RECORD_MAX_FEATURES;
    r[n] = record_of(KIND_CONTACT, "desk", 9, 0);
    r[n].wait = 3;
    r[n++].handle = UINT32_MAX;
    r[n] = record_of(KIND_LEG, "d", 0, 1);
    r[n].outcome = OUTCOME_ABANDONED;
    r[n].version = INT64_MAX - 1;
    put(&r[n++], FIELD_REGION, "nowhere");
    return n;
}

static void
name_many(struct span name[MANY], char text[MANY][8])
{
    for (size_t i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "n%zu", i);
        name[i] = span_str(text[i]);
    }
}

TEST(kept_items_say_what_was_added)
{
    static struct record r[MANY + 16];
    static struct span name[MANY];
    static char text[MANY][8];
    struct cells *set = cells_new();
    struct kept_reader *reader;
    struct error err;
    struct arena mem;
    struct kept k;
    size_t n;

    name_many(name, text);
    n = make_records(r, name);
    k = keep(set, NULL, r, n);
    kept_void(&k.items, 41);
    arena_init(&mem);
    reader = reader_of(&k);
    for (size_t i = 0; i <= n; i++) {
        struct contribution c;

        CHECK_INT(kept_read(reader, i, &mem, &c, &err), ST_OK);
        if (i < n)
            check_same(&c, &r[i]);
        else
            CHECK(c.kind == KIND_VOID && c.version == 41);
    }
    kept_close(reader);
    reader = reader_of(&k); /* and without a look at what is before */
    CHECK_INT(kept_read(reader, n, &mem, &(struct contribution){0}, &err), ST_OK);
    CHECK_INT(kept_read(reader, n + 1, &mem, &(struct contribution){0}, &err), ST_CORRUPT);
    kept_close(reader);
    arena_clear(&mem);
    clear(&k);
    cells_free(set);
}

/* What kept_count answers, and what reading them one by one comes to. */
static void
check_count(const struct kept *k, size_t n, const struct kept_question *q, uint64_t want)
{
    struct kept_reader *counted = reader_of(k), *read = reader_of(k);
    uint64_t found = 0, same = 0;
    struct arena mem;
    struct error err;

    arena_init(&mem);
    for (size_t i = 0; i < n; i++) {
        struct contribution c;
        bool met = false;

        CHECK_INT(kept_read(read, i, &mem, &c, &err), ST_OK);
        if (c.kind == KIND_VOID || c.start < q->from || c.start >= q->to)
            continue;
        for (uint32_t f = 0; f < c.feature_count && q->kind == CELL_FEATURE; f++)
            met |= span_eq(c.features[f], q->name);
        met |= q->kind == CELL_CUSTOMER && span_eq(c.customer, q->name);
        met |= q->kind == CELL_SERVICE && span_eq(c.service, q->name);
        same += met;
    }
    CHECK_INT(kept_count(counted, n, q, &found, &err), ST_OK);
    CHECK_INT(found, want);
    CHECK_INT(found, same);
    CHECK_INT(kept_count(counted, n + 1, q, &found, &err), ST_CORRUPT); /* there is no more */
    kept_close(counted);
    kept_close(read);
    arena_clear(&mem);
}

TEST(kept_items_are_counted_as_they_are_read)
{
    static struct record r[MANY + 16];
    static struct span name[MANY];
    static char text[MANY][8];
    struct cells *set = cells_new();
    int64_t from, to;
    struct kept k;
    size_t n;

    name_many(name, text);
    n = make_records(r, name);
    from = r[0].start;
    to = from + 86400;
    r[n] = record_of(KIND_LEG, "desk", 40, 1); /* a customer that is called as a service is */
    n++;
    k = keep(set, NULL, r, n);
    kept_void(&k.items, 41);
    n++;
    check_count(&k, n, &(struct kept_question){CELL_CUSTOMER, SPAN("b"), from, to}, MANY);
    check_count(&k, n, &(struct kept_question){CELL_CUSTOMER, SPAN("b"), from, to - 1}, 0);
    check_count(&k, n, &(struct kept_question){CELL_CUSTOMER, SPAN("a"), from, from + 17280}, 2);
    check_count(&k, n, &(struct kept_question){CELL_CUSTOMER, SPAN("desk"), from, to}, 1);
    check_count(&k, n, &(struct kept_question){CELL_SERVICE, SPAN("desk"), from, to}, 1);
    check_count(&k, n, &(struct kept_question){CELL_FEATURE, SPAN("n3"), from, to}, 2);
    check_count(&k, n, &(struct kept_question){CELL_FEATURE, SPAN("n299"), from, to}, 1);
    check_count(&k, n, &(struct kept_question){CELL_FEATURE, SPAN("n3"), to, to + 1}, 0);
    check_count(&k, n, &(struct kept_question){CELL_CUSTOMER, SPAN("nobody"), from, to}, 0);
    clear(&k);
    cells_free(set);
}

TEST(kept_items_take_few_bytes)
{
    struct span features[] = {SPAN("chat"), SPAN("video")};
    struct record r = record_of(KIND_LEG, "a", 100, 1800);
    struct cells *set = cells_new();
    struct kept k;

    put(&r, FIELD_REGION, "eu");
    r.features = features;
    r.feature_count = 2;
    k = keep(set, NULL, &r, 1);
    CHECK_INT(k.items.n, 4 + 2 + 3 + 1 + 2);
    clear(&k);
    cells_free(set);
}

TEST(kept_work_is_what_the_rules_made_of_features)
{
    struct workload_rule rules[] = {{SPAN("video"), SPAN("desk")}, {SPAN("chat"), SPAN("line")}};
    struct aggregate_options opt = {.workload = rules, .workload_count = 2};
    struct span features[] = {SPAN("audio"), SPAN("chat")};
    struct record r = record_of(KIND_FEATURE, "a", 100, 1800);
    struct cells *set = cells_new();
    struct contribution c;
    struct kept_reader *reader;
    struct error err;
    struct arena mem;
    struct kept k;

    r.features = features;
    r.feature_count = 2;
    k = keep(set, &opt, &r, 1);
    arena_init(&mem);
    reader = reader_of(&k);
    CHECK_INT(kept_read(reader, 0, &mem, &c, &err), ST_OK);
    CHECK_INT(c.work_count, 1);
    CHECK_SPAN(c.work[0].feature, "chat");
    CHECK_SPAN(c.work[0].service, "line");
    kept_close(reader);
    arena_clear(&mem);
    clear(&k);
    cells_free(set);
}

/* As it was written before: 8 bytes of head, places of 4 for the region as well, ids of 2. */
TEST(kept_items_of_the_first_layout_are_read)
{
    static const char names[] = "\x02\xA0\x9C\x01\x01"
                                "a\xA0\x9C\x01\x02"
                                "eu\x02\x04"
                                "chat\x05"
                                "video";
    const uint64_t head = 3600 | UINT64_C(86401) << 17 | UINT64_C(0) << 49 | UINT64_C(0) << 51 |
                          UINT64_C(2) << 53 | UINT64_C(1) << 60 | UINT64_C(1) << 61;
    const uint32_t customer = 0, region = 1, wide_id = 0;
    const int64_t version = 7;
    const uint16_t id = 1, wide = 0xFFFF;
    struct kept k = {0};
    struct contribution c;
    struct kept_reader *reader;
    struct error err;
    struct arena mem;

    buf_add(&k.names, names, sizeof names - 1);
    for (int i = 0; i < 2; i++) {
        buf_add(&k.items, &head, 8);
        buf_add(&k.items, &customer, 4);
        buf_add(&k.items, &region, 4);
        buf_add(&k.items, &version, 8);
        buf_add(&k.items, &id, 2);
        buf_add(&k.items, &wide, 2);
        buf_add(&k.items, &wide_id, 4);
    }
    arena_init(&mem);
    reader = reader_of(&k);
    CHECK_INT(kept_read(reader, 1, &mem, &c, &err), ST_OK);
    CHECK_SPAN(c.customer, "a");
    CHECK_SPAN(c.region, "eu");
    CHECK_INT(c.start, (int64_t)DAY * DAY_SECONDS + 3600);
    CHECK_INT(c.duration, 86401);
    CHECK_INT(c.version, 7);
    CHECK_INT(c.feature_count, 2);
    CHECK_SPAN(c.features[0], "video");
    CHECK_SPAN(c.features[1], "chat");
    kept_close(reader);
    arena_clear(&mem);
    clear(&k);
}

TEST(kept_items_that_are_cut_or_point_nowhere_are_damaged)
{
    struct span features[] = {SPAN("chat")};
    struct record r = record_of(KIND_LEG, "a", 100, 70000);
    struct cells *set = cells_new();
    struct error err;
    struct arena mem;
    struct kept k;
    size_t whole;

    put(&r, FIELD_REGION, "eu");
    r.version = 3;
    r.wait = 1;
    r.features = features;
    r.feature_count = 1;
    k = keep(set, NULL, &r, 1);
    whole = k.items.n;
    arena_init(&mem);
    for (k.items.n = 0; k.items.n <= whole; k.items.n++) {
        struct kept_reader *reader = reader_of(&k);
        struct contribution c;

        CHECK_INT(kept_read(reader, 0, &mem, &c, &err), k.items.n < whole ? ST_CORRUPT : ST_OK);
        kept_close(reader);
    }
    k.items.n = whole;
    for (size_t i = 0; i < whole * 8; i++) { /* anything but a crash */
        struct kept_reader *reader;
        struct contribution c;

        k.items.p[i / 8] ^= (char)(1 << i % 8);
        reader = reader_of(&k);
        kept_read(reader, 0, &mem, &c, &err);
        kept_close(reader);
        k.items.p[i / 8] ^= (char)(1 << i % 8);
    }
    for (size_t n = 0; n < k.names.n; n++) {
        struct kept_reader *reader = NULL;

        CHECK_INT(kept_open(&reader, span_of(k.names.p, n), span_of(k.items.p, k.items.n), &err),
                  ST_CORRUPT);
    }
    arena_clear(&mem);
    clear(&k);
    cells_free(set);
}
