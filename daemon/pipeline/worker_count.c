/*
 * worker_count.c - the second half of a worker's way: once, and into cells.
 *
 * Records wait until there is a group of them, so that the duplicate filter's cache misses overlap.
 */
#include "hash.h"
#include "worker_internal.h"

#define CONTENT_SEED UINT64_C(0x9e3779b97f4a7c15) /* keeps whole-record hashes apart from ids */

uint64_t
place_fingerprint(const struct run *run, const char *at)
{
    uint64_t place = (uint64_t)(at - run->frame);

    return hash_bytes(&place, sizeof place, run->origin->identity ^ run->source->identity_seed);
}

/* --- identity --- */

/* An event without an id is the one of its kind, conference, stay and moment. */
static uint64_t
event_fingerprint(const struct record *r, uint64_t seed)
{
    const struct span key = r->has & FIELD_BIT(FIELD_LEG)           ? r->text[FIELD_LEG]
                            : r->has & FIELD_BIT(FIELD_PARTICIPANT) ? r->text[FIELD_PARTICIPANT]
                                                                    : (struct span){0};
    const int64_t facts[] = {r->kind, r->start, (int64_t)key.n};

    seed = hash_bytes(facts, sizeof facts, seed ^ CONTENT_SEED);
    seed = hash_bytes(key.p, key.n, seed);
    return hash_bytes(r->text[FIELD_CONFERENCE].p, r->text[FIELD_CONFERENCE].n, seed);
}

/* Identity is (source, id); the payload does not matter. Without an id it is what the input
 * says: the whole record, or nothing, because its place in the file guards it. */
void
identify(const struct run *run, struct pending *p)
{
    const struct record *r = &p->record;
    uint64_t seed = run->source->identity_seed;

    p->identified = true;
    if (r->has & FIELD_BIT(FIELD_SOURCE))
        seed =
            hash_bytes(r->text[FIELD_SOURCE].p, r->text[FIELD_SOURCE].n, run->engine->identity_key);
    if (r->has & FIELD_BIT(FIELD_ID)) {
        p->fingerprint = hash_bytes(r->text[FIELD_ID].p, r->text[FIELD_ID].n, seed);
    } else if (is_paired(r->kind)) {
        p->fingerprint = event_fingerprint(r, seed);
    } else if (run->origin) {
        p->fingerprint = place_fingerprint(run, p->raw.p);
    } else if (run->source->identity == IDENTITY_CONTENT) {
        p->fingerprint = hash_bytes(p->raw.p, p->raw.n, run->source->identity_seed ^ CONTENT_SEED);
    } else {
        p->identified = false;
    }
}

/* --- counting a group --- */

bool
is_counted(enum record_kind kind)
{
    return kind == KIND_LEG || kind == KIND_FEATURE || kind == KIND_CONTACT;
}

bool
is_event(enum record_kind kind)
{
    return kind >= KIND_INQUIRY && kind <= KIND_BOOKING;
}

const char *
name_things(struct run *run, struct record *r)
{
    const char *why = worker_classify(run->worker, r);

    if (!why && (run->tight || is_paired(r->kind)) &&
        !engine_names_admit(run->engine, r, &run->names))
        why = run->names.why;
    return why;
}

void
note_window(struct run *run)
{
    int64_t cut = run->engine->window_cut;

    if (run->window_start < cut)
        run->window_start = cut;
}

/* False for a record that is kept as an event, or becomes half of a leg. */
static bool
count_fresh(struct run *run, struct pending *p)
{
    struct record *r = &p->record;

    run->count.accepted++;
    if (r->start > run->newest_record)
        run->newest_record = r->start;
    if (p->identified && r->start < run->window_start)
        run->part->late++;
    if (is_event(r->kind))
        part_event(run->part, r);
    if (is_paired(r->kind)) {
        atomic_fetch_add(&run->engine->pairs_coming, 1);
        part_pair(run->part, run->source, run->block->bulk, r);
    }
    return is_counted(r->kind);
}

/* The group's names are known now; could those of the next one be too many? */
static void
note_names(struct run *run)
{
    const struct cells *cells = run->part->cells;

    run->names.added += engine_names_take(run->engine, cells, run->first_cell);
    run->first_cell = cells_slots(cells);
    run->tight = engine_names_tight(run->engine, GROUP);
}

void
flush_group(struct run *run)
{
    const struct record *counted[GROUP];
    uint64_t fingerprints[GROUP];
    size_t index[GROUP], n = 0, m = 0, known = 0;
    bool fresh[GROUP];

    if (run->replay && run->count.quarantined > 0) {
        /* The row stays, so nothing of it may count: it will be tried again as a whole. */
        run->count.quarantined += run->pending;
        run->pending = 0;
    }
    for (size_t i = 0; i < run->pending; i++)
        if (run->group[i].identified) {
            index[n] = i;
            fingerprints[n++] = run->group[i].fingerprint;
        }
    if (n)
        dedup_test_and_add(run->engine->dedup, fingerprints, n, fresh);
    note_window(run);
    for (size_t i = 0, k = 0; i < run->pending; i++) {
        bool is_fresh = true;

        if (k < n && index[k] == i) {
            is_fresh = fresh[k];
            fingerprints[known] = fingerprints[k++]; /* those that are new, one behind the other */
            known += is_fresh;
        }
        if (!is_fresh)
            run->count.duplicates++;
        else if (count_fresh(run, &run->group[i]))
            counted[m++] = &run->group[i].record;
    }
    if (!run->engine->dry_run)
        buf_add(&run->part->fingerprints, fingerprints, known * sizeof *fingerprints);
    aggregate_batch(run->part->cells, &run->worker->rules->aggregate, counted, m);
    run->pending = 0;
    note_names(run);
}
