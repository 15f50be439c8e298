/*
 * test_bgnbd.c - the BG/NBD model against published values, on the customers that it was published
 * with (CDNOW, a tenth of those of the first quarter of 1997), and the optimiser behind it.
 */
#include "bgnbd.h"

#include "civil.h"
#include "reference.h"

#include "../../daemon/analytics/optimise.h"

static const struct bgnbd cdnow = {0.24259289, 4.41353101, 0.79288619, 2.42575360};

TEST(expectations_agree_with_the_table)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/bgnbd_cdnow.csv"));
    while (reference_next(&r)) {
        struct bgnbd_customer c = {(uint32_t)N("x"), N("t_x"), N("T")};

        CHECK_NEAR(bgnbd_alive(&cdnow, &c), N("p_alive"), 1e-6);
        CHECK(fabs(bgnbd_expected(&cdnow, &c, 4) / N("E_next_4w") - 1) < 1e-5);
        CHECK(fabs(bgnbd_expected(&cdnow, &c, 39) / N("E_next_39w") - 1) < 1e-5);
    }
    CHECK_INT(r.rows, 10);
}

TEST(silence_agrees_with_the_table)
{
    struct bgnbd_customer five = {5, 20, 40};
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/overdue_lomax.csv"));
    while (reference_next(&r)) {
        struct bgnbd_customer c = {(uint32_t)N("x_events_after_first"), N("t_x"), 0};

        CHECK_NEAR(bgnbd_silence(&cdnow, &c, N("elapsed_gap")), N("p_gap_exceeds"), 2e-8);
    }
    CHECK_INT(r.rows, 10);
    CHECK_NEAR(bgnbd_silent_after(&cdnow, &five, 0.05), 18.817537, 1e-5);
    CHECK_NEAR(bgnbd_silence(&cdnow, &five, bgnbd_silent_after(&cdnow, &five, 0.05)), 0.05, 1e-12);
}

#define CUSTOMERS 4096

/* The published summary of these customers has two decimals. */
static double
weeks(int32_t days)
{
    return round(days / 7.0 * 100) / 100;
}

/* Weeks to 1997-09-30; days with two purchases count once. */
static size_t
load_cdnow(const char *path, struct bgnbd_customer *c, uint32_t *repeats)
{
    FILE *f = fopen(path, "r");
    int32_t end = days_from_civil(1997, 9, 30), first = 0, last = 0;
    int id, before = -1, date;
    size_t n = 0;

    CHECK(f != NULL);
    *repeats = 0;
    while (fscanf(f, "%*d %d %d %*d %*f", &id, &date) == 2) {
        int32_t day = days_from_civil(date / 10000, date / 100 % 100, date % 100);

        if (id != before) {
            CHECK(n < CUSTOMERS);
            c[n++] = (struct bgnbd_customer){0, 0, weeks(end - day)};
            first = last = day;
        } else if (day > last && day <= end) {
            c[n - 1].repeats++;
            c[n - 1].last = weeks(day - first);
            last = day;
            ++*repeats;
        }
        before = id;
    }
    fclose(f);
    return n;
}

static double
published(const char *quantity)
{
    struct reference r;
    double v = NAN;

    reference_open(&r, test_path("tests/data/ref/bgnbd_cdnow_params.csv"));
    while (reference_next(&r))
        if (strcmp(reference_text(&r, "quantity"), quantity) == 0)
            v = N("value");
    return v;
}

TEST(the_fit_of_the_cdnow_customers_is_the_published_one)
{
    static struct bgnbd_customer c[CUSTOMERS];
    const char *path = test_beside("shared/data/CDNOW_sample.txt");
    const struct bgnbd ones = {1, 1, 1, 1};
    const struct bgnbd_customer new_one = {0, 0, 0};
    struct bgnbd m;
    double loglik;
    uint32_t repeats;
    size_t n;

    if (!path)
        test_skip("no shared/data/CDNOW_sample.txt beside the project");
    n = load_cdnow(path, c, &repeats);
    CHECK_INT(n, published("n_customers"));
    CHECK_INT(repeats, published("repeat_transactions"));
    CHECK_NEAR(bgnbd_loglik(&ones, c, n), -13887.694644, 1e-5);
    CHECK(bgnbd_fit(&m, &loglik, c, n));
    CHECK_NEAR(loglik, published("loglik"), 2e-6);
    CHECK(fabs(m.r / published("r") - 1) < 1e-5);
    CHECK(fabs(m.alpha / published("alpha") - 1) < 1e-5);
    CHECK(fabs(m.a / published("a") - 1) < 1e-5);
    CHECK(fabs(m.b / published("b") - 1) < 1e-5);
    CHECK_NEAR(bgnbd_expected(&m, &new_one, 10), published("EX_10"), 1e-5);
    CHECK_NEAR(bgnbd_expected(&m, &new_one, 39), published("EX_39"), 1e-5);
    CHECK_NEAR(bgnbd_expected(&m, &new_one, 78), published("EX_78"), 1e-5);
}

/* In 39 weeks after those that were fitted they bought 1,882 times. */
TEST(the_next_39_weeks_of_cdnow_are_expected_as_published)
{
    static struct bgnbd_customer c[CUSTOMERS];
    const char *path = test_beside("shared/data/CDNOW_sample.txt");
    double sum = 0;
    uint32_t repeats;
    size_t n;

    if (!path)
        test_skip("no shared/data/CDNOW_sample.txt beside the project");
    n = load_cdnow(path, c, &repeats);
    for (size_t i = 0; i < n; i++)
        sum += bgnbd_expected(&cdnow, &c[i], 39);
    CHECK_NEAR(sum, 1653.4, 0.05);
}

TEST(what_cannot_be_fitted_is_refused)
{
    struct bgnbd_customer c[100];
    struct bgnbd m;
    double loglik;

    for (int i = 0; i < 100; i++)
        c[i] = (struct bgnbd_customer){0, 0, 30};
    CHECK(!bgnbd_fit(&m, &loglik, c, 100)); /* nobody came back */
    c[0] = (struct bgnbd_customer){3, 20, 30};
    CHECK(!bgnbd_fit(&m, &loglik, c, 49));
    CHECK(bgnbd_loglik(&(struct bgnbd){1, 0, 1, 1}, c, 100) == -INFINITY);
}

/* Customers alike who never leave: there is no spread to find, and still an answer. */
TEST(a_population_without_any_spread_has_sensible_expectations)
{
    struct bgnbd_customer c[200];
    struct bgnbd m;
    double loglik;

    for (int i = 0; i < 200; i++)
        c[i] = (struct bgnbd_customer){50, 12.6, 12.8};
    CHECK(bgnbd_fit(&m, &loglik, c, 200));
    CHECK_NEAR(bgnbd_expected(&m, &c[0], 4), 50 / 12.8 * 4, 1.5);
    CHECK(bgnbd_silence(&m, &c[0], 4) < 0.01);
}

TEST(corners_of_the_formulas_have_values)
{
    const struct bgnbd_customer c[] = {{0, 0, 0}, {1, 3, 9}, {400, 60, 60}};
    const double v[] = {1e-5, 0.4, 0.6, 1, 40, 1e5};

    for (size_t i = 0; i < 3; i++)
        for (size_t a = 0; a < 6; a++)
            for (size_t b = 0; b < 6; b++) {
                struct bgnbd m = {0.5, 0.3, v[a], v[b]};
                double e = bgnbd_expected(&m, &c[i], 4), alive = bgnbd_alive(&m, &c[i]);

                CHECK(e >= 0 && e < 100);
                CHECK(alive >= 0 && alive <= 1);
                CHECK(bgnbd_expected(&m, &c[i], 0) == 0);
            }
}

static double
rosenbrock(void *arg, const double *v)
{
    (void)arg;
    return 100 * pow(v[1] - v[0] * v[0], 2) + pow(1 - v[0], 2);
}

TEST(the_optimiser_finds_the_end_of_a_bent_valley)
{
    double v[2] = {-1.2, 1};

    CHECK(optimise(rosenbrock, NULL, v, 2) < 1e-14);
    CHECK_NEAR(v[0], 1, 1e-6);
    CHECK_NEAR(v[1], 1, 1e-6);
}
