/*
 * roster_import.c - a roster file into the store.
 *
 * The file is read twice in one transaction: first the days that it names are emptied, then its
 * rows are put in, and one that overlaps another is refused: nobody could say how many people
 * that means.
 */
#include "roster.h"

#include "civil.h"
#include "csv_reader.h"
#include "share_text.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define MAX_NAME   128
#define MAX_PEOPLE 100000

enum column { SERVICE, START, MINUTES, SCHEDULED, COLUMNS };

static const char *const column_names[COLUMNS] = {"service", "start", "minutes", "scheduled"};

struct import {
    const struct zone *zone;
    struct csv_reader csv;
    int place[COLUMNS];
    struct query *forget, *overlap, *put;
    struct roster_imported done;
    char first[CIVIL_TEXT], last[CIVIL_TEXT];
};

struct row {
    struct span service;
    int64_t start, minutes, scheduled;
};

static enum status
read_header(struct import *im, struct error *err)
{
    enum status st = csv_reader_header(&im->csv, column_names, COLUMNS, im->place, err);

    for (int c = 0; st == ST_OK && c < COLUMNS; c++)
        if (im->place[c] < 0)
            return fail(err, ST_BAD_INPUT, "line 1: there is no column %s", column_names[c]);
    return st;
}

static enum status
read_number(const struct import *im, enum column c, struct span s, int64_t low, int64_t high,
            int64_t *out, struct error *err)
{
    if (!span_to_i64(s, out) || *out < low || *out > high)
        return fail(err, ST_BAD_INPUT, "line %ld: %s \"%.*s\" is no number from %lld to %lld",
                    im->csv.line, column_names[c], SPAN_ARG(s), (long long)low, (long long)high);
    return ST_OK;
}

static enum status
read_row(const struct import *im, struct row *out, struct error *err)
{
    struct span f[COLUMNS];
    bool has_offset;
    enum status st;

    for (int c = 0; c < COLUMNS; c++)
        f[c] = (size_t)im->place[c] < im->csv.count ? span_trim(im->csv.fields[im->place[c]])
                                                    : SPAN("");
    if (f[SERVICE].n == 0 || f[SERVICE].n > MAX_NAME || !span_is_utf8(f[SERVICE]) ||
        span_has_control(f[SERVICE]))
        return fail(err, ST_BAD_INPUT, "line %ld: the service is missing or no plain text",
                    im->csv.line);
    if (!parse_rfc3339(f[START], &out->start, &has_offset))
        return fail(err, ST_BAD_INPUT, "line %ld: start \"%.*s\": expected 2026-11-23T09:00",
                    im->csv.line, SPAN_ARG(f[START]));
    if (!has_offset)
        out->start = zone_to_utc(im->zone, out->start);
    out->service = f[SERVICE];
    st = read_number(im, MINUTES, f[MINUTES], 1, ROSTER_MAX_MINUTES, &out->minutes, err);
    if (st == ST_OK)
        st = read_number(im, SCHEDULED, f[SCHEDULED], 0, MAX_PEOPLE, &out->scheduled, err);
    return st;
}

/* Empties the local day in which a row begins. */
static enum status
forget_day(struct import *im, const struct row *r, struct error *err)
{
    int64_t day = day_of(r->start + zone_offset_at(im->zone, r->start));
    char from[CIVIL_TEXT], to[CIVIL_TEXT];

    query_set_text(im->forget, 1, r->service);
    query_set_str(im->forget, 2, format_utc(from, zone_to_utc(im->zone, day * DAY_SECONDS)));
    query_set_str(im->forget, 3, format_utc(to, zone_to_utc(im->zone, (day + 1) * DAY_SECONDS)));
    return query_run(im->forget, err);
}

static enum status
put_row(struct import *im, const struct row *r, struct error *err)
{
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    enum status st;

    format_utc(from, r->start);
    format_utc(to, r->start + r->minutes * 60);
    query_set_text(im->overlap, 1, r->service);
    query_set_str(im->overlap, 2, from);
    query_set_str(im->overlap, 3, to);
    st = query_next(im->overlap, err);
    if (st == ST_OK && !query_is_null(im->overlap, 0))
        st = fail(err, ST_BAD_INPUT, "line %ld: overlaps another row of service \"%.*s\"",
                  im->csv.line, SPAN_ARG(r->service));
    query_reset(im->overlap);
    if (st != ST_OK)
        return st;
    query_set_text(im->put, 1, r->service);
    query_set_str(im->put, 2, from);
    query_set_int(im->put, 3, r->minutes);
    query_set_int(im->put, 4, r->scheduled);
    im->done.rows++;
    if (!im->first[0] || strcmp(from, im->first) < 0)
        memcpy(im->first, from, sizeof from);
    if (strcmp(to, im->last) > 0)
        memcpy(im->last, to, sizeof to);
    return query_run(im->put, err);
}

static enum status
read_file(struct import *im, struct span csv, bool putting, struct error *err)
{
    enum status st;

    csv_reader_init(&im->csv, csv);
    st = read_header(im, err);
    while (st == ST_OK && (st = csv_reader_next(&im->csv, err)) == ST_OK) {
        struct row r = {0};

        st = read_row(im, &r, err);
        if (st == ST_OK)
            st = putting ? put_row(im, &r, err) : forget_day(im, &r, err);
    }
    csv_reader_clear(&im->csv);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
prepare(struct import *im, struct store *s, struct error *err)
{
    enum status st =
        store_query(s, &im->forget,
                    "DELETE FROM roster WHERE service = ?1 AND start >= ?2 AND start < ?3", err);

    if (st == ST_OK)
        st = store_query(s, &im->overlap, ROSTER_FEWEST_SQL("?1", "?2", "?3"), err);
    if (st == ST_OK)
        st = store_query(s, &im->put,
                         "INSERT INTO roster(service, start, minutes, scheduled)"
                         " VALUES(?1, ?2, ?3, ?4)",
                         err);
    return st;
}

/* Forecasts that stand learn of their roster here; the analyst says the same in its next pass.
 * A day that the file empties may reach beyond its rows, hence the days around. */
static enum status
update_staffing(struct import *im, struct store *s, struct error *err)
{
#define END(table)                                                                                 \
    "strftime('%Y-%m-%dT%H:%M:%SZ', " table ".start, '+' || " table ".minutes || ' minutes')"
#define AROUND                                                                                     \
    " WHERE start >= strftime('%Y-%m-%dT%H:%M:%SZ', ?1, '-2 days') AND"                            \
    " start < strftime('%Y-%m-%dT%H:%M:%SZ', ?2, '+2 days')"
    static const char *const steps[] = {
        "UPDATE staffing SET rostered = (" ROSTER_TOGETHER_SQL("staffing.service", "staffing.start",
                                                               END("staffing")) ")" AROUND,
        "UPDATE staffing_skill SET rostered = (" ROSTER_FEWEST_SQL(
            "staffing_skill.service || '/' || staffing_skill.skill", "staffing_skill.start",
            END("staffing_skill")) ")" AROUND " AND skill <> '" SKILLS_OTHERS "'",
        /* Who has no skill is known only where it is known who has one. */
        "UPDATE staffing_skill SET rostered = CASE WHEN EXISTS (SELECT 1 FROM staffing_skill k"
        " WHERE k.service = staffing_skill.service AND k.start = staffing_skill.start AND"
        " k.skill <> '" SKILLS_OTHERS "' AND k.rostered IS NOT NULL) THEN (" ROSTER_FEWEST_SQL(
            "staffing_skill.service", "staffing_skill.start",
            END("staffing_skill")) ") END" AROUND " AND skill = '" SKILLS_OTHERS "'",
        "UPDATE staffing SET gap = rostered - scheduled" AROUND,
        "UPDATE staffing_skill SET gap = rostered - scheduled" AROUND,
    };
#undef END
#undef AROUND
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < COUNT(steps); i++) {
        struct query *q = NULL;

        st = store_query(s, &q, steps[i], err);
        if (st != ST_OK)
            break;
        query_set_str(q, 1, im->first);
        query_set_str(q, 2, im->last);
        st = query_run(q, err);
        query_free(q);
    }
    return st;
}

enum status
roster_import(struct store *s, struct span csv, const struct zone *zone,
              struct roster_imported *out, struct error *err)
{
    struct import im = {.zone = zone};
    enum status st = prepare(&im, s, err);

    if (st == ST_OK)
        st = store_begin(s, err);
    if (st == ST_OK)
        st = read_file(&im, csv, false, err);
    if (st == ST_OK)
        st = read_file(&im, csv, true, err);
    if (st == ST_OK && im.done.rows)
        st = update_staffing(&im, s, err);
    query_free(im.forget);
    query_free(im.overlap);
    query_free(im.put);
    st = store_end(s, st, err);
    if (st == ST_OK)
        *out = im.done;
    return st;
}
