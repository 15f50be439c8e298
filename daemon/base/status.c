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

const char *
status_name(enum status code)
{
    static const char *const names[] = {
        [ST_OK] = "ok",
        [ST_MORE] = "more",
        [ST_SKIP] = "skip",
        [ST_BAD_INPUT] = "bad_input",
        [ST_BAD_CONFIG] = "bad_config",
        [ST_NOT_FOUND] = "not_found",
        [ST_RETRY] = "retry",
        [ST_FULL] = "full",
        [ST_IO] = "io",
        [ST_CORRUPT] = "corrupt",
    };

    return names[code];
}
