/*
 * outlook_talks.c - what people said: inquiries, responses, visits and bookings of each customer.
 *
 * Contacts with the services carry no customer's facts. Orders are use, and told by
 * outlook_load.c; here they only end what somebody called for.
 */
#include "outlook.h"

#include <stdlib.h>
#include <strings.h>

#define PAIR_DAYS 14 /* two contacts within them are a sign of interest */

/* --- one text --- */

static bool
says(struct span text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(words[i]);

        for (size_t at = 0; at + n <= text.n; at++)
            if (strncasecmp(text.p + at, words[i], n) == 0)
                return true;
    }
    return false;
}

static const char *const interest[] = {"trial", "demo",  "price", "pricing",
                                       "quote", "offer", "tender"};
/* Not "cancel" alone: meetings are cancelled every day. */
static const char *const farewell[] = {
    "cancellation",    "termination",         "terminate",      "churn",
    "cancel contract", "cancel the contract", "cancel account", "cancel subscription"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- all of a customer --- */

/* In the order of talk.h at the same second, so that an answer follows its question. */
static const char talks_sql[] =
    "SELECT start, kind, ifnull(agent, ''), ifnull(service, ''), id, ifnull(reason, ''),"
    " CASE kind WHEN 'inquiry' THEN 0 WHEN 'response' THEN 2 ELSE 3 END AS place FROM activity"
    " WHERE customer = ?1"
    " UNION ALL SELECT start, 'booking', '', '', id, '', 1 FROM booking WHERE customer = ?1"
    " UNION ALL SELECT start, 'order', '', '', id, '', 4 FROM orders WHERE customer = ?1"
    " AND kind = 'order' ORDER BY start, place";

enum { TALK_AT, TALK_WORD, TALK_AGENT, TALK_SERVICE, TALK_ID, TALK_REASON };

/* What was said of one customer, while it is looked at. */
struct talks {
    struct query *q;
    struct talk *at;
    size_t count, cap;
    struct arena texts;
};

/* False: not yet, as with a booking for a day to come. */
static bool
read_talk(struct talks *t, int32_t today, struct talk *out)
{
    bool has_offset;

    *out = (struct talk){.kind = talk_kind_find(query_text(t->q, TALK_WORD)),
                         .agent = arena_copy(&t->texts, query_text(t->q, TALK_AGENT)),
                         .service = arena_copy(&t->texts, query_text(t->q, TALK_SERVICE)),
                         .id = arena_copy(&t->texts, query_text(t->q, TALK_ID))};
    return parse_rfc3339(query_text(t->q, TALK_AT), &out->at, &has_offset) &&
           out->kind != TALK_KINDS && day_of(out->at) <= today;
}

static void
keep_talk(struct talks *t, const struct talk *talk)
{
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 256;
        t->at = xrealloc(t->at, t->cap * sizeof *t->at);
    }
    t->at[t->count++] = *talk;
}

static struct talk
copy_talk(struct outlooks *all, const struct talk *t)
{
    return (struct talk){t->at, t->kind, arena_copy(&all->mem, t->agent),
                         arena_copy(&all->mem, t->service), arena_copy(&all->mem, t->id)};
}

static void
judge_talks(struct outlooks *all, struct outlook *o, const struct talks *t)
{
    struct talk_standing s = talk_judge(t->at, t->count, all->pass->now);

    if (s.last != TALK_NONE)
        o->last = copy_talk(all, &t->at[s.last]);
    if (s.asked != TALK_NONE)
        o->asked = t->at[s.asked].at;
    if (s.second == TALK_NONE)
        return;
    o->twice = arena_alloc(&all->mem, 2 * sizeof *o->twice);
    o->twice[0] = copy_talk(all, &t->at[s.first]);
    o->twice[1] = copy_talk(all, &t->at[s.second]);
    o->callers = s.callers;
}

static void
note_talk(struct life_facts *f, const struct talk *talk, struct span reason)
{
    int32_t day = day_of(talk->at);

    if (talk->kind == TALK_ORDER) /* use, and told by itself */
        return;
    if (f->known == LIFE_NEVER || day < f->known)
        f->known = day;
    if (f->intent == LIFE_NEVER && (says(reason, interest, COUNT(interest)) ||
                                    (f->contact != LIFE_NEVER && day - f->contact <= PAIR_DAYS)))
        f->intent = day;
    if (says(reason, farewell, COUNT(farewell)))
        f->cancelled = day;
    f->contact = day;
}

static enum status
load_talks(struct outlooks *all, struct talks *t, struct outlook *o, struct error *err)
{
    enum status st;

    t->count = 0;
    arena_reset(&t->texts);
    query_set_text(t->q, 1, o->customer);
    while ((st = query_next(t->q, err)) == ST_OK) {
        struct talk talk;

        if (!read_talk(t, o->facts.today, &talk))
            continue;
        note_talk(&o->facts, &talk, query_text(t->q, TALK_REASON));
        keep_talk(t, &talk);
    }
    query_reset(t->q);
    judge_talks(all, o, t);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
outlooks_load_talks(struct outlooks *o, struct error *err)
{
    struct talks t = {0};
    enum status st = store_query(o->pass->store, &t.q, talks_sql, err);

    arena_init(&t.texts);
    for (size_t i = 0; st == ST_OK && i < o->count; i++)
        if (o->rows[i].talked)
            st = load_talks(o, &t, &o->rows[i], err);
    query_free(t.q);
    arena_clear(&t.texts);
    free(t.at);
    return st;
}
