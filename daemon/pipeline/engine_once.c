/*
 * engine_once.c - blocks with a key: whoever sends one again gets the answer of the first.
 *
 * A key is looked for among those in flight, then in the ledger. It leaves the first only when it
 * can be found in the second, so a repetition sees one of them. A repetition becomes a ticket
 * without a block, in the batch that is open: that one is committed with the first, or after it,
 * and with it the audit of the records that were repeated.
 */
#include <stdlib.h>

#include "clock.h"
#include "engine_internal.h"
#include "log.h"

static struct once *
once_new(struct feed_state *feed, const struct once_key *key)
{
    struct once *o = xcalloc(1, sizeof *o);

    o->feed = feed;
    o->key = xstrndup(key->key.p, key->key.n);
    o->body_hash = key->body_hash;
    return o;
}

static void
once_unref(struct once *o)
{
    if (--o->references == 0) {
        free(o->key);
        free(o);
    }
}

static struct once *
find_in_flight(const struct engine *e, const struct feed_state *feed, struct span key)
{
    for (struct once *o = e->once; o; o = o->next)
        if (o->feed == feed && span_is(key, o->key))
            return o;
    return NULL;
}

static enum status
open_reader(struct engine *e, struct error *err)
{
    char *path;
    enum status st;

    if (e->once_reader)
        return ST_OK;
    path = config_state_path(e->config, "ledger.db");
    st = ledger_reader_open(&e->once_reader, path, err);
    free(path);
    return st;
}

static enum status
find_in_ledger(struct engine *e, struct feed_state *feed, const struct once_key *key,
               struct once **out)
{
    struct idem_row row = {0};
    struct error err;
    uint64_t seq = 0;
    enum status st = open_reader(e, &err);

    if (st == ST_OK)
        st = ledger_find_idem(e->once_reader, span_str(feed->input), key->key, &row, &seq, &err);
    if (st == ST_NOT_FOUND)
        return ST_OK;
    if (st == ST_CORRUPT)
        engine_die(e, st, "keys", &err);
    if (st != ST_OK) {
        log_warn("key_not_looked_up", "input=%s error=\"%s\"", feed->input, err.text);
        return ST_IO;
    }
    *out = once_new(feed, key);
    (*out)->body_hash = row.body_hash;
    (*out)->count = row.count;
    (*out)->seq = seq;
    return ST_OK;
}

/* The last ticket of the open batch is o's. Lock held. */
static void
mark_ticket(struct engine *e, struct once *o, bool repeats)
{
    struct ticket *t = &e->open->tickets[e->open->ticket_count - 1];

    t->once = o;
    t->repeats = repeats;
    o->references++;
}

/* Nothing of the block is worked on. Lock held. */
static enum status
enqueue_repetition(struct engine *e, struct block *b, struct once *o)
{
    struct batch *open = e->open;

    if (e->closing)
        return ST_RETRY;
    if (open->blocks == 0)
        open->opened_us = clock_mono_us();
    open->blocks++;
    open->blocks_done++;
    open->bulk_only = false;
    open->wanted = true;
    batch_ticket(open, b);
    mark_ticket(e, o, true);
    pthread_cond_signal(&e->gathered);
    return ST_OK;
}

static enum status
enqueue_first(struct engine *e, struct block *b, struct once *o)
{
    enum status st = engine_enqueue(e, b);

    if (st != ST_OK)
        return st;
    mark_ticket(e, o, false);
    o->next = e->once;
    e->once = o;
    return ST_OK;
}

static enum status
submit_known(struct engine *e, struct block *b, struct once *o)
{
    enum status st;

    pthread_mutex_lock(&e->lock);
    st = enqueue_repetition(e, b, o);
    pthread_mutex_unlock(&e->lock);
    if (st == ST_OK) {
        free(b->p);
        free(b->frame_end);
        free(b->frame_origin);
        source_unref(b->source);
    }
    return st;
}

static enum status
submit_keyed(struct engine *e, struct block *b, const struct once_key *key)
{
    struct feed_state *feed = b->source->feed;
    struct once *o = find_in_flight(e, feed, key->key);
    enum status st = o ? ST_OK : find_in_ledger(e, feed, key, &o);

    if (st != ST_OK)
        return st;
    if (o) {
        o->references++;
        st = o->body_hash == key->body_hash ? submit_known(e, b, o) : ST_BAD_INPUT;
    } else {
        o = once_new(feed, key);
        o->references++;
        pthread_mutex_lock(&e->lock);
        st = enqueue_first(e, b, o);
        pthread_mutex_unlock(&e->lock);
    }
    once_unref(o);
    return st;
}

enum status
engine_submit_once(struct engine *e, struct block *b, const struct once_key *key)
{
    enum status st;

    if (e->dry_run || !b->done)
        abort();
    pthread_mutex_lock(&e->once_lock);
    st = submit_keyed(e, b, key);
    pthread_mutex_unlock(&e->once_lock);
    return st;
}

/* --- on the ledger thread --- */

/* A first is in an earlier batch than its repetitions, or before them in the same one. */
void
once_gather(struct batch *b, struct ledger_batch *lb, struct idem_row *rows)
{
    for (size_t i = 0; i < b->ticket_count; i++) {
        struct ticket *t = &b->tickets[i];
        struct once *o = t->once;

        if (!o)
            continue;
        if (t->repeats) {
            lb->count.records += o->count.records;
            lb->count.duplicates += o->count.records;
            continue;
        }
        o->count = t->count;
        rows[lb->idem_count++] = (struct idem_row){
            .input = span_str(o->feed->input),
            .key = span_str(o->key),
            .body_hash = o->body_hash,
            .count = o->count,
        };
    }
    lb->idem = rows;
}

void
once_committed(struct batch *b, uint64_t seq)
{
    for (size_t i = 0; i < b->ticket_count; i++) {
        struct ticket *t = &b->tickets[i];

        if (t->once && t->repeats) {
            t->feed->records += t->once->count.records;
            t->feed->duplicates += t->once->count.records;
            t->feed->last_arrival = clock_now();
        } else if (t->once) {
            t->once->seq = seq;
        }
    }
}

static void
leave_flight(struct engine *e, struct once *o)
{
    struct once **at = &e->once;

    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
}

void
once_release(struct engine *e, struct batch *b)
{
    bool locked = false;

    for (size_t i = 0; i < b->ticket_count; i++) {
        struct ticket *t = &b->tickets[i];

        if (!t->once)
            continue;
        if (!locked)
            pthread_mutex_lock(&e->once_lock);
        locked = true;
        if (!t->repeats)
            leave_flight(e, t->once);
        once_unref(t->once);
        t->once = NULL;
    }
    if (locked)
        pthread_mutex_unlock(&e->once_lock);
}
