/*
 * committer_gather.c - what the workers left in a batch, as one thing to be committed.
 */
#include "committer_gather.h"

#include <stdlib.h>

#include "clock.h"

void
gathered_clear(struct gathered *g)
{
    free(g->deltas);
    free(g->fingerprints);
    free(g->fingerprint_counts);
    for (size_t i = 0; i < g->parts; i++)
        buf_clear(&g->kept_names[i]);
    free(g->kept_names);
    free(g->kept);
    free(g->quarantine);
    free(g->events);
    free(g->released);
    free(g->idem);
    intake_list_clear(&g->intake);
    free(g->ways);
    free(g->way_counts);
    totals_drop_stage(&g->stage);
}

static void
gather_fingerprints(struct gathered *g, size_t i, const struct buf *from)
{
    g->fingerprints[i] = (const uint64_t *)(const void *)from->p;
    g->fingerprint_counts[i] = from->n / sizeof(uint64_t);
}

/* Now, and not later: what is staged becomes other cells. */
static void
gather_kept(struct gathered *g, const struct part *p, size_t i)
{
    struct buf *names = &g->kept_names[i];

    if (p->kept.n == 0)
        return;
    kept_names(p->cells, names);
    g->kept[i] = (struct kept_row){
        .count = p->kept.n / sizeof(uint64_t),
        .names = span_of(names->p, names->n),
        .items = span_of(p->items.p, p->items.n),
    };
}

static void
gather_part(struct gathered *g, struct ledger_batch *lb, struct part *p, size_t i)
{
    g->deltas[i] = p->cells;
    gather_fingerprints(g, i, &p->kept);
    gather_fingerprints(g, g->parts + i, &p->fingerprints);
    gather_kept(g, p, i);
    g->quarantine = xrealloc(g->quarantine,
                             (lb->quarantine_count + p->quarantine_count) * sizeof *g->quarantine);
    if (p->quarantine_count)
        memcpy(g->quarantine + lb->quarantine_count, p->quarantine,
               p->quarantine_count * sizeof *g->quarantine);
    lb->quarantine_count += p->quarantine_count;
    g->events = xrealloc(g->events, (lb->event_count + p->event_count) * sizeof *g->events);
    if (p->event_count)
        memcpy(g->events + lb->event_count, p->events, p->event_count * sizeof *g->events);
    lb->event_count += p->event_count;
    intake_gather(&g->intake, &p->intake);
    g->ways[i] = p->ways;
    g->way_counts[i] = p->way_count;
    lb->count.records += p->count.records;
    lb->count.accepted += p->count.accepted;
    lb->count.duplicates += p->count.duplicates;
    lb->count.quarantined += p->count.quarantined;
    lb->count.ignored += p->count.ignored;
    lb->late += p->late;
    lb->voided += p->voided;
    if (p->newest_record > lb->newest_record)
        lb->newest_record = p->newest_record;
}

bool
ticket_released(const struct ticket *t)
{
    return t->quarantine_id && t->count.records > 0 && t->count.quarantined == 0;
}

void
gathered_fill(struct gathered *g, struct ledger_batch *lb, struct engine *e, struct batch *b)
{
    size_t n = e->worker_count;

    memset(lb, 0, sizeof *lb);
    memset(g, 0, sizeof *g);
    g->deltas = xcalloc(n, sizeof *g->deltas);
    g->parts = n;
    g->fingerprints = xcalloc(2 * n, sizeof *g->fingerprints);
    g->fingerprint_counts = xcalloc(2 * n, sizeof *g->fingerprint_counts);
    g->kept = xcalloc(n, sizeof *g->kept);
    g->kept_names = xcalloc(n, sizeof *g->kept_names);
    g->ways = xcalloc(n, sizeof *g->ways);
    g->way_counts = xcalloc(n, sizeof *g->way_counts);
    for (size_t i = 0; i < n; i++)
        gather_part(g, lb, &b->parts[i], i);
    g->released = xcalloc(b->ticket_count, sizeof *g->released);
    for (size_t i = 0; i < b->ticket_count; i++)
        if (ticket_released(&b->tickets[i]))
            g->released[lb->released_count++] = b->tickets[i].quarantine_id;
    g->idem = xcalloc(b->ticket_count, sizeof *g->idem);
    once_gather(b, lb, g->idem);
    lb->deltas = g->deltas;
    lb->delta_count = n;
    lb->fingerprints = g->fingerprints;
    lb->fingerprint_counts = g->fingerprint_counts;
    lb->fingerprint_arrays = 2 * n;
    lb->kept = g->kept;
    lb->kept_count = n;
    lb->corrections = b->corrections;
    lb->correction_count = b->correction_count;
    lb->corrected = b->corrected;
    lb->quarantine = g->quarantine;
    lb->events = g->events;
    lb->released = g->released;
    lb->cursors = b->cursors;
    lb->cursor_count = b->cursor_count;
    lb->intakes = g->intake.item;
    lb->intake_count = g->intake.count;
    lb->ways = g->ways;
    lb->way_counts = g->way_counts;
    lb->way_arrays = n;
    lb->created = clock_now_us();
}
