/*
 * features.h - names, and the lists of them that records carry; for mapping.c. Private to parsers/.
 */
#ifndef FEATURES_H
#define FEATURES_H

#include "civil.h"
#include "record.h"

static inline bool
name_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline struct span
name_trimmed(struct span s)
{
    if (s.n > 0 && (name_is_blank(s.p[0]) || name_is_blank(s.p[s.n - 1])))
        return span_trim(s);
    return s;
}

/* No longer than limit, no control characters, UTF-8. printable: only the length is in question.
 * ST_BAD_INPUT says what is wrong. */
enum status name_check(enum field f, struct span s, size_t limit, bool printable,
                       struct error *err);

/* A features text seen before, and what it was split into. */
#define LIST_TEXT  47
#define LIST_ITEMS 6
struct feature_list {
    uint8_t n, count; /* n 0: free */
    char separator;
    char text[LIST_TEXT];
    struct span item[LIST_ITEMS]; /* in text */
    uint64_t number;              /* no other list of the process has it, nor ever had */
};

#define LISTS_KEPT 128 /* a power of two */
struct mapping_memo {
    struct date_memo dates;
    uint32_t found, refused; /* texts that were there; that had no room; since the last trim */
    struct feature_list list[LISTS_KEPT];
};

struct feature_rules {
    struct mapping_memo *memo; /* or NULL */
    size_t limit;              /* longest name */
    char separator;
    bool printable; /* all text is of printable ASCII */
};

/* Sets r->features from r->fields: from its list of items, or from its text. */
enum status features_read_some(struct record *r, const struct feature_rules *rules,
                               struct arena *mem, struct error *err);

static inline enum status
features_read(struct record *r, const struct feature_rules *rules, struct arena *mem,
              struct error *err)
{
    if (r->fields.feature_items || (r->has & FIELD_BIT(FIELD_FEATURES)))
        return features_read_some(r, rules, mem, err);
    r->features = NULL;
    r->feature_count = 0;
    r->feature_list = 0;
    return ST_OK;
}

#endif
