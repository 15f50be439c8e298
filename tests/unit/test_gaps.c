/*
 * test_gaps.c - windows of people missing and to spare, and who could go where.
 */
#include "gaps.h"

#include "test.h"

/* Half hours from nine o'clock. */
static size_t
windows(const double *gap, size_t n, enum gap_side side, struct gap_window *out)
{
    struct gap_interval at[64];

    for (size_t i = 0; i < n; i++)
        at[i] = (struct gap_interval){32400 + (int64_t)i * 1800, 34200 + (int64_t)i * 1800, gap[i]};
    return gap_windows(at, n, side, out);
}

TEST(a_morning_is_one_window)
{
    const double gap[] = {0, -3, -3, -2, -3, -3, 0, 4, NAN};
    struct gap_window w[9];

    CHECK_INT(windows(gap, 9, GAP_SHORT, w), 1);
    CHECK_INT(w[0].start, 9 * 3600 + 1800);
    CHECK_INT(w[0].end, 12 * 3600);
    CHECK_NEAR(w[0].people, 3, 1e-12);
    CHECK_NEAR(w[0].hours, 7, 1e-12);
    CHECK_INT(windows(gap, 9, GAP_OVER, w), 1);
    CHECK_NEAR(w[0].people, 4, 1e-12);
    CHECK_NEAR(w[0].hours, 2, 1e-12);
}

TEST(a_short_rest_does_not_end_a_window_and_a_long_one_does)
{
    const double gap[] = {-2, -2, -2, 0, -2, -2, -2, 0, 0, 0, 0, 0, -1};
    struct gap_window w[13];

    CHECK_INT(windows(gap, 13, GAP_SHORT, w), 2);
    CHECK_INT(w[0].end - w[0].start, 7 * 1800);
    CHECK_NEAR(w[0].hours, 6, 1e-12);
    CHECK_NEAR(w[1].people, 1, 1e-12);
}

TEST(a_peak_stands_out_of_what_is_around_it)
{
    const double gap[] = {-1, -1, -1, -1, -9, -9, -1, -1, -1, -1};
    struct gap_window w[10];

    CHECK_INT(windows(gap, 10, GAP_SHORT, w), 3);
    CHECK_NEAR(w[0].people, 1, 1e-12);
    CHECK_NEAR(w[1].people, 9, 1e-12);
    CHECK_INT(w[1].end - w[1].start, 3600);
}

TEST(windows_do_not_cross_a_hole)
{
    struct gap_interval at[] = {{0, 1800, -1}, {7200, 9000, -1}};
    struct gap_window w[2];

    CHECK_INT(gap_windows(at, 2, GAP_SHORT, w), 2);
}

/* 0 may help anybody, 1 only 2: so 1 goes to 2, and 0 is left for 3. */
TEST(whoever_can_go_to_fewest_goes_first)
{
    const double gap[] = {2, 1, -1, -3};
    bool may[16] = {false};
    struct gap_move m[8];

    may[0 * 4 + 2] = may[0 * 4 + 3] = may[1 * 4 + 2] = true;
    CHECK_INT(gap_moves(gap, may, 4, m), 2);
    CHECK_INT(m[0].from, 1);
    CHECK_INT(m[0].to, 2);
    CHECK_NEAR(m[0].people, 1, 1e-12);
    CHECK_INT(m[1].from, 0);
    CHECK_INT(m[1].to, 3);
    CHECK_NEAR(m[1].people, 2, 1e-12);
}

TEST(nobody_moves_who_may_not_or_is_needed)
{
    const double gap[] = {5, -2, NAN, 0.5};
    bool may[16] = {false};
    struct gap_move m[8];

    CHECK_INT(gap_moves(gap, may, 4, m), 0);
    may[2 * 4 + 1] = may[3 * 4 + 1] = true; /* no roster; not a whole person */
    CHECK_INT(gap_moves(gap, may, 4, m), 0);
    may[0 * 4 + 1] = true;
    CHECK_INT(gap_moves(gap, may, 4, m), 1);
    CHECK_NEAR(m[0].people, 2, 1e-12);
}
