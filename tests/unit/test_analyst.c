/*
 * test_analyst.c - passes over real ledgers, checked against the records that went in.
 */
#include "log.h"
#include "passes.h"

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
    edit("UPDATE analyst SET analysed_seq = 0");
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
    struct config config = {.timezone = (char *)"Europe/Berlin",
                            .weekend = (char *)"sat sun",
                            .segments = segments,
                            .segment_count = 1};
    FILE *csv = fopen("records.csv", "w");
    struct book b;
    struct analyst *a;
    uint64_t seed = 7;
    char command[512];

    test_need_program("python3");
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
    /* What decided, when coming and when going. */
    CHECK_STR(rows("SELECT evidence, back FROM stage_history WHERE dimension = 'segment'"
                   " ORDER BY id"),
              "{\"active_days_30d\":6}|out of it when this no longer holds: active_days_30d >= 5;"
              "{\"active_days_30d\":0}|in it again when active_days_30d >= 5");
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
    CHECK_STR(rows("SELECT * FROM quarantine_count"),
              "hooks|start: not a time|1|2026-11-22T12:00:00Z|2026-11-22T12:00:00Z");
    {
        uint64_t released[1] = {(uint64_t)atoll(rows("SELECT id FROM quarantine"))};
        struct ledger_batch batch = {.released = released, .released_count = 1};

        book_commit(&b, &batch);
    }
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows("SELECT (SELECT count(*) FROM quarantine),"
                   " (SELECT count(*) FROM quarantine_count)"),
              "0|0");
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
    CHECK_INT(system("rm ledger.db*"), 0);
    edit("INSERT INTO customer(id, imported) VALUES('kept', 1)");
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

/* A copy of the ledger as it is now, put back later. */
static void
copy_ledger(struct book *b)
{
    book_close(b);
    CHECK_INT(system("rm -rf copy && mkdir copy && cp ledger.db* copy/"), 0);
    book_open(b);
}

static void
put_ledger_back(struct book *b)
{
    book_close(b);
    CHECK_INT(system("rm ledger.db* && cp copy/ledger.db* ."), 0);
    book_open(b);
}

static void
commit_leg(struct book *b, const char *customer)
{
    book_leg(b, customer, AT(TODAY, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(b, NULL);
}

TEST(a_ledger_put_back_is_known_by_its_history_however_far_it_has_come)
{
    struct book b;
    struct analyst *a;

    log_set_level(LOG_LEVEL_ERROR);
    book_open(&b);
    commit_leg(&b, "acme");
    copy_ledger(&b);
    commit_leg(&b, "lost");
    a = open_analyst(&plain);
    run_pass(a, NOW, 2);
    analyst_close(a);
    put_ledger_back(&b);
    commit_leg(&b, "globex");
    commit_leg(&b, "initech");
    a = open_analyst(&plain);
    run_pass(a, NOW, 3);
    CHECK_STR(rows("SELECT customer FROM customer_day ORDER BY 1"), "acme;globex;initech");
    CHECK_STR(rows("SELECT count(*) FROM customer WHERE id = 'lost'"), "0");
    CHECK_STR(rows("SELECT analysed_seq, newest_seq FROM analyst"), "3|3");
    analyst_close(a);
    book_close(&b);
}

/* The rows of a pass that was cut off are there, its place is not. */
TEST(a_pass_that_is_cut_off_says_how_new_its_rows_may_be)
{
    struct book b;
    struct analyst *a;
    struct error err;
    uint64_t seq;

    log_set_level(LOG_LEVEL_ERROR);
    book_open(&b);
    commit_leg(&b, "acme");
    a = open_analyst(&plain);
    run_pass(a, NOW, 1);
    analyst_close(a);
    copy_ledger(&b);
    commit_leg(&b, "lost");
    edit("ALTER TABLE quarantine RENAME TO elsewhere");
    a = open_analyst(&plain);
    CHECK(analyst_run(a, NOW, &seq, &err) != ST_OK);
    analyst_close(a);
    edit("ALTER TABLE elsewhere RENAME TO quarantine");
    CHECK_STR(rows("SELECT count(*) FROM customer_day WHERE customer = 'lost'"), "1");
    CHECK_STR(rows("SELECT analysed_seq, newest_seq FROM analyst"), "1|2");
    put_ledger_back(&b);
    commit_leg(&b, "globex");
    a = open_analyst(&plain);
    run_pass(a, NOW, 2);
    CHECK_STR(rows("SELECT customer FROM customer_day ORDER BY 1"), "acme;globex");
    analyst_close(a);
    book_close(&b);
}

/* A restart alone, even in the middle of a pass, is no reason to begin anew. */
TEST(a_ledger_that_was_opened_again_goes_on_from_its_place)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    commit_leg(&b, "acme");
    a = open_analyst(&plain);
    run_pass(a, NOW, 1);
    analyst_close(a);
    edit("INSERT INTO customer_day(customer, day, legs, seconds, failed, participants,"
         " conferences) VALUES('witness', '2026-11-01', 1, 1, 0, 1, 1)");
    book_close(&b);
    book_open(&b);
    commit_leg(&b, "globex");
    a = open_analyst(&plain);
    run_pass(a, NOW, 2);
    CHECK_STR(rows("SELECT customer FROM customer_day ORDER BY 1"), "acme;globex;witness");
    /* Nor is a place that an older version wrote. */
    edit("UPDATE analyst SET incarnation = NULL, newest_seq = NULL");
    run_pass(a, NOW, 2);
    CHECK_STR(rows("SELECT count(*) FROM customer_day"), "3");
    analyst_close(a);
    book_close(&b);
}
