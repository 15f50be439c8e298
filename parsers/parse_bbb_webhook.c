/*
 * parse_bbb_webhook.c - events of BigBlueButton, as bbb-webhooks posts them.
 *
 *   domain=bbb.example.com&event=%5B%7B%22data%22%3A...%7D%5D&timestamp=1708381132686
 *   {"data":{"type":"event","id":"user-joined","attributes":{"meeting":{"internal-meeting-id":"..",
 *    ...},"user":{"internal-user-id":"w_x","name":"Ann"}},"event":{"ts":1708381133689}}}
 *
 * A form whose `event` is a list of events, or, from older releases, the JSON by itself. event.ts
 * is when the event was mapped: not when it happened, if it was mapped again later.
 * The number behind the last "-" of a meeting's id is its beginning in milliseconds.
 */
#include "json_document.h"
#include "web_text.h"

struct bbb_event {
    const char *id;
    const char *kind; /* NULL: left out */
    const char *what; /* of a feature its name; else why it is left out */
};

static const struct bbb_event events[] = {
    {"meeting-created", "conference_start", NULL},
    {"meeting-ended", "conference_end", NULL},
    {"user-joined", "join", NULL},
    {"user-left", "leave", NULL},
    {"meeting-recording-started", "feature", "recording"},
    {"meeting-screenshare-started", "feature", "screen_share"},
    {"user-cam-broadcast-start", "feature", "camera"},
    {"user-audio-voice-enabled", "feature", "audio"},
    {"user-raise-hand-changed", "feature", "raise_hand"},
    {"poll-started", "feature", "poll"},
    {"chat-group-message-sent", "feature", "chat"},
    {"meeting-recording-stopped", NULL, "the end of a feature"},
    {"meeting-screenshare-stopped", NULL, "the end of a feature"},
    {"user-cam-broadcast-end", NULL, "the end of a feature"},
    {"user-audio-voice-disabled", NULL, "the end of a feature"},
    {"poll-responded", NULL, "an answer to a poll"},
};

static const struct bbb_event *
find_event(struct span id)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (span_is(id, events[i].id))
            return &events[i];
    return NULL;
}

/* "8043...9228f-1698771157700": the digits behind the last "-". */
static struct span
begun_by_id(struct span meeting)
{
    size_t i = meeting.n;

    while (i > 0 && meeting.p[i - 1] >= '0' && meeting.p[i - 1] <= '9')
        i--;
    return i > 0 && meeting.p[i - 1] == '-' && meeting.n - i == 13 ? span_of(meeting.p + i, 13)
                                                                   : SPAN("");
}

#define MEETING "data.attributes.meeting."
#define USER    "data.attributes.user."
#define CHAT    "data.attributes.chat-message."

/* Messages have a sender, and everything else a user. A sender has no external id, by which people
 * are known: he is named as a leg, and is nobody new. */
static const char *const user_id[] = {USER "internal-user-id", CHAT "sender.internal-user-id",
                                      NULL};
static const char *const person_id[] = {USER "external-user-id", USER "internal-user-id", NULL};
static const char *const user_name[] = {USER "name", CHAT "sender.name", NULL};
/* What it was of several things that one user may do in the millisecond that events are mapped in,
 * where there is a name for it. */
static const char *const thing[] = {CHAT "id", "data.attributes.poll.id", NULL};

static struct span
moment_of(const struct bbb_event *e, const struct json_value *event)
{
    struct span created = json_at_text(event, MEETING "create-time");

    if (strcmp(e->kind, "conference_start") != 0)
        return json_at_text(event, "data.event.ts");
    return created.n ? created : begun_by_id(json_at_text(event, MEETING "internal-meeting-id"));
}

/* A map may name metadata, names and ids; secrets it may not. */
static void
feed_map(struct document *d, struct fields *r, const struct json_value *event)
{
    const struct json_value *meeting = json_at(event, "data.attributes.meeting");

    document_value(d, r, "domain", *(const struct span *)d->own);
    document_object(d, r, "meeting.metadata", json_find(meeting, "metadata"));
    document_value(d, r, "meeting.external-meeting-id",
                   json_at_text(meeting, "external-meeting-id"));
    document_value(d, r, "meeting.name", json_at_text(meeting, "name"));
    document_object(d, r, "user", json_at(event, "data.attributes.user"));
}

static void
take_event(struct document *d, const struct bbb_event *e, const struct json_value *event)
{
    struct fields *r = document_record(d);
    struct span meeting = json_at_text(event, MEETING "internal-meeting-id");
    struct span user = json_first_text(event, user_id), what = json_first_text(event, thing);
    struct span ts = json_at_text(event, "data.event.ts");
    struct span person = json_first_text(event, person_id);

    feed_map(d, r, event);
    fields_set(r, FIELD_KIND, span_str(e->kind));
    fields_set(r, FIELD_ID,
               what.n ? DOCUMENT_ID(d, meeting, user, span_str(e->id), ts, what)
                      : DOCUMENT_ID(d, meeting, user, span_str(e->id), ts));
    fields_set(r, FIELD_CONFERENCE, meeting);
    fields_set(r, FIELD_CONFERENCE_NAME, document_name(d, json_at_text(event, MEETING "name")));
    fields_set(r, FIELD_PARTICIPANT, person);
    fields_set(r, FIELD_PARTICIPANT_NAME, document_name(d, json_first_text(event, user_name)));
    fields_set(r, FIELD_START, moment_of(e, event));
    fields_set(r, FIELD_LEG, user);
    fields_set(r, FIELD_FEATURES, span_str(e->what));
}

/* A hand that goes down, a microphone that only listens. */
static const char *
no_use(const struct bbb_event *e, const struct json_value *event)
{
    if (strcmp(e->id, "user-raise-hand-changed") == 0 && !json_at_true(event, USER "raise-hand"))
        return "the end of a feature";
    if (strcmp(e->id, "user-audio-voice-enabled") == 0 &&
        json_at_true(event, USER "listening-only"))
        return "somebody who listens";
    return NULL;
}

static void
bbb_event(struct document *d, const struct json_value *event)
{
    struct span id = json_at_text(event, "data.id");
    const struct bbb_event *e = find_event(id);
    const char *why = e && e->kind ? no_use(e, event) : NULL;

    if (id.n == 0)
        document_refuse(d, json_find(event, "envelope") ? "an event that was not mapped"
                                                        : "event: data.id is missing");
    else if (!e)
        document_ignore(d, id.n > 4 && memcmp(id.p, "rap-", 4) == 0 ? "work on a recording"
                                                                    : "an event that is no usage");
    else if (!e->kind || why)
        document_ignore(d, why ? why : e->what);
    else if (json_at_text(event, MEETING "internal-meeting-id").n == 0)
        document_refuse(d, "conference: missing");
    else
        take_event(d, e, event);
}

static enum status
bbb_read(struct document *d, struct span frame, struct error *err)
{
    struct span list = frame, domain;
    bool json = frame_is_json(frame);

    d->own = &domain;
    if (json || !web_form_find(frame, "domain", d->mem, &domain))
        domain = SPAN("");
    if (!json && !web_form_find(frame, "event", d->mem, &list))
        return fail(err, ST_BAD_INPUT, "the form has no event");
    return document_json(d, list, NULL, bbb_event, err);
}

static const struct document_ops bbb = {.frame = frame_json, .read = bbb_read};
const struct parser_ops parser_bbb_webhook =
    DOCUMENT_PARSER("bbb-webhook", "events of BigBlueButton, as bbb-webhooks posts them", &bbb,
                    document_prepare, document_release);
