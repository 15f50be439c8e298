/*
 * ingest_internal.h - what ingest.c and ingest_open.c share.
 */
#ifndef INGEST_INTERNAL_H
#define INGEST_INTERNAL_H

#include <pthread.h>

#include "body.h"
#include "config.h"
#include "media_type.h"
#include "serve_internal.h"

/* One http input of the configuration. */
struct entrance {
    struct feed feed;
    const struct config_input *input; /* borrowed from the configuration */
    enum family family;               /* of its format's parser */
    bool by_query;                    /* GET brings a form in its query */
    bool notified;                    /* Microsoft Graph may ask and notify */
    int64_t refusal_logged_ms;        /* 0: never */
};

struct job {
    struct job *next;
    struct entrance *entrance;
    struct http_request *request;
    struct buf body;
    const char *format;
    enum coding coding;
    enum family family;
    bool each;            /* tell what became of each record */
    struct once_key once; /* no key: empty; the key is the request's */
    bool notice;          /* it tells of records and holds none */
};

struct ingest {
    struct engine *engine;
    struct entrance *entrances;
    size_t count;
    struct entrance **former; /* of earlier configurations: requests may be on their way */
    size_t former_count;
    struct unpack_limits unpack;
    uint32_t max_records;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first, **last; /* under lock */
    bool started, stopping;    /* stopping: under lock */
};

/* The input whose path this is, or NULL. */
struct entrance *ingest_entrance(const struct ingest *in, struct span path);
/* The ingest thread; arg is the struct ingest. */
void *ingest_run(void *arg);

#endif
