/*
 * fake_engine.h - an engine for tests of inputs: keeps what is submitted, can be full.
 *
 * Defines every function of engine.h that inputs use, so that the real engine is not linked.
 * A commit is immediate: the cursor of a block taken is a checkpoint. Formats: "lines" frames
 * by the line rule of parser.h; "header" does too and wants a header line that begins with
 * "id"; any other name is unknown.
 */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include <event2/event.h>
#include <pthread.h>

#include "clock.h"
#include "engine.h"
#include "test.h"

#define FAKE_MAX_RECORD 4096

struct source {
    _Atomic int refs;
    char input[64], name[256], header[16], source[16];
    enum identity identity;
    bool wants_header, endless; /* endless: no record in it ends before it does */
};

struct fake_frame {
    char *p;
    size_t n;
    uint64_t offset;
    struct frame_origin origin;            /* zero: the block brought none */
    char name[48], header[16], source[16]; /* the ends of longer names */
};

struct fake_checkpoint {
    char input[64];
    struct cursor cursor;
    bool gone; /* as the input last said */
};

struct engine {
    bool commits_late;            /* no checkpoint is written */
    void (*on_checkpoints)(void); /* before it answers which there are; NULL allowed */
    bool answers_late; /* whoever waits for a commit is told by fake_answer: one at a time */
    ticket_done *late;
    void *late_arg;
    pthread_mutex_t lock;
    struct fake_frame *frames;
    size_t frame_n, blocks;
    struct fake_checkpoint checkpoints[256]; /* oldest first */
    size_t checkpoint_n;
    long room; /* blocks that still fit; negative: any number */
    size_t refused;
    size_t largest; /* bytes of one block */
    struct feed feed;
    const struct open_stay *stays; /* that are open when an input starts */
    size_t stay_n;
    void (*on_room)(void *arg);
    void *on_room_arg;
};

static struct engine *
fake_engine(void)
{
    struct engine *e = xcalloc(1, sizeof *e);

    pthread_mutex_init(&e->lock, NULL);
    e->room = -1;
    return e;
}

static void
fake_free(struct engine *e)
{
    for (size_t i = 0; i < e->frame_n; i++)
        free(e->frames[i].p);
    free(e->frames);
    free(e);
}

bool
engine_claim(struct engine *e, const char *name)
{
    (void)e, (void)name;
    return true;
}

void
engine_disclaim(struct engine *e, const char *name)
{
    (void)e, (void)name;
}

enum status
engine_source(struct engine *e, struct source **out, const struct source_options *opt,
              struct error *err)
{
    struct source *s;

    (void)e;
    if (strcmp(opt->format, "lines") != 0 && strcmp(opt->format, "header") != 0 &&
        strcmp(opt->format, "endless") != 0)
        return fail(err, ST_BAD_CONFIG, "no format \"%s\"", opt->format);
    s = xcalloc(1, sizeof *s);
    s->refs = 1;
    snprintf(s->input, sizeof s->input, "%s", opt->input);
    snprintf(s->name, sizeof s->name, "%s", opt->name);
    snprintf(s->source, sizeof s->source, "%s", opt->source ? opt->source : "");
    s->identity = opt->identity;
    s->wants_header = strcmp(opt->format, "header") == 0;
    s->endless = strcmp(opt->format, "endless") == 0;
    *out = s;
    return ST_OK;
}

struct source *
source_ref(struct source *s)
{
    s->refs++;
    return s;
}

void
source_unref(struct source *s)
{
    if (--s->refs == 0)
        free(s);
}

enum status
source_header(struct source *s, struct span line, struct error *err)
{
    if (line.n < 2 || memcmp(line.p, "id", 2) != 0 || line.n >= sizeof s->header)
        return fail(err, ST_BAD_INPUT, "no column id");
    memcpy(s->header, line.p, line.n);
    s->wants_header = false;
    return ST_OK;
}

enum status
source_header_of(struct source *s, const struct source *other, struct error *err)
{
    if (!s->wants_header)
        return ST_OK;
    return source_header(s, span_str(other->header), err);
}

bool
source_needs_header(const struct source *s)
{
    return s->wants_header;
}

size_t
source_max_record(const struct source *s)
{
    (void)s;
    return FAKE_MAX_RECORD;
}

size_t
source_cut(const struct source *s, struct span buf, bool eof)
{
    const char *end = memrchr(buf.p, '\n', buf.n);

    if (s->endless && !eof)
        return 0;
    return eof ? buf.n : end ? (size_t)(end - buf.p) + 1 : 0;
}

static void
fake_keep(struct engine *e, const struct block *b, size_t from, size_t to)
{
    struct fake_frame *f;
    size_t n;

    if ((e->frame_n & (e->frame_n - 1)) == 0)
        e->frames = xrealloc(e->frames, (e->frame_n ? 2 * e->frame_n : 1) * sizeof *e->frames);
    f = &e->frames[e->frame_n++];
    f->p = xstrndup(b->p + from, to - from);
    f->n = to - from;
    f->offset = b->offset + from;
    f->origin = (struct frame_origin){0};
    n = strlen(b->source->name);
    n = n < sizeof f->name ? 0 : n + 1 - sizeof f->name;
    strcpy(f->name, b->source->name + n);
    strcpy(f->header, b->source->header);
    strcpy(f->source, b->source->source);
}

static void
fake_frames(struct engine *e, const struct block *b)
{
    size_t at = 0;

    if (b->frame_end) {
        for (uint32_t i = 0; i < b->frame_count; i++) {
            fake_keep(e, b, at, b->frame_end[i]);
            if (b->frame_origin)
                e->frames[e->frame_n - 1].origin = b->frame_origin[i];
            at = b->frame_end[i];
        }
        CHECK_INT(at, b->n);
    }
    while (at < b->n) {
        const char *end = memchr(b->p + at, '\n', b->n - at);
        size_t next = end ? (size_t)(end - b->p) + 1 : b->n;

        fake_keep(e, b, at, next);
        at = next;
    }
}

/* Newest last, one per identity, as the ledger keeps them. */
static void
fake_commit(struct engine *e, const char *input, const struct cursor *c)
{
    size_t i = 0;

    if (!c->identity[0])
        return;
    while (i < e->checkpoint_n && strcmp(e->checkpoints[i].cursor.identity, c->identity) != 0)
        i++;
    if (i < e->checkpoint_n)
        memmove(&e->checkpoints[i], &e->checkpoints[i + 1],
                (--e->checkpoint_n - i) * sizeof e->checkpoints[0]);
    CHECK(e->checkpoint_n < 256);
    snprintf(e->checkpoints[e->checkpoint_n].input, 64, "%s", input);
    e->checkpoints[e->checkpoint_n].gone = false;
    e->checkpoints[e->checkpoint_n++].cursor = *c;
}

enum status
engine_submit(struct engine *e, struct block *b)
{
    pthread_mutex_lock(&e->lock);
    if (e->room == 0) {
        e->refused++;
        pthread_mutex_unlock(&e->lock);
        return ST_FULL;
    }
    if (e->room > 0)
        e->room--;
    CHECK(!b->source->wants_header);
    fake_frames(e, b);
    if (b->n > e->largest)
        e->largest = b->n;
    e->blocks++;
    if (!e->commits_late)
        fake_commit(e, b->source->input, &b->cursor);
    if (b->done && e->answers_late) {
        CHECK(!e->late);
        e->late = b->done;
        e->late_arg = b->done_arg;
    } else if (b->done)
        b->done(b->done_arg, ST_OK, &(struct outcome_count){.records = 1}, e->blocks);
    source_unref(b->source);
    free(b->p);
    free(b->frame_end);
    free(b->frame_origin);
    pthread_mutex_unlock(&e->lock);
    return ST_OK;
}

static inline void
fake_answer(struct engine *e)
{
    if (e->late)
        e->late(e->late_arg, ST_OK, &(struct outcome_count){.records = 1}, e->blocks);
    e->late = NULL;
}

enum status
engine_submit_wait(struct engine *e, struct block *b)
{
    enum status st = engine_submit(e, b);

    return st == ST_FULL ? ST_RETRY : st; /* nobody makes room in these tests: shut down */
}

void
engine_open_stays(struct engine *e, const char *input, open_stay_visit *visit, void *arg)
{
    (void)input;
    for (size_t i = 0; i < e->stay_n; i++)
        visit(arg, &e->stays[i]);
}

void
engine_on_room(struct engine *e, void (*fn)(void *arg), void *arg)
{
    e->on_room = fn;
    e->on_room_arg = arg;
}

bool
engine_checkpoint(struct engine *e, const char *input, const char *identity, struct cursor *out)
{
    for (size_t i = 0; i < e->checkpoint_n; i++)
        if (strcmp(e->checkpoints[i].cursor.identity, identity) == 0 &&
            strcmp(e->checkpoints[i].input, input) == 0) {
            *out = e->checkpoints[i].cursor;
            return true;
        }
    return false;
}

void
engine_checkpoints(struct engine *e, const char *input,
                   void (*visit)(void *arg, const struct cursor *c), void *arg)
{
    if (e->on_checkpoints)
        e->on_checkpoints();
    for (size_t i = e->checkpoint_n; i-- > 0;)
        if (strcmp(e->checkpoints[i].input, input) == 0)
            visit(arg, &e->checkpoints[i].cursor);
}

void
engine_forget_gone(struct engine *e, const char *input,
                   bool (*gone)(void *arg, const struct cursor *c), void *arg)
{
    for (size_t i = 0; i < e->checkpoint_n; i++)
        e->checkpoints[i].gone =
            strcmp(e->checkpoints[i].input, input) == 0 && gone(arg, &e->checkpoints[i].cursor);
}

/* Every input but an import follows files of "lines". */
void
engine_followed(struct engine *e, const char *format, const char *source,
                void (*visit)(void *arg, const struct cursor *c), void *arg)
{
    if (strcmp(format, "lines") != 0 || (source && *source))
        return;
    for (size_t i = e->checkpoint_n; i-- > 0;)
        if (strcmp(e->checkpoints[i].input, "import") != 0)
            visit(arg, &e->checkpoints[i].cursor);
}

void
engine_report_feed(struct engine *e, const struct feed *f)
{
    pthread_mutex_lock(&e->lock);
    e->feed = *f;
    pthread_mutex_unlock(&e->lock);
}

/* --- looking at what arrived --- */

static inline size_t
fake_frame_count(struct engine *e)
{
    size_t n;

    pthread_mutex_lock(&e->lock);
    n = e->frame_n;
    pthread_mutex_unlock(&e->lock);
    return n;
}

/* How often the frame arrived. */
static inline int
fake_count(const struct engine *e, const char *text)
{
    int n = 0;

    for (size_t i = 0; i < e->frame_n; i++)
        n += strcmp(e->frames[i].p, text) == 0;
    return n;
}

/* Lines "line N": each of [from, to) once and no other number; returns how many are missing. */
static inline int
fake_numbers(const struct engine *e, int from, int to)
{
    int *seen = xcalloc((size_t)to, sizeof *seen), missing = 0;

    for (size_t i = 0; i < e->frame_n; i++) {
        int n = -1, end = 0;

        if (sscanf(e->frames[i].p, "line %d%n", &n, &end) != 1 || n < from || n >= to ||
            (e->frames[i].p[end] != '\n' && e->frames[i].p[end] != '\0'))
            test_fail(__FILE__, __LINE__, "unexpected frame \"%.60s\"", e->frames[i].p);
        if (seen[n]++)
            test_fail(__FILE__, __LINE__, "line %d arrived twice", n);
    }
    for (int n = from; n < to; n++)
        missing += !seen[n];
    free(seen);
    return missing;
}

/* --- the loop --- */

static void
fake_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg;
}

/* A loop that turns at least every two milliseconds, so that a condition is looked at. */
static inline struct event_base *
fake_base(struct event **tick)
{
    static const struct timeval soon = {0, 2000};
    struct event_base *base = event_base_new();

    *tick = event_new(base, -1, EV_PERSIST, fake_tick, NULL);
    event_add(*tick, &soon);
    return base;
}

#define FAKE_DEADLINE_MS 30000
#define UNTIL(base, cond)                                                                          \
    do {                                                                                           \
        int64_t end_ = clock_mono_ms() + FAKE_DEADLINE_MS;                                         \
                                                                                                   \
        while (!(cond)) {                                                                          \
            if (clock_mono_ms() > end_)                                                            \
                test_fail(__FILE__, __LINE__, "never came true: %s", #cond);                       \
            event_base_loop(base, EVLOOP_ONCE);                                                    \
        }                                                                                          \
    } while (0)

#endif
