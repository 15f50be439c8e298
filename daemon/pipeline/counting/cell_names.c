/*
 * cell_names.c - names of features, once per set of cells and counted by the cells that hold
 * them, so that a million cells can each list their features in a few bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "cell_private.h"

#define NAMES_MIN 16

static void
names_rehash(struct names *n, uint32_t size)
{
    free(n->table);
    n->table = xcalloc(size, sizeof *n->table);
    n->mask = size - 1;
    n->used = 0;
    for (uint32_t id = 0; id < n->count; id++) {
        uint32_t i = (uint32_t)n->entry[id].hash & n->mask;

        if (!n->entry[id].name.p)
            continue;
        while (n->table[i])
            i = (i + 1) & n->mask;
        n->table[i] = id + 1;
        n->used++;
    }
}

static uint32_t
take_id(struct names *n)
{
    uint32_t id = n->free_head;

    if (id) {
        n->free_head = n->entry[id - 1].next_free;
        return id - 1;
    }
    if (n->count == n->cap) {
        n->cap = n->cap ? n->cap * 2 : NAMES_MIN;
        n->entry = xrealloc(n->entry, n->cap * sizeof *n->entry);
    }
    return n->count++;
}

uint32_t
names_intern(struct cells *s, struct span name, uint64_t hash)
{
    struct names *n = &s->names;
    uint32_t i, id;
    char *copy;

    if (!n->table || n->used >= (n->mask + 1) / 2)
        names_rehash(n, n->table ? (n->mask + 1) * 2 : NAMES_MIN);
    for (i = (uint32_t)hash & n->mask; n->table[i]; i = (i + 1) & n->mask) {
        const struct name_entry *e = &n->entry[n->table[i] - 1];

        if (e->hash == hash && span_eq(e->name, name))
            return n->table[i] - 1;
    }
    id = take_id(n);
    copy = pool_alloc(&s->pool, name.n);
    if (name.n)
        memcpy(copy, name.p, name.n);
    n->entry[id] = (struct name_entry){.name = span_of(copy, name.n), .hash = hash};
    n->table[i] = id + 1;
    n->used++;
    return id;
}

static void
table_drop(struct names *n, uint32_t id)
{
    uint32_t i = (uint32_t)n->entry[id].hash & n->mask;

    while (n->table[i] != id + 1)
        i = (i + 1) & n->mask;
    for (uint32_t j = (i + 1) & n->mask; n->table[j]; j = (j + 1) & n->mask) {
        uint32_t home = (uint32_t)n->entry[n->table[j] - 1].hash & n->mask;

        if (((j - home) & n->mask) >= ((j - i) & n->mask)) {
            n->table[i] = n->table[j];
            i = j;
        }
    }
    n->table[i] = 0;
    n->used--;
}

void
names_release(struct cells *s, uint32_t id)
{
    struct names *n = &s->names;
    struct name_entry *e = &n->entry[id];

    if (--e->refs > 0)
        return;
    table_drop(n, id);
    pool_free(&s->pool, (char *)e->name.p, e->name.n);
    e->name.p = NULL;
    e->next_free = n->free_head;
    n->free_head = id + 1;
}

void
names_reset(struct names *n)
{
    if (n->table)
        memset(n->table, 0, (n->mask + 1) * sizeof *n->table);
    n->count = n->used = n->free_head = 0;
}

void
names_clear(struct names *n)
{
    free(n->entry);
    free(n->table);
    memset(n, 0, sizeof *n);
}

size_t
names_bytes(const struct names *n)
{
    return n->cap * sizeof *n->entry + (n->table ? (n->mask + 1) * sizeof *n->table : 0);
}
