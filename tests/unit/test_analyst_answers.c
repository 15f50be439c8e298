/*
 * test_analyst_answers.c - signals, staffing and demand, over ledgers in which the answer was
 * planted.
 */
#include "passes.h"

#include "zone.h"

/* --- signals --- */

/* 30 customers with about 8 legs a day; one rises threefold in the last week, one stops. */
static void
signal_days(struct book *b, int32_t from, int32_t to, int rising, int falling)
{
    uint64_t seed = (uint64_t)from;

    for (int32_t day = from; day < to; day++)
        for (int c = 0; c < 30; c++) {
            int n = 6 + (int)(dice(&seed) % 5);
            char name[16];

            n = c == rising ? 3 * n : c == falling ? 0 : n;
            snprintf(name, sizeof name, "c%02d", c);
            for (int i = 0; i < n; i++)
                book_leg(b, name, AT(day, 8 + i % 10, 0), 60, "p", "k", NULL, OUTCOME_OK);
        }
}

TEST(a_surge_is_raised_kept_and_closed_after_two_calm_windows)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    signal_days(&b, TODAY - 60, TODAY - 7, -1, -1);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, AT(TODAY - 7, 12, 0), b.seq);
    CHECK_STR(rows("SELECT kind, subject FROM signal"), "");
    signal_days(&b, TODAY - 7, TODAY, 4, 9);
    book_commit(&b, NULL);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT kind, subject, state, version, window_start, window_end FROM signal"
                   " ORDER BY 1"),
              "decline|c09|open|1|2026-11-15|2026-11-21;surge|c04|open|1|2026-11-15|2026-11-21");
    CHECK_STR(rows("SELECT value > 2.5 * baseline, value > high, baseline BETWEEN low AND high,"
                   " p_value < 0.001, completeness, reason LIKE '% legs in 7 days where % were"
                   " usual: 3.% times' OR reason LIKE '% usual: 2.% times' FROM signal WHERE kind"
                   " = 'surge'"),
              "1|1|1|1|1.0|1");
    CHECK_STR(rows("SELECT value, reason LIKE '%: none at all',"
                   " json_array_length(evidence, '$.daily_legs') FROM signal WHERE kind ="
                   " 'decline'"),
              "0.0|1|35");
    /* Looking again is no news, and what a person said stays. */
    edit("UPDATE signal SET state = 'acked' WHERE kind = 'surge'");
    run_pass(a, NOW + 60, b.seq);
    CHECK_STR(rows("SELECT kind, state, version FROM signal ORDER BY 1"),
              "decline|open|1;surge|acked|1");
    /* Two quiet weeks: the windows no longer hold anything, the baseline takes it in. */
    signal_days(&b, TODAY, TODAY + 14, -1, -1);
    book_commit(&b, NULL);
    run_pass(a, NOW + 12 * DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT kind, state, calm_windows FROM signal WHERE kind = 'surge'"),
              "surge|acked|1");
    run_pass(a, NOW + 12 * DAY_SECONDS + 60, b.seq); /* the same window is not a second one */
    CHECK_STR(rows("SELECT kind, state FROM signal WHERE kind = 'surge'"), "surge|acked");
    run_pass(a, NOW + 13 * DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT kind, state, closed_at FROM signal WHERE kind = 'surge'"),
              "surge|closed|2026-12-05T12:00:00Z");
    analyst_close(a);
    book_close(&b);
}

TEST(a_day_without_any_input_is_no_decline)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    signal_days(&b, TODAY - 40, TODAY - 4, -1, -1);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT kind, subject FROM signal"), "");
    CHECK_STR(rows("SELECT DISTINCT trend < 0.7 FROM customer_stat"), "1"); /* though it is less */
    analyst_close(a);
    book_close(&b);
}

/* --- staffing --- */

/* Ten calls each half hour from nine to twelve, Berlin time, on workdays, across the end of
 * summer time (2026-10-25): nine o'clock stays nine o'clock. */
TEST(staffing_follows_the_local_clock)
{
    struct config_service services[] = {{.name = (char *)"help",
                                         .match = (char *)"help.*",
                                         .service_level = 0.8,
                                         .answer_within = 20,
                                         .max_occupancy = 0.85,
                                         .shrinkage = 0.3,
                                         .interval = 30}};
    struct config config = {
        .timezone = (char *)"Europe/Berlin", .services = services, .service_count = 1};
    int32_t end = days_from_civil(2026, 10, 26); /* Monday after the change */
    const struct zone *berlin;
    struct error err;
    struct book b;
    struct analyst *a;

    CHECK_INT(zone_load(&berlin, "Europe/Berlin", &err), ST_OK);
    book_open(&b);
    for (int32_t day = end - 70; day < end; day++) {
        book_contact(&b, "always", AT(day, 12, 0), 0, 10, OUTCOME_OK);
        if (weekday_from_days(day) >= 5)
            continue;
        for (int i = 0; i < 60; i++) {
            int64_t local = AT(day, 9, 0) + i * 180;

            book_contact(&b, i % 2 ? "helpdesk" : "help", zone_to_utc(berlin, local), 5, 240,
                         OUTCOME_OK);
        }
    }
    book_commit(&b, NULL);
    a = open_analyst(&config);
    run_pass(a, AT(end, 0, 0), b.seq);
    /* Half past nine on Tuesday is 08:30 UTC now, and was 07:30. */
    CHECK_STR(rows("SELECT round(forecast, 6), handle_seconds, required, scheduled, completeness"
                   " FROM staffing WHERE service = 'help' AND start = '2026-10-27T08:30:00Z'"),
              "10.0|240.0|3|5|1.0"); /* 1.33 erlangs: C(3) = 0.181, 84 % in 20 s */
    CHECK_STR(rows("SELECT forecast, required FROM staffing WHERE service = 'help' AND start ="
                   " '2026-10-27T07:30:00Z'"),
              "0.0|0");
    CHECK_STR(rows("SELECT sum(forecast) FROM staffing WHERE service = 'help' AND start LIKE"
                   " '2026-10-31%'"),
              "0.0"); /* Saturday */
    CHECK_STR(rows("SELECT service, count(*) FROM staffing GROUP BY 1"), "always|336;help|336");
    CHECK_STR(rows("SELECT count(*) FROM signal"), "0"); /* nothing to compare with */
    edit("INSERT INTO roster VALUES('help', '2026-10-27T08:00:00Z', 120, 4)");
    run_pass(a, AT(end, 0, 15), b.seq);
    CHECK_STR(rows("SELECT start, rostered, gap FROM staffing WHERE gap IS NOT NULL ORDER BY 1"),
              "2026-10-27T08:00:00Z|4|-1;2026-10-27T08:30:00Z|4|-1;"
              "2026-10-27T09:00:00Z|4|-1;2026-10-27T09:30:00Z|4|-1");
    CHECK_STR(rows("SELECT kind, subject, severity, value, baseline FROM signal"),
              "understaffed|help|warning|4.0|5.0");
    edit("UPDATE roster SET scheduled = 5");
    run_pass(a, AT(end, 0, 30), b.seq);
    CHECK_STR(rows("SELECT kind, state FROM signal"), "understaffed|closed");
    analyst_close(a);
    book_close(&b);
}

/* Eight weeks of input, twenty without any, three with: the gap says nothing, and Sundays, on
 * which nobody ever called, stay closed. */
TEST(a_gap_in_the_input_is_not_a_closed_house)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int32_t day = TODAY - 217; day < TODAY; day++) {
        if ((day >= TODAY - 161 && day < TODAY - 21) || weekday_from_days(day) == 6)
            continue;
        for (int i = 0; i < 12; i++)
            book_contact(&b, "help", AT(day, 10, 2 * i), 5, 120, OUTCOME_OK);
    }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT start, round(forecast, 6) FROM staffing WHERE forecast > 0 ORDER BY 1"),
              "2026-11-23T10:00:00Z|12.0;2026-11-24T10:00:00Z|12.0;2026-11-25T10:00:00Z|12.0;"
              "2026-11-26T10:00:00Z|12.0;2026-11-27T10:00:00Z|12.0;2026-11-28T10:00:00Z|12.0");
    analyst_close(a);
    book_close(&b);
}

TEST(work_that_features_make_is_staffed_like_contacts)
{
    struct config_service services[] = {{.name = (char *)"operator",
                                         .match = (char *)"feature:assist",
                                         .service_level = 0.8,
                                         .answer_within = 20,
                                         .max_occupancy = 0.85,
                                         .shrinkage = 0,
                                         .interval = 60}};
    struct config config = {.timezone = (char *)"UTC", .services = services, .service_count = 1};
    struct book b;
    struct analyst *a;

    book_open(&b);
    b.workload = (struct workload_rule){SPAN("assist"), SPAN("operator")};
    for (int32_t day = TODAY - 35; day < TODAY; day++)
        for (int i = 0; i < 4; i++)
            book_leg(&b, "acme", AT(day, 14, 10), 300, "ann", "c", "assist", OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&config);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT start, round(forecast, 6), handle_seconds FROM staffing WHERE service ="
                   " 'operator' AND forecast > 0 ORDER BY 1 LIMIT 1"),
              "2026-11-22T14:00:00Z|4.0|300.0");
    CHECK_STR(rows("SELECT count(*) FROM service_interval"), "0");
    analyst_close(a);
    book_close(&b);
}

/* --- features --- */

TEST(ten_thousand_people_are_a_decision)
{
    struct book b;
    struct analyst *a;
    char who[32], customer[32];

    book_open(&b);
    for (int i = 0; i < 11000; i++) {
        snprintf(who, sizeof who, "person %d", i);
        snprintf(customer, sizeof customer, "customer %d", i % 300);
        book_leg(&b, customer, AT(TODAY - 1 - i % 80, 10, 0), 60, who, "k", "captions",
                 i % 3 ? OUTCOME_OK : OUTCOME_FAILED);
        if (i < 9000)
            book_leg(&b, customer, AT(TODAY - 1 - i % 80, 10, 0), 60, who, "k", "polls",
                     OUTCOME_OK);
    }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT feature, rank, abs(people - 11000) < 270 OR abs(people - 9000) < 220,"
                   " uses, failed, growth IS NULL FROM feature_demand ORDER BY rank"),
              "captions|1|1|7333|3667|1;polls|2|1|9000|0|1");
    CHECK_STR(rows("SELECT kind, subject_type, subject, state, severity, reason LIKE"
                   " 'about 1_% people of %00 customers use captions: 7333 uses in 90 days, and 33"
                   " % of the attempts (3667) failed: mend it' FROM signal WHERE kind ="
                   " 'feature_demand'"),
              "feature_demand|feature|captions|open|warning|1");
    /* The evidence holds the days behind the sums. */
    CHECK_STR(rows("SELECT json_array_length(evidence, '$.daily_people'), json_extract(evidence,"
                   " '$.first_day'), (SELECT sum(value) FROM json_each(evidence, '$.daily_uses')),"
                   " (SELECT sum(value) FROM json_each(evidence, '$.daily_failed')),"
                   " abs(json_extract(evidence, '$.daily_people[88]') - 138) < 6 FROM signal"),
              "90|2026-08-25|7333|3667|1");
    analyst_close(a);
    book_close(&b);
}

/* Three features with 12,000 people each, by what came of it and who they belong to. */
static void
demand_days(struct book *b)
{
    char who[32], customer[32], mine[32];

    for (int i = 0; i < 12000; i++) {
        int64_t at = AT(TODAY - 1 - i % 80, 10, 0);

        snprintf(who, sizeof who, "person %d", i);
        snprintf(customer, sizeof customer, "customer %d", i % 300);
        snprintf(mine, sizeof mine, "%s", i % 10 ? "giant" : customer);
        book_leg(b, customer, at, 60, who, "k", "screen_share",
                 i % 50 ? OUTCOME_OK : OUTCOME_FAILED);
        book_leg(b, customer, at, 60, who, "k", "translation", OUTCOME_REJECTED);
        book_leg(b, mine, at, 60, who, "k", "karaoke", OUTCOME_REJECTED);
    }
}

TEST(what_nobody_gets_is_critical_and_what_everybody_has_is_not)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    a = open_analyst(&plain);
    run_pass(a, AT(TODAY, 8, 0), b.seq); /* the line is reached by a pass that is not the first */
    demand_days(&b);
    book_commit(&b, NULL);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT subject, severity, reason LIKE '%nobody gets it: all 12000 attempts in"
                   " 90 days failed: build it', reason LIKE '%use screen_share: 11760 uses in 90"
                   " days, 2.0 % of the attempts failed' FROM signal ORDER BY 1"),
              "screen_share|info|0|1;translation|critical|1|0");
    /* One customer has nine tenths of the third: no market. */
    CHECK_STR(rows("SELECT feature, people > 10200, customers > 25, round(largest_share, 2)"
                   " FROM feature_demand WHERE feature = 'karaoke'"),
              "karaoke|1|1|0.9");
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT group_concat(subject) FROM signal"), "screen_share,translation");
    analyst_close(a);
    book_close(&b);
}

TEST(who_comes_back_after_a_silence_is_told_in_words)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    signal_days(&b, TODAY - 60, TODAY, -1, -1);
    book_leg(&b, "sleeper", AT(TODAY - 50, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
    for (int i = 0; i < 70; i++)
        book_leg(&b, "sleeper", AT(TODAY - 1 - i % 7, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
    book_leg(&b, "newcomer", AT(TODAY - 3, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
    for (int i = 0; i < 70; i++) /* nothing to compare with: no surge */
        book_leg(&b, "newcomer", AT(TODAY - 2, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT kind, subject, reason FROM signal"),
              "surge|sleeper|70 legs in 7 days after 28 days without any");
    analyst_close(a);
    book_close(&b);
}

/* One customer makes most of the business; a small one that grows tenfold is its owner's news. */
TEST(a_signal_weighs_what_it_moves)
{
    struct book b;
    struct analyst *a;
    char name[16];
    uint64_t seed = 5;

    book_open(&b);
    for (int32_t day = TODAY - 40; day < TODAY; day++)
        for (int c = 0; c < 40; c++) {
            bool recent = day >= TODAY - 7;
            int n = c == 0 ? (recent ? 120 : 400) : 18 + (int)(dice(&seed) % 5);

            n = c == 1 ? (recent ? 5 : day % 7 == 0) : n;
            snprintf(name, sizeof name, "c%02d", c);
            for (int i = 0; i < n; i++)
                book_leg(&b, name, AT(day, 8 + i % 10, 0), 60, "p", "k", NULL, OUTCOME_OK);
        }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    /* The others hover about what is usual, and it with them. */
    CHECK_STR(rows("SELECT kind, subject, severity,"
                   " replace(reason, printf('%.0f', baseline), iif(abs(baseline - 2800) < 30,"
                   " '2800', baseline)), json_array_length(evidence, '$.daily_legs')"
                   " FROM signal ORDER BY 1"),
              "decline|c00|critical|840 legs in 7 days where 2800 were usual: 70 % less|35;"
              "surge|c01|warning|35 legs in 7 days after 4 in the 28 days before|35");
    analyst_close(a);
    book_close(&b);
}

TEST(who_is_new_has_neither_a_falling_nor_a_rising_trend)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int32_t d = TODAY - 60; d < TODAY; d++) {
        book_leg(&b, "old", AT(d, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
        if (d >= TODAY - 21)
            book_leg(&b, "young", AT(d, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
        if (d >= TODAY - 13) /* six days to compare with */
            book_leg(&b, "newborn", AT(d, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
        /* Somebody who came back counts as new in this, the first pass as in any other. */
        if (d >= TODAY - 21 || d == TODAY - 59)
            book_leg(&b, "back", AT(d - (d == TODAY - 59 ? 100 : 0), 9, 0), 60, "p", "k", NULL,
                     OUTCOME_OK);
    }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT customer, trend FROM customer_stat ORDER BY 1"),
              "back|1.0;newborn|;old|1.0;young|1.0");
    analyst_close(a);
    book_close(&b);
}

TEST(without_a_whole_day_there_is_no_forecast)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int i = 0; i < 40; i++)
        book_contact(&b, "desk", AT(TODAY, i % 12, 0), 5, 300, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT count(*) FROM staffing"), "0");
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT count(*) > 330, round(sum(forecast)), round(max(completeness), 3)"
                   " FROM staffing"),
              "1|280.0|0.036");
    analyst_close(a);
    book_close(&b);
}
