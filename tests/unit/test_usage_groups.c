/*
 * test_usage_groups.c - customers by their hours: found, named, kept, and told when they move.
 */
#include "passes.h"

/* So many legs of a customer, some hours of some days of each of the 12 weeks before a day. */
static void
habit(struct book *b, const char *customer, int32_t until, int first_day, int days, int from,
      int hours, const char *feature)
{
    uint64_t seed = 7;

    for (const char *c = customer; *c; c++)
        seed = seed * 31 + (uint64_t)*c;
    for (int i = 0; i < 60; i++) {
        /* The Monday twelve weeks before. */
        int32_t monday = until - weekday_from_days(until) - 84;
        int32_t day = monday + 7 * (i % 12) + first_day + (int)(dice(&seed) % (uint64_t)days);

        book_leg(b, customer, AT(day, from + (int)(dice(&seed) % (uint64_t)hours), 0), 60, "p", "k",
                 feature, OUTCOME_OK);
    }
}

static void
population(struct book *b, int32_t until)
{
    char name[32];

    for (int c = 0; c < 150; c++) {
        snprintf(name, sizeof name, "office %d", c);
        habit(b, name, until, 0, 5, 8, 10, c % 4 ? "chat" : "poll");
        snprintf(name, sizeof name, "evening %d", c);
        if (c % 3 == 0)
            habit(b, name, until, 0, 7, 18, 5, "video");
        snprintf(name, sizeof name, "weekend %d", c);
        if (c % 5 == 0)
            habit(b, name, until, 5, 2, 8, 9, c % 4 ? "chat" : "poll");
    }
    for (int i = 0; i < 20; i++)
        book_leg(b, "seldom", AT(until - i, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
}

#define GROUPS                                                                                     \
    rows("SELECT g.name, g.customers, round(g.share, 3), (SELECT group_concat(DISTINCT"            \
         " substr(customer, 1, 6)) FROM customer_profile WHERE usage_group = g.name)"              \
         " FROM usage_group g ORDER BY g.customers DESC")
#define THREE "office|150|0.652|office;evening + video|50|0.217|evenin;weekend|30|0.13|weeken"

TEST(customers_are_grouped_by_their_hours_and_keep_their_group)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(GROUPS, THREE);
    CHECK_STR(rows("SELECT json_extract(parameters, '$.groups'), json_extract(parameters,"
                   " '$.stability') > 0.95, json_extract(parameters, '$.were_in_a_group'),"
                   " json_extract(parameters, '$.customers') FROM model WHERE name = 'usage'"),
              "3|1|0|230");
    CHECK_STR(rows("SELECT count(*), count(DISTINCT customer), min(from_stage IS NULL)"
                   " FROM stage_history WHERE dimension = 'usage'"),
              "230|230|1");
    /* The next day, and the next fit: the same groups, the same names, nobody moved. */
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    run_pass(a, NOW + 8 * DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT substr(as_of, 1, 10), json_extract(parameters, '$.changed_share')"
                   " FROM model WHERE name = 'usage'"),
              "2026-11-30|0");
    CHECK_STR(rows("SELECT count(*) FROM stage_history WHERE dimension = 'usage'"), "230");
    CHECK_STR(GROUPS, THREE);
    analyst_close(a);
    book_close(&b);
}

TEST(who_changes_hours_changes_the_group_with_evidence)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    for (int i = 0; i < 8; i++) /* eight times as many legs in the evening as at the desk */
        habit(&b, "office 7", TODAY, 0, 7, 18, 5, "video");
    book_commit(&b, NULL);
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT customer, from_stage, to_stage, rule, json_extract(evidence,"
                   " '$.distance') < json_extract(evidence, '$.distance_to_former'), back"
                   " FROM stage_history WHERE dimension = 'usage' AND from_stage IS NOT NULL"),
              "office 7|office|evening + video|nearest group of hours of the week, rules 1, fitted"
              " 2026-11-22|1|office again when its hours lie clearly nearer there: below 0.9 of the"
              " squared distance to evening + video");
    /* Two months on nobody has legs enough: no groups, and everybody has left theirs. */
    book_leg(&b, "office 1", AT(TODAY + 88, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    run_pass(a, AT(TODAY + 89, 12, 0), b.seq);
    CHECK_STR(rows("SELECT (SELECT count(*) FROM usage_group), (SELECT count(*) FROM"
                   " customer_profile WHERE usage_group IS NOT NULL), (SELECT count(*) FROM"
                   " stage_history WHERE dimension = 'usage' AND to_stage IS NULL)"),
              "0|0|230");
    analyst_close(a);
    book_close(&b);
}

TEST(few_customers_have_no_groups)
{
    struct book b;
    struct analyst *a;
    char name[32];

    book_open(&b);
    for (int c = 0; c < 99; c++) {
        snprintf(name, sizeof name, "c%d", c);
        habit(&b, name, TODAY, 0, 5, c % 2 ? 8 : 18, 4, NULL);
    }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT count(*), (SELECT json_extract(parameters, '$.sample') FROM model"
                   " WHERE name = 'usage') FROM usage_group"),
              "0|99");
    analyst_close(a);
    book_close(&b);
}
