/*
 * test_dedup.c - the duplicate filter, alone and with threads that offer the same records.
 */
#include "test.h"

#include <pthread.h>

#include "../../daemon/pipeline/dedup.h"

static uint64_t
mixed(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static size_t
add_range(struct dedup *d, uint64_t from, uint64_t to)
{
    uint64_t fp[1000];
    bool fresh[1000];
    size_t added = 0;

    while (from < to) {
        size_t n = 0;

        for (; n < 1000 && from < to; n++)
            fp[n] = mixed(from++);
        dedup_test_and_add(d, fp, n, fresh);
        for (size_t i = 0; i < n; i++)
            added += fresh[i];
    }
    return added;
}

static void
remove_range(struct dedup *d, uint64_t from, uint64_t to)
{
    uint64_t *fp = calloc(to - from, sizeof *fp);

    for (uint64_t i = from; i < to; i++)
        fp[i - from] = mixed(i);
    dedup_remove(d, fp, to - from);
    free(fp);
}

/* What is expected is made room for once, at the first growth, and is not more than in the end. */
TEST(dedup_makes_room_for_what_is_expected)
{
    struct dedup *grown = dedup_new(), *told = dedup_new();
    size_t empty = dedup_bytes(told);

    CHECK_INT(add_range(grown, 0, 1000000), 1000000);
    dedup_expect(told, 1000000);
    CHECK_INT(dedup_bytes(told), empty);
    CHECK_INT(add_range(told, 0, 60000), 60000);
    CHECK_INT(dedup_bytes(told), dedup_bytes(grown));
    dedup_expect(told, 0);
    CHECK_INT(add_range(told, 0, 1000000), 940000);
    CHECK_INT(dedup_bytes(told), dedup_bytes(grown));
    CHECK_INT(add_range(told, 1000000, 3000000), 2000000);
    CHECK(dedup_bytes(told) > dedup_bytes(grown));
    CHECK_INT(dedup_count(told), 3000000);
    dedup_free(grown);
    dedup_free(told);
}

TEST(dedup_says_fresh_exactly_once)
{
    struct dedup *d = dedup_new();

    CHECK_INT(add_range(d, 0, 1000000), 1000000);
    CHECK_INT(add_range(d, 0, 1000000), 0);
    CHECK_INT(add_range(d, 999000, 1001000), 1000);
    CHECK_INT(dedup_count(d), 1001000);
    CHECK(dedup_bytes(d) < 1001000 * 8 * 3);
    dedup_free(d);
}

TEST(dedup_tells_equal_ones_within_a_group)
{
    struct dedup *d = dedup_new();
    const uint64_t fp[] = {7, 0, 7, 1, 0, UINT64_MAX, UINT64_MAX};
    bool fresh[7];

    dedup_test_and_add(d, fp, 7, fresh);
    CHECK(fresh[0] && fresh[1] && !fresh[2]);
    CHECK(!fresh[3] && !fresh[4]); /* 0 stands for 1 */
    CHECK(fresh[5] && !fresh[6]);
    CHECK_INT(dedup_count(d), 3);
    dedup_remove(d, fp, 7);
    CHECK_INT(dedup_count(d), 0);
    dedup_free(d);
}

TEST(dedup_removes_without_breaking_a_chain)
{
    struct dedup *d = dedup_new();
    enum { N = 200000 };

    /* The same homes, with high and low bits fixed: long chains, over the table's end too. */
    for (uint64_t top = 0; top < 2; top++) {
        uint64_t fp[1000];
        bool fresh[1000];

        for (uint64_t i = 0; i < 1000; i++)
            fp[i] = (top ? UINT64_MAX << 50 : 0) | (i + 1) << 8;
        dedup_test_and_add(d, fp, 1000, fresh);
        for (size_t i = 0; i < 1000; i++)
            CHECK(fresh[i]);
        dedup_remove(d, fp + 300, 400);
        CHECK_INT(dedup_count(d), 600);
        dedup_test_and_add(d, fp, 1000, fresh);
        for (size_t i = 0; i < 1000; i++)
            CHECK_INT(fresh[i], i >= 300 && i < 700);
        dedup_remove(d, fp, 1000);
        CHECK_INT(dedup_count(d), 0);
    }
    for (uint64_t round = 0; round < 5; round++) {
        CHECK_INT(add_range(d, round * N, (round + 2) * N), round ? N : 2 * N);
        remove_range(d, round * N, (round + 1) * N);
        CHECK_INT(dedup_count(d), N);
    }
    CHECK_INT(add_range(d, 5 * N, 6 * N), 0);
    CHECK_INT(add_range(d, 0, 5 * N), 5 * N);
    dedup_free(d);
}

TEST(dedup_gives_back_what_it_no_longer_needs)
{
    struct dedup *d = dedup_new();
    size_t empty = dedup_bytes(d), full;

    add_range(d, 0, 1000000);
    full = dedup_bytes(d);
    CHECK_INT(full, dedup_bytes_of(1000000));
    remove_range(d, 0, 700000);
    CHECK_INT(dedup_bytes(d), full); /* not for a little */
    remove_range(d, 700000, 990000);
    CHECK(dedup_bytes(d) < full / 16);
    CHECK_INT(add_range(d, 990000, 1000000), 0);
    CHECK_INT(add_range(d, 0, 990000), 990000);
    CHECK_INT(dedup_bytes(d), full);
    remove_range(d, 0, 1000000);
    CHECK_INT(dedup_bytes(d), empty);
    dedup_free(d);
}

TEST(dedup_knows_what_was_loaded)
{
    struct dedup *d = dedup_new();
    uint64_t *fp = calloc(100000, sizeof *fp);

    for (uint64_t i = 0; i < 100000; i++)
        fp[i] = mixed(i);
    dedup_add_known(d, fp, 99999);
    dedup_add_known(d, fp, 100000);
    CHECK_INT(dedup_count(d), 100000);
    CHECK_INT(add_range(d, 0, 100000), 0);
    remove_range(d, 5, 6);
    CHECK_INT(add_range(d, 0, 100000), 1);
    free(fp);
    dedup_free(d);
}

struct job {
    struct dedup *d;
    uint64_t from, to;
    size_t added;
    int rounds;
};

static void *
offer(void *arg)
{
    struct job *j = arg;

    j->added = add_range(j->d, j->from, j->to);
    return NULL;
}

static void *
come_and_go(void *arg)
{
    struct job *j = arg;

    for (int i = 0; i < j->rounds; i++) {
        j->added += add_range(j->d, j->from, j->to);
        remove_range(j->d, j->from, j->to);
    }
    return NULL;
}

TEST(dedup_lets_one_of_many_threads_win_while_others_come_and_go)
{
    enum { OFFERS = 4, N = 300000, M = 20000, ROUNDS = 10 };
    struct dedup *d = dedup_new();
    struct job jobs[OFFERS + 1];
    pthread_t thread[OFFERS + 1];
    size_t added = 0;

    for (int i = 0; i <= OFFERS; i++) {
        jobs[i] = (struct job){.d = d, .from = 0, .to = N};
        if (i == OFFERS)
            jobs[i] = (struct job){.d = d, .from = N, .to = N + M, .rounds = ROUNDS};
        CHECK(pthread_create(&thread[i], NULL, i < OFFERS ? offer : come_and_go, &jobs[i]) == 0);
    }
    for (int i = 0; i <= OFFERS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < OFFERS; i++)
        added += jobs[i].added;
    CHECK_INT(added, N);
    CHECK_INT(jobs[OFFERS].added, M * ROUNDS);
    CHECK_INT(dedup_count(d), N);
    CHECK_INT(add_range(d, 0, N + M), M);
    dedup_free(d);
}
