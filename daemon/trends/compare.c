/*
 * compare.c - one partition at a time: ask for what every cell should be, look at the answers.
 *
 * While cells are visited only memory is written: a command into the batch, and what its answer
 * should be into `expected`, in the same order:
 *
 *   type (1 byte), month (1 byte), key, then for a hash the number of fields and name, value of
 *   each in ascending order of names, for a HyperLogLog its string value. Texts are a varint of
 *   their length and the bytes.
 */
#include "compare.h"

#include <stdlib.h>

#include "hash.h"

#define CHUNK (1024 * 1024)

/* --- the set of hashes --- */

uint64_t
known_hash(struct span key, struct span field)
{
    uint64_t h = hash_bytes(key.p, key.n, 0);

    if (field.n > 0)
        h = hash_bytes(field.p, field.n, h);
    return h ? h : 1; /* 0 marks an empty slot */
}

static size_t
known_place(const struct known *k, uint64_t hash)
{
    size_t i = hash & (k->cap - 1);

    while (k->slot[i] != 0 && k->slot[i] != hash)
        i = (i + 1) & (k->cap - 1);
    return i;
}

bool
known_has(const struct known *k, uint64_t hash)
{
    return k->cap > 0 && k->slot[known_place(k, hash)] == hash;
}

bool
known_add(struct known *k, uint64_t hash)
{
    size_t i;

    if (k->count * 3 >= k->cap * 2) {
        struct known bigger = {.cap = k->cap ? k->cap * 2 : 1024, .count = k->count};

        bigger.slot = xcalloc(bigger.cap, sizeof *bigger.slot);
        for (i = 0; i < k->cap; i++)
            if (k->slot[i])
                bigger.slot[known_place(&bigger, k->slot[i])] = k->slot[i];
        free(k->slot);
        *k = bigger;
    }
    i = known_place(k, hash);
    if (k->slot[i] == hash)
        return false;
    k->slot[i] = hash;
    k->count++;
    return true;
}

void
known_clear(struct known *k)
{
    free(k->slot);
    *k = (struct known){0};
}

/* --- asking --- */

void
comparer_init(struct comparer *c, struct redis_link *link, const char *node,
              const struct change_feed *feed, const struct config_retention *retention,
              bool never_expire)
{
    *c = (struct comparer){.link = link, .feed = feed, .upto = UINT64_MAX};
    key_imager_init(&c->imager, node, retention, never_expire);
}

void
comparer_clear(struct comparer *c)
{
    key_imager_clear(&c->imager);
    redis_batch_clear(&c->batch);
    buf_clear(&c->expected);
    buf_clear(&c->sketch);
    known_clear(&c->hot);
    known_clear(&c->aged);
}

static void
put_text(struct buf *b, struct span s)
{
    buf_varint(b, s.n);
    buf_span(b, s);
}

static void
learn(struct comparer *c, const struct key_image *image)
{
    struct span none = {0};

    if (image->type == KEY_GONE)
        return;
    if (!image->month)
        known_add(c->known, known_hash(image->key, none));
    for (size_t i = 0; image->month && i < image->field_count; i++)
        known_add(c->known, known_hash(image->key, image->fields[i].name));
}

static int
by_name(const void *a, const void *b)
{
    return span_cmp(((const struct key_field *)a)->name, ((const struct key_field *)b)->name);
}

/* The field that says how new this node's others are. */
static struct span
node_version(const struct comparer *c)
{
    return span_of(c->imager.at_node, c->imager.at_node_n);
}

static void
ask_hash(struct comparer *c, const struct key_image *image, struct key_field *fields)
{
    size_t n = image->field_count;

    qsort(fields, n, sizeof *fields, by_name);
    redis_batch_begin(&c->batch, 0, image->month ? 3 + (unsigned)n : 2);
    redis_batch_str(&c->batch, image->month ? "HMGET" : "HGETALL");
    redis_batch_arg(&c->batch, image->key);
    buf_varint(&c->expected, n);
    for (size_t i = 0; i < n; i++) {
        if (image->month)
            redis_batch_arg(&c->batch, fields[i].name);
        put_text(&c->expected, fields[i].name);
        put_text(&c->expected, fields[i].value);
    }
    if (image->month)
        redis_batch_arg(&c->batch, node_version(c));
}

static void
ask_image(struct comparer *c, const struct key_image *image)
{
    if (image->expire_at <= c->now)
        return;
    buf_char(&c->expected, (char)image->type);
    buf_char(&c->expected, (char)image->month);
    put_text(&c->expected, image->key);
    if (image->type == KEY_HASH) {
        /* The imager's own array: sorting it changes the order of fields, nothing else. */
        ask_hash(c, image, c->imager.fields + (image->fields - c->imager.fields));
        return;
    }
    redis_batch_begin(&c->batch, 0, 2);
    redis_batch_arg(&c->batch, SPAN("GET"));
    redis_batch_arg(&c->batch, image->key);
    if (image->type == KEY_SKETCH) {
        buf_reset(&c->sketch);
        sketch_to_redis(image->sketch, &c->sketch);
        put_text(&c->expected, span_of(c->sketch.p, c->sketch.n));
    }
}

static enum status
visit_cell(void *arg, const struct cell *cell, struct error *err)
{
    struct key_image images[KEY_IMAGES_MAX];
    struct comparer *c = arg;
    size_t n = key_images(&c->imager, cell, images);

    (void)err;
    for (size_t i = 0; i < n; i++) {
        if (c->known)
            learn(c, &images[i]);
        if (cell->seq <= c->upto)
            ask_image(c, &images[i]);
    }
    return ST_OK;
}

/* --- looking at the answers --- */

static struct span
take_text(struct comparer *c, const char *end)
{
    const uint8_t *p = (const uint8_t *)c->expected.p + c->at;
    uint64_t n = 0;
    struct span s;

    varint_read(&p, (const uint8_t *)end, &n);
    s = span_of((const char *)p, n);
    c->at = (size_t)((const char *)p - c->expected.p) + n;
    return s;
}

static uint64_t
take_number(struct comparer *c, const char *end)
{
    const uint8_t *p = (const uint8_t *)c->expected.p + c->at;
    uint64_t n = 0;

    varint_read(&p, (const uint8_t *)end, &n);
    c->at = (size_t)((const char *)p - c->expected.p);
    return n;
}

static void
tell(struct comparer *c, enum difference what, struct span key, const struct key_field *f,
     struct span have)
{
    struct span none = {0};

    if (c->visit)
        c->visit(c->arg, what, key, f ? f->name : none, have, f ? f->value : none);
}

static struct span
reply_text(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING ? span_of(r->str, r->len) : span_of(NULL, 0);
}

static bool
is_there(const redisReply *r)
{
    return r && r->type == REDIS_REPLY_STRING;
}

static void
judge_field(struct comparer *c, struct span key, const struct key_field *f, const redisReply *r)
{
    if (!is_there(r))
        tell(c, DIFFERENCE_MISSING, key, f, span_of("", 0));
    else if (!span_eq(reply_text(r), f->value))
        tell(c, DIFFERENCE_VALUE, key, f, reply_text(r));
}

/* "incarnation:batch" */
static bool
is_version(struct span text)
{
    const char *colon = memchr(text.p, ':', text.n);
    size_t n = colon ? (size_t)(colon - text.p) : 0;
    int64_t inc, seq;

    return colon && span_to_i64(span_of(text.p, n), &inc) && inc >= 0 &&
           span_to_i64(span_of(colon + 1, text.n - n - 1), &seq) && seq >= 0;
}

/* It goes with the fields: a key that has none of them is not missing a version, too. A month's
 * key comes by once a day. */
static void
judge_version(struct comparer *c, struct span key, const redisReply *r)
{
    struct key_field version = {.name = node_version(c)};
    bool there = is_there(r);

    if ((there && is_version(reply_text(r))) || !known_add(&c->aged, known_hash(key, version.name)))
        return;
    tell(c, there ? DIFFERENCE_VALUE : DIFFERENCE_MISSING, key, &version,
         there ? reply_text(r) : span_of("", 0));
}

/* True for a counter of ours; the bare @NODE is the key's version. */
static bool
is_own(const struct comparer *c, struct span field)
{
    size_t n = strlen(c->imager.node);

    return field.n > n + 1 && field.p[field.n - n - 1] == '@' &&
           memcmp(field.p + field.n - n, c->imager.node, n) == 0;
}

static void
judge_whole_hash(struct comparer *c, struct span key, const struct key_field *fields, size_t n,
                 const redisReply *r)
{
    const redisReply **found = xcalloc(n, sizeof *found), *version = NULL;
    size_t pairs = r->type == REDIS_REPLY_ARRAY ? r->elements / 2 : 0, known = 0;

    for (size_t i = 0; i < pairs; i++) {
        struct key_field have = {.name = reply_text(r->element[2 * i])}, *f;

        f = bsearch(&have, fields, n, sizeof *fields, by_name);
        known += f != NULL;
        if (f)
            found[f - fields] = r->element[2 * i + 1];
        else if (span_eq(have.name, node_version(c)))
            version = r->element[2 * i + 1];
        else if (is_own(c, have.name))
            tell(c, DIFFERENCE_EXTRA, key, &have, reply_text(r->element[2 * i + 1]));
    }
    for (size_t i = 0; i < n; i++)
        judge_field(c, key, &fields[i], found[i]);
    if (known > 0)
        judge_version(c, key, version);
    free(found);
}

/* What HMGET says of one day of a month: its fields, and the version of all days. */
static void
judge_day(struct comparer *c, struct span key, const struct key_field *fields, size_t n,
          const redisReply *r)
{
    bool whole = r->type == REDIS_REPLY_ARRAY && r->elements == n + 1, known = false;

    for (size_t i = 0; i < n; i++) {
        const redisReply *field = whole ? r->element[i] : NULL;

        judge_field(c, key, &fields[i], field);
        known |= is_there(field);
    }
    if (known)
        judge_version(c, key, r->element[n]);
}

static void
judge_hash(struct comparer *c, struct span key, bool month, const char *end, const redisReply *r)
{
    size_t n = take_number(c, end);
    struct key_field *fields = xcalloc(n, sizeof *fields);

    for (size_t i = 0; i < n; i++) {
        fields[i].name = take_text(c, end);
        fields[i].value = take_text(c, end);
    }
    c->fields += n;
    (month ? judge_day : judge_whole_hash)(c, key, fields, n, r);
    free(fields);
}

/* Bytes 8 to 15 of the value hold the last count, which PFCOUNT writes there (Redis 7,
 * hyperloglog.c). Equal otherwise is the usual case; a PFADD that added nothing new, or another
 * encoding, still holds the same registers. */
#define COUNT_AT  8
#define COUNT_END 16

static bool
same_sketch(struct span a, struct span b)
{
    struct sketch x, y;
    bool same = false;

    if (a.n == b.n && a.n > COUNT_END && memcmp(a.p, b.p, COUNT_AT) == 0 &&
        memcmp(a.p + COUNT_END, b.p + COUNT_END, a.n - COUNT_END) == 0)
        return true;
    sketch_init(&x);
    sketch_init(&y);
    if (sketch_from_redis(&x, a, NULL) == ST_OK && sketch_from_redis(&y, b, NULL) == ST_OK)
        same = sketch_same(&x, &y);
    sketch_clear(&x);
    sketch_clear(&y);
    return same;
}

static void
judge_sketch(struct comparer *c, struct span key, const char *end, const redisReply *r)
{
    struct span want = take_text(c, end);

    if (r->type == REDIS_REPLY_NIL)
        tell(c, DIFFERENCE_MISSING, key, NULL, span_of("", 0));
    else if (!same_sketch(want, reply_text(r)))
        tell(c, DIFFERENCE_VALUE, key, NULL, span_of("", 0));
}

static bool
judge(void *arg, size_t i, redisReply *r)
{
    struct comparer *c = arg;
    const char *end = c->expected.p + c->expected.n;
    enum key_type type = (enum key_type)c->expected.p[c->at];
    bool month = c->expected.p[c->at + 1] != 0;
    struct span key;

    (void)i;
    c->at += 2;
    key = take_text(c, end);
    c->keys++;
    if (redis_is_error(r, NULL) && !redis_is_error(r, "WRONGTYPE") && c->refused == ST_OK)
        c->refused = redis_refusal(c->link, r, &c->error);
    if (type == KEY_HASH)
        judge_hash(c, key, month, end, r);
    else if (type == KEY_SKETCH)
        judge_sketch(c, key, end, r);
    else if (r->type != REDIS_REPLY_NIL)
        tell(c, DIFFERENCE_EXTRA, key, NULL, span_of("", 0));
    return false;
}

/* --- a partition --- */

static enum status
flush(struct comparer *c, struct error *err)
{
    enum status st;

    c->at = 0;
    c->refused = ST_OK;
    st = redis_link_send(c->link, &c->batch, judge, c, err);
    if (st == ST_OK && c->refused != ST_OK) {
        if (err)
            *err = c->error;
        st = c->refused;
    }
    redis_batch_reset(&c->batch);
    buf_reset(&c->expected);
    return st;
}

static enum status
note_hot(void *arg, const struct cell *cell, struct error *err)
{
    struct comparer *c = arg;

    (void)err;
    known_add(&c->hot, cell->hash ? cell->hash : 1);
    return ST_OK;
}

/* What memory holds is compared as it is there: Redis may rightly be ahead of the row. */
static enum status
visit_disk(void *arg, const struct cell *cell, struct error *err)
{
    struct comparer *c = arg;
    enum status st;

    if (known_has(&c->hot, cell->hash ? cell->hash : 1))
        return ST_OK;
    st = visit_cell(c, cell, err);
    if (st == ST_OK && c->batch.out.n + c->expected.n > CHUNK)
        st = flush(c, err);
    return st;
}

enum status
comparer_partition(struct comparer *c, unsigned partition, struct error *err)
{
    const struct change_feed *feed = c->feed;
    uint64_t since = feed->memory_since(feed->ctx), upto;
    enum status st;

    c->now = feed->now(feed->ctx);
    redis_batch_reset(&c->batch);
    buf_reset(&c->expected);
    known_clear(&c->hot);
    known_clear(&c->aged);
    st = feed->scan_memory(feed->ctx, partition, since, note_hot, c, &upto, err);
    if (st == ST_OK)
        st = feed->scan_disk(feed->ctx, partition, 0, visit_disk, c, err);
    if (st != ST_OK)
        return st == ST_RETRY ? ST_MORE : st;
    st = feed->scan_memory(feed->ctx, partition, 0, visit_cell, c, &upto, err);
    if (st == ST_RETRY || (st == ST_OK && feed->memory_since(feed->ctx) > since))
        return ST_MORE;
    return st == ST_OK ? flush(c, err) : st;
}
