/*
 * parse_teams_pstn.c - telephone legs of Microsoft Teams: getPstnCalls and getDirectRoutingCalls of
 * Graph as JSON, or the PSTN usage report as CSV.
 *
 *   {"value":[{"id":"9c49...","callType":"conf_in","startDateTime":"2019-11-01T00:00:08.2589935Z",
 *    "duration":219,"callerNumber":"+4930...","conferenceId":"123", ...}]}
 *   UsageId,Call ID,Conference ID,...,Start Time,End Time,Duration Seconds,...
 *
 * Both name the same things differently; the CSV's columns are known by their headers.
 */
#include "csv_table.h"
#include "json_document.h"
#include "named_values.h"

/* JSON's name, or the column's. */
static struct span
get(const struct named_values *v, const char *key, const char *column)
{
    struct span text = values_get(v, key);

    return text.n || !column ? text : values_get(v, column);
}

static bool
begins(struct span s, const char *word)
{
    size_t n = strlen(word);

    return s.n >= n && memcmp(s.p, word, n) == 0;
}

/* "user_in", "conf_out", "user_out_transfer", "ByotIn": which way. */
static const char *
direction_of(struct span type)
{
    for (size_t i = 0; i + 2 <= type.n; i++)
        if (i + 3 <= type.n && span_eq_nocase(span_of(type.p + i, 3), SPAN("out")))
            return "outbound";
    return type.n >= 2 && span_eq_nocase(span_of(type.p + type.n - 2, 2), SPAN("in")) ? "inbound"
                                                                                      : NULL;
}

/* On a conference's line the person is who is at the telephone, and somebody else every time where
 * his number is not told; else it is the user. */
static void
set_person(struct document *d, struct fields *r, const struct named_values *v, struct span type)
{
    struct span number = SPAN("");

    if (begins(type, "conf_in"))
        number = get(v, "callerNumber", "Caller ID");
    else if (begins(type, "conf_out") || begins(type, "user_out_conf"))
        number = get(v, "calleeNumber", "Destination Number");
    if (number.n == 0 && begins(type, "conf_"))
        number = get(v, "id", "UsageId");
    fields_set(r, FIELD_PARTICIPANT, number.n ? number : get(v, "userId", "AAD ObjectId"));
    if (number.n == 0)
        fields_set(r, FIELD_PARTICIPANT_NAME,
                   document_name(d, get(v, "userDisplayName", "User Display Name")));
}

/* Whose user it is: the domain of his name. */
static void
add_domain(struct named_values *v)
{
    struct span name = get(v, "userPrincipalName", "UPN");
    const char *at = name.n ? memchr(name.p, '@', name.n) : NULL;

    if (at)
        values_add(v, SPAN("userDomain"), span_of(at + 1, (size_t)(name.p + name.n - at - 1)));
}

static void
take_row(struct document *d, struct named_values *v)
{
    struct span type = get(v, "callType", "Call Type"),
                start = get(v, "startDateTime", "Start Time");
    const char *direction = direction_of(type);
    struct fields *r;

    if (get(v, "id", "UsageId").n == 0) {
        document_refuse(d, "id: missing");
        return;
    }
    add_domain(v);
    r = document_record(d);
    values_map(d, r, v);
    fields_set(r, FIELD_ID, get(v, "id", "UsageId"));
    fields_set(r, FIELD_CONFERENCE, get(v, "conferenceId", "Conference ID"));
    fields_set(r, FIELD_LEG, document_name(d, get(v, "callId", "Call ID")));
    fields_set(r, FIELD_START, start.n ? start : values_get(v, "inviteDateTime"));
    fields_set(r, FIELD_END, get(v, "endDateTime", "End Time"));
    fields_set(r, FIELD_DURATION, get(v, "duration", "Duration Seconds"));
    fields_set(r, FIELD_DIRECTION, span_str(direction));
    fields_set(r, FIELD_MEDIA, SPAN("pstn"));
    fields_set(r, FIELD_REGION, get(v, "usageCountryCode", "User Location"));
    fields_set(r, FIELD_AMOUNT, get(v, "charge", "Charge"));
    fields_set(r, FIELD_CURRENCY, get(v, "currency", "Currency"));
    set_person(d, r, v, type);
    if (begins(type, "conf_"))
        fields_feature(d, r, begins(type, "conf_in") ? "dial_in" : "dial_out");
    if (span_eq_nocase(values_get(v, "successfulCall"), SPAN("false"))) {
        fields_set(r, FIELD_OUTCOME, SPAN("failed"));
        fields_set(r, FIELD_CAUSE, values_get(v, "finalSipCode"));
    }
}

static void
take_object(struct document *d, const struct json_value *object)
{
    struct named_values v = {.mem = d->mem};

    if (json_find(object, "modalities")) {
        document_refuse(d, "a call record: the format teams-callrecord is for these");
        return;
    }
    for (const struct json_value *m = object->first; m; m = m->next) {
        struct span text = json_text_of(m);

        if (text.n > 0)
            values_add(&v, m->key, text);
    }
    take_row(d, &v);
}

static enum status
read_table(struct document *d, struct span frame, struct error *err)
{
    struct csv_table t = csv_table_of(frame, d->mem);
    struct span header[CSV_TABLE_CELLS];
    size_t columns = 0;
    struct error wrong;
    enum status st;

    while ((st = csv_table_next(&t, &wrong)) != ST_NOT_FOUND) {
        struct named_values v = {.mem = d->mem};

        if (st == ST_BAD_INPUT)
            document_refuse(d, wrong.text);
        if (st != ST_OK)
            continue;
        if (columns == 0) {
            columns = t.n;
            memcpy(header, t.cell, columns * sizeof *header);
            continue;
        }
        for (size_t i = 0; i < t.n && i < columns; i++)
            values_add(&v, header[i], t.cell[i]);
        take_row(d, &v);
    }
    return columns ? ST_OK : fail(err, ST_SKIP, "nothing is there");
}

static enum status
pstn_read(struct document *d, struct span frame, struct error *err)
{
    static const char *const lists[] = {"value", NULL};

    return frame_is_json(frame) ? document_json(d, frame, lists, take_object, err)
                                : read_table(d, frame, err);
}

/* A CSV file's rows mean nothing without its first line, so all of it is one document. */
static size_t
pstn_frame(struct span s, bool eof)
{
    return frame_is_json(s) ? frame_json(s, eof) : frame_all(s, eof);
}

static const struct document_ops pstn = {.frame = pstn_frame, .read = pstn_read};
const struct parser_ops parser_teams_pstn = DOCUMENT_PARSER(
    "teams-pstn", "telephone legs of Microsoft Teams (Graph JSON, usage report CSV)", &pstn,
    document_prepare, document_release);
