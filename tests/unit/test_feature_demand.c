/*
 * test_feature_demand.c - the row of a feature: who is new, who never had it, whose it is, how sure
 * its rank is.
 */
#include "feature_period.h"
#include "passes.h"

#include <math.h>

/* Somebody is there on each of 150 days, so that months can be compared. */
static void
fill_days(struct book *b)
{
    for (int32_t day = TODAY - 150; day < TODAY; day++)
        book_leg(b, "filler", AT(day, 9, 0), 60, "filler", "k", NULL, OUTCOME_OK);
}

/* So many people, each on one day of [from, to) days ago, spread over so many customers. */
static void
use(struct book *b, const char *feature, int people, int first, int from, int to, int customers,
    enum outcome outcome)
{
    char who[48], customer[32];

    for (int i = first; i < first + people; i++) {
        snprintf(who, sizeof who, "%s %d", feature, i);
        snprintf(customer, sizeof customer, "customer %d", i % customers);
        book_leg(b, customer, AT(TODAY - from - i % (to - from), 10, 0), 60, who, "k", feature,
                 outcome);
    }
}

TEST(a_feature_that_grows_says_when_it_crosses_the_line)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    fill_days(&b);
    use(&b, "captions", 3000, 0, 1, 29, 50, OUTCOME_OK);
    use(&b, "captions", 1000, 3000, 29, 57, 50, OUTCOME_OK);
    /* As many now as before, half of them the same. */
    use(&b, "polls", 800, 0, 1, 29, 50, OUTCOME_OK);
    use(&b, "polls", 800, 400, 29, 57, 50, OUTCOME_OK);
    /* All of them were there already: no news, however many. */
    use(&b, "chat", 900, 0, 1, 29, 50, OUTCOME_OK);
    use(&b, "chat", 900, 0, 60, 88, 50, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT feature, abs(new_28d - 3000) < 80, abs(new_before_28d - 1000) < 40,"
                   " growth, growth_q < 0.001, julianday(crosses_on) - julianday('2026-11-22')"
                   " BETWEEN 53 AND 59 FROM feature_demand WHERE feature = 'captions'"),
              "captions|1|1|2.0|1|1");
    CHECK_STR(rows("SELECT abs(people_28d - 800) < 25, abs(new_28d - 400) < 25, crosses_on"
                   " FROM feature_demand WHERE feature = 'polls'"),
              "1|1|");
    CHECK_STR(rows("SELECT abs(people_28d - 900) < 25, abs(new_28d) < 15, growth IS NULL"
                   " FROM feature_demand WHERE feature = 'chat'"),
              "1|1|1");
    analyst_close(a);
    book_close(&b);
}

TEST(who_left_counts_against_the_growth)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    fill_days(&b);
    use(&b, "captions", 3000, 0, 1, 29, 50, OUTCOME_OK);
    use(&b, "captions", 1000, 3000, 29, 57, 50, OUTCOME_OK);
    use(&b, "captions", 2500, 4000, 91, 117, 50, OUTCOME_OK); /* and not since */
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT abs(lost_28d - 2500) < 90, julianday(crosses_on) -"
                   " julianday('2026-11-22') BETWEEN 250 AND 430 FROM feature_demand"),
              "1|1");
    analyst_close(a);
    book_close(&b);
}

TEST(customers_who_never_had_it_are_told_from_those_who_did)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    fill_days(&b);
    for (int i = 0; i < 12; i++) {
        char customer[16];

        snprintf(customer, sizeof customer, "c%02d", i);
        if (i < 5)
            book_leg(&b, customer, AT(TODAY - 3, 9, 0), 60, "p", "k", "rec", OUTCOME_OK);
        if (i >= 2)
            book_leg(&b, customer, AT(TODAY - 4, 9, 0), 60, "p", "k", "rec", OUTCOME_FAILED);
    }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT customers, customers_wanting, customers_denied, uses, failed"
                   " FROM feature_demand"),
              "12|10|7|5|10");
    analyst_close(a);
    book_close(&b);
}

/* Three hundred seats of one customer against 240 small ones, alike in people and in age. */
TEST(many_customers_outvote_a_large_one_and_near_ranks_are_ties)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    fill_days(&b);
    use(&b, "narrow", 300, 0, 2, 3, 1, OUTCOME_OK);
    use(&b, "broad", 300, 0, 2, 3, 240, OUTCOME_OK);
    use(&b, "wide", 300, 0, 2, 3, 239, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT feature, rank, rank_low, rank_high FROM feature_demand"
                   " ORDER BY rank = 3 DESC, feature"),
              "narrow|3|3|3;broad|2|1|2;wide|1|1|2");
    CHECK_STR(rows("SELECT largest_share FROM feature_demand WHERE feature = 'narrow'"), "1.0");
    /* Another pass over the same: the draws are the same. */
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT group_concat(rank_low || '-' || rank_high) FROM feature_demand"),
              "1-2,3-3,1-2");
    analyst_close(a);
    book_close(&b);
}

/* 10,400 people; 1,900 of them leave the window after five days, 1,000 more after fifteen. */
TEST(a_decision_stands_until_clearly_fewer_want_it)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    fill_days(&b);
    use(&b, "captions", 7500, 0, 10, 11, 40, OUTCOME_REJECTED);
    use(&b, "captions", 1000, 7500, 75, 76, 40, OUTCOME_REJECTED);
    use(&b, "captions", 1900, 8500, 85, 86, 40, OUTCOME_REJECTED);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT state, severity FROM signal WHERE kind = 'feature_demand'"),
              "open|critical");
    run_pass(a, NOW + 10 * DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT (SELECT people BETWEEN 8300 AND 8700 FROM feature_demand), state"
                   " FROM signal WHERE kind = 'feature_demand'"),
              "1|open");
    run_pass(a, NOW + 20 * DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT (SELECT people < 8000 FROM feature_demand), state FROM signal"
                   " WHERE kind = 'feature_demand'"),
              "1|closed");
    analyst_close(a);
    book_close(&b);
}

/* --- people of a segment --- */

static struct feature_period
read_members(struct span *names, size_t count)
{
    struct feature_period p = {
        .from = TODAY - 90, .to = TODAY + 1, .members = names, .member_count = count};
    struct error err;

    if (feature_period_read(&p, "ledger.db", &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return p;
}

/* People of worlds differ by their names. */
static void
person_uses(struct book *b, const char *customer, int world, int person, enum outcome outcome)
{
    char who[48];

    snprintf(who, sizeof who, "world %d person %d", world, person);
    book_leg(b, customer, AT(TODAY - 1 - person % 60, 10, 0), 60, who, "k", "rec", outcome);
}

/* Forty worlds: 400 people of the one asked for, 3,000 of another; 60 guests are with both. */
TEST(people_of_a_segment_lie_between_its_bounds)
{
    struct span names[1];
    int within = 0, lowest = 1000, highest = 0;
    struct book b;

    book_open(&b);
    for (int world = 0; world < 40; world++) {
        char asked[24], other[24];

        snprintf(asked, sizeof asked, "asked %d", world);
        snprintf(other, sizeof other, "other %d", world);
        for (int i = 0; i < 3000; i++) {
            if (i < 400)
                person_uses(&b, asked, world, i, OUTCOME_OK);
            if (i >= 340)
                person_uses(&b, other, world, i, OUTCOME_OK);
        }
    }
    book_commit(&b, NULL);
    for (int world = 0; world < 40; world++) {
        char asked[24];
        struct feature_period p;

        snprintf(asked, sizeof asked, "asked %d", world);
        names[0] = span_str(asked);
        p = read_members(names, 1);
        CHECK_INT(p.count, 1);
        CHECK_INT(p.uses[0].used, 400);
        CHECK(isnan(p.uses[0].people));
        CHECK(fabs(p.active_people - 400) < 12);
        within += p.uses[0].people_low <= 400 && p.uses[0].people_high >= 400;
        lowest = p.uses[0].people_low < lowest ? (int)p.uses[0].people_low : lowest;
        highest = p.uses[0].people_high > highest ? (int)p.uses[0].people_high : highest;
        feature_period_clear(&p);
    }
    printf("within their bounds: %d of 40 worlds; lowest %d, highest %d\n", within, lowest,
           highest);
    CHECK(within >= 38);
    CHECK(highest == 400); /* no more people than uses */
    book_close(&b);
}

/* Each person belongs to one customer, nobody fails: the bounds are as near as estimates allow. */
TEST(people_of_customers_without_guests_are_known_well)
{
    struct book b;
    struct span names[] = {SPAN("a"), SPAN("c")};
    struct feature_period p;
    const char *const all[] = {"a", "b", "c", "d"};

    book_open(&b);
    for (int i = 0; i < 800; i++)
        for (int twice = 0; twice < 2; twice++)
            person_uses(&b, all[i % 4], 0, i, OUTCOME_OK);
    book_commit(&b, NULL);
    p = read_members(names, 2);
    CHECK_INT(p.count, 1);
    CHECK_INT(p.active_customers, 2);
    CHECK_INT(p.uses[0].customers, 2);
    CHECK_INT(p.uses[0].used, 800);
    CHECK(p.uses[0].people_low <= 400 && p.uses[0].people_low > 370);
    CHECK(p.uses[0].people_high >= 400 && p.uses[0].people_high < 430);
    CHECK(p.uses[0].low > 0.85 && p.uses[0].high <= 1);
    feature_period_clear(&p);
    book_close(&b);
}

/* Whose the people are who only failed is not known: their failures are all that bounds them. */
TEST(people_who_only_failed_widen_the_bounds)
{
    struct book b;
    struct span names[] = {SPAN("a")};
    struct feature_period p;

    book_open(&b);
    for (int i = 0; i < 200; i++)
        person_uses(&b, i % 4 ? "b" : "a", 0, i, OUTCOME_FAILED);
    book_commit(&b, NULL);
    p = read_members(names, 1);
    CHECK_INT(p.uses[0].wanted, 50);
    CHECK_INT(p.uses[0].people_low, 0);
    CHECK_INT(p.uses[0].people_high, 50);
    feature_period_clear(&p);
    book_close(&b);
}

TEST(where_nobody_is_named_people_are_not_known)
{
    struct book b;
    struct span names[] = {SPAN("a")};
    struct feature_period p;

    book_open(&b);
    for (int i = 0; i < 20; i++)
        book_leg(&b, i % 2 ? "a" : "b", AT(TODAY - 3, 9, 0), 60, NULL, "k", "rec", OUTCOME_OK);
    book_commit(&b, NULL);
    p = read_members(names, 1);
    CHECK_INT(p.uses[0].used, 10);
    CHECK(isnan(p.uses[0].people_low) && isnan(p.uses[0].people_high) && isnan(p.uses[0].low));
    feature_period_clear(&p);
    book_close(&b);
}
