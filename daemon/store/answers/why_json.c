/*
 * why_json.c - the reason for a change for programs: everything that was found, unrounded.
 */
#include "why_answer.h"

#include "civil.h"
#include "json_write.h"

static void
day(struct json_writer *w, const char *key, int32_t value)
{
    char text[CIVIL_TEXT];

    json_text(w, key, format_day(text, value));
}

static void
period(struct json_writer *w, const char *key, int32_t from, int32_t to, const uint32_t count[2])
{
    json_object(w, key);
    day(w, "from", from);
    day(w, "to", to);
    json_u64(w, "days_with_input", count[0]);
    json_u64(w, "days_without_input", count[1]);
    json_close(w);
}

static void
part(struct json_writer *w, const struct why_part *p)
{
    json_object(w, NULL);
    json_text(w, "name", p->name);
    json_real(w, "usual", p->before);
    json_real(w, "now", p->after);
    json_real(w, "share_of_change", p->power);
    json_real(w, "surprise", p->surprise);
    json_real(w, "false_discovery_rate", p->q);
    json_bool(w, "beyond_chance", p->changed);
    json_bool(w, "otherwise_than_the_whole", p->shifted);
    json_close(w);
}

static size_t
at_most(size_t count, size_t most)
{
    return most < count ? most : count;
}

static void
dimensions(struct json_writer *w, const struct why_answer *a, size_t most)
{
    json_array(w, "dimensions");
    for (size_t i = 0; i < a->dimension_count; i++) {
        const struct why_dimension *d = &a->dimension[i];

        json_object(w, NULL);
        json_text(w, "name", d->name);
        json_bool(w, "is_cause", d->cause && !a->why.inside);
        json_u64(w, "parts_that_explain_it", d->named);
        json_real(w, "share_of_change", d->power);
        json_real(w, "surprise", d->surprise);
        json_u64(w, "parts_in_all", d->count);
        json_array(w, "parts");
        for (size_t k = 0; k < at_most(d->count, most); k++)
            part(w, &d->part[k]);
        json_close(w);
        json_close(w);
    }
    json_close(w);
    json_u64(w, "pairs_in_all", a->pair_count);
    json_array(w, "pairs");
    for (size_t i = 0; i < at_most(a->pair_count, most); i++) {
        const struct why_pair *p = &a->pair[i];

        json_object(w, NULL);
        for (int k = 0; k < 2; k++) {
            json_key(w, span_str(p->dimension[k]));
            json_text(w, NULL, p->name[k]);
        }
        json_real(w, "usual", p->before);
        json_real(w, "now", p->after);
        json_real(w, "share_of_change", p->power);
        json_real(w, "surprise", p->surprise);
        json_bool(w, "is_cause", p->preferred && !a->why.inside);
        json_close(w);
    }
    json_close(w);
}

static void
factors(struct json_writer *w, const struct why_answer *a)
{
    json_object(w, "minutes");
    json_real(w, "usual", a->minutes[0]);
    json_real(w, "now", a->minutes[1]);
    json_array(w, "factors");
    for (size_t i = 0; i < a->chain_count; i++) {
        const struct attribution_chain *c = &a->chain[i].sums;

        json_array(w, NULL);
        for (size_t k = 0; k < c->count; k++) {
            json_object(w, NULL);
            json_text(w, "name", a->chain[i].factor[k]);
            json_real(w, "usual", c->before[k]);
            json_real(w, "now", c->after[k]);
            json_real(w, "effect_minutes", c->effect[k]);
            json_close(w);
        }
        if (c->whole != 0) { /* nothing before, or nothing now: no factor has a part of it */
            json_object(w, NULL);
            json_text(w, "name", "all of it");
            json_real(w, "effect_minutes", c->whole);
            json_close(w);
        }
        json_close(w);
    }
    json_close(w);
    json_close(w);
    if (!a->rate_by)
        return;
    json_object(w, "minutes_a_leg");
    json_real(w, "usual", a->rate.before);
    json_real(w, "now", a->rate.after);
    json_text(w, "by", a->rate_by);
    json_real(w, "mix_effect", a->rate.mix);
    json_real(w, "rate_effect", a->rate.rate);
    json_bool(w, "mix_not_behaviour", a->rate.only_mix);
    json_close(w);
}

static void
population(struct json_writer *w, const struct attribution_population *p)
{
    const struct {
        const char *key;
        size_t customers;
        double amount;
    } rows[] = {{"new", p->fresh_count, p->fresh},
                {"resurrected", p->resurrected_count, p->resurrected},
                {"lost", p->lost_count, -p->lost},
                {"expansion", p->expansion_count, p->expansion},
                {"contraction", p->contraction_count, -p->contraction}};

    json_object(w, "customers");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_object(w, rows[i].key);
        json_u64(w, "customers", rows[i].customers);
        json_real(w, "change", rows[i].amount);
        json_close(w);
    }
    json_close(w);
}

void
why_causes_json(const struct why_answer *a, struct json_writer *w)
{
    json_array(w, "causes");
    for (size_t i = 0; i < a->pair_count && !a->why.inside; i++) {
        const struct why_pair *p = &a->pair[i];

        if (!p->preferred)
            continue;
        json_object(w, NULL);
        json_text(w, "dimension", p->dimension[0]);
        json_text(w, "part", p->name[0]);
        json_text(w, "with_dimension", p->dimension[1]);
        json_text(w, "with_part", p->name[1]);
        json_real(w, "change", p->after - p->before);
        json_real(w, "share_of_change", p->power);
        json_close(w);
    }
    for (size_t i = 0; i < a->dimension_count && !a->why.inside; i++) {
        const struct why_dimension *d = &a->dimension[i];

        for (size_t k = 0; d->cause && k < d->named; k++) {
            json_object(w, NULL);
            json_text(w, "dimension", d->name);
            json_text(w, "part", d->part[k].name);
            json_real(w, "change", d->part[k].after - d->part[k].before);
            json_real(w, "share_of_change", d->part[k].power);
            json_close(w);
        }
    }
    json_close(w);
}

void
why_json(const struct why_answer *a, const struct zone *zone, struct buf *out)
{
    why_json_most(a, zone, SIZE_MAX, out);
}

void
why_json_most(const struct why_answer *a, const struct zone *zone, size_t most, struct buf *out)
{
    static const char *const kinds[] = {[WHY_CUSTOMER] = "customer",
                                        [WHY_SERVICE] = "service",
                                        [WHY_FEATURE] = "feature",
                                        [WHY_ALL] = "all"};
    const struct why_part *whole = &a->why.whole;
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    json_text(&w, "kind", kinds[a->ask.kind]);
    if (a->ask.kind == WHY_ALL)
        json_null(&w, "name");
    else
        json_span(&w, "name", a->ask.name);
    json_text(&w, "unit", a->unit);
    json_text(&w, "days_are", "UTC");
    json_text(&w, "hours_are", zone_name(zone));
    period(&w, "period", a->ask.from, a->ask.to, (uint32_t[2]){a->days, a->days_missing});
    period(&w, "against", a->ask.against, a->ask.against_to,
           (uint32_t[2]){a->against_days, a->against_missing});
    json_bool(&w, "by_weekday", a->by_weekday);
    json_real(&w, "usual", whole->before);
    json_real(&w, "now", whole->after);
    json_real(&w, "change", whole->after - whole->before);
    json_real(&w, "low80", a->why.low);
    json_real(&w, "high80", a->why.high);
    json_real(&w, "p_value", whole->q);
    json_bool(&w, "inside_interval", a->why.inside);
    json_bool(&w, "beyond_chance", whole->changed);
    why_causes_json(a, &w);
    dimensions(&w, a, most);
    if (a->has_population)
        population(&w, &a->population);
    factors(&w, a);
    json_array(&w, "notes");
    for (size_t i = 0; i < a->note_count; i++)
        json_text(&w, NULL, a->note[i]);
    json_close(&w);
    json_close(&w);
}
