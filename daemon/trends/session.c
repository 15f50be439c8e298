/*
 * session.c - the owner key, cs:meta and the 64 markers.
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "fault.h"
#include "log.h"

#define LAYOUT_VERSION "1"

/* One read, one write: a script with two writes could be torn by a crash of Redis. */
static const char move_script[] = "local v = redis.call('GET', KEYS[1])\n"
                                  "if (v or '') ~= ARGV[1] then return 0 end\n"
                                  "redis.call('SET', KEYS[1], ARGV[2])\n"
                                  "return 1";

static const char blind_script[] = "redis.call('SET', KEYS[1], ARGV[2])\n" /* tests only */
                                   "return 1";

static const char meta_script[] =
    "local m = redis.call('HMGET', KEYS[1], 'version', 'partitions', 'nodes')\n"
    "local n = m[3] or ''\n"
    "local known = string.find(',' .. n .. ',', ',' .. ARGV[3] .. ',', 1, true)\n"
    "if m[1] == ARGV[1] and m[2] == ARGV[2] and known then return 0 end\n"
    "if not known then n = n == '' and ARGV[3] or n .. ',' .. ARGV[3] end\n"
    "redis.call('HSET', KEYS[1], 'version', ARGV[1], 'partitions', ARGV[2], 'nodes', n)\n"
    "return 1";

static void
batch_marker_key(const struct trend_session *s, struct redis_batch *b, unsigned partition)
{
    char text[96];
    struct buf key = {text, 0, sizeof text};

    keys_applied(&key, partition, s->node);
    redis_batch_arg(b, span_of(key.p, key.n));
}

static void
batch_move(const struct trend_session *s, struct redis_batch *b, unsigned partition, const char *to)
{
    redis_batch_begin(b, partition, 6);
    redis_batch_str(b, "EVAL");
    redis_batch_str(b, guard_stands("marker_compared") ? move_script : blind_script);
    redis_batch_str(b, "1");
    batch_marker_key(s, b, partition);
    redis_batch_str(b, s->place[partition].value);
    redis_batch_str(b, to);
}

/* --- reading --- */

#define OWNER_AT KEY_PARTITIONS
#define META_AT  (KEY_PARTITIONS + 1)
#define INFO_AT  (KEY_PARTITIONS + 2)
#define SENT_AT  (KEY_PARTITIONS + 3)
#define STATE_N  (KEY_PARTITIONS + 4)

struct state {
    redisReply *reply[STATE_N];
};

static bool
keep_state(void *arg, size_t i, redisReply *r)
{
    struct state *state = arg;

    state->reply[i] = r;
    return true;
}

static void
free_state(struct state *state)
{
    for (size_t i = 0; i < STATE_N; i++)
        if (state->reply[i])
            freeReplyObject(state->reply[i]);
    *state = (struct state){0};
}

static void
batch_state(const struct trend_session *s, struct redis_batch *b)
{
    char text[64], other[64];
    struct buf owner = {text, 0, sizeof text}, sent = {other, 0, sizeof other};

    for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
        redis_batch_begin(b, p, 2);
        redis_batch_str(b, "GET");
        batch_marker_key(s, b, p);
    }
    keys_owner(&owner, s->node);
    redis_batch_begin(b, 0, 2);
    redis_batch_str(b, "GET");
    redis_batch_arg(b, span_of(owner.p, owner.n));
    redis_batch_add(b, 0, "HMGET", "cs:meta", "version", "partitions", NULL);
    redis_batch_add(b, 0, "INFO", "server", NULL);
    keys_sent(&sent, s->node);
    redis_batch_begin(b, 0, 2);
    redis_batch_str(b, "GET");
    redis_batch_arg(b, span_of(sent.p, sent.n));
}

/* A key of ours that holds a value of another type was written by somebody else: nothing in it is
 * of use, and it counts as absent. */
static enum status
read_state(struct trend_session *s, struct state *state, bool mend, struct error *err)
{
    struct redis_batch b = {0}, unlink = {0};
    enum status st;

    *state = (struct state){0};
    batch_state(s, &b);
    st = redis_link_send(s->link, &b, keep_state, state, err);
    for (size_t i = 0; st == ST_OK && i < STATE_N; i++) {
        redisReply *r = state->reply[i];
        struct span key = redis_batch_key(&b, i);

        if (redis_is_error(r, "WRONGTYPE")) {
            log_warn("redis_wrong_type", "key=%.*s", (int)key.n, key.p);
            redis_batch_begin(&unlink, 0, 2);
            redis_batch_str(&unlink, "UNLINK");
            redis_batch_arg(&unlink, key);
            r->type = REDIS_REPLY_NIL;
        } else if (redis_is_error(r, NULL) && i != INFO_AT) {
            st = redis_refusal(s->link, r, err);
        }
    }
    if (st == ST_OK && mend && unlink.count > 0)
        st = redis_link_send(s->link, &unlink, NULL, NULL, err);
    redis_batch_clear(&b);
    redis_batch_clear(&unlink);
    if (st != ST_OK)
        free_state(state);
    return st;
}

static struct span
text_of(const redisReply *r)
{
    return r && r->type == REDIS_REPLY_STRING ? span_of(r->str, r->len) : span_of("", 0);
}

/* --- deciding --- */

static void
judge_meta(struct trend_session *s, const redisReply *meta)
{
    struct span version, partitions;

    if (meta->type != REDIS_REPLY_ARRAY || meta->elements != 2)
        return;
    version = text_of(meta->element[0]);
    partitions = text_of(meta->element[1]);
    if ((version.n > 0 && !span_is(version, LAYOUT_VERSION)) ||
        (partitions.n > 0 && !span_is(partitions, "64")))
        snprintf(s->hold, sizeof s->hold,
                 "The keys in Redis are of layout version %.*s, which this callswell does not "
                 "know: use another Redis database",
                 (int)(version.n < 16 ? version.n : 16), version.p);
}

static void
judge_owner(struct trend_session *s, const redisReply *owner)
{
    struct span id = text_of(owner);

    if (id.n > 0 && !span_is(id, s->feed->ledger_id))
        snprintf(s->hold, sizeof s->hold,
                 "Another ledger (%.*s) writes to this Redis as node %s: give this one another "
                 "node name, or take over with: callswell rebuild --replace",
                 (int)(id.n < 39 ? id.n : 39), id.p, s->node);
}

/* Where this partition goes on from. */
static void
judge_marker(struct trend_session *s, unsigned partition, const redisReply *r, bool *lost)
{
    struct trend_place *place = &s->place[partition];
    const struct change_feed *feed = s->feed;
    struct span text = text_of(r);
    struct trend_marker m;

    *place = (struct trend_place){.incarnation = feed->incarnation};
    if (text.n == 0)
        return;
    snprintf(place->value, sizeof place->value, "%.*s",
             (int)(text.n < MARKER_TEXT ? text.n : MARKER_TEXT - 1), text.p);
    if (!trend_marker_parse(&m, text))
        return; /* not ours to read: as if it were not there */
    if (!span_is(m.ledger, feed->ledger_id)) {
        snprintf(s->hold, sizeof s->hold,
                 "The counts of node %s in Redis come from another ledger (%.*s): give this one "
                 "another node name, or take over with: callswell rebuild --replace",
                 s->node, (int)(m.ledger.n < 39 ? m.ledger.n : 39), m.ledger.p);
        return;
    }
    if (m.token.n >= sizeof MARKER_RESTORED - 1 &&
        memcmp(m.token.p, MARKER_RESTORED, sizeof MARKER_RESTORED - 1) == 0)
        s->restored = true;
    if (m.seq == 0)
        return;
    if (guard_stands("history_checked") && !feed->in_history(feed->ctx, m.incarnation, m.seq)) {
        *lost = true;
        return;
    }
    place->incarnation = m.incarnation;
    place->seq = m.seq;
}

/* Keys may have been sent ahead of every marker. A partition without one is sent from 0. */
static void
judge_sent(struct trend_session *s, const redisReply *r, bool *lost)
{
    const struct change_feed *feed = s->feed;
    struct trend_marker m;

    s->interrupted = false;
    if (!trend_marker_parse(&m, text_of(r)) || !span_is(m.ledger, feed->ledger_id))
        return;
    if (guard_stands("history_checked") && !feed->in_history(feed->ctx, m.incarnation, m.seq))
        *lost = true;
    for (unsigned p = 0; p < KEY_PARTITIONS; p++)
        s->interrupted |= s->place[p].seq > 0 && s->place[p].seq < m.seq;
}

/* A ledger restored from an older copy: Redis has seen batches that the ledger forgot. Every
 * partition is sent again, not only those whose marker shows it. */
static void
start_over(struct trend_session *s, bool lost)
{
    if (lost)
        log_error("ledger_is_older_than_redis",
                  "node=%s text=\"the ledger was restored from an older copy: all keys are sent "
                  "again and what it does not know is removed; records acknowledged after the "
                  "copy was made are lost\"",
                  s->node);
    s->restored = true;
    for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
        s->place[p].incarnation = s->feed->incarnation;
        s->place[p].seq = 0;
    }
}

/* --- writing --- */

struct moves {
    size_t refused;
    struct error error;
    enum status st;
    const struct redis_link *link;
};

static bool
note_move(void *arg, size_t i, redisReply *r)
{
    struct moves *m = arg;

    (void)i;
    if (r->type != REDIS_REPLY_INTEGER)
        m->st = redis_refusal(m->link, r, &m->error);
    else if (r->integer != 1)
        m->refused++;
    return false;
}

/* Sends a batch of moves; the places are changed by the caller when all of them are good. */
static enum status
send_moves(struct trend_session *s, const struct redis_batch *b, struct error *err)
{
    struct moves m = {.link = s->link, .st = ST_OK};
    enum status st = redis_link_send(s->link, b, note_move, &m, err);

    if (st != ST_OK)
        return st;
    if (m.st != ST_OK) {
        if (err)
            *err = m.error;
        return m.st;
    }
    if (m.refused > 0)
        return fail(err, ST_RETRY, "Markers in Redis were changed by somebody else");
    return ST_OK;
}

static enum status
take_ownership(struct trend_session *s, struct error *err)
{
    char text[64];
    struct buf key = {text, 0, sizeof text};
    redisReply *r;
    enum status st;

    keys_owner(&key, s->node);
    st = redis_link_must(s->link, NULL, err, "SET", key.p, s->feed->ledger_id, "NX", NULL);
    if (st == ST_OK)
        st = redis_link_must(s->link, &r, err, "GET", key.p, NULL);
    if (st != ST_OK)
        return st;
    if (!span_is(text_of(r), s->feed->ledger_id))
        st = fail(err, ST_RETRY, "Another ledger took node %s in Redis at this moment", s->node);
    freeReplyObject(r);
    if (st == ST_OK)
        st = redis_link_must(s->link, NULL, err, "EVAL", meta_script, "1", "cs:meta",
                             LAYOUT_VERSION, "64", s->node, NULL);
    return st;
}

/* Writes every marker anew with this session's token, its place unchanged. */
static enum status
stamp_markers(struct trend_session *s, struct error *err)
{
    char value[KEY_PARTITIONS][MARKER_TEXT];
    struct redis_batch b = {0};
    enum status st;

    for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
        trend_marker_text(s, value[p], s->place[p].incarnation, s->place[p].seq,
                          s->restored ? MARKER_RESTORED : "");
        batch_move(s, &b, p, value[p]);
    }
    st = send_moves(s, &b, err);
    redis_batch_clear(&b);
    for (unsigned p = 0; st == ST_OK && p < KEY_PARTITIONS; p++)
        memcpy(s->place[p].value, value[p], MARKER_TEXT);
    return st;
}

static enum status
make_token(struct trend_session *s, struct error *err)
{
    unsigned char bytes[8];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return fail(err, ST_IO, "No random numbers from the system");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(s->token + 2 * i, 3, "%02x", bytes[i]);
    return ST_OK;
}

/* Reads everything and decides. With mend, what stands in the way of our keys is removed. */
static enum status
judge(struct trend_session *s, bool mend, bool *lost, struct error *err)
{
    struct state state;
    enum status st;

    s->hold[0] = '\0';
    s->restored = *lost = false;
    st = read_state(s, &state, mend, err);
    if (st != ST_OK)
        return st;
    judge_meta(s, state.reply[META_AT]);
    judge_owner(s, state.reply[OWNER_AT]);
    for (unsigned p = 0; p < KEY_PARTITIONS && !s->hold[0]; p++)
        judge_marker(s, p, state.reply[p], lost);
    judge_sent(s, state.reply[SENT_AT], lost);
    free_state(&state);
    return ST_OK;
}

enum status
trend_session_begin(struct trend_session *s, struct error *err)
{
    bool lost;
    enum status st;

    s->announced = 0;
    st = make_token(s, err);
    if (st == ST_OK)
        st = trend_session_inspect(s, err);
    if (st == ST_OK)
        st = judge(s, false, &lost, err);
    if (st != ST_OK || s->hold[0])
        return st;
    /* Nothing speaks against this node being ours. A connection of its past might still have
     * moved a marker, so what counts is read when there is none any more. */
    if (guard_stands("twins_ended"))
        st = trend_session_forget_twins(s, err);
    if (st == ST_OK)
        st = judge(s, true, &lost, err);
    if (st != ST_OK || s->hold[0])
        return st;
    if (lost || s->restored)
        start_over(s, lost);
    st = take_ownership(s, err);
    if (st == ST_OK)
        st = stamp_markers(s, err);
    return st;
}

enum status
trend_session_announce(struct trend_session *s, uint64_t seq, struct error *err)
{
    char text[64], value[MARKER_TEXT];
    struct buf key = {text, 0, sizeof text};
    enum status st;

    if (seq <= s->announced)
        return ST_OK;
    keys_sent(&key, s->node);
    trend_marker_text(s, value, s->feed->incarnation, seq, "");
    st = redis_link_must(s->link, NULL, err, "SET", key.p, value, NULL);
    if (st == ST_OK)
        s->announced = seq;
    return st;
}

enum status
trend_session_check(struct trend_session *s, struct error *err)
{
    struct span run_id, owner;
    struct state state;
    enum status st;

    if (!guard_stands("session_checked"))
        return ST_OK;
    st = read_state(s, &state, false, err);
    if (st != ST_OK)
        return st;
    owner = text_of(state.reply[OWNER_AT]);
    if (redis_info_find(text_of(state.reply[INFO_AT]), "run_id", &run_id) && s->run_id[0] &&
        !span_is(run_id, s->run_id))
        st = fail(err, ST_RETRY, "Redis was restarted");
    if (!span_is(owner, s->feed->ledger_id))
        st = fail(err, ST_RETRY, "The owner key of node %s changed in Redis", s->node);
    for (unsigned p = 0; st == ST_OK && p < KEY_PARTITIONS; p++)
        if (!span_is(text_of(state.reply[p]), s->place[p].value))
            st = fail(err, ST_RETRY, "Markers in Redis were lost or changed");
    free_state(&state);
    return st == ST_OK ? trend_session_policy(s, err) : st;
}

enum status
trend_session_move(struct trend_session *s, uint64_t which, const uint64_t reached[KEY_PARTITIONS],
                   struct error *err)
{
    uint64_t incarnation = s->feed->incarnation;
    char value[MARKER_TEXT];
    struct redis_batch b = {0};
    enum status st = ST_OK;

    for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
        if (!(which >> p & 1))
            continue;
        trend_marker_text(s, value, incarnation, reached[p], "");
        batch_move(s, &b, p, value);
    }
    if (b.count > 0)
        st = send_moves(s, &b, err);
    redis_batch_clear(&b);
    for (unsigned p = 0; st == ST_OK && p < KEY_PARTITIONS; p++) {
        if (!(which >> p & 1))
            continue;
        s->place[p].incarnation = incarnation;
        s->place[p].seq = reached[p];
        trend_marker_text(s, s->place[p].value, incarnation, reached[p], "");
    }
    return st;
}
