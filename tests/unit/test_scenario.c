/*
 * test_scenario.c - questions to the coming week as people write them, over a store in which the
 * worked example of call centre manuals stands: 100 calls of 180 s in half an hour.
 */
#include "scenario.h"

#include "answer.h"
#include "passes.h"

static struct config_service services[2];
static struct config config = {.timezone = (char *)"UTC", .services = services, .service_count = 2};
static struct store *store;

static void
fill(void)
{
    struct error err;

    for (int i = 0; i < 2; i++)
        services[i] = config_service_defaults;
    services[0].name = (char *)"desk";
    services[0].rate = 20;
    services[1].name = (char *)"taping";
    services[1].match = (char *)"feature:recording";
    CHECK_INT(store_open(&store, "crm.db", STORE_ANALYST, &err), ST_OK);
    CHECK_INT(
        store_run(
            store,
            "INSERT INTO staffing(service, start, minutes, forecast, handle_seconds, required,"
            " scheduled, rostered, model, as_of) VALUES"
            " ('desk', '2026-11-23T09:00:00Z', 30, 50, 180, 8, 12, NULL, 'm',"
            " '2026-11-22T12:00:00Z'),"
            " ('desk', '2026-11-23T09:30:00Z', 30, 100, 180, 14, 20, 18, 'm',"
            " '2026-11-22T12:00:00Z'),"
            " ('desk', '2026-11-20T09:30:00Z', 30, 900, 180, 14, 20, 18, 'm',"
            " '2026-11-20T12:00:00Z'),"
            " ('taping', '2026-11-23T09:00:00Z', 30, 10, 60, 1, 2, NULL, 'm',"
            " '2026-11-22T12:00:00Z');"
            "INSERT INTO analyst VALUES(1, 'l', 1, 1, 1, 1, '2026-11-22T12:00:00Z', '', 1, 1);"
            "INSERT INTO customer_day VALUES('acme', '2026-11-20', 60, 1, 0, 1, 1),"
            " ('other', '2026-11-20', 140, 1, 0, 1, 1), ('old', '2026-09-01', 999, 1, 0, 1, 1);"
            "INSERT INTO segment_member VALUES('gold', 'acme', '2026-11-01', NULL),"
            " ('past', 'old', '2026-11-01', NULL)",
            &err),
        ST_OK);
}

static struct scenario_answer *
ask(const struct scenario *s)
{
    struct scenario_answer *a;
    struct error err;

    if (scenario_run(&a, store, &config, s, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return a;
}

TEST(the_newest_week_is_asked_and_a_change_changes_one_side)
{
    const struct scenario s = {.service = "desk", .volume = "+100%"};
    struct scenario_answer *a;

    fill();
    a = ask(&s);
    CHECK_INT(a->count, 1);
    CHECK_STR(a->services[0].name, "desk");
    CHECK_NEAR(a->services[0].now.calls, 150, 1e-9);
    CHECK_NEAR(a->services[0].then.calls, 300, 1e-9);
    CHECK_INT(a->services[0].now.peak_agents, 14);
    CHECK_NEAR(a->services[0].now.short_hours, 1, 1e-9); /* 20 needed, 18 there, half an hour */
    CHECK_NEAR(a->services[0].rate, 20, 1e-9);
    CHECK_INT(a->services[0].busiest, AT(days_from_civil(2026, 11, 23), 9, 30));
    CHECK_STR(a->as_of, "2026-11-22T12:00:00Z");
    scenario_free(a);
    store_close(store);
}

TEST(customers_features_and_rules_of_the_service)
{
    const struct scenario s = {.customer = {"acme=+50%"},
                               .feature = {"recording=+90"},
                               .shrinkage = "0%",
                               .availability = "50%",
                               .aht = "3m"};
    struct scenario_answer *a;

    fill();
    a = ask(&s);
    CHECK_INT(a->count, 2);
    CHECK_NEAR(a->services[0].then.calls, 150 * 1.15, 1e-9); /* acme has 60 of 200 legs */
    CHECK_NEAR(a->services[1].then.calls, 10 * 1.15 + 90, 1e-9);
    CHECK_NEAR(a->services[1].then.aht_s, 180, 1e-9);
    CHECK_NEAR(a->services[0].now.scheduled_hours, (12 + 20) / 2.0, 1);
    /* Nobody is away, but only every other one of the planned is there. */
    CHECK(a->services[0].then.scheduled_hours > 1.4 * a->services[0].now.scheduled_hours);
    scenario_free(a);
    store_close(store);
}

TEST(a_split_costs_hours)
{
    const struct scenario s = {.service = "desk", .split = {"french=20%", "top=segment:gold"}};
    char *configured[] = {(char *)"night=0.5", (char *)"none=segment:empty", NULL};
    const struct scenario plain_question = {.service = "desk"};
    struct scenario_answer *a;
    const struct scenario_service *d;

    fill();
    a = ask(&s);
    d = &a->services[0];
    CHECK_INT(d->skill_count, 3);
    CHECK_STR(d->skills[1].name, "top");
    CHECK_NEAR(d->skills[1].share, 0.3, 1e-9);
    CHECK_STR(d->skills[2].name, "others");
    CHECK_NEAR(d->skills[2].share, 0.5, 1e-9);
    CHECK_NEAR(d->skills[0].then.calls + d->skills[1].then.calls + d->skills[2].then.calls, 150,
               1e-9);
    CHECK(d->split_hours > 0); /* three small teams wait for each other's calls */
    scenario_free(a);
    services[0].skills = configured;
    a = ask(&plain_question);
    CHECK_INT(a->services[0].skill_count, 2); /* a segment may be empty for a while */
    CHECK_NEAR(a->services[0].skills[0].share, 0.5, 1e-9);
    scenario_free(a);
    services[0].skills = NULL;
    a = ask(&plain_question);
    CHECK_INT(a->services[0].skill_count, 0);
    CHECK(isnan(a->services[0].split_hours));
    scenario_free(a);
    store_close(store);
}

static void
remember(void *arg, const struct row_value *v)
{
    answer_csv_row(arg, &scenario_interval_table, v);
}

/* By Erlang C 4 agents answer 86.1 % of 2 erlang within 20 s, 5 answer 81.1 % of 3 erlang; one
 * fewer misses the 80 %. Shrinkage is 0.3. */
TEST(skills_have_their_own_roster_interval_by_interval)
{
    char *configured[] = {(char *)"french=20%", NULL};
    const struct scenario s = {.service = "desk", .volume = "+50%"};
    struct scenario_answer *a;
    const struct scenario_service *d;
    struct error err;
    struct buf rows = {0};

    fill();
    services[0].skills = configured;
    services[0].shrinkage = 0.3;
    CHECK_INT(store_run(store,
                        "INSERT INTO staffing_skill(service, skill, start, minutes, share,"
                        " forecast, required, scheduled, rostered, as_of) VALUES"
                        " ('desk', 'french', '2026-11-23T08:30:00Z', 30, 0.2, 9, 9, 9, 99, 'x'),"
                        " ('desk', 'french', '2026-11-23T09:30:00Z', 30, 0.2, 20, 5, 8, 7, 'x')",
                        &err),
              ST_OK);
    a = ask(&s);
    d = &a->services[0];
    CHECK_INT(d->intervals, 2);
    CHECK_STR(d->skills[0].name, "french");
    CHECK(isnan(d->skills[0].in[0].rostered)); /* that of another time is none of this */
    CHECK_NEAR(d->skills[0].in[1].rostered, 7, 0);
    CHECK_INT(d->skills[0].in[1].required[0], 4);
    CHECK_INT(d->skills[0].in[1].required[1], 5);
    CHECK_INT(d->skills[0].in[1].scheduled[1], 8); /* 5 of 0.7 */
    CHECK_NEAR(d->skills[0].now.short_hours, 0, 1e-9);
    CHECK_NEAR(d->skills[0].then.short_hours, 0.5, 1e-9);
    CHECK(isnan(d->skills[1].now.short_hours));
    scenario_interval_rows(a, remember, &rows);
    buf_char(&rows, '\0');
    CHECK(strstr(rows.p, "desk,french,2026-11-23T09:30:00Z,30,7,4,6,1,5,8,-1"));
    CHECK(strstr(rows.p, "desk,,2026-11-23T09:30:00Z,30,18,14,20,-2,"));
    CHECK(strstr(rows.p, "desk,others,2026-11-23T09:30:00Z,30,,"));
    buf_clear(&rows);
    services[0].skills = NULL;
    scenario_free(a);
    store_close(store);
}

TEST(what_makes_no_sense_is_said)
{
    static const struct {
        struct scenario asked;
        enum status st;
        const char *says;
    } cases[] = {
        {{.volume = "lots"}, ST_BAD_INPUT, "volume: \"lots\": expected a change such as +20%"},
        {{.volume = "nan%"}, ST_BAD_INPUT, "volume"},
        {{.aht = "soon"}, ST_BAD_INPUT, "aht"},
        {{.aht = "0"}, ST_BAD_INPUT, "aht"},
        {{.sl = "1"}, ST_BAD_INPUT, "sl: \"1\""},
        {{.sl = "nan"}, ST_BAD_INPUT, "sl"},
        {{.sl = "120%"}, ST_BAD_INPUT, "sl"},
        {{.occupancy = "0"}, ST_BAD_INPUT, "occupancy"},
        {{.within = "-1"}, ST_BAD_INPUT, "within"},
        {{.service = "nobody"}, ST_NOT_FOUND, "no forecast for nobody"},
        {{.customer = {"acme"}}, ST_BAD_INPUT, "customer: \"acme\""},
        {{.customer = {"nobody=+5%"}}, ST_NOT_FOUND, "no legs"},
        {{.feature = {"video=+5%"}}, ST_NOT_FOUND, "no contacts of any service"},
        {{.feature = {"recording=+5%", "video=+5%"}}, ST_NOT_FOUND, "video"},
        {{.split = {"a=60%", "b=50%"}}, ST_BAD_INPUT, "one together"},
        {{.split = {"a=segment:empty"}}, ST_NOT_FOUND, "has none"},
        {{.split = {"a=1.5"}}, ST_BAD_INPUT, "split"},
    };

    fill();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario_answer *a = NULL;
        struct error err;

        CHECK_INT(scenario_run(&a, store, &config, &cases[i].asked, &err), cases[i].st);
        if (!strstr(err.text, cases[i].says))
            test_fail(__FILE__, __LINE__, "case %zu says %s", i, err.text);
    }
    store_close(store);
}
