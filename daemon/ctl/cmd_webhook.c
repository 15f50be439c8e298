/*
 * cmd_webhook.c - messages about signals: what waits, what was given up, trying again, a test.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "post.h"
#include "civil.h"
#include "clock.h"
#include "commands.h"
#include "json_write.h"
#include "options.h"
#include "outbox.h"
#include "table.h"
#include "work.h"

#define SHOWN 40

struct webhook_run {
    const struct config *config;
    struct store *store;
    const char *webhook, *state;
    long limit;
    bool all;
    enum table_style style;
};

/* --- list --- */

static const struct table_column columns[] = {
    {"row", TABLE_NUMBER},         {"webhook", TABLE_TEXT},  {"state", TABLE_TEXT},
    {"event", TABLE_TEXT},         {"subject", TABLE_TEXT},  {"tries", TABLE_NUMBER},
    {"last_status", TABLE_NUMBER}, {"created", TABLE_TEXT},  {"message", TABLE_TEXT},
    {"last_error", TABLE_TEXT},    {"last_try", TABLE_TEXT}, {"next_try", TABLE_TEXT},
};
#define COLUMNS ((int)(sizeof columns / sizeof *columns))
#define SHORT   8

static const char list_sql[] =
    "SELECT id, webhook, state, event, subject, attempts, last_status, created, message,"
    " last_error, last_try, CASE WHEN state = 'waiting' AND next_at > 0 THEN"
    " strftime('%Y-%m-%dT%H:%M:%SZ', next_at / 1000, 'unixepoch') END FROM outbox"
    " WHERE (?1 IS NULL OR webhook = ?1)"
    " AND (?2 = 'all' OR state = ?2 OR (?2 = 'open' AND state <> 'delivered'))"
    " ORDER BY id DESC LIMIT ?3";

static void
say_counts(struct webhook_run *run)
{
    struct error err;

    for (size_t i = 0; i < run->config->webhook_count; i++) {
        const struct config_webhook *h = &run->config->webhooks[i];
        struct outbox_count n;

        if (outbox_counts(run->store, h->name, &n, &err) == ST_OK)
            printf("%s: %lld waiting, %lld dead; %s\n", h->name, (long long)n.waiting,
                   (long long)n.dead, h->url);
    }
    if (run->config->webhook_count == 0)
        puts("The configuration has no webhook section: nobody is told of signals.");
}

static int
list(struct webhook_run *run)
{
    bool people = run->style == TABLE_ALIGNED;
    int shown = people ? SHORT : COLUMNS;
    struct table *t = table_new(columns, (size_t)shown);
    struct query *q = NULL;
    struct error err;
    enum status st = store_query(run->store, &q, list_sql, &err);

    if (st == ST_OK) {
        query_set_str(q, 1, run->webhook);
        query_set_str(q, 2, run->state ? run->state : "open");
        query_set_int(q, 3, run->limit > 0 ? run->limit : people ? SHOWN : -1);
        while ((st = query_next(q, &err)) == ST_OK) {
            table_row(t);
            for (int i = 0; i < shown; i++) {
                if (query_is_null(q, i))
                    table_text(t, NULL);
                else if (columns[i].type == TABLE_NUMBER)
                    table_i64(t, query_int(q, i));
                else
                    table_span(t, query_text(q, i));
            }
        }
    }
    query_free(q);
    if (st == ST_NOT_FOUND) {
        if (people)
            say_counts(run);
        if (!people || table_rows(t) > 0)
            table_print(t, run->style, stdout);
    }
    table_free(t);
    return st == ST_NOT_FOUND ? 0 : work_failed(&err);
}

/* --- show --- */

static int
show(struct webhook_run *run, int64_t row)
{
    struct query *q = NULL;
    struct error err;
    enum status st = store_query(run->store, &q,
                                 "SELECT id, webhook, message, event, subject, state, attempts,"
                                 " created, last_try, last_status, last_error, ended, body"
                                 " FROM outbox WHERE id = ?1",
                                 &err);
    static const char *const names[] = {"row",      "webhook",     "message",    "event",
                                        "subject",  "state",       "tries",      "created",
                                        "last_try", "last_status", "last_error", "ended"};
    struct json_writer w;
    struct buf out = {0};

    if (st == ST_OK) {
        query_set_int(q, 1, row);
        st = query_next(q, &err);
    }
    if (st == ST_NOT_FOUND)
        fprintf(stderr, "callswell: there is no message %lld\n", (long long)row);
    if (st != ST_OK) {
        query_free(q);
        return st == ST_NOT_FOUND ? 1 : work_failed(&err);
    }
    json_begin(&w, &out);
    json_object(&w, NULL);
    for (int i = 0; i < 12; i++) {
        bool number = i == 0 || i == 6 || i == 9;

        if (run->style != TABLE_JSON && !query_is_null(q, i))
            printf("%-11s  %.*s\n", names[i], SPAN_ARG(query_text(q, i)));
        if (query_is_null(q, i))
            json_null(&w, names[i]);
        else if (number)
            json_i64(&w, names[i], query_int(q, i));
        else
            json_span(&w, names[i], query_text(q, i));
    }
    json_raw(&w, "body", query_text(q, 12));
    json_close(&w);
    if (run->style == TABLE_JSON)
        puts(out.p);
    else
        printf("%-11s  %.*s\n", "body", SPAN_ARG(query_text(q, 12)));
    buf_clear(&out);
    query_free(q);
    return 0;
}

/* --- replay, drop --- */

static int
change(struct webhook_run *run, const char *what, int64_t row, bool replay)
{
    struct audit_entry entry;
    int64_t changed = 0;
    struct error err;
    enum status st;

    store_close(run->store);
    run->store = NULL;
    st = work_store(&run->store, run->config, STORE_EDIT, &err);
    if (st == ST_OK) {
        work_audit(run->store, &entry, replay ? "webhook_replay" : "webhook_drop",
                   what ? what : "all");
        entry.detail = run->webhook;
        st = (replay ? outbox_replay : outbox_drop)(run->store, run->webhook, row, &changed, &err);
        audit_end(run->store);
    }
    if (st == ST_NOT_FOUND) {
        fprintf(stderr, "callswell: %s\n", err.text);
        return 1;
    }
    if (st != ST_OK)
        return work_failed(&err);
    printf("%lld dead message%s %s.\n", (long long)changed, changed == 1 ? "" : "s",
           replay ? "will be tried again" : "dropped");
    return 0;
}

/* --- test --- */

/* Not through the outbox: what happens is said here and now. */
static int
test(struct webhook_run *run, const char *name)
{
    const struct config_webhook *h = NULL;
    struct poster *poster;
    struct posted p;
    char id[64], at[CIVIL_TEXT];
    int64_t now = clock_now();
    char *body;
    bool taken;

    for (size_t i = 0; i < run->config->webhook_count; i++)
        if (strcmp(run->config->webhooks[i].name, name) == 0)
            h = &run->config->webhooks[i];
    if (!h) {
        fprintf(stderr, "callswell: the configuration has no webhook \"%s\"\n", name);
        return 1;
    }
    snprintf(id, sizeof id, "msg_test_%lld", (long long)clock_now_us());
    body = xasprintf("{\"type\":\"test\",\"timestamp\":\"%s\",\"data\":{\"text\":\"callswell can"
                     " reach you\"}}",
                     format_utc(at, now));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    poster = poster_new(h);
    taken = poster_post(poster, id, span_str(body), now, NULL, &p);
    if (taken)
        printf("%s took the message %s: HTTP status %d.\n", h->url, id, p.status);
    else
        fprintf(stderr, "callswell: %s did not take the message %s: %s\n", h->url, id, p.error);
    poster_free(poster);
    curl_global_cleanup();
    free(body);
    return taken ? 0 : 1;
}

/* --- the command --- */

static int
run_verb(struct webhook_run *run, const char *verb, const char *what)
{
    int64_t row = 0;
    struct error err;

    if (strcmp(verb, "test") == 0)
        return test(run, what);
    if (what && (!span_to_i64(span_str(what), &row) || row <= 0)) {
        fprintf(stderr, "callswell: \"%.40s\" is no row: see `callswell webhook list`\n", what);
        return 1;
    }
    if (work_store(&run->store, run->config, STORE_READ, &err) != ST_OK)
        return work_failed(&err);
    if (strcmp(verb, "list") == 0)
        return list(run);
    if (strcmp(verb, "show") == 0)
        return show(run, row);
    return change(run, what, row, strcmp(verb, "replay") == 0);
}

/* How many arguments each takes; replay and drop take a row or --all. */
static bool
is_call(const struct webhook_run *run, const char *verb, int arguments)
{
    if (strcmp(verb, "list") == 0)
        return arguments == 0;
    if (strcmp(verb, "show") == 0 || strcmp(verb, "test") == 0)
        return arguments == 1;
    if (strcmp(verb, "replay") == 0 || strcmp(verb, "drop") == 0)
        return arguments == !run->all;
    return false;
}

int
command_webhook(int argc, char **argv)
{
    struct webhook_run run = {0};
    const char *path = NULL, *verb;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"webhook", OPTION_TEXT, &run.webhook, "NAME", "messages to this one only"},
        {"state", OPTION_TEXT, &run.state, "WORD", "waiting, dead, delivered, all (not delivered)"},
        {"all", OPTION_FLAG, &run.all, NULL, "with replay or drop: every dead message"},
        {"limit", OPTION_INT, &run.limit, "N", "list at most so many"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "the list as CSV"},
    };
    const struct option_use use = {
        "callswell webhook list|show ROW|replay ROW|drop ROW|test NAME [OPTION...]",
        "Messages about signals to other programs (the configuration's webhook sections).\n"
        "A dead one was given up; `replay` sends it again with the same id. `test` posts\n"
        "a message at once and says what came of it.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "list";
    if (!is_call(&run, verb, argc - first - (first < argc))) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    run.config = c;
    run.style = json ? TABLE_JSON : csv ? TABLE_CSV : TABLE_ALIGNED;
    code = run_verb(&run, verb, first + 1 < argc ? argv[first + 1] : NULL);
    store_close(run.store);
    config_free(c);
    return code;
}
