/*
 * format.c - formats: options as a person wrote them, compiled to tables.
 */
#include "format_tables.h"

#include <stdlib.h>

#include "envelope.h"
#include "hash.h"
#include "timetext.h"

/* --- keeping the options --- */

static const char *
keep(struct format *f, const char *text)
{
    return text ? arena_copy(&f->mem, span_str(text)).p : NULL;
}

size_t
format_list_count(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static const char *const *
keep_list(struct format *f, const char *const *list)
{
    size_t n = format_list_count(list);
    const char **copy;

    if (n == 0)
        return NULL;
    copy = arena_alloc(&f->mem, (n + 1) * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = keep(f, list[i]);
    copy[n] = NULL;
    return copy;
}

static void
keep_options(struct format *f, const struct format_options *o)
{
    f->opt = (struct format_options){
        .name = keep(f, o->name),
        .type = keep(f, o->type),
        .summary = keep(f, o->summary),
        .header = o->header,
        .conferences = o->conferences,
        .separator = keep(f, o->separator),
        .quote = keep(f, o->quote),
        .columns = keep_list(f, o->columns),
        .records = keep(f, o->records),
        .map = keep_list(f, o->map),
        .join = keep_list(f, o->join),
        .units = keep_list(f, o->units),
        .defaults = keep_list(f, o->defaults),
        .null = keep_list(f, o->null),
        .outcome = keep_list(f, o->outcome),
        .kind = keep_list(f, o->kind),
        .ignore = keep_list(f, o->ignore),
        .features_separator = keep(f, o->features_separator),
        .time_format = keep(f, o->time_format),
        .timezone = keep(f, o->timezone),
        .pattern = keep(f, o->pattern),
        .envelope = keep(f, o->envelope),
    };
}

/* --- "left=right" --- */

/* Splits at the first "=", or at the last one for texts on the left that may hold one. */
static bool
split(const char *entry, bool at_last, struct span *left, struct span *right)
{
    const char *at = at_last ? strrchr(entry, '=') : strchr(entry, '=');

    if (!at)
        return false;
    *left = span_trim(span_of(entry, (size_t)(at - entry)));
    *right = span_trim(span_str(at + 1));
    return left->n > 0 && right->n > 0;
}

enum status
format_split_field(const char *option, const char *entry, enum field *field, struct span *right,
                   struct error *err)
{
    struct span left;

    if (!split(entry, false, &left, right))
        return fail(err, ST_BAD_CONFIG, "%s: \"%.80s\" is not of the form field=text", option,
                    entry);
    *field = field_find(left);
    if (*field == FIELD_COUNT)
        return fail(err, ST_BAD_CONFIG, "%s: there is no field called \"%.*s\"", option,
                    left.n > 40 ? 40 : SPAN_ARG(left));
    return ST_OK;
}

/* --- columns to fields --- */

/* The hash of a name without regard to ASCII case; false if it is too long for a name. */
static bool
name_hash(struct span name, uint64_t *hash)
{
    char lower[COLUMN_NAME_MAX];

    if (name.n > COLUMN_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    *hash = hash_bytes(lower, name.n, 0);
    return true;
}

bool
format_add_name(struct format *f, struct span name, enum field field)
{
    uint64_t hash;
    size_t i;

    if (!name_hash(name, &hash))
        return true; /* no column is called that: it cannot be found either */
    for (i = hash & (f->name_slots - 1); f->names[i].name.p; i = (i + 1) & (f->name_slots - 1))
        if (span_eq(f->names[i].name, name))
            return false;
    f->names[i] = (struct column_name){name, hash, field};
    return true;
}

static enum status
compile_map(struct format *f, struct error *err)
{
    size_t n = format_list_count(f->opt.map);

    f->name_slots = 128;
    while (f->name_slots < 2 * (n + FIELD_COUNT + FIELD_PARTS))
        f->name_slots *= 2;
    f->names = xcalloc(f->name_slots, sizeof *f->names);
    for (size_t i = 0; i < n; i++) {
        struct span column;
        enum field field;
        enum status st = format_split_field("map", f->opt.map[i], &field, &column, err);

        if (st != ST_OK)
            return st;
        if (!format_add_name(f, column, field))
            return fail(err, ST_BAD_CONFIG, "map: \"%.*s\" is mapped twice",
                        column.n > 80 ? 80 : SPAN_ARG(column));
        f->mapped |= FIELD_BIT(field);
    }
    if (format_compile_join(f, err) != ST_OK)
        return ST_BAD_CONFIG;
    /* A mapped column that is called like another field does not feed that field as well. */
    for (int field = 0; field < FIELD_COUNT; field++)
        if (!(f->mapped & FIELD_BIT(field)))
            format_add_name(f, span_str(field_name((enum field)field)), (enum field)field);
    return ST_OK;
}

enum field
format_field_of(const struct format *f, struct span column)
{
    enum field found = FIELD_COUNT;
    uint64_t hash;

    if (!name_hash(column, &hash))
        return FIELD_COUNT;
    for (size_t i = hash & (f->name_slots - 1); f->names[i].name.p;
         i = (i + 1) & (f->name_slots - 1)) {
        const struct column_name *c = &f->names[i];

        if (c->hash != hash || !span_eq_nocase(c->name, column))
            continue;
        if (span_eq(c->name, column))
            return c->field;
        if (found == FIELD_COUNT)
            found = c->field;
    }
    return found;
}

/* --- texts and words --- */

static enum status
compile_texts(struct format *f, const char *option, const char *const *list,
              struct field_text **out, uint64_t *mask, struct error *err)
{
    size_t n = format_list_count(list);

    *out = arena_alloc(&f->mem, n * sizeof **out);
    for (size_t i = 0; i < n; i++) {
        enum status st =
            format_split_field(option, list[i], &(*out)[i].field, &(*out)[i].text, err);

        if (st != ST_OK)
            return st;
        *mask |= FIELD_BIT((*out)[i].field);
    }
    return ST_OK;
}

static enum status
compile_defaults(struct format *f, struct error *err)
{
    char folded[WORD_MAX];

    f->plain_defaults = true;
    for (size_t i = 0; i < format_list_count(f->opt.defaults); i++) {
        struct span text;
        enum field field;
        enum status st = format_split_field("defaults", f->opt.defaults[i], &field, &text, err);

        if (st != ST_OK)
            return st;
        if ((field == FIELD_KIND && kind_word(word_fold(text, folded)) == WORD_UNKNOWN) ||
            (field == FIELD_OUTCOME && outcome_word(word_fold(text, folded)) == WORD_UNKNOWN))
            return fail(err, ST_BAD_CONFIG, "defaults: \"%.80s\" is not a known word",
                        f->opt.defaults[i]);
        f->defaults[field] = text;
        f->has_default |= FIELD_BIT(field);
        for (size_t j = 0; j < text.n; j++)
            f->plain_defaults &= text.p[j] >= 0x20 && text.p[j] < 0x7F;
        if (text.n > f->longest_default)
            f->longest_default = text.n;
    }
    return ST_OK;
}

static enum status
compile_words(struct format *f, const char *option, const char *const *list,
              int (*meaning)(struct span), struct word_table *out, struct error *err)
{
    size_t n = format_list_count(list);
    struct word *words = arena_alloc(&f->mem, n * sizeof *words);
    char folded[WORD_MAX];

    for (size_t i = 0; i < n; i++) {
        struct span text, word;

        if (!split(list[i], true, &text, &word))
            return fail(err, ST_BAD_CONFIG, "%s: \"%.80s\" is not of the form text=word", option,
                        list[i]);
        word = word_fold(word, folded);
        words[i].value = span_is(word, "ignore") ? WORD_IGNORE : meaning(word);
        if (words[i].value == WORD_UNKNOWN)
            return fail(err, ST_BAD_CONFIG, "%s: \"%.80s\" does not end in a known word", option,
                        list[i]);
        text = word_fold(text, folded);
        if (text.n == 0)
            return fail(err, ST_BAD_CONFIG, "%s: \"%.80s\" is longer than %d bytes", option,
                        list[i], WORD_MAX);
        words[i].text = arena_copy(&f->mem, text);
    }
    *out = (struct word_table){words, n};
    return ST_OK;
}

static enum status
compile_word_options(struct format *f, struct error *err)
{
    struct word_table outcome, kind;
    enum status st = compile_words(f, "outcome", f->opt.outcome, outcome_word, &outcome, err);

    if (st == ST_OK)
        st = compile_words(f, "kind", f->opt.kind, kind_word, &kind, err);
    if (st != ST_OK)
        return st;
    word_index_init(&f->outcome, &f->mem, outcome, outcome_words);
    word_index_init(&f->kind, &f->mem, kind, kind_words);
    return ST_OK;
}

/* --- the rest --- */

static enum status
compile_separator(struct format *f, struct error *err)
{
    const char *s = f->opt.features_separator;

    if (!s || !*s)
        s = ";";
    if (strcmp(s, "\\t") == 0)
        s = "\t";
    if (s[1] || (unsigned char)s[0] >= 0x80)
        return fail(err, ST_BAD_CONFIG, "features_separator: \"%.20s\" is not one byte", s);
    f->features_separator = s[0];
    return ST_OK;
}

static enum status
compile_time(struct format *f, struct error *err)
{
    const char *p = f->opt.time_format;
    enum status st;

    if (p && (*p == '\0' || strcmp(p, "auto") == 0))
        p = NULL;
    st = timetext_check(p, err);
    f->time_pattern = p;
    f->clock_only = timetext_is_clock(p);
    return st == ST_OK ? zone_load(&f->zone, f->opt.timezone, err) : st;
}

static enum status
compile(struct format *f, struct error *err)
{
    enum status st = compile_map(f, err);

    if (st == ST_OK)
        st = format_compile_units(f, err);
    if (st == ST_OK)
        st = compile_texts(f, "null", f->opt.null, &f->null, &f->has_null, err);
    if (st == ST_OK)
        st = compile_texts(f, "ignore", f->opt.ignore, &f->ignore, &f->has_ignore, err);
    if (st == ST_OK)
        st = compile_defaults(f, err);
    if (st == ST_OK)
        st = compile_word_options(f, err);
    if (st == ST_OK)
        st = compile_separator(f, err);
    if (st == ST_OK)
        st = compile_time(f, err);
    f->null_count = format_list_count(f->opt.null);
    f->ignore_count = format_list_count(f->opt.ignore);
    return st;
}

static enum status
wrap(struct format *f, struct error *err)
{
    if (strcmp(f->opt.envelope, "syslog") != 0)
        return fail(err, ST_BAD_CONFIG, "envelope: expected syslog, not \"%.40s\"",
                    f->opt.envelope);
    if (f->content->wants_header(f))
        return fail(err, ST_BAD_CONFIG,
                    "envelope: messages have no header line, so the columns must be listed");
    f->parser = &parser_envelope;
    return ST_OK;
}

enum status
format_new(struct format **out, const struct format_options *opt, struct error *err)
{
    struct format *f;
    enum status st;

    if (!opt->name || !*opt->name)
        return fail(err, ST_BAD_CONFIG, "name: a format needs one");
    if (!opt->type || !parser_find(opt->type))
        return fail(err, ST_BAD_CONFIG, "type: there is no parser called \"%.40s\"",
                    opt->type ? opt->type : "");
    f = xcalloc(1, sizeof *f);
    arena_init(&f->mem);
    keep_options(f, opt);
    st = compile(f, err);
    if (st == ST_OK) {
        f->parser = f->content = parser_find(opt->type);
        st = f->content->prepare(&f->shared, f, err);
    }
    if (st == ST_OK && opt->envelope)
        st = wrap(f, err);
    if (st != ST_OK) {
        format_free(f);
        return st;
    }
    *out = f;
    return ST_OK;
}

void
format_free(struct format *f)
{
    if (!f)
        return;
    if (f->content)
        f->content->release(f->shared);
    free(f->names);
    arena_clear(&f->mem);
    free(f);
}

bool
format_reads_time(const char *time_format, struct span text, int64_t *utc, bool *floating)
{
    return timetext_read(time_format, NULL, text, utc, floating);
}

bool
format_wants_arrival(const struct format *f)
{
    return f->clock_only;
}

const char *
format_name(const struct format *f)
{
    return f->opt.name;
}

const struct parser_ops *
format_parser(const struct format *f)
{
    return f->parser;
}

const struct parser_ops *
format_content(const struct format *f)
{
    return f->content;
}

const char *
format_in_syslog(const char *name)
{
    static const char prefix[] = "syslog:";

    return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : NULL;
}

const struct format_options *
format_options(const struct format *f)
{
    return &f->opt;
}

void *
format_shared(const struct format *f)
{
    return f->shared;
}
