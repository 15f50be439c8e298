/*
 * cell_codec.c - cells as bytes: the values of one, and a whole set as one blob.
 *
 * Values, version 1 (numbers are LEB128 varints; signed ones zigzag):
 *   byte 1
 *   slots: count, then per slot, ascending: slots skipped since the last one, each column
 *   features: count, then per feature, in order of first use: length, name, used, wanted
 *   kinds with distinct counts: two sketches as sketch_codec.c writes them
 * Blob, version 1: byte 1, count of cells, then per cell: kind byte, length, name, day, length
 * of the values, values.
 */
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

static void
encode_slots(const struct cell *c, struct buf *out)
{
    unsigned columns = cell_columns(c->kind), next = 0;
    char *p;

    buf_reserve(out, VARINT_BYTES + (size_t)c->slot_count * (columns + 1) * VARINT_BYTES);
    p = put_varint(out->p + out->n, c->slot_count);
    for (size_t i = 0; i < c->slot_count; i++) {
        unsigned slot = cell_slot_keys(c)[i];

        p = put_varint(p, slot - next);
        for (unsigned k = 0; k < columns; k++)
            p = put_varint(p, zigzag(cell_value(c, c->slots, i * columns + k)));
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

static bool
read_signed(struct reader *r, int64_t *out)
{
    uint64_t v;

    if (!varint_read(&r->p, r->end, &v))
        return false;
    *out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    return true;
}

static bool
read_value(struct reader *r, int64_t *out)
{
    return read_signed(r, out) && *out <= VALUE_MAX && *out >= -VALUE_MAX;
}

static bool
read_span(struct reader *r, struct span *out)
{
    uint64_t n;

    if (!varint_read(&r->p, r->end, &n) || n > (uint64_t)(r->end - r->p))
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

/* Without `add` this only looks whether everything is as it must be. */
static bool
read_slots(struct reader *r, struct cell *c, bool add)
{
    uint64_t count, skip, next = 0, limit = cell_slots(c->kind);

    if (!varint_read(&r->p, r->end, &count) || count > limit)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        int64_t v[SERVICE_COLUMNS];

        if (!varint_read(&r->p, r->end, &skip) || skip >= limit - next)
            return false;
        for (unsigned k = 0; k < cell_columns(c->kind); k++)
            if (!read_value(r, &v[k]))
                return false;
        next += skip;
        if (add && !cell_try_add(c, (unsigned)next, v))
            return false;
        next++;
    }
    return true;
}

static bool
read_features(struct reader *r, struct cell *c, bool add)
{
    uint64_t count;

    if (!varint_read(&r->p, r->end, &count))
        return false;
    for (; count > 0; count--) {
        int64_t used, wanted;
        struct span name;

        if (!read_span(r, &name) || !read_value(r, &used) || !read_value(r, &wanted))
            return false;
        if (add && !cell_try_add_feature(c, names_intern(c->set, name, cells_name_hash(name)), used,
                                         wanted))
            return false;
    }
    return true;
}

/* Takes a sketch over whole where there was none. */
static void
adopt_sketch(struct cell *c, unsigned which, struct sketch *from)
{
    if (sketch_empty(&c->sketch[which])) {
        c->set->sketch_bytes += sketch_bytes(from) - sketch_bytes(&c->sketch[which]);
        sketch_clear(&c->sketch[which]);
        c->sketch[which] = *from;
    } else {
        cell_merge_sketch(c, which, from);
        sketch_clear(from);
    }
}

enum status
cell_decode_add(struct cell *c, struct span values, struct error *err)
{
    struct reader look = reader_of(values), r;
    struct sketch sketch[2] = {0};
    bool good;

    good = read_version(&look);
    r = look;
    good = good && read_slots(&look, c, false) && read_features(&look, c, false);
    for (unsigned i = 0; good && has_sketches(c->kind) && i < 2; i++)
        good = sketch_decode(&sketch[i], &look.p, look.end, NULL) == ST_OK;
    good = good && look.p == look.end && read_slots(&r, c, true) && read_features(&r, c, true);
    for (unsigned i = 0; i < 2; i++) {
        if (good)
            adopt_sketch(c, i, &sketch[i]);
        else
            sketch_clear(&sketch[i]);
    }
    return good ? ST_OK : fail(err, ST_CORRUPT, "stored counters are damaged");
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
