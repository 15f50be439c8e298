/*
 * engine_memory.c - who holds how much memory, and how much it may be.
 */
#include "engine_internal.h"

static void
take_locked(struct engine *e, struct memory_use *m)
{
    pthread_mutex_lock(&e->lock);
    m->held[HOLDER_QUEUE] = e->queue_bytes;
    m->held[HOLDER_PAIRING] = e->paired.bytes;
    m->held[HOLDER_CUSTOMERS] = directory_bytes(e->directory);
    pthread_mutex_unlock(&e->lock);
}

static void
take_totals(struct engine *e, struct memory_use *m)
{
    size_t cells, dirty, bytes;

    totals_size(e->totals, &cells, &dirty, &bytes);
    m->held[HOLDER_TOTALS] = bytes;
}

static void
take_projection(struct engine *e, struct memory_use *m)
{
    struct projection_status p;

    if (!e->projection)
        return;
    projection_status(e->projection, &p);
    m->held[HOLDER_REDIS] += p.buffer_bytes;
}

void
engine_memory(struct engine *e, struct memory_use *out)
{
    const struct config_limits *limits = &e->config->limits;

    account_read(out);
    take_locked(e, out);
    take_totals(e, out);
    take_projection(e, out);
    for (size_t i = 0; i < sizeof e->batches / sizeof e->batches[0]; i++)
        out->held[HOLDER_BATCHES] += atomic_load(&e->batches[i].held);
    for (size_t i = 0; i < e->worker_count; i++)
        out->held[HOLDER_WORKERS] += atomic_load(&e->workers[i].held);
    out->held[HOLDER_DUPLICATES] = dedup_bytes(e->dedup);
    out->held[HOLDER_NAMES] = names_bytes_held(e->names) + names_bytes_held(e->ways);
    out->limit[HOLDER_QUEUE] = limits->max_queue;
    out->limit[HOLDER_BATCHES] = MAX_BATCH_BYTES;
    out->limit[HOLDER_DUPLICATES] = dedup_bytes_of(limits->duplicate_records);
    out->limit[HOLDER_NAMES] = names_bytes_most(e->names) + names_bytes_most(e->ways);
    account_settle(out);
}
