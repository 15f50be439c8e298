/*
 * cmd_status.c - `callswell status`: is everything running, complete and on time?
 *
 * A running daemon answers; without one, the ledger on disk says what it last knew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "commands.h"
#include "control.h"
#include "figures.h"
#include "json_read.h"
#include "json_write.h"
#include "ledger.h"
#include "options.h"
#include "table.h"
#include "words.h"

#define LABEL_COLUMNS 11

/* --- the daemon's answer --- */

static int64_t
number(const struct json_value *status, const char *part, const char *name)
{
    return json_get_i64(json_find(status, part), name, 0);
}

static const char *
problem_of(const struct json_value *status, const char *part, const char *name)
{
    return json_get_text(json_find(status, part), name, "");
}

static void
print_records(const struct json_value *s)
{
    char a[FIGURE], b[FIGURE], c[FIGURE], d[FIGURE], e[FIGURE];

    printf("records    %s seen = %s accepted + %s duplicates\n           + %s quarantined + %s"
           " ignored\n",
           figure_count(a, number(s, "records", "seen")),
           figure_count(b, number(s, "records", "accepted")),
           figure_count(c, number(s, "records", "duplicates")),
           figure_count(d, number(s, "records", "quarantined")),
           figure_count(e, number(s, "records", "ignored")));
    if (number(s, "records", "corrections") || number(s, "records", "voids"))
        printf("           %s corrected others, %s were voids\n",
               figure_count(a, number(s, "records", "corrections")),
               figure_count(b, number(s, "records", "voids")));
    if (number(s, "records", "late") || number(s, "records", "expired"))
        printf("           %s arrived after the duplicate window\n"
               "           %s keys were past retention\n",
               figure_count(a, number(s, "records", "late")),
               figure_count(b, number(s, "records", "expired")));
    printf("newest     %s\n", json_get_text(json_find(s, "records"), "newest", "no record yet"));
}

/* Under the label. Nothing for an empty text. */
static void
print_text(const char *before, const char *text)
{
    struct buf out = {0};

    if (!text[0])
        return;
    buf_printf(&out, "%*s%s", LABEL_COLUMNS, "", before);
    words_flow(&out, LABEL_COLUMNS, span_str(text));
    puts(out.p);
    buf_clear(&out);
}

static void
print_stores(const struct json_value *s)
{
    char a[FIGURE], b[FIGURE], c[FIGURE];
    const char *text;

    printf("ledger     batch %s, %s on disk, %s free\n",
           figure_count(a, number(s, "ledger", "batch")),
           figure_bytes(b, number(s, "ledger", "bytes") + number(s, "ledger", "wal_bytes")),
           figure_bytes(c, number(s, "ledger", "disk_free")));
    text = problem_of(s, "ledger", "stalled");
    if (text[0])
        print_text("STALLED: ", text);
    print_text("", problem_of(s, "ledger", "problem"));
    printf("redis      %s, holds batch %s%s\n",
           json_get_bool(json_find(s, "redis"), "connected", false) ? "connected" : "NOT CONNECTED",
           figure_count(a, number(s, "redis", "applied")),
           number(s, "redis", "pending") ? " (behind)" : " (up to date)");
    text = problem_of(s, "redis", "problem");
    print_text("", text);
    if (!json_get_bool(json_find(s, "redis"), "connected", false))
        printf("           Records are counted in the ledger; Redis gets them when it is back.\n");
    printf("analytics  batch %s, %s\n", figure_count(a, number(s, "analytics", "batch")),
           json_get_text(json_find(s, "analytics"), "at", "not run yet"));
    text = problem_of(s, "analytics", "problem");
    print_text("", text);
    printf("quarantine %s records, %s%s\n", figure_count(a, number(s, "quarantine", "open")),
           figure_bytes(b, number(s, "quarantine", "bytes")),
           number(s, "quarantine", "open") ? ": callswell quarantine list" : "");
}

/* Times are absent in JSON when there are none. */
static void
print_window(const struct json_value *s)
{
    const char *since = problem_of(s, "ledger", "dedup_complete_since");
    char a[FIGURE];

    printf("duplicates %s ids known, %s%s\n", figure_count(a, number(s, "ledger", "dedup_ids")),
           since[0] ? "all since " : "none forgotten yet", since);
    if (problem_of(s, "ledger", "dedup_problem")[0])
        print_text("SHORT: ", problem_of(s, "ledger", "dedup_problem"));
}

/* Systems that send no joins and leaves need not hear of them. */
static void
print_pairing(const struct json_value *s)
{
    char a[FIGURE], b[FIGURE], c[FIGURE];

    if (!number(s, "pairing", "held") && !number(s, "pairing", "paired") &&
        !number(s, "pairing", "estimated"))
        return;
    printf("pairing    %s legs are open in %s conferences; %s paired since the start\n",
           figure_count(a, number(s, "pairing", "open_legs")),
           figure_count(b, number(s, "pairing", "open_conferences")),
           figure_count(c, number(s, "pairing", "paired")));
    if (number(s, "pairing", "estimated") || number(s, "pairing", "late"))
        printf("           %s estimated, %s of them leaves without a join; %s came too late\n",
               figure_count(a, number(s, "pairing", "estimated")),
               figure_count(b, number(s, "pairing", "joins_lost")),
               figure_count(c, number(s, "pairing", "late")));
}

static void
print_memory(const struct json_value *s)
{
    char a[FIGURE], b[FIGURE];

    printf("memory     %s resident, %s accounted for: callswell status --memory\n",
           figure_bytes(a, number(s, "memory", "resident")),
           figure_bytes(b, number(s, "memory", "accounted")));
}

static void
holder_row(struct table *t, const char *name, int64_t bytes, int64_t limit, const char *what)
{
    char text[FIGURE];

    table_row(t);
    table_text(t, name);
    table_text(t, figure_bytes(text, bytes));
    table_text(t, limit ? figure_bytes(text, limit) : "");
    table_text(t, what);
}

/* What is held and was never touched is not resident: then there is less than the sum. */
static void
print_holders(const struct json_value *s)
{
    static const struct table_column columns[] = {{"holder", TABLE_TEXT},
                                                  {"bytes", TABLE_NUMBER},
                                                  {"limit", TABLE_NUMBER},
                                                  {"what", TABLE_TEXT}};
    const struct json_value *holders = json_find(json_find(s, "memory"), "holders");
    int64_t resident = number(s, "memory", "resident"), sum = number(s, "memory", "accounted");
    struct table *t = table_new(columns, sizeof columns / sizeof columns[0]);

    for (const struct json_value *h = holders ? holders->first : NULL; h; h = h->next)
        holder_row(t, json_get_text(h, "holder", ""), json_get_i64(h, "bytes", 0),
                   json_get_i64(h, "limit", 0), json_get_text(h, "what", ""));
    holder_row(t, "accounted", sum, 0, "all of these");
    holder_row(t, "resident", resident, 0, "of the process, as the system says");
    table_print(t, TABLE_ALIGNED, stdout);
    table_free(t);
}

/* For which reasons records of an input were ignored. */
static void
print_left_out(const struct json_value *feed)
{
    const struct json_value *reasons = json_find(feed, "left_out");
    struct buf out = {0};

    for (const struct json_value *r = reasons ? reasons->first : NULL; r; r = r->next) {
        buf_printf(&out, "%s: ignored %lld: ", json_get_text(feed, "input", ""),
                   (long long)json_get_i64(r, "records", 0));
        words_flow(&out, 4, span_str(json_get_text(r, "why", "")));
        buf_char(&out, '\n');
    }
    if (out.n)
        fwrite(out.p, 1, out.n, stdout);
    buf_clear(&out);
}

/* What no table has room for: where it listens, since when it is connected, what is wrong, what was
 * ignored. */
static void
print_details(const struct json_value *feeds)
{
    for (const struct json_value *f = feeds ? feeds->first : NULL; f; f = f->next) {
        const char *detail = json_get_text(f, "detail", "");
        const char *problem = json_get_text(f, "problem", "");

        if (*detail || *problem)
            printf("%s: %s%s%s\n", json_get_text(f, "input", ""), detail,
                   *detail && *problem ? "; " : "", problem);
        print_left_out(f);
    }
}

static void
print_feeds(const struct json_value *s)
{
    static const struct table_column columns[] = {
        {"input", TABLE_TEXT},     {"type", TABLE_TEXT},    {"records", TABLE_NUMBER},
        {"refused", TABLE_NUMBER}, {"lost", TABLE_NUMBER},  {"newest record", TABLE_TEXT},
        {"promise", TABLE_TEXT},   {"problem", TABLE_TEXT},
    };
    const struct json_value *feeds = json_find(s, "feeds");
    struct table *t = table_new(columns, sizeof columns / sizeof columns[0]);

    for (const struct json_value *f = feeds ? feeds->first : NULL; f; f = f->next) {
        table_row(t);
        table_text(t, json_get_text(f, "input", ""));
        table_text(t, json_get_text(f, "type", ""));
        table_i64(t, json_get_i64(f, "records", 0));
        table_i64(t, json_get_i64(f, "quarantined", 0));
        table_i64(t, json_get_i64(f, "lost", 0));
        table_text(t, json_get_text(f, "last_record", ""));
        table_text(t, json_get_text(f, "promise", ""));
        table_text(t, json_get_text(f, "problem", ""));
    }
    if (table_rows(t) > 0) {
        putchar('\n');
        table_print(t, TABLE_ALIGNED, stdout);
        putchar('\n');
        print_details(feeds);
    }
    table_free(t);
}

static void
print_status(const struct json_value *s)
{
    char up[FIGURE];

    printf("callswell  %s, node %s, %s, up %s\n", json_get_text(s, "version", "?"),
           json_get_text(s, "node", "?"), json_get_bool(s, "ready", false) ? "ready" : "NOT READY",
           figure_seconds(up, json_get_i64(s, "uptime", 0)));
    print_records(s);
    print_stores(s);
    print_window(s);
    print_pairing(s);
    print_memory(s);
    print_feeds(s);
}

/* --- without a daemon --- */

static int
status_from_disk(const struct config *c, bool json)
{
    char *path = config_state_path(c, "ledger.db"), a[FIGURE];
    struct ledger_state s;
    struct ledger_reader *r;
    struct error err;
    enum status st = ledger_reader_open(&r, path, &err);

    free(path);
    if (st == ST_OK) {
        st = ledger_reader_state(r, &s, &err);
        ledger_reader_close(r);
    }
    if (st != ST_OK) {
        fprintf(stderr, "callswell: no daemon runs on %s, and there is no ledger yet\n",
                c->state_dir);
        return EXIT_UNAVAILABLE;
    }
    if (json)
        printf("{\"running\":false,\"records\":{\"seen\":%llu,\"accepted\":%llu,"
               "\"duplicates\":%llu,\"quarantined\":%llu,\"ignored\":%llu},"
               "\"ledger\":{\"batch\":%llu,\"folded\":%llu}}\n",
               (unsigned long long)s.ever.records, (unsigned long long)s.ever.accepted,
               (unsigned long long)s.ever.duplicates, (unsigned long long)s.ever.quarantined,
               (unsigned long long)s.ever.ignored, (unsigned long long)s.last_batch,
               (unsigned long long)s.folded_batch);
    else
        printf("callswell  no daemon runs on %s\nledger     batch %s, %llu records accepted%s\n",
               c->state_dir, figure_count(a, (int64_t)s.last_batch),
               (unsigned long long)s.ever.accepted,
               s.folded_batch < s.last_batch ? "\n           its log waits for the next start"
                                             : "");
    return 0;
}

static void
write_value(struct json_writer *w, const struct json_value *v)
{
    if (v->key.p)
        json_key(w, v->key);
    switch (v->type) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        if (v->type == JSON_OBJECT)
            json_object(w, NULL);
        else
            json_array(w, NULL);
        for (const struct json_value *child = v->first; child; child = child->next)
            write_value(w, child);
        json_close(w);
        break;
    case JSON_STRING:
        json_span(w, NULL, v->text);
        break;
    case JSON_NUMBER:
        json_raw(w, NULL, v->text);
        break;
    case JSON_BOOL:
        json_bool(w, NULL, v->truth);
        break;
    case JSON_NULL:
        json_null(w, NULL);
    }
}

struct wanted {
    bool json, memory;
};

static void
answer(void *arg, const struct json_value *line)
{
    const struct wanted *wanted = arg;
    const struct json_value *status = json_find(line, "status");
    struct json_value top;
    struct json_writer w;
    struct buf b = {0};

    if (!status)
        return;
    if (!wanted->json) {
        if (wanted->memory)
            print_holders(status);
        else
            print_status(status);
        return;
    }
    top = *status;
    top.key = (struct span){0};
    json_begin(&w, &b);
    write_value(&w, &top);
    puts(b.p);
    buf_clear(&b);
}

int
command_status(int argc, char **argv)
{
    struct wanted wanted = {false, false};
    const char *path = NULL;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"json", OPTION_FLAG, &wanted.json, NULL, "as JSON, the same as GET /v1/status"},
        {"memory", OPTION_FLAG, &wanted.memory, NULL, "who holds how much memory"},
    };
    const struct option_use use = {"callswell status [--config FILE] [--json | --memory]",
                                   "Is everything running, complete and on time?", rows,
                                   sizeof rows / sizeof rows[0], NULL};
    struct config *c;
    struct error err;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    c = options_config(path, &code);
    if (!c)
        return code;
    if (!control_available(c->state_dir))
        code = status_from_disk(c, wanted.json);
    else if (control_call(c->state_dir, "status", NULL, NULL, 0, answer, &wanted, &code, &err) !=
                 ST_OK ||
             code != 0) {
        fprintf(stderr, "callswell: %s\n", err.text);
        code = code ? code : 1;
    }
    config_free(c);
    return code;
}
