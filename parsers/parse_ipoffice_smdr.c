/*
 * parse_ipoffice_smdr.c - station message detail records of Avaya IP Office: a line of comma
 * separated values for each part of a call, when that has ended.
 *
 *   2026/03/01 09:00:00,00:10:00,4,201,O,700,700,acme,1,1000014,0,E201,Ann,V11001,CO Channel 100.1,
 *   0,0,...                                                              (one line in the file)
 *
 * Columns are known by their places, the first seventeen; what stands behind them is of the
 * release. A party is an extension (E), a line (T), or something of the system's own (V), and a
 * conference is what is called "CO Channel" there: its number, a dot, and the channel.
 */
#include "civil.h"
#include "csv_scan.h"
#include "format_tables.h"
#include "json_document.h"
#include "timetext.h"

enum column {
    CALL_START,
    CONNECTED_TIME,
    RING_TIME,
    CALLER,
    DIRECTION,
    CALLED_NUMBER,
    DIALLED_NUMBER,
    ACCOUNT,
    IS_INTERNAL,
    CALL_ID,
    CONTINUATION,
    PARTY1_DEVICE,
    PARTY1_NAME,
    PARTY2_DEVICE,
    PARTY2_NAME,
    HOLD_TIME,
    PARK_TIME,
    COLUMNS,
};

static const char *const names[COLUMNS] = {
    "call-start",     "connected-time", "ring-time",   "caller",    "direction",    "called-number",
    "dialled-number", "account",        "is-internal", "call-id",   "continuation", "party1-device",
    "party1-name",    "party2-device",  "party2-name", "hold-time", "park-time",
};

static enum status
split(struct document *d, struct span line, struct span *v, struct error *err)
{
    struct csv_rules rules;
    struct csv_cursor c;
    struct csv_cell cell;
    enum csv_step step;
    size_t n = 0;

    if (csv_rules_of(&rules, d->format, err) != ST_OK)
        return ST_BAD_INPUT;
    csv_begin(&c, line, line.n, true);
    do {
        step = csv_next(&rules, &c, &cell);
        if (step == CSV_BAD)
            return fail_at(err, ST_BAD_INPUT, c.at - line.p, "%s", c.why);
        if (n < COLUMNS)
            v[n] = span_trim(csv_unescape(&rules, cell, d->mem));
        n++;
    } while (step == CSV_CELL);
    if (n < COLUMNS)
        return fail(err, ST_BAD_INPUT, "columns: %zu, format has %d", n, COLUMNS);
    return ST_OK;
}

static bool
is_flag(struct span s)
{
    return span_is(s, "0") || span_is(s, "1");
}

static bool
is_device(struct span s)
{
    return s.n == 0 || memchr("ETV", *s.p, 3) != NULL;
}

static bool
is_number(struct span s)
{
    int64_t n;

    return s.n == 0 || (span_to_i64(s, &n) && n >= 0);
}

/* Names are not quoted: one with a comma in it moves what stands behind it. */
static bool
in_place(const struct span *v)
{
    return is_flag(v[IS_INTERNAL]) && is_flag(v[CONTINUATION]) && is_device(v[PARTY1_DEVICE]) &&
           is_device(v[PARTY2_DEVICE]) && is_number(v[RING_TIME]) && is_number(v[HOLD_TIME]) &&
           is_number(v[PARK_TIME]);
}

/* "100" of "CO Channel 100.1"; empty: the party is no conference. */
static struct span
room_of(struct span device, struct span name)
{
    static const char channel[] = "CO Channel ";
    size_t n = sizeof channel - 1;
    const char *dot;

    if (device.n == 0 || *device.p != 'V' || name.n <= n || memcmp(name.p, channel, n) != 0)
        return SPAN("");
    name = span_of(name.p + n, name.n - n);
    dot = memchr(name.p, '.', name.n);
    return dot ? span_of(name.p, (size_t)(dot - name.p)) : name;
}

/* The call's beginning and the time that it rang, in the system's own zone. */
static struct span
answered_at(struct document *d, const struct span *v)
{
    int64_t utc, rang = 0;
    bool floating;

    if (!timetext_read_pattern("%Y/%m/%d %T", v[CALL_START], &utc, &floating) &&
        !timetext_read_pattern("%Y/%m/%d %H:%M", v[CALL_START], &utc, &floating))
        return v[CALL_START];
    if (v[RING_TIME].n > 0 && (!span_to_i64(v[RING_TIME], &rang) || rang > DAY_SECONDS))
        rang = 0;
    return document_clock(d, utc + rang);
}

/* Who is there: an extension by its number, a line by the number at its other end. */
static void
give_party(struct fields *r, const struct span *v, enum column device)
{
    bool line = v[device].n > 0 && *v[device].p == 'T';
    bool called = span_is(v[DIRECTION], "outbound");

    fields_set(r, FIELD_PARTICIPANT_NAME, line ? SPAN("") : v[device + 1]);
    if (line)
        fields_set(r, FIELD_PARTICIPANT, v[called ? CALLED_NUMBER : CALLER]);
    else if (v[device].n > 1)
        fields_set(r, FIELD_PARTICIPANT, span_of(v[device].p + 1, v[device].n - 1));
    fields_set(r, FIELD_PARTICIPANT, v[CALLER]);
}

static void
give_record(struct document *d, struct fields *r, struct span *v, uint32_t seconds)
{
    struct span one = room_of(v[PARTY1_DEVICE], v[PARTY1_NAME]);
    struct span two = room_of(v[PARTY2_DEVICE], v[PARTY2_NAME]);

    v[DIRECTION] = span_is(v[DIRECTION], "I") ? SPAN("inbound") : SPAN("outbound");
    for (size_t i = 0; i < COLUMNS; i++)
        document_value(d, r, names[i], v[i]);
    fields_set(r, FIELD_ID,
               DOCUMENT_ID(d, v[CALL_ID], v[CALL_START], v[CONNECTED_TIME], v[RING_TIME],
                           v[PARTY1_DEVICE], v[PARTY2_DEVICE], v[HOLD_TIME], v[PARK_TIME]));
    fields_set(r, FIELD_START, answered_at(d, v));
    fields_set(r, FIELD_DURATION, document_text(d, "%u", seconds));
    fields_set(r, FIELD_WAIT, v[RING_TIME]);
    if (seconds == 0)
        fields_set(r, FIELD_OUTCOME, SPAN("rejected"));
    if (one.n == 0 && two.n == 0)
        fields_set(r, FIELD_REASON, SPAN("part of a call of two"));
    fields_set(r, FIELD_CONFERENCE, two.n > 0 ? two : one);
    give_party(r, v, two.n == 0 && one.n > 0 ? PARTY2_DEVICE : PARTY1_DEVICE);
}

static enum status
smdr_read(struct document *d, struct span frame, struct error *err)
{
    struct span v[COLUMNS];
    uint32_t seconds;
    enum status st;

    if (span_trim(frame).n == 0)
        return ST_SKIP;
    if (memchr(frame.p, '\0', frame.n))
        return fail(err, ST_BAD_INPUT, "line: NUL byte");
    st = split(d, frame, v, err);
    if (st != ST_OK)
        return st;
    if (span_eq_nocase(v[CALL_START], SPAN("call start"))) {
        document_ignore(d, "line of the columns' names");
        return ST_OK;
    }
    if (!in_place(v))
        return fail(err, ST_BAD_INPUT, "columns: not in their places; is there a comma in a name?");
    if (!unit_read(UNIT_CLOCK, v[CONNECTED_TIME], &seconds))
        return fail(err, ST_BAD_INPUT, "duration: connected time is none");
    give_record(d, document_record(d), v, seconds);
    return ST_OK;
}

static const struct document_ops smdr = {.frame = frame_line, .read = smdr_read};

const struct parser_ops parser_ipoffice_smdr = DOCUMENT_PARSER(
    "ipoffice-smdr", "Avaya IP Office SMDR", &smdr, document_prepare, document_release);
