/*
 * readers.c - the threads that answer out of the store, and their queue.
 */
#include "readers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

#define THREADS 4

struct errand {
    struct errand *next;
    struct http_request *request;
    reading *what;
};

struct readers {
    struct readers_options opt; /* its configuration is only the first one */
    pthread_t threads[THREADS];
    unsigned started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* under lock */
    const struct config *config;
    struct errand *first, **last;
    unsigned waiting;
    bool stopping;
};

void
reader_problem(struct http_request *r, const struct error *err)
{
    switch (err->code) {
    case ST_BAD_INPUT:
    case ST_FULL:
        http_problem(r, 400, NULL, "%s", err->text);
        break;
    case ST_NOT_FOUND:
        http_problem(r, 404, NULL, "%s", err->text);
        break;
    case ST_RETRY:
        http_problem(r, 503, "Retry-After: 5\r\n", "%s", err->text);
        break;
    default:
        log_error("read_failed", "path=%.*s error=\"%s\"", SPAN_ARG(r->path), err->text);
        http_problem(r, 500, NULL, "The store could not be read; the log says why.");
    }
}

void
reader_reply(struct http_request *r, enum status st, struct buf *body, const struct error *err)
{
    if (st == ST_OK) {
        buf_char(body, '\n');
        http_reply(r, 200, "application/json", body, NULL);
    } else {
        reader_problem(r, err);
    }
    buf_clear(body);
}

void
reader_reply_csv(struct http_request *r, const char *name, struct buf *body)
{
    char extra[120];

    snprintf(extra, sizeof extra, "Content-Disposition: attachment; filename=\"%s.csv\"\r\n", name);
    http_reply(r, 200, "text/csv; charset=utf-8; header=present", body, extra);
    buf_clear(body);
}

/* --- a thread --- */

static enum status
open_store(const struct config *c, enum store_mode mode, struct store **out, struct error *err)
{
    char *path = NULL;
    enum status st = store_path(&path, c->store_url, c->state_dir, err);

    if (st == ST_OK)
        st = store_open(out, path, mode, err);
    free(path);
    return st;
}

enum status
reader_edit(const struct reader *rd, struct store **out, struct error *err)
{
    return open_store(rd->config, STORE_EDIT, out, err);
}

enum status
reader_customer(const struct reader *rd, const char *id, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(rd->store, &q,
                                 "SELECT 1 FROM customer WHERE id = ?1 AND merged_into IS NULL AND"
                                 " (?2 IS NULL OR owner = ?2)",
                                 err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, id);
    query_set_str(q, 2, rd->viewer);
    st = query_next(q, err);
    query_free(q);
    return st == ST_NOT_FOUND ? fail(err, st, "There is no customer \"%.128s\".", id) : st;
}

static void
answer(struct reader *rd, struct errand *e, int64_t limit_ms)
{
    const struct asker *asker = e->request->user;
    struct error err;

    if (!rd->store && open_store(rd->config, STORE_READ, &rd->store, &err) != ST_OK) {
        http_problem(e->request, 503, "Retry-After: 5\r\n", "%s", err.text);
        return;
    }
    rd->viewer = asker && asker->limited ? asker->owner : NULL;
    store_limit_time(rd->store, limit_ms);
    e->what(rd, e->request);
    store_limit_time(rd->store, 0);
    store_rollback(rd->store);
}

static struct errand *
next_errand(struct readers *p, const struct config **config)
{
    struct errand *e = NULL;

    pthread_mutex_lock(&p->lock);
    while (!p->first && !p->stopping)
        pthread_cond_wait(&p->wake, &p->lock);
    if (!p->stopping) {
        e = p->first;
        p->first = e->next;
        if (!p->first)
            p->last = &p->first;
        p->waiting--;
    }
    *config = p->config;
    pthread_mutex_unlock(&p->lock);
    return e;
}

static void *
run(void *arg)
{
    struct readers *p = arg;
    struct arena memory;
    struct reader rd = {.serve = p->opt.serve, .memory = &memory};
    struct errand *e;

    arena_init(&memory);
    while ((e = next_errand(p, &rd.config)) != NULL) {
        answer(&rd, e, p->opt.time_limit_ms);
        free(e);
        arena_reset(&memory);
    }
    arena_clear(&memory);
    store_close(rd.store);
    return NULL;
}

/* --- the event loop's side --- */

void
readers_take(struct readers *p, struct http_request *r, reading *what)
{
    bool full;

    pthread_mutex_lock(&p->lock);
    full = p->waiting >= p->opt.waiting;
    if (!full) {
        struct errand *e = xcalloc(1, sizeof *e);

        *e = (struct errand){.request = r, .what = what};
        *p->last = e;
        p->last = &e->next;
        p->waiting++;
        pthread_cond_signal(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);
    if (full)
        http_problem(r, 503, "Retry-After: 1\r\n", "Too many questions wait for an answer.");
}

void
readers_change(struct readers *p, const struct config *config)
{
    pthread_mutex_lock(&p->lock);
    p->config = config;
    pthread_mutex_unlock(&p->lock);
}

enum status
readers_open(struct readers **out, const struct readers_options *opt, struct error *err)
{
    struct readers *p = xcalloc(1, sizeof *p);

    p->opt = *opt;
    p->config = opt->config;
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (; p->started < opt->threads && p->started < THREADS; p->started++) {
        if (pthread_create(&p->threads[p->started], NULL, run, p) != 0) {
            readers_close(p);
            return fail(err, ST_IO, "no thread can be started to answer questions");
        }
        pthread_setname_np(p->threads[p->started], opt->name);
    }
    *out = p;
    return ST_OK;
}

void
readers_close(struct readers *p)
{
    struct errand *e, *next;

    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++)
        pthread_join(p->threads[i], NULL);
    for (e = p->first; e; e = next) {
        next = e->next;
        http_problem(e->request, 503, "Retry-After: 5\r\n", "The daemon is stopping.");
        free(e);
    }
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
