/*
 * projection.c - the thread that keeps Redis equal to the ledger.
 *
 * The ledger is the truth. Only absolute values travel to Redis, each key in one command that
 * carries its own version, so anything may be sent again, any number of times, from any state,
 * and it converges. Nothing is ever added up in Redis, and no command depends on another one:
 * Redis' append-only file can lose its tail anywhere without leaving half of something.
 *
 *   attach   connect; the server must be a master that we know; cs:owner:NODE and the markers
 *            must be this ledger's; older connections of this node are closed, or, where that is
 *            not permitted, hashes are written by a script that looks at their version first;
 *            every marker gets this session's token
 *   round    per partition: every cell whose last change is after its marker, as HSET and SET,
 *            the days of a month in one command; where Redis has no marker yet, RESTORE in place
 *            of HSET, which does nothing if the key is there after all: then HSET is sent. Then
 *            SADD dirty; when every reply is read and good, the marker moves to the batch
 *            that the scan reached, by a script that compares the whole old marker first
 *   fill     a server of our own that is empty and that nobody else uses is not told: it is ended,
 *            and started with files that hold every key and the markers (projection_fill.c)
 *   ahead    before any of it, cs:sent:NODE names the newest batch that goes out
 *   idle     every 5 s: run id, owner, markers as we left them? Lifetimes of keys whose period
 *            has closed (a sweep a day); comparing a partition at a time with the ledger
 *
 * Invariant: a marker at batch S with our token implies that every key of its partition that
 * changed at or before S was written after its change. A marker therefore never moves after an
 * error; an error or a missing reply means "unknown", and unknown means once more:
 *
 *   crash, ours or Redis', after ...   leaves                        then
 *   some keys of a round               keys newer than the marker    sent again, equal values
 *   all keys, before the marker        the same                      the same
 *   the marker, reply lost             marker ahead of our idea      read at the next attach
 *   a lost tail of Redis' log          old marker, older keys        sent again from the marker
 *   FLUSHALL, empty Redis              no marker                     all sent from 0
 *   files of everything, not in place  the server as it was, or      all sent from 0
 *                                      none, or an empty one
 *   files of everything, in place      every key and every marker    goes on from the markers
 *   marker lost alone                  no marker                     all sent from 0
 *   ledger restored from a copy        marker not in its history     all sent, the rest removed
 *   another ledger's marker or owner   -                             nothing is written: hold
 *   a key replaced by another type     WRONGTYPE                     its partition from 0
 *   a month's key lost, then written   only what was written now     HSET's answer says so: all of
 *                                                                    it is sent, then the marker
 *   the same, killed before the rest   cs:sent ahead of the markers  all is compared in a minute
 *   a key or field lost or changed     -                             found by comparing
 *   a key that the ledger lacks        -                             found by a walk, removed
 */
#include "projection_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "redis_dump.h"

#define SET_TIME_VERSION 602 /* SET key value PXAT time */
#define CONNECT_MS       1000
#define SILENCE_MS       5000 /* longer than an fsync may hold up a healthy Redis */
#define BACK_OFF_MIN_MS  100
#define BACK_OFF_MAX_MS  5000
#define CHECK_MS         5000
#define LOOK_MS          1000
#define PATIENCE_MS      10000 /* waiters give up on a Redis that takes nothing for so long */
#define GATHER_MAX_MS    500
#define URGENT_MAX_MS    200
#define SETTLED_PART     4     /* so much of a round's time passes before the next one, at least */
#define LATER_MS         10000 /* longer than an import takes from one batch to the next */
#define LATER_MAX_MS     60000
#define GATHER_FACTOR    8 /* rounds take at most about a ninth of the time under load */

enum task { TASK_STOP, TASK_SEND, TASK_CHECK, TASK_CHORE };

/* --- what others see --- */

static void
set_problem(struct projection *p, bool connected, const char *text)
{
    bool news, stuck = !connected || p->session.hold[0];

    pthread_mutex_lock(&p->mutex);
    if (!stuck)
        p->stuck_since_ms = INT64_MAX;
    else if (p->stuck_since_ms == INT64_MAX)
        p->stuck_since_ms = clock_mono_ms();
    news = strcmp(p->status.problem, text) != 0;
    if (!p->status.problem[0])
        p->status.problem_since = clock_now();
    p->status.connected = connected;
    snprintf(p->status.problem, sizeof p->status.problem, "%.*s", (int)sizeof p->status.problem - 1,
             text);
    pthread_mutex_unlock(&p->mutex);
    if (news && text[0])
        log_warn("redis_problem", "node=%s text=\"%s\"", p->node, text);
    else if (news)
        log_info("redis_ok", "node=%s", p->node);
}

void
projection_status(struct projection *p, struct projection_status *out)
{
    pthread_mutex_lock(&p->mutex);
    *out = p->status;
    pthread_mutex_unlock(&p->mutex);
}

/* --- waiting --- */

/* Batches gather until rounds take their share of the time and no more: a lone one is sent at once,
 * and the more there is to do, the more goes out in one round. When somebody waits, that is half of
 * the time; when nothing more is to come for now, nearly all of it. */
static int64_t
send_due(const struct projection *p)
{
    if (p->urgent)
        return p->round_end_ms + clock_earlier(p->round_us / 1000, URGENT_MAX_MS);
    if (p->settled)
        return p->round_end_ms + p->round_us / SETTLED_PART / 1000;
    if (p->later_first_ms)
        return clock_earlier(p->later_last_ms + LATER_MS, p->later_first_ms + LATER_MAX_MS);
    return p->round_end_ms + clock_earlier(p->round_us * GATHER_FACTOR / 1000, GATHER_MAX_MS);
}

static enum task
next_task(struct projection *p)
{
    bool held = p->session.hold[0] != '\0';
    int64_t chore_due = held ? INT64_MAX : projection_chore_due(p);
    enum task task;

    pthread_mutex_lock(&p->mutex);
    for (;;) {
        int64_t now = clock_mono_ms(), due = p->check_due_ms;

        if (atomic_load(&p->stopping)) {
            task = TASK_STOP;
            break;
        }
        task = TASK_CHECK;
        if (chore_due < due)
            due = chore_due, task = TASK_CHORE;
        if (!held && p->pending && send_due(p) <= due)
            due = send_due(p), task = TASK_SEND;
        if (due <= now)
            break;
        clock_wait_until(&p->wake, &p->mutex, due * 1000);
    }
    if (task == TASK_SEND) {
        p->pending = p->urgent = p->settled = false;
        p->later_first_ms = 0;
    }
    pthread_mutex_unlock(&p->mutex);
    return task;
}

void
projection_kick(struct projection *p, bool urgent)
{
    pthread_mutex_lock(&p->mutex);
    p->pending = true;
    p->later_first_ms = 0;
    p->urgent |= urgent;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

void
projection_settle(struct projection *p)
{
    pthread_mutex_lock(&p->mutex);
    p->settled = p->pending && !p->later_first_ms;
    if (p->settled)
        pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

void
projection_kick_later(struct projection *p)
{
    pthread_mutex_lock(&p->mutex);
    p->later_last_ms = clock_mono_ms();
    p->pending = true;
    if (!p->later_first_ms)
        p->later_first_ms = p->later_last_ms;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

/* Mutex held. */
static bool
given_up(const struct projection *p)
{
    return p->stuck_since_ms != INT64_MAX && clock_mono_ms() - p->stuck_since_ms >= PATIENCE_MS;
}

enum status
projection_wait(struct projection *p, uint64_t seq, int64_t timeout_ms, struct error *err)
{
    int64_t end = clock_mono_ms() + timeout_ms;
    enum status st = ST_OK;

    projection_kick(p, true);
    pthread_mutex_lock(&p->mutex);
    while (p->status.applied < seq && clock_mono_ms() < end && !given_up(p)) {
        int64_t look = clock_mono_ms() + LOOK_MS;

        clock_wait_until(&p->moved, &p->mutex, clock_earlier(look, end) * 1000);
    }
    if (p->status.applied < seq)
        st = fail(err, given_up(p) ? ST_NOT_FOUND : ST_RETRY,
                  "Redis is at batch %llu and not yet at %llu%s%.150s",
                  (unsigned long long)p->status.applied, (unsigned long long)seq,
                  p->status.problem[0] ? ": " : "", p->status.problem);
    pthread_mutex_unlock(&p->mutex);
    return st;
}

/* --- the thread --- */

static void
detach(struct projection *p)
{
    redis_link_close(p->link);
    p->link = p->session.link = NULL;
    trend_writer_reset(&p->writer);
    buf_reset(&p->suspects);
    p->gathered = p->redo = 0;
}

/* Redis may hold counts of batches that this ledger does not know. Everything is sent first, so
 * that it is never too low; then the rest is removed; only then do the markers say that all is
 * well, and a crash before that begins this again. */
static enum status
restore(struct projection *p, struct error *err)
{
    enum status st = projection_round(p, true, false, err);

    if (st == ST_OK)
        st = projection_clean(p, err);
    if (st == ST_OK)
        st = projection_mark(p, err);
    if (st == ST_OK)
        p->session.restored = false;
    return st;
}

/* Not all of them need be ours; those that are come back soon. */
static void
note_evicted(struct projection *p)
{
    uint64_t all = p->session.evicted, more = all > p->evicted ? all - p->evicted : 0;

    p->evicted = all;
    if (more == 0)
        return;
    pthread_mutex_lock(&p->mutex);
    p->status.evicted += more;
    pthread_mutex_unlock(&p->mutex);
    projection_scrub_soon(p);
}

static enum status
take_place(struct projection *p, struct error *err)
{
    enum status st = trend_session_begin(&p->session, err);

    if (st != ST_OK)
        return st;
    p->check_due_ms = clock_mono_ms() + CHECK_MS;
    if (p->session.hold[0]) {
        set_problem(p, true, p->session.hold);
        return ST_OK;
    }
    if (p->opt.ready)
        p->opt.ready(p->opt.server_arg);
    projection_note_filled(p);
    p->writer.guarded = p->session.guarded;
    p->restore_ok = p->session.version >= DUMP_NEEDS_MAJOR * 100;
    p->writer.set_with_time = p->session.version >= SET_TIME_VERSION;
    if (p->attaches == 1)
        p->evicted = p->session.evicted; /* before our time */
    projection_plan_chores(p, true);
    note_evicted(p);
    set_problem(p, true, p->session.warning);
    if (p->session.restored)
        st = restore(p, err);
    pthread_mutex_lock(&p->mutex);
    p->pending = p->urgent = true;
    pthread_mutex_unlock(&p->mutex);
    return st;
}

static enum status
attach(struct projection *p, struct error *err)
{
    struct redis_link_options opt = {.url = &p->url,
                                     .connect_timeout_ms = CONNECT_MS,
                                     .silence_timeout_ms = SILENCE_MS,
                                     .cancel = &p->stopping};
    char name[64];
    enum status st;

    snprintf(name, sizeof name, "callswell-%.32s", p->node);
    opt.name = name;
    st = redis_link_open(&p->link, &opt, err);
    if (st != ST_OK && p->opt.revive && !atomic_load(&p->stopping))
        p->opt.revive(p->opt.server_arg);
    if (st != ST_OK)
        return st;
    p->session.link = p->link;
    pthread_mutex_lock(&p->mutex);
    p->status.reconnects = p->attaches++;
    pthread_mutex_unlock(&p->mutex);
    return take_place(p, err);
}

static enum status
do_round(struct projection *p, struct error *err)
{
    int64_t start = clock_mono_us(), end;
    bool filled = false;
    enum status st = ST_OK;

    if (projection_may_fill(p))
        st = projection_fill(p, &filled, err);
    if (filled) {
        detach(p);
        p->filled = true;
        return st;
    }
    if (st == ST_OK)
        st = projection_round(p, false, true, err);
    end = clock_mono_us();
    p->round_end_ms = end / 1000;
    p->round_us = end - start;
    if (st == ST_OK)
        p->back_off_ms = BACK_OFF_MIN_MS;
    return st;
}

static enum status
check(struct projection *p, struct error *err)
{
    const struct change_feed *feed = p->opt.feed;
    uint64_t last = feed->last_batch(feed->ctx); /* never under our mutex: it has its own */
    enum status st;

    p->check_due_ms = clock_mono_ms() + CHECK_MS;
    if (p->session.hold[0])
        return take_place(p, err);
    st = trend_session_check(&p->session, err);
    if (st != ST_OK)
        return st;
    projection_plan_chores(p, false);
    note_evicted(p);
    set_problem(p, true, p->session.warning);
    pthread_mutex_lock(&p->mutex);
    if (p->status.applied < last)
        p->pending = true;
    pthread_mutex_unlock(&p->mutex);
    return ST_OK;
}

static void
back_off(struct projection *p)
{
    int64_t end = clock_mono_ms() + p->back_off_ms;

    pthread_mutex_lock(&p->mutex);
    while (!atomic_load(&p->stopping) && clock_mono_ms() < end)
        clock_wait_until(&p->wake, &p->mutex, end * 1000);
    pthread_mutex_unlock(&p->mutex);
    p->back_off_ms *= 2;
    if (p->back_off_ms > BACK_OFF_MAX_MS)
        p->back_off_ms = BACK_OFF_MAX_MS;
}

static void *
run(void *arg)
{
    struct projection *p = arg;
    enum task task = TASK_CHECK;

    while (task != TASK_STOP && !atomic_load(&p->stopping)) {
        struct error err = {0};
        enum status st;

        if (!p->link) {
            st = attach(p, &err);
        } else {
            task = next_task(p);
            st = task == TASK_SEND    ? do_round(p, &err)
                 : task == TASK_CHECK ? check(p, &err)
                 : task == TASK_CHORE ? projection_chore(p, &err)
                                      : ST_OK;
        }
        if (st != ST_OK) {
            detach(p);
            if (!atomic_load(&p->stopping))
                set_problem(p, false, err.text);
            back_off(p);
        }
    }
    detach(p);
    return NULL;
}

/* --- life --- */

static void
init_sync(struct projection *p)
{
    pthread_mutex_init(&p->mutex, NULL);
    clock_cond_init(&p->wake);
    clock_cond_init(&p->moved);
}

static void
free_projection(struct projection *p)
{
    pthread_cond_destroy(&p->moved);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    trend_writer_clear(&p->writer);
    buf_clear(&p->suspects);
    redis_url_clear(&p->url);
    free(p->node);
    free(p);
}

enum status
projection_start(struct projection **out, const struct projection_options *opt, struct error *err)
{
    struct projection *p = xcalloc(1, sizeof *p);
    enum status st = redis_url_parse(&p->url, opt->url, err);
    int failed;

    init_sync(p);
    p->opt = *opt;
    p->node = xstrdup(opt->node);
    p->opt.node = p->node;
    p->opt.url = NULL; /* the caller's; it may hold a password */
    p->back_off_ms = BACK_OFF_MIN_MS;
    p->stuck_since_ms = clock_mono_ms();
    p->session.node = p->node;
    p->session.feed = opt->feed;
    trend_writer_init(&p->writer, p->node, &opt->retention, opt->never_expire);
    snprintf(p->status.problem, sizeof p->status.problem, "Not connected to Redis yet");
    p->status.problem_since = clock_now();
    if (st == ST_OK && (failed = pthread_create(&p->thread, NULL, run, p)) != 0)
        st = fail(err, ST_IO, "No thread for Redis: %s", strerror(failed));
    if (st != ST_OK) {
        free_projection(p);
        return st;
    }
    pthread_setname_np(p->thread, "projection");
    *out = p;
    return ST_OK;
}

void
projection_stop(struct projection *p)
{
    if (!p)
        return;
    atomic_store(&p->stopping, true);
    pthread_mutex_lock(&p->mutex);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->thread, NULL);
    free_projection(p);
}
