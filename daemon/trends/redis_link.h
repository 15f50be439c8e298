/*
 * redis_link.h - one connection to Redis with a deadline on everything.
 *
 * hiredis connects and understands replies; sending and waiting are done here, because its
 * blocking calls know no deadline for a whole exchange and its asynchronous ones none at all.
 * One thread at a time.
 */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <hiredis/hiredis.h>

#include "memory.h"
#include "redis_url.h"
#include "span.h"
#include "status.h"

/* Commands in their wire form, gathered before they are sent. */
struct redis_command {
    size_t end;    /* in batch.out; the command begins where the one before ends */
    size_t key_at; /* the second argument, in batch.out */
    uint32_t key_n;
    uint32_t watch;    /* redis_link_tell shows this number too, when it is the answer; 0: none */
    uint8_t partition; /* the caller's */
};

struct redis_batch {
    struct buf out;
    struct redis_command *at;
    size_t count, cap;
    unsigned args; /* given so far for the last command */
};

void redis_batch_begin(struct redis_batch *b, unsigned partition, unsigned argc);
void redis_batch_arg(struct redis_batch *b, struct span s);
/* An argument of n bytes that the caller writes where this points to, before anything else. */
char *redis_batch_room(struct redis_batch *b, size_t n);
void redis_batch_str(struct redis_batch *b, const char *s);
void redis_batch_i64(struct redis_batch *b, int64_t v);
/* A whole command; the arguments end with NULL. */
void redis_batch_add(struct redis_batch *b, unsigned partition, ...) __attribute__((sentinel));
/* Appends a command of another batch again, unwatched. */
void redis_batch_copy(struct redis_batch *b, const struct redis_batch *from, size_t i);
struct span redis_batch_key(const struct redis_batch *b, size_t i); /* an EVAL's first key */
/* Any argument, the verb is 0; empty if there is none such. Walks the command. */
struct span redis_batch_argument(const struct redis_batch *b, size_t i, unsigned argument);
void redis_batch_reset(struct redis_batch *b);        /* empties, keeps the memory */
void redis_batch_clear(struct redis_batch *b);        /* frees */
size_t redis_batch_held(const struct redis_batch *b); /* memory */

struct redis_link;

struct redis_link_options {
    const struct redis_url *url;
    const char *name; /* CLIENT SETNAME; no blanks */
    int connect_timeout_ms;
    int silence_timeout_ms;    /* longest time in which nothing moves in an exchange */
    size_t max_reply;          /* bytes of one reply; a longer one ends the link. 0: 32 MiB */
    bool *silent;              /* NULL allowed; set when it took the connection, or had no room
                                * for one, and said nothing in time. Lives as long as the link */
    const atomic_bool *cancel; /* NULL allowed; when true, every wait ends with ST_RETRY */
};

/* Connects, authenticates, selects the database, gives the connection its name. ST_NOT_FOUND:
 * nobody listens there. ST_RETRY: not now, or not let in; err says what to do about it. */
enum status redis_link_open(struct redis_link **out, const struct redis_link_options *opt,
                            struct error *err);
void redis_link_close(struct redis_link *l); /* accepts NULL */

/* Sends all commands and reads one reply for each, in order, with a bounded amount in flight.
 * A reply is freed after visit unless visit returns true. Any status but ST_OK means that the
 * outcome of commands without a reply is unknown and the link is of no more use. */
typedef bool redis_reply_visit(void *arg, size_t i, redisReply *r);
enum status redis_link_send(struct redis_link *l, const struct redis_batch *b,
                            redis_reply_visit *visit, void *arg, struct error *err);

/* The same for commands of which only errors matter: visit sees no other reply, apart from numbers
 * that are watched for. */
enum status redis_link_tell(struct redis_link *l, const struct redis_batch *b,
                            redis_reply_visit *visit, void *arg, struct error *err);

/* One command; the arguments end with NULL. The caller frees *out (freeReplyObject), which may
 * be an error reply. */
enum status redis_link_ask(struct redis_link *l, redisReply **out, struct error *err, ...)
    __attribute__((sentinel));
/* As redis_link_ask, where an error reply is a failure. out may be NULL. */
enum status redis_link_must(struct redis_link *l, redisReply **out, struct error *err, ...)
    __attribute__((sentinel));

bool redis_is_error(const redisReply *r, const char *code); /* code: "WRONGTYPE"; NULL is any */
/* Fills err from an error reply with one sentence that says what to do; ST_RETRY. */
enum status redis_refusal(const struct redis_link *l, const redisReply *r, struct error *err);

/* A line "name:value" of an INFO text; false if it is not there. */
bool redis_info_find(struct span info, const char *name, struct span *value);

#endif
