/*
 * test_rfm.c - scores and segments of 2,357 real customers, and the corner cases.
 */
#include "segment.h"

#include "reference.h"

/* How many are in the row's segment, and what they are like on average. */
static void
check_segment(const struct reference *row, const struct rfm_input *in, const struct rfm_score *got,
              size_t n)
{
    double count = 0, days = 0, orders = 0, value = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(rfm_segment_name(got[i].segment), reference_text(row, "seg")) == 0) {
            count++;
            days += in[i].recency_days;
            orders += in[i].frequency;
            value += in[i].value;
        }
    CHECK_INT(count, reference_number(row, "n"));
    CHECK(fabs(days / count - reference_number(row, "R")) < 6e-5);
    CHECK(fabs(orders / count - reference_number(row, "F")) < 6e-5);
    CHECK(fabs(value / count - reference_number(row, "M")) < 6e-5);
}

TEST(rfm_scores_agree_for_every_customer_of_the_cdnow_sample)
{
    static struct rfm_input in[4096];
    static struct rfm_score want[4096], got[4096];
    static char segment[4096][16];
    struct reference r;
    size_t n = 0;

    reference_open(&r, test_path("tests/data/ref/rfm_cdnow_scores.csv"));
    while (reference_next(&r)) {
        in[n] = (struct rfm_input){N("R"), N("F"), N("M")};
        want[n].r = (uint8_t)N("r");
        want[n].f = (uint8_t)N("f");
        want[n].m = (uint8_t)N("m");
        snprintf(segment[n++], sizeof segment[0], "%s", reference_text(&r, "seg"));
    }
    CHECK_INT(n, 2357);
    rfm_scores(in, n, got);
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(got[i].r, want[i].r);
        CHECK_INT(got[i].f, want[i].f);
        CHECK_INT(got[i].m, want[i].m);
        CHECK_STR(rfm_segment_name(got[i].segment), segment[i]);
    }
    reference_open(&r, test_path("tests/data/ref/rfm_cdnow_segments.csv"));
    while (reference_next(&r))
        check_segment(&r, in, got, n);
}

TEST(equal_customers_get_equal_scores)
{
    struct rfm_input in[7];
    struct rfm_score out[7];

    for (int i = 0; i < 7; i++)
        in[i] = (struct rfm_input){3, 2, 50};
    rfm_scores(in, 7, out);
    for (int i = 0; i < 7; i++) {
        /* Mid-rank of all equal: 1 + floor(5 / 2). */
        CHECK_INT(out[i].r, 3);
        CHECK_INT(out[i].f, 3);
        CHECK_INT(out[i].m, 3);
        CHECK_STR(rfm_segment_name(out[i].segment), "steady_low");
    }
    rfm_scores(in, 1, out);
    CHECK_INT(out[0].m, 3);
    rfm_scores(in, 0, out);
}

TEST(values_that_are_no_numbers_rank_last)
{
    struct rfm_input in[] = {{1, 9, NAN}, {2, 8, 5}, {3, 7, 6}, {4, 6, 7}, {5, 5, 8}};
    struct rfm_score out[5];

    rfm_scores(in, 5, out);
    CHECK_INT(out[0].m, 1);
    CHECK_INT(out[0].r, 5);
    CHECK_INT(out[4].r, 1);
    CHECK_STR(rfm_segment_name(out[0].segment), "champion");
}

TEST(only_customers_of_weight_are_worth_a_call)
{
    /* Ten customers; the last two have been away longest and were frequent. */
    struct rfm_input in[10];
    struct rfm_score out[10];

    for (int i = 0; i < 8; i++)
        in[i] = (struct rfm_input){1 + i, 1, 10};
    in[8] = (struct rfm_input){90, 12, 500};
    in[9] = (struct rfm_input){95, 3, 500};
    rfm_scores(in, 10, out);
    CHECK_STR(rfm_segment_name(out[8].segment), "cant_lose");
    CHECK(out[8].worth_a_call);
    CHECK_STR(rfm_segment_name(out[9].segment), "cant_lose");
    CHECK(!out[9].worth_a_call); /* three active days are no habit */
    CHECK(!out[0].worth_a_call);
}

/* "recency 4-5 and active days 3": every pair of fifths fits the words of its segment only. */
static bool
fits(const char *rule, unsigned r, unsigned f)
{
    unsigned from[2], to[2];
    const char *at = rule;

    for (int i = 0; i < 2; i++) {
        at += strcspn(at, "12345");
        from[i] = to[i] = (unsigned)(*at++ - '0');
        if (*at == '-') {
            to[i] = (unsigned)(at[1] - '0');
            at += 2;
        }
    }
    return r >= from[0] && r <= to[0] && f >= from[1] && f <= to[1];
}

TEST(rules_in_words_are_the_rules)
{
    struct rfm_input in[25 * 4];
    struct rfm_score out[25 * 4];

    for (int i = 0; i < 100; i++)
        in[i] = (struct rfm_input){i % 5, i / 20, i};
    rfm_scores(in, 100, out);
    for (int i = 0; i < 100; i++)
        for (int s = 0; s < RFM_SEGMENTS; s++) {
            const char *rule = rfm_segment_rule(rfm_segment_name((enum rfm_segment)s));

            CHECK_INT(fits(rule, out[i].r, out[i].f), s == (int)out[i].segment);
        }
    CHECK(!rfm_segment_rule("best"));
}
