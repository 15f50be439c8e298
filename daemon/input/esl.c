/*
 * esl.c - the event socket of FreeSWITCH, logged in to as a client.
 *
 * Its packets are header lines, an empty line and, where one of them is Content-Length, so many
 * bytes. Packets with events go on to the format whole, with their outer headers.
 *
 * After each login the server is asked who is in which conference (conference xml_list). Whoever
 * is there and was not known gets an add-member event of the moment in which he came, which the
 * list tells; whoever was known and is gone a del-member event of the moment in which the last
 * connection was heard of last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml_tree.h"
#include "clock.h"
#include "dialing.h"
#include "presence.h"

#define MAX_PACKET (64 * 1024 * 1024) /* the list of all conferences is one */

struct input {
    struct dialing d; /* first */
    struct presence *there;
    enum { AT_AUTH, AT_LOGIN, AT_SUBSCRIPTION, AT_EVENTS } at; /* what is expected next */
    bool listing; /* the list has been asked for and has not come */
    bool in_vain; /* the last one could not be read: nobody was sent away */
};

/* The value of a header line of a block of them; empty: it has none. */
static struct span
header(struct span block, const char *name)
{
    size_t n = strlen(name);

    while (block.n > 0) {
        const char *nl = memchr(block.p, '\n', block.n);
        struct span line = span_of(block.p, nl ? (size_t)(nl - block.p) : block.n);

        block.p += line.n + (nl != NULL);
        block.n -= line.n + (nl != NULL);
        if (line.n > n && line.p[n] == ':' && span_eq_nocase(span_of(line.p, n), span_of(name, n)))
            return span_trim(span_of(line.p + n + 1, line.n - n - 1));
    }
    return span_of(block.p, 0);
}

static bool
begins(struct span s, const char *with)
{
    return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

/* --- events of our own --- */

static void
hand_on_event(struct input *in, int64_t us, struct span headers)
{
    struct buf stamp = {0};

    buf_printf(&stamp, "Event-Date-Timestamp: %lld\n", (long long)us);
    buf_printf(&in->d.payload, "Content-Length: %zu\nContent-Type: text/event-plain\n\n",
               stamp.n + headers.n);
    buf_add(&in->d.payload, stamp.p, stamp.n);
    buf_span(&in->d.payload, headers);
    dialing_hand_on(&in->d);
    buf_clear(&stamp);
}

static void
percent_encode(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c > ' ' && c < 0x7f && c != '%' && c != ':')
            buf_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

#define EVENT "Event-Name: CUSTOM\nEvent-Subclass: conference%%3A%%3Amaintenance\nAction: %s\n"

/* --- who is there --- */

/* The name of a stay: a channel may come twice, as another member. Empty without a channel. */
static struct span
stay(struct buf *out, struct span channel, struct span member)
{
    buf_span(out, channel);
    buf_char(out, ':');
    buf_span(out, member);
    return span_of(out->p, channel.n > 0 ? out->n : 0);
}

/* Of an event that tells of somebody's coming; its values stay encoded as they are. */
static void
join(struct input *in, struct span who, struct span event)
{
    static const char *const kept[] = {"Core-UUID",
                                       "Conference-Name",
                                       "Conference-Domain",
                                       "Conference-Profile-Name",
                                       "Conference-Unique-ID",
                                       "Member-ID",
                                       "Member-Type",
                                       "Unique-ID",
                                       "Caller-Caller-ID-Number",
                                       "Caller-Caller-ID-Name",
                                       "Caller-Username",
                                       "Caller-Destination-Number",
                                       "variable_accountcode"};
    struct buf farewell = {0};

    buf_printf(&farewell, EVENT, "del-member");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct span value = header(event, kept[i]);

        if (value.n > 0)
            buf_printf(&farewell, "%s: %.*s\n", kept[i], (int)value.n, value.p);
    }
    buf_char(&farewell, '\n');
    presence_join(in->there, header(event, "Conference-Unique-ID"), who,
                  span_of(farewell.p, farewell.n));
    buf_clear(&farewell);
}

static void
note_presence(struct input *in, struct span event)
{
    struct span action = header(event, "Action"), room = header(event, "Conference-Unique-ID");
    struct buf name = {0};
    struct span who = stay(&name, header(event, "Unique-ID"), header(event, "Member-ID"));

    if (span_is(action, "conference-destroy"))
        presence_end(in->there, room);
    else if (span_is(action, "add-member") && who.n > 0)
        join(in, who, event);
    else if (span_is(action, "del-member") && who.n > 0)
        presence_leave(in->there, room, who);
    buf_clear(&name);
}

static void
add_header(struct buf *out, const char *name, struct span value)
{
    if (value.n == 0)
        return;
    buf_printf(out, "%s: ", name);
    percent_encode(out, value);
    buf_char(out, '\n');
}

/* Of the time before this process: "channel:member". */
static void
recall(void *arg, const struct open_stay *s)
{
    const char *colon = s->leg.n ? memrchr(s->leg.p, ':', s->leg.n) : NULL;
    struct input *in = arg;
    struct buf event = {0};

    if (!colon)
        return;
    add_header(&event, "Conference-Name", s->name);
    add_header(&event, "Conference-Unique-ID", s->conference);
    add_header(&event, "Unique-ID", span_of(s->leg.p, (size_t)(colon - s->leg.p)));
    add_header(&event, "Member-ID", span_of(colon + 1, s->leg.n - (size_t)(colon + 1 - s->leg.p)));
    join(in, s->leg, span_of(event.p, event.n));
    buf_clear(&event);
}

/* --- the roll call --- */

static void
write_member(struct buf *out, const struct xml_node *room, const struct xml_node *member)
{
    buf_printf(out, EVENT, "add-member");
    add_header(out, "Conference-Name", xml_attribute(room, "name"));
    add_header(out, "Conference-Unique-ID", xml_attribute(room, "uuid"));
    add_header(out, "Member-ID", xml_text(member, "id"));
    add_header(out, "Unique-ID", xml_text(member, "uuid"));
    add_header(out, "Caller-Caller-ID-Number", xml_text(member, "caller_id_number"));
    add_header(out, "Caller-Caller-ID-Name", xml_text(member, "caller_id_name"));
    buf_char(out, '\n');
}

static void
note_member(struct input *in, const struct xml_node *room, const struct xml_node *member)
{
    struct buf name = {0}, event = {0};
    struct span who = stay(&name, xml_text(member, "uuid"), xml_text(member, "id"));
    int64_t since = 0;

    /* A recording has no channel. */
    if (who.n > 0 && !presence_seen(in->there, xml_attribute(room, "uuid"), who)) {
        if (!span_to_i64(xml_text(member, "join_time"), &since) || since < 0)
            since = 0;
        write_member(&event, room, member);
        join(in, who, span_of(event.p, event.n));
        hand_on_event(in, in->d.heard_us - since * 1000000, span_of(event.p, event.n));
    }
    buf_clear(&name);
    buf_clear(&event);
}

static void
on_gone(void *arg, struct span farewell)
{
    struct input *in = arg;

    /* Of who left while no process listened, only that he did is known. */
    hand_on_event(in, in->d.gone_us ? in->d.gone_us : in->d.heard_us, farewell);
}

/* False: it is no list of all conferences with their ids. */
static bool
read_list(struct input *in, struct span body, struct arena *mem)
{
    struct xml_node *root;

    if (memmem(body.p, body.n, "No active conferences", 21))
        return true;
    if (xml_parse(body, mem, &root, NULL) != ST_OK || !span_is(root->name, "conferences"))
        return false;
    for (const struct xml_node *c = xml_find(root, "conference"); c; c = xml_again(c))
        if (xml_attribute(c, "uuid").n == 0)
            return false;
    for (const struct xml_node *c = xml_find(root, "conference"); c; c = xml_again(c))
        for (const struct xml_node *m = xml_find(c, "members/member"); m; m = xml_again(m))
            note_member(in, c, m);
    return true;
}

static void
take_list(struct input *in, struct span body)
{
    struct arena mem;

    arena_init(&mem);
    in->listing = false;
    in->in_vain = !read_list(in, body, &mem);
    if (!in->in_vain)
        presence_sweep(in->there, on_gone, in);
    arena_clear(&mem);
}

/* --- the conversation --- */

static void
take_reply(struct input *in, struct span headers)
{
    struct span text = header(headers, "Reply-Text");
    bool good = begins(text, "+OK");

    if (in->at == AT_LOGIN && !good) {
        dialing_refused(&in->d, text);
    } else if (in->at == AT_LOGIN) {
        in->at = AT_SUBSCRIPTION;
        dialing_settled(&in->d);
        presence_begin(in->there);
        in->listing = true;
        dialing_say(&in->d, "event plain CUSTOM conference::maintenance conference::cdr\n\n"
                            "api conference xml_list\n\n");
    } else if (in->at == AT_SUBSCRIPTION && !good) {
        dialing_break(&in->d, "it gives us no events: %.*s", (int)(text.n < 80 ? text.n : 80),
                      text.p);
    } else if (in->at == AT_SUBSCRIPTION) {
        in->at = AT_EVENTS;
    }
}

static void
take_packet(struct input *in, struct span packet, struct span headers, struct span body)
{
    struct span type = header(headers, "Content-Type");

    if (begins(type, "text/event-")) {
        note_presence(in, body);
        buf_span(&in->d.payload, packet);
        dialing_hand_on(&in->d);
    } else if (span_is(type, "auth/request")) {
        in->at = AT_LOGIN;
        dialing_say(&in->d, "auth %s\n\n", in->d.cfg->password);
    } else if (span_is(type, "command/reply")) {
        take_reply(in, headers);
    } else if (span_is(type, "api/response")) {
        if (in->listing)
            take_list(in, body);
    } else if (span_is(type, "text/rude-rejection")) {
        dialing_refused(&in->d,
                        span_trim(body.n > 0 ? body : SPAN("this address may not connect")));
    } else if (span_is(type, "text/disconnect-notice")) {
        dialing_break(&in->d, "the server ends the connection");
    }
}

static size_t
esl_take(struct input *in, struct span got)
{
    const char *end = memmem(got.p, got.n, "\n\n", 2);
    struct span headers, length;
    int64_t body = 0;

    if (in->at == AT_AUTH && !begins(got, got.n < 8 ? "" : "Content-")) {
        dialing_break(&in->d, "it is no event socket: it says \"%.*s\"",
                      (int)(got.n < 40 ? got.n : 40), got.p);
        return 0;
    }
    if (!end)
        return 0;
    headers = span_of(got.p, (size_t)(end - got.p) + 1);
    length = header(headers, "Content-Length");
    if (length.n > 0 && (!span_to_i64(length, &body) || body < 0 || body > MAX_PACKET)) {
        dialing_break(&in->d, "it sent a packet without a proper length");
        return 0;
    }
    if (got.n - headers.n - 1 < (size_t)body)
        return 0;
    take_packet(in, span_of(got.p, headers.n + 1 + (size_t)body), headers,
                span_of(end + 2, (size_t)body));
    return headers.n + 1 + (size_t)body;
}

static void
esl_begin(struct input *in)
{
    in->at = AT_AUTH;
    in->listing = false;
}

static void
esl_ask(struct input *in)
{
    dialing_say(&in->d, "api uptime\n\n");
}

static void
esl_describe(const struct input *in, char *out, size_t size)
{
    snprintf(out, size, ", %zu in conferences%s", presence_count(in->there),
             in->in_vain ? ", its list of them cannot be read" : "");
}

static void
esl_open(struct input *in)
{
    in->there = presence_new();
    engine_open_stays(in->d.engine, in->d.cfg->title, recall, in);
}

static void
esl_clear(struct input *in)
{
    presence_free(in->there);
}

static const struct dialing_kind kind = {
    .type = "esl",
    .size = sizeof(struct input),
    .max_packet = MAX_PACKET,
    .open = esl_open,
    .clear = esl_clear,
    .begin = esl_begin,
    .take = esl_take,
    .ask = esl_ask,
    .describe = esl_describe,
};

static enum status
esl_start(struct input **out, struct event_base *base, struct engine *e,
          const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    (void)limits;
    return dialing_start(out, &kind, base, e, cfg, err);
}

extern const struct input_ops input_esl;
const struct input_ops input_esl = {
    .name = "esl",
    .summary = "FreeSWITCH's event socket, as a client; at most once",
    .start = esl_start,
    .resume = dialing_resume,
    .stop = dialing_stop,
    .change = dialing_change,
};
