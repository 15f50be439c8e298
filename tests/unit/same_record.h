/*
 * same_record.h - are two records the same, and is what a parser says about its fields true? For
 * unit tests and fuzzers of everything that takes a short way.
 */
#ifndef SAME_RECORD_H
#define SAME_RECORD_H

#include "format.h"

/* Compares what is there: absent texts mean nothing. */
static inline bool
same_record(const struct record *a, const struct record *b)
{
    if (a->kind != b->kind || a->outcome != b->outcome || a->has != b->has ||
        a->start != b->start || a->duration != b->duration || a->wait != b->wait ||
        a->handle != b->handle || a->version != b->version || a->feature_count != b->feature_count)
        return false;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (i != FIELD_FEATURES && (a->has & FIELD_BIT(i)) && !span_eq(a->text[i], b->text[i]))
            return false;
    for (uint32_t i = 0; i < a->feature_count; i++)
        if (!span_eq(a->features[i], b->features[i]))
            return false;
    return true;
}

/* Does each text keep what printable, trimmed and longest promise? */
static inline bool
fields_are_true(const struct fields *f)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        struct span s = f->v[i];

        if (!(f->has & FIELD_BIT(i)))
            continue;
        if (s.n > f->longest || (f->trimmed && (s.n == 0 || span_trim(s).n != s.n)))
            return false;
        for (size_t j = 0; j < s.n && f->printable; j++)
            if (s.p[j] < 0x20 || s.p[j] > 0x7E)
                return false;
    }
    for (uint32_t i = 0; i < f->feature_count; i++) {
        struct span s = f->feature_items[i];

        if (s.n > f->longest || (f->trimmed && span_trim(s).n != s.n))
            return false;
        for (size_t j = 0; j < s.n && f->printable; j++)
            if (s.p[j] < 0x20 || s.p[j] > 0x7E)
                return false;
    }
    return true;
}

/* The record of the same fields by every short way there is: what the parser knows about them, a
 * memo, fields that lie in the record. False: not what the long way answers and *want, *why
 * hold. */
static inline bool
same_by_short_ways(const struct format *f, const struct mapping_context *ctx,
                   const struct fields *in, struct arena *mem, struct mapping_memo *memo,
                   enum status answer, const struct record *want, const struct error *why)
{
    struct mapping_context quick = *ctx;
    struct error err = {.text = ""};
    struct record r;

    quick.memo = memo;
    for (int again = 0; again < 2; again++) { /* the second time from the memo */
        r.fields = *in;
        if (record_from_fields(f, &quick, &r.fields, mem, &r, &err) != answer)
            return false;
        if (answer == ST_OK ? !same_record(&r, want) : strcmp(err.text, why->text) != 0)
            return false;
    }
    return true;
}

/* The same fields, and nothing known about them. */
static inline struct fields
unknown_fields(const struct fields *in)
{
    struct fields plain = *in;

    plain.printable = plain.trimmed = false;
    plain.longest = SIZE_MAX;
    return plain;
}

#endif
