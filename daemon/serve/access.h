/*
 * access.h - who may: tokens, sessions of the page, and how often somebody may be wrong.
 *
 * As long as the store has no token, everybody who can connect may do everything, and the daemon
 * listens on loopback only. From the first token on, who asks proves who they are: with
 * "Authorization: Bearer TOKEN", or with the cookie that POST /v1/login gives for one. Tokens are
 * watched in the store by a thread, so one that is added or revoked counts within half a second.
 *
 * A cookie is sent by browsers whoever made them ask, so a request that changes something and has
 * nothing but a cookie must come from the page itself: its Origin is the server's own, or it has
 * the header X-Callswell, which other sites' pages cannot send.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "http_server.h"
#include "token_desk.h"

struct access;
struct config;

/* Who asks: in http_request.user, freed with the request. */
struct asker {
    enum role role;
    bool limited; /* to customers of `owner` */
    unsigned char token[TOKEN_HASH];
    char name[TOKEN_NAME];   /* of the token; "anybody" where none is needed */
    char owner[TOKEN_OWNER]; /* may be "": of nobody */
};

/* Reads the tokens, starts the thread. config is borrowed to the end. */
enum status access_open(struct access **out, const struct config *config, struct error *err);
void access_close(struct access *a);                               /* accepts NULL */
void access_change(struct access *a, const struct config *config); /* event loop */
/* The store has tokens, revoked ones too. */
bool access_has_tokens(const struct access *a);
/* From now on nobody does anything without a token, even if there is none. Event loop. */
void access_always(struct access *a);
bool access_needed(const struct access *a); /* a token is */
/* Grows when anything in the store has changed, at most half a second later. Any thread. */
uint64_t access_generation(const struct access *a);
/* Something was changed here: who asks next must not be told otherwise. */
void access_changed(struct access *a);
/* What is new in the store since a look before. */
struct store_news {
    uint64_t generation, signals; /* signals: grows when one came, went or changed */
    char as_of[32];
};
void access_news(const struct access *a, struct store_news *out);
/* Whether who asked may still be told things. Event loop. */
bool access_still(struct access *a, const struct asker *asker);

/* Lets a request pass that needs `need` (ROLE_NONE: nothing) and, unless `limited`, sees what is
 * not one owner's. False: it was answered, 401, 403, 429 or 503. Sets r->user. Event loop. */
bool access_let(struct access *a, struct http_request *r, enum role need, bool limited);
/* Whether a request comes from a page of another site. */
bool access_is_foreign(const struct http_request *r);

/* The session handlers: POST /v1/login, POST /v1/logout, GET /v1/session. Event loop. */
void access_login(struct access *a, struct http_request *r);
void access_logout(struct access *a, struct http_request *r);
void access_session(struct access *a, struct http_request *r);

#endif
