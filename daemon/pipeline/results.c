/*
 * results.c - what became of each record of one block: a row each, and their reasons.
 */
#include "results.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

struct row {
    uint32_t at, length; /* of the reason */
    enum result result;
};

struct results {
    struct row *rows;
    size_t count, cap;
    struct buf reasons;
};

struct results *
results_new(void)
{
    return xcalloc(1, sizeof(struct results));
}

void
results_free(struct results *r)
{
    if (!r)
        return;
    buf_clear(&r->reasons);
    free(r->rows);
    free(r);
}

static struct row *
row_of(struct results *r, size_t number)
{
    if (number >= r->cap) {
        r->cap = number < 32 ? 64 : 2 * number;
        r->rows = xrealloc(r->rows, r->cap * sizeof *r->rows);
    }
    while (r->count <= number)
        r->rows[r->count++] = (struct row){.result = RESULT_ACCEPTED};
    return &r->rows[number];
}

/* What is wrong with one record is mostly wrong with the next as well. */
static bool
stands_last(const struct results *r, const char *reason, size_t n)
{
    return r->reasons.n >= n && memcmp(r->reasons.p + r->reasons.n - n, reason, n) == 0;
}

void
results_set(struct results *r, size_t number, enum result result, const char *reason)
{
    size_t n = reason ? strlen(reason) : 0;
    struct row *row;

    if (!r)
        return;
    row = row_of(r, number);
    if (n > 0 && !stands_last(r, reason, n))
        buf_add(&r->reasons, reason, n);
    *row = (struct row){(uint32_t)(r->reasons.n - n), (uint32_t)n, result};
}

size_t
results_count(const struct results *r)
{
    return r->count;
}

enum result
results_get(const struct results *r, size_t number, struct span *reason)
{
    const struct row *row = &r->rows[number];

    *reason = row->length ? span_of(r->reasons.p + row->at, row->length) : (struct span){0};
    return row->result;
}

const char *
result_name(enum result result)
{
    static const char *const names[] = {
        [RESULT_ACCEPTED] = "accepted",
        [RESULT_DUPLICATE] = "duplicate",
        [RESULT_QUARANTINED] = "quarantined",
        [RESULT_IGNORED] = "ignored",
    };

    return names[result];
}
