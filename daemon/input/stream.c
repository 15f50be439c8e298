/*
 * stream.c - a Redis stream, read as a consumer of a group, acknowledged after the commit.
 *
 * A thread of its own talks to Redis (stream_consume.c). Entries that were delivered to this
 * consumer and never acknowledged come first, then new ones. An entry is known by stream, id and
 * content, so one that comes again (killed between commit and XACK, an XACK that Redis lost) is a
 * duplicate, and an id that a Redis with a lost tail gave twice is not. After a lost connection
 * everything in flight is committed and acknowledged before pending entries are read again.
 *
 * The edge thread never waits for that thread, which may itself wait for a Redis that hangs: one
 * whose section changed goes on as the new one says when what is in flight is acknowledged, one
 * that is to leave says on the loop when it is through.
 */
#include "stream.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hash.h"

#define CLAIM_WAIT_MS 5000 /* the inputs cannot be changed meanwhile */

/* --- another consumer's entries --- */

/* Waits for the thread, lock held. A request that it has not begun is taken back. */
static enum status
await_claim(struct input *in, uint64_t *n, struct error *err)
{
    uint64_t before = in->claims;
    int64_t until = clock_mono_us() + CLAIM_WAIT_MS * 1000;

    while (in->claims == before)
        if (!clock_wait_until(&in->changed, &in->lock, until))
            break;
    if (in->claims == before) {
        free(in->claim);
        in->claim = NULL;
        return fail(err, ST_RETRY, "%s",
                    in->claiming
                        ? "the stream has not answered yet; the log will say what came of it"
                        : "the stream cannot be reached now (callswell status says why)");
    }
    if (in->claim_st != ST_OK)
        *err = in->claim_err;
    *n = in->claim_n;
    return in->claim_st;
}

static enum status
stream_claim(struct input *in, const char *consumer, uint64_t *n, struct error *err)
{
    enum status st;

    pthread_mutex_lock(&in->lock);
    if (strcmp(consumer, in->now.cfg->consumer) == 0) {
        st = fail(err, ST_BAD_CONFIG, "\"%.60s\" is this consumer itself", consumer);
    } else if (in->claim || in->claiming) {
        st = fail(err, ST_RETRY, "another take-over is under way");
    } else {
        in->claim = xstrdup(consumer);
        st = await_claim(in, n, err);
    }
    pthread_mutex_unlock(&in->lock);
    return st;
}

/* --- sections --- */

static void
clear_section(struct section *s)
{
    source_unref(s->source);
    input_config_free(s->cfg);
    *s = (struct section){0};
}

static enum status
make_section(struct engine *e, struct section *out, const struct config_input *cfg,
             struct error *err)
{
    struct source_options opt = {.input = cfg->title,
                                 .format = cfg->format,
                                 .timezone = cfg->timezone,
                                 .source = cfg->source,
                                 .name = cfg->stream,
                                 .identity = IDENTITY_ENTRY};
    struct section s = {0};
    enum status st = engine_source(e, &s.source, &opt, err);

    if (st != ST_OK) {
        clear_section(&s);
        return st;
    }
    s.cfg = input_config_copy(cfg);
    *out = s;
    return ST_OK;
}

static bool
same_group(const struct config_input *a, const struct config_input *b)
{
    return strcmp(a->stream, b->stream) == 0 && strcmp(a->group, b->group) == 0;
}

void
stream_take_section(struct input *in)
{
    struct section old = in->now;
    const struct config_input *cfg;

    pthread_mutex_lock(&in->lock);
    in->now = in->next;
    in->next = (struct section){0};
    pthread_mutex_unlock(&in->lock);
    cfg = in->now.cfg;
    in->opt = (struct stream_link_options){
        .url = cfg->url, .stream = cfg->stream, .group = cfg->group, .consumer = cfg->consumer};
    in->seed = hash_bytes(cfg->stream, strlen(cfg->stream), 0);
    snprintf(in->identity, sizeof in->identity, "stream %016llx",
             (unsigned long long)hash_bytes(cfg->group, strlen(cfg->group), in->seed));
    if (!old.cfg || !same_group(old.cfg, cfg) || strcmp(old.cfg->consumer, cfg->consumer) != 0) {
        in->drained = (struct stream_id){0};
        in->first_drain = true;
    }
    if (old.cfg && !same_group(old.cfg, cfg))
        buf_reset(&in->to_ack); /* what is pending there stays so, and would be a duplicate */
    clear_section(&old);
}

/* --- start, change and stop --- */

static void
stream_resume(struct input *in)
{
    pthread_mutex_lock(&in->lock);
    in->room = true;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

static void
tell_thread(struct input *in, bool leaving)
{
    pthread_mutex_lock(&in->lock);
    in->stopping = true;
    in->leaving = leaving;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

static void
stream_stop(struct input *in)
{
    if (in->started) {
        tell_thread(in, false);
        pthread_join(in->thread, NULL);
        standing_tell(&in->standing);
    }
    stream_forget_read(in);
    acks_close(in->acks);
    clear_section(&in->now);
    clear_section(&in->next);
    buf_clear(&in->payload);
    buf_clear(&in->ends);
    buf_clear(&in->origins);
    buf_clear(&in->to_ack);
    buf_clear(&in->counts);
    if (in->on_end)
        event_free(in->on_end);
    pthread_cond_destroy(&in->changed);
    pthread_mutex_destroy(&in->lock);
    free(in->claim);
    free(in);
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;
    void (*gone)(void *arg) = in->gone;
    void *gone_arg = in->gone_arg;

    (void)fd, (void)what;
    stream_stop(in);
    gone(gone_arg);
}

static void
stream_leave(struct input *in, void (*gone)(void *arg), void *arg)
{
    in->gone = gone;
    in->gone_arg = arg;
    tell_thread(in, true);
}

static enum status
stream_change(struct input *in, const struct config_input *cfg, const struct config_limits *limits,
              struct error *err)
{
    struct section next, before;
    enum status st;

    (void)limits;
    if (!cfg)
        return ST_OK;
    st = make_section(in->engine, &next, cfg, err);
    if (st != ST_OK)
        return st;
    pthread_mutex_lock(&in->lock);
    before = in->next;
    in->next = next;
    in->room = true; /* a pause is over */
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
    clear_section(&before);
    return ST_OK;
}

static void
init_sync(struct input *in)
{
    pthread_mutex_init(&in->lock, NULL);
    clock_cond_init(&in->changed);
}

static enum status
stream_start(struct input **out, struct event_base *base, struct engine *e,
             const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st;

    (void)limits;
    in->engine = e;
    in->standing = (struct standing){.engine = e,
                                     .feed = {.type = "stream", .exact = true},
                                     .describe = stream_describe,
                                     .arg = in};
    init_sync(in);
    in->acks = acks_new(NULL, NULL);
    in->on_end = event_new(base, -1, 0, on_end, in);
    st = make_section(e, &in->next, cfg, err);
    if (st == ST_OK) {
        stream_take_section(in);
        standing_tell(&in->standing);
        if (pthread_create(&in->thread, NULL, stream_main, in) != 0)
            st = fail(err, ST_IO, "input \"%s\": cannot start its thread", cfg->title);
    }
    if (st != ST_OK) {
        stream_stop(in);
        return st;
    }
    in->started = true;
    *out = in;
    return ST_OK;
}

const struct input_ops input_stream = {
    .name = "stream",
    .summary = "a Redis stream, as a consumer of a group; acknowledged after the commit",
    .start = stream_start,
    .resume = stream_resume,
    .stop = stream_stop,
    .leave = stream_leave,
    .change = stream_change,
    .claim = stream_claim,
};
