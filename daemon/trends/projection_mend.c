/*
 * projection_mend.c - keys that were lost, noticed when they are written.
 *
 * A month's key holds many cells and is written with those that changed. When Redis answers that
 * even the version was new there, nothing of this node was in the key: either there has never been
 * anything, or it is lost. Which of the two the ledger knows: what last changed at or before the
 * partition's marker was sent before, and is not in this command. Then the subject's month is sent
 * whole. A daemon that is killed in between finds a key that is not empty any more: then all keys
 * are compared soon (projection_chores.c). Keys of a day are always written whole and need none
 * of this.
 */
#include "projection_private.h"

#include <stdio.h>

#include "civil.h"
#include "hash.h"
#include "log.h"

void
projection_suspect(struct projection *p, struct span key)
{
    buf_add(&p->suspects, key.p, key.n);
    buf_char(&p->suspects, '\0');
}

static uint64_t
month_hash(uint8_t kind, struct span name, int32_t first)
{
    uint64_t h = hash_bytes(name.p, name.n, (uint64_t)(uint32_t)first << 8 | kind);

    return h ? h : 1; /* 0 marks an empty slot of a set */
}

/* Which of the suspects are lost: their hashes, and a bit for each partition of theirs. */
static enum status
judge_suspects(struct projection *p, struct known *lost, uint64_t *partitions, struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    const char *end = p->suspects.p + p->suspects.n;
    struct buf name = {0};
    enum status st = ST_OK;

    for (const char *key = p->suspects.p; st == ST_OK && key < end; key += strlen(key) + 1) {
        struct key_parts m;
        bool has = false;

        /* A marker at 0, since a key was in the way: all of the partition is sent anyway. */
        if (!keys_parse(&m, &name, span_str(key)) || p->session.place[m.partition].seq == 0)
            continue;
        st = feed->has_older(feed->ctx, m.kind, m.name, m.first, m.end,
                             p->session.place[m.partition].seq, &has, err);
        if (st != ST_OK || !has || !known_add(lost, month_hash((uint8_t)m.kind, m.name, m.first)))
            continue;
        *partitions |= UINT64_C(1) << m.partition;
        if (p->lost++ == 0)
            snprintf(p->lost_key, sizeof p->lost_key, "%s", key);
    }
    buf_clear(&name);
    return st;
}

static enum status
write_lost(void *arg, const struct cell *c, struct error *err)
{
    struct projection *p = arg;
    int year, month, dd;

    (void)err;
    if (c->kind != CELL_CUSTOMER && c->kind != CELL_FEATURE)
        return ST_OK;
    civil_from_days(c->day, &year, &month, &dd);
    if (!known_has(&p->lost_months, month_hash(c->kind, c->name, c->day - dd + 1)))
        return ST_OK;
    if (c->seq > p->newest)
        p->newest = c->seq;
    trend_writer_cell(&p->writer, c);
    return ST_OK;
}

static enum status
send_lost(struct projection *p, unsigned partition, struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    uint64_t upto;
    enum status st;

    trend_writer_begin(&p->writer, partition, feed->incarnation, feed->last_batch(feed->ctx),
                       feed->now(feed->ctx));
    p->writer.fresh = p->writer.watch = false;
    st = projection_scan(p, partition, 0, write_lost, &upto, err);
    if (st == ST_OK)
        trend_writer_months(&p->writer);
    return st == ST_OK ? projection_flush(p, err) : st;
}

enum status
projection_mend(struct projection *p, struct error *err)
{
    uint64_t partitions = 0;
    enum status st;

    if (p->suspects.n == 0)
        return ST_OK;
    st = judge_suspects(p, &p->lost_months, &partitions, err);
    buf_reset(&p->suspects);
    for (unsigned part = 0; st == ST_OK && part < KEY_PARTITIONS; part++)
        if (partitions >> part & 1)
            st = send_lost(p, part, err);
    if (st == ST_OK) {
        pthread_mutex_lock(&p->mutex);
        p->status.mended += p->lost_months.count;
        pthread_mutex_unlock(&p->mutex);
    }
    p->unsure |= st != ST_OK;
    known_clear(&p->lost_months);
    return st;
}

void
projection_log_mended(struct projection *p)
{
    if (p->lost > 0)
        log_warn("redis_mended", "lost_keys=%llu key=%s", (unsigned long long)p->lost, p->lost_key);
    p->lost = 0;
}
