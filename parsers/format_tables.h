/*
 * format_tables.h - a format as compiled from its options; for format.c and mapping.c only.
 */
#ifndef FORMAT_TABLES_H
#define FORMAT_TABLES_H

#include "format.h"
#include "memory.h"

/* A text that means something for a field: absence (null) or leaving out (ignore). */
struct field_text {
    enum field field;
    struct span text;
};

/* A word folded by word_fold, and what it stands for. */
struct word {
    struct span text;
    int value;
};

struct word_table {
    const struct word *words;
    size_t count;
};

#define WORD_IGNORE  1000 /* "such records are not counted" */
#define WORD_DROPPED 1001 /* ok, with a cause of its own */
#define WORD_UNKNOWN (-1)

#define WORD_MAX 32
/* Words are equal whatever their case, and whether they are joined by blank, "-" or "_".
 * Returns the folded word in out, or an empty span if it is longer than any word is. */
struct span word_fold(struct span s, char out[WORD_MAX]);

/* By the built in words and synonyms; WORD_UNKNOWN. */
int outcome_word(struct span folded);
int kind_word(struct span folded);

/* All words of a format for one field by hash: its own, and behind them the built in ones. Open
 * addressing, at most half full; text.p NULL is free. */
struct word_index {
    struct word *slot;
    size_t mask; /* slots - 1, a power of two */
    int usual;   /* of the word that nearly all records say; WORD_UNKNOWN: look it up */
    int other;   /* of any word that is not there ("*"); WORD_UNKNOWN: such a one is refused */
};
void word_index_init(struct word_index *x, struct arena *mem, struct word_table own,
                     struct word_table builtin);
/* By a text as it stands, which is WORD_UNKNOWN unless it is folded. */
int word_index_find(const struct word_index *x, struct span text);

extern const struct word_table outcome_words, kind_words; /* built in */

/* A column name and the field it feeds; the table is probed by the folded name's hash. */
struct column_name {
    struct span name;
    uint64_t hash;
    enum field field;
};
#define COLUMN_NAME_MAX 255

/* A field that is made of several texts, which lie in these places of struct fields. */
struct field_join {
    enum field field, *from;
    size_t count;
};

enum unit { UNIT_SECONDS, UNIT_MILLISECONDS, UNIT_MINUTES, UNIT_TENTHS, UNIT_CLOCK, UNIT_ISO };

struct format {
    struct arena mem; /* all texts below */
    struct format_options opt;
    const struct parser_ops *parser;  /* whom the pipeline asks */
    const struct parser_ops *content; /* the same, or what is in the envelope */
    void *shared;                     /* of the content's */
    const struct zone *zone;
    const char *time_pattern; /* NULL: auto */
    bool clock_only;          /* it has no day: that on which the record came is meant */
    char features_separator;

    uint64_t mapped;           /* fields with a map entry of their own */
    struct column_name *names; /* open addressing; name.p NULL is free */
    size_t name_slots;         /* a power of two */

    struct field_join *joins;
    size_t join_count;
    uint64_t joined;                /* fields that have a join */
    struct span parts[FIELD_PARTS]; /* columns that only joins want */
    size_t part_count;
    bool has_units; /* some field is not written in seconds */
    uint8_t unit[FIELD_COUNT];

    uint64_t has_default, has_null, has_ignore;
    struct span defaults[FIELD_COUNT];
    struct field_text *null, *ignore;
    size_t null_count, ignore_count;
    struct word_index outcome, kind;
    bool plain_defaults; /* their texts are of ASCII's printable bytes, or there are none */
    size_t longest_default;
};

/* --- parts of format.c that other files of it need --- */

size_t format_list_count(const char *const *list);
/* "field=text" of the option of that name, taken apart. */
enum status format_split_field(const char *option, const char *entry, enum field *field,
                               struct span *right, struct error *err);
/* False: the very same name is there already. */
bool format_add_name(struct format *f, struct span name, enum field field);

/* join.c. After the map is known, and before unmapped fields get their own names. */
enum status format_compile_join(struct format *f, struct error *err);
/* Fills the fields of `r` that are absent and have a join; returns the longest text made. */
size_t fields_join(const struct format *f, struct record *r, struct arena *mem);

/* units.c */
enum status format_compile_units(struct format *f, struct error *err);
/* Whole seconds, cut off; beyond UINT32_MAX it is that. False: not written so. */
bool unit_read(enum unit unit, struct span s, uint32_t *seconds);

#endif
