/*
 * trial.h - reading the beginning of a file by a format, to be looked at: nothing is counted.
 *
 * The same parsers and the same mapping as in the daemon; only the customer list and the
 * duplicate filter are missing.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "format.h"
#include "memory.h"

struct trial_input {
    const struct format *format;
    struct span text;
    bool whole;       /* if not, what is left of its last frame does not count */
    const char *name; /* of the file: some formats find there what no record says */
    bool columns;     /* are to be found out, too */
};

struct trial_column {
    struct span name, text;
    enum field field; /* that the format's map gives it to; FIELD_COUNT: none */
    uint64_t gave;    /* FIELD_BITs of what the parser itself took from it */
};

struct trial_record {
    size_t number;               /* from 1 */
    size_t line;                 /* on which its frame begins, from 1 */
    size_t offset, pos;          /* of its frame in the text, and of what is wrong in that frame */
    enum status st;              /* ST_OK: read, ST_IGNORE: left out, ST_BAD_INPUT: refused */
    const char *why;             /* unless it is read */
    const struct fields *fields; /* NULL: the parser refused it */
    const struct record *record; /* NULL unless it is read */
    bool right;                  /* in itself, though it may be refused for what it lacks */
    const struct trial_column *columns;
    size_t column_count;
};

struct trial_count {
    size_t read, left_out, refused;
    size_t fields;            /* that were filled in those that are read, all together */
    char header_problem[240]; /* "": none */
};

/* All is borrowed for the call. False: enough. */
typedef bool trial_visit(void *arg, const struct trial_record *r);

void trial_run(const struct trial_input *in, trial_visit *visit, /* NULL: nobody looks */
               void *arg, struct trial_count *out);

/* The first so many bytes of a file, "-" is standard input, unpacked if they are packed: text,
 * whole and name of *out. The caller frees out->text.p. ST_IO, ST_BAD_INPUT: err says why. */
enum status trial_file(const char *path, size_t most, struct trial_input *out, struct error *err);

#endif
