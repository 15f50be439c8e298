/*
 * events.h - GET /v1/events: what changes, as server-sent events, while somebody listens.
 *
 *   event: status    once a second: what GET /v1/status answers
 *   event: changed   {"as_of":"...","signals":true}: the store has changed; signals: some of them
 *
 * Who reads too slowly is dropped, whose token is revoked, too; browsers come back by themselves.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "serve_internal.h"

struct events;
struct event_base;

struct events *events_new(struct serve *s, struct event_base *base);
/* Takes the request. Event loop, as all here. */
void events_listen(struct events *e, struct http_request *r);
void events_end(struct events *e);  /* everybody's */
void events_free(struct events *e); /* accepts NULL; the server may be gone */

#endif
