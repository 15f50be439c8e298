/*
 * cmd_roster.c - who is planned to be at work: import a roster, look at it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "clock.h"
#include "commands.h"
#include "options.h"
#include "roster.h"
#include "table.h"
#include "whole_file.h"
#include "work.h"

#define MAX_FILE_BYTES (64u << 20)
#define SHOWN          40 /* rows for people */

struct roster_run {
    const struct config *config;
    const struct zone *zone;
    struct store *store;
    const char *service;
    bool json, csv;
};

/* --- import --- */

static int
import(struct roster_run *run, const char *path)
{
    struct roster_imported n = {0};
    struct buf csv = {0};
    struct error err;
    struct audit_entry entry;
    enum status st = whole_file(path, MAX_FILE_BYTES, &csv, &err);

    if (st == ST_OK)
        st = work_store(&run->store, run->config, STORE_EDIT, &err);
    if (st == ST_OK)
        work_audit(run->store, &entry, "roster_import", path);
    if (st == ST_OK)
        st = roster_import(run->store, span_of(csv.p, csv.n), run->zone, &n, &err);
    if (run->store)
        audit_end(run->store);
    buf_clear(&csv);
    if (st != ST_OK) {
        fprintf(stderr, "callswell: %s: nothing was changed\n", path);
        return work_failed(&err);
    }
    printf("%llu %s taken over. Where people are missing: callswell report staffing\n",
           (unsigned long long)n.rows, n.rows == 1 ? "row" : "rows");
    return 0;
}

/* --- show --- */

static const struct table_column for_programs[] = {
    {"service", TABLE_TEXT},
    {"start", TABLE_TEXT},
    {"minutes", TABLE_NUMBER},
    {"scheduled", TABLE_NUMBER},
};
static const struct table_column for_people[] = {
    {"service", TABLE_TEXT},     {"from", TABLE_TEXT},     {"to", TABLE_TEXT},
    {"scheduled", TABLE_NUMBER}, {"needed", TABLE_NUMBER}, {"gap", TABLE_NUMBER},
};

/* Programs get all of it, in the form that import reads; people what is still to come. */
static const char sql[] =
    "SELECT service, start, minutes, scheduled, (SELECT max(s.scheduled) FROM staffing s"
    " WHERE s.service = r.service AND s.start < strftime('%Y-%m-%dT%H:%M:%SZ', r.start, '+' ||"
    " r.minutes || ' minutes') AND strftime('%Y-%m-%dT%H:%M:%SZ', s.start, '+' || s.minutes ||"
    " ' minutes') > r.start) FROM roster r WHERE (?1 IS NULL OR service = ?1) AND"
    " (?2 IS NULL OR strftime('%Y-%m-%dT%H:%M:%SZ', start, '+' || minutes || ' minutes') >"
    " ifnull((SELECT as_of FROM analyst), ?2))"
    " ORDER BY service, start LIMIT ?3";

static void
add_time(struct table *t, const struct zone *z, int64_t utc)
{
    struct civil c = civil_from_utc(utc + zone_offset_at(z, utc));
    char text[64];

    snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour,
             c.minute);
    table_text(t, text);
}

static void
add_row(const struct roster_run *run, struct table *t, const struct query *q)
{
    int64_t start = 0, needed = query_int(q, 4);
    bool has_offset;

    table_row(t);
    table_span(t, query_text(q, 0));
    if (run->json || run->csv) {
        table_span(t, query_text(q, 1));
        table_i64(t, query_int(q, 2));
        table_i64(t, query_int(q, 3));
        return;
    }
    parse_rfc3339(query_text(q, 1), &start, &has_offset);
    add_time(t, run->zone, start);
    add_time(t, run->zone, start + query_int(q, 2) * 60);
    table_i64(t, query_int(q, 3));
    table_real(t, query_is_null(q, 4) ? query_real(q, 4) : (double)needed, 0);
    table_real(t, query_is_null(q, 4) ? query_real(q, 4) : (double)(query_int(q, 3) - needed), 0);
}

static int
show(struct roster_run *run)
{
    bool people = !run->json && !run->csv;
    struct query *q = NULL;
    struct table *t;
    struct error err;
    char now[CIVIL_TEXT];
    enum status st = work_store(&run->store, run->config, STORE_READ, &err);

    if (st == ST_OK)
        st = store_query(run->store, &q, sql, &err);
    if (st != ST_OK)
        return work_failed(&err);
    query_set_str(q, 1, run->service);
    query_set_str(q, 2, people ? format_utc(now, clock_now()) : NULL);
    query_set_int(q, 3, people ? SHOWN : -1);
    t = people ? table_new(for_people, sizeof for_people / sizeof for_people[0])
               : table_new(for_programs, sizeof for_programs / sizeof for_programs[0]);
    while ((st = query_next(q, &err)) == ST_OK)
        add_row(run, t, q);
    query_free(q);
    if (people && table_rows(t) == 0)
        puts("Nobody is on the roster from now on.");
    else
        table_print(t, run->json ? TABLE_JSON : run->csv ? TABLE_CSV : TABLE_ALIGNED, stdout);
    if (people && table_rows(t) == SHOWN)
        puts("The whole roster: --csv or --json");
    table_free(t);
    return st == ST_NOT_FOUND ? 0 : work_failed(&err);
}

/* --- the command --- */

static int
run_verb(struct roster_run *run, const char *verb, const char *file, const char *zone)
{
    struct error err;

    if (zone_load(&run->zone, zone ? zone : run->config->timezone, &err) != ST_OK)
        return work_failed(&err);
    return strcmp(verb, "import") == 0 ? import(run, file) : show(run);
}

int
command_roster(int argc, char **argv)
{
    struct roster_run run = {0};
    const char *path = NULL, *zone = NULL, *verb, *file;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"service", OPTION_TEXT, &run.service, "NAME", "show: one service"},
        {"zone", OPTION_TEXT, &zone, "ZONE", "local time is of this zone, not the configured one"},
        {"json", OPTION_FLAG, &run.json, NULL, "show: all rows as JSON"},
        {"csv", OPTION_FLAG, &run.csv, NULL, "show: all rows as CSV, as import reads it"},
    };
    const struct option_use use = {
        "callswell roster import FILE|show [OPTION...]",
        "The people planned for each service, for `report staffing` to compare with the\n"
        "people needed. The file is CSV with a header: service, start, minutes,\n"
        "scheduled; a start without an offset is local time. Each day of a service that\n"
        "the file names is replaced as a whole.",
        rows, sizeof rows / sizeof rows[0],
        "  printf 'service,start,minutes,scheduled\\noperator,2026-11-23T08:00,480,5\\n' |\n"
        "      callswell roster import -\n"};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "show";
    file = first + 1 < argc ? argv[first + 1] : NULL;
    if (strcmp(verb, "import") == 0
            ? !file || first + 2 != argc || run.service || run.json || run.csv
            : strcmp(verb, "show") != 0 || file || (run.json && run.csv)) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    run.config = c;
    code = run_verb(&run, verb, file, zone);
    store_close(run.store);
    config_free(c);
    return code;
}
