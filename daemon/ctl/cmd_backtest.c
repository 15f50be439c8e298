/*
 * cmd_backtest.c - how good forecasts of a calendar of the past would have been.
 *
 *   date,s00,s01,...        a row a day, a column an interval of the day; an empty cell is a time
 *   2026-03-02,12,31,...    that was closed, or of which nothing is known
 *
 * Weekdays that never occur are no days of the week: a calendar of working days has weeks of five.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "csv_reader.h"
#include "backtest.h"
#include "civil.h"
#include "commands.h"
#include "json_write.h"
#include "options.h"
#include "table.h"
#include "whole_file.h"

#define MAX_FILE_BYTES (64u << 20)
#define MAX_DAYS       4000
#define FIRST_WEEKS    10

struct calendar {
    int32_t date[MAX_DAYS];
    double *counts; /* a row for each date: slots */
    unsigned rows, slots;
};

/* A calendar without holes: each day of each week from the first date on. */
struct weeks {
    double *counts;
    unsigned days, cycle;
};

/* --- reading --- */

static enum status
read_count(struct span s, double *out)
{
    char text[32], *end;

    if (s.n == 0) {
        *out = NAN;
        return ST_OK;
    }
    if (s.n >= sizeof text)
        return ST_BAD_INPUT;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return *end == '\0' && *out >= 0 && *out < 1e12 ? ST_OK : ST_BAD_INPUT;
}

static enum status
read_row(struct csv_reader *csv, struct calendar *c, struct error *err)
{
    double *counts;

    if (csv->count != c->slots + 1)
        return fail(err, ST_BAD_INPUT, "line %ld: %zu columns, the first line has %u", csv->line,
                    csv->count, c->slots + 1);
    if (c->rows == MAX_DAYS)
        return fail(err, ST_BAD_INPUT, "line %ld: more than %d days", csv->line, MAX_DAYS);
    if (!parse_day(csv->fields[0], &c->date[c->rows]))
        return fail(err, ST_BAD_INPUT, "line %ld: \"%.*s\" is no day (YYYY-MM-DD)", csv->line,
                    csv->fields[0].n > 40 ? 40 : SPAN_ARG(csv->fields[0]));
    if (c->rows > 0 && c->date[c->rows] <= c->date[c->rows - 1])
        return fail(err, ST_BAD_INPUT, "line %ld: days are not in order", csv->line);
    c->counts = xrealloc(c->counts, (size_t)(c->rows + 1) * c->slots * sizeof *c->counts);
    counts = c->counts + (size_t)c->rows * c->slots;
    for (unsigned i = 0; i < c->slots; i++)
        if (read_count(csv->fields[i + 1], &counts[i]) != ST_OK)
            return fail(err, ST_BAD_INPUT, "line %ld: column %u: \"%.*s\" is no count", csv->line,
                        i + 2, csv->fields[i + 1].n > 40 ? 40 : SPAN_ARG(csv->fields[i + 1]));
    c->rows++;
    return ST_OK;
}

static enum status
read_calendar(struct span text, struct calendar *c, struct error *err)
{
    struct csv_reader csv;
    enum status st;

    csv_reader_init(&csv, text);
    st = csv_reader_next(&csv, err);
    if (st == ST_OK && csv.count < 2)
        st = fail(err, ST_BAD_INPUT, "line 1: expected date,s00,s01,...");
    c->slots = st == ST_OK ? (unsigned)csv.count - 1 : 0;
    while (st == ST_OK && (st = csv_reader_next(&csv, err)) == ST_OK)
        st = read_row(&csv, c, err);
    csv_reader_clear(&csv);
    if (st == ST_NOT_FOUND)
        st = c->rows > 0 ? ST_OK : fail(err, ST_BAD_INPUT, "there are no days in it");
    return st;
}

/* --- days to weeks --- */

/* The place of each day of the week in the cycle, -1: never open. Weeks begin as the file does. */
static unsigned
find_cycle(const struct calendar *c, int place[7])
{
    unsigned n = 0;
    bool occurs[7] = {false};

    for (unsigned i = 0; i < c->rows; i++)
        occurs[weekday_from_days(c->date[i])] = true;
    for (int k = 0; k < 7; k++) {
        int weekday = (weekday_from_days(c->date[0]) + k) % 7;

        place[weekday] = occurs[weekday] ? (int)n++ : -1;
    }
    return n;
}

/* cycle: days of one as asked for; 0: the weekdays that occur. Seven are weeks, whatever occurs;
 * of any other number the file's rows are one cycle after the other. */
static void
fill_weeks(const struct calendar *c, unsigned cycle, struct weeks *w)
{
    int place[7];
    unsigned weeks = (unsigned)(c->date[c->rows - 1] - c->date[0]) / 7 + 1;
    unsigned found = find_cycle(c, place);
    size_t n;

    w->cycle = cycle ? cycle : found;
    w->days = w->cycle == found || w->cycle == 7 ? weeks * w->cycle
                                                 : (c->rows + cycle - 1) / cycle * cycle;
    n = (size_t)w->days * c->slots;
    w->counts = xcalloc(n, sizeof *w->counts);
    for (size_t i = 0; i < n; i++)
        w->counts[i] = NAN;
    for (unsigned i = 0; i < c->rows; i++) {
        unsigned since = (unsigned)(c->date[i] - c->date[0]), day = i;

        if (w->cycle == 7)
            day = since;
        else if (w->cycle == found)
            day = since / 7 * found + (unsigned)place[weekday_from_days(c->date[i])];
        memcpy(w->counts + (size_t)day * c->slots, c->counts + (size_t)i * c->slots,
               c->slots * sizeof *w->counts);
    }
}

/* --- telling --- */

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
print_people(const struct backtest *b, const struct weeks *w)
{
    printf("%u forecasts of two weeks each, made a week apart over %u weeks of %u days:\n\n",
           b->origins, w->days / w->cycle, w->cycle);
    print_table(b, TABLE_ALIGNED);
    printf("\nNobody could have come below a WAPE of %.4f in week 1: counts scatter.\n"
           "Of what came in week 1, %.1f %% lay within the interval for 80 %%, %.1f %% within\n"
           "the one for 95 %%. Pinball loss at 10, 50 and 90 %%: %.4f of what came.\n",
           b->floor_week1, b->coverage80 * 100, b->coverage95 * 100, b->pinball);
}

static void
write_score(struct json_writer *w, const struct backtest_score *s)
{
    json_real(w, "wape_day1", s->wape_day1);
    json_real(w, "wape_week1", s->wape_week1);
    json_real(w, "wape_week2", s->wape_week2);
    json_real(w, "mase", s->mase);
}

static void
print_json(const struct backtest *b, const struct weeks *weeks, unsigned slots)
{
    struct json_writer w;
    struct buf out = {0};

    json_begin(&w, &out);
    json_object(&w, NULL);
    json_u64(&w, "origins", b->origins);
    json_u64(&w, "weeks", weeks->days / weeks->cycle);
    json_u64(&w, "days_a_week", weeks->cycle);
    json_u64(&w, "intervals_a_day", slots);
    write_score(&w, &b->method[BACKTEST_FORECAST]);
    json_real(&w, "floor_week1", b->floor_week1);
    json_real(&w, "coverage80", b->coverage80);
    json_real(&w, "coverage95", b->coverage95);
    json_real(&w, "pinball", b->pinball);
    json_object(&w, "naive");
    write_score(&w, &b->method[BACKTEST_NAIVE]);
    json_close(&w);
    json_object(&w, "mean4");
    write_score(&w, &b->method[BACKTEST_MEAN4]);
    json_close(&w);
    json_close(&w);
    puts(out.p);
    buf_clear(&out);
}

/* --- */

static int
tell(const struct calendar *c, long first, long cycle, bool json, bool csv)
{
    struct weeks w;
    struct backtest b;
    int code = 0;

    fill_weeks(c, (unsigned)cycle, &w);
    backtest_run(w.counts, w.days, (struct forecast_shape){w.cycle, c->slots},
                 (struct backtest_range){(unsigned)first, 0}, &b);
    if (b.origins == 0) {
        fprintf(stderr,
                "callswell: %u weeks are too few: with --first-origin %ld there have to be %ld or "
                "more\n",
                w.days / w.cycle, first, first + 2);
        code = 1;
    } else if (json) {
        print_json(&b, &w, c->slots);
    } else if (csv) {
        print_table(&b, TABLE_CSV);
    } else {
        print_people(&b, &w);
    }
    free(w.counts);
    return code;
}

int
command_backtest(int argc, char **argv)
{
    struct calendar *c;
    struct buf text = {0};
    struct error err;
    long first_weeks = FIRST_WEEKS, cycle = 0;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"first-origin", OPTION_INT, &first_weeks, "WEEKS", "known before the first forecast (10)"},
        {"cycle-days", OPTION_INT, &cycle, "N", "days of a week (default: weekdays that occur)"},
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
    if (first + 1 != argc || first_weeks < FORECAST_MIN_CYCLES || first_weeks > MAX_DAYS ||
        cycle < 0 || cycle > 366 || (json && csv)) {
        fprintf(stderr,
                "callswell backtest: name one file; --first-origin is %d or more, --cycle-days 1 to"
                " 366; --json or --csv, not both\n",
                FORECAST_MIN_CYCLES);
        return EXIT_USAGE;
    }
    c = xcalloc(1, sizeof *c);
    if (whole_file(argv[first], MAX_FILE_BYTES, &text, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        code = 1;
    } else if (read_calendar(span_of(text.p, text.n), c, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s: %s\n", argv[first], err.text);
        code = 1;
    } else {
        code = tell(c, first_weeks, cycle, json, csv);
    }
    free(c->counts);
    free(c);
    buf_clear(&text);
    return code;
}
