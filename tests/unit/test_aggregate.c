/*
 * test_aggregate.c - the counting rules, by cases worked out by hand.
 */
#include "test.h"

#include "aggregate.h"
#include "civil.h"
#include "hash.h"

#define DAY         20000 /* 2024-10-04 */
#define AT(h, m, s) ((int64_t)DAY * DAY_SECONDS + (h)*3600 + (m)*60 + (s))

static void
put(struct record *r, enum field f, const char *text)
{
    r->text[f] = span_str(text);
    r->has |= FIELD_BIT(f);
}

static struct record
leg(const char *customer, int64_t start, uint32_t duration, enum outcome outcome)
{
    struct record r = {.kind = KIND_LEG, .outcome = outcome, .start = start, .duration = duration};

    put(&r, FIELD_CUSTOMER, customer);
    return r;
}

static void
check_slot(struct cells *s, enum cell_kind kind, const char *name, int32_t day, unsigned slot,
           const int64_t *want)
{
    struct cell *c = cells_find(s, kind, span_str(name), day);
    struct cell_slot got;

    CHECK(c != NULL);
    CHECK(cell_find_slot(c, slot, &got));
    for (unsigned k = 0; k < cell_columns(kind); k++)
        CHECK_INT(got.v[k], want[k]);
}
#define SLOT(kind, name, day, slot, ...)                                                           \
    check_slot(s, kind, name, day, slot, (int64_t[]){__VA_ARGS__})

static int
slots_of(struct cells *s, enum cell_kind kind, const char *name, int32_t day)
{
    struct cell *c = cells_find(s, kind, span_str(name), day);

    return c ? c->slot_count : -1;
}

static double
distinct(struct cells *s, enum cell_kind kind, const char *name, int32_t day, int which)
{
    struct cell *c = cells_find(s, kind, span_str(name), day);

    CHECK(c != NULL);
    return (double)llround(sketch_estimate(&c->sketch[which]));
}

TEST(aggregate_spreads_a_leg_over_its_quarters)
{
    struct cells *s = cells_new();
    struct record r = leg("a", AT(10, 14, 59), 902, OUTCOME_OK);

    aggregate_record(s, NULL, &r);
    CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY), 3);
    SLOT(CELL_CUSTOMER, "a", DAY, 40, 1, 1, 0);
    SLOT(CELL_CUSTOMER, "a", DAY, 41, 0, 900, 0);
    SLOT(CELL_CUSTOMER, "a", DAY, 42, 0, 1, 0);
    CHECK_INT(cells_count(s), 1);
    cells_free(s);
}

TEST(aggregate_stops_at_a_quarters_edge)
{
    struct cells *s = cells_new();
    struct record r = leg("a", AT(10, 15, 0), 900, OUTCOME_OK);
    struct record zero = leg("a", AT(23, 59, 59), 0, OUTCOME_OK);
    struct record last = leg("a", AT(23, 59, 59), 1, OUTCOME_OK);

    aggregate_record(s, NULL, &r);
    CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY), 1);
    SLOT(CELL_CUSTOMER, "a", DAY, 41, 1, 900, 0);
    aggregate_record(s, NULL, &zero);
    SLOT(CELL_CUSTOMER, "a", DAY, 95, 1, 0, 0);
    aggregate_record(s, NULL, &last);
    SLOT(CELL_CUSTOMER, "a", DAY, 95, 2, 1, 0);
    CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY), 2);
    CHECK_INT(cells_count(s), 1);
    cells_free(s);
}

TEST(aggregate_crosses_midnight_with_the_seconds_only)
{
    struct cells *s = cells_new();
    struct record r = leg("a", AT(23, 50, 0), 1500, OUTCOME_OK);

    put(&r, FIELD_PARTICIPANT, "ann");
    put(&r, FIELD_CONFERENCE, "c1");
    put(&r, FIELD_REGION, "eu");
    aggregate_record(s, NULL, &r);
    SLOT(CELL_CUSTOMER, "a", DAY, 95, 1, 600, 0);
    SLOT(CELL_CUSTOMER, "a", DAY + 1, 0, 0, 900, 0);
    CHECK_INT(distinct(s, CELL_CUSTOMER, "a", DAY, SKETCH_PEOPLE), 1);
    CHECK_INT(distinct(s, CELL_CUSTOMER, "a", DAY, SKETCH_SECOND), 1);
    CHECK_INT(distinct(s, CELL_CUSTOMER, "a", DAY + 1, SKETCH_PEOPLE), 0);
    SLOT(CELL_REGION, "eu", DAY, 23 * 60 + 50, 1, 0);
    SLOT(CELL_REGION, "eu", DAY + 1, 15, 0, 1);
    CHECK_INT(cells_count(s), 4);
    cells_free(s);
}

TEST(aggregate_counts_all_of_31_days)
{
    struct cells *s = cells_new();
    struct record r = leg("a", AT(12, 0, 1), 31 * DAY_SECONDS, OUTCOME_OK);
    int64_t v[CUSTOMER_COLUMNS];

    aggregate_record(s, NULL, &r);
    CHECK_INT(cells_count(s), 32);
    CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY), 48);
    SLOT(CELL_CUSTOMER, "a", DAY, 48, 1, 899, 0);
    for (int d = 1; d < 31; d++) {
        CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY + d), 96);
        cell_sum(cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY + d), v);
        CHECK(v[0] == 0 && v[1] == DAY_SECONDS && v[2] == 0);
    }
    CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY + 31), 49);
    SLOT(CELL_CUSTOMER, "a", DAY + 31, 48, 0, 1, 0);
    cells_free(s);
}

TEST(aggregate_gives_a_failed_leg_no_seconds_people_or_region)
{
    static const enum outcome outcomes[] = {OUTCOME_FAILED, OUTCOME_REJECTED, OUTCOME_ABANDONED};
    struct cells *s = cells_new();

    for (int i = 0; i < 3; i++) {
        struct record r = leg("a", AT(0, 0, 0), 5000, outcomes[i]);

        put(&r, FIELD_PARTICIPANT, "ann");
        put(&r, FIELD_CONFERENCE, "c1");
        put(&r, FIELD_REGION, "eu");
        aggregate_record(s, NULL, &r);
    }
    CHECK_INT(cells_count(s), 1);
    CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY), 1);
    SLOT(CELL_CUSTOMER, "a", DAY, 0, 0, 0, 3);
    CHECK_INT(distinct(s, CELL_CUSTOMER, "a", DAY, SKETCH_PEOPLE), 0);
    CHECK_INT(distinct(s, CELL_CUSTOMER, "a", DAY, SKETCH_SECOND), 0);
    cells_free(s);
}

TEST(aggregate_counts_features_by_outcome_and_people_whatever_it_is)
{
    static const enum outcome outcomes[] = {OUTCOME_OK, OUTCOME_FAILED, OUTCOME_REJECTED,
                                            OUTCOME_ABANDONED};
    const struct span features[] = {SPAN("rec"), SPAN("video")};
    static const char *people[] = {"ann", "bob", "ann", "cy"};
    struct cells *s = cells_new();
    struct cell_feature f;

    for (int i = 0; i < 4; i++) {
        struct record r = leg(i < 3 ? "a" : "b", AT(23, 59, 0), 120, outcomes[i]);

        put(&r, i == 1 ? FIELD_PARTICIPANT_NAME : FIELD_PARTICIPANT, people[i]);
        r.features = features;
        r.feature_count = i == 0 ? 2 : 1;
        aggregate_record(s, NULL, &r);
    }
    SLOT(CELL_FEATURE, "rec", DAY, 0, 1, 2, 1);
    SLOT(CELL_FEATURE, "video", DAY, 0, 1, 0, 0);
    CHECK(!cells_find(s, CELL_FEATURE, SPAN("rec"), DAY + 1));
    CHECK_INT(distinct(s, CELL_FEATURE, "rec", DAY, SKETCH_PEOPLE), 3);
    CHECK_INT(distinct(s, CELL_FEATURE, "rec", DAY, SKETCH_SECOND), 2);
    f = cell_feature_at(cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY), 0);
    CHECK_SPAN(f.name, "rec");
    CHECK(f.used == 1 && f.wanted == 2);
    f = cell_feature_at(cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY), 1);
    CHECK_SPAN(f.name, "video");
    CHECK(f.used == 1 && f.wanted == 0);
    f = cell_feature_at(cells_find(s, CELL_CUSTOMER, SPAN("b"), DAY), 0);
    CHECK(f.used == 0 && f.wanted == 1);
    CHECK_INT(cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY + 1)->feature_count, 0);
    cells_free(s);
}

TEST(aggregate_gives_a_feature_record_no_leg)
{
    const struct span features[] = {SPAN("poll")};
    struct cells *s = cells_new();
    struct record r = leg("a", AT(8, 0, 0), 300, OUTCOME_OK);

    r.kind = KIND_FEATURE;
    r.features = features;
    r.feature_count = 1;
    put(&r, FIELD_REGION, "eu");
    aggregate_record(s, NULL, &r);
    CHECK_INT(slots_of(s, CELL_CUSTOMER, "a", DAY), 0);
    CHECK_INT(cell_feature_at(cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY), 0).used, 1);
    SLOT(CELL_FEATURE, "poll", DAY, 0, 1, 0, 0);
    CHECK_INT(distinct(s, CELL_FEATURE, "poll", DAY, SKETCH_PEOPLE), 0);
    CHECK_INT(distinct(s, CELL_FEATURE, "poll", DAY, SKETCH_SECOND), 1);
    CHECK_INT(cells_count(s), 2);
    cells_free(s);
}

TEST(aggregate_counts_a_contact_in_its_service_only)
{
    const struct span features[] = {SPAN("poll")};
    struct cells *s = cells_new();
    struct record r = leg("a", AT(9, 29, 59), 700, OUTCOME_OK);

    r.kind = KIND_CONTACT;
    r.wait = 31;
    r.handle = 200;
    r.features = features;
    r.feature_count = 1;
    put(&r, FIELD_SERVICE, "operator");
    put(&r, FIELD_PARTICIPANT, "ann");
    put(&r, FIELD_REGION, "eu");
    aggregate_record(s, NULL, &r);
    SLOT(CELL_SERVICE, "operator", DAY, 37, 1, 1, 0, 200, 31);
    r.outcome = OUTCOME_ABANDONED; /* a service time on an abandoned call does not count */
    aggregate_record(s, NULL, &r);
    SLOT(CELL_SERVICE, "operator", DAY, 37, 2, 1, 1, 200, 62);
    r.outcome = OUTCOME_FAILED;
    aggregate_record(s, NULL, &r);
    SLOT(CELL_SERVICE, "operator", DAY, 37, 3, 1, 2, 200, 93);
    CHECK_INT(cells_count(s), 1);
    cells_free(s);
}

TEST(aggregate_derives_workload_from_features)
{
    const struct workload_rule rule = {SPAN("operator_assist"), SPAN("operator")};
    const struct aggregate_options opt = {&rule, 1, false};
    const struct span features[] = {SPAN("rec"), SPAN("operator_assist")};
    struct cells *s = cells_new();
    struct record r = leg("a", AT(23, 59, 0), 600, OUTCOME_OK);

    r.features = features;
    r.feature_count = 2;
    r.wait = 5;
    aggregate_record(s, &opt, &r);
    SLOT(CELL_WORKLOAD, "operator", DAY, 95, 1, 1, 0, 600, 5);
    r.outcome = OUTCOME_REJECTED;
    aggregate_record(s, &opt, &r);
    SLOT(CELL_WORKLOAD, "operator", DAY, 95, 2, 1, 1, 600, 10);
    CHECK(!cells_find(s, CELL_SERVICE, SPAN("operator"), DAY));
    cells_free(s);
}

static int64_t
part_of(const struct cells *s, const char *name, bool wanted)
{
    const struct cell *c = cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY);

    for (unsigned i = 0; i < c->feature_count; i++) {
        struct cell_feature f = cell_feature_at(c, i);

        if (span_is(f.name, name))
            return wanted ? f.wanted : f.used;
    }
    return 0;
}

TEST(aggregate_counts_legs_by_region_and_people)
{
    const struct aggregate_options opt = {NULL, 0, true};
    const struct span features[] = {SPAN("rec")};
    struct cells *s = cells_new(), *again = cells_new();
    struct record r = leg("a", AT(9, 0, 0), 600, OUTCOME_OK);
    struct buf values = {0};
    struct cell_view v = {.kind = CELL_CUSTOMER};
    struct error err;

    r.people = PEOPLE_ADDRESS;
    r.features = features;
    r.feature_count = 1;
    aggregate_record(s, &opt, &r); /* without a region */
    r.has |= FIELD_BIT(FIELD_REGION);
    r.text[FIELD_REGION] = SPAN("a region with a long name");
    aggregate_record(s, &opt, &r);
    aggregate_record(s, &opt, &r);
    r.people = PEOPLE_OWN;
    r.outcome = OUTCOME_REJECTED;
    aggregate_record(s, &opt, &r);
    r.kind = KIND_FEATURE; /* is no leg */
    aggregate_record(s, &opt, &r);
    CHECK_INT(part_of(s,
                      "\1"
                      "2",
                      false),
              1);
    CHECK_INT(part_of(s,
                      "\1"
                      "2a region with a long name",
                      false),
              2);
    CHECK_INT(part_of(s,
                      "\1"
                      "1a region with a long name",
                      true),
              1);
    aggregate_record(again, NULL, &r);
    CHECK_INT(cells_find(again, CELL_CUSTOMER, SPAN("a"), DAY)->feature_count, 1);
    /* Readers see features and parts apart, and nothing is lost on the way. */
    cell_encode(cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY), &values);
    CHECK(cell_view_read(&v, span_of(values.p, values.n), &err) == ST_OK);
    CHECK_INT(v.feature_count, 1);
    CHECK_INT(v.part_count, 3);
    CHECK_SPAN(v.features[0].name, "rec");
    CHECK(is_part(v.parts[0].name) && is_part(v.parts[2].name));
    CHECK(cell_decode_add(cells_get(again, CELL_CUSTOMER, SPAN("a"), DAY),
                          span_of(values.p, values.n), &err) == ST_OK);
    CHECK_INT(part_of(again,
                      "\1"
                      "2a region with a long name",
                      false),
              2);
    cell_view_clear(&v);
    buf_clear(&values);
    cells_free(s);
    cells_free(again);
}

TEST(aggregate_works_before_1970)
{
    struct cells *s = cells_new();
    struct record r = leg("a", -1, 2, OUTCOME_OK);

    aggregate_record(s, NULL, &r);
    SLOT(CELL_CUSTOMER, "a", -1, 95, 1, 1, 0);
    SLOT(CELL_CUSTOMER, "a", 0, 0, 0, 1, 0);
    cells_free(s);
}

/* --- many records: a batch counts what single records count, and no second is lost --- */

enum { MANY = 20000 };

struct crowd {
    struct record record[MANY];
    const struct record *each[MANY];
    char text[MANY][4][32];
    struct span features[MANY][3];
};

static uint64_t
next_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static struct crowd *
make_crowd(uint64_t seed)
{
    static const enum record_kind kinds[] = {KIND_LEG, KIND_LEG, KIND_LEG, KIND_FEATURE,
                                             KIND_CONTACT};
    static const enum field fields[] = {FIELD_CUSTOMER, FIELD_PARTICIPANT, FIELD_CONFERENCE,
                                        FIELD_SERVICE};
    static const struct span features[] = {SPAN("rec"), SPAN("video"), SPAN("poll"),
                                           SPAN("chat and more")};
    struct crowd *c = calloc(1, sizeof *c);

    for (int i = 0; i < MANY; i++) {
        struct record *r = &c->record[i];
        uint64_t x = next_random(&seed);

        c->each[i] = r;
        r->kind = kinds[x % 5];
        r->outcome = (enum outcome)(x >> 8 & 3);
        r->start = AT(0, 0, 0) + (int64_t)(next_random(&seed) % (3 * DAY_SECONDS));
        r->duration = (uint32_t)(next_random(&seed) % (i % 50 ? 5000 : 5 * DAY_SECONDS));
        r->wait = x >> 12 & 63;
        r->handle = x >> 20 & 255;
        for (int k = 0; k < 4; k++) {
            snprintf(c->text[i][k], 32, "%c%d", "cpks"[k],
                     (int)(next_random(&seed) % (k == 3 ? 5 : 300)));
            put(r, fields[k], c->text[i][k]);
        }
        if (x >> 30 & 1)
            put(r, FIELD_REGION, x >> 31 & 1 ? "eu" : "us");
        r->features = c->features[i];
        r->feature_count = x >> 40 & 3;
        for (uint32_t k = 0; k < r->feature_count; k++)
            c->features[i][k] = features[next_random(&seed) % 4];
    }
    return c;
}

TEST(aggregate_batch_counts_as_single_records_do)
{
    const struct workload_rule rule = {SPAN("poll"), SPAN("polls")};
    const struct aggregate_options opt = {&rule, 1, false};
    struct crowd *crowd = make_crowd(3);
    struct cells *s = cells_new(), *t = cells_new();
    struct buf a = {0}, b = {0};
    struct cell *c;

    for (int i = 0; i < MANY; i++)
        aggregate_record(s, &opt, &crowd->record[i]);
    aggregate_batch(t, &opt, crowd->each, MANY, NULL);
    CHECK_INT(cells_count(s), cells_count(t));
    CELLS_EACH (s, c) {
        const struct cell *d = cells_find(t, (enum cell_kind)c->kind, c->name, c->day);

        CHECK(d != NULL);
        buf_reset(&a);
        buf_reset(&b);
        cell_encode(c, &a);
        cell_encode(d, &b);
        CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    }
    buf_clear(&a);
    buf_clear(&b);
    cells_free(s);
    cells_free(t);
    free(crowd);
}

TEST(aggregate_loses_no_second_and_no_leg)
{
    struct crowd *crowd = make_crowd(4);
    struct cells *s = cells_new();
    int64_t want[CUSTOMER_COLUMNS] = {0}, got[CUSTOMER_COLUMNS] = {0}, v[SERVICE_COLUMNS];
    int64_t begun = 0, ended = 0, regions = 0;
    struct cell *c;

    for (int i = 0; i < MANY; i++) {
        const struct record *r = &crowd->record[i];
        bool ok = r->outcome == OUTCOME_OK;

        if (r->kind != KIND_LEG)
            continue;
        want[CUSTOMER_LEGS] += ok;
        want[CUSTOMER_FAILED] += !ok;
        want[CUSTOMER_SECONDS] += ok ? r->duration : 0;
        regions += ok && (r->has & FIELD_BIT(FIELD_REGION));
    }
    aggregate_batch(s, NULL, crowd->each, MANY, NULL);
    CELLS_EACH (s, c) {
        cell_sum(c, v);
        for (int k = 0; c->kind == CELL_CUSTOMER && k < CUSTOMER_COLUMNS; k++)
            got[k] += v[k];
        if (c->kind == CELL_REGION) {
            begun += v[REGION_BEGUN];
            ended += v[REGION_ENDED];
        }
    }
    for (int k = 0; k < CUSTOMER_COLUMNS; k++)
        CHECK_INT(got[k], want[k]);
    CHECK_INT(begun, regions);
    CHECK_INT(ended, regions);
    cells_free(s);
    free(crowd);
}

/* --- days so busy that cells change their form --- */

#define BUSY_DAYS 3

struct busy { /* the truth, from first principles: what of each leg lies in each quarter */
    int64_t quarter[BUSY_DAYS * 96][CUSTOMER_COLUMNS];
    int64_t minute[BUSY_DAYS * 1440][REGION_COLUMNS];
    bool touched[BUSY_DAYS * 96];
};

static void
count_plainly(struct busy *m, int64_t begin, int64_t seconds, bool ok)
{
    int64_t end = begin + seconds;

    m->quarter[begin / 900][ok ? CUSTOMER_LEGS : CUSTOMER_FAILED]++;
    m->touched[begin / 900] = true;
    if (!ok)
        return;
    m->minute[begin / 60][REGION_BEGUN]++;
    m->minute[end / 60][REGION_ENDED]++;
    for (int64_t q = 0; q < BUSY_DAYS * 96; q++) {
        int64_t from = begin > q * 900 ? begin : q * 900;
        int64_t to = end < (q + 1) * 900 ? end : (q + 1) * 900;

        m->quarter[q][CUSTOMER_SECONDS] += to > from ? to - from : 0;
        m->touched[q] |= to > from;
    }
}

static void
check_busy(struct cells *s, const struct busy *m)
{
    struct cell_slot got;

    for (int day = 0; day < BUSY_DAYS; day++) {
        struct cell *c = cells_find(s, CELL_CUSTOMER, SPAN("a"), DAY + day);
        struct cell *l = cells_find(s, CELL_REGION, SPAN("r"), DAY + day);

        for (unsigned q = 0; q < 96; q++) {
            CHECK_INT(c && cell_find_slot(c, q, &got), m->touched[day * 96 + q]);
            for (int k = 0; c && k < CUSTOMER_COLUMNS; k++)
                CHECK_INT(got.v[k], m->quarter[day * 96 + q][k]);
        }
        for (unsigned i = 0; i < 1440; i++) {
            const int64_t *want = m->minute[day * 1440 + i];

            CHECK_INT(l && cell_find_slot(l, i, &got), want[0] + want[1] > 0);
            for (int k = 0; l && k < REGION_COLUMNS; k++)
                CHECK_INT(got.v[k], want[k]);
        }
    }
}

TEST(aggregate_counts_busy_days_as_it_counts_quiet_ones)
{
    struct busy *m = calloc(1, sizeof *m);
    struct cells *s = cells_new();
    uint64_t x = 88172645463325252;

    for (int i = 1; i <= 40000; i++) {
        int64_t begin, seconds;
        struct record r;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        begin = (int64_t)(x % (2 * DAY_SECONDS));
        seconds = (int64_t)(x >> 40) % (x & 0x700000 ? 1200 : DAY_SECONDS);
        r = leg("a", (int64_t)DAY * DAY_SECONDS + begin, (uint32_t)seconds,
                x & 0x3800000 ? OUTCOME_OK : OUTCOME_FAILED);
        put(&r, FIELD_REGION, "r");
        aggregate_record(s, NULL, &r);
        count_plainly(m, begin, seconds, r.outcome == OUTCOME_OK);
        if ((i & (i - 1)) == 0)
            check_busy(s, m);
    }
    check_busy(s, m);
    free(m);
    cells_free(s);
}
