/*
 * cmd_signal.c - signals: list, show, explain, acknowledge, close.
 *
 * They live in the CRM store, which this process reads and edits itself; the analyst respects what
 * people set (signal_desk.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cmd_signal_explain.h"
#include "commands.h"
#include "json_write.h"
#include "options.h"
#include "signal_desk.h"
#include "table.h"
#include "work.h"

#define SHOWN 40 /* rows for people */

struct signal_run {
    const struct config *config;
    struct store *store;
    const char *kind, *severity, *owner, *subject, *state, *note;
    long limit;
    bool rest;
    enum table_style style;
};

/* --- list --- */

static const struct table_column list_columns[] = {
    {"id", TABLE_TEXT},        {"severity", TABLE_TEXT},     {"kind", TABLE_TEXT},
    {"subject", TABLE_TEXT},   {"state", TABLE_TEXT},        {"since", TABLE_TEXT},
    {"owner", TABLE_TEXT},     {"version", TABLE_NUMBER},    {"subject_type", TABLE_TEXT},
    {"value", TABLE_NUMBER},   {"baseline", TABLE_NUMBER},   {"reason", TABLE_TEXT},
    {"last_seen", TABLE_TEXT}, {"window_start", TABLE_TEXT}, {"window_end", TABLE_TEXT},
    {"expires", TABLE_TEXT},   {"held", TABLE_TEXT},
};
#define LIST_SHORT   6
#define LIST_COLUMNS (sizeof list_columns / sizeof *list_columns)

static const char list_sql[] =
    "SELECT id, severity, kind, subject, CASE WHEN ?7 AND held IS NOT NULL AND state <> 'closed'"
    " THEN 'held' ELSE state END, first_seen, owner, version, subject_type, value,"
    " baseline, reason, last_seen, window_start, window_end, expires, held FROM signal"
    " WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR severity = ?2)"
    " AND (?3 IS NULL OR owner = ?3) AND (?4 IS NULL OR subject = ?4)"
    " AND (?5 = 'all' OR state = ?5 OR (?5 = 'active' AND state <> 'closed')"
    " OR (?5 = 'held' AND state <> 'closed' AND held IS NOT NULL))"
    " ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,"
    " abs(ifnull(delta, 0)) DESC, id LIMIT ?6";

/* Those for which there was no room (signals.most): they have no id and no state. */
static const char rest_sql[] =
    "SELECT NULL, severity, kind, subject, 'rest', as_of, owner, NULL, subject_type, value,"
    " baseline, reason, as_of, window_start, window_end, NULL, NULL FROM signal_rest"
    " WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR severity = ?2)"
    " AND (?3 IS NULL OR owner = ?3) AND (?4 IS NULL OR subject = ?4) AND ?5 IS ?5 AND ?7 IS ?7"
    " ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,"
    " abs(ifnull(delta, 0)) DESC, kind, subject LIMIT ?6";

static void
put_cell(struct table *t, const struct query *q, int column)
{
    if (query_is_null(q, column))
        table_text(t, NULL);
    else
        table_span(t, query_text(q, column));
}

static int
list(struct signal_run *run)
{
    bool people = run->style == TABLE_ALIGNED;
    size_t columns = people ? LIST_SHORT : LIST_COLUMNS;
    struct table *t = table_new(list_columns, columns);
    struct query *q = NULL;
    struct error err;
    enum status st = store_query(run->store, &q, run->rest ? rest_sql : list_sql, &err);
    int code = 0;

    if (st == ST_OK) {
        const char *filters[] = {run->kind, run->severity, run->owner, run->subject,
                                 run->state ? run->state : "active"};

        for (int i = 0; i < 5; i++)
            query_set_str(q, i + 1, filters[i]);
        query_set_int(q, 6, run->limit > 0 ? run->limit : people ? SHOWN : -1);
        query_set_int(q, 7, people);
        while ((st = query_next(q, &err)) == ST_OK) {
            table_row(t);
            for (size_t i = 0; i < columns; i++)
                put_cell(t, q, (int)i);
        }
    }
    query_free(q);
    if (st != ST_NOT_FOUND) {
        code = work_failed(&err);
    } else {
        table_print(t, run->style, stdout);
        if (people && table_rows(t) == 0)
            puts("No such signals: nothing is out of the ordinary.");
        else if (people && run->limit <= 0 && table_rows(t) == SHOWN)
            printf("The %d most severe ones; more with --limit.\n", SHOWN);
    }
    table_free(t);
    return code;
}

/* --- show --- */

static const char *const show_names[] = {
    "id",         "version",    "kind",    "subject_type", "subject",      "severity",
    "state",      "owner",      "reason",  "value",        "baseline",     "delta",
    "low",        "high",       "p_value", "completeness", "window_start", "window_end",
    "first_seen", "last_seen",  "expires", "acked_by",     "acked_at",     "closed_by",
    "closed_at",  "closed_for", "held",    "rule",         "note",         "evidence",
};
#define SHOW_COLUMNS ((int)(sizeof show_names / sizeof *show_names))
#define SHOW_REALS   9 /* value to completeness */
#define SHOW_LAST    16

static const char show_sql[] =
    "SELECT id, version, kind, subject_type, subject, severity, state, owner, reason, value,"
    " baseline, delta, low, high, p_value, completeness, window_start, window_end, first_seen,"
    " last_seen, expires, acked_by, acked_at, closed_by, closed_at, closed_for, held, rule, note,"
    " evidence FROM signal"
    " WHERE id = ?1";

static void
show_people(const struct query *q)
{
    for (int i = 0; i < SHOW_COLUMNS; i++)
        if (!query_is_null(q, i))
            printf("%-12s  %.*s\n", show_names[i], SPAN_ARG(query_text(q, i)));
}

static void
show_json(const struct query *q)
{
    struct json_writer w;
    struct buf b = {0};

    json_begin(&w, &b);
    json_object(&w, NULL);
    for (int i = 0; i < SHOW_COLUMNS; i++) {
        if (query_is_null(q, i))
            json_null(&w, show_names[i]);
        else if (i == 1)
            json_i64(&w, show_names[i], query_int(q, i));
        else if (i >= SHOW_REALS && i < SHOW_LAST)
            json_real(&w, show_names[i], query_real(q, i));
        else if (i == SHOW_COLUMNS - 1)
            json_raw(&w, show_names[i], query_text(q, i));
        else
            json_span(&w, show_names[i], query_text(q, i));
    }
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

static int
show(const struct signal_run *run, const char *id)
{
    struct query *q = NULL;
    struct error err;
    enum status st = store_query(run->store, &q, show_sql, &err);

    if (st == ST_OK) {
        query_set_str(q, 1, id);
        st = query_next(q, &err);
    }
    if (st == ST_OK)
        (run->style == TABLE_JSON ? show_json : show_people)(q);
    query_free(q);
    return st == ST_OK ? 0 : work_failed(&err);
}

/* --- ack, close --- */

static int
set(const struct signal_run *run, const char *id, enum signal_mark mark)
{
    struct audit_entry entry;
    struct error err;
    enum status st;

    work_audit(run->store, &entry, mark == SIGNAL_ACK ? "signal_ack" : "signal_close", id);
    entry.detail = run->note;
    st = signal_set(run->store, id, mark, work_user(), run->note, clock_now(), &err);
    audit_end(run->store);
    if (st != ST_OK)
        return work_failed(&err);
    printf("signal %s is %s.\n", id, mark == SIGNAL_ACK ? "acknowledged" : "closed");
    return 0;
}

/* --- the command --- */

static bool
one_of(const char *text, const char *const *words)
{
    for (; text && *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return !text;
}

static int
run_verb(struct signal_run *run, const char *verb, const char *beginning)
{
    bool edits = strcmp(verb, "ack") == 0 || strcmp(verb, "close") == 0;
    struct error err;
    char id[24];

    if (work_store(&run->store, run->config, STORE_READ, &err) != ST_OK)
        return work_failed(&err);
    if (!beginning)
        return list(run);
    if (signal_find(run->store, beginning, id, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        return 1;
    }
    if (strcmp(verb, "explain") == 0)
        return signal_explain_run(run->config, run->store, id, run->style);
    if (!edits)
        return show(run, id);
    store_close(run->store);
    run->store = NULL;
    if (work_store(&run->store, run->config, STORE_EDIT, &err) != ST_OK)
        return work_failed(&err);
    return set(run, id, strcmp(verb, "ack") == 0 ? SIGNAL_ACK : SIGNAL_CLOSE);
}

int
command_signal(int argc, char **argv)
{
    static const char *const severities[] = {"critical", "warning", "info", NULL};
    static const char *const states[] = {"active", "open", "acked", "closed", "held", "all", NULL};
    static const char *const verbs[] = {"show", "explain", "ack", "close", NULL};
    struct signal_run run = {0};
    const char *path = NULL, *verb;
    bool json = false, csv = false, listing;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"kind", OPTION_TEXT, &run.kind, "KIND", "surge, decline, understaffed, ..."},
        {"severity", OPTION_TEXT, &run.severity, "WORD", "critical, warning or info"},
        {"owner", OPTION_TEXT, &run.owner, "NAME", "of customers of this owner"},
        {"subject", OPTION_TEXT, &run.subject, "NAME", "a customer, service, feature"},
        {"state", OPTION_TEXT, &run.state, "WORD", "open, acked, closed, held, all (not closed)"},
        {"rest", OPTION_FLAG, &run.rest, NULL, "those for which there was no room (signals.most)"},
        {"limit", OPTION_INT, &run.limit, "N", "list at most so many"},
        {"note", OPTION_TEXT, &run.note, "TEXT", "with ack or close: what was done"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "the list, or the days of explain, as CSV"},
    };
    const struct option_use use = {
        "callswell signal list|show ID|explain ID|ack ID|close ID [OPTION...]",
        "What is out of the ordinary. The beginning of an id will do. `explain` leads to\n"
        "the numbers, the rule, and the files and ranges they came from. A signal that\n"
        "was closed stays closed while its cause lasts, unless it gets more severe.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "list";
    listing = strcmp(verb, "list") == 0;
    if ((listing ? argc > first + 1 : argc != first + 2) || !(listing || one_of(verb, verbs)) ||
        !one_of(run.severity, severities) || !one_of(run.state, states)) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    run.config = c;
    run.style = json ? TABLE_JSON : csv ? TABLE_CSV : TABLE_ALIGNED;
    code = run_verb(&run, verb, listing ? NULL : argv[first + 1]);
    store_close(run.store);
    config_free(c);
    return code;
}
