/*
 * calendar_import.c - a file of days that are unlike others into the store.
 */
#include "calendar.h"

#include <math.h>
#include <stdlib.h>

#include "civil.h"
#include "csv_reader.h"

#define MAX_NAME 128

enum column { DAY, FACTOR, UNTIL, SERVICE, NAME, COLUMNS };

static const char *const column_names[COLUMNS] = {"day", "factor", "until", "service", "name"};

struct import {
    struct csv_reader csv;
    int place[COLUMNS];
    struct query *put, *forget;
    struct calendar_imported done;
};

struct row {
    int32_t from, to;
    double factor;
    struct span service, name;
};

static struct span
field(const struct import *im, enum column c)
{
    size_t at = (size_t)im->place[c];

    return im->place[c] >= 0 && at < im->csv.count ? span_trim(im->csv.fields[at]) : SPAN("");
}

static enum status
read_text(const struct import *im, enum column c, struct span *out, struct error *err)
{
    *out = field(im, c);
    if (out->n > MAX_NAME || !span_is_utf8(*out) || span_has_control(*out))
        return fail(err, ST_BAD_INPUT, "line %ld: the %s is no plain text", im->csv.line,
                    column_names[c]);
    return ST_OK;
}

static bool
read_factor(struct span s, double *out)
{
    char text[32], *end;

    if (s.n == 0 || s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return *end == '\0' && *out >= 0 && *out <= CALENDAR_MAX_FACTOR;
}

static enum status
read_row(const struct import *im, struct row *out, struct error *err)
{
    struct span until = field(im, UNTIL), factor = field(im, FACTOR), day = field(im, DAY);
    enum status st = ST_OK;

    if (!parse_day(day, &out->from))
        return fail(err, ST_BAD_INPUT, "line %ld: day \"%.*s\": expected 2026-12-24", im->csv.line,
                    day.n > 40 ? 40 : SPAN_ARG(day));
    out->to = out->from;
    if (until.n > 0 && (!parse_day(until, &out->to) || out->to < out->from ||
                        out->to - out->from >= CALENDAR_MAX_DAYS))
        return fail(
            err, ST_BAD_INPUT,
            "line %ld: until \"%.*s\": expected a day not before the first, at most %d days",
            im->csv.line, until.n > 40 ? 40 : SPAN_ARG(until), CALENDAR_MAX_DAYS);
    if (!read_factor(factor, &out->factor))
        return fail(err, ST_BAD_INPUT, "line %ld: factor \"%.*s\" is no number from 0 to %d",
                    im->csv.line, factor.n > 40 ? 40 : SPAN_ARG(factor), CALENDAR_MAX_FACTOR);
    st = read_text(im, SERVICE, &out->service, err);
    return st == ST_OK ? read_text(im, NAME, &out->name, err) : st;
}

static enum status
put_row(struct import *im, const struct row *r, struct error *err)
{
    enum status st = ST_OK;
    char day[CIVIL_TEXT];

    for (int32_t d = r->from; st == ST_OK && d <= r->to; d++) {
        struct query *q = r->factor == 1 ? im->forget : im->put;

        query_set_str(q, 1, format_day(day, d));
        query_set_text(q, 2, r->service);
        if (q == im->put) {
            query_set_real(q, 3, r->factor);
            if (r->name.n)
                query_set_text(q, 4, r->name);
            else
                query_set_null(q, 4);
        }
        st = query_run(q, err);
        im->done.days++;
    }
    return st;
}

static enum status
read_file(struct import *im, struct span csv, struct error *err)
{
    enum status st;

    csv_reader_init(&im->csv, csv);
    st = csv_reader_header(&im->csv, column_names, COLUMNS, im->place, err);
    for (int c = DAY; st == ST_OK && c <= FACTOR; c++)
        if (im->place[c] < 0)
            st = fail(err, ST_BAD_INPUT, "line 1: there is no column %s", column_names[c]);
    while (st == ST_OK && (st = csv_reader_next(&im->csv, err)) == ST_OK) {
        struct row r = {0};

        st = read_row(im, &r, err);
        if (st == ST_OK)
            st = put_row(im, &r, err);
    }
    csv_reader_clear(&im->csv);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
calendar_import(struct store *s, struct span csv, struct calendar_imported *out, struct error *err)
{
    struct import im = {0};
    enum status st = store_query(
        s, &im.put,
        "INSERT OR REPLACE INTO calendar(day, service, factor, name) VALUES(?, ?, ?, ?)", err);

    if (st == ST_OK)
        st =
            store_query(s, &im.forget, "DELETE FROM calendar WHERE day = ?1 AND service = ?2", err);
    if (st == ST_OK)
        st = store_begin(s, err);
    if (st == ST_OK)
        st = read_file(&im, csv, err);
    query_free(im.put);
    query_free(im.forget);
    st = store_end(s, st, err);
    if (st == ST_OK)
        *out = im.done;
    return st;
}
