/*
 * signals_rest.c - a bad day does not write ten thousand signals of a kind.
 */
#include "signals_private.h"

#include <math.h>
#include <stdlib.h>

#include "config.h"

static int
by_importance(const void *a, const void *b)
{
    const struct signal_row *x = &((const struct new_signal *)a)->row;
    const struct signal_row *y = &((const struct new_signal *)b)->row;
    int rank =
        signal_severity_rank(span_str(y->severity)) - signal_severity_rank(span_str(x->severity));
    double more = fabs(y->delta) - fabs(x->delta);

    if (rank != 0)
        return rank;
    return more > 0 ? 1 : more < 0 ? -1 : span_cmp(x->subject, y->subject);
}

static void
rest_row(void *arg, size_t row, struct row_value *out)
{
    struct signals *s = arg;
    const struct signal_row *r = &s->fresh[row].row;

    value_str(out++, s->kind);
    value_str(out++, r->subject_type);
    value_text(out++, r->subject);
    value_str(out++, r->severity);
    value_real(out++, r->value);
    value_real(out++, r->baseline);
    value_real(out++, r->delta);
    value_str(out++, r->window_start);
    value_str(out++, r->window_end);
    value_str(out++, r->reason);
    if (r->owner.n)
        value_text(out++, r->owner);
    else
        value_null(out++);
    value_str(out, s->pass->now_text);
}

static size_t
standing(const struct signals *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++)
        n += s->open[i].raised && !s->open[i].closed;
    return n;
}

static enum status
has_rest(const struct signals *s, bool *any, struct error *err)
{
    struct query *q = NULL;
    enum status st =
        store_query(s->pass->store, &q, "SELECT 1 FROM signal_rest WHERE kind = ?1 LIMIT 1", err);

    if (st == ST_OK) {
        query_set_str(q, 1, s->kind);
        st = query_next(q, err);
        *any = st == ST_OK;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Those for which there is no room, as rows of their own; they are the last ones of the list and
 * leave it. */
static enum status
set_aside(struct signals *s, size_t room, size_t *rest, struct error *err)
{
    struct row_source rows = {rest_row, s};
    struct query *q = NULL, *old = NULL;
    struct new_signal *all = s->fresh;
    enum status st;
    bool any = false;

    *rest = s->fresh_count > room ? s->fresh_count - room : 0;
    st = has_rest(s, &any, err);
    if (st != ST_OK || (!any && *rest == 0))
        return st;
    st = store_query(s->pass->store, &old, "DELETE FROM signal_rest WHERE kind = ?1", err);
    if (st == ST_OK)
        st = store_tick(s->pass->store, err);
    if (st == ST_OK) {
        query_set_str(old, 1, s->kind);
        st = query_run(old, err);
    }
    query_free(old);
    if (st != ST_OK || *rest == 0)
        return st;
    qsort(s->fresh, s->fresh_count, sizeof *s->fresh, by_importance);
    st = store_query(s->pass->store, &q,
                     "INSERT OR REPLACE INTO signal_rest(kind, subject_type, subject, severity,"
                     " value, baseline, delta, window_start, window_end, reason, owner, as_of)"
                     " SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 FROM offered"
                     " WHERE true",
                     err);
    s->fresh += room;
    if (st == ST_OK)
        st = query_tick_rows(s->pass->store, q, &rows, *rest, err);
    s->fresh = all;
    s->fresh_count = room;
    query_free(q);
    return st;
}

enum status
signals_tell_of_rest(struct pass *p, const char *kind, size_t rest, struct error *err)
{
    uint32_t most = p->a->config->signals.most;
    char *more_kind = xasprintf("%s" SIGNALS_MORE, kind), start[CIVIL_TEXT];
    char *reason = xasprintf("%zu more signals of kind %s than the %u most important ones"
                             " (signals.most); look with: callswell signal list --rest --kind %s",
                             rest, kind, most, kind);
    struct signals *s = NULL;
    struct signal_row row = {.subject = span_str(kind),
                             .subject_type = "kind",
                             .severity = "warning",
                             .value = (double)rest,
                             .baseline = most,
                             .delta = (double)rest,
                             .low = NAN,
                             .high = NAN,
                             .p_value = NAN,
                             .completeness = NAN,
                             .window_start = format_day(start, p->today),
                             .window_end = start,
                             .reason = reason,
                             .evidence = "{}"};
    enum status st = signals_begin(&s, p, more_kind, err);

    if (st == ST_OK && rest > 0)
        st = signals_raise(s, &row, err);
    st = signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
    free(more_kind);
    free(reason);
    return st;
}

enum status
signals_keep_most(struct signals *s, size_t *rest, struct error *err)
{
    size_t stand = standing(s), most = s->pass->a->config->signals.most;

    return set_aside(s, most == 0 ? SIZE_MAX : most > stand ? most - stand : 0, rest, err);
}
