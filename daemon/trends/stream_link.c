/*
 * stream_link.c - the commands of Redis streams, and what they answer (Redis 5 and later).
 */
#include "stream_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

#define CONNECT_MS 1000
/* Redis keeps texts of up to 512 MiB, and somebody may have added one. */
#define MAX_REPLY  ((size_t)768 * 1024 * 1024)
#define SILENCE_MS 5000 /* longer than any read waits */
#define CLAIM_PAGE 100

struct stream_link {
    struct redis_link *redis;
    struct stream_link_options opt;
    struct redis_batch batch;
    struct span *fields; /* of the entry that is visited */
    size_t field_cap;
};

/* --- ids --- */

static void
put_id(char out[48], struct stream_id id)
{
    snprintf(out, 48, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);
}

static bool
is_text(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS;
}

static bool
get_id(const redisReply *r, struct stream_id *out)
{
    int end = 0;

    return is_text(r) &&
           sscanf(r->str, "%" SCNu64 "-%" SCNu64 "%n", &out->ms, &out->seq, &end) == 2 &&
           (size_t)end == (size_t)r->len;
}

static struct stream_id
id_after(struct stream_id id)
{
    id.seq++;
    if (id.seq == 0)
        id.ms++;
    return id;
}

/* --- connecting --- */

enum status
stream_link_open(struct stream_link **out, const struct stream_link_options *opt, struct error *err)
{
    struct redis_url url;
    struct stream_link *l;
    enum status st = redis_url_parse(&url, opt->url, err);

    if (st != ST_OK)
        return st;
    l = xcalloc(1, sizeof *l);
    l->opt = *opt;
    st = redis_link_open(&l->redis,
                         &(struct redis_link_options){.url = &url,
                                                      .name = "callswell-stream",
                                                      .connect_timeout_ms = CONNECT_MS,
                                                      .silence_timeout_ms = SILENCE_MS,
                                                      .max_reply = MAX_REPLY},
                         err);
    redis_url_clear(&url);
    if (st == ST_OK)
        *out = l;
    else
        stream_link_close(l);
    return st;
}

void
stream_link_close(struct stream_link *l)
{
    if (!l)
        return;
    redis_link_close(l->redis);
    redis_batch_clear(&l->batch);
    free(l->fields);
    free(l);
}

/* --- asking --- */

static bool
keep(void *arg, size_t i, redisReply *r)
{
    (void)i;
    *(redisReply **)arg = r;
    return true;
}

/* Sends the one command in the batch; an error reply is a failure, a missing group ST_NOT_FOUND.
 * The caller frees *out. */
static enum status
ask(struct stream_link *l, redisReply **out, struct error *err)
{
    enum status st;

    *out = NULL;
    st = redis_link_send(l->redis, &l->batch, keep, out, err);
    redis_batch_reset(&l->batch);
    if (st == ST_OK && redis_is_error(*out, NULL)) {
        st = redis_is_error(*out, "NOGROUP") || redis_is_error(*out, "UNBLOCKED") ||
                     redis_is_error(*out, "ERR no such key")
                 ? fail(err, ST_NOT_FOUND, "the stream or its group is not there")
                 : redis_refusal(l->redis, *out, err);
    }
    if (st != ST_OK && *out) {
        freeReplyObject(*out);
        *out = NULL;
    }
    return st;
}

static enum status
not_understood(struct error *err)
{
    return fail(err, ST_RETRY, "Redis gave an answer about its stream that is not understood");
}

/* "XINFO STREAM" as name, value, ... */
enum status
stream_link_last(struct stream_link *l, struct stream_id *out, struct error *err)
{
    redisReply *r;
    enum status st;

    *out = (struct stream_id){0};
    redis_batch_add(&l->batch, 0, "XINFO", "STREAM", l->opt.stream, NULL);
    st = ask(l, &r, err);
    if (st == ST_NOT_FOUND)
        return ST_OK;
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i + 1 < r->elements; i += 2)
        if (is_text(r->element[i]) && strcmp(r->element[i]->str, "last-generated-id") == 0 &&
            !get_id(r->element[i + 1], out))
            st = not_understood(err);
    freeReplyObject(r);
    return st;
}

enum status
stream_link_make_group(struct stream_link *l, struct stream_id from, bool *made, struct error *err)
{
    redisReply *r = NULL;
    enum status st;
    char id[48];

    put_id(id, from);
    st = redis_link_ask(l->redis, &r, err, "XGROUP", "CREATE", l->opt.stream, l->opt.group, id,
                        "MKSTREAM", NULL);
    if (st != ST_OK)
        return st;
    *made = !redis_is_error(r, NULL);
    if (!*made && !redis_is_error(r, "BUSYGROUP"))
        st = redis_refusal(l->redis, r, err);
    freeReplyObject(r);
    return st;
}

/* --- reading --- */

/* An entry is [id, [name, value, ...]], or [id, nil] if it is gone. */
static bool
visit_entry(struct stream_link *l, const redisReply *r, stream_visit *visit, void *arg)
{
    struct stream_entry e = {0};
    const redisReply *fields;

    if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 || !get_id(r->element[0], &e.id))
        return false;
    fields = r->element[1];
    if (fields->type == REDIS_REPLY_ARRAY)
        e.field_count = fields->elements;
    else if (fields->type != REDIS_REPLY_NIL)
        return false;
    if (e.field_count % 2 != 0)
        return false;
    if (e.field_count > l->field_cap) {
        l->field_cap = e.field_count;
        l->fields = xrealloc(l->fields, l->field_cap * sizeof *l->fields);
    }
    for (size_t i = 0; i < e.field_count; i++) {
        if (fields->element[i]->type != REDIS_REPLY_STRING)
            return false;
        l->fields[i] = span_of(fields->element[i]->str, (size_t)fields->element[i]->len);
    }
    e.fields = l->fields;
    visit(arg, &e);
    return true;
}

/* The answer of XREADGROUP for one stream: [[stream, [entry, ...]]], or nil. */
static enum status
read_entries(struct stream_link *l, stream_visit *visit, void *arg, size_t *n, struct error *err)
{
    const redisReply *list;
    redisReply *r;
    enum status st = ask(l, &r, err);

    *n = 0;
    if (st != ST_OK)
        return st;
    if (r->type == REDIS_REPLY_NIL) {
        freeReplyObject(r);
        return ST_OK;
    }
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 1 ||
        r->element[0]->type != REDIS_REPLY_ARRAY || r->element[0]->elements != 2 ||
        r->element[0]->element[1]->type != REDIS_REPLY_ARRAY) {
        freeReplyObject(r);
        return not_understood(err);
    }
    list = r->element[0]->element[1];
    for (*n = 0; *n < list->elements && st == ST_OK; ++*n)
        if (!visit_entry(l, list->element[*n], visit, arg))
            st = not_understood(err);
    freeReplyObject(r);
    return st;
}

static void
begin_read(struct stream_link *l, int count, int block_ms)
{
    char number[16];

    redis_batch_begin(&l->batch, 0, block_ms > 0 ? 11 : 9);
    redis_batch_str(&l->batch, "XREADGROUP");
    redis_batch_str(&l->batch, "GROUP");
    redis_batch_str(&l->batch, l->opt.group);
    redis_batch_str(&l->batch, l->opt.consumer);
    redis_batch_str(&l->batch, "COUNT");
    snprintf(number, sizeof number, "%d", count);
    redis_batch_str(&l->batch, number);
    if (block_ms > 0) {
        redis_batch_str(&l->batch, "BLOCK");
        snprintf(number, sizeof number, "%d", block_ms);
        redis_batch_str(&l->batch, number);
    }
    redis_batch_str(&l->batch, "STREAMS");
    redis_batch_str(&l->batch, l->opt.stream);
}

enum status
stream_link_read_new(struct stream_link *l, int count, int block_ms, stream_visit *visit, void *arg,
                     size_t *n, struct error *err)
{
    begin_read(l, count, block_ms);
    redis_batch_str(&l->batch, ">");
    return read_entries(l, visit, arg, n, err);
}

enum status
stream_link_read_pending(struct stream_link *l, struct stream_id after, int count,
                         stream_visit *visit, void *arg, size_t *n, struct error *err)
{
    char id[48];

    put_id(id, after);
    begin_read(l, count, 0);
    redis_batch_str(&l->batch, id);
    return read_entries(l, visit, arg, n, err);
}

/* --- what is pending --- */

/* [[id, consumer, idle, deliveries], ...] */
static enum status
ask_pending(struct stream_link *l, const char *consumer, struct stream_id after, int count,
            redisReply **out, struct error *err)
{
    char from[48], number[16];
    enum status st;

    put_id(from, id_after(after));
    snprintf(number, sizeof number, "%d", count);
    redis_batch_add(&l->batch, 0, "XPENDING", l->opt.stream, l->opt.group, from, "+", number,
                    consumer, NULL);
    st = ask(l, out, err);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < (*out)->elements; i++) {
        const redisReply *row = (*out)->element[i];
        struct stream_id id;

        if (row->type != REDIS_REPLY_ARRAY || row->elements != 4 || !get_id(row->element[0], &id) ||
            row->element[3]->type != REDIS_REPLY_INTEGER) {
            freeReplyObject(*out);
            return not_understood(err);
        }
    }
    return ST_OK;
}

enum status
stream_link_deliveries(struct stream_link *l, struct stream_id after, int count,
                       stream_deliveries_visit *visit, void *arg, size_t *n, struct error *err)
{
    redisReply *r;
    enum status st = ask_pending(l, l->opt.consumer, after, count, &r, err);

    *n = 0;
    if (st != ST_OK)
        return st;
    for (; *n < r->elements; ++*n) {
        struct stream_id id;

        get_id(r->element[*n]->element[0], &id);
        visit(arg, id, (uint64_t)r->element[*n]->element[3]->integer);
    }
    freeReplyObject(r);
    return ST_OK;
}

enum status
stream_link_ack(struct stream_link *l, const struct stream_id *ids, size_t n, struct error *err)
{
    redisReply *r;
    enum status st;

    if (n == 0)
        return ST_OK;
    redis_batch_begin(&l->batch, 0, (unsigned)n + 3);
    redis_batch_str(&l->batch, "XACK");
    redis_batch_str(&l->batch, l->opt.stream);
    redis_batch_str(&l->batch, l->opt.group);
    for (size_t i = 0; i < n; i++) {
        char id[48];

        put_id(id, ids[i]);
        redis_batch_str(&l->batch, id);
    }
    st = ask(l, &r, err);
    if (st == ST_OK)
        freeReplyObject(r);
    return st == ST_NOT_FOUND ? ST_OK : st; /* without a group nothing is pending */
}

/* Pages of XPENDING are claimed with JUSTID, which counts no delivery and gives no fields. */
enum status
stream_link_claim(struct stream_link *l, const char *from, uint64_t *n, struct error *err)
{
    struct stream_id last = {0};
    enum status st = ST_OK;
    size_t rows = 1;

    *n = 0;
    while (st == ST_OK && rows > 0) {
        redisReply *page, *r;

        st = ask_pending(l, from, last, CLAIM_PAGE, &page, err);
        if (st != ST_OK)
            return st;
        rows = page->elements;
        if (rows > 0) {
            redis_batch_begin(&l->batch, 0, (unsigned)rows + 6);
            redis_batch_str(&l->batch, "XCLAIM");
            redis_batch_str(&l->batch, l->opt.stream);
            redis_batch_str(&l->batch, l->opt.group);
            redis_batch_str(&l->batch, l->opt.consumer);
            redis_batch_str(&l->batch, "0");
            for (size_t i = 0; i < rows; i++) {
                char id[48];

                get_id(page->element[i]->element[0], &last);
                put_id(id, last);
                redis_batch_str(&l->batch, id);
            }
            redis_batch_str(&l->batch, "JUSTID");
            st = ask(l, &r, err);
            if (st == ST_OK) {
                *n += r->elements;
                freeReplyObject(r);
            }
        }
        freeReplyObject(page);
    }
    return st;
}
