/*
 * engine_replay.c - refused records once more, oldest first.
 *
 * Each row is a block of its own, and a batch that holds its effect deletes it: after a crash it
 * counted, or it stands. Rows are taken in slices, so that neither memory nor the queue is
 * filled by a large quarantine. Rows that cannot be tried at all (their format is gone) stand,
 * and do not keep the others waiting.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine_internal.h"

#define SLICE_ROWS 500

struct replay {
    struct engine *engine;
    uint64_t id, last, newest; /* 0: all; the row taken last; the last one to take */
    const char *input;
    pthread_mutex_t lock; /* for the next four */
    pthread_cond_t changed;
    size_t waiting, given_up;
    struct outcome_count count;
    size_t cut_off;  /* rows whose record was longer than what was kept */
    size_t rejected; /* rows that could not be tried; the first reason: */
    struct error reason;
    struct quarantine_row rows[SLICE_ROWS];
    struct arena memory;
    size_t row_count, tried;
};

static enum status
collect_row(void *arg, const struct quarantine_row *q, struct error *err)
{
    struct replay *r = arg;
    struct quarantine_row *copy;

    (void)err;
    r->last = q->id;
    if (q->length != q->raw.n) {
        r->cut_off++;
        return ST_OK;
    }
    copy = &r->rows[r->row_count++];
    *copy = *q;
    copy->input = arena_copy(&r->memory, q->input);
    copy->source = arena_copy(&r->memory, q->source);
    copy->format = arena_copy(&r->memory, q->format);
    copy->stream = arena_copy(&r->memory, q->stream);
    copy->timezone = arena_copy(&r->memory, q->timezone);
    copy->raw = arena_copy(&r->memory, q->raw);
    copy->header = arena_copy(&r->memory, q->header);
    return ST_OK;
}

static void
replayed(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    struct replay *r = arg;

    (void)batch;
    pthread_mutex_lock(&r->lock);
    r->given_up += st != ST_OK;
    r->count.records += count->records;
    r->count.accepted += count->accepted;
    r->count.duplicates += count->duplicates;
    r->count.quarantined += count->quarantined;
    r->count.ignored += count->ignored;
    r->waiting--;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

/* Consumes the reference to the source. */
static enum status
submit_row(struct replay *r, const struct quarantine_row *q, struct source *source,
           struct error *err)
{
    struct block b = {
        .p = xstrndup(q->raw.p, q->raw.n),
        .n = q->raw.n,
        .frame_end = xmalloc(sizeof *b.frame_end),
        .frame_count = 1,
        .offset = q->offset,
        .source = source,
        .bulk = true,
        .patient = true,
        .done = replayed,
        .done_arg = r,
        .quarantine_id = q->id,
        .arrived = q->arrived,
    };

    b.frame_end[0] = (uint32_t)b.n;
    pthread_mutex_lock(&r->lock);
    r->waiting++;
    pthread_mutex_unlock(&r->lock);
    if (engine_submit_wait(r->engine, &b) == ST_OK)
        return ST_OK;
    free(b.p);
    free(b.frame_end);
    source_unref(source);
    pthread_mutex_lock(&r->lock);
    r->waiting--;
    pthread_mutex_unlock(&r->lock);
    return fail(err, ST_RETRY, "shutting down");
}

static enum status
replay_row(struct replay *r, const struct quarantine_row *q, struct error *err)
{
    struct source_options opt = {
        .input = q->input.p,
        .format = q->format.p,
        .timezone = q->timezone.p,
        .source = q->source.p,
        .name = q->stream.p,
        .identity = (enum identity)q->identity,
    };
    struct source *source = NULL;
    struct error cause = {0};
    enum status st = engine_source(r->engine, &source, &opt, &cause);

    if (st == ST_OK && q->has_header)
        st = source_header(source, q->header, &cause);
    if (st == ST_OK)
        return submit_row(r, q, source, err);
    source_unref(source);
    if (r->rejected++ == 0)
        r->reason = cause;
    return ST_OK;
}

static enum status
read_slice(struct replay *r, struct error *err)
{
    char *path = config_state_path(r->engine->config, "ledger.db");
    struct ledger_reader *reader;
    enum status st = ledger_reader_open(&reader, path, err);

    free(path);
    if (st != ST_OK)
        return st;
    r->row_count = 0;
    arena_reset(&r->memory);
    if (r->newest == 0) /* what is refused from now on is not tried again */
        st = ledger_newest_quarantine(reader, &r->newest, err);
    if (st == ST_OK) {
        struct quarantine_range range = {r->input, r->id, r->last + 1, r->newest, SLICE_ROWS};

        st = ledger_scan_quarantine_from(reader, &range, collect_row, r, err);
    }
    ledger_reader_close(reader);
    if (st == ST_CORRUPT)
        engine_die(r->engine, st, "replay", err);
    return st;
}

/* *more: there may be more rows behind this slice. */
static enum status
replay_slice(struct replay *r, bool *more, struct error *err)
{
    uint64_t before = r->last;
    enum status st = read_slice(r, err);

    *more = r->last > before;
    for (size_t i = 0; i < r->row_count && st == ST_OK; i++)
        st = replay_row(r, &r->rows[i], err);
    r->tried += r->row_count;
    pthread_mutex_lock(&r->engine->lock);
    engine_want_commit(r->engine);
    pthread_mutex_unlock(&r->engine->lock);
    pthread_mutex_lock(&r->lock);
    while (r->waiting > 0)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    return st;
}

static enum status
conclude(const struct replay *r, struct error *err)
{
    if (r->given_up)
        return fail(err, ST_RETRY, "%zu records could not be committed and stay in quarantine",
                    r->given_up);
    if (r->rejected && r->rejected == r->tried)
        return fail(err, ST_BAD_INPUT, "%.200s", r->reason.text);
    if (r->tried)
        return ST_OK;
    if (r->cut_off)
        return fail(err, ST_BAD_INPUT,
                    "%zu records are longer than max_record and were kept in part only: send them"
                    " again from their source",
                    r->cut_off);
    return fail(err, ST_NOT_FOUND, "nothing in quarantine matches");
}

/* What counted before something went wrong counts, and is out of quarantine. */
static void
say_done(const struct replay *r, struct error *err)
{
    const struct outcome_count *n = &r->count;
    struct error cause = *err;

    if (n->records > 0)
        fail(err, cause.code,
             "%.110s; before that %llu records were read again and committed: %llu accepted,"
             " %llu duplicates, %llu ignored, %llu refused",
             cause.text, (unsigned long long)n->records, (unsigned long long)n->accepted,
             (unsigned long long)n->duplicates, (unsigned long long)n->ignored,
             (unsigned long long)n->quarantined);
}

enum status
engine_replay(struct engine *e, uint64_t id, const char *input, struct outcome_count *out,
              struct error *err)
{
    struct replay *r = xcalloc(1, sizeof *r);
    enum status st = ST_OK;
    struct error local;
    bool more = true;

    err = err ? err : &local;
    r->engine = e;
    r->id = id;
    r->input = input;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    arena_init(&r->memory);
    /* Rows that another replay has in hand are gone, or stand, when it is done. */
    pthread_mutex_lock(&e->replay_lock);
    while (more && st == ST_OK)
        st = replay_slice(r, &more, err);
    pthread_mutex_unlock(&e->replay_lock);
    if (st == ST_OK)
        st = conclude(r, err);
    if (st != ST_OK)
        say_done(r, err);
    *out = r->count;
    arena_clear(&r->memory);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
    free(r);
    return st;
}
