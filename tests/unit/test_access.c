/*
 * test_access.c - who may: each role at each route, owners, wrong tokens, sessions, other sites.
 */
#include "serve_site.h"

#include "answer.h"
#include "audit_log.h"
#include "store.h"
#include "clock.h"
#include "token_desk.h"

static char tokens[5][TOKEN_TEXT];
enum { INGEST, READ, ADMIN, ANN, ANN_ADMIN, NOBODY };

static void
edit(const char *sql)
{
    struct store *s;
    struct error err;

    CHECK_INT(store_open(&s, "crm.db", STORE_EDIT, &err), ST_OK);
    if (store_run(s, sql, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    store_close(s);
}

static void
fill(void)
{
    edit(
        "INSERT INTO customer(id, name, owner) VALUES('a1', 'Anns', 'ann'), ('b1', 'Bobs', 'bob')");
    edit("INSERT INTO analyst VALUES(1, 'l', 1, 1, 1, 1, '2026-11-22T12:00:00Z', '', 1, 1)");
    edit("INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, state,"
         " owner, first_seen, last_seen) VALUES('aa', 1, 'surge', 'customer', 'a1', 'info', 'r',"
         " 'open', 'ann', 'x', 'y'), ('bb', 1, 'surge', 'customer', 'b1', 'info', 'r', 'open',"
         " 'bob', 'x', 'y')");
}

static void
make_token(int which, const char *name, enum role role, const char *owner)
{
    struct store *s;
    struct error err;

    CHECK_INT(store_open(&s, "crm.db", STORE_EDIT, &err), ST_OK);
    if (token_add(s, name, role, owner, "tester", 1, tokens[which], &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    store_close(s);
}

static void
make_tokens(void)
{
    make_token(INGEST, "switch", ROLE_INGEST, NULL);
    make_token(READ, "reader", ROLE_READ, NULL);
    make_token(ADMIN, "boss", ROLE_ADMIN, NULL);
    make_token(ANN, "ann", ROLE_READ, "ann");
    make_token(ANN_ADMIN, "ann.admin", ROLE_ADMIN, "ann");
}

/* The answer to a request line with a token and more header lines. */
static struct buf
ask_as(struct site *s, int who, const char *line, const char *more, struct span body, int *status)
{
    struct buf head = {0}, b;

    buf_printf(&head, "%s HTTP/1.1", line);
    if (who != NOBODY)
        buf_printf(&head, "\r\nAuthorization: Bearer %s", tokens[who]);
    if (more)
        buf_printf(&head, "\r\n%s", more);
    b = ask(s, head.p, body, status);
    buf_clear(&head);
    return b;
}

static int
status_as(struct site *s, int who, const char *line, const char *more)
{
    int status;
    struct buf b = ask_as(s, who, line, more, line[0] == 'P' ? SPAN("") : NONE, &status);

    buf_clear(&b);
    return status;
}

static void
wait_status(struct site *s, int who, const char *line, int wanted)
{
    int64_t until = clock_mono_ms() + 10000;
    int status;

    while ((status = status_as(s, who, line, NULL)) != wanted && clock_mono_ms() < until)
        usleep(20000);
    CHECK_INT(status, wanted);
}

TEST(each_role_may_what_it_is_for)
{
    static const struct {
        const char *line;
        int by[6]; /* ingest, read, admin, read of ann, admin of ann, nobody */
    } rows[] = {
        {"GET /healthz", {200, 200, 200, 200, 200, 200}},
        {"GET /readyz", {200, 200, 200, 200, 200, 200}},
        {"GET /", {200, 200, 200, 200, 200, 200}},
        {"GET /v1/session", {200, 200, 200, 200, 200, 200}},
        {"GET /metrics", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/status", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/live", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/customers", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/customers/a1", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/customers/b1", {403, 200, 200, 404, 404, 401}},
        {"GET /v1/customers?format=csv", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/signals/aa", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/signals/bb", {403, 200, 200, 404, 404, 401}},
        {"GET /v1/staffing", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/quarantine", {403, 200, 200, 403, 403, 401}},
        {"GET /v1/audit", {403, 403, 200, 403, 403, 401}},
        {"GET /v1/tokens", {403, 403, 200, 403, 403, 401}},
        {"POST /v1/signals/bb/ack", {403, 403, 200, 403, 404, 401}},
        {"POST /v1/signals/aa/ack", {403, 403, 200, 403, 200, 401}},
        {"POST /v1/roster", {403, 403, 400, 403, 403, 401}},
        {"POST /v1/calendar", {403, 403, 400, 403, 403, 401}},
        {"POST /v1/customers", {403, 403, 400, 403, 403, 401}},
        {"GET /v1/export/salesforce", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/export/abacus", {403, 404, 404, 404, 404, 401}},
        {"GET /v1/signals/aa/explain", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/signals/aa/explain?format=csv", {403, 200, 200, 200, 200, 401}},
        {"GET /v1/signals/aa/explain?table=days", {403, 400, 400, 400, 400, 401}},
        {"GET /v1/signals/bb/explain", {403, 200, 200, 404, 404, 401}},
        {"GET /v1/signals/bb/explain?format=csv", {403, 200, 200, 404, 404, 401}},
        {"POST /v1/ingest/n", {200, 403, 200, 403, 200, 401}},
        {"GET /v1/nothing", {404, 404, 404, 404, 404, 404}},
    };
    struct site s;

    fill();
    make_tokens();
    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int who = INGEST; who <= NOBODY; who++) {
            const char *type =
                strstr(rows[i].line, "ingest") ? "Content-Type: application/json" : NULL;
            int status = status_as(&s, who, rows[i].line, type);

            if (status != rows[i].by[who])
                test_fail(__FILE__, __LINE__, "%s by %d: %d, not %d", rows[i].line, who, status,
                          rows[i].by[who]);
        }
    site_stop(&s);
}

/* Whether anything of Bob's stands in what Ann is told; *hers: anything of hers. */
static void
check_is_anns(struct site *s, const char *line, bool *hers)
{
    int status;
    struct buf b = ask_as(s, ANN, line, NULL, NONE, &status);
    const char *body = strstr(b.p, "\r\n\r\n");

    *hers |= strstr(body, "Anns") != NULL;
    if (strstr(body, "Bobs") || strstr(body, "\"bob\"") || strstr(body, "a \\\"b\\\"") ||
        (!strstr(line, "b1") && strstr(body, "b1")))
        test_fail(__FILE__, __LINE__, "%s: %s", line, b.p);
    buf_clear(&b);
}

TEST(an_owner_sees_nobody_elses_customers_anywhere)
{
    static const char *const lines[] = {
        "GET /v1/customers",
        "GET /v1/customers?format=csv",
        "GET /v1/customers?q=bob",
        "GET /v1/customers?owner=bob",
        "GET /v1/signals?state=all",
        "GET /v1/signals/bb",
        "GET /v1/customers/b1",
        "GET /v1/segments",
        "GET /v1/live",
        "GET /v1/stage_history",
        "GET /v1/customers/a1",
        "GET /v1/segment_members?format=csv",
        "GET /v1/export/espocrm",
        "GET /v1/export/salesforce?owner=bob",
        "GET /v1/signals/bb/explain",
        "GET /v1/why",
        "GET /v1/why?name=b1",
        "GET /v1/why?name=b1&format=csv",
        "GET /v1/what-if?customer=b1%3D%2B10%25",
        "GET /v1/customers/b1/hours",
        "GET /v1/customers/b1/features?format=csv",
    };
    const struct answer *a;
    struct site s;
    bool seen = false;

    fill();
    make_tokens();
    site_start(&s);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_is_anns(&s, lines[i], &seen);
    for (size_t i = 0; (a = answer_at(i)); i++) {
        char line[100];

        snprintf(line, sizeof line, "GET /v1/%s?format=csv", a->name);
        check_is_anns(&s, line, &seen);
        *strchr(line, '?') = '\0';
        check_is_anns(&s, line, &seen);
    }
    CHECK(seen);
    site_stop(&s);
}

TEST(from_the_first_token_on_and_after_the_last_one_nobody_gets_in_without)
{
    struct site s;
    struct store *store;
    struct error err;

    fill();
    site_start(&s);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", NULL), 200);
    make_token(READ, "reader", ROLE_READ, NULL);
    wait_status(&s, NOBODY, "GET /v1/status", 401);
    CHECK_INT(status_as(&s, READ, "GET /v1/status", NULL), 200);
    CHECK_INT(store_open(&store, "crm.db", STORE_EDIT, &err), ST_OK);
    CHECK_INT(token_revoke(store, "reader", "tester", 2, &err), ST_OK);
    CHECK_INT(token_revoke(store, "reader", "tester", 2, &err), ST_NOT_FOUND);
    store_close(store);
    wait_status(&s, READ, "GET /v1/status", 401);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", NULL), 401);
    site_stop(&s);
}

TEST(wrong_tokens_are_refused_and_too_many_of_them_are_put_off)
{
    static const char *const wrong[] = {
        "Authorization: Bearer ", "Authorization: Bearer cswl_x",  "Authorization: Basic cm9vdA==",
        "Authorization: bearer",  "Cookie: callswell_session=abc", "Cookie: callswell_session="};
    struct site s;
    int status;
    struct buf b;

    make_tokens();
    site_start(&s);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", wrong[i]), 401);
    for (int i = 0; i < 12; i++)
        b = ask_as(&s, NOBODY, "GET /v1/status", wrong[1], NONE, &status),
        i < 11 ? buf_clear(&b) : (void)0;
    CHECK_INT(status, 429);
    CHECK(strstr(b.p, "Retry-After: ") != NULL);
    buf_clear(&b);
    /* Who has a right one is not shut out by a neighbour. */
    CHECK_INT(status_as(&s, READ, "GET /v1/status", NULL), 200);
    site_stop(&s);
}

/* Logs in and leaves "Cookie: NAME=VALUE" in out. */
static void
login(struct site *s, int who, char out[256])
{
    struct buf body = {0}, b;
    int status;
    const char *cookie;

    buf_printf(&body, "{\"token\":\"%s\"}", tokens[who]);
    b = ask_as(s, NOBODY, "POST /v1/login", NULL, span_of(body.p, body.n), &status);
    CHECK_INT(status, 200);
    cookie = strstr(b.p, "Set-Cookie: ");
    CHECK(cookie && strstr(cookie, "; HttpOnly; SameSite=Strict") && strstr(cookie, "Max-Age="));
    snprintf(out, 256, "Cookie: other=1; %.*s", (int)strcspn(cookie + 12, ";"), cookie + 12);
    buf_clear(&b);
    buf_clear(&body);
}

TEST(a_session_stands_for_its_token_but_not_for_other_sites_pages)
{
    struct site s;
    char cookie[256], more[400];
    int status;
    struct buf b;

    fill();
    make_tokens();
    site_start(&s);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/login", NULL), 400);
    b = ask_as(&s, NOBODY, "POST /v1/login", NULL, SPAN("{\"token\":\"cswl_no\"}"), &status);
    CHECK_INT(status, 401);
    buf_clear(&b);
    login(&s, ANN_ADMIN, cookie);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/customers/a1", cookie), 200);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/customers/b1", cookie), 404);
    b = ask_as(&s, NOBODY, "GET /v1/session", cookie, NONE, &status);
    CHECK(strstr(b.p, "{\"login_needed\":true,\"name\":\"ann.admin\",\"role\":\"admin\","
                      "\"owner\":\"ann\"}") != NULL);
    buf_clear(&b);
    /* A form on another site has the cookie (were it not for SameSite) but no such header. */
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/ack", cookie), 403);
    snprintf(more, sizeof more, "%s\r\nOrigin: https://evil.example", cookie);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/ack", more), 403);
    snprintf(more, sizeof more, "%s\r\nOrigin: null", cookie);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/ack", more), 403);
    snprintf(more, sizeof more, "%s\r\nOrigin: http://localhost:1", cookie); /* what Host says */
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/ack", more), 200);
    /* The page behind a proxy that says another Host. */
    snprintf(more, sizeof more, "%s\r\nX-Callswell: 1\r\nOrigin: https://calls.example", cookie);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/close", more), 200);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/logout", more), 200);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/customers/a1", cookie), 401);
    site_stop(&s);
}

TEST(without_tokens_a_page_of_another_site_changes_nothing_either)
{
    struct site s;

    fill();
    site_start(&s);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/ack", "Origin: http://evil.example"), 403);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/ack", "Origin: http://localhost:1"), 200);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/signals/aa/ack", NULL), 200);
    CHECK_INT(status_as(&s, NOBODY, "POST /v1/login", NULL), 409);
    site_stop(&s);
}

TEST(a_session_ends_with_its_token_and_its_time)
{
    struct site s;
    char cookie[256];
    struct store *store;
    struct error err;

    fill();
    make_tokens();
    site_start(&s);
    login(&s, READ, cookie);
    CHECK_INT(store_open(&store, "crm.db", STORE_EDIT, &err), ST_OK);
    CHECK_INT(token_revoke(store, "reader", "tester", 2, &err), ST_OK);
    store_close(store);
    wait_status(&s, READ, "GET /v1/status", 401);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", cookie), 401);
    site_stop(&s);
    site_start(&s);
    s.config.http_session_ms = 1;
    login(&s, ADMIN, cookie);
    usleep(5000);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", cookie), 401);
    site_stop(&s);
}

TEST(a_token_asks_so_often_and_no_more)
{
    struct site s;
    int ok = 0, put_off = 0;

    make_tokens();
    site_start(&s);
    s.config.limits.requests_per_token = 5;
    for (int i = 0; i < 40; i++) {
        int status = status_as(&s, READ, "GET /v1/status", NULL);

        ok += status == 200;
        put_off += status == 429;
    }
    CHECK(ok >= 10 && put_off > 0 && ok + put_off == 40);
    CHECK_INT(status_as(&s, ADMIN, "GET /v1/status", NULL), 200); /* others are not put off */
    site_stop(&s);
}

TEST(what_is_changed_is_written_down_with_who_and_from_where)
{
    struct site s;
    struct buf b;
    int status;

    fill();
    make_tokens();
    site_start(&s);
    b = ask_as(&s, ADMIN, "POST /v1/signals/aa/close", NULL, SPAN("{\"note\":\"called them\"}"),
               &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "\"state\":\"closed\"") && strstr(b.p, "\"closed_by\":\"boss\""));
    buf_clear(&b);
    /* What changes nothing leaves no entry. */
    CHECK_INT(status_as(&s, ADMIN, "POST /v1/signals/aa/close", NULL), 409);
    b = ask_as(&s, ADMIN, "POST /v1/roster", "Content-Type: text/csv",
               SPAN("service,start,minutes,scheduled\nhelp,2026-11-23T08:00:00Z,60,4\n"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "{\"rows\":1}") != NULL);
    buf_clear(&b);
    b = ask_as(&s, ADMIN, "POST /v1/roster", "Content-Type: text/csv", SPAN("service\nx\n"),
               &status);
    CHECK_INT(status, 400);
    buf_clear(&b);
    b = ask_as(&s, ADMIN, "GET /v1/audit?format=csv&sort=id", NULL, NONE, &status);
    CHECK(strstr(b.p, ",tester,command line,token_add,ann.admin,admin\n") != NULL);
    CHECK(strstr(b.p, ",boss,127.0.0.1:") != NULL);
    CHECK(strstr(b.p, ",signal_close,aa,called them\n") != NULL);
    CHECK(strstr(b.p, ",roster_import,,") != NULL);
    CHECK(!strstr(b.p, "signal_ack"));
    buf_clear(&b);
    site_stop(&s);
}

TEST(a_store_that_is_being_made_shuts_nobody_out_and_an_old_one_with_tokens_does)
{
    struct site s;

    CHECK_INT(system(": >crm.db"), 0);
    site_start(&s);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", NULL), 200);
    site_stop(&s);
    CHECK_INT(unlink("crm.db"), 0);
    make_tokens();
    edit(
        "DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)");
    site_start(&s);
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", NULL), 401);
    site_stop(&s);
}

TEST(lists_and_calendars_are_taken_over_and_can_be_taken_away_again)
{
    struct site s;
    struct buf b;
    int status;

    fill();
    make_tokens();
    site_start(&s);
    b = ask_as(&s, ADMIN, "POST /v1/customers", "Content-Type: text/csv",
               SPAN("id,name,owner\na1,Annes,ann\nc1,\"Carl, Ltd.\",bob\n"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "{\"rows\":2,\"added\":2,\"changed\":0}\n") != NULL);
    buf_clear(&b);
    CHECK_INT((int)s.engine.customers_reloaded, 1);
    b = ask_as(&s, ADMIN, "POST /v1/customers", "Content-Type: text/csv",
               SPAN("id,name\na1,Anne\n"), &status);
    CHECK(strstr(b.p, "{\"rows\":1,\"added\":0,\"changed\":1}\n") != NULL);
    buf_clear(&b);
    b = ask_as(&s, ADMIN, "POST /v1/customers", "Content-Type: text/csv",
               SPAN("id,name\nd1,Dora\n,nobody\n"), &status);
    CHECK_INT(status, 400);
    CHECK(strstr(b.p, "line 3") != NULL);
    buf_clear(&b);
    CHECK_INT((int)s.engine.customers_reloaded, 2);
    b = ask_as(&s, ADMIN, "GET /v1/export/salesforce", NULL, NONE, &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "\r\nContent-Type: text/csv") && strstr(b.p, "filename=\"salesforce.csv\""));
    CHECK(strstr(b.p, "\r\n\r\nCallswell_Id__c,Name,") && strstr(b.p, "\nc1,\"Carl, Ltd.\",bob,"));
    CHECK(strstr(b.p, "\na1,Anne,ann,") && !strstr(b.p, "Dora"));
    buf_clear(&b);
    b = ask_as(&s, ADMIN, "GET /v1/export/dynamics?owner=bob", NULL, NONE, &status);
    CHECK(strstr(b.p, "Carl") && strstr(b.p, "Bobs") && !strstr(b.p, "Anne"));
    buf_clear(&b);
    b = ask_as(&s, ADMIN, "POST /v1/calendar", "Content-Type: text/csv",
               SPAN("day,until,factor,name\n2026-12-25,2026-12-26,0,Christmas\n"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "{\"days\":2}\n") != NULL);
    buf_clear(&b);
    b = ask_as(&s, ADMIN, "GET /v1/calendar?format=csv&sort=day", NULL, NONE, &status);
    CHECK(strstr(b.p, "2026-12-25,") && strstr(b.p, "2026-12-26,") && strstr(b.p, "Christmas"));
    buf_clear(&b);
    b = ask_as(&s, ADMIN, "GET /v1/audit?format=csv", NULL, NONE, &status);
    CHECK(strstr(b.p, ",customers_import,,") && strstr(b.p, ",calendar_import,,"));
    buf_clear(&b);
    site_stop(&s);
}

TEST(each_family_of_routes_refuses_what_is_too_long)
{
    static const struct {
        const char *line;
        size_t body;
        int status;
    } rows[] = {{"POST /v1/login", 70000, 413},
                {"POST /v1/logout", 70000, 413},
                {"POST /v1/signals/aa/ack", 70000, 413},
                {"POST /v1/signals/aa/close", 70000, 413},
                {"POST /v1/roster", 1100000, 413},
                {"POST /v1/calendar", 1100000, 413},
                {"POST /v1/customers", 1100000, 413},
                {"POST /v1/ingest/n", 1100000, 413},
                {"GET /v1/customers", 10, 413},
                {"GET /v1/status", 10, 413},
                {"GET /", 10, 413},
                {"GET /metrics", 10, 413}};
    static const char *const lines[] = {"/",           "/v1/status",  "/v1/customers",
                                        "/v1/why",     "/v1/what-if", "/v1/export/salesforce",
                                        "/v1/signals", "/metrics",    "/v1/ingest/n"};
    char blank[3001], line[4000];
    struct site s;

    fill();
    make_tokens();
    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf body = {0}, b;
        int status;

        buf_reserve(&body, rows[i].body);
        memset(body.p, ' ', rows[i].body);
        body.n = rows[i].body;
        b = ask_as(&s, ADMIN, rows[i].line, "Content-Type: application/json",
                   span_of(body.p, body.n), &status);
        if (status != rows[i].status)
            test_fail(__FILE__, __LINE__, "%s: %d, not %d", rows[i].line, status, rows[i].status);
        buf_clear(&b);
        buf_clear(&body);
    }
    memset(blank, 'x', sizeof blank - 1);
    blank[sizeof blank - 1] = '\0';
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        snprintf(line, sizeof line, "GET %s?q=%s", lines[i], blank);
        CHECK_INT(status_as(&s, ADMIN, line, NULL), 414);
    }
    CHECK_INT(status_as(&s, ADMIN, "GET /v1/status", NULL), 200);
    site_stop(&s);
}

TEST(each_family_of_routes_gives_up_on_who_is_slow)
{
    static const char *const begun[] = {
        "GET /v1/sta",
        "GET / HTTP/1.1\r\nHost: x",
        "POST /v1/login HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 50\r\n\r\n{\"to",
        "POST /v1/logout HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 50\r\n\r\n{",
        "POST /v1/signals/aa/ack HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 50\r\n\r\n{",
        "POST /v1/roster HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 50\r\n\r\nser",
        "POST /v1/calendar HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 50\r\n\r\nday",
        "POST /v1/customers HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 50\r\n\r\nid",
        "POST /v1/ingest/n HTTP/1.1\r\nHost: localhost:1\r\nContent-Type: application/json\r\n"
        "Content-Length: 50\r\n\r\n{\"cus",
    };
    struct site s;

    fill();
    site_start_with(&s, 100); /* without tokens: all may do all, and must end what they begin */
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        int fd = dial(s.port);
        char answer[600] = "";
        size_t n = 0;
        ssize_t got;

        CHECK(send(fd, begun[i], strlen(begun[i]), 0) == (ssize_t)strlen(begun[i]));
        while (n < sizeof answer - 1 &&
               (got = recv(fd, answer + n, sizeof answer - 1 - n, 0)) > 0) /* until it hangs up */
            n += (size_t)got;
        if (n > 0 && strncmp(answer, "HTTP/1.1 408 ", 13) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s", begun[i], answer);
        close(fd);
    }
    CHECK_INT(status_as(&s, NOBODY, "GET /v1/status", NULL), 200);
    site_stop(&s);
}

TEST(bodies_that_are_too_long_or_come_from_nobody_are_not_read)
{
    struct site s;
    struct buf body = {0}, b;
    int status;

    fill();
    make_tokens();
    site_start(&s);
    buf_reserve(&body, 70000);
    memset(body.p, ' ', 70000);
    body.n = 70000;
    b = ask_as(&s, ADMIN, "POST /v1/signals/aa/ack", NULL, span_of(body.p, body.n), &status);
    CHECK_INT(status, 413);
    buf_clear(&b);
    b = ask_as(&s, NOBODY, "POST /v1/roster", NULL, span_of(body.p, body.n), &status);
    CHECK_INT(status, 401);
    buf_clear(&b);
    b = ask_as(&s, NOBODY, "POST /v1/login", NULL, span_of(body.p, body.n), &status);
    CHECK_INT(status, 413);
    buf_clear(&b);
    buf_clear(&body);
    site_stop(&s);
}
