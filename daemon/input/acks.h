/*
 * acks.h - news of commits on their way from the ledger's thread to an input.
 *
 * An input that answers its senders gives each block an ack (embedded in what it wants to
 * remember) and acks_told as its `done`. The news come in the order of the commits. They find
 * their way also when the input is gone by then: a set of acks lives until the last one is back.
 */
#ifndef ACKS_H
#define ACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

struct acks;

struct ack { /* the beginning of an input's own struct; malloc'ed */
    struct ack *next;
    struct acks *acks;
    enum status st; /* ST_OK: committed; else nothing of the block was taken */
};

/* wake is called from any thread each time news come where there were none: it sees to it that
 * acks_take is called soon, and calls nothing of the set itself. NULL: who waits uses acks_wait. */
struct acks *acks_new(void (*wake)(void *arg), void *arg);
/* The next block will bring this ack back. To be undone if the block is not taken. */
void acks_expect(struct acks *a, struct ack *ack);
void acks_unexpect(struct acks *a, struct ack *ack);
ticket_done acks_told; /* arg: the struct ack */
/* What came back since the last call, in order; the caller owns it. */
struct ack *acks_take(struct acks *a);
/* Waits until news or nothing more is to come, at most ms. True: there is news. */
bool acks_wait(struct acks *a, int64_t ms);
size_t acks_expected(struct acks *a); /* still to come, or to be taken */
/* No more wake calls; what still comes is freed. Accepts NULL. */
void acks_close(struct acks *a);

#endif
