/*
 * cmd_signal_explain.c - `callswell signal explain ID`: numbers, rule, inputs, files, for people.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "cmd_signal_explain.h"
#include "figures.h"
#include "signal_explain.h"
#include "signal_rules.h"
#include "words.h"
#include "work.h"

#define RANGES 20 /* shown to people; all are in --json */

static void
say(struct span text)
{
    struct buf out = {0};

    buf_str(&out, "  ");
    words_flow(&out, 2, text);
    puts(out.p);
    buf_clear(&out);
}

static void
say_signal(const struct explanation *e)
{
    printf("Signal %.*s, version %lld: %.*s, %.*s %.*s\n", SPAN_ARG(e->id), (long long)e->version,
           SPAN_ARG(e->kind), SPAN_ARG(e->subject_type), SPAN_ARG(e->subject));
    say(e->reason);
    printf("  %.*s, %.*s; first seen %.*s, last %.*s", SPAN_ARG(e->severity), SPAN_ARG(e->state),
           SPAN_ARG(e->first_seen), SPAN_ARG(e->last_seen));
    if (e->owner.n)
        printf(";\n  owner %.*s", SPAN_ARG(e->owner));
    putchar('\n');
    if (e->closed_for.n)
        printf("  closed: %.*s\n", SPAN_ARG(e->closed_for));
    if (e->held.n) {
        puts("\nHeld: told to nobody until the data are there");
        say(e->held);
    }
}

static void
say_numbers(const struct explanation *e)
{
    char a[FIGURE], b[FIGURE], c[FIGURE];
    double base = 0;
    int days = 0;

    puts("\nNumbers");
    printf("  value %s, usual %s, difference %s\n", figure_real(a, e->value),
           figure_real(b, e->baseline), figure_real(c, e->delta));
    if (isfinite(e->low) && isfinite(e->high))
        printf("  usual range (95 %%) %s to %s\n", figure_real(a, e->low), figure_real(b, e->high));
    if (isfinite(e->p_value))
        printf("  p = %.3g, one-sided\n", e->p_value);
    if (isfinite(e->completeness))
        printf("  complete to %.0f %%\n", 100 * e->completeness);
    if (!e->value_names[0])
        return;
    printf("\n  %-10s %12s %12s %12s %9s\n", "UTC day", e->value_names[0], e->value_names[1],
           e->value_names[2], "complete");
    for (size_t i = 0; i < e->day_count; i++) {
        const struct explain_day *d = &e->days[i];

        if (!d->in_window) {
            base += d->value[0];
            days++;
            continue;
        }
        printf("  %.*s %12.10g %12.10g %12.10g ", SPAN_ARG(d->day), d->value[0], d->value[1],
               d->value[2]);
        if (isfinite(d->completeness))
            printf("%7.0f %%\n", 100 * d->completeness);
        else
            printf("%9s\n", "unknown");
    }
    printf("  in the 28 days before: %.10g %s on %d days\n", base, e->value_names[0], days);
}

static void
say_rule(const struct explanation *e)
{
    printf("\nRule %.*s\n", SPAN_ARG(e->rule.n ? e->rule : SPAN("(not noted)")));
    if (!e->says)
        return;
    if (!e->rule_is_current)
        printf("  What follows is version %d, which raises signals now.\n", e->says->version);
    say(span_str(e->says->says));
    for (const struct signal_threshold *t = e->says->thresholds; t->name; t++)
        printf("  - %s %.10g%s%s\n", t->name, t->value, t->unit[0] ? " " : "", t->unit);
}

static void
say_feeds(const struct explanation *e)
{
    if (e->feed_count == 0)
        return;
    printf("\nInputs\n  %-20s %9s %12s %12s %14s\n", "input", "complete", "records", "usual",
           "still expected");
    for (size_t i = 0; i < e->feed_count; i++) {
        const struct explain_feed *f = &e->feeds[i];

        printf("  %-20.*s ", SPAN_ARG(f->input));
        if (isfinite(f->completeness))
            printf("%7.0f %%", 100 * f->completeness);
        else
            printf("%9s", "unknown");
        printf(" %12.0f %12.0f %14.0f\n", f->records, f->usual, f->still_expected);
        if (f->silent_since.n)
            printf("    silent since %.*s\n", SPAN_ARG(f->silent_since));
    }
}

static void
say_range(const struct explanation *e, const struct explain_range *r)
{
    const struct intake *in = &r->row.of;
    char begun[CIVIL_TEXT], ended[CIVIL_TEXT];

    printf("  %.*s", SPAN_ARG(in->input));
    if (in->unit == INTAKE_BYTES)
        printf(": %.*s\n    bytes %llu to %llu", SPAN_ARG(in->stream), (unsigned long long)in->at,
               (unsigned long long)in->until);
    else if (in->unit == INTAKE_ENTRIES)
        printf(": %.*s\n    entries %llu-* to %llu-*", SPAN_ARG(in->stream),
               (unsigned long long)in->at, (unsigned long long)in->until);
    else
        printf("\n    no positions (connections, requests)");
    printf(", batches %llu to %llu\n", (unsigned long long)r->row.first_seq,
           (unsigned long long)r->row.last_seq);
    printf("    arrived %s to %s,\n    %llu of %llu records counted\n",
           format_utc(begun, r->row.begun), format_utc(ended, r->row.ended),
           (unsigned long long)in->accepted, (unsigned long long)in->records);
    if (r->known)
        printf("    %llu of these batches' were %.*s's, in the window\n",
               (unsigned long long)r->records, SPAN_ARG(e->subject));
    else if (!span_is(e->subject_type, "input"))
        puts("    whose they were is not kept (without ids, or older than correction_window)");
}

static void
say_ranges(const struct explanation *e)
{
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    size_t shown = e->range_count < RANGES ? e->range_count : RANGES;

    printf("\nWhere it came from: records that began %s to\n  %s\n", format_utc(from, e->from),
           format_utc(to, e->to));
    if (e->range_count == 0)
        puts("  Nothing is noted: it was counted before such notes were kept, or the signal is\n"
             "  about no data.");
    for (size_t i = 0; i < shown; i++)
        say_range(e, &e->ranges[e->range_count - shown + i]);
    if (e->range_count > shown || e->ranges_more)
        printf("  The newest %zu of %llu ranges; all that are listed: --json.\n", shown,
               (unsigned long long)e->range_count + (unsigned long long)e->ranges_more);
}

int
signal_explain_run(const struct config *c, struct store *store, const char *id,
                   enum table_style style)
{
    char *path = config_state_path(c, "ledger.db");
    struct ledger_reader *r = NULL;
    struct explanation e;
    struct buf out = {0};
    struct arena mem;
    struct error err;
    enum status st;

    arena_init(&mem);
    st = ledger_reader_open(&r, path, &err);
    if (st == ST_OK)
        st = signal_explain(store, r, id, &mem, &e, &err);
    if (st == ST_OK && style == TABLE_JSON) {
        explanation_json(&e, &out);
        puts(out.p);
    } else if (st == ST_OK && style == TABLE_CSV) {
        explanation_csv(&e, "days", &out);
        fwrite(out.p, 1, out.n, stdout);
    } else if (st == ST_OK) {
        say_signal(&e);
        say_numbers(&e);
        say_rule(&e);
        say_feeds(&e);
        say_ranges(&e);
    }
    ledger_reader_close(r);
    buf_clear(&out);
    arena_clear(&mem);
    free(path);
    return st == ST_OK ? 0 : work_failed(&err);
}
