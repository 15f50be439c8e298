/*
 * parse_asterisk_cdr.c - call detail records of Asterisk: cdr_csv's Master.csv, and cdr_custom
 * files with their columns listed.
 *
 *   "acme","1001","8600","from-pstn","""Ann Example"" <1001>","PJSIP/1001-0000002a","",
 *   "ConfBridge","4711,default_bridge,default_user","2026-03-01 09:00:02",
 *   "2026-03-01 09:00:02","2026-03-01 09:30:02",1800,1800,"ANSWERED","DOCUMENTATION",
 *   "1772355602.42","",,"1772355602.42",17                              (one line in the file)
 *
 * Master.csv has no header, and 16 to 21 columns by the settings of cdr.conf. A line that is a JSON
 * object names its columns itself. Which field a column feeds is said by the format's `map`, as for
 * csv. What a map cannot say is here:
 *   conference   the first argument of ConfBridge, MeetMe and Page
 *   id           uniqueid and sequence: uniqueid alone is shared by all records of a call. Without
 *                a sequence the whole record, if it names its channel or call
 *   participant  the number in clid when src is empty, else clid's name
 *   participant_name  the name in clid
 *   cause        the disposition of a call that was not answered
 * Each only if the format's map did not fill the field already. A call of two parties has no
 * conference, and is left out unless the map gives it one.
 */
#include <stdlib.h>

#include "asterisk_row.h"
#include "hash.h"
#include "json_document.h"
#include "named_values.h"

/* The columns of Master.csv with everything switched on, in its order. */
enum column {
    COL_ACCOUNTCODE,
    COL_SRC,
    COL_DST,
    COL_DCONTEXT,
    COL_CLID,
    COL_CHANNEL,
    COL_DSTCHANNEL,
    COL_LASTAPP,
    COL_LASTDATA,
    COL_START,
    COL_ANSWER,
    COL_END,
    COL_DURATION,
    COL_BILLSEC,
    COL_DISPOSITION,
    COL_AMAFLAGS,
    COL_UNIQUEID,
    COL_USERFIELD,
    COL_PEERACCOUNT,
    COL_LINKEDID,
    COL_SEQUENCE,
    COL_COUNT
};

static const char *const column_names[COL_COUNT] = {
    "accountcode", "src",      "dst",      "dcontext",  "clid",        "channel",  "dstchannel",
    "lastapp",     "lastdata", "start",    "answer",    "end",         "duration", "billsec",
    "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
};

#define BASE_COLUMNS   COL_UNIQUEID /* without loguniqueid, loguserfield and newcdrcolumns */
#define COLUMN_UNKNOWN COL_COUNT    /* a listed column that Master.csv does not have */

struct place {
    uint8_t column; /* enum column */
    uint8_t field;  /* enum field, FIELD_COUNT: none */
};

struct asterisk {
    struct csv_rules rules;
    bool listed; /* columns were listed: exactly these */
    size_t count;
    struct place places[ASTERISK_MAX_COLUMNS];
};

/* --- options --- */

static uint8_t
column_find(struct span name)
{
    uint8_t c = 0;

    while (c < COL_COUNT && !span_eq_nocase(name, span_str(column_names[c])))
        c++;
    return c;
}

static enum status
asterisk_prepare(void **shared, const struct format *f, struct error *err)
{
    const char *const *names = format_options(f)->columns;
    struct asterisk a = {.listed = names && names[0]};
    enum status st = csv_rules_of(&a.rules, f, err);
    bool any = false;
    struct asterisk *copy;

    if (st != ST_OK)
        return st;
    if (!a.listed)
        names = column_names;
    for (; a.listed ? names[a.count] != NULL : a.count < COL_COUNT; a.count++) {
        struct span name = span_trim(span_str(names[a.count]));

        if (a.count == ASTERISK_MAX_COLUMNS)
            return fail(err, ST_BAD_CONFIG, "columns: more than %d", ASTERISK_MAX_COLUMNS);
        a.places[a.count].column = column_find(name);
        a.places[a.count].field = (uint8_t)format_field_of(f, name);
        any = any || a.places[a.count].field != FIELD_COUNT;
    }
    if (!any)
        return fail(err, ST_BAD_CONFIG, "columns: none of them feeds a field");
    copy = xmalloc(sizeof *copy);
    *copy = a;
    *shared = copy;
    return ST_OK;
}

static void
asterisk_release(void *shared)
{
    free(shared);
}

/* --- which cell is which column --- */

static size_t
digits_at(struct span s, size_t i)
{
    size_t n = 0;

    while (i + n < s.n && s.p[i + n] >= '0' && s.p[i + n] <= '9')
        n++;
    return n;
}

/* "[systemname-]seconds.counter", a system name having no "-". */
static bool
is_uniqueid(struct span s)
{
    const char *dash = memchr(s.p, '-', s.n);
    size_t i = dash ? (size_t)(dash - s.p) + 1 : 0, n = digits_at(s, i);

    if (n == 0 || i + n == s.n || s.p[i + n] != '.')
        return false;
    i += n + 1;
    n = digits_at(s, i);
    return n > 0 && i + n == s.n;
}

/*
 * The column of the i-th cell of n. Behind the sixteen that are always there stand, each if
 * switched on: uniqueid, userfield, and three at once. 17 and 20 cells hold one of the first
 * two, and only its look tells which.
 */
static enum column
column_at(size_t i, size_t n, const struct span *cells)
{
    size_t extra = n >= 19 ? n - 3 : n; /* the three stand last */

    if (i < BASE_COLUMNS)
        return (enum column)i;
    if (i >= extra)
        return (enum column)(COL_PEERACCOUNT + (i - extra));
    if (extra == 17)
        return is_uniqueid(cells[BASE_COLUMNS]) ? COL_UNIQUEID : COL_USERFIELD;
    return (enum column)i;
}

/* --- what a map cannot say --- */

static struct span
identity(struct document *d, const struct span *col, struct span raw)
{
    struct span id = col[COL_UNIQUEID], sequence = col[COL_SEQUENCE];

    if (id.n > 0 && sequence.n > 0)
        return DOCUMENT_ID(d, id, sequence);
    if (id.n == 0 && col[COL_CHANNEL].n == 0)
        return SPAN(""); /* equal records might be two */
    return document_text(d, "%016llx", (unsigned long long)hash_bytes(raw.p, raw.n, 0));
}

static void
set_participant(struct document *d, struct fields *out, struct span clid)
{
    struct span name, number;

    caller_id_split(clid, &name, &number);
    fields_set(out, FIELD_PARTICIPANT_NAME, document_name(d, name));
    fields_set(out, FIELD_PARTICIPANT, number);
    fields_set(out, FIELD_PARTICIPANT, document_name(d, name));
}

/* Is it a call that was put through to another channel, or was to be? */
static bool
is_of_two(const struct span *col)
{
    static const char *const apps[] = {"Dial",     "RetryDial", "FollowMe", "Queue",     "AppDial",
                                       "AppQueue", "Bridge",    "Pickup",   "ParkedCall"};

    for (size_t i = 0; i < sizeof apps / sizeof *apps; i++)
        if (span_eq_nocase(col[COL_LASTAPP], span_str(apps[i])))
            return true;
    return col[COL_DSTCHANNEL].n > 0;
}

/* --- records --- */

static enum status
count_error(const struct asterisk *a, size_t n, size_t pos, struct error *err)
{
    if (a->listed)
        return fail_at(err, ST_BAD_INPUT, (long)pos, "columns: %zu, format has %zu", n, a->count);
    return fail_at(err, ST_BAD_INPUT, (long)pos, "columns: %zu, expected %d to %d", n, BASE_COLUMNS,
                   COL_COUNT);
}

/* Cells by their columns, and to the fields that the map gives them to. */
static void
place(const struct format *f, const struct asterisk_row *row, struct span *col, struct fields *out)
{
    const struct asterisk *a = format_shared(f);

    for (size_t i = 0; i < row->n; i++) {
        size_t at = row->named || a->listed ? i : column_at(i, row->n, row->cells);
        enum field field =
            row->named ? format_field_of(f, row->names[i]) : (enum field)a->places[at].field;

        col[row->named ? column_find(row->names[i]) : a->places[at].column] = row->cells[i];
        fields_set(out, field, row->cells[i]);
    }
}

static enum status
understand(const struct format *f, const struct asterisk_row *row, struct span raw,
           struct arena *mem, struct fields *out, struct error *err)
{
    struct document d = {.format = f, .mem = mem};
    struct span col[COL_COUNT + 1] = {{NULL, 0}};

    place(f, row, col, out);
    if (asterisk_conference_app(col[COL_LASTAPP]))
        fields_set(out, FIELD_CONFERENCE, asterisk_room(col[COL_LASTDATA]));
    if (!(out->has & FIELD_BIT(FIELD_CONFERENCE)) && is_of_two(col))
        return fail(err, ST_IGNORE, "call of two parties");
    fields_set(out, FIELD_ID, identity(&d, col, raw));
    if (col[COL_CLID].n > 0)
        set_participant(&d, out, col[COL_CLID]);
    if (!span_eq_nocase(col[COL_DISPOSITION], SPAN("ANSWERED")))
        fields_set(out, FIELD_CAUSE, col[COL_DISPOSITION]);
    return ST_OK;
}

static enum status
asterisk_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
              struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
              struct error *err)
{
    const struct asterisk *a = format_shared(f);
    struct asterisk_row row;
    enum status st;

    (void)state, (void)layout;
    fields_begin(out);
    st = asterisk_row_next(&a->rules, max_frame, rest, mem, &row, raw, err);
    if (st != ST_OK)
        return st;
    if (!row.named && (a->listed ? row.n != a->count : row.n < BASE_COLUMNS || row.n > COL_COUNT))
        return count_error(a, row.n, raw->n, err);
    return understand(f, &row, *raw, mem, out, err);
}

static void
asterisk_show(const struct format *f, struct span header, struct span raw, struct arena *mem,
              column_seen *seen, void *arg)
{
    const struct asterisk *a = format_shared(f);
    const char *const *listed = format_options(f)->columns;
    struct asterisk_row row;

    (void)header;
    if (asterisk_row_next(&a->rules, raw.n, &raw, mem, &row, &(struct span){0}, NULL) != ST_OK ||
        (!row.named && (a->listed ? row.n != a->count : row.n < BASE_COLUMNS || row.n > COL_COUNT)))
        return;
    for (size_t i = 0; i < row.n; i++) {
        size_t at = row.named || a->listed ? i : column_at(i, row.n, row.cells);
        struct span name = row.named   ? row.names[i]
                           : a->listed ? span_str(listed[i])
                                       : span_str(column_names[a->places[at].column]);

        seen(arg, name, row.cells[i], format_field_of(f, name));
    }
}

static size_t
asterisk_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    const struct asterisk *a = format_shared(f);

    return csv_cut(&a->rules, buf, max_frame, eof);
}

static void *
asterisk_open(const struct format *f)
{
    (void)f;
    return NULL; /* nothing is kept between records */
}

static void
asterisk_close(void *state)
{
    (void)state;
}

const struct parser_ops parser_asterisk_cdr = {
    .name = "asterisk-cdr",
    .summary = "Asterisk call detail records (cdr_csv, cdr_custom)",
    .prepare = asterisk_prepare,
    .release = asterisk_release,
    .open = asterisk_open,
    .close = asterisk_close,
    .wants_header = document_wants_header,
    .read_header = document_read_header,
    .layout_free = document_layout_free,
    .cut = asterisk_cut,
    .next = asterisk_next,
    .show = asterisk_show,
    .names_apart = true,
};
