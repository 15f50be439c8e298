/*
 * radius_packet.c - a RADIUS accounting request as values by name.
 */
#include "radius_packet.h"

#include <stdio.h>
#include <stdlib.h>

#include "timetext.h"

#define VENDOR_SPECIFIC 26
#define CISCO           9

enum form { TEXT, NUMBER, ADDRESS, ADDRESS6 };

static const struct attribute {
    uint8_t type;
    uint8_t form;
    const char *name;
} standard[] = {
    {1, TEXT, "User-Name"},
    {4, ADDRESS, "NAS-IP-Address"},
    {5, NUMBER, "NAS-Port"},
    {8, ADDRESS, "Framed-IP-Address"},
    {30, TEXT, "Called-Station-Id"},
    {31, TEXT, "Calling-Station-Id"},
    {32, TEXT, "NAS-Identifier"},
    {40, NUMBER, "Acct-Status-Type"},
    {41, NUMBER, "Acct-Delay-Time"},
    {42, NUMBER, "Acct-Input-Octets"},
    {43, NUMBER, "Acct-Output-Octets"},
    {44, TEXT, "Acct-Session-Id"},
    {46, NUMBER, "Acct-Session-Time"},
    {47, NUMBER, "Acct-Input-Packets"},
    {48, NUMBER, "Acct-Output-Packets"},
    {49, NUMBER, "Acct-Terminate-Cause"},
    {50, TEXT, "Acct-Multi-Session-Id"},
    {52, NUMBER, "Acct-Input-Gigawords"},
    {53, NUMBER, "Acct-Output-Gigawords"},
    {55, NUMBER, "Event-Timestamp"},
    {61, NUMBER, "NAS-Port-Type"},
    {87, TEXT, "NAS-Port-Id"},
    {95, ADDRESS6, "NAS-IPv6-Address"},
};

static const struct attribute cisco[] = {
    {1, TEXT, "Cisco-AVPair"},
    {23, TEXT, "h323-remote-address"},
    {24, TEXT, "h323-conf-id"},
    {25, TEXT, "h323-setup-time"},
    {26, TEXT, "h323-call-origin"},
    {27, TEXT, "h323-call-type"},
    {28, TEXT, "h323-connect-time"},
    {29, TEXT, "h323-disconnect-time"},
    {30, TEXT, "h323-disconnect-cause"},
    {31, TEXT, "h323-voice-quality"},
    {33, TEXT, "h323-gw-id"},
};

/* --- bytes --- */

static uint32_t
big_endian(struct span s)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n = n << 8 | (uint8_t)s.p[i];
    return n;
}

size_t
radius_length(struct span s)
{
    size_t n = s.n < 4 ? 0 : big_endian(span_of(s.p + 2, 2));

    return n < RADIUS_HEADER || n > RADIUS_LONGEST ? 0 : n;
}

bool
radius_next(struct span *rest, uint8_t *type, struct span *value)
{
    size_t n = rest->n < 2 ? 0 : (uint8_t)rest->p[1];

    if (n < 2 || n > rest->n)
        return false;
    *type = (uint8_t)rest->p[0];
    *value = span_of(rest->p + 2, n - 2);
    *rest = span_of(rest->p + n, rest->n - n);
    return true;
}

/* --- values --- */

static struct span
printed(struct arena *mem, const char *text)
{
    return arena_copy(mem, span_str(text));
}

/* As it is usually written; empty: it has no such form. */
static struct span
value_text(struct arena *mem, uint8_t form, struct span s)
{
    const uint8_t *b = (const uint8_t *)s.p;
    char text[48], *at = text;

    switch (form) {
    case NUMBER:
        if (s.n != 4)
            return SPAN("");
        snprintf(text, sizeof text, "%u", big_endian(s));
        return printed(mem, text);
    case ADDRESS:
        if (s.n != 4)
            return SPAN("");
        snprintf(text, sizeof text, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
        return printed(mem, text);
    case ADDRESS6: /* in full: a name, for which the shortest form does not matter */
        if (s.n != 16)
            return SPAN("");
        for (int i = 0; i < 16; i += 2)
            at += snprintf(at, 6, "%s%x", i ? ":" : "", b[i] << 8 | b[i + 1]);
        return printed(mem, text);
    default:
        while (s.n > 0 && s.p[s.n - 1] == '\0')
            s.n--;
        return s;
    }
}

void
radius_add(struct named_values *v, struct span name, struct span value)
{
    const char *equals = value.n ? memchr(value.p, '=', value.n) : NULL;
    struct span front = span_of(value.p, equals ? (size_t)(equals - value.p) : 0);
    struct span behind = equals ? span_of(equals + 1, value.n - front.n - 1) : value;

    if (equals && span_eq_nocase(name, SPAN("Cisco-AVPair"))) {
        values_add(v, front, behind);
        return;
    }
    values_add(v, name, span_eq_nocase(front, name) ? behind : value);
}

static void
add_attribute(struct named_values *v, const struct attribute *known, size_t n, uint8_t type,
              struct span value)
{
    for (size_t i = 0; i < n; i++)
        if (known[i].type == type)
            radius_add(v, span_str(known[i].name), value_text(v->mem, known[i].form, value));
}

/* Four bytes of vendor, then attributes of the same form. Others than Cisco may have any. */
static void
add_vendor(struct named_values *v, struct span value)
{
    struct span rest = span_of(value.p + 4, value.n < 4 ? 0 : value.n - 4), inner;
    uint8_t type;

    if (value.n < 4 || big_endian(span_of(value.p, 4)) != CISCO)
        return;
    while (radius_next(&rest, &type, &inner))
        add_attribute(v, cisco, sizeof cisco / sizeof *cisco, type, inner);
}

enum status
radius_values(struct named_values *v, struct span packet, struct error *err)
{
    size_t length = radius_length(packet);
    struct span rest, value;
    uint8_t type;

    if (length == 0 || length > packet.n)
        return fail_at(err, ST_BAD_INPUT, 2, "packet: cut off, or its length is wrong");
    if (packet.p[0] != RADIUS_REQUEST)
        return fail_at(err, ST_BAD_INPUT, 0, "packet: not an accounting request");
    rest = span_of(packet.p + RADIUS_HEADER, length - RADIUS_HEADER);
    while (radius_next(&rest, &type, &value))
        if (type == VENDOR_SPECIFIC)
            add_vendor(v, value);
        else
            add_attribute(v, standard, sizeof standard / sizeof *standard, type, value);
    if (rest.n > 0)
        return fail_at(err, ST_BAD_INPUT, rest.p - packet.p, "attribute: its length is wrong");
    return ST_OK;
}

/* --- what they mean --- */

enum radius_status
radius_status(const struct named_values *v)
{
    static const struct {
        const char *number, *word;
        enum radius_status status;
    } known[] = {
        {"1", "Start", RADIUS_START},
        {"2", "Stop", RADIUS_STOP},
        {"3", "Interim-Update", RADIUS_INTERIM},
        {"3", "Alive", RADIUS_INTERIM},
        {"7", "Accounting-On", RADIUS_ON},
        {"8", "Accounting-Off", RADIUS_OFF},
    };
    struct span text = values_get(v, "Acct-Status-Type");

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_is(text, known[i].number) || span_eq_nocase(text, span_str(known[i].word)))
            return known[i].status;
    return text.n > 0 ? RADIUS_OTHER : RADIUS_NO_STATUS;
}

static struct span
first_of(const struct named_values *v, const char *const *names)
{
    struct span s = SPAN("");

    for (; *names && s.n == 0; names++)
        s = values_get(v, *names);
    return s;
}

struct span
radius_nas(const struct named_values *v)
{
    static const char *const names[] = {"NAS-IP-Address", "NAS-IPv6-Address", "NAS-Identifier",
                                        "Callswell-Peer", NULL};

    return first_of(v, names);
}

struct span
radius_call(const struct named_values *v)
{
    static const char *const names[] = {"h323-conf-id", "Acct-Multi-Session-Id", NULL};

    return first_of(v, names);
}

/* Whole seconds of "1601247621" or "1601247621.25"; 0: it is none. */
static int64_t
epoch(struct span text)
{
    const char *dot = text.n ? memchr(text.p, '.', text.n) : NULL;
    int64_t at;

    if (dot)
        text.n = (size_t)(dot - text.p);
    return text.n > 0 && span_to_i64(text, &at) && at > 0 ? at : 0;
}

/* FreeRADIUS prints "Sep 28 2020 02:00:21 UTC". Of other zones it has only names that are not the
 * same everywhere. */
static int64_t
printed_moment(struct span text)
{
    static const char *const zones[] = {" UTC", " GMT", " Z"};
    bool floating;
    int64_t at;

    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        size_t n = strlen(zones[i]);

        if (text.n > n && memcmp(text.p + text.n - n, zones[i], n) == 0 &&
            timetext_read_pattern("%b %d %Y %H:%M:%S", span_of(text.p, text.n - n), &at, &floating))
            return at;
    }
    return 0;
}

int64_t
radius_moment(const struct named_values *v)
{
    struct span event = values_get(v, "Event-Timestamp");
    int64_t at = epoch(event), delay = 0;

    if (at == 0)
        at = printed_moment(event);
    if (at > 0)
        return at;
    at = epoch(values_get(v, "Timestamp")); /* of FreeRADIUS' receipt */
    if (at == 0)
        at = epoch(values_get(v, "Callswell-Received"));
    if (at > 0 && span_to_i64(values_get(v, "Acct-Delay-Time"), &delay) && delay > 0 && delay < at)
        at -= delay; /* it was sent again, or later */
    return at;
}
