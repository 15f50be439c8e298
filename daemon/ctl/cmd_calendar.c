/*
 * cmd_calendar.c - days that are unlike others: import them, look at them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "civil.h"
#include "clock.h"
#include "commands.h"
#include "options.h"
#include "table.h"
#include "whole_file.h"
#include "work.h"

#define MAX_FILE_BYTES (16u << 20)

static int
import(const struct config *c, const char *path)
{
    struct calendar_imported n = {0};
    struct store *store = NULL;
    struct buf csv = {0};
    struct error err;
    struct audit_entry entry;
    enum status st = whole_file(path, MAX_FILE_BYTES, &csv, &err);

    if (st == ST_OK)
        st = work_store(&store, c, STORE_EDIT, &err);
    if (st == ST_OK)
        work_audit(store, &entry, "calendar_import", path);
    if (st == ST_OK)
        st = calendar_import(store, span_of(csv.p, csv.n), &n, &err);
    store_close(store);
    buf_clear(&csv);
    if (st != ST_OK) {
        fprintf(stderr, "callswell: %s: nothing was changed\n", path);
        return work_failed(&err);
    }
    printf("%llu %s taken over; the next analysis reckons with %s\n", (unsigned long long)n.days,
           n.days == 1 ? "day" : "days", n.days == 1 ? "it" : "them");
    return 0;
}

/* Programs get all days in the form that import reads, people those from today on. */
static int
show(const struct config *c, enum table_style style)
{
    static const struct table_column columns[] = {{"day", TABLE_TEXT},
                                                  {"service", TABLE_TEXT},
                                                  {"factor", TABLE_NUMBER},
                                                  {"name", TABLE_TEXT}};
    const struct zone *zone;
    struct store *store = NULL;
    struct query *q = NULL;
    struct table *t = table_new(columns, sizeof columns / sizeof *columns);
    char today[CIVIL_TEXT];
    struct error err;
    enum status st = zone_load(&zone, c->timezone, &err);

    if (st == ST_OK)
        st = work_store(&store, c, STORE_READ, &err);
    if (st == ST_OK)
        st = store_query(store, &q,
                         "SELECT day, service, factor, name FROM calendar WHERE ?1 IS NULL OR"
                         " day >= ?1 ORDER BY day, service",
                         &err);
    if (st == ST_OK && style == TABLE_ALIGNED)
        query_set_str(q, 1,
                      format_day(today, day_of(clock_now() + zone_offset_at(zone, clock_now()))));
    while (st == ST_OK && (st = query_next(q, &err)) == ST_OK) {
        struct span service = query_text(q, 1);

        table_row(t);
        table_span(t, query_text(q, 0));
        table_span(t, service.n || style != TABLE_ALIGNED ? service : SPAN("(all)"));
        table_real(t, query_real(q, 2), 6);
        table_span(t, query_text(q, 3));
    }
    query_free(q);
    store_close(store);
    if (st == ST_NOT_FOUND && style == TABLE_ALIGNED && table_rows(t) == 0)
        puts("No day from today on is unlike others.");
    else if (st == ST_NOT_FOUND)
        table_print(t, style, stdout);
    table_free(t);
    return st == ST_NOT_FOUND ? 0 : work_failed(&err);
}

int
command_calendar(int argc, char **argv)
{
    const char *path = NULL, *verb;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"json", OPTION_FLAG, &json, NULL, "show: all days as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "show: all days as CSV, as import reads it"},
    };
    const struct option_use use = {
        "callswell calendar import FILE|show [OPTION...]",
        "Days that are unlike others: holidays, closed days, campaigns. What is forecast\n"
        "for such a day is multiplied by its factor, 0 is closed; nothing is learnt from\n"
        "it. The file is CSV with a header: day, factor, and if wanted until (the last\n"
        "day), service (empty: all), name. A factor of 1 takes a day out.",
        rows, sizeof rows / sizeof rows[0],
        "  printf '%s\\n' day,until,factor,service,name 2026-12-25,,0,,Christmas \\\n"
        "      '2026-11-27,,1.6,sales,Black Friday' | callswell calendar import -\n"};
    bool importing;
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "show";
    importing = strcmp(verb, "import") == 0;
    if ((!importing && strcmp(verb, "show") != 0) || (json && csv) ||
        (importing ? first + 2 != argc || json || csv : first + 1 < argc)) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    code = importing ? import(c, argv[first + 1])
                     : show(c, json  ? TABLE_JSON
                               : csv ? TABLE_CSV
                                     : TABLE_ALIGNED);
    config_free(c);
    return code;
}
