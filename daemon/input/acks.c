/*
 * acks.c - news of commits on their way from the ledger's thread to an input.
 */
#include "acks.h"

#include <pthread.h>
#include <stdlib.h>

#include "clock.h"

struct acks {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct ack *first, **last;
    size_t expected;
    bool closed;
    void (*wake)(void *arg);
    void *arg;
};

struct acks *
acks_new(void (*wake)(void *arg), void *arg)
{
    struct acks *a = xcalloc(1, sizeof *a);

    pthread_mutex_init(&a->lock, NULL);
    clock_cond_init(&a->news);
    a->last = &a->first;
    a->wake = wake;
    a->arg = arg;
    return a;
}

static void
acks_free(struct acks *a)
{
    pthread_cond_destroy(&a->news);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

void
acks_expect(struct acks *a, struct ack *ack)
{
    ack->acks = a;
    ack->next = NULL;
    pthread_mutex_lock(&a->lock);
    a->expected++;
    pthread_mutex_unlock(&a->lock);
}

void
acks_unexpect(struct acks *a, struct ack *ack)
{
    ack->acks = NULL;
    pthread_mutex_lock(&a->lock);
    a->expected--;
    pthread_mutex_unlock(&a->lock);
}

void
acks_told(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    struct ack *ack = arg;
    struct acks *a = ack->acks;
    bool last = false;

    (void)count, (void)batch;
    ack->st = st;
    pthread_mutex_lock(&a->lock);
    if (a->closed) {
        free(ack);
        last = --a->expected == 0;
    } else {
        bool first = !a->first;

        *a->last = ack;
        a->last = &ack->next;
        pthread_cond_signal(&a->news);
        if (first && a->wake) /* under the lock: after acks_close nobody is woken */
            a->wake(a->arg);
    }
    pthread_mutex_unlock(&a->lock);
    if (last)
        acks_free(a);
}

struct ack *
acks_take(struct acks *a)
{
    struct ack *first;

    pthread_mutex_lock(&a->lock);
    first = a->first;
    a->first = NULL;
    a->last = &a->first;
    for (const struct ack *k = first; k; k = k->next)
        a->expected--;
    pthread_mutex_unlock(&a->lock);
    return first;
}

bool
acks_wait(struct acks *a, int64_t ms)
{
    int64_t until = clock_mono_us() + ms * 1000;
    bool news;

    pthread_mutex_lock(&a->lock);
    while (!a->first && a->expected > 0)
        if (!clock_wait_until(&a->news, &a->lock, until))
            break;
    news = a->first != NULL;
    pthread_mutex_unlock(&a->lock);
    return news;
}

size_t
acks_expected(struct acks *a)
{
    size_t n;

    pthread_mutex_lock(&a->lock);
    n = a->expected;
    pthread_mutex_unlock(&a->lock);
    return n;
}

void
acks_close(struct acks *a)
{
    struct ack *k;
    bool none;

    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->closed = true;
    while ((k = a->first)) {
        a->first = k->next;
        free(k);
        a->expected--;
    }
    none = a->expected == 0;
    pthread_mutex_unlock(&a->lock);
    if (none)
        acks_free(a);
}
