/*
 * batch.c - the batch that is being gathered: parts, tickets, cursors.
 */
#include <stdlib.h>

#include "clock.h"
#include "engine_internal.h"
#include "hash.h"
#include "json_write.h"
#include "mask.h"

#define QUARANTINE_HEAD 4096 /* kept of a record that is longer than the limit */

void
batch_init(struct batch *b, size_t parts)
{
    b->parts = xcalloc(parts, sizeof *b->parts);
    for (size_t i = 0; i < parts; i++) {
        b->parts[i].cells = cells_new();
        arena_init(&b->parts[i].memory);
    }
}

void
batch_clear(struct batch *b, size_t parts)
{
    for (size_t i = 0; b->parts && i < parts; i++) {
        cells_free(b->parts[i].cells);
        buf_clear(&b->parts[i].fingerprints);
        buf_clear(&b->parts[i].kept);
        buf_clear(&b->parts[i].items);
        free(b->parts[i].candidates);
        arena_clear(&b->parts[i].memory);
        free(b->parts[i].quarantine);
        free(b->parts[i].events);
        free(b->parts[i].pairs);
        intake_list_clear(&b->parts[i].intake);
        free(b->parts[i].ways);
    }
    free(b->parts);
    free(b->tickets);
    free(b->cursors);
    free(b->corrections);
}

size_t
part_bytes(const struct part *p)
{
    return part_deltas(p) + p->kept.cap + p->items.cap;
}

size_t
part_deltas(const struct part *p)
{
    return cells_bytes(p->cells) + p->fingerprints.cap + p->memory.total +
           p->candidate_cap * sizeof *p->candidates + p->quarantine_cap * sizeof *p->quarantine +
           p->event_cap * sizeof *p->events + p->pair_cap * sizeof *p->pairs;
}

void
batch_measure(struct batch *b, size_t parts)
{
    size_t n = 0;

    for (size_t i = 0; i < parts; i++)
        n += part_bytes(&b->parts[i]);
    atomic_store(&b->held, n);
}

#define KEPT_FINGERPRINTS (1u << 20) /* a bulk batch's megabytes are not kept for small ones */
#define KEPT_CELLS        (8u << 20)
#define KEPT_ROWS         1024 /* of quarantine, of events */

static void
trim_lists(struct part *p)
{
    if (p->fingerprints.cap > KEPT_FINGERPRINTS)
        buf_clear(&p->fingerprints);
    if (p->kept.cap > KEPT_FINGERPRINTS)
        buf_clear(&p->kept);
    if (p->items.cap > KEPT_FINGERPRINTS)
        buf_clear(&p->items);
    if (p->quarantine_cap > KEPT_ROWS) {
        free(p->quarantine);
        p->quarantine = NULL;
        p->quarantine_cap = p->quarantine_count = 0;
    }
    if (p->event_cap > KEPT_ROWS) {
        free(p->events);
        p->events = NULL;
        p->event_cap = p->event_count = 0;
    }
    if (p->pair_cap > KEPT_ROWS) {
        free(p->pairs);
        p->pairs = NULL;
        p->pair_cap = p->pair_count = 0;
    }
}

void
batch_trim(struct batch *b, size_t parts)
{
    for (size_t i = 0; i < parts; i++) {
        struct part *p = &b->parts[i];

        if (cells_bytes(p->cells) > KEPT_CELLS) {
            cells_free(p->cells);
            p->cells = cells_new();
        }
        trim_lists(p);
    }
    batch_measure(b, parts);
}

static void
part_begin(struct part *p)
{
    cells_reset(p->cells);
    trim_lists(p);
    buf_reset(&p->fingerprints);
    buf_reset(&p->kept);
    buf_reset(&p->items);
    arena_reset(&p->memory);
    intake_list_empty(&p->intake);
    p->listed_count = 0;
    p->quarantine_count = p->event_count = p->pair_count = p->candidate_count = p->way_count = 0;
    p->voided = 0;
    memset(&p->count, 0, sizeof p->count);
    p->late = 0;
    p->newest_record = 0;
}

void
batch_begin(struct batch *b, uint64_t number, size_t parts)
{
    for (size_t i = 0; i < parts; i++)
        part_begin(&b->parts[i]);
    batch_measure(b, parts);
    b->number = number;
    b->blocks = b->blocks_done = 0;
    b->bulk_only = true;
    b->wanted = false;
    atomic_store(&b->bytes, 0);
    b->ticket_count = b->cursor_count = b->correction_count = 0;
    b->corrected = 0;
}

void
batch_cursor(struct batch *b, const char *input, const struct cursor *c,
             const struct cursor *before)
{
    size_t i;

    for (i = 0; i < b->cursor_count; i++)
        if (b->cursors[i].input == input && strcmp(b->cursors[i].cursor.identity, c->identity) == 0)
            break;
    if (i == b->cursor_count) {
        if (i == b->cursor_cap) {
            b->cursor_cap = b->cursor_cap ? 2 * b->cursor_cap : 8;
            b->cursors = xrealloc(b->cursors, b->cursor_cap * sizeof *b->cursors);
        }
        b->cursor_count++;
        b->cursors[i].input = input;
        b->cursors[i].known = before != NULL;
        b->cursors[i].before = before ? before->position : 0;
    }
    b->cursors[i].cursor = *c;
}

size_t
batch_ticket(struct batch *b, const struct block *block)
{
    if (!block->done && !block->quarantine_id)
        return 0;
    if (b->ticket_count == b->ticket_cap) {
        b->ticket_cap = b->ticket_cap ? 2 * b->ticket_cap : 16;
        b->tickets = xrealloc(b->tickets, b->ticket_cap * sizeof *b->tickets);
    }
    b->tickets[b->ticket_count++] = (struct ticket){
        .done = block->done,
        .arg = block->done_arg,
        .quarantine_id = block->quarantine_id,
        .feed = block->source->feed,
        .bytes = block->n,
    };
    return b->ticket_count;
}

/* "calls 1763000000000-0" */
static struct span
stream_text(struct part *p, const struct source *s, const struct frame_origin *origin)
{
    char *text;
    struct span copy;

    if (!origin)
        return arena_copy(&p->memory, span_str(s->name));
    text = xasprintf("%s %llu-%llu", s->name, (unsigned long long)origin->ms,
                     (unsigned long long)origin->seq);
    copy = arena_copy(&p->memory, span_str(text));
    free(text);
    return copy;
}

struct quarantine_row *
part_quarantine_row(struct part *p)
{
    if (p->quarantine_count == p->quarantine_cap) {
        p->quarantine_cap = p->quarantine_cap ? 2 * p->quarantine_cap : 64;
        p->quarantine = xrealloc(p->quarantine, p->quarantine_cap * sizeof *p->quarantine);
    }
    return &p->quarantine[p->quarantine_count++];
}

struct hiding {
    char *p, *end; /* the columns that are still to come */
};

/* Where a value begins whose quotes are doubled there, and *end behind it; NULL: nowhere. */
static char *
find_quoted(const struct hiding *h, struct span value, char **end)
{
    for (char *begin = h->p; begin < h->end; begin++) {
        char *at = begin;
        size_t i = 0;

        for (; i < value.n && at < h->end && *at == value.p[i]; i++, at++)
            if (*at == '"' && at + 1 < h->end && at[1] == '"')
                at++;
        *end = at;
        if (i == value.n)
            return begin;
    }
    return NULL;
}

/* What a map gives to a field is no secret to whoever wrote it, and what is hidden would be read
 * again as something else. */
static void
hide_column(void *arg, struct span name, struct span value, enum field field)
{
    struct hiding *h = arg;
    bool secret = field == FIELD_COUNT && is_secret_name(name);
    bool inside = value.p >= h->p && value.p + value.n <= h->end;
    char *begin = inside ? h->p + (value.p - h->p) : NULL;
    char *end = inside ? begin + value.n : NULL;

    if (value.n == 0)
        return;
    if (!inside && secret)
        begin = find_quoted(h, value, &end);
    if (!begin)
        return;
    if (secret)
        mask_value(begin, (size_t)(end - begin));
    h->p = end;
}

/* Names of columns stand in the format or in a header, those of everything else in the record. */
static struct span
without_secrets(struct part *p, const struct source *s, struct span raw)
{
    const struct parser_ops *parser = format_content(source_format(s));
    const struct span header = s->header ? span_of(s->header, s->header_n) : SPAN("");
    char *copy = arena_alloc(&p->memory, raw.n + 1);
    struct hiding h = {copy, copy + raw.n};

    if (raw.n == 0)
        return raw;
    memcpy(copy, raw.p, raw.n);
    if (parser->names_apart)
        parser->show(source_format(s), header, span_of(copy, raw.n), &p->memory, hide_column, &h);
    mask_secrets(copy, raw.n);
    return span_of(copy, raw.n);
}

void
part_quarantine(struct part *p, const struct source *s, struct place at, struct span raw,
                const char *reason)
{
    size_t limit = source_max_record(s);
    struct span kept = raw;
    struct quarantine_row *q;

    if (raw.n > limit && raw.n > QUARANTINE_HEAD)
        kept.n = QUARANTINE_HEAD;
    atomic_fetch_add(&s->feed->quarantine_bytes, (int64_t)kept.n);
    q = part_quarantine_row(p);
    *q = (struct quarantine_row){
        .input = span_str(s->input),
        .source = span_str(s->source),
        .format = span_str(s->format_name),
        .stream = stream_text(p, s, at.origin),
        .timezone = span_str(s->timezone),
        .reason = arena_copy(&p->memory, span_str(reason)),
        .raw = without_secrets(p, s, kept),
        .offset = at.offset,
        .length = (uint32_t)(raw.n > UINT32_MAX ? UINT32_MAX : raw.n),
        .arrived = clock_now(),
        .identity = (uint8_t)s->identity,
        .has_header = s->header != NULL,
    };
    q->input = arena_copy(&p->memory, q->input);
    q->source = arena_copy(&p->memory, q->source);
    q->format = arena_copy(&p->memory, q->format);
    q->timezone = arena_copy(&p->memory, q->timezone);
    if (s->header)
        q->header = arena_copy(&p->memory, span_of(s->header, s->header_n));
}

struct event_row *
part_event_row(struct part *part)
{
    if (part->event_count == part->event_cap) {
        part->event_cap = part->event_cap ? 2 * part->event_cap : 32;
        part->events = xrealloc(part->events, part->event_cap * sizeof *part->events);
    }
    return &part->events[part->event_count++];
}

void
part_event(struct part *part, const struct record *r)
{
    struct buf json = {0};
    struct json_writer w;
    struct event_row *row;

    json_begin(&w, &json);
    json_object(&w, NULL);
    for (int f = 0; f < FIELD_COUNT; f++)
        if (r->has & FIELD_BIT(f) && r->text[f].n > 0)
            json_span(&w, field_name((enum field)f), r->text[f]);
    json_close(&w);
    row = part_event_row(part);
    row->kind = (uint8_t)r->kind;
    row->start = r->start;
    row->customer = arena_copy(&part->memory, r->text[FIELD_CUSTOMER]);
    row->id =
        r->has & FIELD_BIT(FIELD_ID) ? arena_copy(&part->memory, r->text[FIELD_ID]) : SPAN("");
    row->json = arena_copy(&part->memory, span_of(json.p, json.n));
    buf_clear(&json);
}

struct pair_event *
part_pair(struct part *part, const struct source *s, bool bulk, const struct record *r)
{
    bool own = r->has & FIELD_BIT(FIELD_SOURCE);
    bool room = r->has & FIELD_BIT(FIELD_ROOM);
    enum field where = room ? FIELD_ROOM : FIELD_CONFERENCE;
    bool somewhere = r->has & FIELD_BIT(where);
    bool alone = r->kind == KIND_LEG && !format_content(source_format(s))->leg_features;

    if (part->pair_count == part->pair_cap) {
        part->pair_cap = part->pair_cap ? 2 * part->pair_cap : 32;
        part->pairs = xrealloc(part->pairs, part->pair_cap * sizeof *part->pairs);
    }
    part->pairs[part->pair_count++] = (struct pair_event){
        .kind = (uint8_t)r->kind,
        .bulk = bulk,
        .room = room,
        .at = r->start,
        .source = arena_copy(&part->memory, own ? r->text[FIELD_SOURCE] : span_str(s->source)),
        .conference = arena_copy(&part->memory, somewhere ? r->text[where] : SPAN("")),
        .key = alone ? SPAN("") : pair_key(r, &part->memory),
        .sides = pair_sides(r, span_str(s->input), &part->memory),
    };
    return &part->pairs[part->pair_count - 1];
}

/* Those that aggregation and the directory look at. */
#define COUNTED_FIELDS                                                                             \
    (FIELD_BIT(FIELD_CUSTOMER) | FIELD_BIT(FIELD_PARTICIPANT) |                                    \
     FIELD_BIT(FIELD_PARTICIPANT_NAME) | FIELD_BIT(FIELD_CONFERENCE) |                             \
     FIELD_BIT(FIELD_CONFERENCE_NAME) | FIELD_BIT(FIELD_SERVICE) | FIELD_BIT(FIELD_REGION) |       \
     FIELD_BIT(FIELD_ROOM))

static struct record *
copy_counted(struct arena *mem, const struct record *r)
{
    struct record *copy = arena_alloc(mem, sizeof *copy);
    struct span *features = arena_alloc(mem, (r->feature_count + 1) * sizeof *features);

    *copy = *r;
    copy->has &= COUNTED_FIELDS | FIELD_BIT(FIELD_VERSION);
    for (int f = 0; f < FIELD_COUNT; f++)
        copy->text[f] = copy->has & FIELD_BIT(f) ? arena_copy(mem, r->text[f]) : (struct span){0};
    for (uint32_t i = 0; i < r->feature_count; i++)
        features[i] = arena_copy(mem, r->features[i]);
    copy->features = features;
    copy->feature_list = 0;
    return copy;
}

struct candidate *
part_candidate(struct part *p, const struct record *r, struct span raw)
{
    struct candidate *c;

    if (p->candidate_count == p->candidate_cap) {
        p->candidate_cap = p->candidate_cap ? 2 * p->candidate_cap : 32;
        p->candidates = xrealloc(p->candidates, p->candidate_cap * sizeof *p->candidates);
    }
    c = &p->candidates[p->candidate_count++];
    memset(c, 0, sizeof *c);
    c->record = copy_counted(&p->memory, r);
    c->raw = arena_copy(&p->memory, raw);
    return c;
}
