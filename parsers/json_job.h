/*
 * json_job.h - one object on its way to fields, for json_record.c and its short way, json_usual.c.
 */
#ifndef JSON_JOB_H
#define JSON_JOB_H

#include "json_paths.h"

#define SEEN      64  /* keys remembered for each node */
#define SEEN_HASH 256 /* a power of two */
#define GUESSES   4   /* keys remembered behind each */
#define MAX_ITEMS 1024

struct seen_key {
    char text[KEY_MEMORY + 3]; /* with its quotes and a colon */
    uint32_t bits;             /* one for each byte of it; 0: nothing here */
    uint16_t n, next[GUESSES];
    uint16_t slot;              /* where a text goes; FIELD_COUNT: it is not wanted */
    bool simple;                /* at most one text, and nothing inside of it, is wanted */
    uint64_t bit;               /* of the slot, or 0 */
    const struct path_key *key; /* NULL: not wanted */
};

struct seen_keys {
    struct seen_key entry[SEEN + 1]; /* entry 0 is the opening brace */
    uint8_t by_hash[SEEN_HASH];
    uint16_t count;
};

struct job;

/*
 * Reads members that are as expected behind the key *last and hold nothing special, until there is
 * one of another kind: t->p stands before that then, and nothing of it is kept. True: the object
 * ended, and t->p is behind it. t->p stands at a member, behind blanks.
 */
typedef bool json_usual(struct job *j, const struct seen_keys *seen, uint16_t *last);

struct json_way {
    const char *name;
    json_usual *read;
    bool (*works)(void); /* on this processor */
};

/* NULL-ended, the fastest first; the last one works everywhere. */
extern const struct json_way json_ways[];

struct worker {
    struct seen_keys *seen; /* one for each node */
    json_usual *usual;      /* the best of json_ways for this processor */
    struct span alternative[SLOTS - FIELD_COUNT];
};

/* One record on its way. */
struct job {
    struct json_text *t;
    const struct json_paths *paths;
    struct worker *w;
    struct arena *mem;
    struct fields *out;
    uint64_t has;   /* slots with a value */
    uint64_t lists; /* of these: p is an array of n spans */
    bool unknown;   /* some text is not of printable ASCII as it stands; then of the rest too: */
    bool blank;     /* some text begins or ends with a blank */
    size_t longest; /* no text is longer */
    struct span features; /* the text of a list of plain ones, from its first quote to its last */
};

#ifdef HAVE_SIXTEEN
/* The first of these bits says that the first of 32 bytes at p are those of e, and so on. */
static inline uint32_t
json_same_bytes(const char *p, const struct seen_key *e)
{
    const __m128i *a = (const __m128i *)p, *b = (const __m128i *)e->text;
    __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128(a), _mm_loadu_si128(b));
    __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128(a + 1), _mm_loadu_si128(b + 1));

    return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
}

#endif

#endif
