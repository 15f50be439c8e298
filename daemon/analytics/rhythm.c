/*
 * rhythm.c - how a feed usually comes.
 */
#include "rhythm.h"

#include <math.h>
#include <string.h>

#define LONG_DEVIATIONS 6

/* Calls fn for each silence of the series, [from, to). */
static void
each_silence(const struct rhythm_series *s, void (*fn)(void *arg, size_t from, size_t to),
             void *arg)
{
    for (size_t i = 0, end; i < s->n; i = end + 1) {
        end = i;
        while (end < s->n && s->count[end] == 0)
            end++;
        if (end > i)
            fn(arg, i, end);
    }
}

/* --- learning --- */

struct learning {
    const struct rhythm_series *series;
    struct rhythm *out;
    bool *gap;
    uint32_t spell;
    double square; /* sum over long silences */
};

static void
note_longest(struct rhythm_longest *top, uint32_t n, uint32_t spell)
{
    if (top[0].spell == spell || top[1].spell == spell)
        return;
    if (n > top[0].n) {
        top[1] = top[0];
        top[0] = (struct rhythm_longest){n, spell};
    } else if (n > top[1].n) {
        top[1] = (struct rhythm_longest){n, spell};
    }
}

static void
note_silence(void *arg, size_t from, size_t to)
{
    struct learning *l = arg;
    uint32_t n = (uint32_t)(to - from);

    l->spell++;
    if (l->gap[from])
        return;
    if (n > l->out->longest_ever)
        l->out->longest_ever = n;
    for (size_t i = from; i < to; i++)
        note_longest(l->out->longest[l->series->hour[i]], n, l->spell);
}

static void
count_long(void *arg, size_t from, size_t to)
{
    struct learning *l = arg;
    double n = (double)(to - from);

    l->out->spells++;
    if (l->gap[from] || 2 * n < l->out->longest_ever)
        return;
    l->out->long_spells++;
    l->out->long_mean += n;
    l->square += n * n;
}

/* Of the silences that are no gaps, as far as gaps are known. */
static void
learn_silences(struct learning *l)
{
    struct rhythm *r = l->out;

    memset(r->longest, 0, sizeof r->longest);
    r->spells = r->long_spells = r->longest_ever = l->spell = 0;
    r->long_mean = l->square = 0;
    each_silence(l->series, note_silence, l);
    each_silence(l->series, count_long, l);
    if (r->long_spells == 0)
        return;
    r->long_mean /= r->long_spells;
    r->long_sd = sqrt(fmax(l->square / r->long_spells - r->long_mean * r->long_mean, 0));
}

/* The longest silence but this one that touched any of these hours. */
static uint32_t
longest_other(const struct rhythm *r, const uint8_t *hour, size_t n, uint32_t spell)
{
    uint32_t most = 0;

    for (size_t i = 0; i < n && i < RHYTHM_HOURS * 4; i++) {
        const struct rhythm_longest *top = r->longest[hour[i]];
        uint32_t other = top[0].spell == spell ? top[1].n : top[0].n;

        if (other > most)
            most = other;
    }
    return most;
}

static void
judge(const struct rhythm *r, const uint8_t *hour, size_t n, uint32_t spell, struct silence *out)
{
    double log_chance = 0;

    *out = (struct silence){.longest = longest_other(r, hour, n, spell)};
    for (size_t i = 0; i < n; i++) {
        log_chance += log(r->empty[hour[i]]);
        out->missed += r->usual[hour[i]];
    }
    out->chance = exp(log_chance);
    if (n < 2)
        return;
    out->unusual = (out->chance < RHYTHM_CHANCE && n > (size_t)out->longest + 1) ||
                   (r->long_spells >= RHYTHM_SPELLS && 4 * n > 5 * (size_t)r->longest_ever &&
                    (double)n > r->long_mean + LONG_DEVIATIONS * r->long_sd);
}

void
rhythm_judge(const struct rhythm *r, const uint8_t *hour, size_t n, struct silence *out)
{
    judge(r, hour, n, 0, out);
}

static void
mark_gap(void *arg, size_t from, size_t to)
{
    struct learning *l = arg;
    struct silence found;

    judge(l->out, l->series->hour + from, to - from, ++l->spell, &found);
    for (size_t i = from; i < to; i++)
        l->gap[i] = found.unusual;
}

/* Means and shares of those quarters that are no gap. */
static void
learn_hours(struct learning *l)
{
    const struct rhythm_series *s = l->series;
    double sum[RHYTHM_HOURS] = {0};
    uint32_t none[RHYTHM_HOURS] = {0}, *seen = l->out->seen;

    memset(seen, 0, sizeof l->out->seen);
    for (size_t i = 0; i < s->n; i++) {
        if (l->gap[i])
            continue;
        seen[s->hour[i]]++;
        sum[s->hour[i]] += s->count[i];
        none[s->hour[i]] += s->count[i] == 0;
    }
    for (int h = 0; h < RHYTHM_HOURS; h++) {
        l->out->usual[h] = seen[h] ? sum[h] / seen[h] : 0;
        l->out->empty[h] = (none[h] + 1.0) / (seen[h] + 1.0);
    }
}

void
rhythm_learn(const struct rhythm_series *s, struct rhythm *out, bool *gap)
{
    struct learning l = {.series = s, .out = out, .gap = gap};

    memset(out, 0, sizeof *out);
    memset(gap, 0, s->n * sizeof *gap);
    learn_silences(&l);
    learn_hours(&l);
    l.spell = 0;
    each_silence(s, mark_gap, &l);
    /* Once more without the gaps: the next one may be as long, and no less a gap. */
    learn_hours(&l);
    learn_silences(&l);
}

/* --- lateness --- */

void
rhythm_lateness(const uint64_t *late, double *cdf)
{
    uint64_t all = 0, sum = 0;

    for (size_t k = 0; k < RHYTHM_LATE; k++)
        all += late[k];
    for (size_t k = 0; k < RHYTHM_LATE; k++) {
        sum += late[k];
        cdf[k] = all ? (double)sum / (double)all : 1;
    }
}

double
rhythm_arrived(const double *cdf, double quarters)
{
    size_t k;
    double before;

    if (!(quarters > 0))
        return 0;
    if (quarters >= RHYTHM_LATE)
        return 1;
    k = (size_t)quarters;
    before = k > 0 ? cdf[k - 1] : 0;
    return before + (cdf[k] - before) * (quarters - (double)k);
}
