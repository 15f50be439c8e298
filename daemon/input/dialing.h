/*
 * dialing.h - what inputs that connect to a server have in common.
 *
 * ami, esl and dial differ in what they say and in what they make of the answers, and in nothing
 * else: this part finds the address, connects, with TLS or without, asks a silent server whether it
 * is still there, comes back after a loss (later each time, and never all at the same moment),
 * hands on what is whole and says in the feed how it goes. An input's own struct begins with it.
 * Event loop only.
 *
 * A server of this kind does not know what was committed and repeats nothing, so such a feed is
 * at most once: what happens while the connection is away is not heard of. Who is still there
 * afterwards is another matter: presence.h.
 */
#ifndef DIALING_H
#define DIALING_H

#include "input.h"
#include "lookup.h"
#include "standing.h"

struct event;
struct ssl_st;
struct ssl_ctx_st;

/* What is particular to a type of input. */
struct dialing_kind {
    const char *type; /* "ami" */
    size_t size;      /* of its struct input */
    /* What the struct holds beside this part: made when the source is known, before the first
     * attempt; and freed, also if it was never made. */
    void (*open)(struct input *in);
    void (*clear)(struct input *in);
    size_t max_packet; /* a longer one is not waited for: the server is out of step */
    /* The connection stands; what was said on another one is over. */
    void (*begin)(struct input *in);
    /* Takes one packet off the front and answers how many bytes it has; 0: its end is not there
     * yet. May call what stands below. */
    size_t (*take)(struct input *in, struct span got);
    /* The next block of what was taken; false: there is none. NULL: it consists of the packets that
     * dialing_hand_on was told of. */
    bool (*block)(struct input *in, struct block *out);
    /* The connection is over, as the server wished it or torn. NULL: that makes no difference. */
    void (*over)(struct input *in, bool in_order);
    /* Says something that every server answers. NULL: there is no such thing. */
    void (*ask)(struct input *in);
    /* What status says of a connection that talks: ", 12 in conferences". NULL: nothing more. */
    void (*describe)(const struct input *in, char *out, size_t size);
};

enum dialing_state {
    DIALING_WAITS,    /* for its next attempt */
    DIALING_LOOKS_UP, /* the address */
    DIALING_CONNECTS,
    DIALING_SHAKES, /* hands, for TLS */
    DIALING_GREETS, /* connected and not yet let in */
    DIALING_TALKS,
};

struct dialing {
    const struct dialing_kind *kind;
    struct event_base *base;
    struct engine *engine;
    struct config_input *cfg; /* own copy */
    struct source *source;
    enum dialing_state state;
    int fd;                 /* of the lookup or of the connection; -1 */
    struct ssl_ctx_st *tls; /* NULL: it speaks in the clear */
    struct ssl_st *ssl;     /* this connection's, on fd */
    struct event *on_socket, *on_say, *on_time;
    struct buf got; /* received and not yet taken */
    struct buf say; /* not yet sent from said on */
    size_t said;
    struct buf payload, ends; /* packets that will be the next block; uint32_t */
    struct block out;         /* refused by the engine, tried again first */
    bool has_out, asked;
    char broken[160];         /* why this connection is to be given up; "": it is not */
    bool refused;             /* because the server does not let us in */
    unsigned failures;        /* without a connection that lasted, one behind the other */
    int64_t since, until;     /* UTC: talks since; waits until */
    int64_t since_ms;         /* monotonic */
    struct standing standing; /* its problem: why it does not talk */
    uint64_t place;
    int64_t heard_us; /* UTC microseconds of the last byte */
    int64_t gone_us; /* of the last one of the connection before, if it talked; 0: there was none */
    char logged[160]; /* the problem that was last in the log */
};

/* As input_ops has them. */
enum status dialing_start(struct input **out, const struct dialing_kind *kind,
                          struct event_base *base, struct engine *e, const struct config_input *cfg,
                          struct error *err);
void dialing_stop(struct input *in);
void dialing_resume(struct input *in);
enum status dialing_change(struct input *in, const struct config_input *cfg,
                           const struct config_limits *limits, struct error *err);

/* --- for begin, take and ask --- */

void dialing_say(struct dialing *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The server has let us in. */
void dialing_settled(struct dialing *d);
/* One packet for the format: what was added to d->payload since the last one. */
void dialing_hand_on(struct dialing *d);
/* The connection is given up as soon as take is back. */
void dialing_break(struct dialing *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same because we are not let in: that is not tried again soon. */
void dialing_refused(struct dialing *d, struct span why);

#endif
