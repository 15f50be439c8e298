/*
 * parse_radius.c - RADIUS accounting: the packets themselves, and dumps of them as JSON.
 *
 * A frame is either
 *   - an accounting request (RFC 2866), behind which whoever has received it writes lines that
 *     end with an empty one, because a packet knows neither when it came nor from whom:
 *       Callswell-Received: 1763800000.123456
 *       Callswell-Peer: 192.0.2.7
 *   - or a JSON object of attributes by their names, of which some are there many times
 *     ("Cisco-AVPair"), once each or as a list; or a list of such objects.
 *
 * Start is a join and Stop a leave of the session; interim updates say nothing new of it. That a
 * server has begun or ended (Accounting-On, Accounting-Off) ends all its sessions: the input that
 * receives it knows them and says a Stop of each, so that what comes here needs no memory.
 */
#include <ctype.h>
#include <stdio.h>

#include "json_document.h"
#include "radius_packet.h"
#include "timetext.h"

#define TRAILER "Callswell-"

/* --- frames --- */

/* The first byte that is no blank; 0: there is none. */
static char
first_byte(struct span s)
{
    size_t i = 0;

    while (i < s.n && s.p[i] != '\0' && strchr(" \t\r\n", s.p[i]))
        i++;
    return i < s.n ? s.p[i] : '\0';
}

static size_t
frame_radius(struct span s, bool eof)
{
    size_t n = radius_length(s), trailer;
    struct span rest;

    if (s.p[0] != RADIUS_REQUEST)
        return frame_json(s, eof);
    if (s.n < 4 || (n > 0 && n >= s.n)) /* what stands behind decides */
        return eof ? s.n : 0;
    if (n == 0)
        return frame_line(s, eof);
    rest = span_of(s.p + n, s.n - n);
    trailer = rest.n < strlen(TRAILER) ? rest.n : strlen(TRAILER);
    if (memcmp(rest.p, TRAILER, trailer) != 0)
        return n;
    trailer = trailer < strlen(TRAILER) ? 0 : frame_packet(rest, eof);
    return trailer ? n + trailer : eof ? s.n : 0;
}

/* --- times --- */

/* Cisco's "23:00:21.017 UTC Sun Sep 27 2020", where the zone is one that everybody means the same
 * by; 0: it is none. */
static int64_t
cisco_moment(struct span s)
{
    char text[64], time[16], zone[8], month[8], put[64];
    int day, year;
    bool floating;
    int64_t at;

    if (s.n > 0 && (s.p[0] == '*' || s.p[0] == '.')) /* its clock is not synchronised */
        s = span_of(s.p + 1, s.n - 1);
    if (s.n == 0 || s.n >= sizeof text)
        return 0;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    if (sscanf(text, "%15[0-9:]%*[.0-9] %7s %*7s %7s %d %d", time, zone, month, &day, &year) != 5 ||
        (strcmp(zone, "UTC") != 0 && strcmp(zone, "GMT") != 0))
        return 0;
    snprintf(put, sizeof put, "%s %d %d %s", month, day, year, time);
    return timetext_read_pattern("%b %d %Y %H:%M:%S", span_str(put), &at, &floating) ? at : 0;
}

/* The call's own time is better than that of the request about it. */
static struct span
moment(struct document *d, const struct named_values *v, const char *of_call)
{
    int64_t at = cisco_moment(values_get(v, of_call));
    struct span event = values_get(v, "Event-Timestamp");
    const char *blank;

    if (at == 0)
        at = radius_moment(v);
    if (at > 0)
        return document_text(d, "%lld", (long long)at);
    blank = event.n ? memrchr(event.p, ' ', event.n) : NULL;
    return document_moment(d, blank ? span_of(event.p, (size_t)(blank - event.p)) : event,
                           (const char *const[]){"%b %d %Y %H:%M:%S", NULL});
}

/* --- how it ended --- */

/* By their numbers (RFC 2866, 5.10). Dictionaries have "-" for the blanks. */
static const char *const causes[] = {
    "",
    "user request",
    "lost carrier",
    "lost service",
    "idle timeout",
    "session timeout",
    "admin reset",
    "admin reboot",
    "port error",
    "NAS error",
    "NAS request",
    "NAS reboot",
    "port unneeded",
    "port preempted",
    "port suspended",
    "service unavailable",
    "callback",
    "user error",
    "host request",
};
#define CAUSES (sizeof causes / sizeof *causes)

static bool
is_named(struct span text, const char *cause)
{
    size_t i = 0;

    for (; i < text.n && cause[i]; i++)
        if (tolower((unsigned char)text.p[i]) != tolower((unsigned char)cause[i]) &&
            !(text.p[i] == '-' && cause[i] == ' '))
            return false;
    return i == text.n && cause[i] == '\0';
}

/* The number that a dump may have printed by its name; the text itself, if it is neither. */
static struct span
terminate_cause(struct span text)
{
    int64_t code;

    if (span_to_i64(text, &code))
        return code > 0 && code < (int64_t)CAUSES ? span_str(causes[code]) : text;
    for (size_t i = 1; i < CAUSES; i++)
        if (is_named(text, causes[i]))
            return span_str(causes[i]);
    return text;
}

static struct span
cause_of(struct document *d, const struct named_values *v)
{
    struct span hex = values_get(v, "h323-disconnect-cause");
    unsigned q850;
    char digits[4] = "";

    if (hex.n > 0 && hex.n < sizeof digits) {
        memcpy(digits, hex.p, hex.n);
        if (strspn(digits, "0123456789abcdefABCDEF") == hex.n && sscanf(digits, "%x", &q850) == 1)
            return document_text(d, "Q.850 %u", q850);
    }
    return terminate_cause(values_get(v, "Acct-Terminate-Cause"));
}

/* A call that never was one: 17 and 18 are busy and no answer, 19 too, 21 rejected. */
static struct span
outcome_of(const struct named_values *v, struct span cause)
{
    static const char *const rejected[] = {"Q.850 17", "Q.850 18", "Q.850 19", "Q.850 21"};

    if (!span_is(values_get(v, "Acct-Session-Time"), "0") || cause.n < 6 ||
        memcmp(cause.p, "Q.850 ", 6) != 0 || span_is(cause, "Q.850 16"))
        return SPAN("");
    for (size_t i = 0; i < sizeof rejected / sizeof *rejected; i++)
        if (span_is(cause, rejected[i]))
            return SPAN("rejected");
    return SPAN("failed");
}

/* --- records --- */

static void
take_stop(struct document *d, struct fields *r, const struct named_values *v)
{
    struct span cause = cause_of(d, v);

    fields_set(r, FIELD_DURATION, values_get(v, "Acct-Session-Time"));
    fields_set(r, FIELD_CAUSE, cause);
    fields_set(r, FIELD_OUTCOME, outcome_of(v, cause));
}

static void
take_session(struct document *d, const struct named_values *v, bool start)
{
    struct span nas = radius_nas(v), session = values_get(v, "Acct-Session-Id");
    struct span leg = DOCUMENT_ID(d, nas, session), call = radius_call(v);
    struct span origin = values_get(v, "h323-call-origin");
    struct fields r;

    if (nas.n == 0 || session.n == 0) {
        document_refuse(d, nas.n == 0 ? "NAS-IP-Address: missing" : "Acct-Session-Id: missing");
        return;
    }
    fields_begin(&r);
    fields_set(&r, FIELD_KIND, span_str(kind_name(start ? KIND_JOIN : KIND_LEAVE)));
    fields_set(&r, FIELD_START, moment(d, v, start ? "h323-connect-time" : "h323-disconnect-time"));
    fields_set(&r, FIELD_LEG, leg);
    fields_set(&r, FIELD_CONFERENCE, call.n > 0 ? document_name(d, call) : leg);
    /* Servers count their sessions anew after a start; a repeated request has the same time. */
    fields_set(&r, FIELD_ID,
               DOCUMENT_ID(d, nas, session, start ? SPAN("start") : SPAN("stop"),
                           values_get(v, "Event-Timestamp")));
    if (!start)
        take_stop(d, &r, v);
    values_map(d, &r, v);
    fields_set(&r, FIELD_CONFERENCE_NAME, document_name(d, values_get(v, "Called-Station-Id")));
    fields_set(&r, FIELD_PARTICIPANT, document_name(d, values_get(v, "Calling-Station-Id")));
    fields_set(&r, FIELD_PARTICIPANT, document_name(d, values_get(v, "User-Name")));
    fields_set(&r, FIELD_MEDIA, values_get(v, "h323-call-type"));
    if (span_is(origin, "answer"))
        fields_set(&r, FIELD_DIRECTION, SPAN("inbound"));
    else if (span_is(origin, "originate"))
        fields_set(&r, FIELD_DIRECTION, SPAN("outbound"));
    values_show(d, document_event(d, &r), v);
}

static void
take_values(struct document *d, const struct named_values *v)
{
    switch (radius_status(v)) {
    case RADIUS_START:
    case RADIUS_STOP:
        take_session(d, v, radius_status(v) == RADIUS_START);
        break;
    case RADIUS_INTERIM:
        document_ignore(d, "interim update");
        break;
    case RADIUS_ON:
    case RADIUS_OFF:
        document_ignore(d, "start or end of a server");
        break;
    case RADIUS_NO_STATUS:
        document_refuse(d, "Acct-Status-Type: missing");
        break;
    default:
        document_ignore(d, "other status");
    }
}

/* "x", 1, ["x", "y"], or FreeRADIUS' own {"type": "string", "value": ["x"]}. */
static void
add_member(struct named_values *v, struct span name, const struct json_value *m)
{
    if (m->type == JSON_STRING || m->type == JSON_NUMBER)
        radius_add(v, name, m->text);
    else if (m->type == JSON_OBJECT && json_find(m, "value"))
        m = json_find(m, "value");
    for (const struct json_value *i = m->type == JSON_ARRAY ? m->first : NULL; i; i = i->next)
        if (i->type == JSON_STRING || i->type == JSON_NUMBER)
            radius_add(v, name, i->text);
}

static void
take_object(struct document *d, const struct json_value *object)
{
    struct named_values v = {.mem = d->mem};

    for (const struct json_value *m = object->first; m; m = m->next)
        add_member(&v, m->key, m);
    take_values(d, &v);
}

static enum status
radius_read(struct document *d, struct span frame, struct error *err)
{
    struct named_values v = {.mem = d->mem};
    size_t length = radius_length(frame);
    char first = first_byte(frame);
    enum status st;

    if (first == '\0')
        return ST_SKIP;
    if (first == '{' || first == '[')
        return document_json(d, frame, NULL, take_object, err);
    st = radius_values(&v, frame, err);
    if (st != ST_OK)
        return st;
    values_headers(&v, span_of(frame.p + length, frame.n - length));
    take_values(d, &v);
    return ST_OK;
}

static const struct document_ops radius = {.frame = frame_radius, .read = radius_read};

const struct parser_ops parser_radius =
    DOCUMENT_PARSER("radius", "RADIUS accounting: packets (type radius), dumps in JSON", &radius,
                    document_prepare, document_release);
