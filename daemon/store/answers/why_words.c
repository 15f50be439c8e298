/*
 * why_words.c - the reason for a change in words and numbers, 80 columns wide.
 */
#include "why_answer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "civil.h"
#include "figures.h"
#include "words.h"

#define NAME_CELL 30
#define ROWS      5 /* of a dimension; the rest is summed up */

/* --- small things --- */

/* 1,234 or 12.3: whole numbers when they are large enough not to need more. */
static const char *
amount(char out[FIGURE], double v)
{
    if (fabs(v) < 100 && fabs(v - round(v)) > 0.05)
        snprintf(out, FIGURE, "%.1f", v);
    else if (fabs(v) < 1e18)
        figure_count(out, (int64_t)nearbyint(v));
    else
        snprintf(out, FIGURE, "%.3g", v);
    return out;
}

static const char *
change(char out[32], double v)
{
    char text[32];

    snprintf(out, 32, "%s%.30s", v > 0 ? "+" : "", amount(text, v));
    return out;
}

static void __attribute__((format(printf, 3, 4)))
flow(struct buf *out, int indent, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    words_flow(out, indent, span_of(text.p, text.n));
    buf_clear(&text);
}

static void
days(struct buf *out, int32_t from, int32_t to)
{
    char text[CIVIL_TEXT];

    buf_str(out, format_day(text, from));
    if (to - from > 1)
        buf_printf(out, " to %s", format_day(text, to - 1));
}

/* --- the head --- */

static void
head(const struct why_answer *a, const struct zone *zone, struct buf *out)
{
    static const char *const kinds[] = {
        [WHY_CUSTOMER] = "Customer", [WHY_SERVICE] = "Service", [WHY_FEATURE] = "Feature"};

    if (a->ask.kind == WHY_ALL)
        buf_str(out, "All customers: ");
    else
        buf_printf(out, "%s %.*s: ", kinds[a->ask.kind], SPAN_ARG(a->ask.name));
    buf_printf(out, "%s, ", a->unit);
    days(out, a->ask.from, a->ask.to);
    buf_str(out, "\nagainst ");
    days(out, a->ask.against, a->ask.against_to);
    flow(out, 0, "%s. Days are UTC, hours %s.\n",
         a->by_weekday ? ", each day with the same weekdays" : ", every day alike",
         zone_name(zone));
    flow(out, 0, "Input on %u of %u days, and on %u of %u before.\n\n", a->days,
         a->days + a->days_missing, a->against_days, a->against_days + a->against_missing);
}

static void
whole(const struct why_answer *a, struct buf *out)
{
    const struct why_part *w = &a->why.whole;
    char before[32], after[32], more[32], low[32], high[32];
    double times = w->before > 0 ? w->after / w->before : NAN;

    flow(out, 0, "%s where %s were usual: %s", amount(after, w->after), amount(before, w->before),
         change(more, w->after - w->before));
    if (times >= 2)
        flow(out, 0, ", %.1f times", times);
    else if (!isnan(times))
        flow(out, 0, ", %+.0f %%", 100 * (times - 1));
    flow(out, 0, ". Between %s and %s were to be expected with a chance of 80 %%",
         amount(low, a->why.low), amount(high, a->why.high));
    if (a->why.inside)
        flow(out, 0, ": there is nothing to explain.\n");
    else if (!w->changed)
        flow(out, 0, "; this is outside of it, but as a whole it may be chance.\n");
    else
        flow(out, 0, "; this is more than chance.\n");
}

/* --- the reason --- */

/* How much of the change; a part of it with its figure. Where others moved the other way one part
 * may be more than all of it, and a percentage would only puzzle. */
static const char *
how_much(char out[48], double power)
{
    if (power > 1.05)
        snprintf(out, 48, "more than all");
    else if (power >= 0.995)
        snprintf(out, 48, "all");
    else
        snprintf(out, 48, "%.0f %%", 100 * power);
    return out;
}

/* The same as the beginning of a sentence, with what it is: "Nearly all of it (+1,234, 97 %)". */
static const char *
how_much_of_it(char out[128], double moved, double power)
{
    const char *word = power >= 0.85 ? "Nearly all" : "Most";
    char much[48], more[32];

    change(more, moved);
    if (power >= 0.995)
        snprintf(out, 128, "%s of it (%s)", power > 1.05 ? "More than all" : "All", more);
    else
        snprintf(out, 128, "%s of it (%s, %s)", word, more, how_much(much, power));
    return out;
}

static const struct why_pair *
pair_preferred(const struct why_answer *a)
{
    return a->pair_count > 0 && a->pair[0].preferred && !a->why.inside ? &a->pair[0] : NULL;
}

static const struct why_dimension *
cause(const struct why_answer *a, size_t i)
{
    return i < a->dimension_count && a->dimension[i].cause && !a->why.inside ? &a->dimension[i]
                                                                             : NULL;
}

static void
named(const struct why_dimension *d, struct buf *out)
{
    for (size_t i = 0; i < d->named; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : i + 1 < d->named ? ", " : " and ", d->part[i].name);
}

static void
reason(const struct why_answer *a, struct buf *out)
{
    const struct why_pair *pair = pair_preferred(a);
    struct buf names = {0};
    char much[128];

    buf_char(out, '\n');
    if (pair)
        flow(out, 3, "1. %s is %s %s together with %s %s.\n",
             how_much_of_it(much, pair->after - pair->before, pair->power), pair->dimension[0],
             pair->name[0], pair->dimension[1], pair->name[1]);
    for (size_t i = 0, n = pair != NULL; i < 3 && cause(a, i); i++) {
        const struct why_dimension *d = cause(a, i);
        double moved = 0;

        if (pair &&
            (strcmp(d->name, pair->dimension[0]) == 0 || strcmp(d->name, pair->dimension[1]) == 0))
            continue;
        for (size_t p = 0; p < d->named; p++)
            moved += d->part[p].after - d->part[p].before;
        buf_reset(&names);
        named(d, &names);
        flow(out, 3, "%zu. %s is %s %s.\n", ++n, how_much_of_it(much, moved, d->power), d->name,
             names.p);
    }
    if (!pair && !cause(a, 0) && a->why.whole.changed)
        flow(out, 0, "No part of it explains that: what is looked at here changed alike.\n");
    buf_clear(&names);
}

/* --- tables --- */

static void
row(struct buf *out, const char *name, double before, double after, const char *share)
{
    char b[32], n[32], c[32];
    struct span text = span_str(name);
    size_t width = 0, cut = 0;

    while (cut < text.n && width < NAME_CELL) {
        width += ((unsigned char)text.p[cut] & 0xC0) != 0x80;
        cut++;
    }
    while (cut < text.n && ((unsigned char)text.p[cut] & 0xC0) == 0x80)
        cut++;
    buf_printf(out, "  %.*s%*s %12s %12s %12s %8s\n", (int)cut, name, (int)(NAME_CELL - width), "",
               amount(b, before), amount(n, after), change(c, after - before), share);
}

static void
table(const struct why_dimension *d, struct buf *out)
{
    double before = 0, after = 0;
    size_t shown = d->count <= ROWS + 1 ? d->count : d->named > ROWS ? d->named : ROWS;
    char share[32], title[64];

    if (shown > 2 * ROWS)
        shown = 2 * ROWS;
    snprintf(title, sizeof title, "%s", d->name);
    buf_printf(out, "\n%-*s %12s %12s %12s %8s\n", NAME_CELL + 2, title, "usual", "now", "change",
               "share");
    for (size_t i = 0; i < shown; i++) {
        const struct why_part *p = &d->part[i];

        snprintf(share, sizeof share, "%.0f %%", 100 * p->power);
        row(out, p->name, p->before, p->after, p->changed ? share : "~");
    }
    for (size_t i = shown; i < d->count; i++) {
        before += d->part[i].before;
        after += d->part[i].after;
    }
    if (shown < d->count) {
        snprintf(title, sizeof title, "%zu others", d->count - shown);
        row(out, title, before, after, "~");
    }
}

/* --- how --- */

static void
factor_row(struct buf *out, const char *name, double before, double after, double effect,
           const char *share)
{
    char b[32], n[32], c[32];

    buf_printf(out, "  %-*s %12s %12s %12s %8s\n", NAME_CELL, name, amount(b, before),
               amount(n, after), change(c, effect), share);
}

static void
chain(const struct why_answer *a, const struct why_chain *c, struct buf *out)
{
    const struct attribution_chain *s = &c->sums;
    double moved = a->minutes[1] - a->minutes[0];

    buf_char(out, '\n');
    for (size_t i = 0; i < s->count; i++) {
        char share[32] = "~";

        if (moved != 0 && !a->why.inside)
            snprintf(share, sizeof share, "%.0f %%", 100 * s->effect[i] / moved);
        factor_row(out, c->factor[i], s->before[i], s->after[i], s->effect[i], share);
    }
    if (s->whole != 0)
        buf_printf(out, "  There were none %s.\n", a->minutes[0] == 0 ? "before" : "now");
}

static void
minutes(const struct why_answer *a, struct buf *out)
{
    char from[32], to[32], more[32];

    if (a->chain_count == 0)
        return;
    flow(out, 0, "\nMinutes: %s where %s were usual: %s. What made that%s:\n",
         amount(to, a->minutes[1]), amount(from, a->minutes[0]),
         change(more, a->minutes[1] - a->minutes[0]),
         a->chain_count > 1 ? ", seen in two ways" : "");
    buf_printf(out, "\n%-*s %12s %12s %12s %8s\n", NAME_CELL + 2, "", "usual", "now", "minutes",
               "share");
    for (size_t i = 0; i < a->chain_count; i++)
        chain(a, &a->chain[i], out);
    if (!a->rate_by)
        return;
    buf_char(out, '\n');
    flow(out, 0,
         "Minutes a leg went from %.1f to %.1f: %+.2f by the mix of %s, %+.2f by longer or"
         " shorter legs of the same %s.\n",
         a->rate.before, a->rate.after, a->rate.mix,
         strcmp(a->rate_by, "customer") == 0 ? "customers" : "hours", a->rate.rate, a->rate_by);
    if (a->rate.only_mix)
        flow(out, 0, "Every %s moved the other way: this is mix, not behaviour.\n", a->rate_by);
}

static void
population(const struct why_answer *a, struct buf *out)
{
    const struct attribution_population *p = &a->population;
    char t[5][32];

    if (!a->has_population)
        return;
    flow(out, 0,
         "\nCustomers: %zu new (+%s), %zu back again (+%s), %zu not there (-%s), %zu more than"
         " usual (+%s), %zu less (-%s). These add up to the change.\n",
         p->fresh_count, amount(t[0], p->fresh), p->resurrected_count, amount(t[1], p->resurrected),
         p->lost_count, amount(t[2], p->lost), p->expansion_count, amount(t[3], p->expansion),
         p->contraction_count, amount(t[4], p->contraction));
}

void
why_words(const struct why_answer *a, const struct zone *zone, struct buf *out)
{
    head(a, zone, out);
    whole(a, out);
    if (!a->why.inside) {
        reason(a, out);
        for (size_t i = 0; i < a->dimension_count; i++)
            table(&a->dimension[i], out);
        flow(out, 0,
             "\nShares are of the whole change; ~ where a part's own change may be"
             " chance.\n");
        population(a, out);
        minutes(a, out);
    }
    if (a->note_count)
        buf_char(out, '\n');
    for (size_t i = 0; i < a->note_count; i++)
        flow(out, 0, "%s\n", a->note[i]);
}

void
why_half_sentence(const struct why_answer *a, struct buf *out)
{
    const struct why_pair *pair = pair_preferred(a);
    const struct why_dimension *d = cause(a, 0);
    char much[48];

    if (pair) {
        buf_printf(out, "; %s of the change in %s is %s %s with %s %s", how_much(much, pair->power),
                   a->unit, pair->dimension[0], pair->name[0], pair->dimension[1], pair->name[1]);
    } else if (d) {
        buf_printf(out, "; %s of the change in %s is %s ", how_much(much, d->power), a->unit,
                   d->name);
        named(d, out);
    }
}
