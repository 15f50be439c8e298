/*
 * projection.h - the ledger's totals as Redis keys: absolute values, versions, markers.
 *
 * One thread of its own, the only writer to Redis. Everything it writes may be written again
 * at any time and from any state; see the protocol at the top of daemon/trends/projection.c.
 */
#ifndef PROJECTION_H
#define PROJECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "config.h"
#include "status.h"
#include "verify_watch.h"

/* The cell is borrowed for the call. Must not block when called under change_feed.scan_memory. */
typedef enum status cell_visit(void *arg, const struct cell *c, struct error *err);

/* What the projection asks of the ledger; implemented by the engine. Thread-safe. */
struct change_feed {
    void *ctx;
    char ledger_id[40];                /* made once with the ledger */
    uint64_t incarnation;              /* of this run */
    uint64_t (*last_batch)(void *ctx); /* committed and in memory */
    /* Does this place lie in the ledger's own history? */
    bool (*in_history)(void *ctx, uint64_t incarnation, uint64_t seq);
    /* Cells of a partition whose seq is > after. First those only on disk (may block), then
     * those in memory (under a lock: visit must not block), so a later visit of the same cell
     * is never older. *upto: every cell changed up to it has been visited. */
    enum status (*scan_disk)(void *ctx, unsigned partition, uint64_t after, cell_visit *visit,
                             void *arg, struct error *err);
    enum status (*scan_memory)(void *ctx, unsigned partition, uint64_t after, cell_visit *visit,
                               void *arg, uint64_t *upto, struct error *err);
    /* Lowest seq that memory still holds completely: changes after it need no scan_disk. */
    uint64_t (*memory_since)(void *ctx);
    /* Has a subject a cell on a day of a month, [from, to), whose last change is at or before
     * `upto`? May block. Who never writes (verify) may leave it NULL. */
    enum status (*has_older)(void *ctx, enum cell_kind kind, struct span name, int32_t from,
                             int32_t to, uint64_t upto, bool *has, struct error *err);
    int64_t (*now)(void *ctx); /* wall or data clock, UTC */
};

struct projection;

struct projection_options {
    const char *url; /* redis://..., unix://... */
    const char *node;
    struct config_retention retention;
    bool never_expire; /* clock = "data" */
    const struct change_feed *feed;
    /* Called from the projection's thread whenever no connection can be had: a managed server
     * may have died, or hang. NULL: nothing is done about it. */
    void (*revive)(void *arg);
    /* Called from it after every connection that can be written to. NULL allowed. */
    void (*ready)(void *arg);
    /* Called from it when all keys of a server of our own are in start_folder: the server is ended
     * and started from there. NULL: everything is sent. */
    enum status (*restart)(void *arg, const atomic_bool *cancel, struct error *err);
    const char *start_folder;  /* borrowed for good */
    void *server_arg;          /* of all of these */
    int64_t scrub_interval_ms; /* all keys are compared once in this time; 0: an hour */
    size_t max_buffer;         /* of commands gathered under the feed's lock; 0: 64 MiB */
    size_t start_bytes;        /* below which start_folder is not worth it; 0: 4 MiB */
};

struct projection_status {
    bool connected;
    uint64_t applied;   /* lowest marker over the partitions */
    int64_t applied_ms; /* clock_mono_ms when it last grew */
    uint64_t keys_sent, fields_sent, reconnects, expired;
    uint64_t mended;       /* differences that were found and put right */
    uint64_t evicted;      /* keys, ours or others', that Redis threw away while connected */
    uint64_t buffer_bytes; /* memory of commands and months on their way */
    int64_t problem_since; /* UTC seconds; without a problem nothing */
    char problem[200];     /* "" or one sentence: what is wrong and what to do */
};

enum status projection_start(struct projection **out, const struct projection_options *opt,
                             struct error *err);
/* There is a new batch. Cheap; any thread. `urgent`: do not gather, send now. */
void projection_kick(struct projection *p, bool urgent);
/* For now there will be no other: what has gathered goes out as soon as Redis had a rest. */
void projection_settle(struct projection *p);
/* More changes of the same keys are coming: they are sent together, once there is a pause of ten
 * seconds or somebody kicks or waits, and every minute at the latest. */
void projection_kick_later(struct projection *p);
/* Waits until every partition's marker is at or past seq. ST_RETRY after timeout; ST_NOT_FOUND,
 * at once, when Redis has taken nothing for so long that waiting for it makes no sense. */
enum status projection_wait(struct projection *p, uint64_t seq, int64_t timeout_ms,
                            struct error *err);
void projection_status(struct projection *p, struct projection_status *out);
void projection_stop(struct projection *p); /* accepts NULL */

/* A private redis-server for redis { url = "managed" }: unix socket state_dir/redis.sock,
 * append-only file on, no eviction, no TCP port. One left by a crashed daemon is found again
 * and taken over. A damaged append-only file is moved aside. hang_ms: one of ours that does not
 * answer for so long is ended (SIGTERM, then SIGKILL) and started again; 0: never. */
struct managed_redis;
enum status managed_redis_start(struct managed_redis **out, const char *program,
                                const char *state_dir, int64_t hang_ms, struct error *err);
const char *managed_redis_url(const struct managed_redis *m);
/* Where this configuration's Redis answers, a managed one when it runs. The caller frees. */
char *trends_url(const struct config *c);
bool managed_redis_alive(struct managed_redis *m);
/* Starts the server again if it is dead or has hung for too long, without waiting until it has
 * loaded its data. To be called again and again while it cannot be reached. Any thread. */
enum status managed_redis_revive(struct managed_redis *m, struct error *err);
/* Where an append-only folder may be made for managed_redis_refill; lives as long as m. */
const char *managed_redis_start_folder(const struct managed_redis *m);
/* Ends the server and starts it with that folder in place of its own: nothing that it holds is
 * kept. Waits until it has loaded its data, unless that takes a minute or cancel, which may be
 * NULL, becomes true. Any thread. */
enum status managed_redis_refill(struct managed_redis *m, const atomic_bool *cancel,
                                 struct error *err);
/* UTC seconds when a server was last ended because it hung; 0: never. Any thread. */
int64_t managed_redis_hung_at(const struct managed_redis *m);
/* It answers and has loaded its data: what was left over from a violent end is cleared away. */
void managed_redis_ready(struct managed_redis *m);
void managed_redis_stop(struct managed_redis *m); /* saves, waits for its end; accepts NULL */

/* Compares Redis with the ledger, key by key. The counts tell the whole. Reads only. */
struct verify_result {
    uint64_t keys, fields, missing, different, extra;
};
enum status trends_verify(const char *url, const char *node, const struct change_feed *feed,
                          const struct config_retention *retention, bool never_expire,
                          const struct verify_watch *watch, struct verify_result *out,
                          struct error *err);

/* Makes the node's projection, running or started later, send everything again and then remove
 * what its ledger does not know. Waits while Redis is loading its files. ST_BAD_CONFIG: the node's
 * keys belong to another ledger; with `replace` they are taken over. ST_RETRY: Redis refuses. */
enum status trends_rebuild(const char *url, const char *node, const char *ledger_id, bool replace,
                           struct error *err);
/* Has the projection done what trends_rebuild asked of it? */
enum status trends_rebuilt(const char *url, const char *node, bool *done, struct error *err);

#endif
