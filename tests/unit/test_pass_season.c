/*
 * test_pass_season.c - high and low times of a service, and sizes of conferences, as the store
 * answers them: over what was planted.
 */
#include "answer.h"
#include "passes.h"

/* Monday to Friday ten contacts at ten and ten at eleven, on Saturdays five; nothing on Sundays. */
static void
ten_weeks(struct book *b)
{
    for (int32_t day = TODAY - 69; day < TODAY; day++) {
        int weekday = weekday_from_days(day), n = weekday < 5 ? 20 : weekday == 5 ? 5 : 0;

        for (int i = 0; i < n; i++)
            book_contact(b, "desk", AT(day, i < 10 ? 10 : 11, i), 5, 60, OUTCOME_OK);
    }
    book_commit(b, NULL);
}

/* Of 68 days (the first one may have begun before) 1030 contacts, 15.147 a day. */
TEST(weekdays_and_hours_are_held_against_their_mean)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    ten_weeks(&b);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT place, round(factor, 3), cycles, season FROM season WHERE"
                   " cycle = 'weekday'"),
              "0|1.32|9|high;1|1.32|10|high;2|1.32|10|high;3|1.32|10|high;4|1.32|10|high;"
              "5|0.33|10|low;6|0.0|9|low");
    CHECK_STR(rows("SELECT place, round(factor, 3), cycles, season FROM season WHERE"
                   " cycle = 'hour' AND factor > 0"),
              "10|12.583|68|high;11|11.417|68|high");
    CHECK_STR(rows("SELECT count(*) FROM season"), "31"); /* of months nothing is known yet */
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT count(*), min(as_of) FROM season"), "31|2026-11-23T12:00:00Z");
    analyst_close(a);
    book_close(&b);
}

/* Two years, in which July has twice as many as other months. */
TEST(months_have_a_season_after_two_years)
{
    struct book b;
    struct analyst *a;
    int32_t first = days_from_civil(2024, 10, 31);

    book_open(&b);
    for (int32_t day = first; day < TODAY; day++) {
        int n = civil_from_utc((int64_t)day * DAY_SECONDS).month == 7 ? 4 : 2;

        for (int i = 0; i < n; i++)
            book_contact(&b, "desk", AT(day, 10, i), 5, 60, OUTCOME_OK);
    }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT place, round(factor, 2) FROM season WHERE cycle = 'month' AND"
                   " factor > 1.2"),
              "7|1.85");
    CHECK_STR(rows("SELECT count(*) FROM season WHERE cycle = 'month'"), "12");
    analyst_close(a);
    book_close(&b);
}

/* --- sizes --- */

static bool
collect(void *arg, const struct row_value *values)
{
    answer_csv_row(arg, answer_find("conference_sizes"), values);
    return true;
}

static void
sizes(const struct answer_query *q, const char *want)
{
    struct buf out = {0};
    struct answer_sink sink = {collect, &out};
    struct answer_end end;
    struct error err;
    struct store *s = reader();

    if (answer_run(s, answer_find("conference_sizes"), q, &sink, &end, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    buf_char(&out, '\0');
    CHECK_STR(out.p, want);
    buf_clear(&end.next);
    buf_clear(&out);
    store_close(s);
}

/* Conferences of 1, 2, 3, .. 30 people, each of one leg a person and of half an hour. */
TEST(conferences_fall_into_classes_of_size)
{
    struct answer_query all = {.limit = 0}, later = {.limit = 0};
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY - 1, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    edit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
         " INSERT INTO conference SELECT 's', 'c' || i, '2026-11-20', 'c' || (i % 2), NULL,"
         " date('2026-10-01', i || ' days') || 'T09:00:00Z',"
         " date('2026-10-01', i || ' days') || 'T09:30:00Z', i, i, i, 0 FROM n");
    sizes(&all, "1-2,1,2,2,3,30\n3-5,3,3,2,12,30\n6-10,6,5,2,40,30\n11-25,11,15,2,270,30\n"
                "26+,26,5,2,140,30\n");
    later.param[ANSWER_FROM] = "2026-10-30T00:00:00Z"; /* 29 days on */
    later.param[ANSWER_CUSTOMER] = "c1";
    sizes(&later, "26+,29,1,1,29,30\n");
    later.viewer = "nobody";
    sizes(&later, "");
    analyst_close(a);
    book_close(&b);
}
