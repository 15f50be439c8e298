/*
 * test_outlook.c - expectations, stages and whom to call, from records to rows.
 */
#include "passes.h"

/* Single records, committed on their own. */
static void
say_as(struct book *b, enum record_kind kind, const char *customer, int32_t day, int hour,
       const char *json)
{
    char id[32];
    static int n;
    struct event_row e = {kind, AT(day, hour, 0), span_str(customer), {NULL, 0}, {NULL, 0}};
    struct ledger_batch batch = {.events = &e, .event_count = 1};

    snprintf(id, sizeof id, "e%d", ++n);
    e.id = span_str(id);
    e.json = span_str(json);
    book_commit(b, &batch);
}

static void
say(struct book *b, enum record_kind kind, const char *customer, int32_t day, const char *reason)
{
    char json[256];

    snprintf(json, sizeof json, "{\"reason\":\"%s\"}", reason);
    say_as(b, kind, customer, day, 10, json);
}

static void
use_on(struct book *b, const char *customer, int32_t day)
{
    book_leg(b, customer, AT(day, 9, 0), 60, "p", "k", NULL, OUTCOME_OK);
}

/* A hundred customers who come at rates of their own and of whom some leave for good. */
static void
population(struct book *b, int32_t from, int32_t to)
{
    uint64_t seed = 11;

    for (int c = 0; c < 100; c++) {
        char name[16];
        int every = 2 + c % 9, stays = c % 5 ? 1000 : 20 + (int)(dice(&seed) % 60);

        snprintf(name, sizeof name, "p%03d", c);
        for (int32_t day = from + c % 7; day < to; day += 1 + (int)(dice(&seed) % (2 * every)))
            if (day - from < stays)
                use_on(b, name, day);
    }
    for (int32_t day = from; day < to; day++) /* there is input on each day */
        use_on(b, "daily", day);
}

#define STAGE(customer)                                                                            \
    rows("SELECT stage || ' ' || ifnull(stage_since, '?') FROM customer_profile"                   \
         " WHERE customer = '" customer "'")
#define MOVES(customer)                                                                            \
    rows("SELECT ifnull(from_stage, '-'), to_stage FROM stage_history WHERE customer = '" customer \
         "' AND dimension = 'stage' ORDER BY id")

TEST(a_customer_goes_through_its_stages_with_a_history)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY - 200, TODAY);
    say(&b, KIND_VISIT, "acme", TODAY - 1, "fair");
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(STAGE("acme"), "prospect 2026-11-21");
    say(&b, KIND_INQUIRY, "acme", TODAY, "Price list, please");
    run_pass(a, NOW + 60, b.seq); /* not a full pass */
    CHECK_STR(STAGE("acme"), "intent 2026-11-22");
    use_on(&b, "acme", TODAY + 1);
    book_commit(&b, NULL);
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(STAGE("acme"), "first 2026-11-23");
    use_on(&b, "acme", TODAY + 3);
    book_commit(&b, NULL);
    run_pass(a, NOW + 3 * DAY_SECONDS, b.seq);
    CHECK_STR(STAGE("acme"), "repeat 2026-11-25");
    say(&b, KIND_INQUIRY, "acme", TODAY + 4, "Cancellation of the contract");
    run_pass(a, NOW + 4 * DAY_SECONDS, b.seq);
    CHECK_STR(STAGE("acme"), "lost 2026-11-26");
    use_on(&b, "acme", TODAY + 5);
    book_commit(&b, NULL);
    run_pass(a, NOW + 5 * DAY_SECONDS, b.seq);
    CHECK_STR(STAGE("acme"), "resurrected 2026-11-27");
    run_pass(a, NOW + 5 * DAY_SECONDS + 60, b.seq);
    CHECK_STR(MOVES("acme"), "-|prospect;prospect|intent;intent|first;first|repeat;repeat|lost;"
                             "lost|resurrected");
    CHECK_STR(rows("SELECT rule, json_extract(evidence, '$.second_use'), back FROM stage_history"
                   " WHERE customer = 'acme' AND to_stage = 'lost'"),
              "lifecycle by dated events, rules 1|2026-11-25|any use makes it resurrected");
    analyst_close(a);
    book_close(&b);
}

/* Two customers of one habit; one falls silent, the other does not. */
TEST(who_is_silent_beyond_its_habit_is_overdue_until_it_is_back)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY - 200, TODAY);
    for (int32_t day = TODAY - 151; day < TODAY; day += 2) {
        use_on(&b, "steady", day);
        if (day < TODAY - 30)
            use_on(&b, "silent", day);
    }
    for (int32_t day = TODAY - 150; day < TODAY - 30; day += 60)
        use_on(&b, "rare", day); /* as long a silence says nothing of it */
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT kind, state, value, baseline, reason LIKE 'no use for 30 days after one"
                   " every 2.0 days on average%overdue since 2026-11-%', p_value < 0.001"
                   " FROM signal WHERE subject = 'silent' AND kind = 'overdue'"),
              "overdue|open|30.0|2.0|1|1");
    CHECK_STR(rows("SELECT count(*) FROM signal WHERE kind = 'overdue' AND subject IN ('steady',"
                   " 'rare', 'daily')"),
              "0");
    /* A few who left are found as well; hardly anybody else: false ones are one in twenty. */
    CHECK_STR(rows("SELECT count(*) BETWEEN 5 AND 30 FROM signal WHERE kind = 'overdue'"), "1");
    CHECK_STR(rows("SELECT stage FROM customer_profile WHERE customer IN ('silent', 'steady')"
                   " ORDER BY customer = 'steady'"),
              "dormant;repeat");
    use_on(&b, "silent", TODAY);
    book_commit(&b, NULL);
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT state FROM signal WHERE kind = 'overdue' AND subject = 'silent'"),
              "closed");
    CHECK_STR(MOVES("silent"), "-|dormant;dormant|resurrected");
    analyst_close(a);
    book_close(&b);
}

/* What is said of now moves with each use; what was said at a change stays as it was. */
TEST(what_would_move_a_customer_is_as_of_now_and_its_history_as_of_then)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY - 200, TODAY + 9);
    for (int32_t day = TODAY - 151; day < TODAY; day += 2)
        use_on(&b, "steady", day);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT h.back = p.stage_back, p.stage_back LIKE 'a surge or decline beyond"
                   " chance moves it there; no use until ' || p.due_by || ' makes it dormant'"
                   " FROM customer_profile p JOIN stage_history h USING(customer) WHERE customer ="
                   " 'steady' AND dimension = 'stage'"),
              "1|1");
    use_on(&b, "steady", TODAY + 8);
    book_commit(&b, NULL);
    run_pass(a, NOW + 9 * DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT instr(h.back, json_extract(h.evidence, '$.due_by')) > 0,"
                   " instr(p.stage_back, p.due_by) > 0,"
                   " p.due_by > json_extract(h.evidence, '$.due_by') FROM customer_profile p"
                   " JOIN stage_history h USING(customer) WHERE customer = 'steady' AND"
                   " dimension = 'stage'"),
              "1|1|1");
    CHECK_STR(rows("SELECT count(*) FROM customer_profile WHERE stage_back IS NULL OR"
                   " stage IS NULL"),
              "0");
    analyst_close(a);
    book_close(&b);
}

TEST(expectations_follow_the_habit)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY - 300, TODAY);
    for (int32_t day = TODAY - 299; day < TODAY; day += 7)
        use_on(&b, "weekly", day);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT active_days_52w, expected_days_4w BETWEEN 3 AND 4.6,"
                   " expected_days_13w BETWEEN 9 AND 14 FROM customer_profile"
                   " WHERE customer = 'weekly'"),
              "43|1|1");
    CHECK_STR(rows("SELECT expected_days_4w > 20 FROM customer_profile WHERE customer = 'daily'"),
              "1");
    CHECK_STR(rows("SELECT json_extract(parameters, '$.customers') FROM model"
                   " WHERE name = 'activity'"),
              "102");
    /* A store that is made anew says the same. */
    analyst_close(a);
    CHECK_INT(rename("crm.db", "before.db"), 0);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    analyst_close(a);
    edit("ATTACH 'before.db' AS b; CREATE TABLE differ AS SELECT count(*) AS n FROM"
         " (SELECT * FROM customer_outlook EXCEPT SELECT * FROM b.customer_outlook)");
    CHECK_STR(rows("SELECT n FROM differ"), "0");
    book_close(&b);
}

TEST(who_asked_for_a_price_and_was_left_alone_is_stuck)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY - 100, TODAY);
    say(&b, KIND_INQUIRY, "asked", TODAY - 20, "quote");
    say(&b, KIND_INQUIRY, "cared for", TODAY - 20, "quote");
    say(&b, KIND_RESPONSE, "cared for", TODAY - 2, "call");
    say(&b, KIND_VISIT, "met once", TODAY - 30, "fair");
    for (int i = 0; i < 30; i++) { /* thirty others came by once and belong to nobody */
        char name[20];

        snprintf(name, sizeof name, "once %d", i);
        use_on(&b, name, TODAY - 80);
    }
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT subject, severity, value, reason FROM signal WHERE kind = 'stuck'"
                   " ORDER BY subject"),
              "asked|warning|20.0|stuck in intent: interested since 2026-11-02, 20 days ago, and no"
              " use yet; three of four go on within 14 days; last contact 2026-11-02;"
              "met once|info|30.0|stuck as a prospect: nobody has spoken to it since 2026-10-23,"
              " 30 days ago");
    use_on(&b, "asked", TODAY);
    book_commit(&b, NULL);
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT state FROM signal WHERE kind = 'stuck' AND subject = 'asked'"),
              "closed");
    analyst_close(a);
    book_close(&b);
}

#define CONTACT(customer)                                                                          \
    rows("SELECT ifnull(last_contact, '-'), ifnull(last_contact_kind, '-'),"                       \
         " ifnull(last_contact_by, '-'), ifnull(days_since_contact, '-'),"                         \
         " ifnull(asked_since, '-'), ifnull(days_unanswered, '-') FROM customer_profile"           \
         " WHERE customer = '" customer "'")

TEST(who_spoke_to_a_customer_last_and_who_waits_is_known)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    use_on(&b, "user", TODAY);
    /* The answer came in the same second and before it in the file. */
    say_as(&b, KIND_RESPONSE, "acme", TODAY - 9, 8, "{\"agent\":\"Ann\"}");
    say_as(&b, KIND_INQUIRY, "acme", TODAY - 9, 8, "{}");
    say_as(&b, KIND_INQUIRY, "brix", TODAY - 5, 8, "{\"agent\":\"phone\"}");
    say_as(&b, KIND_INQUIRY, "brix", TODAY - 3, 8, "{}");
    say_as(&b, KIND_ORDER, "cole", TODAY - 3, 8, "{}");
    say_as(&b, KIND_BOOKING, "dorn", TODAY + 3, 8, "{}"); /* to come */
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(CONTACT("acme"), "2026-11-13T08:00:00Z|response|Ann|9|-|-");
    CHECK_STR(CONTACT("brix"), "2026-11-19T08:00:00Z|inquiry|-|3|2026-11-17T08:00:00Z|5");
    CHECK_STR(CONTACT("cole"), "-|-|-|-|-|-");
    CHECK_STR(CONTACT("dorn"), "-|-|-|-|-|-");
    CHECK_STR(CONTACT("user"), "-|-|-|-|-|-");
    say_as(&b, KIND_VISIT, "brix", TODAY, 8, "{\"agent\":\"Bob\"}");
    run_pass(a, NOW + 60, b.seq); /* not a full pass */
    CHECK_STR(CONTACT("brix"), "2026-11-22T08:00:00Z|visit|Bob|0|-|-");
    run_pass(a, NOW + 3 * DAY_SECONDS, b.seq); /* a day later nothing has come, and it is later */
    CHECK_STR(CONTACT("acme"), "2026-11-13T08:00:00Z|response|Ann|12|-|-");
    CHECK_STR(CONTACT("dorn"), "2026-11-25T08:00:00Z|booking|-|0|-|-");
    analyst_close(a);
    book_close(&b);
}

TEST(who_was_called_on_twice_is_a_signal_until_the_next_call_would_be_none_too_many)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    use_on(&b, "user", TODAY);
    say_as(&b, KIND_VISIT, "acme", TODAY - 9, 8, "{\"agent\":\"Ann\",\"service\":\"sales\"}");
    say_as(&b, KIND_VISIT, "acme", TODAY - 7, 8, "{\"agent\":\"Bob\"}");
    say_as(&b, KIND_VISIT, "brix", TODAY - 9, 8, "{\"agent\":\"Ann\"}");
    say_as(&b, KIND_VISIT, "brix", TODAY - 7, 8, "{\"agent\":\"ann\"}");
    say_as(&b, KIND_INQUIRY, "cole", TODAY - 3, 8, "{}");
    say_as(&b, KIND_RESPONSE, "cole", TODAY - 2, 8, "{\"agent\":\"Ann\"}");
    say_as(&b, KIND_RESPONSE, "cole", TODAY - 2, 9, "{\"agent\":\"Bob\"}");
    say_as(&b, KIND_RESPONSE, "cole", TODAY - 1, 9, "{\"agent\":\"Cid\"}");
    say_as(&b, KIND_VISIT, "old", TODAY - 17, 8, "{\"agent\":\"Ann\"}");
    say_as(&b, KIND_VISIT, "old", TODAY - 15, 8, "{\"agent\":\"Bob\"}");
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT subject, severity, value, window_start, window_end, reason FROM signal"
                   " WHERE kind = 'called_twice' ORDER BY subject"),
              "acme|warning|2.0|2026-11-13|2026-11-15|visited by Ann on 2026-11-13 and by Bob on"
              " 2026-11-15; it had not asked or ordered in between;"
              "cole|info|3.0|2026-11-20|2026-11-21|answered by Bob on 2026-11-20 and by Cid on"
              " 2026-11-21; no inquiry was left to answer; 3 people within 14 days");
    CHECK_STR(rows("SELECT json_extract(evidence, '$.calls[0].agent'),"
                   " json_extract(evidence, '$.calls[0].service'),"
                   " json_extract(evidence, '$.calls[1].id') = (SELECT id FROM activity WHERE"
                   " customer = 'acme' AND agent = 'Bob'), rule FROM signal"
                   " WHERE kind = 'called_twice' AND subject = 'acme'"),
              "Ann|sales|1|called_twice/1");
    run_pass(a, NOW + 7 * DAY_SECONDS, b.seq);
    CHECK_STR(
        rows("SELECT subject, state FROM signal WHERE kind = 'called_twice' ORDER BY subject"),
        "acme|open;cole|open");
    run_pass(a, NOW + 8 * DAY_SECONDS, b.seq);
    CHECK_STR(
        rows("SELECT subject, state FROM signal WHERE kind = 'called_twice' ORDER BY subject"),
        "acme|closed;cole|open");
    analyst_close(a);
    book_close(&b);
}

/* Nobody is silent when nothing at all arrives. */
TEST(a_feed_that_is_down_makes_nobody_overdue)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    population(&b, TODAY - 200, TODAY - 40);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT count(*) FROM signal WHERE kind = 'overdue'"), "0");
    CHECK_STR(STAGE("daily"), "repeat 2026-05-07");
    analyst_close(a);
    book_close(&b);
}
