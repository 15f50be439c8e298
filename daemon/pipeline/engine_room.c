/*
 * engine_room.c - who may put how much into the queue.
 *
 * One input may hold at most twice what is left free behind it: a single one two thirds of the
 * queue, two of them two fifths each, so that there is always room for one that has nothing
 * waiting. Who was refused has that much kept free for a while: large requests get in between
 * many small ones. Without that a flood on one connection would keep all others out.
 */
#include "clock.h"
#include "engine_internal.h"

/* What a file holds, or a sender who is made to wait, need not be read ahead: a few blocks for each
 * worker keep all of them busy, and what was just read is then parsed while the processor's cache
 * still has it. */
#define PATIENT_BYTES (2u << 20)

#define KEEP_FREE_MS 3000 /* HTTP clients are told to come again after a second */

static bool
is_open(const struct engine *e)
{
    return !e->stalled[0] && !e->disk_full[0] && atomic_load(&e->open->bytes) <= MAX_BATCH_BYTES;
}

/* What is kept free for others that were refused, at most half of the queue. */
static size_t
kept_for_others(const struct engine *e, const struct feed_state *feed, size_t limit)
{
    int64_t since = clock_mono_ms() - KEEP_FREE_MS;
    size_t kept = 0;

    for (const struct feed_state *f = e->feeds; f; f = f->next)
        if (f != feed && f->refused_bytes && f->refused_ms > since && f->queued_bytes == 0)
            kept += f->refused_bytes;
    return kept < limit / 2 ? kept : limit / 2;
}

static size_t
enough(const struct engine *e)
{
    return e->worker_count * PATIENT_BYTES;
}

static bool
fits(const struct engine *e, const struct feed_state *feed, size_t n)
{
    size_t limit = e->config->limits.max_queue, free;

    if (e->queue_bytes == 0)
        return true; /* also what is larger than the queue */
    if (e->queue_bytes + n > limit)
        return false;
    free = limit - e->queue_bytes - n;
    if (feed->queued_bytes == 0)
        return true;
    return free >= kept_for_others(e, feed, limit) && feed->queued_bytes + n <= 2 * free;
}

bool
engine_has_room(struct engine *e, const struct block *b)
{
    struct feed_state *feed = b->source->feed;
    bool sated = b->patient && feed->queued_bytes && feed->queued_bytes + b->n > enough(e);

    if (!sated && is_open(e) && fits(e, feed, b->n)) {
        feed->refused_bytes = 0;
        return true;
    }
    feed->sated |= sated; /* until all are called, whoever else of the input gets in meanwhile */
    e->was_sated |= sated;
    e->was_full |= !sated;
    feed->refused_bytes = b->n;
    feed->refused_ms = clock_mono_ms();
    return false;
}

/* Some block finished: has one that had enough become hungry? Half is room for several blocks, so
 * that not every one of them wakes a reader. */
static bool
hungry(const struct engine *e)
{
    for (const struct feed_state *f = e->feeds; e->was_sated && f; f = f->next)
        if (f->sated && f->queued_bytes <= enough(e) / 2)
            return true;
    return false;
}

void
engine_wake_room(struct engine *e)
{
    bool room = e->was_full && e->queue_bytes <= e->config->limits.max_queue / 2;

    if (!(room || hungry(e)) || !is_open(e))
        return;
    e->was_full = e->was_sated = false;
    for (struct feed_state *f = e->feeds; f; f = f->next)
        f->sated = false;
    pthread_cond_broadcast(&e->room);
    for (size_t i = 0; i < e->room_callback_count; i++)
        e->room_callbacks[i].fn(e->room_callbacks[i].arg);
}
