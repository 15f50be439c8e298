/*
 * config.h - the configuration as plain data.
 *
 * Read once from a libconfuse file, checked whole, then immutable. All strings are owned by
 * the struct. Only main, the engine's wiring and the command line include this header.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "classify.h"
#include "format.h"
#include "memory.h"
#include "status.h"

struct config_input {
    char *title, *type; /* type: tail tcp udp http relp stream ami esl dial radius */
    char *format, *timezone, *source;
    char *path;                              /* tail: file or glob; http: URL path, never NULL */
    char *listen;                            /* tcp, udp, relp, radius: "127.0.0.1:0" */
    char *framing;                           /* tcp, dial: auto, lines, octets */
    char *certificate, *key, *client_ca;     /* tcp, relp: PEM files; NULL: no TLS, ... */
    char *url;                               /* stream: where Redis is, never NULL; http: where
                                                senders reach this path */
    char *signature;                         /* http: how requests prove who sent them */
    char *secret;                            /* http, ami (never NULL), radius */
    char *stream, *group, *consumer, *field; /* stream: never NULL */
    char *address;                           /* ami, esl, dial: "pbx:5038", never NULL */
    char *user;                              /* ami: never NULL */
    char *password;                          /* esl: never NULL */
    bool tls;                                /* ami, dial */
    char *ca;                                /* ami, dial: file of who is trusted; NULL: the
                                                system's */
    char **nas;            /* radius: "ADDRESS[/BITS]=SECRET", NULL-ended; NULL: none */
    int64_t reconnect_ms;  /* ami, esl, dial: 1000 */
    int64_t keep_alive_ms; /* ami, esl, dial: 30000 */
    bool from_end;         /* tail, stream: from = "end" ignores what is there on first sight */
    int line;              /* in the configuration file, for messages */
};

struct config_service {
    char *name;
    char *match;          /* "feature:NAME", or a pattern over contacts' service names */
    double service_level; /* 0.8 */
    double answer_within; /* seconds, 20 */
    double max_occupancy; /* 0.85 */
    double shrinkage;     /* 0.3 */
    int interval;         /* minutes: 15, 30 or 60; 30 */
    int minimum_staff;    /* 0 */
    double patience;      /* seconds; 0: learned */
    double max_abandon;   /* 1: no cap */
    char *concurrent;     /* "legs", "legs:REGION", "conferences"; NULL: contacts */
    double per;           /* of these one person looks after so many: 10 */
    double rate;          /* cost of a scheduled hour; 0: not known */
    double availability;  /* share of the planned people who are really there; 0: learned */
    char **skills;        /* parts only some people can serve: "french=20%"; NULL: none */
    char **can_serve;     /* services that its people help out in, NULL-ended; NULL: all */
};

/* What holds for a service that nobody configured: the defaults of the rows. */
extern const struct config_service config_service_defaults;

struct config_segment {
    char *name, *where;
    int line;
};

struct config_retention { /* seconds; 0 is for ever */
    int64_t quarter, day, people, feature_people, service, load, events, history;
};

struct config_limits {
    uint32_t max_record;         /* 65536 */
    uint32_t max_document;       /* 16 MiB: of several records */
    uint32_t max_name;           /* 128 */
    uint32_t max_future;         /* 300 s */
    uint64_t duplicate_window;   /* 172800 s */
    uint64_t correction_window;  /* 604800 s; 0: versions and voids correct nothing */
    uint64_t duplicate_records;  /* 50 M */
    uint64_t max_body;           /* HTTP, 8 MiB on the wire */
    uint64_t max_unpacked;       /* 32 MiB */
    uint32_t max_ratio;          /* of the two: 200 */
    uint32_t max_records;        /* in one HTTP request: 50000 */
    uint32_t max_connections;    /* 1024 */
    uint32_t max_per_address;    /* of them: 64 */
    uint32_t max_request_line;   /* bytes: 2048 */
    uint32_t max_header;         /* bytes of all header lines of a request: 8192 */
    uint32_t max_header_lines;   /* 64 */
    uint32_t max_requests;       /* on one HTTP connection: 1000 */
    int64_t header_timeout_ms;   /* 5000 */
    int64_t body_timeout_ms;     /* 10000, */
    uint32_t body_rate;          /* and a second more for so many bytes: 65536 */
    int64_t idle_timeout_ms;     /* 30000 */
    uint32_t requests_per_token; /* a second: 100; 0: no limit */
    uint32_t max_datagram;       /* 8192 */
    uint32_t max_new_names;      /* of one input in a minute: 100000 */
    uint32_t max_customers, max_features, max_services, max_regions; /* 5 M, 10000, 1000, 1000 */
    uint64_t open_legs;        /* 1 M: joins, leaves and conferences that pairing holds */
    uint64_t max_queue;        /* bytes of blocks waiting for workers: 64 MiB */
    uint64_t quarantine_bytes; /* 1 GiB */
    uint64_t disk_reserve;     /* free bytes below which nothing is taken: 512 MiB */
    uint64_t disk_ballast;     /* 64 MiB */
    uint64_t max_wal;          /* 1 GiB */
    char *late;                /* "count" (default) or "quarantine" */
};

struct config_signals {
    double complete; /* 0.9: with less of the usual data a signal is held */
    uint32_t most;   /* 200: open ones of a kind; 0: any number */
};

struct config_webhook { /* one receiver of signals */
    char *name, *url;
    char *secret;              /* one or several, separated by blanks: the first is the newest */
    const char *const *kinds;  /* of signals; none: all */
    const char *const *events; /* raised, changed, acked, closed; none: all */
    char *severity;            /* and more severe ones */
    int64_t timeout_ms;        /* of a request */
    int64_t retry_ms;          /* until the second try; each later one waits twice as long, */
    int64_t retry_most_ms;     /* but no longer than this */
    int64_t give_up;           /* seconds after which a message is dead */
    bool private_addresses;    /* it may be on this machine or network, without TLS */
    char *ca;                  /* file of certificates to trust; "": the system's */
};

struct config_pairing { /* seconds; pairing.h says what each is for */
    int64_t limit;      /* 12 h */
    int64_t wait;       /* 5 min */
    int64_t grace;      /* 5 s */
    int64_t settle;     /* 0 */
    int64_t room_gap;   /* 10 min */
};

struct config {
    char *file; /* as opened; NULL: defaults only */
    char *state_dir, *node, *timezone;
    char *weekend;                  /* "sat sun": weekdays_read */
    int workers;                    /* 0: one per core */
    char *redis_url, *redis_server; /* "managed" or a URL; program to run when managed */
    int64_t redis_compare_ms;       /* all keys are compared once in this time */
    int64_t redis_hang_ms;          /* a managed server may be silent for so long; 0: for ever */
    char *store_url;
    char *http_listen;             /* "127.0.0.1:8460"; "" switches HTTP off */
    int http_listen_line;          /* for messages; 0: not in the file */
    char *http_certificate;        /* PEM file; NULL: no TLS */
    char *http_key;                /* PEM file; NULL: in the other one */
    int64_t http_session_ms;       /* 12 h */
    bool http_metrics_open;        /* /metrics needs no token */
    bool clock_data;               /* clock = "data" */
    int64_t fold_interval_ms;      /* 30000 */
    int64_t analytics_interval_ms; /* 30000 */
    int64_t stop_timeout_ms;       /* 30000 */
    char *log_level, *log_format;  /* "text" or "json" */
    uint32_t log_limit;            /* lines of one event a minute; 0: no limit */
    struct config_retention retention;
    bool why_dimensions;
    int64_t why_service_alarm; /* seconds between false alarms: 90 d */
    struct config_limits limits;
    struct config_pairing pairing;
    struct config_signals signals;
    char *participants; /* "plain" or "hash" */
    struct config_input *inputs;
    size_t input_count;
    struct config_service *services;
    size_t service_count;
    struct rule_option *features; /* classification rules, in file order */
    size_t feature_count;
    struct config_segment *segments;
    size_t segment_count;
    struct config_webhook *webhooks;
    size_t webhook_count;
    struct format_options *formats; /* built in ones first, then the file's own (same name: the
                                       file's own wins) */
    size_t format_count;
};

/* Where the configuration is when nobody says: $CALLSWELL_CONFIG, else
 * /etc/callswell/callswelld.conf if that can be read, else NULL. */
const char *config_default_path(void);

/* Reads and checks path (NULL: defaults). ST_BAD_CONFIG: err->text begins with
 * "file:line: " and says what was expected. */
enum status config_load(struct config **out, const char *path, struct error *err);
void config_free(struct config *c); /* accepts NULL */

/* ST_BAD_CONFIG as config_load: http.listen is no loopback address. Whether that is fine depends on
 * there being tokens (config_deep.h). */
enum status config_check_listen(const struct config *c, struct error *err);

const struct config_input *config_input(const struct config *c, const char *title); /* or NULL */
/* Is this input the same in both, its format included? */
bool config_input_equal(const struct config *a, const struct config *b, const char *title);

/* A reload compares: the first option ("workers", "input bridge") that differs and takes
 * effect only at a restart, or NULL. The caller frees. */
char *config_restart_option(const struct config *running, const struct config *wanted);

/* Then every option that does not take effect before a restart gets its running value. */
void config_keep_fixed(struct config *wanted, const struct config *running);

/* The annotated example, written from the option rows; config/callswelld.conf equals it. */
void config_print_example(struct buf *out);

bool config_format_equal(const struct format_options *a, const struct format_options *b);
/* A format as a section to be put into a configuration: what it says beyond the defaults. */
void config_print_format(struct buf *out, const struct format_options *format);
/* The text of a shipped format's file, with the comment that explains it; empty: none of that
 * name is shipped. */
struct span config_shipped_format(const char *name);

/* A path inside state_dir; the caller frees. */
char *config_state_path(const struct config *c, const char *name);

/* Format options by name, or NULL. */
const struct format_options *config_format(const struct config *c, const char *name);
/* ST_BAD_CONFIG: there is none of that name, and which one was probably meant. */
enum status config_no_format(const struct config *c, const char *name, struct error *err);

/* "35d", "12h", "30m", "45s", "0"; ST_BAD_CONFIG otherwise. */
enum status config_parse_duration(const char *text, int64_t *seconds, struct error *err);

#endif
