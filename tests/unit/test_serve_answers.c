/*
 * test_serve_answers.c - the store's answers over HTTP.
 */
#include "serve_site.h"

#include "../../daemon/serve/body.h"
#include "store.h"

static void
fill(void)
{
    struct store *s;
    struct error err;

    CHECK_INT(store_open(&s, "crm.db", STORE_ANALYST, &err), ST_OK);
    CHECK_INT(store_run(s,
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
                        " i < 250) INSERT INTO customer(id, name, owner) SELECT printf('c%03d',"
                        " i), 'N\"' || i || ',x', 'ann' FROM n",
                        &err),
              ST_OK);
    CHECK_INT(store_run(s,
                        "INSERT INTO analyst VALUES(1, 'l', 1, 1, 1, 1, '2026-11-22T12:00:00Z',"
                        " '', 1, 1)",
                        &err),
              ST_OK);
    CHECK_INT(store_run(s,
                        "INSERT INTO signal(id, version, kind, subject_type, subject, severity,"
                        " reason, evidence, state, first_seen, last_seen) VALUES('ff', 1, 'surge',"
                        " 'customer', 'c001', 'info', 'r', '{\"a\":[1]}', 'open',"
                        " '2026-11-01T00:00:00Z', '2026-11-22T00:00:00Z')",
                        &err),
              ST_OK);
    store_close(s);
}

TEST(answers_come_as_json_and_csv_and_say_what_they_do_not_know)
{
    static const struct {
        const char *head;
        int status;
        const char *text;
    } rows[] = {
        {"GET /v1/customers?limit=1 HTTP/1.1", 200,
         "{\"as_of\":\"2026-11-22T12:00:00Z\",\"completeness\":0,\"rows\":[{\"customer\":\"c001\","
         "\"name\":\"N\\\"1,x\",\"owner\":\"ann\""},
        {"GET /v1/customers?q=c0%30%32 HTTP/1.1", 200, "\"next\":null}"},
        {"GET /v1/customers?format=csv&q=c002 HTTP/1.1", 200, "\nc002,\"N\"\"2,x\",ann,"},
        {"GET /v1/customers HTTP/1.1\r\nAccept: text/csv", 200, "text/csv; charset=utf-8"},
        {"GET /v1/customers HTTP/1.1\r\nAccept: application/json, text/csv;q=0.5", 200,
         "Content-Type: application/json\r\n"},
        {"HEAD /v1/customers HTTP/1.1", 200, "Content-Type: application/json\r\n"},
        {"GET /v1/signals HTTP/1.1", 200, "\"evidence\":{\"a\":[1]},"},
        {"GET /v1/signals?from=2026-11-22&zone=Asia/Shanghai HTTP/1.1", 200, "\"id\":\"ff\""},
        {"GET /v1/signals?from=2026-11-22T01:00:00Z HTTP/1.1", 200, "\"rows\":[]"},
        {"GET /v1/feeds HTTP/1.1", 200, "\"rows\":[]"},
        {"GET /v1/customers?nonsense=1 HTTP/1.1", 400, "\\\"nonsense\\\" is no parameter"},
        {"GET /v1/customers?limit=1001 HTTP/1.1", 400, "expected a number from 1 to 1000"},
        {"GET /v1/customers?limit=x HTTP/1.1", 400, "application/problem+json"},
        {"GET /v1/customers?sort=-nothing HTTP/1.1", 400, "no such column"},
        {"GET /v1/customers?after=00 HTTP/1.1", 400, "no cursor"},
        {"GET /v1/customers?format=xml HTTP/1.1", 400, "expected json or csv"},
        {"GET /v1/customers?q=1&q=2 HTTP/1.1", 400, "given twice"},
        {"GET /v1/customers?q=%FF HTTP/1.1", 400, "q is no text"},
        {"GET /v1/signals?severity=war HTTP/1.1", 400, "expected one of: info warning critical"},
        {"GET /v1/signals?from=yesterday HTTP/1.1", 400, "expected a day"},
        {"GET /v1/signals?zone=Mars HTTP/1.1", 400, "no such time zone"},
        {"DELETE /v1/features HTTP/1.1", 405, "Allow: GET, HEAD\r\n"},
        {"DELETE /v1/customers HTTP/1.1", 405, "Allow: GET, HEAD, POST\r\n"},
        {"GET /v1/weather HTTP/1.1", 404, "There is nothing here."},
    };
    struct site s;

    fill();
    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status;
        struct buf b = ask(&s, rows[i].head, NONE, &status);

        if (status != rows[i].status || !strstr(b.p, rows[i].text))
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].head, b.p);
        buf_clear(&b);
    }
    site_stop(&s);
}

TEST(a_list_is_read_to_its_end_by_its_cursors)
{
    struct site s;
    struct buf head = {0};
    int seen = 0, pages = 0;

    fill();
    site_start(&s);
    buf_str(&head, "GET /v1/customers?limit=40&sort=-customer HTTP/1.1");
    for (;;) {
        int status;
        struct buf b = ask(&s, head.p, NONE, &status);
        const char *next;

        CHECK_INT(status, 200);
        for (const char *p = b.p; (p = strstr(p, "{\"customer\":\"c")) != NULL; p++)
            CHECK_INT(atoi(p + 14), 250 - seen++);
        pages++;
        next = strstr(b.p, "\"next\":\"");
        buf_reset(&head);
        if (next)
            buf_printf(&head, "GET /v1/customers?limit=40&sort=-customer&after=%.*s HTTP/1.1",
                       (int)strcspn(next + 8, "\""), next + 8);
        buf_clear(&b);
        if (!next)
            break;
    }
    CHECK_INT(seen, 250);
    CHECK_INT(pages, 7);
    buf_clear(&head);
    site_stop(&s);
}

TEST(without_a_store_answers_wait_for_it)
{
    struct site s;

    site_start(&s);
    CHECK_INT(ask_status(&s, "GET /v1/customers HTTP/1.1", NONE), 503);
    fill();
    CHECK_INT(ask_status(&s, "GET /v1/customers HTTP/1.1", NONE), 200);
    site_stop(&s);
}

TEST(what_if_is_asked_like_the_command)
{
    static const struct {
        const char *head;
        int status;
        const char *text;
    } rows[] = {
        {"GET /v1/what-if?volume=%2B100%25 HTTP/1.1", 200,
         "{\"as_of\":\"2026-11-22T12:00:00Z\",\"rows\":[{\"service\":\"desk\",\"scenario\":\"now\","
         "\"skill\":null,\"contacts\":100,"},
        {"GET /v1/what-if?volume=%2B100%25 HTTP/1.1", 200,
         "\"scenario\":\"then\",\"skill\":null,\"contacts\":200,"},
        {"GET /v1/what-if?format=csv&split=a%3D20%25&split=b%3D30%25 HTTP/1.1", 200,
         "\ndesk,skill,others,50,"},
        {"GET /v1/what-if?format=csv&split=a%3D20%25&by=interval HTTP/1.1", 200,
         "\ndesk,,2026-11-23T09:00:00Z,30,,14,20,,14,20,\ndesk,a,2026-11-23T09:00:00Z,30,,"},
        {"GET /v1/what-if?by=day HTTP/1.1", 400, "expected interval"},
        {"GET /v1/what-if?volume=lots HTTP/1.1", 400, "expected a change such as +20%"},
        {"GET /v1/what-if?service=none HTTP/1.1", 404, "no forecast for none"},
        {"GET /v1/what-if?sl=0.8&sl=0.9 HTTP/1.1", 400, "given twice"},
        {"GET /v1/what-if?mood=1 HTTP/1.1", 400, "no parameter"},
        {"POST /v1/what-if HTTP/1.1\r\nContent-Length: 0", 405, "Allow: GET, HEAD"},
    };
    struct store *store;
    struct error err;
    struct site s;

    fill();
    CHECK_INT(store_open(&store, "crm.db", STORE_ANALYST, &err), ST_OK);
    CHECK_INT(store_run(store,
                        "INSERT INTO staffing(service, start, minutes, forecast, handle_seconds,"
                        " required, scheduled, model, as_of) VALUES('desk',"
                        " '2026-11-23T09:00:00Z', 30, 100, 180, 14, 20, 'm',"
                        " '2026-11-22T12:00:00Z')",
                        &err),
              ST_OK);
    store_close(store);
    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status;
        struct buf b = ask(&s, rows[i].head, NONE, &status);

        if (status != rows[i].status || !strstr(b.p, rows[i].text))
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].head, b.p);
        buf_clear(&b);
    }
    site_stop(&s);
}

/* The value of a header in an answer, to its line's end. */
static char *
header_of(const char *answer, const char *name, char out[128])
{
    const char *at = strstr(answer, name);

    CHECK(at != NULL);
    at += strlen(name);
    snprintf(out, 128, "%.*s", (int)strcspn(at, "\r"), at);
    return out;
}

TEST(what_somebody_has_already_is_not_sent_again_until_it_changes)
{
    struct site s;
    struct store *store;
    struct error err;
    struct buf b, head = {0};
    char tag[128];
    int status;

    fill();
    site_start(&s);
    b = ask(&s, "GET /v1/customers?limit=3 HTTP/1.1", NONE, &status);
    header_of(b.p, "ETag: ", tag);
    CHECK(strncmp(tag, "W/\"", 3) == 0 && strstr(b.p, "Cache-Control: private, no-cache\r\n"));
    buf_clear(&b);
    buf_printf(&head, "GET /v1/customers?limit=3 HTTP/1.1\r\nIf-None-Match: \"x\", %s", tag);
    b = ask(&s, head.p, NONE, &status);
    CHECK_INT(status, 304);
    CHECK(strstr(b.p, tag) && !strstr(b.p, "Content-Length") &&
          strlen(strstr(b.p, "\r\n\r\n")) == 4);
    buf_clear(&b);
    /* Another question has another tag. */
    buf_reset(&head);
    buf_printf(&head, "GET /v1/customers?limit=4 HTTP/1.1\r\nIf-None-Match: %s", tag);
    CHECK_INT(ask_status(&s, head.p, NONE), 200);
    buf_reset(&head);
    buf_printf(&head, "GET /v1/customers?limit=3 HTTP/1.1\r\nIf-None-Match: %s", tag);
    /* What is changed over HTTP counts at once, what others change within half a second. */
    CHECK_INT(ask_status(&s, "POST /v1/signals/ff/ack HTTP/1.1", SPAN("")), 200);
    b = ask(&s, head.p, NONE, &status);
    CHECK_INT(status, 200);
    header_of(b.p, "ETag: ", tag);
    buf_clear(&b);
    buf_reset(&head);
    buf_printf(&head, "GET /v1/customers?limit=3 HTTP/1.1\r\nIf-None-Match: %s", tag);
    CHECK_INT(store_open(&store, "crm.db", STORE_EDIT, &err), ST_OK);
    CHECK_INT(store_run(store, "UPDATE customer SET name = 'x' WHERE id = 'c001'", &err), ST_OK);
    store_close(store);
    while (ask_status(&s, head.p, NONE) == 304)
        usleep(20000);
    buf_clear(&head);
    site_stop(&s);
}

TEST(long_answers_are_packed_for_who_can_unpack)
{
    struct site s;
    struct buf plain, b;
    struct buf body = {0};
    struct error err;
    int status;
    const char *packed;
    static const char gzip[] = "GET /v1/customers?limit=200 HTTP/1.1\r\nAccept-Encoding: gzip, br";

    fill();
    site_start(&s);
    plain = ask(&s, "GET /v1/customers?limit=200 HTTP/1.1", NONE, &status);
    CHECK(!strstr(plain.p, "Content-Encoding"));
    b = ask(&s, gzip, NONE, &status);
    CHECK(strstr(b.p, "Content-Encoding: gzip\r\n") &&
          strstr(b.p, "Vary: Accept, Accept-Encoding"));
    packed = strstr(b.p, "\r\n\r\n") + 4;
    buf_add(&body, packed, b.n - (size_t)(packed - b.p));
    CHECK(body.n * 5 < plain.n);
    CHECK_INT(body_unpack(&body, CODING_GZIP, &(struct unpack_limits){1 << 20, 1000}, &err), ST_OK);
    CHECK_STR(body.p, strstr(plain.p, "\r\n\r\n") + 4);
    buf_clear(&body);
    buf_clear(&plain);
    buf_clear(&b);
    site_stop(&s);
}

/* Reads until the text is there. */
static void
await(int fd, struct buf *b, const char *text)
{
    while (!b->n || !strstr(b->p, text)) {
        ssize_t n;

        buf_reserve(b, 65536);
        n = recv(fd, b->p + b->n, 65536, 0);
        if (n <= 0)
            test_fail(__FILE__, __LINE__, "the stream ended before %s", text);
        b->n += (size_t)n;
        b->p[b->n] = '\0';
    }
}

TEST(events_tell_the_status_and_what_changes)
{
    static const char get[] = "GET /v1/events HTTP/1.1\r\nHost: localhost:1\r\n\r\n";
    struct site s;
    struct buf b = {0};
    int fd;

    fill();
    site_start(&s);
    fd = dial(s.port);
    CHECK(send(fd, get, sizeof get - 1, 0) == (ssize_t)sizeof get - 1);
    await(fd, &b, "event: status\ndata: {\"version\":");
    CHECK(strstr(b.p, "Content-Type: text/event-stream\r\n") && !strstr(b.p, "Content-Length"));
    CHECK(!strstr(b.p, "event: changed"));
    CHECK_INT(ask_status(&s, "POST /v1/signals/ff/ack HTTP/1.1", SPAN("")), 200);
    await(fd, &b,
          "event: changed\ndata: {\"as_of\":\"2026-11-22T12:00:00Z\",\"signals\":true}\n\n");
    /* A daemon that stops keeps nobody waiting. */
    CHECK(eventfd_write(s.drain_fd, 1) == 0);
    while (recv(fd, b.p, 1, 0) > 0)
        ;
    close(fd);
    buf_clear(&b);
    site_stop(&s);
}

TEST(a_listener_may_go_at_any_time)
{
    static const char get[] = "GET /v1/events HTTP/1.1\r\nHost: localhost:1\r\n\r\n";
    struct site s;
    int small = 2048, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    fill();
    site_start(&s);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
    CHECK(dial_with(fd, s.port));
    CHECK(send(fd, get, sizeof get - 1, 0) == (ssize_t)sizeof get - 1);
    /* Closed by the reader in mid-stream: the next tick finds nobody. */
    close(fd);
    CHECK_INT(ask_status(&s, "GET /v1/status HTTP/1.1", NONE), 200);
    site_stop(&s);
}
