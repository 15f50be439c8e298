/*
 * projection_write.c - one cell after the other into a batch of commands.
 */
#include "projection_write.h"

#include <stdio.h>

#include "civil.h"
#include "keys.h"

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
    buf_clear(&w->members);
    buf_clear(&w->sketch);
}

void
trend_writer_begin(struct trend_writer *w, unsigned partition, uint64_t incarnation, uint64_t batch,
                   int64_t now)
{
    if (partition != w->partition)
        trend_writer_dirty(w);
    w->partition = partition;
    w->now = now;
    snprintf(w->version, sizeof w->version, "%llu:%llu", (unsigned long long)incarnation,
             (unsigned long long)batch);
}

static void
write_hash(struct trend_writer *w, const struct key_image *image)
{
    char field[40] = "@";

    redis_batch_begin(&w->batch, w->partition, 2 + 2 * ((unsigned)image->field_count + 1));
    redis_batch_arg(&w->batch, SPAN("HSET"));
    redis_batch_arg(&w->batch, image->key);
    for (size_t i = 0; i < image->field_count; i++) {
        redis_batch_arg(&w->batch, image->fields[i].name);
        redis_batch_arg(&w->batch, image->fields[i].value);
    }
    snprintf(field + 1, sizeof field - 1, "%s", w->imager.node);
    redis_batch_str(&w->batch, field);
    redis_batch_str(&w->batch, w->version);
    w->fields += image->field_count;
}

static void
write_sketch(struct trend_writer *w, const struct key_image *image)
{
    buf_reset(&w->sketch);
    sketch_to_redis(image->sketch, &w->sketch);
    redis_batch_begin(&w->batch, w->partition, 3);
    redis_batch_arg(&w->batch, SPAN("SET"));
    redis_batch_arg(&w->batch, image->key);
    redis_batch_arg(&w->batch, span_of(w->sketch.p, w->sketch.n));
}

static void
write_lifetime(struct trend_writer *w, const struct key_image *image)
{
    redis_batch_begin(&w->batch, w->partition, 3);
    redis_batch_arg(&w->batch, SPAN("EXPIREAT"));
    redis_batch_arg(&w->batch, image->key);
    redis_batch_i64(&w->batch, image->expire_at);
}

static void
write_bare(struct trend_writer *w, const char *verb, struct span key)
{
    redis_batch_begin(&w->batch, w->partition, 2);
    redis_batch_str(&w->batch, verb);
    redis_batch_arg(&w->batch, key);
}

static void
write_image(struct trend_writer *w, const struct key_image *image)
{
    if (image->expire_at <= w->now) {
        w->expired++;
        return;
    }
    w->keys++;
    if (image->type == KEY_GONE) {
        write_bare(w, "UNLINK", image->key);
        return;
    }
    if (image->type == KEY_HASH)
        write_hash(w, image);
    else
        write_sketch(w, image);
    if (image->expire_at != KEY_FOR_EVER && image->closed_day <= day_of(w->now))
        write_lifetime(w, image);
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

    for (size_t i = 0; i < n; i++)
        write_image(w, &images[i]);
    if (n > 0)
        remember_dirty(w, c);
}

void
trend_writer_dirty(struct trend_writer *w)
{
    char name[64];
    struct buf key = {name, 0, sizeof name};

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
            write_lifetime(w, &images[i]);
        else if (images[i].expire_at == KEY_FOR_EVER && persist)
            write_bare(w, "PERSIST", images[i].key);
    }
}
