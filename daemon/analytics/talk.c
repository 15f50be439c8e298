/*
 * talk.c - who has spoken with a customer, does it wait for an answer, and was it called on twice?
 */
#include "talk.h"

#include <stdbool.h>

#include "civil.h"

#define TWICE (TALK_TWICE_DAYS * (int64_t)DAY_SECONDS)
#define WAITS (TALK_WAIT_DAYS * (int64_t)DAY_SECONDS)

static const char *const names[TALK_KINDS] = {
    [TALK_INQUIRY] = "inquiry", [TALK_BOOKING] = "booking", [TALK_RESPONSE] = "response",
    [TALK_VISIT] = "visit",     [TALK_ORDER] = "order",
};

const char *
talk_kind_name(enum talk_kind k)
{
    return names[k];
}

enum talk_kind
talk_kind_find(struct span name)
{
    unsigned k = 0;

    while (k < TALK_KINDS && !span_is(name, names[k]))
        k++;
    return (enum talk_kind)k;
}

/* What is remembered on the way through a customer's records. */
struct walk {
    const struct talk *t;
    struct talk_standing told;
    size_t call[TALK_KINDS]; /* the last one of each kind that nothing has made a past matter */
    size_t due;              /* inquiries that a response may still be the answer to */
    int64_t asked;           /* when the last of them came */
};

static bool
same_person(const struct talk *a, const struct talk *b)
{
    return span_eq_nocase(span_trim(a->agent), span_trim(b->agent));
}

static bool
same_matter(const struct talk *a, const struct talk *b)
{
    return a->service.n == 0 || b->service.n == 0 || span_eq_nocase(a->service, b->service);
}

/* Was there a cause for this call? What it was is used up. */
static bool
had_cause(struct walk *w, const struct talk *call)
{
    if (call->kind != TALK_RESPONSE)
        return false; /* what causes a visit makes the ones before it past matters */
    if (w->due > 0 && call->at - w->asked > TWICE)
        w->due = 0;
    if (w->due == 0)
        return false;
    w->due--;
    return true;
}

static void
take_call(struct walk *w, size_t i)
{
    const struct talk *call = &w->t[i];
    size_t before = w->call[call->kind];
    bool caused = had_cause(w, call);

    w->told.asked = TALK_NONE;
    if (span_trim(call->agent).n == 0)
        return;
    w->call[call->kind] = i;
    if (caused || before == TALK_NONE || call->at - w->t[before].at > TWICE ||
        same_person(&w->t[before], call) || !same_matter(&w->t[before], call))
        return;
    w->told.first = before;
    w->told.second = i;
}

static void
take(struct walk *w, size_t i)
{
    const struct talk *t = &w->t[i];

    if (t->kind != TALK_ORDER)
        w->told.last = i;
    switch (t->kind) {
    case TALK_INQUIRY:
        if (w->told.asked == TALK_NONE)
            w->told.asked = i;
        w->due++;
        w->asked = t->at;
        w->call[TALK_VISIT] = TALK_NONE;
        break;
    case TALK_RESPONSE:
    case TALK_VISIT:
        take_call(w, i);
        break;
    case TALK_ORDER: /* whatever they called for has come to something */
        w->call[TALK_RESPONSE] = w->call[TALK_VISIT] = TALK_NONE;
        w->due = 0;
        break;
    case TALK_BOOKING:
    case TALK_KINDS:
        break;
    }
}

static unsigned
count_callers(const struct talk *t, size_t second)
{
    const struct talk *who[TALK_MOST_CALLERS];
    unsigned n = 0;

    for (size_t i = second + 1; i-- > 0 && t[second].at - t[i].at <= TWICE;) {
        unsigned k = 0;

        if (t[i].kind != t[second].kind || span_trim(t[i].agent).n == 0)
            continue;
        while (k < n && !same_person(who[k], &t[i]))
            k++;
        if (k == n && n < TALK_MOST_CALLERS)
            who[n++] = &t[i];
    }
    return n;
}

struct talk_standing
talk_judge(const struct talk *t, size_t n, int64_t now)
{
    struct walk w = {.t = t, .told = {TALK_NONE, TALK_NONE, TALK_NONE, TALK_NONE, 0}};

    for (unsigned k = 0; k < TALK_KINDS; k++)
        w.call[k] = TALK_NONE;
    for (size_t i = 0; i < n; i++)
        take(&w, i);
    if (w.told.asked != TALK_NONE && now - t[w.told.asked].at > WAITS)
        w.told.asked = TALK_NONE;
    if (w.told.second != TALK_NONE)
        w.told.callers = count_callers(t, w.told.second);
    return w.told;
}
