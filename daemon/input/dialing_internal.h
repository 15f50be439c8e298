/*
 * dialing_internal.h - what dialing.c, dialing_life.c, dialing_talk.c and dialing_tls.c share.
 */
#ifndef DIALING_INTERNAL_H
#define DIALING_INTERNAL_H

#include <event2/util.h>

#include "dialing.h"

/* dialing.c. The connection, or the attempt at one, is over; the next one is waited for. */
void dialing_drop(struct dialing *d, const char *why);
void dialing_set_timer(struct dialing *d, int64_t ms);
/* The same as above, with the reason that errno or OpenSSL has for it. */
void dialing_fail(struct dialing *d, int error);

void dialing_attempt(struct dialing *d); /* to connect */
void dialing_on_time(evutil_socket_t fd, short what, void *arg);
/* What is whole stays to be handed on; half a packet is lost. */
void dialing_hang_up(struct dialing *d);
void dialing_describe(void *arg);          /* as struct standing has it */
void dialing_free_event(struct event **e); /* accepts a pointer to NULL */

/* dialing_talk.c. The socket is connected: what comes is heard, what is to be said is said. */
void dialing_listen(struct dialing *d);
/* Hands on all packets; false: the engine is full. */
bool dialing_submit(struct dialing *d);
/* Uses what is there. */
void dialing_go_on(struct dialing *d);

/* dialing_tls.c. On the connected socket, and before it is closed. */
void dialing_tls_begin(struct dialing *d);
void dialing_tls_end(struct dialing *d);
/* 0: it is done; what to wait for (EV_READ, EV_WRITE); -1: it has failed. */
int dialing_tls_shake(struct dialing *d);
/* Why it failed, or tls_read or tls_write did (tls.h), in words. */
void dialing_tls_why(struct dialing *d, int error, char *out, size_t size);

#endif
