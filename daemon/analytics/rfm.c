/*
 * rfm.c - customers by recency, frequency and value.
 */
#include "segment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const char *const segment_names[RFM_SEGMENTS] = {
    [RFM_CHAMPION] = "champion",     [RFM_LOYAL] = "loyal",           [RFM_PROMISING] = "promising",
    [RFM_RECENT_LOW] = "recent_low", [RFM_STEADY_LOW] = "steady_low", [RFM_AT_RISK] = "at_risk",
    [RFM_CANT_LOSE] = "cant_lose",   [RFM_COOLING] = "cooling",       [RFM_DORMANT] = "dormant",
};

/* Score ranges of each segment; the first row that fits names it. */
static const struct {
    uint8_t r_min, r_max, f_min, f_max;
    enum rfm_segment segment;
} rules[] = {
    {4, 5, 4, 5, RFM_CHAMPION},   {3, 5, 4, 5, RFM_LOYAL},      {4, 5, 3, 3, RFM_PROMISING},
    {4, 5, 1, 5, RFM_RECENT_LOW}, {3, 3, 1, 5, RFM_STEADY_LOW}, {2, 2, 4, 5, RFM_AT_RISK},
    {1, 1, 4, 5, RFM_CANT_LOSE},  {2, 2, 1, 5, RFM_COOLING},    {1, 5, 1, 5, RFM_DORMANT},
};

/* The same in words, without what an earlier row takes. */
static const char *const rule_texts[RFM_SEGMENTS] = {
    [RFM_CHAMPION] = "recency 4-5 and active days 4-5",
    [RFM_LOYAL] = "recency 3 and active days 4-5",
    [RFM_PROMISING] = "recency 4-5 and active days 3",
    [RFM_RECENT_LOW] = "recency 4-5 and active days 1-2",
    [RFM_STEADY_LOW] = "recency 3 and active days 1-3",
    [RFM_AT_RISK] = "recency 2 and active days 4-5",
    [RFM_CANT_LOSE] = "recency 1 and active days 4-5",
    [RFM_COOLING] = "recency 2 and active days 1-3",
    [RFM_DORMANT] = "recency 1 and active days 1-3",
};

struct valued {
    double v;
    uint64_t key; /* compares as v does */
    size_t place;
};

static struct valued
valued(double v, size_t place)
{
    uint64_t bits;

    v += 0.0; /* one zero */
    memcpy(&bits, &v, sizeof bits);
    return (struct valued){v, bits >> 63 ? ~bits : bits | UINT64_C(1) << 63, place};
}

/* Ascending, a byte of the key at a time: a population has many equal values and few bytes that
 * differ. */
static void
sort(struct valued *v, size_t n)
{
    struct valued *from = v, *to = xmalloc(n * sizeof *to), *other = to, *swap;

    for (int shift = 0; shift < 64; shift += 8) {
        size_t at[256] = {0}, sum = 0, count;

        for (size_t i = 0; i < n; i++)
            at[from[i].key >> shift & 255]++;
        if (at[from[0].key >> shift & 255] == n)
            continue;
        for (int i = 0; i < 256; i++) {
            count = at[i];
            at[i] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            to[at[from[i].key >> shift & 255]++] = from[i];
        swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
    free(other);
}

/* Sorts v and gives score[place] = 1 + floor(5 * (less + equal / 2) / n), at most 5. In
 * whole numbers, so that no score depends on rounding. */
static void
score_fifths(struct valued *v, size_t n, uint8_t *score)
{
    size_t from = 0;

    sort(v, n);
    while (from < n) {
        size_t to = from;
        uint64_t fifth;

        while (to < n && v[to].v <= v[from].v)
            to++;
        fifth = 1 + 5 * (2 * (uint64_t)from + (to - from)) / (2 * (uint64_t)n);
        for (size_t i = from; i < to; i++)
            score[v[i].place] = (uint8_t)(fifth > 5 ? 5 : fifth);
        from = to;
    }
}

static enum rfm_segment
segment_of(const struct rfm_score *s)
{
    size_t i = 0;

    /* The last row fits every score. */
    while (!(s->r >= rules[i].r_min && s->r <= rules[i].r_max && s->f >= rules[i].f_min &&
             s->f <= rules[i].f_max))
        i++;
    return rules[i].segment;
}

/* NAN compares with nothing, which would leave the sort without an order. */
static double
comparable(double v)
{
    return isnan(v) ? -INFINITY : v;
}

void
rfm_scores(const struct rfm_input *in, size_t count, struct rfm_score *out)
{
    struct valued *v;
    uint8_t *score;
    double median;

    if (count == 0)
        return;
    v = xcalloc(count, sizeof *v);
    score = xcalloc(count, 3);
    for (size_t i = 0; i < count; i++)
        v[i] = valued(comparable(-in[i].recency_days), i);
    score_fifths(v, count, score);
    for (size_t i = 0; i < count; i++)
        v[i] = valued(comparable(in[i].frequency), i);
    score_fifths(v, count, score + count);
    for (size_t i = 0; i < count; i++)
        v[i] = valued(comparable(in[i].value), i);
    score_fifths(v, count, score + 2 * count);
    median = v[count / 2].v; /* v is sorted by value now */
    for (size_t i = 0; i < count; i++) {
        struct rfm_score *s = &out[i];

        s->r = score[i];
        s->f = score[count + i];
        s->m = score[2 * count + i];
        s->segment = segment_of(s);
        s->worth_a_call = (s->segment == RFM_AT_RISK || s->segment == RFM_CANT_LOSE) &&
                          in[i].frequency >= 5 && in[i].value >= median;
    }
    free(score);
    free(v);
}

const char *
rfm_segment_name(enum rfm_segment s)
{
    return segment_names[s];
}

const char *
rfm_segment_rule(const char *name)
{
    for (int s = 0; s < RFM_SEGMENTS; s++)
        if (strcmp(name, segment_names[s]) == 0)
            return rule_texts[s];
    return NULL;
}
