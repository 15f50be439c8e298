/*
 * pairing_tally.c - conferences as things: joins, legs and people are different numbers.
 */
#include "pairing_internal.h"

#include "clock.h"
#include "hash.h"

void
tally_person(struct pairing *p, struct conference *c, uint64_t person)
{
    struct tally *t = &c->tally;
    size_t i = 0, end = t->people_count;

    while (i < end) { /* the first that is not less */
        size_t middle = (i + end) / 2;

        if (t->people[middle] < person)
            i = middle + 1;
        else
            end = middle;
    }
    if ((i < t->people_count && t->people[i] == person) || t->people_count == CONFERENCE_PEOPLE)
        return;
    if (t->people_count == t->people_cap) {
        size_t cap = t->people_cap ? 2 * t->people_cap : 4;

        p->bytes += (cap - t->people_cap) * sizeof *t->people;
        t->people = xrealloc(t->people, cap * sizeof *t->people);
        t->people_cap = cap;
    }
    memmove(t->people + i + 1, t->people + i, (t->people_count - i) * sizeof *t->people);
    t->people[i] = person;
    t->people_count++;
}

static struct span
person_of(const struct record *r)
{
    if (r->has & FIELD_BIT(FIELD_PARTICIPANT))
        return r->text[FIELD_PARTICIPANT];
    return r->has & FIELD_BIT(FIELD_PARTICIPANT_NAME) ? r->text[FIELD_PARTICIPANT_NAME]
                                                      : (struct span){0};
}

void
tally_leg(struct pairing *p, struct conference *c, const struct paired_leg *leg)
{
    const struct record *r = &leg->record;
    struct span person = person_of(r);
    int64_t until = r->start + r->duration;
    struct tally *t = &c->tally;

    t->start = t->start ? clock_earlier(t->start, r->start) : r->start;
    if (until > t->until)
        t->until = until;
    t->legs++;
    pairing_keep_text(p, &c->customer, r->text[FIELD_CUSTOMER]);
    t->estimated += leg->estimated;
    if (person.n)
        tally_person(p, c, hash_bytes(person.p, person.n, 0));
    c->untold = true;
    pairing_change_conference(p, c);
}

void
tally_tell(const struct pair_moment *m, struct conference *c)
{
    const struct tally *t = &c->tally;
    const struct paired_conference told = {
        .source = span_of(c->stream->name, c->stream->name_n),
        .id = span_of(c->id, c->id_n),
        .name = span_str(c->name),
        .customer = span_str(c->customer),
        .first_seen = t->made,
        .start = t->start,
        .until = t->until,
        .joins = t->joins,
        .legs = t->legs,
        .estimated = t->estimated,
        .people = t->people_count,
    };

    if (!c->untold || c->open || t->legs == 0)
        return;
    c->untold = false;
    pairing_change_conference(m->p, c);
    m->sink->conference(m->sink->arg, &told);
}
