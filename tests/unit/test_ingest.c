/*
 * test_ingest.c - HTTP in, counted out: the real engine behind the real server, and the control
 * socket beside it. Redis is away: nothing here needs it.
 */
#include "config.h"
#include "control.h"
#include "engine.h"
#include "json_read.h"
#include "serve.h"
#include "test.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct site {
    struct config *config;
    struct engine *engine;
    struct serve *serve;
    struct control *control;
    struct event_base *base;
    struct event *stopper;
    pthread_t thread;
    int stop_fd, port;
};

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    event_base_loopbreak(arg);
}

static void *
run_loop(void *arg)
{
    struct site *s = arg;

    event_base_loop(s->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

static void
must(enum status st, const struct error *err)
{
    if (st != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err->text);
}

static void
site_start(struct site *s)
{
    static const struct control_command *const tables[] = {control_commands, NULL};
    struct serve_options serve;
    struct control_options control;
    struct engine_options engine;
    struct error err = {0};
    FILE *f = fopen("c.conf", "w");

    signal(SIGPIPE, SIG_IGN);
    memset(s, 0, sizeof *s);
    fputs("state_dir = \"state\"\nredis { url = \"unix:///nowhere/redis.sock\" }\n"
          "http { listen = \"127.0.0.1:0\" }\nworkers = 2\nlog_level = \"error\"\n"
          "input \"n\" { type = \"http\" format = \"ndjson\" }\n"
          "input \"c\" { type = \"http\" format = \"csv\" path = \"/v1/ingest/csv\" }\n",
          f);
    fclose(f);
    must(config_load(&s->config, "c.conf", &err), &err);
    engine = (struct engine_options){.config = s->config};
    must(engine_open(&s->engine, &engine, &err), &err);
    s->base = event_base_new();
    serve = (struct serve_options){.base = s->base, .engine = s->engine, .config = s->config};
    must(serve_open(&s->serve, &serve, &err), &err);
    control = (struct control_options){
        "state", {.engine = s->engine, .config = s->config, .started = 1}, tables};
    must(control_open(&s->control, &control, &err), &err);
    s->port = serve_port(s->serve);
    s->stop_fd = eventfd(0, 0);
    s->stopper = event_new(s->base, s->stop_fd, EV_READ, on_stop, s->base);
    event_add(s->stopper, NULL);
    CHECK(pthread_create(&s->thread, NULL, run_loop, s) == 0);
}

static void
site_stop(struct site *s)
{
    CHECK(eventfd_write(s->stop_fd, 1) == 0);
    pthread_join(s->thread, NULL);
    serve_drain(s->serve);
    control_stop(s->control);
    engine_close(s->engine, 50);
    control_close(s->control);
    serve_close(s->serve);
    event_free(s->stopper);
    event_base_free(s->base);
    config_free(s->config);
    close(s->stop_fd);
}

/* The answer's body; its status in *status. The caller frees. */
static char *
post(const struct site *s, const char *path, const char *type, const char *body, int *status)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char head[400], *answer = calloc(1, 65536);
    size_t n = 0;
    ssize_t got;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    snprintf(head, sizeof head,
             "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: %s\r\n"
             "Content-Length: %zu\r\n\r\n",
             body[0] ? "POST" : "GET", path, type, strlen(body));
    CHECK(send(fd, head, strlen(head), 0) > 0 && send(fd, body, strlen(body), 0) >= 0);
    while ((got = recv(fd, answer + n, 65535 - n, 0)) > 0)
        n += (size_t)got;
    close(fd);
    *status = atoi(answer + 9);
    memmove(answer, strstr(answer, "\r\n\r\n") + 4,
            n + 1 - (size_t)(strstr(answer, "\r\n\r\n") + 4 - answer));
    return answer;
}

static void
expect(const struct site *s, const char *path, const char *type, const char *body, const char *want)
{
    int status;
    char *answer = post(s, path, type, body, &status);

    if (status != 200 || strncmp(answer, want, strlen(want)) != 0)
        test_fail(__FILE__, __LINE__, "%d %s for %s", status, answer, body);
    free(answer);
}

#define COUNTS(accepted, duplicates, quarantined)                                                  \
    "{\"accepted\":" #accepted ",\"duplicates\":" #duplicates ",\"quarantined\":" #quarantined     \
    ",\"ignored\":0,\"batch\":"

static void
send_all_kinds(const struct site *s)
{
    expect(
        s, "/v1/ingest/n", "application/x-ndjson",
        "{\"id\":\"1\",\"customer\":\"acme\",\"start\":1700000000,\"duration\":60}\n"
        "{\"id\":\"2\",\"customer\":\"acme\",\"start\":\"2023-11-14T22:13:20Z\",\"duration\":60}\n"
        "{\"id\":\"1\",\"customer\":\"acme\",\"start\":1700000000,\"duration\":60}\n"
        "{\"id\":\"4\",\"start\":1700000000}\n"
        "not json\n",
        COUNTS(2, 1, 2));
    expect(s, "/v1/ingest/n", "application/json",
           " [{\"id\":\"1\",\"customer\":\"acme\",\"start\":1700000000,\"duration\":60},\n"
           "{\"id\":\"5\",\"customer\":\"b\",\"start\":1700000000,\"duration\":60}]",
           COUNTS(1, 1, 0));
    expect(s, "/v1/ingest/n", "text/csv", "id,customer,start,duration\r\n6,acme,1700000000,60\r\n",
           COUNTS(1, 0, 0));
    expect(s, "/v1/ingest/csv", "text/csv",
           "customer,start,duration\nacme,1700000000,60\nacme,1700000000,60", COUNTS(2, 0, 0));
}

TEST(records_sent_by_http_are_counted_once)
{
    struct site s;
    struct engine_status st;
    int status;
    char *answer;

    site_start(&s);
    send_all_kinds(&s);
    memset(&st, 0, sizeof st);
    engine_status(s.engine, &st);
    CHECK_INT(st.records, 10);
    CHECK_INT(st.accepted, 6);
    CHECK_INT(st.duplicates, 2);
    CHECK_INT(st.quarantined, 2);
    answer = post(&s, "/v1/ingest/csv", "text/csv", "when,what\n1,2\n", &status);
    CHECK_INT(status, 422);
    free(answer);
    answer = post(&s, "/metrics", "x/y", "", &status);
    CHECK(strstr(answer, "\ncallswell_accepted_total 6\n"));
    free(answer);
    site_stop(&s);
}

#define R(what)        "{\"result\":\"" what "\"}"
#define WHY(what, why) "{\"result\":\"" what "\",\"reason\":\"" why "\"}"

static void
expect_results(const struct site *s, const char *path, const char *type, const char *body,
               const char *want)
{
    int status;
    char *answer = post(s, path, type, body, &status), *at = strstr(answer, ",\"results\":");

    CHECK_INT(status, 200);
    CHECK(at != NULL);
    CHECK_STR(at + strlen(",\"results\":"), want);
    free(answer);
}

#define OF_C "\"customer\":\"c\",\"start\":1700000000}"

TEST(senders_may_ask_what_became_of_each_record)
{
    static const char leg[] = "{\"id\":\"a\"," OF_C;
    struct site s;
    int status;
    char *answer;

    site_start(&s);
    /* Corrections are decided last. What they correct was accepted all the same. */
    expect_results(
        &s, "/v1/ingest/n?results=1", "application/x-ndjson",
        "{\"id\":\"a\"," OF_C "\n"
        "\n"
        "{\"id\":\"b\",\"start\":1700000000}\n"
        "{\"id\":\"a\",\"version\":3," OF_C "\n"
        "{\"id\":\"a\",\"version\":2," OF_C "\n"
        "not json\n"
        "{\"id\":\"v\"," OF_C "\n"
        "{\"kind\":\"void\",\"id\":\"v\"}\n"
        "{\"id\":\"a\"," OF_C,
        "[" R("accepted") "," WHY("quarantined", "customer: missing") "," R("accepted") //
        "," R("duplicate") "," WHY("quarantined", "json: expected an object")           //
        "," R("accepted") "," R("accepted") "," R("duplicate") "]}\n");
    expect_results(&s, "/v1/ingest/n?from=x&results=1", "application/json",
                   "[{\"id\":\"a\"," OF_C ","
                   "{" OF_C "]",
                   "[" R("duplicate") "," R("accepted") "]}\n");
    expect_results(&s, "/v1/ingest/csv?results=1", "text/csv",
                   "customer,start\nc,1700000000\nc,x\nc,1700000000,1\n",
                   "[" R("accepted") "," WHY("quarantined", "start: not a time") //
                   "," WHY("quarantined", "columns: 3, header has 2") "]}\n");
    expect_results(&s, "/v1/ingest/csv?results=1", "text/csv", "customer,start\n", "[]}\n");
    expect_results(&s, "/v1/ingest/n?results=1", "application/json", "[ ]", "[]}\n");
    answer = post(&s, "/v1/ingest/n?results=0", "application/json", leg, &status);
    CHECK_INT(status, 200);
    CHECK(!strstr(answer, "results"));
    free(answer);
    answer = post(&s, "/v1/ingest/n?results=yes", "application/json", leg, &status);
    CHECK_INT(status, 400);
    CHECK(strstr(answer, "results may be 1 or 0"));
    free(answer);
    site_stop(&s);
}

#define MIXED 400

/* A request of which each record's fate is known before: the worker's groups, the corrections of
 * the ledger's thread and the counts must tell the same. */
TEST(the_fate_of_each_of_many_records_is_told_and_adds_up)
{
    static char body[MIXED * 120], want[MIXED * 120], counts[100];
    size_t n = 0, at = 0;
    int first = 0, again = 0, refused = 0, id = 0, status;
    struct site s;
    char *answer;

    at += (size_t)snprintf(want, sizeof want, "[");
    for (unsigned i = 0, x = 7; i < MIXED; i++) {
        const char *fate;
        int which;

        x = x * 1664525u + 1013904223u;
        which = id ? (int)(x >> 16) % 4 : 0;
        if (which == 0) {
            n += (size_t)snprintf(body + n, sizeof body - n, "{\"id\":\"%d\"," OF_C "\n", id++);
            fate = R("accepted");
            first++;
        } else if (which == 1) { /* a version that none had before */
            n += (size_t)snprintf(body + n, sizeof body - n,
                                  "{\"id\":\"%d\",\"version\":%u," OF_C "\n", id - 1, i + 2);
            fate = R("accepted");
            first++;
        } else if (which == 2) {
            n += (size_t)snprintf(body + n, sizeof body - n, "{\"id\":\"%d\"," OF_C "\n", id / 2);
            fate = R("duplicate");
            again++;
        } else {
            n += (size_t)snprintf(body + n, sizeof body - n,
                                  "{\"id\":\"%d\",\"start\":1700000000}\n", id);
            fate = WHY("quarantined", "customer: missing");
            refused++;
        }
        at += (size_t)snprintf(want + at, sizeof want - at, "%s%s", i ? "," : "", fate);
    }
    snprintf(want + at, sizeof want - at, "]}\n");
    site_start(&s);
    answer = post(&s, "/v1/ingest/n?results=1", "application/x-ndjson", body, &status);
    CHECK_INT(status, 200);
    snprintf(counts, sizeof counts, "{\"accepted\":%d,\"duplicates\":%d,\"quarantined\":%d,", first,
             again, refused);
    CHECK(strncmp(answer, counts, strlen(counts)) == 0);
    CHECK_STR(strstr(answer, "\"results\":") + strlen("\"results\":"), want);
    free(answer);
    site_stop(&s);
}

struct seen {
    int64_t accepted, records, resumed_at;
};

static void
on_line(void *arg, const struct json_value *line)
{
    struct seen *seen = arg;
    const struct json_value *records = json_find(json_find(line, "status"), "records");

    seen->accepted = json_get_i64(records, "accepted", json_get_i64(line, "accepted", -1));
    seen->records = json_get_i64(line, "records", -1);
    seen->resumed_at = json_get_i64(line, "resumed_at", -1);
}

TEST(the_control_socket_replays_and_drops_what_http_brought)
{
    struct site s;
    struct seen seen = {0};
    struct error err = {0};
    int code = -1;

    site_start(&s);
    send_all_kinds(&s);
    CHECK_INT(control_call("state", "status", NULL, NULL, 0, on_line, &seen, &code, &err), ST_OK);
    CHECK_INT(code, 0);
    CHECK_INT(seen.accepted, 6);
    CHECK_INT(control_call("state", "drop", "{\"id\":0}", NULL, 0, NULL, NULL, &code, &err), ST_OK);
    if (code != 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(control_call("state", "merge", "{\"from\":\"b\"}", NULL, 0, NULL, NULL, &code, &err),
              ST_OK);
    CHECK_INT(code, 64);
    CHECK_INT(control_call("state", "customers-reload", NULL, NULL, 0, NULL, NULL, &code, &err),
              ST_OK);
    CHECK_INT(code, 0);
    site_stop(&s);
}

/* Without waiting for Redis, which is away. */
#define IMPORT_ARGS "{\"format\":\"csv\",\"path\":\"x.csv\"}"

TEST(an_open_file_is_imported_once)
{
    static const char text[] = "id,customer,start,duration\n1,a,1700000000,60\n2,a,1700000000,60\n";
    struct site s;
    struct seen seen = {0};
    struct error err = {0};
    int code = -1, fd;
    FILE *f = fopen("x.csv", "w");

    fputs(text, f);
    fclose(f);
    site_start(&s);
    for (int round = 0; round < 2; round++) {
        fd = open("x.csv", O_RDONLY);
        CHECK_INT(control_call("state", "import", IMPORT_ARGS, &fd, 1, on_line, &seen, &code, &err),
                  ST_OK);
        if (code != 0)
            test_fail(__FILE__, __LINE__, "%s", err.text);
        CHECK_INT(seen.accepted, round ? 0 : 2);
        CHECK_INT(seen.resumed_at, round ? (int)sizeof text - 1 : 0);
        close(fd);
    }
    CHECK_INT(control_call("state", "import", "{}", NULL, 0, NULL, NULL, &code, &err), ST_OK);
    CHECK_INT(code, 64);
    fd = open("x.csv", O_RDONLY);
    CHECK_INT(
        control_call("state", "import", "{\"format\":\"none\"}", &fd, 1, NULL, NULL, &code, &err),
        ST_OK);
    CHECK_INT(code, 78);
    close(fd);
    site_stop(&s);
}
