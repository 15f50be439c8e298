/*
 * test_store.c - the store's connection, its schema, the customer list, segment conditions.
 */
#include "store.h"

#include <math.h>
#include <unistd.h>

#include "analyst.h"
#include "customers.h"
#include "customers_import.h"
#include "test.h"

static struct store *
open_store(const char *path)
{
    struct store *s;
    struct error err;

    if (store_open(&s, path, STORE_EDIT, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return s;
}

static int64_t
number(struct store *s, const char *sql)
{
    struct error err;
    int64_t n;

    if (store_int(s, sql, -1, &n, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return n;
}

static void
must_run(struct store *s, const char *sql)
{
    struct error err;

    if (store_run(s, sql, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

TEST(a_new_store_has_every_public_table)
{
    static const char *const tables[] = {
        "customer",       "customer_alias",   "customer_day",     "customer_profile",
        "stage_history",  "segment_member",   "staffing",         "roster",
        "feature_demand", "signal",           "service_interval", "activity",
        "orders",         "booking",          "quarantine",       "quarantine_count",
        "feed_health",    "schema_migration", "conference",       "meeting"};
    struct store *s = open_store("crm.db");
    struct error err;
    int64_t steps;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[128];
        int64_t n;

        snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", tables[i]);
        if (store_int(s, sql, -1, &n, &err) != ST_OK)
            test_fail(__FILE__, __LINE__, "%s", err.text);
    }
    steps = number(s, "SELECT count(*) FROM schema_migration");
    CHECK(steps >= 9);
    store_close(s);
    /* Opening again changes nothing. */
    s = open_store("crm.db");
    CHECK_INT(number(s, "SELECT count(*) FROM schema_migration"), steps);
    store_close(s);
}

TEST(a_newer_schema_is_refused_and_left_alone)
{
    struct store *s = open_store("crm.db");
    struct error err;

    must_run(s, "INSERT INTO schema_migration VALUES(99, 'from the future', '2030')");
    store_close(s);
    s = NULL;
    CHECK_INT(store_open(&s, "crm.db", STORE_ANALYST, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "newer") != NULL);
    CHECK_INT(store_open(&s, "crm.db", STORE_READ, &err), ST_BAD_CONFIG);
    CHECK(s == NULL);
}

TEST(a_reader_needs_a_store_and_cannot_write)
{
    struct store *s = NULL;
    struct error err;

    CHECK_INT(store_open(&s, "crm.db", STORE_READ, &err), ST_NOT_FOUND);
    CHECK(access("crm.db", F_OK) != 0);
    store_close(open_store("crm.db"));
    CHECK_INT(store_open(&s, "crm.db", STORE_READ, &err), ST_OK);
    CHECK(store_run(s, "DELETE FROM customer", &err) != ST_OK);
    store_close(s);
}

TEST(a_file_that_is_no_database_is_corrupt)
{
    FILE *f = fopen("crm.db", "w");
    struct store *s = NULL;
    struct error err;

    for (int i = 0; i < 1000; i++)
        fputs("these are not the pages you are looking for\n", f);
    fclose(f);
    CHECK_INT(store_open(&s, "crm.db", STORE_ANALYST, &err), ST_CORRUPT);
}

TEST(store_urls_name_files)
{
    struct error err;
    char *path;

    CHECK_INT(store_path(&path, "sqlite:crm.db", "/var/lib/x", &err), ST_OK);
    CHECK_STR(path, "/var/lib/x/crm.db");
    free(path);
    CHECK_INT(store_path(&path, "sqlite:/srv/crm.db", "/var/lib/x", &err), ST_OK);
    CHECK_STR(path, "/srv/crm.db");
    free(path);
    CHECK_INT(store_path(&path, "postgresql://db/crm", "/var/lib/x", &err), ST_BAD_CONFIG);
    CHECK_INT(store_path(&path, "sqlite:", "/var/lib/x", &err), ST_BAD_CONFIG);
}

TEST(long_work_commits_now_and_then)
{
    struct store *s = open_store("crm.db"), *r;
    struct error err;

    CHECK_INT(store_open(&r, "crm.db", STORE_READ, &err), ST_OK);
    for (int i = 0; i < 120000; i++) {
        CHECK_INT(store_tick(s, &err), ST_OK);
        if (i % 40000 == 0)
            must_run(s, "INSERT INTO customer(id) VALUES(hex(randomblob(8)))");
    }
    CHECK(number(r, "SELECT count(*) FROM customer") > 0); /* before the end */
    CHECK_INT(store_commit_open(s, &err), ST_OK);
    CHECK_INT(number(r, "SELECT count(*) FROM customer"), 3);
    store_close(r);
    store_close(s);
}

/* --- customers --- */

static const char list_csv[] =
    "\xEF\xBB\xBFid,name,aliases,numbers,domains,owner,timezone\r\n"
    "acme,\"Acme, \"\"the\"\" Company\",ACME Inc; acme-emea,+4930123;+4930124,acme.example,"
    "ann,Europe/Berlin\r\n"
    "\r\n"
    "globex,Globex,,,globex.example,,\r\n";

static enum status
take(struct store *s, const char *csv, struct customers_imported *done, struct error *err)
{
    return customers_import(s, span_str(csv), done, err);
}

static enum status
keep(void *arg, const struct customer_row *row, struct error *err)
{
    char *out = arg;

    (void)err;
    snprintf(out, 256, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", SPAN_ARG(row->id), SPAN_ARG(row->name),
             SPAN_ARG(row->aliases), SPAN_ARG(row->numbers), SPAN_ARG(row->domains),
             SPAN_ARG(row->owner));
    return ST_OK;
}

TEST(customers_come_from_csv)
{
    struct store *s = open_store("crm.db");
    struct customers_imported done;
    struct error err;
    char row[256];

    if (take(s, list_csv, &done, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(done.rows, 2);
    CHECK_INT(done.added, 2);
    CHECK_INT(customers_show(s, "acme", keep, row, &err), ST_OK);
    CHECK_STR(row, "acme|Acme, \"the\" Company|ACME Inc;acme-emea|+4930123;+4930124|"
                   "acme.example|ann");
    CHECK_INT(customers_show(s, "ACME-emea", keep, row, &err), ST_OK);
    CHECK(strncmp(row, "acme|", 5) == 0);
    CHECK_INT(customers_show(s, "nobody", keep, row, &err), ST_NOT_FOUND);
    /* The same file again: nothing changes. */
    CHECK_INT(take(s, list_csv, &done, &err), ST_OK);
    CHECK_INT(done.added + done.changed, 0);
    /* A row replaces the lists it has a column for, and only those. */
    CHECK_INT(take(s, "aliases,id\nnew,acme\n", &done, &err), ST_OK);
    CHECK_INT(done.changed, 1);
    CHECK_INT(customers_show(s, "acme", keep, row, &err), ST_OK);
    CHECK_STR(row, "acme|Acme, \"the\" Company|new|+4930123;+4930124|acme.example|ann");
    store_close(s);
}

TEST(a_bad_customer_file_is_refused_whole)
{
    static const struct {
        const char *csv, *want;
    } bad[] = {
        {"", "line 1: the file is empty"},
        {"name\nx\n", "line 1: there is no column id"},
        {"id,colour\nx,y\n", "line 1: column \"colour\""},
        {"id,name\na,x\n,y\n", "line 3: the id is missing"},
        {"id,name\na,\"x\n", "line 2: a quotation mark is never closed"},
        {"id,name\na,\"x\"y\n", "line 2: text after a closing"},
        {"id,timezone\na,Mars/Base\n", "line 2: no time zone"},
        {"id,aliases\na,x\nb,x;y\n", "line 3: alias \"x\" belongs to customer \"a\""},
        {"id\n\xFF\xFE\n", "line 2: id is not plain UTF-8"},
        {"id,name\na,\"two\nlines\"\n", "line 2: name is not plain"},
    };
    struct store *s = open_store("crm.db");
    struct customers_imported done;
    struct error err;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_INT(take(s, bad[i].csv, &done, &err), ST_BAD_INPUT);
        if (strncmp(err.text, bad[i].want, strlen(bad[i].want)) != 0)
            test_fail(__FILE__, __LINE__, "\"%s\", not \"%s\"", err.text, bad[i].want);
        CHECK_INT(number(s, "SELECT count(*) FROM customer"), 0);
        CHECK_INT(number(s, "SELECT count(*) FROM customer_alias"), 0);
    }
    store_close(s);
}

TEST(every_prefix_of_a_customer_file_is_survived)
{
    struct store *s = open_store(":memory:");
    struct customers_imported done;
    struct error err;

    for (size_t n = 0; n < sizeof list_csv; n++) {
        char *exact = malloc(n + 1); /* so that reading past the end is seen */
        enum status st;

        memcpy(exact, list_csv, n);
        st = customers_import(s, span_of(exact, n), &done, &err);
        CHECK(st == ST_OK || st == ST_BAD_INPUT);
        free(exact);
    }
    store_close(s);
}

TEST(a_merge_moves_the_rules_and_what_the_ledger_does_not_have)
{
    struct store *s = open_store("crm.db");
    struct customers_imported done;
    struct error err;

    CHECK_INT(take(s, list_csv, &done, &err), ST_OK);
    must_run(s,
             "INSERT INTO customer_day VALUES('acme', '2026-01-01', 1, 60, 0, 2, 1),"
             "('acme', '2026-01-02', 3, 180, 1, 4, 2), ('globex', '2026-01-02', 5, 300, 0, 6, 3);"
             "INSERT INTO customer_stat(customer, as_of, first_day, last_day)"
             " VALUES('acme', '', '2026-01-01', '2026-01-02'),"
             "('globex', '', '2026-01-02', '2026-01-02');"
             "UPDATE customer SET first_seen = '2026-01-01T09:00:00Z' WHERE id = 'acme';"
             "INSERT INTO activity VALUES(1, 0, 'visit', '', 'acme', '2026', NULL, NULL, NULL,"
             " '{}')");
    CHECK_INT(customers_merge_check(s, SPAN("acme"), SPAN("globex"), &err), ST_OK);
    CHECK_INT(customers_merge_check(s, SPAN("none"), SPAN("globex"), &err), ST_NOT_FOUND);
    CHECK_INT(customers_merge_check(s, SPAN("acme"), SPAN("acme"), &err), ST_BAD_INPUT);
    for (int twice = 0; twice < 2; twice++)
        CHECK_INT(customers_merged(s, SPAN("acme"), SPAN("globex"), 1000, &err), ST_OK);
    CHECK_INT(number(s, "SELECT count(*) FROM customer_alias WHERE customer = 'globex'"), 7);
    CHECK_INT(number(s, "SELECT count(*) FROM customer_alias WHERE customer = 'acme'"), 0);
    CHECK_INT(number(s, "SELECT count(*) FROM customer_day WHERE customer = 'globex'"), 2);
    CHECK_INT(number(s, "SELECT count(*) FROM customer_day"), 2);
    CHECK_INT(number(s, "SELECT sum(legs * 10000 + failed * 1000 + participants * 10 + conferences)"
                        " FROM customer_day"),
              90000 + 1000 + 120 + 6);
    CHECK_INT(number(s, "SELECT sum(seconds) FROM customer_day"), 540);
    CHECK_INT(number(s, "SELECT count(*) FROM customer_stat WHERE customer = 'globex'"
                        " AND first_day = '2026-01-01'"),
              1);
    CHECK_INT(number(s, "SELECT count(*) FROM customer WHERE id = 'globex'"
                        " AND first_seen = '2026-01-01T09:00:00Z'"),
              1);
    CHECK_INT(number(s, "SELECT count(*) FROM activity WHERE customer = 'globex'"), 1);
    CHECK_INT(number(s, "SELECT count(*) FROM customer_profile"), 1);
    CHECK_INT(number(s, "SELECT count(*) FROM stage_history"), 1);
    CHECK_INT(customers_merge_check(s, SPAN("globex"), SPAN("acme"), &err), ST_BAD_INPUT);
    store_close(s);
}

static struct span
match(const struct directory *d, const char *customer)
{
    static struct arena mem;
    struct record r = {.has = FIELD_BIT(FIELD_CUSTOMER)};

    r.text[FIELD_CUSTOMER] = span_str(customer);
    CHECK(directory_match(d, &r, &mem));
    return r.text[FIELD_CUSTOMER];
}

TEST(the_customer_list_becomes_matching_rules)
{
    static struct config config = {.timezone = (char *)"UTC"};
    struct analyst_options opt = {&config, "ledger.db", "crm.db"};
    struct directory_builder *b = directory_builder_new();
    struct customers_imported done;
    struct directory *d;
    struct analyst *a;
    struct store *s;
    struct error err;

    CHECK_INT(analyst_open(&a, &opt, &err), ST_OK);
    s = open_store("crm.db");
    CHECK_INT(take(s, list_csv, &done, &err), ST_OK);
    /* Seen in records only: no rule. */
    must_run(s, "INSERT INTO customer(id) VALUES('+4930123456')");
    CHECK_INT(analyst_directory(a, b, &err), ST_OK);
    d = directory_build(b);
    CHECK_SPAN(match(d, "acme"), "acme");
    CHECK_SPAN(match(d, "ACME-EMEA"), "acme");
    CHECK_SPAN(match(d, "+4930123456"), "acme");
    CHECK_SPAN(match(d, "sip:joe@phones.globex.example"), "globex");
    CHECK_SPAN(match(d, "unheard of"), "unheard of");
    directory_unref(d);
    store_close(s);
    analyst_close(a);
}

/* --- segment conditions --- */

TEST(segment_conditions_read_the_profile_and_nothing_else)
{
    static const char *const good[] = {
        "legs_30d > 100 AND features_30d >= 5",
        "persona = 'night' OR lower(owner) LIKE 'ann%'",
        "ifnull(trend, 1) < 0.5 -- falling",
        "legs_30d > (SELECT avg(legs_30d) FROM customer_profile)",
        "days_since_last BETWEEN 30 AND 90 AND abs(trend - 1) < round(0.5, 1)",
        "rfm_segment IN ('champion', 'loyal')",
    };
    static const char *const bad[] = {
        "",
        "  \n",
        "legs_30d >",
        "no_such_column = 1",
        "1) OR (1",
        "1); DELETE FROM customer; --",
        "1) UNION SELECT sql FROM sqlite_master WHERE (1",
        "customer IN (SELECT value FROM customer_alias)",
        "EXISTS (SELECT 1 FROM customer_stat)",
        "EXISTS (SELECT 1 FROM sqlite_master)",
        "load_extension('x') IS NULL",
        "readfile('/etc/passwd') IS NULL",
        "randomblob(1000000000) IS NULL",
        ("customer IN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
         " SELECT i FROM n)"),
        "customer IN (SELECT name FROM pragma_table_info('customer'))",
        "?1 = 1 AND EXISTS (SELECT 1 FROM segment_member)",
        "1) --",
        "1 LIMIT 5",
        "1; SELECT 2",
    };
    struct error err;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (segment_check("x", good[i], &err) != ST_OK)
            test_fail(__FILE__, __LINE__, "\"%s\": %s", good[i], err.text);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (segment_check("big spender", bad[i], &err) != ST_BAD_CONFIG)
            test_fail(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
        CHECK(strstr(err.text, "segment \"big spender\"") != NULL);
    }
    CHECK_INT(segment_check("rfm:champion", "1", &err), ST_BAD_CONFIG);
}

static void
number_row(void *arg, size_t row, struct row_value *out)
{
    char *text = arg;

    value_int(out++, (int64_t)row);
    value_real(out++, row % 3 ? (double)row / 2 : NAN);
    if (row % 5)
        value_text(out, span_of(text, (size_t)snprintf(text, 32, "row %zu", row)));
    else
        value_null(out);
}

TEST(rows_in_bulk_are_the_rows_that_were_offered)
{
    struct row_source rows = {number_row, (char[32]){""}};
    struct store *s;
    struct query *q;
    struct error err;
    int64_t n;

    CHECK_INT(store_open(&s, "crm.db", STORE_ANALYST, &err), ST_OK);
    CHECK_INT(store_run(s, "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT)", &err), ST_OK);
    CHECK_INT(store_query(s, &q,
                          "INSERT INTO t SELECT c0, c1, c2 FROM offered WHERE true"
                          " ON CONFLICT(a) DO UPDATE SET b = -1",
                          &err),
              ST_OK);
    CHECK_INT(query_run_rows(s, q, &rows, 0, &err), ST_OK);
    CHECK_INT(query_run_rows(s, q, &rows, 2500, &err), ST_OK);
    CHECK_INT(store_int(s, "SELECT count(*) FROM t WHERE b IS a / 2.0", 0, &n, &err), ST_OK);
    CHECK_INT(n, 2500 - 834);
    CHECK_INT(store_int(s, "SELECT count(*) FROM t WHERE b IS NULL AND a % 3 = 0", 0, &n, &err),
              ST_OK);
    CHECK_INT(n, 834);
    CHECK_INT(store_int(s, "SELECT count(*) FROM t WHERE c IS 'row ' || a", 0, &n, &err), ST_OK);
    CHECK_INT(n, 2000);
    CHECK_INT(query_run_rows(s, q, &rows, 3, &err), ST_OK);
    CHECK_INT(store_int(s, "SELECT sum(a) FROM t WHERE b = -1", 0, &n, &err), ST_OK);
    CHECK_INT(n, 0 + 1 + 2);
    query_free(q);
    store_close(s);
}

static enum status
count_commit(void *arg, struct error *err)
{
    (void)err;
    (*(int *)arg)++;
    return ST_OK;
}

TEST(rows_in_bulk_are_spread_over_transactions_if_wanted)
{
    struct row_source rows = {number_row, (char[32]){""}};
    struct store *s;
    struct query *q;
    struct error err;
    int commits = 0;
    int64_t n;

    CHECK_INT(store_open(&s, "crm.db", STORE_ANALYST, &err), ST_OK);
    CHECK_INT(store_run(s, "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT)", &err), ST_OK);
    CHECK_INT(store_query(s, &q, "INSERT INTO t SELECT c0, c1, c2 FROM offered", &err), ST_OK);
    store_before_commit(s, count_commit, &commits);
    CHECK_INT(query_tick_rows(s, q, &rows, 120000, &err), ST_OK);
    CHECK(commits >= 2);
    CHECK_INT(store_commit_open(s, &err), ST_OK);
    CHECK_INT(store_int(s, "SELECT count(*) FROM t", 0, &n, &err), ST_OK);
    CHECK_INT(n, 120000);
    query_free(q);
    store_close(s);
}

static void
check_rows(struct store *s, const char *sql, const char *want)
{
    char got[1024] = "";
    struct query *q;
    struct error err;
    size_t n = 0;

    CHECK_INT(store_query(s, &q, sql, &err), ST_OK);
    while (query_next(q, &err) == ST_OK) {
        for (int i = 0; i < query_columns(q); i++)
            n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s",
                                  i   ? "|"
                                  : n ? ";"
                                      : "",
                                  SPAN_ARG(query_text(q, i)));
    }
    query_free(q);
    CHECK_STR(got, want);
}

#define CONFERENCE(source, id, customer, name, from, until)                                        \
    "('" source "', '" id "', 'x', '" customer "', " name ", '2026-03-" from "Z', '2026-03-" until \
    "Z', 2, 2, 2, 0)"

TEST(one_meeting_in_several_systems)
{
    struct store *s = open_store("crm.db");

    /* A border controller and a bridge share the id; a cloud service has but the name. */
    must_run(s, "INSERT INTO conference VALUES" CONFERENCE(
                    "sbc", "abc", "acme", "NULL", "01T10:00:00",
                    "01T11:00:00") "," CONFERENCE("bridge", "abc", "acme", "'daily'", "01T10:01:00",
                                                  "01T10:59:00") "," CONFERENCE("cloud", "u1",
                                                                                "acme", "'daily'",
                                                                                "01T10:30:00",
                                                                                "01T10:40:00"));
    /* Another day's, another customer's, and one behind it are others. */
    must_run(s, "INSERT INTO conference VALUES" CONFERENCE(
                    "bridge", "abd", "acme", "'daily'", "02T10:01:00",
                    "02T10:59:00") "," CONFERENCE("cloud", "u2", "beta", "'daily'", "01T10:30:00",
                                                  "01T10:40:00") "," CONFERENCE("cloud", "u3",
                                                                                "acme", "'daily'",
                                                                                "01T10:59:30",
                                                                                "01T11:20:00"));
    check_rows(
        s,
        "SELECT customer, meeting, start, until, conferences, systems, joins, legs, people,"
        " people_most, confidence FROM meeting ORDER BY customer, start",
        "acme|[\"sbc\",\"abc\",\"x\"]|2026-03-01T10:00:00Z|2026-03-01T11:00:00Z|3|3|6|6|2|6|0.8;"
        "acme|[\"cloud\",\"u3\",\"x\"]|2026-03-01T10:59:30Z|2026-03-01T11:20:00Z|1|1|2|2|2|2|1.0;"
        "acme|[\"bridge\",\"abd\",\"x\"]|2026-03-02T10:01:00Z|2026-03-02T10:59:00Z|1|1|2|2|2|2|1.0;"
        "beta|[\"cloud\",\"u2\",\"x\"]|2026-03-01T10:30:00Z|2026-03-01T10:40:00Z|1|1|2|2|2|2|1.0");
    must_run(s, "DELETE FROM conference WHERE source = 'cloud'");
    check_rows(s, "SELECT conferences, systems, confidence FROM meeting ORDER BY start",
               "2|2|1.0;1|1|1.0");
    store_close(s);
}
