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

/* As it is and then, side by side; hours that a roster lacks only where there is one. */
static void
skill_row(const struct scenario_skill *k)
{
    char lacks[2][16] = {"-", "-"};

    if (!isnan(k->now.short_hours)) {
        snprintf(lacks[0], sizeof lacks[0], "%.0f", k->now.short_hours);
        snprintf(lacks[1], sizeof lacks[1], "%.0f", k->then.short_hours);
    }
    printf("    %-19.19s %8.1f %7u %7u %8.0f %8.0f %8s %8s\n", k->name, k->share * 100,
           k->now.peak_agents, k->then.peak_agents, k->now.scheduled_hours, k->then.scheduled_hours,
           lacks[0], lacks[1]);
}

static void
print_skills(const struct scenario_service *s)
{
    if (s->skill_count == 0)
        return;
    printf("\n  %-30s %15s %17s %17s\n", "split into skills", "people at most", "hours needed",
           "hours lacking");
    printf("    %-19s %8s %7s %7s %8s %8s %8s %8s\n", "", "share, %", "now", "then", "now", "then",
           "now", "then");
    for (size_t i = 0; i < s->skill_count; i++)
        skill_row(&s->skills[i]);
    printf("  which costs %.0f hours more a week than people who can do all of it", s->split_hours);
    if (!isnan(s->rate))
        printf(": %.0f", s->split_hours * s->rate);
    putchar('\n');
}

/* Intervals in which somebody is needed or there. */
static void
print_intervals(const struct zone *zone, const struct scenario_service *s, const char *skill,
                const struct scenario_interval *in)
{
    printf("\n  %s%s%s, people on the roster (%s)\n", s->name, skill ? "/" : "", skill ? skill : "",
           zone_name(zone));
    printf("  %-16s %9s %9s %6s %12s %6s\n", "", "rostered", "needed", "gap", "then needed", "gap");
    for (size_t i = 0; i < s->intervals; i++) {
        const struct scenario_interval *at = &in[i];
        char when[CIVIL_TEXT], have[16] = "-", gap[2][16] = {"-", "-"};

        if (at->scheduled[0] == 0 && at->scheduled[1] == 0 && !(at->rostered > 0))
            continue;
        format_utc(when, s->start[i] + zone_offset_at(zone, s->start[i]));
        when[16] = '\0'; /* without the seconds */
        when[10] = ' ';
        if (!isnan(at->rostered)) {
            snprintf(have, sizeof have, "%.0f", at->rostered);
            for (int k = 0; k < 2; k++)
                snprintf(gap[k], sizeof gap[k], "%+.0f", at->rostered - at->scheduled[k]);
        }
        printf("  %-16s %9s %9u %6s %12u %6s\n", when, have, at->scheduled[0], gap[0],
               at->scheduled[1], gap[1]);
    }
}

static void
print_service(const struct zone *zone, const struct scenario_service *s, bool intervals)
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
    printf("  busiest then: %s (%s)\n", at, zone_name(zone));
    print_skills(s);
    if (intervals)
        print_intervals(zone, s, NULL, s->in);
    for (size_t i = 0; intervals && i < s->skill_count; i++)
        print_intervals(zone, s, s->skills[i].name, s->skills[i].in);
    putchar('\n');
}

/* --- for programs --- */

struct rows {
    struct buf out;
    struct json_writer json;
    const struct answer *table;
    bool csv;
};

static void
put_row(void *arg, const struct row_value *values)
{
    struct rows *r = arg;

    if (r->csv)
        answer_csv_row(&r->out, r->table, values);
    else
        answer_json_row(&r->json, r->table, values, false);
}

static void
print_rows(const struct scenario_answer *a, bool csv, bool intervals)
{
    struct rows r = {.csv = csv, .table = intervals ? &scenario_interval_table : &scenario_table};

    json_begin(&r.json, &r.out);
    if (csv)
        answer_csv_head(&r.out, r.table);
    else
        json_array(&r.json, NULL);
    (intervals ? scenario_interval_rows : scenario_rows)(a, put_row, &r);
    if (!csv) {
        json_close(&r.json);
        buf_char(&r.out, '\n');
    }
    fwrite(r.out.p, 1, r.out.n, stdout);
    buf_clear(&r.out);
}

/* --- the command --- */

struct shape {
    bool json, csv, intervals;
};

static int
answer(const struct config *c, const struct scenario *asked, struct shape shape)
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
    if (shape.json || shape.csv)
        print_rows(a, shape.csv, shape.intervals);
    for (size_t i = 0; !shape.json && !shape.csv && i < a->count; i++)
        print_service(zone, &a->services[i], shape.intervals);
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
    const char *path = NULL, *by = NULL;
    struct shape shape = {0};
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
        {"by", OPTION_TEXT, &by, "interval", "people by interval, those of skills, too"},
        {"json", OPTION_FLAG, &shape.json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &shape.csv, NULL, "as CSV"},
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
    if (first + 1 != argc || strcmp(argv[first], "staffing") != 0 || (shape.json && shape.csv) ||
        (by && strcmp(by, "interval") != 0)) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    shape.intervals = by != NULL;
    take_list(s.customer, &customers);
    take_list(s.feature, &features);
    take_list(s.split, &splits);
    c = options_config(path, &code);
    if (!c)
        return code;
    code = answer(c, &s, shape);
    config_free(c);
    return code;
}
