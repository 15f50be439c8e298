/*
 * format.h - a described format: which parser, which column means what, how times are written.
 *
 * Formats come from config/formats.d (compiled in), and from `format` sections of the
 * configuration; both are the same options read by the same code. A format is immutable
 * once made and may be shared by threads.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "parser.h"
#include "record.h"
#include "status.h"
#include "zone.h"

/* Plain strings as a person wrote them. Lists end with NULL; NULL is an empty list. */
struct format_options {
    const char *name;
    const char *type;            /* a parser's name: csv, ndjson, regex, asterisk-cdr */
    const char *summary;         /* one line for `callswell formats` */
    bool header;                 /* csv: the first line names the columns. Without columns listed it
                               always does; with columns listed, yes passes over it */
    const char *separator;       /* csv: one byte, default ","; "\\t" is a tab */
    const char *quote;           /* csv: one byte, default '"'; "" switches quoting off */
    const char *const *columns;  /* csv: names by position, when there is no header; "*" as the
                                    last one: there may be more, which are passed over;
                                    fixed: "name:1-17", positions in bytes, from 1 */
    const char *records;         /* xml: "report/call", json: "report.calls": where records are */
    const char *const *map;      /* "field=column" (csv), "field=a.b.c" (ndjson), regex group;
                                    a field may be fed by several columns: the first in the
                                    record that is not empty, but a column feeds one field */
    const char *const *join;     /* "field=column+column": one text made of several columns, for a
                                    field that is absent: times with a blank between them, all
                                    others with ":". A column may also feed a field by `map` */
    const char *const *units;    /* "duration=minutes": how duration, wait and handle are written:
                                    seconds (default), milliseconds, minutes, tenths (of a minute),
                                    clock (H:MM:SS, MM:SS), iso (PT1H2M3.5S) */
    const char *const *defaults; /* "field=text" used when the field is absent */
    const char *const *null;     /* "field=text": this text means absent */
    const char *const *outcome;  /* "text=ok|failed|rejected|abandoned|ignore" before synonyms;
                                    "*=word" behind them, for all that is not listed */
    const char *const *kind;     /* "text=leg|contact|...|ignore" */
    const char *const *ignore;   /* "field=text": such records are left out and counted; any
                                    column can be used once map brings it to a field */
    const char *features_separator; /* default ";" */
    const char *time_format;        /* "auto" (RFC 3339 and epochs), or strptime-like with
                                    %Y %m %d %H %M %S %b %e %y %z %Z %s %f %T %F %p %I %%. With a
                                    clock and no day ("%H%M"): the latest such moment before the
                                    record came */
    const char *timezone;           /* for times without an offset; default UTC */
    const char *pattern;            /* regex */
    bool conferences;               /* legs that name their conference make up rows of it in the
                                       store, as joins and leaves always do */
    const char *envelope;           /* "syslog": each record comes as one syslog message */
};

/* ST_BAD_CONFIG with the option's name in err->text. Copies all it needs. */
enum status format_new(struct format **out, const struct format_options *opt, struct error *err);
void format_free(struct format *f); /* accepts NULL */

const char *format_name(const struct format *f);
const struct parser_ops *format_parser(const struct format *f);
/* What reads the records themselves: another one where they come in an envelope. */
const struct parser_ops *format_content(const struct format *f);
const struct format_options *format_options(const struct format *f); /* as kept */

/* "syslog:NAME" is the format NAME in the envelope: its name, or NULL if it has no such prefix. */
const char *format_in_syslog(const char *name);

/* Is the text a time as `time_format` (NULL: auto) says? *floating: it has no offset, and *utc is
 * the clock's reading. */
bool format_reads_time(const char *time_format, struct span text, int64_t *utc, bool *floating);

/* Its times have no day and are known by the day on which a record came: nothing for files. */
bool format_wants_arrival(const struct format *f);

/* Parsers ask: which field does this column (or JSON path, or group) feed?
 * Without a map entry a column called like a field feeds that field, unless the field has a
 * map entry of its own. FIELD_COUNT: none. */
enum field format_field_of(const struct format *f, struct span column);

/* The columns that `join` wants and that feed no field themselves, for parsers that look for
 * columns by name: the n-th, and its place among the parts. False: there are no more. */
bool format_part(const struct format *f, size_t n, struct span *column, enum field *part);
/* FIELD_BIT of each field that a join makes where there are these fields and parts. */
uint64_t format_joined(const struct format *f, uint64_t fed);

#endif
