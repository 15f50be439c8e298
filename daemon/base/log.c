/*
 * log.c - one write per line, so that lines of several threads never mix.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "civil.h"
#include "clock.h"

/* A reload changes it while others write. */
static _Atomic enum log_level threshold = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
    threshold = level;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char line[1024], when[CIVIL_TEXT];
    va_list ap;
    int n;

    if (level < threshold)
        return;
    n = snprintf(line, sizeof line, "%s %s event=%s ", format_utc(when, clock_now()), names[level],
                 event);
    va_start(ap, fmt);
    n += vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    va_end(ap);
    if (n > (int)sizeof line - 2)
        n = sizeof line - 2;
    for (int i = 0; i < n; i++) /* texts of others must not end a line or move a cursor */
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?';
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return; /* nobody is left to be told */
}
