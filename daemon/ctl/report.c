/*
 * report.c - `callswell report NAME`: what the store answers, for people and for programs.
 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "commands.h"
#include "options.h"

enum { TAKES_RANGE = 1, TAKES_SERVICE = 2, TAKES_SEGMENT = 4, TAKES_LIMIT = 8 };

struct report_kind {
    const char *name;
    unsigned takes;
    bool utc_days; /* a range is of days as the store keeps them */
    enum status (*run)(const struct report *r, struct error *err);
};

static const struct report_kind kinds[] = {
    {"staffing", TAKES_RANGE | TAKES_SERVICE | TAKES_LIMIT, false, report_staffing},
    {"features", TAKES_RANGE | TAKES_SEGMENT | TAKES_LIMIT, true, report_features},
    {"segments", TAKES_SEGMENT | TAKES_LIMIT, false, report_segments},
    {"customers", TAKES_RANGE | TAKES_SEGMENT | TAKES_LIMIT, true, report_customers},
    {"signals", TAKES_RANGE | TAKES_LIMIT, false, report_signals},
};

struct arguments {
    const char *config, *from, *to, *service, *segment, *zone;
    long limit;
    bool json, csv;
};

static const char examples[] =
    "  callswell report staffing --service operator\n"
    "  callswell report features --from 2026-07-01 --to 2026-10-01 --segment power\n"
    "  callswell report customers --segment 'rfm:cant_lose' --limit 50\n"
    "  callswell report customers --from 2026-10-01 --to 2026-11-01 --csv\n"
    "  callswell report signals --json\n";

/* --- what the reports share --- */

enum status
report_query(const struct report *r, struct query **out, const char *sql, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(r->store, &q, sql, err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, r->from[0] ? r->from : NULL);
    query_set_str(q, 2, r->to[0] ? r->to : NULL);
    query_set_str(q, 3, r->service ? r->service : r->segment);
    query_set_int(q, 4, r->limit > 0 ? r->limit : -1);
    *out = q;
    return ST_OK;
}

enum status
report_table(const struct report *r, const char *sql, const struct table_column *columns,
             size_t count, size_t *rows, struct error *err)
{
    struct table *t = table_new(columns, count);
    struct query *q = NULL;
    enum status st = report_query(r, &q, sql, err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        table_row(t);
        for (int i = 0; i < (int)count; i++)
            if (query_is_null(q, i))
                table_text(t, NULL);
            else
                table_span(t, query_text(q, i));
    }
    query_free(q);
    st = st == ST_NOT_FOUND ? ST_OK : st;
    if (st == ST_OK)
        table_print(t, r->style, r->out);
    *rows = table_rows(t);
    table_free(t);
    return st;
}

char *
report_time(const struct report *r, char out[REPORT_TIME], struct span utc)
{
    int64_t at;
    bool has_offset;
    struct civil c;

    out[0] = '\0';
    if (!parse_rfc3339(utc, &at, &has_offset))
        return out;
    c = civil_from_utc(at + zone_offset_at(r->zone, at));
    snprintf(out, REPORT_TIME, "%04d-%02d-%02d %02d:%02d", c.year % 10000, c.month % 100,
             c.day % 100, c.hour % 100, c.minute % 100);
    return out;
}

enum status
report_as_of(const struct report *r, const char *sql, const char *title, struct error *err)
{
    struct query *q = NULL;
    char at[REPORT_TIME];
    enum status st = store_query(r->store, &q, sql, err);

    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK && !query_is_null(q, 0))
        fprintf(r->out, "%s, as of %s (%s)\n\n", title, report_time(r, at, query_text(q, 0)),
                zone_name(r->zone));
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* --- the command --- */

/* A day, or a moment; without an offset it is local time in the report's zone. */
static bool
parse_moment(const struct zone *z, const char *text, char out[32])
{
    struct span s = span_str(text);
    bool has_offset = false;
    int32_t day;
    int64_t at;

    if (parse_day(s, &day))
        at = (int64_t)day * DAY_SECONDS;
    else if (!parse_rfc3339(s, &at, &has_offset))
        return false;
    format_utc(out, has_offset ? at : zone_to_utc(z, at));
    return true;
}

static const struct report_kind *
find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    fprintf(stderr, "callswell: there is no report \"%s\"; there are", name);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        fprintf(stderr, "%s %s", i ? "," : "", kinds[i].name);
    fputc('\n', stderr);
    return NULL;
}

/* An option that a report would ignore is refused: silence would look like an answer. */
static bool
check_arguments(const struct report_kind *k, const struct arguments *a)
{
    const struct {
        const char *name;
        bool given;
        unsigned need;
    } rules[] = {
        {"from", a->from != NULL, TAKES_RANGE},
        {"to", a->to != NULL, TAKES_RANGE},
        {"service", a->service != NULL, TAKES_SERVICE},
        {"segment", a->segment != NULL, TAKES_SEGMENT},
        {"limit", a->limit != 0, TAKES_LIMIT},
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].given && !(k->takes & rules[i].need)) {
            fprintf(stderr, "callswell: report %s takes no --%s\n", k->name, rules[i].name);
            return false;
        }
    if (a->limit < 0 || (a->json && a->csv)) {
        fprintf(stderr, "callswell: %s\n",
                a->json && a->csv ? "--json or --csv, not both" : "--limit must be positive");
        return false;
    }
    return true;
}

static enum status
fill(struct report *r, const struct report_kind *k, const struct arguments *a,
     const struct config *c, struct error *err)
{
    const struct zone *zone = NULL;
    enum status st = zone_load(&r->zone, a->zone ? a->zone : c->timezone, err);

    if (st == ST_OK)
        st = zone_load(&zone, k->utc_days ? "UTC" : zone_name(r->zone), err);

    r->style = a->json ? TABLE_JSON : a->csv ? TABLE_CSV : TABLE_ALIGNED;
    r->service = a->service;
    r->segment = a->segment;
    r->limit = a->limit;
    r->config = c;
    r->out = stdout;
    if (st == ST_OK && a->from && !parse_moment(zone, a->from, r->from))
        st = fail(err, ST_BAD_CONFIG, "--from \"%s\": expected a day (2026-11-22) or a time",
                  a->from);
    if (st == ST_OK && a->to && !parse_moment(zone, a->to, r->to))
        st = fail(err, ST_BAD_CONFIG, "--to \"%s\": expected a day (2026-11-22) or a time", a->to);
    return st;
}

static int
run(const struct report_kind *k, const struct arguments *a, const struct config *c)
{
    struct report r = {0};
    struct error err = {0};
    char *path = NULL;
    enum status st = fill(&r, k, a, c, &err);
    int code = EXIT_USAGE;

    if (st == ST_OK)
        st = store_path(&path, c->store_url, c->state_dir, &err);
    if (st == ST_OK) {
        st = store_open(&r.store, path, STORE_READ, &err);
        code = EXIT_UNAVAILABLE;
    }
    if (st == ST_OK)
        st = k->run(&r, &err);
    if (st != ST_OK)
        fprintf(stderr, "callswell: %s\n", err.text);
    store_close(r.store);
    free(path);
    if (st == ST_OK && (fflush(stdout) != 0 || ferror(stdout)))
        return 1;
    return st == ST_OK ? 0 : code;
}

int
command_report(int argc, char **argv)
{
    struct arguments a = {0};
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &a.config, "FILE", "the configuration"},
        {"from", OPTION_TEXT, &a.from, "TIME",
         "staffing, features, customers, signals: from then on"},
        {"to", OPTION_TEXT, &a.to, "TIME", "... and before then"},
        {"service", OPTION_TEXT, &a.service, "NAME", "staffing: one service, every interval"},
        {"segment", OPTION_TEXT, &a.segment, "NAME", "segments, customers, features: its members"},
        {"zone", OPTION_TEXT, &a.zone, "ZONE", "times in another zone than configured"},
        {"limit", OPTION_INT, &a.limit, "N", "at most so many rows; staffing: services in detail"},
        {"json", OPTION_FLAG, &a.json, NULL, "all columns as a JSON array"},
        {"csv", OPTION_FLAG, &a.csv, NULL, "all columns as CSV"},
    };
    const struct option_use use = {
        "callswell report staffing|features|segments|customers|signals [OPTION...]",
        "Prints what the store says: people needed in the coming week; features by\n"
        "demand; segments and their members; the busiest customers; what changed beyond\n"
        "chance.",
        rows,
        sizeof rows / sizeof rows[0],
        examples,
    };
    const struct report_kind *k;
    struct config *c;
    int first, code;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (first + 1 != argc) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    k = find_kind(argv[first]);
    if (!k || !check_arguments(k, &a))
        return EXIT_USAGE;
    c = options_config(a.config, &code);
    if (!c)
        return code;
    code = run(k, &a, c);
    config_free(c);
    return code;
}
