/*
 * frame.h - finding the frames of a byte stream as syslog senders write them (RFC 6587).
 *
 * Octet counting: "LEN SP FRAME", LEN in decimal without leading zeros. Lines: FRAME LF. With
 * `auto` each frame shows by its beginning which it is: digits and a space are a length.
 * Octet framing keeps a record together whatever bytes it has. A LF or a blank between two counted
 * frames is passed over: some senders write one (Cisco's ASA).
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "gather.h"

enum framing { FRAMING_AUTO, FRAMING_LINES, FRAMING_OCTETS };

/* Longer counts are no frames but a sender out of step: nothing after them can be trusted. */
#define FRAME_OCTETS_MAX (1024 * 1024)

struct framer {
    enum framing framing;
    uint64_t dropping; /* bytes to come of a frame that is too long */
    bool counted;      /* the last frame was */
};

/* "auto", "lines", "octets"; NULL or "" is auto. False: no such framing. */
bool framing_parse(const char *text, enum framing *out);

/* As gather_take. ST_BAD_INPUT also: a wrong count, or (eof) a counted frame cut off. */
enum status framer_take(struct framer *f, struct gather *g, bool eof, struct block *out,
                        struct error *err);

/* How many bytes at the front of s, which begins with a line, are lines: up to where a count begins
 * behind a LF; unless eof, also where one may begin in what is still to come. */
size_t frame_lines(struct span s, bool eof);
/* The same line by line, which the other is held to. */
size_t frame_lines_plain(struct span s, bool eof);

#endif
