/*
 * gather.h - bytes of one stream collected into blocks of whole frames.
 *
 * Every input reads into a gather and takes blocks out of it. What is not yet a whole frame
 * stays behind. Memory is bounded by the longest record plus one read: of a frame that is too
 * long the beginning is kept and passed on (so that it is quarantined), the rest is dropped up
 * to its line end while it arrives.
 */
#ifndef GATHER_H
#define GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "status.h"

enum { TRAIL_MAX = 256 };

/* The last bytes before a place in a stream: what a place is recognised by. */
struct trail {
    size_t n;
    char p[TRAIL_MAX];
};

void trail_add(struct trail *t, const char *p, size_t n);
uint64_t trail_hash(const struct trail *t);
/* Reads the bytes before position; false when the file is shorter or unreadable. */
bool trail_load(struct trail *t, int fd, uint64_t position);
/* True if the file still has these bytes before position. */
bool trail_is_at(const struct trail *t, int fd, uint64_t position);

struct gather {
    struct source *source; /* one reference, owned */
    char *p;               /* bytes not yet taken */
    size_t n, cap;
    uint64_t offset; /* place of p[0] in the stream */
    char *head;      /* beginning of a frame that is too long, or NULL */
    size_t head_n;
    uint64_t head_offset;
    bool skipping;      /* dropping the rest of that frame */
    bool want_header;   /* the next line is the header */
    struct trail trail; /* of everything before p[0] */
};

void gather_init(struct gather *g, struct source *s, uint64_t offset); /* takes s over */
void gather_clear(struct gather *g);
/* What was not yet taken, and all that follows, is another source's, which is taken over and keeps
 * the header line that was read. ST_BAD_INPUT: it wants one that this stream cannot give; what
 * follows cannot be read. */
enum status gather_renew(struct gather *g, struct source *s, struct error *err);
/* Starts over at another place: what was collected is forgotten. */
void gather_restart(struct gather *g, uint64_t offset);

/* Room for n bytes behind those collected; then how many of them were filled. */
char *gather_room(struct gather *g, size_t n);
void gather_added(struct gather *g, size_t n);
void gather_add(struct gather *g, const char *p, size_t n);

/* Gives back memory that holds nothing, or little. */
void gather_trim(struct gather *g);

/* Place of the first byte that no block has taken: where a reader must start again. */
uint64_t gather_place(const struct gather *g);

/* Takes what is whole, from the first `limit` bytes at most; frames never reach beyond it
 * unless it is all there is. `eof`: nothing follows. Fills all of *out but done, bulk and the
 * cursor's identity; who sends waits without harm.
 *   ST_MORE       nothing whole yet
 *   ST_BAD_INPUT  the header line cannot be used; nothing was taken */
enum status gather_take(struct gather *g, size_t limit, bool eof, struct block *out,
                        struct error *err);

/* Uses line as the header if one is wanted. ST_SKIP: not wanted, it is a record. */
enum status gather_header(struct gather *g, struct span line, struct error *err);
/* Forgets the first n bytes. */
void gather_drop(struct gather *g, size_t n);
/* A block around bytes already copied, ending at the present offset. */
void gather_fill(struct gather *g, struct block *out, char *p, size_t n, uint64_t offset);

/* Frees what a block owns. For blocks that the engine did not take. */
void block_clear(struct block *b);

#endif
