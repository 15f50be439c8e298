/*
 * clock_text.h - times as Cisco's and Oracle's machines write them: the time of day first, and a
 * zone by its abbreviation.
 */
#ifndef CLOCK_TEXT_H
#define CLOCK_TEXT_H

#include "document.h"

/*
 * "*10:14:59.214 CET Thu Dec 16 2010" (the weekday may be missing; a mark of a clock that is not
 * synchronised is passed over) as RFC 3339. Abbreviations that mean one offset everywhere give
 * that offset; others (CST, IST) give none, so that the format's time zone says where it is. An
 * empty span: no such time.
 */
struct span clock_text(struct document *d, struct span text);

#endif
