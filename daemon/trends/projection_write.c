/*
 * projection_write.c - one cell after the other into a batch of commands.
 */
#include "projection_write.h"

#include <stdio.h>

#include "civil.h"
#include "redis_dump.h"

void
trend_writer_init(struct trend_writer *w, const char *node,
                  const struct config_retention *retention, bool never_expire)
{
    *w = (struct trend_writer){0};
    key_imager_init(&w->imager, node, retention, never_expire);
}

void
trend_writer_clear(struct trend_writer *w)
{
    key_imager_clear(&w->imager);
    redis_batch_clear(&w->batch);
    months_clear(&w->months);
    buf_clear(&w->members);
    buf_clear(&w->value);
    buf_clear(&w->version);
}

void
trend_writer_reset(struct trend_writer *w)
{
    redis_batch_reset(&w->batch);
    w->restores = 0;
    months_reset(&w->months);
    buf_reset(&w->members);
    w->member_count = 0;
}

size_t
trend_writer_held(const struct trend_writer *w)
{
    return redis_batch_held(&w->batch) + months_held(&w->months) + w->members.cap + w->value.cap +
           (w->files ? start_files_memory(w->files) : 0);
}

void
trend_writer_begin(struct trend_writer *w, unsigned partition, uint64_t incarnation, uint64_t batch,
                   int64_t now)
{
    char text[48];

    if (partition != w->partition)
        trend_writer_dirty(w);
    w->partition = partition;
    w->now = now;
    buf_reset(&w->version);
    dump_entry(&w->version, span_of(w->imager.at_node, w->imager.at_node_n));
    snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)incarnation,
             (unsigned long long)batch);
    dump_entry(&w->version, span_str(text));
}

/* --- single commands --- */

static bool
has_lifetime(const struct trend_writer *w, const struct key_image *image)
{
    return image->expire_at != KEY_FOR_EVER && image->closed_day <= day_of(w->now);
}

static void
write_lifetime(struct redis_batch *b, unsigned partition, struct span key, int64_t at)
{
    redis_batch_begin(b, partition, 3);
    redis_batch_arg(b, SPAN("PEXPIREAT"));
    redis_batch_arg(b, key);
    redis_batch_i64(b, at * 1000);
}

/* A key of which the files know nothing yet. */
static bool
is_new(const struct trend_writer *w, struct span key)
{
    return w->files && start_files_first(w->files, key);
}

/* at: 0 for a key without end. */
static void
write_sketch(struct trend_writer *w, const struct key_image *image, int64_t at)
{
    buf_reset(&w->value);
    sketch_to_redis(image->sketch, &w->value);
    if (is_new(w, image->key)) {
        start_files_string(w->files, image->key, span_of(w->value.p, w->value.n), at * 1000);
        return;
    }
    redis_batch_begin(&w->batch, w->partition, at && w->set_with_time ? 5 : 3);
    redis_batch_arg(&w->batch, SPAN("SET"));
    redis_batch_arg(&w->batch, image->key);
    redis_batch_arg(&w->batch, span_of(w->value.p, w->value.n));
    if (at && w->set_with_time) {
        redis_batch_arg(&w->batch, SPAN("PXAT"));
        redis_batch_i64(&w->batch, at * 1000);
    } else if (at) {
        write_lifetime(&w->batch, w->partition, image->key, at);
    }
}

/* --- hashes; entries end with @NODE and the version --- */

/* One read, one write. Versions are numbers of one length or another, compared as text because
 * Lua's numbers are inexact. ARGV: @NODE, incarnation, batch, what HSET takes. */
static const char guard_script[] =
    "local v = redis.pcall('HGET', KEYS[1], ARGV[1])\n"
    "if type(v) == 'table' then return v end\n"
    "local function newer(a, b) return #a > #b or (#a == #b and a > b) end\n"
    "local i, s = string.match(v or '', '^(%d+):(%d+)$')\n"
    "if i and (newer(i, ARGV[2]) or (i == ARGV[2] and newer(s, ARGV[3]))) then\n"
    "  return redis.error_reply('NEWER version ' .. v)\n"
    "end\n"
    "return redis.pcall('HSET', KEYS[1], unpack(ARGV, 4))";

#define GUARD_FIELDS 3000 /* Lua's unpack ends at 8000 values */
#define GUARD_HSET   7    /* the first argument that is HSET's */

static void
write_some(struct redis_batch *b, struct span *entries, size_t fields)
{
    struct span text;

    for (size_t i = 0; i < 2 * fields && dump_take(entries, &text); i++)
        redis_batch_arg(b, text);
}

/* Every part carries the version, and so cannot be set back. */
static void
write_guarded(struct redis_batch *b, unsigned partition, struct span key, struct span entries,
              size_t fields)
{
    struct span rest = entries, node = {0}, version = {0}, seq;
    const char *colon;

    while (dump_take(&rest, &node))
        dump_take(&rest, &version);
    colon = memchr(version.p, ':', version.n);
    seq = span_of(colon + 1, version.n - (size_t)(colon + 1 - version.p));
    for (size_t left = fields - 1, n; left > 0; left -= n) {
        n = left < GUARD_FIELDS ? left : GUARD_FIELDS;
        redis_batch_begin(b, partition, GUARD_HSET + 2 + 2 * (unsigned)n);
        redis_batch_arg(b, SPAN("EVAL"));
        redis_batch_arg(b, span_of(guard_script, sizeof guard_script - 1));
        redis_batch_arg(b, SPAN("1"));
        redis_batch_arg(b, key);
        redis_batch_arg(b, node);
        redis_batch_arg(b, span_of(version.p, (size_t)(colon - version.p)));
        redis_batch_arg(b, seq);
        write_some(b, &entries, n);
        redis_batch_arg(b, node);
        redis_batch_arg(b, version);
    }
}

static void
write_hset(const struct trend_writer *w, struct redis_batch *b, unsigned partition, struct span key,
           struct span entries)
{
    struct span rest = entries, text;
    size_t texts = 0;

    while (dump_take(&rest, &text))
        texts++;
    if (w->guarded) {
        write_guarded(b, partition, key, entries, texts / 2);
        return;
    }
    redis_batch_begin(b, partition, 2 + (unsigned)texts);
    redis_batch_arg(b, SPAN("HSET"));
    redis_batch_arg(b, key);
    write_some(b, &entries, texts / 2);
}

static void
write_restore(struct trend_writer *w, struct span key, struct span entries, size_t fields,
              int64_t at)
{
    char *payload;

    redis_batch_begin(&w->batch, w->partition, 5);
    redis_batch_arg(&w->batch, SPAN("RESTORE"));
    redis_batch_arg(&w->batch, key);
    redis_batch_i64(&w->batch, at * 1000);
    payload = redis_batch_room(&w->batch, dump_bytes(entries.n));
    memcpy(dump_begin(payload, entries.n, fields), entries.p, entries.n);
    dump_end(payload, entries.n);
    redis_batch_arg(&w->batch, SPAN("ABSTTL"));
    w->restores++;
}

/* w->value holds the entries, without the version. at: 0 for a key without end. */
static void
write_hash(struct trend_writer *w, struct span key, size_t fields, int64_t at)
{
    struct span entries;

    buf_add(&w->value, w->version.p, w->version.n);
    entries = span_of(w->value.p, w->value.n);
    w->keys++;
    w->fields += fields;
    if (is_new(w, key) && fields < DUMP_MAX_FIELDS) {
        start_files_hash(w->files, key, entries, fields + 1, at * 1000);
        return;
    }
    if (w->fresh && !w->files && fields < DUMP_MAX_FIELDS) {
        write_restore(w, key, entries, fields + 1, at);
        return;
    }
    write_hset(w, &w->batch, w->partition, key, entries);
    if (at)
        write_lifetime(&w->batch, w->partition, key, at);
}

void
trend_writer_plain(const struct trend_writer *w, struct redis_batch *to,
                   const struct redis_batch *from, size_t i)
{
    unsigned partition = from->at[i].partition;
    struct span key = redis_batch_key(from, i);
    int64_t at;

    write_hset(w, to, partition, key, dump_entries(redis_batch_argument(from, i, 3)));
    if (span_to_i64(redis_batch_argument(from, i, 2), &at) && at > 0)
        write_lifetime(to, partition, key, at / 1000);
}

void
trend_writer_unguarded(struct redis_batch *to, const struct redis_batch *from, size_t i)
{
    unsigned args = GUARD_HSET;

    while (redis_batch_argument(from, i, args).n > 0)
        args++;
    redis_batch_begin(to, from->at[i].partition, 2 + args - GUARD_HSET);
    redis_batch_arg(to, SPAN("HSET"));
    redis_batch_arg(to, redis_batch_key(from, i));
    for (unsigned k = GUARD_HSET; k < args; k++)
        redis_batch_arg(to, redis_batch_argument(from, i, k));
}

static void
write_bare(struct trend_writer *w, const char *verb, struct span key)
{
    redis_batch_begin(&w->batch, w->partition, 2);
    redis_batch_str(&w->batch, verb);
    redis_batch_arg(&w->batch, key);
}

/* True if another cell of the same month came before. */
static bool
write_image(struct trend_writer *w, const struct key_image *image)
{
    int64_t at = has_lifetime(w, image) ? image->expire_at : 0;
    struct month *month;

    if (image->expire_at <= w->now) {
        w->expired++;
        return false;
    }
    if (image->type != KEY_HASH) {
        w->keys++;
        if (image->type != KEY_GONE)
            write_sketch(w, image, at);
        else if (!is_new(w, image->key))
            write_bare(w, "UNLINK", image->key);
        return false;
    }
    buf_reset(&w->value);
    for (size_t i = 0; i < image->field_count; i++) {
        dump_entry(&w->value, image->fields[i].name);
        dump_entry(&w->value, image->fields[i].value);
    }
    if (!image->month) {
        write_hash(w, image->key, image->field_count, at);
        return false;
    }
    month = months_add(&w->months, image->key, image->dd, span_of(w->value.p, w->value.n),
                       image->field_count);
    month->expire_at = at;
    return (month->days & (month->days - 1)) != 0;
}

/* HSET answers how many fields were new. All of them, the version too: then nothing of this node
 * was there. Of several guarded parts it is the first that finds that. */
static void
watch_month(struct trend_writer *w, size_t command, size_t fields)
{
    if (w->guarded && fields > GUARD_FIELDS)
        fields = GUARD_FIELDS;
    w->batch.at[command].watch = (uint32_t)fields + 1;
}

void
trend_writer_months(struct trend_writer *w)
{
    for (size_t i = 0; i < w->months.count; i++) {
        const struct month *month = &w->months.at[i];
        size_t command = w->batch.count;

        buf_reset(&w->value);
        months_entries(&w->months, month, &w->value);
        write_hash(w, months_key(&w->months, month), month->fields, month->expire_at);
        if (w->watch)
            watch_month(w, command, month->fields);
    }
    months_reset(&w->months);
}

static void
remember_dirty(struct trend_writer *w, const struct cell *c)
{
    size_t at = w->members.n, n;

    buf_add(&w->members, "\0\0", 2);
    if (!key_dirty_member(&w->members, c)) {
        w->members.n = at;
        return;
    }
    n = w->members.n - at - 2;
    w->members.p[at] = (char)(n & 0xFF);
    w->members.p[at + 1] = (char)(n >> 8);
    /* The days of one subject often come in a row. */
    if (w->member_count > 0 && span_eq(span_of(w->members.p + at, n + 2),
                                       span_of(w->members.p + w->last_member, at - w->last_member)))
        w->members.n = at;
    else {
        w->last_member = at;
        w->member_count++;
    }
}

void
trend_writer_cell(struct trend_writer *w, const struct cell *c)
{
    struct key_image images[KEY_IMAGES_MAX];
    size_t n = key_images(&w->imager, c, images);
    bool known = false; /* the month's first cell put the subject among the members */

    for (size_t i = 0; i < n; i++)
        known |= write_image(w, &images[i]);
    if (n > 0 && !known)
        remember_dirty(w, c);
}

void
trend_writer_dirty(struct trend_writer *w)
{
    char name[64];
    struct buf key = {name, 0, sizeof name};

    if (w->months.count > 0)
        return;
    if (w->member_count > 0) {
        keys_dirty(&key, w->partition);
        redis_batch_begin(&w->batch, w->partition, 2 + (unsigned)w->member_count);
        redis_batch_arg(&w->batch, SPAN("SADD"));
        redis_batch_arg(&w->batch, span_of(key.p, key.n));
        for (size_t at = 0; at < w->members.n;) {
            size_t n = (unsigned char)w->members.p[at] | (size_t)(unsigned char)w->members.p[at + 1]
                                                             << 8;

            redis_batch_arg(&w->batch, span_of(w->members.p + at + 2, n));
            at += 2 + n;
        }
    }
    buf_reset(&w->members);
    w->member_count = 0;
}

void
trend_writer_lifetime(struct trend_writer *w, const struct cell *c, int32_t after, int32_t to,
                      bool persist)
{
    struct key_image images[KEY_IMAGES_MAX];
    size_t n = key_images(&w->imager, c, images);

    for (size_t i = 0; i < n; i++) {
        bool closed = images[i].closed_day > after && images[i].closed_day <= to;

        if (images[i].type == KEY_GONE)
            continue;
        if (images[i].expire_at != KEY_FOR_EVER && closed)
            write_lifetime(&w->batch, w->partition, images[i].key, images[i].expire_at);
        else if (images[i].expire_at == KEY_FOR_EVER && persist)
            write_bare(w, "PERSIST", images[i].key);
    }
}
