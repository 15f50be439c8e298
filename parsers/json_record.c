/*
 * json_record.c - reads one object, and keeps what the paths want.
 *
 * The records of a system have the same keys in the same order, some of which may be missing. So a
 * worker remembers for each object which keys followed which, and compares the next key, closing
 * quote included, with those expected: two vector comparisons each in place of a scan and a
 * lookup. Guesses that fail cost the lookup; what was found is the next first guess.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hash.h"
#include "json_job.h"

static bool read_object(struct job *j, int node);

static struct span *
slot_at(struct job *j, int slot)
{
    return slot < FIELD_COUNT ? &j->out->v[slot] : &j->w->alternative[slot - FIELD_COUNT];
}

/* --- keys --- */

/* Does a key stand at t->p, whatever is between it and its colon? */
static inline bool
is_expected(const struct json_text *t, const struct seen_key *e)
{
#ifdef HAVE_SIXTEEN
    if (t->limit - t->p >= KEY_MEMORY + 3)
        return (~json_same_bytes(t->p, e) & e->bits >> 1) == 0;
#endif
    return t->end - t->p >= e->n - 1 && memcmp(t->p, e->text, e->n - 1u) == 0;
}

/* The entry of a key, made if there is room; 0 if it cannot be remembered. */
static uint16_t
remember(struct seen_keys *s, const struct path_node *node, struct span name)
{
    size_t at = hash_bytes(name.p, name.n, 0) & (SEEN_HASH - 1);
    struct seen_key *e;

    if (name.n > KEY_MEMORY)
        return 0;
    for (; s->by_hash[at]; at = (at + 1) & (SEEN_HASH - 1)) {
        e = &s->entry[s->by_hash[at]];
        if (e->n == name.n + 3 && memcmp(e->text + 1, name.p, name.n) == 0)
            return s->by_hash[at];
    }
    if (s->count == SEEN)
        return 0;
    e = &s->entry[++s->count];
    e->text[0] = '"';
    memcpy(e->text + 1, name.p, name.n);
    memcpy(e->text + 1 + name.n, "\":", 2);
    e->n = (uint16_t)(name.n + 3);
    e->bits = (uint32_t)((UINT64_C(1) << e->n) - 1);
    e->key = path_find(node, name);
    e->simple = !e->key || (e->key->node == NO_NODE && e->key->slot < FIELD_COUNT);
    e->slot = e->key && e->simple ? (uint16_t)e->key->slot : FIELD_COUNT;
    e->bit = e->key && e->simple ? UINT64_C(1) << e->slot : 0;
    s->by_hash[at] = (uint8_t)s->count;
    return s->count;
}

static bool
unexpected_key(struct job *j, int node, uint16_t *last, const struct path_key **key)
{
    struct seen_keys *s = &j->w->seen[node];
    const struct path_node *n = &j->paths->node[node];
    enum json_string_kind kind;
    struct span name;
    uint16_t id;

    if (!json_string(j->t, &name, &kind))
        return false;
    if (kind == JSON_ESCAPED) {
        char *to = arena_alloc(j->mem, name.n);

        *key = path_find(n, span_of(to, json_unescape(name, to)));
        return true;
    }
    id = remember(s, n, name);
    *key = id ? s->entry[id].key : path_find(n, name);
    if (id) {
        uint16_t *next = s->entry[*last].next;

        memmove(next + 1, next, (GUESSES - 1) * sizeof *next);
        next[0] = id;
        *last = id;
    }
    return true;
}

/* Passes over the key at t->p if it is one of those expected behind *last. */
static inline bool
guess_key(struct json_text *t, struct seen_keys *s, uint16_t *last, const struct path_key **key)
{
    const uint16_t *next = s->entry[*last].next;

    for (int i = 0; i < GUESSES && next[i]; i++) {
        const struct seen_key *e = &s->entry[next[i]];

        if (is_expected(t, e)) {
            t->p += e->n - 1;
            *last = next[i];
            *key = e->key;
            return true;
        }
    }
    return false;
}

/* Reads a key and the colon behind it. *last is the entry of the key before. */
static inline bool
read_key(struct job *j, int node, uint16_t *last, const struct path_key **key)
{
    struct json_text *t = j->t;

    if (t->p == t->end || *t->p != '"')
        return json_wrong(t, t->p, "json: expected a key in quotes");
    if (++t->keys > JSON_MAX_KEYS)
        return json_wrong(t, t->p, "json: more than 4096 keys");
    if (!guess_key(t, &j->w->seen[node], last, key) && !unexpected_key(j, node, last, key))
        return false;
    json_space(t);
    if (!json_expect(t, ':', "json: expected a colon"))
        return false;
    json_space(t);
    return true;
}

/* --- values --- */

/* A text that json_string passed over, but for plain ones. */
static void
take_text(struct job *j, enum json_string_kind kind, struct span *out)
{
    j->unknown = true;
    if (kind == JSON_ESCAPED) {
        char *to = arena_alloc(j->mem, out->n);

        *out = span_of(to, json_unescape(*out, to));
    }
}

/* A number of digits only, as nearly all are. False: something else, and nothing is read. */
static inline bool
read_digits(struct json_text *t, struct span *out)
{
    const char *start = t->p, *p = start;

    while (p < t->end && *p >= '0' && *p <= '9')
        p++;
    if (p == start || p == t->end || (*start == '0' && p > start + 1) || *p == '.' ||
        (*p | 0x20) == 'e')
        return false;
    *out = span_of(start, (size_t)(p - start));
    t->p = p;
    return true;
}

/* A text, number or word. *absent: null, or an empty text, which says as little. */
static inline bool
read_simple(struct job *j, struct span *v, bool *absent)
{
    struct json_text *t = j->t;
    enum json_string_kind kind;

    if (t->p < t->end && *t->p == '"') {
        if (!json_string(t, v, &kind))
            return false;
        if (__builtin_expect(kind != JSON_PLAIN, 0))
            take_text(j, kind, v);
        else /* quotes are around it, also if it is empty */
            j->blank |= v->p[0] == ' ' || (v->p + v->n)[-1] == ' ';
        *absent = v->n == 0;
    } else {
        if (!read_digits(t, v) && !json_scalar(t, v))
            return false;
        *absent = v->p[0] == 'n';
    }
    j->longest |= v->n;
    return true;
}

static bool
read_items(struct job *j, struct span *items, size_t *n)
{
    struct json_text *t = j->t;
    bool absent;

    t->p++;
    json_space(t);
    if (t->p < t->end && *t->p == ']') {
        t->p++;
        return true;
    }
    for (;;) {
        if (*n == MAX_ITEMS)
            return json_wrong(t, t->p, "features: more than 1024");
        if (!read_simple(j, &items[*n], &absent))
            return false;
        *n += !absent;
        json_space(t);
        if (t->p < t->end && *t->p == ']') {
            t->p++;
            return true;
        }
        if (!json_expect(t, ',', "json: expected a comma or ]"))
            return false;
        json_space(t);
    }
}

static bool
read_list(struct job *j, int slot)
{
    struct span items[MAX_ITEMS], *copy;
    size_t n = 0;

    if (!read_items(j, items, &n))
        return false;
    if (n == 0)
        return true;
    copy = arena_alloc(j->mem, n * sizeof *copy);
    memcpy(copy, items, n * sizeof *copy);
    *slot_at(j, slot) = (struct span){(const char *)copy, n};
    j->has |= UINT64_C(1) << slot;
    j->lists |= UINT64_C(1) << slot;
    return true;
}

static bool read_value(struct job *j, const struct path_key *key);

/* The elements of an array are found by their number: "a.0.b". */
static bool
read_array(struct job *j, int node)
{
    struct json_text *t = j->t;
    char name[12];
    bool ok = true;

    t->p++;
    json_space(t);
    if (t->p < t->end && *t->p == ']') {
        t->p++;
        return true;
    }
    for (unsigned i = 0; ok; i++) {
        const struct path_key *key = NULL;

        if (i <= 999)
            key = path_find(&j->paths->node[node],
                            span_of(name, (size_t)snprintf(name, sizeof name, "%u", i)));
        ok = key ? read_value(j, key) : json_skip(t);
        if (!ok)
            return false;
        json_space(t);
        if (t->p < t->end && *t->p == ']') {
            t->p++;
            return true;
        }
        ok = json_expect(t, ',', "json: expected a comma or ]");
        json_space(t);
    }
    return false;
}

static bool
is_features(const struct job *j, int slot)
{
    return slot == FIELD_FEATURES ||
           (slot >= FIELD_COUNT && j->paths->alternative[slot - FIELD_COUNT] == FIELD_FEATURES);
}

/* An object or array. Where one value is wanted it is a mistake, unless the format maps other
 * keys and this one only happens to be called like a field. */
static bool
read_container(struct job *j, const struct path_key *key)
{
    struct json_text *t = j->t;
    bool ok;

    if (key->node == NO_NODE &&
        !(*t->p == '[' && key->slot != NO_SLOT && is_features(j, key->slot))) {
        if (j->paths->strict)
            return json_wrong(t, t->p, "json: expected a text or a number for this key");
        return json_skip(t);
    }
    if (++t->depth > JSON_MAX_DEPTH)
        return json_wrong(t, t->p, "json: nested deeper than 32");
    if (key->node == NO_NODE)
        ok = read_list(j, key->slot);
    else if (*t->p == '[')
        ok = read_array(j, key->node);
    else
        ok = read_object(j, key->node);
    t->depth--;
    return ok;
}

static bool
read_value(struct job *j, const struct path_key *key)
{
    struct json_text *t = j->t;
    bool absent;

    j->has &= ~key->mask;
    j->lists &= ~key->mask;
    if (t->p < t->end && (*t->p == '{' || *t->p == '['))
        return read_container(j, key);
    if (key->slot == NO_SLOT)
        return json_skip(t);
    if (!read_simple(j, slot_at(j, key->slot), &absent))
        return false;
    if (!absent)
        j->has |= UINT64_C(1) << key->slot;
    return true;
}

/* From a member on; *last is the entry of the key before. */
static bool
read_members(struct job *j, int node, uint16_t last)
{
    struct json_text *t = j->t;

    for (;;) {
        const struct path_key *key;

        if (j->w->usual(j, &j->w->seen[node], &last))
            return true;
        json_space(t);
        if (!read_key(j, node, &last, &key) || !(key ? read_value(j, key) : json_skip(t)))
            return false;
        json_space(t);
        if (t->p < t->end && *t->p == '}') {
            t->p++;
            return true;
        }
        if (!json_expect(t, ',', "json: expected a comma or }"))
            return false;
        json_space(t);
    }
}

static bool
read_object(struct job *j, int node)
{
    struct json_text *t = j->t;

    t->p++;
    json_space(t);
    if (t->p < t->end && *t->p == '}') {
        t->p++;
        return true;
    }
    return read_members(j, node, 0);
}

/* An object that ends in its line: the usual way does not cross the line's end, and so need not
 * know it. */
static bool
read_in_line(struct job *j)
{
    struct json_text *t = j->t;
    const char *begin = t->p++;
    uint16_t last = 0;

    if (j->w->usual(j, &j->w->seen[0], &last))
        return true;
    json_find_end(t);
    if (t->keys > 0)
        return read_members(j, 0, last);
    t->p = begin;
    return read_object(j, 0);
}

/* --- the whole --- */

/* Of a field's paths the first in the map that has a value counts. Returns the parts of joins that
 * are there. */
static uint64_t
take_alternatives(struct job *j)
{
    uint64_t parts = 0;

    for (int i = 0; i < j->paths->alternatives; i++) {
        enum field field = j->paths->alternative[i];
        uint64_t bit = UINT64_C(1) << (FIELD_COUNT + i);

        if (field > FIELD_COUNT && (j->has & bit)) {
            j->out->v[field] = j->w->alternative[i];
            parts |= FIELD_BIT(field);
            continue;
        }
        if (!(j->has & bit) || (j->has & FIELD_BIT(field)))
            continue;
        j->out->v[field] = j->w->alternative[i];
        j->has |= FIELD_BIT(field);
        if (j->lists & bit)
            j->lists |= FIELD_BIT(field);
    }
    return parts;
}

bool
json_record(struct json_text *t, void *state, const struct format *f, struct arena *mem,
            struct fields *out)
{
    struct job j = {.t = t, .paths = format_shared(f), .w = state, .mem = mem, .out = out};
    uint64_t parts = 0;

    t->keys = 0;
    t->depth = 1;
    if (!(t->end ? read_object(&j, 0) : read_in_line(&j)))
        return false;
    if (j.has >> FIELD_COUNT)
        parts = take_alternatives(&j);
    fields_begin(out);
    out->has = (j.has & (FIELD_BIT(FIELD_COUNT) - 1)) | parts;
    if (!j.unknown) {
        out->printable = true;
        out->trimmed = !j.blank;
        out->longest = j.longest;
    }
    if (j.lists & FIELD_BIT(FIELD_FEATURES)) {
        out->has &= ~FIELD_BIT(FIELD_FEATURES);
        out->feature_items = (const struct span *)(const void *)out->v[FIELD_FEATURES].p;
        out->feature_count = (uint32_t)out->v[FIELD_FEATURES].n;
        if (j.features.n > 0 && out->feature_items[0].p == j.features.p + 1) /* of the last list */
            out->feature_text = j.features;
    }
    return true;
}

void *
json_worker_new(const struct format *f)
{
    const struct json_paths *paths = format_shared(f);
    struct worker *w = xcalloc(1, sizeof *w);
    const struct json_way *way = json_ways;

    while (!way->works())
        way++;
    w->usual = way->read;
    w->seen = xcalloc((size_t)paths->nodes, sizeof *w->seen);
    return w;
}

void
json_worker_free(void *state)
{
    struct worker *w = state;

    if (w)
        free(w->seen);
    free(w);
}

bool
json_no_header(const struct format *f)
{
    (void)f;
    return false;
}

enum status
json_read_header(const struct format *f, struct span line, struct layout **out, struct error *err)
{
    (void)f, (void)line, (void)out;
    return fail(err, ST_BAD_INPUT, "json: has no header line");
}

void
json_layout_free(struct layout *l)
{
    (void)l;
}
