/*
 * formats_test.c - `callswell formats test`: records as a format reads them, field by field.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "formats.h"
#include "json_write.h"
#include "left_out.h"
#include "pairing.h"
#include "trial.h"

#define LINE        79 /* columns, of a screen's 80 */
#define MAX_REASONS 32

struct reason {
    char text[160]; /* first: left_out.h */
    size_t records;
};

struct reasons {
    struct reason at[MAX_REASONS];
    size_t count;
};

struct showing {
    size_t limit, shown;
    struct json_writer *json; /* NULL: for people */
    struct reasons refused, left_out;
};

/* --- values --- */

/* The field's value as it was understood, "" if the record does not have it. A leave is a moment,
 * and its duration lies before that: what a calculated end would say is wrong. */
static void
understood(const struct record *r, enum field f, struct buf *out)
{
    char when[CIVIL_TEXT];

    buf_reset(out);
    if (f == FIELD_KIND)
        buf_str(out, kind_name(r->kind));
    else if (f == FIELD_OUTCOME)
        buf_str(out, outcome_name(r->outcome));
    else if (f == FIELD_START)
        buf_str(out, format_utc(when, r->start));
    else if (f == FIELD_FEATURES)
        for (uint32_t i = 0; i < r->feature_count; i++)
            buf_printf(out, "%s%.*s", i ? "; " : "", SPAN_ARG(r->features[i]));
    else if (!(r->has & FIELD_BIT(f)) || (f == FIELD_END && is_paired(r->kind)))
        return;
    else if (f == FIELD_END)
        buf_str(out, format_utc(when, r->start + r->duration));
    else if (f == FIELD_DURATION)
        buf_printf(out, "%u s", r->duration);
    else if (f == FIELD_WAIT || f == FIELD_HANDLE)
        buf_printf(out, "%u s", f == FIELD_WAIT ? r->wait : r->handle);
    else
        buf_span(out, r->text[f]);
}

/* --- for people --- */

/* How many columns a byte takes on a screen. */
static size_t
columns_of(unsigned char c, bool utf8)
{
    if (utf8 && c >= 0x80)
        return (c & 0xC0) != 0x80;
    return c >= 0x20 && c < 0x7F ? 1 : 4;
}

/* Control characters and broken UTF-8 as \xNN; what does not fit into `most` columns ends in a sign
 * that it goes on. Returns how many columns it takes. */
static size_t
shorten(struct buf *out, struct span s, size_t most)
{
    bool utf8 = span_is_utf8(s);
    size_t all = 0, width = 0;

    buf_reset(out);
    for (size_t i = 0; i < s.n; i++)
        all += columns_of((unsigned char)s.p[i], utf8);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        size_t more = columns_of(c, utf8);

        if (all > most && width + more > most - 1) {
            buf_str(out, "\xE2\x80\xA6");
            return width + 1;
        }
        if (more < 4)
            buf_char(out, (char)c);
        else
            buf_printf(out, "\\x%02x", c);
        width += more;
    }
    return width;
}

static size_t
print_short(struct span s, size_t most)
{
    struct buf text = {0};
    size_t width = shorten(&text, s, most);

    printf("%.*s", (int)text.n, text.n ? text.p : "");
    buf_clear(&text);
    return width;
}

/* The column that the field's value came from; NULL: none, or several. Of those that the map gives
 * to the field it is the one in which the value lies. */
static const struct trial_column *
source_of(const struct trial_record *r, enum field f)
{
    const struct trial_column *taken = NULL, *mapped = NULL;
    uint64_t both = FIELD_BIT(FIELD_END) | FIELD_BIT(FIELD_DURATION);

    if (f == FIELD_END && r->record && (r->fields->has & both) == both)
        return NULL; /* it is the duration that counts */
    for (size_t i = 0; i < r->column_count; i++) {
        const struct trial_column *c = &r->columns[i];
        bool gave = (c->gave & FIELD_BIT(f)) != 0;

        if (gave && c->field == f)
            return c;
        if (gave && !taken)
            taken = c;
        if (c->field == f && c->text.n > 0 && !mapped)
            mapped = c;
    }
    return taken ? taken : mapped;
}

/* "field value <- column "what stands there"", of which the last only if it is other text. */
static void
print_field(const struct trial_record *r, enum field f, struct span value)
{
    const struct trial_column *from = source_of(r, f);
    size_t at = 19;

    printf("  %-17s", field_name(f));
    at += print_short(value, LINE - at);
    for (; from && at < 41; at++)
        putchar(' ');
    if (from && at + 5 + 8 < LINE) {
        at += (size_t)printf("  <- ");
        at += print_short(from->name, LINE - at);
        if (!span_eq(span_trim(from->text), value) && at + 3 + 8 < LINE) {
            printf(" \"");
            print_short(from->text, LINE - at - 3);
            putchar('"');
        }
    }
    putchar('\n');
}

/* What a refused record's fields were, as far as the parser found any. */
static void
print_found(const struct trial_record *r)
{
    for (int f = 0; r->fields && f < FIELD_COUNT; f++)
        if (r->fields->has & FIELD_BIT(f))
            print_field(r, (enum field)f, span_trim(r->fields->v[f]));
}

/* Does it stand among the columns in front of it, too? */
static bool
came_before(const struct trial_record *r, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (span_eq(r->columns[i].name, r->columns[at].name))
            return true;
    return false;
}

static void
print_rest(const struct trial_record *r)
{
    struct buf name = {0};
    size_t at = 0;

    for (size_t i = 0; i < r->column_count; i++) {
        const struct trial_column *c = &r->columns[i];
        size_t n;

        if (c->field != FIELD_COUNT || c->gave || c->text.n == 0 || came_before(r, i))
            continue;
        n = shorten(&name, c->name, 40);
        if (at == 0)
            at = (size_t)printf("  not mapped:");
        else if (at + n + 3 > LINE)
            at = (size_t)printf(",\n             ") - 2;
        else
            at += (size_t)printf(",");
        printf(" %.*s", (int)name.n, name.p);
        at += 1 + n;
    }
    if (at > 0)
        putchar('\n');
    buf_clear(&name);
}

static void
print_record(const struct trial_record *r)
{
    struct buf value = {0};

    printf("record %zu, line %zu: ", r->number, r->line);
    if (r->st == ST_OK)
        printf("read\n");
    else if (r->st == ST_IGNORE)
        printf("left out\n  %s\n", r->why);
    else
        printf("refused at its byte %zu\n  %s\n", r->pos, r->why);
    for (int f = 0; r->record && f < FIELD_COUNT; f++) {
        understood(r->record, (enum field)f, &value);
        if (value.n > 0)
            print_field(r, (enum field)f, span_of(value.p, value.n));
    }
    if (!r->record)
        print_found(r);
    if (r->fields || r->st != ST_IGNORE) /* nobody maps what the parser itself leaves out */
        print_rest(r);
    putchar('\n');
    buf_clear(&value);
}

/* --- for programs --- */

/* The field that a column feeds: by the map, or the first that the parser took from it; NULL. */
static const char *
fed_by(const struct trial_column *c)
{
    if (c->field < FIELD_COUNT)
        return field_name(c->field);
    if (c->field > FIELD_COUNT)
        return "join";
    return c->gave ? field_name((enum field)__builtin_ctzll(c->gave)) : NULL;
}

static void
write_record(struct json_writer *w, const struct trial_record *r)
{
    struct buf value = {0};

    json_object(w, NULL);
    json_u64(w, "record", r->number);
    json_u64(w, "line", r->line);
    json_u64(w, "offset", r->offset);
    json_text(w, "result", r->st == ST_OK ? "read" : r->st == ST_IGNORE ? "left_out" : "refused");
    if (r->why)
        json_text(w, "reason", r->why);
    if (r->st == ST_BAD_INPUT)
        json_u64(w, "position", r->pos);
    json_object(w, "fields");
    for (int f = 0; r->record && f < FIELD_COUNT; f++) {
        understood(r->record, (enum field)f, &value);
        if (value.n > 0)
            json_span(w, field_name((enum field)f), span_of(value.p, value.n));
    }
    json_close(w);
    json_array(w, "columns");
    for (size_t i = 0; i < r->column_count; i++) {
        json_object(w, NULL);
        json_span(w, "name", r->columns[i].name);
        json_span(w, "text", r->columns[i].text);
        json_text(w, "field", fed_by(&r->columns[i]));
        json_close(w);
    }
    json_close(w);
    json_close(w);
    buf_clear(&value);
}

/* --- all --- */

/* Positions and numbers in reasons make each one different: beyond MAX_REASONS they are one. True:
 * it is the first of its kind. */
static bool
count_reason(struct reasons *r, const char *why)
{
    const struct left_out_rows list = {r->at, sizeof *r->at, sizeof r->at->text, MAX_REASONS};

    return r->at[left_out_row(&list, &r->count, why)].records++ == 0;
}

/* Of records that the parser leaves out for one reason the first says it all; what is there to be
 * counted is not to disappear behind them. */
static bool
visit(void *arg, const struct trial_record *r)
{
    struct showing *s = arg;
    bool tells = true;

    if (r->st == ST_IGNORE)
        tells = count_reason(&s->left_out, r->why) || r->fields;
    else if (r->st != ST_OK)
        count_reason(&s->refused, r->why);
    if (!tells || s->shown == s->limit)
        return true;
    s->shown++;
    if (s->json)
        write_record(s->json, r);
    else
        print_record(r);
    return true;
}

static void
print_reasons(const char *what, const struct reasons *r)
{
    for (size_t i = 0; i < r->count; i++)
        printf("  %s %zu: %s\n", what, r->at[i].records, r->at[i].text);
}

static void
print_summary(const struct showing *s, const struct trial_count *n, bool whole)
{
    size_t all = n->read + n->left_out + n->refused;

    if (n->header_problem[0])
        printf("nothing is read: %s\n", n->header_problem);
    else if (all == 0)
        printf("there is no record in it\n");
    else
        printf("%zu record%s%s: %zu read, %zu left out, %zu refused\n", all, all == 1 ? "" : "s",
               whole ? "" : " in the first part of the file", n->read, n->left_out, n->refused);
    print_reasons("left out", &s->left_out);
    print_reasons("refused", &s->refused);
}

/* Does it begin with a JSON document of several lines? What reads lines refuses each of them. */
static bool
is_long_json(const struct trial_input *in)
{
    const struct format_options o = {.name = "json", .type = "json"};
    struct span rest = in->text, raw = SPAN("");
    const struct parser_ops *ops;
    struct fields fields;
    struct format *f;
    struct arena mem;
    void *state;
    bool good;

    if (rest.n == 0 || format_new(&f, &o, NULL) != ST_OK)
        return false;
    arena_init(&mem);
    ops = format_parser(f);
    state = ops->open(f);
    good = ops->next(state, f, NULL, rest.n, &rest, &mem, &fields, &raw, NULL) != ST_BAD_INPUT;
    while (raw.n > 0 && (*raw.p == '\n' || *raw.p == '\r')) /* empty lines in front of it */
        raw = span_of(raw.p + 1, raw.n - 1);
    good = (good || (rest.n == 0 && !in->whole)) && memchr(raw.p, '\n', raw.n);
    ops->close(state);
    arena_clear(&mem);
    format_free(f);
    return good;
}

#define LONG_JSON                                                                                  \
    "It begins with a JSON document of several lines, and this format reads others.\n"             \
    "`callswell formats guess` finds one that reads it, or proposes a section."

/* What else is to be said of a file of which nothing was read, or NULL. */
static const char *
hint_of(const struct trial_input *in, const struct trial_count *n)
{
    bool lines = !parser_takes_documents(format_content(in->format));

    return n->read == 0 && lines && is_long_json(in) ? LONG_JSON : NULL;
}

static void
run_json(struct showing *s, const struct trial_input *in, struct trial_count *n)
{
    struct buf b = {0};
    struct json_writer w;

    json_begin(&w, &b);
    json_object(&w, NULL);
    json_text(&w, "format", format_name(in->format));
    json_bool(&w, "whole", in->whole);
    json_array(&w, "records");
    s->json = &w;
    trial_run(in, visit, s, n);
    json_close(&w);
    json_u64(&w, "read", n->read);
    json_u64(&w, "left_out", n->left_out);
    json_u64(&w, "refused", n->refused);
    json_text(&w, "header_problem", n->header_problem[0] ? n->header_problem : NULL);
    json_text(&w, "hint", hint_of(in, n));
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

int
formats_test(const struct config *c, const char *path, const char *name, size_t limit, bool json)
{
    const struct format_options *o = config_format(c, name);
    struct showing s = {.limit = limit};
    struct trial_input in;
    struct trial_count n;
    struct format *f = NULL;
    const char *hint;
    struct error err;
    enum status st = o ? format_new(&f, o, &err) : config_no_format(c, name, &err);

    if (st == ST_OK)
        st = trial_file(path, FORMATS_SAMPLE, &in, &err);
    if (st != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        format_free(f);
        return 1;
    }
    in.format = f;
    in.columns = true;
    if (json) {
        run_json(&s, &in, &n);
    } else {
        trial_run(&in, visit, &s, &n);
        print_summary(&s, &n, in.whole);
        if ((hint = hint_of(&in, &n)) != NULL)
            puts(hint);
    }
    free((void *)(uintptr_t)in.text.p);
    format_free(f);
    return n.read > 0 ? 0 : 1;
}
