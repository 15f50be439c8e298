/*
 * test_past.c - days that the ledger forgets, and what the store then still knows of them.
 */

#include "ledger_file.h"
#include "log.h"
#include "passes.h"
#include "store_verify.h"

#define OLD   (TODAY - 900)
#define FLOOR (TODAY - 800)

static void
retire(struct book *b, int32_t floor)
{
    struct error err;
    bool more = true;

    while (more)
        CHECK_INT(ledger_retire(b->ledger, floor, &more, &err), ST_OK);
}

static void
leg_on(struct book *b, const char *customer, int32_t day)
{
    book_leg(b, customer, AT(day, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
}

/* As a daemon's batches say it. */
static void
commit_as_of(struct book *b, int64_t newest)
{
    book_commit(b, &(struct ledger_batch){.newest_record = newest});
}

static void
complain(void *arg, const char *line)
{
    (void)arg;
    test_fail(__FILE__, __LINE__, "%s", line);
}

static void
must_agree(void)
{
    struct verify_watch watch = {.report = complain};
    struct store_verify_result r;
    struct error err;

    CHECK_INT(store_verify("ledger.db", "crm.db", &watch, &r, &err), ST_OK);
    CHECK_INT(r.missing + r.different + r.extra, 0);
}

#define PAST                                                                                       \
    "SELECT (SELECT group_concat(customer || ' ' || day, ',') FROM"                                \
    " (SELECT * FROM customer_day ORDER BY 1, 2)),"                                                \
    " (SELECT group_concat(customer || ' ' || first_day || ' ' || last_day, ',') FROM"             \
    " (SELECT * FROM customer_stat ORDER BY 1)),"                                                  \
    " (SELECT count(*) FROM service_interval), (SELECT group_concat(id || ' ' || first_seen, ',')" \
    " FROM (SELECT * FROM customer ORDER BY 1))"
#define AFTER                                                                                      \
    "acme 2024-06-05,acme 2026-11-22,gone 2024-06-05|"                                             \
    "acme 2024-06-05 2026-11-22,gone 2024-06-05 2024-06-05|2|"                                     \
    "acme 2024-06-05T09:00:00Z,gone 2024-06-05T09:00:00Z"

TEST(the_store_keeps_the_days_that_the_ledger_forgets)
{
    struct analyst *a;
    struct book b;

    book_open(&b);
    leg_on(&b, "acme", OLD);
    leg_on(&b, "gone", OLD);
    book_contact(&b, "desk", AT(OLD, 9, 0), 5, 60, OUTCOME_OK);
    commit_as_of(&b, AT(OLD, 9, 0));
    a = open_analyst(&plain);
    run_pass(a, AT(OLD, 12, 0), 1);
    leg_on(&b, "acme", TODAY);
    book_contact(&b, "desk", AT(TODAY, 9, 0), 5, 60, OUTCOME_OK);
    commit_as_of(&b, AT(TODAY, 9, 0));
    run_pass(a, NOW, 2);
    CHECK_STR(rows(PAST), AFTER);
    must_agree();
    retire(&b, FLOOR);
    must_agree();
    run_pass(a, NOW + DAY_SECONDS, 2); /* all customers are read again */
    CHECK_STR(rows(PAST), AFTER);
    leg_on(&b, "acme", TODAY);
    commit_as_of(&b, AT(TODAY, 9, 0));
    run_pass(a, NOW + DAY_SECONDS, 3); /* those that changed */
    CHECK_STR(rows(PAST), AFTER);
    must_agree();
    analyst_close(a);
    book_close(&b);
}

/* The floor has moved and nothing is deleted yet: what a daemon that ends in between leaves. */
static void
move_floor(struct book *b)
{
    char sql[400];

    book_close(b);
    snprintf(sql, sizeof sql,
             "UPDATE meta SET floor = %d; UPDATE meta SET checksum = " LEDGER_STATE_CHECKSUM,
             (int)FLOOR);
    ledger_file_run(sql);
    book_open(b);
}

/* The ledger is put back to a copy that has forgotten the old days, or is about to. */
static void
start_over(bool deleted)
{
    struct analyst *a;
    struct book b;
    struct error err;
    uint64_t seq;

    book_open(&b);
    leg_on(&b, "acme", OLD);
    leg_on(&b, "gone", OLD);
    book_contact(&b, "desk", AT(OLD, 9, 0), 5, 60, OUTCOME_OK);
    leg_on(&b, "acme", TODAY);
    book_contact(&b, "desk", AT(TODAY, 9, 0), 5, 60, OUTCOME_OK);
    commit_as_of(&b, AT(TODAY, 9, 0));
    a = open_analyst(&plain);
    run_pass(a, NOW, 1);
    CHECK_STR(rows(PAST), AFTER);
    if (deleted)
        retire(&b, FLOOR);
    else
        move_floor(&b);
    book_close(&b);
    CHECK_INT(system("rm -rf copy && mkdir copy && cp ledger.db* copy/"), 0);
    book_open(&b);
    leg_on(&b, "lost", TODAY);
    commit_as_of(&b, AT(TODAY, 9, 0));
    run_pass(a, NOW, 2);
    analyst_close(a);
    book_close(&b);
    CHECK_INT(system("rm ledger.db* && cp copy/ledger.db* ."), 0);
    book_open(&b);
    edit("ALTER TABLE quarantine RENAME TO elsewhere");
    a = open_analyst(&plain);
    CHECK(analyst_run(a, NOW, &seq, &err) != ST_OK); /* cut off, and done again */
    analyst_close(a);
    edit("ALTER TABLE elsewhere RENAME TO quarantine");
    a = open_analyst(&plain);
    run_pass(a, NOW, 1);
    CHECK_STR(rows(PAST), AFTER);
    CHECK_STR(rows("SELECT days_since_last, legs_90d FROM customer_stat ORDER BY customer"),
              "0|1;900|0");
    must_agree();
    analyst_close(a);
    book_close(&b);
}

TEST(a_store_that_starts_over_keeps_the_days_that_the_ledger_no_longer_has)
{
    log_set_level(LOG_LEVEL_ERROR);
    start_over(true);
    CHECK_INT(system("rm ledger.db* crm.db*"), 0);
    start_over(false);
}

#define ANCIENT "'2019-05-01T00:00:00Z'"
#define RECENT  "'2022-05-01T00:00:00Z'"

/* Two rows of each kind of history: one older than the retention, one not. */
static void
write_history(void)
{
    edit("INSERT INTO customer_day VALUES('acme', '2019-05-01', 1, 60, 0, 1, 1),"
         " ('acme', '2022-05-01', 1, 60, 0, 1, 1), ('gone', '2019-05-01', 1, 60, 0, 1, 1);"
         "INSERT INTO service_interval VALUES('desk', " ANCIENT ", 1, 1, 0, 60, 5),"
         " ('desk', " RECENT ", 1, 1, 0, 60, 5);"
         "INSERT INTO stage_history(customer, dimension, at) VALUES('acme', 'old', " ANCIENT "),"
         " ('acme', 'old', " RECENT ");"
         "INSERT INTO activity(seq, n, kind, id, customer, start, record) VALUES"
         " (1, 0, 'visit', '', 'acme', " ANCIENT ", '{}'), (1, 1, 'visit', '', 'a', " RECENT
         ", '{}');"
         "INSERT INTO orders(seq, n, kind, id, customer, start, record) VALUES"
         " (1, 0, 'order', '', 'acme', " ANCIENT ", '{}'), (1, 1, 'order', '', 'a', " RECENT
         ", '{}');"
         "INSERT INTO booking(seq, n, id, customer, start, record) VALUES"
         " (1, 0, '', 'acme', " ANCIENT ", '{}'), (1, 1, '', 'a', " RECENT ", '{}');"
         "INSERT INTO roster VALUES('desk', " ANCIENT ", 30, 2), ('desk', " RECENT ", 30, 2);"
         "INSERT INTO staffing(service, start, minutes, forecast, required, scheduled, model,"
         " as_of) VALUES('gone', " ANCIENT ", 30, 1, 1, 1, '', ''),"
         " ('gone', " RECENT ", 30, 1, 1, 1, '', '');"
         "INSERT INTO input_day VALUES('2019-05-01');"
         "INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, state,"
         " first_seen, last_seen, closed_at) VALUES"
         " ('1', 1, 'k', 't', '1', 'info', '', 'closed', " ANCIENT ", " ANCIENT ", " ANCIENT "),"
         " ('2', 1, 'k', 't', '2', 'info', '', 'closed', " ANCIENT ", " ANCIENT ", " RECENT "),"
         " ('3', 1, 'k', 't', '3', 'info', '', 'acked', " ANCIENT ", " ANCIENT ", NULL)");
}

#define HISTORY                                                                                    \
    "SELECT (SELECT count(*) FROM customer_day WHERE day < '2024'),"                               \
    " (SELECT count(*) FROM service_interval WHERE start < '2024'),"                               \
    " (SELECT count(*) FROM stage_history WHERE dimension = 'old'),"                               \
    " (SELECT count(*) FROM activity), (SELECT count(*) FROM orders),"                             \
    " (SELECT count(*) FROM booking), (SELECT count(*) FROM roster),"                              \
    " (SELECT count(*) FROM staffing WHERE service = 'gone'),"                                     \
    " (SELECT group_concat(id) FROM signal WHERE kind = 'k')"

/* Five years are kept; acme is of today, and the first pass is over. */
static struct analyst *
open_history(struct config *c, struct book *b)
{
    struct analyst *a;

    c->retention.history = 1830 * DAY_SECONDS;
    book_open(b);
    leg_on(b, "acme", TODAY);
    commit_as_of(b, AT(TODAY, 9, 0));
    a = open_analyst(c);
    run_pass(a, NOW, 1);
    return a;
}

TEST(the_history_of_the_store_has_an_end)
{
    struct config c = {.timezone = (char *)"UTC"};
    struct analyst *a;
    struct book b;

    a = open_history(&c, &b);
    write_history();
    run_pass(a, NOW, 1); /* later on the same day */
    CHECK_STR(rows(HISTORY), "3|2|2|2|2|2|2|2|1,2,3");
    /* What copies the ledger stays as long as the ledger may still know of it. */
    run_pass(a, NOW + DAY_SECONDS, 1);
    CHECK_STR(rows(HISTORY), "3|2|1|1|1|1|1|1|2,3");
    retire(&b, FLOOR);
    run_pass(a, NOW + 2 * DAY_SECONDS, 1);
    CHECK_STR(rows(HISTORY), "1|1|1|1|1|1|1|1|2,3");
    CHECK_STR(rows("SELECT first_day FROM customer_stat"), "2026-11-22");
    /* A clock far ahead of all records ends nothing. */
    run_pass(a, NOW + 9000 * (int64_t)DAY_SECONDS, 1);
    CHECK_STR(rows(HISTORY), "1|1|1|1|1|1|1|1|2,3");
    analyst_close(a);
    c.clock_data = true;
    c.retention.history = DAY_SECONDS;
    a = open_analyst(&c);
    run_pass(a, NOW + 3 * DAY_SECONDS, 1);
    CHECK_STR(rows(HISTORY), "1|1|1|1|1|1|1|1|2,3");
    analyst_close(a);
    book_close(&b);
}

/* Of the customers that were seen in 2019 all but "gone" have something left, or are known to
 * people. */
TEST(customers_of_whom_nothing_is_left_leave_the_store)
{
    struct config_segment away = {.name = (char *)"away", .where = (char *)"days_since_last > 99"};
    struct config c = {.timezone = (char *)"UTC", .segments = &away, .segment_count = 1};
    struct analyst *a;
    struct book b;

    a = open_history(&c, &b);
    edit("INSERT INTO customer(id, first_seen, last_seen, imported, merged_into)"
         " SELECT value, " ANCIENT ", " ANCIENT ", value = 'imported',"
         " CASE value WHEN 'merged' THEN 'acme' END FROM json_each('[\"gone\", \"counted\","
         " \"staged\", \"active\", \"ordered\", \"booked\", \"named\", \"signalled\","
         " \"imported\", \"merged\", \"recent\"]');"
         "UPDATE customer SET last_seen = " RECENT " WHERE id = 'recent';"
         "INSERT INTO customer_stat(customer, as_of, first_day, last_day)"
         " SELECT id, '', '2019-05-01', '2019-05-01' FROM customer WHERE id <> 'acme';"
         "INSERT INTO customer_day VALUES('counted', '2022-05-01', 1, 60, 0, 1, 1);"
         "INSERT INTO stage_history(customer, dimension, at) VALUES('staged', 'old', " RECENT ");"
         "INSERT INTO activity(seq, n, kind, id, customer, start, record) VALUES"
         " (1, 0, 'visit', '', 'active', " RECENT ", '{}');"
         "INSERT INTO orders(seq, n, kind, id, customer, start, record) VALUES"
         " (1, 0, 'order', '', 'ordered', " RECENT ", '{}');"
         "INSERT INTO booking(seq, n, id, customer, start, record) VALUES"
         " (1, 0, '', 'booked', " RECENT ", '{}');"
         "INSERT INTO customer_alias VALUES('number', '+49', 'named');"
         "INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, state,"
         " first_seen, last_seen) VALUES('4', 1, 'k', 'customer', 'signalled', 'info', '',"
         " 'acked', " ANCIENT ", " ANCIENT ")");
    run_pass(a, NOW + DAY_SECONDS, 1);
    /* The ledger may still know them; that they are away is news of today. */
    CHECK_STR(rows("SELECT count(*), sum(id = 'gone') FROM customer"), "12|1");
    CHECK_STR(rows("SELECT count(*) FROM segment_member WHERE customer = 'gone'"), "1");
    edit("DELETE FROM stage_history WHERE customer = 'gone'");
    retire(&b, FLOOR);
    run_pass(a, NOW + 2 * DAY_SECONDS, 1);
    CHECK_STR(rows("SELECT group_concat(id) FROM (SELECT id FROM customer ORDER BY 1)"),
              "acme,active,booked,counted,imported,merged,named,ordered,recent,signalled,staged");
    CHECK_STR(rows("SELECT count(*) FROM customer_stat WHERE customer = 'gone'"), "0");
    CHECK_STR(rows("SELECT count(*) FROM segment_member WHERE customer = 'gone'"), "0");
    CHECK_STR(rows("SELECT count(*) FROM stage_history WHERE customer = 'gone'"), "0");
    leg_on(&b, "gone", TODAY); /* it comes again */
    commit_as_of(&b, AT(TODAY, 9, 0));
    run_pass(a, NOW + 2 * DAY_SECONDS, 2);
    CHECK_STR(rows("SELECT c.first_seen, s.first_day FROM customer c JOIN customer_stat s"
                   " ON s.customer = c.id WHERE id = 'gone'"),
              "2026-11-22T09:00:00Z|2026-11-22");
    must_agree();
    analyst_close(a);
    book_close(&b);
}

TEST(days_of_input_that_nobody_asks_for_are_forgotten)
{
    struct analyst *a;
    struct book b;

    book_open(&b);
    leg_on(&b, "acme", TODAY);
    commit_as_of(&b, AT(TODAY, 9, 0));
    a = open_analyst(&plain);
    run_pass(a, NOW, 1);
    edit("INSERT INTO input_day VALUES('2019-05-01')");
    leg_on(&b, "acme", TODAY - 1);
    commit_as_of(&b, AT(TODAY, 9, 0));
    run_pass(a, NOW, 2);
    CHECK_STR(rows("SELECT day FROM input_day ORDER BY day"), "2026-11-21;2026-11-22");
    analyst_close(a);
    book_close(&b);
}
