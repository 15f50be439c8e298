/*
 * parse_pexip_event_sink.c - events of Pexip Infinity, as its event sinks are sent them.
 *
 *   {"event":"participant_connected","time":1559897886.526124,"seq":4,"node":"10.47.2.21",
 *    "version":1,"data":{"uuid":"8c1f","conference":"daily","connect_time":1559897886.5,...}}
 *   {"event":"eventsink_bulk","data":[{"event":...}, ...]}
 *
 * Moments are seconds with a fraction. A conference has a name that is used again and no id;
 * `seq` counts the events of one node. `version` is the events' own and no record's.
 */
#include "json_document.h"
#include "named_values.h"
#include "timetext.h"

static struct fields *
new_record(struct document *d, const struct json_value *event, const char *kind)
{
    static const char *const rooms[] = {"conference", "name", NULL};
    const struct json_value *data = json_find(event, "data");
    struct span room = json_first_text(data, rooms);
    struct fields *r = document_record(d);

    document_object(d, r, "data", data);
    fields_set(r, FIELD_KIND, span_str(kind));
    fields_set(r, FIELD_ROOM, document_name(d, room));
    fields_set(r, FIELD_CONFERENCE_NAME, document_name(d, room));
    return r;
}

static void
take_conference(struct document *d, const struct json_value *event, const char *kind,
                const char *moment)
{
    struct fields *r = new_record(d, event, kind);
    struct span when = json_at_text(event, moment);

    fields_set(r, FIELD_ID,
               DOCUMENT_ID(d, span_str(kind), json_at_text(event, "data.name"),
                           json_at_text(event, "data.start_time")));
    fields_set(r, FIELD_START, when.n ? when : json_at_text(event, "time"));
}

static struct fields *
person_record(struct document *d, const struct json_value *event, const char *kind)
{
    static const char *const names[] = {"data.source_alias", "data.display_name", "data.uuid",
                                        NULL};
    struct fields *r = new_record(d, event, kind);

    fields_set(r, FIELD_ID, DOCUMENT_ID(d, span_str(kind), json_at_text(event, "data.uuid")));
    fields_set(r, FIELD_LEG, json_at_text(event, "data.uuid"));
    fields_set(r, FIELD_PARTICIPANT, document_name(d, json_first_text(event, names)));
    fields_set(r, FIELD_PARTICIPANT_NAME,
               document_name(d, json_at_text(event, "data.display_name")));
    fields_set(r, FIELD_REGION, document_name(d, json_at_text(event, "data.system_location")));
    fields_set(r, FIELD_MEDIA, json_at_text(event, "data.protocol"));
    fields_set(r, FIELD_DIRECTION, json_at_text(event, "data.call_direction"));
    return r;
}

static struct span
stay_of(struct document *d, struct span from, struct span to)
{
    int64_t a, b;
    bool floating;

    if (!timetext_read_auto(from, &a, &floating) || !timetext_read_auto(to, &b, &floating) || b < a)
        return SPAN("");
    return document_text(d, "%lld", (long long)(b - a));
}

/* Whoever shared a screen has a stream of that kind, told when he is gone. */
static void
take_streams(struct document *d, const struct json_value *event)
{
    const struct json_value *streams = json_at(event, "data.media_streams");
    const struct json_value *s = streams && streams->type == JSON_ARRAY ? streams->first : NULL;
    struct fields *r;

    while (s && !span_is(json_at_text(s, "stream_type"), "presentation"))
        s = s->next;
    if (!s)
        return;
    r = person_record(d, event, "feature");
    fields_set(r, FIELD_START, json_at_text(s, "start_time"));
    fields_feature(d, r, "screen_share");
}

/* Who was never connected has no time of connection: he was turned away. */
static void
take_gone(struct document *d, const struct json_value *event)
{
    static const char *const ends[] = {"data.end_time", "time", NULL};
    const struct json_value *connected = json_at(event, "data.connect_time");
    struct span since = json_at_text(event, "data.connect_time");
    struct span gone = json_first_text(event, ends);
    bool never = connected && (since.n == 0 || span_is(since, "0") || span_is(since, "0.0"));
    struct fields *r = person_record(d, event, never ? "leg" : "leave");

    fields_set(r, FIELD_START, gone);
    fields_set(r, FIELD_REASON, document_name(d, json_at_text(event, "data.disconnect_reason")));
    fields_set(r, FIELD_DURATION, never ? SPAN("0") : stay_of(d, since, gone));
    fields_set(r, FIELD_OUTCOME, never ? SPAN("rejected") : SPAN(""));
    take_streams(d, event);
}

static void
take_come(struct document *d, const struct json_value *event)
{
    static const char *const begins[] = {"data.connect_time", "time", NULL};
    struct fields *r = person_record(d, event, "join");

    fields_set(r, FIELD_START, json_first_text(event, begins));
}

static const char *
no_conference(struct span service)
{
    static const char *const kinds[][2] = {{"gateway", "a call between two parties"},
                                           {"two_stage_dialing", "a call to the reception"},
                                           {"test_call", "a test call"}};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (span_is(service, kinds[i][0]))
            return kinds[i][1];
    return NULL;
}

static void
pexip_event(struct document *d, const struct json_value *event)
{
    struct span name = json_at_text(event, "event");
    const char *why = no_conference(json_at_text(event, "data.service_type"));
    bool person = name.n > 12 && memcmp(name.p, "participant_", 12) == 0;

    if (name.n == 0)
        document_refuse(d, "event: missing");
    else if (why)
        document_ignore(d, why);
    else if (person && json_at_text(event, "data.uuid").n == 0)
        document_refuse(d, "leg: data.uuid is missing");
    else if (span_is(name, "participant_connected"))
        take_come(d, event);
    else if (span_is(name, "participant_disconnected"))
        take_gone(d, event);
    else if (span_is(name, "conference_started"))
        take_conference(d, event, "conference_start", "data.start_time");
    else if (span_is(name, "conference_ended"))
        take_conference(d, event, "conference_end", "data.end_time");
    else
        document_ignore(d, "an event that is no usage");
}

static enum status
pexip_read(struct document *d, struct span frame, struct error *err)
{
    static const char *const lists[] = {"data", NULL}; /* of eventsink_bulk; else it is no list */

    return document_json(d, frame, lists, pexip_event, err);
}

static const struct document_ops pexip = {.frame = frame_json, .read = pexip_read};
const struct parser_ops parser_pexip_event_sink =
    DOCUMENT_PARSER("pexip-event-sink", "events of Pexip Infinity's event sinks", &pexip,
                    document_prepare, document_release);
