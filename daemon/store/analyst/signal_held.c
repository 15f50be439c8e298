/*
 * signal_held.c - which signals wait for data.
 */
#include "signal_held.h"

#include "config.h"
#include "trust.h"

#define BASE_DAYS 28 /* what usually comes is mostly taken from the weeks before the window */
#define CALM_DAYS 7

static int64_t
time_of(const char *text, int64_t otherwise)
{
    bool has_offset;
    int64_t at;
    int32_t day;

    if (text && parse_day(span_str(text), &day))
        return (int64_t)day * DAY_SECONDS;
    return text && parse_rfc3339(span_str(text), &at, &has_offset) ? at : otherwise;
}

/* Of the row's window (a last day is part of it) and of the weeks before; a window that is still to
 * come is foretold from those alone. The lower of both. */
static bool
ask_trust(const struct pass *p, const struct signal_row *row, struct trust_answer *out)
{
    int64_t from = time_of(row->window_start, p->now), to = time_of(row->window_end, p->now);
    struct trust_answer before;
    bool known;

    if (from > p->now)
        from = p->now;
    to = to > from ? to + DAY_SECONDS : from + DAY_SECONDS;
    known = pass_trust_in(p, row->subject_type, row->subject, from, to, out);
    if (pass_trust_in(p, row->subject_type, row->subject, from - (int64_t)BASE_DAYS * DAY_SECONDS,
                      from, &before)) {
        if (!known || before.completeness < out->completeness)
            *out = before;
        known = true;
    }
    return known;
}

static bool
depends_on_data(const char *subject_type)
{
    return strcmp(subject_type, "customer") == 0 || strcmp(subject_type, "service") == 0 ||
           strcmp(subject_type, "skill") == 0 || strcmp(subject_type, "feature") == 0;
}

/* "Input bridge has been silent since 2026-11-22T09:14:00Z, longer than usual: 61 % of ..." */
static void
say_held(const struct trust_answer *a, struct buf *out)
{
    char since[CIVIL_TEXT];

    if (a->worst && a->worst->silent)
        buf_printf(out, "input %s has been silent since %s; ", a->worst->input,
                   format_utc(since, a->worst->heard));
    else if (a->worst)
        buf_printf(out, "of input %s some %.0f records are missing; ", a->worst->input, a->missing);
    buf_printf(out, "%.0f %% of what usually comes is there", 100 * a->completeness);
}

void
signal_judge_data(const struct pass *p, struct signal_row *row, struct buf *held)
{
    struct trust_answer a;

    row->held = NULL;
    if (!depends_on_data(row->subject_type) || !ask_trust(p, row, &a))
        return;
    row->completeness = a.completeness;
    if (a.completeness >= p->a->config->signals.complete)
        return;
    say_held(&a, held);
    row->held = held->p;
}

bool
signal_data_are_there(const struct pass *p, const char *subject_type, struct span subject)
{
    struct trust_answer a;

    return !depends_on_data(subject_type) ||
           !pass_trust_in(p, subject_type, subject, p->now - (int64_t)CALM_DAYS * DAY_SECONDS,
                          p->now, &a) ||
           a.completeness >= p->a->config->signals.complete;
}
