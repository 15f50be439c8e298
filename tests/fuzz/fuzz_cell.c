/*
 * fuzz_cell.c - stored counters, batches and sketches from hostile bytes.
 *
 * Whatever is accepted must come out again as it went in.
 */
#include <stdlib.h>

#include "cell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool condition)
{
    if (!condition)
        abort();
}

static void
read_values(enum cell_kind kind, struct span values)
{
    struct cells *s = cells_new();
    struct cell *c = cells_get(s, kind, SPAN("c"), 1), *again;
    struct buf once = {0}, twice = {0};

    if (cell_decode_add(c, values, NULL) == ST_OK) {
        again = cells_get(s, kind, SPAN("c"), 2);
        cell_encode(c, &once);
        must(cell_decode_add(again, span_of(once.p, once.n), NULL) == ST_OK);
        cell_encode(again, &twice);
        must(span_eq(span_of(once.p, once.n), span_of(twice.p, twice.n)));
    }
    buf_clear(&once);
    buf_clear(&twice);
    cells_free(s);
}

static enum status
add(void *arg, enum cell_kind kind, struct span name, int32_t day, struct span values,
    struct error *err)
{
    return cell_decode_add(cells_get(arg, kind, name, day), values, err);
}

static void
read_sketch(struct span value)
{
    struct sketch s, again;
    struct buf b = {0};

    if (sketch_from_redis(&s, value, NULL) != ST_OK)
        return;
    sketch_to_redis(&s, &b);
    must(sketch_from_redis(&again, span_of(b.p, b.n), NULL) == ST_OK);
    must(sketch_same(&s, &again));
    sketch_clear(&s);
    sketch_clear(&again);
    buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char kinds[] = "cfslw";
    struct span rest;
    struct cells *s;

    if (size == 0)
        return 0;
    rest = span_of((const char *)data + 1, size - 1);
    switch (data[0] % 7) {
    case 5:
        s = cells_new();
        cells_blob_each(rest, add, s, NULL);
        cells_free(s);
        break;
    case 6:
        read_sketch(rest);
        break;
    default:
        read_values((enum cell_kind)kinds[data[0] % 7], rest);
    }
    return 0;
}
