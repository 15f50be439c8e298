/*
 * cucm_file.c - files of Cisco Unified CM: which cell is which column.
 */
#include "cucm_file.h"

#include <stdlib.h>

#include "csv_scan.h"

#define MAX_COLUMNS 512

static const char *const column_names[COL_COUNT] = {
    [COL_RECORD_TYPE] = "cdrRecordType",
    [COL_MANAGER] = "globalCallID_callManagerId",
    [COL_CALL] = "globalCallID_callId",
    [COL_CLUSTER] = "globalCallId_ClusterID",
    [COL_PKID] = "pkid",
    [COL_ORIG_LEG] = "origLegCallIdentifier",
    [COL_ORIGINATION] = "dateTimeOrigination",
    [COL_CONNECT] = "dateTimeConnect",
    [COL_DISCONNECT] = "dateTimeDisconnect",
    [COL_DURATION] = "duration",
    [COL_CALLING] = "callingPartyNumber",
    [COL_CALLING_URI] = "callingPartyNumber_uri",
    [COL_CALLING_USER] = "callingPartyUnicodeLoginUserID",
    [COL_ORIG_DEVICE] = "origDeviceName",
    [COL_ORIGINAL_CALLED] = "originalCalledPartyNumber",
    [COL_FINAL_CALLED] = "finalCalledPartyNumber",
    [COL_LAST_REDIRECT_DN] = "lastRedirectDn",
    [COL_ORIG_CAUSE] = "origCause_value",
    [COL_DEST_CAUSE] = "destCause_value",
    [COL_ORIG_CODEC] = "origMediaCap_payloadCapability",
    [COL_ORIG_VIDEO] = "origVideoCap_Codec",
    [COL_ORIG_TERMINATION] = "origCallTerminationOnBehalfOf",
    [COL_DEST_TERMINATION] = "destCallTerminationOnBehalfOf",
    [COL_REDIRECT_BEHALF] = "origCalledPartyRedirectOnBehalfOf",
    [COL_LAST_BEHALF] = "lastRedirectRedirectOnBehalfOf",
    [COL_LAST_REASON] = "lastRedirectRedirectReason",
    [COL_JOIN_BEHALF] = "joinOnBehalfOf",
    [COL_CONVERSATION] = "destConversationId",
    [COL_COMMENT] = "comment",
    [COL_CALL_IDENTIFIER] = "callIdentifier",
    [COL_TIME_STAMP] = "dateTimeStamp",
    [COL_DIRECTORY_NUMBER] = "directoryNum",
    [COL_DEVICE] = "deviceName",
    [COL_RECEIVED] = "numberPacketsReceived",
    [COL_LOST] = "numberPacketsLost",
    [COL_JITTER] = "jitter",
    [COL_METRICS] = "varVQMetrics",
};

struct layout {
    size_t count;
    struct {
        uint8_t field;  /* enum field that the map gives it to, or FIELD_COUNT */
        uint8_t column; /* enum column, or COL_COUNT */
    } at[MAX_COLUMNS];
};

enum status
cucm_prepare(void **shared, const struct format *f, struct error *err)
{
    struct csv_rules rules;
    enum status st = csv_rules_of(&rules, f, err);

    if (st != ST_OK)
        return st;
    *shared = xmalloc(sizeof rules);
    memcpy(*shared, &rules, sizeof rules);
    return ST_OK;
}

bool
cucm_wants_header(const struct format *f)
{
    (void)f;
    return true;
}

static uint8_t
column_find(struct span name)
{
    uint8_t c = 0;

    while (c < COL_COUNT && !span_eq_nocase(name, span_str(column_names[c])))
        c++;
    return c;
}

/* The next record's cells, at most MAX_COLUMNS; *n is how many it has. */
static enum csv_step
read_cells(const struct csv_rules *rules, struct csv_cursor *c, struct arena *mem,
           struct span *cells, size_t *n)
{
    enum csv_step step;

    *n = 0;
    do {
        struct csv_cell cell;

        step = csv_next(rules, c, &cell);
        if (step != CSV_BAD && *n < MAX_COLUMNS)
            cells[*n] = csv_unescape(rules, cell, mem);
        ++*n;
    } while (step == CSV_CELL);
    return step;
}

static enum status
layout_check(const struct layout *l, struct error *err)
{
    static const enum column needed[] = {COL_RECORD_TYPE, COL_CALL, COL_PKID};
    bool there[COL_COUNT + 1] = {false};

    for (size_t i = 0; i < l->count; i++)
        there[l->at[i].column] = true;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!there[needed[i]])
            return fail(err, ST_BAD_INPUT, "header: no column %s", column_names[needed[i]]);
    if (!there[COL_ORIGINATION] && !there[COL_TIME_STAMP])
        return fail(err, ST_BAD_INPUT, "header: neither of a CDR nor of a CMR file");
    return ST_OK;
}

enum status
cucm_read_header(const struct format *f, struct span line, struct layout **out, struct error *err)
{
    struct span cells[MAX_COLUMNS];
    struct layout *l;
    struct csv_cursor c;
    struct arena mem;
    enum csv_step step;
    enum status st;
    size_t n;

    arena_init(&mem);
    csv_begin(&c, line, line.n, true);
    step = read_cells(format_shared(f), &c, &mem, cells, &n);
    l = xcalloc(1, sizeof *l);
    if (step == CSV_BAD || n > MAX_COLUMNS) {
        st = fail(err, ST_BAD_INPUT, "header: %s", step == CSV_BAD ? c.why : "too many columns");
    } else {
        l->count = n;
        for (size_t i = 0; i < n; i++) {
            cells[i] = span_trim(cells[i]);
            l->at[i].field = (uint8_t)format_field_of(f, cells[i]);
            l->at[i].column = column_find(cells[i]);
        }
        st = layout_check(l, err);
    }
    arena_clear(&mem);
    if (st == ST_OK)
        *out = l;
    else
        free(l);
    return st;
}

void
cucm_layout_free(struct layout *l)
{
    free(l);
}

size_t
cucm_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    return csv_cut(format_shared(f), buf, max_frame, eof);
}

enum status
cucm_take(struct document *d, const struct layout *layout, size_t max_frame, struct span *rest,
          struct span *col, struct fields *out, struct span *raw, struct error *err)
{
    struct span cells[MAX_COLUMNS];
    struct csv_cursor c;
    enum csv_step step;
    enum status st;
    size_t n;

    csv_begin(&c, *rest, max_frame, true);
    step = read_cells(format_shared(d->format), &c, d->mem, cells, &n);
    st = csv_take(&c, step, rest, raw, err);
    if (st != ST_OK)
        return st;
    if (span_is(cells[0], "INTEGER") || span_is(cells[0], column_names[COL_RECORD_TYPE]))
        return ST_SKIP; /* the types; or files one behind the other */
    if (n != layout->count)
        return fail_at(err, ST_BAD_INPUT, (long)raw->n, "columns: %zu, header has %zu", n,
                       layout->count);
    for (size_t i = 0; i < n; i++) {
        struct span cell = span_trim(cells[i]);

        col[layout->at[i].column] = cell;
        fields_set(out, (enum field)layout->at[i].field, cell);
    }
    return ST_OK;
}
