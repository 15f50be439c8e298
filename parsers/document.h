/*
 * document.h - parsers of documents: frames that hold any number of records, or none.
 *
 * A JSON body of a webhook, an XML file of a whole meeting, a packet of a management interface:
 * such a format says how long a frame is and reads one; everything else is here. A reader
 * takes the records of its frame down, one after the other:
 *
 *   static enum status
 *   acme_read(struct document *d, struct span frame, struct error *err)
 *   {
 *       struct fields *r = document_record(d);
 *
 *       document_value(d, r, "account", account);          feeds what the format's map says
 *       fields_set(r, FIELD_CONFERENCE, room);             unless the map has fed it already
 *       return ST_OK;
 *   }
 *   static const struct document_ops acme = {.frame = frame_json, .read = acme_read};
 *   const struct parser_ops parser_acme =
 *       DOCUMENT_PARSER("acme", "Calls of an Acme", &acme, document_prepare, document_release);
 *
 * Speed is not the aim here but the same answer whatever the bytes: readers are recursive only to
 * a limit, allocate from the document's arena, and never look behind their frame.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "format.h"
#include "memory.h"
#include "parser.h"

struct document_item;

struct document { /* one worker's, while it reads one frame */
    const struct format *format;
    struct arena *mem; /* lives as long as the records do */
    struct span name;  /* of the stream: a file's path, an input's name */
    void *own;         /* the reader's, for as long as it reads a frame */
    struct document_item *first, *last;
    document_seen *seen; /* NULL: nobody watches */
    void *watcher;
};

struct document_ops {
    /* How many bytes the frame at the front of s has (s.n > 0); 0: its end is not there yet. With
     * `eof` nothing follows, and what is there is a frame whatever it looks like. */
    size_t (*frame)(struct span s, bool eof);
    /* Takes down the records of one frame, which has no line end at its end. ST_OK; ST_SKIP: it is
     * blank; ST_BAD_INPUT: nothing of it counts, err->text and err->pos say why. */
    enum status (*read)(struct document *d, struct span frame, struct error *err);
};

/* --- what a reader takes down --- */

/* One more record, empty. */
struct fields *document_record(struct document *d);
/* One more record that is none: left out for a reason ("recording leg"), or refused. Both copy. */
void document_ignore(struct document *d, const char *why);
void document_refuse(struct document *d, const char *why);

/* A value by the name that the sender gives it goes to the field that the format's map says, if
 * any. The first that is not empty stays. Borrows. */
void document_value(const struct document *d, struct fields *r, const char *name,
                    struct span value);
/* The same for readers that look for what is mapped only: told to whoever watches, and not fed. */
void document_show(const struct document *d, const struct fields *r, struct span name,
                   struct span value, enum field field);
/* What the parser knows better than a map: only where that left the field open. An empty text sets
 * nothing. Borrows. */
void fields_set(struct fields *r, enum field f, struct span text);

/* "a:b:c" in the document's arena: parts that are empty leave their place empty. NULL ends. */
struct span document_join(struct document *d, const struct span *parts, size_t n, char between);
struct span document_text(struct document *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* What a clock showed, without a zone: "2026-03-01T09:00:00" of a reading as if it were UTC. */
struct span document_clock(struct document *d, int64_t reading);

/* --- frames --- */

size_t frame_line(struct span s, bool eof); /* with its LF */
size_t frame_json(struct span s, bool eof); /* a value with the blanks in front of it, by braces */
size_t frame_xml(struct span s, bool eof);  /* to the end tag of its first element */
size_t frame_packet(struct span s, bool eof); /* to an empty line, CRLF or LF */
size_t frame_all(struct span s, bool eof);    /* everything */

/* For readers without options of their own. */
enum status document_prepare(void **shared, const struct format *f, struct error *err);
void document_release(void *shared);

/* --- for DOCUMENT_PARSER only --- */

void *document_open(const struct format *f);
void document_close(void *state);
bool document_wants_header(const struct format *f);
enum status document_read_header(const struct format *f, struct span line, struct layout **out,
                                 struct error *err);
void document_layout_free(struct layout *l);
size_t document_cut(const struct format *f, struct span buf, size_t max_frame, bool eof);
enum status document_next(void *state, const struct format *f, const struct layout *layout,
                          size_t max_frame, struct span *rest, struct arena *mem,
                          struct fields *out, struct span *raw, struct error *err);
enum status document_more(void *state, struct fields *out, struct error *err);
void document_begin(void *state, struct span name);
void document_watch(void *state, document_seen *seen, void *arg);

#define DOCUMENT_PARSER(name_, summary_, ops_, prepare_, release_, ...)                            \
    {                                                                                              \
        .name = (name_), .summary = (summary_), .prepare = (prepare_), .release = (release_),      \
        .open = document_open, .close = document_close, .wants_header = document_wants_header,     \
        .read_header = document_read_header, .layout_free = document_layout_free,                  \
        .cut = document_cut, .next = document_next, .more = document_more,                         \
        .begin = document_begin, .watch = document_watch, .document = (ops_), ##__VA_ARGS__        \
    }

#endif
