/*
 * test_serve.c - routes and ingest over real sockets.
 *
 * The engine here is a double that records what it was given and answers as the test says:
 * a full queue and a lost commit cannot be had from the real one at will.
 */
#include "serve.h"
#include "config.h"
#include "engine.h"
#include "json_read.h"
#include "test.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* --- the double --- */

struct engine {
    struct source_options source; /* of the last request */
    char format[32], header[64], name[64];
    struct buf got; /* the last block */
    uint64_t offset;
    enum status submit, commit; /* what to answer */
    char stalled[64];
    pthread_mutex_t lock;
};

struct source {
    struct engine *engine;
    bool header_given;
};

enum status
engine_source(struct engine *e, struct source **out, const struct source_options *opt,
              struct error *err)
{
    (void)err;
    pthread_mutex_lock(&e->lock);
    e->source = *opt;
    snprintf(e->format, sizeof e->format, "%s", opt->format);
    snprintf(e->name, sizeof e->name, "%s", opt->name);
    pthread_mutex_unlock(&e->lock);
    *out = xcalloc(1, sizeof **out);
    (*out)->engine = e;
    return ST_OK;
}

void
source_unref(struct source *s)
{
    free(s);
}

bool
source_needs_header(const struct source *s)
{
    return strcmp(s->engine->format, "csv") == 0 && !s->header_given;
}

enum status
source_header(struct source *s, struct span line, struct error *err)
{
    s->header_given = true;
    snprintf(s->engine->header, sizeof s->engine->header, "%.*s", SPAN_ARG(line));
    if (!memmem(line.p, line.n, "customer", 8))
        return fail(err, ST_BAD_INPUT, "no column feeds customer");
    return ST_OK;
}

/* A stand-in rule: a body that ends in "{" ends inside a record. */
size_t
source_cut(const struct source *s, struct span buf, bool eof)
{
    (void)s, (void)eof;
    return buf.n > 0 && buf.p[buf.n - 1] == '{' ? buf.n - 1 : buf.n;
}

struct told {
    struct block block;
    enum status st;
};

static void *
commit(void *arg)
{
    struct told *t = arg;
    struct outcome_count n = {.records = 5, .accepted = 3, .duplicates = 1, .quarantined = 1};

    t->block.done(t->block.done_arg, t->st, &n, t->st == ST_OK ? 41 : 0);
    free(t);
    return NULL;
}

enum status
engine_submit(struct engine *e, struct block *b)
{
    struct told *t;
    pthread_t thread;

    if (e->submit != ST_OK)
        return e->submit;
    pthread_mutex_lock(&e->lock);
    buf_reset(&e->got);
    buf_add(&e->got, b->p, b->n);
    e->offset = b->offset;
    pthread_mutex_unlock(&e->lock);
    free(b->p);
    source_unref(b->source);
    t = xcalloc(1, sizeof *t);
    t->block = *b;
    t->st = e->commit;
    CHECK(pthread_create(&thread, NULL, commit, t) == 0);
    pthread_detach(thread);
    return ST_OK;
}

void
engine_report_feed(struct engine *e, const struct feed *f)
{
    (void)e, (void)f;
}

size_t
engine_feeds(struct engine *e, struct feed *out, size_t max)
{
    (void)e;
    CHECK(max >= 1);
    out[0] = (struct feed){.input = "a \"b\\\n", .type = "http", .records = 7, .accepted = 6};
    return 1;
}

void
engine_status(struct engine *e, struct engine_status *out)
{
    *out = (struct engine_status){.batch = 12, .records = 100, .accepted = 90, .commit_ms_last = 7};
    snprintf(out->stalled, sizeof out->stalled, "%s", e->stalled);
}

/* --- a site: loop thread, configuration, client --- */

struct site {
    struct engine engine;
    struct config config;
    struct serve *serve;
    struct event_base *base;
    struct event *stopper, *drainer;
    pthread_t thread;
    int stop_fd, drain_fd, port;
};

static char ndjson[] = "ndjson", csv[] = "csv", acme[] = "acme", cdr[] = "asterisk-cdr",
            http[] = "http", tail[] = "tail", zone[] = "Europe/Berlin";
static char path_n[] = "/v1/ingest/n", path_c[] = "/v1/ingest/c", path_a[] = "/v1/ingest/a",
            path_l[] = "/v1/ingest/l";
static struct config_input inputs[] = {
    {.title = ndjson, .type = http, .format = ndjson, .path = path_n, .timezone = zone},
    {.title = csv, .type = http, .format = csv, .path = path_c},
    {.title = acme, .type = http, .format = acme, .path = path_a},
    {.title = cdr, .type = http, .format = cdr, .path = path_l},
    {.title = tail, .type = tail, .format = csv, .path = path_n},
};
static struct format_options formats[] = {{.name = "csv", .type = "csv"},
                                          {.name = "ndjson", .type = "ndjson"},
                                          {.name = "acme", .type = "csv"},
                                          {.name = "asterisk-cdr", .type = "asterisk-cdr"}};

const struct format_options *
config_format(const struct config *c, const char *name)
{
    (void)c;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    event_base_loopbreak(arg);
}

static void
on_drain(evutil_socket_t fd, short what, void *arg)
{
    struct site *s = arg;

    (void)fd, (void)what;
    serve_drain(s->serve);
}

static void *
run_loop(void *arg)
{
    struct site *s = arg;

    event_base_loop(s->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

static void
site_start(struct site *s)
{
    struct serve_options opt;
    struct error err = {0};
    static char listen[] = "127.0.0.1:0", node[] = "n1";

    signal(SIGPIPE, SIG_IGN);
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->engine.lock, NULL);
    s->config = (struct config){.http_listen = listen,
                                .node = node,
                                .inputs = inputs,
                                .input_count = sizeof inputs / sizeof *inputs};
    s->config.limits.max_body = 1 << 20;
    s->config.limits.max_unpacked = 8 << 20;
    s->base = event_base_new();
    opt = (struct serve_options){s->base, &s->engine, &s->config};
    if (serve_open(&s->serve, &opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    s->port = serve_port(s->serve);
    s->stop_fd = eventfd(0, 0);
    s->stopper = event_new(s->base, s->stop_fd, EV_READ, on_stop, s->base);
    event_add(s->stopper, NULL);
    s->drain_fd = eventfd(0, 0);
    s->drainer = event_new(s->base, s->drain_fd, EV_READ, on_drain, s);
    event_add(s->drainer, NULL);
    CHECK(pthread_create(&s->thread, NULL, run_loop, s) == 0);
}

static void
site_stop(struct site *s)
{
    CHECK(eventfd_write(s->stop_fd, 1) == 0);
    pthread_join(s->thread, NULL);
    serve_close(s->serve);
    event_free(s->stopper);
    event_free(s->drainer);
    close(s->drain_fd);
    event_base_free(s->base);
    buf_clear(&s->engine.got);
    close(s->stop_fd);
}

/* Sends head lines and a body with its length; the whole answer, status out. */
static struct buf
ask(struct site *s, const char *head, struct span body, int *status)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct buf b = {0};
    ssize_t n;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    buf_printf(&b, "%s\r\nHost: localhost:1\r\nConnection: close\r\n", head);
    if (body.p)
        buf_printf(&b, "Content-Length: %zu\r\n", body.n);
    buf_str(&b, "\r\n");
    if (body.p)
        buf_span(&b, body);
    for (size_t at = 0; at < b.n; at += (size_t)n)
        if ((n = send(fd, b.p + at, b.n - at, MSG_NOSIGNAL)) < 0)
            break;
    buf_reset(&b);
    do {
        buf_reserve(&b, 4096);
        n = recv(fd, b.p + b.n, 4096, 0);
        b.n += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    b.p[b.n] = '\0';
    close(fd);
    *status = b.n > 12 ? atoi(b.p + 9) : -1;
    return b;
}

static int
ask_status(struct site *s, const char *head, struct span body)
{
    int status;
    struct buf b = ask(s, head, body, &status);

    buf_clear(&b);
    return status;
}

#define POST_TO(name, type) "POST /v1/ingest/" name " HTTP/1.1\r\nContent-Type: " type
#define NONE                span_of(NULL, 0)

/* --- tests --- */

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
        {"GET / HTTP/1.1", 404, "There is nothing here."},
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
    arena_clear(&mem);
    buf_clear(&b);
    site_stop(&s);
}

/* OpenMetrics 1.0: TYPE before samples, counters end in _total, # EOF is the last line. */
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

TEST(records_are_answered_after_the_commit)
{
    struct site s;
    int status;
    struct buf b;

    site_start(&s);
    b = ask(&s, POST_TO("n", "application/x-ndjson; charset=utf-8"),
            SPAN("\xEF\xBB\xBF{\"a\":1}\n{\"a\":2}\n"), &status);
    CHECK_INT(status, 200);
    CHECK_STR(strstr(b.p, "\r\n\r\n") + 4,
              "{\"accepted\":3,\"duplicates\":1,\"quarantined\":1,\"ignored\":0,\"batch\":41}\n");
    CHECK_SPAN(span_of(s.engine.got.p, s.engine.got.n), "{\"a\":1}\n{\"a\":2}\n");
    CHECK_STR(s.engine.source.input, "ndjson");
    CHECK_STR(s.engine.source.timezone, "Europe/Berlin");
    CHECK(!s.engine.source.json_array && s.engine.source.identity == IDENTITY_NONE);
    CHECK(strncmp(s.engine.name, "127.0.0.1:", 10) == 0);
    buf_clear(&b);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), SPAN(" \n[{\"a\":1}]")), 200);
    CHECK(s.engine.source.json_array);
    site_stop(&s);
}

TEST(nothing_is_acknowledged_that_was_not_committed)
{
    static const char head[] = POST_TO("n", "application/json");
    struct site s;
    int status;
    struct buf b;

    site_start(&s);
    s.engine.submit = ST_FULL;
    b = ask(&s, head, SPAN("{}"), &status);
    CHECK_INT(status, 503);
    CHECK(strstr(b.p, "Retry-After: 1\r\n"));
    buf_clear(&b);
    s.engine.submit = ST_RETRY;
    CHECK_INT(ask_status(&s, head, SPAN("{}")), 503);
    s.engine.submit = ST_OK;
    s.engine.commit = ST_IO;
    CHECK_INT(ask_status(&s, head, SPAN("{}")), 503);
    site_stop(&s);
}

TEST(content_types_choose_the_format)
{
    static const struct {
        const char *head, *format; /* NULL: 415 */
    } rows[] = {
        {POST_TO("n", "application/x-ndjson"), "ndjson"},
        {POST_TO("n", "APPLICATION/JSON"), "ndjson"},
        {POST_TO("n", "text/csv;header=present"), "csv"},
        {POST_TO("n", "text/plain"), NULL},
        {POST_TO("n", "application/x-www-form-urlencoded"), NULL},
        {POST_TO("n", ""), NULL},
        {"POST /v1/ingest/n HTTP/1.1", NULL},
        {POST_TO("c", "text/csv"), "csv"},
        {POST_TO("c", "application/json"), "ndjson"},
        {POST_TO("a", "text/csv"), "acme"},
        {POST_TO("a", "application/json"), NULL},
        {POST_TO("l", "text/plain"), "asterisk-cdr"},
        {POST_TO("l", "text/csv"), "asterisk-cdr"},
        {POST_TO("l", "application/json"), NULL},
        {POST_TO("n", "application/json\r\nContent-Encoding: br"), NULL},
        {POST_TO("n", "application/json\r\nContent-Encoding: gzip, gzip"), NULL},
        {POST_TO("n", "application/json\r\nContent-Encoding: identity"), "ndjson"},
    };
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = ask_status(&s, rows[i].head, SPAN("customer\nx\n"));

        if (status != (rows[i].format ? 200 : 415))
            test_fail(__FILE__, __LINE__, "%d for %s", status, rows[i].head);
        if (rows[i].format)
            CHECK_STR(s.engine.format, rows[i].format);
    }
    site_stop(&s);
}

TEST(csv_headers_are_read_from_every_request)
{
    struct site s;
    int status;
    struct buf b;

    site_start(&s);
    CHECK_INT(ask_status(&s, POST_TO("c", "text/csv"), SPAN("customer,start\r\na,1\r\n")), 200);
    CHECK_STR(s.engine.header, "customer,start");
    CHECK_SPAN(span_of(s.engine.got.p, s.engine.got.n), "a,1\r\n");
    CHECK_INT(s.engine.offset, 16);
    b = ask(&s, POST_TO("c", "text/csv"), SPAN("a,1\n"), &status);
    CHECK_INT(status, 422);
    CHECK(strstr(b.p, "\"detail\":\"no column feeds customer\""));
    buf_clear(&b);
    s.engine.submit = ST_FULL; /* proves that nothing is submitted */
    b = ask(&s, POST_TO("c", "text/csv"), SPAN("customer,start"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "\"batch\":0}"));
    buf_clear(&b);
    b = ask(&s, POST_TO("n", "application/json"), SPAN(" \r\n"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "{\"accepted\":0,"));
    buf_clear(&b);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), SPAN("")), 200);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), SPAN("{}\n{")), 400);
    site_stop(&s);
}

TEST(fifty_thousand_records_are_the_most)
{
    struct site s;
    struct buf lines = {0}, array = {0};

    site_start(&s);
    buf_str(&array, "[\"a,]\\\",\"");
    for (int i = 0; i < 49999; i++) {
        buf_str(&lines, "{}\n");
        buf_str(&array, ",[{},1]");
    }
    buf_str(&lines, "{}\n");
    buf_str(&array, "]");
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(lines.p, lines.n)), 200);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(array.p, array.n)), 200);
    buf_str(&lines, "{}");
    array.n--;
    buf_str(&array, ",1]");
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(lines.p, lines.n)), 413);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(array.p, array.n)), 413);
    buf_clear(&lines);
    buf_clear(&array);
    site_stop(&s);
}

static struct buf
gzip(struct span text)
{
    struct buf b = {0};
    z_stream z = {0};

    CHECK(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    buf_reserve(&b, text.n + 1000);
    z.next_in = (Bytef *)(uintptr_t)text.p;
    z.avail_in = (uInt)text.n;
    z.next_out = (Bytef *)b.p;
    z.avail_out = (uInt)text.n + 1000;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    b.n = z.total_out;
    deflateEnd(&z);
    return b;
}

static struct buf
zstd(struct span text)
{
    struct buf b = {0};

    buf_reserve(&b, ZSTD_compressBound(text.n));
    b.n = ZSTD_compress(b.p, b.cap, text.p, text.n, 5);
    CHECK(!ZSTD_isError(b.n));
    return b;
}

static const struct {
    const char *head;
    struct buf (*pack)(struct span text);
} packers[] = {{POST_TO("n", "application/json\r\nContent-Encoding: gzip"), gzip},
               {POST_TO("n", "application/json\r\nContent-Encoding: zstd"), zstd}};

TEST(packed_bodies_are_unpacked_within_bounds)
{
    struct site s;
    struct buf text = {0}, bomb = {0};

    for (int i = 0; i < 40000; i++)
        buf_printf(&text, "{\"n\":%d}\n", i * 7919);
    buf_reserve(&bomb, 8 << 20);
    memset(bomb.p, ' ', bomb.n = 8 << 20);
    site_start(&s);
    for (size_t i = 0; i < 2; i++) {
        struct buf b = packers[i].pack(span_of(text.p, text.n));

        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 200);
        CHECK(span_eq(span_of(s.engine.got.p, s.engine.got.n), span_of(text.p, text.n)));
        /* cut off, broken, followed by more */
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n - 1)), 400);
        b.p[b.n / 2] ^= 0x55;
        b.p[0] ^= 1;
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 400);
        b.p[b.n / 2] ^= 0x55;
        b.p[0] ^= 1;
        buf_span(&b, span_of(b.p, 0));
        buf_str(&b, "x");
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 400);
        buf_clear(&b);
        /* 8 MiB of blanks: over 200:1 */
        b = packers[i].pack(span_of(bomb.p, bomb.n));
        CHECK(b.n < (8 << 20) / 200);
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 413);
        buf_clear(&b);
        CHECK_INT(ask_status(&s, packers[i].head, SPAN("")), 400);
    }
    buf_clear(&text);
    buf_clear(&bomb);
    site_stop(&s);
}

/* Every prefix of a packed body is refused, none hangs or passes. */
TEST(every_prefix_of_a_packed_body_is_refused)
{
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < 2; i++) {
        struct buf b = packers[i].pack(SPAN("{\"customer\":\"a\",\"start\":1,\"duration\":60}\n"));

        for (size_t n = 1; n < b.n; n++)
            CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, n)), 400);
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 200);
        buf_clear(&b);
    }
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

static int
dial(const struct site *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    return fd;
}

/* Requests under way are answered with 503, what commits late with 200; idle ones are closed. */
TEST(draining_ends_in_order)
{
    static const char head[] = POST_TO("n", "application/json") "\r\nHost: a\r\n"
                                                                "Content-Length: 2\r\n\r\n";
    struct site s;
    char text[600] = "";
    int idle, open, last;
    ssize_t n;

    site_start(&s);
    idle = dial(&s);
    open = dial(&s);
    last = dial(&s);
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
    struct serve_options opt = {NULL, &e, &c};
    struct serve *out;
    struct error err;

    CHECK_INT(serve_open(&out, &opt, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "another input has the path"));
}
