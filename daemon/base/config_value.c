/*
 * config_value.c - text of one option to its value, by its row.
 */
#include "config_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

struct unit {
    const char *name;
    int64_t size;
};

static const struct unit duration_units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                             {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit size_units[] = {
    {"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};

/* Whole digits and a unit out of the table; false for anything else and for overflow. */
static bool
parse_units(const char *text, const struct unit *units, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    int64_t v;

    if (!span_to_i64(span_of(text, digits), &v))
        return false;
    for (; units->name; units++)
        if (strcmp(text + digits, units->name) == 0)
            return !__builtin_mul_overflow(v, units->size, out);
    return false;
}

static bool
parse_millis(const char *text, int64_t *out)
{
    if (strcmp(text, "0") == 0) {
        *out = 0;
        return true;
    }
    return parse_units(text, duration_units, out);
}

enum status
config_parse_duration(const char *text, int64_t *seconds, struct error *err)
{
    int64_t ms;

    if (!parse_millis(text, &ms) || ms % 1000 != 0)
        return fail(err, ST_BAD_CONFIG,
                    "expected a duration such as \"35d\", \"12h\", \"30m\", \"45s\" or \"0\", not "
                    "\"%.40s\"",
                    text);
    *seconds = ms / 1000;
    return ST_OK;
}

/* Decimal digits with at most one point: strtod alone would take "inf", "0x1p3" and " 1". */
static bool
parse_real(const char *text, double *out)
{
    char *end;

    if (text[0] == '\0' || strspn(text, "0123456789.") != strlen(text))
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && end != text;
}

static bool
parse_bool(const char *text, bool *out)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i % 2;
            return true;
        }
    return false;
}

/* Which of "auto lines octets" is the text? -1: none. */
static int
find_choice(const char *choices, const char *text)
{
    size_t n = strlen(text);

    for (int i = 0; *choices; i++) {
        size_t len = strcspn(choices, " ");

        if (len == n && memcmp(choices, text, n) == 0)
            return i;
        choices += len + (choices[len] == ' ');
    }
    return -1;
}

/* --- what a row accepts, in words --- */

static enum status
expected(const struct option_row *row, const char *text, struct error *err)
{
    switch (row->type) {
    case V_BOOL:
        return fail(err, ST_BAD_CONFIG, "%s: expected yes or no, not \"%.40s\"", row->key, text);
    case V_FLAG:
    case V_CHOICE:
        return fail(err, ST_BAD_CONFIG, "%s: expected one of: %s; not \"%.40s\"", row->key,
                    row->choices, text);
    case V_REAL:
        return fail(err, ST_BAD_CONFIG, "%s: expected a number from %g to %g, not \"%.40s\"",
                    row->key, row->low, row->high, text);
    case V_SECONDS:
    case V_SECONDS32:
    case V_MILLIS:
        return fail(err, ST_BAD_CONFIG,
                    "%s: expected a duration such as \"35d\", \"12h\", \"30m\", \"45s\"%s, from "
                    "%gs to %gs, not \"%.40s\"",
                    row->key, row->type == V_MILLIS ? ", \"250ms\"" : "", row->low, row->high,
                    text);
    case V_SIZE32:
    case V_SIZE:
        return fail(err, ST_BAD_CONFIG,
                    "%s: expected a size such as \"64KiB\", \"8MiB\" or plain bytes, from %.0f to "
                    "%.0f, not \"%.40s\"",
                    row->key, row->low, row->high, text);
    case V_INT:
        if (row->choices)
            return fail(err, ST_BAD_CONFIG, "%s: expected one of: %s; not \"%.40s\"", row->key,
                        row->choices, text);
        /* fall through */
    default:
        return fail(err, ST_BAD_CONFIG,
                    "%s: expected a whole number from %.0f to %.0f, not "
                    "\"%.40s\"",
                    row->key, row->low, row->high, text);
    }
}

/* Reads a number of any type; v in milliseconds, bytes or as it is. */
static bool
parse_number(const struct option_row *row, const char *text, int64_t *v)
{
    static const struct unit none[] = {{"", 1}, {NULL, 0}};
    double shown;

    switch (row->type) {
    case V_SECONDS:
    case V_SECONDS32:
    case V_MILLIS:
        if (!parse_millis(text, v) || (row->type != V_MILLIS && *v % 1000 != 0))
            return false;
        shown = (double)*v / 1000;
        if (row->type != V_MILLIS)
            *v /= 1000;
        break;
    case V_SIZE32:
    case V_SIZE:
        if (!parse_units(text, size_units, v))
            return false;
        shown = (double)*v;
        break;
    default:
        if (!parse_units(text, none, v) || (row->choices && find_choice(row->choices, text) < 0))
            return false;
        shown = (double)*v;
    }
    return shown >= row->low && shown <= row->high;
}

static enum status
set_number(const struct option_row *row, void *at, const char *text, struct error *err)
{
    int64_t v;

    if (!parse_number(row, text, &v))
        return expected(row, text, err);
    switch (row->type) {
    case V_INT:
        *(int *)at = (int)v;
        break;
    case V_SECONDS32:
    case V_COUNT32:
    case V_SIZE32:
        *(uint32_t *)at = (uint32_t)v;
        break;
    default:
        *(int64_t *)at = v; /* the unsigned ones too: their ranges are below 2^63 */
    }
    return ST_OK;
}

/* Pointers are copied bytewise: the fields are char *, const char * and arrays of them. */
static void *
pointer_at(const void *at)
{
    void *p;

    memcpy(&p, at, sizeof p);
    return p;
}

static void
set_pointer(void *at, void *p)
{
    memcpy(at, &p, sizeof p);
}

static void
free_pointer(enum value_type type, void *at)
{
    char **list = type == V_LIST ? pointer_at(at) : NULL;

    for (char **p = list; p && *p; p++)
        free(*p);
    free(pointer_at(at));
    set_pointer(at, NULL);
}

static bool
is_pointer(enum value_type type)
{
    return type == V_TEXT || type == V_CHOICE || type == V_LIST;
}

static void
set_list(void *at, const char *const *texts, size_t count)
{
    char **list = count ? xcalloc(count + 1, sizeof *list) : NULL;

    for (size_t i = 0; i < count; i++)
        list[i] = xstrdup(texts[i]);
    free_pointer(V_LIST, at);
    set_pointer(at, list);
}

enum status
config_value_set(const struct option_row *row, void *base, const char *const *texts, size_t count,
                 struct error *err)
{
    void *at = (char *)base + row->offset;
    const char *text = count ? texts[0] : "";

    switch (row->type) {
    case V_LIST:
        set_list(at, texts, count);
        return ST_OK;
    case V_CHOICE:
        if (find_choice(row->choices, text) < 0)
            return expected(row, text, err);
        /* fall through */
    case V_TEXT:
        if (row->needed && text[0] == '\0')
            return fail(err, ST_BAD_CONFIG, "%s: expected a text, not \"\"", row->key);
        free_pointer(row->type, at);
        set_pointer(at, xstrdup(text));
        return ST_OK;
    case V_BOOL:
        return parse_bool(text, at) ? ST_OK : expected(row, text, err);
    case V_FLAG:
        if (find_choice(row->choices, text) < 0)
            return expected(row, text, err);
        *(bool *)at = find_choice(row->choices, text) == 1;
        return ST_OK;
    case V_REAL: {
        double v;

        if (!parse_real(text, &v) || !(v >= row->low && v <= row->high))
            return expected(row, text, err);
        *(double *)at = v;
        return ST_OK;
    }
    default:
        return set_number(row, at, text, err);
    }
}

void
config_value_defaults(const struct option_row *rows, void *base)
{
    for (; rows->key; rows++)
        if (rows->initial && config_value_set(rows, base, &rows->initial, 1, NULL) != ST_OK)
            abort(); /* a default outside its own range: the tests would not have passed */
}

void
config_value_free(const struct option_row *rows, void *base)
{
    for (; rows->key; rows++)
        if (is_pointer(rows->type))
            free_pointer(rows->type, (char *)base + rows->offset);
}

static bool
same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
same_list(char *const *a, char *const *b)
{
    if (!a || !b)
        return a == b;
    for (; *a && *b; a++, b++)
        if (strcmp(*a, *b) != 0)
            return false;
    return !*a && !*b;
}

/* Of what is not a pointer. */
static const size_t value_sizes[] = {
    [V_BOOL] = sizeof(bool),          [V_FLAG] = sizeof(bool),        [V_INT] = sizeof(int),
    [V_REAL] = sizeof(double),        [V_SECONDS] = sizeof(int64_t),  [V_MILLIS] = sizeof(int64_t),
    [V_SECONDS32] = sizeof(uint32_t), [V_COUNT32] = sizeof(uint32_t), [V_COUNT] = sizeof(uint64_t),
    [V_SIZE32] = sizeof(uint32_t),    [V_SIZE] = sizeof(uint64_t)};

bool
config_value_equal(const struct option_row *row, const void *a, const void *b)
{
    const void *x = (const char *)a + row->offset, *y = (const char *)b + row->offset;

    if (row->type == V_LIST)
        return same_list(pointer_at(x), pointer_at(y));
    if (is_pointer(row->type))
        return same_text(pointer_at(x), pointer_at(y));
    return memcmp(x, y, value_sizes[row->type]) == 0;
}

void
config_value_copy(const struct option_row *row, void *to, const void *from)
{
    char *text;

    if (!is_pointer(row->type)) {
        memcpy((char *)to + row->offset, (const char *)from + row->offset, value_sizes[row->type]);
        return;
    }
    text = xstrdup(pointer_at((const char *)from + row->offset));
    free_pointer(row->type, (char *)to + row->offset);
    memcpy((char *)to + row->offset, &text, sizeof text);
}

/* --- items of titled sections --- */

void *
config_items(const struct section_row *s, const struct config *c, size_t *count)
{
    memcpy(count, (const char *)c + s->count, sizeof *count);
    return pointer_at((const char *)c + s->items);
}

void *
config_item_add(const struct section_row *s, struct config *c, const char *title)
{
    size_t count;
    char *items = config_items(s, c, &count), *item;

    items = xrealloc(items, (count + 1) * s->item_size);
    item = items + count++ * s->item_size;
    memset(item, 0, s->item_size);
    set_pointer(item + s->name_offset, xstrdup(title));
    config_value_defaults(s->rows, item);
    set_pointer((char *)c + s->items, items);
    memcpy((char *)c + s->count, &count, sizeof count);
    return item;
}

void
config_item_free(const struct section_row *s, void *item)
{
    free_pointer(V_TEXT, (char *)item + s->name_offset);
    config_value_free(s->rows, item);
}
