/*
 * deliver.c - the threads that deliver messages.
 */
#include "deliver.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "log.h"
#include "outbox.h"
#include "post.h"

#define LOOK_MS     1000 /* messages are written by others, who tell nobody */
#define COUNT_MS    5000
#define FORGET_MS   3600000
#define MOST_WISH_S 86400
#define STATUS_GONE 410

struct sender {
    struct deliver *deliver;
    const struct config_webhook *hook;
    char *store_path;
    pthread_t thread;
    bool running;
    struct deliver_count count; /* under the lock */
    int64_t paused_ms;          /* nothing goes out before, UTC */
    int64_t failures;           /* in a row that were not the message's fault */
    int64_t counted_ms, forgot_ms;
};

struct deliver {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stop;
    struct sender *senders;
    size_t count;
};

/* --- when again --- */

int64_t
deliver_pause(const struct config_webhook *h, int64_t failures, int64_t wish_s, double chance)
{
    int64_t pause = h->retry_ms, wish = wish_s < MOST_WISH_S ? wish_s : MOST_WISH_S;

    for (int64_t i = 1; i < failures && pause < h->retry_most_ms; i++)
        pause *= 2;
    if (pause > h->retry_most_ms)
        pause = h->retry_most_ms;
    pause += (int64_t)((double)pause / 2 * chance);
    return pause > wish * 1000 ? pause : wish * 1000;
}

static double
by_chance(void)
{
    uint32_t n = 0;

    if (getrandom(&n, sizeof n, 0) != (ssize_t)sizeof n)
        return 0.5;
    return n / 4294967296.0;
}

static int64_t
now_ms(void)
{
    return clock_now_us() / 1000;
}

/* --- one message --- */

/* Is the receiver in trouble, rather than this message? */
static bool
is_receivers_fault(const struct posted *p)
{
    return p->status == 0 || p->status >= 500 || p->status == 429 || p->status == 408;
}

static void
note_try(struct sender *s, const struct posted *p, bool taken)
{
    pthread_mutex_lock(&s->deliver->lock);
    s->count.delivered += taken;
    s->count.failed += !taken;
    if (taken)
        s->count.failing_since = 0;
    else if (!s->count.failing_since)
        s->count.failing_since = clock_now();
    snprintf(s->count.problem, sizeof s->count.problem, "%s", p->error);
    pthread_mutex_unlock(&s->deliver->lock);
    if (!taken && s->failures == 1)
        log_warn("webhook_failed", "webhook=%s error=\"%s\" action=\"it is tried again\"",
                 s->hook->name, p->error);
}

static struct message_outcome
decide(struct sender *s, const struct message *m, const struct posted *p, bool taken)
{
    struct message_outcome o = {.status = p->status, .error = p->error[0] ? p->error : NULL};
    int64_t tries;

    if (taken) {
        if (s->failures)
            log_info("webhook_works_again", "webhook=%s", s->hook->name);
        s->failures = 0;
        o.end = MESSAGE_DELIVERED;
        return o;
    }
    s->failures++;
    tries = m->attempts + 1;
    o.end = MESSAGE_RETRY;
    o.next_ms = now_ms() + deliver_pause(s->hook, tries, p->retry_after, by_chance());
    if (is_receivers_fault(p))
        s->paused_ms = now_ms() + deliver_pause(s->hook, s->failures, p->retry_after, by_chance());
    if (p->status == STATUS_GONE || m->age_s >= s->hook->give_up) {
        o.end = MESSAGE_DEAD;
        log_error("webhook_gave_up", "webhook=%s message=%s tries=%lld error=\"%s\"", s->hook->name,
                  m->id, (long long)tries, p->error);
    }
    return o;
}

/* What was under way when the daemon was told to stop counts as not tried. */
static enum status
send_one(struct sender *s, struct store *store, struct poster *poster, struct message *m,
         struct error *err)
{
    struct posted p;
    bool taken = poster_post(poster, m->id, span_of(m->body.p, m->body.n), clock_now(),
                             &s->deliver->stop, &p);
    struct message_outcome o;

    if (!taken && atomic_load(&s->deliver->stop))
        return ST_OK;
    o = decide(s, m, &p, taken);
    note_try(s, &p, taken);
    return outbox_tried(store, m->row, &o, now_ms(), err);
}

/* --- the thread --- */

static void
rest(struct sender *s, int64_t ms)
{
    struct deliver *d = s->deliver;

    pthread_mutex_lock(&d->lock);
    if (!atomic_load(&d->stop))
        clock_wait_until(&d->wake, &d->lock, clock_mono_us() + ms * 1000);
    pthread_mutex_unlock(&d->lock);
}

static enum status
care(struct sender *s, struct store *store, struct error *err)
{
    struct outbox_count n = {0};
    int64_t now = clock_mono_ms();
    enum status st = ST_OK;

    if (now - s->forgot_ms >= FORGET_MS) {
        s->forgot_ms = now;
        st = outbox_forget(store, now_ms(), err);
    }
    if (st != ST_OK || now - s->counted_ms < COUNT_MS)
        return st;
    s->counted_ms = now;
    st = outbox_counts(store, s->hook->name, &n, err);
    pthread_mutex_lock(&s->deliver->lock);
    s->count.waiting = n.waiting;
    s->count.dead = n.dead;
    pthread_mutex_unlock(&s->deliver->lock);
    return st;
}

/* Sends what is due. *pause: how long there is nothing to do. */
static enum status
work(struct sender *s, struct store *store, struct poster *poster, int64_t *pause,
     struct error *err)
{
    struct message m;
    enum status st = care(s, store, err);

    *pause = LOOK_MS;
    while (st == ST_OK && !atomic_load(&s->deliver->stop)) {
        int64_t wait, paused = s->paused_ms - now_ms();

        if (paused > 0) {
            *pause = paused < LOOK_MS ? paused : LOOK_MS;
            return ST_OK;
        }
        st = outbox_next(store, s->hook->name, now_ms(), &m, &wait, err);
        if (st == ST_NOT_FOUND) {
            *pause = wait >= 0 && wait < LOOK_MS ? wait + 1 : LOOK_MS;
            return ST_OK;
        }
        if (st == ST_OK)
            st = send_one(s, store, poster, &m, err);
        buf_clear(&m.body);
        s->counted_ms = INT64_MIN / 2;
    }
    return st;
}

static void *
sender_main(void *arg)
{
    struct sender *s = arg;
    struct poster *poster = poster_new(s->hook);
    struct store *store = NULL;
    struct error err;
    bool complained = false;

    pthread_setname_np(pthread_self(), "webhook");
    s->counted_ms = s->forgot_ms = INT64_MIN / 2;
    while (!atomic_load(&s->deliver->stop)) {
        int64_t pause = LOOK_MS;
        enum status st = store ? ST_OK : store_open(&store, s->store_path, STORE_EDIT, &err);

        if (st == ST_OK)
            st = work(s, store, poster, &pause, &err);
        if (st != ST_OK && !complained)
            log_warn("outbox_not_read", "webhook=%s error=\"%s\" action=\"again later\"",
                     s->hook->name, err.text);
        complained = st != ST_OK;
        rest(s, pause);
    }
    store_close(store);
    poster_free(poster);
    return NULL;
}

/* --- open, close --- */

static enum status
start(struct deliver *d, const struct config *c, struct error *err)
{
    struct sender *senders = xcalloc(c->webhook_count + 1, sizeof *senders);
    enum status st = ST_OK;

    for (size_t i = 0; i < c->webhook_count; i++) {
        senders[i].hook = &c->webhooks[i];
        snprintf(senders[i].count.webhook, sizeof senders[i].count.webhook, "%s",
                 c->webhooks[i].name);
    }
    pthread_mutex_lock(&d->lock);
    d->senders = senders;
    d->count = c->webhook_count;
    pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < d->count && st == ST_OK; i++) {
        struct sender *s = &senders[i];

        s->deliver = d;
        st = store_path(&s->store_path, c->store_url, c->state_dir, err);
        if (st == ST_OK && pthread_create(&s->thread, NULL, sender_main, s) != 0)
            st = fail(err, ST_IO, "cannot start a thread (webhook %s)", s->hook->name);
        s->running = st == ST_OK;
    }
    return st;
}

static void
end(struct deliver *d)
{
    struct sender *senders = d->senders;
    size_t count = d->count;

    pthread_mutex_lock(&d->lock);
    atomic_store(&d->stop, true);
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < count; i++)
        if (senders[i].running)
            pthread_join(senders[i].thread, NULL);
    pthread_mutex_lock(&d->lock);
    d->senders = NULL;
    d->count = 0;
    atomic_store(&d->stop, false);
    pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < count; i++)
        free(senders[i].store_path);
    free(senders);
}

enum status
deliver_open(struct deliver **out, const struct config *c, struct error *err)
{
    struct deliver *d = xcalloc(1, sizeof *d);
    enum status st;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    pthread_mutex_init(&d->lock, NULL);
    clock_cond_init(&d->wake);
    st = start(d, c, err);
    if (st != ST_OK) {
        deliver_close(d);
        return st;
    }
    *out = d;
    return ST_OK;
}

void
deliver_close(struct deliver *d)
{
    if (!d)
        return;
    end(d);
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    free(d);
    curl_global_cleanup();
}

enum status
deliver_change(struct deliver *d, const struct config *c, struct error *err)
{
    end(d);
    return start(d, c, err);
}

size_t
deliver_counts(struct deliver *d, struct deliver_count *out, size_t max)
{
    size_t n = 0;

    if (!d)
        return 0;
    pthread_mutex_lock(&d->lock);
    for (; n < d->count && n < max; n++)
        out[n] = d->senders[n].count;
    pthread_mutex_unlock(&d->lock);
    return n;
}
