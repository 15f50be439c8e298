/*
 * crm_export.c - the columns, what each CRM wants of them, the file.
 */
#include "crm_export.h"

#include <string.h>

#include "csv_write.h"
#include "json_write.h"

#define PART           65536
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
    " WHERE m.segment = ?2 AND m.customer = p.customer)) AND (?3 IS NULL OR p.owner = ?3)"
    " ORDER BY p.customer";

/* --- what each CRM wants --- */

struct crm {
    const char *name, *way;
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

static const struct crm crms[] = {
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
put_header(struct buf *out, const struct crm *crm)
{
    if (crm->bom)
        buf_str(out, "\xef\xbb\xbf");
    for (size_t i = 0; i < COLUMNS; i++) {
        if (i > 0)
            buf_char(out, ',');
        if (strcmp(columns[i].name, "name") == 0)
            buf_str(out, crm->customer_name);
        else
            crm->field(out, columns[i].name);
    }
    buf_str(out, crm->crlf ? "\r\n" : "\n");
}

static void
put_value(struct buf *out, const struct crm *crm, const struct query *q, int i)
{
    struct buf text = {0};

    if (query_is_null(q, i))
        buf_str(&text, crm->clear);
    else if (columns[i].type == LIST)
        crm->list(&text, query_text(q, i));
    else if (columns[i].type == TIME)
        crm->time(&text, query_text(q, i));
    else
        buf_span(&text, query_text(q, i));
    csv_field(out, span_of(text.p, text.n));
    buf_clear(&text);
}

static void
put_row(struct buf *out, const struct crm *crm, const struct query *q)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (i > 0)
            buf_char(out, ',');
        put_value(out, crm, q, (int)i);
    }
    buf_str(out, crm->crlf ? "\r\n" : "\n");
}

static enum status
ask(struct store *s, struct query **q, const struct crm_choice *choice, struct error *err)
{
    struct buf sql = {0};
    enum status st;

    buf_str(&sql, "SELECT ");
    for (size_t i = 0; i < COLUMNS; i++)
        buf_printf(&sql, "%s%s", i > 0 ? ", " : "", columns[i].sql);
    buf_str(&sql, from_sql);
    buf_char(&sql, '\0');
    st = store_query(s, q, sql.p, err);
    buf_clear(&sql);
    if (st == ST_OK) {
        query_set_str(*q, 1, choice->owner);
        query_set_str(*q, 2, choice->segment);
        query_set_str(*q, 3, choice->viewer);
    }
    return st;
}

enum status
crm_export(struct store *s, const struct crm *crm, const struct crm_choice *choice,
           const struct crm_sink *sink, uint64_t *rows, struct error *err)
{
    struct query *q = NULL;
    struct buf out = {0};
    enum status st = ask(s, &q, choice, err);

    *rows = 0;
    if (st == ST_OK)
        put_header(&out, crm);
    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        put_row(&out, crm, q);
        ++*rows;
        if (out.n < PART)
            continue;
        st = sink->take(sink->arg, span_of(out.p, out.n), err);
        buf_reset(&out);
    }
    query_free(q);
    if (st == ST_NOT_FOUND) /* no row any more */
        st = sink->take(sink->arg, span_of(out.p, out.n), err);
    buf_clear(&out);
    return st;
}

const struct crm *
crm_find(const char *name)
{
    for (size_t i = 0; i < sizeof crms / sizeof *crms; i++)
        if (strcmp(crms[i].name, name) == 0)
            return &crms[i];
    return NULL;
}

const char *
crm_name(const struct crm *crm)
{
    return crm->name;
}

const char *
crm_way(const struct crm *crm)
{
    return crm->way;
}

void
crm_id(const struct crm *crm, struct buf *out)
{
    crm->field(out, "id");
}
