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
    const struct span where = r->has & FIELD_BIT(FIELD_ROOM)         ? r->text[FIELD_ROOM]
                              : r->has & FIELD_BIT(FIELD_CONFERENCE) ? r->text[FIELD_CONFERENCE]
                                                                     : (struct span){0};
    const int64_t facts[] = {r->kind, r->start, (int64_t)key.n};

    seed = hash_bytes(facts, sizeof facts, seed ^ CONTENT_SEED);
    seed = hash_bytes(key.p, key.n, seed);
    return hash_bytes(where.p, where.n, seed);
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

static bool
lacks_customer(const struct record *r)
{
    return !(r->has & FIELD_BIT(FIELD_CUSTOMER));
}

bool
is_of_leg(const struct run *run, const struct record *r)
{
    return r->kind == KIND_FEATURE && run->leg_features && (r->has & FIELD_BIT(FIELD_LEG)) &&
           lacks_customer(r) && engine_pairing_has_room(run->engine, KIND_FEATURE);
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

    if (!why && (run->tight || is_paired(r->kind) || lacks_customer(r)) &&
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

void
note_quarter(struct run *run)
{
    quarters_add(run->quarters, run->quarter, run->quarter_records);
    run->quarter_records = 0;
}

/* Records mostly come in the order of time, so that looking up is rare. */
static inline void
count_quarter(struct run *run, int64_t start)
{
    int32_t quarter = (int32_t)(start / INTAKE_QUARTER);

    if (quarter != run->quarter) {
        note_quarter(run);
        run->quarter = quarter;
    }
    run->quarter_records++;
}

static void
pair(struct run *run, const struct pending *p, bool again)
{
    struct pair_event *e;

    atomic_fetch_add(&run->engine->pairs_coming, 1);
    e = part_pair(run->part, run->source, run->block->bulk, &p->record);
    e->again = again;
    e->id = run->repeats_joins && p->record.kind == KIND_JOIN ? p->fingerprint : 0;
}

/* Who was not let in was in no conference. Where there is no room for one a leg counts all the
 * same. */
static void
list_leg(struct run *run, const struct record *r)
{
    if (r->kind != KIND_LEG || !(r->has & FIELD_BIT(FIELD_CONFERENCE)) ||
        (r->outcome != OUTCOME_OK && r->duration == 0))
        return;
    if (!engine_pairing_has_room(run->engine, KIND_LEG)) {
        atomic_fetch_add(&run->engine->legs_unlisted, 1);
        return;
    }
    run->part->listed_count++;
    part_pair(run->part, run->source, run->block->bulk, r);
}

/* False for a record that is kept as an event, or becomes half of a leg, or looks for its own. */
static bool
count_fresh(struct run *run, struct pending *p)
{
    struct record *r = &p->record;

    run->count.accepted++;
    count_quarter(run, r->start);
    if (r->start > run->newest_record)
        run->newest_record = r->start;
    if (p->identified && r->start < run->window_start)
        run->part->late++;
    if (is_event(r->kind))
        part_event(run->part, r);
    if (is_paired(r->kind) || (run->leg_features && lacks_customer(r))) {
        pair(run, p, false);
        return false;
    }
    if (run->conferences)
        list_leg(run, r);
    return is_counted(r->kind);
}

/* The group's names are known now; could those of the next one be too many? */
static void
note_names(struct run *run)
{
    const struct cells *cells = run->part->cells;

    run->names.added += engine_names_take(run->engine, cells, run->first_cell);
    part_ways(run->part, run->engine, run->source->feed->input, run->first_cell);
    run->first_cell = cells_slots(cells);
    run->tight = engine_names_tight(run->engine, GROUP);
}

/* --- corrections --- */

/* May the id have been counted, and forgotten since? Records arrive after they begin. */
static bool
may_be_forgotten(const struct run *run, int64_t start)
{
    int64_t cut = run->engine->window_cut;

    return cut > 0 && start < cut + run->mapping.max_future;
}

const char *
correction_objection(const struct run *run, const struct pending *p)
{
    const struct record *r = &p->record;
    bool is_void = r->kind == KIND_VOID;

    if (is_void && !(r->has & FIELD_BIT(FIELD_ID)))
        return "id: missing in a void";
    if (is_void && run->engine->config->limits.correction_window == 0)
        return "kind: voids have no effect as long as correction_window is 0";
    if (!run->keep || !(r->has & FIELD_BIT(FIELD_ID)) || (run->replay && !is_void) ||
        !may_be_forgotten(run, r->start) || dedup_has(run->engine->dedup, p->fingerprint))
        return NULL;
    return is_void ? "kind: the record that this void names is not known any more"
                     " (correction_window)"
                   : "version: what it corrects may be forgotten (correction_window); a replay"
                     " counts it as new";
}

static void
set_candidate(struct run *run, const struct pending *p)
{
    struct candidate *c = part_candidate(run->part, &p->record, p->raw);

    if (p->record.kind == KIND_VOID && !(p->record.has & FIELD_BIT(FIELD_VERSION)))
        c->record->version = KEPT_FINAL;
    c->fingerprint = p->fingerprint;
    c->source = source_ref(run->source);
    c->ticket = run->ticket;
    c->results = run->block->results;
    c->number = p->number;
    c->replay = run->replay;
    c->offset = p->at.offset;
    if (!p->at.origin)
        return;
    c->origin = arena_alloc(&run->part->memory, sizeof *c->origin);
    *c->origin = *p->at.origin;
    c->place = p->place;
}

/* One that came before, by its id. */
static void
count_known(struct run *run, const struct pending *p)
{
    const struct record *r = &p->record;

    run->count.duplicates++; /* until it is known better: engine_correct.c */
    /* Another worker may have met this one's repetition first, which lies in the same batch. */
    if (run->repeats_joins && r->kind == KIND_JOIN && !run->replay)
        pair(run, p, true);
    if (run->keep && (r->has & FIELD_BIT(FIELD_ID)) &&
        (r->kind == KIND_VOID || (r->version > 0 && is_counted(r->kind))))
        set_candidate(run, p);
}

/* A void before its record: what comes with that id, up to its version, will be known. */
static void
count_void(struct run *run, const struct pending *p)
{
    const struct record *r = &p->record;
    bool versioned = r->has & FIELD_BIT(FIELD_VERSION);

    run->count.accepted++;
    run->part->voided++;
    if (run->engine->dry_run)
        return;
    buf_add(&run->part->kept, &p->fingerprint, sizeof p->fingerprint);
    kept_void(&run->part->items, versioned ? r->version : KEPT_FINAL);
}

/* --- groups --- */

/* Those of a group that count. */
struct counted {
    const struct record *kept[GROUP], *others[GROUP];
    uint64_t kept_fp[GROUP], other_fp[GROUP];
    size_t kept_count, other_count, other_fps;
};

static void
sort_fresh(struct run *run, struct pending *p, struct counted *out)
{
    bool counts;

    if (p->record.kind == KIND_VOID) {
        count_void(run, p);
        return;
    }
    counts = count_fresh(run, p);
    if (counts && run->keep && (p->record.has & FIELD_BIT(FIELD_ID))) {
        out->kept_fp[out->kept_count] = p->fingerprint;
        out->kept[out->kept_count++] = &p->record;
        return;
    }
    if (p->identified)
        out->other_fp[out->other_fps++] = p->fingerprint;
    if (counts)
        out->others[out->other_count++] = &p->record;
}

static void
count_sorted(struct run *run, const struct counted *c)
{
    struct part *part = run->part;
    const struct aggregate_options *opt = &run->worker->rules->aggregate;

    buf_add(&part->kept, c->kept_fp, c->kept_count * sizeof *c->kept_fp);
    aggregate_batch(part->cells, opt, c->kept, c->kept_count, &part->items);
    if (!run->engine->dry_run)
        buf_add(&part->fingerprints, c->other_fp, c->other_fps * sizeof *c->other_fp);
    aggregate_batch(part->cells, opt, c->others, c->other_count, NULL);
}

void
flush_group(struct run *run)
{
    struct counted counted;
    uint64_t fingerprints[GROUP];
    size_t n = 0;
    bool fresh[GROUP];

    counted.kept_count = counted.other_count = counted.other_fps = 0;
    if (run->replay && run->count.quarantined > 0) {
        /* The row stays, so nothing of it may count: it will be tried again as a whole. */
        run->count.quarantined += run->pending;
        run->pending = 0;
    }
    for (size_t i = 0; i < run->pending; i++)
        if (run->group[i].identified)
            fingerprints[n++] = run->group[i].fingerprint;
    if (n)
        dedup_test_and_add(run->engine->dedup, fingerprints, n, fresh);
    note_window(run);
    for (size_t i = 0, k = 0; i < run->pending; i++) {
        struct pending *p = &run->group[i];
        bool known = p->identified && !fresh[k++];

        note_result(run, p->number, known ? RESULT_DUPLICATE : RESULT_ACCEPTED, NULL);
        if (known)
            count_known(run, p);
        else
            sort_fresh(run, p, &counted);
    }
    count_sorted(run, &counted);
    run->pending = 0;
    note_names(run);
}
