/*
 * test_cell.c - cells against plain arrays, and sets of them through growth and removal.
 */
#include "test.h"

#include "cell.h"
#include "hash.h"
#include "keys.h"

static uint64_t
next_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static struct span
numbered(char *text, size_t size, int i)
{
    return span_of(text, (size_t)snprintf(text, size, "name %d", i));
}

/* The truth: every slot in a plain array. */
struct model {
    int64_t v[1440][SERVICE_COLUMNS];
    bool used[1440];
};

static void
check_model(const struct cell *c, const struct model *m)
{
    unsigned columns = cell_columns(c->kind), at = 0;
    int64_t sum[SERVICE_COLUMNS] = {0}, got[SERVICE_COLUMNS];

    for (unsigned slot = 0; slot < cell_slots(c->kind); slot++) {
        struct cell_slot s;

        CHECK_INT(cell_find_slot(c, slot, &s), m->used[slot]);
        if (!m->used[slot])
            continue;
        CHECK_INT(cell_slot_at(c, at).slot, slot);
        CHECK(memcmp(s.v, cell_slot_at(c, at++).v, sizeof s.v) == 0);
        CHECK(memcmp(s.v, m->v[slot], sizeof s.v) == 0);
        for (unsigned k = 0; k < columns; k++)
            sum[k] += s.v[k];
    }
    CHECK_INT(c->slot_count, at);
    cell_sum(c, got);
    CHECK(memcmp(got, sum, columns * sizeof *sum) == 0);
}

static void
fill(struct cell *c, struct model *m, int adds, int64_t size, uint64_t *seed)
{
    for (int i = 0; i < adds; i++) {
        unsigned slot = (unsigned)(next_random(seed) % cell_slots(c->kind));
        int64_t v[SERVICE_COLUMNS] = {0};

        for (unsigned k = 0; k < cell_columns(c->kind); k++) {
            v[k] = (int64_t)(next_random(seed) % (uint64_t)size) - (i % 7 == 0 ? size / 2 : 0);
            m->v[slot][k] += v[k];
        }
        m->used[slot] = true;
        cell_add(c, slot, v);
    }
}

TEST(cell_holds_what_was_added_in_any_order_and_width)
{
    static const enum cell_kind kinds[] = {CELL_CUSTOMER, CELL_FEATURE, CELL_SERVICE, CELL_REGION,
                                           CELL_WORKLOAD};
    struct cells *s = cells_new();
    uint64_t seed = 1;

    for (int i = 0; i < 5; i++) {
        struct model *m = calloc(1, sizeof *m);
        struct cell *c = cells_get(s, kinds[i], SPAN("x"), 20000);

        fill(c, m, 50, 1000, &seed);
        check_model(c, m);
        CHECK(c->width <= 4);
        fill(c, m, 20, INT64_C(1) << 40, &seed);
        fill(c, m, 5000, 1000, &seed);
        check_model(c, m);
        CHECK_INT(c->width, 8);
        free(m);
    }
    cells_free(s);
}

TEST(cell_widens_exactly_at_the_edge_of_16_and_32_bits)
{
    struct cells *s = cells_new();
    struct cell *c = cells_get(s, CELL_REGION, SPAN("r"), 1);
    struct cell_slot got;

    cell_add(c, 3, (int64_t[]){INT16_MAX, INT16_MIN});
    CHECK_INT(c->width, 2);
    cell_add(c, 3, (int64_t[]){1, 0});
    CHECK_INT(c->width, 4);
    cell_add(c, 3, (int64_t[]){INT32_MAX - INT16_MAX - 1, INT32_MIN - (int64_t)INT16_MIN});
    CHECK_INT(c->width, 4);
    cell_add(c, 3, (int64_t[]){0, -1});
    CHECK_INT(c->width, 8);
    CHECK(cell_find_slot(c, 3, &got));
    CHECK(got.v[0] == INT32_MAX && got.v[1] == (int64_t)INT32_MIN - 1);
    cells_free(s);
}

TEST(cell_features_keep_their_order_and_sums)
{
    struct cells *s = cells_new();
    struct cell *a = cells_get(s, CELL_CUSTOMER, SPAN("a"), 1);
    struct cell *b = cells_get(s, CELL_CUSTOMER, SPAN("b"), 1);
    char text[32];

    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 100; i++)
            cell_add_feature(a, numbered(text, sizeof text, i), i, INT64_C(3000000000) * (i == 50));
    cell_add_feature(b, SPAN("name 7"), 1, 2);
    CHECK_INT(a->feature_count, 100);
    for (unsigned i = 0; i < 100; i++) {
        struct cell_feature f = cell_feature_at(a, i);

        CHECK(span_eq(f.name, numbered(text, sizeof text, (int)i)));
        CHECK_INT(f.used, 3 * i);
        CHECK_INT(f.wanted, i == 50 ? INT64_C(9000000000) : 0);
    }
    cells_remove(s, a);
    CHECK_SPAN(cell_feature_at(b, 0).name, "name 7");
    cells_remove(s, b);
    CHECK_INT(cells_count(s), 0);
    cells_free(s);
}

/* A cell with something of everything. */
static struct cell *
rich_cell(struct cells *s, enum cell_kind kind, const char *name, int32_t day, uint64_t seed)
{
    struct cell *c = cells_get(s, kind, span_str(name), day);
    struct model *m = calloc(1, sizeof *m);
    char text[32];

    fill(c, m, 40, seed % 2 ? 1000 : INT64_C(1) << 45, &seed);
    if (kind == CELL_CUSTOMER || kind == CELL_FEATURE)
        for (int i = 0; i < 300; i++) {
            cell_add_distinct(c, i % 3 == 0, next_random(&seed));
            if (kind == CELL_CUSTOMER)
                cell_add_feature(c, numbered(text, sizeof text, i % 11), i, 1);
        }
    free(m);
    return c;
}

static void
check_equal(const struct cell *a, const struct cell *b)
{
    CHECK_INT(a->slot_count, b->slot_count);
    for (unsigned i = 0; i < a->slot_count; i++) {
        struct cell_slot x = cell_slot_at(a, i), y = cell_slot_at(b, i);

        CHECK(x.slot == y.slot && memcmp(x.v, y.v, sizeof x.v) == 0);
    }
    CHECK_INT(a->feature_count, b->feature_count);
    for (unsigned i = 0; i < a->feature_count; i++) {
        struct cell_feature x = cell_feature_at(a, i), y = cell_feature_at(b, i);

        CHECK(span_eq(x.name, y.name) && x.used == y.used && x.wanted == y.wanted);
    }
    CHECK(sketch_same(&a->sketch[0], &b->sketch[0]) && sketch_same(&a->sketch[1], &b->sketch[1]));
}

static const char kinds[] = "cfslw";

TEST(cell_encoded_and_decoded_is_the_same_and_merging_is_adding)
{
    struct cells *s = cells_new(), *t = cells_new();
    struct error err;
    struct buf b = {0};

    for (uint64_t seed = 0; seed < 10; seed++) {
        enum cell_kind kind = (enum cell_kind)kinds[seed % 5];
        struct cell *a = rich_cell(s, kind, "a", (int32_t)seed, seed);
        struct cell *x = cells_get(t, kind, SPAN("b"), (int32_t)seed), *y;

        buf_reset(&b);
        cell_encode(a, &b);
        CHECK_INT(cell_decode_add(x, span_of(b.p, b.n), &err), ST_OK);
        check_equal(a, x);
        CHECK_INT(cell_decode_add(x, span_of(b.p, b.n), &err), ST_OK);
        y = cells_get(t, kind, SPAN("c"), (int32_t)seed);
        cell_merge(y, a);
        cell_merge(y, a);
        check_equal(x, y);
        cell_zero(y);
        CHECK_INT(y->slot_count, a->slot_count);
        CHECK_INT(y->feature_count, a->feature_count);
        CHECK(sketch_empty(&y->sketch[0]) && sketch_empty(&y->sketch[1]));
        cell_merge(y, a);
        check_equal(y, a);
    }
    buf_clear(&b);
    cells_free(s);
    cells_free(t);
}

TEST(cell_decoding_refuses_every_cut_and_adds_nothing)
{
    struct cells *s = cells_new();
    struct buf b = {0};

    for (uint64_t seed = 0; seed < 5; seed++) {
        enum cell_kind kind = (enum cell_kind)kinds[seed];
        struct cell *empty = cells_get(s, kind, SPAN("empty"), 0);

        buf_reset(&b);
        cell_encode(rich_cell(s, kind, "a", 0, seed), &b);
        for (size_t cut = 0; cut < b.n; cut++) {
            char *copy = malloc(cut ? cut : 1);

            memcpy(copy, b.p, cut);
            CHECK_INT(cell_decode_add(empty, span_of(copy, cut), NULL), ST_CORRUPT);
            free(copy);
        }
        buf_char(&b, 0);
        CHECK_INT(cell_decode_add(empty, span_of(b.p, b.n), NULL), ST_CORRUPT);
        CHECK_INT(empty->slot_count + empty->feature_count, 0);
        CHECK(sketch_empty(&empty->sketch[0]) && sketch_empty(&empty->sketch[1]));
    }
    buf_clear(&b);
    cells_free(s);
}

TEST(cells_are_found_through_growth_removal_and_reset)
{
    enum { N = 20000 };
    struct cells *s = cells_new();
    struct cell **at = calloc(N, sizeof *at), *c;
    char text[32];
    int seen = 0;

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            at[i] = cells_get(s, (enum cell_kind)kinds[i % 5], numbered(text, sizeof text, i / 10),
                              i % 10);
            cell_add_distinct(at[i], 0, hash_bytes(&i, sizeof i, 0));
            cell_add(at[i], 0, (int64_t[]){i, 0, 0, 0, 0});
        }
        CHECK_INT(cells_count(s), N);
        for (int i = 0; i < N; i += 3) {
            cells_remove(s, at[i]);
            at[i] = NULL;
        }
        for (int i = 0; i < N; i++)
            CHECK(cells_find(s, (enum cell_kind)kinds[i % 5], numbered(text, sizeof text, i / 10),
                             i % 10) == at[i]);
        for (int i = 0; i < N; i += 6)
            at[i] = cells_get(s, (enum cell_kind)kinds[i % 5], numbered(text, sizeof text, i / 10),
                              i % 10);
        seen = 0;
        CELLS_EACH (s, c) {
            CHECK_INT(c->partition, keys_partition(c->name));
            if (++seen % 2)
                cells_remove(s, c);
        }
        CHECK_INT(cells_count(s), seen / 2);
        cells_reset(s);
        CHECK_INT(cells_count(s), 0);
        CHECK_INT(cells_slots(s), 0);
        CHECK(!cells_find(s, CELL_CUSTOMER, SPAN("name 1"), 0));
    }
    cells_reset(s);
    CHECK(cells_bytes(s) < 200 * 1024);
    free(at);
    cells_free(s);
}

static enum status
add_to_set(void *arg, enum cell_kind kind, struct span name, int32_t day, struct span values,
           struct error *err)
{
    return cell_decode_add(cells_get(arg, kind, name, day), values, err);
}

TEST(cells_blob_gives_the_set_back_and_every_cut_is_refused)
{
    struct cells *s = cells_new(), *t = cells_new();
    struct buf b = {0};
    struct cell *c;

    for (uint64_t i = 0; i < 10; i++)
        rich_cell(s, (enum cell_kind)kinds[i % 5], i < 5 ? "a" : "", (int32_t)i - 3, i);
    cells_encode(s, &b);
    CHECK_INT(cells_blob_each(span_of(b.p, b.n), add_to_set, t, NULL), ST_OK);
    CHECK_INT(cells_count(t), 10);
    CELLS_EACH (s, c)
        check_equal(c, cells_find(t, (enum cell_kind)c->kind, c->name, c->day));
    for (size_t cut = 0; cut < b.n; cut += 13) {
        char *copy = malloc(cut ? cut : 1);

        memcpy(copy, b.p, cut);
        cells_reset(t);
        CHECK_INT(cells_blob_each(span_of(copy, cut), add_to_set, t, NULL), ST_CORRUPT);
        free(copy);
    }
    buf_char(&b, 1);
    CHECK_INT(cells_blob_each(span_of(b.p, b.n), add_to_set, t, NULL), ST_CORRUPT);
    buf_clear(&b);
    cells_free(s);
    cells_free(t);
}
