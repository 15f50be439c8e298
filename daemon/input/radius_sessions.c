/*
 * radius_sessions.c - the sessions of RADIUS clients, for when one of those has ended them all.
 */
#include "radius.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json_write.h"

struct radius_peer
radius_peer(const struct sockaddr_storage *sa)
{
    struct radius_peer peer = {""};
    const void *address = sa->ss_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)sa)->sin_addr;

    inet_ntop(sa->ss_family, address, peer.text, sizeof peer.text);
    return peer;
}

/* --- stops --- */

/* "1763800000 {...": when it began, and the object but for its time and end. */
static void
write_farewell(struct buf *out, const struct named_values *v, int64_t begun)
{
    static const char *const kept[] = {"Acct-Session-Id",    "Acct-Multi-Session-Id",
                                       "h323-conf-id",       "User-Name",
                                       "Calling-Station-Id", "Called-Station-Id"};
    struct json_writer w;

    buf_printf(out, "%lld ", (long long)begun);
    json_begin(&w, out);
    json_object(&w, NULL);
    json_text(&w, "Acct-Status-Type", "Stop");
    json_text(&w, "Acct-Terminate-Cause", "NAS reboot");
    json_span(&w, "NAS-IP-Address", radius_nas(v));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (values_get(v, kept[i]).n > 0)
            json_span(&w, kept[i], values_get(v, kept[i]));
}

static void
begin(struct input *in, const struct named_values *v, int64_t at)
{
    struct buf farewell = {0};

    write_farewell(&farewell, v, at);
    presence_join(in->sessions, radius_nas(v), values_get(v, "Acct-Session-Id"),
                  span_of(farewell.p, farewell.n));
    buf_clear(&farewell);
}

/* A server's own name at the front of "name:session": eight groups of an IPv6 address, or all up to
 * the first colon. */
static size_t
nas_length(struct span leg)
{
    size_t groups = 1, i = 0;

    while (i < leg.n && groups < 9 && strchr("0123456789abcdef:", leg.p[i]))
        groups += leg.p[i++] == ':';
    if (groups == 9)
        return i - 1;
    for (i = 0; i < leg.n && leg.p[i] != ':'; i++)
        continue;
    return i;
}

void
radius_recall(void *arg, const struct open_stay *s)
{
    size_t nas = nas_length(s->leg);
    struct span name = span_of(s->leg.p, nas);
    struct input *in = arg;
    struct named_values v = {.mem = &in->scratch};
    struct span session = span_of(s->leg.p + nas + 1, nas < s->leg.n ? s->leg.n - nas - 1 : 0);

    values_add(&v, SPAN("NAS-IP-Address"), name);
    values_add(&v, SPAN("Acct-Session-Id"), session);
    if (!span_eq(s->conference, s->leg))
        values_add(&v, SPAN("h323-conf-id"), s->conference);
    begin(in, &v, s->since);
    arena_reset(&in->scratch);
}

struct ending {
    struct input *in;
    int64_t at; /* when all sessions of the server ended */
    bool any;
};

static bool
on_gone(void *arg, struct span farewell)
{
    struct ending *e = arg;
    const char *blank = memchr(farewell.p, ' ', farewell.n);
    int64_t begun = 0;

    span_to_i64(span_of(farewell.p, (size_t)(blank - farewell.p)), &begun);
    if (begun > e->at)
        return false;
    buf_char(&e->in->payload, e->any ? ',' : '[');
    buf_add(&e->in->payload, blank + 1, (size_t)(farewell.p + farewell.n - blank - 1));
    buf_printf(&e->in->payload, ",\"Event-Timestamp\":\"%lld\"}", (long long)e->at);
    e->any = true;
    return true;
}

static bool
end_all(struct input *in, struct span nas, int64_t at)
{
    struct ending e = {.in = in, .at = at};

    presence_empty(in->sessions, nas, on_gone, &e);
    if (e.any)
        buf_char(&in->payload, ']');
    return e.any;
}

/* --- requests --- */

bool
radius_note(struct input *in, struct span peer, struct span packet)
{
    struct named_values v = {.mem = &in->scratch};
    char now[24];
    int64_t at;
    bool ended = false;

    if (radius_values(&v, packet, NULL) == ST_OK) {
        snprintf(now, sizeof now, "%lld", (long long)clock_now());
        values_add(&v, SPAN("Callswell-Received"), span_str(now));
        values_add(&v, SPAN("Callswell-Peer"), peer);
        at = radius_moment(&v);
        switch (radius_status(&v)) {
        case RADIUS_START:
            begin(in, &v, at);
            break;
        case RADIUS_STOP:
            presence_leave(in->sessions, radius_nas(&v), values_get(&v, "Acct-Session-Id"));
            break;
        case RADIUS_ON:
        case RADIUS_OFF:
            ended = end_all(in, radius_nas(&v), at);
            break;
        default:
            break;
        }
    }
    arena_reset(&in->scratch);
    return ended;
}
