/*
 * test_attribution.c - tests for decompositions against the worked cube, and for their sums.
 */
#include "attribution.h"

#include "draw.h"
#include "reference.h"

/* --- the cube of 36 cells --- */

#define CUBE_CELLS 36
#define DIMENSIONS 4

static const char *const dimensions[DIMENSIONS] = {"feature", "region", "daypart", "mix"};

struct cube_cell {
    char name[DIMENSIONS][16];
    double calls[2], minutes[2];
};

static struct cube_cell cube[CUBE_CELLS];

static void
read_cube(void)
{
    struct reference r;
    int n = 0;

    reference_open(&r, test_path("tests/data/ref/attribution_cube.csv"));
    while (reference_next(&r)) {
        for (int d = 0; d < DIMENSIONS; d++)
            snprintf(cube[n].name[d], 16, "%s", reference_text(&r, dimensions[d]));
        cube[n].calls[0] = N("calls0");
        cube[n].calls[1] = N("calls1");
        cube[n].minutes[0] = N("minutes0");
        cube[n++].minutes[1] = N("minutes1");
    }
    CHECK_INT(n, CUBE_CELLS);
}

/* Sums over the cells that have both names; NULL is any. */
static void
sum_cube(int a, const char *first, int b, const char *second, double calls[2], double minutes[2])
{
    for (int k = 0; k < 2; k++)
        calls[k] = minutes[k] = 0;
    for (int i = 0; i < CUBE_CELLS; i++)
        if ((!first || strcmp(cube[i].name[a], first) == 0) &&
            (!second || strcmp(cube[i].name[b], second) == 0))
            for (int k = 0; k < 2; k++) {
                calls[k] += cube[i].calls[k];
                minutes[k] += cube[i].minutes[k];
            }
}

static size_t
elements_of(int d, struct attribution_element *e)
{
    size_t n = 0;

    for (int i = 0; i < CUBE_CELLS; i++) {
        double calls[2], minutes[2];
        size_t k = 0;

        while (k < n && strcmp(e[k].name, cube[i].name[d]) != 0)
            k++;
        if (k < n)
            continue;
        sum_cube(d, cube[i].name[d], 0, NULL, calls, minutes);
        e[n++] = (struct attribution_element){cube[i].name[d], calls[0], calls[1], 0, 0, 0};
    }
    attribution_score(e, n, 4500, 5076);
    return n;
}

TEST(elements_are_scored_as_published)
{
    struct reference r;

    read_cube();
    reference_open(&r, test_path("tests/data/ref/attribution_adtributor_elements.csv"));
    while (reference_next(&r)) {
        struct attribution_element e = {"", N("calls0"), N("calls1"), 0, 0, 0};

        attribution_score(&e, 1, 4500, 5076);
        CHECK_NEAR(e.power, N("explanatory_power"), 1e-9);
        CHECK(fabs(e.surprise - N("surprise_js_log2")) < 1e-12);
    }
    CHECK_INT(r.rows, 10);
}

TEST(dimensions_explain_in_the_order_of_their_surprise)
{
    struct attribution_element e[DIMENSIONS][8];
    struct attribution_dimension d[DIMENSIONS];
    struct reference r;

    read_cube();
    for (int i = 0; i < DIMENSIONS; i++)
        d[i] = (struct attribution_dimension){
            .name = dimensions[i], .element = e[i], .count = elements_of(i, e[i])};
    attribution_explain(d, DIMENSIONS);
    reference_open(&r, test_path("tests/data/ref/attribution_adtributor_candidates.csv"));
    while (reference_next(&r)) {
        const struct attribution_dimension *got = &d[(int)N("rank") - 1];
        char names[64] = "";

        for (size_t i = 0; i < got->named; i++)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? "|" : "",
                     got->element[i].name);
        CHECK_STR(got->name, reference_text(&r, "dimension"));
        CHECK_STR(names, reference_text(&r, "elements"));
        CHECK(fabs(got->surprise - N("surprise")) < 1e-12);
        CHECK_NEAR(got->power, N("explanatory_power"), 1e-9);
    }
    CHECK_INT(r.rows, DIMENSIONS);
}

static int
dimension_of(const char *name)
{
    int d = 0;

    while (strcmp(dimensions[d], name) != 0)
        d++;
    return d;
}

TEST(a_pair_is_preferred_when_it_says_as_much)
{
    struct reference r;
    int preferred = 0;

    read_cube();
    reference_open(&r, test_path("tests/data/ref/attribution_pairs_top10.csv"));
    while (reference_next(&r)) {
        int a = dimension_of(reference_text(&r, "dim1")),
            b = dimension_of(reference_text(&r, "dim2"));
        const char *first = reference_text(&r, "el1"), *second = reference_text(&r, "el2");
        struct attribution_element e[3] = {{.name = "both"}, {.name = first}, {.name = second}};
        double calls[2], minutes[2];

        sum_cube(a, first, b, second, calls, minutes);
        e[0].before = calls[0], e[0].after = calls[1];
        sum_cube(a, first, b, NULL, calls, minutes);
        e[1].before = calls[0], e[1].after = calls[1];
        sum_cube(a, NULL, b, second, calls, minutes);
        e[2].before = calls[0], e[2].after = calls[1];
        attribution_score(e, 3, 4500, 5076);
        CHECK_NEAR(e[0].power, N("explanatory_power"), 1e-9);
        CHECK(fabs(e[0].surprise - N("surprise")) < 1e-12);
        if (attribution_pair_says_it(e[0].power, e[1].power, e[2].power)) {
            CHECK_STR(first, "screenshare");
            CHECK_STR(second, "APAC");
            preferred++;
        }
    }
    CHECK_INT(preferred, 1);
}

TEST(no_change_has_no_cause)
{
    struct attribution_element e[] = {{"a", 5, 5, 0, 0, 0}, {.name = "b"}};
    struct attribution_dimension d = {"x", e, 2, 0, 0, 0};

    attribution_score(e, 2, 5, 5);
    attribution_explain(&d, 1);
    CHECK_INT(d.named, 0);
    CHECK(e[0].power == 0 && e[0].surprise == 0);
    attribution_score(e, 2, 0, 0);
    CHECK(e[0].power == 0 && isfinite(e[0].surprise));
}

TEST(a_ratio_is_explained_by_what_moved_it)
{
    /* Minutes a leg rise from 10 to 15, all of it in b. */
    struct attribution_element e[] = {{.name = "a"}, {.name = "b"}};
    struct attribution_ratio parts[] = {{{1000, 100}, {1000, 100}}, {{1000, 100}, {2000, 100}}};

    attribution_score_ratio(e, parts, 2);
    CHECK_NEAR(e[0].power, 0, 1e-12);
    CHECK_NEAR(e[1].power, 1, 1e-12);
    CHECK(e[1].surprise > 0);
    /* Fewer legs with the same minutes raise it, too. By hand: a (0 - (-50) 2000) / (200 150). */
    parts[0] = (struct attribution_ratio){{1000, 100}, {1000, 50}};
    parts[1] = (struct attribution_ratio){{1000, 100}, {1100, 100}};
    attribution_score_ratio(e, parts, 2);
    CHECK_NEAR(e[0].power, (100000.0 / 30000) / (100000.0 / 30000 + 20000.0 / 40000), 1e-12);
    CHECK_NEAR(e[0].power + e[1].power, 1, 1e-12);
}

/* --- exact parts --- */

TEST(factors_add_up_as_published)
{
    struct reference r;
    double sums[4] = {0};

    reference_open(&r, test_path("tests/data/ref/attribution_lmdi.csv"));
    while (reference_next(&r)) {
        double u0 = N("users0"), u1 = N("users1"), c0 = N("calls0"), c1 = N("calls1");
        struct attribution_chain c = {.before = {u0, c0 / u0, N("minutes0") / c0},
                                      .after = {u1, c1 / u1, N("minutes1") / c1},
                                      .count = 3};

        if (strcmp(reference_text(&r, "region"), "TOTAL") == 0) {
            CHECK_NEAR(sums[0], N("effect_users"), 1e-9);
            CHECK_NEAR(sums[1], N("effect_calls_per_user"), 1e-9);
            CHECK_NEAR(sums[2], N("effect_minutes_per_call"), 1e-9);
            CHECK_NEAR(sums[3], N("delta"), 1e-12);
            continue;
        }
        attribution_factors(&c);
        CHECK_NEAR(c.effect[0], N("effect_users"), 1e-9);
        CHECK_NEAR(c.effect[1], N("effect_calls_per_user"), 1e-9);
        CHECK_NEAR(c.effect[2], N("effect_minutes_per_call"), 1e-9);
        CHECK(c.whole == 0);
        for (int i = 0; i < 3; i++)
            sums[i] += c.effect[i];
        sums[3] += c.effect[0] + c.effect[1] + c.effect[2];
    }
    CHECK_INT(r.rows, 4);
}

TEST(factors_add_up_at_the_edges)
{
    struct attribution_chain none = {.before = {0, 0}, .after = {5, 3}, .count = 2};
    struct attribution_chain same = {.before = {5, 3}, .after = {3, 5}, .count = 2};
    struct attribution_chain near = {.before = {5, 3}, .after = {5, 3.0000001}, .count = 2};

    attribution_factors(&none);
    CHECK(none.whole == 15 && none.effect[0] == 0 && none.effect[1] == 0);
    attribution_factors(&same);
    CHECK_NEAR(same.effect[0], -same.effect[1], 1e-12);
    attribution_factors(&near);
    CHECK(fabs(near.effect[1] - 5e-7) < 1e-12 && near.effect[0] == 0);
}

TEST(mix_and_rate_add_up_as_published)
{
    struct reference r;
    struct attribution_segment s[8];
    struct attribution_mix all;
    size_t n = 0;
    int totals = 0;

    read_cube();
    reference_open(&r, test_path("tests/data/ref/attribution_mix_rate.csv"));
    while (reference_next(&r)) {
        const char *element = reference_text(&r, "element");
        int d = dimension_of(reference_text(&r, "dimension"));
        double calls[2], minutes[2], mix = N("mix_effect"), rate = N("rate_effect");

        if (strcmp(element, "TOTAL") == 0) {
            attribution_mix(s, n, &all);
            CHECK_NEAR(all.mix, mix, 1e-9);
            CHECK_NEAR(all.rate, rate, 1e-9);
            CHECK_NEAR(all.mix + all.rate, all.after - all.before, 1e-12);
            CHECK(!all.only_mix);
            n = 0;
            totals++;
            continue;
        }
        sum_cube(d, element, 0, NULL, calls, minutes);
        for (int i = 0; i < 2; i++)
            CHECK_NEAR(minutes[i] / calls[i], N(i ? "rate1" : "rate0"), 1e-9);
        s[n++] = (struct attribution_segment){calls[0], minutes[0], calls[1], minutes[1], 0, 0};
    }
    CHECK_INT(totals, DIMENSIONS);
}

TEST(a_total_that_moves_against_all_its_parts_is_mix)
{
    struct reference r;
    struct attribution_segment s[2];
    struct attribution_mix all;
    double mix[2], rate[2];
    size_t n = 0;

    reference_open(&r, test_path("tests/data/ref/attribution_simpson.csv"));
    while (reference_next(&r)) {
        if (n < 2) {
            s[n] = (struct attribution_segment){N("n0"), N("m0"), N("n1"), N("m1"), 0, 0};
            mix[n] = N("mix");
            rate[n++] = N("rate");
            continue;
        }
        attribution_mix(s, n, &all);
        CHECK_NEAR(all.mix, N("mix"), 1e-9);
        CHECK_NEAR(all.rate, N("rate"), 1e-9);
        CHECK_NEAR(all.before, N("rate0"), 1e-9);
        CHECK_NEAR(all.after, N("rate1"), 1e-9);
    }
    for (size_t i = 0; i < 2; i++) {
        CHECK_NEAR(s[i].mix, mix[i], 1e-9);
        CHECK_NEAR(s[i].rate, rate[i], 1e-9);
    }
    CHECK(all.only_mix);
    s[0].amount1 = s[0].amount0 * 4 * 0.9; /* its own rate falls as well */
    attribution_mix(s, 2, &all);
    CHECK(!all.only_mix);
}

TEST(a_segment_of_one_period_is_all_mix)
{
    struct attribution_segment s[] = {{100, 1000, 100, 1000, 0, 0}, {0, 0, 50, 2000, 0, 0}};
    struct attribution_mix all;

    attribution_mix(s, 2, &all);
    CHECK_NEAR(all.mix, 10, 1e-12);
    CHECK(s[1].rate == 0 && all.rate == 0);
    s[0].weight0 = 0;
    attribution_mix(s, 2, &all);
    CHECK(isnan(all.before) && all.mix == 0);
}

TEST(the_population_adds_up)
{
    struct attribution_population p = {0};
    double before = 0, after = 0;

    draw_seed(3);
    for (int i = 0; i < 1000; i++) {
        double b = (double)(draw_poisson(1) * 3), a = (double)(draw_poisson(1) * 4);

        attribution_population_add(&p, b, a, i % 3 == 0);
        before += b;
        after += a;
    }
    CHECK_NEAR(p.fresh + p.resurrected - p.lost + p.expansion - p.contraction, after - before, 0);
    CHECK(p.fresh > 0 && p.resurrected > 0 && p.lost > 0 && p.expansion > 0 && p.contraction > 0);
    CHECK(p.fresh_count > p.resurrected_count);
}
