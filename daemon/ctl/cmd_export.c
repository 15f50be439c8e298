/*
 * cmd_export.c - customers with profile, segments and signals as CSV that a CRM takes in bulk.
 *
 * One column is the customer's id here, to be an external id (or alternate key) there: so the same
 * file twice changes nothing. docs/EXPORT.md says which fields are to be made in each CRM and how
 * the file is loaded. Sources: Salesforce "Bulk API 2.0 Developer Guide" (Prepare CSV Files: empty
 * values are ignored, #N/A clears a field), Microsoft "Import data" for Dataverse, SuiteCRM and
 * EspoCRM administrators' guides on import.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "commands.h"
#include "csv_write.h"
#include "json_write.h"
#include "options.h"
#include "work.h"

#define LIST_SEPARATOR '\x1f' /* between the members of a list, as the query gives it */

enum column_type { TEXT, NUMBER, DAY, TIME, LIST };

static const struct column {
    const char *name; /* words with _ between them */
    enum column_type type;
    const char *sql;
} columns[] = {
    {"id", TEXT, "p.customer"},
    {"name", TEXT, "ifnull(p.name, p.customer)"},
    {"owner", TEXT, "p.owner"},
    {"timezone", TEXT, "p.timezone"},
    {"first_use", DAY, "p.first_day"},
    {"last_use", DAY, "p.last_day"},
    {"days_since_use", NUMBER, "p.days_since_last"},
    {"legs_30d", NUMBER, "p.legs_30d"},
    {"legs_90d", NUMBER, "p.legs_90d"},
    {"minutes_30d", NUMBER, "round(p.seconds_30d / 60.0, 1)"},
    {"failed_30d", NUMBER, "p.failed_30d"},
    {"participants_30d", NUMBER, "p.participants_30d"},
    {"conferences_30d", NUMBER, "p.conferences_30d"},
    {"features_30d", NUMBER, "p.features_30d"},
    {"dominant_feature", TEXT, "p.dominant_feature"},
    {"stage", TEXT, "p.stage"},
    {"usage_group", TEXT, "p.usage_group"},
    {"persona", TEXT, "p.persona"},
    {"rfm_segment", TEXT, "p.rfm_segment"},
    {"expected_days_4w", NUMBER, "round(p.expected_days_4w, 2)"},
    {"due_by", DAY, "p.due_by"},
    {"segments", LIST, "g.segments"},
    {"signals", NUMBER, "ifnull(s.signals, 0)"},
    {"signal_kinds", LIST, "s.kinds"},
    {"signal_severity", TEXT,
     "CASE s.rank WHEN 2 THEN 'critical' WHEN 1 THEN 'warning' WHEN 0 THEN 'info' END"},
    {"signal_reason", TEXT, "s.reason"},
    {"as_of", TIME, "p.as_of"},
};
#define COLUMNS (sizeof columns / sizeof *columns)

/* Signals that are held are not certain, and so nothing to write into a CRM. The reason is that of
 * the most severe one. */
static const char from_sql[] =
    " FROM customer_profile p LEFT JOIN (SELECT customer, group_concat(segment, char(31)) AS"
    " segments FROM (SELECT customer, segment FROM segment_member ORDER BY customer, segment)"
    " GROUP BY customer) g ON g.customer = p.customer LEFT JOIN (SELECT subject, count(*) AS"
    " signals, max(rank) AS rank, group_concat(kind, char(31)) AS kinds, reason FROM (SELECT"
    " subject, kind, reason, CASE severity WHEN 'critical' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END"
    " AS rank FROM signal WHERE subject_type = 'customer' AND state <> 'closed' AND held IS NULL"
    " ORDER BY subject, rank DESC, kind) GROUP BY subject) s ON s.subject = p.customer"
    " WHERE (?1 IS NULL OR p.owner = ?1) AND (?2 IS NULL OR EXISTS(SELECT 1 FROM segment_member m"
    " WHERE m.segment = ?2 AND m.customer = p.customer)) ORDER BY p.customer";

/* --- what each CRM wants --- */

struct target {
    const char *name, *what;
    const char *customer_name; /* its own field for the name */
    const char *clear;         /* what empties a field that has a value; "" is left empty */
    bool bom, crlf;
    void (*field)(struct buf *out, const char *name);
    void (*list)(struct buf *out, struct span members);
    void (*time)(struct buf *out, struct span utc);
};

/* "legs_30d" as "Legs_30d" or "Legs30d" */
static void
capitals(struct buf *out, const char *name, bool underscores)
{
    bool start = true;

    for (; *name; name++) {
        if (*name == '_') {
            if (underscores)
                buf_char(out, '_');
            start = true;
            continue;
        }
        buf_char(out, start && *name >= 'a' && *name <= 'z' ? (char)(*name - 32) : *name);
        start = false;
    }
}

static void
salesforce_field(struct buf *out, const char *name)
{
    buf_str(out, "Callswell_");
    capitals(out, name, true);
    buf_str(out, "__c");
}

static void
dynamics_field(struct buf *out, const char *name)
{
    buf_printf(out, "cs_%s", name);
}

static void
suitecrm_field(struct buf *out, const char *name)
{
    buf_printf(out, "callswell_%s_c", name);
}

static void
espocrm_field(struct buf *out, const char *name)
{
    buf_str(out, "cCallswell");
    capitals(out, name, false);
}

/* Calls put for each member, with what would end it replaced by a blank. */
static void
each_member(struct buf *out, struct span members, char end, const char *open, const char *close,
            const char *between)
{
    for (size_t at = 0; at < members.n;) {
        const char *stop = memchr(members.p + at, LIST_SEPARATOR, members.n - at);
        size_t n = stop ? (size_t)(stop - members.p) - at : members.n - at;

        if (at > 0)
            buf_str(out, between);
        buf_str(out, open);
        for (size_t i = 0; i < n; i++)
            buf_char(out, members.p[at + i] == end ? ' ' : members.p[at + i]);
        buf_str(out, close);
        at += n + 1;
    }
}

static void
semicolon_list(struct buf *out, struct span members)
{
    each_member(out, members, ';', "", "", ";");
}

/* As it stores them; the import takes commas within a member for ends, too. */
static void
caret_list(struct buf *out, struct span members)
{
    each_member(out, members, ',', "^", "^", ",");
}

static void
json_list(struct buf *out, struct span members)
{
    struct json_writer w;

    json_begin(&w, out);
    json_array(&w, NULL);
    for (size_t at = 0; at < members.n;) {
        const char *stop = memchr(members.p + at, LIST_SEPARATOR, members.n - at);
        size_t n = stop ? (size_t)(stop - members.p) - at : members.n - at;

        json_span(&w, NULL, span_of(members.p + at, n));
        at += n + 1;
    }
    json_close(&w);
}

static void
iso_time(struct buf *out, struct span utc)
{
    buf_span(out, utc);
}

/* 2026-11-22T12:00:00Z as 2026-11-22 12:00 or with seconds: formats that an import is told. */
static void
plain_time(struct buf *out, struct span utc, size_t n)
{
    if (utc.n < n) {
        buf_span(out, utc);
        return;
    }
    buf_add(out, utc.p, 10);
    buf_char(out, ' ');
    buf_add(out, utc.p + 11, n - 11);
}

static void
time_in_seconds(struct buf *out, struct span utc)
{
    plain_time(out, utc, 19);
}

static void
time_in_minutes(struct buf *out, struct span utc)
{
    plain_time(out, utc, 16);
}

static const struct target targets[] = {
    {"salesforce", "Bulk API 2.0 upsert of Account", "Name", "#N/A", false, false, salesforce_field,
     semicolon_list, iso_time},
    {"dynamics", "import of Account into Dataverse", "name", "", true, true, dynamics_field,
     semicolon_list, iso_time},
    {"suitecrm", "import of Accounts", "name", "", false, true, suitecrm_field, caret_list,
     time_in_seconds},
    {"espocrm", "import of Account", "name", "", false, false, espocrm_field, json_list,
     time_in_minutes},
};

/* --- writing --- */

static void
put_header(struct buf *out, const struct target *t)
{
    if (t->bom)
        buf_str(out, "\xef\xbb\xbf");
    for (size_t i = 0; i < COLUMNS; i++) {
        if (i > 0)
            buf_char(out, ',');
        if (strcmp(columns[i].name, "name") == 0)
            buf_str(out, t->customer_name);
        else
            t->field(out, columns[i].name);
    }
    buf_str(out, t->crlf ? "\r\n" : "\n");
}

static void
put_value(struct buf *out, const struct target *t, const struct query *q, int i)
{
    struct buf text = {0};

    if (query_is_null(q, i))
        buf_str(&text, t->clear);
    else if (columns[i].type == LIST)
        t->list(&text, query_text(q, i));
    else if (columns[i].type == TIME)
        t->time(&text, query_text(q, i));
    else
        buf_span(&text, query_text(q, i));
    csv_field(out, span_of(text.p, text.n));
    buf_clear(&text);
}

static enum status
write_all(FILE *to, const struct target *t, struct query *q, uint64_t *rows, struct error *err)
{
    struct buf out = {0};
    enum status st;

    put_header(&out, t);
    while ((st = query_next(q, err)) == ST_OK) {
        for (size_t i = 0; i < COLUMNS; i++) {
            if (i > 0)
                buf_char(&out, ',');
            put_value(&out, t, q, (int)i);
        }
        buf_str(&out, t->crlf ? "\r\n" : "\n");
        ++*rows;
        if (out.n >= 65536) {
            fwrite(out.p, 1, out.n, to);
            buf_reset(&out);
        }
    }
    fwrite(out.p, 1, out.n, to);
    buf_clear(&out);
    if (st == ST_NOT_FOUND)
        st = fflush(to) == 0 && !ferror(to) ? ST_OK : fail(err, ST_IO, "%s", strerror(errno));
    return st;
}

static enum status
ask(struct store *s, struct query **q, const char *owner, const char *segment, struct buf *sql,
    struct error *err)
{
    enum status st;

    buf_str(sql, "SELECT ");
    for (size_t i = 0; i < COLUMNS; i++)
        buf_printf(sql, "%s%s", i > 0 ? ", " : "", columns[i].sql);
    buf_str(sql, from_sql);
    buf_char(sql, '\0');
    st = store_query(s, q, sql->p, err);
    if (st == ST_OK) {
        query_set_str(*q, 1, owner);
        query_set_str(*q, 2, segment);
    }
    return st;
}

static int
export_to(FILE *to, const struct config *c, const struct target *t, const char *owner,
          const char *segment)
{
    struct store *s = NULL;
    struct query *q = NULL;
    struct buf sql = {0};
    struct error err;
    uint64_t rows = 0;
    enum status st = work_store(&s, c, STORE_READ, &err);

    if (st == ST_OK)
        st = ask(s, &q, owner, segment, &sql, &err);
    if (st == ST_OK)
        st = write_all(to, t, q, &rows, &err);
    query_free(q);
    store_close(s);
    buf_clear(&sql);
    if (st != ST_OK)
        return work_failed(&err);
    fprintf(stderr, "%llu customers for %s (%s), external id: ", (unsigned long long)rows, t->name,
            t->what);
    t->field(&sql, "id");
    fprintf(stderr, "%s\n", sql.p);
    buf_clear(&sql);
    return 0;
}

static const struct target *
find_target(const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (strcmp(targets[i].name, name) == 0)
            return &targets[i];
    return NULL;
}

int
command_export(int argc, char **argv)
{
    const char *path = NULL, *out = "-", *owner = NULL, *segment = NULL;
    const struct target *t;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"out", OPTION_TEXT, &out, "FILE|-", "where to (-, standard output)"},
        {"owner", OPTION_TEXT, &owner, "NAME", "customers of this owner only"},
        {"segment", OPTION_TEXT, &segment, "NAME", "members of this segment only"},
    };
    const struct option_use use = {
        "callswell export salesforce|dynamics|suitecrm|espocrm [OPTION...]",
        "Customers with profile, segments and signals as CSV, ready to be loaded in bulk:\n"
        "one column is an external id, so that the same file twice changes nothing.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;
    FILE *to = stdout;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    t = argc == first + 1 ? find_target(argv[first]) : NULL;
    if (!t) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    if (strcmp(out, "-") != 0)
        to = fopen(out, "w");
    if (!to) {
        fprintf(stderr, "callswell: %s: %s\n", out, strerror(errno));
        code = 1;
    } else {
        code = export_to(to, c, t, owner, segment);
        if (to != stdout && fclose(to) != 0 && code == 0) {
            fprintf(stderr, "callswell: %s: %s\n", out, strerror(errno));
            code = 1;
        }
    }
    config_free(c);
    return code;
}
