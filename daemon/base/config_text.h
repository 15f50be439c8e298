/*
 * config_text.h - the text of a configuration file: checked, free of comments, with lines.
 *
 * libconfuse 3.3 miscounts lines after comments, takes an unclosed section or comment without a
 * word, lets a later option replace an earlier one and drops unknown backslashes. So the text is
 * walked once before it is parsed: comments become blanks, such mistakes are reported, and
 * where each section and option begins is written down for later messages.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

#define CONFIG_MAX_BYTES (1024 * 1024)

struct config_mark {
    char *name;  /* key of the option, keyword of the section */
    int section; /* the mark of the section around an option, -1 outside */
    int line;
    int is_section, has_title;
};

struct config_text {
    const char *file; /* for messages; borrowed */
    char *p;          /* NUL-ended; comments are blanks */
    size_t n;
    struct config_mark *marks; /* in the order of the file */
    int mark_count, mark_room;
};

/* Fills an empty *t from a file or from bytes. ST_BAD_CONFIG: err->text begins with the file's
 * name, and with the line where there is one. Clear it in any case. */
enum status config_text_read(struct config_text *t, const char *file, struct error *err);
enum status config_text_take(struct config_text *t, const char *file, const char *p, size_t n,
                             struct error *err);
void config_text_clear(struct config_text *t);

/* The line of the nth section called `section` (NULL: the top level), or of the option `key` in
 * it when it was written there. 0 if there is no such section. */
int config_text_line(const struct config_text *t, const char *section, int nth, const char *key);
/* True if the option was written in that section. */
bool config_text_has(const struct config_text *t, const char *section, int nth, const char *key);
/* How many sections of that name there are. */
int config_text_count(const struct config_text *t, const char *section);

/* A path as messages show it: its end if it is long, so that it leaves room for the reason. */
const char *config_short_path(const char *path);

#endif
