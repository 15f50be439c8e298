/*
 * pairing_order.c - the order in which a batch's events are taken, whoever met them first.
 */
#include <stdlib.h>

#include "pairing_internal.h"

static int
by_time_and_name(const void *a, const void *b)
{
    static const uint8_t rank[KIND_COUNT] = {
        [KIND_CONFERENCE_START] = 0, [KIND_LEAVE] = 1,  [KIND_JOIN] = 2,
        [KIND_CONFERENCE_END] = 3,   [KIND_HANGUP] = 4,
    };
    const struct pair_event *x = a, *y = b;
    int order = (x->at > y->at) - (x->at < y->at);

    if (!order)
        order = rank[x->kind] - rank[y->kind];
    if (!order)
        order = span_cmp(x->source, y->source);
    if (!order)
        order = span_cmp(x->conference, y->conference);
    if (!order)
        order = span_cmp(x->key, y->key);
    return order ? order : span_cmp(x->sides, y->sides);
}

/* What is no repetition comes first of those of an id. */
static int
by_id(const void *a, const void *b)
{
    const struct pair_event *x = a, *y = b;

    return x->id != y->id ? (x->id > y->id) - (x->id < y->id) : x->again - y->again;
}

static size_t
without_repetitions(struct pair_event *events, size_t count)
{
    const struct pair_event *last = NULL;
    size_t n = 0;

    qsort(events, count, sizeof *events, by_id);
    for (size_t i = 0; i < count; i++) {
        struct pair_event *e = &events[i];

        if (!e->again) {
            events[n++] = *e;
            last = &events[n - 1];
        } else if (last && last->id == e->id && e->at < last->at) {
            events[n - 1].at = e->at;
        }
    }
    return n;
}

size_t
pairing_sort(struct pair_event *events, size_t count)
{
    bool again = false;

    for (size_t i = 0; i < count && !again; i++)
        again = events[i].again;
    if (again)
        count = without_repetitions(events, count);
    if (count > 1)
        qsort(events, count, sizeof *events, by_time_and_name);
    return count;
}
