/*
 * syslog.h - the header of a syslog message, taken off its front.
 *
 * RFC 5424; RFC 3164 as systems really write it (with and without priority, host, tag, year,
 * fraction or zone; Cisco's sequence number in front of the time); and what rsyslog writes into
 * files, which is the same without a priority.
 */
#ifndef PARSERS_SYSLOG_H
#define PARSERS_SYSLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

struct syslog_message { /* all borrow; n 0: not there */
    struct span time;   /* as written; syslog_time reads it */
    struct span host, app;
    struct span text; /* behind the header, byte order mark and "@cee:" */
};

/* False: there is no such header. *why says what was expected. */
bool syslog_peel(struct span line, struct syslog_message *out, const char **why);

/*
 * A header's time, cut to the second. One without a year is of the year that puts it nearest to
 * when the message came, but never more than a day ahead: no clock is that wrong, and old files
 * are read, too.
 * *floating: it has no offset, *utc is the wall clock reading as if it were UTC.
 */
bool syslog_time(struct span s, int64_t came, int64_t *utc, bool *floating);

#endif
