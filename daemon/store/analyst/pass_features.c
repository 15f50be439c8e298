/*
 * pass_features.c - feature_demand: who wants what, and how surely.
 *
 * Distinct people and customers come from the daily sketches of each feature, merged over the
 * window. A sketch does not know whether a person succeeded, so people who wanted a feature
 * and never got it cannot be told from those who did; uses and failures are counted apart, and
 * so are the customers who never had it.
 *
 * A person's vote fades with age since their last sign of interest. Going back day by day,
 * the union of the sketches grows by those whose last sign was that day, which is all that
 * the votes need. How they are spread over the customers: feature_spread.h.
 *
 * Who is new: the union of a month and the time before it, less the union of that time alone. The
 * two share nearly all of their registers, so the error of the difference goes with the difference.
 * Both months look back equally far, or everybody would be new where the records begin.
 */
#include "pass_features.h"

#include <math.h>
#include <stdlib.h>

#include "change.h"

#define MONTH_DAYS 28
/* All days that are looked back over: two months and what came before them. */
#define LOOK_DAYS 400
/* Dates that lie further ahead than this are no forecast. */
#define FAR_DAYS 730

struct work {
    struct pass *pass;
    struct feature *features;
    size_t count, cap;
    int lookback;                             /* days before a month in which one may be known */
    struct sketch people[LOOK_DAYS];          /* of the feature being read, by age */
    struct feature_day daily[FEATURE_WINDOW]; /* ok and failed of the same, by age */
    struct sketch customers;
    bool reading;
};

static double
estimate(const struct sketch *s)
{
    return (double)llround(sketch_estimate(s));
}

/* Adds days by age, [young, old), and answers how many people there are then. */
static double
add_days(const struct work *w, struct sketch *all, int young, int old)
{
    for (int age = young; age < old && age < LOOK_DAYS; age++)
        sketch_merge(all, &w->people[age]);
    return estimate(all);
}

static double
people_between(const struct work *w, int young, int old)
{
    struct sketch all;
    double n;

    sketch_init(&all);
    n = add_days(w, &all, young, old);
    sketch_clear(&all);
    return n;
}

/* Of the month that is `young` days old at its end, those who were not there before it. */
static double
new_people(const struct work *w, int young, double *total)
{
    struct sketch all;
    double known;

    sketch_init(&all);
    known = add_days(w, &all, young + MONTH_DAYS, young + MONTH_DAYS + w->lookback);
    *total = add_days(w, &all, young, young + MONTH_DAYS);
    sketch_clear(&all);
    return fmax(0, *total - known);
}

/* The evidence, while the sketches are here. */
static void
keep_daily(struct work *w, struct feature *f)
{
    f->daily = xcalloc(FEATURE_WINDOW, sizeof *f->daily);
    for (int age = 0; age < FEATURE_WINDOW; age++) {
        struct feature_day *d = &f->daily[FEATURE_WINDOW - 1 - age];

        *d = w->daily[age];
        d->people = (int64_t)estimate(&w->people[age]);
    }
}

static void
count_people(struct work *w, struct feature *f)
{
    struct sketch all;
    double before = 0;

    sketch_init(&all);
    for (int age = 0; age < FEATURE_WINDOW; age++) {
        if (!sketch_merge(&all, &w->people[age]))
            continue;
        f->people = sketch_estimate(&all);
        f->votes += fmax(0, f->people - before) * demand_vote(age, 1);
        before = f->people;
    }
    f->people = estimate(&all);
    f->customers = estimate(&w->customers);
    f->lost = fmax(0, add_days(w, &all, FEATURE_WINDOW, FEATURE_WINDOW + MONTH_DAYS) - f->people);
    sketch_clear(&all);
    f->recent = people_between(w, 1, 1 + MONTH_DAYS);
    f->before = people_between(w, 1 + MONTH_DAYS, 1 + 2 * MONTH_DAYS);
    f->before_new = new_people(w, 1 + MONTH_DAYS, &f->total);
    f->recent_new = new_people(w, 1, &f->total);
}

static void
finish(struct work *w)
{
    struct feature *f;

    if (!w->reading)
        return;
    w->reading = false;
    f = &w->features[w->count - 1];
    count_people(w, f);
    if (f->people >= DEMAND_CLEAR_LINE)
        keep_daily(w, f);
    if (f->people <= 0 && f->ok == 0 && f->failed == 0) { /* older than the window */
        free(f->name);
        w->count--;
    }
    sketch_clear(&w->customers);
    for (int age = 0; age < LOOK_DAYS; age++)
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
    for (int age = 0; age < LOOK_DAYS; age++)
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
    if (age < 0 || age >= LOOK_DAYS)
        return ST_OK;
    if (!w->reading || !span_is(c->name, w->features[w->count - 1].name))
        start(w, c->name);
    sketch_merge(&w->people[age], &c->sketch[SKETCH_PEOPLE]);
    if (age >= FEATURE_WINDOW)
        return ST_OK;
    f = &w->features[w->count - 1];
    f->ok += v[FEATURE_OK];
    f->failed += v[FEATURE_FAILED] + v[FEATURE_REJECTED];
    w->daily[age].ok += v[FEATURE_OK];
    w->daily[age].failed += v[FEATURE_FAILED] + v[FEATURE_REJECTED];
    sketch_merge(&w->customers, &c->sketch[SKETCH_SECOND]);
    return ST_OK;
}

/* Growth counts where it can be neither chance nor the error of the estimates, and where
 * there was input in both windows to compare. */
static void
judge_growth(struct work *w)
{
    double *p = xcalloc(w->count + 1, sizeof *p), *q = xcalloc(w->count + 1, sizeof *q);
    const struct pass *pass = w->pass;
    bool comparable = pass_had_input(pass, pass->today - 2 * MONTH_DAYS) &&
                      pass_completeness(pass, pass->today - 2 * MONTH_DAYS, pass->today) >= 0.8;

    for (size_t i = 0; i < w->count; i++)
        p[i] = demand_growth_p(w->features[i].recent_new, w->features[i].before_new);
    change_fdr(p, q, w->count);
    for (size_t i = 0; i < w->count; i++) {
        struct feature *f = &w->features[i];
        double noise = FEATURE_ERROR * hypot(f->recent_new, f->before_new) +
                       sqrt((f->recent_new + f->before_new) * f->total / SKETCH_REGISTERS);
        bool sure = comparable && q[i] <= 0.05 && fabs(f->recent_new - f->before_new) > 3 * noise;

        f->q = comparable ? q[i] : NAN;
        f->growth = sure ? demand_growth_factor(f->recent_new, f->before_new, q[i]) : NAN;
        f->days_to = sure && f->growth > 1
                         ? demand_days_to(DEMAND_LINE, f->people, f->recent_new, f->lost)
                         : NAN;
    }
    free(p);
    free(q);
}

static double
factor(const struct feature *f)
{
    return isnan(f->growth) ? 1 : f->growth;
}

/* Without a spread an even one is assumed: it is a day old at most. */
static double
score(const struct feature *f)
{
    double root = f->spread.known ? f->spread.root : sqrt(fmax(1, f->customers));

    return root * sqrt(f->votes) * factor(f);
}

/* By rank from now on. */
static int
by_rank(const void *a, const void *b)
{
    const struct feature *x = a, *y = b;

    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void
judge_rank(struct work *w)
{
    struct demand_rank *r = xcalloc(w->count + 1, sizeof *r);

    for (size_t i = 0; i < w->count; i++) {
        struct feature *f = &w->features[i];

        f->score = score(f);
        r[i] = (struct demand_rank){.score = f->score, .people = f->people, .name = f->name};
    }
    demand_rank(r, w->count);
    for (size_t i = 0; i < w->count; i++)
        for (size_t k = 0; k < w->count; k++)
            if (r[i].name == w->features[k].name)
                w->features[k].rank = r[i].rank;
    free(r);
    if (w->count > 1)
        qsort(w->features, w->count, sizeof *w->features, by_rank);
}

/* A feature whose spread is not known keeps its score in all draws, and has no interval. */
static void
judge_intervals(struct work *w)
{
    double *scores = xcalloc(w->count * DEMAND_DRAWS + 1, sizeof *scores);
    struct demand_interval *found = xcalloc(w->count + 1, sizeof *found);

    for (size_t i = 0; i < w->count; i++) {
        const struct feature *f = &w->features[i];

        for (int b = 0; b < DEMAND_DRAWS; b++)
            scores[i * DEMAND_DRAWS + (size_t)b] =
                f->spread.known ? f->spread.draws[b] * sqrt(f->votes) * factor(f) : f->score;
    }
    demand_rank_intervals(scores, w->count, found);
    for (size_t i = 0; i < w->count; i++)
        if (w->features[i].spread.known)
            w->features[i].interval = found[i];
    free(scores);
    free(found);
}

static void
set_known(struct query *q, int n, unsigned v)
{
    if (v)
        query_set_int(q, n, v);
    else
        query_set_null(q, n);
}

static void
set_feature(struct query *q, const struct pass *p, const struct feature *f, double active)
{
    double low, high;

    demand_wilson(f->people, fmax(active, f->people), &low, &high);
    query_set_str(q, 1, f->name);
    query_set_str(q, 2, p->now_text);
    query_set_int(q, 3, FEATURE_WINDOW);
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
}

static void
set_spread(struct query *q, const struct pass *p, const struct feature *f, char day[CIVIL_TEXT])
{
    query_set_real(q, 16, f->spread.largest_share);
    query_set_int(q, 17, (int64_t)f->recent_new);
    query_set_int(q, 18, (int64_t)f->before_new);
    query_set_int(q, 19, (int64_t)f->lost);
    query_set_real(q, 20, f->votes);
    if (f->spread.known) {
        query_set_int(q, 21, f->spread.wanting);
        query_set_int(q, 22, f->spread.denied);
    } else {
        query_set_null(q, 21);
        query_set_null(q, 22);
    }
    set_known(q, 23, f->interval.low);
    set_known(q, 24, f->interval.high);
    query_set_str(q, 25,
                  f->days_to <= FAR_DAYS ? format_day(day, p->today + (int32_t)ceil(f->days_to))
                                         : NULL);
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
        " largest_share, new_28d, new_before_28d, lost_28d, votes, customers_wanting,"
        " customers_denied, rank_low, rank_high, crosses_on)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20, ?21, ?22, ?23, ?24, ?25)",
        err);

    if (st == ST_OK)
        st = store_commit_open(p->store, err);
    if (st == ST_OK)
        st = store_begin(p->store, err);
    /* Few rows: the whole ranking changes at once, or not at all. */
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM feature_demand", err);
    for (size_t i = 0; st == ST_OK && i < w->count; i++) {
        char day[CIVIL_TEXT];

        set_feature(q, p, &w->features[i], active);
        set_spread(q, p, &w->features[i], day);
        st = query_run(q, err);
    }
    query_free(q);
    return st == ST_OK ? store_commit(p->store, err) : st;
}

static enum status
load_spread(struct work *w, bool *missing, struct error *err)
{
    enum status st = ST_OK;

    *missing = false;
    for (size_t i = 0; st == ST_OK && i < w->count; i++) {
        struct feature *f = &w->features[i];

        st = spread_load(w->pass, f->name, &f->spread, err);
        *missing |= !(f->spread.largest_share <= 0.5) && feature_near(f);
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

/* So far that both months can look back equally. */
static int
find_lookback(const struct pass *p)
{
    int age = LOOK_DAYS - 1;

    while (age > 2 * MONTH_DAYS && !pass_had_input(p, p->today - age))
        age--;
    return age - 2 * MONTH_DAYS;
}

enum status
pass_features(struct pass *p, struct error *err)
{
    struct work *w;
    struct sketch active;
    enum status st;

    if (!p->features_changed && !p->full && !p->first)
        return ST_OK;
    w = xcalloc(1, sizeof *w);
    w->pass = p;
    w->lookback = find_lookback(p);
    st = pass_active_people(p, &active, err);
    if (st == ST_OK)
        st = ledger_scan_kind(p->a->reader, CELL_FEATURE, p->today - LOOK_DAYS + 1, visit, w, err);
    finish(w);
    if (st == ST_OK) {
        judge_growth(w);
        st = know_spread(w, err);
    }
    if (st == ST_OK) {
        judge_rank(w);
        judge_intervals(w);
        st = write_demand(w, estimate(&active), err);
    }
    if (st == ST_OK)
        st = pass_feature_signals(p, w->features, w->count, err);
    sketch_clear(&active);
    for (size_t i = 0; i < w->count; i++) {
        free(w->features[i].name);
        free(w->features[i].daily);
    }
    free(w->features);
    free(w);
    return st;
}
