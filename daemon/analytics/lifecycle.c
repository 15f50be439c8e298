/*
 * lifecycle.c - at which stage of its life is a customer, since when, and is it stuck there?
 */
#include "lifecycle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[LIFE_STAGES] = {
    [LIFE_NONE] = "",           [LIFE_PROSPECT] = "prospect",
    [LIFE_INTENT] = "intent",   [LIFE_FIRST] = "first",
    [LIFE_REPEAT] = "repeat",   [LIFE_SURGE] = "surge",
    [LIFE_DECLINE] = "decline", [LIFE_DORMANT] = "dormant",
    [LIFE_LOST] = "lost",       [LIFE_RESURRECTED] = "resurrected",
};

const char *
life_stage_name(enum life_stage s)
{
    return names[s];
}

enum life_stage
life_stage_find(const char *name, size_t length)
{
    for (int s = LIFE_NONE + 1; s < LIFE_STAGES; s++)
        if (strlen(names[s]) == length && memcmp(names[s], name, length) == 0)
            return (enum life_stage)s;
    return LIFE_NONE;
}

static struct life
without_use(const struct life_facts *f)
{
    if (f->intent != LIFE_NEVER)
        return (struct life){LIFE_INTENT, f->intent};
    if (f->known != LIFE_NEVER || f->contact != LIFE_NEVER)
        return (struct life){LIFE_PROSPECT, f->known != LIFE_NEVER ? f->known : f->contact};
    return (struct life){LIFE_PROSPECT, LIFE_NEVER};
}

/* With a day of its own: what a new store takes from its history has none. */
static bool
is_away(struct life l)
{
    return (l.stage == LIFE_DORMANT || l.stage == LIFE_LOST) && l.since != LIFE_NEVER;
}

/* The limits are found anew each day; only use brings somebody back. (A late record may tell of use
 * before the limit, and then there never was a silence.) */
static bool
stays_away(struct life before, const struct life_facts *f)
{
    return is_away(before) && f->last < before.since - LIFE_MIN_GAP;
}

static struct life
in_use(struct life before, const struct life_facts *f)
{
    if (is_away(before) && f->last >= before.since)
        return (struct life){LIFE_RESURRECTED, f->last};
    if (before.stage == LIFE_RESURRECTED && f->last <= before.since)
        return before;
    if (f->second == LIFE_NEVER)
        return (struct life){LIFE_FIRST, f->first};
    if (f->surge)
        return (struct life){LIFE_SURGE, f->today};
    if (f->decline)
        return (struct life){LIFE_DECLINE, f->today};
    if (before.stage == LIFE_SURGE || before.stage == LIFE_DECLINE)
        return (struct life){LIFE_REPEAT, f->today};
    return (struct life){LIFE_REPEAT, before.stage == LIFE_RESURRECTED ? f->last : f->second};
}

struct life
life_next(struct life before, const struct life_facts *f)
{
    struct life next;

    if (f->cancelled != LIFE_NEVER && f->cancelled >= f->last)
        next = (struct life){LIFE_LOST, f->cancelled};
    else if (f->first == LIFE_NEVER)
        next = without_use(f);
    else if (f->today >= f->lost)
        next = (struct life){LIFE_LOST, f->lost};
    else if (stays_away(before, f))
        next = before;
    else if (f->today >= f->silent)
        next = (struct life){LIFE_DORMANT, f->silent};
    else
        next = in_use(before, f);
    /* What lasts began when it began, whatever is found out about the limits later. */
    if (next.stage == before.stage && before.since != LIFE_NEVER)
        return before;
    return next;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorted values; the smallest that so many of them do not exceed. */
static double
quantile(const double *v, size_t n, double p)
{
    return v[(size_t)ceil(p * (double)n) - 1];
}

#define FEW            20
#define MIN_TO_FIRST   7.0
#define USUAL_TO_FIRST 14.0
/* What 2,357 buyers took (CDNOW): a quarter took longer than 90.5 days, a twentieth than 279. */
#define USUAL_TO_SECOND 90.5
#define USUAL_LONGEST   279.0
/* Silences as long as holidays say nothing. */
#define MIN_LONGEST 28.0

struct life_pace
life_pace(double *to_first, size_t firsts, double *to_second, size_t seconds)
{
    struct life_pace p = {USUAL_TO_FIRST, USUAL_TO_SECOND, USUAL_LONGEST};

    if (firsts >= FEW) {
        qsort(to_first, firsts, sizeof *to_first, by_value);
        p.to_first = fmax(MIN_TO_FIRST, quantile(to_first, firsts, 0.75));
    }
    if (seconds >= FEW) {
        qsort(to_second, seconds, sizeof *to_second, by_value);
        p.to_second = fmax(MIN_TO_FIRST, quantile(to_second, seconds, 0.75));
        p.longest = fmax(MIN_LONGEST, quantile(to_second, seconds, 0.95));
    }
    return p;
}

#define PROSPECT_DAYS 14
#define INTENT_QUIET  3
#define NEWS_DAYS     90

static int32_t
beyond(int32_t days, double usual)
{
    int32_t more = days - (int32_t)ceil(usual);

    return more > 0 && more <= NEWS_DAYS ? more : -1;
}

int32_t
life_overstayed(const struct life *l, const struct life_facts *f, const struct life_pace *pace)
{
    int32_t quiet = f->contact == LIFE_NEVER ? INT32_MAX : f->today - f->contact;

    if (l->since == LIFE_NEVER)
        return -1;
    switch (l->stage) {
    case LIFE_PROSPECT: /* who was never spoken to is a name on a list */
        return f->contact == LIFE_NEVER ? -1 : beyond(quiet, PROSPECT_DAYS);
    case LIFE_INTENT:
        return quiet < INTENT_QUIET ? -1 : beyond(f->today - l->since, pace->to_first);
    case LIFE_FIRST:
        return quiet < INTENT_QUIET ? -1 : beyond(f->today - l->since, pace->to_second);
    default:
        return -1;
    }
}
