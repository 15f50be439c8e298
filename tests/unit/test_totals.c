/*
 * test_totals.c - totals in memory: what changed, in order, and nothing missing beside a fold.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "keys.h"
#include "ledger_file.h"
#include "memory.h"
#include "test.h"
#include "totals.h"

#define DAY 20779

static void
add_one(struct cells *set, unsigned customer)
{
    int64_t v[SERVICE_COLUMNS] = {1, 60, 0, 0, 0};
    char name[16];

    snprintf(name, sizeof name, "c%u", customer);
    cell_add(cells_get(set, CELL_CUSTOMER, span_str(name), DAY), 40, v);
}

/* One committed batch with a leg for each customer of [from, to). */
static uint64_t
batch(struct ledger *l, struct totals *t, unsigned from, unsigned to)
{
    struct cells *set = cells_new();
    struct ledger_batch b = {
        .deltas = &set, .delta_count = 1, .count = {.records = to - from, .accepted = to - from}};
    const uint64_t *none = NULL;
    size_t zero = 0;
    struct error err;
    uint64_t seq;

    b.fingerprints = &none;
    b.fingerprint_counts = &zero;
    for (unsigned i = from; i < to; i++)
        add_one(set, i);
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
    CHECK_INT(totals_add(t, set, seq, &err), ST_OK);
    totals_publish(t, seq);
    cells_free(set);
    return seq;
}

static void
fold(struct ledger *l, struct totals *t, uint64_t seq, size_t keep_bytes)
{
    struct cell **dirty;
    struct error err;
    size_t n;

    dirty = totals_dirty(t, &n);
    CHECK_INT(ledger_fold(l, dirty, n, seq, &err), ST_OK);
    totals_folded(t, keep_bytes);
    free(dirty);
}

struct sight {
    int64_t legs;
    size_t cells;
    uint64_t last; /* seq of the cell before */
};

static enum status
look(void *arg, const struct cell *c, struct error *err)
{
    struct sight *s = arg;
    int64_t v[SERVICE_COLUMNS];

    (void)err;
    cell_sum(c, v);
    CHECK(c->seq <= s->last); /* newest first */
    s->last = c->seq;
    s->legs += v[CUSTOMER_LEGS];
    s->cells++;
    return ST_OK;
}

static struct sight
scan(struct totals *t, uint64_t after)
{
    struct sight sum = {0};
    struct error err;

    for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
        struct sight s = {.last = UINT64_MAX};
        uint64_t upto = 0;

        CHECK_INT(totals_scan(t, p, after, look, &s, &upto, &err), ST_OK);
        CHECK_INT(upto, totals_last(t));
        sum.legs += s.legs;
        sum.cells += s.cells;
    }
    return sum;
}

TEST(totals_tell_what_changed_after_a_batch)
{
    struct ledger *l = ledger_here();
    struct totals *t = totals_new(l, 0);

    CHECK_INT(batch(l, t, 0, 500), 1);
    CHECK_INT(batch(l, t, 100, 200), 2);
    CHECK_INT(batch(l, t, 150, 250), 3);
    CHECK_INT(scan(t, 0).cells, 500);
    CHECK_INT(scan(t, 0).legs, 700);
    CHECK_INT(scan(t, 1).cells, 150);
    CHECK_INT(scan(t, 2).cells, 100);
    CHECK_INT(scan(t, 3).cells, 0);
    totals_free(t);
    ledger_close(l);
}

TEST(totals_give_memory_back_and_take_cells_up_again)
{
    struct ledger *l = ledger_here();
    struct totals *t = totals_new(l, 0);
    size_t cells, dirty, bytes;
    uint64_t since;

    batch(l, t, 0, 2000);
    batch(l, t, 0, 100);
    fold(l, t, 2, 0);
    since = totals_memory_since(t);
    CHECK(since >= 1 && since <= 2);
    totals_size(t, &cells, &dirty, &bytes);
    CHECK(cells < 2000);
    CHECK_INT(dirty, 0);
    CHECK_INT(batch(l, t, 0, 2000), 3);
    CHECK_INT(scan(t, since).legs, 4100); /* loaded from disk, then added to */
    totals_size(t, &cells, &dirty, &bytes);
    CHECK_INT(cells, 2000);
    CHECK_INT(dirty, 2000);
    fold(l, t, 3, SIZE_MAX);
    CHECK(totals_memory_since(t) == since);
    totals_free(t);
    t = totals_new(l, 3);
    CHECK_INT(batch(l, t, 5, 6), 4);
    CHECK_INT(scan(t, 3).legs, 4);
    totals_free(t);
    ledger_close(l);
}

/* --- a reader beside folds --- */

struct race {
    struct totals *totals;
    struct ledger_reader *reader;
    atomic_bool stop;
    uint64_t scans;
};

struct newest { /* by customer: highest count seen */
    int64_t *legs;
};

static enum status
note_newest(void *arg, const struct cell *c, struct error *err)
{
    struct newest *n = arg;
    int64_t v[SERVICE_COLUMNS];
    int64_t customer;

    (void)err;
    cell_sum(c, v);
    CHECK(span_to_i64(span_of(c->name.p + 1, c->name.n - 1), &customer));
    n->legs[customer] = v[CUSTOMER_LEGS];
    return ST_OK;
}

enum { PEOPLE = 300 };

/* As the projection does: disk, then memory; everybody up to the batch that memory had finished
 * before must have been seen with at least that many legs. */
static void *
scan_beside(void *arg)
{
    struct race *r = arg;
    int64_t legs[PEOPLE];
    struct newest n = {legs};

    while (!atomic_load(&r->stop)) {
        uint64_t target = totals_last(r->totals), since = totals_memory_since(r->totals), upto;
        struct error err;

        memset(legs, 0, sizeof legs);
        for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
            CHECK_INT(ledger_scan_partition(r->reader, p, 0, note_newest, &n, &err), ST_OK);
            CHECK_INT(totals_scan(r->totals, p, 0, note_newest, &n, &upto, &err), ST_OK);
        }
        if (totals_memory_since(r->totals) != since)
            continue; /* cells went to disk between the two: the projection scans again */
        for (unsigned i = 0; i < PEOPLE; i++)
            if (legs[i] < (int64_t)target)
                test_fail(__FILE__, __LINE__, "c%u has %lld of %llu", i, (long long)legs[i],
                          (unsigned long long)target);
        r->scans++;
    }
    return NULL;
}

TEST(totals_hide_nothing_from_a_reader_beside_folds)
{
    struct ledger *l = ledger_here();
    struct race r = {.totals = totals_new(l, 0)};
    pthread_t thread;
    struct error err;
    uint64_t seq = 0;

    CHECK_INT(ledger_reader_open(&r.reader, "ledger.db", &err), ST_OK);
    CHECK(pthread_create(&thread, NULL, scan_beside, &r) == 0);
    for (int i = 0; i < 60; i++) {
        seq = batch(l, r.totals, 0, PEOPLE);
        if (i % 3 == 0)
            fold(l, r.totals, seq, i % 2 ? 0 : SIZE_MAX);
    }
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
    CHECK_INT(scan(r.totals, 0).legs, 60 * PEOPLE);
    ledger_reader_close(r.reader);
    totals_free(r.totals);
    ledger_close(l);
}

TEST(totals_without_a_ledger_take_the_first_set_and_add_the_next)
{
    struct totals *t = totals_new(NULL, 0);
    struct cells *set = cells_new(), *first = set;
    struct error err;

    for (unsigned i = 0; i < 100; i++)
        add_one(set, i);
    CHECK_INT(totals_take(t, &set, 1, &err), ST_OK);
    CHECK(set != first);
    CHECK_INT(cells_count(set), 0);
    for (unsigned i = 50; i < 150; i++)
        add_one(set, i);
    first = set;
    CHECK_INT(totals_take(t, &set, 2, &err), ST_OK);
    CHECK(set == first);
    CHECK_INT(cells_count(set), 100);
    totals_publish(t, 2);
    CHECK_INT(scan(t, 0).cells, 150);
    CHECK_INT(scan(t, 0).legs, 200);
    CHECK_INT(scan(t, 1).cells, 100);
    CHECK_INT(scan(t, 1).legs, 150);
    cells_free(set);
    totals_free(t);
}
