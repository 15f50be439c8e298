/*
 * tail.c - the input that follows files: start, stop, turns, what it says about itself.
 *
 * Files take turns of one read each, and the event loop turns between rounds, so that neither
 * a large file nor this input keeps others waiting.
 */
#include "tail.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define UNWATCHED_MS    1000     /* between rescans where there is no inotify */
#define LOOK_MS         86400000 /* between looks for files that are gone */
#define MAX_TAIL_DETAIL 100

void
tail_problem(struct input *in, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(in->problem, sizeof in->problem, fmt, ap);
    va_end(ap);
}

static void
run_soon(struct input *in)
{
    static const struct timeval now = {0, 0};

    if (!in->full && !in->closing && in->on_work)
        evtimer_add(in->on_work, &now);
}

void
tail_wake(struct input *in, struct tail_file *f)
{
    f->ready = true;
    run_soon(in);
}

static void
describe(void *arg)
{
    struct input *in = arg;
    struct feed *feed = &in->standing.feed;
    size_t files = 0;

    snprintf(feed->input, sizeof feed->input, "%s", in->title);
    snprintf(feed->problem, sizeof feed->problem, "%s", in->problem);
    feed->behind = 0;
    for (struct tail_file *f = in->files; f; f = f->next) {
        struct stat st;

        files++;
        if (f->problem[0])
            memcpy(feed->problem, f->problem, sizeof feed->problem);
        if (!f->g.source || f->original || fstat(f->fd, &st) != 0)
            continue;
        if ((uint64_t)st.st_size > gather_place(&f->g))
            feed->behind += (uint64_t)st.st_size - gather_place(&f->g);
    }
    if (files == 1)
        snprintf(feed->detail, sizeof feed->detail, "%.*s", (int)sizeof feed->detail - 1,
                 in->files->path);
    else
        snprintf(feed->detail, sizeof feed->detail, "%.*s, %zu files", MAX_TAIL_DETAIL, in->path,
                 files);
}

static void
remove_file(struct input *in, struct tail_file *f)
{
    struct tail_file **at = &in->files;
    struct tail_mark m = f->mark;

    m.position = f->g.offset;
    m.fingerprint = trail_hash(&f->g.trail);
    if (!f->original)
        tail_copy_settle(f, &m, m.position);
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    log_info("tail_file_closed", "input=%s path=\"%s\" position=%llu", in->title, f->path,
             (unsigned long long)m.position);
    tail_file_release(f);
}

static void
remove_finished(struct input *in)
{
    for (struct tail_file *f = in->files, *next; f; f = next) {
        next = f->next;
        if (!f->linked && !in->full && !in->closing && tail_file_finished(f)) {
            remove_file(in, f);
            next = in->files; /* its copies may have changed places */
        }
    }
}

static void
work(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;
    bool again = false;

    (void)fd, (void)what;
    for (struct tail_file *f = in->files, *next; f && !in->full && !in->closing; f = next) {
        next = f->next;
        if (!f->ready)
            continue;
        f->ready = false;
        if (tail_file_step(f) != TAIL_IDLE)
            f->ready = true;
        again |= f->ready;
    }
    remove_finished(in);
    if (again)
        run_soon(in);
    in->standing.dirty = true;
}

void
tail_rescan(struct input *in)
{
    tail_scan(in);
    for (struct tail_file *f = in->files; f; f = f->next) {
        f->polled = true;
        tail_wake(in, f);
    }
    if (clock_mono_ms() - in->looked_ms >= LOOK_MS)
        tail_report_gone(in);
    standing_tell(&in->standing);
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    tail_rescan(arg);
}

static void
notified(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    tail_notified(arg);
}

static void
tail_stop(struct input *in)
{
    if (in->on_notify)
        event_free(in->on_notify);
    if (in->on_tick)
        event_free(in->on_tick);
    if (in->on_work)
        event_free(in->on_work);
    standing_end(&in->standing);
    while (in->files) {
        struct tail_file *f = in->files;

        in->files = f->next;
        tail_file_release(f);
    }
    if (in->notify >= 0)
        close(in->notify);
    tail_scan_clear(in);
    free(in->known);
    free(in->title);
    free(in->format);
    free(in->timezone);
    free(in->source);
    free(in->path);
    free(in);
}

/* The format is wrong now or never: better said before the first file appears. */
static enum status
check_format(struct input *in, struct error *err)
{
    struct source_options opt = {.input = in->title,
                                 .format = in->format,
                                 .timezone = in->timezone,
                                 .source = in->source,
                                 .name = in->path,
                                 .identity = IDENTITY_POSITION};
    struct source *s;
    enum status st = engine_source(in->engine, &s, &opt, err);

    if (st == ST_OK)
        source_unref(s);
    return st;
}

static void
add_events(struct input *in)
{
    int64_t ms = in->notify >= 0 ? TAIL_RESCAN_MS : UNWATCHED_MS;
    struct timeval every = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    in->on_work = evtimer_new(in->base, work, in);
    in->on_tick = event_new(in->base, -1, EV_PERSIST, tick, in);
    event_add(in->on_tick, &every);
    if (in->notify < 0)
        return;
    in->on_notify = event_new(in->base, in->notify, EV_READ | EV_PERSIST, notified, in);
    event_add(in->on_notify, NULL);
}

static enum status
tail_start(struct input **out, struct event_base *base, struct engine *e,
           const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st;

    (void)limits;
    in->base = base;
    in->engine = e;
    in->standing = (struct standing){
        .engine = e, .feed = {.type = "tail", .exact = true}, .describe = describe, .arg = in};
    in->title = xstrdup(cfg->title);
    in->format = xstrdup(cfg->format);
    in->timezone = xstrdup(cfg->timezone);
    in->source = xstrdup(cfg->source);
    in->path = xstrdup(cfg->path);
    in->from_end = cfg->from_end;
    in->notify = -1;
    st = in->path && *in->path ? check_format(in, err)
                               : fail(err, ST_BAD_CONFIG, "input \"%s\" needs a path", cfg->title);
    if (st != ST_OK) {
        tail_stop(in);
        return st;
    }
    in->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (in->notify < 0)
        log_warn("tail_unwatched", "input=%s reason=\"%s\"", in->title, strerror(errno));
    add_events(in);
    tail_scan(in);
    tail_load_checkpoints(in);
    tail_find_moved(in);
    tail_report_gone(in);
    in->started = true;
    standing_begin(&in->standing, base);
    *out = in;
    return ST_OK;
}

static void
tail_resume(struct input *in)
{
    in->full = false;
    run_soon(in);
}

const struct input_ops input_tail = {
    .name = "tail",
    .summary = "follows growing files, also through rotation",
    .start = tail_start,
    .resume = tail_resume,
    .stop = tail_stop,
};
