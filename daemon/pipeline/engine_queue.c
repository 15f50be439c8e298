/*
 * engine_queue.c - the queue's end towards the workers.
 */
#include "engine_internal.h"

void
outcome_add(struct outcome_count *to, const struct outcome_count *c)
{
    to->records += c->records;
    to->accepted += c->accepted;
    to->duplicates += c->duplicates;
    to->quarantined += c->quarantined;
    to->ignored += c->ignored;
}

/* A batch is finished before the next one is begun: whoever is told "duplicate" is told so no
 * earlier than the record that counted is committed. */
static bool
may_begin(const struct engine *e)
{
    return e->head && (!e->closed || e->head->batch == e->closed);
}

struct job *
engine_next_job(struct engine *e)
{
    struct job *job;

    while (!may_begin(e) && (e->head || !e->stop_workers))
        pthread_cond_wait(&e->work, &e->lock);
    job = e->head;
    if (job) {
        e->head = job->next;
        if (!e->head)
            e->tail = NULL;
    }
    return job;
}

void
engine_job_done(struct engine *e, struct job *job, const struct outcome_count *count)
{
    struct batch *b = job->batch;

    if (job->ticket)
        outcome_add(&b->tickets[job->ticket - 1].count, count);
    b->blocks_done++;
    e->queue_bytes -= job->block.n;
    job->feed->queued_bytes -= job->block.n;
    e->queue_blocks--;
    if (b->blocks_done == b->blocks)
        pthread_cond_signal(&e->gathered);
    engine_wake_room(e);
}
