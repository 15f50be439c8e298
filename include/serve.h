/*
 * serve.h - what callswelld offers over HTTP: ingest, status, metrics, health.
 *
 * Runs on the edge thread's event loop. Order at the end: serve_drain, then keep the loop
 * running until serve_busy is 0 or patience ends, serve_close, engine_close.
 */
#ifndef SERVE_H
#define SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct config; /* config.h */
struct engine; /* engine.h */
struct event_base;
struct json_writer; /* json_write.h */
struct serve;

struct serve_options {
    struct event_base *base;
    struct engine *engine;       /* borrowed */
    const struct config *config; /* borrowed */
};

/* ST_BAD_CONFIG: the address or an http input cannot be served; ST_IO: not listened on. */
enum status serve_open(struct serve **out, const struct serve_options *opt, struct error *err);
int serve_port(const struct serve *s);
void serve_drain(struct serve *s); /* not ready any more, no new connections */
size_t serve_busy(const struct serve *s);
void serve_close(struct serve *s); /* accepts NULL */

/* The object that GET /v1/status and `callswell status --json` show. started: UTC seconds. */
void serve_write_status(struct json_writer *w, struct engine *e, const struct config *config,
                        int64_t started);

#endif
