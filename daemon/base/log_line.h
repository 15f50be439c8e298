/*
 * log_line.h - one event of the log as a line.
 */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include <stdarg.h>
#include <stdbool.h>

#include "memory.h"

struct log_head {
    const char *when, *level, *event;
};

/* Appends the line with its line feed. fmt as log_event takes it; more than 1 KiB of fields is cut
 * off. What others wrote is masked. */
void log_line(struct buf *out, const struct log_head *head, bool json, const char *fmt, va_list ap);

#endif
