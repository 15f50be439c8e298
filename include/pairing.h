/*
 * pairing.h - from events to legs: who joined and left which conference, whatever of it arrives.
 *
 * Pure: events and two clocks go in, legs and changed rows come out. A stay is known by its
 * source, conference and leg (or else participant); its joins and leaves lie in order of time,
 * and what stands next to each other is a leg. Whatever has no counterpart waits for it:
 *
 *   a leave without a join   `wait`, then it is a leg all the same: as long as its own duration
 *                            says, or since the conference began, or of no length (estimated)
 *   a join, and then another of the same stay      `wait`, then the second ends the first
 *   a join in a conference that has ended          `grace`, then it ends with the conference
 *   a join of a leg that has hung up               `grace`, then it ends with the leg
 *   any other join           `limit` since the conference's last sign of life, where it ends then
 *
 * Some systems do not say where somebody leaves. Such a leave names the leg, and is of the
 * conference that the leg joined last; if that is not known yet it waits for the join, as above.
 *
 * Others name the room and not the meeting. Meetings in a room are told apart by their beginnings
 * and ends, or where nobody says that one has begun, by the room's having been empty for
 * `room_gap`. Each is a conference of its own, with an id that is made of the room and the moment
 * of the first that was known of it: ROOM@2026-03-01T10:00:00Z.
 *
 * A leg that comes whole takes part in the tally of its conference, and in nothing else: it has
 * been counted. A feature that names a leg and no customer is counted as one of that leg: of one
 * that is open, or that came whole with its name; it waits for it for `wait`.
 *
 * Time passes by the newest event of a source as well as by the clock on the wall, since an event
 * arrived: a log of last year is read as if it happened now, and a source that has fallen silent
 * is waited for no longer than a live one. What such an end made a leg of is kept in mind until the
 * conference is forgotten: its other half, should it still come, does not count once more.
 *
 * One thread at a time.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "record.h"
#include "span.h"
#include "status.h"

struct pairing_options { /* seconds */
    int64_t limit, wait, grace;
    int64_t settle;   /* a leg is held for so long, so that what came between may still do so */
    int64_t room_gap; /* as above */
};

struct pairing;

struct pairing *pairing_new(void);
void pairing_free(struct pairing *p); /* accepts NULL */

/* One event. Everything is borrowed. */
struct pair_event {
    uint8_t kind; /* enum record_kind: of which is_paired is true; KIND_LEG, KIND_FEATURE */
    bool bulk;    /* of an import */
    bool again;   /* a repetition, which says no more than that it may have been earlier */
    uint64_t id;  /* by which that is known; 0 otherwise */
    bool room;    /* `conference` is a room: pairing says which of the meetings there it is */
    int64_t at;   /* UTC seconds */
    struct span source, conference;
    struct span key;   /* 'L' and the leg, or 'P' and the participant; none of a conference's own */
    struct span sides; /* everything else that matters: pair_sides */
};

bool is_paired(enum record_kind kind);
/* NULL, or why an event of such a kind cannot be paired with others. */
const char *pair_objection(const struct record *r);
/* The stay's key and the rest of the record, in mem. `input` is the title of the input. */
struct span pair_key(const struct record *r, struct arena *mem);
struct span pair_sides(const struct record *r, struct span input, struct arena *mem);

/* A leg that became known. The record has no id; its texts are good for the call. */
struct paired_leg {
    struct record record;
    bool estimated;    /* one of its ends is not known */
    bool joined;       /* its join is */
    struct span input; /* that brought its join, or its leave where there is none */
    struct span source, key;
};

/* What is known of a conference that nobody is in now: the whole of it, whatever was told before.
 * An id that comes again after its conference was forgotten is another one, seen first later. */
#define CONFERENCE_PEOPLE 10000 /* so many are told apart */
struct paired_conference {
    struct span source, id, name, customer; /* name: may be empty */
    int64_t first_seen;                     /* when the first of its events arrived, UTC */
    int64_t start, until;                   /* of its first leg, of its last: UTC */
    uint64_t joins;                         /* events */
    uint64_t legs, estimated;               /* and those of them with an end that is not known */
    uint64_t people;                        /* names of participants */
};

/* Who hears of it. */
struct pairing_sink {
    void (*leg)(void *arg, const struct paired_leg *leg);
    void (*conference)(void *arg, const struct paired_conference *conference);
    /* A leave (or a join, of a record that was made by hand) of which nobody knows the customer. */
    void (*lost)(void *arg, const struct paired_leg *leg);
    void *arg;
};

/* Puts events in an order that does not depend on how they came, and answers how many they are: of
 * one and its repetitions the earliest is left, and repetitions alone are none. */
size_t pairing_sort(struct pair_event *events, size_t count);
/* Takes events that are in that order; in slices, if they are many. now: UTC. */
void pairing_feed(struct pairing *p, const struct pairing_options *opt,
                  const struct pair_event *events, size_t count, int64_t now,
                  const struct pairing_sink *sink);
/* Time has passed: what has waited for long enough. `finish`: an import is over, so nothing of it
 * is waited for any longer; the limit counts from the clock on the wall. */
void pairing_pass(struct pairing *p, const struct pairing_options *opt, int64_t now, bool finish,
                  const struct pairing_sink *sink);
/* Might pairing_pass find anything? Cheap. */
bool pairing_is_due(const struct pairing *p, const struct pairing_options *opt, int64_t now);

/* Rows as the ledger keeps them: a conference's key is its name and a separator, that of a stay
 * goes on behind it. */
struct open_leg_row {
    struct span source, key, values;
    int64_t begun;
    bool gone; /* to be deleted */
};
/* What changed since pairing_settled was called last; texts in mem. */
size_t pairing_changes(struct pairing *p, struct open_leg_row **rows, struct arena *mem);
/* The rows are written (or never will be): what is gone is forgotten. */
void pairing_settled(struct pairing *p);
/* A row as it was written. Rows come in order of source and key. ST_CORRUPT. */
enum status pairing_load(struct pairing *p, const struct open_leg_row *row, struct error *err);

struct pairing_status {
    uint64_t legs, conferences; /* open now: joins that wait for their end; who has such */
    uint64_t held;              /* entries in the table: joins, leaves, conferences */
    uint64_t paired;            /* legs that both sides are known of, since the start */
    uint64_t estimated;         /* legs with an end that is not known, since the start */
    uint64_t joins_lost;        /* those of them of which there was a leave and no join */
    uint64_t late;              /* events that came when their leg had been counted without them */
    uint64_t unplaced;          /* features of legs that were never counted, or are forgotten */
    uint64_t unlisted;          /* legs that came whole and were left out of their conference */
    uint64_t bytes;
};
void pairing_status(const struct pairing *p, struct pairing_status *out);

/* Who is where now, most legs first; the lists end with LIVE_ROWS. */
#define LIVE_ROWS 20
struct live_conference {
    struct span id, name, customer, source; /* n 0: not known, or none */
    uint64_t legs;
    int64_t since; /* UTC: as far as is known */
};
struct live_name {
    struct span name;
    uint64_t legs;
};
struct live {
    uint64_t legs, conferences; /* in all */
    struct live_conference conference[LIVE_ROWS];
    struct live_name customer[LIVE_ROWS], input[LIVE_ROWS];
    size_t conference_count, customer_count, input_count;
};
void pairing_live(const struct pairing *p, struct live *out, struct arena *mem); /* texts in mem */

/* A stay that has begun and not ended, of those that are known by their leg. */
struct open_stay {
    struct span conference, name, leg; /* name: the conference's, may be empty */
    int64_t since;
};
typedef void open_stay_visit(void *arg, const struct open_stay *s);
/* All that an input brought. */
void pairing_stays(const struct pairing *p, struct span input, open_stay_visit *visit, void *arg);

#endif
