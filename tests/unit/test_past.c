/*
 * test_past.c - days that the ledger forgets, and what the store then still knows of them.
 */
#include <sqlite3.h>

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
    struct store_verify_result r;
    struct error err;

    CHECK_INT(store_verify("ledger.db", "crm.db", complain, NULL, &r, &err), ST_OK);
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
    char sql[80];
    sqlite3 *db;

    book_close(b);
    snprintf(sql, sizeof sql, "UPDATE meta SET floor = %d", (int)FLOOR);
    CHECK(sqlite3_open("ledger.db", &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
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
