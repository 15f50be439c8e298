/*
 * freeswitch.c - what FreeSWITCH's call detail records have in common.
 */
#include "freeswitch.h"

#include "json_document.h"
#include "web_text.h"

/* --- ways of sending --- */

static size_t
blanks_at(struct span s, size_t i)
{
    while (i < s.n && s.p[i] && strchr(" \t\r\n", s.p[i]))
        i++;
    return i;
}

/* Behind a byte order mark, blanks and "cdr=". */
static size_t
content_at(struct span s)
{
    size_t i = s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    i = blanks_at(s, i);
    if (s.n - i >= 4 && memcmp(s.p + i, "cdr=", 4) == 0)
        i = blanks_at(s, i + 4);
    return i;
}

size_t
freeswitch_plain(struct span s, char first)
{
    size_t i = content_at(s);

    return i < s.n && s.p[i] == first ? i : SIZE_MAX;
}

enum status
freeswitch_text(struct span frame, char first, struct arena *mem, struct span *out, bool *form,
                struct error *err)
{
    size_t at = content_at(frame);
    struct span text = span_of(frame.p + at, frame.n - at);

    if (blanks_at(frame, 0) == frame.n)
        return ST_SKIP;
    *form = text.n > 0 && *text.p == '%';
    if (text.n > 0 && *text.p == first)
        *out = text;
    else if (*form)
        *out = web_decode(text, false, mem);
    else if (!web_base64(text, mem, out))
        out->n = 0;
    if (out->n > 0 && freeswitch_plain(*out, first) != SIZE_MAX)
        return ST_OK;
    return fail_at(err, ST_BAD_INPUT, (long)at, "neither a record nor an encoded one");
}

struct span
freeswitch_first(struct span value)
{
    static const char mark[] = "ARRAY::";
    size_t n = sizeof mark - 1;
    const char *end;

    if (value.n < n || memcmp(value.p, mark, n) != 0)
        return value;
    value = span_of(value.p + n, value.n - n);
    end = value.n ? memmem(value.p, value.n, "|:", 2) : NULL;
    return end ? span_of(value.p, (size_t)(end - value.p)) : value;
}

struct span
freeswitch_domain(struct span name)
{
    const char *dash = name.n ? memchr(name.p, '-', name.n) : NULL;

    return dash ? span_of(dash + 1, name.n - (size_t)(dash + 1 - name.p)) : SPAN("");
}

/* --- one leg --- */

struct span
freeswitch_outcome(struct span cause)
{
    static const char *const failures[] = {"NORMAL_TEMPORARY_FAILURE",
                                           "NETWORK_OUT_OF_ORDER",
                                           "DESTINATION_OUT_OF_ORDER",
                                           "SWITCH_CONGESTION",
                                           "NORMAL_CIRCUIT_CONGESTION",
                                           "REQUESTED_CHAN_UNAVAIL",
                                           "RECOVERY_ON_TIMER_EXPIRE",
                                           "MEDIA_TIMEOUT",
                                           "INCOMPATIBLE_DESTINATION",
                                           "PROTOCOL_ERROR",
                                           "INTERWORKING",
                                           "GATEWAY_DOWN",
                                           "NO_ROUTE_DESTINATION",
                                           "NO_ROUTE_TRANSIT_NET",
                                           "BEARERCAPABILITY_NOTAVAIL",
                                           "FACILITY_NOT_IMPLEMENTED",
                                           "SERVICE_UNAVAILABLE",
                                           "SERVICE_NOT_IMPLEMENTED",
                                           "CHAN_NOT_IMPLEMENTED",
                                           "CRASH",
                                           "SYSTEM_SHUTDOWN",
                                           "EXCHANGE_ROUTING_ERROR",
                                           "MANDATORY_IE_MISSING"};

    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (span_is(cause, failures[i]))
            return SPAN("failed");
    return SPAN("rejected");
}

/* The first of the names (NULL ends them) that says more than "0", which is never. */
static struct span
number(const struct named_values *v, const char *const *names)
{
    for (; *names; names++) {
        struct span s = values_get(v, *names);

        for (size_t i = 0; i < s.n; i++)
            if (s.p[i] != '0')
                return s;
    }
    return SPAN("");
}
#define NUMBER(v, ...) number((v), (const char *const[]){__VA_ARGS__, NULL})

/* "4711@default+1234+flags{mute}" of the application conference: without profile, PIN and flags. */
static struct span
room(const struct named_values *v)
{
    struct span data = values_get(v, "last_arg");
    size_t n = 0;

    if (!span_is(values_get(v, "last_app"), "conference"))
        return SPAN("");
    while (n < data.n && data.p[n] && !strchr("@+", data.p[n]))
        n++;
    return span_of(data.p, n);
}

static bool
is_of_two(const struct named_values *v)
{
    return span_is(values_get(v, "last_app"), "bridge") || values_get(v, "bridge_uuid").n > 0 ||
           values_get(v, "last_bridge_to").n > 0 || values_get(v, "bleg_uuid").n > 0 ||
           values_get(v, "originator").n > 0;
}

static void
set_times(struct fields *r, const struct named_values *v)
{
    fields_set(r, FIELD_START, NUMBER(v, "start_epoch", "start_uepoch", "created_time"));
    fields_set(r, FIELD_START, values_get(v, "start_stamp"));
    fields_set(r, FIELD_END, NUMBER(v, "end_epoch", "end_uepoch", "hangup_time"));
    fields_set(r, FIELD_END, values_get(v, "end_stamp"));
    fields_set(r, FIELD_DURATION, values_get(v, "billsec"));
}

/* Answered, or not and why. */
static void
set_outcome(struct fields *r, const struct named_values *v)
{
    struct span cause = values_get(v, "hangup_cause");
    bool answered = NUMBER(v, "answer_epoch", "answer_uepoch", "answered_time", "billsec").n > 0 ||
                    values_get(v, "answer_stamp").n > 0;

    fields_set(r, FIELD_OUTCOME, answered ? SPAN("ok") : freeswitch_outcome(cause));
    fields_set(r, FIELD_CAUSE, cause);
}

/* Who it is: of a leg that the system began, whom it called. */
static void
set_participant(struct document *d, struct fields *r, const struct named_values *v)
{
    bool outbound = span_is(values_get(v, "direction"), "outbound");
    struct span called = values_get(v, "callee_id_number");

    if (called.n == 0)
        called = values_get(v, "destination_number");
    fields_set(r, FIELD_PARTICIPANT,
               document_name(d, outbound ? called : values_get(v, "caller_id_number")));
    fields_set(r, FIELD_PARTICIPANT_NAME,
               document_name(d, values_get(v, outbound ? "callee_id_name" : "caller_id_name")));
    fields_set(r, FIELD_DIRECTION, values_get(v, "direction"));
}

void
freeswitch_leg(struct document *d, const struct named_values *v)
{
    struct span name = values_get(v, "conference_name");
    struct fields r;

    if (name.n == 0)
        name = room(v);
    fields_begin(&r);
    values_map(d, &r, v);
    fields_set(&r, FIELD_CONFERENCE, values_get(v, "conference_uuid"));
    fields_set(&r, FIELD_CONFERENCE, document_name(d, name));
    fields_set(&r, FIELD_CONFERENCE_NAME, document_name(d, name));
    if (!(r.has & FIELD_BIT(FIELD_CONFERENCE)) && is_of_two(v)) {
        document_ignore(d, "call of two parties");
        return;
    }
    fields_set(&r, FIELD_ID, values_get(v, "uuid"));
    fields_set(&r, FIELD_LEG, values_get(v, "uuid"));
    set_times(&r, v);
    set_outcome(&r, v);
    set_participant(d, &r, v);
    if (NUMBER(v, "record_seconds", "record_ms").n > 0)
        fields_feature(d, &r, "recording");
    if (NUMBER(v, "video_packets").n > 0)
        fields_feature(d, &r, "video");
    values_show(d, document_event(d, &r), v);
}
