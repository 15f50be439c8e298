/*
 * engine.h - the way in as one object: blocks of bytes in, committed batches out.
 *
 * Inputs submit blocks; workers (threads) frame, parse, test for duplicates, match, classify
 * and add deltas; the ledger thread closes a batch when it is free and something waits,
 * commits it, and only then answers: tickets are told, cursors stand. Every block belongs to
 * exactly one batch, the one that was open when it was submitted.
 *
 * engine_submit and the calls below it may be used from any thread.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "left_out.h"
#include "memory.h"
#include "pairing.h"
#include "parser.h"
#include "results.h"
#include "span.h"
#include "status.h"

struct engine;
struct config;    /* config.h */
struct directory; /* customers.h */

/* One stream of bytes of one input: a followed file, a connection, a request, an import.
 * Made by engine_source, counted references: each block in flight holds one. */
struct source;

/* How records without an id are told apart. */
enum identity {
    IDENTITY_POSITION, /* by place in the stream: files; guarded by the checkpoint */
    IDENTITY_CONTENT,  /* by the whole record's hash */
    IDENTITY_NONE,     /* not at all: each arrival counts (UDP, TCP, HTTP without ids) */
    IDENTITY_ENTRY,    /* by the entry of a Redis stream that they are of: block.frame_origin */
};

/* What imports are called where inputs have their titles. */
#define IMPORT_INPUT "import"

struct source_options {
    const char *input;    /* the input's title: "bridge"; shown in status and quarantine */
    const char *format;   /* format name, built in or configured */
    const char *timezone; /* overrides the format's; NULL: as the format says */
    const char *source;   /* identity namespace for records that carry none; NULL: "" */
    const char *name;     /* what a person would call the stream: a path, an address */
    enum identity identity;
    bool json_array; /* ndjson: one JSON array of records */
    /* Gets what is left out of this source alone, or NULL. Workers write there until all of its
     * blocks are committed or given up. */
    struct left_out *left_out;
};

/* ST_BAD_CONFIG: no such format, no such zone. */
enum status engine_source(struct engine *e, struct source **out, const struct source_options *opt,
                          struct error *err);
struct source *source_ref(struct source *s);
void source_unref(struct source *s);
const struct format *source_format(const struct source *s);
/* For formats with a header line, once, before the first block. */
enum status source_header(struct source *s, struct span line, struct error *err);
/* The same line that another source was given, if this one wants any. ST_BAD_INPUT: it was given
 * none, or that cannot be this one's. */
enum status source_header_of(struct source *s, const struct source *other, struct error *err);
bool source_needs_header(const struct source *s); /* wanted and not yet given */
size_t source_max_record(const struct source *s);
/* How long nothing more of its input is taken (ST_FULL) because it brought too many new names; 0:
 * that is not so. */
int64_t source_wait_ms(const struct source *s);
/* Longest prefix of buf that is whole frames: parser_ops.cut with this source's format. */
size_t source_cut(const struct source *s, struct span buf, bool eof);

/* Where an input stands after a block; kept in the ledger with the block's batch. */
struct cursor {
    uint64_t position;    /* uncompressed bytes consumed */
    uint64_t fingerprint; /* of the bytes before position (input's own meaning) */
    char identity[64];    /* of the file: input's own text; "" means no checkpoint */
};

/* What became of the records of one ticket (one HTTP request, one replay). */
struct outcome_count {
    uint64_t records, accepted, duplicates, quarantined, ignored;
};

/* Called on the ledger thread right after the commit that holds the ticket's blocks.
 * Must not block: hand over and return. batch is 0 when they were dropped, st says why; ST_SKIP
 * comes of engine_submit_once alone. */
typedef void ticket_done(void *arg, enum status st, const struct outcome_count *count,
                         uint64_t batch);

/* The entry of a Redis stream that a frame was. */
struct frame_origin {
    uint64_t ms, seq; /* its id, "ms-seq": its place for people */
    /* What tells its records without an id, and what is refused of it, apart from those of all
     * other frames of the input's source. */
    uint64_t identity;
};

struct block {
    char *p; /* owned (malloc); whole frames */
    size_t n;
    uint32_t *frame_end; /* owned; NULL: frames are found by the parser, else each range
                             between ends is parsed as a frame of its own (datagrams) */
    uint32_t frame_count;
    struct frame_origin *frame_origin; /* owned; NULL, or one a frame */
    const char *refusal;   /* a constant; NULL, or why every frame goes to quarantine unparsed */
    uint32_t max_frame;    /* bytes of such a range; a longer one goes to quarantine; 0: any */
    uint64_t offset;       /* place of p[0] in the stream: quarantine and identity */
    uint64_t follows;      /* about how many bytes of the stream are still to come; 0: who knows */
    struct source *source; /* one reference, taken over */
    struct cursor cursor;
    bool bulk;         /* import: gather, nobody waits for this block alone */
    bool patient;      /* whoever sends more can wait without harm: little is queued of it */
    ticket_done *done; /* NULL: nobody is told */
    void *done_arg;
    /* NULL, or where it is told what became of each record; read it when `done` says ST_OK. */
    struct results *results;
    uint64_t quarantine_id; /* replay: row to release if accepted; else 0 */
    int64_t arrived;        /* replay: when it came first, UTC; else 0, which is now */
};

/* Takes the block over on ST_OK. ST_FULL: the queue is full, nothing was taken: stop reading
 * and try again when engine_on_room calls. ST_RETRY: shutting down. */
enum status engine_submit(struct engine *e, struct block *b);
/* As engine_submit, for a block (of which somebody waits for the answer) that may be sent again:
 * what was taken under this key of the block's input before is not taken once more, for as long as
 * keys are kept (duplicate_window). `done` of a repetition is told ST_SKIP with the count and the
 * batch of the first, when that is committed, and its records are counted as duplicates.
 * ST_BAD_INPUT: the key stands for something else. ST_IO: it could not be looked up. */
struct once_key {
    struct span key;    /* borrowed for the call */
    uint64_t body_hash; /* of what was sent */
};
enum status engine_submit_once(struct engine *e, struct block *b, const struct once_key *key);
/* As engine_submit, but waits for room. For threads of their own (imports). ST_FULL: the input
 * has filled its share of the quarantine, which only a person can change. */
enum status engine_submit_wait(struct engine *e, struct block *b);

/* fn is called (from any thread, must not block) each time a full queue has room again. */
void engine_on_room(struct engine *e, void (*fn)(void *arg), void *arg);

/* One thread at a time may have a name: an import its content, so that two of the same do not
 * both begin where the last one ended. False: another has it. */
bool engine_claim(struct engine *e, const char *name);
void engine_disclaim(struct engine *e, const char *name);

/* Where (input, identity) stands: the cursor of the last block taken, which is that of the last
 * commit when the engine was just opened; false if none. */
bool engine_checkpoint(struct engine *e, const char *input, const char *identity,
                       struct cursor *out);
/* All checkpoints of an input, newest first. Borrowed strings valid during the call. */
void engine_checkpoints(struct engine *e, const char *input,
                        void (*visit)(void *arg, const struct cursor *c), void *arg);
/* Asks of each of an input's checkpoints whether its file is nowhere to be found. Such a checkpoint
 * goes, soon, if it has not moved for so long that nothing of the file could be counted a second
 * time; else it stays until the input asks again. `gone` must be quick and not call the engine. Of
 * imports nobody has to ask: their files may be anywhere, all are taken to be gone. */
void engine_forget_gone(struct engine *e, const char *input,
                        bool (*gone)(void *arg, const struct cursor *c), void *arg);
/* All checkpoints of all configured inputs that follow files of this format and source (NULL:
 * ""). */
void engine_followed(struct engine *e, const char *format, const char *source,
                     void (*visit)(void *arg, const struct cursor *c), void *arg);

/* What `promise` may say besides "exact" and "at most once": records without an id count as often
 * as they are sent. */
#define FEED_WITH_IDS "exact with ids"

/* Inputs report themselves for status and metrics; counters may be updated at any time. */
struct feed {
    char input[64], type[16], detail[160];
    bool exact;          /* false: at most once up to the socket */
    const char *promise; /* a constant; NULL: "exact" or "at most once" */
    uint64_t bytes, records, accepted, duplicates, quarantined, ignored;
    uint64_t lost;            /* what the input knows it could not take (kernel drops) */
    uint64_t gave_way;        /* connections closed to let a newcomer in */
    uint64_t strangers;       /* requests refused because they were not signed as they should be */
    int64_t last_record;      /* event time of the newest record, UTC; 0 none */
    int64_t last_arrival;     /* wall clock, UTC; 0 none */
    uint64_t behind;          /* bytes known to wait (tail) */
    char problem[160];        /* "" or one sentence */
    struct left_out left_out; /* since the start */
    /* Does its format still match what comes? pipeline/matching.h */
    bool matching_known;
    int64_t stopped_matching;       /* UTC; 0: it matches, or that is not known yet */
    double matched, matched_before; /* shares, when it stopped and until then */
    char commonest[64];             /* reason why it does not */
};
/* Merges detail, lost, behind, bytes and problem into the engine's table by input name; the
 * record counts are the engine's own and are ignored here. */
void engine_report_feed(struct engine *e, const struct feed *f);
size_t engine_feeds(struct engine *e, struct feed *out, size_t max);

/* Everything one may ask of a running engine. */
struct engine_status {
    uint64_t batch, folded, incarnation;
    uint64_t records, accepted, duplicates, quarantined, ignored, late, expired; /* ever */
    uint64_t corrections, voids; /* of those accepted: that corrected others; that were voids */
    uint64_t queue_bytes, queue_blocks, delta_bytes, totals_bytes, totals_cells, totals_dirty;
    uint64_t dedup_ids, dedup_bytes;
    int64_t dedup_window_start;   /* arrival time of the oldest id kept; 0 none */
    int64_t dedup_complete_since; /* all ids that arrived since are kept; 0: all ever */
    char dedup_problem[200];      /* "" or why that is less than the configured window */
    uint64_t customers, features, services, regions; /* names that are known */
    bool names_known; /* those of the ledger are among them; until then none is too many */
    uint64_t quarantine_open, quarantine_bytes;
    uint64_t ledger_bytes, wal_bytes, disk_free;
    int64_t newest_record; /* event time; data clock */
    uint64_t commit_ms_last, commits, commit_failures;
    char stalled[200];      /* "" or why nothing is being taken or committed */
    char disk_problem[200]; /* "" or what about the disk is not as it should be */
    /* Redis */
    bool redis_connected;
    uint64_t redis_applied;   /* lowest batch all partitions are known to hold */
    int64_t redis_applied_ms; /* clock_mono_ms when that last grew */
    uint64_t redis_keys_sent, redis_reconnects, redis_pending;
    uint64_t redis_mended, redis_evicted; /* differences put right; keys that Redis threw away */
    char redis_problem[200];              /* "" or one sentence */
    /* analytics */
    uint64_t analysed; /* last batch in the store */
    int64_t analysed_at;
    int64_t analytics_cpu_us; /* of all passes since the start */
    char analytics_problem[200];
    struct pairing_status pairing; /* joins and leaves that have no counterpart yet */
};
void engine_status(struct engine *e, struct engine_status *out);
/* Who is in which conference now, as far as joins and leaves say; texts in mem. */
void engine_live(struct engine *e, struct live *out, struct arena *mem);
/* The stays that an input brought and that have not ended, for inputs that learn of that in other
 * ways, too. Nothing is paired meanwhile: visit must be quick, and call nothing of the engine. */
void engine_open_stays(struct engine *e, const char *input, open_stay_visit *visit, void *arg);
/* Who holds how much of the process' memory: account_read, and what the engine knows. */
void engine_memory(struct engine *e, struct memory_use *out);

struct engine_options {
    const struct config *config; /* borrowed; outlives the engine */
    bool offline;                /* import without a daemon: no idle work */
    bool dry_run;                /* count only: nothing is written anywhere */
};

/* Takes the state folder (lock), opens or creates ledger and store, starts Redis if managed,
 * starts the threads. ST_RETRY: another process owns the folder. */
enum status engine_open(struct engine **out, const struct engine_options *opt, struct error *err);

/* Waits until everything submitted so far is committed (and, if asked, folded, applied to
 * Redis and analysed). ST_RETRY after timeout_ms with the reason in *err; ST_NOT_FOUND when Redis
 * is away and nobody knows for how long. */
enum { SETTLE_COMMITTED = 1, SETTLE_REDIS = 2, SETTLE_ANALYSED = 4 };
enum status engine_settle(struct engine *e, unsigned what, int64_t timeout_ms, struct error *err);

/* An import is over and committed: joins and leaves of it that wait for others that could have come
 * in another order, but not those that wait for their end, wait no longer. */
enum status engine_import_over(struct engine *e, struct error *err);

/* The end is near: engine_submit_wait waits no more (ST_RETRY), and what cannot be committed
 * within timeout_ms from now is given up, as if it had never been taken. engine_submit still
 * takes what inputs have in hand. Accepts NULL. */
void engine_wind_down(struct engine *e, int64_t timeout_ms);

/* Orderly end: drains the queue, commits, folds, projects what it can within timeout_ms,
 * stops a managed Redis, frees. Accepts NULL. */
void engine_close(struct engine *e, int64_t timeout_ms);

/* Uses another configuration from now on: rules, limits, intervals, formats for new sources, what
 * analytics read. It is borrowed to the end, and the old one may be in use until then. Options
 * that need a restart keep their effect. On failure nothing has changed. */
enum status engine_reload(struct engine *e, const struct config *wanted, struct error *err);
/* New customer directory from the store (after customer import or merge). */
enum status engine_reload_customers(struct engine *e, struct error *err);
/* Moves all history of one customer to another, exactly, in one batch. */
enum status engine_merge_customer(struct engine *e, struct span from, struct span to,
                                  uint64_t *cells, struct error *err);
/* Submits the quarantined records chosen (id 0: all; input NULL: any) again. *out is what was
 * committed, on failure too, and err says it then. */
enum status engine_replay(struct engine *e, uint64_t id, const char *input,
                          struct outcome_count *out, struct error *err);
enum status engine_drop(struct engine *e, uint64_t id, const char *input, uint64_t *dropped,
                        struct error *err);

#endif
