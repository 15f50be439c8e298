/*
 * test_ledger_retain.c - audits that are added up, events and totals that go, and sums that still
 * hold.
 */
#include "book.h"
#include "ledger_care.h"
#include "ledger_file.h"
#include "log.h"
#include "memory.h"

#define DAY_US INT64_C(86400000000)

/* A batch of records that were all ignored but for `events`, each begun at `start`. */
static uint64_t
commit(struct ledger *l, uint64_t records, size_t events, int64_t start, int64_t created)
{
    struct event_row *e = xcalloc(events + 1, sizeof *e);
    struct ledger_batch b = {
        .events = e,
        .event_count = events,
        .count = {.records = records, .accepted = events, .ignored = records - events},
        .created = created};
    struct error err;
    uint64_t seq = 0;

    for (size_t i = 0; i < events; i++)
        e[i] = (struct event_row){.kind = 1,
                                  .start = start,
                                  .customer = SPAN("acme"),
                                  .id = SPAN(""),
                                  .json = SPAN("{}")};
    if (ledger_commit(l, &b, &seq, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    free(e);
    return seq;
}

static void
complain(void *arg, const char *sentence)
{
    (void)arg;
    test_fail(__FILE__, __LINE__, "%s", sentence);
}

static void
must_be_whole(void)
{
    struct ledger_check check;
    struct error err;

    CHECK_INT(ledger_check("ledger.db", complain, NULL, &check, &err), ST_OK);
}

TEST(ledger_adds_up_the_audits_of_days_gone_by)
{
    struct ledger *l = ledger_here();
    int64_t today = 20000 * DAY_US;
    struct error err;
    bool more = true;
    uint64_t seq = 0;
    int rounds = 0;

    for (int day = 10; day >= 0; day--)
        for (uint64_t n = 1; n <= 5; n++) {
            seq = commit(l, n, 0, 0, today - day * DAY_US + (int64_t)n * 1000000);
            CHECK_INT(ledger_fold(l, NULL, 0, seq, &err), ST_OK); /* a row each */
        }
    seq = commit(l, 7, 0, 0, today - 9 * DAY_US); /* not folded: stays by itself */
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM audit"), 56);
    for (; more; rounds++)
        CHECK_INT(ledger_thin_audit(l, today - 3 * DAY_US + 5, &more, &err), ST_OK);
    CHECK_INT(rounds, 8); /* seven days, and none left */
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM audit"), 7 + 20 + 1);
    CHECK_INT(ledger_file_ask("SELECT sum(records) FROM audit"), 11 * 15 + 7);
    CHECK_INT(ledger_file_ask("SELECT sum(batches) FROM audit"), 56);
    must_be_whole();
    CHECK_INT(ledger_fold(l, NULL, 0, seq, &err), ST_OK);
    ledger_close(l);
    must_be_whole();
}

TEST(ledger_forgets_old_events_that_the_store_has_seen)
{
    struct ledger *l = ledger_here();
    struct event_place from = {-1, -1};
    uint64_t first, second;
    struct error err;
    int slices = 0;

    first = commit(l, 1500, 1500, 100, DAY_US);
    commit(l, 10, 10, 500, DAY_US);
    second = commit(l, 10, 10, 100, DAY_US);
    do
        CHECK_INT(ledger_expire_events(l, 200, first, &from, &err), ST_OK);
    while (from.seq >= 0 && ++slices < 10);
    CHECK_INT(slices, 1); /* a thousand, then the rest */
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM event"), 20);
    CHECK_INT(ledger_expire_events(l, 200, second, &from, &err), ST_OK);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM event WHERE start = 500"), 10);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM event"), 10);
    ledger_close(l);
    must_be_whole();
}

/* Every start is an incarnation; a ledger that is started for years keeps the newest. */
TEST(ledger_keeps_a_thousand_incarnations)
{
    struct ledger *l = ledger_here();

    ledger_close(l);
    ledger_file_run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)"
                    "INSERT OR IGNORE INTO history SELECT i, 0, row_checksum(i, 0) FROM n");
    l = ledger_here();
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM history"), 1000);
    CHECK(ledger_in_history(l, 1500, 0) && !ledger_in_history(l, 1, 0));
    ledger_close(l);
}

TEST(ledger_knows_what_was_committed_before_a_time_although_clocks_are_set)
{
    struct ledger *l = ledger_here();
    uint64_t seq, first = commit(l, 1, 0, 0, 10 * DAY_US);
    struct error err;

    CHECK_INT(ledger_last_before(l, 11 * DAY_US, &seq, &err), ST_OK);
    CHECK_INT(seq, 0); /* nothing says that the time has come */
    commit(l, 1, 0, 0, 20 * DAY_US);
    commit(l, 1, 0, 0, 5 * DAY_US); /* the clock is set back */
    commit(l, 1, 0, 0, 30 * DAY_US);
    CHECK_INT(ledger_last_before(l, 15 * DAY_US, &seq, &err), ST_OK);
    CHECK_INT(seq, first);
    CHECK_INT(ledger_last_before(l, 25 * DAY_US, &seq, &err), ST_OK);
    CHECK_INT(seq, first + 2);
    CHECK_INT(ledger_last_before(l, 5 * DAY_US, &seq, &err), ST_OK);
    CHECK_INT(seq, 0);
    ledger_close(l);
}

/* --- totals --- */

#define FLOOR 16000 /* days */

static int32_t
floor_on_disk(void)
{
    struct ledger_state st = {0};
    struct ledger_reader *r;
    struct error err;

    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    CHECK_INT(ledger_reader_state(r, &st, &err), ST_OK);
    ledger_reader_close(r);
    return st.floor;
}

/* A leg of every customer on two days below the floor and on one above it. */
static void
fill(struct book *b, int customers)
{
    static const int32_t days[] = {FLOOR - 300, FLOOR - 1, FLOOR};
    char name[16];

    for (int i = 0; i < customers; i++)
        for (int k = 0; k < 3; k++) {
            snprintf(name, sizeof name, "c%d", i);
            book_leg(b, name, (int64_t)days[k] * DAY_SECONDS, 60, NULL, NULL, NULL, OUTCOME_OK);
        }
    book_commit(b, &(struct ledger_batch){.count = {.records = 3000000, .accepted = 3000000}});
}

TEST(ledger_retires_the_totals_below_its_floor_in_steps)
{
    struct book b;
    struct error err;
    bool more;
    int steps = 1;

    book_open(&b);
    fill(&b, 1500);
    CHECK_INT(ledger_retire(b.ledger, FLOOR, &more, &err), ST_OK);
    CHECK(more);
    CHECK_INT(floor_on_disk(), FLOOR); /* from the first step on */
    CHECK(ledger_file_ask("SELECT count(*) FROM total WHERE period < 16000") > 0);
    must_be_whole();
    book_close(&b);
    book_open(&b); /* what was cut off goes on */
    for (more = true; more; steps++)
        CHECK_INT(ledger_retire(b.ledger, 0, &more, &err), ST_OK);
    CHECK(steps >= 4); /* of a thousand each */
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM total"), 1500);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM total WHERE period = 16000"), 1500);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM total_day"), 1);
    CHECK_INT(ledger_retire(b.ledger, FLOOR - 10, &more, &err), ST_OK);
    CHECK(!more);
    CHECK_INT(ledger_state(b.ledger)->floor, FLOOR);
    CHECK_INT(floor_on_disk(), FLOOR); /* never back */
    must_be_whole();
    book_close(&b);
}

static void
ignore(void *arg, const char *sentence)
{
    (void)arg, (void)sentence;
}

TEST(a_recovered_ledger_keeps_its_floor)
{
    struct ledger_recovery done = {0};
    struct book b;
    struct error err;
    bool more;

    log_set_level(LOG_LEVEL_ERROR);
    book_open(&b);
    fill(&b, 2);
    CHECK_INT(ledger_retire(b.ledger, FLOOR, &more, &err), ST_OK);
    book_close(&b);
    CHECK_INT(ledger_recover("ledger.db", "1", ignore, NULL, &done, &err), ST_OK);
    CHECK_INT(floor_on_disk(), FLOOR);
    must_be_whole();
}
