/*
 * trust.c - what is known of feeds: read from the ledger, learned, asked.
 */
#include "trust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "memory.h"

#define ALL_FEEDS UINT64_MAX
/* Days of a smaller factor are nearly closed: nobody can say which of their hours are quiet. */
#define WATCHED 0.5

/* --- reading --- */

static struct trust_feed *
feed_for(struct trust *t, struct span input)
{
    struct trust_feed *f = trust_feed(t, input);

    if (f)
        return f;
    if (t->feeds == TRUST_FEEDS)
        return &t->feed[TRUST_FEEDS - 1];
    f = &t->feed[t->feeds++];
    *f = (struct trust_feed){
        .input = xstrndup(input.p, input.n),
        .first = INT32_MAX,
        .last = INT32_MIN,
        .first_arrival = INT32_MAX,
        .last_arrival = INT32_MIN,
        .count = xcalloc(TRUST_QUARTERS + 96, sizeof *f->count),
        .arrivals = xcalloc(TRUST_QUARTERS + 96, sizeof *f->arrivals),
        .late = xcalloc(RHYTHM_LATE, sizeof *f->late),
        .arrived = xcalloc(RHYTHM_LATE, sizeof *f->arrived),
        .gap = xcalloc(TRUST_QUARTERS + 96, sizeof *f->gap),
    };
    return f;
}

static bool
in_window(const struct trust *t, int32_t quarter)
{
    return quarter >= t->base && quarter < t->base + TRUST_QUARTERS + 96;
}

/* What began before the feed was first heard of was waiting for it, and says nothing of how late
 * records usually come. Rows come in the order of arrival. */
static enum status
take_quarter(void *arg, const struct feed_quarter *q, struct error *err)
{
    struct trust *t = arg;
    struct trust_feed *f = feed_for(t, q->input);
    int32_t lag = q->arrived - q->quarter;

    (void)err;
    if (q->arrived < f->first_arrival)
        f->first_arrival = q->arrived;
    if (q->arrived > f->last_arrival)
        f->last_arrival = q->arrived;
    if (in_window(t, q->arrived))
        f->arrivals[q->arrived - t->base] += (uint32_t)q->records;
    if (in_window(t, q->quarter)) {
        f->count[q->quarter - t->base] += (uint32_t)q->records;
        if (q->quarter < f->first)
            f->first = q->quarter;
        if (q->quarter > f->last)
            f->last = q->quarter;
    }
    if (q->quarter >= f->first_arrival && lag < RHYTHM_LATE)
        f->late[lag > 0 ? lag : 0] += q->records;
    return ST_OK;
}

static enum status
take_way(void *arg, const struct way *w, struct error *err)
{
    struct trust *t = arg;
    struct trust_feed *f = feed_for(t, w->input);
    struct trust_way *last = t->ways ? &t->way[t->ways - 1] : NULL;

    (void)err;
    if (!last || last->kind != w->kind || !span_eq(span_str(last->name), w->name)) {
        if (t->ways == t->way_cap) {
            t->way_cap = t->way_cap ? 2 * t->way_cap : 256;
            t->way = xrealloc(t->way, t->way_cap * sizeof *t->way);
        }
        last = &t->way[t->ways++];
        *last = (struct trust_way){(uint8_t)w->kind, xstrndup(w->name.p, w->name.n), 0};
    }
    last->feeds |= UINT64_C(1) << (f - t->feed);
    return ST_OK;
}

static int
compare_ways(const void *a, const void *b)
{
    const struct trust_way *x = a, *y = b;

    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
                              : strcmp(x->name, y->name);
}

/* 1970 began on a Thursday; hour 0 of the week is Monday's first. What the calendar says of one
 * service alone says nothing of a feed. */
static void
name_hours(struct trust *t, const struct zone *zone, const struct day_factors *days)
{
    for (int32_t i = 0; i < TRUST_QUARTERS + 96; i++) {
        int64_t at = (int64_t)(t->base + i) * RHYTHM_QUARTER;
        int64_t local = at + zone_offset_at(zone, at), hours = local / 3600 + 3 * 24;

        t->hour[i] = (uint8_t)(((hours % RHYTHM_HOURS) + RHYTHM_HOURS) % RHYTHM_HOURS);
        t->factor[i] = day_factor(days, "", day_of(local), NULL);
    }
}

/* Days of the calendar are unlike others and teach nothing: what is learned from is put together
 * of the days around them. `gap`, by quarter of the window, or NULL, is marked. */
static void
learn_quarters(const struct trust *t, const uint32_t *count, int32_t first, int32_t last,
               struct rhythm *out, bool *gap)
{
    size_t most = (size_t)(last - first + 1), n = 0, used = 0;
    uint32_t *kept = xcalloc(most, sizeof *kept);
    uint8_t *hour = xcalloc(most, sizeof *hour);
    int32_t *place = xcalloc(most, sizeof *place);
    bool *unusual = xcalloc(most, sizeof *unusual);

    for (int32_t i = first - t->base; i <= last - t->base; i++) {
        if (t->factor[i] != 1 || (n == 0 && count[i] == 0))
            continue;
        kept[n] = count[i];
        hour[n] = t->hour[i];
        place[n++] = i;
        used = count[i] ? n : used;
    }
    if (used)
        rhythm_learn(&(struct rhythm_series){kept, hour, used}, out, unusual);
    for (size_t i = 0; gap && i < used; i++)
        gap[place[i]] = unusual[i];
    free(kept);
    free(hour);
    free(place);
    free(unusual);
}

static void
learn_feed(struct trust *t, struct trust_feed *f)
{
    int32_t from = f->first_arrival > t->base ? f->first_arrival : t->base;

    if (f->first <= f->last)
        learn_quarters(t, f->count, f->first, f->last, &f->events, f->gap);
    if (f->first_arrival <= f->last_arrival && from <= f->last_arrival &&
        in_window(t, f->last_arrival))
        learn_quarters(t, f->arrivals, from, f->last_arrival, &f->coming, NULL);
    rhythm_lateness(f->late, f->arrived);
    f->heard = f->last_arrival > INT32_MIN ? (int64_t)f->last_arrival * RHYTHM_QUARTER : 0;
}

enum status
trust_learn(struct trust **out, struct ledger_reader *r, const struct zone *zone,
            const struct day_factors *days, int64_t now,
            bool (*expected)(void *arg, struct span input), void *arg, struct error *err)
{
    struct trust *t = xcalloc(1, sizeof *t);
    enum status st;

    t->now = now;
    t->base = (int32_t)(now / RHYTHM_QUARTER) - TRUST_QUARTERS;
    name_hours(t, zone, days);
    st = ledger_scan_feed_quarters(r, t->base, take_quarter, t, err);
    if (st == ST_OK)
        st = ledger_scan_ways(r, take_way, t, err);
    if (st != ST_OK) {
        trust_free(t);
        return st;
    }
    if (t->ways)
        qsort(t->way, t->ways, sizeof *t->way, compare_ways);
    for (size_t i = 0; i < t->feeds; i++) {
        t->feed[i].expected = expected(arg, span_str(t->feed[i].input));
        learn_feed(t, &t->feed[i]);
    }
    *out = t;
    return ST_OK;
}

void
trust_free(struct trust *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->feeds; i++) {
        free(t->feed[i].input);
        free(t->feed[i].count);
        free(t->feed[i].arrivals);
        free(t->feed[i].late);
        free(t->feed[i].arrived);
        free(t->feed[i].gap);
    }
    for (size_t i = 0; i < t->ways; i++)
        free(t->way[i].name);
    free(t->way);
    free(t);
}

struct trust_feed *
trust_feed(struct trust *t, struct span input)
{
    for (size_t i = 0; i < t->feeds; i++)
        if (span_is(input, t->feed[i].input))
            return &t->feed[i];
    return NULL;
}

/* --- silences --- */

/* The hours of quarters [from, to) in which something should come: a day that the calendar closes,
 * or nearly, is no silence. */
static size_t
watched_hours(const struct trust *t, int32_t from, int32_t to, uint8_t *hour)
{
    size_t n = 0;

    for (int32_t i = from - t->base; i < to - t->base; i++)
        if (t->factor[i] >= WATCHED)
            hour[n++] = t->hour[i];
    return n;
}

/* When did the silence that goes on become unusual? What is said of it must not change with every
 * quarter hour. */
static void
look_back(struct trust_feed *f, const uint8_t *hour, size_t count)
{
    struct silence s = {0};

    for (size_t n = 1; n <= count && !s.unusual; n++)
        rhythm_judge(&f->coming, hour, n, &s);
    f->first_noticed = (struct trust_first){f->heard, s.chance, 0, s.longest};
    rhythm_judge(&f->coming, hour, count < 4 ? count : 4, &s);
    f->first_noticed.missed = s.missed;
}

void
trust_hear(struct trust *t, struct trust_feed *f, int64_t at, int64_t now)
{
    uint8_t hour[TRUST_QUARTERS + 96];
    int32_t from, to = (int32_t)(now / RHYTHM_QUARTER);
    size_t n;

    if (at > f->heard)
        f->heard = at;
    f->silent = false;
    f->silence = (struct silence){0};
    from = (int32_t)(f->heard / RHYTHM_QUARTER) + 1;
    if (!f->expected || f->heard == 0 || from < t->base || to <= from)
        return;
    if (to > t->base + TRUST_QUARTERS + 96)
        to = t->base + TRUST_QUARTERS + 96;
    n = watched_hours(t, from, to, hour);
    if (n == 0)
        return;
    rhythm_judge(&f->coming, hour, n, &f->silence);
    f->silent = f->silence.unusual;
    if (f->silent && f->first_noticed.since != f->heard)
        look_back(f, hour, n);
}

/* --- asking --- */

/* A feed that is not expected to go on ends with its last record. */
static bool
could_come(const struct trust *t, const struct trust_feed *f, int32_t quarter)
{
    return in_window(t, quarter) && quarter >= f->first && (f->expected || quarter <= f->last);
}

double
trust_usual(const struct trust *t, const struct trust_feed *f, int32_t quarter)
{
    size_t at = (size_t)(quarter - t->base);

    return could_come(t, f, quarter) ? f->events.usual[t->hour[at]] * t->factor[at] : 0;
}

double
trust_quarter(const struct trust *t, const struct trust_feed *f, int32_t quarter)
{
    int64_t known = ((int64_t)f->last_arrival + 1) * RHYTHM_QUARTER; /* when in it is not known */
    int64_t heard = f->heard > known ? f->heard : known;
    int64_t until = f->silent && heard < t->now ? heard : t->now;

    if (!could_come(t, f, quarter))
        return NAN;
    if (f->gap[quarter - t->base])
        return 0;
    if (!f->expected)
        return 1;
    return rhythm_arrived(f->arrived, (double)until / RHYTHM_QUARTER - quarter);
}

uint64_t
trust_feeds_of(const struct trust *t, enum cell_kind kind, struct span name)
{
    char *text = xstrndup(name.p, name.n);
    struct trust_way key = {(uint8_t)kind, text, 0}, *found = NULL;

    if (t->ways)
        found = bsearch(&key, t->way, t->ways, sizeof key, compare_ways);
    free(text);
    return found ? found->feeds : ALL_FEEDS;
}

void
trust_over(const struct trust *t, uint64_t feeds, int32_t from, int32_t to,
           struct trust_answer *out)
{
    int32_t over = (int32_t)(t->now / RHYTHM_QUARTER);
    double usual = 0, there = 0;
    bool known = false;

    *out = (struct trust_answer){.completeness = NAN};
    from = from > t->base ? from : t->base;
    to = to < over ? to : over;
    for (size_t i = 0; i < t->feeds; i++) {
        const struct trust_feed *f = &t->feed[i];
        double missing = 0;

        for (int32_t q = from; feeds >> i & 1 && q < to; q++) {
            double share = trust_quarter(t, f, q), weight = trust_usual(t, f, q);

            if (isnan(share))
                continue;
            known = true;
            usual += weight;
            there += weight * share;
            missing += weight * (1 - share);
        }
        if (missing > out->missing) {
            out->missing = missing;
            out->worst = f;
        }
    }
    if (known)
        out->completeness = usual > 0 ? there / usual : 1;
}
