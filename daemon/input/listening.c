/*
 * listening.c - what inputs with connections have in common: section, acceptor, reports.
 */
#include "listening.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "tls.h"

/* --- reports --- */

static void
describe(void *arg)
{
    struct listening *l = arg;
    struct feed *feed = &l->standing.feed;

    snprintf(feed->input, sizeof feed->input, "%s", l->cfg->title);
    if (l->acceptor.listener)
        snprintf(feed->detail, sizeof feed->detail, "%s%s, %u %s", l->acceptor.address,
                 l->tls ? " (TLS)" : "", l->acceptor.count, l->kind->guests);
    else
        snprintf(feed->detail, sizeof feed->detail, "%s, closed", l->acceptor.address);
    snprintf(feed->problem, sizeof feed->problem, "%s", l->acceptor.problem);
    feed->gave_way = l->acceptor.gave_way;
    l->acceptor.changed = false;
}

static bool
has_changed(void *arg)
{
    struct listening *l = arg;

    acceptor_settle(&l->acceptor);
    return l->acceptor.changed;
}

void
listening_closes(struct listening *l, const struct guest *g, const char *why)
{
    char event[32];

    acceptor_problem(&l->acceptor, "%s closed: %.80s", g->name, why);
    snprintf(event, sizeof event, "%s_closed", l->kind->type);
    log_warn(event, "input=%s peer=%s reason=\"%s\"", l->cfg->title, g->name, why);
}

/* --- guests --- */

static enum status
make_source(struct listening *l, const struct config_input *cfg, const char *name,
            struct source **out, struct error *err)
{
    const struct source_options opt = {.input = cfg->title,
                                       .format = cfg->format,
                                       .timezone = cfg->timezone,
                                       .source = cfg->source,
                                       .name = name,
                                       .identity = IDENTITY_NONE};

    return engine_source(l->engine, out, &opt, err);
}

static struct guest *
welcome(void *arg, int fd, const char *name, struct error *err)
{
    struct listening *l = arg;
    struct source *source;

    if (make_source(l, l->cfg, name, &source, err) != ST_OK)
        return NULL;
    return l->kind->welcome((struct input *)l, fd, source);
}

/* --- opening and closing --- */

/* The certificate is read anew each time: it may be another under the same name. */
static enum status
load_certificate(struct ssl_ctx_st **tls, const struct config_input *cfg, struct error *err)
{
    const struct tls_files files = {cfg->certificate, cfg->key, cfg->client_ca};
    struct error why;

    *tls = NULL;
    if (!cfg->certificate || tls_load(tls, &files, &why) == ST_OK)
        return ST_OK;
    return fail(err, ST_BAD_CONFIG, "input \"%s\": %s", cfg->title, why.text);
}

static enum status
check(struct listening *l, const struct config_input *cfg, struct error *err)
{
    struct source *probe;
    enum status st = make_source(l, cfg, cfg->listen ? cfg->listen : "", &probe, err);

    if (st != ST_OK)
        return st;
    if (l->kind->check)
        st = l->kind->check((struct input *)l, cfg, probe, err);
    source_unref(probe);
    return st;
}

static enum status
open_acceptor(struct listening *l, const struct config_input *cfg,
              const struct config_limits *limits, struct error *err)
{
    const struct acceptor_options opt = {.base = l->base,
                                         .type = l->kind->type,
                                         .title = l->cfg->title,
                                         .max = limits->max_connections,
                                         .max_per_address = limits->max_per_address,
                                         .welcome = welcome,
                                         .may_go = l->kind->may_go,
                                         .dismiss = l->kind->dismiss,
                                         .arg = l};
    struct sockaddr_storage sa;
    struct error why;
    socklen_t n;
    enum status st = listen_parse(cfg->listen, &sa, &n, &why);

    if (st == ST_OK)
        st = acceptor_open(&l->acceptor, &opt, (struct sockaddr *)&sa, n, &why);
    return st == ST_OK ? st : fail(err, st, "input \"%s\": %s", cfg->title, why.text);
}

enum status
listening_open(struct listening *l, const struct listening_kind *kind, struct event_base *base,
               struct engine *e, const struct config_input *cfg, const struct config_limits *limits,
               struct error *err)
{
    enum status st;

    l->kind = kind;
    l->base = base;
    l->engine = e;
    l->cfg = input_config_copy(cfg);
    l->standing = (struct standing){.engine = e,
                                    .feed = {.exact = kind->exact, .promise = kind->promise},
                                    .describe = describe,
                                    .news = has_changed,
                                    .arg = l};
    snprintf(l->standing.feed.type, sizeof l->standing.feed.type, "%s", kind->type);
    st = check(l, cfg, err);
    if (st == ST_OK)
        st = load_certificate(&l->tls, cfg, err);
    if (st == ST_OK)
        st = open_acceptor(l, cfg, limits, err);
    if (st != ST_OK)
        return st;
    standing_begin(&l->standing, base);
    return ST_OK;
}

int
listening_port(const struct input *in)
{
    return acceptor_port(&((const struct listening *)in)->acceptor);
}

/* --- while it runs --- */

static void
adopt(struct listening *l, const struct config_input *cfg)
{
    struct config_input *old = l->cfg;
    struct guest *g, *next;

    l->cfg = input_config_copy(cfg);
    l->acceptor.opt.title = l->cfg->title;
    for (g = TAILQ_FIRST(&l->acceptor.guests); g; g = next) {
        struct source *source;
        struct error err;

        next = TAILQ_NEXT(g, link);
        if (make_source(l, l->cfg, g->name, &source, &err) == ST_OK) {
            l->kind->renew(g, source);
        } else { /* what could be made for the check can be made again */
            listening_closes(l, g, err.text);
            l->kind->dismiss(g);
        }
    }
    input_config_free(old);
}

enum status
listening_change(struct input *in, const struct config_input *cfg,
                 const struct config_limits *limits, struct error *err)
{
    struct listening *l = (struct listening *)in;
    struct ssl_ctx_st *tls = NULL;
    enum status st = cfg ? check(l, cfg, err) : ST_OK;

    if (st == ST_OK)
        st = load_certificate(&tls, cfg ? cfg : l->cfg, err);
    if (st == ST_OK && !l->acceptor.listener)
        st = open_acceptor(l, cfg ? cfg : l->cfg, limits, err);
    if (st != ST_OK) {
        tls_free(tls);
        return st;
    }
    tls_free(l->tls);
    l->tls = tls;
    acceptor_limit(&l->acceptor, limits->max_connections, limits->max_per_address);
    if (cfg)
        adopt(l, cfg);
    standing_tell(&l->standing);
    return ST_OK;
}

void
listening_withdraw(struct input *in)
{
    acceptor_close(&((struct listening *)in)->acceptor);
}

void
listening_leave(struct listening *l)
{
    acceptor_close(&l->acceptor);
    standing_end(&l->standing);
}

void
listening_close(struct listening *l)
{
    listening_leave(l);
    tls_free(l->tls);
    input_config_free(l->cfg);
}
