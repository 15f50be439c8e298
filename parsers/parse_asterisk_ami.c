/*
 * parse_asterisk_ami.c - Asterisk's manager interface: ConfBridge events, packet by packet.
 *
 *   Event: ConfbridgeJoin
 *   Privilege: call,all
 *   Timestamp: 1772355600.250413          with timestampevents=yes in manager.conf
 *   Conference: 4711                      a name, used again
 *   BridgeUniqueid: 0974b4b3-...          this one conference; Asterisk 12 and newer
 *   Channel: PJSIP/1001-0000002a
 *   CallerIDNum: 1001
 *   Uniqueid: 1772355598.42               this one stay
 *   ChanVariable: tenant=acme             any number of them
 *
 * A frame is a packet: lines that end in CRLF or LF, and an empty one. What a client that listens
 * for this parser writes in front of a packet's own lines:
 *   Callswell-Received: <epoch.usec>      when the packet arrived, for servers without Timestamp
 *   BridgeUniqueid: <id>                  for an item of ConfbridgeList, which has none itself; the
 *                                         client knows it from BridgeList or from earlier events
 * A recorded log is read the same. Names of headers are compared without case, because releases
 * spell them differently. ChanVariables are values under their own names.
 *
 * The parser says kind, start, conference, leg and id; the map everything else that it can. What
 * it leaves open: participant from caller number, else name; participant_name; conference_name.
 */
#include "json_document.h"
#include "named_values.h"

/* What an event makes, if it makes anything. */
static const struct event {
    const char *name;
    enum record_kind kind;
    const char *feature; /* of KIND_FEATURE */
} events[] = {
    {"ConfbridgeStart", KIND_CONFERENCE_START, NULL},
    {"ConfbridgeEnd", KIND_CONFERENCE_END, NULL},
    {"ConfbridgeJoin", KIND_JOIN, NULL},
    {"ConfbridgeList", KIND_JOIN, NULL}, /* who was there when a client came back */
    {"ConfbridgeLeave", KIND_LEAVE, NULL},
    {"ConfbridgeMute", KIND_FEATURE, "mute"},
    {"ConfbridgeRecord", KIND_FEATURE, "recording"},
};

/* What needs no record because other events tell the same, with the reason it is counted under. */
static const struct {
    const char *name, *why;
} others[] = {
    {"ConfbridgeTalking", "who is talking"},
    {"ConfbridgeUnmute", "end of a feature"},
    {"ConfbridgeStopRecord", "end of a feature"},
    {"Cdr", "call record: its conference's events tell the same"},
    {"CEL", "channel event: its conference's events tell the same"},
};

/* --- packets --- */

static struct span
unescaped(struct arena *mem, struct span s)
{
    char *to, *out;

    if (s.n == 0 || !memchr(s.p, '\\', s.n))
        return s;
    out = to = arena_alloc(mem, s.n);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '\\' && i + 1 < s.n) {
            c = s.p[++i];
            c = c != '\0' && strchr("abfnrtv", c) ? ' ' : c; /* control characters */
        }
        *to++ = c;
    }
    return span_of(out, (size_t)(to - out));
}

/* A name or number, which Asterisk escapes as C does; "<unknown>" is none. */
static struct span
caller(struct document *d, const struct named_values *v, const char *name)
{
    struct span s = values_get(v, name);

    return span_is(s, "<unknown>") ? SPAN("") : document_name(d, unescaped(d->mem, s));
}

/* "ChanVariable: tenant=acme", in newer releases "ChanVariable(PJSIP/1-2): tenant=acme". */
static void
add_variables(struct named_values *v)
{
    struct span prefix = SPAN("ChanVariable");

    for (size_t i = 0, n = v->n; i < n; i++) {
        struct span name = v->v[i].name, value = v->v[i].value;
        const char *equals = value.n ? memchr(value.p, '=', value.n) : NULL;
        size_t before = equals ? (size_t)(equals - value.p) : 0;

        if (equals && name.n >= prefix.n && span_eq_nocase(span_of(name.p, prefix.n), prefix))
            values_add(v, span_of(value.p, before), span_of(equals + 1, value.n - before - 1));
    }
}

/* --- events --- */

static bool
begins(struct span s, const char *with)
{
    size_t n = strlen(with);

    return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* Announcers and recorders sit in a conference as channels of the bridge's own. */
static bool
is_internal(struct span channel)
{
    return begins(channel, "CBAnn/") || begins(channel, "CBRec/");
}

/* When it happened. Of a list it is when the channel was answered, "AnsweredTime" seconds before
 * the answer came: who is in a conference does not say since when. */
static struct span
moment(struct document *d, const struct named_values *v)
{
    struct span at = values_get(v, "Timestamp"), ago = values_get(v, "AnsweredTime");
    int64_t seconds, since;

    if (at.n == 0)
        at = values_get(v, "Callswell-Received");
    if (ago.n > 0 && span_to_i64(ago, &since) && since > 0) {
        const char *dot = at.n ? memchr(at.p, '.', at.n) : NULL;

        if (span_to_i64(dot ? span_of(at.p, (size_t)(dot - at.p)) : at, &seconds) &&
            since < seconds)
            return document_text(d, "%lld", (long long)(seconds - since));
    }
    return at;
}

static void
take_down(struct document *d, const struct event *e, struct named_values *v)
{
    struct span at = moment(d, v), name = values_get(v, "Conference");
    struct span leg = values_get(v, "Uniqueid"), bridge = values_get(v, "BridgeUniqueid");
    struct span where = bridge.n ? bridge : name; /* before Asterisk 12 */
    struct fields r;

    fields_begin(&r);
    fields_set(&r, FIELD_KIND, span_str(kind_name(e->kind)));
    fields_set(&r, FIELD_START, at);
    fields_set(&r, bridge.n ? FIELD_CONFERENCE : FIELD_ROOM, where);
    fields_set(&r, FIELD_LEG, leg);
    fields_set(
        &r, FIELD_ID,
        DOCUMENT_ID(d, where, leg, span_str(e->feature ? e->feature : kind_name(e->kind)), at));
    if (e->feature)
        fields_feature(d, &r, e->feature);
    add_variables(v);
    values_map(d, &r, v);
    fields_set(&r, FIELD_CONFERENCE_NAME, document_name(d, unescaped(d->mem, name)));
    fields_set(&r, FIELD_PARTICIPANT, caller(d, v, "CallerIDNum"));
    fields_set(&r, FIELD_PARTICIPANT_NAME, caller(d, v, "CallerIDName"));
    fields_set(&r, FIELD_PARTICIPANT, caller(d, v, "CallerIDName"));
    values_show(d, document_event(d, &r), v);
}

static void
take_event(struct document *d, struct span name, struct named_values *v)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (span_eq_nocase(name, span_str(others[i].name))) {
            document_ignore(d, others[i].why);
            return;
        }
    if (values_get(v, "BridgeUniqueid").n == 0 && values_get(v, "Conference").n == 0) {
        document_ignore(d, "other event");
        return;
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        const struct event *e = &events[i];
        bool stay = e->kind == KIND_JOIN || e->kind == KIND_LEAVE;

        if (!span_eq_nocase(name, span_str(e->name)))
            continue;
        if (is_internal(values_get(v, "Channel")) || (stay && values_get(v, "Uniqueid").n == 0))
            document_ignore(d, "announcer or recorder channel");
        else
            take_down(d, e, v);
        return;
    }
    document_ignore(d, "other event");
}

static enum status
ami_read(struct document *d, struct span frame, struct error *err)
{
    struct named_values v = {.mem = d->mem};
    struct span event;

    values_headers(&v, frame);
    event = values_get(&v, "Event");
    if (event.n > 0)
        take_event(d, event, &v);
    else if (values_get(&v, "Response").n > 0)
        document_ignore(d, "answer to an action");
    else if (values_get(&v, "Action").n > 0)
        document_ignore(d, "action of a client");
    else if (begins(frame, "Asterisk Call Manager/"))
        document_ignore(d, "greeting");
    else
        return fail_at(err, ST_BAD_INPUT, 0, "packet: neither event nor answer");
    return ST_OK;
}

static const struct document_ops ami = {.frame = frame_packet, .read = ami_read};

const struct parser_ops parser_asterisk_ami =
    DOCUMENT_PARSER("asterisk-ami", "Asterisk manager interface (ConfBridge events)", &ami,
                    document_prepare, document_release);
