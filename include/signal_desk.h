/*
 * signal_desk.h - what people do with signals: look, acknowledge, close.
 *
 * A signal that somebody closed stays closed while its cause lasts: it comes up again when things
 * were calm in between, or when it gets more severe.
 */
#ifndef SIGNAL_DESK_H
#define SIGNAL_DESK_H

#include "store.h"

enum signal_mark { SIGNAL_ACK, SIGNAL_CLOSE };

/* The whole id of a signal, from its beginning. Copies to out (24 bytes). ST_NOT_FOUND: none begins
 * so; ST_BAD_INPUT: several do, or the text is no beginning of an id. */
enum status signal_find(struct store *s, const char *beginning, char out[24], struct error *err);

/* Marks it as seen to by `who`, with a note (NULL: none). `now` is UTC seconds. An acknowledged one
 * can be acknowledged again, which replaces who and the note. ST_BAD_INPUT: it is closed. One
 * transaction; the store is open for editing. */
enum status signal_set(struct store *s, const char *id, enum signal_mark mark, const char *who,
                       const char *note, int64_t now, struct error *err);

#endif
