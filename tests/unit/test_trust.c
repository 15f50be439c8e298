/*
 * test_trust.c - how complete the data are, and what waits for them.
 *
 * Two feeds bring ten records each quarter hour, day and night, for five weeks; "bridge" falls
 * silent, "desk" goes on. What must come of that is worked out by hand.
 */
#include "engine.h"
#include "ledger_file.h"

#include "../../daemon/store/analyst/signals.h"
#include "../../daemon/store/analyst/trust.h"
#include "passes.h"

#define WEEKS    5
#define DEAD_FOR (20 * 4) /* quarters: since 16:00 of the day before */
#define NOW_Q    ((int32_t)(NOW / 900))

static struct config_input inputs[] = {{.title = (char *)"bridge"}, {.title = (char *)"desk"}};
static struct config two_feeds = {.timezone = (char *)"UTC",
                                  .inputs = inputs,
                                  .input_count = 2,
                                  .signals = {.complete = 0.9, .most = 3}};

/* Of an input: so many records of each quarter in [from, to), arrived so many quarters later. */
static void
arrive(const char *input, int32_t from, int32_t to, int32_t later, int records)
{
    char sql[600];

    snprintf(sql, sizeof sql,
             "WITH RECURSIVE q(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM q WHERE n < %d)"
             " INSERT INTO feed_quarter SELECT n + %d, '%s', n, %d,"
             " row_checksum(n + %d, '%s', n, %d) FROM q",
             from, to - 1, later, input, records, later, input, records);
    ledger_file_run(sql);
}

/* Late, but there: a file that is read at one moment. */
static void
arrive_at(const char *input, int32_t from, int32_t to, int32_t at, int records)
{
    char sql[600];

    snprintf(sql, sizeof sql,
             "WITH RECURSIVE q(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM q WHERE n < %d)"
             " INSERT INTO feed_quarter SELECT %d, '%s', n, %d, row_checksum(%d, '%s', n, %d)"
             " FROM q",
             from, to - 1, at, input, records, at, input, records);
    ledger_file_run(sql);
}

static void
note_ways(void)
{
    static const char *const ways[] = {"99, 'acme', 'bridge'", "99, 'zeta', 'desk'",
                                       "115, 'ops', 'bridge'", "115, 'ops', 'desk'"};
    char sql[200];

    for (int i = 0; i < 4; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO way VALUES(%s, row_checksum(%s))", ways[i], ways[i]);
        ledger_file_run(sql);
    }
}

static void
open_feeds(struct book *b)
{
    book_open(b);
    note_ways();
    arrive("bridge", NOW_Q - WEEKS * 672, NOW_Q - DEAD_FOR, 0, 10);
    arrive("desk", NOW_Q - WEEKS * 672, NOW_Q, 0, 10);
    book_leg(b, "acme", AT(TODAY - 1, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_leg(b, "zeta", AT(TODAY - 1, 9, 0), 60, "bob", "c2", NULL, OUTCOME_OK);
    book_contact(b, "ops", AT(TODAY - 1, 9, 0), 1, 60, OUTCOME_OK);
    book_contact(b, "ops", AT(TODAY - 1, 18, 0), 1, 60, OUTCOME_OK);
    book_commit(b, NULL);
}

#define DAYS                                                                                       \
    "SELECT customer, day, round(completeness, 4) FROM customer_day_completeness ORDER BY 1, 2"

TEST(days_and_intervals_are_as_complete_as_what_they_depend_on)
{
    struct book b;
    struct analyst *a;

    open_feeds(&b);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    /* The bridge was there for 16 of 24 hours, the desk all day. */
    CHECK_STR(rows(DAYS), "acme|2026-11-21|0.6667;zeta|2026-11-21|1.0");
    CHECK_STR(rows("SELECT start, completeness FROM service_interval_completeness ORDER BY 1"),
              "2026-11-21T09:00:00Z|1.0;2026-11-21T18:00:00Z|0.5");
    CHECK_STR(rows("SELECT input, count(*), sum(records), round(sum(still_expected)) FROM"
                   " feed_interval GROUP BY 1 ORDER BY 1"),
              "bridge|3360|32800|800.0;desk|3360|33600|0.0");
    CHECK_STR(rows("SELECT kind, name, input FROM way ORDER BY 1, 2, 3"),
              "customer|acme|bridge;customer|zeta|desk;service|ops|bridge;service|ops|desk");
    /* Late, but there: the bridge's file is read at noon. */
    arrive_at("bridge", NOW_Q - DEAD_FOR, NOW_Q, NOW_Q, 10);
    book_commit(&b, NULL);
    run_pass(a, NOW + 900, b.seq);
    CHECK_STR(rows("SELECT customer, completeness > 0.97 FROM customer_day_completeness"),
              "acme|1;zeta|1");
    analyst_close(a);
    book_close(&b);
}

/* One in five records of the bridge comes two hours late. */
TEST(what_usually_comes_late_is_still_expected)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    arrive("bridge", NOW_Q - WEEKS * 672, NOW_Q, 0, 8);
    arrive("bridge", NOW_Q - WEEKS * 672, NOW_Q - 8, 8, 2);
    book_leg(&b, "acme", AT(TODAY - 1, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT records, round(completeness, 2), round(still_expected) FROM"
                   " feed_interval ORDER BY start DESC LIMIT 10"),
              "8|0.8|2.0;8|0.8|2.0;8|0.8|2.0;8|0.8|2.0;8|0.8|2.0;8|0.8|2.0;8|0.8|2.0;"
              "8|0.8|2.0;10|1.0|0.0;10|1.0|0.0");
    analyst_close(a);
    book_close(&b);
}

/* --- signals --- */

static void
look(struct analyst *a, int64_t now, const char *kind, const char *const *customers)
{
    struct pass p = {.a = a, .store = a->store, .now = now, .today = day_of(now)};
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    struct signals *s = NULL;
    struct error err;
    enum status st;

    format_utc(p.now_text, now);
    format_day(end, p.today - 1);
    st = signals_begin(&s, &p, kind, &err);
    for (int i = 0; st == ST_OK && customers[i]; i++) {
        struct signal_row row = {.subject = span_str(customers[i]),
                                 .subject_type = "customer",
                                 .severity = "warning",
                                 .delta = -i,
                                 .window_start = format_day(start, p.today - 1),
                                 .window_end = end,
                                 .reason = "less",
                                 .evidence = "{}"};

        st = signals_raise(s, &row, &err);
    }
    if (signals_end(s, st, end, &err) != ST_OK || store_commit_open(a->store, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

#define BOTH                                                                                       \
    (const char *const[])                                                                          \
    {                                                                                              \
        "acme", "zeta", NULL                                                                       \
    }
#define HELD "SELECT subject, version, state, held FROM signal ORDER BY subject"

TEST(a_signal_waits_for_the_data_it_depends_on)
{
    struct book b;
    struct analyst *a;

    open_feeds(&b);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    look(a, NOW, "decline", BOTH);
    CHECK_STR(rows(HELD), "acme|1|open|input bridge has been silent since 2026-11-21T15:45:00Z;"
                          " 67 % of what usually comes is there;zeta|1|open|");
    look(a, NOW + 60, "decline", BOTH); /* nothing new */
    CHECK_STR(rows("SELECT version FROM signal"), "1;1");
    arrive_at("bridge", NOW_Q - DEAD_FOR, NOW_Q, NOW_Q, 10);
    book_commit(&b, NULL);
    run_pass(a, NOW + 900, b.seq);
    look(a, NOW + 900, "decline", BOTH);
    CHECK_STR(rows(HELD), "acme|2|open|;zeta|1|open|");
    CHECK_STR(rows("SELECT DISTINCT rule FROM signal"), "decline/1");
    analyst_close(a);
    book_close(&b);
}

TEST(a_held_signal_that_was_nothing_closes_with_the_data)
{
    struct book b;
    struct analyst *a;

    open_feeds(&b);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    look(a, NOW, "decline", BOTH);
    look(a, NOW + 60, "decline", (const char *const[]){NULL});
    CHECK_STR(rows("SELECT subject, state, closed_for FROM signal ORDER BY 1"),
              "acme|closed|nothing, once the data were there;zeta|open|");
    analyst_close(a);
    book_close(&b);
}

TEST(what_stood_before_stays_while_data_are_missing)
{
    struct book b;
    struct analyst *a;

    open_feeds(&b);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW - 86400 * 2, b.seq); /* the bridge was well then */
    look(a, NOW - 86400 * 2, "decline", BOTH);
    CHECK_STR(rows(HELD), "acme|1|open|;zeta|1|open|");
    run_pass(a, NOW, b.seq);
    for (int i = 0; i < 3; i++)
        look(a, NOW + i * 86400, "decline", (const char *const[]){NULL});
    /* Three calm windows: the desk's customer is calm, of the bridge's nobody knows. */
    CHECK_STR(rows("SELECT subject, state FROM signal ORDER BY 1"), "acme|open;zeta|closed");
    analyst_close(a);
    book_close(&b);
}

TEST(the_most_important_ones_are_written_and_the_others_summed_up)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY - 1, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    look(a, NOW, "decline", (const char *const[]){"c0", "c1", "c2", "c3", "c4", "c5", NULL});
    CHECK_STR(rows("SELECT kind, subject, state FROM signal ORDER BY kind, subject"),
              "decline|c3|open;decline|c4|open;decline|c5|open;decline_more|decline|open");
    CHECK_STR(rows("SELECT reason, value FROM signal WHERE kind = 'decline_more'"),
              "3 more signals of kind decline than the 3 most important ones (signals.most); look"
              " with: callswell signal list --rest --kind decline|3.0");
    CHECK_STR(rows("SELECT subject, delta FROM signal_rest ORDER BY 1"), "c0|0.0;c1|-1.0;c2|-2.0");
    /* The next day the same: nothing flaps. Then c5 is calm for two windows: another takes over. */
    look(a, NOW + 86400, "decline",
         (const char *const[]){"c0", "c1", "c2", "c3", "c4", "c5", NULL});
    CHECK_STR(rows("SELECT subject, version FROM signal WHERE kind = 'decline' ORDER BY 1"),
              "c3|2;c4|2;c5|2");
    for (int i = 2; i < 6; i++)
        look(a, NOW + i * 86400, "decline",
             (const char *const[]){"c0", "c1", "c2", "c3", "c4", NULL});
    CHECK_STR(rows("SELECT subject FROM signal WHERE kind = 'decline' AND state = 'open'"
                   " ORDER BY 1"),
              "c2;c3;c4");
    look(a, NOW + 6 * 86400, "decline", (const char *const[]){"c2", "c3", "c4", NULL});
    CHECK_STR(rows("SELECT state, closed_for FROM signal WHERE kind = 'decline_more'"),
              "closed|calm");
    CHECK_STR(rows("SELECT count(*) FROM signal_rest"), "0");
    analyst_close(a);
    book_close(&b);
}

TEST(a_signal_that_nobody_finds_again_expires)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY - 1, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    look(a, NOW, "no_longer_known", BOTH);
    run_pass(a, NOW + 13 * 86400, b.seq);
    CHECK_STR(rows("SELECT DISTINCT state FROM signal"), "open");
    run_pass(a, NOW + 15 * 86400, b.seq);
    CHECK_STR(rows("SELECT DISTINCT state, closed_for FROM signal"), "closed|expired");
    analyst_close(a);
    book_close(&b);
}

/* --- silence --- */

static void
tell(struct analyst *a, int64_t bridge, int64_t desk, int64_t now)
{
    struct feed f[2] = {{.input = "bridge", .type = "tail", .matching_known = true},
                        {.input = "desk", .type = "tail", .matching_known = true}};
    struct error err = {0};

    f[0].last_arrival = bridge;
    f[1].last_arrival = desk;
    if (analyst_feeds(a, f, 2, now, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

#define SILENT                                                                                     \
    "SELECT version, subject, severity, state, substr(reason, 1, 101) FROM signal WHERE"           \
    " kind = 'feed_silent'"

TEST(a_dead_feed_is_a_signal_and_one_heard_of_again_is_not)
{
    struct book b;
    struct analyst *a;
    int64_t died = NOW - DEAD_FOR * 900;

    open_feeds(&b);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    a->opened = NOW - 60;
    tell(a, died, NOW, NOW); /* just started: nobody had the time to send */
    CHECK_STR(rows(SILENT), "");
    a->opened = NOW - 86400;
    tell(a, died, NOW, NOW + 1);
    CHECK_STR(rows(SILENT), "1|bridge|warning|open|Nothing has come by input \"bridge\" since"
                            " 2026-11-21T16:00:00Z; there never was a silence at these hou");
    CHECK_STR(rows("SELECT input, silent_since FROM feed_health ORDER BY 1"),
              "bridge|2026-11-21T16:00:00Z;desk|");
    run_pass(a, NOW + 900, b.seq);
    tell(a, died, NOW + 900, NOW + 3600);
    CHECK_STR(rows("SELECT version FROM signal WHERE kind = 'feed_silent'"), "1");
    tell(a, NOW + 3700, NOW + 3700, NOW + 3700);
    CHECK_STR(rows("SELECT version, state FROM signal WHERE kind = 'feed_silent'"), "2|closed");
    analyst_close(a);
    book_close(&b);
}

/* The same silence on a day that the calendar closes is none, and nothing is missing for it; the
 * day after it is one. */
TEST(a_holiday_is_no_silence)
{
    struct book b;
    struct analyst *a;
    int64_t died = AT(TODAY, 0, 0);

    book_open(&b);
    note_ways();
    arrive("bridge", NOW_Q - WEEKS * 672, (int32_t)(died / 900), 0, 10);
    arrive("desk", NOW_Q - WEEKS * 672, NOW_Q, 0, 10);
    book_leg(&b, "acme", AT(TODAY - 1, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&two_feeds);
    edit("INSERT INTO calendar(day, service, factor, name) VALUES('2026-11-22', '', 0, 'feast')");
    run_pass(a, NOW, b.seq);
    a->opened = NOW - 86400;
    tell(a, died, NOW, NOW);
    CHECK_STR(rows(SILENT), "");
    CHECK_STR(rows("SELECT max(still_expected) FROM feed_interval WHERE input = 'bridge' AND start"
                   " >= '2026-11-22'"),
              "0.0");
    edit("DELETE FROM calendar"); /* it was none: said at the next look */
    run_pass(a, NOW + 1, b.seq);
    tell(a, died, NOW, NOW + 2);
    CHECK_STR(rows("SELECT subject, state FROM signal WHERE kind = 'feed_silent'"), "bridge|open");
    analyst_close(a);
    book_close(&b);
}

/* Nor does a feast teach that silence is usual. */
TEST(days_of_the_calendar_teach_no_rhythm)
{
    struct book b;
    struct analyst *a;
    int32_t feast = (int32_t)(AT(TODAY - 14, 0, 0) / 900);

    book_open(&b);
    arrive("bridge", NOW_Q - WEEKS * 672, feast, 0, 10);
    arrive("bridge", feast + 96, NOW_Q, 0, 10);
    arrive("desk", NOW_Q - WEEKS * 672, NOW_Q, 0, 10);
    book_leg(&b, "acme", AT(TODAY - 1, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&two_feeds);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT completeness, round(still_expected, 1) FROM feed_interval WHERE input ="
                   " 'bridge' AND start = '2026-11-08T12:00:00Z'"),
              "0.0|0.0"); /* a day that was lost */
    edit("INSERT INTO calendar(day, service, factor, name) VALUES('2026-11-08', '', 0, 'feast')");
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows("SELECT completeness, round(still_expected, 1) FROM feed_interval WHERE input ="
                   " 'bridge' AND start = '2026-11-08T12:00:00Z'"),
              "1.0|0.0");
    analyst_close(a);
    book_close(&b);
}
