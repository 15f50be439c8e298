/*
 * serve_site.h - the HTTP side of the daemon before an engine that is a double.
 *
 * The double records what it was given and answers as the test says: a full queue and a lost
 * commit cannot be had from the real engine at will; test_ingest.c has the real one.
 */
#ifndef SERVE_SITE_H
#define SERVE_SITE_H

#include "serve.h"
#include "config.h"
#include "dial.h"
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
    char key[300]; /* of the last request that carried one */
    uint64_t body_hash;
    unsigned customers_reloaded; /* so many times */
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

static inline void *
commit(void *arg)
{
    struct told *t = arg;
    struct outcome_count n = {.records = 5, .accepted = 3, .duplicates = 1, .quarantined = 1};

    t->block.done(t->block.done_arg, t->st, &n, t->st == ST_OK || t->st == ST_SKIP ? 41 : 0);
    free(t);
    return NULL;
}

int64_t
source_wait_ms(const struct source *s)
{
    (void)s;
    return 0;
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

enum status
engine_submit_once(struct engine *e, struct block *b, const struct once_key *key)
{
    pthread_mutex_lock(&e->lock);
    snprintf(e->key, sizeof e->key, "%.*s", SPAN_ARG(key->key));
    e->body_hash = key->body_hash;
    pthread_mutex_unlock(&e->lock);
    return engine_submit(e, b);
}

enum status
engine_reload_customers(struct engine *e, struct error *err)
{
    (void)err;
    e->customers_reloaded++;
    return ST_OK;
}

/* What changes the ledger is tested with a real one: changes.sh. */
enum status
engine_settle(struct engine *e, unsigned what, int64_t timeout_ms, struct error *err)
{
    (void)e, (void)what, (void)timeout_ms;
    return fail(err, ST_IO, "not in this test");
}

enum status
engine_merge_customer(struct engine *e, struct span from, struct span to, uint64_t *cells,
                      struct error *err)
{
    (void)e, (void)from, (void)to, (void)cells;
    return fail(err, ST_IO, "not in this test");
}

enum status
engine_replay(struct engine *e, uint64_t id, const char *input, struct outcome_count *out,
              struct error *err)
{
    (void)e, (void)id, (void)input, (void)out;
    return fail(err, ST_IO, "not in this test");
}

enum status
engine_drop(struct engine *e, uint64_t id, const char *input, uint64_t *dropped, struct error *err)
{
    (void)e, (void)id, (void)input, (void)dropped;
    return fail(err, ST_IO, "not in this test");
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
    out[0] = (struct feed){
        .input = "a \"b\\\n", .type = "http", .records = 7, .gave_way = 3, .accepted = 6};
    return 1;
}

void
engine_status(struct engine *e, struct engine_status *out)
{
    *out = (struct engine_status){.batch = 12,
                                  .records = 100,
                                  .accepted = 90,
                                  .commit_ms_last = 7,
                                  .pairing = {.legs = 3, .estimated = 4}};
    snprintf(out->stalled, sizeof out->stalled, "%s", e->stalled);
}

void
engine_memory(struct engine *e, struct memory_use *out)
{
    (void)e;
    *out = (struct memory_use){.resident = 900};
    out->held[HOLDER_DUPLICATES] = 700;
    out->limit[HOLDER_DUPLICATES] = 800;
    out->held[HOLDER_TOTALS] = 100;
}

void
engine_live(struct engine *e, struct live *out, struct arena *mem)
{
    (void)e, (void)mem;
    *out = (struct live){
        .legs = 3,
        .conferences = 2,
        .conference = {{.id = SPAN("c1"), .customer = SPAN("a \"b\""), .legs = 2, .since = 60}},
        .conference_count = 1,
        .input = {{SPAN("hooks"), 3}},
        .input_count = 1,
    };
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

char *
config_state_path(const struct config *c, const char *name)
{
    return xasprintf("%s/%s", c->state_dir, name);
}

static inline void
on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    event_base_loopbreak(arg);
}

static inline void
on_drain(evutil_socket_t fd, short what, void *arg)
{
    struct site *s = arg;

    (void)fd, (void)what;
    serve_drain(s->serve);
}

static inline void *
run_loop(void *arg)
{
    struct site *s = arg;

    event_base_loop(s->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

/* timeout_ms: for the head, and for the body, of a request. */
static inline void
site_start_with(struct site *s, uint32_t timeout_ms)
{
    struct serve_options opt;
    struct error err = {0};
    static char listen[] = "127.0.0.1:0", node[] = "n1", url[] = "sqlite:crm.db", dir[] = ".";

    signal(SIGPIPE, SIG_IGN);
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->engine.lock, NULL);
    s->config = (struct config){.http_listen = listen,
                                .node = node,
                                .store_url = url,
                                .state_dir = dir,
                                .timezone = zone,
                                .inputs = inputs,
                                .input_count = sizeof inputs / sizeof *inputs};
    s->config.limits.max_body = 1 << 20;
    s->config.limits.max_unpacked = 8 << 20;
    s->config.limits.max_ratio = 200;
    s->config.limits.max_records = 50000;
    s->config.limits.max_connections = s->config.limits.max_per_address = 64;
    s->config.limits.max_request_line = 2048;
    s->config.limits.max_header = 8192;
    s->config.limits.max_header_lines = 64;
    s->config.limits.max_requests = 1000;
    s->config.limits.body_rate = 65536;
    s->config.limits.header_timeout_ms = s->config.limits.body_timeout_ms = timeout_ms;
    s->config.limits.idle_timeout_ms = 30000;
    s->config.http_session_ms = 60000;
    s->base = event_base_new();
    opt = (struct serve_options){.base = s->base, .engine = &s->engine, .config = &s->config};
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

static inline void
site_start(struct site *s)
{
    site_start_with(s, 10000);
}

static inline void
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
static inline struct buf
ask(struct site *s, const char *head, struct span body, int *status)
{
    int fd = dial(s->port);
    struct buf b = {0};
    ssize_t n;

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

static inline int
ask_status(struct site *s, const char *head, struct span body)
{
    int status;
    struct buf b = ask(s, head, body, &status);

    buf_clear(&b);
    return status;
}

#define POST_TO(name, type) "POST /v1/ingest/" name " HTTP/1.1\r\nContent-Type: " type
#define NONE                span_of(NULL, 0)

#endif
