/*
 * control_commands.c - what the daemon does for the command line.
 */
#include <stdatomic.h>

#include "clock.h"
#include "control.h"
#include "engine.h"
#include "input.h"
#include "json_read.h"
#include "serve.h"

#define SLICE_MS    1000 /* how long a cancelled request may still wait */
#define PROGRESS_MS 500
#define REDIS_MS    60000 /* without Redis what is committed is safe: no need to wait longer */

static void
tell_counts(struct control_request *r, const struct outcome_count *n)
{
    json_u64(&r->result, "records", n->records);
    serve_write_outcome(&r->result, n);
}

/* --- status --- */

static int
run_status(struct control_request *r)
{
    struct buf text = {0};
    struct json_writer w;

    json_begin(&w, &text);
    serve_write_status(&w, r->target->engine, r->target->config, r->target->started);
    json_raw(&r->result, "status", span_of(text.p, text.n));
    buf_clear(&text);
    return 0;
}

/* --- waiting until everything has arrived everywhere --- */

static bool
analysis_failed(struct engine *e)
{
    struct engine_status st;

    memset(&st, 0, sizeof st);
    engine_status(e, &st);
    return st.analytics_problem[0] != '\0';
}

/* In slices, so that a hang-up or the daemon's end is noticed. limit_ms 0: no limit. */
static enum status
wait_for(struct control_request *r, unsigned what, int64_t limit_ms, struct error *err)
{
    int64_t begun = clock_mono_ms();
    enum status st;

    do {
        st = engine_settle(r->target->engine, what, SLICE_MS, err);
        if (st != ST_RETRY || control_cancelled(r))
            return st;
        if ((what & SETTLE_ANALYSED) && analysis_failed(r->target->engine))
            return st;
    } while (limit_ms == 0 || clock_mono_ms() - begun < limit_ms);
    return st;
}

static int
settle_all(struct control_request *r)
{
    struct error err = {0};

    if (wait_for(r, SETTLE_COMMITTED, 0, &err) != ST_OK)
        return control_answer(r, 69, "%s", err.text);
    if (wait_for(r, SETTLE_ANALYSED, 0, &err) != ST_OK)
        return control_answer(r, 1, "committed, but not analysed: %s", err.text);
    if (wait_for(r, SETTLE_REDIS, REDIS_MS, &err) != ST_OK)
        return control_answer(r, 69, "committed, but not yet in Redis: %s", err.text);
    return 0;
}

/* --- import --- */

struct import_call {
    struct control_request *request; /* for progress, on the request's thread only */
    int64_t said_ms;
    /* written by the ledger's thread */
    _Atomic uint64_t records, accepted, duplicates, quarantined, ignored, lost;
    struct left_out left_out; /* the workers'; whole once all is committed */
};

static void
on_block(void *arg, enum status st, const struct outcome_count *n, uint64_t batch)
{
    struct import_call *call = arg;

    (void)batch;
    if (st != ST_OK) {
        call->lost++;
        return;
    }
    call->records += n->records;
    call->accepted += n->accepted;
    call->duplicates += n->duplicates;
    call->quarantined += n->quarantined;
    call->ignored += n->ignored;
}

static void
on_progress(void *arg, const struct import_progress *p)
{
    struct import_call *call = arg;
    struct buf line = {0};
    struct json_writer w;

    if (control_cancelled(call->request) || clock_mono_ms() - call->said_ms < PROGRESS_MS)
        return;
    call->said_ms = clock_mono_ms();
    json_begin(&w, &line);
    json_object(&w, NULL);
    json_u64(&w, "bytes_read", p->bytes_read);
    json_u64(&w, "bytes_total", p->bytes_total);
    json_u64(&w, "position", p->position);
    json_u64(&w, "records", call->records);
    json_close(&w);
    control_say(call->request, &line);
    buf_clear(&line);
}

static void
tell_import(struct control_request *r, const struct import_call *call,
            const struct import_progress *p)
{
    struct outcome_count n = {call->records, call->accepted, call->duplicates, call->quarantined,
                              call->ignored};

    tell_counts(r, &n);
    json_u64(&r->result, "bytes_read", p->bytes_read);
    json_u64(&r->result, "bytes_total", p->bytes_total);
    json_u64(&r->result, "position", p->position);
    json_u64(&r->result, "resumed_at", p->resumed_at);
}

/* args: format; path, source, timezone. One descriptor, open for reading. Answers when all is
 * committed; more files may follow, until "import-over". */
static int
run_import(struct control_request *r)
{
    struct import_call *call = control_keep(r, sizeof *call);
    struct import_progress p = {0};
    struct error err = {0}, late = {0};
    struct import_options opt = {
        .fd = r->fd_count ? r->fds[0] : -1,
        .path = json_get_text(r->args, "path", "-"),
        .format = json_get_text(r->args, "format", NULL),
        .source = json_get_text(r->args, "source", NULL),
        .timezone = json_get_text(r->args, "timezone", NULL),
        .cancel = &r->cancel,
        .progress = on_progress,
        .progress_arg = call,
        .done = on_block,
        .done_arg = call,
        .left_out = &call->left_out,
    };
    enum status st;
    int code;

    if (r->fd_count != 1 || !opt.format)
        return control_answer(r, 64, "an import needs a format and one open file");
    call->request = r;
    st = import_stream(r->target->engine, &opt, &p, &err);
    code = wait_for(r, SETTLE_COMMITTED, 0, &late) == ST_OK ? 0 : 69;
    tell_import(r, call, &p);
    if (code == 0)
        left_out_write(&call->left_out, &r->result, "left_out");
    if (st != ST_OK)
        return control_failed(r, &err);
    if (call->lost)
        return control_answer(r, 1, "part of the input was not committed; import it again");
    return code;
}

static int
run_import_over(struct control_request *r)
{
    struct error err = {0};

    if (engine_import_over(r->target->engine, &err) != ST_OK)
        return control_answer(r, 69, "%s", err.text);
    return settle_all(r);
}

/* --- the rest --- */

static int
run_settle(struct control_request *r)
{
    return settle_all(r);
}

static bool
read_choice(struct control_request *r, uint64_t *id, const char **input)
{
    int64_t v = json_get_i64(r->args, "id", 0);

    *id = (uint64_t)v;
    *input = json_get_text(r->args, "input", NULL);
    return v >= 0;
}

/* args: id (0: all), input. */
static int
run_replay(struct control_request *r)
{
    struct outcome_count n = {0};
    struct error err = {0};
    const char *input;
    uint64_t id;

    if (!read_choice(r, &id, &input))
        return control_answer(r, 64, "the id is no number of a record");
    if (engine_replay(r->target->engine, id, input, &n, &err) != ST_OK)
        return control_failed(r, &err);
    tell_counts(r, &n);
    return settle_all(r);
}

static int
run_drop(struct control_request *r)
{
    struct error err = {0};
    uint64_t id, dropped = 0;
    const char *input;

    if (!read_choice(r, &id, &input))
        return control_answer(r, 64, "the id is no number of a record");
    if (engine_drop(r->target->engine, id, input, &dropped, &err) != ST_OK)
        return control_failed(r, &err);
    json_u64(&r->result, "dropped", dropped);
    return 0;
}

static int
run_customers_reload(struct control_request *r)
{
    struct error err = {0};

    if (engine_reload_customers(r->target->engine, &err) != ST_OK)
        return control_failed(r, &err);
    return 0;
}

/* args: from, to. */
static int
run_merge(struct control_request *r)
{
    struct span from = span_str(json_get_text(r->args, "from", ""));
    struct span to = span_str(json_get_text(r->args, "to", ""));
    struct error err = {0};
    uint64_t cells = 0;

    if (from.n == 0 || to.n == 0 || span_eq(from, to))
        return control_answer(r, 64, "a merge needs two different customers");
    if (engine_merge_customer(r->target->engine, from, to, &cells, &err) != ST_OK)
        return control_failed(r, &err);
    json_u64(&r->result, "cells", cells);
    return settle_all(r);
}

/* args: input, consumer. */
static int
run_stream_claim(struct control_request *r)
{
    const char *input = json_get_text(r->args, "input", "");
    const char *consumer = json_get_text(r->args, "consumer", "");
    struct error err = {0};
    uint64_t n = 0;

    if (!*input || !*consumer)
        return control_answer(r, 64, "a take-over needs an input and a consumer");
    if (r->target->claim(r->target->edge, input, consumer, &n, &err) != ST_OK)
        return control_failed(r, &err);
    json_u64(&r->result, "entries", n);
    return 0;
}

const struct control_command control_commands[] = {
    {"status", run_status},
    {"import", run_import},
    {"import-over", run_import_over},
    {"settle", run_settle},
    {"replay", run_replay},
    {"drop", run_drop},
    {"customers-reload", run_customers_reload},
    {"merge", run_merge},
    {"stream-claim", run_stream_claim},
    {NULL, NULL},
};
