/*
 * ingest.c - records by HTTP: one request, one block, one answer after the commit.
 *
 * The event loop looks at the headers only. Bodies are unpacked, measured and submitted on a
 * thread of their own, because that takes longer than a callback may; the answer comes from
 * the ledger's thread. Nothing of a request is counted unless all of it was submitted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "format.h"
#include "hash.h"
#include "idempotency.h"
#include "ingest_internal.h"
#include "json_write.h"
#include "log.h"
#include "webhook.h"

#define BUSY         "Retry-After: 1\r\n"
#define STOPPING     "Retry-After: 5\r\n"
#define REPLAYED     "Idempotent-Replayed: true\r\n"
#define AUTHENTICATE "WWW-Authenticate: Bearer\r\n" /* RFC 9110, 15.5.2 */

#define REFUSAL_LOG_MS 10000 /* at most one line of an input in this time */

/* --- on the event loop --- */

bool
ingest_has(const struct ingest *in, struct span path)
{
    return ingest_entrance(in, path) != NULL;
}

bool
ingest_asks(const struct ingest *in, struct span path)
{
    return ingest_entrance(in, path)->input->signature != NULL;
}

bool
ingest_takes(const struct ingest *in, const struct http_request *r)
{
    return span_is(r->method, "POST") ||
           (span_is(r->method, "GET") && ingest_entrance(in, r->path)->by_query);
}

bool
ingest_validates(const struct ingest *in, const struct http_request *r)
{
    return span_is(r->method, "POST") && ingest_entrance(in, r->path)->notified &&
           webhook_validates(r->query);
}

/* Browsers name the page that sends; a page of another site must not feed records to a
 * daemon that trusts whoever reaches its loopback address. */
static bool
from_other_site(const struct http_request *r)
{
    struct span origin = http_request_field(r, "origin"), host = http_request_field(r, "host");

    if (origin.n == 0)
        return false;
    return origin.n <= host.n + 3 ||
           !span_eq_nocase(span_of(origin.p + origin.n - host.n, host.n), host) ||
           memcmp(origin.p + origin.n - host.n - 3, "://", 3) != 0;
}

/* What GET has there is the record. */
static struct span
ingest_query(const struct http_request *r)
{
    return span_is(r->method, "GET") ? (struct span){0} : r->query;
}

/* Whether results=1 is asked for. What else a query says is the sender's own. ST_BAD_INPUT: results
 * is neither 1 nor 0. */
static enum status
wants_results(struct span query, bool *each, struct error *err)
{
    *each = false;
    while (query.n > 0) {
        const char *end = memchr(query.p, '&', query.n);
        struct span word = {query.p, end ? (size_t)(end - query.p) : query.n};

        query = span_of(word.p + word.n, query.n - word.n);
        if (query.n > 0)
            query = span_of(query.p + 1, query.n - 1);
        if (word.n < strlen("results=") || memcmp(word.p, "results=", strlen("results=")) != 0)
            continue;
        if (!span_is(word, "results=1") && !span_is(word, "results=0"))
            return fail(err, ST_BAD_INPUT, "results may be 1 or 0");
        *each = span_is(word, "results=1");
    }
    return ST_OK;
}

bool
ingest_head(struct ingest *in, struct http_request *r)
{
    struct entrance *e = ingest_entrance(in, r->path);
    struct span type = http_request_field(r, "content-type");
    struct span coding = http_request_field(r, "content-encoding"), key;
    struct error err;
    bool each;

    if (from_other_site(r))
        http_problem(r, 403, NULL, "Pages of other sites may not send records.");
    else if (!media_format(e->input->format, e->family, media_of_type(type)))
        http_problem(r, 415, NULL, "Format %s does not come as Content-Type \"%.*s\".",
                     e->input->format, (int)(type.n < 80 ? type.n : 80), type.p);
    else if (body_coding(coding) == CODING_UNKNOWN)
        http_problem(r, 415, "Accept-Encoding: gzip, zstd\r\n",
                     "Content-Encoding may be gzip, zstd or identity.");
    else if (idempotency_key(r, &key, &err) != ST_OK ||
             wants_results(ingest_query(r), &each, &err) != ST_OK)
        http_problem(r, 400, NULL, "%s", err.text);
    return !r->replied;
}

void
ingest_request(struct ingest *in, struct http_request *r)
{
    struct job *job;

    if (!in->started) { /* stopped while the body was on its way */
        http_problem(r, 503, STOPPING, "The daemon is stopping; nothing was counted.");
        return;
    }
    job = xcalloc(1, sizeof *job);
    job->entrance = ingest_entrance(in, r->path);
    job->request = r;
    job->body = r->body;
    memset(&r->body, 0, sizeof r->body);
    if (span_is(r->method, "GET"))
        buf_add(&job->body, r->query.p, r->query.n);
    job->coding = body_coding(http_request_field(r, "content-encoding"));
    job->family = media_of_type(http_request_field(r, "content-type"));
    job->format = media_format(job->entrance->input->format, job->entrance->family, job->family);
    if (job->family == FAMILY_OWN || job->entrance->family == FAMILY_DOCUMENT)
        job->family = job->entrance->family;
    idempotency_key(r, &job->once.key, NULL);         /* looked at with the head, */
    wants_results(ingest_query(r), &job->each, NULL); /* and so was this */
    pthread_mutex_lock(&in->lock);
    *in->last = job;
    in->last = &job->next;
    pthread_cond_signal(&in->wake);
    pthread_mutex_unlock(&in->lock);
}

/* --- the answer --- */

/* Who waits for a commit. */
struct waiting {
    struct http_request *request;
    int status;              /* of the answer to what was committed */
    struct results *results; /* or NULL: the counts will do */
};

static void
write_results(struct json_writer *w, const struct results *results)
{
    struct span reason;

    json_array(w, "results");
    for (size_t i = 0; i < results_count(results); i++) {
        json_object(w, NULL);
        json_text(w, "result", result_name(results_get(results, i, &reason)));
        if (reason.n > 0)
            json_span(w, "reason", reason);
        json_close(w);
    }
    json_close(w);
}

static void
reply_counts(const struct waiting *to, const struct outcome_count *n, uint64_t batch, bool repeated)
{
    struct buf body = {0};
    struct json_writer w;

    json_begin(&w, &body);
    json_object(&w, NULL);
    serve_write_outcome(&w, n);
    json_u64(&w, "batch", batch);
    if (to->results && !repeated)
        write_results(&w, to->results);
    json_close(&w);
    buf_char(&body, '\n');
    http_reply(to->request, to->status, "application/json", &body, repeated ? REPLAYED : NULL);
}

static void
stop_waiting(struct waiting *w)
{
    results_free(w->results);
    free(w);
}

/* To a request without records. */
static void
reply_nothing(const struct job *job)
{
    static const struct outcome_count none;
    struct waiting w = {job->request, 200, job->each ? results_new() : NULL};

    reply_counts(&w, &none, 0, false);
    results_free(w.results);
}

/* On the ledger's thread. */
static void
on_committed(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    struct waiting *w = arg;

    if (st == ST_OK || st == ST_SKIP)
        reply_counts(w, count, batch, st == ST_SKIP);
    else
        http_problem(w->request, 503, BUSY,
                     "The records could not be committed and are not counted.");
    stop_waiting(w);
}

/* --- on the ingest thread --- */

static bool
is_json_array(const struct job *job)
{
    return job->family == FAMILY_JSON && body_is_array(span_of(job->body.p, job->body.n));
}

static void
drop_front(struct buf *b, size_t n)
{
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

static enum status
open_source(struct ingest *in, struct job *job, struct source **out, struct error *err)
{
    struct source_options opt = {
        .input = job->entrance->input->title,
        .format = job->format,
        .timezone = job->entrance->input->timezone,
        .source = job->entrance->input->source,
        .name = job->request->peer,
        .identity = IDENTITY_NONE,
        .json_array = is_json_array(job),
    };

    return engine_source(in->engine, out, &opt, err);
}

/* Gives the first line to the source. *header is how long it was. */
static enum status
read_header(struct source *src, struct buf *body, size_t *header, struct error *err)
{
    const char *end = memchr(body->p, '\n', body->n);
    size_t n = end ? (size_t)(end - body->p) : body->n;
    struct span line = {body->p, n > 0 && body->p[n - 1] == '\r' ? n - 1 : n};
    enum status st = source_header(src, line, err);

    if (st != ST_OK)
        return st;
    *header = end ? n + 1 : n;
    drop_front(body, *header);
    return ST_OK;
}

static void
refuse_names(struct http_request *r, int64_t wait_ms)
{
    char after[40];

    snprintf(after, sizeof after, "Retry-After: %lld\r\n", (long long)(wait_ms + 999) / 1000);
    http_problem(r, 429, after,
                 "More new names within a minute than limits.max_new_names allows; nothing was"
                 " counted.");
}

/* Consumes body, source and request. */
static void
submit(struct ingest *in, struct job *job, struct source *src, size_t offset)
{
    struct waiting *waiting = xcalloc(1, sizeof *waiting);
    struct block b = {
        .p = job->body.p,
        .n = job->body.n,
        .offset = offset,
        .source = src,
        .done = on_committed,
        .done_arg = waiting,
    };
    enum status st;
    int64_t wait_ms;

    waiting->request = job->request;
    waiting->status = job->notice ? 202 : 200; /* what was told of is still to be fetched */
    b.results = waiting->results = job->each ? results_new() : NULL;
    st = job->once.key.n ? engine_submit_once(in->engine, &b, &job->once)
                         : engine_submit(in->engine, &b);
    if (st == ST_OK) {
        memset(&job->body, 0, sizeof job->body);
        return;
    }
    stop_waiting(waiting);
    wait_ms = source_wait_ms(src);
    source_unref(src);
    if (st == ST_FULL && wait_ms > 0)
        refuse_names(job->request, wait_ms);
    else if (st == ST_FULL)
        http_problem(job->request, 503, BUSY,
                     "No room for more now (/v1/status says why); nothing was counted.");
    else if (st == ST_BAD_INPUT)
        http_problem(job->request, 422, NULL,
                     "This Idempotency-Key came with another body before; nothing was counted.");
    else if (st == ST_IO)
        http_problem(job->request, 503, BUSY,
                     "The Idempotency-Key cannot be looked up now; nothing was counted.");
    else
        http_problem(job->request, 503, STOPPING, "The daemon is stopping; nothing was counted.");
}

/* 0, or the status that the body deserves; *detail says why. */
static int
inspect_body(const struct ingest *in, struct job *job, struct source *src, size_t *offset,
             struct error *err)
{
    struct span all;
    size_t records = 0;

    if (source_needs_header(src) && read_header(src, &job->body, offset, err) != ST_OK)
        return 422;
    all = span_of(job->body.p, job->body.n);
    if (job->family != FAMILY_DOCUMENT) /* which have a length of their own, and any lines */
        records = is_json_array(job) ? body_count_elements(all) : body_count_lines(all);
    if (records > in->max_records) {
        fail(err, ST_FULL, "more than %u records in one request", in->max_records);
        return 413;
    }
    if (!body_is_blank(all) && source_cut(src, all, true) != all.n) {
        fail(err, ST_BAD_INPUT, "the body ends inside a record");
        return 400;
    }
    return 0;
}

static void
skip_byte_order_mark(struct buf *b)
{
    if (b->n >= 3 && memcmp(b->p, "\xEF\xBB\xBF", 3) == 0)
        drop_front(b, 3);
}

static void
answer_validation(struct http_request *r)
{
    struct buf reply = {0};
    struct error err;

    if (webhook_validation(r->query, &reply, &err) == ST_OK)
        http_reply(r, 200, "text/plain", &reply, NULL);
    else
        http_problem(r, 400, NULL, "%s", err.text);
}

/* False: the request has its answer. */
static bool
admit(struct ingest *in, struct job *job)
{
    struct entrance *e = job->entrance;
    struct span body = {job->body.p, job->body.n};
    int64_t now_ms = clock_mono_ms();
    struct buf reply = {0};
    struct error err;

    if (webhook_check(e->input, job->request, body, &err) == ST_OK) {
        if (e->notified && body.n == 0 && webhook_validates(job->request->query)) {
            answer_validation(job->request);
            return false;
        }
        if (!webhook_question(e->input, body, &reply))
            return true;
        http_reply(job->request, 200, "application/json", &reply, NULL);
        return false;
    }
    e->feed.strangers++;
    engine_report_feed(in->engine, &e->feed);
    if (e->refusal_logged_ms == 0 || now_ms - e->refusal_logged_ms >= REFUSAL_LOG_MS) {
        e->refusal_logged_ms = now_ms;
        log_warn("sender_refused", "input=%s from=%s refused=%llu reason=\"%s\"", e->input->title,
                 job->request->peer, (unsigned long long)e->feed.strangers, err.text);
    }
    http_problem(job->request, webhook_refusal(e->input), AUTHENTICATE,
                 "Input %.60s takes signed requests only: %s. Nothing was counted.",
                 e->input->title, err.text);
    return false;
}

static void
run_job(struct ingest *in, struct job *job)
{
    struct source *src = NULL;
    struct error err = {0};
    size_t offset = 0;
    int status = 0;
    enum status st;

    if (!admit(in, job))
        return;
    st = body_unpack(&job->body, job->coding, &in->unpack, &err);
    job->entrance->feed.bytes += job->body.n;
    engine_report_feed(in->engine, &job->entrance->feed);
    if (st != ST_OK) {
        http_problem(job->request, st == ST_BAD_INPUT ? 400 : 413, NULL, "%s", err.text);
        return;
    }
    if (job->once.key.n) /* of what was meant: packed anew it is still the same */
        job->once.body_hash =
            hash_bytes(job->body.p, job->body.n, hash_bytes(job->format, strlen(job->format), 0));
    skip_byte_order_mark(&job->body);
    if (body_is_blank(span_of(job->body.p, job->body.n))) {
        reply_nothing(job);
        return;
    }
    job->notice = job->entrance->notified && webhook_notifies(span_of(job->body.p, job->body.n));
    if (open_source(in, job, &src, &err) != ST_OK) {
        log_error("ingest_failed", "input=%s error=\"%s\"", job->entrance->input->title, err.text);
        http_problem(job->request, 500, NULL, "%s", err.text);
        return;
    }
    status = inspect_body(in, job, src, &offset, &err);
    if (status == 0 && !body_is_blank(span_of(job->body.p, job->body.n))) {
        submit(in, job, src, offset);
        return;
    }
    source_unref(src);
    if (status == 0) /* a header and nothing else */
        reply_nothing(job);
    else
        http_problem(job->request, status, NULL, "%s", err.text);
}

void *
ingest_run(void *arg)
{
    struct ingest *in = arg;
    struct job *job;
    bool stopping;

    pthread_setname_np(pthread_self(), "ingest");
    for (;;) {
        pthread_mutex_lock(&in->lock);
        while (!in->first && !in->stopping)
            pthread_cond_wait(&in->wake, &in->lock);
        job = in->first;
        stopping = in->stopping;
        if (job && !(in->first = job->next))
            in->last = &in->first;
        pthread_mutex_unlock(&in->lock);
        if (!job)
            return NULL;
        if (stopping)
            http_problem(job->request, 503, STOPPING,
                         "The daemon is stopping; nothing was counted.");
        else
            run_job(in, job);
        buf_clear(&job->body);
        free(job);
    }
}
