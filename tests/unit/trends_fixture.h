/*
 * trends_fixture.h - a ledger in memory and a private Redis for the tests of trends/.
 */
#ifndef TRENDS_FIXTURE_H
#define TRENDS_FIXTURE_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "cell.h"
#include "civil.h"
#include "clock.h"
#include "hash.h"
#include "keys.h"
#include "log.h"
#include "projection.h"
#include "test.h"
#include "../../daemon/trends/redis_link.h"

#define FIXTURE __attribute__((unused)) static

/* --- a ledger --- */

#define DAY 20779 /* 2026-11-22 */

enum { ON_DISK, IN_MEMORY }; /* cell.flags */

struct fake_ledger {
    pthread_mutex_t mutex;
    struct cells *totals;
    struct cells *rows; /* as the last fold left them: older than memory where that changed */
    uint64_t last, since;
    uint64_t old_incarnation, old_last; /* the run before this one; 0: none */
    int64_t now;
    unsigned disk_visits, older_asked;
    struct change_feed feed;
};

FIXTURE uint64_t
fake_last(void *ctx)
{
    struct fake_ledger *l = ctx;
    uint64_t v;

    pthread_mutex_lock(&l->mutex);
    v = l->last;
    pthread_mutex_unlock(&l->mutex);
    return v;
}

FIXTURE uint64_t
fake_since(void *ctx)
{
    struct fake_ledger *l = ctx;
    uint64_t v;

    pthread_mutex_lock(&l->mutex);
    v = l->since;
    pthread_mutex_unlock(&l->mutex);
    return v;
}

FIXTURE int64_t
fake_now(void *ctx)
{
    struct fake_ledger *l = ctx;
    int64_t v;

    pthread_mutex_lock(&l->mutex);
    v = l->now;
    pthread_mutex_unlock(&l->mutex);
    return v;
}

FIXTURE bool
fake_history(void *ctx, uint64_t incarnation, uint64_t seq)
{
    struct fake_ledger *l = ctx;

    if (incarnation == l->feed.incarnation)
        return seq <= fake_last(ctx);
    return incarnation == l->old_incarnation && seq <= l->old_last;
}

FIXTURE enum status
fake_scan(struct fake_ledger *l, int where, unsigned partition, uint64_t after, cell_visit *visit,
          void *arg, struct error *err)
{
    enum status st = ST_OK;
    struct cell *c;

    CELLS_EACH (l->totals, c)
        if (st == ST_OK && c->flags == where && c->partition == partition && c->seq > after) {
            if (where == ON_DISK)
                l->disk_visits++;
            st = visit(arg, c, err);
        }
    return st;
}

FIXTURE bool
is_outdated(struct fake_ledger *l, const struct cell *row)
{
    struct cell *c = cells_find(l->totals, (enum cell_kind)row->kind, row->name, row->day);

    return c && c->flags == IN_MEMORY;
}

FIXTURE enum status
fake_scan_disk(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
               struct error *err)
{
    struct fake_ledger *l = ctx;
    struct cell *row;
    enum status st;

    pthread_mutex_lock(&l->mutex);
    st = fake_scan(l, ON_DISK, partition, after, visit, arg, err);
    CELLS_EACH (l->rows, row)
        if (st == ST_OK && row->partition == partition && row->seq > after && is_outdated(l, row))
            st = visit(arg, row, err);
    pthread_mutex_unlock(&l->mutex);
    return st;
}

FIXTURE enum status
fake_scan_memory(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
                 uint64_t *upto, struct error *err)
{
    struct fake_ledger *l = ctx;
    enum status st;

    pthread_mutex_lock(&l->mutex);
    st = fake_scan(l, IN_MEMORY, partition, after, visit, arg, err);
    if (st == ST_OK)
        *upto = l->last;
    pthread_mutex_unlock(&l->mutex);
    return st;
}

FIXTURE enum status
fake_has_older(void *ctx, enum cell_kind kind, struct span name, int32_t from, int32_t to,
               uint64_t upto, bool *has, struct error *err)
{
    struct fake_ledger *l = ctx;

    (void)err;
    *has = false;
    pthread_mutex_lock(&l->mutex);
    l->older_asked++;
    for (int32_t day = from; day < to; day++) {
        const struct cell *c = cells_find(l->totals, kind, name, day);

        *has |= c && c->seq <= upto;
    }
    pthread_mutex_unlock(&l->mutex);
    return ST_OK;
}

FIXTURE struct fake_ledger *
fake_ledger(const char *id, uint64_t incarnation)
{
    struct fake_ledger *l = xcalloc(1, sizeof *l);

    pthread_mutex_init(&l->mutex, NULL);
    l->totals = cells_new();
    l->rows = cells_new();
    l->now = clock_now();
    l->feed = (struct change_feed){.ctx = l,
                                   .incarnation = incarnation,
                                   .last_batch = fake_last,
                                   .in_history = fake_history,
                                   .scan_disk = fake_scan_disk,
                                   .scan_memory = fake_scan_memory,
                                   .memory_since = fake_since,
                                   .has_older = fake_has_older,
                                   .now = fake_now};
    snprintf(l->feed.ledger_id, sizeof l->feed.ledger_id, "%s", id);
    return l;
}

FIXTURE void
fake_ledger_free(struct fake_ledger *l)
{
    cells_free(l->totals);
    cells_free(l->rows);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

/* A batch: begin, change cells, end. */
FIXTURE void
batch_begin(struct fake_ledger *l)
{
    pthread_mutex_lock(&l->mutex);
    l->last++;
}

FIXTURE void
batch_end(struct fake_ledger *l)
{
    pthread_mutex_unlock(&l->mutex);
}

FIXTURE struct cell *
change(struct fake_ledger *l, enum cell_kind kind, const char *name, int32_t day)
{
    struct cell *c = cells_get(l->totals, kind, span_str(name), day);

    c->seq = l->last;
    c->flags = IN_MEMORY;
    return c;
}

FIXTURE void
add5(struct cell *c, unsigned slot, int64_t a, int64_t b, int64_t c3, int64_t d, int64_t e)
{
    int64_t v[SERVICE_COLUMNS] = {a, b, c3, d, e};

    cell_add(c, slot, v);
}

FIXTURE void
person(struct cell *c, int which, const char *name)
{
    cell_add_distinct(c, (unsigned)which, hash_sketch(span_str(name)));
}

/* One ok leg of a minute in the given quarter. */
FIXTURE void
leg(struct fake_ledger *l, const char *customer, int32_t day, unsigned quarter)
{
    struct cell *c = change(l, CELL_CUSTOMER, customer, day);

    add5(c, quarter, 1, 60, 0, 0, 0);
    person(c, SKETCH_PEOPLE, customer);
    person(c, SKETCH_SECOND, "room");
}

/* 40 customers on 35 days of two months. */
FIXTURE void
many_days(struct fake_ledger *l)
{
    batch_begin(l);
    for (int d = 0; d < 35; d++)
        for (int i = 0; i < 40; i++) {
            char name[16];

            snprintf(name, sizeof name, "c%d", i);
            leg(l, name, DAY - d, (unsigned)(d + i) % 96);
        }
    batch_end(l);
}

/* As an import's batch does: all is on disk, and memory keeps it, too. */
FIXTURE void
write_rows(struct fake_ledger *l)
{
    struct cell *c;

    pthread_mutex_lock(&l->mutex);
    cells_reset(l->rows);
    CELLS_EACH (l->totals, c) {
        struct cell *row = cells_get(l->rows, (enum cell_kind)c->kind, c->name, c->day);

        cell_merge(row, c);
        row->seq = c->seq;
    }
    pthread_mutex_unlock(&l->mutex);
}

FIXTURE void
fold(struct fake_ledger *l)
{
    struct cell *c;

    write_rows(l);
    pthread_mutex_lock(&l->mutex);
    CELLS_EACH (l->totals, c)
        c->flags = ON_DISK;
    l->since = l->last;
    pthread_mutex_unlock(&l->mutex);
}

/* --- waiting for a condition --- */

#define WAIT_LIMIT_MS 60000
#define WAIT_UNTIL(cond)                                                                           \
    do {                                                                                           \
        int64_t end_ = clock_mono_ms() + WAIT_LIMIT_MS;                                            \
        while (!(cond)) {                                                                          \
            if (clock_mono_ms() > end_)                                                            \
                test_fail(__FILE__, __LINE__, "still not: %s", #cond);                             \
            poll(NULL, 0, 5);                                                                      \
        }                                                                                          \
    } while (0)

/* --- a Redis --- */

FIXTURE struct redis_link *
connect_to(const char *url, struct error *err)
{
    struct redis_link_options opt = {
        .name = "test", .connect_timeout_ms = 5000, .silence_timeout_ms = 30000};
    struct redis_link *link = NULL;
    struct redis_url where;

    CHECK(redis_url_parse(&where, url, err) == ST_OK);
    opt.url = &where;
    redis_link_open(&link, &opt, err);
    redis_url_clear(&where);
    return link;
}

FIXTURE int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

FIXTURE char *
reply_text(const redisReply *r, bool pairs)
{
    struct buf b = {0};
    char **lines;
    size_t n;

    if (r->type == REDIS_REPLY_INTEGER)
        return xasprintf("%lld", r->integer);
    if (r->type == REDIS_REPLY_NIL)
        return xstrdup("(nil)");
    if (r->type != REDIS_REPLY_ARRAY)
        return xstrndup(r->str, r->len);
    n = pairs ? r->elements / 2 : r->elements;
    lines = xcalloc(n + 1, sizeof *lines);
    for (size_t i = 0; i < n; i++)
        lines[i] = pairs ? xasprintf("%s=%s", r->element[2 * i]->str, r->element[2 * i + 1]->str)
                         : xstrdup(r->element[i]->str ? r->element[i]->str : "(nil)");
    qsort(lines, n, sizeof *lines, by_text);
    buf_add(&b, "", 0);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&b, "%s%s", i ? " " : "", lines[i]);
        free(lines[i]);
    }
    free(lines);
    return b.p;
}

FIXTURE bool
keep_last(void *arg, size_t i, redisReply *reply)
{
    (void)i;
    *(redisReply **)arg = reply;
    return true;
}

/* The answer to a command given as words between blanks, as text; arrays sorted, HGETALL as
 * field=value. */
FIXTURE __attribute__((format(printf, 2, 3))) const char *
ask(struct redis_link *link, const char *fmt, ...)
{
    static char *kept[16];
    static unsigned next;
    struct redis_batch b = {0};
    char line[2048], *word, *save, *copy;
    struct error err = {0};
    redisReply *r = NULL;
    unsigned argc = 0;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    copy = xstrdup(line);
    for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argc++;
    free(copy);
    redis_batch_begin(&b, 0, argc);
    for (word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
        redis_batch_str(&b, word);
    if (redis_link_send(link, &b, keep_last, &r, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", fmt, err.text);
    redis_batch_clear(&b);
    next = (next + 1) % 16;
    free(kept[next]);
    kept[next] = reply_text(r, strncmp(fmt, "HGETALL", 7) == 0);
    freeReplyObject(r);
    return kept[next];
}

/* --- a scene: a managed server in the test's own folder, a ledger, a connection --- */

struct scene {
    struct managed_redis *redis;
    struct fake_ledger *ledger;
    struct redis_link *link;
    struct projection *projection;
    struct projection_options opt;
};

FIXTURE void
revive(void *arg)
{
    managed_redis_revive(arg, NULL);
}

FIXTURE void
ready(void *arg)
{
    managed_redis_ready(arg);
}

FIXTURE void
scene_open(struct scene *s)
{
    struct error err = {0};

    test_need_program("redis-server");
    log_set_level(LOG_LEVEL_ERROR);
    *s = (struct scene){0};
    if (managed_redis_start(&s->redis, NULL, ".", 0, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    s->link = connect_to(managed_redis_url(s->redis), &err);
    CHECK(s->link != NULL);
    s->ledger = fake_ledger("0123abcd", 77);
    s->opt = (struct projection_options){
        .url = managed_redis_url(s->redis),
        .node = "1",
        .feed = &s->ledger->feed,
        .never_expire = true,
        .revive = revive,
        .ready = ready,
        .server_arg = s->redis,
    };
}

FIXTURE void
scene_project(struct scene *s)
{
    struct error err = {0};

    if (projection_start(&s->projection, &s->opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

FIXTURE void
scene_stop(struct scene *s)
{
    projection_stop(s->projection);
    s->projection = NULL;
}

FIXTURE void
scene_close(struct scene *s)
{
    scene_stop(s);
    redis_link_close(s->link);
    managed_redis_stop(s->redis);
    fake_ledger_free(s->ledger);
}

/* How often the server was given a command. */
FIXTURE size_t
calls(struct scene *s, const char *command)
{
    char line[64];
    const char *at;

    snprintf(line, sizeof line, "cmdstat_%s:calls=", command);
    at = strstr(ask(s->link, "INFO commandstats"), line);
    return at ? strtoul(at + strlen(line), NULL, 10) : 0;
}

/* Everything committed so far is in Redis. */
FIXTURE void
settled(struct scene *s)
{
    struct error err = {0};

    if (projection_wait(s->projection, fake_last(s->ledger), WAIT_LIMIT_MS, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

FIXTURE struct projection_status
status_of(struct scene *s)
{
    struct projection_status st;

    projection_status(s->projection, &st);
    return st;
}

FIXTURE struct verify_result
verify(struct scene *s, void (*report)(void *, const char *), void *arg)
{
    struct verify_result r;
    struct error err = {0};

    if (trends_verify(s->opt.url, "1", &s->ledger->feed, &s->opt.retention, s->opt.never_expire,
                      &(struct verify_watch){report, NULL, arg}, &r, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return r;
}

/* A report for verify: arg is a struct buf, NUL-ended. */
FIXTURE void
collect_lines(void *arg, const char *line)
{
    buf_printf(arg, "%s\n", line);
}

FIXTURE bool
is_clean(struct scene *s)
{
    struct verify_result r = verify(s, NULL, NULL);

    return r.missing + r.different + r.extra == 0;
}

/* Partitions: CRC-16/XMODEM of the encoded name mod 64, computed with python3's
 * binascii.crc_hqx. */
FIXTURE void
contract_cells(struct fake_ledger *l)
{
    struct cell *c;

    batch_begin(l);
    c = change(l, CELL_CUSTOMER, "acme", DAY);
    add5(c, 7, 0, 300, 1, 0, 0);
    add5(c, 6, 2, 600, 0, 0, 0);
    cell_add_feature(c, SPAN("recording"), 2, 1);
    cell_add_feature(c, SPAN("a b"), 0, 3);
    person(c, SKETCH_PEOPLE, "ann");
    person(c, SKETCH_PEOPLE, "bob");
    person(c, SKETCH_PEOPLE, "eve");
    person(c, SKETCH_SECOND, "room 1");
    add5(change(l, CELL_CUSTOMER, "M\xC3\xBCller & Co", DAY), 95, 0, 0, 4, 0, 0);
    c = change(l, CELL_FEATURE, "recording", DAY);
    add5(c, 0, 2, 1, 5, 0, 0);
    person(c, SKETCH_PEOPLE, "ann");
    person(c, SKETCH_SECOND, "acme");
    add5(change(l, CELL_SERVICE, "operator", DAY), 0, 9, 8, 1, 700, 65);
    add5(change(l, CELL_REGION, "eu", DAY), 5, 3, 2, 0, 0, 0);
    add5(change(l, CELL_REGION, "eu", DAY), 1439, 0, 1, 0, 0, 0);
    add5(change(l, CELL_WORKLOAD, "operator", DAY), 3, 9, 9, 9, 9, 9);
    batch_end(l);
}

/* The same, in Redis. */
FIXTURE void
contract_in_redis(struct scene *s)
{
    contract_cells(s->ledger);
    scene_project(s);
    settled(s);
}

/* A batch of one ok leg, in Redis. */
FIXTURE void
one_leg(struct scene *s, const char *customer, int32_t day, unsigned quarter)
{
    batch_begin(s->ledger);
    leg(s->ledger, customer, day, quarter);
    batch_end(s->ledger);
    settled(s);
}

#endif
