/*
 * signals.c - rows of the table signal.
 */
#include "signals_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "hash.h"
#include "signal_held.h"
#include "signal_rules.h"

/* Two windows in a row without cause close a signal: one quiet day does not. */
#define CALM_TO_CLOSE 2
/* After so many days without a pass a signal speaks of a past that is over. */
#define EXPIRE_DAYS 14

/* Only what a person sees makes a new version; being looked at again does not. */
#define SEEN_SAME                                                                                  \
    "severity IS ?5 AND value IS ?6 AND baseline IS ?7 AND low IS ?9 AND high IS ?10 AND"          \
    " window_end IS ?14 AND reason IS ?15 AND evidence IS ?16 AND held IS ?21"

static const char insert_sql[] =
    "INSERT INTO signal(id, version, kind, subject_type, subject, severity, value, baseline,"
    " delta, low, high, p_value, completeness, window_start, window_end, reason, evidence, state,"
    " owner, first_seen, last_seen, expires, held, rule)"
    " SELECT c0, 1, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, 'open',"
    " c16, c17, c17, c18, c19, c20 FROM offered WHERE true"
    " ON CONFLICT(id) DO UPDATE SET version = version + 1, state = 'open', closed_at = NULL,"
    " severity = excluded.severity, value = excluded.value, baseline = excluded.baseline,"
    " delta = excluded.delta, low = excluded.low, high = excluded.high,"
    " p_value = excluded.p_value, completeness = excluded.completeness,"
    " window_end = excluded.window_end, reason = excluded.reason, evidence = excluded.evidence,"
    " last_seen = excluded.last_seen, expires = excluded.expires, calm_windows = 0,"
    " calm_end = NULL, closed_by = NULL, acked_by = NULL, acked_at = NULL, note = NULL,"
    " held = excluded.held, rule = excluded.rule, closed_for = NULL";
static const char update_sql[] =
    "UPDATE signal SET version = version + CASE WHEN " SEEN_SAME " THEN 0 ELSE 1 END,"
    " severity = ?5, value = ?6, baseline = ?7, delta = ?8, low = ?9, high = ?10, p_value = ?11,"
    " completeness = ?12, window_start = ?13, window_end = ?14, reason = ?15, evidence = ?16,"
    " owner = ?17, last_seen = ?18, expires = ?19, calm_windows = 0, calm_end = NULL,"
    " held = ?21, rule = ?22,"
    " closed_for = CASE WHEN ?20 THEN NULL ELSE closed_for END,"
    " state = CASE WHEN ?20 THEN 'open' ELSE state END,"
    " closed_at = CASE WHEN ?20 THEN NULL ELSE closed_at END,"
    " closed_by = CASE WHEN ?20 THEN NULL ELSE closed_by END"
    " WHERE id = ?1 AND kind = ?2 AND subject_type = ?3 AND subject = ?4";

int
signal_severity_rank(struct span severity)
{
    return span_is(severity, "critical") ? 2 : span_is(severity, "warning") ? 1 : 0;
}

static enum status
load_open(struct signals *s, struct error *err)
{
    struct query *q = NULL;
    size_t cap = 0;
    enum status st = store_query(s->pass->store, &q,
                                 "SELECT id, subject, severity, state = 'closed', subject_type,"
                                 " held IS NOT NULL FROM signal"
                                 " WHERE kind = ?1 AND (state <> 'closed' OR"
                                 " (closed_by IS NOT NULL AND calm_windows < ?2))"
                                 " ORDER BY CAST(subject AS BLOB)",
                                 err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, s->kind);
    query_set_int(q, 2, CALM_TO_CLOSE);
    while ((st = query_next(q, err)) == ST_OK) {
        struct span id = query_text(q, 0), subject = query_text(q, 1), type = query_text(q, 4);

        if (s->count == cap) {
            cap = cap ? cap * 2 : 64;
            s->open = xrealloc(s->open, cap * sizeof *s->open);
        }
        s->open[s->count++] =
            (struct open_signal){.id = xstrndup(id.p, id.n),
                                 .subject = xstrndup(subject.p, subject.n),
                                 .subject_type = xstrndup(type.p, type.n),
                                 .severity = signal_severity_rank(query_text(q, 2)),
                                 .closed = query_int(q, 3) != 0,
                                 .held = query_int(q, 5) != 0};
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
signals_begin(struct signals **out, struct pass *p, const char *kind, struct error *err)
{
    struct signals *s = xcalloc(1, sizeof *s);
    enum status st;

    s->pass = p;
    s->kind = kind;
    arena_init(&s->texts);
    signal_rule_name(kind, s->rule, sizeof s->rule);
    format_utc(s->expires, p->now + (int64_t)EXPIRE_DAYS * DAY_SECONDS);
    *out = s;
    st = store_query(p->store, &s->insert, insert_sql, err);
    if (st == ST_OK)
        st = store_query(p->store, &s->update, update_sql, err);
    return st == ST_OK ? load_open(s, err) : st;
}

static struct open_signal *
find_open(const struct signals *s, struct span subject)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        int cmp = span_cmp(span_str(s->open[mid].subject), subject);

        if (cmp == 0)
            return &s->open[mid];
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

bool
signals_is_open(const struct signals *s, struct span subject)
{
    const struct open_signal *o = find_open(s, subject);

    return o && !o->closed;
}

void
signals_keep(struct signals *s, struct span subject)
{
    struct open_signal *o = find_open(s, subject);

    if (o)
        o->raised = true;
}

static void
make_id(char out[24], const char *kind, const struct signal_row *row)
{
    uint64_t h = hash_bytes(kind, strlen(kind), 1);

    h = hash_bytes(row->subject.p, row->subject.n, h);
    h = hash_bytes(row->window_start, strlen(row->window_start), h);
    snprintf(out, 24, "%016" PRIx64, h);
}

static enum status
update_open(struct signals *s, const struct open_signal *o, const struct signal_row *row,
            struct error *err)
{
    const double reals[] = {row->value, row->baseline, row->delta,       row->low,
                            row->high,  row->p_value,  row->completeness};
    struct query *q = s->update;
    enum status st = store_tick(s->pass->store, err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, o->id);
    query_set_str(q, 2, s->kind);
    query_set_str(q, 3, row->subject_type);
    query_set_text(q, 4, row->subject);
    query_set_str(q, 5, row->severity);
    for (int i = 0; i < 7; i++)
        query_set_real(q, 6 + i, reals[i]);
    query_set_str(q, 13, row->window_start);
    query_set_str(q, 14, row->window_end);
    query_set_str(q, 15, row->reason);
    query_set_str(q, 16, row->evidence);
    if (row->owner.n)
        query_set_text(q, 17, row->owner);
    else
        query_set_null(q, 17);
    query_set_str(q, 18, s->pass->now_text);
    query_set_str(q, 19, s->expires);
    query_set_int(q, 20, o->closed && signal_severity_rank(span_str(row->severity)) > o->severity);
    query_set_str(q, 21, row->held);
    query_set_str(q, 22, s->rule);
    return query_run(q, err);
}

static const char *
keep_text(struct signals *s, const char *text)
{
    return text ? arena_copy(&s->texts, span_of(text, strlen(text) + 1)).p : NULL;
}

static void
keep_new(struct signals *s, const struct signal_row *row)
{
    struct new_signal *n;

    if (s->fresh_count == s->fresh_cap) {
        s->fresh_cap = s->fresh_cap ? s->fresh_cap * 2 : 64;
        s->fresh = xrealloc(s->fresh, s->fresh_cap * sizeof *s->fresh);
    }
    n = &s->fresh[s->fresh_count++];
    make_id(n->id, s->kind, row);
    n->row = *row;
    n->row.subject = arena_copy(&s->texts, row->subject);
    n->row.owner = arena_copy(&s->texts, row->owner);
    n->row.window_start = keep_text(s, row->window_start);
    n->row.window_end = keep_text(s, row->window_end);
    n->row.reason = keep_text(s, row->reason);
    n->row.evidence = keep_text(s, row->evidence);
    n->row.held = keep_text(s, row->held);
}

enum status
signals_raise(struct signals *s, const struct signal_row *row, struct error *err)
{
    struct open_signal *o = find_open(s, row->subject);
    struct signal_row judged = *row;
    struct buf held = {0};
    enum status st = ST_OK;

    signal_judge_data(s->pass, &judged, &held);
    if (!o) {
        keep_new(s, &judged);
    } else {
        o->raised = true;
        if (o->held || !judged.held)
            st = update_open(s, o, &judged, err);
    }
    buf_clear(&held);
    return st;
}

static int
by_id(const void *a, const void *b)
{
    return strcmp(((const struct new_signal *)a)->id, ((const struct new_signal *)b)->id);
}

static void
new_row(void *arg, size_t row, struct row_value *out)
{
    struct signals *s = arg;
    const struct new_signal *n = &s->fresh[row];
    const struct signal_row *r = &n->row;
    const double reals[] = {r->value, r->baseline, r->delta,       r->low,
                            r->high,  r->p_value,  r->completeness};

    value_str(out++, n->id);
    value_str(out++, s->kind);
    value_str(out++, r->subject_type);
    value_text(out++, r->subject);
    value_str(out++, r->severity);
    for (int i = 0; i < 7; i++)
        value_real(out++, reals[i]);
    value_str(out++, r->window_start);
    value_str(out++, r->window_end);
    value_str(out++, r->reason);
    value_str(out++, r->evidence);
    if (r->owner.n)
        value_text(out++, r->owner);
    else
        value_null(out++);
    value_str(out++, s->pass->now_text);
    value_str(out++, s->expires);
    value_str(out++, r->held);
    value_str(out, s->rule);
}

/* Ids are hashes: in their order, new ones that are neighbours are written together. */
static enum status
write_new(struct signals *s, struct error *err)
{
    struct row_source rows = {new_row, s};

    if (s->fresh_count > 1)
        qsort(s->fresh, s->fresh_count, sizeof *s->fresh, by_id);
    return query_tick_rows(s->pass->store, s->insert, &rows, s->fresh_count, err);
}

static enum status
calm_down(struct signals *s, const char *calm_end, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        s->pass->store, &q,
        "UPDATE signal SET calm_windows = CASE WHEN ?2 IS NULL THEN ?3 ELSE calm_windows + 1 END,"
        " calm_end = ?2,"
        " state = CASE WHEN ?2 IS NULL OR calm_windows + 1 >= ?3 THEN 'closed' ELSE state END,"
        " closed_at = CASE WHEN state = 'closed' THEN closed_at"
        " WHEN ?2 IS NULL OR calm_windows + 1 >= ?3 THEN ?4 END,"
        " closed_for = CASE WHEN state = 'closed' THEN closed_for"
        " WHEN ?2 IS NULL OR calm_windows + 1 >= ?3 THEN CASE WHEN held IS NULL THEN 'calm'"
        " ELSE 'nothing, once the data were there' END END,"
        " version = version + (state <> 'closed' AND (?2 IS NULL OR calm_windows + 1 >= ?3))"
        " WHERE id = ?1 AND (?2 IS NULL OR (window_end < ?2 AND ifnull(calm_end, '') < ?2))",
        err);

    for (size_t i = 0; st == ST_OK && i < s->count; i++) {
        const struct open_signal *o = &s->open[i];

        if (o->raised ||
            (!o->held && !signal_data_are_there(s->pass, o->subject_type, span_str(o->subject))))
            continue;
        st = store_tick(s->pass->store, err);
        if (st != ST_OK)
            break;
        query_set_str(q, 1, o->id);
        query_set_str(q, 2, o->held ? SIGNALS_CLOSE_AT_ONCE : calm_end);
        query_set_int(q, 3, CALM_TO_CLOSE);
        query_set_str(q, 4, s->pass->now_text);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

enum status
signals_end(struct signals *s, enum status st, const char *calm_end, struct error *err)
{
    struct pass *pass = s ? s->pass : NULL;
    const char *kind = s ? s->kind : NULL;
    size_t rest = 0, length = kind ? strlen(kind) : 0, tail = sizeof SIGNALS_MORE - 1;
    bool is_more = length > tail && strcmp(kind + length - tail, SIGNALS_MORE) == 0;

    if (!s)
        return st;
    if (st == ST_OK && !is_more)
        st = signals_keep_most(s, &rest, err);
    if (st == ST_OK)
        st = write_new(s, err);
    if (st == ST_OK)
        st = calm_down(s, calm_end, err);
    for (size_t i = 0; i < s->count; i++) {
        free(s->open[i].id);
        free(s->open[i].subject);
        free(s->open[i].subject_type);
    }
    free(s->open);
    free(s->fresh);
    arena_clear(&s->texts);
    query_free(s->insert);
    query_free(s->update);
    free(s);
    if (st == ST_OK && !is_more)
        st = signals_tell_of_rest(pass, kind, rest, err);
    return st;
}

enum status
signals_expire(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(p->store, &q,
                                 "UPDATE signal SET state = 'closed', closed_at = ?1,"
                                 " version = version + 1, closed_for = 'expired'"
                                 " WHERE state <> 'closed' AND expires <= ?1",
                                 err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, p->now_text);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}
