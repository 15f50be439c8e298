/*
 * pairing_rows.c - the table of open legs as rows of the ledger, and what people see of it.
 *
 * A conference's values: 1, beginnings, ends, last, came, seen, end_came, end_seen, customer, name,
 * untold, made, start, until, joins, legs, estimated, people; of a meeting in a room, begun.
 * A stay's: 2, and each mark: leave | counted << 1 | feature << 3, at, came, seen, next, sides;
 * when its leg has hung up, 4, over, over_came, over_seen. Numbers are varints, texts stand behind
 * their length, times are as they are: none is before 1970.
 */
#include "pairing_internal.h"

#include <stdlib.h>

#define CONFERENCE_ROW 1
#define STAY_ROW       2
#define HUNG_UP        4 /* in place of what a mark is */
#define FEATURE_MARK   8 /* with it */

/* --- writing --- */

static void
put_times(struct buf *b, const int64_t *times, size_t n)
{
    buf_varint(b, n);
    for (size_t i = 0; i < n; i++)
        buf_varint(b, (uint64_t)times[i]);
}

static void
put_text(struct buf *b, struct span s)
{
    buf_varint(b, s.n);
    buf_span(b, s);
}

static void
put_tally(struct buf *b, const struct conference *c)
{
    const struct tally *t = &c->tally;

    buf_varint(b, c->untold);
    buf_varint(b, (uint64_t)t->made);
    buf_varint(b, (uint64_t)t->start);
    buf_varint(b, (uint64_t)t->until);
    buf_varint(b, t->joins);
    buf_varint(b, t->legs);
    buf_varint(b, t->estimated);
    put_text(b, span_of((const char *)t->people, t->people_count * sizeof *t->people));
}

static void
conference_values(struct buf *b, const struct conference *c)
{
    const int64_t moments[] = {c->last, c->came, c->seen, c->end_came, c->end_seen};

    buf_reset(b);
    buf_char(b, CONFERENCE_ROW);
    put_times(b, c->start, c->starts);
    put_times(b, c->end, c->ends);
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        buf_varint(b, (uint64_t)moments[i]);
    put_text(b, span_str(c->customer));
    put_text(b, span_str(c->name));
    put_tally(b, c);
    if (c->begun)
        buf_varint(b, (uint64_t)c->begun);
}

static void
stay_values(struct buf *b, const struct stay *s)
{
    buf_reset(b);
    buf_char(b, STAY_ROW);
    for (size_t i = 0; i < s->count; i++) {
        const struct mark *m = &s->marks[i];

        buf_char(b, (char)(m->leave | m->counted << 1 | (m->feature ? FEATURE_MARK : 0)));
        buf_varint(b, (uint64_t)m->at);
        buf_varint(b, (uint64_t)m->came);
        buf_varint(b, (uint64_t)m->seen);
        buf_varint(b, (uint64_t)m->next);
        put_text(b, span_of(m->sides, m->n));
    }
    if (s->over) {
        buf_char(b, HUNG_UP);
        buf_varint(b, (uint64_t)s->over);
        buf_varint(b, (uint64_t)s->over_came);
        buf_varint(b, (uint64_t)s->over_seen);
    }
}

static struct open_leg_row
row_of(const struct conference *c, struct span rest, struct buf *scratch, struct arena *mem)
{
    buf_reset(scratch);
    buf_add(scratch, c->id, c->id_n);
    buf_char(scratch, PAIR_SEPARATOR);
    buf_span(scratch, rest);
    return (struct open_leg_row){
        .source = arena_copy(mem, span_of(c->stream->name, c->stream->name_n)),
        .key = arena_copy(mem, span_of(scratch->p, scratch->n)),
    };
}

size_t
pairing_changes(struct pairing *p, struct open_leg_row **rows, struct arena *mem)
{
    size_t most = p->dirty_stay_count + p->dirty_conference_count, n = 0;
    struct open_leg_row *out = most ? arena_alloc(mem, most * sizeof *out) : NULL;
    struct buf b = {0};

    for (size_t i = 0; i < p->dirty_conference_count; i++) {
        const struct conference *c = p->dirty_conferences[i];

        if (c->dead && !c->stored)
            continue;
        out[n] = row_of(c, (struct span){0}, &b, mem);
        out[n].begun = c->starts ? c->start[0] : c->last;
        out[n].gone = c->dead;
        conference_values(&b, c);
        out[n++].values = arena_copy(mem, span_of(b.p, b.n));
    }
    for (size_t i = 0; i < p->dirty_stay_count; i++) {
        const struct stay *s = p->dirty_stays[i];

        if (s->count == 0 && !s->stored)
            continue;
        out[n] = row_of(s->conference, span_of(s->key, s->key_n), &b, mem);
        out[n].begun = s->count ? s->marks[0].at : 0;
        out[n].gone = s->count == 0;
        stay_values(&b, s);
        out[n++].values = arena_copy(mem, span_of(b.p, b.n));
    }
    buf_clear(&b);
    *rows = out;
    return n;
}

void
pairing_settled(struct pairing *p)
{
    for (size_t i = 0; i < p->dirty_stay_count; i++) {
        struct stay *s = p->dirty_stays[i];

        s->dirty = false;
        s->stored = true;
        if (s->count == 0)
            pairing_remove_stay(p, s);
    }
    for (size_t i = 0; i < p->dirty_conference_count; i++) {
        struct conference *c = p->dirty_conferences[i];

        c->dirty = false;
        c->stored = true;
        if (c->dead)
            pairing_remove_conference(p, c);
    }
    p->dirty_stay_count = p->dirty_conference_count = 0;
}

/* --- reading --- */

struct reader {
    const uint8_t *p, *end;
    bool bad;
};

static uint64_t
number(struct reader *r)
{
    uint64_t v = 0;

    if (!varint_read(&r->p, r->end, &v))
        r->bad = true;
    return r->bad ? 0 : v;
}

static struct span
text(struct reader *r)
{
    uint64_t n = number(r);
    const char *at = (const char *)r->p;

    if (n > (uint64_t)(r->end - r->p)) {
        r->bad = true;
        return (struct span){0};
    }
    r->p += n;
    return span_of(at, (size_t)n);
}

static uint8_t
times(struct reader *r, int64_t out[PAIR_TIMES])
{
    uint64_t n = number(r);

    r->bad |= n > PAIR_TIMES;
    for (uint64_t i = 0; i < n && !r->bad; i++)
        out[i] = (int64_t)number(r);
    return r->bad ? 0 : (uint8_t)n;
}

static char *
kept_text(struct pairing *p, struct reader *r)
{
    struct span s = text(r);

    if (s.n == 0)
        return NULL;
    p->bytes += s.n + 1;
    return xstrndup(s.p, s.n);
}

static void
read_tally(struct pairing *p, struct conference *c, struct reader *r)
{
    struct tally *t = &c->tally;
    struct span people;

    c->untold = number(r) != 0;
    t->made = (int64_t)number(r);
    t->start = (int64_t)number(r);
    t->until = (int64_t)number(r);
    t->joins = number(r);
    t->legs = number(r);
    t->estimated = number(r);
    people = text(r);
    r->bad |= people.n % sizeof(uint64_t) != 0;
    for (size_t i = 0; !r->bad && i < people.n; i += sizeof(uint64_t)) {
        uint64_t person;

        memcpy(&person, people.p + i, sizeof person);
        tally_person(p, c, person);
    }
}

static void
read_conference(struct pairing *p, struct conference *c, struct reader *r)
{
    c->starts = times(r, c->start);
    c->ends = times(r, c->end);
    c->last = (int64_t)number(r);
    c->came = (int64_t)number(r);
    c->seen = (int64_t)number(r);
    c->end_came = (int64_t)number(r);
    c->end_seen = (int64_t)number(r);
    c->customer = kept_text(p, r);
    c->name = kept_text(p, r);
    read_tally(p, c, r);
    if (r->p < r->end)
        c->begun = (int64_t)number(r);
    c->stored = true;
    if (c->seen > c->stream->clock)
        c->stream->clock = c->stream->looked = c->seen;
}

static void
read_mark(struct pairing *p, struct stay *s, struct reader *r)
{
    uint8_t what = r->p < r->end ? *r->p++ : 0xff;
    int64_t at = (int64_t)number(r);
    struct mark *m =
        (what & ~(3 | FEATURE_MARK)) || r->bad ? NULL : pairing_insert(p, s, at, what & 1);
    struct sides sides;
    struct span side;

    if (!m) {
        r->bad = true;
        return;
    }
    m->counted = what >> 1 & 1;
    m->feature = (what & FEATURE_MARK) != 0;
    m->came = (int64_t)number(r);
    m->seen = (int64_t)number(r);
    m->next = (int64_t)number(r);
    side = text(r);
    r->bad |= !sides_read(side, &sides) || (side.n == 0 && !m->counted);
    if (side.n)
        pairing_write_on(p, m, side);
    if (!m->leave && !m->counted)
        pairing_open(p, s->conference, 1);
}

static void
read_hangup(struct stay *s, struct reader *r)
{
    r->p++;
    s->over = (int64_t)number(r);
    s->over_came = (int64_t)number(r);
    s->over_seen = (int64_t)number(r);
}

static void
read_stay(struct pairing *p, struct stay *s, struct reader *r)
{
    struct conference *c = s->conference;

    s->stored = true;
    while (r->p < r->end && !r->bad) {
        if (*r->p == HUNG_UP)
            read_hangup(s, r);
        else
            read_mark(p, s, r);
    }
    r->bad |= s->count == 0;
    if (!c->stored && !r->bad) { /* its own row was lost: the ledger was damaged once */
        const struct mark *last = &s->marks[s->count - 1];

        c->last = last->at > c->last ? last->at : c->last;
        c->came = last->came > c->came ? last->came : c->came;
        c->seen = last->seen > c->seen ? last->seen : c->seen;
        pairing_change_conference(p, c);
    }
    pairing_wait(p, s->conference); /* nobody knows: the first pass does */
}

enum status
pairing_load(struct pairing *p, const struct open_leg_row *row, struct error *err)
{
    const char *end = row->key.n ? memchr(row->key.p, PAIR_SEPARATOR, row->key.n) : NULL;
    struct reader r = {(const uint8_t *)row->values.p,
                       (const uint8_t *)row->values.p + row->values.n, row->values.n == 0 || !end};
    uint8_t what = r.bad ? 0 : *r.p++;

    if (!r.bad) {
        struct span id = span_of(row->key.p, (size_t)(end - row->key.p));
        struct span rest = span_of(end + 1, row->key.n - id.n - 1);
        struct conference *c = pairing_conference(p, pairing_stream(p, row->source), id);

        if (what == CONFERENCE_ROW && rest.n == 0 && !c->stored)
            read_conference(p, c, &r);
        else if (what == STAY_ROW && rest.n > 1)
            read_stay(p, pairing_stay(p, c, rest), &r);
        else
            r.bad = true;
    }
    if (r.bad || r.p != r.end)
        return fail(err, ST_CORRUPT, "ledger.db: an open leg of conference %.*s cannot be read",
                    SPAN_ARG(row->key));
    return ST_OK;
}

/* --- the whole --- */

void
pairing_free(struct pairing *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < PAIR_STREAMS; i++)
        while (p->streams[i]) {
            struct conference *c = p->streams[i]->conferences;

            while (c->stays)
                pairing_remove_stay(p, c->stays);
            pairing_remove_conference(p, c);
        }
    free(p->conferences);
    free(p->stays);
    free(p->legs);
    free(p->waiting);
    free(p->touched);
    free(p->dirty_stays);
    free(p->dirty_conferences);
    free(p->scratch);
    free(p);
}

void
pairing_status(const struct pairing *p, struct pairing_status *out)
{
    *out = p->ever;
    out->legs = p->open_legs;
    out->conferences = p->open_conferences;
    out->held = p->marks + p->conference_count;
    out->bytes = p->bytes + (p->waiting_cap + p->touched_cap + p->dirty_stay_cap +
                             p->dirty_conference_cap + p->scratch_cap) *
                                sizeof(void *);
}
