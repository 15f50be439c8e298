/*
 * log.c - what is written, how often, and in one write a line, so that those of several threads
 * never mix.
 */
#include "log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "civil.h"
#include "clock.h"
#include "log_line.h"

#define MINUTE 60

/* A reload changes them while others write. */
static _Atomic enum log_level threshold = LOG_LEVEL_INFO;
static _Atomic enum log_style chosen = LOG_TEXT;
static atomic_uint limit;

/* How often each event was written in its minute, and left out. */
#define EVENTS     128
#define EVENT_NAME 48
struct tally {
    char event[EVENT_NAME]; /* "": none from here on */
    int64_t since;
    unsigned written, left_out;
};
static struct tally tallies[EVENTS];
static pthread_mutex_t tally_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool some_left_out; /* in one of them */

void
log_set_level(enum log_level level)
{
    threshold = level;
}

void
log_set_style(enum log_style style)
{
    chosen = style;
}

void
log_set_limit(unsigned lines_a_minute)
{
    limit = lines_a_minute;
}

static void
write_line(enum log_level level, const char *event, const char *fmt, va_list ap)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char when[CIVIL_TEXT];
    const struct log_head head = {format_utc(when, clock_now()), levels[level], event};
    struct buf line = {0};

    log_line(&line, &head, chosen == LOG_JSON, fmt, ap);
    if (write(STDERR_FILENO, line.p, line.n) < 0)
        line.n = 0; /* nobody is left to be told */
    free(line.p);
}

static void __attribute__((format(printf, 2, 3)))
write_note(const char *event, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line(LOG_LEVEL_WARN, event, fmt, ap);
    va_end(ap);
}

static struct tally *
tally_of(const char *event)
{
    for (size_t i = 0; i < EVENTS; i++) {
        if (!tallies[i].event[0])
            memcpy(tallies[i].event, event, strnlen(event, EVENT_NAME - 1)); /* the rest is 0 */
        if (strncmp(tallies[i].event, event, EVENT_NAME - 1) == 0)
            return &tallies[i];
    }
    return NULL; /* more kinds of events than there is room for: not limited */
}

static bool
minute_over(const struct tally *t, int64_t now)
{
    return now - t->since >= MINUTE || now < t->since; /* clocks are set back, too */
}

/* May one more of it be written? */
static bool
within_limit(const char *event)
{
    int64_t now = clock_now();
    unsigned most = limit;
    struct tally *t;
    bool may = true;

    if (most == 0)
        return true;
    pthread_mutex_lock(&tally_lock);
    t = tally_of(event);
    if (t && (t->written == 0 || minute_over(t, now)))
        t->since = now, t->written = 0;
    if (t && t->written < most)
        t->written++;
    else if (t) {
        t->left_out++;
        some_left_out = true;
        may = false;
    }
    pthread_mutex_unlock(&tally_lock);
    return may;
}

/* What was left out of minutes that are over. */
static void
tell_left_out(void)
{
    int64_t now = clock_now();
    bool more = false;

    if (!some_left_out)
        return;
    pthread_mutex_lock(&tally_lock);
    for (size_t i = 0; i < EVENTS && tallies[i].event[0]; i++) {
        struct tally *t = &tallies[i];

        if (t->left_out && minute_over(t, now)) {
            write_note("log_left_out", "of=%s lines=%u", t->event, t->left_out);
            t->left_out = 0;
        }
        more |= t->left_out > 0;
    }
    some_left_out = more;
    pthread_mutex_unlock(&tally_lock);
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    va_list ap;

    if (level < threshold)
        return;
    tell_left_out();
    if (level > LOG_LEVEL_DEBUG && !within_limit(event))
        return;
    va_start(ap, fmt);
    write_line(level, event, fmt, ap);
    va_end(ap);
}
