/*
 * parse_3cx.c - call data records of 3CX: one line for each segment of a call, in the columns that
 * the administrator chose.
 *
 *   Call 612504,00000186A1,00:05:03,2026/03/01 09:00:00,2026/03/01 09:00:04,2026/03/01 09:05:07,
 *   TerminatedBySrc,Ext.100,Ext.700,100,700,700,,700,700,acme,,,,Chain: Ext.100;Ext.700;,Extension,
 *   ConfPlace,ConfPlace,Doe, Ann,Conference,Conference,                      (one line in the file)
 *
 * Nothing is quoted, so a comma in a name looks like one more column. The columns that cannot hold
 * one are counted from both ends, and around "Chain:"; what is between two names stays unknown.
 */
#include "format_tables.h"
#include "json_document.h"

#define MAX_COLUMNS 64
#define MAX_CELLS   256

/* What the console offers when nothing was changed. */
static const char *const usual_columns[] = {"historyid",
                                            "callid",
                                            "duration",
                                            "time-start",
                                            "time-answered",
                                            "time-end",
                                            "reason-terminated",
                                            "from-no",
                                            "to-no",
                                            "from-dn",
                                            "to-dn",
                                            "dial-no",
                                            "reason-changed",
                                            "final-number",
                                            "final-dn",
                                            "bill-code",
                                            "bill-rate",
                                            "bill-cost",
                                            "bill-name",
                                            "chain",
                                            "from-type",
                                            "to-type",
                                            "final-type",
                                            "from-dispname",
                                            "to-dispname",
                                            "final-dispname",
                                            "missed-queue-calls",
                                            NULL};

struct row {
    struct document *d;
    const char *const *names;
    struct span value[MAX_COLUMNS];
    size_t columns;
    struct span cell[MAX_CELLS];
    size_t cells;
};

static struct span
value_of(const struct row *r, const char *name)
{
    for (size_t i = 0; i < r->columns; i++)
        if (strcmp(r->names[i], name) == 0)
            return r->value[i];
    return SPAN("");
}

static bool
begins(struct span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && memcmp(s.p, text, n) == 0;
}

static struct span
without(struct span s, const char *prefix)
{
    return begins(s, prefix) ? span_trim(span_of(s.p + strlen(prefix), s.n - strlen(prefix))) : s;
}

/* --- which cell is which column --- */

static bool
may_hold_comma(const char *name)
{
    return strstr(name, "dispname") || strcmp(name, "bill-name") == 0;
}

/* Columns [c, c + columns) are in cells [at, at + cells), cells >= columns. */
static void
place(struct row *r, size_t c, size_t columns, size_t at, size_t cells)
{
    while (columns > 0 && (cells == columns || !may_hold_comma(r->names[c]))) {
        r->value[c++] = r->cell[at++];
        columns--;
        cells--;
    }
    while (columns > 0 && !may_hold_comma(r->names[c + columns - 1])) {
        columns--;
        cells--;
        r->value[c + columns] = r->cell[at + cells];
    }
    if (columns == 1)
        r->value[c] = span_of(r->cell[at].p, (size_t)(r->cell[at + cells - 1].p +
                                                      r->cell[at + cells - 1].n - r->cell[at].p));
    if (columns <= 1)
        return;
    for (size_t i = 1; i + 1 < columns; i++) {
        if (strcmp(r->names[c + i], "chain") != 0)
            continue;
        for (size_t j = i; j + (columns - i) <= cells; j++)
            if (begins(r->cell[at + j], "Chain:")) {
                r->value[c + i] = r->cell[at + j];
                place(r, c, i, at, j);
                place(r, c + i + 1, columns - i - 1, at + j + 1, cells - j - 1);
                return;
            }
    }
}

static enum status
split(struct row *r, struct span line, struct error *err)
{
    const char *p = line.p, *end = line.p + line.n;

    while (r->names[r->columns])
        r->columns++;
    for (;;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));

        if (r->cells == MAX_CELLS)
            return fail(err, ST_BAD_INPUT, "columns: more than %d", MAX_CELLS);
        r->cell[r->cells++] = span_of(p, (size_t)((comma ? comma : end) - p));
        if (!comma)
            break;
        p = comma + 1;
    }
    if (r->cells < r->columns)
        return fail(err, ST_BAD_INPUT, "columns: %zu, format has %zu", r->cells, r->columns);
    place(r, 0, r->columns, 0, r->cells);
    for (size_t i = 0; i < r->columns; i++)
        r->value[i] = span_trim(r->value[i]);
    return ST_OK;
}

/* --- what it means --- */

/* "00:05:03" as seconds; empty: no such text. */
static struct span
seconds_of(struct document *d, struct span clock)
{
    uint32_t seconds;

    if (clock.n == 0 || !unit_read(UNIT_CLOCK, clock, &seconds))
        return SPAN("");
    return document_text(d, "%u", seconds);
}

static bool
says(struct span s, const char *const *words)
{
    for (; *words; words++)
        for (size_t n = strlen(*words), i = 0; i + n <= s.n; i++)
            if (span_eq_nocase(span_of(s.p + i, n), span_str(*words)))
                return true;
    return false;
}

/* Versions spell their words differently: Failed_Busy, busy, TerminatedBySrc,
 * src_participant_terminated. */
static void
give_result(struct row *row, struct fields *r)
{
    static const char *const decided[] = {"busy", "answer", "cancel", "terminated", "reject", NULL};
    struct span answered = value_of(row, "time-answered");
    struct span reason = value_of(row, "reason-terminated");

    fields_set(r, FIELD_END, value_of(row, "time-end"));
    if (answered.n > 0) {
        fields_set(r, FIELD_START, answered);
        fields_set(r, FIELD_DURATION, seconds_of(row->d, value_of(row, "duration")));
        return;
    }
    fields_set(r, FIELD_START, value_of(row, "time-start"));
    fields_set(r, FIELD_DURATION, SPAN("0"));
    fields_set(r, FIELD_OUTCOME,
               reason.n == 0 || says(reason, decided) ? SPAN("rejected") : SPAN("failed"));
    fields_set(r, FIELD_CAUSE, reason);
}

/* Where a segment leads to; types are ConfPlace or conf_place. */
static void
give_conference(struct row *row, struct fields *r)
{
    static const char *const rooms[] = {"confplace", "conf_place", "conference", NULL};
    bool final = says(value_of(row, "final-type"), rooms);

    if (!final && !says(value_of(row, "to-type"), rooms)) {
        fields_set(r, FIELD_REASON, SPAN("segment of a call of two"));
        return;
    }
    fields_set(r, FIELD_CONFERENCE, without(value_of(row, final ? "final-dn" : "to-dn"), "Ext."));
    fields_set(r, FIELD_CONFERENCE, without(value_of(row, "dial-no"), "Ext."));
}

/* What 3CX itself puts in front of a value; people's names may begin in the same way. */
static struct span
plain(const char *name, struct span value)
{
    if (may_hold_comma(name))
        return value;
    if (strcmp(name, "historyid") == 0)
        return without(value, "Call ");
    return without(without(value, "Chain:"), "Ext.");
}

static void
give_all(struct row *row, struct fields *r)
{
    for (size_t i = 0; i < row->columns; i++) {
        struct span v = plain(row->names[i], row->value[i]);

        if (strcmp(row->names[i], "duration") != 0)
            document_value(row->d, r, row->names[i], v);
    }
}

static enum status
threecx_read(struct document *d, struct span frame, struct error *err)
{
    const char *const *names = format_options(d->format)->columns;
    struct row row = {.d = d, .names = names ? names : usual_columns};
    struct fields *r;
    enum status st;

    /* The port is open to whoever scans it. */
    if (strcmp(row.names[0], "historyid") == 0 && !begins(frame, "Call "))
        return fail_at(err, ST_BAD_INPUT, 0, "3cx: does not begin with \"Call \"");
    st = split(&row, frame, err);
    if (st != ST_OK)
        return st;
    if (value_of(&row, "historyid").n > 0 && !begins(value_of(&row, "historyid"), "Call "))
        return fail(err, ST_BAD_INPUT, "3cx: historyid does not begin with \"Call \"");
    r = document_record(d);
    give_all(&row, r);
    fields_set(r, FIELD_ID, without(value_of(&row, "historyid"), "Call "));
    give_result(&row, r);
    give_conference(&row, r);
    return ST_OK;
}

static enum status
threecx_prepare(void **shared, const struct format *f, struct error *err)
{
    const char *const *names = format_options(f)->columns;
    static const char *const needed[] = {"time-start", "time-answered", "time-end"};
    size_t n = 0, found = 0;

    for (; names && names[n]; n++)
        for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
            found |= strcmp(names[n], needed[i]) == 0 ? (size_t)1 << i : 0;
    if (n > MAX_COLUMNS)
        return fail(err, ST_BAD_CONFIG, "columns: more than %d", MAX_COLUMNS);
    if (names && found != 7)
        return fail(err, ST_BAD_CONFIG,
                    "columns: time-start, time-answered and time-end have to be among them");
    *shared = NULL;
    return ST_OK;
}

static const struct document_ops threecx = {.frame = frame_line, .read = threecx_read};

const struct parser_ops parser_3cx =
    DOCUMENT_PARSER("3cx", "3CX call data records", &threecx, threecx_prepare, document_release);
