/*
 * outbox.h - what is to be told to other programs: messages that wait in the store.
 *
 * Triggers on the table `signal` write a message for every webhook that wants it, in the same
 * transaction as the change itself, whoever makes it. A message is delivered at least once, and its
 * id stays the same over all tries: "msg_", the signal's id, "_", its version. Of one webhook the
 * messages about one subject go out in order: a later one waits for those before it, until they are
 * delivered, or given up (dead). Held signals are not told of until they are released.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "config.h"
#include "memory.h"
#include "store.h"

#define OUTBOX_KEPT_DAYS 30 /* of what was delivered */

/* What the triggers go by, as the configuration says. Writes only what has changed. */
enum status outbox_configure(struct store *s, const struct config *c, struct error *err);

struct message {
    int64_t row;
    char id[64];
    struct buf body; /* JSON; the caller clears */
    int64_t attempts;
    int64_t age_s; /* since it was written */
};

/* The next one that is due, in order of writing. ST_NOT_FOUND: none is; *wait_ms then is how long
 * none will be, as far as is known (-1: until one is written). now_ms: UTC milliseconds. */
enum status outbox_next(struct store *s, const char *webhook, int64_t now_ms, struct message *out,
                        int64_t *wait_ms, struct error *err);

enum message_end { MESSAGE_DELIVERED, MESSAGE_RETRY, MESSAGE_DEAD };
struct message_outcome {
    enum message_end end;
    int status;        /* of HTTP; 0: no answer */
    const char *error; /* NULL: none */
    int64_t next_ms;   /* MESSAGE_RETRY: not before, UTC milliseconds */
};
/* One transaction, synced: the store is open for editing. */
enum status outbox_tried(struct store *s, int64_t row, const struct message_outcome *o,
                         int64_t now_ms, struct error *err);

/* Of dead ones (row 0: all) of a webhook (NULL: all): they wait again, or are gone.
 * ST_NOT_FOUND: no dead one has this row. */
enum status outbox_replay(struct store *s, const char *webhook, int64_t row, int64_t *changed,
                          struct error *err);
enum status outbox_drop(struct store *s, const char *webhook, int64_t row, int64_t *changed,
                        struct error *err);
/* Forgets what was delivered long ago. */
enum status outbox_forget(struct store *s, int64_t now_ms, struct error *err);

struct outbox_count {
    int64_t waiting, dead;
};
enum status outbox_counts(struct store *s, const char *webhook, struct outbox_count *out,
                          struct error *err);

#endif
