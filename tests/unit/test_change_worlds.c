/*
 * test_change_worlds.c - the worlds of shared/ref/fdr_*.csv drawn again, and judged by the tests of
 * change.h: as many are found, and as many of them are false, as another language's program had.
 *
 * The tables do not tell how customers' means differ. Gamma laws of shape 0.8 give the numbers of
 * eligible customers of all of them (0.66 and 0.895 of fifty thousand), where exponential and
 * log-normal ones are off by ten standard errors; discoveries, false ones and power are then
 * compared with no more freedom. A table holds one drawing, so ours are repeated, and their own
 * scatter says how far one may lie from their mean.
 */
#include "change.h"
#include "draw.h"
#include "reference.h"

#define CUSTOMERS  50000
#define CHANGED    1000 /* the first ones: 2 % */
#define BASE       28
#define RECENT     7
#define MEAN_SHAPE 0.8
#define DRAWINGS   6
#define AWAY       4.5 /* standard errors, of some 250 figures */

struct world {
    double mean, kappa, spread, ratio; /* spread: of log kappa over customers */
};

struct found { /* among the surges that stand at 0.05 */
    double eligible, told, wrong, power;
};

/* --- drawing --- */

static int64_t days[CUSTOMERS][BASE];
static struct change_counts counts[CUSTOMERS];
static double kappas[CUSTOMERS];

static void
draw_world(const struct world *w, bool daily)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        double mean = w->mean * draw_gamma(MEAN_SHAPE) / MEAN_SHAPE;
        double kappa = w->kappa * exp(w->spread * draw_normal());
        double after = mean * RECENT * (i < CHANGED ? w->ratio : 1);
        struct change_counts *c = &counts[i];

        *c = (struct change_counts){0, RECENT, 0, BASE};
        kappas[i] = kappa;
        c->x1 = (double)draw_negbin(after, kappa * RECENT); /* as a sum of days */
        for (int d = 0; daily && d < BASE; d++)
            c->x0 += (double)(days[i][d] = draw_negbin(mean, kappa));
        if (!daily)
            c->x0 = (double)draw_negbin(mean * BASE, kappa * BASE);
    }
}

/* --- judging --- */

enum judge { POISSON, TRUE_KAPPA, EXACT, NO_GUARD, POOLED, SHRUNK };

static double
p_value(enum judge by, int i, double phi)
{
    struct change_test t;

    if (by == POISSON)
        return change_poisson(&counts[i]).mid_more;
    t = change_negbin(&counts[i], by == POOLED || by == SHRUNK ? 1 / phi : kappas[i]);
    return by == EXACT ? t.p_more : t.mid_more;
}

static struct found
judge(enum judge by)
{
    static struct change_baseline base[CUSTOMERS];
    static double p[CUSTOMERS], q[CUSTOMERS];
    static int who[CUSTOMERS];
    struct found f = {0};
    double pooled = 0, changed = 0, right = 0;
    size_t n = 0;

    if (by == POOLED || by == SHRUNK) {
        for (int i = 0; i < CUSTOMERS; i++)
            base[i] = change_baseline(&(struct change_days){days[i], NULL, BASE});
        pooled = change_pooled_phi(base, CUSTOMERS);
    }
    for (int i = 0; i < CUSTOMERS; i++) {
        if (counts[i].x0 + counts[i].x1 < CHANGE_MIN_EVENTS && by != NO_GUARD)
            continue;
        who[n] = i;
        p[n++] = p_value(by, i, by == SHRUNK ? change_phi(&base[i], pooled) : pooled);
        changed += i < CHANGED;
    }
    change_fdr(p, q, n);
    for (size_t i = 0; i < n; i++)
        if (q[i] <= 0.05) {
            f.told++;
            f.wrong += who[i] >= CHANGED;
            right += who[i] < CHANGED;
        }
    f.eligible = (double)n;
    f.power = right / changed;
    return f;
}

/* --- comparing --- */

struct figure { /* of several drawings */
    double sum, squares, n;
};

static void
add(struct figure *f, double x)
{
    f->sum += x;
    f->squares += x * x;
    f->n++;
}

static double
mean_of(const struct figure *f)
{
    return f->sum / f->n;
}

/* How many standard errors the table's figure, a mean of `drawings`, lies from ours. `least`: of a
 * scatter that few drawings show too small. */
static double
away(const struct figure *f, double theirs, double drawings, double least)
{
    double mean = mean_of(f), variance = (f->squares - f->n * mean * mean) / (f->n - 1);

    variance = fmax(variance, least * least);
    return (mean - theirs) / sqrt(variance * (1 / f->n + 1 / drawings));
}

struct compared {
    struct figure eligible, told, wrong, power;
};

static void
take(struct compared *c, struct found f)
{
    add(&c->eligible, f.eligible);
    add(&c->told, f.told);
    add(&c->wrong, f.wrong);
    add(&c->power, f.power);
}

static double chi_square, figures; /* over all that were compared */

static void
near(const char *what, const struct figure *ours, double theirs, double drawings, double least)
{
    double z = away(ours, theirs, drawings, least);

    printf("  %s: %.4g, theirs %.4g (%.1f)\n", what, mean_of(ours), theirs, z);
    CHECK(fabs(z) < AWAY);
    chi_square += z * z;
    figures++;
}

/* Counts scatter at least as binomial ones do. */
static void
compare(const struct compared *c, struct found theirs, double drawings)
{
    double n = theirs.eligible, share = n / CUSTOMERS, power = mean_of(&c->power);

    near("eligible", &c->eligible, n, drawings, sqrt(n * (1 - share) + 1));
    near("told", &c->told, theirs.told, drawings, sqrt(mean_of(&c->told) + 1));
    near("wrong", &c->wrong, theirs.wrong, drawings, sqrt(mean_of(&c->wrong) + 1));
    near("power", &c->power, theirs.power, drawings,
         sqrt((power * (1 - power) + 0.001) / (CHANGED * share)));
}

/* Of figures that agree, by scatters seen in six drawings, the mean square is 5/3 (Student's t of
 * five degrees of freedom); with exponential means it is above 90. */
static void
check_all(void)
{
    printf("mean square of %.0f distances: %.2f\n", figures, chi_square / figures);
    CHECK(chi_square / figures < 2.5);
    chi_square = figures = 0;
}

TEST(the_grid_of_means_dispersions_and_ratios)
{
    struct reference r;

    draw_seed(11);
    reference_open(&r, test_path("tests/data/ref/fdr_grid_50k.csv"));
    while (reference_next(&r)) {
        struct world w = {N("mean_per_day"), N("kappa_per_day"), 0, N("true_ratio_in_2pct")};
        struct compared poisson = {0}, negbin = {0};
        double told = N("pois_disc"), nb = N("nb_disc");

        for (int i = 0; i < DRAWINGS; i++) {
            draw_world(&w, false);
            take(&poisson, judge(POISSON));
            take(&negbin, judge(TRUE_KAPPA));
        }
        printf("%.1f a day, kappa %.1f, %.0f times\n", w.mean, w.kappa, w.ratio);
        compare(&poisson,
                (struct found){N("eligible"), told, told * N("pois_fdr"), N("pois_power")}, 1);
        compare(&negbin, (struct found){N("eligible"), nb, nb * N("nb_fdr"), N("nb_power")}, 1);
    }
    CHECK_INT(r.rows, 18);
    check_all();
}

TEST(the_first_world_with_every_test)
{
    static const struct {
        const char *name;
        enum judge by;
    } tests[] = {{"poisson", POISSON},
                 {"nb_cond", TRUE_KAPPA},
                 {"nb_cond_noguard", NO_GUARD},
                 {"nb_cond_exact", EXACT}};
    const struct world w = {0.8, 0.5, 0, 3};
    struct compared c[4] = {0};
    struct reference r;

    draw_seed(12);
    for (int i = 0; i < DRAWINGS; i++) {
        draw_world(&w, false);
        for (size_t t = 0; t < 4; t++)
            take(&c[t], judge(tests[t].by));
    }
    reference_open(&r, test_path("tests/data/ref/fdr_simulation_50k.csv"));
    for (size_t t = 0; reference_next(&r); t++) {
        struct found theirs = {N("eligible_customers_mean"), N("discoveries_mean"),
                               N("false_discoveries_mean"), N("power_among_eligible_alternatives")};

        CHECK_STR(reference_text(&r, "test"), tests[t].name);
        printf("%s\n", tests[t].name);
        compare(&c[t], theirs, 5);
    }
    CHECK_INT(r.rows, 4);
    check_all();
}

TEST(dispersions_that_must_be_estimated)
{
    static const struct {
        const char *name;
        enum judge by;
    } tests[] = {{"poisson", POISSON},
                 {"nb_pooled_kappa", POOLED},
                 {"nb_shrunk_kappa", SHRUNK},
                 {"nb_true_kappa", TRUE_KAPPA}};
    struct compared c[4];
    struct reference r;

    draw_seed(13);
    reference_open(&r, test_path("tests/data/ref/fdr_estimated_dispersion_50k.csv"));
    for (int row = 0; reference_next(&r); row++) {
        bool common = strcmp(reference_text(&r, "kappa_model"), "common") == 0;
        struct world w = {N("mean_per_day"), 2, common ? 0 : 0.8, N("true_ratio_in_2pct")};
        double told = N("discoveries");

        if (row % 4 == 0) {
            memset(c, 0, sizeof c);
            for (int i = 0; i < DRAWINGS / 2; i++) {
                draw_world(&w, true);
                for (size_t t = 0; t < 4; t++)
                    take(&c[t], judge(tests[t].by));
            }
        }
        CHECK_STR(reference_text(&r, "test"), tests[row % 4].name);
        printf("%s %.1f a day, %.0f times: %s\n", common ? "common" : "spread", w.mean, w.ratio,
               tests[row % 4].name);
        compare(&c[row % 4], (struct found){N("eligible"), told, told * N("fdr"), N("power")}, 1);
    }
    CHECK_INT(r.rows, 32);
    check_all();
}
