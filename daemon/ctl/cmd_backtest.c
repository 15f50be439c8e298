/*
 * cmd_backtest.c - how good forecasts of a calendar of the past would have been.
 */
#include <stdio.h>

#include "backtest_file.h"
#include "commands.h"
#include "options.h"
#include "table.h"
#include "whole_file.h"

#define MAX_FILE_BYTES (64u << 20)

static void
print_table(const struct backtest *b, enum table_style style)
{
    static const struct table_column columns[] = {
        {"method", TABLE_TEXT},        {"WAPE day 1", TABLE_NUMBER}, {"WAPE week 1", TABLE_NUMBER},
        {"WAPE week 2", TABLE_NUMBER}, {"MASE", TABLE_NUMBER},
    };
    struct table *t = table_new(columns, sizeof columns / sizeof *columns);

    for (int m = 0; m < BACKTEST_METHODS; m++) {
        table_row(t);
        table_text(t, backtest_method_name((enum backtest_method)m));
        table_real(t, b->method[m].wape_day1, 4);
        table_real(t, b->method[m].wape_week1, 4);
        table_real(t, b->method[m].wape_week2, 4);
        table_real(t, b->method[m].mase, 4);
    }
    table_print(t, style, stdout);
    table_free(t);
}

static void
print_people(const struct backtest_found *f)
{
    const struct backtest *b = &f->scores;

    printf("%u forecasts of two weeks each, made a week apart over %u weeks of %u days:\n\n",
           b->origins, f->weeks, f->days_a_week);
    print_table(b, TABLE_ALIGNED);
    printf("\nNobody could have come below a WAPE of %.4f in week 1: counts scatter.\n"
           "Of what came in week 1, %.1f %% lay within the interval for 80 %%, %.1f %% within\n"
           "the one for 95 %%. Pinball loss at 10, 50 and 90 %%: %.4f of what came.\n",
           b->floor_week1, b->coverage80 * 100, b->coverage95 * 100, b->pinball);
}

static void
print_json(const struct backtest_found *f)
{
    struct json_writer w;
    struct buf out = {0};

    json_begin(&w, &out);
    backtest_write(&w, f);
    puts(out.p);
    buf_clear(&out);
}

static int
backtest(const char *path, const struct backtest_wish *wish, enum table_style style)
{
    struct backtest_found found;
    struct buf text = {0};
    struct error err;
    enum status st = whole_file(path, MAX_FILE_BYTES, &text, &err);

    if (st != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        return 1;
    }
    st = backtest_file(span_of(text.p, text.n), wish, &found, &err);
    buf_clear(&text);
    if (st != ST_OK) {
        fprintf(stderr, "callswell: %s: %s\n", path, err.text);
        return 1;
    }
    if (style == TABLE_JSON)
        print_json(&found);
    else if (style == TABLE_CSV)
        print_table(&found.scores, TABLE_CSV);
    else
        print_people(&found);
    return 0;
}

int
command_backtest(int argc, char **argv)
{
    struct backtest_wish wish = {.first_weeks = BACKTEST_FIRST_WEEKS};
    const char *wrong;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"first-origin", OPTION_INT, &wish.first_weeks, "WEEKS",
         "known before the first forecast (10)"},
        {"cycle-days", OPTION_INT, &wish.cycle_days, "N",
         "days of a week (default: weekdays that occur)"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "as CSV"},
    };
    const struct option_use use = {
        "callswell backtest [OPTION...] FILE",
        "Forecasts each two weeks of a calendar of contacts (date,s00,s01,...: a row a\n"
        "day, a column an interval) from those before, and says how far off that was.",
        rows, sizeof rows / sizeof *rows, "  callswell backtest calls.csv"};

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    wrong = backtest_wrong(&wish);
    if (wrong || first + 1 != argc || (json && csv)) {
        fprintf(stderr, "callswell backtest: %s%s\n", wrong ? "--" : "",
                wrong         ? wrong
                : json && csv ? "--json or --csv, not both"
                              : "name one file");
        return EXIT_USAGE;
    }
    return backtest(argv[first], &wish, json ? TABLE_JSON : csv ? TABLE_CSV : TABLE_ALIGNED);
}
