/*
 * presence.h - who is in which room of a server, as its events say, and who has gone unheard.
 *
 * After a lost connection the server is asked who is there. Whoever was and is no more left while
 * nobody listened: that makes the leave events which were never heard. With each stay goes the
 * text of such an event, made when it began.
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

struct presence;

enum { PRESENCE_MOST = 200000 }; /* stays beyond that are not remembered */

struct presence *presence_new(void);
void presence_free(struct presence *p); /* accepts NULL */
size_t presence_count(const struct presence *p);

/* A stay in a room, by any name that is its own there. Copies. One that is known is seen again and
 * keeps its farewell. */
void presence_join(struct presence *p, struct span room, struct span who, struct span farewell);
void presence_leave(struct presence *p, struct span room, struct span who);
void presence_end(struct presence *p, struct span room); /* all of them */

/* Those of a room of whom gone says yes are forgotten. */
void presence_empty(struct presence *p, struct span room,
                    bool (*gone)(void *arg, struct span farewell), void *arg);

/* A roll call: from now on who joins or is seen is there. */
void presence_begin(struct presence *p);
/* False: it is not known. */
bool presence_seen(struct presence *p, struct span room, struct span who);
/* The end of it: each that was not seen is told with its farewell, and forgotten. */
void presence_sweep(struct presence *p, void (*gone)(void *arg, struct span farewell), void *arg);

#endif
