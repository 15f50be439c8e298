/*
 * test_season.c - seasons against reference tables.
 */
#include "season.h"

#include "reference.h"

TEST(months_have_their_published_index)
{
    double y[144];
    struct season_index index[12];
    struct reference r;
    size_t n = 0;

    reference_open(&r, test_path("tests/data/ref/airpassengers_input.csv"));
    while (reference_next(&r))
        y[n++] = reference_cell(&r, 1);
    CHECK_INT(n, 144);
    CHECK(season_indices(y, n, 12, index));
    reference_open(&r, test_path("tests/data/ref/seasonal_index_airpassengers.csv"));
    while (reference_next(&r)) {
        const struct season_index *i = &index[(int)reference_cell(&r, 0) - 1];

        CHECK_NEAR(i->index, reference_cell(&r, 1), 1e-9);
        CHECK(i->low < i->index && i->index < i->high && i->values == 11);
    }
    CHECK_INT(r.rows, 12);
    CHECK(index[6].low > SEASON_HIGH && index[10].high < SEASON_LOW);
    CHECK(index[2].low < SEASON_HIGH && index[2].high > SEASON_LOW);
    CHECK(!season_indices(y, 20, 12, index));
}

TEST(weekdays_have_an_index_too)
{
    double y[35];
    struct season_index index[7];

    for (int i = 0; i < 35; i++)
        y[i] = (i % 7 < 5 ? 130 : 25) * (1 + i / 100.0);
    CHECK(season_indices(y, 35, 7, index));
    CHECK_NEAR(index[0].index / index[6].index, 130.0 / 25, 0.02);
    y[10] = NAN; /* leaves its neighbourhood out */
    CHECK(season_indices(y, 35, 7, index));
    CHECK_NEAR(index[0].index / index[6].index, 130.0 / 25, 0.02);
}

/* The days of a bank in 1999, which began on a Friday. */
TEST(weekdays_have_their_published_index)
{
    struct season_index index[7];
    struct reference r;
    char line[1024];
    double y[366];
    int days = 0;
    FILE *f = fopen(test_path("tests/data/ref/kmeans_dayprofiles_input.csv"), "r");

    CHECK(f != NULL);
    for (; days < 366 && fgets(line, sizeof line, f); days++) {
        y[days] = 0;
        for (char *p = strtok(line, ","); p; p = strtok(NULL, ","))
            y[days] += strtod(p, NULL);
    }
    fclose(f);
    CHECK_INT(days, 365);
    CHECK(season_shares(y, 365, 7, index));
    reference_open(&r, test_path("tests/data/ref/seasonal_index_anonbank_weekday.csv"));
    while (reference_next(&r)) {
        const struct season_index *i = &index[((int)reference_cell(&r, 0) + 2) % 7];

        CHECK_NEAR(i->index, reference_cell(&r, 1), 1e-9);
        CHECK(i->low < i->index && i->index < i->high && i->values >= 52);
    }
    CHECK_INT(r.rows, 7);
    CHECK(!season_shares(y, 6, 7, index));
    CHECK(!season_shares((const double[]){0, 0}, 2, 2, index));
}
