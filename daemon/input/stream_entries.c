/*
 * stream_entries.c - entries of a stream to blocks, commits back to acknowledgements, reports.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fault.h"
#include "hash.h"
#include "json_write.h"
#include "log.h"
#include "stream.h"

#define ENTRY_MAX (4 << 20)

void
stream_describe(void *arg)
{
    struct input *in = arg;
    struct feed *feed = &in->standing.feed;

    snprintf(feed->input, sizeof feed->input, "%s", in->now.cfg->title);
    snprintf(feed->detail, sizeof feed->detail, "%.60s, group %.30s, consumer %.32s%s",
             in->opt.stream, in->opt.group, in->opt.consumer, in->link ? "" : ", not connected");
    if (in->claimed)
        feed->promise = "at least once";
}

/* --- waiting --- */

bool
stream_stopping(struct input *in)
{
    bool stopping;

    pthread_mutex_lock(&in->lock);
    stopping = in->stopping;
    pthread_mutex_unlock(&in->lock);
    return stopping;
}

bool
stream_called(struct input *in)
{
    bool called;

    pthread_mutex_lock(&in->lock);
    called = in->stopping || in->next.cfg;
    pthread_mutex_unlock(&in->lock);
    return called;
}

void
stream_pause(struct input *in, int64_t ms)
{
    int64_t until = clock_mono_us() + ms * 1000;

    pthread_mutex_lock(&in->lock);
    while (!in->stopping && !in->room)
        if (!clock_wait_until(&in->changed, &in->lock, until))
            break;
    in->room = false;
    pthread_mutex_unlock(&in->lock);
}

/* --- entries to blocks --- */

static const struct span *
record_field(const struct input *in, const struct stream_entry *e)
{
    for (size_t i = 0; i + 1 < e->field_count; i += 2)
        if (span_is(e->fields[i], in->now.cfg->field))
            return &e->fields[i + 1];
    return NULL;
}

/* The fields as one JSON object of texts. */
static void
write_object(struct buf *out, const struct stream_entry *e)
{
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    for (size_t i = 0; i + 1 < e->field_count; i += 2) {
        char *name = xstrndup(e->fields[i].p, e->fields[i].n);

        json_span(&w, name, e->fields[i + 1]);
        free(name);
    }
    json_close(&w);
}

/* What is too long for any record, or has too many of them, goes on by its beginning as one line,
 * so that it is refused for its length. */
static void
add_payload(struct input *in, const struct stream_entry *e)
{
    const struct span *record = record_field(in, e);
    size_t begin = in->payload.n, longest = source_max_record(in->now.source) + 2;
    char *p;

    if (record)
        buf_span(&in->payload, *record);
    else
        write_object(&in->payload, e);
    p = in->payload.p + begin;
    if (in->payload.n - begin <= longest ||
        (in->payload.n - begin <= ENTRY_MAX && memchr(p, '\n', longest)))
        return;
    in->payload.n = begin + longest;
    for (size_t i = 0; i < longest; i++)
        if (p[i] == '\n')
            p[i] = ' ';
}

static uint64_t
entry_identity(const struct input *in, const struct stream_entry *e)
{
    uint64_t h = hash_bytes(&e->id, sizeof e->id, in->seed);

    for (size_t i = 0; i < e->field_count; i++) {
        h = hash_bytes(&e->fields[i].n, sizeof e->fields[i].n, h);
        h = hash_bytes(e->fields[i].p, e->fields[i].n, h);
    }
    return h;
}

/* An entry of which Redis kept only the id: somebody trimmed or deleted it while it was pending. */
static void
note_gone(struct input *in, struct stream_id id)
{
    struct feed *feed = &in->standing.feed;

    feed->lost++;
    snprintf(feed->problem, sizeof feed->problem,
             "entry %llu-%llu was removed from the stream before it was read: trim by MINID below"
             " the oldest pending one",
             (unsigned long long)id.ms, (unsigned long long)id.seq);
    log_warn("stream_entry_gone", "input=%s stream=\"%s\" id=%llu-%llu", in->now.cfg->title,
             in->opt.stream, (unsigned long long)id.ms, (unsigned long long)id.seq);
}

void
stream_add_entry(void *arg, const struct stream_entry *e)
{
    struct input *in = arg;
    struct frame_origin origin;
    uint32_t end;

    if (!in->flight)
        in->flight = xcalloc(1, sizeof *in->flight);
    if (in->flight->n == STREAM_READ_COUNT)
        return; /* Redis gave more than it was asked for: they stay pending */
    in->flight->ids[in->flight->n++] = e->id;
    if (e->field_count == 0) {
        note_gone(in, e->id);
        return;
    }
    add_payload(in, e);
    end = (uint32_t)in->payload.n;
    origin = (struct frame_origin){e->id.ms, e->id.seq, entry_identity(in, e)};
    buf_add(&in->ends, &end, sizeof end);
    buf_add(&in->origins, &origin, sizeof origin);
}

/* --- blocks to the engine --- */

/* Under the lock: after a stop nothing more is submitted, so whoever reads the stream next comes
 * after this input in every queue. */
static enum status
submit_now(struct input *in, struct block *b)
{
    enum status st;

    pthread_mutex_lock(&in->lock);
    st = in->stopping ? ST_RETRY : engine_submit(in->engine, b);
    pthread_mutex_unlock(&in->lock);
    return st;
}

static bool
submit(struct input *in, struct block *b, struct flight *f)
{
    acks_expect(in->acks, &f->ack);
    for (;;) {
        enum status st = submit_now(in, b);

        if (st == ST_OK)
            return true;
        if (st != ST_FULL)
            break;
        standing_tell(&in->standing);
        stream_pause(in, STREAM_ROOM_MS);
    }
    acks_unexpect(in->acks, &f->ack);
    return false;
}

/* Entries that are all gone need no engine, only their XACK. */
bool
stream_hand_on(struct input *in, bool fresh, const char *refusal)
{
    struct flight *f = in->flight;
    struct block b = {
        .p = in->payload.p,
        .n = in->payload.n,
        .frame_end = (uint32_t *)(void *)in->ends.p,
        .frame_count = (uint32_t)(in->ends.n / sizeof(uint32_t)),
        .frame_origin = (struct frame_origin *)(void *)in->origins.p,
        .refusal = refusal,
        .offset = in->place,
        .done = acks_told,
    };

    if (!f)
        return true;
    in->flight = NULL;
    standing_arrived(&in->standing, b.n);
    in->place += b.n;
    if (b.frame_count == 0) {
        buf_add(&in->to_ack, f->ids, f->n * sizeof f->ids[0]);
        free(f);
        return true;
    }
    in->payload = in->ends = in->origins = (struct buf){0};
    b.source = source_ref(in->now.source);
    b.done_arg = &f->ack;
    if (fresh) {
        b.cursor.position = f->ids[f->n - 1].ms;
        b.cursor.fingerprint = f->ids[f->n - 1].seq;
        memcpy(b.cursor.identity, in->identity, sizeof b.cursor.identity);
    }
    if (submit(in, &b, f))
        return true;
    block_clear(&b);
    free(f);
    return false;
}

/* --- acknowledging --- */

void
stream_take_acks(struct input *in)
{
    struct ack *next;

    for (struct ack *k = acks_take(in->acks); k; k = next) {
        struct flight *f = (struct flight *)k;

        next = k->next;
        if (k->st == ST_OK)
            buf_add(&in->to_ack, f->ids, f->n * sizeof f->ids[0]);
        free(f);
    }
}

enum status
stream_acknowledge(struct input *in, struct error *err)
{
    const struct stream_id *ids;
    size_t n, done = 0;
    enum status st = ST_OK;

    stream_take_acks(in);
    if (in->to_ack.n == 0)
        return ST_OK;
    fault_point("stream_not_acknowledged");
    ids = (const struct stream_id *)(const void *)in->to_ack.p;
    n = in->to_ack.n / sizeof *ids;
    while (done < n && st == ST_OK) {
        size_t some = n - done < STREAM_READ_COUNT ? n - done : STREAM_READ_COUNT;

        st = stream_link_ack(in->link, ids + done, some, err);
        if (st == ST_OK)
            done += some;
    }
    in->to_ack.n -= done * sizeof *ids;
    memmove(in->to_ack.p, ids + done, in->to_ack.n);
    return st;
}

enum status
stream_settle(struct input *in, struct error *err)
{
    while (acks_expected(in->acks) > 0 && !stream_stopping(in)) {
        acks_wait(in->acks, STREAM_BLOCK_MS);
        stream_take_acks(in);
    }
    return stream_acknowledge(in, err);
}

void
stream_forget_read(struct input *in)
{
    free(in->flight);
    in->flight = NULL;
    buf_reset(&in->payload);
    buf_reset(&in->ends);
    buf_reset(&in->origins);
}
