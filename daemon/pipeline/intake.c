/*
 * intake.c - counting what comes, per stream and quarter hour.
 */
#include "intake_part.h"

#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

/* --- quarters --- */

#define PLACES_MIN 16

static struct quarter_count *
place_of(const struct quarters *q, int32_t quarter)
{
    size_t i = (uint32_t)quarter * UINT32_C(2654435761) & (q->size - 1);

    while (q->place[i].records && q->place[i].quarter != quarter)
        i = (i + 1) & (q->size - 1);
    return &q->place[i];
}

static void
grow(struct quarters *q)
{
    struct quarters bigger = {.size = q->size ? 2 * q->size : PLACES_MIN, .count = q->count};

    bigger.place = xcalloc(bigger.size, sizeof *bigger.place);
    for (size_t i = 0; i < q->size; i++)
        if (q->place[i].records)
            *place_of(&bigger, q->place[i].quarter) = q->place[i];
    free(q->place);
    *q = bigger;
}

void
quarters_add(struct quarters *q, int32_t quarter, uint32_t records)
{
    struct quarter_count *p;

    if (records == 0)
        return;
    if (2 * (q->count + 1) > q->size)
        grow(q);
    p = place_of(q, quarter);
    q->count += p->records == 0;
    p->quarter = quarter;
    p->records += records;
}

void
quarters_merge(struct quarters *into, const struct quarters *from)
{
    for (size_t i = 0; i < from->size; i++)
        quarters_add(into, from->place[i].quarter, from->place[i].records);
}

bool
quarters_range(const struct quarters *q, int32_t *first, int32_t *last)
{
    *first = INT32_MAX;
    *last = INT32_MIN;
    for (size_t i = 0; i < q->size; i++) {
        const struct quarter_count *p = &q->place[i];

        if (p->records && p->quarter < *first)
            *first = p->quarter;
        if (p->records && p->quarter > *last)
            *last = p->quarter;
    }
    return q->count > 0;
}

void
quarters_clear(struct quarters *q)
{
    free(q->place);
    *q = (struct quarters){0};
}

/* --- what a worker took --- */

static bool
same_stream(const struct intake *a, const struct intake *b)
{
    return a->unit == b->unit && span_eq(a->input, b->input) && span_eq(a->stream, b->stream) &&
           span_eq(a->identity, b->identity);
}

/* The newest first: blocks of one stream follow each other. */
struct intake *
intake_list_find(struct intake_list *list, const struct intake *like)
{
    for (size_t i = list->count; i-- > 0;)
        if (same_stream(&list->item[i], like))
            return &list->item[i];
    return NULL;
}

struct intake *
intake_list_add(struct intake_list *list, const struct intake *one)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 8;
        list->item = xrealloc(list->item, list->cap * sizeof *list->item);
    }
    list->item[list->count] = *one;
    list->item[list->count].quarters = (struct quarters){0};
    return &list->item[list->count++];
}

void
intake_list_empty(struct intake_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        quarters_clear(&list->item[i].quarters);
    list->count = 0;
}

void
intake_list_clear(struct intake_list *list)
{
    intake_list_empty(list);
    free(list->item);
    *list = (struct intake_list){0};
}

/* Positions that nobody can look up later (of a connection, a request) are not kept. */
static struct intake
describe(const struct source *s, const struct block *b)
{
    struct intake in = {.input = span_str(s->feed->input)};

    if (b->quarantine_id)
        return in;
    if (b->cursor.identity[0]) {
        in.stream = span_str(s->name);
        in.identity = span_str(b->cursor.identity);
        in.unit = INTAKE_BYTES;
        in.at = b->offset;
        in.until = b->offset + b->n;
    } else if (b->frame_origin && b->frame_count) {
        in.stream = span_str(s->name);
        in.unit = INTAKE_ENTRIES;
        in.at = b->frame_origin[0].ms;
        in.until = b->frame_origin[b->frame_count - 1].ms;
    }
    return in;
}

static void
widen(struct intake *known, const struct intake *in)
{
    if (in->at < known->at)
        known->at = in->at;
    if (in->until > known->until)
        known->until = in->until;
}

struct intake *
part_intake(struct part *p, const struct source *s, const struct block *b)
{
    struct intake in = describe(s, b);
    struct intake *known = intake_list_find(&p->intake, &in);

    if (known) {
        widen(known, &in);
        return known;
    }
    in.stream = arena_copy(&p->memory, in.stream);
    in.identity = arena_copy(&p->memory, in.identity);
    return intake_list_add(&p->intake, &in);
}

void
intake_gather(struct intake_list *all, const struct intake_list *part)
{
    for (size_t i = 0; i < part->count; i++) {
        const struct intake *in = &part->item[i];
        struct intake *known = intake_list_find(all, in);

        if (!known)
            known = intake_list_add(all, in);
        else {
            widen(known, in);
            known->records += in->records;
            known->accepted += in->accepted;
        }
        quarters_merge(&known->quarters, &in->quarters);
    }
}

/* --- by which inputs customers and services come --- */

#define WAY_BYTES 400 /* an input's title and the longest name */

/* "INPUT\0NAME"; 0: too long to be told apart. */
static size_t
way_key(char *key, const char *input, struct span name)
{
    size_t head = strlen(input) + 1;

    if (head + name.n > WAY_BYTES)
        return 0;
    memcpy(key, input, head);
    memcpy(key + head, name.p, name.n);
    return head + name.n;
}

void
part_way(struct part *p, struct engine *e, enum cell_kind kind, struct span name, const char *input)
{
    char key[WAY_BYTES];
    size_t n = way_key(key, input, name);
    struct way *w;

    if (n == 0 || !names_add(e->ways, name_kind_of(kind), span_of(key, n)))
        return;
    if (p->way_count == p->way_cap) {
        p->way_cap = p->way_cap ? 2 * p->way_cap : 64;
        p->ways = xrealloc(p->ways, p->way_cap * sizeof *p->ways);
    }
    w = &p->ways[p->way_count++];
    w->kind = kind;
    w->name = arena_copy(&p->memory, name);
    w->input = arena_copy(&p->memory, span_str(input));
}

static bool
has_way(const struct cell *c)
{
    return c && (c->kind == CELL_CUSTOMER || c->kind == CELL_SERVICE);
}

/* As engine_names_take does. */
static void
fetch_way(const struct engine *e, const struct cell *c, const char *input)
{
    char key[WAY_BYTES];
    size_t n = way_key(key, input, c->name);

    names_prefetch(e->ways, name_kind_of((enum cell_kind)c->kind), span_of(key, n));
}

void
part_ways(struct part *p, struct engine *e, const char *input, size_t from)
{
    const struct cells *cells = p->cells;

    for (size_t i = from; i < cells_slots(cells); i++)
        if (has_way(cells_at(cells, i)))
            fetch_way(e, cells_at(cells, i), input);
    for (size_t i = from; i < cells_slots(cells); i++) {
        const struct cell *c = cells_at(cells, i);

        if (has_way(c))
            part_way(p, e, (enum cell_kind)c->kind, c->name, input);
    }
}

void
ways_forget(struct engine *e, enum cell_kind kind, struct span name)
{
    char key[WAY_BYTES];

    if (kind != CELL_CUSTOMER && kind != CELL_SERVICE)
        return;
    pthread_mutex_lock(&e->lock);
    for (const struct feed_state *f = e->feeds; f; f = f->next) {
        size_t n = way_key(key, f->input, name);

        if (n)
            names_remove(e->ways, name_kind_of(kind), span_of(key, n));
    }
    pthread_mutex_unlock(&e->lock);
}
