/*
 * backtest_file.c - a calendar of the past as CSV, made whole weeks and scored.
 */
#include "backtest_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "csv_reader.h"

#define MAX_DAYS 4000
_Static_assert(FORECAST_MIN_CYCLES == 3 && MAX_DAYS == 4000, "backtest_wrong names them");

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

/* --- the whole --- */

const char *
backtest_wrong(const struct backtest_wish *w)
{
    if (w->first_weeks < FORECAST_MIN_CYCLES || w->first_weeks > MAX_DAYS)
        return "first-origin lies in 3..4000 weeks";
    if (w->cycle_days < 0 || w->cycle_days > 366)
        return "cycle-days lies in 1..366";
    return NULL;
}

static enum status
score(const struct calendar *c, const struct backtest_wish *wish, struct backtest_found *out,
      struct error *err)
{
    struct weeks w;

    fill_weeks(c, (unsigned)wish->cycle_days, &w);
    backtest_run(w.counts, w.days, (struct forecast_shape){w.cycle, c->slots},
                 (struct backtest_range){(unsigned)wish->first_weeks, 0}, &out->scores);
    free(w.counts);
    out->weeks = w.days / w.cycle;
    out->days_a_week = w.cycle;
    out->intervals_a_day = c->slots;
    if (out->scores.origins > 0)
        return ST_OK;
    return fail(err, ST_BAD_INPUT,
                "%u weeks are too few: with first-origin %ld there have to be %ld or more",
                out->weeks, wish->first_weeks, wish->first_weeks + 2);
}

enum status
backtest_file(struct span csv, const struct backtest_wish *wish, struct backtest_found *out,
              struct error *err)
{
    struct calendar *c = xcalloc(1, sizeof *c);
    enum status st = read_calendar(csv, c, err);

    if (st == ST_OK)
        st = score(c, wish, out, err);
    free(c->counts);
    free(c);
    return st;
}

/* --- telling --- */

static void
write_score(struct json_writer *w, const struct backtest_score *s)
{
    json_real(w, "wape_day1", s->wape_day1);
    json_real(w, "wape_week1", s->wape_week1);
    json_real(w, "wape_week2", s->wape_week2);
    json_real(w, "mase", s->mase);
}

void
backtest_write(struct json_writer *w, const struct backtest_found *f)
{
    const struct backtest *b = &f->scores;

    json_object(w, NULL);
    json_u64(w, "origins", b->origins);
    json_u64(w, "weeks", f->weeks);
    json_u64(w, "days_a_week", f->days_a_week);
    json_u64(w, "intervals_a_day", f->intervals_a_day);
    write_score(w, &b->method[BACKTEST_FORECAST]);
    json_real(w, "floor_week1", b->floor_week1);
    json_real(w, "coverage80", b->coverage80);
    json_real(w, "coverage95", b->coverage95);
    json_real(w, "pinball", b->pinball);
    json_object(w, "naive");
    write_score(w, &b->method[BACKTEST_NAIVE]);
    json_close(w);
    json_object(w, "mean4");
    write_score(w, &b->method[BACKTEST_MEAN4]);
    json_close(w);
    json_close(w);
}
