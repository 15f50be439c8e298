/*
 * customers_import.c - the customer list: import, look-up, merges.
 */
#include "customers_import.h"

#include <stdlib.h>

#include "civil.h"
#include "csv_reader.h"
#include "zone.h"

#define MAX_NAME 128

enum column { ID, NAME, ALIASES, NUMBERS, DOMAINS, OWNER, TIMEZONE, COLUMNS };

static const char *const column_names[COLUMNS] = {"id",      "name",  "aliases", "numbers",
                                                  "domains", "owner", "timezone"};
static const char *const kind_of_list[COLUMNS] = {
    [ALIASES] = "alias", [NUMBERS] = "number", [DOMAINS] = "domain"};

struct import {
    struct store *store;
    struct csv_reader csv;
    int place[COLUMNS]; /* of each column in the file, or -1 */
    struct query *put, *find, *forget, *alias, *owner_of;
    struct customers_imported done;
};

static enum status
read_header(struct import *im, struct error *err)
{
    enum status st = csv_reader_header(&im->csv, column_names, COLUMNS, im->place, err);

    if (st == ST_OK && im->place[ID] < 0)
        return fail(err, ST_BAD_INPUT, "line 1: there is no column id");
    return st;
}

/* NULL pointer: the file has no such column. */
static struct span
field(const struct import *im, enum column c)
{
    int at = im->place[c];

    if (at < 0)
        return (struct span){0};
    return (size_t)at < im->csv.count ? im->csv.fields[at] : SPAN("");
}

static enum status
check_text(const struct import *im, const char *what, struct span s, struct error *err)
{
    if (s.n > MAX_NAME)
        return fail(err, ST_BAD_INPUT, "line %ld: %s is longer than %d bytes", im->csv.line, what,
                    MAX_NAME);
    if (!span_is_utf8(s) || span_has_control(s))
        return fail(err, ST_BAD_INPUT, "line %ld: %s is not plain UTF-8 text", im->csv.line, what);
    return ST_OK;
}

static enum status
check_row(const struct import *im, struct error *err)
{
    struct span zone = field(im, TIMEZONE);
    enum status st = ST_OK;

    if (field(im, ID).n == 0)
        return fail(err, ST_BAD_INPUT, "line %ld: the id is missing", im->csv.line);
    for (int c = 0; st == ST_OK && c < COLUMNS; c++)
        if (!kind_of_list[c])
            st = check_text(im, column_names[c], field(im, (enum column)c), err);
    if (st == ST_OK && zone.n) {
        char *name = xstrndup(zone.p, zone.n);
        const struct zone *z;

        if (zone_load(&z, name, NULL) != ST_OK)
            st = fail(err, ST_BAD_INPUT, "line %ld: no time zone \"%.*s\"", im->csv.line,
                      SPAN_ARG(zone));
        free(name);
    }
    return st;
}

/* One alias, number or domain; it may have one customer only. */
static enum status
put_alias(struct import *im, const char *kind, struct span value, struct error *err)
{
    enum status st = check_text(im, kind, value, err);

    if (st != ST_OK)
        return st;
    query_set_str(im->owner_of, 1, kind);
    query_set_text(im->owner_of, 2, value);
    st = query_next(im->owner_of, err);
    if (st == ST_OK && !span_eq(query_text(im->owner_of, 0), field(im, ID)))
        st = fail(err, ST_BAD_INPUT, "line %ld: %s \"%.*s\" belongs to customer \"%.*s\" already",
                  im->csv.line, kind, SPAN_ARG(value), SPAN_ARG(query_text(im->owner_of, 0)));
    query_reset(im->owner_of);
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    query_set_str(im->alias, 1, kind);
    query_set_text(im->alias, 2, value);
    query_set_text(im->alias, 3, field(im, ID));
    return query_run(im->alias, err);
}

/* "a; b;c" */
static enum status
put_list(struct import *im, enum column c, struct error *err)
{
    struct span rest = field(im, c);
    enum status st;

    if (!rest.p)
        return ST_OK;
    query_set_text(im->forget, 1, field(im, ID));
    query_set_str(im->forget, 2, kind_of_list[c]);
    st = query_run(im->forget, err);
    while (st == ST_OK && rest.n) {
        const char *end = memchr(rest.p, ';', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        struct span item = span_trim(span_of(rest.p, n));

        if (item.n)
            st = put_alias(im, kind_of_list[c], item, err);
        n += end != NULL;
        rest = span_of(rest.p + n, rest.n - n);
    }
    return st;
}

/* The customer as one text, to see whether a row changes anything. */
static enum status
describe(struct import *im, struct buf *out, struct error *err)
{
    enum status st;

    query_set_text(im->find, 1, field(im, ID));
    st = query_next(im->find, err);
    if (st == ST_OK)
        buf_span(out, query_text(im->find, 0));
    query_reset(im->find);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static void
set_or_null(struct query *q, int n, struct span s)
{
    if (s.p && s.n)
        query_set_text(q, n, s);
    else
        query_set_null(q, n);
}

static enum status
put_row(struct import *im, struct error *err)
{
    static const enum column plain[] = {NAME, OWNER, TIMEZONE};
    struct buf before = {0}, after = {0};
    enum status st = check_row(im, err);

    if (st == ST_OK)
        st = describe(im, &before, err);
    query_set_text(im->put, 1, field(im, ID));
    for (int i = 0; i < 3; i++) {
        set_or_null(im->put, 2 + i, field(im, plain[i]));
        query_set_int(im->put, 5 + i, im->place[plain[i]] >= 0);
    }
    if (st == ST_OK)
        st = query_run(im->put, err);
    for (int c = 0; st == ST_OK && c < COLUMNS; c++)
        if (kind_of_list[c])
            st = put_list(im, (enum column)c, err);
    if (st == ST_OK)
        st = describe(im, &after, err);
    if (st == ST_OK) {
        im->done.rows++;
        im->done.added += before.n == 0;
        im->done.changed +=
            before.n && !span_eq(span_of(before.p, before.n), span_of(after.p, after.n));
    }
    buf_clear(&before);
    buf_clear(&after);
    return st;
}

static enum status
prepare(struct import *im, struct error *err)
{
    struct {
        struct query **q;
        const char *sql;
    } const all[] = {
        {&im->put,
         "INSERT INTO customer(id, name, owner, timezone, imported) VALUES(?1, ?2, ?3, ?4, 1)"
         " ON CONFLICT(id) DO UPDATE SET name = CASE WHEN ?5 THEN ?2 ELSE name END,"
         " owner = CASE WHEN ?6 THEN ?3 ELSE owner END,"
         " timezone = CASE WHEN ?7 THEN ?4 ELSE timezone END, imported = 1,"
         " merged_into = NULL"},
        {&im->find,
         "SELECT json_array(name, owner, timezone, (SELECT group_concat(kind || ':' || value,"
         " ';') FROM (SELECT kind, value FROM customer_alias WHERE customer = ?1 ORDER BY 1, 2)))"
         " FROM customer WHERE id = ?1 AND imported = 1"},
        {&im->forget, "DELETE FROM customer_alias WHERE customer = ?1 AND kind = ?2"},
        {&im->alias,
         "INSERT OR IGNORE INTO customer_alias(kind, value, customer) VALUES(?1, ?2, ?3)"},
        {&im->owner_of, "SELECT customer FROM customer_alias WHERE kind = ?1 AND value = ?2"},
    };
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < sizeof all / sizeof all[0]; i++)
        st = store_query(im->store, all[i].q, all[i].sql, err);
    return st;
}

enum status
customers_import(struct store *s, struct span csv, struct customers_imported *out,
                 struct error *err)
{
    struct import im = {.store = s};
    enum status st = prepare(&im, err);

    csv_reader_init(&im.csv, csv);
    if (st == ST_OK)
        st = read_header(&im, err);
    if (st == ST_OK)
        st = store_begin(s, err);
    while (st == ST_OK && (st = csv_reader_next(&im.csv, err)) == ST_OK)
        st = put_row(&im, err);
    query_free(im.put);
    query_free(im.find);
    query_free(im.forget);
    query_free(im.alias);
    query_free(im.owner_of);
    csv_reader_clear(&im.csv);
    if (st == ST_NOT_FOUND)
        st = store_commit(s, err);
    else
        store_rollback(s);
    if (st == ST_OK)
        *out = im.done;
    return st;
}
