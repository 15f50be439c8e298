/*
 * serve.h - what callswelld offers over HTTP: ingest, status, metrics, health.
 *
 * Runs on the edge thread's event loop; all calls on that thread. Order at the end: serve_drain,
 * engine_close (which answers what it still commits), the loop goes on until serve_busy is 0 or
 * patience ends, serve_close.
 */
#ifndef SERVE_H
#define SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct config; /* config.h */
struct engine; /* engine.h */
struct event_base;
struct json_writer;   /* json_write.h */
struct outcome_count; /* engine.h */
struct serve;

struct serve_options {
    struct event_base *base;
    struct engine *engine;       /* borrowed */
    const struct config *config; /* borrowed */
    struct deliver *deliver;     /* deliver.h; borrowed */
};

/* ST_BAD_CONFIG: the address or an http input cannot be served; ST_IO: not listened on. */
enum status serve_open(struct serve **out, const struct serve_options *opt, struct error *err);
int serve_port(const struct serve *s);
/* The http inputs, connection limits, certificate of another configuration, which is borrowed to
 * the end; on the event loop. On failure nothing has changed. */
enum status serve_change(struct serve *s, const struct config *wanted, struct error *err);
/* Not ready any more, no new connections or records. Once it returned, the engine is not called
 * again; requests whose records it has are still answered. */
void serve_drain(struct serve *s);
size_t serve_busy(const struct serve *s);
void serve_close(struct serve *s); /* accepts NULL */

/* The object that GET /v1/status and `callswell status --json` show. started: UTC seconds. */
void serve_write_status(struct json_writer *w, struct engine *e, const struct config *config,
                        int64_t started);

/* accepted, duplicates, quarantined, ignored: into the object that is being written. */
void serve_write_outcome(struct json_writer *w, const struct outcome_count *n);

#endif
