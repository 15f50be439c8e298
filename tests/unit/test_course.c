/*
 * test_course.c - a feature by day and week, a customer by hour of the week and by feature.
 */
#include "course.h"

#include "passes.h"
#include "zone.h"

static struct feature_course
course(const char *feature, int32_t from, int32_t to, int32_t days)
{
    struct feature_course c = {.from = from, .to = to, .days = days};
    struct error err;

    CHECK_INT(feature_course_read(&c, "ledger.db", span_str(feature), &err), ST_OK);
    return c;
}

TEST(people_of_a_week_are_counted_once_however_often_they_come)
{
    struct book b;
    struct feature_course c;

    book_open(&b);
    for (int32_t day = 1; day <= 10; day++) {
        book_leg(&b, "a", AT(TODAY - day, 9, 0), 60, "ann", "k", "polls", OUTCOME_OK);
        book_leg(&b, "b", AT(TODAY - day, 9, 0), 60, day % 2 ? "bob" : "eve", "k", "polls",
                 OUTCOME_FAILED);
        book_leg(&b, "b", AT(TODAY - day, 9, 0), 60, "ann", "k", "chat", OUTCOME_OK);
    }
    book_commit(&b, NULL);
    c = course("polls", TODAY - 21, TODAY, 7);
    CHECK_INT(c.count, 3);
    CHECK_INT(c.steps[0].day, TODAY - 21);
    CHECK_INT(llround(c.steps[0].people), 0);
    CHECK_INT(llround(c.steps[1].people), 3); /* days 8 to 10 ago */
    CHECK_INT(c.steps[1].used, 3);
    CHECK_INT(llround(c.steps[2].people), 3);
    CHECK_INT(llround(c.steps[2].customers), 2);
    CHECK_INT(c.steps[2].used, 7);
    CHECK_INT(c.steps[2].failed, 7);
    feature_course_clear(&c);
    c = course("polls", TODAY - 20, TODAY, 7); /* a week that is not whole is left out */
    CHECK_INT(c.count, 2);
    CHECK_INT(c.steps[0].used, 3);
    feature_course_clear(&c);
    c = course("polls", TODAY - 2, TODAY, 1);
    CHECK_INT(c.count, 2);
    CHECK_INT(llround(c.steps[1].people), 2);
    feature_course_clear(&c);
    c = course("polls", TODAY - 3, TODAY, 7);
    CHECK_INT(c.count, 0);
    feature_course_clear(&c);
    c = course("nobody's", TODAY - 7, TODAY, 7);
    CHECK_INT(c.count, 1);
    CHECK_INT(llround(c.steps[0].people) + c.steps[0].used, 0);
    feature_course_clear(&c);
    book_close(&b);
}

/* 2026-11-22 is a Sunday; half past eleven in the evening of UTC is Monday in Shanghai. */
TEST(hours_are_those_of_the_zone_and_features_are_added_up)
{
    struct book b;
    struct customer_habits h = {.from = TODAY - 30, .to = TODAY + 1};
    struct error err;

    book_open(&b);
    book_leg(&b, "a", AT(TODAY, 23, 30), 60, "ann", "k", "polls", OUTCOME_OK);
    book_leg(&b, "a", AT(TODAY - 7, 23, 45), 60, "ann", "k", "chat", OUTCOME_OK);
    book_leg(&b, "a", AT(TODAY - 8, 10, 0), 60, "bob", "k", "chat", OUTCOME_FAILED);
    book_leg(&b, "a", AT(TODAY - 31, 10, 0), 60, "bob", "k", "old", OUTCOME_OK);
    book_leg(&b, "b", AT(TODAY, 12, 0), 60, "bob", "k", "other", OUTCOME_OK);
    book_commit(&b, NULL);
    CHECK_INT(zone_load(&h.zone, "Asia/Shanghai", &err), ST_OK);
    CHECK_INT(customer_habits_read(&h, "ledger.db", SPAN("a"), &err), ST_OK);
    CHECK_INT(h.hour[7].legs, 2); /* Monday, 07 */
    CHECK_INT(h.hour[7].seconds, 120);
    CHECK_INT(h.hour[5 * 24 + 18].failed, 1); /* Saturday, 18 */
    CHECK_INT(h.hour[6 * 24 + 23].legs, 0);
    CHECK_INT(h.feature_count, 2);
    CHECK_STR(h.features[0].name, "chat");
    CHECK_INT(h.features[0].used, 1);
    CHECK_INT(h.features[0].wanted, 1);
    CHECK_INT(h.features[0].days, 2);
    CHECK_INT(h.features[0].last, TODAY - 7);
    CHECK_STR(h.features[1].name, "polls");
    customer_habits_clear(&h);
    CHECK_INT(customer_habits_read(&h, "no such ledger", SPAN("a"), &err) == ST_OK, 0);
    book_close(&b);
}
