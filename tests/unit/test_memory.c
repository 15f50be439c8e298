/*
 * test_memory.c - buffers that go round, between threads as well.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "memory.h"
#include "test.h"

#define KIB ((size_t)1024)

TEST(a_buffer_comes_back_to_whom_it_fits)
{
    char *p = buffer_take(1024 * KIB), *small, *large, *again;

    memset(p, 'x', 1024 * KIB);
    buffer_give(p);
    small = buffer_take(256 * KIB);  /* would leave most of it idle */
    large = buffer_take(1100 * KIB); /* more than malloc rounds up to */
    CHECK(small != p && large != p);
    memset(small, 'y', 256 * KIB);
    memset(large, 'z', 1100 * KIB);
    again = buffer_take(1000 * KIB);
    CHECK(again == p);
    free(small); /* they are malloc's, too */
    free(large);
    buffer_give(again);
    buffer_give(NULL);
}

TEST(no_more_than_a_few_are_kept)
{
    char *p[16];

    for (int i = 0; i < 16; i++)
        memset(p[i] = buffer_take(512 * KIB), i, 512 * KIB);
    for (int i = 0; i < 16; i++)
        buffer_give(p[i]); /* the sanitizer would see one that is neither kept nor freed */
}

static void *
give(void *p)
{
    buffer_give(p);
    return NULL;
}

static void *
go_round(void *arg)
{
    size_t *rounds = arg;

    for (size_t i = 0; i < 2000; i++) {
        size_t n = (100 + 37 * i % 2000) * KIB; /* some are too small to be kept, or too large */
        unsigned char *p = buffer_take(n);
        pthread_t other;

        p[0] = p[n - 1] = (unsigned char)i;
        if (i % 16 == 0) {
            CHECK_INT(pthread_create(&other, NULL, give, p), 0);
            CHECK_INT(pthread_join(other, NULL), 0);
        } else {
            CHECK(p[0] == (unsigned char)i && p[n - 1] == (unsigned char)i);
            buffer_give(p);
        }
        ++*rounds;
    }
    return NULL;
}

TEST(threads_give_each_other_buffers_and_never_share_one)
{
    pthread_t thread[4];
    size_t rounds[4] = {0};

    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, go_round, &rounds[i]), 0);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(pthread_join(thread[i], NULL), 0);
        CHECK_INT(rounds[i], 2000);
    }
}

static uint64_t
held_by(enum holder h)
{
    struct memory_use m;

    account_read(&m);
    return m.held[h];
}

TEST(what_is_allocated_for_a_holder_is_in_its_account_until_it_is_freed)
{
    uint64_t before = held_by(HOLDER_NETWORK);
    char *p = account_malloc(HOLDER_NETWORK, 1000);

    CHECK(held_by(HOLDER_NETWORK) >= before + 1000);
    p = account_realloc(HOLDER_NETWORK, p, 100000);
    CHECK(held_by(HOLDER_NETWORK) >= before + 100000);
    CHECK(held_by(HOLDER_NETWORK) < before + 200000);
    account_free(HOLDER_NETWORK, p);
    account_free(HOLDER_NETWORK, NULL);
    CHECK_INT(held_by(HOLDER_NETWORK), before);
}

TEST(spare_buffers_are_accounted_for)
{
    uint64_t before = held_by(HOLDER_BUFFERS);
    char *p = buffer_take(700 * KIB);

    memset(p, 'x', 700 * KIB);
    buffer_give(p);
    CHECK(held_by(HOLDER_BUFFERS) >= before + 700 * KIB);
}

TEST(every_holder_has_a_name_and_says_what_it_holds)
{
    for (enum holder h = 0; h < HOLDERS; h++)
        CHECK(holder_name(h)[0] && holder_text(h)[0]);
}

TEST(what_malloc_keeps_counts_as_far_as_it_can_be_resident)
{
    struct memory_use m = {.resident = 1000};

    m.held[HOLDER_TOTALS] = 700;
    m.held[HOLDER_FREED] = 200;
    account_settle(&m);
    CHECK_INT(m.held[HOLDER_FREED], 200); /* 100 are nobody's */
    CHECK_INT(account_sum(&m), 900);
    m.held[HOLDER_FREED] = 400;
    account_settle(&m);
    CHECK_INT(account_sum(&m), 1000);
    m.held[HOLDER_TOTALS] = 1100;
    account_settle(&m);
    CHECK_INT(m.held[HOLDER_FREED], 0);
}
