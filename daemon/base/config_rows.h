/*
 * config_rows.h - every option of the configuration as a row: the one place that knows them.
 *
 * The same rows read a file, fill in what it leaves out, write the annotated example and free
 * the result. Private to daemon/base/config*.c.
 */
#ifndef CONFIG_ROWS_H
#define CONFIG_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

enum value_type {
    V_TEXT,      /* char * */
    V_LIST,      /* const char *const *, ends with NULL */
    V_BOOL,      /* bool: yes, no */
    V_FLAG,      /* bool: true if the text is the second of `choices` */
    V_CHOICE,    /* char *, one of `choices` */
    V_INT,       /* int */
    V_REAL,      /* double */
    V_SECONDS,   /* int64_t, a duration */
    V_SECONDS32, /* uint32_t, a duration */
    V_MILLIS,    /* int64_t, a duration */
    V_COUNT32,   /* uint32_t */
    V_COUNT,     /* uint64_t */
    V_SIZE32,    /* uint32_t, bytes */
    V_SIZE,      /* uint64_t, bytes */
};

/* Which inputs an option is for; 0 is all. */
enum {
    FOR_TAIL = 1,
    FOR_TCP = 2,
    FOR_UDP = 4,
    FOR_HTTP = 8,
    FOR_RELP = 16,
    FOR_STREAM = 32,
    FOR_AMI = 64,
    FOR_ESL = 128,
    FOR_RADIUS = 256,
    FOR_DIAL = 512,
};

struct option_row {
    const char *key;
    enum value_type type;
    size_t offset;       /* in struct config, or in the item of a titled section */
    const char *initial; /* the default as text; NULL: absent */
    double low, high;    /* of numbers, durations (seconds) and sizes */
    const char *choices; /* "auto lines octets" */
    const char *example; /* what the annotated example shows when there is no default */
    const char *help;    /* sentences, without line ends */
    unsigned inputs;
    bool reloadable; /* SIGHUP is enough */
    bool needed;
    bool elsewhere; /* the example shows it as a comment: for another kind of item */
};

enum section_id {
    SECTION_MAIN,
    SECTION_REDIS,
    SECTION_STORE,
    SECTION_HTTP,
    SECTION_RETENTION,
    SECTION_LIMITS,
    SECTION_PAIRING,
    SECTION_PRIVACY,
    SECTION_SIGNALS,
    SECTION_WHY,
    SECTION_INPUT,
    SECTION_SERVICE,
    SECTION_FEATURE,
    SECTION_SEGMENT,
    SECTION_WEBHOOK,
    SECTION_FORMAT,
    SECTION_COUNT
};

struct section_row {
    const char *name;              /* NULL: the top level */
    const struct option_row *rows; /* ends with a row without key */
    const char *help;
    const char *title;              /* of the example; NULL: the section has none */
    size_t items, count, item_size; /* titled: array and its length in struct config */
    size_t name_offset;             /* of the title in an item */
};

/* The files of config/formats.d, one behind the other. */
extern const char formats_builtin[];
extern const unsigned long formats_builtin_size;

/* config_rows_why.c, config_rows_told.c */
extern const struct option_row config_why_rows[];
extern const struct option_row config_signal_rows[], config_webhook_rows[];

extern const struct section_row config_sections[SECTION_COUNT];
extern const struct option_row config_service_rows[]; /* ends with an empty one */
/* What rows alone cannot say of a service. ST_BAD_CONFIG: err->text has the sentence, *key the
 * option that it is about. */
enum status config_service_check(const struct config_service *s, const char **key,
                                 struct error *err);

/* Sets one option from its texts (count is 1 but for lists), freeing what was there.
 * ST_BAD_CONFIG: err->text says what was expected; nothing has changed. */
enum status config_value_set(const struct option_row *row, void *base, const char *const *texts,
                             size_t count, struct error *err);
void config_value_defaults(const struct option_row *rows, void *base);
void config_value_free(const struct option_row *rows, void *base);
bool config_value_equal(const struct option_row *row, const void *a, const void *b);

/* Texts are copied; lists have no use for it. */
void config_value_copy(const struct option_row *row, void *to, const void *from);

/* The items of a titled section. */
void *config_items(const struct section_row *s, const struct config *c, size_t *count);
void *config_item_add(const struct section_row *s, struct config *c, const char *title);
void config_item_free(const struct section_row *s, void *item);

/* config_webhook.c: NULL, or what is wrong with the option *key. */
const char *config_webhook_objection(const struct config_webhook *h, const char **key);

/* What can only be judged when all is read. `line` finds lines for messages. */
struct config_text;
enum status config_check(const struct config *c, const struct config_text *t, struct error *err);

#endif
