/*
 * worker_names.c - features and services are counted under the names that the rules give them.
 */
#include "engine_internal.h"

/* Two spellings of one feature on one record are one use of it. */
static uint32_t
without_repetitions(struct span *names, uint32_t count)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = 0;

        while (j < n && !span_eq(names[j], names[i]))
            j++;
        if (j == n)
            names[n++] = names[i];
    }
    return n;
}

static const char *
rename_features(struct worker *w, struct record *r)
{
    struct span *names;
    const char *why;

    if (!w->rules->features || r->feature_count == 0)
        return NULL;
    names = arena_alloc(&w->arena, r->feature_count * sizeof *names);
    for (uint32_t i = 0; i < r->feature_count; i++) {
        names[i] = classify(w->features, r->features[i], &why);
        if (why)
            return why;
    }
    r->feature_count = without_repetitions(names, r->feature_count);
    r->features = names;
    r->feature_list = 0;
    return NULL;
}

const char *
worker_classify(struct worker *w, struct record *r)
{
    const char *why = rename_features(w, r);

    if (!why && r->kind == KIND_CONTACT && w->rules->services)
        r->text[FIELD_SERVICE] = classify(w->services, r->text[FIELD_SERVICE], &why);
    return why;
}
