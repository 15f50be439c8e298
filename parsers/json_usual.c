/*
 * json_usual.c - the short way through an object: expected keys, plain texts, digits, lists of
 * plain texts, and at most one blank behind a colon or a comma, as nearly all senders write them.
 *
 * It looks ahead without asking for the end at each byte, and so stops well before the end of what
 * may be looked at; a line's end stops it by itself, since no plain text and no number holds it.
 * There is one way for each width of what the processor compares at a time; all read the same.
 */
#include "json_job.h"
#include "wide.h"

#ifdef HAVE_SIXTEEN

#define USUAL_ITEMS 16
#define USUAL_ROOM  128 /* bytes that may be looked at from a member's beginning on, at least */

#define INLINE static inline __attribute__((always_inline))

/* What the ways differ in: is the key of e at p, and which of the sixty-four bytes at p are no
 * plain part of a string? */
typedef bool is_key(const char *p, const struct seen_key *e);
typedef uint64_t stops_from(const char *p);

/* Reads a plain text whose quote is at p, into *out; NULL: it is not plain, or longer than usual.
 * `limit` is more than 66 bytes away. */
INLINE const char *
usual_text(const char *p, struct span *out, stops_from *stops_of)
{
    uint64_t stops = stops_of(p + 1);
    const char *q = p + 1 + (stops ? __builtin_ctzll(stops) : 0);

    *out = span_of(p + 1, (size_t)(q - p) - 1);
    return stops && *q == '"' ? q + 1 : NULL;
}

/* Of sixteen bytes at p: a bit for each that is no digit. */
static inline unsigned
no_digits(const char *p)
{
    __m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));

    return (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(x, _mm_set1_epi8(9))) |
           (unsigned)_mm_movemask_epi8(x);
}

/* Up to fifteen digits. */
INLINE const char *
usual_number(const char *p, struct span *out)
{
    const char *q = p + __builtin_ctz(no_digits(p) | 1u << 16);

    if (q == p || (*p == '0' && q > p + 1) || (*q != ',' && *q != '}'))
        return NULL;
    *out = span_of(p, (size_t)(q - p));
    return q;
}

/* A list of plain texts, its bracket at p. */
INLINE const char *
usual_list(struct job *j, const char *p, struct span *out, stops_from *stops_of)
{
    struct span item[USUAL_ITEMS], *copy;
    size_t n = 0, longest = 0;
    const char *begin = p + 1;
    bool blank = false;

    for (p++; n < USUAL_ITEMS && j->t->limit - p > USUAL_ROOM && *p == '"';) {
        p = usual_text(p, &item[n], stops_of);
        if (!p || item[n].n == 0)
            return NULL;
        longest |= item[n].n;
        blank |= item[n].p[0] == ' ' || p[-2] == ' ';
        n++;
        if (*p == ']') {
            copy = arena_alloc(j->mem, n * sizeof *copy);
            memcpy(copy, item, n * sizeof *copy);
            *out = (struct span){(const char *)copy, n};
            j->features = span_of(begin, (size_t)(p - begin));
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
INLINE const struct seen_key *
usual_key(const struct seen_keys *s, const char *p, uint16_t *last, is_key *is)
{
    const uint16_t *next = s->entry[*last].next;

    for (int i = 0; i < GUESSES && next[i]; i++) {
        const struct seen_key *e = &s->entry[next[i]];

        if (is(p, e) && e->simple) {
            *last = next[i];
            return e;
        }
    }
    return NULL;
}

INLINE bool
read_usual(struct job *j, const struct seen_keys *seen, uint16_t *last, is_key *is,
           stops_from *stops_of)
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
        const struct seen_key *e = usual_key(seen, p, &at, is);
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
            q = usual_text(q, &v, stops_of);
        } else if (*q == '[' && slot == FIELD_FEATURES) {
            struct span items; /* its own, so that v stays in registers */

            items = SPAN("");
            q = usual_list(j, q, &items, stops_of);
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

/* --- sixteen bytes at a time --- */

static inline bool
is_key_sixteen(const char *p, const struct seen_key *e)
{
    return (~json_same_bytes(p, e) & e->bits) == 0;
}

static inline uint64_t
stops_sixteen(const char *p)
{
    uint64_t stops = json_stops(p) | json_stops(p + 16) << 16;

    if (stops)
        return stops;
    return (uint64_t)(json_stops(p + 32) | json_stops(p + 48) << 16) << 32;
}

static bool
usual_sixteen(struct job *j, const struct seen_keys *seen, uint16_t *last)
{
    return read_usual(j, seen, last, is_key_sixteen, stops_sixteen);
}

/* --- thirty-two, with AVX2; sixty-four at a time, with AVX-512, took 6 % longer --- */

#ifdef HAVE_WIDE
WIDE static inline bool
is_key_wide(const char *p, const struct seen_key *e)
{
    __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p),
                                     _mm256_loadu_si256((const __m256i *)e->text));

    return (~(uint32_t)_mm256_movemask_epi8(same) & e->bits) == 0;
}

/* As json_stops. */
WIDE static inline uint32_t
stops_half(const char *p)
{
    __m256i x = _mm256_loadu_si256((const __m256i *)p);
    __m256i odd = wide_odd(x);
    __m256i quote = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('"'));
    __m256i slash = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'));

    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(odd, _mm256_or_si256(quote, slash)));
}

WIDE static inline uint64_t
stops_wide(const char *p)
{
    uint64_t stops = stops_half(p);

    return stops ? stops : (uint64_t)stops_half(p + 32) << 32;
}

WIDE static bool
usual_wide(struct job *j, const struct seen_keys *seen, uint16_t *last)
{
    return read_usual(j, seen, last, is_key_wide, stops_wide);
}
#endif
#endif

/* --- which --- */

static bool
always(void)
{
    return true;
}

/* Where nothing is compared many bytes at a time, nothing is read this way. */
static bool
usual_never(struct job *j, const struct seen_keys *seen, uint16_t *last)
{
    (void)j, (void)seen, (void)last;
    return false;
}

const struct json_way json_ways[] = {
#ifdef HAVE_WIDE
    {"wide", usual_wide, wide_works},
#endif
#ifdef HAVE_SIXTEEN
    {"sixteen", usual_sixteen, always},
#endif
    {"never", usual_never, always},
    {NULL, NULL, NULL},
};
