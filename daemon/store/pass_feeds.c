/*
 * pass_feeds.c - how the inputs are doing, and a signal for each whose format no longer matches.
 */
#include <math.h>

#include "engine.h"
#include "json_write.h"
#include "pass.h"
#include "signals.h"

/* --- signals --- */

/* One sentence for people, the figures for programs. What was counted since is not in it, so that
 * the signal stays the same version while the trouble does. */
static void
describe(const struct feed *f, const char *since, struct buf *reason, struct buf *evidence)
{
    struct json_writer j;

    if (f->matched_before > 0)
        buf_printf(reason,
                   "Since %s %.0f %% of what comes by input \"%s\" match its format, %.0f %% did"
                   " before",
                   since, f->matched * 100, f->input, f->matched_before * 100);
    else
        buf_printf(reason, "Nothing has matched the format of input \"%s\" since %s", f->input,
                   since);
    buf_printf(reason, "; mostly: %s. Look with: callswell quarantine list --input %s",
               f->commonest, f->input);
    json_begin(&j, evidence);
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
    char since[CIVIL_TEXT];
    struct buf reason = {0}, evidence = {0};
    struct signal_row row = {
        .subject = span_str(f->input),
        .subject_type = "input",
        .severity = "critical",
        .value = f->matched,
        .baseline = f->matched_before,
        .delta = f->matched - f->matched_before,
        .low = NAN,
        .high = NAN,
        .p_value = NAN,
        .completeness = NAN,
        .window_start = since,
        .window_end = since,
    };
    enum status st;

    describe(f, format_utc(since, f->stopped_matching), &reason, &evidence);
    row.reason = reason.p;
    row.evidence = evidence.p;
    st = signals_raise(s, &row, err);
    buf_clear(&reason);
    buf_clear(&evidence);
    return st;
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
    if (st == ST_OK)
        return store_commit_open(a->store, err);
    store_rollback(a->store);
    return st;
}

/* --- rows --- */

/* Texts are borrowed until the query has run. */
static enum status
put_feed(struct query *q, const struct feed *f, const char *as_of, struct error *err)
{
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
        " quarantined, ignored, lost, last_record, last_arrival, behind_bytes, problem, as_of)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        err);

    if (st == ST_OK)
        st = store_begin(a->store, err);
    for (size_t i = 0; st == ST_OK && i < count; i++)
        st = put_feed(q, &feeds[i], format_utc(as_of, now), err);
    query_free(q);
    if (st == ST_OK)
        st = store_commit(a->store, err);
    if (st == ST_OK)
        return tell_feeds(a, feeds, count, now, err);
    store_rollback(a->store);
    return st;
}
