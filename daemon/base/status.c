/*
 * status.c - filling in errors.
 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 4, 0))) static enum status
fill(struct error *err, enum status code, long pos, const char *fmt, va_list ap)
{
    if (err) {
        err->code = code;
        err->pos = pos;
        vsnprintf(err->text, sizeof err->text, fmt, ap);
    }
    return code;
}

enum status
fail(struct error *err, enum status code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fill(err, code, -1, fmt, ap);
    va_end(ap);
    return code;
}

enum status
fail_at(struct error *err, enum status code, long pos, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fill(err, code, pos, fmt, ap);
    va_end(ap);
    return code;
}
