/*
 * freeswitch.h - what FreeSWITCH's call detail records have in common, however they are written.
 *
 * mod_json_cdr and mod_xml_cdr send the same content in the same ways: as it is, as the form field
 * "cdr" (percent-encoded, or base64 that is not), and, what could not be sent, as files of such
 * text without "cdr=". Which it is is told by the first byte, because Content-Type does not say.
 */
#ifndef FREESWITCH_H
#define FREESWITCH_H

#include "named_values.h"

/* Where a text begins that is not encoded: at `first` ('{' or '<'), behind a byte order mark,
 * blanks and "cdr="; SIZE_MAX: it is encoded, or nothing. */
size_t freeswitch_plain(struct span s, char first);

/* The document in a frame, decoded if need be. *form: it was percent-encoded, which has undone the
 * encoding of single values, too. ST_SKIP: blanks; ST_BAD_INPUT: there is none. */
enum status freeswitch_text(struct span frame, char first, struct arena *mem, struct span *out,
                            bool *form, struct error *err);

/* The first value of "ARRAY::one|:two", or the text itself. */
struct span freeswitch_first(struct span value);

/* What of a conference's name is its domain: "example.org" of "4711-example.org". */
struct span freeswitch_domain(struct span conference_name);

/* How a leg ended that was not answered, by its hangup cause: "failed" where something of the
 * system's failed, else "rejected". */
struct span freeswitch_outcome(struct span cause);

/* One leg, by its channel's variables and what of caller_profile and times was added behind them
 * under its own names; "video_packets" is how many of video came in. A call of two parties is left
 * out, unless the map gives it a conference. */
void freeswitch_leg(struct document *d, const struct named_values *v);

/* Of a whole conference's document those who were not let in, and nothing else: for streams whose
 * events have told the rest. `id` is the conference's; empty: as for a file without one. */
enum status freeswitch_rejected(struct document *d, struct span xml, struct span id,
                                struct error *err);

#endif
