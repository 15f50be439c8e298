/*
 * cmd_quarantine.c - refused records: list, show, replay, drop.
 *
 * Listing reads the ledger directly, with or without a daemon. Replaying and dropping change
 * it, and so are done by the daemon, or by this process when there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "commands.h"
#include "control.h"
#include "engine.h"
#include "json_read.h"
#include "json_write.h"
#include "ledger.h"
#include "mask.h"
#include "options.h"
#include "table.h"
#include "work.h"

struct quarantine_run {
    const char *config, *input;
    bool json, csv, reasons, unmasked;
    long limit;
    uint64_t id;
    uint64_t shown, total;
    struct table *table;
};

/* --- list --- */

static enum table_style
style_of(const struct quarantine_run *run)
{
    return run->json ? TABLE_JSON : run->csv ? TABLE_CSV : TABLE_ALIGNED;
}

/* The id of the stream's entry that a record came in; empty: it came otherwise. */
static struct span
entry_of(const struct quarantine_row *q)
{
    const char *blank =
        q->identity == IDENTITY_ENTRY ? memrchr(q->stream.p, ' ', q->stream.n) : NULL;

    return blank ? span_of(blank + 1, (size_t)(q->stream.p + q->stream.n - blank - 1)) : SPAN("");
}

/* A path leaves no room for the reason. */
static void
list_short_place(const struct quarantine_row *q, struct table *t)
{
    struct span entry = entry_of(q);
    char offset[24];

    snprintf(offset, sizeof offset, "%llu", (unsigned long long)q->offset);
    table_span(t, entry.n ? entry : span_str(offset));
}

static enum status
list_row(void *arg, const struct quarantine_row *q, struct error *err)
{
    struct quarantine_run *run = arg;
    char when[CIVIL_TEXT];

    (void)err;
    run->shown++;
    table_row(run->table);
    table_u64(run->table, q->id);
    table_text(run->table, format_utc(when, q->arrived));
    table_span(run->table, q->input);
    if (style_of(run) == TABLE_ALIGNED) {
        list_short_place(q, run->table);
    } else {
        table_span(run->table, q->stream);
        table_u64(run->table, q->offset);
    }
    table_span(run->table, q->reason);
    return ST_OK;
}

static enum status
reason_row(void *arg, struct span reason, uint64_t count, struct error *err)
{
    struct quarantine_run *run = arg;

    (void)err;
    run->total += count;
    table_row(run->table);
    table_u64(run->table, count);
    table_span(run->table, reason);
    return ST_OK;
}

static int
open_reader(const struct config *c, struct ledger_reader **out)
{
    char *path = config_state_path(c, "ledger.db");
    struct error err;
    enum status st = ledger_reader_open(out, path, &err);

    if (st != ST_OK)
        fprintf(stderr, "callswell: there is no ledger at %s yet (%s)\n", path, err.text);
    free(path);
    return st == ST_OK ? 0 : EXIT_UNAVAILABLE;
}

static enum status
list_reasons(struct quarantine_run *run, struct ledger_reader *r, struct error *err)
{
    static const struct table_column columns[] = {{"records", TABLE_NUMBER},
                                                  {"reason", TABLE_TEXT}};
    enum status st;

    run->table = table_new(columns, sizeof columns / sizeof columns[0]);
    st = ledger_scan_reasons(r, run->input, reason_row, run, err);
    if (st == ST_OK)
        table_print(run->table, style_of(run), stdout);
    table_free(run->table);
    return st;
}

static enum status
list_records(struct quarantine_run *run, struct ledger_reader *r, struct error *err)
{
    static const struct table_column columns[] = {
        {"id", TABLE_NUMBER},   {"arrived", TABLE_TEXT},  {"input", TABLE_TEXT},
        {"stream", TABLE_TEXT}, {"offset", TABLE_NUMBER}, {"reason", TABLE_TEXT},
    };
    static const struct table_column short_columns[] = {
        {"id", TABLE_NUMBER},  {"arrived", TABLE_TEXT}, {"input", TABLE_TEXT},
        {"place", TABLE_TEXT}, {"reason", TABLE_TEXT},
    };
    enum status st;

    run->table = style_of(run) == TABLE_ALIGNED
                     ? table_new(short_columns, sizeof short_columns / sizeof short_columns[0])
                     : table_new(columns, sizeof columns / sizeof columns[0]);
    st = ledger_scan_quarantine(r, run->input, run->id, (uint64_t)run->limit, list_row, run, err);
    if (st == ST_OK)
        table_print(run->table, style_of(run), stdout);
    table_free(run->table);
    return st;
}

static int
list(struct quarantine_run *run, const struct config *c)
{
    bool for_people = style_of(run) == TABLE_ALIGNED;
    struct ledger_reader *r;
    struct error err;
    enum status st = ST_OK;

    if (open_reader(c, &r) != 0)
        return EXIT_UNAVAILABLE;
    if (run->reasons || for_people)
        st = list_reasons(run, r, &err);
    if (st == ST_OK && for_people && run->total == 0)
        printf("nothing is in quarantine\n");
    if (st == ST_OK && !run->reasons && (!for_people || run->total > 0)) {
        if (for_people)
            putchar('\n');
        st = list_records(run, r, &err);
        if (st == ST_OK && for_people && run->shown < run->total)
            printf("\n%llu older ones are not shown (--limit 0 shows all).",
                   (unsigned long long)(run->total - run->shown));
        if (st == ST_OK && for_people)
            printf("\n`callswell quarantine show ID` shows the bytes; mend the cause, then\n"
                   "`callswell quarantine replay ID|all` reads them again.\n");
    }
    if (st != ST_OK)
        fprintf(stderr, "callswell: %s\n", err.text);
    ledger_reader_close(r);
    return st == ST_OK ? 0 : 1;
}

/* --- show --- */

/* Printable text and the control characters in `plain` as they are, everything else as \xNN. */
static void
print_raw(struct span raw, const char *plain)
{
    bool utf8 = span_is_utf8(raw);

    for (size_t i = 0; i < raw.n; i++) {
        unsigned char ch = (unsigned char)raw.p[i];

        if ((ch >= 0x20 && ch < 0x7F) || (ch > 0x7F && utf8) || (ch && strchr(plain, ch)))
            putchar(ch);
        else
            printf("\\x%02x", ch);
    }
}

/* Numbers and addresses of people are masked unless somebody asks for them. */
static void
print_record(const struct quarantine_run *run, struct span raw)
{
    struct buf copy = {0};

    buf_span(&copy, raw);
    if (!run->unmasked)
        mask_people(copy.p, copy.n);
    print_raw(span_of(copy.p, copy.n), "\t\n");
    buf_clear(&copy);
}

static void
print_place(const struct quarantine_row *q)
{
    struct span entry = entry_of(q);

    if (entry.n == 0) {
        print_raw(q->stream, "\t");
        return;
    }
    print_raw(span_of(q->stream.p, q->stream.n - entry.n - 1), "\t");
    printf(", entry %.*s", SPAN_ARG(entry));
}

static enum status
show_row(void *arg, const struct quarantine_row *q, struct error *err)
{
    struct quarantine_run *run = arg;
    char when[CIVIL_TEXT];

    (void)err;
    run->shown++;
    printf("id       %llu\nreason   %.*s\narrived  %s\ninput    %.*s (format %.*s%s%.*s)\n"
           "place    ",
           (unsigned long long)q->id, SPAN_ARG(q->reason), format_utc(when, q->arrived),
           SPAN_ARG(q->input), SPAN_ARG(q->format), q->timezone.n ? ", times in " : "",
           SPAN_ARG(q->timezone));
    print_place(q);
    printf(", byte %llu\nlength   %u bytes%s\n\n", (unsigned long long)q->offset, q->length,
           q->length == q->raw.n ? "" : ", of which the first are kept");
    if (q->has_header) {
        printf("header:\n");
        print_raw(q->header, "\t\n");
        printf("\n\n");
    }
    printf("record%s:\n", run->unmasked ? "" : " (numbers and addresses are masked)");
    print_record(run, q->raw);
    putchar('\n');
    return ST_OK;
}

static int
show(struct quarantine_run *run, const struct config *c)
{
    struct ledger_reader *r;
    struct error err;
    enum status st;

    if (open_reader(c, &r) != 0)
        return EXIT_UNAVAILABLE;
    st = ledger_scan_quarantine(r, NULL, run->id, 1, show_row, run, &err);
    if (st == ST_OK && run->shown == 0)
        st = fail(&err, ST_NOT_FOUND, "nothing in quarantine has the id %llu",
                  (unsigned long long)run->id);
    if (st != ST_OK)
        fprintf(stderr, "callswell: %s\n", err.text);
    ledger_reader_close(r);
    return st == ST_OK ? 0 : 1;
}

/* --- replay and drop --- */

static void
print_replay(const struct outcome_count *n)
{
    printf("replayed %llu records: %llu accepted, %llu duplicates, %llu ignored,"
           " %llu refused again\n",
           (unsigned long long)n->records, (unsigned long long)n->accepted,
           (unsigned long long)n->duplicates, (unsigned long long)n->ignored,
           (unsigned long long)n->quarantined);
}

static void
daemon_answer(void *arg, const struct json_value *line)
{
    bool replay = *(bool *)arg;
    struct outcome_count n = work_counts(line);

    if (json_get_i64(line, "exit", 0) != 0)
        return;
    if (replay)
        print_replay(&n);
    else
        printf("dropped %lld records\n", (long long)json_get_i64(line, "dropped", 0));
}

static int
change_by_daemon(struct quarantine_run *run, const struct config *c, bool replay)
{
    struct json_writer w;
    struct buf args = {0};
    struct error err;
    int code = 0;
    enum status st;

    json_begin(&w, &args);
    json_object(&w, NULL);
    json_u64(&w, "id", run->id);
    if (run->input)
        json_text(&w, "input", run->input);
    json_close(&w);
    st = control_call(c->state_dir, replay ? "replay" : "drop", args.p, NULL, 0, daemon_answer,
                      &replay, &code, &err);
    buf_clear(&args);
    if (st != ST_OK || code != 0) {
        fprintf(stderr, "callswell: %s\n", err.text);
        return code ? code : 1;
    }
    return 0;
}

static int
change_here(struct quarantine_run *run, const struct config *c, bool replay)
{
    int code = 0;
    struct engine *e = work_open(c, false, &code);
    struct outcome_count n;
    struct error err;
    uint64_t dropped = 0;
    enum status st;

    if (!e)
        return code;
    st = replay ? engine_replay(e, run->id, run->input, &n, &err)
                : engine_drop(e, run->id, run->input, &dropped, &err);
    if (st == ST_OK && replay)
        print_replay(&n);
    else if (st == ST_OK)
        printf("dropped %llu records\n", (unsigned long long)dropped);
    else
        code = work_failed(&err);
    if (st == ST_OK && replay &&
        engine_settle(e, SETTLE_COMMITTED | SETTLE_REDIS | SETTLE_ANALYSED, 60000, &err) != ST_OK) {
        fprintf(stderr, "callswell: committed, but not yet everywhere: %s\n", err.text);
        code = EXIT_UNAVAILABLE;
    }
    engine_close(e, WORK_CLOSE_MS);
    return code;
}

static int
change(struct quarantine_run *run, const struct config *c, bool replay, const char *what)
{
    int code = control_available(c->state_dir) ? change_by_daemon(run, c, replay)
                                               : change_here(run, c, replay);
    struct error err;

    if (code == 0 &&
        work_audited(c, replay ? "quarantine_replay" : "quarantine_drop", what, &err) != ST_OK)
        fprintf(stderr, "callswell: done, but not written down: %s\n", err.text);
    return code;
}

/* --- the command --- */

static bool
parse_id(const char *text, uint64_t *id)
{
    int64_t v;

    if (strcmp(text, "all") == 0) {
        *id = 0;
        return true;
    }
    if (!span_to_i64(span_str(text), &v) || v <= 0)
        return false;
    *id = (uint64_t)v;
    return true;
}

int
command_quarantine(int argc, char **argv)
{
    struct quarantine_run run = {.limit = 50};
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &run.config, "FILE", "the configuration"},
        {"input", OPTION_TEXT, &run.input, "NAME", "only records of this input"},
        {"limit", OPTION_INT, &run.limit, "N", "list at most so many, newest first (50; 0 all)"},
        {"reasons", OPTION_FLAG, &run.reasons, NULL, "list only how many there are of each reason"},
        {"unmasked", OPTION_FLAG, &run.unmasked, NULL, "show numbers and addresses, too"},
        {"json", OPTION_FLAG, &run.json, NULL, "list as JSON"},
        {"csv", OPTION_FLAG, &run.csv, NULL, "list as CSV"},
    };
    const struct option_use use = {
        "callswell quarantine list|show ID|replay ID|replay all|drop ID|drop all",
        "Records that were refused, with the reason, their bytes and where they came\n"
        "from. Replay reads them again, after the cause was mended (a format, a\n"
        "customer).",
        rows, sizeof rows / sizeof rows[0], NULL};
    const char *verb;
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "list";
    if (strcmp(verb, "list") != 0 && (first + 2 != argc || !parse_id(argv[first + 1], &run.id))) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(run.config, &code);
    if (!c)
        return code;
    if (strcmp(verb, "list") == 0)
        code = list(&run, c);
    else if (strcmp(verb, "show") == 0)
        code = show(&run, c);
    else if (strcmp(verb, "replay") != 0 && strcmp(verb, "drop") != 0) {
        fprintf(stderr, "usage: %s\n", use.usage);
        code = EXIT_USAGE;
    } else {
        code = change(&run, c, verb[0] == 'r', argv[first + 1]);
    }
    config_free(c);
    return code;
}
