/*
 * test_analyst.c - passes over real ledgers, checked against the records that went in.
 */
#include "analyst.h"

#include <sys/stat.h>

#include "book.h"
#include "store.h"
#include "test.h"

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
