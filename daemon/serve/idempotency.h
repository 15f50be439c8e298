/*
 * idempotency.h - the request header Idempotency-Key: a name under which a request counts once.
 */
#ifndef IDEMPOTENCY_H
#define IDEMPOTENCY_H

#include "http_server.h"

enum { IDEMPOTENCY_KEY_MAX = 255 };

/* Idempotency-Key, or where there is none I-Twilio-Idempotency-Token.
 * The key without the quotes that may be around it, the empty span if there is none. ST_BAD_INPUT:
 * it is given twice, empty, longer than IDEMPOTENCY_KEY_MAX or holds a byte that is not visible
 * ASCII, a quote or a backslash. */
enum status idempotency_key(const struct http_request *r, struct span *out, struct error *err);

#endif
