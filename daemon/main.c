/*
 * main.c - callswelld: options, wiring, signals, ordered end.
 *
 *   start   configuration, engine (ledger, store, Redis, workers), inputs, HTTP, control
 *           socket; then "event=ready" on stderr and READY=1 to systemd
 *   run     this thread waits for signals; all work is done by others
 *   end     SIGTERM or SIGINT: nothing new is read, what was read is committed, folded and
 *           projected within stop_timeout, a managed Redis is saved and stopped
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "analyst.h"
#include "clock.h"
#include "config.h"
#include "config_deep.h"
#include "control.h"
#include "deliver.h"
#include "edge.h"
#include "engine.h"
#include "log.h"
#include "serve.h"
#include "sql.h"

enum { EXIT_USAGE = 64, EXIT_UNAVAILABLE = 69, EXIT_CONFIG = 78 };

struct daemon {
    struct config *config;
    struct config **retired; /* by reloads: what was begun with them may still go on */
    size_t retired_count;
    const char *config_path;
    struct engine *engine;
    struct edge *edge;
    struct serve *serve;
    struct deliver *deliver;
    struct control *control;
    _Atomic int http_busy; /* requests not answered yet; -1: not looked */
};

static int
exit_code(enum status st)
{
    switch (st) {
    case ST_OK:
        return 0;
    case ST_BAD_CONFIG:
        return EXIT_CONFIG;
    case ST_RETRY:
        return EXIT_UNAVAILABLE;
    default:
        return 1;
    }
}

static void
apply_log(const struct config *c)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};

    for (int i = 0; i < 4; i++)
        if (c->log_level && strcmp(c->log_level, names[i]) == 0)
            log_set_level((enum log_level)i);
    log_set_style(c->log_format && strcmp(c->log_format, "json") == 0 ? LOG_JSON : LOG_TEXT);
    log_set_limit(c->log_limit);
}

/* --- start --- */

static enum status
open_serving(struct daemon *d, struct error *err)
{
    const struct serve_options opt = {
        .base = edge_base(d->edge),
        .engine = d->engine,
        .config = d->config,
        .deliver = d->deliver,
    };
    static const struct control_command *const tables[] = {control_commands, NULL};
    const struct control_options control = {
        .state_dir = d->config->state_dir,
        .target = {.engine = d->engine,
                   .config = d->config,
                   .started = clock_now(),
                   .edge = d->edge,
                   .claim = edge_claim},
        .tables = tables,
    };
    enum status st = control_open(&d->control, &control, err);

    if (st == ST_OK && d->config->http_listen && d->config->http_listen[0])
        st = serve_open(&d->serve, &opt, err);
    return st;
}

static enum status
start(struct daemon *d, struct error *err)
{
    const struct engine_options engine = {.config = d->config};
    struct edge_options edge = {
        .inputs = d->config->inputs,
        .input_count = d->config->input_count,
        .limits = &d->config->limits,
    };
    enum status st = engine_open(&d->engine, &engine, err);

    if (st != ST_OK)
        return st;
    edge.engine = d->engine;
    st = edge_open(&d->edge, &edge, err);
    if (st == ST_OK)
        st = deliver_open(&d->deliver, d->config, err);
    if (st == ST_OK)
        st = open_serving(d, err);
    if (st == ST_OK)
        st = edge_run(d->edge, err);
    return st;
}

static void
announce(const struct daemon *d)
{
    char ports[512] = "";
    size_t n = 0;

    for (size_t i = 0; i < d->config->input_count; i++) {
        const char *title = d->config->inputs[i].title;
        int port = edge_port(d->edge, title);

        if (port && n < sizeof ports)
            n += (size_t)snprintf(ports + n, sizeof ports - n, " %s=%d", title, port);
    }
    if (d->serve) {
        const char *listen = d->config->http_listen;

        log_info("ready", "http=%.*s:%d%s", (int)(strrchr(listen, ':') - listen), listen,
                 serve_port(d->serve), ports);
    } else
        log_info("ready", "http=off%s", ports);
    sd_notify(0, "READY=1");
}

/* --- run --- */

struct reloading { /* what the edge thread is asked to do */
    struct daemon *daemon;
    const struct config *wanted;
    struct error *err;
    enum status st;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
};

static void
change_here(void *arg)
{
    struct reloading *r = arg;
    struct daemon *d = r->daemon;
    struct error ignored;

    r->st = d->serve ? serve_change(d->serve, r->wanted, r->err) : ST_OK;
    if (r->st == ST_OK)
        r->st = edge_change_inputs(d->edge, d->config, r->wanted, r->err);
    if (r->st != ST_OK && d->serve)
        serve_change(d->serve, d->config, &ignored); /* which were there before */
    pthread_mutex_lock(&r->lock);
    r->is_done = true;
    pthread_cond_signal(&r->done);
    pthread_mutex_unlock(&r->lock);
}

static enum status
change_inputs(struct daemon *d, const struct config *wanted, struct error *err)
{
    struct reloading r = {.daemon = d,
                          .wanted = wanted,
                          .err = err,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .done = PTHREAD_COND_INITIALIZER};

    edge_hold_inputs(d->edge);
    edge_post(d->edge, change_here, &r);
    pthread_mutex_lock(&r.lock);
    while (!r.is_done)
        pthread_cond_wait(&r.done, &r.lock);
    pthread_mutex_unlock(&r.lock);
    edge_release_inputs(d->edge);
    return r.st;
}

/* Takes wanted over. */
static enum status
take_over(struct daemon *d, struct config *wanted, struct error *err)
{
    enum status st = config_check_deep(wanted, err);

    if (st != ST_OK) {
        config_free(wanted);
        return st;
    }
    d->retired = xrealloc(d->retired, (d->retired_count + 1) * sizeof *d->retired);
    st = change_inputs(d, wanted, err);
    if (st != ST_OK) {
        d->retired[d->retired_count++] = wanted; /* workers may have begun with it */
        return st;
    }
    d->retired[d->retired_count++] = d->config;
    d->config = wanted;
    return ST_OK;
}

/* All that can change while running is changed, or nothing. */
static void
reload(struct daemon *d)
{
    struct config *wanted = NULL;
    struct error err;
    char *restart;

    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_ms() * 1000);
    if (config_load(&wanted, d->config_path, &err) != ST_OK) {
        log_error("reload_refused", "error=\"%s\" action=\"the running configuration stays\"",
                  err.text);
        sd_notify(0, "READY=1");
        return;
    }
    restart = config_restart_option(d->config, wanted);
    config_keep_fixed(wanted, d->config);
    if (take_over(d, wanted, &err) != ST_OK) {
        log_error("reload_refused", "error=\"%s\" action=\"the running configuration stays\"",
                  err.text);
    } else {
        apply_log(d->config);
        if (deliver_change(d->deliver, d->config, &err) != ST_OK)
            log_error("webhooks_not_changed", "error=\"%s\"", err.text);
        if (engine_reload_customers(d->engine, &err) != ST_OK)
            log_error("customers_not_reloaded", "error=\"%s\"", err.text);
        if (restart)
            log_warn("reload_partial", "changed=\"%s\" action=\"takes effect at a restart\"",
                     restart);
        else
            log_info("reloaded", "file=\"%s\"", d->config_path ? d->config_path : "");
    }
    free(restart);
    sd_notify(0, "READY=1");
}

static void
run(struct daemon *d, const sigset_t *signals)
{
    int number = 0;

    while (sigwait(signals, &number) == 0) {
        if (number == SIGHUP) {
            reload(d);
            continue;
        }
        log_info("stopping", "signal=%d", number);
        return;
    }
}

/* --- end --- */

#define LAST_ANSWERS_MS 2000

static void
drain_http(void *arg)
{
    serve_drain(arg);
}

static void
close_http(void *arg)
{
    serve_close(arg);
}

static void
look_how_busy(void *arg)
{
    struct daemon *d = arg;

    d->http_busy = (int)serve_busy(d->serve);
}

/* Answers to what was committed last still go out: the loop runs until all is said. */
static void
finish_answers(struct daemon *d)
{
    int64_t until = clock_mono_ms() + LAST_ANSWERS_MS;

    d->http_busy = -1;
    while (d->http_busy != 0 && clock_mono_ms() < until) {
        struct timespec pause = {0, 5000000};

        edge_post(d->edge, look_how_busy, d);
        nanosleep(&pause, NULL);
    }
    edge_post(d->edge, close_http, d->serve);
}

static void
stop(struct daemon *d)
{
    int64_t timeout = d->config->stop_timeout_ms;

    sd_notify(0, "STOPPING=1");
    engine_wind_down(d->engine, timeout); /* requests that wait for the engine come to an end */
    if (d->serve)
        edge_post(d->edge, drain_http, d->serve);
    if (d->control)
        control_stop(d->control);
    if (d->edge)
        edge_stop_inputs(d->edge);
    engine_close(d->engine, timeout);
    control_close(d->control);
    if (d->serve)
        finish_answers(d);
    edge_close(d->edge);
    deliver_close(d->deliver); /* after all who ask how it is */
    log_info("stopped", "node=%s", d->config->node);
}

static int
serve_until_stopped(struct daemon *d)
{
    sigset_t signals;
    struct error err;
    enum status st;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread is made: all inherit it */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk, not the end */
    st = start(d, &err);
    if (st == ST_OK) {
        announce(d);
        run(d, &signals);
    } else {
        log_error("not_started", "error=\"%s\"", err.text);
    }
    stop(d);
    return exit_code(st);
}

static int
test_config(const struct daemon *d)
{
    struct error err;
    enum status st = config_check_deep(d->config, &err);

    if (st != ST_OK)
        fprintf(stderr, "callswelld: %s\n", err.text);
    else
        printf("%s: ok\n", d->config_path ? d->config_path : "built-in defaults");
    return exit_code(st);
}

int
main(int argc, char **argv)
{
    struct daemon d = {0};
    struct error err;
    bool test = false;
    int opt, code;

    sql_configure();
    edge_configure();
    while ((opt = getopt(argc, argv, "c:thv")) != -1)
        switch (opt) {
        case 'c':
            d.config_path = optarg;
            break;
        case 't':
            test = true;
            break;
        case 'v':
            puts("callswelld " CALLSWELL_VERSION);
            return 0;
        case 'h':
            puts("usage: callswelld [-c FILE] [-t]\n"
                 "  -c FILE  the configuration (see callswell.conf(5))\n"
                 "  -t       test it and exit\n"
                 "  -v       print the version");
            return 0;
        default:
            fprintf(stderr, "usage: callswelld [-c FILE] [-t]\n");
            return EXIT_USAGE;
        }
    if (optind != argc) {
        fprintf(stderr, "usage: callswelld [-c FILE] [-t]\n");
        return EXIT_USAGE;
    }
    if (!d.config_path)
        d.config_path = config_default_path();
    if (config_load(&d.config, d.config_path, &err) != ST_OK) {
        fprintf(stderr, "callswelld: %s\n", err.text);
        return EXIT_CONFIG;
    }
    apply_log(d.config);
    if (!test && config_check_doors(d.config, &err) != ST_OK) {
        fprintf(stderr, "callswelld: %s\n", err.text);
        config_free(d.config);
        return EXIT_CONFIG;
    }
    code = test ? test_config(&d) : serve_until_stopped(&d);
    for (size_t i = 0; i < d.retired_count; i++)
        config_free(d.retired[i]);
    free(d.retired);
    config_free(d.config);
    return code;
}
