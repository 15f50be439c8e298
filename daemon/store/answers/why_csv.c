/*
 * why_csv.c - the reason for a change as a table: the whole, its parts, pairs of them, minutes.
 *
 * One row a figure, the whole first; `about` says what a row is. What explains the change has
 * "yes" under `is_cause`. Figures are unrounded; amounts are in the row's unit.
 */
#include <math.h>
#include <stdlib.h>

#include "csv_write.h"
#include "json_write.h"
#include "why_answer.h"

struct line {
    const char *about, *dimension, *part, *with_dimension, *with_part, *unit;
    double usual, now, change, share; /* NAN: none */
    int beyond_chance, is_cause;      /* -1: not judged */
};

#define NOT_JUDGED (-1)

static void
text(struct buf *out, const char *s)
{
    csv_field(out, span_str(s ? s : ""));
    buf_char(out, ',');
}

static void
real(struct buf *out, double v)
{
    struct json_writer w;

    json_begin(&w, out);
    if (isfinite(v))
        json_real(&w, NULL, v);
    buf_char(out, ',');
}

static void
judged(struct buf *out, int v, char end)
{
    buf_str(out, v < 0 ? "" : v ? "yes" : "no");
    buf_char(out, end);
}

static void
put(struct buf *out, const struct line *l)
{
    text(out, l->about);
    text(out, l->dimension);
    text(out, l->part);
    text(out, l->with_dimension);
    text(out, l->with_part);
    text(out, l->unit);
    real(out, l->usual);
    real(out, l->now);
    real(out, l->change);
    real(out, l->share);
    judged(out, l->beyond_chance, ',');
    judged(out, l->is_cause, '\n');
}

static void
put_parts(const struct why_answer *a, struct buf *out)
{
    for (size_t i = 0; i < a->dimension_count; i++) {
        const struct why_dimension *d = &a->dimension[i];

        for (size_t k = 0; k < d->count; k++) {
            const struct why_part *p = &d->part[k];

            put(out, &(struct line){"part", d->name, p->name, NULL, NULL, a->unit, p->before,
                                    p->after, p->after - p->before, p->power, p->changed,
                                    d->cause && k < d->named && !a->why.inside});
        }
    }
    for (size_t i = 0; i < a->pair_count; i++) {
        const struct why_pair *p = &a->pair[i];

        put(out, &(struct line){"pair", p->dimension[0], p->name[0], p->dimension[1], p->name[1],
                                a->unit, p->before, p->after, p->after - p->before, p->power,
                                NOT_JUDGED, p->preferred && !a->why.inside});
    }
}

static void
put_minutes(const struct why_answer *a, struct buf *out)
{
    put(out,
        &(struct line){"minutes", NULL, NULL, NULL, NULL, "minutes", a->minutes[0], a->minutes[1],
                       a->minutes[1] - a->minutes[0], NAN, NOT_JUDGED, NOT_JUDGED});
    for (size_t i = 0; i < a->chain_count; i++) {
        const struct attribution_chain *c = &a->chain[i].sums;

        for (size_t k = 0; k < c->count; k++)
            put(out, &(struct line){"factor of minutes", NULL, a->chain[i].factor[k], NULL, NULL,
                                    "change in minutes", c->before[k], c->after[k], c->effect[k],
                                    NAN, NOT_JUDGED, NOT_JUDGED});
    }
}

void
why_csv(const struct why_answer *a, const struct zone *zone, struct buf *out)
{
    const struct why_part *whole = &a->why.whole;
    char *name = a->ask.kind == WHY_ALL ? NULL : xstrndup(a->ask.name.p, a->ask.name.n);

    (void)zone;
    buf_str(out, "about,dimension,part,with_dimension,with_part,unit,usual,now,change,"
                 "share_of_change,beyond_chance,is_cause\n");
    put(out, &(struct line){"whole", NULL, name, NULL, NULL, a->unit, whole->before, whole->after,
                            whole->after - whole->before, NAN, whole->changed, NOT_JUDGED});
    put_parts(a, out);
    put_minutes(a, out);
    free(name);
}
