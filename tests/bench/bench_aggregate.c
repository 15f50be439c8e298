/*
 * bench_aggregate.c - what counting alone and the duplicate filter alone cost on one core.
 *
 * Usage: bench_aggregate [RECORDS] [random]. Customers by Zipf's law over 50,000, 30 days, three
 * features a record, participants and conferences; in order of time unless told otherwise. Only
 * the calls under test are timed, in CPU time of the thread.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../daemon/pipeline/dedup.h"
#include "aggregate.h"
#include "civil.h"

#define CUSTOMERS 50000
#define ZIPF      1.2 /* gives the 0.6 M customer-days of 10 M records */
#ifndef DAYS
#define DAYS 30
#endif
#define FIRST_DAY 20000
#define BLOCK     256
#define FEATURES  12

struct maker {
    double *cumulative; /* of Zipf's weights */
    uint64_t seed;
    size_t made, total;
    bool in_order;
};

static uint64_t
next_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static double
uniform(uint64_t *state)
{
    return (double)(next_random(state) >> 11) * 0x1p-53;
}

static double
cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
weigh(struct maker *m)
{
    double sum = 0;

    m->cumulative = xmalloc(CUSTOMERS * sizeof *m->cumulative);
    for (int i = 0; i < CUSTOMERS; i++)
        m->cumulative[i] = sum += pow(i + 1, -ZIPF);
    for (int i = 0; i < CUSTOMERS; i++)
        m->cumulative[i] /= sum;
}

static unsigned
pick_customer(struct maker *m)
{
    double x = uniform(&m->seed);
    unsigned low = 0, high = CUSTOMERS - 1;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (m->cumulative[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
put(struct record *r, struct arena *mem, enum field f, const char *prefix, uint64_t n)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%s%llu", prefix, (unsigned long long)n);

    r->text[f] = arena_copy(mem, span_of(text, (size_t)length));
    r->has |= FIELD_BIT(f);
}

static void
make_record(struct maker *m, struct record *r, struct arena *mem)
{
    static const struct span names[FEATURES] = {
        SPAN("recording"), SPAN("video"),      SPAN("screen_share"),    SPAN("chat"),
        SPAN("poll"),      SPAN("whiteboard"), SPAN("dial_out"),        SPAN("captions"),
        SPAN("breakout"),  SPAN("streaming"),  SPAN("operator_assist"), SPAN("translation")};
    double at = m->in_order ? (double)m->made / (double)m->total : uniform(&m->seed);
    unsigned customer = pick_customer(m), people = 5 + 20000 / (customer + 10);
    uint64_t x = next_random(&m->seed);
    struct span *features = arena_alloc(mem, 3 * sizeof *features);

    memset(r, 0, sizeof *r);
    r->kind = KIND_LEG;
    r->outcome = x % 20 == 0 ? OUTCOME_FAILED : OUTCOME_OK;
    r->start = (int64_t)FIRST_DAY * DAY_SECONDS + (int64_t)(at * DAYS * DAY_SECONDS);
    r->duration = (uint32_t)(-1200 * log(1 - uniform(&m->seed)));
    put(r, mem, FIELD_CUSTOMER, "cust-", customer);
    put(r, mem, FIELD_PARTICIPANT, "user", customer * 10007u + (x >> 8) % people);
    put(r, mem, FIELD_CONFERENCE, "conf-",
        customer * 10007u + (uint64_t)(at * DAYS) * 1000 + (x >> 32) % (1 + people / 4));
    put(r, mem, FIELD_REGION, "region-", x >> 60 & 3);
    for (int i = 0; i < 3; i++)
        features[i] = names[(unsigned)(FEATURES * pow(uniform(&m->seed), 2))];
    r->features = features;
    r->feature_count = 3;
    m->made++;
}

static void
bench_aggregate(size_t total, bool in_order)
{
    struct maker m = {.seed = 1, .total = total, .in_order = in_order};
    struct record *block = xcalloc(BLOCK, sizeof *block);
    const struct record *each[BLOCK];
    struct cells *cells = cells_new();
    struct buf blob = {0};
    size_t customer_days = 0;
    double spent = 0, begun;
    struct arena mem;
    struct cell *c;

    weigh(&m);
    arena_init(&mem);
    while (m.made < total) {
        size_t n = 0;

        arena_reset(&mem);
        for (; n < BLOCK && m.made < total; n++) {
            make_record(&m, &block[n], &mem);
            each[n] = &block[n];
        }
        begun = cpu_seconds();
        aggregate_batch(cells, NULL, each, n, NULL);
        spent += cpu_seconds() - begun;
    }
    CELLS_EACH (cells, c)
        customer_days += c->kind == CELL_CUSTOMER;
    printf("aggregate: %.2f M records/s (%zu records, %zu cells, %zu customer-days)\n",
           (double)total / spent * 1e-6, total, cells_count(cells), customer_days);
    printf("memory: %.1f MB, %.0f bytes a customer-day\n", (double)cells_bytes(cells) * 1e-6,
           (double)cells_bytes(cells) / (double)customer_days);
    begun = cpu_seconds();
    cells_encode(cells, &blob);
    spent = cpu_seconds() - begun;
    printf("encode: %.1f MB, %.2f s, %.0f bytes a customer-day\n", (double)blob.n * 1e-6, spent,
           (double)blob.n / (double)customer_days);
    buf_clear(&blob);
    begun = cpu_seconds();
    cells_reset(cells);
    printf("reset: %.3f s\n", cpu_seconds() - begun);
    cells_free(cells);
    arena_clear(&mem);
    free(block);
    free(m.cumulative);
}

static void
bench_dedup(size_t total)
{
    struct dedup *d = dedup_new();
    uint64_t fp[DEDUP_GROUP], seed = 7;
    bool fresh[DEDUP_GROUP];
    double spent = 0, longest = 0;

    for (size_t done = 0; done < total; done += DEDUP_GROUP) {
        double begun, took;

        for (size_t i = 0; i < DEDUP_GROUP; i++)
            fp[i] = next_random(&seed);
        begun = cpu_seconds();
        dedup_test_and_add(d, fp, DEDUP_GROUP, fresh);
        took = cpu_seconds() - begun;
        spent += took;
        longest = took > longest ? took : longest;
    }
    printf("dedup: %.2f M records/s, longest group %.2f ms, %.1f bytes a fingerprint\n",
           (double)total / spent * 1e-6, longest * 1e3,
           (double)dedup_bytes(d) / (double)dedup_count(d));
    dedup_free(d);
}

int
main(int argc, char **argv)
{
    size_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    bool in_order = argc < 3 || strcmp(argv[2], "random") != 0;

    if (total == 0) {
        fprintf(stderr, "usage: bench_aggregate [RECORDS] [random]\n");
        return 64;
    }
    bench_aggregate(total, in_order);
    bench_dedup(total);
    return 0;
}
