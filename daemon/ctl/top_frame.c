/*
 * top_frame.c - the picture of `callswell top`: from two looks at the daemon's status to lines.
 */
#include "top_frame.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

#define FEEDS   64
#define HISTORY 60
#define NAME    32

struct feed_look {
    char input[NAME], type[NAME], newest[NAME], problem[160];
    int64_t records, refused, behind;
};

/* What one look says. Numbers are since the ledger began, or as they are now. */
struct look {
    int64_t at_ms;
    char version[NAME], node[NAME], now[NAME], stalled[200], redis_problem[200];
    bool ready, redis;
    int64_t uptime, seen, accepted, duplicates, quarantined, ignored;
    int64_t queue_bytes, batch, folded, applied, analysed, pending;
    int64_t open, legs, conferences, resident, disk_free, ledger_bytes;
    struct feed_look feed[FEEDS];
    size_t feeds;
};

struct top {
    char *state_dir, lost[200]; /* why there is nothing newer; "" */
    struct look look[2];
    int newest; /* of look */
    int looks;  /* taken: 0, 1, 2 or more */
    double rate[HISTORY];
    size_t rates; /* ever; the newest at (rates - 1) % HISTORY */
};

struct top *
top_new(const char *state_dir)
{
    struct top *t = xcalloc(1, sizeof *t);

    t->state_dir = xstrdup(state_dir);
    return t;
}

void
top_free(struct top *t)
{
    if (!t)
        return;
    free(t->state_dir);
    free(t);
}

/* --- looks --- */

static void
copy(char *out, size_t room, const struct json_value *from, const char *key)
{
    snprintf(out, room, "%s", json_get_text(from, key, ""));
}

static void
take_feeds(struct look *l, const struct json_value *feeds)
{
    const struct json_value *f = feeds ? feeds->first : NULL;

    for (; f && l->feeds < FEEDS; f = f->next) {
        struct feed_look *to = &l->feed[l->feeds++];

        copy(to->input, sizeof to->input, f, "input");
        copy(to->type, sizeof to->type, f, "type");
        copy(to->newest, sizeof to->newest, f, "last_record");
        copy(to->problem, sizeof to->problem, f, "problem");
        to->records = json_get_i64(f, "records", 0);
        to->refused = json_get_i64(f, "quarantined", 0);
        to->behind = json_get_i64(f, "behind", 0);
    }
}

static void
take_parts(struct look *l, const struct json_value *s)
{
    const struct json_value *records = json_find(s, "records"), *queue = json_find(s, "queue"),
                            *ledger = json_find(s, "ledger"), *redis = json_find(s, "redis"),
                            *pairing = json_find(s, "pairing");

    l->seen = json_get_i64(records, "seen", 0);
    l->accepted = json_get_i64(records, "accepted", 0);
    l->duplicates = json_get_i64(records, "duplicates", 0);
    l->quarantined = json_get_i64(records, "quarantined", 0);
    l->ignored = json_get_i64(records, "ignored", 0);
    l->queue_bytes = json_get_i64(queue, "bytes", 0);
    l->batch = json_get_i64(ledger, "batch", 0);
    l->folded = json_get_i64(ledger, "folded", 0);
    l->disk_free = json_get_i64(ledger, "disk_free", 0);
    l->ledger_bytes = json_get_i64(ledger, "bytes", 0) + json_get_i64(ledger, "wal_bytes", 0);
    copy(l->stalled, sizeof l->stalled, ledger, "stalled");
    l->redis = json_get_bool(redis, "connected", false);
    l->applied = json_get_i64(redis, "applied", 0);
    l->pending = json_get_i64(redis, "pending", 0);
    copy(l->redis_problem, sizeof l->redis_problem, redis, "problem");
    l->analysed = json_get_i64(json_find(s, "analytics"), "batch", 0);
    l->open = json_get_i64(json_find(s, "quarantine"), "open", 0);
    l->legs = json_get_i64(pairing, "open_legs", 0);
    l->conferences = json_get_i64(pairing, "open_conferences", 0);
    l->resident = json_get_i64(json_find(s, "memory"), "resident", 0);
}

static double
rate_of(const struct top *t, int64_t now, int64_t before)
{
    int64_t ms = t->look[t->newest].at_ms - t->look[!t->newest].at_ms;

    return t->looks > 1 && ms > 0 && now > before ? (double)(now - before) * 1000 / (double)ms : 0;
}

void
top_take(struct top *t, const struct json_value *s, int64_t now_ms)
{
    struct look *l = &t->look[!t->newest];

    if (!s)
        return;
    memset(l, 0, sizeof *l);
    l->at_ms = now_ms;
    copy(l->version, sizeof l->version, s, "version");
    copy(l->node, sizeof l->node, s, "node");
    copy(l->now, sizeof l->now, s, "now");
    l->ready = json_get_bool(s, "ready", false);
    l->uptime = json_get_i64(s, "uptime", 0);
    take_parts(l, s);
    take_feeds(l, json_find(s, "feeds"));
    t->newest = !t->newest;
    t->looks += t->looks < 2;
    t->lost[0] = '\0';
    if (t->looks > 1)
        t->rate[t->rates++ % HISTORY] = rate_of(t, l->seen, t->look[!t->newest].seen);
}

void
top_lose(struct top *t, const char *why)
{
    snprintf(t->lost, sizeof t->lost, "%s", why);
    t->looks = 0; /* another daemon counts anew */
}

/* --- lines --- */

struct canvas {
    const struct top_size *size;
    struct buf *out;
    int line;
};

/* Cuts at the edge, between characters. */
static void __attribute__((format(printf, 2, 3))) line(struct canvas *c, const char *fmt, ...)
{
    char text[1024];
    int columns = 0;
    size_t n = 0;
    va_list ap;

    if (c->size->lines && c->line + 1 >= c->size->lines)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    while (text[n]) {
        columns += ((unsigned char)text[n] & 0xC0) != 0x80;
        if (columns > c->size->columns)
            break;
        n++;
    }
    buf_add(c->out, text, n);
    buf_char(c->out, '\n');
    c->line++;
}

/* The last minute of looks, the newest at the right. */
static const char *
history(const struct top *t, const struct top_size *size, char out[4 * HISTORY])
{
    static const char *const block[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                        "\u2585", "\u2586", "\u2587", "\u2588"};
    size_t n = t->rates < HISTORY ? t->rates : HISTORY, room = (size_t)(size->columns - 40);
    double most = 0;
    char *p = out;

    *p = '\0';
    if (!size->blocks || size->columns < 50)
        return out;
    if (n > room)
        n = room;
    for (size_t i = 0; i < n; i++)
        if (t->rate[(t->rates - n + i) % HISTORY] > most)
            most = t->rate[(t->rates - n + i) % HISTORY];
    for (size_t i = 0; i < n; i++) {
        double v = t->rate[(t->rates - n + i) % HISTORY];

        p += sprintf(p, "%s", block[most > 0 ? (size_t)(v / most * 7 + 0.5) : 0]);
    }
    return out;
}

static void
draw_records(const struct top *t, struct canvas *c)
{
    const struct look *l = &t->look[t->newest], *b = &t->look[!t->newest];
    char a[FIGURE], d[FIGURE], e[FIGURE], f[FIGURE], blocks[4 * HISTORY];

    line(c, "records/s  %9s  %s", figure_rate(a, rate_of(t, l->seen, b->seen)),
         history(t, c->size, blocks));
    line(c, "           %9s accepted, %s duplicates, %s refused, %s left out",
         figure_rate(a, rate_of(t, l->accepted, b->accepted)),
         figure_rate(d, rate_of(t, l->duplicates, b->duplicates)),
         figure_rate(e, rate_of(t, l->quarantined, b->quarantined)),
         figure_rate(f, rate_of(t, l->ignored, b->ignored)));
    line(c, "in all     %9s read, %s accepted", figure_count(a, l->seen),
         figure_count(d, l->accepted));
}

static void
draw_stores(const struct top *t, struct canvas *c)
{
    const struct look *l = &t->look[t->newest];
    char a[FIGURE], d[FIGURE], e[FIGURE], f[FIGURE];

    line(c, "waiting    %s of input, %s keys for Redis", figure_bytes(a, l->queue_bytes),
         figure_count(d, l->pending));
    line(c, "batch      %s; behind by: fold %s, Redis %s, analytics %s", figure_count(a, l->batch),
         figure_count(d, l->batch - l->folded), figure_count(e, l->batch - l->applied),
         figure_count(f, l->batch - l->analysed));
    if (l->stalled[0])
        line(c, "STALLED    %s", l->stalled);
    line(c, "redis      %s%s%s", l->redis ? "connected" : "NOT CONNECTED",
         l->redis_problem[0] ? ": " : "", l->redis_problem);
    line(c, "memory     %s resident; ledger %s, %s of disk free", figure_bytes(a, l->resident),
         figure_bytes(d, l->ledger_bytes), figure_bytes(e, l->disk_free));
    if (l->legs || l->conferences)
        line(c, "people     %s legs are open in %s conferences", figure_count(a, l->legs),
             figure_count(d, l->conferences));
    line(c, "quarantine %s records%s", figure_count(a, l->open),
         l->open ? ": callswell quarantine list" : "");
}

static int64_t
records_before(const struct look *l, const struct feed_look *f)
{
    for (size_t i = 0; i < l->feeds; i++)
        if (strcmp(l->feed[i].input, f->input) == 0)
            return l->feed[i].records;
    return f->records; /* new: it had no time to be fast */
}

static void
draw_feeds(const struct top *t, struct canvas *c)
{
    const struct look *l = &t->look[t->newest];

    if (l->feeds == 0)
        return;
    line(c, "%s", "");
    line(c, "%-16s %-7s %9s %12s %8s %10s  %s", "input", "type", "per s", "records", "refused",
         "behind", "newest");
    for (size_t i = 0; i < l->feeds; i++) {
        const struct feed_look *f = &l->feed[i];
        char a[FIGURE], b[FIGURE], d[FIGURE], e[FIGURE];

        line(c, "%-16.16s %-7.7s %9s %12s %8s %10s  %.5s", f->input, f->type,
             figure_rate(a, rate_of(t, f->records, records_before(&t->look[!t->newest], f))),
             figure_count(b, f->records), figure_count(d, f->refused), figure_bytes(e, f->behind),
             strlen(f->newest) > 15 ? f->newest + 11 : "");
        if (f->problem[0])
            line(c, "  %s", f->problem);
    }
}

void
top_draw(const struct top *t, const struct top_size *size, struct buf *out)
{
    const struct look *l = &t->look[t->newest];
    struct canvas c = {size, out, 0};
    char up[FIGURE];

    if (t->lost[0]) {
        line(&c, "callswell  no daemon answers on %s", t->state_dir);
        line(&c, "           %s", t->lost);
        line(&c, "           Looking again ... (q ends this)");
        return;
    }
    line(&c, "callswell  %s, node %s, %s, up %s; %s", l->version, l->node,
         l->ready ? "ready" : "NOT READY", figure_seconds(up, l->uptime), l->now);
    line(&c, "%s", "");
    draw_records(t, &c);
    draw_stores(t, &c);
    draw_feeds(t, &c);
}
