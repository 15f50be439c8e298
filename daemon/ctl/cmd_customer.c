/*
 * cmd_customer.c - the customer list: import, list, show, merge.
 *
 * The list lives in the CRM store, which this process edits itself; a running daemon is then
 * told to match by the new list. Only moving history needs the ledger, and so the daemon, or
 * the pipeline in this process when there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "control.h"
#include "customer_story.h"
#include "customers_import.h"
#include "json_read.h"
#include "json_write.h"
#include "options.h"
#include "table.h"
#include "whole_file.h"
#include "work.h"

#define MAX_LIST_BYTES (256u << 20)

struct customer_run {
    const struct config *config;
    struct store *store;
    enum table_style style;
    long limit;
    struct table *table;
};

/* A daemon goes on matching by the list that it has read until it is told. */
static enum status
tell_daemon(const struct config *c, struct error *err)
{
    struct error why;
    int code = 0;
    enum status st = ST_OK;

    if (control_available(c->state_dir))
        st = control_call(c->state_dir, "customers-reload", NULL, NULL, 0, NULL, NULL, &code, &why);
    if (st == ST_OK && code == 0)
        return ST_OK;
    return fail(err, code == EXIT_UNAVAILABLE ? ST_RETRY : ST_IO,
                "saved, but the daemon did not take it over: %s", why.text);
}

/* --- import --- */

static int
import(struct customer_run *run, const char *path)
{
    struct customers_imported n = {0};
    struct audit_entry entry;
    enum status st;
    struct buf csv = {0};
    struct error err;
    int code = 0;

    if (whole_file(path, MAX_LIST_BYTES, &csv, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        buf_clear(&csv);
        return 1;
    }
    st = work_store(&run->store, run->config, STORE_EDIT, &err);
    if (st == ST_OK) {
        work_audit(run->store, &entry, "customers_import", path);
        st = customers_import(run->store, span_of(csv.p, csv.n), &n, &err);
        audit_end(run->store);
    }
    if (st != ST_OK) {
        fprintf(stderr, "callswell: %s: nothing was changed\n", path);
        code = work_failed(&err);
    } else {
        printf("%llu customers: %llu new, %llu changed. Aliases, numbers and domains hold from"
               " now on.\n",
               (unsigned long long)n.rows, (unsigned long long)n.added,
               (unsigned long long)n.changed);
        code = tell_daemon(run->config, &err) == ST_OK ? 0 : work_failed(&err);
    }
    buf_clear(&csv);
    return code;
}

/* --- list and show --- */

static enum status
list_row(void *arg, const struct customer_row *row, struct error *err)
{
    struct customer_run *run = arg;

    (void)err;
    table_row(run->table);
    table_span(run->table, row->id);
    table_span(run->table, row->name);
    table_span(run->table, row->owner);
    if (row->legs_30d >= 0)
        table_i64(run->table, row->legs_30d);
    else
        table_text(run->table, NULL);
    table_span(run->table, row->rfm_segment);
    table_span(run->table, row->last_seen);
    return ST_OK;
}

static int
list(struct customer_run *run, const char *match)
{
    static const struct table_column columns[] = {
        {"id", TABLE_TEXT},         {"name", TABLE_TEXT}, {"owner", TABLE_TEXT},
        {"legs 30d", TABLE_NUMBER}, {"rfm", TABLE_TEXT},  {"last seen", TABLE_TEXT},
    };
    struct error err;

    if (work_store(&run->store, run->config, STORE_READ, &err) != ST_OK)
        return work_failed(&err);
    run->table = table_new(columns, sizeof columns / sizeof columns[0]);
    if (customers_list(run->store, match, (uint64_t)run->limit, list_row, run, &err) != ST_OK) {
        table_free(run->table);
        return work_failed(&err);
    }
    table_print(run->table, run->style, stdout);
    if (run->style == TABLE_ALIGNED && table_rows(run->table) == 0)
        printf("no customer%s%s\n", match ? " matches " : " yet", match ? match : "");
    table_free(run->table);
    return 0;
}

static void
show_line(const char *title, struct span value)
{
    if (value.n)
        printf("%-10s %.*s\n", title, SPAN_ARG(value));
}

static enum status
show_row(void *arg, const struct customer_row *row, struct error *err)
{
    show_line("id", row->id);
    show_line("name", row->name);
    show_line("owner", row->owner);
    show_line("timezone", row->timezone);
    show_line("aliases", row->aliases);
    show_line("numbers", row->numbers);
    show_line("domains", row->domains);
    show_line("merged", row->merged_into);
    show_line("first seen", row->first_seen);
    show_line("last seen", row->last_seen);
    if (row->legs_30d >= 0)
        printf("%-10s %lld legs, %lld minutes in 30 days\n", "usage", (long long)row->legs_30d,
               (long long)(row->seconds_30d / 60));
    show_line("rfm", row->rfm_segment);
    show_line("segments", row->segments);
    return customer_story_print(((struct customer_run *)arg)->store, row->id, stdout, err);
}

static enum status
show_json(void *arg, const struct customer_row *row, struct error *err)
{
    struct json_writer w;
    struct buf b = {0};
    enum status st;

    json_begin(&w, &b);
    json_object(&w, NULL);
    json_span(&w, "id", row->id);
    json_span(&w, "name", row->name);
    json_span(&w, "owner", row->owner);
    json_span(&w, "timezone", row->timezone);
    json_span(&w, "aliases", row->aliases);
    json_span(&w, "numbers", row->numbers);
    json_span(&w, "domains", row->domains);
    json_span(&w, "merged_into", row->merged_into);
    json_span(&w, "first_seen", row->first_seen);
    json_span(&w, "last_seen", row->last_seen);
    if (row->legs_30d >= 0) { /* else it has not been counted yet */
        json_i64(&w, "legs_30d", row->legs_30d);
        json_i64(&w, "seconds_30d", row->seconds_30d);
    }
    json_span(&w, "rfm_segment", row->rfm_segment);
    json_span(&w, "segments", row->segments);
    st = customer_story_json(((struct customer_run *)arg)->store, row->id, &w, err);
    json_close(&w);
    if (st == ST_OK)
        puts(b.p);
    buf_clear(&b);
    return st;
}

static enum status
show_csv(void *arg, const struct customer_row *row, struct error *err)
{
    static const struct table_column columns[] = {
        {"id", TABLE_TEXT},          {"name", TABLE_TEXT},        {"owner", TABLE_TEXT},
        {"timezone", TABLE_TEXT},    {"aliases", TABLE_TEXT},     {"numbers", TABLE_TEXT},
        {"domains", TABLE_TEXT},     {"merged_into", TABLE_TEXT}, {"first_seen", TABLE_TEXT},
        {"last_seen", TABLE_TEXT},   {"legs_30d", TABLE_NUMBER},  {"seconds_30d", TABLE_NUMBER},
        {"rfm_segment", TABLE_TEXT}, {"segments", TABLE_TEXT},
    };
    const struct span texts[] = {row->id,         row->name,     row->owner,   row->timezone,
                                 row->aliases,    row->numbers,  row->domains, row->merged_into,
                                 row->first_seen, row->last_seen};
    struct table *t = table_new(columns, sizeof columns / sizeof columns[0]);

    (void)arg, (void)err;
    table_row(t);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        table_span(t, texts[i]);
    for (int i = 0; i < 2; i++)
        if (row->legs_30d >= 0)
            table_i64(t, i == 0 ? row->legs_30d : row->seconds_30d);
        else
            table_text(t, NULL);
    table_span(t, row->rfm_segment);
    table_span(t, row->segments);
    table_print(t, TABLE_CSV, stdout);
    table_free(t);
    return ST_OK;
}

static int
show_customer(struct customer_run *run, const char *id)
{
    static enum status (*const show[])(void *, const struct customer_row *, struct error *) = {
        [TABLE_ALIGNED] = show_row, [TABLE_CSV] = show_csv, [TABLE_JSON] = show_json};
    struct error err;
    enum status st = work_store(&run->store, run->config, STORE_READ, &err);

    if (st == ST_OK)
        st = customers_show(run->store, id, show[run->style], run, &err);
    if (st == ST_NOT_FOUND)
        return fprintf(stderr, "callswell: there is no customer \"%s\"\n", id), 1;
    return st == ST_OK ? 0 : work_failed(&err);
}

/* --- merge --- */

static void
count_moved(void *arg, const struct json_value *line)
{
    uint64_t *cells = arg;

    *cells += (uint64_t)json_get_i64(line, "cells", 0);
}

static enum status
move_by_daemon(const struct config *c, struct span from, struct span into, uint64_t *cells,
               struct error *err)
{
    struct json_writer w;
    struct buf args = {0};
    enum status st;
    int code = 0;

    json_begin(&w, &args);
    json_object(&w, NULL);
    json_span(&w, "from", from);
    json_span(&w, "to", into);
    json_close(&w);
    st = control_call(c->state_dir, "merge", args.p, NULL, 0, count_moved, cells, &code, err);
    buf_clear(&args);
    if (st == ST_OK && code != 0)
        st = err->code = code == EXIT_UNAVAILABLE ? ST_RETRY : ST_IO;
    return st;
}

static enum status
move_here(const struct config *c, struct span from, struct span into, uint64_t *cells,
          struct error *err)
{
    struct engine *e = NULL;
    enum status st = work_engine(&e, c, false, err);

    if (st == ST_OK)
        st = engine_merge_customer(e, from, into, cells, err);
    if (st == ST_OK)
        st = engine_settle(e, SETTLE_COMMITTED | SETTLE_REDIS | SETTLE_ANALYSED, 60000, err);
    engine_close(e, WORK_CLOSE_MS);
    return st;
}

static enum status
move(void *arg, struct span from, struct span into, uint64_t *cells, struct error *err)
{
    const struct customer_run *run = arg;

    return (control_available(run->config->state_dir) ? move_by_daemon : move_here)(
        run->config, from, into, cells, err);
}

static enum status
match_anew(void *arg, struct error *err)
{
    const struct customer_run *run = arg;

    return tell_daemon(run->config, err);
}

static int
merge(struct customer_run *run, const char *from, const char *into)
{
    const struct merge_hands hands = {move, match_anew, run};
    struct audit_entry entry;
    struct error err;
    uint64_t cells = 0;
    enum status st = work_store(&run->store, run->config, STORE_EDIT, &err);

    if (st == ST_OK) {
        work_audit(run->store, &entry, "customer_merge", from);
        entry.detail = into;
        st = customers_merge(run->store, span_str(from), span_str(into), &hands, &cells, &err);
        audit_end(run->store);
        if (st == ST_NOT_FOUND) /* the name is wrong; nothing that is needed is missing */
            err.code = ST_BAD_INPUT;
    }
    if (st != ST_OK)
        return work_failed(&err);
    printf("%s is %s now: %llu days of history moved; new records follow.\n", from, into,
           (unsigned long long)cells);
    return 0;
}

/* --- the command --- */

int
command_customer(int argc, char **argv)
{
    struct customer_run run = {0};
    const char *path = NULL, *verb, *one, *two;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"limit", OPTION_INT, &run.limit, "N", "list at most so many"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "as CSV"},
    };
    const struct option_use use = {
        "callswell customer import FILE|list [TEXT]|show ID|merge FROM INTO",
        "The customers, and by what their records are known. The file of `import` is CSV\n"
        "with a header: id, name, aliases, numbers, domains, owner, timezone; lists\n"
        "within a cell are separated by ';'. An alias holds from its import on; `merge`\n"
        "moves history too.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "list";
    one = first + 1 < argc ? argv[first + 1] : NULL;
    two = first + 2 < argc ? argv[first + 2] : NULL;
    c = options_config(path, &code);
    if (!c)
        return code;
    run.config = c;
    run.style = json ? TABLE_JSON : csv ? TABLE_CSV : TABLE_ALIGNED;
    if (strcmp(verb, "list") == 0)
        code = list(&run, one);
    else if (strcmp(verb, "import") == 0 && one && !two)
        code = import(&run, one);
    else if (strcmp(verb, "show") == 0 && one && !two)
        code = show_customer(&run, one);
    else if (strcmp(verb, "merge") == 0 && two)
        code = merge(&run, one, two);
    else {
        fprintf(stderr, "usage: %s\n", use.usage);
        code = EXIT_USAGE;
    }
    store_close(run.store);
    config_free(c);
    return code;
}
