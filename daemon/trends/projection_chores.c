/*
 * projection_chores.c - lifetimes of closed periods, and the scrubber.
 *
 * Lifetimes. A key that is written while its period is open gets no EXPIREAT; one written later
 * gets it with the write. What closes while its keys are live is swept: once a day, partition by
 * partition, EXPIREAT goes to every key whose period closed since the last sweep. How far that
 * came is kept in Redis itself, written after the EXPIREATs, so whatever loses those loses it:
 *
 *   cs:{P}:swept:NODE = DAY:BEFORE:AFTER:RETENTION
 *
 * DAY is the civil day number up to which periods have been closed, AFTER the last batch at that
 * sweep and BEFORE that at the one before it, RETENTION the settings it was done with. A day that
 * closed since the last sweep got its counts after the sweep before that one, so only cells
 * changed after BEFORE are looked at; when a month has closed, all are. Other settings than the
 * recorded ones mean a sweep over everything, with PERSIST for what now lives for ever.
 *
 * The scrubber compares one partition at a time with the ledger, all of them within an hour, and
 * sends those again that differ: single keys or fields evicted, deleted or changed by others. Where
 * keys are known to be evicted, an older connection could not be closed, or one broke before it had
 * answered everything (a lost key could have been written then), it takes a minute. So it does
 * where cs:sent names a batch beyond the markers: the daemon ended before it had read all answers.
 * Keys that no cell of the ledger leads to are found by projection_strays.c in the same time.
 */
#include "projection_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "civil.h"
#include "clock.h"
#include "compare.h"
#include "log.h"

#define SCRUB_DEFAULT_MS (60 * 60 * 1000)
#define SCRUB_SOON_MS    1000

/* --- planning --- */

int64_t
projection_chore_due(const struct projection *p)
{
    if (p->sweep_partition < KEY_PARTITIONS)
        return 0;
    return p->scrub_due_ms < p->stray_due_ms ? p->scrub_due_ms : p->stray_due_ms;
}

int64_t
projection_scrub_interval(const struct projection *p)
{
    return p->opt.scrub_interval_ms ? p->opt.scrub_interval_ms : SCRUB_DEFAULT_MS;
}

static int64_t
scrub_step_ms(const struct projection *p)
{
    int64_t step = projection_scrub_interval(p) / KEY_PARTITIONS;

    return p->scrub_soon > 0 && step > SCRUB_SOON_MS ? SCRUB_SOON_MS : step;
}

void
projection_scrub_soon(struct projection *p)
{
    p->scrub_soon = KEY_PARTITIONS;
    p->scrub_due_ms = clock_mono_ms() + scrub_step_ms(p);
}

void
projection_plan_chores(struct projection *p, bool attached)
{
    const struct change_feed *feed = p->opt.feed;
    int32_t today = day_of(feed->now(feed->ctx));

    if (attached || today > p->sweep_day)
        p->sweep_partition = 0;
    p->sweep_day = today;
    if (!attached)
        return;
    if (p->session.guarded || p->session.interrupted || p->unsure)
        p->scrub_soon = KEY_PARTITIONS;
    p->unsure = false;
    p->scrub_due_ms = p->stray_due_ms = clock_mono_ms() + scrub_step_ms(p);
    p->stray_cursor[0] = '\0'; /* a cursor is good for the server that gave it */
}

/* --- the sweep --- */

struct sweep {
    bool found, same; /* there is a record; with today's settings */
    int32_t day;
    uint64_t before, after;
    char settings[160]; /* today's */
};

static bool
read_settings(const struct projection *p, struct sweep *s)
{
    const struct config_retention *r = &p->writer.imager.retention;

    snprintf(s->settings, sizeof s->settings,
             "%" PRId64 ".%" PRId64 ".%" PRId64 ".%" PRId64 ".%" PRId64 ".%" PRId64, r->quarter,
             r->day, r->people, r->feature_people, r->service, r->load);
    return (r->quarter | r->day | r->people | r->feature_people | r->service | r->load) != 0;
}

static void
swept_key(const struct projection *p, unsigned partition, char out[96])
{
    snprintf(out, 96, "cs:{%u}:swept:%s", partition, p->node);
}

static enum status
read_swept(struct projection *p, unsigned partition, struct sweep *s, struct error *err)
{
    char key[96], settings[160];
    redisReply *r;
    enum status st;

    swept_key(p, partition, key);
    st = redis_link_ask(p->link, &r, err, "GET", key, NULL);
    if (st != ST_OK)
        return st;
    if (redis_is_error(r, NULL) && !redis_is_error(r, "WRONGTYPE"))
        st = redis_refusal(p->link, r, err);
    s->found =
        r->type == REDIS_REPLY_STRING && sscanf(r->str, "%" SCNd32 ":%" SCNu64 ":%" SCNu64 ":%159s",
                                                &s->day, &s->before, &s->after, settings) == 4;
    s->same = s->found && strcmp(settings, s->settings) == 0;
    freeReplyObject(r);
    return st;
}

static int
month_of(int32_t day)
{
    int year, month, dd;

    civil_from_days(day, &year, &month, &dd);
    return year * 12 + month;
}

static enum status
sweep_cell(void *arg, const struct cell *c, struct error *err)
{
    struct projection *p = arg;

    (void)err;
    trend_writer_lifetime(&p->writer, c, p->sweep_from, p->sweep_day, p->sweep_persist);
    return ST_OK;
}

static enum status
write_swept(struct projection *p, unsigned partition, const struct sweep *s, uint64_t last,
            struct error *err)
{
    char key[96], value[256];

    swept_key(p, partition, key);
    snprintf(value, sizeof value, "%" PRId32 ":%" PRIu64 ":%" PRIu64 ":%s", p->sweep_day,
             s->same ? s->after : 0, last, s->settings);
    return redis_link_must(p->link, NULL, err, "SET", key, value, NULL);
}

/* 0 and 0: the next sweep looks at every cell, and the one after that at all that changed since. */
void
projection_note_swept(const struct projection *p, unsigned partition, int32_t day,
                      struct redis_batch *b)
{
    char key[96], value[256];
    struct sweep s;

    if (!read_settings(p, &s))
        return;
    swept_key(p, partition, key);
    snprintf(value, sizeof value, "%" PRId32 ":0:0:%s", day, s.settings);
    redis_batch_add(b, partition, "SET", key, value, NULL);
}

static enum status
sweep_partition(struct projection *p, unsigned partition, struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    uint64_t last = feed->last_batch(feed->ctx), upto, after = 0;
    struct sweep s = {0};
    bool limited = read_settings(p, &s);
    enum status st = read_swept(p, partition, &s, err);

    if (st != ST_OK || (!s.found && !limited) || (s.same && s.day >= p->sweep_day))
        return st;
    if (s.same && month_of(s.day) == month_of(p->sweep_day))
        after = s.before;
    p->sweep_from = s.same ? s.day : INT32_MIN;
    p->sweep_persist = s.found && !s.same;
    trend_writer_begin(&p->writer, partition, feed->incarnation, last, feed->now(feed->ctx));
    st = projection_scan(p, partition, after, sweep_cell, &upto, err);
    if (st == ST_OK)
        st = projection_flush(p, err);
    return st == ST_OK ? write_swept(p, partition, &s, last, err) : st;
}

/* --- the scrubber --- */

struct scrub {
    struct projection *p;
    unsigned partition;
    uint64_t differences;
};

/* What should not be there is removed at once; what is missing or different is sent with the
 * whole partition. The writer is empty here, so these commands go out first. */
static void
note_difference(void *arg, enum difference what, struct span key, struct span field,
                struct span have, struct span want)
{
    struct scrub *s = arg;
    struct redis_batch *b = &s->p->writer.batch;

    (void)want;
    if (s->differences++ == 0)
        log_warn("redis_differs", "partition=%u key=%.*s field=%.*s redis=%.*s", s->partition,
                 (int)(key.n < 300 ? key.n : 300), key.p, (int)(field.n < 300 ? field.n : 300),
                 field.p, (int)(have.n < 100 ? have.n : 100), have.p);
    if (what != DIFFERENCE_EXTRA)
        return;
    redis_batch_begin(b, s->partition, field.n > 0 ? 3 : 2);
    redis_batch_str(b, field.n > 0 ? "HDEL" : "UNLINK");
    redis_batch_arg(b, key);
    if (field.n > 0)
        redis_batch_arg(b, field);
}

static enum status
scrub_partition(struct projection *p, unsigned partition, struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    struct scrub s = {.p = p, .partition = partition};
    struct comparer c;
    enum status st;

    comparer_init(&c, p->link, p->node, feed, &p->opt.retention, p->opt.never_expire);
    c.visit = note_difference;
    c.arg = &s;
    /* Only this thread writes, so up to the marker both sides are at rest. */
    c.upto = p->session.place[partition].seq;
    st = comparer_partition(&c, partition, err);
    comparer_clear(&c);
    if (st == ST_MORE) { /* it will have its turn again */
        redis_batch_reset(&p->writer.batch);
        return ST_OK;
    }
    if (st != ST_OK || s.differences == 0)
        return st;
    log_warn("redis_mended", "partition=%u differences=%" PRIu64, partition, s.differences);
    pthread_mutex_lock(&p->mutex);
    p->status.mended += s.differences;
    pthread_mutex_unlock(&p->mutex);
    return projection_resend(p, partition, err);
}

enum status
projection_chore(struct projection *p, struct error *err)
{
    unsigned partition = p->scrub_partition;
    enum status st;

    if (p->sweep_partition < KEY_PARTITIONS) {
        st = sweep_partition(p, p->sweep_partition, err);
        if (st == ST_OK)
            p->sweep_partition++;
        return st;
    }
    if (p->stray_due_ms < p->scrub_due_ms)
        return projection_stray_page(p, err);
    if (p->scrub_soon > 0)
        p->scrub_soon--;
    p->scrub_due_ms = clock_mono_ms() + scrub_step_ms(p);
    p->scrub_partition = (partition + 1) % KEY_PARTITIONS;
    return scrub_partition(p, partition, err);
}
