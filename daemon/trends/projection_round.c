/*
 * projection_round.c - from cells to acknowledged keys to markers.
 */
#include "projection_private.h"

#include <stdlib.h>

#include "clock.h"
#include "compare.h"
#include "fault.h"
#include "log.h"

#define CHUNK      (1024 * 1024)
#define MAX_BUFFER ((size_t)64 * 1024 * 1024)
#define MAX_MONTHS ((size_t)16 * 1024 * 1024)

/* --- sending --- */

struct replies {
    struct projection *p;
    struct redis_batch plain;     /* the same without RESTORE, for keys that are there */
    struct redis_batch unguarded; /* HSET where the guard found a version of the future */
    struct redis_batch again;     /* UNLINK and the command once more, for keys of a wrong type */
    enum status st;
    struct error error;
};

static void
note_wrong_type(struct replies *o, const struct redis_batch *b, size_t i)
{
    struct span key = redis_batch_key(b, i);

    log_warn("redis_wrong_type", "key=%.*s", (int)(key.n < 400 ? key.n : 400), key.p);
    redis_batch_begin(&o->again, b->at[i].partition, 2);
    redis_batch_arg(&o->again, SPAN("UNLINK"));
    redis_batch_arg(&o->again, key);
    redis_batch_copy(&o->again, b, i);
    o->p->redo |= UINT64_C(1) << b->at[i].partition;
}

static void
note_error(struct replies *o, const redisReply *r)
{
    if (o->st == ST_OK)
        o->st = redis_refusal(o->p->link, r, &o->error);
}

/* A server may know RESTORE and not permit it, or not this form of it: HSET needs no more than
 * what is needed anyway. */
static bool
note_not_restored(struct replies *o, size_t i, const redisReply *r)
{
    const struct redis_batch *b = &o->p->writer.batch;
    bool exists = redis_is_error(r, "BUSYKEY");

    if (!span_is(redis_batch_argument(b, i, 0), "RESTORE") ||
        (!exists && !redis_is_error(r, "NOPERM") && !redis_is_error(r, "ERR")))
        return false;
    if (!exists)
        o->p->restore_ok = o->p->writer.fresh = false;
    trend_writer_plain(&o->p->writer, &o->plain, b, i);
    return true;
}

/* The guard keeps what is late from what is new; what is here is never late. A version of the
 * future came from a ledger that knew more, or from somebody's hand. */
static void
note_newer(struct replies *o, const struct redis_batch *b, size_t i, const redisReply *r)
{
    struct span key = redis_batch_key(b, i);

    log_warn("redis_version_of_the_future", "key=%.*s text=\"%.60s\"",
             (int)(key.n < 400 ? key.n : 400), key.p, r->str);
    trend_writer_unguarded(&o->unguarded, b, i);
}

static void
note_refused(struct replies *o, const struct redis_batch *b, size_t i, const redisReply *r)
{
    if (redis_is_error(r, "WRONGTYPE"))
        note_wrong_type(o, b, i);
    else if (redis_is_error(r, "NEWER"))
        note_newer(o, b, i, r);
    else
        note_error(o, r);
}

static bool
note_reply(void *arg, size_t i, redisReply *r)
{
    struct replies *o = arg;

    if (r->type == REDIS_REPLY_INTEGER)
        projection_suspect(o->p, redis_batch_key(&o->p->writer.batch, i));
    else if (!note_not_restored(o, i, r))
        note_refused(o, &o->p->writer.batch, i, r);
    return false;
}

static bool
note_plain_reply(void *arg, size_t i, redisReply *r)
{
    struct replies *o = arg;

    note_refused(o, &o->plain, i, r);
    return false;
}

static bool
note_second_reply(void *arg, size_t i, redisReply *r)
{
    struct replies *o = arg;

    (void)i;
    note_error(o, r);
    return false;
}

/* What else stood in such a key before somebody replaced it is lost with it, and a month's key
 * holds many cells: the partition is sent again from 0. Its marker says so before the first key is
 * touched, so that a crash in between forgets nothing. */
static enum status
replace_keys(struct replies *o, struct error *err)
{
    static const uint64_t zero[KEY_PARTITIONS];
    struct projection *p = o->p;
    enum status st = trend_session_move(&p->session, p->redo, zero, err);

    if (st == ST_OK)
        st = redis_link_tell(p->link, &o->again, note_second_reply, o, err);
    pthread_mutex_lock(&p->mutex);
    p->pending = p->urgent = true;
    pthread_mutex_unlock(&p->mutex);
    return st;
}

/* Keys that RESTORE found to be there get HSET. Where that is most of them, it is not tried again
 * on this connection. */
static enum status
send_plain(struct replies *o, struct error *err)
{
    struct projection *p = o->p;
    size_t count = 0;

    for (size_t i = 0; i < o->plain.count; i++)
        count += !span_is(redis_batch_argument(&o->plain, i, 0), "PEXPIREAT");
    if (2 * count > p->writer.restores)
        p->restore_ok = p->writer.fresh = false;
    return redis_link_tell(p->link, &o->plain, note_plain_reply, o, err);
}

static void
publish_counts(struct projection *p)
{
    pthread_mutex_lock(&p->mutex);
    p->status.keys_sent = p->writer.keys;
    p->status.fields_sent = p->writer.fields;
    p->status.expired = p->writer.expired;
    p->status.buffer_bytes = trend_writer_held(&p->writer);
    pthread_mutex_unlock(&p->mutex);
}

/* What the files' base does not take goes into their log. */
static enum status
flush_to_files(struct projection *p, struct error *err)
{
    struct redis_batch *b = &p->writer.batch;

    start_files_log(p->writer.files, span_of(b->out.p, b->out.n));
    redis_batch_reset(b);
    pthread_mutex_lock(&p->mutex);
    p->status.buffer_bytes = trend_writer_held(&p->writer);
    pthread_mutex_unlock(&p->mutex);
    return start_files_flush(p->writer.files, err);
}

static enum status
flush_to_server(struct projection *p, struct error *err)
{
    struct replies o = {.p = p, .st = ST_OK};
    enum status st = trend_session_announce(&p->session, p->newest, err);

    if (st == ST_OK)
        st = redis_link_tell(p->link, &p->writer.batch, note_reply, &o, err);
    if (st == ST_OK && o.st == ST_OK && o.plain.count > 0)
        st = send_plain(&o, err);
    if (st == ST_OK && o.st == ST_OK && o.unguarded.count > 0)
        st = redis_link_tell(p->link, &o.unguarded, note_second_reply, &o, err);
    if (st == ST_OK && o.st == ST_OK && o.again.count > 0)
        st = replace_keys(&o, err);
    if (st == ST_OK && o.st != ST_OK) {
        if (err)
            *err = o.error;
        st = o.st;
    }
    p->unsure |= st != ST_OK;
    redis_batch_clear(&o.plain);
    redis_batch_clear(&o.unguarded);
    redis_batch_clear(&o.again);
    redis_batch_reset(&p->writer.batch);
    p->writer.restores = 0;
    publish_counts(p);
    return st;
}

enum status
projection_flush(struct projection *p, struct error *err)
{
    trend_writer_dirty(&p->writer);
    return p->writer.files ? flush_to_files(p, err) : flush_to_server(p, err);
}

static bool
is_flush_due(const struct projection *p)
{
    return p->writer.files ? start_files_due(p->writer.files) : p->writer.batch.out.n > CHUNK;
}

/* --- scanning --- */

struct scan {
    struct projection *p;
    cell_visit *visit;
    uint64_t since; /* what changed after it is in memory */
    size_t start;   /* of what this scan of memory added */
    size_t max_buffer;
    uint64_t slices, slice; /* of memory: hash mod slices */
};

static enum status
visit_disk(void *arg, const struct cell *c, struct error *err)
{
    struct scan *s = arg;
    enum status st;

    if (atomic_load(&s->p->stopping))
        return fail(err, ST_RETRY, "Stopping");
    if (c->seq > s->since)
        return ST_OK;
    st = s->visit(s->p, c, err);
    if (months_bytes(&s->p->writer.months) > MAX_MONTHS)
        trend_writer_months(&s->p->writer);
    if (st == ST_OK && is_flush_due(s->p))
        st = projection_flush(s->p, err);
    return st;
}

static size_t
gathered_bytes(const struct projection *p)
{
    return p->writer.batch.out.n + months_bytes(&p->writer.months) +
           (p->writer.files ? start_files_held(p->writer.files) : 0);
}

/* Under the ledger's lock: nothing may wait, so nothing is sent from here. */
static enum status
visit_memory(void *arg, const struct cell *c, struct error *err)
{
    struct scan *s = arg;

    if (c->hash % s->slices != s->slice)
        return ST_OK;
    if (gathered_bytes(s->p) > s->start + s->max_buffer)
        return ST_FULL;
    return s->visit(s->p, c, err);
}

/* When the commands of all changed cells pass the bound, what there is goes out and the cells are
 * visited again in more, smaller slices. The partition stands where its oldest slice does.
 * ST_MORE: begin again, from disk. */
static enum status
scan_memory(struct scan *s, unsigned partition, uint64_t after, uint64_t *upto, struct error *err)
{
    const struct change_feed *feed = s->p->opt.feed;
    enum status st = ST_OK;

    *upto = UINT64_MAX;
    s->slices = 1;
    for (s->slice = 0; s->slice < s->slices; s->slice++) {
        uint64_t reached = 0;

        s->start = gathered_bytes(s->p);
        st = feed->scan_memory(feed->ctx, partition, after, visit_memory, s, &reached, err);
        if (st != ST_OK && st != ST_FULL)
            return st == ST_RETRY ? ST_MORE : st; /* the feed saw a fold go by: scan again */
        if (st == ST_OK && reached < *upto)
            *upto = reached;
        if (st == ST_FULL || s->slices > 1) {
            enum status sent;

            trend_writer_months(&s->p->writer);
            sent = projection_flush(s->p, err);
            if (sent != ST_OK)
                return sent;
        }
        if (st == ST_FULL) {
            s->slices *= 4;
            s->slice = UINT64_MAX; /* from the first slice again */
        }
    }
    return ST_OK;
}

enum status
projection_scan(struct projection *p, unsigned partition, uint64_t after, cell_visit *visit,
                uint64_t *upto, struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    struct scan s = {.p = p, .visit = visit, .max_buffer = p->opt.max_buffer};

    if (s.max_buffer == 0)
        s.max_buffer = MAX_BUFFER;
    for (;;) {
        enum status st = ST_OK;

        s.since = feed->memory_since(feed->ctx);
        if (after < s.since) {
            st = feed->scan_disk(feed->ctx, partition, after, visit_disk, &s, err);
            if (st != ST_OK)
                return st;
            after = s.since; /* whatever changed up to it and not since then has been visited */
        }
        st = scan_memory(&s, partition, after, upto, err);
        if (st != ST_OK && st != ST_MORE)
            return st;
        if (st == ST_OK && feed->memory_since(feed->ctx) <= s.since)
            return ST_OK;
        /* Cells went from memory to disk between the two scans, and may have been in neither. */
    }
}

/* --- a round --- */

static enum status
write_cell(void *arg, const struct cell *c, struct error *err)
{
    struct projection *p = arg;

    (void)err;
    if (c->seq > p->newest)
        p->newest = c->seq;
    trend_writer_cell(&p->writer, c);
    return ST_OK;
}

/* The version is a batch that the feed had finished before the first cell was visited: a key that
 * says 41 holds at least all of batch 41. */
enum status
projection_gather(struct projection *p, unsigned partition, uint64_t after, bool fresh,
                  struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    uint64_t target = feed->last_batch(feed->ctx);
    enum status st;

    trend_writer_begin(&p->writer, partition, feed->incarnation, target, feed->now(feed->ctx));
    p->writer.fresh = fresh && p->restore_ok;
    p->writer.watch = after > 0; /* from 0 everything is sent anyway */
    st = projection_scan(p, partition, after, write_cell, &p->reached[partition], err);
    if (st == ST_OK)
        trend_writer_months(&p->writer);
    return st;
}

enum status
projection_mark(struct projection *p, struct error *err)
{
    uint64_t lowest = UINT64_MAX;
    enum status st;

    st = trend_session_move(&p->session, p->gathered & ~p->redo, p->reached, err);
    if (st != ST_OK)
        return st;
    p->gathered = 0;
    for (unsigned part = 0; part < KEY_PARTITIONS; part++)
        if (p->session.place[part].seq < lowest)
            lowest = p->session.place[part].seq;
    pthread_mutex_lock(&p->mutex);
    if (lowest > p->status.applied)
        p->status.applied_ms = clock_mono_ms();
    p->status.applied = lowest;
    pthread_cond_broadcast(&p->moved);
    pthread_mutex_unlock(&p->mutex);
    return ST_OK;
}

static enum status
settle(struct projection *p, bool mark, struct error *err)
{
    enum status st = ST_OK;

    if (mark && !guard_stands("marker_after_replies"))
        st = projection_mark(p, err);
    if (st == ST_OK)
        st = projection_flush(p, err);
    if (st == ST_OK)
        st = projection_mend(p, err);
    return st == ST_OK && mark ? projection_mark(p, err) : st;
}

enum status
projection_round(struct projection *p, bool all, bool mark, struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    uint64_t target = feed->last_batch(feed->ctx);
    enum status st = ST_OK;

    for (unsigned part = 0; st == ST_OK && part < KEY_PARTITIONS; part++) {
        const struct trend_place *place = &p->session.place[part];

        if (!all && place->seq >= target)
            continue;
        p->redo &= ~(UINT64_C(1) << part);
        st = projection_gather(p, part, place->seq, place->seq == 0 && !p->session.restored, err);
        if (st == ST_OK)
            p->gathered |= UINT64_C(1) << part;
        if (st == ST_OK && p->writer.batch.out.n > CHUNK)
            st = settle(p, mark, err);
    }
    if (st == ST_OK)
        st = settle(p, mark, err);
    projection_log_mended(p);
    return st;
}

enum status
projection_resend(struct projection *p, unsigned partition, struct error *err)
{
    uint64_t reached = p->reached[partition];
    enum status st = projection_gather(p, partition, 0, false, err);

    p->reached[partition] = reached;
    return st == ST_OK ? projection_flush(p, err) : st;
}

/* --- cleaning --- */

struct cleaning {
    struct projection *p;
    uint64_t removed;
};

static void
remove_extra(void *arg, enum difference what, struct span key, struct span field, struct span have,
             struct span want)
{
    struct cleaning *c = arg;
    struct redis_batch *b = &c->p->writer.batch;

    (void)have, (void)want;
    if (what != DIFFERENCE_EXTRA)
        return;
    c->removed++;
    redis_batch_begin(b, 0, field.n > 0 ? 3 : 2);
    redis_batch_str(b, field.n > 0 ? "HDEL" : "UNLINK");
    redis_batch_arg(b, key);
    if (field.n > 0)
        redis_batch_arg(b, field);
}

enum status
projection_clean(struct projection *p, struct error *err)
{
    struct cleaning cleaning = {.p = p};
    struct known known = {0};
    struct comparer c;
    enum status st = ST_OK;

    comparer_init(&c, p->link, p->node, p->opt.feed, &p->opt.retention, p->opt.never_expire);
    c.known = &known;
    c.visit = remove_extra;
    c.arg = &cleaning;
    for (unsigned part = 0; st == ST_OK && part < KEY_PARTITIONS; part++)
        do
            st = comparer_partition(&c, part, err);
        while (st == ST_MORE);
    if (st == ST_OK)
        st = comparer_strays(&c, err);
    if (st == ST_OK)
        st = projection_flush(p, err);
    log_info("redis_cleaned", "node=%s removed=%llu", p->node,
             (unsigned long long)cleaning.removed);
    comparer_clear(&c);
    known_clear(&known);
    return st;
}
