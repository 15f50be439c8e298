/*
 * radius.h - what the files of the RADIUS input share.
 */
#ifndef RADIUS_H
#define RADIUS_H

#include "../../parsers/radius_packet.h"
#include "acks.h"
#include "gather.h"
#include "input.h"
#include "listen.h"
#include "presence.h"
#include "standing.h"

struct event;
struct flight;

struct input {
    struct event_base *base;
    struct engine *engine;
    struct config_input *cfg; /* own copy */
    struct source *source;
    struct standing standing;
    int fd;
    struct event *on_read, *on_acks, *on_leave;
    struct acks *acks;
    struct presence *sessions; /* by server and session */
    struct arena scratch;      /* of one request */
    struct buf payload, ends;  /* what will be the next block; uint32_t */
    struct flight *flight;     /* the answers of that, or of the block that was refused */
    struct block out;          /* refused by the engine, tried again first */
    bool has_out;
    uint64_t place;
    int64_t problem_until_ms;
    char address[ADDRESS_TEXT];
    /* while it leaves */
    int64_t until_ms;
    void (*gone)(void *arg);
    void *gone_arg;
};

extern const struct input_ops input_radius;

/* An address without its port. */
struct radius_peer {
    char text[ADDRESS_TEXT];
};
struct radius_peer radius_peer(const struct sockaddr_storage *sa);

/* radius_answer.c. Of the networks an address is in, the smallest one's secret; else that for all;
 * NULL: there is none. */
const char *radius_secret(const struct config_input *cfg, const struct sockaddr *from);
/* Was a request of n bytes made with this secret? Takes the same time whatever the answer. */
bool radius_is_authentic(const unsigned char *packet, size_t n, const char *secret);
/* The response to such a request: its length. What proxies wrote on it is given back. */
size_t radius_response(unsigned char out[RADIUS_LONGEST], const unsigned char *request, size_t n,
                       const char *secret);

/* radius_sessions.c. A session of the time before this process; arg: the input. */
open_stay_visit radius_recall;
/* Takes note of who began and ended. True: a request has ended all sessions of
 * its server, and a list of Stops was added to in->payload. */
bool radius_note(struct input *in, struct span peer, struct span packet);

#endif
