/*
 * outlook_signals.c - whom to call: customers that are overdue, those that are stuck; and whom
 * somebody has called already.
 *
 * Overdue: silent for longer than chance explains. The chances of all that have a habit are judged
 * together, or one in twenty of them would be called each day for nothing. Who is called stays so
 * until they are back, or until it is no longer news. The chance that a customer has left is not
 * asked for: it is nothing to call anybody by (bgnbd.h).
 */
#include "outlook.h"

#include <math.h>
#include <stdlib.h>

#include "change.h"
#include "json_write.h"
#include "signals.h"

/* Fewer active days are no habit. */
#define HABIT    5
#define MAX_RATE 0.05 /* of false discoveries */
#define NEWS     182  /* after so many days of silence it is none */
/* Without this share of the last two weeks' input nobody is called silent. */
#define ENOUGH 0.5
#define WEEKS2 14

struct work {
    struct outlooks *all;
    struct signals *signals;
    double completeness, median; /* active days of those with a habit */
};

/* Consumes both texts. */
static enum status
raise_row(struct work *w, struct signal_row *row, struct buf *reason, struct buf *evidence,
          struct error *err)
{
    enum status st;

    row->reason = reason->p;
    row->evidence = evidence->p;
    st = signals_raise(w->signals, row, err);
    buf_clear(reason);
    buf_clear(evidence);
    return st;
}

static bool
has_habit(const struct outlook *o)
{
    return o->active_days >= HABIT && isfinite(o->silence) && o->gap <= NEWS &&
           o->facts.cancelled < o->facts.last;
}

/* --- overdue --- */

static void
overdue_evidence(struct buf *b, const struct outlooks *all, const struct outlook *o, double q)
{
    char day[CIVIL_TEXT];
    struct json_writer j;

    json_begin(&j, b);
    json_object(&j, NULL);
    json_text(&j, "last_use", format_day(day, o->facts.last));
    json_i64(&j, "days_with_input_since", o->gap);
    json_text(&j, "due_by", format_day(day, o->facts.silent));
    json_i64(&j, "active_days_52w", o->active_days);
    json_real(&j, "weeks_from_first_to_last", o->habit.last);
    json_real(&j, "expected_days_4w", o->expected_4w);
    json_real(&j, "chance_of_such_a_gap", o->silence);
    json_real(&j, "false_discovery_rate", q);
    json_real(&j, "r", all->model.r);
    json_real(&j, "alpha_weeks", all->model.alpha);
    json_close(&j);
}

static enum status
raise_overdue(struct work *w, const struct outlook *o, double q, struct error *err)
{
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    double usual = o->habit.repeats ? 7 * o->habit.last / o->habit.repeats : NAN;
    struct buf reason = {0}, evidence = {0};
    struct signal_row row = {
        .subject = o->customer,
        .subject_type = "customer",
        .severity = (double)o->active_days >= w->median ? "warning" : "info",
        .value = o->gap,
        .baseline = usual,
        .delta = o->gap - usual,
        .low = NAN,
        .high = o->facts.silent - o->facts.last - 1,
        .p_value = o->silence,
        .completeness = w->completeness,
        .window_start = format_day(start, o->facts.last),
        .window_end = format_day(end, o->facts.today - 1),
        .owner = o->owner,
    };

    buf_printf(&reason,
               "no use for %d days after one every %.1f days on average (%lld active days in 52"
               " weeks): less than one gap in %.0f is so long; overdue since ",
               o->gap, usual, (long long)o->active_days,
               fmin(floor(1 / fmax(o->silence, 1e-6)), 1e6));
    buf_str(&reason, format_day(end, o->facts.silent));
    format_day(end, o->facts.today - 1);
    overdue_evidence(&evidence, w->all, o, q);
    return raise_row(w, &row, &reason, &evidence, err);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static enum status
signal_overdue(struct work *w, struct error *err)
{
    struct outlooks *all = w->all;
    double *p = xcalloc(2 * all->count + 2, sizeof *p), *q = p + all->count + 1;
    const struct outlook **who = xcalloc(all->count + 1, sizeof(struct outlook *));
    size_t n = 0;
    enum status st = signals_begin(&w->signals, all->pass, "overdue", err);

    for (size_t i = 0; i < all->count; i++)
        if (has_habit(&all->rows[i])) {
            p[n] = (double)all->rows[i].active_days;
            who[n++] = &all->rows[i];
        }
    qsort(p, n, sizeof *p, by_value);
    w->median = n ? p[n / 2] : 0;
    for (size_t i = 0; i < n; i++)
        p[i] = who[i]->silence;
    change_fdr(p, q, n);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        const struct outlook *o = who[i];
        bool open = signals_is_open(w->signals, o->customer);

        if (o->facts.today < o->facts.silent || o->gap < LIFE_MIN_GAP)
            continue;
        if (w->completeness < ENOUGH)
            signals_keep(w->signals, o->customer);
        else if (open || q[i] <= MAX_RATE)
            st = raise_overdue(w, o, q[i], err);
    }
    free(p);
    free(who);
    return signals_end(w->signals, st, SIGNALS_CLOSE_AT_ONCE, err);
}

/* --- stuck --- */

static void
stuck_reason(struct buf *b, const struct outlooks *all, const struct outlook *o)
{
    const struct life_facts *f = &o->facts;
    char day[CIVIL_TEXT];

    if (o->now.stage == LIFE_PROSPECT) {
        buf_printf(b, "stuck as a prospect: nobody has spoken to it since %s, %d days ago",
                   format_day(day, f->contact), f->today - f->contact);
        return;
    }
    if (o->now.stage == LIFE_INTENT)
        buf_printf(b,
                   "stuck in intent: interested since %s, %d days ago, and no use yet; three of"
                   " four go on within %.0f days",
                   format_day(day, o->now.since), f->today - o->now.since, all->pace.to_first);
    else
        buf_printf(b,
                   "stuck after the first use on %s, %d days ago; of those who come again three"
                   " of four do so within %.0f days",
                   format_day(day, f->first), f->today - f->first, all->pace.to_second);
    if (f->contact == LIFE_NEVER)
        buf_str(b, "; no contact so far");
    else
        buf_printf(b, "; last contact %s", format_day(day, f->contact));
}

static enum status
raise_stuck(struct work *w, const struct outlook *o, int32_t beyond, struct error *err)
{
    const struct life_facts *f = &o->facts;
    int32_t from = o->now.stage == LIFE_PROSPECT ? f->contact : o->now.since;
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    struct buf reason = {0}, evidence = {0};
    struct json_writer j;
    struct signal_row row = {
        .subject = o->customer,
        .subject_type = "customer",
        .severity = o->now.stage == LIFE_INTENT ? "warning" : "info",
        .value = f->today - from,
        .baseline = f->today - from - beyond,
        .delta = beyond,
        .low = NAN,
        .high = NAN,
        .p_value = NAN,
        .completeness = w->completeness,
        .window_start = format_day(start, from),
        .window_end = format_day(end, f->today - 1),
        .owner = o->owner,
    };

    json_begin(&j, &evidence);
    json_object(&j, NULL);
    json_text(&j, "stage", life_stage_name(o->now.stage));
    json_text(&j, "since", start);
    json_i64(&j, "usual_days", f->today - from - beyond);
    if (f->contact != LIFE_NEVER) {
        char day[CIVIL_TEXT];

        json_text(&j, "last_contact", format_day(day, f->contact));
    }
    json_close(&j);
    stuck_reason(&reason, w->all, o);
    return raise_row(w, &row, &reason, &evidence, err);
}

static enum status
signal_stuck(struct work *w, struct error *err)
{
    struct outlooks *all = w->all;
    enum status st = signals_begin(&w->signals, all->pass, "stuck", err);

    for (size_t i = 0; st == ST_OK && i < all->count; i++) {
        const struct outlook *o = &all->rows[i];
        int32_t beyond = life_overstayed(&o->now, &o->facts, &all->pace);

        /* Who came by once, and belongs to nobody, is nobody's task: the reports count them. */
        if (beyond > 0 && (o->owner.n || o->talked))
            st = raise_stuck(w, o, beyond, err);
    }
    return signals_end(w->signals, st, SIGNALS_CLOSE_AT_ONCE, err);
}

/* --- called on twice --- */

static void
json_call(struct json_writer *j, const struct talk *t)
{
    char at[CIVIL_TEXT];

    json_object(j, NULL);
    json_text(j, "start", format_utc(at, t->at));
    json_text(j, "kind", talk_kind_name(t->kind));
    json_span(j, "agent", t->agent);
    if (t->service.n)
        json_span(j, "service", t->service);
    json_span(j, "id", t->id);
    json_close(j);
}

static void
twice_reason(struct buf *b, const struct talk call[2], unsigned callers)
{
    bool visit = call[1].kind == TALK_VISIT;
    char day[CIVIL_TEXT];

    buf_printf(b, "%s by %.*s on %s", visit ? "visited" : "answered", SPAN_ARG(call[0].agent),
               format_day(day, day_of(call[0].at)));
    buf_printf(b, " and by %.*s on %s; %s", SPAN_ARG(call[1].agent),
               format_day(day, day_of(call[1].at)),
               visit ? "it had not asked or ordered in between" : "no inquiry was left to answer");
    if (callers > 2)
        buf_printf(b, "; %u%s people within %d days", callers,
                   callers == TALK_MOST_CALLERS ? " or more" : "", TALK_TWICE_DAYS);
}

static enum status
raise_twice(struct work *w, const struct outlook *o, struct error *err)
{
    const struct talk *call = o->twice;
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    struct buf reason = {0}, evidence = {0};
    struct json_writer j;
    struct signal_row row = {
        .subject = o->customer,
        .subject_type = "customer",
        .severity = call[1].kind == TALK_VISIT ? "warning" : "info",
        .value = o->callers,
        .baseline = 1,
        .delta = o->callers - 1.0,
        .low = NAN,
        .high = NAN,
        .p_value = NAN,
        .completeness = w->completeness,
        .window_start = format_day(start, day_of(call[0].at)),
        .window_end = format_day(end, day_of(call[1].at)),
        .owner = o->owner,
    };

    json_begin(&j, &evidence);
    json_object(&j, NULL);
    json_array(&j, "calls");
    json_call(&j, &call[0]);
    json_call(&j, &call[1]);
    json_close(&j);
    json_i64(&j, "people", o->callers);
    json_close(&j);
    twice_reason(&reason, call, o->callers);
    return raise_row(w, &row, &reason, &evidence, err);
}

/* News for as long as the next call would come too soon, too. */
static enum status
signal_twice(struct work *w, struct error *err)
{
    struct outlooks *all = w->all;
    enum status st = signals_begin(&w->signals, all->pass, "called_twice", err);

    for (size_t i = 0; st == ST_OK && i < all->count; i++) {
        const struct outlook *o = &all->rows[i];

        if (o->twice && o->facts.today - day_of(o->twice[1].at) <= TALK_TWICE_DAYS)
            st = raise_twice(w, o, err);
    }
    return signals_end(w->signals, st, SIGNALS_CLOSE_AT_ONCE, err);
}

enum status
outlooks_signal(struct outlooks *o, struct error *err)
{
    int32_t today = o->pass->today;
    struct work w = {.all = o};
    enum status st;

    w.completeness = pass_completeness(o->pass, today - WEEKS2, today);
    st = signal_overdue(&w, err);
    if (st == ST_OK)
        st = signal_stuck(&w, err);
    return st == ST_OK ? signal_twice(&w, err) : st;
}
