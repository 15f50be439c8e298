/*
 * pairing_live.c - who is in which conference now: the longest lists, of conferences, customers
 * and inputs.
 */
#include "pairing_internal.h"

#include <stdlib.h>

#include "hash.h"

/* --- counting by name --- */

struct census {
    struct live_name *slots; /* legs 0: empty */
    size_t size;             /* a power of two, more than twice the legs there are */
};

static void
census_begin(struct census *t, size_t legs)
{
    for (t->size = 16; t->size < 2 * legs + 2; t->size *= 2)
        continue;
    t->slots = xcalloc(t->size, sizeof *t->slots);
}

static void
census_add(struct census *t, struct span name)
{
    size_t i = hash_bytes(name.p, name.n, 0) & (t->size - 1);

    while (t->slots[i].legs && !span_eq(t->slots[i].name, name))
        i = (i + 1) & (t->size - 1);
    t->slots[i].name = name;
    t->slots[i].legs++;
}

static int
most_first(const void *a, const void *b)
{
    const struct live_name *x = a, *y = b;

    return x->legs == y->legs ? span_cmp(x->name, y->name)
                              : (x->legs < y->legs) - (x->legs > y->legs);
}

/* Frees the census. */
static size_t
census_end(struct census *t, struct live_name out[LIVE_ROWS], struct arena *mem)
{
    size_t n = 0;

    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i].legs)
            t->slots[n++] = t->slots[i];
    qsort(t->slots, n, sizeof *t->slots, most_first);
    n = n < LIVE_ROWS ? n : LIVE_ROWS;
    for (size_t i = 0; i < n; i++) {
        out[i] = t->slots[i];
        out[i].name = arena_copy(mem, t->slots[i].name);
    }
    free(t->slots);
    return n;
}

/* --- conferences --- */

static int64_t
since(const struct conference *c)
{
    int64_t first = c->starts ? c->start[c->starts - 1] : c->last;

    for (const struct stay *s = c->stays; s; s = s->after)
        for (size_t i = 0; i < s->count; i++)
            if (!s->marks[i].leave && !s->marks[i].counted && s->marks[i].at < first)
                first = s->marks[i].at;
    return first;
}

static bool
is_larger(const struct conference *a, const struct conference *b)
{
    return a->open == b->open ? span_cmp(span_of(a->id, a->id_n), span_of(b->id, b->id_n)) < 0
                              : a->open > b->open;
}

/* Into the list of the largest, largest first. */
static void
place(const struct conference *list[LIVE_ROWS], size_t *n, const struct conference *c)
{
    size_t i = *n;

    if (i == LIVE_ROWS && !is_larger(c, list[i - 1]))
        return;
    *n += *n < LIVE_ROWS;
    for (i = *n - 1; i > 0 && is_larger(c, list[i - 1]); i--)
        list[i] = list[i - 1];
    list[i] = c;
}

static void
count_stays(const struct conference *c, struct census *customers, struct census *inputs)
{
    struct sides sides;

    for (const struct stay *s = c->stays; s; s = s->after)
        for (size_t i = 0; i < s->count; i++) {
            const struct mark *m = &s->marks[i];

            if (m->leave || m->counted || !sides_read(span_of(m->sides, m->n), &sides))
                continue;
            census_add(customers, sides.text[SIDE_CUSTOMER]);
            census_add(inputs, sides.text[SIDE_INPUT]);
        }
}

void
pairing_live(const struct pairing *p, struct live *out, struct arena *mem)
{
    const struct conference *largest[LIVE_ROWS];
    struct census customers, inputs;

    memset(out, 0, sizeof *out);
    out->legs = p->open_legs;
    out->conferences = p->open_conferences;
    census_begin(&customers, p->open_legs);
    census_begin(&inputs, p->open_legs);
    for (size_t i = 0; i < PAIR_STREAMS; i++)
        for (const struct stream *s = p->streams[i]; s; s = s->next)
            for (const struct conference *c = s->conferences; c; c = c->after)
                if (c->open) {
                    place(largest, &out->conference_count, c);
                    count_stays(c, &customers, &inputs);
                }
    for (size_t i = 0; i < out->conference_count; i++) {
        const struct conference *c = largest[i];

        out->conference[i] = (struct live_conference){
            .id = arena_copy(mem, span_of(c->id, c->id_n)),
            .name = arena_copy(mem, span_str(c->name)),
            .customer = arena_copy(mem, span_str(c->customer)),
            .source = arena_copy(mem, span_of(c->stream->name, c->stream->name_n)),
            .legs = c->open,
            .since = since(c),
        };
    }
    out->customer_count = census_end(&customers, out->customer, mem);
    out->input_count = census_end(&inputs, out->input, mem);
}

/* --- stays --- */

static void
visit_stay(const struct conference *c, const struct stay *s, struct span input,
           open_stay_visit *visit, void *arg)
{
    struct sides sides;

    for (size_t i = 0; s->key[0] == 'L' && i < s->count; i++) {
        const struct mark *m = &s->marks[i];

        if (!m->leave && !m->counted && sides_read(span_of(m->sides, m->n), &sides) &&
            span_eq(sides.text[SIDE_INPUT], input))
            visit(arg, &(struct open_stay){.conference = span_of(c->id, c->id_n),
                                           .name = span_str(c->name),
                                           .leg = span_of(s->key + 1, s->key_n - 1),
                                           .since = m->at});
    }
}

void
pairing_stays(const struct pairing *p, struct span input, open_stay_visit *visit, void *arg)
{
    for (size_t i = 0; i < PAIR_STREAMS; i++)
        for (const struct stream *t = p->streams[i]; t; t = t->next)
            for (const struct conference *c = t->conferences; c; c = c->after)
                for (const struct stay *s = c->open ? c->stays : NULL; s; s = s->after)
                    visit_stay(c, s, input, visit, arg);
}
