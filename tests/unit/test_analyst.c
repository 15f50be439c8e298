/*
 * test_analyst.c - passes over real ledgers, checked against the records that went in.
 */
#include "analyst.h"

#include <sys/stat.h>

#include "book.h"
#include "store.h"
#include "test.h"
#include "zone.h"

/* 2026-11-22 is a Sunday. */
#define TODAY                 (days_from_civil(2026, 11, 22))
#define AT(day, hour, minute) ((int64_t)(day)*DAY_SECONDS + (hour)*3600 + (minute)*60)
#define NOW                   AT(TODAY, 12, 0)

static struct analyst *
open_analyst(const struct config *c)
{
    struct analyst_options opt = {c, "ledger.db", "crm.db"};
    struct analyst *a;
    struct error err;

    if (analyst_open(&a, &opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return a;
}

static void
run_pass(struct analyst *a, int64_t now, uint64_t want)
{
    struct error err;
    uint64_t seq = 0;

    if (analyst_run(a, now, &seq, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(seq, want);
}

static struct store *
reader(void)
{
    struct store *s;
    struct error err;

    if (store_open(&s, "crm.db", STORE_READ, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return s;
}

/* The rows of a query as "a|b;c|d". */
static const char *
rows(const char *sql)
{
    static char text[4096];
    struct store *s = reader();
    struct query *q;
    struct error err;
    size_t n = 0;

    text[0] = '\0';
    if (store_query(s, &q, sql, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    while (query_next(q, &err) == ST_OK) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", n ? ";" : "");
        for (int i = 0; i < query_columns(q); i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? "|" : "",
                                  SPAN_ARG(query_text(q, i)));
    }
    query_free(q);
    store_close(s);
    return text;
}

static struct config plain = {.timezone = (char *)"UTC"};

TEST(a_pass_writes_the_days_of_each_customer)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY - 3, 10, 5), 600, "ann", "c1", "recording", OUTCOME_OK);
    book_leg(&b, "acme", AT(TODAY - 3, 10, 6), 300, "bob", "c1", NULL, OUTCOME_OK);
    book_leg(&b, "acme", AT(TODAY - 3, 11, 0), 0, "cid", "c2", "captions", OUTCOME_FAILED);
    book_leg(&b, "globex", AT(TODAY - 1, 23, 59), 120, "dee", "c3", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT * FROM customer_day ORDER BY 1, 2"),
              "acme|2026-11-19|2|900|1|2|1;globex|2026-11-21|1|60|0|1|1;"
              "globex|2026-11-22|0|60|0|0|0");
    CHECK_STR(rows("SELECT customer, legs_7d, seconds_30d, failed_30d, participants_30d,"
                   " conferences_30d, features_30d, dominant_feature, days_since_last,"
                   " first_seen, last_seen FROM customer_profile ORDER BY 1"),
              "acme|2|900|1|2|1|1|recording|3|2026-11-19T10:00:00Z|2026-11-19T11:00:00Z;"
              "globex|1|120|0|1|1|0||1|2026-11-21T23:45:00Z|2026-11-21T23:45:00Z");
    analyst_close(a);
    book_close(&b);
}

TEST(a_later_pass_adds_what_changed_and_moves_the_windows)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY - 6, 10, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_leg(&b, "other", AT(TODAY - 6, 10, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    book_leg(&b, "acme", AT(TODAY, 9, 0), 60, "bob", "c2", NULL, OUTCOME_OK);
    book_leg(&b, "acme", AT(TODAY - 500, 9, 0), 60, "eve", "c9", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    run_pass(a, NOW + 60, b.seq);
    CHECK_STR(rows("SELECT customer, day, legs FROM customer_day ORDER BY 1, 2"),
              "acme|2025-07-10|1;acme|2026-11-16|1;acme|2026-11-22|1;other|2026-11-16|1");
    CHECK_STR(rows("SELECT customer, legs_1d, legs_7d, days_since_last, first_seen"
                   " FROM customer_profile ORDER BY 1"),
              "acme|1|2|0|2025-07-10T09:00:00Z;other|0|1|6|2026-11-16T10:00:00Z");
    /* Nothing new, but it is tomorrow: seven days ago has left the window. */
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT customer, legs_1d, legs_7d, days_since_last FROM customer_profile"
                   " ORDER BY 1"),
              "acme|0|1|1;other|0|0|7");
    analyst_close(a);
    book_close(&b);
}

TEST(the_same_pass_again_changes_nothing)
{
    struct book b;
    struct analyst *a;
    char before[4096];
    static const char sql[] = "SELECT customer, dimension, from_stage, to_stage FROM stage_history"
                              " UNION ALL SELECT customer, segment, since, evidence FROM"
                              " segment_member UNION ALL SELECT id, version, kind, subject FROM"
                              " signal UNION ALL SELECT service, start, offered, '' FROM"
                              " service_interval";

    book_open(&b);
    for (int i = 0; i < 40; i++)
        book_leg(&b, i % 2 ? "acme" : "globex", AT(TODAY - i, 10, 0), 60, "ann", "c1", "x",
                 OUTCOME_OK);
    book_contact(&b, "help", AT(TODAY - 1, 9, 0), 5, 100, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    snprintf(before, sizeof before, "%s", rows(sql));
    CHECK(strlen(before) > 50);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows(sql), before);
    /* As if the last pass had been cut off before it wrote where it stands. */
    analyst_close(a);
    CHECK_INT(system("sqlite3 crm.db 'UPDATE analyst SET analysed_seq = 0' 2>/dev/null"), 0);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows(sql), before);
    analyst_close(a);
    book_close(&b);
}

TEST(service_intervals_are_the_quarter_hours_of_the_ledger)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_contact(&b, "help", AT(TODAY - 1, 9, 1), 5, 100, OUTCOME_OK);
    book_contact(&b, "help", AT(TODAY - 1, 9, 14), 7, 50, OUTCOME_OK);
    book_contact(&b, "help", AT(TODAY - 1, 9, 15), 30, 0, OUTCOME_ABANDONED);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT * FROM service_interval ORDER BY 1, 2"),
              "help|2026-11-21T09:00:00Z|2|2|0|150|12;help|2026-11-21T09:15:00Z|1|0|1|0|30");
    analyst_close(a);
    book_close(&b);
}

/* --- against another program --- */

static uint64_t
dice(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void
random_leg(struct book *b, FILE *csv, uint64_t *seed)
{
    static const char *const features[] = {"recording", "captions", "polls", NULL};
    uint64_t c = dice(seed) % 60, day = dice(seed) % (c % 7 == 3 ? 9 : 120), second;
    char customer[32], person[32], conference[32];
    const char *feature = features[dice(seed) % 4];
    enum outcome outcome = dice(seed) % 9 ? OUTCOME_OK : OUTCOME_REJECTED;
    uint32_t length = (uint32_t)(dice(seed) % 9000);
    int64_t start;

    second = dice(seed) % 86400;
    if (c % 5 == 1) /* some call in office hours only */
        second = 8 * 3600 + second % 36000;
    start = AT(TODAY - (int64_t)day - 1, 0, 0) + (int64_t)second;
    snprintf(customer, sizeof customer, "cust %d", (int)c);
    snprintf(person, sizeof person, "p%d", (int)(dice(seed) % 700));
    snprintf(conference, sizeof conference, "k%d", (int)(dice(seed) % 900));
    book_leg(b, customer, start, length, person, conference, feature, outcome);
    fprintf(csv, "leg,%s,%lld,%u,%s,%s,%s,%d\n", customer, (long long)start, length, person,
            conference, feature ? feature : "", outcome == OUTCOME_OK);
}

/* check_store.py adds everything up again from the records, its own way. */
TEST(every_figure_equals_what_python_makes_of_the_records)
{
    static struct config_segment segments[] = {
        {(char *)"busy", (char *)"legs_30d > 40 AND features_30d >= 3", 1}};
    struct config config = {
        .timezone = (char *)"Europe/Berlin", .segments = segments, .segment_count = 1};
    FILE *csv = fopen("records.csv", "w");
    struct book b;
    struct analyst *a;
    uint64_t seed = 7;
    char command[512];

    if (system("python3 -c '' 2>/dev/null") != 0)
        test_skip("python3 is not here");
    book_open(&b);
    a = open_analyst(&config);
    for (int batch = 0; batch < 4; batch++) { /* several passes, on two days */
        for (int i = 0; i < 2500; i++)
            random_leg(&b, csv, &seed);
        for (int i = 0; i < 300; i++) {
            int64_t at = AT(TODAY - 40, 0, 0) + (int64_t)(dice(&seed) % (40 * 86400));
            uint32_t wait = (uint32_t)(dice(&seed) % 90), handle = (uint32_t)(dice(&seed) % 600);
            bool ok = dice(&seed) % 5 != 0;

            book_contact(&b, i % 3 ? "help" : "sales", at, wait, handle,
                         ok ? OUTCOME_OK : OUTCOME_ABANDONED);
            fprintf(csv, "contact,%s,%lld,%u,%u,,,%d\n", i % 3 ? "help" : "sales", (long long)at,
                    wait, handle, ok);
        }
        book_commit(&b, NULL);
        run_pass(a, NOW - (batch < 2 ? DAY_SECONDS : 0) + batch, b.seq);
    }
    fclose(csv);
    snprintf(command, sizeof command, "python3 %s crm.db records.csv %lld",
             test_path("tests/unit/check_store.py"), (long long)NOW);
    CHECK_INT(system(command), 0);
    analyst_close(a);
    book_close(&b);
}

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
    CHECK_INT(system("sqlite3 crm.db \"UPDATE signal SET state = 'acked' WHERE kind ="
                     " 'surge'\" 2>/dev/null"),
              0);
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

TEST(customers_change_segments_with_a_history)
{
    static struct config_segment segments[] = {
        {(char *)"daily", (char *)"active_days_30d >= 5", 1}};
    struct config config = {.timezone = (char *)"UTC", .segments = segments, .segment_count = 1};
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int i = 0; i < 6; i++)
        book_leg(&b, "acme", AT(TODAY - i, 10, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_leg(&b, "globex", AT(TODAY, 10, 0), 60, "bob", "c2", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&config);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT segment, customer, since, evidence FROM segment_member WHERE segment ="
                   " 'daily'"),
              "daily|acme|2026-11-22T12:00:00Z|{\"active_days_30d\":6}");
    run_pass(a, NOW + 40 * DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT customer, from_stage, to_stage, at, rule FROM stage_history WHERE"
                   " dimension = 'segment' ORDER BY id"),
              "acme||daily|2026-11-22T12:00:00Z|active_days_30d >= 5;"
              "acme|daily||2027-01-01T12:00:00Z|active_days_30d >= 5");
    CHECK_STR(rows("SELECT count(*) FROM segment_member WHERE segment = 'daily'"), "0");
    analyst_close(a);
    /* A wrong condition names file, line and segment before anything runs. */
    {
        struct config bad = config;
        struct config_segment wrong[] = {{(char *)"odd", (char *)"legs_30d >> ", 17}};
        struct analyst_options opt = {&bad, "ledger.db", "crm.db"};
        struct error err;

        bad.file = (char *)"callswelld.conf";
        bad.segments = wrong;
        CHECK_INT(analyst_open(&a, &opt, &err), ST_BAD_CONFIG);
        CHECK(strncmp(err.text, "callswelld.conf:17: segment \"odd\": ", 35) == 0);
    }
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
    CHECK_INT(system("sqlite3 crm.db \"INSERT INTO roster VALUES('help', '2026-10-27T08:00:00Z',"
                     " 120, 4)\" 2>/dev/null"),
              0);
    run_pass(a, AT(end, 0, 15), b.seq);
    CHECK_STR(rows("SELECT start, rostered, gap FROM staffing WHERE gap IS NOT NULL ORDER BY 1"),
              "2026-10-27T08:00:00Z|4|-1;2026-10-27T08:30:00Z|4|-1;"
              "2026-10-27T09:00:00Z|4|-1;2026-10-27T09:30:00Z|4|-1");
    CHECK_STR(rows("SELECT kind, subject, severity, value, baseline FROM signal"),
              "understaffed|help|warning|4.0|5.0");
    CHECK_INT(system("sqlite3 crm.db 'UPDATE roster SET scheduled = 5' 2>/dev/null"), 0);
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
    CHECK_STR(rows("SELECT kind, subject_type, subject, state FROM signal WHERE kind ="
                   " 'feature_demand'"),
              "feature_demand|feature|captions|open");
    analyst_close(a);
    book_close(&b);
}

/* --- single records --- */

static enum status
commit_events(struct book *b, const struct event_row *events, size_t count,
              const struct quarantine_row *refused, size_t refused_count)
{
    struct ledger_batch batch = {
        .events = events,
        .event_count = count,
        .quarantine = refused,
        .quarantine_count = refused_count,
        .count = {.records = count + refused_count,
                  .accepted = count,
                  .quarantined = refused_count},
    };

    book_commit(b, &batch);
    return ST_OK;
}

TEST(activities_orders_bookings_and_quarantine_are_copied)
{
    struct event_row events[] = {
        {KIND_VISIT, AT(TODAY, 9, 0), SPAN("acme"), SPAN("v1"),
         SPAN("{\"agent\":\"sue\",\"reason\":\"fair\"}")},
        {KIND_ORDER, AT(TODAY, 9, 5), SPAN("acme"), SPAN(""),
         SPAN("{\"product\":\"seat\",\"quantity\":\"3\",\"amount\":29.5,\"currency\":\"EUR\"}")},
        {KIND_BOOKING, AT(TODAY, 9, 10), SPAN("globex"), SPAN("b1"),
         SPAN("{\"resource\":\"room 5\",\"state\":\"held\"}")},
    };
    struct quarantine_row refused = {
        .input = SPAN("hooks"),
        .stream = SPAN("127.0.0.1"),
        .reason = SPAN("start: not a time"),
        .raw = {"a\0b\xFFz", 5},
        .offset = 40,
        .length = 5,
        .arrived = NOW,
    };
    struct book b;
    struct analyst *a;

    book_open(&b);
    commit_events(&b, events, 3, &refused, 1);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT kind, id, customer, start, agent, reason FROM activity"),
              "visit|v1|acme|2026-11-22T09:00:00Z|sue|fair");
    CHECK_STR(rows("SELECT kind, customer, product, quantity, amount, currency FROM orders"),
              "order|acme|seat|3.0|29.5|EUR");
    CHECK_STR(rows("SELECT id, customer, resource, state FROM booking"), "b1|globex|room 5|held");
    CHECK_STR(rows("SELECT input, position, reason, raw FROM quarantine"),
              "hooks|40|start: not a time|a\\x00b\\xFFz");
    {
        uint64_t released[1] = {(uint64_t)atoll(rows("SELECT id FROM quarantine"))};
        struct ledger_batch batch = {.released = released, .released_count = 1};

        book_commit(&b, &batch);
    }
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows("SELECT count(*) FROM quarantine"), "0");
    CHECK_STR(rows("SELECT count(*) FROM activity"), "1");
    analyst_close(a);
    book_close(&b);
}

TEST(another_ledger_starts_the_store_over)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    analyst_close(a);
    book_close(&b);
    CHECK_INT(system("rm ledger.db*; sqlite3 crm.db \"INSERT INTO customer(id, imported)"
                     " VALUES('kept', 1)\" 2>/dev/null"),
              0);
    book_open(&b);
    book_leg(&b, "globex", AT(TODAY, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT customer, day FROM customer_day"), "globex|2026-11-22");
    CHECK_STR(rows("SELECT customer FROM customer_profile ORDER BY 1"), "globex;kept");
    analyst_close(a);
    book_close(&b);
}
