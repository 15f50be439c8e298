/*
 * pass_features.c - feature_demand: who wants what, and how surely.
 *
 * Distinct people and customers come from the daily sketches of each feature, merged over the
 * window. A sketch does not know whether a person succeeded, so people who wanted a feature
 * and never got it cannot be told from those who did; uses and failures are counted apart.
 *
 * A person's vote fades with age since their last sign of interest. Going back day by day,
 * the union of the sketches grows by those whose last sign was that day, which is all that
 * the votes need. How the people are spread over the customers is not known; an even spread
 * is assumed for the root that keeps one large customer from outvoting many small ones.
 */
#include "pass.h"

#include <math.h>
#include <stdlib.h>

#include "change.h"
#include "demand.h"
#include "feature_spread.h"
#include "json_write.h"
#include "signals.h"

#define WINDOW_DAYS 90
#define MONTH_DAYS  28
/* From this share of failures on a feature that is had needs mending. */
#define FAILS_OFTEN 0.1
/* Relative standard error of a distinct count: 1.04 / sqrt(2^14). */
#define SKETCH_ERROR (1.04 / 128)

/* What one day brought. */
struct day {
    int64_t people, ok, failed;
};

struct feature {
    char *name;
    struct day *daily; /* oldest first; only where a decision may be near */
    double largest_share;
    int64_t ok, failed;
    double people, customers, votes;
    double recent, before; /* people of the last 28 whole days and the 28 before */
    double p, q, growth, score;
    unsigned rank;
};

struct work {
    struct pass *pass;
    struct feature *features;
    size_t count, cap;
    struct sketch people[WINDOW_DAYS]; /* of the feature being read, by age */
    struct day daily[WINDOW_DAYS];     /* ok and failed of the same, by age */
    struct sketch customers;
    bool reading;
};

static double
estimate(const struct sketch *s)
{
    return (double)llround(sketch_estimate(s));
}

static double
people_between(struct work *w, int young, int old)
{
    struct sketch all;
    double n;

    sketch_init(&all);
    for (int age = young; age < old; age++)
        sketch_merge(&all, &w->people[age]);
    n = estimate(&all);
    sketch_clear(&all);
    return n;
}

/* The evidence, while the sketches are here. */
static void
keep_daily(struct work *w, struct feature *f)
{
    f->daily = xcalloc(WINDOW_DAYS, sizeof *f->daily);
    for (int age = 0; age < WINDOW_DAYS; age++) {
        struct day *d = &f->daily[WINDOW_DAYS - 1 - age];

        *d = w->daily[age];
        d->people = (int64_t)estimate(&w->people[age]);
    }
}

static void
finish(struct work *w)
{
    struct feature *f;
    struct sketch all;
    double before = 0;

    if (!w->reading)
        return;
    w->reading = false;
    f = &w->features[w->count - 1];
    sketch_init(&all);
    for (int age = 0; age < WINDOW_DAYS; age++) {
        if (!sketch_merge(&all, &w->people[age]))
            continue;
        f->people = sketch_estimate(&all);
        f->votes += fmax(0, f->people - before) * demand_vote(age, 1);
        before = f->people;
    }
    f->people = estimate(&all);
    f->customers = estimate(&w->customers);
    f->recent = people_between(w, 1, 1 + MONTH_DAYS);
    f->before = people_between(w, 1 + MONTH_DAYS, 1 + 2 * MONTH_DAYS);
    if (f->people >= DEMAND_CLEAR_LINE)
        keep_daily(w, f);
    sketch_clear(&all);
    sketch_clear(&w->customers);
    for (int age = 0; age < WINDOW_DAYS; age++)
        sketch_clear(&w->people[age]);
}

static void
start(struct work *w, struct span name)
{
    finish(w);
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        w->features = xrealloc(w->features, w->cap * sizeof *w->features);
    }
    w->features[w->count++] = (struct feature){.name = xstrndup(name.p, name.n)};
    for (int age = 0; age < WINDOW_DAYS; age++)
        sketch_init(&w->people[age]);
    memset(w->daily, 0, sizeof w->daily);
    sketch_init(&w->customers);
    w->reading = true;
}

static enum status
visit(void *arg, const struct cell_view *c, struct error *err)
{
    struct work *w = arg;
    const int64_t *v = c->sum;
    int32_t age = w->pass->today - c->day;
    struct feature *f;

    (void)err;
    if (age < 0 || age >= WINDOW_DAYS)
        return ST_OK;
    if (!w->reading || !span_is(c->name, w->features[w->count - 1].name))
        start(w, c->name);
    f = &w->features[w->count - 1];
    f->ok += v[FEATURE_OK];
    f->failed += v[FEATURE_FAILED] + v[FEATURE_REJECTED];
    w->daily[age].ok += v[FEATURE_OK];
    w->daily[age].failed += v[FEATURE_FAILED] + v[FEATURE_REJECTED];
    sketch_merge(&w->people[age], &c->sketch[SKETCH_PEOPLE]);
    sketch_merge(&w->customers, &c->sketch[SKETCH_SECOND]);
    return ST_OK;
}

/* Growth counts where it can be neither chance nor the error of the two estimates, and where
 * there was input in both windows to compare. */
static void
judge_growth(struct work *w)
{
    double *p = xcalloc(w->count + 1, sizeof *p), *q = xcalloc(w->count + 1, sizeof *q);
    const struct pass *pass = w->pass;
    bool comparable = pass_had_input(pass, pass->today - 2 * MONTH_DAYS) &&
                      pass_completeness(pass, pass->today - 2 * MONTH_DAYS, pass->today) >= 0.8;

    for (size_t i = 0; i < w->count; i++)
        p[i] = demand_growth_p(w->features[i].recent, w->features[i].before);
    change_fdr(p, q, w->count);
    for (size_t i = 0; i < w->count; i++) {
        struct feature *f = &w->features[i];
        double noise = 3 * SKETCH_ERROR * hypot(f->recent, f->before);
        bool sure = comparable && q[i] <= 0.05 && fabs(f->recent - f->before) > noise;

        f->q = comparable ? q[i] : NAN;
        f->growth = sure ? demand_growth_factor(f->recent, f->before, q[i]) : NAN;
    }
    free(p);
    free(q);
}

static void
judge_rank(struct work *w)
{
    struct demand_rank *r = xcalloc(w->count + 1, sizeof *r);

    for (size_t i = 0; i < w->count; i++) {
        struct feature *f = &w->features[i];
        double customers = fmax(1, f->customers);

        f->score =
            customers * demand_value(1, f->votes / customers) * (isnan(f->growth) ? 1 : f->growth);
        r[i] = (struct demand_rank){.score = f->score, .people = f->people, .name = f->name};
    }
    demand_rank(r, w->count);
    for (size_t i = 0; i < w->count; i++)
        for (size_t k = 0; k < w->count; k++)
            if (r[i].name == w->features[k].name)
                w->features[k].rank = r[i].rank;
    free(r);
}

static void
set_feature(struct query *q, const struct pass *p, const struct feature *f, double active)
{
    double low, high;

    demand_wilson(f->people, fmax(active, f->people), &low, &high);
    query_set_str(q, 1, f->name);
    query_set_str(q, 2, p->now_text);
    query_set_int(q, 3, WINDOW_DAYS);
    query_set_int(q, 4, (int64_t)f->people);
    query_set_int(q, 5, (int64_t)f->customers);
    query_set_int(q, 6, f->ok);
    query_set_int(q, 7, f->failed);
    query_set_real(q, 8, f->growth);
    query_set_int(q, 9, (int64_t)f->recent);
    query_set_int(q, 10, (int64_t)f->before);
    query_set_real(q, 11, f->q);
    query_set_real(q, 12, low);
    query_set_real(q, 13, high);
    query_set_real(q, 14, f->score);
    query_set_int(q, 15, f->rank);
    query_set_real(q, 16, f->largest_share);
}

static enum status
write_demand(struct work *w, double active, struct error *err)
{
    struct pass *p = w->pass;
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q,
        "INSERT INTO feature_demand(feature, as_of, window_days, people, customers, uses, failed,"
        " growth, people_28d, people_before_28d, growth_q, reach_low, reach_high, score, rank,"
        " largest_share)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        err);

    if (st == ST_OK)
        st = store_commit_open(p->store, err);
    if (st == ST_OK)
        st = store_begin(p->store, err);
    /* Few rows: the whole ranking changes at once, or not at all. */
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM feature_demand", err);
    for (size_t i = 0; st == ST_OK && i < w->count; i++) {
        set_feature(q, p, &w->features[i], active);
        st = query_run(q, err);
    }
    query_free(q);
    return st == ST_OK ? store_commit(p->store, err) : st;
}

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
                   f->name, tries, WINDOW_DAYS);
        return "critical";
    }
    if (failed >= ok) {
        buf_printf(reason,
                   "want %s and most do not get it: %lld of %lld attempts in %d days failed"
                   ": build it",
                   f->name, failed, tries, WINDOW_DAYS);
        return "critical";
    }
    buf_printf(reason, "use %s: %lld uses in %d days", f->name, ok, WINDOW_DAYS);
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
    for (int i = 0; f->daily && i < WINDOW_DAYS; i++)
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
    json_real(&j, "largest_customer_share", f->largest_share);
    json_i64(&j, "uses", f->ok);
    json_i64(&j, "failed", f->failed);
    json_real(&j, "people_28d", f->recent);
    json_real(&j, "people_before_28d", f->before);
    json_text(&j, "first_day", format_day(day, p->today - WINDOW_DAYS + 1));
    write_daily(&j, "daily_people", f, offsetof(struct day, people));
    write_daily(&j, "daily_uses", f, offsetof(struct day, ok));
    write_daily(&j, "daily_failed", f, offsetof(struct day, failed));
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
        .low = f->people * (1 - 2 * SKETCH_ERROR),
        .high = f->people * (1 + 2 * SKETCH_ERROR),
        .p_value = NAN,
        .completeness = pass_completeness(p, p->today - WINDOW_DAYS + 1, p->today + 1),
        .window_start = format_day(from, p->today - WINDOW_DAYS + 1),
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

static enum status
load_spread(struct work *w, bool *missing, struct error *err)
{
    enum status st = ST_OK;

    *missing = false;
    for (size_t i = 0; st == ST_OK && i < w->count; i++) {
        struct feature *f = &w->features[i];
        struct demand_reach even = reach_of(f, 0);

        st = spread_largest(w->pass, f->name, &f->largest_share, err);
        *missing |= !(f->largest_share <= 0.5) && demand_decided(&even, false);
    }
    return st;
}

/* A feature may reach the line on its first day, before all customers are read again. */
static enum status
know_spread(struct work *w, struct error *err)
{
    struct analyst *a = w->pass->a;
    bool missing;
    enum status st = load_spread(w, &missing, err);

    if (st != ST_OK || !missing || a->spread_day == w->pass->today)
        return st;
    st = spread_measure(w->pass, err);
    a->spread_day = w->pass->today;
    return st == ST_OK ? load_spread(w, &missing, err) : st;
}

static enum status
signal_demand(struct work *w, struct error *err)
{
    struct signals *s = NULL;
    enum status st = signals_begin(&s, w->pass, "feature_demand", err);

    for (size_t i = 0; st == ST_OK && i < w->count; i++) {
        const struct feature *f = &w->features[i];
        struct demand_reach reach = reach_of(f, f->largest_share);

        if (demand_decided(&reach, signals_is_open(s, span_str(f->name))))
            st = raise_decision(s, w->pass, f, err);
    }
    return signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
}

enum status
pass_features(struct pass *p, struct error *err)
{
    struct work w = {.pass = p};
    struct sketch active;
    enum status st;

    if (!p->features_changed && !p->full && !p->first)
        return ST_OK;
    st = pass_active_people(p, &active, err);
    if (st == ST_OK)
        st = ledger_scan_kind(p->a->reader, CELL_FEATURE, p->today - WINDOW_DAYS + 1, visit, &w,
                              err);
    finish(&w);
    if (st == ST_OK) {
        judge_growth(&w);
        judge_rank(&w);
        st = know_spread(&w, err);
    }
    if (st == ST_OK)
        st = write_demand(&w, estimate(&active), err);
    if (st == ST_OK)
        st = signal_demand(&w, err);
    sketch_clear(&active);
    for (size_t i = 0; i < w.count; i++) {
        free(w.features[i].name);
        free(w.features[i].daily);
    }
    free(w.features);
    return st;
}
