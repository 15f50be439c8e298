/*
 * listening.h - what inputs with connections have in common: section, acceptor, reports.
 *
 * tcp and relp differ in what they make of the bytes of a guest and in nothing else: this part
 * opens the address, makes a source for each newcomer, reads, and says in the feed how it goes.
 * An input's own struct begins with it. Event loop only.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include <sys/types.h>

#include "acceptor.h"
#include "input.h"
#include "standing.h"

struct event;
struct ssl_st;
struct ssl_ctx_st;

enum { LISTENING_READ_BYTES = 256 * 1024 };

/* The beginning of an input's own struct for a connection, zeroed. */
struct peer {
    struct guest guest; /* first */
    struct ssl_st *ssl; /* NULL: it speaks plainly */
    bool more;          /* there is something of it that the socket no longer has */
};

/* What is particular to a type of input. */
struct listening_kind {
    const char *type;    /* "tcp" */
    const char *guests;  /* what status calls them: "connections" */
    bool exact;          /* as in struct feed, */
    const char *promise; /* this, too */
    /* Can this section be, with a source as its newcomers would have? Borrows both. NULL: yes. */
    enum status (*check)(struct input *in, const struct config_input *cfg,
                         const struct source *probe, struct error *err);
    /* A newcomer, whom it lets listening_meet; takes the source over. */
    struct guest *(*welcome)(struct input *in, int fd, struct source *source);
    /* What it sends from now on is another source's, which is taken over. May dismiss it. */
    void (*renew)(struct guest *g, struct source *source);
    bool (*may_go)(const struct guest *g); /* as in struct acceptor_options, */
    void (*dismiss)(struct guest *g);      /* this, too */
};

struct listening {
    const struct listening_kind *kind;
    struct event_base *base;
    struct engine *engine;
    struct config_input *cfg; /* own copy */
    struct acceptor acceptor;
    struct ssl_ctx_st *tls; /* of the next connections; NULL: none */
    struct standing standing;
};

/* The beginning of an input's start. On failure listening_close is still to be called. */
enum status listening_open(struct listening *l, const struct listening_kind *kind,
                           struct event_base *base, struct engine *e,
                           const struct config_input *cfg, const struct config_limits *limits,
                           struct error *err);
/* No newcomers and, after a last one, no reports: its title may soon be another's. Guests stay. */
void listening_leave(struct listening *l);
/* The end, without any guest left: reports if it did not leave, frees what the struct holds. */
void listening_close(struct listening *l);

/* As input_ops has them. */
int listening_port(const struct input *in);
enum status listening_change(struct input *in, const struct config_input *cfg,
                             const struct config_limits *limits, struct error *err);
void listening_withdraw(struct input *in);

/* --- peers: with a certificate their bytes go through TLS --- */

void listening_meet(struct listening *l, struct peer *p, int fd);
/* What has arrived, as recv(2) answers, and counted. 0 is an orderly end, of TLS if there is any;
 * after -1 errno or listening_why say why. A handshake that fails is reported here. */
ssize_t listening_receive(struct listening *l, struct peer *p, char *to, size_t room);
const char *listening_why(const struct peer *p);
/* As send(2) answers. */
ssize_t listening_send(struct peer *p, const char *from, size_t n);
/* Nothing more will be sent. */
void listening_end_sending(struct peer *p);
/* Calls on_read, an event over its socket, whenever there is something to receive. */
void listening_watch(struct peer *p, struct event *on_read);
/* Is there something of it that is not received yet, its end included? */
bool listening_unread(const struct peer *p);
/* Says in the log and in the feed that a peer is closed for breaking the rules. */
void listening_closes(struct listening *l, const struct guest *g, const char *why);
/* Closes it; its memory is its owner's. */
void listening_part(struct listening *l, struct peer *p);

#endif
