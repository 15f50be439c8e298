/*
 * record.h - one usage record, as every stage after parsing sees it.
 *
 * A parser finds text for fields (struct fields); one place for all formats
 * (record_from_fields in parsers/mapping.c) turns the text into times, numbers and words.
 * All spans borrow from the block the record came in, from the arena or from the mapping's memo,
 * and die with the block. Absence is a missing bit in `has`; zero is a value.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "span.h"
#include "status.h"

/* The fields of a record, in the order and with the names of the public formats. */
enum field {
    FIELD_KIND,
    FIELD_ID,
    FIELD_VERSION,
    FIELD_SOURCE,
    FIELD_CUSTOMER,
    FIELD_CONFERENCE,
    FIELD_CONFERENCE_NAME,
    FIELD_PARTICIPANT,
    FIELD_PARTICIPANT_NAME,
    FIELD_START,
    FIELD_END,
    FIELD_DURATION,
    FIELD_OUTCOME,
    FIELD_CAUSE,
    FIELD_FEATURES,
    FIELD_SERVICE,
    FIELD_REGION,
    FIELD_MEDIA,
    FIELD_DIRECTION,
    FIELD_WAIT,
    FIELD_HANDLE,
    FIELD_AGENT,
    FIELD_REASON,
    FIELD_AMOUNT,
    FIELD_CURRENCY,
    FIELD_PRODUCT,
    FIELD_QUANTITY,
    FIELD_RESOURCE,
    FIELD_STATE,
    FIELD_LEG,
    FIELD_ROOM,
    FIELD_COUNT,
    FIELD_PART /* columns that only `join` wants: they have no name, and FIELD_PARTS places */
};

#define FIELD_PARTS 8

const char *field_name(enum field f);
/* FIELD_COUNT when there is no such field. */
enum field field_find(struct span name);

#define FIELD_BIT(f) (UINT64_C(1) << (f))

/* What a parser found: raw text, not yet understood. What it knows about all of the text, because
 * it has seen every byte, need not be asked of each field again. */
struct fields {
    uint64_t has; /* FIELD_BIT set for each v[] that is present (an empty CSV cell is not) */
    /* v[FIELD_COUNT] is for what no field wants. */
    struct span v[FIELD_PART + FIELD_PARTS];
    const struct span *feature_items; /* set instead of v[FIELD_FEATURES] by formats that */
    uint32_t feature_count;           /* carry a real list; items borrow like spans */
    struct span feature_text;         /* where they lie: equal texts, equal items; n 0: not known */
    uint64_t stamped;                 /* FIELD_BITs of times that an envelope's header says */
    bool printable; /* all text is known to be of ASCII's printable bytes; false: not known */
    bool trimmed;   /* no text begins or ends with a blank or tab; false: not known */
    size_t longest; /* no text is longer than this; SIZE_MAX: not known */
};

/* No field, and nothing known: what a parser begins with. */
static inline void
fields_begin(struct fields *f)
{
    f->has = 0;
    f->feature_items = NULL;
    f->feature_count = 0;
    f->feature_text.n = 0;
    f->stamped = 0;
    f->printable = f->trimmed = false;
    f->longest = SIZE_MAX;
}

/*
 * Join, leave, conference_start and conference_end are events: `start` is the moment at which they
 * happened, `conference` the one occurrence that they belong to (an id, not a name that is used
 * again), `leg` the stay or channel that begins and ends, or else `participant` is. Pairing makes
 * legs of them. A customer is needed once: in the join, the leave, or what else is said of the
 * conference; a leave may carry the stay's `duration`, for when the
 * join is never seen.
 *
 * Who knows no occurrence gives `conference_room` instead, a name that is used again (`has` never
 * shows both): pairing makes an id of each meeting in it. Of another record it says where, and not
 * which conference. A hangup says that the leg is over wherever it is: it ends what that has open,
 * and is nothing by itself.
 */
enum record_kind {
    KIND_LEG,
    KIND_JOIN,
    KIND_LEAVE,
    KIND_CONFERENCE_START,
    KIND_CONFERENCE_END,
    KIND_FEATURE,
    KIND_CONTACT,
    KIND_INQUIRY,
    KIND_RESPONSE,
    KIND_VISIT,
    KIND_ORDER,
    KIND_RETURN,
    KIND_BOOKING,
    KIND_VOID,
    KIND_HANGUP,
    KIND_COUNT
};

const char *kind_name(enum record_kind k); /* "conference_start" */

enum outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_REJECTED, OUTCOME_ABANDONED };

const char *outcome_name(enum outcome o); /* "rejected" */

#define RECORD_MAX_FEATURES 64

/* A record begins as the fields that it is made from, so that their texts stay where they are. */
struct record {
    union {
        struct fields fields; /* what a parser found: the beginning of the same memory */
        struct {
            uint64_t has; /* FIELD_BIT: start and customer always, end and duration resolved */
            struct span text[FIELD_COUNT]; /* names and ids, trimmed; check `has` first */
        };
    };
    enum record_kind kind;
    enum outcome outcome;
    int64_t start;         /* UTC seconds */
    uint32_t duration;     /* whole seconds */
    uint32_t wait, handle; /* whole seconds, 0 when absent */
    int64_t version;       /* 0 when absent */
    const struct span *features;
    uint32_t feature_count;
    uint64_t feature_list; /* equal numbers, but for 0: equal lists of features */
    uint8_t people;        /* enum part_people; where parts are counted */
};

/* What a record of its kind needs and does not have: the quarantine reason, or NULL. */
const char *record_lacks(const struct record *r);

/* What one thread keeps of the records it has seen, because the next ones are alike: days, lists
 * of features. It changes how fast records are made and nothing else. */
struct mapping_memo;
struct mapping_memo *mapping_memo_new(void);
void mapping_memo_free(struct mapping_memo *memo); /* accepts NULL */
size_t mapping_memo_bytes(void);                   /* memory of one */
/* Makes room if it is needed. To be called when no record is left that was made with it: feature
 * lists point into it. */
void mapping_memo_trim(struct mapping_memo *memo);

/* What the daemon knows that a record does not. */
struct mapping_context {
    int64_t now;               /* UTC seconds; 0 switches the check against the future off */
    uint32_t max_future;       /* seconds a record may be ahead of now: 300 */
    uint32_t max_duration;     /* longest leg: 31 days */
    uint32_t max_name;         /* longest name or id in bytes: 128 */
    struct mapping_memo *memo; /* NULL: nothing is kept */
    int64_t arrived;           /* when the record came, for times without day or year; 0: unknown */
};

struct format; /* format.h */

/*
 * Turns raw fields into a record by the format's defaults, word tables, time format and
 * zone. `in` may be &out->fields, which saves copying the texts; it is used up then whatever the
 * answer. Allocates only from mem (feature lists). Answers:
 *   ST_OK         out is complete
 *                 has shows END and DURATION when they were given or follow from the others;
 *                 the customer may still be absent, because matching may find it
 *   ST_IGNORE     the format says that such records are not counted (err->text says why)
 *   ST_BAD_INPUT  err->text is the quarantine reason: a short lower-case phrase that begins
 *                 with the field's name ("start: not a time", "end: before start")
 */
enum status record_from_fields(const struct format *f, const struct mapping_context *ctx,
                               const struct fields *in, struct arena *mem, struct record *out,
                               struct error *err);

#endif
