/*
 * engine_pairing.c - the stage that makes legs of joins and leaves, on the ledger thread.
 *
 * Workers have decided each event once, like any record; what is new of a batch comes here when its
 * last block is done. The legs go into cells of the same batch, and what is still open into the
 * same transaction: a batch that is tried again is not paired again, and after a crash the ledger
 * says which stays are open and which have counted.
 */
#include <stdlib.h>

#include "civil.h"
#include "clock.h"
#include "engine_internal.h"
#include "intake_part.h"
#include "json_write.h"

#define SLICE 4096 /* events at once: whoever looks at what is open waits no longer */

static struct pairing_options
options(const struct engine *e)
{
    const struct config_pairing *c = &e->config->pairing;

    return (struct pairing_options){.limit = c->limit,
                                    .wait = c->wait,
                                    .grace = c->grace,
                                    .settle = c->settle,
                                    .room_gap = c->room_gap};
}

/* --- room --- */

bool
engine_pairing_has_room(const struct engine *e, enum record_kind kind)
{
    uint64_t most = e->config->limits.open_legs;

    if (kind == KIND_LEG) /* many are of one conference, and that is all that is held of them */
        return atomic_load(&e->pairs_held) < most;
    /* Room is made by what ends something, if there is room for that. */
    if (kind == KIND_LEAVE || kind == KIND_CONFERENCE_END || kind == KIND_HANGUP)
        most *= 2;
    return atomic_load(&e->pairs_held) + atomic_load(&e->pairs_coming) < most;
}

static void
publish(struct engine *e)
{
    struct pairing_status s;

    pairing_status(e->pairing, &s);
    atomic_store(&e->pairs_held, s.held);
    pthread_mutex_lock(&e->lock);
    e->paired = s;
    pthread_mutex_unlock(&e->lock);
}

/* --- legs --- */

struct counting {
    struct engine *engine;
    struct directory *directory;
    struct ruleset *rules;
    struct part *part;
    struct arena scratch;
    int64_t oldest;
    struct pairing_done *done;
};

/* A leg came by the input of its join. Cells do not say which leg made them. */
static void
note_way(struct counting *c, const struct paired_leg *leg, const struct record *r)
{
    char *input = xstrndup(leg->input.p, leg->input.n);

    if (r->has & FIELD_BIT(FIELD_CUSTOMER))
        part_way(c->part, c->engine, CELL_CUSTOMER, r->text[FIELD_CUSTOMER], input);
    free(input);
}

/* The customer was found when the record came; meanwhile it may have become another's. */
static void
count_leg(void *arg, const struct paired_leg *leg)
{
    struct counting *c = arg;
    struct record r = leg->record;

    directory_match(c->directory, &r, &c->scratch);
    if (r.start < c->oldest) {
        c->done->expired++;
        return;
    }
    c->done->legs += r.kind == KIND_LEG;
    r.people = directory_people(c->directory, &r);
    aggregate_record(c->part->cells, &c->rules->aggregate, &r);
    note_way(c, leg, &r);
}

static void
write_leg(struct buf *out, const struct paired_leg *leg)
{
    static const enum field texts[] = {FIELD_CONFERENCE, FIELD_CONFERENCE_NAME, FIELD_PARTICIPANT,
                                       FIELD_PARTICIPANT_NAME, FIELD_REGION};
    static const char *const outcomes[] = {"ok", "failed", "rejected", "abandoned"};
    const struct record *r = &leg->record;
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    json_i64(&w, field_name(FIELD_START), r->start);
    json_i64(&w, field_name(FIELD_DURATION), r->duration);
    json_text(&w, field_name(FIELD_OUTCOME), outcomes[r->outcome]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (r->has & FIELD_BIT(texts[i]))
            json_span(&w, field_name(texts[i]), r->text[texts[i]]);
    if (r->feature_count) {
        json_array(&w, field_name(FIELD_FEATURES));
        for (uint32_t i = 0; i < r->feature_count; i++)
            json_span(&w, NULL, r->features[i]);
        json_close(&w);
    }
    json_close(&w);
}

/* Into the ledger as a record of its own, which the store is made from; the newest holds. */
static void
keep_conference(void *arg, const struct paired_conference *p)
{
    struct counting *c = arg;
    struct arena *mem = &c->part->memory;
    struct event_row *row = part_event_row(c->part);
    struct record owner = {.kind = KIND_CONFERENCE_END, .has = FIELD_BIT(FIELD_CUSTOMER)};
    struct buf json = {0};
    struct json_writer w;

    owner.text[FIELD_CUSTOMER] = p->customer;
    directory_match(c->directory, &owner, &c->scratch);

    json_begin(&w, &json);
    json_object(&w, NULL);
    json_span(&w, "source", p->source);
    json_span(&w, "conference_name", p->name);
    json_time(&w, "first_seen", p->first_seen);
    json_time(&w, "until", p->until);
    json_u64(&w, "joins", p->joins);
    json_u64(&w, "legs", p->legs);
    json_u64(&w, "people", p->people);
    json_u64(&w, "estimated", p->estimated);
    json_close(&w);
    *row = (struct event_row){
        .kind = KIND_CONFERENCE_END,
        .start = p->start,
        .customer = arena_copy(mem, owner.text[FIELD_CUSTOMER]),
        .id = arena_copy(mem, p->id),
        .json = arena_copy(mem, span_of(json.p, json.n)),
    };
    buf_clear(&json);
}

/* Nobody said whose it is. It goes to quarantine as the leg that it would have been, and counts
 * when it is replayed after the list of customers has learned of its participant. */
static void
refuse_leg(void *arg, const struct paired_leg *leg)
{
    struct counting *c = arg;
    struct arena *mem = &c->part->memory;
    struct buf json = {0};
    char *input;
    struct quarantine_row *q;

    write_leg(&json, leg);
    input = xstrndup(leg->input.p, leg->input.n);
    q = part_quarantine_row(c->part);
    *q = (struct quarantine_row){
        .input = arena_copy(mem, leg->input),
        .source = arena_copy(mem, leg->source),
        .format = SPAN("ndjson"),
        .stream = SPAN("pairing"),
        .reason = leg->joined ? SPAN("customer: neither its join nor its conference has one")
                              : SPAN("customer: missing in a leave whose join never came"),
        .raw = arena_copy(mem, span_of(json.p, json.n)),
        .length = (uint32_t)json.n,
        .arrived = clock_now(),
        .identity = IDENTITY_NONE,
    };
    atomic_fetch_add(&engine_feed(c->engine, input)->quarantine_bytes, (int64_t)json.n);
    free(input);
    buf_clear(&json);
}

/* --- a batch --- */

/* All events of the batch in one array, which is the first part's. */
static size_t
gather(struct engine *e, struct batch *b, struct pair_event **out)
{
    struct part *first = &b->parts[0];
    size_t n = 0, legs = 0;

    for (size_t i = 0; i < e->worker_count; i++) {
        n += b->parts[i].pair_count;
        legs += b->parts[i].listed_count;
    }
    atomic_fetch_sub(&e->pairs_coming, n - legs);
    if (n > first->pair_cap) {
        first->pair_cap = n;
        first->pairs = xrealloc(first->pairs, n * sizeof *first->pairs);
    }
    for (size_t i = 1, at = first->pair_count; i < e->worker_count; i++) {
        const struct part *p = &b->parts[i];

        if (p->pair_count)
            memcpy(first->pairs + at, p->pairs, p->pair_count * sizeof *p->pairs);
        at += p->pair_count;
    }
    *out = first->pairs;
    return n;
}

static void
begin_counting(struct counting *c, struct engine *e, struct batch *b, struct pairing_done *done)
{
    *c = (struct counting){.engine = e, .part = &b->parts[0], .done = done};
    arena_init(&c->scratch);
    c->oldest = (int64_t)atomic_load(&e->oldest_day) * DAY_SECONDS;
    pthread_mutex_lock(&e->lock);
    c->directory = directory_ref(e->directory);
    c->rules = ruleset_ref(e->rules);
    pthread_mutex_unlock(&e->lock);
}

static void
end_counting(struct counting *c, size_t first_cell)
{
    engine_names_take(c->engine, c->part->cells, first_cell);
    directory_unref(c->directory);
    ruleset_unref(c->rules);
    arena_clear(&c->scratch);
}

void
engine_pair(struct engine *e, struct batch *b, bool finish, struct pairing_done *out)
{
    struct pairing_options opt = options(e);
    struct pairing_sink sink = {count_leg, keep_conference, refuse_leg, NULL};
    size_t first_cell = cells_slots(b->parts[0].cells);
    struct pair_event *events;
    struct counting counting;
    int64_t now = clock_now();
    size_t n = gather(e, b, &events);
    bool pass = finish || b->bulk_only || pairing_is_due(e->pairing, &opt, now);

    memset(out, 0, sizeof *out);
    if (n == 0 && !pass)
        return;
    begin_counting(&counting, e, b, out);
    sink.arg = &counting;
    n = pairing_sort(events, n);
    for (size_t done = 0; done < n; done += SLICE) {
        pthread_mutex_lock(&e->pairing_lock);
        pairing_feed(e->pairing, &opt, events + done, n - done < SLICE ? n - done : SLICE, now,
                     &sink);
        pthread_mutex_unlock(&e->pairing_lock);
    }
    pthread_mutex_lock(&e->pairing_lock);
    if (pass)
        pairing_pass(e->pairing, &opt, now, finish, &sink);
    if (!e->dry_run)
        out->row_count = pairing_changes(e->pairing, &out->rows, &b->parts[0].memory);
    pthread_mutex_unlock(&e->pairing_lock);
    end_counting(&counting, first_cell);
}

void
engine_paired(struct engine *e)
{
    pthread_mutex_lock(&e->pairing_lock);
    pairing_settled(e->pairing);
    publish(e);
    pthread_mutex_unlock(&e->pairing_lock);
}

bool
engine_pairing_is_due(const struct engine *e)
{
    struct pairing_options opt = options(e);

    return pairing_is_due(e->pairing, &opt, clock_now());
}

/* --- the start, and status --- */

static enum status
load_row(void *arg, const struct open_leg_row *row, struct error *err)
{
    return pairing_load(arg, row, err);
}

enum status
engine_load_pairs(struct engine *e, struct error *err)
{
    enum status st = ledger_load_open_legs(e->ledger, load_row, e->pairing, err);

    publish(e);
    return st;
}

void
engine_live(struct engine *e, struct live *out, struct arena *mem)
{
    pthread_mutex_lock(&e->pairing_lock);
    pairing_live(e->pairing, out, mem);
    pthread_mutex_unlock(&e->pairing_lock);
}

void
engine_open_stays(struct engine *e, const char *input, open_stay_visit *visit, void *arg)
{
    pthread_mutex_lock(&e->pairing_lock);
    pairing_stays(e->pairing, span_str(input), visit, arg);
    pthread_mutex_unlock(&e->pairing_lock);
}
