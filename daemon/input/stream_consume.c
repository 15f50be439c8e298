/*
 * stream_consume.c - the thread of a stream input: reads, hands on, acknowledges.
 *
 * Entries that were pending when the process began and had been delivered more than once are taken
 * one at a time: one that ends the process is found that way, and goes to quarantine unparsed
 * after DELIVERIES_MAX.
 *
 * A group that is missing is made at the place of the ledger's checkpoint: position is the
 * milliseconds of the last entry taken, fingerprint its sequence number.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "stream.h"

#define FLIGHTS_MAX    8 /* blocks that wait for a commit */
#define BACK_OFF_MS    100
#define BACK_OFF_MAX   5000
#define LAST_ACKS_MS   5000
#define DELIVERIES_MAX 5

static const char poison[] = "stream: delivered 5 times and never committed; it may end the"
                             " process that parses it";

struct delivered {
    struct stream_id id;
    uint64_t deliveries;
};

/* --- what is pending --- */

static void
note_delivered(void *arg, struct stream_id id, uint64_t deliveries)
{
    struct input *in = arg;
    struct delivered d = {id, deliveries};

    buf_add(&in->counts, &d, sizeof d);
}

/* Reads n pending entries after `drained`, the last of which is `to`. */
static enum status
take_pending(struct input *in, struct stream_id to, int n, const char *refusal, struct error *err)
{
    size_t got;
    enum status st =
        stream_link_read_pending(in->link, in->drained, n, stream_add_entry, in, &got, err);

    if (st != ST_OK)
        return st;
    in->drained = to;
    if (refusal && in->flight)
        log_warn("stream_entry_refused", "input=%s stream=\"%s\" id=%llu-%llu reason=\"%s\"",
                 in->now.cfg->title, in->opt.stream, (unsigned long long)to.ms,
                 (unsigned long long)to.seq, refusal);
    if (!stream_hand_on(in, false, refusal))
        return fail(err, ST_RETRY, "the daemon is stopping");
    return ST_OK;
}

/* One page of pending entries: those that came once in one go, others alone, each after the one
 * before is committed. */
static enum status
take_page(struct input *in, const struct delivered *d, size_t n, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0, run; i < n && st == ST_OK; i += run) {
        for (run = 0; i + run < n && !(in->first_drain && d[i + run].deliveries > 1);)
            run++;
        if (run > 0) {
            st = take_pending(in, d[i + run - 1].id, (int)run, NULL, err);
            continue;
        }
        run = 1;
        st = take_pending(in, d[i].id, 1, d[i].deliveries >= DELIVERIES_MAX ? poison : NULL, err);
        if (st == ST_OK)
            st = stream_settle(in, err);
    }
    return st;
}

/* All that was delivered to this consumer, and not acknowledged. */
static enum status
drain(struct input *in, struct error *err)
{
    enum status st = stream_settle(in, err);
    size_t n = 1;

    if (!in->first_drain)
        in->drained = (struct stream_id){0};
    while (st == ST_OK && n > 0 && !stream_called(in)) {
        buf_reset(&in->counts);
        st = stream_link_deliveries(in->link, in->drained, STREAM_READ_COUNT, note_delivered, in,
                                    &n, err);
        if (st == ST_OK && n > 0)
            st = take_page(in, (const struct delivered *)(const void *)in->counts.p, n, err);
        if (st == ST_OK)
            st = stream_settle(in, err);
    }
    if (st == ST_OK && n == 0)
        in->first_drain = false;
    return st;
}

/* --- the group --- */

static bool
is_before(struct stream_id a, struct stream_id b)
{
    return a.ms < b.ms || (a.ms == b.ms && a.seq < b.seq);
}

/* Where a group that has to be made begins: where the ledger stands, unless the stream is another
 * one (its ids have not come so far): then at its beginning, and what was in the old one too is
 * recognised. */
static enum status
place_to_begin(struct input *in, struct stream_id *from, struct error *err)
{
    struct stream_id last;
    struct cursor c;
    enum status st = stream_link_last(in->link, &last, err);

    *from = (struct stream_id){0};
    if (st != ST_OK)
        return st;
    if (engine_checkpoint(in->engine, in->now.cfg->title, in->identity, &c)) {
        *from = (struct stream_id){c.position, c.fingerprint};
        if (!is_before(last, *from))
            return ST_OK;
        log_warn("stream_replaced", "input=%s stream=\"%s\" action=\"read from its beginning\"",
                 in->now.cfg->title, in->opt.stream);
        *from = (struct stream_id){0};
    } else if (in->now.cfg->from_end) {
        *from = last;
    }
    return ST_OK;
}

/* With the group went what it knew to be pending, entries in flight too: a crash would lose them if
 * the new group began behind them. So they are committed first. */
static enum status
make_group(struct input *in, struct error *err)
{
    struct stream_id from;
    bool made = false;
    enum status st = stream_settle(in, err);

    if (st == ST_OK && acks_expected(in->acks) > 0)
        return fail(err, ST_RETRY, "the daemon is stopping");
    if (st == ST_OK)
        st = place_to_begin(in, &from, err);
    if (st == ST_OK)
        st = stream_link_make_group(in->link, from, &made, err);
    if (st == ST_OK && made)
        log_warn("stream_group_made", "input=%s stream=\"%s\" group=\"%s\" after=%llu-%llu",
                 in->now.cfg->title, in->opt.stream, in->opt.group, (unsigned long long)from.ms,
                 (unsigned long long)from.seq);
    return st;
}

/* --- another consumer's entries --- */

static char *
next_claim(struct input *in)
{
    char *from;

    pthread_mutex_lock(&in->lock);
    from = in->claim;
    in->claim = NULL;
    in->claiming = from != NULL;
    pthread_mutex_unlock(&in->lock);
    return from;
}

static void
claim_is_done(struct input *in, uint64_t n, enum status st, const struct error *err)
{
    pthread_mutex_lock(&in->lock);
    in->claiming = false;
    in->claims++;
    in->claim_n = n;
    in->claim_st = st;
    if (st != ST_OK)
        in->claim_err = *err;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

static enum status
take_over(struct input *in, struct error *err)
{
    char *from = next_claim(in);
    uint64_t n = 0;
    enum status st;

    if (!from)
        return ST_OK;
    st = stream_link_claim(in->link, from, &n, err);
    if (n > 0) {
        in->claimed += n;
        log_warn("stream_claimed",
                 "input=%s stream=\"%s\" from=\"%s\" entries=%llu promise=\"at least once: what"
                 " that consumer had counted counts again\"",
                 in->now.cfg->title, in->opt.stream, from, (unsigned long long)n);
    }
    free(from);
    claim_is_done(in, n, st, err);
    return st == ST_OK && n > 0 ? drain(in, err) : st;
}

/* --- the thread --- */

static enum status
read_new(struct input *in, struct error *err)
{
    bool busy = acks_expected(in->acks) > 0;
    size_t n = 0;
    enum status st = stream_link_read_new(in->link, STREAM_READ_COUNT, busy ? 0 : STREAM_BLOCK_MS,
                                          stream_add_entry, in, &n, err);

    if (st != ST_OK)
        return st;
    if (!stream_hand_on(in, true, NULL))
        return fail(err, ST_RETRY, "the daemon is stopping");
    if (n == 0 || acks_expected(in->acks) >= FLIGHTS_MAX)
        acks_wait(in->acks, STREAM_BLOCK_MS);
    return stream_acknowledge(in, err);
}

/* One connection's life. Ends with the reason. */
static void
serve(struct input *in, struct error *err)
{
    int64_t reported = 0;
    enum status st = make_group(in, err);

    if (st == ST_OK)
        st = drain(in, err);
    while (st == ST_OK && !stream_called(in)) {
        st = read_new(in, err);
        if (st == ST_NOT_FOUND) /* somebody removed the group, or all of Redis */
            st = make_group(in, err);
        if (st == ST_OK)
            st = take_over(in, err);
        in->back_off_ms = BACK_OFF_MS;
        if (clock_mono_ms() - reported >= STREAM_ROOM_MS) {
            reported = clock_mono_ms();
            standing_tell(&in->standing);
        }
    }
}

static void
note_trouble(struct input *in, const struct error *err)
{
    struct feed *feed = &in->standing.feed;

    if (strcmp(feed->problem, err->text) != 0)
        log_warn("stream_broken", "input=%s stream=\"%s\" error=\"%s\" action=retry",
                 in->now.cfg->title, in->opt.stream, err->text);
    snprintf(feed->problem, sizeof feed->problem, "%.*s", (int)sizeof feed->problem - 1, err->text);
}

/* Entries whose commit is near are still acknowledged: else they would only come again. */
static void
finish(struct input *in)
{
    int64_t until = clock_mono_ms() + LAST_ACKS_MS, left;
    struct error err;

    while (acks_expected(in->acks) > 0 && (left = until - clock_mono_ms()) > 0) {
        acks_wait(in->acks, left);
        stream_take_acks(in);
    }
    if (in->link)
        stream_acknowledge(in, &err);
}

static void
hang_up(struct input *in)
{
    stream_link_close(in->link);
    in->link = NULL;
}

/* What was read as one section says is committed, and acknowledged if Redis can be reached, before
 * anything is read as another does: it may give the same entries other identities. What Redis has
 * not heard of by then it hears before pending entries are read again. */
static void
change_section(struct input *in)
{
    struct error err;

    while (acks_expected(in->acks) > 0 && !stream_stopping(in)) {
        acks_wait(in->acks, STREAM_BLOCK_MS);
        stream_take_acks(in);
    }
    if (stream_stopping(in))
        return;
    if (in->link)
        stream_acknowledge(in, &err);
    hang_up(in);
    stream_take_section(in);
    in->back_off_ms = BACK_OFF_MS;
    standing_tell(&in->standing);
}

static void
try_later(struct input *in, const struct error *err)
{
    note_trouble(in, err);
    hang_up(in);
    standing_tell(&in->standing);
    stream_pause(in, in->back_off_ms);
    in->back_off_ms = 2 * in->back_off_ms < BACK_OFF_MAX ? 2 * in->back_off_ms : BACK_OFF_MAX;
}

void *
stream_main(void *arg)
{
    struct input *in = arg;

    pthread_setname_np(pthread_self(), "stream");
    in->back_off_ms = BACK_OFF_MS;
    while (!stream_stopping(in)) {
        struct error err = {0};

        if (stream_link_open(&in->link, &in->opt, &err) == ST_OK) {
            in->standing.feed.problem[0] = '\0';
            serve(in, &err);
        }
        stream_forget_read(in);
        if (stream_called(in))
            change_section(in);
        else
            try_later(in, &err);
    }
    finish(in);
    hang_up(in);
    pthread_mutex_lock(&in->lock);
    if (in->leaving)
        event_active(in->on_end, EV_TIMEOUT, 0);
    pthread_mutex_unlock(&in->lock);
    return NULL;
}
