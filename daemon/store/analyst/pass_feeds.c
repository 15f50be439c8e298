/*
 * pass_feeds.c - how the inputs are doing, and a signal for each whose format no longer matches, or
 * of which nothing comes for longer than usual.
 */
#include <math.h>

#include "engine.h"
#include "json_write.h"
#include "pass.h"
#include "signals.h"
#include "trust.h"

#define SILENCE_CRITICAL 100 /* records that usually come within the first hour of it */

/* --- signals --- */

/* A signal about an input from a moment on, in the making. */
struct telling {
    char since[CIVIL_TEXT];
    struct buf reason, evidence;
    struct signal_row row;
};

static void
begin_telling(struct telling *t, const char *input, int64_t since)
{
    *t = (struct telling){.row = {.subject = span_str(input), .subject_type = "input"}};
    t->row.low = t->row.high = t->row.p_value = t->row.completeness = NAN;
    t->row.window_start = t->row.window_end = format_utc(t->since, since);
}

static enum status
end_telling(struct telling *t, struct signals *s, struct error *err)
{
    enum status st;

    t->row.reason = t->reason.p;
    t->row.evidence = t->evidence.p;
    st = signals_raise(s, &t->row, err);
    buf_clear(&t->reason);
    buf_clear(&t->evidence);
    return st;
}

/* One sentence for people, the figures for programs. What was counted since is not in it, so that
 * the signal stays the same version while the trouble does. */
static void
describe(const struct feed *f, struct telling *t)
{
    struct buf *reason = &t->reason;
    struct json_writer j;

    if (f->matched_before > 0)
        buf_printf(reason,
                   "Since %s %.0f %% of what comes by input \"%s\" match its format, %.0f %% did"
                   " before",
                   t->since, f->matched * 100, f->input, f->matched_before * 100);
    else
        buf_printf(reason, "Nothing has matched the format of input \"%s\" since %s", f->input,
                   t->since);
    buf_printf(reason, "; mostly: %s. Look with: callswell quarantine list --input %s",
               f->commonest, f->input);
    json_begin(&j, &t->evidence);
    json_object(&j, NULL);
    json_text(&j, "input", f->input);
    json_time(&j, "since", f->stopped_matching);
    json_real(&j, "matched", f->matched);
    json_real(&j, "matched_before", f->matched_before);
    json_text(&j, "commonest_reason", f->commonest);
    json_close(&j);
}

static enum status
raise_feed(struct signals *s, const struct feed *f, struct error *err)
{
    struct telling t;

    begin_telling(&t, f->input, f->stopped_matching);
    t.row.severity = "critical";
    t.row.value = f->matched;
    t.row.baseline = f->matched_before;
    t.row.delta = f->matched - f->matched_before;
    describe(f, &t);
    return end_telling(&t, s, err);
}

/* A feed of which nothing is known yet, after a start, leaves the signal as it is. */
static enum status
tell_feeds(struct analyst *a, const struct feed *feeds, size_t count, int64_t now,
           struct error *err)
{
    struct pass p = {.a = a, .store = a->store, .now = now};
    struct signals *s = NULL;
    enum status st;

    format_utc(p.now_text, now);
    st = signals_begin(&s, &p, "feed_stopped_matching", err);
    for (size_t i = 0; st == ST_OK && i < count; i++) {
        if (feeds[i].stopped_matching)
            st = raise_feed(s, &feeds[i], err);
        else if (!feeds[i].matching_known)
            signals_keep(s, span_str(feeds[i].input));
    }
    st = signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
    return store_end(a->store, st, err);
}

/* --- silence --- */

/* "3 h 15 min" */
static void
say_length(struct buf *out, int64_t seconds)
{
    int64_t minutes = seconds / 60;

    if (minutes >= 2 * 24 * 60)
        buf_printf(out, "%lld d %lld h", (long long)(minutes / 1440),
                   (long long)(minutes % 1440 / 60));
    else if (minutes >= 60)
        buf_printf(out, "%lld h %lld min", (long long)(minutes / 60), (long long)(minutes % 60));
    else
        buf_printf(out, "%lld min", (long long)minutes);
}

static void
describe_silence(const struct trust_feed *f, struct telling *t)
{
    struct buf *reason = &t->reason;
    const struct trust_first *s = &f->first_noticed;
    struct json_writer j;

    buf_printf(reason, "Nothing has come by input \"%s\" since %s", f->input, t->since);
    if (s->longest) {
        buf_str(reason, "; the longest silence at these hours was ");
        say_length(reason, (int64_t)s->longest * RHYTHM_QUARTER);
    } else {
        buf_str(reason, "; there never was a silence at these hours");
    }
    buf_printf(reason, ". Usually some %.0f records would have come in its first hour",
               f->first_noticed.missed);
    json_begin(&j, &t->evidence);
    json_object(&j, NULL);
    json_text(&j, "input", f->input);
    json_time(&j, "since", f->heard);
    json_i64(&j, "longest_usual_silence_s", (int64_t)s->longest * RHYTHM_QUARTER);
    json_real(&j, "chance_at_first", f->first_noticed.chance);
    json_i64(&j, "silences_known", f->coming.spells);
    json_close(&j);
}

/* The reason tells what was so when it was noticed: the same version for as long as it lasts. */
static enum status
raise_silence(struct signals *s, const struct trust_feed *f, struct error *err)
{
    struct telling t;

    begin_telling(&t, f->input, f->heard);
    t.row.severity = f->first_noticed.missed >= SILENCE_CRITICAL ? "critical" : "warning";
    t.row.value = 0;
    t.row.baseline = f->first_noticed.missed;
    t.row.delta = -f->first_noticed.missed;
    t.row.p_value = f->first_noticed.chance;
    describe_silence(f, &t);
    return end_telling(&t, s, err);
}

static const struct feed *
find_feed(const struct feed *feeds, size_t count, const char *input)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(feeds[i].input, input) == 0)
            return &feeds[i];
    return NULL;
}

/* After a start nobody has had the time to send: what was silent before stays so, and nothing new
 * becomes so for a while. */
static enum status
tell_silence(struct analyst *a, const struct feed *feeds, size_t count, int64_t now,
             struct error *err)
{
    struct pass p = {.a = a, .store = a->store, .now = now, .today = day_of(now)};
    struct signals *s = NULL;
    enum status st;

    if (!a->trust || a->config->clock_data)
        return ST_OK;
    format_utc(p.now_text, now);
    st = signals_begin(&s, &p, "feed_silent", err);
    for (size_t i = 0; i < a->trust->feeds && st == ST_OK; i++) {
        struct trust_feed *f = &a->trust->feed[i];
        const struct feed *told = find_feed(feeds, count, f->input);
        bool before = f->silent;

        trust_hear(a->trust, f, told ? told->last_arrival : 0, now);
        a->trust_stale |= before != f->silent;
        if (f->silent && (now - a->opened >= TRUST_GRACE || signals_is_open(s, span_str(f->input))))
            st = raise_silence(s, f, err);
    }
    st = signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
    return store_end(a->store, st, err);
}

/* --- rows --- */

/* Texts are borrowed until the query has run. */
static enum status
put_feed(struct query *q, const struct analyst *a, const struct feed *f, const char *as_of,
         struct error *err)
{
    const struct trust_feed *t = a->trust ? trust_feed(a->trust, span_str(f->input)) : NULL;
    char since[CIVIL_TEXT];
    char record[CIVIL_TEXT], arrival[CIVIL_TEXT];
    const uint64_t counts[] = {f->records,     f->accepted, f->duplicates,
                               f->quarantined, f->ignored,  f->lost};

    query_set_str(q, 1, f->input);
    query_set_str(q, 2, f->type);
    query_set_int(q, 3, f->exact);
    for (int i = 0; i < 6; i++)
        query_set_int(q, 4 + i, (int64_t)counts[i]);
    query_set_str(q, 10, f->last_record ? format_utc(record, f->last_record) : NULL);
    query_set_str(q, 11, f->last_arrival ? format_utc(arrival, f->last_arrival) : NULL);
    query_set_int(q, 12, (int64_t)f->behind);
    query_set_str(q, 13, f->problem[0] ? f->problem : NULL);
    query_set_str(q, 14, as_of);
    query_set_str(q, 15, t && t->silent ? format_utc(since, t->heard) : NULL);
    query_set_int(q, 16, t ? (int64_t)t->silence.longest * RHYTHM_QUARTER : 0);
    return query_run(q, err);
}

enum status
analyst_feeds(struct analyst *a, const struct feed *feeds, size_t count, int64_t now,
              struct error *err)
{
    struct query *q = NULL;
    char as_of[CIVIL_TEXT];
    enum status st = store_query(
        a->store, &q,
        "INSERT OR REPLACE INTO feed_health(input, type, exact, records, accepted, duplicates,"
        " quarantined, ignored, lost, last_record, last_arrival, behind_bytes, problem, as_of,"
        " silent_since, usual_silence)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        err);

    if (st == ST_OK)
        st = store_begin(a->store, err);
    for (size_t i = 0; st == ST_OK && i < count; i++)
        st = put_feed(q, a, &feeds[i], format_utc(as_of, now), err);
    query_free(q);
    if (st == ST_OK)
        st = store_commit(a->store, err);
    if (st == ST_OK)
        st = tell_feeds(a, feeds, count, now, err);
    if (st == ST_OK)
        return tell_silence(a, feeds, count, now, err);
    store_rollback(a->store);
    return st;
}
