/*
 * cell_codec.c - cells as bytes: the values of one, and a whole set as one blob.
 *
 * Values, version 1 (numbers are LEB128 varints; signed ones zigzag):
 *   byte 1
 *   slots: count, then per slot, ascending: slots skipped since the last one, each column
 *   features and parts: count, then of each, in order of first use: length, name, used, wanted
 *   kinds with distinct counts: two sketches as sketch_codec.c writes them
 * Blob, version 1: byte 1, count of cells, then per cell: kind byte, length, name, day, length
 * of the values, values.
 */
#include <stdlib.h>
#include <string.h>

#include "cell_private.h"

#define VERSION      1
#define VARINT_BYTES 10
/* No counter of a day comes near; keeps sums of what was read from overflowing. */
#define VALUE_MAX (INT64_C(1) << 53)

static bool
has_sketches(enum cell_kind kind)
{
    return kind == CELL_CUSTOMER || kind == CELL_FEATURE;
}

/* --- writing; the caller has reserved the room --- */

static char *
put_varint(char *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (char)v;
    return p;
}

static uint64_t
zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

/* Nearly all are 16 bits wide: those have a loop of their own. */
static void
encode_slots(const struct cell *c, struct buf *out)
{
    unsigned columns = columns_of(c->kind), next = 0;
    const int16_t *narrow = c->slots;
    char *p;

    buf_reserve(out, VARINT_BYTES + (size_t)c->slot_count * (columns + 1) * VARINT_BYTES);
    p = put_varint(out->p + out->n, c->slot_count);
    for (size_t i = 0; i < c->slot_count; i++) {
        unsigned slot = cell_slot_keys(c)[i];
        size_t row = cell_slot_row(c, i) * columns;

        p = put_varint(p, slot - next);
        if (c->width == sizeof *narrow)
            for (unsigned k = 0; k < columns; k++)
                p = put_varint(p, zigzag(narrow[row + k]));
        else
            for (unsigned k = 0; k < columns; k++)
                p = put_varint(p, zigzag(cell_value(c, c->slots, row + k)));
        next = slot + 1;
    }
    out->n = (size_t)(p - out->p);
}

static void
encode_features(const struct cell *c, struct buf *out)
{
    buf_varint(out, c->feature_count);
    for (unsigned i = 0; i < c->feature_count; i++) {
        struct cell_feature f = cell_feature_at(c, i);

        buf_varint(out, f.name.n);
        buf_span(out, f.name);
        buf_varint(out, zigzag(f.used));
        buf_varint(out, zigzag(f.wanted));
    }
}

#define FETCH_SLOTS 256 /* bytes; the processor guesses how it goes on */

void
cell_prefetch(const struct cell *c)
{
    size_t slots = c->slot_count * columns_of(c->kind) * c->width;

    __builtin_prefetch(c->name.p);
    for (size_t at = 0; at < slots && at < FETCH_SLOTS; at += 64)
        __builtin_prefetch((const char *)c->slots + at);
    if (slots)
        __builtin_prefetch(cell_slot_keys(c));
    __builtin_prefetch(c->features);
    for (unsigned i = 0; i < 2; i++)
        sketch_prefetch_all(&c->sketch[i]);
}

void
cell_encode(const struct cell *c, struct buf *out)
{
    buf_char(out, VERSION);
    encode_slots(c, out);
    encode_features(c, out);
    for (unsigned i = 0; has_sketches(c->kind) && i < 2; i++)
        sketch_encode(&c->sketch[i], out);
}

void
cells_encode(const struct cells *s, struct buf *out)
{
    struct buf values = {0};
    struct cell *c;

    buf_char(out, VERSION);
    buf_varint(out, cells_count(s));
    CELLS_EACH (s, c) {
        buf_reset(&values);
        cell_encode(c, &values);
        buf_char(out, (char)c->kind);
        buf_varint(out, c->name.n);
        buf_span(out, c->name);
        buf_varint(out, zigzag(c->day));
        buf_varint(out, values.n);
        buf_add(out, values.p, values.n);
    }
    buf_clear(&values);
}

/* --- reading --- */

struct reader {
    const uint8_t *p, *end;
};

static struct reader
reader_of(struct span s)
{
    const uint8_t *p = (const uint8_t *)s.p;

    return (struct reader){p, p + s.n};
}

static inline bool
read_number(struct reader *r, uint64_t *out)
{
    return varint_read_short(&r->p, r->end, out);
}

static inline bool
read_signed(struct reader *r, int64_t *out)
{
    uint64_t v;

    if (!read_number(r, &v))
        return false;
    *out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    return true;
}

static inline bool
read_value(struct reader *r, int64_t *out)
{
    return read_signed(r, out) && *out <= VALUE_MAX && *out >= -VALUE_MAX;
}

static bool
read_span(struct reader *r, struct span *out)
{
    uint64_t n;

    if (!read_number(r, &n) || n > (uint64_t)(r->end - r->p))
        return false;
    *out = span_of((const char *)r->p, n);
    r->p += n;
    return true;
}

static bool
read_version(struct reader *r)
{
    return r->p < r->end && *r->p++ == VERSION;
}

static inline bool
read_slot(struct reader *r, struct cell_slot *s, unsigned columns, int64_t *sum)
{
    for (unsigned k = 0; k < columns; k++) {
        if (!read_value(r, &s->v[k]))
            return false;
        sum[k] = (int64_t)((uint64_t)sum[k] + (uint64_t)s->v[k]);
    }
    for (unsigned k = columns; k < SERVICE_COLUMNS; k++)
        s->v[k] = 0;
    return true;
}

/* Nearly all are customers': those have a loop of their own. */
static bool
read_slots(struct reader *r, struct cell_view *v)
{
    uint64_t count, skip, next = 0, limit = slots_of(v->kind);
    unsigned columns = columns_of(v->kind);

    memset(v->sum, 0, sizeof v->sum);
    if (!read_number(r, &count) || count > limit)
        return false;
    if (count > v->slot_cap) {
        v->slot_cap = count <= 96 ? 96 : (unsigned)limit;
        v->slots = xrealloc(v->slots, v->slot_cap * sizeof *v->slots);
    }
    for (uint64_t i = 0; i < count; i++) {
        struct cell_slot *s = &v->slots[i];

        if (!read_number(r, &skip) || skip >= limit - next)
            return false;
        next += skip;
        s->slot = (uint16_t)next++;
        if (columns == CUSTOMER_COLUMNS ? !read_slot(r, s, CUSTOMER_COLUMNS, v->sum)
                                        : !read_slot(r, s, columns, v->sum))
            return false;
    }
    v->slot_count = (unsigned)count;
    return true;
}

/* A feature takes three bytes at least: that bounds what a number out of nowhere can ask for. */
static bool
read_features(struct reader *r, struct cell_view *v)
{
    uint64_t count;

    if (!read_number(r, &count) || count > (uint64_t)(r->end - r->p) / 3)
        return false;
    if (count > v->feature_cap) {
        v->feature_cap = (unsigned)count + 16;
        v->features = xrealloc(v->features, v->feature_cap * sizeof *v->features);
    }
    v->feature_count = v->part_count = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct cell_feature f;

        if (!read_span(r, &f.name) || !read_value(r, &f.used) || !read_value(r, &f.wanted))
            return false;
        if (is_part(f.name))
            v->features[count - ++v->part_count] = f;
        else
            v->features[v->feature_count++] = f;
    }
    v->parts = v->feature_count ? v->features + v->feature_count : v->features;
    for (unsigned i = 0; i < v->part_count / 2; i++) { /* they were put in from behind */
        struct cell_feature f = v->parts[i];

        v->parts[i] = v->parts[v->part_count - 1 - i];
        v->parts[v->part_count - 1 - i] = f;
    }
    return true;
}

static bool
read_sketches(struct reader *r, struct cell_view *v)
{
    for (unsigned i = 0; i < 2; i++)
        sketch_init(&v->sketch[i]);
    if (!has_sketches(v->kind))
        return true;
    if (!v->room)
        v->room = xmalloc(2 * SKETCH_REGISTERS * sizeof *v->room);
    for (unsigned i = 0; i < 2; i++)
        if (sketch_peek(&v->sketch[i], v->room + i * SKETCH_REGISTERS, &r->p, r->end, NULL) !=
            ST_OK)
            return false;
    return true;
}

enum status
cell_view_read(struct cell_view *v, struct span values, struct error *err)
{
    struct reader r = reader_of(values);

    if (read_version(&r) && read_slots(&r, v) && read_features(&r, v) && read_sketches(&r, v) &&
        r.p == r.end)
        return ST_OK;
    return fail(err, ST_CORRUPT, "stored counters are damaged");
}

void
cell_view_clear(struct cell_view *v)
{
    free(v->slots);
    free(v->features);
    free(v->room);
    *v = (struct cell_view){0};
}

enum status
cell_decode_add(struct cell *c, struct span values, struct error *err)
{
    struct cell_view *v = &c->set->view;
    enum status st;

    v->kind = c->kind;
    st = cell_view_read(v, values, err);
    for (unsigned i = 0; st == ST_OK && i < v->slot_count; i++)
        if (!cell_try_add(c, v->slots[i].slot, v->slots[i].v))
            st = ST_CORRUPT;
    for (unsigned i = 0; st == ST_OK && i < v->feature_count + v->part_count; i++) {
        const struct cell_feature *f = &v->features[i]; /* and the parts behind them */
        uint32_t id = names_intern(c->set, f->name, cells_name_hash(f->name));

        if (!cell_try_add_feature(c, id, f->used, f->wanted))
            st = ST_CORRUPT;
    }
    if (st != ST_OK)
        return fail(err, st, "stored counters are damaged");
    for (unsigned i = 0; i < 2; i++)
        if (!sketch_empty(&v->sketch[i]))
            cell_merge_sketch(c, i, &v->sketch[i]);
    return ST_OK;
}

enum status
cells_blob_each(struct span blob, cell_blob_visit *visit, void *arg, struct error *err)
{
    struct reader r = reader_of(blob);
    uint64_t count;

    if (!read_version(&r) || !varint_read(&r.p, r.end, &count))
        return fail(err, ST_CORRUPT, "a stored batch is damaged at its beginning");
    for (; count > 0; count--) {
        struct span name, values;
        enum cell_kind kind;
        enum status st;
        int64_t day;

        kind = r.p < r.end ? *r.p++ : 0;
        if (kind >= 0x80 || !strchr("cfslw", (int)kind) || !kind || !read_span(&r, &name) ||
            !read_signed(&r, &day) || day != (int32_t)day || !read_span(&r, &values))
            return fail(err, ST_CORRUPT, "a stored batch is damaged");
        st = visit(arg, kind, name, (int32_t)day, values, err);
        if (st != ST_OK)
            return st;
    }
    return r.p == r.end ? ST_OK : fail(err, ST_CORRUPT, "a stored batch has bytes too many");
}
