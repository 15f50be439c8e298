/*
 * redis_exchange.c - commands out, replies in: some way ahead of them, and with a deadline.
 */
#include "redis_link_private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"

/* Bytes of commands sent ahead of their replies: enough to keep Redis busy, little enough that
 * its reply buffer stays small. */
#define IN_FLIGHT (1024 * 1024)
/* No line that we ask for is nearly as long, be it text or the head of something longer. (hiredis
 * looks for the end of one from its beginning whenever more of it has come.) */
#define MAX_LINE (1024 * 1024)
/* How often a wait looks whether it was cancelled. */
#define POLL_SLICE_MS 100

struct exchange {
    const struct redis_batch *batch;
    redis_reply_visit *visit;
    void *arg;
    bool errors_only;
    size_t sent, done;
    size_t unfinished; /* bytes of a reply that is still to end */
    int64_t moved_ms;  /* when a byte last went or came */
};

/* How far may be sent now: always at least the command whose reply comes next. */
static size_t
send_limit(const struct exchange *x)
{
    size_t answered = x->done ? x->batch->at[x->done - 1].end : 0;
    size_t limit = answered + IN_FLIGHT;

    if (limit < x->batch->at[x->done].end)
        limit = x->batch->at[x->done].end;
    return limit < x->batch->out.n ? limit : x->batch->out.n;
}

static enum status
send_some(struct redis_link *l, struct exchange *x, struct error *err)
{
    size_t limit = send_limit(x);
    ssize_t n;

    while (x->sent < limit) {
        n = send(l->ctx->fd, x->batch->out.p + x->sent, limit - x->sent,
                 MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return ST_OK;
        if (n < 0)
            return fail(err, ST_RETRY, "The connection to Redis at %.80s broke: %s", l->shown,
                        strerror(errno));
        x->sent += (size_t)n;
        x->moved_ms = clock_mono_ms();
    }
    return ST_OK;
}

/* Of a command of which only errors matter. */
static bool
is_wanted(const struct redis_command *c, const redisReply *r)
{
    return redis_is_error(r, NULL) ||
           (r->type == REDIS_REPLY_INTEGER && c->watch && r->integer == (long long)c->watch);
}

/* Counts the replies +OK and :NUMBER at the front of what came in, as long as nothing of an
 * earlier reply waits for its rest and nobody wants to see them: an object is made for each other
 * one. How many bytes they were. */
static size_t
skip_good(struct redis_link *l, struct exchange *x, const char *p, size_t n)
{
    const char *begin = p, *end = p + n;

    if (!x->errors_only || l->ctx->reader->pos < l->ctx->reader->len || l->ctx->reader->ridx >= 0)
        return 0;
    while (x->done < x->batch->count && end - p >= 4) {
        const char *q = p + 1;
        uint64_t number = 0;

        if (end - p >= 5 && memcmp(p, "+OK\r\n", 5) == 0) {
            q += 2;
        } else if (*p == ':' && *q >= '0' && *q <= '9') {
            while (q < end && *q >= '0' && *q <= '9')
                number = number * 10 + (uint64_t)(*q++ - '0');
        } else {
            break;
        }
        if (end - q < 2 || q[0] != '\r' || q[1] != '\n')
            break;
        if (number && number == x->batch->at[x->done].watch)
            break;
        p = q + 2;
        x->done++;
    }
    return (size_t)(p - begin);
}

/* What is read next begins where the reader stands. */
static bool
is_endless(const struct redis_link *l, const struct exchange *x)
{
    const redisReader *r = l->ctx->reader;

    return x->unfinished > l->max_reply ||
           (r->len - r->pos > MAX_LINE && !memchr(r->buf + r->pos, '\n', MAX_LINE));
}

static enum status
take_replies(struct redis_link *l, struct exchange *x, struct error *err)
{
    void *reply;

    for (;;) {
        reply = NULL;
        if (redisReaderGetReply(l->ctx->reader, &reply) != REDIS_OK)
            return fail(err, ST_RETRY, "Redis at %.80s sent what is not its protocol: %.80s",
                        l->shown, l->ctx->reader->errstr);
        if (!reply && is_endless(l, x))
            return fail(err, ST_RETRY, "Redis at %.80s sends a reply that does not end", l->shown);
        if (!reply)
            return ST_OK;
        if (x->done == x->batch->count) {
            freeReplyObject(reply);
            return fail(err, ST_RETRY, "Redis at %.80s sent a reply that nobody asked for",
                        l->shown);
        }
        x->done++;
        x->unfinished = 0;
        l->elements = 0;
        if (!x->visit || (x->errors_only && !is_wanted(&x->batch->at[x->done - 1], reply)) ||
            !x->visit(x->arg, x->done - 1, reply))
            freeReplyObject(reply);
    }
}

static enum status
receive_some(struct redis_link *l, struct exchange *x, struct error *err)
{
    ssize_t n = recv(l->ctx->fd, l->in, LINK_READ_BYTES, MSG_DONTWAIT);
    enum status st = ST_OK;
    size_t taken, left;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return ST_OK;
    if (n <= 0)
        return fail(err, ST_RETRY, "Redis at %.80s closed the connection%s%s", l->shown,
                    n < 0 ? ": " : "", n < 0 ? strerror(errno) : "");
    x->moved_ms = clock_mono_ms();
    for (const char *p = l->in; st == ST_OK && n > 0; p += taken, n -= (ssize_t)taken) {
        taken = skip_good(l, x, p, (size_t)n);
        left = (size_t)n - taken;
        if (left == 0)
            break;
        /* Where many can be skipped, only the line that cannot goes the long way. */
        if (x->errors_only && memchr(p + taken, '\n', left))
            left = (size_t)((char *)memchr(p + taken, '\n', left) + 1 - (p + taken));
        redisReaderFeed(l->ctx->reader, p + taken, left);
        taken += left;
        x->unfinished += left;
        st = take_replies(l, x, err);
    }
    return st;
}

/* Before anything is sent nothing may be there to read: a byte would belong to no command of
 * ours, and every later reply would be taken for its neighbour's. */
static enum status
expect_silence(struct redis_link *l, struct error *err)
{
    struct pollfd fd = {.fd = l->ctx->fd, .events = POLLIN};
    char byte;

    if (l->ctx->reader->pos < l->ctx->reader->len)
        return fail(err, ST_RETRY, "Redis at %.80s sent a reply that nobody asked for", l->shown);
    if (poll(&fd, 1, 0) <= 0)
        return ST_OK;
    if (recv(l->ctx->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
        return fail(err, ST_RETRY, "Redis at %.80s sent a reply that nobody asked for", l->shown);
    return fail(err, ST_RETRY, "Redis at %.80s closed the connection", l->shown);
}

static enum status
exchange(struct redis_link *l, struct exchange *x, struct error *err)
{
    enum status st = expect_silence(l, err);

    x->moved_ms = clock_mono_ms();
    while (st == ST_OK && x->done < x->batch->count) {
        struct pollfd fd = {.fd = l->ctx->fd, .events = POLLIN};

        st = send_some(l, x, err);
        if (st != ST_OK)
            return st;
        if (x->sent < send_limit(x))
            fd.events |= POLLOUT;
        if (l->cancel && atomic_load(l->cancel))
            return fail(err, ST_RETRY, "Stopped while waiting for Redis at %.80s", l->shown);
        if (poll(&fd, 1, POLL_SLICE_MS) > 0 && (fd.revents & ~POLLOUT))
            st = receive_some(l, x, err);
        else if (clock_mono_ms() - x->moved_ms > l->silence_timeout_ms) {
            if (l->silent)
                *l->silent = true;
            st = fail(err, ST_RETRY, "Redis at %.80s has not answered for %d ms", l->shown,
                      l->silence_timeout_ms);
        }
    }
    return st;
}

enum status
redis_link_send(struct redis_link *l, const struct redis_batch *b, redis_reply_visit *visit,
                void *arg, struct error *err)
{
    struct exchange x = {.batch = b, .visit = visit, .arg = arg};

    return exchange(l, &x, err);
}

enum status
redis_link_tell(struct redis_link *l, const struct redis_batch *b, redis_reply_visit *visit,
                void *arg, struct error *err)
{
    struct exchange x = {.batch = b, .visit = visit, .arg = arg, .errors_only = true};

    return exchange(l, &x, err);
}
