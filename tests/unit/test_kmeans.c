/*
 * test_kmeans.c - groups of the days of a bank's call centre in 1999 against reference values.
 */
#include "kmeans.h"
#include "usage_group.h"

#include "reference.h"

#define DAYS  365
#define HOURS 24

/* Calls by hour of each day; as roots of shares, so that distances are Hellinger's. */
static struct kmeans_points
load_days(void)
{
    static double v[DAYS * HOURS];
    const char *path = test_path("tests/data/ref/kmeans_dayprofiles_input.csv");
    struct kmeans_points p = {v, 0, HOURS};
    char line[4096];
    FILE *f;

    f = fopen(path, "r");
    CHECK(f != NULL);
    while (fgets(line, sizeof line, f)) {
        double *day = v + p.count * HOURS, sum = 0;
        char *at = line;

        CHECK(p.count < DAYS);
        for (int h = 0; h < HOURS; h++) {
            day[h] = strtod(at, &at);
            sum += day[h];
            at += *at == ',';
        }
        for (int h = 0; h < HOURS; h++)
            day[h] = sqrt(day[h] / sum);
        p.count++;
    }
    fclose(f);
    return p;
}

/* A year that began on a Friday, where Friday is half a day of rest and Saturday one. */
static const uint8_t *
kind_of_day(void)
{
    static uint8_t kind[DAYS];

    for (int d = 0; d < DAYS; d++)
        kind[d] = d % 7 < 2 ? (uint8_t)(1 + d % 7) : 0;
    return kind;
}

/* Not compared: silhouettes, which callswell does not reckon, and how many of the other program's
 * starts found its best. */
TEST(the_best_of_fifty_starts_is_the_reference)
{
    struct kmeans_points p = load_days();
    struct reference r;

    CHECK_INT(p.count, DAYS);
    reference_open(&r, test_path("tests/data/ref/kmeans_dayprofiles_anonbank.csv"));
    while (reference_next(&r)) {
        struct kmeans m;
        char sizes[64] = "";

        kmeans_fit(&m, &p, (unsigned)N("k"), 50, 1);
        /* One of its fifty starts found the reference's six groups; there are better ones. */
        CHECK(m.k == 6 ? m.inertia <= N("best_inertia_50_seeds")
                       : fabs(m.inertia / N("best_inertia_50_seeds") - 1) < 1e-8);
        for (unsigned j = 0; j < m.k; j++)
            snprintf(sizes + strlen(sizes), sizeof sizes - strlen(sizes), "%s%zu", j ? "|" : "",
                     m.size[j]);
        if (m.k < 6) {
            CHECK_STR(sizes, reference_text(&r, "cluster_sizes_desc"));
            CHECK_NEAR(kmeans_agreement(m.label, kind_of_day(), DAYS), N("ari_vs_daytype"), 1e-6);
            CHECK_NEAR(kmeans_stability(&m, &p, 1), N("stability_mean_ari_80pct"), 0.01);
        }
        kmeans_clear(&m);
    }
    CHECK_INT(r.rows, 5);
}

TEST(four_groups_are_the_most_that_are_found_again)
{
    struct kmeans_points p = load_days();
    struct kmeans m, again;
    double stability;

    CHECK_INT(kmeans_choose(&m, &p, 50, 1, &stability), 4);
    CHECK(stability > 0.99 && stability <= 1);
    CHECK_INT(kmeans_choose(&again, &p, 50, 1, &stability), 4); /* and the same ones */
    CHECK(memcmp(m.label, again.label, p.count) == 0);
    kmeans_clear(&m);
    kmeans_clear(&again);
    /* Five are found again as well, but one of them is a single day. */
    kmeans_fit(&m, &p, 5, 50, 1);
    CHECK(kmeans_stability(&m, &p, 1) > 0.95);
    CHECK_INT(m.size[4], 1);
    kmeans_clear(&m);
}

TEST(agreement_is_one_for_the_same_and_none_for_chance)
{
    /* The example of Hubert and Arabie's index in scikit-learn's documentation, and its corners. */
    const uint8_t a[] = {0, 0, 1, 1}, b[] = {1, 1, 0, 0}, c[] = {0, 0, 1, 2}, d[] = {0, 1, 0, 1};

    CHECK_NEAR(kmeans_agreement(a, a, 4), 1, 1e-12);
    CHECK_NEAR(kmeans_agreement(a, b, 4), 1, 1e-12);
    CHECK_NEAR(kmeans_agreement(c, a, 4), 0.5714285714, 1e-9);
    CHECK_NEAR(kmeans_agreement(a, d, 4), -0.5, 1e-9);
    CHECK_NEAR(kmeans_agreement(a, b, 1), 1, 0);
}

TEST(points_without_groups_have_none)
{
    double v[200 * 2];
    struct kmeans_points p = {v, 200, 2};
    struct kmeans m;
    uint64_t seed = 3;
    double stability;

    for (int i = 0; i < 400; i++) { /* a round cloud: every cut through it is as good */
        v[i] = 0;
        for (int k = 0; k < 12; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            v[i] += (double)(seed >> 11) * 0x1p-53;
        }
    }
    CHECK_INT(kmeans_choose(&m, &p, 20, 1, &stability), 0);
}

TEST(equal_points_and_few_of_them_are_no_trouble)
{
    double v[5 * 2] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, stability;
    struct kmeans_points p = {v, 5, 2};
    struct kmeans m;

    kmeans_fit(&m, &p, 3, 4, 1);
    CHECK_NEAR(m.inertia, 0, 0);
    kmeans_clear(&m);
    p.count = 1;
    CHECK_INT(kmeans_choose(&m, &p, 4, 1, &stability), 0);
}

static void
put(int64_t *legs, int from_day, int to_day, int from, int to, int64_t n)
{
    for (int d = from_day; d < to_day; d++)
        for (int h = from; h < to; h++)
            legs[d * 24 + h] += n;
}

enum { FRIDAY = 1 << 4, SATURDAY = 1 << 5, SUNDAY = 1 << 6 };

static const char *
called(const int64_t *legs, unsigned weekend)
{
    double point[USAGE_HOURS];
    struct usage_shape s;

    usage_point(legs, point);
    s = usage_shape(point, weekend);
    return usage_base(&s);
}

TEST(groups_are_named_by_their_hours)
{
    int64_t office[USAGE_HOURS] = {0}, evening[USAGE_HOURS] = {0}, night[USAGE_HOURS] = {0};
    int64_t weekend[USAGE_HOURS] = {0}, mixed[USAGE_HOURS] = {0}, none[USAGE_HOURS] = {0};
    int64_t gulf[USAGE_HOURS] = {0};
    double point[USAGE_HOURS];
    struct usage_shape s;

    put(office, 0, 5, 8, 18, 10);
    put(office, 0, 7, 18, 23, 5);
    office[14] += 1;
    put(evening, 0, 7, 18, 23, 10);
    put(evening, 0, 5, 8, 18, 5);
    put(night, 0, 5, 1, 3, 10);
    put(night, 0, 5, 9, 12, 10);
    put(weekend, 5, 7, 8, 18, 10);
    put(weekend, 0, 5, 8, 18, 4);
    put(mixed, 0, 7, 0, 24, 1);
    CHECK_STR(called(office, SATURDAY | SUNDAY), "office");
    CHECK_STR(called(evening, SATURDAY | SUNDAY), "evening");
    CHECK_STR(called(night, SATURDAY | SUNDAY), "night");
    CHECK_STR(called(weekend, SATURDAY | SUNDAY), "weekend");
    CHECK_STR(called(none, SATURDAY | SUNDAY), "mixed");
    CHECK_STR(called(weekend, 0), "office");
    put(gulf, 0, 7, 8, 18, 4);
    put(gulf, 4, 6, 8, 18, 6);
    CHECK_STR(called(gulf, SATURDAY | SUNDAY), "office");
    CHECK_STR(called(gulf, FRIDAY | SATURDAY), "weekend");
    usage_point(mixed, point);
    s = usage_shape(point, SATURDAY | SUNDAY);
    CHECK_NEAR(s.office, 50.0 / 168, 1e-12);
    CHECK_NEAR(s.weekend, 2.0 / 7, 1e-12);
    CHECK_STR(usage_base(&s), "night"); /* seven of twenty-four hours are */
    usage_point(office, point);
    CHECK_INT(usage_shape(point, SATURDAY | SUNDAY).peak, 14);
}

TEST(groups_keep_the_name_of_those_they_share_most_with)
{
    /* The first new group is most of the second old one, and so on; the third is new. */
    const size_t overlap[] = {5, 90, 0, 70, 10, 0, 20, 10, 5};
    uint8_t may[9];
    int got[3];

    memset(may, 1, sizeof may);
    usage_match(overlap, may, 3, 3, got);
    CHECK_INT(got[0], 1);
    CHECK_INT(got[1], 0);
    CHECK_INT(got[2], 2); /* all of the third old one, small as it is */
    may[1] = 0;           /* other hours: not the same group, whoever is in it */
    usage_match(overlap, may, 3, 3, got);
    CHECK_INT(got[0], -1);
    usage_match(overlap, may, 2, 0, got);
    CHECK_INT(got[0], -1);
}
