/*
 * json_paths.c - a format's map, turned into a tree of keys.
 */
#include "json_paths.h"

#include <stdlib.h>

#include "hash.h"

#define MAX_KEYS 200 /* in one node: places fit in a byte */

/* --- growing the tree --- */

static struct path_key *
add_key(struct json_paths *p, struct path_node *n, struct span name)
{
    for (size_t i = 0; i < n->count; i++)
        if (span_eq(n->keys[i].name, name))
            return &n->keys[i];
    if (n->count == MAX_KEYS)
        return NULL;
    n->keys = xrealloc(n->keys, (n->count + 1) * sizeof *n->keys);
    n->keys[n->count] = (struct path_key){arena_copy(&p->mem, name), NO_SLOT, NO_NODE, 0};
    return &n->keys[n->count++];
}

static enum status
too_many(struct error *err)
{
    return fail(err, ST_BAD_CONFIG, "map: too many paths");
}

/* A field's first path takes the field's own slot; parts of joins have none. */
static int
new_slot(struct json_paths *p, enum field field, uint64_t *taken)
{
    if (field < FIELD_COUNT && !(*taken & FIELD_BIT(field))) {
        *taken |= FIELD_BIT(field);
        return (int)field;
    }
    if (p->alternatives == SLOTS - FIELD_COUNT)
        return NO_SLOT;
    p->alternative[p->alternatives] = field;
    return FIELD_COUNT + p->alternatives++;
}

static enum status
add_path(struct json_paths *p, struct span path, enum field field, uint64_t *taken,
         struct error *err)
{
    struct path_node *n = &p->node[0];

    for (;;) {
        const char *dot = memchr(path.p, '.', path.n);
        struct span name = span_of(path.p, dot ? (size_t)(dot - path.p) : path.n);
        struct path_key *key;

        if (name.n == 0)
            return fail(err, ST_BAD_CONFIG, "map: a path such as a.b has a key in each part");
        key = add_key(p, n, name);
        if (!key)
            return too_many(err);
        if (!dot) {
            if (key->slot != NO_SLOT) /* a column has one use: the first */
                return ST_OK;
            key->slot = new_slot(p, field, taken);
            return key->slot == NO_SLOT ? too_many(err) : ST_OK;
        }
        if (key->node == NO_NODE) {
            if (p->nodes == MAX_NODES)
                return too_many(err);
            key->node = p->nodes++;
        }
        n = &p->node[key->node];
        path = span_of(dot + 1, path.n - name.n - 1);
    }
}

/* --- looking up --- */

static void
index_node(struct json_paths *p, struct path_node *n)
{
    size_t slots = 8;

    while (slots < n->count * 4)
        slots *= 2;
    n->mask = slots - 1;
    n->table = arena_alloc(&p->mem, slots);
    memset(n->table, 0, slots);
    for (size_t i = 0; i < n->count; i++) {
        size_t at = hash_bytes(n->keys[i].name.p, n->keys[i].name.n, 0) & n->mask;

        while (n->table[at])
            at = (at + 1) & n->mask;
        n->table[at] = (uint8_t)(i + 1);
    }
}

const struct path_key *
path_find(const struct path_node *n, struct span name)
{
    size_t at = hash_bytes(name.p, name.n, 0) & n->mask;

    for (; n->table[at]; at = (at + 1) & n->mask)
        if (span_eq(n->keys[n->table[at] - 1].name, name))
            return &n->keys[n->table[at] - 1];
    return NULL;
}

/* Inner nodes come after the ones around them, so that going backwards they are ready. */
static void
finish(struct json_paths *p)
{
    for (int i = p->nodes - 1; i >= 0; i--) {
        struct path_node *n = &p->node[i];

        for (size_t k = 0; k < n->count; k++) {
            struct path_key *key = &n->keys[k];

            if (key->slot != NO_SLOT)
                key->mask |= UINT64_C(1) << key->slot;
            if (key->node != NO_NODE)
                for (size_t j = 0; j < p->node[key->node].count; j++)
                    key->mask |= p->node[key->node].keys[j].mask;
        }
        index_node(p, n);
    }
}

enum status
json_paths_new(void **shared, const struct format *f, struct error *err)
{
    const char *const *map = format_options(f)->map;
    struct json_paths *p = xcalloc(1, sizeof *p);
    uint64_t taken = 0, mapped;
    enum field place;
    struct span part;
    enum status st = ST_OK;

    arena_init(&p->mem);
    p->nodes = 1;
    p->strict = !map || !*map;
    for (; map && *map && st == ST_OK; map++) {
        const char *equals = strchr(*map, '=');
        struct span name = span_of(*map, equals ? (size_t)(equals - *map) : 0);
        enum field field = field_find(span_trim(name));

        if (!equals || field == FIELD_COUNT)
            st = fail(err, ST_BAD_CONFIG, "map: \"%.80s\" does not begin with a field and =", *map);
        else
            st = add_path(p, span_trim(span_str(equals + 1)), field, &taken, err);
    }
    for (size_t i = 0; st == ST_OK && format_part(f, i, &part, &place); i++)
        st = add_path(p, part, place, &taken, err);
    mapped = taken;
    for (int i = 0; i < FIELD_COUNT && st == ST_OK; i++)
        if (!(mapped & FIELD_BIT(i)))
            st = add_path(p, span_str(field_name((enum field)i)), (enum field)i, &taken, err);
    if (st != ST_OK) {
        json_paths_free(p);
        return st;
    }
    finish(p);
    *shared = p;
    return ST_OK;
}

void
json_paths_free(void *shared)
{
    struct json_paths *p = shared;

    if (!p)
        return;
    for (int i = 0; i < p->nodes; i++)
        free(p->node[i].keys);
    arena_clear(&p->mem);
    free(p);
}
