/*
 * test_pass_response.c - what the store says of inquiries, answers and orders, over what was
 * planted.
 */
#include <stdlib.h>

#include "passes.h"

#define MOST 1024
#define NONE (-1)

/* Events that are committed as one batch. */
struct story {
    struct event_row e[MOST];
    size_t count;
};

static void
tell(struct story *s, enum record_kind kind, const char *customer, int64_t at, const char *source)
{
    struct event_row *e = &s->e[s->count++];

    CHECK(s->count <= MOST);
    e->kind = kind;
    e->start = at;
    e->customer = span_str(xstrdup(customer));
    e->id = span_str("");
    e->json = span_str(xasprintf("{\"source\":\"%s\"}", source));
}

/* So many customers who ask at a time: answered so many seconds later; and the first `ordered` of
 * them order so many days after the answer, or the inquiry if there is none. */
static void
leads(struct story *s, const char *source, int64_t asked, int count, int64_t answer, int ordered,
      int days)
{
    static int n;

    for (int i = 0; i < count; i++) {
        char customer[32];

        snprintf(customer, sizeof customer, "c%d", ++n);
        tell(s, KIND_INQUIRY, customer, asked, source);
        if (answer != NONE)
            tell(s, KIND_RESPONSE, customer, asked + answer, source);
        if (i < ordered)
            tell(s, KIND_ORDER, customer,
                 asked + (answer != NONE ? answer : 0) + days * DAY_SECONDS, source);
    }
}

static void
judged(struct story *s)
{
    struct ledger_batch batch = {.events = s->e, .event_count = s->count};
    struct analyst *a;
    struct book b;

    book_open(&b);
    book_commit(&b, &batch);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    analyst_close(a);
    book_close(&b);
    for (size_t i = 0; i < s->count; i++) {
        free((char *)s->e[i].customer.p);
        free((char *)s->e[i].json.p);
    }
    s->count = 0;
}

#define LONG_AGO AT(TODAY - 90, 9, 0)
#define MINUTES  60

/* In each source soon is worth twice as much; most of those answered late came by the worse one. */
TEST(answers_are_held_against_late_ones_and_within_sources)
{
    static struct story s;

    leads(&s, "web", LONG_AGO, 30, 2 * MINUTES, 18, 5);
    leads(&s, "web", LONG_AGO, 10, 2 * DAY_SECONDS, 3, 5);
    leads(&s, "phone", LONG_AGO, 10, 2 * MINUTES, 2, 5);
    leads(&s, "phone", LONG_AGO, 30, 2 * DAY_SECONDS, 3, 5);
    judged(&s);
    CHECK_STR(rows("SELECT count(*), sum(leads), sum(ordered) FROM response"), "7|80|26");
    /* The rates, 0.5 and 0.15. Wilson's bounds as R's prop.test without correction has them:
     * 20 of 40. Katz: exp(log(10/3) +- 1.96 sqrt(1/20 - 1/40 + 1/6 - 1/40)). */
    CHECK_STR(rows("SELECT answered, leads, ordered, rate, round(low, 4), round(high, 4),"
                   " round(ratio, 4), round(ratio_low, 3), round(ratio_high, 3), round(within, 6)"
                   " FROM response WHERE place = 0"),
              "up to 5 min|40|20|0.5|0.352|0.648|3.3333|1.498|7.42|2.0");
    CHECK_STR(rows("SELECT answered, leads, ordered, rate, ratio, within, late_p FROM response"
                   " WHERE place = 5"),
              "after 24 h|40|6|0.15|||");
    CHECK_STR(rows("SELECT sum(within_low < 2 AND within_high > 2), max(late_p < 0.01),"
                   " max(trend_p < 0.01), max(round(expected, 6)) FROM response"),
              "1|1|1|0.5");
}

/* Each second more is the next bucket. */
TEST(a_bucket_ends_with_its_last_second)
{
    static const int64_t most[] = {300, 1800, 3600, 14400, 86400, 30 * DAY_SECONDS};
    static struct story s;

    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        leads(&s, "", LONG_AGO, 1, most[i], 0, 0);
        leads(&s, "", LONG_AGO, 1, most[i] + 1, 0, 0);
    }
    judged(&s);
    CHECK_STR(rows("SELECT answered, leads FROM response"),
              "up to 5 min|1;5 to 30 min|2;30 min to 1 h|2;1 to 4 h|2;4 to 24 h|2;after 24 h|2;"
              "not answered|1");
}

TEST(what_is_not_over_counts_for_as_long_as_it_is_known)
{
    static struct story s;

    leads(&s, "", LONG_AGO, 2, 1 * MINUTES, 1, 20);            /* half, on the twentieth day */
    leads(&s, "", LONG_AGO, 1, 1 * MINUTES, 1, 31);            /* ordered too late to count */
    leads(&s, "", AT(TODAY - 10, 9, 0), 1, 1 * MINUTES, 0, 0); /* ten days without */
    leads(&s, "", AT(TODAY - 10, 9, 0), 1, 1 * MINUTES, 1, 3); /* three days */
    judged(&s);
    /* Of five one orders after 3 days, one is lost sight of, of three left one after 20 days. */
    CHECK_STR(rows("SELECT leads, ordered, round(rate, 4), round(expected, 4) FROM response"
                   " WHERE place = 0"),
              "3|1|0.3333|0.4667");
}

TEST(who_orders_before_an_answer_was_not_answered)
{
    static struct story s;

    tell(&s, KIND_INQUIRY, "quick", LONG_AGO, "");
    tell(&s, KIND_ORDER, "quick", LONG_AGO + 60, "");
    tell(&s, KIND_RESPONSE, "quick", LONG_AGO + 120, "");
    leads(&s, "", LONG_AGO, 1, NONE, 0, 0);
    leads(&s, "", AT(TODAY - 3, 9, 0), 5, NONE, 0, 0); /* may still be answered */
    judged(&s);
    CHECK_STR(rows("SELECT place, leads, ordered FROM response WHERE leads > 0"), "6|2|1");
    CHECK_STR(rows("SELECT rate, ratio, trend_p FROM response WHERE place = 6"), "0.5||");
}

TEST(an_inquiry_soon_after_another_is_the_same_lead)
{
    static struct story s;

    for (int i = 0; i < 4; i++)
        tell(&s, KIND_INQUIRY, "asks on", LONG_AGO + i * 20 * DAY_SECONDS, "");
    tell(&s, KIND_INQUIRY, "comes back", LONG_AGO, "");
    tell(&s, KIND_INQUIRY, "comes back", LONG_AGO + 31 * DAY_SECONDS, "");
    judged(&s);
    CHECK_STR(rows("SELECT place, leads FROM response WHERE leads > 0"), "6|3");
}

TEST(without_inquiries_nothing_is_said)
{
    static struct story s;

    tell(&s, KIND_ORDER, "acme", LONG_AGO, "");
    judged(&s);
    CHECK_STR(rows("SELECT count(*) FROM response"), "0");
}
