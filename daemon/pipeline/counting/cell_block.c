/*
 * cell_block.c - a cell's two blocks of packed counters: room, width, adding to a row.
 */
#include <string.h>

#include "cell_private.h"

size_t
block_bytes(const struct block_shape *b, size_t cap, size_t width)
{
    return cap * (b->columns * width + b->key_size);
}

static void
value_put(void *block, size_t width, size_t i, int64_t v)
{
    if (width == sizeof(int16_t))
        ((int16_t *)block)[i] = (int16_t)v;
    else if (width == sizeof(int32_t))
        ((int32_t *)block)[i] = (int32_t)v;
    else
        ((int64_t *)block)[i] = v;
}

static void
copy_keys(char *fresh, const struct room *to, const struct block_shape *b, const void *old,
          const struct room *from)
{
    if (b->keys)
        memcpy(fresh + to->cap * b->columns * to->width,
               (const char *)old + from->cap * b->columns * from->width, b->keys * b->key_size);
}

void *
block_copy(const struct cell *c, const void *from, const struct block_shape *b, size_t from_cap,
           const struct room *to)
{
    char *fresh = pool_alloc(&c->set->pool, block_bytes(b, to->cap, to->width));

    if (b->rows)
        memcpy(fresh, from, b->rows * b->columns * to->width);
    copy_keys(fresh, to, b, from, &(struct room){from_cap, to->width});
    return fresh;
}

void *
block_move(const struct cell *c, void *old, const struct block_shape *b, size_t old_cap,
           const struct room *to)
{
    size_t values = b->rows * b->columns;
    char *fresh = pool_alloc(&c->set->pool, block_bytes(b, to->cap, to->width));

    if (to->width == c->width && values)
        memcpy(fresh, old, values * to->width);
    for (size_t i = 0; to->width != c->width && i < values; i++)
        value_put(fresh, to->width, i, cell_value(c, old, i));
    copy_keys(fresh, to, b, old, &(struct room){old_cap, c->width});
    pool_free(&c->set->pool, old, block_bytes(b, old_cap, c->width));
    return fresh;
}

static void
widen(struct cell *c)
{
    struct block_shape slots = slot_shape(c), features = feature_shape(c);
    size_t width = c->width * 2u;

    if (c->slot_cap)
        c->slots = block_move(c, c->slots, &slots, c->slot_cap, &(struct room){c->slot_cap, width});
    if (c->feature_cap)
        c->features = block_move(c, c->features, &features, c->feature_cap,
                                 &(struct room){c->feature_cap, width});
    c->width = (uint8_t)width;
}

/* Adds v to a row; false, and nothing added, when a sum does not fit. */
#define ROW_ADD(type)                                                                              \
    static inline __attribute__((always_inline)) bool row_add_##type(type *row, const int64_t *v,  \
                                                                     unsigned columns)             \
    {                                                                                              \
        int64_t sum[SERVICE_COLUMNS], over = 0;                                                    \
                                                                                                   \
        _Pragma("GCC unroll 5") for (unsigned i = 0; i < columns; i++)                             \
        {                                                                                          \
            over |= __builtin_add_overflow((int64_t)row[i], v[i], &sum[i]);                        \
            over |= sum[i] ^ (type)sum[i];                                                         \
        }                                                                                          \
        if (over)                                                                                  \
            return false;                                                                          \
        _Pragma("GCC unroll 5") for (unsigned i = 0; i < columns; i++) row[i] = (type)sum[i];      \
        return true;                                                                               \
    }

ROW_ADD(int16_t)
ROW_ADD(int32_t)
ROW_ADD(int64_t)

static inline __attribute__((always_inline)) bool
row_add_fixed(const struct cell *c, void *block, size_t at, const int64_t *v, unsigned columns)
{
    if (c->width == sizeof(int16_t))
        return row_add_int16_t((int16_t *)block + at, v, columns);
    if (c->width == sizeof(int32_t))
        return row_add_int32_t((int32_t *)block + at, v, columns);
    return row_add_int64_t((int64_t *)block + at, v, columns);
}

/* With the number of columns a constant the loops above become a few straight instructions. */
static bool
row_add(const struct cell *c, void *block, size_t at, const int64_t *v, unsigned columns)
{
    if (columns == CUSTOMER_COLUMNS) /* and FEATURE_COLUMNS */
        return row_add_fixed(c, block, at, v, 3);
    if (columns == REGION_COLUMNS) /* and FEATURE_VALUES */
        return row_add_fixed(c, block, at, v, 2);
    return row_add_fixed(c, block, at, v, SERVICE_COLUMNS);
}

_Static_assert(CUSTOMER_COLUMNS == 3 && FEATURE_COLUMNS == 3 && REGION_COLUMNS == 2 &&
                   FEATURE_VALUES == 2 && SERVICE_COLUMNS == 5,
               "row_add knows these");

bool
block_add(struct cell *c, void *const *block, size_t at, const int64_t *v, unsigned columns)
{
    while (!row_add(c, *block, at, v, columns)) {
        if (c->width == sizeof(int64_t))
            return false;
        widen(c);
    }
    return true;
}
