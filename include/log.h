/*
 * log.h - one line per event on stderr: "event=batch_committed batch=41 ms=7", or the same as a
 * JSON object.
 *
 * Event names are fixed and greppable. Whoever handles an error logs it, once. Of one event only
 * so many lines a minute are written; the next line after that minute, whatever it is of, is
 * preceded by how many were left out ("event=log_left_out of=NAME lines=41"). What others wrote,
 * which stands in quotes inside of texts, and names of keys have their numbers and addresses
 * masked (mask.h).
 */
#ifndef LOG_H
#define LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_style { LOG_TEXT, LOG_JSON };

/* All three may be called while others write. */
void log_set_level(enum log_level level);
void log_set_style(enum log_style style);
void log_set_limit(unsigned lines_a_minute); /* of each event but those for debugging; 0: none */

/* fmt begins right after "event=NAME " and is a row of NAME=VALUE; values with blanks must be
 * quoted by "%s" in fmt itself. Thread-safe: each call is one write. */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)  log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...)  log_event(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_event(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
