/*
 * cmd_signal.c - signals: list, show, explain, acknowledge, close.
 *
 * They live in the CRM store, which this process reads and edits itself; the analyst respects what
 * people set (signal_desk.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
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

/* What stands under a heading: a column of the answer; of_rest: the same where those are listed for
 * which there was no room. NULL: they have none. */
static const struct {
    struct table_column heading;
    const char *column, *of_rest;
} list_columns[] = {
    {{"id", TABLE_TEXT}, "id", NULL},
    {{"severity", TABLE_TEXT}, "severity", "severity"},
    {{"kind", TABLE_TEXT}, "kind", "kind"},
    {{"subject", TABLE_TEXT}, "subject", "subject"},
    {{"state", TABLE_TEXT}, "state", NULL},
    {{"since", TABLE_TEXT}, "first_seen", "as_of"},
    {{"owner", TABLE_TEXT}, "owner", "owner"},
    {{"version", TABLE_NUMBER}, "version", NULL},
    {{"subject_type", TABLE_TEXT}, "subject_type", "subject_type"},
    {{"value", TABLE_NUMBER}, "value", "value"},
    {{"baseline", TABLE_NUMBER}, "baseline", "baseline"},
    {{"reason", TABLE_TEXT}, "reason", "reason"},
    {{"last_seen", TABLE_TEXT}, "last_seen", "as_of"},
    {{"window_start", TABLE_TEXT}, "window_start", "window_start"},
    {{"window_end", TABLE_TEXT}, "window_end", "window_end"},
    {{"expires", TABLE_TEXT}, "expires", NULL},
    {{"held", TABLE_TEXT}, "held", NULL},
};
#define LIST_STATE   4
#define LIST_SHORT   6
#define LIST_COLUMNS (sizeof list_columns / sizeof *list_columns)

struct listing {
    const struct signal_run *run;
    const struct answer *answer;
    struct table *table;
    size_t columns;
};

/* The row's value in a column of the answer. */
static struct row_value
value_of(const struct answer *a, const struct row_value *values, const char *column)
{
    for (size_t i = 0; column && i < a->column_count; i++)
        if (strcmp(a->columns[i].name, column) == 0)
            return values[i];
    return (struct row_value){.type = ROW_NULL};
}

static void
put_value(struct table *t, const struct row_value *v)
{
    char text[40];

    if (v->type == ROW_TEXT) {
        table_span(t, v->text);
    } else if (v->type == ROW_INT) {
        table_i64(t, v->number);
    } else if (v->type == ROW_REAL) {
        snprintf(text, sizeof text, "%.15g", v->real);
        table_text(t, text);
    } else {
        table_text(t, NULL);
    }
}

/* For people a signal that is held says so where its state stands. */
static bool
list_row(void *arg, const struct row_value *values)
{
    struct listing *l = arg;
    bool people = l->run->style == TABLE_ALIGNED;
    struct row_value held = value_of(l->answer, values, "held"), v;

    table_row(l->table);
    for (size_t i = 0; i < l->columns; i++) {
        v = value_of(l->answer, values,
                     l->run->rest ? list_columns[i].of_rest : list_columns[i].column);
        if (i == LIST_STATE && l->run->rest)
            value_str(&v, "rest");
        else if (i == LIST_STATE && people && held.type == ROW_TEXT && !span_is(v.text, "closed"))
            value_str(&v, "held");
        put_value(l->table, &v);
    }
    return true;
}

static void
list_print(const struct listing *l)
{
    bool people = l->run->style == TABLE_ALIGNED;

    table_print(l->table, l->run->style, stdout);
    if (people && table_rows(l->table) == 0)
        puts("No such signals: nothing is out of the ordinary.");
    else if (people && l->run->limit <= 0 && table_rows(l->table) == SHOWN)
        printf("The %d most severe ones; more with --limit.\n", SHOWN);
}

static int
list(const struct signal_run *run)
{
    bool people = run->style == TABLE_ALIGNED;
    struct listing l = {run, answer_find(run->rest ? "signals_rest" : "signals"), NULL,
                        people ? LIST_SHORT : LIST_COLUMNS};
    struct answer_query query = {.limit = run->limit > 0 ? (uint64_t)run->limit
                                          : people       ? SHOWN
                                                         : 0};
    const struct answer_sink sink = {list_row, &l};
    struct table_column headings[LIST_COLUMNS];
    struct answer_end end = {0};
    struct error err;
    enum status st;

    query.param[ANSWER_KIND] = run->kind;
    query.param[ANSWER_SEVERITY] = run->severity;
    query.param[ANSWER_OWNER] = run->owner;
    query.param[ANSWER_SUBJECT] = run->subject;
    if (!run->rest)
        query.param[ANSWER_STATE] = run->state ? run->state : "active";
    for (size_t i = 0; i < LIST_COLUMNS; i++)
        headings[i] = list_columns[i].heading;
    l.table = table_new(headings, l.columns);
    st = answer_run(run->store, l.answer, &query, &sink, &end, &err);
    if (st == ST_OK)
        list_print(&l);
    buf_clear(&end.next);
    table_free(l.table);
    return st == ST_OK ? 0 : work_failed(&err);
}

/* --- show --- */

struct showing {
    const struct answer *answer;
    enum table_style style;
};

static bool
show_row(void *arg, const struct row_value *values)
{
    struct showing *s = arg;
    struct json_writer w;
    struct buf b = {0};

    if (s->style == TABLE_JSON) {
        json_begin(&w, &b);
        answer_json_row(&w, s->answer, values, true);
        puts(b.p);
        buf_clear(&b);
        return true;
    }
    for (size_t i = 0; i < s->answer->column_count; i++) {
        const char *name = s->answer->columns[i].name;

        if (values[i].type == ROW_TEXT)
            printf("%-12s  %.*s\n", name, SPAN_ARG(values[i].text));
        else if (values[i].type == ROW_INT)
            printf("%-12s  %lld\n", name, (long long)values[i].number);
        else if (values[i].type == ROW_REAL)
            printf("%-12s  %.15g\n", name, values[i].real);
    }
    return true;
}

static int
show(const struct signal_run *run, const char *id)
{
    struct showing s = {answer_find("signals"), run->style};
    struct answer_query query = {.param[ANSWER_ID] = id};
    const struct answer_sink sink = {show_row, &s};
    struct answer_end end = {0};
    struct error err;
    enum status st = answer_run(run->store, s.answer, &query, &sink, &end, &err);

    buf_clear(&end.next);
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
