/*
 * account.c - counters of memory by holder, and what the system and malloc say.
 */
#include "account.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

static const struct {
    const char *name, *text;
} holders[HOLDERS] = {
    [HOLDER_INPUTS] = {"inputs", "read, not yet handed on"},
    [HOLDER_QUEUE] = {"queue", "input that waits for the workers"},
    [HOLDER_WORKERS] = {"workers", "texts that come again, work at hand"},
    [HOLDER_BATCHES] = {"batches", "counted, not yet committed"},
    [HOLDER_DUPLICATES] = {"duplicates", "ids of the duplicate window"},
    [HOLDER_TOTALS] = {"totals", "totals not yet folded, or used lately"},
    [HOLDER_PAIRING] = {"pairing", "open legs and their conferences"},
    [HOLDER_NAMES] = {"names", "customers, features and others known"},
    [HOLDER_CUSTOMERS] = {"customers", "ids, aliases, numbers, domains"},
    [HOLDER_DATABASES] = {"databases", "page caches and statements of SQLite"},
    [HOLDER_REDIS] = {"redis", "commands on their way to Redis"},
    [HOLDER_NETWORK] = {"network", "HTTP requests, answers, sockets"},
    [HOLDER_BUFFERS] = {"buffers", "spare buffers for the next input"},
    [HOLDER_FREED] = {"freed", "given back, kept by malloc"},
    [HOLDER_PROGRAM] = {"program", "code and libraries"},
};

static _Atomic size_t held[HOLDERS];

const char *
holder_name(enum holder h)
{
    return holders[h].name;
}

const char *
holder_text(enum holder h)
{
    return holders[h].text;
}

void
account_add(enum holder h, size_t n)
{
    atomic_fetch_add_explicit(&held[h], n, memory_order_relaxed);
}

void
account_sub(enum holder h, size_t n)
{
    atomic_fetch_sub_explicit(&held[h], n, memory_order_relaxed);
}

void *
account_malloc(enum holder h, size_t n)
{
    void *p = malloc(n);

    if (p)
        account_add(h, malloc_usable_size(p));
    return p;
}

void *
account_realloc(enum holder h, void *p, size_t n)
{
    size_t before = p ? malloc_usable_size(p) : 0;
    void *moved = realloc(p, n);

    if (moved || n == 0)
        account_sub(h, before);
    if (moved)
        account_add(h, malloc_usable_size(moved));
    return moved;
}

void
account_free(enum holder h, void *p)
{
    if (p)
        account_sub(h, malloc_usable_size(p));
    free(p);
}

/* Pages that are resident, and those of them that are of files. */
static void
read_resident(uint64_t *all, uint64_t *of_files)
{
    unsigned long long pages[2] = {0, 0};
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *f = fopen("/proc/self/statm", "re");

    if (f && fscanf(f, "%*s %llu %llu", &pages[0], &pages[1]) != 2)
        pages[0] = pages[1] = 0;
    if (f)
        fclose(f);
    *all = pages[0] * page;
    *of_files = pages[1] * page;
}

void
account_read(struct memory_use *out)
{
    memset(out, 0, sizeof *out);
    for (int h = 0; h < HOLDERS; h++)
        out->held[h] = atomic_load_explicit(&held[h], memory_order_relaxed);
    out->held[HOLDER_BUFFERS] = buffers_kept();
    out->held[HOLDER_FREED] = mallinfo2().fordblks;
    read_resident(&out->resident, &out->held[HOLDER_PROGRAM]);
}

void
account_settle(struct memory_use *m)
{
    uint64_t others = account_sum(m) - m->held[HOLDER_FREED];
    uint64_t rest = m->resident > others ? m->resident - others : 0;

    if (m->held[HOLDER_FREED] > rest)
        m->held[HOLDER_FREED] = rest;
}

uint64_t
account_sum(const struct memory_use *m)
{
    uint64_t sum = 0;

    for (int h = 0; h < HOLDERS; h++)
        sum += m->held[h];
    return sum;
}
