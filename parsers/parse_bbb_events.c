/*
 * parse_bbb_events.c - events.xml of a recorded BigBlueButton meeting: all of it in one file.
 *
 *   <recording meeting_id="7b64...c5c8-1684349961662" bbb_version="2.6.1">
 *     <meeting id=".." externalId=".." name=".." breakout="false"/><metadata key="value"/>
 *     <event timestamp="30507235" module="PARTICIPANT" eventname="ParticipantJoinEvent">
 *       <userId>w_7</userId><name>Ann</name><timestampUTC>1684349969363</timestampUTC></event>
 *
 * A document is a whole meeting, so stays are put together here. `timestamp` is a clock of its own;
 * where timestampUTC and date are missing (2.0), the meeting's id says when it began. Leaving has
 * the same name in two modules; who never left stays until everybody was sent away.
 */
#include "hash.h"
#include "json_document.h"
#include "named_values.h"
#include "timetext.h"
#include "xml_tree.h"

#define BUCKETS   1024
#define ROOM_MOST 20000 /* people of one meeting */

struct person {
    struct person *same, *next; /* of the same bucket; who came next */
    struct span user, external, name;
    int64_t came; /* ms; only while inside */
    bool inside, audio, camera, chat;
};

struct meeting {
    struct document *d;
    const struct xml_node *root;
    struct span id;
    int64_t begun, clock; /* ms: by its id, and the clock of the file at that moment */
    int64_t now;          /* of the event at hand */
    struct person *bucket[BUCKETS], *first, **end;
    const struct person *presenter; /* NULL: nobody known */
    size_t people;
};

/* --- moments --- */

static bool
number_of(struct span text, int64_t *out)
{
    return span_to_i64(text, out) && *out >= 0 && *out < INT64_C(1) << 50;
}

/* The number behind the last "-": milliseconds. */
static int64_t
begun_by_id(struct span id)
{
    const char *dash = id.n ? memrchr(id.p, '-', id.n) : NULL;
    int64_t ms = 0;

    if (!dash || !number_of(span_of(dash + 1, (size_t)(id.p + id.n - dash - 1)), &ms))
        return 0;
    return ms;
}

static int64_t
moment_of(const struct meeting *m, const struct xml_node *event)
{
    int64_t ms, utc;
    bool floating;

    if (number_of(xml_text(event, "timestampUTC"), &ms))
        return ms;
    if (timetext_read_auto(xml_text(event, "date"), &utc, &floating) && !floating)
        return utc * 1000;
    if (m->begun == 0 || !number_of(xml_attribute(event, "timestamp"), &ms))
        return 0;
    return m->begun + (ms - m->clock);
}

static struct span
seconds_text(const struct meeting *m, int64_t ms)
{
    char text[CIVIL_TEXT];

    return ms > 0 ? document_text(m->d, "%s", format_utc(text, ms / 1000)) : SPAN("");
}

/* --- people --- */

static struct person *
find_person(struct meeting *m, struct span user, bool add)
{
    struct person **at = &m->bucket[hash_bytes(user.p, user.n, 0) % BUCKETS], *p;

    for (p = *at; p; p = p->same)
        if (span_eq(p->user, user))
            return p;
    if (!add || m->people == ROOM_MOST)
        return NULL;
    p = arena_alloc(m->d->mem, sizeof *p);
    *p = (struct person){.same = *at, .user = user};
    *at = p;
    *m->end = p;
    m->end = &p->next;
    m->people++;
    return p;
}

/* The field by which the same person is called here and there. */
static struct span
user_of(const struct xml_node *event)
{
    static const char *const names[] = {"userId", "userid", "participant", "senderId"};
    struct span user = SPAN("");

    for (size_t i = 0; i < sizeof names / sizeof *names && user.n == 0; i++)
        user = xml_text(event, names[i]);
    return user;
}

/* --- records --- */

static struct fields *
new_record(struct meeting *m, const char *kind, struct span user, int64_t ms)
{
    const struct xml_node *meeting = xml_find(m->root, "meeting");
    const struct xml_node *metadata = xml_find(m->root, "metadata");
    struct fields *r = document_record(m->d);

    for (const struct xml_attribute *a = metadata ? metadata->attributes : NULL; a; a = a->next)
        document_value(m->d, r, document_text(m->d, "metadata.%.*s%c", SPAN_ARG(a->name), 0).p,
                       a->value);
    document_value(m->d, r, "meeting.externalId", xml_attribute(meeting, "externalId"));
    document_value(m->d, r, "meeting.name", xml_attribute(meeting, "name"));
    fields_set(r, FIELD_KIND, span_str(kind));
    fields_set(
        r, FIELD_ID,
        DOCUMENT_ID(m->d, m->id, user, span_str(kind), document_text(m->d, "%lld", (long long)ms)));
    fields_set(r, FIELD_CONFERENCE, m->id);
    fields_set(r, FIELD_CONFERENCE_NAME, document_name(m->d, xml_attribute(meeting, "name")));
    fields_set(r, FIELD_START, seconds_text(m, ms));
    return r;
}

static void
name_person(struct meeting *m, struct fields *r, const struct person *p)
{
    fields_set(r, FIELD_PARTICIPANT, p->external.n ? p->external : p->user);
    fields_set(r, FIELD_PARTICIPANT_NAME, document_name(m->d, p->name));
    fields_set(r, FIELD_LEG, p->user);
}

static void
end_stay(struct meeting *m, struct person *p, const char *state)
{
    const struct xml_node *meeting = xml_find(m->root, "meeting");
    int64_t until = m->now > p->came ? m->now : p->came;
    struct fields *r = new_record(m, "leg", p->user, p->came);

    name_person(m, r, p);
    fields_set(r, FIELD_END, seconds_text(m, until));
    fields_set(r, FIELD_STATE, span_str(state));
    if (p->audio)
        fields_feature(m->d, r, "audio");
    if (p->camera)
        fields_feature(m->d, r, "camera");
    if (p->chat)
        fields_feature(m->d, r, "chat");
    if (span_is(xml_attribute(meeting, "breakout"), "true"))
        fields_feature(m->d, r, "breakout_room");
    p->inside = p->audio = p->camera = p->chat = false;
}

static void
end_all(struct meeting *m, const char *state)
{
    for (struct person *p = m->first; p; p = p->next)
        if (p->inside)
            end_stay(m, p, state);
}

/* --- events --- */

static void
on_join(struct meeting *m, const struct xml_node *event)
{
    struct span user = user_of(event);
    struct person *p = user.n ? find_person(m, user, true) : NULL;

    if (user.n == 0) {
        document_refuse(m->d, "participant: userId is missing");
        return;
    }
    if (!p) {
        document_refuse(m->d, "more than 20000 people in one meeting");
        return;
    }
    if (p->inside)
        return; /* he came back before he was missed */
    p->external = xml_text(event, "externalUserId");
    p->name = xml_text(event, "name");
    p->came = m->now;
    p->inside = true;
}

/* Listening first and then speaking are two joins of one person. Who dials in may be known to the
 * telephone side alone. */
static void
on_voice(struct meeting *m, const struct xml_node *event)
{
    struct span user = user_of(event);
    bool dialled = user.n > 2 && memcmp(user.p, "v_", 2) == 0;
    struct person *p = find_person(m, user, dialled);

    if (!p)
        return;
    if (dialled && !p->inside) {
        p->name = xml_text(event, "callername");
        p->came = m->now;
        p->inside = true;
    }
    p->audio = true;
}

static void
on_voice_left(struct meeting *m, const struct xml_node *event)
{
    struct span user = user_of(event);
    struct person *p = find_person(m, user, false);

    if (p && p->inside && user.n > 2 && memcmp(user.p, "v_", 2) == 0)
        end_stay(m, p, NULL);
}

static void
on_left(struct meeting *m, const struct xml_node *event)
{
    struct person *p = find_person(m, user_of(event), false);

    if (p && p->inside)
        end_stay(m, p, NULL);
}

/* "low-w_7essiaz9n8n8-1684349970000": who is named between dashes. */
static struct person *
person_in(struct meeting *m, struct span stream)
{
    struct person *p = NULL;

    while (stream.n > 0 && !p) {
        const char *dash = memchr(stream.p, '-', stream.n);
        size_t n = dash ? (size_t)(dash - stream.p) : stream.n;

        p = find_person(m, span_of(stream.p, n), false);
        n += dash != NULL;
        stream = span_of(stream.p + n, stream.n - n);
    }
    return p;
}

/* A camera's event names the stream, or the file that it is recorded in. */
static void
on_camera(struct meeting *m, const struct xml_node *event)
{
    struct span file = xml_text(event, "filename");
    const char *slash = file.n ? memrchr(file.p, '/', file.n) : NULL;
    struct person *p = find_person(m, user_of(event), false);

    if (slash)
        file = span_of(slash + 1, (size_t)(file.p + file.n - slash - 1));
    if (!p)
        p = person_in(m, file.n ? file : xml_text(event, "stream"));
    if (p)
        p->camera = true;
}

static void
on_chat(struct meeting *m, const struct xml_node *event)
{
    struct person *p = find_person(m, user_of(event), false);

    if (p)
        p->chat = true;
}

static void
on_presenter(struct meeting *m, const struct xml_node *event)
{
    m->presenter = find_person(m, user_of(event), false);
}

/* Some events say nothing of who it was: `usual`, or NULL. */
static void
add_feature(struct meeting *m, const struct xml_node *event, const char *name,
            const struct person *usual)
{
    struct span user = user_of(event);
    const struct person *p = user.n ? find_person(m, user, false) : usual;
    struct fields *r = new_record(m, "feature", span_str(name), m->now);

    if (p)
        name_person(m, r, p);
    fields_feature(m->d, r, name);
}

static void
on_recording(struct meeting *m, const struct xml_node *event)
{
    if (span_is(xml_text(event, "status"), "true"))
        add_feature(m, event, "recording", NULL);
}

/* Polls and screens are the presenter's to start, and nobody else's. */
static void
on_poll(struct meeting *m, const struct xml_node *event)
{
    add_feature(m, event, "poll", m->presenter);
}

static void
on_screen(struct meeting *m, const struct xml_node *event)
{
    add_feature(m, event, "screen_share", m->presenter);
}

static void
on_end(struct meeting *m, const struct xml_node *event)
{
    (void)event;
    end_all(m, NULL);
}

static const struct {
    const char *module, *name; /* module NULL: any */
    void (*take)(struct meeting *m, const struct xml_node *event);
} handlers[] = {
    {"PARTICIPANT", "ParticipantJoinEvent", on_join},
    {"PARTICIPANT", "ParticipantLeftEvent", on_left},
    {"PARTICIPANT", "AssignPresenterEvent", on_presenter},
    {"PARTICIPANT", "RecordStatusEvent", on_recording},
    {"PARTICIPANT", "EndAndKickAllEvent", on_end},
    {"VOICE", "ParticipantJoinedEvent", on_voice},
    {"VOICE", "ParticipantLeftEvent", on_voice_left},
    {"WEBCAM", "StartWebcamShareEvent", on_camera},
    {"bbb-webrtc-sfu", "StartWebRTCShareEvent", on_camera},
    {"CHAT", "PublicChatEvent", on_chat},
    {"POLL", "PollStartedRecordEvent", on_poll},
    {NULL, "DeskshareStartedEvent", on_screen},
    {NULL, "StartWebRTCDesktopShareEvent", on_screen},
};

static void
take_event(struct meeting *m, const struct xml_node *event)
{
    struct span module = xml_attribute(event, "module"), name = xml_attribute(event, "eventname");
    int64_t moment = moment_of(m, event);

    if (moment > 0)
        m->now = moment;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (span_is(name, handlers[i].name) &&
            (!handlers[i].module || span_is(module, handlers[i].module)))
            handlers[i].take(m, event);
}

static enum status
bbb_read(struct document *d, struct span frame, struct error *err)
{
    struct meeting *m = arena_alloc(d->mem, sizeof *m);
    const struct xml_node *event;
    struct xml_node *root;
    enum status st = xml_parse(frame, d->mem, &root, err);

    if (st != ST_OK)
        return st;
    if (!span_is(root->name, "recording"))
        return fail(err, ST_BAD_INPUT, "xml: no recording of BigBlueButton");
    *m = (struct meeting){.d = d, .root = root, .id = xml_attribute(root, "meeting_id")};
    if (m->id.n == 0)
        return fail(err, ST_BAD_INPUT, "conference: meeting_id is missing");
    m->end = &m->first;
    m->begun = begun_by_id(m->id);
    event = xml_find(root, "event");
    if (event && !number_of(xml_attribute(event, "timestamp"), &m->clock))
        m->begun = 0;
    for (; event; event = xml_again(event))
        take_event(m, event);
    end_all(m, "estimated");
    return ST_OK;
}

static const struct document_ops bbb = {.frame = frame_xml, .read = bbb_read};
const struct parser_ops parser_bbb_events =
    DOCUMENT_PARSER("bbb-events", "events.xml of recorded BigBlueButton meetings", &bbb,
                    document_prepare, document_release);
