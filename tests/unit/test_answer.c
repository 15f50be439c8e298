/*
 * test_answer.c - named questions to the store: every column's order, pages, filters, whose rows.
 */
#include "answer.h"

#include <stdlib.h>

#include "test.h"

static struct store *store;

static void
edit(const char *sql)
{
    struct error err;

    if (store_run(store, sql, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

/* Rows with ties and gaps in every table, so that orders and pages have something to get wrong. */
static void
fill(void)
{
    struct error err;

    CHECK_INT(store_open(&store, "crm.db", STORE_ANALYST, &err), ST_OK);
    edit(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
        " INSERT INTO season SELECT 'desk ' || (i / 24), 'hour', i % 24, (i % 5) / 4.0, NULL, NULL,"
        " 9, CASE i % 3 WHEN 0 THEN 'high' END, '2026-11-22T12:00:00Z' FROM n");
    edit(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
        " INSERT INTO response SELECT i, 'so ' || (i % 4), 9, i, i / 30.0, NULL, NULL, i % 3, NULL,"
        " NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-22T12:00:00Z' FROM n");
    edit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
         " INSERT INTO outbox(webhook, message, subject, event, body, created, state) SELECT"
         " 'w' || (i % 3), 'm' || i, 's' || (i % 4), 'raised', '{}',"
         " printf('2026-11-22T09:%02d:00Z', i), CASE WHEN i % 2 THEN 'dead' ELSE 'waiting' END"
         " FROM n");
    edit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
         " INSERT INTO conference SELECT 's' || (i % 2), 'k' || (i % 7), printf('2026-11-%02d', i),"
         " printf('c%02d', i % 9), NULL, printf('2026-11-%02dT09:00:00Z', i % 5 + 1),"
         " printf('2026-11-%02dT10:00:00Z', i % 5 + 1), i, i, i, 0 FROM n");
    edit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
         " INSERT INTO customer(id, name, owner) SELECT printf('c%02d', i), CASE WHEN i % 3 THEN"
         " 'Name ' || (i % 4) END, CASE i % 3 WHEN 0 THEN 'ann' WHEN 1 THEN 'bob' END FROM n");
    edit("INSERT INTO customer_stat(customer, as_of, legs_30d, trend, persona) SELECT id,"
         " '2026-11-22T12:00:00Z', 6 + substr(id, 3) % 3, CASE WHEN substr(id, 3) % 2"
         " THEN substr(id, 3) / 7.0 END, CASE WHEN id > 'c20' THEN 'office' END FROM customer"
         " WHERE id <> 'c07'");
    edit("INSERT INTO customer_day SELECT id, '2026-11-' || (10 + substr(id, 3) % 3), 5, 100,"
         " substr(id, 3) % 2, 2, 1 FROM customer");
    edit("INSERT INTO customer_day SELECT id, '2026-11-20', 7, 10, 0, 2, 1 FROM customer");
    edit("INSERT INTO customer_alias VALUES('alias', 'The Fortieth', 'c40')");
    edit("INSERT INTO segment_member SELECT CASE WHEN id < 'c15' THEN 'rfm:loyal' ELSE 'power' END,"
         " id, '2026-11-20T00:00:00Z', '{\"legs\":5}' FROM customer");
    edit("INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule, evidence)"
         " SELECT customer, 'segment', NULL, segment, since, 'r', 'no JSON' FROM segment_member");
    edit("INSERT INTO service_interval SELECT 's' || (substr(id, 3) % 4), '2026-11-20T0' ||"
         " (substr(id, 3) % 10) || ':15:00Z', substr(id, 3), 2, 1, 60, 5 FROM customer"
         " WHERE true ON CONFLICT DO NOTHING");
    edit(
        "INSERT INTO staffing(service, start, minutes, forecast, low, high, handle_seconds,"
        " required, scheduled, rostered, gap, service_level, occupancy, completeness, model, as_of,"
        " patience_seconds) SELECT service, start, 15, offered / 3.0, 1, 9, 60, 2, 3,"
        " nullif(offered % 3, 0), offered % 3 - 3, 0.8, 0.5, 0.9, 'm', '2026-11-19T00:00:00Z',"
        " NULL FROM service_interval");
    edit("INSERT INTO roster SELECT service, start, 15, offered % 3 FROM service_interval");
    edit("INSERT INTO calendar SELECT '2026-12-' || (10 + substr(id, 3) % 3), id, 0.5, NULL FROM"
         " customer");
    edit("INSERT INTO forecast_score SELECT id, 'forecast', 'week1', nullif(substr(id, 3) % 4, 0),"
         " 0.1, 0.3, 1, 0.1, 0.8, 0.95, 12, '2026-11-22' FROM customer");
    edit("INSERT INTO availability SELECT id, nullif(substr(id, 3) % 3, 0), 500, 9, 3, 28,"
         " '2026-11-22' FROM customer");
    edit("INSERT INTO staffing_move SELECT id, 'desk', '2026-11-2' || substr(id, 3) % 3 ||"
         " 'T09:00:00Z', 15, 2, '2026-11-22T12:00:00Z' FROM customer");
    edit("INSERT INTO staffing_skill SELECT 's' || (substr(id, 3) % 4), id, '2026-11-2' ||"
         " (substr(id, 3) % 3) || 'T09:00:00Z', 30, 0.2, 4.5, 1, 9, 2, 3, 2, 4, nullif(substr(id,"
         " 3) % 3, 0), substr(id, 3) % 3 - 3, 0.8, 0.5, '2026-11-19T00:00:00Z' FROM customer");
    edit("INSERT INTO feature_demand(feature, as_of, window_days, people, customers, uses, failed,"
         " score, rank) SELECT 'f' || id, '2026-11-22T12:00:00Z', 90, 5, substr(id, 3) % 2, 3, 4,"
         " 0.5, substr(id, 3) FROM customer");
    edit("INSERT INTO signal(id, version, kind, subject_type, subject, severity, delta, reason,"
         " evidence, state, owner, first_seen, last_seen) SELECT 'ab' || id, 1, 'surge',"
         " 'customer', id, CASE substr(id, 3) % 3 WHEN 0 THEN 'info' WHEN 1 THEN 'warning' ELSE"
         " 'critical' END, CASE WHEN id < 'c30' THEN substr(id, 3) % 5 - 2 END, 'because',"
         " '{\"a\":[1]}', CASE WHEN id = 'c01' THEN 'closed' ELSE 'open' END, owner,"
         " '2026-11-01T00:00:00Z', '2026-11-' || (10 + substr(id, 3) % 9) || 'T00:00:00Z'"
         " FROM customer");
    edit("INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, state,"
         " owner, first_seen, last_seen) VALUES('ff', 1, 'understaffed', 'service', 's1', 'info',"
         " 'r', 'open', 'ann', 'a', 'b')");
    edit("INSERT INTO quarantine(input, stream, position, length, reason, raw, arrived) SELECT"
         " 'in', CASE WHEN id > 'c09' THEN 'x' END, 1, 2, 'bad', 'r,\"w', 'a' FROM customer");
    edit(
        "INSERT INTO quarantine_count SELECT id, 'bad', substr(id, 3) % 3, 'a', 'b' FROM customer");
    edit("INSERT INTO feed_health SELECT id, 'tcp', 1, 2, 3, 4, 5, 6, 7, NULL, NULL, 8, NULL,"
         " '2026-11-22T12:00:00Z', NULL, NULL FROM customer");
    edit("INSERT INTO feed_interval SELECT id, 'a', 1, 2.5, 0.5, 1.25 FROM customer");
    edit("INSERT INTO signal_rest SELECT 'surge', 'customer', id, 'info', 1, 2, 3, 'a', 'b', 'r',"
         " owner, 'c' FROM customer");
    edit("INSERT INTO token(name, hash, role, owner, created) SELECT id, id, 'read', owner, 'a' ||"
         " substr(id, 3) FROM customer");
    edit("INSERT INTO audit(at, who, origin, action, subject) SELECT 'a', id, 'o', 'x', owner FROM"
         " customer");
    edit("INSERT INTO customer_outlook(customer, as_of, stage, stage_since, expected_days_4w,"
         " usage_group) SELECT id, '2026-11-22T12:00:00Z', 'stage ' || (substr(id, 3) % 7),"
         " CASE WHEN id > 'c09' THEN '2026-11-20' END, nullif(substr(id, 3) % 3, 0) / 7.0, NULL"
         " FROM customer");
    /* Some wait, some were spoken to 50 to 70 days ago, with some nobody ever spoke. */
    edit("INSERT INTO activity VALUES(1, 0, 'inquiry', 'i', 'c01', 'a', NULL, NULL, NULL, '{}')");
    edit("UPDATE customer_outlook SET last_contact = printf('2026-09-%02dT09:00:00Z', 1 +"
         " substr(customer, 2) % 21), days_since_contact = 70 - substr(customer, 2) % 21,"
         " last_contact_kind = 'visit' WHERE substr(customer, 2) % 4");
    edit("UPDATE customer_outlook SET asked_since = '2026-10-01T09:00:00Z', days_unanswered ="
         " substr(customer, 2) % 5 WHERE substr(customer, 2) % 4 = 1");
    edit("UPDATE customer_outlook SET stage = 'lost' WHERE customer = 'c25'");
    edit("INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at) SELECT id,"
         " 'stage', CASE WHEN id > 'c20' THEN 'prospect' END, 'first', '2026-12-' || (10 +"
         " substr(id, 3) % 9) || 'T00:00:00Z' FROM customer");
    edit("INSERT INTO usage_group SELECT id, 'office', '2026-11-22T12:00:00Z', substr(id, 3) % 4,"
         " 0.1, 0.2, 0.3, 0.4, 0.5, 7, x'00' FROM customer");
    edit("INSERT INTO model SELECT id, '2026-11-22T12:00:00Z', '{}' FROM customer");
    edit("INSERT INTO analyst VALUES(1, 'l', 1, 1, 1, 1, '2026-11-22T12:00:00Z', '', 1, 1)");
    edit("INSERT INTO input_day VALUES('2026-11-21'), ('2026-11-22'), ('2026-10-25'),"
         " ('2026-10-24')");
}

static bool
collect(void *arg, const struct row_value *values)
{
    const struct answer *a = ((void **)arg)[0];

    answer_csv_row(((void **)arg)[1], a, values);
    return true;
}

/* The rows as CSV, appended to out. */
static struct answer_end
ask(const struct answer *a, const struct answer_query *q, struct buf *out)
{
    void *arg[] = {(void *)a, out};
    struct answer_sink sink = {collect, arg};
    struct answer_end end;
    struct error err;

    buf_reserve(out, 1);
    if (answer_run(store, a, q, &sink, &end, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", a->name, err.text);
    return end;
}

static void
check_pages(const struct answer *a, const char *sort)
{
    struct answer_query q = {.sort = sort};
    struct buf whole = {0}, pages = {0}, cursor = {0};
    struct answer_end end;
    uint64_t rows, seen = 0;

    q.param[ANSWER_STATE] = answer_knows(a, ANSWER_STATE) ? "all" : NULL;
    end = ask(a, &q, &whole);
    rows = end.rows;
    CHECK_INT(end.next.n, 0);
    q.limit = 3;
    do {
        end = ask(a, &q, &pages);
        seen += end.rows;
        buf_clear(&cursor);
        cursor = end.next;
        q.after = cursor.p;
        if (end.rows == 0 || seen > rows)
            test_fail(__FILE__, __LINE__, "%s by %s: page after %llu", a->name, sort,
                      (unsigned long long)seen);
    } while (cursor.n);
    CHECK_INT(seen, rows);
    CHECK_STR(pages.p, whole.p);
    buf_clear(&whole);
    buf_clear(&pages);
    buf_clear(&cursor);
}

TEST(pages_make_up_the_whole_whatever_the_order)
{
    fill();
    for (size_t i = 0; answer_at(i); i++) {
        const struct answer *a = answer_at(i);

        check_pages(a, NULL);
        for (size_t c = 0; c < a->column_count; c++) {
            char down[80];

            if (a->columns[c].type == ANSWER_JSON)
                continue;
            snprintf(down, sizeof down, "-%s", a->columns[c].name);
            check_pages(a, down + 1);
            check_pages(a, down);
        }
    }
    store_close(store);
}

TEST(no_column_stands_twice)
{
    for (size_t i = 0; answer_at(i); i++) {
        const struct answer *a = answer_at(i);

        for (size_t c = 0; c < a->column_count; c++)
            for (size_t d = 0; d < c; d++)
                if (strcmp(a->columns[c].name, a->columns[d].name) == 0)
                    test_fail(__FILE__, __LINE__, "%s: %s", a->name, a->columns[c].name);
    }
}

TEST(a_column_orders_the_rows_and_absent_values_come_last)
{
    static const struct {
        const char *sort, *first, *last;
    } rows[] = {
        {"trend", "c01,Name 1,bob", "c40,"}, /* the odd ones have one; ties by id */
        {"-trend", "c09,,ann", "c40,"},
        {"customer", "c01,Name 1,bob", "c40,Name 0,bob"},
        {NULL, "c02,", "c07,Name 3,bob"}, /* c07 is not counted yet */
    };
    const struct answer *a = answer_find("customers");

    fill();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer_query q = {.sort = rows[i].sort};
        struct buf out = {0};
        const char *last;
        struct answer_end end = ask(a, &q, &out);

        CHECK_INT(end.rows, 40);
        CHECK_STR(end.as_of, "2026-11-22T12:00:00Z");
        if (end.completeness != 2 / 28.0) /* whole days: not today, not the 29th before */
            test_fail(__FILE__, __LINE__, "completeness %g", end.completeness);
        out.p[out.n - 1] = '\0';
        last = strrchr(out.p, '\n') + 1;
        if (strncmp(out.p, rows[i].first, strlen(rows[i].first)) != 0 ||
            strncmp(last, rows[i].last, strlen(rows[i].last)) != 0)
            test_fail(__FILE__, __LINE__, "%s: %.20s ... %.20s", rows[i].sort, out.p, last);
        buf_clear(&out);
    }
    store_close(store);
}

static uint64_t
count(const char *name, enum answer_param p, const char *value, const char *viewer)
{
    struct answer_query q = {.viewer = viewer};
    struct buf out = {0};
    uint64_t rows;

    q.param[p] = value;
    rows = ask(answer_find(name), &q, &out).rows;
    buf_clear(&out);
    return rows;
}

TEST(names_of_questions_and_of_their_columns_are_given_once)
{
    const struct answer *a;

    for (size_t i = 0; (a = answer_at(i)); i++) {
        CHECK(answer_find(a->name) == a);
        for (size_t k = 0; k < a->column_count; k++)
            for (size_t n = 0; n < k; n++)
                if (strcmp(a->columns[n].name, a->columns[k].name) == 0)
                    test_fail(__FILE__, __LINE__, "%s: two columns %s", a->name,
                              a->columns[k].name);
    }
}

TEST(filters_narrow)
{
    fill();
    CHECK_INT(count("customers", ANSWER_SEGMENT, "power", NULL), 26);
    CHECK_INT(count("customers", ANSWER_SEARCH, "fortieth", NULL), 1);
    CHECK_INT(count("customers", ANSWER_SEARCH, "NAME 3", NULL), 6);
    CHECK_INT(count("customers", ANSWER_OWNER, "ann", NULL), 13);
    CHECK_INT(count("customers", ANSWER_CUSTOMER, "c04' OR 1", NULL), 0);
    CHECK_INT(count("customer_days", ANSWER_CUSTOMER, "c04", NULL), 2);
    CHECK_INT(count("customer_days", ANSWER_FROM, "2026-11-20T00:00:00Z", NULL), 40);
    CHECK_INT(count("customer_days", ANSWER_TO, "2026-11-20T00:00:00Z", NULL), 40);
    CHECK_INT(count("signals", ANSWER_STATE, NULL, NULL), 40);
    CHECK_INT(count("signals", ANSWER_STATE, "closed", NULL), 1);
    CHECK_INT(count("signals", ANSWER_STATE, "all", NULL), 41);
    CHECK_INT(count("signals", ANSWER_SEVERITY, "critical", NULL), 12);
    CHECK_INT(count("signals", ANSWER_SERVICE, "s1", NULL), 1);
    CHECK_INT(count("signals", ANSWER_SUBJECT, "s1", NULL), 1);
    CHECK_INT(count("signals", ANSWER_SUBJECT, "c01", NULL), 0); /* its is closed */
    CHECK_INT(count("signals_rest", ANSWER_SUBJECT, "c04", NULL), 1);
    edit("UPDATE signal SET held = 'data are missing' WHERE subject IN ('c01', 'c04')");
    CHECK_INT(count("signals", ANSWER_STATE, "held", NULL), 1);
    CHECK_INT(count("staffing", ANSWER_SERVICE, "s1", NULL), 3);
    CHECK_INT(count("services", ANSWER_SERVICE, NULL, NULL), 4);
    CHECK_INT(count("services", ANSWER_FROM, "2026-11-21T00:00:00Z", NULL), 0);
    CHECK_INT(count("stage_history", ANSWER_SEGMENT, "power", NULL), 26);
    CHECK_INT(count("stale", ANSWER_OWNER, "nobody", NULL), 0);
    CHECK_INT(count("stale", ANSWER_CUSTOMER, "c06", NULL), 1); /* 64 days ago */
    CHECK_INT(count("stale", ANSWER_CUSTOMER, "c11", NULL), 0); /* 59 */
    CHECK_INT(count("stale", ANSWER_CUSTOMER, "c13", NULL), 1); /* has waited 3 days */
    CHECK_INT(count("stale", ANSWER_CUSTOMER, "c25", NULL), 0); /* 66 days ago, but lost */
    CHECK_INT(count("stale", ANSWER_CUSTOMER, "c04", NULL), 1); /* bob's, and nobody ever did */
    CHECK_INT(count("stale", ANSWER_CUSTOMER, "c08", NULL), 0); /* the same, and nobody's */
    edit("DELETE FROM activity");
    CHECK_INT(count("stale", 0, NULL, NULL), 0); /* contacts are not recorded here */
    store_close(store);
}

TEST(who_is_limited_to_an_owner_sees_nobody_elses_customers)
{
    static const struct {
        const char *name;
        uint64_t ann;
    } rows[] = {
        {"customers", 13},       {"customer_usage", 13}, {"customer_days", 26}, {"signals", 13},
        {"segment_members", 26}, {"stage_history", 26},  {"features", 40},      {"staffing", 10},
        {"stages", 7},           {"customer_growth", 8}, {"usage_groups", 40},
    };
    struct answer_query q = {.viewer = "ann"};
    struct answer_sink sink = {collect, NULL};
    struct answer_end end;
    struct error err;
    struct buf out = {0};

    fill();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(count(rows[i].name, 0, NULL, "ann"), rows[i].ann);
    CHECK_INT(count("customers", ANSWER_CUSTOMER, "c01", "ann"), 0); /* bob's */
    CHECK_INT(count("customers", ANSWER_CUSTOMER, "c03", "ann"), 1);
    CHECK_INT(count("customers", ANSWER_OWNER, "bob", "ann"), 0);
    CHECK_INT(count("customers", 0, NULL, ""), 0);
    CHECK_INT(count("customers", 0, NULL, "nobody"), 0);
    /* Sums are of what the viewer sees. */
    ask(answer_find("segments"), &q, &out);
    CHECK_STR(out.p, "power,9,0,61,0,2026-11-20T00:00:00Z\n"
                     "stage:stage 2,3,1,20,0,2026-11-20T00:00:00Z\n"
                     "stage:stage 0,2,0,13,0,2026-11-20T00:00:00Z\n"
                     "stage:stage 1,2,0,15,0,2026-11-20T00:00:00Z\n"
                     "stage:stage 3,2,1,12,0,2026-11-20T00:00:00Z\n"
                     "stage:stage 6,2,1,12,0,2026-11-20T00:00:00Z\n"
                     "stage:stage 4,1,0,7,0,2026-11-20T00:00:00Z\n"
                     "stage:stage 5,1,0,8,0,2026-11-20T00:00:00Z\n"
                     "rfm:loyal,4,0,26,0,2026-11-20T00:00:00Z\n");
    buf_clear(&out);
    /* What cannot be told apart by customer is not for them. */
    CHECK_INT(answer_run(store, answer_find("quarantine"), &q, &sink, &end, &err), ST_NOT_FOUND);
    store_close(store);
}

TEST(what_a_question_does_not_know_is_said)
{
    const struct answer *a = answer_find("features");
    struct answer_query with_kind = {.sort = NULL}, with_sort = {.sort = "rank; DROP TABLE signal"},
                        with_cursor = {.after = "5b5d"}, other_order = {.sort = "people"};
    struct answer_query paged = {.limit = 1};
    struct answer_sink sink = {collect, NULL};
    struct answer_end end;
    struct error err;
    struct buf out = {0};

    fill();
    with_kind.param[ANSWER_KIND] = "x";
    CHECK_INT(answer_run(store, a, &with_kind, &sink, &end, &err), ST_BAD_INPUT);
    CHECK_STR(err.text, "features is not narrowed by kind");
    CHECK_INT(answer_run(store, a, &with_sort, &sink, &end, &err), ST_BAD_INPUT);
    CHECK_INT(answer_run(store, a, &with_cursor, &sink, &end, &err), ST_BAD_INPUT);
    end = ask(a, &paged, &out);
    other_order.after = end.next.p; /* a cursor of another order would leave rows out */
    struct answer_end unused;
    CHECK_INT(answer_run(store, a, &other_order, &sink, &unused, &err), ST_BAD_INPUT);
    buf_clear(&end.next);
    buf_clear(&out);
    CHECK(!answer_find("sqlite_master"));
    store_close(store);
}

TEST(what_takes_too_long_is_given_up)
{
    static const struct answer_column columns[] = {{"n", ANSWER_INT, NULL, "", NULL, true}};
    static const struct answer endless = {
        .name = "endless",
        ANSWER_COLUMNS(columns),
        .from = "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c)",
        .key = {"n"},
    };
    struct answer_query q = {.limit = 1};
    struct answer_sink sink = {collect, NULL};
    struct answer_end end;
    struct error err;

    fill();
    store_limit_time(store, 20);
    CHECK_INT(answer_run(store, &endless, &q, &sink, &end, &err), ST_RETRY);
    store_limit_time(store, 0);
    CHECK_INT(count("features", 0, NULL, NULL), 40); /* and the connection is good for more */
    store_close(store);
}
