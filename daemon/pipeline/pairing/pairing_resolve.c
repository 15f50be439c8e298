/*
 * pairing_resolve.c - what stands in one stay becomes legs.
 *
 * Marks are walked in order of time. A leave belongs to the last join before it that has none yet,
 * or to one of the same second. Of what is left, a join followed by another one is ended by that,
 * and all of it by what pairing.h says of time.
 */
#include <stdlib.h>

#include "clock.h"
#include "pairing_internal.h"

#define NOBODY SIZE_MAX

bool
pair_waited(const struct pair_moment *m, const struct stream *s, int64_t at, int64_t came,
            int64_t seen, int64_t wait)
{
    int64_t from = at > seen ? at : seen;

    return m->now - came >= wait || s->clock - from >= wait;
}

/* After an import nothing more is to be expected of what is old by the clock on the wall. */
bool
pair_is_silent(const struct pair_moment *m, const struct conference *c)
{
    return pair_waited(m, c->stream, c->last, c->came, c->seen, m->opt->limit) ||
           (m->finish && m->now - c->last >= m->opt->limit);
}

static bool
has_waited(const struct pair_moment *m, const struct stay *s, const struct mark *k, int64_t wait)
{
    return m->finish || pair_waited(m, s->conference->stream, k->at, k->came, k->seen, wait);
}

/* --- legs --- */

static void
set_text(struct record *r, enum field f, struct span text)
{
    if (text.n == 0)
        return;
    r->text[f] = text;
    r->has |= FIELD_BIT(f);
}

static struct span
either(const struct sides *join, const struct sides *leave, enum pair_text which)
{
    return join->text[which].n ? join->text[which] : leave->text[which];
}

static struct span
either_or(const struct sides *join, const struct sides *leave, enum pair_text which,
          const char *otherwise)
{
    struct span text = either(join, leave, which);

    return text.n ? text : span_str(otherwise);
}

static void
add_feature(struct span *list, struct record *r, struct span name)
{
    for (uint32_t i = 0; i < r->feature_count; i++)
        if (span_eq(list[i], name))
            return;
    if (r->feature_count < RECORD_MAX_FEATURES)
        list[r->feature_count++] = name;
}

static void
set_features(struct record *r, struct span *list, const struct sides *join,
             const struct sides *leave)
{
    r->features = list;
    for (uint32_t i = 0; i < join->feature_count; i++)
        add_feature(list, r, join->features[i]);
    for (uint32_t i = 0; i < leave->feature_count; i++)
        add_feature(list, r, leave->features[i]);
}

static struct span
sides_of(const struct mark *m)
{
    return m ? span_of(m->sides, m->n) : (struct span){0};
}

/* All that both sides know, but for times and features. */
static void
describe(struct paired_leg *leg, const struct stay *s, const struct sides *a, const struct sides *b)
{
    const struct conference *c = s->conference;
    struct record *r = &leg->record;

    r->has = FIELD_BIT(FIELD_START) | FIELD_BIT(FIELD_DURATION);
    r->outcome = b->outcome != OUTCOME_OK ? b->outcome : a->outcome;
    if (pair_is_somewhere(c))
        set_text(r, FIELD_CONFERENCE, span_of(c->id, c->id_n));
    set_text(r, FIELD_CONFERENCE_NAME, either_or(a, b, SIDE_CONFERENCE_NAME, c->name));
    set_text(r, FIELD_CUSTOMER, either_or(a, b, SIDE_CUSTOMER, c->customer));
    set_text(r, FIELD_PARTICIPANT, either(a, b, SIDE_PARTICIPANT));
    set_text(r, FIELD_PARTICIPANT_NAME, either(a, b, SIDE_PARTICIPANT_NAME));
    set_text(r, FIELD_REGION, either(a, b, SIDE_REGION));
    leg->input = either(a, b, SIDE_INPUT);
    leg->source = span_of(c->stream->name, c->stream->name_n);
    leg->key = span_of(s->key, s->key_n);
}

/* A leg of either mark or both. Rows were checked when they were loaded. */
static void
make_leg(const struct pair_moment *m, const struct stay *s, const struct mark *join,
         const struct mark *leave, int64_t start, int64_t end, bool estimated)
{
    const struct conference *c = s->conference;
    struct paired_leg leg = {.estimated = estimated, .joined = join != NULL};
    struct span features[RECORD_MAX_FEATURES];
    struct record *r = &leg.record;
    struct sides a, b;

    if (!sides_read(sides_of(join), &a) || !sides_read(sides_of(leave), &b))
        abort();
    if (end - start > PAIR_LONGEST) {
        end = start + PAIR_LONGEST;
        leg.estimated = true;
    }
    r->kind = KIND_LEG;
    r->start = start;
    r->duration = (uint32_t)(end - start);
    describe(&leg, s, &a, &b);
    set_features(r, features, &a, &b);
    m->p->ever.paired += join && leave;
    m->p->ever.estimated += leg.estimated;
    m->p->ever.joins_lost += !join;
    if (r->has & FIELD_BIT(FIELD_CUSTOMER)) {
        if (pair_is_somewhere(c))
            tally_leg(m->p, s->conference, &leg);
        m->sink->leg(m->sink->arg, &leg);
    } else {
        m->sink->lost(m->sink->arg, &leg);
    }
}

/* The feature of a leg; false: nothing is known of that. */
static bool
make_feature(const struct pair_moment *m, const struct stay *s, const struct mark *k)
{
    struct paired_leg leg = {.joined = true};
    struct sides of_leg = {0}, own;

    for (size_t i = 0; i < s->count; i++)
        if (!s->marks[i].leave && s->marks[i].n > 0 && !sides_read(sides_of(&s->marks[i]), &of_leg))
            abort();
    if (!sides_read(sides_of(k), &own))
        abort();
    describe(&leg, s, &of_leg, &own);
    leg.record.kind = KIND_FEATURE;
    leg.record.start = k->at;
    leg.record.duration = own.duration;
    leg.record.outcome = own.outcome;
    leg.record.features = own.features;
    leg.record.feature_count = own.feature_count;
    if (!(leg.record.has & FIELD_BIT(FIELD_CUSTOMER)))
        return false;
    m->sink->leg(m->sink->arg, &leg);
    return true;
}

/* It counted; its other half will not count again. */
static void
count_alone(const struct pair_moment *m, struct stay *s, struct mark *k)
{
    if (!k->leave)
        pairing_open(m->p, s->conference, -1);
    k->counted = true;
    pairing_strip(m->p, k);
    pairing_change_stay(m->p, s);
}

/* --- which belongs to which --- */

/* other[i] is the index of the mark that i belongs to, or NOBODY. */
static size_t *
match(struct pairing *p, struct stay *s)
{
    size_t *other, *open, depth = 0, lone = NOBODY;

    if (p->scratch_cap < 2 * s->count) {
        p->scratch_cap = 4 * s->count;
        p->scratch = xrealloc(p->scratch, p->scratch_cap * sizeof *p->scratch);
    }
    other = p->scratch;
    open = other + s->count;
    for (size_t i = 0; i < s->count; i++) {
        struct mark *k = &s->marks[i];

        other[i] = NOBODY;
        if (k->feature)
            continue;
        if (k->leave && depth > 0) {
            other[i] = open[--depth];
            other[other[i]] = i;
        } else if (k->leave) {
            lone = i;
        } else if (lone != NOBODY && s->marks[lone].at == k->at) {
            other[i] = lone;
            other[lone] = i;
            lone = NOBODY;
        } else {
            open[depth++] = i;
        }
    }
    return other;
}

/* The first join that came after this one; from then on the leave between them is waited for. */
static void
note_next_joins(struct pairing *p, struct stay *s, const size_t *other)
{
    struct mark *before = NULL;

    for (size_t i = 0; i < s->count; i++) {
        struct mark *k = &s->marks[i];

        if (k->leave) /* or a feature */
            continue;
        if (before && !before->counted && (before->next == 0 || k->at < before->next)) {
            before->next = k->at;
            before->came = k->came;
            before->seen = k->seen;
            pairing_change_stay(p, s);
        }
        before = other[i] == NOBODY ? k : NULL;
    }
}

/* --- what becomes of a mark that has no other --- */

/* 0: the conference has not ended since. */
static int64_t
end_after(const struct conference *c, int64_t at)
{
    for (size_t i = 0; i < c->ends; i++)
        if (c->end[i] >= at)
            return c->end[i];
    return 0;
}

/* Has the leg hung up since, and before the conference ended? */
static bool
hung_up(const struct stay *s, int64_t at, int64_t end)
{
    return s->over >= at && (end == 0 || s->over < end);
}

static int64_t
last_sign(const struct conference *c, int64_t since)
{
    int64_t end = clock_earlier(c->last, since + PAIR_LONGEST);

    return end > since ? end : since;
}

/* True: it waits, and not for the limit alone. */
static bool
end_join(const struct pair_moment *m, struct stay *s, struct mark *k)
{
    const struct pairing_options *o = m->opt;
    const struct conference *c = s->conference;
    int64_t end = end_after(c, k->at);

    if (hung_up(s, k->at, end) && (k->next == 0 || s->over <= k->next)) {
        if (!m->finish && !pair_waited(m, c->stream, s->over, s->over_came, s->over_seen, o->grace))
            return true;
        make_leg(m, s, k, NULL, k->at, s->over, false);
    } else if (k->next) {
        if (!has_waited(m, s, k, o->wait))
            return true;
        end = end && end < k->next ? end : k->next;
        make_leg(m, s, k, NULL, k->at, end, true);
    } else if (end) {
        if (!m->finish && (!has_waited(m, s, k, o->grace) ||
                           !pair_waited(m, c->stream, end, c->end_came, c->end_seen, o->grace)))
            return true;
        make_leg(m, s, k, NULL, k->at, end, false);
    } else if (pair_is_silent(m, c) ||
               pair_waited(m, c->stream, k->at, k->came, k->seen, PAIR_LONGEST + o->limit)) {
        make_leg(m, s, k, NULL, k->at, last_sign(c, k->at), true);
    } else {
        return false;
    }
    count_alone(m, s, k);
    return false;
}

static int64_t
start_before(const struct conference *c, int64_t at)
{
    int64_t start = at;

    for (size_t i = 0; i < c->starts && c->start[i] <= at; i++)
        start = c->start[i];
    return start;
}

static bool
end_leave(const struct pair_moment *m, struct stay *s, struct mark *k)
{
    struct sides sides;
    int64_t start;

    if (!has_waited(m, s, k, m->opt->wait))
        return true;
    if (!sides_read(sides_of(k), &sides))
        abort();
    start = sides.has_duration ? k->at - sides.duration : start_before(s->conference, k->at);
    make_leg(m, s, NULL, k, start, k->at, !sides.has_duration);
    count_alone(m, s, k);
    return false;
}

/* True: it still waits for its leg. */
static bool
end_feature(const struct pair_moment *m, const struct stay *s, const struct mark *k)
{
    if (make_feature(m, s, k))
        return false;
    if (!has_waited(m, s, k, m->opt->wait))
        return true;
    m->p->ever.unplaced++;
    return false;
}

/* True: it is held back. */
static bool
end_pair(const struct pair_moment *m, struct stay *s, struct mark *join, struct mark *leave)
{
    if (join->counted || leave->counted) {
        m->p->ever.late++;
    } else if (!has_waited(m, s, leave, m->opt->settle) ||
               !has_waited(m, s, join, m->opt->settle)) {
        return true;
    } else {
        make_leg(m, s, join, leave, join->at, leave->at, false);
    }
    if (!join->counted)
        pairing_open(m->p, s->conference, -1);
    return false;
}

static void
remove_done(struct pairing *p, struct stay *s, const size_t *done)
{
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (done[i])
            pairing_strip(p, &s->marks[i]);
        else
            s->marks[n++] = s->marks[i];
    }
    if (n == s->count)
        return;
    p->marks -= s->count - n;
    s->count = n;
    pairing_change_stay(p, s);
}

bool
pairing_resolve(const struct pair_moment *m, struct stay *s)
{
    const size_t *other = match(m->p, s);
    size_t *done = m->p->scratch + s->count; /* the matching is over */
    bool waits = false;

    note_next_joins(m->p, s, other);
    memset(done, 0, s->count * sizeof *done);
    for (size_t i = 0; i < s->count; i++) {
        struct mark *k = &s->marks[i];
        bool held;

        if (k->feature) {
            held = end_feature(m, s, k);
            done[i] = !held;
            waits |= held;
        } else if (other[i] == NOBODY) {
            if (!k->counted)
                waits |= k->leave ? end_leave(m, s, k) : end_join(m, s, k);
        } else if (!k->leave) {
            held = end_pair(m, s, k, &s->marks[other[i]]);
            done[i] = done[other[i]] = !held;
            waits |= held;
        }
    }
    remove_done(m->p, s, done);
    return waits;
}
