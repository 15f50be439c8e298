/*
 * test_totals_stage.c - batches that are written as totals at once: seen when they are committed
 * and not before, whole after a failure, and in step with batches that go by the log.
 */
#include <signal.h>
#include <sys/resource.h>

#include "keys.h"
#include "ledger.h"
#include "memory.h"
#include "test.h"
#include "totals.h"

#define DAY       20779
#define KEEP_ALL  (1u << 30)
#define CUSTOMERS 900

struct book { /* a ledger, its totals, and what they should say */
    struct ledger *l;
    struct totals *t;
    int64_t legs[CUSTOMERS];
};

static void
book_open(struct book *b)
{
    struct error err = {0};

    if (ledger_open(&b->l, "ledger.db", "1", &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    b->t = totals_new(b->l, ledger_state(b->l)->folded_batch);
    totals_publish(b->t, ledger_state(b->l)->last_batch);
}

static void
book_close(struct book *b)
{
    totals_free(b->t);
    ledger_close(b->l);
}

/* Each customer of [from, to) one leg, two people and a feature more. */
static struct cells *
some_legs(unsigned from, unsigned to, unsigned salt)
{
    int64_t v[SERVICE_COLUMNS] = {1, 60, 0, 0, 0};
    struct cells *set = cells_new();

    for (unsigned i = from; i < to; i++) {
        char name[16];
        struct cell *c;

        snprintf(name, sizeof name, "c%u", i);
        c = cells_get(set, CELL_CUSTOMER, span_str(name), DAY);
        cell_add(c, (salt * 7 + i) % 96, v);
        cell_add_feature(c, i % 2 ? SPAN("screen") : SPAN("record"), 1, 0);
        cell_add_distinct(c, SKETCH_PEOPLE, i * UINT64_C(0x9E3779B97F4A7C15));
        cell_add_distinct(c, SKETCH_PEOPLE, salt * UINT64_C(0xD6E8FEB86659FD93) + i);
    }
    return set;
}

static struct ledger_batch
empty_batch(void)
{
    static const uint64_t *none[2];
    static size_t zero[2];

    return (struct ledger_batch){.fingerprints = none, .fingerprint_counts = zero};
}

static void
note(struct book *b, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        b->legs[i]++;
}

static void
by_the_log(struct book *b, unsigned from, unsigned to, unsigned salt)
{
    struct cells *set = some_legs(from, to, salt);
    struct ledger_batch batch = empty_batch();
    struct error err;
    uint64_t seq;

    batch.deltas = &set;
    batch.delta_count = 1;
    CHECK_INT(ledger_commit(b->l, &batch, &seq, &err), ST_OK);
    CHECK_INT(totals_add(b->t, set, seq, &err), ST_OK);
    totals_publish(b->t, seq);
    note(b, from, to);
    cells_free(set);
}

/* Two parts that share the middle third. */
static void
at_once(struct book *b, unsigned from, unsigned to, unsigned salt, size_t keep_bytes)
{
    unsigned third = (to - from) / 3;
    struct cells *parts[2] = {some_legs(from, to - third, salt), some_legs(from + third, to, salt)};
    struct ledger_batch batch = empty_batch();
    struct totals_stage stage;
    struct error err;
    uint64_t seq = ledger_state(b->l)->last_batch + 1;

    CHECK_INT(totals_stage(b->t, parts, 2, seq, &stage, &err), ST_OK);
    batch.totals = stage.rows;
    batch.total_count = stage.row_count;
    batch.folds = true;
    CHECK_INT(ledger_commit(b->l, &batch, &seq, &err), ST_OK);
    totals_adopt(b->t, &stage, seq, keep_bytes);
    CHECK_INT(ledger_state(b->l)->folded_batch, seq);
    note(b, from, to - third);
    note(b, from + third, to);
    cells_free(parts[0]);
    cells_free(parts[1]);
}

struct sight {
    struct book *book;
    int64_t legs;
    size_t cells;
    uint64_t last; /* seq of the cell before */
};

/* Every cell is what it should be, in all its parts. */
static enum status
look(void *arg, const struct cell *c, struct error *err)
{
    struct sight *s = arg;
    int64_t v[SERVICE_COLUMNS], used = 0;
    unsigned i = 0;

    (void)err;
    for (size_t k = 1; k < c->name.n; k++)
        i = 10 * i + (unsigned)(c->name.p[k] - '0');
    CHECK(i < CUSTOMERS);
    cell_sum(c, v);
    CHECK_INT(v[CUSTOMER_LEGS], s->book->legs[i]);
    CHECK_INT(v[CUSTOMER_SECONDS], 60 * s->book->legs[i]);
    for (unsigned k = 0; k < c->feature_count; k++)
        used += cell_feature_at(c, k).used;
    CHECK_INT(c->feature_count, 1);
    CHECK_INT(used, s->book->legs[i]);
    CHECK(sketch_estimate(&c->sketch[SKETCH_PEOPLE]) > 1.5);
    CHECK(c->seq <= s->last); /* newest first */
    s->last = c->seq;
    s->legs += v[CUSTOMER_LEGS];
    s->cells++;
    return ST_OK;
}

static struct sight
in_memory(struct book *b, uint64_t after)
{
    struct sight sum = {0};
    struct error err;

    for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
        struct sight s = {.book = b, .last = UINT64_MAX};
        uint64_t upto;

        CHECK_INT(totals_scan(b->t, p, after, look, &s, &upto, &err), ST_OK);
        CHECK_INT(upto, totals_last(b->t));
        sum.legs += s.legs;
        sum.cells += s.cells;
    }
    return sum;
}

static enum status
look_in_any_order(void *arg, const struct cell *c, struct error *err)
{
    ((struct sight *)arg)->last = UINT64_MAX;
    return look(arg, c, err);
}

static struct sight
on_disk(struct book *b)
{
    struct sight s = {.book = b};
    struct ledger_reader *r;
    struct error err;

    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    for (unsigned p = 0; p < KEY_PARTITIONS; p++)
        CHECK_INT(ledger_scan_partition(r, p, 0, look_in_any_order, &s, &err), ST_OK);
    ledger_reader_close(r);
    return s;
}

static enum status
count_batches(void *arg, uint64_t seq, struct span blob, struct error *err)
{
    (void)seq, (void)blob, (void)err;
    ++*(size_t *)arg;
    return ST_OK;
}

static size_t
logged(struct book *b)
{
    struct error err;
    size_t n = 0;

    CHECK_INT(ledger_replay_log(b->l, count_batches, &n, &err), ST_OK);
    return n;
}

static int64_t
all_legs(const struct book *b)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < CUSTOMERS; i++)
        sum += b->legs[i];
    return sum;
}

TEST(a_batch_at_once_takes_along_what_waits_for_a_fold)
{
    struct book b = {0};

    book_open(&b);
    by_the_log(&b, 0, 500, 1);
    by_the_log(&b, 300, 400, 2);
    CHECK_INT(logged(&b), 2);
    at_once(&b, 450, CUSTOMERS, 3, KEEP_ALL);
    CHECK_INT(logged(&b), 0);
    CHECK_INT(on_disk(&b).cells, CUSTOMERS);
    CHECK_INT(on_disk(&b).legs, all_legs(&b));
    CHECK_INT(in_memory(&b, 0).cells, CUSTOMERS);
    CHECK_INT(in_memory(&b, 2).cells, CUSTOMERS - 450);
    CHECK_INT(totals_memory_since(b.t), 0);
    at_once(&b, 10, 40, 4, KEEP_ALL); /* little beside what memory holds */
    CHECK_INT(in_memory(&b, 0).cells, CUSTOMERS);
    CHECK_INT(in_memory(&b, 3).cells, 30);
    by_the_log(&b, 0, 20, 5);
    CHECK_INT(in_memory(&b, 4).cells, 20);
    CHECK_INT(logged(&b), 1);
    at_once(&b, 0, CUSTOMERS, 6, KEEP_ALL);
    CHECK_INT(on_disk(&b).legs, all_legs(&b));
    CHECK_INT(in_memory(&b, 0).legs, all_legs(&b));
    book_close(&b);
}

TEST(what_memory_gave_back_is_found_on_disk)
{
    struct book b = {0};
    uint64_t seq = 0;

    book_open(&b);
    for (unsigned round = 0; round < 12; round++) {
        unsigned from = round * 379 % 600;

        if (round % 4 == 3)
            by_the_log(&b, from, from + 50, round + 1);
        else
            at_once(&b, from, from + 300, round + 1, round % 3 ? 1 : KEEP_ALL);
        seq++;
        CHECK_INT(totals_last(b.t), seq);
        /* Whatever changed after memory_since is in memory. */
        if (totals_memory_since(b.t) < seq)
            CHECK(in_memory(&b, totals_memory_since(b.t)).cells > 0);
    }
    at_once(&b, 0, 3, 99, 1);
    CHECK_INT(on_disk(&b).legs, all_legs(&b));
    book_close(&b);
    book_open(&b); /* the days are known to the next start, too */
    at_once(&b, 0, CUSTOMERS, 100, KEEP_ALL);
    CHECK_INT(on_disk(&b).legs, all_legs(&b));
    CHECK_INT(in_memory(&b, 0).legs, all_legs(&b));
    book_close(&b);
}

TEST(a_batch_that_does_not_get_through_changes_nothing_and_may_be_tried_again)
{
    struct cells *part = some_legs(100, 700, 2);
    struct ledger_batch batch = empty_batch();
    struct rlimit limit, full;
    struct totals_stage stage;
    struct book b = {0};
    struct error err;
    uint64_t seq = 0;

    book_open(&b);
    by_the_log(&b, 0, 200, 1);
    CHECK_INT(totals_stage(b.t, &part, 1, 2, &stage, &err), ST_OK);
    CHECK_INT(stage.row_count, 700);
    CHECK_INT(in_memory(&b, 0).legs, 200); /* staging is not adopting */
    batch.totals = stage.rows;
    batch.total_count = stage.row_count;
    batch.folds = true;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    full = limit;
    full.rlim_cur = 4096;
    CHECK(setrlimit(RLIMIT_FSIZE, &full) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ledger_commit(b.l, &batch, &seq, &err), ST_FULL);
        CHECK_INT(ledger_state(b.l)->last_batch, 1);
        CHECK_INT(ledger_state(b.l)->folded_batch, 0);
        CHECK_INT(in_memory(&b, 0).legs, 200);
    }
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_INT(on_disk(&b).cells, 0);
    CHECK_INT(logged(&b), 1);
    CHECK_INT(ledger_commit(b.l, &batch, &seq, &err), ST_OK);
    CHECK_INT(seq, 2);
    totals_adopt(b.t, &stage, seq, KEEP_ALL);
    note(&b, 100, 700);
    CHECK_INT(on_disk(&b).legs, all_legs(&b));
    CHECK_INT(in_memory(&b, 0).legs, all_legs(&b));
    CHECK_INT(logged(&b), 0);
    book_close(&b);
    cells_free(part);
}
