/*
 * parse_jitsi_event_sync.c - rooms and people of Jitsi Meet, as prosody's event_sync posts them.
 *
 *   {"event_name":"muc-occupant-left","room_name":"catchup","room_jid":"catchup@conference.x.org",
 *    "is_breakout":false,"occupant":{"occupant_jid":"14f0@x.org/OWhl","joined_at":1625823996,
 *    "left_at":1625824035,"name":"Ann","id":"0038"}}
 *
 * People come and go without saying which of the meetings in their room it is, which pairing
 * finds out. A breakout room has the main room's name; only breakout_room_id tells. When a room
 * is destroyed everybody who was there is told once more: what was lost before is made good so.
 */
#include "json_document.h"

/* "catchup@conference.meet.example.org", and behind it the breakout room. */
static struct span
room_of(struct document *d, const struct json_value *v)
{
    struct span jid = json_at_text(v, "room_jid"), part = json_at_text(v, "breakout_room_id");

    return part.n ? DOCUMENT_ID(d, jid, part) : jid;
}

/* What is behind "@conference.", or "@muc." as containers are set up. */
static struct span
domain_of(struct span jid)
{
    static const struct span services[] = {{"conference.", 11}, {"muc.", 4}};
    const char *at = jid.n ? memchr(jid.p, '@', jid.n) : NULL;
    struct span domain = at ? span_of(at + 1, (size_t)(jid.p + jid.n - at - 1)) : SPAN("");

    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (domain.n > services[i].n && memcmp(domain.p, services[i].p, services[i].n) == 0)
            return span_of(domain.p + services[i].n, domain.n - services[i].n);
    return domain;
}

/* "[tenant]" in front of the room's name, and the domain. */
static void
feed_place(struct document *d, struct fields *r, struct span jid)
{
    const char *close = jid.n && *jid.p == '[' ? memchr(jid.p, ']', jid.n) : NULL;

    if (close)
        document_value(d, r, "tenant", span_of(jid.p + 1, (size_t)(close - jid.p - 1)));
    document_value(d, r, "domain", domain_of(jid));
}

static struct fields *
new_record(struct document *d, const struct json_value *v, const char *kind)
{
    struct fields *r = document_record(d);

    feed_place(d, r, json_at_text(v, "room_jid"));
    document_object(d, r, "", v);
    fields_set(r, FIELD_KIND, span_str(kind));
    fields_set(r, FIELD_ROOM, room_of(d, v));
    fields_set(r, FIELD_CONFERENCE_NAME, document_name(d, json_at_text(v, "room_name")));
    return r;
}

static void
take_room(struct document *d, const struct json_value *v, const char *kind, const char *moment)
{
    struct fields *r = new_record(d, v, kind);
    struct span created = json_at_text(v, "created_at"), when = json_at_text(v, moment);

    fields_set(r, FIELD_ID,
               DOCUMENT_ID(d, span_str(kind), room_of(d, v), created.n ? created : when));
    fields_set(r, FIELD_START, when);
}

/* The seconds from joining to leaving, when both are there and in order. */
static struct span
stay_of(struct document *d, struct span joined, struct span left)
{
    int64_t from, to;

    if (!span_to_i64(joined, &from) || !span_to_i64(left, &to) || to < from)
        return SPAN("");
    return document_text(d, "%lld", (long long)(to - from));
}

/* `gone`: when nobody was left, for who has no time of his own. */
static void
take_occupant(struct document *d, const struct json_value *v, const struct json_value *who,
              const char *kind, struct span gone)
{
    struct span jid = json_at_text(who, "occupant_jid"), person = json_at_text(who, "id");
    struct span joined = json_at_text(who, "joined_at"), left = json_at_text(who, "left_at");
    bool leaves = strcmp(kind, "leave") == 0;
    struct fields *r;

    if (jid.n == 0) {
        document_refuse(d, "leg: occupant_jid is missing");
        return;
    }
    if (left.n == 0)
        left = gone;
    r = new_record(d, v, kind);
    document_object(d, r, "occupant", who);
    fields_set(r, FIELD_ID,
               DOCUMENT_ID(d, span_str(kind), room_of(d, v), joined.n ? joined : left, jid));
    fields_set(r, FIELD_PARTICIPANT, person.n ? person : jid);
    fields_set(r, FIELD_PARTICIPANT_NAME, document_name(d, json_at_text(who, "name")));
    fields_set(r, FIELD_LEG, DOCUMENT_ID(d, joined, jid));
    fields_set(r, FIELD_START, leaves ? left : joined);
    if (leaves)
        fields_set(r, FIELD_DURATION, stay_of(d, joined, left));
}

static void
take_destroyed(struct document *d, const struct json_value *v)
{
    const struct json_value *all = json_find(v, "all_occupants");
    struct span gone = json_at_text(v, "destroyed_at");

    for (const struct json_value *who = all && all->type == JSON_ARRAY ? all->first : NULL; who;
         who = who->next) {
        if (json_at_text(who, "occupant_jid").n > 0)
            take_occupant(d, v, who, "join", gone);
        take_occupant(d, v, who, "leave", gone); /* or refuses him */
    }
    take_room(d, v, "conference_end", "destroyed_at");
}

static void
jitsi_event(struct document *d, const struct json_value *v)
{
    struct span name = json_at_text(v, "event_name");
    const struct json_value *who = json_find(v, "occupant");

    if (name.n == 0)
        document_refuse(d, "event: event_name is missing");
    else if (json_at_text(v, "room_jid").n == 0)
        document_refuse(d, "conference: missing");
    else if (span_is(name, "muc-room-created"))
        take_room(d, v, "conference_start", "created_at");
    else if (span_is(name, "muc-room-destroyed"))
        take_destroyed(d, v);
    else if (span_is(name, "muc-occupant-joined"))
        take_occupant(d, v, who, "join", SPAN(""));
    else if (span_is(name, "muc-occupant-left"))
        take_occupant(d, v, who, "leave", SPAN(""));
    else
        document_ignore(d, "an event that is no usage");
}

static enum status
jitsi_read(struct document *d, struct span frame, struct error *err)
{
    return document_json(d, frame, NULL, jitsi_event, err);
}

static const struct document_ops jitsi = {.frame = frame_json, .read = jitsi_read};
const struct parser_ops parser_jitsi_event_sync =
    DOCUMENT_PARSER("jitsi-event-sync", "rooms and people of Jitsi Meet (prosody's event_sync)",
                    &jitsi, document_prepare, document_release);
