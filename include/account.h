/*
 * account.h - who holds how much of the process' memory.
 *
 * Holders whose memory is one object are asked for it (engine_memory); those that allocate here
 * and there, libraries above all, count as they go, by way of the three calls below. What nobody
 * accounts for is the difference to what is resident.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

enum holder {
    HOLDER_INPUTS,     /* what inputs have read and not handed on */
    HOLDER_QUEUE,      /* input that waits for the workers, or is with them */
    HOLDER_WORKERS,    /* what they remember of texts that come again */
    HOLDER_BATCHES,    /* what the workers counted since the last commit */
    HOLDER_DUPLICATES, /* ids of the duplicate window */
    HOLDER_TOTALS,     /* totals since the last fold, and those that were used lately */
    HOLDER_PAIRING,    /* legs that are open, and their conferences */
    HOLDER_NAMES,      /* which customers, features, services and regions there are */
    HOLDER_CUSTOMERS,  /* the directory of customers: ids, aliases, numbers, domains */
    HOLDER_DATABASES,  /* SQLite: page caches, statements */
    HOLDER_REDIS,      /* commands on their way to Redis */
    HOLDER_NETWORK,    /* HTTP requests and answers, timers, watched sockets */
    HOLDER_BUFFERS,    /* buffers that are kept for whoever reads next */
    HOLDER_FREED,      /* given back to malloc, and still resident */
    HOLDER_PROGRAM,    /* the program itself and its libraries */
    HOLDERS
};

struct memory_use {
    uint64_t held[HOLDERS];
    uint64_t limit[HOLDERS]; /* 0: none */
    uint64_t resident;       /* of the whole process, as the system says */
};

const char *holder_name(enum holder h); /* "duplicates" */
const char *holder_text(enum holder h); /* "ids of the duplicate window" */

/* Any thread. */
void account_add(enum holder h, size_t n);
void account_sub(enum holder h, size_t n);

/* malloc, realloc and free that count into a holder's account. They answer NULL as those do. */
void *account_malloc(enum holder h, size_t n);
void *account_realloc(enum holder h, void *p, size_t n);
void account_free(enum holder h, void *p); /* accepts NULL */

/* What the process knows of itself: the accounts, what malloc keeps, the program, what is
 * resident. The others are zero afterwards. Walks all that malloc keeps: for people and metrics. */
void account_read(struct memory_use *out);
/* Once all others are in: of what malloc keeps only so much as can still be resident, because it
 * counts what it gave back to the system, too. */
void account_settle(struct memory_use *m);
uint64_t account_sum(const struct memory_use *m);

#endif
