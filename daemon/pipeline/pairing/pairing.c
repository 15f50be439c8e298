/*
 * pairing.c - open legs: events go in, time passes.
 *
 * What is decided soon is in the list `waiting`; for all else, which the limit ends, all
 * conferences are looked at now and then, a few dozen times within the limit. Nothing is freed
 * before pairing_settled, because the ledger has to be told of it first.
 */
#include "pairing_internal.h"

#include <stdlib.h>

#define LOOKS_A_LIMIT 64

static void
touch(struct pairing *p, struct stay *s)
{
    if (s->touched)
        return;
    s->touched = true;
    if (p->touched_count == p->touched_cap) {
        p->touched_cap = p->touched_cap ? 2 * p->touched_cap : 64;
        p->touched = xrealloc(p->touched, p->touched_cap * sizeof *p->touched);
    }
    p->touched[p->touched_count++] = s;
}

/* --- events --- */

/* The newest that there is room for. */
static void
note_time(int64_t times[PAIR_TIMES], uint8_t *count, int64_t at)
{
    size_t i = *count;

    while (i > 0 && times[i - 1] > at)
        i--;
    if ((i > 0 && times[i - 1] == at) || (i == 0 && *count == PAIR_TIMES))
        return;
    if (*count == PAIR_TIMES) {
        memmove(times, times + 1, (i - 1) * sizeof *times);
        times[i - 1] = at;
        return;
    }
    memmove(times + i + 1, times + i, (*count - i) * sizeof *times);
    times[i] = at;
    ++*count;
}

/* --- leaves that do not say where --- */

/* The conference of nothing but one leg; false: the key is no leg's, or longer than any name. */
static bool
nowhere_of(struct span key, char *id, size_t room, struct span *out)
{
    if (key.n == 0 || key.n > room || key.p[0] != 'L')
        return false;
    memcpy(id, key.p, key.n);
    id[0] = PAIR_NOWHERE;
    *out = span_of(id, key.n);
    return true;
}

int64_t
pairing_joined_before(const struct pairing *p, const struct conference *c, struct span key,
                      int64_t at)
{
    const struct stay *s = pairing_find_stay(p, c, key);
    int64_t joined = INT64_MIN;

    for (size_t i = 0; s && i < s->count && s->marks[i].at <= at; i++)
        if (!s->marks[i].leave)
            joined = s->marks[i].at;
    return joined;
}

static struct conference *
conference_of(const struct pair_moment *m, struct stream *s, const struct pair_event *e)
{
    struct pairing *p = m->p;
    struct conference *found = NULL;
    int64_t last = INT64_MIN;
    char id[PAIR_LONGEST_KEY];
    struct span nowhere;

    if (e->room)
        return pairing_in_room(m, s, e);
    if (e->conference.n > 0 || !nowhere_of(e->key, id, sizeof id, &nowhere))
        return pairing_conference(p, s, e->conference);
    for (const struct stay *t = NULL; (t = pairing_next_of_leg(p, s, e->key, t)) != NULL;) {
        int64_t joined = pairing_joined_before(p, t->conference, e->key, e->at);

        if (joined > last) {
            last = joined;
            found = t->conference;
        }
    }
    return found ? found : pairing_conference(p, s, nowhere);
}

/* The leg is known: its leaves and features that came before go there. */
static void
take_early_marks(struct pairing *p, struct stay *to)
{
    char id[PAIR_LONGEST_KEY];
    struct span key = span_of(to->key, to->key_n), nowhere;
    struct conference *c;
    struct stay *from;

    if (!nowhere_of(key, id, sizeof id, &nowhere))
        return;
    c = pairing_find_conference(p, to->conference->stream, nowhere);
    from = c && c != to->conference ? pairing_find_stay(p, c, key) : NULL;
    if (!from || from->count == 0)
        return;
    for (size_t i = 0; i < from->count; i++) {
        struct mark *k = &from->marks[i], *m = pairing_insert(p, to, k->at, k->leave);

        if (m)
            *m = *k;
        else
            pairing_strip(p, k);
    }
    p->marks -= from->count;
    from->count = 0;
    pairing_change_stay(p, from);
}

static void
take_join_or_leave(struct pairing *p, struct conference *c, const struct pair_event *e, int64_t now)
{
    struct stay *s = pairing_stay(p, c, e->key);
    struct mark *m = pairing_insert(p, s, e->at, e->kind == KIND_LEAVE);

    touch(p, s);
    if (!m) /* the same at the same moment: it was said twice */
        return;
    m->came = now;
    m->seen = c->stream->clock;
    pairing_write_on(p, m, e->sides);
    if (!m->leave) {
        pairing_open(p, c, 1);
        c->tally.joins++;
        c->untold = true;
        take_early_marks(p, s);
    }
    pairing_change_stay(p, s);
}

/* What the leg has open ends now, unless something says otherwise. */
static void
take_hangup(struct pairing *p, const struct pair_event *e, int64_t now)
{
    struct stream *stream = pairing_find_stream(p, e->source);

    if (!stream)
        return;
    if (e->at > stream->clock)
        stream->clock = e->at;
    for (struct stay *s = NULL; (s = pairing_next_of_leg(p, stream, e->key, s)) != NULL;) {
        if (s->count == 0 || e->at <= s->over)
            continue;
        s->over = e->at;
        s->over_came = now;
        s->over_seen = stream->clock;
        touch(p, s);
        pairing_change_stay(p, s);
    }
}

/* It was heard of, and something that belongs to it happened until then. */
static void
note_event(const struct pair_moment *m, struct conference *c, const struct sides *sides,
           int64_t until)
{
    struct stream *stream = c->stream;

    if (until > stream->clock)
        stream->clock = until;
    c->dead = false;
    if (!c->tally.made)
        c->tally.made = m->now;
    c->came = m->now;
    c->seen = stream->clock;
    if (until > c->last)
        c->last = until;
    pairing_keep_text(m->p, &c->customer, sides->text[SIDE_CUSTOMER]);
    pairing_keep_text(m->p, &c->name, sides->text[SIDE_CONFERENCE_NAME]);
    pairing_change_conference(m->p, c);
}

/* It has counted: what is kept of it, if it has a key, is there for its features. */
static void
keep_leg(const struct pair_moment *m, struct conference *c, const struct pair_event *e)
{
    struct stay *s = pairing_stay(m->p, c, e->key);
    struct mark *k = pairing_insert(m->p, s, e->at, false);

    if (!k)
        return;
    k->came = m->now;
    k->seen = c->stream->clock;
    k->counted = true;
    pairing_write_on(m->p, k, e->sides);
    take_early_marks(m->p, s);
    touch(m->p, s);
    pairing_change_stay(m->p, s);
}

static void
take_leg(const struct pair_moment *m, struct conference *c, const struct pair_event *e,
         const struct sides *sides)
{
    struct paired_leg leg = {.record = {.start = e->at, .duration = sides->duration}};
    struct record *r = &leg.record;

    r->text[FIELD_CUSTOMER] = sides->text[SIDE_CUSTOMER];
    r->text[FIELD_PARTICIPANT] = sides->text[SIDE_PARTICIPANT];
    r->text[FIELD_PARTICIPANT_NAME] = sides->text[SIDE_PARTICIPANT_NAME];
    r->has = (r->text[FIELD_PARTICIPANT].n ? FIELD_BIT(FIELD_PARTICIPANT) : 0) |
             (r->text[FIELD_PARTICIPANT_NAME].n ? FIELD_BIT(FIELD_PARTICIPANT_NAME) : 0);
    tally_leg(m->p, c, &leg);
    if (e->key.n > 0)
        keep_leg(m, c, e);
}

/* A feature waits where its leg is, or nowhere. */
static void
take_feature(const struct pair_moment *m, struct stream *stream, const struct pair_event *e)
{
    struct pairing *p = m->p;
    struct stay *s = pairing_next_of_leg(p, stream, e->key, NULL);
    char id[PAIR_LONGEST_KEY];
    struct span nowhere;
    struct mark *k;

    if (!s) {
        if (!nowhere_of(e->key, id, sizeof id, &nowhere))
            nowhere = e->conference;
        s = pairing_stay(p, pairing_conference(p, stream, nowhere), e->key);
    }
    note_event(m, s->conference, &(struct sides){0}, e->at);
    k = pairing_insert(p, s, e->at, true);
    if (!k) { /* something else is told of that moment */
        p->ever.unplaced++;
        return;
    }
    k->feature = true;
    k->came = m->now;
    k->seen = stream->clock;
    pairing_write_on(p, k, e->sides);
    touch(p, s);
    pairing_change_stay(p, s);
}

static void
take_event(const struct pair_moment *m, const struct pair_event *e)
{
    struct pairing *p = m->p;
    struct stream *stream = pairing_stream(p, e->source);
    struct conference *c;
    struct sides sides;

    if (e->kind == KIND_FEATURE) {
        take_feature(m, stream, e);
        return;
    }
    c = conference_of(m, stream, e);
    if (!sides_read(e->sides, &sides))
        memset(&sides, 0, offsetof(struct sides, features));
    stream->bulk |= e->bulk;
    note_event(m, c, &sides, e->kind == KIND_LEG ? e->at + sides.duration : e->at);
    if (e->kind == KIND_LEG) {
        take_leg(m, c, e, &sides);
    } else if (e->kind == KIND_JOIN || e->kind == KIND_LEAVE) {
        take_join_or_leave(p, c, e, m->now);
    } else if (e->kind == KIND_CONFERENCE_START) {
        note_time(c->start, &c->starts, e->at);
    } else {
        note_time(c->end, &c->ends, e->at);
        c->end_came = m->now;
        c->end_seen = stream->clock;
        pairing_wait(p, c);
    }
}

void
pairing_feed(struct pairing *p, const struct pairing_options *opt, const struct pair_event *events,
             size_t count, int64_t now, const struct pairing_sink *sink)
{
    struct pair_moment m = {.p = p, .opt = opt, .sink = sink, .now = now};

    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == KIND_HANGUP)
            take_hangup(p, &events[i], now);
        else
            take_event(&m, &events[i]);
    }
    for (size_t i = 0; i < p->touched_count; i++) {
        p->touched[i]->touched = false;
        if (pairing_resolve(&m, p->touched[i]))
            pairing_wait(p, p->touched[i]->conference);
    }
    p->touched_count = 0;
}

/* --- time --- */

static bool
resolve_all(const struct pair_moment *m, struct conference *c)
{
    bool waits = false;

    for (struct stay *s = c->stays; s; s = s->after)
        waits |= pairing_resolve(m, s);
    return waits;
}

static void
pass_waiting(struct pair_moment *m)
{
    struct pairing *p = m->p;
    bool finish = m->finish;
    size_t n = 0;

    for (size_t i = 0; i < p->waiting_count; i++) {
        struct conference *c = p->waiting[i];

        m->finish = finish && c->stream->bulk;
        c->waiting = resolve_all(m, c);
        if (c->waiting)
            p->waiting[n++] = c;
        else
            tally_tell(m, c);
    }
    p->waiting_count = n;
    m->finish = finish;
}

static bool
all_counted(const struct conference *c)
{
    for (const struct stay *s = c->stays; s; s = s->after)
        for (size_t i = 0; i < s->count; i++)
            if (!s->marks[i].counted)
                return false;
    return true;
}

static bool
nothing_held(const struct conference *c)
{
    for (const struct stay *s = c->stays; s; s = s->after)
        if (s->count)
            return false;
    return true;
}

/* What is left of it are halves that counted without the others. */
static void
forget_conference(struct pairing *p, struct conference *c)
{
    for (struct stay *s = c->stays; s; s = s->after) {
        for (size_t i = 0; i < s->count; i++)
            pairing_strip(p, &s->marks[i]);
        p->marks -= s->count;
        s->count = 0;
        pairing_change_stay(p, s);
    }
    c->dead = true;
    pairing_change_conference(p, c);
}

static void
look_at_conference(const struct pair_moment *m, struct conference *c)
{
    const struct pairing_options *o = m->opt;
    struct stream *s = c->stream;
    bool silent = pair_is_silent(m, c);
    size_t open = c->open;
    int64_t after_end = o->wait > o->grace ? o->wait : o->grace;

    if (resolve_all(m, c))
        pairing_wait(m->p, c);
    else
        tally_tell(m, c);
    if (c->open < open && silent) { /* what comes of it now is waited for as long again */
        c->came = m->now;
        c->seen = s->clock > c->last ? s->clock : c->last;
        pairing_change_conference(m->p, c);
    } else if (!c->dead && !c->waiting && all_counted(c) &&
               (pair_waited(m, s, c->last, c->came, c->seen, o->limit) ||
                (c->ends && nothing_held(c) &&
                 pair_waited(m, s, c->end[c->ends - 1], c->end_came, c->end_seen, after_end)))) {
        forget_conference(m->p, c);
    }
}

static int64_t
looks_every(const struct pairing_options *opt)
{
    return opt->limit > LOOKS_A_LIMIT ? opt->limit / LOOKS_A_LIMIT : 1;
}

static void
look_at_stream(const struct pair_moment *m, struct stream *s, bool all)
{
    if (!all && !m->finish && s->clock - s->looked < looks_every(m->opt))
        return;
    s->looked = s->clock;
    for (struct conference *c = s->conferences; c; c = c->after)
        look_at_conference(m, c);
}

void
pairing_pass(struct pairing *p, const struct pairing_options *opt, int64_t now, bool finish,
             const struct pairing_sink *sink)
{
    struct pair_moment m = {.p = p, .opt = opt, .sink = sink, .now = now, .finish = finish};
    bool all = now - p->looked >= looks_every(opt) || now < p->looked;

    pass_waiting(&m);
    p->passed = now;
    if (all)
        p->looked = now;
    for (size_t i = 0; i < PAIR_STREAMS; i++)
        for (struct stream *s = p->streams[i]; s; s = s->next) {
            m.finish = finish && s->bulk;
            look_at_stream(&m, s, all);
            s->bulk &= !finish;
        }
}

bool
pairing_is_due(const struct pairing *p, const struct pairing_options *opt, int64_t now)
{
    if (p->waiting_count)
        return now != p->passed;
    return p->conference_count && (now - p->looked >= looks_every(opt) || now < p->looked);
}
