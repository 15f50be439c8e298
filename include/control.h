/*
 * control.h - how the command line talks to the daemon: state_dir/control.sock.
 *
 * One connection is one request: a line {"command":"import","args":{...}}, with open files
 * passed beside it (SCM_RIGHTS) where a command wants them. The answer is lines of JSON: any
 * number of the command's own, such as {"bytes_read":1,"bytes_total":2}, and last one with
 * {"done":true,"exit":N,"message":"...", and what the command has to tell}. The socket has
 * mode 0600: whoever may open it may do everything. A client that hangs up cancels its
 * request where that is safe; what was submitted by then stays.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_write.h"
#include "memory.h"
#include "status.h"

struct config; /* config.h */
struct control;
struct edge;       /* edge.h */
struct engine;     /* engine.h */
struct json_value; /* json_read.h */

#define CONTROL_MAX_FDS     4
#define CONTROL_MAX_REQUEST 65536

/* --- the daemon's half --- */

/* What commands work on; all borrowed. */
struct control_target {
    struct engine *engine;
    const struct config *config;
    int64_t started; /* UTC seconds */
    struct edge *edge;
    /* edge_claim: by a pointer, because the inputs are not everywhere where commands are */
    enum status (*claim)(struct edge *e, const char *input, const char *consumer, uint64_t *entries,
                         struct error *err);
};

/* One request being carried out, on a thread of its own. */
struct control_request {
    const struct control_target *target;
    const struct json_value *args; /* an object; NULL when none were given */
    int fds[CONTROL_MAX_FDS];      /* closed after the command */
    size_t fd_count;
    struct json_writer result; /* members of the last line: json_u64(&r->result, "n", 1) */
    char message[300];         /* one sentence for people, or "" */
    volatile int cancel;       /* non-zero: stop early; set by the calls below only */
    /* private */
    struct control *control;
    struct control_request *next;
    struct buf last;
    int sock;
};

struct control_command {
    const char *name; /* "import" */
    /* The exit code: 0, 1 failure, 64 wrong arguments, 69 something is away, 78 configuration. */
    int (*run)(struct control_request *r);
};

/* status import settle replay drop customers-reload merge stream-claim; ended by a NULL name. */
extern const struct control_command control_commands[];

struct control_options {
    const char *state_dir;
    struct control_target target;
    /* Tables of commands, each ended by a NULL name; the list ends with NULL. */
    const struct control_command *const *tables;
};

/* Listens and serves on threads of its own. The caller owns the state folder (the engine's
 * lock): a socket found there is a dead daemon's and replaced. ST_IO says what failed. */
enum status control_open(struct control **out, const struct control_options *opt,
                         struct error *err);
/* No new requests; running ones are cancelled and waited for. Before engine_close. */
void control_stop(struct control *c);
/* Stops if need be and frees. After engine_close, because tickets of a cancelled import still
 * count into it until then. Accepts NULL. */
void control_close(struct control *c);

/* For commands. */
void control_say(struct control_request *r, const struct buf *line); /* a whole JSON object */
bool control_cancelled(struct control_request *r); /* hung up, or the daemon stops */
/* Fills message and returns code. */
int control_answer(struct control_request *r, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int control_failed(struct control_request *r, const struct error *err); /* code by err->code */
/* Memory that others may write to after the command: freed by control_close. */
void *control_keep(struct control_request *r, size_t size);

/* --- the command line's half --- */

/* Does a daemon listen there? */
bool control_available(const char *state_dir);

/* Sends one request and waits for its end. args: a JSON object, or NULL. Each line of the
 * answer is given to `line` (NULL allowed), the last one too.
 *   ST_OK         *exit_code is the command's; if it is not 0, err->text is its message
 *   ST_NOT_FOUND  no daemon listens there
 *   ST_IO         it went away before it had answered; err says so */
enum status control_call(const char *state_dir, const char *command, const char *args,
                         const int *fds, size_t fd_count,
                         void (*line)(void *arg, const struct json_value *line), void *arg,
                         int *exit_code, struct error *err);

#endif
