/*
 * worker.c - from a block of bytes to deltas: parse, understand, match, once, count.
 *
 * A record is decided exactly once, here and in worker_count.c: accepted, duplicate, quarantined or
 * ignored. Nothing is allocated per record; what a group needs lives in the worker's arena until
 * its block is done.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "clock.h"
#include "log.h"
#include "worker_internal.h"

#define MAX_DURATION (31 * 86400)
#define FETCH_AHEAD  1024 /* bytes from a record to those that are fetched meanwhile, */
#define FETCH_BYTES  256  /* and how many, about a record's */

/* What was refused and comes again must not stand in quarantine twice. */
static bool
was_refused(struct run *run, struct span raw)
{
    uint64_t fp;
    bool fresh;

    if (!run->origin)
        return false;
    fp = place_fingerprint(run, raw.p);
    dedup_test_and_add(run->engine->dedup, &fp, 1, &fresh);
    if (fresh)
        buf_add(&run->part->fingerprints, &fp, sizeof fp);
    return !fresh;
}

static struct place
place_of(const struct run *run, const char *at)
{
    if (run->origin)
        return (struct place){(uint64_t)(at - run->frame), run->origin};
    return (struct place){run->block->offset + (uint64_t)(at - run->block->p), NULL};
}

void
note_result(const struct run *run, size_t number, enum result result, const char *reason)
{
    results_set(run->block->results, number, result, reason);
}

/* The record at hand is the last one that was counted. */
static size_t
at_hand(const struct run *run)
{
    return run->count.records - 1;
}

static void
refuse(struct run *run, struct span raw, const char *reason)
{
    if (was_refused(run, raw)) {
        run->count.duplicates++;
        note_result(run, at_hand(run), RESULT_DUPLICATE, NULL);
        return;
    }
    run->count.quarantined++;
    note_result(run, at_hand(run), RESULT_QUARANTINED, reason);
    if (run->replay) /* its row stands already */
        return;
    part_quarantine(run->part, run->source, place_of(run, raw.p), raw, reason);
    run->unmatched++;
    feed_unmatched(run->source->feed, reason);
}

/* --- from fields to a pending record --- */

/* What can be wrong with a record although each of its fields is right. NULL: nothing. */
static const char *
objection(const struct run *run, const struct pending *p)
{
    const struct record *r = &p->record;

    if (r->kind == KIND_VOID || (r->version > 1 && is_counted(r->kind))) {
        const char *why = correction_objection(run, p);

        if (why || r->kind == KIND_VOID)
            return why;
    }
    if (is_paired(r->kind) && pair_objection(r))
        return pair_objection(r);
    if (record_lacks(r))
        return record_lacks(r);
    if (r->start < run->oldest)
        return "start: older than the retention, what was known of its day is gone";
    if (run->refuse_late && p->identified && r->start < run->window_start)
        return "start: older than the duplicate window";
    return NULL;
}

static void
leave_out(struct run *run, const char *why)
{
    run->count.ignored++;
    note_result(run, at_hand(run), RESULT_IGNORED, why);
    source_ignored(run->source, why);
    if (strcmp(why, NOTHING_IN_IT) == 0) {
        run->unmatched++;
        feed_unmatched(run->source->feed, why);
    }
}

/* Its conference may say it, or the leg whose feature it is. */
static bool
may_lack_customer(const struct run *run, const struct record *r)
{
    return r->kind == KIND_VOID || is_paired(r->kind) || is_of_leg(run, r);
}

/* The parser left the fields in the record that waits next. */
static void
take_record(struct run *run, struct span raw)
{
    struct pending *p = &run->group[run->pending];
    struct error err;
    const char *why;

    switch (record_from_fields(source_format(run->source), &run->mapping, &p->record.fields,
                               &run->worker->arena, &p->record, &err)) {
    case ST_OK:
        break;
    case ST_IGNORE:
        leave_out(run, err.text);
        return;
    default:
        refuse(run, raw, err.text);
        return;
    }
    if (!directory_match(run->directory, &p->record, &run->worker->arena) &&
        !may_lack_customer(run, &p->record)) {
        refuse(run, raw, "customer: missing");
        return;
    }
    p->record.people = run->worker->rules->aggregate.parts
                           ? directory_people(run->directory, &p->record)
                           : PEOPLE_NONE;
    privacy_hide(run->engine->privacy, &p->record, &run->worker->arena);
    p->raw = raw;
    p->number = at_hand(run);
    identify(run, p);
    if (p->record.version > 0 || p->record.kind == KIND_VOID) {
        p->at = place_of(run, raw.p);
        p->place = run->origin ? place_fingerprint(run, raw.p) : 0;
    }
    why = objection(run, p);
    if (!why && is_paired(p->record.kind) && !engine_pairing_has_room(run->engine, p->record.kind))
        why = "conference: as many legs are open as limits.open_legs allows";
    if (!why && !is_event(p->record.kind) && p->record.kind != KIND_VOID)
        why = name_things(run, &p->record);
    if (why) {
        refuse(run, raw, why);
        return;
    }
    if (++run->pending == GROUP)
        flush_group(run);
}

/* What the parser says of one record. */
static void
take_answer(struct run *run, enum status st, struct span raw, const struct error *err)
{
    if (st == ST_SKIP)
        return;
    run->count.records++;
    if (st == ST_OK)
        take_record(run, raw);
    else if (st == ST_IGNORE)
        leave_out(run, err->text);
    else
        refuse(run, raw, err->text);
}

static struct fields *
room_for_fields(struct run *run)
{
    return &run->group[run->pending].record.fields;
}

/* A block has left the nearer caches, or never was there, by the time it is parsed; that its lines
 * follow each other the processor notices anew on every page. */
static inline void
fetch_ahead(struct span rest)
{
    if (rest.n < FETCH_AHEAD + FETCH_BYTES)
        return;
    for (size_t i = 0; i < FETCH_BYTES; i += 64)
        __builtin_prefetch(rest.p + FETCH_AHEAD + i);
}

static void
parse_frames(struct run *run, struct span rest, void *state)
{
    const struct source *s = run->source;
    size_t limit = source_max_record(s);

    while (rest.n > 0) {
        struct span before = rest, raw = {0};
        struct error err;
        enum status st;

        fetch_ahead(rest);
        st = s->parser->next(state, s->format, s->layout, limit, &rest, &run->worker->arena,
                             room_for_fields(run), &raw, &err);

        assert(rest.n < before.n); /* a parser always advances */
        take_answer(run, st, raw, &err);
        while (s->parser->more &&
               (st = s->parser->more(state, room_for_fields(run), &err)) != ST_NOT_FOUND)
            take_answer(run, st, raw, &err);
    }
}

/* --- one block --- */

static void
refuse_frame(struct run *run, struct span frame, const char *reason)
{
    run->count.records++;
    refuse(run, frame, reason);
}

/* One range between frame ends. */
static void
parse_range(struct run *run, struct span frame, void *state)
{
    char reason[64];

    if (run->block->max_frame == 0 || frame.n <= run->block->max_frame) {
        parse_frames(run, frame, state);
        return;
    }
    snprintf(reason, sizeof reason, "datagram: longer than %u bytes", run->block->max_frame);
    refuse_frame(run, frame, reason);
}

static void
work_through(struct run *run)
{
    const struct block *b = run->block;
    void *state = run->source->parser->open ? run->source->parser->open(run->source->format) : NULL;

    if (run->source->parser->begin)
        run->source->parser->begin(state, span_str(run->source->name));
    run->origin = NULL;
    if (b->frame_end) {
        size_t begin = 0;

        for (uint32_t i = 0; i < b->frame_count; i++) {
            struct span frame = span_of(b->p + begin, b->frame_end[i] - begin);

            begin = b->frame_end[i];
            run->frame = frame.p;
            run->origin = b->frame_origin ? &b->frame_origin[i] : NULL;
            if (b->refusal)
                refuse_frame(run, frame, b->refusal);
            else
                parse_range(run, frame, state);
        }
    } else {
        parse_frames(run, span_of(b->p, b->n), state);
    }
    flush_group(run);
    if (run->source->parser->close)
        run->source->parser->close(state);
}

static void
note_feed(struct run *run)
{
    struct feed_state *f = run->source->feed;

    f->records += run->count.records;
    f->accepted += run->count.accepted;
    f->duplicates += run->count.duplicates;
    f->quarantined += run->count.quarantined;
    f->ignored += run->count.ignored;
    f->last_arrival = clock_now();
    if (!run->replay)
        feed_matched(f, run->count.records, run->count.records - run->unmatched, f->last_arrival);
    for (int64_t seen = f->last_record; run->newest_record > seen;)
        if (atomic_compare_exchange_weak(&f->last_record, &seen, run->newest_record))
            break;
    if (run->newest_record > run->part->newest_record)
        run->part->newest_record = run->newest_record;
}

static void
begin_intake(struct run *run)
{
    run->quarters = &part_intake(run->part, run->source, run->block)->quarters;
    run->quarter_records = 0;
}

static void
end_intake(struct run *run)
{
    struct intake *in = part_intake(run->part, run->source, run->block);

    note_quarter(run);
    in->records += run->count.records;
    in->accepted += run->count.accepted;
}

/* What follows is like this block. */
static void
expect_more(const struct run *run)
{
    const struct block *b = run->block;
    double each = b->n ? (double)run->count.accepted / (double)b->n : 0;
    double more = each * (double)b->follows, most = run->engine->config->limits.duplicate_records;

    dedup_expect(run->engine->dedup, (size_t)(more < most ? more : most));
}

static void
note_memory(struct worker *w)
{
    w->held = sizeof(struct run) + w->arena.total + mapping_memo_bytes() +
              classifier_bytes(w->features) + classifier_bytes(w->services);
}

static void
process(struct worker *w, struct job *job, struct run *run)
{
    struct engine *e = w->engine;
    const struct config *c = e->config;
    size_t before, deltas;
    int64_t now = clock_now();

    run->engine = e;
    run->worker = w;
    run->source = job->block.source;
    run->part = &job->batch->parts[w->index];
    run->block = &job->block;
    run->mapping = (struct mapping_context){
        .now = now,
        .max_future = c->limits.max_future,
        .max_duration = MAX_DURATION,
        .max_name = c->limits.max_name,
        .memo = run->memo,
        .arrived = job->block.arrived ? job->block.arrived : now,
    };
    run->window_start = run->mapping.now - (int64_t)c->limits.duplicate_window;
    note_window(run);
    run->refuse_late = strcmp(c->limits.late, "quarantine") == 0;
    run->oldest = (int64_t)atomic_load(&e->oldest_day) * DAY_SECONDS;
    run->replay = job->block.quarantine_id != 0;
    run->keep = c->limits.correction_window > 0 && !e->dry_run;
    run->conferences = format_options(source_format(run->source))->conferences;
    run->repeats_joins = format_content(source_format(run->source))->repeats_joins;
    run->leg_features = format_content(source_format(run->source))->leg_features;
    run->ticket = job->ticket;
    memset(&run->count, 0, sizeof run->count);
    run->unmatched = 0;
    run->newest_record = 0;
    run->pending = 0;
    begin_intake(run);
    before = part_bytes(run->part);
    deltas = part_deltas(run->part);
    run->first_cell = cells_slots(run->part->cells);
    run->tight = engine_names_tight(e, GROUP);
    run->names.added = 0;
    work_through(run);
    engine_names_note(e, run->source->feed, run->names.added);
    expect_more(run);
    outcome_add(&run->part->count, &run->count);
    end_intake(run);
    note_feed(run);
    arena_reset(&w->arena);
    mapping_memo_trim(run->memo);
    note_memory(w);
    atomic_fetch_add(&job->batch->bytes, part_deltas(run->part) - deltas);
    atomic_fetch_add(&job->batch->held, part_bytes(run->part) - before);
}

void *
worker_main(void *arg)
{
    struct worker *w = arg;
    struct engine *e = w->engine;
    struct run *run = xcalloc(1, sizeof *run);
    struct job *job;

    run->memo = mapping_memo_new();
    pthread_setname_np(pthread_self(), "worker");
    pthread_mutex_lock(&e->lock);
    while ((job = engine_next_job(e)) != NULL) {
        struct ruleset *fresh = w->rules == e->rules ? NULL : ruleset_ref(e->rules);

        run->directory = directory_ref(e->directory);
        pthread_mutex_unlock(&e->lock);
        if (fresh)
            worker_renew_rules(w, fresh);
        process(w, job, run);
        directory_unref(run->directory);
        source_unref(job->block.source);
        buffer_give(job->block.p);
        free(job->block.frame_end);
        free(job->block.frame_origin);
        pthread_mutex_lock(&e->lock);
        engine_job_done(e, job, &run->count);
        free(job);
    }
    pthread_mutex_unlock(&e->lock);
    mapping_memo_free(run->memo);
    free(run);
    return NULL;
}
