/*
 * test_matching.c - feeds whose format stops matching, and noisy ones that are so for ever.
 */
#include "test.h"

#include "../../daemon/pipeline/matching.h"

#define NOON 1772366400

/* Blocks of ten records, of which so many match, a second apart. */
static int64_t
feed(struct matching *m, int blocks, unsigned of_ten, int64_t now)
{
    for (int i = 0; i < blocks; i++) {
        for (unsigned k = of_ten; k < 10; k++)
            matching_reason(m, "start: missing");
        matching_note(m, 10, of_ten, now++);
    }
    return now;
}

TEST(matching_notices_a_change_in_the_middle_and_its_end)
{
    struct matching m = {0};
    int64_t now = feed(&m, 100, 10, NOON), changed = now;

    CHECK(m.windows > 0 && !m.since);
    now = feed(&m, 80, 0, now); /* the window at hand, and one of its own */
    CHECK(m.since > 0 && m.since >= changed - 40 && m.since <= changed + 40);
    CHECK(m.past > 0.99 && m.share <= 0.25);
    CHECK_STR(matching_commonest(&m), "start: missing");
    feed(&m, 80, 10, now);
    CHECK(!m.since);
}

TEST(matching_is_told_by_few_records_where_nearly_all_match)
{
    struct matching m = {0};
    int64_t now = feed(&m, 30, 10, NOON);

    for (int i = 0; i < 12 && !m.since; i++, now += 600) /* six an hour */
        matching_note(&m, 1, 0, now);
    CHECK(m.since > 0);
    for (int i = 0; i < 12 && m.since; i++, now += 600)
        matching_note(&m, 1, 1, now);
    CHECK(m.since == 0 || m.records > 0);
}

TEST(matching_hysteresis_half_of_what_was_is_neither)
{
    struct matching m = {0};
    int64_t now = feed(&m, 200, 10, NOON);

    now = feed(&m, 200, 4, now); /* worse, and not yet stopped */
    CHECK(!m.since);
    now = feed(&m, 100, 0, now);
    CHECK(m.since > 0);
    now = feed(&m, 200, 1, now); /* better, and not yet well */
    CHECK(m.since > 0);
    feed(&m, 100, 6, now);
    CHECK(!m.since);
}

/* While it does not match it does not get used to that. */
TEST(matching_keeps_the_past_while_it_does_not)
{
    struct matching m = {0};
    int64_t now = feed(&m, 200, 9, NOON), since;

    now = feed(&m, 100, 0, now);
    since = m.since;
    CHECK(since > 0);
    feed(&m, 100000, 0, now);
    CHECK_INT(m.since, since);
    CHECK(m.past > 0.85);
}

/* What is noisy from the start has a past that is. */
TEST(matching_does_not_flap_where_it_is_noisy)
{
    static const unsigned per_mille[] = {3, 10, 30, 70, 100, 200, 300, 500, 800, 900, 950, 990};
    uint64_t random = 88172645463325252u;

    for (size_t i = 0; i < sizeof per_mille / sizeof *per_mille; i++) {
        struct matching m = {0};
        int64_t now = NOON;
        unsigned changes = 0;

        for (int k = 0; k < 500000; k++) {
            int64_t before = m.since;

            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            matching_note(&m, 1, random % 1000 < per_mille[i], now);
            now += random % 16 == 0 ? 30 : 1; /* windows of time and of records */
            changes += (before == 0) != (m.since == 0);
        }
        if (changes > 2) /* one of the first hundred has to match by chance */
            test_fail(__FILE__, __LINE__, "%u in a thousand match: %u changes", per_mille[i],
                      changes);
        CHECK_INT(m.since, 0);
    }
}

TEST(matching_says_that_nothing_ever_did_until_something_does)
{
    struct matching m = {0};
    int64_t now = feed(&m, 9, 0, NOON);

    CHECK(!m.since && m.windows == 0);
    now = feed(&m, 1, 0, now);
    CHECK_INT(m.since, NOON);
    now = feed(&m, 1000, 0, now);
    CHECK_INT(m.since, NOON);
    matching_note(&m, 10, 1, now);
    CHECK(!m.since && m.windows == 0); /* what it is like is yet to be seen */
    feed(&m, 20, 1, now);
    CHECK(!m.since && m.windows > 0);
}

TEST(matching_names_the_commonest_of_many_reasons)
{
    struct matching m = {0};
    char why[32];

    for (int i = 0; i < 200; i++) {
        matching_reason(&m, "customer: missing");
        snprintf(why, sizeof why, "reason %d", i);
        matching_reason(&m, why);
    }
    CHECK_STR(matching_commonest(&m), "customer: missing");
    CHECK_STR(matching_commonest(&(struct matching){0}), "");
}
