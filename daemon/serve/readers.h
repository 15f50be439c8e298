/*
 * readers.h - a few threads that answer requests out of the CRM store.
 *
 * A question to the store may take half a second: on the event loop it would hold up every sender
 * of records. Each thread has a connection of its own, which only reads; WAL mode lets it look
 * while the analyst writes. What takes too long is given up, and when too many wait newcomers are
 * sent away at once, so that nobody waits for long.
 *
 * What the engine is asked to change (a merge, a replay) may take minutes: it has a thread of its
 * own, made of the same parts.
 */
#ifndef READERS_H
#define READERS_H

#include "access.h"
#include "answer.h"
#include "config.h"
#include "http_server.h"

struct readers;
struct serve;

/* What a thread has at hand while it answers one request. */
struct reader {
    struct serve *serve;
    const struct config *config;
    struct store *store;  /* open for reading, with a limit of time */
    struct arena *memory; /* for as long as the request */
    const char *viewer;   /* an owner, when who asks is limited to that one's customers; or NULL */
};

/* Answers the request, with http_reply or http_problem, exactly once. */
typedef void reading(struct reader *rd, struct http_request *r);

struct readers_options {
    struct serve *serve;
    const struct config *config; /* borrowed to the end */
    const char *name;            /* of its threads */
    unsigned threads, waiting;   /* waiting: requests at most */
    int64_t time_limit_ms;       /* of what is asked of the store; 0: none */
};

enum status readers_open(struct readers **out, const struct readers_options *opt,
                         struct error *err);
/* Takes the request and answers it later; at once with 503 when too many wait. Event loop. */
void readers_take(struct readers *p, struct http_request *r, reading *what);
/* The configuration from now on; borrowed to the end. */
void readers_change(struct readers *p, const struct config *config);
/* What waits is answered with 503, what runs is waited for. Accepts NULL. */
void readers_close(struct readers *p);

/* A connection of its own for what somebody changes; the caller closes it. */
enum status reader_edit(const struct reader *rd, struct store **out, struct error *err);
/* ST_NOT_FOUND: there is no such customer, or none that who asks may see. */
enum status reader_customer(const struct reader *rd, const char *id, struct error *err);
/* The answer to a request that failed so. */
void reader_problem(struct http_request *r, const struct error *err);
/* Answers with this JSON, which is taken, if st is ST_OK; else with the problem. */
void reader_reply(struct http_request *r, enum status st, struct buf *body,
                  const struct error *err);
/* Answers with this CSV, which is taken, as a file NAME.csv. */
void reader_reply_csv(struct http_request *r, const char *name, struct buf *body);

#endif
