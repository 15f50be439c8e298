/*
 * report.c - `callswell report NAME`: what the store answers, for people and for programs.
 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "commands.h"
#include "nearest.h"
#include "options.h"
#include "words.h"
#include "work.h"

#define NAMES_WIDTH 20 /* columns, where the reports are listed */

/* Read from the ledger. */
#define FEATURE_PERIOD                                                                             \
    (1 << ANSWER_FROM | 1 << ANSWER_TO | 1 << ANSWER_SEGMENT | 1 << ANSWER_REGION)

/* The reports with a face for people, and what that can be narrowed by. */
static const struct face {
    const char *name;
    unsigned takes; /* bits by enum answer_param */
    unsigned own;   /* of these: no answer knows them, programs are answered here, too */
    enum status (*run)(const struct report *r, struct error *err);
} faces[] = {
    {"staffing", 1 << ANSWER_FROM | 1 << ANSWER_TO | 1 << ANSWER_SERVICE, 0, report_staffing},
    {"features", FEATURE_PERIOD, FEATURE_PERIOD, report_features},
    {"segments", 1 << ANSWER_SEGMENT | 1 << ANSWER_FROM | 1 << ANSWER_TO, 0, report_segments},
    {"customers", 1 << ANSWER_FROM | 1 << ANSWER_TO | 1 << ANSWER_SEGMENT, 0, report_customers},
    {"signals", 1 << ANSWER_FROM | 1 << ANSWER_TO, 0, report_signals},
    {"stale",
     1 << ANSWER_TO | 1 << ANSWER_SEGMENT | 1 << ANSWER_CUSTOMER | 1 << ANSWER_OWNER |
         1 << ANSWER_SEARCH,
     0, report_stale},
};

struct arguments {
    const char *config, *zone;
    struct answer_query query; /* as given */
    long limit;
    bool json, csv;
};

static const char examples[] =
    "  callswell report staffing --service operator\n"
    "  callswell report features --from 2026-07-01 --to 2026-10-01 --segment power\n"
    "  callswell report features --region APAC\n"
    "  callswell report customers --segment 'rfm:cant_lose' --limit 50\n"
    "  callswell report customers --from 2026-10-01 --to 2026-11-01 --csv\n"
    "  callswell report signals --json\n"
    "  callswell report stale --owner 'Ann Miller' --to 2026-09-01\n";

/* --- what the reports share --- */

enum status
report_query(const struct report *r, struct query **out, const char *sql, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(r->store, &q, sql, err);

    if (st != ST_OK)
        return st;
    for (int p = ANSWER_FROM; p <= ANSWER_SEGMENT; p++)
        query_set_str(q, p, r->query.param[p]);
    query_set_int(q, 20, r->query.limit ? (int64_t)r->query.limit : -1);
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

static const struct face *
find_face(const char *name)
{
    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++)
        if (strcmp(faces[i].name, name) == 0)
            return &faces[i];
    return NULL;
}

/* A period of customers or segments, and the members of a segment, are questions of their own. */
static const struct answer *
find_answer(const char *name, const struct answer_query *q)
{
    if (strcmp(name, "customers") == 0 && (q->param[ANSWER_FROM] || q->param[ANSWER_TO]))
        return answer_find("customer_usage");
    if (strcmp(name, "segments") == 0 && q->param[ANSWER_SEGMENT])
        return answer_find("segment_members");
    if (strcmp(name, "segments") == 0 && (q->param[ANSWER_FROM] || q->param[ANSWER_TO]))
        return answer_find("segment_flows");
    return answer_find(name);
}

static void
list_reports(void)
{
    struct buf b = {0};

    for (size_t i = 0; answer_at(i); i++) {
        buf_printf(&b, "%-*s", NAMES_WIDTH, answer_at(i)->name);
        words_flow(&b, NAMES_WIDTH, span_str(answer_at(i)->title));
        buf_char(&b, '\n');
    }
    fwrite(b.p, 1, b.n, stdout);
    buf_clear(&b);
}

/* As options are called: over HTTP one is shorter. */
static const char *
option_name(enum answer_param p)
{
    return p == ANSWER_SEARCH ? "search" : answer_param_info(p)->name;
}

/* An option that a report would ignore is refused: silence would look like an answer. */
static bool
check_arguments(const struct answer *a, const struct face *face, const struct arguments *given)
{
    for (int p = 1; p < ANSWER_PARAMS; p++) {
        const char *name = option_name((enum answer_param)p);

        if (!given->query.param[p] || (face && face->own & 1u << p))
            continue;
        if (!answer_knows(a, (enum answer_param)p)) {
            fprintf(stderr, "callswell: report %s takes no --%s\n", a->name, name);
            return false;
        }
        if (face && !(face->takes & 1u << p)) {
            fprintf(stderr, "callswell: report %s takes --%s with --json or --csv\n", a->name,
                    name);
            return false;
        }
    }
    if (face && given->query.sort) {
        fprintf(stderr, "callswell: report %s takes --sort with --json or --csv\n", a->name);
        return false;
    }
    if (given->limit < 0 || (given->json && given->csv)) {
        fprintf(stderr, "callswell: %s\n",
                given->limit < 0 ? "--limit must be positive" : "--json or --csv, not both");
        return false;
    }
    return true;
}

static enum status
fill_moment(struct report *r, const struct answer *a, enum answer_param p, char out[32],
            struct error *err)
{
    const char *text = r->query.param[p];

    if (!text)
        return ST_OK;
    if (!answer_moment(a, r->zone, text, out))
        return fail(err, ST_BAD_CONFIG, "--%s \"%s\": expected a day (2026-11-22) or a time",
                    answer_param_info(p)->name, text);
    r->query.param[p] = out;
    return ST_OK;
}

static int
run(const struct answer *a, const struct face *face, const struct arguments *given,
    const struct config *c)
{
    struct report r = {.config = c, .query = given->query, .out = stdout};
    char from[32], to[32];
    struct error err = {0};
    int code = EXIT_USAGE;
    enum status st = zone_load(&r.zone, given->zone ? given->zone : c->timezone, &err);

    r.query.limit = (uint64_t)given->limit;
    r.style = given->json ? TABLE_JSON : given->csv ? TABLE_CSV : TABLE_ALIGNED;
    if (st == ST_OK)
        st = fill_moment(&r, a, ANSWER_FROM, from, &err);
    if (st == ST_OK)
        st = fill_moment(&r, a, ANSWER_TO, to, &err);
    if (st == ST_OK) {
        code = EXIT_UNAVAILABLE;
        st = work_store(&r.store, c, STORE_READ, &err);
    }
    if (st == ST_OK)
        st = face ? face->run(&r, &err) : report_answer(&r, a, &err);
    if (st == ST_BAD_INPUT)
        code = EXIT_USAGE;
    if (st != ST_OK)
        fprintf(stderr, "callswell: %s\n", err.text);
    store_close(r.store);
    if (st == ST_OK && (fflush(stdout) != 0 || ferror(stdout)))
        return 1;
    return st == ST_OK ? 0 : code;
}

/* NULL: all columns of the answer. */
static const struct face *
face_for(const char *name, const struct arguments *given)
{
    const struct face *face = find_face(name);
    bool own = !given->json && !given->csv;

    for (int p = 1; face && p < ANSWER_PARAMS; p++)
        own |= given->query.param[p] && face->own & 1u << p;
    return own ? face : NULL;
}

static int
no_answer(const char *name)
{
    struct nearest near = nearest_to(name);

    for (size_t i = 0; answer_at(i); i++)
        nearest_offer(&near, answer_at(i)->name);
    fprintf(stderr, "callswell: there is no report \"%s\"%s: `callswell report` lists them\n", name,
            nearest_hint(&near));
    return EXIT_USAGE;
}

static int
answer_named(const char *name, const struct arguments *given)
{
    const struct answer *a = find_answer(name, &given->query);
    const struct face *face = face_for(name, given);
    struct config *c;
    int code;

    if (!a)
        return no_answer(name);
    if (!check_arguments(a, face, given))
        return EXIT_USAGE;
    c = options_config(given->config, &code);
    if (!c)
        return code;
    code = run(a, face, given, c);
    config_free(c);
    return code;
}

int
command_report(int argc, char **argv)
{
    struct arguments a = {0};
    const char **p = a.query.param;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &a.config, "FILE", "the configuration"},
        {"from", OPTION_TEXT, &p[ANSWER_FROM], "TIME", "from this day or moment on"},
        {"to", OPTION_TEXT, &p[ANSWER_TO], "TIME", "... and before this one"},
        {"service", OPTION_TEXT, &p[ANSWER_SERVICE], "NAME", "one service"},
        {"segment", OPTION_TEXT, &p[ANSWER_SEGMENT], "NAME", "the members of one segment"},
        {"region", OPTION_TEXT, &p[ANSWER_REGION], "NAME", "features: customers mostly from there"},
        {"customer", OPTION_TEXT, &p[ANSWER_CUSTOMER], "ID", "one customer"},
        {"feature", OPTION_TEXT, &p[ANSWER_FEATURE], "NAME", "one feature"},
        {"kind", OPTION_TEXT, &p[ANSWER_KIND], "KIND", "one kind"},
        {"severity", OPTION_TEXT, &p[ANSWER_SEVERITY], "WORD", "info, warning or critical"},
        {"owner", OPTION_TEXT, &p[ANSWER_OWNER], "NAME", "of one owner"},
        {"state", OPTION_TEXT, &p[ANSWER_STATE], "STATE", "in one state"},
        {"input", OPTION_TEXT, &p[ANSWER_INPUT], "NAME", "of one input"},
        {"subject", OPTION_TEXT, &p[ANSWER_SUBJECT], "NAME", "signals about this"},
        {"search", OPTION_TEXT, &p[ANSWER_SEARCH], "TEXT", "with this text in them"},
        {"sort", OPTION_TEXT, &a.query.sort, "COLUMN", "by a column; -COLUMN: downwards"},
        {"zone", OPTION_TEXT, &a.zone, "ZONE", "times in another zone than configured"},
        {"limit", OPTION_INT, &a.limit, "N", "at most so many rows; staffing: services in detail"},
        {"json", OPTION_FLAG, &a.json, NULL, "all columns as a JSON array"},
        {"csv", OPTION_FLAG, &a.csv, NULL, "all columns as CSV"},
    };
    const struct option_use use = {
        "callswell report [NAME [OPTION...]]",
        "Prints what the store says. For people: staffing (who is needed in the coming\n"
        "week), features (by demand), segments (and their members), customers (the\n"
        "busiest), signals (what changed beyond chance), stale (who was not spoken to).\n"
        "The others are plain tables; without a NAME all are listed. A report refuses\n"
        "options that it does not know.",
        rows,
        sizeof rows / sizeof rows[0],
        examples,
    };
    int first, code;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (first == argc) {
        list_reports();
        return 0;
    }
    if (first + 1 != argc) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    return answer_named(argv[first], &a);
}
