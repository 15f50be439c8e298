/*
 * test_mapping.c - fields to records: times, numbers, words, names, features.
 */
#include "parsing.h"
#include "same_record.h"

static struct arena mem;
static struct error err;

/* Maps "field=text" pairs, NULL-ended, by a format. */
static enum status
map_by(const struct format *f, const struct mapping_context *ctx, struct record *r,
       const char *const *pairs)
{
    struct fields in = {.longest = SIZE_MAX};
    struct mapping_memo *memo;
    enum status st;

    for (; *pairs; pairs++) {
        const char *at = strchr(*pairs, '=');
        enum field field = field_find(span_of(*pairs, (size_t)(at - *pairs)));

        CHECK(field != FIELD_COUNT);
        in.v[field] = span_str(at + 1);
        in.has |= FIELD_BIT(field);
    }
    err.text[0] = '\0';
    st = record_from_fields(f, ctx, &in, &mem, r, &err);
    memo = mapping_memo_new();
    CHECK(same_by_short_ways(f, ctx, &in, &mem, memo, st, r, &err));
    mapping_memo_free(memo);
    return st;
}

static struct format *plain;

static const struct format *
plain_format(void)
{
    if (!plain)
        plain = make_format((struct format_options){.type = "csv"});
    return plain;
}

#define MAP(r, ...) map_by(plain_format(), &test_context, (r), LIST(__VA_ARGS__))
#define START       "start=2026-03-01T09:00:00Z"
#define START_UTC   1772355600
#define REFUSES(why, ...)                                                                          \
    do {                                                                                           \
        struct record r_;                                                                          \
        CHECK_INT(MAP(&r_, __VA_ARGS__), ST_BAD_INPUT);                                            \
        CHECK_STR(err.text, why);                                                                  \
    } while (0)

TEST(fields_kinds_and_outcomes_have_names_that_find_them)
{
    for (int f = 0; f < FIELD_COUNT; f++)
        CHECK_INT(field_find(span_str(field_name((enum field)f))), f);
    CHECK_INT(field_find(SPAN("Customer")), FIELD_COUNT);
    CHECK_INT(field_find(SPAN("")), FIELD_COUNT);
    CHECK_STR(field_name(FIELD_COUNT), "");
    CHECK_STR(kind_name(KIND_CONFERENCE_START), "conference_start");
}

TEST(a_whole_record)
{
    struct record r;

    CHECK_INT(MAP(&r, "customer= Example, Inc.\t", START, "duration=90.9",
                  "features=rec; video;;rec", "wait=3", "handle=4.99", "version=7", "outcome=Busy",
                  "amount=-12.50"),
              ST_OK);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "Example, Inc.");
    CHECK_INT(r.start, START_UTC);
    CHECK_INT(r.duration, 90);
    CHECK_INT(r.kind, KIND_LEG);
    CHECK_INT(r.outcome, OUTCOME_REJECTED);
    CHECK_INT(r.wait, 3);
    CHECK_INT(r.handle, 4);
    CHECK_INT(r.version, 7);
    CHECK_INT(r.feature_count, 2);
    CHECK_SPAN(r.features[0], "rec");
    CHECK_SPAN(r.features[1], "video");
    CHECK_SPAN(r.text[FIELD_AMOUNT], "-12.50");
    CHECK(r.has & FIELD_BIT(FIELD_START));
    CHECK(r.has & FIELD_BIT(FIELD_END));
    CHECK(r.has & FIELD_BIT(FIELD_DURATION));
    CHECK(!(r.has & FIELD_BIT(FIELD_CAUSE)));
}

TEST(start_end_and_duration_complete_each_other)
{
    struct record r;

    CHECK_INT(MAP(&r, START, "end=2026-03-01T09:30:00Z"), ST_OK);
    CHECK_INT(r.duration, 1800);
    CHECK(r.has & FIELD_BIT(FIELD_DURATION));
    CHECK_INT(MAP(&r, START, "end=2026-03-01T09:30:00Z", "duration=60"), ST_OK);
    CHECK_INT(r.duration, 60);
    CHECK_INT(MAP(&r, "end=2026-03-01T09:30:00Z", "duration=1800"), ST_OK);
    CHECK_INT(r.start, START_UTC);
    CHECK(r.has & FIELD_BIT(FIELD_START));
    CHECK_INT(MAP(&r, START), ST_OK);
    CHECK_INT(r.duration, 0);
    CHECK(!(r.has & (FIELD_BIT(FIELD_DURATION) | FIELD_BIT(FIELD_END))));
    /* Cut first, then subtracted: 09:00:00.9 to 09:00:02.1 is two seconds. */
    CHECK_INT(MAP(&r, "start=2026-03-01T09:00:00.9Z", "end=2026-03-01T09:00:02.1Z"), ST_OK);
    CHECK_INT(r.start, START_UTC);
    CHECK_INT(r.duration, 2);
    REFUSES("start: missing", "customer=a");
    REFUSES("start: missing", "end=2026-03-01T09:30:00Z");
    REFUSES("start: missing", "duration=5");
    REFUSES("end: before start", START, "end=2026-03-01T08:59:59Z");
    REFUSES("end: before start", START, "end=2026-03-01T08:59:59Z", "duration=10");
    REFUSES("start: not between the years 1970 and 9999", "end=100", "duration=101");
}

TEST(customer_may_be_found_later)
{
    struct record r;

    CHECK_INT(MAP(&r, START), ST_OK);
    CHECK(!(r.has & FIELD_BIT(FIELD_CUSTOMER)));
    CHECK_INT(MAP(&r, START, "customer=  "), ST_OK);
    CHECK(!(r.has & FIELD_BIT(FIELD_CUSTOMER)));
}

TEST(the_future_begins_after_five_minutes)
{
    struct mapping_context unlimited = test_context;
    struct record r;

    CHECK_INT(MAP(&r, "start=2026-03-01T12:05:00Z"), ST_OK);
    REFUSES("start: in the future", "start=2026-03-01T12:05:01Z");
    REFUSES("end: in the future", START, "end=2026-03-01T12:05:01Z");
    REFUSES("start: in the future", "start=9999-12-31T23:59:59Z");
    unlimited.now = 0;
    CHECK_INT(map_by(plain_format(), &unlimited, &r, LIST("start=9999-12-31T23:59:59Z")), ST_OK);
    CHECK_INT(map_by(plain_format(), &unlimited, &r, LIST("start=9999-12-31T23:59:59-01:00")),
              ST_BAD_INPUT);
}

TEST(legs_longer_than_31_days_are_refused)
{
    struct record r;

    CHECK_INT(MAP(&r, "start=1700000000", "duration=2678400"), ST_OK);
    CHECK_INT(r.duration, 2678400);
    REFUSES("duration: longer than 2678400 seconds", "start=1700000000", "duration=2678401");
    CHECK_INT(MAP(&r, "start=1700000000", "end=1702678400"), ST_OK);
    REFUSES("duration: longer than 2678400 seconds", "start=1700000000", "end=1702678401");
    REFUSES("duration: longer than 2678400 seconds", START, "duration=99999999999999999999999999");
    REFUSES("wait: longer than 2678400 seconds", START, "wait=4294967297");
}

TEST(seconds_are_plain_numbers)
{
    struct record r;

    REFUSES("duration: negative", START, "duration=-1");
    REFUSES("wait: negative", START, "wait=-0.5");
    REFUSES("duration: not a number of seconds", START, "duration=1e3");
    REFUSES("duration: not a number of seconds", START, "duration=+5");
    REFUSES("duration: not a number of seconds", START, "duration=5s");
    REFUSES("duration: not a number of seconds", START, "duration=.5");
    REFUSES("duration: not a number of seconds", START, "duration=5.");
    REFUSES("duration: not a number of seconds", START, "duration=1.2.3");
    REFUSES("duration: not a number of seconds", START, "duration=0x10");
    REFUSES("duration: not a number of seconds", START, "duration=NaN");
    REFUSES("handle: not a number of seconds", START, "handle=1:30");
    CHECK_INT(MAP(&r, START, "duration=00012.000"), ST_OK);
    CHECK_INT(r.duration, 12);
}

TEST(numbers_that_are_kept_are_checked)
{
    struct record r;

    REFUSES("version: not a whole number", START, "version=1.5");
    REFUSES("version: not a whole number", START, "version=-1");
    REFUSES("version: not a whole number", START, "version=9223372036854775808");
    REFUSES("quantity: not a whole number", START, "quantity=many");
    REFUSES("amount: not a decimal number", START, "amount=1e5");
    REFUSES("amount: not a decimal number", START, "amount=1,5");
    REFUSES("amount: not a decimal number", START, "amount=.");
    REFUSES("amount: not a decimal number", START, "amount=-");
    REFUSES("amount: not a decimal number", START, "amount=1.");
    CHECK_INT(MAP(&r, START, "quantity=-3", "amount=+0.001", "version=9223372036854775807"), ST_OK);
    CHECK(r.version == INT64_MAX);
}

/* Epochs: below 10^11 seconds, below 10^14 milliseconds, below 10^17 microseconds. */
static const struct {
    const char *text;
    int64_t utc; /* -1: refused */
} epochs[] = {
    {"0", 0},
    {"1700000000", 1700000000},
    {"1700000000.999", 1700000000},
    {"1700000000123", 1700000000},
    {"1700000000999.9", 1700000000},
    {"1700000000123456", 1700000000},
    {"99999999999", 99999999999},
    {"100000000000", 100000000},
    {"99999999999999", 99999999999},
    {"100000000000000", 100000000},
    {"99999999999999999", 99999999999},
    {"100000000000000000", -1},
    {"1700000000123456789", -1},
    {"-1", -1},
    {"+1700000000", -1},
    {"1.7e9", -1},
    {"1700000000.", -1},
    {".5", -1},
    {"1700000000 ", 1700000000},
    {"17000 00000", -1},
    {"2026-03-01", -1},
    {"soon", -1},
};

TEST(epochs_are_told_apart_by_size)
{
    struct mapping_context ctx = test_context;
    struct record r;

    ctx.now = 0;
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        char pair[64];
        enum status st;

        snprintf(pair, sizeof pair, "start=%s", epochs[i].text);
        st = map_by(plain_format(), &ctx, &r, LIST(pair));
        if (epochs[i].utc < 0) {
            CHECK_INT(st, ST_BAD_INPUT);
            CHECK_STR(err.text, "start: not a time");
        } else {
            CHECK_INT(st, ST_OK);
            CHECK_INT(r.start, epochs[i].utc);
        }
    }
    REFUSES("start: not between the years 1970 and 9999", "start=1969-12-31T23:59:59Z");
}

TEST(times_without_an_offset_stand_in_the_zone_of_the_format)
{
    struct format *f =
        make_format((struct format_options){.type = "csv", .timezone = "Europe/Berlin"});
    struct record r;

    CHECK_INT(map_by(f, &test_context, &r, LIST("start=2026-03-01T10:00:00")), ST_OK);
    CHECK_INT(r.start, START_UTC);
    CHECK_INT(map_by(f, &test_context, &r, LIST("start=2026-03-01T10:00:00Z")), ST_OK);
    CHECK_INT(r.start, START_UTC + 3600);
    CHECK_INT(map_by(f, &test_context, &r, LIST("start=1772355600")), ST_OK);
    CHECK_INT(r.start, START_UTC);
    format_free(f);
}

/* Berlin, 26 October 2025: 03:00 summer time is 02:00 winter time. */
TEST(an_end_in_the_hour_that_comes_twice_is_not_before_its_start)
{
    struct format *f =
        make_format((struct format_options){.type = "csv", .timezone = "Europe/Berlin"});
    struct record r;

    CHECK_INT(
        map_by(f, &test_context, &r, LIST("start=2025-10-26 02:50:00", "end=2025-10-26 02:10:00")),
        ST_OK);
    CHECK_INT(r.duration, 1200);
    CHECK_INT(
        map_by(f, &test_context, &r, LIST("start=2025-10-26 02:10:00", "end=2025-10-26 03:10:00")),
        ST_OK);
    CHECK_INT(r.duration, 7200);
    CHECK_INT(
        map_by(f, &test_context, &r, LIST("start=2025-03-30 01:50:00", "end=2025-03-30 03:10:00")),
        ST_OK);
    CHECK_INT(r.duration, 1200);
    CHECK_INT(
        map_by(f, &test_context, &r, LIST("start=2025-10-26 03:50:00", "end=2025-10-26 02:10:00")),
        ST_BAD_INPUT);
    CHECK_INT(
        map_by(f, &test_context, &r, LIST("start=2025-10-27 02:50:00", "end=2025-10-27 02:10:00")),
        ST_BAD_INPUT);
    CHECK_INT(map_by(f, &test_context, &r,
                     LIST("start=2025-10-26T02:50:00+02:00", "end=2025-10-26T02:10:00+02:00")),
              ST_BAD_INPUT);
    format_free(f);
}

TEST(words_for_outcomes)
{
    static const struct {
        const char *text;
        enum outcome want;
    } words[] = {
        {"ok", OUTCOME_OK},
        {"OK", OUTCOME_OK},
        {"Completed", OUTCOME_OK},
        {"answered", OUTCOME_OK},
        {"success", OUTCOME_OK},
        {"normal", OUTCOME_OK},
        {"failed", OUTCOME_FAILED},
        {"error", OUTCOME_FAILED},
        {"CONGESTION", OUTCOME_FAILED},
        {"rejected", OUTCOME_REJECTED},
        {"no_answer", OUTCOME_REJECTED},
        {"No Answer", OUTCOME_REJECTED},
        {"NO-ANSWER", OUTCOME_REJECTED},
        {"noanswer", OUTCOME_REJECTED},
        {"busy", OUTCOME_REJECTED},
        {"canceled", OUTCOME_REJECTED},
        {"cancelled", OUTCOME_REJECTED},
        {"full", OUTCOME_REJECTED},
        {"abandoned", OUTCOME_ABANDONED},
        {"hangup", OUTCOME_ABANDONED},
    };
    struct record r;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char pair[64];

        snprintf(pair, sizeof pair, "outcome=%s", words[i].text);
        CHECK_INT(MAP(&r, START, pair), ST_OK);
        CHECK_INT(r.outcome, words[i].want);
    }
    CHECK_INT(MAP(&r, START), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_OK);
    REFUSES("outcome: not a known word", START, "outcome=maybe");
    REFUSES("outcome: not a known word", START,
            "outcome=a very long text that is not a word at all, whatever it says");
}

TEST(dropped_is_ok_with_a_cause)
{
    struct record r;

    CHECK_INT(MAP(&r, START, "outcome=dropped"), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_OK);
    CHECK_SPAN(r.text[FIELD_CAUSE], "dropped");
    CHECK(r.has & FIELD_BIT(FIELD_CAUSE));
    CHECK_INT(MAP(&r, START, "outcome=dropped", "cause=ice"), ST_OK);
    CHECK_SPAN(r.text[FIELD_CAUSE], "ice");
}

TEST(words_for_kinds)
{
    struct record r;

    for (int k = 0; k < KIND_COUNT; k++) {
        char pair[64];

        snprintf(pair, sizeof pair, "kind=%s", kind_name((enum record_kind)k));
        CHECK_INT(MAP(&r, START, pair), ST_OK);
        CHECK_INT(r.kind, k);
    }
    CHECK_INT(MAP(&r, START, "kind=Conference-Start"), ST_OK);
    CHECK_INT(r.kind, KIND_CONFERENCE_START);
    REFUSES("kind: not a known word", START, "kind=thing");
}

TEST(the_words_of_a_format_come_first)
{
    struct format *f = make_format((struct format_options){
        .type = "csv",
        .outcome = LIST("A=ok", "busy=failed", "TEST CALL=ignore", "x=y=rejected"),
        .kind = LIST("IN=join", "OUT=leave", "noise=ignore"),
        .defaults = LIST("source=pbx", "kind=contact"),
        .null = LIST("customer=0", "customer=-"),
        .ignore = LIST("customer=test")});
    struct record r;

    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "outcome=a", "kind=in")), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_OK);
    CHECK_INT(r.kind, KIND_JOIN);
    CHECK_SPAN(r.text[FIELD_SOURCE], "pbx");
    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "outcome=busy")), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_FAILED);
    CHECK_INT(r.kind, KIND_CONTACT);
    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "outcome=X=Y")), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_REJECTED);
    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "outcome=test_call")), ST_IGNORE);
    CHECK_STR(err.text, "outcome: test_call is left out by the format");
    /* What is not counted may be broken otherwise. */
    CHECK_INT(map_by(f, &test_context, &r, LIST("start=x", "kind=noise")), ST_IGNORE);
    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "customer=test")), ST_IGNORE);
    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "customer=0", "source=b")), ST_OK);
    CHECK(!(r.has & FIELD_BIT(FIELD_CUSTOMER)));
    CHECK_SPAN(r.text[FIELD_SOURCE], "b");
    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "customer= - ")), ST_OK);
    CHECK(!(r.has & FIELD_BIT(FIELD_CUSTOMER)));
    format_free(f);
}

TEST(null_gives_way_to_the_default)
{
    struct format *f = make_format((struct format_options){
        .type = "csv", .null = LIST("customer=0"), .defaults = LIST("customer=unidentified")});
    struct record r;

    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "customer=0")), ST_OK);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "unidentified");
    CHECK_INT(map_by(f, &test_context, &r, LIST(START)), ST_OK);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "unidentified");
    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "customer=00")), ST_OK);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "00");
    format_free(f);
}

static enum status
map_customer(const char *p, size_t n)
{
    struct fields in = {.has = FIELD_BIT(FIELD_CUSTOMER) | FIELD_BIT(FIELD_START)};
    struct record r;

    in.v[FIELD_CUSTOMER] = at_the_edge(span_of(p, n));
    in.v[FIELD_START] = SPAN("1700000000");
    return record_from_fields(plain_format(), &test_context, &in, &mem, &r, &err);
}

TEST(names_are_short_lines_of_utf8)
{
    char name[200];

    memset(name, 'n', sizeof name);
    CHECK_INT(map_customer(name, 128), ST_OK);
    CHECK_INT(map_customer(name, 129), ST_BAD_INPUT);
    CHECK_STR(err.text, "customer: longer than 128 bytes");
    CHECK_INT(map_customer("M\xC3\xBCller", 7), ST_OK);
    CHECK_INT(map_customer("\xF0\x9F\x93\x9E", 4), ST_OK);
    CHECK_INT(map_customer("M\xFCller", 6), ST_BAD_INPUT);
    CHECK_STR(err.text, "customer: not UTF-8");
    CHECK_INT(map_customer("a\xC3", 2), ST_BAD_INPUT);
    /* A control character at every place of names of every length is found. */
    for (size_t n = 1; n <= 40; n++)
        for (size_t at = 0; at < n; at++) {
            memset(name, 'n', sizeof name);
            CHECK_INT(map_customer(name, n), ST_OK);
            name[at] = at % 3 == 0 ? '\0' : at % 3 == 1 ? '\x1F' : '\x7F';
            CHECK_INT(map_customer(name, n), ST_BAD_INPUT);
            CHECK_STR(err.text, "customer: holds a control character");
            name[at] = '\xFF';
            CHECK_INT(map_customer(name, n), ST_BAD_INPUT);
            CHECK_STR(err.text, "customer: not UTF-8");
            name[at] = '~';
            CHECK_INT(map_customer(name, n), ST_OK);
        }
}

TEST(features_are_a_set_of_names)
{
    struct format *f =
        make_format((struct format_options){.type = "csv", .features_separator = "|"});
    struct fields in = {.has = FIELD_BIT(FIELD_START)};
    struct span items[80];
    char text[80 * 8] = "features=", more[16], big[300] = "features=";
    struct record r;

    CHECK_INT(map_by(f, &test_context, &r, LIST(START, "features= a|b;c ||a|")), ST_OK);
    CHECK_INT(r.feature_count, 2);
    CHECK_SPAN(r.features[0], "a");
    CHECK_SPAN(r.features[1], "b;c");
    CHECK_INT(MAP(&r, START, "features= ; ;"), ST_OK);
    CHECK_INT(r.feature_count, 0);
    CHECK(!(r.has & FIELD_BIT(FIELD_FEATURES)));
    for (int i = 0; i < 64; i++) {
        snprintf(more, sizeof more, "f%d;", i);
        strcat(text, more);
    }
    strcat(text, "f3;");
    CHECK_INT(MAP(&r, START, text), ST_OK);
    CHECK_INT(r.feature_count, 64);
    strcat(text, "f64");
    REFUSES("features: more than 64", START, text);
    memset(big + 9, 'x', 129);
    REFUSES("features: longer than 128 bytes", START, big);
    REFUSES("features: holds a control character", START, "features=a;b\tc;d");

    in.v[FIELD_START] = SPAN("1700000000");
    for (int i = 0; i < 80; i++)
        items[i] = i % 2 ? SPAN("one;two") : SPAN(" three ");
    in.v[FIELD_FEATURES] = span_of((const char *)items, 80);
    in.feature_items = items;
    in.feature_count = 80;
    CHECK_INT(record_from_fields(f, &test_context, &in, &mem, &r, &err), ST_OK);
    CHECK_INT(r.feature_count, 2);
    CHECK_SPAN(r.features[0], "three");
    CHECK_SPAN(r.features[1], "one;two");
    CHECK(r.has & FIELD_BIT(FIELD_FEATURES));
    CHECK_INT(r.text[FIELD_FEATURES].n, 0); /* a list is no text, whatever the parser left there */
    format_free(f);
}

/* A worker uses the memory of records again and again. */
TEST(a_field_that_follows_from_others_has_no_text)
{
    const char *const texts[] = {"start=1700000000", "end=1700000060", "duration=60"};

    for (int left_out = 0; left_out < 3; left_out++) {
        struct record r;

        memset(&r, 0x55, sizeof r);
        CHECK_INT(MAP(&r, texts[(left_out + 1) % 3], texts[(left_out + 2) % 3]), ST_OK);
        CHECK_INT(r.start, 1700000000);
        CHECK_INT(r.duration, 60);
        for (enum field f = FIELD_START; f <= FIELD_DURATION; f++) {
            CHECK(r.has & FIELD_BIT(f));
            CHECK_INT(r.text[f].n > 0, f != FIELD_START + (unsigned)left_out);
        }
    }
}
