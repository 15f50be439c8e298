/*
 * parse_freeswitch_esl.c - FreeSWITCH's event socket: conference::maintenance, packet by packet.
 *
 *   Content-Length: 312                       an outer packet: its headers,
 *   Content-Type: text/event-plain
 *                                             an empty line, and so many bytes:
 *   Event-Name: CUSTOM
 *   Event-Subclass: conference%3A%3Amaintenance
 *   Event-Date-Timestamp: 1772355600250413    microseconds
 *   Conference-Name: 4711-example.org         a name, used again
 *   Conference-Unique-ID: 8b1c...             this one conference
 *   Unique-ID: 3da8...                        the leg
 *   Member-ID: 12                             its stay; counted by the process
 *   Action: add-member
 *
 * A frame is one outer packet with its headers and its body of any bytes, as it came over the
 * socket; blank lines in front of it are part of it. What listens hands on such frames unchanged.
 * Content-Type text/event-json has the same names in a JSON object. An event without an outer
 * packet around it, as logs have it, is a frame, too: its own headers, and its body by its own
 * Content-Length. Values are percent-encoded in plain events and never in JSON.
 *
 * An event conference::cdr with the whole conference's document as its body (cdr-event-mode
 * "content") gives those who were not let in, of whom no other event tells.
 *
 * The parser says kind, start, conference, leg (channel and stay) and id; the map everything else
 * that it can. What it leaves open: participant from the caller's number, of outbound legs from
 * the destination; participant_name; conference_name.
 */
#include "freeswitch.h"
#include "json_document.h"
#include "named_values.h"
#include "web_text.h"

static const struct action {
    const char *name;
    enum record_kind kind;
    const char *feature; /* of KIND_FEATURE */
} actions[] = {
    {"conference-create", KIND_CONFERENCE_START, NULL},
    {"conference-destroy", KIND_CONFERENCE_END, NULL},
    {"add-member", KIND_JOIN, NULL},
    {"del-member", KIND_LEAVE, NULL},
    {"start-recording", KIND_FEATURE, "recording"},
    {"mute-member", KIND_FEATURE, "mute"},
    {"deaf-member", KIND_FEATURE, "deaf"},
    {"hold-member", KIND_FEATURE, "hold"},
    {"lock", KIND_FEATURE, "lock"},
};

/* --- frames --- */

/* Behind the empty line that ends the headers at the front of s; 0: it is not there yet. */
static size_t
headers_end(struct span s)
{
    size_t blank = 0, n;

    while (blank < s.n && (s.p[blank] == '\n' || s.p[blank] == '\r'))
        blank++;
    if (blank == s.n)
        return 0;
    n = frame_packet(span_of(s.p + blank, s.n - blank), false);
    return n ? blank + n : 0;
}

/* What "Content-Length" says within these headers; 0: nothing, or nothing that can be. */
static size_t
content_length(struct span headers)
{
    static const char name[] = "content-length:";
    int64_t n;

    while (headers.n > 0) {
        size_t line = frame_line(headers, true);

        if (line >= sizeof name &&
            span_eq_nocase(span_of(headers.p, sizeof name - 1), span_str(name))) {
            const char *p = headers.p + sizeof name - 1, *end = headers.p + line;

            while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
                end--;
            if (span_to_i64(span_trim(span_of(p, (size_t)(end - p))), &n) && n > 0)
                return (size_t)n;
        }
        headers = span_of(headers.p + line, headers.n - line);
    }
    return 0;
}

static size_t
frame_esl(struct span s, bool eof)
{
    size_t head = headers_end(s), body = head ? content_length(span_of(s.p, head)) : 0;

    if (head == 0 || body > s.n - head)
        return eof ? s.n : 0;
    return head + body;
}

/* --- events --- */

static void
decode(struct named_values *v)
{
    for (size_t i = 0; i < v->n; i++)
        v->v[i].value = web_decode(v->v[i].value, false, v->mem);
}

static enum status
read_json(struct named_values *v, struct span body, struct error *err)
{
    struct json_value *root;
    enum status st = json_parse_foreign(body, v->mem, &root, err);

    if (st != ST_OK)
        return st;
    if (root->type != JSON_OBJECT)
        return fail_at(err, ST_BAD_INPUT, 0, "event: no JSON object");
    for (const struct json_value *m = root->first; m; m = m->next)
        if (m->type == JSON_STRING || m->type == JSON_NUMBER)
            values_add(v, m->key, m->text);
    return ST_OK;
}

static struct span
participant(const struct named_values *v)
{
    struct span direction = values_get(v, "Caller-Direction"), called;

    if (span_is(direction, "outbound")) {
        called = values_get(v, "Caller-Callee-ID-Number");
        return called.n ? called : values_get(v, "Caller-Destination-Number");
    }
    return values_get(v, "Caller-Caller-ID-Number");
}

static struct span
participant_name(const struct named_values *v)
{
    bool outbound = span_is(values_get(v, "Caller-Direction"), "outbound");

    return values_get(v, outbound ? "Caller-Callee-ID-Name" : "Caller-Caller-ID-Name");
}

static void
take_down(struct document *d, const struct action *a, const struct named_values *v)
{
    struct span at = values_get(v, "Event-Date-Timestamp");
    struct span conference = values_get(v, "Conference-Unique-ID");
    struct span channel = values_get(v, "Unique-ID");
    struct span leg = channel.n ? DOCUMENT_ID(d, channel, values_get(v, "Member-ID")) : channel;
    struct fields r;

    fields_begin(&r);
    fields_set(&r, FIELD_KIND, span_str(kind_name(a->kind)));
    fields_set(&r, FIELD_START, at);
    fields_set(&r, FIELD_CONFERENCE, conference);
    fields_set(&r, FIELD_LEG, leg);
    if (conference.n > 0 && at.n > 0)
        fields_set(&r, FIELD_ID, DOCUMENT_ID(d, conference, leg, span_str(a->name), at));
    if (a->feature)
        fields_feature(d, &r, a->feature);
    values_map(d, &r, v);
    fields_set(&r, FIELD_CONFERENCE_NAME, document_name(d, values_get(v, "Conference-Name")));
    fields_set(&r, FIELD_PARTICIPANT, document_name(d, participant(v)));
    fields_set(&r, FIELD_PARTICIPANT_NAME, document_name(d, participant_name(v)));
    values_show(d, document_event(d, &r), v);
}

static void
take_action(struct document *d, const struct named_values *v)
{
    struct span name = values_get(v, "Action");

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        const struct action *a = &actions[i];

        if (!span_is(name, a->name))
            continue;
        if ((a->kind == KIND_JOIN || a->kind == KIND_LEAVE) && values_get(v, "Unique-ID").n == 0)
            document_ignore(d, "member without a channel");
        else
            take_down(d, a, v);
        return;
    }
    document_ignore(d, "other action");
}

static enum status
take_event(struct document *d, const struct named_values *v, struct span body, struct error *err)
{
    struct span subclass = values_get(v, "Event-Subclass");

    if (span_is(subclass, "conference::maintenance"))
        take_action(d, v);
    else if (span_is(subclass, "conference::cdr") && body.n > 0)
        return freeswitch_rejected(d, body, values_get(v, "Conference-Unique-ID"), err);
    else
        document_ignore(d, "other event");
    return ST_OK;
}

static enum status
esl_read(struct document *d, struct span frame, struct error *err)
{
    struct named_values outer = {.mem = d->mem}, inner = {.mem = d->mem};
    struct span body, type;
    enum status st = ST_OK;

    while (frame.n > 0 && (*frame.p == '\n' || *frame.p == '\r'))
        frame = span_of(frame.p + 1, frame.n - 1);
    if (frame.n == 0)
        return ST_SKIP;
    body = values_headers(&outer, frame);
    type = values_get(&outer, "Content-Type");
    if (values_get(&outer, "Event-Name").n > 0) {
        inner = outer; /* of a log: nothing around it */
        decode(&inner);
    } else if (span_is(type, "text/event-plain")) {
        body = values_headers(&inner, body);
        decode(&inner);
    } else if (span_is(type, "text/event-json")) {
        st = read_json(&inner, body, err);
        body = values_get(&inner, "_body");
    } else if (span_is(type, "text/event-xml")) {
        return fail_at(err, ST_BAD_INPUT, 0, "event: in XML; ask for plain or json");
    } else if (type.n > 0) {
        document_ignore(d, "no event");
        return ST_OK;
    } else {
        return fail_at(err, ST_BAD_INPUT, 0, "packet: neither event nor answer");
    }
    return st == ST_OK ? take_event(d, &inner, body, err) : st;
}

static const struct document_ops esl = {.frame = frame_esl, .read = esl_read};

const struct parser_ops parser_freeswitch_esl =
    DOCUMENT_PARSER("freeswitch-esl", "FreeSWITCH event socket (conference events)", &esl,
                    document_prepare, document_release);
