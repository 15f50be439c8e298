/*
 * input.h - the contract of an input: bytes in, blocks out.
 *
 * An input knows the engine only through engine_submit and its own checkpoints; it knows
 * neither parsers nor ledger. It runs on the event loop of the edge thread (libevent) and
 * never blocks there. When the engine is full it stops reading, so that senders feel it.
 * A new input is one file and one line in daemon/input/input.c.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stdint.h>

#include "config.h"
#include "engine.h"
#include "status.h"

struct event_base;
struct input;

struct input_ops {
    const char *name; /* "tail" */
    const char *summary;
    enum status (*start)(struct input **out, struct event_base *base, struct engine *e,
                         const struct config_input *cfg, const struct config_limits *limits,
                         struct error *err);
    void (*resume)(struct input *in); /* the engine has room again */
    void (*stop)(struct input *in);   /* at once: no more blocks after this; frees */
    /* The same without haste: no more blocks, but what is owed to senders is still said on the
     * loop, within seconds; then frees and calls gone. Until then stop may be called instead, and
     * gone is not. NULL: stop owes nobody anything. */
    void (*leave)(struct input *in, void (*gone)(void *arg), void *arg);
    /* Goes on, with all its connections, as another section of its title and type says; one with
     * another address only after withdraw. cfg NULL: section and format are the same, limits may
     * differ. On failure nothing has changed. NULL: it is stopped and started anew. */
    enum status (*change)(struct input *in, const struct config_input *cfg,
                          const struct config_limits *limits, struct error *err);
    /* Gives its address up; all else goes on until change, which takes an address again, or the
     * end. NULL: only an end does that. */
    void (*withdraw)(struct input *in);
    int (*port)(const struct input *in); /* listening port, 0 if none; NULL allowed */
    /* Takes over what another consumer of the same stream has not acknowledged; any thread, before
     * stop. NULL: the input has nothing of the kind. */
    enum status (*claim)(struct input *in, const char *consumer, uint64_t *entries,
                         struct error *err);
};

extern const struct input_ops *const inputs[]; /* NULL-ended; http is served elsewhere */
const struct input_ops *input_find(const char *type);

/* An input's own copy of its section: what it was started with is only lent to it. */
struct config_input *input_config_copy(const struct config_input *cfg);
void input_config_free(struct config_input *cfg); /* accepts NULL */

/* Is a file still being written, by its name? "_cdr.csv", ".cdr", "temp-cdr.xml", "cdr.tmp",
 * "cdr.part": senders rename them when they are done. Patterns and imports pass over such. */
bool input_unfinished(const char *path);

/* A file or descriptor read as fast as the engine takes it, uncompressed on the way (gzip and
 * zstd are recognised by their first bytes). For `callswell import`; runs on the calling
 * thread. Resumes where an earlier import of the same content stopped. */
struct import_progress {
    uint64_t bytes_read, bytes_total; /* of the (compressed) file; total 0 if unknown */
    uint64_t position, resumed_at;    /* uncompressed */
};
struct import_options {
    int fd;           /* open for reading; borrowed */
    const char *path; /* for messages and quarantine; "-" for standard input */
    const char *format, *source, *timezone;
    volatile int *cancel; /* non-zero stops early (what was submitted stays); may be NULL */
    void (*progress)(void *arg, const struct import_progress *p); /* may be NULL */
    void *progress_arg;
    ticket_done *done; /* told once per block submitted; may be NULL */
    void *done_arg;
    struct left_out *left_out; /* source_options.left_out */
};
enum status import_stream(struct engine *e, const struct import_options *opt,
                          struct import_progress *result, struct error *err);

#endif
