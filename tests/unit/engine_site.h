/*
 * engine_site.h - a real engine in the test's own folder: blocks in, answers and totals out.
 */
#ifndef ENGINE_SITE_H
#define ENGINE_SITE_H

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "clock.h"
#include "config.h"
#include "engine.h"
#include "ledger.h"
#include "log.h"
#include "memory.h"
#include "test.h"

#define SITE          __attribute__((unused)) static
#define SITE_LIMIT_MS 60000

#define SITE_UNTIL(cond)                                                                           \
    do {                                                                                           \
        int64_t end_ = clock_mono_ms() + SITE_LIMIT_MS;                                            \
        while (!(cond)) {                                                                          \
            if (clock_mono_ms() > end_)                                                            \
                test_fail(__FILE__, __LINE__, "still not: %s", #cond);                             \
            poll(NULL, 0, 2);                                                                      \
        }                                                                                          \
    } while (0)

struct site {
    struct config *config;
    struct engine *engine;
};

/* What became of one ticket. */
struct answer {
    atomic_int told; /* times */
    enum status st;
    struct outcome_count count;
    uint64_t batch;
};

SITE void
site_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* Nobody listens at that address, unless the configuration names another: most of what an
 * engine promises it keeps without Redis. */
SITE enum status
site_try(struct site *s, const char *options, struct error *err)
{
    struct engine_options opt = {0};
    char text[4096];
    enum status st;

    log_set_level(LOG_LEVEL_ERROR);
    snprintf(text, sizeof text, "state_dir = \"st\"\nhttp { listen = \"\" }\n%s\n%s\n",
             strstr(options, "redis {") ? "" : "redis { url = \"unix:///nobody/is/here\" }",
             options);
    site_write("c.conf", text);
    if (config_load(&s->config, "c.conf", err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err->text);
    opt.config = s->config;
    st = engine_open(&s->engine, &opt, err);
    if (st != ST_OK)
        config_free(s->config);
    return st;
}

SITE void
site_open(struct site *s, const char *options)
{
    struct error err = {0};

    if (site_try(s, options, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

SITE void
site_close(struct site *s)
{
    engine_close(s->engine, 0);
    config_free(s->config);
}

SITE void
site_settle(struct site *s, unsigned what)
{
    struct error err;

    if (engine_settle(s->engine, what, SITE_LIMIT_MS, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

SITE struct engine_status
site_status(struct site *s)
{
    struct engine_status st;

    engine_status(s->engine, &st);
    return st;
}

SITE void
on_answer(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    struct answer *a = arg;

    a->st = st;
    a->count = *count;
    a->batch = batch;
    a->told++;
}

SITE struct source *
site_source(struct site *s, const char *input, const char *format, enum identity identity)
{
    struct source_options opt = {
        .input = input, .format = format, .name = "test", .identity = identity};
    struct source *out;
    struct error err;

    if (engine_source(s->engine, &out, &opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return out;
}

SITE struct block
site_block(struct source *source, const char *text, struct answer *answer)
{
    return (struct block){
        .p = xstrdup(text),
        .n = strlen(text),
        .source = source_ref(source),
        .done = answer ? on_answer : NULL,
        .done_arg = answer,
    };
}

SITE void
site_free_block(struct block *b)
{
    free(b->p);
    free(b->frame_end);
    source_unref(b->source);
}

SITE enum status
site_submit(struct site *s, struct source *source, const char *text, struct answer *answer)
{
    struct block b = site_block(source, text, answer);
    enum status st = engine_submit(s->engine, &b);

    if (st != ST_OK)
        site_free_block(&b);
    return st;
}

/* Submits and waits for the answer. */
SITE struct outcome_count
site_say(struct site *s, struct source *source, const char *text)
{
    struct answer a = {0};

    CHECK_INT(site_submit(s, source, text, &a), ST_OK);
    SITE_UNTIL(a.told);
    CHECK_INT(a.st, ST_OK);
    return a.count;
}

/* A leg of a minute an hour ago; id 0: none. */
SITE void
add_leg(struct buf *out, const char *customer, unsigned id)
{
    int64_t start = clock_now() / 900 * 900 - 3600;

    if (id)
        buf_printf(out, "{\"id\":\"r%u\",", id);
    else
        buf_char(out, '{');
    buf_printf(out,
               "\"customer\":\"%s\",\"start\":%lld,\"duration\":60,\"participant\":\"p%u\","
               "\"conference\":\"room\"}\n",
               customer, (long long)start, id % 7);
}

SITE char *
legs(const char *customer, unsigned from, unsigned to)
{
    struct buf out = {0};

    for (unsigned i = from; i < to; i++)
        add_leg(&out, customer, i);
    buf_char(&out, '\0');
    return out.p;
}

SITE char *
legs_without_ids(const char *customer, unsigned n)
{
    struct buf out = {0};

    while (n-- > 0)
        add_leg(&out, customer, 0);
    buf_char(&out, '\0');
    return out.p;
}

/* --- what the ledger says --- */

SITE enum status
add_legs_of(void *arg, const struct cell_view *c, struct error *err)
{
    (void)err;
    CHECK_INT(c->sum[CUSTOMER_SECONDS], 60 * c->sum[CUSTOMER_LEGS]);
    *(int64_t *)arg += c->sum[CUSTOMER_LEGS];
    return ST_OK;
}

/* Legs of a customer in the folded totals. */
SITE int64_t
legs_on_disk(const char *customer)
{
    struct ledger_reader *r;
    struct error err;
    int64_t sum = 0;

    if (ledger_reader_open(&r, "st/ledger.db", &err) != ST_OK ||
        ledger_scan_subject(r, CELL_CUSTOMER, span_str(customer), 0, add_legs_of, &sum, &err) !=
            ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    ledger_reader_close(r);
    return sum;
}

SITE struct ledger_state
state_on_disk(void)
{
    struct ledger_state st = {0};
    struct ledger_reader *r;
    struct error err;

    if (ledger_reader_open(&r, "st/ledger.db", &err) != ST_OK ||
        ledger_reader_state(r, &st, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    ledger_reader_close(r);
    CHECK_INT(st.ever.records, st.ever.accepted + st.ever.duplicates + st.ever.quarantined +
                                   st.ever.ignored); /* I3 */
    return st;
}

#endif
