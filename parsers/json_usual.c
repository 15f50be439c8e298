/*
 * json_usual.c - the short way through an object: expected keys, plain texts, digits, lists of
 * plain texts, and at most one blank behind a colon or a comma, as nearly all senders write them.
 *
 * It looks ahead without asking for the end at each byte, and so stops well before the end of what
 * may be looked at; a line's end stops it by itself, since no plain text and no number holds it.
 */
#include "json_job.h"

#ifdef __SSE2__
#define USUAL_ITEMS 16
#define USUAL_ROOM  128 /* bytes that may be looked at from a member's beginning on, at least */

/* Reads a plain text whose quote is at p, into *out; NULL: it is not plain, or longer than usual.
 * `limit` is more than 66 bytes away. */
static inline const char *
usual_text(const char *p, struct span *out)
{
    uint32_t stops = json_stops(p + 1) | json_stops(p + 17) << 16;
    const char *q = p + 1;

    if (!stops) {
        q += 32;
        stops = json_stops(q) | json_stops(q + 16) << 16;
        if (!stops)
            return NULL;
    }
    q += __builtin_ctz(stops);
    *out = span_of(p + 1, (size_t)(q - p) - 1);
    return *q == '"' ? q + 1 : NULL;
}

static inline const char *
usual_number(const char *p, struct span *out)
{
    const char *q = p;

    while (*q >= '0' && *q <= '9' && q - p < 32)
        q++;
    if (q == p || (*p == '0' && q > p + 1) || (*q != ',' && *q != '}'))
        return NULL;
    *out = span_of(p, (size_t)(q - p));
    return q;
}

/* A list of plain texts, its bracket at p. */
static const char *
usual_list(struct job *j, const char *p, struct span *out)
{
    struct span item[USUAL_ITEMS], *copy;
    size_t n = 0, longest = 0;
    bool blank = false;

    for (p++; n < USUAL_ITEMS && j->t->limit - p > USUAL_ROOM && *p == '"';) {
        p = usual_text(p, &item[n]);
        if (!p || item[n].n == 0)
            return NULL;
        longest |= item[n].n;
        blank |= item[n].p[0] == ' ' || p[-2] == ' ';
        n++;
        if (*p == ']') {
            copy = arena_alloc(j->mem, n * sizeof *copy);
            memcpy(copy, item, n * sizeof *copy);
            *out = (struct span){(const char *)copy, n};
            j->longest |= longest;
            j->blank |= blank;
            return p + 1;
        }
        if (*p++ != ',')
            return NULL;
        p += *p == ' ';
    }
    return NULL;
}

/* The entry of the key at p, which is followed by its colon; NULL: not one that is expected. */
static inline const struct seen_key *
usual_key(const struct seen_keys *s, const char *p, uint16_t *last)
{
    const uint16_t *next = s->entry[*last].next;

    for (int i = 0; i < GUESSES && next[i]; i++) {
        const struct seen_key *e = &s->entry[next[i]];

        if ((~same_bytes(p, e) & e->bits) == 0 && e->simple) {
            *last = next[i];
            return e;
        }
    }
    return NULL;
}

bool
json_usual(struct job *j, const struct seen_keys *seen, uint16_t *last)
{
    struct json_text *t = j->t;
    struct span *to = j->out->v;
    const char *p = t->p, *const limit = t->limit;
    uint64_t has = j->has, lists = j->lists;
    size_t longest = 0;
    unsigned left = JSON_MAX_KEYS - t->keys, blank = 0;
    bool closed = false;

    while (!closed && limit - p > USUAL_ROOM && left > 0) {
        uint16_t at = *last;
        const struct seen_key *e = usual_key(seen, p, &at);
        uint64_t bit, list = 0;
        const char *q;
        struct span v;
        size_t slot;

        if (!e)
            break;
        bit = e->bit;
        slot = e->slot;
        q = p + e->n;
        if (__builtin_expect(*q == ' ', 0)) /* guessed, so that nothing waits for it */
            q++;
        if (__builtin_expect(*q == '"', 1)) {
            q = usual_text(q, &v);
        } else if (*q == '[' && slot == FIELD_FEATURES) {
            struct span items; /* its own, so that v stays in registers */

            items = SPAN("");
            q = usual_list(j, q, &items);
            v = items;
            list = bit;
        } else {
            q = usual_number(q, &v);
        }
        if (!q || (*q != ',' && *q != '}'))
            break;
        if (!list) { /* quotes are around an empty text */
            longest |= v.n;
            blank |= (unsigned)(v.p[0] == ' ') | (unsigned)((v.p + v.n)[-1] == ' ');
        }
        to[slot].p = v.p;
        to[slot].n = v.n;
        has = v.n ? has | bit : has & ~bit;
        lists = (lists & ~bit) | list;
        *last = at;
        left--;
        closed = *q == '}';
        p = q + 1;
        if (__builtin_expect(!closed && *p == ' ', 0))
            p++;
    }
    t->p = p;
    t->keys = JSON_MAX_KEYS - left;
    j->has = has;
    j->lists = lists;
    j->longest |= longest;
    j->blank |= blank;
    return closed;
}
#endif
