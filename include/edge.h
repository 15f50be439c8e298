/*
 * edge.h - the edge thread: one event loop for everything that comes in.
 *
 * It owns the event base, starts the configured inputs and wakes them when the engine has room
 * again. Others may put listeners of their own on the same base (HTTP) and post work to it.
 *
 * Order of a start: engine_open, edge_open, listeners of others, edge_run. Of an end:
 * edge_stop_inputs (nothing more is read), engine_close (drains; others on the base may still
 * answer their clients), edge_close.
 */
#ifndef EDGE_H
#define EDGE_H

#include <stddef.h>

#include "config.h"
#include "engine.h"
#include "status.h"

struct edge;
struct event_base;

struct edge_options {
    struct engine *engine;
    const struct config_input *inputs; /* borrowed for edge_open only; type http is left out */
    size_t input_count;
    const struct config_limits *limits; /* borrowed for edge_open only */
};

/* Once, before anything else of libevent: its memory is counted. */
void edge_configure(void);

/* Makes the base and starts the inputs on the calling thread. ST_BAD_CONFIG, ST_IO: err names
 * the input; nothing is left running. */
enum status edge_open(struct edge **out, const struct edge_options *opt, struct error *err);

/* For listeners of others. Use it before edge_run, or on the edge thread. */
struct event_base *edge_base(struct edge *e);

/* Starts the thread. */
enum status edge_run(struct edge *e, struct error *err);

/* Runs fn on the edge thread, soon and in order of posting. From any thread. What was posted
 * and did not run before edge_close is run there. */
void edge_post(struct edge *e, void (*fn)(void *arg), void *arg);

/* The port an input is bound to, 0 if it has none. Before edge_stop_inputs. */
int edge_port(const struct edge *e, const char *input);

/* Around a call of edge_change_inputs, and not on the edge thread, because somebody may just have
 * an input wait for its Redis (edge_claim). */
void edge_hold_inputs(struct edge *e);
void edge_release_inputs(struct edge *e);

/* The engine and the inputs from one configuration to another; on the edge thread, with the inputs
 * held. Inputs that are the same in both go on undisturbed. On failure all are as before and err
 * says why. */
enum status edge_change_inputs(struct edge *e, const struct config *running,
                               const struct config *wanted, struct error *err);

/* input_ops.claim of a stream input, on the calling thread; before edge_stop_inputs.
 * ST_BAD_CONFIG: there is no such input, or it is no stream. */
enum status edge_claim(struct edge *e, const char *input, const char *consumer, uint64_t *entries,
                       struct error *err);

/* Ends all reading: returns when no input will submit anything any more. Any thread but the
 * edge thread. */
void edge_stop_inputs(struct edge *e);

/* Ends the loop and the thread, frees. After engine_close, because the engine may call for
 * resumed reading until then. Accepts NULL. */
void edge_close(struct edge *e);

#endif
