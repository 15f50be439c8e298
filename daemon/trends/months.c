/*
 * months.c - a table of keys, and under each a chain of its days' fields.
 */
#include "months.h"

#include <stdlib.h>

#include "hash.h"

/* In front of every piece, unaligned. */
struct piece {
    size_t next; /* 0: the last */
    size_t bytes, fields;
    int day;
};

static struct piece
piece_at(const struct months *m, size_t at)
{
    struct piece p;

    memcpy(&p, m->text.p + at, sizeof p);
    return p;
}

void
months_clear(struct months *m)
{
    free(m->at);
    free(m->table);
    buf_clear(&m->text);
    *m = (struct months){0};
}

void
months_reset(struct months *m)
{
    if (m->count > 0)
        memset(m->table, 0, m->slots * sizeof *m->table);
    m->count = 0;
    buf_reset(&m->text);
}

size_t
months_bytes(const struct months *m)
{
    return m->text.n + m->count * sizeof *m->at;
}

size_t
months_held(const struct months *m)
{
    return m->text.cap + m->cap * sizeof *m->at + m->slots * sizeof *m->table;
}

static void
grow(struct months *m)
{
    m->cap = m->cap ? 2 * m->cap : 512;
    m->slots = 2 * m->cap;
    m->at = xrealloc(m->at, m->cap * sizeof *m->at);
    free(m->table);
    m->table = xcalloc(m->slots, sizeof *m->table);
    for (size_t i = 0; i < m->count; i++) {
        size_t place = m->at[i].hash & (m->slots - 1);

        while (m->table[place])
            place = (place + 1) & (m->slots - 1);
        m->table[place] = (uint32_t)i + 1;
    }
}

static struct month *
find_or_make(struct months *m, struct span key)
{
    uint64_t hash = hash_bytes(key.p, key.n, 0);
    struct month *month;
    size_t place;

    if (m->count == m->cap)
        grow(m);
    for (place = hash & (m->slots - 1); m->table[place]; place = (place + 1) & (m->slots - 1)) {
        month = &m->at[m->table[place] - 1];
        if (month->hash == hash && span_eq(months_key(m, month), key))
            return month;
    }
    if (m->text.n == 0)
        buf_char(&m->text, '\0'); /* so that no piece is at 0 */
    month = &m->at[m->count++];
    *month = (struct month){.hash = hash, .key_at = m->text.n, .key_n = key.n};
    buf_span(&m->text, key);
    m->table[place] = (uint32_t)m->count;
    return month;
}

/* Takes a day's piece out of the chain: a newer one of the same cell is there. */
static void
drop_day(struct months *m, struct month *month, int day)
{
    size_t before = 0, at = month->first;
    struct piece p = piece_at(m, at);

    while (p.day != day) {
        before = at;
        at = p.next;
        p = piece_at(m, at);
    }
    month->fields -= p.fields;
    if (month->last == at)
        month->last = before;
    if (before)
        memcpy(m->text.p + before, &p.next, sizeof p.next); /* the first member */
    else
        month->first = p.next;
}

struct month *
months_add(struct months *m, struct span key, int day, struct span entries, size_t fields)
{
    struct month *month = find_or_make(m, key);
    struct piece p = {.bytes = entries.n, .fields = fields, .day = day};
    size_t at = m->text.n;

    if (month->days >> day & 1)
        drop_day(m, month, day);
    month->days |= UINT32_C(1) << day;
    buf_add(&m->text, &p, sizeof p);
    buf_span(&m->text, entries);
    if (month->last)
        memcpy(m->text.p + month->last, &at, sizeof at);
    else
        month->first = at;
    month->last = at;
    month->fields += fields;
    return month;
}

struct span
months_key(const struct months *m, const struct month *month)
{
    return span_of(m->text.p + month->key_at, month->key_n);
}

void
months_entries(const struct months *m, const struct month *month, struct buf *out)
{
    for (size_t at = month->first; at != 0;) {
        struct piece p = piece_at(m, at);

        buf_add(out, m->text.p + at + sizeof p, p.bytes);
        at = p.next;
    }
}
