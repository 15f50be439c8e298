/*
 * session.h - what has to be true of a Redis before and while this node writes to it.
 *
 * The server is a master, new enough, and no older connection of this node lives on. The node's
 * fields belong to our ledger (cs:owner:NODE). The 64 markers say how far Redis is known to
 * stand, and carry a token of this session, so that a marker that came back from an older copy
 * is never mistaken for ours.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "keys.h"
#include "projection.h"
#include "redis_link.h"

#define MARKER_TEXT 128

struct trend_place {
    uint64_t incarnation, seq; /* every change of the partition up to seq is in Redis */
    char value[MARKER_TEXT];   /* the marker as it stands; "" is absent */
};

struct trend_session {
    struct redis_link *link; /* borrowed */
    const char *node;
    const struct change_feed *feed;
    struct trend_place place[KEY_PARTITIONS];
    uint64_t announced; /* cs:sent:NODE names this batch of this incarnation; 0: not yet */
    char token[20], run_id[48];
    unsigned version;  /* of the server: 702 is 7.2; 0: not known */
    bool guarded;      /* an older connection could not be closed: it may still write */
    uint64_t evicted;  /* keys that the server threw away since it started */
    char warning[200]; /* "" or what should be put right although writing goes on */
    char hold[200];    /* "" or why nothing may be written until a person has decided */
    bool interrupted;  /* keys were sent, and then the daemon ended before their markers moved */
    bool restored;     /* Redis may know more than the ledger: remove that after sending all */
};

/* Inspects the server and takes the node's place. ST_OK with hold set: nothing was written. */
enum status trend_session_begin(struct trend_session *s, struct error *err);

/* Is the server still the one we know, with our owner key and markers? Reads only. ST_RETRY with
 * a reason if not: begin again. evicted and warning are brought up to date. */
enum status trend_session_check(struct trend_session *s, struct error *err);

/* Moves the markers of the partitions in `which` (a bit each) to reached[]. Each move is one
 * script with one write, done only if the marker is still exactly what we wrote last. */
enum status trend_session_move(struct trend_session *s, uint64_t which,
                               const uint64_t reached[KEY_PARTITIONS], struct error *err);

/* Before anything is sent that holds a batch up to seq: cs:sent:NODE says so. Markers follow what
 * was sent; this goes ahead of it, so that a ledger restored from an older copy meets its future
 * in Redis even where no marker had come so far. */
enum status trend_session_announce(struct trend_session *s, uint64_t seq, struct error *err);

/* session_server.c: role, version, policy, run id. */
enum status trend_session_inspect(struct trend_session *s, struct error *err);
/* Does it, or would it, throw keys away? Sets evicted and warning. */
enum status trend_session_policy(struct trend_session *s, struct error *err);
/* Closes other connections of our name, so that nothing they sent can arrive any more; sets
 * guarded where that is not permitted. */
enum status trend_session_forget_twins(struct trend_session *s, struct error *err);

/* A marker's text: ledger:incarnation:batch:token. False if it is nothing of the kind. A token that
 * begins with MARKER_RESTORED asks for all to be sent again. */
#define MARKER_RESTORED "restored-"
struct trend_marker {
    struct span ledger, token;
    uint64_t incarnation, seq;
};
bool trend_marker_parse(struct trend_marker *out, struct span text);
void trend_marker_text(const struct trend_session *s, char out[MARKER_TEXT], uint64_t incarnation,
                       uint64_t seq, const char *prefix);

#endif
