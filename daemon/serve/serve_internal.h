/*
 * serve_internal.h - what serve.c, routing.c, page.c, ingest.c and metrics.c share.
 */
#ifndef SERVE_INTERNAL_H
#define SERVE_INTERNAL_H

#include "access.h"
#include "deliver.h"
#include "engine.h"
#include "http_server.h"
#include "readers.h"
#include "serve.h"

struct events;
struct ingest;
struct verifying;

struct serve {
    struct http_server *http;
    struct engine *engine;
    const struct config *config;
    struct ingest *ingest;
    struct readers *readers;
    struct readers *changer; /* of what the engine changes; NULL once it drains */
    struct verifying *verifying;
    struct access *access;
    struct deliver *deliver;
    struct events *events;
    uint64_t boot;          /* another number after each start */
    uint64_t reloads;       /* of the configuration */
    struct buf description; /* openapi.c; of the configuration after `described` of them */
    uint64_t described;
    int64_t started;
    bool draining;
};

/* routing.c: the server's two callbacks; arg is the struct serve. */
void routes_head(void *arg, struct http_request *r);
void routes_request(void *arg, struct http_request *r);

/* page.c: is the path one of the page's, or of a file it consists of? Then GET is answered. */
bool page_has(struct span path);
void page_request(struct http_request *r);

/* route_state.c: what the daemon itself knows; on the event loop. */
void get_health(struct serve *s, struct http_request *r);
void get_ready(struct serve *s, struct http_request *r);
void get_status(struct serve *s, struct http_request *r);
void get_live(struct serve *s, struct http_request *r);
void get_metrics(struct serve *s, struct http_request *r);

/* openapi.c */
void get_openapi(struct serve *s, struct http_request *r);

/* verifying.c: one comparison of ledger, Redis and store at a time, on a thread of its own. */
struct verifying *verifying_new(struct serve *s);
void verifying_stop(struct verifying *v); /* ends what runs; accepts NULL */
void verifying_free(struct verifying *v); /* the same, and frees; accepts NULL */
void get_verify(struct serve *s, struct http_request *r);
void post_verify(struct serve *s, struct http_request *r);

/* route_change.c: what the ledger is asked to change, and messages that were given up. */
#define QUARANTINE_REPLAY "/v1/quarantine/{id}/replay"
#define QUARANTINE_DROP   "/v1/quarantine/{id}/drop"
#define CUSTOMER_MERGE    "/v1/customers/{id}/merge"
#define MESSAGE_REPLAY    "/v1/webhook_messages/{id}/replay"
#define MESSAGE_DROP      "/v1/webhook_messages/{id}/drop"
void post_quarantine_replay(struct reader *rd, struct http_request *r);
void post_quarantine_drop(struct reader *rd, struct http_request *r);
void post_customer_merge(struct reader *rd, struct http_request *r);
void post_message_replay(struct reader *rd, struct http_request *r);
void post_message_drop(struct reader *rd, struct http_request *r);

/* route_reckon.c: what is reckoned from the request alone, and what the daemon can read. */
void get_erlang(struct reader *rd, struct http_request *r);
void post_backtest(struct reader *rd, struct http_request *r);
void get_formats(struct reader *rd, struct http_request *r);

/* route_customer.c, route_signal.c, route_upload.c; the path is that of their route. */
void get_customer(struct reader *rd, struct http_request *r);
void get_signal(struct reader *rd, struct http_request *r);
void get_signal_explain(struct reader *rd, struct http_request *r);
void post_signal_ack(struct reader *rd, struct http_request *r);
void post_signal_close(struct reader *rd, struct http_request *r);
void post_roster(struct reader *rd, struct http_request *r);
void post_calendar(struct reader *rd, struct http_request *r);
void post_customers(struct reader *rd, struct http_request *r);

/* route_answer.c: GET /v1/NAME of an answer, and the answer that a path names, or NULL. */
void route_answer(struct reader *rd, struct http_request *r);
const struct answer *route_answer_of(struct span path);

/* route_course.c: one subject over time. */
#define FEATURE_COURSE    "/v1/features/{id}"
#define CUSTOMER_HOURS    "/v1/customers/{id}/hours"
#define CUSTOMER_FEATURES "/v1/customers/{id}/features"
void route_feature_course(struct reader *rd, struct http_request *r);
void route_customer_hours(struct reader *rd, struct http_request *r);
void route_customer_features(struct reader *rd, struct http_request *r);

/* route_features.c: features of a period, a segment, a region; and the regions that there are. */
void route_feature_use(struct reader *rd, struct http_request *r);
void route_regions(struct reader *rd, struct http_request *r);

/* route_what_if.c, route_why.c */
void route_what_if(struct reader *rd, struct http_request *r);
void route_why(struct reader *rd, struct http_request *r);

/* route_export.c */
#define EXPORT "/v1/export/{crm}"
void route_export(struct reader *rd, struct http_request *r);

/* metrics.c: the exposition in OpenMetrics text format. */
/* older: in the text format 0.0.4 of Prometheus, which some tools know alone. */
void metrics_write(struct buf *out, struct serve *s, bool older);

/* ingest.c: the http inputs of the configuration, and the thread that unpacks and submits. */
enum status ingest_open(struct ingest **out, struct engine *e, const struct config *config,
                        struct error *err);
/* The http inputs of another configuration, on the event loop; on failure the old ones stay. */
enum status ingest_change(struct ingest *in, const struct config *wanted, struct error *err);
void ingest_stop(struct ingest *in);  /* submits no more; what waits is answered with 503 */
void ingest_close(struct ingest *in); /* accepts NULL */
bool ingest_has(const struct ingest *in, struct span path);
/* Who sends to it proves by a signature or a secret of its own that they may. */
bool ingest_asks(const struct ingest *in, struct span path);
/* Is it Microsoft Graph's question whether the address is ours? It has no body. */
bool ingest_validates(const struct ingest *in, const struct http_request *r);
/* By its method; its path is one that ingest_has. */
bool ingest_takes(const struct ingest *in, const struct http_request *r);
/* Refuses what the headers alone rule out (415, 403); false if it did. */
bool ingest_head(struct ingest *in, struct http_request *r);
/* Takes the request; answers after the commit. */
void ingest_request(struct ingest *in, struct http_request *r);

#define MAX_FEEDS 256

#endif
