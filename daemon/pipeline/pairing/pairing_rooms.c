/*
 * pairing_rooms.c - which of the meetings in a room an event is of.
 *
 * A meeting is known from its first event on. An event is of
 *
 *   a leave        the meeting that its leg or participant joined last, if there is one
 *   a join         the one where its own leave waits for it, if there is one
 *   a beginning    the one that began then; or of which no beginning was known, and which was
 *                  first heard of no earlier than `grace` before and `room_gap` behind it
 *   an end         the last that was there before and has not ended
 *   anything else  the last that was there before, unless that is over; or else the next one, if
 *                  that is no further than the above says
 *
 * and of a new one otherwise. A meeting is over when it has ended, or where nobody has said that
 * it began, when nothing has happened for `room_gap` and nobody is there any more.
 */
#include "civil.h"
#include "pairing_internal.h"

struct room {
    const struct pair_moment *m;
    struct stream *stream;
    const struct pair_event *e;
};

static struct conference *
next_meeting(const struct room *r, const struct conference *before)
{
    return pairing_next_in_room(r->m->p, r->stream, r->e->conference, before);
}

static bool
somebody_is_in(const struct conference *c)
{
    for (const struct stay *s = c->stays; s; s = s->after)
        if (s->count && !s->marks[s->count - 1].leave && !s->marks[s->count - 1].counted &&
            s->over == 0)
            return true;
    return false;
}

static int64_t
ended(const struct conference *c)
{
    return c->ends ? c->end[c->ends - 1] : INT64_MAX;
}

static bool
is_over(const struct room *r, const struct conference *c)
{
    int64_t gap = r->m->opt->room_gap, at = r->e->at;

    if (c->ends) /* who leaves may be told of after it */
        return at > ended(c) + (r->e->kind == KIND_LEAVE ? gap : 0);
    return !c->starts && at - c->last >= gap && !somebody_is_in(c);
}

/* Has it been heard of so short a time behind the event that it may be the same meeting? */
static bool
may_have_begun(const struct room *r, const struct conference *c)
{
    const struct pairing_options *o = r->m->opt;

    return c->begun - r->e->at <= (c->starts ? o->grace : o->room_gap);
}

/* --- by kind --- */

/* Where the stay's other half is: a join before a leave, a leave behind a join. */
static struct conference *
of_the_same_stay(const struct room *r)
{
    struct conference *found = NULL;
    int64_t best = INT64_MIN;

    for (struct conference *c = NULL; (c = next_meeting(r, c)) != NULL;) {
        const struct stay *s = pairing_find_stay(r->m->p, c, r->e->key);
        int64_t near = INT64_MIN;

        if (s && r->e->kind == KIND_LEAVE)
            near = pairing_joined_before(r->m->p, c, r->e->key, r->e->at);
        else if (s && s->count && s->marks[0].leave && s->marks[0].at >= r->e->at)
            near = -s->marks[0].at;
        if (near > best) {
            best = near;
            found = c;
        }
    }
    return found;
}

static struct conference *
of_beginning(const struct room *r)
{
    struct conference *found = NULL;

    for (struct conference *c = NULL; (c = next_meeting(r, c)) != NULL;) {
        for (size_t i = 0; i < c->starts; i++)
            if (c->start[i] == r->e->at)
                return c;
        if (!c->starts && r->e->at - c->begun <= r->m->opt->grace && r->e->at <= ended(c) &&
            may_have_begun(r, c) && (!found || c->begun < found->begun))
            found = c;
    }
    return found;
}

static struct conference *
of_end(const struct room *r)
{
    struct conference *found = NULL, *again = NULL;

    for (struct conference *c = NULL; (c = next_meeting(r, c)) != NULL;) {
        if (ended(c) == r->e->at)
            again = c;
        if (!c->ends && c->begun <= r->e->at && (!found || c->begun > found->begun))
            found = c;
    }
    return again ? again : found;
}

static struct conference *
of_moment(const struct room *r)
{
    struct conference *last = NULL, *next = NULL;

    for (struct conference *c = NULL; (c = next_meeting(r, c)) != NULL;) {
        if (c->begun <= r->e->at && (!last || c->begun > last->begun))
            last = c;
        if (c->begun > r->e->at && (!next || c->begun < next->begun))
            next = c;
    }
    if (last && !is_over(r, last))
        return last;
    return next && may_have_begun(r, next) ? next : NULL;
}

static struct conference *
new_meeting(const struct room *r)
{
    struct arena mem;
    struct conference *c;
    char at[CIVIL_TEXT], *id;

    arena_init(&mem);
    id = arena_alloc(&mem, r->e->conference.n + PAIR_ROOM_TAIL);
    memcpy(id, r->e->conference.p, r->e->conference.n);
    id[r->e->conference.n] = '@';
    memcpy(id + r->e->conference.n + 1, format_utc(at, r->e->at), PAIR_ROOM_TAIL - 1);
    c = pairing_conference(r->m->p, r->stream, span_of(id, r->e->conference.n + PAIR_ROOM_TAIL));
    arena_clear(&mem);
    return c;
}

struct conference *
pairing_in_room(const struct pair_moment *m, struct stream *s, const struct pair_event *e)
{
    const struct room r = {m, s, e};
    struct conference *c = NULL;

    if (e->kind == KIND_JOIN || e->kind == KIND_LEAVE)
        c = of_the_same_stay(&r);
    if (!c && e->kind == KIND_CONFERENCE_START)
        c = of_beginning(&r);
    else if (!c && e->kind == KIND_CONFERENCE_END)
        c = of_end(&r);
    else if (!c)
        c = of_moment(&r);
    if (!c)
        c = new_meeting(&r);
    if (c->begun == 0 || e->at < c->begun)
        c->begun = e->at;
    return c;
}
