/*
 * envelope.h - any format's records, each in a syslog message.
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "parser.h"

/* Stands in front of format_content(): takes a line, peels the header off, and lets the content's
 * parser see the rest. Not in the table of parsers, because it is none by itself. */
extern const struct parser_ops parser_envelope;

#endif
