/*
 * webhook_sign.h - how services sign what they send: texts in, a verdict out.
 *
 * Every comparison takes the same time whatever differs. ST_OK: the sender knew the secret.
 * ST_BAD_INPUT: err->text says what is missing or wrong, and nothing of the secret.
 */
#ifndef WEBHOOK_SIGN_H
#define WEBHOOK_SIGN_H

#include <stdint.h>

#include "span.h"
#include "status.h"

#define ZOOM_TOLERANCE  300 /* seconds that a request may have been under way, or ahead */
#define ZOOM_ANSWER     65  /* 64 hexadecimal digits and NUL */
#define ZOOM_TOKEN_MOST 512

/* x-zm-signature: "v0=" and HMAC-SHA256(secret, "v0:" + x-zm-request-timestamp + ":" + body). */
enum status sign_check_zoom(struct span secret, struct span timestamp, struct span body,
                            struct span given, int64_t now, struct error *err);
/* What Zoom wants to see when it asks whether an address is ours: HMAC-SHA256(secret, token). */
void sign_zoom_answer(struct span secret, struct span token, char out[ZOOM_ANSWER]);

/* X-Twilio-Signature: base64 of HMAC-SHA1(token, URL + every name and value of the form, sorted).
 * url is where Twilio sends to, without query; query as it came; form is empty for GET. With
 * bodySHA256 in the query the body is no form, and only its digest counts. */
enum status sign_check_twilio(struct span secret, struct span url, struct span query,
                              struct span form, struct span given, struct error *err);

/* checksum in the query: digest of callback URL + body + secret, SHA-1 or longer, by its length.
 * Or, as BigBlueButton may be told to, the secret in Authorization. */
enum status sign_check_bbb(struct span secret, struct span url, struct span query, struct span body,
                           struct span authorization, struct error *err);

/* Authorization: the secret by itself, behind "Bearer ", or in base64 behind "Basic ". */
enum status sign_check_token(struct span secret, struct span authorization, struct error *err);

/* Microsoft Graph's change notifications are not signed: each repeats the clientState that its
 * subscription was made with, which is the secret. */
#define GRAPH_MOST (1 << 20) /* bytes of a request; a notification has some five hundred */
enum status sign_check_graph(struct span secret, struct span body, struct error *err);

#endif
