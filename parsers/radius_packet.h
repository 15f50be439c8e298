/*
 * radius_packet.h - a RADIUS accounting request as values by name (RFC 2865, 2866, 2869).
 *
 * Integers become digits, addresses their usual text; texts stay as they are, without what is NUL
 * at their end. Cisco's attributes repeat their own name ("h323-setup-time=22:59..."), which is
 * taken off; its AVPairs ("h323-call-id=...") become values under the name in front of "=".
 * What has no name here (keys, passwords, octets) is passed over.
 */
#ifndef RADIUS_PACKET_H
#define RADIUS_PACKET_H

#include "named_values.h"

enum {
    RADIUS_HEADER = 20,
    RADIUS_LONGEST = 4096,
    RADIUS_REQUEST = 4, /* accounting request and response, */
    RADIUS_RESPONSE = 5,
    RADIUS_PROXY_STATE = 33, /* to be given back as it is */
};

/* How long the packet at the front says it is; 0: that cannot be, or is not there yet. */
size_t radius_length(struct span s);

/* One attribute (its value) off the front of those behind the header; false: at their end, or
 * (then rest is not empty) where one has a length that cannot be. */
bool radius_next(struct span *rest, uint8_t *type, struct span *value);

/* All attributes that have names. ST_BAD_INPUT: it is no accounting request, or damaged. */
enum status radius_values(struct named_values *v, struct span packet, struct error *err);

/* A value as text, under its name: what is said above of Cisco's. */
void radius_add(struct named_values *v, struct span name, struct span value);

/* --- what they mean, whoever has read them --- */

enum radius_status {
    RADIUS_NO_STATUS,
    RADIUS_START = 1,
    RADIUS_STOP = 2,
    RADIUS_INTERIM = 3,
    RADIUS_ON = 7,
    RADIUS_OFF = 8,
    RADIUS_OTHER = 255,
};
/* Acct-Status-Type, a number or FreeRADIUS' word for it. */
enum radius_status radius_status(const struct named_values *v);
/* Which server it is about: its address, else the name it gives itself, else who sent it. */
struct span radius_nas(const struct named_values *v);
/* The call: h323-conf-id, else Acct-Multi-Session-Id; empty: none is named. */
struct span radius_call(const struct named_values *v);
/* UTC seconds at which it happened; 0: it does not say. */
int64_t radius_moment(const struct named_values *v);

#endif
