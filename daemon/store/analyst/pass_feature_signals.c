/*
 * pass_feature_signals.c - ten thousand people's need is a decision: which, and why.
 */
#include "pass_features.h"

#include <math.h>

#include "json_write.h"
#include "signals.h"

/* From this share of failures on a feature that is had needs mending. */
#define FAILS_OFTEN 0.1

/* What is there to decide? Something that people want and do not get is to be built; one that
 * fails them often is to be mended; one that they use in peace is good to know. */
static const char *
describe(const struct feature *f, struct buf *reason)
{
    long long ok = f->ok, failed = f->failed, tries = ok + failed;

    buf_printf(reason, "about %.0f people of %.0f customers ", f->people, f->customers);
    if (ok == 0) {
        buf_printf(reason,
                   "want %s and nobody gets it: all %lld attempts in %d days failed: build it",
                   f->name, tries, FEATURE_WINDOW);
        return "critical";
    }
    if (failed >= ok) {
        buf_printf(reason,
                   "want %s and most do not get it: %lld of %lld attempts in %d days failed"
                   ": build it",
                   f->name, failed, tries, FEATURE_WINDOW);
        return "critical";
    }
    buf_printf(reason, "use %s: %lld uses in %d days", f->name, ok, FEATURE_WINDOW);
    if ((double)failed >= FAILS_OFTEN * (double)tries) {
        buf_printf(reason, ", and %.0f %% of the attempts (%lld) failed: mend it",
                   100.0 * (double)failed / (double)tries, failed);
        return "warning";
    }
    buf_printf(reason, ", %.1f %% of the attempts failed", 100.0 * (double)failed / (double)tries);
    return "info";
}

static void
write_daily(struct json_writer *j, const char *name, const struct feature *f, size_t offset)
{
    json_array(j, name);
    for (int i = 0; f->daily && i < FEATURE_WINDOW; i++)
        json_i64(j, NULL, *(const int64_t *)((const char *)&f->daily[i] + offset));
    json_close(j);
}

static void
write_evidence(struct buf *out, const struct pass *p, const struct feature *f)
{
    char day[CIVIL_TEXT];
    struct json_writer j;

    json_begin(&j, out);
    json_object(&j, NULL);
    json_real(&j, "people", f->people);
    json_real(&j, "customers", f->customers);
    json_real(&j, "largest_customer_share", f->spread.largest_share);
    json_i64(&j, "uses", f->ok);
    json_i64(&j, "failed", f->failed);
    json_i64(&j, "customers_wanting", f->spread.wanting);
    json_i64(&j, "customers_denied", f->spread.denied);
    json_real(&j, "new_28d", f->recent_new);
    json_real(&j, "new_before_28d", f->before_new);
    json_real(&j, "people_28d", f->recent);
    json_real(&j, "people_before_28d", f->before);
    json_text(&j, "first_day", format_day(day, p->today - FEATURE_WINDOW + 1));
    write_daily(&j, "daily_people", f, offsetof(struct feature_day, people));
    write_daily(&j, "daily_uses", f, offsetof(struct feature_day, ok));
    write_daily(&j, "daily_failed", f, offsetof(struct feature_day, failed));
    json_close(&j);
}

static enum status
raise_decision(struct signals *s, const struct pass *p, const struct feature *f, struct error *err)
{
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    struct buf evidence = {0}, reason = {0};
    struct signal_row row = {
        .subject = span_str(f->name),
        .subject_type = "feature",
        .severity = describe(f, &reason),
        .value = f->people,
        .baseline = DEMAND_LINE,
        .delta = f->people - DEMAND_LINE,
        .low = f->people * (1 - 2 * FEATURE_ERROR),
        .high = f->people * (1 + 2 * FEATURE_ERROR),
        .p_value = NAN,
        .completeness = pass_completeness(p, p->today - FEATURE_WINDOW + 1, p->today + 1),
        .window_start = format_day(from, p->today - FEATURE_WINDOW + 1),
        .window_end = format_day(to, p->today),
    };
    enum status st;

    write_evidence(&evidence, p, f);
    row.reason = reason.p;
    row.evidence = evidence.p;
    st = signals_raise(s, &row, err);
    buf_clear(&reason);
    buf_clear(&evidence);
    return st;
}

static struct demand_reach
reach_of(const struct feature *f, double largest_share)
{
    return (struct demand_reach){
        .people = f->people,
        .estimated = true,
        .customers = f->customers,
        .largest_share = largest_share,
    };
}

bool
feature_decided(const struct feature *f, bool was_decided)
{
    struct demand_reach reach = reach_of(f, f->spread.largest_share);

    return demand_decided(&reach, was_decided);
}

bool
feature_near(const struct feature *f)
{
    struct demand_reach even = reach_of(f, 0);

    return demand_decided(&even, false);
}

enum status
pass_feature_signals(struct pass *p, const struct feature *features, size_t count,
                     struct error *err)
{
    struct signals *s = NULL;
    enum status st = signals_begin(&s, p, "feature_demand", err);

    for (size_t i = 0; st == ST_OK && i < count; i++)
        if (feature_decided(&features[i], signals_is_open(s, span_str(features[i].name))))
            st = raise_decision(s, p, &features[i], err);
    return signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
}
