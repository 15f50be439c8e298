/*
 * cmd_what_if.c - staffing: the people that the coming week would need if things were otherwise
 * (scenario.h), for people and for programs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "civil.h"
#include "commands.h"
#include "options.h"
#include "scenario.h"
#include "work.h"
#include "zone.h"

/* --- for people --- */

static void
line(const char *what, double now, double then, int digits)
{
    if (isnan(now) && isnan(then))
        return;
    printf("  %-32s %12.*f %12.*f %+12.*f\n", what, digits, now, digits, then, digits, then - now);
}

static void
print_skills(const struct scenario_service *s)
{
    if (s->skill_count == 0)
        return;
    printf("  split into skills: %-12s %12s %12s %12s\n", "", "share, %", "at most", "hours");
    for (size_t i = 0; i < s->skill_count; i++)
        printf("    %-28.28s  %11.1f %12u %12.0f\n", s->skills[i].name, s->skills[i].share * 100,
               s->skills[i].then.peak_agents, s->skills[i].then.scheduled_hours);
    printf("  which costs %.0f hours more a week than people who can do all of it", s->split_hours);
    if (!isnan(s->rate))
        printf(": %.0f", s->split_hours * s->rate);
    putchar('\n');
}

static void
print_service(const struct zone *zone, const struct scenario_service *s)
{
    const struct what_if_totals *a = &s->now, *b = &s->then;
    char at[CIVIL_TEXT];

    format_utc(at, s->busiest + zone_offset_at(zone, s->busiest));
    at[16] = '\0'; /* without the seconds */
    at[10] = ' ';
    printf("%s\n  %-32s %12s %12s %12s\n", s->name, "", "as it is", "then", "change");
    line("contacts in the week", a->calls, b->calls, 0);
    line("handling time, s", a->aht_s, b->aht_s, 0);
    line("at desks when busiest", a->peak_agents, b->peak_agents, 0);
    line("hours on the roster needed", a->scheduled_hours, b->scheduled_hours, 0);
    line("cost of those", a->scheduled_hours * s->rate, b->scheduled_hours * s->rate, 0);
    line("hours that the roster lacks", a->short_hours, b->short_hours, 0);
    line("service level with the roster, %", a->rostered_level * 100, b->rostered_level * 100, 1);
    print_skills(s);
    printf("  busiest then: %s (%s)\n\n", at, zone_name(zone));
}

/* --- for programs --- */

struct rows {
    struct buf out;
    struct json_writer json;
    bool csv;
};

static void
put_row(void *arg, const struct row_value *values)
{
    struct rows *r = arg;

    if (r->csv)
        answer_csv_row(&r->out, &scenario_table, values);
    else
        answer_json_row(&r->json, &scenario_table, values, false);
}

static void
print_rows(const struct scenario_answer *a, bool csv)
{
    struct rows r = {.csv = csv};

    json_begin(&r.json, &r.out);
    if (csv)
        answer_csv_head(&r.out, &scenario_table);
    else
        json_array(&r.json, NULL);
    scenario_rows(a, put_row, &r);
    if (!csv) {
        json_close(&r.json);
        buf_char(&r.out, '\n');
    }
    fwrite(r.out.p, 1, r.out.n, stdout);
    buf_clear(&r.out);
}

/* --- the command --- */

static int
answer(const struct config *c, const struct scenario *asked, bool json, bool csv)
{
    struct scenario_answer *a = NULL;
    struct store *store = NULL;
    const struct zone *zone;
    struct error err;
    enum status st = zone_load(&zone, c->timezone, &err);

    if (st == ST_OK)
        st = work_store(&store, c, STORE_READ, &err);
    if (st != ST_OK)
        return work_failed(&err);
    st = scenario_run(&a, store, c, asked, &err);
    store_close(store);
    if (st == ST_BAD_INPUT || st == ST_NOT_FOUND) {
        fprintf(stderr, "callswell what-if: %s%s\n", st == ST_BAD_INPUT ? "--" : "", err.text);
        return st == ST_BAD_INPUT ? EXIT_USAGE : 1;
    }
    if (st != ST_OK)
        return work_failed(&err);
    if (json || csv)
        print_rows(a, csv);
    for (size_t i = 0; !json && !csv && i < a->count; i++)
        print_service(zone, &a->services[i]);
    scenario_free(a);
    return 0;
}

static void
take_list(const char **out, const struct option_list *list)
{
    for (size_t i = 0; i < list->count && i < SCENARIO_LIST; i++)
        out[i] = list->at[i];
}

int
command_what_if(int argc, char **argv)
{
    struct scenario s = {0};
    struct option_list customers = {0}, features = {0}, splits = {0};
    const char *path = NULL;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"service", OPTION_TEXT, &s.service, "NAME", "this one alone"},
        {"volume", OPTION_TEXT, &s.volume, "CHANGE", "so many more contacts: +20%"},
        {"aht", OPTION_TEXT, &s.aht, "TIME", "handling time: 240, 4m; or a change: -10%"},
        {"customer", OPTION_LIST, &customers, "NAME=CHANGE", "this one's part: ACME=+50%"},
        {"feature", OPTION_LIST, &features, "NAME=CHANGE", "its uses: recording=+2000, video=-5%"},
        {"split", OPTION_LIST, &splits, "SKILL=SHARE", "specialists: french=20%, top=segment:gold"},
        {"sl", OPTION_TEXT, &s.sl, "SHARE", "wanted service level"},
        {"within", OPTION_TEXT, &s.within, "TIME", "answered within"},
        {"occupancy", OPTION_TEXT, &s.occupancy, "SHARE", "highest occupancy"},
        {"shrinkage", OPTION_TEXT, &s.shrinkage, "SHARE", "paid time away from contacts"},
        {"patience", OPTION_TEXT, &s.patience, "TIME", "callers hang up after so long on average"},
        {"availability", OPTION_TEXT, &s.availability, "SHARE", "of the planned who are there"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "as CSV"},
    };
    const struct option_use use = {
        "callswell what-if staffing [OPTION...]",
        "The people that the coming week would need if things were otherwise.", rows,
        sizeof rows / sizeof rows[0],
        "  callswell what-if staffing --volume +20% --aht 4m\n"
        "  callswell what-if staffing --customer ACME=+50% --shrinkage 0.32\n"
        "  callswell what-if staffing --service operator --split french=20%"};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (first + 1 != argc || strcmp(argv[first], "staffing") != 0 || (json && csv)) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    take_list(s.customer, &customers);
    take_list(s.feature, &features);
    take_list(s.split, &splits);
    c = options_config(path, &code);
    if (!c)
        return code;
    code = answer(c, &s, json, csv);
    config_free(c);
    return code;
}
