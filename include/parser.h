/*
 * parser.h - the contract of a parser: bytes in, fields out. No I/O, no clock, no globals.
 *
 * A block is a run of whole frames. `cut` tells an input how many of the bytes that it has
 * form whole frames; `next` takes one frame off the front of a block and finds its fields.
 * Both walk by the same rules, so a block that `cut` allowed never splits a record, also
 * around malformed ones. Lines end in LF or CRLF.
 *
 * A new format is one file that ends with a `const struct parser_ops`, and one line in
 * parsers/parser.c.
 */
#ifndef PARSER_H
#define PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"
#include "span.h"
#include "status.h"

/* Why a document is left out in which there is nothing to count, not even to be left out: it may be
 * that its sender has changed it (pipeline/matching.h). */
#define NOTHING_IN_IT "nothing in it is usage"

struct format;       /* format.h */
struct document_ops; /* parsers/document.h */
struct layout;       /* a parser's own: what a header line said; immutable, counted references */

/* A column's name and text, and the field that it feeds (FIELD_COUNT: none). */
typedef void column_seen(void *arg, struct span name, struct span value, enum field field);
typedef void document_seen(void *arg, size_t record, struct span name, struct span value,
                           enum field field);

struct parser_ops {
    const char *name;    /* as written in the configuration: "csv" */
    const char *summary; /* one line for the `formats` command */

    /* Checks the parser's own options and prepares what all threads share (compiled pattern,
     * column table). Called once by format_new; ST_BAD_CONFIG says which option. */
    enum status (*prepare)(void **shared, const struct format *f, struct error *err);
    void (*release)(void *shared); /* accepts NULL */

    /* One worker's scratch memory (match data, unescape buffer). */
    void *(*open)(const struct format *f);
    void (*close)(void *state); /* accepts NULL */

    /* True if a stream begins with a line that is no record (CSV header). */
    bool (*wants_header)(const struct format *f);
    /* Reads that line. ST_BAD_INPUT: not a usable header, err says which column is missing. */
    enum status (*read_header)(const struct format *f, struct span line, struct layout **out,
                               struct error *err);
    void (*layout_free)(struct layout *l); /* accepts NULL */

    /* How many bytes at the front of buf are whole frames, 0 if none yet. `eof`: nothing
     * follows, a last line without newline is whole. A frame longer than max_frame counts as
     * whole up to its first newline at or after max_frame; 0 if that is not there yet. */
    size_t (*cut)(const struct format *f, struct span buf, size_t max_frame, bool eof);

    /* Takes one frame off the front of *rest (never empty on entry) and sets *raw to its
     * bytes without the line end. Always advances. `layout` is NULL unless wants_header.
     *   ST_OK         out is filled, spans borrow from the frame or mem
     *   ST_SKIP       blank line, comment, closing bracket: nothing is there
     *   ST_IGNORE     what it is is not counted; err->text is why, in few words that are the same
     *                 for all of its kind ("recording leg"), because they are counted by them
     *   ST_BAD_INPUT  err->text is the reason, err->pos the offset inside *raw
     * A malformed record costs one line: parsing resumes after its first newline. */
    enum status (*next)(void *state, const struct format *f, const struct layout *layout,
                        size_t max_frame, struct span *rest, struct arena *mem, struct fields *out,
                        struct span *raw, struct error *err);

    /* Where one frame may hold several records: the next one of the frame that `next` took last.
     * Answers as `next`, and ST_NOT_FOUND when there are no more. NULL: it never does. */
    enum status (*more)(void *state, struct fields *out, struct error *err);

    /* Says before a block what its stream is called: a file's path, an input's name. NULL: it does
     * not matter. */
    void (*begin)(void *state, struct span name);

    /* For people: tells the columns of a frame that `next` took, in their order. header: the line
     * that the stream began with, or empty. NULL: it cannot say. */
    void (*show)(const struct format *f, struct span header, struct span raw, struct arena *mem,
                 column_seen *seen, void *arg);

    /* The names that show tells stand in the format or the header, and not in the frame. */
    bool names_apart;

    /* As show for documents, before their frame is read: of which of its records (from 0). */
    void (*watch)(void *state, document_seen *seen, void *arg);

    /* Features of legs come as records of their own, which name the leg and no customer. */
    bool leg_features;

    /* A join may come again under its id, of a later moment: the first of them is it. */
    bool repeats_joins;

    /* Set for parsers made of document.h. */
    const struct document_ops *document;
};

/* Its frames are whole documents, which may be as long as limits.max_document. */
bool parser_takes_documents(const struct parser_ops *p);

/* NULL-ended table of all parsers, in the order in which `formats` lists them. */
extern const struct parser_ops *const parsers[];
const struct parser_ops *parser_find(const char *name); /* NULL: no such parser */

/* Shared value made by prepare for this format; for parsers only. */
void *format_shared(const struct format *f);

/* The frame rule of all line formats: whole lines end at the last LF in buf. */
size_t cut_lines(struct span buf, size_t max_frame, bool eof);
/* Takes one line off *rest; *line is without LF and CR. ST_BAD_INPUT: longer than max_frame
 * (then *line is the whole of it). */
enum status next_line(struct span *rest, size_t max_frame, struct span *line, struct error *err);
/* The same where the LF is known; NULL: there is none in rest. */
enum status take_line(struct span *rest, const char *nl, size_t max_frame, struct span *line,
                      struct error *err);

#endif
