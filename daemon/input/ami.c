/*
 * ami.c - the manager interface of Asterisk, logged in to as a client.
 *
 * Its packets are lines `Key: Value`, closed by an empty one. Events go on to the format as they
 * are, each with a first line of ours, the moment of its arrival, because most servers are not
 * configured to say when it happened:
 *
 *   Callswell-Received: 1763800000.123456
 *   Event: ConfbridgeJoin
 *   ...
 *
 * The login answers a challenge, so that the secret is not on the wire.
 *
 * After each login the server is asked who is in which ConfBridge. The item of whoever is there
 * and was not known goes on, too, with his bridge's id, which it does not have itself; whoever was
 * known and is gone gets a ConfbridgeLeave of the moment in which the last connection was heard of
 * last. Before Asterisk 13 items do not say whose they are: then nobody is sent away.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dialing.h"
#include "presence.h"

#define MAX_PACKET (1024 * 1024)
#define OURS       "callswell-" /* what ids of our actions begin with */

struct input {
    struct dialing d; /* first */
    struct presence *there;
    bool greeted;
    /* the roll call */
    struct buf rooms;  /* "name\nbridge's unique id\n" of each ConfBridge there is */
    unsigned lists;    /* of members that are still to come */
    bool rooms_listed; /* all rooms were named */
    bool in_vain;      /* somebody could be missing: nobody is sent away */
};

/* --- packets --- */

/* One line off the front, without its end; false: there is none. */
static bool
next_header(struct span *rest, struct span *key, struct span *value)
{
    const char *nl = memchr(rest->p, '\n', rest->n), *colon;
    struct span line = span_of(rest->p, nl ? (size_t)(nl - rest->p) : rest->n);

    if (rest->n == 0)
        return false;
    rest->p += line.n + (nl != NULL);
    rest->n -= line.n + (nl != NULL);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    colon = memchr(line.p, ':', line.n);
    *key = colon ? span_of(line.p, (size_t)(colon - line.p)) : line;
    *value = colon ? span_of(colon + 1, (size_t)(line.p + line.n - colon - 1)) : span_of(line.p, 0);
    if (value->n > 0 && value->p[0] == ' ') {
        value->p++;
        value->n--;
    }
    return true;
}

/* The first of that name, whatever its case; else empty. */
static struct span
header(struct span packet, const char *name)
{
    struct span key, value;

    while (next_header(&packet, &key, &value))
        if (span_eq_nocase(key, span_str(name)))
            return value;
    return span_of(packet.p, 0);
}

static void
hand_on(struct input *in, int64_t us, struct span packet)
{
    buf_printf(&in->d.payload, "Callswell-Received: %lld.%06d\r\n", (long long)(us / 1000000),
               (int)(us % 1000000));
    buf_span(&in->d.payload, packet);
    dialing_hand_on(&in->d);
}

/* --- who is there --- */

/* What a leave event says, from a join or from an item of a list. */
static void
write_leave(struct buf *out, struct span packet)
{
    static const char *const kept[] = {"Conference",  "BridgeUniqueid", "BridgeName",  "Channel",
                                       "CallerIDNum", "CallerIDName",   "AccountCode", "Uniqueid",
                                       "Linkedid",    "Admin"};
    struct span key, value;

    buf_str(out, "Event: ConfbridgeLeave\r\n");
    while (next_header(&packet, &key, &value))
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            if (span_eq_nocase(key, span_str(kept[i])))
                buf_printf(out, "%s: %.*s\r\n", kept[i], (int)value.n, value.p);
    buf_str(out, "\r\n");
}

/* The room's own id where there is one: its name is used again. */
static struct span
room_of(struct span packet)
{
    struct span bridge = header(packet, "BridgeUniqueid");

    return bridge.n > 0 ? bridge : header(packet, "Conference");
}

static void
join(struct input *in, struct span room, struct span packet)
{
    struct buf farewell = {0};

    write_leave(&farewell, packet);
    presence_join(in->there, room, header(packet, "Uniqueid"), span_of(farewell.p, farewell.n));
    buf_clear(&farewell);
}

static void
note_presence(struct input *in, struct span event, struct span packet)
{
    struct span room = room_of(packet), who = header(packet, "Uniqueid");

    if (span_is(event, "ConfbridgeEnd"))
        presence_end(in->there, room);
    else if (who.n == 0) /* an announcer or recorder of the room itself */
        return;
    else if (span_is(event, "ConfbridgeJoin"))
        join(in, room, packet);
    else if (span_is(event, "ConfbridgeLeave"))
        presence_leave(in->there, room, who);
}

/* Of the time before this process. */
static void
recall(void *arg, const struct open_stay *s)
{
    struct input *in = arg;
    struct buf farewell = {0};

    buf_printf(&farewell,
               "Event: ConfbridgeLeave\r\nConference: %.*s\r\nBridgeUniqueid: %.*s\r\n"
               "Uniqueid: %.*s\r\n\r\n",
               (int)s->name.n, s->name.p, (int)s->conference.n, s->conference.p, (int)s->leg.n,
               s->leg.p);
    presence_join(in->there, s->conference, s->leg, span_of(farewell.p, farewell.n));
    buf_clear(&farewell);
}

/* --- the roll call --- */

static void
begin_roll_call(struct input *in)
{
    presence_begin(in->there);
    buf_reset(&in->rooms);
    in->lists = 0;
    in->rooms_listed = in->in_vain = false;
    dialing_say(&in->d, "Action: BridgeList\r\nActionID: " OURS "bridges\r\n\r\n"
                        "Action: ConfbridgeListRooms\r\nActionID: " OURS "rooms\r\n\r\n");
}

static void
on_gone(void *arg, struct span farewell)
{
    struct input *in = arg;

    /* Of who left while no process listened, only that he did is known. */
    hand_on(in, in->d.gone_us ? in->d.gone_us : in->d.heard_us, farewell);
}

static void
end_roll_call(struct input *in)
{
    if (in->in_vain || !in->rooms_listed || in->lists > 0)
        return;
    presence_sweep(in->there, on_gone, in);
    in->rooms_listed = false;
}

/* The bridge's own id, which its room's name had no part in; empty: it is not known. */
static struct span
bridge_of(const struct input *in, struct span room)
{
    struct span rest = span_of(in->rooms.p, in->rooms.n);

    while (rest.n > 0) {
        const char *name_end = memchr(rest.p, '\n', rest.n);
        const char *end = memchr(name_end + 1, '\n', rest.n - (size_t)(name_end + 1 - rest.p));

        if (span_eq(span_of(rest.p, (size_t)(name_end - rest.p)), room))
            return span_of(name_end + 1, (size_t)(end - name_end - 1));
        rest.n -= (size_t)(end + 1 - rest.p);
        rest.p = end + 1;
    }
    return span_of(rest.p, 0);
}

/* An item of a list, with what it lacks. */
static void
write_member(struct buf *out, struct span packet, struct span bridge)
{
    struct span key, value;

    buf_str(out, "Event: ConfbridgeList\r\n");
    if (bridge.n > 0)
        buf_printf(out, "BridgeUniqueid: %.*s\r\n", (int)bridge.n, bridge.p);
    while (next_header(&packet, &key, &value))
        if (key.n > 0 && !span_eq_nocase(key, SPAN("Event")) &&
            !span_eq_nocase(key, SPAN("ActionID")))
            buf_printf(out, "%.*s: %.*s\r\n", (int)key.n, key.p, (int)value.n, value.p);
    buf_str(out, "\r\n");
}

static void
note_member(struct input *in, struct span packet)
{
    struct span name = header(packet, "Conference"), who = header(packet, "Uniqueid");
    struct span bridge = bridge_of(in, name), room = bridge.n > 0 ? bridge : name;
    struct buf member = {0};

    if (who.n == 0)
        in->in_vain = true;
    if (who.n == 0 || presence_seen(in->there, room, who))
        return;
    write_member(&member, packet, bridge);
    packet = span_of(member.p, member.n);
    join(in, room, packet);
    hand_on(in, in->d.heard_us, packet);
    buf_clear(&member);
}

static void
ask_for_members(struct input *in, struct span room)
{
    if (room.n == 0)
        return;
    in->lists++;
    dialing_say(&in->d,
                "Action: ConfbridgeList\r\nActionID: " OURS "members\r\nConference: %.*s\r\n\r\n",
                (int)room.n, room.p);
}

static void
note_bridge(struct input *in, struct span packet)
{
    struct span name = header(packet, "BridgeName"), id = header(packet, "BridgeUniqueid");

    if (name.n > 0 && id.n > 0 &&
        span_eq_nocase(header(packet, "BridgeCreator"), SPAN("ConfBridge")))
        buf_printf(&in->rooms, "%.*s\n%.*s\n", (int)name.n, name.p, (int)id.n, id.p);
}

/* One of what we have asked for. */
static void
take_item(struct input *in, struct span event, struct span packet)
{
    if (span_is(event, "BridgeListItem"))
        note_bridge(in, packet);
    else if (span_is(event, "ConfbridgeListRooms"))
        ask_for_members(in, header(packet, "Conference"));
    else if (span_is(event, "ConfbridgeList"))
        note_member(in, packet);
    else if (span_is(event, "ConfbridgeListRoomsComplete"))
        in->rooms_listed = true;
    else if (span_is(event, "ConfbridgeListComplete") && in->lists > 0)
        in->lists--;
    end_roll_call(in);
}

/* An error may mean that nobody is there, or that we may not know who is. */
static void
take_refusal(struct input *in, struct span action, struct span packet)
{
    struct span message = header(packet, "Message");
    bool nobody = memmem(message.p, message.n, "No active conferences", 21) ||
                  memmem(message.p, message.n, "No Conference by that name", 26);

    in->in_vain |= !nobody && !span_is(action, "bridges");
    if (span_is(action, "rooms"))
        in->rooms_listed = true;
    else if (span_is(action, "members") && in->lists > 0)
        in->lists--;
    end_roll_call(in);
}

/* --- the conversation --- */

/* The secret itself is never sent: the MD5 of what the server says now and it. */
static void
log_in(struct input *in, struct span challenge)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    struct buf text = {0};
    unsigned n = 0;

    buf_span(&text, challenge);
    buf_str(&text, in->d.cfg->secret);
    if (challenge.n == 0 || EVP_Digest(text.p, text.n, hash, &n, EVP_md5(), NULL) != 1) {
        dialing_refused(&in->d, SPAN("it offers no MD5 challenge"));
    } else {
        buf_reset(&text);
        for (unsigned i = 0; i < n; i++)
            buf_printf(&text, "%02x", hash[i]);
        dialing_say(&in->d,
                    "Action: Login\r\nActionID: " OURS "login\r\nAuthType: MD5\r\nUsername: %s\r\n"
                    "Key: %.*s\r\nEvents: call,cdr\r\n\r\n",
                    in->d.cfg->user, (int)text.n, text.p);
    }
    buf_clear(&text);
}

static void
take_response(struct input *in, struct span response, struct span packet)
{
    struct span action = header(packet, "ActionID");
    bool error = span_eq_nocase(response, SPAN("Error"));

    if (action.n <= strlen(OURS) || memcmp(action.p, OURS, strlen(OURS)) != 0)
        return;
    action.p += strlen(OURS);
    action.n -= strlen(OURS);
    if (span_is(action, "challenge")) {
        log_in(in, error ? SPAN("") : header(packet, "Challenge"));
    } else if (span_is(action, "login") && error) {
        dialing_refused(&in->d, header(packet, "Message"));
    } else if (span_is(action, "login")) {
        dialing_settled(&in->d);
        begin_roll_call(in);
    } else if (error) {
        take_refusal(in, action, packet);
    }
}

static void
take_packet(struct input *in, struct span packet)
{
    struct span event = header(packet, "Event"), response = header(packet, "Response");
    struct span action = header(packet, "ActionID");

    if (response.n > 0) {
        take_response(in, response, packet);
    } else if (action.n > strlen(OURS) && memcmp(action.p, OURS, strlen(OURS)) == 0) {
        take_item(in, event, packet);
    } else if (event.n > 0 && in->d.state == DIALING_TALKS) {
        note_presence(in, event, packet);
        hand_on(in, in->d.heard_us, packet);
    }
}

static size_t
take_greeting(struct input *in, struct span got)
{
    static const char hello[] = "Asterisk Call Manager/";
    const char *nl = memchr(got.p, '\n', got.n);
    size_t n = got.n < strlen(hello) ? got.n : strlen(hello);

    if (memcmp(got.p, hello, n) != 0) {
        dialing_break(&in->d, "it is no manager interface: it says \"%.*s\"",
                      (int)(got.n < 40 ? got.n : 40), got.p);
        return 0;
    }
    if (!nl)
        return 0;
    in->greeted = true;
    dialing_say(&in->d,
                "Action: Challenge\r\nActionID: " OURS "challenge\r\nAuthType: MD5\r\n\r\n");
    return (size_t)(nl - got.p) + 1;
}

static size_t
ami_take(struct input *in, struct span got)
{
    const char *end;

    if (!in->greeted)
        return take_greeting(in, got);
    end = memmem(got.p, got.n, "\r\n\r\n", 4);
    if (!end)
        return 0;
    take_packet(in, span_of(got.p, (size_t)(end - got.p) + 4));
    return (size_t)(end - got.p) + 4;
}

static void
ami_begin(struct input *in)
{
    in->greeted = false;
}

static void
ami_ask(struct input *in)
{
    dialing_say(&in->d, "Action: Ping\r\nActionID: " OURS "ping\r\n\r\n");
}

static void
ami_describe(const struct input *in, char *out, size_t size)
{
    snprintf(out, size, ", %zu in conferences%s", presence_count(in->there),
             in->in_vain ? ", it does not say who is there" : "");
}

static void
ami_open(struct input *in)
{
    in->there = presence_new();
    engine_open_stays(in->d.engine, in->d.cfg->title, recall, in);
}

static void
ami_clear(struct input *in)
{
    presence_free(in->there);
    buf_clear(&in->rooms);
}

static const struct dialing_kind kind = {
    .type = "ami",
    .size = sizeof(struct input),
    .max_packet = MAX_PACKET,
    .open = ami_open,
    .clear = ami_clear,
    .begin = ami_begin,
    .take = ami_take,
    .ask = ami_ask,
    .describe = ami_describe,
};

static enum status
ami_start(struct input **out, struct event_base *base, struct engine *e,
          const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    (void)limits;
    return dialing_start(out, &kind, base, e, cfg, err);
}

extern const struct input_ops input_ami;
const struct input_ops input_ami = {
    .name = "ami",
    .summary = "Asterisk's manager interface, as a client; at most once",
    .start = ami_start,
    .resume = dialing_resume,
    .stop = dialing_stop,
    .change = dialing_change,
};
