/*
 * projection_fill.c - an empty server of our own is started with all it is to hold.
 *
 * A managed server that has nothing but a session's own keys, and whose only client we are, is
 * not told of each key: all of them are written into the files it starts from (start_files.h), and
 * it is ended and started with those.
 *
 *   base   every key, as the first visit of its cell made it
 *   log    what came for such a key once more, as commands; the dirty sets; how far keys have their
 *          lifetimes; cs:owner and cs:sent; and the markers, last
 *
 * The folder is whole and on the disk before the old one goes, and it takes its place by one
 * rename. So the server has all of it or nothing, keys and markers alike, and a crash anywhere
 * leaves what any start can go on from: the old server, no server, or no files, which is an empty
 * server. Whatever Redis cannot read it is started without, and filled again.
 *
 * Others who come while the files are written are noticed, before anything ends, and from then on
 * can only read: then everything is sent, as it is to a server that is not ours. So is what would
 * make small files. After a start with the files the session begins anew, and finds its markers.
 */
#include "projection_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "fault.h"
#include "log.h"

#define LEAST_BYTES ((size_t)4 * 1024 * 1024) /* of keys that are worth a server's start */
#define STATE_KEYS  (2 * KEY_PARTITIONS + 3)
#define DATABASES   16
#define PAUSE_MS    "10000" /* longer than it takes to look once more and to end the server */

static bool
has_markers(const struct projection *p)
{
    for (unsigned part = 0; part < KEY_PARTITIONS; part++)
        if (p->session.place[part].seq > 0)
            return true;
    return false;
}

bool
projection_may_fill(const struct projection *p)
{
    const struct change_feed *feed = p->opt.feed;

    return p->opt.restart && !p->fill_tried && p->restore_ok && !p->session.restored &&
           !p->session.guarded && feed->last_batch(feed->ctx) > 0 && !has_markers(p);
}

/* A server that came without what was in its files could not read them, and would not the next
 * time. cs:sent is ahead of the markers where a batch came while files were made. */
void
projection_note_filled(struct projection *p)
{
    p->fill_tried = p->filled && !has_markers(p);
    if (p->fill_tried)
        log_warn("redis_fill_lost", "node=%s text=\"all keys are sent\"", p->node);
    if (p->filled)
        p->session.interrupted = false;
    p->filled = false;
}

/* --- is there anything to lose? --- */

/* cs:meta, cs:owner:NODE, cs:sent:NODE, cs:{P}:applied:NODE, cs:{P}:swept:NODE. */
static bool
is_state_key(const char *node, const char *key)
{
    static const char *const kinds[] = {"owner", "sent", "applied", "swept"};
    char text[96];
    int at = 0;

    if (strcmp(key, "cs:meta") == 0)
        return true;
    if (strncmp(key, "cs:", 3) != 0)
        return false;
    key += 3;
    if (key[0] == '{' && key[1] >= '0' && key[1] <= '9') {
        sscanf(key, "{%*u}:%n", &at);
        key += at;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        snprintf(text, sizeof text, "%s:%s", kinds[i], node);
        if (strcmp(key, text) == 0)
            return true;
    }
    return false;
}

static bool
has_state_only(const char *node, const redisReply *keys)
{
    for (size_t i = 0; i < keys->elements; i++)
        if (keys->element[i]->type != REDIS_REPLY_STRING ||
            !is_state_key(node, keys->element[i]->str))
            return false;
    return keys->type == REDIS_REPLY_ARRAY;
}

static bool
info_says(struct span info, const char *name, const char *value)
{
    struct span text;

    return redis_info_find(info, name, &text) && span_is(text, value);
}

/* Nobody else is there, nor has left functions, nor keys but in our database, and few there. */
static bool
is_ours_alone(struct span info)
{
    struct span text;
    unsigned keys;
    char name[8];

    if (!info_says(info, "connected_clients", "1") || !info_says(info, "connected_slaves", "0") ||
        !info_says(info, "number_of_libraries", "0"))
        return false;
    for (unsigned db = 1; db < DATABASES; db++) {
        snprintf(name, sizeof name, "db%u", db);
        if (redis_info_find(info, name, &text))
            return false;
    }
    return redis_info_find(info, "db0", &text) && sscanf(text.p, "keys=%9u", &keys) == 1 &&
           keys <= STATE_KEYS;
}

static enum status
look_for_others(struct projection *p, bool *alone, struct error *err)
{
    redisReply *r = NULL;
    enum status st = redis_link_must(p->link, &r, err, "INFO", NULL);

    if (st != ST_OK)
        return st;
    *alone = r->type == REDIS_REPLY_STRING && is_ours_alone(span_of(r->str, r->len));
    freeReplyObject(r);
    if (!*alone)
        return ST_OK;
    st = redis_link_must(p->link, &r, err, "KEYS", "*", NULL);
    if (st != ST_OK)
        return st;
    *alone = has_state_only(p->node, r);
    freeReplyObject(r);
    return ST_OK;
}

/* --- the files --- */

static void
set_key(struct redis_batch *b, struct span key, const char *value)
{
    redis_batch_begin(b, 0, 3);
    redis_batch_arg(b, SPAN("SET"));
    redis_batch_arg(b, key);
    redis_batch_str(b, value);
}

/* What a session leaves in Redis when it has sent everything. */
static void
write_state(struct projection *p)
{
    struct trend_session *s = &p->session;
    struct redis_batch *b = &p->writer.batch;
    char text[96], value[MARKER_TEXT];
    struct buf key = {text, 0, sizeof text};

    keys_owner(&key, p->node);
    set_key(b, span_of(key.p, key.n), p->opt.feed->ledger_id);
    buf_reset(&key);
    keys_sent(&key, p->node);
    trend_marker_text(s, value, p->opt.feed->incarnation, p->newest, "");
    set_key(b, span_of(key.p, key.n), value);
    for (unsigned part = 0; part < KEY_PARTITIONS; part++) {
        buf_reset(&key);
        keys_applied(&key, part, p->node);
        trend_marker_text(s, value, p->opt.feed->incarnation, p->reached[part], "");
        set_key(b, span_of(key.p, key.n), value);
    }
}

static enum status
write_keys(struct projection *p, struct error *err)
{
    enum status st = ST_OK;

    for (unsigned part = 0; st == ST_OK && part < KEY_PARTITIONS; part++) {
        start_files_forget(p->writer.files);
        st = projection_gather(p, part, 0, false, err);
        trend_writer_dirty(&p->writer);
        projection_note_swept(p, part, day_of(p->writer.now), &p->writer.batch);
        if (st == ST_OK && start_files_due(p->writer.files))
            st = projection_flush(p, err);
    }
    return st == ST_OK ? projection_flush(p, err) : st;
}

/* ST_MORE: there is too little to be worth it, and nothing was written. */
static enum status
write_files(struct projection *p, struct error *err)
{
    struct start_files *files = p->writer.files;
    enum status st = write_keys(p, err);

    if (st != ST_OK)
        return st;
    if (!start_files_begun(files))
        return ST_MORE;
    write_state(p);
    st = projection_flush(p, err);
    return st == ST_OK ? start_files_end(files, err) : st;
}

/* --- the server --- */

/* Whoever comes from here on can write nothing that would be lost. */
static enum status
restart(struct projection *p, bool *filled, struct error *err)
{
    bool alone = false;
    enum status st =
        redis_link_must(p->link, NULL, err, "CLIENT", "PAUSE", PAUSE_MS, "WRITE", NULL);

    if (st == ST_OK)
        st = look_for_others(p, &alone, err);
    if (st == ST_OK && !alone)
        return redis_link_must(p->link, NULL, err, "CLIENT", "UNPAUSE", NULL);
    if (st != ST_OK)
        return st;
    fault_point("redis_files_written");
    *filled = true;
    return p->opt.restart(p->opt.server_arg, &p->stopping, err);
}

/* The keys are sent, then. */
static enum status
without_files(struct projection *p, enum status st, struct error *err)
{
    if (st == ST_MORE)
        return ST_OK;
    if (st == ST_OK || !start_files_failed(p->writer.files))
        return st;
    log_warn("redis_files_not_made", "node=%s error=\"%s\"", p->node, err->text);
    return ST_OK;
}

static enum status
fill(struct projection *p, bool *filled, struct error *err)
{
    struct trend_writer *w = &p->writer;
    uint64_t keys = w->keys, fields = w->fields, expired = w->expired;
    enum status st;

    w->files =
        start_files_new(p->opt.start_folder, p->opt.start_bytes ? p->opt.start_bytes : LEAST_BYTES);
    st = write_files(p, err);
    if (st == ST_OK)
        st = restart(p, filled, err);
    st = without_files(p, st, err);
    start_files_free(w->files);
    w->files = NULL;
    trend_writer_reset(w);
    if (*filled) {
        log_info("redis_filled", "node=%s keys=%llu", p->node,
                 (unsigned long long)(w->keys - keys));
        return st;
    }
    w->keys = keys;
    w->fields = fields;
    w->expired = expired;
    return st;
}

enum status
projection_fill(struct projection *p, bool *filled, struct error *err)
{
    bool alone = false;
    enum status st;

    *filled = false;
    p->fill_tried = true;
    st = look_for_others(p, &alone, err);
    if (st != ST_OK || !alone)
        return st;
    return fill(p, filled, err);
}
