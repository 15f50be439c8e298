/*
 * webhook.h - whether a request to an http input comes from who may send there.
 */
#ifndef WEBHOOK_H
#define WEBHOOK_H

#include "config.h"
#include "http_server.h"

/* By the input's `signature`; without one everybody may. body is as it came, still packed.
 * ST_BAD_INPUT: err->text says why not. */
enum status webhook_check(const struct config_input *input, const struct http_request *r,
                          struct span body, struct error *err);

/* The status for a request that is refused so. BigBlueButton takes 401 for "delivered" and would
 * never send it again. */
int webhook_refusal(const struct config_input *input);

/* Does Microsoft Graph ask in the query whether the address is ours? For inputs of its call
 * records; the body is empty then. */
bool webhook_validates(struct span query);
/* The text that Graph wants to see. ST_BAD_INPUT: it is none that could be Graph's. */
enum status webhook_validation(struct span query, struct buf *reply, struct error *err);
/* Does the body tell of call records, by Graph's change notifications, without holding any? */
bool webhook_notifies(struct span body);

/* Is it Zoom's question whether the address is ours? Then the answer is in *reply. */
bool webhook_question(const struct config_input *input, struct span body, struct buf *reply);

#endif
