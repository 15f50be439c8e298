/*
 * parse_zoom_webhook.c - events of Zoom meetings and webinars, as Zoom posts them.
 *
 *   {"event":"meeting.participant_joined","event_ts":1772362800123,"payload":{"account_id":"A1",
 *    "object":{"id":"81234567890","uuid":"4444AAAiAAAAAiAiAiiAii==","topic":"Weekly","duration":60,
 *    "participant":{"user_id":"16778240","user_name":"Ann","id":"u1","join_time":"2026-03-01T..Z",
 *    "participant_uuid":"55555AAAi"}}}}
 *
 * A meeting's number is that of all its occurrences: the occurrence is its uuid. `duration` is how
 * long it was planned for, in minutes, and of no use here. What a guest has not is "", null or not
 * there, as it happens. Calls of Zoom Phone are zoom_phone.c's.
 */
#include "zoom_phone.h"

struct zoom_event {
    const char *name; /* behind "meeting." or "webinar.", or whole */
    const char *kind; /* NULL: left out */
    const char *what; /* of a feature its name; else why it is left out */
    const char *when; /* path of the moment under payload.object; "event_ts" if it is not there */
    const char *outcome;
};

#define SHARED "participant.sharing_details.date_time"
#define DIAL(w, o)                                                                                 \
    {                                                                                              \
        "participant_phone_callout_" w, "feature", "dial_out", NULL, o                             \
    }
#define FEATURE(name, what, when)                                                                  \
    {                                                                                              \
        name, "feature", what, when, NULL                                                          \
    }
#define LEFT_OUT(name, why)                                                                        \
    {                                                                                              \
        name, NULL, why, NULL, NULL                                                                \
    }

static const struct zoom_event events[] = {
    {"started", "conference_start", NULL, NULL, NULL},
    {"ended", "conference_end", NULL, "end_time", NULL},
    {"participant_joined", "join", NULL, "participant.join_time", NULL},
    {"participant_left", "leave", NULL, "participant.leave_time", NULL},
    FEATURE("sharing_started", "screen_share", SHARED),
    FEATURE("participant_joined_waiting_room", "waiting_room", "participant.date_time"),
    FEATURE("participant_joined_breakout_room", "breakout_room", "participant.join_time"),
    FEATURE("live_streaming_started", "live_stream", "live_streaming.date_time"),
    FEATURE("recording.started", "recording", "recording_file.recording_start"),
    DIAL("accepted", "ok"),
    DIAL("rejected", "rejected"),
    DIAL("missed", "rejected"),
    LEFT_OUT("participant_phone_callout_ringing", "a call that rings"),
    LEFT_OUT("sharing_ended", "the end of a feature"),
    LEFT_OUT("live_streaming_stopped", "the end of a feature"),
    LEFT_OUT("participant_left_breakout_room", "the end of a feature"),
    LEFT_OUT("recording.paused", "the end of a feature"),
    LEFT_OUT("recording.resumed", "a feature that goes on"),
    LEFT_OUT("recording.stopped", "the end of a feature"),
    LEFT_OUT("recording.completed", "files of a recording"),
    LEFT_OUT("participant_put_in_waiting_room", "on the way through the waiting room"),
    LEFT_OUT("participant_admitted", "on the way through the waiting room"),
    LEFT_OUT("participant_left_waiting_room", "on the way through the waiting room"),
    LEFT_OUT("endpoint.url_validation", "Zoom asks whether the address is ours"),
};

static const struct zoom_event *
find_event(struct span name)
{
    if (name.n > 8 && (memcmp(name.p, "meeting.", 8) == 0 || memcmp(name.p, "webinar.", 8) == 0))
        name = span_of(name.p + 8, name.n - 8);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (span_is(name, events[i].name))
            return &events[i];
    return NULL;
}

/* Who somebody is in every meeting, as far as Zoom knows. */
static const char *const person[] = {"participant.id",
                                     "participant.participant_user_id",
                                     "participant.registrant_id",
                                     "participant.customer_key",
                                     "participant.phone_number",
                                     "participant.participant_uuid",
                                     NULL};
static const char *const person_name[] = {"participant.user_name", "participant.invitee_name",
                                          NULL};
/* Who goes to a breakout room has another user_id there. */
static const char *const stay[] = {"participant.participant_uuid", "participant.parent_user_id",
                                   "participant.user_id", NULL};

static void
take_event(struct document *d, const struct zoom_event *e, const struct json_value *root,
           const struct json_value *object)
{
    struct fields *r = document_record(d);
    struct span uuid = json_at_text(object, "uuid"), leg = json_first_text(object, stay);
    struct span sent = json_at_text(root, "event_ts"), when = SPAN("");
    struct span who = json_first_text(object, person);

    if (who.n == 0 && leg.n > 0)
        who = DOCUMENT_ID(d, uuid, leg); /* a user_id begins anew in each meeting */
    if (e->when)
        when = json_at_text(object, e->when);
    if (when.n == 0)
        when = sent.n ? sent : json_at_text(object, "start_time");
    document_object(d, r, "payload", json_find(root, "payload"));
    fields_set(r, FIELD_KIND, span_str(e->kind));
    fields_set(
        r, FIELD_ID,
        DOCUMENT_ID(d, json_at_text(root, "event"), uuid, leg.n ? leg : who, sent.n ? sent : when));
    fields_set(r, FIELD_CONFERENCE, uuid);
    fields_set(r, FIELD_CONFERENCE_NAME, document_name(d, json_at_text(object, "topic")));
    fields_set(r, FIELD_PARTICIPANT, who);
    fields_set(r, FIELD_PARTICIPANT_NAME, document_name(d, json_first_text(object, person_name)));
    fields_set(r, FIELD_START, when);
    fields_set(r, FIELD_LEG, leg);
    fields_set(r, FIELD_REASON, document_name(d, json_at_text(object, "participant.leave_reason")));
    fields_set(r, FIELD_FEATURES, span_str(e->what));
    fields_set(r, FIELD_OUTCOME, span_str(e->outcome));
}

static void
zoom_event(struct document *d, const struct json_value *root)
{
    struct span name = json_at_text(root, "event");
    const struct json_value *object = json_at(root, "payload.object");
    const struct zoom_event *e = find_event(name);

    if (name.n == 0)
        document_refuse(d, "event: missing");
    else if (e && !e->kind)
        document_ignore(d, e->what);
    else if (name.n > 6 && memcmp(name.p, "phone.", 6) == 0)
        zoom_phone_event(d, name, root);
    else if (!e)
        document_ignore(d, "an event that is no usage");
    else if (json_at_text(object, "uuid").n == 0)
        document_refuse(d, "conference: missing");
    else
        take_event(d, e, root, object);
}

static enum status
zoom_read(struct document *d, struct span frame, struct error *err)
{
    return document_json(d, frame, NULL, zoom_event, err);
}

static const struct document_ops zoom = {.frame = frame_json, .read = zoom_read};
const struct parser_ops parser_zoom_webhook =
    DOCUMENT_PARSER("zoom-webhook", "events of Zoom meetings and webinars, as Zoom posts them",
                    &zoom, document_prepare, document_release);
