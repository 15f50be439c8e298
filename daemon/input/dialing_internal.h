/*
 * dialing_internal.h - what dialing.c and dialing_talk.c share.
 */
#ifndef DIALING_INTERNAL_H
#define DIALING_INTERNAL_H

#include "dialing.h"

/* dialing.c. The connection, or the attempt at one, is over; the next one is waited for. */
void dialing_drop(struct dialing *d, const char *why);
void dialing_set_timer(struct dialing *d, int64_t ms);

/* dialing_talk.c. The socket is connected: what comes is heard, what is to be said is said. */
void dialing_listen(struct dialing *d);
/* Hands on all packets; false: the engine is full. */
bool dialing_submit(struct dialing *d);
/* Uses what is there. */
void dialing_go_on(struct dialing *d);

#endif
