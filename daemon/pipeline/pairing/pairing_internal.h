/*
 * pairing_internal.h - the table of open legs, as the files of the pairing share it.
 */
#ifndef PAIRING_INTERNAL_H
#define PAIRING_INTERNAL_H

#include "pairing.h"

#define PAIR_NOWHERE     '\x1e' /* begins the name of no conference: a leg's leave waits there */
#define PAIR_SEPARATOR   '\x1f' /* no name has a control character */
#define PAIR_STREAMS     256
#define PAIR_LONGEST_KEY 300 /* bytes of a stay's key that a leave without a conference may have */
#define PAIR_TIMES       4   /* beginnings and ends of a conference that are kept */
#define PAIR_ROOM_TAIL   21  /* bytes of "@2026-03-01T10:00:00Z" */
#define PAIR_LONGEST     (INT64_C(31) * 86400) /* as of any leg */

/* A join or a leave that has no counterpart yet; or, without a text, one that counted without; or a
 * leg that came whole, counted and with its text; or a feature. */
struct mark {
    int64_t at;         /* UTC: when it happened */
    int64_t came, seen; /* when it arrived, by the wall and by its source's events */
    int64_t next;       /* a join: when the same stay was joined once more; 0 never */
    bool leave, counted;
    bool feature; /* of the leg, which waits for that; it stands there as a leave would */
    uint32_t n;   /* of the sides */
    char *sides;
};

struct stay {
    struct stay *chain, *same_leg; /* of the hash tables */
    uint64_t hash, leg_hash;
    struct conference *conference;
    struct stay *before, *after; /* in the conference */
    struct mark *marks;          /* by time; at one moment leaves come first */
    size_t count, cap;
    int64_t over, over_came, over_seen; /* when its leg hung up, as of a mark; 0: it has not */
    bool stored, dirty;                 /* in the ledger; not as it is now */
    bool touched;                       /* is to be looked at after this batch */
    uint32_t key_n;
    char key[]; /* 'L' or 'P' and the name */
};

/* What became of a conference so far: legs of which the customer is known. */
struct tally {
    int64_t made;         /* when the first of its events arrived: tells it from a later one */
    int64_t start, until; /* of its legs; 0 none yet */
    uint64_t joins, legs, estimated;
    uint64_t *people; /* hashes of their names, ascending */
    size_t people_count, people_cap;
};

struct conference {
    struct conference *chain;
    uint64_t hash;
    struct stream *stream;
    struct conference *before, *after; /* of the stream */
    struct stay *stays;
    int64_t start[PAIR_TIMES], end[PAIR_TIMES]; /* ascending */
    uint8_t starts, ends;
    int64_t last, came, seen;   /* the newest event; when the newest arrived */
    int64_t end_came, end_seen; /* the newest end */
    size_t open;                /* joins that wait */
    struct tally tally;
    bool untold; /* the tally is not what it was when the sink heard of it */
    bool stored, dirty;
    bool dead;     /* is to go */
    bool waiting;  /* something of it is decided within `wait` or `grace`: it is in that list */
    int64_t begun; /* of the meetings in a room: the first event; 0: it has an id of its own */
    char *customer, *name; /* as the first event said that said so; "" */
    uint32_t id_n;
    char id[];
};

/* All that has one source: its clock is the newest event. It has conferences, or goes. */
struct stream {
    struct stream *next;
    int64_t clock;
    int64_t looked; /* at the limit, by this clock */
    bool bulk;      /* an import brought something since one was over last */
    struct conference *conferences;
    uint32_t name_n;
    char name[];
};

struct pairing {
    struct stream *streams[PAIR_STREAMS]; /* hash tables */
    struct conference **conferences;
    struct stay **stays, **legs; /* the second: by source and leg, of the same number of slots */
    size_t conference_slots, stay_slots, conference_count, stay_count;
    struct conference **waiting;
    size_t waiting_count, waiting_cap;
    struct stay **touched;
    size_t touched_count, touched_cap;
    struct stay **dirty_stays;
    struct conference **dirty_conferences;
    size_t dirty_stay_count, dirty_stay_cap, dirty_conference_count, dirty_conference_cap;
    size_t *scratch; /* indices of marks */
    size_t scratch_cap;
    int64_t passed, looked; /* the wall's second of the last pass; of that over all conferences */
    size_t marks, open_legs, open_conferences;
    struct pairing_status ever; /* since the start */
    size_t bytes;
};

/* What is asked of every mark. */
struct pair_moment {
    struct pairing *p;
    const struct pairing_options *opt;
    const struct pairing_sink *sink;
    int64_t now;
    bool finish;
};

/* What became known of a join or leave besides its time. */
enum pair_text {
    SIDE_CUSTOMER,
    SIDE_CONFERENCE_NAME,
    SIDE_PARTICIPANT,
    SIDE_PARTICIPANT_NAME,
    SIDE_REGION,
    SIDE_INPUT,
    SIDE_TEXTS
};
struct sides {
    enum outcome outcome;
    bool has_duration;
    uint32_t duration;
    struct span text[SIDE_TEXTS]; /* n 0: absent */
    struct span features[RECORD_MAX_FEATURES];
    uint32_t feature_count;
};
bool sides_read(struct span text, struct sides *out); /* false: it is damaged */

static inline bool
pair_is_somewhere(const struct conference *c)
{
    return c->id_n > 0 && c->id[0] != PAIR_NOWHERE;
}

/* pairing_table.c: finds them; NULL: there is none */
struct conference *pairing_find_conference(const struct pairing *p, const struct stream *s,
                                           struct span id);
struct stay *pairing_find_stay(const struct pairing *p, const struct conference *c,
                               struct span key);
/* All stays of a source that have a leg's key; all conferences in a room: the first, or the next
 * behind one. */
struct stay *pairing_next_of_leg(const struct pairing *p, const struct stream *s, struct span key,
                                 const struct stay *before);
struct conference *pairing_next_in_room(const struct pairing *p, const struct stream *s,
                                        struct span room, const struct conference *before);
struct stream *pairing_find_stream(struct pairing *p, struct span name);
/* finds or makes them */
struct stream *pairing_stream(struct pairing *p, struct span name);
struct conference *pairing_conference(struct pairing *p, struct stream *s, struct span id);
struct stay *pairing_stay(struct pairing *p, struct conference *c, struct span key);
void pairing_remove_stay(struct pairing *p, struct stay *s);
void pairing_remove_conference(struct pairing *p, struct conference *c); /* has no stays */
/* A mark in its place, or NULL: there is such a one. */
struct mark *pairing_insert(struct pairing *p, struct stay *s, int64_t at, bool leave);
void pairing_write_on(struct pairing *p, struct mark *m, struct span sides); /* copies */
void pairing_strip(struct pairing *p, struct mark *m);                       /* frees them */
void pairing_open(struct pairing *p, struct conference *c, int by);    /* more joins that wait */
void pairing_keep_text(struct pairing *p, char **text, struct span s); /* if there is none yet */
/* The ledger has to hear of it. */
void pairing_change_stay(struct pairing *p, struct stay *s);
void pairing_change_conference(struct pairing *p, struct conference *c);
void pairing_wait(struct pairing *p, struct conference *c); /* into the list */

/* pairing_rooms.c: the conference that an event in a room is of. */
struct conference *pairing_in_room(const struct pair_moment *m, struct stream *s,
                                   const struct pair_event *e);
/* When the leg joined the conference last before a moment; INT64_MIN: it did not. */
int64_t pairing_joined_before(const struct pairing *p, const struct conference *c, struct span key,
                              int64_t at);

/* pairing_tally.c: one more leg; who took part; tells the sink what it has not heard. */
void tally_leg(struct pairing *p, struct conference *c, const struct paired_leg *leg);
void tally_person(struct pairing *p, struct conference *c, uint64_t person);
void tally_tell(const struct pair_moment *m, struct conference *c);

/* pairing_resolve.c: legs of what stands in the stay. True: something of it waits and is decided
 * before the limit. */
bool pairing_resolve(const struct pair_moment *m, struct stay *s);
/* Has something that arrived then waited for so long? */
bool pair_waited(const struct pair_moment *m, const struct stream *s, int64_t at, int64_t came,
                 int64_t seen, int64_t wait);
/* Nothing has happened in it for the limit. */
bool pair_is_silent(const struct pair_moment *m, const struct conference *c);

#endif
