/*
 * test_serve.c - routes, metrics, the end of the HTTP side.
 */
#include "serve_site.h"

#include "../../daemon/serve/routes.h"

TEST(reading_routes_answer_and_others_say_why_not)
{
    static const struct {
        const char *head;
        int status;
        const char *text;
    } rows[] = {
        {"GET /healthz HTTP/1.1", 200, "alive\n"},
        {"HEAD /healthz HTTP/1.1", 200, "Content-Length: 6\r\n"},
        {"GET /readyz?verbose HTTP/1.1", 200, "ready\n"},
        {"GET /v1/status HTTP/1.1", 200, "\"node\":\"n1\""},
        {"GET /metrics HTTP/1.1", 200,
         "Content-Type: application/openmetrics-text; version=1.0.0;"},
        {"DELETE /metrics HTTP/1.1", 405, "Allow: GET, HEAD\r\n"},
        {"GET /v1/ingest/n HTTP/1.1", 405, "Allow: POST\r\n"},
        {"GET /v1/ingest/other HTTP/1.1", 404, "application/problem+json"},
        {"GET /v1 HTTP/1.1", 404, "There is nothing here."},
        {"GET /healthz/ HTTP/1.1", 404, ""},
    };
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status;
        struct buf b = ask(&s, rows[i].head, NONE, &status);

        if (status != rows[i].status || !strstr(b.p, rows[i].text))
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].head, b.p);
        buf_clear(&b);
    }
    CHECK_INT(ask_status(&s, "GET /healthz HTTP/1.1", SPAN("body")), 413);
    snprintf(s.engine.stalled, sizeof s.engine.stalled, "the disk is full");
    CHECK_INT(ask_status(&s, "GET /readyz HTTP/1.1", NONE), 503);
    CHECK_INT(ask_status(&s, "GET /healthz HTTP/1.1", NONE), 200);
    site_stop(&s);
}

/* The answer to a request of this path with a parameter that no path has. */
static void
must_refuse(struct site *s, const char *method, const char *path)
{
    const char *brace = strchr(path, '{'), *after = brace ? strchr(brace, '}') + 1 : "";
    char head[200];
    int status;
    struct buf b;

    snprintf(head, sizeof head, "%s %.*s%s%s?no_such=1 HTTP/1.1", method,
             (int)(brace ? brace - path : (long)strlen(path)), path, brace ? "1" : "", after);
    b = ask(s, head, NONE, &status);
    if (status != 400 || !strstr(b.p, "application/problem+json") ||
        !strstr(b.p, "\\\"no_such\\\" is no parameter of this path"))
        test_fail(__FILE__, __LINE__, "%s: %s", head, b.p);
    buf_clear(&b);
}

TEST(every_path_of_the_interface_refuses_parameters_that_it_does_not_have)
{
    static const char *const others[] = {"/healthz?x", "/readyz?x=1",  "/metrics?name[]=a",
                                         "/?x=1",      "/signals?x=1", "/page/app.js?x=1"};
    const struct route *r;
    const struct answer *a;
    char path[60];
    size_t seen = 0;
    struct site s;

    site_start(&s);
    for (size_t i = 0; (r = route_at(i)) != NULL; i++)
        if (strncmp(r->path, "/v1/", 4) == 0) {
            must_refuse(&s, r->method, r->path);
            seen++;
        }
    CHECK(seen > 30);
    for (size_t i = 0; (a = answer_at(i)) != NULL; i++) {
        snprintf(path, sizeof path, "/v1/%s", a->name);
        must_refuse(&s, "GET", path);
    }
    CHECK_INT(ask_status(&s, "HEAD /v1/status?no_such=1 HTTP/1.1", NONE), 400);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(path, sizeof path, "GET %s HTTP/1.1", others[i]);
        CHECK_INT(ask_status(&s, path, NONE), 200);
    }
    CHECK_INT(ask_status(&s, "GET /v1/status? HTTP/1.1", NONE), 200);
    CHECK_INT(ask_status(&s, "GET /v1/status?%00=1 HTTP/1.1", NONE), 400);
    site_stop(&s);
}

/* Anybody who has it already is told so; the others get it as they can take it. */
TEST(the_page_is_served_with_its_policy)
{
    static const struct {
        const char *head;
        int status;
        const char *text, *not ;
    } rows[] = {
        {"GET / HTTP/1.1", 200, "Content-Security-Policy: default-src 'none'; ", "unsafe"},
        {"GET / HTTP/1.1", 200, "<!doctype html>", "Content-Encoding"},
        {"GET /signals?state=open HTTP/1.1", 200, "<!doctype html>", "no-store"},
        {"GET /page/app.js HTTP/1.1", 200, "Content-Type: text/javascript; charset=utf-8\r\n",
         "Content-Encoding"},
        {"GET /page/app.js HTTP/1.1\r\nAccept-Encoding: br, GZIP;q=0.5", 200,
         "Content-Encoding: gzip\r\n", "import"},
        {"GET /page/app.js HTTP/1.1\r\nAccept-Encoding: gzip;q=0, br", 200, "import",
         "Content-Encoding"},
        {"GET /page/app.js HTTP/1.1\r\nIf-None-Match: *", 304, "ETag: W/\"", "Content-Length"},
        {"GET /page/app.js HTTP/1.1\r\nIf-None-Match: W/\"0\"", 200, "import", "304"},
        {"GET /page/ HTTP/1.1", 404, "There is nothing here.", "import"},
        {"GET /page/../page/app.js HTTP/1.1", 404, "There is nothing here.", "import"},
        {"DELETE / HTTP/1.1", 405, "Allow: GET, HEAD\r\n", "html>"},
    };
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status;
        struct buf b = ask(&s, rows[i].head, NONE, &status);

        if (status != rows[i].status || !strstr(b.p, rows[i].text) || strstr(b.p, rows[i].not ))
            test_fail(__FILE__, __LINE__, "%s: %.600s", rows[i].head, b.p);
        buf_clear(&b);
    }
    site_stop(&s);
}

TEST(status_is_json_with_the_feeds)
{
    struct site s;
    struct arena mem;
    struct json_value *v;
    struct error err;
    int status;
    struct buf b;
    const char *body;

    site_start(&s);
    b = ask(&s, "GET /v1/status HTTP/1.1", NONE, &status);
    body = strstr(b.p, "\r\n\r\n") + 4;
    arena_init(&mem);
    CHECK_INT(json_parse(span_str(body), &mem, &v, &err), ST_OK);
    CHECK_STR(json_get_text(v, "version", ""), CALLSWELL_VERSION);
    CHECK_INT(json_get_i64(json_find(v, "records"), "accepted", 0), 90);
    CHECK_INT(json_get_i64(json_find(v, "ledger"), "batch", 0), 12);
    CHECK_STR(json_get_text(json_find(v, "feeds")->first, "input", ""), "a \"b\\\n");
    CHECK_INT(json_get_i64(json_find(v, "feeds")->first, "gave_way", 0), 3);
    CHECK_INT(json_get_i64(json_find(v, "memory"), "resident", 0), 900);
    CHECK_INT(json_get_i64(json_find(v, "memory"), "accounted", 0), 800);
    arena_clear(&mem);
    buf_clear(&b);
    site_stop(&s);
}

TEST(live_lists_who_is_where)
{
    struct site s;
    int status;
    struct buf b;
    struct arena mem;
    struct json_value *v;
    const struct json_value *c;

    site_start(&s);
    arena_init(&mem);
    b = ask(&s, "GET /v1/live HTTP/1.1", NONE, &status);
    CHECK_INT(status, 200);
    CHECK_INT(json_parse(span_str(strstr(b.p, "\r\n\r\n") + 4), &mem, &v, NULL), ST_OK);
    CHECK_INT(json_get_i64(v, "legs", 0), 3);
    CHECK_INT(json_get_i64(v, "conferences", 0), 2);
    c = json_find(v, "by_conference")->first;
    CHECK_STR(json_get_text(c, "conference", ""), "c1");
    CHECK_STR(json_get_text(c, "customer", ""), "a \"b\"");
    CHECK_STR(json_get_text(c, "since", ""), "1970-01-01T00:01:00Z");
    CHECK(c->next == NULL && json_find(v, "by_customer")->first == NULL);
    CHECK_INT(json_get_i64(json_find(v, "by_input")->first, "legs", 0), 3);
    arena_clear(&mem);
    buf_clear(&b);
    site_stop(&s);
}

TEST(metrics_follow_the_format)
{
    struct site s;
    int status;
    struct buf b;
    const char *body, *line, *next;
    char family[100] = "", kind[20] = "";

    site_start(&s);
    b = ask(&s, "GET /metrics HTTP/1.1", NONE, &status);
    body = strstr(b.p, "\r\n\r\n") + 4;
    CHECK(strstr(body, "callswell_feed_records_total{input=\"a \\\"b\\\\\\n\"} 7\n"));
    CHECK(strstr(body, "callswell_accepted_total 90\ncallswell_") == NULL);
    CHECK(strstr(body, "\ncallswell_accepted_total 90\n# TYPE"));
    CHECK(strstr(body, "callswell_commit_last_seconds 0.007\n"));
    CHECK(strstr(body, "callswell_feed_gave_way_total{input=\"a \\\"b\\\\\\n\"} 3\n"));
    CHECK(strstr(body, "callswell_http_gave_way_total 0\n"));
    CHECK(strstr(body, "\ncallswell_memory_bytes{holder=\"duplicates\"} 700\n"));
    CHECK(strstr(body, "\ncallswell_memory_bytes{holder=\"queue\"} 0\n"));
    CHECK(strstr(body, "\ncallswell_memory_limit_bytes{holder=\"duplicates\"} 800\n# TYPE"));
    CHECK(strstr(body, "\ncallswell_memory_resident_bytes 900\n"));
    CHECK(strstr(body, "\ncallswell_open_legs 3\n"));
    CHECK(strstr(body, "\ncallswell_estimated_legs_total 4\n"));
    CHECK_STR(strstr(body, "# EOF"), "# EOF\n");
    for (line = body; strncmp(line, "# EOF", 5) != 0; line = next + 1) {
        next = strchr(line, '\n');
        CHECK(next);
        if (strncmp(line, "# HELP ", 7) == 0)
            continue;
        if (line[0] == '#') {
            CHECK_INT(sscanf(line, "# TYPE %99s %19s", family, kind), 2);
            continue;
        }
        CHECK(strncmp(line, family, strlen(family)) == 0);
        line += strlen(family);
        CHECK(strncmp(line,
                      kind[0] == 'c'   ? "_total"
                      : kind[0] == 'i' ? "_info"
                                       : " ",
                      kind[0] == 'c'   ? 6
                      : kind[0] == 'i' ? 5
                                       : 1) == 0 ||
              (kind[0] == 'g' && line[0] == '{'));
    }
    buf_clear(&b);
    site_stop(&s);
}

TEST(pages_of_other_sites_may_not_send)
{
    static const struct {
        const char *head;
        int status;
    } rows[] = {
        {POST_TO("n", "application/json\r\nOrigin: http://localhost:1"), 200},
        {POST_TO("n", "application/json\r\nOrigin: http://evil.example"), 403},
        {POST_TO("n", "application/json\r\nOrigin: http://evillocalhost:1"), 403},
        {POST_TO("n", "application/json\r\nOrigin: null"), 403},
    };
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(ask_status(&s, rows[i].head, SPAN("{}")), rows[i].status);
    site_stop(&s);
}

TEST(draining_ends_in_order)
{
    static const char head[] = POST_TO("n", "application/json") "\r\nHost: a\r\n"
                                                                "Content-Length: 2\r\n\r\n";
    struct site s;
    char text[600] = "";
    int idle, open, last;
    ssize_t n;

    site_start(&s);
    idle = dial(s.port);
    open = dial(s.port);
    last = dial(s.port);
    CHECK(write(open, head, sizeof head - 1) > 0 && write(last, "GET /v1/status", 14) == 14);
    /* All three are known once a fourth, later one was served. */
    CHECK_INT(ask_status(&s, "GET /healthz HTTP/1.1", NONE), 200);
    CHECK(eventfd_write(s.drain_fd, 1) == 0);
    CHECK_INT(read(idle, text, sizeof text), 0);
    CHECK(write(open, "{}", 2) == 2 && write(last, " HTTP/1.1\r\nHost: a\r\n\r\n", 22) == 22);
    n = read(open, text, sizeof text - 1);
    CHECK(n > 0 && strncmp(text, "HTTP/1.1 503 ", 13) == 0 && strstr(text, "Connection: close"));
    n = read(last, text, sizeof text - 1);
    CHECK(n > 0 && strncmp(text, "HTTP/1.1 503 ", 13) == 0);
    close(idle);
    close(open);
    close(last);
    site_stop(&s);
}

TEST(two_inputs_cannot_have_one_path)
{
    static struct config_input twice[] = {
        {.title = ndjson, .type = http, .format = ndjson, .path = path_n},
        {.title = csv, .type = http, .format = csv, .path = path_n},
    };
    struct engine e = {0};
    struct config c = {.http_listen = path_n, .inputs = twice, .input_count = 2};
    struct serve_options opt = {.engine = &e, .config = &c};
    struct serve *out;
    struct error err;

    CHECK_INT(serve_open(&out, &opt, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "another input has the path"));
}
