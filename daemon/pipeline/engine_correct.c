/*
 * engine_correct.c - versions and voids: old contribution out, new one in.
 *
 * Workers count the first record of an id, whatever its version. What comes with an id that is
 * known and may correct it is a candidate, and decided here, on the ledger thread, where all that
 * was counted before is committed or in the batch at hand. So the answer does not depend on who
 * came first: of all records of an id the one with the highest version counts; a void voids all
 * versions up to its own, and one without a version is above all. What changes is added to the
 * batch's own cells, negative where something is taken out, and is part of its transaction.
 */
#include <stdlib.h>

#include "engine_internal.h"
#include "wanted.h"

struct subject { /* of one fingerprint that candidates have */
    bool known;
    uint64_t origin;            /* the batch that it came in; 0: this one */
    struct contribution counts; /* before this batch's candidates */
    int64_t version;            /* of what holds now, */
    bool is_void;
    const struct candidate *last; /* which is this; NULL: what counted before */
};

struct correcting {
    struct engine *engine;
    struct batch *batch;
    uint64_t *fp; /* ascending, each once; identities are in the same order */
    struct subject *identity;
    size_t count;
    struct arena mem;
    struct cells *scratch;
    struct ruleset *rules;
};

/* --- what is known of them --- */

static int
by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void
collect(struct correcting *k, size_t candidates)
{
    size_t n = 0;

    k->fp = xmalloc(candidates * sizeof *k->fp);
    for (size_t i = 0; i < k->engine->worker_count; i++)
        for (size_t j = 0; j < k->batch->parts[i].candidate_count; j++)
            k->fp[n++] = k->batch->parts[i].candidates[j].fingerprint;
    qsort(k->fp, n, sizeof *k->fp, by_number);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || k->fp[i] != k->fp[i - 1])
            k->fp[k->count++] = k->fp[i];
    k->identity = xcalloc(k->count, sizeof *k->identity);
}

static struct subject *
identity_of(const struct correcting *k, uint64_t fp)
{
    const uint64_t *at = bsearch(&fp, k->fp, k->count, sizeof fp, by_number);

    return &k->identity[at - k->fp];
}

/* Names are copied: what they are of may be gone when they are used. */
static struct contribution
copy_contribution(struct arena *mem, const struct contribution *c)
{
    struct contribution copy = *c;
    struct span *features = arena_alloc(mem, (c->feature_count + 1) * sizeof *features);

    copy.customer = arena_copy(mem, c->customer);
    copy.service = arena_copy(mem, c->service);
    copy.region = arena_copy(mem, c->region);
    copy.part = arena_copy(mem, c->part);
    copy.work = arena_alloc(mem, (c->work_count + 1) * sizeof *copy.work);
    for (uint32_t i = 0; i < c->feature_count; i++)
        features[i] = arena_copy(mem, c->features[i]);
    copy.features = features;
    for (size_t i = 0; i < c->work_count; i++)
        copy.work[i] = (struct workload_rule){arena_copy(mem, c->work[i].feature),
                                              arena_copy(mem, c->work[i].service)};
    return copy;
}

static void
know(struct correcting *k, size_t i, uint64_t origin, const struct contribution *c)
{
    struct subject *id = &k->identity[i];

    id->known = true;
    id->origin = origin;
    id->counts = copy_contribution(&k->mem, c);
    id->version = c->version;
    id->is_void = c->kind == KIND_VOID;
}

static enum status
look_in_part(struct correcting *k, const struct wanted *wanted, const struct part *p,
             struct error *err)
{
    const uint64_t *fp = (const uint64_t *)(const void *)p->kept.p;
    struct kept_reader *r = NULL;
    struct buf names = {0};
    enum status st = ST_OK;

    for (size_t n = 0; n < p->kept.n / sizeof *fp && st == ST_OK; n++) {
        size_t i = wanted_find(wanted, fp[n]);
        struct contribution c;

        if (i == k->count)
            continue;
        if (!r) {
            kept_names(p->cells, &names);
            st = kept_open(&r, span_of(names.p, names.n), span_of(p->items.p, p->items.n), err);
        }
        if (st == ST_OK)
            st = kept_read(r, n, &k->mem, &c, err);
        if (st == ST_OK)
            know(k, i, 0, &c);
    }
    kept_close(r);
    buf_clear(&names);
    return st;
}

static enum status
look_in_batch(struct correcting *k, struct error *err)
{
    struct wanted wanted = wanted_of(k->fp, k->count);
    enum status st = ST_OK;

    for (size_t i = 0; i < k->engine->worker_count && st == ST_OK; i++)
        st = look_in_part(k, &wanted, &k->batch->parts[i], err);
    free(wanted.bits);
    return st;
}

struct in_ledger {
    struct correcting *k;
    size_t *place; /* of those asked for, among all */
};

static void
know_from_ledger(void *arg, size_t i, uint64_t origin, const struct contribution *c)
{
    const struct in_ledger *in = arg;

    know(in->k, in->place[i], origin, c);
}

static enum status
look_in_ledger(struct correcting *k, struct error *err)
{
    struct in_ledger in = {k, xmalloc(k->count * sizeof *in.place)};
    uint64_t *fp = xmalloc(k->count * sizeof *fp);
    enum status st = ST_OK;
    size_t n = 0;

    for (size_t i = 0; i < k->count; i++)
        if (!k->identity[i].known) {
            in.place[n] = i;
            fp[n++] = k->fp[i];
        }
    if (n > 0)
        st = ledger_find_kept(k->engine->ledger, fp, n, know_from_ledger, &in, err);
    free(in.place);
    free(fp);
    return st;
}

/* --- deciding --- */

/* A candidate was counted as a duplicate until now. */
#define COUNT_AS(k, part, c, what)                                                                 \
    do {                                                                                           \
        struct feed_state *feed_ = (c)->source->feed;                                              \
                                                                                                   \
        (part)->count.duplicates--;                                                                \
        (part)->count.what++;                                                                      \
        feed_->duplicates--;                                                                       \
        feed_->what++;                                                                             \
        if ((c)->ticket) {                                                                         \
            (k)->batch->tickets[(c)->ticket - 1].count.duplicates--;                               \
            (k)->batch->tickets[(c)->ticket - 1].count.what++;                                     \
        }                                                                                          \
    } while (0)

static void
refuse(struct correcting *k, struct part *part, const struct candidate *c)
{
    const char *why = c->record->kind == KIND_VOID
                          ? "kind: of the record that this void names nothing is kept"
                          : "version: of the record that this one corrects nothing is kept";
    struct place at = {c->offset, c->origin};
    bool fresh = true;

    if (c->place)
        dedup_test_and_add(k->engine->dedup, &c->place, 1, &fresh);
    if (!fresh)
        return; /* it stands in quarantine already */
    if (c->place)
        buf_add(&part->fingerprints, &c->place, sizeof c->place);
    COUNT_AS(k, part, c, quarantined);
    results_set(c->results, c->number, RESULT_QUARANTINED, why);
    if (!c->replay)
        part_quarantine(part, c->source, at, c->raw, why);
}

static void
decide(struct correcting *k, struct part *part, const struct candidate *c)
{
    struct subject *id = identity_of(k, c->fingerprint);
    const struct record *r = c->record;
    bool is_void = r->kind == KIND_VOID;

    if (!id->known) {
        refuse(k, part, c);
        return;
    }
    if (r->version < id->version || (r->version == id->version && is_void <= id->is_void))
        return;
    id->version = r->version;
    id->is_void = is_void;
    id->last = c;
    COUNT_AS(k, part, c, accepted);
    results_set(c->results, c->number, RESULT_ACCEPTED, NULL);
    part->voided += is_void;
    k->batch->corrected++;
    if (!is_void && r->start > part->newest_record)
        part->newest_record = r->start;
}

/* --- doing it --- */

static struct correction_row *
room_for_row(struct batch *b)
{
    if (b->correction_count == b->correction_cap) {
        b->correction_cap = b->correction_cap ? 2 * b->correction_cap : 16;
        b->corrections = xrealloc(b->corrections, b->correction_cap * sizeof *b->corrections);
    }
    return &b->corrections[b->correction_count++];
}

static void
add_all(struct cells *into, const struct cells *from)
{
    const struct cell *c;

    CELLS_EACH (from, c)
        cell_merge(cells_get(into, (enum cell_kind)c->kind, c->name, c->day), c);
}

static void
correct(struct correcting *k, uint64_t fp, const struct subject *id)
{
    const struct record *r = id->last->record;
    struct part *part = &k->batch->parts[0];
    struct buf names = {0}, item = {0};

    cells_reset(k->scratch);
    contribution_count(&id->counts, k->scratch);
    cells_subtract(part->cells, k->scratch, k->engine->oldest_day);
    cells_reset(k->scratch);
    if (id->is_void) {
        kept_void(&item, id->version);
    } else {
        aggregate_batch(k->scratch, &k->rules->aggregate, &r, 1, &item);
        add_all(part->cells, k->scratch);
    }
    kept_names(k->scratch, &names);
    *room_for_row(k->batch) = (struct correction_row){
        .fingerprint = fp,
        .origin = id->origin,
        .names = arena_copy(&part->memory, span_of(names.p, names.n)),
        .item = arena_copy(&part->memory, span_of(item.p, item.n)),
    };
    buf_clear(&names);
    buf_clear(&item);
}

static void
decide_all(struct correcting *k)
{
    const struct cells *cells = k->batch->parts[0].cells;
    size_t known = cells_slots(cells);

    for (size_t i = 0; i < k->engine->worker_count; i++) {
        struct part *part = &k->batch->parts[i];

        for (size_t j = 0; j < part->candidate_count; j++) {
            decide(k, part, &part->candidates[j]);
            source_unref(part->candidates[j].source);
        }
    }
    for (size_t i = 0; i < k->count; i++)
        if (k->identity[i].last)
            correct(k, k->fp[i], &k->identity[i]);
    engine_names_take(k->engine, cells, known);
}

void
engine_correct(struct engine *e, struct batch *b)
{
    struct correcting k = {.engine = e, .batch = b};
    size_t candidates = 0;
    enum status st;
    struct error err;

    for (size_t i = 0; i < e->worker_count; i++)
        candidates += b->parts[i].candidate_count;
    if (candidates == 0)
        return;
    arena_init(&k.mem);
    k.scratch = cells_new();
    pthread_mutex_lock(&e->lock);
    k.rules = ruleset_ref(e->rules);
    pthread_mutex_unlock(&e->lock);
    collect(&k, candidates);
    st = look_in_batch(&k, &err);
    if (st == ST_OK)
        st = look_in_ledger(&k, &err);
    if (st != ST_OK)
        engine_die(e, st, "correction", &err);
    decide_all(&k);
    ruleset_unref(k.rules);
    cells_free(k.scratch);
    arena_clear(&k.mem);
    free(k.fp);
    free(k.identity);
}
