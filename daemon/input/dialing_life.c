/*
 * dialing_life.c - what inputs that connect to a server have in common: start, change and stop.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialing_internal.h"
#include "gather.h"
#include "log.h"
#include "tls.h"

/* --- start --- */

static enum status
make_source(const struct dialing *d, const struct config_input *cfg, struct source **out,
            struct error *err)
{
    const struct source_options opt = {.input = cfg->title,
                                       .format = cfg->format,
                                       .timezone = cfg->timezone,
                                       .source = cfg->source,
                                       .name = cfg->address,
                                       .identity = IDENTITY_NONE};

    return engine_source(d->engine, out, &opt, err);
}

/* *out stays NULL where there is no TLS. */
static enum status
load_trust(struct ssl_ctx_st **out, const struct config_input *cfg, struct error *err)
{
    struct error why;

    if (!cfg->tls || tls_load_trust(out, cfg->ca, &why) == ST_OK)
        return ST_OK;
    return fail(err, ST_BAD_CONFIG, "input \"%s\": %.180s", cfg->title, why.text);
}

static enum status
open_all(struct dialing *d, struct error *err)
{
    enum status st = make_source(d, d->cfg, &d->source, err);

    if (st == ST_OK)
        st = load_trust(&d->tls, d->cfg, err);
    if (st != ST_OK)
        return st;
    d->kind->open((struct input *)d);
    d->on_time = evtimer_new(d->base, dialing_on_time, d);
    dialing_attempt(d);
    standing_begin(&d->standing, d->base);
    return ST_OK;
}

enum status
dialing_start(struct input **out, const struct dialing_kind *kind, struct event_base *base,
              struct engine *e, const struct config_input *cfg, struct error *err)
{
    struct dialing *d = xcalloc(1, kind->size);
    enum status st;

    d->kind = kind;
    d->base = base;
    d->engine = e;
    d->fd = -1;
    d->cfg = input_config_copy(cfg);
    d->standing = (struct standing){.engine = e, .describe = dialing_describe, .arg = d};
    snprintf(d->standing.feed.type, sizeof d->standing.feed.type, "%s", kind->type);
    st = open_all(d, err);
    if (st != ST_OK) {
        dialing_stop((struct input *)d);
        return st;
    }
    *out = (struct input *)d;
    return ST_OK;
}

/* --- change --- */

void
dialing_resume(struct input *in)
{
    struct dialing *d = (struct dialing *)in;

    if (!d->has_out || !dialing_submit(d))
        return;
    if (d->on_say) /* there is a connection */
        event_add(d->on_socket, NULL);
    dialing_go_on(d);
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool
same_server(const struct config_input *a, const struct config_input *b)
{
    return same_text(a->address, b->address) && same_text(a->user, b->user) &&
           same_text(a->secret, b->secret) && same_text(a->password, b->password) &&
           a->tls == b->tls && same_text(a->ca, b->ca);
}

enum status
dialing_change(struct input *in, const struct config_input *cfg, const struct config_limits *limits,
               struct error *err)
{
    struct dialing *d = (struct dialing *)in;
    struct config_input *old = d->cfg;
    struct source *source = NULL;
    struct ssl_ctx_st *tls = NULL;
    enum status st;

    (void)limits;
    st = load_trust(&tls, cfg ? cfg : old, err);
    if (st == ST_OK && cfg)
        st = make_source(d, cfg, &source, err);
    if (st != ST_OK) {
        tls_free(tls);
        return st;
    }
    tls_free(d->tls); /* a connection that goes on holds on to it */
    d->tls = tls;
    if (!cfg)
        return ST_OK;
    source_unref(d->source);
    d->source = source;
    d->cfg = input_config_copy(cfg);
    if (!same_server(old, cfg)) {
        dialing_hang_up(d);
        d->failures = 0;
        d->standing.feed.problem[0] = d->logged[0] = '\0';
        d->state = DIALING_WAITS;
        dialing_attempt(d);
    }
    input_config_free(old);
    standing_tell(&d->standing);
    return ST_OK;
}

/* --- stop --- */

static void
count_unread(struct dialing *d)
{
    uint32_t frames = d->has_out ? d->out.frame_count : 0;

    frames += d->has_out && frames == 0; /* nobody has looked how many are in it */
    frames += (uint32_t)(d->ends.n / sizeof(uint32_t));
    if (frames == 0)
        return;
    d->standing.feed.lost += frames;
    log_warn("dialing_unread", "input=%s packets=%u", d->cfg->title, frames);
}

void
dialing_stop(struct input *in)
{
    struct dialing *d = (struct dialing *)in;

    count_unread(d);
    if (d->standing.every && d->kind->over) /* it was started */
        d->kind->over(in, false);
    standing_end(&d->standing);
    dialing_free_event(&d->on_socket);
    dialing_free_event(&d->on_say);
    dialing_free_event(&d->on_time);
    dialing_tls_end(d);
    tls_free(d->tls);
    if (d->fd >= 0)
        close(d->fd);
    if (d->has_out)
        block_clear(&d->out);
    buf_clear(&d->got);
    buf_clear(&d->say);
    buf_clear(&d->payload);
    buf_clear(&d->ends);
    if (d->source)
        source_unref(d->source);
    input_config_free(d->cfg);
    d->kind->clear(in);
    free(d);
}
