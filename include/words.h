/*
 * words.h - texts in lines that fit a terminal.
 */
#ifndef WORDS_H
#define WORDS_H

#include "memory.h"
#include "span.h"

#define WORDS_WIDTH 80 /* columns */

/* Appends the text's words in lines of at most WORDS_WIDTH columns: the first goes on behind what
 * stands in the last line of out, the others begin behind `indent` blanks. A word that is wider
 * than a line stays whole. UTF-8 counts by characters. Adds no line feed at the end. */
void words_flow(struct buf *out, int indent, struct span text);

#endif
