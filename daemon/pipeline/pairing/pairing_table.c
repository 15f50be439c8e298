/*
 * pairing_table.c - conferences and stays, and how they are found.
 *
 * Conferences are found by source and name, stays by conference and key, in two hash tables; a
 * source's conferences, and a conference's stays, are lists as well.
 */
#include "pairing_internal.h"

#include <stdlib.h>

#include "hash.h"

#define FIRST_SLOTS 1024

struct pairing *
pairing_new(void)
{
    struct pairing *p = xcalloc(1, sizeof *p);

    p->bytes = sizeof *p;
    return p;
}

/* --- finding and making --- */

static void *
held_alloc(struct pairing *p, size_t n)
{
    p->bytes += n;
    return xcalloc(1, n);
}

static void
held_free(struct pairing *p, void *object, size_t n)
{
    p->bytes -= n;
    free(object);
}

static struct stream **
stream_place(struct pairing *p, struct span name)
{
    struct stream **at = &p->streams[hash_bytes(name.p, name.n, 0) % PAIR_STREAMS];

    while (*at && !span_eq(span_of((*at)->name, (*at)->name_n), name))
        at = &(*at)->next;
    return at;
}

struct stream *
pairing_find_stream(struct pairing *p, struct span name)
{
    return *stream_place(p, name);
}

struct stream *
pairing_stream(struct pairing *p, struct span name)
{
    struct stream **at = stream_place(p, name), *s = *at;

    if (s)
        return s;
    s = held_alloc(p, sizeof *s + name.n);
    s->name_n = (uint32_t)name.n;
    if (name.n) /* events of no source at all have none */
        memcpy(s->name, name.p, name.n);
    return *at = s;
}

static void
grow_conferences(struct pairing *p)
{
    size_t slots = p->conference_slots ? 2 * p->conference_slots : FIRST_SLOTS;
    struct conference **table = held_alloc(p, slots * sizeof *table);

    for (size_t i = 0; i < p->conference_slots; i++)
        for (struct conference *c = p->conferences[i], *next; c; c = next) {
            next = c->chain;
            c->chain = table[c->hash % slots];
            table[c->hash % slots] = c;
        }
    held_free(p, p->conferences, p->conference_slots * sizeof *table);
    p->conferences = table;
    p->conference_slots = slots;
}

/* The meetings in a room lie in one slot. What ends like the id of one may lie there, too. */
static uint64_t
conference_hash(const struct stream *s, struct span id)
{
    if (id.n > PAIR_ROOM_TAIL) {
        const char *tail = id.p + id.n - PAIR_ROOM_TAIL;

        if (tail[0] == '@' && tail[11] == 'T' && tail[20] == 'Z')
            id.n -= PAIR_ROOM_TAIL;
    }
    return hash_bytes(id.p, id.n, (uint64_t)(uintptr_t)s);
}

struct conference *
pairing_next_in_room(const struct pairing *p, const struct stream *s, struct span room,
                     const struct conference *before)
{
    uint64_t hash = hash_bytes(room.p, room.n, (uint64_t)(uintptr_t)s);
    struct conference *c = before                ? before->chain
                           : p->conference_slots ? p->conferences[hash % p->conference_slots]
                                                 : NULL;

    while (c && (c->stream != s || c->begun == 0 || c->id_n != room.n + PAIR_ROOM_TAIL ||
                 memcmp(c->id, room.p, room.n) != 0))
        c = c->chain;
    return c;
}

struct conference *
pairing_find_conference(const struct pairing *p, const struct stream *s, struct span id)
{
    uint64_t hash = conference_hash(s, id);
    struct conference *c = NULL;

    if (p->conference_slots)
        for (c = p->conferences[hash % p->conference_slots]; c; c = c->chain)
            if (c->stream == s && span_eq(span_of(c->id, c->id_n), id))
                break;
    return c;
}

struct conference *
pairing_conference(struct pairing *p, struct stream *s, struct span id)
{
    uint64_t hash = conference_hash(s, id);
    struct conference *c = pairing_find_conference(p, s, id);

    if (c)
        return c;
    if (p->conference_count >= p->conference_slots)
        grow_conferences(p);
    c = held_alloc(p, sizeof *c + id.n);
    c->hash = hash;
    c->id_n = (uint32_t)id.n;
    if (id.n)
        memcpy(c->id, id.p, id.n);
    c->stream = s;
    c->after = s->conferences;
    if (c->after)
        c->after->before = c;
    s->conferences = c;
    c->chain = p->conferences[hash % p->conference_slots];
    p->conferences[hash % p->conference_slots] = c;
    p->conference_count++;
    return c;
}

static bool
is_of_leg(const struct stay *s)
{
    return s->key[0] == 'L';
}

static uint64_t
leg_hash(const struct stream *s, struct span key)
{
    return hash_bytes(key.p, key.n, (uint64_t)(uintptr_t)s);
}

static void
index_leg(struct stay **table, size_t slots, struct stay *s)
{
    struct stay **slot = &table[s->leg_hash % slots];

    s->same_leg = *slot;
    *slot = s;
}

struct stay *
pairing_next_of_leg(const struct pairing *p, const struct stream *s, struct span key,
                    const struct stay *before)
{
    struct stay *found = before          ? before->same_leg
                         : p->stay_slots ? p->legs[leg_hash(s, key) % p->stay_slots]
                                         : NULL;

    while (found &&
           (found->conference->stream != s || !span_eq(span_of(found->key, found->key_n), key)))
        found = found->same_leg;
    return found;
}

static void
grow_stays(struct pairing *p)
{
    size_t slots = p->stay_slots ? 2 * p->stay_slots : FIRST_SLOTS;
    struct stay **table = held_alloc(p, slots * sizeof *table);
    struct stay **legs = held_alloc(p, slots * sizeof *legs);

    for (size_t i = 0; i < p->stay_slots; i++)
        for (struct stay *s = p->stays[i], *next; s; s = next) {
            next = s->chain;
            s->chain = table[s->hash % slots];
            table[s->hash % slots] = s;
            if (is_of_leg(s))
                index_leg(legs, slots, s);
        }
    held_free(p, p->stays, p->stay_slots * sizeof *table);
    held_free(p, p->legs, p->stay_slots * sizeof *legs);
    p->stays = table;
    p->legs = legs;
    p->stay_slots = slots;
}

struct stay *
pairing_find_stay(const struct pairing *p, const struct conference *c, struct span key)
{
    uint64_t hash = hash_bytes(key.p, key.n, (uint64_t)(uintptr_t)c);
    struct stay *s = NULL;

    if (p->stay_slots)
        for (s = p->stays[hash % p->stay_slots]; s; s = s->chain)
            if (s->conference == c && span_eq(span_of(s->key, s->key_n), key))
                break;
    return s;
}

struct stay *
pairing_stay(struct pairing *p, struct conference *c, struct span key)
{
    uint64_t hash = hash_bytes(key.p, key.n, (uint64_t)(uintptr_t)c);
    struct stay *s = pairing_find_stay(p, c, key);

    if (s)
        return s;
    if (p->stay_count >= p->stay_slots)
        grow_stays(p);
    s = held_alloc(p, sizeof *s + key.n);
    s->hash = hash;
    s->key_n = (uint32_t)key.n;
    memcpy(s->key, key.p, key.n);
    s->conference = c;
    s->after = c->stays;
    if (s->after)
        s->after->before = s;
    c->stays = s;
    s->chain = p->stays[hash % p->stay_slots];
    p->stays[hash % p->stay_slots] = s;
    if (is_of_leg(s)) {
        s->leg_hash = leg_hash(c->stream, key);
        index_leg(p->legs, p->stay_slots, s);
    }
    p->stay_count++;
    return s;
}

/* --- marks --- */

struct mark *
pairing_insert(struct pairing *p, struct stay *s, int64_t at, bool leave)
{
    size_t i = s->count;

    while (i > 0 &&
           (s->marks[i - 1].at > at || (s->marks[i - 1].at == at && s->marks[i - 1].leave < leave)))
        i--;
    if (i > 0 && s->marks[i - 1].at == at && s->marks[i - 1].leave == leave)
        return NULL;
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 2;

        p->bytes += (cap - s->cap) * sizeof *s->marks;
        s->marks = xrealloc(s->marks, cap * sizeof *s->marks);
        s->cap = cap;
    }
    memmove(s->marks + i + 1, s->marks + i, (s->count - i) * sizeof *s->marks);
    s->marks[i] = (struct mark){.at = at, .leave = leave};
    s->count++;
    p->marks++;
    return &s->marks[i];
}

void
pairing_strip(struct pairing *p, struct mark *m)
{
    p->bytes -= m->n;
    free(m->sides);
    m->sides = NULL;
    m->n = 0;
}

void
pairing_write_on(struct pairing *p, struct mark *m, struct span sides)
{
    m->sides = xmalloc(sides.n);
    memcpy(m->sides, sides.p, sides.n);
    m->n = (uint32_t)sides.n;
    p->bytes += sides.n;
}

void
pairing_open(struct pairing *p, struct conference *c, int by)
{
    p->open_conferences -= c->open > 0;
    c->open = (size_t)((int64_t)c->open + by);
    p->open_legs = (size_t)((int64_t)p->open_legs + by);
    p->open_conferences += c->open > 0;
}

void
pairing_keep_text(struct pairing *p, char **text, struct span s)
{
    if (*text || s.n == 0)
        return;
    *text = xstrndup(s.p, s.n);
    p->bytes += s.n + 1;
}

/* --- lists --- */

void
pairing_change_stay(struct pairing *p, struct stay *s)
{
    if (s->dirty)
        return;
    s->dirty = true;
    if (p->dirty_stay_count == p->dirty_stay_cap) {
        p->dirty_stay_cap = p->dirty_stay_cap ? 2 * p->dirty_stay_cap : 64;
        p->dirty_stays = xrealloc(p->dirty_stays, p->dirty_stay_cap * sizeof *p->dirty_stays);
    }
    p->dirty_stays[p->dirty_stay_count++] = s;
}

void
pairing_change_conference(struct pairing *p, struct conference *c)
{
    if (c->dirty)
        return;
    c->dirty = true;
    if (p->dirty_conference_count == p->dirty_conference_cap) {
        p->dirty_conference_cap = p->dirty_conference_cap ? 2 * p->dirty_conference_cap : 64;
        p->dirty_conferences =
            xrealloc(p->dirty_conferences, p->dirty_conference_cap * sizeof *p->dirty_conferences);
    }
    p->dirty_conferences[p->dirty_conference_count++] = c;
}

void
pairing_wait(struct pairing *p, struct conference *c)
{
    if (c->waiting)
        return;
    c->waiting = true;
    if (p->waiting_count == p->waiting_cap) {
        p->waiting_cap = p->waiting_cap ? 2 * p->waiting_cap : 64;
        p->waiting = xrealloc(p->waiting, p->waiting_cap * sizeof *p->waiting);
    }
    p->waiting[p->waiting_count++] = c;
}

/* --- the end --- */

static void
free_stay(struct pairing *p, struct stay *s)
{
    for (size_t i = 0; i < s->count; i++)
        pairing_strip(p, &s->marks[i]);
    held_free(p, s->marks, s->cap * sizeof *s->marks);
    held_free(p, s, sizeof *s + s->key_n);
}

static void
free_conference(struct pairing *p, struct conference *c)
{
    p->bytes -= (c->customer ? strlen(c->customer) + 1 : 0) + (c->name ? strlen(c->name) + 1 : 0);
    p->bytes -= c->tally.people_cap * sizeof *c->tally.people;
    free(c->tally.people);
    free(c->customer);
    free(c->name);
    held_free(p, c, sizeof *c + c->id_n);
}

void
pairing_remove_stay(struct pairing *p, struct stay *s)
{
    struct stay **at = &p->stays[s->hash % p->stay_slots];

    while (*at != s)
        at = &(*at)->chain;
    *at = s->chain;
    if (is_of_leg(s)) {
        for (at = &p->legs[s->leg_hash % p->stay_slots]; *at != s;)
            at = &(*at)->same_leg;
        *at = s->same_leg;
    }
    *(s->before ? &s->before->after : &s->conference->stays) = s->after;
    if (s->after)
        s->after->before = s->before;
    p->stay_count--;
    free_stay(p, s);
}

static void
remove_stream(struct pairing *p, struct stream *s)
{
    struct stream **at = stream_place(p, span_of(s->name, s->name_n));

    *at = s->next;
    held_free(p, s, sizeof *s + s->name_n);
}

void
pairing_remove_conference(struct pairing *p, struct conference *c)
{
    struct conference **at = &p->conferences[c->hash % p->conference_slots];

    while (*at != c)
        at = &(*at)->chain;
    *at = c->chain;
    *(c->before ? &c->before->after : &c->stream->conferences) = c->after;
    if (c->after)
        c->after->before = c->before;
    p->conference_count--;
    if (!c->stream->conferences)
        remove_stream(p, c->stream);
    free_conference(p, c);
}
