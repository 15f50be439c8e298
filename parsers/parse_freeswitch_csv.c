/*
 * parse_freeswitch_csv.c - mod_cdr_csv of FreeSWITCH: records written by a template.
 *
 *   "Ann "A" Ex","1001","4711","default","2026-03-01 10:00:00","2026-03-01 10:00:02",
 *   "2026-03-01 10:30:02","1802","1800","NORMAL_CLEARING","3da8bf84-...","","acme","PCMU","PCMU"
 *                                                                         (one line in the file)
 *
 * Columns are listed by the format, in the template's order. Nothing is escaped: a quote, a comma
 * or a line end in a value stands there as it is. So this is no CSV:
 *   - A record that begins with a quote goes on to the line end behind a quote, or in front of
 *     one; at most LINES_MOST lines.
 *   - Its values are what lies between "," (blanks behind the comma allowed). Any other quote or
 *     comma is part of a value.
 *   - If there are more of them than columns, one free text holds the rest. Most columns have a
 *     form (times, numbers, UUIDs, words), so only the right one lets all others keep theirs. If
 *     that does not single one out, the record is refused.
 * A record that does not begin with a quote is a line, split at commas.
 */
#include <stdlib.h>

#include "freeswitch.h"
#include "json_document.h"

#define LINES_MOST  16
#define COLUMNS_MAX 64
#define PARTS_MAX   256

struct template
{
    const char *const *columns;
    size_t count;
    char separator;
};

static const char *const usual_columns[] = {"caller_id_name",
                                            "caller_id_number",
                                            "destination_number",
                                            "context",
                                            "start_stamp",
                                            "answer_stamp",
                                            "end_stamp",
                                            "duration",
                                            "billsec",
                                            "hangup_cause",
                                            "uuid",
                                            "bleg_uuid",
                                            "accountcode",
                                            "read_codec",
                                            "write_codec",
                                            NULL};

/* --- options --- */

static enum status
template_prepare(void **shared, const struct format *f, struct error *err)
{
    const struct format_options *o = format_options(f);
    struct template t = {.columns = o->columns && o->columns[0] ? o->columns : usual_columns,
                         .separator = ','};
    struct template *copy;

    while (t.columns[t.count])
        t.count++;
    if (t.count > COLUMNS_MAX)
        return fail(err, ST_BAD_CONFIG, "columns: more than %d", COLUMNS_MAX);
    if (o->separator && *o->separator) {
        if (o->separator[1] || *o->separator == '"')
            return fail(err, ST_BAD_CONFIG, "separator: \"%.20s\" is not one byte", o->separator);
        t.separator = *o->separator;
    }
    copy = xmalloc(sizeof *copy);
    *copy = t;
    *shared = copy;
    return ST_OK;
}

static void
template_release(void *shared)
{
    free(shared);
}

/* --- frames --- */

static size_t
frame_record(struct span s, bool eof)
{
    const char *end = s.p + s.n, *nl = s.p;

    if (*s.p != '"')
        return frame_line(s, eof);
    for (int lines = 1; (nl = memchr(nl, '\n', (size_t)(end - nl))) != NULL; lines++) {
        const char *before = nl[-1] == '\r' ? nl - 2 : nl - 1;

        nl++;
        if ((before > s.p && *before == '"') || lines == LINES_MOST)
            return (size_t)(nl - s.p);
        if (nl < end && (*nl == '"' || *nl == '\n' || *nl == '\r'))
            return (size_t)(nl - s.p);
    }
    return eof ? s.n : 0;
}

/* --- values --- */

struct parts {
    struct span v[PARTS_MAX];
    size_t n; /* also those beyond the limit, which are not there */
};

static void
add(struct parts *parts, const char *from, const char *to)
{
    if (parts->n < PARTS_MAX)
        parts->v[parts->n] = span_of(from, (size_t)(to - from));
    parts->n++;
}

/* The text inside of the outermost quotes. */
static void
split_quoted(struct span s, char separator, struct parts *parts)
{
    const char *from = s.p, *end = s.p + s.n;

    for (const char *p = s.p; p < end; p++) {
        const char *q = p + 2;

        if (*p != '"' || end - p < 3 || p[1] != separator)
            continue;
        while (q < end && *q == ' ')
            q++;
        if (q == end || *q != '"')
            continue;
        add(parts, from, p);
        from = q + 1;
        p = q;
    }
    add(parts, from, end);
}

static void
split_bare(struct span s, char separator, struct parts *parts)
{
    const char *from = s.p, *end = s.p + s.n, *p;

    while ((p = memchr(from, separator, (size_t)(end - from))) != NULL) {
        add(parts, from, p);
        from = p + 1;
    }
    add(parts, from, end);
}

/* --- more values than columns --- */

static bool
ends(struct span s, const char *with)
{
    size_t n = strlen(with);

    return s.n >= n && memcmp(s.p + s.n - n, with, n) == 0;
}

/* Columns that may hold anything: those that people fill, and those that nobody here knows. */
static bool
is_free(struct span column)
{
    static const char *const formed[] = {
        "caller_id_number", "destination_number", "context",        "duration",
        "billsec",          "hangup_cause",       "uuid",           "read_codec",
        "write_codec",      "channel_name",       "bridge_channel", "last_app",
        "amaflags",         "conference_uuid",    "accountcode"};

    for (size_t i = 0; i < sizeof formed / sizeof *formed; i++)
        if (span_eq_nocase(column, span_str(formed[i])))
            return false;
    return !ends(column, "_stamp") && !ends(column, "_epoch") && !ends(column, "_uuid");
}

/* Does a value look as one of this column does? Empty ones do. */
static bool
is_formed(struct span column, struct span value)
{
    static const char date[] = "0000-00-00 00:00:00";

    if (value.n == 0 || is_free(column))
        return true;
    if (ends(column, "_stamp")) {
        for (size_t i = 0; i < value.n && value.n == sizeof date - 1; i++)
            if (date[i] == '0' ? value.p[i] < '0' || value.p[i] > '9' : value.p[i] != date[i])
                return false;
        return value.n == sizeof date - 1;
    }
    if (ends(column, "_epoch") || span_is(column, "duration") || span_is(column, "billsec")) {
        for (size_t i = 0; i < value.n; i++)
            if (value.p[i] < '0' || value.p[i] > '9')
                return false;
        return true;
    }
    if (ends(column, "uuid"))
        return value.n == 36 && value.p[8] == '-' && value.p[23] == '-';
    if ((ends(column, "_channel") || span_is(column, "channel_name")) &&
        !memchr(value.p, '/', value.n)) /* sofia/internal/1001@example.org */
        return false;
    return !memchr(value.p, '"', value.n) && !memchr(value.p, ',', value.n) &&
           !memchr(value.p, ' ', value.n);
}

/* The value of a column if column `wide` holds all that is too much: bytes that lie together. */
static struct span
value_at(const struct parts *parts, size_t column, size_t wide, size_t extra)
{
    const struct span *first = &parts->v[column > wide ? column + extra : column];
    const struct span *last = column == wide ? first + extra : first;

    return span_of(first->p, (size_t)(last->p + last->n - first->p));
}

static bool
all_formed(const struct template *t, const struct parts *parts, size_t wide, size_t extra)
{
    for (size_t i = 0; i < t->count; i++)
        if (!is_formed(span_str(t->columns[i]), value_at(parts, i, wide, extra)))
            return false;
    return true;
}

/* The only free column that may hold what is too much; t->count: none, or no telling. */
static size_t
wide_column(const struct template *t, const struct parts *parts, size_t extra)
{
    size_t found = t->count;

    for (size_t i = 0; i < t->count; i++) {
        if (!is_free(span_str(t->columns[i])) || !all_formed(t, parts, i, extra))
            continue;
        if (found < t->count)
            return t->count;
        found = i;
    }
    return found;
}

/* --- records --- */

static enum status
take_down(struct document *d, const struct template *t, const struct parts *parts,
          struct error *err)
{
    struct named_values v = {.mem = d->mem};
    size_t extra = parts->n - t->count, wide = t->count;
    struct span name, number;

    if (parts->n < t->count || parts->n > PARTS_MAX)
        return fail_at(err, ST_BAD_INPUT, 0, "columns: %zu, template has %zu", parts->n, t->count);
    if (extra > 0)
        wide = wide_column(t, parts, extra);
    if (extra > 0 && wide == t->count)
        return fail_at(err, ST_BAD_INPUT, 0,
                       "columns: %zu, template has %zu, and no telling which holds the rest",
                       parts->n, t->count);
    for (size_t i = 0; i < t->count; i++)
        values_add(&v, span_str(t->columns[i]), value_at(parts, i, wide, extra));
    caller_id_split(values_get(&v, "caller_id"), &name, &number);
    values_add(&v, SPAN("caller_id_name"), name);
    values_add(&v, SPAN("caller_id_number"), number);
    freeswitch_leg(d, &v);
    return ST_OK;
}

static enum status
template_read(struct document *d, struct span frame, struct error *err)
{
    const struct template *t = format_shared(d->format);
    struct parts parts = {.n = 0};

    if (span_trim(frame).n == 0)
        return ST_SKIP;
    if (*frame.p != '"') {
        split_bare(frame, t->separator, &parts);
        return take_down(d, t, &parts, err);
    }
    if (frame.n < 2 || frame.p[frame.n - 1] != '"')
        return fail_at(err, ST_BAD_INPUT, (long)frame.n, "quote: never closed");
    split_quoted(span_of(frame.p + 1, frame.n - 2), t->separator, &parts);
    return take_down(d, t, &parts, err);
}

static const struct document_ops freeswitch_csv = {.frame = frame_record, .read = template_read};

const struct parser_ops parser_freeswitch_csv =
    DOCUMENT_PARSER("freeswitch-csv", "FreeSWITCH call detail records by a template (mod_cdr_csv)",
                    &freeswitch_csv, template_prepare, template_release);
