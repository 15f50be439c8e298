/*
 * relp.h - what the files of the RELP input share: the input, its sessions, their answers.
 *
 * Messages that arrive together become one block; their answers are written in their order when
 * the block's batch is committed. A sender repeats what was not answered when a connection ends,
 * so a message whose answer was lost comes twice: records with an id are counted once
 * nevertheless, others as often as they come.
 *
 * A message is handed to the format as it is, like a counted frame of a tcp input: a syslog
 * header in it is the format's business, or left away by the sender's template.
 */
#ifndef RELP_H
#define RELP_H

#include "acks.h"
#include "gather.h"
#include "listening.h"

/* Answers that go out together: for messages after their commit, or a text at once. */
struct answer {
    struct ack ack; /* first */
    struct answer *next;
    struct session *session; /* NULL: it ended */
    bool with_engine, ready;
    char *text;
    uint32_t n;
    uint32_t txnr[];
};

struct session {
    struct peer peer; /* first */
    struct input *in;
    struct event *on_read, *on_write;
    struct source *source;
    struct buf got;            /* received and not yet used */
    uint64_t skip;             /* bytes to come of a message that is too long */
    struct buf payload;        /* messages that will be the next block */
    struct buf ends, txnrs;    /* uint32_t each */
    uint64_t offset;           /* of the next message among all data of the session */
    struct block out;          /* refused by the engine, tried again first */
    struct answer *out_answer; /* of that block; NULL: there is none */
    struct answer *first, **last;
    uint32_t unanswered;
    struct buf say;
    size_t said;
    bool opened, closing, goodbye; /* the peer asked for the end; it was told of it */
    bool parting, silent;          /* we asked for it; and have said all */
};

struct input {
    struct listening l; /* first */
    struct acks *acks;
    struct event *on_acks;
    char *scratch; /* LISTENING_READ_BYTES, of whoever is being read */
    /* while it leaves */
    struct event *on_leave;
    bool leaving, parting; /* waiting for commits; all are told to go */
    int64_t until_ms;      /* how long it does so at most */
    void (*gone)(void *arg);
    void *gone_arg;
};

/* relp_session.c. The source is taken over. */
struct session *session_new(struct input *in, int fd, struct source *source);
void session_end(struct session *s);
/* After anything happened: uses what can be used, says what can be said. May end the session. */
void session_go_on(struct session *s);
/* The input leaves: the last words, and reading until the peer has closed, too. */
void session_part(struct session *s);
void answer_free(struct answer *a);

#endif
