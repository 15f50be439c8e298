/*
 * stream.h - what the files of the stream input share.
 */
#ifndef STREAM_H
#define STREAM_H

#include <pthread.h>

#include "acks.h"
#include "gather.h"
#include "input.h"
#include "standing.h"
#include "stream_link.h"

enum {
    STREAM_READ_COUNT = 250, /* entries a block */
    STREAM_BLOCK_MS = 250,   /* a stop waits so long for Redis */
    STREAM_ROOM_MS = 1000,
};

struct flight {     /* entries of one block */
    struct ack ack; /* first */
    size_t n;
    struct stream_id ids[STREAM_READ_COUNT];
};

struct section { /* what a section of the configuration says, and the source made of it */
    struct config_input *cfg; /* NULL: none */
    struct source *source;
};

struct input {
    struct engine *engine;
    struct section now; /* replaced by the thread, under lock */
    struct stream_link_options opt;
    struct acks *acks;
    struct stream_link *link; /* NULL: not connected */
    char identity[64];        /* of the checkpoint */
    uint64_t seed;            /* of entries' identities */
    pthread_t thread;
    bool started;

    struct event *on_end; /* the loop's own: the thread is through, */
    void (*gone)(void *arg);
    void *gone_arg; /* and this is told so */

    /* the thread's own */
    struct flight *flight; /* being filled */
    struct buf payload, ends, origins;
    struct stream_id drained; /* pending entries up to here were read by this process */
    struct buf to_ack;        /* struct stream_id: committed, XACK not yet answered */
    struct buf counts;        /* struct delivered: a page of XPENDING */
    struct standing standing; /* told by standing_tell alone */
    uint64_t claimed, place;
    int64_t back_off_ms;
    bool first_drain; /* still reading what was pending when the process began */

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t changed;
    bool stopping, leaving, room;
    struct section next; /* to go on as */
    char *claim;         /* consumer whose entries are asked for, owned; NULL: nobody asks */
    bool claiming;       /* the thread has that in hand */
    uint64_t claims;     /* how many were carried out; the last one's result: */
    uint64_t claim_n;
    enum status claim_st;
    struct error claim_err;
};

/* stream.c */
/* The thread goes on as the next section says. Nothing is in flight, and there is no link. */
void stream_take_section(struct input *in);

/* stream_consume.c */
void *stream_main(void *arg);

/* stream_entries.c */
void stream_describe(void *arg); /* as struct standing has it */
bool stream_stopping(struct input *in);
/* Is the thread to end, or to go on as another section? */
bool stream_called(struct input *in);
/* Until something is asked of the thread, there is room, or ms are over. */
void stream_pause(struct input *in, int64_t ms);
stream_visit stream_add_entry; /* arg: the input. Into the block that will be next */
/* What was read becomes a block; fresh: new entries, which move the checkpoint. False: the end is
 * near; what was not taken stays pending. */
bool stream_hand_on(struct input *in, bool fresh, const char *refusal);
void stream_forget_read(struct input *in);
void stream_take_acks(struct input *in);
/* XACK of all that is committed. An XACK that got no answer is sent again with the next link. */
enum status stream_acknowledge(struct input *in, struct error *err);
/* Waits until nothing is in flight, and acknowledges it. */
enum status stream_settle(struct input *in, struct error *err);

#endif
