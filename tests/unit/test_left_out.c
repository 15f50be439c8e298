/*
 * test_left_out.c - for which reasons records are left out.
 */
#include "left_out.h"
#include "test.h"

TEST(reasons_come_in_order_and_are_added_up)
{
    struct left_out l = {0};
    struct json_writer w;
    struct buf b = {0};

    left_out_add(&l, "a recording", 1);
    left_out_add(&l, "a \"test\"", 2);
    left_out_add(&l, "a recording", 3);
    json_begin(&w, &b);
    json_object(&w, NULL);
    left_out_write(&l, &w, "left_out");
    json_close(&w);
    CHECK_STR(b.p, "{\"left_out\":[{\"why\":\"a recording\",\"records\":4},"
                   "{\"why\":\"a \\\"test\\\"\",\"records\":2}]}");
    buf_clear(&b);
}

TEST(what_finds_no_place_is_counted_as_other_reasons)
{
    struct left_out l = {0};
    uint64_t all = 0;

    for (int i = 0; i < 40; i++) {
        char why[16];

        snprintf(why, sizeof why, "r%d", i);
        left_out_add(&l, why, 1);
    }
    CHECK_INT(l.count, LEFT_OUT_REASONS);
    CHECK_STR(l.at[LEFT_OUT_REASONS - 2].why, "r14");
    CHECK_STR(l.at[LEFT_OUT_REASONS - 1].why, "for other reasons");
    left_out_add(&l, "r3", 10);
    CHECK_INT(l.at[3].records, 11);
    for (size_t i = 0; i < l.count; i++)
        all += l.at[i].records;
    CHECK_INT(all, 50);
}

TEST(long_reasons_are_cut_and_still_the_same)
{
    struct left_out l = {0};
    char why[200];

    memset(why, 'x', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    left_out_add(&l, why, 1);
    left_out_add(&l, why, 1);
    CHECK_INT(l.count, 1);
    CHECK_INT(l.at[0].records, 2);
    CHECK_INT(strlen(l.at[0].why), sizeof l.at[0].why - 1);
}

TEST(lists_of_other_sizes_go_by_the_same_rule)
{
    struct {
        char why[8];
        unsigned n;
    } at[3] = {0};
    const struct left_out_rows list = {at, sizeof *at, sizeof at->why, 3};
    static const char *const reasons[] = {"a", "longer than 7", "a", "longer, but", "b", "c"};
    size_t used = 0;

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        at[left_out_row(&list, &used, reasons[i])].n++;
    CHECK_INT(used, 3);
    CHECK_STR(at[0].why, "a");
    CHECK_INT(at[0].n, 2);
    CHECK_STR(at[1].why, "longer ");
    CHECK_INT(at[1].n, 1);
    CHECK_STR(at[2].why, "for oth");
    CHECK_INT(at[2].n, 3);
}
